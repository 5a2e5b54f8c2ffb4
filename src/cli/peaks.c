/* SPDX-License-Identifier: MIT
 *
 * peaks.c: called peaks of a scan. Letters in reverse, not complemented, have the composition, repeats and neighbours
 * of the sequences but none of their words by more than chance: what they score is the null distribution.
 */
#include "peaks.h"

#include <stdlib.h>
#include <string.h>

enum { BITS = 20, BINS = 1 << BITS }; /* of a score's sign, exponent and first digits: to a part in 256 */

void cli_peaks_end(cli_peaks *p) {
  if (p->name == NULL) return;
  fprintf(p->out, "%.*s\t%lld\t%lld\tpeak_%lld\t%.6g\t%c\n", (int)p->length, p->name, (long long)p->start,
          (long long)p->end, (long long)++p->count, p->best, p->strand);
  free(p->name);
  p->name = NULL;
}

void cli_peaks_take(cli_peaks *p, const char *name, int64_t length, int64_t start, int64_t end, double score,
                    char strand) {
  if (!(score >= p->threshold)) return;
  const bool same = p->name != NULL && p->length == length && memcmp(p->name, name, (size_t)length) == 0;
  if (!same || start > p->end || start < p->start) {
    cli_peaks_end(p);
    p->name = cli_allocate((size_t)length + 1);
    memcpy(p->name, name, (size_t)length);
    p->length = length;
    p->start = start;
    p->best = score;
    p->strand = strand;
  } else if (score > p->best) {
    p->best = score;
    p->strand = strand;
  }
  p->end = end;
}

void cli_rates_make(cli_rates *rates) {
  for (int i = 0; i < 2; i++) {
    rates->counts[i] = cli_allocate(sizeof(int64_t) * BINS);
    memset(rates->counts[i], 0, sizeof(int64_t) * BINS);
  }
}

void cli_rates_free(cli_rates *rates) {
  free(rates->counts[0]);
  free(rates->counts[1]);
}

/* Whole numbers in the order of the doubles, and back. */
static uint64_t order_of(double score) {
  uint64_t bits;
  memcpy(&bits, &score, sizeof bits);
  return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static double score_of(uint64_t order) {
  const uint64_t bits = order >> 63 ? order & ~(UINT64_C(1) << 63) : ~order;
  double score;
  memcpy(&score, &bits, sizeof score);
  return score;
}

void cli_rates_add(cli_rates *rates, int reversed, double score) {
  rates->counts[reversed][order_of(score) >> (64 - BITS)]++;
}

bool cli_rates_threshold(const cli_rates *rates, double fdr, double *threshold, int64_t found[2]) {
  int64_t above[2] = {0, 0};
  bool any = false;
  for (int64_t bin = BINS - 1; bin >= 0; bin--) {
    above[0] += rates->counts[0][bin];
    above[1] += rates->counts[1][bin];
    if (rates->counts[0][bin] == 0 || (double)above[1] > fdr * (double)above[0]) continue;
    any = true;
    *threshold = score_of((uint64_t)bin << (64 - BITS));
    found[0] = above[0];
    found[1] = above[1];
  }
  return any;
}
