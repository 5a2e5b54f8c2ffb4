/* SPDX-License-Identifier: MIT
 *
 * test_net.c: the forward pass of networks against its definition written out in double, one number at a time; the same
 * bits at every level and in training; empty and long sequences; working memory that runs out.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/net.h"

#define LONGEST 70
#define MOST 100 /* filters, hidden units */

static ba_context *context;

static double fraction(uint64_t stream, uint64_t index) {
  return (double)(bai_random(9, stream, index) >> 11) * 0x1p-52 - 1.0;
}

/* ---- the definition ---- */

static double values[LONGEST + 8][MOST], below[LONGEST + 8][MOST];

static double one_raw(const bai_net *net, const float *w, int32_t l, int64_t positions, int64_t p, int64_t j) {
  const bai_net_layer *layer = &net->layers[l];
  double sum = (double)w[layer->biases + j];
  for (int64_t t = 0; t < layer->width; t++) {
    const int64_t at = p + t - (layer->width - 1) / 2;
    for (int64_t c = 0; at >= 0 && at < positions && c < layer->inputs; c++)
      sum += below[at][c] * (double)w[layer->weights + (t * layer->inputs + c) * layer->filters + j];
  }
  return sum;
}

static void strand(const bai_net *net, const float *w, const uint8_t *codes, int64_t n, double *features) {
  int64_t positions = n;
  for (int64_t i = 0; i < n; i++)
    for (int64_t c = 0; c < 4; c++) below[i][c] = codes[i] == c;
  for (int32_t l = 0; l < net->layer_count; l++) {
    const bai_net_layer *layer = &net->layers[l];
    const int32_t last = l + 1 == net->layer_count, bins = last ? net->bins : 1;
    const int64_t kept = (positions + layer->pool - 1) / layer->pool;
    memset(values, 0, sizeof values);
    for (int64_t p = 0; p < positions; p++)
      for (int64_t j = 0; j < layer->filters; j++)
        values[p / layer->pool][j] = fmax(values[p / layer->pool][j], one_raw(net, w, l, positions, p, j));
    for (int64_t b = 0; b < bins; b++, features += (last ? 2 : 1) * layer->filters) {
      const int64_t from = kept * b / bins, to = kept * (b + 1) / bins;
      for (int64_t j = 0; j < layer->filters; j++) {
        double most = 0.0, sum = 0.0;
        for (int64_t p = from; p < to; p++) most = fmax(most, values[p][j]);
        for (int64_t p = from; p < to; p++) sum += values[p][j];
        features[j] = most;
        if (last) features[layer->filters + j] = to > from ? sum / (double)(to - from) : 0.0;
      }
    }
    memcpy(below, values, sizeof values);
    positions = kept;
  }
}

static void define(const bai_net *net, const float *w, const uint8_t *codes, int64_t n, double *outputs) {
  double features[2][4 * MOST * 2];
  uint8_t other[LONGEST];
  for (int64_t i = 0; i < n; i++) other[i] = codes[n - 1 - i] == 4 ? 4 : (uint8_t)(3 - codes[n - 1 - i]);
  strand(net, w, codes, n, features[0]);
  if (net->strands == 2) strand(net, w, other, n, features[1]);
  for (int64_t i = 0; net->strands == 2 && i < net->features; i++)
    features[0][i] = fmax(features[0][i], features[1][i]);
  for (int32_t o = 0; o < net->outputs; o++) outputs[o] = (double)w[net->output_biases + o];
  for (int64_t j = 0; j < net->hidden; j++) {
    double sum = (double)w[net->hidden_biases + j];
    for (int64_t i = 0; i < net->features; i++)
      sum += features[0][i] * (double)w[net->hidden_weights + i * net->hidden + j];
    for (int32_t o = 0; o < net->outputs; o++)
      outputs[o] += fmax(sum, 0.0) * (double)w[net->output_weights + j * net->outputs + o];
  }
}

/* ---- tests ---- */

static const bai_net shapes[] = {
    {.layers = {{.filters = 32, .width = 8, .pool = 1}},
     .layer_count = 1,
     .strands = 1,
     .bins = 1,
     .hidden = 16,
     .outputs = 1},
    {.layers = {{.filters = 19, .width = 1, .pool = 4}},
     .layer_count = 1,
     .strands = 2,
     .bins = 7,
     .hidden = 5,
     .outputs = 3},
    {.layers = {{.filters = 48, .width = 13, .pool = 2}, {.filters = 37, .width = 5, .pool = 1}},
     .layer_count = 2,
     .strands = 2,
     .bins = 1,
     .hidden = 64,
     .outputs = 1},
    {.layers = {{.filters = 9, .width = 6, .pool = 3},
                {.filters = 20, .width = 4, .pool = 2},
                {.filters = 11, .width = 3, .pool = 1}},
     .layer_count = 3,
     .strands = 1,
     .bins = 3,
     .hidden = 8,
     .outputs = 2},
    {.layers = {{.filters = 45, .width = 11, .pool = 1}},
     .layer_count = 1,
     .strands = 2,
     .bins = 5,
     .hidden = 1,
     .outputs = 1},
    {.layers = {{.filters = 96, .width = 48, .pool = 1}}, /* too large for tables of four letters */
     .layer_count = 1,
     .strands = 1,
     .bins = 2,
     .hidden = 7,
     .outputs = 4},
};
#define SHAPES ((int64_t)(sizeof shapes / sizeof shapes[0]))

