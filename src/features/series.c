/* SPDX-License-Identifier: MIT
 *
 * series.c: what all terms over series share: their parts of a state, rows without a value, changes instead of values,
 * and the rows of a table in the order of their series.
 */
#include "features/series.h"

#include <string.h>

/* A term's part of a state starts with these; then come the values before, of a term with `of`. */
enum { TICKS, TIME, HAS_LAST, LAST };
#define MOST_TICKS 9007199254740992.0 /* 2^53 */

static const bai_series_kind *kind_of(bai_term_kind kind) {
  const bai_series_kind *const families[] = {bai_series_moves,  bai_series_windows, bai_series_expanding,
                                             bai_series_smooth, bai_series_demand,  bai_series_detect};
  for (size_t f = 0; f < sizeof families / sizeof families[0]; f++)
    for (const bai_series_kind *k = families[f]; k->update; k++)
      if (k->kind == kind) return k;
  return NULL;
}

int64_t bai_series_outputs(const bai_term *term) {
  int64_t count = 1;
  for (const char *c = kind_of(term->spec->kind)->outputs; c && *c; c++) count += *c == '|';
  return count;
}

/* ---- making ---- */

/* Names of columns; else numbers. */
static void read_list(bai_series_term *t, const bai_inputs *inputs, const bai_key *key, const char *list) {
  const char *at = list, *text;
  int64_t length;
  while (bai_list_next(&at, &text, &length)) {
    char name[BAI_COLUMN_NAME] = {0};
    memcpy(name, text, (size_t)length);
    if (strcmp(key->name, "columns") == 0)
      t->inputs[t->input_count++] = bai_inputs_find(inputs, name, 0);
    else if (t->list_count >= 0 && bai_parse_f64(text, length, &t->list[t->list_count]) &&
             t->list[t->list_count] - t->list[t->list_count] == 0.0)
      t->list_count++;
    else
      t->list_count = -1;
  }
}

static void read_keys(bai_series_term *t, const bai_inputs *inputs) {
  const bai_key *keys = t->term.spec->keys;
  int32_t at = 0;
  t->of = t->kind->of;
  for (int32_t i = 0; keys[i].name; i++) {
    const bai_value *value = &t->term.values[i];
    if (keys[i].type == BAI_KEY_LIST)
      read_list(t, inputs, &keys[i], value->name);
    else if (keys[i].type == BAI_KEY_NAME)
      t->inputs[t->input_count++] = bai_inputs_find(inputs, value->name, bai_input_kind_of(&t->term));
    else if (strcmp(keys[i].name, "of") == 0)
      t->of = (int32_t)value->integer;
    else if (strcmp(keys[i].name, "per") == 0)
      t->by_time = (int32_t)value->integer;
    else if (strcmp(keys[i].name, "missing") != 0)
      t->p[at++] = keys[i].type == BAI_KEY_REAL ? value->real : (double)value->integer;
  }
}

static ba_status add_term(ba_context *context, const bai_term *term, const bai_inputs *inputs, bai_series *out) {
  bai_series_term *t = &out->terms[out->count++];
  t->kind = kind_of(term->spec->kind);
  t->term = *term;
  read_keys(t, inputs);
  const ba_status status = t->kind->check ? t->kind->check(context, t) : BA_OK;
  if (status) return status;
  const int64_t scratch = t->kind->scratch ? t->kind->scratch(t) : 0;
  t->many = t->kind->many && !t->of && !t->by_time && t->input_count <= BAI_SERIES_COLUMNS;
  if (t->kind->is_single && t->kind->is_single(t)) t->many = 0;
  t->width = bai_series_outputs(term);
  t->first = out->width;
  t->state = out->size;
  t->size = LAST + (t->of ? t->input_count : 0) + (t->kind->size ? t->kind->size(t) : 0);
  out->width += t->width;
  out->size += t->size;
  out->needs_past |= t->kind->needs_past || t->of;
  if (scratch > out->scratch) out->scratch = scratch;
  return BA_OK;
}

