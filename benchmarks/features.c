/* SPDX-License-Identifier: MIT
 *
 * features.c: rows of features from letters in memory, beside needletail, nthash and simd-minimizers, in turns. All
 * give whole rows: dense counts, or compressed rows whose columns rise.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "race.h"

#define ROUNDS 11
#define BATCH 256 /* rows of a dense matrix: as many as stay in a cache */

typedef void dense_peer(const char *letters, const int64_t *offsets, int64_t count, int32_t k, void *rows);
typedef int64_t sparse_peer(const char *letters, const int64_t *offsets, int64_t count, int32_t k, uint64_t *sum);
typedef int64_t hash_peer(const char *letters, const int64_t *offsets, int64_t count, int32_t k, int32_t bits,
                          uint64_t *sum);
typedef int64_t minimizer_peer(const char *letters, const int64_t *offsets, int64_t count, int32_t k, int32_t w,
                               double *rows);

typedef struct lap {
  race_texts texts;
  ba_extractor *extractor;
  const char *output;
  dense_peer *dense;
  sparse_peer *sparse;
  hash_peer *hash;
  minimizer_peer *minimizers;
  void *rows;
  double *values;
  int32_t k, other, repeats;
  int64_t numbers, peer_numbers; /* of the compressed rows */
  uint64_t peer_sum;
} lap;

static void extract_dense(void *state) {
  lap *l = state;
  for (int32_t i = 0; i < l->repeats; i++) {
    ba_array *rows;
    race_check(ba_extractor_apply_records(l->extractor, l->texts.records, l->output, &rows), "apply_records");
    ba_array_release(rows);
  }
}

static void run_dense(void *state) {
  lap *l = state;
  for (int32_t i = 0; i < l->repeats; i++) l->dense(l->texts.letters, l->texts.offsets, l->texts.count, l->k, l->rows);
}

static void extract_sparse(void *state) {
  lap *l = state;
  for (int32_t i = 0; i < l->repeats; i++) {
    ba_array *parts[3];
    race_check(
        ba_extractor_apply_records_csr(l->extractor, l->texts.records, l->output, &parts[0], &parts[1], &parts[2]),
        "apply_records_csr");
    l->numbers = ba_array_shape(parts[1], 0);
    for (int32_t p = 0; p < 3; p++) ba_array_release(parts[p]);
  }
}

static void run_sparse(void *state) {
  lap *l = state;
  const race_texts *t = &l->texts;
  for (int32_t i = 0; i < l->repeats; i++)
    l->peer_numbers = l->sparse ? l->sparse(t->letters, t->offsets, t->count, l->k, &l->peer_sum)
                                : l->hash(t->letters, t->offsets, t->count, l->k, l->other, &l->peer_sum);
}

static void run_minimizers(void *state) {
  lap *l = state;
  const race_texts *t = &l->texts;
  for (int32_t i = 0; i < l->repeats; i++)
    l->peer_numbers = l->minimizers(t->letters, t->offsets, t->count, l->k, l->other, l->values);
}

static void say(const char *name, const char *peer, const lap *l, race_times t) {
  const double bases = (double)l->repeats * (double)l->texts.offsets[l->texts.count] / 1e6;
  printf("features.%s.mbases_per_s %.1f\n", name, bases / t.ours);
  printf("features.%s.%s_mbases_per_s %.1f\n", name, peer, bases / t.theirs);
  printf("features.%s.vs_%s %.2f\n", name, peer, t.ratio);
}

/* Counts of the same type on both sides. */
static double dense(void *library, int32_t k, int32_t bits) {
  const char *suffix = bits == 8 ? "8" : "";
  char recipe[64], name[32], symbol[64];
  lap l = {.texts = race_make_texts(BATCH, 200), .k = k, .repeats = 20};
  l.output = bits == 8 ? "output=counts8" : "output=counts";
  snprintf(recipe, sizeof recipe, "Kmer(k=%d)", k);
  snprintf(name, sizeof name, "dense%s_k%d", suffix, k);
  snprintf(symbol, sizeof symbol, "peer_needletail_dense%s", suffix);
  race_check(ba_extractor_create(race_context, recipe, &l.extractor), recipe);
  race_symbol(library, symbol, &l.dense);
  const int64_t bytes = BATCH * ba_extractor_width(l.extractor) * bits / 8;
  l.rows = race_allocate(bytes);
  ba_array *rows;
  race_check(ba_extractor_apply_records(l.extractor, l.texts.records, l.output, &rows), recipe);
  run_dense(&l);
  if (memcmp(ba_array_data(rows), l.rows, (size_t)bytes) != 0) race_refuse("needletail counts other words");
  ba_array_release(rows);
  const race_times t = race_run(extract_dense, run_dense, &l, ROUNDS);
  say(name, "needletail", &l, t);
  free(l.rows);
  ba_extractor_destroy(l.extractor);
  race_free_texts(&l.texts);
  return t.ratio;
}

