/* SPDX-License-Identifier: MIT
 *
 * similar.c: finds the rows that are alike through an index from hash to rows. A row that has more than a share of its
 * hashes in common with another has one of its rarest in common, so only the rows behind those are looked at.
 */
#include "train/similar.h"

#include <string.h>

#include "features/sketch.h"

#define DIGIT_BITS 11
#define DIGITS (1 << DIGIT_BITS)
#define CANCEL_EVERY (1 << 18) /* steps of work; about a millisecond */

/* A hash's number is its rank: the fewer rows have it, the smaller. */
typedef struct lookup {
  ba_context *context;
  const ba_dataset *dataset;
  double threshold;
  bai_vector rows_of; /* int64, the rows behind each hash, rising; hash h has [hash_starts[h], hash_starts[h + 1]) */
  int64_t *hash_starts;
  int64_t *ranks; /* the hashes of each row, rising; row r has [row_starts[r], row_starts[r + 1]) */
  int64_t *row_starts;
  int64_t *twin;   /* the first row with the same letters; the row itself when there is none before it */
  int64_t *seen;   /* row + 1 of the last row that looked at this one */
  uint8_t *closed; /* grouping: of each hash, 1 once all rows behind it are in one group */
  int64_t work;
} lookup;

static ba_status count_work(lookup *x, int64_t steps) {
  x->work += steps;
  if (x->work < CANCEL_EVERY) return BA_OK;
  x->work = 0;
  return bai_check_cancel(x->context);
}

/* ---- sorting ---- */

/* Sorts by key and keeps the order of equal keys; digits that are the same everywhere cost one look. */
static ba_status sort_items(ba_context *context, bai_keyed *items, int64_t n) {
  bai_keyed *other = NULL, *from = items, *to;
  int64_t counts[DIGITS];
  ba_status status = bai_alloc(context, n ? n : 1, sizeof *other, &other);
  to = other;
  for (int32_t shift = 0; !status && shift < 64; shift += DIGIT_BITS) {
    memset(counts, 0, sizeof counts);
    for (int64_t i = 0; !status && i < n; i++) {
      counts[from[i].key >> shift & (DIGITS - 1)]++;
      if (i % CANCEL_EVERY == 0) status = bai_check_cancel(context);
    }
    if (status || n == 0 || counts[from[0].key >> shift & (DIGITS - 1)] == n) continue;
    for (int64_t d = 0, at = 0; d < DIGITS; d++) {
      const int64_t size = counts[d];
      counts[d] = at;
      at += size;
    }
    for (int64_t i = 0; !status && i < n; i++) {
      to[counts[from[i].key >> shift & (DIGITS - 1)]++] = from[i];
      if (i % CANCEL_EVERY == 0) status = bai_check_cancel(context);
    }
    bai_keyed *const full = to;
    to = from;
    from = full;
  }
  if (!status && from != items) memcpy(items, from, (size_t)n * sizeof *items);
  bai_free(context, other);
  return status;
}

/* ---- rows with the same letters ---- */

static int32_t same_letters(const ba_dataset *dataset, int64_t a, int64_t b) {
  const int64_t length = bai_dataset_length(dataset, a);
  if (length != bai_dataset_length(dataset, b)) return 0;
  if (bai_dataset_is_wide(dataset, a) != bai_dataset_is_wide(dataset, b)) return 0; /* packed in different ways */
  int64_t bytes, others, count, other_count;
  const uint8_t *x_packed = bai_dataset_packed(dataset, a, &bytes), *y_packed = bai_dataset_packed(dataset, b, &others);
  if (bytes != others || (bytes && memcmp(x_packed, y_packed, (size_t)bytes) != 0)) return 0;
  const bai_exception *x = bai_dataset_exceptions(dataset, a, &count);
  const bai_exception *y = bai_dataset_exceptions(dataset, b, &other_count);
  if (count != other_count) return 0;
  for (int64_t i = 0; i < count; i++)
    if (x[i].position != y[i].position || x[i].letter != y[i].letter) return 0;
  return 1;
}

