/* SPDX-License-Identifier: MIT
 *
 * inputs.c: lists of the columns that a plan reads, and the texts of its categories.
 */
#include "features/inputs.h"

#include "bioanalytics/features.h"

#include <string.h>

#define CATEGORY_SEED UINT64_C(0x63617465676f7279)

int32_t bai_input_kind_of(const bai_term *term) {
  if (term->spec->kind == BAI_TERM_CALENDAR || term->spec->kind == BAI_TERM_CYCLE) return BAI_INPUT_TIME;
  if (term->spec->kind != BAI_TERM_CATEGORY_HASH)
    return term->spec->kind == BAI_TERM_CATEGORY ? BAI_INPUT_TEXT : BAI_INPUT_NUMBER;
  int32_t bits = 0;
  while (INT64_C(1) << bits < bai_term_value(term, "slots")->integer) bits++;
  return BAI_INPUT_HASH + bits;
}

static ba_status add_list(ba_context *context, bai_inputs *out, const char *list) {
  ba_status status = BA_OK;
  const char *at = list, *text;
  int64_t length;
  while (!status && bai_list_next(&at, &text, &length)) {
    char name[BAI_COLUMN_NAME] = {0};
    memcpy(name, text, (size_t)length);
    if (length == 0)
      status = bai_fail(context, BA_ERR_RECIPE, "recipe: columns=\"%s\"; expected names with commas between", list);
    else if (bai_inputs_find(out, name, 0) < 0)
      status = bai_inputs_add(context, out, name, 0);
  }
  return status;
}

ba_status bai_inputs_make(ba_context *context, const bai_pipeline *recipe, bai_inputs *out) {
  const bai_term *terms = recipe->features.data;
  ba_status status = BA_OK;
  *out = (bai_inputs){{0, 0, 0}, 0};
  for (int64_t i = 0; !status && i < recipe->features.count; i++) {
    const bai_key *keys = terms[i].spec->keys;
    const int32_t kind = bai_input_kind_of(&terms[i]);
    for (int32_t k = 0; !status && bai_term_reads_table(&terms[i]) && keys[k].name; k++) {
      const char *name = terms[i].values[k].name;
      if (keys[k].type == BAI_KEY_NAME && bai_inputs_find(out, name, kind) < 0)
        status = bai_inputs_add(context, out, name, kind);
      if (keys[k].type == BAI_KEY_LIST && strcmp(keys[k].name, "columns") == 0) status = add_list(context, out, name);
    }
  }
  out->named = out->items.count;
  return status;
}

ba_status bai_inputs_copy(ba_context *context, const bai_inputs *from, bai_inputs *out) {
  ba_status status = BA_OK;
  *out = (bai_inputs){{0, 0, 0}, from->named};
  for (int64_t i = 0; !status && i < from->items.count; i++) {
    const bai_input *input = bai_input_at(from, i);
    status = bai_inputs_add(context, out, input->name, input->kind);
    if (status) break;
    bai_input *copy = bai_input_at(out, i);
    status = bai_vector_append(context, &copy->levels, input->levels.data, input->levels.count, 1);
    if (!status) status = bai_vector_append(context, &copy->starts, input->starts.data, input->starts.count, 8);
  }
  return status;
}

void bai_inputs_free(ba_context *context, bai_inputs *inputs) {
  for (int64_t i = 0; i < inputs->items.count; i++) {
    bai_vector_free(context, &bai_input_at(inputs, i)->levels);
    bai_vector_free(context, &bai_input_at(inputs, i)->starts);
  }
  bai_vector_free(context, &inputs->items);
}

int64_t bai_inputs_find(const bai_inputs *inputs, const char *name, int32_t kind) {
  for (int64_t i = 0; i < inputs->items.count; i++)
    if (bai_input_at(inputs, i)->kind == kind && strcmp(bai_input_at(inputs, i)->name, name) == 0) return i;
  return -1;
}

