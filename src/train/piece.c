/* SPDX-License-Identifier: MIT
 *
 * piece.c: a piece is a head and sections, each from a multiple of 8 on, in the byte order of the machine: uses; labels
 * or targets; weights and offsets where a row has others than usual; then rows of numbers, or starts, ends, divisors,
 * columns and values of entries. Sums over pieces add the same numbers in the same order as those over the dataset.
 */
#include "train/piece.h"

#include <string.h>

#define MARK UINT32_C(0x45434550) /* "PECE"; another number on a machine of another byte order */
#define NARROW_COLUMNS 65536

typedef struct stored {
  int64_t length; /* of all */
  uint32_t mark, crc;
  bai_piece_head head;
  int32_t form, has_weights, has_offsets, unused;
  int64_t entries;
} stored;

static int64_t padded(int64_t bytes) {
  return (bytes + 7) / 8 * 8;
}

static int32_t is_narrow(const bai_plan *plan) {
  return plan->width <= NARROW_COLUMNS;
}

static int32_t by_tiles(int32_t form) {
  return form == BAI_PIECE_NUMBERS || form == BAI_PIECE_FLOATS;
}

static int64_t size_of(int32_t form) {
  static const int64_t sizes[] = {1, 4, 8, 8, 4};
  return sizes[form];
}

/* ---- writing ---- */

/* Rows of a piece on their way. */
typedef struct making {
  bai_problem *problem;
  bai_vector starts, ends, divisors, columns, counts, values;
  uint32_t most; /* count */
} making;

/* Whether values are what counts and the kind of their block say. */
static int32_t counts_will_do(const bai_plan *plan) {
  for (int32_t b = 0; b < plan->block_count; b++)
    if (plan->blocks[b].real || plan->blocks[b].weighted) return 0;
  return 1;
}

static ba_status add_row(making *m, int64_t row) {
  bai_problem *p = m->problem;
  bai_pass_lane *lane = &p->lanes[0];
  const int32_t blocks = p->plan->block_count, used = p->uses[row] == BAI_USE_TRAIN;
  if (used) {
    const ba_status status = bai_problem_features(p, bai_kernels_of(p->context), lane, row);
    if (status) return bai_row_explains(status) ? bai_problem_explain(p, status, row) : status;
  }
  ba_status status = bai_vector_append(p->context, &m->starts, &m->columns.count, 1, 8);
  for (int32_t b = 0; !status && b < blocks; b++) {
    const uint32_t end = used ? (uint32_t)lane->row->ends[b] : 0;
    const double divisor = used ? lane->divisors[b] : 1.0;
    status = bai_vector_append(p->context, &m->ends, &end, 1, 4);
    if (!status) status = bai_vector_append(p->context, &m->divisors, &divisor, 1, 8);
  }
  const int64_t n = used ? lane->view.count : 0;
  if (!status) status = bai_vector_append(p->context, &m->columns, lane->view.columns, n, 4);
  if (status) return status;
  if (!counts_will_do(p->plan)) return bai_vector_append(p->context, &m->values, lane->view.values, n, 8);
  for (int64_t i = 0; i < n; i++) m->most |= lane->row->counts[i];
  return bai_vector_append(p->context, &m->counts, lane->row->counts, n, 4);
}

static void empty(making *m) {
  m->starts.count = m->ends.count = m->divisors.count = m->columns.count = m->counts.count = m->values.count = 0;
  m->most = 0;
}

static void free_making(making *m) {
  bai_vector *all[] = {&m->starts, &m->ends, &m->divisors, &m->columns, &m->counts, &m->values};
  for (int32_t i = 0; i < 6; i++) bai_vector_free(m->problem->context, all[i]);
}

/* A section of `n` items; room for it has been made. */
static void put(bai_vector *out, const void *from, int64_t n, int64_t size) {
  uint8_t *to = (uint8_t *)out->data + out->count;
  const int64_t bytes = n * size;
  if (bytes) memcpy(to, from, (size_t)bytes);
  memset(to + bytes, 0, (size_t)(padded(bytes) - bytes));
  out->count += padded(bytes);
}

