/* SPDX-License-Identifier: MIT
 *
 * sequences.c: sequences in the body of a request: FASTA and FASTQ, plain or gzip, and bare letters.
 */
#include <ctype.h>

#include "worker.h"

enum { BATCH = 4096 };

/* A table of one column is a list of sequences to a model of sequences, so only a model of tables is refused here. */
static bool reads_sequences(const worker *w, problem *p) {
  return w->by->inputs == 0 ||
         problem_set(p, 400, "rows_expected", "send {\"rows\": [{\"column\": value}]}, or text/csv",
                     "the model %s reads rows of a table, not sequences", w->by->name);
}

bool worker_score_letters(worker *w, const char *name, const char *letters, size_t length, problem *p) {
  if (!reads_sequences(w, p)) return false;
  text_clear(&w->bytes);
  for (size_t i = 0; i < length; i++)
    if (!isspace((unsigned char)letters[i])) text_put(&w->bytes, letters + i, 1);
  if (w->bytes.failed) return problem_set(p, 503, "BA_ERR_MEMORY", "try again later", "the server is out of memory");
  const int64_t offsets[2] = {0, (int64_t)w->bytes.length};
  ba_records *records = NULL;
  ba_status status = ba_records_wrap(w->context, w->bytes.bytes, offsets, 1, NULL, NULL, &records);
  const bool done =
      status == BA_OK ? worker_score_records(w, records, &name, 0, p) : problem_from_library(p, w->context, status, 0);
  ba_records_release(records);
  return done;
}

static bool score_batches(worker *w, ba_reader *reader, int64_t most, problem *p) {
  for (;;) {
    ba_records *records = NULL;
    const ba_status status = ba_reader_next(reader, BATCH, &records);
    if (status == BA_END) return true;
    if (status != BA_OK) return problem_from_library(p, w->context, status, 0);
    const bool done = worker_score_records(w, records, NULL, w->out.count, p);
    ba_records_release(records);
    if (!done) return false;
    int64_t bytes;
    ba_reader_position(reader, NULL, &bytes);
    if (bytes > most)
      return problem_set(p, 413, "too_large", "send fewer records a request",
                         "the body inflates to more than --max-body, %lld bytes", (long long)most);
  }
}

bool worker_score_file(worker *w, const text *body, int64_t most, problem *p) {
  if (!reads_sequences(w, p)) return false;
  ba_reader *reader = NULL;
  const ba_status status =
      ba_reader_open_memory(w->context, (const uint8_t *)body->bytes, (int64_t)body->length, NULL, &reader);
  const bool done =
      status == BA_OK ? score_batches(w, reader, most, p) : problem_from_library(p, w->context, status, 0);
  ba_reader_close(reader);
  return done;
}
