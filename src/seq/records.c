/* SPDX-License-Identifier: MIT
 *
 * records.c: batches of records: growing one, cutting one, sharing one.
 */
#include "seq/records.h"

#include <string.h>

#include "seq/letters.h"

static int64_t last_offset(const bai_vector *offsets) {
  return ((const int64_t *)offsets->data)[offsets->count - 1];
}

static void put_offset(bai_vector *offsets, int64_t value) {
  ((int64_t *)offsets->data)[offsets->count++] = value;
}

static void records_free(ba_records *records) {
  ba_context *context = records->context;
  if (records->foreign) records->letters.data = NULL;
  if (records->release) records->release(records->user);
  bai_vector_free(context, &records->letters);
  bai_vector_free(context, &records->offsets);
  bai_vector_free(context, &records->names);
  bai_vector_free(context, &records->name_offsets);
  bai_vector_free(context, &records->qualities);
  bai_vector_free(context, &records->quality_offsets);
  bai_alignments_close(context, records->alignments);
  bai_free(context, records);
  bai_context_release(context);
}

/* Room for `records` more offsets in each of the three columns: once there is room, a commit cannot fail. */
static ba_status reserve_offsets(ba_records *records, int64_t extra) {
  ba_context *context = records->context;
  const int64_t size = (int64_t)sizeof(int64_t);
  ba_status status = bai_vector_reserve(context, &records->offsets, extra, size);
  if (!status) status = bai_vector_reserve(context, &records->name_offsets, extra, size);
  if (!status) status = bai_vector_reserve(context, &records->quality_offsets, extra, size);
  return status;
}

ba_status bai_records_open(ba_context *context, bai_records_room room, ba_records **out) {
  ba_records *records;
  ba_status status = bai_alloc_zero(context, 1, (int64_t)sizeof *records, &records);
  *out = NULL;
  if (status) return status;
  records->context = bai_context_retain(context);
  atomic_init(&records->references, 1);
  status = reserve_offsets(records, room.records + 1);
  if (!status) status = bai_vector_reserve(context, &records->letters, room.letters + BAI_LETTER_SLACK, 1);
  if (!status) status = bai_vector_reserve(context, &records->names, room.names + BAI_LETTER_SLACK, 1);
  if (!status) status = bai_vector_reserve(context, &records->qualities, room.qualities + BAI_LETTER_SLACK, 1);
  if (status) {
    records_free(records);
    return status;
  }
  put_offset(&records->offsets, 0);
  put_offset(&records->name_offsets, 0);
  put_offset(&records->quality_offsets, 0);
  *out = records;
  return BA_OK;
}

int32_t bai_records_recycle(ba_records *records) {
  if (records->foreign || atomic_load_explicit(&records->references, memory_order_acquire) != 1) return 0;
  records->letters.count = records->names.count = records->qualities.count = 0;
  records->offsets.count = records->name_offsets.count = records->quality_offsets.count = 1;
  if (records->alignments) bai_alignments_clear(records->alignments);
  records->count = records->start = records->more = 0;
  return 1;
}

static int64_t room_of(const bai_vector *offsets) {
  return offsets->capacity - offsets->count;
}

int64_t bai_records_room_left(const ba_records *records) {
  int64_t room = room_of(&records->offsets);
  if (room_of(&records->name_offsets) < room) room = room_of(&records->name_offsets);
  if (room_of(&records->quality_offsets) < room) room = room_of(&records->quality_offsets);
  return room;
}

ba_status bai_records_commit(ba_records *records) {
  if (bai_records_room_left(records) == 0) {
    ba_status status = reserve_offsets(records, 1);
    if (status) return status;
  }
  put_offset(&records->offsets, records->letters.count);
  put_offset(&records->name_offsets, records->names.count);
  put_offset(&records->quality_offsets, records->qualities.count);
  records->count++;
  return BA_OK;
}

/* Copies offsets first + 1 .. last and the bytes from `first` on. */
static ba_status copy_column(ba_context *context, const bai_vector *bytes, const bai_vector *offsets, int64_t first,
                             bai_vector *to_bytes, bai_vector *to_offsets) {
  const int64_t *from = (const int64_t *)offsets->data;
  int64_t start = from[first], n = bytes->count - start;
  ba_status status = bai_vector_reserve(context, to_bytes, n + BAI_LETTER_SLACK, 1);
  if (!status) {
    status = bai_vector_reserve(context, to_offsets, offsets->count - first - 1, (int64_t)sizeof(int64_t));
  }
  if (status) return status;
  if (n > 0) {
    memcpy(to_bytes->data, (const char *)bytes->data + start, (size_t)n);
    to_bytes->count = n;
  }
  for (int64_t i = first + 1; i < offsets->count; i++) put_offset(to_offsets, from[i] - start);
  return BA_OK;
}

