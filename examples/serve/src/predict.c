/* SPDX-License-Identifier: MIT
 *
 * predict.c: POST /predict, /invocations and /explain.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "log.h"
#include "server.h"

/* ---- what the body is ---- */

enum { ANY, JSON, CSV, RECORDS, REFUSED };

/* By the media type; ANY when it says nothing, as what curl sends unasked. */
static int kind_of(const char *type) {
  static const struct {
    const char *name;
    int kind;
  } known[] = {{"application/json", JSON},
               {"application/jsonlines", JSON},
               {"application/x-ndjson", JSON},
               {"text/csv", CSV},
               {"text/tab-separated-values", CSV},
               {"application/x-fasta", RECORDS},
               {"application/x-fastq", RECORDS},
               {"text/x-fasta", RECORDS},
               {"text/plain", ANY},
               {"application/octet-stream", ANY},
               {"application/gzip", ANY},
               {"application/x-www-form-urlencoded", ANY}};
  if (type == NULL) return ANY;
  const size_t length = strcspn(type, "; ");
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (strlen(known[i].name) == length && strncasecmp(type, known[i].name, length) == 0) return known[i].kind;
  return REFUSED;
}

/* One value, or several of JSON lines, which become an array. */
static json_t *parse(request *r) {
  json_error_t why;
  json_t *first = NULL, *all = NULL;
  for (size_t at = 0; at < r->body.length;) {
    if (isspace((unsigned char)r->body.bytes[at])) {
      at++;
      continue;
    }
    json_t *value = json_loadb(r->body.bytes + at, r->body.length - at, JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, &why);
    if (value == NULL) {
      problem_set(&r->problem, 400, "bad_json", "mend the JSON, or send FASTA as application/x-fasta",
                  "%s at byte %lld", why.text, (long long)at + why.position);
      r->problem.byte = (int64_t)at + why.position;
      json_decref(first);
      json_decref(all);
      return NULL;
    }
    at += (size_t)why.position;
    if (first != NULL && all == NULL) all = json_pack("[o]", first);
    if (all != NULL) json_array_append_new(all, value);
    if (all == NULL) first = value;
  }
  return all != NULL ? all : first;
}

static bool score_json(request *r, worker *w) {
  json_t *body = parse(r);
  const bool done = body != NULL && worker_score_json(w, body, &r->problem);
  json_decref(body);
  return done;
}

static bool score(request *r, worker *w) {
  const text *body = &r->body;
  const int kind = kind_of(http_header(r, MHD_HTTP_HEADER_CONTENT_TYPE));
  size_t at = 0;
  while (at < body->length && isspace((unsigned char)body->bytes[at])) at++;
  if (kind == REFUSED)
    return problem_set(&r->problem, 415, "wrong_type",
                       "use application/json, text/csv, application/x-fasta, application/x-fastq or text/plain",
                       "the content type is none that is read");
  if (at == body->length)
    return problem_set(&r->problem, 400, "empty_body", "send FASTA, FASTQ, CSV or JSON; GET / has examples",
                       "the body is empty");
  const char first = body->bytes[at];
  if (kind == JSON || (kind == ANY && strchr("{[\"", first) != NULL)) return score_json(r, w);
  if (kind == CSV) return worker_score_csv(w, body, &r->problem);
  if (kind == RECORDS || first == '>' || first == '@' || first == '\x1f')
    return worker_score_file(w, body, r->server->options.max_body, &r->problem);
  return worker_score_letters(w, "1", body->bytes, body->length, &r->problem);
}

/* ---- what is kept ---- */

/* Fields that need no escapes, a tab before each. */
static void put_fields(text *lines, const char *a, const char *b, const char *c) {
  const char *const fields[] = {a, b, c};
  for (size_t i = 0; i < 3; i++) {
    text_put(lines, "\t", 1);
    text_word(lines, fields[i]);
  }
}

/* A line a record, in the order of STORE_COLUMNS. */
static bool keep(request *r, worker *w) {
  server *s = r->server;
  char at[32];
  const bool classes = w->by->classes > 0;
  if (!s->drain.started) return true;
  log_time(log_now(), at);
  text_clear(&w->bytes);
  for (int64_t i = 0; i < w->out.count; i++) {
    const size_t start = spool_line_begin(&w->bytes, 'P');
    text_put(&w->bytes, "\t", 1);
    text_word(&w->bytes, r->id);
    text_put(&w->bytes, "\t", 1);
    text_whole(&w->bytes, (unsigned long long)i + 1);
    put_fields(&w->bytes, s->run, w->by->digest, "");
    text_field(&w->bytes, scored_name(&w->out, i));
    text_put(&w->bytes, "\t", 1);
    text_put(&w->bytes, w->out.rows[i].digest, 64);
    text_put(&w->bytes, "\t", 1);
    text_field(&w->bytes, scored_class(&w->out, i));
    put_fields(&w->bytes, classes ? w->out.rows[i].probability_text : "\\N",
               classes ? "\\N" : w->out.rows[i].probability_text, w->out.rows[i].score_text);
    text_put(&w->bytes, "\t", 1);
    text_word(&w->bytes, at);
    spool_line_end(&w->bytes, start);
  }
  return spool_append(&s->spool, &w->bytes, w->out.count) ||
         problem_set(&r->problem, 503, "spool_full", "make room on the disk of --spool; nothing was kept",
                     "the result cannot be kept");
}

