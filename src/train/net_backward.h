/* SPDX-License-Identifier: MIT
 *
 * net_backward.h: slopes of a network's parameters, for one sequence after its forward pass.
 */
#ifndef BAI_TRAIN_NET_BACKWARD_H
#define BAI_TRAIN_NET_BACKWARD_H

#include "model/net.h"

/* The weights turned round for the way back; made anew whenever they change. */
int64_t bai_net_turned_size(const bai_net *net);
void bai_net_turn(const bai_net *net, const bai_real *parameters, bai_real *turned);

/* The working memory of one thread, beside the room of the forward pass. */
typedef struct bai_net_back {
  ba_context *context;
  void *memory;
  int64_t longest;
  bai_real *raw[BAI_NET_LAYERS];  /* slopes before relu, with zero rows around; of one strand */
  bai_real *kept[BAI_NET_LAYERS]; /* slopes after pooling */
  bai_real *hidden, *features, *strand;
  /* Of the last layer's filters that have slopes: which they are, and slopes, weights and gradient of them alone. */
  int32_t *active;
  bai_real *narrow, *narrow_turned, *narrow_sum;
} bai_net_back;

ba_status bai_net_back_reserve(ba_context *context, const bai_net *net, int64_t longest, bai_net_back *back);
void bai_net_back_free(bai_net_back *back);

/* The loss of one row from the outputs: of two classes by one output, or one a class. `smoothing` of the label is
 * spread over all classes alike. Writes what each output should move by. */
double bai_net_loss(const bai_kernels *kernels, const bai_net *net, const bai_real *outputs, int32_t label,
                    double smoothing, bai_real *slopes);
/* From the slopes of the outputs to back->hidden and back->features. Adds to the gradient of the output layer and of
 * the hidden biases; that of the hidden weights, the product of features and back->hidden, is left to the caller, who
 * can take many rows together. */
void bai_net_head_back(const bai_kernels *kernels, const bai_net *net, const bai_real *parameters,
                       const bai_real *turned, const bai_net_room *room, const bai_real *output_slopes,
                       bai_net_back *back, bai_real *gradient);
/* From back->features, adds to the gradient of the convolutions. */
void bai_net_features_back(const bai_kernels *kernels, const bai_net *net, const bai_real *turned,
                           const bai_net_room *room, bai_net_back *back, bai_real *gradient);

#endif
