/* SPDX-License-Identifier: MIT
 *
 * test_export.c: the C source, compiled by itself, gives the same bits; what cannot be exported is refused. JSON and
 * ONNX are read in tests/cli.
 */
#include <stdio.h>
#include <sys/wait.h>

#include "model/making.h"
#include "support/fault.h"
#include "support/temp.h"

typedef struct recipe_case {
  const char *recipe;
  int64_t fitted; /* -1: no fit */
  int64_t shortest, longest;
  const char *alphabet;
  int32_t classes;
} recipe_case;

static const recipe_case cases[] = {
    {"Kmer(k=1..4)", -1, 0, 90, "ACGTNacgtu", 2},
    {"Kmer(k=1..6, strand=canonical, value=count, norm=l2)", -1, 0, 90, "ACGTN", 3},
    {"Kmer(k=2, value=freq, norm=none) + Kmer(k=3, value=freq, norm=l1)", -1, 0, 50, "ACGT", 2},
    {"Kmer(k=2, value=sqrt, norm=l1) + Kmer(k=2, value=binary, norm=l1)", -1, 0, 50, "AAC", 2},
    {"Kmer(k=2, value=binary, norm=none) + Kmer(k=2, value=count, norm=none)", -1, 0, 50, "ACG", 2},
    {"Kmer(k=11..12, slots=1024, strand=canonical)", -1, 0, 60, "ACGTn", 2},
    {"Kmer(k=2) + PositionKmer(k=1..3)", 30, 30, 30, "ACGTN", 4},
    {"PositionKmer(k=2, anchor=start) + PositionKmer(k=1, anchor=end)", 25, 0, 40, "ACGTN", 2},
    {"GappedKmer(k=1..2, gap=1..3, strand=canonical) + Length(per=50)", -1, 0, 60, "ACGTN", 2},
    {"SpacedKmer(mask=1101011, alphabet=ry) + BinnedKmer(k=1..3, bins=4)", -1, 0, 60, "ACGTN", 2},
    {"Kmer(k=1..2, alphabet=protein) + Kmer(k=3, alphabet=ctriad)", -1, 0, 60, "ACDEFGHIKLMNPQRSTVWYX", 3},
};

static const char driver[] = /* lengths and letters in, statuses and bits out */
    "\n#include <stdio.h>\nint main(void) {\n  int64_t length;\n  static char letters[1 << 20];\n"
    "  while (fread(&length, 8, 1, stdin) == 1) {\n    double values[BA_OUTPUTS + BA_ANSWERS] = {0};\n"
    "    if (fread(letters, 1, (size_t)length, stdin) != (size_t)length) return 1;\n"
    "    if (ba_score(letters, length, values, values + BA_OUTPUTS)) return 2;\n"
    "    fwrite(values, 8, BA_OUTPUTS + BA_ANSWERS, stdout);\n  }\n  return 0;\n}\n";

static void put_file(const char *path, const void *bytes, int64_t n, const char *more) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, (size_t)n, file), n);
  fputs(more, file);
  assert_int_equal(fclose(file), 0);
}

static uint8_t *exported(ba_context *context, const ba_model *model, const char *options, int64_t *n) {
  int64_t again = 0;
  OK(context, ba_model_export(context, model, options, NULL, 0, n));
  uint8_t *bytes = malloc((size_t)*n);
  assert_non_null(bytes);
  OK(context, ba_model_export(context, model, options, bytes, *n, &again));
  assert_int_equal(again, *n);
  return bytes;
}

static void run(const char *folder, const char *command) {
  char line[4096];
  snprintf(line, sizeof line, "cd '%s' && %s", folder, command);
  const int code = system(line);
  if (code != 0) fail_msg("%s: %d", line, code);
}

/* Compiles the export, scores the records with it, and compares. */
static void check_model(ba_context *context, ba_model *model, const ba_records *records) {
  const int64_t count = ba_records_count(records), answers = model->outputs + model->answers;
  char folder[TEMP_PATH], path[TEMP_PATH + 100];
  int64_t n = 0, length = 0;
  ba_scorer *scorer = NULL;
  double *scores = malloc((size_t)(count * model->outputs) * 8), *given = malloc((size_t)(count * answers) * 8);
  double *probabilities = malloc((size_t)(count * model->answers) * 8);
  assert_true(scores && given && probabilities);
  temp_make(folder);
  uint8_t *bytes = exported(context, model, "format=c", &n);
  snprintf(path, sizeof path, "%s/model.c", folder);
  put_file(path, bytes, n, driver);
  snprintf(path, sizeof path, "%s/records", folder);
  FILE *file = fopen(path, "wb");
  for (int64_t r = 0; r < count; r++) {
    const char *letters = ba_records_sequence(records, r, &length);
    fwrite(&length, 8, 1, file);
    fwrite(letters, 1, (size_t)length, file);
  }
  fclose(file);
  run(folder, "cc -std=c11 -O1 -Wall -Wextra -Wpedantic -Werror model.c -o model -lm && ./model < records > scores");
  snprintf(path, sizeof path, "%s/scores", folder);
  file = fopen(path, "rb");
  assert_int_equal(fread(given, 8, (size_t)(count * answers), file), count * answers);
  fclose(file);
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_predict_records(scorer, records, scores, probabilities));
  for (int64_t r = 0; r < count; r++) {
    SAME_BITS(given + r * answers, scores + r * model->outputs, model->outputs);
    SAME_BITS(given + r * answers + model->outputs, probabilities + r * model->answers, model->answers);
  }
  temp_remove(folder);
  ba_scorer_destroy(scorer);
  free(bytes);
  free(scores);
  free(given);
  free(probabilities);
}

