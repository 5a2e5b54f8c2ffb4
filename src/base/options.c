/* SPDX-License-Identifier: MIT
 *
 * options.c: the option text of a call, "threads=2, ambiguous=skip", read into a table. Every refusal names the column
 * and what would be accepted.
 */
#include <string.h>

#include "base/base.h"

#define ACCEPTED_TEXT 384

/* One key or value inside the option text. */
typedef struct piece {
  const char *at;
  int64_t n;
  long long column; /* from 1 */
} piece;

static int32_t is_space(char letter) {
  return letter == ' ' || letter == '\t' || letter == '\n' || letter == '\r';
}

/* The text from..to without the spaces at its ends. */
static piece trimmed(const char *text, const char *from, const char *to) {
  while (from < to && is_space(*from)) from++;
  while (to > from && is_space(to[-1])) to--;
  return (piece){.at = from, .n = to - from, .column = from - text + 1};
}

static int32_t same(const char *name, int64_t name_length, piece p) {
  char a[64], b[64];
  if (name_length != p.n || p.n >= (int64_t)sizeof a) return 0;
  memcpy(a, name, (size_t)p.n);
  memcpy(b, p.at, (size_t)p.n);
  a[p.n] = b[p.n] = 0;
  return bai_length(b) == p.n && bai_equal(a, b);
}

static ba_status unknown_key(ba_context *context, const bai_option *options, piece key) {
  char accepted[ACCEPTED_TEXT] = "none";
  int64_t used = 0;
  for (const bai_option *o = options; o->name; o++) {
    used += bai_format(accepted + used, ACCEPTED_TEXT - used, "%s%s", used ? ", " : "", o->name);
  }
  return bai_fail(context, BA_ERR_RECIPE, "column %lld: there is no option \"%.*s\"; accepted: %s", key.column,
                  (int)key.n, key.at, accepted);
}

static ba_status wrong_value(ba_context *context, const bai_option *option, piece value) {
  char accepted[ACCEPTED_TEXT];
  if (option->type == 'w') {
    int64_t used = 0;
    accepted[0] = 0;
    for (const char *at = option->words; *at; at++) {
      char letter[2] = {*at, 0};
      used += bai_format(accepted + used, ACCEPTED_TEXT - used, "%s", *at == '|' ? ", " : letter);
    }
  } else if (option->type == 't') {
    bai_format(accepted, ACCEPTED_TEXT, "at most %d bytes of text", BAI_OPTION_TEXT - 1);
  } else {
    bai_format(accepted, ACCEPTED_TEXT, "%s from %g to %g", option->type == 'i' ? "an integer" : "a number",
               option->least, option->most);
  }
  return bai_fail(context, BA_ERR_RECIPE, "column %lld: %s is \"%.*s\"; accepted: %s", value.column, option->name,
                  (int)(value.n < 100 ? value.n : 100), value.at, accepted);
}

/* The index of the word in "first|second|third", or -1. */
static int32_t word_index(const char *words, piece value) {
  int32_t index = 0;
  for (;; index++) {
    const char *end = strchr(words, '|');
    int64_t n = end ? end - words : bai_length(words);
    if (same(words, n, value)) return index;
    if (end == NULL) return -1;
    words = end + 1;
  }
}

static ba_status set_value(ba_context *context, const bai_option *option, piece value) {
  int64_t integer = 0;
  double real = 0;
  if (option->type == 'i') {
    if (!bai_parse_i64(value.at, value.n, &integer) || (double)integer < option->least ||
        (double)integer > option->most) {
      return wrong_value(context, option, value);
    }
    memcpy(option->value, &integer, sizeof integer);
  } else if (option->type == 'r') {
    /* The comparisons are written so that NaN is refused. */
    if (!bai_parse_f64(value.at, value.n, &real) || !(real >= option->least && real <= option->most)) {
      return wrong_value(context, option, value);
    }
    memcpy(option->value, &real, sizeof real);
  } else if (option->type == 'w') {
    int32_t index = word_index(option->words, value);
    if (index < 0) return wrong_value(context, option, value);
    memcpy(option->value, &index, sizeof index);
  } else {
    if (value.n >= BAI_OPTION_TEXT) return wrong_value(context, option, value);
    memcpy(option->value, value.at, (size_t)value.n);
    ((char *)option->value)[value.n] = 0;
  }
  return BA_OK;
}

/* 1 if an earlier "key=" of the same text names the same option. */
static int32_t seen_before(const char *text, const bai_option *option, piece key) {
  for (const char *at = text; at < key.at;) {
    const char *comma = strchr(at, ','), *equals = strchr(at, '=');
    if (equals && equals < key.at && same(option->name, bai_length(option->name), trimmed(text, at, equals))) return 1;
    if (comma == NULL) return 0;
    at = comma + 1;
  }
  return 0;
}

static ba_status read_one(ba_context *context, const char *text, const char *from, const char *to,
                          const bai_option *options) {
  const char *equals = memchr(from, '=', (size_t)(to - from));
  piece key = trimmed(text, from, equals ? equals : to);
  if (equals == NULL || key.n == 0) {
    return bai_fail(context, BA_ERR_RECIPE, "column %lld: expected key=value, found \"%.*s\"", key.column,
                    (int)(to - key.at < 100 ? to - key.at : 100), key.at);
  }
  for (const bai_option *o = options; o->name; o++) {
    if (!same(o->name, bai_length(o->name), key)) continue;
    if (seen_before(text, o, key)) {
      return bai_fail(context, BA_ERR_RECIPE, "column %lld: %s is given twice", key.column, o->name);
    }
    return set_value(context, o, trimmed(text, equals + 1, to));
  }
  if (key.n > 100) key.n = 100;
  return unknown_key(context, options, key);
}

ba_status bai_options_parse(ba_context *context, const char *text, const bai_option *options) {
  if (text == NULL) return BA_OK;
  const char *end = text + strlen(text);
  if (trimmed(text, text, end).n == 0) return BA_OK;
  for (const char *at = text;;) {
    const char *comma = strchr(at, ',');
    ba_status status = read_one(context, text, at, comma ? comma : end, options);
    if (status || comma == NULL) return status;
    at = comma + 1;
  }
}
