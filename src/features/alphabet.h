/* SPDX-License-Identifier: MIT
 *
 * alphabet.h: what letters are to a plan: codes of nucleotides or residues, and smaller alphabets made by joining them.
 */
#ifndef BAI_FEATURES_ALPHABET_H
#define BAI_FEATURES_ALPHABET_H

#include "base/recipe.h"
#include "kernels/kernels.h"

#define BAI_RESIDUES 20

/* What a term counts words of. */
typedef struct bai_alphabet {
  int32_t size;
  const char *symbols;         /* in column names, by code */
  uint8_t group[BAI_RESIDUES]; /* code of a nucleotide (0..3) or residue (0..19) to code of this alphabet */
} bai_alphabet;
extern const bai_alphabet bai_alphabets[BAI_ALPHABET_CTRIAD + 1]; /* by bai_alphabet_word */

/* Letters to codes: nucleotides A C G T 0..3, others 4; residues 0..19 in the order ACDEFGHIKLMNPQRSTVWY, others 20.
 * Returns how many are others. */
int64_t bai_encode(const bai_kernels *kernels, int32_t protein, uint8_t *codes, const char *letters, int64_t n);

/* What a letter says of a text that might be protein. */
enum { BAI_LETTER_BASE, BAI_LETTER_OTHER, BAI_LETTER_RESIDUE };
/* BASE for A C G T U N X in either case, RESIDUE for E F I L P Q, which code no nucleotides, OTHER for the rest. */
int32_t bai_letter_kind(char letter);
/* Of a text that cannot be nucleotides, the first letter that tells: more than half are not BASE, and one is RESIDUE.
 * Else 0. */
char bai_foreign_letter(const char *letters, int64_t n);

#endif
