/* SPDX-License-Identifier: MIT
 *
 * test_index.c: regions of FASTA, plain and bgzf, and of BAM, CRAM and packed SAM, against what htslib gives for the
 * same text; indexes that are missing, damaged or of another file.
 */
#include "reading.h"
#include "support/fault.h"
#include "support/temp.h"

#if __has_include(<htslib/faidx.h>)
#define HAVE_HEADERS 1
#include "oracle.h"
#else
#define HAVE_HEADERS 0
#endif

/* 5 + 3 letters in lines of 4 and CR LF; 7 in lines of 5; none. */
static const char fasta[] = ">one first\r\nACGT\r\nNacg\r\n>two:1-3\nTTTTT\nGA\n>none\n";
static const char fai[] = "one\t8\t12\t4\t6\ntwo:1-3\t7\t33\t5\t6\nnone\t0\t48\t0\t0\n";

static ba_context *context_new(void) {
  ba_context *context;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  return context;
}

/* What a region gives, as reading.h shows records. */
static reading fetch(ba_context *context, ba_index *index, const char *region) {
  reading r = {0};
  ba_reader *reader;
  r.status = ba_index_fetch(index, region, &reader);
  if (r.status) {
    assert_null(reader);
    snprintf(r.message, sizeof r.message, "%s", ba_context_error_message(context));
    reading_add(&r, "", 0);
    return r;
  }
  reading_drain(&r, reader, 3);
  reading_end(&r, context, reader);
  return r;
}

static void is_fetched(ba_context *context, ba_index *index, const char *region, const char *records) {
  reading r = fetch(context, index, region);
  if (r.status != BA_END) fail_msg("%s: %s", region, r.message);
  assert_string_equal(r.text, records);
  free(r.text);
}

static void is_refused(ba_context *context, ba_index *index, const char *region, ba_status status, const char *text) {
  reading r = fetch(context, index, region);
  if (r.status != status || !strstr(r.message, text)) fail_msg("%s: %d, %s", region, r.status, r.message);
  assert_string_equal(r.text, "");
  free(r.text);
}

static void fasta_by_hand(void **state) {
  char folder[TEMP_PATH], path[TEMP_PATH], other[TEMP_PATH], option[BUFSIZ];
  ba_context *context = context_new();
  ba_index *index;
  (void)state;
  temp_make(folder);
  temp_write(path, folder, "x.fa", fasta, (int64_t)strlen(fasta));
  temp_write(other, folder, "index", fai, (int64_t)strlen(fai));
  assert_int_equal(ba_index_open(context, path, "", &index), BA_ERR_IO);
  assert_non_null(strstr(ba_context_error_message(context), "x.fa: no index beside the file; make it with `ba index`"));
  snprintf(option, sizeof option, "ambiguous=skip, index=%s", other);
  assert_int_equal(ba_index_open(context, path, option, &index), BA_OK);
  is_fetched(context, index, "one", "one|ACGTNacg|\n");
  is_fetched(context, index, "one:4-6", "one:4-6|TNa|\n");
  is_fetched(context, index, "one:5", "one:5-8|Nacg|\n");
  is_fetched(context, index, "one:8-1,000", "one:8-8|g|\n");
  is_fetched(context, index, "two:1-3", "two:1-3|TTTTTGA|\n");
  is_fetched(context, index, "two:1-3:-6", "two:1-3:1-6|TTTTTG|\n");
  is_fetched(context, index, "none", "none||\n");
  is_refused(context, index, "none:1", BA_ERR_ARGUMENT,
             "x.fa: the region starts behind the end of none, which has 0 le");
  is_refused(context, index, "one:9", BA_ERR_ARGUMENT, "the region starts behind the end of one, which has 8 letters");
  is_refused(context, index, "two", BA_ERR_ARGUMENT, "x.fa: region \"two\": the file has no such sequence");
  is_refused(context, index, "*", BA_ERR_ARGUMENT, "region \"*\" is of alignments; expected the name of a sequence");
  ba_index_close(index);
  temp_write(other, folder, "x.fa.fai", fai, (int64_t)strlen(fai));
  assert_int_equal(ba_index_open(context, path, "ambiguous=error", &index), BA_OK);
  is_fetched(context, index, "one:1-4", "one:1-4|ACGT|\n");
  is_refused(context, index, "one", BA_ERR_LETTER, "x.fa: record 1, byte 9: the letter 'N' with ambiguous=error");
  ba_reader *reader;
  assert_int_equal(ba_index_fetch(index, "one:1-2", &reader), BA_OK);
  ba_index_close(index); /* the reader lives on */
  reading r = {0};
  reading_drain(&r, reader, 9);
  ba_reader_close(reader);
  assert_string_equal(r.text, "one:1-2|AC|\n");
  free(r.text);
  ba_context_destroy(context);
  temp_remove(folder);
}

