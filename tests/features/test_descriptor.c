/* SPDX-License-Identifier: MIT
 *
 * test_descriptor.c: every value of descriptors.tsv, which has them from rational arithmetic, at every CPU level; and
 * random letters, for which all is finite and nothing outside of the memory asked for is written.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <mpfr.h>

#include "bioanalytics/features.h"
#include "features/descriptor.h"
#include "support/fault.h"
#include "support/levels.h"

#define MOST_COLUMNS 1024
#define LINE 1024

typedef struct columns {
  int64_t count;
  char names[MOST_COLUMNS][64];
  double values[MOST_COLUMNS];
} columns;

static int32_t set_up(void **state) {
  ba_context *context;
  if (ba_context_create(NULL, &context)) return 1;
  *state = context;
  return 0;
}

static int32_t tear_down(void **state) {
  ba_context_destroy(*state);
  return 0;
}

/* What the public extractor gives for one sequence. */
static void extract(ba_context *context, const char *recipe, const char *letters, columns *out) {
  const int64_t offsets[2] = {0, (int64_t)strlen(letters)};
  ba_records *records;
  ba_extractor *extractor;
  ba_array *rows;
  int64_t length;
  assert_int_equal(ba_records_create(context, letters, offsets, 1, &records), BA_OK);
  if (ba_extractor_create(context, recipe, &extractor)) fail_msg("%s", ba_context_error_message(context));
  if (ba_extractor_fit(extractor, records)) fail_msg("%s", ba_context_error_message(context));
  if (ba_extractor_apply_records(extractor, records, NULL, &rows)) fail_msg("%s", ba_context_error_message(context));
  out->count = ba_extractor_width(extractor);
  assert_true(out->count <= MOST_COLUMNS);
  for (int64_t i = 0; i < out->count; i++)
    assert_int_equal(ba_extractor_column_name(extractor, i, out->names[i], 64, &length), BA_OK);
  if (out->count) memcpy(out->values, ba_array_data(rows), (size_t)out->count * 8);
  ba_array_release(rows);
  ba_extractor_destroy(extractor);
  ba_records_release(records);
}

/* The exact value p/q, or a decimal, less the value found. */
static double error_of(char *exact, double value, double *size) {
  mpfr_t p, q;
  char *bar = strchr(exact, '/');
  if (bar) *bar = 0;
  mpfr_init2(p, 300);
  mpfr_init2(q, 300);
  assert_int_equal(mpfr_set_str(p, exact, 10, MPFR_RNDN), 0);
  assert_int_equal(mpfr_set_str(q, bar ? bar + 1 : "1", 10, MPFR_RNDN), 0);
  mpfr_div(p, p, q, MPFR_RNDN);
  *size = fabs(mpfr_get_d(p, MPFR_RNDN));
  mpfr_sub_d(p, p, value, MPFR_RNDN);
  const double error = mpfr_get_d(p, MPFR_RNDN);
  mpfr_clear(p);
  mpfr_clear(q);
  return fabs(error);
}

/* Reads the file and compares; returns how many values there were. */
static int64_t conform(ba_context *context) {
  static columns found;
  char line[LINE], recipe[256] = "", sequence[LINE] = "";
  int64_t column = 0, all = 0;
  FILE *file = fopen(BA_TEST_SOURCE_DIR "/tests/features/descriptors.tsv", "r");
  assert_non_null(file);
  found.count = 0;
  while (fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = 0;
    if (line[0] == 'V') {
      char *name = line + 2, *exact = strchr(name, '\t');
      double size;
      *exact++ = 0;
      if (column == found.count) fail_msg("%s, \"%s\": no column %s", recipe, sequence, name);
      assert_string_equal(found.names[column], name);
      const double error = error_of(exact, found.values[column], &size);
      /* Sums of both signs may cancel: there the size of what is summed counts, about 1. */
      if (!(error <= 1e-12 * size || error <= 4e-15))
        fail_msg("%s, \"%s\", %s: %.17g is off by %g", recipe, sequence, name, found.values[column], error);
      column++;
      all++;
    } else if (line[0] == 'S') {
      assert_int_equal(column, found.count);
      snprintf(sequence, sizeof sequence, "%.*s", (int)strlen(line) - 4, line + 3);
      extract(context, recipe, sequence, &found);
      column = 0;
    } else if (line[0] == 'R') {
      snprintf(recipe, sizeof recipe, "%.250s", line + 2);
    }
  }
  assert_int_equal(column, found.count);
  fclose(file);
  return all;
}

