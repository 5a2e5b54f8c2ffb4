/* SPDX-License-Identifier: MIT
 *
 * tokens.c: who may ask. Hashes are kept and compared, so that all tokens are of one length.
 */
#include "tokens.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "log.h"

typedef unsigned char hash[32];

static bool add(hash **list, int *count, const char *token, size_t length) {
  hash *more = realloc(*list, (size_t)(*count + 1) * sizeof **list);
  if (more == NULL) return false;
  *list = more;
  return EVP_Digest(token, length, more[(*count)++], NULL, EVP_sha256(), NULL) == 1;
}

static bool read_file(const char *path, hash **list, int *count) {
  FILE *file = fopen(path, "r");
  char *line = NULL;
  size_t room = 0;
  if (file == NULL) return false;
  for (ssize_t got; (got = getline(&line, &room, file)) >= 0;) {
    const size_t length = strcspn(line, " \t\r\n");
    if (length > 0 && line[0] != '#') add(list, count, line, length);
  }
  free(line);
  fclose(file);
  errno = 0;
  return *count > 0;
}

bool tokens_read(tokens *t) {
  hash *list = NULL;
  int count = 0;
  const char *environment = getenv("BIO_SERVE_TOKEN");
  if (t->path != NULL && !read_file(t->path, &list, &count)) {
    log_line("error", "tokens",
             json_pack("{s:s,s:s}", "path", t->path, "message",
                       errno != 0 ? strerror(errno) : "no token: write one a line"));
    free(list);
    return false;
  }
  if (environment != NULL && environment[0] != '\0') add(&list, &count, environment, strlen(environment));
  pthread_mutex_lock(&t->lock);
  free(t->hashes);
  t->hashes = list;
  t->count = count;
  atomic_store(&t->wanted, count > 0);
  pthread_mutex_unlock(&t->lock);
  return true;
}

bool tokens_open(tokens *t, const char *path) {
  *t = (tokens){.path = path};
  pthread_mutex_init(&t->lock, NULL);
  return tokens_read(t);
}

bool tokens_allow(tokens *t, const char *authorization) {
  if (!atomic_load(&t->wanted)) return true;
  if (authorization == NULL || strncasecmp(authorization, "Bearer ", 7) != 0) return false;
  const char *shown = authorization + 7 + strspn(authorization + 7, " ");
  hash seen;
  if (EVP_Digest(shown, strcspn(shown, " "), seen, NULL, EVP_sha256(), NULL) != 1) return false;
  int right = 0;
  pthread_mutex_lock(&t->lock);
  for (int i = 0; i < t->count; i++) right |= CRYPTO_memcmp(seen, t->hashes[i], sizeof seen) == 0;
  pthread_mutex_unlock(&t->lock);
  return right != 0;
}

void tokens_close(tokens *t) {
  free(t->hashes);
  pthread_mutex_destroy(&t->lock);
}
