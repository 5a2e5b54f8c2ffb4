/* SPDX-License-Identifier: MIT
 *
 * levels.h: names of CPU levels to try; a machine refuses those that it lacks.
 */
#ifndef TEST_LEVELS_H
#define TEST_LEVELS_H

#if defined(__aarch64__)
static const char *const cpu_levels[3] = {"scalar", "neon", "avx512"};
#else
static const char *const cpu_levels[3] = {"scalar", "avx2", "avx512"};
#endif

#endif
