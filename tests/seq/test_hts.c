/* SPDX-License-Identifier: MIT
 *
 * SAM, BAM and CRAM against files that htslib itself writes here; what cannot be read must say why.
 */
#include <dlfcn.h>
#include <errno.h>

#include "bioanalytics/arrow.h"
#include "pack.h"
#include "support/fault.h"
#include "support/temp.h"

#if __has_include(<htslib/sam.h>)
#define HAVE_HEADERS 1
#include <htslib/sam.h>
#else
#define HAVE_HEADERS 0
#endif

static const char sam_text[] =
    "@HD\tVN:1.6\tSO:unsorted\n@SQ\tSN:chr1\tLN:100\n"
    "r1\t0\tchr1\t1\t60\t8M\t*\t0\t0\tACGTNACG\tIIII!~#5\n"
    "r2\t16\tchr1\t5\t60\t4M\t*\t0\t0\tTTAR\t*\n"
    "r3\t4\t*\t0\t0\t*\t*\t0\t0\tACMGRSVTWYHKDBN\t!\"#$%&'()*+,-./\n"
    "r4\t4\t*\t0\t0\t*\t*\t0\t0\t*\t*\n"
    "r5/1\t256\tchr1\t9\t0\t3M\t*\t0\t0\tGAT\tFFF\n";
static const char records[] =
    "r1|ACGTNACG|IIII!~#5\nr2|TTAR|\nr3|ACMGRSVTWYHKDBN|!\"#$%&'()*+,-./\nr4||\nr5/1|GAT|FFF\n";
static const char bare_records[] = "r1|ACGTNACG|\nr2|TTAR|\nr3|ACMGRSVTWYHKDBN|\nr4||\nr5/1|GAT|\n";

/* Whether this build reads alignments; a build that does not must say how to get one that does. */
static int32_t built_in(const char *path) {
  reading r = read_path(path, "");
  int32_t without = r.status == BA_ERR_UNSUPPORTED;
  if (without) {
    assert_non_null(strstr(r.message, "-DBA_HTSLIB=ON"));
    assert_non_null(strstr(r.message, "libhts-dev"));
    print_message("skipped: this build has no htslib\n");
  }
  free(r.text);
  return !without;
}

static void sam_files(void **state) {
  char folder[TEMP_PATH], path[TEMP_PATH];
  packed gz = {0};
  (void)state;
  temp_make(folder);
  temp_write(path, folder, "plain.txt", sam_text, (int64_t)strlen(sam_text));
  int32_t present = built_in(path);
  if (present) {
    reading r = read_path(path, "");
    assert_string_equal(r.text, records);
    assert_int_equal(r.status, BA_END);
    assert_int_equal(r.format, BA_FORMAT_SAM);
    assert_int_equal(r.letters, 30);
    assert_int_equal(r.ambiguous, 1 + 1 + 11);
    free(r.text);
    r = read_path(path, "qualities=skip");
    assert_string_equal(r.text, bare_records);
    assert_int_equal(r.status, BA_END);
    free(r.text);
    r = read_path(path, "ambiguous=error");
    assert_int_equal(r.status, BA_ERR_LETTER);
    assert_non_null(strstr(r.message, "record 1: letter 5 is 'N' with ambiguous=error"));
    assert_int_equal(r.count, 0);
    free(r.text);
    pack_member(&gz, sam_text, (int64_t)strlen(sam_text), 6, NULL);
    temp_write(path, folder, "packed", gz.data, gz.length);
    r = read_path(path, "");
    assert_string_equal(r.text, records);
    free(r.text);
    free(gz.data);
    const char *bare = strstr(sam_text, "r3");
    temp_write(path, folder, "bare", bare, strstr(bare, "r5") - bare);
    r = read_path(path, "");
    assert_int_equal(r.format, BA_FORMAT_SAM);
    assert_int_equal(r.status, BA_END);
    assert_string_equal(r.text, "r3|ACMGRSVTWYHKDBN|!\"#$%&'()*+,-./\nr4||\n");
    free(r.text);
    const char bad[] = "@HD\tVN:1.6\n@SQ\tSN:c\tLN:9\nr1\t4\t*\t0\t0\t*\t*\t0\t0\tAC\tII\nr2\t4\t*\n";
    temp_write(path, folder, "bad", bad, (int64_t)strlen(bad));
    r = read_path(path, "");
    assert_int_equal(r.status, BA_ERR_FORMAT);
    assert_non_null(strstr(r.message, "record 2: htslib cannot read this SAM line"));
    assert_string_equal(r.text, "r1|AC|II\n");
    free(r.text);
  }
  temp_remove(folder);
  if (!present) skip();
}

