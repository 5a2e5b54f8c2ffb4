/* SPDX-License-Identifier: MIT
 *
 * options.c: reads the arguments of a command by its table of options, and prints the same table as --help.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { GLOBAL_COUNT = 5 };

static void fill_globals(cli *c, cli_option *globals) {
  const cli_option table[GLOBAL_COUNT + 1] = {
      {"json", CLI_FLAG, &c->json, NULL, "results as JSON"},
      {"threads", CLI_INTEGER, &c->threads, "N", "threads to use, 1 to 256 (1); results do not depend on it"},
      {"cpu", CLI_TEXT, &c->cpu, "LEVEL", "auto, scalar, avx2, avx512 or neon (auto); results do not depend on it"},
      {"memory-limit", CLI_BYTES, &c->memory_limit, "BYTES", "most memory for the library, with K, M or G (no limit)"},
      {"seed", CLI_INTEGER, &c->seed, "N", "seed of whatever is random (1); used by train"},
      {NULL, CLI_FLAG, NULL, NULL, NULL},
  };
  memcpy(globals, table, sizeof table);
}

static void print_table(const cli_option *options) {
  for (const cli_option *option = options; option->name != NULL; option++) {
    char left[64];
    const char *argument = option->argument != NULL ? option->argument : "";
    snprintf(left, sizeof left, "--%s %s", option->name, argument);
    printf("  %-24s %s\n", left, option->help);
  }
}

static int print_help(const cli_spec *spec, const cli_option *options, const cli_option *globals) {
  printf("usage: ba %s %s\n\n%s\n", spec->name, spec->usage, spec->about);
  if (options[0].name != NULL) printf("\noptions\n");
  print_table(options);
  printf("\noptions of every command\n");
  print_table(globals);
  printf("\nexamples\n%s", spec->examples);
  return fflush(stdout) != 0 ? CLI_IO : CLI_DONE;
}

bool cli_integer(const char *text, int64_t *value) {
  char *end = NULL;
  if (!((text[0] >= '0' && text[0] <= '9') || text[0] == '-' || text[0] == '+')) return false;
  errno = 0;
  const long long number = strtoll(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0') return false;
  *value = number;
  return true;
}

/* "300M": a whole number with at most one of K, M, G, in units of 1024. */
static bool read_bytes(const char *text, int64_t *value) {
  char digits[32];
  const size_t length = strlen(text);
  if (length == 0 || length >= sizeof digits) return false;
  memcpy(digits, text, length + 1);
  int64_t unit = 1;
  const char *const letters = "KMG";
  const char last = digits[length - 1];
  for (int32_t i = 0; letters[i] != '\0'; i++)
    if (last == letters[i] || last == letters[i] + ('a' - 'A')) unit = INT64_C(1) << (10 * (i + 1));
  if (unit > 1) digits[length - 1] = '\0';
  int64_t number = 0;
  if (!cli_integer(digits, &number) || number < 0 || number > INT64_MAX / unit) return false;
  *value = number * unit;
  return true;
}

static void add_text(cli_list *list, const char *text) {
  list->items = cli_resize(list->items, (size_t)(list->count + 1) * sizeof *list->items);
  list->items[list->count++] = text;
}

void cli_list_free(cli_list *list) {
  free(list->items);
  list->items = NULL;
  list->count = 0;
}

static const cli_option *find(const cli_option *table, const char *name, size_t length) {
  for (const cli_option *option = table; option->name != NULL; option++)
    if (strlen(option->name) == length && memcmp(option->name, name, length) == 0) return option;
  return NULL;
}

static int set_value(cli *c, const cli_option *option, const char *text) {
  switch (option->kind) {
    case CLI_FLAG:
      *(bool *)option->value = true;
      break;
    case CLI_TEXT:
      *(const char **)option->value = text;
      break;
    case CLI_LIST:
      add_text(option->value, text);
      break;
    case CLI_INTEGER:
      if (!cli_integer(text, option->value))
        return cli_error(c, CLI_USAGE, "--%s '%s': expected a whole number", option->name, text);
      break;
    case CLI_BYTES:
      if (!read_bytes(text, option->value))
        return cli_error(c, CLI_USAGE, "--%s '%s': expected a number of bytes, such as 500M", option->name, text);
      break;
    default:
      break;
  }
  return CLI_GO;
}

/* Reads the option at argv[*at] and moves *at on to its last argument. */
static int read_option(cli *c, const cli_option *options, const cli_option *globals, int argc, char **argv, int *at) {
  const char *name = argv[*at] + 2;
  const size_t length = strcspn(name, "=");
  const char *value = name[length] == '=' ? name + length + 1 : NULL;
  const cli_option *option = find(options, name, length);
  if (option == NULL) option = find(globals, name, length);
  if (option == NULL)
    return cli_error(c, CLI_USAGE, "there is no option --%.*s; `ba %s --help` lists them", (int)length, name,
                     c->spec->name);
  if (option->kind == CLI_FLAG && value != NULL) return cli_error(c, CLI_USAGE, "--%s takes no value", option->name);
  if (option->kind != CLI_FLAG && value == NULL) {
    if (*at + 1 >= argc) return cli_error(c, CLI_USAGE, "--%s needs a value: %s", option->name, option->argument);
    value = argv[++*at];
  }
  return set_value(c, option, value);
}

static int check_files(cli *c) {
  const cli_spec *spec = c->spec;
  if (c->files.count < spec->least_files)
    return cli_error(c, CLI_USAGE, "a file is missing; usage: ba %s %s", spec->name, spec->usage);
  if (spec->most_files >= 0 && c->files.count > spec->most_files)
    return cli_error(c, CLI_USAGE, "'%s' is one argument too many; usage: ba %s %s", c->files.items[spec->most_files],
                     spec->name, spec->usage);
  return CLI_GO;
}

int cli_options_read(cli *c, const cli_option *options, int argc, char **argv) {
  cli_option globals[GLOBAL_COUNT + 1];
  fill_globals(c, globals);
  bool only_files = false;
  for (int i = 1; i < argc; i++) {
    const char *text = argv[i];
    if (only_files || text[0] != '-' || text[1] == '\0') {
      add_text(&c->files, text);
    } else if (strcmp(text, "--") == 0) {
      only_files = true;
    } else if (strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0) {
      return print_help(c->spec, options, globals);
    } else if (text[1] != '-') {
      return cli_error(c, CLI_USAGE, "there is no option %s; `ba %s --help` lists them", text, c->spec->name);
    } else {
      const int code = read_option(c, options, globals, argc, argv, &i);
      if (code != CLI_GO) return code;
    }
  }
  return check_files(c);
}
