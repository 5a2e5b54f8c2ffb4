/* SPDX-License-Identifier: MIT
 *
 * gzip and bgzf: members, padding, garbage, cuts at every byte, flips of every bit. The oracle is zlib, called here
 * directly.
 */
#include "pack.h"

static const char one[] = "@a first\nACGTACGTAC\n+\nIIIIIIIIII\n@b\nGGGTTT\n+b\n!!!~~~\n";
static const char two[] = "@c\nACGTNNNN\n+\n@@@@++++\n@d\nAC\nGT\n+\nII\nII\n";
static const char records_one[] = "a first|ACGTACGTAC|IIIIIIIIII\nb|GGGTTT|!!!~~~\n";
static const char records_all[] = "a first|ACGTACGTAC|IIIIIIIIII\nb|GGGTTT|!!!~~~\nc|ACGTNNNN|@@@@++++\nd|ACGT|IIII\n";

static void check(const packed *p, const char *options, const char *records, ba_status status, const char *message) {
  static const int64_t chunks[] = {1, 2, 3, 7, 16, 64, 1000};
  reading whole = read_memory(p->data, p->length, options, 3);
  assert_string_equal(whole.text, records);
  if (message) assert_string_equal(whole.message, message);
  assert_int_equal(whole.status, status);
  for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
    reading pushed = read_pushed(p->data, p->length, options, 2, chunks[i]);
    same_reading(&whole, &pushed, "chunks of", chunks[i]);
    free(pushed.text);
  }
  free(whole.text);
}

static packed two_members(void) {
  packed p = {0};
  pack_member(&p, one, (int64_t)strlen(one), 6, NULL);
  pack_member(&p, two, (int64_t)strlen(two), 6, NULL);
  return p;
}

static void members(void **state) {
  (void)state;
  packed p = two_members();
  check(&p, "", records_all, BA_END, NULL);
  free(p.data);
  p = (packed){0};
  pack_member(&p, "", 0, 6, NULL);
  pack_member(&p, one, 20, 0, NULL); /* a record may be cut by the end of a member */
  pack_member(&p, "", 0, 9, NULL);
  pack_member(&p, one + 20, (int64_t)strlen(one) - 20, 9, NULL);
  pack_member(&p, two, (int64_t)strlen(two), 1, NULL);
  pack_member(&p, "", 0, 6, NULL);
  check(&p, "", records_all, BA_END, NULL);
  free(p.data);
  p = (packed){0};
  pack_member(&p, "", 0, 6, NULL);
  check(&p, "", "", BA_END, NULL);
  free(p.data);
}

static void optional_header_fields(void **state) {
  uint8_t extra[] = {'X', 'Y', 3, 0, 1, 2, 3}, name[] = "reads.fq", comment[] = "a comment";
  gz_header header = {.extra = extra, .extra_len = sizeof extra, .name = name, .comment = comment, .hcrc = 1};
  packed p = {0};
  (void)state;
  pack_member(&p, one, (int64_t)strlen(one), 6, &header);
  pack_member(&p, two, (int64_t)strlen(two), 6, &header);
  check(&p, "bgzf_end=require", records_all, BA_END, NULL);
  free(p.data);
}

static void padding_and_garbage(void **state) {
  static const uint8_t zeros[700] = {0};
  packed p = two_members();
  char message[200];
  (void)state;
  int64_t n = p.length;
  pack_bytes(&p, zeros, sizeof zeros);
  check(&p, "", records_all, BA_END, NULL);
  pack_bytes(&p, "x", 1);
  snprintf(
      message, sizeof message,
      "record 5, byte %zu: compressed byte %lld: neither a gzip member nor the end of the file follows the last gzip "
      "member",
      strlen(one) + strlen(two), (long long)n + 700);
  check(&p, "", records_all, BA_ERR_FORMAT, message);
  p.length = n;
  pack_bytes(&p, "@e\nA\n+\nI\n", 9);
  snprintf(
      message, sizeof message,
      "record 5, byte %zu: compressed byte %lld: neither a gzip member nor the end of the file follows the last gzip "
      "member",
      strlen(one) + strlen(two), (long long)n);
  check(&p, "", records_all, BA_ERR_FORMAT, message);
  p.length = n;
  pack_bytes(&p, "\x1f\x8b\x08", 3);
  snprintf(message, sizeof message, "record 5, byte %zu: compressed byte %lld: the input ends inside a gzip member",
           strlen(one) + strlen(two), (long long)n + 3);
  check(&p, "", records_all, BA_ERR_TRUNCATED, message);
  free(p.data);
}

static packed blocks(int32_t end) {
  packed p = {0};
  pack_block(&p, one, (int64_t)strlen(one));
  pack_block(&p, "", 0); /* as two files joined have it */
  pack_block(&p, two, (int64_t)strlen(two));
  if (end) pack_block(&p, "", 0);
  return p;
}

