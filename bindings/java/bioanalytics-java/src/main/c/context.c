/* SPDX-License-Identifier: MIT
 *
 * context.c: contexts, what the library is, and the end of every native object.
 */
#include "bridge.h"

JNIEXPORT jbyteArray JNICALL Java_org_bioanalytics_Calls_versionText(JNIEnv *env, jclass calls) {
  (void)calls;
  return bridge_java_text(env, BIOANALYTICS_JNI_VERSION);
}

JNIEXPORT jint JNICALL Java_org_bioanalytics_Calls_abiVersion(JNIEnv *env, jclass calls) {
  (void)env;
  (void)calls;
  return ba_abi_version();
}

JNIEXPORT jbyteArray JNICALL Java_org_bioanalytics_Calls_buildText(JNIEnv *env, jclass calls) {
  (void)calls;
  return bridge_java_text(env, ba_build_text());
}

/* The kinds are those of Resource.java. */
JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_destroy(JNIEnv *env, jclass calls, jint kind, jlong pointer) {
  (void)calls;
  switch (kind) {
    case 0:
      ba_context_destroy(AT(ba_context, pointer));
      break;
    case 1:
      ba_reader_close(AT(ba_reader, pointer));
      break;
    case 2:
      ba_records_release(AT(ba_records, pointer));
      break;
    case 3:
      ba_extractor_destroy(AT(ba_extractor, pointer));
      break;
    case 4:
      ba_model_release(AT(ba_model, pointer));
      break;
    case 5:
      ba_scorer_destroy(AT(ba_scorer, pointer));
      break;
    case 6:
      ba_dataset_destroy(AT(ba_dataset, pointer));
      break;
    case 7:
      ba_trainer_destroy(AT(ba_trainer, pointer));
      break;
    case 8:
      ba_solver_destroy(AT(ba_solver, pointer));
      break;
    case 9:
      ba_partial_destroy(AT(ba_partial, pointer));
      break;
    case 10:
      ba_stream_close(AT(ba_stream, pointer));
      break;
    case 11:
      ba_array_release(AT(ba_array, pointer));
      break;
    default:
      bridge_refuse(env, BA_ERR_ARGUMENT, "there is no such kind of object");
  }
}

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_contextCreate(JNIEnv *env, jclass calls) {
  (void)calls;
  ba_context *context = NULL;
  const ba_status status = ba_context_create(NULL, &context);
  if (status) bridge_refuse(env, status, ba_status_text(status));
  return JAVA(context);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_contextThreads(JNIEnv *env, jclass calls, jlong c, jint threads) {
  (void)calls;
  bridge_done(env, AT(ba_context, c), ba_context_set_threads(AT(ba_context, c), threads));
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_contextMemoryLimit(JNIEnv *env, jclass calls, jlong c, jlong bytes) {
  (void)calls;
  bridge_done(env, AT(ba_context, c), ba_context_set_memory_limit(AT(ba_context, c), bytes));
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_contextCpu(JNIEnv *env, jclass calls, jlong c, jbyteArray level) {
  (void)calls;
  char *text;
  if (!bridge_text(env, level, false, &text)) return;
  bridge_done(env, AT(ba_context, c), ba_context_set_cpu(AT(ba_context, c), text));
  free(text);
}

JNIEXPORT jbyteArray JNICALL Java_org_bioanalytics_Calls_contextCpuName(JNIEnv *env, jclass calls, jlong c) {
  (void)calls;
  return bridge_java_text(env, c ? ba_context_cpu(AT(ba_context, c)) : NULL);
}

static void give_pair(JNIEnv *env, jlongArray array, int64_t first, int64_t second) {
  const jlong two[2] = {first, second};
  if (array == NULL || (*env)->GetArrayLength(env, array) < 2) {
    bridge_refuse(env, BA_ERR_ARGUMENT, "an array for two numbers is null or too short");
    return;
  }
  (*env)->SetLongArrayRegion(env, array, 0, 2, two);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_contextMemory(JNIEnv *env, jclass calls, jlong c, jlongArray two) {
  (void)calls;
  int64_t now, most;
  ba_context_memory(AT(ba_context, c), &now, &most);
  give_pair(env, two, now, most);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_contextProgress(JNIEnv *env, jclass calls, jlong c, jlongArray two) {
  (void)calls;
  int64_t done, total;
  ba_context_progress(AT(ba_context, c), &done, &total);
  give_pair(env, two, done, total);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_contextCancel(JNIEnv *env, jclass calls, jlong c) {
  (void)env;
  (void)calls;
  ba_context_cancel(AT(ba_context, c));
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_contextReset(JNIEnv *env, jclass calls, jlong c) {
  (void)calls;
  bridge_done(env, AT(ba_context, c), ba_context_reset(AT(ba_context, c)));
}

typedef struct asked_recipe {
  ba_context *context;
  const char *recipe;
} asked_recipe;

static ba_status write_canonical(const void *subject, char *buffer, int64_t capacity, int64_t *length) {
  const asked_recipe *asked = subject;
  return ba_recipe_canonical(asked->context, asked->recipe, buffer, capacity, length);
}

JNIEXPORT jbyteArray JNICALL Java_org_bioanalytics_Calls_recipeCanonical(JNIEnv *env, jclass calls, jlong c,
                                                                         jbyteArray recipe) {
  (void)calls;
  char *text;
  if (!bridge_text(env, recipe, false, &text)) return NULL;
  const asked_recipe asked = {AT(ba_context, c), text};
  jbyteArray found = bridge_written(env, asked.context, write_canonical, &asked);
  free(text);
  return found;
}