ba_status bai_series_make(ba_context *context, const bai_pipeline *recipe, const bai_inputs *inputs, bai_series *out) {
  const bai_term *terms = recipe->features.data;
  int64_t count = 0;
  memset(out, 0, sizeof *out);
  for (int64_t i = 0; i < recipe->features.count; i++) count += bai_kind_is_derived(terms[i].spec->kind);
  if (count == 0) return BA_OK;
  ba_status status = bai_alloc_zero(context, count, sizeof *out->terms, &out->terms);
  for (int64_t i = 0; !status && i < recipe->features.count; i++)
    if (bai_kind_is_derived(terms[i].spec->kind)) status = add_term(context, &terms[i], inputs, out);
  return status;
}

void bai_series_free(ba_context *context, bai_series *series) {
  bai_free(context, series->terms);
  memset(series, 0, sizeof *series);
}

/* ---- a row ---- */

static double change_of(const bai_kernels *kernels, int32_t of, double now, double last) {
  double ratio = now / last;
  if (of == BAI_OF_DIFFERENCE) return now - last;
  if (of == BAI_OF_RETURN) return ratio - 1.0;
  kernels->log_f64(&ratio, &ratio, 1);
  return ratio;
}

static int32_t are_numbers(const double *values, int32_t n) {
  for (int32_t i = 0; i < n; i++)
    if (!(values[i] - values[i] == 0.0)) return 0;
  return 1;
}

/* Turns values into changes; returns 0 where there is nothing to compare with. */
static int32_t take_changes(const bai_kernels *kernels, const bai_series_term *t, double *x, double *state) {
  double *last = state + LAST;
  const int32_t known = state[HAS_LAST] != 0.0;
  for (int32_t i = 0; i < t->input_count; i++) {
    const double now = x[i];
    x[i] = change_of(kernels, t->of, now, last[i]);
    last[i] = now;
  }
  state[HAS_LAST] = 1.0;
  return known && are_numbers(x, t->input_count);
}

static void write_missing(double *out, int64_t n) {
  const double missing = bai_not_a_number();
  for (int64_t i = 0; i < n; i++) out[i] = missing;
}

static void drop_infinite(double *out, int64_t n) {
  const double missing = bai_not_a_number();
  for (int64_t i = 0; i < n; i++) out[i] = out[i] - out[i] == 0.0 ? out[i] : missing;
}

/* Returns 1 for a row that is left out. */
static int32_t update_term(const bai_kernels *kernels, const bai_series_term *t, const double *inputs, double time,
                           double *state, double *scratch, double *out) {
  double x[BAI_SERIES_INPUTS];
  write_missing(out, t->width);
  for (int32_t i = 0; i < t->input_count; i++) x[i] = inputs[t->inputs[i]];
  if (!are_numbers(x, t->input_count) || (t->by_time && time != time)) return 1;
  if (t->of && !take_changes(kernels, t, x, state)) return 0;
  const int64_t n = (int64_t)state[TICKS];
  const double since = time - state[TIME];
  const bai_tick tick = {kernels, x, n, 1, t->width, time, n && since - since == 0.0 ? since : 1.0, scratch};
  t->kind->update(t, &tick, state + LAST + (t->of ? t->input_count : 0), out);
  for (int64_t i = 0; i < t->width; i++)
    if (!(out[i] - out[i] == 0.0)) out[i] = bai_not_a_number();
  if (state[TICKS] < MOST_TICKS) state[TICKS] += 1.0;
  state[TIME] = time;
  return 0;
}

int32_t bai_series_update(const bai_kernels *kernels, const bai_series *series, const double *inputs, double time,
                          double *state, double *scratch, double *out) {
  int32_t left_out = 0;
  for (int32_t i = 0; i < series->count; i++) {
    const bai_series_term *t = &series->terms[i];
    left_out += update_term(kernels, t, inputs, time, state + t->state, scratch, out + t->first);
  }
  return left_out;
}