static void note_log(void *user, int32_t level, const char *message) {
  assert_int_equal(level, 0);
  assert_string_equal(message, "input: the bgzf end block is missing, so the file may be cut");
  ++*(int *)user;
}

static void bgzf(void **state) {
  (void)state;
  packed p = blocks(1);
  check(&p, "bgzf_end=require", records_all, BA_END, NULL);
  free(p.data);
  p = blocks(0);
  check(&p, "", records_all, BA_END, NULL);
  char message[200];
  snprintf(message, sizeof message,
           "record 5, byte %zu: the bgzf end block is missing, so the file may be cut (bgzf_end=warn accepts it)",
           strlen(one) + strlen(two));
  check(&p, "bgzf_end=require", records_all, BA_ERR_TRUNCATED, message);
  int logged = 0;
  ba_context *context;
  ba_reader *reader;
  ba_records *batch;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_context_set_log(context, note_log, &logged), BA_OK);
  assert_int_equal(ba_reader_open_memory(context, p.data, p.length, "", &reader), BA_OK);
  assert_int_equal(ba_reader_next(reader, 9, &batch), BA_OK);
  ba_records_release(batch);
  assert_int_equal(ba_reader_next(reader, 9, &batch), BA_END);
  assert_int_equal(logged, 1);
  ba_reader_close(reader);
  ba_context_destroy(context);
  free(p.data);
}

/* Plain bytes that zlib itself gets out of the first n bytes of members without padding. */
static int64_t plain_prefix(const uint8_t *data, int64_t n, uint8_t *plain, int64_t room, int32_t *between) {
  z_stream z = {.next_in = (z_const Bytef *)(uintptr_t)data, .avail_in = (uInt)n, .next_out = plain};
  z.avail_out = (uInt)room;
  assert_int_equal(inflateInit2(&z, 16 + MAX_WBITS), Z_OK);
  int code;
  *between = 1;
  while (z.avail_in > 0) {
    *between = 0;
    code = inflate(&z, Z_SYNC_FLUSH);
    if (code != Z_STREAM_END) break;
    *between = 1;
    inflateReset(&z);
  }
  int64_t got = room - (int64_t)z.avail_out;
  inflateEnd(&z);
  return got;
}

/* The records that are complete in a plain prefix, whatever follows. */
static reading complete_records(const uint8_t *plain, int64_t n) {
  reading r = {0};
  ba_context *context;
  ba_reader *reader;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_reader_open_push(context, "", &reader), BA_OK);
  assert_int_equal(ba_reader_feed(reader, plain, n), BA_OK);
  reading_drain(&r, reader, 100);
  reading_end(&r, context, reader);
  ba_context_destroy(context);
  return r;
}

static void cut_everywhere(const packed *p) {
  uint8_t plain[1000];
  for (int64_t cut = 0; cut <= p->length; cut++) {
    int32_t between;
    int64_t n = plain_prefix(p->data, cut, plain, sizeof plain, &between);
    reading expected = complete_records(plain, n), got = read_memory(p->data, cut, "", 2);
    if (strcmp(got.text, expected.text) != 0) fail_msg("cut at %lld: records\n%s", (long long)cut, got.text);
    if (got.status != (between ? BA_END : BA_ERR_TRUNCATED)) {
      fail_msg("cut at %lld: status %d, '%s'", (long long)cut, got.status, got.message);
    }
    if (!between) {
      char message[200];
      snprintf(message, sizeof message, "compressed byte %lld: the input ends inside a gzip member", (long long)cut);
      if (strstr(got.message, message) == NULL) fail_msg("cut at %lld: '%s'", (long long)cut, got.message);
    }
    reading pushed = read_pushed(p->data, cut, "", 3, 5);
    same_reading(&got, &pushed, "cut at", cut);
    free(pushed.text);
    free(expected.text);
    free(got.text);
  }
}

static void flip_everywhere(const packed *p, const char *records) {
  packed copy = {0};
  pack_bytes(&copy, p->data, p->length);
  int64_t errors = 0;
  for (int64_t at = 0; at < p->length; at++) {
    for (int32_t flip = 0; flip < 9; flip++) {
      copy.data[at] = (uint8_t)(p->data[at] ^ (flip == 8 ? 0xff : 1 << flip));
      reading got = read_memory(copy.data, copy.length, "", 10);
      if (got.status == BA_END && strcmp(got.text, records) != 0) {
        fail_msg("byte %lld, flip %d: other records and no error:\n%s", (long long)at, flip, got.text);
      }
      errors += got.status != BA_END;
      reading pushed = read_pushed(copy.data, copy.length, "", 2, 1 + (at + flip) % 9);
      same_reading(&got, &pushed, "flip at", at);
      free(pushed.text);
      free(got.text);
    }
    copy.data[at] = p->data[at];
  }
  /* Nearly every flip must be seen: the rest are times, names and sizes that nobody uses. */
  assert_true(errors > p->length * 9 / 2);
  free(copy.data);
}

