/* SPDX-License-Identifier: MIT
 *
 * stats.c: `ba stats`, one row or object a file. Lengths are counted, not kept, up to 65,535 letters; only longer
 * ones go into a list, so any number of reads takes little memory.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { SHORT = 65536, PIECE = 262144 };

typedef struct summary {
  const char *file;
  int32_t format;
  int64_t records, letters, ambiguous, shortest, longest, n50;
  int64_t bytes[256]; /* how often each letter occurs */
  int64_t quality_sum, quality_count;
  int64_t *short_counts; /* SHORT of them */
  int64_t *long_lengths;
  int64_t long_count, long_room;
  cli_filtered filtered;
  cli_variants variants; /* in place of all but the file and its format, for VCF and BCF */
} summary;

static const cli_spec spec = {
    "stats",
    "[OPTIONS] FILE...",
    "Counts what files hold. Of sequences: records, letters, shortest, mean and longest record, N50, the share of G "
    "and C\n"
    "among A C G T U, letters other than A C G T U, and for FASTQ the mean quality (Phred, symbol minus 33).\n"
    "With filters the counts are of what they leave, and tell how much they cut off. With pairs both mates count.\n"
    "Of VCF and BCF: records and samples; ALT alleles that are SNVs, MNVs, indels and others, without the bases that\n"
    "they share with REF; records with more than one; transitions by transversions; the share of missing genotypes.",
    "  ba stats reads.fq.gz genome.fa\n"
    "  ba stats --region chr2L genome.fa\n"
    "  ba stats calls.vcf.gz\n"
    "  ba stats --json reads.fq.gz | jq '.[0].records'\n"
    "  ba stats --trim-quality 20 --min-length 50 --mate R2.fq.gz R1.fq.gz\n",
    1,
    -1,
};

static const char *format_name(int32_t format) {
  static const char *const names[] = {"unknown", "FASTA", "FASTQ", "SAM", "BAM", "CRAM", "VCF", "BCF"};
  return format >= 0 && format <= BA_FORMAT_BCF ? names[format] : names[0];
}

static void count_length(summary *s, int64_t length) {
  if (s->records == 0 || length < s->shortest) s->shortest = length;
  if (s->records == 0 || length > s->longest) s->longest = length;
  s->records++;
  if (length < SHORT) {
    s->short_counts[length]++;
    return;
  }
  if (s->long_count == s->long_room) {
    s->long_room = s->long_room * 2 + 64;
    s->long_lengths = cli_resize(s->long_lengths, (size_t)s->long_room * sizeof *s->long_lengths);
  }
  s->long_lengths[s->long_count++] = length;
}

static void count_batch(summary *s, const ba_records *records) {
  const int64_t count = ba_records_count(records);
  for (int64_t i = 0; i < count; i++) {
    int64_t length = 0, symbols = 0;
    int32_t more = 0;
    const int64_t piece = ba_records_piece(records, i, &more);
    const char *letters = ba_records_sequence(records, i, &length);
    const char *quality = ba_records_quality(records, i, &symbols);
    if (!more) count_length(s, piece + length);
    for (int64_t at = 0; at < length; at++) s->bytes[(unsigned char)letters[at]]++;
    int64_t sum = 0;
    for (int64_t at = 0; at < symbols; at++) sum += (unsigned char)quality[at] - 33;
    s->quality_sum += sum;
    s->quality_count += symbols;
  }
}

static int falling(const void *a, const void *b) {
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x < y) - (x > y);
}

/* The length such that records at least as long hold half of all letters. */
static int64_t find_n50(summary *s) {
  if (s->long_count > 0) qsort(s->long_lengths, (size_t)s->long_count, sizeof *s->long_lengths, falling);
  int64_t held = 0;
  for (int64_t i = 0; i < s->long_count; i++) {
    held += s->long_lengths[i];
    if (held >= s->letters - held) return s->long_lengths[i];
  }
  for (int64_t length = SHORT - 1; length > 0; length--) {
    held += length * s->short_counts[length];
    if (held >= s->letters - held && s->short_counts[length] > 0) return length;
  }
  return 0;
}

