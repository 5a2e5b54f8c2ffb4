/* SPDX-License-Identifier: MIT
 *
 * avx2.c: the level of AVX2, BMI and SSE4.2. Loops of scalar.h that the compiler vectorises stand as they are; the
 * kernels below are those that gain from intrinsics. None reads past the ranges given: ends are left to scalar.h.
 */
#include "kernels/avx2.h"

#include <immintrin.h>

#include "kernels/scalar.h"

#define BAI_TILE_BYTES 32 /* of a vector */
#define BAI_TILE_ROWS 4
typedef __m256 tile_vector;
BAI_WITH tile_vector tile_larger(tile_vector a, tile_vector b) {
  return _mm256_max_ps(a, b);
}
typedef __m256d sum_vector;
BAI_WITH sum_vector sum_widen(const float *from) {
  return _mm256_cvtps_pd(_mm_loadu_ps(from));
}
#include "kernels/sums.h"
#include "kernels/tiles.h"

#define PANEL_ROWS 6 /* by two vectors: twelve sums, two of weights and a number, of 16 registers */
#define PANEL_SOME 1
BAI_WITH tile_vector tile_fused(float a, tile_vector b, tile_vector c) {
  return _mm256_fmadd_ps(_mm256_set1_ps(a), b, c);
}
#include "kernels/panel_tiles.h"

uint32_t bai_avx2_crc32c(uint32_t crc, const uint8_t *data, int64_t n) {
  uint64_t state = (uint32_t)~crc;
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    uint64_t word;
    memcpy(&word, data + i, sizeof word);
    state = _mm_crc32_u64(state, word);
  }
  uint32_t end = (uint32_t)state;
  for (; i < n; i++) end = _mm_crc32_u8(end, data[i]);
  return ~end;
}

/* The low four bits of A, C, G, T and U differ, so they pick the one letter to compare with, and its code. */
static int64_t encode(uint8_t *codes, const uint8_t *letters, int64_t n) {
  const __m256i expected = _mm256_setr_epi8(-1, 'A', -1, 'C', 'T', 'U', -1, 'G', -1, -1, -1, -1, -1, -1, -1, -1, -1,
                                            'A', -1, 'C', 'T', 'U', -1, 'G', -1, -1, -1, -1, -1, -1, -1, -1);
  const __m256i values =
      _mm256_setr_epi8(4, 0, 4, 1, 3, 3, 4, 2, 4, 4, 4, 4, 4, 4, 4, 4, 4, 0, 4, 1, 3, 3, 4, 2, 4, 4, 4, 4, 4, 4, 4, 4);
  const __m256i upper = _mm256_set1_epi8((char)0xDF), low = _mm256_set1_epi8(0x0F), four = _mm256_set1_epi8(4);
  int64_t i = 0, unknown = 0;
  for (; i + 32 <= n; i += 32) {
    __m256i letter = _mm256_and_si256(_mm256_loadu_si256((const __m256i_u *)(const void *)(letters + i)), upper);
    __m256i index = _mm256_and_si256(letter, low);
    __m256i known = _mm256_cmpeq_epi8(letter, _mm256_shuffle_epi8(expected, index));
    __m256i code = _mm256_blendv_epi8(four, _mm256_shuffle_epi8(values, index), known);
    _mm256_storeu_si256((__m256i_u *)(void *)(codes + i), code);
    unknown += 32 - _mm_popcnt_u32((uint32_t)_mm256_movemask_epi8(known));
  }
  return unknown + scalar_encode(codes + i, letters + i, n - i);
}

/* ---- text ---- */

static inline __m256i load32(const uint8_t *at) {
  return _mm256_loadu_si256((const __m256i_u *)(const void *)at);
}

static inline void store32(uint8_t *at, __m256i bytes) {
  _mm256_storeu_si256((__m256i_u *)(void *)at, bytes);
}

/* One bit for each byte. See encode for the plain letters; a byte above 127 picks 0. */
static inline uint32_t not_plain(__m256i bytes) {
  const __m256i expected = _mm256_setr_epi8(-1, 'A', -1, 'C', 'T', 'U', -1, 'G', -1, -1, -1, -1, -1, -1, -1, -1, -1,
                                            'A', -1, 'C', 'T', 'U', -1, 'G', -1, -1, -1, -1, -1, -1, -1, -1);
  __m256i upper = _mm256_and_si256(bytes, _mm256_set1_epi8((char)0xDF));
  return ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(upper, _mm256_shuffle_epi8(expected, upper)));
}

