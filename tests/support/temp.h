/* SPDX-License-Identifier: MIT
 *
 * temp.h: a temporary folder for a test, and whole files in it.
 */
#ifndef TEST_TEMP_H
#define TEST_TEMP_H

#include <stdint.h>

#define TEMP_PATH 512

/* Makes an empty folder and writes its path. Fails the test when it cannot. */
void temp_make(char folder[TEMP_PATH]);
/* Removes the folder and the files in it. */
void temp_remove(const char *folder);
/* Writes "FOLDER/NAME" into `path`. */
void temp_join(char path[TEMP_PATH], const char *folder, const char *name);
/* Writes n bytes to FOLDER/NAME, and its path into `path`. */
void temp_write(char path[TEMP_PATH], const char *folder, const char *name, const void *data, int64_t n);
/* Reads a whole file; the caller frees it. A NUL stands after the last byte. */
uint8_t *temp_read(const char *path, int64_t *n);
/* How many entries the folder has. */
int64_t temp_count(const char *folder);

#endif
