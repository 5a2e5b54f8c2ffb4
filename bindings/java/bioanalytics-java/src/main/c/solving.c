/* SPDX-License-Identifier: MIT
 *
 * solving.c: solvers and partials, for rows in many processes.
 */
#include "bridge.h"

#include <math.h>

#define PIECE_ROOM (INT64_C(1) << 19)
#define MOST_GUESSED (INT64_C(1) << 26) /* letters */

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_solverCreate(JNIEnv *env, jclass calls, jlong c, jbyteArray recipe,
                                                                 jbyteArray classes, jint count, jbyteArray options) {
  (void)calls;
  char *text = NULL, *rest = NULL;
  const char **names = NULL;
  ba_solver *solver = NULL;
  if (bridge_text(env, recipe, false, &text) && bridge_text(env, options, true, &rest) &&
      (classes == NULL || bridge_texts(env, classes, count, false, &names))) {
    bridge_done(env, AT(ba_context, c),
                ba_solver_create(AT(ba_context, c), text, names, names ? count : 0, rest, &solver));
  }
  free(text);
  free(rest);
  free(names);
  return JAVA(solver);
}

static ba_status write_request(const void *subject, char *buffer, int64_t capacity, int64_t *length) {
  return ba_solver_ask(subject, (uint8_t *)buffer, capacity, length);
}

static ba_status write_solver(const void *subject, char *buffer, int64_t capacity, int64_t *length) {
  return ba_solver_save(subject, (uint8_t *)buffer, capacity, length);
}

static ba_status write_partial(const void *subject, char *buffer, int64_t capacity, int64_t *length) {
  return ba_partial_save(subject, (uint8_t *)buffer, capacity, length);
}

JNIEXPORT jbyteArray JNICALL Java_org_bioanalytics_Calls_solverAsk(JNIEnv *env, jclass calls, jlong c, jlong solver) {
  (void)calls;
  return bridge_written(env, AT(ba_context, c), write_request, AT(ba_solver, solver));
}