static void test_same_bits(void **state) {
  ba_context *context = *state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const recipe_case *one = &cases[i];
    ba_model *model = making_model(context, one->recipe, one->fitted, one->classes, i + 1);
    ba_records *records = making_records(context, 100, one->shortest, one->longest, one->alphabet, 40 + i);
    check_model(context, model, records);
    ba_records_release(records);
    ba_model_release(model);
  }
}

/* Sums beyond 64 bits, and roots of large counts. */
static void test_long_sequences(void **state) {
  ba_context *context = *state;
  ba_model *model = making_model(context, "Kmer(k=1..2) + Kmer(k=1, value=count, norm=none)", -1, 2, 5);
  ba_records *records = making_records(context, 2, 1000000, 1000000, "AAAAC", 3);
  check_model(context, model, records);
  ba_records_release(records);
  ba_model_release(model);
}

static void test_ensemble_and_calibrations(void **state) {
  ba_context *context = *state;
  static const char *const methods[] = {"method=platt", "method=isotonic", "method=temperature"};
  ba_model *model = making_joined(context);
  ba_records *records = making_records(context, 100, 0, 60, "ACGTN", 5);
  ba_dataset *dataset = making_data(context, 80, 20, 40, 2, 3);
  check_model(context, model, records);
  for (int32_t i = 0; i < 3; i++) {
    ba_model *calibrated = NULL;
    OK(context, ba_calibrate(context, model, dataset, BA_PART_TRAIN, methods[i], &calibrated));
    check_model(context, calibrated, records);
    ba_model_release(calibrated);
  }
  ba_dataset_destroy(dataset);
  ba_records_release(records);
  ba_model_release(model);
}

static void test_refused(void **state) {
  ba_context *context = *state;
  ba_model *model = making_model(context, "Kmer(k=2)", -1, 2, 1);
  ba_model *weighted = making_model(context, "Kmer(k=2, quality=weight)", -1, 2, 1);
  ba_model *real = making_model(context, "PseDNC() + Kmer(k=2)", -1, 2, 1);
  ba_dataset *dataset = making_data(context, 40, 10, 30, 2, 3);
  ba_model *network =
      making_trained(context, "OneHot() | Conv(filters=4, width=3) | MLP(hidden=2, epochs=1)", dataset, "");
  ba_model *isotonic = NULL;
  uint8_t bytes[4] = {7, 7, 7, 7};
  int64_t n = 0;
  OK(context, ba_calibrate(context, model, dataset, BA_PART_TRAIN, "method=isotonic", &isotonic));
  REFUSED(context, ba_model_export(context, weighted, "", NULL, 0, &n), BA_ERR_UNSUPPORTED, "quality=weight");
  REFUSED(context, ba_model_export(context, network, "format=c", NULL, 0, &n), BA_ERR_UNSUPPORTED, "is a network");
  REFUSED(context, ba_model_export(context, real, "format=c", NULL, 0, &n), BA_ERR_UNSUPPORTED, "descriptors");
  REFUSED(context, ba_model_export(context, isotonic, "format=onnx", NULL, 0, &n), BA_ERR_UNSUPPORTED, "isotonic");
  REFUSED(context, ba_model_export(context, model, "format=xml", NULL, 0, &n), BA_ERR_RECIPE, "onnx");
  REFUSED(context, ba_model_export(context, NULL, "", NULL, 0, &n), BA_ERR_ARGUMENT, "expected a model");
  REFUSED(context, ba_model_export(context, model, "", NULL, 0, NULL), BA_ERR_ARGUMENT, "a place");
  REFUSED(context, ba_model_export(context, model, "", NULL, 4, &n), BA_ERR_ARGUMENT, "a buffer");
  REFUSED(context, ba_model_export(context, model, "", bytes, -1, &n), BA_ERR_ARGUMENT, "a buffer");
  OK(context, ba_model_export(context, model, "", bytes, 4, &n));
  assert_true(n > 100 && bytes[0] == 7 && bytes[3] == 7);
  ba_model_release(isotonic);
  ba_model_release(network);
  ba_model_release(weighted);
  ba_model_release(real);
  ba_model_release(model);
  ba_dataset_destroy(dataset);
}

static ba_status export_all(ba_context *context, void *argument) {
  int64_t n;
  ba_status status = ba_model_export(context, argument, "format=json", NULL, 0, &n);
  if (!status) status = ba_model_export(context, argument, "format=c", NULL, 0, &n);
  return status ? status : ba_model_export(context, argument, "format=onnx", NULL, 0, &n);
}

static ba_status export_onnx(ba_context *context, void *argument) {
  int64_t n;
  return ba_model_export(context, argument, "format=onnx", NULL, 0, &n);
}

static void test_every_failing_allocation(void **state) {
  ba_model *model = making_model(*state, "Kmer(k=1..2)", -1, 3, 1);
  ba_dataset *dataset = making_data(*state, 40, 10, 30, 2, 3);
  ba_model *joint = making_trained(*state,
                                   "Kmer(k=1) | MLP(hidden=2, skip=linear, epochs=1) & OneHot() | Conv(filters=2, "
                                   "width=3, strand=max, bins=2, pool=2) | MLP(hidden=2, epochs=1)",
                                   dataset, "");
  assert_true(fault_sweep(export_all, model) > 20);
  assert_true(fault_sweep(export_onnx, joint) > 100);
  ba_model_release(joint);
  ba_model_release(model);
  ba_dataset_destroy(dataset);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_same_bits, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_long_sequences, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_ensemble_and_calibrations, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_refused, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_every_failing_allocation, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
