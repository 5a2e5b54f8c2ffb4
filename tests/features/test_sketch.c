/* SPDX-License-Identifier: MIT
 *
 * test_sketch.c: hashes against constants that sourmash 4.9.4 and mmh3 gave, sets against sets worked out by hand, and
 * failing memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bioanalytics/features.h"
#include "features/sketch.h"
#include "support/fault.h"

static int set_up(void **state) {
  return ba_context_create(NULL, (ba_context **)state) == BA_OK ? 0 : -1;
}

static int tear_down(void **state) {
  ba_context_destroy(*state);
  return 0;
}

/* The sequence that the constants were made from: the two high bits of a linear congruential generator. */
static char *made_letters(int64_t n) {
  char *letters = malloc((size_t)n + 1);
  uint64_t x = 1;
  for (int64_t i = 0; i < n; i++) {
    x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    letters[i] = "ACGT"[x >> 62];
  }
  letters[n] = 0;
  return letters;
}

static ba_sketch *sketch_of(ba_context *context, const char *options, const char *letters, int64_t n) {
  ba_sketch *sketch = NULL;
  assert_int_equal(ba_sketch_create(context, options, &sketch), BA_OK);
  assert_int_equal(ba_sketch_add(sketch, letters, n), BA_OK);
  return sketch;
}

static uint64_t hash_at(ba_sketch *sketch, int64_t index) {
  uint64_t hash;
  memcpy(&hash, &ba_sketch_hashes(sketch)[index], 8);
  return hash;
}

static uint64_t murmur(const uint8_t *data, int32_t n, uint64_t seed) {
  uint64_t hash;
  int32_t place;
  assert_int_equal(bai_kernels_scalar.murmur_words(&hash, &place, data, NULL, 1, n, seed, UINT64_MAX), 1);
  assert_int_equal(place, 0);
  return hash;
}

/* mmh3.hash64(data, seed)[0] */
static void test_murmur_is_that_of_mmh3(void **state) {
  (void)state;
  static const struct {
    int32_t n;
    uint64_t hash;
  } words[] = {{0, UINT64_C(0xf02aa77dfa1b8523)},  {1, UINT64_C(0xe874824f39c26128)},
               {7, UINT64_C(0xeb29b3489f4ed181)},  {8, UINT64_C(0xe408619e47df9440)},
               {9, UINT64_C(0xf74eaa87579aa59b)},  {15, UINT64_C(0xcd7103270d08767d)},
               {16, UINT64_C(0xcf8a5275bc90c488)}, {17, UINT64_C(0xcca1c72ede16a9e9)},
               {21, UINT64_C(0xca1c0ec2fa5581f5)}},
    numbers[] = {{0, 0},
                 {31, UINT64_C(0x053dd3e1a32cd094)},
                 {32, UINT64_C(0xc66d9022b62f500f)},
                 {33, UINT64_C(0x7d41281bfaba4612)},
                 {40, UINT64_C(0xc3a054d8418c8064)}};
  const uint8_t letters[21 + BAI_WORD_SLACK] = "ACGTTGCAACGTACGATTGCA";
  uint8_t rising[40 + BAI_WORD_SLACK];
  for (uint8_t i = 0; i < sizeof rising; i++) rising[i] = i;
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    assert_true(murmur(letters, words[i].n, 42) == words[i].hash);
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
    assert_true(murmur(rising, numbers[i].n, 0) == numbers[i].hash);
}

