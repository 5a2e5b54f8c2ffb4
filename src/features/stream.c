/* SPDX-License-Identifier: MIT
 *
 * stream.c: rows of many series one after the other. A stream is the states of its groups, and each row is one call of
 * what tables are filled by.
 */
#include "features/stream.h"

#include <string.h>

#define MAGIC "BASERIES"
#define VERSION 1
#define HEAD 80                      /* bytes before the groups */
#define MOST_ROWS 9007199254740992.0 /* 2^53 */
#define SCHEMA_SEED UINT64_C(0x736572696573)

enum { GROUP_ROWS, GROUP_TIME, GROUP_STATE };
enum { LATE_DROP, LATE_ERROR };
enum { DUPLICATE_KEEP, DUPLICATE_DROP, DUPLICATE_ERROR };

static int64_t record_size(const ba_stream *s) {
  return GROUP_STATE + s->shared->state;
}

static double *record_of(const ba_stream *s, int32_t group) {
  return (double *)s->states.data + group * record_size(s);
}

/* Numbers of a row: inputs and results. */
static int64_t row_size(const ba_stream *s) {
  return s->shared->inputs + s->shared->width;
}

/* ---- making ---- */

static ba_status add_schema(ba_context *context, const bai_pipeline *recipe, const bai_inputs *inputs,
                            uint64_t *schema) {
  bai_vector text = {0, 0, 0};
  const ba_status status = bai_pipeline_write(context, recipe, 0, &text);
  if (!status) *schema = bai_hash_bytes(*schema, text.data, text.count);
  for (int64_t i = 0; !status && i < inputs->items.count; i++) {
    const char *name = bai_input_at(inputs, i)->name;
    *schema = bai_hash_bytes(*schema, (const uint8_t *)name, bai_length(name));
  }
  bai_vector_free(context, &text);
  return status;
}

static void release_plans(ba_context *context, bai_stream_plan *shared) {
  if (--shared->references > 0) return;
  for (int32_t i = 0; i < shared->count; i++) bai_plan_destroy(shared->plans[i]);
  bai_free(context, shared->plans);
  bai_free(context, shared);
}

static ba_status share_plans(ba_context *context, bai_plan *const *plans, const bai_recipe *recipe,
                             bai_stream_plan **out) {
  const int32_t count = (int32_t)recipe->members.count;
  bai_stream_plan *shared = NULL;
  ba_status status = bai_alloc_zero(context, 1, sizeof *shared, &shared);
  if (!status) status = bai_alloc_zero(context, count, sizeof(bai_plan *), &shared->plans);
  if (status) {
    bai_free(context, shared);
    for (int32_t i = 0; i < count; i++) bai_plan_destroy(plans[i]);
    return status;
  }
  *shared = (bai_stream_plan){.references = 1, .plans = shared->plans, .count = count, .schema = SCHEMA_SEED};
  *out = shared;
  for (int32_t i = 0; i < count; i++) shared->plans[i] = plans[i];
  for (int32_t i = 0; !status && i < count; i++) {
    const bai_series *series = &plans[i]->series;
    shared->inputs += plans[i]->inputs.items.count;
    shared->width += series->width;
    shared->state += series->size;
    if (series->scratch > shared->scratch) shared->scratch = series->scratch;
    status = add_schema(context, bai_recipe_member(recipe, i), &plans[i]->inputs, &shared->schema);
  }
  return status;
}

/* Everything but the groups. `shared` is taken over, also when it fails. */
static ba_status make_empty(ba_context *context, bai_stream_plan *shared, ba_stream **out) {
  ba_stream *s;
  *out = NULL;
  ba_status status = bai_alloc_zero(context, 1, sizeof *s, &s);
  if (status) {
    release_plans(context, shared);
    return status;
  }
  s->context = bai_context_retain(context);
  s->shared = shared;
  status = bai_alloc_zero(context, record_size(s) + shared->scratch, 8, &s->scratch);
  if (!status) status = bai_alloc_zero(context, row_size(s), 8, &s->row);
  if (status)
    ba_stream_close(s);
  else
    *out = s;
  return status;
}

