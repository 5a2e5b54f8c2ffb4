/* SPDX-License-Identifier: MIT
 *
 * info.c: `ba info`, what a model file holds, from the library's own description of it.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const cli_spec spec = {
    "info",
    "[OPTIONS] m.ba",
    "Says what a model file holds: recipe, classes, sizes, digests and how it was trained.",
    "  ba info m.ba\n"
    "  ba info --json m.ba | jq -r .recipe\n",
    1,
    1,
};

typedef struct described {
  ba_context *context;
  const ba_model *model;
} described;

static ba_status describe(const void *object, char *buffer, int64_t capacity, int64_t *length) {
  const described *d = object;
  return ba_model_describe(d->context, d->model, buffer, capacity, length);
}

static void print_scalar(const cJSON *value) {
  if (cJSON_IsString(value)) {
    fputs(value->valuestring, stdout);
    return;
  }
  if (cJSON_IsNull(value)) {
    putchar('-');
    return;
  }
  char *text = cJSON_PrintUnformatted(value);
  if (text != NULL) fputs(text, stdout);
  cJSON_free(text);
}

/* An array of texts and numbers goes on one line, objects get a line an entry, indented. */
static void print_value(const cJSON *value, int indent) {
  const cJSON *item = NULL;
  if (cJSON_IsObject(value)) {
    cJSON_ArrayForEach(item, value) {
      const bool nested = cJSON_IsObject(item);
      printf("%*s%-*s", indent, "", 24 - indent, item->string);
      if (nested) putchar('\n');
      print_value(item, indent + 2);
      if (!nested) putchar('\n');
    }
  } else if (cJSON_IsArray(value)) {
    cJSON_ArrayForEach(item, value) {
      if (item != value->child) fputs(", ", stdout);
      print_scalar(item);
    }
  } else {
    print_scalar(value);
  }
}

int cli_info(int argc, char **argv) {
  cli c = {0};
  ba_model *model = NULL;
  char *text = NULL;
  const cli_option options[] = {{NULL, CLI_FLAG, NULL, NULL, NULL}};
  int code = cli_start(&c, &spec, options, argc, argv);
  if (code != CLI_GO) return code;
  code = cli_model_load(&c, c.files.items[0], &model);
  if (code == CLI_DONE) {
    const described d = {c.context, model};
    const ba_status status = cli_text(describe, &d, &text);
    if (status != BA_OK) code = cli_fail(&c, status);
  }
  if (code == CLI_DONE && c.json) {
    printf("%s\n", text);
  } else if (code == CLI_DONE) {
    cJSON *value = cJSON_Parse(text);
    if (value == NULL)
      code = cli_error(&c, CLI_INTERNAL, "%s: the library's description is not JSON", c.files.items[0]);
    else
      print_value(value, 0);
    cJSON_Delete(value);
  }
  free(text);
  ba_model_release(model);
  return cli_end(&c, code);
}
