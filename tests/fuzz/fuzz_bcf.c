/* SPDX-License-Identifier: MIT
 *
 * fuzz_bcf.c: any bytes as the records of a BCF file whose header is good.
 */
#include <string.h>

#include "variants.h"

static const char text[] =
    "##fileformat=VCFv4.2\n##FILTER=<ID=q,Description=\"q\">\n##INFO=<ID=DP,Number=1,Type=Integer,Description=\"d\">\n"
    "##INFO=<ID=AF,Number=A,Type=Float,Description=\"f\">\n##INFO=<ID=S,Number=.,Type=String,Description=\"s\">\n"
    "##INFO=<ID=DB,Number=0,Type=Flag,Description=\"b\">\n##FORMAT=<ID=GT,Number=1,Type=String,Description=\"g\">\n"
    "##FORMAT=<ID=GQ,Number=1,Type=Integer,Description=\"q\">\n##contig=<ID=1>\n##contig=<ID=X>\n"
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ta\tb\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const size_t before = 9 + sizeof text;
  uint8_t *file = malloc(before + size);
  if (!file) return 0;
  memcpy(file, "BCF\2\2", 5);
  bai_put_u32(file + 5, (uint32_t)sizeof text);
  memcpy(file + 9, text, sizeof text);
  if (size > 0) memcpy(file + before, data, size);
  read_in_all_ways(file, (int64_t)(before + size));
  free(file);
  return 0;
}
