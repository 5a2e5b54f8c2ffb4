/* SPDX-License-Identifier: MIT
 *
 * recipe_reference.c: the reference of the recipe language, written from the table: `ba help recipe` and
 * docs/recipes.md.
 */
#include "base/recipe.h"

#include <stddef.h>

static const char *const introduction =
    "A recipe says in one line what is computed. The same text works in C, on the command line and in every binding; "
    "the canonical form, with every default written out, is stored in the model file.\n\n";

static const char *const grammar =
    "recipe   = pipeline { \"&\" pipeline }\n"
    "pipeline = features { \"|\" stage }\n"
    "features = term { \"+\" term }\n"
    "term     = Name [ \"(\" key \"=\" value { \",\" key \"=\" value } \")\" ]  |  \"@\" preset\n"
    "value    = integer | real | word | mask | integer \"..\" integer | name\n"
    "name     = word | '\"' any text '\"'\n";

static const char *const examples[] = {"Kmer(k=6) | Logistic(l2=1e-4)",
                                       "Kmer(k=3..10, strand=canonical) | Logistic(solver=adagrad)",
                                       "@anchored | Logistic(l2=1e-5, class_weight=balanced)",
                                       "PositionKmer(k=1..3) | Softmax()",
                                       "OneHot() | Conv(filters=32, width=11, strand=max) | MLP(hidden=16)",
                                       "@motif | Logistic() & @conv",
                                       "@peptide + Length() | Logistic()",
                                       "Columns() + Category(column=region) | Standardize() | Linear()",
                                       "Column(column=\"Air temperature [K]\", missing=mean) | Logistic()",
                                       ("Return(column=close) + Rolling(column=close, stat=std, window=20, "
                                        "of=return) | Standardize() | Linear()")};

static const char *const rules =
    "Names and words may be written in any letter case. Columns stand in recipe order, then by k, then by gap, then "
    "by code in the alphabet's order. U is T, but not among residues, and lower case is folded. Each block of a term "
    "(one k and gap) has its own value and norm. Classes sort as numbers if all are integers, else by byte; of two, "
    "the second is the positive one.\n";

static ba_status write_range(ba_context *context, const bai_key *key, int32_t markdown, bai_vector *text) {
  if (key->type == BAI_KEY_WORD) {
    /* A bar would end a cell of a markdown table. */
    ba_status status = BA_OK;
    for (const char *c = key->words; !status && *c; c++)
      status = markdown && *c == '|' ? bai_text_add(context, text, ", ") : bai_text_add(context, text, "%c", *c);
    return status;
  }
  if (key->type == BAI_KEY_NAME) return bai_text_add(context, text, "name");
  if (key->type == BAI_KEY_LIST) return bai_text_add(context, text, "list in quotes");
  const char *kind = key->type == BAI_KEY_REAL    ? "real"
                     : key->type == BAI_KEY_RANGE ? "integer or range"
                     : key->type == BAI_KEY_POWER ? "power of two"
                     : key->type == BAI_KEY_MASK  ? "digits 0 and 1"
                                                  : "integer";
  return bai_text_add(context, text, "%s, %g to %g", kind, key->least, key->most);
}

static ba_status write_spec(ba_context *context, const bai_term_spec *spec, int32_t markdown, bai_vector *text) {
  ba_status status = bai_text_add(context, text, markdown ? "### %s\n\n%s" : "%s\n  %s", spec->name, spec->help);
  if (!status && spec->aliases) status = bai_text_add(context, text, " Also: %s.", spec->aliases);
  const int32_t table = markdown && spec->keys[0].name;
  if (!status)
    status = bai_text_add(context, text, "%s%s", markdown && table ? "\n\n" : "\n",
                          table ? "| key | takes | default | meaning |\n|---|---|---|---|\n" : "");
  for (const bai_key *key = spec->keys; !status && key->name; key++) {
    status = bai_text_add(context, text, markdown ? "| `%s` | " : "    %s = ", key->name);
    if (!status) status = write_range(context, key, markdown, text);
    if (!status)
      status = bai_text_add(context, text, markdown ? " | %s | %s |\n" : " (%s)\n        %s\n",
                            key->standard ? key->standard : "must be given", key->help);
  }
  return status ? status : bai_text_add(context, text, "\n");
}

