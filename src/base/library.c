/* SPDX-License-Identifier: MIT
 *
 * library.c: optional libraries, loaded when first needed and not before: some start threads in any process that has
 * them. The only file that includes dlfcn.h.
 */
#include <dlfcn.h>
#include <string.h>

#include "base/base.h"

ba_status bai_library_open(ba_context *context, const char *const *names, const char *hint, void **handle,
                           int32_t *brought) {
  *handle = NULL;
  if (brought) *brought = 0;
  for (int32_t i = 0; names[i]; i++) {
    *handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
    if (*handle) return BA_OK;
    *handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (*handle == NULL) continue;
    if (brought) *brought = 1;
    return BA_OK;
  }
  return bai_fail(context, BA_ERR_UNSUPPORTED, "%s", hint);
}

int32_t bai_library_symbol(void *handle, const char *name, void *function) {
  void *symbol = dlsym(handle, name);
  if (symbol == NULL) return 0;
  memcpy(function, &symbol, sizeof symbol); /* ISO C has no conversion from an object's address to a function's */
  return 1;
}

void bai_library_close(void *handle) {
  if (handle) dlclose(handle);
}
