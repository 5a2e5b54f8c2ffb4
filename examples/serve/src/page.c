/* SPDX-License-Identifier: MIT
 *
 * page.c: the page to try a model, and whether the server is well.
 */
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "server.h"

void page(request *r) {
  r->type = "text/html; charset=utf-8";
  text_word(&r->answer, page_html);
}

void ping(request *r) {
  text_word(&r->answer, "{}\n");
}

static json_t *columns_of(const served *by) {
  json_t *columns = json_array();
  for (int64_t i = 0; i < by->inputs; i++)
    json_array_append_new(columns, json_string(ba_model_input_name(by->model, i)));
  return columns;
}

static json_t *classes_of(const served *by) {
  json_t *classes = json_array();
  for (int32_t i = 0; i < by->classes; i++)
    json_array_append_new(classes, json_string(ba_model_class_name(by->model, i)));
  return classes;
}

/* 503 once it stops, so that a balancer sends nothing more. */
void health(request *r) {
  server *s = r->server;
  served *by = shelf_take(&s->models);
  char loaded[32];
  if (atomic_load(&s->stopping)) r->status = 503;
  json_t *answer =
      json_pack("{s:s,s:{s:s,s:s,s:s,s:s},s:o,s:o,s:s}", "status", r->status == 503 ? "stopping" : "ok", "model",
                "name", by->name, "digest", by->digest, "recipe", ba_model_recipe(by->model), "loaded",
                log_time(by->loaded, loaded), "columns", columns_of(by), "classes", classes_of(by), "run", s->run);
  if (s->drain.started)
    json_object_set_new(answer, "store",
                        json_pack("{s:b,s:I}", "reached", (int)atomic_load(&s->drain.reached), "waiting",
                                  (json_int_t)atomic_load(&s->spool.waiting)));
  char *printed = json_dumps(answer, JSON_COMPACT);
  text_print(&r->answer, "%s\n", printed != NULL ? printed : "{}");
  free(printed);
  json_decref(answer);
  served_release(by);
}
