/* SPDX-License-Identifier: MIT
 *
 * tables.c: models of tables, terms over series as tables and as streams, and sparse rows.
 */
#include "bits/bits.h"

#include <math.h>

#include "features/series.h"
#include "features/term_text.h"

enum { ROWS = 400, NUMBERS = 6, RECIPE = 4096 };

static const char *const names[NUMBERS] = {"x", "y", "high", "low", "close", "date"};

/* Numbers of all sizes, some missing; a text with four values; a target that they say something of. */
typedef struct rows {
  double numbers[NUMBERS][ROWS], times[ROWS];
  char groups[ROWS][8], classes[ROWS][8], targets[ROWS][24];
} rows;

static rows *make_rows(void) {
  static rows r;
  uint64_t seed = 31;
  double price = 100.0;
  for (int64_t i = 0; i < ROWS; i++) {
    price *= 1.0 + 0.02 * making_real(&seed);
    r.times[i] = floor(1.7e9 + 3600.0 * (double)i + 5000.0 * making_real(&seed));
    for (int32_t c = 0; c < NUMBERS; c++) {
      const double step = price * 0.01 * making_real(&seed);
      r.numbers[c][i] = c == 2 ? price + fabs(step) : c == 3 ? price - fabs(step) : price + step;
      if (making_bits(&seed) % 23 == 0) r.numbers[c][i] = c == 5 || i % 2 ? 0.0 : (double)NAN;
    }
    r.numbers[1][i] *= i % 29 == 0 ? 1e12 : i % 31 == 0 ? -1e-12 : 1.0;
    r.numbers[5][i] = r.times[i];
    snprintf(r.groups[i], sizeof r.groups[i], "g%d", (int)(making_bits(&seed) % 4));
    snprintf(r.classes[i], sizeof r.classes[i], "%s", price + 3.0 * making_real(&seed) > 100.0 ? "up" : "down");
    snprintf(r.targets[i], sizeof r.targets[i], "%.17g", price * 0.01 + making_real(&seed));
  }
  return &r;
}

static void add_texts(ba_context *context, ba_table *table, const char *name, const char *texts, int64_t size) {
  static char bytes[ROWS * 24];
  int64_t offsets[ROWS + 1] = {0};
  for (int64_t i = 0; i < ROWS; i++) {
    const int64_t n = (int64_t)strlen(texts + i * size);
    memcpy(bytes + offsets[i], texts + i * size, (size_t)n);
    offsets[i + 1] = offsets[i] + n;
  }
  OK(context, ba_table_add_text(table, name, bytes, offsets, NULL));
}

static void add_numbers(ba_context *context, ba_table *table, const char *name, const double *numbers) {
  const int64_t shape[] = {ROWS};
  ba_array *array;
  OK(context, ba_array_create(context, BA_FLOAT64, 1, shape, &array));
  memcpy(ba_array_data_mut(array), numbers, ROWS * 8);
  OK(context, ba_table_add_array(table, name, array, NULL));
  ba_array_release(array);
}

static ba_table *make_table(ba_context *context, const rows *r) {
  ba_table *table;
  OK(context, ba_table_create(context, ROWS, &table));
  for (int32_t c = 0; c < NUMBERS; c++) add_numbers(context, table, names[c], r->numbers[c]);
  add_numbers(context, table, "time", r->times);
  add_texts(context, table, "group", r->groups[0], sizeof r->groups[0]);
  add_texts(context, table, "class", r->classes[0], sizeof r->classes[0]);
  add_texts(context, table, "target", r->targets[0], sizeof r->targets[0]);
  return table;
}

/* ---- models ---- */

typedef struct fitted {
  const char *recipe, *target;
  int32_t looks_back;
} fitted;

static const fitted models[] = {
    {"Columns(missing=mean) | Standardize() | Logistic(max_iter=20)", "class", 0},
    {"Columns(missing=indicator) + Category(column=group) | MinMax() | Linear(max_iter=20)", "target", 0},
    {"Columns(missing=mean) + CategoryHash(column=group, slots=8) | Standardize() | Linear(solver=newton)", "target",
     0},
    {"Columns(missing=mean) | Standardize() | Linear(loss=huber, solver=tron, max_iter=5)", "target", 0},
    {"Columns(missing=mean) | Standardize() | Linear(solver=nag, epochs=3)", "target", 0},
    {"Columns(missing=mean) | Standardize() | Logistic(solver=adagrad, epochs=3)", "class", 0},
    {"Columns(missing=mean) | Standardize() | MLP(hidden=4, epochs=2)", "class", 0},
    {"Log(column=x) + Power(column=close, p=0.3) + Product(column=x, column2=y) + Ratio(column=high, column2=low) | "
     "Standardize() | Logistic(max_iter=20)",
     "class", 0},
    {"Return(column=close) + Rolling(column=close, stat=std, window=9) + EWMA(column=x, halflife=5000) | Standardize() "
     "| "
     "Logistic(max_iter=20)",
     "class", 1},
};

