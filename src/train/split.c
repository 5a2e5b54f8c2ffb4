/* SPDX-License-Identifier: MIT
 *
 * split.c: deals the training rows into folds, or all rows into parts. The result depends on the rows, the options and
 * nothing else; a call that fails leaves all as it was.
 */
#include "train/dataset.h"
#include "train/similar.h"

enum { BY_STRATIFIED, BY_RANDOM, BY_GROUP, BY_SIMILARITY, BY_TIME };
#define BY_WORDS "stratified|random|group|similarity|time"
#define PARTS 3

#define ORDER_STREAM UINT64_C(0x73706c6974) /* of bai_random */

typedef struct split {
  ba_context *context;
  ba_dataset *dataset;
  const double *shares; /* of the parts; NULL when folds are dealt, which are alike */
  int32_t bins;         /* folds or parts */
  uint64_t seed;
  int64_t rows;            /* that are dealt */
  const int32_t *group_of; /* when groups stay whole; -1 for none */
  int64_t groups;
} split;

/* Folds are of the training rows, parts of all. */
static int32_t is_dealt(const split *s, int64_t row) {
  return s->shares || bai_dataset_part(s->dataset, row) == BA_PART_TRAIN;
}

static ba_status fold_count(split *s, int64_t folds, int32_t by) {
  for (int64_t row = 0; row < s->dataset->rows; row++) s->rows += is_dealt(s, row);
  if (by != BY_GROUP && folds > s->rows)
    return bai_fail(s->context, BA_ERR_RECIPE, "folds is %lld; expected 2 to the number of training rows, %lld",
                    (long long)folds, (long long)s->rows);
  s->bins = (int32_t)folds;
  return BA_OK;
}

/* Where the bin of each row is written, for which `deal` made room; folds of before are forgotten. */
static int32_t *begin_dealing(const split *s) {
  int32_t *folds = s->dataset->folds.data;
  for (int64_t row = 0; row < s->dataset->folds.count; row++) folds[row] = -1;
  s->dataset->folds_made = s->shares ? 0 : s->bins;
  s->dataset->folds_in_time = 0;
  return s->shares ? s->dataset->parts.data : folds;
}

/* The part that is furthest behind its share of `total` rows, the first of equals. */
static int32_t neediest(const double *shares, const int64_t *given, int64_t total) {
  int32_t best = -1;
  double most = 0.0;
  for (int32_t part = 0; part < PARTS; part++) {
    const double room = shares[part] * (double)total - (double)given[part];
    if (shares[part] <= 0.0 || (best >= 0 && room <= most)) continue;
    best = part;
    most = room;
  }
  return best;
}

/* ---- stratified and random ---- */

/* Rows in random order are dealt out in turn, class after class; a class starts where the one before stopped, so that
 * whole bins are as even as they can be too. */
static void deal_in_turn(const split *s, const bai_keyed *rows, int64_t *next, int32_t by_class, int32_t *turns) {
  const int32_t *labels = s->dataset->labels.data;
  int64_t given[PARTS] = {0, 0, 0};
  for (int64_t i = 0; i < s->rows; i++) {
    turns[i] = s->shares ? neediest(s->shares, given, i + 1) : (int32_t)(i % s->bins);
    if (s->shares) given[turns[i]]++;
  }
  int32_t *bin_of = begin_dealing(s);
  for (int64_t i = 0; i < s->rows; i++) bin_of[rows[i].index] = turns[next[by_class ? labels[rows[i].index] : 0]++];
}

