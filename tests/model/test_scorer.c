/* SPDX-License-Identifier: MIT
 *
 * test_scorer.c: the same bits at every CPU level, thread count and batch size, and along every way to a score.
 */
#include <math.h>
#include <stdio.h>

#include "model/busy.h"
#include "model/making.h"
#include "model/oracle.h"
#include "seq/records.h"
#include "support/fault.h"

typedef struct recipe_case {
  const char *recipe;
  int64_t fitted; /* -1: no fit */
  int64_t shortest, longest;
  int32_t classes;
  const char *letters; /* NULL: DNA */
} recipe_case;

#define RESIDUES "ACDEFGHIKLMNPQRSTVWYacdefghiklmnpqrstvwyLLKKXU*"

static const recipe_case cases[] = {
    {"Kmer(k=1..6)", -1, 0, 300, 2, NULL},
    {"Kmer(k=2..5, strand=canonical)", -1, 0, 300, 3, NULL},
    {"Kmer(k=3, value=count, norm=none) + Kmer(k=2, value=freq, norm=none)", -1, 0, 200, 2, NULL},
    {"Kmer(k=1..4, value=binary, norm=l1) + Kmer(k=3, value=count)", -1, 0, 200, 4, NULL},
    {"Kmer(k=6..9, slots=256) + Kmer(k=12, strand=canonical, slots=1024)", -1, 0, 200, 2, NULL},
    {"PositionKmer(k=1..3)", 41, 41, 41, 2, NULL},
    {"PositionKmer(k=1..2, anchor=start) + Kmer(k=1..3)", 40, 0, 80, 3, NULL},
    {"PositionKmer(k=1..3, anchor=end, norm=none) + PositionKmer(k=1, anchor=start)", 40, 0, 80, 2, NULL},
    {"@motif", -1, 0, 300, 2, NULL},
    {"GappedKmer(gap=0..5) + GappedKmer(k=3, gap=2, strand=canonical) + GC()", -1, 0, 200, 2, NULL},
    {"SpacedKmer(mask=1101011) + SpacedKmer(mask=10101, strand=canonical, value=count) + CKSNAP()", -1, 0, 200, 3,
     NULL},
    {"BinnedKmer(k=1..4, bins=5) + Length(per=30) + BinnedKmer(k=6, bins=3, slots=128)", -1, 0, 200, 2, NULL},
    {"@peptide", -1, 0, 80, 2, RESIDUES},
    {"Kmer(k=6..14, slots=256, alphabet=protein) + PositionKmer(k=1..2, alphabet=protein)", 30, 30, 30, 3, RESIDUES},
    {"Kmer(k=1..5) + PositionKmer(k=2, anchor=end) | MLP(hidden=5, skip=linear)", 40, 0, 90, 2, NULL},
    {"Kmer(k=1..2, value=count) + Kmer(k=9, slots=128) + Length() | MLP(hidden=17, seeds=2)", -1, 0, 90, 3, NULL},
    {"AAC() + CKSAAGP() + Kmer(k=3, alphabet=ctriad) + Length()", -1, 0, 90, 2, RESIDUES},
    {"PseDNC() + Kmer(k=2) + DAC(nlag=1) + ORF(strand=both) + Entropy(k=2)", -1, 0, 60, 3, NULL},
    {"ENAC() + ANF() + PositionKmer(k=1)", 30, 30, 30, 2, NULL},
    {"PAAC(lambda=2) + CTDD() + AAC()", -1, 0, 40, 2, RESIDUES},
};
#define CASES ((int32_t)(sizeof cases / sizeof *cases))
#define DESCRIPTORS 3 /* the last ones */
enum { RECORDS = 300 };

typedef struct fixture {
  ba_model *model;
  ba_records *records;
  ba_scorer *scorer;
  double *scores, *probabilities; /* at the level scalar with one thread */
} fixture;

static fixture made(ba_context *context, const recipe_case *c) {
  fixture f = {0};
  f.model = making_model(context, c->recipe, c->fitted, c->classes, 11);
  f.records = making_records(context, RECORDS, c->shortest, c->longest,
                             c->letters ? c->letters : "AACGTACGTacgtuACGTNACGT", 12);
  f.scores = calloc(RECORDS * 4, 8);
  f.probabilities = calloc(RECORDS * 4, 8);
  assert_true(f.scores && f.probabilities);
  OK(context, ba_context_set_cpu(context, "scalar"));
  OK(context, ba_context_set_threads(context, 1));
  OK(context, ba_scorer_create(context, f.model, NULL, &f.scorer));
  OK(context, ba_scorer_predict_records(f.scorer, f.records, f.scores, f.probabilities));
  return f;
}

static void drop(fixture *f) {
  ba_scorer_destroy(f->scorer);
  ba_records_release(f->records);
  ba_model_release(f->model);
  free(f->scores);
  free(f->probabilities);
}

