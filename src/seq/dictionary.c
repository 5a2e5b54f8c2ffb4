/* SPDX-License-Identifier: MIT
 *
 * dictionary.c: numbered texts with a hash table over them.
 */
#include "seq/dictionary.h"

#include <string.h>

static uint64_t hash_of(bai_span text) {
  return bai_hash_bytes(0, (const uint8_t *)text.at, text.n);
}

bai_span bai_dictionary_text(const bai_dictionary *dictionary, int64_t number) {
  const int64_t *ends = dictionary->ends.data, start = number > 0 ? ends[number - 1] : 0;
  return (bai_span){(const char *)dictionary->bytes.data + start, ends[number] - start};
}

int64_t bai_dictionary_find(const bai_dictionary *dictionary, bai_span text) {
  if (dictionary->slot_count == 0) return -1;
  const uint64_t mask = (uint64_t)dictionary->slot_count - 1;
  for (uint64_t at = hash_of(text) & mask;; at = (at + 1) & mask) {
    const int64_t number = dictionary->slots[at] - 1;
    if (number < 0) return -1;
    const bai_span found = bai_dictionary_text(dictionary, number);
    if (found.n == text.n && memcmp(found.at, text.at, (size_t)text.n) == 0) return number;
  }
}

static void put(bai_dictionary *dictionary, int64_t number) {
  const uint64_t mask = (uint64_t)dictionary->slot_count - 1;
  uint64_t at = hash_of(bai_dictionary_text(dictionary, number)) & mask;
  while (dictionary->slots[at] != 0) at = (at + 1) & mask;
  dictionary->slots[at] = number + 1;
}

ba_status bai_dictionary_add(ba_context *context, bai_dictionary *dictionary, bai_span text) {
  const int64_t count = dictionary->ends.count, end = dictionary->bytes.count + text.n;
  ba_status status = bai_vector_reserve(context, &dictionary->ends, 1, (int64_t)sizeof end);
  if (!status) status = bai_vector_reserve(context, &dictionary->bytes, text.n, 1);
  if (!status && 2 * (count + 1) > dictionary->slot_count) {
    int64_t *slots;
    const int64_t room = dictionary->slot_count > 0 ? 2 * dictionary->slot_count : 32;
    status = bai_alloc_zero(context, room, (int64_t)sizeof *slots, &slots);
    if (status) return status;
    bai_free(context, dictionary->slots);
    dictionary->slots = slots;
    dictionary->slot_count = room;
    for (int64_t i = 0; i < count; i++) put(dictionary, i);
  }
  if (status) return status;
  bai_vector_append(context, &dictionary->bytes, text.at, text.n, 1); /* there is room */
  bai_vector_append(context, &dictionary->ends, &end, 1, (int64_t)sizeof end);
  put(dictionary, count);
  return BA_OK;
}

void bai_dictionary_free(ba_context *context, bai_dictionary *dictionary) {
  bai_vector_free(context, &dictionary->bytes);
  bai_vector_free(context, &dictionary->ends);
  bai_free(context, dictionary->slots);
  *dictionary = (bai_dictionary){0};
}
