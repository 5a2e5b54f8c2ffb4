/* SPDX-License-Identifier: MIT
 *
 * bits.h: what the parts of the program `digests` note down.
 */
#ifndef TEST_BITS_BITS_H
#define TEST_BITS_BITS_H

#include <stdio.h>

#include "model/making.h"

/* A digest of n bytes, and of numbers, of which NaN counts as one, whatever its bits. In later passes it must be the
 * one that the first pass had at this place. */
void bits_bytes(const char *name, const void *data, int64_t n);
void bits_f64(const char *name, const double *x, int64_t n);
void bits_array(const char *name, const ba_array *array);
void bits_model(ba_context *context, const char *name, const ba_model *model);
/* Notes a status that is no success, and says whether it was none. */
int32_t bits_failed(const char *name, ba_status status);

/* Sequences that are strange: none, one letter, no known letter, long, lower case, RNA, gaps, repeats; and proteins. */
ba_records *bits_odd_records(ba_context *context, const char *alphabet);
/* All that a model of sequences can be asked. */
void bits_scores(ba_context *context, const char *name, ba_model *model, const ba_records *records);

/* The parts. */
void bits_features(ba_context *context);
void bits_trainings(ba_context *context);
void bits_tables(ba_context *context);

#endif
