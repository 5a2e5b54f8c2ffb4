/* SPDX-License-Identifier: MIT
 *
 * features.c: `ba features`, the numbers of a recipe as TSV, libsvm or NPY. A first pass over the file counts records
 * and fits what needs fitting, only where the recipe or the format asks for it.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { BATCH_RECORDS = 4096, MOST_TSV_COLUMNS = 1000000, DENSE_CELLS = 4194304 };

typedef struct job {
  cli *c;
  const char *path, *reading;                   /* the file, options for its reader */
  const char *table, *group, *time, *duplicate; /* NULL: none */
  cli_list ignored;
  ba_extractor *extractor;
  int64_t width, records, done;
  bool counts;
  char format; /* 't', 'l' or 'n' */
  FILE *out;
} job;

static const cli_spec spec = {
    "features",
    "--recipe R [OPTIONS] FILE | --recipe R --table T [OPTIONS]",
    "Computes the features of a recipe (`ba help recipe`), one row a record, one column a feature.\n"
    "tsv has a header and the record's name; libsvm has the label 0 and `index:value`, indices from 1, zeros left "
    "out;\n"
    "npy is one array (version 1.0) of float64, or of uint32 for counts. Recipes that learn from the data\n"
    "(PositionKmer), and npy, read the file twice, so they cannot read standard input.\n"
    "--table gives the rows of a table instead, those of a --group as a series in the order of --time; where a term\n"
    "has no value yet, or a number is missing under missing=mean, there is NaN.",
    "  ba features --recipe 'Kmer(k=3)' --out kmers.tsv reads.fq.gz\n"
    "  ba features --recipe @motif --format libsvm - < seqs.fa > rows.svm\n"
    "  ba features --recipe 'Return(column=close) + RSI(column=close)' --table prices.csv --group symbol --time day\n",
    0,
    1,
};

/* Calls `visit` for every batch. */
static int each_batch(job *j, int64_t most, const char *what, int (*visit)(job *, const ba_records *)) {
  ba_reader *reader = NULL;
  ba_status status = ba_reader_open_path(j->c->context, j->path, j->reading, &reader);
  if (status != BA_OK) return cli_fail_in(j->c, status, j->path);
  int code = CLI_DONE;
  int64_t seen = 0;
  while (code == CLI_DONE) {
    ba_records *records = NULL;
    status = ba_reader_next(reader, most, &records);
    if (status != BA_OK) break;
    code = visit(j, records);
    seen += ba_records_count(records);
    ba_records_release(records);
    cli_progress(j->c, "%s %s: %lld records", what, j->path, (long long)seen);
    if (code == CLI_DONE) code = cli_interrupted(j->c);
    if (j->out != NULL && ferror(j->out)) break; /* cli_output_close says so */
  }
  ba_reader_close(reader);
  if (code != CLI_DONE || status == BA_END || status == BA_OK) return code;
  return cli_fail_in(j->c, status, j->path);
}

static int fit_batch(job *j, const ba_records *records) {
  j->records += ba_records_count(records);
  if (j->width >= 0) return CLI_DONE;
  const ba_status status = ba_extractor_fit(j->extractor, records);
  return status == BA_OK ? CLI_DONE : cli_fail_in(j->c, status, j->path);
}

static int first_pass(job *j) {
  j->width = ba_extractor_width(j->extractor);
  if (j->width >= 0 && j->format != 'n') return CLI_DONE;
  if (!cli_can_reread(j->path))
    return cli_error(j->c, CLI_USAGE, "%s: %s, and this input cannot be read twice; give the name of a file", j->path,
                     j->width < 0 ? "the recipe learns from the data first" : "npy needs the number of records first");
  const int code = each_batch(j, BATCH_RECORDS, "first pass over", fit_batch);
  if (code != CLI_DONE) return code;
  j->width = ba_extractor_width(j->extractor);
  if (j->width < 0 && j->records == 0)
    return cli_error(j->c, CLI_INPUT, "%s: no records, and the recipe learns from the data", j->path);
  return j->width < 0 ? cli_fail(j->c, BA_ERR_FIT) : CLI_DONE;
}

