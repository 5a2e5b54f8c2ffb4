/* SPDX-License-Identifier: MIT
 *
 * help.c: `ba help`, the list of commands, one command, or the recipe language from the library's own table.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const cli_spec spec = {
    "help",
    "[OPTIONS] [COMMAND | recipe]",
    "Lists the commands, explains one, or prints the reference of the recipe language.",
    "  ba help train\n"
    "  ba help recipe\n"
    "  ba help recipe --format markdown > recipes.md\n",
    0,
    1,
};

typedef struct request {
  ba_context *context;
  const char *format;
} request;

static ba_status reference(const void *object, char *buffer, int64_t capacity, int64_t *length) {
  const request *r = object;
  return ba_recipe_reference(r->context, r->format, buffer, capacity, length);
}

static int print_reference(cli *c, const char *format) {
  const request wanted = {c->context, format};
  char *text = NULL;
  const ba_status status = cli_text(reference, &wanted, &text);
  if (status != BA_OK) return cli_fail(c, status);
  fputs(text, stdout);
  if (text[0] != '\0' && text[strlen(text) - 1] != '\n') putchar('\n');
  free(text);
  return CLI_DONE;
}

static int explain(cli *c, const char *topic) {
  for (const cli_command *command = cli_commands; command->name != NULL; command++) {
    if (strcmp(topic, command->name) != 0) continue;
    char name[32], option[] = "--help";
    snprintf(name, sizeof name, "%s", topic);
    char *arguments[] = {name, option, NULL};
    return command->run(2, arguments);
  }
  return cli_error(c, CLI_USAGE, "there is no command or topic '%s'; `ba --help` lists the commands", topic);
}

int cli_help(int argc, char **argv) {
  cli c = {0};
  const char *format = "text";
  const cli_option options[] = {
      {"format", CLI_TEXT, &format, "text|markdown", "how the reference of the recipe language is written"},
      {NULL, CLI_FLAG, NULL, NULL, NULL}};
  int code = cli_start(&c, &spec, options, argc, argv);
  if (code != CLI_GO) return code;
  const char *topic = c.files.count > 0 ? c.files.items[0] : NULL;
  code = CLI_DONE;
  if (topic == NULL)
    cli_usage(stdout);
  else if (strcmp(topic, "recipe") == 0 || strcmp(topic, "recipes") == 0)
    code = print_reference(&c, format);
  else
    code = explain(&c, topic);
  return cli_end(&c, code);
}
