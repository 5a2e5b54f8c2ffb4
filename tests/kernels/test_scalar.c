/* SPDX-License-Identifier: MIT
 *
 * test_scalar.c: the scalar kernels against definitions that share nothing with them: MPFR, published checksums,
 * k-mers cut from strings, 128-bit integers, hashes by big integers of another language.
 */
#include <math.h>
#include <mpfr.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernels/kernels.h"
#include "support/random.h"

#define COUNT(array) ((int64_t)(sizeof(array) / sizeof(array)[0]))

static const bai_kernels *const scalar = &bai_kernels_scalar;
static uint64_t random_state = 1;

/* xorshift64*; any source of varied bits will do. */
static uint64_t random_bits(void) {
  return random_next(&random_state);
}

static double random_between(double low, double high) {
  return low + (high - low) * ((double)(random_bits() >> 11) * 0x1p-53);
}

static void assert_same(double a, double b) {
  assert_memory_equal(&a, &b, sizeof a);
}

/* ---- checksums and letters ---- */

static void test_crc32c_published(void **state) {
  (void)state;
  uint8_t zero[32] = {0}, ones[32], up[32], down[32];
  memset(ones, 0xFF, sizeof ones);
  for (uint8_t i = 0; i < 32; i++) {
    up[i] = i;
    down[i] = (uint8_t)(31 - i);
  }
  assert_int_equal(scalar->crc32c(0, zero, 32), 0x8A9136AA); /* RFC 3720, B.4 */
  assert_int_equal(scalar->crc32c(0, ones, 32), 0x62A8AB43);
  assert_int_equal(scalar->crc32c(0, up, 32), 0x46DD794E);
  assert_int_equal(scalar->crc32c(0, down, 32), 0x113FDB5C);
  assert_int_equal(scalar->crc32c(0, (const uint8_t *)"123456789", 9), 0xE3069283);
  assert_int_equal(scalar->crc32c(0, zero, 0), 0);
}

static void test_crc32c_continues(void **state) {
  (void)state;
  for (int64_t cut = 0; cut <= 9; cut++) {
    uint32_t crc = scalar->crc32c(0, (const uint8_t *)"123456789", cut);
    assert_int_equal(scalar->crc32c(crc, (const uint8_t *)"123456789" + cut, 9 - cut), 0xE3069283);
  }
}

static void test_encode_every_byte(void **state) {
  (void)state;
  static const char *const classes[4] = {"Aa", "Cc", "Gg", "TtUu"};
  uint8_t letters[256], codes[256];
  for (int32_t i = 0; i < 256; i++) letters[i] = (uint8_t)i;
  assert_int_equal(scalar->encode(codes, letters, 256), 256 - 10);
  for (int32_t i = 0; i < 256; i++) {
    int32_t expected = 4;
    for (int32_t c = 0; c < 4; c++) {
      if (i != 0 && strchr(classes[c], i)) expected = c;
    }
    assert_int_equal(codes[i], expected);
  }
}

static void test_pack_by_hand(void **state) {
  (void)state;
  const uint8_t codes[7] = {0, 1, 2, 3, 4, 3, 1}; /* A C G T N T C: 11 10 01 00, then 01 11 00 */
  uint8_t packed[2] = {0xFF, 0xFF}, back[7];
  scalar->pack(packed, codes, 7);
  assert_int_equal(packed[0], 0xE4);
  assert_int_equal(packed[1], 0x1C);
  scalar->unpack(back, packed, 2, 5);
  assert_memory_equal(back, ((const uint8_t[5]){2, 3, 0, 3, 1}), 5);
}

/* ---- text ---- */

static void test_copy_name_every_byte(void **state) {
  (void)state;
  for (int32_t byte = 0; byte < 256; byte++) {
    uint8_t name[3] = {'a', (uint8_t)byte, 'b'}, copy[3] = {0};
    int32_t control = (byte < 32 && byte != 9) || byte == 127;
    assert_int_equal(scalar->copy_name(copy, name, 3), -control);
    if (!control) assert_memory_equal(copy, name, 3);
  }
}

typedef struct cutting {
  uint8_t names[200], letters[200], symbols[200];
  int64_t ends[3][4], taken, bytes;
  bai_text_columns c;
} cutting;

/* What comes of n bytes of text with `behind` more bytes, and `room` in each column; without a copy of the symbols
 * unless `keep`. */
