/* SPDX-License-Identifier: MIT
 *
 * convert.c: `ba convert`, records from one format to another: FASTA, FASTQ, and TSV with the columns name, sequence
 * and quality, or those of variants. In TSV nothing is quoted.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"

enum { FASTA, FASTQ, TSV };

/* One record, borrowed. */
typedef struct record {
  const char *name, *letters, *quality;
  int64_t name_length, length, symbols;
  const ba_records *batch; /* NULL for TSV, which has no alignments */
  int64_t index;
} record;

typedef struct job {
  cli *c;
  int to;
  char symbol;         /* for letters without a quality; 0: none was given */
  bool quality_column; /* in the TSV that is written */
  bool alignments;     /* further columns of it */
  FILE *out;           /* where the record in hand goes: */
  FILE *outs[2];       /* first mates and all others; second mates */
  cli_reading reading;
  cli_filtered filtered;
  int64_t records, letters;
  const char *info;   /* of variants */
  bool strict, split; /* of variants, too */
  bool variants;
} job;

static const cli_spec spec = {
    "convert",
    "--to fasta|fastq|tsv [OPTIONS] IN OUT",
    "Writes the records of a FASTA, FASTQ, SAM, BAM, CRAM or TSV file as FASTA, FASTQ or TSV; OUT may be `-`.\n"
    "A TSV file has a header with the column sequence, and if present name and quality; it is written with these.\n"
    "FASTQ needs a quality for every letter: where the input has none, --quality gives one symbol for all.\n"
    "FASTA has no qualities, so they are dropped. Names and letters stay as they are.\n"
    "Pairs come out with mates in turn, or the second ones in the file that --mate-out names.\n"
    "VCF and BCF become TSV: chrom, position (from 1), id, ref, alt, quality, filter, info, and for each sample a "
    "column\n"
    "dosage/NAME, how many of its alleles are not the reference; a field is empty where one is missing.",
    "  ba convert --to fasta reads.fq.gz reads.fa\n"
    "  ba convert --to fastq --quality I contigs.fa contigs.fq\n"
    "  ba convert --to fasta --region chr2L:1,001-2,000 genome.fa -\n"
    "  ba convert --to tsv --info AF:DP --split-alleles calls.vcf.gz calls.tsv\n"
    "  ba convert --to tsv --alignments --tags NM:AS reads.bam reads.tsv\n"
    "  ba convert --to fastq --trim-quality 20 --min-length 50 --mate R2.fq.gz --mate-out T2.fq R1.fq.gz T1.fq\n",
    2,
    2,
};

/* ---- writing ---- */

static void write_bytes(FILE *out, const char *bytes, int64_t n) {
  if (n > 0) fwrite(bytes, 1, (size_t)n, out);
}

static int write_fastq(const job *j, const record *r, const char *path) {
  if (r->symbols == 0 && r->length > 0 && j->symbol == 0)
    return cli_error(
        j->c, CLI_INPUT,
        "%s: record %lld has no quality, which FASTQ needs; expected --quality SYMBOL, such as I (Phred 40)", path,
        (long long)j->records + 1);
  fputc('@', j->out);
  write_bytes(j->out, r->name, r->name_length);
  fputc('\n', j->out);
  write_bytes(j->out, r->letters, r->length);
  fputs("\n+\n", j->out);
  write_bytes(j->out, r->quality, r->symbols);
  for (int64_t i = r->symbols; i < r->length; i++) fputc(j->symbol, j->out);
  fputc('\n', j->out);
  return CLI_DONE;
}

/* The tag behind this one in NM:AS, or NULL. */
static const char *next_tag(const char *tag) {
  return strlen(tag) > 2 ? tag + 3 : NULL;
}

/* What a record lacks is an empty field. */
static int write_alignment(const job *j, const record *r, const char *path) {
  if (j->alignments) {
    int32_t flag = 0, mapping_quality = 0;
    const char *reference = NULL;
    int64_t length = 0, position = 0;
    ba_records_alignment(r->batch, r->index, &flag, &reference, &length, &position, &mapping_quality);
    fprintf(j->out, "\t%d\t", (int)flag);
    write_bytes(j->out, reference, length);
    fprintf(j->out, "\t%lld\t%d", (long long)position, (int)mapping_quality);
  }
  for (const char *tag = j->reading.tags; tag != NULL; tag = next_tag(tag)) {
    const char name[3] = {tag[0], tag[1], '\0'};
    int64_t length = 0;
    const char *text = ba_records_tag(r->batch, r->index, name, &length);
    for (int64_t i = 0; i < length; i++)
      if (text[i] == '\t' || text[i] == '\n' || text[i] == '\r')
        return cli_error(j->c, CLI_INPUT, "%s: tag %s of record %lld has a tab or a line end; expected none in TSV",
                         path, name, (long long)j->records + 1);
    fputc('\t', j->out);
    write_bytes(j->out, text, length);
  }
  return CLI_DONE;
}

