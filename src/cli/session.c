/* SPDX-License-Identifier: MIT
 *
 * session.c: the frame around a command: its context, error lines and exit codes, interrupts, and the progress line,
 * which a thread of its own draws while the library works, at a terminal only.
 */
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

enum { PATIENCE_SECONDS = 2 };

/* What the signal handler needs. */
static ba_context *_Atomic running;
static volatile sig_atomic_t interrupted;

static struct {
  pthread_mutex_t lock;
  pthread_cond_t wake;
  pthread_t thread;
  bool started, stop, shown;
  char text[160];
} progress = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

/* The first interrupt asks the library to stop. A second one does not wait for it, nor does the alarm: a read from a
 * terminal or a pipe may never return. */
static void on_signal(int number) {
  if (interrupted || number == SIGALRM) {
    static const char line[] = "ba: interrupted\n";
    cli_output_abandon();
    if (write(STDERR_FILENO, line, sizeof line - 1) < 0) _exit(CLI_LIMIT);
    _exit(CLI_LIMIT);
  }
  interrupted = 1;
  ba_context *context = atomic_load(&running);
  if (context != NULL) ba_context_cancel(context);
  alarm(PATIENCE_SECONDS);
}

static void catch_signals(void) {
  static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGALRM};
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) sigaction(numbers[i], &action, NULL);
}

static int exit_code(ba_status status) {
  switch (status) {
    case BA_OK:
    case BA_END:
      return CLI_DONE;
    case BA_ERR_ARGUMENT:
    case BA_ERR_RECIPE:
      return CLI_USAGE;
    case BA_ERR_FORMAT:
    case BA_ERR_TRUNCATED:
    case BA_ERR_CORRUPT:
    case BA_ERR_LETTER:
    case BA_ERR_TABLE:
    case BA_ERR_LABEL:
    case BA_ERR_CLASSES:
    case BA_ERR_LENGTH:
    case BA_ERR_QUALITY:
    case BA_ERR_NUMBER:
    case BA_ERR_SHAPE:
    case BA_ERR_MODEL:
    case BA_ERR_VERSION:
    case BA_ERR_UNSUPPORTED:
      return CLI_INPUT;
    case BA_ERR_IO:
      return CLI_IO;
    case BA_ERR_MEMORY:
    case BA_ERR_LIMIT:
    case BA_ERR_CANCELLED:
      return CLI_LIMIT;
    default:
      return CLI_INTERNAL;
  }
}

/* ---- the progress line ---- */

/* Called with the lock held. */
static void clear_line(void) {
  if (progress.shown) fputs("\r\033[K", stderr);
  progress.shown = false;
  fflush(stderr);
}

static void draw_line(const cli *c) {
  if (progress.text[0] == '\0') return;
  int64_t done = 0, total = 0;
  ba_context_progress(c->context, &done, &total);
  fprintf(stderr, "\r\033[K%s", progress.text);
  if (total > 0 && done <= total) fprintf(stderr, "  %d%%", (int)(100.0 * (double)done / (double)total));
  fflush(stderr);
  progress.shown = true;
}

static void *draw_often(void *argument) {
  const cli *c = argument;
  pthread_mutex_lock(&progress.lock);
  while (!progress.stop) {
    draw_line(c);
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 200000000;
    if (until.tv_nsec >= 1000000000) {
      until.tv_nsec -= 1000000000;
      until.tv_sec++;
    }
    pthread_cond_timedwait(&progress.wake, &progress.lock, &until);
  }
  pthread_mutex_unlock(&progress.lock);
  return NULL;
}

/* The thread takes no signals: they interrupt the reads of the main thread. */
static void start_progress(cli *c) {
  sigset_t all, before;
  sigfillset(&all);
  if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0) return;
  progress.started = pthread_create(&progress.thread, NULL, draw_often, c) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void stop_progress(void) {
  if (!progress.started) return;
  pthread_mutex_lock(&progress.lock);
  progress.stop = true;
  pthread_cond_signal(&progress.wake);
  pthread_mutex_unlock(&progress.lock);
  pthread_join(progress.thread, NULL);
  progress.started = false;
  clear_line();
}

void cli_progress(cli *c, const char *format, ...) {
  if (!c->terminal) return;
  va_list list;
  va_start(list, format);
  pthread_mutex_lock(&progress.lock);
  vsnprintf(progress.text, sizeof progress.text, format, list);
  pthread_mutex_unlock(&progress.lock);
  va_end(list);
  if (!progress.started) start_progress(c);
}

/* ---- lines on stderr ---- */