static bai_net net;
static float *parameters, *tables[2]; /* the second for training */

static void make(int64_t s) {
  net = shapes[s];
  net.copies = 1;
  bai_net_lay_out(&net);
  parameters = malloc((size_t)net.parameters * 4);
  for (int64_t i = 0; i < net.parameters; i++) parameters[i] = (float)fraction((uint64_t)s, (uint64_t)i) * 0.3f;
  for (int32_t training = 0; training < 2; training++) {
    tables[training] = malloc((size_t)bai_net_table_size(&net, training) * 4);
    bai_net_make_tables(&net, training, parameters, tables[training]);
  }
}

static void forget(void) {
  free(parameters);
  free(tables[0]);
  free(tables[1]);
}

static void run(const bai_kernels *kernels, bai_net_room *room, const uint8_t *codes, int64_t n) {
  bai_net_features(kernels, &net, parameters, tables[room->training], room, codes, n);
  bai_net_head(kernels, &net, parameters, room);
}

static void test_forward_is_its_definition_at_every_level(void **state) {
  (void)state;
  const bai_kernels *levels[3];
  const int32_t count = bai_kernels_available(levels);
  for (int64_t s = 0; s < SHAPES; s++) {
    bai_net_room room = {0}, trained = {0};
    make(s);
    assert_int_equal(bai_net_reserve(context, &net, LONGEST, 0, &room), BA_OK);
    assert_int_equal(bai_net_reserve(context, &net, LONGEST, 1, &trained), BA_OK);
    for (int64_t n = 0; n <= LONGEST; n += n < 12 ? 1 : 7) {
      uint8_t codes[LONGEST];
      double expected[4], size = 0.0;
      float first[4];
      for (int64_t i = 0; i < n; i++) codes[i] = (uint8_t)(bai_random(3, (uint64_t)n, (uint64_t)i) % (i % 9 ? 4 : 5));
      define(&net, parameters, codes, n, expected);
      for (int32_t o = 0; o < net.outputs; o++) size = fmax(size, fabs(expected[o]));
      for (int32_t level = 0; level < count; level++) {
        run(levels[level], &room, codes, n);
        if (level == 0) memcpy(first, room.outputs, (size_t)net.outputs * 4);
        assert_memory_equal(first, room.outputs, (size_t)net.outputs * 4);
        run(levels[level], &trained, codes, n);
        assert_memory_equal(room.features, trained.features, (size_t)net.features * 4);
        assert_memory_equal(first, trained.outputs, (size_t)net.outputs * 4);
        for (int32_t o = 0; o < net.outputs; o++)
          assert_true(fabs((double)room.outputs[o] - expected[o]) <= 3e-6 * (1.0 + size));
      }
    }
    bai_net_room_free(&room);
    bai_net_room_free(&trained);
    forget();
  }
}

/* What stood in the working memory before does not show, nor does its size. */
static void test_room_keeps_nothing(void **state) {
  (void)state;
  const bai_kernels *kernels = bai_kernels_of(context);
  uint8_t codes[4000];
  for (int64_t i = 0; i < 4000; i++) codes[i] = (uint8_t)(bai_random(4, 0, (uint64_t)i) % 5);
  for (int64_t s = 0; s < SHAPES; s++) {
    bai_net_room room = {0};
    float kept[4];
    make(s);
    assert_int_equal(bai_net_reserve(context, &net, 31, 0, &room), BA_OK);
    run(kernels, &room, codes, 31);
    memcpy(kept, room.outputs, (size_t)net.outputs * 4);
    assert_int_equal(bai_net_reserve(context, &net, 4000, 0, &room), BA_OK);
    memset(room.memory, 0xFF, 4000);
    run(kernels, &room, codes, 4000);
    run(kernels, &room, codes, 31);
    assert_memory_equal(kept, room.outputs, (size_t)net.outputs * 4);
    bai_net_room_free(&room);
    forget();
  }
}

