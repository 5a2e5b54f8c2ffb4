/* SPDX-License-Identifier: MIT
 *
 * partial.c: the sums of some blocks of rows, as nodes of the tree over all blocks. Two neighbours under one node merge
 * as soon as both are there, so that what comes of all of them does not depend on who summed what, or when.
 */
#include <string.h>

#include "train/problem.h"
#include "train/request.h"

#define MAGIC "BAPARTIA"
#define VERSION 2u
#define HEAD 56
#define MOST_BLOCKS (INT64_C(1) << 50)

/* ---- nodes ---- */

static bai_node *node_at(const ba_partial *p, int64_t i) {
  return (bai_node *)p->nodes.data + i;
}

static int64_t sums_of(const ba_partial *p) {
  return bai_shape_size(p->shape);
}

static int64_t counts_of(const ba_partial *p) {
  return BAI_COUNT_CLASSES + p->classes;
}

static void drop_node(ba_partial *p, int64_t i) {
  bai_free(p->context, node_at(p, i)->sums);
  *node_at(p, i) = *node_at(p, --p->nodes.count);
}

static ba_status make_node(const ba_partial *p, bai_node *out) {
  *out = (bai_node){0};
  const ba_status status = bai_alloc_zero(p->context, sums_of(p) + counts_of(p), 8, &out->sums);
  if (!status) out->counts = (int64_t *)(void *)(out->sums + sums_of(p));
  return status;
}

static void add_node(const ba_partial *p, bai_node *left, const bai_node *right) {
  bai_shape_merge(p->shape, bai_kernels_of(p->context), left->sums, right->sums);
  for (int64_t i = 0; i < counts_of(p); i++)
    left->counts[i] = (int64_t)((uint64_t)left->counts[i] + (uint64_t)right->counts[i]);
}

/* Whether the blocks of one are among those of the other. */
static int32_t is_within(const bai_node *inner, const bai_node *outer) {
  return inner->level <= outer->level && inner->index >> (outer->level - inner->level) == outer->index;
}

static int64_t find_node(const ba_partial *p, int64_t level, int64_t index) {
  for (int64_t i = 0; i < p->nodes.count; i++)
    if (node_at(p, i)->level == level && node_at(p, i)->index == index) return i;
  return -1;
}

static int32_t is_full(const bai_node *node) {
  return node->counts[BAI_COUNT_KEPT] == (int64_t)BAI_BLOCK_ROWS << node->level;
}

static ba_status refuse_short(const ba_partial *p, const bai_node *node) {
  const int64_t blocks = node->counts[BAI_COUNT_KEPT] / BAI_BLOCK_ROWS;
  return bai_fail(p->context, BA_ERR_ARGUMENT,
                  "the rows from %lld on are fewer than %d, and there are rows behind them; expected whole blocks, but "
                  "for the last rows of all",
                  (long long)(((node->index << node->level) + blocks) * BAI_BLOCK_ROWS), BAI_BLOCK_ROWS);
}

/* Takes a node over. One whose blocks are there already is left out: a task that ran twice changes nothing. */
static ba_status insert_node(ba_partial *p, bai_node node) {
  for (int64_t i = 0; i < p->nodes.count; i++)
    if (is_within(&node, node_at(p, i))) {
      bai_free(p->context, node.sums);
      return BA_OK;
    }
  const ba_status status = bai_vector_reserve(p->context, &p->nodes, 1, sizeof node);
  if (status) {
    bai_free(p->context, node.sums);
    return status;
  }
  for (int64_t i = p->nodes.count - 1; i >= 0; i--)
    if (is_within(node_at(p, i), &node)) drop_node(p, i);
  for (;;) {
    const int64_t at = find_node(p, node.level, node.index ^ 1);
    if (at < 0) break;
    bai_node other = *node_at(p, at);
    if (!is_full(node.index & 1 ? &other : &node)) {
      const ba_status refused = refuse_short(p, node.index & 1 ? &other : &node);
      bai_free(p->context, node.sums);
      return refused;
    }
    *node_at(p, at) = *node_at(p, --p->nodes.count);
    bai_node *left = node.index & 1 ? &other : &node, *right = node.index & 1 ? &node : &other;
    add_node(p, left, right);
    bai_free(p->context, right->sums);
    node = (bai_node){left->level + 1, left->index / 2, left->sums, left->counts};
  }
  return bai_vector_append(p->context, &p->nodes, &node, 1, sizeof node);
}

