/* SPDX-License-Identifier: MIT
 *
 * kernels.h: the hot loops as one table of pure functions, one table per CPU level.
 *
 * A kernel allocates nothing, knows no context and reads no byte outside the ranges given. scalar.h defines the
 * result; every other level gives the same bits for every input (NaN compared as a class).
 */
#ifndef BAI_KERNELS_H
#define BAI_KERNELS_H

#include <stdint.h>

#include "base/base.h"

/* Number of lanes of a float64 sum. Lane l adds the products of the elements l, l + 16, l + 32, ... in that order,
 * starting from +0.0; then lane l += lane l + 8 for l < 8, then + 4, + 2, + 1. No multiply is fused with an add. */
#define BAI_LANES 16

/* A sum of float32 products is made of runs of BAI_RUN products, the last of what is left. A run has BAI_NARROW_LANES
 * lanes of float32: lane l adds the products l, l + 64, l + 128, ... of the run in that order, starting from +0.0, each
 * rounded before it is added; then lane l += lane l + 32 for l < 32, then + 16. These 16 are added to the lanes of a
 * float64 sum, run after run. So no product passes through more than ten roundings of float32, for any n. */
#define BAI_NARROW_LANES 64
#define BAI_RUN 512

/* Weights of a hidden layer over numbers lie in panels of BAI_PANEL units, the last filled up with zeros: of unit u and
 * number i of n at panels[(u / 16 * n + i) * 16 + u % 16]. A unit's sum of products is made of bai_chains(n) chains of
 * float32, each over n / chains numbers side by side, or one more in the first n % chains. A chain starts from +0.0 and
 * adds its products in order, each by one fused multiply-add; the chains' ends are added in order as float64, starting
 * from +0.0. */
#define BAI_PANEL 16
#define BAI_CHAIN 128 /* the longest */
static inline int64_t bai_chains(int64_t n) {
  return (n + 4 * BAI_CHAIN - 1) / (4 * BAI_CHAIN) * 4;
}
/* Where a chain's numbers begin; those of the next one end them. */
static inline int64_t bai_chain_start(int64_t n, int64_t chains, int64_t chain) {
  const int64_t more = n % chains;
  return chain * (n / chains) + (chain < more ? chain : more);
}
/* Numbers and weights that are no larger give chains that are finite, for any n. */
#define BAI_MOST_NUMBER 0x1p64f
#define BAI_MOST_WEIGHT 0x1p48

/* See cut_records. */
#define BAI_TEXT_SLACK 64

/* Texts one after the other. */
typedef struct bai_text_column {
  uint8_t *bytes;
  int64_t *ends;       /* where the end of the next text goes, as a count of bytes */
  int64_t count, room; /* bytes in use, and how many may be */
} bai_text_column;

typedef struct bai_text_columns {
  bai_text_column names, letters, symbols;
  int64_t wanted;
  int64_t ambiguous;        /* letters other than A C G T U of either case are counted here, */
  int32_t refuse_ambiguous; /* or make their piece one that is not plain */
} bai_text_columns;

/* See murmur_words. */
#define BAI_WORD_SLACK 16

/* Rows of a table of two letters, and of one of four: five codes for each. */
#define BAI_PAIRS 25
#define BAI_QUADS 625
#define BAI_SOME 32 /* filters whose values are at hand at a time */

/* See adam_f32. */
typedef struct bai_adam {
  float b1, b2, step, small, decay;
} bai_adam;

/* See exchange_f64. */
typedef struct bai_exchange {
  const int32_t *weights;
  int32_t k;
  int64_t sum;                 /* of all words as they are */
  double scale, unit, divisor; /* a sum becomes sum * scale * unit / divisor */
} bai_exchange;

