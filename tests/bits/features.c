/* SPDX-License-Identifier: MIT
 *
 * features.c: features of odd sequences, sketches, and all that a model of sequences can be asked.
 */
#include "bits/bits.h"

/* ---- sequences ---- */

ba_records *bits_odd_records(ba_context *context, const char *alphabet) {
  enum { COUNT = 90, LONG = 900 };
  static char letters[COUNT * 64 + 2 * LONG];
  int64_t offsets[COUNT + 1] = {0};
  uint64_t seed = 3;
  const uint64_t kinds = strlen(alphabet);
  for (int64_t i = 0; i < COUNT; i++) {
    char *to = letters + offsets[i];
    const int64_t n = i < 40 ? i : i == 40 || i == 41 ? LONG : (int64_t)(making_bits(&seed) % 64);
    for (int64_t j = 0; j < n; j++) {
      const uint64_t bits = making_bits(&seed) >> 8;
      to[j] = alphabet[bits % kinds];
      if (i % 5 == 1 && bits % 11 == 0) to[j] = "NnRYKM*-.XBZ"[bits / 11 % 12];
      if (i % 5 == 2 && to[j] == 'T') to[j] = 'U';
      if (i % 5 == 3 && to[j] >= 'A') to[j] = (char)(to[j] + 'a' - 'A');
      if (i % 17 == 4) to[j] = 'N';
      if (i % 17 == 5) to[j] = alphabet[0];
      if (i % 17 == 6) to[j] = alphabet[j % 2];
    }
    offsets[i + 1] = offsets[i] + n;
  }
  ba_records *records;
  OK(context, ba_records_create(context, letters, offsets, COUNT, &records));
  return records;
}

/* FASTQ, for the terms that weigh by quality. */
static ba_records *with_qualities(ba_context *context) {
  static char text[40000];
  char letters[100], symbols[100];
  uint64_t seed = 21;
  int64_t at = 0;
  for (int64_t i = 0; i < 60; i++) {
    const int64_t n = 1 + (int64_t)(making_bits(&seed) % 90);
    for (int64_t j = 0; j < n; j++) {
      letters[j] = "ACGTN"[making_bits(&seed) % (i % 3 ? 4 : 5)];
      symbols[j] = (char)('!' + making_bits(&seed) % (i % 4 ? 94 : 30));
    }
    at += snprintf(text + at, sizeof text - (size_t)at, "@r%d\n%.*s\n+\n%.*s\n", (int)i, (int)n, letters, (int)n,
                   symbols);
  }
  ba_reader *reader;
  ba_records *records;
  OK(context, ba_reader_open_memory(context, (const uint8_t *)text, at, NULL, &reader));
  OK(context, ba_reader_next(reader, 1000, &records));
  ba_reader_close(reader);
  return records;
}

/* ---- features ---- */

static void features_as(ba_extractor *extractor, const ba_records *records, const char *recipe, const char *options) {
  ba_array *dense, *starts, *columns, *values;
  char name[160];
  snprintf(name, sizeof name, "%s %s", options, recipe);
  ba_status status = ba_extractor_apply_records(extractor, records, options, &dense);
  if (!bits_failed(name, status)) {
    bits_array(name, dense);
    ba_array_release(dense);
  }
  status = ba_extractor_apply_records_csr(extractor, records, options, &starts, &columns, &values);
  snprintf(name, sizeof name, "sparse, %s %s", options, recipe);
  if (bits_failed(name, status)) return;
  bits_array(name, starts);
  bits_array(name, columns);
  bits_array(name, values);
  ba_array_release(starts);
  ba_array_release(columns);
  ba_array_release(values);
}

static void features_of(ba_context *context, const char *recipe, const ba_records *records, const ba_records *fitted) {
  ba_extractor *extractor;
  OK(context, ba_extractor_create(context, recipe, &extractor));
  OK(context, ba_extractor_fit(extractor, fitted));
  features_as(extractor, records, recipe, "output=values");
  features_as(extractor, records, recipe, "output=counts");
  ba_extractor_destroy(extractor);
}

static void sketches(ba_context *context, const ba_records *records) {
  ba_sketch *sketch, *other;
  double shares[2];
  OK(context, ba_sketch_create(context, "k=11, scaled=3", &sketch));
  OK(context, ba_sketch_create(context, "k=11, scaled=3", &other));
  OK(context, ba_sketch_add_records(sketch, records));
  OK(context, ba_sketch_add(other, "ACGTTGCATTGACCATGACTAGGCATCAGG", 30));
  OK(context, ba_sketch_similarity(sketch, other, &shares[0], &shares[1]));
  bits_bytes("sketch", ba_sketch_hashes(sketch), 8 * ba_sketch_count(sketch));
  bits_f64("sketch, similarity", shares, 2);
  ba_sketch_destroy(sketch);
  ba_sketch_destroy(other);
}