static void put_narrow(bai_vector *out, const uint32_t *from, int64_t n, int64_t size) {
  uint8_t *to = (uint8_t *)out->data + out->count;
  memset(to, 0, (size_t)padded(n * size));
  for (int64_t i = 0; i < n && size == 1; i++) to[i] = (uint8_t)from[i];
  for (int64_t i = 0; i < n && size == 2; i++) ((uint16_t *)(void *)to)[i] = (uint16_t)from[i];
  out->count += padded(n * size);
}

/* What all pieces begin with, in their order. */
static void put_rows(const bai_problem *p, const stored *s, int64_t first, bai_vector *out) {
  const int64_t rows = s->head.rows;
  put(out, p->uses + first, rows, 1);
  if (p->labels)
    put(out, p->labels + first, rows, 4);
  else
    put(out, p->targets + first, rows, 8);
  if (s->has_weights) put(out, (const double *)p->dataset->weights.data + first, rows, 8);
  if (s->has_offsets) put(out, (const double *)p->dataset->offsets.data + first, rows, 8);
}

/* The bytes of a piece at most. */
static int64_t room_for(const bai_problem *p, const stored *s) {
  const int64_t rows = s->head.rows, blocks = p->plan->block_count;
  return (int64_t)sizeof *s + rows * (8 + 8 + 8 + 8 + 8 + 12 * blocks) + 12 * s->entries +
         (by_tiles(s->form) ? rows * 8 * p->inputs.width : 0) + 128;
}

static void put_numbers(const bai_problem *p, const stored *s, int64_t first, bai_vector *out) {
  const int64_t n = s->head.rows * p->inputs.width;
  const double *from = p->inputs.numbers + first * p->inputs.width;
  if (s->form == BAI_PIECE_NUMBERS) {
    put(out, from, n, 8);
    return;
  }
  float *to = (float *)(void *)((uint8_t *)out->data + out->count);
  memset(to, 0, (size_t)padded(n * 4));
  for (int64_t i = 0; i < n; i++) to[i] = (float)from[i];
  out->count += padded(n * 4);
}

static void put_entries(const making *m, const stored *s, bai_vector *out) {
  const int64_t rows = s->head.rows, blocks = m->problem->plan->block_count, n = s->entries;
  put(out, m->starts.data, rows + 1, 8);
  put(out, m->ends.data, rows * blocks, 4);
  put(out, m->divisors.data, rows * blocks, 8);
  if (is_narrow(m->problem->plan))
    put_narrow(out, m->columns.data, n, 2);
  else
    put(out, m->columns.data, n, 4);
  if (s->form == BAI_PIECE_COUNTS)
    put_narrow(out, m->counts.data, n, 1);
  else
    put(out, s->form == BAI_PIECE_WIDE ? m->counts.data : m->values.data, n, size_of(s->form));
}

static ba_status put_piece(making *m, stored *s, int64_t first, bai_vector *out) {
  const bai_problem *p = m->problem;
  const int64_t at = out->count;
  s->mark = MARK;
  s->has_weights = p->dataset->weights.count > 0;
  s->has_offsets = p->dataset->offsets.count > 0;
  s->entries = m->columns.count;
  ba_status status = bai_vector_append(p->context, &m->starts, &m->columns.count, 1, 8);
  if (!status) status = bai_vector_reserve(p->context, out, room_for(p, s), 1);
  if (status) return status;
  out->count += (int64_t)sizeof *s;
  put_rows(p, s, first, out);
  if (by_tiles(s->form))
    put_numbers(p, s, first, out);
  else
    put_entries(m, s, out);
  s->length = out->count - at;
  memcpy((uint8_t *)out->data + at, s, sizeof *s);
  s->crc = bai_kernels_of(p->context)->crc32c(0, (const uint8_t *)out->data + at + 16, s->length - 16);
  memcpy((uint8_t *)out->data + at, s, sizeof *s);
  return BA_OK;
}

/* BAI_PIECE_FLOATS where all training rows are that and are used as they are. BA_ERR_NUMBER for one that cannot be. */
static ba_status form_of_numbers(const bai_problem *p, int64_t first, int64_t end, int32_t *form) {
  const int64_t width = p->inputs.width;
  bai_pass_lane *lane = &p->lanes[0];
  int32_t narrow = bai_row_reals_plain(p->plan);
  for (int64_t row = first; row < end; row++) {
    const double *numbers = p->inputs.numbers + row * width;
    if (p->uses[row] != BAI_USE_TRAIN) continue;
    if (!bai_row_reals(bai_kernels_of(p->context), p->plan, numbers, lane->values)) {
      const ba_status status = bai_problem_features(p, bai_kernels_of(p->context), lane, row);
      return bai_problem_explain(p, status ? status : BA_ERR_NUMBER, row);
    }
    for (int64_t i = 0; narrow && i < width; i++) narrow = (double)(float)numbers[i] == numbers[i];
  }
  *form = narrow ? BAI_PIECE_FLOATS : BAI_PIECE_NUMBERS;
  return BA_OK;
}

