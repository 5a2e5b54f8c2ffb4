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

/* ---- letters to hashes ---- */

bai_sketch_form bai_sketch_form_of(int64_t k, int64_t scaled, int64_t seed) {
  /* The quotient of two doubles, cut, as sourmash has it. */
  const uint64_t most = scaled == 1 ? UINT64_MAX : (uint64_t)(18446744073709551616.0 / (double)scaled);
  return (bai_sketch_form){.k = (int32_t)k, .seed = (uint64_t)seed, .most = most};
}

/* Eight codes of nucleotides in the bytes of a number to letters: C is two beyond A, G six, T nineteen. */
static uint64_t letters_of(uint64_t codes) {
  const uint64_t ones = UINT64_C(0x0101010101010101);
  const uint64_t low = codes & ones, high = codes >> 1 & ones;
  return 'A' * ones + 2 * low + 6 * high + 11 * (low & high);
}

/* The text of n codes, and of the other strand; ambiguous letters become anything, and their words are left out. */
static void spell(const bai_sketch_form *form, const uint8_t *codes, int64_t n, uint8_t *forward, uint8_t *reverse) {
  int64_t i = 0;
  for (; form->protein && i < n; i++) forward[i] = (uint8_t) "ACDEFGHIKLMNPQRSTVWY-"[codes[i]];
  for (; i + 8 <= n; i += 8) {
    uint64_t eight;
    memcpy(&eight, codes + i, sizeof eight);
    const uint64_t letters = letters_of(eight), others = __builtin_bswap64(letters_of(~eight));
    memcpy(forward + i, &letters, sizeof letters);
    memcpy(reverse + n - 8 - i, &others, sizeof others);
  }
  for (; i < n; i++) {
    forward[i] = (uint8_t) "ACGTA"[codes[i]];
    reverse[n - 1 - i] = (uint8_t) "TGCAT"[codes[i]];
  }
}

/* n codes, at least k and at most PIECE, to at most n hashes; returns how many. */
static int64_t hash_piece(const bai_kernels *kernels, const bai_sketch_form *form, const uint8_t *codes, int64_t n,
                          uint64_t *hashes) {
  const uint8_t known = form->protein ? 20 : 4;
  uint8_t forward[PIECE + BAI_WORD_SLACK], reverse[PIECE + BAI_WORD_SLACK];
  int32_t places[PIECE];
  int64_t kept = 0, looked = 0, bad = -1; /* the last ambiguous letter of those looked at */
  spell(form, codes, n, forward, reverse);
  memset(forward + n, 0, BAI_WORD_SLACK);
  memset(reverse + n, 0, BAI_WORD_SLACK);
  const int64_t found = kernels->murmur_words(hashes, places, forward, form->protein ? NULL : reverse, n - form->k + 1,
                                              form->k, form->seed, form->most);
  for (int64_t i = 0; i < found; i++) {
    if (looked < places[i]) looked = places[i];
    for (; looked < places[i] + form->k; looked++)
      if (codes[looked] >= known) bad = looked;
    if (bad < places[i]) hashes[kept++] = hashes[i];
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
    hashes->count +=
        hash_piece(bai_kernels_of(context), form, codes + from, size, (uint64_t *)hashes->data + hashes->count);
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
