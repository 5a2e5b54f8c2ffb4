/* SPDX-License-Identifier: MIT
 *
 * libdeflate.c: bgzf blocks by libdeflate; the only file that knows it. It takes about 12 KB a thread from malloc,
 * which the memory limit does not count: this library has no way to say for one decompressor where its memory comes
 * from.
 */
#include "seq/inflater.h"

#if defined(BA_HAVE_LIBDEFLATE)
#include <libdeflate.h>

static ba_status open_state(ba_context *context, void **state) {
  *state = libdeflate_alloc_decompressor();
  return *state ? BA_OK : bai_fail(context, BA_ERR_MEMORY, "libdeflate found no memory");
}

static void close_state(void *state, ba_context *context) {
  (void)context;
  libdeflate_free_decompressor(state);
}

static int32_t inflate_block(void *state, const uint8_t *block, int64_t size, uint8_t *plain, int64_t plain_size) {
  size_t taken = 0;
  return libdeflate_gzip_decompress_ex(state, block, (size_t)size, plain, (size_t)plain_size, &taken, NULL) ==
             LIBDEFLATE_SUCCESS &&
         taken == (size_t)size;
}

const bai_block_inflater bai_libdeflate_blocks = {open_state, inflate_block, close_state};
#endif
