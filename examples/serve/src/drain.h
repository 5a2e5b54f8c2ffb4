/* SPDX-License-Identifier: MIT
 *
 * drain.h: the thread that takes results from the spool to the store.
 */
#ifndef SERVE_DRAIN_H
#define SERVE_DRAIN_H

#include "spool.h"
#include "store.h"

typedef struct drain {
  spool *from;
  store to;
  pthread_t thread;
  bool started;
  atomic_bool stopping;
  atomic_bool reached; /* the store answers */
  atomic_llong stored, refused;
} drain;

bool drain_start(drain *d, spool *from, const char *url);
/* Gives the spool so many milliseconds to become empty, and ends the thread. */
void drain_stop(drain *d, int milliseconds);

#endif