static inline uint32_t not_letter(__m256i bytes) {
  __m256i upper = _mm256_and_si256(bytes, _mm256_set1_epi8((char)0xDF));
  __m256i from_a = _mm256_sub_epi8(upper, _mm256_set1_epi8('A'));
  __m256i good = _mm256_cmpeq_epi8(_mm256_min_epu8(from_a, _mm256_set1_epi8(25)), from_a);
  good = _mm256_or_si256(good, _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('*')));
  good = _mm256_or_si256(good, _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('-')));
  good = _mm256_or_si256(good, _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('.')));
  return ~(uint32_t)_mm256_movemask_epi8(good);
}

static inline __m256i bad_symbols(__m256i bytes) {
  __m256i from_first = _mm256_sub_epi8(bytes, _mm256_set1_epi8('!'));
  const __m256i last = _mm256_set1_epi8('~' - '!');
  return _mm256_xor_si256(_mm256_cmpeq_epi8(_mm256_min_epu8(from_first, last), from_first), _mm256_set1_epi8(-1));
}

static inline __m256i controls(__m256i bytes) {
  __m256i low = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(' ' - 1)), bytes);
  low = _mm256_andnot_si256(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\t')), low);
  return _mm256_or_si256(low, _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x7F)));
}

/* The last block overlaps the one before; `fresh` is the bits of the bytes not seen before. */
static inline int64_t copy_letters(uint8_t *to, const uint8_t *from, int64_t n) {
  if (n < 32) return scalar_copy_letters(to, from, n);
  int64_t others = 0;
  for (int64_t i = 0, at = 0; i < n; i += 32, at = i + 32 <= n ? i : n - 32) {
    __m256i bytes = load32(from + at);
    store32(to + at, bytes);
    uint32_t fresh = ~UINT32_C(0) << (i - at), other = not_plain(bytes) & fresh;
    if (other == 0) continue;
    if (not_letter(bytes)) return -1;
    others += _mm_popcnt_u32(other);
  }
  return others;
}

static inline int64_t copy_name(uint8_t *to, const uint8_t *from, int64_t n) {
  if (n < 32) return scalar_copy_name(to, from, n);
  __m256i bad = _mm256_setzero_si256(), bytes;
  for (int64_t i = 0; i + 32 < n; i += 32) {
    bytes = load32(from + i);
    store32(to + i, bytes);
    bad = _mm256_or_si256(bad, controls(bytes));
  }
  bytes = load32(from + n - 32);
  store32(to + n - 32, bytes);
  bad = _mm256_or_si256(bad, controls(bytes));
  return _mm256_testz_si256(bad, bad) - 1;
}

/* A line feed is a control byte: the first of these must be one. */
static inline int64_t take_name(uint8_t *to, const uint8_t *from, int64_t limit) {
  for (int64_t i = 0; i < limit; i += 32) {
    __m256i bytes = load32(from + i);
    store32(to + i, bytes);
    uint32_t stop = (uint32_t)_mm256_movemask_epi8(controls(bytes));
    if (stop == 0) continue;
    int64_t at = i + (int64_t)_tzcnt_u32(stop);
    return from[at] == '\n' && at < limit ? at : -1;
  }
  return -1;
}

/* Nor is a line feed a plain letter. */
static inline int64_t take_letters(uint8_t *to, const uint8_t *from, int64_t limit, int64_t *ambiguous) {
  for (int64_t i = 0; i < limit; i += 32) {
    __m256i bytes = load32(from + i);
    store32(to + i, bytes);
    uint32_t stop = not_plain(bytes);
    if (stop == 0) continue;
    int64_t at = i + (int64_t)_tzcnt_u32(stop);
    if (from[at] != '\n') {
      uint32_t feeds = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\n')));
      uint32_t line = feeds ? _blsmsk_u32(feeds) & ~feeds : ~UINT32_C(0);
      if (line & not_letter(bytes)) return -1;
      *ambiguous += _mm_popcnt_u32(stop & line);
      if (feeds == 0) continue;
      at = i + (int64_t)_tzcnt_u32(feeds);
    }
    return at < limit ? at : -1;
  }
  return -1;
}

