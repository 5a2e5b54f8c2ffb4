/* SPDX-License-Identifier: MIT
 *
 * array.h: the inside of an array, for the rooms to the right.
 */
#ifndef BAI_ARRAY_H
#define BAI_ARRAY_H

#include "base/base.h"
#include "bioanalytics/array.h"

struct ba_array {
  _Atomic int64_t references;
  ba_context *context;
  int32_t dtype, ndim;
  int64_t shape[2], stride[2];
  void *data;
  int32_t foreign; /* wrapped memory */
  ba_release_function release;
  void *user;
};

/* Bytes of one element; 0 for an unknown type. */
int64_t bai_dtype_size(int32_t dtype);
/* Without bai_enter: for calls that are inside already. Contents are zero. */
ba_status bai_array_make(ba_context *context, int32_t dtype, int32_t ndim, const int64_t *shape, ba_array **out);

#endif
