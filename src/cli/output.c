/* SPDX-License-Identifier: MIT
 *
 * output.c: outputs that appear by rename when they are complete, and what else the commands write alike.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

/* The temporary files to remove when the program is killed; at most two outputs are open at a time. */
enum { OUTPUTS = 2 };
static char abandoned[OUTPUTS][4096];
static volatile sig_atomic_t has_abandoned[OUTPUTS];

void cli_output_abandon(void) {
  for (int32_t i = 0; i < OUTPUTS; i++)
    if (has_abandoned[i]) unlink(abandoned[i]);
}

static char *copy_text(const char *text) {
  char *copy = cli_allocate(strlen(text) + 1);
  memcpy(copy, text, strlen(text) + 1);
  return copy;
}

/* Devices and pipes are written in place; a link is followed, so that its target is replaced and not the link. */
static bool in_place(const char *path, char **resolved) {
  struct stat about;
  *resolved = realpath(path, NULL);
  if (*resolved == NULL) {
    *resolved = copy_text(path);
    return false;
  }
  return stat(*resolved, &about) == 0 && !S_ISREG(about.st_mode);
}

static int open_temporary(cli *c, const char *path, cli_output *out) {
  const size_t room = strlen(out->path) + 32;
  const int32_t slot = out->slot = has_abandoned[0] ? 1 : 0;
  out->temporary = cli_allocate(room);
  snprintf(out->temporary, room, "%s.part-%ld", out->path, (long)getpid());
  if (strlen(out->temporary) >= sizeof abandoned[slot]) return cli_error(c, CLI_IO, "%s: the name is too long", path);
  const int descriptor = open(out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor < 0) return cli_error(c, CLI_IO, "%s: %s", path, strerror(errno));
  memcpy(abandoned[slot], out->temporary, strlen(out->temporary) + 1);
  has_abandoned[slot] = 1;
  out->file = fdopen(descriptor, "wb");
  if (out->file == NULL) {
    close(descriptor);
    return cli_error(c, CLI_IO, "%s: %s", path, strerror(errno));
  }
  return CLI_DONE;
}

static void drop_temporary(cli_output *out) {
  if (out->temporary != NULL && has_abandoned[out->slot]) unlink(out->temporary);
  if (out->temporary != NULL) has_abandoned[out->slot] = 0;
  free(out->temporary);
  free(out->path);
  memset(out, 0, sizeof *out);
}

int cli_output_open(cli *c, const char *path, cli_output *out) {
  memset(out, 0, sizeof *out);
  if (path == NULL || strcmp(path, "-") == 0) {
    out->file = stdout;
    if (isatty(STDOUT_FILENO)) c->terminal = false; /* the progress line would fall between the results */
    return CLI_DONE;
  }
  if (in_place(path, &out->path)) {
    out->file = fopen(out->path, "wb");
    if (out->file != NULL) return CLI_DONE;
    free(out->path);
    out->path = NULL;
    return cli_error(c, CLI_IO, "%s: %s", path, strerror(errno));
  }
  const int code = open_temporary(c, path, out);
  if (code != CLI_DONE) drop_temporary(out);
  return code;
}

int cli_output_close(cli *c, cli_output *out, int code) {
  if (out->file == NULL) return code;
  bool good = fflush(out->file) == 0 && !ferror(out->file);
  const char *name = out->path != NULL ? out->path : "standard output";
  if (out->file != stdout) {
    if (code == CLI_DONE && good && out->temporary != NULL) good = fsync(fileno(out->file)) == 0;
    if (fclose(out->file) != 0) good = false;
  }
  if (code == CLI_DONE && !good) code = cli_error(c, CLI_IO, "%s could not be written: %s", name, strerror(errno));
  if (code == CLI_DONE && out->temporary != NULL) {
    if (rename(out->temporary, out->path) == 0)
      has_abandoned[out->slot] = 0;
    else
      code = cli_error(c, CLI_IO, "%s: %s", name, strerror(errno));
  }
  drop_temporary(out);
  return code;
}

int cli_output_check(cli *c, const char *path) {
  struct stat about;
  if (path[0] == '\0') return cli_error(c, CLI_USAGE, "--out needs the name of a file");
  if (stat(path, &about) == 0 && !S_ISREG(about.st_mode))
    return S_ISDIR(about.st_mode) ? cli_error(c, CLI_IO, "%s: it is a directory; expected a file", path) : CLI_DONE;
  char *folder = copy_text(path);
  char *slash = strrchr(folder, '/');
  if (slash == NULL)
    memcpy(folder, ".", 2);
  else
    slash[slash == folder ? 1 : 0] = '\0';
  const bool fits = folder[0] != '\0' && access(folder, W_OK | X_OK) == 0;
  const int error = errno;
  free(folder);
  return fits ? CLI_DONE : cli_error(c, CLI_IO, "%s: its folder cannot be written: %s", path, strerror(error));
}

const char *cli_first_word(const ba_records *records, int64_t index, int64_t *length) {
  int64_t all = 0, n = 0;
  const char *name = ba_records_name(records, index, &all);
  while (n < all && name[n] != ' ' && name[n] != '\t') n++;
  *length = n;
  return name != NULL ? name : "";
}

cJSON *cli_json_number(double value) {
  char text[40];
  if (!isfinite(value)) return cJSON_CreateNull();
  snprintf(text, sizeof text, "%.17g", value);
  return cJSON_CreateRaw(text);
}

void cli_json_add(cJSON *object, const char *name, double value) {
  cJSON_AddItemToObject(object, name, cli_json_number(value));
}

void cli_json_print(FILE *file, cJSON *value, bool pretty) {
  char *text = pretty ? cJSON_Print(value) : cJSON_PrintUnformatted(value);
  cJSON_Delete(value);
  if (text == NULL) {
    cli_output_abandon();
    fputs("ba: out of memory\n", stderr);
    _exit(CLI_LIMIT);
  }
  fputs(text, file);
  fputc('\n', file);
  cJSON_free(text);
}
