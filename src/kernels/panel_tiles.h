/* SPDX-License-Identifier: MIT
 *
 * panel_tiles.h: the loop of panels.h for the levels with wide registers: tiles of some rows by some panels stay in
 * registers while a chain of them runs; of one row, four chains go side by side. A level defines, beside what tiles.h
 * wants, tile_fused(a, b, c), a * b + c rounded once with a number for all lanes; PANEL_ROWS, of a tile, and
 * PANEL_SOME, its panels.
 */
#define PANEL_VECTORS (BAI_PANEL / TILE_LANES)
#define PANEL_ROOM (2 * PANEL_ROWS) /* rows whose chains are copied side by side, to stay in the cache */

typedef int32_t panel_bits __attribute__((vector_size(BAI_TILE_BYTES)));

/* The ends of a row's chains. */
BAI_WITH void panel_add(double *sums, const float *ends, const int32_t count) {
  for (int32_t j = 0; j < count; j++) sums[j] += (double)ends[j];
}

BAI_WITH tile_vector panel_load(const float *weights, int64_t panel, int32_t v) {
  return tile_load(weights + v / PANEL_VECTORS * panel + v % PANEL_VECTORS * TILE_LANES);
}

/* One chain of some rows by some vectors; from a panel to the next there are `panel` weights. */
BAI_WITH void panel_tile(double *sums, int64_t ld, const float *row, const float *weights, int64_t panel,
                         int64_t length, const int32_t rows, const int32_t vectors) {
  tile_vector chain[PANEL_ROWS][PANEL_SOME * PANEL_VECTORS];
  float ends[PANEL_ROWS][PANEL_SOME * BAI_PANEL];
#pragma GCC unroll 16
  for (int32_t r = 0; r < rows; r++) {
#pragma GCC unroll 8
    for (int32_t v = 0; v < vectors; v++) chain[r][v] = (tile_vector){0};
  }
  for (int64_t i = 0; i < length; i++, weights += BAI_PANEL) {
    tile_vector right[PANEL_SOME * PANEL_VECTORS];
#pragma GCC unroll 8
    for (int32_t v = 0; v < vectors; v++) right[v] = panel_load(weights, panel, v);
#pragma GCC unroll 16
    for (int32_t r = 0; r < rows; r++) {
#pragma GCC unroll 8
      for (int32_t v = 0; v < vectors; v++) chain[r][v] = tile_fused(row[r * BAI_CHAIN + i], right[v], chain[r][v]);
    }
  }
#pragma GCC unroll 16
  for (int32_t r = 0; r < rows; r++) {
#pragma GCC unroll 8
    for (int32_t v = 0; v < vectors; v++) memcpy(ends[r] + v * TILE_LANES, &chain[r][v], BAI_TILE_BYTES);
  }
  for (int32_t r = 0; r < rows; r++) panel_add(sums + r * ld, ends[r], vectors * TILE_LANES);
}

/* One chain of all rows. */
BAI_WITH void panel_chain(double *sums, int64_t ld, const float *row, int64_t rows, const float *weights, int64_t panel,
                          int64_t length, const int32_t vectors) {
  for (; rows >= PANEL_ROWS; rows -= PANEL_ROWS, row += PANEL_ROWS * BAI_CHAIN, sums += PANEL_ROWS * ld)
    panel_tile(sums, ld, row, weights, panel, length, PANEL_ROWS, vectors);
  for (; rows >= 4; rows -= 4, row += 4 * BAI_CHAIN, sums += 4 * ld)
    panel_tile(sums, ld, row, weights, panel, length, 4, vectors);
  for (; rows > 0; rows--, row += BAI_CHAIN, sums += ld) panel_tile(sums, ld, row, weights, panel, length, 1, vectors);
}

