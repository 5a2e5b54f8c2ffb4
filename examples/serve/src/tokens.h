/* SPDX-License-Identifier: MIT
 *
 * tokens.h: who may ask.
 */
#ifndef SERVE_TOKENS_H
#define SERVE_TOKENS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

typedef struct tokens {
  const char *path; /* a token a line; NULL: there is no file */
  pthread_mutex_t lock;
  unsigned char (*hashes)[32];
  int count;
  atomic_bool wanted; /* somebody has to show one */
} tokens;

/* Reads the file and BIO_SERVE_TOKEN; false, with a line in the log, for a file without a token. */
bool tokens_open(tokens *t, const char *path);
/* Reads the file again; what cannot be read leaves the tokens as they were. */
bool tokens_read(tokens *t);
/* Whether the header `Authorization` shows one; the time it takes does not tell how much of it was right. */
bool tokens_allow(tokens *t, const char *authorization);
void tokens_close(tokens *t);

#endif
