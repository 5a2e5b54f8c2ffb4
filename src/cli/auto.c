/* SPDX-License-Identifier: MIT
 *
 * auto.c: what `ba train --recipe auto` tries, in three rounds: features at a middle penalty, penalties for the best of
 * them, and a network beside the winner.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define MIDDLE "1e-4"
#define OTHERS "3e-3,1e-3,3e-4,3e-5,1e-5"
/* Fewer rows teach a network nothing that a linear model does not know. */
#define NETWORK_ROWS 500

static const char *const anywhere[] = {"@motif", "Kmer(k=3..8, strand=canonical)", "Kmer(k=1..8, strand=canonical)",
                                       "Kmer(k=1..6)", NULL};
static const char *const aligned[] = {"@anchored", "PositionKmer(k=1..3)", "Kmer(k=1..6) + PositionKmer(k=1..4)",
                                      "Kmer(k=4..10) + PositionKmer(k=2..5)", NULL};
static const char *const residues[] = {"@peptide", "Kmer(k=1..2, alphabet=protein)", "Kmer(k=1..3, alphabet=protein)",
                                       NULL};

static const char *const scales[] = {"Standardize()", "MinMax()"};

/* Letters that are residues and no code of nucleotides. */
static int is_protein(cli *c, ba_dataset *dataset, bool *protein) {
  ba_records *records = NULL;
  const int64_t all = ba_dataset_rows(dataset, BA_PART_ALL), count = all < 1000 ? all : 1000;
  const ba_status status = ba_dataset_records(dataset, 0, count, &records);
  *protein = false;
  if (status != BA_OK) return cli_fail(c, status);
  int64_t found = 0;
  for (int64_t i = 0; i < count; i++) {
    int64_t length = 0;
    const char *letters = ba_records_sequence(records, i, &length);
    for (int64_t j = 0; j < length; j++) found += strchr("EFILPQ", letters[j]) != NULL;
  }
  *protein = found > count;
  ba_records_release(records);
  return CLI_DONE;
}

/* One recipe with each of the penalties. */
static int add(cli *c, const char *features, const char *model, const char *penalties, cli_candidates *out) {
  char text[4096];
  const char *items[] = {text};
  const cli_list recipes = {items, 1};
  snprintf(text, sizeof text, "%s%s%s", features, model[0] != '\0' ? " | " : "", model);
  return cli_candidates_make(c, &recipes, penalties, out);
}

/* Of a table: its columns, scaled in two ways. */
static int first_round_of_table(cli *c, const char *term, cli_candidates *out) {
  int code = CLI_DONE;
  for (size_t i = 0; code == CLI_DONE && i < sizeof scales / sizeof scales[0]; i++) {
    char features[128];
    snprintf(features, sizeof features, "Columns(missing=indicator) | %s", scales[i]);
    code = add(c, features, term, MIDDLE, out);
  }
  return code;
}

static int first_round(cli *c, const cli_auto *automatic, const char *term, cli_candidates *out) {
  ba_dataset *dataset = automatic->dataset;
  bool protein;
  if (automatic->table) return first_round_of_table(c, term, out);
  int64_t shortest, longest;
  int code = is_protein(c, dataset, &protein);
  ba_dataset_lengths(dataset, &shortest, &longest);
  for (const char *const *f = protein ? residues : anywhere; code == CLI_DONE && *f != NULL; f++)
    code = add(c, *f, term, MIDDLE, out);
  for (const char *const *f = aligned; code == CLI_DONE && !protein && shortest == longest && *f != NULL; f++)
    code = add(c, *f, term, MIDDLE, out);
  return code;
}

/* A network of the kind that the winner is. */
static int third_round(cli *c, const cli_auto *automatic, const char *best, cli_candidates *out) {
  char text[4096];
  if (strstr(best, "protein") != NULL || strstr(best, "@peptide") != NULL ||
      ba_dataset_rows(automatic->dataset, BA_PART_TRAIN) < NETWORK_ROWS)
    return CLI_DONE;
  const bool position = strstr(best, "PositionKmer") != NULL || strstr(best, "@anchored") != NULL;
  snprintf(text, sizeof text, "%s & OneHot() | Conv(width=13, pool=2%s) | Conv(width=5%s) | MLP(seeds=%lld%s)", best,
           position ? "" : ", strand=max", position ? ", bins=10" : "", (long long)automatic->seeds,
           automatic->balanced ? ", class_weight=balanced" : "");
  return add(c, text, "", NULL, out);
}

int cli_candidates_auto(cli *c, const cli_auto *automatic, int32_t round, const char *best, cli_candidates *out) {
  const char *term = automatic->balanced ? "Logistic(class_weight=balanced)" : "Logistic()";
  if (ba_dataset_classes(automatic->dataset) > 2)
    term = automatic->balanced ? "Softmax(class_weight=balanced)" : "Softmax()";
  if (round == 0) return first_round(c, automatic, term, out);
  if (round == 2 && automatic->table) return CLI_DONE;
  if (round == 2) return third_round(c, automatic, best, out);
  char features[2048];
  const char *bar = strrchr(best, '|');
  snprintf(features, sizeof features, "%.*s", (int)(bar - best), best);
  while (strlen(features) > 0 && features[strlen(features) - 1] == ' ') features[strlen(features) - 1] = '\0';
  return add(c, features, term, OTHERS, out);
}
