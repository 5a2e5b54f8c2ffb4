/* SPDX-License-Identifier: MIT
 *
 * test_net_backward.c: the slopes of a network against central differences of its loss. The network's source is built
 * here with double as its number, so that the differences are exact enough to tell a wrong slope from rounding.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "train/net_double.h"

#define MOST_PARAMETERS 6000

typedef struct trial {
  ba_context *context;
  bai_net net;
  double parameters[MOST_PARAMETERS], gradient[MOST_PARAMETERS], tables[MOST_PARAMETERS], turned[MOST_PARAMETERS];
  bai_net_room room;
  bai_net_back back;
  uint8_t codes[64];
  int64_t length;
  int32_t label;
  double smoothing;
} trial;

static trial t;

static double fraction(uint64_t stream, uint64_t index) {
  return (double)(bai_random(5, stream, index) >> 11) * 0x1p-52 - 1.0;
}

static double loss(double *slopes) {
  const bai_kernels *kernels = &bai_kernels_scalar;
  bai_net_make_tables(&t.net, 1, t.parameters, t.tables);
  bai_net_features(kernels, &t.net, t.parameters, t.tables, &t.room, t.codes, t.length);
  bai_net_head(kernels, &t.net, t.parameters, &t.room);
  return bai_net_loss(kernels, &t.net, t.room.outputs, t.label, t.smoothing, slopes);
}

static void fill_gradient(void) {
  const bai_kernels *kernels = &bai_kernels_scalar;
  double slopes[8];
  memset(t.gradient, 0, sizeof t.gradient);
  loss(slopes);
  bai_net_turn(&t.net, t.parameters, t.turned);
  bai_net_head_back(kernels, &t.net, t.parameters, t.turned, &t.room, slopes, &t.back, t.gradient);
  for (int64_t i = 0; i < t.net.features; i++)
    for (int64_t j = 0; j < t.net.hidden; j++)
      t.gradient[t.net.hidden_weights + i * t.net.hidden + j] += t.room.features[i] * t.back.hidden[j];
  bai_net_features_back(kernels, &t.net, t.turned, &t.room, &t.back, t.gradient);
}

/* Shapes: layers (filters, width, pool), strands, bins, hidden, outputs. */
static const bai_net shapes[] = {
    {.layers = {{.filters = 5, .width = 4, .pool = 1}},
     .layer_count = 1,
     .strands = 1,
     .bins = 1,
     .hidden = 3,
     .outputs = 1},
    {.layers = {{.filters = 6, .width = 13, .pool = 2}, {.filters = 7, .width = 5, .pool = 1}},
     .layer_count = 2,
     .strands = 2,
     .bins = 1,
     .hidden = 5,
     .outputs = 1},
    {.layers = {{.filters = 6, .width = 7, .pool = 3}, {.filters = 3, .width = 4, .pool = 2}},
     .layer_count = 2,
     .strands = 1,
     .bins = 4,
     .hidden = 4,
     .outputs = 3},
    {.layers = {{.filters = 4, .width = 1, .pool = 1},
                {.filters = 5, .width = 2, .pool = 2},
                {.filters = 3, .width = 3, .pool = 1}},
     .layer_count = 3,
     .strands = 2,
     .bins = 2,
     .hidden = 4,
     .outputs = 4},
    {.layers = {{.filters = 3, .width = 3, .pool = 2},
                {.filters = 3, .width = 3, .pool = 2},
                {.filters = 4, .width = 3, .pool = 1},
                {.filters = 2, .width = 1, .pool = 2}},
     .layer_count = 4,
     .strands = 2,
     .bins = 1,
     .hidden = 2,
     .outputs = 1},
    /* Of 64 filters only some have slopes in each strand: they go a way of their own. */
    {.layers = {{.filters = 5, .width = 6, .pool = 2}, {.filters = 64, .width = 3, .pool = 1}},
     .layer_count = 2,
     .strands = 2,
     .bins = 1,
     .hidden = 9,
     .outputs = 1},
};

static void check_slopes(void) {
  double largest = 0.0, slopes[8];
  int64_t moved = 0;
  fill_gradient();
  for (int64_t i = 0; i < t.net.parameters; i++) largest = fmax(largest, fabs(t.gradient[i]));
  assert_true(largest > 0.0);
  for (int64_t i = 0; i < t.net.parameters; i++) {
    const double kept = t.parameters[i], step = 1e-6;
    t.parameters[i] = kept + step;
    const double above = loss(slopes);
    t.parameters[i] = kept - step;
    const double slope = (above - loss(slopes)) / (2.0 * step);
    t.parameters[i] = kept;
    moved += t.gradient[i] != 0.0;
    if (!(fabs(slope - t.gradient[i]) <= 1e-6 * fmax(largest, 0.01)))
      fail_msg("parameter %ld: slope %g, by differences %g", (long)i, t.gradient[i], slope);
  }
  assert_true(t.length < 31 || 4 * moved > t.net.parameters); /* no relu stops all */
}

static void test_slopes_are_those_of_differences(void **state) {
  (void)state;
  static const int64_t lengths[] = {1, 2, 9, 31, 50};
  for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
    for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++) {
      t.net = shapes[s];
      bai_net_lay_out(&t.net);
      t.length = lengths[l];
      t.label = (int32_t)(l % (size_t)(t.net.outputs == 1 ? 2 : t.net.outputs));
      t.smoothing = l % 2 ? 0.1 : 0.0;
      assert_true(t.net.parameters <= MOST_PARAMETERS && bai_net_table_size(&t.net, 1) <= MOST_PARAMETERS);
      for (int64_t i = 0; i < t.net.parameters; i++) t.parameters[i] = fraction(10 * s + l, (uint64_t)i);
      for (int64_t i = 0; i < t.length; i++)
        t.codes[i] = (uint8_t)(bai_random(6, 10 * s + l, (uint64_t)i) % (i % 4 ? 4 : 5));
      if (t.length < 3) t.codes[0] = 1;
      memset(&t.room, 0, sizeof t.room);
      memset(&t.back, 0, sizeof t.back);
      assert_int_equal(bai_net_reserve(t.context, &t.net, t.length, 1, &t.room), BA_OK);
      assert_int_equal(bai_net_back_reserve(t.context, &t.net, t.length, &t.back), BA_OK);
      check_slopes();
      bai_net_room_free(&t.room);
      bai_net_back_free(&t.back);
    }
  }
}

static int make_context(void **state) {
  (void)state;
  return ba_context_create(NULL, &t.context);
}

static int free_context(void **state) {
  (void)state;
  ba_context_destroy(t.context);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_slopes_are_those_of_differences)};
  return cmocka_run_group_tests(tests, make_context, free_context);
}
