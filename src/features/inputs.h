/* SPDX-License-Identifier: MIT
 *
 * inputs.h: the columns of a table that a plan reads. Numbers are doubles, NaN where a value is missing. Of a category
 * the input is the place of its text among the texts of the training rows, -1 for none of them; of a hashed one it is
 * the text's slot, -1 for no text.
 */
#ifndef BAI_FEATURES_INPUTS_H
#define BAI_FEATURES_INPUTS_H

#include "base/recipe.h"

#define BAI_MOST_LEVELS 65536
#define BAI_MOST_INPUTS 65536

/* How an input reads its column. One hashed into 2^b slots is of the kind BAI_INPUT_HASH + b. */
enum { BAI_INPUT_NUMBER, BAI_INPUT_TEXT, BAI_INPUT_TIME, BAI_INPUT_HASH };
#define BAI_MOST_SLOT_BITS 24

typedef struct bai_input {
  char name[BAI_COLUMN_NAME];
  int32_t kind;
  /* Of a category: texts in the order of bytes, each ended by a NUL, and where each starts (int64). */
  bai_vector levels, starts;
} bai_input;

typedef struct bai_inputs {
  bai_vector items; /* bai_input: first those that the recipe names, then those of Columns */
  int64_t named;
} bai_inputs;

/* How the columns of a term are read. */
int32_t bai_input_kind_of(const bai_term *term);
/* Lists the inputs that a recipe names. Freed also after a failure. */
ba_status bai_inputs_make(ba_context *context, const bai_pipeline *recipe, bai_inputs *out);
ba_status bai_inputs_copy(ba_context *context, const bai_inputs *from, bai_inputs *out);
void bai_inputs_free(ba_context *context, bai_inputs *inputs);
static inline bai_input *bai_input_at(const bai_inputs *inputs, int64_t index) {
  return (bai_input *)inputs->items.data + index;
}
/* The input of a name and kind; -1 when it is not there. */
int64_t bai_inputs_find(const bai_inputs *inputs, const char *name, int32_t kind);
ba_status bai_inputs_add(ba_context *context, bai_inputs *inputs, const char *name, int32_t kind);
/* Adds a text to a category's; texts must come in the order of bytes and have no NUL. */
ba_status bai_input_add_level(ba_context *context, bai_input *input, const char *text, int64_t length);
const char *bai_input_level(const bai_input *input, int64_t index);
/* What a text counts as: one that is a number is the shortest text of it, which stands in `buffer`. */
const char *bai_category_text(const char *text, char buffer[32], int64_t *length);
/* How many places the texts of a category have; 0 for an input that is none. */
int64_t bai_input_places(const bai_input *input);
/* The place of a text, -1 for none of the category's. */
double bai_input_place(const bai_input *input, const char *text, int64_t length);
/* The same of a number, whose text is the shortest that reads back as it; -1 for NaN. */
double bai_input_place_of_number(const bai_input *input, double number);

#endif