/* Count, least, largest and sum of the hashes of sourmash.MinHash(0, k, scaled=, seed=). */
static void test_hashes_are_those_of_sourmash(void **state) {
  static const struct {
    int64_t n;
    const char *options;
    int64_t count;
    uint64_t least, largest, sum;
  } given[] = {
      {10000, "k=21, scaled=1, seed=42", 9980, UINT64_C(0x0016f3be71b0a473), UINT64_C(0xfffd028a9e294eef),
       UINT64_C(0x627a915bc920d156)},
      {10000, "scaled=10", 1022, UINT64_C(0x0016f3be71b0a473), UINT64_C(0x1990ce4bf686a149),
       UINT64_C(0xd7974343e90ba2c4)},
      {10000, "k=31", 14, UINT64_C(0x00010ec95c9aa87e), UINT64_C(0x003c08dc0d88f297), UINT64_C(0x017cc29bdfff82d5)},
      {10000, "k=4, scaled=1", 136, UINT64_C(0x00589507f2226300), UINT64_C(0xf7a16b22ff2937b4),
       UINT64_C(0x542cf5f54135301a)},
      {10000, "k=16, scaled=1, seed=7", 9985, UINT64_C(0x000ba8d6439908d4), UINT64_C(0xfffbff08d3240605),
       UINT64_C(0xc0f03edbe9588fb6)},
      {10000, "k=100, scaled=1", 9901, UINT64_C(0x000b71a5fa5b3507), UINT64_C(0xfffcb8b651e97820),
       UINT64_C(0x20a35241d570b1a0)},
      {10000, "k=255, scaled=1", 9746, UINT64_C(0x0007d76aa1d58f31), UINT64_C(0xffff7642e4fb07b1),
       UINT64_C(0xc55aaf0c67cb9801)},
  };
  for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
    char *letters = made_letters(given[i].n);
    ba_sketch *sketch = sketch_of(*state, given[i].options, letters, given[i].n);
    assert_int_equal(ba_sketch_count(sketch), given[i].count);
    uint64_t sum = 0;
    for (int64_t h = 0; h < given[i].count; h++) {
      sum += hash_at(sketch, h);
      if (h) assert_true(hash_at(sketch, h) > hash_at(sketch, h - 1));
    }
    assert_true(sum == given[i].sum);
    assert_true(hash_at(sketch, 0) == given[i].least);
    assert_true(hash_at(sketch, given[i].count - 1) == given[i].largest);
    ba_sketch_destroy(sketch);
    free(letters);
  }
}

/* sourmash keeps hashes up to 2^64 / scaled, cut: MinHash._max_hash. */
static void test_largest_hash_is_that_of_sourmash(void **state) {
  (void)state;
  static const struct {
    int64_t scaled;
    uint64_t most;
  } given[] = {{1, UINT64_MAX},
               {2, UINT64_C(9223372036854775808)},
               {7, UINT64_C(2635249153387078656)},
               {1000, UINT64_C(18446744073709552)},
               {1001, UINT64_C(18428315757951600)},
               {99999, UINT64_C(184469285429949)},
               {1000000, UINT64_C(18446744073709)},
               {10000019, UINT64_C(1844670902496)}};
  for (size_t i = 0; i < sizeof given / sizeof given[0]; i++)
    assert_true(bai_sketch_form_of(21, given[i].scaled, 42).most == given[i].most);
}

/* contained_by and jaccard of sourmash for letters 0 to 1000 against 500 to 1700. */
static void test_similarity_is_that_of_sourmash(void **state) {
  char *letters = made_letters(1700);
  ba_sketch *a = sketch_of(*state, "scaled=1", letters, 1000);
  ba_sketch *b = sketch_of(*state, "scaled=1", letters + 500, 1200);
  double containment, jaccard;
  assert_int_equal(ba_sketch_similarity(a, b, &containment, &jaccard), BA_OK);
  assert_true(containment == 0.4897959183673469 && jaccard == 0.2857142857142857);
  assert_int_equal(ba_sketch_similarity(b, a, &containment, NULL), BA_OK);
  assert_true(containment == 0.4067796610169492);
  assert_int_equal(ba_sketch_similarity(a, a, &containment, &jaccard), BA_OK);
  assert_true(containment == 1.0 && jaccard == 1.0);
  ba_sketch *empty = sketch_of(*state, "scaled=1", "", 0), *none = sketch_of(*state, "scaled=1", NULL, 0);
  assert_int_equal(ba_sketch_similarity(empty, a, &containment, &jaccard), BA_OK);
  assert_true(containment == 0.0 && jaccard == 0.0);
  assert_int_equal(ba_sketch_similarity(empty, none, &containment, &jaccard), BA_OK);
  assert_true(containment == 0.0 && jaccard == 0.0);
  assert_int_equal(ba_sketch_count(empty), 0);
  ba_sketch_destroy(a);
  ba_sketch_destroy(b);
  ba_sketch_destroy(empty);
  ba_sketch_destroy(none);
  free(letters);
}

