/* SPDX-License-Identifier: MIT
 *
 * text.c: formatting without printf, so that no locale and no stdio state can reach the library, and text results.
 */
#include <string.h>

#include "base/base.h"

/* Counts everything, stores what fits. */
typedef struct writer {
  char *buffer;
  int64_t capacity; /* room for text, without the NUL */
  int64_t length;   /* of the whole text */
  int32_t safe;     /* 1: show unprintable bytes of arguments as \xHH */
} writer;

static const char HEX[] = "0123456789abcdef";

static void put(writer *w, char letter) {
  if (w->length < w->capacity) w->buffer[w->length] = letter;
  w->length++;
}

static void put_foreign(writer *w, char letter) {
  uint8_t byte = (uint8_t)letter;
  if (w->safe && (byte < 0x20 || byte > 0x7e)) {
    put(w, '\\');
    put(w, 'x');
    put(w, HEX[byte >> 4]);
    put(w, HEX[byte & 15]);
  } else {
    put(w, letter);
  }
}

static void put_text(writer *w, const char *text, int64_t n) {
  if (text == NULL) {
    text = "(null)";
    n = 6;
  }
  for (int64_t i = 0; i < n; i++) put_foreign(w, text[i]);
}

static void put_integer(writer *w, int64_t value) {
  char digits[20];
  int32_t n = 0;
  uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  do {
    digits[n++] = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest);
  if (value < 0) put(w, '-');
  while (n > 0) put(w, digits[--n]);
}

static void put_real(writer *w, double value) {
  char digits[32];
  int64_t n = bai_format_f64(digits, value);
  for (int64_t i = 0; i < n; i++) put(w, digits[i]);
}

static void put_hex(writer *w, uint32_t value, int32_t digits) {
  while (digits < 8 && value >> (4 * digits)) digits++;
  while (digits > 0) put(w, HEX[value >> (4 * --digits) & 15]);
}

static int32_t starts(const char *text, const char *prefix) {
  return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Formats all but the terminating NUL. A conversion that is not known ends the text, since its argument cannot be
 * skipped safely. */
static void write_list(writer *w, const char *format, va_list *list) {
  for (const char *at = format; *at; at++) {
    if (*at != '%') {
      put(w, *at);
      continue;
    }
    at++;
    if (*at == '%') {
      put(w, '%');
    } else if (*at == 's') {
      const char *text = va_arg(*list, const char *);
      put_text(w, text, bai_length(text));
    } else if (starts(at, ".*s")) {
      int32_t n = va_arg(*list, int);
      put_text(w, va_arg(*list, const char *), n);
      at += 2;
    } else if (*at == 'c') {
      put_foreign(w, (char)va_arg(*list, int));
    } else if (*at == 'd') {
      put_integer(w, va_arg(*list, int));
    } else if (starts(at, "ld")) {
      put_integer(w, va_arg(*list, long));
      at += 1;
    } else if (starts(at, "lld")) {
      put_integer(w, va_arg(*list, long long));
      at += 2;
    } else if (starts(at, "02x") || starts(at, "08x")) {
      put_hex(w, va_arg(*list, unsigned), at[1] - '0');
      at += 2;
    } else if (*at == 'g') {
      put_real(w, va_arg(*list, double));
    } else {
      put(w, '?');
      return;
    }
  }
}

static int64_t format_list(char *buffer, int64_t capacity, int32_t safe, const char *format, va_list list) {
  if (capacity <= 0) return 0;
  writer w = {.buffer = buffer, .capacity = capacity - 1, .safe = safe};
  va_list copy; /* a va_list argument may be an array, whose address has another type */
  va_copy(copy, list);
  write_list(&w, format, &copy);
  va_end(copy);
  int64_t length = w.length < w.capacity ? w.length : w.capacity;
  buffer[length] = 0;
  return length;
}

int64_t bai_format_list(char *buffer, int64_t capacity, const char *format, va_list list) {
  return format_list(buffer, capacity, 0, format, list);
}

int64_t bai_format_safe_list(char *buffer, int64_t capacity, const char *format, va_list list) {
  return format_list(buffer, capacity, 1, format, list);
}

int64_t bai_format(char *buffer, int64_t capacity, const char *format, ...) {
  va_list list;
  va_start(list, format);
  int64_t length = bai_format_list(buffer, capacity, format, list);
  va_end(list);
  return length;
}

ba_status bai_text_add(ba_context *context, bai_vector *text, const char *format, ...) {
  writer w = {0};
  va_list list;
  va_start(list, format);
  write_list(&w, format, &list);
  va_end(list);
  ba_status status = bai_vector_reserve(context, text, w.length + 1, 1);
  if (status) return status;
  va_start(list, format);
  text->count += bai_format_list((char *)text->data + text->count, w.length + 1, format, list);
  va_end(list);
  return BA_OK;
}

/* Length of the well-formed UTF-8 sequence at `at`, or 0. */
static int64_t utf8_length(const uint8_t *at, int64_t n) {
  uint8_t first = at[0];
  int64_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length > n) return 0;
  for (int64_t i = 1; i < length; i++) {
    if ((at[i] & 0xc0) != 0x80) return 0;
  }
  /* Overlong forms, surrogates and what lies beyond U+10FFFF. */
  if ((first == 0xe0 && at[1] < 0xa0) || (first == 0xed && at[1] > 0x9f) || (first == 0xf0 && at[1] < 0x90) ||
      (first == 0xf4 && at[1] > 0x8f)) {
    return 0;
  }
  return length;
}