static void test_levels_threads_and_batches(void **state) {
  static const int64_t batches[] = {1, 63, 64, 65, RECORDS};
  static const int32_t threads[] = {1, 2, 7};
  ba_context *context = *state;
  for (int32_t i = 0; i < CASES; i++) {
    fixture f = made(context, &cases[i]);
    const int32_t outputs = f.model->outputs, classes = f.model->classes;
    double scores[RECORDS * 4], probabilities[RECORDS * 4];
    for (int32_t level = 0; level < 3; level++) {
      if (!making_level(context, level)) continue;
      for (int32_t t = 0; t < 3; t++) {
        OK(context, ba_context_set_threads(context, threads[t]));
        for (size_t b = 0; b < sizeof batches / sizeof *batches; b++) {
          memset(scores, 0xff, sizeof scores);
          memset(probabilities, 0xff, sizeof probabilities);
          for (int64_t at = 0; at < RECORDS; at += batches[b]) {
            const int64_t n = RECORDS - at < batches[b] ? RECORDS - at : batches[b];
            ba_records *slice = making_slice(context, f.records, at, n);
            OK(context,
               ba_scorer_predict_records(f.scorer, slice, scores + at * outputs, probabilities + at * classes));
            ba_records_release(slice);
          }
          SAME_BITS(scores, f.scores, RECORDS * outputs);
          SAME_BITS(probabilities, f.probabilities, RECORDS * classes);
        }
        /* Either result alone. */
        memset(scores, 0xff, sizeof scores);
        OK(context, ba_scorer_predict_records(f.scorer, f.records, scores, NULL));
        SAME_BITS(scores, f.scores, RECORDS * outputs);
        memset(probabilities, 0xff, sizeof probabilities);
        OK(context, ba_scorer_predict_records(f.scorer, f.records, NULL, probabilities));
        SAME_BITS(probabilities, f.probabilities, RECORDS * classes);
      }
    }
    drop(&f);
  }
}

static ba_extractor *extractor_for(ba_context *context, const recipe_case *c) {
  ba_extractor *extractor = NULL;
  OK(context, ba_extractor_create(context, c->recipe, &extractor));
  if (c->fitted >= 0) {
    ba_records *one = making_records(context, 1, c->fitted, c->fitted, "A", 1);
    OK(context, ba_extractor_fit(extractor, one));
    ba_records_release(one);
  }
  return extractor;
}

/* Extracted counts through the same sums: the same bits. */
static void test_counts_equal_letters(void **state) {
  ba_context *context = *state;
  for (int32_t i = 0; i < CASES - DESCRIPTORS; i++) { /* which count nothing */
    fixture f = made(context, &cases[i]);
    ba_extractor *extractor = extractor_for(context, &cases[i]);
    ba_array *counts = NULL;
    double scores[RECORDS * 4], probabilities[RECORDS * 4];
    OK(context, ba_extractor_apply_records(extractor, f.records, "output=counts", &counts));
    for (int32_t level = 0; level < 3; level++) {
      if (!making_level(context, level)) continue;
      memset(scores, 0xff, sizeof scores);
      OK(context, ba_scorer_predict(f.scorer, counts, scores, probabilities));
      SAME_BITS(scores, f.scores, RECORDS * f.model->outputs);
      SAME_BITS(probabilities, f.probabilities, RECORDS * f.model->classes);
      OK(context, ba_scorer_predict(f.scorer, counts, NULL, probabilities));
      SAME_BITS(probabilities, f.probabilities, RECORDS * f.model->classes);
    }
    ba_array_release(counts);
    ba_extractor_destroy(extractor);
    drop(&f);
  }
}

/* The sum of the sizes of what a score adds up, or a unit. */
static double scale_of_unit(const bai_member *member, int32_t unit, const double *row) {
  double sum = fabs(member->intercepts[unit]);
  for (int32_t b = 0; b < member->plan->block_count; b++) {
    const bai_block *block = &member->plan->blocks[b];
    const double *reals = member->reals + unit * member->plan->real_width + block->real_first;
    for (int64_t c = block->first; c < block->first + block->width; c++) {
      if (row[c] == 0.0) continue; /* most are */
      sum +=
          fabs(row[c] *
               (block->real
                    ? reals[c - block->first]
                    : ldexp(member->weights[member->hidden ? c * member->units + unit : unit * member->plan->width + c],
                            -member->exponents[unit * member->plan->block_count + b])));
    }
  }
  return sum;
}

static double scale_of(const ba_model *model, int32_t output, const double *row) {
  const bai_member *member = &model->members[0];
  if (!member->hidden) return scale_of_unit(member, output, row);
  double sum = fabs(member->intercepts[member->hidden + output]);
  for (int32_t u = 0; u < member->hidden; u++)
    sum += fabs(member->head[u * model->outputs + output]) * scale_of_unit(member, u, row);
  return member->net.skip ? sum + scale_of_unit(member, member->hidden + output, row) : sum;
}

/* Values as doubles and as floats. Roots of counts are rounded to 2^-16 on the integer path: at worst (three of each
 * word) 2.8e-6 of the root. */
