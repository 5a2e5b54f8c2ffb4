/* SPDX-License-Identifier: MIT
 *
 * test_random.c: every kernel of the table by itself, a million random cases each, against the scalar level: lengths,
 * shapes and alignments at random, and numbers of which some are NaN, infinite, -0, subnormal, huge, or any bits at
 * all. A case that fails is named; test_kernels_random CASES runs another number of them.
 */
#include "kernels/random_cases.h"

#include <stdio.h>
#include <stdlib.h>

#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(FEW_CASES)
#define CASES 1000000
#else /* slow builds, and variants with the same kernels */
#define CASES 20000
#endif

static int64_t cases = CASES;

/* ---- letters and text ---- */

static void try_crc32c(void) {
  const int64_t n = length(MOST);
  const uint8_t *data = bytes_below(0, n, 256);
  const uint32_t start = (uint32_t)random_bits();
  AT_EACH_LEVEL(k) give_number(k->crc32c(start, data, n));
}

static void try_encode(void) {
  const int64_t n = length(MOST);
  uint8_t *letters = bytes_below(0, n, 256);
  for (int64_t i = 0; i < n; i++)
    if (random_bits() >> 62) letters[i] = (uint8_t) "ACGTUacgtuNn-"[below(13)];
  AT_EACH_LEVEL(k) give_number(k->encode(give(NULL, n, 1, BYTES), letters, n));
}

static void try_pack(void) {
  const int64_t n = length(MOST);
  const uint8_t *codes = bytes_below(0, n, 5);
  AT_EACH_LEVEL(k) k->pack(give(NULL, (n + 3) / 4, 1, BYTES), codes, n);
}

static void try_unpack(void) {
  const int64_t n = length(MOST), first = below(11);
  const uint8_t *packed = bytes_below(0, (first + n + 3) / 4, 256);
  AT_EACH_LEVEL(k) k->unpack(give(NULL, n, 1, BYTES), packed, first, n);
}

static void try_copy_name(void) {
  const int64_t n = length(MOST);
  uint8_t *name = bytes_below(0, n, 256);
  for (int64_t i = 0, clean = below(2); clean && i < n; i++)
    if ((name[i] < ' ' || name[i] == 0x7F) && below(40)) name[i] = '\t';
  AT_EACH_LEVEL(k) give_number(k->copy_name(give(NULL, n, 1, BYTES), name, n));
}

/* Records, or lines, cut anywhere; now and then a byte is wrong. Returns how long the text is. */
static int64_t make_text(uint8_t *text, int32_t records) {
  static const char *const sets[] = {"ACGT", "acgtuACGTU", "ACGTN", "KLMz*-."};
  const char *set = sets[below(4)];
  const int64_t n = 50 + below(200), size = (int64_t)strlen(set), longest = below(4) ? 20 : 90, alike = below(2);
  int64_t letters = 1 + below((uint64_t)longest), at = 0;
  while (at < n) {
    const int64_t name = records ? below((uint64_t)longest) : 0;
    if (!alike) letters = 1 + below((uint64_t)longest);
    if (records) text[at++] = '@';
    for (int64_t i = 0; i < name; i++) text[at++] = (uint8_t)(' ' + below(95));
    if (records) text[at++] = '\n';
    for (int64_t i = 0; i < letters; i++) text[at++] = (uint8_t)set[below((uint64_t)size)];
    text[at++] = '\n';
    if (!records) continue;
    text[at++] = '+';
    text[at++] = '\n';
    for (int64_t i = 0; i < letters; i++) text[at++] = (uint8_t)('!' + below(94));
    text[at++] = '\n';
  }
  if (below(2)) text[below((uint64_t)n)] = (uint8_t)below(256);
  return n;
}

static bai_text_column column(int64_t used, int64_t size, int64_t *ends) {
  return (bai_text_column){.bytes = give(NULL, size, 1, BYTES), .ends = ends, .count = used, .room = size};
}

