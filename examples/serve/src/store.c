/* SPDX-License-Identifier: MIT
 *
 * store.c: the database of results, whichever it is.
 */
#include "store.h"

#include <stdio.h>
#include <string.h>

bool store_open(store *s, const char *url) {
  *s = (store){.url = url, .away = true};
  if (strncmp(url, "postgres://", 11) == 0 || strncmp(url, "postgresql://", 13) == 0) s->driver = &store_postgres;
  if (strncmp(url, "sqlite:", 7) == 0 && url[7] != '\0') s->driver = &store_sqlite;
  return s->driver != NULL;
}

bool store_fail(store *s, bool away, const char *message) {
  s->away = away;
  snprintf(s->message, sizeof s->message, "%s", message);
  s->message[strcspn(s->message, "\n")] = '\0';
  return false;
}

bool store_connect(store *s) {
  if (s->connection != NULL && !s->away) return true;
  store_close(s);
  s->away = !s->driver->connect(s);
  if (s->away) store_close(s);
  return !s->away;
}

bool store_execute(store *s, const char *sql, const char *const *values, int count, json_t **rows) {
  return store_connect(s) && s->driver->execute(s, sql, values, count, rows);
}

bool store_predictions(store *s, char *const *fields, int64_t rows) {
  return rows == 0 || s->driver->predictions(s, fields, rows);
}

void store_close(store *s) {
  if (s->connection != NULL) s->driver->disconnect(s);
  s->connection = NULL;
}
