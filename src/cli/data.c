/* SPDX-License-Identifier: MIT
 *
 * data.c: labelled data, models and metrics, as train, eval and the commands that score need them.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static int check_duplicate(cli *c, const char *policy) {
  if (policy == NULL || strcmp(policy, "keep") == 0 || strcmp(policy, "error") == 0) return CLI_DONE;
  return cli_error(c, CLI_USAGE, "--duplicate '%s': expected keep or error", policy);
}

static int check_table(cli *c, const cli_data *data) {
  if (data->labels != NULL || data->positives.count > 0 || data->negatives.count > 0)
    return cli_error(c, CLI_USAGE, "--table has rows of numbers: give it without --labels, --pos and --neg");
  if (data->target == NULL && !data->unlabelled)
    return cli_error(c, CLI_USAGE, "--table needs --target COL, the column to predict");
  const char *const names[] = {data->target, data->weight, data->group, data->time};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (names[i] != NULL && strchr(names[i], ',') != NULL)
      return cli_error(c, CLI_USAGE, "'%s': expected the name of one column, without a comma", names[i]);
  return check_duplicate(c, data->duplicate);
}

int cli_data_check(cli *c, const cli_data *data) {
  const bool sequences = data->positives.count > 0 || data->negatives.count > 0;
  if (data->libsvm != NULL && (sequences || data->labels != NULL || data->table != NULL))
    return cli_error(c, CLI_USAGE, "--libsvm has sparse rows: give it without --table, --labels, --pos and --neg");
  if (data->libsvm != NULL) return CLI_DONE;
  if (data->rejects != NULL && data->rejects->path != NULL && data->table == NULL)
    return cli_error(c, CLI_USAGE, "--rejects is for rows of numbers, so it needs --table");
  if (data->table != NULL) return check_table(c, data);
  if (data->target != NULL || data->weight != NULL)
    return cli_error(c, CLI_USAGE, "--target and --weight name columns of a table, so they need --table");
  if (sequences && data->labels != NULL) return cli_error(c, CLI_USAGE, "give --pos and --neg, or --labels, not both");
  if (!sequences && data->labels == NULL)
    return cli_error(c, CLI_USAGE,
                     "the data are missing: --pos A.fa --neg B.fa, --labels T.csv, or --table T.csv --target COL");
  if (sequences && (data->positives.count == 0 || data->negatives.count == 0))
    return cli_error(c, CLI_USAGE, "--pos needs --neg, and --neg needs --pos");
  if (sequences && data->group != NULL)
    return cli_error(c, CLI_USAGE, "--group names a column of a table, so it needs --labels");
  if (sequences && data->columns != NULL && data->dev == NULL)
    return cli_error(c, CLI_USAGE, "--columns names the columns of a table, so it needs --labels");
  if (data->group != NULL && strchr(data->group, ',') != NULL)
    return cli_error(c, CLI_USAGE, "--group '%s': expected the name or the number of one column", data->group);
  if (data->time != NULL && (sequences || strchr(data->time, ',') != NULL))
    return cli_error(c, CLI_USAGE, "--time '%s': expected the name or the number of one column, with --labels",
                     data->time);
  return CLI_DONE;
}

static int add_file(cli *c, ba_dataset *dataset, const char *path, const char *options) {
  cli_progress(c, "reading %s", path);
  const ba_status status = ba_dataset_add_file(dataset, path, options);
  return status == BA_OK ? CLI_DONE : cli_fail_in(c, status, path);
}

/* Puts ", " between the options, and "KEY=" before a value. */
static bool add_option(char *options, size_t room, const char *key, const char *value) {
  if (value == NULL || value[0] == '\0') return true;
  const size_t used = strlen(options);
  const int length = snprintf(options + used, room - used, "%s%s%s", used > 0 ? ", " : "", key, value);
  return length >= 0 && (size_t)length < room - used;
}

int cli_row_options(cli *c, const char *group, const char *time, const char *duplicate, char *options, size_t room) {
  options[0] = '\0';
  const int code = check_duplicate(c, duplicate);
  if (code != CLI_DONE) return code;
  if (add_option(options, room, "group=", group) && add_option(options, room, "time=", time) &&
      add_option(options, room, "duplicate=", duplicate))
    return CLI_DONE;
  return cli_error(c, CLI_USAGE, "--group and --time are too long");
}

