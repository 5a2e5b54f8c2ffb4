/* SPDX-License-Identifier: MIT
 *
 * lines.c: the lines of a text file, plain or gzip.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "cli.h"

enum { FIRST_ROOM = 65536, OFTEN = 4096 };

static int each_line(cli *c, const char *path, gzFile file, cli_line_call call, void *job) {
  size_t room = FIRST_ROOM, used = 0;
  char *line = cli_allocate(room);
  int code = CLI_DONE;
  line[0] = '\0';
  for (int64_t count = 1; code == CLI_DONE && gzgets(file, line + used, (int)(room - used)) != NULL;) {
    used += strlen(line + used);
    if (used + 1 == room && line[used - 1] != '\n') {
      line = cli_resize(line, room *= 2);
      continue;
    }
    code = call(job, line);
    used = 0;
    line[0] = '\0';
    if (code == CLI_DONE && count++ % OFTEN == 0) code = cli_interrupted(c);
  }
  if (code == CLI_DONE && used > 0) code = call(job, line);
  int number = Z_OK;
  const char *what = gzerror(file, &number);
  if (code == CLI_DONE && number != Z_OK && number != Z_STREAM_END)
    code = cli_error(c, CLI_INPUT, "%s: %s", path, number == Z_ERRNO ? strerror(errno) : what);
  free(line);
  return code;
}

int cli_each_line(cli *c, const char *path, cli_line_call call, void *job) {
  gzFile file = gzopen(path, "rb");
  if (file == NULL) return cli_error(c, CLI_IO, "%s: %s", path, strerror(errno));
  cli_progress(c, "reading %s", path);
  const int code = each_line(c, path, file, call, job);
  gzclose(file);
  return code;
}
