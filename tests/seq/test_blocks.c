/* SPDX-License-Identifier: MIT
 *
 * Every inflater of the build, any number of threads, any chunking: the same records and the same errors, to the byte,
 * as zlib gives with one thread from memory, on good input, cut at every byte and changed at every byte.
 */
#include "seq/blocks.h"

#include "pack.h"
#include "seq/reader.h"
#include "support/fault.h"
#include "support/temp.h"

static const char one[] = "@a first\nACGTACGTAC\n+\nIIIIIIIIII\n@b\nGGGTTT\n+b\n!!!~~~\n";
static const char two[] = "@c\nACGTNNNN\n+\n@@@@++++\n@d\nAC\nGT\n+\nII\nII\n";
#define REFERENCE "inflater=zlib, threads=1"

static int32_t has(const char *library) {
  char text[64];
  snprintf(text, sizeof text, "%s: yes", library);
  return strstr(ba_build_text(), text) != NULL;
}

/* The option texts to try beside the reference; how many there are. */
static int32_t inflaters(const char *options[8]) {
  int32_t n = 0;
  options[n++] = "";
  options[n++] = "threads=3";
  options[n++] = "inflater=zlib, threads=2";
  if (has("isal")) options[n++] = "inflater=isal";
  if (has("isal")) options[n++] = "inflater=isal, threads=2";
  if (has("libdeflate")) options[n++] = "inflater=libdeflate";
  if (has("libdeflate")) options[n++] = "inflater=libdeflate, threads=2";
  return n;
}

/* ---- a source that gives a step at a time, can go back, and cancels by plan ---- */

typedef struct stepped {
  bai_source base;
  const uint8_t *data;
  int64_t n, step, calls, cancel_every; /* 0: never */
} stepped;

static ba_status stepped_refill(bai_source *base, ba_context *context) {
  stepped *source = (stepped *)base;
  bai_window *window = &base->window;
  if (source->cancel_every && ++source->calls % source->cancel_every == 0) ba_context_cancel(context);
  int64_t left = source->n - window->end_offset, n = left < source->step ? left : source->step;
  window->at = source->data + window->end_offset;
  window->end = window->at + n;
  window->end_offset += n;
  window->ended = window->end_offset == source->n;
  return BA_OK;
}

static ba_status stepped_rewind(bai_source *base, ba_context *context, int64_t offset) {
  stepped *source = (stepped *)base;
  (void)context;
  base->window = (bai_window){.at = source->data + offset, .end = source->data + offset, .end_offset = offset};
  return BA_OK;
}

static void stepped_close(bai_source *base, ba_context *context) {
  (void)base;
  (void)context;
}

static reading read_stepped(const packed *p, const char *options, int64_t step, int64_t cancel_every) {
  reading r = {0};
  stepped source = {.data = p->data, .n = p->length, .step = step, .cancel_every = cancel_every};
  ba_context *context;
  ba_reader *reader;
  source.base = (bai_source){.refill = stepped_refill, .close = stepped_close, .rewind = stepped_rewind};
  source.base.window.at = source.base.window.end = p->data;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(bai_reader_open_source(context, &source.base, options, &reader), BA_OK);
  reading_drain(&r, reader, 1000);
  while (r.status == BA_ERR_CANCELLED) {
    assert_int_equal(ba_context_reset(context), BA_OK);
    reading_drain(&r, reader, 1000);
  }
  source.cancel_every = 0;
  reading_end(&r, context, reader);
  ba_context_destroy(context);
  return r;
}

/* ---- small inputs ---- */

static void pack_zeros(packed *p, int64_t n) {
  for (int64_t i = 0; i < n; i++) pack_bytes(p, "", 1);
}

