/* SPDX-License-Identifier: MIT
 *
 * test_piece.c: sums over packed rows against those over the rows themselves: the same bytes of a partial, in whatever
 * portions the pieces come; and bytes that are damaged, out of order or of another run.
 */
#include "train/piece.h"

#include "model/making.h"
#include "support/fault.h"

enum { BLOCK = 4096, ROWS = BLOCK + 300, LEAST = 1, MOST = 400, HEAD = 88 };

/* Sequences, and numbers for a table. */
static ba_dataset *sequences_of(ba_context *context, int64_t rows, int32_t classes, const char *alphabet) {
  static const char *texts[ROWS];
  static double weights[ROWS];
  static const char *const names[] = {"a", "b", "c"}, *const numbers[] = {"1.5", "7", "-2e-3"};
  uint64_t seed = 12;
  ba_dataset *dataset;
  for (int64_t i = 0; i < rows; i++) {
    texts[i] = (classes ? names : numbers)[making_bits(&seed) % (classes ? (uint64_t)classes : 3)];
    weights[i] = 0.25 + (double)(making_bits(&seed) % 64) / 32.0;
  }
  ba_records *records = making_records(context, rows, LEAST, MOST, alphabet, 4);
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, ba_dataset_add_records(dataset, records, texts, classes == 3 ? NULL : weights, NULL, BA_PART_TRAIN));
  ba_records_release(records);
  return dataset;
}

static ba_dataset *table_of(ba_context *context, int64_t rows, int32_t floats) {
  static const char *const names[] = {"x", "y", "label", "shift"};
  const int64_t shape[1] = {rows};
  uint64_t seed = 13;
  ba_dataset *dataset;
  ba_table *table;
  OK(context, ba_table_create(context, rows, &table));
  for (int32_t c = 0; c < 4; c++) {
    ba_array *array;
    OK(context, ba_array_create(context, BA_FLOAT64, 1, shape, &array));
    double *to = ba_array_data_mut(array);
    for (int64_t i = 0; i < rows; i++) {
      const double number = making_real(&seed);
      to[i] = c == 2 ? (double)(number > 0) : floats ? (double)(float)number : number;
    }
    OK(context, ba_table_add_array(table, names[c], array, NULL));
    ba_array_release(array);
  }
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, ba_dataset_add_table(dataset, table, floats ? "target=label" : "target=label, offset=shift"));
  ba_table_release(table);
  return dataset;
}

static uint8_t *saved(ba_context *context, const ba_partial *partial, int64_t *n) {
  OK(context, ba_partial_save(partial, NULL, 0, n));
  uint8_t *bytes = malloc((size_t)*n);
  assert_non_null(bytes);
  OK(context, ba_partial_save(partial, bytes, *n, n));
  return bytes;
}

static uint8_t *packed(ba_context *context, ba_partial *partial, ba_dataset *dataset, int64_t first, int64_t *n) {
  OK(context, ba_partial_pack(partial, dataset, first, NULL, 0, n));
  uint8_t *bytes = malloc((size_t)*n + 8);
  assert_non_null(bytes);
  OK(context, ba_partial_pack(partial, dataset, first, bytes, *n, n));
  return bytes;
}

/* The request of the second point, when weights are no longer 0; rounds before it cannot be packed for. */
static uint8_t *ask(ba_context *context, const char *recipe, int32_t classes, ba_dataset *dataset, int64_t *n) {
  static const char *const names[] = {"c", "a", "b"}, *const two[] = {"b", "a"}, *const numbered[] = {"1", "0"};
  const char *const *own = strstr(recipe, "Column") ? numbered : classes == 3 ? names : two;
  ba_solver *solver;
  uint8_t *request = NULL;
  int64_t passes = 0;
  OK(context, ba_solver_create(context, recipe, classes ? own : NULL, classes, "length=400", &solver));
  for (;;) {
    ba_partial *all;
    OK(context, ba_solver_ask(solver, NULL, 0, n));
    request = realloc(request, (size_t)*n);
    OK(context, ba_solver_ask(solver, request, *n, n));
    if (passes) break;
    OK(context, ba_partial_create(context, request, *n, &all));
    OK(context, ba_partial_accumulate(all, dataset, 0));
    OK(context, ba_solver_tell(solver, all));
    ba_solver_metrics(solver, NULL, &passes, NULL, NULL);
    int64_t size;
    if (passes == 0) REFUSED(context, ba_partial_pack(all, dataset, 0, NULL, 0, &size), BA_ERR_UNSUPPORTED, "learns");
    ba_partial_destroy(all);
  }
  ba_solver_destroy(solver);
  return request;
}

static int64_t length_at(const uint8_t *at) {
  int64_t length;
  memcpy(&length, at, 8);
  return length;
}

