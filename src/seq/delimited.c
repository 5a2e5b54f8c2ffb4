/* SPDX-License-Identifier: MIT
 *
 * delimited.c: a source, perhaps an inflater, and the machine that finds rows, as one reader of rows.
 */
#include "seq/delimited.h"

#include <string.h>

/* A window of plain text: the source's own, or what inflate makes of it. */
static bai_window *window_of(bai_delimited *t) {
  return t->inflate ? bai_inflate_window(t->inflate) : &t->source->window;
}

static ba_status refill(bai_delimited *t) {
  if (!t->inflate) return t->source->refill(t->source, t->context);
  ba_status status = bai_inflate_refill(t->inflate, t->context, t->source);
  int64_t byte = 0;
  const char *problem = status ? bai_inflate_problem(t->inflate, &byte) : NULL;
  if (problem)
    return bai_fail_at(t->context, status, t->csv.row, t->csv.byte, "%s (compressed byte %lld)", problem,
                       (long long)byte);
  return status;
}

/* Files from some spreadsheets start with a byte order mark; the first name may be in quotes behind it. */
static void skip_mark(bai_delimited *t, bai_window *window) {
  if (t->csv.byte || window->end - window->at < 3 || memcmp(window->at, "\xef\xbb\xbf", 3) != 0) return;
  window->at += 3;
  t->csv.byte = 3;
}

ba_status bai_delimited_open(ba_context *context, const char *path, bai_delimited *out) {
  int32_t descriptor = 0;
  const int32_t standard = strcmp(path, "-") == 0;
  memset(out, 0, sizeof *out);
  out->context = context;
  ba_status status = standard ? BA_OK : bai_file_open(context, path, &descriptor);
  if (status) return status;
  status = bai_source_open_descriptor(context, descriptor, standard, &out->source);
  if (status) {
    if (!standard) bai_file_close(descriptor);
    return status;
  }
  while (!status && out->source->window.at == out->source->window.end && !out->source->window.ended)
    status = out->source->refill(out->source, context);
  const bai_window *window = &out->source->window;
  /* No text starts with this byte: it is the first of gzip. */
  if (!status && window->at < window->end && *window->at == 0x1f)
    status = bai_inflate_open(context, BAI_INFLATER_AUTO, context->threads, &out->inflate);
  return status;
}

/* Leaves out what is left of a row that could not be read. */
static void skip_rest(bai_delimited *t, bai_window *window) {
  while (t->skips && window->at < window->end) {
    t->skips = *window->at++ != '\n';
    t->csv.byte++;
  }
}

ba_status bai_delimited_next(bai_delimited *t) {
  for (;;) {
    bai_window *window = window_of(t);
    int32_t complete = 0;
    ba_status status = BA_OK;
    skip_mark(t, window);
    skip_rest(t, window);
    if (!t->skips) status = bai_csv_take(t->context, &t->csv, &window->at, window->end, window->ended, &complete);
    if (status == BA_ERR_TABLE) {
      bai_csv_restart(&t->csv);
      t->skips = 1;
    }
    if (status || complete) return status;
    if (window->ended) return BA_END;
    status = refill(t);
    if (!status) status = bai_check_cancel(t->context);
    if (status) return status;
  }
}

void bai_delimited_close(bai_delimited *t) {
  bai_csv_free(t->context, &t->csv);
  bai_inflate_close(t->inflate, t->context);
  if (t->source) t->source->close(t->source, t->context);
}