static void test_values_are_exact(void **state) {
  int32_t tried = 0;
  for (int32_t i = 0; i < 3; i++) {
    if (ba_context_set_cpu(*state, cpu_levels[i])) continue;
    assert_true(conform(*state) > 7000);
    tried++;
  }
  assert_true(tried > 0);
}

/* Small and large keys of every descriptor. */
static const char *const recipes[] = {
    "Mismatch(k=1, mismatch=3)",
    "Mismatch(k=5, mismatch=2)",
    "Subsequence(k=1, delta=1)",
    "Subsequence(k=5, delta=0.9)",
    "ENAC(sliding_window=1)",
    "ENAC(sliding_window=9)",
    "NCP()",
    "ANF()",
    "EIIP()",
    "PseEIIP()",
    "ZCurve(k=1, phase=no)",
    "ZCurve(k=3, phase=yes)",
    "DAC(nlag=40)",
    "DCC(nlag=40)",
    "DACC(nlag=1)",
    "PseDNC(lambda=50, weight=1000)",
    "PseKNC(k=1, lambda=1)",
    "PseKNC(k=5, lambda=9)",
    "SCPseDNC(lambda=9, weight=3)",
    "ORF(strand=both)",
    "Minimizer(k=4, w=1000)",
    "Minimizer(k=1, w=3, value=count)",
    "CodonUsage(frame=2, value=rscu)",
    "Entropy(k=8)",
    "Entropy(k=3, alphabet=ry)",
    "Complexity(k=8)",
    "Complexity(k=1, alphabet=ws)",
    "CTDC()",
    "CTDT()",
    "CTDD()",
    "PAAC(lambda=40, weight=1000)",
    "PAAC(convention=ifeature)",
    "APAAC(lambda=9, weight=3)",
    "BLOSUM62()",
    "ZScale()",
    "Entropy(k=3, alphabet=protein)",
    "Complexity(k=5, alphabet=gaac)",
    "Entropy(k=5, alphabet=ctriad)",
};

static void check_random(ba_context *context, const char *text, const uint8_t *codes, int64_t length) {
  const bai_kernels *kernels[3];
  bai_recipe recipe = {{0, 0, 0}};
  assert_int_equal(bai_recipe_parse(context, text, &recipe), BA_OK);
  const bai_descriptor d = bai_descriptor_of(bai_recipe_member(&recipe, 0)->features.data);
  assert_int_equal(bai_descriptor_check(context, &d), BA_OK);
  const int64_t width = bai_descriptor_width(&d, length), work = bai_descriptor_work(&d);
  const double guard = 12345.5;
  double *out = malloc((size_t)(width + 1) * 8), *first = malloc((size_t)(width + 1) * 8);
  double *memory = malloc((size_t)(work + 1) * 8);
  const int32_t levels = bai_kernels_available(kernels);
  for (int32_t i = 0; i < levels; i++) {
    for (int64_t j = 0; j <= width; j++) out[j] = guard;
    for (int64_t j = 0; j <= work; j++) memory[j] = guard;
    bai_descriptor_compute(kernels[i], &d, codes, length, memory, out);
    assert_true(out[width] == guard && memory[work] == guard);
    for (int64_t j = 0; j < width; j++)
      if (!isfinite(out[j]) || out[j] == guard) fail_msg("%s: column %lld is %g", text, (long long)j, out[j]);
    if (i == 0) memcpy(first, out, (size_t)width * 8);
    assert_memory_equal(first, out, (size_t)width * 8);
  }
  free(memory);
  free(first);
  free(out);
  bai_recipe_free(context, &recipe);
}

