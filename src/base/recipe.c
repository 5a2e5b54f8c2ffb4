/* SPDX-License-Identifier: MIT
 *
 * recipe.c: the parser of the recipe language, the only parser of recipe text. A recursive descent over the grammar
 *   recipe = pipeline { "&" pipeline };  pipeline = features { "|" stage };  features = term { "+" term };
 *   term = Name [ "(" keys ")" ] | "@" preset
 */
#include "base/recipe.h"

#include <string.h>

#define MOST_SHOWN 160 /* letters of a recipe in a message, which must hold the rest too */

typedef struct parser {
  ba_context *context;
  const char *text;
  int64_t at;
  int32_t in_preset; /* presets hold no presets */
  bai_pipeline *out;
} parser;

static int32_t is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int32_t is_digit(char c) {
  return c >= '0' && c <= '9';
}

static void skip_space(parser *p) {
  while (p->text[p->at] == ' ' || p->text[p->at] == '\t' || p->text[p->at] == '\n') p->at++;
}

static int32_t take(parser *p, char c) {
  skip_space(p);
  if (p->text[p->at] != c) return 0;
  p->at++;
  return 1;
}

/* The length of the word at the cursor: letters and digits, starting with a letter. */
static int64_t word_length(const parser *p) {
  const char *start = p->text + p->at;
  int64_t n = 0;
  if (!is_letter(start[0])) return 0;
  while (is_letter(start[n]) || is_digit(start[n])) n++;
  return n;
}

static int32_t same_word(const char *a, int64_t n, const char *b, int64_t m) {
  if (n != m) return 0;
  for (int64_t i = 0; i < n; i++) {
    char x = a[i], y = b[i];
    if (x >= 'A' && x <= 'Z') x = (char)(x + 32);
    if (y >= 'A' && y <= 'Z') y = (char)(y + 32);
    if (x != y) return 0;
  }
  return 1;
}

/* The index of a word in "a|b|c", letter case ignored; -1 when it is not there. */
static int32_t word_index(const char *words, const char *word, int64_t n) {
  int32_t index = 0;
  while (words) {
    const char *bar = strchr(words, '|');
    int64_t m = bar ? (int64_t)(bar - words) : bai_length(words);
    if (same_word(word, n, words, m)) return index;
    words = bar ? bar + 1 : NULL;
    index++;
  }
  return -1;
}

static ba_status fail(parser *p, const char *what, const char *allowed) {
  const int64_t n = bai_length(p->text);
  if (n > MOST_SHOWN)
    return bai_fail(p->context, BA_ERR_RECIPE, "recipe, column %lld, at \"%.*s\": %s; expected %s",
                    (long long)(p->at + 1), (int)(n - p->at < 40 ? n - p->at : 40), p->text + p->at, what, allowed);
  return bai_fail(p->context, BA_ERR_RECIPE, "recipe \"%s\", column %lld: %s; expected %s", p->text,
                  (long long)(p->at + 1), what, allowed);
}

static ba_status fail_names(parser *p, const char *what, const bai_term_spec *spec, bai_role role) {
  char list[512];
  int64_t n = 0;
  list[0] = 0;
  if (spec) {
    for (const bai_key *key = spec->keys; key->name; key++)
      n += bai_format(list + n, (int64_t)sizeof list - n, "%s%s", n ? ", " : "", key->name);
  } else {
    const bai_term_spec *term;
    for (int32_t i = 0; (term = bai_term_spec_at(i)) != NULL; i++)
      if (!bai_kind_is_descriptor(term->kind) && !bai_kind_is_derived(term->kind) &&
          (term->role == role || (role == BAI_ROLE_MODEL && term->role != BAI_ROLE_FEATURE)))
        n += bai_format(list + n, (int64_t)sizeof list - n, "%s%s", n ? ", " : "", term->name);
    for (int32_t i = 0; role == BAI_ROLE_FEATURE && i < bai_preset_table_count; i++)
      n += bai_format(list + n, (int64_t)sizeof list - n, ", @%s", bai_preset_table[i].name);
    if (role == BAI_ROLE_FEATURE)
      bai_format(list + n, (int64_t)sizeof list - n, ", or a descriptor, such as PseDNC; ba help recipe has all");
  }
  return fail(p, what, list);
}

