/* SPDX-License-Identifier: MIT
 *
 * status.c: versions, the text of this build, and the one table of status codes.
 */
#include <stddef.h>

#include "base/base.h"

#define VERSION_MAJOR 0
#define VERSION_MINOR 1
#define VERSION_PATCH 0
#define TEXT_OF(number) #number
#define JOIN(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)
#define VERSION_TEXT JOIN(VERSION_MAJOR, VERSION_MINOR, VERSION_PATCH)

#if defined(__clang__)
#define COMPILER __VERSION__
#else
#define COMPILER "GCC " __VERSION__
#endif
#if defined(BA_HAVE_X86)
#define LEVELS "scalar avx2 avx512"
#elif defined(BA_HAVE_ARM)
#define LEVELS "scalar neon"
#else
#define LEVELS "scalar"
#endif
#if defined(BA_HAVE_HTSLIB)
#define WITH_HTSLIB "yes"
#else
#define WITH_HTSLIB "no"
#endif
#if defined(BA_HAVE_BLAS)
#define WITH_BLAS "yes"
#else
#define WITH_BLAS "no"
#endif

#if defined(BA_HAVE_ISAL)
#define WITH_ISAL "yes"
#else
#define WITH_ISAL "no"
#endif
#if defined(BA_HAVE_LIBDEFLATE)
#define WITH_LIBDEFLATE "yes"
#else
#define WITH_LIBDEFLATE "no"
#endif

typedef struct status_row {
  ba_status status;
  const char *name, *text;
} status_row;

#define ROW(status, text) \
  { status, #status, text }
static const status_row STATUSES[] = {
    ROW(BA_OK, "done"),
    ROW(BA_END, "nothing more to give"),
    ROW(BA_ERR_ARGUMENT, "an argument is NULL or out of range"),
    ROW(BA_ERR_MEMORY, "the allocator refused memory"),
    ROW(BA_ERR_LIMIT, "the memory limit of the context would be passed"),
    ROW(BA_ERR_BUSY, "another thread is using this context"),
    ROW(BA_ERR_CANCELLED, "the call was cancelled"),
    ROW(BA_ERR_IO, "the operating system refused to open, read, write or rename a file"),
    ROW(BA_ERR_RECIPE, "a recipe or an option text is wrong"),
    ROW(BA_ERR_UNSUPPORTED, "this build, CPU or version cannot do it"),
    ROW(BA_ERR_INTERNAL, "a bug in the library"),
    ROW(BA_ERR_SHAPE, "wrong number of dimensions, rows or columns, or wrong number type"),
    ROW(BA_ERR_TABLE, "a table is malformed or lacks a column"),
    ROW(BA_ERR_FORMAT, "the input is not the format it claims to be"),
    ROW(BA_ERR_TRUNCATED, "the input ends in the middle of a record or a compressed block"),
    ROW(BA_ERR_CORRUPT, "a checksum or a compressed stream is wrong"),
    ROW(BA_ERR_LETTER, "a sequence has a letter that the options do not allow"),
    ROW(BA_ERR_LENGTH, "sequences are too short, or of unequal length where equal is needed"),
    ROW(BA_ERR_FIT, "the extractor has not been fitted"),
    ROW(BA_ERR_QUALITY, "a sequence lacks the qualities that the recipe weighs by"),
    ROW(BA_ERR_NUMBER, "a value of a table is missing or not finite"),
    ROW(BA_ERR_MODEL, "not a model file, or a damaged one"),
    ROW(BA_ERR_VERSION, "a file written by a newer library"),
    ROW(BA_ERR_SELFTEST, "this machine does not score the model's golden inputs to the bit"),
    ROW(BA_ERR_LABEL, "a label, weight, group or split cannot be used"),
    ROW(BA_ERR_CLASSES, "fewer than two classes, or not two where two are needed"),
    ROW(BA_ERR_DIVERGED, "the objective is not finite"),
};

static const status_row *find(ba_status status) {
  for (size_t i = 0; i < sizeof STATUSES / sizeof STATUSES[0]; i++) {
    if (STATUSES[i].status == status) return &STATUSES[i];
  }
  return NULL;
}

int32_t ba_version(void) {
  return 10000 * VERSION_MAJOR + 100 * VERSION_MINOR + VERSION_PATCH;
}

const char *ba_version_text(void) {
  return VERSION_TEXT;
}

int32_t ba_abi_version(void) {
  return VERSION_MAJOR;
}

const char *ba_build_text(void) {
  return "libbioanalytics " VERSION_TEXT ", " COMPILER ", levels: " LEVELS ", htslib: " WITH_HTSLIB ", blas: " WITH_BLAS
         ", isal: " WITH_ISAL ", libdeflate: " WITH_LIBDEFLATE;
}

const char *ba_status_name(ba_status status) {
  const status_row *row = find(status);
  return row ? row->name : "BA_ERR_UNKNOWN";
}

const char *ba_status_text(ba_status status) {
  const status_row *row = find(status);
  return row ? row->text : "a status that this version of the library does not know";
}
