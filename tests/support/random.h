/* SPDX-License-Identifier: MIT
 *
 * random.h: random bits of a state that is not 0, by Vigna's xorshift64* (2016), for inputs of tests.
 */
#ifndef TEST_RANDOM_H
#define TEST_RANDOM_H

#include <stdint.h>

static inline uint64_t random_next(uint64_t *state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * UINT64_C(0x2545F4914F6CDD1D);
}

#endif
