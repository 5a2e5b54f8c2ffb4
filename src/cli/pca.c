/* SPDX-License-Identifier: MIT
 *
 * pca.c: `ba pca`, the principal components of sequences or rows: a table of places, and a page with plots.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "plot.h"

enum { LOADINGS = 10 };

typedef struct job {
  cli *c;
  cli_data data;
  const char *recipe, *out, *plot;
  int64_t count;
  ba_dataset *dataset;
  ba_pca *pca;
  double *scores;
  int64_t rows;
} job;

static const cli_spec spec = {
    "pca",
    "[--recipe R] [--n N] (FILE... | --labels T.csv | --table T.csv) [OPTIONS]",
    "Finds the directions in which sequences, or rows of a table, differ most, and writes the place of each along "
    "them:\n"
    "name, group, PC1, PC2 and so on. The group is the file of a sequence, the label of --labels, or the column "
    "--target.\n"
    "On stderr: the share of the variance of each component, and the features that it is made of. --plot writes a "
    "page\n"
    "with the first two components and the shares. Sequences have the frequencies of their words of 4 letters (by\n"
    "default), a table its columns of numbers, standardised.",
    "  ba pca --plot pca.html ecoli.fa bacillus.fa > places.tsv\n"
    "  ba pca --table readings.csv --target machine --n 5 --plot pca.html > places.tsv\n",
    0,
    -1,
};

/* Each file is a group of its own. */
static int add_files(job *j) {
  cli *c = j->c;
  ba_status status = ba_dataset_create(c->context, NULL, &j->dataset);
  if (status != BA_OK) return cli_fail(c, status);
  for (int32_t i = 0; i < c->files.count; i++) {
    char options[300];
    const char *path = c->files.items[i], *slash = strrchr(path, '/');
    const char *name = slash != NULL && slash[1] != '\0' ? slash + 1 : path;
    if (strchr(name, ',') != NULL || strlen(name) > 200)
      return cli_error(c, CLI_USAGE, "%s: expected a name without a comma, as it names the group", path);
    snprintf(options, sizeof options, "class=%s", name);
    cli_progress(c, "reading %s", path);
    status = ba_dataset_add_file(j->dataset, path, options);
    if (status != BA_OK) return cli_fail_in(c, status, path);
  }
  return CLI_DONE;
}

static int load(job *j) {
  j->data.unlabelled = j->data.names = true;
  if (j->c->files.count > 0 && (j->data.labels != NULL || j->data.table != NULL))
    return cli_error(j->c, CLI_USAGE, "give files of sequences, --labels or --table, not two of them");
  if (j->c->files.count > 0) return add_files(j);
  if (j->data.labels == NULL && j->data.table == NULL)
    return cli_error(j->c, CLI_USAGE, "the data are missing: files of sequences, --labels T.csv or --table T.csv");
  const int code = cli_data_check(j->c, &j->data);
  return code == CLI_DONE ? cli_data_load(j->c, &j->data, &j->dataset) : code;
}

static int fit(job *j) {
  char recipe[4300];
  const char *features = j->recipe != NULL       ? j->recipe
                         : j->data.table != NULL ? "Columns(missing=mean) | Standardize()"
                                                 : "Kmer(k=4, value=freq, norm=none)";
  if (strstr(features, "PCA") != NULL)
    snprintf(recipe, sizeof recipe, "%s", features);
  else
    snprintf(recipe, sizeof recipe, "%s | PCA(n=%lld)", features, (long long)j->count);
  cli_progress(j->c, "finding components of %lld rows", (long long)ba_dataset_rows(j->dataset, BA_PART_ALL));
  ba_status status = ba_pca_create(j->c->context, recipe, j->dataset, &j->pca);
  if (status != BA_OK) return cli_fail(j->c, status);
  j->rows = ba_dataset_rows(j->dataset, BA_PART_ALL);
  j->count = ba_pca_count(j->pca);
  j->scores = cli_allocate(sizeof(double) * (size_t)(j->rows * j->count));
  status = ba_pca_project(j->pca, j->dataset, j->scores);
  return status == BA_OK ? CLI_DONE : cli_fail(j->c, status);
}

/* ---- the table ---- */