static void test_random_letters_give_finite_values(void **state) {
  const int32_t count = (int32_t)(sizeof recipes / sizeof recipes[0]);
  uint8_t codes[128];
  for (int32_t r = 0; r < count; r++) {
    const int32_t protein = strstr(recipes[r], "CTD") || strstr(recipes[r], "PAAC") || strstr(recipes[r], "BLOSUM") ||
                            strstr(recipes[r], "ZScale") || strstr(recipes[r], "protein") ||
                            strstr(recipes[r], "gaac") || strstr(recipes[r], "ctriad");
    const uint64_t letters = protein ? 21 : 5;
    for (uint64_t round = 0; round < 60; round++) {
      const int64_t length = (int64_t)(bai_random(1, round, 0) % sizeof codes);
      /* Of few kinds of letters, of all, and of none that is known. */
      const uint64_t kinds = round % 4 ? letters : 1 + round % letters;
      for (int64_t i = 0; i < length; i++)
        codes[i] = (uint8_t)(round == 8 ? letters - 1 : bai_random(2, round, (uint64_t)i) % kinds);
      check_random(*state, recipes[r], codes, length);
    }
  }
}

static void refuse(ba_context *context, const char *recipe, const char *message) {
  ba_extractor *extractor;
  assert_int_equal(ba_extractor_create(context, recipe, &extractor), BA_ERR_RECIPE);
  if (!strstr(ba_context_error_message(context), message)) fail_msg("%s", ba_context_error_message(context));
}

static void test_refusals(void **state) {
  refuse(*state, "Entropy(k=9)", "Entropy has words of 9 letters of an alphabet of 4; expected at most 65536 words");
  refuse(*state, "Complexity(k=4, alphabet=protein)", "Complexity has words of 4 letters of an alphabet of 20");
  refuse(*state, "DAC(table=chen2014)", "expected one of chen2013|ilearn2020");
  refuse(*state, "PAAC() + DAC()", "PAAC reads protein and DAC reads DNA");
  refuse(*state, "Subsequence(delta=1.5)", "expected a number from 0 to 1");
  const int64_t offsets[2] = {0, 4};
  ba_records *records;
  ba_extractor *extractor;
  ba_array *rows = NULL;
  assert_int_equal(ba_records_create(*state, "ACGT", offsets, 1, &records), BA_OK);
  assert_int_equal(ba_extractor_create(*state, "NAC() + EIIP()", &extractor), BA_OK);
  assert_int_equal(ba_extractor_apply_records(extractor, records, NULL, &rows), BA_ERR_FIT);
  assert_non_null(strstr(ba_context_error_message(*state), "EIIP needs ba_extractor_fit on records first"));
  assert_int_equal(ba_extractor_fit(extractor, records), BA_OK);
  assert_int_equal(ba_extractor_apply_records(extractor, records, "output=counts", &rows), BA_ERR_UNSUPPORTED);
  assert_non_null(strstr(ba_context_error_message(*state), "expected output=values"));
  ba_extractor_destroy(extractor);
  ba_records_release(records);
}

static ba_status extract_pair(ba_context *context, void *argument) {
  const int64_t offsets[3] = {0, 12, 24};
  ba_records *records = NULL;
  ba_extractor *extractor = NULL;
  ba_array *rows = NULL, *parts[3] = {NULL};
  (void)argument;
  ba_status status = ba_records_create(context, "ACGTTGCAACGTNNNNACGTTAGC", offsets, 2, &records);
  if (!status) status = ba_extractor_create(context, "PseKNC() + ENAC() + Entropy(k=2) + Kmer(k=2)", &extractor);
  if (!status) status = ba_extractor_fit(extractor, records);
  if (!status) status = ba_extractor_apply_records(extractor, records, NULL, &rows);
  if (!status) status = ba_extractor_apply_records_csr(extractor, records, NULL, &parts[0], &parts[1], &parts[2]);
  ba_array_release(rows);
  for (int32_t i = 0; i < 3; i++) ba_array_release(parts[i]);
  ba_extractor_destroy(extractor);
  ba_records_release(records);
  return status;
}

static void test_failing_memory(void **state) {
  (void)state;
  assert_true(fault_sweep(extract_pair, NULL) > 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_values_are_exact, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_random_letters_give_finite_values, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
      cmocka_unit_test(test_failing_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
