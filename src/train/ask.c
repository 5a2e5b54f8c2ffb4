/* SPDX-License-Identifier: MIT
 *
 * ask.c: a training whose rows are elsewhere: the solver asks for sums over all rows, and is told them.
 */
#include <string.h>

#include "train/request.h"

#define MAGIC "BASOLVER"
#define VERSION 2u
#define HEAD 32

struct ba_solver {
  ba_context *context;
  ba_trainer *trainer;
  bai_vector how; /* a request without a brief: what the run is made from */
  int64_t *counts;
  int32_t classes;
};

static bai_run *run_of(const ba_solver *s) {
  return bai_trainer_run(s->trainer);
}

/* ---- making ---- */

/* With the classes in their own order, so that a run is the same in whatever order they were given. */
static ba_status write_how(ba_context *context, const ba_dataset *dataset, bai_remote_how how, bai_vector *out) {
  const char **names;
  ba_status status = bai_alloc(context, how.class_count, sizeof *names, &names);
  if (status) return status;
  for (int32_t c = 0; c < how.class_count; c++) names[c] = ba_dataset_class_name(dataset, c);
  how.classes = names;
  status = bai_request_write(context, &how, NULL, out);
  bai_free(context, (void *)names);
  return status;
}

static ba_status make_solver(ba_context *context, ba_dataset **own, const bai_remote_how *how, ba_solver **out) {
  const ba_dataset *dataset = *own;
  ba_solver *s;
  ba_status status = bai_alloc_zero(context, 1, sizeof *s, &s);
  if (status) return status;
  *out = s;
  s->context = bai_context_retain(context);
  s->classes = how->class_count;
  status = bai_trainer_open_remote(*own, how, &s->trainer);
  if (status) return status;
  *own = NULL;
  status = write_how(context, dataset, *how, &s->how);
  return status ? status : bai_alloc(context, BAI_COUNT_CLASSES + s->classes, 8, &s->counts);
}

ba_status ba_solver_create(ba_context *context, const char *recipe, const char *const *classes, int32_t class_count,
                           const char *options, ba_solver **out) {
  ba_dataset *own = NULL;
  ba_solver *s = NULL;
  bai_remote_how how = {recipe, classes, class_count, -1, 1};
  const bai_option accepted[] = {{"seed", 'i', NULL, 0, 9e15, &how.seed},
                                 {"length", 'i', NULL, 0, 1099511627775.0, &how.length},
                                 {NULL, 0, NULL, 0, 0, NULL}};
  if (out) *out = NULL;
  ba_status status = ba_dataset_create(context, NULL, &own);
  if (status) return status;
  status = bai_enter(context);
  if (!status) {
    if (!out || !recipe || class_count < 0 || (class_count && !classes))
      status = bai_fail(context, BA_ERR_ARGUMENT, "solver: expected a recipe, classes and a place for the result");
    if (!status) status = bai_options_parse(context, options, accepted);
    if (!status) status = make_solver(context, &own, &how, &s);
    status = bai_leave(context, status);
  }
  ba_dataset_destroy(own);
  if (status)
    ba_solver_destroy(s);
  else
    *out = s;
  return status;
}

void ba_solver_destroy(ba_solver *s) {
  if (!s) return;
  ba_context *context = s->context;
  ba_trainer_destroy(s->trainer);
  bai_vector_free(context, &s->how);
  bai_free(context, s->counts);
  bai_free(context, s);
  bai_context_release(context);
}

/* ---- asking and telling ---- */

/* The request that is open now. */
static ba_status write_request(const ba_solver *s, bai_vector *out) {
  bai_request request;
  if (bai_run_is_stopped(run_of(s)))
    return bai_fail(s->context, BA_ERR_UNSUPPORTED, "ask: the solver has stopped; expected ba_solver_finish");
  ba_status status = bai_request_read(s->context, s->how.data, s->how.count, &request);
  if (!status) status = bai_request_write(s->context, &request.how, run_of(s), out);
  bai_request_free(s->context, &request);
  return status;
}

ba_status ba_solver_ask(const ba_solver *s, uint8_t *buffer, int64_t capacity, int64_t *length) {
  if (!s) return BA_ERR_ARGUMENT;
  ba_status status = bai_enter(s->context);
  if (status) return status;
  bai_vector bytes = {0, 0, 0};
  status = write_request(s, &bytes);
  if (!status) status = bai_give_bytes(s->context, &bytes, buffer, capacity, length);
  bai_vector_free(s->context, &bytes);
  return bai_leave(s->context, status);
}

static ba_status check_classes(const ba_solver *s) {
  int64_t present = 0;
  for (int32_t c = 0; c < s->classes; c++) present += s->counts[BAI_COUNT_CLASSES + c] > 0;
  if (s->classes == 0 || present > 1) return BA_OK;
  return bai_fail(s->context, BA_ERR_CLASSES,
                  "the training rows hold %lld class(es); expected rows of at least two classes", (long long)present);
}

