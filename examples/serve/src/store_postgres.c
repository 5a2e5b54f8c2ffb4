/* SPDX-License-Identifier: MIT
 *
 * store_postgres.c: results in PostgreSQL.
 */
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "text.h"

/* A batch is one statement over arrays: one way to the server and back, however many rows. */
static const char INSERT[] =
    "INSERT INTO prediction (request, n, run, model, name, sequence, class, probability, value, score, at)"
    " SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],"
    " $8::float8[], $9::float8[], $10::float8[], $11::timestamptz[]) ON CONFLICT DO NOTHING";

/* The object ids of types that are no texts, from pg_type. */
enum { INT8 = 20, INT4 = 23, FLOAT8 = 701, TIMESTAMPTZ = 1184 };

static bool failed(store *s, PGresult *result) {
  const bool away = PQstatus(s->connection) != CONNECTION_OK;
  const char *state = result != NULL ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
  /* Connection lost, not enough resources, an operator's stop, a conflict: another time it may go. */
  const bool later = state != NULL && (strncmp(state, "08", 2) == 0 || strncmp(state, "53", 2) == 0 ||
                                       strncmp(state, "57", 2) == 0 || strncmp(state, "40", 2) == 0);
  store_fail(s, away || later || state == NULL, PQerrorMessage(s->connection));
  PQclear(result);
  return false;
}

static bool simple(store *s, const char *sql) {
  PGresult *result = PQexec(s->connection, sql);
  if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK) return failed(s, result);
  PQclear(result);
  return true;
}

static void silent(void *nobody, const char *message) {
  (void)nobody;
  (void)message; /* "relation exists, skipping" */
}

static bool connect_server(store *s) {
  static const char *const keys[] = {"dbname", "connect_timeout", "application_name", "options", NULL};
  const char *const values[] = {s->url, "2", "bio-serve", "-c timezone=UTC -c datestyle=ISO -c statement_timeout=20000",
                                NULL};
  s->connection = PQconnectdbParams(keys, values, 1);
  if (PQstatus(s->connection) != CONNECTION_OK) return failed(s, NULL);
  PQsetNoticeProcessor(s->connection, silent, NULL);
  /* One server at a time makes the tables. */
  return simple(s, "BEGIN; SELECT pg_advisory_xact_lock(20261122)") && simple(s, store_schema) && simple(s, "COMMIT");
}

/* 2026-11-22 09:30:00.123+00 as 2026-11-22T09:30:00.123Z. */
static json_t *moment(const char *value) {
  text t = {0};
  const size_t length = strcspn(value, "+");
  text_put(&t, value, length);
  text_put(&t, "Z", 1);
  char *blank = t.failed ? NULL : strchr(t.bytes, ' ');
  if (blank != NULL) *blank = 'T';
  json_t *result = json_string(t.bytes);
  text_free(&t);
  return result;
}

static json_t *cell(const PGresult *result, int row, int column) {
  const char *value = PQgetvalue(result, row, column);
  if (PQgetisnull(result, row, column)) return json_null();
  switch (PQftype(result, column)) {
    case INT4:
    case INT8:
      return json_integer(strtoll(value, NULL, 10));
    case FLOAT8:
      return json_real(strtod(value, NULL));
    case TIMESTAMPTZ:
      return moment(value);
    default:
      return json_string(value);
  }
}

static bool execute(store *s, const char *sql, const char *const *values, int count, json_t **rows) {
  PGresult *result = PQexecParams(s->connection, sql, count, NULL, values, NULL, NULL, 0);
  const ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) return failed(s, result);
  if (rows != NULL) *rows = json_array();
  for (int i = 0; rows != NULL && i < PQntuples(result); i++) {
    json_t *row = json_object();
    for (int j = 0; j < PQnfields(result); j++) json_object_set_new(row, PQfname(result, j), cell(result, i, j));
    json_array_append_new(*rows, row);
  }
  PQclear(result);
  return true;
}

/* An array in PostgreSQL's notation: {"one","two",NULL}. */
static void put_column(text *out, char *const *fields, int64_t rows, int column) {
  text_put(out, "{", 1);
  for (int64_t i = 0; i < rows; i++) {
    const char *field = fields[i * STORE_COLUMNS + column];
    text_word(out, i > 0 ? "," : "");
    text_word(out, field == NULL ? "NULL" : "\"");
    while (field != NULL && *field != '\0') {
      const size_t plain = strcspn(field, "\"\\");
      text_put(out, field, plain);
      field += plain;
      if (*field == '\0') break;
      text_put(out, "\\", 1);
      text_put(out, field++, 1);
    }
    if (field != NULL) text_put(out, "\"", 1);
  }
  text_put(out, "}", 1);
}

static bool predictions(store *s, char *const *fields, int64_t rows) {
  text columns[STORE_COLUMNS] = {0};
  const char *values[STORE_COLUMNS];
  bool done = true;
  for (int i = 0; i < STORE_COLUMNS; i++) {
    put_column(&columns[i], fields, rows, i);
    values[i] = columns[i].bytes;
    done = done && !columns[i].failed;
  }
  done = done ? execute(s, INSERT, values, STORE_COLUMNS, NULL) : store_fail(s, true, "out of memory");
  for (int i = 0; i < STORE_COLUMNS; i++) text_free(&columns[i]);
  return done;
}

static void disconnect(store *s) {
  PQfinish(s->connection);
}

const store_driver store_postgres = {connect_server, execute, predictions, disconnect};
