/* SPDX-License-Identifier: MIT
 *
 * array.c: arrays of one or two dimensions, owned or wrapped, shared by reference count.
 */
#include "array/array.h"

#include <string.h>

int64_t bai_dtype_size(int32_t dtype) {
  switch (dtype) {
    case BA_FLOAT64:
    case BA_INT64:
      return 8;
    case BA_FLOAT32:
    case BA_INT32:
    case BA_UINT32:
      return 4;
    case BA_UINT8:
      return 1;
    default:
      return 0;
  }
}

static ba_status check_shape(ba_context *context, int32_t dtype, int32_t ndim, const int64_t *shape) {
  if (bai_dtype_size(dtype) == 0)
    return bai_fail(context, BA_ERR_ARGUMENT, "array: type %d; expected BA_FLOAT64 to BA_UINT8", dtype);
  if (ndim < 1 || ndim > 2 || !shape)
    return bai_fail(context, BA_ERR_ARGUMENT, "array: %d dimensions; expected 1 or 2 and their lengths", ndim);
  for (int32_t d = 0; d < ndim; d++)
    if (shape[d] < 0)
      return bai_fail(context, BA_ERR_ARGUMENT, "array: length %lld of dimension %d; expected 0 or more",
                      (long long)shape[d], d);
  return BA_OK;
}

static ba_status make_empty(ba_context *context, int32_t dtype, int32_t ndim, const int64_t *shape, ba_array **out) {
  *out = NULL;
  ba_status status = check_shape(context, dtype, ndim, shape);
  if (status) return status;
  ba_array *array;
  status = bai_alloc_zero(context, 1, sizeof *array, &array);
  if (status) return status;
  array->references = 1;
  array->context = bai_context_retain(context);
  array->dtype = dtype;
  array->ndim = ndim;
  for (int32_t d = 0; d < ndim; d++) array->shape[d] = shape[d];
  *out = array;
  return BA_OK;
}

ba_status bai_array_make(ba_context *context, int32_t dtype, int32_t ndim, const int64_t *shape, ba_array **out) {
  ba_status status = make_empty(context, dtype, ndim, shape, out);
  if (status) return status;
  ba_array *array = *out;
  const int64_t size = bai_dtype_size(dtype);
  const int64_t columns = ndim == 2 ? shape[1] : 1;
  array->stride[ndim - 1] = size;
  if (columns > INT64_MAX / size)
    status = bai_fail(context, BA_ERR_LIMIT, "array: %lld columns are too many", (long long)columns);
  if (!status && ndim == 2) array->stride[0] = columns * size;
  if (!status) status = bai_alloc_zero(context, shape[0], columns * size, &array->data);
  if (status) {
    ba_array_release(array);
    *out = NULL;
  }
  return status;
}

ba_status bai_array_take(ba_context *context, int32_t dtype, int32_t ndim, const int64_t *shape, void *data,
                         ba_array **out) {
  ba_status status = make_empty(context, dtype, ndim, shape, out);
  if (status) {
    bai_free(context, data);
    return status;
  }
  ba_array *array = *out;
  array->stride[ndim - 1] = bai_dtype_size(dtype);
  if (ndim == 2) array->stride[0] = shape[1] * array->stride[1];
  array->data = data;
  return BA_OK;
}

ba_status ba_array_create(ba_context *context, int32_t dtype, int32_t ndim, const int64_t *shape, ba_array **out) {
  ba_status status = bai_enter(context);
  if (status) return status;
  status = out ? bai_array_make(context, dtype, ndim, shape, out)
               : bai_fail(context, BA_ERR_ARGUMENT, "array: expected a place for the result");
  return bai_leave(context, status);
}

ba_status ba_array_wrap(ba_context *context, int32_t dtype, int32_t ndim, const int64_t *shape, const int64_t *strides,
                        void *data, ba_release_function release, void *user, ba_array **out) {
  ba_status status = bai_enter(context);
  if (status) return status;
  if (!out || !data || !strides)
    status = bai_fail(context, BA_ERR_ARGUMENT, "array: expected data, strides and a place for the result");
  if (!status) status = make_empty(context, dtype, ndim, shape, out);
  if (!status) {
    ba_array *array = *out;
    for (int32_t d = 0; d < ndim; d++) array->stride[d] = strides[d];
    array->data = data;
    array->foreign = 1;
    array->release = release;
    array->user = user;
  }
  return bai_leave(context, status);
}

ba_array *ba_array_retain(ba_array *array) {
  if (array) atomic_fetch_add(&array->references, 1);
  return array;
}

void ba_array_release(ba_array *array) {
  if (!array || atomic_fetch_sub(&array->references, 1) != 1) return;
  ba_context *context = array->context;
  if (array->foreign) {
    if (array->release) array->release(array->user);
  } else {
    bai_free(context, array->data);
  }
  bai_free(context, array);
  bai_context_release(context);
}

int32_t ba_array_dtype(const ba_array *array) {
  return array ? array->dtype : 0;
}

int32_t ba_array_ndim(const ba_array *array) {
  return array ? array->ndim : 0;
}

int64_t ba_array_shape(const ba_array *array, int32_t dimension) {
  return array && dimension >= 0 && dimension < array->ndim ? array->shape[dimension] : 0;
}

int64_t ba_array_stride(const ba_array *array, int32_t dimension) {
  return array && dimension >= 0 && dimension < array->ndim ? array->stride[dimension] : 0;
}

const void *ba_array_data(const ba_array *array) {
  return array ? array->data : NULL;
}

void *ba_array_data_mut(ba_array *array) {
  return array && !array->foreign && array->references == 1 ? array->data : NULL;
}

double bai_array_number(const ba_array *array, int64_t row, int64_t column) {
  const uint8_t *at = (const uint8_t *)array->data + row * array->stride[0];
  if (array->ndim == 2) at += column * array->stride[1];
  double value;
  int64_t whole;
  int32_t small;
  uint32_t natural;
  float single;
  switch (array->dtype) {
    case BA_FLOAT64:
      memcpy(&value, at, sizeof value);
      return value;
    case BA_FLOAT32:
      memcpy(&single, at, sizeof single);
      return (double)single;
    case BA_INT64:
      memcpy(&whole, at, sizeof whole);
      return (double)whole;
    case BA_INT32:
      memcpy(&small, at, sizeof small);
      return (double)small;
    case BA_UINT32:
      memcpy(&natural, at, sizeof natural);
      return (double)natural;
    default:
      return (double)*at;
  }
}
