/* SPDX-License-Identifier: MIT
 *
 * memory_file.h: bytes under a path, for what is read only from files. Linux alone has such paths; elsewhere nothing is
 * tried.
 */
#ifndef TEST_FUZZ_MEMORY_FILE_H
#define TEST_FUZZ_MEMORY_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MEMORY_PATH = 64 };

/* Puts the bytes into the file *descriptor, making it when it is -1, and writes its path. 0 when that cannot be. */
static inline int memory_file(int *descriptor, const uint8_t *data, size_t size, char path[MEMORY_PATH]) {
#ifdef __linux__
  if (*descriptor < 0) *descriptor = memfd_create("fuzz", 0);
  if (*descriptor < 0 || ftruncate(*descriptor, 0) != 0) return 0;
  snprintf(path, MEMORY_PATH, "/proc/self/fd/%d", *descriptor);
  return size == 0 || pwrite(*descriptor, data, size, 0) == (ssize_t)size;
#else
  (void)descriptor, (void)data, (void)size, (void)path;
  return 0;
#endif
}

#endif