static ba_status copy_node(const ba_partial *p, const bai_node *from, bai_node *out) {
  const ba_status status = make_node(p, out);
  if (status) return status;
  out->level = from->level;
  out->index = from->index;
  memcpy(out->sums, from->sums, (size_t)(sums_of(p) + counts_of(p)) * 8);
  return BA_OK;
}

/* ---- making ---- */

static ba_status open_brief(ba_partial *p, const bai_request *request) {
  bai_run *run = bai_trainer_run(p->trainer);
  double *brief = NULL;
  if (request->numbers != bai_run_brief_size(run))
    return bai_fail(p->context, BA_ERR_CORRUPT, "request: %lld numbers; expected %lld", (long long)request->numbers,
                    (long long)bai_run_brief_size(run));
  ba_status status = bai_alloc(p->context, request->numbers, 8, &brief);
  if (status) return status;
  for (int64_t i = 0; i < request->numbers; i++) brief[i] = bai_f64_of_bits(bai_get_u64(request->brief + 8 * i));
  if (!bai_run_take_brief(run, request->round, brief))
    status = bai_fail(p->context, BA_ERR_CORRUPT, "request: a round that the recipe has not");
  bai_free(p->context, brief);
  p->shape = bai_run_shape(run);
  return status;
}

static ba_status name_run(ba_partial *p, const bai_remote_how *how) {
  bai_vector bytes = {0, 0, 0};
  const ba_status status = bai_request_write(p->context, how, NULL, &bytes);
  if (!status) p->run = bai_request_digest(&bytes);
  bai_vector_free(p->context, &bytes);
  return status;
}

static ba_status make_partial(ba_context *context, ba_dataset **own, const uint8_t *bytes, int64_t n,
                              ba_partial **out) {
  bai_request request;
  ba_partial *p = NULL;
  ba_status status = bai_request_read(context, bytes, n, &request);
  if (!status) status = bai_alloc_zero(context, 1, sizeof *p, &p);
  if (!status) {
    p->context = bai_context_retain(context);
    status = bai_trainer_open_remote(*own, &request.how, &p->trainer);
    if (!status) *own = NULL;
  }
  if (!status) {
    p->classes = request.how.class_count;
    p->digest = request.digest;
    status = name_run(p, &request.how);
  }
  if (!status) status = open_brief(p, &request);
  bai_request_free(context, &request);
  *out = p;
  return status;
}

ba_status ba_partial_create(ba_context *context, const uint8_t *request, int64_t length, ba_partial **out) {
  ba_dataset *own = NULL;
  ba_partial *p = NULL;
  if (out) *out = NULL;
  ba_status status = ba_dataset_create(context, NULL, &own);
  if (status) return status;
  status = bai_enter(context);
  if (!status) {
    if (!out) status = bai_fail(context, BA_ERR_ARGUMENT, "partial: expected a place for the result");
    if (!status) status = make_partial(context, &own, request, length, &p);
    status = bai_leave(context, status);
  }
  ba_dataset_destroy(own);
  if (status)
    ba_partial_destroy(p);
  else
    *out = p;
  return status;
}

void ba_partial_destroy(ba_partial *p) {
  if (!p) return;
  ba_context *context = p->context;
  while (p->nodes.count) drop_node(p, p->nodes.count - 1);
  bai_vector_free(context, &p->nodes);
  bai_free(context, p->open.sums);
  ba_trainer_destroy(p->trainer);
  bai_free(context, p);
  bai_context_release(context);
}

/* ---- rows ---- */

