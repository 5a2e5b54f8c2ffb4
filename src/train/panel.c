/* SPDX-License-Identifier: MIT
 *
 * panel.c: an entry is a word: its column in the range, its lane in the sum of its row, its row in the block, and where
 * a block has few different values, which of these it is.
 */
#include "train/panel.h"

#include <string.h>

#include "train/tile.h"

#define COLUMN_BITS 12
#define LANE_BITS 4
#define ROW_BITS 12
#define PLACE_BITS (LANE_BITS + ROW_BITS)
#define MOST_OUTPUTS 16

_Static_assert(BAI_PANEL_COLUMNS == 1 << COLUMN_BITS && BAI_LANES == 1 << LANE_BITS && BAI_BLOCK_ROWS == 1 << ROW_BITS,
               "an entry holds what it says");

struct bai_panel {
  uint32_t *words;
  double *values;                /* one an entry; NULL: the words tell which of the list */
  double list[BAI_PANEL_VALUES]; /* different values */
  int32_t listed;
  int64_t *starts; /* of the ranges, then the end of the last one, and a place more */
};

static int64_t count_ranges(const bai_problem *p) {
  return (p->plan->width + BAI_PANEL_COLUMNS - 1) / BAI_PANEL_COLUMNS;
}

/* ---- making ---- */

int32_t bai_panel_suits(const bai_problem *p) {
  return !p->pca && bai_plan_is_sparse(p->plan) && p->plan->width > BAI_PANEL_COLUMNS && p->outputs <= MOST_OUTPUTS;
}

ba_status bai_panel_open(const bai_problem *p, bai_tile *tile) {
  tile->room = BAI_BLOCK_ROWS;
  ba_status status = bai_alloc(p->context, tile->room, 8, &tile->ids);
  if (!status) status = bai_alloc(p->context, tile->room, 8 * BAI_LANES, &tile->sums);
  if (!status) status = bai_alloc(p->context, tile->room, 8 * (int64_t)p->outputs, &tile->margins);
  return status ? status : bai_alloc(p->context, tile->room, 8 * (int64_t)p->outputs, &tile->chances);
}

/* The place of a value, by its bits, in the list, where it is appended; BAI_PANEL_VALUES when that is full. */
static int32_t find_value(bai_panel *panel, double value) {
  int32_t at = 0;
  while (at < panel->listed && memcmp(&panel->list[at], &value, 8) != 0) at++;
  if (at == panel->listed && at < BAI_PANEL_VALUES) panel->list[panel->listed++] = value;
  return at;
}

/* Entries of the ranges, into starts[range + 2], and of all; fills the list. */
static int64_t count_entries(const bai_problem *p, int64_t block, bai_panel *panel, int32_t *few) {
  int64_t total = 0;
  *few = 1;
  for (int64_t row = block * BAI_BLOCK_ROWS; row < bai_block_end(p->dataset, block); row++) {
    if (p->weights[row] == 0.0) continue;
    const bai_sparse sparse = bai_problem_sparse(p, row);
    for (int64_t i = 0; i < sparse.count; i++) panel->starts[(sparse.columns[i] >> COLUMN_BITS) + 2]++;
    for (int64_t i = 0; *few && i < sparse.count; i++) *few = find_value(panel, sparse.values[i]) < BAI_PANEL_VALUES;
    total += sparse.count;
  }
  return total;
}

/* starts[range + 1] is where a range's next entry goes, and so becomes where the next one starts. */
static void fill(const bai_problem *p, int64_t block, bai_panel *panel) {
  const int64_t first = block * BAI_BLOCK_ROWS;
  for (int64_t row = first; row < bai_block_end(p->dataset, block); row++) {
    if (p->weights[row] == 0.0) continue;
    const bai_sparse sparse = bai_problem_sparse(p, row);
    for (int64_t i = 0; i < sparse.count; i++) {
      const uint32_t column = sparse.columns[i];
      const int64_t to = panel->starts[(column >> COLUMN_BITS) + 1]++;
      const uint32_t place = (uint32_t)((row - first) << LANE_BITS | i % BAI_LANES);
      panel->words[to] = place << COLUMN_BITS | (column & (BAI_PANEL_COLUMNS - 1));
      if (panel->values)
        panel->values[to] = sparse.values[i];
      else
        panel->words[to] |= (uint32_t)find_value(panel, sparse.values[i]) << (PLACE_BITS + COLUMN_BITS);
    }
  }
}

static void free_panel(ba_context *context, bai_panel *panel) {
  bai_free(context, panel->words);
  bai_free(context, panel->values);
  bai_free(context, panel->starts);
  *panel = (bai_panel){0};
}