static int write_row(job *j, FILE *out, int64_t row, const char *name, int64_t length) {
  int32_t label = 0;
  const ba_status status = ba_dataset_row(j->dataset, row, &label, NULL, NULL, NULL);
  if (status != BA_OK) return cli_fail(j->c, status);
  if (length > 0)
    fprintf(out, "%.*s", (int)length, name);
  else
    fprintf(out, "%lld", (long long)row + 1);
  fprintf(out, "\t%s", ba_dataset_class_name(j->dataset, label));
  for (int64_t i = 0; i < j->count; i++) fprintf(out, "\t%.17g", j->scores[row * j->count + i]);
  fputc('\n', out);
  return CLI_DONE;
}

static int write_table(job *j) {
  cli_output output;
  ba_records *records = NULL;
  int code = cli_output_open(j->c, j->out, &output);
  if (code != CLI_DONE) return code;
  fputs("name\tgroup", output.file);
  for (int64_t i = 0; i < j->count; i++) fprintf(output.file, "\tPC%lld", (long long)i + 1);
  fputc('\n', output.file);
  const ba_status status = ba_dataset_records(j->dataset, 0, j->rows, &records);
  if (status != BA_OK) code = cli_fail(j->c, status);
  for (int64_t row = 0; code == CLI_DONE && row < j->rows; row++) {
    int64_t length = 0;
    const char *name = cli_first_word(records, row, &length);
    code = write_row(j, output.file, row, name, length);
  }
  ba_records_release(records);
  return cli_output_close(j->c, &output, code);
}

/* ---- what the components are ---- */

typedef struct loading {
  int64_t column;
  double value;
} loading;

static int heavier_first(const void *a, const void *b) {
  const double x = fabs(((const loading *)a)->value), y = fabs(((const loading *)b)->value);
  return (x < y) - (x > y);
}

static int note_component(job *j, int32_t component) {
  const int64_t width = ba_pca_width(j->pca);
  double *values = cli_allocate(sizeof *values * (size_t)width), share = NAN;
  loading *order = cli_allocate(sizeof *order * (size_t)width);
  ba_status status = ba_pca_loadings(j->pca, component, values);
  const double variance = ba_pca_variance(j->pca, component, &share);
  char line[1024];
  int used =
      snprintf(line, sizeof line, "PC%-3d %5.1f %%  variance %-10.4g", (int)component + 1, 100.0 * share, variance);
  for (int64_t i = 0; i < width; i++) order[i] = (loading){i, values[i]};
  qsort(order, (size_t)width, sizeof *order, heavier_first);
  for (int64_t i = 0; status == BA_OK && i < width && i < LOADINGS && used < 900; i++) {
    char name[64];
    int64_t length;
    status = ba_pca_column_name(j->pca, order[i].column, name, sizeof name, &length);
    used += snprintf(line + used, sizeof line - (size_t)used, "  %s %+.2f", name, order[i].value);
  }
  free(order);
  free(values);
  if (status != BA_OK) return cli_fail(j->c, status);
  cli_note("%s", line);
  return CLI_DONE;
}

/* ---- the page ---- */

static void find_range(const double *values, int64_t n, double *low, double *high) {
  *low = INFINITY;
  *high = -INFINITY;
  for (int64_t i = 0; i < n; i++) {
    *low = fmin(*low, values[i]);
    *high = fmax(*high, values[i]);
  }
}

static int write_scatter(job *j, FILE *out, const double *x, const double *y) {
  double range[4];
  char names[2][40];
  int32_t *labels = cli_allocate(sizeof *labels * (size_t)(j->rows + 1));
  ba_status status = BA_OK;
  for (int64_t i = 0; status == BA_OK && i < j->rows; i++) {
    status = ba_dataset_row(j->dataset, i, &labels[i], NULL, NULL, NULL);
    if (labels[i] >= CLI_PLOT_GROUPS) labels[i] = CLI_PLOT_GROUPS - 1;
  }
  for (int32_t i = 0; i < 2; i++) {
    double share = NAN;
    ba_pca_variance(j->pca, i, &share);
    snprintf(names[i], sizeof names[i], "PC%d (%.1f %%)", (int)i + 1, 100.0 * share);
    find_range(i ? y : x, j->rows, &range[2 * i], &range[2 * i + 1]);
  }
  cli_plot plot = cli_plot_open(out, "First two components", names[0], names[1], range);
  const int32_t classes = ba_dataset_classes(j->dataset);
  for (int32_t g = 0; g < classes && g < CLI_PLOT_GROUPS; g++)
    cli_plot_dots(
        &plot, g == CLI_PLOT_GROUPS - 1 && classes > CLI_PLOT_GROUPS ? "others" : ba_dataset_class_name(j->dataset, g),
        x, y, labels, g, j->rows);
  cli_plot_close(&plot);
  free(labels);
  return status == BA_OK ? CLI_DONE : cli_fail(j->c, status);
}

