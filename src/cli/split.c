/* SPDX-License-Identifier: MIT
 *
 * split.c: `ba split`, one file into files for training, development and test, and a report of what leaks among them.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { PARTS = 3, BATCH = 4096 };
static const char *const part_names[PARTS] = {"train", "dev", "test"};

typedef struct job {
  cli *c;
  cli_data data; /* labels, columns and group of a table */
  const char *by, *parts, *prefix, *k, *threshold, *scaled;
  const char *input; /* the table, or the sequence file */
  double shares[PARTS];
  ba_dataset *dataset;
  const char *ending; /* of the part files */
  int64_t rows[PARTS];
  int64_t similar[PARTS * PARTS], duplicates[PARTS * PARTS];
  bool has_names, has_weights, has_groups; /* which columns a table has */
} job;

static const cli_spec spec = {
    "split",
    "--out-prefix P [--by HOW] [--parts LIST] [OPTIONS] (FILE | --labels T.csv)",
    "Deals the records of a FASTA or FASTQ file, or the rows of a labelled table, into parts, and counts what leaks.\n"
    "Each part is a file: P.train.fa, P.dev.fa and so on; .fq for FASTQ, .csv for a table (the columns sequence and\n"
    "label, and name, weight, time and group where there are any; letters in upper case, and U as T in nucleotides).\n"
    "--by stratified deals every class evenly, random does not look at classes, group keeps the rows of a group in "
    "one\n"
    "part, and similarity keeps rows in one part of which more than --threshold of the distinct canonical k-mers of\n"
    "one are in the other, or which have the same letters; chains of such rows stay together. time puts the earliest\n"
    "rows into train and the latest into test; --time names the column, numbers or dates such as 2024-05-31.\n"
    "Whatever the way, the report says for every two parts how many rows of one are similar to a row of the other, "
    "and\n"
    "how many have the same letters. It is printed, and written to P.leakage.json.",
    "  ba split --by similarity --out-prefix data --labels promoters.csv\n"
    "  ba split --by random --parts train=0.9,test=0.1 --out-prefix reads reads.fq.gz\n",
    0,
    1,
};

/* ---- arguments ---- */

static bool is_number(const char *text, double least, double most, double *value) {
  char *end = NULL;
  if (!((text[0] >= '0' && text[0] <= '9') || text[0] == '.')) return false;
  *value = strtod(text, &end);
  return *end == '\0' && *value >= least && *value <= most;
}

/* "train=0.8,dev=0.1,test=0.1" */
static int read_parts(job *j) {
  char text[200], *rest = text;
  double sum = 0.0;
  bool good = strlen(j->parts) < sizeof text;
  snprintf(text, sizeof text, "%s", j->parts);
  while (good && rest != NULL) {
    char *item = rest, *equals = strchr(rest, '=');
    rest = strchr(rest, ',');
    if (rest != NULL) *rest++ = '\0';
    good = false;
    for (int32_t p = 0; p < PARTS; p++) {
      const size_t n = strlen(part_names[p]);
      if (equals != item + n || strncmp(item, part_names[p], n) != 0 || j->shares[p] > 0.0) continue;
      good = is_number(equals + 1, 0.0, 1.0, &j->shares[p]);
      sum += j->shares[p];
    }
  }
  if (good && fabs(sum - 1.0) < 1e-9) return CLI_DONE;
  return cli_error(j->c, CLI_USAGE,
                   "--parts '%s': expected shares that add up to 1, such as train=0.8,dev=0.1,test=0.1", j->parts);
}

