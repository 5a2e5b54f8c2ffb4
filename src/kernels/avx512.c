/* SPDX-License-Identifier: MIT
 *
 * avx512.c: the level of AVX-512 F, BW, DQ and VL. As in avx2.c, only what gains from intrinsics is written out; ends
 * are masked, and a masked-out byte is not touched.
 */
#include <immintrin.h>

#include "kernels/avx2.h"
#include "kernels/scalar.h"

#define BAI_TILE_BYTES 64 /* of a vector */
#define BAI_TILE_ROWS 8
typedef __m512 tile_vector;
BAI_WITH tile_vector tile_larger(tile_vector a, tile_vector b) {
  return _mm512_max_ps(a, b);
}
typedef __m512d sum_vector;
BAI_WITH sum_vector sum_widen(const float *from) {
  return _mm512_cvtps_pd(_mm256_loadu_ps(from));
}
#define BAI_SUM_FOUR
BAI_WITH __m256d sum_quarters(const sum_vector lanes[2]) {
  const __m512d eight = _mm512_add_pd(lanes[0], lanes[1]);
  return _mm256_add_pd(_mm512_castpd512_pd256(eight), _mm512_extractf64x4_pd(eight, 1));
}
BAI_WITH void sum_four(double *sums, sum_vector lanes[4][2]) {
  const __m256d a = sum_quarters(lanes[0]), b = sum_quarters(lanes[1]);
  const __m256d c = sum_quarters(lanes[2]), d = sum_quarters(lanes[3]);
  const __m256d ac = _mm256_add_pd(_mm256_permute2f128_pd(a, c, 0x20), _mm256_permute2f128_pd(a, c, 0x31));
  const __m256d bd = _mm256_add_pd(_mm256_permute2f128_pd(b, d, 0x20), _mm256_permute2f128_pd(b, d, 0x31));
  _mm256_storeu_pd(sums, _mm256_hadd_pd(ac, bd)); /* a, b, c, d */
}
#include "kernels/sums.h"
#include "kernels/tiles.h"

#define PANEL_ROWS 14 /* by two vectors: 28 sums, two of weights and a number, of 32 registers */
#define PANEL_SOME 2
BAI_WITH tile_vector tile_fused(float a, tile_vector b, tile_vector c) {
  return _mm512_fmadd_ps(_mm512_set1_ps(a), b, c);
}
#include "kernels/panel_tiles.h"

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

/* ---- text ---- */

static inline __mmask64 bytes_of(int64_t left) {
  return left < 64 ? _bzhi_u64(~UINT64_C(0), (uint32_t)left) : ~UINT64_C(0);
}

static inline __m512i load64(const uint8_t *at) {
  return _mm512_loadu_si512((const void *)at);
}

static inline void store64(uint8_t *at, __m512i bytes) {
  _mm512_storeu_si512((void *)at, bytes);
}

/* A block within a text. Where the next ones come from and go to is often not in the first-level cache, and texts are
 * too short for the CPU to notice how they go on. */
static inline void copy64(uint8_t *to, const uint8_t *from, __m512i bytes) {
  _mm_prefetch((const char *)(uintptr_t)((uintptr_t)from + 512), _MM_HINT_T1);
  __builtin_prefetch((void *)((uintptr_t)to + 512), 1);
  store64(to, bytes);
}

static inline __m512i load_some(__mmask64 mask, const uint8_t *at) {
  return _mm512_maskz_loadu_epi8(mask, at);
}

/* A byte above 127 picks 0, which it is not. */
static inline __mmask64 plain(__m512i bytes) {
  const __m512i expected =
      _mm512_broadcast_i32x4(_mm_setr_epi8(-1, 'A', -1, 'C', 'T', 'U', -1, 'G', -1, -1, -1, -1, -1, -1, -1, -1));
  __m512i upper = _mm512_and_si512(bytes, _mm512_set1_epi8((char)0xDF));
  return _mm512_cmpeq_epi8_mask(upper, _mm512_shuffle_epi8(expected, upper));
}