void cli_note_duplicates(const cli *c, const ba_model *model, int64_t count) {
  if (count > 0 && ba_model_looks_back(model))
    cli_note("ba %s: rows with the time of a row before in their group, kept as they stand: %lld", c->spec->name,
             (long long)count);
}

static int add_table(cli *c, ba_dataset *dataset, const cli_data *data, const char *path, const char *part) {
  char options[2048] = "";
  if (!add_option(options, sizeof options, "", data->columns) ||
      !add_option(options, sizeof options, "group=", data->group) ||
      !add_option(options, sizeof options, "time=", data->time) || !add_option(options, sizeof options, "part=", part))
    return cli_error(c, CLI_USAGE, "--columns, --group and --time are too long");
  return add_file(c, dataset, path, options);
}

bool cli_names_joined(const cli_list *names, char *out, size_t room) {
  out[0] = '\0';
  for (int32_t i = 0; i < names->count; i++) {
    const size_t used = strlen(out);
    if (used + strlen(names->items[i]) + 2 >= room) return false;
    snprintf(out + used, room - used, "%s%s", used > 0 ? "|" : "", names->items[i]);
  }
  return true;
}

static void spare_column(cli_rejects *rejects, const char *name, size_t n) {
  const size_t used = strlen(rejects->texts);
  if (n > 0 && used + n + 2 <= sizeof rejects->texts)
    snprintf(rejects->texts + used, sizeof rejects->texts - used, "%s%.*s", used > 0 ? "|" : "", (int)n, name);
}

void cli_rejects_spare(cli *c, const char *recipe, cli_rejects *rejects) {
  static const char mark[] = "Category(column=\"";
  char text[8192] = "";
  int64_t length = 0;
  if (ba_recipe_canonical(c->context, recipe, text, sizeof text, &length) != BA_OK) return; /* refused elsewhere */
  for (const char *at = strstr(text, mark); at != NULL; at = strstr(at, mark)) {
    at += sizeof mark - 1;
    spare_column(rejects, at, strcspn(at, "\""));
  }
}

/* Columns with names of rows, groups, parts and classes, and those that are no features. */
static void spare_roles(const cli_data *data) {
  static const char *const roles[] = {"name=", "group=", "split="};
  for (int32_t i = 0; i < data->ignored.count; i++)
    spare_column(data->rejects, data->ignored.items[i], strlen(data->ignored.items[i]));
  if (data->rejects->classes && data->target != NULL) spare_column(data->rejects, data->target, strlen(data->target));
  if (data->group != NULL) spare_column(data->rejects, data->group, strlen(data->group));
  for (size_t i = 0; data->columns != NULL && i < sizeof roles / sizeof roles[0]; i++) {
    const char *at = strstr(data->columns, roles[i]);
    if (at != NULL) spare_column(data->rejects, at + strlen(roles[i]), strcspn(at + strlen(roles[i]), ", "));
  }
}

/* The rows that fit; a line for each of the others in the file of rejects. */
static int read_fitting(cli *c, const cli_data *data, const char *path, FILE *bad, ba_table **out) {
  char options[256];
  ba_table *rejects = NULL;
  if (cli_table_is_lines(path))
    return cli_error(c, CLI_USAGE, "--rejects: %s is read whole; expected CSV or TSV", path);
  cli_progress(c, "reading %s", path);
  snprintf(options, sizeof options, "%s%s", data->rejects->texts[0] ? "texts=" : "", data->rejects->texts);
  const ba_status status = ba_table_read_fitting(c->context, path, options, out, &rejects);
  if (status != BA_OK) return cli_fail_in(c, status, path);
  for (int64_t i = 0; i < ba_table_rows(rejects); i++) {
    int64_t length;
    const char *reason = ba_table_text(rejects, 1, i, &length);
    fprintf(bad, "%s\t%.*s\n", path, (int)length, reason);
  }
  data->rejects->count += ba_table_rows(rejects);
  ba_table_release(rejects);
  return CLI_DONE;
}

