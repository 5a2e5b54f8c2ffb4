/* SPDX-License-Identifier: MIT
 *
 * test_extractor.c: the public extractor: dense and sparse matrices against words counted one by one, refusals, and
 * failing memory.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bioanalytics/features.h"
#include "features/brute.h"
#include "support/fault.h"
#include "support/levels.h"

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

/* Sequences of the given lengths, with `odd` in 100 letters other than A C G T U. */
static ba_records *random_records(ba_context *context, const int64_t *lengths, int64_t count, int32_t odd) {
  int64_t offsets[64] = {0};
  ba_records *records;
  for (int64_t i = 0; i < count; i++) offsets[i + 1] = offsets[i] + lengths[i];
  char *letters = calloc((size_t)offsets[count] + 1, 1);
  brute_letters((uint64_t)odd + 1, offsets[count], odd, letters);
  assert_int_equal(ba_records_create(context, letters, offsets, count, &records), BA_OK);
  free(letters);
  return records;
}

static ba_extractor *extractor_of(ba_context *context, const char *recipe, const ba_records *records) {
  ba_extractor *extractor;
  if (ba_extractor_create(context, recipe, &extractor)) fail_msg("%s", ba_context_error_message(context));
  if (records && ba_extractor_fit(extractor, records)) fail_msg("%s", ba_context_error_message(context));
  return extractor;
}

/* The numbers of one block: v(c) / norm, in long double. */
static void block_values(const uint32_t *counts, int64_t width, int64_t kept, int32_t value, int32_t norm,
                         long double *values) {
  long double divisor = 0;
  for (int64_t i = 0; i < width; i++) {
    const long double c = counts[i];
    values[i] = c == 0 ? 0 : value == 0 ? c : value == 1 ? c / kept : value == 2 ? sqrtl(c) : 1;
    divisor += norm == 0 ? values[i] * values[i] : norm == 1 ? values[i] : 0;
  }
  if (norm == 0) divisor = sqrtl(divisor);
  for (int64_t i = 0; i < width && divisor > 0; i++) values[i] /= divisor;
}

static const char *const value_names[] = {"count", "freq", "sqrt", "binary"};
static const char *const norm_names[] = {"l2", "l1", "none"};

static void check_values(ba_context *context, const ba_records *records, int32_t value, int32_t norm) {
  char recipe[256];
  const brute blocks[] = {{.k = 1, .canonical = 1},
                          {.k = 2, .canonical = 1},
                          {.k = 3, .canonical = 1},
                          {.k = 7, .slots = 64},
                          {.position = 1, .k = 2, .anchor = 2, .fitted = 90}};
  snprintf(recipe, sizeof recipe,
           "Kmer(k=1..3, strand=canonical, value=%s, norm=%s) + Kmer(k=7, slots=64, value=%s, norm=%s) + "
           "PositionKmer(k=2, anchor=end, norm=%s)",
           value_names[value], norm_names[norm], value_names[value], norm_names[norm], norm_names[norm]);
  ba_extractor *extractor = extractor_of(context, recipe, records);
  ba_array *values, *counts;
  assert_int_equal(ba_extractor_apply_records(extractor, records, "output=values", &values), BA_OK);
  assert_int_equal(ba_extractor_apply_records(extractor, records, "output=counts", &counts), BA_OK);
  assert_int_equal(ba_array_dtype(values), BA_FLOAT64);
  assert_int_equal(ba_array_dtype(counts), BA_UINT32);
  const int64_t width = ba_extractor_width(extractor);
  assert_int_equal(ba_array_shape(values, 0), ba_records_count(records));
  assert_int_equal(ba_array_shape(values, 1), width);
  assert_int_equal(ba_array_shape(counts, 1), width);
  const double tolerance = value == 2 && norm == 1 ? 1e-5 : 1e-15;
  for (int64_t r = 0; r < ba_records_count(records); r++) {
    const double *row = (const double *)ba_array_data(values) + r * width;
    const uint32_t *row_counts = (const uint32_t *)ba_array_data(counts) + r * width;
    int64_t n, first = 0;
    const char *letters = ba_records_sequence(records, r, &n);
    for (size_t b = 0; b < sizeof blocks / sizeof blocks[0]; b++) {
      const int64_t columns = brute_width(&blocks[b]);
      uint32_t slow[2048] = {0};
      long double want[2048];
      assert_true(columns <= 2048);
      const int64_t kept = brute_count(&blocks[b], letters, n, slow, NULL, NULL);
      block_values(slow, columns, kept, blocks[b].position ? 3 : value, norm, want);
      for (int64_t i = 0; i < columns; i++) {
        assert_int_equal(row_counts[first + i], slow[i]);
        if (fabsl(row[first + i] - want[i]) > tolerance * fabsl(want[i]))
          fail_msg("%s, record %d, block %d, column %d: %.17g, expected %.20Lg", recipe, (int)r, (int)b, (int)i,
                   row[first + i], want[i]);
      }
      first += columns;
    }
    assert_int_equal(first, width);
  }
  ba_array_release(values);
  ba_array_release(counts);
  ba_extractor_destroy(extractor);
}

