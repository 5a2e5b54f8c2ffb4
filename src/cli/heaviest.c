/* SPDX-License-Identifier: MIT
 *
 * heaviest.c: the largest weights of a model.
 */
#include "heaviest.h"

#include <math.h>
#include <stdlib.h>

cli_heaviest cli_heaviest_open(int64_t top) {
  cli_heaviest h = {.top = top, .room = 2 * top + 4096};
  h.items = cli_allocate(sizeof *h.items * (size_t)h.room);
  return h;
}

static int heavier(const void *a, const void *b) {
  const cli_weight *x = a, *y = b;
  const double left = fabs(x->weight), right = fabs(y->weight);
  if (left != right) return left < right ? 1 : -1;
  if (x->output != y->output) return x->output < y->output ? -1 : 1;
  return (x->column > y->column) - (x->column < y->column);
}

void cli_heaviest_keep(cli_heaviest *h) {
  if (h->count > 0) qsort(h->items, (size_t)h->count, sizeof *h->items, heavier);
  if (h->count > h->top) h->count = h->top;
}

void cli_heaviest_add(cli_heaviest *h, cli_weight item) {
  if (item.weight == 0.0) {
    h->zeros++;
    return;
  }
  if (h->count == h->room) cli_heaviest_keep(h);
  h->items[h->count++] = item;
}

int cli_heaviest_weights(cli *c, const ba_model *member, double factor, cli_heaviest *h) {
  const int64_t width = ba_model_width(member);
  double *weights = cli_allocate(sizeof(double) * (size_t)width);
  int code = CLI_DONE;
  for (int32_t output = 0; code == CLI_DONE && output < ba_model_outputs(member); output++) {
    const ba_status status = ba_model_weights(c->context, member, output, weights, NULL);
    if (status != BA_OK) code = cli_fail(c, status);
    for (int64_t column = 0; code == CLI_DONE && column < width; column++)
      cli_heaviest_add(h, (cli_weight){weights[column] * factor, column, output});
  }
  free(weights);
  cli_heaviest_keep(h);
  return code;
}
