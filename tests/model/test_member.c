/* SPDX-License-Identifier: MIT
 *
 * test_member.c: an ensemble's score is the sum of its members' scores, each times its factor.
 */
#include "model/making.h"
#include "support/fault.h"

static ba_model *joined(ba_context *context) {
  ba_model *parts[] = {making_model(context, "Kmer(k=1..3)", -1, 3, 1),
                       making_model(context, "PositionKmer(k=1..2, anchor=end)", 20, 3, 2)};
  const double factors[] = {0.7, -1.3}, offsets[] = {0.0, 0.0, 0.0};
  const bai_joint joint = {factors, offsets, "{}", 3};
  ba_model *model = NULL;
  OK(context, bai_model_join(context, parts, 2, &joint, &model));
  ba_model_release(parts[0]);
  ba_model_release(parts[1]);
  return model;
}

static void score(ba_context *context, ba_model *model, const ba_records *records, double *scores) {
  ba_scorer *scorer = NULL;
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_predict_records(scorer, records, scores, NULL));
  ba_scorer_destroy(scorer);
}

static void test_members_add_up(void **state) {
  ba_context *context = *state;
  enum { N = 20 };
  ba_model *model = joined(context), *members[2];
  ba_records *records = making_records(context, N, 0, 40, "ACGTN", 3);
  double all[3 * N], part[2][3 * N], factors[2];
  score(context, model, records, all);
  assert_int_equal(ba_model_members(model), 2);
  for (int32_t m = 0; m < 2; m++) {
    OK(context, ba_model_member(context, model, m, &members[m], &factors[m]));
    OK(context, ba_model_selftest(context, members[m]));
    assert_int_equal(ba_model_members(members[m]), 1);
    assert_string_equal(ba_model_class_name(members[m], 2), "third");
    score(context, members[m], records, part[m]);
  }
  assert_true(factors[0] == 0.7 && factors[1] == -1.3);
  assert_int_equal(ba_model_width(members[0]), 84);
  for (int32_t i = 0; i < 3 * N; i++) assert_true(all[i] == 0.7 * part[0][i] + -1.3 * part[1][i]);
  /* It outlives the ensemble, and goes through a file. */
  ba_model_release(model);
  int64_t n = 0;
  uint8_t *bytes = making_bytes(context, members[1], &n);
  ba_model *again = NULL;
  OK(context, ba_model_load_memory(context, bytes, n, "selftest=yes", &again));
  free(bytes);
  ba_model_release(again);
  ba_model_release(members[0]);
  ba_model_release(members[1]);
  ba_records_release(records);
}

static void test_a_network_member(void **state) {
  ba_context *context = *state;
  ba_dataset *dataset = making_data(context, 40, 10, 30, 2, 3);
  ba_model *model = making_trained(
      context, "Kmer(k=1..3) | Logistic() & OneHot() | Conv(filters=4, width=4) | MLP(hidden=2, epochs=2)", dataset,
      "seed=5");
  ba_model *member = NULL;
  ba_records *records = making_records(context, 5, 5, 30, "ACGT", 3);
  double scores[5];
  OK(context, ba_model_member(context, model, 1, &member, NULL));
  OK(context, ba_model_selftest(context, member));
  score(context, member, records, scores);
  ba_model_release(member);
  ba_model_release(model);
  model =
      making_trained(context, "Kmer(k=1..3) | Logistic() & Kmer(k=2) | MLP(hidden=2, skip=linear, seeds=2, epochs=2)",
                     dataset, "seed=5");
  double all[5], factors[2];
  score(context, model, records, all);
  for (int32_t m = 0; m < 2; m++) {
    double part[5];
    OK(context, ba_model_member(context, model, m, &member, &factors[m]));
    OK(context, ba_model_selftest(context, member));
    score(context, member, records, part);
    for (int32_t i = 0; i < 5; i++) scores[i] = (m ? scores[i] : model->offsets[0]) + factors[m] * part[i];
    ba_model_release(member);
  }
  SAME_BITS(scores, all, 5);
  ba_records_release(records);
  ba_model_release(model);
  ba_dataset_destroy(dataset);
}

static void test_one_member_and_refusals(void **state) {
  ba_context *context = *state;
  ba_model *model = making_model(context, "Kmer(k=2)", -1, 2, 1), *out = NULL;
  double factor = 0.0;
  OK(context, ba_model_member(context, model, 0, &out, &factor));
  assert_ptr_equal(out, model);
  assert_true(factor == 1.0);
  ba_model_release(out);
  REFUSED(context, ba_model_member(context, model, 1, &out, &factor), BA_ERR_ARGUMENT, "0 to 0");
  assert_null(out);
  REFUSED(context, ba_model_member(context, model, -1, &out, &factor), BA_ERR_ARGUMENT, "member -1");
  REFUSED(context, ba_model_member(context, NULL, 0, &out, &factor), BA_ERR_ARGUMENT, "expected a model");
  REFUSED(context, ba_model_member(context, model, 0, NULL, &factor), BA_ERR_ARGUMENT, "a place");
  assert_int_equal(ba_model_members(NULL), 0);
  ba_model_release(model);
}

static ba_status take(ba_context *context, void *argument) {
  ba_model *member = NULL;
  const ba_status status = ba_model_member(context, argument, 1, &member, NULL);
  ba_model_release(member);
  return status;
}

static void test_every_failing_allocation(void **state) {
  ba_model *model = joined(*state);
  assert_true(fault_sweep(take, model) > 20);
  ba_model_release(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_members_add_up, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_a_network_member, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_one_member_and_refusals, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_every_failing_allocation, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
