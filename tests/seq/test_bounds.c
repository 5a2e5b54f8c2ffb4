/* SPDX-License-Identifier: MIT
 *
 * test_bounds.c: what a reader may take: memory that does not grow with the input, no allocation for a record, and an
 * error within the memory limit for inputs that are made to need more.
 */
#include <sys/resource.h>

#include "pack.h"
#include "seq/source.h"
#include "support/fault.h"
#include "support/temp.h"

#define PART 65536
#define MIB (INT64_C(1) << 20)

/* The same part again and again, up to `total` bytes. */
typedef struct endless {
  bai_source base;
  char bytes[PART];
  int64_t total, given;
} endless;

static ba_status endless_refill(bai_source *base, ba_context *context) {
  endless *e = (endless *)base;
  (void)context;
  const int64_t left = e->total - e->given, n = left < PART ? left : PART;
  base->window.at = (const uint8_t *)e->bytes;
  base->window.end = base->window.at + n;
  base->window.end_offset += n;
  base->window.ended = n == left;
  e->given += n;
  return BA_OK;
}

static void endless_close(bai_source *base, ba_context *context) {
  (void)base;
  (void)context;
}

typedef struct outcome {
  ba_status status;
  int64_t letters, peak;
  char message[256];
} outcome;

static outcome drain(ba_context *context, ba_reader *reader) {
  outcome o = {0};
  ba_records *batch;
  int64_t current;
  while ((o.status = ba_reader_next(reader, INT64_MAX, &batch)) == BA_OK) ba_records_release(batch);
  snprintf(o.message, sizeof o.message, "%.200s", ba_context_error_message(context));
  ba_reader_counters(reader, &o.letters, NULL);
  ba_context_memory(context, &current, &o.peak);
  return o;
}

static outcome read_endless(const char *head, const char *block, int64_t total, const char *options, int64_t limit) {
  static endless e;
  ba_context *context;
  ba_reader *reader;
  char heading[64];
  const int64_t size = (int64_t)strlen(block);
  assert_int_equal(PART % size, 0);
  for (int64_t i = 0; i < PART; i += size) memcpy(e.bytes + i, block, (size_t)size);
  e.base = (bai_source){.refill = endless_refill, .close = endless_close};
  e.total = total;
  e.given = 0;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_context_set_memory_limit(context, limit), BA_OK);
  assert_int_equal(bai_reader_open_source(context, &e.base, options, &reader), BA_OK);
  snprintf(heading, sizeof heading, "%s", head); /* the first window, put in place of a refill */
  e.base.window = (bai_window){.at = (const uint8_t *)heading,
                               .end = (const uint8_t *)heading + strlen(heading),
                               .end_offset = (int64_t)strlen(heading)};
  outcome o = drain(context, reader);
  ba_reader_close(reader);
  ba_context_destroy(context);
  return o;
}

/* ---- memory and allocations ---- */

#define RECORD "@read 12\nACGTACGTACGT\n+\nIIIIIIIIIIII\n@x\nACGTACGTAC\n+\nFFFFFFFFFF\n" /* 64 bytes */

static void memory_does_not_grow(void **state) {
  static const char *const blocks[] = {RECORD, ">a\nACGTACGTACGT\n", ">c\nACGTACGTAC\n\n\n"};
  (void)state;
  assert_int_equal(strlen(RECORD), 64);
  for (int32_t i = 0; i < 3; i++) {
    const outcome small = read_endless("", blocks[i], 8 * MIB, "", 0);
    const outcome large = read_endless("", blocks[i], 80 * MIB, "", 0);
    assert_int_equal(small.status, BA_END);
    assert_int_equal(large.status, BA_END);
    assert_int_equal(large.letters, 10 * small.letters);
    assert_true(large.peak - small.peak <= 4096);
    assert_true(large.peak < 4 * MIB);
  }
}

