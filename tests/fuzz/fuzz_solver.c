/* SPDX-License-Identifier: MIT
 *
 * fuzz_solver.c: a training whose rows are elsewhere, with bytes changed in what goes between its processes. The first
 * byte says in which round, and in what: a request, a saved partial, a saved solver or packed rows; each three bytes
 * behind it are a place and a byte to be there. Checksums are mended, or no change would come past them. Whatever is
 * not refused can be worked with.
 */
#include <stdlib.h>
#include <string.h>

#include "bioanalytics/sharded.h"
#include "kernels/kernels.h"
#include "train/dataset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 4096, ROUNDS = 5, NOTHING = 3, PACKED = 4 };

typedef struct changes {
  const uint8_t *data;
  size_t size;
} changes;

static void check(int condition) {
  if (!condition) abort();
}

static void change(ba_context *context, const changes *c, uint8_t *bytes, int64_t n) {
  for (size_t i = 0; i + 2 < c->size; i += 3) bytes[(c->data[i] | (int64_t)c->data[i + 1] << 8) % n] = c->data[i + 2];
  bai_put_u32(bytes + n - 4, bai_kernels_of(context)->crc32c(0, bytes, n - 4));
}

/* Rows as a worker keeps them: their checksum stands in the head of the piece. */
static void change_packed(ba_context *context, const changes *c, ba_partial *partial, ba_dataset *dataset) {
  static uint8_t bytes[ROOM];
  int64_t n = 0;
  if (ba_partial_pack(partial, dataset, 0, bytes, ROOM, &n) != BA_OK) return;
  check(n <= ROOM);
  for (size_t i = 0; i + 2 < c->size; i += 3) bytes[(c->data[i] | (int64_t)c->data[i + 1] << 8) % n] = c->data[i + 2];
  const uint32_t crc = bai_kernels_of(context)->crc32c(0, bytes + 16, n - 16);
  memcpy(bytes + 12, &crc, 4);
  ba_partial_accumulate_packed(partial, bytes, n);
}

static ba_dataset *rows_of(ba_context *context) {
  static const int64_t offsets[] = {0, 4, 8, 13, 18};
  static const char *const labels[] = {"a", "b", "a", "b"};
  ba_dataset *dataset;
  ba_records *records;
  check(ba_dataset_create(context, NULL, &dataset) == BA_OK);
  check(ba_records_create(context, "ACGTGGTTACCCCGATTA", offsets, 4, &records) == BA_OK);
  check(ba_dataset_add_records(dataset, records, labels, NULL, NULL, BA_PART_TRAIN) == BA_OK);
  ba_records_release(records);
  return dataset;
}

/* One round; bytes of what `kind` names are changed first. Returns what telling came to. */
static ba_status go(ba_context *context, ba_solver *solver, ba_dataset *dataset, int kind, const changes *c) {
  static uint8_t request[ROOM], bytes[ROOM];
  ba_partial *partial = NULL, *other = NULL;
  int64_t n = 0, m = 0;
  if (kind == 2) {
    check(ba_solver_save(solver, bytes, ROOM, &n) == BA_OK && n <= ROOM);
    change(context, c, bytes, n);
    ba_solver_restore(solver, bytes, n);
  }
  if (ba_solver_ask(solver, request, ROOM, &n) != BA_OK) return BA_END;
  check(n <= ROOM && ba_partial_create(context, request, n, &partial) == BA_OK);
  if (kind == 0) {
    change(context, c, request, n);
    if (ba_partial_create(context, request, n, &other) == BA_OK) ba_partial_accumulate(other, dataset, 0);
    ba_partial_destroy(other);
  }
  if (kind == PACKED) {
    check(ba_partial_create(context, request, n, &other) == BA_OK);
    change_packed(context, c, other, dataset);
    ba_partial_destroy(other);
  }
  ba_status status = ba_partial_accumulate(partial, dataset, 0);
  if (kind == 1 && status == BA_OK) {
    check(ba_partial_save(partial, bytes, ROOM, &m) == BA_OK && m <= ROOM);
    ba_partial_destroy(partial);
    check(ba_solver_ask(solver, request, ROOM, &n) == BA_OK);
    check(ba_partial_create(context, request, n, &partial) == BA_OK);
    change(context, c, bytes, m);
    status = ba_partial_add(partial, bytes, m);
  }
  if (status == BA_OK) status = ba_solver_tell(solver, partial);
  ba_partial_destroy(partial);
  return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const classes[] = {"a", "b"};
  ba_context *context;
  ba_solver *solver;
  ba_model *model = NULL;
  if (size == 0 || ba_context_create(NULL, &context)) return 0;
  check(ba_context_set_memory_limit(context, INT64_C(64) << 20) == BA_OK);
  ba_dataset *dataset = rows_of(context);
  check(ba_solver_create(context, "Entropy() + GC() | Standardize() | Logistic(class_weight=balanced)", classes, 2,
                         NULL, &solver) == BA_OK);
  const changes c = {data + 1, size - 1};
  const int where = data[0] / 3 % ROUNDS, kind = data[0] >= 240 ? PACKED : data[0] % 3;
  ba_status status = BA_OK;
  for (int round = 0; status == BA_OK && round < ROUNDS + 2; round++)
    status = go(context, solver, dataset, round == where ? kind : NOTHING, &c);
  if (ba_solver_finish(solver, &model) == BA_OK) ba_model_release(model);
  ba_solver_destroy(solver);
  ba_dataset_destroy(dataset);
  ba_context_destroy(context);
  return 0;
}