static ba_status find_twins(lookup *x) {
  const ba_dataset *dataset = x->dataset;
  bai_keyed *items = NULL;
  ba_status status = bai_alloc(x->context, dataset->rows + 1, sizeof *items, &items);
  for (int64_t row = 0; !status && row < dataset->rows; row++) {
    const int64_t length = bai_dataset_length(dataset, row);
    int64_t bytes;
    const uint8_t *packed = bai_dataset_packed(dataset, row, &bytes);
    items[row] = (bai_keyed){.key = bytes ? bai_hash_bytes((uint64_t)length, packed, bytes) : 0, .index = row};
    status = count_work(x, bytes);
  }
  if (!status) status = sort_items(x->context, items, dataset->rows);
  for (int64_t i = 0, first = 0; !status && i < dataset->rows; i++) {
    if (items[i].key != items[first].key) first = i;
    /* Rows of one key stand in order; all but a few are the same as the first. */
    int64_t j = first;
    while (j < i &&
           (x->twin[items[j].index] != items[j].index || !same_letters(dataset, items[j].index, items[i].index)))
      j++;
    x->twin[items[i].index] = items[j].index;
    status = count_work(x, j - first + 8);
  }
  bai_free(x->context, items);
  return status;
}

/* ---- the index ---- */

/* Every kept hash of the rows of `part` with its row, in order of rows. */
static ba_status collect(lookup *x, const bai_sketch_form *form, int32_t part, bai_vector *items) {
  const ba_dataset *dataset = x->dataset;
  const bai_kernels *kernels = bai_kernels_of(x->context);
  uint8_t *codes = NULL;
  bai_vector hashes = {0, 0, 0};
  ba_status status = bai_alloc(x->context, dataset->longest + 1, 1, &codes);
  for (int64_t row = 0; !status && row < dataset->rows; row++) {
    if (part != BA_PART_ALL && bai_dataset_part(dataset, row) != part) continue;
    bai_dataset_codes(kernels, dataset, row, form->protein, codes);
    hashes.count = 0;
    status = bai_sketch_codes(x->context, form, codes, bai_dataset_length(dataset, row), &hashes);
    if (!status) status = bai_vector_reserve(x->context, items, hashes.count, sizeof(bai_keyed));
    if (status) break;
    bai_keyed *to = (bai_keyed *)items->data + items->count;
    for (int64_t i = 0; i < hashes.count; i++)
      to[i] = (bai_keyed){.key = ((const uint64_t *)hashes.data)[i], .index = row};
    items->count += hashes.count;
    bai_progress(x->context, row, dataset->rows);
    status = count_work(x, hashes.count);
  }
  bai_vector_free(x->context, &hashes);
  bai_free(x->context, codes);
  return status;
}

/* Sorted items to distinct ones; the key becomes the number of the hash in rising order. *count: how many hashes. */
static ba_status number_hashes(lookup *x, bai_vector *items, int64_t *count) {
  bai_keyed *item = items->data;
  int64_t kept = 0;
  uint64_t hashes = 0, last = 0;
  ba_status status = BA_OK;
  for (int64_t i = 0; !status && i < items->count; i++) {
    status = count_work(x, 1);
    const bai_keyed now = item[i];
    const int32_t fresh = i == 0 || now.key != last;
    if (!fresh && item[kept - 1].index == now.index) continue; /* twice in one row */
    hashes += (uint64_t)fresh;
    last = now.key;
    item[kept++] = (bai_keyed){.key = hashes - 1, .index = now.index};
  }
  items->count = kept;
  *count = (int64_t)hashes;
  return status;
}