static void assert_same(ba_sketch *a, ba_sketch *b) {
  assert_int_equal(ba_sketch_count(a), ba_sketch_count(b));
  for (int64_t i = 0; i < ba_sketch_count(a); i++) assert_true(hash_at(a, i) == hash_at(b, i));
}

/* Lower case, U for T and the other strand are the same k-mers; N and the like break them. */
static void test_letters(void **state) {
  char *letters = made_letters(300), other[301], strand[301];
  for (int32_t i = 0; i < 300; i++) {
    const char letter = letters[i] == 'T' && i % 3 ? 'U' : letters[i];
    other[i] = (char)(i % 2 ? letter + 32 : letter);
    strand[299 - i] = "TGCA"[strchr("ACGT", letters[i]) - "ACGT"];
  }
  ba_sketch *a = sketch_of(*state, "k=11, scaled=1", letters, 300);
  ba_sketch *b = sketch_of(*state, "k=11, scaled=1", other, 300);
  ba_sketch *c = sketch_of(*state, "k=11, scaled=1", strand, 300);
  assert_true(ba_sketch_count(a) > 280);
  assert_same(a, b);
  assert_same(a, c);
  /* With an N at 100 the k-mers of both sides are left. */
  letters[100] = 'N';
  ba_sketch *broken = sketch_of(*state, "k=11, scaled=1", letters, 300);
  ba_sketch *sides = sketch_of(*state, "k=11, scaled=1", letters, 100);
  assert_int_equal(ba_sketch_add(sides, letters + 101, 199), BA_OK);
  assert_same(broken, sides);
  assert_true(ba_sketch_count(broken) < ba_sketch_count(a));
  ba_sketch *brief = sketch_of(*state, "k=11, scaled=1", letters, 10);
  assert_int_equal(ba_sketch_count(brief), 0);
  ba_sketch *const all[] = {a, b, c, broken, sides, brief};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) ba_sketch_destroy(all[i]);
  free(letters);
}

/* Records, pieces and merged sketches give what one sequence gives; adding again changes nothing. */
static void test_adding_in_any_way(void **state) {
  enum { N = 200000, PARTS = 7 };
  char *letters = made_letters(N);
  int64_t offsets[PARTS + 1] = {0, 10, 30, 4096, 4097, 100000, 150001, N};
  ba_records *records = NULL;
  ba_sketch *whole = NULL, *pieces = NULL;
  assert_int_equal(ba_records_create(*state, letters, offsets, PARTS, &records), BA_OK);
  assert_int_equal(ba_sketch_create(*state, "scaled=1", &whole), BA_OK);
  assert_int_equal(ba_sketch_create(*state, "scaled=1", &pieces), BA_OK);
  for (int32_t i = 0; i < 3; i++) assert_int_equal(ba_sketch_add_records(whole, records), BA_OK);
  for (int32_t i = PARTS - 1; i >= 0; i--) {
    ba_sketch *one = sketch_of(*state, "scaled=1", letters + offsets[i], offsets[i + 1] - offsets[i]);
    assert_int_equal(ba_sketch_merge(pieces, one), BA_OK);
    assert_int_equal(ba_sketch_merge(pieces, one), BA_OK);
    ba_sketch_destroy(one);
  }
  assert_int_equal(ba_sketch_merge(pieces, pieces), BA_OK);
  assert_same(whole, pieces);
  /* 21-mers are all distinct in so short a random text. */
  assert_int_equal(ba_sketch_count(whole), 0 + 0 + 4066 - 20 + 0 + 95903 - 20 + 50001 - 20 + 49999 - 20);
  ba_records_release(records);
  ba_sketch_destroy(whole);
  ba_sketch_destroy(pieces);
  free(letters);
}