static void wrong_arguments(void **state) {
  char folder[TEMP_PATH], path[TEMP_PATH];
  ba_context *context = context_new();
  ba_index *index;
  ba_reader *reader;
  (void)state;
  temp_make(folder);
  temp_write(path, folder, "x.fa", fasta, (int64_t)strlen(fasta));
  assert_int_equal(ba_index_open(context, path, "", NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_index_open(NULL, path, "", &index), BA_ERR_ARGUMENT);
  assert_int_equal(ba_index_open(context, NULL, "", &index), BA_ERR_ARGUMENT);
  assert_int_equal(ba_index_open(context, "-", "", &index), BA_ERR_ARGUMENT);
  assert_int_equal(ba_index_open(context, "https://example.org/x.fa", "", &index), BA_ERR_UNSUPPORTED);
  assert_non_null(strstr(ba_context_error_message(context), "remote names are not read; fetch the file first"));
  assert_int_equal(ba_index_open(context, path, "indices=x", &index), BA_ERR_RECIPE);
  assert_int_equal(ba_index_open(context, path, "index=/no/such", &index), BA_ERR_IO);
  assert_non_null(strstr(ba_context_error_message(context), "cannot open /no/such"));
  assert_int_equal(ba_index_open(context, "/no/such.fa", "", &index), BA_ERR_IO);
  assert_null(index);
  assert_int_equal(ba_reader_open_path(context, path, "index=x", &reader), BA_ERR_RECIPE);
  assert_null(reader);
  assert_string_equal(ba_context_error_message(context),
                      "index is an option of ba_index_open; a reader reads the whole file");
  temp_write(path, folder, "x.fq", "@a\nA\n+\nI\n", 9);
  assert_int_equal(ba_index_open(context, path, "", &index), BA_ERR_UNSUPPORTED);
  assert_non_null(
      strstr(ba_context_error_message(context), "x.fq: regions are fetched from FASTA, BAM, CRAM, and SAM"));
  temp_write(path, folder, "empty", "", 0);
  assert_int_equal(ba_index_open(context, path, "", &index), BA_ERR_UNSUPPORTED);
  assert_int_equal(ba_index_fetch(NULL, "x", &reader), BA_ERR_ARGUMENT);
  assert_int_equal(ba_index_fetch(NULL, "x", NULL), BA_ERR_ARGUMENT);
  ba_index_close(NULL);
  ba_context_destroy(context);
  temp_remove(folder);
}

static void damaged_fai(void **state) {
  static const struct {
    const char *text, *message;
  } cases[] = {
      {"one\t8\t12\t4\n",
       "x.fa.fai: line 1: fewer than five fields; expected NAME, LENGTH, OFFSET, LINEBASES, LINEWIDTH"},
      {"one\t8\t12\t4\t6\t9\n", "x.fa.fai: line 1: more than five fields"},
      {"one\t8\t12\t4\t6\ntwo\t-1\t12\t4\t6\n", "x.fa.fai: line 2: a field that is no length"},
      {"one\t8\t12\t4\t999999999999999\n", "x.fa.fai: line 1: a field that is no length"},
      {"one\t8\t12\t4\tx\n", "x.fa.fai: line 1: a field that is no length"},
      {"\t8\t12\t4\t6\n", "x.fa.fai: line 1: no name"},
      {"one\t8\t12\t4\t6\n\n", "x.fa.fai: line 2: fewer than five fields"},
      {"one\t8\t12\t0\t1\n", "x.fa.fai: line 1: lines of an impossible length"},
      {"one\t8\t12\t4\t3\n", "x.fa.fai: line 1: lines of an impossible length"},
      {"one\t8\t12\t4\t7\n", "x.fa.fai: line 1: lines of an impossible length"},
      {"one\t8\t12\t4\t4\n", "x.fa.fai: line 1: lines without an end"},
  };
  static const struct {
    const char *text, *region, *message;
  } misfits[] = {
      {"one\t8\t12\t5\t6\n", "one", "something else than a letter where the index has letters"},
      {"one\t8\t12\t3\t4\n", "one", "no line end where the index has one"},
      {"one\t8\t12\t4\t5\n", "one", "no line end where the index has one"},
      {"one\t8\t11\t4\t6\n", "one", "something else than a letter"},
      {"one\t99\t12\t4\t6\n", "one:20-24", "no line end where the index has one"},
      {"one\t9999\t12\t4\t6\n", "one:900-905", "the file ends before the region does"},
      {"one\t281474976710656\t281474976710656\t1\t3\n", "one:281474976710656", "the file ends before the region does"},
  };
  char folder[TEMP_PATH], path[TEMP_PATH], other[TEMP_PATH];
  ba_context *context = context_new();
  ba_index *index;
  (void)state;
  temp_make(folder);
  temp_write(path, folder, "x.fa", fasta, (int64_t)strlen(fasta));
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    temp_write(other, folder, "x.fa.fai", cases[i].text, (int64_t)strlen(cases[i].text));
    assert_int_equal(ba_index_open(context, path, "", &index), BA_ERR_FORMAT);
    if (!strstr(ba_context_error_message(context), cases[i].message)) {
      fail_msg("%s: %s", cases[i].text, ba_context_error_message(context));
    }
  }
  for (size_t i = 0; i < sizeof misfits / sizeof *misfits; i++) {
    temp_write(other, folder, "x.fa.fai", misfits[i].text, (int64_t)strlen(misfits[i].text));
    assert_int_equal(ba_index_open(context, path, "", &index), BA_OK);
    is_refused(context, index, misfits[i].region, BA_ERR_FORMAT, misfits[i].message);
    ba_index_close(index);
  }
  ba_context_destroy(context);
  temp_remove(folder);
}