/* One record for each reason to leave one out; the numbers are those of the SAM specification. */
static const char flag_text[] =
    "@HD\tVN:1.6\n@SQ\tSN:c\tLN:99\n"
    "good\t0\tc\t1\t60\t2M\t*\t0\t0\tAC\tII\n"
    "unmapped\t4\t*\t0\t0\t*\t*\t0\t0\tGG\tII\n"
    "secondary\t256\tc\t1\t60\t2M\t*\t0\t0\tCC\tII\n"
    "supplementary\t2048\tc\t1\t60\t2M\t*\t0\t0\tTT\tII\n"
    "duplicate\t1024\tc\t1\t60\t2M\t*\t0\t0\tGT\tII\n"
    "low\t0\tc\t1\t29\t2M\t*\t0\t0\tTG\tII\n"
    "edge\t0\tc\t1\t30\t2M\t*\t0\t0\tCA\tII\n"
    "unknown\t0\tc\t1\t255\t2M\t*\t0\t0\tTA\tII\n";

static void records_are_left_out_by_flag_and_quality(void **state) {
  static const struct {
    const char *options, *names;
    int64_t skipped;
  } cases[] = {
      {"", "good unmapped secondary supplementary duplicate low edge unknown ", 0},
      {"unmapped=keep, secondary=keep, duplicates=keep, min_mapping_quality=0",
       "good unmapped secondary supplementary duplicate low edge unknown ", 0},
      {"unmapped=skip", "good secondary supplementary duplicate low edge unknown ", 1},
      {"secondary=skip", "good unmapped duplicate low edge unknown ", 2},
      {"duplicates=skip", "good unmapped secondary supplementary low edge unknown ", 1},
      {"min_mapping_quality=30", "good secondary supplementary duplicate edge unknown ", 2},
      {"unmapped=skip, secondary=skip, duplicates=skip, min_mapping_quality=31", "good unknown ", 6},
  };
  char folder[TEMP_PATH], path[TEMP_PATH];
  (void)state;
  temp_make(folder);
  temp_write(path, folder, "flags.sam", flag_text, (int64_t)strlen(flag_text));
  const int32_t present = built_in(path);
  for (size_t i = 0; present && i < sizeof cases / sizeof *cases; i++) {
    char names[200] = "";
    ba_context *context;
    ba_reader *reader;
    ba_records *batch;
    assert_int_equal(ba_context_create(NULL, &context), BA_OK);
    assert_int_equal(ba_reader_open_path(context, path, cases[i].options, &reader), BA_OK);
    while (ba_reader_next(reader, 2, &batch) == BA_OK) {
      for (int64_t r = 0; r < ba_records_count(batch); r++) {
        int64_t length;
        const char *name = ba_records_name(batch, r, &length);
        strncat(names, name, (size_t)length);
        strcat(names, " ");
      }
      ba_records_release(batch);
    }
    assert_string_equal(ba_context_error_message(context), "");
    assert_string_equal(names, cases[i].names);
    assert_int_equal(ba_reader_skipped(reader), cases[i].skipped);
    ba_reader_close(reader);
    assert_int_equal(ba_reader_open_path(context, path, "min_mapping_quality=255", &reader), BA_ERR_RECIPE);
    ba_context_destroy(context);
  }
  assert_int_equal(ba_reader_skipped(NULL), 0);
  temp_remove(folder);
  if (!present) skip();
}

