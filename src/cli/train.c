/* SPDX-License-Identifier: MIT
 *
 * train.c: `ba train`. It tries the candidates by cross-validation or on the dev rows, keeps the best, and writes one
 * model file, which appears only when it is whole.
 */
#include <stdlib.h>
#include <string.h>

#include "report.h"

/* One finished fit. */
typedef struct fit {
  ba_model *model;
  int64_t iterations, passes;
  double objective, gradient, dev_loss, cpu_seconds;
  char reason[256];
  cli_point *points; /* the learning curve: a point a step */
  int64_t point_count, point_room;
} fit;

typedef struct job {
  cli *c;
  cli_data data;
  cli_list recipes;
  const char *l2, *choose, *by, *out, *calibrate, *report, *sketches;
  bool automatic, balanced;
  int64_t seeds, budget; /* networks to average; CPU seconds, 0 for any number */
  int64_t folds;         /* 0: no cross-validation */
  ba_dataset *dataset;
  ba_trainer *trainer; /* of the last fit */
  cli_candidates candidates;
  cli_rejects rejects;
  const char *part; /* "cv", "dev", or NULL when nothing is measured */
  int32_t best;
  fit fit;
  double cv_seconds;
} job;

static const cli_spec spec = {
    "train",
    "--recipe R (--pos A.fa --neg B.fa | --labels T.csv | --table T.csv --target COL) --out m.ba [OPTIONS]",
    "Fits a model to labelled sequences, or to rows of numbers, and writes it to one file. A table of sequences has a\n"
    "header and the columns sequence and label, and if present name, weight, group and split (train, dev or test); "
    "test\n"
    "rows are never touched. With --table any column may be a feature: `Columns() | Standardize() | Linear()`.\n"
    "With several recipes, or several values of --l2, each is tried by cross-validation (--cv) or on the dev rows\n"
    "(--dev, or a split column); the best by --choose is fitted on the training rows and written. Rows of one group\n"
    "stay in one fold with --group. `ba help recipe` explains recipes. --recipe auto tries a short list: features "
    "that\n"
    "fit the data, then penalties for the best of them, then a network beside it.",
    "  ba train --recipe '@motif | Logistic()' --pos bound.fa --neg other.fa --cv 5 --out m.ba\n"
    "  ba train --recipe auto --budget 600 --labels t.csv --cv 5 --choose log_loss --out m.ba\n"
    "  ba train --recipe 'Columns() + Category(column=region) | Standardize() | Linear()' --table t.csv --target y \\\n"
    "           --cv 5 --out m.ba\n"
    "  ba train --recipe 'Kmer(k=6) | Logistic()' --l2 1e-5,1e-4,1e-3 --labels t.csv --dev d.csv --out m.ba --json\n",
    0,
    0,
};

static void fit_free(fit *f) {
  ba_model_release(f->model);
  free(f->points);
  memset(f, 0, sizeof *f);
}

static void add_point(fit *f) {
  if (f->point_count > 0 && f->points[f->point_count - 1].pass == f->passes)
    f->point_count--; /* the same pass, later */
  if (f->point_count == f->point_room) {
    f->point_room = 2 * f->point_room + 64;
    f->points = cli_resize(f->points, sizeof *f->points * (size_t)f->point_room);
  }
  f->points[f->point_count++] = (cli_point){f->iterations, f->passes, f->objective, f->dev_loss};
}

static int run_trainer(job *j, ba_trainer *trainer, const char *recipe, fit *f) {
  cli *c = j->c;
  ba_status status = BA_OK;
  while (status == BA_OK) {
    status = ba_trainer_step(trainer);
    ba_trainer_metrics(trainer, &f->iterations, &f->passes, &f->objective, &f->gradient, &f->dev_loss);
    add_point(f);
    if (j->part != NULL && j->part[0] == 'd')
      cli_progress(c, "pass %lld  objective %.6g  gradient %.2e  dev loss %.6g", (long long)f->passes, f->objective,
                   f->gradient, f->dev_loss);
    else
      cli_progress(c, "pass %lld  objective %.6g  gradient %.2e", (long long)f->passes, f->objective, f->gradient);
  }
  if (status != BA_END) return cli_fail_in(c, status, recipe);
  snprintf(f->reason, sizeof f->reason, "%s", ba_trainer_reason(trainer));
  status = ba_trainer_finish(trainer, &f->model);
  return status == BA_OK ? CLI_DONE : cli_fail_in(c, status, recipe);
}

