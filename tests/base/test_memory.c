/* SPDX-License-Identifier: MIT
 *
 * test_memory.c: alignment, counting, the limit, failures, and the vector.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "support/fault.h"

static int64_t used_by(const ba_context *context) {
  int64_t current = 0;
  ba_context_memory(context, &current, NULL);
  return current;
}

static void test_blocks_are_aligned_and_counted(void **state) {
  (void)state;
  fault plan = {0};
  ba_allocator allocator = fault_allocator(&plan);
  ba_context *context;
  assert_int_equal(ba_context_create(&allocator, &context), BA_OK);
  int64_t empty = used_by(context);
  assert_int_equal(empty, plan.bytes);
  void *blocks[100];
  for (int64_t i = 0; i < 100; i++) {
    assert_int_equal(bai_alloc(context, i, 3, &blocks[i]), BA_OK);
    assert_non_null(blocks[i]);
    assert_int_equal((uintptr_t)blocks[i] % 64, 0);
    memset(blocks[i], 0xff, (size_t)(3 * i));
    assert_int_equal(used_by(context), plan.bytes);
  }
  assert_true(used_by(context) >= empty + 3 * 99 * 100 / 2);
  int64_t peak = 0, full = used_by(context);
  for (int64_t i = 0; i < 100; i++) bai_free(context, blocks[(i * 37) % 100]);
  assert_int_equal(used_by(context), empty);
  ba_context_memory(context, NULL, &peak);
  assert_int_equal(peak, full);
  bai_free(context, NULL);
  ba_context_destroy(context);
  assert_int_equal(plan.blocks, 0);
  assert_int_equal(plan.bytes, 0);
  assert_int_equal(plan.wrong, 0);
}

static void test_zero_blocks_are_zero(void **state) {
  (void)state;
  fault plan = {0}; /* its blocks start as 0xa5 */
  ba_allocator allocator = fault_allocator(&plan);
  ba_context *context;
  assert_int_equal(ba_context_create(&allocator, &context), BA_OK);
  uint8_t *data;
  assert_int_equal(bai_alloc_zero(context, 1000, 7, &data), BA_OK);
  for (int32_t i = 0; i < 7000; i++) assert_int_equal(data[i], 0);
  bai_free(context, data);
  ba_context_destroy(context);
}

static void test_impossible_sizes(void **state) {
  (void)state;
  ba_context *context;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  void *data = &data;
  assert_int_equal(bai_alloc(context, INT64_MAX / 2, 3, &data), BA_ERR_MEMORY);
  assert_null(data);
  assert_string_equal(ba_context_error_message(context),
                      "4611686018427387903 items of 3 bytes are more than any machine can address");
  assert_int_equal(bai_alloc(context, INT64_MAX, 1, &data), BA_ERR_MEMORY);
  assert_int_equal(bai_alloc_zero(context, INT64_MAX, 8, &data), BA_ERR_MEMORY);
  assert_int_equal(bai_alloc(context, -1, 8, &data), BA_ERR_INTERNAL);
  assert_null(data);
  bai_vector vector = {0};
  assert_int_equal(bai_vector_reserve(context, &vector, INT64_MAX, 8), BA_ERR_MEMORY);
  vector.count = 5;
  assert_int_equal(bai_vector_reserve(context, &vector, INT64_MAX, 1), BA_ERR_MEMORY);
  assert_null(vector.data);
  ba_context_destroy(context);
}

static void test_refusal_is_told(void **state) {
  (void)state;
  fault plan = {.fail_at = 2};
  ba_allocator allocator = fault_allocator(&plan);
  ba_context *context;
  char expected[200];
  assert_int_equal(ba_context_create(&allocator, &context), BA_OK);
  void *data = &data;
  assert_int_equal(bai_alloc(context, 100, 10, &data), BA_ERR_MEMORY);
  assert_null(data);
  bai_format(expected, 200, "the allocator refused 1080 bytes; %lld are held", (long long)sizeof(ba_context));
  assert_string_equal(ba_context_error_message(context), expected);
  assert_int_equal(used_by(context), sizeof(ba_context));
  ba_context_destroy(context);
}

