/* SPDX-License-Identifier: MIT
 *
 * alphabet.c: letters to codes of nucleotides or residues, and which text cannot be nucleotides.
 */
#include "features/alphabet.h"

/* Residues in the order A C D E F G H I K L M N P Q R S T V W Y. */
const bai_alphabet bai_alphabets[] = {
    [BAI_ALPHABET_DNA] = {4, "ACGT", {0, 1, 2, 3}},
    [BAI_ALPHABET_WS] = {2, "SW", {1, 0, 0, 1}},
    [BAI_ALPHABET_RY] = {2, "RY", {0, 1, 0, 1}},
    [BAI_ALPHABET_PROTEIN] = {20, "ACDEFGHIKLMNPQRSTVWY", {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,
                                                           10, 11, 12, 13, 14, 15, 16, 17, 18, 19}},
    [BAI_ALPHABET_GAAC] = {5, "12345", {0, 4, 3, 3, 1, 0, 2, 0, 2, 0, 0, 4, 4, 4, 2, 4, 4, 0, 1, 1}},
    [BAI_ALPHABET_CTRIAD] = {7, "1234567", {0, 6, 5, 5, 1, 0, 3, 1, 4, 1, 2, 3, 1, 3, 4, 2, 2, 0, 3, 2}},
};

/* By the five low bits of a letter: A is 1. 20 where no residue is: B J O U X Z. */
static const uint8_t residue_codes[32] = {20, 0,  20, 1,  2,  3,  4,  5,  6,  7,  20, 8,  9,  10, 11, 20,
                                          12, 13, 14, 15, 16, 20, 17, 18, 20, 19, 20, 20, 20, 20, 20, 20};

int64_t bai_encode(const bai_kernels *kernels, int32_t protein, uint8_t *codes, const char *letters, int64_t n) {
  if (!protein) return kernels->encode(codes, (const uint8_t *)letters, n);
  int64_t others = 0;
  for (int64_t i = 0; i < n; i++) {
    const uint8_t letter = (uint8_t)letters[i];
    const uint8_t code = letter & 0x40 && letter < 0x80 ? residue_codes[letter & 0x1f] : BAI_RESIDUES;
    codes[i] = code;
    others += code == BAI_RESIDUES;
  }
  return others;
}

int32_t bai_letter_kind(char letter) {
  switch (letter & ~0x20) {
    case 'A':
    case 'C':
    case 'G':
    case 'T':
    case 'U':
    case 'N':
    case 'X':
      return BAI_LETTER_BASE;
    case 'E':
    case 'F':
    case 'I':
    case 'L':
    case 'P':
    case 'Q':
      return BAI_LETTER_RESIDUE;
    default:
      return BAI_LETTER_OTHER;
  }
}

char bai_foreign_letter(const char *letters, int64_t n) {
  int64_t others = 0, first = -1;
  for (int64_t i = 0; i < n; i++) {
    const int32_t kind = bai_letter_kind(letters[i]);
    others += kind != BAI_LETTER_BASE;
    if (first < 0 && kind == BAI_LETTER_RESIDUE) first = i;
  }
  return 2 * others > n && first >= 0 ? letters[first] : 0;
}
