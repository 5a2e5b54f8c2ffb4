/* SPDX-License-Identifier: MIT
 *
 * neon.c: the level of 64-bit ARM with its CRC instructions. Every such CPU has NEON, so the compiler vectorises the
 * loops of scalar.h at the scalar level too; what stands here are the kernels that it leaves letter by letter or lane
 * by lane. None reads past the ranges given: ends are left to scalar.h.
 */
#include <arm_acle.h>
#include <arm_neon.h>

#include "kernels/scalar.h"

#define BAI_TILE_BYTES 16 /* of a vector */
#define BAI_TILE_ROWS 8   /* 24 sums, three vectors and a factor: 28 of 32 registers */
typedef float32x4_t tile_vector;
BAI_WITH tile_vector tile_larger(tile_vector a, tile_vector b) {
  return vbslq_f32(vcgtq_f32(a, b), a, b);
}
#include "kernels/tiles.h"

#define PANEL_ROWS 6 /* by four vectors: 24 sums, four of weights and a number, of 32 registers */
#define PANEL_SOME 1
BAI_WITH tile_vector tile_fused(float a, tile_vector b, tile_vector c) {
  return vfmaq_n_f32(c, b, a);
}
#include "kernels/panel_tiles.h"

static uint32_t crc32c(uint32_t crc, const uint8_t *data, int64_t n) {
  uint32_t state = ~crc;
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    uint64_t word;
    memcpy(&word, data + i, sizeof word);
    state = __crc32cd(state, word);
  }
  for (; i < n; i++) state = __crc32cb(state, data[i]);
  return ~state;
}

/* ---- letters ---- */

static const uint8_t PLAIN[16] = {0xFF, 'A',  0xFF, 'C',  'T',  'U',  0xFF, 'G',
                                  0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
static const uint8_t CODES[16] = {4, 0, 4, 1, 3, 3, 4, 2, 4, 4, 4, 4, 4, 4, 4, 4};
static const uint8_t PLACES[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* The low four bits of A, C, G, T and U differ, so they pick the one letter to compare with, and its code. */
static int64_t encode(uint8_t *codes, const uint8_t *letters, int64_t n) {
  const uint8x16_t expected = vld1q_u8(PLAIN), values = vld1q_u8(CODES), four = vdupq_n_u8(4);
  uint64x2_t known = vdupq_n_u64(0);
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const uint8x16_t letter = vandq_u8(vld1q_u8(letters + i), vdupq_n_u8(0xDF));
    const uint8x16_t index = vandq_u8(letter, vdupq_n_u8(0x0F));
    const uint8x16_t equal = vceqq_u8(letter, vqtbl1q_u8(expected, index));
    vst1q_u8(codes + i, vbslq_u8(equal, vqtbl1q_u8(values, index), four));
    known = vpadalq_u32(known, vpaddlq_u16(vpaddlq_u8(vshrq_n_u8(equal, 7))));
  }
  return i - (int64_t)vaddvq_u64(known) + scalar_encode(codes + i, letters + i, n - i);
}

/* Loads that deal out four codes a byte; a shift that inserts keeps the low bits of what is there. */
static void pack(uint8_t *packed, const uint8_t *codes, int64_t n) {
  int64_t i = 0;
  for (; i + 64 <= n; i += 64) {
    const uint8x16x4_t code = vld4q_u8(codes + i);
    uint8x16_t byte = vsliq_n_u8(code.val[0], code.val[1], 2);
    byte = vsliq_n_u8(byte, code.val[2], 4);
    byte = vsliq_n_u8(byte, code.val[3], 6);
    vst1q_u8(packed + i / 4, byte);
  }
  scalar_pack(packed + i / 4, codes + i, n - i);
}

static void unpack(uint8_t *codes, const uint8_t *packed, int64_t first, int64_t n) {
  const uint8x16_t three = vdupq_n_u8(3);
  int64_t i = (4 - first % 4) % 4; /* to the first whole byte */
  if (i > n) i = n;
  scalar_unpack(codes, packed, first, i);
  for (; i + 64 <= n; i += 64) {
    const uint8x16_t byte = vld1q_u8(packed + (first + i) / 4);
    const uint8x16x4_t code = {{vandq_u8(byte, three), vandq_u8(vshrq_n_u8(byte, 2), three),
                                vandq_u8(vshrq_n_u8(byte, 4), three), vshrq_n_u8(byte, 6)}};
    vst4q_u8(codes + i, code);
  }
  scalar_unpack(codes + i, packed, first + i, n - i);
}

/* ---- text ---- */

/* Four bits for each byte of a mask of whole bytes: NEON has no instruction that gives one. */
static inline uint64_t nibbles(uint8x16_t mask) {
  return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(mask), 4)), 0);
}