void bits_features(ba_context *context) {
  static const char *const any[] = {
      "Kmer(k=1..8)",
      "Kmer(k=3..6, strand=canonical, value=freq, norm=l1)",
      "Kmer(k=12, slots=256, value=count, norm=none) + Kmer(k=31, slots=64, value=binary)",
      "GappedKmer(gap=1..6) + SpacedKmer(mask=1101011) + GKM(l=6, k=3, value=freq)",
      "BinnedKmer(k=1..3, bins=5, value=freq, norm=none) + Length() + GC()",
      "PositionKmer(k=1..2, anchor=end) + PositionKmer(k=1..2, anchor=start, norm=none)",
      "Kmer(k=1..2, alphabet=ry) + Kmer(k=3, alphabet=ws)",
      "Mismatch() + Subsequence() + Subsequence(k=2, delta=0.7)",
      "PseEIIP() + ZCurve(k=2) + ZCurve(k=3, phase=no)",
      "DAC() + DCC(nlag=2) + DACC(nlag=2, table=ilearn2020)",
      "PseDNC() + PseKNC(k=3) + SCPseDNC(lambda=4)",
      "Minimizer(k=4, w=5) + Minimizer(k=3, w=4, order=lexicographic, value=count)",
      "ORF(strand=both) + CodonUsage() + CodonUsage(frame=1, value=rscu) + Entropy(k=3) + Complexity()",
  };
  static const char *const protein[] = {"@peptide + Length()", "CTDC() + CTDT() + CTDD()",
                                        "PAAC() + PAAC(convention=propy) + PAAC(convention=ifeature)",
                                        "APAAC() + Kmer(k=2, alphabet=ctriad)"};
  ba_records *odd = bits_odd_records(context, "ACGT"), *residues = bits_odd_records(context, "ACDEFGHIKLMNPQRSTVWY");
  ba_records *aligned = making_records(context, 30, 41, 41, "ACGTN", 5), *qualities = with_qualities(context);
  ba_records *peptides = making_records(context, 30, 19, 19, "ACDEFGHIKLMNPQRSTVWYX", 6);
  for (size_t i = 0; i < sizeof any / sizeof *any; i++) features_of(context, any[i], odd, aligned);
  for (size_t i = 0; i < sizeof protein / sizeof *protein; i++) features_of(context, protein[i], residues, residues);
  features_of(context, "ENAC() + NCP() + ANF() + EIIP() + PositionKmer(k=1..3)", aligned, aligned);
  features_of(context, "BLOSUM62() + ZScale()", peptides, peptides);
  features_of(context, "Kmer(k=1..4, quality=weight) + GappedKmer(gap=2, quality=weight, value=freq)", qualities,
              qualities);
  sketches(context, odd);
  ba_records_release(odd);
  ba_records_release(residues);
  ba_records_release(aligned);
  ba_records_release(peptides);
  ba_records_release(qualities);
}

/* ---- scores ---- */

typedef struct asked {
  ba_context *context;
  ba_model *model;
  ba_scorer *scorer;
  const char *name;
  const ba_records *records;
  ba_records *fitted;       /* as long as those of training */
  int64_t outputs, classes; /* numbers a row */
} asked;

static const char *about(const asked *a, const char *what) {
  static char name[200];
  snprintf(name, sizeof name, "%s: %s", a->name, what);
  return name;
}

/* All at once, then in batches of other sizes, which must not matter. */
static void score_records(const asked *a) {
  enum { ROOM = 90 * 8 };
  static double scores[ROOM], shares[ROOM], part[ROOM];
  const int64_t n = ba_records_count(a->records), sizes[] = {1, 7, 64};
  assert_true(n * a->outputs <= ROOM && n * a->classes <= ROOM);
  if (bits_failed(about(a, "records"), ba_scorer_predict_records(a->scorer, a->records, scores, shares))) return;
  bits_f64(about(a, "scores"), scores, n * a->outputs);
  bits_f64(about(a, "probabilities"), shares, n * a->classes);
  for (int32_t s = 0; s < 3; s++) {
    for (int64_t i = 0; i < n; i += sizes[s]) {
      ba_records *some = making_slice(a->context, a->records, i, n - i < sizes[s] ? n - i : sizes[s]);
      OK(a->context, ba_scorer_predict_records(a->scorer, some, part + i * a->outputs, NULL));
      ba_records_release(some);
    }
    SAME_BITS(part, scores, n * a->outputs);
  }
}

