/* SPDX-License-Identifier: MIT
 *
 * region.c: the text of a region, as samtools writes it.
 */
#include "seq/region.h"

#include <string.h>

#define MOST_PLACE INT64_C(1000000000000000)

/* Digits with commas among them; returns what comes behind, NULL when there is no number. */
static const char *read_place(const char *at, int64_t *place) {
  *place = 0;
  if (*at < '0' || *at > '9') return NULL;
  for (; (*at >= '0' && *at <= '9') || (*at == ',' && at[1] >= '0' && at[1] <= '9'); at++) {
    if (*at != ',') *place = *place * 10 + (*at - '0');
    if (*place > MOST_PLACE) return NULL;
  }
  return at;
}

static int32_t read_range(const char *at, bai_region *out) {
  int64_t first = 1, last = 0;
  out->end = BAI_REGION_END;
  if (*at != '-') at = read_place(at, &first);
  if (at == NULL || first < 1) return 0;
  out->start = first - 1;
  if (*at == 0) return 1;
  if (*at != '-') return 0;
  if (at[1] == 0 && at[-1] != ':') return 1;
  at = read_place(at + 1, &last);
  out->end = last;
  return at != NULL && *at == 0 && last >= first;
}

ba_status bai_region_parse(ba_context *context, const char *text, bai_region_knows knows, void *user, bai_region *out) {
  const int64_t length = bai_length(text);
  char *name, *colon;
  *out = (bai_region){.end = BAI_REGION_END, .whole = 1};
  if (strcmp(text, "*") == 0) return BA_OK;
  ba_status status = bai_alloc(context, length + 1, 1, &name);
  if (status) return status;
  memcpy(name, text, (size_t)length + 1);
  out->name = name;
  if (knows(user, name)) return BA_OK;
  colon = strchr(name, ':');
  for (char *next = colon; next; next = strchr(next + 1, ':')) colon = next;
  if (colon) *colon = 0;
  out->whole = 0;
  if (colon && knows(user, name)) {
    if (read_range(text + (colon - name) + 1, out)) return BA_OK;
    status =
        bai_fail(context, BA_ERR_ARGUMENT,
                 "region \"%s\": expected %s, or a range such as %s:1,001-2,000, counted from 1", text, name, name);
  } else {
    status = bai_fail(context, BA_ERR_ARGUMENT,
                      "region \"%s\": the file has no such sequence; expected NAME, NAME:START-END or *", text);
  }
  bai_free(context, name);
  out->name = NULL;
  return status;
}
