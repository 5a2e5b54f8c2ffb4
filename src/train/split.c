/* SPDX-License-Identifier: MIT
 *
 * split.c: deals the training rows into folds. The folds depend on the rows, the options and nothing else; a call that
 * fails leaves them as they were.
 */
#include "train/dataset.h"

enum { BY_STRATIFIED, BY_RANDOM, BY_GROUP };

#define ORDER_STREAM UINT64_C(0x73706c6974) /* of bai_random */

typedef struct split {
  ba_context *context;
  ba_dataset *dataset;
  const int32_t *parts;
  int32_t folds;
  uint64_t seed;
  int64_t training_rows;
} split;

static ba_status fold_count(split *s, int64_t folds, int32_t by) {
  for (int64_t row = 0; row < s->dataset->rows; row++) s->training_rows += s->parts[row] == BA_PART_TRAIN;
  if (by != BY_GROUP && folds > s->training_rows)
    return bai_fail(s->context, BA_ERR_RECIPE, "folds is %lld; expected 2 to the number of training rows, %lld",
                    (long long)folds, (long long)s->training_rows);
  s->folds = (int32_t)folds;
  return BA_OK;
}

static void forget_folds(const split *s) {
  int32_t *folds = s->dataset->folds.data;
  for (int64_t row = 0; row < s->dataset->rows; row++) folds[row] = -1;
  s->dataset->folds_made = s->folds;
}

/* ---- stratified and random ---- */

/* Rows in random order are dealt out in turn, class after class; a class starts where the one before stopped, so that
 * whole folds differ by at most one row too. */
static ba_status deal_rows(const split *s, int32_t by_class) {
  const int32_t *labels = s->dataset->labels.data;
  const int32_t classes = by_class ? ba_dataset_classes(s->dataset) : 1;
  bai_keyed *rows = NULL;
  int64_t *next = NULL, used = 0; /* next: the place of each class's next row; one more for the end */
  ba_status status = bai_alloc(s->context, s->training_rows, sizeof *rows, &rows);
  if (!status) status = bai_alloc_zero(s->context, (int64_t)classes + 1, 8, &next);
  for (int64_t row = 0; !status && row < s->dataset->rows; row++) {
    if (s->parts[row] != BA_PART_TRAIN) continue;
    rows[used++] = (bai_keyed){.key = bai_random(s->seed, ORDER_STREAM, (uint64_t)row), .index = row};
    next[by_class ? labels[row] + 1 : 1]++;
  }
  if (!status) {
    for (int32_t c = 1; c < classes; c++) next[c] += next[c - 1];
    bai_sort_keyed(rows, used);
    forget_folds(s);
    int32_t *folds = s->dataset->folds.data;
    for (int64_t i = 0; i < used; i++)
      folds[rows[i].index] = (int32_t)(next[by_class ? labels[rows[i].index] : 0]++ % s->folds);
  }
  bai_free(s->context, next);
  bai_free(s->context, rows);
  return status;
}

/* ---- by group ---- */

/* Counts the training rows of every group: key rows, index group. */
static ba_status count_groups(const split *s, bai_keyed *groups, int64_t *present) {
  const int32_t *group_of = s->dataset->groups.data;
  const int64_t count = s->dataset->group_names.offsets.count;
  for (int64_t g = 0; g < count; g++) groups[g] = (bai_keyed){.key = 0, .index = g};
  *present = 0;
  for (int64_t row = 0; row < s->dataset->rows; row++) {
    if (s->parts[row] != BA_PART_TRAIN) continue;
    if (group_of[row] < 0)
      return bai_fail_at(s->context, BA_ERR_LABEL, row + 1, -1,
                         "the row has no group; by=group expects one for every training row");
    *present += groups[group_of[row]].key++ == 0;
  }
  if (*present < s->folds)
    return bai_fail(s->context, BA_ERR_LABEL,
                    "folds is %ld; expected 2 to the number of groups in the training rows, %lld", (long)s->folds,
                    (long long)*present);
  return BA_OK;
}

/* The fold with the fewest rows, the first of equals, is the root of a heap (key rows, index fold); it takes `more`. */
static int64_t give_to_smallest(bai_keyed *heap, int32_t n, uint64_t more) {
  const int64_t fold = heap[0].index;
  const bai_keyed item = {.key = heap[0].key + more, .index = fold};
  int64_t root = 0;
  for (int64_t child; (child = 2 * root + 1) < n; root = child) {
    if (child + 1 < n && (heap[child + 1].key < heap[child].key ||
                          (heap[child + 1].key == heap[child].key && heap[child + 1].index < heap[child].index)))
      child++;
    if (item.key < heap[child].key || (item.key == heap[child].key && item.index < heap[child].index)) break;
    heap[root] = heap[child];
  }
  heap[root] = item;
  return fold;
}

static void deal_groups(const split *s, bai_keyed *groups, int64_t present, bai_keyed *heap, int32_t *fold_of) {
  const int64_t count = s->dataset->group_names.offsets.count;
  const int32_t *group_of = s->dataset->groups.data;
  /* Largest first; groups without training rows come last. */
  for (int64_t g = 0; g < count; g++) groups[g].key = ~groups[g].key;
  bai_sort_keyed(groups, count);
  for (int32_t f = 0; f < s->folds; f++) heap[f] = (bai_keyed){.key = 0, .index = f};
  for (int64_t g = 0; g < present; g++)
    fold_of[groups[g].index] = (int32_t)give_to_smallest(heap, s->folds, ~groups[g].key);
  forget_folds(s);
  int32_t *folds = s->dataset->folds.data;
  for (int64_t row = 0; row < s->dataset->rows; row++)
    if (s->parts[row] == BA_PART_TRAIN) folds[row] = fold_of[group_of[row]];
}

static ba_status split_groups(const split *s) {
  const int64_t count = s->dataset->group_names.offsets.count;
  bai_keyed *groups = NULL, *heap = NULL;
  int32_t *fold_of = NULL;
  int64_t present = 0;
  ba_status status = bai_alloc(s->context, count + 1, sizeof *groups, &groups); /* + 1: there may be none */
  if (!status) status = count_groups(s, groups, &present);
  if (!status) status = bai_alloc(s->context, s->folds, sizeof *heap, &heap);
  if (!status) status = bai_alloc(s->context, count, sizeof *fold_of, &fold_of);
  if (!status) deal_groups(s, groups, present, heap, fold_of);
  bai_free(s->context, fold_of);
  bai_free(s->context, heap);
  bai_free(s->context, groups);
  return status;
}

ba_status ba_dataset_split(ba_dataset *dataset, const char *options) {
  if (!dataset) return BA_ERR_ARGUMENT;
  ba_context *context = dataset->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  split s = {.context = context, .dataset = dataset, .parts = dataset->parts.data};
  int32_t by = BY_STRATIFIED;
  int64_t folds = 5, seed = 1;
  const bai_option table[] = {{"by", 'w', "stratified|random|group", 0, 0, &by},
                              {"folds", 'i', NULL, 2, INT32_MAX, &folds},
                              {"seed", 'i', NULL, 0, 9007199254740992.0, &seed},
                              {NULL, 0, NULL, 0, 0, NULL}};
  status = bai_options_parse(context, options, table);
  if (!status) status = fold_count(&s, folds, by);
  s.seed = (uint64_t)seed;
  if (!status) status = by == BY_GROUP ? split_groups(&s) : deal_rows(&s, by == BY_STRATIFIED);
  return bai_leave(context, status);
}
