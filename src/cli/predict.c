/* SPDX-License-Identifier: MIT
 *
 * predict.c: `ba predict`, class, probability and score of every record.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { BATCH_RECORDS = 4096 };

typedef struct job {
  cli *c;
  ba_model *model;
  ba_scorer *scorer;
  int32_t classes, outputs;
  double *scores, *probabilities;     /* of one batch */
  const char *reading;                /* options */
  int64_t records, before, ambiguous; /* before: records of the files before */
  bool drift;
  double threshold;                     /* of the sets; NaN without them */
  const char *group, *time, *duplicate; /* of tables: the columns that make series of rows */
  const char *name, *rejects;           /* of tables: a column of names, and a file for rows that cannot be scored */
  cli_output bad;
  int64_t rejected, duplicates;
  FILE *out;
} job;

static const cli_spec spec = {
    "predict",
    "--model m.ba [OPTIONS] FILE...",
    "Scores every record and writes a table: name, class, probability, score.\n"
    "With two classes the probability is that of the second and the score its margin, positive for the second class;\n"
    "with more there is a column probability:CLASS for each, and the score is the margin of the class predicted.\n"
    "A model of numbers (Linear, Poisson) gives name, value and score, which is the log of the value for Poisson.\n"
    "The files of a model of numbers from tables are CSV or TSV; a row's name is its number, or what --name says.\n"
    "--coverage adds a column set: the classes, with '|' between them, that hold the true one at least that often; "
    "the\n"
    "model must come from `ba calibrate`.\n"
    "Numbers have 17 significant digits and are the same bits on every machine. --json gives one object a line.",
    "  ba predict --model m.ba new.fa.gz > scores.tsv\n"
    "  zcat new.fa.gz | ba predict --model m.ba --json -\n",
    1,
    -1,
};

static void write_header(const job *j) {
  if (j->classes == 0) {
    fputs("name\tvalue\tscore\n", j->out);
    return;
  }
  fputs("name\tclass", j->out);
  if (j->classes == 2) fputs("\tprobability", j->out);
  for (int32_t i = 0; j->classes != 2 && i < j->classes; i++)
    fprintf(j->out, "\tprobability:%s", ba_model_class_name(j->model, i));
  fputs(isnan(j->threshold) ? "\tscore\n" : "\tscore\tset\n", j->out);
}

static bool in_set(const job *j, const double *p, int32_t class) {
  return p[class] >= j->threshold;
}

/* Numbers that a row has beside its scores: the probability of each class, or one value. */
static int64_t answers(const job *j) {
  return j->classes > 0 ? j->classes : 1;
}

/* The most probable class, the first of equals. */
static int32_t most_probable(const job *j, const double *probabilities) {
  int32_t best = 0;
  for (int32_t i = 1; i < j->classes; i++)
    if (probabilities[i] > probabilities[best]) best = i;
  return best;
}

static void write_field(const job *j, double value) {
  fputc('\t', j->out);
  cli_write_number(j->out, value);
}

static void write_row(const job *j, const char *name, int64_t length, int32_t best, const double *p, double score) {
  if (length > 0) fwrite(name, 1, (size_t)length, j->out);
  if (j->classes == 0)
    write_field(j, p[0]);
  else
    fprintf(j->out, "\t%s", ba_model_class_name(j->model, best));
  for (int32_t i = j->classes == 2 ? 1 : 0; i < j->classes; i++) write_field(j, p[i]);
  write_field(j, score);
  const char *between = "\t";
  if (!isnan(j->threshold)) {
    for (int32_t i = 0; i < j->classes; i++) {
      if (!in_set(j, p, i)) continue;
      fprintf(j->out, "%s%s", between, ba_model_class_name(j->model, i));
      between = "|";
    }
    if (between[0] == '\t') fputc('\t', j->out); /* no class is likely enough */
  }
  fputc('\n', j->out);
}

