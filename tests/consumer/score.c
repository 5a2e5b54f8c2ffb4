/* SPDX-License-Identifier: MIT
 *
 * score MODEL FILE: the score and the probability of every sequence of a file, by a model of two classes.
 */
#include <bioanalytics/bioanalytics.h>
#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 256 };

static void need(const ba_context *context, ba_status status) {
  if (status >= 0) return;
  fprintf(stderr, "%s: %s\n", ba_status_name(status), ba_context_error_message(context));
  exit(1);
}

static void print_batch(ba_context *context, ba_scorer *scorer, const ba_records *records) {
  double scores[BATCH], probabilities[2 * BATCH];
  need(context, ba_scorer_predict_records(scorer, records, scores, probabilities));
  for (int64_t i = 0; i < ba_records_count(records); i++) {
    int64_t length;
    const char *name = ba_records_name(records, i, &length);
    printf("%.*s\t%.17g\t%.17g\n", (int)length, name, probabilities[2 * i + 1], scores[i]);
  }
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  ba_context *context = NULL;
  ba_model *model = NULL;
  ba_scorer *scorer = NULL;
  ba_reader *reader = NULL;
  ba_records *records = NULL;
  if (ba_context_create(NULL, &context) != BA_OK) return 1;
  need(context, ba_model_load_path(context, argv[1], NULL, &model));
  need(context, ba_scorer_create(context, model, NULL, &scorer));
  need(context, ba_reader_open_path(context, argv[2], NULL, &reader));
  for (;;) {
    ba_status status = ba_reader_next(reader, BATCH, &records);
    need(context, status);
    if (status == BA_END) break;
    print_batch(context, scorer, records);
    ba_records_release(records);
  }
  ba_reader_close(reader);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
  ba_context_destroy(context);
  return 0;
}
