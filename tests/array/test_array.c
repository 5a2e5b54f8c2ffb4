/* SPDX-License-Identifier: MIT
 *
 * test_array.c: arrays owned and wrapped, their shapes, their references and their refusals.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "array/array.h"
#include "support/fault.h"

static const struct {
  int32_t dtype;
  int64_t size;
} types[] = {{BA_FLOAT64, sizeof(double)}, {BA_FLOAT32, sizeof(float)},   {BA_INT64, sizeof(int64_t)},
             {BA_INT32, sizeof(int32_t)},  {BA_UINT32, sizeof(uint32_t)}, {BA_UINT8, sizeof(uint8_t)}};

static int32_t set_up(void **state) {
  ba_context *context;
  if (ba_context_create(NULL, &context)) return 1;
  *state = context;
  return 0;
}

static int32_t tear_down(void **state) {
  ba_context_destroy(*state);
  return 0;
}

static void test_created_arrays_are_zeros_in_row_order(void **state) {
  const int64_t shapes[][2] = {{0, 0}, {1, 1}, {3, 5}, {7, 0}, {0, 7}, {100, 33}};
  for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
    assert_int_equal(bai_dtype_size(types[t].dtype), types[t].size);
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
      for (int32_t ndim = 1; ndim <= 2; ndim++) {
        ba_array *array = NULL;
        assert_int_equal(ba_array_create(*state, types[t].dtype, ndim, shapes[s], &array), BA_OK);
        assert_int_equal(ba_array_dtype(array), types[t].dtype);
        assert_int_equal(ba_array_ndim(array), ndim);
        assert_int_equal(ba_array_shape(array, 0), shapes[s][0]);
        assert_int_equal(ba_array_shape(array, 1), ndim == 2 ? shapes[s][1] : 0);
        assert_int_equal(ba_array_stride(array, ndim - 1), types[t].size);
        if (ndim == 2) assert_int_equal(ba_array_stride(array, 0), shapes[s][1] * types[t].size);
        assert_non_null(ba_array_data(array));
        assert_ptr_equal(ba_array_data_mut(array), ba_array_data(array));
        const int64_t bytes = shapes[s][0] * (ndim == 2 ? shapes[s][1] : 1) * types[t].size;
        uint8_t *data = ba_array_data_mut(array);
        for (int64_t i = 0; i < bytes; i++) assert_int_equal(data[i], 0);
        if (bytes) memset(data, 0xff, (size_t)bytes);
        ba_array_release(array);
      }
  }
}

static void test_dimensions_that_are_not_there(void **state) {
  const int64_t shape[2] = {3, 4};
  ba_array *array;
  assert_int_equal(ba_array_create(*state, BA_UINT8, 2, shape, &array), BA_OK);
  assert_int_equal(ba_array_shape(array, -1), 0);
  assert_int_equal(ba_array_shape(array, 2), 0);
  assert_int_equal(ba_array_stride(array, -1), 0);
  assert_int_equal(ba_array_stride(array, 2), 0);
  ba_array_release(array);
  assert_int_equal(ba_array_dtype(NULL), 0);
  assert_int_equal(ba_array_ndim(NULL), 0);
  assert_int_equal(ba_array_shape(NULL, 0), 0);
  assert_int_equal(ba_array_stride(NULL, 0), 0);
  assert_null(ba_array_data(NULL));
  assert_null(ba_array_data_mut(NULL));
  assert_null(ba_array_retain(NULL));
  ba_array_release(NULL);
}

static void test_refusals(void **state) {
  const int64_t good[2] = {2, 3}, negative[2] = {2, -1}, strides[2] = {8, 1};
  double data[6] = {0};
  ba_array *array = (ba_array *)data;
  const struct {
    int32_t dtype, ndim;
    const int64_t *shape;
    const char *message;
  } cases[] = {
      {0, 1, good, "array: type 0; expected BA_FLOAT64 to BA_UINT8"},
      {7, 1, good, "array: type 7; expected BA_FLOAT64 to BA_UINT8"},
      {BA_UINT8, 0, good, "array: 0 dimensions; expected 1 or 2 and their lengths"},
      {BA_UINT8, 3, good, "array: 3 dimensions; expected 1 or 2 and their lengths"},
      {BA_UINT8, 2, NULL, "array: 2 dimensions; expected 1 or 2 and their lengths"},
      {BA_UINT8, 2, negative, "array: length -1 of dimension 1; expected 0 or more"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    array = (ba_array *)data;
    assert_int_equal(ba_array_create(*state, cases[i].dtype, cases[i].ndim, cases[i].shape, &array), BA_ERR_ARGUMENT);
    assert_string_equal(ba_context_error_message(*state), cases[i].message);
    assert_null(array);
    assert_int_equal(
        ba_array_wrap(*state, cases[i].dtype, cases[i].ndim, cases[i].shape, strides, data, NULL, NULL, &array),
        BA_ERR_ARGUMENT);
    assert_string_equal(ba_context_error_message(*state), cases[i].message);
  }
  assert_int_equal(ba_array_create(*state, BA_UINT8, 1, good, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_array_create(NULL, BA_UINT8, 1, good, &array), BA_ERR_ARGUMENT);
  assert_int_equal(ba_array_wrap(*state, BA_UINT8, 1, good, strides, NULL, NULL, NULL, &array), BA_ERR_ARGUMENT);
  assert_int_equal(ba_array_wrap(*state, BA_UINT8, 1, good, NULL, data, NULL, NULL, &array), BA_ERR_ARGUMENT);
  assert_int_equal(ba_array_wrap(*state, BA_UINT8, 1, good, strides, data, NULL, NULL, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_array_wrap(NULL, BA_UINT8, 1, good, strides, data, NULL, NULL, &array), BA_ERR_ARGUMENT);
}

/* Sizes whose products pass 2^63 must be seen, not wrapped around. */
static void test_sizes_that_overflow(void **state) {
  const int64_t shapes[][2] = {
      {INT64_MAX, 1}, {1, INT64_MAX}, {INT64_C(1) << 32, INT64_C(1) << 32}, {INT64_C(1) << 61, 8}, {2, INT64_MAX / 8}};
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
    ba_array *array = NULL;
    const ba_status status = ba_array_create(*state, BA_FLOAT64, 2, shapes[i], &array);
    assert_true(status == BA_ERR_LIMIT || status == BA_ERR_MEMORY);
    assert_null(array);
  }
}