ba_status bai_stream_make(ba_context *context, bai_plan *const *plans, const bai_recipe *recipe, const char *options,
                          ba_stream **out) {
  bai_stream_plan *shared = NULL;
  int32_t late = 0, duplicate = 0;
  int64_t most_groups = 100000;
  const bai_option accepted[] = {{"late", 'w', "drop|error", 0, 0, &late},
                                 {"duplicate", 'w', "keep|drop|error", 0, 0, &duplicate},
                                 {"max_groups", 'i', NULL, 1, 2e9, &most_groups},
                                 {NULL, 0, NULL, 0, 0, NULL}};
  *out = NULL;
  ba_status status = share_plans(context, plans, recipe, &shared);
  if (!status) status = bai_options_parse(context, options, accepted);
  if (status && shared) release_plans(context, shared);
  if (!status) status = make_empty(context, shared, out);
  if (status) return status;
  (*out)->late = late;
  (*out)->duplicate = duplicate;
  (*out)->most_groups = most_groups;
  return BA_OK;
}

ba_status ba_stream_open(ba_context *context, const char *recipe, const char *options, ba_stream **out) {
  ba_status status = bai_enter(context);
  if (status) return status;
  bai_recipe parsed = {{0, 0, 0}};
  bai_plan *plan = NULL;
  if (out) *out = NULL;
  if (!out) status = bai_fail(context, BA_ERR_ARGUMENT, "stream: expected a place for the result");
  if (!status) status = bai_recipe_parse_single(context, recipe, &parsed);
  if (!status) status = bai_plan_create(context, bai_recipe_member(&parsed, 0), &plan);
  if (!status && (plan->width < 0 || plan->series.count == 0)) {
    bai_plan_destroy(plan);
    status = bai_fail(context, BA_ERR_RECIPE,
                      "stream: expected terms over series and Column alone, such as Return(column=close)");
  }
  if (!status) status = bai_stream_make(context, &plan, &parsed, options, out);
  bai_recipe_free(context, &parsed);
  return bai_leave(context, status);
}

void ba_stream_close(ba_stream *s) {
  if (!s) return;
  ba_context *context = s->context;
  bai_names_free(context, &s->groups);
  bai_vector_free(context, &s->states);
  bai_free(context, s->scratch);
  bai_free(context, s->row);
  release_plans(context, s->shared);
  bai_free(context, s);
  bai_context_release(context);
}

/* ---- what it is ---- */

int64_t ba_stream_width(const ba_stream *s) {
  return s ? s->shared->width : 0;
}

int64_t ba_stream_inputs(const ba_stream *s) {
  return s ? s->shared->inputs : 0;
}

const char *ba_stream_input_name(const ba_stream *s, int64_t index) {
  for (int32_t i = 0; s && index >= 0 && i < s->shared->count; i++) {
    const bai_inputs *inputs = &s->shared->plans[i]->inputs;
    if (index < inputs->items.count) return bai_input_at(inputs, index)->name;
    index -= inputs->items.count;
  }
  return NULL;
}

static ba_status name_column(const ba_stream *s, int64_t column, bai_vector *text) {
  int32_t i = 0;
  while (column >= s->shared->plans[i]->series.width) column -= s->shared->plans[i++]->series.width;
  return bai_series_name(s->context, &s->shared->plans[i]->series, column, text);
}

ba_status ba_stream_column_name(const ba_stream *s, int64_t column, char *buffer, int64_t capacity, int64_t *length) {
  if (!s) return BA_ERR_ARGUMENT;
  ba_context *context = s->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  bai_vector text = {0, 0, 0};
  if (column < 0 || column >= ba_stream_width(s))
    status = bai_fail(context, BA_ERR_ARGUMENT, "column %lld; expected 0 to %lld", (long long)column,
                      (long long)ba_stream_width(s) - 1);
  if (!status) status = name_column(s, column, &text);
  if (!status) status = bai_give_text(context, text.data, text.count, buffer, capacity, length);
  bai_vector_free(context, &text);
  return bai_leave(context, status);
}

int64_t ba_stream_count(const ba_stream *s, const char *name) {
  static const char *const names[BAI_STREAM_COUNTERS] = {"rows", "late", "duplicate", "missing"};
  if (!s || !name) return -1;
  if (strcmp(name, "groups") == 0) return s->groups.offsets.count;
  for (int32_t i = 0; i < BAI_STREAM_COUNTERS; i++)
    if (strcmp(name, names[i]) == 0) return s->counters[i];
  return -1;
}

/* ---- rows ---- */