static int64_t allocations_of(int64_t records, int32_t compressed) {
  fault plan = {0};
  ba_allocator allocator = fault_allocator(&plan);
  ba_context *context;
  ba_reader *reader;
  char *text = malloc((size_t)(32 * records + 1));
  packed gz = {0};
  assert_non_null(text);
  for (int64_t i = 0; i < records; i++) memcpy(text + 32 * i, "@name of it\nACGTACGT\n+\nIIIIIIII\n", 32);
  if (compressed) {
    for (int64_t at = 0; at < 32 * records; at += 32000) pack_block(&gz, text + at, 32000);
    pack_block(&gz, "", 0);
  }
  assert_int_equal(ba_context_create(&allocator, &context), BA_OK);
  assert_int_equal(ba_reader_open_memory(context, compressed ? gz.data : (uint8_t *)text,
                                         compressed ? gz.length : 32 * records, "", &reader),
                   BA_OK);
  const outcome o = drain(context, reader);
  assert_int_equal(o.status, BA_END);
  assert_int_equal(o.letters, 8 * records);
  ba_reader_close(reader);
  ba_context_destroy(context);
  free(text);
  free(gz.data);
  return plan.allocations;
}

static void no_allocation_for_a_record(void **state) {
  (void)state;
  for (int32_t compressed = 0; compressed < 2; compressed++) {
    const int64_t few = allocations_of(100000, compressed), many = allocations_of(1000000, compressed);
    assert_true(few < 200);
    assert_int_equal(many, few);
  }
}

/* ---- bombs ---- */

#define LIMIT (6 * MIB)
#define FOUR_GB (INT64_C(4) << 30)

static void lines_without_an_end(void **state) {
  static const struct {
    const char *head, *block;
    int64_t total;
    ba_status status;
  } cases[] = {
      {">a\nAC", "A", FOUR_GB, BA_ERR_LIMIT},       {">", "x", FOUR_GB, BA_ERR_LIMIT},
      {"@r\nA", "C", FOUR_GB, BA_ERR_LIMIT},        {"@r", "x", FOUR_GB, BA_ERR_LIMIT},
      {"@r\nACGT\n+", "r", FOUR_GB, BA_ERR_FORMAT}, {"@r\nACGT\n+\nI", "I", 64 * MIB, BA_ERR_FORMAT},
      {">a\n", "A\nC\n", FOUR_GB, BA_ERR_LIMIT},    {"@r\n", "ACGTACG\n", FOUR_GB, BA_ERR_LIMIT},
      {"", ">\n", FOUR_GB, BA_ERR_LIMIT}, /* a million offsets a batch */
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const outcome o = read_endless(cases[i].head, cases[i].block, cases[i].total, "", LIMIT);
    if (o.status != cases[i].status) fail_msg("case %d: %d, %s", (int)i, o.status, o.message);
    assert_true(o.peak <= LIMIT);
  }
  /* In pieces a sequence is no bomb. */
  const outcome o = read_endless(">a\n", "ACGT", 256 * MIB, "chunk=65536, overlap=99", LIMIT);
  assert_int_equal(o.status, BA_END);
  assert_int_equal(o.letters, 256 * MIB);
  assert_true(o.peak <= LIMIT);
}

static void a_line_without_an_end_is_fed(void **state) {
  ba_context *context;
  ba_reader *reader;
  ba_records *batch;
  ba_status status = BA_OK;
  int64_t fed = 0, current, peak;
  static char part[PART];
  (void)state;
  memset(part, 'A', sizeof part);
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_context_set_memory_limit(context, LIMIT), BA_OK);
  assert_int_equal(ba_reader_open_push(context, "", &reader), BA_OK);
  assert_int_equal(ba_reader_feed(reader, (const uint8_t *)">a\n", 3), BA_OK);
  for (; fed < FOUR_GB && status != BA_ERR_LIMIT; fed += PART) {
    assert_int_equal(ba_reader_feed(reader, (const uint8_t *)part, PART), BA_OK);
    status = ba_reader_next(reader, 1, &batch);
    assert_true(status == BA_END || status == BA_ERR_LIMIT);
  }
  assert_int_equal(status, BA_ERR_LIMIT);
  assert_true(fed <= LIMIT);
  ba_context_memory(context, &current, &peak);
  assert_true(peak <= LIMIT);
  ba_reader_close(reader);
  /* Never drained: what is fed counts too. */
  assert_int_equal(ba_reader_open_push(context, "", &reader), BA_OK);
  for (fed = 0, status = BA_OK; !status && fed < FOUR_GB; fed += PART)
    status = ba_reader_feed(reader, (const uint8_t *)part, PART);
  assert_int_equal(status, BA_ERR_LIMIT);
  ba_context_memory(context, &current, &peak);
  assert_true(peak <= LIMIT);
  ba_reader_close(reader);
  ba_context_destroy(context);
}