/* A trainer for the candidate: that of the candidate before, at its optimum, where that is possible. */
static int take_trainer(job *j, const cli_candidate *item) {
  char options[128];
  if (item->follows && j->trainer != NULL) {
    snprintf(options, sizeof options, "l2=%s", item->l2);
    const ba_status status = ba_trainer_set(j->trainer, options);
    if (status == BA_OK) return CLI_DONE;
    if (status != BA_ERR_UNSUPPORTED) return cli_fail_in(j->c, status, item->recipe);
  }
  ba_trainer_destroy(j->trainer);
  j->trainer = NULL;
  snprintf(options, sizeof options, "seed=%lld, sketches=%s", (long long)j->c->seed, j->sketches);
  const ba_status status = ba_trainer_create(j->c->context, item->recipe, j->dataset, options, &j->trainer);
  return status == BA_OK ? CLI_DONE : cli_fail_in(j->c, status, item->recipe);
}

static int fit_candidate(job *j, const cli_candidate *item, fit *f) {
  const double start = cli_cpu_seconds();
  cli_progress(j->c, "preparing %s", item->recipe);
  int code = take_trainer(j, item);
  if (code == CLI_DONE) code = run_trainer(j, j->trainer, item->recipe, f);
  f->cpu_seconds = cli_cpu_seconds() - start;
  return code;
}

static int deal_folds(job *j) {
  char options[128];
  /* What comes later is not known yet: of a table's rows, time before group. */
  const bool in_time = j->data.time != NULL && (j->data.table != NULL || j->data.group == NULL);
  const char *by = j->by != NULL           ? j->by
                   : in_time               ? "time"
                   : j->data.group != NULL ? "group"
                   : j->candidates.numbers ? "random"
                                           : "stratified";
  snprintf(options, sizeof options, "by=%s, folds=%lld, seed=%lld", by, (long long)j->folds, (long long)j->c->seed);
  const ba_status status = ba_dataset_split(j->dataset, options);
  return status == BA_OK ? CLI_DONE : cli_fail(j->c, status);
}

/* How many candidates from this one on differ by a falling l2 alone. */
static int32_t path_length(const job *j, int32_t index) {
  int32_t end = index + 1;
  while (end < j->candidates.count && j->candidates.items[end].follows) end++;
  return end - index;
}

/* One candidate, or a path of penalties, each from the optimum of the one before where the solver goes to it. */
static int try_by_folds(job *j, int32_t index) {
  cli_candidate *items = &j->candidates.items[index];
  char options[64];
  double l2[64];
  ba_metrics *metrics[64];
  const double start = cli_cpu_seconds();
  int32_t count = j->budget == 0 ? path_length(j, index) : 1;
  ba_status status = BA_ERR_UNSUPPORTED;
  if (items->metrics != NULL) return CLI_DONE; /* tried on the path of one before */
  snprintf(options, sizeof options, "seed=%lld", (long long)j->c->seed);
  cli_progress(j->c, "cross-validation %d of %d", (int)index + 1, (int)j->candidates.count);
  for (int32_t i = 0; i < count && i < 64; i++) l2[i] = strtod(items[i].l2, NULL);
  if (count > 1) status = ba_cross_validate_path(j->c->context, items->recipe, j->dataset, options, l2, count, metrics);
  if (status == BA_ERR_UNSUPPORTED) {
    count = 1;
    status = ba_cross_validate(j->c->context, items->recipe, j->dataset, options, metrics);
  }
  const double seconds = cli_cpu_seconds() - start;
  j->cv_seconds += seconds;
  if (status != BA_OK) return cli_fail_in(j->c, status, items->recipe);
  for (int32_t i = 0; i < count; i++) {
    items[i].metrics = metrics[i];
    items[i].cpu_seconds = seconds / count;
  }
  return CLI_DONE;
}

/* Fits a candidate and measures it on the dev rows; the fit of the best so far is kept, not made again. */
static int try_on_dev(job *j, int32_t index) {
  cli_candidate *item = &j->candidates.items[index];
  fit fresh;
  memset(&fresh, 0, sizeof fresh);
  int code = fit_candidate(j, item, &fresh);
  if (code == CLI_DONE) {
    const ba_status status = ba_evaluate(j->c->context, fresh.model, j->dataset, BA_PART_DEV, NULL, &item->metrics);
    if (status != BA_OK) code = cli_fail_in(j->c, status, item->recipe);
  }
  item->cpu_seconds = fresh.cpu_seconds;
  const ba_metrics *before = j->best >= 0 ? j->candidates.items[j->best].metrics : NULL;
  if (code == CLI_DONE && (j->fit.model == NULL || cli_metrics_better(j->choose, item->metrics, before))) {
    fit_free(&j->fit);
    j->fit = fresh;
  } else {
    fit_free(&fresh);
  }
  return code;
}