static cutting cut(const char *text, int64_t n, int64_t behind, int64_t room, int32_t keep) {
  static cutting all;
  char padded[400];
  memset(padded, 'x', sizeof padded);
  memcpy(padded, text, (size_t)n);
  memset(&all, 0, sizeof all);
  all.c.names = (bai_text_column){all.names, all.ends[0], 0, room};
  all.c.letters = (bai_text_column){all.letters, all.ends[1], 0, room};
  all.c.symbols = (bai_text_column){all.symbols, all.ends[2], 0, room};
  if (!keep) all.c.symbols = (bai_text_column){NULL, all.ends[2], 5, 5};
  all.c.wanted = 1000;
  all.taken = scalar->cut_records(&all.c, (const uint8_t *)padded, n + behind, 4, &all.bytes);
  return all;
}

static void test_cut_records_by_hand(void **state) {
  (void)state;
  const char *const text = "@one 1\nACgtUN\n+\n!~IIII\n@\n*\n+\n@\n";
  const int64_t n = 31;
  cutting all = cut(text, n, BAI_TEXT_SLACK, 200, 1);
  assert_int_equal(all.taken, 2);
  assert_int_equal(all.bytes, n);
  assert_int_equal(all.c.ambiguous, 2);
  assert_memory_equal(all.names, "one 1", 5);
  assert_memory_equal(all.letters, "ACgtUN*", 7);
  assert_memory_equal(all.symbols, "!~IIII@", 7);
  assert_memory_equal(all.ends[0], ((const int64_t[4]){5, 5}), 32);
  assert_memory_equal(all.ends[1], ((const int64_t[4]){6, 7}), 32);
  assert_memory_equal(all.ends[2], ((const int64_t[4]){6, 7}), 32);
  all = cut(text, n, BAI_TEXT_SLACK - 1, 200, 1); /* too little text behind the second */
  assert_int_equal(all.taken, 1);
  assert_int_equal(all.bytes, 23);
  assert_int_equal(all.c.ambiguous, 1);
  assert_int_equal(cut(text, n, BAI_TEXT_SLACK, 7 + BAI_TEXT_SLACK, 1).taken, 2); /* just enough room, and not */
  assert_int_equal(cut(text, n, BAI_TEXT_SLACK, 6 + BAI_TEXT_SLACK, 1).taken, 1);
  assert_int_equal(cut(text, n, BAI_TEXT_SLACK, 5 + BAI_TEXT_SLACK, 1).taken, 0);
  all = cut(text, n, BAI_TEXT_SLACK, 7 + BAI_TEXT_SLACK, 0);
  assert_int_equal(all.taken, 2);
  assert_int_equal(all.bytes, n);
  assert_memory_equal(all.letters, "ACgtUN*", 7);
  assert_memory_equal(all.ends[1], ((const int64_t[4]){6, 7}), 32);
  assert_memory_equal(all.ends[2], ((const int64_t[4]){5, 5}), 32);
  assert_int_equal(all.c.symbols.count, 5);
  assert_int_equal(cut("", 0, 0, 200, 1).taken, 0);
}

/* Every byte at one place of each kind. */
static void test_cut_records_every_byte(void **state) {
  (void)state;
  const char plain[] = "ACGTUacgtu", letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz*-.";
  const int32_t name = 2, letter = 7, symbol = 13, places[] = {0, 2, 4, 7, 9, 10, 11, 13, 16};
  for (int32_t byte = 0; byte < 256; byte++) {
    for (int32_t i = 0; i < COUNT(places); i++) {
      char text[] = "@nam\nACGT\n+\nIIII\n";
      int32_t at = places[i], good = byte == text[at], ambiguous = 0;
      text[at] = (char)byte;
      if (at == name) good = byte == 9 || (byte >= 32 && byte != 127);
      if (at == letter) good = byte != 0 && strchr(letters, byte) != NULL;
      if (at == letter && good) ambiguous = strchr(plain, byte) == NULL;
      if (at == symbol) good = byte >= 33 && byte <= 126;
      for (int32_t keep = 0; keep < 2; keep++) {
        cutting all = cut(text, 17, BAI_TEXT_SLACK, 200, keep);
        assert_int_equal(all.taken, good);
        assert_int_equal(all.c.ambiguous, ambiguous);
        assert_int_equal(all.bytes, good ? 17 : 0);
      }
    }
  }
}

/* What the lines of a text come to, with `behind` more bytes of text, `room` for letters, and `wanted` of them. */
static bai_text_columns join(const char *text, int64_t behind, int64_t room, int64_t wanted, int32_t refuse,
                             int64_t *taken, int64_t *bytes, uint8_t joined[200]) {
  char padded[200];
  const int64_t n = (int64_t)strlen(text);
  memset(padded, '\n', sizeof padded);
  memcpy(padded, text, (size_t)n);
  bai_text_columns c = {.letters = {joined, NULL, 1, room}, .wanted = wanted, .refuse_ambiguous = refuse};
  *taken = scalar->join_lines(&c, (const uint8_t *)padded, n + behind, bytes);
  return c;
}