static void test_values_by_formula(void **state) {
  const int64_t lengths[] = {90, 0, 1, 2, 6, 7, 50, 89, 90, 90, 33};
  for (int32_t odd = 0; odd <= 20; odd += 10) {
    ba_records *records = random_records(*state, lengths, 11, odd);
    for (int32_t value = 0; value < 4; value++)
      for (int32_t norm = 0; norm < 3; norm++) check_values(*state, records, value, norm);
    ba_records_release(records);
  }
}

/* The sparse form filled in is the dense one to the bit, its columns rise, and it holds no zero. */
static void check_sparse(ba_extractor *extractor, const ba_records *records, const char *options, int64_t size) {
  ba_array *dense, *starts, *columns, *values;
  assert_int_equal(ba_extractor_apply_records(extractor, records, options, &dense), BA_OK);
  assert_int_equal(ba_extractor_apply_records_csr(extractor, records, options, &starts, &columns, &values), BA_OK);
  const int64_t count = ba_records_count(records), width = ba_extractor_width(extractor);
  assert_int_equal(ba_array_dtype(starts), BA_INT64);
  assert_int_equal(ba_array_dtype(columns), BA_UINT32);
  assert_int_equal(ba_array_dtype(values), ba_array_dtype(dense));
  assert_int_equal(ba_array_shape(starts, 0), count + 1);
  assert_int_equal(ba_array_shape(columns, 0), ba_array_shape(values, 0));
  const int64_t *start = ba_array_data(starts);
  const uint32_t *column = ba_array_data(columns);
  const char *value = ba_array_data(values);
  const char zero[8] = {0};
  assert_int_equal(start[0], 0);
  assert_int_equal(start[count], ba_array_shape(columns, 0));
  for (int64_t r = 0; r < count; r++) {
    char *row = calloc((size_t)width + 1, (size_t)size);
    for (int64_t i = start[r]; i < start[r + 1]; i++) {
      assert_true(column[i] < width && (i == start[r] || column[i] > column[i - 1]));
      assert_memory_not_equal(value + i * size, zero, (size_t)size);
      memcpy(row + (int64_t)column[i] * size, value + i * size, (size_t)size);
    }
    assert_memory_equal(row, (const char *)ba_array_data(dense) + r * ba_array_stride(dense, 0),
                        (size_t)(width * size));
    free(row);
  }
  ba_array_release(dense);
  ba_array_release(starts);
  ba_array_release(columns);
  ba_array_release(values);
}