static inline __mmask64 letters_of(__m512i bytes) {
  __m512i upper = _mm512_and_si512(bytes, _mm512_set1_epi8((char)0xDF));
  return _mm512_cmple_epu8_mask(_mm512_sub_epi8(upper, _mm512_set1_epi8('A')), _mm512_set1_epi8(25)) |
         _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('*')) | _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('-')) |
         _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('.'));
}

static inline int64_t copy_letters(uint8_t *to, const uint8_t *from, int64_t n) {
  int64_t others = 0, i = 0;
  for (; i + 64 <= n; i += 64) {
    __m512i bytes = load64(from + i);
    copy64(to + i, from + i, bytes);
    __mmask64 other = ~plain(bytes);
    if (other == 0) continue;
    if (~letters_of(bytes)) return -1;
    others += (int64_t)_mm_popcnt_u64(other);
  }
  __mmask64 mask = bytes_of(n - i);
  __m512i bytes = load_some(mask, from + i);
  _mm512_mask_storeu_epi8(to + i, mask, bytes);
  __mmask64 other = mask & ~plain(bytes);
  if (other == 0) return others;
  if (mask & ~letters_of(bytes)) return -1;
  return others + (int64_t)_mm_popcnt_u64(other);
}

static inline __mmask64 controls(__m512i bytes) {
  __mmask64 low = _mm512_cmplt_epu8_mask(bytes, _mm512_set1_epi8(' '));
  return _mm512_mask_cmpneq_epi8_mask(low, bytes, _mm512_set1_epi8('\t')) |
         _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(0x7F));
}

static inline int64_t copy_name(uint8_t *to, const uint8_t *from, int64_t n) {
  __mmask64 bad = 0;
  int64_t i = 0;
  for (; i + 64 <= n; i += 64) {
    __m512i bytes = load64(from + i);
    copy64(to + i, from + i, bytes);
    bad |= controls(bytes);
  }
  __mmask64 mask = bytes_of(n - i);
  __m512i bytes = load_some(mask, from + i);
  _mm512_mask_storeu_epi8(to + i, mask, bytes);
  bad |= mask & controls(bytes);
  return -(int64_t)(bad != 0);
}

/* A line feed is a control byte: the first of these must be one. */
static inline int64_t take_name(uint8_t *to, const uint8_t *from, int64_t limit) {
  for (int64_t i = 0; i < limit; i += 64) {
    __m512i bytes = load64(from + i);
    copy64(to + i, from + i, bytes);
    uint64_t stop = controls(bytes);
    if (stop == 0) continue;
    int64_t at = i + (int64_t)_tzcnt_u64(stop);
    return from[at] == '\n' && at < limit ? at : -1;
  }
  return -1;
}

/* Nor is a line feed a plain letter. */
static inline int64_t take_letters(uint8_t *to, const uint8_t *from, int64_t limit, int64_t *ambiguous) {
  for (int64_t i = 0; i < limit; i += 64) {
    __m512i bytes = load64(from + i);
    copy64(to + i, from + i, bytes);
    uint64_t stop = ~plain(bytes);
    if (stop == 0) continue;
    int64_t at = i + (int64_t)_tzcnt_u64(stop);
    if (from[at] != '\n') {
      uint64_t feeds = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\n')), line = _blsmsk_u64(feeds) & ~feeds;
      if (feeds == 0) line = ~UINT64_C(0);
      if (line & ~letters_of(bytes)) return -1;
      *ambiguous += (int64_t)_mm_popcnt_u64(stop & line);
      if (feeds == 0) continue;
      at = i + (int64_t)_tzcnt_u64(feeds);
    }
    return at < limit ? at : -1;
  }
  return -1;
}

static inline int64_t take_symbols(uint8_t *to, const uint8_t *from, int64_t n) {
  const __m512i first = _mm512_set1_epi8('!');
  __m512i last = load64(n < 64 ? from : from + n - 64), most = _mm512_sub_epi8(last, first);
  if (n < 64) most = _mm512_maskz_mov_epi8(bytes_of(n), most);
  for (int64_t i = 0; i < n - 64; i += 64) {
    __m512i bytes = load64(from + i);
    copy64(to + i, from + i, bytes);
    most = _mm512_max_epu8(most, _mm512_sub_epi8(bytes, first));
  }
  store64(n < 64 ? to : to + n - 64, last);
  return _mm512_cmpgt_epu8_mask(most, _mm512_set1_epi8('~' - '!')) == 0 && from[n] == '\n' ? 0 : -1;
}

