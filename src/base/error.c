/* SPDX-License-Identifier: MIT
 *
 * error.c: the last error of a context: status, position and text. Nothing here allocates, so that running out of
 * memory can be told.
 */
#include <string.h>

#include "base/base.h"

static void record_error(ba_context *context, ba_status status, int64_t record, int64_t byte, const char *format,
                         va_list list) {
  char text[sizeof context->message];
  int64_t used = 0, capacity = (int64_t)sizeof text;
  if (record >= 0 && byte >= 0) {
    used = bai_format(text, capacity, "record %lld, byte %lld: ", (long long)record, (long long)byte);
  } else if (record >= 0) {
    used = bai_format(text, capacity, "record %lld: ", (long long)record);
  } else if (byte >= 0) {
    used = bai_format(text, capacity, "byte %lld: ", (long long)byte);
  }
  used += bai_format_safe_list(text + used, capacity - used, format, list);
  /* Only now, because an argument may point into the old message. */
  memcpy(context->message, text, (size_t)used + 1);
  context->error = status;
  context->error_record = record < 0 ? -1 : record;
  context->error_byte = byte < 0 ? -1 : byte;
}

ba_status bai_fail(ba_context *context, ba_status status, const char *format, ...) {
  if (context == NULL) return status;
  va_list list;
  va_start(list, format);
  record_error(context, status, -1, -1, format, list);
  va_end(list);
  return status;
}

ba_status bai_fail_at(ba_context *context, ba_status status, int64_t record, int64_t byte, const char *format, ...) {
  if (context == NULL) return status;
  va_list list;
  va_start(list, format);
  record_error(context, status, record, byte, format, list);
  va_end(list);
  return status;
}

ba_status bai_fail_prefix(ba_context *context, ba_status status, const char *text) {
  if (context == NULL) return status;
  int64_t record = context->error_record, byte = context->error_byte;
  bai_fail(context, status, "%s: %s", text, ba_context_error_message(context));
  context->error_record = record;
  context->error_byte = byte;
  return status;
}
