/* SPDX-License-Identifier: MIT
 *
 * base.h: status codes, the context, and the recipe language.
 *
 * A context is the unit of confinement: allocator, memory limit, thread count, CPU level, log, cancel flag and
 * last error. One thread at a time uses a context and the objects made from it; a second one gets BA_ERR_BUSY.
 * Only ba_context_cancel, ba_context_progress and ba_context_memory may be called from any thread at any time.
 *
 * Text results use one shape everywhere: (char *buffer, int64_t capacity, int64_t *length). The call writes at most
 * `capacity` bytes, the last of them a NUL, and sets *length to the length of the whole text without the NUL. Pass
 * capacity 0 to ask for the length only.
 */
#ifndef BIOANALYTICS_BASE_H
#define BIOANALYTICS_BASE_H

#include <stdint.h>

#if defined(__GNUC__)
#define BA_API __attribute__((visibility("default")))
#define BA_MUST_CHECK __attribute__((warn_unused_result))
#else
#define BA_API
#define BA_MUST_CHECK
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** The status of a call that can fail: BA_OK, BA_END or a negative error. Values are frozen once shipped. */
typedef int32_t ba_status;

#define BA_OK 0  /* done */
#define BA_END 1 /* nothing more to give: end of input, or training has finished */

/* base: -100 */
#define BA_ERR_ARGUMENT (-101)    /* an argument is NULL or out of range */
#define BA_ERR_MEMORY (-102)      /* the allocator returned NULL */
#define BA_ERR_LIMIT (-103)       /* the memory limit of the context would be passed */
#define BA_ERR_BUSY (-104)        /* another thread is using this context */
#define BA_ERR_CANCELLED (-105)   /* ba_context_cancel was called */
#define BA_ERR_IO (-106)          /* the operating system refused to open, read, write or rename */
#define BA_ERR_RECIPE (-107)      /* a recipe or an option text is wrong; the message gives the column */
#define BA_ERR_UNSUPPORTED (-108) /* this build, CPU or version cannot do it */
#define BA_ERR_INTERNAL (-109)    /* a bug in the library */
/* array: -200 */
#define BA_ERR_SHAPE (-201) /* wrong number of dimensions, rows, columns or wrong type */
#define BA_ERR_TABLE (-202) /* a table is malformed, or lacks a column */
/* seq: -300 */
#define BA_ERR_FORMAT (-301)    /* the input is not the format it claims to be */
#define BA_ERR_TRUNCATED (-302) /* the input ends in the middle of a record or a compressed block */
#define BA_ERR_CORRUPT (-303)   /* a checksum or a compressed stream is wrong */
#define BA_ERR_LETTER (-304)    /* a letter that the options do not allow */
/* features: -400 */
#define BA_ERR_LENGTH (-401)  /* sequences too short, or of unequal length where equal is needed */
#define BA_ERR_FIT (-402)     /* the extractor has not been fitted */
#define BA_ERR_QUALITY (-403) /* a sequence without the qualities that a recipe weighs by */
#define BA_ERR_NUMBER (-404)  /* a value of a table that is missing where it must not be, or is not finite */
/* model: -500 */
#define BA_ERR_MODEL (-501)    /* not a model file, or a damaged one */
#define BA_ERR_VERSION (-502)  /* a model file written by a newer library */
#define BA_ERR_SELFTEST (-503) /* this machine does not score the model's golden inputs to the bit */
/* train: -600 */
#define BA_ERR_LABEL (-601)    /* a label, weight, group or split that cannot be used */
#define BA_ERR_CLASSES (-602)  /* fewer than two classes, or not two where two are needed */
#define BA_ERR_DIVERGED (-603) /* the objective is not finite */

/** What a context confines: allocator, limits, threads, CPU level, log, cancel flag, last error. Since 0.1.0. */
typedef struct ba_context ba_context;

/**
 * Foreign memory functions for a context.
 *
 * `size` is sizeof(ba_allocator) as the caller sees it. `allocate` returns at least `bytes` bytes aligned for any type,
 * or NULL; `release` gets what `allocate` returned and the same `bytes`. Both may be called from any thread, and must
 * not call the library. Since 0.1.0.
 */