/* ---- the answers ---- */

static void write_json(request *r, const worker *w) {
  r->type = "application/json";
  r->has_id = true;
  text_reserve(&r->answer, 256 * (size_t)w->out.count);
  text_word(&r->answer, w->by->head);
  text_word(&r->answer, r->id);
  text_word(&r->answer, "\",\"predictions\":[");
  for (int64_t i = 0; i < w->out.count; i++) {
    if (i > 0) text_put(&r->answer, ",", 1);
    scored_json(&w->out, i, &r->answer);
  }
  text_word(&r->answer, "]}\n");
}

/* Whether Accept names a type, and not after another one of ours. */
static bool accepts(const request *r, const char *type) {
  const char *accept = http_header(r, MHD_HTTP_HEADER_ACCEPT);
  const char *found = accept != NULL ? strcasestr(accept, type) : NULL,
             *json = accept != NULL ? strcasestr(accept, "application/json") : NULL;
  if (json != NULL && strncasecmp(json, "application/jsonlines", 21) == 0) json = NULL;
  return found != NULL && (json == NULL || found < json);
}

static void write_answer(request *r, const worker *w) {
  if (accepts(r, "text/csv")) {
    r->type = "text/csv; charset=utf-8";
    scored_csv(&w->out, &r->answer);
  } else if (accepts(r, "application/jsonlines") || accepts(r, "application/x-ndjson")) {
    r->type = "application/jsonlines";
    scored_lines(&w->out, &r->answer);
  } else {
    write_json(r, w);
  }
}

void predict(request *r) {
  worker *w = http_worker(r->server);
  if (!worker_enter(w, &r->server->models, r->server->options.timeout, &r->problem)) return;
  bool done = score(r, w);
  if (done && w->out.count == 0)
    done = problem_set(&r->problem, 400, "no_records", "send at least one record", "there is no record in the body");
  worker_leave(w);
  if (!done || !keep(r, w)) return;
  r->records = w->out.count;
  scored_count(&w->out);
  atomic_fetch_add(&r->server->metrics.records, w->out.count);
  write_answer(r, w);
}

/* ---- what each letter or column adds ---- */

/* The output whose score is shared out: of the class asked for, or predicted. */
static bool choose_output(request *r, worker *w) {
  const char *name = http_argument(r, "class");
  w->output = w->by->outputs == 1 ? 0 : -1;
  if (name == NULL) return true;
  for (int32_t i = 0; i < w->by->classes; i++)
    if (strcmp(name, ba_model_class_name(w->by->model, i)) == 0 && (w->by->outputs > 1 || i == 1)) {
      w->output = w->by->outputs > 1 ? i : 0;
      return true;
    }
  return problem_set(&r->problem, 400, "no_such_class", "leave ?class= out, or see GET /healthz",
                     "the model has no score of its own for this class");
}

static json_t *column_names(const worker *w, problem *p) {
  json_t *names = json_array();
  for (int64_t i = 0; i < ba_model_width(w->by->model); i++) {
    char name[512];
    int64_t length;
    const ba_status status = ba_model_column_name(w->context, w->by->model, i, name, sizeof name, &length);
    if (status != BA_OK) {
      json_decref(names);
      problem_from_library(p, w->context, status, 0);
      return NULL;
    }
    json_array_append_new(names, json_string(name));
  }
  return names;
}

static void write_explanation(request *r, worker *w) {
  json_t *columns = w->by->inputs > 0 ? column_names(w, &r->problem) : NULL;
  if (r->problem.status != 0) return;
  text row = {0};
  scored_json(&w->out, 0, &row);
  json_t *answer = json_loads(row.bytes, 0, NULL), *shares = json_array();
  text_free(&row);
  json_object_set_new(answer, "model", json_pack("{s:s,s:s}", "name", w->by->name, "digest", w->by->digest));
  for (int64_t i = 0; i < w->shared; i++) json_array_append_new(shares, json_real(w->shares[i]));
  if (columns != NULL) json_object_set_new(answer, "columns", columns);
  if (columns == NULL) json_object_set_new(answer, "letters", json_stringn(w->bytes.bytes, w->bytes.length));
  if (w->by->classes > 2) json_object_set_new(answer, "of", json_string(ba_model_class_name(w->by->model, w->output)));
  json_object_set_new(answer, "attribution", shares);
  char *printed = json_dumps(answer, JSON_COMPACT | JSON_REAL_PRECISION(17));
  r->type = "application/json";
  text_print(&r->answer, "%s\n", printed != NULL ? printed : "{}");
  free(printed);
  json_decref(answer);
}

void explain(request *r) {
  worker *w = http_worker(r->server);
  if (!worker_enter(w, &r->server->models, r->server->options.timeout, &r->problem)) return;
  w->explain = choose_output(r, w);
  bool done = w->explain && score(r, w);
  if (done && w->out.count == 0)
    done = problem_set(&r->problem, 400, "no_records", "send one record", "there is no record in the body");
  if (done) write_explanation(r, w);
  w->explain = false;
  worker_leave(w);
}