static void test_memory_limit(void **state) {
  const int64_t shape[2] = {1000, 1000};
  ba_array *array;
  int64_t before, after;
  assert_int_equal(ba_context_set_memory_limit(*state, 1000000), BA_OK);
  ba_context_memory(*state, &before, NULL);
  assert_int_equal(ba_array_create(*state, BA_FLOAT64, 2, shape, &array), BA_ERR_LIMIT);
  assert_null(array);
  ba_context_memory(*state, &after, NULL);
  assert_int_equal(after, before);
}

static void test_references(void **state) {
  const int64_t shape = 4;
  ba_array *array;
  assert_int_equal(ba_array_create(*state, BA_INT32, 1, &shape, &array), BA_OK);
  assert_ptr_equal(ba_array_retain(array), array);
  assert_null(ba_array_data_mut(array)); /* shared */
  assert_non_null(ba_array_data(array));
  ba_array_release(array);
  assert_non_null(ba_array_data_mut(array));
  ba_array_release(array);
}

static void test_an_array_outlives_its_context(void **state) {
  (void)state;
  fault plan = {0};
  ba_allocator allocator = fault_allocator(&plan);
  ba_context *context;
  ba_array *array;
  const int64_t shape = 10;
  assert_int_equal(ba_context_create(&allocator, &context), BA_OK);
  assert_int_equal(ba_array_create(context, BA_INT64, 1, &shape, &array), BA_OK);
  ba_context_destroy(context);
  ((int64_t *)ba_array_data_mut(array))[9] = 7;
  assert_int_equal(((const int64_t *)ba_array_data(array))[9], 7);
  assert_true(plan.blocks > 0);
  ba_array_release(array);
  assert_int_equal(plan.blocks, 0);
  assert_int_equal(plan.wrong, 0);
}