typedef struct adding {
  ba_partial *partial;
  const ba_dataset *dataset;
  int64_t first_block;
  bai_vector made; /* bai_node: of this call, until it is known that all goes well */
} adding;

static ba_status add_block(void *argument, const bai_block_sums *block) {
  adding *a = argument;
  const ba_partial *p = a->partial;
  const int64_t rest = a->dataset->rows - block->block * BAI_BLOCK_ROWS;
  bai_node node;
  ba_status status = make_node(p, &node);
  if (status) return status;
  node.index = a->first_block + block->block;
  memcpy(node.sums, block->sums, (size_t)(sums_of(p)) * 8);
  node.counts[BAI_COUNT_KEPT] = rest < BAI_BLOCK_ROWS ? rest : BAI_BLOCK_ROWS;
  node.counts[BAI_COUNT_ROWS] = block->rows;
  node.counts[BAI_COUNT_LETTERS] = block->letters;
  node.counts[BAI_COUNT_DIGEST] = (int64_t)block->digest;
  if (p->classes) memcpy(node.counts + BAI_COUNT_CLASSES, block->classes, (size_t)p->classes * 8);
  status = bai_vector_append(p->context, &a->made, &node, 1, sizeof node);
  if (status) bai_free(p->context, node.sums);
  return status;
}

static ba_status accumulate(adding *a, ba_dataset *dataset) {
  ba_partial *p = a->partial;
  bai_block_sums at = {0};
  ba_status status = bai_alloc_zero(p->context, sums_of(p), 8, &at.sums);
  if (!status) status = bai_alloc_zero(p->context, p->classes, 8, &at.classes);
  if (!status) status = bai_run_blocks(bai_trainer_run(p->trainer), dataset, &at, add_block, a);
  /* A node that could not be inserted was freed, and those behind it are here still. */
  int64_t i = 0;
  for (; !status && i < a->made.count; i++) status = insert_node(p, ((bai_node *)a->made.data)[i]);
  for (; i < a->made.count; i++) bai_free(p->context, ((bai_node *)a->made.data)[i].sums);
  bai_vector_free(p->context, &a->made);
  bai_free(p->context, at.sums);
  bai_free(p->context, at.classes);
  return status;
}

static ba_status check_first(ba_context *context, const char *call, int64_t first_row) {
  if (first_row >= 0 && first_row % BAI_BLOCK_ROWS == 0 && first_row / BAI_BLOCK_ROWS < MOST_BLOCKS) return BA_OK;
  return bai_fail(context, BA_ERR_ARGUMENT, "%s: row %lld; expected rows from a multiple of %d on", call,
                  (long long)first_row, BAI_BLOCK_ROWS);
}

ba_status ba_partial_accumulate(ba_partial *p, ba_dataset *dataset, int64_t first_row) {
  if (!p) return BA_ERR_ARGUMENT;
  ba_context *context = p->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  if (!dataset) status = bai_fail(context, BA_ERR_ARGUMENT, "accumulate: expected a dataset");
  if (!status) status = check_first(context, "accumulate", first_row);
  if (!status) status = bai_dataset_check_context(context, dataset);
  adding a = {.partial = p, .dataset = dataset, .first_block = first_row / BAI_BLOCK_ROWS};
  if (!status) status = accumulate(&a, dataset);
  return bai_leave(context, status);
}

/* ---- packed rows ---- */

ba_status ba_partial_pack(ba_partial *p, ba_dataset *dataset, int64_t first_row, uint8_t *buffer, int64_t capacity,
                          int64_t *length) {
  if (!p) return BA_ERR_ARGUMENT;
  ba_status status = bai_enter(p->context);
  if (status) return status;
  bai_vector bytes = {0, 0, 0};
  if (!dataset) status = bai_fail(p->context, BA_ERR_ARGUMENT, "pack: expected a dataset");
  if (!status) status = check_first(p->context, "pack", first_row);
  if (!status) status = bai_dataset_check_context(p->context, dataset);
  const bai_piece_head head = {.run = p->run, .first = first_row};
  if (!status) status = bai_run_pack(bai_trainer_run(p->trainer), dataset, head, &bytes);
  if (!status) status = bai_give_bytes(p->context, &bytes, buffer, capacity, length);
  bai_vector_free(p->context, &bytes);
  return bai_leave(p->context, status);
}