/* One field of each type; SAM text writes them back as they stand here. */
static const char tag_text[] =
    "@HD\tVN:1.6\n@SQ\tSN:chr1\tLN:99999\n@SQ\tSN:second\tLN:9\n"
    "a\t99\tchr1\t1234\t37\t2M\t=\t1240\t8\tAC\tII\tNM:i:-3\tXA:A:q\tXF:f:0.25\tXZ:Z:two words\tXH:H:1AE3\n"
    "b\t4\t*\t0\t0\t*\t*\t0\t0\tGG\tII\tNM:i:4000000000\n"
    "c\t16\tsecond\t9\t255\t1M\t*\t0\t0\tT\tI\tXB:B:c,-1,127\tXS:B:S,65535\tXR:B:f,-0.5,1e+20\tNM:i:70000\n"
    "d\t0\tsecond\t1\t0\t1M\t*\t0\t0\tT\t*\tXZ:Z:\n";
static const char tag_rows[] =
    "a 99 chr1 1233 37 NM=-3 XA=q XF=0.25 XZ=two words XH=1AE3\n"
    "b 4 - -1 0 NM=4000000000\n"
    "c 16 second 8 255 NM=70000 XB=c,-1,127 XS=S,65535 XR=f,-0.5,1e+20\n"
    "d 0 second 0 0 XZ=\n";

/* SAM text cut at every byte: the lines that are whole give their records, and a part of a line is an error, as it has
 * too few fields or too few symbols; but for a record without letters htslib takes an empty field for no qualities. Cut
 * in its header, the input is no SAM or has no records. */
static void cut_sam(void **state) {
  const int64_t n = (int64_t)strlen(sam_text), header = strstr(sam_text, "\nr1\t") + 1 - sam_text;
  char folder[TEMP_PATH], path[TEMP_PATH];
  (void)state;
  temp_make(folder);
  temp_write(path, folder, "plain.sam", sam_text, n);
  const int32_t present = built_in(path);
  for (int64_t cut = present ? 0 : n; cut < n; cut++) {
    int64_t lines = 0;
    for (int64_t i = header; i < cut; i++) lines += sam_text[i] == '\n';
    const int32_t empty = cut > header && strncmp(sam_text + cut - 3, "\t*\t*\n", 5) == 0;
    const int32_t whole = cut == 0 || empty || (cut >= header && (sam_text[cut - 1] == '\n' || sam_text[cut] == '\n'));
    lines += empty || (cut > header && sam_text[cut] == '\n');
    temp_write(path, folder, "cut.sam", sam_text, cut);
    reading r = read_path(path, "");
    if (cut >= header || cut == 0) {
      if ((r.status == BA_END) != whole || r.count != lines) {
        fail_msg("cut at %lld: %lld records, status %d, '%s'", (long long)cut, (long long)r.count, r.status, r.message);
      }
    } else {
      assert_int_equal(r.count, 0);
    }
    assert_memory_equal(r.text, records, (size_t)r.length);
    free(r.text);
  }
  temp_remove(folder);
  if (!present) skip();
}

static void add_text(char *rows, const char *before, const char *text, int64_t n) {
  strcat(rows, before);
  if (n > 0) strncat(rows, text, (size_t)n);
}

/* Every record's columns as a line; `most` records a batch. */
static void aligned_rows(const char *path, const char *options, int64_t most, char rows[1000]) {
  static const char *const names[] = {"NM", "XA", "XF", "XZ", "XH", "XB", "XS", "XR"};
  ba_context *context;
  ba_reader *reader;
  ba_records *batch;
  rows[0] = 0;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_reader_open_path(context, path, options, &reader), BA_OK);
  while (ba_reader_next(reader, most, &batch) == BA_OK) {
    for (int64_t i = 0; i < ba_records_count(batch); i++) {
      int32_t flag, mapping_quality;
      int64_t n, position;
      const char *reference, *name = ba_records_name(batch, i, &n);
      char numbers[99];
      add_text(rows, "", name, n);
      assert_int_equal(ba_records_alignment(batch, i, &flag, &reference, &n, &position, &mapping_quality), 1);
      snprintf(numbers, sizeof numbers, " %d ", flag);
      add_text(rows, numbers, reference ? reference : "-", reference ? n : 1);
      snprintf(numbers, sizeof numbers, " %lld %d", (long long)position, mapping_quality);
      strcat(rows, numbers);
      for (size_t t = 0; t < sizeof names / sizeof *names; t++) {
        const char *text = ba_records_tag(batch, i, names[t], &n);
        if (text == NULL) assert_int_equal(n, 0);
        if (text == NULL) continue;
        snprintf(numbers, sizeof numbers, " %s=", names[t]);
        add_text(rows, numbers, text, n);
      }
      strcat(rows, "\n");
    }
    assert_int_equal(ba_records_alignment(batch, ba_records_count(batch), NULL, NULL, NULL, NULL, NULL), 0);
    assert_null(ba_records_tag(batch, -1, "NM", NULL));
    assert_null(ba_records_tag(batch, 0, "ZZ", NULL));
    ba_records_release(batch);
  }
  assert_string_equal(ba_context_error_message(context), "");
  ba_reader_close(reader);
  ba_context_destroy(context);
}