static void check_float_rows(ba_context *context, const recipe_case *c, const fixture *f, double bound) {
  ba_extractor *extractor = extractor_for(context, c);
  ba_array *values = NULL, *floats = NULL;
  const int64_t n = ba_records_count(f->records), width = f->model->members[0].plan->width, shape[] = {n, width};
  const int32_t outputs = f->model->outputs;
  double scores[RECORDS * 4], singles[RECORDS * 4], one[4], p[4], again[4];
  OK(context, ba_extractor_apply_records(extractor, f->records, NULL, &values));
  OK(context, ba_array_create(context, BA_FLOAT32, 2, shape, &floats));
  const double *from = ba_array_data(values);
  float *to = ba_array_data_mut(floats);
  for (int64_t i = 0; i < n * width; i++) to[i] = (float)from[i];
  OK(context, ba_scorer_predict(f->scorer, values, scores, NULL));
  OK(context, ba_scorer_predict(f->scorer, floats, singles, NULL));
  for (int64_t i = 0; i < n; i++) {
    for (int32_t o = 0; o < outputs; o++) {
      const double scale = scale_of(f->model, o, from + i * width);
      assert_true(fabs(scores[i * outputs + o] - f->scores[i * outputs + o]) <= bound * scale);
      assert_true(fabs(singles[i * outputs + o] - f->scores[i * outputs + o]) <= (bound + 2e-7) * scale);
    }
    OK(context, ba_scorer_predict_row(f->scorer, to + i * width, width, one, p));
    SAME_BITS(one, singles + i * outputs, outputs);
    OK(context, ba_scorer_predict_row(f->scorer, to + i * width, width, NULL, again));
    SAME_BITS(p, again, f->model->classes);
  }
  ba_array_release(values);
  ba_array_release(floats);
  ba_extractor_destroy(extractor);
}

static void test_float_rows(void **state) {
  for (int32_t i = 0; i < CASES - 1; i++) {
    fixture f = made(*state, &cases[i]);
    check_float_rows(*state, &cases[i], &f, 1e-6);
    drop(&f);
  }
  const recipe_case worst = {"Kmer(k=1)", -1, 1, 1, 2, NULL};
  fixture f = made(*state, &worst);
  const int64_t offsets[] = {0, 12};
  ba_records_release(f.records);
  OK(*state, ba_records_create(*state, "AAACCCGGGTTT", offsets, 1, &f.records));
  OK(*state, ba_scorer_predict_records(f.scorer, f.records, f.scores, NULL));
  check_float_rows(*state, &worst, &f, 1e-6);
  drop(&f);
}

/* Strides are the caller's: columns side by side, rows anywhere, even backwards. */
static void test_strided_rows(void **state) {
  ba_context *context = *state;
  ba_model *model = making_model(context, "Kmer(k=1, value=count, norm=none)", -1, 2, 1);
  ba_scorer *scorer = NULL;
  ba_array *rows = NULL;
  double data[3][6] = {{1, 2, 3, 4, 9, 9}, {5, 6, 7, 8, 9, 9}, {0, 1, 0, 1, 9, 9}}, forward[3], backward[3];
  const int64_t shape[] = {3, 4}, strides[] = {48, 8}, back[] = {-48, 8};
  OK(context, ba_scorer_create(context, model, "", &scorer));
  OK(context, ba_array_wrap(context, BA_FLOAT64, 2, shape, strides, data, NULL, NULL, &rows));
  OK(context, ba_scorer_predict(scorer, rows, forward, NULL));
  ba_array_release(rows);
  for (int32_t i = 0; i < 3; i++) {
    double expected = model->members[0].intercepts[0];
    for (int32_t c = 0; c < 4; c++)
      expected += data[i][c] * ldexp(model->members[0].weights[c], -model->members[0].exponents[0]);
    assert_true(fabs(forward[i] - expected) < 1e-13);
  }
  OK(context, ba_array_wrap(context, BA_FLOAT64, 2, shape, back, data[2], NULL, NULL, &rows));
  OK(context, ba_scorer_predict(scorer, rows, backward, NULL));
  ba_array_release(rows);
  for (int32_t i = 0; i < 3; i++) assert_true(forward[i] == backward[2 - i]);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
}

static void test_scan_equals_windows(void **state) {
  static const int64_t sizes[][2] = {{1, 1}, {7, 3}, {40, 1}, {41, 41}, {60, 100}, {700, 1}, {701, 1}, {9000, 50}};
  ba_context *context = *state;
  for (int32_t i = 0; i < CASES; i++) {
    fixture f = made(context, &cases[i]);
    const int32_t outputs = f.model->outputs;
    ba_records *genome = making_records(context, 1, 700, 700, "ACGTACGTacgtN", 3);
    int64_t length;
    const char *letters = ba_records_sequence(genome, 0, &length);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
      const int64_t window = sizes[s][0], step = sizes[s][1];
      if (f.model->members[0].plan->needs_equal && window != cases[i].fitted) continue;
      double scanned[700 * 4], whole[700 * 4];
      int64_t offsets[701], count = -1, n = 0;
      char *windows = malloc(700 * 700);
      assert_non_null(windows);
      offsets[0] = 0;
      for (int64_t at = 0; at + window <= length; at += step, n++) {
        memcpy(windows + offsets[n], letters + at, (size_t)window);
        offsets[n + 1] = offsets[n] + window;
      }
      ba_records *pieces = NULL;
      OK(context, ba_records_create(context, windows, offsets, n, &pieces));
      OK(context, ba_scorer_predict_records(f.scorer, pieces, whole, NULL));
      for (int32_t level = 0; level < 3; level++) {
        if (!making_level(context, level)) continue;
        for (int32_t threads = 1; threads <= 7; threads += 3) {
          OK(context, ba_context_set_threads(context, threads));
          memset(scanned, 0xff, sizeof scanned);
          OK(context, ba_scorer_scan(f.scorer, letters, length, window, step, scanned, n, &count));
          assert_int_equal(count, n);
          SAME_BITS(scanned, whole, n * outputs);
        }
      }
      ba_records_release(pieces);
      free(windows);
    }
    ba_records_release(genome);
    drop(&f);
  }
}