/* The peer's rows hold as many numbers as ours, to within `tolerance` of them, as hashes differ. */
static void sparse(void *library, const char *name, const char *peer, const char *symbol, const char *recipe,
                   const char *output, int32_t k, int32_t other, double tolerance) {
  lap l = {.texts = race_make_texts(5000, 200), .k = k, .other = other, .repeats = 1, .output = output};
  race_check(ba_extractor_create(race_context, recipe, &l.extractor), recipe);
  if (other)
    race_symbol(library, symbol, &l.hash);
  else
    race_symbol(library, symbol, &l.sparse);
  extract_sparse(&l);
  run_sparse(&l);
  if (fabs((double)(l.numbers - l.peer_numbers)) > tolerance * (double)l.numbers) race_refuse(symbol);
  say(name, peer, &l, race_run(extract_sparse, run_sparse, &l, ROUNDS));
  ba_extractor_destroy(l.extractor);
  race_free_texts(&l.texts);
}

/* The two order words by different hashes, so of random letters they choose about as many places. */
static void minimizers(void *library) {
  lap l = {.texts = race_make_texts(BATCH, 200), .k = 5, .other = 10, .repeats = 20, .output = "output=values"};
  race_check(ba_extractor_create(race_context, "Minimizer(k=5, w=10, value=count)", &l.extractor), "Minimizer");
  race_symbol(library, "peer_minimizers_dense", &l.minimizers);
  const int64_t numbers = BATCH * ba_extractor_width(l.extractor);
  l.values = race_allocate(numbers * 8);
  ba_array *rows;
  race_check(ba_extractor_apply_records(l.extractor, l.texts.records, l.output, &rows), "Minimizer");
  run_minimizers(&l);
  double sum = 0;
  for (int64_t i = 0; i < numbers; i++) sum += ((const double *)ba_array_data(rows))[i];
  if (fabs(sum - (double)l.peer_numbers) > 0.05 * sum) race_refuse("simd-minimizers chooses other numbers of places");
  ba_array_release(rows);
  say("minimizers", "simd_minimizers", &l, race_run(extract_dense, run_minimizers, &l, ROUNDS));
  free(l.values);
  ba_extractor_destroy(l.extractor);
  race_free_texts(&l.texts);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: bench_features PEERS\nPEERS: the library of the peers in Rust, or \"\"\n");
    return 1;
  }
  void *library = race_open(argv[1]);
  if (!library) {
    const char *names[] = {"dense.vs_needletail", "dense8.vs_needletail", "sparse_k8.vs_needletail", "hashed.vs_nthash",
                           "minimizers.vs_simd_minimizers"};
    for (int32_t i = 0; i < 5; i++)
      printf("features.%s skipped cargo, which builds the peers, was not found or failed\n", names[i]);
    return 0;
  }
  race_check(ba_context_create(NULL, &race_context), "context");
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (int32_t bits = 32; bits >= 8; bits -= 24) {
    double worst = INFINITY;
    for (int32_t k = 3; k <= 6; k++) worst = fmin(worst, dense(library, k, bits));
    printf("features.dense%s.vs_needletail %.2f\n", bits == 8 ? "8" : "", worst);
  }
  sparse(library, "sparse_k8", "needletail", "peer_needletail_sparse", "Kmer(k=8)", "output=counts", 8, 0, 0.0);
  sparse(library, "hashed", "nthash", "peer_nthash_sparse", "Kmer(k=12, slots=262144, strand=canonical)",
         "output=counts", 12, 18, 0.02);
  minimizers(library);
  ba_context_destroy(race_context);
  return 0;
}
