/* SPDX-License-Identifier: MIT
 *
 * test_restart.c: a stream of every term that lives in processes which are killed, 1,000 of them, against one that
 * never stopped; and the golden state of format 1, which goes on for ever with the numbers of its table.
 * BA_TEST_WRITE_GOLDEN=FOLDER ./test_features_restart writes stream1.bin and stream1.tsv there (once a format).
 */
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "features/term_text.h"
#include "support/temp.h"

enum { ROWS = 20000, GROUPS = 5, KILLS = 1000, INPUTS = 6, RECIPE = 4096, TERMS_AT_LEAST = 33 };

typedef struct tick {
  const char *group;
  double time, inputs[INPUTS];
} tick;

/* Prices of five groups, on which times repeat, come late or are not known, and numbers are missing. */
static void make_ticks(tick *ticks, int64_t count) {
  static const char *const names[GROUPS] = {"", "BTC", "ETH", "a name of \xc3\xa9 letters", "the last"};
  uint64_t seed = 11;
  double price = 100.0, time = 1.7e9;
  for (int64_t i = 0; i < count; i++) {
    const uint64_t kind = making_bits(&seed) % 50;
    price *= 1.0 + 0.01 * making_real(&seed);
    time += floor(2.0 + 2.0 * making_real(&seed));
    ticks[i].group = names[making_bits(&seed) % GROUPS];
    ticks[i].time = kind == 0 ? NAN : kind == 1 ? time - 40.0 : time;
    ticks[i].inputs[0] = kind == 2 ? NAN : kind == 3 ? 0.0 : price;
    for (int32_t c = 1; c < INPUTS; c++) ticks[i].inputs[c] = kind == 4 ? NAN : price + c + making_real(&seed);
  }
}

static int32_t every_term(char recipe[RECIPE]) {
  size_t at = 0;
  for (int32_t i = 0; i < bai_series_table_count; i++)
    at = term_text(recipe, at, RECIPE, &bai_series_table[i], NULL, NULL, 0);
  return bai_series_table_count;
}

static uint8_t *state_of(ba_context *context, const ba_stream *stream, int64_t *n) {
  OK(context, ba_stream_save(stream, NULL, 0, n));
  uint8_t *bytes = malloc((size_t)*n);
  assert_non_null(bytes);
  OK(context, ba_stream_save(stream, bytes, *n, n));
  return bytes;
}

/* ---- the life of a process ---- */

typedef struct worker {
  const char *recipe, *state, *outputs; /* the files: bytes of the stream behind the row that comes next; rows */
  char draft[TEMP_PATH];                /* what becomes the state when it is whole */
  const tick *ticks;
  ba_context *context;
  ba_stream *stream;
  int64_t next, width;
  int file; /* of outputs: a row is `width` numbers and 1.0 */
} worker;

/* A process has no test around it: what goes wrong ends it with a number, and the parent sees no kill. */
#define NEED(condition, code)      \
  do {                             \
    if (!(condition)) _exit(code); \
  } while (0)

static void wake(worker *w) {
  int64_t n = 0;
  NEED(ba_context_create(NULL, &w->context) == BA_OK, 10);
  NEED(ba_stream_open(w->context, w->recipe, "late=drop, duplicate=keep", &w->stream) == BA_OK, 11);
  w->width = ba_stream_width(w->stream);
  w->file = open(w->outputs, O_RDWR | O_CREAT, 0600);
  NEED(w->file >= 0, 12);
  if (access(w->state, F_OK) != 0) return; /* the first of all */
  uint8_t *bytes = temp_read(w->state, &n);
  NEED(n > 8, 13);
  memcpy(&w->next, bytes, 8);
  NEED(ba_stream_restore(w->stream, bytes + 8, n - 8) == BA_OK, 14);
  free(bytes);
}

/* One row. Where an earlier process has been here already, it must have written the same. */
static void work(worker *w) {
  double row[256], before[256];
  const size_t size = 8 * (size_t)(w->width + 1);
  const off_t at = (off_t)(w->next * (int64_t)size);
  NEED(w->width < 255 && w->next < ROWS, 15);
  const tick *t = &w->ticks[w->next++];
  NEED(ba_stream_update(w->stream, t->group, t->time, t->inputs, INPUTS, row) == BA_OK, 16);
  row[w->width] = 1.0;
  if (pread(w->file, before, size, at) == (ssize_t)size && before[w->width] == 1.0)
    NEED(memcmp(before, row, size) == 0, 17);
  NEED(pwrite(w->file, row, size, at) == (ssize_t)size, 18);
}