static void test_attribution_adds_up(void **state) {
  ba_context *context = *state;
  for (int32_t i = 0; i < CASES; i++) {
    fixture f = made(context, &cases[i]);
    for (int64_t r = 0; r < 40 && !f.model->members[0].hidden; r++) {
      int64_t length;
      const char *letters = ba_records_sequence(f.records, r, &length);
      double parts[301];
      for (int32_t o = 0; o < f.model->outputs; o++) {
        parts[length] = 0.125;
        OK(context, ba_scorer_attribute(f.scorer, letters, length, o, parts));
        double sum = 0.0;
        for (int64_t p = 0; p < length; p++) sum += parts[p];
        assert_true(fabs(sum - (f.scores[r * f.model->outputs + o] - f.model->members[0].intercepts[o])) < 1e-9);
        assert_true(parts[length] == 0.125);
      }
    }
    drop(&f);
  }
}

/* By hand: Kmer(k=2, value=count, norm=none) on ACAC: AC twice, CA once. */
static void test_attribution_by_hand(void **state) {
  ba_context *context = *state;
  double weights[16] = {0}, intercept = 3.0, parts[4];
  weights[1] = 0.5;   /* AC */
  weights[4] = -0.25; /* CA */
  ba_model *model = NULL;
  ba_scorer *scorer = NULL;
  OK(context, making_model_of(context, "Kmer(k=2, value=count, norm=none)", -1, 2, weights, &intercept, &model));
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_attribute(scorer, "ACAC", 4, 0, parts));
  const double expected[] = {0.25, 0.25 - 0.125, -0.125 + 0.25, 0.25};
  SAME_BITS(parts, expected, 4);
  OK(context, ba_scorer_attribute(scorer, "ANAC", 4, 0, parts));
  const double masked[] = {0.0, 0.0, 0.25, 0.25};
  SAME_BITS(parts, masked, 4);
  OK(context, ba_scorer_attribute(scorer, NULL, 0, 0, NULL));
  ba_scorer_destroy(scorer);
  ba_model_release(model);
}

/* By hand: a gapped pair's part goes to its two letters; the length's to all. ACAC under A.A: one; C.C: one. */
static void test_attribution_of_gaps_by_hand(void **state) {
  ba_context *context = *state;
  double weights[17] = {0}, intercept = 3.0, parts[4];
  weights[0] = 0.5;   /* A.A */
  weights[5] = -0.25; /* C.C */
  weights[16] = 1.0;  /* 4 letters of 8 */
  ba_model *model = NULL;
  ba_scorer *scorer = NULL;
  OK(context, making_model_of(context, "GappedKmer(gap=1, value=count, norm=none) + Length(per=8)", -1, 2, weights,
                              &intercept, &model));
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_attribute(scorer, "ACAC", 4, 0, parts));
  const double expected[] = {0.25 + 0.125, -0.125 + 0.125, 0.25 + 0.125, -0.125 + 0.125};
  SAME_BITS(parts, expected, 4);
  OK(context, ba_scorer_attribute(scorer, "ANAN", 4, 0, parts));
  const double masked[] = {0.25 + 0.125, 0.125, 0.25 + 0.125, 0.125};
  SAME_BITS(parts, masked, 4);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
}

static void test_residues_for_a_model_of_dna(void **state) {
  ba_context *context = *state;
  ba_model *model = making_model(context, "SpacedKmer(mask=101)", -1, 2, 1);
  ba_scorer *scorer = NULL;
  ba_records *records = NULL;
  double scores[30];
  int64_t record, count;
  const int64_t offsets[] = {0, 4, 10, 16};
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_records_create(context, "ACGTNNNNNNMKVLIP", offsets, 3, &records));
  for (int32_t threads = 1; threads < 4; threads += 2) {
    OK(context, ba_context_set_threads(context, threads));
    REFUSED(context, ba_scorer_predict_records(scorer, records, scores, NULL), BA_ERR_LETTER,
            "record 3: the sequence holds 'L' and most of its letters are not A C G T U, but SpacedKmer reads DNA");
    ba_context_error_position(context, &record, NULL);
    assert_int_equal(record, 3);
  }
  REFUSED(context, ba_scorer_attribute(scorer, "MKVLIP", 6, 0, scores), BA_ERR_LETTER, "SpacedKmer reads DNA");
  REFUSED(context, ba_scorer_scan(scorer, "ACGTACGTELELEL", 14, 6, 4, scores, 30, &count), BA_ERR_LETTER,
          "record 3: the sequence holds 'E'");
  ba_records_release(records);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
}

static const char equal_recipe[] = "PositionKmer(k=2, ambiguous=error)";

/* The same letters as `plain`, with qualities: Phred 93 for all, or random ones. */
static ba_records *with_qualities(ba_context *context, const ba_records *plain, int32_t sure, uint64_t seed) {
  const int64_t *offsets, n = ba_records_count(plain);
  const char *letters = ba_records_columns(plain, &offsets);
  char *symbols = malloc((size_t)offsets[n] + 1);
  ba_records *records = NULL;
  assert_non_null(symbols);
  for (int64_t i = 0; i < offsets[n]; i++) {
    const uint64_t bits = making_bits(&seed);
    symbols[i] = sure ? '~' : (char)('!' + (bits % 6 == 0 ? (bits >> 8) % 94 : 15 + (bits >> 8) % 30));
  }
  const bai_texts none = {NULL, NULL};
  OK(context,
     bai_records_make(context, none, (bai_texts){letters, offsets}, (bai_texts){symbols, offsets}, n, &records));
  free(symbols);
  return records;
}

