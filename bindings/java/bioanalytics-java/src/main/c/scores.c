/* SPDX-License-Identifier: MIT
 *
 * scores.c: scorers. The model that goes with each call says how much room its results take.
 */
#include "sequences.h"

#define SHORT_SEQUENCE 4096 /* letters that are copied to the stack */

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_scorerCreate(JNIEnv *env, jclass calls, jlong c, jlong model,
                                                                 jbyteArray options) {
  (void)calls;
  char *text;
  ba_scorer *scorer = NULL;
  if (!bridge_text(env, options, true, &text)) return 0;
  bridge_done(env, AT(ba_context, c), ba_scorer_create(AT(ba_context, c), AT(ba_model, model), text, &scorer));
  free(text);
  return JAVA(scorer);
}

/* Numbers a row: one score an output, and one probability a class or the number itself. */
static int64_t score_columns(jlong model) {
  return ba_model_outputs(AT(ba_model, model));
}

/* Without a model nobody knows how much room results take. */
static bool has_model(JNIEnv *env, jlong model) {
  if (!model) bridge_refuse(env, BA_ERR_ARGUMENT, "there is no model");
  return model != 0;
}

static int64_t probability_columns(jlong model) {
  const int32_t classes = ba_model_classes(AT(ba_model, model));
  return classes > 0 ? classes : 1;
}

typedef struct outputs {
  jdoubleArray arrays[2];
  int64_t counts[2];
  double *numbers[2]; /* scores and probabilities, each NULL when not asked for */
} outputs;

static void outputs_end(JNIEnv *env, outputs *out, bool done) {
  for (int i = 0; i < 2; i++) bridge_output_end(env, out->arrays[i], out->counts[i], out->numbers[i], done);
}

static bool outputs_begin(JNIEnv *env, jlong model, int64_t rows, jdoubleArray scores, jdoubleArray probabilities,
                          outputs *out) {
  *out = (outputs){{scores, probabilities}, {rows * score_columns(model), rows * probability_columns(model)}, {0}};
  if (!has_model(env, model)) return false;
  for (int i = 0; i < 2; i++) {
    if (!bridge_output(env, out->arrays[i], out->counts[i], &out->numbers[i])) {
      outputs_end(env, out, false);
      return false;
    }
  }
  return true;
}