static void write_value(FILE *out, double value) {
  if (value == 0.0)
    fputc('0', out);
  else if (value != value)
    fputs("NaN", out);
  else
    cli_write_number(out, value);
}

static void write_row(const job *j, const void *data, int64_t row) {
  for (int64_t column = 0; column < j->width; column++) {
    fputc('\t', j->out);
    if (j->counts)
      write_value(j->out, (double)((const uint32_t *)data)[row * j->width + column]);
    else
      write_value(j->out, ((const double *)data)[row * j->width + column]);
  }
  fputc('\n', j->out);
}

static int dense_batch(job *j, const ba_records *records) {
  ba_array *rows = NULL;
  const ba_status status =
      ba_extractor_apply_records(j->extractor, records, j->counts ? "output=counts" : "output=values", &rows);
  if (status != BA_OK) return cli_fail_in(j->c, status, j->path);
  const int64_t count = ba_records_count(records);
  const void *data = ba_array_data(rows);
  j->done += count;
  if (j->format == 'n') {
    const size_t cells = (size_t)count * (size_t)j->width;
    if (cells > 0) fwrite(data, j->counts ? sizeof(uint32_t) : sizeof(double), cells, j->out);
  }
  for (int64_t row = 0; j->format == 't' && row < count; row++) {
    int64_t length = 0;
    const char *name = cli_first_word(records, row, &length);
    if (length > 0) fwrite(name, 1, (size_t)length, j->out);
    write_row(j, data, row);
  }
  ba_array_release(rows);
  return CLI_DONE;
}

static int sparse_batch(job *j, const ba_records *records) {
  ba_array *starts = NULL, *columns = NULL, *values = NULL;
  const ba_status status = ba_extractor_apply_records_csr(
      j->extractor, records, j->counts ? "output=counts" : "output=values", &starts, &columns, &values);
  if (status != BA_OK) return cli_fail_in(j->c, status, j->path);
  const int64_t *start = ba_array_data(starts);
  const uint32_t *column = ba_array_data(columns);
  const void *data = ba_array_data(values);
  const int64_t count = ba_records_count(records);
  j->done += count;
  for (int64_t row = 0; row < count; row++) {
    fputc('0', j->out);
    for (int64_t at = start[row]; at < start[row + 1]; at++) {
      fprintf(j->out, " %lu:", (unsigned long)column[at] + 1);
      write_value(j->out, j->counts ? (double)((const uint32_t *)data)[at] : ((const double *)data)[at]);
    }
    fputc('\n', j->out);
  }
  ba_array_release(starts);
  ba_array_release(columns);
  ba_array_release(values);
  return CLI_DONE;
}

static int write_names(job *j) {
  fputs("name", j->out);
  for (int64_t column = 0; column < j->width; column++) {
    char name[512];
    int64_t length = 0;
    const ba_status status = ba_extractor_column_name(j->extractor, column, name, sizeof name, &length);
    if (status != BA_OK) return cli_fail(j->c, status);
    fprintf(j->out, "\t%s", name);
  }
  fputc('\n', j->out);
  return CLI_DONE;
}

/* The NPY header: magic, version 1.0, length, then a Python dictionary padded to 64 bytes. */
static void write_npy_header(job *j) {
  const uint16_t probe = 1;
  uint8_t first = 0;
  memcpy(&first, &probe, 1);
  char text[192];
  const int used =
      snprintf(text, sizeof text, "{'descr': '%c%s', 'fortran_order': False, 'shape': (%lld, %lld), }",
               first == 1 ? '<' : '>', j->counts ? "u4" : "f8", (long long)j->records, (long long)j->width);
  const int all = (10 + used + 1 + 63) / 64 * 64 - 10;
  const uint8_t head[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (uint8_t)(all & 255), (uint8_t)(all >> 8)};
  fwrite(head, 1, sizeof head, j->out);
  fprintf(j->out, "%-*s\n", all - 1, text);
}