static int check(job *j) {
  static const char *const ways[] = {"stratified", "random", "group", "similarity", "time"};
  cli *c = j->c;
  double value = 0.0;
  bool known = false;
  for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) known |= strcmp(j->by, ways[i]) == 0;
  if (!known)
    return cli_error(c, CLI_USAGE, "--by '%s': expected stratified, random, group, similarity or time", j->by);
  if (j->prefix == NULL || j->prefix[0] == '\0')
    return cli_error(c, CLI_USAGE, "--out-prefix is missing: what the names of the parts begin with");
  if ((c->files.count > 0) == (j->data.labels != NULL))
    return cli_error(c, CLI_USAGE, "give one FASTA or FASTQ file, or --labels T.csv");
  if (j->data.labels == NULL && (j->data.columns != NULL || strcmp(j->by, "group") == 0 || strcmp(j->by, "time") == 0))
    return cli_error(c, CLI_USAGE, "--columns, --by group and --by time are about a table, so they need --labels");
  if ((j->data.time != NULL) != (strcmp(j->by, "time") == 0))
    return cli_error(c, CLI_USAGE, "--by time and --time COL, the column of times, go together");
  if (j->data.group != NULL && strcmp(j->by, "group") != 0)
    return cli_error(c, CLI_USAGE, "--group names the groups of --by group, so it does not go with --by %s", j->by);
  if (!is_number(j->k, 1, 255, &value) || strchr(j->k, '.') != NULL)
    return cli_error(c, CLI_USAGE, "--k '%s': expected a whole number from 1 to 255", j->k);
  if (!is_number(j->threshold, 0, 1, &value))
    return cli_error(c, CLI_USAGE, "--threshold '%s': expected a number from 0 to 1", j->threshold);
  if (!is_number(j->scaled, 1, 9e15, &value) || strspn(j->scaled, "0123456789") != strlen(j->scaled))
    return cli_error(c, CLI_USAGE, "--scaled '%s': expected a whole number of 1 or more", j->scaled);
  j->input = c->files.count > 0 ? c->files.items[0] : j->data.labels;
  if (c->files.count > 0 && strcmp(j->input, "-") == 0)
    return cli_error(c, CLI_USAGE, "records are read twice, and standard input cannot be read twice; name a file");
  const int code = read_parts(j);
  return code == CLI_DONE ? cli_output_check(c, j->prefix) : code;
}

/* ---- reading and dealing ---- */

static int open_reader(const job *j, ba_reader **reader) {
  const ba_status status = ba_reader_open_path(j->c->context, j->input, "", reader);
  return status == BA_OK ? CLI_DONE : cli_fail_in(j->c, status, j->input);
}

/* The format is known once a batch was read. */
static int find_ending(job *j) {
  ba_reader *reader = NULL;
  ba_records *records = NULL;
  int code = open_reader(j, &reader);
  if (code != CLI_DONE) return code;
  const ba_status status = ba_reader_next(reader, 1, &records);
  const int32_t format = ba_reader_format(reader);
  ba_records_release(records);
  ba_reader_close(reader);
  if (status < 0) return cli_fail_in(j->c, status, j->input);
  j->ending = format == BA_FORMAT_FASTQ ? "fq" : "fa";
  if (format == BA_FORMAT_FASTQ || format == BA_FORMAT_FASTA || status == BA_END) return CLI_DONE;
  return cli_error(j->c, CLI_INPUT, "%s: expected FASTA or FASTQ; `ba convert` makes them of other files", j->input);
}

static int load(job *j) {
  cli *c = j->c;
  j->ending = "csv";
  j->data.names = true;
  if (j->data.labels != NULL) return cli_data_load(c, &j->data, &j->dataset);
  const int code = find_ending(j);
  if (code != CLI_DONE) return code;
  cli_progress(c, "reading %s", j->input);
  ba_status status = ba_dataset_create(c->context, "", &j->dataset);
  if (status == BA_OK) status = ba_dataset_add_file(j->dataset, j->input, "class=1");
  return status == BA_OK ? CLI_DONE : cli_fail_in(c, status, j->input);
}

static int deal(job *j) {
  cli *c = j->c;
  char same[400], options[900];
  cli_progress(c, "looking for similar rows");
  snprintf(same, sizeof same, "k=%s, threshold=%s, scaled=%s", j->k, j->threshold, j->scaled);
  snprintf(options, sizeof options, "by=%s, seed=%lld, %s, %s", j->by, (long long)c->seed, same, j->parts);
  ba_status status = ba_dataset_deal(j->dataset, options);
  if (status == BA_ERR_RECIPE) return cli_error(c, CLI_INPUT, "%s", ba_context_error_message(c->context));
  if (status == BA_OK) status = ba_dataset_leakage(j->dataset, same, j->similar, j->duplicates);
  if (status != BA_OK) return cli_fail_in(c, status, j->input);
  for (int32_t p = 0; p < PARTS; p++) j->rows[p] = ba_dataset_rows(j->dataset, p);
  return CLI_DONE;
}

