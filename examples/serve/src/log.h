/* SPDX-License-Identifier: MIT
 *
 * log.h: one line of JSON an event, on standard error.
 */
#ifndef SERVE_LOG_H
#define SERVE_LOG_H

#include <jansson.h>
#include <stdbool.h>

/* Requests that succeed are logged too. Set before any thread starts. */
extern bool log_everything;

/* `fields`, an object of json_pack or NULL, is taken over. */
void log_line(const char *level, const char *event, json_t *fields);
/* Milliseconds since 1970, and as 2026-11-22T09:30:00.123Z in a buffer of 32. */
long long log_now(void);
const char *log_time(long long milliseconds, char *buffer);

#endif
