/* SPDX-License-Identifier: MIT
 *
 * test_file.c: whole reads, atomic writes, and what is left behind when the system refuses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "support/fault.h"
#include "support/temp.h"

typedef struct place {
  ba_context *context;
  char folder[TEMP_PATH];
} place;

static int32_t set_up(void **state) {
  static place p; /* one test at a time */
  if (ba_context_create(NULL, &p.context)) return 1;
  temp_make(p.folder);
  *state = &p;
  return 0;
}

static int32_t tear_down(void **state) {
  place *p = *state;
  temp_remove(p->folder);
  ba_context_destroy(p->context);
  return 0;
}

static void test_reads_whole_files(void **state) {
  place *p = *state;
  char path[TEMP_PATH], data[1000], got[1100];
  for (int32_t i = 0; i < 1000; i++) data[i] = (char)(i * 7);
  temp_write(path, p->folder, "a", data, 1000);
  int32_t descriptor = -1;
  int64_t n = 0;
  assert_int_equal(bai_file_open(p->context, path, &descriptor), BA_OK);
  assert_int_equal(bai_file_read(p->context, descriptor, got, 600, &n), BA_OK);
  assert_int_equal(n, 600);
  assert_int_equal(bai_file_read(p->context, descriptor, got + 600, 500, &n), BA_OK);
  assert_int_equal(n, 400);
  assert_memory_equal(got, data, 1000);
  assert_int_equal(bai_file_read(p->context, descriptor, got, 500, &n), BA_OK);
  assert_int_equal(n, 0);
  bai_file_close(descriptor);
  assert_int_equal(fcntl(descriptor, F_GETFD), -1);
  bai_file_close(-1);
}

typedef struct dripping {
  int ends[2];
  pthread_t reader;
} dripping;

/* Writes ten bytes at a time with pauses, so that every read is short, and interrupts the reader in between. */
static void *drip(void *argument) {
  const dripping *d = argument;
  for (int32_t i = 0; i < 20; i++) {
    usleep(500);
    pthread_kill(d->reader, SIGUSR1);
    usleep(500);
    if (write(d->ends[1], "0123456789", 10) != 10) break;
  }
  close(d->ends[1]);
  return NULL;
}

static void ignore_signal(int number) {
  (void)number;
}

static void test_short_and_interrupted_reads(void **state) {
  place *p = *state;
  dripping d = {.reader = pthread_self()};
  char got[300];
  int64_t n = 0;
  pthread_t writer;
  struct sigaction action = {.sa_handler = ignore_signal}, before;
  assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
  assert_int_equal(pipe(d.ends), 0);
  assert_int_equal(pthread_create(&writer, NULL, drip, &d), 0);
  assert_int_equal(bai_file_read(p->context, d.ends[0], got, 155, &n), BA_OK);
  assert_int_equal(n, 155);
  assert_memory_equal(got + 150, "01234", 5);
  assert_int_equal(bai_file_read(p->context, d.ends[0], got, 300, &n), BA_OK);
  assert_int_equal(n, 45);
  pthread_join(writer, NULL);
  sigaction(SIGUSR1, &before, NULL);
  close(d.ends[0]);
}

static void check_message(place *p, const char *start, const char *path, const char *end) {
  char expected[2 * TEMP_PATH];
  snprintf(expected, sizeof expected, "%s%s%s", start, path, end);
  assert_string_equal(ba_context_error_message(p->context), expected);
}

static void test_open_refusals(void **state) {
  place *p = *state;
  char path[TEMP_PATH];
  int32_t descriptor = 7;
  temp_join(path, p->folder, "missing");
  assert_int_equal(bai_file_open(p->context, path, &descriptor), BA_ERR_IO);
  assert_int_equal(descriptor, -1);
  check_message(p, "cannot open ", path, ": No such file or directory");
  assert_int_equal(bai_file_open(p->context, p->folder, &descriptor), BA_ERR_IO);
  check_message(p, "cannot read ", p->folder, ": it is a directory; expected a file");
  assert_int_equal(bai_file_open(p->context, "", &descriptor), BA_ERR_ARGUMENT);
  assert_int_equal(bai_file_open(p->context, NULL, &descriptor), BA_ERR_ARGUMENT);
  int64_t n = 5;
  char byte;
  assert_int_equal(bai_file_read(p->context, -1, &byte, 1, &n), BA_ERR_IO);
  assert_int_equal(n, 0);
  check_message(p, "cannot read: Bad file descriptor", "", "");
}

static void check_content(const char *path, const void *data, int64_t n) {
  int64_t got = 0;
  uint8_t *content = temp_read(path, &got);
  assert_int_equal(got, n);
  assert_memory_equal(content, data, (size_t)n);
  free(content);
}