const bai_series_term *bai_series_whole(const bai_series *series) {
  for (int32_t i = 0; i < series->count; i++) {
    const bai_series_term *t = &series->terms[i];
    const int32_t merges = t->kind->merge || !t->kind->needs_past;
    if (t->of || !merges) return t;
  }
  return NULL;
}

void bai_series_merge(const bai_series *series, double *state, const double *other) {
  for (int32_t i = 0; i < series->count; i++) {
    const bai_series_term *t = &series->terms[i];
    double *own = state + t->state;
    const double *from = other + t->state, ticks = own[TICKS] + from[TICKS];
    if (from[TICKS] > 0.0 && (!(own[TICKS] > 0.0) || !(own[TIME] == own[TIME]) || from[TIME] > own[TIME]))
      own[TIME] = from[TIME];
    own[TICKS] = ticks < MOST_TICKS ? ticks : MOST_TICKS;
    if (t->kind->merge) t->kind->merge(t, own + LAST, from + LAST);
  }
}

/* ---- rows at once ---- */

/* At most BAI_SERIES_MANY rows whose columns all have values, for a term that takes many. */
static void update_many(const bai_kernels *kernels, const bai_series_term *t, const bai_series_run *run, double *state,
                        double *out) {
  double copied[BAI_SERIES_MANY * BAI_SERIES_COLUMNS];
  const double last = run->times ? run->times[run->rows - 1] : bai_not_a_number();
  const int64_t columns = t->input_count, step = run->out_step;
  const double *x = columns == 1 && run->input_step == 1 ? run->inputs : copied;
  for (int64_t c = 0; x == copied && c < columns; c++)
    for (int64_t i = 0; i < run->rows; i++) copied[i * columns + c] = run->inputs[i * run->input_step + t->inputs[c]];
  for (int64_t i = 0; step != t->width && i < run->rows; i++) write_missing(out + i * step, t->width);
  if (step == t->width) write_missing(out, run->rows * step);
  const bai_tick tick = {kernels, x, (int64_t)state[TICKS], run->rows, step, last, 1.0, NULL};
  t->kind->update(t, &tick, state + LAST, out);
  for (int64_t i = 0; step != t->width && i < run->rows; i++) drop_infinite(out + i * step, t->width);
  if (step == t->width) drop_infinite(out, run->rows * step);
  state[TICKS] += (double)run->rows;
  state[TIME] = last;
}

/* As are_numbers, for many. A number less itself is 0, and what is none stays none in a sum: four sums, as one would
 * wait for itself. */
static int32_t are_all_numbers(const double *values, int64_t n) {
  double sums[4] = {0.0, 0.0, 0.0, 0.0};
  int64_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (int32_t j = 0; j < 4; j++) sums[j] += values[i + j] - values[i + j];
  for (; i < n; i++) sums[0] += values[i] - values[i];
  return sums[0] + sums[1] + sums[2] + sums[3] == 0.0;
}

/* Whether all have values, and times where terms need them: then no term leaves a row out. */
static int32_t run_is_full(const bai_series *series, const bai_series_run *run) {
  int32_t lacking = 0;
  for (int32_t k = 0; k < series->count; k++) lacking |= series->terms[k].by_time && !run->times;
  for (int64_t i = 0; run->times && i < run->rows; i++) lacking |= run->times[i] != run->times[i];
  /* Rows side by side are as one. */
  const int32_t joined = run->input_step == run->input_count;
  const int64_t rows = joined ? 1 : run->rows, columns = joined ? run->rows * run->input_count : run->input_count;
  for (int64_t i = 0; i < rows; i++) lacking |= !are_all_numbers(run->inputs + i * run->input_step, columns);
  return !lacking;
}

