/* SPDX-License-Identifier: MIT
 *
 * test_index_check.c: indexes of alignments, byte by byte as the SAM specification lays them out: whole ones pass, cut
 * and impossible ones do not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pack.h"
#include "seq/index_check.h"
#include "support/fault.h"
#include "support/temp.h"

/* An index as a list of numbers; 'Q' in the layout takes one as 8 bytes, 'I' as 4. */
static int64_t lay_out(uint8_t *bytes, const char *magic, const char *layout, const uint64_t *numbers) {
  int64_t n = 4;
  memcpy(bytes, magic, 4);
  for (const char *l = layout; *l; l++) {
    const int64_t size = *l == 'Q' ? 8 : 4;
    for (int64_t i = 0; i < size; i++) bytes[n++] = (uint8_t)(*numbers >> (8 * i));
    numbers++;
  }
  return n;
}

/* Two references: one with bin 0 (one chunk) and the counts, two intervals; one empty; then the unplaced. */
static const char bai_layout[] = "IIIIQQIIQQQQIQQIIQ";
static const uint64_t bai_numbers[] = {2, 2, 0, 1, 16, 32, 37450, 2, 16, 32, 1, 0, 2, 16, 32, 0, 0, 7};
static const char csi_layout[] = "IIIIIIQIQQIQIQQQQ";
static const uint64_t csi_numbers[] = {14, 5, 0, 1, 2, 4681, 16, 1, 16, 32, 37450, 0, 2, 16, 32, 1, 0};

static ba_status check_bytes(ba_context *context, const char *folder, const void *bytes, int64_t n) {
  char path[TEMP_PATH];
  temp_write(path, folder, "index", bytes, n);
  return bai_index_check_bins(context, path);
}

static void whole_and_cut(void **state) {
  uint8_t bytes[400];
  char folder[TEMP_PATH];
  ba_context *context;
  (void)state;
  temp_make(folder);
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  for (int32_t csi = 0; csi < 2; csi++) {
    const int64_t n =
        csi ? lay_out(bytes, "CSI\1", csi_layout, csi_numbers) : lay_out(bytes, "BAI\1", bai_layout, bai_numbers);
    assert_int_equal(check_bytes(context, folder, bytes, n), BA_OK);
    packed gz = {0};
    pack_member(&gz, (const char *)bytes, n, 6, NULL);
    assert_int_equal(check_bytes(context, folder, gz.data, gz.length), BA_OK);
    assert_true(check_bytes(context, folder, gz.data, gz.length - 1) < 0);
    free(gz.data);
    for (int64_t cut = 0; cut < n; cut++) {
      if (!csi && cut == n - 8) continue; /* the count at the end may be missing */
      assert_int_equal(check_bytes(context, folder, bytes, cut), BA_ERR_FORMAT);
      const char *message = ba_context_error_message(context);
      assert_true(strstr(message, "index: it is cut; make it again") || strstr(message, "more bytes follow"));
    }
    bytes[n] = 0;
    assert_int_equal(check_bytes(context, folder, bytes, n + 1), BA_ERR_FORMAT);
    assert_non_null(strstr(ba_context_error_message(context), "more bytes follow its last reference"));
  }
  assert_int_equal(bai_index_check_bins(context, "/no/such"), BA_ERR_IO);
  ba_context_destroy(context);
  temp_remove(folder);
}

