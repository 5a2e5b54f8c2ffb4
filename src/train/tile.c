/* SPDX-License-Identifier: MIT
 *
 * tile.c: a tile has few enough rows for a near cache, so that they are read from memory once.
 */
#include "train/tile.h"

#define TILE_NUMBERS 65536 /* 512 kB */
#define GROUP_ROWS 64      /* of a sample: rows near each other, so that it costs no more to read than its share */
#define GROUP_SEED UINT64_C(0x73616D706C65)
#define LEAST_ROWS 8
#define MOST_ROWS BAI_SQUARE_ROWS

int32_t bai_tile_suits(const bai_problem *p) {
  return !p->pca && bai_plan_is_numbers(p->plan);
}

ba_status bai_tile_open(const bai_problem *p, bai_tile *tile) {
  const int64_t width = p->plan->width, fit = width ? TILE_NUMBERS / width : MOST_ROWS;
  tile->room = fit < LEAST_ROWS ? LEAST_ROWS : fit > MOST_ROWS ? MOST_ROWS : fit;
  ba_status status = bai_alloc(p->context, tile->room, 8, &tile->ids);
  if (!status) status = bai_alloc(p->context, tile->room, sizeof *tile->rows, &tile->rows);
  if (!status) status = bai_alloc(p->context, tile->room, sizeof *tile->rows, &tile->parts);
  if (!status && p->inputs.columns) status = bai_alloc(p->context, tile->room, 8 * p->inputs.width, &tile->inputs);
  if (!status) status = bai_alloc(p->context, tile->room, sizeof *tile->floats, &tile->floats);
  if (!status) status = bai_alloc(p->context, tile->room, sizeof *tile->floats, &tile->float_parts);
  if (!status) status = bai_alloc(p->context, tile->room, 8 * width, &tile->copies);
  if (!status) status = bai_alloc(p->context, tile->room, 16, &tile->sums);
  if (!status) status = bai_alloc(p->context, tile->room, 8 * (int64_t)p->outputs, &tile->margins);
  return status ? status : bai_alloc(p->context, tile->room, 8 * (int64_t)p->outputs, &tile->chances);
}

void bai_tile_close(ba_context *context, bai_tile *tile) {
  bai_free(context, tile->ids);
  bai_free(context, tile->rows);
  bai_free(context, tile->parts);
  bai_free(context, (void *)tile->floats);
  bai_free(context, (void *)tile->float_parts);
  bai_free(context, tile->inputs);
  bai_free(context, tile->copies);
  bai_free(context, tile->sums);
  bai_free(context, tile->margins);
  bai_free(context, tile->chances);
  *tile = (bai_tile){0};
}

int64_t bai_tile_seek(const bai_problem *p, int64_t row, int64_t end, int64_t *stop) {
  *stop = end;
  if (!p->share) return row;
  for (; row < end; row = *stop) {
    const int64_t group = row / GROUP_ROWS;
    *stop = (group + 1) * GROUP_ROWS < end ? (group + 1) * GROUP_ROWS : end;
    if (bai_random(GROUP_SEED, 0, (uint64_t)group) % (uint64_t)p->share == 0) return row;
  }
  return end;
}

void bai_problem_sample(bai_problem *p, int64_t share) {
  if (p->share) p->weight_total = p->sample_total;
  p->share = 0;
  if (share <= 1) return;
  double some = 0.0;
  p->share = share;
  for (int64_t row = 0, stop; (row = bai_tile_seek(p, row, p->dataset->rows, &stop)) < p->dataset->rows;)
    for (; row < stop; row++) some += p->weights[row];
  p->sample_total = p->weight_total;
  p->weight_total = some;
}

/* Float32 that was copied is finite, and stands as it is. */
static void take_floats(const bai_problem *p, const bai_kernels *kernels, bai_tile *tile, int64_t row) {
  const float *floats = p->inputs.floats + row * p->inputs.width;
  double *copy = tile->copies + tile->count * p->inputs.width;
  if (!tile->narrow) kernels->widen_f32(copy, floats, p->inputs.width);
  tile->floats[tile->count] = floats;
  tile->rows[tile->count] = copy;
  tile->ids[tile->count++] = row;
}