static inline int64_t take_symbols(uint8_t *to, const uint8_t *from, int64_t n) {
  __m256i bad = _mm256_setzero_si256();
  int64_t i = 0;
  for (; i + 32 <= n; i += 32) {
    __m256i bytes = load32(from + i);
    store32(to + i, bytes);
    bad = _mm256_or_si256(bad, bad_symbols(bytes));
  }
  __m256i bytes = load32(from + i);
  store32(to + i, bytes);
  uint32_t end = _bzhi_u32((uint32_t)_mm256_movemask_epi8(bad_symbols(bytes)), (uint32_t)(n - i));
  return _mm256_testz_si256(bad, bad) && end == 0 && from[n] == '\n' ? 0 : -1;
}

static inline int64_t check_symbols(const uint8_t *from, int64_t n) {
  __m256i bad = _mm256_setzero_si256();
  int64_t i = 0;
  for (; i + 32 <= n; i += 32) bad = _mm256_or_si256(bad, bad_symbols(load32(from + i)));
  uint32_t end = _bzhi_u32((uint32_t)_mm256_movemask_epi8(bad_symbols(load32(from + i))), (uint32_t)(n - i));
  return _mm256_testz_si256(bad, bad) && end == 0 && from[n] == '\n' ? 0 : -1;
}

static int64_t cut_records(bai_text_columns *columns, const uint8_t *text, int64_t n, int64_t most, int64_t *bytes) {
  return cut_some_with(take_name, copy_letters, take_letters, take_symbols, check_symbols, columns, text, n, most,
                       bytes);
}

static int64_t join_lines(bai_text_columns *columns, const uint8_t *text, int64_t n, int64_t *bytes) {
  return join_lines_with(copy_letters, take_letters, columns, text, n, bytes);
}

/* ---- codes ---- */

void bai_avx2_pack(uint8_t *packed, const uint8_t *codes, int64_t n) {
  const __m256i three = _mm256_set1_epi8(3);
  const __m256i pairs = _mm256_set1_epi16(0x0401), quads = _mm256_set1_epi32(0x00100001);
  const __m256i bytes = _mm256_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 4, 8, 12, -1,
                                         -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
  int64_t i = 0;
  for (; i + 32 <= n; i += 32) {
    __m256i code = _mm256_and_si256(_mm256_loadu_si256((const __m256i_u *)(const void *)(codes + i)), three);
    __m256i quad = _mm256_madd_epi16(_mm256_maddubs_epi16(code, pairs), quads); /* one byte in each 32 bits */
    __m256i byte = _mm256_shuffle_epi8(quad, bytes);
    __m128i eight = _mm_unpacklo_epi32(_mm256_castsi256_si128(byte), _mm256_extracti128_si256(byte, 1));
    _mm_storel_epi64((__m128i_u *)(void *)(packed + i / 4), eight);
  }
  scalar_pack(packed + i / 4, codes + i, n - i);
}

void bai_avx2_unpack(uint8_t *codes, const uint8_t *packed, int64_t first, int64_t n) {
  const __m256i nibbles = _mm256_set1_epi32(0x000F000F), pairs = _mm256_set1_epi32(0x03030303);
  int64_t i = (4 - first % 4) % 4; /* to the first whole byte */
  if (i > n) i = n;
  scalar_unpack(codes, packed, first, i);
  for (; i + 32 <= n; i += 32) {
    __m128i eight = _mm_loadl_epi64((const __m128i_u *)(const void *)(packed + (first + i) / 4));
    __m256i x = _mm256_cvtepu8_epi32(eight);
    x = _mm256_and_si256(_mm256_or_si256(x, _mm256_slli_epi32(x, 12)), nibbles);
    x = _mm256_and_si256(_mm256_or_si256(x, _mm256_slli_epi32(x, 6)), pairs);
    _mm256_storeu_si256((__m256i_u *)(void *)(codes + i), x);
  }
  scalar_unpack(codes + i, packed, first + i, n - i);
}

/* Four 64-bit products of signed by unsigned 32-bit numbers. The multiplier takes both as unsigned, which makes a
 * negative weight too large by 2^32. */
