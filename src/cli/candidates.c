/* SPDX-License-Identifier: MIT
 *
 * candidates.c: the recipes that `ba train` compares. --l2 A,B makes one of each recipe and value, by putting the key
 * into the text of the model term.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static void add_candidate(cli_candidates *list, char *recipe) {
  list->items = cli_resize(list->items, (size_t)(list->count + 1) * sizeof *list->items);
  list->items[list->count++] = (cli_candidate){.recipe = recipe};
}

/* Whether the keys between two brackets name l2 already. */
static bool has_l2(const char *from, const char *to) {
  for (const char *at = from; at + 2 < to; at++) {
    if (tolower((unsigned char)at[0]) != 'l' || at[1] != '2') continue;
    const char *after = at + 2;
    while (after < to && isspace((unsigned char)*after)) after++;
    const bool whole = at == from || !(isalnum((unsigned char)at[-1]) || at[-1] == '_');
    if (whole && after < to && *after == '=') return true;
  }
  return false;
}

/* Writes one pipeline, [from, to), with l2 in its last stage. NULL means that it could not. */
static const char *put_l2(const char *from, const char *to, const char *l2, char *out, size_t room) {
  const char *bar = NULL;
  for (const char *at = from; at < to; at++)
    if (*at == '|') bar = at;
  if (bar == NULL && memchr(from, '@', (size_t)(to - from)) != NULL) { /* a preset that brings its model */
    snprintf(out, room, "%.*s", (int)(to - from), from);
    return NULL;
  }
  if (bar == NULL) return "has no model term: end it with one, such as | Logistic()";
  const char *open = memchr(bar, '(', (size_t)(to - bar)), *end = to;
  while (end > bar && isspace((unsigned char)end[-1])) end--;
  if (open == NULL) {
    snprintf(out, room, "%.*s(l2=%s)", (int)(end - from), from, l2);
    return NULL;
  }
  const char *close = memchr(open, ')', (size_t)(to - open));
  if (close == NULL) return "has a bracket that is not closed";
  if (has_l2(open + 1, close)) return "has l2= already";
  bool empty = true;
  for (const char *at = open + 1; at < close; at++)
    if (!isspace((unsigned char)*at)) empty = false;
  snprintf(out, room, "%.*s%sl2=%s%.*s", (int)(close - from), from, empty ? "" : ", ", l2, (int)(end - close), close);
  return NULL;
}

/* Each member of an ensemble gets the value. */
static int with_l2(cli *c, const char *recipe, const char *l2, char **out) {
  size_t members = 1;
  for (const char *at = recipe; *at != '\0'; at++) members += *at == '&' ? 1 : 0;
  const size_t room = strlen(recipe) + members * (strlen(l2) + 16);
  char *text = cli_allocate(room);
  size_t used = 0;
  const char *from = recipe;
  while (true) {
    const char *to = from + strcspn(from, "&");
    const char *wrong = put_l2(from, to, l2, text + used, room - used);
    if (wrong != NULL) {
      free(text);
      return cli_error(c, CLI_USAGE, "--l2: the recipe '%s' %s", recipe, wrong);
    }
    used += strlen(text + used);
    if (*to == '\0') break;
    memcpy(text + used, " &", 3);
    used += 2;
    from = to + 1;
  }
  *out = text;
  return CLI_DONE;
}

static int larger_first(const void *a, const void *b) {
  const double x = strtod(a, NULL), y = strtod(b, NULL);
  return (x < y) - (x > y);
}

static int add_values(cli *c, const char *recipe, const char *values, cli_candidates *out) {
  char list[64][64];
  size_t count = 0;
  for (const char *at = values;; at++) {
    const size_t length = strcspn(at, ",");
    if (length == 0 || length >= sizeof list[0] || count == sizeof list / sizeof list[0])
      return cli_error(c, CLI_USAGE, "--l2 '%s': expected numbers with commas between them, such as 1e-4,1e-3", values);
    memcpy(list[count], at, length);
    list[count++][length] = '\0';
    at += length;
    if (*at == '\0') break;
  }
  qsort(list, count, sizeof list[0], larger_first);
  for (size_t i = 0; i < count; i++) {
    char *text = NULL;
    const int code = with_l2(c, recipe, list[i], &text);
    if (code != CLI_DONE) return code;
    add_candidate(out, text);
    cli_candidate *item = &out->items[out->count - 1];
    memcpy(item->l2, list[i], sizeof item->l2);
    item->follows = i > 0;
  }
  return CLI_DONE;
}

