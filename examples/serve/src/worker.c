/* SPDX-License-Identifier: MIT
 *
 * worker.c: one scoring thread, and the calls of the library that a prediction takes.
 */
#include "worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

bool worker_open(worker *w, int64_t memory) {
  *w = (worker){.version = -1, .hash = EVP_MD_CTX_new()};
  pthread_mutex_init(&w->lock, NULL);
  return w->hash != NULL && EVP_DigestInit_ex(w->hash, EVP_sha256(), NULL) &&
         ba_context_create(NULL, &w->context) == BA_OK && ba_context_set_memory_limit(w->context, memory) == BA_OK;
}

/* A scorer of the current model; without memory for it the old one goes on. */
static bool renew(worker *w, shelf *models, problem *p) {
  const long version = atomic_load(&models->version);
  if (version == w->version) return true;
  served *by = shelf_take(models);
  ba_scorer *scorer = NULL;
  const ba_status status = ba_scorer_create(w->context, by->model, by->watches_drift ? "drift=yes" : "", &scorer);
  if (status != BA_OK) {
    log_line("error", "no scorer of the new model",
             json_pack("{s:s}", "message", ba_context_error_message(w->context)));
    served_release(by);
    return w->scorer != NULL || problem_from_library(p, w->context, status, 0);
  }
  ba_scorer_destroy(w->scorer);
  served_release(w->by);
  w->scorer = scorer;
  w->by = by;
  w->version = version;
  return true;
}

bool worker_enter(worker *w, shelf *models, int seconds, problem *p) {
  if (!renew(w, models, p)) return false;
  scored_begin(&w->out, w->by);
  pthread_mutex_lock(&w->lock);
  w->deadline = log_now() + seconds * 1000LL;
  pthread_mutex_unlock(&w->lock);
  return true;
}

/* Once a second, as it takes logarithms. */
static void note_drift(worker *w, long long now) {
  if (w->by == NULL || now < w->drift_time + 1000) return;
  w->drift_time = now;
  snprintf(w->drift_digest, sizeof w->drift_digest, "%s", w->by->digest);
  w->drift_count = ba_scorer_drift_count(w->scorer);
  if (w->drift_count > WORKER_DRIFTS) w->drift_count = WORKER_DRIFTS;
  for (int i = 0; i < w->drift_count; i++) {
    drift *d = &w->drifts[i];
    d->name = ba_scorer_drift_name(w->scorer, i);
    d->raised = ba_scorer_drift(w->scorer, i, &d->records, &d->psi, &d->psi_limit, NULL, NULL);
  }
}

void worker_leave(worker *w) {
  pthread_mutex_lock(&w->lock);
  w->deadline = 0;
  const bool cancelled = w->cancelled;
  w->cancelled = false;
  note_drift(w, log_now());
  pthread_mutex_unlock(&w->lock);
  if (cancelled) (void)!ba_context_reset(w->context); /* only NULL and another thread could make it fail */
}

void worker_hurry(worker *w, long long now) {
  pthread_mutex_lock(&w->lock);
  if (w->deadline > 0 && now > w->deadline && !w->cancelled) {
    w->cancelled = true;
    ba_context_cancel(w->context);
  }
  pthread_mutex_unlock(&w->lock);
}

int worker_drifts(worker *w, drift out[WORKER_DRIFTS], char digest[24]) {
  pthread_mutex_lock(&w->lock);
  const int count = w->drift_count;
  memcpy(out, w->drifts, sizeof w->drifts);
  memcpy(digest, w->drift_digest, sizeof w->drift_digest);
  pthread_mutex_unlock(&w->lock);
  return count;
}

void worker_close(worker *w) {
  scored_free(&w->out);
  text_free(&w->bytes);
  free(w->shares);
  ba_scorer_destroy(w->scorer);
  served_release(w->by);
  ba_context_destroy(w->context);
  EVP_MD_CTX_free(w->hash);
  pthread_mutex_destroy(&w->lock);
}

void worker_digest(worker *w, const void *bytes, size_t length, char out[65]) {
  unsigned char hash[32] = {0};
  EVP_DigestInit_ex(w->hash, NULL, NULL);
  EVP_DigestUpdate(w->hash, bytes, length);
  EVP_DigestFinal_ex(w->hash, hash, NULL);
  for (int i = 0; i < 32; i++) text_hex(out + 2 * i, 2, hash[i]);
  out[64] = '\0';
}

static bool no_memory(problem *p) {
  return problem_set(p, 503, "BA_ERR_MEMORY", "try again later", "the server is out of memory");
}

/* Up to the first blank, as `ba predict` names a record. */
static size_t first_word(const char *name, int64_t length) {
  size_t word = 0;
  while (word < (size_t)length && name[word] != ' ' && name[word] != '\t') word++;
  return word;
}

/* Room for the shares of a single record. */
static bool begin_shares(worker *w, int64_t records, int64_t count, problem *p) {
  if (records != 1 || w->out.count != 0)
    return problem_set(p, 400, "one_record", "send one record, or POST /predict", "there is more than one record");
  double *shares = realloc(w->shares, (size_t)(count + 1) * sizeof *shares);
  if (shares == NULL) return no_memory(p);
  w->shares = shares;
  w->shared = count;
  return true;
}

