/* SPDX-License-Identifier: MIT
 *
 * run_rows.c: what a run does with rows beside stepping: their digest, rows that come in batches, and the state of a
 * run in bytes.
 */
#include <string.h>

#include "train/inputs.h"
#include "train/run_inside.h"

#define DIGEST_SEED UINT64_C(0x726f7773)
#define DIGEST_STEP UINT64_C(0x9E3779B97F4A7C15)

/* ---- digests ---- */

/* Numbers go into eight chains side by side, each of which every bit of its numbers goes through, and their order too;
 * bai_random then mixes the chains. */
static uint64_t hash_sparse(uint64_t seed, const bai_sparse *sparse) {
  uint64_t chains[8] = {seed, seed, seed, seed, seed, seed, seed, seed};
  for (int64_t i = 0; i < sparse->count; i++) {
    const uint64_t column = sparse->columns[i] + UINT64_C(1);
    uint64_t *chain = &chains[i % 8];
    const uint64_t x =
        *chain ^ (bai_bits_of_f64(sparse->values[i] + 0.0) + column * DIGEST_STEP); /* there is one zero */
    *chain = (x ^ x >> 32) * DIGEST_STEP;
  }
  for (uint64_t c = 0; c < 8; c++) seed = bai_random(seed, c, chains[c]);
  return bai_random(seed, 8, (uint64_t)sparse->count);
}

static uint64_t hash_inputs(const bai_kernels *kernels, const ba_dataset *dataset, const bai_input_rows *inputs,
                            bai_input_window *window, uint64_t seed, int64_t row) {
  if (bai_dataset_is_sparse(dataset)) {
    const bai_sparse sparse = bai_dataset_sparse(dataset, row);
    seed = hash_sparse(seed, &sparse);
  }
  const double *numbers = bai_input_rows_one(inputs, kernels, row, window);
  if (!numbers) return seed;
  return bai_random(seed, (uint64_t)inputs->width, kernels->digest_f64(seed, numbers, inputs->width));
}

/* The same for any order of the rows: row digests add up. */
ba_status bai_run_digest(const bai_run *t, const ba_dataset *dataset, const uint8_t *uses, const bai_input_rows *inputs,
                         bai_span span, uint64_t *digest, int64_t *rows, int64_t *bases) {
  uint8_t *codes;
  bai_input_window window;
  const bai_kernels *kernels = bai_kernels_of(t->context);
  ba_status status = bai_input_window_open(t->context, inputs, &window);
  if (!status) status = bai_alloc(t->context, dataset->longest, 1, &codes);
  if (status) {
    bai_free(t->context, window.numbers);
    return status;
  }
  *digest = 0;
  *rows = *bases = 0;
  for (int64_t row = span.first; row < span.end; row++) {
    if (uses[row] != BAI_USE_TRAIN) continue;
    const char *label = bai_names_text(&dataset->classes, ((const int32_t *)dataset->labels.data)[row]);
    const uint64_t weight = bai_bits_of_f64(bai_dataset_weight(dataset, row));
    uint64_t seed = bai_hash_bytes(DIGEST_SEED ^ weight, (const uint8_t *)label, bai_length(label));
    seed = hash_inputs(kernels, dataset, inputs, &window, seed, row);
    const int64_t length = bai_dataset_is_sparse(dataset) ? 0 : bai_dataset_length(dataset, row);
    if (length) bai_dataset_codes(kernels, dataset, row, t->plan->protein, codes);
    const uint8_t *symbols = t->plan->needs_quality ? bai_dataset_symbols(dataset, row) : NULL;
    *digest += bai_hash_bytes(symbols ? bai_hash_bytes(seed, symbols, length) : seed, codes, length);
    ++*rows;
    *bases += length;
  }
  bai_free(t->context, window.numbers);
  bai_free(t->context, codes);
  return BA_OK;
}

/* ---- rows that come in batches ---- */

static ba_status learn_rows(bai_run *t, const ba_dataset *batch, const uint8_t *uses, const bai_input_rows *inputs,
                            double *loss) {
  bai_problem own;
  ba_status status = bai_run_check_offsets(t, batch);
  for (int64_t row = 0; !status && row < batch->rows; row++)
    if (uses[row] == BAI_USE_TRAIN) status = bai_dataset_check_row(t->context, batch, row, t->plan);
  if (status) return status;
  status = bai_problem_borrow(t->problem, batch, uses, inputs, &own);
  if (status) return status;
  status = t->kind->learn(t->solver, loss);
  bai_problem_return(t->problem, &own);
  return status;
}

