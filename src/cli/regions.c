/* SPDX-License-Identifier: MIT
 *
 * regions.c: reads a BED file whole and finds its regions by name.
 */
#include "regions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 6 };

static int read_text(cli *c, const char *path, char **out, size_t *length) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) return cli_error(c, CLI_IO, "%s: %s", path, strerror(errno));
  size_t used = 0, room = 0;
  char *text = NULL;
  while (true) {
    if (room - used < 65536) {
      room = room * 2 + 131072;
      text = cli_resize(text, room);
    }
    const size_t got = fread(text + used, 1, room - used - 1, file);
    used += got;
    if (got == 0) break;
  }
  const bool good = !ferror(file);
  const int error = errno;
  fclose(file);
  text[used] = '\0';
  *out = text;
  *length = used;
  return good ? CLI_DONE : cli_error(c, CLI_IO, "%s: %s", path, strerror(error));
}

/* Cuts a line into its columns, in place: tabs if it has any, else blanks. Returns how many. */
static int32_t split(char *line, char **columns) {
  const char *between = strchr(line, '\t') != NULL ? "\t" : " ";
  int32_t count = 0;
  while (count < COLUMNS) {
    columns[count++] = line;
    line += strcspn(line, between);
    if (*line == '\0') break;
    *line++ = '\0';
    if (*between == ' ') line += strspn(line, between);
  }
  return count;
}

static int read_line(cli *c, const char *path, int64_t number, char *line, cli_regions *regions) {
  char *columns[COLUMNS] = {NULL};
  const size_t length = strlen(line);
  if (length > 0 && line[length - 1] == '\r') line[length - 1] = '\0';
  if (line[0] == '\0' || line[0] == '#' || strncmp(line, "track", 5) == 0 || strncmp(line, "browser", 7) == 0)
    return CLI_DONE;
  const int32_t count = split(line, columns);
  cli_region region = {.name = columns[0], .order = number, .strand = '.'};
  if (count < 3 || !cli_integer(columns[1], &region.start) || !cli_integer(columns[2], &region.end))
    return cli_error(c, CLI_INPUT, "%s: line %lld: expected name, start and end between tabs", path, (long long)number);
  if (region.start < 0 || region.end < region.start)
    return cli_error(c, CLI_INPUT, "%s: line %lld: region %lld to %lld: expected 0 <= start <= end", path,
                     (long long)number, (long long)region.start, (long long)region.end);
  if (count >= 4 && columns[3][0] != '\0' && strcmp(columns[3], ".") != 0) region.label = columns[3];
  if (count >= 6) {
    if (strchr("+-.", columns[5][0]) == NULL || columns[5][0] == '\0' || columns[5][1] != '\0')
      return cli_error(c, CLI_INPUT, "%s: line %lld: strand '%s': expected +, - or .", path, (long long)number,
                       columns[5]);
    region.strand = columns[5][0];
  }
  if (regions->count == regions->room) {
    regions->room = regions->room * 2 + 256;
    regions->items = cli_resize(regions->items, (size_t)regions->room * sizeof *regions->items);
  }
  regions->items[regions->count++] = region;
  return CLI_DONE;
}

static int by_name(const void *a, const void *b) {
  const cli_region *x = a, *y = b;
  const int order = strcmp(x->name, y->name);
  return order != 0 ? order : (x->order > y->order) - (x->order < y->order);
}

int cli_regions_read(cli *c, const char *path, cli_regions *out) {
  size_t length = 0;
  int code = read_text(c, path, &out->text, &length);
  if (code == CLI_DONE && memchr(out->text, '\0', length) != NULL)
    code = cli_error(c, CLI_INPUT, "%s: not a BED text file; compressed ones are to be unpacked first", path);
  int64_t number = 1;
  char *line = out->text;
  while (code == CLI_DONE && *line != '\0') {
    char *end = line + strcspn(line, "\n");
    const bool last = *end == '\0';
    *end = '\0';
    code = read_line(c, path, number++, line, out);
    line = last ? end : end + 1;
  }
  if (code == CLI_DONE && out->count > 0) qsort(out->items, (size_t)out->count, sizeof *out->items, by_name);
  return code;
}

/* Compares a region's name with bytes that have no NUL at their end. */
static int compare(const char *name, const char *bytes, int64_t length) {
  const int64_t size = (int64_t)strlen(name), both = size < length ? size : length;
  const int order = both > 0 ? memcmp(name, bytes, (size_t)both) : 0;
  return order != 0 ? order : (size > length) - (size < length);
}

cli_region *cli_regions_find(cli_regions *regions, const char *name, int64_t length, int64_t *count) {
  int64_t low = 0, high = regions->count;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (compare(regions->items[middle].name, name, length) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  int64_t end = low;
  while (end < regions->count && compare(regions->items[end].name, name, length) == 0) end++;
  *count = end - low;
  return end > low ? regions->items + low : NULL;
}

int64_t cli_regions_absent(const cli_regions *regions) {
  int64_t absent = 0;
  for (int64_t i = 0; i < regions->count; i++) absent += regions->items[i].found ? 0 : 1;
  return absent;
}

void cli_regions_free(cli_regions *regions) {
  free(regions->items);
  free(regions->text);
  memset(regions, 0, sizeof *regions);
}