ba_status bai_inputs_add(ba_context *context, bai_inputs *inputs, const char *name, int32_t kind) {
  bai_input input = {.kind = kind};
  const int64_t length = bai_length(name);
  if (length >= BAI_COLUMN_NAME)
    return bai_fail(context, BA_ERR_TABLE, "column \"%.*s...\" has a name of %lld bytes; expected at most %d", 40, name,
                    (long long)length, BAI_COLUMN_NAME - 1);
  if (inputs->items.count == BAI_MOST_INPUTS)
    return bai_fail(context, BA_ERR_TABLE, "more than %d columns; expected fewer", BAI_MOST_INPUTS);
  memcpy(input.name, name, (size_t)length);
  return bai_vector_append(context, &inputs->items, &input, 1, sizeof input);
}

ba_status bai_input_add_level(ba_context *context, bai_input *input, const char *text, int64_t length) {
  const int64_t start = input->levels.count;
  if (input->starts.count == BAI_MOST_LEVELS)
    return bai_fail(context, BA_ERR_TABLE, "Category: column \"%s\" has more than %d texts; expected fewer",
                    input->name, BAI_MOST_LEVELS);
  ba_status status = bai_vector_append(context, &input->levels, text, length, 1);
  if (!status) status = bai_vector_append(context, &input->levels, "", 1, 1);
  return status ? status : bai_vector_append(context, &input->starts, &start, 1, 8);
}

const char *bai_input_level(const bai_input *input, int64_t index) {
  return (const char *)input->levels.data + ((const int64_t *)input->starts.data)[index];
}

const char *bai_category_text(const char *text, char buffer[32], int64_t *length) {
  double number;
  if (*length > 31 || !bai_parse_f64(text, *length, &number) || !(number - number == 0.0)) return text;
  *length = bai_format_f64(buffer, number + 0.0);
  return buffer;
}

/* memcmp with the shorter text first. */
static int32_t order(const char *level, const char *text, int64_t length) {
  const int64_t n = bai_length(level);
  const int32_t difference = n && length ? memcmp(level, text, (size_t)(n < length ? n : length)) : 0;
  return difference ? difference : (n > length) - (n < length);
}

static int64_t slot_of(const char *text, int64_t length, int32_t bits) {
  return (int64_t)(bai_hash_bytes(CATEGORY_SEED, (const uint8_t *)text, length) >> (64 - bits));
}

int64_t ba_category_slot(const char *text, int64_t length, int64_t slots) {
  char shortest[32];
  int32_t bits = 1;
  while (bits < BAI_MOST_SLOT_BITS && INT64_C(1) << bits < slots) bits++;
  if (slots != INT64_C(1) << bits || length <= 0 || !text) return -1;
  text = bai_category_text(text, shortest, &length);
  return slot_of(text, length, bits);
}

int64_t bai_input_places(const bai_input *input) {
  if (input->kind > BAI_INPUT_HASH) return INT64_C(1) << (input->kind - BAI_INPUT_HASH);
  return input->kind == BAI_INPUT_TEXT ? input->starts.count : 0;
}

double bai_input_place(const bai_input *input, const char *text, int64_t length) {
  if (input->kind > BAI_INPUT_HASH) return (double)slot_of(text, length, input->kind - BAI_INPUT_HASH);
  int64_t low = 0, high = input->starts.count - 1;
  while (low <= high) {
    const int64_t middle = (low + high) / 2;
    const int32_t difference = order(bai_input_level(input, middle), text, length);
    if (difference == 0) return (double)middle;
    if (difference < 0)
      low = middle + 1;
    else
      high = middle - 1;
  }
  return -1.0;
}

double bai_input_place_of_number(const bai_input *input, double number) {
  char text[32];
  if (number != number) return -1.0;
  const int64_t length = bai_format_f64(text, number + 0.0);
  return bai_input_place(input, text, length);
}
