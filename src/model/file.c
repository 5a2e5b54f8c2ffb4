/* SPDX-License-Identifier: MIT
 *
 * file.c: the model file. A header of 64 bytes, a table of sections, and the sections, little-endian, each on a
 * multiple of 64 bytes with a CRC-32C; a digest covers all that follows the header, the header has a CRC of its own.
 * Nothing in it depends on time, host, path, CPU level or threads.
 */
#include <string.h>

#include "model/model.h"
#include "model/net_recipe.h"

#define MAGIC "BAMODEL\n"
#define FORMAT 3u /* the latest that this library reads; it writes the oldest that can say what a model has */
#define HEADER 64
#define ENTRY 64
#define MOST_SECTIONS 256
#define DIGEST_SEED UINT64_C(0x6261206d6f64656c)

enum { TYPE_TEXT = 1, TYPE_U8, TYPE_I32, TYPE_I64, TYPE_F64, TYPE_F32 };

typedef struct section {
  const char *name; /* up to 15 letters */
  uint32_t type;
  int64_t rows, columns;
  const void *data;
} section;

#define OWN_SECTIONS 17   /* of the model itself, at most */
#define MEMBER_SECTIONS 8 /* of each member, at most */

/* The sections of the first member have plain names, those of member m end in ".m". */
typedef char section_name[16];

typedef struct listing {
  section sections[OWN_SECTIONS + MEMBER_SECTIONS * BAI_MOST_MEMBERS];
  section_name names[MEMBER_SECTIONS * BAI_MOST_MEMBERS];
  int32_t count, named;
  bai_vector inputs[BAI_MOST_MEMBERS]; /* those of a member as bytes */
} listing;

static void name_section(const char *base, int32_t member, section_name out) {
  memset(out, 0, sizeof(section_name));
  bai_format(out, (int64_t)sizeof(section_name), member ? "%s.%d" : "%s", base, member);
}

static int64_t type_size(uint32_t type) {
  return type == TYPE_I32 || type == TYPE_F32 ? 4 : type == TYPE_I64 || type == TYPE_F64 ? 8 : 1;
}

static void list(listing *l, const char *name, uint32_t type, int64_t rows, int64_t columns, const void *data) {
  l->sections[l->count++] = (section){name, type, rows, columns, data};
}

static void list_of_member(listing *l, int32_t m, const char *name, uint32_t type, int64_t rows, int64_t columns,
                           const void *data) {
  char *own = l->names[l->named++];
  name_section(name, m, own);
  list(l, own, type, rows, columns, data);
}

static const char *const calibration_names[] = {"", "platt", "temperature", "isotonic"};

/* Of isotonic first all places of the knots, then all values. */
static void list_calibration(listing *l, const bai_calibration *c) {
  if (c->method == BAI_CALIBRATION_ISOTONIC) {
    list(l, "isotonic.at", TYPE_F64, 1, c->knots, c->at);
    list(l, "isotonic.value", TYPE_F64, 1, c->knots, c->value);
  } else if (c->method != BAI_CALIBRATION_NONE) {
    list(l, calibration_names[c->method], TYPE_F64, 1, c->method == BAI_CALIBRATION_PLATT ? 2 : 1, &c->slope);
  }
  if (c->rows) list(l, "conformal", TYPE_F64, 1, c->rows, c->strangeness);
}

static void list_drift(listing *l, const bai_drift *drift) {
  if (drift->count == 0) return;
  list(l, "drift.kinds", TYPE_I32, 1, drift->count, drift->kinds);
  list(l, "drift.bins", TYPE_I32, 1, drift->count, drift->bins);
  list(l, "drift.edges", TYPE_F64, drift->count, BAI_DRIFT_BINS, drift->edges);
  list(l, "drift.counts", TYPE_I64, drift->count, BAI_DRIFT_BINS, drift->counts);
}

static void list_fit(listing *l, int32_t m, const bai_member *member) {
  const bai_plan *plan = member->plan;
  const bai_vector *inputs = &l->inputs[m];
  if (inputs->count) list_of_member(l, m, "inputs", TYPE_U8, 1, inputs->count, inputs->data);
  if (!plan->real_width) return;
  list_of_member(l, m, "scale", TYPE_F64, 3, plan->real_width, plan->fill);
  list_of_member(l, m, "reals", TYPE_F64, member->units, plan->real_width, member->reals);
}