/* The same without the copy. */
static inline int64_t check_symbols(const uint8_t *from, int64_t n) {
  const __m512i first = _mm512_set1_epi8('!');
  __m512i most = _mm512_sub_epi8(load64(n < 64 ? from : from + n - 64), first);
  if (n < 64) most = _mm512_maskz_mov_epi8(bytes_of(n), most);
  for (int64_t i = 0; i < n - 64; i += 64) most = _mm512_max_epu8(most, _mm512_sub_epi8(load64(from + i), first));
  return _mm512_cmpgt_epu8_mask(most, _mm512_set1_epi8('~' - '!')) == 0 && from[n] == '\n' ? 0 : -1;
}

/* A letter leaves bits where it is none of the plain ones. */
static inline __m512i oddness(__m512i bytes) {
  const __m512i expected =
      _mm512_broadcast_i32x4(_mm_setr_epi8(-1, 'A', -1, 'C', 'T', 'U', -1, 'G', -1, -1, -1, -1, -1, -1, -1, -1));
  __m512i upper = _mm512_and_si512(bytes, _mm512_set1_epi8((char)0xDF));
  return _mm512_xor_si512(upper, _mm512_shuffle_epi8(expected, upper));
}

/* Lines of plain letters: one test behind the loop, and the last block may lap over the one before. A line of less than
 * a block is copied with what stands behind it. */
static inline int64_t copy_plain(uint8_t *to, const uint8_t *from, int64_t n) {
  const int64_t end = n < 64 ? 0 : n - 64;
  __m512i last = load64(from + end), odd = oddness(last);
  if (n < 64) odd = _mm512_maskz_mov_epi8(bytes_of(n), odd);
  for (int64_t i = 0; i < end; i += 64) {
    __m512i bytes = load64(from + i);
    copy64(to + i, from + i, bytes);
    odd = _mm512_or_si512(odd, oddness(bytes));
  }
  store64(to + end, last);
  return _mm512_test_epi8_mask(odd, odd) ? copy_letters(to, from, n) : 0;
}

static int64_t cut_records(bai_text_columns *columns, const uint8_t *text, int64_t n, int64_t most, int64_t *bytes) {
  return cut_some_with(take_name, copy_plain, take_letters, take_symbols, check_symbols, columns, text, n, most, bytes);
}

static int64_t join_lines(bai_text_columns *columns, const uint8_t *text, int64_t n, int64_t *bytes) {
  return join_lines_with(copy_plain, take_letters, columns, text, n, bytes);
}

/* ---- words in a row ---- */

/* Up to four codes from each of sixteen places as the digits of a number. */
static inline __m512i join_codes(const uint8_t *codes, int32_t count) {
  __m128i joined = _mm_loadu_si128((const __m128i_u *)(const void *)codes);
  for (int32_t i = 1; i < count; i++)
    joined = _mm_or_si128(_mm_slli_epi16(joined, 2), _mm_loadu_si128((const __m128i_u *)(const void *)(codes + i)));
  return _mm512_cvtepu8_epi32(joined);
}

static int64_t kmer_sum(const int32_t *weights, const uint8_t *codes, int64_t n, int32_t k) {
  __m512i sum = _mm512_setzero_si512();
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    __m512i words = _mm512_setzero_si512();
    for (int32_t from = 0; from < k; from += 4) {
      const int32_t count = k - from < 4 ? k - from : 4;
      words =
          _mm512_or_si512(_mm512_sll_epi32(words, _mm_cvtsi32_si128(2 * count)), join_codes(codes + i + from, count));
    }
    const __m512i found = _mm512_i32gather_epi32(words, weights, 4);
    sum = _mm512_add_epi64(sum, _mm512_cvtepi32_epi64(_mm512_castsi512_si256(found)));
    sum = _mm512_add_epi64(sum, _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(found, 1)));
  }
  return _mm512_reduce_add_epi64(sum) + scalar_kmer_sum(weights, codes + i, n - i, k);
}

