/* SPDX-License-Identifier: MIT
 *
 * text.h: bytes that grow. A failed allocation is remembered, so that whoever is done asks once.
 */
#ifndef SERVE_TEXT_H
#define SERVE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct text {
  char *bytes; /* a NUL stands behind them, once there are any */
  size_t length, room;
  bool failed;
} text;

void text_put(text *t, const void *bytes, size_t length);
void text_word(text *t, const char *word);
__attribute__((format(printf, 2, 3))) void text_print(text *t, const char *format, ...);
/* A field of a line: tabs, line ends and backslashes are escaped; NULL becomes \N. */
void text_field(text *t, const char *field);
/* A text of JSON in quotes; its control characters, if any, have been cleaned away. */
void text_quoted(text *t, const char *word);
/* Bytes as UTF-8 without control characters; U+FFFD stands for what is neither. */
void text_clean(text *t, const char *bytes, size_t length);
/* A whole number from 0; and so many hexadecimal digits to where they shall stand. */
void text_whole(text *t, unsigned long long value);
void text_hex(char *to, int digits, unsigned long long value);
/* Makes room for so many more bytes, without writing any. */
bool text_reserve(text *t, size_t more);
void text_clear(text *t);
void text_free(text *t);

#endif