/* How numbers stand in the first piece. */
static int32_t form_of(const uint8_t *bytes) {
  int32_t form;
  memcpy(&form, bytes + 16 + sizeof(bai_piece_head), 4);
  return form;
}

static void check_same(ba_context *context, const char *recipe, int32_t classes, ba_dataset *dataset, int32_t form) {
  int64_t n, size, expected_size, got_size, pieces = 0;
  ba_partial *partial;
  uint8_t *request = ask(context, recipe, classes, dataset, &n);
  OK(context, ba_partial_create(context, request, n, &partial));
  OK(context, ba_partial_accumulate(partial, dataset, 3 * BLOCK));
  uint8_t *expected = saved(context, partial, &expected_size);
  uint8_t *bytes = packed(context, partial, dataset, 3 * BLOCK, &size);
  ba_partial_destroy(partial);
  if (form_of(bytes) != form) fail_msg("%s: form %d", recipe, form_of(bytes));
  for (int32_t way = 0; way < 3; way++) { /* all at once, piece by piece, and from where nothing is aligned */
    (void)making_level(context, way);
    OK(context, ba_partial_create(context, request, n, &partial));
    if (way == 2) memmove(bytes + 3, bytes, (size_t)size);
    if (way != 1) OK(context, ba_partial_accumulate_packed(partial, bytes + (way == 2 ? 3 : 0), size));
    for (int64_t at = 0; way == 1 && at < size; at += length_at(bytes + at), pieces++)
      OK(context, ba_partial_accumulate_packed(partial, bytes + at, length_at(bytes + at)));
    uint8_t *got = saved(context, partial, &got_size);
    if (got_size != expected_size || memcmp(got, expected, (size_t)got_size)) fail_msg("%s: other sums", recipe);
    assert_int_equal(ba_partial_rows(partial), ba_dataset_rows(dataset, BA_PART_ALL));
    free(got);
    ba_partial_destroy(partial);
  }
  assert_true(pieces >= 2); /* one a block at least */
  free(bytes);
  free(expected);
  free(request);
  ba_dataset_destroy(dataset);
}

static void test_sequences(void **state) {
  ba_context *c = *state;
  check_same(c, "Kmer(k=5) | Logistic()", 2, sequences_of(c, ROWS, 2, "ACGTN"), BAI_PIECE_COUNTS);
  check_same(c, "Kmer(k=3..6, strand=canonical, value=sqrt) | Logistic(class_weight=balanced)", 2,
             sequences_of(c, ROWS, 2, "ACGT"), BAI_PIECE_COUNTS);
  check_same(c, "Kmer(k=12, slots=1048576, value=binary) | Softmax()", 3, sequences_of(c, ROWS, 3, "ACGT"),
             BAI_PIECE_COUNTS);
  check_same(c, "Kmer(k=1, value=sqrt) + Kmer(k=2) | Linear()", 0, sequences_of(c, ROWS, 0, "AAAAAAAC"),
             BAI_PIECE_WIDE);
  check_same(c, "Kmer(k=4) + Length() + Entropy() | Standardize() | Logistic()", 2, sequences_of(c, ROWS, 2, "ACGT"),
             BAI_PIECE_VALUES);
}

static void test_tables(void **state) {
  ba_context *c = *state;
  check_same(c, "Column(column=x) + Column(column=y) | Logistic()", 2, table_of(c, 3 * BLOCK + 5, 1), BAI_PIECE_FLOATS);
  check_same(c, "Column(column=x) + Column(column=y) | Logistic()", 2, table_of(c, 3 * BLOCK + 5, 0),
             BAI_PIECE_NUMBERS);
  check_same(c, "Column(column=x) + Column(column=y) | Standardize() | Logistic()", 2, table_of(c, 3 * BLOCK, 1),
             BAI_PIECE_NUMBERS);
}

