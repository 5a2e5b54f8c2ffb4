/* SPDX-License-Identifier: MIT
 *
 * request.h: the bytes by which a solver asks for the sums of rows at a point, and the parts they come back as.
 */
#ifndef BAI_TRAIN_REQUEST_H
#define BAI_TRAIN_REQUEST_H

#include "bioanalytics/sharded.h"
#include "train/trainer.h"

/* A request that was read. Texts and the brief are borrowed from the bytes, but for the list of names. */
typedef struct bai_request {
  bai_remote_how how;
  const char **names;
  int64_t round, numbers;
  const uint8_t *brief; /* `numbers` doubles, little-endian */
  uint64_t digest;
} bai_request;

/* The request that a run has now; `run` may be NULL: what is left names the run, wherever it is. */
ba_status bai_request_write(ba_context *context, const bai_remote_how *how, const bai_run *run, bai_vector *out);
/* Freed also after a failure. */
ba_status bai_request_read(ba_context *context, const uint8_t *bytes, int64_t n, bai_request *out);
void bai_request_free(ba_context *context, bai_request *request);
uint64_t bai_request_digest(const bai_vector *bytes);

/* A block, or all blocks below a node of the tree: those from index 2^level to before (index + 1) 2^level. */
typedef struct bai_node {
  int64_t level, index;
  double *sums;    /* as the round has them */
  int64_t *counts; /* BAI_COUNT_..., then rows of each class */
} bai_node;
enum { BAI_COUNT_KEPT, BAI_COUNT_ROWS, BAI_COUNT_LETTERS, BAI_COUNT_DIGEST, BAI_COUNT_CLASSES };

struct ba_partial {
  ba_context *context;
  ba_trainer *trainer;
  bai_shape shape; /* of sums */
  int32_t classes;
  uint64_t digest;  /* of the request */
  uint64_t run;     /* of what names the run, whatever the round */
  bai_vector nodes; /* bai_node, none inside another */
  bai_node open;    /* the block that pieces come for; its sums are NULL between blocks */
  int64_t awaited;  /* the row that the next one begins with */
};

/* The sums of all rows into `out`, as many as the shape has, and `counts`, BAI_COUNT_CLASSES + classes;
 * BA_ERR_ARGUMENT with the first block that is not there. */
ba_status bai_partial_total(const ba_partial *partial, double *out, int64_t *counts);

#endif
