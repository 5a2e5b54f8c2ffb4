/* SPDX-License-Identifier: MIT
 *
 * array.h: strided arrays of numbers, shared by reference count.
 */
#ifndef BIOANALYTICS_ARRAY_H
#define BIOANALYTICS_ARRAY_H

#include "bioanalytics/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** An array of one number type with one or two dimensions; immutable once it is shared. */
typedef struct ba_array ba_array;

#define BA_FLOAT64 1
#define BA_FLOAT32 2
#define BA_INT64 3
#define BA_INT32 4
#define BA_UINT32 5
#define BA_UINT8 6

/** Called with `user` when a wrapped array's last reference goes; may run on any thread. */
typedef void (*ba_release_function)(void *user);

/**
 * Makes an array of zeros in row-major order.
 *
 * @param dtype BA_FLOAT64 to BA_UINT8
 * @param ndim 1 or 2
 * @param shape `ndim` lengths, each 0 or more
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT
 * Owns: the caller releases *out. Threads: one. Cost: the bytes of the array. Since 0.1.0.
 */
BA_API ba_status ba_array_create(ba_context *context, int32_t dtype, int32_t ndim, const int64_t *shape,
                                 ba_array **out);
/**
 * Makes an array over foreign memory without a copy.
 *
 * @param strides `ndim` distances in bytes between neighbours
 * @param data the first element, not NULL; it must stay until `release` is called
 * @param release called once, when the last reference goes; may be NULL
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT; on failure `release` is not called
 * Owns: the caller releases *out. Threads: one. Cost: small. Since 0.1.0.
 */
BA_API ba_status ba_array_wrap(ba_context *context, int32_t dtype, int32_t ndim, const int64_t *shape,
                               const int64_t *strides, void *data, ba_release_function release, void *user,
                               ba_array **out);
/** Adds a reference and returns the array. Threads: any. Since 0.1.0. */
BA_API ba_array *ba_array_retain(ba_array *array);
/** Drops a reference; NULL is fine. Threads: any. Since 0.1.0. */
BA_API void ba_array_release(ba_array *array);
/** The number type, one of BA_FLOAT64 to BA_UINT8. Threads: any. Since 0.1.0. */
BA_API int32_t ba_array_dtype(const ba_array *array);
/** The number of dimensions, 1 or 2. Threads: any. Since 0.1.0. */
BA_API int32_t ba_array_ndim(const ba_array *array);
/** The length of one dimension; 0 for a dimension that is not there. Threads: any. Since 0.1.0. */
BA_API int64_t ba_array_shape(const ba_array *array, int32_t dimension);
/** The distance in bytes between neighbours in one dimension. Threads: any. Since 0.1.0. */
BA_API int64_t ba_array_stride(const ba_array *array, int32_t dimension);
/** The first element. Borrowed from the array. Threads: any. Since 0.1.0. */
BA_API const void *ba_array_data(const ba_array *array);
/** The first element for writing, or NULL when the array is shared or wraps foreign memory. Since 0.1.0. */
BA_API void *ba_array_data_mut(ba_array *array);

#ifdef __cplusplus
}
#endif
#endif
