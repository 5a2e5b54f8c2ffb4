/* SPDX-License-Identifier: MIT
 *
 * temp.c: temporary folders and files for tests, with plain stdio.
 */
#include "support/temp.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

void temp_make(char folder[TEMP_PATH]) {
  const char *base = getenv("TMPDIR");
  snprintf(folder, TEMP_PATH, "%s/ba-test-XXXXXX", base && *base ? base : "/tmp");
  if (mkdtemp(folder) == NULL) fail_msg("cannot make %s", folder);
}

static int64_t for_each_entry(const char *folder, int32_t remove_it) {
  int64_t count = 0;
  DIR *open_folder = opendir(folder);
  if (open_folder == NULL) return -1;
  for (struct dirent *entry; (entry = readdir(open_folder)) != NULL;) {
    char path[2 * TEMP_PATH];
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    count++;
    if (remove_it) remove(path);
  }
  closedir(open_folder);
  return count;
}

void temp_remove(const char *folder) {
  for_each_entry(folder, 1);
  if (rmdir(folder) != 0) fail_msg("cannot remove %s", folder);
}

int64_t temp_count(const char *folder) {
  return for_each_entry(folder, 0);
}

void temp_join(char path[TEMP_PATH], const char *folder, const char *name) {
  if (snprintf(path, TEMP_PATH, "%s/%s", folder, name) >= TEMP_PATH) fail_msg("path too long: %s", path);
}

void temp_write(char path[TEMP_PATH], const char *folder, const char *name, const void *data, int64_t n) {
  temp_join(path, folder, name);
  FILE *file = fopen(path, "wb");
  if (file == NULL) fail_msg("cannot open %s", path);
  if (n > 0 && fwrite(data, 1, (size_t)n, file) != (size_t)n) fail_msg("cannot write %s", path);
  if (fclose(file) != 0) fail_msg("cannot close %s", path);
}

uint8_t *temp_read(const char *path, int64_t *n) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) fail_msg("cannot open %s", path);
  int64_t capacity = 4096, used = 0;
  uint8_t *data = malloc((size_t)capacity);
  for (;;) {
    if (data == NULL) fail_msg("no memory for %s", path);
    size_t got = fread(data + used, 1, (size_t)(capacity - used - 1), file);
    used += (int64_t)got;
    if (got == 0) break;
    if (capacity - used < 2) {
      capacity *= 2;
      data = realloc(data, (size_t)capacity);
    }
  }
  fclose(file);
  data[used] = 0;
  *n = used;
  return data;
}