static void list_sections(const ba_model *model, listing *l) {
  const int64_t outputs = model->outputs, count = model->golden.count;
  l->count = l->named = 0;
  list(l, "recipe", TYPE_TEXT, 1, bai_length(model->recipe), model->recipe);
  for (int32_t m = 0; m < model->member_count; m++)
    list_of_member(l, m, "length", TYPE_I64, 1, 1, &model->members[m].plan->fitted_length);
  list(l, "classes", TYPE_TEXT, model->classes, model->class_names_length, model->class_names);
  for (int32_t m = 0; m < model->member_count; m++) {
    const bai_member *member = &model->members[m];
    const bai_plan *plan = member->plan;
    if (member->hidden)
      list_of_member(l, m, "weights", TYPE_I32, plan->width, member->units, member->weights);
    else
      list_of_member(l, m, "weights", TYPE_I32, outputs, plan->width, member->weights);
    list_of_member(l, m, "exponents", TYPE_I32, member->units, plan->block_count, member->exponents);
    list_of_member(l, m, "intercepts", TYPE_F64, 1, member->hidden + outputs, member->intercepts);
    if (member->hidden) list_of_member(l, m, "hidden", TYPE_F64, member->hidden, outputs, member->head);
    list_fit(l, m, member);
    if (member->net.layer_count)
      list_of_member(l, m, "network", TYPE_F32, member->net.copies, member->net.parameters, member->parameters);
  }
  if (model->factors) {
    list(l, "factors", TYPE_F64, 1, model->member_count, model->factors);
    list(l, "offsets", TYPE_F64, 1, outputs, model->offsets);
  }
  list_calibration(l, &model->calibration);
  list_drift(l, &model->drift);
  list(l, "golden.letters", TYPE_U8, 1, model->golden.offsets[count], model->golden.letters);
  list(l, "golden.offsets", TYPE_I64, 1, count + 1, model->golden.offsets);
  if (model->golden.inputs) list(l, "golden.inputs", TYPE_F64, count, model->golden.input_count, model->golden.inputs);
  list(l, "golden.scores", TYPE_F64, count, outputs, model->golden.scores);
  list(l, "golden.probs", TYPE_F64, count, model->answers, model->golden.probabilities);
  list(l, "provenance", TYPE_TEXT, 1, bai_length(model->provenance), model->provenance);
}

int32_t bai_model_format(const ba_model *model) {
  const bai_calibration *c = &model->calibration;
  const int32_t network = model->members[0].net.layer_count > 0;
  for (int32_t m = 0; m < model->member_count; m++)
    if (model->members[m].hidden || model->members[m].plan->real_width > 0 ||
        model->members[m].plan->inputs.items.count > 0)
      return 3;
  return model->classes == 0 || model->member_count > 1 || network || c->method != BAI_CALIBRATION_NONE || c->rows > 0
             ? 2
             : 1;
}

/* Texts have one row of bytes; "classes" counts its names as rows. */
static int64_t section_bytes(uint32_t type, int64_t rows, int64_t columns) {
  return type == TYPE_TEXT ? columns : rows * columns * type_size(type);
}

static void put_values(uint8_t *at, const section *s) {
  const int64_t n = section_bytes(s->type, s->rows, s->columns) / type_size(s->type);
  if (s->type == TYPE_I32) {
    for (int64_t i = 0; i < n; i++) bai_put_u32(at + 4 * i, (uint32_t)((const int32_t *)s->data)[i]);
  } else if (s->type == TYPE_F32) {
    for (int64_t i = 0; i < n; i++) {
      uint32_t bits;
      memcpy(&bits, (const float *)s->data + i, sizeof bits);
      bai_put_u32(at + 4 * i, bits);
    }
  } else if (s->type == TYPE_I64) {
    for (int64_t i = 0; i < n; i++) bai_put_u64(at + 8 * i, (uint64_t)((const int64_t *)s->data)[i]);
  } else if (s->type == TYPE_F64) {
    for (int64_t i = 0; i < n; i++) bai_put_u64(at + 8 * i, bai_bits_of_f64(((const double *)s->data)[i]));
  } else if (n) {
    memcpy(at, s->data, (size_t)n);
  }
}

static int64_t round_up(int64_t n) {
  return (n + 63) / 64 * 64;
}

static ba_status write_sections(ba_context *context, const ba_model *model, const listing *sections, bai_vector *bytes,
                                uint64_t *digest) {
  const bai_kernels *kernels = bai_kernels_of(context);
  const listing l = *sections;
  int64_t at = HEADER + l.count * ENTRY, length = at;
  for (int32_t i = 0; i < l.count; i++)
    length += round_up(section_bytes(l.sections[i].type, l.sections[i].rows, l.sections[i].columns));
  const ba_status status = bai_vector_reserve(context, bytes, length, 1);
  if (status) return status;
  bytes->count = length;
  uint8_t *file = bytes->data;
  memset(file, 0, (size_t)length);
  for (int32_t i = 0; i < l.count; i++) {
    const section *s = &l.sections[i];
    uint8_t *entry = file + HEADER + i * ENTRY;
    const int64_t n = section_bytes(s->type, s->rows, s->columns);
    put_values(file + at, s);
    memcpy(entry, s->name, (size_t)bai_length(s->name));
    bai_put_u32(entry + 16, s->type);
    bai_put_u64(entry + 24, (uint64_t)s->rows);
    bai_put_u64(entry + 32, (uint64_t)s->columns);
    bai_put_u64(entry + 40, (uint64_t)at);
    bai_put_u64(entry + 48, (uint64_t)n);
    bai_put_u32(entry + 56, kernels->crc32c(0, file + at, n));
    at += round_up(n);
  }
  *digest = bai_hash_bytes(DIGEST_SEED, file + HEADER, length - HEADER);
  memcpy(file, MAGIC, 8);
  bai_put_u32(file + 8, (uint32_t)bai_model_format(model));
  bai_put_u32(file + 12, (uint32_t)bai_model_format(model));
  bai_put_u64(file + 16, (uint64_t)length);
  bai_put_u32(file + 24, (uint32_t)l.count);
  bai_put_u64(file + 32, *digest);
  bai_put_u32(file + 60, kernels->crc32c(0, file, 60));
  return BA_OK;
}