static void write_object(const job *j, const char *name, int64_t length, int32_t best, const double *p, double score) {
  char *text = cli_allocate((size_t)length + 1);
  memcpy(text, name, (size_t)length);
  text[length] = '\0';
  cJSON *object = cJSON_CreateObject();
  cJSON_AddStringToObject(object, "name", text);
  if (j->classes > 0) cJSON_AddStringToObject(object, "class", ba_model_class_name(j->model, best));
  if (j->classes == 0) {
    cli_json_add(object, "value", p[0]);
  } else if (j->classes == 2) {
    cli_json_add(object, "probability", p[1]);
  } else {
    cJSON *each = cJSON_AddObjectToObject(object, "probability");
    for (int32_t i = 0; i < j->classes; i++) cli_json_add(each, ba_model_class_name(j->model, i), p[i]);
  }
  cli_json_add(object, "score", score);
  cJSON *set = isnan(j->threshold) ? NULL : cJSON_AddArrayToObject(object, "set");
  for (int32_t i = 0; set != NULL && i < j->classes; i++)
    if (in_set(j, p, i)) cJSON_AddItemToArray(set, cJSON_CreateString(ba_model_class_name(j->model, i)));
  cli_json_print(j->out, object, false);
  free(text);
}

/* Of one row of the batch. */
static void write_prediction(const job *j, int64_t row, const char *name, int64_t length) {
  const double *p = j->probabilities + row * answers(j);
  const int32_t best = most_probable(j, p);
  const double score = j->outputs == 1 ? j->scores[row] : j->scores[row * j->outputs + best];
  (j->c->json ? write_object : write_row)(j, name, length, best, p, score);
}

static int predict_batch(job *j, const ba_records *records, const char *path) {
  const ba_status status = ba_scorer_predict_records(j->scorer, records, j->scores, j->probabilities);
  if (status != BA_OK) return cli_fail_in(j->c, status, path);
  const int64_t count = ba_records_count(records);
  for (int64_t i = 0; i < count; i++) {
    int64_t length = 0;
    const char *name = cli_first_word(records, i, &length);
    write_prediction(j, i, name, length);
  }
  j->records += count;
  return CLI_DONE;
}

static int predict_batches(job *j, ba_reader *reader, const char *path) {
  ba_status status = BA_OK;
  while (true) {
    ba_records *records = NULL;
    status = ba_reader_next(reader, BATCH_RECORDS, &records);
    if (status != BA_OK) break;
    int code = predict_batch(j, records, path);
    ba_records_release(records);
    if (code == CLI_DONE) code = cli_interrupted(j->c);
    if (code != CLI_DONE || ferror(j->out)) return code;
    cli_progress(j->c, "scoring %s: %lld records", path, (long long)j->records);
  }
  return status == BA_END ? CLI_DONE : cli_fail_in(j->c, status, path);
}

/* ---- tables ---- */

/* The row's name, or its number. */
static const char *row_name(const job *j, const ba_table *table, int64_t row, char number[32], int64_t *length) {
  const int64_t column = ba_table_find(table, j->name);
  const char *text = ba_table_text(table, column, row, length);
  const ba_array *array = ba_table_array(table, column);
  if (text != NULL) return text;
  *length = array != NULL ? snprintf(number, 32, "%.15g", ((const double *)ba_array_data(array))[row])
                          : snprintf(number, 32, "%lld", (long long)(j->records + row + 1));
  return number;
}

/* A row that cannot be read (`table` NULL) or scored: the end, or a line in the file of rejects. */
static int reject(job *j, ba_status status, const ba_table *table, const char *path) {
  int64_t row = -1;
  const char *message = ba_context_error_message(j->c->context);
  ba_context_error_position(j->c->context, &row, NULL);
  if (row < 0 || (status != BA_ERR_TABLE && status != BA_ERR_NUMBER)) return cli_fail_in(j->c, status, path);
  /* The library counts the rows of a batch; a reader the records of the file. */
  const char *after = table != NULL ? strstr(message, ": ") : NULL;
  char text[512];
  if (after != NULL)
    snprintf(text, sizeof text, "row %lld%s", (long long)(j->records - j->before + row), after);
  else
    snprintf(text, sizeof text, "%s", message);
  if (j->rejects == NULL) return cli_error(j->c, CLI_INPUT, "%s: %s", path, text);
  if (table == NULL) j->records++; /* a row without a table still has a number */
  fprintf(j->bad.file, "%s\t%s\n", path, text);
  j->rejected++;
  return CLI_DONE;
}