static void test_refusals(void **state) {
  ba_sketch *sketch = NULL, *other = NULL, *foreign = NULL;
  ba_context *second = NULL;
  double share;
  assert_int_equal(ba_sketch_create(NULL, "", &sketch), BA_ERR_ARGUMENT);
  assert_int_equal(ba_sketch_create(*state, "", NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_sketch_create(*state, "k=256", &sketch), BA_ERR_RECIPE);
  assert_string_equal(ba_context_error_message(*state), "column 3: k is \"256\"; accepted: an integer from 1 to 255");
  assert_int_equal(ba_sketch_create(*state, "scaled=0", &sketch), BA_ERR_RECIPE);
  assert_int_equal(ba_sketch_create(*state, "num=5", &sketch), BA_ERR_RECIPE);
  assert_null(sketch);
  assert_int_equal(ba_sketch_create(*state, NULL, &sketch), BA_OK);
  assert_int_equal(ba_sketch_create(*state, "k=31", &other), BA_OK);
  assert_int_equal(ba_context_create(NULL, &second), BA_OK);
  assert_int_equal(ba_sketch_create(second, NULL, &foreign), BA_OK);
  assert_int_equal(ba_sketch_add(sketch, NULL, 1), BA_ERR_ARGUMENT);
  assert_int_equal(ba_sketch_add(sketch, "A", -1), BA_ERR_ARGUMENT);
  assert_int_equal(ba_sketch_add(NULL, "A", 1), BA_ERR_ARGUMENT);
  assert_int_equal(ba_sketch_add_records(sketch, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_sketch_add_records(NULL, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_sketch_merge(sketch, other), BA_ERR_ARGUMENT);
  assert_string_equal(ba_context_error_message(*state),
                      "sketch: k, scaled or seed differ (k is 21 and 31); expected the same for both");
  assert_int_equal(ba_sketch_merge(sketch, foreign), BA_ERR_ARGUMENT);
  assert_int_equal(ba_sketch_merge(sketch, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_sketch_merge(NULL, sketch), BA_ERR_ARGUMENT);
  assert_int_equal(ba_sketch_similarity(sketch, other, &share, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_sketch_similarity(NULL, other, &share, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_sketch_count(NULL), 0);
  assert_null(ba_sketch_hashes(NULL));
  ba_context_cancel(*state);
  assert_int_equal(ba_sketch_add(sketch, "ACGTACGTACGTACGTACGTACGTACGT", 28), BA_ERR_CANCELLED);
  assert_int_equal(ba_sketch_count(sketch), 0);
  ba_sketch_destroy(sketch);
  ba_sketch_destroy(other);
  ba_sketch_destroy(foreign);
  ba_sketch_destroy(NULL);
  ba_context_destroy(second);
}

static ba_status whole_life(ba_context *context, void *argument) {
  const char *letters = argument;
  const int64_t offsets[] = {0, 9000, 20000};
  ba_sketch *a = NULL, *b = NULL;
  ba_records *records = NULL;
  double containment = -1.0;
  ba_status status = ba_sketch_create(context, "scaled=2", &a);
  if (!status) status = ba_sketch_create(context, "scaled=2", &b);
  if (!status) status = ba_records_create(context, letters, offsets, 2, &records);
  if (!status) status = ba_sketch_add(a, letters, 100);
  const int64_t before = ba_sketch_count(a);
  if (!status) {
    status = ba_sketch_add_records(a, records);
    if (status) assert_int_equal(ba_sketch_count(a), before);
  }
  if (!status) status = ba_sketch_merge(b, a);
  if (!status) status = ba_sketch_similarity(a, b, &containment, NULL);
  if (!status) assert_true(containment == 1.0);
  ba_records_release(records);
  ba_sketch_destroy(a);
  ba_sketch_destroy(b);
  return status;
}

static void test_every_failing_allocation(void **state) {
  (void)state;
  char *letters = made_letters(20000);
  assert_true(fault_sweep(whole_life, letters) > 6);
  free(letters);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_murmur_is_that_of_mmh3),
      cmocka_unit_test_setup_teardown(test_hashes_are_those_of_sourmash, set_up, tear_down),
      cmocka_unit_test(test_largest_hash_is_that_of_sourmash),
      cmocka_unit_test_setup_teardown(test_similarity_is_that_of_sourmash, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_letters, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_adding_in_any_way, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
      cmocka_unit_test(test_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
