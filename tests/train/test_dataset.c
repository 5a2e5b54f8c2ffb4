/* SPDX-License-Identifier: MIT
 *
 * test_dataset.c: packing and unpacking, classes in order, counts, what a row takes, and that a call that fails adds
 * nothing.
 */
#include <math.h>
#include <stdio.h>

#include "model/making.h"
#include "seq/records.h"
#include "support/fault.h"
#include "support/temp.h"
#include "train/dataset.h"

/* All that can be asked of a dataset, as one text. */
static char *view(ba_context *context, ba_dataset *dataset) {
  char *text = malloc(1 << 20);
  assert_non_null(text);
  int64_t n = 0, bases, ambiguous, left_out;
  ba_dataset_counters(dataset, &bases, &ambiguous, &left_out);
  n += snprintf(text + n, 1000, "%lld %lld %lld %d:", (long long)bases, (long long)ambiguous, (long long)left_out,
                ba_dataset_classes(dataset));
  for (int32_t c = 0; c < ba_dataset_classes(dataset); c++)
    n += snprintf(text + n, 1000, " %s", ba_dataset_class_name(dataset, c));
  for (int32_t part = -1; part < 3; part++)
    n += snprintf(text + n, 1000, " %lld", (long long)ba_dataset_rows(dataset, part));
  ba_records *records = NULL;
  OK(context, ba_dataset_records(dataset, 0, ba_dataset_rows(dataset, BA_PART_ALL), &records));
  for (int64_t row = 0; row < ba_dataset_rows(dataset, BA_PART_ALL); row++) {
    int32_t label, part, fold;
    int64_t name_length, length;
    double weight;
    OK(context, ba_dataset_row(dataset, row, &label, &weight, &part, &fold));
    const char *name = ba_records_name(records, row, &name_length);
    const char *letters = ba_records_sequence(records, row, &length);
    assert_true(n + name_length + length + 200 < 1 << 20);
    n += snprintf(text + n, (size_t)((1 << 20) - n), "\n%.*s|%.*s|%d|%g|%d|%d", (int)name_length, name, (int)length,
                  letters, label, weight, part, fold);
  }
  ba_records_release(records);
  return text;
}

static void same_view(ba_context *context, ba_dataset *dataset, const char *expected) {
  char *text = view(context, dataset);
  assert_string_equal(text, expected);
  free(text);
}

static ba_dataset *empty(ba_context *context) {
  ba_dataset *dataset = NULL;
  OK(context, ba_dataset_create(context, "", &dataset));
  return dataset;
}

static ba_records *texts(ba_context *context, int64_t n, const char *const *letters) {
  char all[1000] = "";
  int64_t offsets[20] = {0};
  ba_records *records = NULL;
  for (int64_t i = 0; i < n; i++) {
    strcat(all, letters[i]);
    offsets[i + 1] = (int64_t)strlen(all);
  }
  OK(context, ba_records_create(context, all, offsets, n, &records));
  return records;
}

static void test_a_small_one(void **state) {
  static const char *const letters[] = {"ACGT", "acgun", "", "R-YKM*swb.dhvnU"};
  static const char *const labels[] = {"yes", "no", "yes", "maybe"}, *const groups[] = {"x", "y", "x", "z"};
  const double weights[] = {1.0, 0.5, 2.0, 1e-3};
  ba_dataset *dataset = empty(*state);
  same_view(*state, dataset, "0 0 0 0: 0 0 0 0");
  ba_records *records = texts(*state, 4, letters);
  OK(*state, ba_dataset_add_records(dataset, records, labels, weights, groups, BA_PART_DEV));
  same_view(
      *state, dataset,
      "24 15 0 3: maybe no yes 4 0 4 0\n|ACGT|2|1|1|-1\n|ACGTN|1|0.5|1|-1\n||2|2|1|-1\n|R-YKM*SWB.DHVNU|0|0.001|1|-1");
  ba_records_release(records);
  ba_dataset_destroy(dataset);
}