static void try_cut_records(void) {
  uint8_t *text = place(0, 1024, 1);
  const int64_t n = make_text(text, 1), most = below(12), size = below(4) ? 500 : 120, used = below(4) ? 0 : below(99);
  const int64_t wanted = below(4) ? 2000 : below(60), refuse = below(2), looked_at = below(4) == 0;
  AT_EACH_LEVEL(k) {
    int64_t ends[3][12] = {{0}}, numbers[6];
    bai_text_columns c = {.names = column(used, size, ends[0]),
                          .letters = column(used, size, ends[1]),
                          .symbols = column(used, size, ends[2]),
                          .wanted = wanted,
                          .refuse_ambiguous = (int32_t)refuse};
    bai_text_column *all[] = {&c.names, &c.letters, &c.symbols};
    uint8_t *const symbols = c.symbols.bytes;
    if (looked_at) c.symbols.bytes = NULL;
    numbers[0] = k->cut_records(&c, text, n, most, &numbers[1]);
    numbers[2] = c.ambiguous;
    c.symbols.bytes = symbols;
    uint8_t *out = give(NULL, 48 + 24 * numbers[0], 1, BYTES);
    for (int32_t i = 0; i < 3; i++) {
      assert_true(all[i]->ends - ends[i] == numbers[0]);
      numbers[3 + i] = all[i]->count;
      memcpy(out + 48 + 8 * numbers[0] * i, ends[i], 8 * (size_t)numbers[0]);
      keep(all[i]->bytes, used, looked_at && i == 2 ? used : all[i]->count);
    }
    memcpy(out, numbers, 48);
  }
}

static void try_join_lines(void) {
  uint8_t *text = place(0, 1024, 1);
  const int64_t n = make_text(text, 0), size = below(4) ? 500 : 120, used = below(4) ? 0 : below(99);
  const int64_t wanted = below(4) ? INT64_MAX : below(200), refuse = below(2);
  AT_EACH_LEVEL(k) {
    int64_t bytes;
    bai_text_columns c = {.letters = column(used, size, NULL), .wanted = wanted, .refuse_ambiguous = (int32_t)refuse};
    give_number(k->join_lines(&c, text, n, &bytes));
    give_number(1000000 * bytes + 1000 * c.ambiguous + c.letters.count);
    keep(c.letters.bytes, used, c.letters.count);
  }
}

/* ---- words ---- */

static void try_kmer_extend(void) {
  const int64_t n = length(MOST);
  const uint64_t *codes = codes_of(0, n, 0);
  const uint8_t *next = bytes_below(1, n, 5);
  AT_EACH_LEVEL(k) k->kmer_extend(give(codes, n, 8, BYTES), next, n);
}

static void try_kmer_extend_reverse(void) {
  const int64_t n = length(MOST), shift = 2 * below(32);
  const uint64_t *codes = codes_of(0, n, (int32_t)below(64));
  const uint8_t *next = bytes_below(1, n, 5);
  AT_EACH_LEVEL(k) k->kmer_extend_reverse(give(codes, n, 8, BYTES), next, n, (int32_t)shift);
}

static void try_kmer_canonical(void) {
  const int64_t n = length(MOST), in_place = below(2);
  uint64_t *forward = codes_of(0, n, 0), *reverse = codes_of(1, n, (int32_t)below(3));
  for (int64_t i = 0; i < n; i += 1 + below(9)) reverse[i] = forward[i] ^ (uint64_t)below(2);
  AT_EACH_LEVEL(k) {
    uint64_t *out = give(in_place ? forward : NULL, n, 8, BYTES);
    k->kmer_canonical(out, in_place ? out : forward, reverse, n);
  }
}

static void try_kmer_slot(void) {
  const int64_t n = length(MOST);
  const uint64_t *codes = codes_of(0, n, 0);
  AT_EACH_LEVEL(k) k->kmer_slot(give(NULL, n, 4, BYTES), codes, n);
}

static void try_kmer_rank(void) {
  const int64_t n = length(MOST), words = 1 + below(20);
  const int64_t in_place = below(2);
  const uint32_t *codes = integers(0, n, (uint64_t)(64 * words));
  const uint64_t *bits = codes_of(1, words, 0);
  const uint32_t *prefix = integers(2, words, UINT32_MAX);
  AT_EACH_LEVEL(k) {
    uint32_t *slots = give(in_place ? codes : NULL, n, 4, BYTES);
    k->kmer_rank(slots, in_place ? slots : codes, n, bits, prefix);
  }
}

