/* SPDX-License-Identifier: MIT
 *
 * names.c: a dictionary of texts, for classes and groups.
 */
#include <string.h>

#include "base/base.h"

#define NAMES_SEED UINT64_C(0x6e616d6573)

const char *bai_names_text(const bai_names *names, int32_t index) {
  return (const char *)names->bytes.data + ((const int64_t *)names->offsets.data)[index];
}

static int32_t *find_slot(const bai_names *names, const char *text, int64_t length) {
  int32_t *table = names->table.data;
  const uint64_t mask = (uint64_t)names->table.count - 1;
  uint64_t at = bai_hash_bytes(NAMES_SEED, (const uint8_t *)text, length) & mask;
  for (; table[at]; at = (at + 1) & mask) {
    const char *name = bai_names_text(names, table[at] - 1);
    if (bai_length(name) == length && memcmp(name, text, (size_t)length) == 0) break;
  }
  return &table[at];
}

static ba_status grow(ba_context *context, bai_names *names) {
  const int64_t size = names->table.count ? names->table.count * 2 : 64;
  bai_vector table = {0, 0, 0}, old = names->table;
  const ba_status status = bai_vector_reserve(context, &table, size, 4);
  if (status) return status;
  memset(table.data, 0, (size_t)size * 4);
  table.count = size;
  names->table = table;
  for (int32_t i = 0; i < names->offsets.count; i++) {
    const char *name = bai_names_text(names, i);
    *find_slot(names, name, bai_length(name)) = i + 1;
  }
  bai_vector_free(context, &old);
  return BA_OK;
}

ba_status bai_names_index(ba_context *context, bai_names *names, const char *text, int64_t length, int32_t *index) {
  ba_status status = BA_OK;
  if (names->table.count < 2 * (names->offsets.count + 1)) status = grow(context, names);
  if (status) return status;
  int32_t *slot = find_slot(names, text, length);
  if (!*slot) {
    const int64_t offset = names->bytes.count;
    status = bai_vector_reserve(context, &names->bytes, length + 1, 1);
    if (!status) status = bai_vector_append(context, &names->offsets, &offset, 1, 8);
    if (status) return status;
    char *to = (char *)names->bytes.data + offset;
    memcpy(to, text, (size_t)length);
    to[length] = 0;
    names->bytes.count += length + 1;
    *slot = (int32_t)names->offsets.count;
  }
  *index = *slot - 1;
  return BA_OK;
}

int32_t bai_names_find(const bai_names *names, const char *text, int64_t length) {
  return names->table.count ? *find_slot(names, text, length) - 1 : -1;
}

ba_status bai_names_sort(ba_context *context, const bai_names *names, bai_vector *order) {
  const int32_t n = (int32_t)names->offsets.count;
  const ba_status status = bai_vector_reserve(context, order, n, 4);
  if (status) return status;
  int32_t *sorted = order->data;
  /* By insertion: it is called for texts of categories, which are few. */
  for (int32_t i = 0; i < n; i++) {
    int32_t low = 0, high = i;
    while (low < high) {
      const int32_t middle = (low + high) / 2;
      if (strcmp(bai_names_text(names, sorted[middle]), bai_names_text(names, i)) <= 0)
        low = middle + 1;
      else
        high = middle;
    }
    memmove(sorted + low + 1, sorted + low, (size_t)(i - low) * sizeof *sorted);
    sorted[low] = i;
  }
  order->count = n;
  return BA_OK;
}

void bai_names_free(ba_context *context, bai_names *names) {
  bai_vector_free(context, &names->bytes);
  bai_vector_free(context, &names->offsets);
  bai_vector_free(context, &names->table);
}