static ba_status deal_rows(const split *s, int32_t by_class) {
  const int32_t *labels = s->dataset->labels.data;
  const int32_t classes = by_class ? ba_dataset_classes(s->dataset) : 1;
  bai_keyed *rows = NULL;
  int32_t *turns = NULL;
  int64_t *next = NULL, used = 0; /* next: the place of each class's next row; one more for the end */
  ba_status status = bai_alloc(s->context, s->rows, sizeof *rows, &rows);
  if (!status) status = bai_alloc(s->context, s->rows, sizeof *turns, &turns);
  if (!status) status = bai_alloc_zero(s->context, (int64_t)classes + 1, 8, &next);
  for (int64_t row = 0; !status && row < s->dataset->rows; row++) {
    if (!is_dealt(s, row)) continue;
    rows[used++] = (bai_keyed){.key = bai_random(s->seed, ORDER_STREAM, (uint64_t)row), .index = row};
    next[by_class ? labels[row] + 1 : 1]++;
  }
  if (!status) {
    for (int32_t c = 1; c < classes; c++) next[c] += next[c - 1];
    bai_sort_keyed(rows, used);
    deal_in_turn(s, rows, next, by_class, turns);
  }
  bai_free(s->context, next);
  bai_free(s->context, turns);
  bai_free(s->context, rows);
  return status;
}

/* ---- by group ---- */

