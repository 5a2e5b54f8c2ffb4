/* SPDX-License-Identifier: MIT
 *
 * results.c: what the store keeps: GET /predictions and /runs/ID, and the run and the model of this process.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "server.h"

enum { MOST = 1000, USUAL = 100, VALUES = 8 };

/* ---- into the spool ---- */

bool results_note_run(server *s, bool finished) {
  text line = {0};
  char started[32], now[32];
  if (!s->drain.started) return true;
  const size_t start = spool_line_begin(&line, 'R');
  text_print(&line, "\t%s\t%s\t%s\t", s->run, finished ? "done" : "running", log_time(s->started, started));
  text_field(&line, finished ? log_time(log_now(), now) : NULL);
  text_print(&line, "\t{\"records\":%lld,\"requests\":%lu}", atomic_load(&s->metrics.records),
             atomic_load(&s->requests));
  spool_line_end(&line, start);
  const bool done = spool_append(&s->spool, &line, 1);
  text_free(&line);
  return done;
}

bool results_note_model(server *s, const served *by) {
  text line = {0};
  char loaded[32];
  if (!s->drain.started) return true;
  const size_t start = spool_line_begin(&line, 'M');
  const char *const fields[] = {by->digest, by->name, ba_model_recipe(by->model), by->about,
                                log_time(by->loaded, loaded)};
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
    text_put(&line, "\t", 1);
    text_field(&line, fields[i]);
  }
  spool_line_end(&line, start);
  const bool done = spool_append(&s->spool, &line, 1);
  text_free(&line);
  return done;
}

/* ---- from the store ---- */

/* A question with what stands for $1, $2, ... */
typedef struct question {
  text sql;
  const char *values[VALUES];
  int count;
} question;

/* `condition` has a ? where the value goes. */
static void where(question *q, const char *condition, const char *value) {
  const char *mark = strchr(condition, '?');
  text_word(&q->sql, q->count == 0 ? " WHERE " : " AND ");
  q->values[q->count++] = value;
  text_print(&q->sql, "%.*s$%d%s", (int)(mark - condition), condition, q->count, mark + 1);
}

/* Runs it on the store that only GET uses; the answer is NULL, with the problem set, when it cannot. */
static json_t *ask(request *r, question *q) {
  server *s = r->server;
  json_t *rows = NULL;
  pthread_mutex_lock(&s->results_lock);
  if (q->sql.failed || !store_execute(&s->results, q->sql.bytes, q->values, q->count, &rows)) {
    rows = NULL;
    problem_set(&r->problem, 503, "store_away", "try again later: results wait in the spool meanwhile",
                "the store does not answer: %s", s->results.message);
  }
  pthread_mutex_unlock(&s->results_lock);
  text_free(&q->sql);
  return rows;
}

static bool has_store(request *r) {
  return r->server->drain.started ||
         problem_set(&r->problem, 404, "no_store", "start bio-serve with --store URL", "this server keeps no results");
}

static void answer(request *r, json_t *value) {
  char *printed = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(17));
  text_print(&r->answer, "%s\n", printed != NULL ? printed : "{}");
  free(printed);
  json_decref(value);
}

/* A day, a time of ISO 8601 (UTC), or seconds since 1970, as the store writes times. */
static bool read_time(const char *value, char out[32]) {
  static const char *const shapes[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"};
  char *end;
  const double seconds = strtod(value, &end);
  if (*value != '\0' && *end == '\0' && seconds >= 0 && seconds < 1e11) {
    log_time((long long)(seconds * 1000), out);
    return true;
  }
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
    struct tm parts = {0};
    const char *rest = strptime(value, shapes[i], &parts);
    if (rest == NULL) continue;
    const double part = *rest == '.' ? strtod(rest, &end) : 0;
    if (*rest == '.') rest = end;
    if (*rest == 'Z') rest++;
    if (*rest != '\0') continue;
    log_time(timegm(&parts) * 1000LL + (long long)(part * 1000), out);
    return true;
  }
  return false;
}

/* REQUEST.N, as `next` gave it. */
static bool read_cursor(const char *cursor, char id[64], char n[16]) {
  const char *dot = strrchr(cursor, '.');
  if (dot == NULL || dot == cursor || dot - cursor >= 64 || strlen(dot + 1) > 9 || dot[1] == '\0') return false;
  if (strspn(dot + 1, "0123456789") != strlen(dot + 1)) return false;
  snprintf(id, 64, "%.*s", (int)(dot - cursor), cursor);
  snprintf(n, 16, "%s", dot + 1);
  return true;
}