static inline __m256i products_i32(const int32_t *weights, const uint32_t *columns, const uint32_t *values) {
  __m256i weight =
      _mm256_setr_epi64x(weights[columns[0]], weights[columns[1]], weights[columns[2]], weights[columns[3]]);
  __m256i value = _mm256_cvtepu32_epi64(_mm_loadu_si128((const __m128i_u *)(const void *)values));
  __m256i excess = _mm256_and_si256(_mm256_cmpgt_epi64(_mm256_setzero_si256(), weight), _mm256_slli_epi64(value, 32));
  return _mm256_sub_epi64(_mm256_mul_epu32(weight, value), excess);
}

static inline void sum_eight(int64_t sums[4][BAI_PLACES], const bai_exchange *how, const uint32_t *words, int64_t at) {
  for (int32_t c = 0; c < 4; c++) {
    __m256i low = _mm256_setzero_si256(), high = low;
    for (int32_t d = 0; d < how->k; d++) {
      const __m256i found = _mm256_loadu_si256((const __m256i_u *)(const void *)(words + at + d));
      const __m256i rest = _mm256_andnot_si256(_mm256_set1_epi32(3 << 2 * d), found);
      const __m256i word = _mm256_or_si256(rest, _mm256_set1_epi32(c << 2 * d));
      const __m256i weight = _mm256_i32gather_epi32(how->weights, word, 4);
      low = _mm256_add_epi64(low, _mm256_cvtepi32_epi64(_mm256_castsi256_si128(weight)));
      high = _mm256_add_epi64(high, _mm256_cvtepi32_epi64(_mm256_extracti128_si256(weight, 1)));
    }
    _mm256_storeu_si256((__m256i_u *)(void *)(sums[c] + at), low);
    _mm256_storeu_si256((__m256i_u *)(void *)(sums[c] + at + 4), high);
  }
}

static inline void sum_letters(int64_t sums[4][BAI_PLACES], const bai_exchange *how, const uint32_t *words, int64_t n) {
  for (int64_t at = 0; at < n; at += 8) sum_eight(sums, how, words, at);
}

static void exchange_f64(double *parts, const bai_exchange *how, const uint32_t *words, const uint8_t *codes,
                         int64_t n) {
  exchange_with(sum_letters, parts, how, words, codes, n);
}

int64_t bai_avx2_gather_dot_i32(const int32_t *weights, const uint32_t *columns, const uint32_t *values, int64_t n) {
  __m256i sum = _mm256_setzero_si256();
  int64_t i = 0;
  for (; i + 4 <= n; i += 4) sum = _mm256_add_epi64(sum, products_i32(weights, columns + i, values + i));
  int64_t parts[4];
  _mm256_storeu_si256((__m256i_u *)(void *)parts, sum);
  return parts[0] + parts[1] + parts[2] + parts[3] + scalar_gather_dot_i32(weights, columns + i, values + i, n - i);
}

/* ---- words in a row ---- */

/* Up to four codes from each of eight places as the digits of a number. */
static inline __m256i join_codes(const uint8_t *codes, int32_t count) {
  __m128i joined = _mm_loadl_epi64((const __m128i_u *)(const void *)codes);
  for (int32_t i = 1; i < count; i++)
    joined = _mm_or_si128(_mm_slli_epi16(joined, 2), _mm_loadl_epi64((const __m128i_u *)(const void *)(codes + i)));
  return _mm256_cvtepu8_epi32(joined);
}

static int64_t kmer_sum(const int32_t *weights, const uint8_t *codes, int64_t n, int32_t k) {
  __m256i sum = _mm256_setzero_si256();
  int64_t i = 0, parts[4];
  for (; i + 8 <= n; i += 8) {
    __m256i words = _mm256_setzero_si256();
    for (int32_t from = 0; from < k; from += 4) {
      const int32_t count = k - from < 4 ? k - from : 4;
      words = _mm256_or_si256(_mm256_slli_epi32(words, 2 * count), join_codes(codes + i + from, count));
    }
    const __m256i found = _mm256_i32gather_epi32(weights, words, 4);
    sum = _mm256_add_epi64(sum, _mm256_cvtepi32_epi64(_mm256_castsi256_si128(found)));
    sum = _mm256_add_epi64(sum, _mm256_cvtepi32_epi64(_mm256_extracti128_si256(found, 1)));
  }
  _mm256_storeu_si256((__m256i_u *)(void *)parts, sum);
  return parts[0] + parts[1] + parts[2] + parts[3] + scalar_kmer_sum(weights, codes + i, n - i, k);
}

