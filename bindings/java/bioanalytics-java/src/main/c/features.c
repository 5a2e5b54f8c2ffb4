/* SPDX-License-Identifier: MIT
 *
 * features.c: extractors, and arrays of numbers to Java's.
 */
#include "bridge.h"

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_extractorCreate(JNIEnv *env, jclass calls, jlong c,
                                                                    jbyteArray recipe) {
  (void)calls;
  char *text;
  ba_extractor *extractor = NULL;
  if (!bridge_text(env, recipe, false, &text)) return 0;
  bridge_done(env, AT(ba_context, c), ba_extractor_create(AT(ba_context, c), text, &extractor));
  free(text);
  return JAVA(extractor);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_extractorFit(JNIEnv *env, jclass calls, jlong c, jlong extractor,
                                                                jlong records) {
  (void)calls;
  bridge_done(env, AT(ba_context, c), ba_extractor_fit(AT(ba_extractor, extractor), AT(ba_records, records)));
}

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_extractorWidth(JNIEnv *env, jclass calls, jlong extractor) {
  (void)env;
  (void)calls;
  return ba_extractor_width(AT(ba_extractor, extractor));
}

typedef struct asked_column {
  const ba_extractor *extractor;
  int64_t column;
} asked_column;

static ba_status write_name(const void *subject, char *buffer, int64_t capacity, int64_t *length) {
  const asked_column *asked = subject;
  return ba_extractor_column_name(asked->extractor, asked->column, buffer, capacity, length);
}

JNIEXPORT jbyteArray JNICALL Java_org_bioanalytics_Calls_extractorColumnName(JNIEnv *env, jclass calls, jlong c,
                                                                             jlong extractor, jlong column) {
  (void)calls;
  const asked_column asked = {AT(ba_extractor, extractor), column};
  return bridge_written(env, AT(ba_context, c), write_name, &asked);
}

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_extractorDense(JNIEnv *env, jclass calls, jlong c, jlong extractor,
                                                                   jlong records, jbyteArray options) {
  (void)calls;
  char *text;
  ba_array *array = NULL;
  if (!bridge_text(env, options, true, &text)) return 0;
  bridge_done(env, AT(ba_context, c),
              ba_extractor_apply_records(AT(ba_extractor, extractor), AT(ba_records, records), text, &array));
  free(text);
  return JAVA(array);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_extractorCsr(JNIEnv *env, jclass calls, jlong c, jlong extractor,
                                                                jlong records, jbyteArray options, jlongArray three) {
  (void)calls;
  char *text;
  ba_array *arrays[3] = {NULL, NULL, NULL};
  if (three == NULL || (*env)->GetArrayLength(env, three) < 3) {
    bridge_refuse(env, BA_ERR_ARGUMENT, "an array for three numbers is null or too short");
    return;
  }
  if (!bridge_text(env, options, true, &text)) return;
  const ba_status status = ba_extractor_apply_records_csr(AT(ba_extractor, extractor), AT(ba_records, records), text,
                                                          &arrays[0], &arrays[1], &arrays[2]);
  free(text);
  if (!bridge_done(env, AT(ba_context, c), status)) return;
  const jlong found[3] = {JAVA(arrays[0]), JAVA(arrays[1]), JAVA(arrays[2])};
  (*env)->SetLongArrayRegion(env, three, 0, 3, found);
}

/* The number of its elements, when it is of this type and fits an array of Java; else -1, with an exception. */
static int64_t elements(JNIEnv *env, const ba_array *array, int32_t type, int32_t other) {
  const int32_t is = ba_array_dtype(array);
  const int64_t rows = ba_array_shape(array, 0), columns = ba_array_ndim(array) == 2 ? ba_array_shape(array, 1) : 1;
  if (is != type && is != other) {
    bridge_refuse(env, BA_ERR_SHAPE, "the array is null or of another type");
    return -1;
  }
  if (columns > 0 && rows > (INT32_MAX - 8) / columns) {
    bridge_refuse(env, BA_ERR_LIMIT, "more numbers than a Java array can hold: expected fewer records a batch, or csr");
    return -1;
  }
  return rows * columns;
}

JNIEXPORT jdoubleArray JNICALL Java_org_bioanalytics_Calls_arrayDoubles(JNIEnv *env, jclass calls, jlong array) {
  (void)calls;
  const int64_t n = elements(env, AT(ba_array, array), BA_FLOAT64, BA_FLOAT64);
  return n < 0 ? NULL : bridge_java_doubles(env, ba_array_data(AT(ba_array, array)), n);
}

JNIEXPORT jlongArray JNICALL Java_org_bioanalytics_Calls_arrayLongs(JNIEnv *env, jclass calls, jlong array) {
  (void)calls;
  const int64_t n = elements(env, AT(ba_array, array), BA_INT64, BA_INT64);
  jlongArray made = n < 0 ? NULL : (*env)->NewLongArray(env, (jsize)n);
  if (made != NULL) (*env)->SetLongArrayRegion(env, made, 0, (jsize)n, ba_array_data(AT(ba_array, array)));
  return made;
}

JNIEXPORT jintArray JNICALL Java_org_bioanalytics_Calls_arrayInts(JNIEnv *env, jclass calls, jlong array) {
  (void)calls;
  const int64_t n = elements(env, AT(ba_array, array), BA_UINT32, BA_INT32);
  jintArray made = n < 0 ? NULL : (*env)->NewIntArray(env, (jsize)n);
  if (made != NULL) (*env)->SetIntArrayRegion(env, made, 0, (jsize)n, ba_array_data(AT(ba_array, array)));
  return made;
}