/* One row of some panels: four chains at a time, of which the last may have one number less. */
BAI_WITH void panel_row(double *sums, const float *row, const float *weights, int64_t n, const int32_t vectors) {
  for (int64_t c = 0, chains = bai_chains(n); c < chains; c += 4) {
    tile_vector chain[4][PANEL_SOME * PANEL_VECTORS];
    float ends[4][PANEL_SOME * BAI_PANEL];
    int64_t from[5];
    for (int64_t q = 0; q < 5; q++) from[q] = bai_chain_start(n, chains, c + q);
#pragma GCC unroll 4
    for (int64_t q = 0; q < 4; q++) {
#pragma GCC unroll 8
      for (int32_t v = 0; v < vectors; v++) chain[q][v] = (tile_vector){0};
    }
    for (int64_t i = 0; i < from[4] - from[3]; i++) {
#pragma GCC unroll 4
      for (int64_t q = 0; q < 4; q++) {
        const float *right = weights + (from[q] + i) * BAI_PANEL;
#pragma GCC unroll 8
        for (int32_t v = 0; v < vectors; v++)
          chain[q][v] = tile_fused(row[from[q] + i], panel_load(right, n * BAI_PANEL, v), chain[q][v]);
      }
    }
#pragma GCC unroll 4
    for (int64_t q = 0; q < 4; q++) {
      const float *right = weights + (from[q + 1] - 1) * BAI_PANEL;
#pragma GCC unroll 8
      for (int32_t v = 0; v < vectors; v++) {
        if (from[q + 1] - from[q] > from[4] - from[3])
          chain[q][v] = tile_fused(row[from[q + 1] - 1], panel_load(right, n * BAI_PANEL, v), chain[q][v]);
        memcpy(ends[q] + v * TILE_LANES, &chain[q][v], BAI_TILE_BYTES);
      }
    }
    for (int32_t q = 0; q < 4; q++) panel_add(sums, ends[q], vectors * TILE_LANES);
  }
}

/* A number is neither NaN nor too large when its bits without the sign are no more than those of the largest one. */
BAI_WITH int32_t panel_copy(float *to, const float *row, int64_t n) {
  const float most = BAI_MOST_NUMBER;
  int32_t limit;
  panel_bits beyond = {0};
  int64_t i = 0;
  memcpy(&limit, &most, sizeof limit);
  for (; i + TILE_LANES <= n; i += TILE_LANES) {
    const tile_vector v = tile_load(row + i);
    beyond |= ((panel_bits)v & INT32_MAX) > limit;
    memcpy(to + i, &v, sizeof v);
  }
  int32_t any = 0;
  for (int32_t l = 0; l < TILE_LANES; l++) any |= beyond[l];
  for (; i < n; i++) {
    to[i] = row[i];
    any |= !(fabsf(row[i]) <= most);
  }
  return any != 0;
}

/* All chains of up to PANEL_ROOM rows. */
static int32_t panel_rows(double *sums, const uint8_t *rows, int64_t stride, int64_t row_count, const float *panels,
                          int64_t count, int64_t n) {
  _Alignas(64) float room[PANEL_ROOM * BAI_CHAIN];
  const int64_t ld = count * BAI_PANEL, panel = n * BAI_PANEL;
  int32_t beyond = 0;
  for (int64_t c = 0, chains = bai_chains(n); c < chains; c++) {
    const int64_t from = bai_chain_start(n, chains, c), length = bai_chain_start(n, chains, c + 1) - from;
    const float *weights = panels + from * BAI_PANEL;
    for (int64_t r = 0; r < row_count; r++) {
      const float *row = (const float *)(const void *)(rows + r * stride) + from;
      beyond |= panel_copy(room + r * BAI_CHAIN, row, length);
    }
    int64_t p = 0;
    for (; p + PANEL_SOME <= count; p += PANEL_SOME)
      panel_chain(sums + p * BAI_PANEL, ld, room, row_count, weights + p * panel, panel, length,
                  PANEL_SOME * PANEL_VECTORS);
    for (; p < count; p++)
      panel_chain(sums + p * BAI_PANEL, ld, room, row_count, weights + p * panel, panel, length, PANEL_VECTORS);
  }
  return beyond;
}

static int32_t dot_panels_f32(double *sums, const float *rows, int64_t stride, int64_t row_count, const float *panels,
                              int64_t count, int64_t n) {
  const uint8_t *at = (const uint8_t *)rows;
  const int64_t ld = count * BAI_PANEL;
  int32_t beyond = 0;
  memset(sums, 0, (size_t)(row_count * ld) * sizeof *sums);
  for (int64_t r = 0; row_count > 1 && r < row_count; r += PANEL_ROOM)
    beyond |=
        panel_rows(sums + r * ld, at + r * stride, stride, scalar_smaller(row_count - r, PANEL_ROOM), panels, count, n);
  if (row_count != 1) return beyond;
  int64_t p = 0;
  for (; p + PANEL_SOME <= count; p += PANEL_SOME)
    panel_row(sums + p * BAI_PANEL, rows, panels + p * n * BAI_PANEL, n, PANEL_SOME * PANEL_VECTORS);
  for (; p < count; p++) panel_row(sums + p * BAI_PANEL, rows, panels + p * n * BAI_PANEL, n, PANEL_VECTORS);
  return scalar_beyond_f32(rows, n);
}