static ba_status fail_range(parser *p, const bai_key *key) {
  char what[96], allowed[128];
  bai_format(what, sizeof what, "bad value for %s", key->name);
  const char *kind = key->type == BAI_KEY_REAL    ? "a number"
                     : key->type == BAI_KEY_POWER ? "a power of two"
                     : key->type == BAI_KEY_RANGE ? "an integer or a range a..b"
                     : key->type == BAI_KEY_MASK  ? "binary digits, a 1 at both ends, how many:"
                                                  : "an integer";
  if (key->type == BAI_KEY_WORD)
    bai_format(allowed, sizeof allowed, "one of %s", key->words);
  else if (key->type == BAI_KEY_LIST)
    bai_format(allowed, sizeof allowed, "up to %d bytes in quotes, with commas between", BAI_COLUMN_NAME - 1);
  else if (key->type == BAI_KEY_NAME)
    bai_format(allowed, sizeof allowed, "a word, or up to %d bytes in quotes", BAI_COLUMN_NAME - 1);
  else
    bai_format(allowed, sizeof allowed, "%s from %g to %g", kind, key->least, key->most);
  return fail(p, what, allowed);
}

/* The number at the cursor as text: an integer stops before ".." */
static int64_t number_length(const parser *p) {
  const char *s = p->text + p->at;
  int64_t n = s[0] == '-' || s[0] == '+';
  while (is_digit(s[n]) || (s[n] == '.' && s[n + 1] != '.')) n++;
  if ((s[n] == 'e' || s[n] == 'E') && n > 0) {
    int64_t sign = s[n + 1] == '-' || s[n + 1] == '+';
    if (is_digit(s[n + 1 + sign])) {
      n += 1 + sign;
      while (is_digit(s[n])) n++;
    }
  }
  return n;
}

static ba_status parse_number(parser *p, const bai_key *key, bai_value *value) {
  const int64_t start = p->at;
  const int64_t n = number_length(p);
  if (!bai_parse_f64(p->text + p->at, n, &value->real)) return fail_range(p, key);
  if (!(value->real >= key->least && value->real <= key->most)) return fail_range(p, key);
  if (key->type != BAI_KEY_REAL) {
    value->integer = (int64_t)value->real;
    if ((double)value->integer != value->real) return fail_range(p, key);
    if (key->type == BAI_KEY_POWER && (value->integer & (value->integer - 1))) return fail_range(p, key);
  }
  p->at += n;
  value->upper = value->integer;
  if (key->type == BAI_KEY_RANGE && p->text[p->at] == '.' && p->text[p->at + 1] == '.') {
    const int64_t lower = value->integer;
    bai_key end = *key;
    end.type = BAI_KEY_INTEGER;
    end.least = (double)lower;
    p->at += 2;
    if (parse_number(p, &end, value)) {
      p->at = start;
      return fail_range(p, key);
    }
    value->upper = value->integer;
    value->integer = lower;
  }
  return BA_OK;
}

static ba_status parse_mask(parser *p, const bai_key *key, bai_value *value) {
  const char *digits = p->text + p->at;
  int64_t n = 0, bits = 0;
  for (; (digits[n] == '0' || digits[n] == '1') && n <= (int64_t)key->most; n++) bits = bits << 1 | (digits[n] - '0');
  if (n < (int64_t)key->least || n > (int64_t)key->most || digits[0] != '1' || digits[n - 1] != '1' ||
      is_digit(digits[n]))
    return fail_range(p, key);
  value->integer = value->upper = bits;
  p->at += n;
  return BA_OK;
}

