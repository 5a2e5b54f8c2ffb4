/* SPDX-License-Identifier: MIT
 *
 * store_sqlite.c: results in a file of SQLite.
 */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

static const char INSERT[] =
    "INSERT INTO prediction (request, n, run, model, name, sequence, class, probability, value, score, at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING";

static bool failed(store *s) {
  const int code = sqlite3_errcode(s->connection);
  return store_fail(s,
                    code == SQLITE_BUSY || code == SQLITE_LOCKED || code == SQLITE_FULL || code == SQLITE_IOERR ||
                        code == SQLITE_READONLY,
                    sqlite3_errmsg(s->connection));
}

static bool connect_file(store *s) {
  sqlite3 *connection = NULL;
  const int code = sqlite3_open(s->url + strlen("sqlite:"), &connection);
  s->connection = connection;
  if (connection == NULL) return store_fail(s, true, "out of memory");
  sqlite3_busy_timeout(connection, 5000);
  if (code != SQLITE_OK) return failed(s);
  if (sqlite3_exec(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;", NULL,
                   NULL, NULL) != SQLITE_OK)
    return failed(s);
  return sqlite3_exec(connection, store_schema, NULL, NULL, NULL) == SQLITE_OK || failed(s);
}

static json_t *cell(sqlite3_stmt *statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return json_integer(sqlite3_column_int64(statement, column));
    case SQLITE_FLOAT:
      return json_real(sqlite3_column_double(statement, column));
    case SQLITE_NULL:
      return json_null();
    default:
      return json_string((const char *)sqlite3_column_text(statement, column));
  }
}

static json_t *row_of(sqlite3_stmt *statement) {
  json_t *row = json_object();
  for (int i = 0; i < sqlite3_column_count(statement); i++)
    json_object_set_new(row, sqlite3_column_name(statement, i), cell(statement, i));
  return row;
}

static bool execute(store *s, const char *sql, const char *const *values, int count, json_t **rows) {
  sqlite3_stmt *statement = NULL;
  if (sqlite3_prepare_v2(s->connection, sql, -1, &statement, NULL) != SQLITE_OK) return failed(s);
  for (int i = 0; i < count; i++) {
    if (values[i] != NULL) sqlite3_bind_text(statement, i + 1, values[i], -1, SQLITE_STATIC);
  }
  if (rows != NULL) *rows = json_array();
  int code;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW)
    if (rows != NULL) json_array_append_new(*rows, row_of(statement));
  sqlite3_finalize(statement);
  if (code == SQLITE_DONE) return true;
  if (rows != NULL) json_decref(*rows);
  return failed(s);
}

/* Numbers are read here: SQLite's own reading may be off by the last bit. */
static void bind(sqlite3_stmt *statement, int column, const char *field) {
  if (field == NULL)
    sqlite3_bind_null(statement, column + 1);
  else if (column == STORE_PROBABILITY || column == STORE_VALUE || column == STORE_SCORE)
    sqlite3_bind_double(statement, column + 1, strtod(field, NULL));
  else
    sqlite3_bind_text(statement, column + 1, field, -1, SQLITE_STATIC);
}

static bool predictions(store *s, char *const *fields, int64_t rows) {
  sqlite3_stmt *statement = NULL;
  if (sqlite3_prepare_v2(s->connection, INSERT, -1, &statement, NULL) != SQLITE_OK) return failed(s);
  int code = SQLITE_DONE;
  for (int64_t row = 0; row < rows && code == SQLITE_DONE; row++) {
    for (int i = 0; i < STORE_COLUMNS; i++) bind(statement, i, fields[row * STORE_COLUMNS + i]);
    code = sqlite3_step(statement);
    sqlite3_reset(statement);
  }
  sqlite3_finalize(statement);
  return code == SQLITE_DONE || failed(s);
}

static void disconnect(store *s) {
  sqlite3_close(s->connection);
}

const store_driver store_sqlite = {connect_file, execute, predictions, disconnect};
