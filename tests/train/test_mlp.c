/* SPDX-License-Identifier: MIT
 *
 * test_mlp.c: the slopes of a network over columns against central differences of its loss, in double; columns that are
 * shared out among workers; what the decay owes to columns that are met now and then.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "train/net_double.h"

#define bai_mlp_create double_mlp_create
#define bai_mlp_destroy double_mlp_destroy
#define bai_mlp_take double_mlp_take
#define bai_mlp_forward double_mlp_forward
#define bai_mlp_meet double_mlp_meet
#define bai_mlp_back double_mlp_back
#define bai_mlp_gradient double_mlp_gradient
#define bai_mlp_head_gradient double_mlp_head_gradient
#define bai_mlp_leave double_mlp_leave
#define bai_mlp_settle double_mlp_settle
#include "../../src/train/mlp.c"

#define ROWS 7
#define ENTRIES 9
#define WIDTH 23
#define MOST 600 /* parameters */

static const bai_kernels *const kernels = &bai_kernels_scalar;

typedef struct trial {
  bai_net net;
  bai_mlp mlp;
  int64_t counts[ROWS];
  uint32_t columns[ROWS * ENTRIES], own_columns[ROWS * ENTRIES], met_columns[WIDTH], places[WIDTH];
  double values[ROWS * ENTRIES], kept[ROWS * ENTRIES], sums[ROWS * 40], hidden[ROWS * 40], outputs[ROWS * 4];
  double met[MOST], owed[WIDTH], paid[WIDTH], parameters[MOST], gradient[MOST];
} trial;

static double fraction(uint64_t stream, uint64_t index) {
  return (double)(bai_random(5, stream, index) >> 11) * 0x1p-52 - 1.0;
}

/* Rows of 0 to 8 columns, of which some are met by many rows and some by none; every third value is left out for the
 * hidden units, as by dropout. */
static trial *make(int32_t hidden, int32_t outputs, int32_t skip) {
  trial *t = calloc(1, sizeof *t);
  assert_non_null(t);
  t->net = (bai_net){.hidden = hidden, .outputs = outputs, .skip = skip, .copies = 1, .features = WIDTH};
  bai_net_lay_out(&t->net);
  assert_true(t->net.parameters <= MOST);
  t->mlp = (bai_mlp){.net = &t->net,
                     .entries = ENTRIES,
                     .counts = t->counts,
                     .columns = t->columns,
                     .values = t->values,
                     .kept = t->kept,
                     .sums = t->sums,
                     .hidden = t->hidden,
                     .outputs = t->outputs,
                     .met_columns = t->met_columns,
                     .places = t->places,
                     .gradient = t->met,
                     .owed = t->owed,
                     .paid = t->paid};
  for (int64_t r = 0; r < ROWS; r++) {
    t->counts[r] = r;
    for (int64_t i = 0; i < ENTRIES; i++) {
      const int64_t at = r * ENTRIES + i;
      t->own_columns[at] = (uint32_t)((3 * r + 5 * i * i) % WIDTH);
      t->values[at] = fraction(1, (uint64_t)at);
      t->kept[at] = at % 3 ? 1.5 * t->values[at] : 0.0;
    }
  }
  for (int64_t i = 0; i < t->net.parameters; i++) t->parameters[i] = fraction(2, (uint64_t)i);
  return t;
}

static double forward(trial *t, double *slopes) {
  double loss = 0.0;
  memcpy(t->columns, t->own_columns, sizeof t->columns);
  for (int64_t r = 0; r < ROWS; r++) {
    const int32_t label = (int32_t)(r % (t->net.outputs == 1 ? 2 : t->net.outputs));
    bai_mlp_forward(&t->mlp, kernels, t->parameters, r);
    loss += bai_net_loss(kernels, &t->net, t->outputs + r * t->net.outputs, label, 0.1, slopes + r * t->net.outputs);
  }
  return loss;
}

