/* SPDX-License-Identifier: MIT
 *
 * log.c: one line of JSON an event.
 */
#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

bool log_everything;

long long log_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME_COARSE, &now); /* to 4 ms, at a tenth of the price */
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* The second is written anew when it is another one. */
const char *log_time(long long milliseconds, char *buffer) {
  static _Thread_local char text[24]; /* 2026-11-22T09:30:00 */
  static _Thread_local time_t written = -1;
  const time_t seconds = (time_t)(milliseconds / 1000);
  if (seconds != written) {
    struct tm parts;
    gmtime_r(&seconds, &parts);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    written = seconds;
  }
  const int part = (int)(milliseconds % 1000);
  const char tail[] = {'.', (char)('0' + part / 100), (char)('0' + part / 10 % 10), (char)('0' + part % 10), 'Z', '\0'};
  memcpy(buffer, text, 19);
  memcpy(buffer + 19, tail, sizeof tail);
  return buffer;
}

void log_line(const char *level, const char *event, json_t *fields) {
  char now[32];
  json_t *line = json_pack("{s:s,s:s,s:s}", "time", log_time(log_now(), now), "level", level, "event", event);
  if (fields != NULL) json_object_update(line, fields);
  char *printed = json_dumps(line, JSON_COMPACT);
  if (printed != NULL) fprintf(stderr, "%s\n", printed); /* one call, so lines of threads do not mix */
  free(printed);
  json_decref(line);
  json_decref(fields);
}
