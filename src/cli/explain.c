/* SPDX-License-Identifier: MIT
 *
 * explain.c: `ba explain`, the features that weigh most, or with a file each letter's part of the score.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

typedef struct weighted {
  double weight;
  int64_t column;
  int32_t output;
} weighted;

/* The heaviest so far: `count` entries of which the best `top` are kept when the buffer is full. */
typedef struct heaviest {
  weighted *items;
  int64_t count, room, top, zeros;
} heaviest;

typedef struct job {
  cli *c;
  ba_model *model;
  ba_scorer *scorer;
  int32_t output;
  double *parts; /* of one record */
  int64_t room;
  FILE *out;
} job;

static const cli_spec spec = {
    "explain",
    "--model m.ba [--top N] [OPTIONS] [FILE]",
    "Without a file: the features that weigh most, heaviest first: class, feature, weight. With two classes the class\n"
    "is the one that the feature speaks for (second if the weight is positive, else first).\n"
    "With a file: each letter's part of its record's score: name, position (from 0), letter, attribution. The parts\n"
    "add up to the score without the intercept. --json gives one object a line.",
    "  ba explain --model m.ba --top 20\n"
    "  ba explain --model m.ba --out track.tsv promoter.fa\n",
    0,
    1,
};

static int heavier(const void *a, const void *b) {
  const weighted *x = a, *y = b;
  const double left = fabs(x->weight), right = fabs(y->weight);
  if (left != right) return left < right ? 1 : -1;
  if (x->output != y->output) return x->output < y->output ? -1 : 1;
  return (x->column > y->column) - (x->column < y->column);
}

static void keep_top(heaviest *h) {
  if (h->count > 0) qsort(h->items, (size_t)h->count, sizeof *h->items, heavier);
  if (h->count > h->top) h->count = h->top;
}

static void add_weight(heaviest *h, weighted item) {
  if (item.weight == 0.0) {
    h->zeros++;
    return;
  }
  if (h->count == h->room) keep_top(h);
  h->items[h->count++] = item;
}

static int collect(job *j, heaviest *h) {
  const int64_t width = ba_model_width(j->model);
  double *weights = cli_allocate(sizeof(double) * (size_t)width);
  int code = CLI_DONE;
  for (int32_t output = 0; code == CLI_DONE && output < ba_model_outputs(j->model); output++) {
    const ba_status status = ba_model_weights(j->c->context, j->model, output, weights, NULL);
    if (status != BA_OK) code = cli_fail(j->c, status);
    for (int64_t column = 0; code == CLI_DONE && column < width; column++)
      add_weight(h, (weighted){weights[column], column, output});
  }
  free(weights);
  keep_top(h);
  return code;
}

static int write_weight(job *j, const weighted *item) {
  char feature[512];
  int64_t length = 0;
  const ba_status status =
      ba_model_column_name(j->c->context, j->model, item->column, feature, sizeof feature, &length);
  if (status != BA_OK) return cli_fail(j->c, status);
  const int32_t index = ba_model_outputs(j->model) > 1 ? item->output : item->weight > 0.0 ? 1 : 0;
  const char *class = ba_model_classes(j->model) > 0 ? ba_model_class_name(j->model, index) : "value";
  if (!j->c->json) {
    fprintf(j->out, "%s\t%s\t%.17g\n", class, feature, item->weight);
    return CLI_DONE;
  }
  cJSON *object = cJSON_CreateObject();
  cJSON_AddStringToObject(object, "class", class);
  cJSON_AddStringToObject(object, "feature", feature);
  cli_json_add(object, "weight", item->weight);
  cli_json_print(j->out, object, false);
  return CLI_DONE;
}

static int explain_model(job *j, int64_t top) {
  const int64_t all = ba_model_width(j->model) * ba_model_outputs(j->model);
  heaviest h = {.top = top < all ? top : all};
  h.room = 2 * h.top + 4096;
  h.items = cli_allocate(sizeof *h.items * (size_t)h.room);
  int code = collect(j, &h);
  if (code == CLI_DONE && !j->c->json) fputs("class\tfeature\tweight\n", j->out);
  for (int64_t i = 0; code == CLI_DONE && i < h.count; i++) code = write_weight(j, &h.items[i]);
  if (code == CLI_DONE) cli_note("ba explain: %lld of %lld weights are zero", (long long)h.zeros, (long long)all);
  free(h.items);
  return code;
}

