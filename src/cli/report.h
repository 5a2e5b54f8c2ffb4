/* SPDX-License-Identifier: MIT
 *
 * report.h: a training run as one page, for `ba train --report`.
 */
#ifndef BA_CLI_REPORT_H
#define BA_CLI_REPORT_H

#include "cli.h"

/* A point of the learning curve; the dev loss is NaN without dev rows. */
typedef struct cli_point {
  int64_t iteration, pass;
  double objective, dev_loss;
} cli_point;

typedef struct cli_report {
  ba_model *model;
  const cli_candidates *candidates;
  const char *part, *choose, *reason; /* part NULL: nothing was measured */
  int32_t best;                       /* of the candidates; -1: none was measured */
  int64_t rows, iterations, passes;
  double objective, cpu_seconds;
  const cli_point *points;
  int64_t point_count;
} cli_report;

/* Writes the page, which appears when it is complete. */
int cli_report_write(cli *c, const char *path, const cli_report *report);

#endif
