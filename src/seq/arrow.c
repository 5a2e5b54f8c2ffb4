/* SPDX-License-Identifier: MIT
 *
 * arrow.c: batches of records handed out through the Arrow C stream interface. An array holds a reference on its batch
 * and points into it.
 */
#include "bioanalytics/arrow.h"

#include <errno.h>
#include <string.h>

#include "seq/reader.h"
#include "seq/records.h"

#define BATCH_RECORDS 65536
#define READ_COLUMNS 3    /* name, sequence, quality */
#define ALIGNED_COLUMNS 7 /* and flag, reference, position, mapping quality; then come the tags */
#define MOST_COLUMNS (ALIGNED_COLUMNS + BAI_MOST_TAGS)

static const struct {
  const char *name, *format;
} kinds[ALIGNED_COLUMNS] = {{"name", "U"},      {"sequence", "U"}, {"quality", "U"},        {"flag", "i"},
                            {"reference", "U"}, {"position", "l"}, {"mapping_quality", "i"}};
enum { FLAG = READ_COLUMNS, REFERENCE, POSITION, MAPPING_QUALITY };

/* ---- schemas and arrays ---- */

typedef struct schema_parts {
  ba_context *context;
  struct ArrowSchema children[MOST_COLUMNS];
  struct ArrowSchema *list[MOST_COLUMNS];
  bai_tags tags;
} schema_parts;

typedef struct array_parts {
  ba_context *context;
  struct ArrowArray children[MOST_COLUMNS];
  struct ArrowArray *list[MOST_COLUMNS];
  const void *no_validity;
} array_parts;

static void release_child_schema(struct ArrowSchema *schema) {
  schema->release = NULL;
}

static void release_schema(struct ArrowSchema *schema) {
  schema_parts *parts = schema->private_data;
  ba_context *context = parts->context;
  for (int64_t i = 0; i < schema->n_children; i++)
    if (parts->list[i]->release) parts->list[i]->release(parts->list[i]);
  schema->release = NULL;
  bai_free(context, parts);
  bai_context_release(context);
}

static ba_status make_schema(ba_context *context, const bai_tags *tags, int32_t columns, struct ArrowSchema *out) {
  schema_parts *parts;
  const ba_status status = bai_alloc_zero(context, 1, (int64_t)sizeof *parts, &parts);
  if (status) return status;
  parts->context = bai_context_retain(context);
  parts->tags = *tags;
  for (int32_t i = 0; i < columns; i++) {
    const int32_t tag = i - ALIGNED_COLUMNS, optional = tag >= 0 || i == REFERENCE;
    parts->children[i] = (struct ArrowSchema){.format = tag >= 0 ? "U" : kinds[i].format,
                                              .name = tag >= 0 ? parts->tags.names[tag] : kinds[i].name,
                                              .flags = optional ? ARROW_FLAG_NULLABLE : 0,
                                              .release = release_child_schema};
    parts->list[i] = &parts->children[i];
  }
  *out = (struct ArrowSchema){.format = "+s",
                              .name = "",
                              .n_children = columns,
                              .children = parts->list,
                              .release = release_schema,
                              .private_data = parts};
  return BA_OK;
}

/* A consumer may move a child out and let go of the parent, so each holds its own reference on the batch. */
typedef struct child_parts {
  ba_context *context;
  ba_records *records;
  const void *buffers[3];
  uint8_t *validity; /* NULL: nothing is missing */
} child_parts;

static void release_child(struct ArrowArray *array) {
  child_parts *parts = array->private_data;
  ba_context *context = parts->context;
  array->release = NULL;
  ba_records_release(parts->records);
  bai_free(context, parts->validity);
  bai_free(context, parts);
  bai_context_release(context);
}

static void release_array(struct ArrowArray *array) {
  array_parts *parts = array->private_data;
  ba_context *context = parts->context;
  for (int64_t i = 0; i < array->n_children; i++)
    if (parts->list[i]->release) parts->list[i]->release(parts->list[i]);
  array->release = NULL;
  bai_free(context, parts);
  bai_context_release(context);
}

/* One bit a record, 1 when it has the text; made here, since a batch keeps a byte for each. */
static ba_status make_validity(ba_context *context, const bai_optional_texts *texts, int64_t count,
                               struct ArrowArray *out, child_parts *parts) {
  const uint8_t *present = (const uint8_t *)texts->present.data;
  ba_status status = bai_alloc_zero(context, (count + 7) / 8, 1, &parts->validity);
  if (status) return status;
  for (int64_t i = 0; i < count; i++) {
    parts->validity[i / 8] |= (uint8_t)(present[i] << (i % 8));
    out->null_count += !present[i];
  }
  parts->buffers[0] = parts->validity;
  return BA_OK;
}

