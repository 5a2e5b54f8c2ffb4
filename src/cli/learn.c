/* SPDX-License-Identifier: MIT
 *
 * learn.c: `ba learn`, one pass over a table of any size in bounded memory, row by row.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define MOST_CLASSES 64

typedef struct job {
  cli *c;
  const char *recipe, *labels, *columns, *classes, *start, *state, *out;
  int64_t length, batch; /* length: -1, the longest of the first batch where it is needed */
  bool progressive;
  ba_feed *feed;
  ba_trainer *trainer;
  ba_model *first; /* to go on from */
  int64_t rows, batches, shown;
  double mean, last;
  cJSON *curve;
} job;

static const cli_spec spec = {
    "learn",
    "--recipe R --labels T.csv [--classes A,B] --out m.ba [OPTIONS]",
    "Learns from the rows of a table in one pass, in their order, and never holds more than a batch of them: the file\n"
    "may be larger than memory, or standard input. The order should be random. The model term needs solver=adagrad,\n"
    "nag (columns of any scale) or ftrl (with l1). The losses that are printed are progressive: each row is scored\n"
    "before it is learnt. --start goes on from a model, --state from the very bits of the run before.",
    "  ba learn --recipe '@motif | Logistic(solver=adagrad)' --labels t.csv.gz --classes 0,1 --out m.ba\n"
    "  zcat day2.csv.gz | ba learn --recipe 'Kmer(k=6) | Linear(solver=ftrl)' --labels - --state s --out m.ba\n",
    0,
    0,
};

static int check(job *j) {
  cli *c = j->c;
  if (j->recipe == NULL)
    return cli_error(c, CLI_USAGE, "--recipe is missing, such as '@motif | Logistic(solver=adagrad)'");
  if (j->labels == NULL) return cli_error(c, CLI_USAGE, "--labels is missing: a table, or - for standard input");
  if (j->out == NULL) return cli_error(c, CLI_USAGE, "--out is missing: the model file to write");
  if (j->batch < 1) return cli_error(c, CLI_USAGE, "--batch %lld: expected 1 row or more", (long long)j->batch);
  if (j->start != NULL && j->state != NULL) return cli_error(c, CLI_USAGE, "give --start or --state, not both");
  const int code = cli_output_check(c, j->out);
  return code == CLI_DONE && j->state != NULL ? cli_output_check(c, j->state) : code;
}

/* "A,B,C" to pointers into a copy. */
static int split_classes(job *j, char *text, const char **names, int32_t *count) {
  *count = 0;
  for (char *at = text; at != NULL && *at != '\0';) {
    char *comma = strchr(at, ',');
    if (comma != NULL) *comma++ = '\0';
    if (*count == MOST_CLASSES) return cli_error(j->c, CLI_USAGE, "--classes: expected at most %d names", MOST_CLASSES);
    names[(*count)++] = at;
    at = comma;
  }
  return CLI_DONE;
}

static int create(job *j, const ba_dataset *batch) {
  const char *names[MOST_CLASSES];
  char options[96];
  int32_t count;
  int64_t longest = 0;
  char *text = cli_allocate(strlen(j->classes != NULL ? j->classes : "") + 1);
  strcpy(text, j->classes != NULL ? j->classes : "");
  ba_dataset_lengths(batch, NULL, &longest);
  if (j->length >= 0) longest = j->length;
  snprintf(options, sizeof options, "seed=%lld", (long long)j->c->seed);
  if (j->first == NULL || j->length >= 0)
    snprintf(options, sizeof options, "seed=%lld, length=%lld", (long long)j->c->seed, (long long)longest);
  int code = split_classes(j, text, names, &count);
  if (code == CLI_DONE) {
    const ba_status status =
        ba_trainer_create_online(j->c->context, j->recipe, names, count, j->first, options, &j->trainer);
    if (status == BA_ERR_CLASSES && count == 0)
      code = cli_error(j->c, CLI_USAGE, "--classes is missing: all classes that there will be, such as 0,1");
    else if (status != BA_OK)
      code = cli_fail_in(j->c, status, j->recipe);
  }
  free(text);
  return code;
}

static int resume(job *j) {
  FILE *file = j->state != NULL ? fopen(j->state, "rb") : NULL;
  if (file == NULL) return CLI_DONE; /* the first run */
  fclose(file);
  const ba_status status = ba_trainer_restore(j->trainer, j->state);
  return status == BA_OK ? CLI_DONE : cli_fail_in(j->c, status, j->state);
}

static void show(job *j) {
  j->shown = j->batches;
  if (j->progressive) printf("%lld\t%.9g\t%.9g\n", (long long)j->rows, j->mean, j->last);
  cJSON *point = cJSON_CreateObject();
  cJSON_AddNumberToObject(point, "rows", (double)j->rows);
  cli_json_add(point, "progressive_loss", j->mean);
  cli_json_add(point, "last_loss", j->last);
  cJSON_AddItemToArray(j->curve, point);
}