static int read_batches(cli *c, ba_reader *reader, summary *s) {
  ba_status status = BA_OK;
  while (true) {
    ba_records *records = NULL;
    status = ba_reader_next(reader, 65536, &records);
    if (status != BA_OK) break;
    count_batch(s, records);
    ba_records_release(records);
    cli_progress(c, "reading %s: %lld records", s->file, (long long)s->records);
    const int code = cli_interrupted(c);
    if (code != CLI_DONE) return code;
  }
  return status == BA_END ? CLI_DONE : cli_fail_in(c, status, s->file);
}

/* *found: the file is one of variants. */
static int read_variants(cli *c, const cli_reading *reading, bool strict, summary *s, bool *found) {
  ba_variants *variants = NULL;
  int code = cli_variants_open(c, s->file, strict ? "strict=yes" : "", &variants);
  *found = variants != NULL;
  if (code != CLI_DONE || !*found) return code;
  s->format = ba_variants_format(variants);
  if (cli_reading_pairs(reading) || cli_reading_filters(reading) || reading->region != NULL)
    code = cli_error(c, CLI_USAGE, "pairs, regions and filters are about sequence files, and %s is %s", s->file,
                     format_name(s->format));
  else
    code = cli_variants_count(c, s->file, variants, &s->variants);
  ba_variants_close(variants);
  return code;
}

static int read_file(cli *c, const cli_reading *reading, summary *s) {
  ba_reader *reader = NULL;
  int code = cli_reading_open(c, reading, s->file, &reader);
  if (code != CLI_DONE) return code;
  s->short_counts = cli_allocate(SHORT * sizeof *s->short_counts);
  memset(s->short_counts, 0, SHORT * sizeof *s->short_counts);
  code = read_batches(c, reader, s);
  s->filtered = cli_reading_count(reader);
  s->format = ba_reader_format(reader);
  ba_reader_counters(reader, &s->letters, &s->ambiguous);
  ba_reader_close(reader);
  if (code == CLI_DONE) s->n50 = find_n50(s);
  free(s->short_counts);
  free(s->long_lengths);
  s->short_counts = s->long_lengths = NULL;
  return code;
}

static double share(double part, double whole) {
  return whole > 0.0 ? part / whole : NAN;
}

static double gc_share(const summary *s) {
  int64_t gc = 0, all = 0;
  for (const char *letter = "GCgcATUatu"; *letter != '\0'; letter++) {
    all += s->bytes[(unsigned char)*letter];
    if (strchr("GCgc", *letter) != NULL) gc += s->bytes[(unsigned char)*letter];
  }
  return share((double)gc, (double)all);
}

static double mean_length(const summary *s) {
  return share((double)s->letters, (double)s->records);
}

static double mean_quality(const summary *s) {
  return share((double)s->quality_sum, (double)s->quality_count);
}

static void print_json(const summary *files, int32_t count, const cli_reading *reading) {
  cJSON *list = cJSON_CreateArray();
  for (int32_t i = 0; i < count; i++) {
    const summary *s = &files[i];
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "file", s->file);
    if (reading->mate != NULL) cJSON_AddStringToObject(object, "mate", reading->mate);
    cJSON_AddStringToObject(object, "format", format_name(s->format));
    cJSON_AddItemToArray(list, object);
    if (s->format >= BA_FORMAT_VCF) {
      cli_variants_json(object, &s->variants);
      continue;
    }
    cJSON_AddNumberToObject(object, "records", (double)s->records);
    cJSON_AddNumberToObject(object, "letters", (double)s->letters);
    cJSON_AddNumberToObject(object, "min_length", (double)s->shortest);
    cli_json_add(object, "mean_length", mean_length(s));
    cJSON_AddNumberToObject(object, "max_length", (double)s->longest);
    cJSON_AddNumberToObject(object, "n50", (double)s->n50);
    cli_json_add(object, "gc", gc_share(s));
    cJSON_AddNumberToObject(object, "ambiguous", (double)s->ambiguous);
    cli_json_add(object, "mean_quality", mean_quality(s));
    cli_filtered_json(object, &s->filtered);
  }
  cli_json_print(stdout, list, true);
}