/* The place of a group, which is made if it is new. */
static ba_status find_group(ba_stream *s, const char *name, int32_t *group) {
  ba_context *context = s->context;
  *group = s->last_group;
  if (*group < s->groups.offsets.count && strcmp(bai_names_text(&s->groups, *group), name) == 0) return BA_OK;
  const int64_t length = bai_length(name), size = record_size(s);
  *group = bai_names_find(&s->groups, name, length);
  if (*group >= 0) {
    s->last_group = *group;
    return BA_OK;
  }
  if (s->groups.offsets.count >= s->most_groups)
    return bai_fail(context, BA_ERR_LIMIT, "the stream has %lld groups; expected no more, or a larger max_groups",
                    (long long)s->most_groups);
  ba_status status = bai_vector_reserve(context, &s->states, size, 8);
  if (!status) status = bai_names_index(context, &s->groups, name, length, group);
  if (status) return status;
  memset((double *)s->states.data + s->states.count, 0, (size_t)size * 8);
  s->states.count += size;
  return BA_OK;
}

/* Whether a row comes too late, or again: what counter that is, or -1. */
static int32_t judge_time(const double *record, double time) {
  if (record[GROUP_ROWS] == 0.0 || !(time == time) || !(record[GROUP_TIME] == record[GROUP_TIME])) return -1;
  return time < record[GROUP_TIME] ? BAI_STREAM_LATE : time == record[GROUP_TIME] ? BAI_STREAM_DUPLICATE : -1;
}

static ba_status refuse_time(const ba_stream *s, const char *group, const double *record, double time, int32_t what) {
  const char *known = what == BAI_STREAM_LATE ? "late" : "duplicate";
  return bai_fail(s->context, BA_ERR_NUMBER,
                  "group \"%s\": a row of time %g came after one of time %g; expected times that rise, or %s=drop",
                  group, time, record[GROUP_TIME], known);
}

/* Takes a row into a record; returns how many terms left it out. */
static int32_t take_row(ba_stream *s, const double *inputs, double time, double *record, double *row) {
  const bai_kernels *kernels = bai_kernels_of(s->context);
  double *state = record + GROUP_STATE, *scratch = s->scratch + record_size(s);
  int32_t left_out = 0;
  record[GROUP_ROWS] += record[GROUP_ROWS] < MOST_ROWS;
  record[GROUP_TIME] = time;
  for (int32_t i = 0; i < s->shared->count; i++) {
    const bai_plan *plan = s->shared->plans[i];
    const int64_t n = plan->inputs.items.count;
    if (n) memcpy(row, inputs, (size_t)n * 8);
    left_out += bai_series_update(kernels, &plan->series, row, time, state, scratch, row + n);
    inputs += n;
    row += bai_plan_inputs(plan);
    state += plan->series.size;
  }
  return left_out;
}

static ba_status check_row(const ba_stream *s, const double *inputs, int64_t count) {
  const int64_t n = ba_stream_inputs(s);
  if (inputs && count == n) return BA_OK;
  return bai_fail(s->context, BA_ERR_SHAPE, "stream: a row of %lld numbers; expected %lld, from \"%s\" on",
                  (long long)(inputs ? count : 0), (long long)n, ba_stream_input_name(s, 0));
}

static void give_row(const ba_stream *s, const double *row, double *out) {
  for (int64_t i = 0; out && !row && i < s->shared->width; i++) out[i] = bai_not_a_number();
  for (int32_t i = 0; out && row && i < s->shared->count; i++) {
    const bai_plan *plan = s->shared->plans[i];
    if (plan->series.width) memcpy(out, row + plan->inputs.items.count, (size_t)plan->series.width * 8);
    out += plan->series.width;
    row += bai_plan_inputs(plan);
  }
}

static ba_status update_record(ba_stream *s, const char *group, double *record, double time, const double *inputs,
                               double *out) {
  const int32_t what = judge_time(record, time);
  const int32_t late = what == BAI_STREAM_LATE, again = what == BAI_STREAM_DUPLICATE;
  if (what >= 0) s->counters[what]++;
  if ((late && s->late == LATE_ERROR) || (again && s->duplicate == DUPLICATE_ERROR))
    return refuse_time(s, group, record, time, what);
  s->has_row = !(late || (again && s->duplicate == DUPLICATE_DROP));
  if (s->has_row) {
    s->counters[BAI_STREAM_MISSING] += take_row(s, inputs, time, record, s->row) > 0;
    s->counters[BAI_STREAM_ROWS]++;
  }
  give_row(s, s->has_row ? s->row : NULL, out);
  return BA_OK;
}

