/* SPDX-License-Identifier: MIT
 *
 * bioanalytics.h: all of the library.
 */
#ifndef BIOANALYTICS_BIOANALYTICS_H
#define BIOANALYTICS_BIOANALYTICS_H

/* The order of the rooms. */
/* clang-format off */
#include "bioanalytics/base.h"
#include "bioanalytics/array.h"
#include "bioanalytics/seq.h"
#include "bioanalytics/arrow.h"
#include "bioanalytics/features.h"
#include "bioanalytics/model.h"
#include "bioanalytics/train.h"
#include "bioanalytics/sharded.h"
/* clang-format on */

#endif