/* The integer sum of a block over the counts that the extractor gives, from the definition alone. */
static double weighted_score(ba_context *context, const ba_model *model, const char *recipe, ba_records *records,
                             int64_t index, int32_t root) {
  ba_extractor *extractor = NULL;
  ba_array *array = NULL;
  const bai_member *member = &model->members[0];
  OK(context, ba_extractor_create(context, recipe, &extractor));
  OK(context, ba_extractor_apply_records(extractor, records, "output=counts", &array));
  const int64_t width = ba_extractor_width(extractor);
  const uint32_t *counts = (const uint32_t *)ba_array_data(array) + index * width;
  double score = 0.0;
  for (int32_t b = 0; b < member->plan->block_count; b++) {
    const bai_block *block = &member->plan->blocks[b];
    oracle_wide sum = 0;
    uint64_t kept = 0, squares = 0;
    for (int64_t c = block->first; c < block->first + block->width; c++) {
      kept += counts[c];
      squares += (uint64_t)counts[c] * counts[c];
      uint64_t value = counts[c];
      if (root) { /* round(sqrt(2^32 c)), bit by bit */
        value = 0;
        for (int32_t bit = 32; bit >= 0; bit--) {
          const uint64_t next = value | UINT64_C(1) << bit;
          if ((oracle_wide)next * next <= (oracle_wide)counts[c] << 32) value = next;
        }
        value += ((oracle_wide)counts[c] << 32) - (oracle_wide)value * value > (oracle_wide)value;
      }
      sum += (oracle_wide)member->weights[c] * value;
    }
    const double divisor = root ? sqrt((double)kept / 256) : sqrt((double)squares) / 256;
    if (kept) score += ldexp((double)sum, -member->exponents[b] - (root ? 20 : 8)) / divisor;
  }
  ba_array_release(array);
  ba_extractor_destroy(extractor);
  return score + member->intercepts[0];
}

static void test_weighted_by_quality(void **state) {
  static const struct {
    const char *recipe, *plain;
    int32_t root;
  } pairs[] = {
      {"Kmer(k=1..5, quality=weight)", "Kmer(k=1..5)", 1},
      {"Kmer(k=2..4, strand=canonical, value=count, quality=weight)", "Kmer(k=2..4, strand=canonical, value=count)", 0},
      {"Kmer(k=8, slots=256, quality=weight)", "Kmer(k=8, slots=256)", 1},
  };
  ba_context *context = *state;
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    ba_model *weighted = making_model(context, pairs[i].recipe, -1, 2, 5);
    ba_model *plain = making_model(context, pairs[i].plain, -1, 2, 5);
    ba_records *bare = making_records(context, 200, 0, 300, "AACGTACGTacgtuN", 21);
    ba_records *sure = with_qualities(context, bare, 1, 0), *mixed = with_qualities(context, bare, 0, 22);
    ba_scorer *scorer = NULL, *other = NULL;
    double scores[200], expected[200];
    OK(context, ba_scorer_create(context, weighted, NULL, &scorer));
    OK(context, ba_scorer_create(context, plain, NULL, &other));
    /* Letters that are sure count as they do without weights. */
    OK(context, ba_scorer_predict_records(other, bare, expected, NULL));
    OK(context, ba_scorer_predict_records(scorer, sure, scores, NULL));
    SAME_BITS(scores, expected, 200);
    OK(context, ba_scorer_predict_records(scorer, mixed, expected, NULL));
    for (int64_t r = 0; r < 200; r += 9)
      assert_true(expected[r] == weighted_score(context, weighted, pairs[i].recipe, mixed, r, pairs[i].root));
    for (int32_t level = 0; level < 3; level++) {
      if (!making_level(context, level)) continue;
      for (int32_t threads = 1; threads < 4; threads += 2) {
        OK(context, ba_context_set_threads(context, threads));
        OK(context, ba_scorer_predict_records(scorer, mixed, scores, NULL));
        SAME_BITS(scores, expected, 200);
      }
      OK(context, ba_model_selftest(context, weighted));
    }
    OK(context, ba_context_set_threads(context, 1));
    /* No qualities, no score; nor is one taken from the records before. */
    REFUSED(context, ba_scorer_predict_records(scorer, bare, scores, NULL), BA_ERR_QUALITY, "has no qualities");
    REFUSED(context, ba_scorer_scan(scorer, "ACGTACGTACGT", 12, 10, 1, scores, 200, &(int64_t){0}), BA_ERR_QUALITY,
            "record 1: the sequence has no qualities");
    REFUSED(context, ba_scorer_attribute(scorer, "ACGTACGTACGT", 12, 0, scores), BA_ERR_QUALITY, "quality=ignore");
    ba_scorer_destroy(scorer);
    ba_scorer_destroy(other);
    ba_records_release(bare);
    ba_records_release(sure);
    ba_records_release(mixed);
    ba_model_release(weighted);
    ba_model_release(plain);
  }
}