static void test_sparse_is_dense(void **state) {
  const int64_t lengths[] = {120, 0, 3, 119, 120, 64, 9000};
  const char *recipes[] = {"Kmer(k=1..4)", "Kmer(k=2..5, strand=canonical, value=count, norm=l1)",
                           "Kmer(k=6..9, slots=256, value=freq, norm=none)",
                           "PositionKmer(k=1, anchor=start) + Kmer(k=3) + PositionKmer(k=1, anchor=end, norm=none)"};
  ba_records *records = random_records(*state, lengths, 7, 3);
  for (int32_t i = 0; i < 4; i++) {
    ba_extractor *extractor = extractor_of(*state, recipes[i], records);
    check_sparse(extractor, records, NULL, 8);
    check_sparse(extractor, records, "", 8);
    check_sparse(extractor, records, "output=counts", 4);
    ba_extractor_destroy(extractor);
  }
  ba_records_release(records);
}

static void test_no_records(void **state) {
  ba_records *records = random_records(*state, NULL, 0, 0);
  ba_extractor *extractor = extractor_of(*state, "Kmer(k=2)", NULL);
  check_sparse(extractor, records, NULL, 8);
  ba_extractor_destroy(extractor);
  extractor = extractor_of(*state, "PositionKmer(k=2)", records); /* a fit on nothing fits nothing */
  assert_int_equal(ba_extractor_width(extractor), -1);
  ba_extractor_destroy(extractor);
  ba_records_release(records);
}

static void test_the_same_bits_at_every_level(void **state) {
  const int64_t lengths[] = {250, 251, 8192, 8193, 17000, 31, 0};
  ba_records *records = random_records(*state, lengths, 7, 2);
  ba_array *first[3] = {NULL, NULL, NULL};
  int32_t compared = 0;
  for (int32_t l = 0; l < 3; l++) {
    if (ba_context_set_cpu(*state, cpu_levels[l])) continue;
    ba_extractor *extractor = extractor_of(*state, "@motif + PositionKmer(k=1..2, anchor=end)", records);
    ba_array *made[3];
    assert_int_equal(ba_extractor_apply_records_csr(extractor, records, NULL, &made[0], &made[1], &made[2]), BA_OK);
    for (int32_t i = 0; i < 3; i++) {
      if (first[i]) {
        assert_int_equal(ba_array_shape(made[i], 0), ba_array_shape(first[i], 0));
        assert_memory_equal(ba_array_data(made[i]), ba_array_data(first[i]),
                            (size_t)(ba_array_shape(first[i], 0) * ba_array_stride(first[i], 0)));
        ba_array_release(made[i]);
        compared++;
      } else {
        first[i] = made[i];
      }
    }
    ba_extractor_destroy(extractor);
  }
  for (int32_t i = 0; i < 3; i++) ba_array_release(first[i]);
  ba_records_release(records);
  assert_true(compared % 3 == 0);
}

/* What a dense row is made of without a list of its columns is what the list holds, at every level. */
static void check_direct(ba_context *context, const char *recipe, const ba_records *records, const char *options,
                         int32_t size) {
  ba_array *dense, *parts[3];
  ba_extractor *extractor = extractor_of(context, recipe, records);
  const char *list = size == 8 ? "output=values" : "output=counts";
  const int64_t count = ba_records_count(records), width = ba_extractor_width(extractor);
  if (ba_extractor_apply_records(extractor, records, options, &dense))
    fail_msg("%s: %s", recipe, ba_context_error_message(context));
  assert_int_equal(ba_extractor_apply_records_csr(extractor, records, list, &parts[0], &parts[1], &parts[2]), BA_OK);
  assert_int_equal(ba_array_dtype(dense), size == 8 ? BA_FLOAT64 : size == 4 ? BA_UINT32 : BA_UINT8);
  assert_true(ba_array_shape(dense, 0) == count && ba_array_shape(dense, 1) == width);
  const int64_t *start = ba_array_data(parts[0]);
  const uint32_t *column = ba_array_data(parts[1]);
  for (int64_t r = 0; r < count; r++) {
    uint8_t *row = calloc((size_t)width + 1, (size_t)size);
    for (int64_t i = start[r]; i < start[r + 1]; i++) {
      const void *value = (const uint8_t *)ba_array_data(parts[2]) + i * (size == 8 ? 8 : 4);
      uint32_t all;
      memcpy(&all, value, 4);
      const uint8_t low = (uint8_t)all;
      memcpy(row + (int64_t)column[i] * size, size == 1 ? &low : value, (size_t)size);
      if (size == 1) assert_int_equal(all, low);
    }
    assert_memory_equal(row, (const char *)ba_array_data(dense) + r * width * size, (size_t)(width * size));
    free(row);
  }
  ba_array_release(dense);
  for (int32_t p = 0; p < 3; p++) ba_array_release(parts[p]);
  ba_extractor_destroy(extractor);
}

