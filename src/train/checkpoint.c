/* SPDX-License-Identifier: MIT
 *
 * checkpoint.c: the state of a run in a file, and back. A header of 64 bytes names the recipe, the seed and the rows by
 * a digest and has a checksum over all that follows it.
 */
#include <string.h>

#include "kernels/kernels.h"
#include "train/archive.h"
#include "train/trainer.h"

#define MAGIC "BACHECK\n"
#define FORMAT 1u
#define HEADER 64

static ba_status make_header(ba_trainer *trainer, const bai_vector *state, uint8_t *header) {
  ba_context *context = bai_trainer_context(trainer);
  const bai_kernels *kernels = bai_kernels_of(context);
  uint64_t digest;
  const ba_status status = bai_trainer_identity(trainer, &digest);
  if (status) return status;
  memset(header, 0, HEADER);
  memcpy(header, MAGIC, 8);
  bai_put_u32(header + 8, FORMAT);
  bai_put_u64(header + 16, digest);
  bai_put_u64(header + 24, (uint64_t)state->count);
  bai_put_u32(header + 32, kernels->crc32c(0, state->data, state->count));
  bai_put_u32(header + 60, kernels->crc32c(0, header, 60));
  return BA_OK;
}

static ba_status write_state(ba_trainer *trainer, bai_vector *state) {
  bai_archive archive = {.context = bai_trainer_context(trainer), .written = state};
  return bai_trainer_archive(trainer, &archive);
}

static ba_status save(ba_context *context, ba_trainer *trainer, const char *path) {
  bai_vector state = {0, 0, 0}, file = {0, 0, 0};
  uint8_t header[HEADER];
  ba_status status = write_state(trainer, &state);
  if (!status) status = make_header(trainer, &state, header);
  if (!status) status = bai_vector_append(context, &file, header, HEADER, 1);
  if (!status) status = bai_vector_append(context, &file, state.data, state.count, 1);
  if (!status) status = bai_file_write_atomic(context, path, file.data, file.count);
  bai_vector_free(context, &state);
  bai_vector_free(context, &file);
  return status;
}

ba_status ba_trainer_checkpoint(ba_trainer *trainer, const char *path) {
  if (!trainer) return BA_ERR_ARGUMENT;
  ba_context *context = bai_trainer_context(trainer);
  ba_status status = bai_enter(context);
  if (status) return status;
  status = path ? save(context, trainer, path) : bai_fail(context, BA_ERR_ARGUMENT, "checkpoint: expected a path");
  return bai_leave(context, status);
}

/* ---- back ---- */

static ba_status check(ba_context *context, const bai_vector *file, const uint8_t *expected) {
  const bai_kernels *kernels = bai_kernels_of(context);
  const uint8_t *header = file->data;
  if (file->count < HEADER || memcmp(header, MAGIC, 8) != 0)
    return bai_fail_at(context, BA_ERR_FORMAT, -1, 0, "not a checkpoint: expected it to start with \"BACHECK\"");
  if (bai_get_u32(header + 60) != kernels->crc32c(0, header, 60))
    return bai_fail_at(context, BA_ERR_CORRUPT, -1, 0, "the checksum of the checkpoint's header differs");
  if (bai_get_u32(header + 8) != FORMAT)
    return bai_fail_at(context, BA_ERR_VERSION, -1, 8, "the checkpoint has format %lld; this library reads %lld",
                       (long long)bai_get_u32(header + 8), (long long)FORMAT);
  if (memcmp(header + 16, expected + 16, 8) != 0)
    return bai_fail_at(context, BA_ERR_ARGUMENT, -1, 16,
                       "the checkpoint is of another recipe, seed or dataset; expected those of this trainer");
  if (file->count - HEADER != (int64_t)bai_get_u64(header + 24) || memcmp(header + 24, expected + 24, 8) != 0 ||
      bai_get_u32(header + 32) != kernels->crc32c(0, header + HEADER, file->count - HEADER))
    return bai_fail_at(context, BA_ERR_CORRUPT, -1, HEADER, "the length or the checksum of the checkpoint differs");
  return BA_OK;
}

/* What the trainer was is put back when the file turns out not to fit. */
static ba_status load(ba_context *context, ba_trainer *trainer, const char *path) {
  bai_vector file = {0, 0, 0}, before = {0, 0, 0};
  uint8_t expected[HEADER];
  ba_status status = bai_file_read_all(context, path, &file);
  if (!status) status = write_state(trainer, &before);
  if (!status) status = make_header(trainer, &before, expected);
  if (!status) status = check(context, &file, expected);
  if (!status) {
    bai_archive archive = {.context = context, .data = (uint8_t *)file.data + HEADER, .length = file.count - HEADER};
    bai_archive undo = {.context = context, .data = before.data, .length = before.count};
    status = bai_trainer_archive(trainer, &archive);
    if (status) bai_trainer_archive(trainer, &undo);
  }
  if (status) bai_fail_prefix(context, status, path);
  bai_vector_free(context, &file);
  bai_vector_free(context, &before);
  return status;
}

ba_status ba_trainer_restore(ba_trainer *trainer, const char *path) {
  if (!trainer) return BA_ERR_ARGUMENT;
  ba_context *context = bai_trainer_context(trainer);
  ba_status status = bai_enter(context);
  if (status) return status;
  status = path ? load(context, trainer, path) : bai_fail(context, BA_ERR_ARGUMENT, "restore: expected a path");
  return bai_leave(context, status);
}