static void try_kmer_words(void) {
  const int64_t n = length(MOST), word = 1 + below(16), canonical = below(2);
  const uint8_t *codes = bytes_below(0, n ? n + word - 1 : 0, 5);
  AT_EACH_LEVEL(k) k->kmer_words(give(NULL, n, 4, BYTES), codes, n, (int32_t)word, (int32_t)canonical);
}

static void try_word_hash(void) {
  const int64_t n = length(MOST), bits = 1 + below(31);
  const uint32_t *words = integers(0, n, UINT32_MAX);
  AT_EACH_LEVEL(k) k->word_hash(give(NULL, n, 4, BYTES), words, n, (int32_t)bits);
}

static void try_minimizers(void) {
  const int64_t n = 1 + length(MOST), window = 1 + below((uint64_t)n), by_word = below(2), first = below(2);
  const uint32_t *words = integers(0, n, below(2) ? 65536 : 5);
  AT_EACH_LEVEL(k) {
    uint32_t *chosen = give(NULL, n + 8, 4, BYTES);
    uint64_t *keys = give(NULL, n, 8, BYTES), *least = give(NULL, n, 8, BYTES);
    const int64_t found =
        k->minimizers(chosen, words, n, (int32_t)window, (int32_t)by_word, (int32_t)first, keys, least);
    keep(chosen, 0, 4 * found);
    keep(keys, 0, 0);
    keep(least, 0, 0);
    give_number(found);
  }
}

static void try_murmur_words(void) {
  const int64_t n = length(MOST), word = 1 + below(70), both = below(4), kinds = 1 + below(4);
  const uint64_t most = below(2) ? UINT64_MAX : random_bits(), seed = random_bits();
  uint8_t *forward = bytes_below(0, n + word - 1 + BAI_WORD_SLACK, (uint64_t)kinds);
  uint8_t *reverse = bytes_below(1, n + word - 1 + BAI_WORD_SLACK, (uint64_t)kinds);
  AT_EACH_LEVEL(k) {
    uint64_t *hashes = give(NULL, n, 8, BYTES);
    int32_t *places = give(NULL, n, 4, BYTES);
    const int64_t found = k->murmur_words(hashes, places, forward, both ? reverse : NULL, n, (int32_t)word, seed, most);
    keep(hashes, 0, 8 * found);
    keep(places, 0, 4 * found);
    give_number(found);
  }
}

static void try_one_hot_f64(void) {
  const int64_t n = length(MOST);
  const uint8_t *codes = bytes_below(0, n, 5);
  const double value = special_f64();
  AT_EACH_LEVEL(k) k->one_hot_f64(give_f64(NULL, 4 * n), codes, n, value);
}

static void try_one_hot_u8(void) {
  const int64_t n = length(MOST);
  const uint8_t *codes = bytes_below(0, n, 5);
  AT_EACH_LEVEL(k) k->one_hot_u8(give(NULL, 4 * n, 1, BYTES), codes, n);
}

static void try_kmer_hash(void) {
  const int64_t n = length(MOST), bits = 1 + below(31);
  const uint64_t *codes = codes_of(0, n, (int32_t)below(64));
  AT_EACH_LEVEL(k) k->kmer_hash(give(NULL, n, 4, BYTES), codes, n, (int32_t)bits);
}

static void try_count(void) {
  static const uint32_t none[ENTRIES];
  const int64_t n = length(MOST), width = 1 + below(ENTRIES), in_place = below(2);
  const uint32_t *slots = integers(0, n, (uint64_t)width);
  AT_EACH_LEVEL(k) {
    uint32_t *distinct = give(in_place ? slots : NULL, n, 4, BYTES), *counts = give(NULL, n, 4, BYTES);
    const int64_t found = k->count(distinct, counts, in_place ? distinct : slots, n, give(none, width, 4, BYTES));
    keep(distinct, 0, 4 * found);
    give_number(found);
  }
}

