/* SPDX-License-Identifier: MIT
 *
 * test_levels.c: every level gives the bits of the scalar level, for every length up to 513 and every alignment, and
 * touches nothing outside its ranges: buffers lie against pages that must not be touched, and their near
 * surroundings are compared afterwards.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <sys/mman.h>

#include "kernels/kernels.h"
#include "support/random.h"

#define PAGE 4096
#define ROOM (4 * PAGE) /* bytes of a buffer between its guards */
#define MOST 513        /* longest input */
#define ENTRIES 1031    /* of a table that is looked into by column; a prime, so that any stride visits all */
#define NEAR 256        /* surroundings that are compared */
#define CANARY 0xA5
#define LEFT (-1) /* placement against the left guard; 0 to 63 is the distance from the right one */

typedef struct buffer {
  uint8_t *start; /* of ROOM bytes */
  uint8_t *data;
  int64_t bytes;
} buffer;

/* What a kernel gave. */
typedef struct outcome {
  int64_t bytes, reals;
  uint8_t byte[16 * ENTRIES];
  double real[ENTRIES];
} outcome;

typedef void (*trial)(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out);

static buffer buffers[5];
static outcome outcomes[2];
static uint64_t random_state;

static uint64_t random_bits(void) {
  return random_next(&random_state);
}

/* Puts `count` items of `size` bytes into buffer `b`, as near to the place as the type's alignment lets. */
static void *put(int32_t b, int64_t count, int64_t size, int32_t place) {
  buffer *at = &buffers[b];
  at->bytes = count * size;
  assert_true(at->bytes + 64 <= ROOM);
  int64_t offset = place == LEFT ? 0 : ROOM - at->bytes - place / size * size;
  at->data = at->start + offset;
  int64_t first = offset < NEAR ? 0 : offset - NEAR;
  int64_t end = offset + at->bytes + NEAR > ROOM ? ROOM : offset + at->bytes + NEAR;
  memset(at->start + first, CANARY, (size_t)(end - first));
  return at->data;
}

static void check_surroundings(void) {
  for (int32_t b = 0; b < 5; b++) {
    if (!buffers[b].data) continue;
    const uint8_t *data = buffers[b].data, *end = data + buffers[b].bytes, *last = buffers[b].start + ROOM;
    for (int64_t i = 0; i < NEAR && data - buffers[b].start > i; i++) assert_int_equal(data[-1 - i], CANARY);
    for (int64_t i = 0; i < NEAR && last - end > i; i++) assert_int_equal(end[i], CANARY);
    buffers[b].data = NULL;
  }
}

static void give_bytes(outcome *out, const void *data, int64_t n) {
  assert_true(out->bytes + n <= (int64_t)sizeof out->byte);
  if (n) memcpy(out->byte + out->bytes, data, (size_t)n);
  out->bytes += n;
}

static void give_reals(outcome *out, const double *data, int64_t n) {
  assert_true(out->reals + n <= ENTRIES);
  if (n) memcpy(out->real + out->reals, data, (size_t)(8 * n));
  out->reals += n;
}

static void check_equal(const char *level, const outcome *a, const outcome *b, int64_t n, int32_t place) {
  assert_true(a->bytes == b->bytes && a->reals == b->reals);
  if (memcmp(a->byte, b->byte, (size_t)a->bytes)) fail_msg("%s: n %ld, place %d", level, (long)n, place);
  for (int64_t i = 0; i < a->reals; i++) {
    if (isnan(a->real[i]) && isnan(b->real[i])) continue;
    if (memcmp(&a->real[i], &b->real[i], 8)) {
      fail_msg("%s: n %ld, place %d, item %ld: %a for %a", level, (long)n, place, (long)i, b->real[i], a->real[i]);
    }
  }
}

/* Runs one trial at every level for every length and every alignment, not for each pair of the two. */
static void at_every_place(trial run) {
  const bai_kernels *levels[3];
  int32_t count = bai_kernels_available(levels);
  for (int64_t n = 0; n <= MOST; n++) {
    int32_t step = n < 140 && n % 5 == 1 ? 1 : 7; /* all for 28 lengths, ten for the others */
    for (int32_t place = LEFT; place < 64; place += place == LEFT ? 1 : step) {
      for (int32_t level = 0; level < count; level++) {
        outcome *out = &outcomes[level > 0];
        out->bytes = out->reals = 0;
        random_state = (uint64_t)n * 64 + (uint64_t)(place + 2);
        run(levels[level], n, place, out);
        check_surroundings();
        if (level) check_equal(levels[level]->name, &outcomes[0], out, n, place);
      }
    }
  }
}

/* ---- inputs ---- */

