/* SPDX-License-Identifier: MIT
 *
 * brute.h: k-mer features the slow way, over words as texts, as the oracle for the features room.
 */
#ifndef TEST_FEATURES_BRUTE_H
#define TEST_FEATURES_BRUTE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"

/* The symbols of each alphabet in code order, and the letters that each symbol stands for. */
typedef struct brute_alphabet {
  const char *symbols, *letters[20];
} brute_alphabet;
static const brute_alphabet brute_dna = {"ACGT", {"A", "C", "G", "TU"}};
static const brute_alphabet brute_ws = {"SW", {"CG", "ATU"}};
static const brute_alphabet brute_ry = {"RY", {"AG", "CTU"}};
static const brute_alphabet brute_protein = {
    "ACDEFGHIKLMNPQRSTVWY",
    {"A", "C", "D", "E", "F", "G", "H", "I", "K", "L", "M", "N", "P", "Q", "R", "S", "T", "V", "W", "Y"}};
static const brute_alphabet brute_gaac = {"12345", {"GAVLMI", "FYW", "KRH", "DE", "STCPNQ"}};
static const brute_alphabet brute_ctriad = {"1234567", {"AGV", "ILFP", "YMTS", "HNQW", "RK", "DE", "C"}};

/* What one block counts. */
typedef struct brute {
  const brute_alphabet *alphabet; /* NULL: DNA */
  int32_t position;               /* PositionKmer */
  int32_t k, canonical;
  char mask[64]; /* ones are letters of the word; empty: k ones */
  int64_t bins;
  int32_t everything; /* Length */
  int64_t slots;      /* hashed into so many columns; 0: exact */
  int32_t anchor;     /* 0 none, 1 start, 2 end */
  int64_t fitted;     /* the length that PositionKmer covers */
} brute;

/* The symbol of a letter in either case; 0 when it has none. */
static inline char brute_symbol(const brute_alphabet *alphabet, char letter) {
  const char upper = letter >= 'a' && letter <= 'z' ? (char)(letter - 32) : letter;
  for (int32_t i = 0; i < 20 && alphabet->letters[i]; i++)
    if (strchr(alphabet->letters[i], upper)) return alphabet->symbols[i];
  return 0;
}

/* The word at `letters` under the mask; 0 when it has a letter without a symbol. */
static inline int32_t brute_word(const brute *b, const char *letters, char word[32]) {
  int32_t n = 0;
  for (int32_t i = 0; b->mask[0] ? b->mask[i] != 0 : i < b->k; i++) {
    if (b->mask[0] && b->mask[i] == '0') continue;
    word[n] = brute_symbol(b->alphabet ? b->alphabet : &brute_dna, letters[i]);
    if (!word[n++]) return 0;
  }
  word[n] = 0;
  return 1;
}

static inline int32_t brute_span(const brute *b) {
  return b->mask[0] ? (int32_t)strlen(b->mask) : b->k;
}

/* The smaller of a word and its reverse complement, as texts. */
static inline void brute_smaller(char word[32], int32_t k) {
  char other[32];
  for (int32_t i = 0; i < k; i++) {
    const char c = word[k - 1 - i];
    other[i] = c == 'A' ? 'T' : c == 'C' ? 'G' : c == 'G' ? 'C' : 'A';
  }
  other[k] = 0;
  if (strcmp(other, word) < 0) memcpy(word, other, (size_t)k + 1);
}

static inline uint64_t brute_code(const brute_alphabet *alphabet, const char *word) {
  const char *symbols = alphabet ? alphabet->symbols : "ACGT";
  uint64_t code = 0;
  for (; *word; word++) code = code * strlen(symbols) + (uint64_t)(strchr(symbols, *word) - symbols);
  return code;
}

static inline void brute_spell(uint64_t code, int32_t k, char word[32]) {
  word[k] = 0;
  for (int32_t i = k - 1; i >= 0; i--, code /= 4) word[i] = "ACGT"[code % 4];
}

/* All words that are their own smaller form, in order: ranks[code] is the place, or -1. *count is how many. Made once
 * for each k and kept. */