static void try_kmer_sum(void) {
  const int64_t n = length(MOST), word = 1 + below(8), shift = below(16);
  const uint8_t *codes = bytes_below(0, n ? n + word - 1 : 0, 4);
  AT_EACH_LEVEL(k) give_number(k->kmer_sum(weights + shift, codes, n, (int32_t)word));
}

/* ---- sums ---- */

static void try_exchange_f64(void) {
  const int64_t n = length(MOST), k = 1 + below(8);
  const uint32_t *words = integers(0, n + k - 1, UINT64_C(1) << 2 * k);
  const uint8_t *codes = bytes_below(1, n, 4);
  const double *parts = reals(2, 4 * n);
  const bai_exchange how = {.weights = weights + below(16),
                            .k = (int32_t)k,
                            .sum = (int64_t)random_bits() >> (3 + below(40)),
                            .scale = ldexp(1.0, (int)below(80) - 60),
                            .unit = below(2) ? 1.0 : 0x1p-15,
                            .divisor = 1.0 + (double)below(1000)};
  AT_EACH_LEVEL(kernels) kernels->exchange_f64(give_f64(parts, 4 * n), &how, words, codes, n);
}

static void try_gather_dot_i32(void) {
  const int64_t n = length(MOST), shift = below(16);
  const uint32_t *columns = integers(0, n, TABLE), *values = integers(1, n, UINT64_C(1) << (1 + below(23)));
  AT_EACH_LEVEL(k) give_number(k->gather_dot_i32(weights + shift, columns, values, n));
}

static void try_gather_rows_i32(void) {
  const int64_t n = length(MOST), units = 1 + below(40), shift = below(16);
  const uint32_t *columns = integers(0, n, 1000), *values = integers(1, n, UINT64_C(1) << (1 + below(23)));
  int64_t *sums = place(2, 8 * units, 8);
  for (int64_t j = 0; j < units; j++) sums[j] = (int64_t)random_bits() >> 8;
  AT_EACH_LEVEL(k) k->gather_rows_i32(give(sums, units, 8, BYTES), weights + shift, units, columns, values, n);
}

static void try_dot_f64(void) {
  const int64_t n = length(MOST);
  const double *a = reals(0, n), *b = reals(1, n);
  AT_EACH_LEVEL(k) * give_f64(NULL, 1) = k->dot_f64(a, b, n);
}

/* Now and then of more than one run. */
static int64_t length_of_runs(void) {
  return below(64) ? length(MOST) : below(2 * BAI_RUN + 200);
}

static void try_dot_f32(void) {
  const int64_t n = length_of_runs();
  const float *a = floats(0, n), *b = floats(1, n);
  AT_EACH_LEVEL(k) * give_f64(NULL, 1) = k->dot_f32(a, b, n);
}

/* Rows side by side, with gaps, or over each other. */
static void try_dot_rows_f32(void) {
  const int64_t n = length_of_runs(), count = below(12), stride = below(n < MOST ? 2 * (uint64_t)n + 3 : 300);
  const float *rows = floats(0, n + (count ? count - 1 : 0) * stride), *b = floats(1, n);
  AT_EACH_LEVEL(k) k->dot_rows_f32(give_f64(NULL, count), rows, 4 * stride, count, b, n);
}

/* Rows side by side, with gaps, or over each other. */
static void try_dot_panels_f32(void) {
  const int64_t n = below(64) ? length(40) : length(MOST), count = 1 + below(3), row_count = below(18);
  const int64_t stride = below(2 * (uint64_t)n + 3);
  const float *rows = floats(0, n + (row_count ? row_count - 1 : 0) * stride), *panels = floats(1, 16 * count * n);
  AT_EACH_LEVEL(k)
  give_number(k->dot_panels_f32(give_f64(NULL, 16 * count * row_count), rows, 4 * stride, row_count, panels, count, n));
}

static void try_narrow_f64(void) {
  const int64_t n = length(MOST);
  const double *x = reals(0, n);
  AT_EACH_LEVEL(k) give_number(k->narrow_f64(give_f32(NULL, n), x, n));
}

