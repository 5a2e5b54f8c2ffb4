/* SPDX-License-Identifier: MIT
 *
 * training.c: datasets, trainers, and trainings over rows elsewhere.
 */
#include "bridge.h"

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_datasetCreate(JNIEnv *env, jclass calls, jlong c,
                                                                  jbyteArray options) {
  (void)calls;
  char *text;
  ba_dataset *dataset = NULL;
  if (!bridge_text(env, options, true, &text)) return 0;
  bridge_done(env, AT(ba_context, c), ba_dataset_create(AT(ba_context, c), text, &dataset));
  free(text);
  return JAVA(dataset);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_datasetAdd(JNIEnv *env, jclass calls, jlong c, jlong dataset,
                                                              jlong records, jbyteArray labels, jdoubleArray weights,
                                                              jbyteArray groups, jint part) {
  (void)calls;
  const ba_records *batch = AT(ba_records, records);
  const int64_t count = ba_records_count(batch);
  const char **classes = NULL, **names = NULL;
  double *numbers = NULL;
  int64_t length = count;
  if (bridge_texts(env, labels, count, false, &classes) &&
      (weights == NULL || bridge_doubles(env, weights, &numbers, &length)) &&
      (groups == NULL || bridge_texts(env, groups, count, true, &names))) {
    if (length != count) {
      bridge_refuse(env, BA_ERR_ARGUMENT, "expected one weight a row");
    } else {
      bridge_done(env, AT(ba_context, c),
                  ba_dataset_add_records(AT(ba_dataset, dataset), batch, classes, numbers, names, part));
    }
  }
  free(classes);
  free(numbers);
  free(names);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_datasetAddFile(JNIEnv *env, jclass calls, jlong c, jlong dataset,
                                                                  jbyteArray path, jbyteArray options) {
  (void)calls;
  char *name = NULL, *text = NULL;
  if (bridge_text(env, path, false, &name) && bridge_text(env, options, true, &text)) {
    bridge_done(env, AT(ba_context, c), ba_dataset_add_file(AT(ba_dataset, dataset), name, text));
  }
  free(name);
  free(text);
}

typedef ba_status (*dealing)(ba_dataset *dataset, const char *options);

static void deal(JNIEnv *env, jlong c, jlong dataset, jbyteArray options, dealing call) {
  char *text;
  if (!bridge_text(env, options, true, &text)) return;
  bridge_done(env, AT(ba_context, c), call(AT(ba_dataset, dataset), text));
  free(text);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_datasetSplit(JNIEnv *env, jclass calls, jlong c, jlong dataset,
                                                                jbyteArray options) {
  (void)calls;
  deal(env, c, dataset, options, ba_dataset_split);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_datasetDeal(JNIEnv *env, jclass calls, jlong c, jlong dataset,
                                                               jbyteArray options) {
  (void)calls;
  deal(env, c, dataset, options, ba_dataset_deal);
}

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_datasetRows(JNIEnv *env, jclass calls, jlong dataset, jint part) {
  (void)env;
  (void)calls;
  return ba_dataset_rows(AT(ba_dataset, dataset), part);
}

JNIEXPORT jint JNICALL Java_org_bioanalytics_Calls_datasetClasses(JNIEnv *env, jclass calls, jlong dataset) {
  (void)env;
  (void)calls;
  return ba_dataset_classes(AT(ba_dataset, dataset));
}

JNIEXPORT jbyteArray JNICALL Java_org_bioanalytics_Calls_datasetClassName(JNIEnv *env, jclass calls, jlong dataset,
                                                                          jint index) {
  (void)calls;
  return bridge_java_text(env, ba_dataset_class_name(AT(ba_dataset, dataset), index));
}

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_trainerCreate(JNIEnv *env, jclass calls, jlong c, jbyteArray recipe,
                                                                  jlong dataset, jbyteArray options) {
  (void)calls;
  char *text = NULL, *rest = NULL;
  ba_trainer *trainer = NULL;
  if (bridge_text(env, recipe, false, &text) && bridge_text(env, options, true, &rest)) {
    bridge_done(env, AT(ba_context, c),
                ba_trainer_create(AT(ba_context, c), text, AT(ba_dataset, dataset), rest, &trainer));
  }
  free(text);
  free(rest);
  return JAVA(trainer);
}

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_trainerCreateOnline(JNIEnv *env, jclass calls, jlong c,
                                                                        jbyteArray recipe, jbyteArray classes,
                                                                        jint count, jlong start, jbyteArray options) {
  (void)calls;
  char *text = NULL, *rest = NULL;
  const char **names = NULL;
  ba_trainer *trainer = NULL;
  if (bridge_text(env, recipe, false, &text) && bridge_text(env, options, true, &rest) &&
      (classes == NULL || bridge_texts(env, classes, count, false, &names))) {
    bridge_done(env, AT(ba_context, c),
                ba_trainer_create_online(AT(ba_context, c), text, names, names ? count : 0, AT(ba_model, start), rest,
                                         &trainer));
  }
  free(text);
  free(rest);
  free(names);
  return JAVA(trainer);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_trainerUpdate(JNIEnv *env, jclass calls, jlong c, jlong trainer,
                                                                 jlong dataset) {
  (void)calls;
  bridge_done(env, AT(ba_context, c), ba_trainer_update(AT(ba_trainer, trainer), AT(ba_dataset, dataset)));
}

JNIEXPORT jboolean JNICALL Java_org_bioanalytics_Calls_trainerStep(JNIEnv *env, jclass calls, jlong c, jlong trainer) {
  (void)calls;
  const ba_status status = ba_trainer_step(AT(ba_trainer, trainer));
  return bridge_done(env, AT(ba_context, c), status) && status != BA_END;
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_trainerSet(JNIEnv *env, jclass calls, jlong c, jlong trainer,
                                                              jbyteArray options) {
  (void)calls;
  char *text;
  if (!bridge_text(env, options, true, &text)) return;
  bridge_done(env, AT(ba_context, c), ba_trainer_set(AT(ba_trainer, trainer), text));
  free(text);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_trainerCheckpoint(JNIEnv *env, jclass calls, jlong c, jlong trainer,
                                                                     jbyteArray path) {
  (void)calls;
  char *name;
  if (!bridge_text(env, path, false, &name)) return;
  bridge_done(env, AT(ba_context, c), ba_trainer_checkpoint(AT(ba_trainer, trainer), name));
  free(name);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_trainerRestore(JNIEnv *env, jclass calls, jlong c, jlong trainer,
                                                                  jbyteArray path) {
  (void)calls;
  char *name;
  if (!bridge_text(env, path, false, &name)) return;
  bridge_done(env, AT(ba_context, c), ba_trainer_restore(AT(ba_trainer, trainer), name));
  free(name);
}

static void give_metrics(JNIEnv *env, jdoubleArray five, int64_t iterations, int64_t passes, const double rest[3]) {
  const double all[5] = {(double)iterations, (double)passes, rest[0], rest[1], rest[2]};
  if (five == NULL || (*env)->GetArrayLength(env, five) < 5) {
    bridge_refuse(env, BA_ERR_ARGUMENT, "an array for five numbers is null or too short");
    return;
  }
  (*env)->SetDoubleArrayRegion(env, five, 0, 5, all);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_trainerMetrics(JNIEnv *env, jclass calls, jlong trainer,
                                                                  jdoubleArray five) {
  (void)calls;
  int64_t iterations = 0, passes = 0;
  double rest[3];
  ba_trainer_metrics(AT(ba_trainer, trainer), &iterations, &passes, &rest[0], &rest[1], &rest[2]);
  give_metrics(env, five, iterations, passes, rest);
}

JNIEXPORT jbyteArray JNICALL Java_org_bioanalytics_Calls_trainerReason(JNIEnv *env, jclass calls, jlong trainer) {
  (void)calls;
  return bridge_java_text(env, ba_trainer_reason(AT(ba_trainer, trainer)));
}

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_trainerFinish(JNIEnv *env, jclass calls, jlong c, jlong trainer) {
  (void)calls;
  ba_model *model = NULL;
  bridge_done(env, AT(ba_context, c), ba_trainer_finish(AT(ba_trainer, trainer), &model));
  return JAVA(model);
}
