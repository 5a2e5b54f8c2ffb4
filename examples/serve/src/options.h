/* SPDX-License-Identifier: MIT
 *
 * options.h: what the command line says.
 */
#ifndef SERVE_OPTIONS_H
#define SERVE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct options {
  const char *model, *name, *listen, *token_file, *store, *spool;
  int port, threads, timeout;
  int64_t max_body;
  bool log_everything;
} options;

/* 0: go on; 1: it has been answered (--help, --version); 2: it cannot be used, and standard error says why. */
int options_read(options *o, int argc, char **argv);

#endif
