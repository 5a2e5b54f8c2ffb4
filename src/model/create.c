/* SPDX-License-Identifier: MIT
 *
 * create.c: a model from weights that were fitted elsewhere. It goes the way of one that was trained here: the same
 * rounding, golden inputs and file.
 */
#include <string.h>

#include "array/array.h"
#include "model/model.h"

int32_t bai_is_class_name(const char *text, int64_t length) {
  for (int64_t i = 0; i < length; i++)
    if ((uint8_t)text[i] < 0x20 || text[i] == 0x7f) return 0;
  return length > 0;
}

/* What the caller gave, and what becomes of it. */
typedef struct creating {
  ba_context *context;
  const char *const *class_names;
  int32_t classes, outputs;
  const char *const *columns;
  int64_t column_count;
  char origin[BAI_OPTION_TEXT];
  bai_recipe recipe;
  bai_vector text, provenance;
  bai_inputs inputs;
  bai_fitted fitted;
  double *scale, *weights, *intercepts;
} creating;

/* Names that are all there and differ. */
static ba_status check_names(ba_context *context, const char *const *names, int64_t count, ba_status wrong,
                             const char *what) {
  bai_names seen = {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}};
  ba_status status = BA_OK;
  for (int64_t i = 0; !status && i < count; i++) {
    int32_t index = -1;
    if (!names[i] || !bai_is_class_name(names[i], bai_length(names[i])))
      status = bai_fail(context, wrong, "%s %lld: expected a name without control bytes", what, (long long)i + 1);
    if (!status) status = bai_names_index(context, &seen, names[i], bai_length(names[i]), &index);
    if (!status && index != i) status = bai_fail(context, wrong, "the %s \"%s\" is given twice", what, names[i]);
  }
  bai_names_free(context, &seen);
  return status;
}

static ba_status check_classes(creating *c, const bai_term *model) {
  const int32_t values = bai_term_is_value(model);
  if (values && c->classes)
    return bai_fail(c->context, BA_ERR_CLASSES, "%s gives numbers, and there are %d classes; expected none",
                    model->spec->name, c->classes);
  if (!values && (c->classes < 2 || c->classes > BAI_MOST_CLASSES))
    return bai_fail(c->context, BA_ERR_CLASSES, "%d classes; expected 2 to %d", c->classes, BAI_MOST_CLASSES);
  if (model->spec->kind == BAI_TERM_LOGISTIC && c->classes != 2)
    return bai_fail(c->context, BA_ERR_CLASSES, "Logistic takes two classes, there are %d; expected Softmax",
                    c->classes);
  c->outputs = c->classes > 2 ? c->classes : 1;
  return check_names(c->context, c->class_names, c->classes, BA_ERR_LABEL, "class");
}

/* The columns of the table: those that the recipe names, then those that Columns stands for. */
static ba_status take_columns(creating *c, const bai_pipeline *pipeline) {
  const bai_term *terms = pipeline->features.data;
  int32_t reads_all = 0;
  for (int64_t i = 0; i < pipeline->features.count; i++) reads_all |= terms[i].spec->kind == BAI_TERM_COLUMNS;
  if (reads_all != (c->column_count > 0))
    return bai_fail(c->context, BA_ERR_ARGUMENT, "%lld names of columns; expected %s", (long long)c->column_count,
                    reads_all ? "those that Columns() stands for" : "none, as the recipe has no Columns()");
  ba_status status = check_names(c->context, c->columns, c->column_count, BA_ERR_TABLE, "column");
  if (!status) status = bai_inputs_make(c->context, pipeline, &c->inputs);
  for (int64_t i = 0; !status && i < c->inputs.named; i++)
    if (bai_input_at(&c->inputs, i)->kind == BAI_INPUT_TEXT)
      status = bai_fail(c->context, BA_ERR_UNSUPPORTED,
                        "Category learns its texts from rows, column \"%s\" too; expected CategoryHash, or a column of "
                        "numbers for each text",
                        bai_input_at(&c->inputs, i)->name);
  for (int64_t i = 0; !status && i < c->column_count; i++)
    status = bai_inputs_add(c->context, &c->inputs, c->columns[i], BAI_INPUT_NUMBER);
  if (c->inputs.items.count) c->fitted.inputs = &c->inputs;
  return status;
}