/* Gathers rows from `first` on, until there are enough for a piece; *end is behind the last. */
static ba_status gather(making *m, int64_t first, int64_t block_end, int32_t *form, int64_t *end) {
  const bai_problem *p = m->problem;
  ba_status status = BA_OK;
  empty(m);
  *end = first;
  if (p->dense) {
    const int64_t most = BAI_PIECE_BYTES / (8 * p->inputs.width + 1) + 1;
    *end = first + most < block_end ? first + most : block_end;
    return form_of_numbers(p, first, *end, form);
  }
  while (!status && *end < block_end && m->columns.count * (is_narrow(p->plan) ? 3 : 5) < BAI_PIECE_BYTES) {
    status = *end % 16 ? BA_OK : bai_check_cancel(p->context);
    if (!status) status = add_row(m, (*end)++);
  }
  *form = !counts_will_do(p->plan) ? BAI_PIECE_VALUES : m->most > UINT8_MAX ? BAI_PIECE_WIDE : BAI_PIECE_COUNTS;
  return status;
}

ba_status bai_pieces_write(bai_problem *p, bai_piece_head head, bai_piece_measure measure, void *argument,
                           bai_vector *out) {
  making m = {.problem = p};
  const int64_t first_of_all = head.first;
  ba_status status = BA_OK;
  for (int64_t row = 0, end; !status && row < p->dataset->rows; row = end) {
    const int64_t block = row / BAI_BLOCK_ROWS, block_end = bai_block_end(p->dataset, block);
    stored s = {.head = head};
    status = gather(&m, row, block_end, &s.form, &end);
    s.head.first = first_of_all + row;
    s.head.rows = (int32_t)(end - row);
    s.head.all = (int32_t)(block_end - block * BAI_BLOCK_ROWS);
    if (!status) status = measure(argument, row, end, &s.head);
    if (!status) status = put_piece(&m, &s, row, out);
  }
  free_making(&m);
  return status;
}

/* ---- reading ---- */

static ba_status damaged(ba_context *context) {
  return bai_fail(context, BA_ERR_CORRUPT, "packed rows: they are damaged; expected the bytes of ba_partial_pack");
}

ba_status bai_piece_length(ba_context *context, const uint8_t *bytes, int64_t n, uint64_t run, int64_t *length) {
  stored s;
  if (n < (int64_t)sizeof s) return damaged(context);
  memcpy(&s, bytes, sizeof s);
  if (s.mark != MARK)
    return bai_fail(context, BA_ERR_FORMAT, "packed rows: expected the bytes of ba_partial_pack, from a machine alike");
  if (s.head.run != run)
    return bai_fail(context, BA_ERR_ARGUMENT, "packed rows: they are of another run; expected those of this request");
  *length = s.length;
  return s.length < (int64_t)sizeof s || s.length % 8 || s.length > n ? damaged(context) : BA_OK;
}

/* The next section; NULL when there are too few bytes. */
static const void *take(const uint8_t **at, int64_t *left, int64_t n, int64_t size) {
  const void *section = *at;
  if (n < 0 || n > *left / size || padded(n * size) > *left) return NULL;
  *at += padded(n * size);
  *left -= padded(n * size);
  return section;
}

static int32_t take_entries(const bai_plan *plan, const stored *s, const uint8_t *at, int64_t left, bai_piece *out) {
  const int64_t rows = s->head.rows, blocks = plan->block_count;
  const void *columns = NULL;
  out->starts = take(&at, &left, rows + 1, 8);
  if (out->starts) out->ends = take(&at, &left, rows * blocks, 4);
  if (out->ends) out->divisors = take(&at, &left, rows * blocks, 8);
  if (out->divisors) columns = take(&at, &left, s->entries, is_narrow(plan) ? 2 : 4);
  if (columns) out->numbers = take(&at, &left, s->entries, size_of(s->form));
  out->narrow = is_narrow(plan) ? columns : NULL;
  out->columns = is_narrow(plan) ? NULL : columns;
  return out->numbers != NULL && left == 0;
}