/* A number for the table; "-" when there is none. */
static const char *shown(char *text, size_t room, double value, int digits) {
  if (isfinite(value))
    snprintf(text, room, "%.*f", digits, value);
  else
    snprintf(text, room, "-");
  return text;
}

static void print_sequences(const summary *files, int32_t count, int width, bool filters) {
  printf("%-*s  %-7s %12s %14s %10s %12s %10s %10s %7s %10s %8s", width, "file", "format", "records", "letters",
         "shortest", "mean", "longest", "N50", "GC", "ambiguous", "quality");
  if (filters) printf(" %12s %12s %14s", "left out", "trimmed", "letters cut");
  printf("\n");
  for (int32_t i = 0; i < count; i++) {
    const summary *s = &files[i];
    char mean[40], gc[40], quality[40];
    if (s->format >= BA_FORMAT_VCF) continue;
    printf("%-*s  %-7s %12lld %14lld %10lld %12s %10lld %10lld %7s %10lld %8s", width, s->file, format_name(s->format),
           (long long)s->records, (long long)s->letters, (long long)s->shortest,
           shown(mean, sizeof mean, mean_length(s), 1), (long long)s->longest, (long long)s->n50,
           shown(gc, sizeof gc, gc_share(s), 4), (long long)s->ambiguous,
           shown(quality, sizeof quality, mean_quality(s), 2));
    if (filters)
      printf(" %12lld %12lld %14lld", (long long)s->filtered.records, (long long)s->filtered.trimmed,
             (long long)s->filtered.letters);
    printf("\n");
  }
}

/* A table of sequences, then one of variants, as far as there are such. */
static void print_tables(const summary *files, int32_t count, bool filters) {
  int width = 4, variants = 0;
  for (int32_t i = 0; i < count; i++) {
    if ((int)strlen(files[i].file) > width) width = (int)strlen(files[i].file);
    variants += files[i].format >= BA_FORMAT_VCF;
  }
  if (variants < count) print_sequences(files, count, width, filters);
  if (variants > 0) cli_variants_heading(width);
  for (int32_t i = 0; i < count; i++)
    if (files[i].format >= BA_FORMAT_VCF)
      cli_variants_line(width, files[i].file, format_name(files[i].format), &files[i].variants);
}

int cli_stats(int argc, char **argv) {
  cli c = {0};
  cli_reading reading = CLI_READING_NONE;
  reading.chunk = PIECE;
  bool strict = false;
  const cli_option options[] = {
      {"strict", CLI_FLAG, &strict, NULL, "VCF and BCF must keep to all of the specification"},
      CLI_READING_OPTIONS(reading),
      {NULL, CLI_FLAG, NULL, NULL, NULL},
  };
  int code = cli_start(&c, &spec, options, argc, argv);
  if (code != CLI_GO) return code;
  summary *files = cli_allocate((size_t)c.files.count * sizeof *files);
  memset(files, 0, (size_t)c.files.count * sizeof *files);
  code = cli_reading_check(&c, &reading);
  if (code == CLI_DONE && reading.mate != NULL && c.files.count > 1)
    code = cli_error(&c, CLI_USAGE, "--mate goes with one file, the first mates; found %d", (int)c.files.count);
  for (int32_t i = 0; code == CLI_DONE && i < c.files.count; i++) {
    bool variants = false;
    files[i].file = c.files.items[i];
    code = read_variants(&c, &reading, strict, &files[i], &variants);
    if (code == CLI_DONE && !variants) code = read_file(&c, &reading, &files[i]);
  }
  if (code == CLI_DONE) {
    if (c.json)
      print_json(files, c.files.count, &reading);
    else
      print_tables(files, c.files.count, cli_reading_filters(&reading));
  }
  free(files);
  return cli_end(&c, code);
}