typedef struct ba_allocator {
  int64_t size;
  void *user;
  void *(*allocate)(void *user, int64_t bytes);
  void (*release)(void *user, void *pointer, int64_t bytes);
} ba_allocator;

/** A log line: level 0 is a warning, 1 information, 2 detail. Called only on the thread that entered the library; the
 * message is gone after the call. A call of the library from here gets BA_ERR_BUSY. Since 0.1.0. */
typedef void (*ba_log_function)(void *user, int32_t level, const char *message);

/**
 * Gives the version of the library.
 * @return 10000 * major + 100 * minor + patch. Cannot fail.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API int32_t ba_version(void);
/**
 * Gives the version of the library as text, such as "0.1.0".
 * @return a constant text. Cannot fail.
 * Owns: nothing; the text lives as long as the library. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API const char *ba_version_text(void);
/**
 * Gives the version of the binary interface; programs built against one version keep working with it.
 * @return the major version of the library. Cannot fail.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API int32_t ba_abi_version(void);
/**
 * Gives the compiler, the CPU levels and the optional libraries of this build, in one line.
 * @return a constant text. Cannot fail.
 * Owns: nothing; the text lives as long as the library. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API const char *ba_build_text(void);
/**
 * Gives the name of a status code, such as "BA_ERR_MEMORY".
 * @param status any number.
 * @return a constant text; "BA_ERR_UNKNOWN" for a number that is no status. Cannot fail.
 * Owns: nothing; the text lives as long as the library. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API const char *ba_status_name(ba_status status);
/**
 * Says what a status code means, in one line.
 * @param status any number.
 * @return a constant text. Cannot fail.
 * Owns: nothing; the text lives as long as the library. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API const char *ba_status_text(ba_status status);

/**
 * Makes a context.
 * @param allocator copied; NULL means malloc and free.
 * @param out gets the context, or NULL on failure.
 * @return BA_OK; BA_ERR_ARGUMENT for `out` NULL or an allocator without functions or with a `size` below
 * sizeof(ba_allocator); BA_ERR_MEMORY.
 * Owns: the caller owns the context. Threads: any. Cost: one allocation. Since 0.1.0.
 */
BA_API ba_status ba_context_create(const ba_allocator *allocator, ba_context **out);
/**
 * Gives up the caller's hold on a context.
 * @param context may be NULL. Not to be used by the caller afterwards.
 * Owns: objects made from the context hold it until they are destroyed, in any order. Threads: any, but no call on
 * this context may be running. Cost: one release. Since 0.1.0.
 */
BA_API void ba_context_destroy(ba_context *context);
/**
 * Sets how many threads a call may use; they end before the call returns.
 * @param context not NULL.
 * @param threads 1 to 256. The default, 1, never starts a thread.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API ba_status ba_context_set_threads(ba_context *context, int32_t threads);
/**
 * Sets the most bytes that the context may hold; a call that would pass it fails with BA_ERR_LIMIT.
 * @param context not NULL.
 * @param bytes 0 or more; 0, the default, means no limit. Below what is held now, the next allocation fails.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API ba_status ba_context_set_memory_limit(ba_context *context, int64_t bytes);
/**
 * Sets the function that gets log lines.
 * @param context not NULL.
 * @param log NULL, the default, means silence.
 * @param user passed to `log` as it is; may be NULL.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_BUSY.
 * Owns: `user` stays the caller's and must live as long as it is set. Threads: one at a time. Cost: constant.
 * Since 0.1.0.
 */