static ba_status write_terms(ba_context *context, bai_role role, int32_t markdown, bai_vector *text) {
  static const char *const titles[] = {"Features", "Scaling", "Convolutions", "Models"};
  ba_status status = bai_text_add(context, text, markdown ? "## %s\n\n" : "%s\n\n", titles[role]);
  const bai_term_spec *spec;
  for (int32_t i = 0; !status && (spec = bai_term_spec_at(i)) != NULL; i++)
    if (spec->role == role) status = write_spec(context, spec, markdown, text);
  return status;
}

static ba_status write_shorthands(ba_context *context, int32_t markdown, bai_vector *text) {
  ba_status status = bai_text_add(
      context, text, "%s",
      markdown ? "## Names of the field\n\nThe same formula under its usual name; the keys of the term may be "
                 "given too.\n\n| name | stands for |\n|---|---|\n"
               : "Names of the field, which take the keys of their term\n\n");
  for (int32_t i = 0; !status && i < bai_shorthand_table_count; i++)
    status = bai_text_add(context, text, markdown ? "| `%s` | `%s(%s)` |\n" : "  %s = %s(%s)\n",
                          bai_shorthand_table[i].name, bai_shorthand_table[i].term, bai_shorthand_table[i].keys);
  for (int32_t i = 0; !status && i < bai_key_alias_count; i++)
    status = bai_text_add(context, text, markdown ? "%s`%s` for `%s`" : "%s%s for %s",
                          i          ? ", "
                          : markdown ? "\nKeys: "
                                     : "  Keys: ",
                          bai_key_alias_table[i].name, bai_key_alias_table[i].key);
  return status ? status : bai_text_add(context, text, markdown ? ".\n\n" : "\n\n");
}

static ba_status write_presets(ba_context *context, int32_t markdown, bai_vector *text) {
  ba_status status = bai_text_add(
      context, text, "%s", markdown ? "## Presets\n\n| preset | stands for | use |\n|---|---|---|\n" : "Presets\n\n");
  for (int32_t i = 0; !status && i < bai_preset_table_count; i++) {
    const bai_preset *preset = &bai_preset_table[i];
    status = bai_text_add(context, text, markdown ? "| `@%s` | `" : "  @%s = ", preset->name);
    for (const char *c = preset->text; !status && *c; c++)
      status = bai_text_add(context, text, markdown && *c == '|' ? "\\%c" : "%c", *c);
    if (!status) status = bai_text_add(context, text, markdown ? "` | %s |\n" : "\n      %s\n", preset->help);
  }
  return status ? status : bai_text_add(context, text, "\n");
}

static ba_status write_reference(ba_context *context, int32_t markdown, bai_vector *text) {
  const char *open = markdown ? "```text\n" : "", *close = markdown ? "```\n" : "";
  ba_status status = bai_text_add(context, text, "%s%s%s%s%s\n", markdown ? "# Recipes\n\n" : "The recipe language\n\n",
                                  introduction, open, grammar, close);
  for (size_t i = 0; !status && i < sizeof examples / sizeof examples[0]; i++)
    status = bai_text_add(context, text, markdown ? "- `%s`\n" : "  %s\n", examples[i]);
  if (!status) status = bai_text_add(context, text, "\n%s\n", rules);
  if (!status) status = write_terms(context, BAI_ROLE_FEATURE, markdown, text);
  if (!status) status = write_shorthands(context, markdown, text);
  if (!status) status = write_presets(context, markdown, text);
  if (!status) status = write_terms(context, BAI_ROLE_SCALE, markdown, text);
  if (!status) status = write_terms(context, BAI_ROLE_CONV, markdown, text);
  if (!status) status = write_terms(context, BAI_ROLE_MODEL, markdown, text);
  return status;
}

ba_status ba_recipe_reference(ba_context *context, const char *format, char *buffer, int64_t capacity,
                              int64_t *length) {
  ba_status status = bai_enter(context);
  if (status) return status;
  const int32_t markdown = format && bai_equal(format, "markdown");
  bai_vector text = {0, 0, 0};
  if (!markdown && !(format && bai_equal(format, "text")))
    status = bai_fail(context, BA_ERR_ARGUMENT, "format \"%s\": expected text or markdown", format ? format : "");
  if (!status) status = write_reference(context, markdown, &text);
  if (!status) status = bai_give_text(context, text.data, text.count, buffer, capacity, length);
  bai_vector_free(context, &text);
  return bai_leave(context, status);
}