/* `count` codes, at most four, from each of 32 places as the digits of a number below 256, the first the highest, or
 * with `reverse` complemented and the first the lowest. */
static inline __m256i join_places(const uint8_t *codes, int32_t count, int32_t reverse) {
  const __m256i three = _mm256_set1_epi8(3);
  __m256i joined = _mm256_setzero_si256();
  for (int32_t i = 0; i < count; i++) {
    __m256i next = load32(codes + (reverse ? count - 1 - i : i));
    next = reverse ? _mm256_andnot_si256(next, three) : _mm256_and_si256(next, three);
    joined = _mm256_or_si256(_mm256_slli_epi16(joined, 2), next);
  }
  return joined;
}

static inline __m256i widen_places(const uint8_t *joined) {
  return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i_u *)(const void *)joined));
}

static void kmer_words(uint32_t *words, const uint8_t *codes, int64_t n, int32_t k, int32_t canonical) {
  uint8_t forward[4][32], reverse[4][32]; /* by four codes */
  const int32_t groups = (k + 3) / 4, last = k - 4 * (groups - 1);
  int64_t i = 0;
  for (; i + 32 <= n; i += 32) {
    for (int32_t g = 0; g < groups; g++) {
      const int32_t count = g == groups - 1 ? last : 4;
      store32(forward[g], join_places(codes + i + 4 * g, count, 0));
      if (canonical) store32(reverse[g], join_places(codes + i + 4 * g, count, 1));
    }
    for (int32_t at = 0; at < 32; at += 8) {
      __m256i word = widen_places(forward[0] + at);
      for (int32_t g = 1; g < groups; g++)
        word = _mm256_or_si256(_mm256_sll_epi32(word, _mm_cvtsi32_si128(g == groups - 1 ? 2 * last : 8)),
                               widen_places(forward[g] + at));
      if (canonical) {
        __m256i other = widen_places(reverse[groups - 1] + at);
        for (int32_t g = groups - 2; g >= 0; g--)
          other = _mm256_or_si256(_mm256_slli_epi32(other, 8), widen_places(reverse[g] + at));
        word = _mm256_min_epu32(word, other);
      }
      _mm256_storeu_si256((__m256i_u *)(void *)(words + i + at), word);
    }
  }
  scalar_kmer_words(words + i, codes + i, n - i, k, canonical);
}

/* A one at the byte of the code, which for the code 4 is shifted out. */
static void one_hot_u8(uint8_t *out, const uint8_t *codes, int64_t n) {
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m256i code = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i_u *)(const void *)(codes + i)));
    store32(out + 4 * i, _mm256_sllv_epi32(_mm256_set1_epi32(1), _mm256_slli_epi32(code, 3)));
  }
  scalar_one_hot_u8(out + 4 * i, codes + i, n - i);
}

/* ---- sums in sixteen lanes: four vectors, the ends added lane by lane ---- */

typedef struct sums {
  __m256d part[4];
} sums;

static inline sums sums_zero(void) {
  __m256d zero = _mm256_setzero_pd();
  return (sums){{zero, zero, zero, zero}};
}

static inline __m256d add_product(__m256d sum, __m256d a, __m256d b) {
  return _mm256_add_pd(sum, _mm256_mul_pd(a, b));
}

static inline void sums_store(double *lanes, const sums *s) {
  for (int64_t j = 0; j < 4; j++) _mm256_storeu_pd(lanes + 4 * j, s->part[j]);
}