ba_status bai_run_learn(bai_run *t, ba_dataset *batch) {
  if (t->plan->series.needs_past)
    return bai_fail(t->context, BA_ERR_UNSUPPORTED,
                    "a term looks at the rows before, which a batch does not have; expected all rows at once");
  uint8_t *uses;
  uint64_t digest = 0;
  int64_t rows = 0, letters = 0;
  double loss = t->learnt_loss, weight = t->learnt_weight; /* summed row by row: batches make no difference */
  bai_input_rows inputs = {0};
  ba_status status = bai_uses_make(t->context, batch, -1, 0, t->seed, &uses);
  if (status) return status;
  status = bai_input_rows_open(t->context, batch, t->plan, 0, &inputs);
  if (!status) status = bai_run_digest(t, batch, uses, &inputs, (bai_span){0, batch->rows}, &digest, &rows, &letters);
  if (!status) status = learn_rows(t, batch, uses, &inputs, &loss);
  bai_input_rows_close(t->context, &inputs);
  for (int64_t row = 0; row < batch->rows; row++)
    if (uses[row] == BAI_USE_TRAIN) weight += bai_dataset_weight(batch, row);
  bai_free(t->context, uses);
  if (status || rows == 0) return status;
  t->learnt_digest += digest;
  t->learnt_letters += letters;
  t->dev_loss = (loss - t->learnt_loss) / (weight - t->learnt_weight);
  t->learnt_weight = weight;
  t->learnt_loss = loss;
  t->standing.iterations += rows;
  t->standing.passes++;
  t->standing.objective = loss / weight;
  return BA_OK;
}

/* ---- checkpoints ---- */

ba_status bai_run_identity(bai_run *t, uint64_t *digest) {
  const bai_kernels *kernels = bai_kernels_of(t->context);
  uint8_t *codes = NULL;
  bai_input_window window;
  ba_status status = bai_input_window_open(t->context, &t->inputs, &window);
  if (!status) status = bai_alloc(t->context, t->dataset->longest, 1, &codes);
  uint64_t chain = bai_hash_bytes(DIGEST_SEED ^ (uint64_t)t->seed, t->text.data, t->text.count);
  const int32_t without_rows = t->online || t->remote;
  for (int32_t c = 0; without_rows && c < ba_dataset_classes(t->dataset); c++) {
    const char *name = ba_dataset_class_name(t->dataset, c);
    chain = bai_hash_bytes(chain, (const uint8_t *)name, bai_length(name) + 1);
  }
  if (without_rows) chain = bai_random(chain, 1 + (uint64_t)t->remote, (uint64_t)t->plan->fitted_length);
  for (int64_t row = 0; !status && row < t->dataset->rows; row++) {
    const char *label = bai_names_text(&t->dataset->classes, ((const int32_t *)t->dataset->labels.data)[row]);
    const int64_t length = bai_dataset_is_sparse(t->dataset) ? 0 : bai_dataset_length(t->dataset, row);
    chain ^= bai_bits_of_f64(bai_dataset_weight(t->dataset, row)) + t->uses[row];
    chain = bai_random(chain, 0, bai_bits_of_f64(bai_dataset_offset(t->dataset, row)));
    chain = bai_hash_bytes(chain, (const uint8_t *)label, bai_length(label));
    bai_dataset_codes(kernels, t->dataset, row, t->plan->protein, codes);
    chain = bai_hash_bytes(chain, codes, length);
    chain = hash_inputs(kernels, t->dataset, &t->inputs, &window, chain, row);
    if (row % 1024 == 0) status = bai_check_cancel(t->context);
  }
  bai_free(t->context, window.numbers);
  bai_free(t->context, codes);
  *digest = chain;
  return status;
}

/* The copies so far, and the one that is trained now, or was last. */
static void archive_network(bai_run *t, bai_archive *a) {
  bai_archive_i32(a, &t->copies, 0, t->net.copies);
  bai_archive_f32(a, t->parameters, t->net.copies * t->net.parameters);
  if (a->status) return;
  bai_network_archive(t->network, bai_run_copy_seed(t, t->copies < t->net.copies ? t->copies : t->net.copies - 1), a);
}

ba_status bai_run_archive(bai_run *t, bai_archive *a) {
  bai_standing_archive(&t->standing, a);
  bai_archive_i32(a, &t->stopped, 0, 1);
  bai_archive_i32(a, &t->dev_due, 0, 1);
  bai_archive_i64(a, &t->worse, 1, 0, BAI_MOST_COUNTED);
  bai_archive_f64(a, &t->first_slope, 1);
  bai_archive_f64(a, &t->dev_loss, 1);
  bai_archive_f64(a, &t->best_dev, 1);
  if (!t->network) bai_archive_f64(a, t->start, t->problem->parameters);
  if (t->remote) bai_archive_i64(a, &t->remote_rows, 1, 0, INT64_MAX);
  if (t->remote) bai_run_archive_rounds(t, a);
  if (t->online || t->remote) {
    bai_archive_f64(a, &t->learnt_weight, 1);
    bai_archive_f64(a, &t->learnt_loss, 1);
    bai_archive_i64(a, &t->learnt_letters, 1, 0, INT64_MAX);
    bai_archive_i64(a, (int64_t *)&t->learnt_digest, 1, INT64_MIN, INT64_MAX);
  }
  bai_archive_bytes(a, t->reason, (int64_t)sizeof t->reason);
  t->reason[sizeof t->reason - 1] = 0;
  if (t->network)
    archive_network(t, a);
  else
    t->kind->archive(t->solver, a);
  return a->status;
}