static const char all_tags[] = "tags=NM:XA:XF:XZ:XH:XB:XS:XR";

static void alignment_columns(void **state) {
  char folder[TEMP_PATH], path[TEMP_PATH], rows[1000];
  (void)state;
  temp_make(folder);
  temp_write(path, folder, "tags.sam", tag_text, (int64_t)strlen(tag_text));
  const int32_t present = built_in(path);
  for (int64_t most = 1; present && most < 6; most++) {
    aligned_rows(path, all_tags, most, rows);
    assert_string_equal(rows, tag_rows);
  }
  if (present) {
    aligned_rows(path, "tags=XZ", 9, rows);
    assert_string_equal(rows, "a 99 chr1 1233 37 XZ=two words\nb 4 - -1 0\nc 16 second 8 255\nd 0 second 0 0 XZ=\n");
    aligned_rows(path, "secondary=skip, min_mapping_quality=38", 9, rows);
    assert_string_equal(rows, "c 16 second 8 255\n");
  }
  temp_remove(folder);
  if (!present) skip();
}

/* Claims that htslib would ask memory for before it reads. */
static void impossible_headers(void **state) {
  static const char *const cases[] = {"BAM\1\xff\xff\xff\xff____", "BAM\1\2\0\0\0\n\n\xff\xff\xff\x7f"};
  char folder[TEMP_PATH], path[TEMP_PATH];
  (void)state;
  temp_make(folder);
  for (int32_t i = 0; i < 4; i++) {
    packed gz = {0};
    const int64_t n = i % 2 ? 14 : 12;
    if (i < 2) {
      temp_write(path, folder, "x.bam", cases[i], n);
    } else {
      pack_member(&gz, cases[i - 2], n, 6, NULL);
      temp_write(path, folder, "x.bam", gz.data, gz.length);
    }
    reading r = read_path(path, "");
    assert_int_equal(r.status, BA_ERR_CORRUPT);
    assert_non_null(strstr(r.message, "x.bam: the BAM header claims "));
    free(r.text);
    free(gz.data);
  }
  temp_remove(folder);
}

static void wrong_tags(void **state) {
  static const char *const cases[][2] = {
      {"tags=N", "tags is \"N\"; accepted: names of two characters joined by ':', such as NM:AS:MD"},
      {"tags=1N", "tags is \"1N\""},
      {"tags=NMM", "tags is \"NMM\""},
      {"tags=NM:", "tags is \"NM:\""},
      {"tags=NM:AS:NM", "tags: NM is given twice"},
      {"tags=A0:A1:A2:A3:A4:A5:A6:A7:A8:A9:B0:B1:B2:B3:B4:B5:B6:B7:B8:B9:C0:C1:C2:C3:C4:C5:C6:C7:C8:C9:D0:D1:D2",
       "tags: at most 32"},
  };
  ba_context *context;
  ba_reader *reader;
  ba_records *batch;
  (void)state;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(ba_reader_open_memory(context, NULL, 0, cases[i][0], &reader), BA_ERR_RECIPE);
    assert_non_null(strstr(ba_context_error_message(context), cases[i][1]));
  }
  assert_int_equal(ba_reader_open_memory(context, (const uint8_t *)">a\nA\n", 5, "tags=NM", &reader), BA_OK);
  assert_int_equal(ba_reader_next(reader, 1, &batch), BA_OK);
  int32_t flag = 7, mapping_quality = 7;
  int64_t n = 7, position = 7;
  const char *reference = "";
  assert_int_equal(ba_records_alignment(batch, 0, &flag, &reference, &n, &position, &mapping_quality), 0);
  assert_true(flag == 0 && reference == NULL && n == 0 && position == -1 && mapping_quality == 255);
  assert_null(ba_records_tag(batch, 0, "NM", &n));
  assert_null(ba_records_tag(NULL, 0, "NM", NULL));
  assert_null(ba_records_tag(batch, 0, NULL, NULL));
  ba_records_release(batch);
  ba_reader_close(reader);
  ba_context_destroy(context);
}