static ba_status build_status(ba_context *context, const char *folder, const char *text, char path[TEMP_PATH]) {
  temp_write(path, folder, "build.fa", text, (int64_t)strlen(text));
  return ba_index_build(context, path);
}

static void built_by_hand(void **state) {
  static const struct {
    const char *text, *message;
  } wrong[] = {
      {"", "build.fa: no sequence; expected FASTA"},
      {"\n\n", "no sequence; expected FASTA"},
      {"@a\nA\n+\nI\n", "line 1: expected '>'"},
      {">a\nAC\nA\nA\n", "line 4: a sequence with lines of several lengths cannot be indexed"},
      {">a\nAC\nACG\n", "line 3: a sequence with lines of several lengths"},
      {">a\nAC\r\nAC\nAC\n", "line 4: a sequence with lines of several lengths"},
      {">a\n\nAC\n", "line 3: a sequence with lines of several lengths"},
      {">\nAC\n", "sequence 1 has no name, which an index needs"},
      {">a\nA\n> b\nAC\n", "sequence 2 has no name, which an index needs"},
      {">a\nA\rC\n", "line 2: a CR within it"},
  };
  char folder[TEMP_PATH], path[TEMP_PATH], other[TEMP_PATH];
  ba_context *context = context_new();
  int64_t n;
  (void)state;
  temp_make(folder);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_int_equal(build_status(context, folder, wrong[i].text, path), BA_ERR_FORMAT);
    if (!strstr(ba_context_error_message(context), wrong[i].message)) {
      fail_msg("%s: %s", wrong[i].text, ba_context_error_message(context));
    }
  }
  assert_int_equal(temp_count(folder), 1);
  assert_int_equal(build_status(context, folder, fasta, path), BA_OK);
  temp_join(other, folder, "build.fa.fai");
  char *text = (char *)temp_read(other, &n);
  assert_string_equal(text, fai);
  free(text);
  assert_int_equal(build_status(context, folder, "\n>a\tx\nACG\n\n>b\n>c\nAC", path), BA_OK);
  text = (char *)temp_read(other, &n);
  assert_string_equal(text, "a\t3\t6\t3\t4\nb\t0\t14\t0\t0\nc\t2\t17\t2\t3\n");
  free(text);
  assert_int_equal(ba_index_build(context, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_index_build(NULL, path), BA_ERR_ARGUMENT);
  assert_int_equal(ba_index_build(context, "/no/such"), BA_ERR_IO);
  assert_int_equal(ba_index_build(context, "http://example.org/x"), BA_ERR_UNSUPPORTED);
  ba_context_destroy(context);
  temp_remove(folder);
}

