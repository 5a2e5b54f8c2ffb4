/* SPDX-License-Identifier: MIT
 *
 * test_fast.c: what the fast path takes and what it leaves; and the state machines, which define the result, against
 * the two together, on texts with every kind of odd line among plain ones.
 */
#include "reading.h"
#include "seq/parser.h"
#include "seq/reader.h"

/* ---- what is taken ---- */

typedef struct bench {
  ba_context *context;
  bai_parser parser;
  bai_window window;
} bench;

static bench bench_open(const char *text, const bai_kernels *kernels) {
  bench b = {0};
  int64_t n = (int64_t)strlen(text);
  assert_int_equal(ba_context_create(NULL, &b.context), BA_OK);
  b.parser = (bai_parser){.context = b.context, .most = 1000, .record = 1, .kernels = kernels};
  bai_records_room room = {.records = 100, .letters = 4000, .names = 4000, .qualities = 4000};
  assert_int_equal(bai_records_open(b.context, room, &b.parser.batch), BA_OK);
  b.window = (bai_window){.at = (const uint8_t *)text, .end = (const uint8_t *)text + n, .end_offset = n};
  return b;
}

static void bench_close(bench *b) {
  ba_records_release(b->parser.batch);
  ba_context_destroy(b->context);
}

#define PLAIN "@r1\nACGTU\n+\nIIII!\n@second read\nacgtn\n+\n~@+I>\n"
#define PLAIN_BYTES 45
#define BEHIND "@x\nACGTACGTACGTACGTACGTACGTACGTACGT\n+\nIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIII\n" /* more than the slack */

#define UNENDED \
  "ACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGT" /* no line, and more than the slack */

static void takes_plain_records(void **state) {
  static const char *const odd[] = {
      "",
      "\n",
      "@r3\r\nAC\r\n+\r\nII\r\n",
      "@r3\nAC\nGT\n+\nIIII\n",
      "@r3\n\n+\n\n",
      "@r3\nAC\n+r3\nII\n",
      "@r3\nAC\n+\nIII\n",
      "@r3\nAC\n+\nI\n",
      "@r3\nAC\n+\nI\nI\n",
      "@r3\nA C\n+\nIII\n",
      "@r3\nAC\n+\nI I\n",
      "@r\x01\nAC\n+\nII\n",
      ">r3\nAC\n+\nII\n",
      "@r3\nAC\n-\nII\n",
  };
  const bai_kernels *levels[3];
  int32_t count = bai_kernels_available(levels);
  (void)state;
  assert_int_equal(strlen(PLAIN), PLAIN_BYTES);
  for (size_t i = 0; i < 3 * sizeof odd / sizeof *odd; i++) {
    char text[512];
    snprintf(text, sizeof text, "%s%s%s", PLAIN, odd[i / 3], BEHIND);
    bench b = bench_open(text, levels[(int32_t)(i % 3) % count]);
    bai_fastq_fast(&b.parser, &b.window);
    assert_int_equal(b.parser.batch->count, 2);
    assert_int_equal(b.window.at - (const uint8_t *)text, PLAIN_BYTES);
    assert_int_equal(b.parser.record, 3);
    assert_int_equal(b.parser.done_letters, 10);
    assert_int_equal(b.parser.done_ambiguous, 1);
    assert_int_equal(b.parser.done_bytes, PLAIN_BYTES);
    reading r = {0};
    reading_batch(&r, b.parser.batch);
    assert_string_equal(r.text, "r1|ACGTU|IIII!\nsecond read|acgtn|~@+I>\n");
    free(r.text);
    bench_close(&b);
  }
}

