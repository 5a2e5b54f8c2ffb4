/* SPDX-License-Identifier: MIT
 *
 * test_similar.c: groups, parts and leakage by similarity against all pairs of rows, each compared word by word.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/fault.h"
#include "train/dataset.h"
#include "train/similar.h"

enum { ROWS = 400, MOST = 160 };

static int set_up(void **state) {
  return ba_context_create(NULL, (ba_context **)state) == BA_OK ? 0 : -1;
}

static int tear_down(void **state) {
  ba_context_destroy(*state);
  return 0;
}

static uint64_t next_random(uint64_t *x) {
  *x = *x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return *x >> 33;
}

static void reverse_complement(char *text) {
  const size_t n = strlen(text);
  char *copy = strdup(text);
  for (size_t i = 0; i < n; i++) {
    const char *at = strchr("ACGT", copy[n - 1 - i]);
    text[i] = at ? "TGCA"[at - "ACGT"] : copy[n - 1 - i];
  }
  free(copy);
}

/* Row i is random, or made from an earlier row: changed here and there, cut, shifted, turned round, or the same. Some
 * have an N, some are shorter than a k-mer, and many share a run of A. */
static void plant(char rows[ROWS][MOST + 1]) {
  uint64_t x = 7;
  for (int32_t i = 0; i < ROWS; i++) {
    const int32_t length = i % 23 == 5 ? (int32_t)(next_random(&x) % 12) : 60 + (int32_t)(next_random(&x) % 100);
    for (int32_t j = 0; j < length; j++) rows[i][j] = "ACGT"[next_random(&x) % 4];
    rows[i][length] = 0;
    if (i % 3 == 0) memset(rows[i], 'A', (size_t)(length < 30 ? length : 30));
    if (i < 20 || i % 2) continue;
    const char *source = rows[next_random(&x) % (uint64_t)i];
    const size_t n = strlen(source), shift = next_random(&x) % 40;
    strcpy(rows[i], source);
    if (i % 10 == 2 && n > shift) strcpy(rows[i], source + shift);
    for (uint64_t changes = i % 10 == 4 ? next_random(&x) % 9 : 0; n && changes; changes--)
      rows[i][next_random(&x) % n] = "ACGTN"[next_random(&x) % 5];
    if (i % 10 == 6) reverse_complement(rows[i]);
    if (i % 10 == 8) snprintf(rows[i], MOST + 1, "%.*s%.*s", (int)(n / 2), source, (int)(n / 2), rows[i - 1]);
  }
}