static void make_small(int32_t kind, packed *p) {
  uint8_t extra[] = {'X', 'Y', 3, 0, 1, 2, 3}, name[] = "reads.fq", comment[] = "a comment";
  gz_header header = {.extra = extra, .extra_len = sizeof extra, .name = name, .comment = comment, .hcrc = 1};
  const int64_t n = (int64_t)strlen(one), m = (int64_t)strlen(two);
  *p = (packed){0};
  if (kind == 0) { /* members with every header field */
    pack_member(p, one, n, 6, &header);
    pack_member(p, "", 0, 6, NULL);
    pack_member(p, two, m, 0, &header);
    pack_zeros(p, 5);
  } else if (kind == 1) { /* blocks, empty ones in the middle, a record over three of them */
    pack_block(p, one, 20);
    pack_block(p, "", 0);
    pack_block(p, one + 20, 3);
    pack_block(p, one + 23, n - 23);
    pack_block(p, "", 0);
    pack_block(p, two, m);
    pack_block(p, "", 0);
  } else if (kind == 2) { /* blocks and other members in turns, zeros behind */
    pack_block(p, one, n);
    pack_member(p, two, 11, 6, NULL);
    pack_block(p, two + 11, m - 11);
    pack_zeros(p, 40);
  } else { /* stored: letters stand there as themselves */
    pack_member(p, one, n, 0, NULL);
    pack_member(p, two, m, 1, NULL);
  }
}

/* Readings of one input, by turns from memory, fed, and from a source of small steps: as the reference's. */
static void compare(const packed *p, const char *what, int64_t number) {
  static int64_t turn;
  const char *options[8];
  const int32_t count = inflaters(options);
  turn += count % 3 == 0; /* so that no option keeps to one way */
  reading expected = read_memory(p->data, p->length, REFERENCE, 100);
  for (int32_t i = 0; i < count; i++) {
    turn++;
    reading got = turn % 3 == 0   ? read_memory(p->data, p->length, options[i], 2)
                  : turn % 3 == 1 ? read_pushed(p->data, p->length, options[i], 3, 1 + turn % 40)
                                  : read_stepped(p, options[i], 1 + turn % 23, turn % 2 ? 0 : 2 + turn % 5);
    same_reading(&expected, &got, what, number);
    free(got.text);
  }
  free(expected.text);
}

static void small_inputs(void **state) {
  (void)state;
  for (int32_t kind = 0; kind < 4; kind++) {
    packed p;
    make_small(kind, &p);
    const int64_t length = p.length;
    reading whole = read_memory(p.data, length, "", 100);
    assert_int_equal(whole.status, BA_END);
    assert_int_equal(whole.count, 4);
    free(whole.text);
    compare(&p, "whole", kind);
    for (p.length = 0; p.length < length; p.length++) compare(&p, "cut at", p.length);
    for (int64_t at = 0; at < length; at++) {
      for (int32_t flip = 0; flip < 3; flip++) {
        const uint8_t change = (uint8_t)(flip == 2 ? 0xff : 1 << ((at + 4 * flip) % 8));
        p.data[at] ^= change;
        compare(&p, "changed at", at);
        p.data[at] ^= change;
      }
    }
    free(p.data);
  }
}

/* What the last bytes of a member and its header claim. */
static void false_claims(void **state) {
  const int64_t n = (int64_t)strlen(one);
  char message[200];
  (void)state;
  packed p = {0};
  pack_block(&p, one, n);
  const int64_t first = p.length;
  pack_block(&p, two, (int64_t)strlen(two));
  pack_block(&p, "", 0);
  static const struct {
    int64_t from_end;
    const char *problem;
  } claims[] = {{8, "incorrect data check"}, {4, "incorrect length check"}};
  for (int32_t i = 0; i < 2; i++) {
    p.data[first - claims[i].from_end] ^= 1;
    compare(&p, "claim", i);
    reading r = read_memory(p.data, p.length, "threads=2", 9);
    assert_int_equal(r.status, BA_ERR_CORRUPT);
    assert_non_null(strstr(r.message, claims[i].problem));
    assert_int_equal(r.count, 2);
    free(r.text);
    p.data[first - claims[i].from_end] ^= 1;
  }
  /* A size that is too small, that takes the next block in, and that points behind the end. */
  const int64_t sizes[] = {0, 17, first - 2, first, first + 30, p.length - 1, 0xffff};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    p.data[16] = (uint8_t)(sizes[i] & 0xff);
    p.data[17] = (uint8_t)(sizes[i] >> 8);
    compare(&p, "size", sizes[i]);
    reading r = read_memory(p.data, p.length, "", 9);
    assert_int_equal(r.status, BA_ERR_CORRUPT);
    snprintf(message, sizeof message,
             "record 3, byte %lld: compressed byte %lld: the bgzf block has another size than its header says",
             (long long)n, (long long)first);
    assert_string_equal(r.message, message);
    free(r.text);
  }
  free(p.data);
}