static inline void sum_letters(int64_t sums[4][BAI_PLACES], const bai_exchange *how, const uint32_t *words, int64_t n) {
  __m512i low[4], high[4];
  (void)n; /* as many as there are lanes */
  for (int32_t c = 0; c < 4; c++) low[c] = high[c] = _mm512_setzero_si512();
  for (int32_t d = 0; d < how->k; d++) {
    const __m512i found = _mm512_loadu_si512((const void *)(words + d));
    const __m512i rest = _mm512_andnot_si512(_mm512_set1_epi32(3 << 2 * d), found);
#pragma GCC unroll 4
    for (int32_t c = 0; c < 4; c++) {
      const __m512i word = _mm512_or_si512(rest, _mm512_set1_epi32(c << 2 * d));
      const __m512i weight = _mm512_i32gather_epi32(word, how->weights, 4);
      low[c] = _mm512_add_epi64(low[c], _mm512_cvtepi32_epi64(_mm512_castsi512_si256(weight)));
      high[c] = _mm512_add_epi64(high[c], _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(weight, 1)));
    }
  }
  for (int32_t c = 0; c < 4; c++) {
    _mm512_storeu_si512((void *)sums[c], low[c]);
    _mm512_storeu_si512((void *)(sums[c] + 8), high[c]);
  }
}

static void exchange_f64(double *parts, const bai_exchange *how, const uint32_t *words, const uint8_t *codes,
                         int64_t n) {
  exchange_with(sum_letters, parts, how, words, codes, n);
}

/* `count` codes, at most four, from each of 64 places as the digits of a number below 256, the first the highest, or
 * with `reverse` complemented and the first the lowest. */
static inline __m512i join_places(const uint8_t *codes, __mmask64 mask, int32_t count, int32_t reverse) {
  const __m512i three = _mm512_set1_epi8(3);
  __m512i joined = _mm512_setzero_si512();
  for (int32_t i = 0; i < count; i++) {
    __m512i next = load_some(mask, codes + (reverse ? count - 1 - i : i));
    next = reverse ? _mm512_andnot_si512(next, three) : _mm512_and_si512(next, three);
    joined = _mm512_or_si512(_mm512_slli_epi16(joined, 2), next);
  }
  return joined;
}

static inline __m512i widen_places(const uint8_t *joined) {
  return _mm512_cvtepu8_epi32(_mm_load_si128((const __m128i *)(const void *)joined));
}

static void kmer_words(uint32_t *words, const uint8_t *codes, int64_t n, int32_t k, int32_t canonical) {
  _Alignas(64) uint8_t forward[4][64], reverse[4][64]; /* by four codes */
  const int32_t groups = (k + 3) / 4, last = k - 4 * (groups - 1);
  for (int64_t i = 0; i < n; i += 64) {
    const __mmask64 mask = bytes_of(n - i);
    for (int32_t g = 0; g < groups; g++) {
      const int32_t count = g == groups - 1 ? last : 4;
      _mm512_store_si512((void *)forward[g], join_places(codes + i + 4 * g, mask, count, 0));
      if (canonical) _mm512_store_si512((void *)reverse[g], join_places(codes + i + 4 * g, mask, count, 1));
    }
    for (int32_t at = 0; at < 64 && i + at < n; at += 16) {
      __m512i word = widen_places(forward[0] + at);
      for (int32_t g = 1; g < groups; g++)
        word = _mm512_or_si512(_mm512_sll_epi32(word, _mm_cvtsi32_si128(g == groups - 1 ? 2 * last : 8)),
                               widen_places(forward[g] + at));
      if (canonical) {
        __m512i other = widen_places(reverse[groups - 1] + at);
        for (int32_t g = groups - 2; g >= 0; g--)
          other = _mm512_or_si512(_mm512_slli_epi32(other, 8), widen_places(reverse[g] + at));
        word = _mm512_min_epu32(word, other);
      }
      _mm512_mask_storeu_epi32(words + i + at, (__mmask16)(mask >> at), word);
    }
  }
}

/* ---- chosen words ---- */