static inline int64_t first_of(uint64_t mask) {
  return __builtin_ctzll(mask) / 4;
}

static inline int64_t count_of(uint64_t mask) {
  return __builtin_popcountll(mask) / 4;
}

/* A mask of the first n bytes. */
static inline uint8x16_t bytes_of(int64_t n) {
  return vcltq_u8(vld1q_u8(PLACES), vdupq_n_u8((uint8_t)n));
}

/* A letter leaves bits where it is none of the plain ones. */
static inline uint8x16_t oddness(uint8x16_t bytes) {
  const uint8x16_t upper = vandq_u8(bytes, vdupq_n_u8(0xDF));
  return veorq_u8(upper, vqtbl1q_u8(vld1q_u8(PLAIN), vandq_u8(bytes, vdupq_n_u8(0x0F))));
}

static inline uint8x16_t not_plain(uint8x16_t bytes) {
  const uint8x16_t odd = oddness(bytes);
  return vtstq_u8(odd, odd);
}

static inline uint8x16_t not_letter(uint8x16_t bytes) {
  const uint8x16_t upper = vandq_u8(bytes, vdupq_n_u8(0xDF));
  uint8x16_t good = vcltq_u8(vsubq_u8(upper, vdupq_n_u8('A')), vdupq_n_u8(26));
  good = vorrq_u8(good, vceqq_u8(bytes, vdupq_n_u8('*')));
  good = vorrq_u8(good, vceqq_u8(bytes, vdupq_n_u8('-')));
  good = vorrq_u8(good, vceqq_u8(bytes, vdupq_n_u8('.')));
  return vmvnq_u8(good);
}

static inline uint8x16_t bad_symbols(uint8x16_t bytes) {
  return vcgtq_u8(vsubq_u8(bytes, vdupq_n_u8('!')), vdupq_n_u8('~' - '!'));
}

static inline uint8x16_t controls(uint8x16_t bytes) {
  const uint8x16_t low = vbicq_u8(vcltq_u8(bytes, vdupq_n_u8(' ')), vceqq_u8(bytes, vdupq_n_u8('\t')));
  return vorrq_u8(low, vceqq_u8(bytes, vdupq_n_u8(0x7F)));
}

/* A block on its way from one text to the other. */
static inline uint8x16_t copy16(uint8_t *to, const uint8_t *from) {
  const uint8x16_t bytes = vld1q_u8(from);
  vst1q_u8(to, bytes);
  return bytes;
}

static inline int32_t any(uint8x16_t mask) {
  return vmaxvq_u8(mask) != 0;
}

/* The last block overlaps the one before; `fresh` is the bits of the bytes not seen before. */
static inline int64_t copy_letters(uint8_t *to, const uint8_t *from, int64_t n) {
  if (n < 16) return scalar_copy_letters(to, from, n);
  int64_t others = 0;
  for (int64_t i = 0, at = 0; i < n; i += 16, at = i + 16 <= n ? i : n - 16) {
    const uint8x16_t bytes = copy16(to + at, from + at);
    const uint64_t fresh = ~UINT64_C(0) << (4 * (i - at)), other = nibbles(not_plain(bytes)) & fresh;
    if (other == 0) continue;
    if (any(not_letter(bytes))) return -1;
    others += count_of(other);
  }
  return others;
}

/* Lines of plain letters: one test behind the loop. A line of less than a block is copied with what stands behind it.
 */
static inline int64_t copy_plain(uint8_t *to, const uint8_t *from, int64_t n) {
  const int64_t end = n < 16 ? 0 : n - 16;
  uint8x16_t odd = oddness(copy16(to + end, from + end));
  if (n < 16) odd = vandq_u8(odd, bytes_of(n));
  for (int64_t i = 0; i < end; i += 16) odd = vorrq_u8(odd, oddness(copy16(to + i, from + i)));
  return any(odd) ? copy_letters(to, from, n) : 0;
}

static int64_t copy_name(uint8_t *to, const uint8_t *from, int64_t n) {
  if (n < 16) return scalar_copy_name(to, from, n);
  uint8x16_t bad = controls(copy16(to + n - 16, from + n - 16));
  for (int64_t i = 0; i < n - 16; i += 16) bad = vorrq_u8(bad, controls(copy16(to + i, from + i)));
  return -(int64_t)any(bad);
}