/* The texts of a column that may lack some; NULL for other columns. */
static const bai_optional_texts *optional_texts(const ba_records *records, int32_t column) {
  if (column == REFERENCE) return &records->alignments->texts[0];
  return column >= ALIGNED_COLUMNS ? &records->alignments->texts[column - MAPPING_QUALITY] : NULL;
}

/* The column's buffers behind the validity; a column of texts has two. */
static int64_t point_at(const ba_records *records, int32_t column, const void **buffers) {
  static const char nothing[1] = "";
  const bai_alignments *a = records->alignments;
  const bai_optional_texts *optional = optional_texts(records, column);
  const bai_vector *offsets = optional ? &optional->offsets : NULL, *bytes = optional ? &optional->bytes : NULL;
  if (column == 0) offsets = &records->name_offsets, bytes = &records->names;
  if (column == 1) offsets = &records->offsets, bytes = &records->letters;
  if (column == 2) offsets = &records->quality_offsets, bytes = &records->qualities;
  if (offsets) {
    buffers[1] = offsets->data;
    buffers[2] = bytes->data ? bytes->data : nothing;
    return 3;
  }
  buffers[1] = column == FLAG ? a->flags.data : column == POSITION ? a->positions.data : a->mapping_qualities.data;
  return 2;
}

static ba_status make_child(ba_context *context, ba_records *records, int32_t column, struct ArrowArray *out) {
  child_parts *parts;
  ba_status status = bai_alloc_zero(context, 1, (int64_t)sizeof *parts, &parts);
  if (status) return status;
  *out = (struct ArrowArray){.length = records->count, .buffers = parts->buffers, .private_data = parts};
  out->n_buffers = point_at(records, column, parts->buffers);
  const bai_optional_texts *texts = optional_texts(records, column);
  if (texts) status = make_validity(context, texts, records->count, out, parts);
  if (status) {
    bai_free(context, parts);
    return status;
  }
  parts->context = bai_context_retain(context);
  parts->records = ba_records_retain(records);
  out->release = release_child;
  return BA_OK;
}

static ba_status make_array(ba_context *context, ba_records *records, int32_t columns, struct ArrowArray *out) {
  array_parts *parts;
  ba_status status = bai_alloc_zero(context, 1, (int64_t)sizeof *parts, &parts);
  if (status) return status;
  parts->context = bai_context_retain(context);
  struct ArrowArray made = {.length = records->count,
                            .n_buffers = 1,
                            .buffers = &parts->no_validity,
                            .children = parts->list,
                            .release = release_array,
                            .private_data = parts};
  for (int32_t i = 0; !status && i < columns; i++) {
    parts->list[i] = &parts->children[i];
    status = make_child(context, records, i, &parts->children[i]);
    if (!status) made.n_children++;
  }
  if (status)
    release_array(&made);
  else
    *out = made;
  return status;
}

/* ---- UTF-8: letters and qualities are ASCII, names and tags may be anything ---- */

static ba_status check_text(ba_context *context, const char *what, const char *text, int64_t length, int64_t record) {
  const int64_t good = bai_utf8_prefix(text, length);
  if (good < length) {
    return bai_fail_at(context, BA_ERR_FORMAT, record, -1,
                       "the %s is not UTF-8 from its byte %lld on; expected UTF-8 for an Arrow column", what,
                       (long long)good);
  }
  return BA_OK;
}

static ba_status check_names(ba_context *context, const ba_records *records, int64_t first_record) {
  const bai_alignments *a = records->alignments;
  ba_status status = BA_OK;
  for (int64_t i = 0; !status && i < records->count; i++) {
    int64_t length;
    const char *name = ba_records_name(records, i, &length);
    status = check_text(context, "name", name, length, first_record + i);
    for (int32_t column = 0; a && !status && column <= a->tags.count; column++) {
      const char *text = bai_alignments_text(a, column, i, &length);
      status =
          check_text(context, column ? a->tags.names[column - 1] : "reference's name", text, length, first_record + i);
    }
  }
  return status;
}

/* ---- the stream ---- */

typedef struct stream {
  ba_context *context;
  ba_reader *reader;
  ba_records *first; /* read to learn the format, given by the first get_next */
  int32_t columns;
  char error[512];
} stream;

