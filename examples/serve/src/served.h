/* SPDX-License-Identifier: MIT
 *
 * served.h: the model that is served. A loaded model never changes; a reload puts another one in its place, and
 * requests in flight finish with the one that they began with.
 */
#ifndef SERVE_SERVED_H
#define SERVE_SERVED_H

#include <bioanalytics/bioanalytics.h>
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>

typedef struct served {
  ba_model *model;
  char *name, *about;  /* of the file; the library's description, JSON */
  char *head;          /* of every answer: {"model":{...},"request":" */
  char **classes_json; /* names of classes, quoted */
  char digest[24];
  int32_t classes, outputs;
  int64_t inputs; /* columns of a table that it reads; 0: it reads sequences */
  bool watches_drift;
  long long loaded;        /* milliseconds since 1970 */
  atomic_llong *predicted; /* one a class; of a model of numbers one */
  atomic_int references;
} served;

served *served_retain(served *s);
void served_release(served *s);
/* Numbers beside the scores of a record: a probability a class, or one value. */
int32_t served_answers(const served *s);
/* Whether scores of a row depend on the rows before it. */
bool served_looks_back(const served *s);

/* Where the current one stands. */
typedef struct shelf {
  const char *path, *name;
  pthread_mutex_t lock;
  served *current;
  atomic_long version; /* rises with each reload */
  atomic_long reloads, refusals;
  struct stat seen; /* of the file that was last tried */
} shelf;

/* Loads the first model; false, with a line in the log, when it cannot. */
bool shelf_open(shelf *s, const char *path, const char *name);
/* Looks whether the file is another one; loads it, checks it, and puts it in place. A bad one is refused, once. */
bool shelf_look(shelf *s);
served *shelf_take(shelf *s);
void shelf_close(shelf *s);

#endif
