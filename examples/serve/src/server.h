/* SPDX-License-Identifier: MIT
 *
 * server.h: what all requests share, and what one of them has.
 */
#ifndef SERVE_SERVER_H
#define SERVE_SERVER_H

#include <microhttpd.h>
#include <stdatomic.h>

#include "drain.h"
#include "options.h"
#include "tokens.h"
#include "worker.h"

enum { ROUTES = 10, CODES = 12, BUCKETS = 16 };

/* Counted by route (http.c) and code (metrics.c); seconds by route. */
typedef struct metrics {
  atomic_llong requests[ROUTES + 1][CODES];
  atomic_llong buckets[ROUTES + 1][BUCKETS + 1];
  atomic_llong microseconds[ROUTES + 1];
  atomic_llong timeouts, records;
} metrics;

typedef struct connection connection;

typedef struct server {
  options options;
  shelf models;
  tokens tokens;
  metrics metrics;
  spool spool;
  drain drain;
  store results; /* for GET, one request at a time */
  pthread_mutex_t results_lock;
  worker *workers;
  atomic_int workers_taken;
  struct MHD_Daemon *daemon;
  pthread_mutex_t connections_lock;
  connection *connections;
  atomic_int working; /* requests that are not answered yet */
  atomic_bool stopping;
  char run[48];          /* the id of this process in the store */
  unsigned random;       /* in ids */
  atomic_ulong requests; /* so far */
  long long started;
} server;

typedef struct route route;

typedef struct request {
  server *server;
  const route *route;
  struct MHD_Connection *connection;
  const char *path;
  char id[48];
  text body, answer;
  const char *type; /* of the answer */
  problem problem;
  bool has_id; /* the answer itself says it */
  int status;
  int64_t records, thrown_away; /* bytes of a body that is refused */
  struct timespec began;
} request;

/* A call answers by filling request->answer, or sets request->problem. */
typedef void (*route_call)(request *r);
struct route {
  const char *method, *path; /* a path that ends with / has something behind it */
  route_call call;
  bool open; /* without a token */
};
extern const route routes[ROUTES];

/* http.c */
bool http_start(server *s);
int http_port(const server *s);
/* Called a few times a second: closes connections that take too long. */
void http_tick(server *s);
/* Takes no more, and waits until what has begun is answered. */
void http_stop(server *s);
const char *http_argument(const request *r, const char *key);
const char *http_header(const request *r, const char *name);
worker *http_worker(server *s);

/* predict.c */
void predict(request *r);
void explain(request *r);
/* page.c */
void page(request *r);
void ping(request *r);
void health(request *r);
extern const char page_html[];
/* results.c */
void results_predictions(request *r);
void results_run(request *r);
/* Puts the run and the model into the spool. */
bool results_note_run(server *s, bool finished);
bool results_note_model(server *s, const served *by);
/* metrics.c */
void metrics_count(metrics *m, const route *path, int status, double seconds);
void metrics_page(request *r);

#endif