static void cut_column(bai_vector *bytes, bai_vector *offsets, int64_t count) {
  offsets->count = count + 1;
  bytes->count = last_offset(offsets);
}

ba_status bai_records_split(ba_records *records, int64_t first, ba_records *next) {
  ba_context *context = records->context;
  ba_status status = copy_column(context, &records->letters, &records->offsets, first, &next->letters, &next->offsets);
  if (!status) {
    status = copy_column(context, &records->names, &records->name_offsets, first, &next->names, &next->name_offsets);
  }
  if (!status) {
    status = copy_column(context, &records->qualities, &records->quality_offsets, first, &next->qualities,
                         &next->quality_offsets);
  }
  if (!status && records->alignments) {
    if (!next->alignments) status = bai_alignments_open(context, &records->alignments->tags, &next->alignments);
    if (!status) {
      status = bai_alignments_split(context, records->alignments, first, records->count, next->alignments);
    }
  }
  if (status) return status;
  next->count = records->count - first;
  next->more = next->count > 0 ? records->more : 0;
  records->more -= next->more;
  bai_records_cut(records, first);
  return BA_OK;
}

/* Moves the texts that are kept, and the bytes behind the last one, towards the start. `names`: kept whole. */
static void keep_column(bai_vector *bytes, bai_vector *offsets, int64_t first, const bai_span *spans, int32_t names) {
  int64_t *at = (int64_t *)offsets->data;
  const int64_t count = offsets->count - 1;
  int64_t start = at[first], used = start;
  char *data = bytes->data;
  offsets->count = first + 1;
  for (int64_t i = first; i < count; i++) {
    const int64_t end = at[i + 1]; /* read before it is written over */
    const bai_span span = spans[i - first];
    const int64_t n = names ? end - start : span.length, from = names ? start : start + span.start;
    if (span.length >= 0) {
      /* A text may be empty where the letters are not: a record without qualities. */
      if (n > 0 && end > start) {
        memmove(data + used, data + from, (size_t)n);
        used += n;
      }
      put_offset(offsets, used);
    }
    start = end;
  }
  const int64_t tail = bytes->count - start;
  if (tail > 0) memmove(data + used, data + start, (size_t)tail);
  bytes->count = used + tail;
}

void bai_records_keep(ba_records *records, int64_t first, const bai_span *spans) {
  keep_column(&records->letters, &records->offsets, first, spans, 0);
  keep_column(&records->names, &records->name_offsets, first, spans, 1);
  keep_column(&records->qualities, &records->quality_offsets, first, spans, 0);
  if (records->alignments) bai_alignments_keep(records->alignments, first, spans);
  records->count = records->offsets.count - 1;
}

void bai_records_cut(ba_records *records, int64_t count) {
  cut_column(&records->letters, &records->offsets, count);
  cut_column(&records->names, &records->name_offsets, count);
  cut_column(&records->qualities, &records->quality_offsets, count);
  if (records->alignments) bai_alignments_cut(records->alignments, count);
  records->count = count;
}

/* ---- batches from memory ---- */

static ba_status check_offsets(ba_context *context, const int64_t *offsets, int64_t count) {
  if (offsets == NULL) return BA_OK;
  if (offsets[0] < 0) {
    return bai_fail(context, BA_ERR_ARGUMENT, "offset 0 is %lld: offsets are 0 or more", (long long)offsets[0]);
  }
  for (int64_t i = 0; i < count; i++) {
    if (offsets[i + 1] < offsets[i]) {
      return bai_fail(context, BA_ERR_ARGUMENT, "offset %lld is %lld, before offset %lld, which is %lld",
                      (long long)(i + 1), (long long)offsets[i + 1], (long long)i, (long long)offsets[i]);
    }
  }
  return BA_OK;
}

static ba_status fill_column(ba_context *context, bai_texts texts, int64_t count, bai_vector *bytes,
                             bai_vector *offsets) {
  int64_t start = texts.offsets ? texts.offsets[0] : 0;
  int64_t n = texts.offsets ? texts.offsets[count] - start : 0;
  if (n > 0 && texts.bytes == NULL) {
    return bai_fail(context, BA_ERR_ARGUMENT, "the offsets speak of %lld bytes, but their buffer is NULL",
                    (long long)n);
  }
  ba_status status = bai_vector_reserve(context, bytes, n + BAI_LETTER_SLACK, 1);
  if (status) return status;
  if (n > 0) memcpy(bytes->data, texts.bytes + start, (size_t)n);
  bytes->count = n;
  for (int64_t i = 1; i <= count; i++) put_offset(offsets, texts.offsets ? texts.offsets[i] - start : 0);
  return BA_OK;
}