static void write_json(writer *w, const uint8_t *bytes, int64_t n) {
  static const char SHORT[] = "\"\"\\\\\bb\ff\nn\rr\tt";
  for (int64_t i = 0; i < n;) {
    const char *pair = NULL;
    for (const char *at = SHORT; *at; at += 2) {
      if ((uint8_t)*at == bytes[i]) pair = at;
    }
    int64_t length = utf8_length(bytes + i, n - i);
    if (pair) {
      put(w, '\\');
      put(w, pair[1]);
    } else if (bytes[i] < 0x20) {
      for (const char *at = "\\u00"; *at; at++) put(w, *at);
      put_hex(w, bytes[i], 2);
    } else if (length == 0) {
      for (const char *at = "\\ufffd"; *at; at++) put(w, *at);
    } else {
      for (int64_t j = 0; j < length; j++) put(w, (char)bytes[i + j]);
    }
    i += length ? length : 1;
  }
}

ba_status bai_text_add_json(ba_context *context, bai_vector *text, const char *bytes, int64_t n) {
  writer w = {0};
  write_json(&w, (const uint8_t *)bytes, n);
  ba_status status = bai_vector_reserve(context, text, w.length + 1, 1);
  if (status) return status;
  writer out = {.buffer = (char *)text->data + text->count, .capacity = w.length};
  write_json(&out, (const uint8_t *)bytes, n);
  text->count += w.length;
  ((char *)text->data)[text->count] = 0;
  return BA_OK;
}

ba_status bai_give_text(ba_context *context, const char *text, int64_t text_length, char *buffer, int64_t capacity,
                        int64_t *length) {
  if (length == NULL || capacity < 0 || (buffer == NULL && capacity > 0)) {
    return bai_fail(context, BA_ERR_ARGUMENT, "expected a place for the length, and a buffer of the capacity given");
  }
  *length = text_length;
  if (capacity == 0) return BA_OK;
  int64_t n = text_length < capacity - 1 ? text_length : capacity - 1;
  if (n > 0) memcpy(buffer, text, (size_t)n);
  buffer[n] = 0;
  return BA_OK;
}

ba_status bai_give_bytes(ba_context *context, const bai_vector *bytes, uint8_t *buffer, int64_t capacity,
                         int64_t *length) {
  if (length == NULL || capacity < 0 || (buffer == NULL && capacity > 0))
    return bai_fail(context, BA_ERR_ARGUMENT, "expected room for the bytes, and a place for their number");
  *length = bytes->count;
  if (bytes->count <= capacity) memcpy(buffer, bytes->data, (size_t)bytes->count);
  return BA_OK;
}

int64_t bai_length(const char *text) {
  return text == NULL ? 0 : (int64_t)strlen(text);
}

static int32_t folded(char letter) {
  return letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter;
}

int32_t bai_equal(const char *a, const char *b) {
  while (*a && folded(*a) == folded(*b)) {
    a++;
    b++;
  }
  return folded(*a) == folded(*b);
}

int64_t bai_utf8_prefix(const char *text, int64_t n) {
  int64_t at = 0, step = 1;
  while (at < n && step > 0) {
    step = utf8_length((const uint8_t *)text + at, n - at);
    at += step;
  }
  return at;
}