static int add_numbers(cli *c, ba_dataset *dataset, const cli_data *data, const char *path, const char *part,
                       FILE *bad) {
  char options[2048] = "", ignored[1024] = "";
  ba_table *table = NULL;
  if (!cli_names_joined(&data->ignored, ignored, sizeof ignored) ||
      !add_option(options, sizeof options, "target=", data->target) ||
      !add_option(options, sizeof options, "labels=", data->unlabelled && data->target == NULL ? "none" : NULL) ||
      !add_option(options, sizeof options, "ignore=", ignored) ||
      !add_option(options, sizeof options, "weight=", data->weight) ||
      !add_option(options, sizeof options, "group=", data->group) ||
      !add_option(options, sizeof options, "time=", data->time) ||
      !add_option(options, sizeof options, "duplicate=", data->duplicate) ||
      !add_option(options, sizeof options, "", data->columns) || !add_option(options, sizeof options, "part=", part))
    return cli_error(c, CLI_USAGE, "the names of the columns are too long");
  const int code = bad != NULL ? read_fitting(c, data, path, bad, &table) : cli_table_read(c, path, &table);
  if (code != CLI_DONE) return code;
  const ba_status status = ba_dataset_add_table(dataset, table, options);
  ba_table_release(table);
  return status == BA_OK ? CLI_DONE : cli_fail_in(c, status, path);
}

static int load_tables(cli *c, const cli_data *data, ba_dataset *dataset) {
  cli_output bad = {0};
  int code = CLI_DONE;
  const bool sorts = data->rejects != NULL && data->rejects->path != NULL;
  if (sorts) {
    spare_roles(data);
    code = cli_output_open(c, data->rejects->path, &bad);
    if (code != CLI_DONE) return code;
  }
  code = add_numbers(c, dataset, data, data->table, data->train != NULL ? "test" : NULL, bad.file);
  if (code == CLI_DONE && data->train != NULL) code = add_numbers(c, dataset, data, data->train, "train", bad.file);
  if (code == CLI_DONE && data->dev != NULL) code = add_numbers(c, dataset, data, data->dev, "dev", bad.file);
  if (!sorts) return code;
  code = cli_output_close(c, &bad, code);
  if (code == CLI_DONE && data->rejects->count > 0)
    cli_note("ba %s: rows put aside: %lld; %s says why", c->spec->name, (long long)data->rejects->count,
             data->rejects->path);
  return code;
}

static int add_sparse(cli *c, ba_dataset *dataset, const char *path, int32_t part) {
  cli_libsvm rows;
  const int code = cli_libsvm_read(c, path, &rows);
  if (code != CLI_DONE) return code;
  const ba_status status = ba_dataset_add_csr(dataset, rows.starts, rows.columns, rows.values,
                                              (const char *const *)rows.labels, NULL, NULL, part);
  cli_libsvm_free(&rows);
  return status == BA_OK ? CLI_DONE : cli_fail_in(c, status, path);
}

static int load_sparse(cli *c, const cli_data *data, ba_dataset *dataset) {
  int code = add_sparse(c, dataset, data->libsvm, data->train != NULL ? BA_PART_TEST : BA_PART_TRAIN);
  if (code == CLI_DONE && data->train != NULL) code = add_sparse(c, dataset, data->train, BA_PART_TRAIN);
  if (code == CLI_DONE && data->dev != NULL) code = add_sparse(c, dataset, data->dev, BA_PART_DEV);
  return code;
}

bool cli_model_is_sparse(const ba_model *model) {
  return strncmp(ba_model_recipe(model), "Sparse(", 7) == 0;
}

