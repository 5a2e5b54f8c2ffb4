/* SPDX-License-Identifier: MIT
 *
 * metrics.c: what predictions are worth: weighted as scikit-learn weighs them, and the same bits on every machine.
 */
#include "train/metrics.h"

#include <math.h>
#include <string.h>

#define ECE_BINS 15
#define ROC_POINTS 101
#define CANCEL_ROWS 4096 /* how many rows between two looks at the cancel flag */
#define LOG_ROWS 256     /* logarithms are taken so many at a time */
/* A probability counts as at least this far from 0 and 1 in the log loss: 2^-52, as in scikit-learn since 1.2. */
#define LOG_LOSS_EPSILON 0x1p-52

enum { VALUE_N, VALUE_ACCURACY, VALUE_MCC, VALUE_AUROC, VALUE_AUPRC, VALUE_LOG_LOSS, VALUE_BRIER, VALUE_ECE, VALUES };
static const char *const value_names[VALUES] = {"n", "accuracy", "mcc", "auroc", "auprc", "log_loss", "brier", "ece"};

typedef struct bin {
  double weight, confidence, correct;
} bin;

struct ba_metrics {
  ba_context *context;
  int32_t classes;
  double values[VALUES], low[VALUES], high[VALUES];
  double *confusion; /* actual x predicted */
  /* Points of curves: the true positive rate at each percent of the false positive rate, the mean over the classes; and
   * the bins that ece is made of. */
  double roc[ROC_POINTS];
  bin bins[ECE_BINS];
};

typedef bai_predictions input;

static double weight_of(const input *in, int64_t row) {
  return in->weights ? in->weights[row] : 1.0;
}

static ba_status check_row(ba_context *context, const input *in, int64_t row) {
  const double *p = in->probabilities + row * in->classes;
  if (in->labels[row] < 0 || in->labels[row] >= in->classes)
    return bai_fail_at(context, BA_ERR_ARGUMENT, row + 1, -1, "the label is %ld: expected a class from 0 to %ld",
                       (long)in->labels[row], (long)in->classes - 1);
  for (int32_t c = 0; c < in->classes; c++)
    if (!(p[c] >= 0.0 && p[c] <= 1.0)) /* NaN is neither */
      return bai_fail_at(context, BA_ERR_ARGUMENT, row + 1, -1,
                         "the probability of class %ld is %g: expected a number from 0 to 1", (long)c, p[c]);
  if (!(weight_of(in, row) >= 0.0 && weight_of(in, row) - weight_of(in, row) == 0.0))
    return bai_fail_at(context, BA_ERR_ARGUMENT, row + 1, -1, "the weight is %g: expected a finite number from 0 up",
                       weight_of(in, row));
  return BA_OK;
}

static ba_status check_numbers(ba_context *context, const input *in) {
  for (int64_t row = 0; row < in->n; row++)
    if (!(in->probabilities[row] - in->probabilities[row] == 0.0))
      return bai_fail_at(context, BA_ERR_ARGUMENT, row + 1, -1, "the prediction is %g: expected a finite number",
                         in->probabilities[row]);
  return BA_OK;
}

static ba_status check(ba_context *context, const input *in) {
  if (in->targets) return check_numbers(context, in);
  if (in->classes < 2)
    return bai_fail(context, BA_ERR_ARGUMENT, "metrics: %ld class(es) given, expected 2 or more", (long)in->classes);
  if (in->n < 0)
    return bai_fail(context, BA_ERR_ARGUMENT, "metrics: %lld rows given, expected 0 or more", (long long)in->n);
  if (in->n > 0 && (!in->labels || !in->probabilities))
    return bai_fail(context, BA_ERR_ARGUMENT, "metrics: expected labels and probabilities");
  ba_status status = BA_OK;
  for (int64_t row = 0; !status && row < in->n; row++) {
    status = check_row(context, in, row);
    if (!status && row % CANCEL_ROWS == 0) status = bai_check_cancel(context);
  }
  return status;
}

