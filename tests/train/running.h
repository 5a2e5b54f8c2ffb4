/* SPDX-License-Identifier: MIT
 *
 * running.h: a training opened on a dataset of a test, with its problem at hand, and the sums of a problem at two
 * points, which are to be the same by whatever way, at every level and for any number of threads.
 */
#ifndef TEST_TRAIN_RUNNING_H
#define TEST_TRAIN_RUNNING_H

#include <math.h>
#include <stdlib.h>

#include "model/making.h"
#include "train/run_inside.h"

typedef struct running {
  ba_context *context;
  ba_dataset *dataset;
  uint8_t *uses;
  bai_recipe recipe;
  bai_run *run;
} running;

/* Takes the dataset; every `dev`-th of its rows is of the dev part, 0: none. */
static inline void running_open(running *f, ba_context *context, ba_dataset *dataset, const char *recipe, int64_t dev) {
  *f = (running){.context = context, .dataset = dataset};
  OK(context, bai_uses_make(context, dataset, -1, 0, 1, &f->uses));
  for (int64_t i = 0; dev && i < dataset->rows; i += dev) f->uses[i] = BAI_USE_DEV;
  OK(context, bai_recipe_parse(context, recipe, &f->recipe));
  OK(context, bai_run_create(dataset, bai_recipe_member(&f->recipe, 0), f->uses, 1, NULL, &f->run));
}

static inline void running_close(running *f) {
  bai_run_destroy(f->run);
  bai_recipe_free(f->context, &f->recipe);
  bai_free(f->context, f->uses);
  ba_dataset_destroy(f->dataset);
}

/* The whole Hessian, whose product with the direction is known. */
static inline void running_square(bai_problem *p, const double *x, const double *direction, const double *known,
                                  double *out) {
  const int64_t n = p->parameters;
  const double *square;
  OK(p->context, bai_problem_square(p, x, &square));
  for (int64_t i = 0; i < n; i++) {
    long double product = i < n - 1 ? (long double)p->l2 * direction[i] : 0.0L, size = fabsl(product);
    for (int64_t j = 0; j < n; j++) {
      const double entry = square[i < j ? i * n + j : j * n + i];
      product += (long double)entry * direction[j];
      size += fabsl((long double)entry * direction[j]);
      if (j >= i) out[i * n + j] = entry;
    }
    assert_true(fabsl(product - known[i]) <= 1e-12L * size);
  }
}

enum { RUNNING_SQUARES = 40 }; /* parameters, at most, of a whole Hessian */

/* Numbers of both rounds of running_sums. */
static inline int64_t running_size(const bai_problem *p) {
  const int64_t n = p->parameters;
  return 2 * (1 + 4 * n + (p->outputs == 1 && n <= RUNNING_SQUARES ? n * n : 0));
}

/* Objective, gradient, products and the diagonal of two points, after a pass that looks at the rows: what is kept from
 * the first point must not be taken for the second. */
static inline void running_sums(bai_problem *p, double *out) {
  const int64_t n = p->parameters, size = running_size(p) / 2;
  double *x = calloc((size_t)n, 8), *direction = calloc((size_t)n, 8);
  uint64_t seed = 5;
  memset(out, 0, (size_t)(2 * size) * 8);
  p->curved_known = 0;
  OK(p->context, bai_problem_evaluate(p, x, out, out + 1));
  for (int32_t round = 0; round < 2; round++, out += size) {
    double *gradient = out + 1, *diagonal = gradient + n, *product = diagonal + n, *again = product + n;
    for (int64_t i = 0; i < n; i++) x[i] = 0.1 * making_real(&seed);
    for (int64_t i = 0; i < n; i++) direction[i] = making_real(&seed);
    OK(p->context, bai_problem_evaluate(p, x, out, gradient));
    OK(p->context, bai_problem_product(p, x, direction, product));
    OK(p->context, bai_problem_diagonal(p, x, diagonal));
    OK(p->context, bai_problem_product(p, x, direction, again));
    SAME_BITS(product, again, n);
    if (p->outputs == 1 && n <= RUNNING_SQUARES) running_square(p, x, direction, product, again + n);
  }
  free(x);
  free(direction);
}

/* The way that a problem goes, which a test may turn off. */
typedef int32_t *(*running_way)(bai_problem *problem);

/* Rows made by `rows` come to the same sums one after the other and by the way, at every level and with 1 and 3
 * threads. */
static inline void running_check(ba_context *context, ba_dataset *(*rows)(ba_context *, const void *), const void *how,
                                 const char *recipe, running_way way) {
  double *expected = NULL;
  for (int32_t level = 0; level < 3; level++) {
    if (!making_level(context, level)) continue;
    for (int32_t threads = 1; threads <= 3; threads += 2) {
      running f;
      OK(context, ba_context_set_threads(context, threads));
      running_open(&f, context, rows(context, how), recipe, 11);
      bai_problem *p = f.run->problem;
      const size_t bytes = (size_t)running_size(p) * 8;
      double *found = malloc(bytes);
      assert_true(*way(p));
      if (!expected) {
        expected = malloc(bytes);
        *way(p) = 0;
        running_sums(p, expected);
        *way(p) = 1;
        p->cached = 0;
      }
      running_sums(p, found);
      assert_memory_equal(found, expected, bytes);
      free(found);
      running_close(&f);
    }
  }
  free(expected);
  OK(context, ba_context_set_threads(context, 1));
}

#endif
