/* SPDX-License-Identifier: MIT
 *
 * fuzz_stream.c: any bytes as a saved stream, first as they are, then behind a head that fits and with a checksum that
 * does. What is taken must be safe to go on from, and be saved again.
 */
#include <stdlib.h>
#include <string.h>

#include "bioanalytics/bioanalytics.h"
#include "kernels/kernels.h"

#define RECIPE                                                                                                  \
  "Lag(column=x, lag=2) + Rolling(column=x, window=3, stat=std) + Rolling(column=x, window=3, stat=max) + "     \
  "Rolling(column=x, window=4, stat=median) + Rolling(column=x, window=3, stat=theilsen, per=time) + "          \
  "RollingCorrelation(column=x, column2=y, window=3, of=return) + RobustZ(column=x, window=4, against=past) + " \
  "RealisedVolatility(column=x, window=2) + EWMA(column=x, halflife=3) + MACD(column=x, fast=2, slow=3) + "     \
  "HoltWinters(column=x, period=3, horizon=2) + CUSUM(column=x, window=2) + PageHinkley(column=x) + "           \
  "ADWIN(column=x, clock=1) + TimeToEmpty(column=x, window=3)"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int condition) {
  if (!condition) abort();
}

static void go_on(ba_stream *stream) {
  static double out[64];
  static uint8_t bytes[65536];
  int64_t length;
  for (int i = 0; i < 12; i++) {
    const double inputs[2] = {1.0 + i % 5, 3.0 - i % 3};
    const ba_status status = ba_stream_update(stream, i % 2 ? "a" : "", 1e300, inputs, 2, out);
    check(status == BA_OK || status == BA_ERR_LIMIT);
  }
  check(ba_stream_save(stream, bytes, sizeof bytes, &length) == BA_OK);
  if (length <= (int64_t)sizeof bytes) check(ba_stream_restore(stream, bytes, length) == BA_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static uint8_t bytes[65536];
  ba_context *context;
  ba_stream *stream = NULL;
  int64_t length;
  if (size + 84 > sizeof bytes || ba_context_create(NULL, &context)) return 0;
  check(ba_stream_open(context, RECIPE, "max_groups=8", &stream) == BA_OK && ba_stream_width(stream) <= 64);
  if (ba_stream_restore(stream, data, (int64_t)size) == BA_OK) go_on(stream);
  check(ba_stream_restore(stream, data, 0) != BA_OK);
  check(ba_stream_save(stream, bytes, sizeof bytes, &length) == BA_OK && length >= 84);
  const int64_t end = 80 + (int64_t)size;
  if (size > 0) {
    bytes[24] = data[0] % 9; /* groups */
    memcpy(bytes + 80, data + 1, size - 1);
    bai_put_u32(bytes + end - 1, bai_kernels_scalar.crc32c(0, bytes, end - 1));
    if (ba_stream_restore(stream, bytes, end + 3) == BA_OK) go_on(stream);
  }
  ba_stream_close(stream);
  ba_context_destroy(context);
  return 0;
}
