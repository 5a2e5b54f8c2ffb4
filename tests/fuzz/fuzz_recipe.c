/* SPDX-License-Identifier: MIT
 *
 * fuzz_recipe.c: a text is refused with a message, or its canonical form is its own canonical form.
 */
#include <stdlib.h>
#include <string.h>

#include "bioanalytics/bioanalytics.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int condition) {
  if (!condition) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static char text[8192], first[65536], second[65536];
  ba_context *context;
  int64_t length;
  if (size >= sizeof text || ba_context_create(NULL, &context)) return 0;
  memcpy(text, data, size);
  text[size] = 0;
  const ba_status status = ba_recipe_canonical(context, text, first, sizeof first, &length);
  if (status == BA_OK && length <= 4096) {
    check(ba_recipe_canonical(context, first, second, sizeof second, &length) == BA_OK);
    check(strcmp(first, second) == 0);
  }
  if (status) check(ba_context_error_message(context)[0] != 0);
  ba_context_destroy(context);
  return 0;
}