static void test_order(void **state) {
  ba_context *c = *state;
  int64_t n, size, m;
  ba_partial *partial, *other;
  ba_dataset *dataset = sequences_of(c, ROWS, 2, "ACGT");
  uint8_t *request = ask(c, "Kmer(k=5) | Logistic()", 2, dataset, &n);
  OK(c, ba_partial_create(c, request, n, &partial));
  OK(c, ba_partial_create(c, request, n, &other));
  uint8_t *bytes = packed(c, partial, dataset, 0, &size);
  const int64_t first = length_at(bytes), second = length_at(bytes + first);
  REFUSED(c, ba_partial_accumulate_packed(partial, bytes + first, second), BA_ERR_ARGUMENT, "from 0 on");
  OK(c, ba_partial_accumulate_packed(partial, bytes, first));
  REFUSED(c, ba_partial_accumulate_packed(partial, bytes, first), BA_ERR_ARGUMENT, "a piece from row 0 on");
  REFUSED(c, ba_partial_save(partial, NULL, 0, &m), BA_ERR_ARGUMENT, "has not come yet");
  REFUSED(c, ba_partial_merge(other, partial), BA_ERR_ARGUMENT, "has not come yet");
  OK(c, ba_partial_accumulate_packed(partial, bytes + first, size - first));
  OK(c, ba_partial_accumulate_packed(partial, bytes, size)); /* again: it stays as it is */
  assert_int_equal(ba_partial_rows(partial), ROWS);
  ba_partial_destroy(other);
  free(request);
  request = ask(c, "Kmer(k=4) | Logistic()", 2, dataset, &n);
  OK(c, ba_partial_create(c, request, n, &other));
  REFUSED(c, ba_partial_accumulate_packed(other, bytes, size), BA_ERR_ARGUMENT, "of another run");
  REFUSED(c, ba_partial_pack(other, dataset, 5, NULL, 0, &m), BA_ERR_ARGUMENT, "multiple of 4096");
  ba_context_cancel(c);
  assert_int_equal(ba_partial_accumulate_packed(partial, bytes, size), BA_ERR_CANCELLED);
  OK(c, ba_context_reset(c));
  OK(c, ba_partial_accumulate_packed(partial, bytes, size));
  ba_partial_destroy(partial);
  ba_partial_destroy(other);
  free(bytes);
  free(request);
  ba_dataset_destroy(dataset);
}

/* Every byte of the head, and some behind it, with the checksum mended: nothing outside is read, which the sanitizers
 * watch, and without it mended all is refused. */
static void test_damage(void **state) {
  static const char *const recipes[] = {"Kmer(k=2..3) | Logistic()", "Column(column=x) | Logistic()",
                                        "Kmer(k=2) + Entropy() | Logistic()"};
  ba_context *c = *state;
  for (int32_t r = 0; r < 3; r++) {
    int64_t n, size;
    ba_partial *partial;
    ba_dataset *dataset = r == 1 ? table_of(c, 40, 0) : sequences_of(c, 40, 2, "ACGT");
    uint8_t *request = ask(c, recipes[r], 2, dataset, &n);
    OK(c, ba_partial_create(c, request, n, &partial));
    uint8_t *bytes = packed(c, partial, dataset, 0, &size), *wrong = malloc((size_t)size);
    assert_non_null(wrong);
    for (int64_t at = 0; at < size; at += at < HEAD + 700 ? 1 : 37)
      for (int32_t mended = 0; mended < 2; mended++) {
        memcpy(wrong, bytes, (size_t)size);
        wrong[at] ^= (uint8_t)(1 << at % 8);
        bai_piece_head head;
        uint32_t crc = bai_kernels_of(c)->crc32c(0, wrong + 16, size - 16);
        if (mended) memcpy(wrong + 12, &crc, 4);
        memcpy(&head, wrong + 16, sizeof head);
        const ba_status status = ba_partial_accumulate_packed(partial, wrong, size);
        if (!mended && status == BA_OK) fail_msg("byte %lld: not refused", (long long)at);
        if (status == BA_OK && head.rows < head.all) { /* it awaits more */
          ba_partial_destroy(partial);
          OK(c, ba_partial_create(c, request, n, &partial));
        }
      }
    for (int64_t cut = 0; cut < size; cut += 11)
      if (cut) assert_int_not_equal(ba_partial_accumulate_packed(partial, bytes, cut), BA_OK);
    ba_partial_destroy(partial);
    free(bytes);
    free(wrong);
    free(request);
    ba_dataset_destroy(dataset);
  }
}

typedef struct given {
  uint8_t *request, *bytes;
  int64_t n, size;
} given;

static ba_status life(ba_context *context, void *argument) {
  const given *g = argument;
  ba_partial *partial = NULL;
  ba_status status = ba_partial_create(context, g->request, g->n, &partial);
  if (!status) status = ba_partial_accumulate_packed(partial, g->bytes, g->size);
  ba_partial_destroy(partial);
  return status;
}

static void test_memory(void **state) {
  ba_context *c = *state;
  given g;
  ba_partial *partial;
  ba_dataset *dataset = sequences_of(c, 300, 2, "ACGT");
  g.request = ask(c, "Kmer(k=2..3) | Logistic()", 2, dataset, &g.n);
  OK(c, ba_partial_create(c, g.request, g.n, &partial));
  g.bytes = packed(c, partial, dataset, 0, &g.size);
  ba_partial_destroy(partial);
  ba_dataset_destroy(dataset);
  assert_true(fault_sweep(life, &g) > 10);
  free(g.bytes);
  free(g.request);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_sequences, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_tables, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_order, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_damage, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_memory, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
