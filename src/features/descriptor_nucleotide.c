/* SPDX-License-Identifier: MIT
 *
 * descriptor_nucleotide.c: descriptors of nucleotides. Sums over positions are made from counts of words and of pairs
 * of words, so that each is a sum over a table in one order.
 */
#include <string.h>

#include "features/descriptor.h"
#include "features/property_tables.h"

#define DINUCLEOTIDES 16

static int32_t is_base(uint8_t code) {
  return code < 4;
}

/* ---- counts that are not of one word a window ---- */

/* Every word that differs from this one in at most `changes` of its last `places` letters, once. */
static void spread(double *out, int64_t word, int32_t places, int32_t changes) {
  int64_t unit = 1;
  out[word]++;
  for (int32_t p = 0; changes > 0 && p < places; p++, unit *= 4) {
    const int64_t letter = word / unit % 4;
    for (int64_t other = 0; other < 4; other++)
      if (other != letter) spread(out, word + (other - letter) * unit, p, changes - 1);
  }
}

static void mismatch(const bai_descriptor *d, const uint8_t *codes, int64_t length, double *out) {
  bai_walk walk = bai_walk_begin(d->alphabet, d->k, codes, length);
  memset(out, 0, (size_t)walk.words * sizeof *out);
  while (bai_walk_next(&walk)) spread(out, walk.word, d->k, d->most);
}

/* One letter more: level j of `begun`, of 4^j entries, holds for each word of j letters the sum of delta^(letters from
 * its first one to here) over all ways to pick it so far, for j from 1 to k - 1. */
static void pick_letter(const bai_descriptor *d, uint8_t code, double *begun, double *out) {
  const int64_t all = (bai_words(4, d->k) - 4) / 3;
  double *level = begun + all;
  for (int64_t i = 0; i < all; i++) begun[i] *= d->delta;
  if (!is_base(code)) return;
  for (int32_t j = d->k - 1; j > 0; j--) {
    const int64_t words = bai_words(4, j);
    double *next = j == d->k - 1 ? out : level;
    level -= words;
    for (int64_t w = 0; w < words; w++) next[4 * w + code] += level[w];
  }
  begun[code] += d->delta;
}

static void subsequence(const bai_descriptor *d, const uint8_t *codes, int64_t length, double *begun, double *out) {
  bai_walk walk = bai_walk_begin(d->alphabet, d->k, codes, length);
  double whole = 1.0;
  memset(out, 0, (size_t)walk.words * sizeof *out);
  memset(begun, 0, (size_t)walk.words * sizeof *begun);
  for (int64_t i = 0; d->k > 1 && i < length; i++) pick_letter(d, codes[i], begun, out);
  /* Words without gaps weigh 1, and have been given delta^k. */
  for (int32_t j = 0; d->k > 1 && j < d->k; j++) whole *= d->delta;
  while (bai_walk_next(&walk)) out[walk.word] += d->k > 1 ? 1.0 - whole : 1.0;
}

static void pseeiip(const bai_descriptor *d, const uint8_t *codes, int64_t length, double *out) {
  const int64_t kept = bai_count_words(d->alphabet, 3, codes, length, out);
  for (int32_t w = 0; w < 64; w++)
    out[w] = bai_share(out[w], kept) * (bai_eiip[w / 16] + bai_eiip[w / 4 % 4] + bai_eiip[w % 4]);
}

/* Shares of codons in one frame, or how often a codon is used for each use that an even choice among the codons of its
 * residue would make. */
static void codon_usage(const bai_descriptor *d, const uint8_t *codes, int64_t length, double *out) {
  bai_walk walk = bai_walk_begin(d->alphabet, 3, codes, length);
  double counts[64] = {0};
  int64_t kept = 0;
  while (bai_walk_next(&walk)) {
    if (walk.start % 3 != d->frame) continue;
    counts[walk.word]++;
    kept++;
  }
  for (int32_t w = 0; w < 64; w++) {
    int64_t family = 0, uses = 0;
    for (int32_t other = 0; other < 64; other++) {
      if (bai_genetic_code[other] != bai_genetic_code[w]) continue;
      family++;
      uses += (int64_t)counts[other];
    }
    out[w] = d->choice ? bai_share(counts[w] * (double)family, uses) : bai_share(counts[w], kept);
  }
}

