/* SPDX-License-Identifier: MIT
 *
 * cut.c: `ba cut`, a part of every record by position, or the regions that a BED file names. Records come out in the
 * format they came in.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "regions.h"

typedef struct job {
  cli *c;
  int64_t from, length; /* length -1: to the end */
  cli_regions regions;
  bool by_regions, fastq;
  FILE *out;
  int64_t records, written, left_out;
  char *buffer;
  int64_t room;
} job;

static const cli_spec spec = {
    "cut",
    "(--from N [--length L] | --bed B.bed) [OPTIONS] FILE",
    "Writes a part of every record, FASTA or FASTQ like the input; qualities are cut too.\n"
    "--from counts from 0; a negative number counts from the end, so `--from -250` starts 250 letters before it.\n"
    "Records that are too short are left out, and their number is told on stderr.\n"
    "--bed takes regions instead: name, start and end (from 0, end not included) by the first word of the record's\n"
    "name; with '-' in the sixth column the reverse complement. A region's record is called NAME:START-END.",
    "  ba cut --from -250 --length 250 upstream.fa.gz > near.fa\n"
    "  ba cut --bed peaks.bed --out peaks.fa genome.fa.gz\n",
    1,
    1,
};

char cli_complement(char letter) {
  static const char from[] = "ACGTURYKMBDHVacgturykmbdhv";
  static const char to[] = "TGCAAYRMKVHDBtgcaayrmkvhdb";
  const char *found = letter != '\0' ? strchr(from, letter) : NULL;
  return found != NULL ? to[found - from] : letter;
}

/* Writes n bytes, or their reverse (as the other strand's letters when `letters`). */
static void write_bytes(job *j, const char *bytes, int64_t n, bool reverse, bool letters) {
  if (reverse) {
    if (n > j->room) {
      j->room = n;
      j->buffer = cli_resize(j->buffer, (size_t)n);
    }
    for (int64_t i = 0; i < n; i++) j->buffer[i] = letters ? cli_complement(bytes[n - 1 - i]) : bytes[n - 1 - i];
    bytes = j->buffer;
  }
  if (n > 0) fwrite(bytes, 1, (size_t)n, j->out);
  fputc('\n', j->out);
}

/* Writes letters [from, from + n) of a record whose header line is already written. */
static void write_part(job *j, const ba_records *records, int64_t index, int64_t from, int64_t n, bool reverse) {
  int64_t length = 0, symbols = 0;
  const char *letters = ba_records_sequence(records, index, &length);
  const char *quality = ba_records_quality(records, index, &symbols);
  write_bytes(j, letters + from, n, reverse, true);
  if (j->fastq) {
    fputs("+\n", j->out);
    write_bytes(j, symbols > 0 ? quality + from : "", n, reverse, false);
  }
  j->written++;
}

static void cut_record(job *j, const ba_records *records, int64_t index) {
  int64_t size = 0, name_length = 0;
  ba_records_sequence(records, index, &size);
  const char *name = ba_records_name(records, index, &name_length);
  const int64_t from = j->from < 0 ? size + j->from : j->from;
  if (from < 0 || from > size || j->length > size - from) {
    j->left_out++;
    return;
  }
  fputc(j->fastq ? '@' : '>', j->out);
  if (name_length > 0) fwrite(name, 1, (size_t)name_length, j->out);
  fputc('\n', j->out);
  write_part(j, records, index, from, j->length < 0 ? size - from : j->length, false);
}

static void cut_regions(job *j, const ba_records *records, int64_t index) {
  int64_t size = 0, name_length = 0, count = 0;
  ba_records_sequence(records, index, &size);
  const char *name = cli_first_word(records, index, &name_length);
  cli_region *regions = cli_regions_find(&j->regions, name, name_length, &count);
  for (int64_t i = 0; i < count; i++) {
    cli_region *region = &regions[i];
    region->found = true;
    if (region->end > size) {
      j->left_out++;
      continue;
    }
    const char *strand = region->strand == '-' ? "(-)" : region->strand == '+' ? "(+)" : "";
    fprintf(j->out, "%c%.*s:%lld-%lld%s", j->fastq ? '@' : '>', (int)name_length, name, (long long)region->start,
            (long long)region->end, strand);
    if (region->label != NULL) fprintf(j->out, " %s", region->label);
    fputc('\n', j->out);
    write_part(j, records, index, region->start, region->end - region->start, region->strand == '-');
  }
}