static ba_status read_and_export(ba_context *context, void *path) {
  ba_reader *reader;
  ba_records *batch;
  struct ArrowArrayStream stream;
  struct ArrowSchema schema = {0};
  struct ArrowArray array = {0};
  ba_status status = ba_reader_open_path(context, path, all_tags, &reader);
  if (status) return status;
  status = ba_reader_next(reader, 2, &batch);
  if (!status) ba_records_release(batch);
  if (!status) status = ba_reader_export_stream(reader, &stream);
  if (status) {
    ba_reader_close(reader);
    return status;
  }
  /* Records before a failure come first, so the end has to be reached to see it. */
  int code = stream.get_schema(&stream, &schema), more = 1;
  while (code == 0 && more) {
    code = stream.get_next(&stream, &array);
    more = array.release != NULL;
    if (more) array.release(&array);
  }
  if (code) status = code == ENOMEM ? BA_ERR_MEMORY : BA_ERR_INTERNAL;
  if (schema.release) schema.release(&schema);
  stream.release(&stream);
  return status;
}

static void alignments_under_memory_faults(void **state) {
  char folder[TEMP_PATH], path[TEMP_PATH];
  (void)state;
  temp_make(folder);
  temp_write(path, folder, "tags.sam", tag_text, (int64_t)strlen(tag_text));
  const int32_t present = built_in(path);
  if (present) assert_true(fault_sweep(read_and_export, path) > 60);
  temp_remove(folder);
  if (!present) skip();
}

static void only_from_paths(void **state) {
  static const expectation cases[] = {
      {"@SQ\tSN:c\tLN:9\n", "", BA_ERR_UNSUPPORTED,
       "the input is SAM, which is read only from a file opened by its path, not from memory, fed bytes or standard "
       "input",
       ""},
      {"CRAM\3", "", BA_ERR_UNSUPPORTED,
       "the input is CRAM, which is read only from a file opened by its path, not from memory, fed bytes or standard "
       "input",
       ""},
      /* no header line of an alignment file */
      {"@SQ \nA\n+\nI\n", "SQ |A|I\n", BA_END, NULL, ""},
      {"@HDx\nA\n+\nI\n", "HDx|A|I\n", BA_END, NULL, ""},
  };
  (void)state;
  check_expectations(cases, sizeof cases / sizeof *cases);
}

#if HAVE_HEADERS

typedef struct writer {
  void *library;
  __typeof__(hts_open) *open;
  __typeof__(hts_close) *close;
  __typeof__(hts_set_opt) *set_opt;
  __typeof__(sam_hdr_read) *hdr_read;
  __typeof__(sam_hdr_write) *hdr_write;
  __typeof__(sam_hdr_destroy) *hdr_destroy;
  __typeof__(sam_hdr_find_tag_id) *find_tag;
  __typeof__(sam_read1) *read1;
  __typeof__(sam_write1) *write1;
  __typeof__(bam_init1) *init1;
  __typeof__(bam_destroy1) *destroy1;
} writer;

static void look_up(writer *w, const char *name, void *into) {
  void *symbol = dlsym(w->library, name);
  assert_non_null(symbol);
  memcpy(into, &symbol, sizeof symbol);
}

