/* SPDX-License-Identifier: MIT
 *
 * alignments.c: where the records of a batch are aligned, as Java arrays.
 */
#include "bridge.h"

enum { NUMBERS = 3 }; /* of a record: flag, position, mapping quality */

JNIEXPORT jlongArray JNICALL Java_org_bioanalytics_Calls_recordsAlignments(JNIEnv *env, jclass calls, jlong c,
                                                                           jlong records) {
  (void)calls;
  (void)c;
  const ba_records *batch = AT(ba_records, records);
  const int64_t count = ba_records_count(batch);
  if (!ba_records_alignment(batch, 0, NULL, NULL, NULL, NULL, NULL)) return NULL;
  jlong *numbers = bridge_memory(env, NUMBERS * count, sizeof *numbers);
  if (numbers == NULL) return NULL;
  for (int64_t i = 0; i < count; i++) {
    int32_t flag = 0, quality = 0;
    int64_t position = 0;
    ba_records_alignment(batch, i, &flag, NULL, NULL, &position, &quality);
    numbers[NUMBERS * i] = flag;
    numbers[NUMBERS * i + 1] = position;
    numbers[NUMBERS * i + 2] = quality;
  }
  jlongArray array = (*env)->NewLongArray(env, (jsize)(NUMBERS * count));
  if (array != NULL) (*env)->SetLongArrayRegion(env, array, 0, (jsize)(NUMBERS * count), numbers);
  free(numbers);
  return array;
}

/* The names one after the other; `offsets` gets where each begins, and the end. One that is missing is empty. */
JNIEXPORT jbyteArray JNICALL Java_org_bioanalytics_Calls_recordsReferences(JNIEnv *env, jclass calls, jlong c,
                                                                           jlong records, jlongArray offsets) {
  (void)calls;
  (void)c;
  const ba_records *batch = AT(ba_records, records);
  const int64_t count = ba_records_count(batch);
  if (offsets == NULL || (*env)->GetArrayLength(env, offsets) <= count) {
    bridge_refuse(env, BA_ERR_ARGUMENT, "offsets: expected room for one more than there are records");
    return NULL;
  }
  jlong *bounds = bridge_memory(env, count + 1, sizeof *bounds);
  if (bounds == NULL) return NULL;
  bounds[0] = 0;
  for (int64_t i = 0; i < count; i++) {
    int64_t length = 0;
    ba_records_alignment(batch, i, NULL, NULL, &length, NULL, NULL);
    bounds[i + 1] = bounds[i] + length;
  }
  char *names = bridge_memory(env, bounds[count], 1);
  jbyteArray array = NULL;
  for (int64_t i = 0; names != NULL && i < count; i++) {
    const char *name = NULL;
    int64_t length = 0;
    ba_records_alignment(batch, i, NULL, &name, &length, NULL, NULL);
    if (name != NULL) memcpy(names + bounds[i], name, (size_t)length);
  }
  if (names != NULL) {
    (*env)->SetLongArrayRegion(env, offsets, 0, (jsize)count + 1, bounds);
    array = bridge_java_bytes(env, names, bounds[count]);
  }
  free(names);
  free(bounds);
  return array;
}
