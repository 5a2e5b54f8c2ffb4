/* SPDX-License-Identifier: MIT
 *
 * archive.h: one walk over the state of an object either writes it down or reads it back. The first thing that does not
 * fit ends the walk: what follows is left alone, and `status` says so.
 */
#ifndef BAI_TRAIN_ARCHIVE_H
#define BAI_TRAIN_ARCHIVE_H

#include "base/base.h"

typedef struct bai_archive {
  ba_context *context;
  bai_vector *written; /* NULL while reading */
  const uint8_t *data; /* to read */
  int64_t length, at;
  ba_status status;
} bai_archive;

/* The most that what is counted on from may be. */
#define BAI_MOST_COUNTED (INT64_MAX / 2)
/* Whole numbers must be within the range, or the state is not one that was written. */
void bai_archive_i32(bai_archive *archive, int32_t *value, int32_t least, int32_t most);
void bai_archive_i64(bai_archive *archive, int64_t *values, int64_t count, int64_t least, int64_t most);
void bai_archive_f32(bai_archive *archive, float *values, int64_t count);
void bai_archive_f64(bai_archive *archive, double *values, int64_t count);
void bai_archive_bytes(bai_archive *archive, void *bytes, int64_t count);

#endif