ba_status bai_model_write(ba_context *context, const ba_model *model, bai_vector *bytes, uint64_t *digest) {
  listing l;
  ba_status status = BA_OK;
  memset(&l, 0, sizeof l);
  for (int32_t m = 0; !status && m < model->member_count; m++)
    if (model->members[m].plan->inputs.items.count)
      status = bai_inputs_write(context, &model->members[m].plan->inputs, &l.inputs[m]);
  if (!status) {
    list_sections(model, &l);
    status = write_sections(context, model, &l, bytes, digest);
  }
  for (int32_t m = 0; m < model->member_count; m++) bai_vector_free(context, &l.inputs[m]);
  return status;
}

/* ---- reading ---- */

typedef struct reading {
  ba_context *context;
  const bai_kernels *kernels;
  const uint8_t *file;
  int64_t length;
  int32_t sections;
} reading;

typedef struct found {
  const uint8_t *data;
  int64_t rows, columns, offset;
} found;

static ba_status damaged(const reading *r, int64_t byte, const char *what) {
  return bai_fail_at(r->context, BA_ERR_MODEL, -1, byte, "damaged model file: %s", what);
}

static ba_status check_header(reading *r) {
  if (r->length < 8 || memcmp(r->file, MAGIC, 8) != 0)
    return bai_fail_at(r->context, BA_ERR_MODEL, -1, 0, "not a model file: expected it to start with \"BAMODEL\"");
  if (r->length < HEADER) return damaged(r, r->length, "it ends inside the header");
  if (bai_get_u32(r->file + 60) != r->kernels->crc32c(0, r->file, 60))
    return damaged(r, 0, "the checksum of the header differs");
  if (bai_get_u32(r->file + 12) > FORMAT)
    return bai_fail(r->context, BA_ERR_VERSION,
                    "the model file has format %lld and needs a reader of format %lld; this library reads up to %lld",
                    (long long)bai_get_u32(r->file + 8), (long long)bai_get_u32(r->file + 12), (long long)FORMAT);
  if (bai_get_u64(r->file + 16) != (uint64_t)r->length)
    return damaged(r, r->length, "its length differs from what the header says");
  const uint32_t sections = bai_get_u32(r->file + 24);
  if (sections > MOST_SECTIONS || HEADER + (int64_t)sections * ENTRY > r->length)
    return damaged(r, 24, "too many sections");
  r->sections = (int32_t)sections;
  if (bai_get_u64(r->file + 32) != bai_hash_bytes(DIGEST_SEED, r->file + HEADER, r->length - HEADER))
    return damaged(r, HEADER, "the digest of its contents differs");
  return BA_OK;
}

/* Sections stand behind the table, in its order, and do not overlap. */
static ba_status check_places(const reading *r) {
  const uint64_t length = (uint64_t)r->length;
  uint64_t free_from = HEADER + (uint64_t)r->sections * ENTRY;
  for (int32_t i = 0; i < r->sections; i++) {
    const int64_t at = HEADER + (int64_t)i * ENTRY;
    const uint64_t offset = bai_get_u64(r->file + at + 40), bytes = bai_get_u64(r->file + at + 48);
    if (offset % 64 || offset < free_from || offset > length || bytes > length - offset)
      return damaged(r, at + 40, "a section is out of place");
    free_from = offset + bytes;
  }
  return BA_OK;
}

