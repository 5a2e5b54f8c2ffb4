/* SPDX-License-Identifier: MIT
 *
 * replay.c: gives each file of the folders named to a fuzz target, once: the corpora and all past finds, in every test
 * run and with any compiler.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path) {
  FILE *file = fopen(path, "rb");
  uint8_t *data = malloc(1 << 20);
  if (!file || !data) return 1;
  const size_t size = fread(data, 1, 1 << 20, file);
  printf("%s: %zu bytes\n", path, size);
  fflush(stdout);
  LLVMFuzzerTestOneInput(data, size);
  fclose(file);
  free(data);
  return 0;
}

int main(int argc, char **argv) {
  int files = 0;
  for (int i = 1; i < argc; i++) {
    DIR *folder = opendir(argv[i]);
    char path[4096];
    if (!folder) {
      if (replay(argv[i])) return 1;
      files++;
      continue;
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
      if (entry->d_name[0] == '.') continue;
      snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
      if (replay(path)) return 1;
      files++;
    }
    closedir(folder);
  }
  printf("%d files\n", files);
  return files == 0;
}