/* ---- by position ---- */

static void enac(const bai_descriptor *d, const uint8_t *codes, int64_t length, double *out) {
  int64_t counts[5] = {0};
  for (int64_t i = 0; i < length; i++) {
    counts[codes[i]]++;
    if (i >= d->window) counts[codes[i - d->window]]--;
    if (i < d->window - 1) continue;
    for (int32_t base = 0; base < 4; base++) *out++ = bai_share((double)counts[base], d->window - counts[4]);
  }
}

static void anf(const uint8_t *codes, int64_t length, double *out) {
  int64_t counts[4] = {0}, kept = 0;
  for (int64_t i = 0; i < length; i++) {
    out[i] = 0.0;
    if (is_base(codes[i])) out[i] = (double)++counts[codes[i]] / (double)++kept;
  }
}

static void ncp(const uint8_t *codes, int64_t length, double *out) {
  for (int64_t i = 0; i < length; i++)
    for (int32_t j = 0; j < 3; j++) *out++ = is_base(codes[i]) ? (double)bai_ncp[codes[i]][j] : 0.0;
}

static void eiip(const uint8_t *codes, int64_t length, double *out) {
  for (int64_t i = 0; i < length; i++) out[i] = is_base(codes[i]) ? bai_eiip[codes[i]] : 0.0;
}

/* ---- Z curve ---- */

static void zcurve(const bai_descriptor *d, const uint8_t *codes, int64_t length, double *counts, double *out) {
  bai_walk walk = bai_walk_begin(d->alphabet, d->k, codes, length);
  const int32_t phases = d->phase ? 3 : 1;
  int64_t kept = 0;
  memset(counts, 0, (size_t)(phases * walk.words) * sizeof *counts);
  for (; bai_walk_next(&walk); kept++) counts[walk.start % phases * walk.words + walk.word]++;
  for (int64_t before = 0; before < walk.words / 4; before++) {
    for (int32_t phase = 0; phase < phases; phase++) {
      const double *n = counts + phase * walk.words + 4 * before;
      *out++ = bai_share(n[0] + n[2] - n[1] - n[3], kept);
      *out++ = bai_share(n[0] + n[1] - n[2] - n[3], kept);
      *out++ = bai_share(n[0] + n[3] - n[1] - n[2], kept);
    }
  }
}

/* ---- covariances of dinucleotides ---- */

typedef struct steps {
  double values[BAI_STEPS][DINUCLEOTIDES];
} steps;

/* The table less its means over the sequence. */
static void centre(const bai_descriptor *d, const uint8_t *codes, int64_t length, steps *out) {
  double counts[DINUCLEOTIDES];
  const int64_t kept = bai_count_words(d->alphabet, 2, codes, length, counts);
  for (int32_t u = 0; u < BAI_STEPS; u++) {
    const double *table = bai_step_tables[d->table][u];
    double sum = 0.0;
    for (int32_t a = 0; a < DINUCLEOTIDES; a++) sum += counts[a] * table[a];
    const double mean = bai_share(sum, kept);
    for (int32_t a = 0; a < DINUCLEOTIDES; a++) out->values[u][a] = table[a] - mean;
  }
}

/* The mean of left times right over the pairs counted. */
static double mean_product(const double *pairs, int64_t kept, const double *left, const double *right) {
  double sum = 0.0;
  for (int32_t a = 0; a < DINUCLEOTIDES; a++) {
    double row = 0.0;
    for (int32_t b = 0; b < DINUCLEOTIDES; b++) row += pairs[DINUCLEOTIDES * a + b] * right[b];
    sum += left[a] * row;
  }
  return bai_share(sum, kept);
}