/* ---- inputs of many windows and batches ---- */

/* Reads of random letters; kind 0: one gzip member, 1: bgzf blocks of many sizes, 2: a few members. */
static packed make_large(int32_t kind, int64_t records) {
  packed plain = {0}, p = {0};
  uint32_t seed = 7;
  char line[600];
  for (int64_t i = 0; i < records; i++) {
    int64_t n = sprintf(line, "@read%d\n", (int)i), length = (int64_t)(seed >> 8) % 120 + 1;
    for (int32_t half = 0; half < 2; half++) {
      for (int64_t j = 0; j < length; j++) {
        seed = seed * 1664525u + 1013904223u;
        line[n++] = half ? (char)('5' + (seed >> 28)) : "ACGT"[seed >> 30];
      }
      n += sprintf(line + n, half ? "\n" : "\n+\n");
    }
    pack_bytes(&plain, line, n);
  }
  for (int64_t at = 0; at < plain.length;) {
    seed = seed * 1664525u + 1013904223u;
    int64_t size = kind == 0 ? plain.length : kind == 1 ? (int64_t)(seed >> 16) % 65281 : plain.length / 3 + 1;
    if (size > plain.length - at) size = plain.length - at;
    if (kind == 1) pack_block(&p, (const char *)plain.data + at, size);
    if (kind != 1) pack_member(&p, (const char *)plain.data + at, size, 6, NULL);
    at += size;
  }
  if (kind == 1) pack_block(&p, "", 0);
  free(plain.data);
  return p;
}

/* The same in four ways, the file at `path` being the last. */
static void compare_large(const packed *p, const char *path, const char *what, int64_t number) {
  static int64_t turn;
  const char *options[8];
  const int32_t count = inflaters(options);
  reading expected = read_memory(p->data, p->length, REFERENCE, 5000);
  const int64_t behind_path = expected.status == BA_END ? 0 : (int64_t)strlen(path) + 2;
  for (int32_t i = 0; i < count; i++) {
    turn++;
    reading got = turn % 4 == 0   ? read_memory(p->data, p->length, options[i], 4000)
                  : turn % 4 == 1 ? read_stepped(p, options[i], 7000 + number % 90001, turn % 3 ? 0 : 3)
                  : turn % 4 == 2 ? read_pushed(p->data, p->length, options[i], 5000, 3000 + number % 100000)
                                  : read_path(path, options[i]);
    if (turn % 4 == 3) memmove(got.message, got.message + behind_path, strlen(got.message + behind_path) + 1);
    same_reading(&expected, &got, what, number);
    free(got.text);
  }
  free(expected.text);
}

static void large_inputs(void **state) {
  char folder[TEMP_PATH], path[TEMP_PATH];
  (void)state;
  temp_make(folder);
  for (int32_t kind = 0; kind < 3; kind++) {
    packed p = make_large(kind, 6000);
    const int64_t length = p.length;
    assert_true(length > 300000);
    temp_write(path, folder, "whole", p.data, length);
    compare_large(&p, path, "whole", kind);
    for (int64_t i = 1; i < 8; i++) {
      p.length = length * i / 8 + i;
      temp_write(path, folder, "cut", p.data, p.length);
      compare_large(&p, path, "cut at", p.length);
    }
    p.length = length;
    for (int64_t i = 0; i < 24; i++) {
      const int64_t at = length * i / 24 + 19 * i + 12;
      p.data[at] ^= (uint8_t)(1 << (i % 8));
      temp_write(path, folder, "changed", p.data, length);
      compare_large(&p, path, "changed at", at);
      p.data[at] ^= (uint8_t)(1 << (i % 8));
    }
    free(p.data);
  }
  temp_remove(folder);
}