/* A line feed is a control byte: the first of these must be one. */
static inline int64_t take_name(uint8_t *to, const uint8_t *from, int64_t limit) {
  for (int64_t i = 0; i < limit; i += 16) {
    const uint64_t stop = nibbles(controls(copy16(to + i, from + i)));
    if (stop == 0) continue;
    const int64_t at = i + first_of(stop);
    return from[at] == '\n' && at < limit ? at : -1;
  }
  return -1;
}

/* Nor is a line feed a plain letter. */
static inline int64_t take_letters(uint8_t *to, const uint8_t *from, int64_t limit, int64_t *ambiguous) {
  for (int64_t i = 0; i < limit; i += 16) {
    const uint8x16_t bytes = copy16(to + i, from + i);
    const uint64_t stop = nibbles(not_plain(bytes));
    if (stop == 0) continue;
    int64_t at = i + first_of(stop);
    if (from[at] != '\n') {
      const uint64_t feeds = nibbles(vceqq_u8(bytes, vdupq_n_u8('\n')));
      const uint64_t line = (feeds & (~feeds + 1)) - 1; /* the bits below the first feed; all where there is none */
      if (line & nibbles(not_letter(bytes))) return -1;
      *ambiguous += count_of(stop & line);
      if (feeds == 0) continue;
      at = i + first_of(feeds);
    }
    return at < limit ? at : -1;
  }
  return -1;
}

static inline int64_t take_symbols(uint8_t *to, const uint8_t *from, int64_t n) {
  uint8x16_t bad = vdupq_n_u8(0);
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) bad = vorrq_u8(bad, bad_symbols(copy16(to + i, from + i)));
  bad = vorrq_u8(bad, vandq_u8(bad_symbols(copy16(to + i, from + i)), bytes_of(n - i)));
  return any(bad) || from[n] != '\n' ? -1 : 0;
}

static inline int64_t check_symbols(const uint8_t *from, int64_t n) {
  uint8x16_t bad = vdupq_n_u8(0);
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) bad = vorrq_u8(bad, bad_symbols(vld1q_u8(from + i)));
  bad = vorrq_u8(bad, vandq_u8(bad_symbols(vld1q_u8(from + i)), bytes_of(n - i)));
  return any(bad) || from[n] != '\n' ? -1 : 0;
}

static int64_t cut_records(bai_text_columns *columns, const uint8_t *text, int64_t n, int64_t most, int64_t *bytes) {
  return cut_some_with(take_name, copy_plain, take_letters, take_symbols, check_symbols, columns, text, n, most, bytes);
}

static int64_t join_lines(bai_text_columns *columns, const uint8_t *text, int64_t n, int64_t *bytes) {
  return join_lines_with(copy_plain, take_letters, columns, text, n, bytes);
}

/* ---- sums in sixteen lanes: eight vectors, the ends added lane by lane ---- */

typedef struct sums {
  float64x2_t part[8];
} sums;

static inline sums sums_zero(void) {
  const float64x2_t zero = vdupq_n_f64(0.0);
  return (sums){{zero, zero, zero, zero, zero, zero, zero, zero}};
}

/* Two instructions: the fused one would round once. */
static inline float64x2_t add_product(float64x2_t sum, float64x2_t a, float64x2_t b) {
  return vaddq_f64(sum, vmulq_f64(a, b));
}

static inline void sums_store(double *lanes, const sums *s) {
  for (int64_t j = 0; j < 8; j++) vst1q_f64(lanes + 2 * j, s->part[j]);
}

static inline double sums_total(const double *lanes) {
  float64x2_t four[4];
  for (int64_t j = 0; j < 4; j++) four[j] = vaddq_f64(vld1q_f64(lanes + 2 * j), vld1q_f64(lanes + 2 * j + 8));
  const float64x2_t two = vaddq_f64(vaddq_f64(four[0], four[2]), vaddq_f64(four[1], four[3]));
  return vgetq_lane_f64(two, 0) + vgetq_lane_f64(two, 1);
}

static double dot_f64(const double *a, const double *b, int64_t n) {
  sums s = sums_zero();
  double lanes[BAI_LANES];
  int64_t i = 0;
  for (; i + BAI_LANES <= n; i += BAI_LANES) {
    for (int64_t j = 0; j < 8; j++)
      s.part[j] = add_product(s.part[j], vld1q_f64(a + i + 2 * j), vld1q_f64(b + i + 2 * j));
  }
  sums_store(lanes, &s);
  for (int64_t l = 0; i + l < n; l++) lanes[l] += a[i + l] * b[i + l];
  return sums_total(lanes);
}