/* Once the first is tried, no other is begun when the budget is used up. */
static bool is_spent(job *j, int32_t index) {
  if (j->budget == 0 || index == 0 || cli_cpu_seconds() < (double)j->budget) return false;
  cli_note("the budget of %lld CPU seconds is used: %d of %d candidates were tried", (long long)j->budget, (int)index,
           (int)j->candidates.count);
  return true;
}

/* Tries the candidates that were not tried yet. */
static int try_rest(job *j, int32_t first) {
  const bool folds = j->folds > 0;
  int code = CLI_DONE;
  for (int32_t i = first; code == CLI_DONE && i < j->candidates.count && !is_spent(j, i); i++) {
    code = folds ? try_by_folds(j, i) : try_on_dev(j, i);
    if (code == CLI_DONE) code = cli_interrupted(j->c);
    if (code != CLI_DONE) break;
    const ba_metrics *before = j->best >= 0 ? j->candidates.items[j->best].metrics : NULL;
    if (cli_metrics_better(j->choose, j->candidates.items[i].metrics, before)) j->best = i;
  }
  return code;
}

/* What a round adds depends on what won the rounds before. */
static int try_rounds(job *j) {
  const cli_auto automatic = {j->dataset, j->balanced, j->seeds, j->data.table != NULL};
  int code = CLI_DONE;
  for (int32_t round = 0; code == CLI_DONE && round < CLI_AUTO_ROUNDS; round++) {
    const int32_t first = j->candidates.count;
    if (round > 0 && j->best < 0) break; /* nothing can be told apart: said below */
    const char *best = round > 0 ? j->candidates.items[j->best].recipe : "";
    code = cli_candidates_auto(j->c, &automatic, round, best, &j->candidates);
    if (code == CLI_DONE) code = try_rest(j, first);
  }
  return code;
}

static int try_all(job *j) {
  int code = j->folds > 0 ? deal_folds(j) : CLI_DONE;
  if (code == CLI_DONE) code = j->automatic ? try_rounds(j) : try_rest(j, 0);
  if (code != CLI_DONE) return code;
  if (j->best < 0 && j->candidates.count > 1)
    return cli_error(j->c, CLI_INPUT, "the %s rows do not define %s for any candidate", j->part, j->choose);
  if (j->best < 0) j->best = 0;
  cli_candidates_table(&j->candidates, j->part);
  return CLI_DONE;
}

static void print_summary(const job *j) {
  cli_note("recipe    %s", ba_model_recipe(j->fit.model));
  const long long rows = ba_dataset_rows(j->dataset, BA_PART_TRAIN);
  if (j->candidates.numbers)
    cli_note("rows      %lld", rows);
  else
    cli_note("rows      %lld in %d classes", rows, (int)ba_model_classes(j->fit.model));
  int64_t ambiguous = 0, left_out = 0;
  ba_dataset_counters(j->dataset, NULL, &ambiguous, &left_out);
  if (ambiguous > 0) cli_note("skipped   %lld letters other than A C G T U", (long long)ambiguous);
  if (left_out > 0) cli_note("left out  %lld rows of weight 0", (long long)left_out);
  cli_note_duplicates(j->c, j->fit.model, ba_dataset_duplicates(j->dataset));
  cli_note("stopped   %s; %lld iterations, %lld passes, objective %.9g", j->fit.reason, (long long)j->fit.iterations,
           (long long)j->fit.passes, j->fit.objective);
  cli_note("CPU       %.2f s for the fit, %.2f s for cross-validation; peak memory %.1f MiB", j->fit.cpu_seconds,
           j->cv_seconds, (double)cli_peak_memory() / 1048576.0);
  cli_note("model     %s", j->out);
}

static cJSON *curve_json(const fit *f) {
  cJSON *list = cJSON_CreateArray();
  for (int64_t i = 0; i < f->point_count; i++) {
    cJSON *point = cJSON_CreateObject();
    cJSON_AddNumberToObject(point, "iteration", (double)f->points[i].iteration);
    cJSON_AddNumberToObject(point, "pass", (double)f->points[i].pass);
    cli_json_add(point, "objective", f->points[i].objective);
    cli_json_add(point, "dev_loss", f->points[i].dev_loss);
    cJSON_AddItemToArray(list, point);
  }
  return list;
}

