/* SPDX-License-Identifier: MIT
 *
 * arrow.h: records and tables as Arrow data, without a copy, so that pyarrow, polars and DuckDB read them as a table.
 * The three structs are those of the Arrow C data and C stream interfaces, which are frozen.
 */
#ifndef BIOANALYTICS_ARROW_H
#define BIOANALYTICS_ARROW_H

#include "bioanalytics/seq.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
  const char *format;
  const char *name;
  const char *metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema **children;
  struct ArrowSchema *dictionary;
  void (*release)(struct ArrowSchema *);
  void *private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void **buffers;
  struct ArrowArray **children;
  struct ArrowArray *dictionary;
  void (*release)(struct ArrowArray *);
  void *private_data;
};

#endif /* ARROW_C_DATA_INTERFACE */

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
  int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
  const char *(*get_last_error)(struct ArrowArrayStream *);
  void (*release)(struct ArrowArrayStream *);
  void *private_data;
};

#endif /* ARROW_C_STREAM_INTERFACE */

/**
 * Turns a reader into an Arrow stream of the columns name, sequence and, where the format has qualities, quality; all
 * large_utf8. The first batch is read here, since it tells the format; a push reader is finished first.
 *
 * @param out a struct of the caller's, overwritten; a batch has at most 65,536 records
 * @return BA_OK, BA_ERR_ARGUMENT, also for a reader with `chunk=`, and what ba_reader_next returns; on failure the
 * reader stays the caller's
 * Owns: on success the stream owns the reader, and closes it when it is released. Threads: the stream is used by one
 * thread at a time, and uses the reader's context; batches are released on any. Cost: no copy. Since 0.1.0.
 */
BA_API ba_status ba_reader_export_stream(ba_reader *reader, struct ArrowArrayStream *out);

/**
 * Gives a table as an Arrow struct array and its schema: numbers as their Arrow types (two dimensions: a fixed size
 * list of numbers a row), texts as large_utf8, missing values as nulls.
 *
 * @param table not NULL; its arrays in row-major order without gaps, its texts UTF-8.
 * @param schema a struct of the caller's, overwritten.
 * @param array a struct of the caller's, overwritten.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_UNSUPPORTED for an array with gaps, BA_ERR_FORMAT for a text that is not
 * UTF-8, with the row as record, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY; on failure both structs are released ones.
 * Owns: the caller releases both structs; the array holds the table. Threads: one at a time; the structs are released
 * on any. Cost: no copy; looks at every text. Since 0.1.0.
 */
BA_API ba_status ba_table_export(ba_table *table, struct ArrowSchema *schema, struct ArrowArray *array);

/**
 * Takes an Arrow struct array, such as a record batch, as a table.
 *
 * float64, float32, int64, int32, uint32 and uint8 stay where they are, and so do fixed size lists of them, which
 * become columns of two dimensions; int8, int16 and uint16 become int32, uint64 becomes float64, truths become uint8,
 * dates (date32) and timestamps become seconds since 1970 in float64; utf8, large_utf8, utf8_view and dictionaries of
 * them become texts. Nulls are missing values.
 * @param context not NULL.
 * @param schema of the array; released by the call when it succeeds.
 * @param array a struct array without null rows; moved into the table when the call succeeds.
 * @param out gets the table, or NULL on failure.
 * @return BA_OK; BA_ERR_UNSUPPORTED for another format, with the column; BA_ERR_ARGUMENT, also for two columns of one
 * name; BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_CANCELLED, BA_ERR_BUSY; on failure both structs stay the caller's.
 * Owns: the caller releases the table; the array is released with the last of its columns. Threads: one at a time; the
 * array's release function runs where the last column is released. Cost: no copy of numbers. Since 0.1.0.
 */
BA_API ba_status ba_table_import(ba_context *context, struct ArrowSchema *schema, struct ArrowArray *array,
                                 ba_table **out);

#ifdef __cplusplus
}
#endif
#endif