static int predict_rows(job *j, const ba_table *table, const char *path) {
  const int64_t rows = ba_table_rows(table);
  if (rows > BATCH_RECORDS) {
    j->scores = cli_resize(j->scores, sizeof(double) * (size_t)(rows * j->outputs));
    j->probabilities = cli_resize(j->probabilities, sizeof(double) * (size_t)(rows * answers(j)));
  }
  char options[2048];
  const int code = cli_row_options(j->c, j->group, j->time, j->duplicate, options, sizeof options);
  if (code != CLI_DONE) return code;
  const ba_status status = ba_scorer_predict_table(j->scorer, table, options, j->scores, j->probabilities);
  if (status != BA_OK) return reject(j, status, table, path);
  j->duplicates += ba_scorer_duplicates(j->scorer);
  if (j->name != NULL && ba_table_find(table, j->name) < 0)
    return cli_error(j->c, CLI_INPUT, "%s: there is no column \"%s\" for --name", path, j->name);
  for (int64_t i = 0; i < rows; i++) {
    int64_t length = 0;
    char number[32];
    const char *name = row_name(j, table, i, number, &length);
    write_prediction(j, i, name, length);
  }
  return CLI_DONE;
}

static int predict_lines(job *j, const char *path) {
  ba_table *table = NULL;
  int code = cli_table_read(j->c, path, &table);
  if (code == CLI_DONE) code = predict_rows(j, table, path);
  j->records += ba_table_rows(table);
  ba_table_release(table);
  return code;
}

/* Rows go one by one where a bad one must not take its neighbours along, and all at once where the model looks back. */
static int predict_table(job *j, const char *path) {
  ba_table_reader *reader = NULL;
  const bool back = ba_model_looks_back(j->model);
  const int64_t batch = back ? INT64_MAX : j->rejects != NULL ? 1 : BATCH_RECORDS;
  if (back && j->rejects != NULL) return cli_error(j->c, CLI_USAGE, "--rejects: the model looks at the rows before");
  if (cli_table_is_lines(path) && j->rejects != NULL)
    return cli_error(j->c, CLI_USAGE, "--rejects: %s is read whole; expected CSV or TSV", path);
  if (cli_table_is_lines(path)) return predict_lines(j, path);
  ba_status status = ba_table_reader_open(j->c->context, path, &reader);
  int code = status == BA_OK ? CLI_DONE : cli_fail_in(j->c, status, path);
  while (code == CLI_DONE && !ferror(j->out)) {
    ba_table *table = NULL;
    status = ba_table_reader_next(reader, batch, &table);
    if (status == BA_END) break;
    code = status == BA_OK ? predict_rows(j, table, path) : reject(j, status, NULL, path);
    j->records += ba_table_rows(table);
    ba_table_release(table);
    if (code == CLI_DONE) code = cli_interrupted(j->c);
    cli_progress(j->c, "scoring %s: %lld rows", path, (long long)j->records);
  }
  ba_table_reader_close(reader);
  return code;
}

static int predict_sparse(job *j, const char *path) {
  cli_libsvm rows;
  int code = cli_libsvm_read(j->c, path, &rows);
  if (code != CLI_DONE) return code;
  j->scores = cli_resize(j->scores, sizeof(double) * (size_t)(rows.rows * j->outputs));
  j->probabilities = cli_resize(j->probabilities, sizeof(double) * (size_t)(rows.rows * answers(j)));
  const ba_status status =
      ba_scorer_predict_csr(j->scorer, rows.starts, rows.columns, rows.values, j->scores, j->probabilities);
  if (status != BA_OK) code = cli_fail_in(j->c, status, path);
  for (int64_t i = 0; code == CLI_DONE && i < rows.rows; i++) {
    char name[32];
    const int length = snprintf(name, sizeof name, "%lld", (long long)(++j->records));
    write_prediction(j, i, name, length);
  }
  cli_libsvm_free(&rows);
  return code;
}

static int predict_file(job *j, const char *path) {
  if (cli_model_is_sparse(j->model)) return predict_sparse(j, path);
  j->before = j->records;
  if (ba_model_inputs(j->model) > 0) return predict_table(j, path);
  ba_reader *reader = NULL;
  const ba_status status = ba_reader_open_path(j->c->context, path, j->reading, &reader);
  if (status != BA_OK) return cli_fail_in(j->c, status, path);
  const int code = predict_batches(j, reader, path);
  int64_t letters = 0, ambiguous = 0;
  ba_reader_counters(reader, &letters, &ambiguous);
  j->ambiguous += ambiguous;
  ba_reader_close(reader);
  return code;
}

/* What drifted first, on stderr: the table of scores stays a table. */
static void report_drift(const job *j) {
  cli_note("%-10s %10s %10s %10s %10s", "drift", "psi", "limit", "ks", "limit");
  for (int32_t i = 0; i < ba_scorer_drift_count(j->scorer); i++) {
    double psi, psi_limit, ks, ks_limit;
    const int32_t raised = ba_scorer_drift(j->scorer, i, NULL, &psi, &psi_limit, &ks, &ks_limit);
    cli_note("%-10s %10.4f %10.4f %10.4f %10.4f%s", ba_scorer_drift_name(j->scorer, i), psi, psi_limit, ks, ks_limit,
             raised ? "  the records differ from the training rows" : "");
  }
}