/* ---- writing ---- */

static void write_bytes(FILE *out, const char *bytes, int64_t n) {
  if (n > 0) fwrite(bytes, 1, (size_t)n, out);
}

/* A field of a CSV file, in quotes where it must be, and what stands before it. */
static void write_field(FILE *out, const char *before, const char *bytes, int64_t n) {
  fputs(before, out);
  bool plain = true;
  for (int64_t i = 0; i < n; i++) plain &= strchr(",\"\r\n\t", bytes[i]) == NULL;
  if (plain) {
    write_bytes(out, bytes, n);
    return;
  }
  fputc('"', out);
  for (int64_t i = 0; i < n; i++) {
    if (bytes[i] == '"') fputc('"', out);
    fputc(bytes[i], out);
  }
  fputc('"', out);
}

static void write_row(const job *j, const ba_records *records, int64_t index, int64_t row, FILE *out) {
  int64_t length = 0, name_length = 0;
  int32_t label = 0;
  double weight = 1.0;
  const char *letters = ba_records_sequence(records, index, &length);
  const char *name = ba_records_name(records, index, &name_length);
  if (ba_dataset_row(j->dataset, row, &label, &weight, NULL, NULL) != BA_OK) return;
  const char *class = ba_dataset_class_name(j->dataset, label), *group = ba_dataset_group(j->dataset, row);
  if (j->has_names) write_field(out, "", name, name_length);
  write_field(out, j->has_names ? "," : "", letters, length);
  write_field(out, ",", class, (int64_t)strlen(class));
  if (j->has_weights) fprintf(out, ",%.17g", weight);
  if (j->data.time != NULL) fprintf(out, ",%.17g", ba_dataset_time(j->dataset, row));
  if (j->has_groups) write_field(out, ",", group != NULL ? group : "", group != NULL ? (int64_t)strlen(group) : 0);
  fputc('\n', out);
}

static void write_record(const job *j, const ba_records *records, int64_t index, FILE *out) {
  int64_t length = 0, name_length = 0, symbols = 0;
  const char *letters = ba_records_sequence(records, index, &length);
  const char *name = ba_records_name(records, index, &name_length);
  const char *quality = ba_records_quality(records, index, &symbols);
  const bool fastq = j->ending[1] == 'q';
  fputc(fastq ? '@' : '>', out);
  write_bytes(out, name, name_length);
  fputc('\n', out);
  write_bytes(out, letters, length);
  fputs(fastq ? "\n+\n" : "\n", out);
  if (!fastq) return;
  write_bytes(out, quality, symbols);
  fputc('\n', out);
}

/* Writes the rows of `part` of a batch that starts with row `first`, as records or as lines of a table. */
static int write_batch(const job *j, const ba_records *records, int64_t first, int32_t part, FILE *out) {
  for (int64_t i = 0; i < ba_records_count(records); i++) {
    int32_t its_part = 0;
    const ba_status status = ba_dataset_row(j->dataset, first + i, NULL, NULL, &its_part, NULL);
    if (status != BA_OK) return cli_error(j->c, CLI_INPUT, "%s: the file grew while it was read", j->input);
    if (its_part != part) continue;
    if (j->data.labels != NULL)
      write_row(j, records, i, first + i, out);
    else
      write_record(j, records, i, out);
  }
  return cli_interrupted(j->c);
}