BA_API ba_status ba_context_set_log(ba_context *context, ba_log_function log, void *user);
/**
 * Sets the CPU level. Results do not depend on it.
 * @param context not NULL.
 * @param level "auto", "scalar", "avx2", "avx512" or "neon".
 * @return BA_OK; BA_ERR_ARGUMENT for another word; BA_ERR_UNSUPPORTED for a level that this build or this CPU lacks;
 * BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API ba_status ba_context_set_cpu(ba_context *context, const char *level);
/**
 * Gives the CPU level in use.
 * @param context not NULL.
 * @return "scalar", "avx2", "avx512" or "neon". Cannot fail.
 * Owns: nothing; the text lives as long as the library. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API const char *ba_context_cpu(ba_context *context);
/**
 * Gives the bytes held now and the most ever held, the context's own included.
 * @param context NULL gives 0 and 0.
 * @param current bytes held now; may be NULL.
 * @param peak most bytes ever held; may be NULL.
 * Owns: nothing. Threads: any, at any time. Cost: constant. Since 0.1.0.
 */
BA_API void ba_context_memory(const ba_context *context, int64_t *current, int64_t *peak);
/**
 * Gives the work done and the work in all of the running call, or of the last one that counted.
 * @param context NULL gives 0 and 0.
 * @param done in a unit of the call's own; may be NULL.
 * @param total in the same unit, 0 when unknown; may be NULL.
 * Owns: nothing. Threads: any, at any time. Cost: constant. Since 0.1.0.
 */
BA_API void ba_context_progress(const ba_context *context, int64_t *done, int64_t *total);
/**
 * Asks the running call, and those after it, to end with BA_ERR_CANCELLED; holds until ba_context_reset.
 * @param context NULL is fine.
 * Owns: nothing. Threads: any, at any time; also from a signal handler. Cost: constant; the running call sees it
 * within 10 ms. Since 0.1.0.
 */
BA_API void ba_context_cancel(ba_context *context);
/**
 * Clears the cancel flag, the progress and the last error.
 * @param context not NULL.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API ba_status ba_context_reset(ba_context *context);
/**
 * Gives the error of the last call on this context that can fail.
 * @param context NULL gives BA_ERR_ARGUMENT.
 * @return BA_OK when that call did not fail. A call refused with BA_ERR_BUSY leaves no trace here.
 * Owns: nothing. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API ba_status ba_context_error_code(const ba_context *context);
/**
 * Says what went wrong in the last call: what, where, and what would be accepted.
 * @param context may be NULL.
 * @return printable ASCII of at most 511 bytes, never NULL; "" when the call did not fail. Other bytes appear as \xHH.
 * Owns: the context owns the text; the next call on it changes it. Threads: one at a time. Cost: constant.
 * Since 0.1.0.
 */
BA_API const char *ba_context_error_message(const ba_context *context);
/**
 * Says where in the input the last error happened.
 * @param context NULL gives -1 and -1.
 * @param record number of the record, from 1, or -1; may be NULL.
 * @param byte offset in the decompressed input, from 0, or -1; may be NULL.
 * Owns: nothing. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API void ba_context_error_position(const ba_context *context, int64_t *record, int64_t *byte);

/**
 * Checks a recipe and writes its canonical text: presets expanded, every default written out.
 * @param context not NULL.
 * @param recipe text in the recipe language, NUL-terminated.
 * @param buffer room for `capacity` bytes; may be NULL when that is 0.
 * @param capacity bytes, 0 or more; a longer text is cut and stays NUL-terminated.
 * @param length gets the length of the whole text without the NUL.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_RECIPE with the column in the message, BA_ERR_MEMORY, BA_ERR_LIMIT,
 * BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: linear in the text. Since 0.1.0.
 */
BA_API ba_status ba_recipe_canonical(ba_context *context, const char *recipe, char *buffer, int64_t capacity,
                                     int64_t *length);
/**
 * Writes the reference of the recipe language, made from the table that the parser uses.
 * @param context not NULL.
 * @param format "text" or "markdown".
 * @param buffer room for `capacity` bytes; may be NULL when that is 0.
 * @param capacity bytes, 0 or more; a longer text is cut and stays NUL-terminated.
 * @param length gets the length of the whole text without the NUL.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: linear in the text. Since 0.1.0.
 */
BA_API ba_status ba_recipe_reference(ba_context *context, const char *format, char *buffer, int64_t capacity,
                                     int64_t *length);

#ifdef __cplusplus
}
#endif
#endif