static void test_join_lines_by_hand(void **state) {
  (void)state;
  uint8_t joined[200] = "x";
  int64_t taken, bytes;
  const char *const text = "ACGT\nacNT\nNN\nc-\n\nAC\n";
  bai_text_columns c = join(text, BAI_TEXT_SLACK, 200, 100, 0, &taken, &bytes, joined);
  assert_int_equal(taken, 4); /* up to the empty line */
  assert_int_equal(bytes, 16);
  assert_int_equal(c.letters.count, 13);
  assert_int_equal(c.ambiguous, 4);
  assert_memory_equal(joined, "xACGTacNTNNc-", 13);
  join(text, BAI_TEXT_SLACK, 200, 100, 1, &taken, &bytes, joined);
  assert_int_equal(taken, 1);
  join("ACGT\nACGTA\nAC", BAI_TEXT_SLACK, 200, 100, 0, &taken, &bytes, joined); /* the last has no slack */
  assert_int_equal(taken, 2);
  const struct {
    int64_t behind, room, wanted, taken;
  } edges[] = {{BAI_TEXT_SLACK, BAI_TEXT_SLACK + 9, 100, 2},
               {BAI_TEXT_SLACK, BAI_TEXT_SLACK + 8, 100, 1},
               {BAI_TEXT_SLACK, 200, 9, 2},
               {BAI_TEXT_SLACK, 200, 8, 1},
               {BAI_TEXT_SLACK - 1, 200, 100, 1},
               {0, 200, 100, 0},
               {BAI_TEXT_SLACK, 10, 100, 0},
               {BAI_TEXT_SLACK, 200, 1, 0}};
  for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
    join("ACGT\nACGT\n", edges[i].behind, edges[i].room, edges[i].wanted, 0, &taken, &bytes, joined);
    assert_int_equal(taken, edges[i].taken);
    assert_int_equal(bytes, 5 * taken);
  }
  join("A>C\n", BAI_TEXT_SLACK, 200, 100, 0, &taken, &bytes, joined);
  assert_int_equal(taken, 0);
}

/* ---- k-mers ---- */

#define BASES 300

static void reverse_complement(char *out, const char *word, int32_t k) {
  for (int32_t i = 0; i < k; i++) out[i] = "TGCA"[strchr("ACGT", word[k - 1 - i]) - "ACGT"];
  out[k] = 0;
}

static uint64_t code_of_word(const char *word, int32_t k) {
  uint64_t code = 0;
  for (int32_t i = 0; i < k; i++) code = code * 4 + (uint64_t)(strchr("ACGT", word[i]) - "ACGT");
  return code;
}

/* The codes of all k-mers of a sequence for k = 1 to 32, both strands and the smaller one, against its substrings. */
static void test_kmers_of_strings(void **state) {
  (void)state;
  char text[BASES + 1] = {0}, word[33], other[33];
  uint8_t codes[BASES];
  uint64_t forward[BASES] = {0}, reverse[BASES] = {0}, least[BASES];
  const char *const letters = "ACGT";
  for (int64_t i = 0; i < BASES; i++) text[i] = letters[random_bits() >> 62];
  assert_int_equal(scalar->encode(codes, (const uint8_t *)text, BASES), 0);
  for (int32_t k = 1; k <= 32; k++) {
    int64_t n = BASES - k + 1;
    scalar->kmer_extend(forward, codes + k - 1, n);
    scalar->kmer_extend_reverse(reverse, codes + k - 1, n, 2 * (k - 1));
    scalar->kmer_canonical(least, forward, reverse, n);
    for (int64_t i = 0; i < n; i++) {
      memcpy(word, text + i, (size_t)k);
      word[k] = 0;
      reverse_complement(other, word, k);
      assert_true(forward[i] == code_of_word(word, k));
      assert_true(reverse[i] == code_of_word(other, k));
      assert_true(least[i] == code_of_word(strcmp(word, other) < 0 ? word : other, k));
    }
    if (k > 16) continue;
    uint32_t words[2][BASES];
    for (int32_t canonical = 0; canonical <= 1; canonical++)
      scalar->kmer_words(words[canonical], codes, n, k, canonical);
    for (int64_t i = 0; i < n; i++) assert_true(words[0][i] == forward[i] && words[1][i] == least[i]);
  }
}