/* 0 also where numbers are so large that their squares are not finite. */
static int32_t are_finite(const bai_kernels *kernels, const double *numbers, int64_t n) {
  const double squares = kernels->dot_f64(numbers, numbers, n);
  return squares - squares == 0.0;
}

ba_status bai_tile_take(const bai_problem *p, const bai_kernels *kernels, bai_pass_lane *lane, int64_t *row,
                        int64_t end, int32_t wide) {
  bai_tile *tile = &lane->tile;
  const int64_t width = p->plan->width;
  tile->count = 0;
  tile->narrow = p->inputs.floats && !wide;
  for (; p->inputs.floats && *row < end && tile->count < tile->room; ++*row)
    if (p->weights[*row] != 0.0) take_floats(p, kernels, tile, *row);
  if (p->inputs.floats) return BA_OK;
  if (p->inputs.columns && end > *row + tile->room) end = *row + tile->room;
  const double *next = bai_input_rows_at(&p->inputs, kernels, *row, end - *row, tile->inputs);
  const int32_t as_they_are = bai_row_reals_plain(p->plan) &&
                              (p->cached || (p->inputs.columns && are_finite(kernels, next, (end - *row) * width)));
  for (; *row < end && tile->count < tile->room; ++*row) {
    const double *inputs = next;
    next += p->inputs.width;
    if (p->weights[*row] == 0.0) continue;
    if (!as_they_are) {
      double *copy = tile->copies + tile->count * width;
      if (!bai_row_reals(kernels, p->plan, inputs, copy)) {
        if (p->piece) return BA_ERR_NUMBER;                                    /* there is no row to look at */
        const ba_status status = bai_problem_features(p, kernels, lane, *row); /* says what is wrong */
        return status ? status : BA_ERR_NUMBER;
      }
      inputs = copy;
    }
    tile->ids[tile->count] = *row;
    tile->rows[tile->count++] = inputs;
  }
  return BA_OK;
}

/* Sums of products of the rows with x, of one block. */
static void dot_block(const bai_kernels *kernels, bai_tile *tile, const double *x, const bai_block *block) {
  if (tile->narrow) {
    for (int64_t r = 0; r < tile->count; r++) tile->float_parts[r] = tile->floats[r] + block->first;
    kernels->dot_floats_f64(tile->sums, tile->float_parts, tile->count, x, block->width);
  } else {
    for (int64_t r = 0; r < tile->count; r++) tile->parts[r] = tile->rows[r] + block->first;
    kernels->dot_rows_f64(tile->sums, tile->parts, tile->count, x, block->width);
  }
}

void bai_tile_margins(const bai_problem *p, const bai_kernels *kernels, bai_tile *tile, const double *x,
                      int32_t offsets) {
  const int64_t width = p->plan->width;
  for (int32_t o = 0; o < p->outputs; o++) {
    double *margins = tile->margins + o * tile->room;
    for (int64_t r = 0; r < tile->count; r++) margins[r] = 0.0;
    for (int32_t b = 0; b < p->plan->block_count; b++) {
      dot_block(kernels, tile, x + o * width + p->plan->blocks[b].first, &p->plan->blocks[b]);
      for (int64_t r = 0; r < tile->count; r++) margins[r] += tile->sums[r];
    }
    for (int64_t r = 0; r < tile->count; r++)
      margins[r] =
          margins[r] + x[p->outputs * width + o] + (offsets ? bai_dataset_offset(p->dataset, tile->ids[r]) : 0.0);
  }
}

/* Two classes, one margin. Which class comes next is not to be foreseen, so nothing branches by it. */
static void slopes_of_two(const bai_problem *p, const bai_kernels *kernels, bai_tile *tile, double *loss) {
  double *losses = tile->sums, *slopes = tile->margins;
  for (int64_t r = 0; r < tile->count; r++) slopes[r] *= 1.0 - 2.0 * p->labels[tile->ids[r]];
  kernels->softplus_f64(losses, slopes, tile->count);
  kernels->sigmoid_f64(slopes, slopes, tile->count);
  for (int64_t r = 0; r < tile->count; r++) {
    const double weight = p->weights[tile->ids[r]];
    *loss += weight * losses[r];
    slopes[r] = weight * (slopes[r] * (1.0 - 2.0 * p->labels[tile->ids[r]]));
  }
}

