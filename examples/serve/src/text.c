/* SPDX-License-Identifier: MIT
 *
 * text.c: bytes that grow.
 */
#include "text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool text_reserve(text *t, size_t more) {
  if (t->failed || more > SIZE_MAX / 4 - t->length) t->failed = true;
  if (t->failed) return false;
  if (t->length + more + 1 <= t->room) return true;
  const size_t room = t->room + t->room / 2 + more + 64;
  char *bytes = realloc(t->bytes, room);
  t->failed = bytes == NULL;
  if (t->failed) return false;
  t->bytes = bytes;
  t->room = room;
  return true;
}

void text_put(text *t, const void *bytes, size_t length) {
  if (!text_reserve(t, length)) return;
  if (length > 0) memcpy(t->bytes + t->length, bytes, length);
  t->length += length;
  t->bytes[t->length] = '\0';
}

void text_word(text *t, const char *word) {
  text_put(t, word, strlen(word));
}

void text_print(text *t, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  if (length < 0) t->failed = true;
  if (length < 0 || !text_reserve(t, (size_t)length)) return;
  va_start(arguments, format);
  vsnprintf(t->bytes + t->length, (size_t)length + 1, format, arguments);
  va_end(arguments);
  t->length += (size_t)length;
}

void text_whole(text *t, unsigned long long value) {
  char digits[20];
  size_t first = sizeof digits;
  do digits[--first] = (char)('0' + value % 10);
  while ((value /= 10) > 0);
  text_put(t, digits + first, sizeof digits - first);
}

void text_hex(char *to, int digits, unsigned long long value) {
  for (; digits > 0; value >>= 4) to[--digits] = "0123456789abcdef"[value & 15];
}

void text_field(text *t, const char *field) {
  if (field == NULL) {
    text_put(t, "\\N", 2);
    return;
  }
  while (*field != '\0') {
    const size_t plain = strcspn(field, "\t\n\r\\");
    text_put(t, field, plain);
    field += plain;
    if (*field == '\0') return;
    const char escaped[2] = {'\\', *field == '\t' ? 't' : *field == '\n' ? 'n' : *field == '\r' ? 'r' : '\\'};
    text_put(t, escaped, 2);
    field++;
  }
}

void text_quoted(text *t, const char *word) {
  text_put(t, "\"", 1);
  while (*word != '\0') {
    const size_t plain = strcspn(word, "\"\\");
    text_put(t, word, plain);
    word += plain;
    if (*word == '\0') break;
    const char escaped[2] = {'\\', *word++};
    text_put(t, escaped, 2);
  }
  text_put(t, "\"", 1);
}

/* The length of the UTF-8 character at `s`, 0 when it is none or a control character. */
static size_t character(const unsigned char *s, size_t left) {
  if (s[0] < 0x20 || s[0] == 0x7F) return 0;
  if (s[0] < 0x80) return 1;
  const size_t size = s[0] >= 0xC2 && s[0] < 0xE0   ? 2
                      : s[0] >= 0xE0 && s[0] < 0xF0 ? 3
                      : s[0] >= 0xF0 && s[0] < 0xF5 ? 4
                                                    : 0;
  if (size == 0 || size > left) return 0;
  for (size_t i = 1; i < size; i++)
    if ((s[i] & 0xC0) != 0x80) return 0;
  if (s[0] == 0xE0 && s[1] < 0xA0) return 0;
  if (s[0] == 0xED && s[1] > 0x9F) return 0; /* surrogates */
  if (s[0] == 0xF0 && s[1] < 0x90) return 0;
  if (s[0] == 0xF4 && s[1] > 0x8F) return 0;
  return size;
}

void text_clean(text *t, const char *bytes, size_t length) {
  const unsigned char *s = (const unsigned char *)bytes;
  for (size_t i = 0; i < length;) {
    const size_t size = character(s + i, length - i);
    text_put(t, size > 0 ? bytes + i : "\xEF\xBF\xBD", size > 0 ? size : 3);
    i += size > 0 ? size : 1;
  }
}

void text_clear(text *t) {
  t->length = 0;
  t->failed = false;
}

void text_free(text *t) {
  free(t->bytes);
  *t = (text){0};
}
