/* SPDX-License-Identifier: MIT
 *
 * columns_learn.c: what a plan learns from a table before its columns are laid out: which columns of numbers Columns()
 * stands for, and which texts a category has.
 */
#include <string.h>

#include "features/columns.h"

/* The numbers of one column of the table: one, or as many as it has in a row. */
static ba_status add_column(ba_context *context, const bai_names *roles, const bai_column *column, bai_inputs *inputs) {
  if (column->array->ndim == 1) return bai_inputs_add(context, inputs, column->name, 0);
  ba_status status = BA_OK;
  for (int64_t i = 0; !status && i < column->array->shape[1]; i++) {
    char name[2 * BAI_COLUMN_NAME];
    const int64_t length = bai_format(name, sizeof name, "%s_%lld", column->name, (long long)i);
    if (bai_names_find(roles, name, length) < 0) status = bai_inputs_add(context, inputs, name, 0);
  }
  return status;
}

static int32_t is_category(const bai_inputs *inputs, const char *name) {
  for (int64_t i = 0; i < inputs->items.count; i++)
    if (bai_input_at(inputs, i)->kind != BAI_INPUT_NUMBER && strcmp(bai_input_at(inputs, i)->name, name) == 0) return 1;
  return 0;
}

/* A column of texts is none of Columns(); but one of numbers with some texts among them would be lost unseen. */
static ba_status check_lost(ba_context *context, const ba_table *table, const char *name) {
  const bai_place place = bai_place_of(table, name);
  int64_t counts[2] = {0, 0}, first = -1, length;
  char buffer[32];
  double value;
  for (int64_t row = 0; row < table->rows; row++) {
    const char *text = bai_place_text(&place, row, buffer, &length);
    if (!text || bai_is_missing_number(text, length)) continue;
    const int32_t number = bai_parse_f64(text, length, &value);
    counts[number]++;
    if (!number && first < 0) first = row;
  }
  if (first < 0 || counts[1] <= counts[0]) return BA_OK;
  const char *text = bai_place_text(&place, first, buffer, &length);
  return bai_fail_at(context, BA_ERR_TABLE, first + 1, -1,
                     "column \"%s\" has the text \"%.*s\", and %lld rows with numbers; expected numbers, or the column "
                     "as a Category, or among those to ignore",
                     name, length < 60 ? (int)length : 60, text, (long long)counts[1]);
}

/* Columns that are named by the recipe too stand there twice: a table's columns and their powers, say. */
static ba_status learn_columns(ba_context *context, const ba_table *table, const bai_names *roles, bai_inputs *inputs) {
  ba_status status = BA_OK;
  for (int64_t i = 0; !status && i < ba_table_columns(table); i++) {
    const bai_column *column = bai_table_column(table, i);
    if (bai_names_find(roles, column->name, bai_length(column->name)) >= 0) continue;
    if (column->array)
      status = add_column(context, roles, column, inputs);
    else if (!is_category(inputs, column->name))
      status = check_lost(context, table, column->name);
  }
  if (!status && inputs->items.count == inputs->named)
    status = bai_fail(context, BA_ERR_TABLE, "Columns: the table has no column of numbers beside the target");
  return status;
}

/* Takes in the texts of one part. */
static ba_status gather_texts(ba_context *context, const bai_table_part *part, const bai_input *input,
                              bai_names *texts) {
  const bai_place place = bai_place_of(part->table, input->name);
  ba_status status = BA_OK;
  if (!place.column) return bai_fail(context, BA_ERR_TABLE, "there is no column \"%s\" in the table", input->name);
  for (int64_t i = 0; !status && i < part->count; i++) {
    char buffer[32];
    int64_t length;
    int32_t index;
    if (part->uses && part->uses[i] != part->use) continue;
    const char *text = bai_place_text(&place, part->rows ? part->rows[i] : i, buffer, &length);
    if (text && memchr(text, 0, (size_t)length))
      status = bai_fail_at(context, BA_ERR_TABLE, part->first + i + 1, -1,
                           "column \"%s\" has a zero byte; expected text", input->name);
    else if (text)
      status = bai_names_index(context, texts, text, length, &index);
  }
  return status;
}

/* The texts of a category, in the order of bytes. */
static ba_status learn_levels(ba_context *context, const bai_table_part *parts, int64_t count, bai_input *input) {
  bai_names texts = {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}};
  bai_vector order = {0, 0, 0};
  ba_status status = BA_OK;
  for (int64_t p = 0; !status && p < count; p++) status = gather_texts(context, &parts[p], input, &texts);
  if (!status) status = bai_names_sort(context, &texts, &order);
  for (int64_t i = 0; !status && i < order.count; i++) {
    const char *text = bai_names_text(&texts, ((const int32_t *)order.data)[i]);
    status = bai_input_add_level(context, input, text, bai_length(text));
  }
  bai_vector_free(context, &order);
  bai_names_free(context, &texts);
  return status;
}

ba_status bai_columns_learn(ba_context *context, const bai_table_part *parts, int64_t count, const bai_names *roles,
                            bai_plan *plan) {
  ba_status status = BA_OK;
  for (int64_t i = 0; !status && i < plan->inputs.items.count; i++)
    if (bai_input_at(&plan->inputs, i)->kind == BAI_INPUT_TEXT)
      status = learn_levels(context, parts, count, bai_input_at(&plan->inputs, i));
  for (int32_t b = 0; !status && b < plan->block_count; b++) {
    if (plan->blocks[b].kind != BAI_TERM_COLUMNS) continue;
    status = learn_columns(context, parts[0].table, roles, &plan->inputs);
    break;
  }
  plan->knows_table = 1;
  return status;
}
