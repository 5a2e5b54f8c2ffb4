/* SPDX-License-Identifier: MIT
 *
 * fuzz_vcf.c: any bytes as a file of variants.
 */
#include "variants.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  read_in_all_ways(data, (int64_t)size);
  return 0;
}