static void covariances(const bai_descriptor *d, const uint8_t *codes, int64_t length, double *pairs, double *out) {
  const int32_t own = d->kind != BAI_TERM_DCC, crossed = d->kind != BAI_TERM_DAC;
  steps table;
  centre(d, codes, length, &table);
  for (int32_t lag = 1; lag <= d->lags; lag++) {
    const int64_t kept = bai_count_pairs(d->alphabet, 2, lag, codes, length, pairs);
    double *at = out + lag - 1;
    for (int32_t u = 0; own && u < BAI_STEPS; u++, at += d->lags)
      *at = mean_product(pairs, kept, table.values[u], table.values[u]);
    for (int32_t u = 0; crossed && u < BAI_STEPS; u++) {
      for (int32_t v = u + 1; v < BAI_STEPS; v++, at += 2 * (int64_t)d->lags) {
        at[0] = mean_product(pairs, kept, table.values[u], table.values[v]);
        at[d->lags] = mean_product(pairs, kept, table.values[v], table.values[u]);
      }
    }
  }
}

/* ---- pseudo compositions ---- */

/* The mean over properties and pairs of the squared difference. */
static double mean_distance(const double *pairs, int64_t kept, const double table[BAI_STEPS][DINUCLEOTIDES]) {
  double sum = 0.0;
  for (int32_t a = 0; a < DINUCLEOTIDES; a++) {
    for (int32_t b = 0; b < DINUCLEOTIDES; b++) {
      double squares = 0.0;
      for (int32_t u = 0; u < BAI_STEPS; u++) squares += (table[u][a] - table[u][b]) * (table[u][a] - table[u][b]);
      sum += pairs[DINUCLEOTIDES * a + b] * squares;
    }
  }
  return bai_share(sum / BAI_STEPS, kept);
}

static void pseudo(const bai_descriptor *d, const uint8_t *codes, int64_t length, double *pairs, double *out) {
  const int64_t words = bai_words(4, d->k);
  const double(*table)[DINUCLEOTIDES] = bai_step_tables[d->table];
  const int64_t kept = bai_count_words(d->alphabet, d->k, codes, length, out);
  for (int64_t w = 0; w < words; w++) out[w] = bai_share(out[w], kept);
  double *at = out + words;
  for (int32_t lag = 1; lag <= d->lags; lag++) {
    const int64_t count = bai_count_pairs(d->alphabet, 2, lag, codes, length, pairs);
    if (d->kind != BAI_TERM_SCPSEDNC) *at++ = mean_distance(pairs, count, table);
    for (int32_t u = 0; d->kind == BAI_TERM_SCPSEDNC && u < BAI_STEPS; u++)
      *at++ = mean_product(pairs, count, table[u], table[u]);
  }
  bai_pseudo_finish(out, words, at - out, d->weight, 1.0);
}

/* ---- minimizers ---- */

/* Windows of a run of n known letters, a piece at a time; neighbouring pieces share a window, so that a place chosen in
 * both counts once. What the kernels work in, two lists of 64 bits and two of 32, stands in `keys`. */
static int64_t count_minimizers(const bai_kernels *kernels, const bai_descriptor *d, const uint8_t *codes, int64_t n,
                                uint64_t *keys, double *out) {
  const int64_t windows = n - d->k + 1 - d->window + 1, room = BAI_MINIMIZER_PIECE + d->window - 1;
  uint64_t *const least = keys + room;
  uint32_t *const words = (uint32_t *)(void *)(least + room), *const chosen = words + room;
  int64_t counted = 0, from = 0;
  if (windows < 1) return 0;
  do {
    const int64_t left = windows - from, here = left < BAI_MINIMIZER_PIECE ? left : BAI_MINIMIZER_PIECE;
    kernels->kmer_words(words, codes + from, here + d->window - 1, d->k, 0);
    const int64_t found =
        kernels->minimizers(chosen, words, here + d->window - 1, d->window, d->order, from == 0, keys, least);
    for (int64_t i = 0; i < found; i++) out[chosen[i]]++;
    counted += found;
    from += here - 1;
  } while (from + 1 < windows);
  return counted;
}