static void drop_open(ba_partial *p) {
  bai_free(p->context, p->open.sums);
  p->open = (bai_node){0};
}

/* Makes the block of a piece the open one, or finds that it goes on there. */
static ba_status open_block(ba_partial *p, const bai_piece_head *head) {
  if (head->first / BAI_BLOCK_ROWS >= MOST_BLOCKS)
    return bai_fail(p->context, BA_ERR_CORRUPT, "packed rows: row %lld is too many", (long long)head->first);
  if (p->open.sums ? p->awaited != head->first || p->open.counts[BAI_COUNT_KEPT] != head->all
                   : head->first % BAI_BLOCK_ROWS != 0) {
    const int64_t expected = p->open.sums ? p->awaited : head->first / BAI_BLOCK_ROWS * BAI_BLOCK_ROWS;
    return bai_fail(p->context, BA_ERR_ARGUMENT, "packed rows: a piece from row %lld on; expected the one from %lld on",
                    (long long)head->first, (long long)expected);
  }
  if (p->open.sums) return BA_OK;
  const ba_status status = make_node(p, &p->open);
  if (status) return status;
  p->open.index = head->first / BAI_BLOCK_ROWS;
  p->open.counts[BAI_COUNT_KEPT] = head->all;
  return BA_OK;
}

static ba_status add_piece(ba_partial *p, const bai_piece *piece) {
  const bai_piece_head *head = &piece->head;
  ba_status status = open_block(p, head);
  if (status) return status;
  int64_t *counts = p->open.counts;
  status = bai_run_add_piece(bai_trainer_run(p->trainer), piece, p->open.sums, counts + BAI_COUNT_CLASSES);
  if (status) {
    drop_open(p); /* it has some of the rows */
    return status;
  }
  counts[BAI_COUNT_ROWS] += head->trained;
  counts[BAI_COUNT_LETTERS] += head->letters;
  counts[BAI_COUNT_DIGEST] = (int64_t)((uint64_t)counts[BAI_COUNT_DIGEST] + head->digest);
  p->awaited = head->first + head->rows;
  if (head->first % BAI_BLOCK_ROWS + head->rows < head->all) return BA_OK;
  const bai_node node = p->open;
  p->open = (bai_node){0};
  return insert_node(p, node);
}

static ba_status accumulate_pieces(ba_partial *p, const uint8_t *bytes, int64_t n) {
  ba_status status = BA_OK;
  for (int64_t at = 0, length; !status && at < n; at += length) {
    bai_piece piece = {0};
    uint8_t *copy = NULL;
    const uint8_t *from = bytes + at;
    status = bai_piece_length(p->context, from, n - at, p->run, &length);
    if (!status && (uintptr_t)from % 8) {
      status = bai_alloc(p->context, length, 1, &copy);
      if (!status) from = memcpy(copy, from, (size_t)length);
    }
    if (!status) status = bai_run_open_piece(bai_trainer_run(p->trainer), from, &piece);
    if (!status) status = add_piece(p, &piece);
    bai_piece_close(p->context, &piece);
    bai_free(p->context, copy);
    if (status) break;
  }
  return status;
}

ba_status ba_partial_accumulate_packed(ba_partial *p, const uint8_t *bytes, int64_t length) {
  if (!p) return BA_ERR_ARGUMENT;
  ba_status status = bai_enter(p->context);
  if (status) return status;
  if (!bytes || length < 0)
    status = bai_fail(p->context, BA_ERR_ARGUMENT, "accumulate_packed: expected the bytes of ba_partial_pack");
  if (!status) status = accumulate_pieces(p, bytes, length);
  return bai_leave(p->context, status);
}

static ba_status refuse_open(const ba_partial *p) {
  if (!p->open.sums) return BA_OK;
  return bai_fail(p->context, BA_ERR_ARGUMENT, "packed rows: the piece from row %lld on has not come yet",
                  (long long)p->awaited);
}