static double random_real(int64_t kind) {
  static const double special[] = {0.0,        -0.0,      0x1p-1074, -0x1p-1074, 0x1.8p-1023,      -0x1p-1022,
                                   0x1p1023,   -0x1p1000, 1.0,       -1.0,       (double)INFINITY, -(double)INFINITY,
                                   (double)NAN};
  uint64_t bits = random_bits();
  if (kind == 0) return -0.0;
  if (kind >= 2 && bits % 4 == 0) return special[(bits >> 8) % (kind == 2 ? 10 : 13)];
  double value = (double)(int64_t)bits * 0x1p-63;
  return kind >= 2 ? value * 1000.0 : ldexp(value, (int)(bits % 64) - 32);
}

/* By length: all -0.0; plain numbers; with zeros, subnormals and huge ones; with inf and NaN too. */
static double *put_reals(int32_t b, int64_t count, int64_t n, int32_t place) {
  double *data = put(b, count, 8, place);
  for (int64_t i = 0; i < count; i++) data[i] = random_real(n % 4);
  return data;
}

static uint8_t *put_bytes(int32_t b, int64_t n, int32_t place, uint32_t below) {
  uint8_t *data = put(b, n, 1, place);
  for (int64_t i = 0; i < n; i++) data[i] = (uint8_t)((random_bits() >> 32) % below);
  return data;
}

static uint64_t *put_codes(int32_t b, int64_t n, int32_t place, int32_t shift) {
  uint64_t *data = put(b, n, 8, place);
  for (int64_t i = 0; i < n; i++) data[i] = random_bits() >> shift;
  return data;
}

/* Distinct columns below ENTRIES, the first and the last entry among them early. */
static uint32_t *put_columns(int32_t b, int64_t n, int32_t place) {
  uint32_t *data = put(b, n, 4, place);
  uint64_t stride = 1 + random_bits() % (ENTRIES - 1), start = random_bits() % 2 ? 0 : ENTRIES - 1;
  for (int64_t i = 0; i < n; i++) data[i] = (uint32_t)((start + stride * (uint64_t)i) % ENTRIES);
  return data;
}

/* ---- trials ---- */

static void try_crc32c(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  const uint8_t *data = put_bytes(0, n, place, 256);
  uint32_t crc = kernels->crc32c((uint32_t)random_bits(), data, n);
  give_bytes(out, &crc, 4);
}

static void try_letters(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  uint8_t *letters = put_bytes(0, n, place, 256);
  for (int64_t i = 0; i < n; i++) {
    if (random_bits() >> 62) letters[i] = (uint8_t) "ACGTUacgtuNn-"[(random_bits() >> 32) % 13];
  }
  uint8_t *codes = put(1, n, 1, place);
  int64_t unknown = kernels->encode(codes, letters, n);
  uint8_t *packed = put(2, (n + 3) / 4, 1, place);
  kernels->pack(packed, codes, n);
  give_bytes(out, &unknown, 8);
  give_bytes(out, codes, n);
  give_bytes(out, packed, (n + 3) / 4);
}

static void try_copy_name(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  uint8_t *name = put_bytes(0, n, place, 256), *copy = put(1, n, 1, place);
  uint32_t clean = (uint32_t)(random_bits() >> 63);
  for (int64_t i = 0; i < n; i++) {
    if (clean && (name[i] < ' ' || name[i] == 0x7F)) name[i] = i % 2 ? '\t' : 'x';
  }
  if (clean && n && random_bits() >> 63) name[(random_bits() >> 32) % (uint64_t)n] = place % 2 ? 0x7F : '\r';
  int64_t good = kernels->copy_name(copy, name, n);
  give_bytes(out, &good, 8);
  give_bytes(out, copy, n);
}

/* n bytes of records or of lines, cut where they end, with a wrong byte in every other text. */
static uint8_t *put_text(int64_t n, int32_t place, int32_t records) {
  static const char *const sets[] = {"ACGT", "acgtuACGTU", "ACGTN", "KLMz*-."};
  uint8_t *text = put(0, n, 1, place);
  uint64_t set = (random_bits() >> 32) % 4, longest = (random_bits() >> 32) % 4 ? 40 : 140;
  for (int64_t i = 0; i < n;) {
    uint64_t letters = 1 + (random_bits() >> 32) % longest, name = records ? (random_bits() >> 32) % longest : 0;
    uint64_t plus = records ? name + letters + 3 : UINT64_MAX, quality = records ? plus + 2 : UINT64_MAX;
    uint64_t all = records ? quality + letters + 1 : letters + 1, first = records ? name + 2 : 0;
    for (uint64_t j = 0; j < all && i < n; j++, i++) {
      uint64_t bits = random_bits() >> 32;
      text[i] = j >= quality ? (uint8_t)('!' + bits % 94) : (uint8_t)sets[set][bits % strlen(sets[set])];
      if (records && j < first) text[i] = j ? (uint8_t)(' ' + bits % 95) : '@';
      if (j == plus) text[i] = '+';
      if (j + 1 == all || j + 1 == first || j + 1 == plus || j + 1 == quality) text[i] = '\n';
    }
  }
  if (n && random_bits() >> 63) text[(random_bits() >> 32) % (uint64_t)n] = (uint8_t)(random_bits() >> 56);
  return text;
}

