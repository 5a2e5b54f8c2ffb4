/* SPDX-License-Identifier: MIT
 *
 * drift.h: counts of training rows in fixed bins, to compare requests with.
 */
#ifndef BAI_MODEL_DRIFT_H
#define BAI_MODEL_DRIFT_H

#include "kernels/kernels.h"

#define BAI_DRIFT_BINS 18   /* at most: 16 alike, one below and one above all training rows */
#define BAI_DRIFT_SCORES 8  /* outputs whose scores are watched, at most */
#define BAI_DRIFT_LEAST 100 /* dev rows that a distribution of scores needs */
#define BAI_DRIFT_KINDS (2 + BAI_DRIFT_SCORES)
enum { BAI_DRIFT_LENGTH, BAI_DRIFT_GC, BAI_DRIFT_SCORE /* of output 0, the next of output 1, and so on */ };

/* Monitor i watches kinds[i] in bins[i] bins, with BAI_DRIFT_BINS places for their edges and as many for the counts of
 * training rows; places behind the last are 0. */
typedef struct bai_drift {
  int32_t count;
  int32_t *kinds, *bins;
  double *edges;
  int64_t *counts;
} bai_drift;

/* One of them. Bin b holds the values above edges[b - 1] and up to edges[b]; the last one has no upper edge. */
typedef struct bai_monitor {
  int32_t kind, bins;
  const double *edges;
  const int64_t *counts;
} bai_monitor;
static inline bai_monitor bai_drift_monitor(const bai_drift *drift, int32_t index) {
  const int64_t at = (int64_t)index * BAI_DRIFT_BINS;
  return (bai_monitor){drift->kinds[index], drift->bins[index], drift->edges + at, drift->counts + at};
}

/* Room for so many monitors; *drift is 0 before, and is freed also after a failure. */
ba_status bai_drift_open(ba_context *context, int32_t most, bai_drift *drift);
typedef struct bai_drift_result {
  int64_t requests;
  double psi, psi_limit, ks, ks_limit;
  int32_t raised;
} bai_drift_result;

void bai_drift_free(ba_context *context, bai_drift *drift);
int32_t bai_drift_bin(const bai_monitor *monitor, double value);
/* G and C over the letters A C G T U of either case; 0 without any. */
double bai_gc_share(const char *letters, int64_t length);
/* Counts one request into `counts`, BAI_DRIFT_BINS a monitor. */
void bai_drift_count(const bai_drift *drift, const char *letters, int64_t length, const double *scores,
                     int64_t *counts);
/* Compares the counts of one monitor with its training rows. */
void bai_drift_compare(const bai_kernels *kernels, const bai_drift *drift, int32_t index, const int64_t *counts,
                       bai_drift_result *out);

#endif