static void test_dense_rows_are_written_directly(void **state) {
  ba_context *context = *state;
  const int64_t equal[] = {90, 90, 90}, mixed[] = {90, 0, 1, 89, 91, 2, 300, 33, 700, 8193};
  const char *counted[] = {"Kmer(k=3)", "Kmer(k=4..6, strand=canonical)", "GappedKmer(k=2, gap=0..3) + Kmer(k=5)",
                           "Kmer(k=9, slots=512) + PositionKmer(k=1, anchor=start) + PositionKmer(k=2, anchor=end)",
                           "PositionKmer(k=1, anchor=end) + BinnedKmer(k=3, bins=40) + Kmer(k=6)"};
  const char *written[] = {"PositionKmer(k=1, norm=none)", "PositionKmer(k=1)", "PositionKmer(k=1, norm=l1) + NCP()",
                           "EIIP() + ENAC(sliding_window=5)"};
  const char *any[] = {
      "PositionKmer(k=1, anchor=start) + PositionKmer(k=1, anchor=end, norm=none)", "Minimizer(k=5, w=10, value=count)",
      "Minimizer(k=3, w=4) + ORF() + PositionKmer(k=1, anchor=end)", "Kmer(k=3) + Minimizer(k=2, w=3)"};
  for (int32_t odd = 0; odd <= 6; odd += 3) {
    ba_records *same = random_records(context, equal, 3, odd), *others = random_records(context, mixed, 10, odd);
    ba_records *shorter = random_records(context, mixed, 9, odd); /* no word is there 256 times */
    for (int32_t l = 0; l < 3; l++) {
      if (ba_context_set_cpu(context, cpu_levels[l])) continue;
      for (int32_t i = 0; i < 5; i++) {
        check_direct(context, counted[i], others, "output=counts", 4);
        check_direct(context, counted[i], shorter, "output=counts8", 1);
        check_direct(context, counted[i], others, "output=values", 8);
      }
      for (int32_t i = 0; i < 4; i++) check_direct(context, written[i], same, NULL, 8);
      for (int32_t i = 0; i < 2; i++) check_direct(context, written[i], same, "output=counts8", 1);
      for (int32_t i = 0; i < 4; i++) check_direct(context, any[i], others, NULL, 8);
    }
    ba_records_release(same);
    ba_records_release(others);
    ba_records_release(shorter);
  }
}