/* A word, or any text without quotes and control bytes between quotes. */
static ba_status parse_name(parser *p, const bai_key *key, bai_value *value) {
  const char *name = p->text + p->at;
  const int32_t quoted = name[0] == '"';
  int64_t n = word_length(p);
  if (quoted) {
    name++;
    for (n = 0; name[n] != '"'; n++)
      if ((uint8_t)name[n] < 0x20) return fail_range(p, key);
  }
  if (n == 0 || n >= BAI_COLUMN_NAME) return fail_range(p, key);
  memset(value->name, 0, sizeof value->name);
  memcpy(value->name, name, (size_t)n);
  p->at += n + 2 * quoted;
  return BA_OK;
}

static ba_status parse_value(parser *p, const bai_key *key, bai_value *value) {
  skip_space(p);
  if (key->type == BAI_KEY_NAME || key->type == BAI_KEY_LIST) return parse_name(p, key, value);
  if (key->type == BAI_KEY_MASK) return parse_mask(p, key, value);
  if (key->type != BAI_KEY_WORD) return parse_number(p, key, value);
  const int64_t n = word_length(p);
  const int32_t index = word_index(key->words, p->text + p->at, n);
  if (n == 0 || index < 0) return fail_range(p, key);
  value->integer = value->upper = index;
  p->at += n;
  return BA_OK;
}

static ba_status set_defaults(parser *p, bai_term *term, uint32_t given) {
  for (int32_t i = 0; term->spec->keys[i].name; i++) {
    const bai_key *key = &term->spec->keys[i];
    if (given & (UINT32_C(1) << i)) continue;
    if (!key->standard) {
      char what[96];
      bai_format(what, sizeof what, "%s needs %s", term->spec->name, key->name);
      return fail(p, what, key->help);
    }
    parser standard = {p->context, key->standard, 0, 1, NULL};
    const ba_status status = parse_value(&standard, key, &term->values[i]);
    if (status) return status;
  }
  return BA_OK;
}

/* The index of a key of the term by its name; -1 for none. */
static int32_t key_index(const bai_term_spec *spec, const char *word, int64_t n) {
  for (int32_t i = 0; spec->keys[i].name; i++)
    if (same_word(word, n, spec->keys[i].name, bai_length(spec->keys[i].name))) return i;
  for (int32_t a = 0; a < bai_key_alias_count; a++) {
    const bai_key_alias *alias = &bai_key_alias_table[a];
    if (same_word(word, n, alias->name, bai_length(alias->name)))
      return key_index(spec, alias->key, bai_length(alias->key));
  }
  return -1;
}

/* "key=value" with commas between; *given gets the bits of the keys. */
static ba_status parse_list(parser *p, bai_term *term, uint32_t *given) {
  do {
    skip_space(p);
    const int64_t n = word_length(p);
    const int32_t i = key_index(term->spec, p->text + p->at, n);
    if (n == 0 || i < 0) return fail_names(p, "unknown key", term->spec, BAI_ROLE_FEATURE);
    if (*given & (UINT32_C(1) << i)) return fail(p, "key given twice", "each key once");
    *given |= UINT32_C(1) << i;
    p->at += n;
    if (!take(p, '=')) return fail(p, "no value", "'=' after the key");
    const ba_status status = parse_value(p, &term->spec->keys[i], &term->values[i]);
    if (status) return status;
  } while (take(p, ','));
  return BA_OK;
}

/* The keys of a shorthand first, so that those of the text overwrite them. */
static ba_status parse_keys(parser *p, const bai_shorthand *shorthand, bai_term *term) {
  uint32_t given = 0, preset = 0;
  ba_status status = BA_OK;
  if (shorthand) {
    parser inner = {p->context, shorthand->keys, 0, 1, NULL};
    status = parse_list(&inner, term, &preset);
  }
  if (!status && take(p, '(') && !take(p, ')')) {
    status = parse_list(p, term, &given);
    if (!status && !take(p, ')')) status = fail(p, "unfinished term", "',' or ')'");
  }
  return status ? status : set_defaults(p, term, given | preset);
}