static void impossible_numbers(void **state) {
  static const struct {
    int32_t csi, which;
    uint64_t value;
    const char *message;
  } cases[] = {
      {0, 1, 37451, "it has more bins than there are"},
      {0, 2, 37449, "a bin has a number that there is not"},
      {0, 2, 37451, "a bin has a number that there is not"},
      {0, 2, 0xffffffff, "a bin has a number that there is not"},
      {0, 2, 37450, "the last bin, of counts, has not two pairs"},
      {0, 6, 0, "a bin stands twice"},
      {0, 7, 1, "the last bin, of counts, has not two pairs"},
      {0, 3, 0xffffffff, "it is cut"},
      {0, 12, 0xffffffff, "it is cut"},
      {0, 0, 0xffffffff, "it is cut"},
      {1, 0, 31, "its bins are of an impossible size"},
      {1, 0, 0xffffffff, "its bins are of an impossible size"},
      {1, 1, 10, "its bins are of an impossible size"},
      {1, 2, 0xffffffff, "it is cut"},
      {1, 5, 37451, "a bin has a number that there is not"},
      {1, 1, 4, "a bin has a number that there is not"},
      {1, 10, 4681, "a bin stands twice"},
  };
  uint8_t bytes[400];
  uint64_t numbers[32];
  char folder[TEMP_PATH];
  ba_context *context;
  (void)state;
  temp_make(folder);
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const int32_t csi = cases[i].csi;
    memcpy(numbers, csi ? csi_numbers : bai_numbers, csi ? sizeof csi_numbers : sizeof bai_numbers);
    numbers[cases[i].which] = cases[i].value;
    const int64_t n = lay_out(bytes, csi ? "CSI\1" : "BAI\1", csi ? csi_layout : bai_layout, numbers);
    assert_int_equal(check_bytes(context, folder, bytes, n), BA_ERR_FORMAT);
    if (!strstr(ba_context_error_message(context), cases[i].message)) {
      fail_msg("case %zu: %s", i, ba_context_error_message(context));
    }
  }
  assert_int_equal(check_bytes(context, folder, "TBI\1aaaa", 8), BA_ERR_FORMAT);
  assert_non_null(strstr(ba_context_error_message(context), "it is neither .bai nor .csi"));
  ba_context_destroy(context);
  temp_remove(folder);
}

static void crai_lines(void **state) {
  static const struct {
    const char *text;
    ba_status status;
  } cases[] = {
      {"0\t1\t5\t26\t300\t77\n", BA_OK},
      {"-1\t0\t0\t26\t300\t77\n-2\t0\t0\t99999999999\t300\t77\n1\t2147483640\t7\t1\t2\t3\n", BA_OK},
      {"2\t1\t5\t26\t300\t77\n", BA_ERR_FORMAT}, /* there are two references */
      {"-3\t1\t5\t26\t300\t77\n", BA_ERR_FORMAT},
      {"0\t-1\t5\t26\t300\t77\n", BA_ERR_FORMAT},
      {"0\t2147483640\t8\t26\t300\t77\n", BA_ERR_FORMAT},
      {"0\t1\t5\t26\t300\n", BA_ERR_FORMAT},
      {"0\t1\t5\t26\t300\t77\t1\n", BA_ERR_FORMAT},
      {"0\t1\t5\t26\t300\tx\n", BA_ERR_FORMAT},
      {"0\t1\t5\t-26\t300\t77\n", BA_ERR_FORMAT},
      {"0\t1\t5\t26\t3000000000\t77\n", BA_ERR_FORMAT},
      {"0\t1\t5\t26\t300\t77", BA_ERR_FORMAT}, /* cut */
      {"\n", BA_ERR_FORMAT},
  };
  char folder[TEMP_PATH], path[TEMP_PATH];
  ba_context *context;
  (void)state;
  temp_make(folder);
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    temp_write(path, folder, "index", cases[i].text, (int64_t)strlen(cases[i].text));
    if (bai_index_check_crai(context, path, 2) != cases[i].status) fail_msg("%s", cases[i].text);
    if (cases[i].status)
      assert_non_null(strstr(ba_context_error_message(context), "line 1 is not six numbers of a .crai"));
  }
  temp_write(path, folder, "index", "", 0); /* htslib would leak the file that it opened */
  assert_int_equal(bai_index_check_crai(context, path, 2), BA_ERR_FORMAT);
  assert_non_null(strstr(ba_context_error_message(context), "index: it is empty"));
  ba_context_destroy(context);
  temp_remove(folder);
}

static ba_status check_both(ba_context *context, void *paths) {
  const char(*path)[TEMP_PATH] = paths;
  ba_status status = bai_index_check_bins(context, path[0]);
  return status ? status : bai_index_check_crai(context, path[1], 1);
}

static void checks_under_memory_faults(void **state) {
  uint8_t bytes[400];
  char folder[TEMP_PATH], paths[2][TEMP_PATH];
  packed gz = {0};
  (void)state;
  temp_make(folder);
  temp_write(paths[0], folder, "bai", bytes, lay_out(bytes, "BAI\1", bai_layout, bai_numbers));
  pack_member(&gz, "0\t1\t5\t26\t300\t77\n", 16, 6, NULL);
  temp_write(paths[1], folder, "crai", gz.data, gz.length);
  assert_true(fault_sweep(check_both, paths) > 5);
  free(gz.data);
  temp_remove(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(whole_and_cut), cmocka_unit_test(impossible_numbers),
                                     cmocka_unit_test(crai_lines), cmocka_unit_test(checks_under_memory_faults)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
