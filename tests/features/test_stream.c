/* SPDX-License-Identifier: MIT
 *
 * test_stream.c: streams of every term, saved and restored on the way, against the same rows as a table; policies for
 * times; bytes that are none of ours.
 */
#include <math.h>
#include <stdio.h>

#include "features/stream.h"
#include "features/term_text.h"
#include "support/fault.h"

enum { ROWS = 500, GROUPS = 3 };

/* Every term with its usual keys, and with each word of its keys. */
static void write_recipe(char *text, size_t room) {
  size_t at = 0;
  for (int32_t i = 0; i < bai_series_table_count; i++) {
    const bai_term_spec *spec = &bai_series_table[i];
    at = term_text(text, at, room, spec, NULL, NULL, 0);
    for (const bai_key *vary = spec->keys; vary < spec->keys + BAI_TERM_KEYS && vary->name; vary++) {
      if (vary->type != BAI_KEY_WORD || strcmp(vary->name, "missing") == 0) continue;
      for (const char *word = strchr(vary->words, '|'); word; word = strchr(word + 1, '|'))
        at = term_text(text, at, room, spec, vary, word + 1, strcspn(word + 1, "|"));
    }
  }
}

typedef struct sample {
  double x[ROWS], time[ROWS];
  int32_t group[ROWS];
} sample;

static void make_sample(sample *s) {
  uint64_t seed = 3;
  double x = 100.0, time = 0.0;
  for (int32_t i = 0; i < ROWS; i++) {
    x *= 1.0 + 0.01 * making_real(&seed);
    time += floor(3.0 + 3.0 * making_real(&seed));
    s->x[i] = i % 41 == 40 ? NAN : i % 37 == 36 ? 0.0 : x;
    s->time[i] = time;
    s->group[i] = (int32_t)(making_bits(&seed) % GROUPS);
  }
}

static const char *name_of(int32_t group) {
  static const char *const names[GROUPS] = {"", "BTC", "a name of \xc3\xa9 letters"};
  return names[group];
}

static void fill_inputs(const ba_stream *stream, const sample *s, int32_t i, double *inputs) {
  for (int64_t c = 0; c < ba_stream_inputs(stream); c++)
    inputs[c] = s->x[i] + (ba_stream_input_name(stream, c)[0] == 'x' ? 0.0 : (double)(i % 5) + (double)c);
}

static uint8_t *bytes_of(ba_context *context, const ba_stream *stream, int64_t *n) {
  OK(context, ba_stream_save(stream, NULL, 0, n));
  uint8_t *bytes = malloc((size_t)*n);
  assert_non_null(bytes);
  OK(context, ba_stream_save(stream, bytes, *n, n));
  return bytes;
}

static void revive(ba_context *context, const char *recipe, ba_stream **stream) {
  int64_t n;
  uint8_t *bytes = bytes_of(context, *stream, &n);
  ba_stream_close(*stream);
  OK(context, ba_stream_open(context, recipe, NULL, stream));
  OK(context, ba_stream_restore(*stream, bytes, n));
  free(bytes);
}

static void recipe_parts(ba_context *context, char *text, void (*check)(ba_context *, const char *)) {
  /* A recipe has at most 4,096 letters. */
  while (text) {
    char *end = text;
    for (char *plus = strchr(text, '+'); plus && plus - text < 4000; plus = strchr(plus + 1, '+')) end = plus;
    if (strlen(text) < 4000) end = text + strlen(text);
    const char last = *end;
    *end = 0;
    check(context, text);
    text = last ? end + 1 : NULL;
  }
}