/* `part` of 1 writes all of the state, and one below dies on the way. */
static void save(const worker *w, double part) {
  int64_t n;
  NEED(ba_stream_save(w->stream, NULL, 0, &n) == BA_OK, 19);
  uint8_t *bytes = malloc((size_t)n + 8);
  NEED(bytes, 20);
  memcpy(bytes, &w->next, 8);
  NEED(ba_stream_save(w->stream, bytes + 8, n, &n) == BA_OK, 21);
  const int file = open(w->draft, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const size_t written = part < 1.0 ? (size_t)((double)n * part) : (size_t)n + 8;
  NEED(file >= 0 && write(file, bytes, written) == (ssize_t)written && close(file) == 0, 22);
  free(bytes);
  if (part < 1.0) raise(SIGKILL);
  NEED(rename(w->draft, w->state) == 0, 23);
}

/* Some rows, a state, some rows that are lost with the process; or until the parent ends it, wherever that is. */
static void live(worker *w, uint64_t seed, int32_t from_outside) {
  wake(w);
  const int64_t kept = (int64_t)(making_bits(&seed) % 20), lost = (int64_t)(making_bits(&seed) % 10);
  for (int64_t i = 0; i < (from_outside ? 60 : kept); i++) {
    work(w);
    if (from_outside && i % 7 == 6) save(w, 1.0);
  }
  if (from_outside) pause();
  if (making_bits(&seed) % 8 == 0) save(w, (double)(making_bits(&seed) % 100) / 100.0);
  save(w, 1.0);
  for (int64_t i = 0; i < lost; i++) work(w);
  raise(SIGKILL);
}

static int run(worker w, uint64_t seed, int32_t from_outside, int32_t to_the_end) {
  int status;
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    if (!to_the_end) live(&w, seed, from_outside);
    wake(&w);
    while (w.next < ROWS) work(&w);
    save(&w, 1.0);
    _exit(0);
  }
  if (from_outside) {
    usleep((useconds_t)(making_bits(&seed) % 4000));
    kill(child, SIGKILL);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  return status;
}

/* ---- against a stream that never stopped ---- */

static double *expected_rows(ba_context *context, const char *recipe, const tick *ticks, int64_t *width,
                             uint8_t **state, int64_t *n) {
  ba_stream *stream;
  OK(context, ba_stream_open(context, recipe, "late=drop, duplicate=keep", &stream));
  *width = ba_stream_width(stream);
  double *rows = malloc(8 * (size_t)((*width + 1) * ROWS));
  assert_non_null(rows);
  for (int64_t i = 0; i < ROWS; i++) {
    double *row = rows + i * (*width + 1);
    OK(context, ba_stream_update(stream, ticks[i].group, ticks[i].time, ticks[i].inputs, INPUTS, row));
    row[*width] = 1.0;
  }
  assert_true(ba_stream_count(stream, "late") > 100 && ba_stream_count(stream, "duplicate") > 100);
  assert_true(ba_stream_count(stream, "missing") > 500);
  *state = state_of(context, stream, n);
  ba_stream_close(stream);
  return rows;
}

static void test_a_thousand_kills(void **state) {
  static tick ticks[ROWS];
  char recipe[RECIPE], folder[TEMP_PATH], saved[TEMP_PATH], outputs[TEMP_PATH];
  int64_t width, n, size;
  uint8_t *last;
  uint64_t seed = 5;
  assert_true(every_term(recipe) >= TERMS_AT_LEAST);
  make_ticks(ticks, ROWS);
  double *expected = expected_rows(*state, recipe, ticks, &width, &last, &n);
  temp_make(folder);
  temp_join(saved, folder, "state");
  temp_join(outputs, folder, "rows");
  worker w = {.recipe = recipe, .state = saved, .outputs = outputs, .ticks = ticks, .file = -1};
  temp_join(w.draft, folder, "draft");
  for (int32_t kills = 0; kills < KILLS; kills++) {
    const int status = run(w, making_bits(&seed), kills % 4 == 3, 0);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
      fail_msg("process %d ended with %d", kills, WEXITSTATUS(status));
  }
  assert_int_equal(run(w, 0, 0, 1), 0);
  double *rows = (double *)temp_read(outputs, &size);
  assert_int_equal(size, 8 * (width + 1) * ROWS);
  assert_memory_equal(rows, expected, (size_t)size);
  uint8_t *bytes = temp_read(saved, &size);
  assert_int_equal(size - 8, n);
  assert_memory_equal(bytes + 8, last, (size_t)n);
  free(bytes);
  free(rows);
  free(expected);
  free(last);
  temp_remove(folder);
}

/* ---- the state of format 1 ---- */

enum { BEFORE = 400, AFTER = 100 };

static uint64_t bits_of(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static double take_number(char **at) {
  double value;
  assert_true(**at == '\t');
  const uint64_t bits = strtoull(*at + 1, at, 16);
  memcpy(&value, &bits, sizeof value);
  return value;
}

static void feed(ba_context *context, ba_stream *stream, const tick *ticks, int64_t count) {
  for (int64_t i = 0; i < count; i++)
    OK(context, ba_stream_update(stream, ticks[i].group, ticks[i].time, ticks[i].inputs, INPUTS, NULL));
}

/* The recipe; then of each row the group, and the bits of its time, its inputs and what the terms make of it. */
static void write_golden(ba_context *context, const char *folder) {
  tick ticks[BEFORE + AFTER];
  char recipe[RECIPE], path[TEMP_PATH];
  double row[256];
  ba_stream *stream;
  int64_t n;
  every_term(recipe);
  make_ticks(ticks, BEFORE + AFTER);
  OK(context, ba_stream_open(context, recipe, NULL, &stream));
  feed(context, stream, ticks, BEFORE);
  uint8_t *bytes = state_of(context, stream, &n);
  temp_write(path, folder, "stream1.bin", bytes, n);
  free(bytes);
  temp_join(path, folder, "stream1.tsv");
  FILE *table = fopen(path, "w");
  assert_non_null(table);
  fprintf(table, "%s\n", recipe);
  for (const tick *t = ticks + BEFORE; t < ticks + BEFORE + AFTER; t++) {
    OK(context, ba_stream_update(stream, t->group, t->time, t->inputs, INPUTS, row));
    fprintf(table, "%s\t%016llx", t->group, (unsigned long long)bits_of(t->time));
    for (int32_t i = 0; i < INPUTS; i++) fprintf(table, "\t%016llx", (unsigned long long)bits_of(t->inputs[i]));
    for (int64_t i = 0; i < ba_stream_width(stream); i++)
      fprintf(table, "\t%016llx", (unsigned long long)bits_of(row[i]));
    fprintf(table, "\n");
  }
  fclose(table);
  ba_stream_close(stream);
}

/* A row of the table, and what the stream makes of it; returns where the next row begins. */
static char *check_line(ba_context *context, ba_stream *stream, char *line) {
  const int64_t width = ba_stream_width(stream);
  double inputs[INPUTS], row[256];
  char *at = strchr(line, '\t');
  assert_true(at && width <= 256);
  char *const mark = at;
  const double time = take_number(&at);
  for (int32_t i = 0; i < INPUTS; i++) inputs[i] = take_number(&at);
  *mark = '\0';
  OK(context, ba_stream_update(stream, line, time, inputs, INPUTS, row));
  for (int64_t i = 0; i < width; i++) {
    char name[200];
    int64_t length;
    const double wanted = take_number(&at);
    if (bits_of(wanted) == bits_of(row[i])) continue;
    OK(context, ba_stream_column_name(stream, i, name, sizeof name, &length));
    fail_msg("%s: %.17g, of the table %.17g", name, row[i], wanted);
  }
  assert_true(*at == '\n');
  return at + 1;
}

static void test_the_state_of_format_1(void **state) {
  ba_context *context = *state;
  const char *folder = getenv("BA_TEST_WRITE_GOLDEN");
  if (folder) write_golden(context, folder);
  tick ticks[BEFORE];
  ba_stream *stream, *fed;
  int64_t n, m, length, rows = 0;
  uint8_t *bytes = temp_read(BA_TEST_SOURCE_DIR "/tests/golden/stream1.bin", &n);
  char *text = (char *)temp_read(BA_TEST_SOURCE_DIR "/tests/golden/stream1.tsv", &length), *end = strchr(text, '\n');
  assert_true(end && n < 65536);
  *end = '\0';
  OK(context, ba_stream_open(context, text, NULL, &stream));
  OK(context, ba_stream_open(context, text, NULL, &fed));
  OK(context, ba_stream_restore(stream, bytes, n));
  /* Today's writer still makes these bytes: of what it has read, and of the rows. */
  make_ticks(ticks, BEFORE);
  feed(context, fed, ticks, BEFORE);
  for (int32_t i = 0; i < 2; i++) {
    uint8_t *again = state_of(context, i ? fed : stream, &m);
    assert_int_equal(m, n);
    assert_memory_equal(again, bytes, (size_t)n);
    free(again);
  }
  for (char *line = end + 1; *line; rows++) line = check_line(context, stream, line);
  assert_int_equal(rows, AFTER);
  ba_stream_close(stream);
  ba_stream_close(fed);
  free(text);
  free(bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_a_thousand_kills, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_the_state_of_format_1, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