/* ranks_of[number] of the hashes, the rarest first, and the starts of their rows. */
static ba_status rank_hashes(lookup *x, const bai_vector *items, int64_t hashes, int64_t *rank_of) {
  const bai_keyed *item = items->data;
  int64_t *sizes = NULL; /* how many hashes have this many rows; then the next rank of those */
  ba_status status = bai_alloc_zero(x->context, x->dataset->rows + 2, 8, &sizes);
  if (status) return status;
  memset(rank_of, 0, (size_t)hashes * 8);
  for (int64_t i = 0; !status && i < items->count; i++) {
    rank_of[item[i].key]++;
    status = count_work(x, 1);
  }
  for (int64_t h = 0; h < hashes; h++) sizes[rank_of[h] + 1]++;
  for (int64_t n = 1; n <= x->dataset->rows + 1; n++) sizes[n] += sizes[n - 1];
  x->hash_starts[0] = 0;
  for (int64_t h = 0; !status && h < hashes; h++) {
    const int64_t rows = rank_of[h];
    rank_of[h] = sizes[rows]++;
    x->hash_starts[rank_of[h] + 1] = rows;
    status = count_work(x, 4);
  }
  for (int64_t h = 0; !status && h < hashes; h++) x->hash_starts[h + 1] += x->hash_starts[h];
  bai_free(x->context, sizes);
  return status;
}

/* Fills rows_of by rank, then the ranks of every row in rising order. */
static ba_status lay_out(lookup *x, const bai_vector *items, int64_t hashes, const int64_t *rank_of) {
  const bai_keyed *item = items->data;
  int64_t *rows_of = x->rows_of.data;
  ba_status status = BA_OK;
  for (int64_t i = 0, start = 0; !status && i < items->count; i++) {
    status = count_work(x, 4);
    if (i && item[i].key != item[i - 1].key) start = i;
    rows_of[x->hash_starts[rank_of[item[i].key]] + i - start] = item[i].index;
    x->row_starts[item[i].index + 1]++;
  }
  for (int64_t row = 0; row < x->dataset->rows; row++) x->row_starts[row + 1] += x->row_starts[row];
  for (int64_t h = 0; !status && h < hashes; h++) {
    for (int64_t i = x->hash_starts[h]; i < x->hash_starts[h + 1]; i++) x->ranks[x->row_starts[rows_of[i]]++] = h;
    status = count_work(x, 4 * (x->hash_starts[h + 1] - x->hash_starts[h]));
  }
  for (int64_t row = x->dataset->rows; row > 0; row--) x->row_starts[row] = x->row_starts[row - 1];
  x->row_starts[0] = 0;
  return status;
}

static ba_status make_index(lookup *x, const bai_similar_options *options, int32_t part) {
  ba_context *context = x->context;
  bai_sketch_form form = bai_sketch_form_of(options->k, options->scaled, 42);
  for (int64_t row = 0; !form.protein && row < x->dataset->rows; row++)
    form.protein = bai_dataset_foreign(x->dataset, row) != 0;
  const int64_t rows = x->dataset->rows;
  bai_vector items = {0, 0, 0};
  int64_t *rank_of = NULL, hashes = 0;
  x->threshold = options->threshold;
  ba_status status = bai_alloc(context, rows + 1, 8, &x->twin);
  if (!status) status = find_twins(x);
  if (!status) status = collect(x, &form, part, &items);
  if (!status) status = sort_items(context, items.data, items.count);
  if (!status) status = number_hashes(x, &items, &hashes);
  if (!status) status = bai_alloc(context, hashes + 1, 8, &rank_of);
  if (!status) status = bai_alloc(context, hashes + 1, 8, &x->hash_starts);
  if (!status) status = bai_alloc_zero(context, rows + 1, 8, &x->row_starts);
  if (!status) status = bai_alloc_zero(context, rows + 1, 8, &x->seen);
  if (!status) status = bai_alloc_zero(context, hashes + 1, 1, &x->closed);
  if (!status) status = rank_hashes(x, &items, hashes, rank_of);
  if (!status) status = bai_vector_reserve(context, &x->rows_of, items.count, 8);
  if (!status) status = bai_alloc(context, items.count + 1, 8, &x->ranks);
  if (!status) status = lay_out(x, &items, hashes, rank_of);
  bai_free(context, rank_of);
  bai_vector_free(context, &items);
  return status;
}