static void score_rows(const asked *a) {
  enum { ROOM = 90 * 8 };
  static double scores[ROOM];
  static float row[1 << 16];
  ba_extractor *extractor;
  ba_array *rows = NULL, *single;
  const int64_t width = ba_model_width(a->model), n = ba_records_count(a->records), shape[] = {n, width};
  if (width == 0 || width > 1 << 14) return;
  OK(a->context, ba_extractor_create(a->context, ba_model_recipe(a->model), &extractor));
  OK(a->context, ba_extractor_fit(extractor, a->fitted));
  for (int32_t counts = 0; counts < 2; counts++) {
    const char *what = counts ? "output=counts" : "output=values";
    if (bits_failed(about(a, what), ba_extractor_apply_records(extractor, a->records, what, &rows))) continue;
    if (!bits_failed(about(a, what), ba_scorer_predict(a->scorer, rows, scores, NULL)))
      bits_f64(about(a, what), scores, n * a->outputs);
    if (!counts) {
      const double *from = ba_array_data(rows);
      OK(a->context, ba_array_create(a->context, BA_FLOAT32, 2, shape, &single));
      float *to = ba_array_data_mut(single);
      for (int64_t i = 0; i < n * width; i++) to[i] = (float)from[i];
      if (!bits_failed(about(a, "float32"), ba_scorer_predict(a->scorer, single, scores, NULL)))
        bits_f64(about(a, "float32"), scores, n * a->outputs);
      memcpy(row, to + 20 * width, (size_t)width * 4);
      if (!bits_failed(about(a, "one row"), ba_scorer_predict_row(a->scorer, row, width, scores, NULL)))
        bits_f64(about(a, "one row"), scores, a->outputs);
      ba_array_release(single);
    }
    ba_array_release(rows);
  }
  ba_extractor_destroy(extractor);
}

/* Windows, effects and shares of one long sequence, with some letters that are not known. */
static void score_letters(const asked *a) {
  enum { LETTERS = 400, ROOM = LETTERS * 8 };
  static double out[ROOM];
  static const int64_t shapes[][2] = {{41, 1}, {41, 3}, {60, 60}, {1, 1}, {300, 50}};
  char letters[LETTERS];
  int64_t count = 0;
  uint64_t seed = 8;
  const char *alphabet = strstr(ba_model_recipe(a->model), "protein") ? "ACDEFGHIKLMNPQRSTVWYX" : "ACGTACGTACGTN";
  for (int64_t i = 0; i < LETTERS; i++) letters[i] = alphabet[making_bits(&seed) % strlen(alphabet)];
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    const ba_status status =
        ba_scorer_scan(a->scorer, letters, LETTERS, shapes[i][0], shapes[i][1], out, ROOM / a->outputs, &count);
    if (!bits_failed(about(a, "windows"), status)) bits_f64(about(a, "windows"), out, count * a->outputs);
  }
  for (int32_t o = 0; o < a->outputs; o++) {
    if (!bits_failed(about(a, "effects"), ba_scorer_mutate(a->scorer, letters, 41, o, out)))
      bits_f64(about(a, "effects"), out, 4 * 41);
    if (!bits_failed(about(a, "shares"), ba_scorer_attribute(a->scorer, letters, 41, o, out)))
      bits_f64(about(a, "shares"), out, 41);
  }
}

static void export_model(const asked *a) {
  static const char *const formats[] = {"format=json", "format=c", "format=onnx"};
  for (int32_t i = 0; i < 3; i++) {
    int64_t n = 0;
    if (bits_failed(about(a, formats[i]), ba_model_export(a->context, a->model, formats[i], NULL, 0, &n))) continue;
    uint8_t *bytes = malloc((size_t)n);
    assert_non_null(bytes);
    OK(a->context, ba_model_export(a->context, a->model, formats[i], bytes, n, &n));
    bits_bytes(about(a, formats[i]), bytes, n);
    free(bytes);
  }
}

void bits_scores(ba_context *context, const char *name, ba_model *model, const ba_records *records) {
  asked a = {.context = context, .model = model, .name = name, .records = records};
  a.outputs = ba_model_outputs(model);
  a.classes = ba_model_classes(model) ? ba_model_classes(model) : 1;
  a.fitted = making_records(context, 2, 41, 41, "ACGT", 1);
  OK(context, ba_scorer_create(context, model, NULL, &a.scorer));
  score_records(&a);
  score_rows(&a);
  score_letters(&a);
  export_model(&a);
  ba_scorer_destroy(a.scorer);
  ba_records_release(a.fitted);
}