/* Long poly-A reads go past the sums of 64 bits: levels and a hand calculation agree. */
static void test_weighted_long(void **state) {
  enum { LONG = 100000 };
  ba_context *context = *state;
  char *letters = malloc(LONG), *symbols = malloc(LONG);
  const int64_t offsets[] = {0, LONG};
  const double weights[] = {1, 0.5, 0.25, 0.125}, intercept = 0;
  ba_records *records = NULL;
  ba_scorer *scorer = NULL;
  ba_model *model = NULL;
  double score;
  assert_true(letters && symbols);
  memset(letters, 'A', LONG);
  memset(symbols, '+', LONG); /* Phred 10: 0.9, which is 230 of 256 */
  const bai_texts none = {NULL, NULL};
  OK(context,
     bai_records_make(context, none, (bai_texts){letters, offsets}, (bai_texts){symbols, offsets}, 1, &records));
  OK(context,
     making_model_of(context, "Kmer(k=1, value=count, norm=none, quality=weight)", -1, 2, weights, &intercept, &model));
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_predict_records(scorer, records, &score, NULL));
  assert_true(score == 100000.0 * 230 / 256);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
  ba_records_release(records);
  free(letters);
  free(symbols);
}

static void test_refused_sequences(void **state) {
  ba_context *context = *state;
  ba_model *model = making_model(context, equal_recipe, 4, 3, 1);
  ba_scorer *scorer = NULL;
  ba_records *records = NULL;
  double scores[30];
  int64_t record;
  const int64_t offsets[] = {0, 4, 8, 11}, ambiguous[] = {0, 4, 8};
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_records_create(context, "ACGTACGTACG", offsets, 3, &records));
  for (int32_t threads = 1; threads < 4; threads += 2) {
    OK(context, ba_context_set_threads(context, threads));
    REFUSED(context, ba_scorer_predict_records(scorer, records, scores, NULL), BA_ERR_LENGTH, "fitted on 4");
    ba_context_error_position(context, &record, NULL);
    assert_int_equal(record, 3);
  }
  ba_records_release(records);
  OK(context, ba_records_create(context, "ACGTACNT", ambiguous, 2, &records));
  REFUSED(context, ba_scorer_predict_records(scorer, records, scores, NULL), BA_ERR_LETTER, "ambiguous=error");
  ba_context_error_position(context, &record, NULL);
  assert_int_equal(record, 2);
  ba_records_release(records);
  REFUSED(context, ba_scorer_predict_records(scorer, NULL, scores, NULL), BA_ERR_ARGUMENT, "expected records");
  REFUSED(context, ba_scorer_attribute(scorer, "ACG", 3, 0, scores), BA_ERR_LENGTH, "fitted on 4");
  REFUSED(context, ba_scorer_attribute(scorer, "ACGN", 4, 0, scores), BA_ERR_LETTER, "ambiguous=error");
  REFUSED(context, ba_scorer_attribute(scorer, "ACGT", 4, 3, scores), BA_ERR_ARGUMENT, "0 to 2");
  REFUSED(context, ba_scorer_attribute(scorer, "ACGT", 4, -1, scores), BA_ERR_ARGUMENT, "0 to 2");
  REFUSED(context, ba_scorer_attribute(scorer, NULL, 4, 0, scores), BA_ERR_ARGUMENT, "expected letters");
  REFUSED(context, ba_scorer_attribute(scorer, "ACGT", 4, 0, NULL), BA_ERR_ARGUMENT, "room");
  ba_scorer_destroy(scorer);
  ba_model_release(model);
}

static void test_refused_scans(void **state) {
  ba_context *context = *state;
  ba_model *model = making_model(context, equal_recipe, 4, 3, 1);
  ba_scorer *scorer = NULL;
  double scores[30];
  int64_t count = 0;
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  REFUSED(context, ba_scorer_scan(scorer, "ACGTACGT", 8, 3, 1, scores, 10, &count), BA_ERR_LENGTH, "fitted on 4");
  REFUSED(context, ba_scorer_scan(scorer, "ACGTACGT", 8, 0, 1, scores, 10, &count), BA_ERR_ARGUMENT, "window 0");
  REFUSED(context, ba_scorer_scan(scorer, "ACGTACGT", 8, 4, 0, scores, 10, &count), BA_ERR_ARGUMENT, "step 0");
  REFUSED(context, ba_scorer_scan(scorer, "ACGTACGT", 8, 4, 1, scores, 4, &count), BA_ERR_ARGUMENT, "expected 5");
  assert_int_equal(count, 5); /* what it would take */
  REFUSED(context, ba_scorer_scan(scorer, "ACGTACGT", 8, 4, 1, NULL, 10, &count), BA_ERR_ARGUMENT, "expected 5");
  REFUSED(context, ba_scorer_scan(scorer, "ACGT", 4, 4, 1, scores, 10, NULL), BA_ERR_ARGUMENT, "count");
  REFUSED(context, ba_scorer_scan(scorer, NULL, 4, 4, 1, scores, 10, &count), BA_ERR_ARGUMENT, "letters");
  REFUSED(context, ba_scorer_scan(scorer, "ACGT", -1, 4, 1, scores, 10, &count), BA_ERR_ARGUMENT, "letters");
  OK(context, ba_scorer_scan(scorer, "ACG", 3, 4, 1, NULL, 0, &count));
  assert_int_equal(count, 0);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
}

