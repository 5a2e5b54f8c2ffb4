/* SPDX-License-Identifier: MIT
 *
 * http.c: requests from libmicrohttpd to the routes: who may, how large, how long.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "server.h"

const route routes[ROUTES] = {
    {"POST", "/predict", predict, false},
    {"POST", "/invocations", predict, false},
    {"POST", "/explain", explain, false},
    {"GET", "/predictions", results_predictions, false},
    {"GET", "/runs/", results_run, false},
    {"GET", "/ping", ping, true},
    {"GET", "/healthz", health, true},
    {"GET", "/metrics", metrics_page, true},
    {"GET", "/", page, true},
};

static const char ROUTES_HINT[] =
    "there are POST /predict, /explain, /invocations and GET /, /ping, /healthz, "
    "/metrics, /predictions, /runs/ID";

/* One that is open. Its socket is closed by libmicrohttpd alone, after on_connection has taken it from the list. */
struct connection {
  int socket;
  atomic_int state;
  atomic_bool used; /* has had an answer */
  atomic_llong since;
  connection *next, *before;
};
enum { WAITING, READING, WORKING, ANSWERING };

enum {
  THROWN_AWAY = 4, /* times --max-body that is read of a body that is refused */
  HEADERS = 12288, /* bytes of a request's head; each request clears them, so that more would cost time */
};