static inline const int64_t *brute_ranks(int32_t k, int64_t *count) {
  static int64_t *ranks[16], counts[16];
  const uint64_t codes = ranks[k] ? 0 : UINT64_C(1) << (2 * k);
  if (codes) ranks[k] = malloc(codes * sizeof **ranks);
  assert_non_null(ranks[k]);
  for (uint64_t c = 0; c < codes; c++) {
    char word[32], smaller[32];
    brute_spell(c, k, word);
    memcpy(smaller, word, sizeof word);
    brute_smaller(smaller, k);
    ranks[k][c] = strcmp(word, smaller) == 0 ? counts[k]++ : -1;
  }
  *count = counts[k];
  return ranks[k];
}

/* Columns of one place. */
static inline int64_t brute_words(const brute *b) {
  int64_t words = 1, count;
  if (b->everything) return 1;
  if (b->slots) return b->slots;
  for (int32_t i = 0; i < b->k; i++) words *= (int64_t)strlen(b->alphabet ? b->alphabet->symbols : "ACGT");
  if (b->canonical) brute_ranks(b->k, &count);
  return b->canonical ? count : words;
}

static inline int64_t brute_width(const brute *b) {
  const int64_t places = b->position ? (b->fitted >= b->k ? b->fitted - b->k + 1 : 0) : b->bins ? b->bins : 1;
  return places * brute_words(b);
}

/* The hash that docs/formats.md fixes, written out anew. */
static inline int64_t brute_hash(uint64_t code, int64_t slots) {
  uint64_t x = code * UINT64_C(0x9E3779B97F4A7C15);
  x ^= x >> 32;
  x *= UINT64_C(0xD6E8FEB86659FD93);
  for (uint64_t all = UINT64_MAX; all != (uint64_t)slots - 1; all >>= 1) x >>= 1;
  return (int64_t)x;
}

/* Adds the counts of one sequence to counts[0 .. width - 1]; returns the words counted. `columns`, where not NULL, gets
 * the column of each in order, and `starts` where it begins. */
static inline int64_t brute_count(const brute *b, const char *letters, int64_t n, uint32_t *counts, int64_t *columns,
                                  int64_t *starts) {
  int64_t kept = 0, distinct;
  const int64_t *ranks = !b->slots && b->canonical ? brute_ranks(b->k, &distinct) : NULL;
  for (int64_t i = 0; i + brute_span(b) <= n; i++) {
    char word[32];
    int64_t place = b->bins ? i * b->bins / n : 0;
    if (!b->everything && !brute_word(b, letters + i, word)) continue;
    if (b->canonical) brute_smaller(word, b->k);
    int64_t column = b->everything ? 0 : (int64_t)brute_code(b->alphabet, word);
    if (b->position) {
      place = b->anchor == 2 ? i - (n - b->fitted) : i;
      if (place < 0 || place + b->k > b->fitted) continue;
    }
    if (b->slots)
      column = brute_hash((uint64_t)column, b->slots);
    else if (ranks)
      column = ranks[column];
    column += place * brute_words(b);
    counts[column]++;
    if (columns) columns[kept] = column;
    if (starts) starts[kept] = i;
    kept++;
  }
  return kept;
}

/* Random letters: `odd` in 100 are not A C G T; lower case and U are mixed in. */
static inline void brute_letters(uint64_t seed, int64_t n, int32_t odd, char *letters) {
  static const char plain[] = "ACGTACGTACGTacgtUu", others[] = "NnRYKMSWBDHVxZ*-.";
  for (int64_t i = 0; i < n; i++) {
    const uint64_t r = bai_random(seed, 77, (uint64_t)i);
    const int32_t is_odd = (int32_t)(r % 100) < odd;
    letters[i] = is_odd ? others[(r >> 8) % (sizeof others - 1)] : plain[(r >> 8) % (sizeof plain - 1)];
  }
}

/* The same for residues. */
static inline void brute_residues(uint64_t seed, int64_t n, int32_t odd, char *letters) {
  static const char plain[] = "ACDEFGHIKLMNPQRSTVWYacdefghiklmnpqrstvwyLLLKKKA", others[] = "BJOUXZbjouxz*-.";
  for (int64_t i = 0; i < n; i++) {
    const uint64_t r = bai_random(seed, 78, (uint64_t)i);
    const int32_t is_odd = (int32_t)(r % 100) < odd;
    letters[i] = is_odd ? others[(r >> 8) % (sizeof others - 1)] : plain[(r >> 8) % (sizeof plain - 1)];
  }
}

#endif