/* Whether a row has five bits a letter: more than one letter in four is other than A C G T U. */
static int32_t is_odd(const char *letters, int64_t n) {
  int64_t others = 0;
  for (int64_t i = 0; i < n; i++) others += strchr("ACGTUacgtu", letters[i]) == NULL;
  return 4 * others > n;
}

/* Case folded, U as T where most letters are bases, everything else as it was; at all lengths around bytes and pieces,
 * and at every level. */
static void test_round_trips(void **state) {
  static const int64_t lengths[] = {0, 1, 2, 3, 4, 5, 63, 64, 65, 1023, 1024, 1025, 2047, 2048, 2049, 5000};
  ba_context *context = *state;
  for (int32_t level = 0; level < 3; level++) {
    if (!making_level(context, level)) continue;
    for (int32_t alphabet = 0; alphabet < 5; alphabet++) {
      ba_dataset *dataset = empty(context);
      ba_records *all[16], *back = NULL;
      int64_t ambiguous, bases, expected_bases = 0, expected_ambiguous = 0;
      for (int32_t i = 0; i < 16; i++) {
        static const char *const alphabets[] = {
            "ACGT", "acgtuACGTUNnRy-*", "N", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz*-.", "ACGTUGGGGN"};
        all[i] = making_records(context, 3, lengths[i], lengths[i], alphabets[alphabet], (uint64_t)i);
        OK(context, making_add(dataset, all[i], 2, BA_PART_TRAIN));
      }
      OK(context, ba_dataset_records(dataset, 0, 48, &back));
      for (int64_t row = 0; row < 48; row++) {
        int64_t n, m;
        const char *was = ba_records_sequence(all[row / 3], row % 3, &n), *is = ba_records_sequence(back, row, &m);
        assert_int_equal(n, m);
        for (int64_t i = 0; i < n; i++) {
          char c = was[i];
          if (c >= 'a' && c <= 'z') c = (char)(c - 32);
          if (c == 'U' && !is_odd(was, n)) c = 'T';
          if (c != is[i]) fail_msg("row %d letter %d: %c for %c", (int)row, (int)i, is[i], was[i]);
          expected_ambiguous += strchr("ACGTU", c) == NULL;
        }
        expected_bases += n;
      }
      ba_dataset_counters(dataset, &bases, &ambiguous, NULL);
      assert_int_equal(bases, expected_bases);
      assert_int_equal(ambiguous, expected_ambiguous);
      ba_records_release(back);
      OK(context, ba_dataset_records(dataset, 17, 2, &back)); /* from the middle */
      assert_int_equal(ba_records_count(back), 2);
      for (int64_t row = 0; row < 2; row++) {
        int64_t n;
        ba_records_sequence(back, row, &n);
        assert_int_equal(n, lengths[(17 + row) / 3]);
      }
      ba_records_release(back);
      for (int32_t i = 0; i < 16; i++) ba_records_release(all[i]);
      ba_dataset_destroy(dataset);
    }
  }
}

static void check_order(ba_context *context, int32_t n, const char *const *seen, const char *const *expected) {
  ba_dataset *dataset = empty(context);
  const char *const one[] = {"ACGT"};
  ba_records *record = texts(context, 1, one);
  for (int32_t i = 0; i < n; i++) {
    OK(context, ba_dataset_add_records(dataset, record, seen + i, NULL, NULL, BA_PART_TRAIN));
    /* Also before the order is asked for row by row. */
    assert_int_equal(ba_dataset_classes(dataset), i + 1);
    assert_non_null(ba_dataset_class_name(dataset, i));
  }
  for (int32_t pass = 0; pass < 2; pass++) {
    for (int32_t i = 0; i < n; i++) assert_string_equal(ba_dataset_class_name(dataset, i), expected[i]);
    for (int32_t i = 0; i < n; i++) {
      int32_t label;
      OK(context, ba_dataset_row(dataset, i, &label, NULL, NULL, NULL));
      assert_string_equal(expected[label], seen[i]);
    }
  }
  assert_null(ba_dataset_class_name(dataset, n));
  assert_null(ba_dataset_class_name(dataset, -1));
  ba_records_release(record);
  ba_dataset_destroy(dataset);
}

static void test_the_order_of_classes(void **state) {
  static const char *const numbers[] = {"10", "9", "-1", "0", "100"}, *const by_number[] = {"-1", "0", "9", "10",
                                                                                            "100"};
  static const char *const mixed[] = {"10", "9", "x", "100"}, *const by_byte[] = {"10", "100", "9", "x"};
  static const char *const words[] = {"b", "a", "B", "\xc3\xa4", "aa"}, *const by_letter[] = {"B", "a", "aa", "b",
                                                                                              "\xc3\xa4"};
  static const char *const reals[] = {"2.5", "10.5"}, *const as_text[] = {"10.5", "2.5"};
  check_order(*state, 5, numbers, by_number);
  check_order(*state, 4, mixed, by_byte);
  check_order(*state, 5, words, by_letter);
  check_order(*state, 2, reals, as_text);
}

static void test_weight_zero_is_left_out(void **state) {
  static const char *const letters[] = {"ACGT", "CCCC", "GGGG"}, *const labels[] = {"a", "b", "a"};
  const double weights[] = {1.0, 0.0, -0.0};
  ba_dataset *dataset = empty(*state);
  ba_records *records = texts(*state, 3, letters);
  OK(*state, ba_dataset_add_records(dataset, records, labels, weights, NULL, BA_PART_TRAIN));
  same_view(*state, dataset, "4 0 2 1: a 1 1 0 0\n|ACGT|0|1|0|-1");
  ba_records_release(records);
  ba_dataset_destroy(dataset);
}

/* After each refusal the dataset is what it was, and takes rows again. */
static void test_failures_add_nothing(void **state) {
  static const char *const letters[] = {"ACGTN", "CCCC", "GGGGNN"}, *const labels[] = {"a", "new", "newer"};
  static const char *const groups[] = {"g", "h", "i"};
  static const char *const missing[] = {"later", "much later", NULL}, *const blank[] = {"later", "", "b"};
  const double negative[] = {1.0, 0.0, -1.0}, not_a_number[] = {2.0, (double)NAN, 1.0},
               endless[] = {1.0, 2.0, (double)INFINITY};
  ba_context *context = *state;
  ba_dataset *dataset = empty(context);
  ba_records *records = texts(context, 3, letters);
  int64_t record;
  OK(context, ba_dataset_add_records(dataset, records, labels, NULL, groups, BA_PART_TRAIN));
  char *before = view(context, dataset);
#define NOTHING(call, status, text, at)                \
  do {                                                 \
    REFUSED(context, call, status, text);              \
    ba_context_error_position(context, &record, NULL); \
    assert_int_equal(record, at);                      \
    same_view(context, dataset, before);               \
  } while (0)
#define ADD(labels, weights) ba_dataset_add_records(dataset, records, labels, weights, NULL, BA_PART_TEST)
  NOTHING(ADD(missing, NULL), BA_ERR_LABEL, "record 3: the label is NULL", 3);
  NOTHING(ADD(blank, NULL), BA_ERR_LABEL, "record 2: the label is empty", 2);
  NOTHING(ADD(missing, negative), BA_ERR_LABEL, "the label is NULL", 3);
  NOTHING(ADD(labels, negative), BA_ERR_LABEL, "record 3: weight -1; expected a number of 0 or more", 3);
  NOTHING(ADD(labels, not_a_number), BA_ERR_LABEL, "record 2: weight", 2);
  NOTHING(ADD(labels, endless), BA_ERR_LABEL, "record 3: weight inf", 3);
  NOTHING(ba_dataset_add_records(dataset, NULL, labels, NULL, NULL, 0), BA_ERR_ARGUMENT, "expected records", -1);
  NOTHING(ba_dataset_add_records(dataset, records, NULL, NULL, NULL, 0), BA_ERR_ARGUMENT, "labels", -1);
  NOTHING(ba_dataset_add_records(dataset, records, labels, NULL, NULL, 3), BA_ERR_ARGUMENT, "0 to 2", -1);
  NOTHING(ba_dataset_add_records(dataset, records, labels, NULL, NULL, -1), BA_ERR_ARGUMENT, "0 to 2", -1);
  int32_t label;
  NOTHING(ba_dataset_row(dataset, 3, &label, NULL, NULL, NULL), BA_ERR_ARGUMENT, "0 to 2", -1);
  NOTHING(ba_dataset_row(dataset, -1, &label, NULL, NULL, NULL), BA_ERR_ARGUMENT, "0 to 2", -1);
  ba_records *out = records;
  NOTHING(ba_dataset_records(dataset, 2, 2, &out), BA_ERR_ARGUMENT, "within 0 to 3", -1);
  assert_null(out);
  NOTHING(ba_dataset_records(dataset, -1, 2, &out), BA_ERR_ARGUMENT, "within", -1);
  NOTHING(ba_dataset_records(dataset, 0, INT64_MAX, &out), BA_ERR_ARGUMENT, "within", -1);
  NOTHING(ba_dataset_records(dataset, 0, 1, NULL), BA_ERR_ARGUMENT, "within", -1);
  /* The classes of refused rows get no number. */
  OK(context, ba_dataset_add_records(dataset, records, labels, NULL, NULL, BA_PART_TEST));
  assert_int_equal(ba_dataset_classes(dataset), 3);
  assert_int_equal(ba_dataset_rows(dataset, BA_PART_ALL), 6);
  int32_t second_label;
  OK(context, ba_dataset_row(dataset, 5, &second_label, NULL, NULL, NULL));
  assert_string_equal(ba_dataset_class_name(dataset, second_label), "newer");
  free(before);
  ba_records_release(records);
  ba_dataset_destroy(dataset);
}

/* Many failed classes, so that the dictionary grew in the failing call. */
static void test_many_failed_classes(void **state) {
  enum { N = 1000 };
  static char names[N][12];
  static const char *labels[N];
  ba_context *context = *state;
  ba_dataset *dataset = empty(context);
  ba_records *records = making_records(context, N, 3, 3, "ACGT", 1), *few = making_slice(context, records, 0, 50);
  for (int32_t i = 0; i < N; i++) {
    snprintf(names[i], sizeof names[i], "class%d", i);
    labels[i] = names[i];
  }
  OK(context, ba_dataset_add_records(dataset, few, labels, NULL, NULL, BA_PART_TRAIN));
  char *before = view(context, dataset);
  labels[N - 1] = NULL;
  REFUSED(context, ba_dataset_add_records(dataset, records, labels, NULL, NULL, BA_PART_TRAIN), BA_ERR_LABEL,
          "record 1000");
  same_view(context, dataset, before);
  labels[N - 1] = "class3";
  OK(context, ba_dataset_add_records(dataset, records, labels, NULL, NULL, BA_PART_TRAIN));
  assert_int_equal(ba_dataset_classes(dataset), N - 1);
  for (int64_t row = 0; row < N + 50; row++) {
    int32_t label;
    OK(context, ba_dataset_row(dataset, row, &label, NULL, NULL, NULL));
    const int64_t at = row < 50 ? row : row - 50;
    assert_string_equal(ba_dataset_class_name(dataset, label), at == N - 1 ? "class3" : names[at]);
  }
  free(before);
  ba_records_release(few);
  ba_records_release(records);
  ba_dataset_destroy(dataset);
}

static void test_sequence_files(void **state) {
  ba_context *context = *state;
  char folder[TEMP_PATH], path[TEMP_PATH];
  int64_t record, byte;
  temp_make(folder);
  ba_dataset *dataset = empty(context);
  temp_write(path, folder, "a.fa", ">one first\nACGT\nacgu\n>two\n\n>three\nNN\n", 37);
  OK(context, ba_dataset_add_file(dataset, path, "class=yes"));
  const char *fastq = "@r1\nACG\n+\nIII\n@r2\nGGGG\n+\nIIII\n";
  temp_write(path, folder, "b.fq", fastq, (int64_t)strlen(fastq));
  OK(context, ba_dataset_add_file(dataset, path, "part=dev, class=no"));
  const char *expected =
      "17 2 0 2: no yes 5 3 2 0\none first|ACGTACGT|1|1|0|-1\ntwo||1|1|0|-1\nthree|NN|1|1|0|-1\n"
      "r1|ACG|0|1|1|-1\nr2|GGGG|0|1|1|-1";
  same_view(context, dataset, expected);
  const char *cut = "@r1\nACG\n+\nIII\n@r2\nGGGG\n+\nIII\n";
  temp_write(path, folder, "cut.fq", cut, (int64_t)strlen(cut));
  REFUSED(context, ba_dataset_add_file(dataset, path, "class=new"), BA_ERR_TRUNCATED, path);
  ba_context_error_position(context, &record, &byte);
  assert_int_equal(record, 2);
  assert_true(byte >= 14);
  same_view(context, dataset, expected);
  temp_write(path, folder, "text.txt", "hello\n", 6);
  REFUSED(context, ba_dataset_add_file(dataset, path, "class=new"), BA_ERR_FORMAT, path);
  temp_join(path, folder, "absent.fa");
  REFUSED(context, ba_dataset_add_file(dataset, path, "class=new"), BA_ERR_IO, path);
  REFUSED(context, ba_dataset_add_file(dataset, path, "klass=new"), BA_ERR_RECIPE, "klass");
  REFUSED(context, ba_dataset_add_file(dataset, path, "class=new, part=all"), BA_ERR_RECIPE, "train, dev, test");
  REFUSED(context, ba_dataset_add_file(dataset, NULL, "class=new"), BA_ERR_ARGUMENT, "expected a path");
  same_view(context, dataset, expected);
  temp_remove(folder);
  ba_dataset_destroy(dataset);
}

/* Qualities stay when they are asked for, row by row, and go with rows that a failed call added. */
static void test_qualities(void **state) {
  ba_context *context = *state;
  const char *letters = "ACGTNNAC", *symbols = "!5I~##";
  const int64_t letter_ends[] = {0, 4, 4, 6, 8}, symbol_ends[] = {0, 4, 4, 6, 6};
  const char *const labels[] = {"a", "b", "a", "b"}, *const bad[] = {"a", "b", "", "a"};
  const bai_texts none = {NULL, NULL};
  ba_records *records = NULL, *back = NULL;
  ba_dataset *dataset = NULL, *dropping = empty(context);
  OK(context, bai_records_make(context, none, (bai_texts){letters, letter_ends}, (bai_texts){symbols, symbol_ends}, 4,
                               &records));
  REFUSED(context, ba_dataset_create(context, "quality=maybe", &dataset), BA_ERR_RECIPE, "accepted: drop, keep");
  OK(context, ba_dataset_create(context, "quality=keep", &dataset));
  OK(context, ba_dataset_add_records(dataset, records, labels, NULL, NULL, BA_PART_TRAIN));
  REFUSED(context, ba_dataset_add_records(dataset, records, bad, NULL, NULL, BA_PART_TRAIN), BA_ERR_LABEL, "label");
  OK(context, ba_dataset_add_records(dataset, records, labels, NULL, NULL, BA_PART_DEV));
  OK(context, ba_dataset_add_records(dropping, records, labels, NULL, NULL, BA_PART_TRAIN));
  OK(context, ba_dataset_records(dataset, 1, 6, &back));
  for (int64_t row = 0; row < 8; row++) {
    const uint8_t *kept = bai_dataset_symbols(dataset, row);
    const int64_t from = symbol_ends[row % 4], n = symbol_ends[row % 4 + 1] - from;
    assert_int_equal(kept != NULL, n > 0);
    if (n > 0) assert_memory_equal(kept, symbols + from, (size_t)n);
    int64_t length = -1;
    const char *given = row >= 1 && row < 7 ? ba_records_quality(back, row - 1, &length) : NULL;
    if (row >= 1 && row < 7) assert_int_equal(length, n);
    if (given) assert_memory_equal(given, symbols + from, (size_t)n);
    if (row < 4) assert_null(bai_dataset_symbols(dropping, row));
  }
  ba_records_release(back);
  ba_records_release(records);
  ba_dataset_destroy(dataset);
  ba_dataset_destroy(dropping);
}

/* What test_usual_and_other_rows adds, as it was given. */
typedef struct given_row {
  char letters[61], name[8], label[2], group[2];
  int64_t length;
  double weight;
  int32_t part, wide;
} given_row;

/* Of ten rows nine are usual while `strange` is 0: 20 bases, no name, no group, weight 1, to train on. */
static given_row make_row(uint64_t *seed, int32_t strange) {
  given_row row = {.length = 20, .weight = 1.0, .part = BA_PART_TRAIN};
  const char *alphabet = "ACGT";
  if (making_bits(seed) % 10 == 0 || strange) {
    row.length = (int64_t)(making_bits(seed) % 61);
    row.weight = (double)(1 + making_bits(seed) % 8) / 4.0;
    row.part = (int32_t)(making_bits(seed) % 3);
    alphabet = making_bits(seed) % 2 ? "ACGTACGTACGTACGTACGTACGN" : "ACDEFGHIKLMNPQRSTVWY";
    if (making_bits(seed) % 2) snprintf(row.name, sizeof row.name, "n%d", (int)(making_bits(seed) % 10000));
    if (making_bits(seed) % 2) row.group[0] = "xyz"[making_bits(seed) % 3];
  }
  for (int64_t i = 0; i < row.length; i++) row.letters[i] = alphabet[making_bits(seed) % strlen(alphabet)];
  row.label[0] = "ab"[making_bits(seed) % 2];
  row.wide = is_odd(row.letters, row.length);
  return row;
}

static ba_status add_given(ba_dataset *dataset, const given_row *row) {
  const int64_t letter_ends[] = {0, row->length}, name_ends[] = {0, (int64_t)strlen(row->name)};
  const char *const label = row->label, *const group = row->group[0] ? row->group : NULL;
  ba_records *record = NULL;
  ba_status status = bai_records_make(dataset->context, (bai_texts){row->name, name_ends},
                                      (bai_texts){row->letters, letter_ends}, (bai_texts){NULL, NULL}, 1, &record);
  if (!status) status = ba_dataset_add_records(dataset, record, &label, &row->weight, &group, row->part);
  ba_records_release(record);
  return status;
}

static void check_given(ba_context *context, ba_dataset *dataset, const given_row *rows, int64_t n, int32_t names) {
  ba_records *back = NULL;
  OK(context, ba_dataset_records(dataset, 0, n, &back));
  for (int64_t i = 0; i < n; i++) {
    int64_t length, name_length;
    int32_t label, part, fold;
    double weight;
    const char *letters = ba_records_sequence(back, i, &length), *name = ba_records_name(back, i, &name_length);
    OK(context, ba_dataset_row(dataset, i, &label, &weight, &part, &fold));
    assert_int_equal(length, rows[i].length);
    assert_memory_equal(letters, rows[i].letters, (size_t)length);
    assert_int_equal(name_length, names ? strlen(rows[i].name) : 0);
    assert_memory_equal(name, rows[i].name, (size_t)name_length);
    assert_string_equal(ba_dataset_class_name(dataset, label), rows[i].label);
    assert_true(weight == rows[i].weight);
    assert_int_equal(part, rows[i].part);
    assert_int_equal(fold, -1);
    assert_int_equal(bai_dataset_is_wide(dataset, i), rows[i].wide);
    const char *group = ba_dataset_group(dataset, i);
    assert_string_equal(group ? group : "", rows[i].group);
  }
  ba_records_release(back);
}

/* What is usual takes no room until a row differs; that row, and those before and after it, are all as they were given.
 * A row that is refused leaves what was usual usual. */
static void test_usual_and_other_rows(void **state) {
  enum { N = 400 };
  static given_row rows[N];
  ba_context *context = *state;
  for (int32_t usual = 0; usual < 4; usual++) { /* so many hundreds of rows, then any */
    ba_dataset *dataset = NULL;
    uint64_t seed = (uint64_t)usual;
    OK(context, ba_dataset_create(context, usual % 2 ? "names=drop" : "", &dataset));
    for (int64_t i = 0; i < N; i++) {
      given_row refused = make_row(&seed, 1);
      refused.label[0] = '\n';
      do rows[i] = make_row(&seed, 0);
      while (i < 100 * usual && (rows[i].length != 20 || rows[i].weight != 1.0 || rows[i].part || rows[i].wide ||
                                 rows[i].name[0] || rows[i].group[0]));
      OK(context, add_given(dataset, &rows[i]));
      if (i % 7 == 0) assert_int_equal(add_given(dataset, &refused), BA_ERR_LABEL);
      if (i == 100 * usual - 1) {
        const bai_vector *lists[] = {&dataset->places,  &dataset->odd_rows, &dataset->names,  &dataset->name_ends,
                                     &dataset->weights, &dataset->groups,   &dataset->times,  &dataset->offsets,
                                     &dataset->parts,   &dataset->folds,    &dataset->symbols};
        for (size_t l = 0; l < sizeof lists / sizeof lists[0]; l++) assert_int_equal(lists[l]->count, 0);
        check_given(context, dataset, rows, i + 1, usual % 2 == 0);
      }
    }
    check_given(context, dataset, rows, N, usual % 2 == 0);
    ba_dataset_destroy(dataset);
  }
}

/* 150 bases are 38 bytes, and a label is 4; lists grow by half. */
static void test_bytes_of_a_read(void **state) {
  enum { N = 20000 };
  ba_context *context = *state;
  ba_records *reads = making_records(context, N, 150, 150, "ACGT", 5);
  ba_dataset *dataset = empty(context);
  int64_t before, after;
  ba_context_memory(context, &before, NULL);
  OK(context, making_add(dataset, reads, 2, BA_PART_TRAIN));
  ba_context_memory(context, &after, NULL);
  assert_true(after - before < N * 42 * 3 / 2 + 4096);
  assert_int_equal(dataset->packed.count + 4 * dataset->labels.count, N * 42);
  ba_records_release(reads);
  ba_dataset_destroy(dataset);
}

static void test_null_arguments(void **state) {
  ba_dataset *out = NULL;
  int64_t n = 5;
  REFUSED(*state, ba_dataset_create(*state, NULL, NULL), BA_ERR_ARGUMENT, "place");
  REFUSED(*state, ba_dataset_create(*state, "rows=2", &out), BA_ERR_RECIPE, "rows");
  assert_int_equal(ba_dataset_create(NULL, NULL, &out), BA_ERR_ARGUMENT);
  assert_null(out);
  assert_int_equal(ba_dataset_add_records(NULL, NULL, NULL, NULL, NULL, 0), BA_ERR_ARGUMENT);
  assert_int_equal(ba_dataset_add_file(NULL, "x", NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_dataset_row(NULL, 0, NULL, NULL, NULL, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_dataset_records(NULL, 0, 0, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_dataset_rows(NULL, BA_PART_ALL), 0);
  assert_int_equal(ba_dataset_classes(NULL), 0);
  assert_null(ba_dataset_class_name(NULL, 0));
  ba_dataset_counters(NULL, &n, NULL, NULL);
  assert_int_equal(n, 0);
  ba_dataset_destroy(NULL);
}

static ba_status life(ba_context *context, void *argument) {
  static const char *const labels[] = {"a", "b"}, *const groups[] = {"x", "y"};
  const int64_t offsets[] = {0, 4, 9};
  ba_dataset *dataset = NULL;
  ba_records *records = NULL, *back = NULL;
  int32_t label;
  ba_status status = ba_dataset_create(context, NULL, &dataset);
  if (!status) status = ba_records_create(context, "ACGTNACCG", offsets, 2, &records);
  if (!status) status = ba_dataset_add_records(dataset, records, labels, NULL, groups, BA_PART_TRAIN);
  if (status && dataset) {
    assert_int_equal(ba_dataset_rows(dataset, BA_PART_ALL), 0);
    assert_int_equal(ba_dataset_classes(dataset), 0);
  }
  if (!status) {
    status = ba_dataset_add_file(dataset, argument, "class=c");
    assert_int_equal(ba_dataset_rows(dataset, BA_PART_ALL), status ? 2 : 4);
  }
  if (!status) status = ba_dataset_row(dataset, 1, &label, NULL, NULL, NULL);
  if (!status) status = ba_dataset_records(dataset, 0, 4, &back);
  ba_records_release(back);
  ba_records_release(records);
  ba_dataset_destroy(dataset);
  return status;
}

static void test_every_failing_allocation(void **state) {
  char folder[TEMP_PATH], path[TEMP_PATH];
  (void)state;
  temp_make(folder);
  temp_write(path, folder, "a.fa", ">one\nACGTN\n>two\nAC\n", 19);
  assert_true(fault_sweep(life, path) > 40);
  temp_remove(folder);
}

static void test_limit_and_cancel(void **state) {
  ba_context *context = *state;
  char folder[TEMP_PATH], path[TEMP_PATH];
  int64_t held;
  temp_make(folder);
  temp_write(path, folder, "a.fa", ">one\nACGTN\n>two\nAC\n", 19);
  ba_dataset *dataset = making_data(context, 10, 5, 9, 2, 1), *none = NULL;
  ba_records *many = making_records(context, 1000, 100, 100, "ACGTN", 1), *out = NULL;
  char *before = view(context, dataset);
  ba_context_memory(context, &held, NULL);
  OK(context, ba_context_set_memory_limit(context, held + 1000));
  REFUSED(context, making_add(dataset, many, 3, BA_PART_TRAIN), BA_ERR_LIMIT, "limit");
  REFUSED(context, ba_dataset_add_file(dataset, path, "class=x"), BA_ERR_LIMIT, "limit");
  OK(context, ba_context_set_memory_limit(context, held));
  REFUSED(context, ba_dataset_records(dataset, 0, 10, &out), BA_ERR_LIMIT, "limit");
  REFUSED(context, ba_dataset_create(context, NULL, &none), BA_ERR_LIMIT, "limit");
  OK(context, ba_context_set_memory_limit(context, 0));
  ba_context_cancel(context);
  REFUSED(context, ba_dataset_add_file(dataset, path, "class=x"), BA_ERR_CANCELLED, "cancelled");
  OK(context, ba_context_reset(context));
  same_view(context, dataset, before);
  OK(context, ba_dataset_add_file(dataset, path, "class=x"));
  assert_int_equal(ba_dataset_rows(dataset, BA_PART_ALL), 12);
  free(before);
  ba_records_release(many);
  ba_dataset_destroy(dataset);
  temp_remove(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_a_small_one, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_round_trips, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_the_order_of_classes, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_weight_zero_is_left_out, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_failures_add_nothing, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_many_failed_classes, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_sequence_files, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_qualities, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_usual_and_other_rows, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_bytes_of_a_read, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_null_arguments, making_set_up, making_tear_down),
      cmocka_unit_test(test_every_failing_allocation),
      cmocka_unit_test_setup_teardown(test_limit_and_cancel, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