static int learn(job *j, ba_dataset *batch) {
  const ba_status status = ba_trainer_update(j->trainer, batch);
  if (status != BA_OK) {
    char where[512];
    snprintf(where, sizeof where, "%.400s, the batch from row %lld", j->labels, (long long)j->rows + 1);
    return cli_fail_in(j->c, status, where);
  }
  ba_trainer_metrics(j->trainer, &j->rows, &j->batches, &j->mean, NULL, &j->last);
  if ((j->batches & (j->batches - 1)) == 0) show(j); /* 1, 2, 4, 8 */
  cli_progress(j->c, "row %lld  progressive loss %.6g", (long long)j->rows, j->mean);
  return cli_interrupted(j->c);
}

static int run(job *j) {
  ba_context *context = j->c->context;
  ba_status status = ba_feed_open(context, j->labels, j->columns, &j->feed);
  int code = status == BA_OK ? CLI_DONE : cli_fail_in(j->c, status, j->labels);
  if (code == CLI_DONE && j->progressive) puts("rows\tprogressive_loss\tlast_loss");
  while (code == CLI_DONE) {
    ba_dataset *batch = NULL;
    status = ba_feed_next(j->feed, j->batch, &batch);
    if (status == BA_END) break;
    if (status != BA_OK) code = cli_fail_in(j->c, status, j->labels);
    if (code == CLI_DONE && j->trainer == NULL) {
      code = create(j, batch);
      if (code == CLI_DONE) code = resume(j);
    }
    if (code == CLI_DONE) code = learn(j, batch);
    ba_dataset_destroy(batch);
  }
  if (code == CLI_DONE && j->trainer == NULL) return cli_error(j->c, CLI_INPUT, "%s: no rows", j->labels);
  if (code == CLI_DONE && j->shown != j->batches) show(j);
  return code;
}

static int save(job *j) {
  ba_model *model = NULL;
  ba_status status = ba_trainer_finish(j->trainer, &model);
  int code = status == BA_OK ? CLI_DONE : cli_fail_in(j->c, status, j->recipe);
  if (code == CLI_DONE && (status = ba_model_save_path(j->c->context, model, j->out)) != BA_OK)
    code = cli_fail_in(j->c, status, j->out);
  if (code == CLI_DONE && j->state != NULL && (status = ba_trainer_checkpoint(j->trainer, j->state)) != BA_OK)
    code = cli_fail_in(j->c, status, j->state);
  if (code == CLI_DONE) {
    cli_note("recipe    %s", ba_model_recipe(model));
    cli_note("rows      %lld in %lld batches, each learnt once", (long long)j->rows, (long long)j->batches);
    cli_note("loss      %.9g, progressive", j->mean);
    cli_note("CPU       %.2f s; peak memory %.1f MiB", cli_cpu_seconds(), (double)cli_peak_memory() / 1048576.0);
    cli_note("model     %s", j->out);
  }
  if (code == CLI_DONE && j->c->json) {
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "recipe", ba_model_recipe(model));
    cJSON_AddNumberToObject(object, "rows", (double)j->rows);
    cJSON_AddNumberToObject(object, "batches", (double)j->batches);
    cli_json_add(object, "progressive_loss", j->mean);
    cJSON_AddItemToObject(object, "curve", cJSON_Duplicate(j->curve, true));
    cJSON_AddNumberToObject(object, "peak_memory_bytes", (double)cli_peak_memory());
    cJSON_AddStringToObject(object, "model", j->out);
    cli_json_print(stdout, object, true);
  }
  ba_model_release(model);
  return code;
}

int cli_learn(int argc, char **argv) {
  cli c = {0};
  job j = {.c = &c, .length = -1, .batch = 1000};
  const cli_option options[] = {
      {"recipe", CLI_TEXT, &j.recipe, "R", "features and a model with solver=adagrad, nag or ftrl"},
      {"labels", CLI_TEXT, &j.labels, "T.csv", "a table, CSV or TSV, plain or gzip; - for standard input"},
      {"columns", CLI_TEXT, &j.columns, "LIST", "its columns by name or number: sequence=text,label=2"},
      {"classes", CLI_TEXT, &j.classes, "A,B", "all classes that there will be; none for a model of numbers"},
      {"length", CLI_INTEGER, &j.length, "N",
       "of the sequences, for columns that depend on it (the longest of the first batch)"},
      {"batch", CLI_INTEGER, &j.batch, "N", "rows held at a time (1000); makes no difference to the model"},
      {"start", CLI_TEXT, &j.start, "m0.ba", "a model to go on from"},
      {"state", CLI_TEXT, &j.state, "FILE", "go on from this file if it is there, and write it at the end"},
      {"progressive", CLI_FLAG, &j.progressive, NULL, "print the loss after 1, 2, 4, 8 batches and so on, as TSV"},
      {"out", CLI_TEXT, &j.out, "m.ba", "the model file, which appears when it is complete"},
      {NULL, CLI_FLAG, NULL, NULL, NULL},
  };
  int code = cli_start(&c, &spec, options, argc, argv);
  if (code == CLI_GO) {
    code = check(&j);
    j.curve = cJSON_CreateArray();
    if (code == CLI_DONE && j.start != NULL) code = cli_model_load(&c, j.start, &j.first);
    if (code == CLI_DONE) code = run(&j);
    if (code == CLI_DONE) code = save(&j);
    cJSON_Delete(j.curve);
    ba_trainer_destroy(j.trainer);
    ba_feed_close(j.feed);
    ba_model_release(j.first);
    code = cli_end(&c, code);
  }
  return code;
}