static int write_rows(job *j) {
  int64_t most = j->width > 0 ? DENSE_CELLS / j->width : BATCH_RECORDS;
  if (most < 1) most = 1;
  if (most > BATCH_RECORDS) most = BATCH_RECORDS;
  if (j->format == 'l') return each_batch(j, BATCH_RECORDS, "computing features of", sparse_batch);
  if (j->format == 'n') write_npy_header(j);
  int code = j->format == 't' ? write_names(j) : CLI_DONE;
  if (code == CLI_DONE) code = each_batch(j, most, "computing features of", dense_batch);
  if (code == CLI_DONE && j->format == 'n' && j->done != j->records && !ferror(j->out))
    code = cli_error(j->c, CLI_INPUT, "%s: %lld records at first and %lld then: the file changed", j->path,
                     (long long)j->records, (long long)j->done);
  return code;
}

static int compute_table(job *j, ba_array **out) {
  ba_table *table = NULL;
  char options[1024] = "", ignored[1024] = "ignore=";
  if (!cli_names_joined(&j->ignored, ignored + strlen(ignored), sizeof ignored - strlen(ignored)))
    return cli_error(j->c, CLI_USAGE, "--ignore: the names are too long");
  int code = cli_row_options(j->c, j->group, j->time, j->duplicate, options, sizeof options);
  if (code == CLI_DONE) code = cli_table_read(j->c, j->path, &table);
  if (code != CLI_DONE) return code;
  ba_status status = BA_OK;
  if (ba_extractor_width(j->extractor) < 0)
    status = ba_extractor_fit_table(j->extractor, table, j->ignored.count > 0 ? ignored : "");
  if (status == BA_OK) status = ba_extractor_apply_table(j->extractor, table, options, out);
  j->records = ba_table_rows(table);
  j->width = ba_extractor_width(j->extractor);
  ba_table_release(table);
  return status == BA_OK ? CLI_DONE : cli_fail_in(j->c, status, j->path);
}

/* Rows are called by their numbers. */
static int write_table(job *j, const double *values) {
  int code = j->format == 't' ? write_names(j) : CLI_DONE;
  if (j->format == 'n') write_npy_header(j);
  if (j->format == 'n' && j->records * j->width > 0)
    fwrite(values, sizeof(double), (size_t)(j->records * j->width), j->out);
  for (; code == CLI_DONE && j->format != 'n' && j->done < j->records; j->done++) {
    fprintf(j->out, "%lld", j->format == 't' ? (long long)j->done + 1 : 0LL);
    for (int64_t i = 0; j->format == 'l' && i < j->width; i++) {
      const double value = values[j->done * j->width + i];
      if (value == 0.0) continue;
      fprintf(j->out, " %lld:", (long long)i + 1);
      write_value(j->out, value);
    }
    if (j->format == 't')
      write_row(j, values, j->done);
    else
      fputc('\n', j->out);
  }
  j->done = j->records;
  return code;
}

static int work_on_table(job *j, const char *out) {
  cli_output output;
  ba_array *rows = NULL;
  int code = compute_table(j, &rows);
  if (code == CLI_DONE) code = cli_output_open(j->c, out, &output);
  if (code == CLI_DONE) {
    j->out = output.file;
    code = cli_output_close(j->c, &output, write_table(j, ba_array_data(rows)));
  }
  ba_array_release(rows);
  return code;
}

static int work_on_records(job *j, const char *out) {
  cli_output output;
  int code = first_pass(j);
  if (code != CLI_DONE) return code;
  if (j->format == 't' && j->width > MOST_TSV_COLUMNS)
    return cli_error(j->c, CLI_USAGE, "the recipe has %lld columns, too many for TSV; use --format libsvm",
                     (long long)j->width);
  code = cli_output_open(j->c, out, &output);
  if (code != CLI_DONE) return code;
  j->out = output.file;
  return cli_output_close(j->c, &output, write_rows(j));
}

