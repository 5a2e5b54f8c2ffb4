/* SPDX-License-Identifier: MIT
 *
 * peaks.h: windows above a threshold joined to regions, and a threshold for a false-discovery rate.
 */
#ifndef BA_CLI_PEAKS_H
#define BA_CLI_PEAKS_H

#include "cli.h"

/* Regions on their way to a BED file: windows that touch or overlap are one. */
typedef struct cli_peaks {
  FILE *out;
  double threshold;
  char *name; /* of the sequence; NULL: no region is open */
  int64_t length, start, end, count;
  double best;
  char strand; /* of the best window */
} cli_peaks;

/* Windows of a sequence come by rising starts. */
void cli_peaks_take(cli_peaks *peaks, const char *name, int64_t length, int64_t start, int64_t end, double score,
                    char strand);
void cli_peaks_end(cli_peaks *peaks);

/* How many windows have what score, of the sequences and of letters in reverse. */
typedef struct cli_rates {
  int64_t *counts[2];
} cli_rates;
void cli_rates_make(cli_rates *rates);
void cli_rates_free(cli_rates *rates);
void cli_rates_add(cli_rates *rates, int reversed, double score);
/* The least threshold at which no more than a share `fdr` of the windows is expected to be there by chance, as many as
 * the letters in reverse have; false when there is none. */
bool cli_rates_threshold(const cli_rates *rates, double fdr, double *threshold, int64_t found[2]);

#endif