const bai_term_spec *bai_term_spec_at(int32_t index) {
  if (index < bai_term_table_count) return &bai_term_table[index];
  index -= bai_term_table_count;
  return index < bai_series_table_count ? &bai_series_table[index] : NULL;
}

static const bai_term_spec *find_term(const char *word, int64_t n, bai_role role) {
  const bai_term_spec *spec;
  for (int32_t i = 0; (spec = bai_term_spec_at(i)) != NULL; i++) {
    if (spec->role != role) continue;
    if (same_word(word, n, spec->name, bai_length(spec->name))) return spec;
    if (spec->aliases && word_index(spec->aliases, word, n) >= 0) return spec;
  }
  return NULL;
}

static const bai_shorthand *find_shorthand(const char *word, int64_t n) {
  for (int32_t i = 0; i < bai_shorthand_table_count; i++)
    if (same_word(word, n, bai_shorthand_table[i].name, bai_length(bai_shorthand_table[i].name)))
      return &bai_shorthand_table[i];
  return NULL;
}

static ba_status parse_pipeline(parser *p);

/* A preset stands for features, or for a whole pipeline, behind which nothing of the member may follow. */
static ba_status parse_preset(parser *p) {
  const int64_t n = word_length(p);
  for (int32_t i = 0; i < bai_preset_table_count; i++) {
    const bai_preset *preset = &bai_preset_table[i];
    if (!same_word(p->text + p->at, n, preset->name, bai_length(preset->name))) continue;
    p->at += n;
    parser inner = {p->context, preset->text, 0, 1, p->out};
    const int64_t before = p->out->features.count;
    const ba_status status = parse_pipeline(&inner);
    if (!status && p->out->has_model && before > 0)
      return fail(p, "a preset with a model joined to other features", "it alone, or after '&'");
    return status;
  }
  return fail_names(p, "unknown preset", NULL, BAI_ROLE_FEATURE);
}

static ba_status parse_term(parser *p) {
  skip_space(p);
  if (!p->in_preset && take(p, '@')) return parse_preset(p);
  const int64_t n = word_length(p);
  bai_term term;
  memset(&term, 0, sizeof term);
  const bai_shorthand *shorthand = n ? find_shorthand(p->text + p->at, n) : NULL;
  if (shorthand)
    term.spec = find_term(shorthand->term, bai_length(shorthand->term), BAI_ROLE_FEATURE);
  else if (n)
    term.spec = find_term(p->text + p->at, n, BAI_ROLE_FEATURE);
  if (!term.spec) return fail_names(p, n ? "unknown feature term" : "no feature term", NULL, BAI_ROLE_FEATURE);
  p->at += n;
  const ba_status status = parse_keys(p, shorthand, &term);
  if (status) return status;
  return bai_vector_append(p->context, &p->out->features, &term, 1, sizeof term);
}

static ba_status parse_features(parser *p) {
  do {
    if (p->out->has_model) return fail(p, "a feature after the model", "'&', or nothing more");
    const ba_status status = parse_term(p);
    if (status) return status;
  } while (take(p, '+'));
  return BA_OK;
}

static ba_status parse_stage(parser *p) {
  bai_term term;
  memset(&term, 0, sizeof term);
  skip_space(p);
  if (p->out->has_model) return fail(p, "a stage after the model", "'&', or nothing more");
  const int64_t n = word_length(p);
  const char *word = p->text + p->at;
  for (bai_role role = BAI_ROLE_SCALE; n && !term.spec && role <= BAI_ROLE_MODEL; role++)
    term.spec = find_term(word, n, role);
  if (!term.spec) return fail_names(p, n ? "unknown model term" : "no model term", NULL, BAI_ROLE_MODEL);
  const int32_t pca = term.spec->kind == BAI_TERM_PCA;
  if (term.spec->role == BAI_ROLE_SCALE && (p->out->pca.spec || (!pca && p->out->scale.spec) || p->out->convs.count))
    return fail(p, "a second scaling, or one behind PCA or Conv", "one, before PCA and the model");
  p->at += n;
  const ba_status status = parse_keys(p, NULL, &term);
  if (status) return status;
  if (term.spec->role == BAI_ROLE_CONV) return bai_vector_append(p->context, &p->out->convs, &term, 1, sizeof term);
  if (term.spec->role == BAI_ROLE_SCALE) {
    *(pca ? &p->out->pca : &p->out->scale) = term;
    return BA_OK;
  }
  p->out->model = term;
  p->out->has_model = 1;
  return BA_OK;
}