/* The gradient of all rows, by `shares` of the columns. */
static void fill_gradient(trial *t, int64_t shares) {
  double slopes[ROWS * 4];
  const int64_t units = t->net.units, head = t->net.hidden_biases;
  memset(t->gradient, 0, sizeof t->gradient);
  memset(t->met, 0x55, sizeof t->met);
  forward(t, slopes);
  bai_mlp_meet(&t->mlp, kernels, t->parameters, ROWS, 0.0);
  memcpy(t->outputs, slopes, sizeof slopes);
  for (int64_t r = 0; r < ROWS; r++) bai_mlp_back(&t->mlp, t->parameters, r);
  for (int64_t s = 0; s < shares; s++)
    bai_mlp_gradient(&t->mlp, kernels, ROWS, t->mlp.met * s / shares, t->mlp.met * (s + 1) / shares);
  for (int64_t i = 0; i < t->mlp.met; i++)
    memcpy(t->gradient + t->met_columns[i] * units, t->met + i * units, (size_t)units * 8);
  bai_mlp_head_gradient(&t->mlp, kernels, ROWS, t->gradient + head);
  bai_mlp_leave(&t->mlp);
  for (int64_t c = 0; c < WIDTH; c++) assert_int_equal(t->places[c], 0);
}

static const int32_t shapes[][3] = {{1, 1, 0}, {5, 1, 1}, {16, 3, 1}, {7, 4, 0}};
#define SHAPES (sizeof shapes / sizeof shapes[0])

static void test_slopes_are_those_of_differences(void **state) {
  (void)state;
  double slopes[ROWS * 4];
  for (size_t s = 0; s < SHAPES; s++) {
    trial *t = make(shapes[s][0], shapes[s][1], shapes[s][2]);
    double largest = 0.0;
    int64_t moved = 0;
    fill_gradient(t, 1);
    for (int64_t i = 0; i < t->net.parameters; i++) largest = fmax(largest, fabs(t->gradient[i]));
    for (int64_t i = 0; i < t->net.parameters; i++) {
      const double kept = t->parameters[i], step = 1e-6;
      t->parameters[i] = kept + step;
      const double above = forward(t, slopes);
      t->parameters[i] = kept - step;
      const double slope = (above - forward(t, slopes)) / (2.0 * step);
      t->parameters[i] = kept;
      moved += t->gradient[i] != 0.0;
      if (!(fabs(slope - t->gradient[i]) <= 1e-6 * fmax(largest, 0.01)))
        fail_msg("parameter %ld: slope %g, by differences %g", (long)i, t->gradient[i], slope);
    }
    assert_true(4 * moved > t->net.parameters);
    free(t);
  }
}

static void test_shares_of_the_columns(void **state) {
  (void)state;
  trial *t = make(6, 2, 1);
  double whole[MOST];
  fill_gradient(t, 1);
  memcpy(whole, t->gradient, sizeof whole);
  for (int64_t shares = 2; shares < 30; shares += 3) {
    fill_gradient(t, shares);
    assert_memory_equal(t->gradient, whole, sizeof whole);
  }
  free(t);
}

/* A column that is met makes up for all that it has missed, and no weight of another one moves; in the end all are
 * even.
 */
static void test_decay(void **state) {
  (void)state;
  trial *t = make(3, 1, 1);
  double before[MOST];
  memcpy(before, t->parameters, sizeof before);
  memcpy(t->columns, t->own_columns, sizeof t->columns);
  bai_mlp_meet(&t->mlp, kernels, t->parameters, 2, 0.25); /* one row of nothing, one of its first column */
  const int64_t met = t->own_columns[ENTRIES];
  assert_true(t->mlp.met == 1 && t->met_columns[0] == met);
  for (int64_t i = 0; i < t->net.parameters; i++) {
    const double factor = i / t->net.units == met ? exp(-0.25) : 1.0;
    assert_true(fabs(t->parameters[i] - factor * before[i]) <= 1e-15);
  }
  bai_mlp_leave(&t->mlp);
  bai_mlp_settle(&t->mlp, kernels, t->parameters, 0.75);
  for (int64_t i = 0; i < t->net.parameters; i++)
    assert_true(fabs(t->parameters[i] - (i < t->net.hidden_biases ? exp(-0.75) : 1.0) * before[i]) <= 1e-15);
  free(t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_slopes_are_those_of_differences),
      cmocka_unit_test(test_shares_of_the_columns),
      cmocka_unit_test(test_decay),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
