/* SPDX-License-Identifier: MIT
 *
 * words.h: the part of scalar.h that is about words: k-mers, their hashes, minimizers and sketches. scalar.h includes
 * it.
 */
#ifndef BAI_WORDS_H
#define BAI_WORDS_H

#include <string.h>

#include "kernels/kernels.h"

/* ---- k-mers ---- */

static inline void scalar_kmer_extend(uint64_t *forward, const uint8_t *next, int64_t n) {
  BAI_EACH for (int64_t i = 0; i < n; i++) forward[i] = forward[i] << 2 | (uint64_t)(next[i] & 3);
}

static inline void scalar_kmer_extend_reverse(uint64_t *reverse, const uint8_t *next, int64_t n, int32_t shift) {
  BAI_EACH for (int64_t i = 0; i < n; i++) reverse[i] |= (uint64_t)(~next[i] & 3) << shift; /* 3 - c is ~c of 2 bits */
}

static inline void scalar_kmer_canonical(uint64_t *out, const uint64_t *forward, const uint64_t *reverse, int64_t n) {
  BAI_EACH for (int64_t i = 0; i < n; i++) out[i] = forward[i] < reverse[i] ? forward[i] : reverse[i];
}

static inline int64_t scalar_kmer_sum(const int32_t *weights, const uint8_t *codes, int64_t n, int32_t k) {
  const uint32_t mask = (UINT32_C(1) << 2 * k) - 1;
  uint32_t word = 0;
  int64_t sum = 0;
  for (int32_t i = 0; n > 0 && i < k - 1; i++) word = word << 2 | codes[i];
  for (int64_t i = 0; i < n; i++) {
    word = (word << 2 | codes[i + k - 1]) & mask;
    sum += weights[word];
  }
  return sum;
}

static inline void scalar_kmer_slot(uint32_t *slots, const uint64_t *codes, int64_t n) {
  BAI_EACH for (int64_t i = 0; i < n; i++) slots[i] = (uint32_t)codes[i];
}

static inline void scalar_kmer_words(uint32_t *words, const uint8_t *codes, int64_t n, int32_t k, int32_t canonical) {
  const uint32_t mask = UINT32_MAX >> (32 - 2 * k);
  const int32_t top = 2 * k - 2;
  uint32_t forward = 0, reverse = 0;
  for (int64_t i = 0; n > 0 && i < n + k - 1; i++) {
    const uint32_t code = codes[i] & 3;
    forward = (forward << 2 | code) & mask;
    reverse = reverse >> 2 | (3 - code) << top;
    if (i >= k - 1) words[i - k + 1] = canonical && reverse < forward ? reverse : forward;
  }
}

static inline void scalar_kmer_rank(uint32_t *slots, const uint32_t *words, int64_t n, const uint64_t *bits,
                                    const uint32_t *prefix) {
  for (int64_t i = 0; i < n; i++) {
    const uint32_t word = words[i] / 64;
    const uint64_t below = (UINT64_C(1) << words[i] % 64) - 1;
    slots[i] = prefix[word] + (uint32_t)__builtin_popcountll(bits[word] & below);
  }
}

static inline uint64_t scalar_mix(uint64_t code) {
  uint64_t x = code * BAI_HASH_A;
  x ^= x >> 32;
  return x * BAI_HASH_B;
}

static inline uint32_t scalar_hash(uint64_t code, int32_t bits) {
  return (uint32_t)(scalar_mix(code) >> (64 - bits));
}

static inline void scalar_kmer_hash(uint32_t *slots, const uint64_t *codes, int64_t n, int32_t bits) {
  BAI_EACH for (int64_t i = 0; i < n; i++) slots[i] = scalar_hash(codes[i], bits);
}

static inline void scalar_word_hash(uint32_t *slots, const uint32_t *words, int64_t n, int32_t bits) {
  BAI_EACH for (int64_t i = 0; i < n; i++) slots[i] = scalar_hash(words[i], bits);
}

/* The first pass lists a slot when it is touched first, without a branch: whether a slot is new is not predictable. */
static inline int64_t scalar_count(uint32_t *distinct, uint32_t *counts, const uint32_t *slots, int64_t n,
                                   uint32_t *table) {
  int64_t found = 0;
  for (int64_t i = 0; i < n; i++) {
    uint32_t slot = slots[i];
    uint32_t count = table[slot];
    table[slot] = count + 1;
    distinct[found] = slot; /* found <= i, so this overwrites nothing unread when distinct is slots */
    found += count == 0;
  }
  for (int64_t i = 0; i < found; i++) {
    uint32_t slot = distinct[i];
    counts[i] = table[slot];
    table[slot] = 0;
  }
  return found;
}

/* Words in their order and to be told from it: the highest 48 bits of no two ranks of such words are equal. */
static inline void scalar_minimizer_keys(uint64_t *keys, const uint32_t *words, int64_t n, int32_t by_word) {
  if (by_word) {
    BAI_EACH for (int64_t i = 0; i < n; i++) keys[i] = words[i];
    return;
  }
  BAI_EACH for (int64_t i = 0; i < n; i++) keys[i] = (scalar_mix(words[i]) & ~UINT64_C(0xFFFF)) | words[i];
}

/* least[i] = the least key of the window at i, in steps that double what has been looked at; each reads ahead of what
 * it writes. */