/* Finds a section and checks its type, size and checksum. */
static ba_status find_section(const reading *r, const char *name, uint32_t type, found *out) {
  for (int32_t i = 0; i < r->sections; i++) {
    const int64_t at = HEADER + (int64_t)i * ENTRY;
    const uint8_t *entry = r->file + at;
    if (memcmp(entry, name, (size_t)bai_length(name) + 1) != 0) continue;
    const uint64_t rows = bai_get_u64(entry + 24), columns = bai_get_u64(entry + 32);
    const uint64_t offset = bai_get_u64(entry + 40), bytes = bai_get_u64(entry + 48);
    const uint64_t length = (uint64_t)r->length;
    if (bai_get_u32(entry + 16) != type) return damaged(r, at + 16, name);
    if (rows > length || columns > length || (rows && columns > (UINT64_C(1) << 62) / rows / 8) ||
        (int64_t)bytes != section_bytes(type, (int64_t)rows, (int64_t)columns))
      return damaged(r, at + 24, name);
    if (bai_get_u32(entry + 56) != r->kernels->crc32c(0, r->file + offset, (int64_t)bytes))
      return damaged(r, (int64_t)offset, name);
    *out = (found){r->file + offset, (int64_t)rows, (int64_t)columns, (int64_t)offset};
    return BA_OK;
  }
  return bai_fail(r->context, BA_ERR_MODEL, "damaged model file: it has no section \"%s\"", name);
}

static ba_status read_text(const reading *r, const char *name, char **out, found *where) {
  ba_status status = find_section(r, name, TYPE_TEXT, where);
  if (!status && (where->rows == 0 || (where->rows == 1 && memchr(where->data, 0, (size_t)where->columns))))
    status = damaged(r, where->offset, name);
  if (!status) status = bai_alloc_zero(r->context, where->columns + 1, 1, out);
  if (!status) memcpy(*out, where->data, (size_t)where->columns);
  return status;
}

static ba_status read_f64(const reading *r, const char *name, int64_t rows, int64_t columns, double *into) {
  found where;
  const ba_status status = find_section(r, name, TYPE_F64, &where);
  if (status) return status;
  if (where.rows != rows || where.columns != columns) return damaged(r, where.offset, name);
  for (int64_t i = 0; i < rows * columns; i++) into[i] = bai_f64_of_bits(bai_get_u64(where.data + 8 * i));
  return BA_OK;
}

/* The same into memory of its own, whose size is known to be in the file. */
static ba_status take_f64(const reading *r, const char *name, int64_t rows, int64_t columns, double **out) {
  found where;
  ba_status status = find_section(r, name, TYPE_F64, &where);
  if (status) return status;
  if (where.rows != rows || where.columns != columns) return damaged(r, where.offset, name);
  status = bai_alloc(r->context, rows * columns, 8, out);
  return status ? status : read_f64(r, name, rows, columns, *out);
}

static ba_status read_i32(const reading *r, const char *name, int64_t rows, int64_t columns, int32_t *into) {
  found where;
  const ba_status status = find_section(r, name, TYPE_I32, &where);
  if (status) return status;
  if (where.rows != rows || where.columns != columns) return damaged(r, where.offset, name);
  for (int64_t i = 0; i < rows * columns; i++) into[i] = (int32_t)bai_get_u32(where.data + 4 * i);
  return BA_OK;
}

/* Parameters that are no numbers would make scores that are none. */
static ba_status read_network(const reading *r, int32_t m, bai_member *member) {
  section_name name;
  found where;
  name_section("network", m, name);
  const ba_status status = find_section(r, name, TYPE_F32, &where);
  if (status) return status;
  for (int64_t i = 0; i < where.rows * where.columns; i++) {
    const uint32_t bits = bai_get_u32(where.data + 4 * i);
    memcpy(&member->parameters[i], &bits, sizeof bits);
    if ((bits >> 23 & 0xFF) == 0xFF) return damaged(r, where.offset + 4 * i, name);
  }
  return BA_OK;
}

static ba_status check_network(const reading *r, int32_t m, const bai_net *net) {
  section_name name;
  found where;
  name_section("network", m, name);
  const ba_status status = find_section(r, name, TYPE_F32, &where);
  if (status) return status;
  if (where.rows != net->copies || where.columns != net->parameters)
    return damaged(r, where.offset, "the network does not fit the recipe");
  return BA_OK;
}

/* What outputs make of hidden units; numbers that are none would make scores that are none. */
static ba_status check_hidden(const reading *r, int32_t m, int64_t hidden, int64_t outputs) {
  section_name name;
  found where;
  name_section("hidden", m, name);
  const ba_status status = find_section(r, name, TYPE_F64, &where);
  if (status) return status;
  if (where.rows != hidden || where.columns != outputs)
    return damaged(r, where.offset, "the hidden layer does not fit the recipe");
  for (int64_t i = 0; i < hidden * outputs; i++)
    if ((bai_get_u64(where.data + 8 * i) >> 52 & 0x7FF) == 0x7FF) return damaged(r, where.offset + 8 * i, name);
  return BA_OK;
}