static int work(job *j, const char *out) {
  const int code = j->table != NULL ? work_on_table(j, out) : work_on_records(j, out);
  if (code == CLI_DONE && j->c->json) {
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "records", (double)j->done);
    cJSON_AddNumberToObject(object, "columns", (double)j->width);
    cJSON_AddStringToObject(object, "out", out);
    cli_json_print(stdout, object, true);
  }
  return code;
}

static int check(job *j, const char *recipe, const char *output, const char *format, const char *out) {
  if (recipe == NULL) return cli_error(j->c, CLI_USAGE, "--recipe is missing, such as 'Kmer(k=3)'");
  if (strcmp(output, "values") != 0 && strcmp(output, "counts") != 0)
    return cli_error(j->c, CLI_USAGE, "--output '%s': expected values or counts", output);
  if (strcmp(format, "tsv") != 0 && strcmp(format, "libsvm") != 0 && strcmp(format, "npy") != 0)
    return cli_error(j->c, CLI_USAGE, "--format '%s': expected tsv, libsvm or npy", format);
  if (j->c->json && (out == NULL || strcmp(out, "-") == 0))
    return cli_error(j->c, CLI_USAGE, "--json needs --out, as standard output holds the features");
  if ((j->table != NULL) == (j->c->files.count > 0))
    return cli_error(j->c, CLI_USAGE, "expected a file of sequences, or --table T");
  if (j->table == NULL && (j->group != NULL || j->time != NULL || j->duplicate != NULL || j->ignored.count > 0))
    return cli_error(j->c, CLI_USAGE, "--group, --time, --duplicate and --ignore go with --table");
  if (j->table != NULL && output[0] == 'c')
    return cli_error(j->c, CLI_USAGE, "--output counts: rows of a table have values alone");
  j->path = j->table != NULL ? j->table : j->c->files.items[0];
  j->counts = output[0] == 'c';
  j->format = format[0];
  return CLI_DONE;
}

int cli_features(int argc, char **argv) {
  cli c = {0};
  job j = {.c = &c};
  const char *recipe = NULL, *output = "values", *format = "tsv", *out = NULL;
  const cli_option options[] = {
      {"recipe", CLI_TEXT, &recipe, "R", "what to compute; a model stage in it is left aside"},
      {"output", CLI_TEXT, &output, "values|counts", "the recipe's values (default) or the bare counts"},
      {"format", CLI_TEXT, &format, "tsv|libsvm|npy", "how to write them (tsv)"},
      {"table", CLI_TEXT, &j.table, "T.csv", "rows of numbers: CSV or TSV, plain or gzip, or JSON lines"},
      {"group", CLI_TEXT, &j.group, "COL", "with --table: the column that names a row's series"},
      {"time", CLI_TEXT, &j.time, "COL", "with --table: the column of times"},
      {"duplicate", CLI_TEXT, &j.duplicate, "P", "keep (default) or error: rows of one time in a group"},
      {"ignore", CLI_LIST, &j.ignored, "COL", "with --table: a column that Columns() leaves out; may be repeated"},
      {"out", CLI_TEXT, &out, "F", "write to a file, which appears when it is complete"},
      {NULL, CLI_FLAG, NULL, NULL, NULL},
  };
  int code = cli_start(&c, &spec, options, argc, argv);
  if (code != CLI_GO) return code;
  code = check(&j, recipe, output, format, out);
  if (code == CLI_DONE) {
    j.reading = cli_reader_options(&c, recipe);
    const ba_status status = ba_extractor_create(c.context, recipe, &j.extractor);
    code = status == BA_OK ? work(&j, out) : cli_fail(&c, status);
  }
  cli_list_free(&j.ignored);
  ba_extractor_destroy(j.extractor);
  return cli_end(&c, code);
}