/* Finds the sections; 0 when they do not add up. */
static int32_t take_sections(const bai_problem *p, const stored *s, const uint8_t *bytes, bai_piece *out) {
  const uint8_t *at = bytes + sizeof *s;
  int64_t left = s->length - (int64_t)sizeof *s;
  const int64_t rows = s->head.rows;
  out->uses = take(&at, &left, rows, 1);
  if (!out->uses) return 0;
  out->labels = p->labels ? take(&at, &left, rows, 4) : NULL;
  out->targets = p->labels ? NULL : take(&at, &left, rows, 8);
  if (!out->labels && !out->targets) return 0;
  out->weights = s->has_weights ? take(&at, &left, rows, 8) : NULL;
  out->offsets = s->has_offsets ? take(&at, &left, rows, 8) : NULL;
  if ((s->has_weights && !out->weights) || (s->has_offsets && !out->offsets)) return 0;
  if (!by_tiles(s->form)) return take_entries(p->plan, s, at, left, out);
  out->numbers = take(&at, &left, rows * bai_plan_inputs(p->plan), size_of(s->form));
  return out->numbers != NULL && left == 0;
}

/* The bits of all columns together are quick to find, and below the width most often. */
static int32_t narrow_below(const uint16_t *columns, int64_t n, int64_t width) {
  uint16_t bits = 0;
  for (int64_t i = 0; i < n; i++) bits |= columns[i];
  for (int64_t i = 0; bits >= width && i < n; i++)
    if (columns[i] >= width) return 0;
  return 1;
}

static int32_t wide_below(const uint32_t *columns, int64_t n, int64_t width) {
  uint32_t bits = 0;
  for (int64_t i = 0; i < n; i++) bits |= columns[i];
  for (int64_t i = 0; bits >= width && i < n; i++)
    if (columns[i] >= width) return 0;
  return 1;
}

/* Whether no number leads outside; finds the longest row. */
static int32_t is_sound(const bai_problem *p, int32_t classes, const stored *s, const bai_piece *piece,
                        int64_t *longest) {
  const int64_t rows = s->head.rows, blocks = p->plan->block_count;
  *longest = 0;
  for (int64_t row = 0; piece->labels && row < rows; row++)
    if (piece->uses[row] == BAI_USE_TRAIN && (piece->labels[row] < 0 || piece->labels[row] >= classes)) return 0;
  if (by_tiles(s->form)) return 1;
  if (piece->starts[0] != 0 || piece->starts[rows] != s->entries) return 0;
  for (int64_t row = 0; row < rows; row++) {
    const int64_t n = piece->starts[row + 1] - piece->starts[row];
    const uint32_t *ends = piece->ends + row * blocks;
    if (n < 0 || n > s->entries || (blocks ? ends[blocks - 1] : 0) != n) return 0;
    for (int64_t b = 1; b < blocks; b++)
      if (ends[b] < ends[b - 1]) return 0;
    *longest = n > *longest ? n : *longest;
  }
  return piece->narrow ? narrow_below(piece->narrow, s->entries, p->plan->width)
                       : wide_below(piece->columns, s->entries, p->plan->width);
}

/* The weights of training rows, as a dataset's rows have them. */
static ba_status weigh(const bai_problem *p, bai_piece *piece) {
  const ba_status status = bai_alloc_zero(p->context, piece->head.rows, 8, &piece->weighed);
  for (int64_t row = 0; !status && row < piece->head.rows; row++) {
    if (piece->uses[row] != BAI_USE_TRAIN) continue;
    const double weight = piece->weights ? piece->weights[row] : 1.0;
    piece->weighed[row] = p->class_factors ? weight * p->class_factors[piece->labels[row]] : weight;
  }
  return status;
}