static void minimizer(const bai_kernels *kernels, const bai_descriptor *d, const uint8_t *codes, int64_t length,
                      double *work, double *out) {
  const int64_t words = bai_words(d->alphabet->size, d->k);
  int64_t chosen = 0;
  memset(out, 0, (size_t)words * sizeof *out);
  for (int64_t from = 0, to; from < length; from = to + 1) {
    for (to = from; to < length && is_base(codes[to]);) to++;
    chosen += count_minimizers(kernels, d, codes + from, to - from, (uint64_t *)(void *)work, out);
  }
  for (int64_t i = 0; !d->choice && i < words; i++) out[i] = bai_share(out[i], chosen);
}

/* ---- open reading frames ---- */

/* Letter i of a strand. */
static uint8_t letter_of(const uint8_t *codes, int64_t length, int32_t reverse, int64_t i) {
  if (!reverse) return codes[i];
  const uint8_t code = codes[length - 1 - i];
  return is_base(code) ? (uint8_t)(3 - code) : code;
}

/* From the first ATG to the next stop in the same frame, both within; a codon with an ambiguous letter breaks it. */
static void find_orfs(const uint8_t *codes, int64_t length, int32_t reverse, int64_t *longest, int64_t *count) {
  for (int64_t frame = 0; frame < 3; frame++) {
    int64_t open = -1;
    for (int64_t at = frame; at + 3 <= length; at += 3) {
      const uint8_t a = letter_of(codes, length, reverse, at), b = letter_of(codes, length, reverse, at + 1),
                    c = letter_of(codes, length, reverse, at + 2);
      const int32_t ambiguous = !is_base(a) || !is_base(b) || !is_base(c), codon = 16 * a + 4 * b + c;
      if (!ambiguous && bai_genetic_code[codon] != '*') {
        if (open < 0 && codon == 14) open = at; /* ATG */
        continue;
      }
      if (open >= 0 && !ambiguous) {
        (*count)++;
        if (at + 3 - open > *longest) *longest = at + 3 - open;
      }
      open = -1;
    }
  }
}

static void orf(const bai_descriptor *d, const uint8_t *codes, int64_t length, double *out) {
  int64_t longest = 0, count = 0;
  for (int32_t reverse = 0; reverse <= d->choice; reverse++) find_orfs(codes, length, reverse, &longest, &count);
  out[0] = (double)longest / (double)d->per;
  out[1] = bai_share((double)longest, length);
  out[2] = (double)count;
}

void bai_descriptor_nucleotides(const bai_kernels *kernels, const bai_descriptor *descriptor, const uint8_t *codes,
                                int64_t length, double *work, double *out) {
  switch (descriptor->kind) {
    case BAI_TERM_MISMATCH:
      mismatch(descriptor, codes, length, out);
      break;
    case BAI_TERM_SUBSEQUENCE:
      subsequence(descriptor, codes, length, work, out);
      break;
    case BAI_TERM_ENAC:
      enac(descriptor, codes, length, out);
      break;
    case BAI_TERM_NCP:
      ncp(codes, length, out);
      break;
    case BAI_TERM_ANF:
      anf(codes, length, out);
      break;
    case BAI_TERM_EIIP:
      eiip(codes, length, out);
      break;
    case BAI_TERM_PSEEIIP:
      pseeiip(descriptor, codes, length, out);
      break;
    case BAI_TERM_ZCURVE:
      zcurve(descriptor, codes, length, work, out);
      break;
    case BAI_TERM_DAC:
    case BAI_TERM_DCC:
    case BAI_TERM_DACC:
      covariances(descriptor, codes, length, work, out);
      break;
    case BAI_TERM_MINIMIZER:
      minimizer(kernels, descriptor, codes, length, work, out);
      break;
    case BAI_TERM_ORF:
      orf(descriptor, codes, length, out);
      break;
    case BAI_TERM_CODON_USAGE:
      codon_usage(descriptor, codes, length, out);
      break;
    default: /* PseDNC, PseKNC, SCPseDNC */
      pseudo(descriptor, codes, length, work, out);
  }
}