/* ---- partials of others ---- */

ba_status ba_partial_merge(ba_partial *p, const ba_partial *other) {
  if (!p) return BA_ERR_ARGUMENT;
  ba_status status = bai_enter(p->context);
  if (status) return status;
  if (!other || other == p || other->context != p->context || other->digest != p->digest)
    status = bai_fail(p->context, BA_ERR_ARGUMENT, "merge: expected another partial of the same request and context");
  if (!status) status = refuse_open(other);
  for (int64_t i = 0; !status && i < other->nodes.count; i++) {
    bai_node copy;
    status = copy_node(p, node_at(other, i), &copy);
    if (!status) status = insert_node(p, copy);
  }
  return bai_leave(p->context, status);
}

int64_t ba_partial_rows(const ba_partial *p) {
  int64_t rows = 0;
  for (int64_t i = 0; p && i < p->nodes.count; i++) rows += node_at(p, i)->counts[BAI_COUNT_KEPT];
  return rows;
}

/* ---- the whole ---- */

/* The last rows have the lowest level; those to their left come before them. */
ba_status bai_partial_total(const ba_partial *p, double *out, int64_t *counts) {
  bai_node sum = {0, 0, out, counts};
  int64_t blocks = 0, next = 0;
  const ba_status open = refuse_open(p);
  if (open) return open;
  for (int64_t i = 0; i < p->nodes.count; i++) blocks += INT64_C(1) << node_at(p, i)->level;
  for (int64_t level = 62; level >= 0; level--) { /* from the left: is every block there? */
    if (!(blocks >> level & 1)) continue;
    const int64_t at = find_node(p, level, next >> level);
    if (at < 0)
      return bai_fail(p->context, BA_ERR_ARGUMENT,
                      "tell: the sums of the rows from %lld on are not there; expected those of all rows",
                      (long long)(next * BAI_BLOCK_ROWS));
    next += INT64_C(1) << level;
    if (next < blocks && !is_full(node_at(p, at))) return refuse_short(p, node_at(p, at));
  }
  if (blocks == 0) return bai_fail(p->context, BA_ERR_ARGUMENT, "tell: there are no rows; expected at least one");
  int32_t found = 0;
  for (int64_t level = 0; level < 63; level++) {
    if (!(blocks >> level & 1)) continue;
    next -= INT64_C(1) << level;
    const bai_node *left = node_at(p, find_node(p, level, next >> level));
    if (!found) {
      memcpy(out, left->sums, (size_t)(sums_of(p)) * 8);
      memcpy(counts, left->counts, (size_t)counts_of(p) * 8);
    } else {
      add_node(p, &sum, left); /* a sum of two is the same either way round */
    }
    found = 1;
  }
  return BA_OK;
}

/* ---- bytes: magic, version, request, sums, classes, nodes; each node's level, index, sums and counts; CRC ----
 */

static ba_status put_number(ba_context *context, bai_vector *out, uint64_t value) {
  uint8_t eight[8];
  bai_put_u64(eight, value);
  return bai_vector_append(context, out, eight, 8, 1);
}

static ba_status write_partial(const ba_partial *p, bai_vector *out) {
  uint8_t head[HEAD] = {0}, four[4];
  memcpy(head, MAGIC, 8);
  bai_put_u32(head + 8, VERSION);
  bai_put_u64(head + 16, p->digest);
  bai_put_u64(head + 24, (uint64_t)sums_of(p));
  bai_put_u64(head + 32, (uint64_t)p->classes);
  bai_put_u64(head + 40, (uint64_t)p->nodes.count);
  ba_status status = bai_vector_append(p->context, out, head, HEAD, 1);
  for (int64_t i = 0; !status && i < p->nodes.count; i++) {
    const bai_node *node = node_at(p, i);
    status = put_number(p->context, out, (uint64_t)node->level);
    if (!status) status = put_number(p->context, out, (uint64_t)node->index);
    for (int64_t k = 0; !status && k < sums_of(p); k++)
      status = put_number(p->context, out, bai_bits_of_f64(node->sums[k]));
    for (int64_t k = 0; !status && k < counts_of(p); k++)
      status = put_number(p->context, out, (uint64_t)node->counts[k]);
  }
  if (status) return status;
  bai_put_u32(four, bai_kernels_of(p->context)->crc32c(0, out->data, out->count));
  return bai_vector_append(p->context, out, four, 4, 1);
}

