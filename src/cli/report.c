/* SPDX-License-Identifier: MIT
 *
 * report.c: `ba train --report`, what was tried and what came out as one page that loads nothing.
 */
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "heaviest.h"
#include "plot.h"

enum { ROC_POINTS = 101, BINS = 15, FEATURES = 20 };

static void row(FILE *out, const char *name, const char *value) {
  fputs("<tr><td>", out);
  cli_html(out, name);
  fputs("</td><td>", out);
  cli_html(out, value);
  fputs("</td></tr>\n", out);
}

static void row_number(FILE *out, const char *name, double value) {
  char text[40];
  snprintf(text, sizeof text, isfinite(value) ? "%.6g" : "-", value);
  row(out, name, text);
}

static const ba_metrics *metrics_of(const cli_report *r) {
  return r->part != NULL && r->best >= 0 ? r->candidates->items[r->best].metrics : NULL;
}

static void write_summary(FILE *out, const cli_report *r) {
  fputs("<h1>A trained model</h1>\n<p><code>", out);
  cli_html(out, ba_model_recipe(r->model));
  fputs("</code></p>\n<table class=\"left\">\n", out);
  row_number(out, "training rows", (double)r->rows);
  row_number(out, "classes", ba_model_classes(r->model));
  row_number(out, "iterations", (double)r->iterations);
  row_number(out, "passes over the data", (double)r->passes);
  row_number(out, "objective", r->objective);
  row(out, "stopped", r->reason);
  row_number(out, "CPU seconds of the fit", r->cpu_seconds);
  fputs("</table>\n", out);
}

/* Members of an ensemble are trained one after the other: passes start anew with each. */
static int64_t run_length(const cli_point *points, int64_t count) {
  int64_t n = count > 0;
  while (n < count && points[n].pass > points[n - 1].pass) n++;
  return n;
}

static void write_lines(cli_plot *p, const cli_report *r) {
  const size_t room = (size_t)r->point_count * sizeof(double);
  double *x = cli_allocate(room), *objective = cli_allocate(room), *dev = cli_allocate(room);
  const bool alone = run_length(r->points, r->point_count) == r->point_count;
  int32_t member = 0;
  for (int64_t from = 0; from < r->point_count;) {
    const int64_t n = run_length(r->points + from, r->point_count - from);
    int64_t measured = 0;
    for (int64_t i = 0; i < n; i++) {
      x[i] = (double)r->points[from + i].pass;
      objective[i] = r->points[from + i].objective;
      dev[i] = r->points[from + i].dev_loss;
      measured += isfinite(dev[i]) != 0;
    }
    char name[32] = "objective";
    if (!alone) snprintf(name, sizeof name, "member %d", (int)++member);
    if (alone || n > 1) cli_plot_line(p, name, x, objective, n, n < 2);
    if (alone && measured > 0) cli_plot_line(p, "dev loss", x, dev, n, n < 2);
    from += n;
  }
  free(x);
  free(objective);
  free(dev);
}

static void write_learning(FILE *out, const cli_report *r) {
  double range[4] = {INFINITY, -INFINITY, INFINITY, -INFINITY};
  const bool alone = run_length(r->points, r->point_count) == r->point_count;
  for (int64_t i = 0; i < r->point_count; i++) {
    const cli_point *p = &r->points[i];
    range[0] = fmin(range[0], (double)p->pass);
    range[1] = fmax(range[1], (double)p->pass);
    range[2] = fmin(range[2], p->objective); /* fmin passes over NaN */
    range[3] = fmax(range[3], p->objective);
    if (alone) range[2] = fmin(range[2], p->dev_loss);
    if (alone) range[3] = fmax(range[3], p->dev_loss);
  }
  if (!(isfinite(range[2]) && isfinite(range[3]))) return;
  cli_plot p = cli_plot_open(out, "Learning curve", "passes over the data", "loss", range);
  write_lines(&p, r);
  cli_plot_close(&p);
}

static void write_curves(FILE *out, const ba_metrics *metrics) {
  static const double unit[4] = {0.0, 1.0, 0.0, 1.0}, ends[2] = {0.0, 1.0};
  double x[ROC_POINTS], y[ROC_POINTS];
  if (ba_metrics_curve(metrics, "roc", 0, NULL, NULL)) {
    for (int32_t i = 0; i < ROC_POINTS; i++) ba_metrics_curve(metrics, "roc", i, &x[i], &y[i]);
    cli_plot p = cli_plot_open(out, "ROC", "false positive rate", "true positive rate", unit);
    cli_plot_line(&p, NULL, ends, ends, 2, 0);
    cli_plot_line(&p, "model", x, y, ROC_POINTS, 0);
    cli_plot_close(&p);
  }
  int32_t found = 0;
  for (int32_t i = 0; i < BINS; i++) found += ba_metrics_curve(metrics, "calibration", i, &x[found], &y[found]);
  if (found > 0) {
    cli_plot p = cli_plot_open(out, "Calibration", "probability of the predicted class", "share that is right", unit);
    cli_plot_line(&p, NULL, ends, ends, 2, 0);
    cli_plot_line(&p, "model", x, y, found, 1);
    cli_plot_close(&p);
  }
}

