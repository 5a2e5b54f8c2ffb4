/* SPDX-License-Identifier: MIT
 *
 * avx512.c: the level of AVX-512 F, BW, DQ and VL. As in avx2.c, only what gains from intrinsics is written out; ends
 * are masked, and a masked-out byte is not touched.
 */
#include <immintrin.h>

#include "kernels/avx2.h"
#include "kernels/scalar.h"

/* See avx2.c: the low four bits of a letter pick the one letter to compare with, and its code. */
static int64_t encode(uint8_t *codes, const uint8_t *letters, int64_t n) {
  const __m512i expected =
      _mm512_broadcast_i32x4(_mm_setr_epi8(-1, 'A', -1, 'C', 'T', 'U', -1, 'G', -1, -1, -1, -1, -1, -1, -1, -1));
  const __m512i values = _mm512_broadcast_i32x4(_mm_setr_epi8(4, 0, 4, 1, 3, 3, 4, 2, 4, 4, 4, 4, 4, 4, 4, 4));
  const __m512i upper = _mm512_set1_epi8((char)0xDF), low = _mm512_set1_epi8(0x0F), four = _mm512_set1_epi8(4);
  int64_t unknown = 0;
  for (int64_t i = 0; i < n; i += 64) {
    __mmask64 mask = n - i < 64 ? (UINT64_C(1) << (n - i)) - 1 : ~UINT64_C(0);
    __m512i letter = _mm512_and_si512(_mm512_maskz_loadu_epi8(mask, letters + i), upper);
    __m512i index = _mm512_and_si512(letter, low);
    __mmask64 known = _mm512_cmpeq_epi8_mask(letter, _mm512_shuffle_epi8(expected, index));
    __m512i code = _mm512_mask_shuffle_epi8(four, known, values, index);
    _mm512_mask_storeu_epi8(codes + i, mask, code);
    unknown += _mm_popcnt_u64(mask & ~known);
  }
  return unknown;
}

/* The lanes of eight elements of which `left` remain. */
static inline __mmask8 mask_of(int64_t left) {
  return (__mmask8)_bzhi_u32(0xFF, (uint32_t)(left < 0 ? 0 : left > 8 ? 8 : left));
}

/* ---- sums in sixteen lanes: two vectors. A masked-out element adds +0.0 to a lane, which changes nothing, since a
 * lane that starts from +0.0 is never -0.0. ---- */

typedef struct sums {
  __m512d low, high;
} sums;

static inline __m512d add_product(__m512d sum, __m512d a, __m512d b) {
  return _mm512_add_pd(sum, _mm512_mul_pd(a, b));
}

static inline double sums_total(sums s) {
  __m512d eight = _mm512_add_pd(s.low, s.high);
  __m256d four = _mm256_add_pd(_mm512_castpd512_pd256(eight), _mm512_extractf64x4_pd(eight, 1));
  __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
  return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

static double dot_f64(const double *a, const double *b, int64_t n) {
  sums s = {_mm512_setzero_pd(), _mm512_setzero_pd()};
  int64_t i = 0;
  for (; i + BAI_LANES <= n; i += BAI_LANES) {
    s.low = add_product(s.low, _mm512_loadu_pd(a + i), _mm512_loadu_pd(b + i));
    s.high = add_product(s.high, _mm512_loadu_pd(a + i + 8), _mm512_loadu_pd(b + i + 8));
  }
  if (i == n) return sums_total(s);
  __mmask8 low = mask_of(n - i), high = mask_of(n - i - 8);
  s.low = add_product(s.low, _mm512_maskz_loadu_pd(low, a + i), _mm512_maskz_loadu_pd(low, b + i));
  if (high) {
    s.high = add_product(s.high, _mm512_maskz_loadu_pd(high, a + i + 8), _mm512_maskz_loadu_pd(high, b + i + 8));
  }
  return sums_total(s);
}

static inline __m512d widen(const float *x) {
  return _mm512_cvtps_pd(_mm256_loadu_ps(x));
}

static inline __m512d widen_some(__mmask8 mask, const float *x) {
  return _mm512_cvtps_pd(_mm256_maskz_loadu_ps(mask, x));
}

static double dot_f32(const float *a, const float *b, int64_t n) {
  sums s = {_mm512_setzero_pd(), _mm512_setzero_pd()};
  int64_t i = 0;
  for (; i + BAI_LANES <= n; i += BAI_LANES) {
    s.low = add_product(s.low, widen(a + i), widen(b + i));
    s.high = add_product(s.high, widen(a + i + 8), widen(b + i + 8));
  }
  if (i == n) return sums_total(s);
  __mmask8 low = mask_of(n - i), high = mask_of(n - i - 8);
  s.low = add_product(s.low, widen_some(low, a + i), widen_some(low, b + i));
  if (high) s.high = add_product(s.high, widen_some(high, a + i + 8), widen_some(high, b + i + 8));
  return sums_total(s);
}

const bai_kernels bai_kernels_avx512 = {
    .name = "avx512",
    .crc32c = bai_avx2_crc32c,
    .encode = encode,
    .pack = bai_avx2_pack,
    .unpack = bai_avx2_unpack,
    .kmer_extend = scalar_kmer_extend,
    .kmer_extend_reverse = scalar_kmer_extend_reverse,
    .kmer_canonical = scalar_kmer_canonical,
    .kmer_slot = scalar_kmer_slot,
    .kmer_rank = scalar_kmer_rank,
    .kmer_hash = scalar_kmer_hash,
    .count = scalar_count,
    .gather_dot_i32 = bai_avx2_gather_dot_i32,
    .dot_f64 = dot_f64,
    .dot_f32 = dot_f32,
    .gather_dot_f64 = bai_avx2_gather_dot_f64,
    .axpy_f64 = scalar_axpy_f64,
    .scatter_axpy_f64 = scalar_scatter_axpy_f64,
    .scale_f64 = scalar_scale_f64,
    .exp_f64 = scalar_exp_f64,
    .log_f64 = scalar_log_f64,
    .sigmoid_f64 = scalar_sigmoid_f64,
    .softplus_f64 = scalar_softplus_f64,
};