static int32_t writer_open(writer *w) {
  w->library = dlopen("libhts.so.3", RTLD_NOW | RTLD_LOCAL);
  if (w->library == NULL) return 0;
  look_up(w, "hts_open", &w->open);
  look_up(w, "hts_close", &w->close);
  look_up(w, "hts_set_opt", &w->set_opt);
  look_up(w, "sam_hdr_read", &w->hdr_read);
  look_up(w, "sam_hdr_write", &w->hdr_write);
  look_up(w, "sam_hdr_destroy", &w->hdr_destroy);
  look_up(w, "sam_hdr_find_tag_id", &w->find_tag);
  look_up(w, "sam_read1", &w->read1);
  look_up(w, "sam_write1", &w->write1);
  look_up(w, "bam_init1", &w->init1);
  look_up(w, "bam_destroy1", &w->destroy1);
  return 1;
}

/* Copies the SAM file to another format: mode "wb" or "wc"; a CRAM stores differences from `reference`, if given. */
static void convert(const writer *w, const char *from, const char *to, const char *mode, const char *reference) {
  htsFile *in = w->open(from, "r"), *out = w->open(to, mode);
  assert_non_null(in);
  assert_non_null(out);
  sam_hdr_t *header = w->hdr_read(in);
  assert_non_null(header);
  if (reference) assert_int_equal(w->set_opt(out, CRAM_OPT_REFERENCE, reference), 0);
  if (mode[1] == 'c' && !reference) assert_int_equal(w->set_opt(out, CRAM_OPT_NO_REF, 1), 0);
  assert_int_equal(w->hdr_write(out, header), 0);
  bam1_t *record = w->init1();
  while (w->read1(in, header, record) >= 0) assert_true(w->write1(out, header, record) >= 0);
  w->destroy1(record);
  w->hdr_destroy(header);
  assert_int_equal(w->close(out), 0);
  w->close(in);
}

/* Cut at every byte, CRAM at 200 of them: no record that was not there, and never a clean end. */
static void cut_everywhere(const char *folder, const char *path) {
  int64_t n;
  uint8_t *bytes = temp_read(path, &n);
  char cut_path[TEMP_PATH];
  for (int64_t cut = 1; cut < n; cut += strstr(path, "bam") ? 1 : 1 + n / 200) {
    temp_write(cut_path, folder, "cut", bytes, cut);
    reading r = read_path(cut_path, "");
    if (r.status == BA_END) fail_msg("cut at %lld of %lld: a clean end", (long long)cut, (long long)n);
    if (strncmp(records, r.text, (size_t)r.length) != 0) fail_msg("cut at %lld: %s", (long long)cut, r.text);
    free(r.text);
  }
  /* The end block, the last 28 bytes of a BAM file, is missing: all records, then an error. */
  if (strstr(path, "bam") != NULL) {
    temp_write(cut_path, folder, "cut", bytes, n - 28);
    reading r = read_path(cut_path, "");
    assert_int_equal(r.status, BA_ERR_TRUNCATED);
    assert_non_null(strstr(r.message, "the end block of the file is missing"));
    assert_string_equal(r.text, records);
    free(r.text);
  }
  free(bytes);
}

static void binary_files(void **state) {
  char folder[TEMP_PATH], path[TEMP_PATH], from[TEMP_PATH];
  writer w;
  (void)state;
  temp_make(folder);
  temp_write(from, folder, "plain.sam", sam_text, (int64_t)strlen(sam_text));
  int32_t present = built_in(from) && writer_open(&w);
  for (int32_t i = 0; i < 2 && present; i++) {
    temp_join(path, folder, i ? "x.cram" : "x.bam");
    convert(&w, from, path, i ? "wc" : "wb", NULL);
    reading r = read_path(path, "");
    if (r.status != BA_END) fail_msg("%s", r.message);
    assert_string_equal(r.text, records);
    assert_int_equal(r.format, i ? BA_FORMAT_CRAM : BA_FORMAT_BAM);
    free(r.text);
    cut_everywhere(folder, path);
  }
  temp_remove(folder);
  if (!present) skip();
}

