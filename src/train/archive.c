/* SPDX-License-Identifier: MIT
 *
 * archive.c: numbers to bytes, little-endian, and back.
 */
#include "train/archive.h"

#include <string.h>

/* The next `count` bytes; NULL when there are none or none can be had. */
static uint8_t *take(bai_archive *a, int64_t count) {
  if (a->status) return NULL;
  if (a->written) {
    a->status = bai_vector_reserve(a->context, a->written, count, 1);
    if (a->status) return NULL;
    uint8_t *at = (uint8_t *)a->written->data + a->written->count;
    a->written->count += count;
    return at;
  }
  if (count > a->length - a->at) {
    a->status = bai_fail_at(a->context, BA_ERR_CORRUPT, -1, a->at, "the checkpoint ends too early");
    return NULL;
  }
  a->at += count;
  return (uint8_t *)(uintptr_t)(a->data + a->at - count);
}

void bai_archive_bytes(bai_archive *a, void *bytes, int64_t count) {
  uint8_t *at = take(a, count);
  if (!at || count == 0) return;
  if (a->written)
    memcpy(at, bytes, (size_t)count);
  else
    memcpy(bytes, at, (size_t)count);
}

void bai_archive_i64(bai_archive *a, int64_t *values, int64_t count, int64_t least, int64_t most) {
  uint8_t *at = take(a, 8 * count);
  for (int64_t i = 0; at && i < count; i++) {
    if (a->written) {
      bai_put_u64(at + 8 * i, (uint64_t)values[i]);
      continue;
    }
    const int64_t value = (int64_t)bai_get_u64(at + 8 * i);
    if (value < least || value > most) {
      a->status = bai_fail_at(a->context, BA_ERR_CORRUPT, -1, a->at - 8 * (count - i),
                              "the checkpoint holds %lld; expected %lld to %lld", (long long)value, (long long)least,
                              (long long)most);
      return;
    }
    values[i] = value;
  }
}

void bai_archive_i32(bai_archive *a, int32_t *value, int32_t least, int32_t most) {
  int64_t wide = *value;
  bai_archive_i64(a, &wide, 1, least, most);
  *value = (int32_t)wide;
}

void bai_archive_f64(bai_archive *a, double *values, int64_t count) {
  uint8_t *at = take(a, 8 * count);
  for (int64_t i = 0; at && i < count; i++) {
    if (a->written)
      bai_put_u64(at + 8 * i, bai_bits_of_f64(values[i]));
    else
      values[i] = bai_f64_of_bits(bai_get_u64(at + 8 * i));
  }
}

void bai_archive_f32(bai_archive *a, float *values, int64_t count) {
  uint8_t *at = take(a, 4 * count);
  for (int64_t i = 0; at && i < count; i++) {
    uint32_t bits;
    memcpy(&bits, &values[i], sizeof bits);
    if (a->written) {
      bai_put_u32(at + 4 * i, bits);
      continue;
    }
    bits = bai_get_u32(at + 4 * i);
    memcpy(&values[i], &bits, sizeof bits);
  }
}