static void takes_plain_lines(void **state) {
  static const char *const odd[] = {"\n", "AC\r\n", "\rAC\n", "A C\n", ";AC\n", "AC", ">c\x02\n", "AC>\n"};
  const bai_kernels *levels[3];
  int32_t count = bai_kernels_available(levels);
  (void)state;
  for (size_t i = 0; i < 3 * sizeof odd / sizeof *odd; i++) {
    char text[512];
    snprintf(text, sizeof text, ">a b\nACGT\nN-c\n>e\n>b\nTTT\n%s%s", odd[i / 3], UNENDED);
    bench b = bench_open(text, levels[(int32_t)(i % 3) % count]);
    bai_fasta_fast(&b.parser, &b.window);
    int32_t header = odd[i / 3][0] == '>'; /* its '>' ends the record before it */
    assert_int_equal(b.parser.batch->count, 2 + header);
    assert_int_equal(b.window.at - (const uint8_t *)text, 24);
    assert_int_equal(b.parser.open, !header);
    assert_int_equal(b.parser.letters, header ? 0 : 3);
    assert_int_equal(b.parser.done_letters, header ? 10 : 7);
    assert_int_equal(b.parser.done_ambiguous, 2);
    assert_int_equal(b.parser.done_bytes, header ? 24 : 17);
    reading r = {0};
    reading_batch(&r, b.parser.batch);
    assert_string_equal(r.text, header ? "a b|ACGTN-c|\ne||\nb|TTT|\n" : "a b|ACGTN-c|\ne||\n");
    free(r.text);
    bench_close(&b);
  }
}

/* ---- both ways give the same ---- */

static uint32_t seed = 2024;

static uint32_t below(uint32_t n) {
  seed = seed * 1664525u + 1013904223u;
  return (seed >> 8) % n;
}

typedef struct maker {
  char *text;
  int64_t n;
} maker;

static void put_text(maker *m, const char *text) {
  int64_t n = (int64_t)strlen(text);
  memcpy(m->text + m->n, text, (size_t)n);
  m->n += n;
}

static void put_random(maker *m, const char *set, int64_t n) {
  uint32_t size = (uint32_t)strlen(set);
  for (int64_t i = 0; i < n; i++) m->text[m->n++] = set[below(size)];
}

static const char *letter_set(void) {
  static const char *const sets[] = {"ACGT", "ACGT", "ACGT", "acgtu", "ACGTN", "MKLV*-."};
  return sets[below(6)];
}

/* One record; `odd` in a hundred is odd in some way. */
static void put_fastq(maker *m, uint32_t odd) {
  uint32_t kind = below(100) < odd ? below(7) : 7;
  const char *end = kind == 0 ? "\r\n" : kind == 1 ? "\r" : "\n";
  int64_t n = kind == 2 ? 0 : 1 + below(below(4) ? 40 : 200), name = m->n, name_length;
  put_text(m, "@");
  put_random(m, "abc XY\t:/.", below(below(9) ? 20 : 100));
  name_length = m->n - name - 1;
  put_text(m, end);
  put_random(m, letter_set(), n);
  if (kind == 3) {
    put_text(m, end);
    put_random(m, "ACGT", 3);
    n += 3;
  }
  put_text(m, end);
  put_text(m, "+");
  if (kind == 4) {
    memcpy(m->text + m->n, m->text + name + 1, (size_t)name_length);
    m->n += name_length;
  }
  put_text(m, end);
  put_random(m, "!I@+>~#", n);
  put_text(m, end);
  if (kind >= 5 && kind < 7) put_text(m, kind == 5 ? "\n" : "\r\n\n");
}

static void put_fasta(maker *m, uint32_t odd) {
  const char *end = below(100) < odd ? (below(2) ? "\r\n" : "\r") : "\n", *set = letter_set();
  put_text(m, ">");
  put_random(m, "abc XY\t:/.", below(below(9) ? 20 : 100));
  put_text(m, end);
  for (uint32_t lines = below(6), width = 1 + below(150); lines > 0; lines--) {
    put_random(m, set, lines == 1 ? below(width + 1) : width);
    put_text(m, end);
    if (below(100) < odd) put_text(m, "\n");
  }
}

static void spoil(maker *m) {
  if (m->n == 0) return;
  uint32_t kind = below(4), at = below((uint32_t)m->n);
  if (kind == 0) m->text[at] = (char)below(256);
  if (kind == 1) m->text[at] = "\n\r@>+A; "[below(8)];
  if (kind == 2) memmove(m->text + at, m->text + at + 1, (size_t)(m->n-- - at - 1));
  if (kind == 3) m->n = at + 1;
}

typedef struct way {
  int64_t chunk, most; /* chunk 0: from memory */
  const char *options, *cpu;
  int32_t careful, bare; /* bare: without the qualities, which are not written down */
} way;