static ba_status update(ba_stream *s, const char *group, double time, const double *inputs, double *out) {
  int32_t place;
  const ba_status status = find_group(s, group, &place);
  return status ? status : update_record(s, group, record_of(s, place), time, inputs, out);
}

ba_status ba_stream_update(ba_stream *s, const char *group, double time, const double *inputs, int64_t count,
                           double *out) {
  if (!s) return BA_ERR_ARGUMENT;
  ba_status status = bai_enter(s->context);
  if (status) return status;
  status = check_row(s, inputs, count);
  if (!status) status = update(s, group ? group : "", time == time ? time : bai_not_a_number(), inputs, out);
  return bai_leave(s->context, status);
}

/* How many rows come neither late nor again. */
static int64_t count_in_time(const double *record, const double *times, int64_t rows) {
  double last[] = {record[GROUP_ROWS], record[GROUP_TIME]};
  int64_t n = 0;
  for (; times && n < rows && judge_time(last, times[n]) < 0; n++) {
    last[GROUP_ROWS] = 1.0;
    last[GROUP_TIME] = times[n];
  }
  return times ? n : rows;
}

/* Rows that are in time, of a stream of one plan; the last is kept as ba_stream_update keeps it. */
static void take_rows(ba_stream *s, double *record, const double *times, const double *inputs, int64_t rows,
                      double *out) {
  const bai_plan *plan = s->shared->plans[0];
  const int64_t n = plan->inputs.items.count, width = plan->series.width;
  const bai_series_run run = {inputs, n, n, times, rows, out, width};
  s->counters[BAI_STREAM_MISSING] += bai_series_update_run(bai_kernels_of(s->context), &plan->series, &run,
                                                           record + GROUP_STATE, s->scratch + record_size(s));
  s->counters[BAI_STREAM_ROWS] += rows;
  for (int64_t i = 0; i < rows && record[GROUP_ROWS] < 9007199254740992.0; i++) record[GROUP_ROWS] += 1.0;
  record[GROUP_TIME] = times ? times[rows - 1] : bai_not_a_number();
  memcpy(s->row, inputs + (rows - 1) * n, (size_t)n * 8);
  memcpy(s->row + n, out + (rows - 1) * width, (size_t)width * 8);
  s->has_row = 1;
}

static ba_status update_rows(ba_stream *s, const char *group, const double *times, const double *inputs, int64_t rows,
                             double *out) {
  const int64_t n = ba_stream_inputs(s), width = ba_stream_width(s);
  int32_t place;
  ba_status status = rows > 0 ? find_group(s, group, &place) : BA_OK;
  for (int64_t i = 0; !status && i < rows;) {
    double *record = record_of(s, place);
    const int64_t count = s->shared->count == 1 ? count_in_time(record, times ? times + i : NULL, rows - i) : 0;
    if (count > 0)
      take_rows(s, record, times ? times + i : NULL, inputs + i * n, count, out + i * width);
    else
      status = update_record(s, group, record, times ? times[i] : bai_not_a_number(), inputs + i * n, out + i * width);
    i += count > 0 ? count : 1;
  }
  return status;
}

ba_status ba_stream_update_rows(ba_stream *s, const char *group, const double *times, const double *inputs,
                                int64_t rows, int64_t count, double *out) {
  if (!s) return BA_ERR_ARGUMENT;
  ba_status status = bai_enter(s->context);
  if (status) return status;
  if (rows < 0 || (rows > 0 && !out))
    status = bai_fail(s->context, BA_ERR_ARGUMENT, "stream: expected 0 rows or more, and a place for their results");
  if (!status && rows > 0) status = check_row(s, inputs, count);
  if (!status) status = update_rows(s, group ? group : "", times, inputs, rows, out);
  return bai_leave(s->context, status);
}

