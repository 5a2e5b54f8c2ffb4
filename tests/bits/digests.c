/* SPDX-License-Identifier: MIT
 *
 * digests.c: lists a digest of all that must have the same bits everywhere: features, scores, models, streams. They
 * are computed in one process at every CPU level, and with 1, 2 and 7 threads, and the program fails where they differ;
 * `./dev test` compares the lists of builds by other compilers, with other flags and for another kind of CPU.
 */
#include "bits/bits.h"

#include <inttypes.h>
#include <math.h>

enum { MOST = 2000, NAME = 200 };

typedef struct note {
  char name[NAME];
  uint64_t digest;
} note;

static note notes[MOST];
static int32_t count, at, differ;
static const char *cpu_level;
static int32_t threads;

static void put_digest(const char *name, uint64_t digest) {
  assert_true(at < MOST);
  note *n = &notes[at++];
  if (at > count) {
    count = at;
    snprintf(n->name, NAME, "%s", name);
    n->digest = digest;
  } else if (n->digest != digest || strncmp(n->name, name, NAME - 1)) {
    fprintf(stderr, "cpu level %s, %d threads: %s %016" PRIx64 ", before it was %s %016" PRIx64 "\n", cpu_level,
            threads, name, digest, n->name, n->digest);
    differ++;
  }
}

/* FNV-1a, 64 bits. */
static uint64_t add_bytes(uint64_t digest, const void *data, int64_t n) {
  const uint8_t *bytes = data;
  for (int64_t i = 0; i < n; i++) digest = (digest ^ bytes[i]) * UINT64_C(0x100000001b3);
  return digest;
}

#define START UINT64_C(0xcbf29ce484222325)

void bits_bytes(const char *name, const void *data, int64_t n) {
  put_digest(name, add_bytes(START, data, n));
}

void bits_f64(const char *name, const double *x, int64_t n) {
  static const uint8_t none[8] = {0x4e, 0x61, 0x4e};
  uint64_t digest = START;
  for (int64_t i = 0; i < n; i++) digest = add_bytes(digest, isnan(x[i]) ? (const void *)none : &x[i], 8);
  put_digest(name, digest);
}

void bits_array(const char *name, const ba_array *array) {
  const int64_t rows = ba_array_shape(array, 0), n = rows * (ba_array_ndim(array) > 1 ? ba_array_shape(array, 1) : 1);
  if (ba_array_dtype(array) == BA_FLOAT64)
    bits_f64(name, ba_array_data(array), n);
  else
    bits_bytes(name, ba_array_data(array), n * (ba_array_dtype(array) == BA_INT64 ? 8 : 4));
}

void bits_model(ba_context *context, const char *name, const ba_model *model) {
  int64_t n;
  uint8_t *bytes = making_bytes(context, model, &n);
  bits_bytes(name, bytes, n);
  free(bytes);
}

int32_t bits_failed(const char *name, ba_status status) {
  if (status) put_digest(name, (uint64_t)(int64_t)status);
  return status != BA_OK;
}

static void pass(const char *level, int32_t workers) {
  ba_context *context;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  if (ba_context_set_cpu(context, level) == BA_OK) {
    at = 0;
    cpu_level = level;
    threads = workers;
    OK(context, ba_context_set_threads(context, workers));
    bits_features(context);
    bits_trainings(context);
    bits_tables(context);
    if (at != count) {
      fprintf(stderr, "cpu level %s, %d threads: %d digests, before there were %d\n", level, workers, at, count);
      differ++;
    }
  }
  ba_context_destroy(context);
}

/* digests [FILE]: where the list goes, else to standard output. */
int main(int argc, char **argv) {
  FILE *out = argc > 1 ? fopen(argv[1], "w") : stdout;
  assert_non_null(out);
  for (int32_t i = 0; i < 3; i++) pass(cpu_levels[i], 1);
  pass("auto", 2);
  pass("auto", 7);
  for (int32_t i = 0; i < count; i++) fprintf(out, "%016" PRIx64 " %s\n", notes[i].digest, notes[i].name);
  return fclose(out) || differ > 0 || count == 0;
}