/* Compares the sizes of a member's sections with its recipe, so that what is allocated is known to be in the file. */
static ba_status check_member(const reading *r, const bai_pipeline *pipeline, int32_t m, int64_t outputs,
                              bai_fitted *fitted) {
  bai_net net;
  section_name name;
  found length, weights, exponents;
  name_section("length", m, name);
  ba_status status = find_section(r, name, TYPE_I64, &length);
  if (!status && (length.rows != 1 || length.columns != 1)) status = damaged(r, length.offset, name);
  name_section("weights", m, name);
  if (!status) status = find_section(r, name, TYPE_I32, &weights);
  name_section("exponents", m, name);
  if (!status) status = find_section(r, name, TYPE_I32, &exponents);
  if (status) return status;
  fitted->length = (int64_t)bai_get_u64(length.data);
  status = bai_net_of_pipeline(r->context, pipeline, (int32_t)outputs, &net);
  if (status) return bai_fail_prefix(r->context, BA_ERR_MODEL, "damaged model file");
  if (net.layer_count) status = check_network(r, m, &net);
  if (status) return status;
  const int32_t has_model = pipeline->has_model;
  pipeline = bai_net_columns(&net, pipeline);
  const bai_term *terms = pipeline->features.data;
  int32_t by_length = 0;
  int64_t reals = 0;
  for (int64_t i = 0; i < pipeline->features.count; i++) by_length |= bai_kind_by_position(terms[i].spec->kind);
  if (!has_model || fitted->length > r->length || (by_length ? fitted->length < 0 : fitted->length != -1))
    return damaged(r, length.offset, "length or recipe");
  if (!net.hidden && pipeline->model.spec->kind == BAI_TERM_LOGISTIC && outputs != 1)
    return damaged(r, weights.offset, "the classes do not fit the recipe");
  const int32_t turned = bai_net_over_columns(&net);
  const int64_t hidden = (int64_t)net.copies * net.hidden, units = turned ? hidden + net.skip * outputs : outputs;
  if (turned) status = check_hidden(r, m, hidden, outputs);
  if (status) return status;
  if ((turned ? weights.columns : weights.rows) != units ||
      (turned ? weights.rows : weights.columns) != bai_plan_width_of(pipeline, fitted, &reals))
    return damaged(r, weights.offset, "the weights do not fit the recipe");
  if (exponents.rows != units || exponents.columns != bai_plan_blocks_of(pipeline))
    return damaged(r, exponents.offset, "the exponents do not fit the recipe");
  return BA_OK;
}

static ba_status check_members(const reading *r, const bai_recipe *recipe, const found *classes, bai_fitted *fitted) {
  const int32_t values = bai_term_is_value(&bai_recipe_member(recipe, 0)->model) && recipe->members.count == 1;
  if (values ? classes->rows != 0 || classes->columns != 0 : classes->rows < 2 || classes->rows > BAI_MOST_CLASSES)
    return damaged(r, classes->offset, "classes");
  int64_t equal = -1;
  ba_status status = BA_OK;
  for (int32_t m = 0; !status && m < recipe->members.count; m++) {
    status = check_member(r, bai_recipe_member(recipe, m), m, classes->rows > 2 ? classes->rows : 1, &fitted[m]);
    if (!status && bai_term_is_value(&bai_recipe_member(recipe, m)->model) != values)
      status = damaged(r, classes->offset, "the classes do not fit the recipe");
    if (!status && fitted[m].length >= 0 && equal >= 0 && fitted[m].length != equal)
      status = damaged(r, classes->offset, "its members were fitted on different lengths");
    if (fitted[m].length >= 0) equal = fitted[m].length;
  }
  return status;
}

static int32_t has_section(const reading *r, const char *name) {
  for (int32_t i = 0; i < r->sections; i++)
    if (memcmp(r->file + HEADER + (int64_t)i * ENTRY, name, (size_t)bai_length(name) + 1) == 0) return 1;
  return 0;
}

static ba_status read_inputs(const reading *r, int32_t m, bai_inputs *inputs, bai_fitted *fitted) {
  section_name name;
  found where;
  name_section("inputs", m, name);
  if (!has_section(r, name)) return BA_OK;
  ba_status status = find_section(r, name, TYPE_U8, &where);
  if (status) return status;
  if (where.rows != 1 || !bai_inputs_parse(r->context, where.data, where.columns, inputs, &status))
    return damaged(r, where.offset, name);
  fitted->inputs = inputs;
  return status;
}