/* The place of the least word of each window of a text, the first of equals, none over a letter that is no base. */
static void test_minimizers_by_search(void **state) {
  enum { MOST = 8193, K = 2, WORDS = 16 };
  const int64_t lengths[] = {MOST, 1500, 513, 514, 1025, 11, 10};
  for (int32_t odd = 0; odd <= 2; odd++)
    for (int32_t w = 1; w <= 700; w = w < 3 ? w + 1 : 10 * w) {
      char recipe[64];
      snprintf(recipe, sizeof recipe, "Minimizer(k=%d, w=%d, value=count, order=lexicographic)", K, w);
      ba_records *records = random_records(*state, lengths, 7, odd);
      ba_extractor *extractor = extractor_of(*state, recipe, records);
      ba_array *out;
      assert_int_equal(ba_extractor_apply_records(extractor, records, NULL, &out), BA_OK);
      for (int64_t r = 0; r < 7; r++) {
        int64_t n, last = -1;
        int32_t words[MOST];
        double expected[WORDS] = {0};
        const char *letters = ba_records_sequence(records, r, &n);
        for (int64_t i = 0; i + K <= n; i++) {
          const char *bases = "ACGT", *a = strchr(bases, letters[i] & 0xDF), *b = strchr(bases, letters[i + 1] & 0xDF);
          if ((letters[i] & 0xDF) == 'U') a = bases + 3;
          if ((letters[i + 1] & 0xDF) == 'U') b = bases + 3;
          words[i] = a && *a && b && *b ? (int32_t)(4 * (a - bases) + (b - bases)) : -1;
        }
        for (int64_t i = 0; i + K - 1 + w <= n; i++) {
          int64_t best = i;
          for (int64_t j = i; j < i + w && best >= 0; j++) best = words[j] < 0 ? -1 : words[j] < words[best] ? j : best;
          if (best >= 0 && best != last) expected[words[best]]++;
          if (best >= 0) last = best;
        }
        assert_memory_equal((const double *)ba_array_data(out) + WORDS * r, expected, sizeof expected);
      }
      ba_array_release(out);
      ba_extractor_destroy(extractor);
      ba_records_release(records);
    }
}

/* A count of 255 fits into eight bits, one of 256 does not. */
static void test_counts_in_8_bits(void **state) {
  char letters[514];
  const int64_t offsets[] = {0, 257, 514}, fits[] = {0, 256};
  ba_records *records, *few;
  ba_array *out = NULL, *starts = NULL, *columns = NULL;
  int64_t record;
  memset(letters, 'A', sizeof letters);
  memset(letters, 'C', 257);
  letters[100] = 'N';
  assert_int_equal(ba_records_create(*state, letters, offsets, 2, &records), BA_OK);
  assert_int_equal(ba_records_create(*state, letters + 257, fits, 1, &few), BA_OK);
  ba_extractor *extractor = extractor_of(*state, "Kmer(k=2)", NULL);
  for (int32_t again = 0; again < 2; again++) { /* a refusal leaves nothing behind */
    assert_int_equal(ba_extractor_apply_records(extractor, records, "output=counts8", &out), BA_ERR_LIMIT);
    ba_context_error_position(*state, &record, NULL);
    assert_true(record == 2 && out == NULL);
    assert_int_equal(ba_extractor_apply_records(extractor, few, "output=counts8", &out), BA_OK);
    const uint8_t *row = ba_array_data(out);
    for (int64_t i = 0; i < 16; i++) assert_int_equal(row[i], i == 0 ? 255 : 0);
    ba_array_release(out);
    out = NULL;
  }
  assert_int_equal(ba_extractor_apply_records_csr(extractor, few, "output=counts8", &starts, &columns, &out),
                   BA_ERR_RECIPE); /* sparse rows have few zeros to save */
  ba_extractor_destroy(extractor);
  extractor = extractor_of(*state, "Kmer(k=2, quality=weight)", NULL);
  assert_int_equal(ba_extractor_apply_records(extractor, few, "output=counts8", &out), BA_ERR_UNSUPPORTED);
  ba_extractor_destroy(extractor);
  extractor = extractor_of(*state, "Minimizer(k=2, w=3)", NULL);
  assert_int_equal(ba_extractor_apply_records(extractor, few, "output=counts8", &out), BA_ERR_UNSUPPORTED);
  ba_extractor_destroy(extractor);
  ba_records_release(records);
  ba_records_release(few);
}