static void write_tries(FILE *out, const cli_report *r) {
  const ba_metrics *first = metrics_of(r);
  fprintf(out, "<h2>What was tried</h2>\n<p>Measured on the %s rows, chosen by %s.</p>\n<table><tr><th>recipe</th>",
          r->part, r->choose);
  for (int32_t i = 1; i < ba_metrics_count(first); i++) fprintf(out, "<th>%s</th>", ba_metrics_name(first, i));
  fputs("<th>CPU s</th></tr>\n", out);
  for (int32_t t = 0; t < r->candidates->count; t++) {
    const cli_candidate *item = &r->candidates->items[t];
    fprintf(out, "<tr%s><td><code>", t == r->best ? " class=\"best\"" : "");
    cli_html(out, item->recipe);
    fputs("</code></td>", out);
    for (int32_t i = 1; i < ba_metrics_count(first); i++) {
      const double value = ba_metrics_value(item->metrics, ba_metrics_name(first, i));
      fprintf(out, isfinite(value) ? "<td>%.4f</td>" : "<td>-</td>", value);
    }
    fprintf(out, "<td>%.2f</td></tr>\n", item->cpu_seconds);
  }
  fputs("</table>\n", out);
}

static void write_confusion(FILE *out, const cli_report *r) {
  const int32_t classes = ba_model_classes(r->model);
  if (classes < 2 || classes > 50) return;
  fputs("<h2>Confusion</h2>\n<p>Actual classes down, predicted ones across.</p>\n<table><tr><th></th>", out);
  for (int32_t i = 0; i < classes; i++) {
    fputs("<th>", out);
    cli_html(out, ba_model_class_name(r->model, i));
    fputs("</th>", out);
  }
  fputs("</tr>\n", out);
  for (int32_t i = 0; i < classes; i++) {
    fputs("<tr><td>", out);
    cli_html(out, ba_model_class_name(r->model, i));
    fputs("</td>", out);
    for (int32_t j = 0; j < classes; j++) fprintf(out, "<td>%.6g</td>", ba_metrics_confusion(metrics_of(r), i, j));
    fputs("</tr>\n", out);
  }
  fputs("</table>\n", out);
}

static int write_feature(cli *c, FILE *out, const ba_model *member, const cli_weight *item, double most) {
  char feature[512];
  int64_t length = 0;
  const ba_status status = ba_model_column_name(c->context, member, item->column, feature, sizeof feature, &length);
  const int32_t classes = ba_model_classes(member);
  if (status != BA_OK) return cli_fail(c, status);
  fputs("<tr><td>", out);
  cli_html(out, feature);
  fputs("</td><td>", out);
  if (classes > 0) cli_html(out, ba_model_class_name(member, classes == 2 ? item->weight > 0.0 : item->output));
  fprintf(out,
          "</td><td>%.4g</td><td style=\"text-align:left\"><span class=\"bar%s\" "
          "style=\"width:%.1fem\"></span></td></tr>\n",
          item->weight, item->weight < 0.0 ? " minus" : "", 10.0 * fabs(item->weight) / most);
  return CLI_DONE;
}

static int write_features(cli *c, FILE *out, const cli_report *r) {
  int code = CLI_DONE;
  fputs("<h2>Features that weigh most</h2>\n", out);
  for (int32_t m = 0; code == CLI_DONE && m < ba_model_members(r->model); m++) {
    ba_model *member = NULL;
    double factor = 0.0;
    const ba_status status = ba_model_member(c->context, r->model, m, &member, &factor);
    if (status != BA_OK) return cli_fail(c, status);
    fputs("<p><code>", out);
    cli_html(out, ba_model_recipe(member));
    const bool weighed = ba_model_weights(c->context, member, 0, NULL, NULL) == BA_OK;
    fprintf(out, "</code>%s</p>\n", weighed ? "" : ": a network, which has no weights by feature");
    if (weighed) {
      cli_heaviest h = cli_heaviest_open(FEATURES);
      code = cli_heaviest_weights(c, member, factor, &h);
      fputs("<table><tr><th>feature</th><th>speaks for</th><th>weight</th><th></th></tr>\n", out);
      for (int64_t i = 0; code == CLI_DONE && i < h.count; i++)
        code = write_feature(c, out, member, &h.items[i], fabs(h.items[0].weight));
      fputs("</table>\n", out);
      free(h.items);
    }
    ba_model_release(member);
  }
  return code;
}

int cli_report_write(cli *c, const char *path, const cli_report *r) {
  cli_output output;
  int code = cli_output_open(c, path, &output);
  if (code != CLI_DONE) return code;
  FILE *out = output.file;
  cli_page_open(out, "ba train");
  write_summary(out, r);
  fputs("<div class=\"plots\">\n", out);
  write_learning(out, r);
  if (metrics_of(r) != NULL) write_curves(out, metrics_of(r));
  fputs("</div>\n", out);
  if (metrics_of(r) != NULL) {
    write_tries(out, r);
    write_confusion(out, r);
  } else {
    fputs("<p>Nothing was measured: there were neither dev rows nor folds.</p>\n", out);
  }
  code = write_features(c, out, r);
  fputs("</body></html>\n", out);
  return cli_output_close(c, &output, code);
}
