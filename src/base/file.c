/* SPDX-License-Identifier: MIT
 *
 * file.c: files read whole and written whole: short reads, interrupted calls, and results that appear by rename.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* rename */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

/* What Linux moves in one call at most; larger requests are cut to it anyway. */
#define MOST_AT_ONCE INT64_C(0x7ffff000)
#define MOST_NAMES 10000

static ba_status fail_system(ba_context *context, int32_t error, const char *action, const char *path) {
  char reason[128];
  return bai_fail(context, BA_ERR_IO, "cannot %s %s: %s", action, path, strerror_r(error, reason, sizeof reason));
}

static int32_t open_again(const char *path, int32_t flags, int32_t mode) {
  int32_t descriptor;
  do {
    descriptor = open(path, flags | O_CLOEXEC, mode);
  } while (descriptor < 0 && errno == EINTR);
  return descriptor;
}

ba_status bai_file_open(ba_context *context, const char *path, int32_t *descriptor) {
  *descriptor = -1;
  if (path == NULL || !*path) return bai_fail(context, BA_ERR_ARGUMENT, "the file name is empty");
  int32_t opened = open_again(path, O_RDONLY, 0);
  if (opened < 0) return fail_system(context, errno, "open", path);
  struct stat about;
  if (fstat(opened, &about) != 0) {
    int32_t error = errno;
    bai_file_close(opened);
    return fail_system(context, error, "examine", path);
  }
  if (S_ISDIR(about.st_mode)) {
    bai_file_close(opened);
    return bai_fail(context, BA_ERR_IO, "cannot read %s: it is a directory; expected a file", path);
  }
  *descriptor = opened;
  return BA_OK;
}

ba_status bai_file_read(ba_context *context, int32_t descriptor, void *data, int64_t n, int64_t *got) {
  *got = 0;
  while (*got < n) {
    int64_t ask = n - *got < MOST_AT_ONCE ? n - *got : MOST_AT_ONCE;
    int64_t moved = read(descriptor, (uint8_t *)data + *got, (size_t)ask);
    if (moved < 0 && errno == EINTR) continue;
    if (moved < 0) {
      char reason[128];
      return bai_fail(context, BA_ERR_IO, "cannot read: %s", strerror_r(errno, reason, sizeof reason));
    }
    if (moved == 0) break;
    *got += moved;
  }
  return BA_OK;
}

void bai_file_close(int32_t descriptor) {
  /* Not repeated when interrupted: the descriptor is gone by then, and may already be somebody else's. */
  if (descriptor >= 0) close(descriptor);
}

/* Returns 0 or the system's error. */
static int32_t write_all(int32_t descriptor, const uint8_t *data, int64_t n) {
  for (int64_t done = 0; done < n;) {
    int64_t ask = n - done < MOST_AT_ONCE ? n - done : MOST_AT_ONCE;
    int64_t moved = write(descriptor, data + done, (size_t)ask);
    if (moved < 0 && errno != EINTR) return errno;
    if (moved > 0) done += moved;
  }
  return 0;
}

/* Opens a new file beside `path`; `name` has room for 40 bytes more than the path. Exclusive creation makes the name
 * ours whatever other threads and processes do. */
static int32_t create_beside(const char *path, char *name, int64_t capacity) {
  for (int32_t i = 0; i < MOST_NAMES; i++) {
    bai_format(name, capacity, "%s.%d-%d.tmp", path, (int)getpid(), i);
    int32_t descriptor = open_again(name, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (descriptor >= 0 || errno != EEXIST) return descriptor;
  }
  return -1;
}

static ba_status write_beside(ba_context *context, const char *path, char *name, int64_t capacity, const void *data,
                              int64_t n) {
  int32_t descriptor = create_beside(path, name, capacity);
  if (descriptor < 0) return fail_system(context, errno, "create", name);
  int32_t error = write_all(descriptor, data, n);
  if (error == 0 && fsync(descriptor) != 0) error = errno;
  /* Some file systems report a full disk only here. */
  if (close(descriptor) != 0 && error == 0 && errno != EINTR) error = errno;
  ba_status status = error ? fail_system(context, error, "write", name) : BA_OK;
  if (!status && rename(name, path) != 0) status = fail_system(context, errno, "rename the finished file to", path);
  if (status) unlink(name);
  return status;
}

/* A device or a pipe cannot be replaced by a file; it is written to. */
static ba_status write_through(ba_context *context, const char *path, const void *data, int64_t n) {
  int32_t descriptor = open_again(path, O_WRONLY, 0);
  if (descriptor < 0) return fail_system(context, errno, "open", path);
  int32_t error = write_all(descriptor, data, n);
  bai_file_close(descriptor);
  return error ? fail_system(context, error, "write", path) : BA_OK;
}

ba_status bai_file_write_atomic(ba_context *context, const char *path, const void *data, int64_t n) {
  if (path == NULL || !*path) return bai_fail(context, BA_ERR_ARGUMENT, "the file name is empty");
  struct stat about;
  if (stat(path, &about) == 0) {
    if (S_ISDIR(about.st_mode)) {
      return bai_fail(context, BA_ERR_IO, "cannot write %s: it is a directory; expected a file name", path);
    }
    if (!S_ISREG(about.st_mode)) return write_through(context, path, data, n);
  }
  int64_t capacity = bai_length(path) + 40;
  char *name;
  ba_status status = bai_alloc(context, capacity, 1, &name);
  if (status) return status;
  status = write_beside(context, path, name, capacity, data, n);
  bai_free(context, name);
  return status;
}

ba_status bai_file_read_all(ba_context *context, const char *path, bai_vector *bytes) {
  int32_t descriptor;
  int64_t got = 1;
  ba_status status = bai_file_open(context, path, &descriptor);
  if (status) return status;
  while (!status && got > 0) {
    status = bai_vector_reserve(context, bytes, 1 << 20, 1);
    if (!status) status = bai_file_read(context, descriptor, (uint8_t *)bytes->data + bytes->count, 1 << 20, &got);
    if (!status) bytes->count += got;
    if (!status) status = bai_check_cancel(context);
  }
  bai_file_close(descriptor);
  return status;
}
