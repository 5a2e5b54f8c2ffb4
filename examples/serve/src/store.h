/* SPDX-License-Identifier: MIT
 *
 * store.h: the database of results, PostgreSQL or SQLite. One thread at a time uses a store; the tables are those of
 * schema.sql.
 */
#ifndef SERVE_STORE_H
#define SERVE_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Columns of a prediction in the order of its line in the spool. */
enum {
  STORE_REQUEST,
  STORE_N,
  STORE_RUN,
  STORE_MODEL,
  STORE_NAME,
  STORE_SEQUENCE,
  STORE_CLASS,
  STORE_PROBABILITY,
  STORE_VALUE,
  STORE_SCORE,
  STORE_AT,
  STORE_COLUMNS
};

typedef struct store store;

/* What a database does. Calls that fail set store->message, and store->away when the database cannot be reached. */
typedef struct store_driver {
  bool (*connect)(store *s);
  /* One statement with texts for $1, $2, ...; NULL is NULL. `rows` gets an array of objects, unless it is NULL. */
  bool (*execute)(store *s, const char *sql, const char *const *values, int count, json_t **rows);
  /* Rows of STORE_COLUMNS texts, one after the other; those that are there already stay as they are. */
  bool (*predictions)(store *s, char *const *fields, int64_t rows);
  void (*disconnect)(store *s);
} store_driver;

struct store {
  const store_driver *driver;
  const char *url; /* postgres://... or sqlite:PATH */
  void *connection;
  bool away;
  char message[512];
};

extern const store_driver store_postgres, store_sqlite;
extern const char store_schema[]; /* schema.sql */

/* Says which database a URL means; false for none. Nothing is connected before the first call. */
bool store_open(store *s, const char *url);
bool store_connect(store *s); /* a connected one stays so */
bool store_execute(store *s, const char *sql, const char *const *values, int count, json_t **rows);
bool store_predictions(store *s, char *const *fields, int64_t rows);
void store_close(store *s);

/* For the drivers. */
bool store_fail(store *s, bool away, const char *message);

#endif
