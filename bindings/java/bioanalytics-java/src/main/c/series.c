/* SPDX-License-Identifier: MIT
 *
 * series.c: streams of rows.
 */
#include "bridge.h"

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_streamOpen(JNIEnv *env, jclass calls, jlong c, jbyteArray recipe,
                                                               jbyteArray options) {
  (void)calls;
  char *text = NULL, *rest = NULL;
  ba_stream *stream = NULL;
  if (bridge_text(env, recipe, false, &text) && bridge_text(env, options, true, &rest)) {
    bridge_done(env, AT(ba_context, c), ba_stream_open(AT(ba_context, c), text, rest, &stream));
  }
  free(text);
  free(rest);
  return JAVA(stream);
}

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_streamOpenModel(JNIEnv *env, jclass calls, jlong c, jlong model,
                                                                    jbyteArray options) {
  (void)calls;
  char *rest;
  ba_stream *stream = NULL;
  if (!bridge_text(env, options, true, &rest)) return 0;
  bridge_done(env, AT(ba_context, c), ba_model_open_stream(AT(ba_context, c), AT(ba_model, model), rest, &stream));
  free(rest);
  return JAVA(stream);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_streamUpdate(JNIEnv *env, jclass calls, jlong c, jlong stream,
                                                                jbyteArray group, jdouble time, jdoubleArray row,
                                                                jdoubleArray out, jboolean peek) {
  (void)calls;
  char *name = NULL;
  double *numbers = NULL, *results = NULL;
  int64_t count = 0;
  const int64_t width = ba_stream_width(AT(ba_stream, stream));
  bool done = false;
  if (bridge_text(env, group, true, &name) && bridge_doubles(env, row, &numbers, &count) &&
      bridge_output(env, out, width, &results)) {
    ba_stream *s = AT(ba_stream, stream);
    done = bridge_done(env, AT(ba_context, c),
                       peek ? ba_stream_peek(s, name, time, numbers, count, results)
                            : ba_stream_update(s, name, time, numbers, count, results));
  }
  bridge_output_end(env, out, width, results, done);
  free(name);
  free(numbers);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_streamUpdateRows(JNIEnv *env, jclass calls, jlong c, jlong stream,
                                                                    jbyteArray group, jdoubleArray times,
                                                                    jdoubleArray rows, jlong count, jdoubleArray out) {
  (void)calls;
  char *name = NULL;
  double *moments = NULL, *numbers = NULL, *results = NULL;
  int64_t moment_count = count, length = 0, total = 0;
  bool done = false;
  const int64_t inputs = ba_stream_inputs(AT(ba_stream, stream)), width = ba_stream_width(AT(ba_stream, stream));
  if (bridge_text(env, group, true, &name) && bridge_doubles(env, rows, &numbers, &length) &&
      (times == NULL || bridge_doubles(env, times, &moments, &moment_count))) {
    if (count < 0 || count > INT32_MAX || moment_count != count || count * inputs != length || out == NULL) {
      bridge_refuse(env, BA_ERR_SHAPE, "expected as many rows as were named, of one number an input, and times alike");
    } else if (bridge_output(env, out, count * width, &results)) {
      total = count * width;
      done = bridge_done(env, AT(ba_context, c),
                         ba_stream_update_rows(AT(ba_stream, stream), name, moments, numbers, count, inputs, results));
    }
  }
  bridge_output_end(env, out, total, results, done);
  free(name);
  free(moments);
  free(numbers);
}

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_streamInputs(JNIEnv *env, jclass calls, jlong stream) {
  (void)env;
  (void)calls;
  return ba_stream_inputs(AT(ba_stream, stream));
}

JNIEXPORT jbyteArray JNICALL Java_org_bioanalytics_Calls_streamInputName(JNIEnv *env, jclass calls, jlong stream,
                                                                         jlong index) {
  (void)calls;
  return bridge_java_text(env, ba_stream_input_name(AT(ba_stream, stream), index));
}

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_streamWidth(JNIEnv *env, jclass calls, jlong stream) {
  (void)env;
  (void)calls;
  return ba_stream_width(AT(ba_stream, stream));
}

typedef struct asked_result {
  const ba_stream *stream;
  int64_t column;
} asked_result;

static ba_status write_result_name(const void *subject, char *buffer, int64_t capacity, int64_t *length) {
  const asked_result *asked = subject;
  return ba_stream_column_name(asked->stream, asked->column, buffer, capacity, length);
}

static ba_status write_state(const void *subject, char *buffer, int64_t capacity, int64_t *length) {
  return ba_stream_save(subject, (uint8_t *)buffer, capacity, length);
}

JNIEXPORT jbyteArray JNICALL Java_org_bioanalytics_Calls_streamColumnName(JNIEnv *env, jclass calls, jlong c,
                                                                          jlong stream, jlong column) {
  (void)calls;
  const asked_result asked = {AT(ba_stream, stream), column};
  return bridge_written(env, AT(ba_context, c), write_result_name, &asked);
}

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_streamCount(JNIEnv *env, jclass calls, jlong stream,
                                                                jbyteArray name) {
  (void)calls;
  char *text;
  if (!bridge_text(env, name, false, &text)) return -1;
  const int64_t found = ba_stream_count(AT(ba_stream, stream), text);
  free(text);
  return found;
}

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_streamCopy(JNIEnv *env, jclass calls, jlong c, jlong stream) {
  (void)calls;
  ba_stream *copy = NULL;
  bridge_done(env, AT(ba_context, c), ba_stream_copy(AT(ba_stream, stream), &copy));
  return JAVA(copy);
}

JNIEXPORT jbyteArray JNICALL Java_org_bioanalytics_Calls_streamSave(JNIEnv *env, jclass calls, jlong c, jlong stream) {
  (void)calls;
  return bridge_written(env, AT(ba_context, c), write_state, AT(ba_stream, stream));
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_streamRestore(JNIEnv *env, jclass calls, jlong c, jlong stream,
                                                                 jbyteArray state) {
  (void)calls;
  uint8_t *bytes;
  int64_t length;
  if (!bridge_bytes(env, state, &bytes, &length)) return;
  bridge_done(env, AT(ba_context, c), ba_stream_restore(AT(ba_stream, stream), bytes, length));
  free(bytes);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_streamMerge(JNIEnv *env, jclass calls, jlong c, jlong stream,
                                                               jlong other) {
  (void)calls;
  bridge_done(env, AT(ba_context, c), ba_stream_merge(AT(ba_stream, stream), AT(ba_stream, other)));
}