static int load(cli *c, const cli_data *data, ba_dataset *dataset) {
  int code = CLI_DONE;
  if (data->libsvm != NULL) return load_sparse(c, data, dataset);
  if (data->table != NULL) return load_tables(c, data, dataset);
  for (int32_t i = 0; code == CLI_DONE && i < data->positives.count; i++)
    code = add_file(c, dataset, data->positives.items[i], data->train != NULL ? "class=1, part=test" : "class=1");
  for (int32_t i = 0; code == CLI_DONE && i < data->negatives.count; i++)
    code = add_file(c, dataset, data->negatives.items[i], data->train != NULL ? "class=0, part=test" : "class=0");
  if (code == CLI_DONE && data->labels != NULL)
    code = add_table(c, dataset, data, data->labels, data->train != NULL ? "test" : NULL);
  if (code == CLI_DONE && data->train != NULL) code = add_table(c, dataset, data, data->train, "train");
  if (code == CLI_DONE && data->dev != NULL) code = add_table(c, dataset, data, data->dev, "dev");
  return code;
}

bool cli_recipe_weighs(cli *c, const char *recipe) {
  char text[8192] = "";
  int64_t length = 0;
  /* Of a recipe that is too long to look at one can't tell, so it does; a wrong one is refused elsewhere. */
  return ba_recipe_canonical(c->context, recipe, text, sizeof text, &length) != BA_OK ||
         length >= (int64_t)sizeof text || strstr(text, "quality=weight") != NULL;
}

const char *cli_reader_options(cli *c, const char *recipe) {
  return cli_recipe_weighs(c, recipe) ? "" : "qualities=skip";
}

int cli_data_load(cli *c, const cli_data *data, ba_dataset **out) {
  *out = NULL;
  char options[40];
  snprintf(options, sizeof options, "names=%s, quality=%s", data->names ? "keep" : "drop",
           data->quality ? "keep" : "drop");
  const ba_status status = ba_dataset_create(c->context, options, out);
  if (status != BA_OK) return cli_fail(c, status);
  const int code = load(c, data, *out);
  if (code != CLI_DONE) {
    ba_dataset_destroy(*out);
    *out = NULL;
  }
  return code;
}

void cli_metrics_json(cJSON *object, const ba_metrics *metrics) {
  for (int32_t i = 0; i < ba_metrics_count(metrics); i++) {
    const char *name = ba_metrics_name(metrics, i);
    cli_json_add(object, name, ba_metrics_value(metrics, name));
  }
}

cJSON *cli_confusion_json(const ba_metrics *metrics, int32_t classes) {
  cJSON *rows = cJSON_CreateArray();
  for (int32_t actual = 0; actual < classes; actual++) {
    cJSON *row = cJSON_CreateArray();
    for (int32_t predicted = 0; predicted < classes; predicted++)
      cJSON_AddItemToArray(row, cli_json_number(ba_metrics_confusion(metrics, actual, predicted)));
    cJSON_AddItemToArray(rows, row);
  }
  return rows;
}

int cli_model_load(cli *c, const char *path, ba_model **out) {
  *out = NULL;
  if (path == NULL) return cli_error(c, CLI_USAGE, "--model is missing: the file that `ba train --out` wrote");
  const ba_status status = ba_model_load_path(c->context, path, "", out);
  return status == BA_OK ? CLI_DONE : cli_fail_in(c, status, path);
}

int cli_model_output(cli *c, const ba_model *model, const char *name, int32_t *output) {
  const int32_t classes = ba_model_classes(model);
  *output = 0;
  if (classes == 0 && name != NULL) return cli_error(c, CLI_USAGE, "--class %s: the model is of numbers", name);
  if (classes == 0) return CLI_DONE;
  if (ba_model_outputs(model) == 1) {
    if (name != NULL && strcmp(name, ba_model_class_name(model, classes - 1)) != 0)
      return cli_error(c, CLI_USAGE, "--class %s: the one score of this model is that of class %s", name,
                       ba_model_class_name(model, classes - 1));
    return CLI_DONE;
  }
  if (name == NULL)
    return cli_error(c, CLI_USAGE, "the model has a score for each of %d classes: choose with --class, such as %s",
                     (int)classes, ba_model_class_name(model, 0));
  for (; *output < classes; ++*output)
    if (strcmp(name, ba_model_class_name(model, *output)) == 0) return CLI_DONE;
  return cli_error(c, CLI_USAGE, "--class %s: the model has no such class; `ba info` lists them", name);
}