/* BAM and CRAM store each type in their own way. */
static void alignment_columns_of_binary_files(void **state) {
  char folder[TEMP_PATH], path[TEMP_PATH], from[TEMP_PATH], rows[1000];
  writer w;
  (void)state;
  temp_make(folder);
  temp_write(from, folder, "tags.sam", tag_text, (int64_t)strlen(tag_text));
  int32_t present = built_in(from) && writer_open(&w);
  for (int32_t i = 0; i < 2 && present; i++) {
    temp_join(path, folder, i ? "x.cram" : "x.bam");
    convert(&w, from, path, i ? "wc" : "wb", NULL);
    aligned_rows(path, all_tags, 3, rows);
    assert_string_equal(rows, tag_rows);
  }
  temp_remove(folder);
  if (!present) skip();
}

/* How many records htslib itself reads; puts the first reference's checksum into `sum`. */
static int32_t count_by_htslib(const writer *w, const char *path, char sum[64]) {
  htsFile *in = w->open(path, "r");
  assert_non_null(in);
  sam_hdr_t *header = w->hdr_read(in);
  kstring_t tag = {0};
  assert_int_equal(w->find_tag(header, "SQ", "SN", "chr1", "M5", &tag), 0);
  snprintf(sum, 64, "%s", tag.s);
  free(tag.s);
  bam1_t *record = w->init1();
  int32_t count = 0;
  while (w->read1(in, header, record) >= 0) count++;
  w->destroy1(record);
  w->hdr_destroy(header);
  w->close(in);
  return count;
}

/* htslib looks for references by their checksum, by default over the network. Here it is shown a folder where it finds
 * them, and does; our reader must not go there, only to the file that its caller names. */
static void cram_references(void **state) {
  static const char text[] = "@HD\tVN:1.6\n@SQ\tSN:chr1\tLN:20\nr1\t0\tchr1\t3\t60\t8M\t*\t0\t0\tGTTTCCAG\tIIIIIIII\n";
  static const char bases[] = "ACGTTTCCAGACGTACGTAC";
  char folder[TEMP_PATH], path[TEMP_PATH], from[TEMP_PATH], genome[TEMP_PATH], option[BUFSIZ], sum[64];
  writer w;
  (void)state;
  temp_make(folder);
  temp_write(from, folder, "x.sam", text, (int64_t)strlen(text));
  snprintf(option, sizeof option, ">chr1\n%s\n", bases);
  temp_write(genome, folder, "genome.fa", option, (int64_t)strlen(option));
  temp_join(path, folder, "x.cram");
  int32_t present = built_in(from) && writer_open(&w);
  if (present) {
    convert(&w, from, path, "wc", genome);
    snprintf(option, sizeof option, "%s/%%s", folder);
    assert_int_equal(setenv("REF_PATH", option, 1), 0);
    count_by_htslib(&w, path, sum);
    temp_write(from, folder, sum, bases, (int64_t)strlen(bases));
    assert_int_equal(count_by_htslib(&w, path, sum), 1);
    reading r = read_path(path, "");
    assert_int_equal(r.status, BA_ERR_CORRUPT);
    assert_non_null(strstr(r.message, "or needs its reference (reference=FILE.fa)"));
    free(r.text);
    snprintf(option, sizeof option, "reference=%s", genome);
    r = read_path(path, option);
    if (r.status != BA_END) fail_msg("%s", r.message);
    assert_string_equal(r.text, "r1|GTTTCCAG|IIIIIIII\n");
    free(r.text);
    r = read_path(path, "reference=https://example.org/genome.fa");
    assert_int_equal(r.status, BA_ERR_UNSUPPORTED);
    assert_non_null(strstr(r.message, "remote names are not read"));
    free(r.text);
    assert_int_equal(unsetenv("REF_PATH"), 0);
  }
  temp_remove(folder);
  if (!present) skip();
}

#endif

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(sam_files),
    cmocka_unit_test(cut_sam),
    cmocka_unit_test(records_are_left_out_by_flag_and_quality),
    cmocka_unit_test(only_from_paths),
    cmocka_unit_test(alignment_columns),
    cmocka_unit_test(impossible_headers),
    cmocka_unit_test(wrong_tags),
    cmocka_unit_test(alignments_under_memory_faults),
#if HAVE_HEADERS
    cmocka_unit_test(binary_files),
    cmocka_unit_test(alignment_columns_of_binary_files),
    cmocka_unit_test(cram_references),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
