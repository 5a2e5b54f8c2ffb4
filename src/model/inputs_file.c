/* SPDX-License-Identifier: MIT
 *
 * inputs_file.c: the inputs of a plan as a section of the model file: how many the recipe names (u32), then for each
 * its kind (a byte: 0 numbers, 1 a category, 2 times, 3 + b a category in 2^b slots), its name and a NUL, and of a
 * category how many texts (u32) and the texts, each with a NUL.
 */
#include <string.h>

#include "model/model.h"

static ba_status put_count(ba_context *context, bai_vector *bytes, int64_t count) {
  uint8_t four[4];
  bai_put_u32(four, (uint32_t)count);
  return bai_vector_append(context, bytes, four, 4, 1);
}

ba_status bai_inputs_write(ba_context *context, const bai_inputs *inputs, bai_vector *bytes) {
  ba_status status = put_count(context, bytes, inputs->named);
  for (int64_t i = 0; !status && i < inputs->items.count; i++) {
    const bai_input *input = bai_input_at(inputs, i);
    const uint8_t kind = (uint8_t)input->kind;
    status = bai_vector_append(context, bytes, &kind, 1, 1);
    if (!status) status = bai_vector_append(context, bytes, input->name, bai_length(input->name) + 1, 1);
    if (!status && kind == BAI_INPUT_TEXT) status = put_count(context, bytes, input->starts.count);
    if (!status && kind == BAI_INPUT_TEXT)
      status = bai_vector_append(context, bytes, input->levels.data, input->levels.count, 1);
  }
  return status;
}

typedef struct cursor {
  const uint8_t *at, *end;
} cursor;

static int32_t take_count(cursor *c, int64_t *count) {
  if (c->end - c->at < 4) return 0;
  *count = bai_get_u32(c->at);
  c->at += 4;
  return 1;
}

/* A text up to its NUL; NULL when none ends here. */
static const char *take_text(cursor *c, int64_t *length) {
  const uint8_t *nul = c->at < c->end ? memchr(c->at, 0, (size_t)(c->end - c->at)) : NULL;
  const char *text = (const char *)c->at;
  if (!nul) return NULL;
  *length = (int64_t)(nul - c->at);
  c->at = nul + 1;
  return text;
}

/* Texts must rise, or places among them would not be found. */
static int32_t take_levels(ba_context *context, cursor *c, bai_input *input, ba_status *status) {
  int64_t count, length;
  const char *last = NULL;
  if (!take_count(c, &count) || count > BAI_MOST_LEVELS) return 0;
  for (int64_t i = 0; i < count && !*status; i++) {
    const char *text = take_text(c, &length);
    if (!text) return 0;
    if (last && strcmp(last, text) >= 0) return 0;
    last = text;
    *status = bai_input_add_level(context, input, text, length);
  }
  return 1;
}

int32_t bai_inputs_parse(ba_context *context, const uint8_t *bytes, int64_t n, bai_inputs *out, ba_status *status) {
  cursor c = {bytes, bytes + n};
  *out = (bai_inputs){{0, 0, 0}, 0};
  *status = BA_OK;
  if (!take_count(&c, &out->named)) return 0;
  while (c.at < c.end && !*status) {
    int64_t length;
    const int32_t kind = *c.at++;
    const char *name =
        kind <= BAI_INPUT_HASH + BAI_MOST_SLOT_BITS && kind != BAI_INPUT_HASH ? take_text(&c, &length) : NULL;
    if (!name || length == 0 || length >= BAI_COLUMN_NAME) return 0;
    /* Columns has those that the recipe names too, but none twice. */
    const int64_t known = bai_inputs_find(out, name, kind);
    if (known >= 0 && (out->items.count < out->named || known >= out->named)) return 0;
    *status = bai_inputs_add(context, out, name, kind);
    if (!*status && kind == BAI_INPUT_TEXT &&
        !take_levels(context, &c, bai_input_at(out, out->items.count - 1), status))
      return 0;
    if (kind && out->items.count > out->named) return 0; /* Columns has numbers alone */
  }
  return out->named <= out->items.count;
}