static void test_slot_and_rank(void **state) {
  (void)state;
  uint64_t bits[8];
  uint32_t words[512], prefix[8], slots[512], rank = 0;
  for (int64_t i = 0; i < 8; i++) bits[i] = i == 3 ? 0 : i == 4 ? UINT64_MAX : random_bits() & random_bits();
  for (uint32_t i = 0; i < 512; i++) words[i] = i;
  for (uint64_t i = 0, set = 0; i < 512; i++) {
    if (i % 64 == 0) prefix[i / 64] = (uint32_t)set;
    set += bits[i / 64] >> i % 64 & 1;
  }
  scalar->kmer_rank(slots, words, 512, bits, prefix);
  for (uint64_t i = 0; i < 512; i++) {
    assert_int_equal(slots[i], rank);
    rank += (uint32_t)(bits[i / 64] >> i % 64 & 1);
  }
  const uint64_t code = UINT64_C(0xFFFFFFFF12345678);
  scalar->kmer_slot(slots, &code, 1);
  assert_int_equal(slots[0], 0x12345678);
}

/* Computed with Python's integers from the text of the definition. The format fixes them for ever. */
static void test_hash_vectors(void **state) {
  (void)state;
  static const int32_t bits[4] = {1, 8, 20, 31};
  static const struct {
    uint64_t code;
    uint32_t slots[4];
  } vectors[] = {
      {UINT64_C(0x0), {0x0, 0x0, 0x0, 0x0}},
      {UINT64_C(0x1), {0x0, 0x17, 0x17FB8, 0xBFDC4F7}},
      {UINT64_C(0x2), {0x1, 0xC9, 0xC99D1, 0x64CE8B25}},
      {UINT64_C(0x3), {0x1, 0xE7, 0xE7D92, 0x73EC9573}},
      {UINT64_C(0x1B), {0x1, 0x9F, 0x9FA25, 0x4FD12A4C}},
      {UINT64_C(0xFFFFF), {0x0, 0x4E, 0x4E0DA, 0x2706D3C1}},
      {UINT64_C(0x400000), {0x0, 0x2E, 0x2E398, 0x171CC756}},
      {UINT64_C(0x75BCD15), {0x0, 0x5D, 0x5DB1A, 0x2ED8D29B}},
      {UINT64_C(0x100000000), {0x1, 0xCE, 0xCE457, 0x6722B949}},
      {UINT64_C(0x8000000000000000), {0x1, 0xB3, 0xB32CF, 0x59967F64}},
      {UINT64_C(0xFFFFFFFFFFFFFFFF), {0x0, 0x1F, 0x1F9B1, 0xFCD8B4E}},
      {UINT64_C(0x123456789ABCDEF), {0x0, 0x5F, 0x5FDBD, 0x2FEDECD2}},
  };
  for (int64_t v = 0; v < COUNT(vectors); v++) {
    for (int64_t b = 0; b < 4; b++) {
      uint32_t slot;
      scalar->kmer_hash(&slot, &vectors[v].code, 1, bits[b]);
      assert_int_equal(slot, vectors[v].slots[b]);
      const uint32_t word = (uint32_t)vectors[v].code;
      if (word != vectors[v].code) continue;
      scalar->word_hash(&slot, &word, 1, bits[b]);
      assert_int_equal(slot, vectors[v].slots[b]);
    }
  }
}

static int by_value(const void *a, const void *b) {
  uint64_t x, y;
  memcpy(&x, a, sizeof x);
  memcpy(&y, b, sizeof y);
  return (x > y) - (x < y);
}

/* The keys of minimizers leave out the lowest 16 bits of ranks; no two of these words are told apart by them alone. */
static void test_ranks_differ_in_their_upper_bits(void **state) {
  (void)state;
  static uint64_t ranks[65536];
  for (uint64_t word = 0; word < 65536; word++) {
    uint64_t x = word * BAI_HASH_A;
    x ^= x >> 32;
    ranks[word] = x * BAI_HASH_B >> 16;
  }
  qsort(ranks, 65536, sizeof ranks[0], by_value);
  for (int64_t i = 1; i < 65536; i++) assert_true(ranks[i] != ranks[i - 1]);
}

static void test_count_by_search(void **state) {
  (void)state;
  enum { n = 400, width = 97 };
  uint32_t slots[n], distinct[n], counts[n], table[width] = {0};
  for (int64_t i = 0; i < n; i++) slots[i] = (uint32_t)(random_bits() % (i < 200 ? 30 : width));
  int64_t found = scalar->count(distinct, counts, slots, n, table);
  int64_t next = 0;
  for (int64_t i = 0; i < n; i++) {
    uint32_t before = 0, all = 0;
    for (int64_t j = 0; j < n; j++) {
      before += j < i && slots[j] == slots[i];
      all += slots[j] == slots[i];
    }
    if (before) continue;
    assert_true(next < found);
    assert_int_equal(distinct[next], slots[i]);
    assert_int_equal(counts[next], all);
    next++;
  }
  assert_int_equal(next, found);
  for (int64_t i = 0; i < width; i++) assert_int_equal(table[i], 0);
  assert_int_equal(scalar->count(distinct, counts, slots, 0, table), 0);
}