static void threads_of_the_context(void **state) {
  packed p = make_large(1, 6000);
  (void)state;
  reading expected = read_memory(p.data, p.length, REFERENCE, 700);
  for (int32_t threads = 1; threads <= 256; threads *= 4) {
    reading r = {0};
    ba_context *context;
    ba_reader *reader;
    assert_int_equal(ba_context_create(NULL, &context), BA_OK);
    assert_int_equal(ba_context_set_threads(context, threads), BA_OK);
    assert_int_equal(ba_reader_open_memory(context, p.data, p.length, "", &reader), BA_OK);
    assert_int_equal(ba_context_set_threads(context, 1), BA_OK); /* the reader keeps what it was opened with */
    reading_drain(&r, reader, 700);
    reading_end(&r, context, reader);
    same_reading(&expected, &r, "threads", threads);
    free(r.text);
    ba_context_destroy(context);
  }
  free(expected.text);
  free(p.data);
}

static uint32_t chance = 77;

static int64_t below(int64_t n) {
  chance = chance * 1664525u + 1013904223u;
  return (int64_t)(chance >> 8) % n;
}

/* Fed in pieces of random sizes, small and large in turns. */
static reading read_by_chance(const packed *p, const char *options) {
  reading r = {0};
  ba_context *context;
  ba_reader *reader;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_reader_open_push(context, options, &reader), BA_OK);
  for (int64_t at = 0; at < p->length;) {
    int64_t size = 1 + below(INT64_C(1) << below(18));
    if (size > p->length - at) size = p->length - at;
    assert_int_equal(ba_reader_feed(reader, p->data + at, size), BA_OK);
    at += size;
    if (below(2)) reading_drain(&r, reader, 1 + below(3000));
  }
  assert_int_equal(ba_reader_finish(reader), BA_OK);
  reading_drain(&r, reader, 1000);
  reading_end(&r, context, reader);
  ba_context_destroy(context);
  return r;
}

static void any_pieces_and_threads(void **state) {
  static const char *const options[] = {"threads=1", "threads=2",  "threads=3",
                                        "threads=5", "threads=32", "inflater=zlib, threads=4"};
  (void)state;
  for (int32_t kind = 0; kind < 7; kind++) {
    packed p;
    if (kind < 4) {
      make_small(kind, &p);
    } else {
      p = make_large(kind - 4, 3000);
    }
    for (int32_t damaged = 0; damaged < 2; damaged++) {
      if (damaged) p.data[p.length * 2 / 3] ^= 0x10;
      reading expected = read_memory(p.data, p.length, REFERENCE, 1000);
      if (!damaged) assert_int_equal(expected.status, BA_END);
      for (int32_t i = 0; i < (kind < 4 ? 60 : 12); i++) {
        reading got = read_by_chance(&p, options[i % 6]);
        same_reading(&expected, &got, options[i % 6], i);
        free(got.text);
      }
      free(expected.text);
    }
    free(p.data);
  }
}

/* ---- the inflaters by themselves ---- */

static void nothing_outside_is_written(void **state) {
  (void)state;
  const bai_block_inflater *all[3] = {&bai_zlib_blocks};
  int32_t count = 1;
#if defined(BA_HAVE_ISAL)
  all[count++] = &bai_isal_blocks;
#endif
#if defined(BA_HAVE_LIBDEFLATE)
  all[count++] = &bai_libdeflate_blocks;
#endif
  assert_int_equal(count, 1 + has("isal") + has("libdeflate"));
  ba_context *context;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  static uint8_t plain[65536 + 512];
  for (int64_t length = 0; length <= 65280; length = length * 3 / 2 + 1) {
    packed p = {0};
    char *text = malloc((size_t)length + 1);
    assert_non_null(text);
    for (int64_t i = 0; i < length; i++) text[i] = "ACGT"[(i * i / 7) % 4];
    pack_block(&p, text, length);
    for (int32_t i = 0; i < count; i++) {
      void *inflater;
      assert_int_equal(all[i]->open(context, &inflater), BA_OK);
      /* Room for one more and for one less are refused; so is a block with a byte too many. */
      for (int64_t room = length > 0 ? length - 1 : 0; room <= length + 1; room++) {
        memset(plain, 0xA5, sizeof plain);
        assert_int_equal(all[i]->inflate(inflater, p.data, p.length, plain + 256, room), room == length);
        for (int64_t k = 0; k < 256; k++) assert_true(plain[k] == 0xA5 && plain[256 + room + k] == 0xA5);
        if (room == length) assert_memory_equal(plain + 256, text, (size_t)length);
      }
      pack_bytes(&p, "", 1);
      assert_int_equal(all[i]->inflate(inflater, p.data, p.length, plain, length), 0);
      p.length -= 2;
      assert_int_equal(all[i]->inflate(inflater, p.data, p.length, plain, length), 0);
      p.length++;
      all[i]->close(inflater, context);
    }
    free(text);
    free(p.data);
  }
  ba_context_destroy(context);
}