static ba_status tell(ba_solver *s, const ba_partial *partial) {
  bai_vector request = {0, 0, 0};
  ba_status status = write_request(s, &request);
  if (!status && partial->digest != bai_request_digest(&request))
    status = bai_fail(s->context, BA_ERR_ARGUMENT,
                      "tell: the sums answer another request; expected those of the one that ba_solver_ask gives now");
  bai_vector_free(s->context, &request);
  if (status) return status;
  double *sums;
  status = bai_alloc(s->context, bai_shape_size(partial->shape), 8, &sums);
  if (!status) status = bai_partial_total(partial, sums, s->counts);
  if (!status) status = check_classes(s);
  const bai_told told = {sums, s->counts[BAI_COUNT_ROWS], s->counts[BAI_COUNT_LETTERS],
                         (uint64_t)s->counts[BAI_COUNT_DIGEST]};
  if (!status) status = bai_run_tell(run_of(s), &told);
  bai_free(s->context, sums);
  return status;
}

ba_status ba_solver_tell(ba_solver *s, const ba_partial *partial) {
  if (!s) return BA_ERR_ARGUMENT;
  ba_status status = bai_enter(s->context);
  if (status) return status;
  if (!partial || partial->context != s->context)
    status = bai_fail(s->context, BA_ERR_ARGUMENT, "tell: expected a partial of the same context");
  if (!status) status = bai_run_is_stopped(run_of(s)) ? BA_END : tell(s, partial);
  return bai_leave(s->context, status);
}

ba_status ba_solver_finish(ba_solver *s, ba_model **out) {
  return s ? ba_trainer_finish(s->trainer, out) : BA_ERR_ARGUMENT;
}

void ba_solver_metrics(const ba_solver *s, int64_t *iterations, int64_t *passes, double *objective, double *gradient) {
  ba_trainer_metrics(s ? s->trainer : NULL, iterations, passes, objective, gradient, NULL);
}

const char *ba_solver_reason(const ba_solver *s) {
  return ba_trainer_reason(s ? s->trainer : NULL);
}

/* ---- bytes: magic, version, length of the state, what the run is made from, the state, CRC-32C ---- */

static ba_status write_state(const ba_solver *s, bai_vector *out) {
  bai_vector state = {0, 0, 0};
  uint8_t head[HEAD] = {0}, four[4];
  bai_archive archive = {.context = s->context, .written = &state};
  ba_status status = bai_trainer_archive(s->trainer, &archive);
  memcpy(head, MAGIC, 8);
  bai_put_u32(head + 8, VERSION);
  bai_put_u64(head + 16, (uint64_t)state.count);
  bai_put_u64(head + 24, bai_request_digest(&s->how));
  if (!status) status = bai_vector_append(s->context, out, head, HEAD, 1);
  if (!status) status = bai_vector_append(s->context, out, state.data, state.count, 1);
  bai_vector_free(s->context, &state);
  if (status) return status;
  bai_put_u32(four, bai_kernels_of(s->context)->crc32c(0, out->data, out->count));
  return bai_vector_append(s->context, out, four, 4, 1);
}

ba_status ba_solver_save(const ba_solver *s, uint8_t *buffer, int64_t capacity, int64_t *length) {
  if (!s) return BA_ERR_ARGUMENT;
  ba_status status = bai_enter(s->context);
  if (status) return status;
  bai_vector bytes = {0, 0, 0};
  status = write_state(s, &bytes);
  if (!status) status = bai_give_bytes(s->context, &bytes, buffer, capacity, length);
  bai_vector_free(s->context, &bytes);
  return bai_leave(s->context, status);
}

static ba_status check_state(const ba_solver *s, const uint8_t *bytes, int64_t n) {
  if (!bytes || n < HEAD + 4 || memcmp(bytes, MAGIC, 8) != 0)
    return bai_fail(s->context, BA_ERR_FORMAT, "saved solver: expected the bytes of ba_solver_save");
  if (bai_get_u32(bytes + 8) != VERSION)
    return bai_fail(s->context, BA_ERR_VERSION, "saved solver: version %lld; expected %d",
                    (long long)bai_get_u32(bytes + 8), (int)VERSION);
  if (bai_get_u64(bytes + 24) != bai_request_digest(&s->how))
    return bai_fail(s->context, BA_ERR_ARGUMENT,
                    "saved solver: it has another recipe, seed, length or classes; expected those of this solver");
  if (bai_get_u64(bytes + 16) != (uint64_t)(n - HEAD - 4) ||
      bai_get_u32(bytes + n - 4) != bai_kernels_of(s->context)->crc32c(0, bytes, n - 4))
    return bai_fail(s->context, BA_ERR_CORRUPT, "saved solver: it is damaged");
  return BA_OK;
}

/* What the solver was is put back when the state turns out not to fit. */
static ba_status take_state(ba_solver *s, const uint8_t *bytes, int64_t n) {
  bai_vector before = {0, 0, 0};
  bai_archive now = {.context = s->context, .written = &before};
  ba_status status = check_state(s, bytes, n);
  if (!status) status = bai_trainer_archive(s->trainer, &now);
  if (!status) {
    bai_archive archive = {.context = s->context, .data = bytes + HEAD, .length = n - HEAD - 4};
    bai_archive undo = {.context = s->context, .data = before.data, .length = before.count};
    status = bai_trainer_archive(s->trainer, &archive);
    if (status) bai_trainer_archive(s->trainer, &undo);
  }
  bai_vector_free(s->context, &before);
  return status;
}

ba_status ba_solver_restore(ba_solver *s, const uint8_t *bytes, int64_t length) {
  if (!s) return BA_ERR_ARGUMENT;
  const ba_status status = bai_enter(s->context);
  if (status) return status;
  return bai_leave(s->context, take_state(s, bytes, length));
}
