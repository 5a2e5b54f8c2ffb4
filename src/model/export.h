/* SPDX-License-Identifier: MIT
 *
 * export.h: a model as text or bytes for other programs; one file a format.
 */
#ifndef BAI_MODEL_EXPORT_H
#define BAI_MODEL_EXPORT_H

#include "model/model.h"

/* What is being written. Once a status is set nothing more is added. */
typedef struct bai_export {
  ba_context *context;
  const ba_model *model;
  bai_vector text; /* of bytes */
  ba_status status;
} bai_export;

#define BAI_ADD(e, ...)                                                                  \
  do {                                                                                   \
    if (!(e)->status) (e)->status = bai_text_add((e)->context, &(e)->text, __VA_ARGS__); \
  } while (0)

void bai_export_json(bai_export *e);
void bai_export_c(bai_export *e);
void bai_export_onnx(bai_export *e);

#endif
