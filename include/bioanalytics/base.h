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
#define BA_ERR_LENGTH (-401) /* sequences too short, or of unequal length where equal is needed */
#define BA_ERR_FIT (-402)    /* the extractor has not been fitted */
/* model: -500 */
#define BA_ERR_MODEL (-501)    /* not a model file, or a damaged one */
#define BA_ERR_VERSION (-502)  /* a model file written by a newer library */
#define BA_ERR_SELFTEST (-503) /* this machine does not score the model's golden inputs to the bit */
/* train: -600 */
#define BA_ERR_LABEL (-601)   /* a label, weight, group or split that cannot be used */
#define BA_ERR_CLASSES (-602) /* fewer than two classes, or not two where two are needed */
#define BA_ERR_DIVERGED (-603) /* the objective is not finite */

/** What a context confines: allocator, limits, threads, CPU level, log, cancel flag, last error. */
typedef struct ba_context ba_context;

/**
 * Foreign memory functions for a context.
 *
 * `size` is sizeof(ba_allocator) as the caller sees it. `allocate` returns at least `bytes` bytes aligned for any type,
 * or NULL; `release` gets what `allocate` returned and the same `bytes`. Both may be called from any thread.
 */
typedef struct ba_allocator {
  int64_t size;
  void *user;
  void *(*allocate)(void *user, int64_t bytes);
  void (*release)(void *user, void *pointer, int64_t bytes);
} ba_allocator;

/** A log line: level 0 is a warning, 1 information, 2 detail. Called only on the thread that entered the library. */
typedef void (*ba_log_function)(void *user, int32_t level, const char *message);

/** The version of the library as 10000 * major + 100 * minor + patch. */
BA_API int32_t ba_version(void);
/** The version of the library as text, such as "0.1.0". */
BA_API const char *ba_version_text(void);
/** The version of the binary interface; programs built against one major keep working with it. */
BA_API int32_t ba_abi_version(void);
/** Compiler, options and optional libraries of this build, one line. */
BA_API const char *ba_build_text(void);
/** The name of a status code, such as "BA_ERR_MEMORY". */
BA_API const char *ba_status_name(ba_status status);
/** What a status code means, in one line. */
BA_API const char *ba_status_text(ba_status status);

/** Makes a context; `allocator` NULL means malloc and free. */
BA_API ba_status ba_context_create(const ba_allocator *allocator, ba_context **out);
/** Gives up the caller's hold on a context; objects made from it stay valid until they are destroyed. */
BA_API void ba_context_destroy(ba_context *context);
/** Sets how many threads a call may use, 1 to 256. The default, 1, never starts a thread. */
BA_API ba_status ba_context_set_threads(ba_context *context, int32_t threads);
/** Sets the most bytes that the context may hold; 0, the default, means no limit. */
BA_API ba_status ba_context_set_memory_limit(ba_context *context, int64_t bytes);
/** Sets the function that gets log lines; NULL, the default, means silence. */
BA_API ba_status ba_context_set_log(ba_context *context, ba_log_function log, void *user);
/** Sets the CPU level: "auto", "scalar", "avx2" or "avx512". Results do not depend on it. */
BA_API ba_status ba_context_set_cpu(ba_context *context, const char *level);
/** The CPU level in use: "scalar", "avx2" or "avx512". */
BA_API const char *ba_context_cpu(ba_context *context);
/** Bytes held now and the most ever held; either pointer may be NULL. May be called from any thread. */
BA_API void ba_context_memory(const ba_context *context, int64_t *current, int64_t *peak);
/** Work done and work in all of the running call, in a unit of its own; total 0 when unknown. From any thread. */
BA_API void ba_context_progress(const ba_context *context, int64_t *done, int64_t *total);
/** Asks the running call to end with BA_ERR_CANCELLED; holds until ba_context_reset. From any thread. */
BA_API void ba_context_cancel(ba_context *context);
/** Clears the cancel flag, the progress and the last error. */
BA_API ba_status ba_context_reset(ba_context *context);
/** The status of the last failed call, or BA_OK. */
BA_API ba_status ba_context_error_code(const ba_context *context);
/** What went wrong in the last failed call: what, where, and what would be accepted. Never NULL. */
BA_API const char *ba_context_error_message(const ba_context *context);
/** Record (from 1) and byte (from 0, of the decompressed input) of the last error; -1 when it has none. */
BA_API void ba_context_error_position(const ba_context *context, int64_t *record, int64_t *byte);

/** Checks a recipe and writes its canonical text: presets expanded, every default written out. */
BA_API ba_status ba_recipe_canonical(ba_context *context, const char *recipe, char *buffer, int64_t capacity,
                                     int64_t *length);
/** Writes the reference of the recipe language, made from the table that the parser uses; format "text" or
 * "markdown". */
BA_API ba_status ba_recipe_reference(ba_context *context, const char *format, char *buffer, int64_t capacity,
                                     int64_t *length);

#ifdef __cplusplus
}
#endif
#endif
