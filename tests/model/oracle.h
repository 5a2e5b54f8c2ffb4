/* SPDX-License-Identifier: MIT
 *
 * oracle.h: the definition of a score (docs: numbers) once more, by brute force and in exact integers, from nothing but
 * the integer weights. Shares no code with the library.
 */
#ifndef TEST_MODEL_ORACLE_H
#define TEST_MODEL_ORACLE_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef __int128 oracle_wide;

typedef struct oracle_block {
  char kind; /* 'k' Kmer, 'p' PositionKmer */
  int32_t k, canonical;
  char value;          /* 'c' count, 'f' freq, 's' sqrt, 'b' binary */
  char norm;           /* '2', '1', '0' none */
  char anchor;         /* 's' start, 'e' end, 'n' none */
  int32_t bits;        /* of the hash; 0: a column a word */
  const char *mask;    /* ones are letters of the word; NULL: k ones */
  const char *letters; /* of the alphabet, by code; NULL: A C G T U */
  int64_t bins, per;   /* 0: no bins; counts are not divided */
} oracle_block;

static inline int32_t oracle_code(char letter) {
  const char *at = strchr("AaCcGgTtUu", letter);
  return at && letter ? (int32_t)(at - "AaCcGgTtUu") / 2 % 5 - (at - "AaCcGgTtUu" >= 8) : -1;
}

/* Code of a letter of the block's alphabet; -1 when it has none. */
static inline int32_t oracle_code_of(const oracle_block *block, char letter) {
  if (!block->letters) return oracle_code(letter);
  const char upper = letter >= 'a' && letter <= 'z' ? (char)(letter - 32) : letter;
  const char *at = strchr(block->letters, upper);
  return at ? (int32_t)(at - block->letters) : -1;
}

static inline int32_t oracle_span(const oracle_block *block) {
  return block->mask ? (int32_t)strlen(block->mask) : block->k;
}

static inline uint64_t oracle_other_strand(uint64_t code, int32_t k) {
  uint64_t out = 0;
  for (int32_t i = 0; i < k; i++) out = out * 4 + 3 - (code >> 2 * i) % 4;
  return out;
}

/* The number of canonical words of k letters below a code. */
static inline int64_t oracle_rank(uint64_t code, int32_t k) {
  int64_t rank = 0;
  for (uint64_t c = 0; c < code; c++) rank += c <= oracle_other_strand(c, k);
  return rank;
}

/* Columns of one place. */
static inline int64_t oracle_words(const oracle_block *block) {
  int64_t words = 1;
  for (int32_t i = 0; i < block->k; i++) words *= block->letters ? (int64_t)strlen(block->letters) : 4;
  if (block->bits) return INT64_C(1) << block->bits;
  return block->canonical ? oracle_rank((uint64_t)words, block->k) : words;
}

static inline int64_t oracle_width(const oracle_block *block, int64_t fitted) {
  if (block->kind == 'p') return fitted < block->k ? 0 : (fitted - block->k + 1) * oracle_words(block);
  return (block->bins ? block->bins : 1) * oracle_words(block);
}

static inline uint64_t oracle_hash(uint64_t code, int32_t bits) {
  uint64_t x = code * UINT64_C(0x9E3779B97F4A7C15);
  x ^= x >> 32;
  x *= UINT64_C(0xD6E8FEB86659FD93);
  return x >> (64 - bits);
}

/* The column of the word at `start`; -1 when there is none. */
static inline int64_t oracle_column(const oracle_block *block, int64_t fitted, const char *letters, int64_t length,
                                    int64_t start) {
  uint64_t code = 0;
  for (int64_t i = 0; i < oracle_span(block); i++) {
    if (block->mask && block->mask[i] == '0') continue;
    const int32_t c = oracle_code_of(block, letters[start + i]);
    if (c < 0) return -1;
    code = code * (block->letters ? strlen(block->letters) : 4) + (uint64_t)c;
  }
  int64_t place = block->bins ? start * block->bins / length : 0;
  if (block->kind == 'p') {
    place = block->anchor == 'e' ? start - length + fitted : start;
    if (place < 0 || place + block->k > fitted) return -1;
  }
  if (block->canonical && oracle_other_strand(code, block->k) < code) code = oracle_other_strand(code, block->k);
  if (block->bits)
    code = oracle_hash(code, block->bits);
  else if (block->canonical)
    code = (uint64_t)oracle_rank(code, block->k);
  return place * oracle_words(block) + (int64_t)code;
}

/* round(2^20 sqrt(c)), bit by bit. */
static inline uint64_t oracle_root(uint64_t count) {
  const oracle_wide square = (oracle_wide)count << 40;
  uint64_t root = 0;
  for (int32_t bit = 36; bit >= 0; bit--) {
    const uint64_t next = root | UINT64_C(1) << bit;
    if ((oracle_wide)next * next <= square) root = next;
  }
  return root + (square - (oracle_wide)root * root > (oracle_wide)root); /* beyond (root + 1/2)^2 */
}

static inline double oracle_divisor(const oracle_block *block, const uint64_t *counts, int64_t width) {
  uint64_t kept = 0, squares = 0, distinct = 0, roots = 0;
  for (int64_t c = 0; c < width; c++) {
    kept += counts[c];
    squares += counts[c] * counts[c];
    distinct += counts[c] > 0;
    roots += oracle_root(counts[c]);
  }
  if (kept == 0) return 1.0;
  switch (block->norm) {
    case '0':
      return block->value == 'f' ? (double)kept : block->per ? (double)block->per : 1.0;
    case '1':
      return block->value == 'b' ? (double)distinct : block->value == 's' ? ldexp((double)roots, -20) : (double)kept;
    default:
      return sqrt((double)(block->value == 'b' ? distinct : block->value == 's' ? kept : squares));
  }
}

/* Scores one sequence. `weights` is outputs x width, `exponents` outputs x blocks. */
static inline void oracle_score(const oracle_block *blocks, int32_t n, int64_t fitted, int32_t outputs,
                                const int32_t *weights, const int32_t *exponents, const double *intercepts,
                                const char *letters, int64_t length, double *scores) {
  int64_t whole = 0, first = 0;
  for (int32_t b = 0; b < n; b++) whole += oracle_width(&blocks[b], fitted);
  for (int32_t o = 0; o < outputs; o++) scores[o] = 0.0;
  for (int32_t b = 0; b < n; b++) {
    const int64_t width = oracle_width(&blocks[b], fitted);
    uint64_t *counts = calloc((size_t)width + 1, sizeof *counts);
    for (int64_t start = 0; start + oracle_span(&blocks[b]) <= length; start++) {
      const int64_t column = oracle_column(&blocks[b], fitted, letters, length, start);
      if (column >= 0) counts[column]++;
    }
    const double divisor = oracle_divisor(&blocks[b], counts, width);
    for (int32_t o = 0; o < outputs; o++) {
      oracle_wide sum = 0;
      for (int64_t c = 0; c < width; c++) {
        const uint64_t value = blocks[b].value == 's'   ? oracle_root(counts[c])
                               : blocks[b].value == 'b' ? counts[c] > 0
                                                        : counts[c];
        sum += (oracle_wide)weights[o * whole + first + c] * value;
      }
      const int32_t shift = exponents[o * n + b] + (blocks[b].value == 's' ? 20 : 0);
      scores[o] += ldexp((double)sum, -shift) / divisor;
    }
    free(counts);
    first += width;
  }
  for (int32_t o = 0; o < outputs; o++) scores[o] += intercepts[o];
}

#endif
