/* SPDX-License-Identifier: MIT
 *
 * alignments.c: flags, places and tags of a batch of alignments, column by column.
 */
#include "seq/alignments.h"

#include <string.h>

static int32_t is_letter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static int32_t tag_at(const bai_tags *tags, const char *name) {
  for (int32_t i = 0; i < tags->count; i++) {
    if (memcmp(tags->names[i], name, 2) == 0) return i;
  }
  return -1;
}

ba_status bai_tags_parse(ba_context *context, const char *text, bai_tags *out) {
  *out = (bai_tags){0};
  for (const char *at = text; *at; at += at[2] == ':' ? 3 : 2) {
    if (!is_letter(at[0]) || !(is_letter(at[1]) || (at[1] >= '0' && at[1] <= '9')) || (at[2] && at[2] != ':') ||
        (at[2] == ':' && !at[3])) {
      return bai_fail(context, BA_ERR_RECIPE,
                      "tags is \"%s\"; accepted: names of two characters joined by ':', such as NM:AS:MD", text);
    }
    if (tag_at(out, at) >= 0) return bai_fail(context, BA_ERR_RECIPE, "tags: %.*s is given twice", 2, at);
    if (out->count == BAI_MOST_TAGS) return bai_fail(context, BA_ERR_RECIPE, "tags: at most %d", BAI_MOST_TAGS);
    memcpy(out->names[out->count++], at, 2);
  }
  return BA_OK;
}

static int32_t columns_of(const bai_alignments *alignments) {
  return 1 + alignments->tags.count;
}

/* Room for `rows` more in every column but the bytes. */
static ba_status reserve(ba_context *context, bai_alignments *a, int64_t rows) {
  ba_status status = bai_vector_reserve(context, &a->flags, rows, (int64_t)sizeof(int32_t));
  if (!status) status = bai_vector_reserve(context, &a->positions, rows, (int64_t)sizeof(int64_t));
  if (!status) status = bai_vector_reserve(context, &a->mapping_qualities, rows, (int64_t)sizeof(int32_t));
  for (int32_t i = 0; !status && i < columns_of(a); i++) {
    status = bai_vector_reserve(context, &a->texts[i].offsets, rows + 1, (int64_t)sizeof(int64_t));
    if (!status) status = bai_vector_reserve(context, &a->texts[i].present, rows, 1);
  }
  if (!status) a->room = a->flags.count + rows;
  return status;
}

ba_status bai_alignments_open(ba_context *context, const bai_tags *tags, bai_alignments **out) {
  bai_alignments *a;
  *out = NULL;
  ba_status status = bai_alloc_zero(context, 1, (int64_t)sizeof *a, &a);
  if (status) return status;
  a->tags = *tags;
  status = reserve(context, a, 0);
  if (status) {
    bai_alignments_close(context, a);
    return status;
  }
  for (int32_t i = 0; i < columns_of(a); i++) *(int64_t *)a->texts[i].offsets.data = 0;
  bai_alignments_clear(a);
  *out = a;
  return BA_OK;
}

void bai_alignments_close(ba_context *context, bai_alignments *a) {
  if (a == NULL) return;
  bai_vector_free(context, &a->flags);
  bai_vector_free(context, &a->positions);
  bai_vector_free(context, &a->mapping_qualities);
  for (int32_t i = 0; i < columns_of(a); i++) {
    bai_vector_free(context, &a->texts[i].bytes);
    bai_vector_free(context, &a->texts[i].offsets);
    bai_vector_free(context, &a->texts[i].present);
  }
  bai_free(context, a);
}

void bai_alignments_clear(bai_alignments *a) {
  a->flags.count = a->positions.count = a->mapping_qualities.count = 0;
  for (int32_t i = 0; i < columns_of(a); i++) {
    a->texts[i].bytes.count = a->texts[i].present.count = 0;
    a->texts[i].offsets.count = 1;
  }
}

ba_status bai_alignments_commit(ba_context *context, bai_alignments *a, bai_alignment row, uint64_t present) {
  if (a->flags.count == a->room) {
    ba_status status = reserve(context, a, 64 + a->flags.count / 2);
    if (status) return status;
  }
  ((int32_t *)a->flags.data)[a->flags.count++] = row.flag;
  ((int64_t *)a->positions.data)[a->positions.count++] = row.position;
  ((int32_t *)a->mapping_qualities.data)[a->mapping_qualities.count++] = row.mapping_quality;
  for (int32_t i = 0; i < columns_of(a); i++) {
    bai_optional_texts *t = &a->texts[i];
    ((int64_t *)t->offsets.data)[t->offsets.count++] = t->bytes.count;
    ((uint8_t *)t->present.data)[t->present.count++] = (uint8_t)(present >> i & 1);
  }
  return BA_OK;
}