static ba_status parse_pipeline(parser *p) {
  ba_status status = parse_features(p);
  while (!status && take(p, '|')) status = parse_stage(p);
  return status;
}

static ba_status parse_member(parser *p, bai_recipe *out) {
  bai_pipeline pipeline;
  memset(&pipeline, 0, sizeof pipeline);
  ba_status status = bai_vector_append(p->context, &out->members, &pipeline, 1, sizeof pipeline);
  if (status) return status;
  p->out = (bai_pipeline *)out->members.data + out->members.count - 1;
  status = parse_pipeline(p);
  if (!status && p->out->convs.count > 0 && !p->out->has_model)
    status = fail(p, "a convolution without a model", "'|' and a model such as MLP()");
  return status;
}

static ba_status check_text(ba_context *context, const char *text) {
  if (!text) return bai_fail(context, BA_ERR_ARGUMENT, "recipe: expected a text, found NULL");
  if (bai_length(text) > BAI_MOST_RECIPE)
    return bai_fail(context, BA_ERR_RECIPE, "recipe: %lld letters; expected at most %d", (long long)bai_length(text),
                    BAI_MOST_RECIPE);
  return BA_OK;
}

int32_t bai_term_reads_table(const bai_term *term) {
  return term->spec->kind >= BAI_TERM_COLUMN && term->spec->kind <= BAI_TERM_CATEGORY_HASH;
}

/* What a term reads. */
static const char *source_of(const bai_term *term) {
  return term->spec->kind == BAI_TERM_SPARSE ? "sparse rows" : bai_term_reads_table(term) ? "a table" : "sequences";
}

/* A row of a table has no letters, and a sequence no columns. */
static ba_status check_kind(ba_context *context, const bai_recipe *recipe) {
  const bai_term *first = bai_recipe_member(recipe, 0)->features.data;
  for (int64_t m = 0; m < recipe->members.count; m++) {
    const bai_vector *features = &bai_recipe_member(recipe, m)->features;
    for (int64_t i = 0; i < features->count; i++) {
      const bai_term *term = (const bai_term *)features->data + i;
      if (term->spec->kind == BAI_TERM_SPARSE && features->count > 1)
        return bai_fail(context, BA_ERR_RECIPE, "recipe: Sparse is joined to another term; expected it alone");
      if (term->spec->kind == BAI_TERM_SPARSE && bai_recipe_member(recipe, m)->scale.spec)
        return bai_fail(context, BA_ERR_RECIPE, "recipe: sparse rows are not scaled; expected none of %s",
                        bai_recipe_member(recipe, m)->scale.spec->name);
      if (strcmp(source_of(term), source_of(first)) == 0) continue;
      return bai_fail(context, BA_ERR_RECIPE, "recipe: %s reads %s and %s reads %s; expected terms over one of them",
                      first->spec->name, source_of(first), term->spec->name, source_of(term));
    }
  }
  return BA_OK;
}

static int32_t reads_protein(const bai_term *term) {
  const bai_value *alphabet = bai_term_value(term, "alphabet");
  if (term->spec->kind >= BAI_TERM_CTDC && term->spec->kind <= BAI_TERM_ZSCALE) return 1;
  return alphabet && alphabet->integer >= BAI_ALPHABET_PROTEIN;
}

int32_t bai_pipeline_reads_protein(const bai_pipeline *pipeline) {
  const bai_term *terms = pipeline->features.data;
  for (int64_t i = 0; i < pipeline->features.count; i++)
    if (reads_protein(&terms[i])) return 1;
  return 0;
}