static int write_tsv(const job *j, const record *r, const char *path) {
  if (r->name_length > 0 && memchr(r->name, '\t', (size_t)r->name_length) != NULL)
    return cli_error(j->c, CLI_INPUT, "%s: the name of record %lld has a tab; expected none, as a tab ends a TSV field",
                     path, (long long)j->records + 1);
  write_bytes(j->out, r->name, r->name_length);
  fputc('\t', j->out);
  write_bytes(j->out, r->letters, r->length);
  if (j->quality_column) {
    fputc('\t', j->out);
    write_bytes(j->out, r->quality, r->symbols);
  }
  const int code = write_alignment(j, r, path);
  fputc('\n', j->out);
  return code;
}

static void write_header(const job *j) {
  fputs(j->quality_column ? "name\tsequence\tquality" : "name\tsequence", j->out);
  if (j->alignments) fputs("\tflag\treference\tposition\tmapping_quality", j->out);
  for (const char *tag = j->reading.tags; tag != NULL; tag = next_tag(tag)) fprintf(j->out, "\t%.2s", tag);
  fputc('\n', j->out);
}

static int write_record(job *j, const record *r, const char *path) {
  int code = CLI_DONE;
  j->out = j->outs[j->outs[1] != NULL && j->records % 2 == 1];
  if (j->records < (j->outs[1] != NULL ? 2 : 1) && j->to == TSV) write_header(j);
  if (j->to == FASTQ) code = write_fastq(j, r, path);
  if (j->to == TSV) code = write_tsv(j, r, path);
  if (j->to == FASTA) {
    fputc('>', j->out);
    write_bytes(j->out, r->name, r->name_length);
    fputc('\n', j->out);
    write_bytes(j->out, r->letters, r->length);
    fputc('\n', j->out);
  }
  j->records++;
  j->letters += r->length;
  return code;
}

/* ---- sequence files ---- */

static int convert_batch(job *j, const ba_records *records, const char *path) {
  int code = CLI_DONE;
  for (int64_t i = 0; code == CLI_DONE && i < ba_records_count(records); i++) {
    record r = {.batch = records, .index = i};
    r.name = ba_records_name(records, i, &r.name_length);
    r.letters = ba_records_sequence(records, i, &r.length);
    r.quality = ba_records_quality(records, i, &r.symbols);
    code = write_record(j, &r, path);
  }
  return code;
}

static int check_format(job *j, const ba_reader *reader, const char *path) {
  const int32_t format = ba_reader_format(reader);
  j->quality_column = format != BA_FORMAT_FASTA;
  if ((!j->alignments && j->reading.tags == NULL) || (format >= BA_FORMAT_SAM && format <= BA_FORMAT_CRAM))
    return CLI_DONE;
  return cli_error(j->c, CLI_INPUT, "%s: --alignments and --tags are about SAM, BAM and CRAM; expected one of them",
                   path);
}

static int convert_sequences(job *j, const char *path) {
  ba_reader *reader = NULL;
  ba_status status = BA_OK;
  int code = cli_reading_open(j->c, &j->reading, path, &reader);
  while (code == CLI_DONE && !ferror(j->outs[0]) && (j->outs[1] == NULL || !ferror(j->outs[1]))) {
    ba_records *records = NULL;
    status = ba_reader_next(reader, 65536, &records);
    if (status != BA_OK) break;
    code = check_format(j, reader, path);
    if (code == CLI_DONE) code = convert_batch(j, records, path);
    ba_records_release(records);
    cli_progress(j->c, "converting %s: %lld records", path, (long long)j->records);
    if (code == CLI_DONE) code = cli_interrupted(j->c);
  }
  j->filtered = cli_reading_count(reader);
  ba_reader_close(reader);
  return code != CLI_DONE || status >= 0 ? code : cli_fail_in(j->c, status, path);
}

/* ---- TSV ---- */

enum { NAME, SEQUENCE, QUALITY, COLUMNS };
static const char *const column_names[COLUMNS] = {"name", "sequence", "quality"};

typedef struct fields {
  char *line;
  size_t room;
  int64_t number; /* of the line, from 1 */
  int64_t column[COLUMNS], count;
} fields;