static int64_t minimizers(uint32_t *chosen, const uint32_t *words, int64_t n, int32_t window, int32_t by_word,
                          int32_t first, uint64_t *keys, uint64_t *least) {
  const int64_t windows = n - window + 1;
  int64_t count = first != 0, i = 1;
  scalar_minimizer_keys(keys, words, n, by_word);
  scalar_window_least(least, keys, n, window);
  chosen[0] = (uint32_t)least[0] & 0xFFFF;
  for (; i < windows; i += 8) {
    const __mmask8 lanes = mask_of(windows - i);
    const __m512i now = _mm512_maskz_loadu_epi64(lanes, least + i),
                  before = _mm512_maskz_loadu_epi64(lanes, least + i - 1);
    const __m512i left = _mm512_maskz_loadu_epi64(lanes, keys + i - 1);
    const __mmask8 changed =
        _mm512_mask_cmpneq_epi64_mask(lanes, now, before) | _mm512_mask_cmpeq_epi64_mask(lanes, left, before);
    const __m256i word = _mm256_and_si256(_mm512_cvtepi64_epi32(now), _mm256_set1_epi32(0xFFFF));
    _mm256_storeu_si256((__m256i_u *)(void *)(chosen + count), _mm256_maskz_compress_epi32(changed, word));
    count += (int64_t)_mm_popcnt_u32(changed);
  }
  return count;
}

/* ---- MurmurHash3 of eight words at once ---- */

/* Where the letters of eight words stand in the sixteen from the first letter of all: each word one letter behind the
 * one before it, or ahead of it. */
typedef struct letter_orders {
  __m512i up, down;               /* the first letter of a word lowest */
  __m512i up_number, down_number; /* highest, as texts are compared */
} letter_orders;

static inline letter_orders make_orders(void) {
  uint8_t orders[4][64];
  for (int32_t word = 0; word < 8; word++)
    for (int32_t i = 0; i < 8; i++) {
      const int32_t at = 8 * word + i;
      orders[0][at] = (uint8_t)(word + i);
      orders[1][at] = (uint8_t)(7 - word + i);
      orders[2][at] = (uint8_t)(word + 7 - i);
      orders[3][at] = (uint8_t)(7 - word + 7 - i);
    }
  return (letter_orders){load64(orders[0]), load64(orders[1]), load64(orders[2]), load64(orders[3])};
}

static inline __m512i take_eight(const uint8_t *at, __m512i order) {
  const __m128i letters = _mm_loadu_si128((const __m128i_u *)(const void *)at);
  return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(letters), order);
}

/* The words that come after those of the other strand. */
static inline __mmask8 later_words(const letter_orders *orders, const uint8_t *forward, const uint8_t *reverse,
                                   int32_t k) {
  __mmask8 later = 0, equal = 0xFF;
  for (int32_t at = 0; at < k && equal; at += 8) {
    const __m128i spare = _mm_cvtsi32_si128(k - at < 8 ? 8 * (8 - (k - at)) : 0);
    const __m512i a = _mm512_srl_epi64(take_eight(forward + at, orders->up_number), spare);
    const __m512i b = _mm512_srl_epi64(take_eight(reverse + at, orders->down_number), spare);
    later |= _mm512_mask_cmpgt_epu64_mask(equal, a, b);
    equal = _mm512_mask_cmpeq_epi64_mask(equal, a, b);
  }
  return later;
}

static inline __m512i times(__m512i x, uint64_t factor) {
  return _mm512_mullo_epi64(x, _mm512_set1_epi64((int64_t)factor));
}

static inline __m512i first_mix(__m512i word) {
  return times(_mm512_rol_epi64(times(word, BAI_MURMUR_A), 31), BAI_MURMUR_B);
}

static inline __m512i second_mix(__m512i word) {
  return times(_mm512_rol_epi64(times(word, BAI_MURMUR_B), 33), BAI_MURMUR_A);
}

static inline __m512i times_five(__m512i x, uint64_t more) {
  return _mm512_add_epi64(_mm512_add_epi64(_mm512_slli_epi64(x, 2), x), _mm512_set1_epi64((int64_t)more));
}

static inline __m512i murmur_end(__m512i x) {
  x = times(_mm512_xor_si512(x, _mm512_srli_epi64(x, 33)), BAI_MURMUR_C);
  x = times(_mm512_xor_si512(x, _mm512_srli_epi64(x, 33)), BAI_MURMUR_D);
  return _mm512_xor_si512(x, _mm512_srli_epi64(x, 33));
}