static void try_relu_dot_f64(void) {
  const int64_t n = length(MOST);
  const double *sums = reals(0, n), *biases = reals(1, n), *tops = reals(2, n);
  AT_EACH_LEVEL(k) * give_f64(NULL, 1) = k->relu_dot_f64(sums, biases, tops, n);
}

/* Distinct, because ENTRIES is a prime. */
static uint32_t *distinct_columns(int32_t i, int64_t n) {
  uint32_t *columns = place(i, 4 * n, 4);
  const int64_t start = below(ENTRIES), stride = 1 + below(ENTRIES - 1);
  for (int64_t k = 0; k < n; k++) columns[k] = (uint32_t)((start + stride * k) % ENTRIES);
  return columns;
}

static void try_gather_dot_f64(void) {
  const int64_t n = length(MOST);
  const double *from = reals(0, ENTRIES), *values = reals(1, n);
  const uint32_t *columns = integers(2, n, ENTRIES);
  AT_EACH_LEVEL(k) * give_f64(NULL, 1) = k->gather_dot_f64(from, columns, values, n);
}

static void try_axpy_f64(void) {
  const int64_t n = length(MOST);
  const double *x = reals(0, n), *y = reals(1, n), *a = reals(2, 1);
  AT_EACH_LEVEL(k) k->axpy_f64(give_f64(y, n), *a, x, n);
}

static void try_scatter_axpy_f64(void) {
  const int64_t n = length(ENTRIES);
  const double *y = reals(0, ENTRIES), *values = reals(1, n), *a = reals(2, 1);
  const uint32_t *columns = distinct_columns(3, n);
  AT_EACH_LEVEL(k) k->scatter_axpy_f64(give_f64(y, ENTRIES), *a, columns, values, n);
}

/* Rows of n numbers one after the other, in any order, some of them twice. */
static const double *const *rows_of(int32_t i, int64_t n, int64_t count) {
  static const double *rows[16];
  const double *all = reals(i, n * count);
  for (int64_t r = 0; r < count; r++) rows[r] = all + below((uint64_t)count) * n;
  return rows;
}

static void try_dot_rows_f64(void) {
  const int64_t n = length(MOST), count = below(12);
  const double *const *rows = rows_of(0, n, count), *x = reals(1, n);
  AT_EACH_LEVEL(k) k->dot_rows_f64(give_f64(NULL, count), rows, count, x, n);
}

static void try_axpy_rows_f64(void) {
  const int64_t n = length(MOST), count = below(12);
  const double *const *rows = rows_of(0, n, count), *y = reals(1, n), *factors = reals(2, count);
  AT_EACH_LEVEL(k) k->axpy_rows_f64(give_f64(y, n), factors, rows, count, n);
}

/* As rows_of. */
static const float *const *float_rows_of(int32_t i, int64_t n, int64_t count) {
  static const float *rows[16];
  const float *all = floats(i, n * count);
  for (int64_t r = 0; r < count; r++) rows[r] = all + below((uint64_t)count) * n;
  return rows;
}

static void try_dot_floats_f64(void) {
  const int64_t n = length(MOST), count = below(12);
  const float *const *rows = float_rows_of(0, n, count);
  const double *x = reals(1, n);
  AT_EACH_LEVEL(k) k->dot_floats_f64(give_f64(NULL, count), rows, count, x, n);
}

static void try_axpy_floats_f64(void) {
  const int64_t n = length(MOST), count = below(12);
  const float *const *rows = float_rows_of(0, n, count);
  const double *y = reals(1, n), *factors = reals(2, count);
  AT_EACH_LEVEL(k) k->axpy_floats_f64(give_f64(y, n), factors, rows, count, n);
}

static void try_rows_of_columns_f32(void) {
  const int64_t n = below(70), count = below(40), first = below(5), end = first + count;
  const float *columns[70], *all = floats(0, n * end);
  for (int64_t c = 0; c < n; c++) columns[c] = all + c * end;
  AT_EACH_LEVEL(k) k->rows_of_columns_f32(give_f64(NULL, n * count), columns, first, count, n, end);
}

static void try_widen_f32(void) {
  const int64_t n = length(MOST);
  const float *x = floats(0, n);
  AT_EACH_LEVEL(k) k->widen_f32(give_f64(NULL, n), x, n);
}