/* Opens the model once the sizes that the recipe asks for are known to be in the file. */
static ba_status read_shape(const reading *r, ba_model **out) {
  char *recipe = NULL;
  found recipe_at, classes;
  bai_fitted fitted[BAI_MOST_MEMBERS] = {{0}};
  bai_inputs inputs[BAI_MOST_MEMBERS] = {{{0, 0, 0}, 0}};
  bai_recipe parsed = {{0, 0, 0}};
  ba_status status = read_text(r, "recipe", &recipe, &recipe_at);
  if (!status && recipe_at.rows != 1) status = damaged(r, recipe_at.offset, "recipe");
  if (!status) status = find_section(r, "classes", TYPE_TEXT, &classes);
  if (!status) status = bai_recipe_parse(r->context, recipe, &parsed);
  if (status == BA_ERR_RECIPE || status == BA_ERR_UNSUPPORTED)
    status = bai_fail_prefix(r->context, BA_ERR_MODEL, "damaged model file");
  for (int32_t m = 0; !status && m < parsed.members.count; m++) status = read_inputs(r, m, &inputs[m], &fitted[m]);
  if (!status) status = check_members(r, &parsed, &classes, fitted);
  if (!status) status = bai_model_open(r->context, recipe, fitted, (int32_t)classes.rows, out);
  for (int32_t m = 0; m < BAI_MOST_MEMBERS; m++) bai_inputs_free(r->context, &inputs[m]);
  bai_recipe_free(r->context, &parsed);
  bai_free(r->context, recipe);
  return status;
}

static ba_status read_classes(const reading *r, ba_model *model) {
  found where;
  if (model->classes == 0) return BA_OK; /* a model of numbers has no names */
  const ba_status status = read_text(r, "classes", &model->class_names, &where);
  if (status) return status;
  int64_t names = 0, control = 0;
  for (int64_t i = 0; i < where.columns; i++) {
    const uint8_t byte = (uint8_t)model->class_names[i];
    names += byte == 0;
    control += (byte > 0 && byte < 0x20) || byte == 0x7f; /* they would break lines and columns of output */
  }
  if (control > 0 || names != model->classes || where.columns < 1 || model->class_names[where.columns - 1] != 0)
    return damaged(r, where.offset, "classes");
  model->class_names_length = where.columns;
  return BA_OK;
}

/* Weights that are no numbers would make scores that are none; so would a scale. */
static ba_status read_reals(const reading *r, int32_t m, bai_member *member) {
  section_name name;
  const int64_t width = member->plan->real_width, units = member->units;
  name_section("scale", m, name);
  ba_status status = read_f64(r, name, 3, width, member->plan->fill);
  for (int64_t i = 0; !status && i < 3 * width; i++)
    if (!(member->plan->fill[i] - member->plan->fill[i] == 0.0)) status = damaged(r, -1, name);
  name_section("reals", m, name);
  if (!status) status = read_f64(r, name, units, width, member->reals);
  for (int64_t i = 0; !status && i < units * width; i++)
    if (!(member->reals[i] - member->reals[i] == 0.0)) status = damaged(r, -1, name);
  return status;
}

static ba_status read_member(const reading *r, const ba_model *model, int32_t m) {
  bai_member *member = &model->members[m];
  const bai_plan *plan = member->plan;
  section_name name;
  name_section("weights", m, name);
  ba_status status = member->hidden ? read_i32(r, name, plan->width, member->units, member->weights)
                                    : read_i32(r, name, model->outputs, plan->width, member->weights);
  name_section("exponents", m, name);
  if (!status) status = read_i32(r, name, member->units, plan->block_count, member->exponents);
  for (int64_t i = 0; !status && i < (int64_t)member->units * plan->block_count; i++)
    if (member->exponents[i] < -1000 || member->exponents[i] > 1000) status = damaged(r, -1, name);
  name_section("intercepts", m, name);
  if (!status) status = read_f64(r, name, 1, member->hidden + model->outputs, member->intercepts);
  name_section("hidden", m, name);
  if (!status && member->hidden) status = read_f64(r, name, member->hidden, model->outputs, member->head);
  if (!status && plan->real_width) status = read_reals(r, m, member);
  if (!status && member->net.layer_count) status = read_network(r, m, member);
  if (!status) bai_member_prepare(member);
  return status;
}

static ba_status read_members(const reading *r, ba_model *model) {
  ba_status status = BA_OK;
  for (int32_t m = 0; !status && m < model->member_count; m++) status = read_member(r, model, m);
  if (!status && model->factors) status = read_f64(r, "factors", 1, model->member_count, model->factors);
  if (!status && model->offsets) status = read_f64(r, "offsets", 1, model->outputs, model->offsets);
  return status;
}

/* A section of numbers that rise, or at least never fall. */
static ba_status take_rising(const reading *r, const char *name, int32_t strictly, int64_t *count, double **out) {
  found where;
  ba_status status = find_section(r, name, TYPE_F64, &where);
  if (!status && (where.rows != 1 || where.columns < 1)) status = damaged(r, where.offset, name);
  if (!status) status = take_f64(r, name, 1, where.columns, out);
  for (int64_t i = 0; !status && i < where.columns; i++) {
    const double value = (*out)[i];
    if (!(value - value == 0.0) || (i > 0 && !(strictly ? value > (*out)[i - 1] : value >= (*out)[i - 1])))
      status = damaged(r, where.offset, name);
  }
  if (!status) *count = where.columns;
  return status;
}

