/* SPDX-License-Identifier: MIT
 *
 * descriptor_protein.c: descriptors of residues.
 */
#include <string.h>

#include "features/descriptor.h"
#include "features/property_tables.h"

static int32_t is_residue(uint8_t code) {
  return code < BAI_RESIDUES;
}

static int32_t group_of(const bai_ctd_property *property, uint8_t code) {
  return property->groups[code] - '0';
}

/* ---- composition, transition, distribution ---- */

static void ctdc(const uint8_t *codes, int64_t length, double *out) {
  double counts[BAI_RESIDUES];
  const int64_t kept = bai_count_words(&bai_alphabets[BAI_ALPHABET_PROTEIN], 1, codes, length, counts);
  for (int32_t p = 0; p < BAI_CTD; p++, out += 3) {
    double sums[3] = {0};
    for (uint8_t a = 0; a < BAI_RESIDUES; a++) sums[group_of(&bai_ctd[p], a)] += counts[a];
    for (int32_t g = 0; g < 3; g++) out[g] = bai_share(sums[g], kept);
  }
}

static void ctdt(const uint8_t *codes, int64_t length, double *pairs, double *out) {
  const int64_t kept = bai_count_pairs(&bai_alphabets[BAI_ALPHABET_PROTEIN], 1, 1, codes, length, pairs);
  for (int32_t p = 0; p < BAI_CTD; p++, out += 3) {
    double sums[4] = {0}; /* by the sum of both groups less 1: 0 and 1, 0 and 2, 1 and 2 */
    for (uint8_t a = 0; a < BAI_RESIDUES; a++) {
      for (uint8_t b = 0; b < BAI_RESIDUES; b++) {
        const int32_t left = group_of(&bai_ctd[p], a), right = group_of(&bai_ctd[p], b);
        if (left != right) sums[left + right - 1] += pairs[BAI_RESIDUES * a + b];
      }
    }
    for (int32_t change = 0; change < 3; change++) out[change] = bai_share(sums[change], kept);
  }
}

/* Where in the sequence, in percent, the 1st residue of each group stands, and those of rank n/4, n/2, 3n/4 (rounded
 * down, at least the 1st) and n. */
static void ctdd(const uint8_t *codes, int64_t length, double *out) {
  memset(out, 0, 15 * BAI_CTD * sizeof *out);
  for (int32_t p = 0; p < BAI_CTD; p++, out += 15) {
    int64_t counts[3] = {0}, seen[3] = {0};
    for (int64_t i = 0; i < length; i++)
      if (is_residue(codes[i])) counts[group_of(&bai_ctd[p], codes[i])]++;
    for (int64_t i = 0; i < length; i++) {
      if (!is_residue(codes[i])) continue;
      const int32_t g = group_of(&bai_ctd[p], codes[i]);
      seen[g]++;
      for (int32_t quarter = 0; quarter < 5; quarter++) {
        const int64_t rank = counts[g] * quarter / 4;
        if (seen[g] == (rank > 1 ? rank : 1)) out[5 * g + quarter] = 100.0 * (double)(i + 1) / (double)length;
      }
    }
  }
}

/* ---- pseudo compositions ---- */

/* The mean over all pairs of left times right, both as distances from the mean of the 20 residues, in units of their
 * variance: the product of z-scores without their root. */
static double product_of_scores(const double *property, const double *pairs, int64_t kept, int32_t squared) {
  double mean = 0.0, variance = 0.0, sum = 0.0;
  for (int32_t a = 0; a < BAI_RESIDUES; a++) mean += property[a];
  mean /= BAI_RESIDUES;
  for (int32_t a = 0; a < BAI_RESIDUES; a++) variance += (property[a] - mean) * (property[a] - mean);
  variance /= BAI_RESIDUES;
  for (int32_t a = 0; a < BAI_RESIDUES; a++) {
    for (int32_t b = 0; b < BAI_RESIDUES; b++) {
      const double difference = property[a] - property[b];
      const double value = squared ? difference * difference : (property[a] - mean) * (property[b] - mean);
      sum += pairs[BAI_RESIDUES * a + b] * value;
    }
  }
  return bai_share(sum / variance, kept);
}

static void pseudo(const bai_descriptor *d, const uint8_t *codes, int64_t length, double *pairs, double *out) {
  enum { IFEATURE = 1, PROPY }; /* words of convention=; the first is chou */
  const int64_t kept = bai_count_words(d->alphabet, 1, codes, length, out);
  for (int32_t a = 0; a < BAI_RESIDUES && d->choice != IFEATURE; a++) out[a] = bai_share(out[a], kept);
  double *at = out + BAI_RESIDUES;
  for (int32_t lag = 1; lag <= d->lags; lag++) {
    const int64_t count = bai_count_pairs(d->alphabet, 1, lag, codes, length, pairs);
    if (d->kind == BAI_TERM_PAAC) {
      double sum = 0.0;
      for (int32_t p = 0; p < BAI_PAAC; p++) sum += product_of_scores(bai_paac[p], pairs, count, 1);
      *at++ = sum / BAI_PAAC;
    } else {
      for (int32_t p = 0; p < 2; p++) *at++ = product_of_scores(bai_paac[p], pairs, count, 0);
    }
  }
  bai_pseudo_finish(out, BAI_RESIDUES, at - out, d->weight, d->choice == PROPY ? 100.0 : 1.0);
}

/* ---- by position ---- */

static void blosum62(const uint8_t *codes, int64_t length, double *out) {
  for (int64_t i = 0; i < length; i++)
    for (int32_t b = 0; b < BAI_RESIDUES; b++) *out++ = is_residue(codes[i]) ? (double)bai_blosum62[codes[i]][b] : 0.0;
}

static void zscale(const uint8_t *codes, int64_t length, double *out) {
  for (int64_t i = 0; i < length; i++)
    for (int32_t z = 0; z < BAI_ZSCALES; z++) *out++ = is_residue(codes[i]) ? bai_zscale[codes[i]][z] : 0.0;
}

void bai_descriptor_residues(const bai_descriptor *descriptor, const uint8_t *codes, int64_t length, double *work,
                             double *out) {
  switch (descriptor->kind) {
    case BAI_TERM_CTDC:
      ctdc(codes, length, out);
      break;
    case BAI_TERM_CTDT:
      ctdt(codes, length, work, out);
      break;
    case BAI_TERM_CTDD:
      ctdd(codes, length, out);
      break;
    case BAI_TERM_BLOSUM62:
      blosum62(codes, length, out);
      break;
    case BAI_TERM_ZSCALE:
      zscale(codes, length, out);
      break;
    default: /* PAAC, APAAC */
      pseudo(descriptor, codes, length, work, out);
  }
}
