/* SPDX-License-Identifier: MIT
 *
 * eval.c: `ba eval`, what a model is worth on labelled sequences.
 */
#include <math.h>
#include <string.h>

#include "cli.h"

static const cli_spec spec = {
    "eval",
    "--model m.ba (--labels T.csv | --pos A.fa --neg B.fa | --table T.csv --target COL) [OPTIONS]",
    "Scores labelled sequences and prints n, accuracy, MCC, AUROC, AUPRC, log loss, Brier score, calibration error "
    "(ECE)\n"
    "and the confusion matrix, actual classes down and predicted ones across; of a model of numbers n, RMSE, MAE, R2,\n"
    "Spearman's rho and, for Poisson, the deviance. A table with a split column needs\n"
    "--part when its rows are of more than one part.",
    "  ba eval --model m.ba --labels test.csv\n"
    "  ba eval --model m.ba --labels all.csv.gz --columns sequence=text --part test --json\n",
    0,
    0,
};

static const char *const part_names[] = {"train", "dev", "test"};

/* Rows that are compared with training rows are test rows, if nothing else is said. */
static int choose_part(cli *c, const ba_dataset *dataset, const char *name, bool compared, int32_t *part) {
  *part = BA_PART_ALL;
  if (name == NULL && compared && ba_dataset_rows(dataset, BA_PART_TEST) > 0) {
    *part = BA_PART_TEST;
    return CLI_DONE;
  }
  if (name == NULL) {
    int32_t used = 0;
    for (int32_t i = BA_PART_TRAIN; i <= BA_PART_TEST; i++) used += ba_dataset_rows(dataset, i) > 0 ? 1 : 0;
    if (used <= 1) return CLI_DONE;
    return cli_error(c, CLI_USAGE, "%lld rows are of part train, %lld of dev, %lld of test: say --part, or --part all",
                     (long long)ba_dataset_rows(dataset, BA_PART_TRAIN),
                     (long long)ba_dataset_rows(dataset, BA_PART_DEV),
                     (long long)ba_dataset_rows(dataset, BA_PART_TEST));
  }
  for (int32_t i = BA_PART_TRAIN; i <= BA_PART_TEST; i++)
    if (strcmp(name, part_names[i]) == 0) *part = i;
  if (ba_dataset_rows(dataset, *part) == 0) return cli_error(c, CLI_INPUT, "there are no rows of part %s", name);
  return CLI_DONE;
}

/* The numbers, and those with an interval again as [low, high]. */
static void add_numbers(cJSON *object, const ba_metrics *metrics) {
  cJSON *intervals = NULL;
  cli_metrics_json(object, metrics);
  for (int32_t i = 0; i < ba_metrics_count(metrics); i++) {
    double ends[2];
    const char *name = ba_metrics_name(metrics, i);
    if (!ba_metrics_interval(metrics, name, &ends[0], &ends[1])) continue;
    if (intervals == NULL) intervals = cJSON_AddObjectToObject(object, "intervals");
    cJSON *pair = cJSON_AddArrayToObject(intervals, name);
    for (int32_t e = 0; e < 2; e++) cJSON_AddItemToArray(pair, cli_json_number(ends[e]));
  }
}

static void print_json(const ba_model *model, const ba_metrics *metrics, const ba_metrics *apart) {
  const int32_t classes = ba_model_classes(model);
  cJSON *object = cJSON_CreateObject();
  add_numbers(object, metrics);
  if (apart != NULL) add_numbers(cJSON_AddObjectToObject(object, "low_overlap"), apart);
  if (classes == 0) {
    cli_json_print(stdout, object, true);
    return;
  }
  cJSON_AddItemToObject(object, "confusion", cli_confusion_json(metrics, classes));
  cJSON *names = cJSON_AddArrayToObject(object, "classes");
  for (int32_t i = 0; i < classes; i++) cJSON_AddItemToArray(names, cJSON_CreateString(ba_model_class_name(model, i)));
  cli_json_print(stdout, object, true);
}

static void print_numbers(const ba_metrics *metrics) {
  for (int32_t i = 0; i < ba_metrics_count(metrics); i++) {
    const char *name = ba_metrics_name(metrics, i);
    const double value = ba_metrics_value(metrics, name);
    if (!isfinite(value))
      printf("%-12s -", name);
    else if (strcmp(name, "n") == 0)
      printf("%-12s %.10g", name, value);
    else
      printf("%-12s %.6f", name, value);
    double low, high;
    if (ba_metrics_interval(metrics, name, &low, &high)) printf("   95 %% interval %.6f to %.6f", low, high);
    putchar('\n');
  }
}