static bai_text_column put_column(int32_t b, int64_t room, int32_t place, int64_t *ends) {
  int64_t used = (int64_t)(random_bits() >> 32) % (room + 1);
  if (random_bits() >> 62) used = 0;
  return (bai_text_column){.bytes = put(b, room, 1, place), .ends = ends, .count = used, .room = room};
}

static void give_column(outcome *out, const bai_text_column *column, int64_t used, const int64_t *ends, int64_t n) {
  give_bytes(out, &column->count, 8);
  give_bytes(out, column->bytes + used, column->count - used);
  if (n) give_bytes(out, ends, 8 * n);
}

static void try_cut_records(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  const uint8_t *text = put_text(n, place, 1);
  int64_t most = (int64_t)(random_bits() >> 32) % 40, used[3], bytes;
  int64_t *ends = put(4, 3 * most, 8, place), room = random_bits() >> 62 ? 700 : 150;
  bai_text_columns c = {.names = put_column(1, room, place, ends),
                        .letters = put_column(2, room, place, ends + most),
                        .symbols = put_column(3, room, place, ends + 2 * most),
                        .wanted = random_bits() >> 62 ? 2000 : 100,
                        .refuse_ambiguous = (int32_t)(random_bits() >> 63)};
  if (random_bits() >> 62 == 0) c.symbols.bytes = NULL; /* looked at only */
  used[0] = c.names.count;
  used[1] = c.letters.count;
  used[2] = c.symbols.count;
  int64_t taken = kernels->cut_records(&c, text, n, most, &bytes);
  assert_true(c.names.ends - ends == taken && c.letters.ends - ends - most == taken);
  give_bytes(out, &taken, 8);
  give_bytes(out, &bytes, 8);
  give_bytes(out, &c.ambiguous, 8);
  give_column(out, &c.names, used[0], ends, taken);
  give_column(out, &c.letters, used[1], ends + most, taken);
  if (c.symbols.bytes == NULL) {
    assert_int_equal(c.symbols.count, used[2]);
    for (int64_t i = 0; i < taken; i++) assert_int_equal(ends[2 * most + i], used[2]);
    return;
  }
  give_column(out, &c.symbols, used[2], ends + 2 * most, taken);
}

static void try_join_lines(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  const uint8_t *text = put_text(n, place, 0);
  int64_t room = random_bits() >> 62 ? 700 : 150, bytes;
  bai_text_columns c = {.letters = put_column(2, room, place, NULL),
                        .wanted = random_bits() >> 62 ? INT64_MAX : (int64_t)(random_bits() >> 32) % 700,
                        .refuse_ambiguous = (int32_t)(random_bits() >> 63)};
  int64_t used = c.letters.count, taken = kernels->join_lines(&c, text, n, &bytes);
  give_bytes(out, &taken, 8);
  give_bytes(out, &bytes, 8);
  give_bytes(out, &c.ambiguous, 8);
  give_column(out, &c.letters, used, NULL, 0);
}

static void try_unpack(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  int64_t first = (int64_t)(random_bits() % 11);
  uint8_t *packed = put_bytes(0, (first + n + 3) / 4, place, 256);
  uint8_t *codes = put(1, n, 1, place);
  kernels->unpack(codes, packed, first, n);
  give_bytes(out, codes, n);
}

static void try_strands(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  uint64_t *forward = put_codes(0, n, place, 0), *reverse = put_codes(1, n, place, (int32_t)(n % 3));
  const uint8_t *next = put_bytes(2, n, place, 5);
  kernels->kmer_extend(forward, next, n);
  kernels->kmer_extend_reverse(reverse, next, n, 2 * (int32_t)(n % 32));
  give_bytes(out, forward, 8 * n);
  give_bytes(out, reverse, 8 * n);
}

static void try_canonical(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  uint64_t *forward = put_codes(0, n, place, 0), *reverse = put_codes(1, n, place, 0);
  for (int64_t i = 0; i < n; i += 7) reverse[i] = forward[i] ^ (i & 1);
  uint64_t *least = random_bits() % 2 ? forward : put(2, n, 8, place);
  kernels->kmer_canonical(least, forward, reverse, n);
  give_bytes(out, least, 8 * n);
}

static void try_slots(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  const uint64_t *codes = put_codes(0, n, place, 0);
  uint32_t *slots = put(1, n, 4, place);
  kernels->kmer_slot(slots, codes, n);
  give_bytes(out, slots, 4 * n);
  kernels->kmer_hash(slots, codes, n, 1 + (int32_t)(random_bits() % 31));
  give_bytes(out, slots, 4 * n);
  kernels->kmer_slot(slots, codes, n);
  kernels->word_hash(slots, slots, n, 1 + (int32_t)(random_bits() % 31));
  give_bytes(out, slots, 4 * n);
}

