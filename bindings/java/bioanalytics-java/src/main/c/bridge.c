/* SPDX-License-Identifier: MIT
 *
 * bridge.c: arguments, results and exceptions between Java and C, and what is looked up once when the library is
 * loaded.
 */
#include "bridge.h"

#include <stdio.h>

#define FIRST_ROOM 4096 /* of a text or bytes of unknown length */

static jclass exception_class;
static jmethodID exception_make;
static jmethodID buffer_read_only;

JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM *machine, void *reserved) {
  (void)reserved;
  JNIEnv *env = NULL;
  if ((*machine)->GetEnv(machine, (void **)&env, JNI_VERSION_1_8) != JNI_OK) return JNI_ERR;
  jclass exception = (*env)->FindClass(env, "org/bioanalytics/BioAnalyticsException");
  if (exception == NULL) return JNI_ERR;
  exception_make = (*env)->GetMethodID(env, exception, "<init>", "(ILjava/lang/String;JJ)V");
  if (exception_make == NULL) return JNI_ERR;
  exception_class = (*env)->NewGlobalRef(env, exception);
  (*env)->DeleteLocalRef(env, exception);
  jclass buffer = (*env)->FindClass(env, "java/nio/Buffer");
  if (exception_class == NULL || buffer == NULL) return JNI_ERR;
  buffer_read_only = (*env)->GetMethodID(env, buffer, "isReadOnly", "()Z");
  (*env)->DeleteLocalRef(env, buffer);
  return buffer_read_only ? JNI_VERSION_1_8 : JNI_ERR;
}

JNIEXPORT void JNICALL JNI_OnUnload(JavaVM *machine, void *reserved) {
  (void)reserved;
  JNIEnv *env = NULL;
  if ((*machine)->GetEnv(machine, (void **)&env, JNI_VERSION_1_8) != JNI_OK) return;
  (*env)->DeleteGlobalRef(env, exception_class);
}

/* Messages of the library are printable ASCII, which NewStringUTF takes as it is. */
static void raise_error(JNIEnv *env, ba_status status, const char *message, int64_t record, int64_t byte) {
  if ((*env)->ExceptionCheck(env)) return;
  jstring text = (*env)->NewStringUTF(env, message);
  if (text == NULL) return;
  jobject error =
      (*env)->NewObject(env, exception_class, exception_make, (jint)status, text, (jlong)record, (jlong)byte);
  if (error != NULL) (*env)->Throw(env, (jthrowable)error);
}

void bridge_raise(JNIEnv *env, const ba_context *context, ba_status status) {
  int64_t record = -1, byte = -1;
  const char *message = "";
  if (ba_context_error_code(context) == status) {
    message = ba_context_error_message(context);
    ba_context_error_position(context, &record, &byte);
  }
  raise_error(env, status, message[0] ? message : ba_status_text(status), record, byte);
}

void bridge_refuse(JNIEnv *env, ba_status status, const char *message) {
  raise_error(env, status, message, -1, -1);
}

bool bridge_done(JNIEnv *env, const ba_context *context, ba_status status) {
  if (status >= 0) return true;
  bridge_raise(env, context, status);
  return false;
}

void *bridge_memory(JNIEnv *env, int64_t count, size_t size) {
  void *memory = NULL;
  if (count >= 0 && count < (int64_t)(INT64_MAX / 2 / (int64_t)size)) memory = malloc((size_t)count * size + 1);
  if (memory == NULL) bridge_refuse(env, BA_ERR_MEMORY, "no memory for what goes between Java and the library");
  return memory;
}

bool bridge_bytes(JNIEnv *env, jbyteArray array, uint8_t **bytes, int64_t *length) {
  *bytes = NULL;
  if (array == NULL) {
    bridge_refuse(env, BA_ERR_ARGUMENT, "an array is null");
    return false;
  }
  const jsize n = (*env)->GetArrayLength(env, array);
  uint8_t *copy = bridge_memory(env, n, 1);
  if (copy == NULL) return false;
  (*env)->GetByteArrayRegion(env, array, 0, n, (jbyte *)copy);
  if ((*env)->ExceptionCheck(env)) {
    free(copy);
    return false;
  }
  *bytes = copy;
  *length = n;
  return true;
}

bool bridge_text(JNIEnv *env, jbyteArray array, bool optional, char **text) {
  uint8_t *bytes;
  int64_t length;
  *text = NULL;
  if (array == NULL && optional) return true;
  if (!bridge_bytes(env, array, &bytes, &length)) return false;
  bytes[length] = 0;
  *text = (char *)bytes;
  return true;
}

bool bridge_doubles(JNIEnv *env, jdoubleArray array, double **numbers, int64_t *length) {
  *numbers = NULL;
  if (array == NULL) {
    bridge_refuse(env, BA_ERR_ARGUMENT, "an array of numbers is null");
    return false;
  }
  const jsize n = (*env)->GetArrayLength(env, array);
  double *copy = bridge_memory(env, n, sizeof *copy);
  if (copy == NULL) return false;
  (*env)->GetDoubleArrayRegion(env, array, 0, n, copy);
  if ((*env)->ExceptionCheck(env)) {
    free(copy);
    return false;
  }
  *numbers = copy;
  *length = n;
  return true;
}