/* Eight letters of each word, from the `at`-th on; those behind the last are 0. */
static inline __m512i letters_at(const letter_orders *orders, const uint8_t *forward, const uint8_t *reverse,
                                 __mmask8 later, int32_t at, int32_t k) {
  __m512i letters = take_eight(forward + at, orders->up);
  if (later) letters = _mm512_mask_mov_epi64(letters, later, take_eight(reverse + at, orders->down));
  if (k - at >= 8) return letters;
  return _mm512_and_si512(letters, _mm512_set1_epi64((int64_t)scalar_lowest(UINT64_MAX, k - at)));
}

static inline __m512i murmur_eight(const letter_orders *orders, const uint8_t *forward, const uint8_t *reverse,
                                   int32_t k, uint64_t seed) {
  const __mmask8 later = reverse == forward ? 0 : later_words(orders, forward, reverse, k);
  __m512i a = _mm512_set1_epi64((int64_t)seed), b = a;
  const __m512i size = _mm512_set1_epi64(k);
  int32_t at = 0;
  for (; at + 16 <= k; at += 16) {
    const __m512i low = letters_at(orders, forward, reverse, later, at, k);
    const __m512i high = letters_at(orders, forward, reverse, later, at + 8, k);
    a = _mm512_add_epi64(_mm512_rol_epi64(_mm512_xor_si512(a, first_mix(low)), 27), b);
    a = times_five(a, 0x52dce729);
    b = _mm512_add_epi64(_mm512_rol_epi64(_mm512_xor_si512(b, second_mix(high)), 31), a);
    b = times_five(b, 0x38495ab5);
  }
  if (k - at > 8) b = _mm512_xor_si512(b, second_mix(letters_at(orders, forward, reverse, later, at + 8, k)));
  if (k - at > 0) a = _mm512_xor_si512(a, first_mix(letters_at(orders, forward, reverse, later, at, k)));
  a = _mm512_xor_si512(a, size);
  b = _mm512_xor_si512(b, size);
  a = _mm512_add_epi64(a, b);
  b = _mm512_add_epi64(b, a);
  return _mm512_add_epi64(murmur_end(a), murmur_end(b));
}

static int64_t murmur_words(uint64_t *hashes, int32_t *places, const uint8_t *forward, const uint8_t *reverse,
                            int64_t n, int32_t k, uint64_t seed, uint64_t most) {
  const letter_orders orders = make_orders();
  const __m512i limit = _mm512_set1_epi64((int64_t)most);
  int64_t kept = 0, i = 0;
  for (; i + 8 <= n; i += 8) {
    const uint8_t *other = reverse ? reverse + n - 8 - i : forward + i;
    const __m512i hash = murmur_eight(&orders, forward + i, other, k, seed);
    uint32_t small = _mm512_cmple_epu64_mask(hash, limit);
    if (small == 0) continue;
    uint64_t eight[8];
    _mm512_storeu_si512(eight, hash);
    for (; small; small = _blsr_u32(small)) {
      hashes[kept] = eight[_tzcnt_u32(small)];
      places[kept++] = (int32_t)(i + _tzcnt_u32(small));
    }
  }
  return kept + scalar_murmur_from(hashes + kept, places + kept, forward, reverse, n, k, seed, most, i);
}

/* A one at the byte of the code, which for the code 4 is shifted out. */
static void one_hot_u8(uint8_t *out, const uint8_t *codes, int64_t n) {
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const __m512i code = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i_u *)(const void *)(codes + i)));
    store64(out + 4 * i, _mm512_sllv_epi32(_mm512_set1_epi32(1), _mm512_slli_epi32(code, 3)));
  }
  scalar_one_hot_u8(out + 4 * i, codes + i, n - i);
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

#define MOST_ROWS 4 /* sixteen sums and four weights stay in registers */

