/* SPDX-License-Identifier: MIT
 *
 * bytes.c: little-endian bytes, hashing and counter-based random bits; the same on every machine. Files depend on all
 * of it, so none of it may ever change.
 */
#include "base/base.h"

#include <string.h>

void bai_put_u16(uint8_t *at, uint16_t value) {
  for (int32_t i = 0; i < 2; i++) at[i] = (uint8_t)(value >> (8 * i));
}

void bai_put_u32(uint8_t *at, uint32_t value) {
  for (int32_t i = 0; i < 4; i++) at[i] = (uint8_t)(value >> (8 * i));
}

void bai_put_u64(uint8_t *at, uint64_t value) {
  for (int32_t i = 0; i < 8; i++) at[i] = (uint8_t)(value >> (8 * i));
}

uint16_t bai_get_u16(const uint8_t *at) {
  return (uint16_t)(at[0] | at[1] << 8);
}

uint32_t bai_get_u32(const uint8_t *at) {
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

uint64_t bai_get_u64(const uint8_t *at) {
  return (uint64_t)bai_get_u32(at) | (uint64_t)bai_get_u32(at + 4) << 32;
}

uint64_t bai_bits_of_f64(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

double bai_f64_of_bits(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

double bai_not_a_number(void) {
  return bai_f64_of_bits(UINT64_C(0x7ff8000000000000));
}

/* The odd integer nearest 2^64 / golden ratio: steps of it are spread evenly modulo 2^64. */
#define GOLDEN UINT64_C(0x9E3779B97F4A7C15)

/* The finaliser of SplitMix64: a bijection in which every input bit moves about half of the output bits. */
static uint64_t mix(uint64_t x) {
  x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
  return x ^ x >> 31;
}

uint64_t bai_hash_bytes(uint64_t seed, const uint8_t *data, int64_t n) {
  uint64_t hash = mix(seed + GOLDEN) + (uint64_t)n;
  int64_t at = 0;
  for (; n - at >= 8; at += 8) hash = mix(hash ^ bai_get_u64(data + at)) + GOLDEN;
  if (at < n) {
    uint64_t tail = 0;
    for (int64_t i = 0; at + i < n; i++) tail |= (uint64_t)data[at + i] << (8 * i);
    hash = mix(hash ^ tail) + GOLDEN;
  }
  return mix(hash);
}

uint64_t bai_random(uint64_t seed, uint64_t stream, uint64_t index) {
  uint64_t state = mix(mix(seed + GOLDEN) + (stream + 1) * GOLDEN);
  return mix(state + (index + 1) * GOLDEN);
}

double bai_scale_by_power(double value, int32_t exponent) {
  while (exponent > 1000) {
    value *= bai_f64_of_bits(UINT64_C(2023) << 52); /* 2^1000 */
    exponent -= 1000;
  }
  while (exponent < -1000) {
    value *= bai_f64_of_bits(UINT64_C(23) << 52); /* 2^-1000 */
    exponent += 1000;
  }
  return value * bai_f64_of_bits((uint64_t)(1023 + exponent) << 52);
}