static int64_t update_block(const bai_kernels *kernels, const bai_series *series, const bai_series_run *run,
                            double *state, double *scratch) {
  const double none = bai_not_a_number();
  const int32_t full = run_is_full(series, run);
  int64_t left_out = 0;
  for (int64_t i = 0; !full && i < run->rows; i++)
    left_out += bai_series_update(kernels, series, run->inputs + i * run->input_step, run->times ? run->times[i] : none,
                                  state, scratch, run->out + i * run->out_step) > 0;
  for (int32_t k = 0; full && k < series->count; k++) {
    const bai_series_term *t = &series->terms[k];
    double *own = state + t->state, *out = run->out + t->first;
    const int32_t many = t->many && own[TICKS] < MOST_TICKS - BAI_SERIES_MANY;
    if (many) update_many(kernels, t, run, own, out);
    for (int64_t i = 0; !many && i < run->rows; i++)
      update_term(kernels, t, run->inputs + i * run->input_step, run->times ? run->times[i] : none, own, scratch,
                  out + i * run->out_step);
  }
  return left_out;
}

int64_t bai_series_update_run(const bai_kernels *kernels, const bai_series *series, const bai_series_run *run,
                              double *state, double *scratch) {
  int64_t left_out = 0;
  for (int64_t i = 0; i < run->rows; i += BAI_SERIES_MANY) {
    bai_series_run block = *run;
    block.inputs += i * run->input_step;
    if (run->times) block.times += i;
    block.out += i * run->out_step;
    block.rows = run->rows - i < BAI_SERIES_MANY ? run->rows - i : BAI_SERIES_MANY;
    left_out += update_block(kernels, series, &block, state, scratch);
  }
  return left_out;
}

int32_t bai_series_is_state(const bai_series *series, const double *state) {
  for (int32_t i = 0; i < series->count; i++) {
    const double ticks = state[series->terms[i].state + TICKS];
    if (!(ticks >= 0.0 && ticks <= MOST_TICKS && ticks == (double)(int64_t)ticks)) return 0;
  }
  return 1;
}

/* ---- names ---- */

/* Whole numbers that are not 0, and stat, part and period always; other keys where they are not as usual. */
static ba_status add_key(ba_context *context, const bai_key *key, const bai_value *value, bai_vector *text) {
  if (key->type == BAI_KEY_NAME || strcmp(key->name, "missing") == 0) return BA_OK;
  if (key->type == BAI_KEY_LIST) return bai_text_add(context, text, ".%s", value->name);
  if (key->type == BAI_KEY_INTEGER)
    return value->integer ? bai_text_add(context, text, ".%lld", (long long)value->integer) : BA_OK;
  if (key->type == BAI_KEY_REAL) {
    double usual = 0.0;
    if (key->standard) bai_parse_f64(key->standard, bai_length(key->standard), &usual);
    return value->real == usual ? BA_OK : bai_text_add(context, text, ".%g", value->real);
  }
  const char *word = key->words;
  for (int64_t i = 0; i < value->integer; i++) word = strchr(word, '|') + 1;
  const char *bar = strchr(word, '|');
  const int64_t n = bar ? (int64_t)(bar - word) : bai_length(word);
  static const char *const named[] = {"stat", "part", "period"};
  int32_t usual = value->integer == 0;
  for (int32_t i = 0; i < 3; i++) usual = usual && strcmp(key->name, named[i]) != 0;
  return usual ? BA_OK : bai_text_add(context, text, ".%.*s", (int)n, word);
}

ba_status bai_series_name(ba_context *context, const bai_series *series, int64_t output, bai_vector *text) {
  const bai_series_term *t = series->terms;
  while (output >= t->first + t->width) t++;
  const bai_term_spec *spec = t->term.spec;
  ba_status status = bai_text_add(context, text, "%s", spec->name);
  for (int32_t i = 0; !status && spec->keys[i].name; i++)
    if (spec->keys[i].type == BAI_KEY_NAME) status = bai_text_add(context, text, "_%s", t->term.values[i].name);
  for (int32_t i = 0; !status && spec->keys[i].name; i++)
    status = add_key(context, &spec->keys[i], &t->term.values[i], text);
  const char *word = t->kind->outputs;
  if (status || !word) return status;
  for (int64_t i = t->first; i < output; i++) word = strchr(word, '|') + 1;
  const char *bar = strchr(word, '|');
  return bai_text_add(context, text, ".%.*s", (int)(bar ? bar - word : bai_length(word)), word);
}