static ba_status split_rows(ba_context *context, bai_vector *from, int64_t first, int64_t count, int64_t size,
                            bai_vector *to) {
  if (first == count) return BA_OK;
  return bai_vector_append(context, to, (const char *)from->data + first * size, count - first, size);
}

static ba_status split_texts(ba_context *context, bai_optional_texts *from, int64_t first, int64_t count,
                             bai_optional_texts *to) {
  const int64_t *offsets = (const int64_t *)from->offsets.data;
  ba_status status = split_rows(context, &from->bytes, offsets[first], offsets[count], 1, &to->bytes);
  if (!status) status = split_rows(context, &from->present, first, count, 1, &to->present);
  if (!status) status = bai_vector_reserve(context, &to->offsets, count - first, (int64_t)sizeof(int64_t));
  for (int64_t i = first + 1; !status && i <= count; i++) {
    ((int64_t *)to->offsets.data)[to->offsets.count++] = offsets[i] - offsets[first];
  }
  return status;
}

ba_status bai_alignments_split(ba_context *context, bai_alignments *a, int64_t first, int64_t count,
                               bai_alignments *next) {
  ba_status status = split_rows(context, &a->flags, first, count, (int64_t)sizeof(int32_t), &next->flags);
  if (!status) status = split_rows(context, &a->positions, first, count, (int64_t)sizeof(int64_t), &next->positions);
  if (!status) {
    status =
        split_rows(context, &a->mapping_qualities, first, count, (int64_t)sizeof(int32_t), &next->mapping_qualities);
  }
  for (int32_t i = 0; !status && i < columns_of(a); i++) {
    status = split_texts(context, &a->texts[i], first, count, &next->texts[i]);
  }
  if (!status) bai_alignments_cut(a, first);
  return status;
}

void bai_alignments_cut(bai_alignments *a, int64_t count) {
  a->flags.count = a->positions.count = a->mapping_qualities.count = count;
  for (int32_t i = 0; i < columns_of(a); i++) {
    bai_optional_texts *t = &a->texts[i];
    t->present.count = count;
    t->offsets.count = count + 1;
    t->bytes.count = ((const int64_t *)t->offsets.data)[count];
  }
}

static void keep_texts(bai_optional_texts *t, int64_t first, int64_t rows, const bai_span *spans) {
  int64_t *offsets = (int64_t *)t->offsets.data, start = offsets[first], used = start, to = first;
  uint8_t *present = (uint8_t *)t->present.data;
  char *bytes = t->bytes.data;
  for (int64_t i = first; i < rows; i++) {
    const int64_t n = offsets[i + 1] - start; /* read before it is written over */
    if (spans[i - first].length >= 0) {
      if (n > 0) memmove(bytes + used, bytes + start, (size_t)n);
      used += n;
      present[to++] = present[i];
      offsets[to] = used;
    }
    start += n;
  }
}

void bai_alignments_keep(bai_alignments *a, int64_t first, const bai_span *spans) {
  const int64_t rows = a->flags.count;
  int32_t *flags = (int32_t *)a->flags.data, *qualities = (int32_t *)a->mapping_qualities.data;
  int64_t *positions = (int64_t *)a->positions.data, to = first;
  for (int32_t i = 0; i < columns_of(a); i++) keep_texts(&a->texts[i], first, rows, spans);
  for (int64_t i = first; i < rows; i++) {
    if (spans[i - first].length < 0) continue;
    flags[to] = flags[i];
    qualities[to] = qualities[i];
    positions[to++] = positions[i];
  }
  bai_alignments_cut(a, to);
}

int32_t bai_alignments_reversed(const bai_alignments *a, int64_t row) {
  return (((const int32_t *)a->flags.data)[row] & 16) != 0;
}

const char *bai_alignments_text(const bai_alignments *a, int32_t column, int64_t row, int64_t *length) {
  const bai_optional_texts *t = &a->texts[column];
  const int64_t *at = (const int64_t *)t->offsets.data + row;
  if (!((const uint8_t *)t->present.data)[row]) {
    *length = 0;
    return NULL;
  }
  *length = at[1] - at[0];
  return t->bytes.data ? (const char *)t->bytes.data + at[0] : "";
}