/* Arrow wants an errno value. */
static int errno_of(stream *s, ba_status status) {
  bai_format(s->error, sizeof s->error, "%s", s->context->message);
  switch (status) {
    case BA_ERR_MEMORY:
    case BA_ERR_LIMIT:
      return ENOMEM;
    case BA_ERR_IO:
      return EIO;
    case BA_ERR_CANCELLED:
      return ECANCELED;
    default:
      return EINVAL;
  }
}

static int busy(stream *s) {
  bai_format(s->error, sizeof s->error, "%s", ba_status_text(BA_ERR_BUSY));
  return EBUSY;
}

static int get_schema(struct ArrowArrayStream *arrow, struct ArrowSchema *out) {
  stream *s = arrow->private_data;
  if (bai_enter(s->context)) return busy(s);
  const ba_status status =
      bai_leave(s->context, make_schema(s->context, &bai_reader_alignments(s->reader)->tags, s->columns, out));
  return status ? errno_of(s, status) : 0;
}

/* The next batch with its names checked; BA_END at the end. */
static ba_status next_batch(stream *s, ba_records **out) {
  int64_t given, bytes;
  *out = s->first;
  s->first = NULL;
  ba_status status = *out ? BA_OK : bai_reader_next_inner(s->reader, BATCH_RECORDS, out);
  if (status) return status;
  ba_reader_position(s->reader, &given, &bytes);
  status = check_names(s->context, *out, given - (*out)->count + 1);
  if (status) ba_records_release(*out);
  return status;
}

static int get_next(struct ArrowArrayStream *arrow, struct ArrowArray *out) {
  stream *s = arrow->private_data;
  ba_records *records = NULL;
  memset(out, 0, sizeof *out);
  if (bai_enter(s->context)) return busy(s);
  ba_status status = next_batch(s, &records);
  if (!status) {
    status = make_array(s->context, records, s->columns, out);
    ba_records_release(records); /* the columns hold it */
  }
  bai_leave(s->context, status);
  return status == BA_OK || status == BA_END ? 0 : errno_of(s, status); /* the end is an array that is released */
}

static const char *get_last_error(struct ArrowArrayStream *arrow) {
  const stream *s = arrow->private_data;
  return s->error[0] ? s->error : NULL;
}

static void release_stream(struct ArrowArrayStream *arrow) {
  stream *s = arrow->private_data;
  ba_context *context = s->context;
  arrow->release = NULL;
  ba_records_release(s->first);
  ba_reader_close(s->reader);
  bai_free(context, s);
  bai_context_release(context);
}

static int32_t columns_of(const ba_reader *reader) {
  const int32_t format = ba_reader_format(reader);
  if (format == BA_FORMAT_FASTA || format == BA_FORMAT_UNKNOWN) return READ_COLUMNS - 1;
  const int32_t aligned = format >= BA_FORMAT_SAM && format <= BA_FORMAT_CRAM;
  return aligned ? ALIGNED_COLUMNS + bai_reader_alignments(reader)->tags.count : READ_COLUMNS;
}

ba_status ba_reader_export_stream(ba_reader *reader, struct ArrowArrayStream *out) {
  if (!reader) return BA_ERR_ARGUMENT;
  ba_context *context = bai_reader_context(reader);
  ba_status status = bai_enter(context);
  if (status) return status;
  stream *s = NULL;
  if (!out) status = bai_fail(context, BA_ERR_ARGUMENT, "export: expected a place for the stream");
  if (!status && bai_reader_chunk(reader) > 0) {
    status = bai_fail(context, BA_ERR_ARGUMENT, "export: the reader gives pieces of sequences; expected chunk=0");
  }
  if (!status && bai_reader_skips_quality(reader)) {
    status = bai_fail(context, BA_ERR_ARGUMENT,
                      "export: the reader skips qualities, which are a column of the table; "
                      "expected qualities=keep");
  }
  if (!status) status = bai_alloc_zero(context, 1, (int64_t)sizeof *s, &s);
  if (!status) status = bai_reader_next_inner(reader, BATCH_RECORDS, &s->first);
  if (status == BA_END) status = BA_OK; /* an empty table */
  if (status) {
    bai_free(context, s);
    return bai_leave(context, status);
  }
  s->context = bai_context_retain(context);
  s->reader = reader;
  s->columns = columns_of(reader);
  *out = (struct ArrowArrayStream){.get_schema = get_schema,
                                   .get_next = get_next,
                                   .get_last_error = get_last_error,
                                   .release = release_stream,
                                   .private_data = s};
  return bai_leave(context, BA_OK);
}