/* Probabilities must stay between 0 and 1. */
static ba_status check_shares(const reading *r, const char *name, const double *values, int64_t n) {
  return values[0] >= 0.0 && values[n - 1] <= 1.0 ? BA_OK : damaged(r, -1, name);
}

static ba_status read_calibration(const reading *r, ba_model *model) {
  bai_calibration *c = &model->calibration;
  ba_status status = BA_OK;
  int64_t values = 0;
  if (has_section(r, "platt") && model->outputs == 1) {
    status = read_f64(r, "platt", 1, 2, &c->slope);
    c->method = BAI_CALIBRATION_PLATT;
  } else if (has_section(r, "temperature")) {
    status = read_f64(r, "temperature", 1, 1, &c->slope);
    c->method = BAI_CALIBRATION_TEMPERATURE;
  } else if (has_section(r, "isotonic.at") && model->outputs == 1) {
    status = take_rising(r, "isotonic.at", 1, &c->knots, &c->at);
    if (!status) status = take_rising(r, "isotonic.value", 0, &values, &c->value);
    if (!status && values != c->knots) status = damaged(r, -1, "isotonic.value");
    if (!status) status = check_shares(r, "isotonic.value", c->value, values);
    c->method = BAI_CALIBRATION_ISOTONIC;
  }
  if (!status && !(c->slope - c->slope == 0.0 && c->intercept - c->intercept == 0.0))
    status = damaged(r, -1, calibration_names[c->method]);
  if (!status && has_section(r, "conformal")) {
    status = take_rising(r, "conformal", 0, &c->rows, &c->strangeness);
    if (!status) status = check_shares(r, "conformal", c->strangeness, c->rows);
  }
  return status;
}

static ba_status read_counts(const reading *r, int32_t monitors, int64_t *into) {
  found where;
  const ba_status status = find_section(r, "drift.counts", TYPE_I64, &where);
  if (status) return status;
  if (where.rows != monitors || where.columns != BAI_DRIFT_BINS) return damaged(r, where.offset, "drift.counts");
  for (int64_t i = 0; i < where.rows * where.columns; i++) into[i] = (int64_t)bai_get_u64(where.data + 8 * i);
  return BA_OK;
}

/* Kinds that there are scores for, bins that there is room for, edges that rise, counts that add up. */
static int32_t is_sound(const ba_model *model, int32_t index) {
  const bai_monitor m = bai_drift_monitor(&model->drift, index);
  int64_t total = 0;
  if (m.kind < 0 || m.kind >= BAI_DRIFT_KINDS || m.kind >= BAI_DRIFT_SCORE + model->outputs) return 0;
  if (m.bins < 1 || m.bins > BAI_DRIFT_BINS) return 0;
  for (int32_t b = 0; b < m.bins; b++) {
    if (b + 1 < m.bins && !(m.edges[b] - m.edges[b] == 0.0 && (b == 0 || m.edges[b] > m.edges[b - 1]))) return 0;
    if (m.counts[b] < 0 || m.counts[b] > (INT64_C(1) << 53) - total) return 0;
    total += m.counts[b];
  }
  return total > 0;
}

static ba_status read_drift(const reading *r, ba_model *model) {
  bai_drift *drift = &model->drift;
  found kinds;
  if (!has_section(r, "drift.kinds")) return BA_OK;
  ba_status status = find_section(r, "drift.kinds", TYPE_I32, &kinds);
  if (!status && (kinds.rows != 1 || kinds.columns < 1 || kinds.columns > BAI_DRIFT_KINDS))
    status = damaged(r, kinds.offset, "drift.kinds");
  if (status) return status;
  const int32_t count = (int32_t)kinds.columns;
  status = bai_drift_open(r->context, count, drift);
  if (!status) status = read_i32(r, "drift.kinds", 1, count, drift->kinds);
  if (!status) status = read_i32(r, "drift.bins", 1, count, drift->bins);
  if (!status) status = read_f64(r, "drift.edges", count, BAI_DRIFT_BINS, drift->edges);
  if (!status) status = read_counts(r, count, drift->counts);
  for (int32_t i = 0; !status && i < count; i++)
    if (!is_sound(model, i)) status = damaged(r, kinds.offset, "drift");
  if (!status) drift->count = count;
  return status;
}

