/* SPDX-License-Identifier: MIT
 *
 * net.h: a network, over letters or over columns. Over letters: convolutions with relu and max-pool, then features: the
 * largest value of each filter, and for the last layer the mean too, both in each of `bins` equal parts of the
 * sequence; with both strands, the larger of the two for every feature. Then a hidden layer with relu, and the outputs.
 *
 * Letters are one-hot; an ambiguous one is a column of zeros, and so is what lies beyond the ends, so every layer has
 * as many positions as it gets. All numbers of one sequence are made from that sequence alone, in one order.
 */
#ifndef BAI_MODEL_NET_H
#define BAI_MODEL_NET_H

#include "model/real.h"

#define BAI_NET_LAYERS 4

typedef struct bai_net_layer {
  int32_t filters, width, pool; /* pool: neighbours of which the largest is kept; 1: all are kept */
  int32_t inputs;               /* filters of the layer below; 4 letters */
  int64_t weights, biases;      /* places in the parameters: width x inputs x filters, and filters */
} bai_net_layer;

typedef struct bai_net {
  bai_net_layer layers[BAI_NET_LAYERS];
  int32_t layer_count;
  int32_t strands; /* 1, or 2: the sequence and its reverse complement */
  int32_t bins, hidden, outputs;
  int32_t copies; /* networks of this shape whose outputs are averaged */
  int32_t skip;   /* over columns: 1 when a linear function of them is added */
  int64_t features;
  int64_t units; /* weights of a feature: hidden, and with skip those to the outputs behind them */
  int64_t hidden_weights, hidden_biases; /* features x units, hidden */
  int64_t output_weights, output_biases; /* hidden x outputs, outputs */
  int64_t parameters;                    /* of one copy */
} bai_net;

/* Fills in what follows from the sizes: inputs, features, places. A network over columns must know its features, the
 * columns, before. */
void bai_net_lay_out(bai_net *net);
/* 1 for a hidden layer over the columns of a plan: it has no convolutions. model.h says how it is scored. */
static inline int32_t bai_net_over_columns(const bai_net *net) {
  return net->hidden > 0 && net->layer_count == 0;
}
/* Rows that a layer's input has before its first one. */
int64_t bai_net_before(const bai_net_layer *layer);

/* The first layer's weights summed for each pair of letters, or for each four of them with the biases in the first
 * table: the fours where that layer is all, nothing has to lead back and they stay small. Made anew whenever the
 * weights change. Both give the same bits. */
int32_t bai_net_by_fours(const bai_net *net, int32_t training);
int64_t bai_net_table_size(const bai_net *net, int32_t training);
void bai_net_make_tables(const bai_net *net, int32_t training, const bai_real *parameters, bai_real *tables);

/* What one layer makes of one strand. */
typedef struct bai_net_values {
  int64_t positions, pooled;
  bai_real *raw;    /* positions x filters, before relu */
  bai_real *input;  /* pooled x filters after relu and pool, with the zero rows that the next layer wants around; `raw`
                     * where that is the same but for relu and nobody else wants it */
  bai_real *kept;   /* the first of its pooled rows */
  int32_t *winners; /* training: which neighbour was the largest; -1: none above 0 */
} bai_net_values;

typedef struct bai_net_strand {
  uint8_t *codes; /* with 4s before and behind */
  uint8_t *pairs;
  uint16_t *quads; /* by fours: these alone, and no values of layers */
  bai_net_values layers[BAI_NET_LAYERS];
  bai_real *features;
  int32_t *places; /* training: the row of `kept` that a largest value stands in; -1: none */
} bai_net_strand;

/* The working memory of one thread. */
typedef struct bai_net_room {
  ba_context *context;
  void *memory;
  int64_t longest; /* letters that there is room for; -1: none yet */
  int32_t training;
  bai_net_strand strands[2];
  bai_real *features, *hidden, *outputs;
} bai_net_room;

/* Makes room for sequences of `longest` letters; on failure the room stays as it was. */
ba_status bai_net_reserve(ba_context *context, const bai_net *net, int64_t longest, int32_t training,
                          bai_net_room *room);
void bai_net_room_free(bai_net_room *room);

/* room->features of a sequence of codes 0..3, 4 for ambiguous. Any numbers once the room's context is cancelled. */
void bai_net_features(const bai_kernels *kernels, const bai_net *net, const bai_real *parameters,
                      const bai_real *tables, bai_net_room *room, const uint8_t *codes, int64_t length);
/* The outputs of all copies, averaged; parameters and tables of one copy after the other. */
void bai_net_score(const bai_kernels *kernels, const bai_net *net, const bai_real *parameters, const bai_real *tables,
                   bai_net_room *room, const uint8_t *codes, int64_t length, double *scores);

/* room->hidden and room->outputs from room->features. */
void bai_net_head(const bai_kernels *kernels, const bai_net *net, const bai_real *parameters, bai_net_room *room);

#endif