/* The numbers of an array of this shape, row by row; all must be finite. */
static ba_status take_numbers(const creating *c, const char *what, const ba_array *array, int64_t rows, int64_t columns,
                              double **out) {
  const int64_t shape[2] = {array->shape[0], array->ndim == 2 ? array->shape[1] : 1};
  if (shape[0] != rows || shape[1] != columns)
    return bai_fail(c->context, BA_ERR_SHAPE, "%s: %lld x %lld numbers; expected %lld x %lld", what,
                    (long long)shape[0], (long long)shape[1], (long long)rows, (long long)columns);
  const ba_status status = rows * columns > 0 ? bai_alloc(c->context, rows * columns, 8, out) : BA_OK;
  if (status) return status;
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t i = 0; i < columns; i++) {
      const double value = bai_array_number(array, r, i);
      if (!(value - value == 0.0))
        return bai_fail(c->context, BA_ERR_NUMBER, "%s: row %lld, column %lld is not finite; expected numbers", what,
                        (long long)r + 1, (long long)i + 1);
      (*out)[r * columns + i] = value;
    }
  }
  return BA_OK;
}

/* Columns of the recipe, once it knows what rows would have taught it. */
static ba_status lay_out(creating *c, const bai_pipeline *pipeline, bai_plan **plan) {
  ba_status status = bai_plan_create(c->context, pipeline, plan);
  if (!status && (*plan)->needs_fit != (c->fitted.length >= 0))
    status = bai_fail(
        c->context, BA_ERR_ARGUMENT, "the columns %s; expected %s option length=",
        (*plan)->needs_fit ? "depend on the length of the sequences or sparse rows" : "do not depend on any length",
        (*plan)->needs_fit ? "the" : "no");
  return status ? status : bai_plan_take_fit(c->context, *plan, &c->fitted);
}

/* Without a scale the columns of numbers are as they are, which a recipe that scales or fills them does not mean. */
static ba_status take_scale(creating *c, const bai_plan *plan, const ba_array *scale) {
  const int32_t learns = plan->scaling != BAI_SCALE_NONE || bai_plan_fills(plan);
  if (!scale && learns && plan->real_width)
    return bai_fail(c->context, BA_ERR_ARGUMENT,
                    "the recipe scales columns of numbers, or fills missing ones; expected a scale of 3 x %lld numbers",
                    (long long)plan->real_width);
  const ba_status status = scale ? take_numbers(c, "scale", scale, 3, plan->real_width, &c->scale) : BA_OK;
  c->fitted.scale = c->scale;
  return status;
}

static ba_status read_options(creating *c, const char *options) {
  const bai_option table[] = {{"length", 'i', NULL, 0, 1099511627775.0, &c->fitted.length},
                              {"origin", 't', NULL, 0, 0, c->origin},
                              {NULL, 0, NULL, 0, 0, NULL}};
  ba_status status = bai_options_parse(c->context, options, table);
  if (!status && c->origin[0] && !bai_is_class_name(c->origin, bai_length(c->origin)))
    status = bai_fail(c->context, BA_ERR_RECIPE, "origin: expected a text without control bytes");
  return status;
}

