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

/** An array of one number type with one or two dimensions; immutable once it is shared. Since 0.1.0. */
typedef struct ba_array ba_array;

#define BA_FLOAT64 1
#define BA_FLOAT32 2
#define BA_INT64 3
#define BA_INT32 4
#define BA_UINT32 5
#define BA_UINT8 6

/** Called with `user` when a wrapped array's last reference goes; may run on any thread. Since 0.1.0. */
typedef void (*ba_release_function)(void *user);

/**
 * Makes an array of zeros in row-major order.
 * @param context not NULL.
 * @param dtype BA_FLOAT64 to BA_UINT8.
 * @param ndim 1 or 2.
 * @param shape `ndim` lengths in elements, each 0 or more.
 * @param out gets the array.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: the caller releases the array. Threads: one at a time. Cost: the bytes of the array. Since 0.1.0.
 */
BA_API ba_status ba_array_create(ba_context *context, int32_t dtype, int32_t ndim, const int64_t *shape,
                                 ba_array **out);
/**
 * Makes an array over foreign memory without a copy; dtype, ndim and shape as for ba_array_create.
 * @param context not NULL.
 * @param strides `ndim` distances in bytes between neighbours.
 * @param data the first element, not NULL; it must stay until `release` is called.
 * @param release called once with `user`, when the last reference goes; may be NULL.
 * @param out gets the array.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY; on failure `release` is not called.
 * Owns: the caller releases the array. Threads: one at a time. Cost: one small allocation. Since 0.1.0.
 */
BA_API ba_status ba_array_wrap(ba_context *context, int32_t dtype, int32_t ndim, const int64_t *shape,
                               const int64_t *strides, void *data, ba_release_function release, void *user,
                               ba_array **out);
/**
 * Adds a reference to an array.
 * @param array may be NULL.
 * @return `array` itself. Cannot fail.
 * Owns: the caller has one more reference to release. Threads: any, at any time. Cost: constant. Since 0.1.0.
 */
BA_API ba_array *ba_array_retain(ba_array *array);
/**
 * Drops a reference to an array; the last one frees it.
 * @param array may be NULL. Not to be used by the caller afterwards.
 * Owns: the memory of a wrapped array goes back by its release function. Threads: any, at any time. Cost: constant,
 * with the last reference that of freeing. Since 0.1.0.
 */
BA_API void ba_array_release(ba_array *array);
/**
 * Gives the type of the elements.
 * @param array NULL gives 0.
 * @return BA_FLOAT64 to BA_UINT8. Cannot fail.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API int32_t ba_array_dtype(const ba_array *array);
/**
 * Gives the number of dimensions.
 * @param array NULL gives 0.
 * @return 1 or 2. Cannot fail.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API int32_t ba_array_ndim(const ba_array *array);
/**
 * Gives the length of one dimension, in elements.
 * @param array NULL gives 0.
 * @param dimension from 0.
 * @return 0 or more; 0 for a dimension that is not there. Cannot fail.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API int64_t ba_array_shape(const ba_array *array, int32_t dimension);
/**
 * Gives the distance in bytes between neighbours in one dimension.
 * @param array NULL gives 0.
 * @param dimension from 0.
 * @return bytes; 0 for a dimension that is not there. Cannot fail.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API int64_t ba_array_stride(const ba_array *array, int32_t dimension);
/**
 * Gives the first element, for reading.
 * @param array NULL gives NULL.
 * @return a borrowed pointer. Cannot fail.
 * Owns: the array owns the memory, which lives as long as it. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API const void *ba_array_data(const ba_array *array);
/**
 * Gives the first element, for writing.
 * @param array NULL gives NULL.
 * @return a borrowed pointer; NULL when the array has more than one reference or wraps foreign memory.
 * Owns: the array owns the memory. Threads: only the one that holds the sole reference. Cost: constant. Since 0.1.0.
 */
BA_API void *ba_array_data_mut(ba_array *array);

#ifdef __cplusplus
}
#endif
#endif
