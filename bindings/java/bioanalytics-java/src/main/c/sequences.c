/* SPDX-License-Identifier: MIT
 *
 * sequences.c: readers, and batches of records from them and from Java.
 */
#include "sequences.h"

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_readerOpenPath(JNIEnv *env, jclass calls, jlong c, jbyteArray path,
                                                                   jbyteArray options) {
  (void)calls;
  char *name = NULL, *text = NULL;
  ba_reader *reader = NULL;
  if (bridge_text(env, path, false, &name) && bridge_text(env, options, true, &text)) {
    bridge_done(env, AT(ba_context, c), ba_reader_open_path(AT(ba_context, c), name, text, &reader));
  }
  free(name);
  free(text);
  return JAVA(reader);
}

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_readerOpenPair(JNIEnv *env, jclass calls, jlong c, jbyteArray path1,
                                                                   jbyteArray path2, jbyteArray options) {
  (void)calls;
  char *name1 = NULL, *name2 = NULL, *text = NULL;
  ba_reader *reader = NULL;
  if (bridge_text(env, path1, false, &name1) && bridge_text(env, path2, true, &name2) &&
      bridge_text(env, options, true, &text)) {
    bridge_done(env, AT(ba_context, c), ba_reader_open_pair(AT(ba_context, c), name1, name2, text, &reader));
  }
  free(name1);
  free(name2);
  free(text);
  return JAVA(reader);
}

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_readerOpenPush(JNIEnv *env, jclass calls, jlong c,
                                                                   jbyteArray options) {
  (void)calls;
  char *text;
  ba_reader *reader = NULL;
  if (!bridge_text(env, options, true, &text)) return 0;
  bridge_done(env, AT(ba_context, c), ba_reader_open_push(AT(ba_context, c), text, &reader));
  free(text);
  return JAVA(reader);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_readerFeed(JNIEnv *env, jclass calls, jlong c, jlong reader,
                                                              jbyteArray data, jint from, jint length) {
  (void)calls;
  if (data == NULL || from < 0 || length < 0 || from > (*env)->GetArrayLength(env, data) - length) {
    bridge_refuse(env, BA_ERR_ARGUMENT, "an array is null, or shorter than the part of it");
    return;
  }
  uint8_t *bytes = bridge_memory(env, length, 1);
  if (bytes == NULL) return;
  (*env)->GetByteArrayRegion(env, data, from, length, (jbyte *)bytes);
  bridge_done(env, AT(ba_context, c), ba_reader_feed(AT(ba_reader, reader), bytes, length));
  free(bytes);
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_readerFeedBuffer(JNIEnv *env, jclass calls, jlong c, jlong reader,
                                                                    jobject data, jint from, jint length) {
  (void)calls;
  const uint8_t *bytes = bridge_buffer(env, data, from, length, 1, false);
  if (bytes == NULL) return;
  bridge_done(env, AT(ba_context, c), ba_reader_feed(AT(ba_reader, reader), bytes, length));
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_readerFinish(JNIEnv *env, jclass calls, jlong c, jlong reader) {
  (void)calls;
  bridge_done(env, AT(ba_context, c), ba_reader_finish(AT(ba_reader, reader)));
}

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_readerNext(JNIEnv *env, jclass calls, jlong c, jlong reader,
                                                               jlong most) {
  (void)calls;
  ba_records *records = NULL;
  bridge_done(env, AT(ba_context, c), ba_reader_next(AT(ba_reader, reader), most, &records));
  return JAVA(records);
}

JNIEXPORT jint JNICALL Java_org_bioanalytics_Calls_readerFormat(JNIEnv *env, jclass calls, jlong reader) {
  (void)env;
  (void)calls;
  return ba_reader_format(AT(ba_reader, reader));
}

JNIEXPORT void JNICALL Java_org_bioanalytics_Calls_readerCounts(JNIEnv *env, jclass calls, jlong reader,
                                                                jlongArray seven) {
  (void)calls;
  int64_t n[7];
  jlong out[7];
  const ba_reader *r = AT(ba_reader, reader);
  if (seven == NULL || (*env)->GetArrayLength(env, seven) < 7) {
    bridge_refuse(env, BA_ERR_ARGUMENT, "an array for seven numbers is null or too short");
    return;
  }
  ba_reader_position(r, &n[0], &n[1]);
  ba_reader_counters(r, &n[2], &n[3]);
  n[4] = ba_reader_skipped(r);
  ba_reader_trimmed(r, &n[5], &n[6]);
  for (int i = 0; i < 7; i++) out[i] = n[i];
  (*env)->SetLongArrayRegion(env, seven, 0, 7, out);
}

/* Offsets are copied before they are looked at, since Java may change them meanwhile. */
static bool offsets_fit(JNIEnv *env, const int64_t *offsets, int64_t count, int64_t length) {
  bool fit = offsets[0] >= 0 && offsets[count] <= length;
  for (int64_t i = 0; i < count && fit; i++) fit = offsets[i] <= offsets[i + 1];
  if (!fit) bridge_refuse(env, BA_ERR_ARGUMENT, "offsets fall, are below 0, or lie behind the letters");
  return fit;
}

ba_records *sequences_batch(JNIEnv *env, ba_context *context, const sequence_buffers *given, bool copied) {
  ba_records *records = NULL;
  if (given->count < 0) {
    bridge_refuse(env, BA_ERR_ARGUMENT, "the number of sequences is below 0");
    return NULL;
  }
  const char *letters = bridge_buffer(env, given->letters, given->from, given->length, 1, false);
  if (letters == NULL) return NULL;
  const void *bounds = bridge_buffer(env, given->offsets, given->first, given->count + 1,
                                     given->wide ? sizeof(int64_t) : sizeof(int32_t), false);
  if (bounds == NULL) return NULL;
  int64_t *offsets = bridge_memory(env, given->count + 1, sizeof *offsets);
  if (offsets == NULL) return NULL;
  if (given->wide) {
    memcpy(offsets, bounds, (size_t)(given->count + 1) * sizeof *offsets);
  } else {
    for (int64_t i = 0; i <= given->count; i++) offsets[i] = ((const int32_t *)bounds)[i];
  }
  if (offsets_fit(env, offsets, given->count, given->length)) {
    bridge_done(env, context,
                copied ? ba_records_create(context, letters, offsets, given->count, &records)
                       : ba_records_wrap(context, letters, offsets, given->count, NULL, NULL, &records));
  }
  free(offsets);
  return records;
}

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_recordsCreateBuffer(JNIEnv *env, jclass calls, jlong c,
                                                                        jobject letters, jint from, jint length,
                                                                        jobject narrow, jobject wide, jint first,
                                                                        jint count) {
  (void)calls;
  const sequence_buffers given = {letters, from, length, wide ? wide : narrow, wide != NULL, first, count};
  return JAVA(sequences_batch(env, AT(ba_context, c), &given, true));
}

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_recordsCreate(JNIEnv *env, jclass calls, jlong c,
                                                                  jbyteArray letters, jlongArray offsets) {
  (void)calls;
  uint8_t *bytes = NULL;
  int64_t length = 0, *bounds = NULL;
  ba_records *records = NULL;
  const jsize n = offsets ? (*env)->GetArrayLength(env, offsets) : 0;
  if (n < 1) {
    bridge_refuse(env, BA_ERR_ARGUMENT, "offsets are null or empty: expected one more than there are sequences");
    return 0;
  }
  if (bridge_bytes(env, letters, &bytes, &length) && (bounds = bridge_memory(env, n, sizeof *bounds)) != NULL) {
    (*env)->GetLongArrayRegion(env, offsets, 0, n, (jlong *)bounds);
    if (offsets_fit(env, bounds, n - 1, length)) {
      bridge_done(env, AT(ba_context, c),
                  ba_records_create(AT(ba_context, c), (const char *)bytes, bounds, n - 1, &records));
    }
  }
  free(bytes);
  free(bounds);
  return JAVA(records);
}

JNIEXPORT jlong JNICALL Java_org_bioanalytics_Calls_recordsCount(JNIEnv *env, jclass calls, jlong records) {
  (void)env;
  (void)calls;
  return ba_records_count(AT(ba_records, records));
}

static const char *column_of(JNIEnv *env, jlong records, jint column, const int64_t **offsets) {
  const ba_records *batch = AT(ba_records, records);
  const char *found = column == 0   ? ba_records_columns(batch, offsets)
                      : column == 1 ? ba_records_names(batch, offsets)
                      : column == 2 ? ba_records_qualities(batch, offsets)
                                    : NULL;
  if (found == NULL) bridge_refuse(env, BA_ERR_ARGUMENT, "there is no such column");
  return found;
}

JNIEXPORT jbyteArray JNICALL Java_org_bioanalytics_Calls_recordsBytes(JNIEnv *env, jclass calls, jlong c, jlong records,
                                                                      jint column) {
  (void)calls;
  (void)c;
  const int64_t *offsets;
  const char *bytes = column_of(env, records, column, &offsets);
  return bytes ? bridge_java_bytes(env, bytes, offsets[ba_records_count(AT(ba_records, records))]) : NULL;
}

JNIEXPORT jlongArray JNICALL Java_org_bioanalytics_Calls_recordsOffsets(JNIEnv *env, jclass calls, jlong c,
                                                                        jlong records, jint column) {
  (void)calls;
  (void)c;
  const int64_t *offsets;
  if (column_of(env, records, column, &offsets) == NULL) return NULL;
  const jsize n = (jsize)ba_records_count(AT(ba_records, records)) + 1;
  jlongArray array = (*env)->NewLongArray(env, n);
  if (array != NULL) (*env)->SetLongArrayRegion(env, array, 0, n, (const jlong *)offsets);
  return array;
}

JNIEXPORT jbyteArray JNICALL Java_org_bioanalytics_Calls_recordsItem(JNIEnv *env, jclass calls, jlong c, jlong records,
                                                                     jint column, jlong index) {
  (void)calls;
  (void)c;
  const ba_records *batch = AT(ba_records, records);
  int64_t length = 0;
  const char *found = column == 0   ? ba_records_sequence(batch, index, &length)
                      : column == 1 ? ba_records_name(batch, index, &length)
                                    : ba_records_quality(batch, index, &length);
  return found ? bridge_java_bytes(env, found, length) : NULL;
}