/* The class predicted, from the probabilities that were just written. */
static void choose_best(worker *w) {
  if (w->output >= 0) return;
  w->output = 0;
  for (int32_t i = 1; i < w->by->classes; i++)
    if (w->out.probabilities[i] > w->out.probabilities[w->output]) w->output = i;
}

static bool share_letters(worker *w, const ba_records *records, problem *p) {
  int64_t length;
  const char *letters = ba_records_sequence(records, 0, &length);
  if (!begin_shares(w, ba_records_count(records), length, p)) return false;
  choose_best(w);
  const ba_status status = ba_scorer_attribute(w->scorer, letters, length, w->output, w->shares);
  if (status != BA_OK) return problem_from_library(p, w->context, status, 0);
  if (letters == w->bytes.bytes) return true; /* bare letters stand there already */
  text_clear(&w->bytes);
  text_put(&w->bytes, letters, (size_t)length);
  return !w->bytes.failed || no_memory(p);
}

static bool share_columns(worker *w, const ba_table *table, const char *options, problem *p) {
  if (!begin_shares(w, ba_table_rows(table), ba_model_width(w->by->model), p)) return false;
  choose_best(w);
  const ba_status status = ba_scorer_attribute_table(w->scorer, table, options, w->output, w->shares);
  return status == BA_OK || problem_from_library(p, w->context, status, 0);
}

bool worker_score_records(worker *w, const ba_records *records, const char *const *names, int64_t before, problem *p) {
  const int64_t count = ba_records_count(records);
  if (count == 0) return true;
  if (!scored_reserve(&w->out, count)) return no_memory(p);
  const ba_status status = ba_scorer_predict_records(w->scorer, records, w->out.scores + w->out.count * w->by->outputs,
                                                     w->out.probabilities + w->out.count * served_answers(w->by));
  if (status != BA_OK) return problem_from_library(p, w->context, status, before);
  if (w->explain && !share_letters(w, records, p)) return false;
  for (int64_t i = 0; i < count; i++) {
    int64_t name_length, length;
    const char *name = ba_records_name(records, i, &name_length);
    const char *letters = ba_records_sequence(records, i, &length);
    char digest[65];
    worker_digest(w, letters, (size_t)length, digest);
    if (names != NULL)
      scored_add(&w->out, names[i], strlen(names[i]), digest);
    else
      scored_add(&w->out, name, first_word(name, name_length), digest);
  }
  return !w->out.names.failed || no_memory(p);
}

/* Values that stand for a row: its texts and numbers with tabs between them. Where a score depends on the rows before,
 * so does its digest. */
static void row_bytes(worker *w, const ba_table *table, int64_t row) {
  text *out = &w->bytes;
  text_clear(out);
  if (served_looks_back(w->by) && w->out.count > 0) text_put(out, w->out.rows[w->out.count - 1].digest, 64);
  for (int64_t i = 0; i < w->by->inputs; i++) {
    const int64_t column = ba_table_find(table, ba_model_input_name(w->by->model, i));
    const ba_array *numbers = ba_table_array(table, column);
    const uint8_t *valid = ba_table_validity(table, column);
    int64_t length;
    const char *letters = ba_table_text(table, column, row, &length);
    if (letters != NULL)
      text_put(out, letters, (size_t)length);
    else if (numbers != NULL && (valid == NULL || (valid[row / 8] >> (row % 8) & 1)))
      text_print(out, "%.17g", ((const double *)ba_array_data(numbers))[row]);
    text_put(out, "\t", 1);
  }
}

/* The column `name`, unless the model reads it; else the number of the row. */
static int64_t name_column(const worker *w, const ba_table *table) {
  for (int64_t i = 0; i < w->by->inputs; i++)
    if (strcmp(ba_model_input_name(w->by->model, i), "name") == 0) return -1;
  return ba_table_find(table, "name");
}

bool worker_score_table(worker *w, const ba_table *table, const char *options, problem *p) {
  const int64_t rows = ba_table_rows(table), before = w->out.count, names = name_column(w, table);
  if (rows == 0) return true;
  if (!scored_reserve(&w->out, rows)) return no_memory(p);
  const ba_status status = ba_scorer_predict_table(w->scorer, table, options, w->out.scores + before * w->by->outputs,
                                                   w->out.probabilities + before * served_answers(w->by));
  if (status != BA_OK) return problem_from_library(p, w->context, status, before);
  if (w->explain && !share_columns(w, table, options, p)) return false;
  for (int64_t i = 0; i < rows; i++) {
    char number[32], digest[65];
    int64_t length;
    const char *name = ba_table_text(table, names, i, &length);
    if (name == NULL) {
      length = snprintf(number, sizeof number, "%lld", (long long)(before + i + 1));
      name = number;
    }
    row_bytes(w, table, i);
    worker_digest(w, w->bytes.bytes, w->bytes.length, digest);
    scored_add(&w->out, name, (size_t)length, digest);
  }
  return !(w->out.names.failed || w->bytes.failed) || no_memory(p);
}
