/* SPDX-License-Identifier: MIT
 *
 * avx2.h: kernels of the AVX2 level that the AVX-512 level takes over as they are.
 */
#ifndef BAI_AVX2_H
#define BAI_AVX2_H

#include <stdint.h>

uint32_t bai_avx2_crc32c(uint32_t crc, const uint8_t *data, int64_t n);
void bai_avx2_pack(uint8_t *packed, const uint8_t *codes, int64_t n);
void bai_avx2_unpack(uint8_t *codes, const uint8_t *packed, int64_t first, int64_t n);

#endif