JNIEXPORT jboolean JNICALL Java_org_bioanalytics_Calls_solverTell(JNIEnv *env, jclass calls, jlong c, jlong solver,
                                                                  jlong partial) {
  (void)calls;
  const ba_status status = ba_solver_tell(AT(ba_solver, solver), AT(ba_partial, partial));
  return bridge_done(env, AT(ba_context, c), status) && status != BA_END;
}

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_solverFinish(JNIEnv *env, jclass calls, jlong c, jlong solver) {
  (void)calls;
  ba_model *model = NULL;
  bridge_done(env, AT(ba_context, c), ba_solver_finish(AT(ba_solver, solver), &model));
  return JAVA(model);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_solverMetrics(JNIEnv *env, jclass calls, jlong solver,
                                                                 jdoubleArray five) {
  (void)calls;
  int64_t iterations = 0, passes = 0;
  double all[5] = {0, 0, NAN, NAN, NAN}; /* rows elsewhere have no dev part */
  if (five == NULL || (*env)->GetArrayLength(env, five) < 5) {
    bridge_refuse(env, BA_ERR_ARGUMENT, "an array for five numbers is null or too short");
    return;
  }
  ba_solver_metrics(AT(ba_solver, solver), &iterations, &passes, &all[2], &all[3]);
  all[0] = (double)iterations;
  all[1] = (double)passes;
  (*env)->SetDoubleArrayRegion(env, five, 0, 5, all);
}

JNIEXPORT jbyteArray JNICALL Java_org_bioanalytics_Calls_solverReason(JNIEnv *env, jclass calls, jlong solver) {
  (void)calls;
  return bridge_java_text(env, ba_solver_reason(AT(ba_solver, solver)));
}

JNIEXPORT jbyteArray JNICALL Java_org_bioanalytics_Calls_solverSave(JNIEnv *env, jclass calls, jlong c, jlong solver) {
  (void)calls;
  return bridge_written(env, AT(ba_context, c), write_solver, AT(ba_solver, solver));
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_solverRestore(JNIEnv *env, jclass calls, jlong c, jlong solver,
                                                                 jbyteArray state) {
  (void)calls;
  uint8_t *bytes;
  int64_t length;
  if (!bridge_bytes(env, state, &bytes, &length)) return;
  bridge_done(env, AT(ba_context, c), ba_solver_restore(AT(ba_solver, solver), bytes, length));
  free(bytes);
}

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_partialCreate(JNIEnv *env, jclass calls, jlong c,
                                                                  jbyteArray request) {
  (void)calls;
  uint8_t *bytes;
  int64_t length;
  ba_partial *partial = NULL;
  if (!bridge_bytes(env, request, &bytes, &length)) return 0;
  bridge_done(env, AT(ba_context, c), ba_partial_create(AT(ba_context, c), bytes, length, &partial));
  free(bytes);
  return JAVA(partial);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_partialAccumulate(JNIEnv *env, jclass calls, jlong c, jlong partial,
                                                                     jlong dataset, jlong first_row) {
  (void)calls;
  bridge_done(env, AT(ba_context, c),
              ba_partial_accumulate(AT(ba_partial, partial), AT(ba_dataset, dataset), first_row));
}

typedef struct packing {
  ba_partial *partial;
  ba_dataset *dataset;
  int64_t first_row;
} packing;

static ba_status write_packed(const void *subject, char *buffer, int64_t capacity, int64_t *length) {
  const packing *p = subject;
  return ba_partial_pack(p->partial, p->dataset, p->first_row, (uint8_t *)buffer, capacity, length);
}

/* Memory that nobody writes to costs nothing, so there is room for most recipes at once. */
JNIEXPORT jbyteArray JNICALL Java_org_bioanalytics_Calls_partialPack(JNIEnv *env, jclass calls, jlong c, jlong partial,
                                                                     jlong dataset, jlong first_row) {
  (void)calls;
  const packing subject = {AT(ba_partial, partial), AT(ba_dataset, dataset), first_row};
  int64_t letters = 0;
  ba_dataset_counters(subject.dataset, &letters, NULL, NULL);
  return bridge_written_about(env, AT(ba_context, c), write_packed, &subject,
                              letters < MOST_GUESSED ? PIECE_ROOM + 8 * letters : PIECE_ROOM);
}

/* Pieces are copied one after the other, so that they are still in the cache when they are summed. */
JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_partialAccumulatePacked(JNIEnv *env, jclass calls, jlong c,
                                                                           jlong partial, jbyteArray packed) {
  (void)calls;
  if (packed == NULL) {
    bridge_refuse(env, BA_ERR_ARGUMENT, "an array is null");
    return;
  }
  const jsize n = (*env)->GetArrayLength(env, packed);
  int64_t room = PIECE_ROOM, length;
  uint8_t *piece = bridge_memory(env, room, 1);
  bool done = piece != NULL;
  for (jsize at = 0; done && at < n; at += (jsize)length) {
    length = n - at; /* of what is no piece, so that the library says so */
    if (length >= 8) (*env)->GetByteArrayRegion(env, packed, at, 8, (jbyte *)&length);
    if (length < 1 || length > n - at) length = n - at;
    if (length > room) {
      free(piece);
      room = length;
      piece = bridge_memory(env, room, 1);
      if (piece == NULL) break;
    }
    (*env)->GetByteArrayRegion(env, packed, at, (jsize)length, (jbyte *)piece);
    done = bridge_done(env, AT(ba_context, c), ba_partial_accumulate_packed(AT(ba_partial, partial), piece, length));
  }
  free(piece);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_partialMerge(JNIEnv *env, jclass calls, jlong c, jlong partial,
                                                                jlong other) {
  (void)calls;
  bridge_done(env, AT(ba_context, c), ba_partial_merge(AT(ba_partial, partial), AT(ba_partial, other)));
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_partialAdd(JNIEnv *env, jclass calls, jlong c, jlong partial,
                                                              jbyteArray saved) {
  (void)calls;
  uint8_t *bytes;
  int64_t length;
  if (!bridge_bytes(env, saved, &bytes, &length)) return;
  bridge_done(env, AT(ba_context, c), ba_partial_add(AT(ba_partial, partial), bytes, length));
  free(bytes);
}

JNIEXPORT jbyteArray JNICALL Java_org_bioanalytics_Calls_partialSave(JNIEnv *env, jclass calls, jlong c,
                                                                     jlong partial) {
  (void)calls;
  return bridge_written(env, AT(ba_context, c), write_partial, AT(ba_partial, partial));
}

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_partialRows(JNIEnv *env, jclass calls, jlong partial) {
  (void)env;
  (void)calls;
  return ba_partial_rows(AT(ba_partial, partial));
}