static void try_digest_f64(void) {
  const int64_t n = length(MOST);
  const uint64_t seed = random_bits();
  const double *x = reals(0, n);
  AT_EACH_LEVEL(k) give_number((int64_t)k->digest_f64(seed, x, n));
}

static void try_add_square_f64(void) {
  const int64_t n = below(24), ld = n + below(3), count = below(8) ? below(9) : 60 + below(70);
  const double *rows = reals(0, n * count), *square = reals(1, n * ld);
  AT_EACH_LEVEL(k) k->add_square_f64(give_f64(square, n * ld), ld, rows, count, n);
}

static void try_scale_columns_f64(void) {
  const int64_t n = length(MOST), filled = below(2);
  const double *x = reals(0, n), *fill = reals(1, n), *centre = reals(2, n), *factor = reals(3, n);
  AT_EACH_LEVEL(k) {
    double *y = give_f64(NULL, n);
    give_number(k->scale_columns_f64(y, x, filled ? fill : NULL, centre, factor, n));
  }
}

static void try_scale_f64(void) {
  const int64_t n = length(MOST), in_place = below(2);
  const double *x = reals(0, n), *a = reals(1, 1);
  AT_EACH_LEVEL(k) {
    double *y = give_f64(in_place ? x : NULL, n);
    k->scale_f64(y, *a, in_place ? y : x, n);
  }
}

/* Of every size that such a function tells apart, and any bits at all. */
#define TRY_FUNCTION(name)                                                 \
  static void try_##name(void) {                                           \
    const int64_t n = length(MOST), in_place = below(2);                   \
    double *x = reals(0, n);                                               \
    const double size = (double)(INT64_C(1) << below(12)) * 0x1p-3;        \
    for (int64_t i = 0, some = below(2); some && i < n; i++) x[i] *= size; \
    AT_EACH_LEVEL(k) {                                                     \
      double *y = give_f64(in_place ? x : NULL, n);                        \
      k->name(y, in_place ? y : x, n);                                     \
    }                                                                      \
  }
TRY_FUNCTION(exp_f64)
TRY_FUNCTION(log_f64)
TRY_FUNCTION(sigmoid_f64)
TRY_FUNCTION(softplus_f64)

static void try_chances_f64(void) {
  const double x = reals(0, 1)[0] * (double)(INT64_C(1) << below(12));
  AT_EACH_LEVEL(k) k->chances_f64(give_f64(NULL, 2), x);
}

/* ---- networks ---- */

static void try_gemm_f32(void) {
  const int64_t rows = below(8), inner = below(8), columns = length(100), ldc = columns + below(4);
  const int64_t ldb = columns + below(4), across = below(2), row = across ? 1 : inner + below(3);
  const int64_t size = rows ? (rows - 1) * ldc + columns : 0;
  const float *c = floats(0, size), *a = floats(1, 90), *b = floats(2, inner * ldb);
  AT_EACH_LEVEL(k) k->gemm_f32(give_f32(c, size), ldc, a, row, across ? rows : 1, b, ldb, rows, inner, columns);
}

static void try_gather_rows_f32(void) {
  const int64_t n = below(12), columns = length(70), ld = columns + below(3);
  const float *sum = floats(0, columns), *x = floats(1, 10 * ld), *values = floats(2, n);
  const uint32_t *rows = integers(3, n, 10);
  AT_EACH_LEVEL(k) k->gather_rows_f32(give_f32(sum, columns), x, ld, rows, values, n, columns);
}

static void try_scatter_rows_f32(void) {
  const int64_t n = below(12), columns = length(70), ld = columns + below(3), first = below(6), end = below(11);
  const float *x = floats(0, 10 * ld), *slope = floats(1, columns), *values = floats(2, n);
  const uint32_t *rows = integers(3, n, 10);
  AT_EACH_LEVEL(k) {
    float *out = give_f32(x, 10 * ld);
    k->scatter_rows_f32(out, ld, rows, values, n, slope, columns, (uint32_t)first, (uint32_t)end);
  }
}