bool bridge_texts(JNIEnv *env, jbyteArray array, int64_t count, bool empty_is_null, const char ***texts) {
  *texts = NULL;
  if (array == NULL || count < 0) {
    bridge_refuse(env, BA_ERR_ARGUMENT, "texts are null, or their number is below 0");
    return false;
  }
  const jsize n = (*env)->GetArrayLength(env, array);
  const int64_t pointers = count * (int64_t)sizeof(char *);
  char *block = count <= n ? bridge_memory(env, pointers + n, 1) : NULL;
  if (block == NULL) {
    bridge_refuse(env, BA_ERR_ARGUMENT, "fewer texts than rows");
    return false;
  }
  const char **list = (const char **)(void *)block;
  char *at = block + pointers;
  const char *const end = at + n;
  (*env)->GetByteArrayRegion(env, array, 0, n, (jbyte *)at);
  int64_t found = 0;
  while (found < count && at < end) {
    char *stop = memchr(at, 0, (size_t)(end - at));
    if (stop == NULL) break;
    list[found++] = stop == at && empty_is_null ? NULL : at;
    at = stop + 1;
  }
  if (found < count || at != end) {
    free(block);
    bridge_refuse(env, BA_ERR_ARGUMENT, "expected one text a row, each with a NUL behind it");
    return false;
  }
  *texts = list;
  return true;
}

void *bridge_buffer(JNIEnv *env, jobject buffer, int64_t from, int64_t count, size_t size, bool written) {
  uint8_t *start = buffer ? (*env)->GetDirectBufferAddress(env, buffer) : NULL;
  const int64_t capacity = buffer ? (*env)->GetDirectBufferCapacity(env, buffer) : -1;
  const char *wrong = NULL;
  if (start == NULL && capacity != 0) {
    wrong = "a buffer is null or not direct";
  } else if (from < 0 || count < 0 || from > capacity || count > capacity - from) {
    wrong = "a buffer is shorter than it has to be";
  } else if ((uintptr_t)start % size) {
    wrong = "a buffer of numbers does not begin at a multiple of their size";
  } else if (written) {
    const jboolean read_only = (*env)->CallBooleanMethod(env, buffer, buffer_read_only);
    if ((*env)->ExceptionCheck(env)) return NULL;
    if (read_only) wrong = "a buffer to write to is read-only";
  }
  if (wrong) {
    bridge_refuse(env, BA_ERR_ARGUMENT, wrong);
    return NULL;
  }
  static char nothing; /* where no byte is read or written */
  return start ? start + (size_t)from * size : (void *)&nothing;
}

jbyteArray bridge_java_bytes(JNIEnv *env, const void *bytes, int64_t length) {
  if (length > INT32_MAX - 8) {
    bridge_refuse(env, BA_ERR_LIMIT, "more bytes than a Java array can hold");
    return NULL;
  }
  jbyteArray array = (*env)->NewByteArray(env, (jsize)length);
  if (array != NULL) (*env)->SetByteArrayRegion(env, array, 0, (jsize)length, bytes);
  return array;
}

jbyteArray bridge_java_text(JNIEnv *env, const char *text) {
  if (text == NULL) {
    bridge_refuse(env, BA_ERR_ARGUMENT, "there is no such name");
    return NULL;
  }
  return bridge_java_bytes(env, text, (int64_t)strlen(text));
}

jdoubleArray bridge_java_doubles(JNIEnv *env, const double *numbers, int64_t length) {
  if (length > INT32_MAX - 8) {
    bridge_refuse(env, BA_ERR_LIMIT, "more numbers than a Java array can hold");
    return NULL;
  }
  jdoubleArray array = (*env)->NewDoubleArray(env, (jsize)length);
  if (array != NULL) (*env)->SetDoubleArrayRegion(env, array, 0, (jsize)length, numbers);
  return array;
}

bool bridge_output(JNIEnv *env, jdoubleArray array, int64_t count, double **numbers) {
  *numbers = NULL;
  if (array == NULL) return true;
  if ((*env)->GetArrayLength(env, array) < count) {
    bridge_refuse(env, BA_ERR_ARGUMENT, "an array for results is too short");
    return false;
  }
  *numbers = bridge_memory(env, count, sizeof **numbers);
  return *numbers != NULL;
}

void bridge_output_end(JNIEnv *env, jdoubleArray array, int64_t count, double *numbers, bool done) {
  if (array != NULL && numbers != NULL && done) (*env)->SetDoubleArrayRegion(env, array, 0, (jsize)count, numbers);
  free(numbers);
}

jbyteArray bridge_written_about(JNIEnv *env, const ba_context *context, bridge_writer write, const void *subject,
                                int64_t capacity) {
  for (int64_t length = 0;; capacity = length + 1) {
    jbyteArray array = NULL;
    char *room = bridge_memory(env, capacity, 1);
    if (room == NULL) return NULL;
    const bool done = bridge_done(env, context, write(subject, room, capacity, &length));
    if (done && length < capacity) array = bridge_java_bytes(env, room, length); /* also of a text with its NUL */
    free(room);
    if (!done || length < capacity) return array;
  }
}

jbyteArray bridge_written(JNIEnv *env, const ba_context *context, bridge_writer write, const void *subject) {
  char room[FIRST_ROOM];
  int64_t length = 0;
  if (!bridge_done(env, context, write(subject, room, FIRST_ROOM, &length))) return NULL;
  if (length < FIRST_ROOM) return bridge_java_bytes(env, room, length);
  return bridge_written_about(env, context, write, subject, length + 1);
}
