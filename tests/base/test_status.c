/* SPDX-License-Identifier: MIT
 *
 * test_status.c: versions, and that every status of the header has its name and a text of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"

static void test_versions(void **state) {
  (void)state;
  int major, minor, patch;
  assert_int_equal(sscanf(ba_version_text(), "%d.%d.%d", &major, &minor, &patch), 3);
  assert_int_equal(ba_version(), 10000 * major + 100 * minor + patch);
  assert_int_equal(ba_abi_version(), major);
  assert_string_equal(ba_version_text(), "0.1.0");
}

static void test_build_text(void **state) {
  (void)state;
  const char *text = ba_build_text();
  const char *parts[] = {ba_version_text(), __VERSION__, "scalar", "htslib: ", "blas: ", "isal: ", "libdeflate: "};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) assert_non_null(strstr(text, parts[i]));
  assert_null(strchr(text, '\n'));
}

/* Reads "#define BA_ERR_NAME (-123)" and the like from the public header. */
static void test_every_status_of_the_header(void **state) {
  (void)state;
  FILE *header = fopen(BA_TEST_SOURCE_DIR "/include/bioanalytics/base.h", "r");
  assert_non_null(header);
  char line[300], name[100];
  int32_t found = 0;
  while (fgets(line, sizeof line, header)) {
    int value;
    if (sscanf(line, "#define %99s (%d)", name, &value) != 2 && sscanf(line, "#define %99s %d", name, &value) != 2) {
      continue;
    }
    if (strcmp(name, "BA_OK") != 0 && strcmp(name, "BA_END") != 0 && strncmp(name, "BA_ERR_", 7) != 0) continue;
    found++;
    assert_string_equal(ba_status_name(value), name);
    const char *text = ba_status_text(value);
    assert_true(strlen(text) > 3 && text != ba_status_text(-999));
    for (ba_status other = -700; other < 2; other++) {
      if (other != value) assert_string_not_equal(ba_status_name(other), name);
    }
  }
  fclose(header);
  assert_int_equal(found, 27);
}

static void test_unknown_status(void **state) {
  (void)state;
  assert_string_equal(ba_status_name(-999), "BA_ERR_UNKNOWN");
  assert_string_equal(ba_status_text(2), "a status that this version of the library does not know");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_versions),
      cmocka_unit_test(test_build_text),
      cmocka_unit_test(test_every_status_of_the_header),
      cmocka_unit_test(test_unknown_status),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
