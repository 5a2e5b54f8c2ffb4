/* SPDX-License-Identifier: MIT
 *
 * tree.c: merging from the left, as a binary counter counts.
 */
#include "train/tree.h"

#include <math.h>
#include <string.h>

void bai_shape_clear(bai_shape shape, double *node) {
  for (int64_t i = 0; i < shape.added; i++) node[i] = 0.0;
  for (int64_t i = 0; i < shape.widened; i++) node[shape.added + i] = -INFINITY;
}

void bai_shape_merge(bai_shape shape, const bai_kernels *kernels, double *left, const double *right) {
  kernels->axpy_f64(left, 1.0, right, shape.added);
  for (int64_t i = shape.added; i < bai_shape_size(shape); i++)
    if (right[i] > left[i]) left[i] = right[i];
}

/* Merges *node with the one to its left that waits at a level. */
static void take_left(bai_tree *tree, const bai_kernels *kernels, int32_t level, double **node) {
  double *right = *node;
  bai_shape_merge(tree->shape, kernels, tree->nodes[level], right);
  *node = tree->nodes[level];
  tree->nodes[level] = right;
}

void bai_tree_push(bai_tree *tree, const bai_kernels *kernels, double **node) {
  int32_t level = 0;
  for (; tree->count >> level & 1; level++) take_left(tree, kernels, level, node);
  double *room = tree->nodes[level];
  tree->nodes[level] = *node;
  *node = room;
  tree->count++;
}

void bai_tree_finish(bai_tree *tree, const bai_kernels *kernels, double **node) {
  int32_t level = 0;
  while (!(tree->count >> level & 1)) level++;
  double *room = *node;
  *node = tree->nodes[level];
  tree->nodes[level] = room;
  for (level++; level < 63; level++)
    if (tree->count >> level & 1) take_left(tree, kernels, level, node);
  tree->count = 0;
}

void bai_tree_free(ba_context *context, bai_tree *tree) {
  for (size_t level = 0; level < sizeof tree->nodes / sizeof *tree->nodes; level++)
    bai_free(context, tree->nodes[level]);
}

ba_status bai_tree_sum(ba_context *context, int64_t blocks, bai_shape shape, bai_block_task sum, void *argument,
                       double *out) {
  const bai_kernels *kernels = bai_kernels_of(context);
  bai_tree tree = {.shape = shape};
  double *node = NULL;
  ba_status status = BA_OK;
  for (int64_t block = 0; !status && block < blocks; block++) {
    if (!node) status = bai_alloc(context, bai_shape_size(shape), 8, &node);
    if (status) break;
    bai_shape_clear(shape, node);
    status = sum(argument, block, node);
    if (!status) bai_tree_push(&tree, kernels, &node);
  }
  bai_shape_clear(shape, out);
  if (!status && blocks) {
    bai_tree_finish(&tree, kernels, &node);
    memcpy(out, node, (size_t)bai_shape_size(shape) * 8);
  }
  bai_free(context, node);
  bai_tree_free(context, &tree);
  return status;
}