static void count_release(void *user) {
  ++*(int32_t *)user;
}

static void test_wrapped_memory(void **state) {
  /* Columns of a row-major matrix, read from the last row up: any stride may stand, also a negative one. */
  double data[3][4];
  for (int32_t i = 0; i < 12; i++) data[i / 4][i % 4] = i;
  const int64_t shape[2] = {4, 3}, strides[2] = {8, -32};
  int32_t releases = 0;
  ba_array *array;
  assert_int_equal(ba_array_wrap(*state, BA_FLOAT64, 2, shape, strides, data[2], count_release, &releases, &array),
                   BA_OK);
  assert_null(ba_array_data_mut(array));
  assert_ptr_equal(ba_array_data(array), data[2]);
  for (int64_t i = 0; i < 4; i++)
    for (int64_t j = 0; j < 3; j++) {
      const char *at =
          (const char *)ba_array_data(array) + i * ba_array_stride(array, 0) + j * ba_array_stride(array, 1);
      assert_true(*(const double *)(const void *)at == data[2 - j][i]);
    }
  ba_array_retain(array);
  ba_array_release(array);
  assert_int_equal(releases, 0);
  ba_array_release(array);
  assert_int_equal(releases, 1);
  assert_int_equal(ba_array_wrap(*state, BA_FLOAT64, 2, shape, strides, data[2], NULL, NULL, &array), BA_OK);
  ba_array_release(array);
}

/* A wrap that fails never took the memory, so it must not give it back. */
static void test_a_failed_wrap_releases_nothing(void **state) {
  const int64_t shape = 1, stride = 1;
  int32_t releases = 0;
  uint8_t data = 0;
  ba_array *array;
  assert_int_equal(ba_array_wrap(*state, 99, 1, &shape, &stride, &data, count_release, &releases, &array),
                   BA_ERR_ARGUMENT);
  assert_int_equal(releases, 0);
}

static void *retain_and_release(void *array) {
  for (int32_t i = 0; i < 20000; i++) {
    ba_array_retain(array);
    ba_array_release(array);
  }
  ba_array_release(array);
  return NULL;
}

static void test_references_from_many_threads(void **state) {
  const int64_t shape = 1, stride = 1;
  int32_t releases = 0;
  uint8_t data = 0;
  ba_array *array;
  pthread_t threads[4];
  assert_int_equal(ba_array_wrap(*state, BA_UINT8, 1, &shape, &stride, &data, count_release, &releases, &array), BA_OK);
  for (int32_t i = 0; i < 4; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, retain_and_release, ba_array_retain(array)), 0);
  for (int32_t i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  assert_int_equal(releases, 0);
  ba_array_release(array);
  assert_int_equal(releases, 1);
}

static ba_status call_create(ba_context *context, void *argument) {
  (void)argument;
  const int64_t shape[2] = {3, 4};
  ba_array *array;
  const ba_status status = ba_array_create(context, BA_FLOAT32, 2, shape, &array);
  ba_array_release(array);
  return status;
}

static ba_status call_wrap(ba_context *context, void *argument) {
  const int64_t shape = 1, stride = 8;
  ba_array *array = NULL;
  const ba_status status = ba_array_wrap(context, BA_FLOAT64, 1, &shape, &stride, argument, NULL, NULL, &array);
  ba_array_release(array);
  return status;
}

static void test_failing_allocations(void **state) {
  (void)state;
  double value = 1;
  assert_true(fault_sweep(call_create, NULL) >= 2);
  assert_true(fault_sweep(call_wrap, &value) >= 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_created_arrays_are_zeros_in_row_order, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_dimensions_that_are_not_there, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_sizes_that_overflow, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_memory_limit, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_references, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_an_array_outlives_its_context, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_wrapped_memory, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_a_failed_wrap_releases_nothing, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_references_from_many_threads, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_failing_allocations, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