/* 4 GB of letters in 4 MB of members, a thousand to one each: as far as deflate goes. */
static void packed_letters(void **state) {
  static const char *const ways[] = {"", "inflater=zlib", "threads=2", "chunk=65536"};
  char *letters = malloc((size_t)MIB);
  packed one = {0}, all = {0};
  (void)state;
  assert_non_null(letters);
  memset(letters, 'A', (size_t)MIB);
  pack_member(&all, ">a\n", 3, 9, NULL);
  pack_member(&one, letters, MIB, 9, NULL);
  assert_true(one.length < MIB / 900);
  for (int32_t i = 0; i < 4096; i++) pack_bytes(&all, one.data, one.length);
  for (int32_t i = 0; i < 4; i++) {
    ba_context *context;
    ba_reader *reader;
    const int32_t pieces = i == 3;
    assert_int_equal(ba_context_create(NULL, &context), BA_OK);
    assert_int_equal(ba_context_set_memory_limit(context, LIMIT), BA_OK);
    assert_int_equal(ba_reader_open_memory(context, all.data, pieces ? one.length * 100 : all.length, ways[i], &reader),
                     BA_OK);
    const outcome o = drain(context, reader);
    assert_true(o.peak <= LIMIT);
    assert_int_equal(o.status, pieces ? BA_ERR_TRUNCATED : BA_ERR_LIMIT); /* the 100th is cut */
    if (pieces) assert_true(o.letters > 98 * MIB);
    ba_reader_close(reader);
    ba_context_destroy(context);
  }
  free(letters);
  free(one.data);
  free(all.data);
}

/* ---- headers that claim much ---- */

static void put_u32(char *at, uint32_t value) {
  for (int32_t i = 0; i < 4; i++) at[i] = (char)(value >> 8 * i & 255);
}

/* htslib's memory is its own, so the limit does not bind it: the process must not come to hold what is claimed. */
static void alignments_that_claim_much(void **state) {
  char folder[TEMP_PATH], path[TEMP_PATH];
  struct rusage before, after;
  (void)state;
  temp_make(folder);
  getrusage(RUSAGE_SELF, &before);
  for (int32_t claim = 0; claim < 4; claim++) {
    char text[32] = "BAM\1", block[64];
    packed p = {0};
    if (claim == 0) put_u32(text + 4, INT32_MAX);                        /* bytes of text */
    if (claim == 1) put_u32(text + 8, INT32_MAX);                        /* references */
    if (claim == 2) put_u32(text + 8, 1), put_u32(text + 12, INT32_MAX); /* bytes of a name */
    memcpy(block, text, 32);
    if (claim == 3) put_u32(block + 12, INT32_MAX); /* bytes of a record */
    pack_block(&p, block, 32);
    pack_block(&p, "", 0);
    temp_write(path, folder, "claims.bam", p.data, p.length);
    free(p.data);
    reading r = read_path(path, "");
    assert_true(r.status < 0);
    assert_int_equal(r.count, 0);
    free(r.text);
  }
  getrusage(RUSAGE_SELF, &after);
#ifndef __SANITIZE_ADDRESS__ /* which writes notes about memory that is asked for and not touched */
  assert_true(after.ru_maxrss - before.ru_maxrss < 64 * 1024);
#endif
  temp_remove(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(memory_does_not_grow), cmocka_unit_test(no_allocation_for_a_record),
      cmocka_unit_test(lines_without_an_end), cmocka_unit_test(a_line_without_an_end_is_fed),
      cmocka_unit_test(packed_letters),       cmocka_unit_test(alignments_that_claim_much)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