static int cut_batches(job *j, ba_reader *reader, const char *path) {
  ba_status status = BA_OK;
  while (true) {
    ba_records *records = NULL;
    status = ba_reader_next(reader, 65536, &records);
    if (status != BA_OK) break;
    const int64_t count = ba_records_count(records);
    j->fastq = ba_reader_format(reader) == BA_FORMAT_FASTQ; /* an empty record has no quality to show it */
    for (int64_t i = 0; i < count; i++) {
      if (j->by_regions)
        cut_regions(j, records, i);
      else
        cut_record(j, records, i);
    }
    j->records += count;
    ba_records_release(records);
    cli_progress(j->c, "cutting %s: %lld records", path, (long long)j->records);
    if (ferror(j->out)) return CLI_DONE; /* cli_output_close says so */
    const int code = cli_interrupted(j->c);
    if (code != CLI_DONE) return code;
  }
  return status == BA_END ? CLI_DONE : cli_fail_in(j->c, status, path);
}

static void report(job *j, bool json) {
  const int64_t absent = j->by_regions ? cli_regions_absent(&j->regions) : 0;
  if (json) {
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "records", (double)j->records);
    cJSON_AddNumberToObject(object, "written", (double)j->written);
    cJSON_AddNumberToObject(object, "left_out", (double)(j->left_out + absent));
    cli_json_print(stdout, object, true);
  }
  if (j->by_regions) {
    if (j->left_out > 0)
      cli_note("ba cut: left out %lld of %lld regions: they end beyond their record", (long long)j->left_out,
               (long long)j->regions.count);
    if (absent > 0)
      cli_note("ba cut: left out %lld of %lld regions: no record has their name", (long long)absent,
               (long long)j->regions.count);
    return;
  }
  if (j->left_out == 0) return;
  const int64_t need = j->from < 0 ? -j->from : j->from + (j->length > 0 ? j->length : 0);
  cli_note("ba cut: left out %lld of %lld records: shorter than %lld letters", (long long)j->left_out,
           (long long)j->records, (long long)need);
}

static int check(cli *c, const job *j, const char *from, const char *length, const char *bed, const char *out) {
  if (bed != NULL && (from != NULL || length != NULL))
    return cli_error(c, CLI_USAGE, "give --bed, or --from and --length, not both");
  if (bed == NULL && from == NULL) return cli_error(c, CLI_USAGE, "--from is missing: where each part starts");
  if (length != NULL && j->length < 0)
    return cli_error(c, CLI_USAGE, "--length %lld: expected 0 or more", (long long)j->length);
  if (j->from < 0 && j->length > -j->from)
    return cli_error(c, CLI_USAGE, "--from %lld leaves %lld letters to the end, fewer than --length %lld",
                     (long long)j->from, (long long)-j->from, (long long)j->length);
  if (c->json && (out == NULL || strcmp(out, "-") == 0))
    return cli_error(c, CLI_USAGE, "--json needs --out, as standard output holds the records");
  return CLI_DONE;
}

static int work(job *j, const char *bed, const char *out) {
  cli *c = j->c;
  cli_output output;
  ba_reader *reader = NULL;
  int code = bed != NULL ? cli_regions_read(c, bed, &j->regions) : CLI_DONE;
  if (code != CLI_DONE) return code;
  const ba_status status = ba_reader_open_path(c->context, c->files.items[0], "", &reader);
  if (status != BA_OK) return cli_fail_in(c, status, c->files.items[0]);
  code = cli_output_open(c, out, &output);
  if (code == CLI_DONE) {
    j->out = output.file;
    code = cli_output_close(c, &output, cut_batches(j, reader, c->files.items[0]));
  }
  ba_reader_close(reader);
  if (code == CLI_DONE) report(j, c->json);
  return code;
}

int cli_cut(int argc, char **argv) {
  cli c = {0};
  job j = {.c = &c, .length = -1};
  const char *from = NULL, *length = NULL, *bed = NULL, *out = NULL;
  const cli_option options[] = {
      {"from", CLI_TEXT, &from, "N", "first letter of the part, from 0; negative: from the end"},
      {"length", CLI_TEXT, &length, "L", "letters in the part (to the end of the record)"},
      {"bed", CLI_TEXT, &bed, "B.bed", "take these regions; column 6 '-' gives the reverse complement"},
      {"out", CLI_TEXT, &out, "F", "write to a file, which appears when it is complete"},
      {NULL, CLI_FLAG, NULL, NULL, NULL},
  };
  int code = cli_start(&c, &spec, options, argc, argv);
  if (code != CLI_GO) return code;
  code = CLI_DONE;
  if (from != NULL && (!cli_integer(from, &j.from) || j.from == INT64_MIN))
    code = cli_error(&c, CLI_USAGE, "--from '%s': expected a whole number", from);
  else if (length != NULL && !cli_integer(length, &j.length))
    code = cli_error(&c, CLI_USAGE, "--length '%s': expected a whole number", length);
  else
    code = check(&c, &j, from, length, bed, out);
  j.by_regions = bed != NULL;
  if (code == CLI_DONE) code = work(&j, bed, out);
  cli_regions_free(&j.regions);
  free(j.buffer);
  return cli_end(&c, code);
}