static void write_part(const job *j, const char *name, int64_t position, char letter, double part) {
  if (!j->c->json) {
    fprintf(j->out, "%s\t%lld\t%c\t%.17g\n", name, (long long)position, letter, part);
    return;
  }
  const char text[2] = {letter, '\0'};
  cJSON *object = cJSON_CreateObject();
  cJSON_AddStringToObject(object, "name", name);
  cJSON_AddNumberToObject(object, "position", (double)position);
  cJSON_AddStringToObject(object, "letter", text);
  cli_json_add(object, "attribution", part);
  cli_json_print(j->out, object, false);
}

static int explain_record(job *j, const ba_records *records, int64_t index, const char *path) {
  int64_t size = 0, length = 0;
  const char *letters = ba_records_sequence(records, index, &size);
  const char *word = cli_first_word(records, index, &length);
  if (size > j->room) {
    j->room = size;
    j->parts = cli_resize(j->parts, sizeof(double) * (size_t)size);
  }
  const ba_status status = ba_scorer_attribute(j->scorer, letters, size, j->output, j->parts);
  if (status != BA_OK) return cli_fail_in(j->c, status, path);
  char *name = cli_allocate((size_t)length + 1);
  memcpy(name, word, (size_t)length);
  name[length] = '\0';
  for (int64_t i = 0; i < size; i++) write_part(j, name, i, letters[i], j->parts[i]);
  free(name);
  return cli_interrupted(j->c);
}

static int explain_file(job *j, const char *path) {
  ba_reader *reader = NULL;
  ba_status status = ba_scorer_create(j->c->context, j->model, "", &j->scorer);
  if (status != BA_OK) return cli_fail(j->c, status);
  status = ba_reader_open_path(j->c->context, path, "", &reader);
  if (status != BA_OK) return cli_fail_in(j->c, status, path);
  j->parts = cli_allocate(sizeof(double));
  j->room = 1;
  if (!j->c->json) fputs("name\tposition\tletter\tattribution\n", j->out);
  int code = CLI_DONE;
  while (code == CLI_DONE && !ferror(j->out)) {
    ba_records *records = NULL;
    status = ba_reader_next(reader, 1024, &records);
    if (status != BA_OK) break;
    const int64_t count = ba_records_count(records);
    for (int64_t i = 0; code == CLI_DONE && i < count; i++) code = explain_record(j, records, i, path);
    ba_records_release(records);
  }
  ba_reader_close(reader);
  if (code != CLI_DONE || status == BA_END || status == BA_OK) return code;
  return cli_fail_in(j->c, status, path);
}

static int work(job *j, int64_t top, const char *class, const char *out) {
  cli *c = j->c;
  cli_output output;
  const char *path = c->files.count > 0 ? c->files.items[0] : NULL;
  int code = path != NULL ? cli_model_output(c, j->model, class, &j->output) : CLI_DONE;
  if (code == CLI_DONE) code = cli_output_open(c, out, &output);
  if (code != CLI_DONE) return code;
  j->out = output.file;
  code = path != NULL ? explain_file(j, path) : explain_model(j, top);
  return cli_output_close(c, &output, code);
}

int cli_explain(int argc, char **argv) {
  cli c = {0};
  job j = {.c = &c};
  int64_t top = 20;
  const char *path = NULL, *out = NULL, *class = NULL;
  const cli_option options[] = {
      {"model", CLI_TEXT, &path, "m.ba", "the model file"},
      {"top", CLI_INTEGER, &top, "N", "how many features to list (20)"},
      {"class", CLI_TEXT, &class, "NAME", "with a file: whose score, for a model of more than two classes"},
      {"out", CLI_TEXT, &out, "F", "write to a file, which appears when it is complete"},
      {NULL, CLI_FLAG, NULL, NULL, NULL},
  };
  int code = cli_start(&c, &spec, options, argc, argv);
  if (code != CLI_GO) return code;
  if (top < 1)
    code = cli_error(&c, CLI_USAGE, "--top %lld: expected 1 or more", (long long)top);
  else if (class != NULL && c.files.count == 0)
    code = cli_error(&c, CLI_USAGE, "--class needs a file of sequences");
  else
    code = cli_model_load(&c, path, &j.model);
  if (code == CLI_DONE) code = work(&j, top, class, out);
  ba_scorer_destroy(j.scorer);
  ba_model_release(j.model);
  free(j.parts);
  return cli_end(&c, code);
}
