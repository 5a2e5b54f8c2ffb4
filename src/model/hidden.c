/* SPDX-License-Identifier: MIT
 *
 * hidden.c: hidden layers over columns. Numbers go through them as float32, by weights that lie in panels from when the
 * model is made or loaded; biases, relu and outputs follow as float64. docs/numbers.md has the definition.
 */
#include "model/model.h"

static int64_t panel_count(const bai_member *member) {
  return (member->units + BAI_PANEL - 1) / BAI_PANEL;
}

int64_t bai_hidden_sums(const bai_member *member) {
  return panel_count(member) * BAI_PANEL;
}

/* Sparse rows touch few of their columns, so those weights stay as they are. */
ba_status bai_hidden_open(ba_context *context, bai_member *member) {
  const int64_t width = bai_plan_is_sparse(member->plan) ? 0 : member->plan->real_width;
  const ba_status status =
      bai_alloc_zero(context, (int64_t)member->hidden * member->net.outputs, 8, &member->outputs_of);
  return status || !width ? status : bai_alloc_zero(context, bai_hidden_sums(member) * width, 4, &member->panels);
}

void bai_hidden_prepare(bai_member *member) {
  const int64_t width = member->plan->real_width, outputs = member->net.outputs;
  for (int64_t j = 0; j < member->hidden; j++)
    for (int64_t o = 0; o < outputs; o++) member->outputs_of[o * member->hidden + j] = member->head[j * outputs + o];
  member->narrow = member->panels != NULL;
  for (int64_t u = 0; member->panels && u < member->units; u++) {
    const double *from = member->reals + u * width;
    float *to = member->panels + u / BAI_PANEL * width * BAI_PANEL + u % BAI_PANEL;
    for (int64_t i = 0; i < width; i++) {
      if (from[i] > BAI_MOST_WEIGHT || from[i] < -BAI_MOST_WEIGHT)
        member->narrow = 0;
      else
        to[i * BAI_PANEL] = (float)from[i];
    }
  }
}

/* Numbers or weights that float32 products could not hold: one sum of float64 after the other. */
static void sum_wide(const bai_kernels *kernels, const bai_member *member, const double *reals, double *sums) {
  const int64_t width = member->plan->real_width;
  for (int64_t u = 0; u < member->units; u++) sums[u] = kernels->dot_f64(reals, member->reals + u * width, width);
}

void bai_hidden_row(const bai_kernels *kernels, const bai_member *member, const double *reals, float *room,
                    double *sums) {
  const int64_t width = member->plan->real_width;
  if (!member->narrow || kernels->narrow_f64(room, reals, width))
    sum_wide(kernels, member, reals, sums);
  else
    kernels->dot_panels_f32(sums, room, 0, 1, member->panels, panel_count(member), width);
}

int32_t bai_hidden_rows(const bai_kernels *kernels, const bai_member *member, const float *rows, int64_t stride,
                        int64_t count, double *sums) {
  return kernels->dot_panels_f32(sums, rows, stride, count, member->panels, panel_count(member),
                                 member->plan->real_width);
}

void bai_hidden_head(const bai_kernels *kernels, const bai_member *member, const double *sums, double *scores) {
  const int32_t hidden = member->hidden;
  for (int32_t o = 0; o < member->net.outputs; o++) {
    double score = kernels->relu_dot_f64(sums, member->intercepts, member->outputs_of + (int64_t)o * hidden, hidden);
    if (member->net.skip) score += sums[hidden + o];
    scores[o] = score + member->intercepts[hidden + o];
  }
}
