/* SPDX-License-Identifier: MIT
 *
 * test_network.c: training of networks: the same bits for every level and number of threads and after cancels, what it
 * learns, what judges it, and memory that runs out.
 */
#include "train/network.h"

#include <math.h>

#include "model/making.h"
#include "support/fault.h"

#define ROWS 600
#define LETTERS 30

typedef struct run {
  ba_dataset *dataset;
  int32_t labels[ROWS];
  double weights[ROWS];
  uint8_t uses[ROWS];
  bai_net net;
  bai_network_how how;
} run;

/* Class 1 has GATTACA somewhere, on either strand; every fifth row is a dev row if `dev`. */
static ba_status make_rows(ba_context *context, run *r, int64_t rows, int32_t dev) {
  static const char *const motifs[] = {"GATTACA", "TGTAATC"}, *const names[] = {"0", "1"};
  uint64_t seed = 4;
  ba_status status = ba_dataset_create(context, NULL, &r->dataset);
  for (int64_t i = 0; !status && i < rows; i++) {
    char letters[LETTERS];
    const int32_t label = (int32_t)(i / 2 % 2);
    const int64_t n = LETTERS - (int64_t)(making_bits(&seed) % 8), offsets[] = {0, n};
    for (int64_t j = 0; j < n; j++) letters[j] = "ACGT"[making_bits(&seed) % 4];
    if (label) memcpy(letters + making_bits(&seed) % (uint64_t)(n - 7), motifs[making_bits(&seed) % 2], 7);
    const int32_t judge = dev && i % 5 == 0;
    ba_records *records = NULL;
    status = ba_records_create(context, letters, offsets, 1, &records);
    if (!status)
      status =
          ba_dataset_add_records(r->dataset, records, &names[label], NULL, NULL, judge ? BA_PART_DEV : BA_PART_TRAIN);
    ba_records_release(records);
    r->labels[i] = label;
    r->weights[i] = judge ? 0.0 : 1.0;
    r->uses[i] = judge ? BAI_USE_DEV : BAI_USE_TRAIN;
  }
  r->net = (bai_net){.layers = {{.filters = 12, .width = 7, .pool = 2}, {.filters = 8, .width = 3, .pool = 1}},
                     .layer_count = 2,
                     .strands = 2,
                     .bins = 1,
                     .hidden = 10,
                     .outputs = 1};
  bai_net_lay_out(&r->net);
  r->how = (bai_network_how){0.01, 0.01, 0.2, 0.0, 12, 100, 3};
  return status;
}

static ba_status make(ba_context *context, run *r, int32_t dev) {
  return make_rows(context, r, ROWS, dev);
}

static ba_status create(ba_context *context, const run *r, bai_network **out) {
  const bai_network_rows rows = {r->dataset, r->labels, r->weights, r->uses, NULL};
  return bai_network_create(context, &rows, &r->net, &r->how, out);
}

/* All epochs; the parameters of the best one. */
static void train(ba_context *context, const run *r, float *best, double *judged) {
  bai_network *network;
  double loss;
  OK(context, create(context, r, &network));
  for (int64_t e = 0; e < r->how.epochs; e++) OK(context, bai_network_epoch(network, &loss, judged));
  *judged = bai_network_best_loss(network);
  memcpy(best, bai_network_best(network), (size_t)r->net.parameters * 4);
  bai_network_destroy(network);
}

static void test_same_bits_at_every_level_and_number_of_threads(void **state) {
  ba_context *context = *state;
  run r;
  float first[2000], other[2000];
  double judged, again;
  OK(context, make(context, &r, 1));
  r.how.epochs = 3;
  assert_true(r.net.parameters <= 2000);
  train(context, &r, first, &judged);
  for (int32_t threads = 1; threads <= 7; threads += threads == 1 ? 1 : 5) {
    for (int32_t level = 0; level < 3; level++) {
      if (!making_level(context, level)) continue;
      OK(context, ba_context_set_threads(context, threads));
      train(context, &r, other, &again);
      assert_memory_equal(first, other, (size_t)r.net.parameters * 4);
      SAME_BITS(&judged, &again, 1);
    }
  }
  OK(context, ba_context_set_threads(context, 1));
  OK(context, ba_context_set_cpu(context, "auto"));
  ba_dataset_destroy(r.dataset);
}