/* ---- sums ---- */

__extension__ typedef __int128 wide_integer;

static void test_gather_dot_i32_exact(void **state) {
  (void)state;
  int32_t weights[64];
  uint32_t columns[100], values[100];
  for (int64_t round = 0; round < 50; round++) {
    for (int64_t i = 0; i < 64; i++) weights[i] = (int32_t)(uint32_t)random_bits() >> (round % 2 ? 12 : 0);
    weights[0] = round % 2 ? -(1 << 19) : INT32_MIN;
    wide_integer expected = 0;
    for (int64_t i = 0; i < 100; i++) {
      columns[i] = i ? (uint32_t)(random_bits() % 64) : 0;
      values[i] = i ? (uint32_t)random_bits() >> (round % 2 ? 0 : 12) : UINT32_MAX >> (round % 2 ? 0 : 12);
      expected += (wide_integer)weights[columns[i]] * values[i];
    }
    assert_true(scalar->gather_dot_i32(weights, columns, values, 100) == expected);
  }
}

/* The stated order, lane by lane and the tree by recursion: node (l, width) adds node (l) and node (l + width). */
static double lane(const double *a, const double *b, int64_t n, int64_t l) {
  double sum = 0.0;
  for (int64_t i = l; i < n; i += 16) {
    double product = a[i] * b[i];
    sum = sum + product;
  }
  return sum;
}

static double tree(const double *a, const double *b, int64_t n, int64_t l, int64_t width) {
  if (width == 16) return lane(a, b, n, l);
  return tree(a, b, n, l, 2 * width) + tree(a, b, n, l + width, 2 * width);
}

/* The same of float32: lane l of the run from `first` on, of 64; then the tree of float32 down to 16 lanes. */
static float narrow_lane(const float *a, const float *b, int64_t end, int64_t i) {
  float sum = 0.0f;
  for (; i < end; i += 64) {
    float product = a[i] * b[i];
    sum = sum + product;
  }
  return sum;
}

static double narrow_lanes(const float *a, const float *b, int64_t n, int64_t l) {
  double sum = 0.0;
  for (int64_t first = 0; first < n; first += 512) {
    const int64_t end = n < first + 512 ? n : first + 512;
    float low = narrow_lane(a, b, end, first + l) + narrow_lane(a, b, end, first + l + 32);
    float high = narrow_lane(a, b, end, first + l + 16) + narrow_lane(a, b, end, first + l + 48);
    float four = low + high;
    sum = sum + (double)four;
  }
  return sum;
}

static double narrow_tree(const float *a, const float *b, int64_t n, int64_t l, int64_t width) {
  if (width == 16) return narrow_lanes(a, b, n, l);
  return narrow_tree(a, b, n, l, 2 * width) + narrow_tree(a, b, n, l + width, 2 * width);
}

/* And what that is off by: 1e-6 of the sizes less what rounding of weights to float32 takes of it. */
static void test_sums_of_floats(void **state) {
  (void)state;
  enum { MOST = 2100 };
  static float a[MOST], b[MOST];
  for (int64_t n = 0; n <= MOST; n += n < 140 || n % 512 > 500 || n % 512 < 4 ? 1 : 29) {
    long double exact = 0, sizes = 0;
    for (int64_t i = 0; i < n; i++) {
      a[i] = (float)random_between(n % 3 ? -1.0 : 0.5, 1.0);
      b[i] = (float)(random_between(n % 2 ? -1.0 : 0.5, 1.0) * exp2((double)(random_bits() % 8)));
      exact += (long double)a[i] * b[i];
      sizes += fabsl((long double)a[i] * b[i]);
    }
    double sum = scalar->dot_f32(a, b, n), rows[3];
    assert_same(sum, narrow_tree(a, b, n, 0, 1));
    assert_true(fabsl(sum - exact) <= 9e-7L * sizes);
    scalar->dot_rows_f32(rows, a + n / 2, -4 * (n / 4), 3, b, n - n / 2);
    for (int64_t r = 0; r < 3; r++) assert_same(rows[r], scalar->dot_f32(a + n / 2 - r * (n / 4), b, n - n / 2));
  }
}