static void check_stream(ba_context *context, const char *recipe) {
  static sample s;
  ba_stream *stream;
  uint64_t seed = 8;
  double inputs[16];
  make_sample(&s);
  OK(context, ba_stream_open(context, recipe, NULL, &stream));
  const bai_plan *plan = stream->shared->plans[0];
  const int64_t n = ba_stream_inputs(stream), width = ba_stream_width(stream), stride = n + width;
  double *rows = calloc((size_t)(ROWS * stride), 8), *out = calloc((size_t)width, 8), *seen = calloc((size_t)width, 8);
  assert_true(rows && out && seen);
  for (int32_t i = 0; i < ROWS; i++) fill_inputs(stream, &s, i, rows + i * stride);
  const bai_series_rows table = {rows, stride, ROWS, s.group, s.time};
  OK(context, bai_series_fill(context, &plan->series, n, &table));
  int64_t kills = 0;
  for (int32_t i = 0; i < ROWS; i++) {
    if (making_bits(&seed) % 5 == 0) {
      revive(context, recipe, &stream);
      kills++;
    }
    fill_inputs(stream, &s, i, inputs);
    OK(context, ba_stream_peek(stream, name_of(s.group[i]), s.time[i], inputs, n, seen));
    OK(context, ba_stream_update(stream, name_of(s.group[i]), s.time[i], inputs, n, out));
    SAME_BITS(seen, out, width);
    for (int64_t c = 0; c < width; c++) {
      char name[200];
      int64_t length;
      if (memcmp(out + c, rows + i * stride + n + c, 8) == 0) continue;
      OK(context, ba_stream_column_name(stream, c, name, sizeof name, &length));
      fail_msg("%s, row %d: %.17g, of the table %.17g", name, i, out[c], rows[i * stride + n + c]);
    }
  }
  assert_true(kills >= 90);
  assert_int_equal(ba_stream_count(stream, "rows"), ROWS);
  assert_int_equal(ba_stream_count(stream, "groups"), GROUPS);
  assert_int_equal(ba_stream_count(stream, "missing"), ROWS / 41);
  assert_int_equal(ba_stream_count(stream, "others"), -1);
  ba_stream_close(stream);
  free(rows);
  free(out);
  free(seen);
}

static void test_every_term_as_a_table(void **state) {
  char text[32768];
  write_recipe(text, sizeof text);
  recipe_parts(*state, text, check_stream);
}

#define RECIPE "Lag(column=x) + Rolling(column=x, window=3, stat=median) + EWMA(column=x)"

static void feed(ba_context *context, ba_stream *stream, const sample *s, int32_t from, int32_t to, int32_t group) {
  double inputs[2];
  for (int32_t i = from; i < to; i++) {
    fill_inputs(stream, s, i, inputs);
    if (group < 0 || s->group[i] == group)
      OK(context, ba_stream_update(stream, name_of(s->group[i]), s->time[i], inputs, 1, NULL));
  }
}

static void same_streams(ba_context *context, const ba_stream *a, const ba_stream *b) {
  int64_t n, m;
  uint8_t *x = bytes_of(context, a, &n), *y = bytes_of(context, b, &m);
  assert_int_equal(n, m);
  assert_memory_equal(x, y, (size_t)n);
  free(x);
  free(y);
}

