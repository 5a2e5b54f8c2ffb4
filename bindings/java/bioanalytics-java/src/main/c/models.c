/* SPDX-License-Identifier: MIT
 *
 * models.c: models, their files and what they say of themselves.
 */
#include "bridge.h"

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_modelLoadPath(JNIEnv *env, jclass calls, jlong c, jbyteArray path,
                                                                  jbyteArray options) {
  (void)calls;
  char *name = NULL, *text = NULL;
  ba_model *model = NULL;
  if (bridge_text(env, path, false, &name) && bridge_text(env, options, true, &text)) {
    bridge_done(env, AT(ba_context, c), ba_model_load_path(AT(ba_context, c), name, text, &model));
  }
  free(name);
  free(text);
  return JAVA(model);
}

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_modelLoadBytes(JNIEnv *env, jclass calls, jlong c, jbyteArray bytes,
                                                                   jbyteArray options) {
  (void)calls;
  uint8_t *data = NULL;
  int64_t length = 0;
  char *text = NULL;
  ba_model *model = NULL;
  if (bridge_bytes(env, bytes, &data, &length) && bridge_text(env, options, true, &text)) {
    bridge_done(env, AT(ba_context, c), ba_model_load_memory(AT(ba_context, c), data, length, text, &model));
  }
  free(data);
  free(text);
  return JAVA(model);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_modelSavePath(JNIEnv *env, jclass calls, jlong c, jlong model,
                                                                 jbyteArray path) {
  (void)calls;
  char *name;
  if (!bridge_text(env, path, false, &name)) return;
  bridge_done(env, AT(ba_context, c), ba_model_save_path(AT(ba_context, c), AT(ba_model, model), name));
  free(name);
}

typedef struct asked_model {
  ba_context *context;
  const ba_model *model;
  const char *options;
  int64_t column;
} asked_model;

static ba_status write_file(const void *subject, char *buffer, int64_t capacity, int64_t *length) {
  const asked_model *asked = subject;
  return ba_model_save_memory(asked->context, asked->model, (uint8_t *)buffer, capacity, length);
}

static ba_status write_description(const void *subject, char *buffer, int64_t capacity, int64_t *length) {
  const asked_model *asked = subject;
  return ba_model_describe(asked->context, asked->model, buffer, capacity, length);
}

static ba_status write_export(const void *subject, char *buffer, int64_t capacity, int64_t *length) {
  const asked_model *asked = subject;
  return ba_model_export(asked->context, asked->model, asked->options, (uint8_t *)buffer, capacity, length);
}

static ba_status write_column(const void *subject, char *buffer, int64_t capacity, int64_t *length) {
  const asked_model *asked = subject;
  return ba_model_column_name(asked->context, asked->model, asked->column, buffer, capacity, length);
}

JNIEXPORT jbyteArray JNICALL Java_org_bioanalytics_Calls_modelBytes(JNIEnv *env, jclass calls, jlong c, jlong model) {
  (void)calls;
  const asked_model asked = {AT(ba_context, c), AT(ba_model, model), NULL, 0};
  return bridge_written(env, asked.context, write_file, &asked);
}

JNIEXPORT jbyteArray JNICALL Java_org_bioanalytics_Calls_modelDescribe(JNIEnv *env, jclass calls, jlong c,
                                                                       jlong model) {
  (void)calls;
  const asked_model asked = {AT(ba_context, c), AT(ba_model, model), NULL, 0};
  return bridge_written(env, asked.context, write_description, &asked);
}

JNIEXPORT jbyteArray JNICALL Java_org_bioanalytics_Calls_modelExport(JNIEnv *env, jclass calls, jlong c, jlong model,
                                                                     jbyteArray options) {
  (void)calls;
  char *text;
  if (!bridge_text(env, options, true, &text)) return NULL;
  const asked_model asked = {AT(ba_context, c), AT(ba_model, model), text, 0};
  jbyteArray found = bridge_written(env, asked.context, write_export, &asked);
  free(text);
  return found;
}

JNIEXPORT jbyteArray JNICALL Java_org_bioanalytics_Calls_modelColumnName(JNIEnv *env, jclass calls, jlong c,
                                                                         jlong model, jlong column) {
  (void)calls;
  const asked_model asked = {AT(ba_context, c), AT(ba_model, model), NULL, column};
  return bridge_written(env, asked.context, write_column, &asked);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_modelSelftest(JNIEnv *env, jclass calls, jlong c, jlong model) {
  (void)calls;
  bridge_done(env, AT(ba_context, c), ba_model_selftest(AT(ba_context, c), AT(ba_model, model)));
}

JNIEXPORT jbyteArray JNICALL Java_org_bioanalytics_Calls_modelRecipe(JNIEnv *env, jclass calls, jlong model) {
  (void)calls;
  return bridge_java_text(env, ba_model_recipe(AT(ba_model, model)));
}

JNIEXPORT jint JNICALL Java_org_bioanalytics_Calls_modelClasses(JNIEnv *env, jclass calls, jlong model) {
  (void)env;
  (void)calls;
  return ba_model_classes(AT(ba_model, model));
}

JNIEXPORT jbyteArray JNICALL Java_org_bioanalytics_Calls_modelClassName(JNIEnv *env, jclass calls, jlong model,
                                                                        jint index) {
  (void)calls;
  return bridge_java_text(env, ba_model_class_name(AT(ba_model, model), index));
}

JNIEXPORT jint JNICALL Java_org_bioanalytics_Calls_modelOutputs(JNIEnv *env, jclass calls, jlong model) {
  (void)env;
  (void)calls;
  return ba_model_outputs(AT(ba_model, model));
}

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_modelWidth(JNIEnv *env, jclass calls, jlong model) {
  (void)env;
  (void)calls;
  return ba_model_width(AT(ba_model, model));
}

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_modelInputs(JNIEnv *env, jclass calls, jlong model) {
  (void)env;
  (void)calls;
  return ba_model_inputs(AT(ba_model, model));
}

JNIEXPORT jbyteArray JNICALL Java_org_bioanalytics_Calls_modelInputName(JNIEnv *env, jclass calls, jlong model,
                                                                        jlong index) {
  (void)calls;
  return bridge_java_text(env, ba_model_input_name(AT(ba_model, model), index));
}

JNIEXPORT jboolean JNICALL Java_org_bioanalytics_Calls_modelLooksBack(JNIEnv *env, jclass calls, jlong model) {
  (void)env;
  (void)calls;
  return ba_model_looks_back(AT(ba_model, model)) != 0;
}

JNIEXPORT jdouble JNICALL Java_org_bioanalytics_Calls_modelWeights(JNIEnv *env, jclass calls, jlong c, jlong model,
                                                                   jint output, jdoubleArray weights) {
  (void)calls;
  const int64_t width = ba_model_width(AT(ba_model, model));
  double intercept = 0, *numbers;
  if (!bridge_output(env, weights, width, &numbers)) return 0;
  const bool done = bridge_done(env, AT(ba_context, c),
                                ba_model_weights(AT(ba_context, c), AT(ba_model, model), output, numbers, &intercept));
  bridge_output_end(env, weights, width, numbers, done);
  return intercept;
}

JNIEXPORT jdouble JNICALL Java_org_bioanalytics_Calls_modelConformalThreshold(JNIEnv *env, jclass calls, jlong model,
                                                                              jdouble coverage) {
  (void)env;
  (void)calls;
  return ba_model_conformal_threshold(AT(ba_model, model), coverage);
}