static ba_status build_index(ba_context *context, void *path) {
  return ba_index_build(context, path);
}

static void built_under_memory_faults(void **state) {
  char folder[TEMP_PATH], path[TEMP_PATH];
  (void)state;
  temp_make(folder);
  temp_write(path, folder, "x.fa", fasta, (int64_t)strlen(fasta));
  assert_true(fault_sweep(build_index, path) > 4);
  temp_remove(folder);
}

static ba_status open_and_fetch(ba_context *context, void *argument) {
  const char *const *path_and_region = argument;
  ba_index *index;
  ba_reader *reader = NULL;
  ba_records *batch;
  ba_status status = ba_index_open(context, path_and_region[0], "", &index);
  if (status) return status;
  status = ba_index_fetch(index, path_and_region[1], &reader);
  while (!status) {
    status = ba_reader_next(reader, 5, &batch);
    if (!status) ba_records_release(batch);
  }
  ba_reader_close(reader);
  ba_index_close(index);
  return status == BA_END ? BA_OK : status;
}

static void fasta_under_memory_faults(void **state) {
  char folder[TEMP_PATH], path[TEMP_PATH], other[TEMP_PATH];
  (void)state;
  temp_make(folder);
  temp_write(path, folder, "x.fa", fasta, (int64_t)strlen(fasta));
  temp_write(other, folder, "x.fa.fai", fai, (int64_t)strlen(fai));
  const char *path_and_region[] = {path, "one:2-7"};
  assert_true(fault_sweep(open_and_fetch, path_and_region) > 20);
  temp_remove(folder);
}

#if HAVE_HEADERS

static uint64_t seed = 7;
static int64_t random_below(int64_t n) {
  seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (int64_t)((seed >> 33) % (uint64_t)n);
}

enum { SEQUENCES = 12, MOST_LETTERS = 5000 };

/* Sequences of several lengths and widths; returns the bytes. */
static int64_t make_fasta(char *text) {
  int64_t n = 0;
  for (int64_t s = 0; s < SEQUENCES; s++) {
    const int64_t width = 1 + random_below(90), letters = 1 + random_below(MOST_LETTERS);
    n += sprintf(text + n, ">s%d and more\n", (int)s);
    for (int64_t i = 0; i < letters; i++) {
      text[n++] = "ACGTNacgt"[random_below(9)];
      if ((i + 1) % width == 0 || i + 1 == letters) text[n++] = '\n';
    }
  }
  return n;
}

static void write_bgzf(const oracle *o, const char *path, const char *text, int64_t n) {
  BGZF *out = o->bgzf_open(path, "w");
  assert_non_null(out);
  for (int64_t at = 0, size; at < n; at += size) {
    size = 1 + random_below(3000);
    if (size > n - at) size = n - at;
    assert_int_equal(o->bgzf_write(out, text + at, (size_t)size), size);
    assert_int_equal(o->bgzf_flush(out), 0);
  }
  assert_int_equal(o->bgzf_close(out), 0);
}

/* Random regions against htslib's own fetch. */
static void same_letters(const oracle *o, const char *path) {
  ba_context *context = context_new();
  ba_index *index;
  faidx_t *theirs = o->fai_load(path);
  assert_non_null(theirs);
  if (ba_index_open(context, path, "", &index)) fail_msg("%s", ba_context_error_message(context));
  for (int32_t i = 0; i < 300; i++) {
    const int64_t s = random_below(SEQUENCES), from = 1 + random_below(MOST_LETTERS);
    char region[64], *expected;
    hts_pos_t n;
    if (i % 10 == 0) {
      snprintf(region, sizeof region, "s%d", (int)s);
    } else {
      snprintf(region, sizeof region, "s%d:%d-%d", (int)s, (int)from, (int)(from + random_below(2 * MOST_LETTERS)));
    }
    expected = o->fai_fetch64(theirs, region, &n);
    reading r = fetch(context, index, region);
    if (n == 0 && strchr(region, ':')) {
      assert_int_equal(r.status, BA_ERR_ARGUMENT);
    } else {
      if (r.status != BA_END) fail_msg("%s: %s", region, r.message);
      const char *letters = strchr(r.text, '|') + 1;
      assert_int_equal(strcspn(letters, "|"), n);
      assert_memory_equal(letters, expected, (size_t)n);
    }
    free(expected);
    free(r.text);
  }
  ba_index_close(index);
  o->fai_destroy(theirs);
  ba_context_destroy(context);
}