static int write_table(const job *j, int32_t part, FILE *out) {
  const int64_t rows = ba_dataset_rows(j->dataset, BA_PART_ALL);
  int code = CLI_DONE;
  fprintf(out, "%ssequence,label%s%s%s\n", j->has_names ? "name," : "", j->has_weights ? ",weight" : "",
          j->data.time != NULL ? ",time" : "", j->has_groups ? ",group" : "");
  for (int64_t first = 0; code == CLI_DONE && first < rows; first += BATCH) {
    ba_records *records = NULL;
    const int64_t count = rows - first < BATCH ? rows - first : BATCH;
    const ba_status status = ba_dataset_records(j->dataset, first, count, &records);
    code = status == BA_OK ? write_batch(j, records, first, part, out) : cli_fail(j->c, status);
    ba_records_release(records);
  }
  return code;
}

static int write_sequences(const job *j, int32_t part, FILE *out) {
  ba_reader *reader = NULL;
  int64_t first = 0;
  ba_status status = BA_OK;
  int code = open_reader(j, &reader);
  while (code == CLI_DONE) {
    ba_records *records = NULL;
    status = ba_reader_next(reader, BATCH, &records);
    if (status != BA_OK) break;
    code = write_batch(j, records, first, part, out);
    first += ba_records_count(records);
    ba_records_release(records);
  }
  ba_reader_close(reader);
  if (code != CLI_DONE) return code;
  if (status != BA_END) return cli_fail_in(j->c, status, j->input);
  if (first == ba_dataset_rows(j->dataset, BA_PART_ALL)) return CLI_DONE;
  return cli_error(j->c, CLI_INPUT, "%s: the file changed while it was read", j->input);
}

static int write_part(const job *j, int32_t part) {
  char path[4096];
  cli_output output;
  if (snprintf(path, sizeof path, "%s.%s.%s", j->prefix, part_names[part], j->ending) >= (int)sizeof path)
    return cli_error(j->c, CLI_USAGE, "--out-prefix is too long");
  cli_progress(j->c, "writing %s", path);
  int code = cli_output_open(j->c, path, &output);
  if (code != CLI_DONE) return code;
  code = j->data.labels != NULL ? write_table(j, part, output.file) : write_sequences(j, part, output.file);
  return cli_output_close(j->c, &output, code);
}

/* Columns that say nothing are left out. */
static int find_columns(job *j) {
  const int64_t rows = ba_dataset_rows(j->dataset, BA_PART_ALL);
  for (int64_t first = 0; first < rows; first += BATCH) {
    ba_records *records = NULL;
    const int64_t count = rows - first < BATCH ? rows - first : BATCH;
    ba_status status = ba_dataset_records(j->dataset, first, count, &records);
    for (int64_t i = 0; status == BA_OK && i < count; i++) {
      int64_t length = 0;
      double weight = 1.0;
      ba_records_name(records, i, &length);
      status = ba_dataset_row(j->dataset, first + i, NULL, &weight, NULL, NULL);
      j->has_names |= length > 0;
      j->has_weights |= weight < 1.0 || weight > 1.0;
      j->has_groups |= ba_dataset_group(j->dataset, first + i) != NULL;
    }
    ba_records_release(records);
    if (status != BA_OK) return cli_fail(j->c, status);
  }
  return CLI_DONE;
}

/* ---- the report ---- */

static cJSON *report_json(const job *j) {
  cJSON *object = cJSON_CreateObject(), *rows = cJSON_AddObjectToObject(object, "rows");
  cJSON_AddStringToObject(object, "by", j->by);
  cJSON_AddNumberToObject(object, "seed", (double)j->c->seed);
  cli_json_add(object, "k", strtod(j->k, NULL));
  cli_json_add(object, "threshold", strtod(j->threshold, NULL));
  cli_json_add(object, "scaled", strtod(j->scaled, NULL));
  cJSON *leakage = cJSON_AddArrayToObject(object, "leakage");
  for (int32_t p = 0; p < PARTS; p++) {
    if (j->shares[p] <= 0.0) continue;
    cJSON_AddNumberToObject(rows, part_names[p], (double)j->rows[p]);
    for (int32_t other = 0; other < PARTS; other++) {
      if (other == p || j->shares[other] <= 0.0) continue;
      const double similar = (double)j->similar[PARTS * p + other];
      cJSON *pair = cJSON_CreateObject();
      cJSON_AddStringToObject(pair, "part", part_names[p]);
      cJSON_AddStringToObject(pair, "other", part_names[other]);
      cJSON_AddNumberToObject(pair, "rows", (double)j->rows[p]);
      cJSON_AddNumberToObject(pair, "similar", similar);
      cJSON_AddNumberToObject(pair, "duplicates", (double)j->duplicates[PARTS * p + other]);
      cli_json_add(pair, "share", j->rows[p] > 0 ? similar / (double)j->rows[p] : NAN);
      cJSON_AddItemToArray(leakage, pair);
    }
  }
  return object;
}