static connection *connection_of(struct MHD_Connection *c) {
  return MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static void move_to(struct MHD_Connection *c, int state) {
  connection *known = connection_of(c);
  if (known == NULL) return;
  /* A request that comes on an old connection has its own time. */
  if (state == READING || state == WAITING) atomic_store(&known->since, log_now());
  if (state == WAITING) atomic_store(&known->used, true);
  atomic_store(&known->state, state);
}

static void on_connection(void *job, struct MHD_Connection *c, void **context,
                          enum MHD_ConnectionNotificationCode code) {
  server *s = job;
  connection *known = *context;
  if (code == MHD_CONNECTION_NOTIFY_STARTED) {
    known = calloc(1, sizeof *known);
    *context = known;
    if (known == NULL) return;
    known->socket = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    atomic_store(&known->since, log_now());
    pthread_mutex_lock(&s->connections_lock);
    known->next = s->connections;
    if (known->next != NULL) known->next->before = known;
    s->connections = known;
    pthread_mutex_unlock(&s->connections_lock);
  } else if (known != NULL) {
    pthread_mutex_lock(&s->connections_lock);
    if (known->next != NULL) known->next->before = known->before;
    if (known->before != NULL) known->before->next = known->next;
    if (s->connections == known) s->connections = known->next;
    pthread_mutex_unlock(&s->connections_lock);
    free(known);
    *context = NULL;
  }
}

/* libmicrohttpd has no answer to a request that is not there yet, so this one goes to the socket itself. */
static void answer_late(int to) {
  static const char body[] =
      "{\"error\":{\"status\":408,\"code\":\"too_slow\",\"message\":\"the request did not arrive within "
      "--timeout\"}}\n";
  char late[512];
  const int length = snprintf(late, sizeof late,
                              "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Type: application/json\r\n"
                              "Content-Length: %zu\r\n\r\n%s",
                              sizeof body - 1, body);
  (void)!send(to, late, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void http_tick(server *s) {
  const long long now = log_now(), most = s->options.timeout * 1000LL;
  pthread_mutex_lock(&s->connections_lock);
  for (connection *c = s->connections; c != NULL; c = c->next) {
    const long long age = now - atomic_load(&c->since);
    const int state = atomic_load(&c->state);
    /* What is worked on is ended by worker_hurry; an answer has as long again to be taken. */
    if (state == WORKING || age < (state == ANSWERING ? 2 * most : most)) continue;
    if (state == READING || (state == WAITING && !atomic_load(&c->used))) {
      answer_late(c->socket);
      atomic_fetch_add(&s->metrics.timeouts, 1);
    }
    shutdown(c->socket, SHUT_RDWR);
  }
  pthread_mutex_unlock(&s->connections_lock);
  for (int i = 0; i < s->options.threads; i++) worker_hurry(&s->workers[i], now);
}

/* Each thread of the pool takes one worker, and keeps it. */
worker *http_worker(server *s) {
  static _Thread_local worker *mine;
  if (mine == NULL) mine = &s->workers[atomic_fetch_add(&s->workers_taken, 1) % s->options.threads];
  return mine;
}

const char *http_argument(const request *r, const char *key) {
  return MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, key);
}

const char *http_header(const request *r, const char *name) {
  return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

/* ---- one request ---- */

static const route *find_route(const char *path) {
  for (int i = 0; i < ROUTES && routes[i].path != NULL; i++) {
    const size_t length = strlen(routes[i].path);
    const bool folder = length > 1 && routes[i].path[length - 1] == '/';
    if (folder ? strncmp(path, routes[i].path, length) == 0 : strcmp(path, routes[i].path) == 0) return &routes[i];
  }
  return NULL;
}

static bool right_method(const route *to, const char *method) {
  return strcmp(method, to->method) == 0 || (strcmp(method, "HEAD") == 0 && strcmp(to->method, "GET") == 0);
}

static long long announced(const request *r) {
  const char *length = http_header(r, MHD_HTTP_HEADER_CONTENT_LENGTH);
  return length != NULL ? strtoll(length, NULL, 10) : 0;
}

static bool too_large(request *r) {
  return problem_set(&r->problem, 413, "too_large", "send fewer records a request, or gzip FASTA and FASTQ",
                     "the body is larger than --max-body, %lld bytes", (long long)r->server->options.max_body);
}

/* What can be refused before the body is there. */
static bool admit(request *r, const char *method) {
  server *s = r->server;
  r->route = find_route(r->path);
  if (r->route == NULL) return problem_set(&r->problem, 404, "no_such_path", ROUTES_HINT, "there is nothing here");
  if (!right_method(r->route, method))
    return problem_set(&r->problem, 405, "wrong_method", ROUTES_HINT, "this path takes %s", r->route->method);
  if (!r->route->open && atomic_load(&s->tokens.wanted) &&
      !tokens_allow(&s->tokens, http_header(r, MHD_HTTP_HEADER_AUTHORIZATION)))
    return problem_set(&r->problem, 401, "no_token", "send the header Authorization: Bearer TOKEN",
                       "the token is missing or wrong");
  return announced(r) <= s->options.max_body || too_large(r);
}

/* Ids rise with time, also over servers. */
static void name_request(request *r) {
  memcpy(r->id, "............-........-........", 31);
  text_hex(r->id, 12, (unsigned long long)log_now());
  text_hex(r->id + 13, 8, r->server->random);
  text_hex(r->id + 22, 8, atomic_fetch_add(&r->server->requests, 1) + 1);
}

static void write_problem(request *r) {
  r->status = r->problem.status;
  r->type = "application/json";
  json_t *body = problem_json(&r->problem);
  char *printed = json_dumps(body, JSON_COMPACT);
  text_clear(&r->answer);
  text_print(&r->answer, "%s\n", printed != NULL ? printed : "{}");
  free(printed);
  json_decref(body);
}

static void log_request(const request *r, const char *method, double seconds) {
  if (!log_everything && r->status < 400) return;
  char path[128]; /* as UTF-8, or json_pack would drop the line */
  text clean = {0};
  text_clean(&clean, r->path, strlen(r->path));
  snprintf(path, sizeof path, "%.120s", clean.bytes != NULL && strlen(clean.bytes) < 100 ? clean.bytes : "(long)");
  text_free(&clean);
  json_t *fields =
      json_pack("{s:s,s:s,s:s,s:i,s:f,s:I,s:I}", "request", r->id, "method", method, "path", path, "status", r->status,
                "seconds", seconds, "bytes", (json_int_t)r->body.length, "records", (json_int_t)r->records);
  if (r->status >= 400) json_object_set_new(fields, "message", json_string(r->problem.message));
  log_line(r->status >= 500 ? "error" : "info", "request", fields);
}

/* As libmicrohttpd writes it for each answer; here once a second. */
static const char *date_header(void) {
  static _Thread_local char date[40];
  static _Thread_local time_t written;
  const time_t now = time(NULL);
  if (now != written) {
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    written = now;
  }
  return date;
}

static enum MHD_Result reply(request *r, const char *method) {
  struct timespec now;
  if (r->problem.status == 0 && r->answer.failed)
    problem_set(&r->problem, 503, "BA_ERR_MEMORY", "try again later", "the server is out of memory");
  if (r->problem.status != 0) write_problem(r);
  if (r->status == 0) r->status = 200;
  clock_gettime(CLOCK_MONOTONIC, &now);
  const double seconds = (double)(now.tv_sec - r->began.tv_sec) + 1e-9 * (double)(now.tv_nsec - r->began.tv_nsec);
  metrics_count(&r->server->metrics, r->route, r->status, seconds);
  log_request(r, method, seconds);
  if (r->answer.bytes == NULL) text_put(&r->answer, "", 0);
  struct MHD_Response *response =
      MHD_create_response_from_buffer(r->answer.length, r->answer.bytes, MHD_RESPMEM_MUST_FREE);
  if (response == NULL) return MHD_NO;
  r->answer = (text){0};
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, r->type != NULL ? r->type : "application/json");
  MHD_add_response_header(response, MHD_HTTP_HEADER_DATE, date_header());
  if (!r->has_id) MHD_add_response_header(response, "X-Request-Id", r->id);
  if (r->status == 401) MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
  if (r->status == 405) MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, r->route->method);
  if (atomic_load(&r->server->stopping) || r->status == 413)
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
  move_to(r->connection, ANSWERING);
  const enum MHD_Result queued = MHD_queue_response(r->connection, (unsigned)r->status, response);
  MHD_destroy_response(response);
  return queued;
}

/* The first call of a request: its headers are there. */
static enum MHD_Result begin(server *s, struct MHD_Connection *c, const char *path, const char *method, void **state) {
  request *r = calloc(1, sizeof *r);
  if (r == NULL) return MHD_NO;
  *state = r;
  *r = (request){.server = s, .connection = c, .path = path};
  clock_gettime(CLOCK_MONOTONIC, &r->began);
  atomic_fetch_add(&s->working, 1);
  move_to(c, READING);
  name_request(r);
  const long long length = announced(r);
  /* A body that is not much too large is read, so that a client which only writes sees the answer in the end. */
  if (!admit(r, method) && length > THROWN_AWAY * s->options.max_body) return reply(r, method);
  if (r->problem.status == 0 && length > 0) text_reserve(&r->body, (size_t)length);
  return MHD_YES;
}

/* A part of the body. What is refused is read to its end, so that the client sees the answer; up to a point. */
static enum MHD_Result take(request *r, const char *bytes, size_t length) {
  if (r->problem.status == 0 && r->body.length + length > (size_t)r->server->options.max_body) {
    too_large(r);
    text_free(&r->body);
  }
  if (r->problem.status == 0) {
    text_put(&r->body, bytes, length);
    return MHD_YES;
  }
  r->thrown_away += (int64_t)length;
  return r->thrown_away > THROWN_AWAY * r->server->options.max_body ? MHD_NO : MHD_YES;
}

static enum MHD_Result on_request(void *job, struct MHD_Connection *c, const char *path, const char *method,
                                  const char *version, const char *bytes, size_t *length, void **state) {
  (void)version;
  request *r = *state;
  if (r == NULL) return begin(job, c, path, method, state);
  if (*length > 0) {
    const enum MHD_Result taken = take(r, bytes, *length);
    *length = 0;
    return taken;
  }
  move_to(c, WORKING);
  if (r->problem.status == 0 && r->body.failed)
    problem_set(&r->problem, 503, "BA_ERR_MEMORY", "try again later", "the server is out of memory");
  if (r->problem.status == 0) r->route->call(r);
  return reply(r, method);
}

static void on_end(void *job, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode why) {
  (void)why;
  server *s = job;
  request *r = *state;
  move_to(c, WAITING);
  if (r == NULL) return;
  text_free(&r->body);
  text_free(&r->answer);
  free(r);
  *state = NULL;
  atomic_fetch_sub(&s->working, 1);
}

/* ---- start and stop ---- */

static bool address_of(const options *o, struct sockaddr_storage *out) {
  struct sockaddr_in *four = (struct sockaddr_in *)out;
  struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
  memset(out, 0, sizeof *out);
  if (inet_pton(AF_INET, o->listen, &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons((uint16_t)o->port);
    return true;
  }
  six->sin6_family = AF_INET6;
  six->sin6_port = htons((uint16_t)o->port);
  return inet_pton(AF_INET6, o->listen, &six->sin6_addr) == 1;
}

/* A path with a zero byte in it stays as it came, and so is none of ours. */
static size_t unescape(void *nobody, struct MHD_Connection *c, char *path) {
  (void)nobody;
  (void)c;
  return strstr(path, "%00") != NULL ? strlen(path) : MHD_http_unescape(path);
}

bool http_start(server *s) {
  struct sockaddr_storage address;
  if (!address_of(&s->options, &address)) {
    log_line("error", "cannot listen",
             json_pack("{s:s,s:s}", "address", s->options.listen, "message", "no IP address"));
    return false;
  }
  const unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO | MHD_USE_ITC | MHD_USE_SUPPRESS_DATE_NO_CLOCK |
                         (address.ss_family == AF_INET6 ? MHD_USE_IPv6 : 0);
  const unsigned pool = s->options.threads > 1 ? (unsigned)s->options.threads : 0;
  s->daemon = MHD_start_daemon(
      flags, (uint16_t)s->options.port, NULL, NULL, on_request, s, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
      MHD_OPTION_THREAD_POOL_SIZE, pool, MHD_OPTION_CONNECTION_LIMIT, 4096u, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
      (size_t)HEADERS, MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024u, MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL,
      MHD_OPTION_NOTIFY_COMPLETED, on_end, s, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_END);
  if (s->daemon == NULL)
    log_line(
        "error", "cannot listen",
        json_pack("{s:s,s:i,s:s}", "address", s->options.listen, "port", s->options.port, "message", strerror(errno)));
  return s->daemon != NULL;
}

int http_port(const server *s) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT);
  return info != NULL ? info->port : s->options.port;
}

void http_stop(server *s) {
  atomic_store(&s->stopping, true);
  const MHD_socket listening = MHD_quiesce_daemon(s->daemon);
  const long long until = log_now() + s->options.timeout * 1000LL;
  while (atomic_load(&s->working) > 0 && log_now() < until) {
    usleep(5000);
    http_tick(s);
  }
  MHD_stop_daemon(s->daemon);
  if (listening != MHD_INVALID_SOCKET) close(listening);
}
