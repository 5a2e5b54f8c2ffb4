/* SPDX-License-Identifier: MIT
 *
 * letters.h: which bytes are letters and quality symbols.
 */
#ifndef BAI_SEQ_LETTERS_H
#define BAI_SEQ_LETTERS_H

#include "base/base.h"

/* Scans read and write up to this many bytes behind the text: vectors of letters and symbols keep that much room. */
#define BAI_LETTER_SLACK 32

typedef struct bai_letter_scan {
  int64_t bad;       /* index of the first byte that is no letter (A-Z a-z * - .), or -1 */
  int64_t ambiguous; /* letters other than A C G T U, either case, before `bad` */
} bai_letter_scan;

/* Looks at n letters with BAI_LETTER_SLACK bytes of room behind them, which it overwrites. */
bai_letter_scan bai_scan_letters(uint8_t *letters, int64_t n);
/* The same without room behind them, and without writing. */
bai_letter_scan bai_scan_foreign_letters(const uint8_t *letters, int64_t n);
/* Index of the first letter other than A C G T U, or -1. */
int64_t bai_first_ambiguous(const uint8_t *letters, int64_t n);
/* How many letters other than A C G T U there are. */
int64_t bai_count_ambiguous(const uint8_t *letters, int64_t n);
/* Index of the first byte outside '!'..'~', or -1; the same room is needed. */
int64_t bai_scan_symbols(uint8_t *symbols, int64_t n);
/* Index of the first control byte other than a tab, or -1; the same room is needed. */
int64_t bai_scan_name(uint8_t *name, int64_t n);

/* BA_ERR_FORMAT for a byte that is no letter, no quality symbol, or may not stand in a header line. */
ba_status bai_fail_letter(ba_context *context, int64_t record, int64_t byte, uint8_t found);
ba_status bai_fail_symbol(ba_context *context, int64_t record, int64_t byte, uint8_t found);
ba_status bai_fail_name(ba_context *context, int64_t record, int64_t byte, uint8_t found);
/* A byte as it is shown in a message: 'x' or 0x07. Returns `text`. */
const char *bai_show_byte(char text[8], uint8_t byte);

#endif
