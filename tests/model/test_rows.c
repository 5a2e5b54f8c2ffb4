/* SPDX-License-Identifier: MIT
 *
 * test_rows.c: rows of features together and one by one, at every level, with any distance between them; and one model
 * that many threads use, each with a scorer and a context of its own.
 */
#include <math.h>
#include <pthread.h>
#include <stdio.h>

#include "model/making.h"

#define WIDTH 1364 /* of Kmer(k=1..5) */
#define ROWS 300   /* more than are summed before any is made scores of */

static float rows[ROWS][WIDTH];

static void fill_rows(uint64_t seed) {
  for (int64_t i = 0; i < ROWS; i++)
    for (int64_t c = 0; c < WIDTH; c++) rows[i][c] = c % 3 == i % 3 ? 0.0f : (float)making_real(&seed);
}

static ba_array *wrapped(ba_context *context, int32_t dtype, int64_t count, int64_t stride, void *data) {
  const int64_t shape[] = {count, WIDTH}, strides[] = {stride, dtype == BA_FLOAT32 ? 4 : 8};
  ba_array *array = NULL;
  OK(context, ba_array_wrap(context, dtype, 2, shape, strides, data, NULL, NULL, &array));
  return array;
}

/* A linear score by its definition in long double; the weights as they are for rows of features. */
static long double exact_score(const ba_model *model, int32_t output, const float *row, long double *sizes) {
  const bai_member *member = &model->members[0];
  long double sum = member->intercepts[output];
  *sizes = fabsl(sum);
  for (int32_t b = 0; b < member->plan->block_count; b++) {
    const bai_block *block = &member->plan->blocks[b];
    const int32_t exponent = member->exponents[output * member->plan->block_count + b];
    for (int64_t c = block->first; c < block->first + block->width; c++) {
      const long double part = (long double)row[c] * ldexpl(member->weights[output * WIDTH + c], -exponent);
      sum += part;
      *sizes += fabsl(part);
    }
  }
  return sum;
}

static void check_batches(ba_context *context, ba_scorer *scorer, const ba_model *model, const double *expected) {
  static double scores[ROWS * 4], probabilities[ROWS * 4];
  static const int64_t counts[] = {1, 3, 4, 5, 17, 255, 256, 257, ROWS};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    ba_array *all = wrapped(context, BA_FLOAT32, counts[i], sizeof rows[0], rows);
    memset(scores, 0xff, sizeof scores);
    OK(context, ba_scorer_predict(scorer, all, scores, probabilities));
    SAME_BITS(scores, expected, counts[i] * model->outputs);
    memset(probabilities, 0xff, sizeof probabilities);
    OK(context, ba_scorer_predict(scorer, all, NULL, probabilities));
    for (int64_t r = 0; r < counts[i]; r++) {
      double p[4];
      OK(context, ba_scorer_predict_row(scorer, rows[r], WIDTH, NULL, p));
      SAME_BITS(p, probabilities + r * model->answers, model->answers);
    }
    ba_array_release(all);
  }
  /* From the last row to the first. */
  ba_array *back = wrapped(context, BA_FLOAT32, ROWS, -(int64_t)sizeof rows[0], rows[ROWS - 1]);
  OK(context, ba_scorer_predict(scorer, back, scores, NULL));
  for (int64_t r = 0; r < ROWS; r++)
    SAME_BITS(scores + r * model->outputs, expected + (ROWS - 1 - r) * model->outputs, model->outputs);
  ba_array_release(back);
}

static void test_rows_alone_and_together(void **state) {
  static const char *const recipes[] = {"Kmer(k=1..5)", "Kmer(k=1..5)", "Kmer(k=1..5) | MLP(hidden=5)"};
  static const int32_t classes[] = {2, 4, 2};
  static double expected[ROWS * 4];
  ba_context *context = *state;
  fill_rows(1);
  for (int32_t c = 0; c < 3; c++) {
    ba_model *model = making_model(context, recipes[c], -1, classes[c], 7);
    for (int32_t level = 0; level < 3; level++) {
      ba_scorer *scorer = NULL;
      if (!making_level(context, level)) continue;
      OK(context, ba_scorer_create(context, model, NULL, &scorer));
      for (int64_t r = 0; r < ROWS; r++) {
        double scores[4];
        OK(context, ba_scorer_predict_row(scorer, rows[r], WIDTH, scores, NULL));
        if (level == 0) memcpy(expected + r * model->outputs, scores, (size_t)model->outputs * 8);
        SAME_BITS(scores, expected + r * model->outputs, model->outputs);
        for (int32_t o = 0; level == 0 && c < 2 && o < model->outputs; o++) {
          long double sizes, exact = exact_score(model, o, rows[r], &sizes);
          assert_true(fabsl(exact - (long double)scores[o]) <= 1e-6L * sizes);
        }
      }
      check_batches(context, scorer, model, expected);
      ba_scorer_destroy(scorer);
    }
    ba_model_release(model);
  }
}

/* ---- threads ---- */

#define THREADS 64

typedef struct caller {
  ba_model *model;
  const double *expected, *probabilities;
  int64_t wrong, allocated;
} caller;

/* A thread's own scorer and context; the model is everyone's. */
static void *call_often(void *argument) {
  caller *c = argument;
  ba_context *context = NULL;
  ba_scorer *scorer = NULL;
  if (ba_context_create(NULL, &context) || ba_scorer_create(context, c->model, NULL, &scorer)) {
    c->wrong = -1;
  } else {
    int64_t before, after;
    ba_context_memory(context, &before, NULL);
    for (int64_t i = 0; i < 4 * ROWS; i++) {
      double score, p[2];
      if (ba_scorer_predict_row(scorer, rows[i % ROWS], WIDTH, &score, p)) c->wrong++;
      c->wrong += memcmp(&score, &c->expected[i % ROWS], 8) != 0;
      c->wrong += memcmp(p, c->probabilities + i % ROWS * 2, 16) != 0;
    }
    ba_context_memory(context, &after, NULL);
    c->allocated = after - before;
  }
  ba_scorer_destroy(scorer);
  ba_context_destroy(context);
  return NULL;
}

static void test_many_threads_share_a_model(void **state) {
  static double expected[ROWS], probabilities[2 * ROWS];
  static caller callers[THREADS];
  pthread_t threads[THREADS];
  ba_context *context = *state;
  ba_scorer *scorer = NULL;
  fill_rows(2);
  ba_model *model = making_model(context, "Kmer(k=1..5)", -1, 2, 8);
  OK(context, ba_context_set_cpu(context, "scalar"));
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  ba_array *all = wrapped(context, BA_FLOAT32, ROWS, sizeof rows[0], rows);
  OK(context, ba_scorer_predict(scorer, all, expected, probabilities));
  for (int32_t t = 0; t < THREADS; t++) {
    callers[t] = (caller){model, expected, probabilities, 0, 0};
    assert_int_equal(pthread_create(&threads[t], NULL, call_often, &callers[t]), 0);
  }
  for (int32_t t = 0; t < THREADS; t++) {
    pthread_join(threads[t], NULL);
    assert_int_equal(callers[t].wrong, 0);
    assert_int_equal(callers[t].allocated, 0);
  }
  ba_array_release(all);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_rows_alone_and_together, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_many_threads_share_a_model, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