static void fasta_as_htslib(void **state) {
  static char text[SEQUENCES * MOST_LETTERS * 3];
  char folder[TEMP_PATH], path[TEMP_PATH], block_path[TEMP_PATH];
  oracle o;
  (void)state;
  if (!oracle_open(&o)) skip();
  temp_make(folder);
  int64_t n = make_fasta(text);
  temp_write(path, folder, "plain.fa", text, n);
  assert_int_equal(o.fai_build3(path, NULL, NULL), 0);
  same_letters(&o, path);
  temp_join(path, folder, "packed.fa.gz");
  write_bgzf(&o, path, text, n);
  assert_int_equal(o.fai_build3(path, NULL, NULL), 0);
  same_letters(&o, path);
  /* The block index cut at every byte, and missing. */
  snprintf(block_path, sizeof block_path, "%.*s.gzi", TEMP_PATH - 8, path);
  ba_context *context = context_new();
  ba_index *index;
  uint8_t *bytes = temp_read(block_path, &n);
  for (int64_t cut = 0; cut < n; cut += cut < 50 ? 1 : 37) {
    temp_write(block_path, folder, "packed.fa.gz.gzi", bytes, cut);
    assert_int_equal(ba_index_open(context, path, "", &index), BA_ERR_FORMAT);
    assert_non_null(strstr(ba_context_error_message(context), "its size is not 8 bytes and 16 for each block"));
  }
  bytes[24] = 0; /* the second block does not come before the first */
  bytes[25] = 0;
  temp_write(block_path, folder, "packed.fa.gz.gzi", bytes, n);
  assert_int_equal(ba_index_open(context, path, "", &index), BA_ERR_FORMAT);
  assert_non_null(strstr(ba_context_error_message(context), ".gzi: block 2 does not follow the one before it"));
  assert_int_equal(remove(block_path), 0);
  assert_int_equal(ba_index_open(context, path, "", &index), BA_ERR_IO);
  assert_non_null(strstr(ba_context_error_message(context), "a bgzf file needs FILE.gzi too"));
  free(bytes);
  ba_context_destroy(context);
  temp_remove(folder);
}

/* Our indexes of the file against those that htslib wrote beside it. */
static void same_indexes(ba_context *context, const char *folder, const char *name) {
  static const char *const endings[] = {".fai", ".gzi"};
  char path[TEMP_PATH], other[TEMP_PATH];
  uint8_t *theirs[2] = {NULL, NULL};
  int64_t lengths[2], n;
  const int32_t count = strstr(name, ".gz") ? 2 : 1;
  temp_join(path, folder, name);
  for (int32_t i = 0; i < count; i++) {
    snprintf(other, sizeof other, "%.*s%s", TEMP_PATH - 8, path, endings[i]);
    theirs[i] = temp_read(other, &lengths[i]);
    assert_int_equal(remove(other), 0);
  }
  if (ba_index_build(context, path)) fail_msg("%s", ba_context_error_message(context));
  for (int32_t i = 0; i < count; i++) {
    snprintf(other, sizeof other, "%.*s%s", TEMP_PATH - 8, path, endings[i]);
    uint8_t *ours = temp_read(other, &n);
    assert_int_equal(n, lengths[i]);
    assert_memory_equal(ours, theirs[i], (size_t)n);
    free(ours);
    free(theirs[i]);
  }
}

static void built_as_by_htslib(void **state) {
  static char text[SEQUENCES * MOST_LETTERS * 3];
  char folder[TEMP_PATH], path[TEMP_PATH];
  ba_context *context = context_new();
  oracle o;
  (void)state;
  if (!oracle_open(&o)) skip();
  temp_make(folder);
  const int64_t n = make_fasta(text);
  temp_write(path, folder, "plain.fa", text, n);
  assert_int_equal(o.fai_build3(path, NULL, NULL), 0);
  same_indexes(context, folder, "plain.fa");
  temp_join(path, folder, "packed.fa.gz");
  write_bgzf(&o, path, text, n);
  assert_int_equal(o.fai_build3(path, NULL, NULL), 0);
  same_indexes(context, folder, "packed.fa.gz");
  assert_true(fault_sweep(build_index, path) > 6);
  ba_context_destroy(context);
  temp_remove(folder);
}