static ba_status check_letters(const ba_records *records) {
  const bai_vector *letters = &records->letters;
  bai_letter_scan found = records->foreign ? bai_scan_foreign_letters((uint8_t *)letters->data, letters->count)
                                           : bai_scan_letters((uint8_t *)letters->data, letters->count);
  if (found.bad < 0) return BA_OK;
  const int64_t *offsets = bai_records_offsets(records);
  int64_t record = 0;
  while (offsets[record + 1] <= found.bad) record++;
  return bai_fail_letter(records->context, record + 1, found.bad - offsets[record],
                         ((const uint8_t *)records->letters.data)[found.bad]);
}

/* A text for each record must have as many symbols as the record has letters, or none. */
static ba_status check_qualities(const ba_records *records) {
  const int64_t *letters = (const int64_t *)records->offsets.data;
  const int64_t *symbols = (const int64_t *)records->quality_offsets.data;
  for (int64_t i = 0; i < records->count; i++) {
    int64_t n = symbols[i + 1] - symbols[i], expected = letters[i + 1] - letters[i];
    if (n != 0 && n != expected) {
      return bai_fail_at(records->context, BA_ERR_FORMAT, i + 1, -1, "quality has %lld symbols, sequence has %lld",
                         (long long)n, (long long)expected);
    }
  }
  return BA_OK;
}

ba_status bai_records_make(ba_context *context, bai_texts names, bai_texts letters, bai_texts qualities, int64_t count,
                           ba_records **out) {
  ba_records *records;
  *out = NULL;
  ba_status status = check_offsets(context, names.offsets, count);
  if (!status) status = check_offsets(context, letters.offsets, count);
  if (!status) status = check_offsets(context, qualities.offsets, count);
  if (!status) status = bai_records_open(context, (bai_records_room){0}, &records);
  if (status) return status;
  records->count = count;
  status = reserve_offsets(records, count);
  if (!status) status = fill_column(context, letters, count, &records->letters, &records->offsets);
  if (!status) status = fill_column(context, names, count, &records->names, &records->name_offsets);
  if (!status) status = fill_column(context, qualities, count, &records->qualities, &records->quality_offsets);
  if (!status) status = check_letters(records);
  if (!status) status = check_qualities(records);
  if (status) {
    records_free(records);
    return status;
  }
  *out = records;
  return BA_OK;
}

ba_status ba_records_create(ba_context *context, const char *letters, const int64_t *offsets, int64_t count,
                            ba_records **out) {
  if (out == NULL) return BA_ERR_ARGUMENT;
  *out = NULL;
  ba_status status = bai_enter(context);
  if (status) return status;
  bai_texts none = {0};
  if (offsets == NULL || count < 0) {
    status = bai_fail(context, BA_ERR_ARGUMENT, "ba_records_create: expected offsets and a count of 0 or more");
  } else {
    status = bai_records_make(context, none, (bai_texts){letters, offsets}, none, count, out);
  }
  return bai_leave(context, status);
}

/* Letters in place; all but the offsets is as in an empty batch. */
static ba_status wrap_letters(ba_context *context, bai_texts letters, int64_t count, ba_records **out) {
  static const char nothing[1] = "";
  ba_records *records;
  const int64_t start = letters.offsets[0], n = letters.offsets[count] - start;
  if (n > 0 && letters.bytes == NULL)
    return bai_fail(context, BA_ERR_ARGUMENT, "the offsets speak of %lld bytes, but their buffer is NULL",
                    (long long)n);
  ba_status status = bai_records_open(context, (bai_records_room){0}, &records);
  if (status) return status;
  bai_vector_free(context, &records->letters);
  records->foreign = 1;
  records->count = count;
  records->letters.data = (void *)(uintptr_t)(letters.bytes ? letters.bytes + start : nothing); /* never written */
  records->letters.count = n;
  status = reserve_offsets(records, count);
  for (int64_t i = 1; !status && i <= count; i++) {
    put_offset(&records->offsets, letters.offsets[i] - start);
    put_offset(&records->name_offsets, 0);
    put_offset(&records->quality_offsets, 0);
  }
  if (!status) status = check_letters(records);
  if (status)
    records_free(records);
  else
    *out = records;
  return status;
}

