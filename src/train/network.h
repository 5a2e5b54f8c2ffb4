/* SPDX-License-Identifier: MIT
 *
 * network.h: training of a network: batches of rows in an order drawn anew each epoch, Adam with a rate that rises
 * and falls once over all epochs. Parts of a batch have a fixed size and merge in a fixed tree, and whatever is random
 * comes from (seed, epoch, row), so threads cannot change a bit.
 */
#ifndef BAI_TRAIN_NETWORK_H
#define BAI_TRAIN_NETWORK_H

#include "model/net.h"
#include "train/archive.h"
#include "train/problem.h"

typedef struct bai_network bai_network;

typedef struct bai_network_how {
  double rate, decay, dropout, smoothing;
  int64_t epochs, batch; /* rows of a batch */
  uint64_t seed;
} bai_network_how;

/* The rows of a dataset, one entry each; they must live as long as the network. */
typedef struct bai_network_rows {
  const ba_dataset *dataset;
  const int32_t *labels; /* in class order */
  const double *weights; /* of the training rows; one of weight 0 is not trained on */
  const uint8_t *uses;   /* dev rows judge the epochs */
  bai_problem *problem;  /* gives the columns of a network over them; else it may be NULL */
} bai_network_rows;

ba_status bai_network_create(ba_context *context, const bai_network_rows *rows, const bai_net *net,
                             const bai_network_how *how, bai_network **out);
void bai_network_destroy(bai_network *network);
/* One epoch: the mean loss of its rows as they were met, and the loss that judges it, NaN when no row does. After a
 * cancel the next call goes on where it stopped. */
ba_status bai_network_epoch(bai_network *network, double *loss, double *judged);
/* Writes its state down, or takes it back. A network of another seed than `seed` becomes one of it: copies have the
 * same shape. */
void bai_network_archive(bai_network *network, uint64_t seed, bai_archive *archive);
/* The parameters after the best epoch so far, and the loss that judged it. */
const bai_real *bai_network_best(const bai_network *network);
double bai_network_best_loss(const bai_network *network);
int64_t bai_network_best_epoch(const bai_network *network); /* from 1 */

#endif
