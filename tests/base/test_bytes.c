/* SPDX-License-Identifier: MIT
 *
 * test_bytes.c: byte order, and the hash and the random bits against answers of a separate program with Python's
 * integers. The mixer there was first checked against the published outputs of SplitMix64.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "base/base.h"

static void test_byte_order(void **state) {
  (void)state;
  uint8_t bytes[8];
  bai_put_u16(bytes, 0x0102);
  assert_memory_equal(bytes, "\x02\x01", 2);
  assert_int_equal(bai_get_u16(bytes), 0x0102);
  bai_put_u32(bytes, UINT32_C(0xf1020304));
  assert_memory_equal(bytes, "\x04\x03\x02\xf1", 4);
  assert_int_equal(bai_get_u32(bytes), UINT32_C(0xf1020304));
  bai_put_u64(bytes, UINT64_C(0xf102030405060708));
  assert_memory_equal(bytes, "\x08\x07\x06\x05\x04\x03\x02\xf1", 8);
  assert_true(bai_get_u64(bytes) == UINT64_C(0xf102030405060708));
  assert_int_equal(bai_get_u16((const uint8_t *)"\xff\xff"), 0xffff);
}

static void test_bits_of_doubles(void **state) {
  (void)state;
  assert_true(bai_bits_of_f64(1.0) == UINT64_C(0x3ff0000000000000));
  assert_true(bai_bits_of_f64(-0.0) == UINT64_C(0x8000000000000000));
  assert_true(bai_f64_of_bits(UINT64_C(0xc008000000000000)) == -3.0);
  assert_true(isnan(bai_f64_of_bits(UINT64_C(0x7ff8000000000000))));
}

static void test_hash_known_answers(void **state) {
  (void)state;
  uint8_t rising[64];
  for (int32_t i = 0; i < 64; i++) rising[i] = (uint8_t)i;
  const uint8_t *dna = (const uint8_t *)"ACGTACGTA", *a = (const uint8_t *)"a";
  const uint8_t zeros[8] = {0};
  assert_true(bai_hash_bytes(0, NULL, 0) == UINT64_C(0x48218226ff3cd4bf));
  assert_true(bai_hash_bytes(0, a, 1) == UINT64_C(0x5c67ed4873a9ebd4));
  assert_true(bai_hash_bytes(1, a, 1) == UINT64_C(0x4d0b2bc5eab5b489));
  assert_true(bai_hash_bytes(0, dna, 8) == UINT64_C(0x946ea44afc3cb749));
  assert_true(bai_hash_bytes(0, dna, 9) == UINT64_C(0x96d4c20377fba9b8));
  assert_true(bai_hash_bytes(7, rising, 64) == UINT64_C(0x20fa1fe7301b8622));
  assert_true(bai_hash_bytes(0, zeros, 3) == UINT64_C(0xa05c637be3667e3e));
  assert_true(bai_hash_bytes(0, zeros, 8) == UINT64_C(0x4f323ff7967d4614));
}

static void test_hash_moves_half_of_the_bits(void **state) {
  (void)state;
  uint8_t data[21];
  for (int32_t i = 0; i < 21; i++) data[i] = (uint8_t)(i * 11);
  uint64_t whole = bai_hash_bytes(3, data, 21);
  int64_t moved = 0;
  for (int32_t bit = 0; bit < 8 * 21; bit++) {
    data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    moved += __builtin_popcountll(whole ^ bai_hash_bytes(3, data, 21));
    data[bit / 8] ^= (uint8_t)(1u << bit % 8);
  }
  /* 168 flips of 64 fair bits: mean 5376, standard deviation 51.8. */
  assert_true(moved > 5376 - 260 && moved < 5376 + 260);
}

static void test_random_known_answers(void **state) {
  (void)state;
  assert_true(bai_random(0, 0, 0) == UINT64_C(0x238275bc38fcbe91));
  assert_true(bai_random(1, 0, 0) == UINT64_C(0xb18a02f46d8d86c3));
  assert_true(bai_random(0, 1, 0) == UINT64_C(0x2f101fe21496ea20));
  assert_true(bai_random(0, 0, 1) == UINT64_C(0xf89a2566b5822c54));
  assert_true(bai_random(42, 7, 123456789) == UINT64_C(0x85a5e2e8e28686d9));
  assert_true(bai_random(UINT64_MAX, UINT64_MAX, UINT64_MAX) == UINT64_C(0x179f01f0d2fba97a));
}

/* Chi-squared of the high byte and of the low byte over 65,536 draws along one of the three numbers: 255 degrees of
 * freedom, mean 255, standard deviation 22.6. */
static void check_uniform(int32_t along) {
  int32_t high[256] = {0}, low[256] = {0};
  uint64_t at[3] = {5, 5, 5};
  for (uint64_t i = 0; i < 65536; i++) {
    at[along] = i;
    uint64_t bits = bai_random(at[0], at[1], at[2]);
    high[bits >> 56]++;
    low[bits & 255]++;
  }
  double chi_high = 0, chi_low = 0;
  for (int32_t i = 0; i < 256; i++) {
    chi_high += (high[i] - 256) * (high[i] - 256) / 256.0;
    chi_low += (low[i] - 256) * (low[i] - 256) / 256.0;
  }
  assert_true(chi_high > 160 && chi_high < 350);
  assert_true(chi_low > 160 && chi_low < 350);
}

static void test_random_is_uniform(void **state) {
  (void)state;
  for (int32_t along = 0; along < 3; along++) check_uniform(along);
}

static void test_random_neighbours_are_unrelated(void **state) {
  (void)state;
  int64_t moved = 0;
  for (uint64_t i = 0; i < 1000; i++) {
    moved += __builtin_popcountll(bai_random(i, 0, 0) ^ bai_random(i + 1, 0, 0));
    moved += __builtin_popcountll(bai_random(0, i, 0) ^ bai_random(0, i + 1, 0));
    moved += __builtin_popcountll(bai_random(0, 0, i) ^ bai_random(0, 0, i + 1));
    moved += __builtin_popcountll(bai_random(i, i + 1, 9) ^ bai_random(i + 1, i, 9));
  }
  /* 4,000 pairs of 64 fair bits: mean 128,000, standard deviation 253. */
  assert_true(moved > 128000 - 1300 && moved < 128000 + 1300);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_byte_order),
      cmocka_unit_test(test_bits_of_doubles),
      cmocka_unit_test(test_hash_known_answers),
      cmocka_unit_test(test_hash_moves_half_of_the_bits),
      cmocka_unit_test(test_random_known_answers),
      cmocka_unit_test(test_random_is_uniform),
      cmocka_unit_test(test_random_neighbours_are_unrelated),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