/* The class with the largest probability; the first of equals. */
static int32_t predicted_class(const input *in, int64_t row) {
  const double *p = in->probabilities + row * in->classes;
  int32_t best = 0;
  for (int32_t c = 1; c < in->classes; c++)
    if (p[c] > p[best]) best = c;
  return best;
}

/* ---- from the confusion matrix ---- */

/* Gorodkin's R_K, "Comparing two K-category assignments by a K-category correlation coefficient", Computational
 * Biology and Chemistry 28 (2004); 0 when all rows are of one class or all are predicted as one. */
static double mcc_of(const ba_metrics *m) {
  double total = 0.0, correct = 0.0, actual_predicted = 0.0, actual_actual = 0.0, predicted_predicted = 0.0;
  for (int32_t k = 0; k < m->classes; k++) {
    double actual = 0.0, predicted = 0.0;
    for (int32_t j = 0; j < m->classes; j++) {
      actual += m->confusion[(int64_t)k * m->classes + j];
      predicted += m->confusion[(int64_t)j * m->classes + k];
    }
    total += predicted;
    correct += m->confusion[(int64_t)k * m->classes + k];
    actual_predicted += actual * predicted;
    actual_actual += actual * actual;
    predicted_predicted += predicted * predicted;
  }
  const double spread = (total * total - predicted_predicted) * (total * total - actual_actual);
  return spread == 0.0 ? 0.0 : (correct * total - actual_predicted) / sqrt(spread);
}

/* ---- sums over the rows ---- */

static double brier_of(const input *in, int64_t row) {
  const double *p = in->probabilities + row * in->classes;
  double sum = 0.0;
  for (int32_t c = in->classes == 2 ? 1 : 0; c < in->classes; c++) {
    const double error = p[c] - (in->labels[row] == c ? 1.0 : 0.0);
    sum += error * error;
  }
  return sum;
}

/* Bin b holds confidences of at least b / 15 and below (b + 1) / 15; the last one holds 1 too. */
static void add_to_bin(bin *bins, double confidence, double weight, int32_t correct) {
  int32_t b = (int32_t)(confidence * ECE_BINS);
  if (b >= ECE_BINS) b = ECE_BINS - 1;
  bins[b].weight += weight;
  bins[b].confidence += weight * confidence;
  if (correct) bins[b].correct += weight;
}

static double ece_of(const bin *bins, double total) {
  double sum = 0.0;
  for (int32_t b = 0; b < ECE_BINS; b++) {
    const double gap = bins[b].correct - bins[b].confidence;
    sum += gap < 0.0 ? -gap : gap;
  }
  return sum / total;
}

static ba_status sum_rows(ba_metrics *m, const input *in, double *total) {
  const bai_kernels *kernels = bai_kernels_of(m->context);
  bin *bins = m->bins;
  double logs[LOG_ROWS], weight = 0.0, correct = 0.0, brier = 0.0, loss = 0.0;
  for (int64_t from = 0; from < in->n; from += LOG_ROWS) {
    const int64_t count = in->n - from < LOG_ROWS ? in->n - from : LOG_ROWS;
    for (int64_t i = 0; i < count; i++) {
      const int64_t row = from + i;
      const double *p = in->probabilities + row * in->classes, w = weight_of(in, row);
      const int32_t label = in->labels[row], predicted = predicted_class(in, row);
      const double own = p[label] < LOG_LOSS_EPSILON ? LOG_LOSS_EPSILON : p[label];
      logs[i] = own > 1.0 - LOG_LOSS_EPSILON ? 1.0 - LOG_LOSS_EPSILON : own;
      m->confusion[(int64_t)label * in->classes + predicted] += w;
      weight += w;
      if (label == predicted) correct += w;
      brier += w * brier_of(in, row);
      add_to_bin(bins, p[predicted], w, label == predicted);
    }
    kernels->log_f64(logs, logs, count);
    for (int64_t i = 0; i < count; i++) loss -= weight_of(in, from + i) * logs[i];
    const ba_status status = bai_check_cancel(m->context);
    if (status) return status;
  }
  *total = weight;
  m->values[VALUE_ACCURACY] = correct / weight;
  m->values[VALUE_LOG_LOSS] = loss / weight;
  m->values[VALUE_BRIER] = brier / weight;
  m->values[VALUE_ECE] = ece_of(bins, weight);
  return BA_OK;
}

