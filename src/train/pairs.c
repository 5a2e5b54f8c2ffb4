/* SPDX-License-Identifier: MIT
 *
 * pairs.c: the two loops of Nocedal, "Updating quasi-Newton matrices with limited storage" (1980).
 */
#include "train/pairs.h"

#include <string.h>

ba_status bai_pairs_create(ba_context *context, int64_t n, int32_t memory, bai_pairs *p) {
  *p = (bai_pairs){.n = n, .memory = memory};
  ba_status status = bai_alloc(context, n, 8 * (int64_t)memory, &p->steps);
  if (!status) status = bai_alloc(context, n, 8 * (int64_t)memory, &p->changes);
  if (!status) status = bai_alloc(context, memory, 8, &p->rho);
  return status ? status : bai_alloc(context, memory, 8, &p->alpha);
}

void bai_pairs_free(ba_context *context, bai_pairs *p) {
  void *parts[] = {p->steps, p->changes, p->rho, p->alpha};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) bai_free(context, parts[i]);
}

void bai_pairs_direction(bai_pairs *p, const bai_kernels *kernels, const double *gradient, double *direction) {
  kernels->scale_f64(direction, -1.0, gradient, p->n);
  for (int32_t i = 0; i < p->stored; i++) {
    const int32_t pair = (p->next - 1 - i + 2 * p->memory) % p->memory;
    p->alpha[pair] = p->rho[pair] * kernels->dot_f64(p->steps + pair * p->n, direction, p->n);
    kernels->axpy_f64(direction, -p->alpha[pair], p->changes + pair * p->n, p->n);
  }
  if (p->stored) {
    const int32_t newest = (p->next - 1 + p->memory) % p->memory;
    const double *change = p->changes + newest * p->n;
    kernels->scale_f64(direction, 1.0 / (p->rho[newest] * kernels->dot_f64(change, change, p->n)), direction, p->n);
  }
  for (int32_t i = p->stored - 1; i >= 0; i--) {
    const int32_t pair = (p->next - 1 - i + 2 * p->memory) % p->memory;
    const double beta = p->rho[pair] * kernels->dot_f64(p->changes + pair * p->n, direction, p->n);
    kernels->axpy_f64(direction, p->alpha[pair] - beta, p->steps + pair * p->n, p->n);
  }
}

void bai_pairs_keep(bai_pairs *p, const bai_kernels *kernels, const double *from, const double *to,
                    const double *gradient_from, const double *gradient_to) {
  double *step = p->steps + p->next * p->n, *change = p->changes + p->next * p->n;
  memcpy(step, to, (size_t)p->n * 8);
  kernels->axpy_f64(step, -1.0, from, p->n);
  memcpy(change, gradient_to, (size_t)p->n * 8);
  kernels->axpy_f64(change, -1.0, gradient_from, p->n);
  const double curvature = kernels->dot_f64(step, change, p->n);
  if (!(curvature > 1e-300)) return;
  p->rho[p->next] = 1.0 / curvature;
  p->next = (p->next + 1) % p->memory;
  if (p->stored < p->memory) p->stored++;
}

void bai_pairs_archive(bai_pairs *p, bai_archive *a) {
  bai_archive_i32(a, &p->stored, 0, p->memory);
  bai_archive_i32(a, &p->next, 0, p->memory - 1);
  bai_archive_f64(a, p->steps, p->memory * p->n);
  bai_archive_f64(a, p->changes, p->memory * p->n);
  bai_archive_f64(a, p->rho, p->memory);
}