/* Sorted records on two references, one with a colon in its name, and some without a place. */
static int64_t make_sam(char *text) {
  int64_t n = sprintf(text, "@HD\tVN:1.6\tSO:coordinate\n@SQ\tSN:chr1\tLN:300000\n@SQ\tSN:chr1:2\tLN:90000\n");
  for (int32_t reference = 0; reference < 2; reference++) {
    for (int64_t i = 0, place = 1; i < 700; i++, place += random_below(reference ? 120 : 400)) {
      const int64_t letters = 1 + random_below(60);
      n += sprintf(text + n, "r%d.%d\t0\t%s\t%d\t60\t%dM\t*\t0\t0\t%.*s\t*\n", reference, (int)i,
                   reference ? "chr1:2" : "chr1", (int)place, (int)letters, (int)letters,
                   "ACGTTGCAACGTTGCAACGTTGCAACGTTGCAACGTTGCAACGTTGCAACGTTGCAACGTTGCA");
    }
  }
  for (int32_t i = 0; i < 40; i++) n += sprintf(text + n, "u%d\t4\t*\t0\t0\t*\t*\t0\t0\tACGT\t*\n", i);
  return n;
}

/* The names and places of the region's records by htslib itself. */
static char *by_htslib(const oracle *o, const char *path, const char *region) {
  htsFile *in = o->hts_open(path, "r");
  assert_non_null(in);
  sam_hdr_t *header = o->sam_hdr_read(in);
  hts_idx_t *index = o->sam_index_load(in, path);
  assert_non_null(index);
  hts_itr_t *iterator = o->sam_itr_querys(index, header, region);
  assert_non_null(iterator);
  bam1_t *record = o->bam_init1();
  reading r = {0};
  reading_add(&r, "", 0);
  while (o->hts_itr_next(in->is_bgzf ? in->fp.bgzf : NULL, iterator, record, in) >= 0) {
    char line[200];
    reading_add(&r, line, snprintf(line, sizeof line, "%s %lld\n", bam_get_qname(record), (long long)record->core.pos));
  }
  o->bam_destroy1(record);
  o->hts_itr_destroy(iterator);
  o->hts_idx_destroy(index);
  o->sam_hdr_destroy(header);
  o->hts_close(in);
  return r.text;
}

static char *by_us(ba_context *context, ba_index *index, const char *region) {
  reading r = {0};
  ba_reader *reader;
  ba_records *batch;
  reading_add(&r, "", 0);
  if (ba_index_fetch(index, region, &reader)) fail_msg("%s: %s", region, ba_context_error_message(context));
  while ((r.status = ba_reader_next(reader, 100, &batch)) == BA_OK) {
    for (int64_t i = 0; i < ba_records_count(batch); i++) {
      char line[64];
      int64_t length, position;
      const char *name = ba_records_name(batch, i, &length);
      assert_int_equal(ba_records_alignment(batch, i, NULL, NULL, NULL, &position, NULL), 1);
      reading_add(&r, name, length);
      reading_add(&r, line, snprintf(line, sizeof line, " %lld\n", (long long)position));
    }
    ba_records_release(batch);
  }
  assert_int_equal(r.status, BA_END);
  ba_reader_close(reader);
  return r.text;
}

