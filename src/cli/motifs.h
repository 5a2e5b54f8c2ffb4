/* SPDX-License-Identifier: MIT
 *
 * motifs.h: motifs from words with weights, for `ba explain --motifs`.
 */
#ifndef BA_CLI_MOTIFS_H
#define BA_CLI_MOTIFS_H

#include "cli.h"

enum { CLI_LONGEST_WORD = 15 };

typedef struct cli_word {
  uint8_t codes[CLI_LONGEST_WORD + 1];
  int32_t k;
  double weight; /* above 0 */
  bool used;
} cli_word;

/* The words that speak for one class. */
typedef struct cli_words {
  cli_word *items;
  int64_t count, room;
  const char *class;
  bool both_strands; /* a word stands for its reverse complement too */
} cli_words;

/* `letters` are k of A, C, G and T. */
void cli_words_add(cli_words *words, const char *letters, int32_t k, double weight);
/* Writes at most `most` motifs of each list, the heaviest first, and returns how many there are in all. */
int32_t cli_motifs_write(FILE *out, cli_words *lists, int32_t count, int32_t most);

#endif
