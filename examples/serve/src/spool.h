/* SPDX-License-Identifier: MIT
 *
 * spool.h: results on their way to the store: lines in files of a folder, appended before a request is answered and
 * taken away once the store has them. A killed process loses none of them, a power cut at most those of the last
 * moment (SPOOL_SYNC).
 */
#ifndef SERVE_SPOOL_H
#define SERVE_SPOOL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "text.h"

enum { SPOOL_SYNC = 200 /* milliseconds between two writes to the disk itself */ };

typedef struct spool {
  char *folder;
  int lock_file;
  pthread_mutex_t lock;
  int file;  /* the segment that is written to, through `map` */
  char *map; /* of `room` bytes, the first `size` of which are lines */
  size_t room;
  off_t size;
  long long segment;
  int retired; /* the one before, until it is on the disk; -1: there is none */
  bool dirty;
  long long read_segment; /* of the reader: what is before this place is in the store */
  off_t read_offset, peeked;
  atomic_llong waiting; /* lines that the store does not have yet */
} spool;

/* Makes the folder if it must; false, with a line in the log, when another process has it or it cannot be written. */
bool spool_open(spool *s, const char *folder);
/* A line is a kind and fields, put together by text_field; begin leaves room for its checksum, end adds it. */
size_t spool_line_begin(text *lines, char kind);
void spool_line_end(text *lines, size_t start);
/* Appends `count` whole lines; false when the disk takes no more, and then none of them. */
bool spool_append(spool *s, const text *lines, long long count);
/* Writes to the disk itself what was appended. */
void spool_sync(spool *s);

/* For the one thread that takes lines out. Gives whole lines from the place reached, about `most` bytes; none when
 * there are none. */
bool spool_peek(spool *s, text *out, size_t most);
/* Goes on behind what was peeked, and deletes files that are done with. */
void spool_commit(spool *s, long long lines);
/* Checks a line, cuts it into fields and undoes their escapes, in place; -1 for a damaged one. `fields` get NULL for
 * \N; the first is the kind. */
int spool_fields(char *line, char **fields, int most);
/* Puts a line aside that the store will never take. */
void spool_refuse(spool *s, const char *line, const char *why);
void spool_close(spool *s);

#endif
