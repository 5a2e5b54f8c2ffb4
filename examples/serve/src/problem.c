/* SPDX-License-Identifier: MIT
 *
 * problem.c: why a request cannot be answered.
 */
#include "problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool problem_set(problem *p, int status, const char *code, const char *hint, const char *format, ...) {
  *p = (problem){.status = status, .code = code, .hint = hint, .record = -1, .byte = -1};
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(p->message, sizeof p->message, format, arguments);
  va_end(arguments);
  return false;
}

static int http_status(ba_status status) {
  switch (status) {
    case BA_ERR_LIMIT:
      return 413;
    case BA_ERR_MEMORY:
    case BA_ERR_CANCELLED:
      return 503;
    case BA_ERR_BUSY:
    case BA_ERR_INTERNAL:
    case BA_ERR_ARGUMENT:
      return 500;
    default:
      return 400;
  }
}

static const char *hint_of(ba_status status) {
  switch (status) {
    case BA_ERR_FORMAT:
    case BA_ERR_TRUNCATED:
      return "send FASTA (lines of letters under >name), FASTQ, or JSON; GET / has examples";
    case BA_ERR_LETTER:
    case BA_ERR_LENGTH:
    case BA_ERR_QUALITY:
      return "the model cannot read this sequence: mend the record, or leave it out";
    case BA_ERR_TABLE:
    case BA_ERR_NUMBER:
      return "send every column that the model reads; GET /healthz lists them";
    case BA_ERR_LIMIT:
      return "send fewer or shorter records a request";
    case BA_ERR_CANCELLED:
      return "the request took longer than --timeout: send fewer records a request";
    default:
      return NULL;
  }
}

bool problem_from_library(problem *p, const ba_context *context, ba_status status, int64_t before) {
  const char *message = ba_context_error_message(context);
  int64_t record, byte;
  ba_context_error_position(context, &record, &byte);
  const char *rest = before > 0 && record >= 0 ? strstr(message, ": ") : NULL;
  if (rest != NULL && strncmp(message, "record ", 7) == 0) /* the library counts the records of a batch */
    problem_set(p, http_status(status), ba_status_name(status), hint_of(status), "record %lld%s",
                (long long)(before + record), rest);
  else
    problem_set(p, http_status(status), ba_status_name(status), hint_of(status), "%s", message);
  p->record = record >= 0 ? before + record : -1;
  p->byte = byte;
  return false;
}

json_t *problem_json(const problem *p) {
  json_t *inner = json_pack("{s:i,s:s,s:s}", "status", p->status, "code", p->code, "message", p->message);
  if (p->hint != NULL) json_object_set_new(inner, "hint", json_string(p->hint));
  if (p->record >= 0) json_object_set_new(inner, "record", json_integer(p->record));
  if (p->byte >= 0) json_object_set_new(inner, "byte", json_integer(p->byte));
  return json_pack("{s:o}", "error", inner);
}
