/* SPDX-License-Identifier: MIT
 *
 * index_check.c: reads .bai, .csi and .crai from end to end before htslib does. htslib 1.16 frees memory that it never
 * had when a .bai or .csi is cut, and believes numbers that none can have.
 */
#include "seq/index_check.h"

#include <string.h>

#include "seq/fai.h"

#define BAI_DEPTH 5
#define MOST_DEPTH 9 /* bins of deeper ones do not fit 31 bits */
#define MOST_SHIFT 30
#define MOST_CRAI INT32_MAX

/* What is left of the index. A read past the end gives 0 and sets `cut`. */
typedef struct cursor {
  const uint8_t *at, *end;
  int32_t cut;
} cursor;

static int64_t take_u32(cursor *c) {
  if (c->end - c->at < 4) {
    c->cut = 1;
    return 0;
  }
  c->at += 4;
  return bai_get_u32(c->at - 4);
}

static void pass(cursor *c, int64_t count, int64_t size) {
  if (count > (c->end - c->at) / size) {
    c->cut = 1;
  } else {
    c->at += count * size;
  }
}

/* The bins of one reference: numbers, each once, and whole lists of chunks. Number `counts_bin` holds counts. */
static const char *check_bins(ba_context *context, cursor *c, int64_t counts_bin, int32_t csi, bai_vector *seen,
                              ba_status *status) {
  const int64_t bins = take_u32(c);
  if (bins > counts_bin) return "it has more bins than there are";
  seen->count = 0;
  for (int64_t i = 0; i < bins; i++) {
    const int64_t bin = take_u32(c);
    if (csi) pass(c, 1, 8);
    const int64_t chunks = take_u32(c);
    if (c->cut) return NULL;
    if (bin > counts_bin || bin == counts_bin - 1) return "a bin has a number that there is not";
    if (bin == counts_bin && chunks != 2) return "the last bin, of counts, has not two pairs";
    pass(c, chunks, 16);
    const uint64_t key = (uint64_t)bin;
    *status = bai_vector_append(context, seen, &key, 1, (int64_t)sizeof key);
    if (*status) return NULL;
  }
  const uint64_t *keys = (const uint64_t *)seen->data;
  if (seen->count > 1) bai_sort_u64(seen->data, seen->count);
  for (int64_t i = 1; i < seen->count; i++) {
    if (keys[i] == keys[i - 1]) return "a bin stands twice";
  }
  if (!csi) pass(c, take_u32(c), 8);
  return NULL;
}

static const char *check_whole(ba_context *context, cursor *c, ba_status *status) {
  const char *wrong = NULL;
  bai_vector seen = {0};
  int64_t depth = BAI_DEPTH;
  if (c->end - c->at < 4) return "it is cut";
  const int32_t csi = memcmp(c->at, "CSI\1", 4) == 0;
  if (!csi && memcmp(c->at, "BAI\1", 4) != 0) return "it is neither .bai nor .csi";
  c->at += 4;
  if (csi) {
    const int64_t shift = take_u32(c);
    depth = take_u32(c);
    if (shift > MOST_SHIFT || depth > MOST_DEPTH) return "its bins are of an impossible size";
    pass(c, take_u32(c), 1);
  }
  const int64_t bins = ((INT64_C(1) << (3 * depth + 3)) - 1) / 7, references = take_u32(c);
  for (int64_t i = 0; i < references && !wrong && !*status && !c->cut; i++) {
    wrong = check_bins(context, c, bins + 1, csi, &seen, status);
    if (!wrong && !*status) *status = bai_check_cancel(context);
  }
  bai_vector_free(context, &seen);
  if (wrong || *status) return wrong;
  if (c->cut) return "it is cut";
  const int64_t left = c->end - c->at;
  return left == 0 || left == 8 ? NULL : "more bytes follow its last reference";
}

ba_status bai_index_check_bins(ba_context *context, const char *path) {
  bai_vector bytes = {0};
  ba_status status = bai_read_plain(context, path, &bytes);
  cursor c = {.at = bytes.data, .end = (const uint8_t *)bytes.data + bytes.count};
  const char *wrong = status ? NULL : check_whole(context, &c, &status);
  bai_vector_free(context, &bytes);
  return wrong ? bai_fail(context, BA_ERR_FORMAT, "index %s: %s; make it again", path, wrong) : status;
}

/* ---- .crai ---- */

/* Six numbers: reference, start, span, the container's place, the slice's place in it, its size. */
static int32_t check_line(const char *line, int64_t n, int64_t references) {
  int64_t numbers[6], count = 0;
  for (const char *at = line, *end = line + n; at <= end; count++) {
    const char *stop = memchr(at, '\t', (size_t)(end - at));
    if (stop == NULL) stop = end;
    if (count == 6 || !bai_parse_i64(at, stop - at, &numbers[count])) return 0;
    at = stop + 1;
  }
  if (count != 6 || numbers[0] < -2 || numbers[0] >= references) return 0;
  for (int32_t i = 1; i < 6; i++) {
    if (numbers[i] < 0 || (i != 3 && numbers[i] > MOST_CRAI)) return 0;
  }
  return numbers[1] + numbers[2] <= MOST_CRAI;
}

ba_status bai_index_check_crai(ba_context *context, const char *path, int64_t references) {
  bai_vector bytes = {0};
  ba_status status = bai_read_plain(context, path, &bytes);
  const char *text = (const char *)bytes.data;
  if (!status && bytes.count == 0) status = bai_fail(context, BA_ERR_FORMAT, "index %s: it is empty", path);
  for (int64_t at = 0, line = 1, n; !status && at < bytes.count; at += n + 1, line++) {
    const char *stop = memchr(text + at, '\n', (size_t)(bytes.count - at));
    n = stop ? stop - text - at : bytes.count - at;
    if (!stop || !check_line(text + at, n, references)) {
      status = bai_fail(context, BA_ERR_FORMAT, "index %s: line %lld is not six numbers of a .crai; make it again",
                        path, (long long)line);
    }
  }
  bai_vector_free(context, &bytes);
  return status;
}