/* Codes above 3 among them. */
static void try_words(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  const int32_t k = 1 + (int32_t)(random_bits() % 16), canonical = (int32_t)(random_bits() >> 63);
  const uint8_t *codes = put_bytes(0, n ? n + k - 1 : 0, place, 5);
  uint32_t *words = put(1, n, 4, place);
  kernels->kmer_words(words, codes, n, k, canonical);
  give_bytes(out, words, 4 * n);
}

static void try_rank(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  uint32_t *words = put(0, n, 4, place), *prefix = put(2, 64, 4, place);
  const uint64_t *bits = put_codes(1, 64, place, 0);
  uint32_t *slots = random_bits() % 2 ? words : put(3, n, 4, place);
  for (int64_t i = 0; i < n; i++) words[i] = (uint32_t)(random_bits() >> 52); /* below 4,096 */
  for (int64_t i = 0; i < 64; i++) prefix[i] = (uint32_t)random_bits();
  kernels->kmer_rank(slots, words, n, bits, prefix);
  give_bytes(out, slots, 4 * n);
}

static void try_count(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  uint32_t *slots = put(0, n, 4, place), *counts = put(1, n, 4, place);
  uint32_t width = 1 + (uint32_t)(random_bits() % ENTRIES);
  for (int64_t i = 0; i < n; i++) slots[i] = (uint32_t)(random_bits() >> 32) % width;
  uint32_t *distinct = random_bits() % 2 ? slots : put(2, n, 4, place);
  uint32_t *table = put(3, width, 4, place);
  memset(table, 0, 4 * (size_t)width);
  int64_t found = kernels->count(distinct, counts, slots, n, table);
  give_bytes(out, distinct, 4 * found);
  give_bytes(out, counts, 4 * found);
  give_bytes(out, table, 4 * (int64_t)width);
}

/* Few words, so that equal ones are near each other, or many; against a search of each window. */
static void try_minimizers(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  const uint32_t below = random_bits() % 2 ? 65536 : 1 + (uint32_t)(random_bits() % 9);
  const int32_t window = 1 + (int32_t)(random_bits() % (uint64_t)(n < 40 ? n + 1 : 40));
  const int32_t by_word = (int32_t)(random_bits() % 2), first = (int32_t)(random_bits() % 2);
  uint32_t *words = put(0, n, 4, place), *chosen = put(1, n + 8, 4, place);
  uint64_t *keys = put(2, n, 8, place), *least = put(3, n, 8, place);
  for (int64_t i = 0; i < n; i++) words[i] = (uint32_t)(random_bits() >> 32) % below;
  if (n < window) return;
  const int64_t found = kernels->minimizers(chosen, words, n, window, by_word, first, keys, least);
  int64_t expected = 0, last = -1;
  for (int64_t i = 0; i + window <= n; i++) {
    int64_t best = i;
    for (int64_t j = i + 1; j < i + window; j++) {
      uint64_t ranks[2] = {words[best], words[j]};
      for (int32_t r = 0; r < 2 && !by_word; r++) {
        ranks[r] *= BAI_HASH_A;
        ranks[r] = (ranks[r] ^ ranks[r] >> 32) * BAI_HASH_B;
      }
      if (ranks[1] < ranks[0]) best = j;
    }
    if (best != last && (i || first)) {
      assert_true(expected < found);
      assert_int_equal(chosen[expected++], words[best]);
    }
    last = best;
  }
  assert_int_equal(found, expected);
  give_bytes(out, chosen, 4 * found);
}

/* Texts of two letters, or of one: many words are their own other strand, or nearly so. */
static void try_murmur_words(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  const int32_t k = 1 + (int32_t)(random_bits() % 70), both = random_bits() % 4 != 0;
  const int64_t length = n + k - 1;
  const uint64_t most = random_bits() % 2 ? UINT64_MAX : UINT64_MAX / 8, letters = random_bits() % 3;
  uint8_t *forward = put(0, length + BAI_WORD_SLACK, 1, place), *reverse = put(1, length + BAI_WORD_SLACK, 1, place);
  uint64_t *hashes = put(2, n, 8, place);
  int32_t *places = put(3, n, 4, place);
  for (int64_t i = 0; i < length; i++) {
    const uint64_t letter = letters == 0 ? 3 * (uint64_t)(i % 2) : random_bits() % (letters == 1 ? 2 : 4);
    forward[i] = (uint8_t) "ACGT"[letter];
    reverse[length - 1 - i] = (uint8_t) "TGCA"[letter];
  }
  const int64_t found =
      kernels->murmur_words(hashes, places, forward, both ? reverse : NULL, n, k, random_bits(), most);
  assert_true(most < UINT64_MAX || found == n);
  give_bytes(out, &found, 8);
  give_bytes(out, hashes, 8 * found);
  give_bytes(out, places, 4 * found);
}

