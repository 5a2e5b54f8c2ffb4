/* SPDX-License-Identifier: MIT
 *
 * motifs.c: words with weights to motifs: the heaviest word starts a matrix, words that fit to it are added where they
 * fit best, and what is left starts the next one. Written in MEME's minimal format.
 */
#include "motifs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 64, WIDEST = 24, LEAST_OVERLAP = 4 };

/* Counts by column and letter; columns [from, end) are in use. */
typedef struct matrix {
  double counts[ROOM][4];
  int32_t from, end, sites;
  double weight;
  const char *class;
} matrix;

static int heavier_word(const void *a, const void *b) {
  const cli_word *x = a, *y = b;
  if (x->weight != y->weight) return x->weight < y->weight ? 1 : -1;
  return memcmp(x->codes, y->codes, sizeof x->codes);
}

static int heavier_matrix(const void *a, const void *b) {
  const matrix *x = a, *y = b;
  return x->weight != y->weight ? (x->weight < y->weight ? 1 : -1) : memcmp(x->counts, y->counts, sizeof x->counts);
}

static double total(const double *column) {
  return column[0] + column[1] + column[2] + column[3];
}

static cli_word other_strand(const cli_word *word) {
  cli_word other = *word;
  for (int32_t i = 0; i < word->k; i++) other.codes[i] = (uint8_t)(3 - word->codes[word->k - 1 - i]);
  return other;
}

/* How well a word fits with its first letter in column `at`: the sum of its letters' shares, less 0.6 each; -1 when
 * too few columns overlap or it would grow too wide. */
static double fit(const matrix *m, const cli_word *word, int32_t at) {
  const int32_t first = at > m->from ? at : m->from, end = at + word->k < m->end ? at + word->k : m->end;
  const int32_t shorter = word->k < m->end - m->from ? word->k : m->end - m->from;
  const int32_t from = at < m->from ? at : m->from, to = at + word->k > m->end ? at + word->k : m->end;
  if (end - first < LEAST_OVERLAP || end - first < shorter - 2 || to - from > WIDEST) return -1.0;
  double sum = 0.0;
  for (int32_t i = first; i < end; i++) sum += m->counts[i][word->codes[i - at]] / total(m->counts[i]) - 0.6;
  return sum;
}

static void add_word(matrix *m, const cli_word *word, int32_t at) {
  for (int32_t i = 0; i < word->k; i++) m->counts[at + i][word->codes[i]] += word->weight;
  if (at < m->from) m->from = at;
  if (at + word->k > m->end) m->end = at + word->k;
  m->weight += word->weight;
  m->sites++;
}

/* Adds the word where it fits best, if it does. */
static bool try_word(matrix *m, const cli_word *word, bool both_strands) {
  const cli_word ways[2] = {*word, other_strand(word)};
  double best = 0.5;
  int32_t where = -1, way = 0;
  for (int32_t w = 0; w < (both_strands ? 2 : 1); w++) {
    for (int32_t at = m->from - word->k > 0 ? m->from - word->k : 0; at < m->end && at + word->k <= ROOM; at++) {
      const double score = fit(m, &ways[w], at);
      if (score <= best) continue;
      best = score;
      where = at;
      way = w;
    }
  }
  if (where >= 0) add_word(m, &ways[way], where);
  return where >= 0;
}

/* Takes the columns off the ends that few of the words reach. */
static void trim(matrix *m) {
  double most = 0.0;
  for (int32_t i = m->from; i < m->end; i++) most = fmax(most, total(m->counts[i]));
  while (total(m->counts[m->from]) < 0.3 * most) m->from++;
  while (total(m->counts[m->end - 1]) < 0.3 * most) m->end--;
}

static int32_t collect(cli_words *words, int32_t most, matrix *matrices) {
  int32_t count = 0, longest = 0;
  for (int64_t i = 0; i < words->count; i++)
    if (words->items[i].k > longest) longest = words->items[i].k;
  /* Short words fit everywhere. */
  for (int64_t i = 0; i < words->count; i++) words->items[i].used = words->items[i].k < (longest < 5 ? longest : 5);
  if (words->count > 0) qsort(words->items, (size_t)words->count, sizeof *words->items, heavier_word);
  for (int64_t i = 0; i < words->count && count < most; i++) {
    if (words->items[i].used) continue;
    matrix *m = &matrices[count++];
    memset(m, 0, sizeof *m);
    m->from = m->end = (ROOM - words->items[i].k) / 2;
    m->class = words->class;
    add_word(m, &words->items[i], m->from);
    for (int64_t j = i + 1; j < words->count; j++)
      if (!words->items[j].used) words->items[j].used = try_word(m, &words->items[j], words->both_strands);
    trim(m);
  }
  return count;
}

/* MEME's names have no blanks. */
static void print_name(FILE *out, const char *text) {
  for (; *text != '\0'; text++) fputc(*text > ' ' && *text < 127 ? *text : '_', out);
}

static void print_matrix(FILE *out, const matrix *m, int32_t number) {
  const double weak = 0.01 * m->weight / m->sites;
  fprintf(out, "\nMOTIF %d-", (int)number);
  for (int32_t i = m->from; i < m->end; i++) {
    int32_t top = 0;
    for (int32_t c = 1; c < 4; c++)
      if (m->counts[i][c] > m->counts[i][top]) top = c;
    fputc("ACGT"[top], out);
  }
  fputc(' ', out);
  print_name(out, m->class);
  fprintf(out, "\n\nletter-probability matrix: alength= 4 w= %d nsites= %d E= 0\n", (int)(m->end - m->from),
          (int)m->sites);
  for (int32_t i = m->from; i < m->end; i++) {
    const double sum = total(m->counts[i]) + 4 * weak;
    for (int32_t c = 0; c < 4; c++) fprintf(out, " %.6f", (m->counts[i][c] + weak) / sum);
    fputc('\n', out);
  }
}

int32_t cli_motifs_write(FILE *out, cli_words *lists, int32_t count, int32_t most) {
  int32_t found = 0;
  bool both_strands = false;
  matrix *matrices = cli_allocate(sizeof *matrices * (size_t)count * (size_t)most);
  for (int32_t i = 0; i < count; i++) {
    const int32_t more = collect(&lists[i], most, matrices + found);
    if (more > 0) qsort(matrices + found, (size_t)more, sizeof *matrices, heavier_matrix);
    both_strands = both_strands || lists[i].both_strands;
    found += more;
  }
  fprintf(out,
          "MEME version 4\n\nALPHABET= ACGT\n\nstrands: %s\n\nBackground letter frequencies\n"
          "A 0.25 C 0.25 G 0.25 T 0.25\n",
          both_strands ? "+ -" : "+");
  for (int32_t i = 0; i < found; i++) print_matrix(out, &matrices[i], i + 1);
  free(matrices);
  return found;
}

void cli_words_add(cli_words *words, const char *letters, int32_t k, double weight) {
  if (words->count == words->room) {
    words->room = 2 * words->room + 256;
    words->items = cli_resize(words->items, (size_t)words->room * sizeof *words->items);
  }
  cli_word *word = &words->items[words->count++];
  memset(word, 0, sizeof *word);
  word->k = k;
  word->weight = weight;
  for (int32_t i = 0; i < k; i++) word->codes[i] = (uint8_t)(strchr("ACGT", letters[i]) - "ACGT");
}
