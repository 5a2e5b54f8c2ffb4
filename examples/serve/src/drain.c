/* SPDX-License-Identifier: MIT
 *
 * drain.c: from the spool to the store, in batches. Every statement may run twice without harm, so a batch that was
 * stored and not noted as such is stored again.
 */
#include "drain.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "log.h"

enum { BATCH_BYTES = 1 << 20, IDLE = 50, FIRST_PAUSE = 100, LONGEST_PAUSE = 1000, LEAST = 19 };

static const char NOTE_RUN[] =
    "INSERT INTO run (id, kind, status, started, finished, detail) VALUES ($1, 'serve', $2, $3, $4, $5)"
    " ON CONFLICT (id) DO UPDATE SET status = excluded.status, finished = excluded.finished, detail = excluded.detail,"
    " started = excluded.started";
/* What a pipeline has written of a model stays. */
static const char NOTE_MODEL[] =
    "INSERT INTO model (digest, name, recipe, about, created) VALUES ($1, $2, $3, $4, $5)"
    " ON CONFLICT (digest) DO UPDATE SET name = COALESCE(model.name, excluded.name),"
    " recipe = COALESCE(model.recipe, excluded.recipe), about = COALESCE(model.about, excluded.about),"
    " created = COALESCE(model.created, excluded.created)";

typedef struct batch {
  char **lines;  /* of the spool */
  char **fields; /* of predictions */
  int64_t count, predictions;
} batch;

/* Rows that predictions refer to, should this be another database than the one that knows them. */
static bool store_parents(store *to, char *const *fields, int64_t rows) {
  const char *run = "", *model = "";
  for (int64_t i = 0; i < rows; i++, fields += STORE_COLUMNS) {
    const char *values[] = {fields[STORE_RUN], fields[STORE_MODEL]};
    if (strcmp(run, values[0]) != 0 &&
        !store_execute(to, "INSERT INTO run (id) VALUES ($1) ON CONFLICT DO NOTHING", values, 1, NULL))
      return false;
    if (strcmp(model, values[1]) != 0 &&
        !store_execute(to, "INSERT INTO model (digest) VALUES ($1) ON CONFLICT DO NOTHING", values + 1, 1, NULL))
      return false;
    run = values[0];
    model = values[1];
  }
  return true;
}

static bool flush(store *to, batch *b) {
  const int64_t rows = b->predictions;
  b->predictions = 0;
  return store_parents(to, b->fields, rows) && store_predictions(to, b->fields, rows);
}

/* Takes one line; predictions wait for their neighbours. A damaged line is put aside. */
static bool take_line(drain *d, batch *b, char *line) {
  char *fields[STORE_COLUMNS + 1] = {0};
  char *copy = strdup(line);
  const int count = spool_fields(line, fields, STORE_COLUMNS + 1);
  const char kind = count > 0 && fields[0] != NULL ? fields[0][0] : '\0';
  bool done = true;
  if (kind == 'P' && count == STORE_COLUMNS + 1 && fields[STORE_RUN + 1] != NULL && fields[STORE_MODEL + 1] != NULL) {
    memcpy(b->fields + b->predictions++ * STORE_COLUMNS, fields + 1, STORE_COLUMNS * sizeof *fields);
  } else if (kind == 'R' && count == 6) {
    done = flush(&d->to, b) && store_execute(&d->to, NOTE_RUN, (const char *const *)fields + 1, 5, NULL);
  } else if (kind == 'M' && count == 6) {
    done = flush(&d->to, b) && store_execute(&d->to, NOTE_MODEL, (const char *const *)fields + 1, 5, NULL);
  } else {
    spool_refuse(d->from, copy != NULL ? copy : "", "a damaged line");
    atomic_fetch_add(&d->refused, 1);
  }
  free(copy);
  return done;
}

