/* SPDX-License-Identifier: MIT
 *
 * bridge.h: how Java's arguments come in, results go out, and failures become exceptions. A function that returns a
 * bool or a pointer has left an exception pending when it gives false or NULL; the native method then returns at once.
 */
#ifndef BRIDGE_H
#define BRIDGE_H

#include <bioanalytics/bioanalytics.h>
#include <jni.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "org_bioanalytics_Calls.h"

/* A pointer as Java keeps it, and back. */
#define AT(type, handle) ((type *)(intptr_t)(handle))
#define JAVA(pointer) ((jlong)(intptr_t)(pointer))

/* Raises the error of the last call on this context, which gave `status`. */
void bridge_raise(JNIEnv *env, const ba_context *context, ba_status status);
/* Raises an error found on this side. */
void bridge_refuse(JNIEnv *env, ba_status status, const char *message);
/* False, with the exception, when a call failed. */
bool bridge_done(JNIEnv *env, const ba_context *context, ba_status status);
/* malloc that raises; of 0 bytes too it gives a pointer. */
void *bridge_memory(JNIEnv *env, int64_t count, size_t size);

/* A copy of a text with a NUL behind it, to be freed; NULL stays NULL when that is allowed. */
bool bridge_text(JNIEnv *env, jbyteArray array, bool optional, char **text);
/* A copy of an array, to be freed; `length` gets its elements. */
bool bridge_bytes(JNIEnv *env, jbyteArray array, uint8_t **bytes, int64_t *length);
bool bridge_doubles(JNIEnv *env, jdoubleArray array, double **numbers, int64_t *length);
/* `count` texts that stand in an array, each with a NUL behind it: pointers into a copy, both in one block to be freed.
 * With `empty` NULL an empty text becomes a NULL pointer. */
bool bridge_texts(JNIEnv *env, jbyteArray array, int64_t count, bool empty_is_null, const char ***texts);

/* The memory of a direct buffer, of elements of `size` bytes: `count` of them from element `from` on. */
void *bridge_buffer(JNIEnv *env, jobject buffer, int64_t from, int64_t count, size_t size, bool written);

jbyteArray bridge_java_bytes(JNIEnv *env, const void *bytes, int64_t length);
jbyteArray bridge_java_text(JNIEnv *env, const char *text);
jdoubleArray bridge_java_doubles(JNIEnv *env, const double *numbers, int64_t length);
/* Room for `count` numbers that go to an array in the end; with `array` NULL there is none, and nothing to do. */
bool bridge_output(JNIEnv *env, jdoubleArray array, int64_t count, double **numbers);
void bridge_output_end(JNIEnv *env, jdoubleArray array, int64_t count, double *numbers, bool done);

/* A call that writes a text or bytes into a buffer of some capacity and says how many there are. */
typedef ba_status (*bridge_writer)(const void *subject, char *buffer, int64_t capacity, int64_t *length);
jbyteArray bridge_written(JNIEnv *env, const ba_context *context, bridge_writer write, const void *subject);
/* The same of a call that takes long, with room for about as many bytes as it will write. */
jbyteArray bridge_written_about(JNIEnv *env, const ba_context *context, bridge_writer write, const void *subject,
                                int64_t capacity);

#endif