static void print_table(const ba_model *model, const ba_metrics *metrics, const ba_metrics *apart) {
  print_numbers(metrics);
  if (apart != NULL) {
    puts("\nrows similar to no training row");
    print_numbers(apart);
  }
  const int32_t classes = ba_model_classes(model);
  int width = 10;
  if (classes == 0) return;
  for (int32_t i = 0; i < classes; i++)
    if ((int)strlen(ba_model_class_name(model, i)) > width) width = (int)strlen(ba_model_class_name(model, i));
  printf("\n%-*s  predicted\n%-*s", width, "", width, "actual");
  for (int32_t i = 0; i < classes; i++) printf("  %*s", width, ba_model_class_name(model, i));
  putchar('\n');
  for (int32_t actual = 0; actual < classes; actual++) {
    printf("%-*s", width, ba_model_class_name(model, actual));
    for (int32_t i = 0; i < classes; i++) printf("  %*.10g", width, ba_metrics_confusion(metrics, actual, i));
    putchar('\n');
  }
}

static int measure(cli *c, const cli_data *data, ba_model *model, ba_dataset *dataset, int32_t part,
                   const char *options, ba_metrics **out) {
  const ba_status status = ba_evaluate(c->context, model, dataset, part, options, out);
  if (status == BA_OK) return CLI_DONE;
  const char *path = data->table != NULL ? data->table : data->labels;
  return path != NULL ? cli_fail_in(c, status, path) : cli_fail(c, status);
}

static int work(cli *c, const cli_data *data, ba_model *model, const char *part_name, int64_t resamples,
                bool compared) {
  ba_dataset *dataset = NULL;
  ba_metrics *metrics = NULL, *apart = NULL;
  char options[128], low[160];
  int32_t part = BA_PART_ALL;
  int code = cli_data_load(c, data, &dataset);
  if (code != CLI_DONE) return code;
  code = choose_part(c, dataset, part_name, compared, &part);
  if (code == CLI_DONE) {
    cli_progress(c, "scoring %lld rows", (long long)ba_dataset_rows(dataset, part));
    snprintf(options, sizeof options, "bootstrap=%lld, seed=%lld", (long long)resamples, (long long)c->seed);
    snprintf(low, sizeof low, "low_overlap=yes, %s", options);
    code = measure(c, data, model, dataset, part, options, &metrics);
    if (code == CLI_DONE && compared) code = measure(c, data, model, dataset, part, low, &apart);
  }
  if (code == CLI_DONE) cli_note_duplicates(c, model, ba_dataset_duplicates(dataset));
  if (code == CLI_DONE && c->json) print_json(model, metrics, apart);
  if (code == CLI_DONE && !c->json) print_table(model, metrics, apart);
  ba_metrics_destroy(apart);
  ba_metrics_destroy(metrics);
  ba_dataset_destroy(dataset);
  return code;
}

int cli_eval(int argc, char **argv) {
  cli c = {0};
  cli_data data = {0};
  ba_model *model = NULL;
  const char *path = NULL, *part = NULL;
  int64_t resamples = 0;
  bool compared = false;
  const cli_option options[] = {
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
      {"part", CLI_TEXT, &part, "PART", "rows of train, dev, test or all"},
      {"bootstrap", CLI_INTEGER, &resamples, "N", "95 % intervals from N resamples of the rows, such as 1000"},
      {"low-overlap", CLI_FLAG, &compared, NULL, "add the numbers of the rows that are similar to no training row"},
      {"train", CLI_TEXT, &data.train, "T.csv", "the training rows for --low-overlap, if the table does not have them"},
      {NULL, CLI_FLAG, NULL, NULL, NULL},
  };
  int code = cli_start(&c, &spec, options, argc, argv);
  if (code == CLI_GO) {
    code = cli_data_check(&c, &data);
    if (code == CLI_DONE && part != NULL && strcmp(part, "train") != 0 && strcmp(part, "dev") != 0 &&
        strcmp(part, "test") != 0 && strcmp(part, "all") != 0)
      code = cli_error(&c, CLI_USAGE, "--part '%s': expected train, dev, test or all", part);
    if (code == CLI_DONE) code = cli_model_load(&c, path, &model);
    if (code == CLI_DONE) data.quality = cli_recipe_weighs(&c, ba_model_recipe(model));
    if (code == CLI_DONE) code = work(&c, &data, model, part, resamples, compared || data.train != NULL);
    ba_model_release(model);
    code = cli_end(&c, code);
  }
  cli_list_free(&data.positives);
  cli_list_free(&data.negatives);
  cli_list_free(&data.ignored);
  return code;
}
