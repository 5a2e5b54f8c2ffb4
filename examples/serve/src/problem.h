/* SPDX-License-Identifier: MIT
 *
 * problem.h: why a request cannot be answered: an HTTP status, a word for programs, and sentences for people.
 */
#ifndef SERVE_PROBLEM_H
#define SERVE_PROBLEM_H

#include <bioanalytics/bioanalytics.h>
#include <jansson.h>
#include <stdbool.h>

typedef struct problem {
  int status; /* 0: there is none */
  const char *code;
  char message[640];
  const char *hint;     /* what to do; may be NULL */
  int64_t record, byte; /* where in the body, -1: not known */
} problem;

/* Sets it and returns false, so that a call can end with it. */
__attribute__((format(printf, 5, 6))) bool problem_set(problem *p, int status, const char *code, const char *hint,
                                                       const char *format, ...);
/* The last error of a context, as the client's fault or ours. `before`: records that were scored in earlier batches. */
bool problem_from_library(problem *p, const ba_context *context, ba_status status, int64_t before);
json_t *problem_json(const problem *p);

#endif