/* One sequence cannot be of nucleotides for one term and of residues for another. Length reads either, so a member of
 * an ensemble with that alone would leave open what its letters are. */
static ba_status check_alphabets(ba_context *context, const bai_recipe *recipe) {
  const bai_term *first = NULL;
  for (int64_t m = 0; m < recipe->members.count; m++) {
    const bai_vector *features = &bai_recipe_member(recipe, m)->features;
    int64_t lengths = 0;
    for (int64_t i = 0; i < features->count; i++) {
      const bai_term *term = (const bai_term *)features->data + i;
      lengths += term->spec->kind == BAI_TERM_LENGTH;
      if (term->spec->kind == BAI_TERM_LENGTH || bai_term_reads_table(term) || term->spec->kind == BAI_TERM_SPARSE)
        continue;
      if (!first) first = term;
      if (reads_protein(first) != reads_protein(term))
        return bai_fail(context, BA_ERR_RECIPE, "recipe: %s reads %s and %s reads %s; expected one kind of letters",
                        first->spec->name, reads_protein(first) ? "protein" : "DNA", term->spec->name,
                        reads_protein(term) ? "protein" : "DNA");
    }
    if (lengths == features->count && recipe->members.count > 1)
      return bai_fail(context, BA_ERR_RECIPE, "recipe: a member with Length alone; expected another term beside it");
  }
  return BA_OK;
}

ba_status bai_recipe_parse(ba_context *context, const char *text, bai_recipe *out) {
  const ba_status good = check_text(context, text);
  if (good) return good;
  parser p = {context, text, 0, 0, NULL};
  do {
    if (out->members.count == BAI_MOST_MEMBERS) return fail(&p, "one member more", "at most 16");
    ba_status status = parse_member(&p, out);
    if (!status && out->members.count > 1 && (!p.out->has_model || !bai_recipe_member(out, 0)->has_model))
      status = fail(&p, "a member of an ensemble without a model", "a model after '|' in each");
    if (status) return status;
  } while (take(&p, '&'));
  skip_space(&p);
  if (text[p.at]) return fail(&p, "text after the end", p.out->has_model ? "'&' or nothing more" : "'+' or '|'");
  const ba_status status = check_kind(context, out);
  return status ? status : check_alphabets(context, out);
}

ba_status bai_recipe_parse_single(ba_context *context, const char *text, bai_recipe *out) {
  const ba_status status = bai_recipe_parse(context, text, out);
  if (status || out->members.count == 1) return status;
  return bai_fail(context, BA_ERR_RECIPE, "the recipe is an ensemble of %lld members; expected one of them alone",
                  (long long)out->members.count);
}

void bai_recipe_free(ba_context *context, bai_recipe *recipe) {
  for (int64_t i = 0; i < recipe->members.count; i++) {
    bai_pipeline *member = (bai_pipeline *)recipe->members.data + i;
    bai_vector_free(context, &member->features);
    bai_vector_free(context, &member->convs);
  }
  bai_vector_free(context, &recipe->members);
}

int32_t bai_list_next(const char **at, const char **text, int64_t *length) {
  const char *c = *at;
  if (!*c) return 0;
  while (*c == ' ') c++;
  *text = c;
  while (*c && *c != ',') c++;
  *at = *c ? c + 1 : c;
  while (c > *text && c[-1] == ' ') c--;
  *length = (int64_t)(c - *text);
  return 1;
}

const bai_value *bai_term_value(const bai_term *term, const char *name) {
  for (int32_t i = 0; term->spec->keys[i].name; i++)
    if (strcmp(term->spec->keys[i].name, name) == 0) return &term->values[i];
  return NULL;
}

int32_t bai_term_is_value(const bai_term *model) {
  return model->spec && (model->spec->kind == BAI_TERM_LINEAR || model->spec->kind == BAI_TERM_POISSON);
}

void bai_term_set(bai_term *term, const char *name, double value) {
  for (int32_t i = 0; term->spec->keys[i].name; i++)
    if (strcmp(term->spec->keys[i].name, name) == 0) term->values[i].real = value;
}