/* A layer of a long sequence is made some positions at a time, to the bits of all at once. */
static void test_parts_of_long_layers(void **state) {
  enum { LONG = 5000 };
  static uint8_t codes[LONG];
  const bai_kernels *kernels = bai_kernels_of(context);
  bai_net_room room = {0};
  (void)state;
  for (int64_t i = 0; i < LONG; i++) codes[i] = (uint8_t)(bai_random(6, 0, (uint64_t)i) % 5);
  make(3);
  assert_int_equal(net.layer_count, 3);
  assert_int_equal(bai_net_reserve(context, &net, LONG, 1, &room), BA_OK);
  run(kernels, &room, codes, LONG);
  for (int32_t l = 0; l < net.layer_count; l++) {
    const bai_net_layer *layer = &net.layers[l];
    const bai_net_strand *s = &room.strands[0];
    const int64_t n = s->layers[l].positions, filters = layer->filters;
    float *whole = malloc((size_t)(n * filters) * 4);
    for (int64_t p = 0; p < n; p++) memcpy(whole + p * filters, parameters + layer->biases, (size_t)filters * 4);
    if (l == 0)
      kernels->letters_f32(whole, parameters + layer->biases, tables[1], s->pairs, n, (layer->width + 3) / 4, filters);
    else
      kernels->gemm_f32(whole, filters, s->layers[l - 1].input, layer->inputs, 1, parameters + layer->weights, filters,
                        n, (int64_t)layer->width * layer->inputs, filters);
    assert_memory_equal(whole, s->layers[l].raw, (size_t)(n * filters) * 4);
    free(whole);
  }
  bai_net_room_free(&room);
  forget();
}

static int64_t products;
static const bai_kernels *real;

static void cancelling_gemm(float *c, int64_t ldc, const float *a, int64_t row, int64_t step, const float *b,
                            int64_t ldb, int64_t m, int64_t k, int64_t n) {
  if (++products == 2) ba_context_cancel(context);
  real->gemm_f32(c, ldc, a, row, step, b, ldb, m, k, n);
}

/* Behind a cancel no more positions are made. */
static void test_cancel_within_a_sequence(void **state) {
  enum { LONG = 20000 };
  static uint8_t codes[LONG];
  bai_net_room room = {0};
  float expected[4];
  (void)state;
  real = bai_kernels_of(context);
  bai_kernels kernels = *real;
  kernels.gemm_f32 = cancelling_gemm;
  make(3);
  assert_int_equal(bai_net_reserve(context, &net, LONG, 0, &room), BA_OK);
  run(real, &room, codes, LONG);
  memcpy(expected, room.outputs, (size_t)net.outputs * 4);
  products = 0;
  bai_net_features(&kernels, &net, parameters, tables[0], &room, codes, LONG);
  assert_int_equal(products, 2);
  assert_int_equal(ba_context_reset(context), BA_OK);
  run(real, &room, codes, LONG);
  assert_memory_equal(expected, room.outputs, (size_t)net.outputs * 4);
  bai_net_room_free(&room);
  forget();
}

/* With both strands a sequence and its reverse complement score the same bits. */
static void test_strands_are_equal(void **state) {
  (void)state;
  bai_net_room room = {0};
  uint8_t codes[50], other[50];
  float kept;
  make(2);
  for (int64_t i = 0; i < 50; i++) codes[i] = (uint8_t)(bai_random(8, 0, (uint64_t)i) % 4);
  for (int64_t i = 0; i < 50; i++) other[i] = (uint8_t)(3 - codes[49 - i]);
  assert_int_equal(bai_net_reserve(context, &net, 50, 0, &room), BA_OK);
  run(bai_kernels_of(context), &room, codes, 50);
  kept = room.outputs[0];
  run(bai_kernels_of(context), &room, other, 50);
  assert_memory_equal(&kept, &room.outputs[0], 4);
  bai_net_room_free(&room);
  forget();
}

static void test_too_long(void **state) {
  (void)state;
  bai_net_room room = {0};
  make(2);
  assert_int_equal(bai_net_reserve(context, &net, INT64_C(1) << 40, 0, &room), BA_ERR_LIMIT);
  assert_string_equal(ba_context_error_message(context),
                      "a sequence of 1099511627776 letters is too long for a network; expected at most 2147483648");
  ba_context_set_memory_limit(context, 1000000);
  assert_int_equal(bai_net_reserve(context, &net, 100000, 0, &room), BA_ERR_LIMIT);
  ba_context_set_memory_limit(context, 0);
  forget();
}

static int make_context(void **state) {
  (void)state;
  return ba_context_create(NULL, &context);
}

static int free_context(void **state) {
  (void)state;
  ba_context_destroy(context);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_forward_is_its_definition_at_every_level),
      cmocka_unit_test(test_room_keeps_nothing),
      cmocka_unit_test(test_parts_of_long_layers),
      cmocka_unit_test(test_cancel_within_a_sequence),
      cmocka_unit_test(test_strands_are_equal),
      cmocka_unit_test(test_too_long),
  };
  return cmocka_run_group_tests(tests, make_context, free_context);
}