static ba_status read_golden(const reading *r, ba_model *model) {
  found letters, offsets;
  bai_golden *golden = &model->golden;
  ba_status status = find_section(r, "golden.letters", TYPE_U8, &letters);
  if (!status) status = find_section(r, "golden.offsets", TYPE_I64, &offsets);
  if (status) return status;
  if (letters.rows != 1 || offsets.rows != 1 || offsets.columns < 1)
    return damaged(r, offsets.offset, "golden.offsets");
  golden->count = offsets.columns - 1;
  status = bai_alloc(r->context, letters.columns, 1, &golden->letters);
  if (!status) status = bai_alloc(r->context, offsets.columns, 8, &golden->offsets);
  if (status) return status;
  if (letters.columns) memcpy(golden->letters, letters.data, (size_t)letters.columns);
  int64_t before = 0;
  for (int64_t i = 0; i < offsets.columns; i++) {
    const int64_t offset = (int64_t)bai_get_u64(offsets.data + 8 * i);
    if (offset < before || offset > letters.columns || (i == 0 && offset)) return damaged(r, offsets.offset, "golden");
    golden->offsets[i] = before = offset;
  }
  if (before != letters.columns) return damaged(r, offsets.offset, "golden.offsets");
  golden->input_count = ba_model_inputs(model);
  if (golden->input_count) status = take_f64(r, "golden.inputs", golden->count, golden->input_count, &golden->inputs);
  if (status) return status;
  status = take_f64(r, "golden.scores", golden->count, model->outputs, &golden->scores);
  return status ? status : take_f64(r, "golden.probs", golden->count, model->answers, &golden->probabilities);
}

ba_status bai_model_read(ba_context *context, const uint8_t *data, int64_t length, ba_model **out) {
  reading r = {context, bai_kernels_of(context), data, length, 0};
  ba_model *model = NULL;
  found where;
  *out = NULL;
  ba_status status = check_header(&r);
  if (!status) status = check_places(&r);
  if (!status) status = read_shape(&r, &model);
  if (!status) status = read_classes(&r, model);
  if (!status) status = read_members(&r, model);
  if (!status) status = read_calibration(&r, model);
  if (!status) status = read_drift(&r, model);
  if (!status) status = read_golden(&r, model);
  if (!status) status = read_text(&r, "provenance", &model->provenance, &where);
  if (!status && where.rows != 1) status = damaged(&r, where.offset, "provenance");
  if (status) {
    ba_model_release(model);
    return status;
  }
  model->digest = bai_get_u64(data + 32);
  *out = model;
  return BA_OK;
}

/* ---- public ---- */

static ba_status load(ba_context *context, const uint8_t *data, int64_t length, const char *options, ba_model **out) {
  int32_t selftest = 0;
  const bai_option table[] = {{"selftest", 'w', "no|yes", 0, 0, &selftest}, {NULL, 0, NULL, 0, 0, NULL}};
  ba_status status = bai_options_parse(context, options, table);
  if (!status) status = bai_model_read(context, data, length, out);
  if (!status && selftest) {
    status = bai_golden_check(context, *out);
    if (status) {
      ba_model_release(*out);
      *out = NULL;
    }
  }
  return status;
}

ba_status ba_model_load_memory(ba_context *context, const uint8_t *data, int64_t length, const char *options,
                               ba_model **out) {
  ba_status status = bai_enter(context);
  if (status) return status;
  if (out) *out = NULL;
  if (!out || !data || length < 0)
    status = bai_fail(context, BA_ERR_ARGUMENT, "model: expected bytes, a length and a place for the result");
  if (!status) status = load(context, data, length, options, out);
  return bai_leave(context, status);
}

ba_status ba_model_load_path(ba_context *context, const char *path, const char *options, ba_model **out) {
  ba_status status = bai_enter(context);
  if (status) return status;
  bai_vector bytes = {0, 0, 0};
  if (out) *out = NULL;
  if (!out || !path) status = bai_fail(context, BA_ERR_ARGUMENT, "model: expected a path and a place for the result");
  if (!status) status = bai_file_read_all(context, path, &bytes);
  if (!status) {
    status = load(context, bytes.data, bytes.count, options, out);
    if (status) bai_fail_prefix(context, status, path);
  }
  bai_vector_free(context, &bytes);
  return bai_leave(context, status);
}

ba_status ba_model_save_path(ba_context *context, const ba_model *model, const char *path) {
  ba_status status = bai_enter(context);
  if (status) return status;
  bai_vector bytes = {0, 0, 0};
  uint64_t digest;
  if (!model || !path) status = bai_fail(context, BA_ERR_ARGUMENT, "save: expected a model and a path");
  if (!status) status = bai_model_write(context, model, &bytes, &digest);
  if (!status) status = bai_file_write_atomic(context, path, bytes.data, bytes.count);
  bai_vector_free(context, &bytes);
  return bai_leave(context, status);
}

ba_status ba_model_save_memory(ba_context *context, const ba_model *model, uint8_t *buffer, int64_t capacity,
                               int64_t *length) {
  ba_status status = bai_enter(context);
  if (status) return status;
  bai_vector bytes = {0, 0, 0};
  uint64_t digest;
  if (!model) status = bai_fail(context, BA_ERR_ARGUMENT, "save: expected a model");
  if (!status) status = bai_model_write(context, model, &bytes, &digest);
  if (!status) status = bai_give_bytes(context, &bytes, buffer, capacity, length);
  bai_vector_free(context, &bytes);
  return bai_leave(context, status);
}
