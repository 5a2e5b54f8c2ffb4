/* SPDX-License-Identifier: MIT
 *
 * describe.c: a first look at a table: of each column counts, mean, deviation, quantiles and a histogram, or the most
 * frequent texts; and the correlations of the columns of numbers. Sums go by the order of the rows.
 */
#include <math.h>
#include <string.h>

#include "array/array.h"

#define BINS 10
#define TOP 5
#define MOST_CORRELATED 64 /* columns of numbers; of more, the first */

typedef struct describing {
  ba_context *context;
  const ba_table *table;
  bai_vector text;
  ba_status status;
  bai_keyed *order; /* one a row */
  double *sorted;   /* the numbers of a column, rising */
} describing;

#define ADD(d, ...)                                                                      \
  do {                                                                                   \
    if (!(d)->status) (d)->status = bai_text_add((d)->context, &(d)->text, __VA_ARGS__); \
  } while (0)

static void add_quoted(describing *d, const char *text, int64_t n) {
  ADD(d, "\"");
  if (!d->status) d->status = bai_text_add_json(d->context, &d->text, text, n);
  ADD(d, "\"");
}

static void add_number(describing *d, const char *name, double value) {
  ADD(d, ", \"%s\": ", name);
  if (value - value == 0.0)
    ADD(d, "%g", value);
  else
    ADD(d, "null");
}

/* ---- numbers ---- */

static double number_at(const bai_column *column, int64_t row) {
  const double value = bai_array_number(column->array, row, 0);
  const int32_t missing = column->validity && !bai_bit(column->validity, row);
  return missing ? bai_not_a_number() : value;
}

/* Finite numbers of a column, sorted; *infinite counts the others that are there. */
static int64_t sort_numbers(describing *d, const bai_column *column, int64_t *infinite) {
  int64_t n = 0;
  *infinite = 0;
  for (int64_t i = 0; i < d->table->rows; i++) {
    const double value = number_at(column, i);
    if (value != value) continue;
    if (value - value == 0.0)
      d->order[n++] = (bai_keyed){bai_order_of_f64(value + 0.0), i};
    else
      ++*infinite;
  }
  bai_sort_keyed(d->order, n);
  for (int64_t i = 0; i < n; i++) d->sorted[i] = number_at(column, d->order[i].index) + 0.0;
  return n;
}

/* By linear interpolation between the two neighbours: type 7 of Hyndman and Fan 1996. */
static double quantile(const double *sorted, int64_t n, double q) {
  if (n == 0) return bai_not_a_number();
  const double at = q * (double)(n - 1);
  const int64_t low = (int64_t)at;
  if (low + 1 >= n) return sorted[n - 1];
  return sorted[low] + (at - (double)low) * (sorted[low + 1] - sorted[low]);
}

static double mean_of(const double *values, int64_t n) {
  double sum = 0.0;
  for (int64_t i = 0; i < n; i++) sum += values[i];
  return n ? sum / (double)n : bai_not_a_number();
}

/* Over n - 1. */
static double deviation_of(const double *values, int64_t n, double mean) {
  double squares = 0.0;
  for (int64_t i = 0; i < n; i++) squares += (values[i] - mean) * (values[i] - mean);
  return n > 1 ? sqrt(squares / (double)(n - 1)) : bai_not_a_number();
}

static void add_histogram(describing *d, int64_t n) {
  const double low = n ? d->sorted[0] : 0.0, width = n ? (d->sorted[n - 1] - low) / BINS : 0.0;
  int64_t at = 0;
  ADD(d, ", \"histogram\": [");
  for (int32_t b = 0; b < BINS && n && width > 0.0; b++) {
    const int64_t before = at;
    const double end = low + width * (b + 1);
    while (at < n && (b == BINS - 1 || d->sorted[at] < end)) at++;
    ADD(d, b ? ", %lld" : "%lld", (long long)(at - before));
  }
  ADD(d, "]");
}

static void describe_numbers(describing *d, const bai_column *column) {
  static const char *const names[] = {"min", "q05", "q25", "median", "q75", "q95", "max"};
  static const double shares[] = {0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0};
  int64_t infinite;
  const int64_t n = sort_numbers(d, column, &infinite);
  const double mean = mean_of(d->sorted, n);
  ADD(d, "\"type\": \"number\", \"count\": %lld, \"missing\": %lld, \"infinite\": %lld", (long long)n,
      (long long)(d->table->rows - n - infinite), (long long)infinite);
  add_number(d, "mean", mean);
  add_number(d, "sd", deviation_of(d->sorted, n, mean));
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    add_number(d, names[i], quantile(d->sorted, n, shares[i]));
  add_histogram(d, n);
}

/* ---- texts ---- */

static const char *text_at(const describing *d, const bai_column *column, int64_t row, int64_t *length) {
  const int64_t *offsets = column->offsets.data;
  *length = offsets[row + 1] - offsets[row];
  if (column->validity && !bai_bit(column->validity, row)) *length = 0;
  (void)d;
  return column->bytes.data ? (const char *)column->bytes.data + offsets[row] : "";
}

typedef struct frequent {
  int64_t row, count;
} frequent;

/* Keeps the most frequent, the earlier of equals first. */
static void keep(frequent *top, frequent item) {
  int32_t at = TOP;
  while (at > 0 && item.count > top[at - 1].count) at--;
  if (at == TOP) return;
  memmove(top + at + 1, top + at, (size_t)(TOP - 1 - at) * sizeof *top);
  top[at] = item;
}