/* Counts the dealt rows of every group: key rows, index group. */
static ba_status count_groups(const split *s, bai_keyed *groups, int64_t *present) {
  const char *of = s->shares ? "" : "training ";
  for (int64_t g = 0; g < s->groups; g++) groups[g] = (bai_keyed){.key = 0, .index = g};
  *present = 0;
  for (int64_t row = 0; row < s->dataset->rows; row++) {
    if (!is_dealt(s, row)) continue;
    if (!s->group_of || s->group_of[row] < 0)
      return bai_fail_at(s->context, BA_ERR_LABEL, row + 1, -1,
                         "the row has no group; by=group expects one for every %srow", of);
    *present += groups[s->group_of[row]].key++ == 0;
  }
  int32_t needed = s->bins;
  for (int32_t part = 0; s->shares && part < PARTS; part++) needed -= s->shares[part] <= 0.0;
  if (*present >= needed) return BA_OK;
  if (s->shares)
    return bai_fail(s->context, BA_ERR_LABEL, "the rows make %lld groups; expected at least %ld, one for each part",
                    (long long)*present, (long)needed);
  return bai_fail(s->context, BA_ERR_LABEL,
                  "folds is %ld; expected 2 to the number of groups in the training rows, %lld", (long)s->bins,
                  (long long)*present);
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

/* Group after group, in the order given, to the fold with the fewest rows. */
static ba_status choose_folds(const split *s, const bai_keyed *groups, int64_t present, int32_t *bin_of_group) {
  bai_keyed *heap = NULL;
  ba_status status = bai_alloc(s->context, s->bins, sizeof *heap, &heap);
  if (status) return status;
  for (int32_t f = 0; f < s->bins; f++) heap[f] = (bai_keyed){.key = 0, .index = f};
  for (int64_t g = 0; g < present; g++)
    bin_of_group[groups[g].index] = (int32_t)give_to_smallest(heap, s->bins, ~groups[g].key);
  bai_free(s->context, heap);
  return BA_OK;
}

/* The part with room for a group's rows where their classes are least filled; with room in none, the neediest. */
static int32_t emptiest(const split *s, const int64_t *rows, int64_t size, const int64_t *given, const double *filled) {
  const int32_t *labels = s->dataset->labels.data;
  const int32_t classes = ba_dataset_classes(s->dataset);
  int32_t best = -1;
  double least = 0.0;
  for (int32_t part = 0; part < PARTS; part++) {
    if (s->shares[part] <= 0.0 || s->shares[part] * (double)s->rows - (double)given[part] < (double)size) continue;
    double sum = 0.0;
    for (int64_t i = 0; i < size; i++) sum += filled[part * classes + labels[rows[i]]];
    if (best >= 0 && sum >= least) continue;
    best = part;
    least = sum;
  }
  return best >= 0 ? best : neediest(s->shares, given, s->rows);
}

/* The rows of each group together; starts has one entry more than there are groups. */
static void gather_rows(const split *s, int64_t *rows, int64_t *starts) {
  for (int64_t row = 0; row < s->dataset->rows; row++) starts[s->group_of[row] + 1]++;
  for (int64_t g = 0; g < s->groups; g++) starts[g + 1] += starts[g];
  for (int64_t row = 0; row < s->dataset->rows; row++) rows[starts[s->group_of[row]]++] = row;
  for (int64_t g = s->groups; g > 0; g--) starts[g] = starts[g - 1];
  starts[0] = 0;
}

/* The largest groups would all go to the largest part if room alone counted, and the rest would differ from them. */
static ba_status choose_parts(const split *s, const bai_keyed *groups, int64_t present, int32_t *bin_of_group) {
  const int32_t *labels = s->dataset->labels.data;
  const int64_t classes = ba_dataset_classes(s->dataset);
  int64_t *rows = NULL, *starts = NULL, *sizes = NULL, given[PARTS] = {0, 0, 0};
  double *filled = NULL; /* of each part and class: rows given as a share of those due */
  ba_status status = bai_alloc(s->context, s->rows, 8, &rows);
  if (!status) status = bai_alloc_zero(s->context, s->groups + 1, 8, &starts);
  if (!status) status = bai_alloc_zero(s->context, classes, 8, &sizes);
  if (!status) status = bai_alloc_zero(s->context, PARTS * classes, 8, &filled);
  if (!status) {
    gather_rows(s, rows, starts);
    for (int64_t row = 0; row < s->dataset->rows; row++) sizes[labels[row]]++;
  }
  for (int64_t g = 0; !status && g < present; g++) {
    const int64_t group = groups[g].index, size = (int64_t)~groups[g].key, *mine = rows + starts[group];
    const int32_t part = emptiest(s, mine, size, given, filled);
    for (int64_t i = 0; i < size; i++)
      filled[part * classes + labels[mine[i]]] += 1.0 / (s->shares[part] * (double)sizes[labels[mine[i]]]);
    given[part] += size;
    bin_of_group[group] = part;
    if (g % 1024 == 0) status = bai_check_cancel(s->context);
  }
  bai_free(s->context, filled);
  bai_free(s->context, sizes);
  bai_free(s->context, starts);
  bai_free(s->context, rows);
  return status;
}

static ba_status split_groups(const split *s) {
  bai_keyed *groups = NULL;
  int32_t *bin_of_group = NULL;
  int64_t present = 0;
  ba_status status = bai_alloc(s->context, s->groups + 1, sizeof *groups, &groups); /* + 1: there may be none */
  if (!status) status = bai_alloc(s->context, s->groups + 1, sizeof *bin_of_group, &bin_of_group);
  if (!status) status = count_groups(s, groups, &present);
  if (!status) {
    /* Largest first; groups without dealt rows come last. */
    for (int64_t g = 0; g < s->groups; g++) groups[g].key = ~groups[g].key;
    bai_sort_keyed(groups, s->groups);
    status = (s->shares ? choose_parts : choose_folds)(s, groups, present, bin_of_group);
  }
  if (!status) {
    int32_t *bin_of = begin_dealing(s);
    for (int64_t row = 0; row < s->dataset->rows; row++)
      if (is_dealt(s, row)) bin_of[row] = bin_of_group[s->group_of[row]];
  }
  bai_free(s->context, bin_of_group);
  bai_free(s->context, groups);
  return status;
}

static ba_status split_similar(split *s, const bai_similar_options *similar) {
  int32_t *group_of = NULL;
  ba_status status = bai_alloc(s->context, s->dataset->rows + 1, sizeof *group_of, &group_of);
  if (!status)
    status = bai_similar_groups(s->context, s->dataset, similar, s->shares ? BA_PART_ALL : BA_PART_TRAIN, group_of,
                                &s->groups);
  s->group_of = group_of;
  if (!status) status = split_groups(s);
  bai_free(s->context, group_of);
  return status;
}

/* ---- by time ---- */

/* The bin of the row at place i of n in time. */
static int32_t bin_at(const split *s, int64_t i) {
  double sum = 0.0;
  int32_t last = 0;
  if (!s->shares) return (int32_t)(i * s->bins / s->rows);
  for (int32_t part = 0; part < PARTS; part++) {
    if (s->shares[part] <= 0.0) continue;
    sum += s->shares[part];
    last = part;
    if ((double)i + 0.5 < sum * (double)s->rows) break;
  }
  return last;
}

static ba_status check_times(const split *s) {
  const double *times = s->dataset->times.data;
  for (int64_t row = 0; row < s->dataset->rows; row++)
    if (is_dealt(s, row) && (row >= s->dataset->times.count || !(times[row] - times[row] == 0.0)))
      return bai_fail_at(s->context, BA_ERR_LABEL, row + 1, -1,
                         "the row has no time; by=time expects one for every row, such as from time=COLUMN of a table");
  return BA_OK;
}

/* The earliest rows to the first bin, and so on; rows of one time stay together, in the bin of the first of them. */
static ba_status split_times(const split *s) {
  const double *times = s->dataset->times.data;
  bai_keyed *rows = NULL;
  int64_t used = 0, filled = 0, needed = s->bins;
  ba_status status = check_times(s);
  if (!status) status = bai_alloc(s->context, s->rows, sizeof *rows, &rows);
  if (status) return status;
  for (int64_t row = 0; row < s->dataset->rows; row++)
    if (is_dealt(s, row)) rows[used++] = (bai_keyed){.key = bai_order_of_f64(times[row] + 0.0), .index = row};
  bai_sort_keyed(rows, used);
  for (int64_t i = 0, last = -1; i < used; i++) {
    if (i > 0 && rows[i].key == rows[i - 1].key) continue;
    filled += bin_at(s, i) != last;
    last = bin_at(s, i);
  }
  for (int32_t part = 0; s->shares && part < PARTS; part++) needed -= s->shares[part] <= 0.0;
  if (filled < needed) {
    status = bai_fail(s->context, BA_ERR_LABEL,
                      "the rows have too few different times for %lld folds or parts: rows of one time stay together",
                      (long long)needed);
  } else {
    int32_t *bin_of = begin_dealing(s), last = 0;
    for (int64_t i = 0; i < used; i++) {
      if (i == 0 || rows[i].key != rows[i - 1].key) last = bin_at(s, i);
      bin_of[rows[i].index] = last;
    }
    s->dataset->folds_in_time = !s->shares;
  }
  bai_free(s->context, rows);
  return status;
}

static ba_status deal(split *s, int32_t by, const bai_similar_options *similar) {
  const ba_status status = s->shares ? bai_dataset_hold_parts(s->dataset) : bai_dataset_hold_folds(s->dataset);
  if (status) return status;
  s->group_of = bai_dataset_groups(s->dataset);
  s->groups = s->dataset->group_names.offsets.count;
  if (by == BY_SIMILARITY) return split_similar(s, similar);
  if (by == BY_TIME) return split_times(s);
  return by == BY_GROUP ? split_groups(s) : deal_rows(s, by == BY_STRATIFIED);
}

/* ---- the public calls ---- */

#define SIMILAR_OPTIONS(similar)                                                                  \
  {"k", 'i', NULL, 1, 255, &(similar).k}, {"threshold", 'r', NULL, 0, 1, &(similar).threshold}, { \
    "scaled", 'i', NULL, 1, 9007199254740992.0, &(similar).scaled                                 \
  }

ba_status ba_dataset_split(ba_dataset *dataset, const char *options) {
  if (!dataset) return BA_ERR_ARGUMENT;
  ba_context *context = dataset->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  split s = {.context = context, .dataset = dataset};
  bai_similar_options similar = BAI_SIMILAR_DEFAULTS;
  int32_t by = BY_STRATIFIED;
  int64_t folds = 5, seed = 1;
  const bai_option table[] = {{"by", 'w', BY_WORDS, 0, 0, &by},
                              {"folds", 'i', NULL, 2, INT32_MAX, &folds},
                              {"seed", 'i', NULL, 0, 9007199254740992.0, &seed},
                              SIMILAR_OPTIONS(similar),
                              {NULL, 0, NULL, 0, 0, NULL}};
  status = bai_options_parse(context, options, table);
  if (!status) status = fold_count(&s, folds, by);
  s.seed = (uint64_t)seed;
  if (!status) status = deal(&s, by, &similar);
  return bai_leave(context, status);
}

/* Shares that were not given (-1) are 0; with none given they are 0.8, 0.1 and 0.1. */
static ba_status check_shares(ba_context *context, double shares[PARTS], int64_t rows) {
  double sum = 0.0;
  int32_t given = 0;
  for (int32_t part = 0; part < PARTS; part++) given += shares[part] >= 0.0;
  for (int32_t part = 0; part < PARTS; part++) {
    if (!given) shares[part] = part == BA_PART_TRAIN ? 0.8 : 0.1;
    if (shares[part] < 0.0) shares[part] = 0.0;
    sum += shares[part];
  }
  if (!(sum > 1.0 - 1e-9 && sum < 1.0 + 1e-9))
    return bai_fail(context, BA_ERR_RECIPE, "the shares of train, dev and test add up to %g; expected 1", sum);
  int64_t parts = 0;
  for (int32_t part = 0; part < PARTS; part++) parts += shares[part] > 0.0;
  if (rows < parts)
    return bai_fail(context, BA_ERR_RECIPE, "%lld rows; expected at least %lld, one for each part", (long long)rows,
                    (long long)parts);
  return BA_OK;
}

ba_status ba_dataset_deal(ba_dataset *dataset, const char *options) {
  if (!dataset) return BA_ERR_ARGUMENT;
  ba_context *context = dataset->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  double shares[PARTS] = {-1.0, -1.0, -1.0};
  split s = {.context = context, .dataset = dataset, .shares = shares, .bins = PARTS, .rows = dataset->rows};
  bai_similar_options similar = BAI_SIMILAR_DEFAULTS;
  int32_t by = BY_STRATIFIED;
  int64_t seed = 1;
  const bai_option table[] = {{"by", 'w', BY_WORDS, 0, 0, &by},
                              {"train", 'r', NULL, 0, 1, &shares[BA_PART_TRAIN]},
                              {"dev", 'r', NULL, 0, 1, &shares[BA_PART_DEV]},
                              {"test", 'r', NULL, 0, 1, &shares[BA_PART_TEST]},
                              {"seed", 'i', NULL, 0, 9007199254740992.0, &seed},
                              SIMILAR_OPTIONS(similar),
                              {NULL, 0, NULL, 0, 0, NULL}};
  status = bai_options_parse(context, options, table);
  if (!status) status = check_shares(context, shares, dataset->rows);
  s.seed = (uint64_t)seed;
  if (!status) status = deal(&s, by, &similar);
  return bai_leave(context, status);
}

ba_status ba_dataset_leakage(ba_dataset *dataset, const char *options, int64_t *similar, int64_t *duplicates) {
  if (!dataset) return BA_ERR_ARGUMENT;
  ba_context *context = dataset->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  bai_similar_options found = BAI_SIMILAR_DEFAULTS;
  const bai_option table[] = {SIMILAR_OPTIONS(found), {NULL, 0, NULL, 0, 0, NULL}};
  if (!similar || !duplicates)
    status = bai_fail(context, BA_ERR_ARGUMENT, "leakage: expected places for nine numbers, twice");
  if (!status) status = bai_options_parse(context, options, table);
  uint8_t *rows = NULL;
  if (!status) status = bai_alloc_zero(context, dataset->rows, 1, &rows);
  if (!status) status = bai_similar_leaks(context, dataset, &found, similar, duplicates, rows);
  bai_free(context, rows);
  return bai_leave(context, status);
}