typedef struct bai_kernels {
  const char *name; /* "scalar", "avx2", "avx512", "neon" */

  /* CRC-32C (Castagnoli, reflected 0x82F63B78) of n bytes, continuing from `crc` (0 to start). */
  uint32_t (*crc32c)(uint32_t crc, const uint8_t *data, int64_t n);

  /* Letters to codes: A a 0, C c 1, G g 2, T t U u 3, anything else 4. Returns how many became 4. */
  int64_t (*encode)(uint8_t *codes, const uint8_t *letters, int64_t n);
  /* Four codes a byte, the first in the two low bits; code 4 packs as 0; unused high bits of the last byte are 0. */
  void (*pack)(uint8_t *packed, const uint8_t *codes, int64_t n);
  /* The inverse: n codes of 0..3, starting at base `first` of `packed`. */
  void (*unpack)(uint8_t *codes, const uint8_t *packed, int64_t first, int64_t n);

  /* Copies n bytes and looks at them: 0, or -1 when one is a control byte other than a tab. */
  int64_t (*copy_name)(uint8_t *to, const uint8_t *from, int64_t n);
  /* Both calls below take pieces of a text until one is not plain or lacks room, and return how many they took; *bytes
   * is how much of the text that was, and bytes behind the counts that come out are undefined. Only pieces with
   * BAI_TEXT_SLACK bytes of text behind them are taken, and each column must have that much room behind its piece,
   * which may be overwritten.
   *
   * Records of four lines: '@' and a name; letters, at least one; '+' alone; as many quality symbols ('!'..'~') as
   * letters. Stops also after `most` records, or once there are columns->wanted letters. Where columns->symbols.bytes
   * is NULL the symbols are looked at and not copied: they need no room, and their ends are all columns->symbols.count.
   */
  int64_t (*cut_records)(bai_text_columns *columns, const uint8_t *text, int64_t n, int64_t most, int64_t *bytes);
  /* Lines of letters, at least one in each, into columns->letters; no ends are written. Stops also before a line that
   * would make more than columns->wanted letters. */
  int64_t (*join_lines)(bai_text_columns *columns, const uint8_t *text, int64_t n, int64_t *bytes);

  /* One more base on the right of n k-mer codes: forward[i] = forward[i] << 2 | (next[i] & 3). */
  void (*kmer_extend)(uint64_t *forward, const uint8_t *next, int64_t n);
  /* The same for the reverse complement: reverse[i] |= (3 - (next[i] & 3)) << shift, shift = 2 (k - 1) < 64. */
  void (*kmer_extend_reverse)(uint64_t *reverse, const uint8_t *next, int64_t n, int32_t shift);
  /* The smaller of the two strands, unsigned. `out` may be `forward`. */
  void (*kmer_canonical)(uint64_t *out, const uint64_t *forward, const uint64_t *reverse, int64_t n);
  /* slots[i] = (uint32_t) codes[i]. */
  void (*kmer_slot)(uint32_t *slots, const uint64_t *codes, int64_t n);
  /* The words of n windows of k codes, the first at codes[0] and each next one a code further: words[i] = the k codes &
   * 3 as digits in base 4, 1 <= k <= 16; with `canonical` the smaller of that and of its reverse complement. There are
   * n + k - 1 codes where n > 0. */
  void (*kmer_words)(uint32_t *words, const uint8_t *codes, int64_t n, int32_t k, int32_t canonical);
  /* Rank among the set bits: slots[i] = prefix[w / 64] + popcount(bits[w / 64] & ((1 << w % 64) - 1)), w = words[i].
   * `slots` may be `words`. */
  void (*kmer_rank)(uint32_t *slots, const uint32_t *words, int64_t n, const uint64_t *bits, const uint32_t *prefix);
  /* The hash of the format: x = codes[i] * BAI_HASH_A; x ^= x >> 32; x *= BAI_HASH_B; slots[i] = x >> (64 - bits),
   * all modulo 2^64, 1 <= bits <= 31. */
  void (*kmer_hash)(uint32_t *slots, const uint64_t *codes, int64_t n, int32_t bits);
  /* The same of codes of 32 bits. `slots` may be `words`. */
  void (*word_hash)(uint32_t *slots, const uint32_t *words, int64_t n, int32_t bits);
  /* Distinct slots in order of first occurrence, with their counts. `table` is all zero before and after; it has an
   * entry for every slot. Returns the number of distinct slots. `distinct` has room for n slots and may be `slots`;
   * what it holds past the returned number is undefined. */
  int64_t (*count)(uint32_t *distinct, uint32_t *counts, const uint32_t *slots, int64_t n, uint32_t *table);

  /* Of any `window` neighbours of n words below 2^16 the one of the least rank, the first of equals: chosen[] gets the
   * words so chosen, each place once, in order, but for the first one where `first` is 0. A word's rank is itself with
   * `by_word`, else x of kmer_hash before its shift. Returns how many; `chosen` has room for n + 8, what it holds
   * behind them is undefined, and `keys` and `least` have room for n. 1 <= window <= n. */
  int64_t (*minimizers)(uint32_t *chosen, const uint32_t *words, int64_t n, int32_t window, int32_t by_word,
                        int32_t first, uint64_t *keys, uint64_t *least);
  /* The first 64 bits of MurmurHash3 (x64, 128 bits) of n words of k letters, the first at forward[0] and each next one
   * a letter further, each or its other strand, whichever comes first as a text: that of word i is at reverse[n - 1 -
   * i]. Both texts have n + k - 1 letters and BAI_WORD_SLACK bytes more, of any value. hashes[] gets those of at most
   * `most`, places[] which words they are of, in order; returns how many. `reverse` may be NULL: words as they stand.
   */
  int64_t (*murmur_words)(uint64_t *hashes, int32_t *places, const uint8_t *forward, const uint8_t *reverse, int64_t n,
                          int32_t k, uint64_t seed, uint64_t most);

  /* Four numbers for each code: out[4i + j] = codes[i] == j ? value : 0, with codes up to 4. */
  void (*one_hot_f64)(double *out, const uint8_t *codes, int64_t n, double value);
  /* The same with ones. */
  void (*one_hot_u8)(uint8_t *out, const uint8_t *codes, int64_t n);

  /* Sum of the weights of n words of k codes, the first at codes[0] and each next one a code further: weights[word],
   * word = the codes as digits in base 4. All n + k - 1 codes are below 4; 1 <= k <= 12; as below no overflow. */
  int64_t (*kmer_sum)(const int32_t *weights, const uint8_t *codes, int64_t n, int32_t k);

  /* What the sum becomes where one letter is exchanged. The words over place i, of k letters each as digits in base 4,
   * are words[i] to words[i + k - 1], its letter being the last of the first one; codes[i] is that letter. For i < n
   * and each letter c: parts[4i + c] += the sum, less the words over place i, plus the same with c there, made a
   * number. */
  void (*exchange_f64)(double *parts, const bai_exchange *how, const uint32_t *words, const uint8_t *codes, int64_t n);

  /* Sum of weights[columns[i]] * values[i] in int64; the caller sees to it that no partial sum overflows. */
  int64_t (*gather_dot_i32)(const int32_t *weights, const uint32_t *columns, const uint32_t *values, int64_t n);
  /* sums[j] += the sum of weights[columns[i] units + j] * values[i], for j < units; values below 2^31, and as above no
   * partial sum overflows. */
  void (*gather_rows_i32)(int64_t *sums, const int32_t *weights, int64_t units, const uint32_t *columns,
                          const uint32_t *values, int64_t n);

  /* Sums of products in BAI_LANES lanes. */
  double (*dot_f64)(const double *a, const double *b, int64_t n);
  /* The same of floats: in runs, see BAI_RUN. */
  double (*dot_f32)(const float *a, const float *b, int64_t n);
  /* sums[r] = dot_f32 of row r and the weights; rows are `stride` bytes apart. */
  void (*dot_rows_f32)(double *sums, const float *rows, int64_t stride, int64_t count, const float *weights, int64_t n);
  /* sums[r * 16 count + u] = the sum of products of row r and unit u of `count` panels; rows are `stride` bytes apart.
   * Returns 1 when a number in the rows is NaN or above BAI_MOST_NUMBER in size, else 0. */
  int32_t (*dot_panels_f32)(double *sums, const float *rows, int64_t stride, int64_t row_count, const float *panels,
                            int64_t count, int64_t n);
  /* What dot_f64 gives of weights[i] and sums[i] + biases[i] where that is above 0, else +0.0. */
  double (*relu_dot_f64)(const double *sums, const double *biases, const double *weights, int64_t n);
  /* What dot_f64 gives of weights[columns[i]] * values[i]. */
  double (*gather_dot_f64)(const double *weights, const uint32_t *columns, const double *values, int64_t n);
  /* y[i] += a * x[i]. */
  void (*axpy_f64)(double *y, double a, const double *x, int64_t n);
  /* y[columns[i]] += a * values[i]; the columns are distinct. */
  void (*scatter_axpy_f64)(double *y, double a, const uint32_t *columns, const double *values, int64_t n);
  /* Of many rows: sums[r] as dot_f64 of rows[r] and x, and y[i] += factors[r] * rows[r][i], r rising. */
  void (*dot_rows_f64)(double *sums, const double *const *rows, int64_t count, const double *x, int64_t n);
  void (*axpy_rows_f64)(double *y, const double *factors, const double *const *rows, int64_t count, int64_t n);
  /* The same of rows of float32, widened. */
  void (*dot_floats_f64)(double *sums, const float *const *rows, int64_t count, const double *x, int64_t n);
  void (*axpy_floats_f64)(double *y, const double *factors, const float *const *rows, int64_t count, int64_t n);
  /* square[i ld + j] += rows[r n + i] * rows[r n + j] for i <= j < n, r rising. */
  void (*add_square_f64)(double *square, int64_t ld, const double *rows, int64_t count, int64_t n);
  /* y[i] = (x[i] - centre[i]) * factor[i], with fill[i] for a NaN in x unless `fill` is NULL. Returns how many y are
   * NaN or beyond +-1.7e308. */
  int64_t (*scale_columns_f64)(double *y, const double *x, const double *fill, const double *centre,
                               const double *factor, int64_t n);
  /* y[i] = x[i], rounded. Returns 1 when a y is NaN or above BAI_MOST_NUMBER in size, else 0. */
  int32_t (*narrow_f64)(float *y, const double *x, int64_t n);
  /* rows[r n + c] = columns[c][first + r] for r < count and c < n. As many rows behind them, before row `end`, may be
   * fetched ahead: columns are too many for a CPU to see how each goes on. */
  void (*rows_of_columns_f32)(double *rows, const float *const *columns, int64_t first, int64_t count, int64_t n,
                              int64_t end);
  void (*widen_f32)(double *y, const float *x, int64_t n); /* y[i] = x[i] */
  /* A digest of n numbers in their order; 0.0 and -0.0 are one. Number i goes to chain i % 8 of eight that start at
   * `seed`: y = chain ^ its bits; chain = (y ^ y >> 32) * BAI_HASH_A. The digest is the sum over chains c
   * of z ^ z >> 29 with y = chain + c and z = (y ^ y >> 32) * BAI_HASH_B; all modulo 2^64. */
  uint64_t (*digest_f64)(uint64_t seed, const double *numbers, int64_t n);
  /* y[i] = a * x[i]. `y` may be `x`. */
  void (*scale_f64)(double *y, double a, const double *x, int64_t n);

  /* Elementwise, `y` may be `x`; the same bits at every level. Errors in units in the last place are stated in
   * scalar.h and tested. exp overflows to inf and underflows gradually to 0; log of 0 is -inf, of a negative NaN. */
  void (*exp_f64)(double *y, const double *x, int64_t n);
  void (*log_f64)(double *y, const double *x, int64_t n);
  void (*sigmoid_f64)(double *y, const double *x, int64_t n);  /* 1 / (1 + exp(-x)) without overflow */
  void (*softplus_f64)(double *y, const double *x, int64_t n); /* log(1 + exp(x)) without overflow */
  void (*chances_f64)(double *pair, double x);                 /* what sigmoid_f64 gives of -x, and of x */

  /* Loops of networks, in float32; layers.h defines them.
   *
   * c[i ldc + j] += a[i row + k step] * b[k ldb + j] for every i < rows and j < columns, k rising from 0 to inner - 1.
   * c overlaps neither a nor b. */
  void (*gemm_f32)(float *c, int64_t ldc, const float *a, int64_t row, int64_t step, const float *b, int64_t ldb,
                   int64_t rows, int64_t inner, int64_t columns);
  /* sum[j] += values[i] x[rows[i] ld + j] for j < columns, i rising from 0 to n - 1. */
  void (*gather_rows_f32)(float *sum, const float *x, int64_t ld, const uint32_t *rows, const float *values, int64_t n,
                          int64_t columns);
  /* The way back: x[rows[i] ld + j] += values[i] slope[j], for the rows from first to end - 1 alone. */
  void (*scatter_rows_f32)(float *x, int64_t ld, const uint32_t *rows, const float *values, int64_t n,
                           const float *slope, int64_t columns, uint32_t first, uint32_t end);
  /* A convolution over letters by tables of two letters each: out[p] = bias, then for each group g, in order, plus
   * (tables[2g][pairs[p + 4g]] + tables[2g + 1][pairs[p + 4g + 2]]); rows of `filters` numbers, BAI_PAIRS rows a table,
   * pairs[p] = 5 codes[p] + codes[p + 1]. */
  void (*letters_f32)(float *out, const float *bias, const float *tables, const uint8_t *pairs, int64_t positions,
                      int64_t groups, int64_t filters);
  /* Four letters as a number: quads[i] = 125 codes[i] + 25 codes[i + 1] + 5 codes[i + 2] + codes[i + 3]. */
  void (*join_letters)(uint16_t *quads, const uint8_t *codes, int64_t n);
  /* A convolution over letters by tables of four letters each, of which only the largest and the sum stay: with value =
   * tables[0][quads[p]] + tables[1][quads[p + 4]] + ..., group after group, best[j] is the largest value above 0, else
   * 0, and sum[j] the sum of the values above 0, p after p; rows of `filters` numbers, BAI_QUADS rows a table. */
  void (*find_letters_f32)(float *best, float *sum, const float *tables, const uint16_t *quads, int64_t positions,
                           int64_t groups, int64_t filters);
  /* The same of the values x[r][j]. */
  void (*find_rows_f32)(float *best, float *sum, const float *x, int64_t rows, int64_t columns);
  /* sum[4t + codes[p + t]] += slope[p] for t < width: p after p, codes above 3 left out. */
  void (*letters_slope_f32)(float *sum, const float *slope, const uint8_t *codes, int64_t positions, int64_t width,
                            int64_t filters);
  /* The largest of each column that is above 0, and its row, the first of equals; else 0 and -1. `which` may be
   * NULL. */
  void (*most_f32)(float *best, int32_t *which, const float *x, int64_t rows, int64_t columns);
  /* The way back: slope[r][j] = which[j] == r ? of_best[j] : 0. */
  void (*spread_f32)(float *slope, const float *of_best, const int32_t *which, int64_t rows, int64_t columns);
  void (*add_rows_f32)(float *sum, const float *x, int64_t rows, int64_t columns); /* sum[j] += x[r][j] */
  void (*add_row_f32)(float *x, const float *row, int64_t rows, int64_t columns);  /* x[r][j] += row[j] */
  /* One step of Adam with decay apart from the gradient: m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g g,
   * x = x - (step m / (sqrt(v) + small) + decay x). */
  void (*adam_f32)(float *x, float *m, float *v, const float *g, int64_t n, const bai_adam *how);
} bai_kernels;

/* Fixed by the model file format for ever; test vectors stand in tests/kernels. */
#define BAI_HASH_A UINT64_C(0x9E3779B97F4A7C15)
#define BAI_HASH_B UINT64_C(0xD6E8FEB86659FD93)

extern const bai_kernels bai_kernels_scalar;
extern const bai_kernels bai_kernels_avx2;   /* defined only where the build has it */
extern const bai_kernels bai_kernels_avx512; /* F, BW, DQ, VL */
extern const bai_kernels bai_kernels_neon;   /* and the CRC instructions */

/* The levels that this build and this CPU have, slowest first; returns how many (1 to 3). */
int32_t bai_kernels_available(const bai_kernels *out[3]);
/* The table that a context uses: what ba_context_set_cpu chose, else the fastest. */
const bai_kernels *bai_kernels_of(ba_context *context);

#endif