static void test_sums_in_stated_order(void **state) {
  (void)state;
  double weights[100], a[100], b[100];
  uint32_t columns[100];
  for (int64_t n = 0; n <= 100; n++) {
    for (int64_t i = 0; i < 100; i++) weights[i] = random_between(-1.0, 1.0) * exp2((double)(i % 40));
    for (int64_t i = 0; i < n; i++) {
      columns[i] = (uint32_t)(random_bits() % 100);
      a[i] = weights[columns[i]];
      b[i] = random_between(-1.0, 1.0);
    }
    assert_same(scalar->dot_f64(a, b, n), tree(a, b, n, 0, 1));
    assert_same(scalar->gather_dot_f64(weights, columns, b, n), tree(a, b, n, 0, 1));
  }
}

static void test_sum_of_negative_zeros(void **state) {
  (void)state;
  double a[33], b[33];
  for (int64_t i = 0; i < 33; i++) {
    a[i] = -0.0;
    b[i] = 1.0;
  }
  for (int64_t n = 0; n <= 33; n++) assert_same(scalar->dot_f64(a, b, n), 0.0);
  float c[70], d[70];
  for (int64_t i = 0; i < 70; i++) {
    c[i] = -0.0f;
    d[i] = 1.0f;
  }
  for (int64_t n = 0; n <= 70; n++) assert_same(scalar->dot_f32(c, d, n), 0.0);
}

/* MPFR with 53 bits rounds the product and the sum apart, as the contract says. */
static double rounded_axpy(double y, double a, double x) {
  mpfr_t sum, product;
  mpfr_inits2(53, sum, product, (mpfr_ptr)0);
  mpfr_set_d(product, a, MPFR_RNDN);
  mpfr_mul_d(product, product, x, MPFR_RNDN);
  mpfr_add_d(sum, product, y, MPFR_RNDN);
  double result = mpfr_get_d(sum, MPFR_RNDN);
  mpfr_clears(sum, product, (mpfr_ptr)0);
  return result;
}

static void test_axpy_is_not_fused(void **state) {
  (void)state;
  double x[200], y[200], spread[200], scaled[200], expected[200], a = random_between(0.5, 1.0);
  uint32_t columns[200];
  int64_t fused_differs = 0;
  for (int64_t i = 0; i < 200; i++) {
    x[i] = random_between(-2.0, 2.0);
    y[i] = random_between(-2.0, 2.0);
    columns[i] = (uint32_t)(i * 7 % 200);
    expected[i] = rounded_axpy(y[i], a, x[i]);
    fused_differs += expected[i] != fma(a, x[i], y[i]);
    spread[columns[i]] = y[i];
  }
  assert_true(fused_differs > 0);
  scalar->scale_f64(scaled, a, x, 200);
  scalar->axpy_f64(y, a, x, 200);
  scalar->scatter_axpy_f64(spread, a, columns, x, 200);
  for (int64_t i = 0; i < 200; i++) {
    assert_same(y[i], expected[i]);
    assert_same(spread[columns[i]], expected[i]);
    assert_same(scaled[i], rounded_axpy(0.0, a, x[i]));
  }
}

/* ---- exp, log, sigmoid, softplus against MPFR ---- */

typedef void (*exact_function)(mpfr_t y, const mpfr_t x);
typedef void (*kernel_function)(double *y, const double *x, int64_t n);

static void exact_exp(mpfr_t y, const mpfr_t x) {
  mpfr_exp(y, x, MPFR_RNDN);
}
static void exact_log(mpfr_t y, const mpfr_t x) {
  mpfr_log(y, x, MPFR_RNDN);
}
static void exact_sigmoid(mpfr_t y, const mpfr_t x) {
  mpfr_neg(y, x, MPFR_RNDN);
  mpfr_exp(y, y, MPFR_RNDN);
  mpfr_add_ui(y, y, 1, MPFR_RNDN);
  mpfr_ui_div(y, 1, y, MPFR_RNDN);
}
static void exact_softplus(mpfr_t y, const mpfr_t x) {
  if (mpfr_cmp_ui(x, 1000) > 0) {
    mpfr_set(y, x, MPFR_RNDN); /* exp(-1000) is beyond 160 bits */
  } else {
    mpfr_exp(y, x, MPFR_RNDN);
    mpfr_log1p(y, y, MPFR_RNDN);
  }
}