/* On a copy of the group's record, which stands where a row of one goes. */
static ba_status peek(ba_stream *s, const char *group, double time, const double *inputs, double *out) {
  const int32_t place = bai_names_find(&s->groups, group, bai_length(group));
  const int64_t size = record_size(s);
  double *row;
  const ba_status status = bai_alloc(s->context, row_size(s), 8, &row);
  if (status) return status;
  if (place >= 0)
    memcpy(s->scratch, record_of(s, place), (size_t)size * 8);
  else
    memset(s->scratch, 0, (size_t)size * 8);
  const int32_t what = judge_time(s->scratch, time);
  const int32_t left_out = what == BAI_STREAM_LATE || (what == BAI_STREAM_DUPLICATE && s->duplicate != DUPLICATE_KEEP);
  take_row(s, inputs, time, s->scratch, row);
  give_row(s, left_out ? NULL : row, out);
  bai_free(s->context, row);
  return BA_OK;
}

ba_status ba_stream_peek(ba_stream *s, const char *group, double time, const double *inputs, int64_t count,
                         double *out) {
  if (!s) return BA_ERR_ARGUMENT;
  ba_status status = bai_enter(s->context);
  if (status) return status;
  status = check_row(s, inputs, count);
  if (!status) status = peek(s, group ? group : "", time == time ? time : bai_not_a_number(), inputs, out);
  return bai_leave(s->context, status);
}

/* ---- streams together ---- */

/* Takes a group's rows in another stream into its record. */
static void merge_record(const ba_stream *s, double *record, const double *other) {
  const double rows = record[GROUP_ROWS] + other[GROUP_ROWS], time = other[GROUP_TIME];
  record[GROUP_ROWS] = rows < MOST_ROWS ? rows : MOST_ROWS;
  if (time > record[GROUP_TIME] || !(record[GROUP_TIME] == record[GROUP_TIME])) record[GROUP_TIME] = time;
  int64_t at = GROUP_STATE;
  for (int32_t i = 0; i < s->shared->count; i++) {
    bai_series_merge(&s->shared->plans[i]->series, record + at, other + at);
    at += s->shared->plans[i]->series.size;
  }
}

/* The first term that keeps a group from being merged. */
static const bai_series_term *whole_term(const ba_stream *s) {
  const bai_series_term *found = NULL;
  for (int32_t i = 0; !found && i < s->shared->count; i++) found = bai_series_whole(&s->shared->plans[i]->series);
  return found;
}

/* Adds the groups of another stream of the same schema; those that are there too must be of series that merge. */
static ba_status add_groups(ba_stream *s, const ba_stream *other) {
  const int64_t size = record_size(s);
  ba_status status = bai_vector_reserve(s->context, &s->states, other->states.count, 8);
  for (int32_t g = 0; !status && g < other->groups.offsets.count; g++) {
    int32_t place;
    const int64_t known = s->groups.offsets.count;
    status = find_group(s, bai_names_text(&other->groups, g), &place);
    if (!status && place < known)
      merge_record(s, record_of(s, place), record_of(other, g));
    else if (!status)
      memcpy(record_of(s, place), record_of(other, g), (size_t)size * 8);
  }
  return status;
}

static ba_status copy_stream(const ba_stream *s, ba_stream **out) {
  s->shared->references++;
  ba_status status = make_empty(s->context, s->shared, out);
  if (status) return status;
  (*out)->late = s->late;
  (*out)->duplicate = s->duplicate;
  (*out)->most_groups = s->most_groups;
  (*out)->has_row = s->has_row;
  (*out)->model = s->model;
  memcpy((*out)->counters, s->counters, sizeof s->counters);
  memcpy((*out)->row, s->row, (size_t)row_size(s) * 8);
  status = add_groups(*out, s);
  if (status) {
    ba_stream_close(*out);
    *out = NULL;
  }
  return status;
}

ba_status ba_stream_copy(const ba_stream *s, ba_stream **out) {
  if (!s) return BA_ERR_ARGUMENT;
  ba_status status = bai_enter(s->context);
  if (status) return status;
  if (out) *out = NULL;
  status = out ? copy_stream(s, out) : bai_fail(s->context, BA_ERR_ARGUMENT, "stream: expected a place for the copy");
  return bai_leave(s->context, status);
}