static void try_one_hot(const bai_kernels *kernels, int64_t length, int32_t place, outcome *out) {
  const int64_t n = length / 2;
  const uint8_t *codes = put_bytes(0, n, place, 5);
  uint8_t *bytes = put(1, 4 * n, 1, place);
  double *reals = put(2, n, 32, place);
  const double value = random_real(n % 4);
  kernels->one_hot_u8(bytes, codes, n);
  kernels->one_hot_f64(reals, codes, n, value);
  for (int64_t i = 0; i < 4 * n; i++) {
    assert_int_equal(bytes[i], codes[i / 4] == i % 4);
    const double expected = bytes[i] ? value : 0.0;
    assert_memory_equal(&reals[i], &expected, 8);
  }
  give_bytes(out, bytes, 4 * n);
}

/* Words of 1 to 5 codes, against each word by itself. */
static void try_kmer_sum(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  const int32_t k = 1 + (int32_t)(n % 5), words = 1 << 2 * k;
  const int64_t length = n ? n + k - 1 : 0;
  int32_t *weights = put(0, words, 4, place);
  uint8_t *codes = put(1, length, 1, place);
  for (int32_t i = 0; i < words; i++) weights[i] = (int32_t)(uint32_t)(random_bits() >> 32);
  for (int64_t i = 0; i < length; i++) codes[i] = (uint8_t)(random_bits() % 4);
  const int64_t sum = kernels->kmer_sum(weights, codes, n, k);
  int64_t expected = 0;
  for (int64_t i = 0; i < n; i++) {
    int32_t word = 0;
    for (int32_t j = 0; j < k; j++) word = 4 * word + codes[i + j];
    expected += weights[word];
  }
  assert_true(sum == expected);
  give_bytes(out, &sum, 8);
}

static void try_exchange(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  const int64_t places = n / 5, k = 1 + n % 4; /* four numbers a place */
  int32_t *weights = put(0, INT64_C(1) << 2 * k, 4, place);
  uint32_t *words = put(1, places + k - 1, 4, place);
  const uint8_t *codes = put_bytes(2, places, place, 4);
  double *parts = put(3, 4 * places, 8, place);
  for (int64_t i = 0; i < INT64_C(1) << 2 * k; i++) weights[i] = (int32_t)(uint32_t)(random_bits() >> 32);
  for (int64_t i = 0; i < places + k - 1; i++) words[i] = (uint32_t)(random_bits() >> 32) & ((1u << 2 * k) - 1);
  for (int64_t i = 0; i < 4 * places; i++) parts[i] = random_real(1);
  const bai_exchange how = {weights, (int32_t)k, (int64_t)random_bits() >> 4, 0x1p-20, 1.0, 1.0 + (double)(n % 7)};
  kernels->exchange_f64(parts, &how, words, codes, places);
  give_reals(out, parts, 4 * places);
}

static void try_gather_dot_i32(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  int32_t *weights = put(0, ENTRIES, 4, place), shift = n % 2 ? 12 : 0; /* products stay below 2^52 */
  uint32_t *columns = put_columns(1, n, place), *values = put(2, n, 4, place);
  for (int64_t i = 0; i < ENTRIES; i++) weights[i] = (int32_t)(uint32_t)(random_bits() >> 32) >> shift;
  for (int64_t i = 0; i < n; i++) values[i] = (uint32_t)(random_bits() >> 32) >> (12 - shift);
  int64_t sum = kernels->gather_dot_i32(weights, columns, values, n);
  give_bytes(out, &sum, 8);
}

/* Three to five units a column. */
static void try_gather_rows_i32(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  const int64_t units = 3 + n % 3, columns = ENTRIES / units;
  int32_t *weights = put(0, columns * units, 4, place);
  uint32_t *picked = put(1, n, 4, place), *values = put(2, n, 4, place);
  int64_t *sums = put(3, units, 8, place);
  for (int64_t i = 0; i < columns * units; i++) weights[i] = (int32_t)(uint32_t)(random_bits() >> 32);
  for (int64_t i = 0; i < n; i++) picked[i] = (uint32_t)((random_bits() >> 32) % (uint64_t)columns);
  for (int64_t i = 0; i < n; i++) values[i] = (uint32_t)(random_bits() >> 32) >> 10;
  for (int64_t j = 0; j < units; j++) sums[j] = j - 2;
  kernels->gather_rows_i32(sums, weights, units, picked, values, n);
  give_bytes(out, sums, 8 * units);
  for (int64_t j = 0; j < units; j++) {
    int64_t expected = j - 2;
    for (int64_t i = 0; i < n; i++) expected += (int64_t)weights[picked[i] * units + j] * values[i];
    assert_true(sums[j] == expected);
  }
}

static void try_dot(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  const double *a = put_reals(0, n, n, place), *b = put_reals(1, n, n / 4, place);
  double sum = kernels->dot_f64(a, b, n);
  give_reals(out, &sum, 1);
  float *c = put(2, n, 4, place), *d = put(3, n, 4, place);
  for (int64_t i = 0; i < n; i++) {
    c[i] = (float)a[i];
    d[i] = (float)b[i];
  }
  sum = kernels->dot_f32(c, d, n);
  give_reals(out, &sum, 1);
}

