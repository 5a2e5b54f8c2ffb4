/* SPDX-License-Identifier: MIT
 *
 * random_cases.h: what test_random.c makes its cases of: inputs at random, outputs with canaries around them, and every
 * level on both.
 */
#ifndef TEST_KERNELS_RANDOM_CASES_H
#define TEST_KERNELS_RANDOM_CASES_H

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernels/kernels.h"
#include "support/random.h"

enum { INPUTS = 4, OUTPUTS = 4, ROOM = 1 << 15, MARGIN = 64, TABLE = 1 << 16, MOST = 150, ENTRIES = 97 };

#define CANARY 0xA5
#define SEED UINT64_C(0x0B10A7A1)

typedef enum item { BYTES, FLOATS, DOUBLES } item;

/* What a kernel gave, canaries before and after it. */
typedef struct output {
  uint8_t *data;
  int64_t bytes;
  item kind;
} output;

static _Alignas(64) uint8_t inputs[INPUTS][ROOM], room[3][OUTPUTS][ROOM];
static output outputs[3][OUTPUTS];
static int32_t level, output_count, shifts[OUTPUTS]; /* the level at work; where in a cache line outputs begin */
static int32_t weights[TABLE + 64];                  /* for whoever looks up integers */
static uint64_t random_state;

static uint64_t random_bits(void) {
  return random_next(&random_state);
}

static int64_t below(uint64_t limit) {
  return (int64_t)((random_bits() >> 32) % limit);
}

/* Mostly short. */
static int64_t length(int64_t most) {
  const int64_t how = below(8);
  return below(how ? (how < 6 ? 18 : 70) : (uint64_t)most + 1);
}

/* ---- inputs ---- */

static void *place(int32_t i, int64_t bytes, int64_t size) {
  assert_true(bytes + 64 <= ROOM);
  return inputs[i] + below(64) / size * size;
}

static double special_f64(void) {
  static const double special[] = {
      0.0,       -0.0,     0x1p-1074,         -0x1p-1074,         0x0.fffffp-1022, -0x1p-1022, 0x1.fffffffffffffp1023,
      -0x1p1023, 0x1p-600, (double)INFINITY,  -(double)INFINITY,  (double)NAN,     1.0,        -1.0,
      709.78,    -745.13,  -708.396418532264, 0x1.6a09e667f3bcdp0};
  return special[below(sizeof special / sizeof *special)];
}

static float special_f32(void) {
  static const float special[] = {
      0.0f,       -0.0f,           0x1p-149f,        -0x1p-149f, 0x0.fffffep-126f, -0x1p127f,       0x1p-100f,
      -0x1p-126f, (float)INFINITY, -(float)INFINITY, (float)NAN, 0x1p-70f,         0x1.fffffep127f, 1.0f,
      -1.0f};
  return special[below(sizeof special / sizeof *special)];
}

/* By `temper`, which is drawn for each array: ordinary numbers; with a few that are special; every other one; any bits.
 * Ordinary ones alone are the commonest, for most of what comes of the others is NaN. */
static void fill_f64(double *x, int64_t n, int64_t temper) {
  for (int64_t i = 0; i < n; i++) {
    const uint64_t bits = random_bits();
    x[i] = (double)((int64_t)bits >> 11) * 0x1p-50;
    if (temper > 2 && bits % (temper == 3 ? 16 : 2) == 0) x[i] = special_f64();
    if (temper == 5) memcpy(&x[i], &bits, 8);
  }
}

static void fill_f32(float *x, int64_t n, int64_t temper) {
  for (int64_t i = 0; i < n; i++) {
    const uint64_t bits = random_bits();
    x[i] = (float)((int64_t)bits >> 40) * 0x1p-20f;
    if (temper > 2 && bits % (temper == 3 ? 16 : 2) == 0) x[i] = special_f32();
    if (temper == 5) memcpy(&x[i], &bits, 4);
  }
}

static double *reals(int32_t i, int64_t n) {
  double *x = place(i, 8 * n, 8);
  fill_f64(x, n, below(6));
  return x;
}

static float *floats(int32_t i, int64_t n) {
  float *x = place(i, 4 * n, 4);
  fill_f32(x, n, below(6));
  return x;
}