static void test_limit(void **state) {
  (void)state;
  ba_context *context;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  int64_t held = used_by(context);
  char expected[200];
  void *data, *more;
  /* A block costs its bytes, 16 for the header and 64 for the alignment. */
  assert_int_equal(ba_context_set_memory_limit(context, held + 1080), BA_OK);
  assert_int_equal(bai_alloc(context, 1000, 1, &data), BA_OK);
  assert_int_equal(bai_alloc(context, 1, 1, &more), BA_ERR_LIMIT);
  assert_null(more);
  bai_format(expected, 200, "memory limit: 81 bytes asked for, %lld held, %lld allowed", (long long)held + 1080,
             (long long)held + 1080);
  assert_string_equal(ba_context_error_message(context), expected);
  bai_free(context, data);
  assert_int_equal(bai_alloc(context, 1001, 1, &data), BA_ERR_LIMIT);
  assert_int_equal(ba_context_set_memory_limit(context, 0), BA_OK);
  assert_int_equal(bai_alloc(context, 1001, 1, &data), BA_OK);
  bai_free(context, data);
  ba_context_destroy(context);
}

static void test_vector_grows_and_keeps(void **state) {
  (void)state;
  ba_context *context;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  bai_vector vector = {0};
  int64_t moves = 0;
  const void *last = NULL;
  for (int32_t i = 0; i < 10000; i++) {
    assert_int_equal(bai_vector_append(context, &vector, &i, 1, sizeof i), BA_OK);
    moves += vector.data != last;
    last = vector.data;
  }
  assert_int_equal(vector.count, 10000);
  assert_true(vector.capacity >= 10000 && vector.capacity <= 15000);
  assert_true(moves <= 20); /* log(10000 / 8) / log(1.5) is 17.6 */
  for (int32_t i = 0; i < 10000; i++) assert_int_equal(((int32_t *)vector.data)[i], i);
  assert_int_equal(bai_vector_reserve(context, &vector, 90000, sizeof(int32_t)), BA_OK);
  assert_int_equal(vector.count, 10000);
  assert_true(vector.capacity >= 100000);
  assert_int_equal(((int32_t *)vector.data)[9999], 9999);
  assert_int_equal((uintptr_t)vector.data % 64, 0);
  bai_vector_free(context, &vector);
  assert_null(vector.data);
  assert_int_equal(vector.count + vector.capacity, 0);
  ba_context_destroy(context);
}

static ba_status fill_vectors(ba_context *context, void *argument) {
  bai_vector a = {0}, b = {0};
  ba_status status = BA_OK;
  int64_t wanted = *(int64_t *)argument;
  for (int64_t i = 0; i < wanted && !status; i++) {
    status = bai_vector_append(context, &a, &i, 1, sizeof i);
    if (!status) status = bai_vector_append(context, &b, "xyz", 3, 1);
    /* A failed append leaves the vector as it was. */
    if (status && (a.count < i || b.count != 3 * i)) status = BA_ERR_INTERNAL;
  }
  for (int64_t i = 0; i < a.count; i++) {
    if (((int64_t *)a.data)[i] != i) status = BA_ERR_INTERNAL;
  }
  bai_vector_free(context, &a);
  bai_vector_free(context, &b);
  return status;
}

static void test_every_allocation_failing(void **state) {
  (void)state;
  int64_t wanted = 200;
  /* The context, 9 sizes of a (8, 12, 18, ... 202) and 11 of b (8, 12, ... 681). */
  assert_int_equal(fault_sweep(fill_vectors, &wanted), 1 + 9 + 12);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_blocks_are_aligned_and_counted),
      cmocka_unit_test(test_zero_blocks_are_zero),
      cmocka_unit_test(test_impossible_sizes),
      cmocka_unit_test(test_refusal_is_told),
      cmocka_unit_test(test_limit),
      cmocka_unit_test(test_vector_grows_and_keeps),
      cmocka_unit_test(test_every_allocation_failing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
