/* SPDX-License-Identifier: MIT
 *
 * dictionary.h: texts by number and numbers by text, for the names that a header declares.
 */
#ifndef BAI_SEQ_DICTIONARY_H
#define BAI_SEQ_DICTIONARY_H

#include "base/base.h"

/* A borrowed piece of text. */
typedef struct bai_span {
  const char *at;
  int64_t n;
} bai_span;

static inline int32_t bai_span_is(bai_span span, const char *text) {
  for (int64_t i = 0; i < span.n; i++)
    if (text[i] == 0 || text[i] != span.at[i]) return 0;
  return text[span.n] == 0;
}

/* Zero-initialise it. */
typedef struct bai_dictionary {
  bai_vector bytes; /* the texts one after the other */
  bai_vector ends;  /* int64, where each ends */
  int64_t *slots;   /* number + 1, or 0; a power of two of them */
  int64_t slot_count;
} bai_dictionary;

static inline int64_t bai_dictionary_count(const bai_dictionary *dictionary) {
  return dictionary->ends.count;
}
/* The text of a number in range; it may move when another is added. */
bai_span bai_dictionary_text(const bai_dictionary *dictionary, int64_t number);
/* -1 when it is not there. */
int64_t bai_dictionary_find(const bai_dictionary *dictionary, bai_span text);
/* Adds a text that is not there; its number is the count before. */
ba_status bai_dictionary_add(ba_context *context, bai_dictionary *dictionary, bai_span text);
void bai_dictionary_free(ba_context *context, bai_dictionary *dictionary);

#endif