/* Distance of `got` from the exact value, in units of the last place that a double of that size has. */
static double ulps(double got, const mpfr_t exact) {
  double nearest = mpfr_get_d(exact, MPFR_RNDN);
  if (isinf(nearest) || isinf(got)) return nearest == got ? 0.0 : HUGE_VAL;
  mpfr_exp_t unit = mpfr_zero_p(exact) ? -1074 : mpfr_get_exp(exact) - 53;
  if (unit < -1074) unit = -1074;
  mpfr_t difference;
  mpfr_init2(difference, 160);
  mpfr_sub_d(difference, exact, got, MPFR_RNDN);
  mpfr_mul_2si(difference, difference, -unit, MPFR_RNDN);
  double result = fabs(mpfr_get_d(difference, MPFR_RNDN));
  mpfr_clear(difference);
  return result;
}

static void check_point(kernel_function kernel, exact_function exact, double x, double bound) {
  double got;
  mpfr_t argument, value;
  mpfr_init2(argument, 53);
  mpfr_init2(value, 160);
  mpfr_set_d(argument, x, MPFR_RNDN);
  exact(value, argument);
  kernel(&got, &x, 1);
  double error = ulps(got, value);
  if (!(error < bound)) fail_msg("at %a: %a is %g ulp off, bound %g", x, got, error, bound);
  mpfr_clear(argument);
  mpfr_clear(value);
}

static void check_range(kernel_function kernel, exact_function exact, double low, double high, double bound) {
  check_point(kernel, exact, low, bound);
  check_point(kernel, exact, high, bound);
  for (int64_t i = 0; i < 20000; i++) check_point(kernel, exact, random_between(low, high), bound);
}

/* Doubles of every exponent; log takes the positive ones. */
static void check_all_exponents(kernel_function kernel, exact_function exact, int32_t positive, double bound) {
  for (int64_t i = 0; i < 40000; i++) {
    uint64_t bits = random_bits();
    double x;
    if (i % 8 == 0) bits &= UINT64_C(0x800FFFFFFFFFFFFF); /* subnormal */
    if (positive) bits &= INT64_MAX;
    memcpy(&x, &bits, sizeof x);
    if (isfinite(x) && x != 0.0) check_point(kernel, exact, x, bound);
  }
}

static void test_exp_error(void **state) {
  (void)state;
  check_range(scalar->exp_f64, exact_exp, -745.2, 709.8, 0.85);
  check_range(scalar->exp_f64, exact_exp, -746.0, -708.0, 0.85); /* subnormal results */
  check_range(scalar->exp_f64, exact_exp, -1.0, 1.0, 0.85);
  check_range(scalar->exp_f64, exact_exp, 0.34, 0.36, 0.85); /* around a change of k */
  check_all_exponents(scalar->exp_f64, exact_exp, 0, 0.85);
}

static void test_log_error(void **state) {
  (void)state;
  check_range(scalar->log_f64, exact_log, 0.5, 2.0, 0.75);
  check_range(scalar->log_f64, exact_log, 0.69, 0.72, 0.75);
  check_range(scalar->log_f64, exact_log, 0.999, 1.001, 0.75);
  check_range(scalar->log_f64, exact_log, 0x1p-1074, 0x1p-1020, 0.75);
  check_all_exponents(scalar->log_f64, exact_log, 1, 0.75);
}

static void test_sigmoid_error(void **state) {
  (void)state;
  check_range(scalar->sigmoid_f64, exact_sigmoid, -746.0, 746.0, 3.0);
  check_range(scalar->sigmoid_f64, exact_sigmoid, -40.0, 40.0, 3.0);
  check_range(scalar->sigmoid_f64, exact_sigmoid, -5.0, 5.0, 3.0);
  check_range(scalar->sigmoid_f64, exact_sigmoid, -746.0, -700.0, 3.0);
  check_all_exponents(scalar->sigmoid_f64, exact_sigmoid, 0, 3.0);
}

static void test_softplus_error(void **state) {
  (void)state;
  check_range(scalar->softplus_f64, exact_softplus, -746.0, 746.0, 2.0);
  check_range(scalar->softplus_f64, exact_softplus, -40.0, 40.0, 2.0);
  check_range(scalar->softplus_f64, exact_softplus, -2.0, 1.0, 2.0);
  check_range(scalar->softplus_f64, exact_softplus, -746.0, -700.0, 2.0);
  check_all_exponents(scalar->softplus_f64, exact_softplus, 0, 2.0);
}

/* Both chances are sigmoids, though their exp is summed another way. */
static void check_chances(double x) {
  double pair[2], negative = -x, expected[2];
  scalar->sigmoid_f64(&expected[0], &negative, 1);
  scalar->sigmoid_f64(&expected[1], &x, 1);
  scalar->chances_f64(pair, x);
  if (isnan(x)) {
    assert_true(isnan(pair[0]) && isnan(pair[1]));
    return;
  }
  assert_same(pair[0], expected[0]);
  assert_same(pair[1], expected[1]);
}