static void free_index(lookup *x) {
  bai_vector_free(x->context, &x->rows_of);
  bai_free(x->context, x->hash_starts);
  bai_free(x->context, x->ranks);
  bai_free(x->context, x->row_starts);
  bai_free(x->context, x->twin);
  bai_free(x->context, x->seen);
  bai_free(x->context, x->closed);
}

/* ---- asking the index ---- */

/* The least number of shared hashes whose share of n is above the threshold; more than n when there is none. */
static int64_t enough_of(double threshold, int64_t n) {
  int64_t least = (int64_t)(threshold * (double)n);
  while (least > 0 && (double)(least - 1) / (double)n > threshold) least--;
  while (least <= n && !((double)least / (double)n > threshold)) least++;
  return least;
}

/* Whether rows a and b share at least `enough` hashes. */
static int32_t shares(const lookup *x, int64_t a, int64_t b, int64_t enough) {
  int64_t i = x->row_starts[a], j = x->row_starts[b];
  const int64_t m = x->row_starts[a + 1], n = x->row_starts[b + 1];
  while (enough > 0 && m - i >= enough && n - j >= enough) {
    const int64_t left = x->ranks[i], right = x->ranks[j];
    enough -= left == right;
    i += left <= right;
    j += right <= left;
  }
  return enough <= 0;
}

/* What is done with the rows that may hold `row`. */
typedef struct finder {
  int64_t *parent;           /* grouping: of each row, towards the root of its group */
  const ba_dataset *dataset; /* leaks: stop once a row of each other part was found */
  uint8_t *found;            /* leaks: of each row, a bit a part */
  uint8_t present;           /* leaks: the parts that have rows */
} finder;

static int64_t root_of(int64_t *parent, int64_t row) {
  while (parent[row] != row) row = parent[row] = parent[parent[row]];
  return row;
}

/* The smaller root stays, so a root is the first row of its group. */
static void join(int64_t *parent, int64_t a, int64_t b) {
  const int64_t x = root_of(parent, a), y = root_of(parent, b);
  if (x < y)
    parent[y] = x;
  else
    parent[x] = y;
}

static int32_t is_known(const finder *f, int64_t row, int64_t other) {
  if (f->parent) return root_of(f->parent, row) == root_of(f->parent, other);
  return bai_dataset_part(f->dataset, row) == bai_dataset_part(f->dataset, other) ||
         (f->found[row] >> bai_dataset_part(f->dataset, other) & 1);
}

static int32_t is_done(const finder *f, int64_t row) {
  return f->found && ((f->found[row] | 1 << bai_dataset_part(f->dataset, row)) & f->present) == f->present;
}

/* Looks at the rows behind one hash that `row` has. */
static ba_status look_behind(lookup *x, const finder *f, int64_t row, int64_t hash, int64_t enough) {
  const int64_t *rows_of = x->rows_of.data, n = x->row_starts[row + 1] - x->row_starts[row];
  int32_t all_known = 1;
  ba_status status = BA_OK;
  for (int64_t i = x->hash_starts[hash]; !status && i < x->hash_starts[hash + 1] && !is_done(f, row); i++) {
    const int64_t other = rows_of[i];
    status = count_work(x, 4);
    if (status || other == row || is_known(f, row, other)) continue;
    if (x->seen[other] != row + 1) {
      x->seen[other] = row + 1;
      status = count_work(x, n + x->row_starts[other + 1] - x->row_starts[other]);
      if (!status && shares(x, row, other, enough)) {
        if (f->parent)
          join(f->parent, row, other);
        else
          f->found[row] |= (uint8_t)(1 << bai_dataset_part(f->dataset, other));
        continue;
      }
    }
    all_known = 0;
  }
  x->closed[hash] = f->parent && all_known;
  return status;
}

static ba_status look_from(lookup *x, const finder *f, int64_t row) {
  const int64_t start = x->row_starts[row], n = x->row_starts[row + 1] - start;
  const int64_t enough = n ? enough_of(x->threshold, n) : 1;
  ba_status status = count_work(x, 16);
  /* All but enough - 1 of the hashes: a row that has none of these cannot have enough. */
  for (int64_t r = start; !status && r <= start + n - enough; r++)
    if (!x->closed[x->ranks[r]] && !is_done(f, row)) status = look_behind(x, f, row, x->ranks[r], enough);
  return status;
}