/* Reads a line without its end; false at the end of the file. */
static bool next_line(FILE *in, fields *f, int64_t *length) {
  const ssize_t n = getline(&f->line, &f->room, in);
  if (n < 0) return false;
  *length = n;
  if (*length > 0 && f->line[*length - 1] == '\n') --*length;
  if (*length > 0 && f->line[*length - 1] == '\r') --*length;
  f->line[*length] = '\0';
  f->number++;
  return true;
}

/* Field `index` of the line, or an empty one. */
static const char *field(const fields *f, int64_t length, int64_t index, int64_t *size) {
  const char *at = f->line, *end = f->line + length;
  *size = 0;
  for (; index > 0 && at != NULL; index--) {
    at = memchr(at, '\t', (size_t)(end - at));
    if (at != NULL) at++;
  }
  if (index < 0 || at == NULL) return "";
  const char *stop = memchr(at, '\t', (size_t)(end - at));
  *size = (stop != NULL ? stop : end) - at;
  return at;
}

static int64_t count_fields(const fields *f, int64_t length) {
  int64_t count = 1;
  for (int64_t i = 0; i < length; i++) count += f->line[i] == '\t';
  return count;
}

static int read_header(job *j, fields *f, int64_t length, const char *path) {
  if (length >= 3 && memcmp(f->line, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark */
    length -= 3;
    memmove(f->line, f->line + 3, (size_t)length + 1);
  }
  f->count = count_fields(f, length);
  for (int32_t c = 0; c < COLUMNS; c++) {
    f->column[c] = -1;
    for (int64_t i = 0; i < f->count; i++) {
      int64_t size = 0;
      const char *text = field(f, length, i, &size);
      if (size == (int64_t)strlen(column_names[c]) && memcmp(text, column_names[c], (size_t)size) == 0)
        f->column[c] = i;
    }
  }
  j->quality_column = f->column[QUALITY] >= 0;
  if (f->column[SEQUENCE] >= 0) return CLI_DONE;
  return cli_error(j->c, CLI_INPUT, "%s: line 1 has no field \"sequence\"; expected a TSV header", path);
}

static int bad_line(const job *j, const fields *f, const char *path, const char *what) {
  return cli_error(j->c, CLI_INPUT, "%s: line %lld: %s", path, (long long)f->number, what);
}

static int convert_line(job *j, const fields *f, int64_t length, const char *path) {
  record r = {0};
  if (memchr(f->line, '\0', (size_t)length) != NULL) return bad_line(j, f, path, "a zero byte; expected text");
  if (count_fields(f, length) != f->count)
    return bad_line(j, f, path, "the number of fields is not that of the header");
  r.name = field(f, length, f->column[NAME], &r.name_length);
  r.letters = field(f, length, f->column[SEQUENCE], &r.length);
  r.quality = field(f, length, f->column[QUALITY], &r.symbols);
  for (int64_t i = 0; i < r.name_length; i++)
    if ((unsigned char)r.name[i] < 32 || r.name[i] == 127)
      return bad_line(j, f, path, "a control byte in the name; expected text");
  for (int64_t i = 0; i < r.length; i++) {
    const char c = r.letters[i];
    if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '*' || c == '-' || c == '.'))
      return bad_line(j, f, path, "a byte that is no letter in the sequence; expected A-Z, a-z, '*', '-' or '.'");
  }
  for (int64_t i = 0; i < r.symbols; i++)
    if (r.quality[i] < '!' || r.quality[i] > '~')
      return bad_line(j, f, path, "a byte that is no quality symbol; expected '!' to '~'");
  if (r.symbols > 0 && r.symbols != r.length)
    return bad_line(j, f, path, "quality and sequence differ in length; expected one symbol a letter, or none");
  return write_record(j, &r, path);
}

static int convert_tsv(job *j, const char *path) {
  fields f = {0};
  int64_t length = 0;
  FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
  if (in == NULL) return cli_error(j->c, CLI_IO, "%s: %s", path, strerror(errno));
  int code = next_line(in, &f, &length) ? read_header(j, &f, length, path)
                                        : cli_error(j->c, CLI_INPUT, "%s: no line; expected a TSV header", path);
  while (code == CLI_DONE && next_line(in, &f, &length)) {
    if (length > 0 || f.count == 1) code = convert_line(j, &f, length, path);
    if (code == CLI_DONE && f.number % 1024 == 0) code = cli_interrupted(j->c);
  }
  if (code == CLI_DONE && ferror(in)) code = cli_error(j->c, CLI_IO, "%s: %s", path, strerror(errno));
  if (in != stdin) fclose(in);
  free(f.line);
  return code;
}