/* Rows at once, in pieces of many sizes, beside the same rows one by one; some of them come late or again. */
static void check_rows(ba_context *context, const char *recipe) {
  static sample s;
  ba_stream *one, *many;
  uint64_t seed = 5;
  make_sample(&s);
  for (int32_t timed = 0; timed < 2; timed++) {
    OK(context, ba_stream_open(context, recipe, NULL, &one));
    OK(context, ba_stream_open(context, recipe, NULL, &many));
    const int64_t n = ba_stream_inputs(one), width = ba_stream_width(one);
    double *inputs = calloc((size_t)(ROWS * n), 8), *out = calloc((size_t)(ROWS * width), 8);
    double *expected = calloc((size_t)(ROWS * width), 8);
    assert_true(inputs && out && expected);
    for (int32_t i = 0; i < ROWS; i++) {
      fill_inputs(one, &s, i, inputs + i * n);
      if (i % 97 == 96) s.time[i] = s.time[i - 5];
      const double time = timed ? s.time[i] : NAN;
      OK(context, ba_stream_update(one, "a", time, inputs + i * n, n, expected + i * width));
    }
    for (int64_t at = 0, count; at < ROWS; at += count) {
      count = (int64_t)(making_bits(&seed) % 300);
      if (count > ROWS - at) count = ROWS - at;
      const double *times = timed ? s.time + at : NULL;
      OK(context, ba_stream_update_rows(many, "a", times, inputs + at * n, count, n, out + at * width));
    }
    SAME_BITS(out, expected, ROWS * width);
    int64_t length, other;
    uint8_t *bytes = bytes_of(context, one, &length), *others = bytes_of(context, many, &other);
    assert_int_equal(length, other);
    assert_memory_equal(bytes, others, (size_t)length);
    assert_int_equal(ba_stream_count(many, "late") > 0, timed);
    free(bytes);
    free(others);
    free(inputs);
    free(out);
    free(expected);
    ba_stream_close(one);
    ba_stream_close(many);
  }
}

static void test_rows_at_once(void **state) {
  char text[32768];
  write_recipe(text, sizeof text);
  recipe_parts(*state, text, check_rows);
  /* Windows that end within what is taken at once, and alone, so that nothing stands between the results. */
  check_rows(*state, "Rolling(column=x, stat=std, window=40)");
  check_rows(*state, "Rolling(column=x, stat=min, window=40)");
  check_rows(*state, "EWMA(column=x, seed=mean, window=9) + Rolling(column=x, stat=median, window=33)");
}