ba_status ba_records_wrap(ba_context *context, const char *letters, const int64_t *offsets, int64_t count,
                          ba_release_function release, void *user, ba_records **out) {
  if (out == NULL) return BA_ERR_ARGUMENT;
  *out = NULL;
  ba_status status = bai_enter(context);
  if (status) return status;
  if (offsets == NULL || count < 0) {
    status = bai_fail(context, BA_ERR_ARGUMENT, "ba_records_wrap: expected offsets and a count of 0 or more");
  } else {
    status = check_offsets(context, offsets, count);
    if (!status) status = wrap_letters(context, (bai_texts){letters, offsets}, count, out);
  }
  if (!status) {
    (*out)->release = release;
    (*out)->user = user;
  }
  return bai_leave(context, status);
}

/* ---- reading a batch ---- */

int64_t ba_records_count(const ba_records *records) {
  return records ? records->count : 0;
}

static const char *text_of(const ba_records *records, const bai_vector *bytes, const bai_vector *offsets, int64_t index,
                           int64_t *length) {
  if (length) *length = 0;
  if (index < 0 || index >= records->count) return NULL;
  const int64_t *at = (const int64_t *)offsets->data + index;
  if (length) *length = at[1] - at[0];
  return bytes->data ? (const char *)bytes->data + at[0] : "";
}

const char *ba_records_name(const ba_records *records, int64_t index, int64_t *length) {
  if (length) *length = 0;
  return records ? text_of(records, &records->names, &records->name_offsets, index, length) : NULL;
}

const char *ba_records_sequence(const ba_records *records, int64_t index, int64_t *length) {
  if (length) *length = 0;
  return records ? text_of(records, &records->letters, &records->offsets, index, length) : NULL;
}

const char *ba_records_quality(const ba_records *records, int64_t index, int64_t *length) {
  int64_t n = 0;
  const char *text = records ? text_of(records, &records->qualities, &records->quality_offsets, index, &n) : NULL;
  if (length) *length = n;
  return n > 0 ? text : NULL;
}

int32_t ba_records_alignment(const ba_records *records, int64_t index, int32_t *flag, const char **reference,
                             int64_t *reference_length, int64_t *position, int32_t *mapping_quality) {
  const bai_alignments *a = records ? records->alignments : NULL;
  const int32_t found = a && index >= 0 && index < records->count;
  int64_t length = 0;
  const char *text = found ? bai_alignments_text(a, 0, index, &length) : NULL;
  if (flag) *flag = found ? ((const int32_t *)a->flags.data)[index] : 0;
  if (reference) *reference = text;
  if (reference_length) *reference_length = length;
  if (position) *position = found ? ((const int64_t *)a->positions.data)[index] : -1;
  if (mapping_quality) *mapping_quality = found ? ((const int32_t *)a->mapping_qualities.data)[index] : 255;
  return found;
}

const char *ba_records_tag(const ba_records *records, int64_t index, const char *tag, int64_t *length) {
  const bai_alignments *a = records ? records->alignments : NULL;
  int64_t n = 0;
  const char *text = NULL;
  if (a && tag && index >= 0 && index < records->count) {
    for (int32_t i = 0; i < a->tags.count; i++) {
      if (strcmp(a->tags.names[i], tag) == 0) text = bai_alignments_text(a, i + 1, index, &n);
    }
  }
  if (length) *length = n;
  return text;
}

int64_t ba_records_piece(const ba_records *records, int64_t index, int32_t *more) {
  const int32_t found = records && index >= 0 && index < records->count;
  if (more) *more = found && index == records->count - 1 && records->more;
  return found && index == 0 ? records->start : 0;
}

const char *ba_records_columns(const ba_records *records, const int64_t **offsets) {
  if (offsets) *offsets = records ? bai_records_offsets(records) : NULL;
  return records ? bai_records_letters(records) : NULL;
}

const char *ba_records_names(const ba_records *records, const int64_t **offsets) {
  if (offsets) *offsets = records ? (const int64_t *)records->name_offsets.data : NULL;
  if (records == NULL) return NULL;
  return records->names.data ? (const char *)records->names.data : "";
}

const char *ba_records_qualities(const ba_records *records, const int64_t **offsets) {
  if (offsets) *offsets = records ? (const int64_t *)records->quality_offsets.data : NULL;
  if (records == NULL) return NULL;
  return records->qualities.data ? (const char *)records->qualities.data : "";
}

ba_records *ba_records_retain(ba_records *records) {
  if (records) atomic_fetch_add_explicit(&records->references, 1, memory_order_relaxed);
  return records;
}

void ba_records_release(ba_records *records) {
  if (records && atomic_fetch_sub(&records->references, 1) == 1) records_free(records);
}
