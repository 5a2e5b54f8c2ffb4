/* SPDX-License-Identifier: MIT
 *
 * array.h: strided arrays of numbers, and tables of named columns; both shared by reference count.
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

/* ---- tables ---- */

/**
 * Named columns of equal length: arrays of numbers (two dimensions: one row of numbers a row) and texts, each with or
 * without missing values. Immutable once it is shared. Since 0.1.0.
 */
typedef struct ba_table ba_table;

/**
 * Makes a table without columns.
 * @param context not NULL.
 * @param rows the length of every column, 0 or more.
 * @param out gets the table, or NULL on failure.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: the caller releases the table. Threads: one at a time. Cost: one small allocation. Since 0.1.0.
 */
BA_API ba_status ba_table_create(ba_context *context, int64_t rows, ba_table **out);
/**
 * Adds a column of numbers.
 * @param table of the caller's alone: with other references to it this is BA_ERR_ARGUMENT.
 * @param name not NULL, of no column that the table has; copied.
 * @param array as long as the table in its first dimension.
 * @param validity NULL (nothing is missing), or (rows + 7) / 8 bytes: row i has a value when bit i % 8 of byte i / 8,
 * the lowest bit first, is 1; copied.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: the table holds a reference on the array. Threads: one at a time. Cost: no copy of the numbers. Since 0.1.0.
 */
BA_API ba_status ba_table_add_array(ba_table *table, const char *name, ba_array *array, const uint8_t *validity);
/**
 * Adds a column of texts.
 * @param table of the caller's alone: with other references to it this is BA_ERR_ARGUMENT.
 * @param name not NULL, of no column that the table has; copied.
 * @param bytes the texts one after the other; may be NULL when there are none.
 * @param offsets rows + 1 entries, 0 or more, never falling: text i is bytes[offsets[i]] up to, without,
 * bytes[offsets[i + 1]].
 * @param validity NULL, or as for ba_table_add_array.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: the caller keeps what it gave. Threads: one at a time. Cost: one copy. Since 0.1.0.
 */
BA_API ba_status ba_table_add_text(ba_table *table, const char *name, const char *bytes, const int64_t *offsets,
                                   const uint8_t *validity);
/**
 * Gives the number of rows.
 * @param table NULL gives 0.
 * @return 0 or more. Cannot fail.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API int64_t ba_table_rows(const ba_table *table);
/**
 * Gives the number of columns.
 * @param table NULL gives 0.
 * @return 0 or more. Cannot fail.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API int64_t ba_table_columns(const ba_table *table);
/**
 * Gives the name of a column.
 * @param table NULL gives NULL.
 * @param column from 0.
 * @return a borrowed text; NULL for a column that is not there. Cannot fail.
 * Owns: the table owns the text, which lives as long as it. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API const char *ba_table_name(const ba_table *table, int64_t column);
/**
 * Finds a column by its name, letter case heeded.
 * @param table NULL gives -1.
 * @param name NULL gives -1.
 * @return the column, from 0; -1 when there is none. Cannot fail.
 * Owns: nothing. Threads: any. Cost: looks at every name. Since 0.1.0.
 */
BA_API int64_t ba_table_find(const ba_table *table, const char *name);
/**
 * Gives a column of numbers.
 * @param table NULL gives NULL.
 * @param column from 0.
 * @return a borrowed array, to be retained by who keeps it; NULL for texts and for a column that is not there. Cannot
 * fail.
 * Owns: the table holds the array. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API ba_array *ba_table_array(const ba_table *table, int64_t column);
/**
 * Gives one text.
 * @param table NULL gives NULL.
 * @param column from 0, of texts.
 * @param row from 0.
 * @param length gets the bytes of the text, 0 when there is none; may be NULL.
 * @return a borrowed text without a NUL at its end; NULL when it is missing, or outside the table, or no text. Cannot
 * fail.
 * Owns: the table owns the text, which lives as long as it. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API const char *ba_table_text(const ba_table *table, int64_t column, int64_t row, int64_t *length);
/**
 * Gives all texts of a column in one buffer.
 * @param table NULL gives NULL.
 * @param column from 0, of texts.
 * @param offsets gets rows + 1 offsets into it, the first 0; may be NULL.
 * @return a borrowed buffer, never NULL for a column of texts; else NULL. Cannot fail.
 * Owns: the table owns both, which live as long as it. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API const char *ba_table_texts(const ba_table *table, int64_t column, const int64_t **offsets);
/**
 * Says which rows of a column have a value.
 * @param table NULL gives NULL.
 * @param column from 0.
 * @return a borrowed bitmap as ba_table_add_array takes it; NULL when nothing is missing, or for a column that is not
 * there. Cannot fail.
 * Owns: the table owns the bits, which live as long as it. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API const uint8_t *ba_table_validity(const ba_table *table, int64_t column);
/**
 * Describes every column as JSON: of numbers count, missing, infinite, mean, standard deviation (over n - 1), minimum,
 * quantiles (q05, q25, median, q75, q95, by linear interpolation), maximum and a histogram of ten equal bins; of texts
 * count, missing, how many are distinct and the five most frequent; and Pearson's correlations of the columns of
 * numbers (the first 64), over the rows that have both.
 * @param context not NULL.
 * @param table not NULL.
 * @param buffer room for `capacity` bytes; may be NULL when that is 0.
 * @param capacity bytes, 0 or more; a longer text is cut and stays NUL-terminated.
 * @param length gets the length of the whole text without the NUL.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_CANCELLED, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: every column is sorted, and two passes for each pair of columns of
 * numbers. Since 0.1.0.
 */
BA_API ba_status ba_table_describe(ba_context *context, const ba_table *table, char *buffer, int64_t capacity,
                                   int64_t *length);
/**
 * Adds a reference to a table.
 * @param table may be NULL.
 * @return `table` itself. Cannot fail.
 * Owns: the caller has one more reference to release. Threads: any, at any time. Cost: constant. Since 0.1.0.
 */
BA_API ba_table *ba_table_retain(ba_table *table);
/**
 * Drops a reference to a table; the last one frees it.
 * @param table may be NULL. Not to be used by the caller afterwards.
 * Owns: texts borrowed from the table go with it, arrays when nobody else holds them. Threads: any, at any time. Cost:
 * constant, with the last reference that of freeing. Since 0.1.0.
 */
BA_API void ba_table_release(ba_table *table);

#ifdef __cplusplus
}
#endif
#endif