/* Rows that overlap, as many as the length says; what is summed here is longer than two runs where n is large. */
static void try_dot_rows_f32(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  const int64_t rows = n % 11, width = n < 400 ? n : 2 * n + n % 64, stride = n % 5, all = width + rows * stride;
  float *x = put(0, all, 4, place), *weights = put(1, width, 4, place);
  double *sums = put(2, rows, 8, place);
  for (int64_t i = 0; i < all; i++) x[i] = (float)random_real(n % 4);
  for (int64_t i = 0; i < width; i++) weights[i] = (float)random_real(n % 3);
  kernels->dot_rows_f32(sums, x, 4 * stride, rows, weights, width);
  give_reals(out, sums, rows);
  for (int64_t r = 0; r < rows; r++) {
    const double sum = kernels->dot_f32(x + r * stride, weights, width);
    assert_true((isnan(sum) && isnan(sums[r])) || memcmp(&sum, &sums[r], 8) == 0);
  }
}

/* One row and several, of a width that the length says. */
static void try_dot_panels(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  const int64_t row_count = n % 19, count = 1 + n % 3, width = n < 80 ? n : n % 80;
  float *x = put(0, width * row_count, 4, place), *panels = put(1, 16 * width * count, 4, place);
  double *sums = put(2, 16 * count * row_count, 8, place), *biases = put_reals(3, n, n, place);
  for (int64_t i = 0; i < width * row_count; i++) x[i] = (float)random_real(n % 4);
  for (int64_t i = 0; i < 16 * width * count; i++) panels[i] = (float)random_real(n % 3);
  const int32_t beyond = kernels->dot_panels_f32(sums, x, 4 * width, row_count, panels, count, width);
  give_bytes(out, &beyond, 4);
  give_reals(out, sums, 16 * count * row_count);
  const double *weights = put_reals(4, n, n / 4, place), total = kernels->relu_dot_f64(biases, biases, weights, n);
  give_reals(out, &total, 1);
  float *narrow = put(0, n, 4, place);
  const int32_t wide = kernels->narrow_f64(narrow, biases, n);
  give_bytes(out, &wide, 4);
  for (int64_t i = 0; i < n; i++) narrow[i] = isnan(narrow[i]) ? 0.0f : narrow[i];
  give_bytes(out, narrow, 4 * n);
}

static void try_chances(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  double *pair = put(0, 2, 8, place);
  kernels->chances_f64(pair, random_real(n % 4) * (n % 2 ? 700.0 : 1.0));
  give_reals(out, pair, 2);
}

static void try_gather_dot_f64(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  const double *weights = put_reals(0, ENTRIES, n, place), *values = put_reals(2, n, n / 4, place);
  const uint32_t *columns = put_columns(1, n, place);
  double sum = kernels->gather_dot_f64(weights, columns, values, n);
  give_reals(out, &sum, 1);
}

static void try_axpy(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  double a = random_real(1 + n % 3);
  double *x = put_reals(0, n, n, place), *y = put_reals(1, n, n / 4, place);
  kernels->axpy_f64(y, a, x, n);
  give_reals(out, y, n);
  double *scaled = random_bits() % 2 ? x : put(2, n, 8, place);
  kernels->scale_f64(scaled, a, x, n);
  give_reals(out, scaled, n);
}

/* Rows of n numbers that lie anywhere, up to as many as fit. */
static int64_t put_rows(int64_t n, int32_t place, const double *rows[9]) {
  const int64_t fit = n ? (ROOM - 64) / 8 / n : 9, count = fit < 9 ? n % (fit + 1) : n % 10;
  double *all = put_reals(0, n * count, n, place);
  for (int64_t r = 0; r < count; r++) rows[r] = all + (r * 5 % count) * n;
  return count;
}

static void try_dot_rows(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  const double *rows[9], *x = put_reals(1, n, n / 4, place);
  double sums[9];
  const int64_t count = put_rows(n, place, rows);
  kernels->dot_rows_f64(sums, rows, count, x, n);
  for (int64_t r = 0; r < count; r++) { /* each as if it were alone */
    const double alone = kernels->dot_f64(rows[r], x, n);
    assert_true(memcmp(&alone, &sums[r], 8) == 0 || (isnan(alone) && isnan(sums[r])));
  }
  give_reals(out, sums, count);
}

static void try_axpy_rows(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  const double *rows[9];
  double *y = put_reals(1, n, n / 4, place);
  const int64_t count = put_rows(n, place, rows);
  const double *factors = put_reals(2, count, 1 + n % 3, place);
  kernels->axpy_rows_f64(y, factors, rows, count, n);
  give_reals(out, y, n);
}