static void test_writes_and_replaces(void **state) {
  place *p = *state;
  char path[TEMP_PATH];
  static char data[3000000];
  memset(data, 'q', sizeof data);
  struct stat about;
  temp_join(path, p->folder, "model.ba");
  mode_t before = umask(027);
  assert_int_equal(bai_file_write_atomic(p->context, path, "first", 5), BA_OK);
  umask(before);
  check_content(path, "first", 5);
  assert_int_equal(stat(path, &about), 0);
  assert_int_equal(about.st_mode & 0777, 0640);
  assert_int_equal(bai_file_write_atomic(p->context, path, data, (int64_t)sizeof data), BA_OK);
  check_content(path, data, (int64_t)sizeof data);
  assert_int_equal(bai_file_write_atomic(p->context, path, NULL, 0), BA_OK);
  check_content(path, "", 0);
  assert_int_equal(temp_count(p->folder), 1);
}

static void test_names_taken_by_others(void **state) {
  place *p = *state;
  char path[TEMP_PATH], name[TEMP_PATH], other[TEMP_PATH];
  temp_join(path, p->folder, "a");
  for (int32_t i = 0; i < 3; i++) {
    snprintf(name, sizeof name, "a.%d-%d.tmp", (int)getpid(), i);
    temp_write(other, p->folder, name, "theirs", 6);
  }
  assert_int_equal(bai_file_write_atomic(p->context, path, "ours", 4), BA_OK);
  check_content(path, "ours", 4);
  check_content(other, "theirs", 6);
  assert_int_equal(temp_count(p->folder), 4);
}

static void test_failed_writes_leave_the_old_file(void **state) {
  place *p = *state;
  char path[TEMP_PATH];
  static char data[200000];
  temp_write(path, p->folder, "a", "old", 3);
  struct rlimit old_limit, small;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &old_limit), 0);
  small = old_limit;
  small.rlim_cur = 50000;
  void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  ba_status status = bai_file_write_atomic(p->context, path, data, (int64_t)sizeof data);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &old_limit), 0);
  signal(SIGXFSZ, handler);
  assert_int_equal(status, BA_ERR_IO);
  assert_non_null(strstr(ba_context_error_message(p->context), ".tmp: File too large"));
  check_content(path, "old", 3);
  assert_int_equal(temp_count(p->folder), 1);
}

static void test_write_refusals(void **state) {
  place *p = *state;
  char path[TEMP_PATH];
  temp_join(path, p->folder, "missing/a");
  assert_int_equal(bai_file_write_atomic(p->context, path, "x", 1), BA_ERR_IO);
  assert_memory_equal(ba_context_error_message(p->context), "cannot create ", 14);
  assert_non_null(strstr(ba_context_error_message(p->context), "No such file or directory"));
  assert_int_equal(bai_file_write_atomic(p->context, p->folder, "x", 1), BA_ERR_IO);
  check_message(p, "cannot write ", p->folder, ": it is a directory; expected a file name");
  assert_int_equal(bai_file_write_atomic(p->context, "", "x", 1), BA_ERR_ARGUMENT);
  assert_int_equal(bai_file_write_atomic(p->context, NULL, "x", 1), BA_ERR_ARGUMENT);
  assert_int_equal(temp_count(p->folder), 0);
}

static void test_devices_are_not_replaced(void **state) {
  place *p = *state;
  struct stat about;
  char path[TEMP_PATH];
  temp_join(path, p->folder, "null");
  /* A link in the test's own folder: a wrong rename would hit the link only. */
  assert_int_equal(symlink("/dev/null", path), 0);
  assert_int_equal(bai_file_write_atomic(p->context, path, "x", 1), BA_OK);
  assert_int_equal(lstat(path, &about), 0);
  assert_true(S_ISLNK(about.st_mode));
  unlink(path);
  assert_int_equal(symlink("/dev/full", path), 0);
  assert_int_equal(bai_file_write_atomic(p->context, path, "x", 1), BA_ERR_IO);
  check_message(p, "cannot write ", path, ": No space left on device");
}

static ba_status write_once(ba_context *context, void *argument) {
  return bai_file_write_atomic(context, argument, "text", 4);
}

static void test_every_allocation_failing(void **state) {
  place *p = *state;
  char path[TEMP_PATH];
  temp_join(path, p->folder, "a");
  assert_int_equal(fault_sweep(write_once, path), 2);
  assert_int_equal(temp_count(p->folder), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_reads_whole_files),
      TEST(test_short_and_interrupted_reads),
      TEST(test_open_refusals),
      TEST(test_writes_and_replaces),
      TEST(test_names_taken_by_others),
      TEST(test_failed_writes_leave_the_old_file),
      TEST(test_write_refusals),
      TEST(test_devices_are_not_replaced),
      TEST(test_every_allocation_failing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