/* See scalar_run; of so many rows, whose next ones lie `ahead` bytes on. */
BAI_WITH void add_runs(sums *s, const float *const *rows, const int32_t count, const float *weights, int64_t n,
                       intptr_t ahead) {
  __m512 part[MOST_ROWS][4];
  int64_t i = 0;
  for (int32_t r = 0; r < count; r++)
    for (int64_t j = 0; j < 4; j++) part[r][j] = _mm512_setzero_ps();
  for (; i + BAI_NARROW_LANES <= n; i += BAI_NARROW_LANES) {
#pragma GCC unroll 4
    for (int64_t j = 0; j < 4; j++) {
      const __m512 weight = _mm512_loadu_ps(weights + i + 16 * j);
#pragma GCC unroll 4
      for (int32_t r = 0; r < count; r++) {
        const float *from = rows[r] + i + 16 * j;
        if (count > 1) _mm_prefetch((const char *)((uintptr_t)from + (uintptr_t)ahead), _MM_HINT_T1);
        part[r][j] = _mm512_add_ps(part[r][j], _mm512_mul_ps(_mm512_loadu_ps(from), weight));
      }
    }
  }
  const uint64_t left = (UINT64_C(1) << (n - i)) - 1;
#pragma GCC unroll 4
  for (int64_t j = 0; j < 4; j++) {
    const __mmask16 mask = (__mmask16)(left >> (16 * j));
    if (!left) break;
    const __m512 weight = _mm512_maskz_loadu_ps(mask, weights + i + 16 * j);
#pragma GCC unroll 4
    for (int32_t r = 0; r < count; r++)
      part[r][j] = _mm512_add_ps(part[r][j], _mm512_mul_ps(_mm512_maskz_loadu_ps(mask, rows[r] + i + 16 * j), weight));
  }
#pragma GCC unroll 4
  for (int32_t r = 0; r < count; r++) {
    const __m512 sum = _mm512_add_ps(_mm512_add_ps(part[r][0], part[r][2]), _mm512_add_ps(part[r][1], part[r][3]));
    s[r].low = _mm512_add_pd(s[r].low, _mm512_cvtps_pd(_mm512_castps512_ps256(sum)));
    s[r].high = _mm512_add_pd(s[r].high, _mm512_cvtps_pd(_mm512_extractf32x8_ps(sum, 1)));
  }
}

static double dot_f32(const float *a, const float *b, int64_t n) {
  sums s = {_mm512_setzero_pd(), _mm512_setzero_pd()};
  for (int64_t i = 0; i < n; i += BAI_RUN, a += BAI_RUN) add_runs(&s, &a, 1, b + i, scalar_smaller(n - i, BAI_RUN), 0);
  return sums_total(s);
}

/* Four rows at once ask for memory in four places, and for the four rows behind them. */
static void dot_rows_f32(double *totals, const float *rows, int64_t stride, int64_t count, const float *weights,
                         int64_t n) {
  const uint8_t *at = (const uint8_t *)rows;
  int64_t r = 0;
  for (; r + MOST_ROWS <= count; r += MOST_ROWS, at += MOST_ROWS * stride) {
    const intptr_t ahead = r + 2 * MOST_ROWS <= count ? (intptr_t)(MOST_ROWS * stride) : 0;
    sums s[MOST_ROWS];
    const float *from[MOST_ROWS];
    for (int32_t q = 0; q < MOST_ROWS; q++) {
      from[q] = (const float *)(const void *)(at + q * stride);
      s[q].low = s[q].high = _mm512_setzero_pd();
    }
    for (int64_t i = 0; i < n; i += BAI_RUN) {
      add_runs(s, from, MOST_ROWS, weights + i, scalar_smaller(n - i, BAI_RUN), ahead);
      for (int32_t q = 0; q < MOST_ROWS; q++) from[q] += BAI_RUN;
    }
    for (int32_t q = 0; q < MOST_ROWS; q++) totals[r + q] = sums_total(s[q]);
  }
  for (; r < count; r++, at += stride) totals[r] = dot_f32((const float *)(const void *)at, weights, n);
}

