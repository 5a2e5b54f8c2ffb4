/* SPDX-License-Identifier: MIT
 *
 * letters.c: which bytes are letters and quality symbols. The block loops are written so that the compiler turns them
 * into vector code; text is padded to whole blocks in place, so there is no slow tail.
 */
#include "seq/letters.h"

#include <string.h>

#define BLOCK BAI_LETTER_SLACK

static int32_t is_letter(uint8_t byte) {
  return (uint8_t)((byte | 0x20) - 'a') < 26 || byte == '*' || byte == '-' || byte == '.';
}

static int32_t is_plain(uint8_t byte) {
  uint8_t upper = byte & 0xDF;
  return upper == 'A' || upper == 'C' || upper == 'G' || upper == 'T' || upper == 'U';
}

/* Whether one block holds a byte that is no letter; adds its other-than-ACGTU letters to `ambiguous`. A and C differ
 * in one bit, so do T and U: one masked compare serves two letters. */
static int32_t scan_block(const uint8_t *p, int64_t *ambiguous) {
  uint8_t plain = 0, odd = 0;
  for (int32_t i = 0; i < BLOCK; i++) {
    uint8_t c = p[i];
    plain = (uint8_t)(plain + (((c & 0xDD) == 'A') | ((c & 0xDE) == 'T') | ((c & 0xDF) == 'G')));
    odd |= (uint8_t)(((uint8_t)((c | 0x20) - 'a') >= 26) & (c != '*') & (c != '-') & (c != '.'));
  }
  *ambiguous += BLOCK - plain;
  return odd;
}

bai_letter_scan bai_scan_letters(uint8_t *letters, int64_t n) {
  bai_letter_scan found = {.bad = -1};
  memset(letters + n, 'A', BLOCK);
  for (int64_t at = 0; at < n; at += BLOCK) {
    int64_t before = found.ambiguous;
    if (!scan_block(letters + at, &found.ambiguous)) continue;
    found.ambiguous = before;
    for (found.bad = at; is_letter(letters[found.bad]); found.bad++) {
      if (!is_plain(letters[found.bad])) found.ambiguous++;
    }
    break;
  }
  return found;
}

int64_t bai_first_ambiguous(const uint8_t *letters, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    if (!is_plain(letters[i])) return i;
  }
  return -1;
}

int64_t bai_scan_symbols(uint8_t *symbols, int64_t n) {
  memset(symbols + n, '!', BLOCK);
  for (int64_t at = 0; at < n; at += BLOCK) {
    uint8_t odd = 0;
    for (int32_t i = 0; i < BLOCK; i++) odd |= (uint8_t)((uint8_t)(symbols[at + i] - '!') > '~' - '!');
    if (!odd) continue;
    while (symbols[at] >= '!' && symbols[at] <= '~') at++;
    return at;
  }
  return -1;
}

static int32_t is_control(uint8_t byte) {
  return (byte < ' ' && byte != '\t') || byte == 0x7f;
}

int64_t bai_scan_name(uint8_t *name, int64_t n) {
  memset(name + n, 'A', BLOCK);
  for (int64_t at = 0; at < n; at += BLOCK) {
    uint8_t odd = 0;
    for (int32_t i = 0; i < BLOCK; i++) {
      odd |= (uint8_t)(((name[at + i] < ' ') & (name[at + i] != '\t')) | (name[at + i] == 0x7f));
    }
    if (!odd) continue;
    while (!is_control(name[at])) at++;
    return at;
  }
  return -1;
}

const char *bai_show_byte(char text[8], uint8_t byte) {
  if (byte >= '!' && byte <= '~') {
    bai_format(text, 8, "'%c'", byte);
  } else {
    bai_format(text, 8, "0x%02x", byte);
  }
  return text;
}

ba_status bai_fail_letter(ba_context *context, int64_t record, int64_t byte, uint8_t found) {
  char text[8];
  const char *what = found == ' ' ? "a space" : found == '\t' ? "a tab" : bai_show_byte(text, found);
  return bai_fail_at(context, BA_ERR_FORMAT, record, byte,
                     "%s in a sequence: expected the letters A-Z a-z, '*', '-' or '.'", what);
}

ba_status bai_fail_symbol(ba_context *context, int64_t record, int64_t byte, uint8_t found) {
  char text[8];
  const char *what = found == ' ' ? "a space" : found == '\t' ? "a tab" : bai_show_byte(text, found);
  return bai_fail_at(context, BA_ERR_FORMAT, record, byte, "%s in a quality line: expected symbols from '!' to '~'",
                     what);
}

ba_status bai_fail_name(ba_context *context, int64_t record, int64_t byte, uint8_t found) {
  char text[8];
  return bai_fail_at(context, BA_ERR_FORMAT, record, byte, "%s in a header line: expected text without control bytes",
                     bai_show_byte(text, found));
}
