/* SPDX-License-Identifier: MIT
 *
 * The block scans against one byte at a time: every byte value at every place of a text of up to three blocks.
 */
#include "seq/letters.h"

#include "reading.h"

static int32_t letter(int32_t c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '*' || c == '-' || c == '.';
}

static int32_t plain(int32_t c) {
  return c != 0 && strchr("ACGTUacgtu", c) != NULL;
}

static int32_t symbol(int32_t c) {
  return c >= 33 && c <= 126;
}

static int32_t name_byte(int32_t c) {
  return c == 9 || (c >= 32 && c != 127);
}

static void every_byte_everywhere(void **state) {
  uint8_t text[96 + BAI_LETTER_SLACK];
  (void)state;
  for (int64_t n = 1; n <= 96; n += n < 40 ? 1 : 7) {
    for (int64_t at = 0; at < n; at += 1 + n / 40) {
      for (int32_t c = 0; c < 256; c++) {
        memset(text, 'G', sizeof text);
        text[at] = (uint8_t)c;
        bai_letter_scan found = bai_scan_letters(text, n);
        assert_int_equal(found.bad, letter(c) ? -1 : at);
        assert_int_equal(found.ambiguous, letter(c) && !plain(c));
        assert_int_equal(bai_scan_symbols(text, n), symbol(c) ? -1 : at);
        assert_int_equal(bai_scan_name(text, n), name_byte(c) ? -1 : at);
        assert_int_equal(bai_first_ambiguous(text, n), plain(c) ? -1 : at);
      }
    }
  }
}

/* Many odd bytes in one text: the first bad one counts, and the ambiguous ones before it. */
static void mixtures(void **state) {
  static const char alphabet[] = "ACGTacgtNRYnUu-*.";
  uint8_t text[400 + BAI_LETTER_SLACK];
  uint32_t seed = 7;
  (void)state;
  for (int32_t round = 0; round < 2000; round++) {
    int64_t n = 1 + round % 400, bad = -1, ambiguous = 0;
    for (int64_t i = 0; i < n; i++) {
      seed = seed * 1664525u + 1013904223u;
      text[i] = (uint8_t)alphabet[(seed >> 16) % (sizeof alphabet - 1)];
      if (seed >> 22 == 5) text[i] = '!';
    }
    for (int64_t i = 0; i < n && bad < 0; i++) {
      if (!letter(text[i])) bad = i;
      if (letter(text[i]) && !plain(text[i])) ambiguous++;
    }
    bai_letter_scan found = bai_scan_letters(text, n);
    assert_int_equal(found.bad, bad);
    assert_int_equal(found.ambiguous, ambiguous);
  }
}

static void empty_texts(void **state) {
  uint8_t text[BAI_LETTER_SLACK];
  (void)state;
  assert_int_equal(bai_scan_letters(text, 0).bad, -1);
  assert_int_equal(bai_scan_letters(text, 0).ambiguous, 0);
  assert_int_equal(bai_scan_symbols(text, 0), -1);
  assert_int_equal(bai_scan_name(text, 0), -1);
  assert_int_equal(bai_first_ambiguous(text, 0), -1);
}

static void bytes_in_messages(void **state) {
  char text[8];
  (void)state;
  assert_string_equal(bai_show_byte(text, 'x'), "'x'");
  assert_string_equal(bai_show_byte(text, '~'), "'~'");
  assert_string_equal(bai_show_byte(text, ' '), "0x20");
  assert_string_equal(bai_show_byte(text, 0), "0x00");
  assert_string_equal(bai_show_byte(text, 255), "0xff");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_byte_everywhere), cmocka_unit_test(mixtures),
                                     cmocka_unit_test(empty_texts), cmocka_unit_test(bytes_in_messages)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