static ba_status check_merge(const ba_stream *s, const ba_stream *other) {
  ba_context *context = s->context;
  if (!other || other == s || other->context != context)
    return bai_fail(context, BA_ERR_ARGUMENT, "merge: expected another stream of the same context");
  if (other->shared->schema != s->shared->schema)
    return bai_fail(context, BA_ERR_ARGUMENT, "merge: the streams have different recipes; expected the same");
  int64_t groups = s->groups.offsets.count;
  const bai_series_term *whole = whole_term(s);
  for (int32_t g = 0; g < other->groups.offsets.count; g++) {
    const char *name = bai_names_text(&other->groups, g);
    const int32_t both = bai_names_find(&s->groups, name, bai_length(name)) >= 0;
    if (both && whole)
      return bai_fail(context, BA_ERR_UNSUPPORTED,
                      "merge: both streams have the group \"%s\", and what %s has come to cannot be put together from "
                      "parts of a series; expected each group in one of them",
                      name, whole->term.spec->name);
    groups += !both;
  }
  if (groups > s->most_groups)
    return bai_fail(context, BA_ERR_LIMIT, "merge: more than %lld groups; expected no more, or a larger max_groups",
                    (long long)s->most_groups);
  return BA_OK;
}

ba_status ba_stream_merge(ba_stream *s, const ba_stream *other) {
  if (!s) return BA_ERR_ARGUMENT;
  ba_status status = bai_enter(s->context);
  if (status) return status;
  ba_stream *both = NULL;
  status = check_merge(s, other);
  if (!status) status = copy_stream(s, &both);
  if (!status) status = add_groups(both, other);
  if (!status) { /* the copy's groups and states for its own */
    const bai_names groups = s->groups;
    const bai_vector states = s->states;
    s->groups = both->groups;
    s->states = both->states;
    both->groups = groups;
    both->states = states;
    for (int32_t i = 0; i < BAI_STREAM_COUNTERS; i++) s->counters[i] += other->counters[i];
  }
  ba_stream_close(both);
  return bai_leave(s->context, status);
}

/* ---- bytes: magic, version, 0, schema, groups, doubles a group, counters; the groups' names, each with a NUL, and
 * doubles; CRC-32C ---- */

static ba_status write_bytes(const ba_stream *s, bai_vector *bytes) {
  ba_context *context = s->context;
  uint8_t head[HEAD] = {0}, number[8];
  const int64_t size = record_size(s), groups = s->groups.offsets.count;
  memcpy(head, MAGIC, 8);
  bai_put_u32(head + 8, VERSION);
  bai_put_u64(head + 16, s->shared->schema);
  bai_put_u64(head + 24, (uint64_t)groups);
  bai_put_u64(head + 32, (uint64_t)size);
  for (int32_t i = 0; i < BAI_STREAM_COUNTERS; i++) bai_put_u64(head + 40 + 8 * i, (uint64_t)s->counters[i]);
  ba_status status = bai_vector_append(context, bytes, head, HEAD, 1);
  for (int32_t g = 0; !status && g < groups; g++) {
    const char *name = bai_names_text(&s->groups, g);
    const double *record = record_of(s, g);
    status = bai_vector_append(context, bytes, name, bai_length(name) + 1, 1);
    if (!status) status = bai_vector_reserve(context, bytes, 8 * size, 1);
    for (int64_t i = 0; !status && i < size; i++, bytes->count += 8)
      bai_put_u64((uint8_t *)bytes->data + bytes->count, bai_bits_of_f64(record[i]));
  }
  if (status) return status;
  bai_put_u32(number, bai_kernels_of(context)->crc32c(0, bytes->data, bytes->count));
  return bai_vector_append(context, bytes, number, 4, 1);
}

ba_status ba_stream_save(const ba_stream *s, uint8_t *buffer, int64_t capacity, int64_t *length) {
  if (!s) return BA_ERR_ARGUMENT;
  ba_status status = bai_enter(s->context);
  if (status) return status;
  bai_vector bytes = {0, 0, 0};
  status = write_bytes(s, &bytes);
  if (!status) status = bai_give_bytes(s->context, &bytes, buffer, capacity, length);
  bai_vector_free(s->context, &bytes);
  return bai_leave(s->context, status);
}

static ba_status damaged(const ba_stream *s, int64_t byte, const char *what) {
  return bai_fail_at(s->context, BA_ERR_CORRUPT, -1, byte, "saved stream: %s", what);
}

