/* SPDX-License-Identifier: MIT
 *
 * spool.c: results on their way to the store.
 */
#include "spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "log.h"

enum { SEGMENT = 16 << 20, CHECK = 9 /* eight digits and a tab */ };

static void path_of(const spool *s, long long segment, char path[4096]) {
  snprintf(path, 4096, "%s/%012lld.log", s->folder, segment);
}

static bool complain(const char *what, const char *path) {
  log_line("error", "spool", json_pack("{s:s,s:s,s:s}", "message", what, "path", path, "why", strerror(errno)));
  return false;
}

/* ---- writing ---- */

static int open_segment(const spool *s, long long segment) {
  char path[4096];
  path_of(s, segment, path);
  return open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

size_t spool_line_begin(text *lines, char kind) {
  const size_t start = lines->length;
  text_put(lines, "00000000\t", CHECK);
  text_put(lines, &kind, 1);
  return start;
}

void spool_line_end(text *lines, size_t start) {
  if (lines->failed) return;
  const char *rest = lines->bytes + start + CHECK;
  text_hex(lines->bytes + start, CHECK - 1, crc32(0, (const Bytef *)rest, (uInt)(lines->length - start - CHECK)));
  text_put(lines, "\n", 1);
}

/* Goes on in another file, of 16 MiB or as much as is asked for. Its room is taken on the disk now, so that a full disk
 * is an error here, and appending is a copy into memory that the kernel writes, also when this process is killed. */
static bool begin_segment(spool *s, size_t least) {
  const size_t room = least > SEGMENT ? least : SEGMENT;
  const int file = open_segment(s, s->segment + 1);
  if (file < 0) return complain("cannot make a file", s->folder);
  errno = posix_fallocate(file, 0, (off_t)room);
  void *map = errno == 0 ? mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) : MAP_FAILED;
  if (map == MAP_FAILED) {
    complain("there is no room", s->folder);
    if (ftruncate(file, 0) != 0) complain("cannot cut", s->folder);
    close(file);
    return false;
  }
  if (s->file >= 0) {
    munmap(s->map, s->room);
    if (ftruncate(s->file, s->size) != 0) complain("cannot cut", s->folder);
    if (s->retired >= 0) close(s->retired); /* only when the disk is slower than two files */
    s->retired = s->file;
  }
  s->file = file;
  s->map = map;
  s->room = room;
  s->size = 0;
  s->segment++;
  return true;
}

bool spool_append(spool *s, const text *lines, long long count) {
  if (lines->failed) return false;
  pthread_mutex_lock(&s->lock);
  const bool fits = lines->length <= s->room - (size_t)s->size || begin_segment(s, lines->length);
  if (fits) {
    memcpy(s->map + s->size, lines->bytes, lines->length);
    s->size += (off_t)lines->length;
    s->dirty = true;
    atomic_fetch_add(&s->waiting, count);
  }
  pthread_mutex_unlock(&s->lock);
  return fits;
}

void spool_sync(spool *s) {
  pthread_mutex_lock(&s->lock);
  const int retired = s->retired,
            file = s->dirty ? dup(s->file) : -1; /* an append may go on in another file meanwhile */
  s->retired = -1;
  s->dirty = false;
  pthread_mutex_unlock(&s->lock);
  if ((retired >= 0 && fdatasync(retired) != 0) || (file >= 0 && fdatasync(file) != 0))
    complain("cannot sync", s->folder);
  if (retired >= 0) close(retired);
  if (file >= 0) close(file);
}

/* ---- reading ---- */

/* The segment that the reader is in, and how far it may be read. */
static int reading(spool *s, off_t *end) {
  struct stat about;
  const int file = open_segment(s, s->read_segment);
  pthread_mutex_lock(&s->lock);
  const bool current = s->read_segment == s->segment;
  *end = s->size;
  pthread_mutex_unlock(&s->lock);
  if (!current && file >= 0) *end = fstat(file, &about) == 0 ? about.st_size : 0;
  return file;
}

/* The next file, once all of this one is in the store. */
static bool turn_page(spool *s) {
  char path[4096];
  pthread_mutex_lock(&s->lock);
  const bool more = s->read_segment < s->segment;
  pthread_mutex_unlock(&s->lock);
  if (!more) return false;
  path_of(s, s->read_segment, path);
  unlink(path);
  s->read_segment++;
  s->read_offset = 0;
  return true;
}

bool spool_peek(spool *s, text *out, size_t most) {
  for (;;) {
    off_t end = 0;
    text_clear(out);
    const int file = reading(s, &end);
    const off_t left = end - s->read_offset;
    const size_t wanted = left > (off_t)most ? most : (size_t)(left > 0 ? left : 0);
    ssize_t got = 0;
    if (file >= 0 && wanted > 0 && text_reserve(out, wanted)) got = pread(file, out->bytes, wanted, s->read_offset);
    if (file >= 0) close(file);
    const char *last = got > 0 ? memrchr(out->bytes, '\n', (size_t)got) : NULL;
    if (last != NULL) {
      out->length = (size_t)(last - out->bytes) + 1;
      out->bytes[out->length] = '\0';
      s->peeked = (off_t)out->length;
      return true;
    }
    if (left > (off_t)wanted && got == (ssize_t)wanted) { /* a line longer than `most` */
      most *= 2;
      continue;
    }
    if (!turn_page(s)) return false;
  }
}