static inline double sums_total(const double *lanes) {
  __m256d low = _mm256_add_pd(_mm256_loadu_pd(lanes), _mm256_loadu_pd(lanes + 8));
  __m256d high = _mm256_add_pd(_mm256_loadu_pd(lanes + 4), _mm256_loadu_pd(lanes + 12));
  __m256d four = _mm256_add_pd(low, high);
  __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
  return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

static double dot_f64(const double *a, const double *b, int64_t n) {
  sums s = sums_zero();
  double lanes[BAI_LANES];
  int64_t i = 0;
  for (; i + BAI_LANES <= n; i += BAI_LANES) {
    for (int64_t j = 0; j < 4; j++)
      s.part[j] = add_product(s.part[j], _mm256_loadu_pd(a + i + 4 * j), _mm256_loadu_pd(b + i + 4 * j));
  }
  sums_store(lanes, &s);
  for (int64_t l = 0; i + l < n; l++) lanes[l] += a[i + l] * b[i + l];
  return sums_total(lanes);
}

/* See scalar_run. */
static inline void add_run(sums *s, const float *a, const float *b, int64_t n) {
  __m256 part[8];
  int64_t i = 0;
  for (int64_t j = 0; j < 8; j++) part[j] = _mm256_setzero_ps();
  for (; i + BAI_NARROW_LANES <= n; i += BAI_NARROW_LANES) {
    for (int64_t j = 0; j < 8; j++)
      part[j] = _mm256_add_ps(part[j], _mm256_mul_ps(_mm256_loadu_ps(a + i + 8 * j), _mm256_loadu_ps(b + i + 8 * j)));
  }
  if (i < n) {
    float narrow[BAI_NARROW_LANES];
    for (int64_t j = 0; j < 8; j++) _mm256_storeu_ps(narrow + 8 * j, part[j]);
    for (int64_t l = 0; i + l < n; l++) narrow[l] += a[i + l] * b[i + l];
    for (int64_t j = 0; j < 8; j++) part[j] = _mm256_loadu_ps(narrow + 8 * j);
  }
  for (int64_t j = 0; j < 4; j++) part[j] = _mm256_add_ps(part[j], part[j + 4]);
  for (int64_t j = 0; j < 2; j++) {
    const __m256 eight = _mm256_add_ps(part[j], part[j + 2]);
    s->part[2 * j] = _mm256_add_pd(s->part[2 * j], _mm256_cvtps_pd(_mm256_castps256_ps128(eight)));
    s->part[2 * j + 1] = _mm256_add_pd(s->part[2 * j + 1], _mm256_cvtps_pd(_mm256_extractf128_ps(eight, 1)));
  }
}

static double dot_f32(const float *a, const float *b, int64_t n) {
  sums s = sums_zero();
  double lanes[BAI_LANES];
  for (int64_t i = 0; i < n; i += BAI_RUN) add_run(&s, a + i, b + i, scalar_smaller(n - i, BAI_RUN));
  sums_store(lanes, &s);
  return sums_total(lanes);
}

static void dot_rows_f32(double *totals, const float *rows, int64_t stride, int64_t count, const float *weights,
                         int64_t n) {
  const uint8_t *at = (const uint8_t *)rows;
  for (int64_t r = 0; r < count; r++, at += stride) totals[r] = dot_f32((const float *)(const void *)at, weights, n);
}

/* Four plain loads: the gather instructions, AVX-512's too, are no faster, and far slower where a patch of the CPU
 * guards them against leaks. They would also take a 32-bit column of 2^31 or more as negative. */
static inline __m256d gather4(const double *weights, const uint32_t *columns) {
  __m128d low = _mm_loadh_pd(_mm_load_sd(weights + columns[0]), weights + columns[1]);
  __m128d high = _mm_loadh_pd(_mm_load_sd(weights + columns[2]), weights + columns[3]);
  return _mm256_insertf128_pd(_mm256_castpd128_pd256(low), high, 1);
}

double bai_avx2_gather_dot_f64(const double *weights, const uint32_t *columns, const double *values, int64_t n) {
  sums s = sums_zero();
  double lanes[BAI_LANES];
  int64_t i = 0;
  for (; i + BAI_LANES <= n; i += BAI_LANES) {
    for (int64_t j = 0; j < 4; j++)
      s.part[j] = add_product(s.part[j], gather4(weights, columns + i + 4 * j), _mm256_loadu_pd(values + i + 4 * j));
  }
  sums_store(lanes, &s);
  for (int64_t l = 0; i + l < n; l++) lanes[l] += weights[columns[i + l]] * values[i + l];
  return sums_total(lanes);
}

/* Four rows of four columns. */
static inline void turn4(double *rows, int64_t n, const float *const *columns, int64_t first) {
  __m128 a = _mm_loadu_ps(columns[0] + first), b = _mm_loadu_ps(columns[1] + first);
  __m128 c = _mm_loadu_ps(columns[2] + first), d = _mm_loadu_ps(columns[3] + first);
  _MM_TRANSPOSE4_PS(a, b, c, d);
  _mm256_storeu_pd(rows, _mm256_cvtps_pd(a));
  _mm256_storeu_pd(rows + n, _mm256_cvtps_pd(b));
  _mm256_storeu_pd(rows + 2 * n, _mm256_cvtps_pd(c));
  _mm256_storeu_pd(rows + 3 * n, _mm256_cvtps_pd(d));
}

static void rows_of_columns_f32(double *rows, const float *const *columns, int64_t first, int64_t count, int64_t n,
                                int64_t end) {
  const int64_t some = count - count % 4;
  int64_t c = 0;
  for (; c + 4 <= n; c += 4)
    for (int64_t r = 0; r < some; r += 4) {
      for (int32_t i = 0; i < 4 && r % 16 == 0 && first + r + count < end; i++)
        _mm_prefetch((const char *)(columns[c + i] + first + r + count), _MM_HINT_T1);
      turn4(rows + r * n + c, n, columns + c, first + r);
    }
  for (; c < n; c++)
    for (int64_t r = 0; r < some; r++) rows[r * n + c] = (double)columns[c][first + r];
  scalar_rows_of_columns_f32(rows + some * n, columns, first + some, count - some, n, end);
}

const bai_kernels bai_kernels_avx2 = {
    .name = "avx2",
    .crc32c = bai_avx2_crc32c,
    .encode = encode,
    .pack = bai_avx2_pack,
    .unpack = bai_avx2_unpack,
    .copy_name = copy_name,
    .cut_records = cut_records,
    .join_lines = join_lines,
    .kmer_extend = scalar_kmer_extend,
    .kmer_extend_reverse = scalar_kmer_extend_reverse,
    .kmer_canonical = scalar_kmer_canonical,
    .kmer_slot = scalar_kmer_slot,
    .kmer_words = kmer_words,
    .kmer_rank = scalar_kmer_rank,
    .kmer_hash = scalar_kmer_hash,
    .word_hash = scalar_word_hash,
    .count = scalar_count,
    .minimizers = scalar_minimizers,
    .murmur_words = scalar_murmur_words,
    .one_hot_f64 = scalar_one_hot_f64,
    .one_hot_u8 = one_hot_u8,
    .kmer_sum = kmer_sum,
    .exchange_f64 = exchange_f64,
    .gather_dot_i32 = bai_avx2_gather_dot_i32,
    .gather_rows_i32 = scalar_gather_rows_i32,
    .dot_f64 = dot_f64,
    .dot_f32 = dot_f32,
    .dot_rows_f32 = dot_rows_f32,
    .dot_panels_f32 = dot_panels_f32,
    .relu_dot_f64 = scalar_relu_dot_f64,
    .gather_dot_f64 = bai_avx2_gather_dot_f64,
    .axpy_f64 = scalar_axpy_f64,
    .scatter_axpy_f64 = scalar_scatter_axpy_f64,
    .dot_rows_f64 = dot_rows_f64,
    .axpy_rows_f64 = axpy_rows_f64,
    .dot_floats_f64 = dot_floats_f64,
    .axpy_floats_f64 = axpy_floats_f64,
    .add_square_f64 = add_square_f64,
    .scale_columns_f64 = scalar_scale_columns_f64,
    .widen_f32 = scalar_widen_f32,
    .narrow_f64 = scalar_narrow_f64,
    .digest_f64 = scalar_digest_f64,
    .rows_of_columns_f32 = rows_of_columns_f32,
    .scale_f64 = scalar_scale_f64,
    .exp_f64 = scalar_exp_f64,
    .log_f64 = scalar_log_f64,
    .sigmoid_f64 = scalar_sigmoid_f64,
    .softplus_f64 = scalar_softplus_f64,
    .chances_f64 = scalar_chances_f64,
    .gemm_f32 = gemm_f32,
    .letters_f32 = letters_f32,
    .join_letters = scalar_join_letters,
    .find_letters_f32 = find_letters_f32,
    .find_rows_f32 = find_rows_f32,
    .letters_slope_f32 = scalar_letters_slope_f32,
    .most_f32 = scalar_most_f32,
    .spread_f32 = scalar_spread_f32,
    .add_rows_f32 = scalar_add_rows_f32,
    .add_row_f32 = scalar_add_row_f32,
    .gather_rows_f32 = scalar_gather_rows_f32,
    .scatter_rows_f32 = scalar_scatter_rows_f32,
    .adam_f32 = scalar_adam_f32,
};
