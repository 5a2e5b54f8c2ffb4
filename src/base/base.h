/* SPDX-License-Identifier: MIT
 *
 * base.h: what every room stands on. Internal names start with bai_, public ones with ba_.
 */
#ifndef BAI_BASE_H
#define BAI_BASE_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "bioanalytics/base.h"

struct bai_kernels;

struct ba_context {
  _Atomic int64_t references;
  ba_allocator allocator;
  _Atomic int64_t memory_used, memory_peak, memory_limit;
  _Atomic int32_t busy, cancelled;
  _Atomic int64_t progress_done, progress_total;
  int32_t threads;
  const struct bai_kernels *kernels; /* NULL until the kernels room has chosen */
  ba_log_function log;
  void *log_user;
  ba_status error;
  int64_t error_record, error_byte;
  char message[512];
};

/* ---- context.c: who is in, who holds on ---- */

/* Every public call that can fail starts with bai_enter and ends with bai_leave, which passes `status` through. */
ba_status bai_enter(ba_context *context);
ba_status bai_leave(ba_context *context, ba_status status);
/* Objects hold their context alive. */
ba_context *bai_context_retain(ba_context *context);
void bai_context_release(ba_context *context);
/* Whether ba_context_cancel was called; any thread may ask. */
static inline int32_t bai_is_cancelled(const ba_context *context) {
  return atomic_load_explicit(&context->cancelled, memory_order_relaxed) != 0;
}
/* BA_ERR_CANCELLED, with the message set, once it was. Cheap: ask at least every 5 ms. */
ba_status bai_check_cancel(ba_context *context);
#define BAI_SLICE 65536 /* letters, keys or entries of much work, between two looks for a cancel */
void bai_progress(ba_context *context, int64_t done, int64_t total);
void bai_log(ba_context *context, int32_t level, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* ---- error.c: the last error ---- */

/* Records an error and returns `status`. The format knows %s %.*s %c %d %ld %lld %02x %08x %% and %g (shortest text
 * that reads back as the same double), and nothing else. Bytes of %s, %.*s and %c that are not printable ASCII appear
 * as \xHH, so texts from files may be passed as they are. Position: none. */
ba_status bai_fail(ba_context *context, ba_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with record (from 1) and byte (from 0); -1 for either means unknown. The text is put after
 * "record R, byte B: ". */
ba_status bai_fail_at(ba_context *context, ba_status status, int64_t record, int64_t byte, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Puts "TEXT: " before the message of the last error: the file's name, the option's name. */
ba_status bai_fail_prefix(ba_context *context, ba_status status, const char *text);

/* ---- memory.c: counted allocation, 64-byte aligned ---- */

/* Sets *(void **) out to count * size bytes, uninitialised (bai_alloc) or zero (bai_alloc_zero), never NULL on BA_OK.
 * On failure *out is NULL and the error is recorded. Only the thread that entered the context may allocate. */
ba_status bai_alloc(ba_context *context, int64_t count, int64_t size, void *out);
ba_status bai_alloc_zero(ba_context *context, int64_t count, int64_t size, void *out);
/* Frees what they gave; NULL is fine; any thread. */
void bai_free(ba_context *context, void *pointer);

/* The one growable vector. Zero-initialise it; `data` is 64-byte aligned and may move when it grows. */
typedef struct bai_vector {
  void *data;
  int64_t count;    /* items in use */
  int64_t capacity; /* items that fit */
} bai_vector;
/* Room for `extra` more items of `size` bytes; `count` stays. Grows by half at least. */
ba_status bai_vector_reserve(ba_context *context, bai_vector *vector, int64_t extra, int64_t size);
/* Appends `items` items from `source`. */
ba_status bai_vector_append(ba_context *context, bai_vector *vector, const void *source, int64_t items, int64_t size);
void bai_vector_free(ba_context *context, bai_vector *vector);

/* ---- text.c: text without printf and without a locale ---- */

/* Appends formatted text (the formats of bai_fail) to a vector of char; always keeps a NUL after the last one. */
ba_status bai_text_add(ba_context *context, bai_vector *text, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Appends n bytes as the inside of a JSON string. */
ba_status bai_text_add_json(ba_context *context, bai_vector *text, const char *bytes, int64_t n);
/* Formats into a buffer, cut to capacity - 1 bytes; returns the length of what it wrote, without the NUL. */
int64_t bai_format(char *buffer, int64_t capacity, const char *format, ...) __attribute__((format(printf, 3, 4)));
int64_t bai_format_list(char *buffer, int64_t capacity, const char *format, va_list list)
    __attribute__((format(printf, 3, 0)));
/* The same with the bytes that are not printable ASCII shown as \xHH, as messages need. */
int64_t bai_format_safe_list(char *buffer, int64_t capacity, const char *format, va_list list)
    __attribute__((format(printf, 3, 0)));
/* Gives a text result to a caller: see the top of the public base.h. */
ba_status bai_give_text(ba_context *context, const char *text, int64_t text_length, char *buffer, int64_t capacity,
                        int64_t *length);
/* Gives bytes to a caller: all of them, or none where there is no room; *length says how many there are. */
ba_status bai_give_bytes(ba_context *context, const bai_vector *bytes, uint8_t *buffer, int64_t capacity,
                         int64_t *length);
/* How many of the first n bytes are whole UTF-8 sequences: n when all of them are. */
int64_t bai_utf8_prefix(const char *text, int64_t n);
int64_t bai_length(const char *text);            /* strlen as int64 */
int32_t bai_equal(const char *a, const char *b); /* 1 if equal, letter case ignored, ASCII */

/* ---- number.c: numbers to text and back, exact and without a locale ---- */

/* Reads a decimal number (digits, point, exponent, sign; also inf and nan), correctly rounded, from exactly n bytes.
 * Returns 1, or 0 when the bytes are not one number. */
int32_t bai_parse_f64(const char *text, int64_t n, double *value);
int32_t bai_parse_i64(const char *text, int64_t n, int64_t *value);
/* Shortest decimal text that reads back as the same double; at most 32 bytes with the NUL. Returns its length. */
int64_t bai_format_f64(char *buffer, double value);

/* ---- bytes.c: little-endian, whatever the host ---- */

void bai_put_u16(uint8_t *at, uint16_t value);
void bai_put_u32(uint8_t *at, uint32_t value);
void bai_put_u64(uint8_t *at, uint64_t value);
uint16_t bai_get_u16(const uint8_t *at);
uint32_t bai_get_u32(const uint8_t *at);
uint64_t bai_get_u64(const uint8_t *at);
uint64_t bai_bits_of_f64(double value);
double bai_f64_of_bits(uint64_t bits);
/* value times 2^exponent, exact unless it leaves the range of normal numbers. */
double bai_scale_by_power(double value, int32_t exponent);
/* The quiet NaN of positive sign. */
double bai_not_a_number(void);
/* An order-free 64-bit digest of one item is its hash; items add modulo 2^64. */
uint64_t bai_hash_bytes(uint64_t seed, const uint8_t *data, int64_t n);
/* Counter-based random bits: the same for the same three numbers, on every machine. */
uint64_t bai_random(uint64_t seed, uint64_t stream, uint64_t index);

/* ---- sort.c: in place, without an allocation ---- */

typedef struct bai_keyed {
  uint64_t key;
  int64_t index;
} bai_keyed;
void bai_sort_u64(uint64_t *keys, int64_t n);
/* The same of n < 2^32 keys below 2^bits; `scratch` has room for n, and either of the two is returned. NULL, with both
 * of no use, when the context was cancelled meanwhile. */
uint32_t *bai_sort_u32(const ba_context *context, uint32_t *keys, uint32_t *scratch, int64_t n, int32_t bits);
/* By key, then by index: the same order on every machine. */
void bai_sort_keyed(bai_keyed *items, int64_t n);
/* Bits that sort as the doubles do; NaN of positive sign comes last. */
uint64_t bai_order_of_f64(double value);

/* ---- names.c: texts to small numbers, in order of first sight ---- */

typedef struct bai_names {
  bai_vector bytes;   /* each ended by a NUL */
  bai_vector offsets; /* int64, where each starts */
  bai_vector table;   /* int32, open addressing; index + 1, 0 is empty */
} bai_names;
ba_status bai_names_index(ba_context *context, bai_names *names, const char *text, int64_t length, int32_t *index);
/* The same of one that is there; -1 for none. */
int32_t bai_names_find(const bai_names *names, const char *text, int64_t length);
const char *bai_names_text(const bai_names *names, int32_t index);
/* The indices of the texts (int32) in the order of bytes. */
ba_status bai_names_sort(ba_context *context, const bai_names *names, bai_vector *order);
void bai_names_free(ba_context *context, bai_names *names);

/* ---- time.c ---- */

/* What a text is as a point in time. */
enum { BAI_TIME_NONE, BAI_TIME_NUMBER, BAI_TIME_WITHOUT_ZONE, BAI_TIME_WITH_ZONE };
#define BAI_TIME_EXPECTED "a number, or a date such as 2024-05-31 or 2024-05-31T12:00:00Z"
/* A number, or a date with or without a time of day as in ISO 8601, in seconds since 1970 in UTC; a date without a zone
 * is of UTC. */
int32_t bai_parse_time(const char *text, int64_t length, double *time);
/* The same for a column, of which all are numbers, dates without a zone or dates with one: hours would be guessed.
 * `seen` is 0 before the first. Returns NULL, or what was expected. */
const char *bai_parse_time_like(const char *text, int64_t length, int32_t *seen, double *time);

/* ---- file.c: whole reads and atomic writes ---- */

/* Opens for reading; directories are refused. The message names the file and the system's reason. */
ba_status bai_file_open(ba_context *context, const char *path, int32_t *descriptor);
/* Reads up to n bytes, fewer only at the end; *got is how many. */
ba_status bai_file_read(ba_context *context, int32_t descriptor, void *data, int64_t n, int64_t *got);
void bai_file_close(int32_t descriptor);
/* Appends all of a file. */
ba_status bai_file_read_all(ba_context *context, const char *path, bai_vector *bytes);
/* Writes a file beside `path` and renames it into place when all of it is on disk: the old file or the new one. */
ba_status bai_file_write_atomic(ba_context *context, const char *path, const void *data, int64_t n);

/* ---- library.c: optional libraries, loaded when first needed ---- */

/* Loads the first of the names (ended by NULL) that can be: symbols stay local, and the library stays in the process
 * for good, because some do not survive being unloaded. *brought is 1 when the process did not have it before; NULL is
 * fine. BA_ERR_UNSUPPORTED with the text `hint`, which says what to install. */
ba_status bai_library_open(ba_context *context, const char *const *names, const char *hint, void **handle,
                           int32_t *brought);
/* Writes the address of a function into the pointer to it at `function`. Returns 1, or 0 when there is none. */
int32_t bai_library_symbol(void *handle, const char *name, void *function);
void bai_library_close(void *handle); /* NULL is fine */

/* ---- parallel.c: fork and join over a range ---- */

/* Calls task(argument, worker, index) once for every index in [0, count), handed out in rising order to at most
 * context->threads workers, and joins them all. Worker 0 is the calling thread; with threads = 1 no thread is started.
 * A task returns BA_OK or a status; the first failing index in order wins and stops the hand-out. Tasks must not
 * allocate or record errors; they return the status and the caller words it, but for a cancel. */
typedef ba_status (*bai_task)(void *argument, int32_t worker, int64_t index);
ba_status bai_parallel(ba_context *context, int64_t count, bai_task task, void *argument);
/* How many workers bai_parallel would use for `count` tasks: at least 1. */
int32_t bai_workers(const ba_context *context, int64_t count);

/* ---- options.c: "threads=2, ambiguous=skip" ---- */

/* One option that a call takes; the table ends with name NULL. */
typedef struct bai_option {
  const char *name;
  char type;          /* 'i' integer, 'r' real, 'w' one of the words, 't' any text (ends at a comma) */
  const char *words;  /* for 'w': "skip|error" */
  double least, most; /* for 'i' and 'r' */
  void *value;        /* int64_t *, double *, int32_t * (index of the word), or char[BAI_OPTION_TEXT] */
} bai_option;
#define BAI_OPTION_TEXT 256
/* Reads "key=value, key=value" into the table's values; keys that are missing keep what was there. NULL or "" is fine.
 * A wrong name or value gives BA_ERR_RECIPE with the column and what is accepted. */
ba_status bai_options_parse(ba_context *context, const char *text, const bai_option *options);

#endif