/* Equal texts are neighbours once their hashes are sorted. */
static int64_t count_texts(describing *d, const bai_column *column, frequent *top, int64_t *distinct) {
  int64_t n = 0;
  *distinct = 0;
  for (int64_t i = 0; i < d->table->rows; i++) {
    int64_t length;
    const char *text = text_at(d, column, i, &length);
    if (length) d->order[n++] = (bai_keyed){bai_hash_bytes(0, (const uint8_t *)text, length), i};
  }
  bai_sort_keyed(d->order, n);
  for (int64_t from = 0, to = 0; from < n; from = to, ++*distinct) {
    while (to < n && d->order[to].key == d->order[from].key) to++;
    keep(top, (frequent){d->order[from].index, to - from});
  }
  return n;
}

static void describe_texts(describing *d, const bai_column *column) {
  frequent top[TOP] = {{0, 0}};
  int64_t distinct;
  const int64_t n = count_texts(d, column, top, &distinct);
  ADD(d, "\"type\": \"text\", \"count\": %lld, \"missing\": %lld, \"distinct\": %lld, \"top\": [", (long long)n,
      (long long)(d->table->rows - n), (long long)distinct);
  for (int32_t i = 0; i < TOP && top[i].count; i++) {
    int64_t length;
    const char *text = text_at(d, column, top[i].row, &length);
    ADD(d, i ? ", {\"text\": " : "{\"text\": ");
    add_quoted(d, text, length);
    ADD(d, ", \"count\": %lld}", (long long)top[i].count);
  }
  ADD(d, "]");
}

/* ---- correlations ---- */

static int32_t is_number(const bai_column *column) {
  return column->array && column->array->ndim == 1;
}

/* Pearson's, over the rows that have both. */
static double correlation(const describing *d, const bai_column *a, const bai_column *b) {
  double sums[2] = {0.0, 0.0}, squares[2] = {0.0, 0.0}, products = 0.0;
  int64_t n = 0;
  for (int32_t pass = 0; pass < 2; pass++) {
    for (int64_t i = 0; i < d->table->rows; i++) {
      const double x = number_at(a, i), y = number_at(b, i);
      if (!(x - x == 0.0) || !(y - y == 0.0)) continue;
      if (pass == 0) {
        sums[0] += x;
        sums[1] += y;
        n++;
        continue;
      }
      const double u = x - sums[0] / (double)n, v = y - sums[1] / (double)n;
      squares[0] += u * u;
      squares[1] += v * v;
      products += u * v;
    }
  }
  const double size = a == b ? squares[0] : sqrt(squares[0]) * sqrt(squares[1]);
  return size > 0.0 ? products / size : bai_not_a_number();
}

static void add_correlations(describing *d) {
  int64_t numbers[MOST_CORRELATED], n = 0;
  for (int64_t i = 0; i < ba_table_columns(d->table) && n < MOST_CORRELATED; i++)
    if (is_number(bai_table_column(d->table, i))) numbers[n++] = i;
  ADD(d, "], \"correlated\": [");
  for (int64_t i = 0; i < n; i++) {
    ADD(d, i ? ", " : "");
    add_quoted(d, ba_table_name(d->table, numbers[i]), bai_length(ba_table_name(d->table, numbers[i])));
  }
  ADD(d, "], \"correlation\": [");
  for (int64_t i = 0; i < n; i++) {
    ADD(d, i ? ",\n[" : "[");
    for (int64_t j = 0; j < n; j++) {
      const double r = correlation(d, bai_table_column(d->table, numbers[i < j ? i : j]),
                                   bai_table_column(d->table, numbers[i < j ? j : i]));
      ADD(d, j ? ", " : "");
      if (r == r)
        ADD(d, "%g", r);
      else
        ADD(d, "null");
    }
    ADD(d, "]");
    if (!d->status) d->status = bai_check_cancel(d->context);
  }
  ADD(d, "]}\n");
}

static ba_status describe(describing *d) {
  d->status = bai_alloc(d->context, d->table->rows, (int64_t)sizeof *d->order, &d->order);
  if (!d->status) d->status = bai_alloc(d->context, d->table->rows, 8, &d->sorted);
  ADD(d, "{\"rows\": %lld, \"columns\": [", (long long)d->table->rows);
  for (int64_t i = 0; i < ba_table_columns(d->table) && !d->status; i++) {
    const bai_column *column = bai_table_column(d->table, i);
    ADD(d, i ? ",\n{\"name\": " : "{\"name\": ");
    add_quoted(d, column->name, bai_length(column->name));
    ADD(d, ", ");
    if (is_number(column))
      describe_numbers(d, column);
    else if (column->array)
      ADD(d, "\"type\": \"rows of numbers\", \"width\": %lld", (long long)column->array->shape[1]);
    else
      describe_texts(d, column);
    ADD(d, "}");
    if (!d->status) d->status = bai_check_cancel(d->context);
  }
  add_correlations(d);
  return d->status;
}

ba_status ba_table_describe(ba_context *context, const ba_table *table, char *buffer, int64_t capacity,
                            int64_t *length) {
  ba_status status = bai_enter(context);
  if (status) return status;
  describing d = {.context = context, .table = table};
  status = table ? describe(&d) : bai_fail(context, BA_ERR_ARGUMENT, "describe: expected a table");
  if (!status) status = bai_give_text(context, d.text.data, d.text.count, buffer, capacity, length);
  bai_vector_free(context, &d.text);
  bai_free(context, d.order);
  bai_free(context, d.sorted);
  return bai_leave(context, status);
}