static void print_json(const job *j) {
  cJSON *object = cJSON_CreateObject();
  const ba_model *model = j->fit.model;
  cJSON_AddItemToObject(object, "candidates", cli_candidates_json(&j->candidates, j->part != NULL ? j->part : "cv"));
  cJSON_AddStringToObject(object, "recipe", ba_model_recipe(model));
  cJSON_AddNumberToObject(object, "rows", (double)ba_dataset_rows(j->dataset, BA_PART_TRAIN));
  cJSON *classes = cJSON_AddArrayToObject(object, "classes");
  for (int32_t i = 0; i < ba_model_classes(model); i++)
    cJSON_AddItemToArray(classes, cJSON_CreateString(ba_model_class_name(model, i)));
  cJSON_AddNumberToObject(object, "iterations", (double)j->fit.iterations);
  cJSON_AddNumberToObject(object, "passes", (double)j->fit.passes);
  cli_json_add(object, "objective", j->fit.objective);
  cJSON_AddStringToObject(object, "reason", j->fit.reason);
  cJSON_AddItemToObject(object, "curve", curve_json(&j->fit));
  cli_json_add(object, "fit_cpu_seconds", j->fit.cpu_seconds);
  cli_json_add(object, "cv_cpu_seconds", j->cv_seconds);
  cJSON_AddNumberToObject(object, "peak_memory_bytes", (double)cli_peak_memory());
  cJSON_AddStringToObject(object, "model", j->out);
  cli_json_print(stdout, object, true);
}

static int check(job *j) {
  cli *c = j->c;
  if (j->recipes.count == 0)
    return cli_error(c, CLI_USAGE, "--recipe is missing, such as '@motif | Logistic()'; see `ba help recipe`");
  j->automatic = j->recipes.count == 1 && strcmp(j->recipes.items[0], "auto") == 0;
  if (j->automatic && j->l2 != NULL)
    return cli_error(c, CLI_USAGE, "--recipe auto chooses the penalty itself, so it does not go with --l2");
  if (!j->automatic && (j->balanced || j->seeds != 1))
    return cli_error(c, CLI_USAGE,
                     "--balanced and --seeds are for --recipe auto; else write class_weight=balanced or "
                     "seeds= into the recipe");
  if (j->seeds < 1 || j->seeds > 16)
    return cli_error(c, CLI_USAGE, "--seeds %lld: expected 1 to 16", (long long)j->seeds);
  if (j->budget < 0) return cli_error(c, CLI_USAGE, "--budget %lld: expected CPU seconds", (long long)j->budget);
  if (j->out == NULL) return cli_error(c, CLI_USAGE, "--out is missing: the model file to write");
  if (strcmp(j->sketches, "on") != 0 && strcmp(j->sketches, "off") != 0)
    return cli_error(c, CLI_USAGE, "--sketches '%s': expected on or off", j->sketches);
  if (j->by != NULL && strcmp(j->by, "stratified") != 0 && strcmp(j->by, "random") != 0 &&
      strcmp(j->by, "group") != 0 && strcmp(j->by, "similarity") != 0 && strcmp(j->by, "time") != 0)
    return cli_error(c, CLI_USAGE, "--by '%s': expected stratified, random, group, similarity or time", j->by);
  if (j->data.table == NULL && j->by != NULL && strcmp(j->by, "group") != 0 && j->data.group != NULL)
    return cli_error(c, CLI_USAGE, "--group splits by group, so it does not go with --by %s", j->by);
  if (j->data.table == NULL && j->data.time != NULL &&
      (j->data.group != NULL || (j->by != NULL && strcmp(j->by, "time") != 0)))
    return cli_error(c, CLI_USAGE, "--time splits by time, so it goes neither with --group nor with another --by");
  if (j->data.time == NULL && j->by != NULL && strcmp(j->by, "time") == 0)
    return cli_error(c, CLI_USAGE, "--by time needs --time COL, the column of times");
  if (j->folds == 0 && (j->by != NULL || (j->data.table == NULL && (j->data.group != NULL || j->data.time != NULL))))
    return cli_error(c, CLI_USAGE, "--by, --group and --time deal the folds of --cv, which is missing");
  if (j->folds != 0 && j->folds < 2)
    return cli_error(c, CLI_USAGE, "--cv %lld: expected 2 or more folds", (long long)j->folds);
  if (j->folds != 0 && j->data.dev != NULL) return cli_error(c, CLI_USAGE, "give --dev or --cv, not both");
  int code = cli_data_check(c, &j->data);
  if (code == CLI_DONE && j->report != NULL) code = cli_output_check(c, j->report);
  return code == CLI_DONE ? cli_output_check(c, j->out) : code;
}