static void same_alignments(const oracle *o, const char *path) {
  ba_context *context = context_new();
  ba_index *index;
  if (ba_index_open(context, path, "", &index)) fail_msg("%s: %s", path, ba_context_error_message(context));
  for (int32_t i = 0; i < 60; i++) {
    char region[64];
    const int64_t from = 1 + random_below(i % 2 ? 90000 : 290000);
    snprintf(region, sizeof region, "%s:%d-%d", i % 2 ? "chr1:2" : "chr1", (int)from,
             (int)(from + random_below(i % 3 ? 3000 : 200000)));
    if (i == 0) snprintf(region, sizeof region, "chr1");
    if (i == 1) snprintf(region, sizeof region, "*");
    char *theirs = by_htslib(o, path, region), *ours = by_us(context, index, region);
    assert_string_equal(ours, theirs);
    free(theirs);
    free(ours);
  }
  char *named = by_us(context, index, "chr1:2"), *part = by_us(context, index, "chr1:2-2");
  assert_int_equal(strncmp(named, "r1.0 0\n", 7), 0); /* the longest name: all of chr1:2 */
  assert_int_equal(strncmp(part, "r0.", 3), 0);       /* chr1 from 2 to 2 */
  free(named);
  free(part);
  is_refused(context, index, "chr9", BA_ERR_ARGUMENT, "the file has no such sequence");
  is_refused(context, index, "chr1:x", BA_ERR_ARGUMENT, "expected chr1, or a range such as chr1:1,001-2,000");
  ba_index_close(index);
  ba_context_destroy(context);
}

static void alignments_as_htslib(void **state) {
  static const struct {
    const char *name, *mode;
    int shift;
  } cases[] = {{"a.bam", "wb", 0}, {"b.bam", "wb", 14}, {"c.cram", "wc", 0}, {"d.sam.gz", "wz", 14}};
  static char text[1 << 19];
  char folder[TEMP_PATH], path[TEMP_PATH], from[TEMP_PATH], other[TEMP_PATH];
  ba_context *context = context_new();
  ba_index *index = NULL;
  oracle o;
  (void)state;
  if (!oracle_open(&o)) skip();
  temp_make(folder);
  temp_write(from, folder, "x.sam", text, make_sam(text));
  assert_int_equal(ba_index_open(context, from, "", &index), BA_ERR_IO);
  temp_join(path, folder, cases[0].name);
  assert_true(oracle_convert(&o, from, path, cases[0].mode, cases[0].shift));
  const ba_status status = ba_index_open(context, path, "", &index);
  ba_index_close(index);
  if (status == BA_OK || !strstr(ba_context_error_message(context), "-DBA_HTSLIB=ON")) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
      temp_join(path, folder, cases[i].name);
      assert_true(oracle_convert(&o, from, path, cases[i].mode, cases[i].shift));
      same_alignments(&o, path);
      const char *path_and_region[] = {path, "chr1:100-2000"};
      assert_true(fault_sweep(open_and_fetch, path_and_region) > 20);
    }
    /* "x.bai" beside "x.bam" is found too; a missing or foreign index says so. */
    temp_join(path, folder, "a.bam");
    temp_join(from, folder, "a.bam.bai");
    temp_join(other, folder, "a.bai");
    assert_int_equal(rename(from, other), 0);
    assert_int_equal(ba_index_open(context, path, "tags=NM, min_mapping_quality=61", &index), BA_OK);
    is_fetched(context, index, "chr1", "");
    ba_index_close(index);
    temp_write(other, folder, "a.bai", "BAI\1", 4);
    assert_int_equal(ba_index_open(context, path, "", &index), BA_ERR_FORMAT);
    assert_non_null(strstr(ba_context_error_message(context), "a.bai: it is cut; make it again"));
    assert_int_equal(remove(other), 0);
    assert_int_equal(ba_index_open(context, path, "", &index), BA_ERR_IO);
    assert_non_null(strstr(ba_context_error_message(context), "no index beside the file; make one with"));
    assert_int_equal(ba_index_open(context, path, "index=https://example.org/x.bai", &index), BA_ERR_UNSUPPORTED);
    temp_join(path, folder, "x.sam");
    temp_write(other, folder, "x.sam.csi", "CSI\1", 4);
    assert_int_equal(ba_index_open(context, path, "", &index), BA_ERR_UNSUPPORTED);
    assert_non_null(
        strstr(ba_context_error_message(context), "fetched from BAM, CRAM, and SAM in bgzf, not from others"));
  }
  ba_context_destroy(context);
  temp_remove(folder);
}

#endif

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(fasta_by_hand),
    cmocka_unit_test(wrong_arguments),
    cmocka_unit_test(damaged_fai),
    cmocka_unit_test(fasta_under_memory_faults),
    cmocka_unit_test(built_by_hand),
    cmocka_unit_test(built_under_memory_faults),
#if HAVE_HEADERS
    cmocka_unit_test(fasta_as_htslib),
    cmocka_unit_test(built_as_by_htslib),
    cmocka_unit_test(alignments_as_htslib),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