/* ---- curves: one class against the rest ---- */

/* Rows by falling probability of the class. Adding 0.0 makes one zero of the two. */
static void rank_rows(const input *in, int32_t class, bai_keyed *rows) {
  for (int64_t i = 0; i < in->n; i++)
    rows[i] = (bai_keyed){.key = ~bai_order_of_f64(in->probabilities[i * in->classes + class] + 0.0), .index = i};
  bai_sort_keyed(rows, in->n);
}

/* Area under the ROC curve by trapezoids, and average precision; rows of equal probability make one step of a curve.
 * NaN for both when the class or the rest has no weight. */
static void areas_of(const input *in, int32_t class, const bai_keyed *rows, double *auroc, double *auprc) {
  double positive = 0.0, negative = 0.0, area = 0.0, precision = 0.0;
  for (int64_t i = 0; i < in->n;) {
    double more_positive = 0.0, more_negative = 0.0;
    const uint64_t key = rows[i].key;
    for (; i < in->n && rows[i].key == key; i++) {
      const double w = weight_of(in, rows[i].index);
      if (in->labels[rows[i].index] == class)
        more_positive += w;
      else
        more_negative += w;
    }
    area += more_negative * (positive + more_positive / 2.0);
    positive += more_positive;
    negative += more_negative;
    if (more_positive > 0.0) precision += more_positive * (positive / (positive + negative));
  }
  *auroc = positive > 0.0 && negative > 0.0 ? area / positive / negative : bai_not_a_number();
  *auprc = positive > 0.0 && negative > 0.0 ? precision / positive : bai_not_a_number();
}

/* Adds `share` of the curve through the rows; both totals are above 0. Where it rises straight up its upper end counts.
 */
static void add_roc(const input *in, int32_t class, const bai_keyed *rows, double share, double *roc) {
  double positive = 0.0, negative = 0.0, all_positive = 0.0, all_negative = 0.0;
  int32_t point = 0;
  for (int64_t i = 0; i < in->n; i++) *(in->labels[i] == class ? &all_positive : &all_negative) += weight_of(in, i);
  for (int64_t i = 0; i < in->n;) {
    const double left = negative, low = positive;
    const uint64_t key = rows[i].key;
    for (; i < in->n && rows[i].key == key; i++)
      *(in->labels[rows[i].index] == class ? &positive : &negative) += weight_of(in, rows[i].index);
    for (; point < ROC_POINTS - 1; point++) {
      const double x = all_negative * point / (ROC_POINTS - 1);
      if (!(x < negative)) break;
      roc[point] += share * (low + (positive - low) * ((x - left) / (negative - left))) / all_positive;
    }
  }
  for (; point < ROC_POINTS; point++) roc[point] += share;
}

/* For two classes of the second; else the mean over the classes, NaN if one of them is. */
static ba_status add_areas(ba_metrics *m, const input *in) {
  bai_keyed *rows;
  ba_status status = bai_alloc(m->context, in->n, sizeof *rows, &rows);
  if (status) return status;
  const int32_t first = in->classes == 2 ? 1 : 0;
  double auroc_sum = 0.0, auprc_sum = 0.0;
  for (int32_t c = first; !status && c < in->classes; c++) {
    double auroc, auprc;
    rank_rows(in, c, rows);
    areas_of(in, c, rows, &auroc, &auprc);
    if (auroc - auroc == 0.0) add_roc(in, c, rows, 1.0 / (in->classes - first), m->roc);
    auroc_sum += auroc;
    auprc_sum += auprc;
    status = bai_check_cancel(m->context);
  }
  m->values[VALUE_AUROC] = auroc_sum / (in->classes - first);
  m->values[VALUE_AUPRC] = auprc_sum / (in->classes - first);
  bai_free(m->context, rows);
  return status;
}

/* ---- calls ---- */

