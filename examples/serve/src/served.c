/* SPDX-License-Identifier: MIT
 *
 * served.c: the model that is served, and its reload.
 */
#include "served.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

served *served_retain(served *s) {
  atomic_fetch_add(&s->references, 1);
  return s;
}

void served_release(served *s) {
  if (s == NULL || atomic_fetch_sub(&s->references, 1) > 1) return;
  ba_model_release(s->model);
  free(s->name);
  free(s->about);
  free(s->head);
  for (int32_t i = 0; s->classes_json != NULL && i < s->classes; i++) free(s->classes_json[i]);
  free(s->classes_json);
  free(s->predicted);
  free(s);
}

int32_t served_answers(const served *s) {
  return s->classes > 0 ? s->classes : 1;
}

bool served_looks_back(const served *s) {
  return ba_model_looks_back(s->model) != 0;
}

/* The name without folders and without .ba. */
static char *stem(const char *path) {
  const char *slash = strrchr(path, '/');
  char *name = strdup(slash != NULL ? slash + 1 : path);
  const size_t length = name != NULL ? strlen(name) : 0;
  if (length > 3 && strcmp(name + length - 3, ".ba") == 0) name[length - 3] = '\0';
  return name;
}

static bool describe(ba_context *context, served *s) {
  int64_t length = 0;
  if (ba_model_describe(context, s->model, NULL, 0, &length) != BA_OK) return false;
  s->about = malloc((size_t)length + 1);
  if (s->about == NULL || ba_model_describe(context, s->model, s->about, length + 1, &length) != BA_OK) return false;
  json_t *about = json_loads(s->about, 0, NULL);
  const char *digest = json_string_value(json_object_get(about, "digest"));
  if (digest != NULL) snprintf(s->digest, sizeof s->digest, "%s", digest);
  s->watches_drift = json_integer_value(json_object_get(about, "drift_monitors")) > 0;
  json_decref(about);
  return digest != NULL;
}

/* What every answer says is written once. */
static bool prepare_answers(served *s) {
  json_t *about = json_pack("{s:{s:s,s:s},s:s}", "model", "name", s->name, "digest", s->digest, "request", "");
  s->head = json_dumps(about, JSON_COMPACT);
  json_decref(about);
  if (s->head == NULL) return false;
  s->head[strlen(s->head) - 2] = '\0';
  s->classes_json = calloc((size_t)served_answers(s), sizeof *s->classes_json);
  for (int32_t i = 0; s->classes_json != NULL && i < s->classes; i++) {
    json_t *name = json_string(ba_model_class_name(s->model, i));
    s->classes_json[i] = name != NULL ? json_dumps(name, JSON_ENCODE_ANY) : strdup("null");
    json_decref(name);
    if (s->classes_json[i] == NULL) return false;
  }
  return s->classes_json != NULL;
}

static served *load(ba_context *context, const char *path, const char *name) {
  served *s = calloc(1, sizeof *s);
  if (s == NULL) return NULL;
  atomic_store(&s->references, 1);
  s->loaded = log_now();
  if (ba_model_load_path(context, path, "selftest=yes", &s->model) == BA_OK && describe(context, s)) {
    s->name = name != NULL ? strdup(name) : stem(path);
    s->classes = ba_model_classes(s->model);
    s->outputs = ba_model_outputs(s->model);
    s->inputs = ba_model_inputs(s->model);
    s->predicted = calloc((size_t)served_answers(s), sizeof *s->predicted);
    if (s->name != NULL && s->predicted != NULL && prepare_answers(s)) return s;
  }
  served_release(s);
  return NULL;
}

static bool replace(shelf *s) {
  ba_context *context = NULL;
  served *next = ba_context_create(NULL, &context) == BA_OK ? load(context, s->path, s->name) : NULL;
  if (next == NULL) {
    const char *why = context != NULL ? ba_context_error_message(context) : "";
    atomic_fetch_add(&s->refusals, 1);
    log_line("error", s->current != NULL ? "model refused, the old one stays" : "model refused",
             json_pack("{s:s,s:s}", "path", s->path, "message", why[0] != '\0' ? why : "out of memory"));
  } else {
    log_line("info", "model loaded",
             json_pack("{s:s,s:s,s:s}", "path", s->path, "model", next->name, "digest", next->digest));
    pthread_mutex_lock(&s->lock);
    served *old = s->current;
    s->current = next;
    atomic_fetch_add(&s->version, 1);
    pthread_mutex_unlock(&s->lock);
    if (old != NULL) atomic_fetch_add(&s->reloads, 1);
    served_release(old);
  }
  ba_context_destroy(context);
  return next != NULL;
}

bool shelf_open(shelf *s, const char *path, const char *name) {
  *s = (shelf){.path = path, .name = name};
  pthread_mutex_init(&s->lock, NULL);
  stat(path, &s->seen);
  return replace(s);
}

bool shelf_look(shelf *s) {
  struct stat now;
  if (stat(s->path, &now) != 0) return false; /* between two renames, or taken away: the model stays */
  if (now.st_ino == s->seen.st_ino && now.st_dev == s->seen.st_dev && now.st_size == s->seen.st_size &&
      now.st_mtim.tv_sec == s->seen.st_mtim.tv_sec && now.st_mtim.tv_nsec == s->seen.st_mtim.tv_nsec)
    return false;
  s->seen = now;
  return replace(s);
}

served *shelf_take(shelf *s) {
  pthread_mutex_lock(&s->lock);
  served *current = served_retain(s->current);
  pthread_mutex_unlock(&s->lock);
  return current;
}

void shelf_close(shelf *s) {
  served_release(s->current);
  s->current = NULL;
  pthread_mutex_destroy(&s->lock);
}
