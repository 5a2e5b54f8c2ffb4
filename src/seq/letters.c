/* SPDX-License-Identifier: MIT
 *
 * letters.c: which bytes are letters and quality symbols. Text is looked at in blocks with the compiler's vector types,
 * and padded to whole blocks in place, so there is no slow tail.
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

/* Sixteen bytes at a time, in the compiler's own vector type; compares give 0xff for true. */
typedef uint8_t bytes16 __attribute__((vector_size(16)));

static bytes16 load16(const uint8_t *p) {
  bytes16 v;
  memcpy(&v, p, sizeof v);
  return v;
}

static int32_t any16(bytes16 v) {
  uint64_t half[2];
  memcpy(half, &v, sizeof half);
  return (half[0] | half[1]) != 0;
}

/* A and C differ in one bit, so do T and U: one masked compare serves two letters. */
static bytes16 plain16(bytes16 c) {
  return (bytes16)((c & 0xDD) == 'A') | (bytes16)((c & 0xDE) == 'T') | (bytes16)((c & 0xDF) == 'G');
}

/* Whether the next BLOCK letters are all A C G T U. */
static int32_t plain_block(const uint8_t *p) {
  return !any16(~(plain16(load16(p)) & plain16(load16(p + 16))));
}

/* Whether one block holds a byte that is no letter; adds its other-than-ACGTU letters to `ambiguous`. */
static int32_t scan_block(const uint8_t *p, int64_t *ambiguous) {
  uint8_t others = 0, odd = 0;
  for (int32_t i = 0; i < BLOCK; i++) {
    others = (uint8_t)(others + !is_plain(p[i]));
    odd |= (uint8_t)!is_letter(p[i]);
  }
  *ambiguous += others;
  return odd;
}

/* Goes on with `found` over the blocks from `letters` on that hold the first `n` letters, until a byte is no letter. */
static void scan_blocks(const uint8_t *letters, int64_t n, bai_letter_scan *found) {
  for (int64_t at = 0; at < n; at += BLOCK) {
    if (plain_block(letters + at)) continue;
    int64_t before = found->ambiguous;
    if (!scan_block(letters + at, &found->ambiguous)) continue;
    found->ambiguous = before;
    for (found->bad = at; is_letter(letters[found->bad]); found->bad++) {
      if (!is_plain(letters[found->bad])) found->ambiguous++;
    }
    return;
  }
}

bai_letter_scan bai_scan_letters(uint8_t *letters, int64_t n) {
  bai_letter_scan found = {.bad = -1};
  memset(letters + n, 'A', BLOCK);
  scan_blocks(letters, n, &found);
  return found;
}

bai_letter_scan bai_scan_foreign_letters(const uint8_t *letters, int64_t n) {
  const int64_t whole = n - n % BLOCK;
  bai_letter_scan found = {.bad = -1};
  uint8_t rest[BLOCK];
  scan_blocks(letters, whole, &found);
  if (found.bad >= 0 || whole == n) return found;
  memset(rest, 'A', BLOCK);
  memcpy(rest, letters + whole, (size_t)(n - whole));
  scan_blocks(rest, BLOCK, &found);
  if (found.bad >= 0) found.bad += whole;
  return found;
}

int64_t bai_first_ambiguous(const uint8_t *letters, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    if (!is_plain(letters[i])) return i;
  }
  return -1;
}

int64_t bai_count_ambiguous(const uint8_t *letters, int64_t n) {
  int64_t count = 0;
  for (int64_t i = 0; i < n; i++) count += !is_plain(letters[i]);
  return count;
}

int64_t bai_scan_symbols(uint8_t *symbols, int64_t n) {
  memset(symbols + n, '!', BLOCK);
  for (int64_t at = 0; at < n; at += BLOCK) {
    bytes16 a = load16(symbols + at), b = load16(symbols + at + 16);
    if (!any16((bytes16)(a - '!' > '~' - '!') | (bytes16)(b - '!' > '~' - '!'))) continue;
    while (symbols[at] >= '!' && symbols[at] <= '~') at++;
    return at;
  }
  return -1;
}

static int32_t is_control(uint8_t byte) {
  return (byte < ' ' && byte != '\t') || byte == 0x7f;
}

static bytes16 control16(bytes16 c) {
  return (bytes16)((bytes16)(c < ' ') & (bytes16)(c != '\t')) | (bytes16)(c == 0x7f);
}

int64_t bai_scan_name(uint8_t *name, int64_t n) {
  memset(name + n, 'A', BLOCK);
  for (int64_t at = 0; at < n; at += BLOCK) {
    if (!any16(control16(load16(name + at)) | control16(load16(name + at + 16)))) continue;
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
