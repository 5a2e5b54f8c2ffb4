/* SPDX-License-Identifier: MIT
 *
 * heaviest.h: the largest weights of a model, for explain and for the report of a training.
 */
#ifndef BA_CLI_HEAVIEST_H
#define BA_CLI_HEAVIEST_H

#include "cli.h"

typedef struct cli_weight {
  double weight;
  int64_t column;
  int32_t output;
} cli_weight;

/* The heaviest so far: `count` entries of which the best `top` are kept when the buffer is full. */
typedef struct cli_heaviest {
  cli_weight *items;
  int64_t count, room, top, zeros;
} cli_heaviest;

/* The caller frees the items. */
cli_heaviest cli_heaviest_open(int64_t top);
void cli_heaviest_add(cli_heaviest *h, cli_weight item);
/* Sorts, and leaves the best. */
void cli_heaviest_keep(cli_heaviest *h);
/* All weights of a model of one member, times the factor. */
int cli_heaviest_weights(cli *c, const ba_model *member, double factor, cli_heaviest *h);

#endif