/* ---- rows of a table ---- */

/* The rows by series, those of a series by time, and by place where times are equal. */
static ba_status order_rows(ba_context *context, const bai_series_rows *rows, int64_t **out) {
  bai_keyed *items = NULL;
  int64_t *starts = NULL, most = 0;
  for (int64_t i = 0; rows->groups && i < rows->count; i++)
    if (rows->groups[i] >= most) most = rows->groups[i] + INT64_C(1);
  *out = NULL;
  ba_status status = bai_alloc(context, rows->count, sizeof *items, &items);
  if (!status) status = bai_alloc_zero(context, most + 2, 8, &starts);
  if (!status) status = bai_alloc(context, rows->count, 8, out);
  if (!status) {
    for (int64_t i = 0; i < rows->count; i++) {
      items[i] = (bai_keyed){rows->times ? bai_order_of_f64(rows->times[i]) : 0, i};
      starts[rows->groups ? rows->groups[i] + 2 : 1]++;
    }
    if (rows->times) bai_sort_keyed(items, rows->count);
    for (int64_t g = 1; g < most + 2; g++) starts[g] += starts[g - 1];
    for (int64_t i = 0; i < rows->count; i++)
      (*out)[starts[rows->groups ? rows->groups[items[i].index] + 1 : 0]++] = items[i].index;
  }
  bai_free(context, items);
  bai_free(context, starts);
  return status;
}

/* Rows that are one series and stand in its order. */
static ba_status fill_run(ba_context *context, const bai_series *series, int64_t inputs, const bai_series_rows *rows,
                          double *state) {
  ba_status status = BA_OK;
  for (int64_t i = 0; !status && i < rows->count; i += 1024) {
    double *row = rows->rows + i * rows->stride;
    const int64_t count = rows->count - i < 1024 ? rows->count - i : 1024;
    const bai_series_run run = {row, rows->stride, inputs, NULL, count, row + inputs, rows->stride};
    bai_series_update_run(bai_kernels_of(context), series, &run, state, state + series->size);
    status = bai_check_cancel(context);
  }
  return status;
}

static ba_status fill(ba_context *context, const bai_series *series, int64_t inputs, const bai_series_rows *rows,
                      const int64_t *order, double *state) {
  const bai_kernels *kernels = bai_kernels_of(context);
  int64_t last = -1;
  for (int64_t i = 0; i < rows->count; i++) {
    const int64_t at = order[i];
    double *row = rows->rows + at * rows->stride;
    const double time = rows->times ? rows->times[at] : bai_not_a_number();
    if (i == 0 || (rows->groups && rows->groups[at] != rows->groups[last])) memset(state, 0, (size_t)series->size * 8);
    last = at;
    bai_series_update(kernels, series, row, time, state, state + series->size, row + inputs);
    const ba_status status = i % 1024 == 1023 ? bai_check_cancel(context) : BA_OK;
    if (status) return status;
  }
  return BA_OK;
}

ba_status bai_series_fill(ba_context *context, const bai_series *series, int64_t inputs, const bai_series_rows *rows) {
  int64_t *order = NULL;
  double *state = NULL;
  if (series->count == 0) return BA_OK;
  ba_status status = bai_alloc_zero(context, series->size + series->scratch, 8, &state);
  if (!status && (rows->groups || rows->times)) status = order_rows(context, rows, &order);
  if (!status)
    status = order ? fill(context, series, inputs, rows, order, state) : fill_run(context, series, inputs, rows, state);
  bai_free(context, order);
  bai_free(context, state);
  return status;
}