static void bare_batch(reading *r, const ba_records *batch) {
  for (int64_t i = 0, n; i < ba_records_count(batch); i++) {
    const char *text = ba_records_name(batch, i, &n);
    reading_add(r, text, n);
    reading_add(r, "|", 1);
    text = ba_records_sequence(batch, i, &n);
    reading_add(r, text, n);
    reading_add(r, "|\n", 2);
  }
  int32_t more;
  ba_records_piece(batch, ba_records_count(batch) - 1, &more);
  r->count += ba_records_count(batch) - more;
}

/* Every batch is closed with a mark, so that two readings agree on the batches too when they are cut alike. */
static reading read_way(const char *text, int64_t n, const way *w, int32_t marks) {
  reading r = {0};
  ba_context *context;
  ba_reader *reader;
  ba_records *batch;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  if (w->cpu) assert_int_equal(ba_context_set_cpu(context, w->cpu), BA_OK);
  ba_status status = w->chunk ? ba_reader_open_push(context, w->options, &reader)
                              : ba_reader_open_memory(context, (const uint8_t *)text, n, w->options, &reader);
  assert_int_equal(status, BA_OK);
  if (w->careful) bai_reader_go_careful(reader);
  for (int64_t at = 0;;) {
    if (w->chunk) {
      int64_t size = n - at < w->chunk ? n - at : w->chunk;
      status = size ? ba_reader_feed(reader, (const uint8_t *)text + at, size) : ba_reader_finish(reader);
      assert_int_equal(status, BA_OK);
      at += size;
      if (size == 0) at = n + 1;
    }
    while ((r.status = ba_reader_next(reader, w->most, &batch)) == BA_OK) {
      (w->bare ? bare_batch : reading_batch)(&r, batch);
      if (marks) reading_add(&r, "=\n", 2);
      ba_records_release(batch);
    }
    if (w->chunk == 0 || at > n) break;
  }
  reading_end(&r, context, reader);
  ba_context_destroy(context);
  return r;
}

/* A level of the CPU by name, or the best. */
static const char *some_level(uint32_t which) {
  const bai_kernels *levels[3];
  uint32_t count = (uint32_t)bai_kernels_available(levels);
  return levels[which % count]->name;
}

static void agree(const char *text, int64_t n, int64_t round) {
  char pieces[64];
  snprintf(pieces, sizeof pieces, "chunk=%u, overlap=%u", 31 + below(100), below(31));
  const char *const options[] = {
      "", "ambiguous=error", pieces, "ambiguous=error, chunk=10", "qualities=skip", "qualities=skip, ambiguous=error"};
  way w = {.most = 1 + below(40), .options = options[below(6)], .careful = 1};
  reading careful = read_way(text, n, &w, 1), fast;
  w.careful = 0;
  for (uint32_t level = 0; level < 3; level++) {
    w.cpu = some_level(level);
    fast = read_way(text, n, &w, 1);
    same_reading(&careful, &fast, w.cpu, round);
    free(fast.text);
  }
  free(careful.text);
  w.careful = 1;
  careful = read_way(text, n, &w, 0);
  w.careful = 0;
  for (int32_t i = 0; i < 4; i++) {
    w.cpu = some_level(below(3));
    w.chunk = i == 0 ? 1 : 1 + below(i == 1 ? 9 : (uint32_t)n + 1);
    w.most = 1 + below(9);
    fast = read_way(text, n, &w, 0);
    same_reading(&careful, &fast, "in chunks", round);
    free(fast.text);
  }
  free(careful.text);
}

static void random_texts(void **state) {
  maker m = {.text = malloc(64 * 1024)};
  (void)state;
  assert_non_null(m.text);
  for (int64_t round = 0; round < 6000; round++) {
    uint32_t odd = round % 3 == 0 ? 0 : round % 3 == 1 ? 5 : 40;
    m.n = 0;
    for (uint32_t records = 1 + below(25); records > 0; records--) {
      if (round % 2) {
        put_fastq(&m, odd);
      } else {
        put_fasta(&m, odd);
      }
    }
    for (uint32_t times = below(5); times > 2; times--) spoil(&m);
    agree(m.text, m.n, round);
  }
  free(m.text);
}

