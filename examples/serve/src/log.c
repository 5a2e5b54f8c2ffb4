/* SPDX-License-Identifier: MIT
 *
 * log.c: one line of JSON an event.
 */
#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

bool log_everything;

long long log_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

const char *log_time(long long milliseconds, char *buffer) {
  const time_t seconds = (time_t)(milliseconds / 1000);
  struct tm parts;
  char day[24];
  gmtime_r(&seconds, &parts);
  strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &parts);
  snprintf(buffer, 32, "%s.%03dZ", day, (int)(milliseconds % 1000));
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