/* On the dev rows; they chose the recipe and stopped the run, but no weight was fitted to them. */
static int calibrate(job *j) {
  char options[64];
  ba_model *fitted = NULL;
  snprintf(options, sizeof options, "method=%.20s", j->calibrate);
  const ba_status status = ba_calibrate(j->c->context, j->fit.model, j->dataset, BA_PART_DEV, options, &fitted);
  if (status != BA_OK) return cli_fail_in(j->c, status, "--calibrate");
  ba_model_release(j->fit.model);
  j->fit.model = fitted;
  return CLI_DONE;
}

/* What the candidates are compared by. */
static int check_choice(job *j) {
  static const char *const of_classes[] = {"auroc", "mcc", "accuracy", "log_loss"};
  static const char *const of_numbers[] = {"rmse", "mae", "r2", "spearman"};
  const bool numbers = j->candidates.numbers;
  if (j->choose == NULL) j->choose = numbers ? of_numbers[0] : of_classes[0];
  for (size_t i = 0; i < 4; i++)
    if (strcmp(j->choose, numbers ? of_numbers[i] : of_classes[i]) == 0) return CLI_DONE;
  return cli_error(j->c, CLI_USAGE, "--choose '%s': expected %s", j->choose,
                   numbers ? "rmse, mae, r2 or spearman" : "auroc, mcc, accuracy or log_loss");
}

static int write_report(job *j) {
  const cli_report report = {.model = j->fit.model,
                             .candidates = &j->candidates,
                             .part = j->part,
                             .choose = j->choose,
                             .reason = j->fit.reason,
                             .best = j->best,
                             .rows = ba_dataset_rows(j->dataset, BA_PART_TRAIN),
                             .iterations = j->fit.iterations,
                             .passes = j->fit.passes,
                             .objective = j->fit.objective,
                             .cpu_seconds = j->fit.cpu_seconds,
                             .points = j->fit.points,
                             .point_count = j->fit.point_count};
  return cli_report_write(j->c, j->report, &report);
}

static int work(job *j) {
  cli *c = j->c;
  int code = j->automatic ? CLI_DONE : cli_candidates_make(c, &j->recipes, j->l2, &j->candidates);
  if (code == CLI_DONE) code = check_choice(j);
  for (int32_t i = 0; code == CLI_DONE && i < j->candidates.count; i++)
    if (cli_recipe_weighs(c, j->candidates.items[i].recipe)) j->data.quality = true;
  j->rejects.classes = !j->candidates.numbers;
  for (int32_t i = 0; code == CLI_DONE && i < j->candidates.count && j->rejects.path != NULL; i++)
    cli_rejects_spare(c, j->candidates.items[i].recipe, &j->rejects);
  if (code == CLI_DONE) code = cli_data_load(c, &j->data, &j->dataset);
  if (code != CLI_DONE) return code;
  if (j->folds > 0)
    j->part = "cv";
  else if (ba_dataset_rows(j->dataset, BA_PART_DEV) > 0)
    j->part = "dev";
  if (j->calibrate != NULL && ba_dataset_rows(j->dataset, BA_PART_DEV) == 0)
    return cli_error(c, CLI_USAGE,
                     "--calibrate needs dev rows (--dev, or a split column); or use `ba calibrate` later");
  if (j->part == NULL && j->automatic)
    return cli_error(c, CLI_USAGE, "--recipe auto needs --cv or dev rows (--dev, or a split column) to choose by");
  if (j->part == NULL && j->candidates.count > 1)
    return cli_error(c, CLI_USAGE, "%d candidates need --cv or dev rows (--dev, or a split column) to choose by",
                     (int)j->candidates.count);
  if (j->part != NULL) code = try_all(j);
  if (code == CLI_DONE && j->fit.model == NULL) {
    code = fit_candidate(j, &j->candidates.items[j->best >= 0 ? j->best : 0], &j->fit);
    if (j->part == NULL) j->candidates.items[0].cpu_seconds = j->fit.cpu_seconds;
  }
  if (code != CLI_DONE) return code;
  if (j->rejects.count > 0 && ba_model_looks_back(j->fit.model))
    return cli_error(c, CLI_INPUT,
                     "--rejects: the recipe looks at the rows before, of which %lld do not fit; %s says why",
                     (long long)j->rejects.count, j->rejects.path);
  if (j->calibrate != NULL) code = calibrate(j);
  if (code != CLI_DONE) return code;
  const ba_status status = ba_model_save_path(c->context, j->fit.model, j->out);
  if (status != BA_OK) return cli_fail_in(c, status, j->out);
  if (j->report != NULL) code = write_report(j);
  if (code != CLI_DONE) return code;
  print_summary(j);
  if (c->json) print_json(j);
  return CLI_DONE;
}