/* With qualities=skip come the same records, batches and errors as with keep, and no qualities. */
static void skipped_qualities(void **state) {
  maker m = {.text = malloc(64 * 1024)};
  (void)state;
  assert_non_null(m.text);
  for (int64_t round = 0; round < 1500; round++) {
    m.n = 0;
    for (uint32_t records = 1 + below(25); records > 0; records--) put_fastq(&m, round % 3 == 0 ? 0 : 20);
    for (uint32_t times = below(3); times > 0; times--) spoil(&m);
    way w = {.most = 1 + below(40), .options = "", .bare = 1, .careful = 1};
    reading keep = read_way(m.text, m.n, &w, 1);
    for (w.careful = 0; w.careful < 2; w.careful++) {
      w.options = "qualities=skip";
      w.bare = 0;
      w.cpu = some_level(below(3));
      reading skip = read_way(m.text, m.n, &w, 1);
      same_reading(&keep, &skip, "skip", round);
      free(skip.text);
    }
    free(keep.text);
  }
  free(m.text);
}

static void every_chunk(void **state) {
  maker m = {.text = malloc(64 * 1024)};
  (void)state;
  assert_non_null(m.text);
  for (int64_t round = 0; round < 6; round++) {
    m.n = 0;
    while (m.n < 400) {
      if (round % 2) {
        put_fastq(&m, 10);
      } else {
        put_fasta(&m, 10);
      }
    }
    way w = {.most = 3, .options = round < 3 ? "" : "qualities=skip", .careful = 1};
    reading careful = read_way(m.text, m.n, &w, 0);
    w.careful = 0;
    for (w.chunk = 1; w.chunk <= m.n; w.chunk++) {
      reading fast = read_way(m.text, m.n, &w, 0);
      same_reading(&careful, &fast, "chunk", w.chunk);
      free(fast.text);
    }
    free(careful.text);
  }
  free(m.text);
}

/* Every cut of a text: the end of the window stands at every place of a record. */
static void every_cut(void **state) {
  maker m = {.text = malloc(64 * 1024)};
  (void)state;
  assert_non_null(m.text);
  for (int64_t round = 0; round < 4; round++) {
    m.n = 0;
    while (m.n < 700) {
      if (round % 2) {
        put_fastq(&m, 0);
      } else {
        put_fasta(&m, 0);
      }
    }
    for (int64_t n = m.n; n >= 0; n--) {
      way w = {.most = 100, .options = round < 3 ? "" : "qualities=skip", .careful = 1};
      reading careful = read_way(m.text, n, &w, 1);
      w.careful = 0;
      reading fast = read_way(m.text, n, &w, 1);
      same_reading(&careful, &fast, "cut", n);
      free(fast.text);
      free(careful.text);
    }
  }
  free(m.text);
}

/* Batches that are full of records, of letters, and of names; windows and slices that end in a record; a record that is
 * longer than any of them. */
static void full_batches(void **state) {
  maker m = {.text = malloc(16 * 1024 * 1024)};
  (void)state;
  assert_non_null(m.text);
  for (int32_t round = 0; round < 6; round++) {
    m.n = 0;
    for (int32_t i = 0; m.n < (round >= 4 ? 9 : 3) * 1024 * 1024; i++) {
      int64_t n = round < 2 ? 150 : round < 4 ? (i == 400 ? 900000 : 1 + below(5000)) : 1;
      put_text(&m, round % 2 ? "@" : ">");
      put_random(&m, "abcdefg", round >= 4 ? 3000 : 8);
      put_text(&m, "\n");
      put_random(&m, i % 9 ? "ACGT" : "ACGTN", n);
      put_text(&m, "\n");
      if (round % 2 == 0) continue;
      put_text(&m, "+\n");
      put_random(&m, "IHG", n);
      put_text(&m, "\n");
    }
    way w = {.most = round == 0 ? 7 : INT64_MAX, .options = "", .careful = 1};
    reading careful = read_way(m.text, m.n, &w, 1);
    assert_int_equal(careful.status, BA_END);
    w.careful = 0;
    reading fast = read_way(m.text, m.n, &w, 1);
    same_reading(&careful, &fast, "round", round);
    free(careful.text);
    free(fast.text);
  }
  free(m.text);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(takes_plain_records), cmocka_unit_test(takes_plain_lines),
                                     cmocka_unit_test(random_texts),        cmocka_unit_test(skipped_qualities),
                                     cmocka_unit_test(every_chunk),         cmocka_unit_test(every_cut),
                                     cmocka_unit_test(full_batches)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