static void try_letters_f32(void) {
  const int64_t positions = below(8), groups = 1 + below(2), filters = 1 + length(40);
  const float *bias = floats(0, filters), *tables = floats(1, 2 * groups * BAI_PAIRS * filters);
  const uint8_t *pairs = bytes_below(2, positions + 4 * groups, BAI_PAIRS);
  AT_EACH_LEVEL(k) {
    k->letters_f32(give_f32(NULL, positions * filters), bias, tables, pairs, positions, groups, filters);
  }
}

static void try_join_letters(void) {
  const int64_t n = length(MOST);
  const uint8_t *codes = bytes_below(0, n + 3, 5);
  AT_EACH_LEVEL(k) k->join_letters(give(NULL, n, 2, BYTES), codes, n);
}

/* Of each table a few rows are looked at. */
static void try_find_letters_f32(void) {
  const int64_t rows = 6, positions = below(8), groups = 1 + below(2),
                filters = 1 + (groups > 1 ? below(12) : length(90));
  const int64_t next = BAI_QUADS * filters, temper = below(6);
  float *tables = place(0, 4 * ((groups - 1) * next + rows * filters), 4);
  uint16_t *quads = place(1, 2 * (positions + 4 * groups), 2);
  for (int64_t g = 0; g < groups; g++) fill_f32(tables + g * next, rows * filters, temper);
  for (int64_t i = 0; i < positions + 4 * groups; i++) quads[i] = (uint16_t)below((uint64_t)rows);
  AT_EACH_LEVEL(k) {
    k->find_letters_f32(give_f32(NULL, filters), give_f32(NULL, filters), tables, quads, positions, groups, filters);
  }
}

static void try_find_rows_f32(void) {
  const int64_t rows = below(8), columns = length(70);
  const float *x = floats(0, rows * columns);
  AT_EACH_LEVEL(k) k->find_rows_f32(give_f32(NULL, columns), give_f32(NULL, columns), x, rows, columns);
}

static void try_letters_slope_f32(void) {
  const int64_t positions = below(8), width = 1 + below(6), filters = 1 + length(40);
  const float *sum = floats(0, 4 * width * filters), *slope = floats(1, positions * filters);
  const uint8_t *codes = bytes_below(2, positions + width, 5);
  AT_EACH_LEVEL(k) {
    k->letters_slope_f32(give_f32(sum, 4 * width * filters), slope, codes, positions, width, filters);
  }
}

static void try_most_f32(void) {
  const int64_t rows = below(8), columns = length(70), which = below(2);
  const float *x = floats(0, rows * columns);
  AT_EACH_LEVEL(k) {
    int32_t *rows_of_best = which ? give(NULL, columns, 4, BYTES) : NULL;
    k->most_f32(give_f32(NULL, columns), rows_of_best, x, rows, columns);
  }
}

static void try_spread_f32(void) {
  const int64_t rows = below(8), columns = length(70);
  const float *of_best = floats(0, columns);
  int32_t *which = place(1, 4 * columns, 4);
  for (int64_t j = 0; j < columns; j++) which[j] = (int32_t)below(9) - 1;
  AT_EACH_LEVEL(k) k->spread_f32(give_f32(NULL, rows * columns), of_best, which, rows, columns);
}

static void try_add_rows_f32(void) {
  const int64_t rows = below(8), columns = length(70);
  const float *sum = floats(0, columns), *x = floats(1, rows * columns);
  AT_EACH_LEVEL(k) k->add_rows_f32(give_f32(sum, columns), x, rows, columns);
}

static void try_add_row_f32(void) {
  const int64_t rows = below(8), columns = length(70);
  const float *x = floats(0, rows * columns), *row = floats(1, columns);
  AT_EACH_LEVEL(k) k->add_row_f32(give_f32(x, rows * columns), row, rows, columns);
}

static void try_adam_f32(void) {
  const int64_t n = length(MOST);
  const float *x = floats(0, n), *m = floats(1, n), *v = floats(2, n), *g = floats(3, n);
  const bai_adam how = {0.9f, 0.999f, 0.01f * (float)below(3), 1e-8f, 0.001f * (float)below(3)};
  AT_EACH_LEVEL(k) k->adam_f32(give_f32(x, n), give_f32(m, n), give_f32(v, n), g, n, &how);
}

