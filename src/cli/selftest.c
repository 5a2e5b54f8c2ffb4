/* SPDX-License-Identifier: MIT
 *
 * selftest.c: `ba selftest`, whether this machine scores a model's golden inputs to the bit.
 */
#include "cli.h"

static const cli_spec spec = {
    "selftest",
    "[OPTIONS] m.ba",
    "Scores the golden inputs that the model file carries, at every CPU level of this machine, and compares all bits\n"
    "with the ones in the file. Ends with 5 and names the level and the input when one differs.",
    "  ba selftest m.ba\n",
    1,
    1,
};

enum { MOST_LEVELS = 8 };

/* The levels that this machine and build have: those that a context takes. */
static int32_t find_levels(ba_context *context, const char **levels) {
  static const char *const all[] = {"scalar", "avx2", "avx512", "neon"};
  int32_t count = 0;
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
    if (ba_context_set_cpu(context, all[i]) == BA_OK) levels[count++] = all[i];
  return count;
}

static void print(const cli *c, const char *const *levels, int32_t count) {
  if (c->json) {
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "model", c->files.items[0]);
    cJSON_AddItemToObject(object, "levels", cJSON_CreateStringArray(levels, count));
    cJSON_AddBoolToObject(object, "ok", true);
    cli_json_print(stdout, object, true);
    return;
  }
  printf("%s: ok (", c->files.items[0]);
  for (int32_t i = 0; i < count; i++) printf("%s%s", i > 0 ? ", " : "", levels[i]);
  puts(" compared)");
}

int cli_selftest(int argc, char **argv) {
  cli c = {0};
  ba_model *model = NULL;
  const cli_option options[] = {{NULL, CLI_FLAG, NULL, NULL, NULL}};
  int code = cli_start(&c, &spec, options, argc, argv);
  if (code != CLI_GO) return code;
  code = cli_model_load(&c, c.files.items[0], &model);
  if (code == CLI_DONE) {
    const ba_status status = ba_model_selftest(c.context, model);
    if (status != BA_OK) code = cli_fail_in(&c, status, c.files.items[0]);
  }
  if (code == CLI_DONE) {
    const char *levels[MOST_LEVELS];
    print(&c, levels, find_levels(c.context, levels));
  }
  ba_model_release(model);
  return cli_end(&c, code);
}