static ba_status fill(ba_metrics *m, const input *in) {
  if (in->targets) return bai_measure_numbers(m->context, in, m->values);
  double total = 0.0;
  ba_status status = in->n > 0 ? sum_rows(m, in, &total) : BA_OK;
  if (!status && total > 0.0) {
    m->values[VALUE_MCC] = mcc_of(m);
    return add_areas(m, in);
  }
  for (int32_t i = 0; i < VALUES; i++) m->values[i] = bai_not_a_number(); /* nothing was weighed */
  return status;
}

/* ---- intervals ---- */

#define BOOTSTRAP_STREAM UINT64_C(0x626f6f74)

/* The value at a share of the way through sorted values, on the straight line between neighbours. */
static double percentile(const double *sorted, int64_t n, double share) {
  const double place = share * (double)(n - 1);
  const int64_t below = (int64_t)place;
  if (below + 1 >= n) return sorted[n - 1];
  return sorted[below] + (place - (double)below) * (sorted[below + 1] - sorted[below]);
}

/* Resamples in which a number is not defined do not count for it. `order` has room for all of them. */
static void take_interval(ba_metrics *m, int32_t value, const double *drawn, int64_t resamples, bai_keyed *order,
                          double *sorted) {
  int64_t n = 0;
  for (int64_t r = 0; r < resamples; r++) {
    const double number = drawn[r * VALUES + value];
    if (number - number == 0.0) order[n++] = (bai_keyed){.key = bai_order_of_f64(number + 0.0), .index = r};
  }
  if (n == 0) return;
  bai_sort_keyed(order, n);
  for (int64_t i = 0; i < n; i++) sorted[i] = drawn[order[i].index * VALUES + value];
  m->low[value] = percentile(sorted, n, 0.025);
  m->high[value] = percentile(sorted, n, 0.975);
}

/* One draw: a row drawn c times has c times its weight. */
static ba_status draw(const ba_metrics *m, const input *in, uint64_t seed, int64_t resample, double *weights,
                      double *values) {
  ba_metrics scratch = {.context = m->context, .classes = m->classes};
  ba_status status = bai_alloc_zero(m->context, m->classes, 8 * (int64_t)m->classes, &scratch.confusion);
  if (status) return status;
  memset(weights, 0, (size_t)in->n * 8);
  for (int64_t i = 0; i < in->n; i++) {
    const uint64_t high = bai_random(seed ^ BOOTSTRAP_STREAM, (uint64_t)resample, (uint64_t)i) >> 32;
    const int64_t row = (int64_t)((high * (uint64_t)in->n) >> 32);
    weights[row] += weight_of(in, row);
  }
  input drawn = *in;
  drawn.weights = weights;
  status = fill(&scratch, &drawn);
  if (!status) memcpy(values, scratch.values, sizeof scratch.values);
  bai_free(m->context, scratch.confusion);
  return status;
}

ba_status bai_metrics_bootstrap(ba_metrics *m, const bai_predictions *in, int64_t resamples, uint64_t seed) {
  double *drawn = NULL, *scratch = NULL;
  bai_keyed *order = NULL;
  const int64_t most = in->n > resamples ? in->n : resamples;
  ba_status status = bai_alloc(m->context, resamples, 8 * VALUES, &drawn);
  if (!status) status = bai_alloc(m->context, most, 8, &scratch);
  if (!status) status = bai_alloc(m->context, resamples, sizeof *order, &order);
  for (int64_t r = 0; !status && r < resamples; r++) {
    status = draw(m, in, seed, r, scratch, drawn + r * VALUES);
    bai_progress(m->context, r + 1, resamples);
  }
  for (int32_t value = VALUE_N + 1; !status && value < VALUES; value++)
    take_interval(m, value, drawn, resamples, order, scratch);
  bai_free(m->context, order);
  bai_free(m->context, scratch);
  bai_free(m->context, drawn);
  return status;
}