static void __attribute__((format(printf, 2, 0))) print_line(const cli *c, const char *format, va_list list) {
  pthread_mutex_lock(&progress.lock);
  clear_line();
  fprintf(stderr, "ba %s: ", c->spec->name);
  vfprintf(stderr, format, list);
  fputc('\n', stderr);
  pthread_mutex_unlock(&progress.lock);
}

int cli_error(cli *c, int code, const char *format, ...) {
  va_list list;
  va_start(list, format);
  print_line(c, format, list);
  va_end(list);
  return code;
}

void cli_note(const char *format, ...) {
  va_list list;
  va_start(list, format);
  pthread_mutex_lock(&progress.lock);
  clear_line();
  vfprintf(stderr, format, list);
  fputc('\n', stderr);
  pthread_mutex_unlock(&progress.lock);
  va_end(list);
}

int cli_fail(cli *c, ba_status status) {
  if (status == BA_ERR_CANCELLED) return cli_error(c, CLI_LIMIT, "interrupted");
  const char *message = ba_context_error_message(c->context);
  if (message[0] == '\0') message = ba_status_text(status);
  return cli_error(c, exit_code(status), "%s", message);
}

int cli_fail_in(cli *c, ba_status status, const char *subject) {
  const char *message = ba_context_error_message(c->context);
  if (status == BA_ERR_CANCELLED || strstr(message, subject) != NULL) return cli_fail(c, status);
  return cli_error(c, exit_code(status), "%s: %s", subject, message[0] != '\0' ? message : ba_status_text(status));
}

int cli_interrupted(cli *c) {
  return interrupted ? cli_error(c, CLI_LIMIT, "interrupted") : CLI_DONE;
}

/* ---- the start and the end ---- */

static int set_up(cli *c) {
  if (c->threads < 1 || c->threads > 256)
    return cli_error(c, CLI_USAGE, "--threads %lld: expected 1 to 256", (long long)c->threads);
  if (c->seed < 0) return cli_error(c, CLI_USAGE, "--seed %lld: expected 0 or more", (long long)c->seed);
  ba_status status = ba_context_create(NULL, &c->context);
  if (status != BA_OK) return cli_error(c, exit_code(status), "%s", ba_status_text(status));
  atomic_store(&running, c->context);
  catch_signals();
  status = ba_context_set_threads(c->context, (int32_t)c->threads);
  if (status == BA_OK) status = ba_context_set_memory_limit(c->context, c->memory_limit);
  if (status != BA_OK) return cli_fail(c, status);
  if (c->cpu != NULL && ba_context_set_cpu(c->context, c->cpu) != BA_OK)
    return cli_error(c, CLI_USAGE, "--cpu %s: %s", c->cpu, ba_context_error_message(c->context));
  return CLI_GO;
}

int cli_start(cli *c, const cli_spec *spec, const cli_option *options, int argc, char **argv) {
  c->spec = spec;
  c->threads = 1;
  c->seed = 1;
  c->terminal = isatty(STDERR_FILENO) == 1;
  int code = cli_options_read(c, options, argc, argv);
  if (code == CLI_GO) code = set_up(c);
  return code == CLI_GO ? CLI_GO : cli_end(c, code);
}

int cli_end(cli *c, int code) {
  stop_progress();
  cli_list_free(&c->files);
  atomic_store(&running, NULL);
  if (c->context != NULL) ba_context_destroy(c->context);
  c->context = NULL;
  if (code == CLI_DONE && (fflush(stdout) != 0 || ferror(stdout)))
    return cli_error(c, CLI_IO, "standard output could not be written");
  return code;
}

/* ---- measures and memory ---- */

double cli_cpu_seconds(void) {
  struct timespec now;
  if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) != 0) return 0.0;
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int64_t cli_peak_memory(void) {
  struct rusage usage;
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  return (int64_t)usage.ru_maxrss * 1024;
}

void *cli_resize(void *pointer, size_t bytes) {
  void *fresh = realloc(pointer, bytes > 0 ? bytes : 1);
  if (fresh == NULL) {
    cli_output_abandon();
    fputs("ba: out of memory\n", stderr);
    _exit(CLI_LIMIT);
  }
  return fresh;
}

void *cli_allocate(size_t bytes) {
  return cli_resize(NULL, bytes);
}

ba_status cli_text(cli_text_call give, const void *object, char **out) {
  int64_t length = 0;
  *out = NULL;
  ba_status status = give(object, NULL, 0, &length);
  if (status != BA_OK) return status;
  char *text = cli_allocate((size_t)length + 1);
  status = give(object, text, length + 1, &length);
  if (status == BA_OK)
    *out = text;
  else
    free(text);
  return status;
}