static void test_chances_are_sigmoids(void **state) {
  (void)state;
  static const double edges[] = {0.0,   -0.0,  699.9999,         700.0,      700.0001, 745.2,
                                 746.0, 1e300, (double)INFINITY, (double)NAN};
  for (int64_t i = 0; i < COUNT(edges); i++) {
    check_chances(edges[i]);
    check_chances(-edges[i]);
  }
  for (int64_t i = 0; i < 1000000; i++) {
    uint64_t bits = random_bits();
    double x;
    memcpy(&x, &bits, sizeof x);
    check_chances(i % 8 ? random_between(-1.0, 1.0) * (i % 3 ? 40.0 : 750.0) : x);
  }
}

static void test_special_values(void **state) {
  (void)state;
  const double inf = (double)INFINITY, nan = (double)NAN;
  const struct {
    kernel_function kernel;
    double x, y;
  } cases[] = {
      {scalar->exp_f64, 0.0, 1.0},
      {scalar->exp_f64, -0.0, 1.0},
      {scalar->exp_f64, inf, inf},
      {scalar->exp_f64, -inf, 0.0},
      {scalar->exp_f64, nan, nan},
      {scalar->exp_f64, 0x1.62e42fefa39efp+9, 0x1.fffffffffff2ap+1023},
      {scalar->exp_f64, 0x1.62e42fefa39fp+9, inf},
      {scalar->exp_f64, -0x1.74910d52d3051p+9, 0x1p-1074},
      {scalar->exp_f64, -0x1.74910d52d3052p+9, 0.0},
      {scalar->exp_f64, 0x1p-1074, 1.0},
      {scalar->exp_f64, 1e308, inf},
      {scalar->exp_f64, -1e308, 0.0},
      {scalar->log_f64, 1.0, 0.0},
      {scalar->log_f64, 0.0, -inf},
      {scalar->log_f64, -0.0, -inf},
      {scalar->log_f64, inf, inf},
      {scalar->log_f64, -inf, nan},
      {scalar->log_f64, -1.0, nan},
      {scalar->log_f64, -0x1p-1074, nan},
      {scalar->log_f64, nan, nan},
      {scalar->sigmoid_f64, 0.0, 0.5},
      {scalar->sigmoid_f64, -0.0, 0.5},
      {scalar->sigmoid_f64, inf, 1.0},
      {scalar->sigmoid_f64, -inf, 0.0},
      {scalar->sigmoid_f64, nan, nan},
      {scalar->sigmoid_f64, 1e300, 1.0},
      {scalar->softplus_f64, inf, inf},
      {scalar->softplus_f64, -inf, 0.0},
      {scalar->softplus_f64, nan, nan},
      {scalar->softplus_f64, 1e300, 1e300},
      {scalar->softplus_f64, -1e300, 0.0},
      {scalar->softplus_f64, 0.0, 0x1.62e42fefa39efp-1},
  };
  for (int64_t i = 0; i < COUNT(cases); i++) {
    double y = cases[i].x;
    cases[i].kernel(&y, &y, 1);
    if (isnan(cases[i].y)) {
      assert_true(isnan(y));
    } else {
      assert_same(y, cases[i].y);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_crc32c_published),
      cmocka_unit_test(test_crc32c_continues),
      cmocka_unit_test(test_encode_every_byte),
      cmocka_unit_test(test_pack_by_hand),
      cmocka_unit_test(test_copy_name_every_byte),
      cmocka_unit_test(test_cut_records_by_hand),
      cmocka_unit_test(test_cut_records_every_byte),
      cmocka_unit_test(test_join_lines_by_hand),
      cmocka_unit_test(test_kmers_of_strings),
      cmocka_unit_test(test_slot_and_rank),
      cmocka_unit_test(test_hash_vectors),
      cmocka_unit_test(test_ranks_differ_in_their_upper_bits),
      cmocka_unit_test(test_count_by_search),
      cmocka_unit_test(test_gather_dot_i32_exact),
      cmocka_unit_test(test_sums_in_stated_order),
      cmocka_unit_test(test_sums_of_floats),
      cmocka_unit_test(test_sum_of_negative_zeros),
      cmocka_unit_test(test_axpy_is_not_fused),
      cmocka_unit_test(test_exp_error),
      cmocka_unit_test(test_log_error),
      cmocka_unit_test(test_sigmoid_error),
      cmocka_unit_test(test_softplus_error),
      cmocka_unit_test(test_chances_are_sigmoids),
      cmocka_unit_test(test_special_values),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