static void cuts_and_flips(void **state) {
  (void)state;
  packed p = two_members();
  cut_everywhere(&p);
  flip_everywhere(&p, records_all);
  free(p.data);
  p = blocks(1);
  cut_everywhere(&p);
  flip_everywhere(&p, records_all);
  free(p.data);
  p = (packed){0};
  pack_member(&p, one, (int64_t)strlen(one), 0, NULL); /* stored: every letter stands there as itself */
  cut_everywhere(&p);
  flip_everywhere(&p, records_one);
  free(p.data);
}

static void wrong_checksum(void **state) {
  packed p = {0};
  (void)state;
  pack_member(&p, one, (int64_t)strlen(one), 6, NULL);
  int64_t n = p.length;
  char message[200];
  p.data[n - 8] ^= 1;
  snprintf(message, sizeof message, "record 3, byte %zu: compressed byte %lld: incorrect data check", strlen(one),
           (long long)n - 4);
  check(&p, "", records_one, BA_ERR_CORRUPT, message);
  p.data[n - 8] ^= 1;
  p.data[n - 1] ^= 1;
  snprintf(message, sizeof message, "record 3, byte %zu: compressed byte %lld: incorrect length check", strlen(one),
           (long long)n);
  check(&p, "", records_one, BA_ERR_CORRUPT, message);
  free(p.data);
}

/* More plain bytes than any buffer holds, packed well and not at all. */
static void large_members(void **state) {
  (void)state;
  for (int32_t kind = 0; kind < 3; kind++) {
    int64_t records = 9000, n = 0;
    char *text = malloc((size_t)(records * 300));
    assert_non_null(text);
    uint32_t seed = 1;
    for (int64_t i = 0; i < records; i++) {
      n += sprintf(text + n, "@read%d\n", (int)i);
      int64_t length = kind == 0 ? 100 : (int64_t)(seed >> 8) % 100 + 1;
      for (int32_t line = 0; line < 2; line++) {
        for (int64_t j = 0; j < length; j++) {
          seed = seed * 1664525u + 1013904223u;
          text[n++] = line ? (char)('!' + (seed >> 24) % 94) : "ACGT"[seed >> 30];
        }
        n += sprintf(text + n, line ? "\n" : "\n+\n");
      }
    }
    packed p = {0};
    for (int64_t at = 0; at < n; at += kind == 2 ? 60000 : n) {
      int64_t size = kind == 2 && n - at > 60000 ? 60000 : n - at;
      if (kind == 2) pack_block(&p, text + at, size);
      if (kind != 2) pack_member(&p, text + at, size, kind == 0 ? 9 : 0, NULL);
    }
    reading plain = read_memory(text, n, "", 5000), got = read_memory(p.data, p.length, "", 4000);
    reading pushed = read_pushed(p.data, p.length, "", 3000, 70001);
    assert_int_equal(plain.count, records);
    assert_int_equal(plain.status, BA_END);
    same_reading(&plain, &got, "kind", kind);
    same_reading(&plain, &pushed, "kind", kind);
    free(plain.text);
    free(got.text);
    free(pushed.text);
    free(p.data);
    free(text);
  }
}

static void not_gzip_after_all(void **state) {
  static const expectation cases[] = {
      {"\x1f", "", BA_ERR_TRUNCATED, "record 1, byte 0: compressed byte 1: the input ends inside a gzip member", ""},
      {"\x1f>a\nAC\n", "", BA_ERR_CORRUPT, "record 1, byte 0: compressed byte 2: incorrect header check", ""},
  };
  (void)state;
  check_expectations(cases, sizeof cases / sizeof *cases);
  packed inner = {0}, outer = {0};
  pack_member(&inner, one, (int64_t)strlen(one), 6, NULL);
  pack_member(&outer, (const char *)inner.data, inner.length, 6, NULL);
  check(&outer, "", "", BA_ERR_FORMAT,
        "record 1, byte 0: expected '>' (FASTA) or '@' (FASTQ), found 0x1f; compressed twice?");
  free(inner.data);
  free(outer.data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(members),       cmocka_unit_test(optional_header_fields), cmocka_unit_test(padding_and_garbage),
      cmocka_unit_test(bgzf),          cmocka_unit_test(cuts_and_flips),         cmocka_unit_test(wrong_checksum),
      cmocka_unit_test(large_members), cmocka_unit_test(not_gzip_after_all)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