/* Checks the recipe; *numbers: whether its model is one of numbers. */
static int look_at_model(cli *c, const char *recipe, bool *numbers) {
  int64_t length = 0;
  ba_status status = ba_recipe_canonical(c->context, recipe, NULL, 0, &length);
  if (status != BA_OK) return cli_fail_in(c, status, recipe);
  char *text = cli_allocate((size_t)length + 1);
  status = ba_recipe_canonical(c->context, recipe, text, length + 1, &length);
  if (status == BA_OK) *numbers = strstr(text, "| Linear(") != NULL || strstr(text, "| Poisson(") != NULL;
  free(text);
  return status == BA_OK ? CLI_DONE : cli_fail_in(c, status, recipe);
}

int cli_candidates_make(cli *c, const cli_list *recipes, const char *l2, cli_candidates *out) {
  int code = CLI_DONE;
  for (int32_t i = 0; code == CLI_DONE && i < recipes->count; i++) {
    const char *recipe = recipes->items[i];
    if (l2 != NULL) {
      code = add_values(c, recipe, l2, out);
    } else {
      char *copy = cli_allocate(strlen(recipe) + 1);
      memcpy(copy, recipe, strlen(recipe) + 1);
      add_candidate(out, copy);
    }
  }
  for (int32_t i = 0; code == CLI_DONE && i < out->count; i++) {
    bool numbers = false;
    code = look_at_model(c, out->items[i].recipe, &numbers);
    if (code == CLI_DONE && i > 0 && numbers != out->numbers)
      code = cli_error(c, CLI_USAGE, "models of numbers and of classes cannot be compared: give recipes of one kind");
    out->numbers = numbers;
  }
  return code;
}

bool cli_metrics_better(const char *metric, const ba_metrics *a, const ba_metrics *b) {
  const double x = ba_metrics_value(a, metric), y = b != NULL ? ba_metrics_value(b, metric) : NAN;
  if (isnan(x)) return false;
  if (isnan(y)) return true;
  static const char *const losses[] = {"log_loss", "rmse", "mae", "deviance"};
  for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++)
    if (strcmp(metric, losses[i]) == 0) return x < y;
  return x > y;
}

void cli_candidates_table(const cli_candidates *candidates, const char *part) {
  static const char *const of_classes[] = {"auroc", "auprc", "mcc", "accuracy", "log_loss"};
  static const char *const of_numbers[] = {"rmse", "mae", "r2", "spearman", "deviance"};
  const char *const *shown = candidates->numbers ? of_numbers : of_classes;
  cli_note("%-5s %8s %8s %8s %8s %8s %9s  recipe", part, shown[0], shown[1], shown[2], shown[3], shown[4], "CPU s");
  for (int32_t i = 0; i < candidates->count; i++) {
    const cli_candidate *item = &candidates->items[i];
    if (item->metrics == NULL) continue;
    double values[5];
    for (size_t k = 0; k < 5; k++) values[k] = ba_metrics_value(item->metrics, shown[k]);
    cli_note("%-5d %8.4f %8.4f %8.4f %8.4f %8.4f %9.2f  %s", (int)i + 1, values[0], values[1], values[2], values[3],
             values[4], item->cpu_seconds, item->recipe);
  }
}

cJSON *cli_candidates_json(const cli_candidates *candidates, const char *part) {
  cJSON *list = cJSON_CreateArray();
  for (int32_t i = 0; i < candidates->count; i++) {
    const cli_candidate *item = &candidates->items[i];
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "recipe", item->recipe);
    if (item->metrics != NULL) cli_metrics_json(cJSON_AddObjectToObject(object, part), item->metrics);
    cli_json_add(object, "cpu_seconds", item->cpu_seconds);
    cJSON_AddItemToArray(list, object);
  }
  return list;
}

void cli_candidates_free(cli_candidates *candidates) {
  for (int32_t i = 0; i < candidates->count; i++) {
    free(candidates->items[i].recipe);
    ba_metrics_destroy(candidates->items[i].metrics);
  }
  free(candidates->items);
  candidates->items = NULL;
  candidates->count = 0;
}