/* The same in direct buffers. */
static bool outputs_in_buffers(JNIEnv *env, jlong model, int64_t rows, const jobject buffers[2], const int64_t at[2],
                               double *numbers[2]) {
  const int64_t counts[2] = {rows * score_columns(model), rows * probability_columns(model)};
  if (!has_model(env, model)) return false;
  for (int i = 0; i < 2; i++) {
    numbers[i] = NULL;
    if (buffers[i] == NULL) continue;
    numbers[i] = bridge_buffer(env, buffers[i], at[i], counts[i], sizeof(double), true);
    if (numbers[i] == NULL) return false;
  }
  return true;
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_scoreRecords(JNIEnv *env, jclass calls, jlong c, jlong scorer,
                                                                jlong model, jlong records, jdoubleArray scores,
                                                                jdoubleArray probabilities) {
  (void)calls;
  outputs out;
  const ba_records *batch = AT(ba_records, records);
  if (!outputs_begin(env, model, ba_records_count(batch), scores, probabilities, &out)) return;
  const bool done = bridge_done(
      env, AT(ba_context, c), ba_scorer_predict_records(AT(ba_scorer, scorer), batch, out.numbers[0], out.numbers[1]));
  outputs_end(env, &out, done);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_scoreRecordsBuffers(JNIEnv *env, jclass calls, jlong c, jlong scorer,
                                                                       jlong model, jlong records, jobject scores,
                                                                       jint scores_at, jobject probabilities,
                                                                       jint probabilities_at) {
  (void)calls;
  const ba_records *batch = AT(ba_records, records);
  const jobject buffers[2] = {scores, probabilities};
  const int64_t at[2] = {scores_at, probabilities_at};
  double *numbers[2];
  if (!outputs_in_buffers(env, model, ba_records_count(batch), buffers, at, numbers)) return;
  bridge_done(env, AT(ba_context, c), ba_scorer_predict_records(AT(ba_scorer, scorer), batch, numbers[0], numbers[1]));
}

/* Each call of the JVM takes as long as dozens of letters: there is none but for the copy and the check of its bounds.
 */
JNIEXPORT jdouble JNICALL Java_org_bioanalytics_Calls_scoreOne(JNIEnv *env, jclass calls, jlong c, jlong scorer,
                                                               jlong model, jbyteArray letters, jint from,
                                                               jint length) {
  (void)calls;
  char few[SHORT_SEQUENCE], *copy = few;
  double score = 0;
  if (letters == NULL || from < 0 || length < 0 || from > (*env)->GetArrayLength(env, letters) - length) {
    bridge_refuse(env, BA_ERR_ARGUMENT, "an array is null, or shorter than the part of it");
    return 0;
  }
  if (ba_model_outputs(AT(ba_model, model)) != 1) {
    bridge_refuse(env, BA_ERR_ARGUMENT, "the model has a score for each class: expected a model of one score");
    return 0;
  }
  if (length > SHORT_SEQUENCE) copy = bridge_memory(env, length, 1);
  if (copy == NULL) return 0;
  (*env)->GetByteArrayRegion(env, letters, from, length, (jbyte *)copy);
  bridge_done(env, AT(ba_context, c),
              ba_scorer_predict_sequence(AT(ba_scorer, scorer), copy, length, NULL, &score, NULL));
  if (copy != few) free(copy);
  return score;
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_scoreBuffers(JNIEnv *env, jclass calls, jlong c, jlong scorer,
                                                                jlong model, jobject letters, jint from, jint length,
                                                                jobject narrow, jobject wide, jint first, jint count,
                                                                jobject scores, jint scores_at, jobject probabilities,
                                                                jint probabilities_at) {
  (void)calls;
  const sequence_buffers given = {letters, from, length, wide ? wide : narrow, wide != NULL, first, count};
  const jobject buffers[2] = {scores, probabilities};
  const int64_t at[2] = {scores_at, probabilities_at};
  double *numbers[2];
  if (count < 0 || !outputs_in_buffers(env, model, count, buffers, at, numbers)) {
    bridge_refuse(env, BA_ERR_ARGUMENT, "the number of sequences is below 0");
    return;
  }
  ba_records *batch = sequences_batch(env, AT(ba_context, c), &given, false);
  if (batch == NULL) return;
  bridge_done(env, AT(ba_context, c), ba_scorer_predict_records(AT(ba_scorer, scorer), batch, numbers[0], numbers[1]));
  ba_records_release(batch);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_scoreBytes(JNIEnv *env, jclass calls, jlong c, jlong scorer,
                                                              jlong model, jbyteArray letters, jint from, jint length,
                                                              jdoubleArray scores, jdoubleArray probabilities) {
  (void)calls;
  char few[SHORT_SEQUENCE], *copy = few;
  outputs out;
  bool done = false;
  if (letters == NULL || from < 0 || length < 0 || from > (*env)->GetArrayLength(env, letters) - length) {
    bridge_refuse(env, BA_ERR_ARGUMENT, "an array is null, or shorter than the part of it");
    return;
  }
  if (!outputs_begin(env, model, 1, scores, probabilities, &out)) return;
  if (length > SHORT_SEQUENCE) copy = bridge_memory(env, length, 1);
  if (copy != NULL) {
    (*env)->GetByteArrayRegion(env, letters, from, length, (jbyte *)copy);
    done = !(*env)->ExceptionCheck(env) &&
           bridge_done(
               env, AT(ba_context, c),
               ba_scorer_predict_sequence(AT(ba_scorer, scorer), copy, length, NULL, out.numbers[0], out.numbers[1]));
  }
  if (copy != few) free(copy);
  outputs_end(env, &out, done);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_scoreRow(JNIEnv *env, jclass calls, jlong c, jlong scorer,
                                                            jlong model, jfloatArray row, jdoubleArray scores,
                                                            jdoubleArray probabilities) {
  (void)calls;
  outputs out;
  if (row == NULL) {
    bridge_refuse(env, BA_ERR_ARGUMENT, "a row is null");
    return;
  }
  const jsize width = (*env)->GetArrayLength(env, row);
  float *numbers = bridge_memory(env, width, sizeof *numbers);
  if (numbers == NULL) return;
  (*env)->GetFloatArrayRegion(env, row, 0, width, numbers);
  if (!(*env)->ExceptionCheck(env) && outputs_begin(env, model, 1, scores, probabilities, &out)) {
    const bool done =
        bridge_done(env, AT(ba_context, c),
                    ba_scorer_predict_row(AT(ba_scorer, scorer), numbers, width, out.numbers[0], out.numbers[1]));
    outputs_end(env, &out, done);
  }
  free(numbers);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_scoreRows(JNIEnv *env, jclass calls, jlong c, jlong scorer,
                                                             jlong model, jdoubleArray rows, jlong count,
                                                             jdoubleArray scores, jdoubleArray probabilities) {
  (void)calls;
  const ba_model *m = AT(ba_model, model);
  const int64_t width = ba_model_inputs(m) > 0 ? ba_model_inputs(m) : ba_model_width(m);
  const int64_t shape[2] = {count, width}, strides[2] = {width * (int64_t)sizeof(double), sizeof(double)};
  double *numbers;
  int64_t length;
  outputs out;
  ba_array *array = NULL;
  if (!bridge_doubles(env, rows, &numbers, &length)) return;
  if (count < 0 || (width > 0 ? count > length / width || count * width != length : length != 0 || count > INT32_MAX)) {
    bridge_refuse(env, BA_ERR_SHAPE, "expected as many rows as were named, each as wide as the model reads");
  } else if (outputs_begin(env, model, count, scores, probabilities, &out)) {
    ba_status status = ba_array_wrap(AT(ba_context, c), BA_FLOAT64, 2, shape, strides, numbers, NULL, NULL, &array);
    if (!status) status = ba_scorer_predict(AT(ba_scorer, scorer), array, out.numbers[0], out.numbers[1]);
    outputs_end(env, &out, bridge_done(env, AT(ba_context, c), status));
    ba_array_release(array);
  }
  free(numbers);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_scoreStream(JNIEnv *env, jclass calls, jlong c, jlong scorer,
                                                               jlong model, jlong stream, jdoubleArray scores,
                                                               jdoubleArray probabilities) {
  (void)calls;
  outputs out;
  if (!outputs_begin(env, model, 1, scores, probabilities, &out)) return;
  const bool done = bridge_done(
      env, AT(ba_context, c),
      ba_scorer_predict_stream(AT(ba_scorer, scorer), AT(ba_stream, stream), out.numbers[0], out.numbers[1]));
  outputs_end(env, &out, done);
}

JNIEXPORT jdoubleArray JNICALL Java_org_bioanalytics_Calls_scorerScan(JNIEnv *env, jclass calls, jlong c, jlong scorer,
                                                                      jlong model, jbyteArray letters, jlong window,
                                                                      jlong step) {
  (void)calls;
  uint8_t *bytes;
  int64_t length, count = 0;
  jdoubleArray found = NULL;
  if (!has_model(env, model) || !bridge_bytes(env, letters, &bytes, &length)) return NULL;
  const int64_t room = window > 0 && step > 0 && length >= window ? (length - window) / step + 1 : 0;
  double *scores = bridge_memory(env, room * score_columns(model), sizeof *scores);
  if (scores != NULL && bridge_done(env, AT(ba_context, c),
                                    ba_scorer_scan(AT(ba_scorer, scorer), (const char *)bytes, length, window, step,
                                                   scores, room, &count))) {
    found = bridge_java_doubles(env, scores, count * score_columns(model));
  }
  free(scores);
  free(bytes);
  return found;
}

typedef ba_status (*by_letter)(ba_scorer *scorer, const char *letters, int64_t length, int32_t output, double *numbers);

static jdoubleArray each_letter(JNIEnv *env, jlong c, jlong scorer, jbyteArray letters, jint output, by_letter call,
                                int64_t numbers_each) {
  uint8_t *bytes;
  int64_t length;
  jdoubleArray found = NULL;
  if (!bridge_bytes(env, letters, &bytes, &length)) return NULL;
  double *numbers = bridge_memory(env, length * numbers_each, sizeof *numbers);
  if (numbers != NULL &&
      bridge_done(env, AT(ba_context, c), call(AT(ba_scorer, scorer), (const char *)bytes, length, output, numbers))) {
    found = bridge_java_doubles(env, numbers, length * numbers_each);
  }
  free(numbers);
  free(bytes);
  return found;
}

JNIEXPORT jdoubleArray JNICALL Java_org_bioanalytics_Calls_scorerMutate(JNIEnv *env, jclass calls, jlong c,
                                                                        jlong scorer, jbyteArray letters, jint output) {
  (void)calls;
  return each_letter(env, c, scorer, letters, output, ba_scorer_mutate, 4);
}

JNIEXPORT jdoubleArray JNICALL Java_org_bioanalytics_Calls_scorerAttribute(JNIEnv *env, jclass calls, jlong c,
                                                                           jlong scorer, jbyteArray letters,
                                                                           jint output) {
  (void)calls;
  return each_letter(env, c, scorer, letters, output, ba_scorer_attribute, 1);
}

JNIEXPORT jint JNICALL Java_org_bioanalytics_Calls_driftCount(JNIEnv *env, jclass calls, jlong scorer) {
  (void)env;
  (void)calls;
  return ba_scorer_drift_count(AT(ba_scorer, scorer));
}

JNIEXPORT jbyteArray JNICALL Java_org_bioanalytics_Calls_driftName(JNIEnv *env, jclass calls, jlong scorer,
                                                                   jint index) {
  (void)calls;
  return bridge_java_text(env, ba_scorer_drift_name(AT(ba_scorer, scorer), index));
}

JNIEXPORT jboolean JNICALL Java_org_bioanalytics_Calls_drift(JNIEnv *env, jclass calls, jlong scorer, jint index,
                                                             jdoubleArray five) {
  (void)calls;
  int64_t requests = 0;
  double n[5] = {0};
  if (five == NULL || (*env)->GetArrayLength(env, five) < 5) {
    bridge_refuse(env, BA_ERR_ARGUMENT, "an array for five numbers is null or too short");
    return 0;
  }
  const int32_t raised = ba_scorer_drift(AT(ba_scorer, scorer), index, &requests, &n[1], &n[2], &n[3], &n[4]);
  n[0] = (double)requests;
  (*env)->SetDoubleArrayRegion(env, five, 0, 5, n);
  return raised != 0;
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_driftReset(JNIEnv *env, jclass calls, jlong scorer) {
  (void)env;
  (void)calls;
  ba_scorer_drift_reset(AT(ba_scorer, scorer));
}