static void test_column_names(void **state) {
  ba_extractor *extractor = extractor_of(*state, "Kmer(k=2, strand=canonical) + Kmer(k=12, slots=16)", NULL);
  const char *names[] = {"RCKmer_AA", "RCKmer_AC", "RCKmer_AG", "RCKmer_AT", "RCKmer_CA",    "RCKmer_CC",
                         "RCKmer_CG", "RCKmer_GA", "RCKmer_GC", "RCKmer_TA", "Kmer_12.slot0"};
  char name[64];
  int64_t length;
  assert_int_equal(ba_extractor_width(extractor), 26);
  for (int64_t i = 0; i < 11; i++) {
    assert_int_equal(ba_extractor_column_name(extractor, i, name, sizeof name, &length), BA_OK);
    assert_string_equal(name, names[i]);
    assert_int_equal(length, strlen(names[i]));
  }
  assert_int_equal(ba_extractor_column_name(extractor, 0, name, 4, &length), BA_OK);
  assert_string_equal(name, "RCK");
  assert_int_equal(ba_extractor_column_name(extractor, -1, name, sizeof name, &length), BA_ERR_ARGUMENT);
  assert_string_equal(ba_context_error_message(*state), "column -1; expected 0 to 25");
  assert_int_equal(ba_extractor_column_name(extractor, 26, name, sizeof name, &length), BA_ERR_ARGUMENT);
  assert_int_equal(ba_extractor_column_name(NULL, 0, name, sizeof name, &length), BA_ERR_ARGUMENT);
  ba_extractor_destroy(extractor);
}