static ba_status read_recipe(creating *c, const char *recipe) {
  ba_status status = bai_recipe_parse_single(c->context, recipe, &c->recipe);
  if (status) return status;
  const bai_pipeline *pipeline = bai_recipe_member(&c->recipe, 0);
  if (!pipeline->has_model)
    return bai_fail(c->context, BA_ERR_RECIPE, "recipe \"%s\" has no model; expected one after '|', such as Logistic()",
                    recipe);
  if (pipeline->model.spec->kind == BAI_TERM_MLP)
    return bai_fail(c->context, BA_ERR_UNSUPPORTED,
                    "a network has no weight for each column; expected Logistic, Softmax, Linear or Poisson");
  status = bai_recipe_write(c->context, &c->recipe, &c->text);
  if (!status && c->text.count > BAI_MOST_RECIPE)
    status =
        bai_fail(c->context, BA_ERR_RECIPE,
                 "the recipe has %lld letters with its defaults written out, as a model holds it; expected at most "
                 "%d",
                 (long long)c->text.count, BAI_MOST_RECIPE);
  return status;
}

static ba_status write_provenance(creating *c) {
  ba_status status =
      bai_text_add(c->context, &c->provenance, "{\"library\": \"%s\", \"rows\": null", ba_version_text());
  if (!status && c->origin[0]) {
    status = bai_text_add(c->context, &c->provenance, ", \"origin\": \"");
    if (!status) status = bai_text_add_json(c->context, &c->provenance, c->origin, bai_length(c->origin));
    if (!status) status = bai_text_add(c->context, &c->provenance, "\"");
  }
  return status ? status : bai_text_add(c->context, &c->provenance, "}");
}

static ba_status create(creating *c, const ba_array *scale, const ba_array *weights, const ba_array *intercepts,
                        ba_model **out) {
  const bai_pipeline *pipeline = bai_recipe_member(&c->recipe, 0);
  bai_plan *plan = NULL;
  ba_status status = check_classes(c, &pipeline->model);
  if (!status) status = take_columns(c, pipeline);
  if (!status) status = lay_out(c, pipeline, &plan);
  if (!status) status = take_scale(c, plan, scale);
  if (!status) status = take_numbers(c, "weights", weights, c->outputs, plan->width, &c->weights);
  if (!status) status = take_numbers(c, "intercepts", intercepts, c->outputs, 1, &c->intercepts);
  bai_plan_destroy(plan);
  if (!status) status = write_provenance(c);
  if (status) return status;
  const bai_fit fit = {.recipe = c->text.data,
                       .class_names = c->class_names,
                       .classes = c->classes,
                       .fitted = c->fitted,
                       .weights = c->weights,
                       .intercepts = c->intercepts,
                       .provenance = c->provenance.data,
                       .seed = 1};
  return bai_model_make(c->context, &fit, out);
}

static void free_all(creating *c) {
  bai_recipe_free(c->context, &c->recipe);
  bai_vector_free(c->context, &c->text);
  bai_vector_free(c->context, &c->provenance);
  bai_inputs_free(c->context, &c->inputs);
  bai_free(c->context, c->scale);
  bai_free(c->context, c->weights);
  bai_free(c->context, c->intercepts);
}

ba_status ba_model_create(ba_context *context, const char *recipe, const char *const *class_names, int32_t classes,
                          const char *const *columns, int64_t column_count, const ba_array *scale,
                          const ba_array *weights, const ba_array *intercepts, const char *options, ba_model **out) {
  ba_status status = bai_enter(context);
  if (status) return status;
  creating c = {.context = context,
                .class_names = class_names,
                .classes = classes,
                .columns = columns,
                .column_count = column_count,
                .fitted = {.length = -1}};
  if (out) *out = NULL;
  if (!out || !recipe || !weights || !intercepts || classes < 0 || (classes && !class_names) || column_count < 0 ||
      (column_count && !columns))
    status = bai_fail(context, BA_ERR_ARGUMENT,
                      "model: expected a recipe, names, weights, intercepts and a place for the result");
  if (!status) status = read_options(&c, options);
  if (!status) status = read_recipe(&c, recipe);
  if (!status) status = create(&c, scale, weights, intercepts, out);
  free_all(&c);
  return bai_leave(context, status);
}
