/* SPDX-License-Identifier: MIT
 *
 * worker.h: what one thread needs to score: a context, a scorer of the current model, and room for its answers.
 */
#ifndef SERVE_WORKER_H
#define SERVE_WORKER_H

#include <openssl/evp.h>

#include "problem.h"
#include "scored.h"

enum { WORKER_DRIFTS = 16 };

/* What the library says of drift, copied for GET /metrics. */
typedef struct drift {
  const char *name;
  int64_t records;
  double psi, psi_limit;
  int32_t raised;
} drift;

typedef struct worker {
  ba_context *context;
  served *by;
  ba_scorer *scorer;
  long version;
  scored out;
  text bytes; /* working room of one request */
  EVP_MD_CTX *hash;
  bool explain;   /* share the score of the one record out */
  int32_t output; /* of this output; -1: of the class predicted */
  double *shares; /* to its letters, which go to `bytes`, or to the model's columns */
  int64_t shared;
  pthread_mutex_t lock; /* of what other threads read or set: */
  long long deadline;   /* milliseconds since 1970, 0 outside a request */
  bool cancelled;
  drift drifts[WORKER_DRIFTS];
  int drift_count;
  char drift_digest[24];
  long long drift_time;
} worker;

bool worker_open(worker *w, int64_t memory);
/* Before and after the scoring of one request; enter takes the model that is current now. */
bool worker_enter(worker *w, shelf *models, int seconds, problem *p);
void worker_leave(worker *w);
/* From any thread: ends a request that has gone on for too long. */
void worker_hurry(worker *w, long long now);
int worker_drifts(worker *w, drift out[WORKER_DRIFTS], char digest[24]);
void worker_close(worker *w);

/* Scores the body into w->out. */
bool worker_score_letters(worker *w, const char *name, const char *letters, size_t length, problem *p);
bool worker_score_file(worker *w, const text *body, int64_t most, problem *p); /* FASTA, FASTQ, gzip */
bool worker_score_json(worker *w, json_t *body, problem *p);
bool worker_score_csv(worker *w, const text *body, problem *p);

/* For these. Writes the SHA-256 of bytes in hexadecimal. */
void worker_digest(worker *w, const void *bytes, size_t length, char out[65]);
/* Scores a batch with these names, or with its own when NULL; `before` counts records of earlier batches. */
bool worker_score_records(worker *w, const ba_records *records, const char *const *names, int64_t before, problem *p);
/* Scores the rows of a table; `options` as ba_scorer_predict_table takes them. */
bool worker_score_table(worker *w, const ba_table *table, const char *options, problem *p);

#endif
