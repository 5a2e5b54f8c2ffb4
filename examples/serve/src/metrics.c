/* SPDX-License-Identifier: MIT
 *
 * metrics.c: GET /metrics, in the text format of Prometheus.
 */
#include <string.h>

#include "log.h"
#include "server.h"

static const int codes[CODES] = {200, 400, 401, 404, 405, 413, 415, 500, 503};
static const double bounds[BUCKETS] = {1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2,
                                       5e-2, 0.1,    0.25, 0.5,  1,      2.5,  5,    10};

static int place_of(const route *path) {
  return path != NULL ? (int)(path - routes) : ROUTES; /* the last one: no such path */
}

static const char *path_of(int place) {
  return place == ROUTES ? "other" : routes[place].path;
}

void metrics_count(metrics *m, const route *path, int status, double seconds) {
  const int place = place_of(path);
  for (int i = 0; i < CODES; i++)
    if (codes[i] == status) atomic_fetch_add(&m->requests[place][i], 1);
  int bucket = 0;
  while (bucket < BUCKETS && seconds > bounds[bucket]) bucket++;
  atomic_fetch_add(&m->buckets[place][bucket], 1);
  atomic_fetch_add(&m->microseconds[place], (long long)(seconds * 1e6));
}

static void heading(text *out, const char *name, const char *type, const char *help) {
  text_print(out, "# HELP bio_serve_%s %s\n# TYPE bio_serve_%s %s\n", name, help, name, type);
}

static void number(text *out, const char *name, const char *type, const char *help, double value) {
  heading(out, name, type, help);
  text_print(out, "bio_serve_%s %.17g\n", name, value);
}

static void label(text *out, const char *value) {
  for (; *value != '\0'; value++) {
    if (*value == '"' || *value == '\\') text_put(out, "\\", 1);
    text_put(out, *value == '\n' ? " " : value, 1);
  }
}

static void print_requests(text *out, metrics *m) {
  heading(out, "requests_total", "counter", "Requests by path and code.");
  for (int i = 0; i <= ROUTES; i++) {
    for (int j = 0; j < CODES; j++) {
      const long long count = atomic_load(&m->requests[i][j]);
      if (count > 0)
        text_print(out, "bio_serve_requests_total{path=\"%s\",code=\"%d\"} %lld\n", path_of(i), codes[j], count);
    }
  }
  heading(out, "request_seconds", "histogram", "From the headers of a request to its answer.");
  for (int i = 0; i < ROUTES && routes[i].path != NULL; i++) {
    long long sum = 0;
    if (strcmp(routes[i].method, "POST") != 0) continue;
    for (int j = 0; j < BUCKETS; j++) {
      sum += atomic_load(&m->buckets[i][j]);
      text_print(out, "bio_serve_request_seconds_bucket{path=\"%s\",le=\"%g\"} %lld\n", path_of(i), bounds[j], sum);
    }
    sum += atomic_load(&m->buckets[i][BUCKETS]);
    text_print(out, "bio_serve_request_seconds_bucket{path=\"%s\",le=\"+Inf\"} %lld\n", path_of(i), sum);
    text_print(out, "bio_serve_request_seconds_sum{path=\"%s\"} %.6f\n", path_of(i),
               1e-6 * (double)atomic_load(&m->microseconds[i]));
    text_print(out, "bio_serve_request_seconds_count{path=\"%s\"} %lld\n", path_of(i), sum);
  }
}

static void print_model(text *out, server *s, const served *by) {
  heading(out, "model_info", "gauge", "The model that is served; the value is always 1.");
  text_word(out, "bio_serve_model_info{model=\"");
  label(out, by->name);
  text_print(out, "\",digest=\"%s\",library=\"%s\"} 1\n", by->digest, ba_version_text());
  number(out, "model_loaded_seconds", "gauge", "When it was loaded, in seconds since 1970.", 1e-3 * (double)by->loaded);
  heading(out, "model_reloads_total", "counter", "Files that took the place of the model, and that were refused.");
  text_print(out, "bio_serve_model_reloads_total{result=\"taken\"} %ld\n", atomic_load(&s->models.reloads));
  text_print(out, "bio_serve_model_reloads_total{result=\"refused\"} %ld\n", atomic_load(&s->models.refusals));
  heading(out, "predictions_total", "counter", "Records scored by this model, by class.");
  for (int32_t i = 0; i < served_answers(by); i++) {
    text_word(out, "bio_serve_predictions_total{class=\"");
    label(out, by->classes > 0 ? ba_model_class_name(by->model, i) : "");
    text_print(out, "\",digest=\"%s\"} %lld\n", by->digest, atomic_load(&by->predicted[i]));
  }
}

/* Each thread counts what it scored: a sample of all, of which the fullest says most. */
static void print_drift(text *out, server *s, const char *digest) {
  drift most[WORKER_DRIFTS] = {{0}};
  int count = 0;
  for (int i = 0; i < s->options.threads; i++) {
    drift found[WORKER_DRIFTS];
    char of[24];
    const int here = worker_drifts(&s->workers[i], found, of);
    if (here == 0 || strcmp(of, digest) != 0 || (count > 0 && found[0].records <= most[0].records)) continue;
    count = here;
    memcpy(most, found, sizeof most);
  }
  if (count == 0) return;
  heading(out, "drift_psi", "gauge", "Population stability index of the records against those of training.");
  for (int i = 0; i < count; i++)
    text_print(out, "bio_serve_drift_psi{quantity=\"%s\"} %.17g\n", most[i].name, most[i].psi);
  heading(out, "drift_psi_limit", "gauge", "What it reaches without a drift, at most.");
  for (int i = 0; i < count; i++)
    text_print(out, "bio_serve_drift_psi_limit{quantity=\"%s\"} %.17g\n", most[i].name, most[i].psi_limit);
  heading(out, "drift_raised", "gauge", "1 when the records differ from those of training.");
  for (int i = 0; i < count; i++)
    text_print(out, "bio_serve_drift_raised{quantity=\"%s\"} %d\n", most[i].name, (int)most[i].raised);
  number(out, "drift_records", "gauge", "Records that these are about.", (double)most[0].records);
}

void metrics_page(request *r) {
  server *s = r->server;
  text *out = &r->answer;
  r->type = "text/plain; version=0.0.4; charset=utf-8";
  served *by = shelf_take(&s->models);
  print_requests(out, &s->metrics);
  number(out, "slow_requests_total", "counter", "Requests that did not arrive in time, answered by 408.",
         (double)atomic_load(&s->metrics.timeouts));
  number(out, "records_total", "counter", "Records scored.", (double)atomic_load(&s->metrics.records));
  print_model(out, s, by);
  print_drift(out, s, by->digest);
  if (s->drain.started) {
    number(out, "spool_records", "gauge", "Results that the store does not have yet.",
           (double)atomic_load(&s->spool.waiting));
    number(out, "stored_total", "counter", "Results that went to the store.", (double)atomic_load(&s->drain.stored));
    number(out, "store_refused_total", "counter", "Results that the store refused, put aside in the spool.",
           (double)atomic_load(&s->drain.refused));
    number(out, "store_up", "gauge", "1 when the store answered last time.", atomic_load(&s->drain.reached));
  }
  number(out, "start_seconds", "gauge", "When the server started, in seconds since 1970.", 1e-3 * (double)s->started);
  served_release(by);
}