/* A file is TSV when its first line has a field "sequence" and does not begin a FASTA or FASTQ record. Only a regular
 * file can be looked into and read again. */
static bool looks_like_tsv(const char *path) {
  struct stat about;
  fields f = {0};
  int64_t length = 0;
  bool found = false;
  if (strcmp(path, "-") == 0 || stat(path, &about) != 0 || !S_ISREG(about.st_mode)) return false;
  FILE *in = fopen(path, "rb");
  if (in == NULL) return false;
  const int first = getc(in);
  if (first != EOF && first != '>' && first != '@' && first != 0x1f && ungetc(first, in) != EOF &&
      next_line(in, &f, &length)) {
    const char *text = f.line;
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) text += 3;
    for (; text != NULL && !found; text = strchr(text, '\t') != NULL ? strchr(text, '\t') + 1 : NULL)
      found = strcspn(text, "\t") == 8 && strncmp(text, "sequence", 8) == 0;
  }
  fclose(in);
  free(f.line);
  return found;
}

/* ---- the command ---- */

static int check(job *j, const char *to, const char *from, const char *quality) {
  static const char *const formats[] = {"fasta", "fastq", "tsv"};
  cli *c = j->c;
  j->to = -1;
  for (int i = 0; to != NULL && i < 3; i++)
    if (strcmp(to, formats[i]) == 0) j->to = i;
  if (to == NULL) return cli_error(c, CLI_USAGE, "--to is missing: fasta, fastq or tsv");
  if (j->to < 0) return cli_error(c, CLI_USAGE, "--to '%s': expected fasta, fastq or tsv", to);
  if (from != NULL && strcmp(from, "tsv") != 0) return cli_error(c, CLI_USAGE, "--from '%s': expected tsv", from);
  if (quality != NULL && (quality[0] < '!' || quality[0] > '~' || quality[1] != '\0'))
    return cli_error(c, CLI_USAGE, "--quality '%s': expected one symbol of '!' to '~'", quality);
  if (quality != NULL && j->to != FASTQ)
    return cli_error(c, CLI_USAGE, "--quality is about FASTQ, so it needs --to fastq");
  if (j->reading.tags != NULL && j->reading.tags[0] == '\0') j->reading.tags = NULL;
  if ((j->alignments || j->reading.tags != NULL) && (j->to != TSV || from != NULL))
    return cli_error(c, CLI_USAGE,
                     "--alignments and --tags add columns to TSV, so they need --to tsv and an alignment file");
  if (c->json && strcmp(c->files.items[1], "-") == 0)
    return cli_error(c, CLI_USAGE, "--json needs a file as OUT, as standard output holds the records");
  j->symbol = quality != NULL ? quality[0] : '\0';
  return CLI_DONE;
}

static int check_mate_out(const job *j, const char *mate_out) {
  if (mate_out == NULL) return CLI_DONE;
  if (!cli_reading_pairs(&j->reading))
    return cli_error(j->c, CLI_USAGE, "--mate-out is about pairs, so it needs --mate or --interleaved");
  if (strcmp(mate_out, "-") == 0 || strcmp(mate_out, j->c->files.items[1]) == 0)
    return cli_error(j->c, CLI_USAGE, "--mate-out '%s': expected a file other than OUT", mate_out);
  return cli_output_check(j->c, mate_out);
}

static int convert_variants(job *j, const char *path, ba_variants *variants) {
  const char *format = ba_variants_format(variants) == BA_FORMAT_BCF ? "BCF" : "VCF";
  j->variants = true;
  if (j->to != TSV) return cli_error(j->c, CLI_USAGE, "%s is %s, which becomes TSV; expected --to tsv", path, format);
  if (cli_reading_pairs(&j->reading) || cli_reading_filters(&j->reading) || j->reading.region != NULL ||
      j->alignments || j->reading.tags != NULL)
    return cli_error(j->c, CLI_USAGE, "pairs, regions, filters and tags are about sequence files, and %s is %s", path,
                     format);
  return cli_variants_write(j->c, path, variants, j->outs[0], &j->records);
}

