/* SPDX-License-Identifier: MIT
 *
 * main.c: bio-serve, from its start to its end.
 */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "log.h"
#include "server.h"

enum { TICK = 50 /* milliseconds */, LOOK = 5 /* ticks between two looks at the model's file */, DRAIN = 10000 };

static bool start_workers(server *s) {
  /* What a request may take: a body becomes letters, names, scores and an answer. */
  const int64_t memory = (INT64_C(1) << 30) + 64 * s->options.max_body;
  s->workers = calloc((size_t)s->options.threads, sizeof *s->workers);
  if (s->workers == NULL) return false;
  for (int i = 0; i < s->options.threads; i++)
    if (!worker_open(&s->workers[i], memory)) return false;
  return true;
}

static void name_run(server *s) {
  char day[24];
  struct tm parts;
  const time_t now = time(NULL);
  s->started = log_now();
  if (getrandom(&s->random, sizeof s->random, 0) != sizeof s->random) s->random = (unsigned)s->started;
  strftime(day, sizeof day, "%Y%m%dT%H%M%S", gmtime_r(&now, &parts));
  snprintf(s->run, sizeof s->run, "serve-%s-%08x", day, s->random);
}

static bool start_store(server *s) {
  if (s->options.store == NULL) return true;
  pthread_mutex_init(&s->results_lock, NULL);
  if (!store_open(&s->results, s->options.store)) {
    log_line("error", "store", json_pack("{s:s}", "message", "--store: expected postgres://... or sqlite:PATH"));
    return false;
  }
  return spool_open(&s->spool, s->options.spool) && drain_start(&s->drain, &s->spool, s->options.store) &&
         results_note_run(s, false) && results_note_model(s, s->models.current);
}

static void stop_store(server *s) {
  if (!s->drain.started) return;
  results_note_run(s, true);
  drain_stop(&s->drain, DRAIN);
  store_close(&s->results);
  const long long waiting = atomic_load(&s->spool.waiting);
  spool_close(&s->spool);
  if (waiting > 0)
    log_line("warning", "results stay in the spool",
             json_pack("{s:I,s:s}", "records", (json_int_t)waiting, "spool", s->options.spool));
}

static void look_at_model(server *s) {
  if (!shelf_look(&s->models)) return;
  served *now = shelf_take(&s->models);
  results_note_model(s, now);
  served_release(now);
}

/* The main thread: waits for a signal, and looks around a few times a second. */
static int serve(server *s, const sigset_t *signals) {
  const struct timespec tick = {0, TICK * 1000000L};
  for (long turn = 1;; turn++) {
    const int got = sigtimedwait(signals, NULL, &tick);
    if (got == SIGTERM || got == SIGINT) return got;
    if (got == SIGHUP) tokens_read(&s->tokens);
    if (got == SIGHUP || turn % LOOK == 0) look_at_model(s);
    http_tick(s);
    if (s->drain.started && turn % (SPOOL_SYNC / TICK) == 0) spool_sync(&s->spool);
  }
}

static bool start(server *s) {
  name_run(s);
  return tokens_open(&s->tokens, s->options.token_file) && shelf_open(&s->models, s->options.model, s->options.name) &&
         start_workers(s) && start_store(s) && http_start(s);
}

static void stop(server *s) {
  if (s->daemon != NULL) http_stop(s);
  stop_store(s);
  for (int i = 0; s->workers != NULL && i < s->options.threads; i++) worker_close(&s->workers[i]);
  free(s->workers);
  shelf_close(&s->models);
  tokens_close(&s->tokens);
}

int main(int argc, char **argv) {
  static server s;
  sigset_t signals;
  const int read = options_read(&s.options, argc, argv);
  if (read != 0) return read - 1 > 0 ? 1 : 0;
  log_everything = s.options.log_everything;
  signal(SIGPIPE, SIG_IGN);
  /* A reader of a body is 200 kB for a moment: the heap keeps them, rather than tidy up and shrink at each request. */
  mallopt(M_MXFAST, 0);
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  sigemptyset(&signals); /* before any thread starts, so that all of them leave signals to this one */
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, NULL);
  pthread_mutex_init(&s.connections_lock, NULL);
  const bool started = start(&s);
  if (started) {
    log_line("info", "listening",
             json_pack("{s:s,s:i,s:s,s:i,s:b}", "address", s.options.listen, "port", http_port(&s), "run", s.run,
                       "threads", s.options.threads, "tokens", (int)atomic_load(&s.tokens.wanted)));
    const int got = serve(&s, &signals);
    log_line("info", "stopping", json_pack("{s:i}", "signal", got));
  }
  stop(&s);
  if (started) log_line("info", "stopped", json_pack("{s:I}", "records", (json_int_t)atomic_load(&s.metrics.records)));
  return started ? 0 : 2;
}