/* ---- a test for each kernel ---- */

typedef struct trial {
  const char *name;
  void (*run)(void);
} trial;

#define TRIAL(name) \
  { #name, try_##name }
static trial trials[] = {
    TRIAL(crc32c),
    TRIAL(encode),
    TRIAL(pack),
    TRIAL(unpack),
    TRIAL(copy_name),
    TRIAL(cut_records),
    TRIAL(join_lines),
    TRIAL(kmer_extend),
    TRIAL(kmer_extend_reverse),
    TRIAL(kmer_canonical),
    TRIAL(kmer_slot),
    TRIAL(kmer_words),
    TRIAL(kmer_rank),
    TRIAL(kmer_hash),
    TRIAL(word_hash),
    TRIAL(minimizers),
    TRIAL(murmur_words),
    TRIAL(one_hot_f64),
    TRIAL(one_hot_u8),
    TRIAL(count),
    TRIAL(kmer_sum),
    TRIAL(exchange_f64),
    TRIAL(gather_dot_i32),
    TRIAL(gather_rows_i32),
    TRIAL(dot_f64),
    TRIAL(dot_f32),
    TRIAL(dot_rows_f32),
    TRIAL(dot_panels_f32),
    TRIAL(relu_dot_f64),
    TRIAL(gather_dot_f64),
    TRIAL(axpy_f64),
    TRIAL(scatter_axpy_f64),
    TRIAL(dot_rows_f64),
    TRIAL(axpy_rows_f64),
    TRIAL(dot_floats_f64),
    TRIAL(axpy_floats_f64),
    TRIAL(rows_of_columns_f32),
    TRIAL(widen_f32),
    TRIAL(digest_f64),
    TRIAL(add_square_f64),
    TRIAL(scale_columns_f64),
    TRIAL(narrow_f64),
    TRIAL(scale_f64),
    TRIAL(exp_f64),
    TRIAL(log_f64),
    TRIAL(sigmoid_f64),
    TRIAL(softplus_f64),
    TRIAL(chances_f64),
    TRIAL(gemm_f32),
    TRIAL(gather_rows_f32),
    TRIAL(scatter_rows_f32),
    TRIAL(letters_f32),
    TRIAL(join_letters),
    TRIAL(find_letters_f32),
    TRIAL(find_rows_f32),
    TRIAL(letters_slope_f32),
    TRIAL(most_f32),
    TRIAL(spread_f32),
    TRIAL(add_rows_f32),
    TRIAL(add_row_f32),
    TRIAL(adam_f32),
};

/* The table is a name and its kernels: one that is added needs its trial here. */
_Static_assert(sizeof(bai_kernels) / sizeof(void (*)(void)) == 1 + sizeof trials / sizeof *trials,
               "a kernel without random cases");

static void test_random_cases(void **state) {
  const trial *t = *state;
  at_work = t->name;
  for (case_number = 0; case_number < cases; case_number++) {
    /* Each by itself, so that one which failed can be run alone. */
    random_state = (SEED + (uint64_t)case_number) * UINT64_C(0x9E3779B97F4A7C15);
    for (int32_t i = 0; i < OUTPUTS; i++) shifts[i] = (int32_t)below(64);
    t->run();
  }
}

int main(int argc, char **argv) {
  enum { COUNT = sizeof trials / sizeof *trials };
  struct CMUnitTest tests[COUNT];
  level_count = bai_kernels_available(levels);
  cases = argc > 1 ? atoll(argv[1]) : level_count > 1 ? CASES : 1000;
  random_state = SEED;
  for (int64_t i = 0; i < TABLE + 64; i++) weights[i] = (int32_t)(uint32_t)(random_bits() >> 32);
  for (int32_t i = 0; i < COUNT; i++)
    tests[i] = (struct CMUnitTest){.name = trials[i].name, .test_func = test_random_cases, .initial_state = &trials[i]};
  printf("%" PRId64 " cases a kernel, seed 0x%" PRIX64 ", levels up to %s\n", cases, SEED,
         levels[level_count - 1]->name);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