static uint8_t *bytes_below(int32_t i, int64_t n, uint64_t limit) {
  uint8_t *x = place(i, n, 1);
  for (int64_t k = 0; k < n; k++) x[k] = (uint8_t)below(limit);
  return x;
}

static uint32_t *integers(int32_t i, int64_t n, uint64_t limit) {
  uint32_t *x = place(i, 4 * n, 4);
  for (int64_t k = 0; k < n; k++) x[k] = (uint32_t)below(limit);
  return x;
}

static uint64_t *codes_of(int32_t i, int64_t n, int32_t shift) {
  uint64_t *x = place(i, 8 * n, 8);
  for (int64_t k = 0; k < n; k++) x[k] = random_bits() >> shift;
  return x;
}

/* ---- outputs ---- */

/* Room for what the level at work writes: a copy of `from`, or canaries. */
static void *give(const void *from, int64_t n, int64_t size, item kind) {
  const int32_t i = output_count++;
  output *out = &outputs[level][i];
  assert_true(i < OUTPUTS && n * size + 2 * MARGIN + 64 <= ROOM);
  *out = (output){room[level][i] + MARGIN + shifts[i] / size * size, n * size, kind};
  memset(out->data - MARGIN, CANARY, (size_t)(out->bytes + 2 * MARGIN));
  if (from && n) memcpy(out->data, from, (size_t)out->bytes);
  return out->data;
}

static double *give_f64(const double *from, int64_t n) {
  return give(from, n, 8, DOUBLES);
}

static float *give_f32(const float *from, int64_t n) {
  return give(from, n, 4, FLOATS);
}

static void give_number(int64_t value) {
  give(&value, 1, 8, BYTES);
}

/* What is behind the first bytes of an output, or before them, is undefined. */
static void keep(void *data, int64_t from, int64_t end) {
  output *out = &outputs[level][0];
  while (out->data != data) out++;
  memset(out->data, CANARY, (size_t)from);
  memset(out->data + end, CANARY, (size_t)(out->bytes - end));
}

static int32_t same_numbers(const output *a, const output *b) {
  for (int64_t i = 0; i < a->bytes; i += a->kind == FLOATS ? 4 : 8) {
    float f[2] = {0};
    double d[2] = {0};
    memcpy(a->kind == FLOATS ? (void *)&f[0] : &d[0], a->data + i, a->kind == FLOATS ? 4 : 8);
    memcpy(a->kind == FLOATS ? (void *)&f[1] : &d[1], b->data + i, a->kind == FLOATS ? 4 : 8);
    if ((isnan(f[0]) && isnan(f[1])) || (isnan(d[0]) && isnan(d[1]))) continue;
    if (memcmp(&f[0], &f[1], 4) || memcmp(&d[0], &d[1], 8)) return 0;
  }
  return memcmp(a->data - MARGIN, b->data - MARGIN, MARGIN) == 0 &&
         memcmp(a->data + a->bytes, b->data + b->bytes, MARGIN) == 0;
}

static int32_t same(const output *a, const output *b) {
  if (a->bytes != b->bytes) return 0;
  if (memcmp(a->data - MARGIN, b->data - MARGIN, (size_t)(a->bytes + 2 * MARGIN)) == 0) return 1;
  return a->kind != BYTES && same_numbers(a, b);
}

/* ---- every level on what was drawn ---- */

static const bai_kernels *levels[3];
static int32_t level_count;
static const char *at_work;
static int64_t case_number;

static void check_level(void) {
  if (level == 0) return;
  for (int32_t i = 0; i < output_count; i++) {
    if (same(&outputs[0][i], &outputs[level][i])) continue;
    fail_msg("%s at level %s: output %d of case %" PRId64 ", seed 0x%" PRIX64, at_work, levels[level]->name, i,
             case_number, SEED);
  }
}

/* for (each level) { give outputs; run the kernel } */
#define AT_EACH_LEVEL(k)                                                                     \
  for (const bai_kernels *k = (level = 0, output_count = 0, levels[0]); level < level_count; \
       check_level(), level++, output_count = 0, k = level < level_count ? levels[level] : NULL)

#endif