void bai_tile_slopes(const bai_problem *p, const bai_kernels *kernels, bai_pass_lane *lane, double *loss) {
  bai_tile *tile = &lane->tile;
  if (p->outputs == 1 && p->labels) {
    slopes_of_two(p, kernels, tile, loss);
    return;
  }
  for (int64_t r = 0; r < tile->count; r++) {
    const double weight = p->weights[tile->ids[r]];
    for (int32_t o = 0; o < p->outputs; o++) lane->margins[o] = tile->margins[o * tile->room + r];
    *loss += weight * bai_problem_loss(p, kernels, lane->margins, tile->ids[r]);
    for (int32_t o = 0; o < p->outputs; o++) tile->margins[o * tile->room + r] = weight * lane->margins[o];
  }
}

void bai_tile_chances(const bai_problem *p, const bai_kernels *kernels, bai_pass_lane *lane) {
  bai_tile *tile = &lane->tile;
  if (p->outputs == 1 && p->labels) {
    double *others = tile->sums;
    for (int64_t r = 0; r < tile->count; r++) others[r] = -tile->margins[r];
    kernels->sigmoid_f64(tile->chances, tile->margins, tile->count);
    kernels->sigmoid_f64(others, others, tile->count);
    for (int64_t r = 0; r < tile->count; r++) tile->chances[r] *= others[r];
    return;
  }
  for (int64_t r = 0; r < tile->count; r++) {
    for (int32_t o = 0; o < p->outputs; o++) lane->margins[o] = tile->margins[o * tile->room + r];
    bai_problem_chances(p, kernels, lane, tile->ids[r]);
    for (int32_t o = 0; o < p->outputs; o++) tile->chances[o * tile->room + r] = lane->chances[o];
  }
}

void bai_tile_turn(const bai_problem *p, bai_tile *tile) {
  for (int64_t r = 0; r < tile->count; r++) {
    const double weight = p->weights[tile->ids[r]];
    double *margins = tile->margins + r, sum = 0.0;
    const double *chances = tile->chances + r;
    for (int32_t o = 0; p->outputs > 1 && o < p->outputs; o++) sum += chances[o * tile->room] * margins[o * tile->room];
    for (int32_t o = 0; o < p->outputs; o++) {
      const int64_t at = o * tile->room;
      margins[at] = weight * (chances[at] * (margins[at] - sum));
    }
  }
}

void bai_tile_weigh(const bai_problem *p, bai_tile *tile) {
  for (int64_t r = 0; r < tile->count; r++)
    for (int32_t o = 0; o < p->outputs; o++) {
      const double chance = tile->chances[o * tile->room + r];
      tile->margins[o * tile->room + r] =
          p->weights[tile->ids[r]] * (p->outputs == 1 ? chance : chance * (1.0 - chance));
    }
}

void bai_tile_square(const bai_problem *p, bai_tile *tile) {
  const int64_t width = p->plan->width;
  for (int64_t r = 0; r < tile->count; r++) {
    double *copy = tile->copies + r * width;
    for (int64_t i = 0; i < width; i++) copy[i] = tile->rows[r][i] * tile->rows[r][i];
    tile->rows[r] = copy;
  }
}

void bai_tile_add(const bai_problem *p, const bai_kernels *kernels, const bai_tile *tile, double *gradient) {
  const int64_t width = p->plan->width;
  for (int32_t o = 0; o < p->outputs; o++) {
    const double *factors = tile->margins + o * tile->room;
    if (tile->narrow)
      kernels->axpy_floats_f64(gradient + o * width, factors, tile->floats, tile->count, width);
    else
      kernels->axpy_rows_f64(gradient + o * width, factors, tile->rows, tile->count, width);
    for (int64_t r = 0; r < tile->count; r++) gradient[p->outputs * width + o] += factors[r];
  }
}