ba_status bai_piece_open(const bai_problem *p, int32_t classes, const uint8_t *bytes, bai_piece *out) {
  stored s;
  int64_t longest;
  memcpy(&s, bytes, sizeof s);
  *out = (bai_piece){.head = s.head, .form = s.form};
  if (s.crc != bai_kernels_of(p->context)->crc32c(0, bytes + 16, s.length - 16)) return damaged(p->context);
  const bai_piece_head *h = &s.head;
  if (h->first < 0 || h->rows < 1 || h->all < h->rows || h->all > BAI_BLOCK_ROWS ||
      h->first % BAI_BLOCK_ROWS + h->rows > h->all || s.form < BAI_PIECE_COUNTS || s.form > BAI_PIECE_FLOATS ||
      by_tiles(s.form) != p->dense || !p->cache)
    return damaged(p->context);
  if (!take_sections(p, &s, bytes, out) || !is_sound(p, classes, &s, out, &longest)) return damaged(p->context);
  out->table = p->cache->values;
  ba_status status = bai_alloc(p->context, longest, 4, &out->row_columns);
  if (!status) status = bai_alloc(p->context, longest, 8, &out->row_values);
  return status ? status : weigh(p, out);
}

void bai_piece_close(ba_context *context, bai_piece *piece) {
  bai_free(context, piece->row_columns);
  bai_free(context, piece->row_values);
  bai_free(context, piece->weighed);
}

void bai_piece_lend(const bai_piece *piece, ba_dataset *dataset, bai_problem *p, bai_problem *own) {
  const int64_t rows = piece->head.rows;
  *own = *p;
  *dataset = (ba_dataset){.context = p->context, .rows = rows};
  if (piece->weights) dataset->weights = (bai_vector){(void *)(uintptr_t)piece->weights, rows, rows};
  if (piece->offsets) dataset->offsets = (bai_vector){(void *)(uintptr_t)piece->offsets, rows, rows};
  p->dataset = dataset;
  p->piece = piece;
  p->cache = NULL;
  p->panels = NULL;
  p->panelled = 0;
  p->cached = 1; /* numbers were looked at when they were packed */
  p->uses = piece->uses;
  p->labels = (int32_t *)(uintptr_t)piece->labels;
  p->targets = (double *)(uintptr_t)piece->targets;
  p->weights = piece->weighed;
  p->inputs = (bai_input_rows){.width = bai_plan_inputs(p->plan), .count = rows};
  if (piece->form == BAI_PIECE_NUMBERS) p->inputs.numbers = (double *)(uintptr_t)piece->numbers;
  if (piece->form == BAI_PIECE_FLOATS) p->inputs.floats = (float *)(uintptr_t)piece->numbers;
}

static void widen(uint32_t *restrict to, const uint16_t *restrict from, int64_t n) {
  for (int64_t i = 0; i < n; i++) to[i] = from[i];
}

/* Counts below 256 to values: those that are the counts as they stand need no table. */
static void narrow_values(const double *restrict table, int32_t value, const uint8_t *restrict counts, int64_t n,
                          double *restrict values) {
  if (value == BAI_VALUE_COUNT || value == BAI_VALUE_FREQ)
    for (int64_t i = 0; i < n; i++) values[i] = counts[i];
  else
    for (int64_t i = 0; i < n; i++) values[i] = table[counts[i]];
}

void bai_piece_row(const bai_plan *plan, const bai_piece *piece, int64_t row, bai_pass_lane *lane) {
  const int32_t blocks = plan->block_count;
  const int64_t from = piece->starts[row], n = piece->starts[row + 1] - from;
  const uint32_t *ends = piece->ends + row * blocks;
  const double *divisors = piece->divisors + row * blocks;
  lane->offset = piece->offsets ? piece->offsets[row] : 0.0;
  lane->view = (bai_sparse){piece->narrow ? piece->row_columns : piece->columns + from, piece->row_values, n};
  if (piece->narrow) widen(piece->row_columns, piece->narrow + from, n);
  if (piece->form == BAI_PIECE_VALUES) lane->view.values = (const double *)piece->numbers + from;
  for (int64_t b = 0, at = 0; b < blocks; at = ends[b++]) {
    const bai_block *block = &plan->blocks[b];
    double *values = piece->row_values + at;
    lane->row->ends[b] = ends[b];
    lane->divisors[b] = divisors[b];
    if (piece->form == BAI_PIECE_WIDE)
      bai_values_double(block, (const uint32_t *)piece->numbers + from + at, ends[b] - at, values);
    else if (piece->form == BAI_PIECE_COUNTS)
      narrow_values(piece->table[block->value], block->value, (const uint8_t *)piece->numbers + from + at, ends[b] - at,
                    values);
  }
}