static uint64_t digest_f64(uint64_t seed, const double *numbers, int64_t n) {
  const __m512i step = _mm512_set1_epi64((int64_t)BAI_HASH_A), last = _mm512_set1_epi64((int64_t)BAI_HASH_B);
  __m512i chains = _mm512_set1_epi64((int64_t)seed);
  for (int64_t i = 0; i < n; i += 8) {
    const __mmask8 mask = mask_of(n - i);
    const __m512d number = _mm512_add_pd(_mm512_maskz_loadu_pd(mask, numbers + i), _mm512_setzero_pd());
    const __m512i y = _mm512_xor_si512(chains, _mm512_castpd_si512(number));
    chains = _mm512_mask_mullo_epi64(chains, mask, _mm512_xor_si512(y, _mm512_srli_epi64(y, 32)), step);
  }
  const __m512i y = _mm512_add_epi64(chains, _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7));
  const __m512i z = _mm512_mullo_epi64(_mm512_xor_si512(y, _mm512_srli_epi64(y, 32)), last);
  /* Not _mm512_reduce_add_epi64, whose sums are signed in the compiler's header. */
  uint64_t ends[8], sum = 0;
  _mm512_storeu_si512(ends, _mm512_xor_si512(z, _mm512_srli_epi64(z, 29)));
  for (int32_t c = 0; c < 8; c++) sum += ends[c];
  return sum;
}

static inline void widen16(double *to, __m512 row) {
  _mm512_storeu_pd(to, _mm512_cvtps_pd(_mm512_castps512_ps256(row)));
  _mm512_storeu_pd(to + 8, _mm512_cvtps_pd(_mm512_extractf32x8_ps(row, 1)));
}

/* Sixteen rows of sixteen columns. */
static void turn16(double *rows, int64_t n, const float *const *columns, int64_t first) {
  __m512 two[16], four[16];
#pragma GCC unroll 8
  for (int32_t i = 0; i < 16; i += 2) {
    const __m512 even = _mm512_loadu_ps(columns[i] + first), odd = _mm512_loadu_ps(columns[i + 1] + first);
    two[i] = _mm512_unpacklo_ps(even, odd);
    two[i + 1] = _mm512_unpackhi_ps(even, odd);
  }
#pragma GCC unroll 4
  for (int32_t i = 0; i < 16; i += 4) {
#pragma GCC unroll 2
    for (int32_t j = 0; j < 2; j++) {
      const __m512d left = _mm512_castps_pd(two[i + j]), right = _mm512_castps_pd(two[i + j + 2]);
      four[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(left, right));
      four[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(left, right));
    }
  }
#pragma GCC unroll 4
  for (int32_t j = 0; j < 4; j++) {
    const __m512 a = _mm512_shuffle_f32x4(four[j], four[4 + j], 0x88);
    const __m512 b = _mm512_shuffle_f32x4(four[8 + j], four[12 + j], 0x88);
    const __m512 c = _mm512_shuffle_f32x4(four[j], four[4 + j], 0xDD);
    const __m512 d = _mm512_shuffle_f32x4(four[8 + j], four[12 + j], 0xDD);
    widen16(rows + j * n, _mm512_shuffle_f32x4(a, b, 0x88));
    widen16(rows + (4 + j) * n, _mm512_shuffle_f32x4(c, d, 0x88));
    widen16(rows + (8 + j) * n, _mm512_shuffle_f32x4(a, b, 0xDD));
    widen16(rows + (12 + j) * n, _mm512_shuffle_f32x4(c, d, 0xDD));
  }
}

static void rows_of_columns_f32(double *rows, const float *const *columns, int64_t first, int64_t count, int64_t n,
                                int64_t end) {
  const int64_t some = count - count % 16;
  int64_t c = 0;
  for (; c + 16 <= n; c += 16)
    for (int64_t r = 0; r < some; r += 16) {
      for (int32_t i = 0; i < 16 && first + r + count < end; i++)
        _mm_prefetch((const char *)(columns[c + i] + first + r + count), _MM_HINT_T1);
      turn16(rows + r * n + c, n, columns + c, first + r);
    }
  for (; c < n; c++)
    for (int64_t r = 0; r < some; r++) rows[r * n + c] = (double)columns[c][first + r];
  scalar_rows_of_columns_f32(rows + some * n, columns, first + some, count - some, n, end);
}

const bai_kernels bai_kernels_avx512 = {
    .name = "avx512",
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
    .minimizers = minimizers,
    .murmur_words = murmur_words,
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
    .digest_f64 = digest_f64,
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
