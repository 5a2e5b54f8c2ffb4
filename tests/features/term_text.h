/* SPDX-License-Identifier: MIT
 *
 * term_text.h: terms over series as a recipe writes them.
 */
#ifndef TEST_FEATURES_TERM_TEXT_H
#define TEST_FEATURES_TERM_TEXT_H

#include <stdio.h>

#include "model/making.h"

/* What a key without a default gets; the first name of a column is x, others are y. */
static inline size_t term_text_key(char *text, size_t room, const bai_key *key, int32_t first) {
  const char *list = strcmp(key->name, "columns") == 0 ? "x, y"
                     : strcmp(key->name, "shape") == 0 ? "0,1,3,1"
                                                       : "0.25, 0.75";
  if (key->type == BAI_KEY_NAME) return (size_t)snprintf(text, room, "%s=%c,", key->name, first ? 'x' : 'y');
  if (key->type == BAI_KEY_LIST) return (size_t)snprintf(text, room, "%s=\"%s\",", key->name, list);
  return (size_t)snprintf(text, room, "%s=7,", key->name);
}

/* Appends a term behind a plus sign: with what must be given, and one key more with a word of n letters, if any. */
static inline size_t term_text(char *text, size_t at, size_t room, const bai_term_spec *spec, const bai_key *vary,
                               const char *word, size_t n) {
  at += (size_t)snprintf(text + at, room - at, "%s%s(", at ? "+" : "", spec->name);
  for (const bai_key *key = spec->keys; key->name; key++)
    if (!key->standard) at += term_text_key(text + at, room - at, key, key == spec->keys);
  if (vary) at += (size_t)snprintf(text + at, room - at, "%s=%.*s,", vary->name, (int)n, word);
  if (text[at - 1] == ',') at--;
  at += (size_t)snprintf(text + at, room - at, ")");
  assert_true(at < room);
  return at;
}

#endif