ba_status ba_partial_save(const ba_partial *p, uint8_t *buffer, int64_t capacity, int64_t *length) {
  if (!p) return BA_ERR_ARGUMENT;
  ba_status status = bai_enter(p->context);
  if (status) return status;
  bai_vector bytes = {0, 0, 0};
  status = refuse_open(p);
  if (!status) status = write_partial(p, &bytes);
  if (!status) status = bai_give_bytes(p->context, &bytes, buffer, capacity, length);
  bai_vector_free(p->context, &bytes);
  return bai_leave(p->context, status);
}

static ba_status read_node(const ba_partial *p, const uint8_t *at, bai_node *out) {
  ba_status status = make_node(p, out);
  if (status) return status;
  out->level = (int64_t)bai_get_u64(at);
  out->index = (int64_t)bai_get_u64(at + 8);
  at += 16;
  for (int64_t k = 0; k < sums_of(p); k++, at += 8) out->sums[k] = bai_f64_of_bits(bai_get_u64(at));
  for (int64_t k = 0; k < counts_of(p); k++, at += 8) out->counts[k] = (int64_t)bai_get_u64(at);
  const int64_t kept = out->counts[BAI_COUNT_KEPT];
  if (out->level >= 0 && out->level <= 50 && out->index >= 0 && out->index < MOST_BLOCKS >> out->level && kept > 0 &&
      kept <= (int64_t)BAI_BLOCK_ROWS << out->level)
    return BA_OK;
  bai_free(p->context, out->sums);
  return bai_fail(p->context, BA_ERR_CORRUPT, "saved partial: a node that no rows lead to");
}

static ba_status take_bytes(ba_partial *p, const uint8_t *bytes, int64_t n) {
  const int64_t size = 8 * (2 + sums_of(p) + counts_of(p));
  if (!bytes || n < HEAD + 4 || memcmp(bytes, MAGIC, 8) != 0)
    return bai_fail(p->context, BA_ERR_FORMAT, "saved partial: expected the bytes of ba_partial_save");
  if (bai_get_u32(bytes + 8) != VERSION)
    return bai_fail(p->context, BA_ERR_VERSION, "saved partial: version %lld; expected %d",
                    (long long)bai_get_u32(bytes + 8), (int)VERSION);
  if (bai_get_u64(bytes + 16) != p->digest)
    return bai_fail(p->context, BA_ERR_ARGUMENT, "saved partial: it answers another request; expected this one");
  if (bai_get_u32(bytes + n - 4) != bai_kernels_of(p->context)->crc32c(0, bytes, n - 4) ||
      bai_get_u64(bytes + 24) != (uint64_t)sums_of(p) || bai_get_u64(bytes + 32) != (uint64_t)p->classes ||
      (n - HEAD - 4) % size || bai_get_u64(bytes + 40) != (uint64_t)((n - HEAD - 4) / size))
    return bai_fail(p->context, BA_ERR_CORRUPT, "saved partial: it is damaged");
  ba_status status = BA_OK;
  for (int64_t at = HEAD; !status && at < n - 4; at += size) {
    bai_node node;
    status = read_node(p, bytes + at, &node);
    if (!status) status = insert_node(p, node);
  }
  return status;
}

ba_status ba_partial_add(ba_partial *p, const uint8_t *bytes, int64_t length) {
  if (!p) return BA_ERR_ARGUMENT;
  const ba_status status = bai_enter(p->context);
  if (status) return status;
  return bai_leave(p->context, take_bytes(p, bytes, length));
}