static void test_rows_are_refused(void **state) {
  ba_context *context = *state;
  ba_stream *stream;
  const double x[] = {1.0, 2.0, 3.0, 4.0}, times[] = {1.0, 2.0, 1.5, 4.0};
  double out[4];
  OK(context, ba_stream_open(context, "Lag(column=x)", "late=error", &stream));
  assert_int_equal(ba_stream_update_rows(stream, NULL, times, x, 4, 1, out), BA_ERR_NUMBER);
  assert_int_equal(ba_stream_count(stream, "rows"), 2);
  assert_true(isnan(out[0]) && out[1] == 1.0);
  assert_int_equal(ba_stream_update_rows(stream, NULL, NULL, x, 4, 2, out), BA_ERR_SHAPE);
  assert_int_equal(ba_stream_update_rows(stream, NULL, NULL, x, -1, 1, out), BA_ERR_ARGUMENT);
  assert_int_equal(ba_stream_update_rows(stream, NULL, NULL, x, 4, 1, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_stream_update_rows(NULL, NULL, NULL, x, 4, 1, out), BA_ERR_ARGUMENT);
  OK(context, ba_stream_update_rows(stream, NULL, NULL, NULL, 0, 1, NULL));
  assert_int_equal(ba_stream_count(stream, "rows"), 2);
  ba_stream_close(stream);
}

static void test_copies_go_their_own_way(void **state) {
  ba_context *context = *state;
  static sample s;
  ba_stream *stream, *copy, *again;
  make_sample(&s);
  OK(context, ba_stream_open(context, RECIPE, NULL, &stream));
  feed(context, stream, &s, 0, 200, -1);
  OK(context, ba_stream_copy(stream, &copy));
  same_streams(context, stream, copy);
  OK(context, ba_stream_copy(copy, &again));
  feed(context, copy, &s, 200, 300, -1);
  same_streams(context, stream, again);
  ba_stream_close(stream);
  feed(context, again, &s, 200, 300, -1);
  same_streams(context, copy, again);
  ba_stream_close(copy);
  ba_stream_close(again);
}

static void test_merge_of_groups(void **state) {
  ba_context *context = *state;
  static sample s;
  ba_stream *all, *parts[GROUPS], *other;
  make_sample(&s);
  OK(context, ba_stream_open(context, RECIPE, NULL, &all));
  for (int32_t g = 0; g < GROUPS; g++) OK(context, ba_stream_open(context, RECIPE, "max_groups=3", &parts[g]));
  for (int32_t g = 0; g < GROUPS; g++) {
    feed(context, all, &s, 0, ROWS, g);
    feed(context, parts[g], &s, 0, ROWS, g);
    if (g) OK(context, ba_stream_merge(parts[0], parts[g]));
  }
  same_streams(context, all, parts[0]);
  REFUSED(context, ba_stream_merge(parts[0], parts[1]), BA_ERR_UNSUPPORTED, "both streams have the group \"BTC\"");
  REFUSED(context, ba_stream_merge(all, all), BA_ERR_ARGUMENT, "another stream");
  same_streams(context, all, parts[0]);
  OK(context, ba_stream_open(context, "Lag(column=x)", NULL, &other));
  REFUSED(context, ba_stream_merge(all, other), BA_ERR_ARGUMENT, "different recipes");
  ba_stream_close(other);
  OK(context, ba_stream_open(context, RECIPE, NULL, &other));
  OK(context, ba_stream_update(other, "one more", 0.0, s.x, 1, NULL));
  REFUSED(context, ba_stream_merge(parts[0], other), BA_ERR_LIMIT, "more than 3 groups");
  REFUSED(context, ba_stream_update(parts[0], "one more", 0.0, s.x, 1, NULL), BA_ERR_LIMIT, "larger max_groups");
  ba_stream_close(other);
  ba_stream_close(all);
  for (int32_t g = 0; g < GROUPS; g++) ba_stream_close(parts[g]);
}

static void test_times(void **state) {
  ba_context *context = *state;
  ba_stream *stream;
  double out = 0.0, x = 1.0;
  OK(context, ba_stream_open(context, "Lag(column=x)", NULL, &stream));
  assert_string_equal(ba_stream_input_name(stream, 0), "x");
  assert_null(ba_stream_input_name(stream, 1));
  OK(context, ba_stream_update(stream, "a", 10.0, &x, 1, &out));
  assert_true(out != out);
  x = 2.0;
  OK(context, ba_stream_update(stream, "a", 9.0, &x, 1, &out)); /* late, and dropped */
  assert_true(out != out);
  OK(context, ba_stream_update(stream, "b", 9.0, &x, 1, &out));  /* another series */
  OK(context, ba_stream_update(stream, "a", 10.0, &x, 1, &out)); /* a duplicate, and kept */
  assert_true(out == 1.0);
  OK(context, ba_stream_update(stream, "a", NAN, &x, 1, &out)); /* without a time, never late */
  assert_true(out == 2.0);
  OK(context, ba_stream_update(stream, "a", 1.0, &x, 1, &out));
  assert_int_equal(ba_stream_count(stream, "late"), 1);
  assert_int_equal(ba_stream_count(stream, "duplicate"), 1);
  assert_int_equal(ba_stream_count(stream, "rows"), 5);
  ba_stream_close(stream);
  OK(context, ba_stream_open(context, "Lag(column=x)", "late=error, duplicate=drop", &stream));
  OK(context, ba_stream_update(stream, NULL, 10.0, &x, 1, &out));
  REFUSED(context, ba_stream_update(stream, "", 9.5, &x, 1, &out), BA_ERR_NUMBER,
          "group \"\": a row of time 9.5 came after one of time 10; expected times that rise, or late=drop");
  OK(context, ba_stream_peek(stream, NULL, 10.0, &x, 1, &out));
  assert_true(out != out);
  OK(context, ba_stream_update(stream, NULL, 10.0, &x, 1, &out));
  assert_true(out != out);
  OK(context, ba_stream_update(stream, NULL, 11.0, &x, 1, &out));
  assert_true(out == 2.0);
  assert_int_equal(ba_stream_count(stream, "rows"), 2);
  REFUSED(context, ba_stream_update(stream, NULL, 12.0, &x, 2, &out), BA_ERR_SHAPE, "expected 1, from \"x\" on");
  ba_stream_close(stream);
  OK(context, ba_stream_open(context, "Lag(column=x)", "duplicate=error", &stream));
  OK(context, ba_stream_update(stream, "z", 10.0, &x, 1, &out));
  REFUSED(context, ba_stream_update(stream, "z", 10.0, &x, 1, &out), BA_ERR_NUMBER, "duplicate=drop");
  ba_stream_close(stream);
  REFUSED(context, ba_stream_open(context, "Kmer(k=2)", NULL, &stream), BA_ERR_RECIPE, "terms over series");
  REFUSED(context, ba_stream_open(context, "Columns() + Lag(column=x)", NULL, &stream), BA_ERR_RECIPE,
          "and Column alone");
  REFUSED(context, ba_stream_open(context, "Lag(column=x)", "late=keep", &stream), BA_ERR_RECIPE, "drop");
}

static void seal(ba_context *context, uint8_t *bytes, int64_t n) {
  bai_put_u32(bytes + n - 4, bai_kernels_of(context)->crc32c(0, bytes, n - 4));
}

static void test_damaged_bytes(void **state) {
  ba_context *context = *state;
  static sample s;
  ba_stream *stream, *other;
  int64_t n;
  make_sample(&s);
  OK(context, ba_stream_open(context, RECIPE, "max_groups=3", &stream));
  feed(context, stream, &s, 0, 50, -1);
  uint8_t *bytes = bytes_of(context, stream, &n), *before = malloc((size_t)n);
  assert_non_null(before);
  memcpy(before, bytes, (size_t)n);
  for (int64_t i = 0; i < n; i++) {
    bytes[i] ^= 0x10;
    assert_true(ba_stream_restore(stream, bytes, n) != BA_OK);
    bytes[i] ^= 0x10;
    assert_true(ba_stream_restore(stream, bytes, i) != BA_OK);
  }
  bytes[8]++;
  REFUSED(context, ba_stream_restore(stream, bytes, n), BA_ERR_VERSION, "version 2; expected at most 1");
  bytes[8]--;
  bytes[24]++;
  seal(context, bytes, n);
  REFUSED(context, ba_stream_restore(stream, bytes, n), BA_ERR_LIMIT, "larger max_groups");
  bytes[24] -= 2;
  seal(context, bytes, n);
  REFUSED(context, ba_stream_restore(stream, bytes, n), BA_ERR_CORRUPT, "bytes behind the last group");
  bytes[24]++;
  memset(bytes + n - 12, 0xFF, 8);
  const double half = 0.5;
  bai_put_u64(bytes + 80 + 1 + 16, bai_bits_of_f64(half)); /* rows of the first term of the first group */
  seal(context, bytes, n);
  REFUSED(context, ba_stream_restore(stream, bytes, n), BA_ERR_CORRUPT, "a state that no rows lead to");
  memcpy(bytes, before, (size_t)n);
  bai_put_u64(bytes + 40, INT64_MAX); /* rows: one more would be too many */
  seal(context, bytes, n);
  REFUSED(context, ba_stream_restore(stream, bytes, n), BA_ERR_CORRUPT, "a counter that no rows lead to");
  OK(context, ba_stream_open(context, "Lag(column=x)", NULL, &other));
  REFUSED(context, ba_stream_restore(other, before, n), BA_ERR_ARGUMENT, "another recipe");
  ba_stream_close(other);
  int64_t m;
  uint8_t *after = bytes_of(context, stream, &m);
  assert_int_equal(n, m);
  assert_memory_equal(before, after, (size_t)n);
  free(before);
  free(after);
  free(bytes);
  ba_stream_close(stream);
}

/* Numbers that no rows lead to are safe to go on from. */
static void check_wild_state(ba_context *context, const char *recipe) {
  static const double wild[] = {NAN, INFINITY, -1e308, 1e308, 0.5, -3.0, 1e15, 0.0};
  static sample s;
  ba_stream *stream;
  uint64_t seed = 4;
  double inputs[16];
  int64_t n;
  make_sample(&s);
  for (int32_t round = 0; round < 20; round++) {
    OK(context, ba_stream_open(context, recipe, NULL, &stream));
    for (int32_t i = 0; i < 60; i++) {
      fill_inputs(stream, &s, i, inputs);
      OK(context, ba_stream_update(stream, NULL, s.time[i], inputs, ba_stream_inputs(stream), NULL));
    }
    uint8_t *bytes = bytes_of(context, stream, &n);
    for (int64_t at = 80 + 1; at + 12 <= n; at += 8)
      if (making_bits(&seed) % 4 == 0) bai_put_u64(bytes + at, bai_bits_of_f64(wild[making_bits(&seed) % 8]));
    /* The counts of rows stay, or nothing would be read. */
    ba_stream *kept;
    OK(context, ba_stream_copy(stream, &kept));
    double *record = stream->states.data, *own = kept->states.data;
    for (int64_t i = 0; i < stream->states.count; i++) record[i] = bai_f64_of_bits(bai_get_u64(bytes + 81 + 8 * i));
    for (int32_t t = 0; t < stream->shared->plans[0]->series.count; t++) {
      const int64_t at = 2 + stream->shared->plans[0]->series.terms[t].state;
      record[at] = round % 2 ? own[at] : 9007199254740992.0;
    }
    record[0] = own[0];
    free(bytes);
    bytes = bytes_of(context, stream, &n);
    ba_status status = ba_stream_restore(kept, bytes, n);
    assert_true(status == BA_OK || status == BA_ERR_CORRUPT);
    for (int32_t i = 60; i < 160; i++) {
      fill_inputs(stream, &s, i, inputs);
      OK(context, ba_stream_update(kept, NULL, NAN, inputs, ba_stream_inputs(stream), NULL));
    }
    free(bytes);
    ba_stream_close(kept);
    ba_stream_close(stream);
  }
}

static void test_wild_states_are_safe(void **state) {
  char text[32768];
  write_recipe(text, sizeof text);
  recipe_parts(*state, text, check_wild_state);
}

static ba_status life(ba_context *context, void *argument) {
  ba_stream *stream = NULL, *copy = NULL, *other = NULL;
  uint8_t bytes[4096];
  int64_t n = 0;
  double x = 1.0, out[16];
  (void)argument;
  ba_status status = ba_stream_open(context, RECIPE, NULL, &stream);
  if (!status) status = ba_stream_update(stream, "a", 1.0, &x, 1, NULL);
  if (!status) status = ba_stream_peek(stream, "b", 1.0, &x, 1, NULL);
  if (!status) status = ba_stream_update_rows(stream, "d", NULL, &x, 1, 1, out);
  if (!status) status = ba_stream_copy(stream, &copy);
  if (!status) status = ba_stream_open(context, RECIPE, NULL, &other);
  if (!status) status = ba_stream_update(other, "c", 1.0, &x, 1, NULL);
  if (!status) status = ba_stream_merge(copy, other);
  if (!status) status = ba_stream_save(copy, bytes, sizeof bytes, &n);
  if (!status) status = ba_stream_restore(other, bytes, n);
  if (!status) status = ba_stream_column_name(other, 0, NULL, 0, &n);
  ba_stream_close(stream);
  ba_stream_close(copy);
  ba_stream_close(other);
  return status;
}

static void test_every_failing_allocation(void **state) {
  (void)state;
  assert_true(fault_sweep(life, NULL) > 40);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_every_term_as_a_table, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_rows_at_once, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_rows_are_refused, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_copies_go_their_own_way, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_merge_of_groups, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_times, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_damaged_bytes, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_wild_states_are_safe, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_every_failing_allocation, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
