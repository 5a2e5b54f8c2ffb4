/* SPDX-License-Identifier: MIT
 *
 * fuzz_model.c: any bytes as a model file, within a memory limit. The checksums are mended first, or no input but the
 * seed would come past them; a model that loads can be asked anything.
 */
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "model/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int condition) {
  if (!condition) abort();
}

/* As src/model/file.c writes them. */
static void mend(const bai_kernels *kernels, uint8_t *file, int64_t length) {
  if (length < 64) return;
  bai_put_u64(file + 16, (uint64_t)length);
  const uint32_t sections = bai_get_u32(file + 24);
  for (int64_t i = 0; i < sections && i < 64 && 128 + i * 64 <= length; i++) {
    uint8_t *entry = file + 64 + i * 64;
    const uint64_t offset = bai_get_u64(entry + 40), bytes = bai_get_u64(entry + 48);
    if (offset <= (uint64_t)length && bytes <= (uint64_t)length - offset)
      bai_put_u32(entry + 56, kernels->crc32c(0, file + offset, (int64_t)bytes));
  }
  bai_put_u64(file + 32, bai_hash_bytes(UINT64_C(0x6261206d6f64656c), file + 64, length - 64));
  bai_put_u32(file + 60, kernels->crc32c(0, file, 60));
}

static void use(ba_context *context, ba_model *model) {
  static char text[1 << 20];
  int64_t length;
  ba_scorer *scorer;
  ba_model_describe(context, model, text, sizeof text, &length);
  ba_model_selftest(context, model);
  if (ba_scorer_create(context, model, NULL, &scorer) == BA_OK) {
    static const int64_t offsets[] = {0, 0, 3, 14};
    ba_records *records;
    double *scores = calloc(3 * (size_t)ba_model_outputs(model), sizeof *scores);
    check(scores && ba_records_create(context, "ACGNNacgtACGTT", offsets, 3, &records) == BA_OK);
    ba_scorer_predict_records(scorer, records, scores, NULL);
    ba_records_release(records);
    free(scores);
    ba_scorer_destroy(scorer);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  ba_context *context;
  ba_model *model = NULL;
  uint8_t *file = malloc(size + 1);
  if (!file || ba_context_create(NULL, &context)) {
    free(file);
    return 0;
  }
  check(ba_context_set_memory_limit(context, INT64_C(64) << 20) == BA_OK);
  if (size) memcpy(file, data, size);
  mend(bai_kernels_of(context), file, (int64_t)size);
  const ba_status status = ba_model_load_memory(context, file, (int64_t)size, NULL, &model);
  if (status == BA_OK)
    use(context, model);
  else
    check(ba_context_error_message(context)[0] != 0);
  ba_model_release(model);
  ba_context_destroy(context);
  free(file);
  return 0;
}