/* The same numbers as float32 and as float64: sums of the first are those of the second. */
static void try_float_rows(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  const int64_t fit = n ? (ROOM - 64) / 8 / n : 9, count = fit < 9 ? n % (fit + 1) : n % 10;
  const float *rows[9];
  const double *wide[9], *x = put_reals(1, n, n / 4, place), *factors = put_reals(2, count, 1 + n % 3, place);
  float *all = put(0, n * count, 4, place);
  double *widened = put(3, n * count, 8, place), *y = put(4, n, 8, place), sums[2][9], by_wide[MOST] = {0};
  for (int64_t i = 0; i < n * count; i++) all[i] = (float)random_real(n % 4);
  kernels->widen_f32(widened, all, n * count);
  for (int64_t r = 0; r < count; r++) {
    rows[r] = all + (r * 5 % count) * n;
    wide[r] = widened + (r * 5 % count) * n;
  }
  kernels->dot_floats_f64(sums[0], rows, count, x, n);
  kernels->dot_rows_f64(sums[1], wide, count, x, n);
  for (int64_t r = 0; r < count; r++)
    assert_true((isnan(sums[0][r]) && isnan(sums[1][r])) || memcmp(&sums[0][r], &sums[1][r], 8) == 0);
  memset(y, 0, (size_t)n * 8);
  kernels->axpy_floats_f64(y, factors, rows, count, n);
  kernels->axpy_rows_f64(by_wide, factors, wide, count, n);
  for (int64_t i = 0; i < n; i++) assert_true((isnan(y[i]) && isnan(by_wide[i])) || memcmp(&y[i], &by_wide[i], 8) == 0);
  give_reals(out, sums[0], count);
  give_reals(out, y, n);
}

/* Up to 39 columns, as many rows of them as fit, and what stands behind them may be fetched. */
static void try_rows_of_columns(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  const int64_t width = n % 40, count = width ? n / width % 30 : 0, first = n % 3, end = first + count + n % 7;
  const float *columns[40];
  float *all = put(0, width * end, 4, place);
  double *rows = put(1, width * count, 8, place);
  for (int64_t i = 0; i < width * end; i++) all[i] = (float)random_real(n % 4);
  for (int64_t c = 0; c < width; c++) columns[c] = all + c * end;
  kernels->rows_of_columns_f32(rows, columns, first, count, width, end);
  for (int64_t r = 0; r < count; r++)
    for (int64_t c = 0; c < width; c++) {
      const double number = (double)columns[c][first + r];
      assert_true(isnan(number) ? isnan(rows[r * width + c]) : memcmp(&number, &rows[r * width + c], 8) == 0);
    }
  give_reals(out, rows, width * count);
}

static void try_digest(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  const double *x = put_reals(0, n, n % 3, place);
  const uint64_t digest = kernels->digest_f64(random_bits(), x, n);
  give_bytes(out, &digest, 8);
}

/* Squares of 0 to 31 columns, and one number between the rows of the square that stays as it is. */
static void try_add_square(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  const int64_t width = n % 32, count = n / 32 + (n % 5 == 0 && width < 24 ? 60 : 0);
  const double *rows = put_reals(0, count * width, n, place);
  double *square = put_reals(1, width * (width + 1), n / 4, place);
  kernels->add_square_f64(square, width + 1, rows, count, width);
  give_reals(out, square, width * (width + 1));
}

static void try_scale_columns(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  double *x = put_reals(0, n, n, place), *y = put(1, n, 8, place);
  const double *fill = put_reals(2, n, n / 4, place), *centre = put_reals(3, n, n / 3, place);
  const double *factor = put_reals(4, n, n / 5, place);
  for (int64_t i = 0; i < n; i += 4) x[i] = (double)NAN;
  double beyond = (double)kernels->scale_columns_f64(y, x, n % 2 ? fill : NULL, centre, factor, n);
  give_reals(out, y, n);
  give_reals(out, &beyond, 1);
}

static void try_scatter_axpy(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  double *y = put_reals(0, ENTRIES, n, place);
  const double *values = put_reals(2, n, n / 4, place);
  const uint32_t *columns = put_columns(1, n, place);
  kernels->scatter_axpy_f64(y, random_real(1 + n % 3), columns, values, n);
  give_reals(out, y, ENTRIES);
}

static void try_function(void (*function)(double *, const double *, int64_t), int64_t n, int32_t place, outcome *out) {
  double *x = put_reals(0, n, n, place);
  for (int64_t i = 0; i < n; i += 3) { /* doubles of every exponent */
    uint64_t bits = random_bits();
    memcpy(&x[i], &bits, 8);
  }
  double *y = random_bits() % 2 ? x : put(1, n, 8, place);
  function(y, x, n);
  give_reals(out, y, n);
}

static void try_exp(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  try_function(kernels->exp_f64, n, place, out);
}
static void try_log(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  try_function(kernels->log_f64, n, place, out);
}
static void try_sigmoid(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  try_function(kernels->sigmoid_f64, n, place, out);
}
static void try_softplus(const bai_kernels *kernels, int64_t n, int32_t place, outcome *out) {
  try_function(kernels->softplus_f64, n, place, out);
}