/* See scalar_run. */
static inline void add_run(sums *s, const float *a, const float *b, int64_t n) {
  float32x4_t part[16];
  int64_t i = 0;
  for (int64_t j = 0; j < 16; j++) part[j] = vdupq_n_f32(0.0f);
  for (; i + BAI_NARROW_LANES <= n; i += BAI_NARROW_LANES) {
    for (int64_t j = 0; j < 16; j++)
      part[j] = vaddq_f32(part[j], vmulq_f32(vld1q_f32(a + i + 4 * j), vld1q_f32(b + i + 4 * j)));
  }
  if (i < n) {
    float narrow[BAI_NARROW_LANES];
    for (int64_t j = 0; j < 16; j++) vst1q_f32(narrow + 4 * j, part[j]);
    for (int64_t l = 0; i + l < n; l++) narrow[l] += a[i + l] * b[i + l];
    for (int64_t j = 0; j < 16; j++) part[j] = vld1q_f32(narrow + 4 * j);
  }
  for (int64_t j = 0; j < 8; j++) part[j] = vaddq_f32(part[j], part[j + 8]);
  for (int64_t j = 0; j < 4; j++) {
    const float32x4_t four = vaddq_f32(part[j], part[j + 4]);
    s->part[2 * j] = vaddq_f64(s->part[2 * j], vcvt_f64_f32(vget_low_f32(four)));
    s->part[2 * j + 1] = vaddq_f64(s->part[2 * j + 1], vcvt_high_f64_f32(four));
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

/* NEON has no gather: plain loads, but the sums stay in registers. */
static double gather_dot_f64(const double *weights, const uint32_t *columns, const double *values, int64_t n) {
  sums s = sums_zero();
  double lanes[BAI_LANES];
  int64_t i = 0;
  for (; i + BAI_LANES <= n; i += BAI_LANES) {
    for (int64_t j = 0; j < 8; j++) {
      const uint32_t *column = columns + i + 2 * j;
      const float64x2_t weight = vld1q_lane_f64(weights + column[1], vld1q_dup_f64(weights + column[0]), 1);
      s.part[j] = add_product(s.part[j], weight, vld1q_f64(values + i + 2 * j));
    }
  }
  sums_store(lanes, &s);
  for (int64_t l = 0; i + l < n; l++) lanes[l] += weights[columns[i + l]] * values[i + l];
  return sums_total(lanes);
}

/* 64-bit products are no faster in NEON than one by one, so the k-mers, the counts and the integer sums are scalar.h's.
 */
const bai_kernels bai_kernels_neon = {
    .name = "neon",
    .crc32c = crc32c,
    .encode = encode,
    .pack = pack,
    .unpack = unpack,
    .copy_name = copy_name,
    .cut_records = cut_records,
    .join_lines = join_lines,
    .kmer_extend = scalar_kmer_extend,
    .kmer_extend_reverse = scalar_kmer_extend_reverse,
    .kmer_canonical = scalar_kmer_canonical,
    .kmer_slot = scalar_kmer_slot,
    .kmer_words = scalar_kmer_words,
    .kmer_rank = scalar_kmer_rank,
    .kmer_hash = scalar_kmer_hash,
    .word_hash = scalar_word_hash,
    .count = scalar_count,
    .minimizers = scalar_minimizers,
    .murmur_words = scalar_murmur_words,
    .one_hot_f64 = scalar_one_hot_f64,
    .one_hot_u8 = scalar_one_hot_u8,
    .kmer_sum = scalar_kmer_sum,
    .exchange_f64 = scalar_exchange_f64,
    .gather_dot_i32 = scalar_gather_dot_i32,
    .gather_rows_i32 = scalar_gather_rows_i32,
    .dot_f64 = dot_f64,
    .dot_f32 = dot_f32,
    .dot_rows_f32 = dot_rows_f32,
    .dot_panels_f32 = dot_panels_f32,
    .relu_dot_f64 = scalar_relu_dot_f64,
    .gather_dot_f64 = gather_dot_f64,
    .axpy_f64 = scalar_axpy_f64,
    .scatter_axpy_f64 = scalar_scatter_axpy_f64,
    .dot_rows_f64 = scalar_dot_rows_f64,
    .axpy_rows_f64 = scalar_axpy_rows_f64,
    .dot_floats_f64 = scalar_dot_floats_f64,
    .axpy_floats_f64 = scalar_axpy_floats_f64,
    .add_square_f64 = scalar_add_square_f64,
    .scale_columns_f64 = scalar_scale_columns_f64,
    .widen_f32 = scalar_widen_f32,
    .narrow_f64 = scalar_narrow_f64,
    .digest_f64 = scalar_digest_f64,
    .rows_of_columns_f32 = scalar_rows_of_columns_f32,
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