static ba_status check_letters(ba_context *context, const ba_dataset *dataset) {
  if (dataset->tables.count == 0 && !bai_dataset_is_sparse(dataset)) return BA_OK;
  return bai_fail(
      context, BA_ERR_UNSUPPORTED,
      "similarity is one of sequences, and the dataset holds rows of a table; expected by=group, by=time or "
      "by=stratified");
}

ba_status bai_similar_groups(ba_context *context, const ba_dataset *dataset, const bai_similar_options *options,
                             int32_t part, int32_t *group_of, int64_t *groups) {
  lookup x = {.context = context, .dataset = dataset};
  finder f = {NULL, NULL, NULL, 0};
  const int64_t rows = dataset->rows;
  ba_status status = check_letters(context, dataset);
  if (!status) status = make_index(&x, options, part);
  if (!status) status = bai_alloc(context, rows + 1, 8, &f.parent);
  if (!status) {
    for (int64_t row = 0; row < rows; row++) f.parent[row] = row;
    /* A twin of another part joins through its own group's first row all the same; that row is not counted below. */
    for (int64_t row = 0; row < rows; row++) join(f.parent, row, x.twin[row]);
  }
  for (int64_t row = 0; !status && row < rows; row++) status = look_from(&x, &f, row);
  if (!status) {
    int64_t *number = x.seen, count = 0; /* of each root, from 1 */
    memset(number, 0, (size_t)rows * 8);
    for (int64_t row = 0; row < rows; row++) {
      group_of[row] = -1;
      if (part != BA_PART_ALL && bai_dataset_part(dataset, row) != part) continue;
      const int64_t root = root_of(f.parent, row);
      if (!number[root]) number[root] = ++count;
      group_of[row] = (int32_t)(number[root] - 1);
    }
    *groups = count;
  }
  bai_free(context, f.parent);
  free_index(&x);
  return status;
}

/* The parts that have a row with the same letters, gathered at the first of them. */
static void find_duplicates(const lookup *x, const finder *f, uint8_t *same, int64_t duplicates[9]) {
  for (int64_t row = 0; row < x->dataset->rows; row++)
    same[x->twin[row]] |= (uint8_t)(1 << bai_dataset_part(f->dataset, row));
  for (int64_t row = 0; row < x->dataset->rows; row++)
    for (int32_t part = 0; part < 3; part++) {
      if (part == bai_dataset_part(f->dataset, row) || !(same[x->twin[row]] >> part & 1)) continue;
      duplicates[3 * bai_dataset_part(f->dataset, row) + part]++;
      f->found[row] |= (uint8_t)(1 << part);
    }
}

ba_status bai_similar_leaks(ba_context *context, const ba_dataset *dataset, const bai_similar_options *options,
                            int64_t similar[9], int64_t duplicates[9], uint8_t *found) {
  lookup x = {.context = context, .dataset = dataset};
  finder f = {NULL, dataset, found, 0};
  uint8_t *same = NULL;
  memset(similar, 0, 9 * sizeof *similar);
  memset(duplicates, 0, 9 * sizeof *duplicates);
  ba_status status = check_letters(context, dataset);
  if (!status) status = make_index(&x, options, BA_PART_ALL);
  if (!status) status = bai_alloc_zero(context, dataset->rows + 1, 1, &same);
  for (int64_t row = 0; row < dataset->rows; row++) f.present |= (uint8_t)(1 << bai_dataset_part(dataset, row));
  if (!status) find_duplicates(&x, &f, same, duplicates);
  for (int64_t row = 0; !status && row < dataset->rows; row++) {
    status = look_from(&x, &f, row);
    for (int32_t part = 0; part < 3; part++)
      similar[3 * bai_dataset_part(dataset, row) + part] += f.found[row] >> part & 1;
  }
  bai_free(context, same);
  free_index(&x);
  return status;
}