static void inflaters_that_are_not_there(void **state) {
  static const char *const names[2] = {"isal", "libdeflate"};
  (void)state;
  for (int32_t i = 0; i < 2; i++) {
    char options[40], message[120];
    ba_context *context;
    ba_reader *reader;
    snprintf(options, sizeof options, "inflater=%s", names[i]);
    snprintf(message, sizeof message, "inflater=%s: this build is without it; auto and zlib are always there",
             names[i]);
    assert_int_equal(ba_context_create(NULL, &context), BA_OK);
    ba_status status = ba_reader_open_memory(context, NULL, 0, options, &reader);
    assert_int_equal(status, has(names[i]) ? BA_OK : BA_ERR_UNSUPPORTED);
    assert_string_equal(ba_context_error_message(context), status ? message : "");
    ba_reader_close(reader);
    assert_int_equal(ba_reader_open_memory(context, NULL, 0, "inflater=gzip", &reader), BA_ERR_RECIPE);
    assert_int_equal(ba_reader_open_memory(context, NULL, 0, "threads=0", &reader), BA_ERR_RECIPE);
    ba_context_destroy(context);
  }
}

/* ---- memory ---- */

typedef struct sweep_input {
  const packed *p;
  const char *options;
  int64_t chunk; /* 0: from memory */
} sweep_input;

static ba_status drain(ba_reader *reader) {
  ba_records *batch;
  ba_status status;
  while ((status = ba_reader_next(reader, 2, &batch)) == BA_OK) ba_records_release(batch);
  return status == BA_END ? BA_OK : status;
}

static ba_status sweep(ba_context *context, void *argument) {
  const sweep_input *in = argument;
  ba_reader *reader = NULL;
  ba_status status = in->chunk ? ba_reader_open_push(context, in->options, &reader)
                               : ba_reader_open_memory(context, in->p->data, in->p->length, in->options, &reader);
  for (int64_t at = 0; !status && in->chunk > 0 && at < in->p->length; at += in->chunk) {
    const int64_t left = in->p->length - at;
    status = ba_reader_feed(reader, in->p->data + at, left < in->chunk ? left : in->chunk);
    if (!status) status = drain(reader);
  }
  if (!status && in->chunk > 0) status = ba_reader_finish(reader);
  if (!status) status = drain(reader);
  ba_reader_close(reader);
  return status;
}

static void out_of_memory(void **state) {
  const char *options[8];
  const int32_t count = inflaters(options);
  (void)state;
  for (int32_t kind = 0; kind < 3; kind++) {
    packed p;
    make_small(kind, &p);
    for (int32_t i = 0; i < 2 * count; i++) {
      sweep_input in = {.p = &p, .options = options[i / 2], .chunk = i % 2 ? 9 : 0};
      assert_true(fault_sweep(sweep, &in) > 5);
    }
    free(p.data);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(small_inputs),
                                     cmocka_unit_test(false_claims),
                                     cmocka_unit_test(large_inputs),
                                     cmocka_unit_test(threads_of_the_context),
                                     cmocka_unit_test(any_pieces_and_threads),
                                     cmocka_unit_test(nothing_outside_is_written),
                                     cmocka_unit_test(inflaters_that_are_not_there),
                                     cmocka_unit_test(out_of_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