static ba_status check_head(const ba_stream *s, const uint8_t *bytes, int64_t n) {
  if (n < HEAD + 4 || memcmp(bytes, MAGIC, 8) != 0)
    return bai_fail(s->context, BA_ERR_FORMAT, "saved stream: expected the bytes of ba_stream_save");
  if (bai_get_u32(bytes + 8) > VERSION)
    return bai_fail(s->context, BA_ERR_VERSION, "saved stream: version %lld; expected at most %d",
                    (long long)bai_get_u32(bytes + 8), VERSION);
  if (bai_get_u32(bytes + n - 4) != bai_kernels_of(s->context)->crc32c(0, bytes, n - 4))
    return damaged(s, n - 4, "its checksum is wrong");
  if (bai_get_u64(bytes + 16) != s->shared->schema)
    return bai_fail(s->context, BA_ERR_ARGUMENT, "saved stream: it is of another recipe; expected that of the stream");
  if (bai_get_u64(bytes + 32) != (uint64_t)record_size(s)) return damaged(s, 32, "its states have another size");
  for (int32_t i = 0; i < BAI_STREAM_COUNTERS; i++)
    if (bai_get_u64(bytes + 40 + 8 * i) >> 62) return damaged(s, 40 + 8 * i, "a counter that no rows lead to");
  if (bai_get_u64(bytes + 24) > (uint64_t)s->most_groups)
    return bai_fail(s->context, BA_ERR_LIMIT, "saved stream: more than %lld groups; expected a larger max_groups",
                    (long long)s->most_groups);
  return BA_OK;
}

static int32_t is_record(const ba_stream *s, const double *record) {
  const double *state = record + GROUP_STATE;
  if (!(record[GROUP_ROWS] >= 0.0)) return 0;
  for (int32_t i = 0; i < s->shared->count; i++) {
    if (!bai_series_is_state(&s->shared->plans[i]->series, state)) return 0;
    state += s->shared->plans[i]->series.size;
  }
  return 1;
}

/* Groups into an empty stream. */
static ba_status read_groups(ba_stream *s, const uint8_t *bytes, int64_t n) {
  const int64_t size = record_size(s), groups = (int64_t)bai_get_u64(bytes + 24);
  const uint8_t *at = bytes + HEAD, *end = bytes + n - 4;
  for (int64_t g = 0; g < groups; g++) {
    const uint8_t *nul = memchr(at, 0, (size_t)(end - at));
    int32_t place;
    if (!nul || end - nul - 1 < 8 * size) return damaged(s, (int64_t)(at - bytes), "a group is cut short");
    const ba_status status = find_group(s, (const char *)at, &place);
    if (status) return status;
    if (place != g) return damaged(s, (int64_t)(at - bytes), "a group is there twice");
    double *record = record_of(s, place);
    at = nul + 1;
    for (int64_t i = 0; i < size; i++, at += 8) record[i] = bai_f64_of_bits(bai_get_u64(at));
    if (!is_record(s, record)) return damaged(s, (int64_t)(at - bytes), "a state that no rows lead to");
  }
  return at == end ? BA_OK : damaged(s, (int64_t)(at - bytes), "bytes behind the last group");
}

static ba_status restore(ba_stream *s, const uint8_t *bytes, int64_t n) {
  const bai_names groups = s->groups;
  const bai_vector states = s->states;
  ba_status status = check_head(s, bytes, n);
  if (status) return status;
  s->groups = (bai_names){{0, 0, 0}, {0, 0, 0}, {0, 0, 0}};
  s->states = (bai_vector){0, 0, 0};
  status = read_groups(s, bytes, n);
  bai_names old_groups = groups;
  bai_vector old_states = states;
  if (status) {
    old_groups = s->groups;
    old_states = s->states;
    s->groups = groups;
    s->states = states;
  } else {
    for (int32_t i = 0; i < BAI_STREAM_COUNTERS; i++) s->counters[i] = (int64_t)bai_get_u64(bytes + 40 + 8 * i);
    s->has_row = 0;
  }
  bai_names_free(s->context, &old_groups);
  bai_vector_free(s->context, &old_states);
  return status;
}

ba_status ba_stream_restore(ba_stream *s, const uint8_t *bytes, int64_t length) {
  if (!s) return BA_ERR_ARGUMENT;
  ba_status status = bai_enter(s->context);
  if (status) return status;
  status = bytes && length >= 0 ? restore(s, bytes, length)
                                : bai_fail(s->context, BA_ERR_ARGUMENT, "stream: expected the bytes of a saved one");
  return bai_leave(s->context, status);
}