/* A test of its own for each trial, named after it. */
#define TRIAL(name)                       \
  static void test_##name(void **state) { \
    (void)state;                          \
    at_every_place(try_##name);           \
  }
TRIAL(crc32c)
TRIAL(letters)
TRIAL(copy_name)
TRIAL(cut_records)
TRIAL(join_lines)
TRIAL(unpack)
TRIAL(strands)
TRIAL(canonical)
TRIAL(slots)
TRIAL(words)
TRIAL(rank)
TRIAL(count)
TRIAL(one_hot)
TRIAL(minimizers)
TRIAL(murmur_words)
TRIAL(kmer_sum)
TRIAL(exchange)
TRIAL(gather_dot_i32)
TRIAL(gather_rows_i32)
TRIAL(dot)
TRIAL(dot_rows_f32)
TRIAL(dot_panels)
TRIAL(chances)
TRIAL(gather_dot_f64)
TRIAL(axpy)
TRIAL(dot_rows)
TRIAL(axpy_rows)
TRIAL(float_rows)
TRIAL(rows_of_columns)
TRIAL(digest)
TRIAL(add_square)
TRIAL(scale_columns)
TRIAL(scatter_axpy)
TRIAL(exp)
TRIAL(log)
TRIAL(sigmoid)
TRIAL(softplus)

/* A column of 2^31 or more is no negative index. The pages of the table that are not touched do not exist. */
static void test_columns_beyond_2_to_31(void **state) {
  (void)state;
  const int64_t entries = (INT64_C(1) << 31) + 64;
  double *weights =
      mmap(NULL, (size_t)(8 * entries), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (weights == MAP_FAILED) skip();
  uint32_t columns[20], ones[20];
  double values[20];
  int32_t *integers = (int32_t *)(void *)weights;
  for (int64_t i = 0; i < 20; i++) {
    columns[i] = (uint32_t)(entries - 1 - i);
    values[i] = ones[i] = 1;
  }
  const bai_kernels *levels[3];
  int32_t count = bai_kernels_available(levels);
  for (int32_t level = 0; level < count; level++) {
    for (int64_t i = 0; i < 20; i++) weights[columns[i]] = 3.0;
    assert_true(levels[level]->gather_dot_f64(weights, columns, values, 20) == 60.0);
    levels[level]->scatter_axpy_f64(weights, 1.0, columns, values, 20);
    for (int64_t i = 0; i < 20; i++) assert_true(weights[columns[i]] == 4.0);
    for (int64_t i = 0; i < 20; i++) integers[columns[i]] = -5;
    assert_int_equal(levels[level]->gather_dot_i32(integers, columns, ones, 20), -100);
  }
  munmap(weights, (size_t)(8 * entries));
}

static int make_buffers(void **state) {
  (void)state;
  for (int32_t b = 0; b < 5; b++) {
    uint8_t *pages = mmap(NULL, ROOM + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + PAGE, ROOM, PROT_READ | PROT_WRITE)) return -1;
    buffers[b].start = pages + PAGE;
  }
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_crc32c),
      cmocka_unit_test(test_letters),
      cmocka_unit_test(test_copy_name),
      cmocka_unit_test(test_cut_records),
      cmocka_unit_test(test_join_lines),
      cmocka_unit_test(test_unpack),
      cmocka_unit_test(test_strands),
      cmocka_unit_test(test_canonical),
      cmocka_unit_test(test_slots),
      cmocka_unit_test(test_words),
      cmocka_unit_test(test_rank),
      cmocka_unit_test(test_count),
      cmocka_unit_test(test_one_hot),
      cmocka_unit_test(test_minimizers),
      cmocka_unit_test(test_murmur_words),
      cmocka_unit_test(test_kmer_sum),
      cmocka_unit_test(test_exchange),
      cmocka_unit_test(test_gather_dot_i32),
      cmocka_unit_test(test_gather_rows_i32),
      cmocka_unit_test(test_dot),
      cmocka_unit_test(test_dot_rows_f32),
      cmocka_unit_test(test_dot_panels),
      cmocka_unit_test(test_chances),
      cmocka_unit_test(test_gather_dot_f64),
      cmocka_unit_test(test_axpy),
      cmocka_unit_test(test_dot_rows),
      cmocka_unit_test(test_axpy_rows),
      cmocka_unit_test(test_float_rows),
      cmocka_unit_test(test_rows_of_columns),
      cmocka_unit_test(test_digest),
      cmocka_unit_test(test_add_square),
      cmocka_unit_test(test_scale_columns),
      cmocka_unit_test(test_scatter_axpy),
      cmocka_unit_test(test_exp),
      cmocka_unit_test(test_log),
      cmocka_unit_test(test_sigmoid),
      cmocka_unit_test(test_softplus),
      cmocka_unit_test(test_columns_beyond_2_to_31),
  };
  return cmocka_run_group_tests(tests, make_buffers, NULL);
}