static int report(const job *j) {
  char path[4096];
  cli_output output;
  if (snprintf(path, sizeof path, "%s.leakage.json", j->prefix) >= (int)sizeof path)
    return cli_error(j->c, CLI_USAGE, "--out-prefix is too long");
  int code = cli_output_open(j->c, path, &output);
  if (code != CLI_DONE) return code;
  cli_json_print(output.file, report_json(j), true);
  code = cli_output_close(j->c, &output, code);
  if (code != CLI_DONE) return code;
  if (j->c->json) cli_json_print(stdout, report_json(j), true);
  for (int32_t p = 0; !j->c->json && p < PARTS; p++)
    for (int32_t other = 0; other < PARTS; other++) {
      if (other == p || j->shares[p] <= 0.0 || j->shares[other] <= 0.0) continue;
      const int64_t similar = j->similar[PARTS * p + other];
      printf("%s: %lld of %lld rows (%.2f%%) similar to a row of %s, %lld of them with the same letters\n",
             part_names[p], (long long)similar, (long long)j->rows[p],
             j->rows[p] > 0 ? 100.0 * (double)similar / (double)j->rows[p] : 0.0, part_names[other],
             (long long)j->duplicates[PARTS * p + other]);
    }
  return CLI_DONE;
}

static int work(job *j) {
  int code = load(j);
  if (code == CLI_DONE) code = deal(j);
  if (code == CLI_DONE && j->data.labels != NULL) code = find_columns(j);
  for (int32_t p = 0; code == CLI_DONE && p < PARTS; p++)
    if (j->shares[p] > 0.0) code = write_part(j, p);
  return code == CLI_DONE ? report(j) : code;
}

int cli_split(int argc, char **argv) {
  cli c = {0};
  job j = {
      .c = &c, .by = "stratified", .parts = "train=0.8,dev=0.1,test=0.1", .k = "21", .threshold = "0.5", .scaled = "1"};
  const cli_option options[] = {
      {"labels", CLI_TEXT, &j.data.labels, "T.csv", "a table with columns sequence and label; CSV or TSV, plain or gz"},
      {"columns", CLI_TEXT, &j.data.columns, "LIST", "its columns by name or number: sequence=text,label=2"},
      {"by", CLI_TEXT, &j.by, "HOW", "stratified (default), random, group, similarity or time"},
      {"parts", CLI_TEXT, &j.parts, "LIST", "their shares (train=0.8,dev=0.1,test=0.1)"},
      {"out-prefix", CLI_TEXT, &j.prefix, "P", "what the names of the files begin with"},
      {"group", CLI_TEXT, &j.data.group, "COL", "the column of groups, for --by group"},
      {"time", CLI_TEXT, &j.data.time, "COL", "the column of times, for --by time: the earliest rows train"},
      {"k", CLI_TEXT, &j.k, "K", "length of the words that similarity counts (21; 5 suits protein)"},
      {"threshold", CLI_TEXT, &j.threshold, "X", "share of them above which rows are similar, 0 to 1 (0.5)"},
      {"scaled", CLI_TEXT, &j.scaled, "N", "look at one k-mer of N, for long sequences (1: all)"},
      {NULL, CLI_FLAG, NULL, NULL, NULL},
  };
  int code = cli_start(&c, &spec, options, argc, argv);
  if (code != CLI_GO) return code;
  code = check(&j);
  if (code == CLI_DONE) code = work(&j);
  ba_dataset_destroy(j.dataset);
  return cli_end(&c, code);
}
