/* SPDX-License-Identifier: MIT
 *
 * export.c: `ba export`, a model for other programs.
 */
#include <stdlib.h>

#include "cli.h"

static const cli_spec spec = {
    "export",
    "--json|--c|--onnx [--out F] m.ba",
    "Writes a linear model for other programs. --json: recipe, classes, names of the columns, integer weights with "
    "their\n"
    "exponents, calibration: enough to score by hand. --c: one file of C11 that needs nothing but the C library; its\n"
    "ba_score gives the same bits as ba predict. --onnx: rows of features (as ba features computes them, float32) to\n"
    "scores and probabilities, for a model of one member. docs/explain.md shows how each is used.",
    "  ba export --c --out model.c m.ba && cc -std=c11 -O2 -c model.c\n"
    "  ba export --onnx --out model.onnx m.ba\n",
    1,
    1,
};

static int write_model(cli *c, const ba_model *model, const char *format, const char *out) {
  char options[32];
  int64_t length = 0;
  uint8_t *bytes = NULL;
  cli_output output;
  snprintf(options, sizeof options, "format=%s", format);
  ba_status status = ba_model_export(c->context, model, options, NULL, 0, &length);
  if (status == BA_OK) {
    bytes = cli_allocate((size_t)length);
    status = ba_model_export(c->context, model, options, bytes, length, &length);
  }
  int code = status == BA_OK ? cli_output_open(c, out, &output) : cli_fail_in(c, status, c->files.items[0]);
  if (code == CLI_DONE) {
    fwrite(bytes, 1, (size_t)length, output.file);
    code = cli_output_close(c, &output, code);
  }
  free(bytes);
  return code;
}

int cli_export(int argc, char **argv) {
  cli c = {0};
  ba_model *model = NULL;
  bool as_c = false, as_onnx = false;
  const char *out = NULL;
  const cli_option options[] = {
      {"c", CLI_FLAG, &as_c, NULL, "a file of C11"},
      {"onnx", CLI_FLAG, &as_onnx, NULL, "an ONNX file, opset 13"},
      {"out", CLI_TEXT, &out, "F", "write to a file, which appears when it is complete"},
      {NULL, CLI_FLAG, NULL, NULL, NULL},
  };
  int code = cli_start(&c, &spec, options, argc, argv);
  if (code != CLI_GO) return code;
  if (c.json + as_c + as_onnx != 1)
    code = cli_error(&c, CLI_USAGE, "expected one of --json, --c and --onnx");
  else
    code = cli_model_load(&c, c.files.items[0], &model);
  if (code == CLI_DONE) code = write_model(&c, model, as_c ? "c" : as_onnx ? "onnx" : "json", out);
  ba_model_release(model);
  return cli_end(&c, code);
}
