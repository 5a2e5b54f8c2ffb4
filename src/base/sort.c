/* SPDX-License-Identifier: MIT
 *
 * sort.c: heap sort, in place: the C library's qsort may allocate behind the context's back.
 */
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

void bai_sort_u64(uint64_t *keys, int64_t n) {
  for (int64_t i = n / 2 - 1; i >= 0; i--) sift_u64(keys, i, n);
  for (int64_t end = n - 1; end > 0; end--) {
    const uint64_t last = keys[end];
    keys[end] = keys[0];
    keys[0] = last;
    sift_u64(keys, 0, end);
  }
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