static void job_free(job *j) {
  fit_free(&j->fit);
  cli_candidates_free(&j->candidates);
  ba_trainer_destroy(j->trainer);
  ba_dataset_destroy(j->dataset);
  cli_list_free(&j->recipes);
  cli_list_free(&j->data.positives);
  cli_list_free(&j->data.negatives);
  cli_list_free(&j->data.ignored);
}

int cli_train(int argc, char **argv) {
  cli c = {0};
  job j = {.c = &c, .best = -1, .seeds = 1, .sketches = "on"};
  j.data.rejects = &j.rejects;
  const cli_option options[] = {
      {"recipe", CLI_LIST, &j.recipes, "R", "features and a model, several are compared; auto: a list by the data"},
      {"budget", CLI_INTEGER, &j.budget, "SECONDS", "begin no other candidate after so many CPU seconds"},
      {"balanced", CLI_FLAG, &j.balanced, NULL, "auto: every class weighs the same in all"},
      {"seeds", CLI_INTEGER, &j.seeds, "N", "auto: average N networks (1)"},
      {"l2", CLI_TEXT, &j.l2, "A,B,C", "try each recipe with each of these penalties"},
      {"pos", CLI_LIST, &j.data.positives, "A.fa", "sequences of class 1; may be repeated"},
      {"neg", CLI_LIST, &j.data.negatives, "B.fa", "sequences of class 0; may be repeated"},
      {"labels", CLI_TEXT, &j.data.labels, "T.csv", "a table, CSV or TSV, plain or gzip"},
      {"columns", CLI_TEXT, &j.data.columns, "LIST", "its columns by name or number: sequence=text,label=2"},
      CLI_TABLE_OPTIONS(j.data),
      {"dev", CLI_TEXT, &j.data.dev, "D.csv", "a table of rows to choose by and to stop by"},
      {"calibrate", CLI_TEXT, &j.calibrate, "M",
       "fit probabilities to the dev rows: platt, temperature, isotonic, none"},
      {"cv", CLI_INTEGER, &j.folds, "N", "cross-validate with N folds"},
      {"group", CLI_TEXT, &j.data.group, "COL", "the column of groups; rows of a group stay in one fold"},
      {"time", CLI_TEXT, &j.data.time, "COL",
       "the column of times; a fold is scored by what the folds before it taught"},
      {"duplicate", CLI_TEXT, &j.data.duplicate, "P",
       "with --time: tables: rows of one time in a group are kept (default) or an error"},
      {"by", CLI_TEXT, &j.by, "HOW", "deal folds stratified (default), random, by group, similarity or time"},
      {"rejects", CLI_TEXT, &j.rejects.path, "F", "tables: put rows that do not fit aside, and write why to this file"},
      {"choose", CLI_TEXT, &j.choose, "METRIC",
       "auroc (default), mcc, accuracy or log_loss; of numbers rmse (default), mae, r2 or spearman"},
      {"report", CLI_TEXT, &j.report, "r.html", "a page of the run: learning curve, tries, ROC, calibration, features"},
      {"sketches", CLI_TEXT, &j.sketches, "on|off",
       "keep counts of the training rows in the model, which predict --drift reads (on)"},
      {"out", CLI_TEXT, &j.out, "m.ba", "the model file, which appears when it is complete"},
      {NULL, CLI_FLAG, NULL, NULL, NULL},
  };
  int code = cli_start(&c, &spec, options, argc, argv);
  if (code == CLI_GO) {
    code = check(&j);
    if (code == CLI_DONE) code = work(&j);
    job_free(&j);
    return cli_end(&c, code);
  }
  job_free(&j);
  return code;
}