static bool narrow(request *r, question *q, char from[32], char after[64], char n[16]) {
  const char *name = http_argument(r, "name"), *model = http_argument(r, "model"), *run = http_argument(r, "run"),
             *since = http_argument(r, "from"), *cursor = http_argument(r, "cursor");
  if (name != NULL) where(q, "name = ?", name);
  if (run != NULL) where(q, "run = ?", run);
  if (model != NULL) {
    where(q, "(model = ?", model);
    q->values[q->count++] = model;
    text_print(&q->sql, " OR model IN (SELECT digest FROM model WHERE name = $%d))", q->count);
  }
  if (since != NULL && !read_time(since, from))
    return problem_set(&r->problem, 400, "bad_time", "such as from=2026-11-22T09:30:00Z", "from= is no time");
  if (since != NULL) where(q, "at >= ?", from);
  if (cursor != NULL && !read_cursor(cursor, after, n))
    return problem_set(&r->problem, 400, "bad_cursor", "use what `next` of the page before says", "cursor= is none");
  if (cursor != NULL) {
    where(q, "(request, n) > (?", after);
    q->values[q->count++] = n;
    text_print(&q->sql, ", CAST($%d AS INTEGER))", q->count);
  }
  return true;
}

void results_predictions(request *r) {
  question q = {0};
  char from[32], after[64], n[16], *end = NULL;
  const char *limit = http_argument(r, "limit");
  const long most = limit != NULL ? strtol(limit, &end, 10) : USUAL;
  if (!has_store(r)) return;
  if (most < 1 || most > MOST || (end != NULL && *end != '\0')) {
    problem_set(&r->problem, 400, "bad_limit", "ask for the next page by cursor=", "limit= is 1 to %d", MOST);
    return;
  }
  text_word(&q.sql,
            "SELECT request, n, run, model, name, sequence, class, probability, value, score, at FROM prediction");
  if (!narrow(r, &q, from, after, n)) {
    text_free(&q.sql);
    return;
  }
  text_print(&q.sql, " ORDER BY request, n LIMIT %ld", most + 1); /* one more says whether there is a next page */
  json_t *rows = ask(r, &q);
  if (rows == NULL) return;
  json_t *page = json_pack("{s:o,s:n}", "predictions", rows, "next");
  if ((long)json_array_size(rows) > most) {
    json_array_remove(rows, (size_t)most);
    const json_t *last = json_array_get(rows, (size_t)most - 1);
    char next[96];
    snprintf(next, sizeof next, "%s.%lld", json_string_value(json_object_get(last, "request")),
             (long long)json_integer_value(json_object_get(last, "n")));
    json_object_set_new(page, "next", json_string(next));
  }
  answer(r, page);
}

static json_t *rows_of(request *r, const char *sql, const char *id) {
  question q = {.values = {id}, .count = 1};
  text_word(&q.sql, sql);
  return ask(r, &q);
}

void results_run(request *r) {
  const char *id = r->path + strlen("/runs/");
  if (!has_store(r)) return;
  json_t *runs = rows_of(r, "SELECT id, kind, status, started, finished, detail FROM run WHERE id = $1", id);
  if (runs != NULL && json_array_size(runs) == 0)
    problem_set(&r->problem, 404, "no_such_run", "ids stand in GET /predictions and /healthz", "there is no such run");
  json_t *figures = r->problem.status == 0
                        ? rows_of(r, "SELECT name, value, model FROM metric WHERE run = $1 ORDER BY name", id)
                        : NULL;
  json_t *models = figures != NULL
                       ? rows_of(r, "SELECT digest, name, recipe, dataset, created FROM model WHERE run = $1", id)
                       : NULL;
  json_t *counted = models != NULL ? rows_of(r, "SELECT count(*) AS n FROM prediction WHERE run = $1", id) : NULL;
  if (counted != NULL) {
    json_t *run = json_incref(json_array_get(runs, 0)), *detail = json_object_get(run, "detail");
    json_t *parsed = json_is_string(detail) ? json_loads(json_string_value(detail), JSON_DECODE_ANY, NULL) : NULL;
    if (parsed != NULL) json_object_set_new(run, "detail", parsed);
    json_object_set(run, "metrics", figures);
    json_object_set(run, "models", models);
    json_object_set(run, "predictions", json_object_get(json_array_get(counted, 0), "n"));
    answer(r, run);
  }
  json_decref(runs);
  json_decref(figures);
  json_decref(models);
  json_decref(counted);
}