/* The share of each component, and what they add up to. */
static void write_shares(job *j, FILE *out) {
  double *x = cli_allocate(sizeof *x * (size_t)(3 * j->count)), *each = x + j->count, *sum = each + j->count;
  const double range[4] = {1.0, (double)j->count, 0.0, 1.0};
  double all = 0.0;
  for (int64_t i = 0; i < j->count; i++) {
    x[i] = (double)i + 1.0;
    ba_pca_variance(j->pca, (int32_t)i, &each[i]);
    sum[i] = all += each[i];
  }
  cli_plot plot = cli_plot_open(out, "Share of the variance", "component", "share", range);
  cli_plot_line(&plot, "each", x, each, j->count, 1);
  cli_plot_line(&plot, "together", x, sum, j->count, 1);
  cli_plot_close(&plot);
  free(x);
}

static int write_page(job *j) {
  cli_output output;
  int code = cli_output_open(j->c, j->plot, &output);
  if (code != CLI_DONE) return code;
  double *x = cli_allocate(sizeof *x * (size_t)(2 * j->rows + 1)), *y = x + j->rows;
  for (int64_t i = 0; i < j->rows; i++) {
    x[i] = j->scores[i * j->count];
    y[i] = j->count > 1 ? j->scores[i * j->count + 1] : 0.0;
  }
  cli_page_open(output.file, "ba pca");
  fprintf(output.file, "<h1>Principal components</h1>\n<p>%lld rows</p>\n<div class=\"plots\">\n", (long long)j->rows);
  code = write_scatter(j, output.file, x, y);
  write_shares(j, output.file);
  fputs("</div>\n</body></html>\n", output.file);
  free(x);
  return cli_output_close(j->c, &output, code);
}

static int work(job *j) {
  int code = j->count < 1 || j->count > 4096
                 ? cli_error(j->c, CLI_USAGE, "--n %lld: expected 1 to 4096", (long long)j->count)
                 : load(j);
  if (code == CLI_DONE) code = fit(j);
  for (int32_t i = 0; code == CLI_DONE && i < j->count && i < LOADINGS; i++) code = note_component(j, i);
  if (code == CLI_DONE) code = write_table(j);
  if (code == CLI_DONE && j->plot != NULL) code = write_page(j);
  return code;
}

int cli_pca(int argc, char **argv) {
  cli c = {0};
  job j = {.c = &c, .count = 2};
  const cli_option options[] = {
      {"recipe", CLI_TEXT, &j.recipe, "R", "features, perhaps scaled (Kmer(k=4), or the columns of the table)"},
      {"n", CLI_INTEGER, &j.count, "N", "how many components (2)"},
      {"labels", CLI_TEXT, &j.data.labels, "T.csv", "a table of sequences, with the columns sequence and label"},
      {"columns", CLI_TEXT, &j.data.columns, "LIST", "its columns by name or number: sequence=text,label=2"},
      CLI_TABLE_OPTIONS(j.data),
      {"plot", CLI_TEXT, &j.plot, "p.html", "a page with the first two components and the shares of the variance"},
      {"out", CLI_TEXT, &j.out, "F", "write to a file, which appears when it is complete"},
      {NULL, CLI_FLAG, NULL, NULL, NULL},
  };
  int code = cli_start(&c, &spec, options, argc, argv);
  if (code != CLI_GO) return code;
  code = work(&j);
  ba_pca_destroy(j.pca);
  ba_dataset_destroy(j.dataset);
  cli_list_free(&j.data.ignored);
  free(j.scores);
  return cli_end(&c, code);
}
