/* SPDX-License-Identifier: MIT
 *
 * calibrate.c: `ba calibrate`, a model whose probabilities are fitted to rows that it was not trained on.
 */
#include <string.h>

#include "cli.h"

static const cli_spec spec = {
    "calibrate",
    "--model m.ba (--labels T.csv | --pos A.fa --neg B.fa) --out c.ba [OPTIONS]",
    "Fits the probabilities of a model to labelled rows, and keeps what is needed for sets of classes that hold the "
    "true\n"
    "one as often as is asked for (`ba predict --coverage 0.9`). Scores stay as they are. The rows should not be "
    "those\n"
    "that the model was trained on.\n"
    "platt fits a sigmoid (two classes), temperature one factor (any number), isotonic a rising line (two classes, a\n"
    "thousand rows or more), none leaves the probabilities alone.",
    "  ba calibrate --model m.ba --labels t.csv --part dev --out calibrated.ba\n"
    "  ba predict --model calibrated.ba --coverage 0.95 new.fa\n",
    0,
    0,
};

static int choose_part(cli *c, const ba_dataset *dataset, const char *name, int32_t *part) {
  static const char *const names[] = {"train", "dev", "test"};
  *part = BA_PART_ALL;
  for (int32_t i = BA_PART_TRAIN; name != NULL && i <= BA_PART_TEST; i++)
    if (strcmp(name, names[i]) == 0) *part = i;
  if (name != NULL && *part == BA_PART_ALL && strcmp(name, "all") != 0)
    return cli_error(c, CLI_USAGE, "--part '%s': expected train, dev, test or all", name);
  /* A table with parts has dev rows for this. */
  if (name == NULL && ba_dataset_rows(dataset, BA_PART_DEV) > 0) *part = BA_PART_DEV;
  return CLI_DONE;
}

static int work(cli *c, const cli_data *data, ba_model *model, const char *part_name, const char *options,
                const char *out) {
  ba_dataset *dataset = NULL;
  ba_model *fitted = NULL;
  int32_t part;
  int code = cli_data_load(c, data, &dataset);
  if (code == CLI_DONE) code = choose_part(c, dataset, part_name, &part);
  if (code == CLI_DONE) {
    cli_progress(c, "scoring %lld rows", (long long)ba_dataset_rows(dataset, part));
    ba_status status = ba_calibrate(c->context, model, dataset, part, options, &fitted);
    if (status != BA_OK)
      code = data->labels != NULL ? cli_fail_in(c, status, data->labels) : cli_fail(c, status);
    else if ((status = ba_model_save_path(c->context, fitted, out)) != BA_OK)
      code = cli_fail_in(c, status, out);
  }
  if (code == CLI_DONE) cli_note("rows      %lld", (long long)ba_dataset_rows(dataset, part));
  if (code == CLI_DONE) cli_note_duplicates(c, model, ba_dataset_duplicates(dataset));
  if (code == CLI_DONE) cli_note("model     %s", out);
  ba_model_release(fitted);
  ba_dataset_destroy(dataset);
  return code;
}

int cli_calibrate(int argc, char **argv) {
  cli c = {0};
  cli_data data = {0};
  ba_model *model = NULL;
  const char *path = NULL, *part = NULL, *method = NULL, *out = NULL;
  char options[64] = "";
  const cli_option table[] = {
      {"model", CLI_TEXT, &path, "m.ba", "the model file"},
      {"labels", CLI_TEXT, &data.labels, "T.csv", "a table, CSV or TSV, with columns sequence and label"},
      {"columns", CLI_TEXT, &data.columns, "LIST", "other columns by name or number: sequence=text,label=2"},
      CLI_TABLE_OPTIONS(data),
      {"group", CLI_TEXT, &data.group, "COL", "with --table: the column of groups"},
      {"time", CLI_TEXT, &data.time, "COL", "with --table: the column of times"},
      {"duplicate", CLI_TEXT, &data.duplicate, "P",
       "with --time: rows of one time in a group are kept (default) or an error"},
      {"pos", CLI_LIST, &data.positives, "A.fa", "sequences of class 1; may be repeated"},
      {"neg", CLI_LIST, &data.negatives, "B.fa", "sequences of class 0; may be repeated"},
      {"part", CLI_TEXT, &part, "PART", "rows of train, dev, test or all (dev if the table has any, else all)"},
      {"method", CLI_TEXT, &method, "M",
       "platt, temperature, isotonic or none (platt for two classes, else temperature)"},
      {"out", CLI_TEXT, &out, "c.ba", "the model file to write"},
      {NULL, CLI_FLAG, NULL, NULL, NULL},
  };
  int code = cli_start(&c, &spec, table, argc, argv);
  if (code == CLI_GO) {
    code = cli_data_check(&c, &data);
    if (code == CLI_DONE && out == NULL) code = cli_error(&c, CLI_USAGE, "--out is missing: the model file to write");
    if (code == CLI_DONE && method != NULL && strlen(method) > 20)
      code = cli_error(&c, CLI_USAGE, "--method '%s': expected platt, temperature, isotonic or none", method);
    if (code == CLI_DONE) code = cli_output_check(&c, out);
    if (code == CLI_DONE) code = cli_model_load(&c, path, &model);
    if (method != NULL) snprintf(options, sizeof options, "method=%.20s", method);
    if (code == CLI_DONE) code = work(&c, &data, model, part, options, out);
    ba_model_release(model);
    code = cli_end(&c, code);
  }
  cli_list_free(&data.positives);
  cli_list_free(&data.negatives);
  cli_list_free(&data.ignored);
  return code;
}