static inline void scalar_window_least(uint64_t *least, const uint64_t *keys, int64_t n, int32_t window) {
  if (window == 1) {
    memcpy(least, keys, (size_t)n * sizeof *keys);
    return;
  }
  BAI_EACH for (int64_t i = 0; i < n - 1; i++) least[i] = keys[i] < keys[i + 1] ? keys[i] : keys[i + 1];
  for (int32_t seen = 2; seen < window;) {
    const int32_t step = 2 * seen <= window ? seen : window - seen;
    const uint64_t *ahead = least + step;
    seen += step;
    BAI_EACH for (int64_t i = 0; i < n - seen + 1; i++) least[i] = least[i] < ahead[i] ? least[i] : ahead[i];
  }
}

/* Another place is chosen where another key is the least, or where the first one that had it has been left behind. */
static inline int64_t scalar_minimizers(uint32_t *chosen, const uint32_t *words, int64_t n, int32_t window,
                                        int32_t by_word, int32_t first, uint64_t *keys, uint64_t *least) {
  int64_t count = first != 0;
  scalar_minimizer_keys(keys, words, n, by_word);
  scalar_window_least(least, keys, n, window);
  chosen[0] = (uint32_t)least[0] & 0xFFFF;
  for (int64_t i = 1; i < n - window + 1; i++) {
    chosen[count] = (uint32_t)least[i] & 0xFFFF;
    count += (least[i] != least[i - 1]) | (keys[i - 1] == least[i - 1]);
  }
  return count;
}

/* ---- MurmurHash3 ---- */

#define BAI_MURMUR_A UINT64_C(0x87c37b91114253d5)
#define BAI_MURMUR_B UINT64_C(0x4cf5ad432745937f)
#define BAI_MURMUR_C UINT64_C(0xff51afd7ed558ccd)
#define BAI_MURMUR_D UINT64_C(0xc4ceb9fe1a85ec53)

static inline uint64_t scalar_rotate(uint64_t x, int32_t left) {
  return x << left | x >> (64 - left);
}

static inline uint64_t scalar_murmur_end(uint64_t x) {
  x = (x ^ x >> 33) * BAI_MURMUR_C;
  x = (x ^ x >> 33) * BAI_MURMUR_D;
  return x ^ x >> 33;
}

static inline uint64_t scalar_first_mix(uint64_t word) {
  return scalar_rotate(word * BAI_MURMUR_A, 31) * BAI_MURMUR_B;
}

static inline uint64_t scalar_second_mix(uint64_t word) {
  return scalar_rotate(word * BAI_MURMUR_B, 33) * BAI_MURMUR_A;
}

/* Eight bytes, the first the lowest. */
static inline uint64_t scalar_eight(const uint8_t *at) {
  uint64_t word;
  memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  return word;
}

/* The lowest n bytes of eight; none for n below 1. */
static inline uint64_t scalar_lowest(uint64_t word, int64_t n) {
  return n >= 8 ? word : n > 0 ? word & ((UINT64_C(1) << (8 * n)) - 1) : 0;
}

/* There are BAI_WORD_SLACK bytes behind the n. */
static inline uint64_t scalar_murmur(const uint8_t *data, int64_t n, uint64_t seed) {
  uint64_t a = seed, b = seed;
  int64_t at = 0;
  for (; at + 16 <= n; at += 16) {
    a = scalar_rotate(a ^ scalar_first_mix(scalar_eight(data + at)), 27) + b;
    a = a * 5 + 0x52dce729;
    b = scalar_rotate(b ^ scalar_second_mix(scalar_eight(data + at + 8)), 31) + a;
    b = b * 5 + 0x38495ab5;
  }
  b ^= scalar_second_mix(scalar_lowest(scalar_eight(data + at + 8), n - at - 8));
  a ^= scalar_first_mix(scalar_lowest(scalar_eight(data + at), n - at));
  a ^= (uint64_t)n;
  b ^= (uint64_t)n;
  a += b;
  b += a;
  return scalar_murmur_end(a) + scalar_murmur_end(b);
}

/* The words from the index `from` on. */
static inline int64_t scalar_murmur_from(uint64_t *hashes, int32_t *places, const uint8_t *forward,
                                         const uint8_t *reverse, int64_t n, int32_t k, uint64_t seed, uint64_t most,
                                         int64_t from) {
  int64_t kept = 0;
  for (int64_t i = from; i < n; i++) {
    const uint8_t *word = forward + i, *other = reverse ? reverse + n - 1 - i : word;
    const uint64_t hash = scalar_murmur(memcmp(word, other, (size_t)k) <= 0 ? word : other, k, seed);
    if (hash > most) continue;
    hashes[kept] = hash;
    places[kept++] = (int32_t)i;
  }
  return kept;
}

static inline int64_t scalar_murmur_words(uint64_t *hashes, int32_t *places, const uint8_t *forward,
                                          const uint8_t *reverse, int64_t n, int32_t k, uint64_t seed, uint64_t most) {
  return scalar_murmur_from(hashes, places, forward, reverse, n, k, seed, most, 0);
}

static inline void scalar_one_hot_f64(double *out, const uint8_t *codes, int64_t n, double value) {
  const double table[5][4] = {{value, 0, 0, 0}, {0, value, 0, 0}, {0, 0, value, 0}, {0, 0, 0, value}, {0, 0, 0, 0}};
  for (int64_t i = 0; i < n; i++) memcpy(out + 4 * i, table[codes[i]], sizeof table[0]);
}

static inline void scalar_one_hot_u8(uint8_t *out, const uint8_t *codes, int64_t n) {
  const uint8_t table[5][4] = {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}, {0, 0, 0, 0}};
  for (int64_t i = 0; i < n; i++) memcpy(out + 4 * i, table[codes[i]], sizeof table[0]);
}

#endif
