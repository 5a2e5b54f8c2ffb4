/* SPDX-License-Identifier: MIT
 *
 * sketch.h: FracMinHash of letters and of codes, for the rooms to the right.
 */
#ifndef BAI_FEATURES_SKETCH_H
#define BAI_FEATURES_SKETCH_H

#include "kernels/kernels.h"

/* What makes two sketches comparable. */
typedef struct bai_sketch_form {
  int32_t k;
  uint64_t seed;
  uint64_t most;   /* the largest hash that is kept */
  int32_t protein; /* codes are of residues: words as they stand, without another strand */
} bai_sketch_form;

#define BAI_SKETCH_MOST_K 255

/* The form for k, one hash kept of `scaled`, and the seed. */
bai_sketch_form bai_sketch_form_of(int64_t k, int64_t scaled, int64_t seed);
/* Appends the kept hashes (uint64) of n letters, or of n codes (bai_encode), in order of position, repeats too. */
ba_status bai_sketch_letters(ba_context *context, const bai_sketch_form *form, const char *letters, int64_t n,
                             bai_vector *hashes);
ba_status bai_sketch_codes(ba_context *context, const bai_sketch_form *form, const uint8_t *codes, int64_t n,
                           bai_vector *hashes);

#endif
