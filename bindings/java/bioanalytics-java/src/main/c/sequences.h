/* SPDX-License-Identifier: MIT
 *
 * sequences.h: batches over what Java gives.
 */
#ifndef SEQUENCES_H
#define SEQUENCES_H

#include "bridge.h"

/* Sequences in direct buffers: `count` of them, bounded by offsets of 64 bits when `wide`, else of 32, from element
 * `first` on, into `length` bytes from `from` on. */
typedef struct sequence_buffers {
  jobject letters;
  int64_t from;
  int64_t length;
  jobject offsets;
  bool wide;
  int64_t first;
  int64_t count;
} sequence_buffers;

/* A batch over these letters, or with `copied` over a copy of them; NULL with an exception. */
ba_records *sequences_batch(JNIEnv *env, ba_context *context, const sequence_buffers *given, bool copied);

#endif
