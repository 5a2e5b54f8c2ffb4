/* SPDX-License-Identifier: MIT
 *
 * sort.c: in place, as the C library's qsort may allocate behind the context's back: quicksort that falls back to heap
 * sort where the halves stay uneven, and insertion for what is short. Short keys go digit by digit instead.
 */
#include <string.h>

#include "base/base.h"

static void sift_u64(uint64_t *keys, int64_t root, int64_t n) {
  const uint64_t key = keys[root];
  for (int64_t child; (child = 2 * root + 1) < n; root = child) {
    if (child + 1 < n && keys[child + 1] > keys[child]) child++;
    if (keys[child] <= key) break;
    keys[root] = keys[child];
    keys[child] = key;
  }
}

static void sort_by_heap(uint64_t *keys, int64_t n) {
  for (int64_t i = n / 2 - 1; i >= 0; i--) sift_u64(keys, i, n);
  for (int64_t end = n - 1; end > 0; end--) {
    const uint64_t last = keys[end];
    keys[end] = keys[0];
    keys[0] = last;
    sift_u64(keys, 0, end);
  }
}

static void sort_by_insertion(uint64_t *keys, int64_t n) {
  for (int64_t i = 1; i < n; i++) {
    const uint64_t key = keys[i];
    int64_t at = i;
    for (; at > 0 && keys[at - 1] > key; at--) keys[at] = keys[at - 1];
    keys[at] = key;
  }
}

static void put_in_order(uint64_t *a, uint64_t *b) {
  const uint64_t low = *a < *b ? *a : *b, high = *a < *b ? *b : *a;
  *a = low;
  *b = high;
}

/* Keys no larger than the middle one of three to the left, no smaller ones to the right; returns where the right
 * begins, which is neither end. */
static int64_t part(uint64_t *keys, int64_t n) {
  put_in_order(&keys[0], &keys[n / 2]);
  put_in_order(&keys[n / 2], &keys[n - 1]);
  put_in_order(&keys[0], &keys[n / 2]);
  const uint64_t pivot = keys[n / 2];
  int64_t left = 1, right = n - 2;
  for (;;) {
    while (keys[left] < pivot) left++;
    while (keys[right] > pivot) right--;
    if (left >= right) return left;
    const uint64_t key = keys[left];
    keys[left++] = keys[right];
    keys[right--] = key;
  }
}

void bai_sort_u64(uint64_t *keys, int64_t n) {
  int32_t uneven = 0;
  while (n > 24) {
    const int64_t middle = part(keys, n), smaller = middle < n - middle ? middle : n - middle;
    if (smaller < n / 8 && ++uneven > 16) {
      sort_by_heap(keys, n);
      return;
    }
    if (middle == smaller) {
      bai_sort_u64(keys, middle);
      keys += middle;
    } else {
      bai_sort_u64(keys + middle, n - middle);
    }
    n -= smaller;
  }
  sort_by_insertion(keys, n);
}

#define DIGITS static inline __attribute__((always_inline)) /* so that both numbers below are constants */

/* Where the slice of n keys that starts there ends; 0 when the context was cancelled. */
static int64_t slice_end(const ba_context *context, int64_t start, int64_t n) {
  if (start && bai_is_cancelled(context)) return 0;
  return start + BAI_SLICE < n ? start + BAI_SLICE : n;
}

/* A pass for each digit of `size` bits, the lowest first, which keeps the order that there is. */
DIGITS uint32_t *sort_digits(const ba_context *context, uint32_t *keys, uint32_t *scratch, int64_t n, int32_t digits,
                             int32_t size) {
  const uint32_t values = UINT32_C(1) << size, last = values - 1;
  uint32_t places[4][256];
  for (int32_t d = 0; d < digits; d++) memset(places[d], 0, values * sizeof places[d][0]);
  for (int64_t at = 0, end; at < n; at = end) {
    end = slice_end(context, at, n);
    if (end == 0) return NULL;
    for (int64_t i = at; i < end; i++)
      for (int32_t d = 0; d < digits; d++) places[d][keys[i] >> (d * size) & last]++;
  }
  for (int32_t d = 0; d < digits; d++) {
    uint32_t place = 0, *const of = places[d];
    for (uint32_t v = 0; v < values; v++) {
      const uint32_t count = of[v];
      of[v] = place;
      place += count;
    }
    for (int64_t at = 0, end; at < n; at = end) {
      end = slice_end(context, at, n);
      if (end == 0) return NULL;
      for (int64_t i = at; i < end; i++) scratch[of[keys[i] >> (d * size) & last]++] = keys[i];
    }
    uint32_t *sorted = scratch;
    scratch = keys;
    keys = sorted;
  }
  return keys;
}

/* Digits that are no longer than need be: of few keys, their values take as long as the keys. */
uint32_t *bai_sort_u32(const ba_context *context, uint32_t *keys, uint32_t *scratch, int64_t n, int32_t bits) {
  if (bits <= 6) return sort_digits(context, keys, scratch, n, 1, 6);
  if (bits <= 12) return sort_digits(context, keys, scratch, n, 2, 6);
  if (bits <= 16) return sort_digits(context, keys, scratch, n, 2, 8);
  if (bits <= 18) return sort_digits(context, keys, scratch, n, 3, 6);
  if (bits <= 24) return sort_digits(context, keys, scratch, n, 3, 8);
  return sort_digits(context, keys, scratch, n, 4, 8);
}

static int32_t after(const bai_keyed *a, const bai_keyed *b) {
  return a->key != b->key ? a->key > b->key : a->index > b->index;
}

static void sift_keyed(bai_keyed *items, int64_t root, int64_t n) {
  const bai_keyed item = items[root];
  for (int64_t child; (child = 2 * root + 1) < n; root = child) {
    if (child + 1 < n && after(&items[child + 1], &items[child])) child++;
    if (!after(&items[child], &item)) break;
    items[root] = items[child];
    items[child] = item;
  }
}

void bai_sort_keyed(bai_keyed *items, int64_t n) {
  for (int64_t i = n / 2 - 1; i >= 0; i--) sift_keyed(items, i, n);
  for (int64_t end = n - 1; end > 0; end--) {
    const bai_keyed last = items[end];
    items[end] = items[0];
    items[0] = last;
    sift_keyed(items, 0, end);
  }
}

uint64_t bai_order_of_f64(double value) {
  const uint64_t bits = bai_bits_of_f64(value);
  return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}
