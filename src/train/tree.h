/* SPDX-License-Identifier: MIT
 *
 * tree.h: the binary tree by which sums over blocks of rows merge. A node of level l is the sum of 2^l blocks, and
 * waits there until its neighbour to the right is summed too. Its shape depends on the number of blocks alone, so it
 * does not matter who summed which block.
 */
#ifndef BAI_TRAIN_TREE_H
#define BAI_TRAIN_TREE_H

#include "kernels/kernels.h"

/* Numbers of a node: some that add up, and behind them some of which the larger counts: none of those is NaN or -0. */
typedef struct bai_shape {
  int64_t added, widened;
} bai_shape;
static inline int64_t bai_shape_size(bai_shape shape) {
  return shape.added + shape.widened;
}
/* Of no rows at all. */
void bai_shape_clear(bai_shape shape, double *node);
/* The left one becomes the node above both. */
void bai_shape_merge(bai_shape shape, const bai_kernels *kernels, double *left, const double *right);

/* Nodes that wait, one a level. Those that do not are room for others, and may be NULL. */
typedef struct bai_tree {
  bai_shape shape;
  int64_t count; /* nodes so far: one waits at level l when bit l is set */
  double *nodes[64];
} bai_tree;
/* Takes the next node; room that is free again, or NULL, takes its place. */
void bai_tree_push(bai_tree *tree, const bai_kernels *kernels, double **node);
/* Puts the sum of all in the place of *node, and begins anew; at least one was pushed. */
void bai_tree_finish(bai_tree *tree, const bai_kernels *kernels, double **node);
void bai_tree_free(ba_context *context, bai_tree *tree);

/* Sums a block into a node that was cleared. */
typedef ba_status (*bai_block_task)(void *argument, int64_t block, double *node);
/* The sum of all blocks, one after the other. */
ba_status bai_tree_sum(ba_context *context, int64_t blocks, bai_shape shape, bai_block_task sum, void *argument,
                       double *out);

#endif
