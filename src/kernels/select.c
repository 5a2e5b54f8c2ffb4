/* SPDX-License-Identifier: MIT
 *
 * select.c: which kernels this build and this CPU have, and which of them a context uses.
 */
#include <stddef.h>
#if defined(BA_HAVE_ARM)
#include <sys/auxv.h>
#endif

#include "kernels/kernels.h"

#define LEVELS "scalar, avx2, avx512 or neon"

/* __builtin_cpu_supports also asks whether the operating system saves the wide registers. */
#if defined(BA_HAVE_X86)
static int32_t has_avx2(void) {
#if !defined(__clang__) /* some clang does not know this word; no CPU has AVX2 and BMI without it */
  if (!__builtin_cpu_supports("lzcnt")) return 0;
#endif
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("sse4.2");
}

static int32_t has_avx512(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#endif

#if defined(BA_HAVE_ARM)
static int32_t has_neon(void) {
  const unsigned long needed = HWCAP_ASIMD | HWCAP_CRC32;
  return (getauxval(AT_HWCAP) & needed) == needed;
}
#endif

int32_t bai_kernels_available(const bai_kernels *out[3]) {
  int32_t count = 0;
  out[count++] = &bai_kernels_scalar;
#if defined(BA_HAVE_X86)
  if (has_avx2()) {
    out[count++] = &bai_kernels_avx2;
    if (has_avx512()) out[count++] = &bai_kernels_avx512;
  }
#endif
#if defined(BA_HAVE_ARM)
  if (has_neon()) out[count++] = &bai_kernels_neon;
#endif
  return count;
}

/* Asks anew each time instead of keeping the answer in the context, because workers call it at the same time. */
const bai_kernels *bai_kernels_of(ba_context *context) {
  if (context && context->kernels) return context->kernels;
  const bai_kernels *levels[3];
  return levels[bai_kernels_available(levels) - 1];
}

static ba_status choose(ba_context *context, const char *level) {
  if (bai_equal(level, "auto")) {
    context->kernels = NULL;
    return BA_OK;
  }
  const bai_kernels *levels[3];
  int32_t count = bai_kernels_available(levels);
  for (int32_t i = 0; i < count; i++) {
    if (bai_equal(level, levels[i]->name)) {
      context->kernels = levels[i];
      return BA_OK;
    }
  }
  if (bai_equal(level, "avx2") || bai_equal(level, "avx512") || bai_equal(level, "neon")) {
    return bai_fail(context, BA_ERR_UNSUPPORTED,
                    "cpu level %s is not in this build or not in this CPU; accepted: auto, scalar%s%s%s%s", level,
                    count > 1 ? ", " : "", count > 1 ? levels[1]->name : "", count > 2 ? ", " : "",
                    count > 2 ? levels[2]->name : "");
  }
  return bai_fail(context, BA_ERR_ARGUMENT, "cpu level '%s'; accepted: auto, " LEVELS, level);
}

ba_status ba_context_set_cpu(ba_context *context, const char *level) {
  ba_status status = bai_enter(context);
  if (status) return status;
  if (level) {
    status = choose(context, level);
  } else {
    status = bai_fail(context, BA_ERR_ARGUMENT, "cpu level is NULL; accepted: auto, " LEVELS);
  }
  return bai_leave(context, status);
}

const char *ba_context_cpu(ba_context *context) {
  return bai_kernels_of(context)->name;
}
