/* SPDX-License-Identifier: MIT
 *
 * describe.c: `ba describe`, a first look at a table, from the library's own description of it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { STRONGEST = 10 };

static const cli_spec spec = {
    "describe",
    "[OPTIONS] T.csv",
    "Says what the columns of a table hold. Of numbers: how many there are and are missing, mean, standard deviation,\n"
    "smallest, quartiles, largest, and a histogram of ten equal bins; of texts: how many are distinct and the most\n"
    "frequent. Then the pairs of columns that are most correlated. --json gives all of it, with all correlations.\n"
    "The table is CSV, TSV or JSON lines, plain or gzip.",
    "  ba describe prices.csv.gz\n"
    "  ba describe --json readings.jsonl | jq '.columns[0].mean'\n",
    1,
    1,
};

typedef struct described {
  ba_context *context;
  const ba_table *table;
} described;

static ba_status describe(const void *object, char *buffer, int64_t capacity, int64_t *length) {
  const described *d = object;
  return ba_table_describe(d->context, d->table, buffer, capacity, length);
}

static double number_of(const cJSON *column, const char *name) {
  const cJSON *value = cJSON_GetObjectItemCaseSensitive(column, name);
  return cJSON_IsNumber(value) ? value->valuedouble : NAN;
}

static void print_number(double value) {
  if (isnan(value))
    printf(" %10s", "-");
  else
    printf(" %10.4g", value);
}

/* Bars of eight heights. */
static void print_histogram(const cJSON *counts) {
  static const char *const bars[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const cJSON *count = NULL;
  double most = 0.0;
  cJSON_ArrayForEach(count, counts) most = fmax(most, count->valuedouble);
  fputs("  ", stdout);
  cJSON_ArrayForEach(count, counts) fputs(bars[(int)ceil(8.0 * count->valuedouble / most)], stdout);
}

static void print_column(const cJSON *column, int width) {
  static const char *const shown[] = {"mean", "sd", "min", "q25", "median", "q75", "max"};
  const cJSON *name = cJSON_GetObjectItemCaseSensitive(column, "name");
  const cJSON *top = cJSON_GetObjectItemCaseSensitive(column, "top"), *item = NULL;
  printf("%-*s %9.0f %8.0f", width, name->valuestring, number_of(column, "count"), number_of(column, "missing"));
  if (top == NULL) {
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) print_number(number_of(column, shown[i]));
    print_histogram(cJSON_GetObjectItemCaseSensitive(column, "histogram"));
    putchar('\n');
    return;
  }
  printf("   %.0f texts:", number_of(column, "distinct"));
  cJSON_ArrayForEach(item, top) {
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(item, "text");
    printf(" %.30s (%.0f)", text->valuestring, number_of(item, "count"));
  }
  putchar('\n');
}

typedef struct pair {
  int a, b;
  double r;
} pair;

static int stronger_first(const void *a, const void *b) {
  const double x = fabs(((const pair *)a)->r), y = fabs(((const pair *)b)->r);
  return (x < y) - (x > y);
}

static void print_correlations(const cJSON *all) {
  const cJSON *names = cJSON_GetObjectItemCaseSensitive(all, "correlated");
  const cJSON *rows = cJSON_GetObjectItemCaseSensitive(all, "correlation");
  const int n = cJSON_GetArraySize(names);
  pair *pairs = cli_allocate(sizeof *pairs * (size_t)(n * n + 1));
  int count = 0;
  for (int a = 0; a < n; a++) {
    for (int b = a + 1; b < n; b++) {
      const cJSON *r = cJSON_GetArrayItem(cJSON_GetArrayItem(rows, a), b);
      if (cJSON_IsNumber(r)) pairs[count++] = (pair){a, b, r->valuedouble};
    }
  }
  qsort(pairs, (size_t)count, sizeof *pairs, stronger_first);
  if (count > 0) puts("\ncorrelation");
  for (int i = 0; i < count && i < STRONGEST; i++)
    printf("%7.3f  %s, %s\n", pairs[i].r, cJSON_GetArrayItem(names, pairs[i].a)->valuestring,
           cJSON_GetArrayItem(names, pairs[i].b)->valuestring);
  free(pairs);
}

static void print_all(const cJSON *all) {
  const cJSON *columns = cJSON_GetObjectItemCaseSensitive(all, "columns"), *column = NULL;
  int width = 6;
  cJSON_ArrayForEach(column, columns) {
    const int n = (int)strlen(cJSON_GetObjectItemCaseSensitive(column, "name")->valuestring);
    if (n > width) width = n;
  }
  printf("%.0f rows\n\n%-*s %9s %8s %10s %10s %10s %10s %10s %10s %10s\n", number_of(all, "rows"), width, "column",
         "count", "missing", "mean", "sd", "min", "q25", "median", "q75", "max");
  cJSON_ArrayForEach(column, columns) print_column(column, width);
  print_correlations(all);
}

int cli_describe(int argc, char **argv) {
  cli c = {0};
  ba_table *table = NULL;
  char *text = NULL;
  const cli_option options[] = {{NULL, CLI_FLAG, NULL, NULL, NULL}};
  int code = cli_start(&c, &spec, options, argc, argv);
  if (code != CLI_GO) return code;
  code = cli_table_read(&c, c.files.items[0], &table);
  if (code == CLI_DONE) {
    const described d = {c.context, table};
    const ba_status status = cli_text(describe, &d, &text);
    if (status != BA_OK) code = cli_fail_in(&c, status, c.files.items[0]);
  }
  cJSON *all = code == CLI_DONE ? cJSON_Parse(text) : NULL;
  if (code == CLI_DONE && all == NULL)
    code = cli_error(&c, CLI_INTERNAL, "%s: the library's description is not JSON", c.files.items[0]);
  else if (code == CLI_DONE && c.json)
    fputs(text, stdout);
  else if (code == CLI_DONE)
    print_all(all);
  cJSON_Delete(all);
  free(text);
  ba_table_release(table);
  return cli_end(&c, code);
}