static void test_refused_rows(void **state) {
  ba_context *context = *state;
  ba_model *model = making_model(context, equal_recipe, 4, 3, 1);
  ba_scorer *scorer = NULL;
  ba_array *rows = NULL;
  double scores[30];
  float row[48] = {0};
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  REFUSED(context, ba_scorer_predict_row(scorer, row, 47, scores, NULL), BA_ERR_SHAPE, "47 columns; expected 48");
  REFUSED(context, ba_scorer_predict_row(scorer, NULL, 48, scores, NULL), BA_ERR_SHAPE, "expected 48");
  REFUSED(context, ba_scorer_predict(scorer, NULL, scores, NULL), BA_ERR_ARGUMENT, "expected rows");
  static const struct {
    int32_t dtype, ndim;
    int64_t shape[2];
  } shapes[] = {{BA_INT64, 2, {2, 48}}, {BA_FLOAT64, 2, {2, 47}}, {BA_UINT32, 2, {48, 2}}, {BA_FLOAT32, 1, {48, 0}}};
  for (int32_t i = 0; i < 4; i++) {
    OK(context, ba_array_create(context, shapes[i].dtype, shapes[i].ndim, shapes[i].shape, &rows));
    REFUSED(context, ba_scorer_predict(scorer, rows, scores, NULL), BA_ERR_SHAPE, "expected");
    ba_array_release(rows);
  }
  const int64_t shape[] = {2, 48}, apart[] = {800, 16};
  OK(context, ba_array_wrap(context, BA_FLOAT64, 2, shape, apart, scores, NULL, NULL, &rows));
  REFUSED(context, ba_scorer_predict(scorer, rows, scores, NULL), BA_ERR_SHAPE, "side by side");
  ba_array_release(rows);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
}

