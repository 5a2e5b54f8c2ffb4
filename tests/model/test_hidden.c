/* SPDX-License-Identifier: MIT
 *
 * test_hidden.c: hidden layers over numbers of a table against docs/numbers.md written out once more with the C
 * library's fmaf, to the bit: rows of every type, one by one and many at a time, tables, files; rows that need more
 * than float32, and rows that are refused in the middle of others.
 */
#include <math.h>
#include <stdio.h>

#include "model/making.h"
#include "support/fault.h"

enum { INPUTS = 70, ROWS = 130, MOST_UNITS = 48, MOST_OUTPUTS = 3 };

typedef struct made {
  ba_model *model;
  ba_scorer *scorer;
  double rows[ROWS * INPUTS];
  double expected[ROWS * MOST_OUTPUTS];
} made;

static const struct shape {
  const char *recipe;
  int32_t classes, columns; /* a number's columns */
} shapes[] = {
    {"Columns() | MLP(hidden=20, skip=linear)", 2, 1},
    {"Columns() | MLP(hidden=16)", 3, 1},
    {"Columns(missing=mean) | Standardize() | MLP(hidden=33, skip=linear)", 2, 1},
    {"Columns(missing=indicator) | Standardize() | MLP(hidden=3, skip=linear, seeds=2)", 3, 2},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* ---- the definition ---- */

static double tree(double lanes[16]) {
  for (int32_t half = 8; half > 0; half /= 2)
    for (int32_t l = 0; l < half; l++) lanes[l] += lanes[l + half];
  return lanes[0];
}

static double unit_sum(const double *reals, const double *weights, int64_t n, int32_t narrow) {
  const int64_t chains = (n + 511) / 512 * 4;
  double sum = 0.0, lanes[16] = {0.0};
  for (int64_t i = 0; i < n; i++) lanes[i % 16] += reals[i] * weights[i];
  for (int64_t c = 0, i = 0; c < chains; c++) {
    float chain = 0.0f;
    for (const int64_t end = i + n / chains + (c < n % chains); i < end; i++)
      chain = fmaf((float)reals[i], (float)weights[i], chain);
    sum += (double)chain;
  }
  return narrow ? sum : tree(lanes);
}

static void expect(const bai_member *m, const double *inputs, double *scores) {
  const bai_plan *plan = m->plan;
  const int64_t width = plan->real_width;
  const int32_t outputs = m->net.outputs;
  double reals[2 * INPUTS], sums[MOST_UNITS];
  int32_t narrow = 1;
  for (int64_t c = 0; c < width; c++) {
    const double x = inputs[c % INPUTS], value = c >= INPUTS ? isnan(x) : isnan(x) ? plan->fill[c] : x;
    reals[c] = (value - plan->centre[c]) * plan->factor[c];
    if (fabsf((float)reals[c]) > 0x1p64f) narrow = 0;
    for (int32_t u = 0; u < m->units; u++)
      if (fabs(m->reals[u * width + c]) > 0x1p48) narrow = 0;
  }
  for (int32_t u = 0; u < m->units; u++) sums[u] = unit_sum(reals, m->reals + u * width, width, narrow);
  for (int32_t o = 0; o < outputs; o++) {
    double lanes[16] = {0.0};
    for (int32_t u = 0; u < m->hidden; u++)
      lanes[u % 16] += fmax(sums[u] + m->intercepts[u], 0.0) * m->head[u * outputs + o];
    scores[o] = tree(lanes);
    if (m->units > m->hidden) scores[o] += sums[m->hidden + o];
    scores[o] += m->intercepts[m->hidden + o];
  }
}

/* ---- models ---- */

static ba_model *make_model(ba_context *context, const struct shape *shape, float largest) {
  bai_recipe parsed = {{0, 0, 0}};
  bai_net net;
  bai_inputs inputs;
  char text[4096], name[16];
  int64_t n = 0;
  uint64_t seed = 9;
  ba_model *model = NULL;
  memset(&inputs, 0, sizeof inputs);
  OK(context, ba_recipe_canonical(context, shape->recipe, text, (int64_t)sizeof text, &n));
  OK(context, bai_recipe_parse(context, text, &parsed));
  const bai_pipeline *pipeline = bai_recipe_member(&parsed, 0);
  OK(context, bai_net_of_pipeline(context, pipeline, shape->classes == 2 ? 1 : shape->classes, &net));
  OK(context, bai_inputs_make(context, pipeline, &inputs));
  for (int32_t i = 0; i < INPUTS; i++) {
    snprintf(name, sizeof name, "x%d", i);
    OK(context, bai_inputs_add(context, &inputs, name, BAI_INPUT_NUMBER));
  }
  net.features = (int64_t)INPUTS * shape->columns;
  bai_net_lay_out(&net);
  const int64_t parameters = net.copies * net.parameters;
  float *values = malloc((size_t)parameters * 4);
  double scale[3 * 2 * INPUTS];
  assert_non_null(values);
  for (int64_t i = 0; i < parameters; i++) values[i] = (float)making_real(&seed);
  values[5] = largest;
  for (int64_t i = 0; i < 3 * net.features; i++) scale[i] = 1.5 + making_real(&seed);
  const bai_fit fit = {.recipe = text,
                       .class_names = making_classes,
                       .classes = shape->classes,
                       .fitted = {-1, &inputs, strstr(text, "Standardize") ? scale : NULL},
                       .provenance = "{}",
                       .seed = 7,
                       .parameters = values};
  OK(context, bai_model_make(context, &fit, &model));
  free(values);
  bai_inputs_free(context, &inputs);
  bai_recipe_free(context, &parsed);
  return model;
}

/* Numbers that float32 holds, so that every type says the same; some missing where the model takes that. */
static void make(ba_context *context, const struct shape *shape, float largest, made *out) {
  uint64_t seed = 4;
  memset(out, 0, sizeof *out);
  out->model = make_model(context, shape, largest);
  OK(context, ba_scorer_create(context, out->model, NULL, &out->scorer));
  for (int64_t r = 0; r < ROWS; r++) {
    for (int64_t i = 0; i < INPUTS; i++) {
      out->rows[r * INPUTS + i] = (double)(float)making_real(&seed);
      if (strstr(shape->recipe, "missing") && making_bits(&seed) % 9 == 0) out->rows[r * INPUTS + i] = (double)NAN;
    }
    expect(&out->model->members[0], out->rows + r * INPUTS, out->expected + r * ba_model_outputs(out->model));
  }
}

static void drop(made *m) {
  ba_scorer_destroy(m->scorer);
  ba_model_release(m->model);
}

/* ---- tests ---- */

static void check_rows(ba_context *context, const made *m, const float *floats, int64_t count) {
  const int64_t shape[] = {count, INPUTS};
  const int64_t wide[] = {8 * INPUTS, 8}, narrow[] = {4 * INPUTS, 4};
  const int32_t outputs = ba_model_outputs(m->model);
  double scores[ROWS * MOST_OUTPUTS], chances[ROWS * 3], alone[3];
  ba_array *rows = NULL;
  for (int32_t single = 0; single < 2; single++) {
    if (single)
      OK(context, ba_array_wrap(context, BA_FLOAT32, 2, shape, narrow, (void *)(uintptr_t)floats, NULL, NULL, &rows));
    else
      OK(context, ba_array_wrap(context, BA_FLOAT64, 2, shape, wide, (void *)(uintptr_t)m->rows, NULL, NULL, &rows));
    memset(scores, 0xff, sizeof scores);
    OK(context, ba_scorer_predict(m->scorer, rows, scores, chances));
    SAME_BITS(scores, m->expected, count * outputs);
    memset(scores, 0xff, sizeof scores);
    OK(context, ba_scorer_predict(m->scorer, rows, NULL, scores));
    SAME_BITS(scores, chances, count * m->model->answers);
    ba_array_release(rows);
  }
  for (int64_t r = 0; r < count; r++) {
    OK(context, ba_scorer_predict_row(m->scorer, floats + r * INPUTS, INPUTS, scores, alone));
    SAME_BITS(scores, m->expected + r * outputs, outputs);
    SAME_BITS(alone, chances + r * m->model->answers, m->model->answers);
  }
}

static void check_table(ba_context *context, const made *m) {
  const int64_t strides[] = {8 * INPUTS};
  double scores[ROWS * MOST_OUTPUTS];
  ba_array *rows = NULL;
  ba_table *table = NULL;
  OK(context, ba_table_create(context, ROWS, &table));
  for (int32_t i = 0; i < INPUTS; i++) {
    char name[16];
    const int64_t column[] = {ROWS};
    snprintf(name, sizeof name, "x%d", i);
    OK(context,
       ba_array_wrap(context, BA_FLOAT64, 1, column, strides, (void *)(uintptr_t)(m->rows + i), NULL, NULL, &rows));
    OK(context, ba_table_add_array(table, name, rows, NULL));
    ba_array_release(rows);
  }
  OK(context, ba_scorer_predict_table(m->scorer, table, NULL, scores, NULL));
  SAME_BITS(scores, m->expected, ROWS * ba_model_outputs(m->model));
  ba_table_release(table);
}

static void check_all(ba_context *context, const made *m) {
  static const int64_t counts[] = {0, 1, 2, 55, 56, 57, ROWS};
  static float floats[ROWS * INPUTS];
  for (int64_t i = 0; i < ROWS * INPUTS; i++) floats[i] = (float)m->rows[i];
  for (int32_t level = 0; level < 3; level++) {
    if (!making_level(context, level)) continue;
    for (int32_t c = 0; c < 7; c++) check_rows(context, m, floats, counts[c]);
    check_table(context, m);
  }
  OK(context, ba_context_set_cpu(context, "auto"));
  OK(context, ba_model_selftest(context, m->model));
}

static void test_definition(void **state) {
  for (int32_t s = 0; s < SHAPES; s++) {
    made m;
    make(*state, &shapes[s], 0.5f, &m);
    assert_int_equal(m.model->members[0].narrow, 1);
    check_all(*state, &m);
    drop(&m);
  }
}

/* What is loaded scores as what was made. */
static void test_files(void **state) {
  ba_context *context = *state;
  for (int32_t s = 0; s < SHAPES; s++) {
    made m;
    int64_t length;
    make(context, &shapes[s], 0.5f, &m);
    uint8_t *bytes = making_bytes(context, m.model, &length);
    ba_scorer_destroy(m.scorer);
    ba_model_release(m.model);
    OK(context, ba_model_load_memory(context, bytes, length, NULL, &m.model));
    OK(context, ba_scorer_create(context, m.model, NULL, &m.scorer));
    check_all(context, &m);
    free(bytes);
    drop(&m);
  }
}

/* Some numbers, or one weight, beyond what products of float32 hold: these rows, or all, are summed as float64. */
static void test_beyond_float32(void **state) {
  for (int32_t s = 0; s < SHAPES; s++) {
    for (int32_t large = 0; large < 2; large++) {
      made m;
      make(*state, &shapes[s], large ? 1e20f : 0.5f, &m);
      for (int64_t r = 3; !large && r < ROWS; r += r < 100 ? 31 : 1) {
        m.rows[r * INPUTS + r % INPUTS] = r % 2 ? 0x1.2p90 : -0x1p100;
        expect(&m.model->members[0], m.rows + r * INPUTS, m.expected + r * ba_model_outputs(m.model));
      }
      assert_int_equal(m.model->members[0].narrow, !large);
      for (int64_t i = 0; i < ROWS * ba_model_outputs(m.model); i++) assert_true(isfinite(m.expected[i]));
      check_all(*state, &m);
      drop(&m);
    }
  }
}

/* Rows before the one that is refused have their scores. */
static void test_refused_rows(void **state) {
  static const int64_t places[] = {0, 1, 40, 56, 57, 111, 112, ROWS - 1};
  ba_context *context = *state;
  made m;
  make(context, &shapes[0], 0.5f, &m);
  for (int32_t p = 0; p < 16; p++) {
    const int64_t bad = places[p / 2], shape[] = {ROWS, INPUTS};
    double scores[ROWS];
    char record[32];
    ba_array *rows = NULL;
    OK(context, ba_array_create(context, p % 2 ? BA_FLOAT32 : BA_FLOAT64, 2, shape, &rows));
    for (int64_t i = 0; i < ROWS * INPUTS; i++) {
      if (p % 2)
        ((float *)ba_array_data_mut(rows))[i] = i == bad * INPUTS + 7 ? (float)NAN : (float)m.rows[i];
      else
        ((double *)ba_array_data_mut(rows))[i] = i == bad * INPUTS + 7 ? (double)INFINITY : m.rows[i];
    }
    memset(scores, 0xff, sizeof scores);
    snprintf(record, sizeof record, "record %d", (int)bad + 1);
    REFUSED(context, ba_scorer_predict(m.scorer, rows, scores, NULL), BA_ERR_NUMBER, record);
    SAME_BITS(scores, m.expected, bad);
    assert_true(isnan(scores[bad]));
    ba_array_release(rows);
  }
  drop(&m);
}

typedef struct file {
  uint8_t *bytes;
  int64_t length;
  const double *rows;
  double scores[ROWS];
} file;

static ba_status load_and_predict(ba_context *context, void *argument) {
  file *f = argument;
  const int64_t shape[] = {ROWS, INPUTS}, strides[] = {8 * INPUTS, 8};
  ba_model *model = NULL;
  ba_scorer *scorer = NULL;
  ba_array *rows = NULL;
  ba_status status = ba_model_load_memory(context, f->bytes, f->length, NULL, &model);
  if (!status) status = ba_scorer_create(context, model, NULL, &scorer);
  if (!status)
    status = ba_array_wrap(context, BA_FLOAT64, 2, shape, strides, (void *)(uintptr_t)f->rows, NULL, NULL, &rows);
  if (!status) status = ba_scorer_predict(scorer, rows, f->scores, NULL);
  if (status && scorer && rows) { /* a scorer that lacked memory once is as good as before */
    ba_status again = ba_scorer_predict(scorer, rows, f->scores, NULL);
    if (again) status = again;
  }
  ba_array_release(rows);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
  return status;
}

static void test_every_failing_allocation(void **state) {
  made m;
  file f;
  make(*state, &shapes[2], 0.5f, &m);
  f.bytes = making_bytes(*state, m.model, &f.length);
  f.rows = m.rows;
  assert_true(fault_sweep(load_and_predict, &f) > 20);
  SAME_BITS(f.scores, m.expected, ROWS);
  free(f.bytes);
  drop(&m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_definition, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_files, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_beyond_float32, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_refused_rows, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_every_failing_allocation, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