ba_status bai_panel_make(bai_problem *p, int64_t block) {
  const int64_t blocks = bai_blocks_of(p->dataset), ranges = count_ranges(p);
  ba_status status = p->panels ? BA_OK : bai_alloc_zero(p->context, blocks, sizeof *p->panels, &p->panels);
  if (status || p->panels[block].words) return status;
  bai_panel *panel = &p->panels[block];
  int32_t few;
  status = bai_alloc_zero(p->context, ranges + 2, 8, &panel->starts);
  if (status) return status;
  const int64_t entries = count_entries(p, block, panel, &few);
  const int64_t bytes = entries * (few ? 4 : 12) + 8 * ranges;
  if (!entries || !bai_cache_allows(p->context, p->panel_bytes + bytes, BAI_PANEL_BYTES)) {
    free_panel(p->context, panel);
    return BA_OK;
  }
  if (!few) status = bai_alloc(p->context, entries, 8, &panel->values);
  if (!status) status = bai_alloc(p->context, entries, 4, &panel->words);
  if (status) {
    free_panel(p->context, panel);
    return status;
  }
  for (int64_t range = 0; range < ranges; range++) panel->starts[range + 2] += panel->starts[range + 1];
  fill(p, block, panel);
  p->panel_bytes += bytes;
  return BA_OK;
}

int32_t bai_panel_is_made(const bai_problem *p, int64_t block) {
  return p->panels && p->panels[block].words;
}

void bai_panels_free(bai_problem *p) {
  const int64_t blocks = bai_blocks_of(p->dataset);
  for (int64_t b = 0; p->panels && b < blocks; b++) free_panel(p->context, &p->panels[b]);
  bai_free(p->context, p->panels);
  p->panels = NULL;
}

/* ---- sums ---- */

void bai_panel_take(const bai_problem *p, bai_tile *tile, int64_t block) {
  tile->count = 0;
  for (int64_t row = block * BAI_BLOCK_ROWS; row < bai_block_end(p->dataset, block); row++)
    if (p->weights[row] != 0.0) tile->ids[tile->count++] = row;
}

static void gather(const bai_panel *panel, int64_t range, const double *weights, double *lanes) {
  const uint32_t in_range = BAI_PANEL_COLUMNS - 1, in_block = (1u << PLACE_BITS) - 1;
  const int64_t end = panel->starts[range + 1];
  for (int64_t i = panel->starts[range]; i < end; i++) {
    const uint32_t word = panel->words[i];
    const double value = panel->values ? panel->values[i] : panel->list[word >> (PLACE_BITS + COLUMN_BITS)];
    lanes[word >> COLUMN_BITS & in_block] += weights[word & in_range] * value;
  }
}

int32_t bai_panel_margins(const bai_problem *p, const bai_kernels *kernels, bai_tile *tile, int64_t block,
                          const double *x, int32_t offsets) {
  const bai_panel *panel = &p->panels[block];
  const int64_t width = p->plan->width, ranges = count_ranges(p), first = block * BAI_BLOCK_ROWS;
  double ones[BAI_LANES];
  for (int32_t i = 0; i < BAI_LANES; i++) ones[i] = 1.0;
  for (int32_t o = 0; o < p->outputs; o++) {
    memset(tile->sums, 0, BAI_BLOCK_ROWS * BAI_LANES * 8);
    for (int64_t range = 0; range < ranges; range++) {
      if (bai_is_cancelled(p->context)) return 0;
      gather(panel, range, x + o * width + range * BAI_PANEL_COLUMNS, tile->sums);
    }
    for (int64_t r = 0; r < tile->count; r++) {
      const double *lanes = tile->sums + (tile->ids[r] - first) * BAI_LANES;
      const double offset = offsets ? bai_dataset_offset(p->dataset, tile->ids[r]) : 0.0;
      tile->margins[o * tile->room + r] = kernels->dot_f64(lanes, ones, BAI_LANES) + x[p->outputs * width + o] + offset;
    }
  }
  return 1;
}

static void scatter(const bai_panel *panel, int64_t range, const double *list, int32_t squares, const double *factors,
                    double *to) {
  const uint32_t in_range = BAI_PANEL_COLUMNS - 1, in_block = (1u << ROW_BITS) - 1;
  const int64_t end = panel->starts[range + 1];
  for (int64_t i = panel->starts[range]; i < end; i++) {
    const uint32_t word = panel->words[i];
    double value = list[word >> (PLACE_BITS + COLUMN_BITS)];
    if (panel->values) value = squares ? panel->values[i] * panel->values[i] : panel->values[i];
    to[word & in_range] += factors[word >> (COLUMN_BITS + LANE_BITS) & in_block] * value;
  }
}

int32_t bai_panel_add(const bai_problem *p, const bai_tile *tile, int64_t block, int32_t squares, double *gradient) {
  const bai_panel *panel = &p->panels[block];
  const int64_t width = p->plan->width, ranges = count_ranges(p), first = block * BAI_BLOCK_ROWS;
  double *factors = tile->sums, list[BAI_PANEL_VALUES];
  for (int32_t v = 0; v < BAI_PANEL_VALUES; v++) list[v] = squares ? panel->list[v] * panel->list[v] : panel->list[v];
  for (int32_t o = 0; o < p->outputs; o++) {
    for (int64_t r = 0; r < tile->count; r++) {
      const double factor = tile->margins[o * tile->room + r];
      factors[tile->ids[r] - first] = factor;
      gradient[p->outputs * width + o] += factor;
    }
    for (int64_t range = 0; range < ranges; range++) {
      if (bai_is_cancelled(p->context)) return 0;
      scatter(panel, range, list, squares, factors, gradient + o * width + range * BAI_PANEL_COLUMNS);
    }
  }
  return 1;
}
