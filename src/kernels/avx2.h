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
int64_t bai_avx2_gather_dot_i32(const int32_t *weights, const uint32_t *columns, const uint32_t *values, int64_t n);
double bai_avx2_gather_dot_f64(const double *weights, const uint32_t *columns, const double *values, int64_t n);

#endif