static int rising(const void *a, const void *b) {
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

/* The distinct canonical words of a row as numbers of base 4, rising; returns how many. */
static int32_t words_of(const char *row, int32_t k, uint64_t words[MOST]) {
  int32_t count = 0, kept = 0;
  for (int32_t i = 0; i + k <= (int32_t)strlen(row); i++) {
    char word[32], other[32];
    snprintf(word, sizeof word, "%.*s", (int)k, row + i);
    if (strspn(word, "ACGT") != (size_t)k) continue;
    memcpy(other, word, sizeof word);
    reverse_complement(other);
    const char *least = strcmp(word, other) <= 0 ? word : other;
    words[count] = 0;
    for (int32_t j = 0; j < k; j++) words[count] = 4 * words[count] + (uint64_t)(strchr("ACGT", least[j]) - "ACGT");
    count++;
  }
  qsort(words, (size_t)count, sizeof *words, rising);
  for (int32_t i = 0; i < count; i++)
    if (i == 0 || words[i] != words[kept - 1]) words[kept++] = words[i];
  return kept;
}

/* The share of each row's words that are in each other row; -1 for no words. */
static double *all_pairs(char rows[ROWS][MOST + 1], int32_t k) {
  static uint64_t words[ROWS][MOST];
  int32_t counts[ROWS];
  double *contained = malloc(sizeof(double) * ROWS * ROWS);
  for (int32_t i = 0; i < ROWS; i++) counts[i] = words_of(rows[i], k, words[i]);
  for (int32_t i = 0; i < ROWS; i++)
    for (int32_t j = 0; j < ROWS; j++) {
      int32_t shared = 0;
      for (int32_t a = 0, b = 0; a < counts[i] && b < counts[j];) {
        const uint64_t x = words[i][a], y = words[j][b];
        shared += x == y;
        a += x <= y;
        b += y <= x;
      }
      contained[i * ROWS + j] = counts[i] ? (double)shared / counts[i] : -1.0;
    }
  return contained;
}

static ba_status fill(ba_context *context, char rows[ROWS][MOST + 1], int64_t count, ba_dataset **out) {
  static const char *const parts[] = {"x", "y"};
  ba_status status = ba_dataset_create(context, NULL, out);
  for (int64_t i = 0; !status && i < count; i++) {
    const int64_t offsets[2] = {0, (int64_t)strlen(rows[i])};
    ba_records *records = NULL;
    status = ba_records_create(context, rows[i], offsets, 1, &records);
    if (!status) status = ba_dataset_add_records(*out, records, &parts[i % 2], NULL, NULL, i % 5 == 1);
    ba_records_release(records);
  }
  return status;
}

static int32_t alike(char rows[ROWS][MOST + 1], const double *contained, double threshold, int32_t i, int32_t j) {
  return contained[i * ROWS + j] > threshold || contained[j * ROWS + i] > threshold || strcmp(rows[i], rows[j]) == 0;
}

/* Groups by spreading the least row number until nothing changes. */
static int64_t brute_groups(char rows[ROWS][MOST + 1], const double *contained, double threshold, int32_t *group) {
  int32_t root[ROWS], changed = 1;
  int64_t count = 0;
  for (int32_t i = 0; i < ROWS; i++) root[i] = i;
  while (changed) {
    changed = 0;
    for (int32_t i = 0; i < ROWS; i++)
      for (int32_t j = 0; j < ROWS; j++)
        if (root[j] < root[i] && alike(rows, contained, threshold, i, j)) {
          root[i] = root[j];
          changed = 1;
        }
  }
  for (int32_t i = 0; i < ROWS; i++) group[i] = root[i] == i ? (int32_t)count++ : group[root[i]];
  return count;
}

static const struct {
  int64_t k;
  double threshold;
} settings[] = {{21, 0.5}, {21, 0.0}, {11, 0.3}, {8, 0.9}, {15, 0.75}, {21, 1.0}, {5, 0.5}};
enum { SETTINGS = sizeof settings / sizeof settings[0] };

static void test_groups_are_those_of_all_pairs(void **state) {
  static char rows[ROWS][MOST + 1];
  ba_dataset *dataset = NULL;
  plant(rows);
  assert_int_equal(fill(*state, rows, ROWS, &dataset), BA_OK);
  for (int32_t s = 0; s < SETTINGS; s++) {
    const bai_similar_options options = {settings[s].k, 1, settings[s].threshold};
    double *contained = all_pairs(rows, (int32_t)settings[s].k);
    int32_t group[ROWS], wanted[ROWS];
    int64_t groups = 0;
    const int64_t count = brute_groups(rows, contained, settings[s].threshold, wanted);
    assert_int_equal(bai_similar_groups(*state, dataset, &options, BA_PART_ALL, group, &groups), BA_OK);
    assert_int_equal(groups, count);
    assert_memory_equal(group, wanted, sizeof group);
    assert_true(count < ROWS - 20); /* something was planted */
    free(contained);
  }
  ba_dataset_destroy(dataset);
}

/* No two rows of different folds, and of different parts, are alike; every fold and part has rows. */
static void test_nothing_alike_is_parted(void **state) {
  static char rows[ROWS][MOST + 1];
  ba_dataset *dataset = NULL;
  plant(rows);
  assert_int_equal(fill(*state, rows, ROWS, &dataset), BA_OK);
  for (int32_t s = 0; s < SETTINGS - 1; s++) { /* by 5-mers nearly all are one group */
    double *contained = all_pairs(rows, (int32_t)settings[s].k);
    char options[100];
    snprintf(options, sizeof options, "by=similarity, k=%d, threshold=%g", (int)settings[s].k, settings[s].threshold);
    for (int32_t deal = 0; deal < 2; deal++) {
      int64_t sizes[5] = {0};
      assert_int_equal(deal ? ba_dataset_deal(dataset, options) : ba_dataset_split(dataset, options), BA_OK);
      const int32_t *bin = deal ? dataset->parts.data : dataset->folds.data;
      for (int32_t i = 0; i < ROWS; i++) {
        if (bin[i] < 0) continue;
        sizes[bin[i]]++;
        for (int32_t j = 0; j < i; j++)
          if (bin[j] >= 0 && bin[i] != bin[j]) assert_false(alike(rows, contained, settings[s].threshold, i, j));
      }
      for (int32_t b = 0; b < (deal ? 3 : 5); b++) assert_true(sizes[b] > 0);
    }
    int64_t similar[9], duplicates[9];
    assert_int_equal(ba_dataset_leakage(dataset, strchr(options, 'k'), similar, duplicates), BA_OK);
    for (int32_t i = 0; i < 9; i++) assert_true(similar[i] == 0 && duplicates[i] == 0);
    free(contained);
  }
  ba_dataset_destroy(dataset);
}

static void test_leakage_is_that_of_all_pairs(void **state) {
  static char rows[ROWS][MOST + 1];
  ba_dataset *dataset = NULL;
  plant(rows);
  assert_int_equal(fill(*state, rows, ROWS, &dataset), BA_OK);
  assert_int_equal(ba_dataset_deal(dataset, "by=random, train=0.5, dev=0.25, test=0.25"), BA_OK);
  const int32_t *part = dataset->parts.data;
  for (int32_t s = 0; s < SETTINGS; s++) {
    double *contained = all_pairs(rows, (int32_t)settings[s].k);
    int64_t similar[9], duplicates[9], wanted[9] = {0}, same[9] = {0};
    char options[100];
    for (int32_t i = 0; i < ROWS; i++)
      for (int32_t p = 0; p < 3; p++) {
        int32_t near = 0, twin = 0;
        for (int32_t j = 0; j < ROWS; j++) {
          if (part[j] != p || p == part[i]) continue;
          twin |= strcmp(rows[i], rows[j]) == 0;
          near |= twin || contained[i * ROWS + j] > settings[s].threshold;
        }
        wanted[3 * part[i] + p] += near;
        same[3 * part[i] + p] += twin;
      }
    snprintf(options, sizeof options, "k=%d, threshold=%g", (int)settings[s].k, settings[s].threshold);
    assert_int_equal(ba_dataset_leakage(dataset, options, similar, duplicates), BA_OK);
    assert_memory_equal(similar, wanted, sizeof wanted);
    assert_memory_equal(duplicates, same, sizeof same);
    assert_true(similar[2] > 0 && duplicates[2] > 0);
    free(contained);
  }
  ba_dataset_destroy(dataset);
}

/* A sketch keeps the rows that are the same together whatever it leaves out. */
/* Residues: words as they stand, so a reversed row is not alike, nor one whose letters are complements. */
static void test_residues(void **state) {
  ba_context *context = *state;
  const char *const letters[] = {"MKEWLLIPQRSTVWYACDEFGH", "GGGGGGEWLLIPQRSTVWYACDEFGH", "HGFEDCAYWVTSRQPILLWEKM",
                                 "ILVFILVFPPLLEEQQFFILPE", "MKEWLLIPQRSTVWYACDEFGH",     "ACGTTGCAACGT"};
  const int32_t parts[] = {BA_PART_TRAIN, BA_PART_TEST, BA_PART_TEST, BA_PART_TEST, BA_PART_DEV, BA_PART_DEV};
  const char *const label[] = {"x"};
  ba_dataset *dataset = NULL;
  int64_t similar[9], duplicates[9];
  assert_int_equal(ba_dataset_create(context, NULL, &dataset), BA_OK);
  for (int32_t i = 0; i < 6; i++) {
    const int64_t offsets[2] = {0, (int64_t)strlen(letters[i])};
    ba_records *records = NULL;
    assert_int_equal(ba_records_create(context, letters[i], offsets, 1, &records), BA_OK);
    assert_int_equal(ba_dataset_add_records(dataset, records, label, NULL, NULL, parts[i]), BA_OK);
    ba_records_release(records);
  }
  /* 16 of the 18 words of 5 letters of the first row are in the second, which has 21. */
  assert_int_equal(ba_dataset_leakage(dataset, "k=5, threshold=0.88", similar, duplicates), BA_OK);
  const int64_t most[9] = {0, 1, 1, 1, 0, 1, 0, 0, 0}, all[9] = {0, 1, 1, 1, 0, 1, 1, 1, 0},
                same[9] = {0, 1, 0, 1, 0, 0, 0, 0, 0};
  for (int32_t i = 0; i < 9; i++) {
    assert_int_equal(similar[i], most[i]);
    assert_int_equal(duplicates[i], same[i]);
  }
  assert_int_equal(ba_dataset_leakage(dataset, "k=5, threshold=0.7", similar, duplicates), BA_OK);
  for (int32_t i = 0; i < 9; i++) assert_int_equal(similar[i], all[i]);
  assert_int_equal(ba_dataset_leakage(dataset, "k=5, threshold=0.9", similar, duplicates), BA_OK);
  for (int32_t i = 0; i < 9; i++) assert_int_equal(similar[i], same[i]);
  ba_dataset_destroy(dataset);
}

static void test_scaled(void **state) {
  static char rows[ROWS][MOST + 1];
  ba_dataset *dataset = NULL;
  int64_t similar[9], duplicates[9];
  plant(rows);
  assert_int_equal(fill(*state, rows, ROWS, &dataset), BA_OK);
  assert_int_equal(ba_dataset_deal(dataset, "by=similarity, scaled=10"), BA_OK);
  assert_int_equal(ba_dataset_leakage(dataset, "scaled=10", similar, duplicates), BA_OK);
  for (int32_t i = 0; i < 9; i++) assert_true(similar[i] == 0 && duplicates[i] == 0);
  assert_int_equal(ba_dataset_deal(dataset, "by=similarity, scaled=1000000"), BA_OK);
  for (int32_t i = 0; i < ROWS; i++)
    for (int32_t j = 0; j < i; j++) {
      if (strcmp(rows[i], rows[j]) == 0) assert_int_equal(bai_dataset_part(dataset, i), bai_dataset_part(dataset, j));
    }
  ba_dataset_destroy(dataset);
}

/* Shares are met to a row when rows go out one by one, and in every class; folds are forgotten. */
static void test_shares(void **state) {
  static char rows[ROWS][MOST + 1];
  ba_dataset *dataset = NULL;
  plant(rows);
  assert_int_equal(fill(*state, rows, ROWS, &dataset), BA_OK);
  assert_int_equal(ba_dataset_split(dataset, "folds=4"), BA_OK);
  static const struct {
    const char *options;
    int64_t sizes[3];
  } given[] = {{NULL, {320, 40, 40}},
               {"by=random", {320, 40, 40}},
               {"train=0.5, test=0.5", {200, 0, 200}},
               {"by=random, train=0.7, dev=0.2, test=0.1, seed=5", {280, 80, 40}},
               {"test=1", {0, 0, 400}}};
  for (size_t g = 0; g < sizeof given / sizeof given[0]; g++) {
    assert_int_equal(ba_dataset_deal(dataset, given[g].options), BA_OK);
    int64_t classes[3][2] = {{0, 0}, {0, 0}, {0, 0}};
    for (int64_t i = 0; i < ROWS; i++) {
      int32_t label, part, fold;
      assert_int_equal(ba_dataset_row(dataset, i, &label, NULL, &part, &fold), BA_OK);
      assert_int_equal(fold, -1);
      classes[part][label]++;
    }
    for (int32_t p = 0; p < 3; p++) {
      assert_int_equal(classes[p][0] + classes[p][1], given[g].sizes[p]);
      if (!given[g].options) assert_true(classes[p][0] == classes[p][1]);
    }
  }
  assert_int_equal(dataset->folds_made, 0);
  ba_dataset_destroy(dataset);
}

/* Large groups of one class and single rows of the other: every part gets its share of both. */
static void test_groups_are_dealt_by_class_too(void **state) {
  static char rows[ROWS][MOST + 1];
  uint64_t x = 3;
  ba_dataset *dataset = NULL;
  for (int32_t i = 0; i < ROWS; i++) {
    for (int32_t j = 0; j < 50; j++) rows[i][j] = "ACGT"[next_random(&x) % 4];
    rows[i][50] = 0;
    if (i % 2 && i % 20 != 1) strcpy(rows[i], rows[i - 2]); /* class y: groups of ten */
  }
  assert_int_equal(fill(*state, rows, ROWS, &dataset), BA_OK);
  assert_int_equal(ba_dataset_deal(dataset, "by=similarity"), BA_OK);
  int64_t sizes[3][2] = {{0, 0}, {0, 0}, {0, 0}};
  for (int32_t i = 0; i < ROWS; i++) sizes[bai_dataset_part(dataset, i)][i % 2]++;
  const int64_t wanted[3][2] = {{160, 160}, {20, 20}, {20, 20}};
  assert_memory_equal(sizes, wanted, sizeof sizes);
  ba_dataset_destroy(dataset);
}

static void refused(ba_dataset *dataset, const char *options, ba_status status, const char *message) {
  ba_context *context = dataset->context;
  assert_int_equal(ba_dataset_deal(dataset, options), status);
  assert_string_equal(ba_context_error_message(context), message);
}

static void test_refusals_change_nothing(void **state) {
  static char rows[ROWS][MOST + 1];
  int64_t numbers[9];
  ba_dataset *dataset = NULL;
  plant(rows);
  assert_int_equal(fill(*state, rows, 3, &dataset), BA_OK);
  strcpy(rows[1], rows[0]);
  ba_dataset *two = NULL;
  assert_int_equal(fill(*state, rows, 2, &two), BA_OK);
  refused(dataset, "train=0.5", BA_ERR_RECIPE, "the shares of train, dev and test add up to 0.5; expected 1");
  refused(dataset, "train=2", BA_ERR_RECIPE, "column 7: train is \"2\"; accepted: a number from 0 to 1");
  refused(dataset, "by=group", BA_ERR_LABEL, "record 1: the row has no group; by=group expects one for every row");
  refused(two, NULL, BA_ERR_RECIPE, "2 rows; expected at least 3, one for each part");
  refused(two, "by=similarity, train=0.5, test=0.5", BA_ERR_LABEL,
          "the rows make 1 groups; expected at least 2, one for each part");
  for (int32_t i = 0; i < 3; i++) assert_int_equal(bai_dataset_part(dataset, i), i == 1);
  assert_int_equal(ba_dataset_split(two, "by=similarity, folds=2"), BA_ERR_RECIPE);
  assert_int_equal(ba_dataset_deal(NULL, ""), BA_ERR_ARGUMENT);
  assert_int_equal(ba_dataset_leakage(NULL, "", numbers, numbers), BA_ERR_ARGUMENT);
  assert_int_equal(ba_dataset_leakage(dataset, "", NULL, numbers), BA_ERR_ARGUMENT);
  assert_int_equal(ba_dataset_leakage(dataset, "by=random", numbers, numbers), BA_ERR_RECIPE);
  assert_null(ba_dataset_group(dataset, 0));
  assert_null(ba_dataset_group(dataset, 3));
  assert_null(ba_dataset_group(NULL, 0));
  ba_context_cancel(*state);
  assert_int_equal(ba_dataset_deal(dataset, "by=similarity"), BA_ERR_CANCELLED);
  for (int32_t i = 0; i < 3; i++) assert_int_equal(bai_dataset_part(dataset, i), i == 1);
  ba_dataset_destroy(dataset);
  ba_dataset_destroy(two);
}

static ba_status whole_life(ba_context *context, void *argument) {
  int64_t similar[9], duplicates[9];
  ba_dataset *dataset = NULL;
  ba_status status = fill(context, argument, 60, &dataset);
  if (!status) status = ba_dataset_deal(dataset, "by=similarity");
  if (status && dataset && dataset->rows == 60) assert_int_equal(bai_dataset_part(dataset, 1), 1);
  if (!status) status = ba_dataset_split(dataset, "by=similarity, folds=2");
  if (!status) status = ba_dataset_leakage(dataset, "", similar, duplicates);
  if (!status) status = ba_dataset_deal(dataset, "");
  ba_dataset_destroy(dataset);
  return status;
}

static void test_every_failing_allocation(void **state) {
  (void)state;
  static char rows[ROWS][MOST + 1];
  plant(rows);
  assert_true(fault_sweep(whole_life, rows) > 60);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_groups_are_those_of_all_pairs, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_nothing_alike_is_parted, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_leakage_is_that_of_all_pairs, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_residues, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_scaled, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_shares, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_groups_are_dealt_by_class_too, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_refusals_change_nothing, set_up, tear_down),
      cmocka_unit_test(test_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