static bool store_lines(drain *d, batch *b, int64_t first, int64_t end) {
  b->predictions = 0;
  if (!store_execute(&d->to, "BEGIN", NULL, 0, NULL)) return false;
  bool done = true;
  for (int64_t i = first; done && i < end; i++) {
    char *line = strdup(b->lines[i]); /* fields are cut in place, and may be cut again */
    done = line != NULL && take_line(d, b, line);
    b->fields[(int64_t)STORE_COLUMNS * b->count + i] = line;
  }
  done = done && flush(&d->to, b) && store_execute(&d->to, "COMMIT", NULL, 0, NULL);
  for (int64_t i = first; i < end; i++) {
    free(b->fields[(int64_t)STORE_COLUMNS * b->count + i]);
    b->fields[(int64_t)STORE_COLUMNS * b->count + i] = NULL;
  }
  if (done) return true;
  char message[sizeof d->to.message];
  memcpy(message, d->to.message, sizeof message);
  const bool away = d->to.away;
  if (!away) store_execute(&d->to, "ROLLBACK", NULL, 0, NULL);
  return store_fail(&d->to, away, message);
}

/* When the store refuses a batch, its lines go one by one, and the bad ones aside: one must not hold up the others. */
static bool store_each(drain *d, batch *b) {
  for (int64_t i = 0; i < b->count; i++) {
    if (store_lines(d, b, i, i + 1)) continue;
    if (d->to.away) return false;
    spool_refuse(d->from, b->lines[i], d->to.message);
    atomic_fetch_add(&d->refused, 1);
  }
  return true;
}

static int64_t cut_lines(text *bytes, char **lines) {
  int64_t count = 0;
  char *const behind = bytes->bytes + bytes->length;
  for (char *at = bytes->bytes, *end; (end = memchr(at, '\n', (size_t)(behind - at))) != NULL; at = end + 1) {
    if (lines != NULL) {
      *end = '\0';
      lines[count] = at;
    }
    count++;
  }
  return count;
}

static bool store_batch(drain *d, text *bytes) {
  batch b = {.count = cut_lines(bytes, NULL)};
  b.lines = calloc((size_t)b.count, sizeof *b.lines);
  b.fields = calloc((size_t)b.count, (STORE_COLUMNS + 1) * sizeof *b.fields);
  bool done = b.lines != NULL && b.fields != NULL;
  if (done) {
    cut_lines(bytes, b.lines);
    done = store_connect(&d->to) && (store_lines(d, &b, 0, b.count) || (!d->to.away && store_each(d, &b)));
  }
  if (done) {
    spool_commit(d->from, b.count);
    atomic_fetch_add(&d->stored, b.count);
  }
  free(b.lines);
  free(b.fields);
  return done;
}

static void note_reached(drain *d, bool reached) {
  if (atomic_exchange(&d->reached, reached) == reached) return;
  if (reached)
    log_line("info", "store reached", json_pack("{s:I}", "waiting", (json_int_t)atomic_load(&d->from->waiting)));
  else
    log_line("error", "store away, results wait in the spool", json_pack("{s:s}", "message", d->to.message));
}

static void *work(void *job) {
  drain *d = job;
  text bytes = {0};
  int pause = FIRST_PAUSE;
  setpriority(PRIO_PROCESS, (id_t)gettid(), LEAST); /* answers go first; under full load results wait in the spool */
  note_reached(d, store_connect(&d->to));
  while (!atomic_load(&d->stopping)) {
    if (!spool_peek(d->from, &bytes, BATCH_BYTES)) {
      usleep(IDLE * 1000); /* rather than be woken by each append: that would cost the requests more than it gives */
      continue;
    }
    const bool done = store_batch(d, &bytes);
    note_reached(d, done);
    if (done) {
      pause = FIRST_PAUSE;
      continue;
    }
    for (int slept = 0; slept < pause && !atomic_load(&d->stopping); slept += IDLE) usleep(IDLE * 1000);
    if (pause < LONGEST_PAUSE) pause *= 2;
  }
  text_free(&bytes);
  store_close(&d->to);
  return NULL;
}

bool drain_start(drain *d, spool *from, const char *url) {
  *d = (drain){.from = from};
  atomic_store(&d->reached, true); /* so that the first failure is logged */
  d->started = store_open(&d->to, url) && pthread_create(&d->thread, NULL, work, d) == 0;
  return d->started;
}

void drain_stop(drain *d, int milliseconds) {
  if (!d->started) return;
  while (milliseconds > 0 && atomic_load(&d->from->waiting) > 0 && atomic_load(&d->reached)) {
    usleep(10000);
    milliseconds -= 10;
  }
  atomic_store(&d->stopping, true);
  pthread_join(d->thread, NULL);
}