ba_status bai_metrics_make(ba_context *context, const bai_predictions *in, ba_metrics **out) {
  ba_metrics *m = NULL;
  *out = NULL;
  ba_status status = check(context, in);
  if (!status) status = bai_alloc_zero(context, 1, sizeof *m, &m);
  if (status) return status;
  m->context = bai_context_retain(context);
  m->classes = in->classes;
  for (int32_t i = 0; i < VALUES; i++) m->low[i] = m->high[i] = bai_not_a_number();
  status = bai_alloc_zero(context, in->classes, 8 * (int64_t)in->classes, &m->confusion);
  if (!status) status = fill(m, in);
  if (status) {
    ba_metrics_destroy(m);
    return status;
  }
  m->values[VALUE_N] = (double)in->n;
  *out = m;
  return BA_OK;
}

ba_status ba_metrics_create(ba_context *context, int32_t classes, int64_t n, const int32_t *labels,
                            const double *probabilities, const double *weights, ba_metrics **out) {
  ba_status status = bai_enter(context);
  if (status) return status;
  if (!out)
    status = bai_fail(context, BA_ERR_ARGUMENT, "metrics: expected a place for the result");
  else
    status = bai_metrics_make(context, &(bai_predictions){classes, n, labels, probabilities, weights, NULL, 0}, out);
  return bai_leave(context, status);
}

int32_t ba_metrics_count(const ba_metrics *metrics) {
  return !metrics ? 0 : metrics->classes ? VALUES : BAI_NUMBERS;
}

const char *ba_metrics_name(const ba_metrics *metrics, int32_t index) {
  if (index < 0 || index >= ba_metrics_count(metrics)) return NULL;
  return metrics->classes ? value_names[index] : bai_number_names[index];
}

static int32_t find_value(const ba_metrics *metrics, const char *name) {
  for (int32_t i = 0; name && i < ba_metrics_count(metrics); i++)
    if (strcmp(name, ba_metrics_name(metrics, i)) == 0) return i;
  return -1;
}

double ba_metrics_value(const ba_metrics *metrics, const char *name) {
  const int32_t i = find_value(metrics, name);
  return i < 0 ? bai_not_a_number() : metrics->values[i];
}

int32_t ba_metrics_interval(const ba_metrics *metrics, const char *name, double *low, double *high) {
  const int32_t i = find_value(metrics, name);
  const double numbers[2] = {i < 0 ? bai_not_a_number() : metrics->low[i],
                             i < 0 ? bai_not_a_number() : metrics->high[i]};
  if (low) *low = numbers[0];
  if (high) *high = numbers[1];
  return numbers[0] - numbers[0] == 0.0;
}

int32_t ba_metrics_curve(const ba_metrics *metrics, const char *name, int32_t index, double *x, double *y) {
  double point[2] = {bai_not_a_number(), bai_not_a_number()};
  if (metrics && metrics->classes && name && strcmp(name, "roc") == 0 && index >= 0 && index < ROC_POINTS &&
      metrics->values[VALUE_AUROC] - metrics->values[VALUE_AUROC] == 0.0) {
    point[0] = (double)index / (ROC_POINTS - 1);
    point[1] = metrics->roc[index];
  }
  if (metrics && name && strcmp(name, "calibration") == 0 && index >= 0 && index < ECE_BINS &&
      metrics->bins[index].weight > 0.0) {
    point[0] = metrics->bins[index].confidence / metrics->bins[index].weight;
    point[1] = metrics->bins[index].correct / metrics->bins[index].weight;
  }
  if (x) *x = point[0];
  if (y) *y = point[1];
  return point[0] - point[0] == 0.0;
}

double ba_metrics_confusion(const ba_metrics *metrics, int32_t actual, int32_t predicted) {
  if (!metrics || actual < 0 || predicted < 0 || actual >= metrics->classes || predicted >= metrics->classes)
    return bai_not_a_number();
  return metrics->confusion[(int64_t)actual * metrics->classes + predicted];
}

void ba_metrics_destroy(ba_metrics *metrics) {
  if (!metrics) return;
  ba_context *context = metrics->context;
  bai_free(context, metrics->confusion);
  bai_free(context, metrics);
  bai_context_release(context);
}
