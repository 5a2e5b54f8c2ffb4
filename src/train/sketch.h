/* SPDX-License-Identifier: MIT
 *
 * sketch.h: what the rows of a training run look like, kept in the model.
 */
#ifndef BAI_TRAIN_SKETCH_H
#define BAI_TRAIN_SKETCH_H

#include "model/model.h"
#include "train/uses.h"

/* Gives a model that nobody has seen yet its bins. */
ba_status bai_sketch_rows(ba_context *context, const ba_dataset *dataset, const uint8_t *uses, ba_model *model);

#endif