/* Where the reader is, by rename. Lines that are read again after a crash do no harm: the store knows them. */
static void note_position(const spool *s) {
  char path[4096], fresh[4096];
  snprintf(path, sizeof path, "%s/position", s->folder);
  snprintf(fresh, sizeof fresh, "%s/position.new", s->folder);
  FILE *file = fopen(fresh, "w");
  if (file == NULL) return;
  fprintf(file, "%lld %lld\n", s->read_segment, (long long)s->read_offset);
  if (fclose(file) == 0) rename(fresh, path);
}

void spool_commit(spool *s, long long lines) {
  pthread_mutex_lock(&s->lock);
  s->read_offset += s->peeked;
  pthread_mutex_unlock(&s->lock);
  s->peeked = 0;
  atomic_fetch_sub(&s->waiting, lines);
  note_position(s);
}

int spool_fields(char *line, char **fields, int most) {
  const size_t length = strlen(line);
  if (length < CHECK + 1 || line[CHECK - 1] != '\t') return -1;
  if (strtoul(line, NULL, 16) != crc32(0, (const Bytef *)line + CHECK, (uInt)(length - CHECK))) return -1;
  int count = 0;
  char *at = line + CHECK;
  while (at != NULL && count < most) {
    char *field = at, *to = at, *tab = strchr(at, '\t');
    at = tab != NULL ? tab + 1 : NULL;
    if (tab != NULL) *tab = '\0';
    fields[count++] = strcmp(field, "\\N") == 0 ? NULL : field;
    for (char *from = field; *from != '\0'; from++, to++) {
      *to = *from;
      if (*from == '\\' && from[1] != '\0') {
        from++;
        *to = *from == 't' ? '\t' : *from == 'n' ? '\n' : *from == 'r' ? '\r' : '\\';
      }
    }
    *to = '\0';
  }
  return count;
}

void spool_refuse(spool *s, const char *line, const char *why) {
  char path[4096];
  snprintf(path, sizeof path, "%s/refused.log", s->folder);
  FILE *file = fopen(path, "a");
  if (file == NULL) return;
  fprintf(file, "%s\t%s\n", line, why);
  fclose(file);
  log_line("error", "result refused by the store", json_pack("{s:s,s:s}", "why", why, "kept", path));
}

/* ---- opening ---- */

static bool take_folder(spool *s) {
  char path[4096];
  if (mkdir(s->folder, 0700) != 0 && errno != EEXIST) return complain("cannot make the folder", s->folder);
  snprintf(path, sizeof path, "%s/lock", s->folder);
  s->lock_file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (s->lock_file < 0) return complain("cannot write to the folder", s->folder);
  if (flock(s->lock_file, LOCK_EX | LOCK_NB) != 0)
    return complain("another server has it: choose another --spool", s->folder);
  return true;
}

/* The first and the last file that is there. */
static void find_segments(const spool *s, long long *first, long long *last) {
  *first = *last = 0;
  DIR *folder = opendir(s->folder);
  if (folder == NULL) return;
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    char *end;
    const long long number = strtoll(entry->d_name, &end, 10);
    if (number <= 0 || strcmp(end, ".log") != 0) continue;
    if (*first == 0 || number < *first) *first = number;
    if (number > *last) *last = number;
  }
  closedir(folder);
}

/* Counts the lines from a place on, and cuts off what is behind the last one: room that a killed process had taken. */
static long long count_lines(const spool *s, long long segment, off_t from) {
  char path[4096], bytes[65536];
  long long lines = 0;
  off_t end = from;
  path_of(s, segment, path);
  const int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return 0;
  for (ssize_t got; (got = pread(file, bytes, sizeof bytes, from)) > 0; from += got) {
    for (ssize_t i = 0; i < got; i++) {
      if (bytes[i] != '\n') continue;
      lines++;
      end = from + i + 1;
    }
  }
  if (ftruncate(file, end) != 0) complain("cannot cut", path);
  close(file);
  return lines;
}

static void find_position(spool *s, long long first, long long last) {
  char path[4096];
  long long segment = 0, offset = 0;
  snprintf(path, sizeof path, "%s/position", s->folder);
  FILE *file = fopen(path, "r");
  if (file != NULL) {
    if (fscanf(file, "%lld %lld", &segment, &offset) != 2) segment = 0;
    fclose(file);
  }
  s->segment = last > segment ? last : segment; /* the last one so far; this process begins another */
  if (first == 0) first = s->segment + 1;
  s->read_segment = segment >= first ? segment : first;
  s->read_offset = segment >= first ? (off_t)offset : 0;
}

bool spool_open(spool *s, const char *folder) {
  long long first, last;
  *s = (spool){.folder = strdup(folder), .file = -1, .retired = -1, .lock_file = -1};
  pthread_mutex_init(&s->lock, NULL);
  if (s->folder == NULL || !take_folder(s)) return false;
  find_segments(s, &first, &last);
  find_position(s, first, last);
  long long waiting = 0;
  for (long long i = s->read_segment; i <= last; i++)
    waiting += count_lines(s, i, i == s->read_segment ? s->read_offset : 0);
  atomic_store(&s->waiting, waiting);
  return begin_segment(s, 0);
}

void spool_close(spool *s) {
  if (s->file >= 0) {
    munmap(s->map, s->room);
    if (ftruncate(s->file, s->size) != 0) complain("cannot cut", s->folder);
    s->dirty = true;
    spool_sync(s);
    close(s->file);
  }
  if (s->lock_file >= 0) close(s->lock_file);
  free(s->folder);
  pthread_mutex_destroy(&s->lock);
}
