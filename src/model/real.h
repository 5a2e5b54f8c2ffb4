/* SPDX-License-Identifier: MIT
 *
 * real.h: the type of a network's numbers. It is float; the tests build the same source with double
 * (BAI_NET_DOUBLE), where slopes can be compared with differences.
 */
#ifndef BAI_MODEL_REAL_H
#define BAI_MODEL_REAL_H

#include "kernels/kernels.h"

#ifdef BAI_NET_DOUBLE
typedef double bai_real;
#include "kernels/scalar.h"
#define BAI_REAL double
#define BAI_LAYER(name) double_##name
#include "kernels/layers.h"
#define BAI_NET_CALL(kernels, name) ((void)(kernels), double_##name)
#else
typedef float bai_real;
#define BAI_NET_CALL(kernels, name) (kernels)->name##_f32
#endif

#endif