static int work(job *j, const char *out) {
  cli *c = j->c;
  cli_output output;
  const ba_status status = ba_scorer_create(c->context, j->model, j->drift ? "drift=yes" : "", &j->scorer);
  if (status != BA_OK) return cli_fail(c, status);
  j->reading = cli_reader_options(c, ba_model_recipe(j->model));
  j->classes = ba_model_classes(j->model);
  j->outputs = ba_model_outputs(j->model);
  j->scores = cli_allocate(sizeof(double) * BATCH_RECORDS * (size_t)j->outputs);
  j->probabilities = cli_allocate(sizeof(double) * BATCH_RECORDS * (size_t)answers(j));
  if (j->rejects != NULL) {
    const int opened = cli_output_open(c, j->rejects, &j->bad);
    if (opened != CLI_DONE) return opened;
  }
  int code = cli_output_open(c, out, &output);
  if (code != CLI_DONE) return code;
  j->out = output.file;
  if (!c->json) write_header(j);
  for (int32_t i = 0; code == CLI_DONE && i < c->files.count; i++) code = predict_file(j, c->files.items[i]);
  code = cli_output_close(c, &output, code);
  if (j->rejects != NULL) code = cli_output_close(c, &j->bad, code);
  if (code == CLI_DONE && j->rejected > 0)
    cli_note("ba predict: %lld rows could not be scored; %s says why", (long long)j->rejected, j->rejects);
  if (code == CLI_DONE) cli_note_duplicates(c, j->model, j->duplicates);
  if (code == CLI_DONE && j->ambiguous > 0)
    cli_note("ba predict: %lld letters other than A C G T U in %lld records; features that touch them are skipped",
             (long long)j->ambiguous, (long long)j->records);
  if (code == CLI_DONE && j->drift) report_drift(j);
  return code;
}

static int choose_coverage(job *j, const char *text) {
  char *end = NULL;
  j->threshold = NAN;
  if (text == NULL) return CLI_DONE;
  const double coverage = strtod(text, &end);
  if (end == text || *end != '\0' || !(coverage > 0.0 && coverage < 1.0))
    return cli_error(j->c, CLI_USAGE, "--coverage '%s': expected a number above 0 and below 1, such as 0.9", text);
  j->threshold = ba_model_conformal_threshold(j->model, coverage);
  if (!isnan(j->threshold)) return CLI_DONE;
  return cli_error(j->c, CLI_USAGE, "--coverage: the model has no rows to promise it by; `ba calibrate` adds them");
}

int cli_predict(int argc, char **argv) {
  cli c = {0};
  job j = {.c = &c};
  const char *model = NULL, *out = NULL, *coverage = NULL;
  const cli_option options[] = {
      {"model", CLI_TEXT, &model, "m.ba", "the model file"},
      {"coverage", CLI_TEXT, &coverage, "C", "add the set of classes that holds the true one this often, such as 0.9"},
      {"drift", CLI_FLAG, &j.drift, NULL, "say on stderr whether the records look like the rows of training"},
      {"name", CLI_TEXT, &j.name, "COL", "tables: the column of names"},
      {"group", CLI_TEXT, &j.group, "COL", "tables: each text of this column is a series, for models that look back"},
      {"time", CLI_TEXT, &j.time, "COL", "tables: the column in whose order the rows of a series go"},
      {"duplicate", CLI_TEXT, &j.duplicate, "P",
       "with --time: rows of one time in a group are kept (default) or an error"},
      {"rejects", CLI_TEXT, &j.rejects, "F", "tables: go on behind a bad row, and write why to this file"},
      {"out", CLI_TEXT, &out, "F", "write to a file, which appears when it is complete"},
      {NULL, CLI_FLAG, NULL, NULL, NULL},
  };
  int code = cli_start(&c, &spec, options, argc, argv);
  if (code != CLI_GO) return code;
  code = cli_model_load(&c, model, &j.model);
  if (code == CLI_DONE) code = choose_coverage(&j, coverage);
  if (code == CLI_DONE) code = work(&j, out);
  ba_scorer_destroy(j.scorer);
  ba_model_release(j.model);
  free(j.scores);
  free(j.probabilities);
  return cli_end(&c, code);
}