/* Guessing gives ln 2. */
static void test_learns_a_motif(void **state) {
  ba_context *context = *state;
  run r;
  float best[2000];
  double judged;
  OK(context, make(context, &r, 1));
  r.how.epochs = 40;
  train(context, &r, best, &judged);
  if (!(judged < 0.25)) fail_msg("judged by %g", judged);
  ba_dataset_destroy(r.dataset);
}

/* Without dev rows the last epoch is the best. */
static void test_nothing_to_judge_by(void **state) {
  ba_context *context = *state;
  run r;
  bai_network *network;
  double loss, judged;
  OK(context, make(context, &r, 0));
  OK(context, create(context, &r, &network));
  for (int64_t e = 1; e < 4; e++) {
    OK(context, bai_network_epoch(network, &loss, &judged));
    assert_true(isnan(judged) && isnan(bai_network_best_loss(network)) && bai_network_best_epoch(network) == e);
  }
  bai_network_destroy(network);
  ba_dataset_destroy(r.dataset);
}

/* Only the ratio of weights counts, and rows of weight 0 not at all. */
static void test_weights(void **state) {
  ba_context *context = *state;
  run r;
  float first[2000], other[2000];
  double judged;
  OK(context, make(context, &r, 1));
  r.how.epochs = 2;
  for (int64_t i = 0; i < ROWS; i++) r.weights[i] *= i % 3 == 1 ? 0.0 : i % 4 == 3 ? 2.0 : 1.0;
  train(context, &r, first, &judged);
  for (int64_t i = 0; i < ROWS; i++) {
    r.weights[i] *= 8.0;
    if (r.weights[i] == 0.0 && i % 5) r.labels[i] = 1 - r.labels[i];
  }
  train(context, &r, other, &judged);
  assert_memory_equal(first, other, (size_t)r.net.parameters * 4);
  for (int64_t i = 0; i < ROWS; i++) r.weights[i] *= i % 2 ? 3.0 : 1.0;
  train(context, &r, other, &judged);
  assert_memory_not_equal(first, other, (size_t)r.net.parameters * 4);
  ba_dataset_destroy(r.dataset);
}

/* A cancel at any moment costs time and nothing else. */
static void test_a_cancel_changes_no_bit(void **state) {
  ba_context *context = *state;
  run r;
  float first[2000];
  double judged, loss, latest;
  bai_network *network;
  OK(context, make(context, &r, 1));
  r.how.epochs = 2;
  train(context, &r, first, &judged);
  OK(context, create(context, &r, &network));
  for (int32_t e = 0; e < 2; e++) {
    ba_context_cancel(context);
    assert_int_equal(bai_network_epoch(network, &loss, &latest), BA_ERR_CANCELLED);
    ba_context_reset(context);
    OK(context, bai_network_epoch(network, &loss, &latest));
  }
  assert_memory_equal(first, bai_network_best(network), (size_t)r.net.parameters * 4);
  bai_network_destroy(network);
  ba_dataset_destroy(r.dataset);
}

static ba_status whole_life(ba_context *context, void *argument) {
  run r = {.dataset = NULL};
  bai_network *network = NULL;
  double loss, judged;
  (void)argument;
  ba_status status = make_rows(context, &r, 40, 0);
  if (!status) {
    status = bai_enter(context);
    if (!status) status = create(context, &r, &network);
    if (!status) status = bai_network_epoch(network, &loss, &judged);
    status = bai_leave(context, status);
  }
  bai_network_destroy(network);
  ba_dataset_destroy(r.dataset);
  return status;
}

static void test_memory_runs_out(void **state) {
  (void)state;
  assert_true(fault_sweep(whole_life, NULL) > 50);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_same_bits_at_every_level_and_number_of_threads, making_set_up,
                                      making_tear_down),
      cmocka_unit_test_setup_teardown(test_learns_a_motif, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_nothing_to_judge_by, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_weights, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_a_cancel_changes_no_bit, making_set_up, making_tear_down),
      cmocka_unit_test(test_memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