static void score_table(ba_context *context, ba_model *model, const ba_table *table, const fitted *f) {
  static double scores[ROWS], shares[ROWS * 2], parts[ROWS * 64];
  const char *options = f->looks_back ? "group=group, time=time" : NULL;
  const int64_t classes = ba_model_classes(model) ? ba_model_classes(model) : 1;
  ba_scorer *scorer;
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_predict_table(scorer, table, options, scores, shares));
  bits_f64(f->recipe, scores, ROWS);
  bits_f64(f->recipe, shares, ROWS * classes);
  if (ba_model_width(model) <= 64 && !strstr(f->recipe, "MLP")) {
    OK(context, ba_scorer_attribute_table(scorer, table, options, 0, parts));
    bits_f64(f->recipe, parts, ROWS * ba_model_width(model));
  }
  ba_scorer_destroy(scorer);
}

static void table_models(ba_context *context, ba_table *table) {
  for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
    const fitted *f = &models[i];
    const int32_t is_class = strcmp(f->target, "class") == 0;
    char options[100];
    ba_model *model;
    snprintf(options, sizeof options, "target=%s, ignore=%s%s", f->target, is_class ? "target" : "class",
             f->looks_back ? ", group=group, time=time" : "|time");
    OK(context, making_table_model(context, table, f->recipe, options, &model));
    bits_model(context, f->recipe, model);
    score_table(context, model, table, f);
    ba_model_release(model);
  }
}

/* ---- series ---- */

/* Every term, each by itself, as a table, then as a stream with its state. */
static void series_term(ba_context *context, const bai_term_spec *spec, const ba_table *table, const rows *r) {
  char recipe[RECIPE];
  double row[64], inputs[NUMBERS];
  ba_extractor *extractor;
  ba_array *all;
  ba_stream *stream;
  int64_t n;
  term_text(recipe, 0, sizeof recipe, spec, NULL, NULL, 0);
  OK(context, ba_extractor_create(context, recipe, &extractor));
  OK(context, ba_extractor_apply_table(extractor, table, "group=group, time=time", &all));
  bits_array(recipe, all);
  ba_array_release(all);
  ba_extractor_destroy(extractor);
  OK(context, ba_stream_open(context, recipe, NULL, &stream));
  const int64_t width = ba_stream_width(stream), count = ba_stream_inputs(stream);
  assert_true(width <= 64 && count <= NUMBERS);
  double *out = malloc((size_t)(ROWS * width) * 8);
  assert_non_null(out);
  for (int64_t i = 0; i < ROWS; i++) {
    for (int64_t c = 0; c < count; c++) {
      int32_t at = 0;
      while (strcmp(names[at], ba_stream_input_name(stream, c))) at++;
      inputs[c] = r->numbers[at][i];
    }
    OK(context, ba_stream_update(stream, r->groups[i], r->times[i], inputs, count, row));
    memcpy(out + i * width, row, (size_t)width * 8);
  }
  bits_f64(recipe, out, ROWS * width);
  free(out);
  OK(context, ba_stream_save(stream, NULL, 0, &n));
  uint8_t *bytes = malloc((size_t)n);
  assert_non_null(bytes);
  OK(context, ba_stream_save(stream, bytes, n, &n));
  bits_bytes(recipe, bytes, n);
  free(bytes);
  ba_stream_close(stream);
}

/* ---- sparse rows ---- */

static ba_array *vector_of(ba_context *context, int32_t type, int64_t n, const void *from, int64_t size) {
  ba_array *array;
  OK(context, ba_array_create(context, type, 1, &n, &array));
  memcpy(ba_array_data_mut(array), from, (size_t)(n * size));
  return array;
}

static void sparse_rows(ba_context *context) {
  enum { COUNT = 200, EACH = 5 };
  static int64_t starts[COUNT + 1];
  static uint32_t columns[COUNT * EACH];
  static double values[COUNT * EACH], scores[COUNT];
  const char *labels[COUNT];
  uint64_t seed = 13;
  for (int64_t i = 0; i < COUNT; i++) {
    starts[i + 1] = starts[i] + EACH;
    labels[i] = i % 3 ? "a" : "b";
    for (int64_t j = 0; j < EACH; j++) {
      columns[i * EACH + j] = (uint32_t)(20 * j) + (uint32_t)(making_bits(&seed) % 20);
      values[i * EACH + j] = making_real(&seed) + (i % 3 ? 0.3 : 0.0);
    }
  }
  ba_array *arrays[] = {vector_of(context, BA_INT64, COUNT + 1, starts, 8),
                        vector_of(context, BA_UINT32, COUNT * EACH, columns, 4),
                        vector_of(context, BA_FLOAT64, COUNT * EACH, values, 8)};
  ba_dataset *dataset;
  ba_scorer *scorer;
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, ba_dataset_add_csr(dataset, arrays[0], arrays[1], arrays[2], labels, NULL, NULL, BA_PART_TRAIN));
  ba_model *model = making_trained(context, "Sparse() | Logistic(max_iter=9)", dataset, NULL);
  bits_model(context, "sparse", model);
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_predict_csr(scorer, arrays[0], arrays[1], arrays[2], scores, NULL));
  bits_f64("sparse", scores, COUNT);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
  ba_dataset_destroy(dataset);
  for (int32_t i = 0; i < 3; i++) ba_array_release(arrays[i]);
}

void bits_tables(ba_context *context) {
  const rows *r = make_rows();
  ba_table *table = make_table(context, r);
  table_models(context, table);
  for (int32_t i = 0; i < bai_series_table_count; i++) series_term(context, &bai_series_table[i], table, r);
  ba_table_release(table);
  sparse_rows(context);
}