static void test_null_arguments(void **state) {
  ba_context *context = *state;
  ba_model *model = making_model(context, "Kmer(k=1)", -1, 2, 1);
  ba_scorer *none = NULL;
  int64_t count;
  REFUSED(context, ba_scorer_create(context, NULL, NULL, &none), BA_ERR_ARGUMENT, "expected a model");
  REFUSED(context, ba_scorer_create(context, model, NULL, NULL), BA_ERR_ARGUMENT, "expected a model");
  REFUSED(context, ba_scorer_create(context, model, "threads=2", &none), BA_ERR_RECIPE, "threads");
  assert_int_equal(ba_scorer_create(NULL, model, NULL, &none), BA_ERR_ARGUMENT);
  assert_null(none);
  assert_int_equal(ba_scorer_predict(NULL, NULL, NULL, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_scorer_predict_row(NULL, NULL, 0, NULL, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_scorer_predict_records(NULL, NULL, NULL, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_scorer_scan(NULL, NULL, 0, 1, 1, NULL, 0, &count), BA_ERR_ARGUMENT);
  assert_int_equal(ba_scorer_attribute(NULL, NULL, 0, 0, NULL), BA_ERR_ARGUMENT);
  ba_scorer_destroy(NULL);
  ba_model_release(model);
}

static void test_no_rows(void **state) {
  ba_context *context = *state;
  ba_model *model = making_model(context, "Kmer(k=2)", -1, 2, 1);
  ba_scorer *scorer = NULL;
  ba_array *rows = NULL;
  const int64_t shape[] = {0, 16};
  ba_records *records = making_records(context, 0, 0, 1, "A", 1);
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_predict_records(scorer, records, NULL, NULL));
  OK(context, ba_array_create(context, BA_UINT32, 2, shape, &rows));
  OK(context, ba_scorer_predict(scorer, rows, NULL, NULL));
  ba_array_release(rows);
  ba_records_release(records);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
}

/* ---- allocations, limits, cancel, a second thread ---- */

static ba_status whole_life(ba_context *context, void *argument) {
  const int64_t offsets[] = {0, 5, 12}, shape[] = {2, 20};
  double scores[20];
  float row[20] = {0};
  int64_t n;
  ba_scorer *scorer = NULL;
  ba_records *records = NULL;
  ba_array *counts = NULL, *values = NULL;
  ba_status status = ba_scorer_create(context, argument, NULL, &scorer);
  if (!status) status = ba_records_create(context, "ACGTAACGTACG", offsets, 2, &records);
  if (!status) status = ba_scorer_predict_records(scorer, records, scores, scores + 10);
  if (!status) status = ba_scorer_scan(scorer, "ACGTACGTAACC", 12, 8, 1, scores, 5, &n);
  if (!status) status = ba_scorer_attribute(scorer, "ACGTACGTAACCACGTAA", 18, 0, scores);
  if (!status) status = ba_array_create(context, BA_UINT32, 2, shape, &counts);
  if (!status) status = ba_scorer_predict(scorer, counts, scores, NULL);
  if (!status) status = ba_array_create(context, BA_FLOAT64, 2, shape, &values);
  if (!status) status = ba_scorer_predict(scorer, values, scores, NULL);
  if (!status) status = ba_scorer_predict_row(scorer, row, 20, scores, NULL);
  ba_array_release(values);
  ba_array_release(counts);
  ba_records_release(records);
  ba_scorer_destroy(scorer);
  return status;
}

static void test_every_failing_allocation(void **state) {
  ba_model *model = making_model(*state, "Kmer(k=1..2)", -1, 2, 1);
  assert_true(fault_sweep(whole_life, model) > 30);
  ba_model_release(model);
}

static void test_a_row_allocates_nothing(void **state) {
  (void)state;
  fault plan = {0};
  const ba_allocator allocator = fault_allocator(&plan);
  ba_context *context = NULL;
  ba_scorer *scorer = NULL;
  float row[20];
  double score, p[2];
  assert_int_equal(ba_context_create(&allocator, &context), BA_OK);
  ba_model *model = making_model(context, "Kmer(k=1..2)", -1, 2, 1);
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  for (int32_t i = 0; i < 20; i++) row[i] = 0.25f;
  const int64_t before = plan.allocations;
  for (int32_t i = 0; i < 10; i++) OK(context, ba_scorer_predict_row(scorer, row, 20, i % 2 ? &score : NULL, p));
  assert_int_equal(plan.allocations, before);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
  ba_context_destroy(context);
}

static void test_limit_and_cancel(void **state) {
  ba_context *context = *state;
  fixture f = made(context, &cases[0]);
  ba_scorer *fresh = NULL;
  double scores[RECORDS];
  int64_t held, n;
  OK(context, ba_scorer_create(context, f.model, NULL, &fresh));
  ba_context_memory(context, &held, NULL);
  OK(context, ba_context_set_memory_limit(context, held + 100));
  REFUSED(context, ba_scorer_predict_records(fresh, f.records, scores, NULL), BA_ERR_LIMIT, "limit");
  REFUSED(context, ba_scorer_scan(fresh, "ACGTACGT", 8, 4, 1, scores, 9, &n), BA_ERR_LIMIT, "limit");
  REFUSED(context, ba_scorer_attribute(fresh, "ACGTACGT", 8, 0, scores), BA_ERR_LIMIT, "limit");
  OK(context, ba_context_set_memory_limit(context, 0));
  for (int32_t threads = 1; threads < 4; threads += 2) {
    OK(context, ba_context_set_threads(context, threads));
    ba_context_cancel(context);
    REFUSED(context, ba_scorer_predict_records(fresh, f.records, scores, NULL), BA_ERR_CANCELLED, "cancelled");
    REFUSED(context, ba_scorer_scan(fresh, "ACGTACGT", 8, 4, 1, scores, 9, &n), BA_ERR_CANCELLED, "cancelled");
    OK(context, ba_context_reset(context));
    OK(context, ba_scorer_predict_records(fresh, f.records, scores, NULL));
    SAME_BITS(scores, f.scores, RECORDS);
  }
  ba_scorer_destroy(fresh);
  drop(&f);
}

typedef struct second {
  ba_context *context;
  ba_scorer *scorer;
  ba_model *model;
  int32_t wrong;
} second;

static void *call_from_second(void *argument) {
  second *s = argument;
  double scores[4];
  float row[16] = {0};
  char text[10];
  int64_t n;
  ba_scorer *scorer;
  ba_model *model;
  const ba_status got[] = {ba_scorer_predict(s->scorer, NULL, scores, NULL),
                           ba_scorer_predict_row(s->scorer, row, 16, scores, NULL),
                           ba_scorer_predict_records(s->scorer, NULL, scores, NULL),
                           ba_scorer_scan(s->scorer, "ACGT", 4, 4, 1, scores, 4, &n),
                           ba_scorer_attribute(s->scorer, "ACGT", 4, 0, scores),
                           ba_scorer_create(s->context, s->model, NULL, &scorer),
                           ba_model_load_path(s->context, "model.ba", NULL, &model),
                           ba_model_load_memory(s->context, (const uint8_t *)text, 1, NULL, &model),
                           ba_model_save_path(s->context, s->model, "model.ba"),
                           ba_model_save_memory(s->context, s->model, NULL, 0, &n),
                           ba_model_describe(s->context, s->model, text, 10, &n),
                           ba_model_column_name(s->context, s->model, 0, text, 10, &n),
                           ba_model_weights(s->context, s->model, 0, NULL, scores),
                           ba_model_selftest(s->context, s->model)};
  for (size_t i = 0; i < sizeof got / sizeof *got; i++) s->wrong += got[i] != BA_ERR_BUSY;
  return NULL;
}

static void test_a_second_thread_is_refused(void **state) {
  (void)state;
  second s = {0};
  busy plan = {.second = call_from_second, .argument = &s};
  double scores[3], expected[3];
  assert_int_equal(busy_context(&plan, &s.context), BA_OK);
  s.model = making_model(s.context, "Kmer(k=2)", -1, 2, 1);
  ba_records *records = making_records(s.context, 3, 5, 9, "ACGT", 1);
  OK(s.context, ba_scorer_create(s.context, s.model, NULL, &s.scorer));
  plan.armed = 1;
  OK(s.context, ba_scorer_predict_records(s.scorer, records, scores, NULL));
  assert_int_equal(plan.ran, 1);
  assert_int_equal(s.wrong, 0);
  OK(s.context, ba_scorer_predict_records(s.scorer, records, expected, NULL));
  SAME_BITS(scores, expected, 3);
  ba_scorer_destroy(s.scorer);
  ba_records_release(records);
  ba_model_release(s.model);
  ba_context_destroy(s.context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_levels_threads_and_batches, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_counts_equal_letters, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_float_rows, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_strided_rows, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_scan_equals_windows, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_attribution_adds_up, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_attribution_of_gaps_by_hand, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_residues_for_a_model_of_dna, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_attribution_by_hand, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_weighted_by_quality, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_weighted_long, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_refused_sequences, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_refused_scans, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_refused_rows, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_null_arguments, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_no_rows, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_every_failing_allocation, making_set_up, making_tear_down),
      cmocka_unit_test(test_a_row_allocates_nothing),
      cmocka_unit_test_setup_teardown(test_limit_and_cancel, making_set_up, making_tear_down),
      cmocka_unit_test(test_a_second_thread_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