static int convert(job *j, const char *path, bool tsv) {
  char options[400];
  ba_variants *variants = NULL;
  const int length = snprintf(options, sizeof options, "info=%s, alleles=%s, strict=%s", j->info ? j->info : "all",
                              j->split ? "split" : "joined", j->strict ? "yes" : "no");
  if (length >= (int)sizeof options || (j->info != NULL && strchr(j->info, ',') != NULL))
    return cli_error(j->c, CLI_USAGE, "--info '%s': expected all, none, or some keys with colons between", j->info);
  if (!tsv) {
    int code = cli_variants_open(j->c, path, options, &variants);
    if (variants != NULL) code = convert_variants(j, path, variants);
    ba_variants_close(variants);
    if (code != CLI_DONE || j->variants) return code;
  }
  if (j->info != NULL || j->strict || j->split)
    return cli_error(j->c, CLI_USAGE, "--info, --split-alleles and --strict are about VCF and BCF, and %s is neither",
                     path);
  const bool known = j->alignments || j->reading.tags != NULL || j->reading.region != NULL; /* not to be TSV */
  if (!tsv && (known || !looks_like_tsv(path))) return convert_sequences(j, path);
  if (cli_reading_pairs(&j->reading) || cli_reading_filters(&j->reading) || j->reading.region != NULL)
    return cli_error(j->c, CLI_USAGE, "pairs, regions and filters are about sequence files, and %s is TSV", path);
  return convert_tsv(j, path);
}

static void report(const job *j) {
  const cli_filtered *f = &j->filtered;
  if (cli_reading_filters(&j->reading))
    cli_note("ba convert: %lld records left out, %lld trimmed by %lld letters", (long long)f->records,
             (long long)f->trimmed, (long long)f->letters);
  if (!j->c->json) return;
  cJSON *object = cJSON_CreateObject();
  cJSON_AddNumberToObject(object, "records", (double)j->records);
  if (!j->variants) {
    cJSON_AddNumberToObject(object, "letters", (double)j->letters);
    cli_filtered_json(object, f);
  }
  cli_json_print(stdout, object, true);
}

static int work(job *j, bool tsv, const char *mate_out) {
  cli_output outputs[2] = {{0}, {0}};
  int code = cli_output_open(j->c, j->c->files.items[1], &outputs[0]);
  if (code == CLI_DONE && mate_out != NULL) code = cli_output_open(j->c, mate_out, &outputs[1]);
  for (int i = 0; i < 2; i++) j->outs[i] = outputs[i].file;
  if (code == CLI_DONE) code = convert(j, j->c->files.items[0], tsv);
  for (int i = 0; i < 2 && code == CLI_DONE && j->records == 0 && j->to == TSV && !j->variants; i++) {
    j->out = j->outs[i];
    if (j->out != NULL) write_header(j);
  }
  for (int i = 1; i >= 0; i--) code = cli_output_close(j->c, &outputs[i], code);
  if (code == CLI_DONE) report(j);
  return code;
}

int cli_convert(int argc, char **argv) {
  cli c = {0};
  job j = {.c = &c, .reading = CLI_READING_NONE};
  const char *to = NULL, *from = NULL, *quality = NULL, *mate_out = NULL;
  const cli_option options[] = {
      {"to", CLI_TEXT, &to, "FORMAT", "fasta, fastq or tsv"},
      {"quality", CLI_TEXT, &quality, "SYMBOL", "quality of letters that have none, such as I (Phred 40)"},
      {"from", CLI_TEXT, &from, "tsv", "the input is TSV; found by itself but for standard input and pipes"},
      {"alignments", CLI_FLAG, &j.alignments, NULL, "TSV also has flag, reference, position (from 0), mapping_quality"},
      {"tags", CLI_TEXT, &j.reading.tags, "NM:AS", "TSV also has these optional fields of SAM, BAM and CRAM"},
      {"mate-out", CLI_TEXT, &mate_out, "FILE", "where second mates go; OUT has the first ones then"},
      {"info", CLI_TEXT, &j.info, "AF:DP", "of VCF and BCF: columns info/KEY for these, or all (one column), or none"},
      {"split-alleles", CLI_FLAG, &j.split, NULL, "of VCF and BCF: a row for each ALT allele"},
      {"strict", CLI_FLAG, &j.strict, NULL, "VCF and BCF must keep to all of the specification"},
      CLI_READING_OPTIONS(j.reading),
      {NULL, CLI_FLAG, NULL, NULL, NULL},
  };
  int code = cli_start(&c, &spec, options, argc, argv);
  if (code != CLI_GO) return code;
  code = check(&j, to, from, quality);
  if (code == CLI_DONE) code = cli_reading_check(&c, &j.reading);
  if (code == CLI_DONE) code = check_mate_out(&j, mate_out);
  if (code == CLI_DONE) code = work(&j, from != NULL, mate_out);
  return cli_end(&c, code);
}
