/* SPDX-License-Identifier: MIT
 *
 * sketch.c: FracMinHash. Of all k-mers of a set of sequences those stay whose hash is small: a fixed share of them,
 * the same in every set. The hash is sourmash's, so that sketches can be compared with those of other programs.
 */
#include "features/sketch.h"

#include <string.h>

#include "bioanalytics/features.h"

/* Letters that are looked at in one go, on the stack. */
#define PIECE 4096

struct ba_sketch {
  ba_context *context;
  bai_sketch_form form;
  bai_vector hashes; /* uint64; the first `settled` rise and are distinct, the rest came later */
  int64_t settled;
};

/* ---- the hash ---- */

#define MIX_A UINT64_C(0x87c37b91114253d5)
#define MIX_B UINT64_C(0x4cf5ad432745937f)

static inline uint64_t rotate(uint64_t x, int32_t left) {
  return x << left | x >> (64 - left);
}

static inline uint64_t first_mix(uint64_t word) {
  return rotate(word * MIX_A, 31) * MIX_B;
}

static inline uint64_t second_mix(uint64_t word) {
  return rotate(word * MIX_B, 33) * MIX_A;
}

static inline uint64_t last_mix(uint64_t x) {
  x = (x ^ x >> 33) * UINT64_C(0xff51afd7ed558ccd);
  x = (x ^ x >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
  return x ^ x >> 33;
}

uint64_t bai_murmur(const uint8_t *data, int64_t n, uint64_t seed) {
  uint64_t a = seed, b = seed;
  int64_t at = 0;
  for (; at + 16 <= n; at += 16) {
    a = rotate(a ^ first_mix(bai_get_u64(data + at)), 27) + b;
    a = a * 5 + 0x52dce729;
    b = rotate(b ^ second_mix(bai_get_u64(data + at + 8)), 31) + a;
    b = b * 5 + 0x38495ab5;
  }
  if (at < n) {
    uint8_t rest[16] = {0};
    memcpy(rest, data + at, (size_t)(n - at));
    b ^= second_mix(bai_get_u64(rest + 8));
    a ^= first_mix(bai_get_u64(rest));
  }
  a ^= (uint64_t)n;
  b ^= (uint64_t)n;
  a += b;
  b += a;
  return last_mix(a) + last_mix(b);
}

/* ---- letters to hashes ---- */

bai_sketch_form bai_sketch_form_of(int64_t k, int64_t scaled, int64_t seed) {
  /* The quotient of two doubles, cut, as sourmash has it. */
  const uint64_t most = scaled == 1 ? UINT64_MAX : (uint64_t)(18446744073709551616.0 / (double)scaled);
  return (bai_sketch_form){.k = (int32_t)k, .seed = (uint64_t)seed, .most = most};
}

/* n codes, at most PIECE, to at most n hashes; returns how many. */
static int64_t hash_piece(const bai_sketch_form *form, const uint8_t *codes, int64_t n, uint64_t *hashes) {
  static const uint8_t complement[5] = {'T', 'G', 'C', 'A', 0};
  const uint8_t *letter = (const uint8_t *)(form->protein ? "ACDEFGHIKLMNPQRSTVWY" : "ACGT");
  const int64_t known = form->protein ? 20 : 4;
  uint8_t forward[PIECE], reverse[PIECE];
  int64_t run = 0, kept = 0;
  for (int64_t i = 0; i < n; i++) {
    forward[i] = letter[codes[i]];
    if (!form->protein) reverse[n - 1 - i] = complement[codes[i]];
  }
  for (int64_t i = 0; i < n; i++) {
    run = codes[i] < known ? run + 1 : 0;
    if (run < form->k) continue;
    const uint8_t *word = forward + i - form->k + 1, *other = form->protein ? word : reverse + n - 1 - i;
    const uint64_t hash = bai_murmur(memcmp(word, other, (size_t)form->k) <= 0 ? word : other, form->k, form->seed);
    if (hash <= form->most) hashes[kept++] = hash;
  }
  return kept;
}

ba_status bai_sketch_codes(ba_context *context, const bai_sketch_form *form, const uint8_t *codes, int64_t n,
                           bai_vector *hashes) {
  const int64_t step = PIECE - form->k + 1; /* neighbours share k - 1 letters */
  for (int64_t from = 0; n - from >= form->k; from += step) {
    const int64_t size = n - from < PIECE ? n - from : PIECE;
    ba_status status = bai_check_cancel(context);
    if (!status) status = bai_vector_reserve(context, hashes, size, 8);
    if (status) return status;
    hashes->count += hash_piece(form, codes + from, size, (uint64_t *)hashes->data + hashes->count);
  }
  return BA_OK;
}

ba_status bai_sketch_letters(ba_context *context, const bai_sketch_form *form, const char *letters, int64_t n,
                             bai_vector *hashes) {
  const bai_kernels *kernels = bai_kernels_of(context);
  const int64_t step = PIECE - form->k + 1;
  uint8_t codes[PIECE];
  for (int64_t from = 0; n - from >= form->k; from += step) {
    const int64_t size = n - from < PIECE ? n - from : PIECE;
    kernels->encode(codes, (const uint8_t *)letters + from, size);
    const ba_status status = bai_sketch_codes(context, form, codes, size, hashes);
    if (status) return status;
  }
  return BA_OK;
}

/* ---- the public sketch ---- */

/* Sorts what came since the last time, and drops repeats. */
static void settle(ba_sketch *sketch) {
  uint64_t *hashes = sketch->hashes.data;
  if (sketch->settled == sketch->hashes.count) return;
  bai_sort_u64(hashes, sketch->hashes.count);
  int64_t kept = 1;
  for (int64_t i = 1; i < sketch->hashes.count; i++)
    if (hashes[i] != hashes[kept - 1]) hashes[kept++] = hashes[i];
  sketch->hashes.count = sketch->settled = kept;
}

/* Before more is added: repeats must not pile up. */
static void settle_at_times(ba_sketch *sketch) {
  if (sketch->hashes.count - sketch->settled > sketch->settled + 65536) settle(sketch);
}

ba_status ba_sketch_create(ba_context *context, const char *options, ba_sketch **out) {
  ba_status status = bai_enter(context);
  if (status) return status;
  int64_t k = 21, scaled = 1000, seed = 42;
  const bai_option table[] = {{"k", 'i', NULL, 1, BAI_SKETCH_MOST_K, &k},
                              {"scaled", 'i', NULL, 1, 9007199254740992.0, &scaled},
                              {"seed", 'i', NULL, 0, 4294967295.0, &seed},
                              {NULL, 0, NULL, 0, 0, NULL}};
  ba_sketch *sketch = NULL;
  if (!out) status = bai_fail(context, BA_ERR_ARGUMENT, "sketch: expected a place for the result");
  if (!status) *out = NULL;
  if (!status) status = bai_options_parse(context, options, table);
  if (!status) status = bai_alloc_zero(context, 1, sizeof *sketch, &sketch);
  if (!status) {
    sketch->context = bai_context_retain(context);
    sketch->form = bai_sketch_form_of(k, scaled, seed);
    *out = sketch;
  }
  return bai_leave(context, status);
}

ba_status ba_sketch_add(ba_sketch *sketch, const char *letters, int64_t length) {
  if (!sketch) return BA_ERR_ARGUMENT;
  ba_context *context = sketch->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  if (length < 0 || (!letters && length > 0))
    status = bai_fail(context, BA_ERR_ARGUMENT, "sketch: expected letters, and a length of 0 or more");
  if (!status) {
    settle_at_times(sketch);
    const int64_t before = sketch->hashes.count;
    status = bai_sketch_letters(context, &sketch->form, letters, length, &sketch->hashes);
    if (status) sketch->hashes.count = before;
  }
  return bai_leave(context, status);
}

ba_status ba_sketch_add_records(ba_sketch *sketch, const ba_records *records) {
  if (!sketch) return BA_ERR_ARGUMENT;
  ba_context *context = sketch->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  if (!records) status = bai_fail(context, BA_ERR_ARGUMENT, "sketch: expected records");
  settle_at_times(sketch);
  const int64_t before = sketch->hashes.count, count = ba_records_count(records);
  for (int64_t i = 0; !status && i < count; i++) {
    int64_t length;
    const char *letters = ba_records_sequence(records, i, &length);
    status = bai_sketch_letters(context, &sketch->form, letters, length, &sketch->hashes);
  }
  if (status) sketch->hashes.count = before;
  return bai_leave(context, status);
}

/* Two sketches that can be compared, of one context. */
static ba_status check_pair(const ba_sketch *a, const ba_sketch *b) {
  if (!b) return bai_fail(a->context, BA_ERR_ARGUMENT, "sketch: expected a second sketch");
  if (a->context != b->context)
    return bai_fail(a->context, BA_ERR_ARGUMENT, "sketch: the second is of another context; expected one for both");
  if (a->form.k != b->form.k || a->form.seed != b->form.seed || a->form.most != b->form.most)
    return bai_fail(a->context, BA_ERR_ARGUMENT,
                    "sketch: k, scaled or seed differ (k is %ld and %ld); expected the same for both", (long)a->form.k,
                    (long)b->form.k);
  return BA_OK;
}

ba_status ba_sketch_merge(ba_sketch *sketch, const ba_sketch *other) {
  if (!sketch) return BA_ERR_ARGUMENT;
  ba_context *context = sketch->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  status = check_pair(sketch, other);
  if (!status && sketch != other) {
    settle_at_times(sketch);
    status = bai_vector_append(context, &sketch->hashes, other->hashes.data, other->hashes.count, 8);
  }
  return bai_leave(context, status);
}

ba_status ba_sketch_similarity(ba_sketch *sketch, ba_sketch *other, double *containment, double *jaccard) {
  if (!sketch) return BA_ERR_ARGUMENT;
  ba_context *context = sketch->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  status = check_pair(sketch, other);
  if (!status) {
    settle(sketch);
    settle(other);
    const uint64_t *a = sketch->hashes.data, *b = other->hashes.data;
    const int64_t m = sketch->settled, n = other->settled;
    int64_t shared = 0;
    for (int64_t i = 0, j = 0; i < m && j < n;) {
      const uint64_t x = a[i], y = b[j];
      shared += x == y;
      i += x <= y;
      j += y <= x;
    }
    const int64_t all = m + n - shared;
    if (containment) *containment = m ? (double)shared / (double)m : 0.0;
    if (jaccard) *jaccard = all ? (double)shared / (double)all : 0.0;
  }
  return bai_leave(context, status);
}

int64_t ba_sketch_count(ba_sketch *sketch) {
  if (!sketch) return 0;
  settle(sketch);
  return sketch->settled;
}

const int64_t *ba_sketch_hashes(ba_sketch *sketch) {
  if (!sketch) return NULL;
  settle(sketch);
  return sketch->hashes.data;
}

void ba_sketch_destroy(ba_sketch *sketch) {
  if (!sketch) return;
  ba_context *context = sketch->context;
  bai_vector_free(context, &sketch->hashes);
  bai_free(context, sketch);
  bai_context_release(context);
}