static ba_status write_value(ba_context *context, const bai_key *key, const bai_value *value, bai_vector *text) {
  if (key->type == BAI_KEY_REAL) return bai_text_add(context, text, "%g", value->real);
  if (key->type == BAI_KEY_NAME || key->type == BAI_KEY_LIST) return bai_text_add(context, text, "\"%s\"", value->name);
  if (key->type == BAI_KEY_WORD) {
    const char *word = key->words;
    for (int64_t i = 0; i < value->integer; i++) word = strchr(word, '|') + 1;
    const char *bar = strchr(word, '|');
    return bai_text_add(context, text, "%.*s", (int)(bar ? bar - word : bai_length(word)), word);
  }
  if (key->type == BAI_KEY_MASK) {
    char digits[64];
    int32_t n = 0;
    for (int32_t bit = 63 - __builtin_clzll((uint64_t)value->integer); bit >= 0; bit--)
      digits[n++] = (char)('0' + (value->integer >> bit & 1));
    return bai_text_add(context, text, "%.*s", n, digits);
  }
  if (value->upper != value->integer)
    return bai_text_add(context, text, "%lld..%lld", (long long)value->integer, (long long)value->upper);
  return bai_text_add(context, text, "%lld", (long long)value->integer);
}

ba_status bai_term_write(ba_context *context, const bai_term *term, bai_vector *text) {
  ba_status status = bai_text_add(context, text, "%s(", term->spec->name);
  for (int32_t i = 0; !status && term->spec->keys[i].name; i++) {
    status = bai_text_add(context, text, "%s%s=", i ? ", " : "", term->spec->keys[i].name);
    if (!status) status = write_value(context, &term->spec->keys[i], &term->values[i], text);
  }
  return status ? status : bai_text_add(context, text, ")");
}

ba_status bai_pipeline_write(ba_context *context, const bai_pipeline *pipeline, int32_t whole, bai_vector *text) {
  const bai_term *terms = pipeline->features.data, *convs = pipeline->convs.data;
  ba_status status = BA_OK;
  for (int64_t i = 0; !status && i < pipeline->features.count; i++) {
    if (i) status = bai_text_add(context, text, " + ");
    if (!status) status = bai_term_write(context, &terms[i], text);
  }
  for (int32_t i = 0; !status && i < 2; i++) {
    const bai_term *term = i ? &pipeline->pca : &pipeline->scale;
    if (!term->spec) continue;
    status = bai_text_add(context, text, " | ");
    if (!status) status = bai_term_write(context, term, text);
  }
  for (int64_t i = 0; !status && whole && i < pipeline->convs.count; i++) {
    status = bai_text_add(context, text, " | ");
    if (!status) status = bai_term_write(context, &convs[i], text);
  }
  if (!status && whole && pipeline->has_model) {
    status = bai_text_add(context, text, " | ");
    if (!status) status = bai_term_write(context, &pipeline->model, text);
  }
  return status;
}

ba_status bai_recipe_write(ba_context *context, const bai_recipe *recipe, bai_vector *text) {
  ba_status status = BA_OK;
  for (int64_t i = 0; !status && i < recipe->members.count; i++) {
    if (i) status = bai_text_add(context, text, " & ");
    if (!status) status = bai_pipeline_write(context, bai_recipe_member(recipe, i), 1, text);
  }
  return status;
}

ba_status ba_recipe_canonical(ba_context *context, const char *recipe, char *buffer, int64_t capacity,
                              int64_t *length) {
  ba_status status = bai_enter(context);
  if (status) return status;
  bai_recipe parsed = {{0, 0, 0}};
  bai_vector text = {0, 0, 0};
  status = bai_recipe_parse(context, recipe, &parsed);
  if (!status) status = bai_recipe_write(context, &parsed, &text);
  if (!status) status = bai_give_text(context, text.data, text.count, buffer, capacity, length);
  bai_vector_free(context, &text);
  bai_recipe_free(context, &parsed);
  return bai_leave(context, status);
}