static void test_refusals(void **state) {
  const int64_t equal[] = {5, 5}, unequal[] = {5, 5, 6};
  ba_records *two = random_records(*state, equal, 2, 0), *three = random_records(*state, unequal, 3, 0);
  ba_extractor *extractor = (ba_extractor *)two;
  ba_array *out = NULL;
  int64_t record, byte, length;
  char name[64];
  assert_int_equal(ba_extractor_create(*state, "Kmer(k=0)", &extractor), BA_ERR_RECIPE);
  assert_null(extractor);
  assert_int_equal(ba_extractor_create(*state, NULL, &extractor), BA_ERR_ARGUMENT);
  assert_int_equal(ba_extractor_create(*state, "Kmer(k=1)", NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_extractor_create(NULL, "Kmer(k=1)", &extractor), BA_ERR_ARGUMENT);
  ba_extractor_destroy(NULL);
  assert_int_equal(ba_extractor_width(NULL), -1);

  extractor = extractor_of(*state, "PositionKmer(k=2)", NULL);
  assert_int_equal(ba_extractor_width(extractor), -1);
  assert_int_equal(ba_extractor_apply_records(extractor, two, NULL, &out), BA_ERR_FIT);
  assert_null(out);
  assert_int_equal(ba_extractor_column_name(extractor, 0, name, 64, &length), BA_ERR_FIT);
  assert_int_equal(ba_extractor_fit(extractor, three), BA_ERR_LENGTH);
  ba_context_error_position(*state, &record, &byte);
  assert_int_equal(record, 3);
  assert_int_equal(ba_extractor_width(extractor), -1); /* as it was */
  assert_int_equal(ba_extractor_fit(extractor, two), BA_OK);
  assert_int_equal(ba_extractor_width(extractor), 64);
  assert_int_equal(ba_extractor_fit(extractor, three), BA_ERR_LENGTH);
  ba_context_error_position(*state, &record, &byte);
  assert_int_equal(record, 5); /* counted over the batches */
  assert_int_equal(ba_extractor_apply_records(extractor, three, NULL, &out), BA_ERR_LENGTH);
  ba_context_error_position(*state, &record, &byte);
  assert_int_equal(record, 3);
  assert_int_equal(ba_extractor_fit(extractor, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_extractor_fit(NULL, two), BA_ERR_ARGUMENT);
  assert_int_equal(ba_extractor_apply_records(extractor, NULL, NULL, &out), BA_ERR_ARGUMENT);
  assert_int_equal(ba_extractor_apply_records(extractor, two, NULL, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_extractor_apply_records(NULL, two, NULL, &out), BA_ERR_ARGUMENT);
  assert_int_equal(ba_extractor_apply_records_csr(extractor, two, NULL, &out, &out, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_extractor_apply_records_csr(NULL, two, NULL, &out, &out, &out), BA_ERR_ARGUMENT);
  assert_int_equal(ba_extractor_apply_records(extractor, two, "output=floats", &out), BA_ERR_RECIPE);
  assert_string_equal(ba_context_error_message(*state),
                      "column 8: output is \"floats\"; accepted: values, counts, counts8");
  ba_extractor_destroy(extractor);
  ba_records_release(two);
  ba_records_release(three);
}

static void test_ambiguous_letters(void **state) {
  const int64_t offsets[] = {0, 4, 9};
  ba_records *records;
  ba_array *out = NULL, *starts = NULL, *columns = NULL;
  int64_t record;
  assert_int_equal(ba_records_create(*state, "acguACNGT", offsets, 2, &records), BA_OK);
  ba_extractor *extractor = extractor_of(*state, "Kmer(k=1, ambiguous=error)", NULL);
  assert_int_equal(ba_extractor_apply_records(extractor, records, NULL, &out), BA_ERR_LETTER);
  assert_null(out);
  ba_context_error_position(*state, &record, NULL);
  assert_int_equal(record, 2);
  assert_int_equal(ba_extractor_apply_records_csr(extractor, records, NULL, &starts, &columns, &out), BA_ERR_LETTER);
  assert_true(starts == NULL && columns == NULL && out == NULL);
  ba_extractor_destroy(extractor);
  extractor = extractor_of(*state, "Kmer(k=2, value=freq, norm=none)", NULL);
  assert_int_equal(ba_extractor_apply_records(extractor, records, NULL, &out), BA_OK);
  const double *rows = ba_array_data(out);
  /* ac cg gu: a third each; AC and GT are all the words of the other that hold no N: a half each. */
  for (int64_t i = 0; i < 16; i++) {
    assert_true(rows[i] == (i == 1 || i == 6 || i == 11 ? 1.0 / 3 : 0.0));
    assert_true(rows[16 + i] == (i == 1 || i == 11 ? 0.5 : 0.0));
  }
  ba_array_release(out);
  ba_extractor_destroy(extractor);
  ba_records_release(records);
}

static void test_limit_and_cancel(void **state) {
  const int64_t length = 100;
  ba_records *records = random_records(*state, &length, 1, 0);
  ba_extractor *extractor = extractor_of(*state, "Kmer(k=10)", NULL);
  ba_array *out = NULL;
  int64_t held;
  assert_int_equal(ba_extractor_apply_records(extractor, records, NULL, &out), BA_OK);
  ba_array_release(out);
  ba_context_memory(*state, &held, NULL);
  assert_int_equal(ba_context_set_memory_limit(*state, held + 1000000), BA_OK);
  assert_int_equal(ba_extractor_apply_records(extractor, records, NULL, &out), BA_ERR_LIMIT); /* 8 MiB */
  assert_null(out);
  assert_int_equal(ba_context_set_memory_limit(*state, 0), BA_OK);
  ba_context_cancel(*state);
  assert_int_equal(ba_extractor_apply_records(extractor, records, NULL, &out), BA_ERR_CANCELLED);
  assert_int_equal(ba_context_reset(*state), BA_OK);
  assert_int_equal(ba_extractor_apply_records(extractor, records, NULL, &out), BA_OK);
  ba_array_release(out);
  ba_extractor_destroy(extractor);
  ba_records_release(records);
}

/* ---- failing memory ---- */

typedef enum what { CREATE, FIT, NAME, DENSE, SPARSE } what;

static ba_status call_extractor(ba_context *context, void *argument) {
  const what last = *(const what *)argument;
  static const char letters[] = "ACGTACGTNACGTACGTTGCA";
  const int64_t offsets[] = {0, 7, 14, 21};
  ba_records *records = NULL;
  ba_extractor *extractor = NULL;
  ba_array *out[3] = {NULL, NULL, NULL};
  char name[64];
  int64_t length;
  ba_status status = ba_records_create(context, letters, offsets, 3, &records);
  if (!status)
    status =
        ba_extractor_create(context, "Kmer(k=1..2, strand=canonical) + PositionKmer(k=1) | Logistic()", &extractor);
  if (!status && last >= FIT) status = ba_extractor_fit(extractor, records);
  if (!status && last == NAME) status = ba_extractor_column_name(extractor, 3, name, sizeof name, &length);
  if (!status && last == DENSE) status = ba_extractor_apply_records(extractor, records, NULL, &out[0]);
  if (!status && last == SPARSE)
    status = ba_extractor_apply_records_csr(extractor, records, NULL, &out[0], &out[1], &out[2]);
  for (int32_t i = 0; i < 3; i++) ba_array_release(out[i]);
  ba_extractor_destroy(extractor);
  ba_records_release(records);
  return status;
}

static void test_failing_allocations(void **state) {
  (void)state;
  for (what last = CREATE; last <= SPARSE; last++) assert_true(fault_sweep(call_extractor, &last) > 6);
}

/* After a failure the same extractor goes on as if nothing had been. */
static void test_an_extractor_survives_failures(void **state) {
  (void)state;
  fault plan = {0};
  ba_allocator allocator = fault_allocator(&plan);
  ba_context *context;
  const int64_t lengths[] = {40, 41, 12};
  assert_int_equal(ba_context_create(&allocator, &context), BA_OK);
  ba_records *records = random_records(context, lengths, 3, 5);
  ba_extractor *extractor = extractor_of(context, "Kmer(k=1..3) + PositionKmer(k=1, anchor=start)", records);
  ba_array *out[3];
  for (int64_t n = 1;; n++) {
    plan.fail_at = plan.allocations + n;
    const int64_t failures = plan.failures;
    const ba_status status = ba_extractor_apply_records_csr(extractor, records, NULL, &out[0], &out[1], &out[2]);
    if (plan.failures == failures) {
      assert_int_equal(status, BA_OK);
      break;
    }
    assert_int_equal(status, BA_ERR_MEMORY);
    assert_true(out[0] == NULL && out[1] == NULL && out[2] == NULL);
    plan.fail_at = 0;
    check_sparse(extractor, records, NULL, 8);
  }
  for (int32_t i = 0; i < 3; i++) ba_array_release(out[i]);
  plan.fail_at = 0;
  ba_extractor_destroy(extractor);
  ba_records_release(records);
  ba_context_destroy(context);
  assert_int_equal(plan.blocks, 0);
}

/* A second fit that comes to too many columns leaves those of the first. */
static void test_a_fit_that_is_too_wide_changes_nothing(void **state) {
  ba_context *context = *state;
  const int64_t few[] = {20, 15}, many[] = {40000};
  ba_records *records = random_records(context, few, 2, 5), *wide = random_records(context, many, 1, 0);
  ba_extractor *extractor = extractor_of(context, "PositionKmer(k=1..8, anchor=start)", records);
  const int64_t width = ba_extractor_width(extractor);
  assert_int_equal(ba_extractor_fit(extractor, wide), BA_ERR_LIMIT);
  assert_int_equal(ba_extractor_width(extractor), width);
  check_sparse(extractor, records, NULL, 8);
  ba_extractor_destroy(extractor);
  ba_records_release(wide);
  ba_records_release(records);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_values_by_formula, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_sparse_is_dense, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_no_records, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_the_same_bits_at_every_level, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_dense_rows_are_written_directly, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_minimizers_by_search, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_counts_in_8_bits, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_column_names, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_ambiguous_letters, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_limit_and_cancel, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_failing_allocations, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_an_extractor_survives_failures, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_a_fit_that_is_too_wide_changes_nothing, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
