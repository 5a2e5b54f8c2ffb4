/* SPDX-License-Identifier: MIT
 *
 * request.c: a request as bytes: magic, version, round, seed, length, number of classes, numbers of the brief, the
 * recipe and the names of the classes, each with a NUL, the brief, CRC-32C.
 */
#include "train/request.h"

#include <string.h>

#define MAGIC "BAASKING"
#define VERSION 2u
#define HEAD 56
#define DIGEST_SEED UINT64_C(0x61736b)

static ba_status put_brief(ba_context *context, const bai_run *run, bai_vector *out) {
  const int64_t numbers = bai_run_brief_size(run);
  double *brief;
  ba_status status = bai_alloc(context, numbers, 8, &brief);
  if (status) return status;
  bai_run_write_brief(run, brief);
  status = bai_vector_reserve(context, out, 8 * numbers, 1);
  for (int64_t i = 0; !status && i < numbers; i++, out->count += 8)
    bai_put_u64((uint8_t *)out->data + out->count, bai_bits_of_f64(brief[i]));
  bai_free(context, brief);
  return status;
}

ba_status bai_request_write(ba_context *context, const bai_remote_how *how, const bai_run *run, bai_vector *out) {
  uint8_t head[HEAD] = {0}, number[8];
  memcpy(head, MAGIC, 8);
  bai_put_u32(head + 8, VERSION);
  bai_put_u32(head + 12, run ? (uint32_t)bai_run_round(run) : 0);
  bai_put_u64(head + 16, (uint64_t)how->seed);
  bai_put_u64(head + 24, (uint64_t)how->length);
  bai_put_u64(head + 32, (uint64_t)how->class_count);
  bai_put_u64(head + 40, (uint64_t)(run ? bai_run_brief_size(run) : 0));
  ba_status status = bai_vector_append(context, out, head, HEAD, 1);
  if (!status) status = bai_vector_append(context, out, how->recipe, bai_length(how->recipe) + 1, 1);
  for (int32_t c = 0; !status && c < how->class_count; c++)
    status = bai_vector_append(context, out, how->classes[c], bai_length(how->classes[c]) + 1, 1);
  if (!status && run) status = put_brief(context, run, out);
  if (status) return status;
  bai_put_u32(number, bai_kernels_of(context)->crc32c(0, out->data, out->count));
  return bai_vector_append(context, out, number, 4, 1);
}

uint64_t bai_request_digest(const bai_vector *bytes) {
  return bai_hash_bytes(DIGEST_SEED, bytes->data, bytes->count);
}

/* The text that starts there; NULL when none ends. */
static const char *take_text(const uint8_t **at, const uint8_t *end) {
  const char *text = (const char *)*at;
  const uint8_t *nul = *at < end ? memchr(*at, 0, (size_t)(end - *at)) : NULL;
  if (nul) *at = nul + 1;
  return nul ? text : NULL;
}

static ba_status damaged(ba_context *context) {
  return bai_fail(context, BA_ERR_CORRUPT, "request: it is damaged; expected the bytes of ba_solver_ask");
}

ba_status bai_request_read(ba_context *context, const uint8_t *bytes, int64_t n, bai_request *out) {
  memset(out, 0, sizeof *out);
  if (!bytes || n < HEAD + 4 || memcmp(bytes, MAGIC, 8) != 0)
    return bai_fail(context, BA_ERR_FORMAT, "request: expected the bytes of ba_solver_ask");
  if (bai_get_u32(bytes + 8) != VERSION)
    return bai_fail(context, BA_ERR_VERSION, "request: version %lld; expected %d", (long long)bai_get_u32(bytes + 8),
                    (int)VERSION);
  if (bai_get_u32(bytes + n - 4) != bai_kernels_of(context)->crc32c(0, bytes, n - 4)) return damaged(context);
  const uint8_t *at = bytes + HEAD, *end = bytes + n - 4;
  const uint64_t classes = bai_get_u64(bytes + 32), numbers = bai_get_u64(bytes + 40);
  if (classes > BAI_MOST_CLASSES || numbers > (uint64_t)n / 8) return damaged(context);
  out->how.seed = (int64_t)bai_get_u64(bytes + 16);
  out->how.length = (int64_t)bai_get_u64(bytes + 24);
  out->how.class_count = (int32_t)classes;
  out->round = (int64_t)bai_get_u32(bytes + 12);
  out->numbers = (int64_t)numbers;
  const ba_status status = bai_alloc_zero(context, (int64_t)classes, sizeof *out->names, &out->names);
  if (status) return status;
  out->how.recipe = take_text(&at, end);
  for (int32_t c = 0; c < out->how.class_count; c++) out->names[c] = take_text(&at, end);
  for (int32_t c = 0; c < out->how.class_count; c++)
    if (!out->names[c]) return damaged(context);
  if (!out->how.recipe || end - at != 8 * out->numbers) return damaged(context);
  out->how.classes = out->names;
  out->brief = at;
  const bai_vector all = {(void *)(uintptr_t)bytes, n, n};
  out->digest = bai_request_digest(&all);
  return BA_OK;
}

void bai_request_free(ba_context *context, bai_request *request) {
  bai_free(context, (void *)request->names);
}
