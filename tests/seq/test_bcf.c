/* SPDX-License-Identifier: MIT
 *
 * test_bcf.c: BCF made here byte by byte, cut and damaged; and VCF and BCF against htslib, which also writes the BCF
 * from the VCF, where it is at hand.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <math.h>

#include "pack.h"
#include "support/fault.h"
#include "support/temp.h"
#include "variant_reading.h"

#if __has_include(<htslib/vcf.h>)
#define HAVE_HEADERS 1
#include <htslib/vcf.h>
#else
#define HAVE_HEADERS 0
#endif

#define FOLDER BA_TEST_SOURCE_DIR "/../shared/data/conformance/hts-specs/vcf/4.2/"
#define THOUSAND_GENOMES BA_TEST_SOURCE_DIR "/../shared/data/reads/1000genomes.vcf.gz"

/* ---- a writer ---- */

typedef struct bytes {
  uint8_t data[4096];
  int64_t n;
} bytes;

static void put(bytes *b, const void *data, int64_t n) {
  assert_true(b->n + n <= (int64_t)sizeof b->data);
  memcpy(b->data + b->n, data, (size_t)n);
  b->n += n;
}

static void put8(bytes *b, int64_t value) {
  const uint8_t byte = (uint8_t)value;
  put(b, &byte, 1);
}

static void put16(bytes *b, int64_t value) {
  put8(b, value);
  put8(b, value >> 8);
}

static void put32(bytes *b, int64_t value) {
  put16(b, value);
  put16(b, value >> 16);
}

static void put_float(bytes *b, float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  put32(b, bits);
}

static void put_text(bytes *b, const char *text) {
  const int64_t n = (int64_t)strlen(text);
  if (n >= 15) {
    put8(b, 0xf7);
    put8(b, 0x11);
    put8(b, n);
  } else {
    put8(b, n << 4 | 7);
  }
  put(b, text, n);
}

/* Numbers of names: PASS 0, q10 1, I 2, F 3, S 4, B 5, GT 6, DP 7 (which has IDX=9). */
static const char header_text[] =
    "##fileformat=VCFv4.2\n##FILTER=<ID=q10,Description=\"q\">\n##INFO=<ID=I,Number=.,Type=Integer,Description=\"i\">\n"
    "##INFO=<ID=F,Number=.,Type=Float,Description=\"f\">\n##INFO=<ID=S,Number=2,Type=String,Description=\"s\">\n"
    "##INFO=<ID=B,Number=0,Type=Flag,Description=\"b\">\n##FORMAT=<ID=GT,Number=1,Type=String,Description=\"g\">\n"
    "##FORMAT=<ID=DP,Number=1,Type=Integer,Description=\"d\",IDX=9>\n##contig=<ID=chr1>\n##contig=<ID=chr7,IDX=3>\n"
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ts1\ts2\n";

static void put_header(bytes *b) {
  put(b, "BCF\2\2", 5);
  put32(b, (int64_t)sizeof header_text);
  put(b, header_text, (int64_t)sizeof header_text);
}

static void put_fixed(bytes *b, int64_t contig, int64_t position, uint32_t quality, int64_t alleles, int64_t infos,
                      int64_t formats, int64_t samples) {
  put32(b, contig);
  put32(b, position - 1);
  put32(b, 1);
  put32(b, quality);
  put32(b, alleles << 16 | infos);
  put32(b, formats << 24 | samples);
}

static void put_record(bytes *b, const bytes *shared, const bytes *samples) {
  put32(b, shared->n);
  put32(b, samples->n);
  put(b, shared->data, shared->n);
  put(b, samples->data, samples->n);
}

/* One record of every type of value, with GT in `size` bytes a number, and one with next to nothing. */
static void put_all(bytes *b, int32_t size) {
  bytes shared = {.n = 0}, samples = {.n = 0};
  put_header(b);
  put_fixed(&shared, 3, 10, 0x40600000u, 3, 4, 2, 2); /* 3.5 */
  put_text(&shared, "a_long_name_of_more_than_15");
  put_text(&shared, "A");
  put_text(&shared, "C");
  put_text(&shared, "<DEL>");
  put(&shared, "\x21\x00\x01", 3); /* PASS;q10 */
  put(&shared, "\x11\x02\x32", 3);
  put16(&shared, -5);
  put16(&shared, -32768); /* missing */
  put16(&shared, 300);
  put(&shared, "\x11\x03\x55", 3);
  put_float(&shared, 0.1f);
  put_float(&shared, 1e-30f);
  put_float(&shared, 16777216.0f);
  put32(&shared, 0x7f800001); /* missing */
  put32(&shared, 0x7f800002); /* the end */
  put(&shared, "\x11\x04", 2);
  put_text(&shared, "x,y");
  put(&shared, "\x11\x05\x00", 3); /* the flag */
  put(&samples, "\x11\x06", 2);
  put8(&samples, 2 << 4 | (size == 1 ? 1 : size == 2 ? 2 : 3));
  const int64_t end = -(INT64_C(1) << (8 * size - 1)) + 1;
  const int64_t alleles[4] = {2 << 1, 3 << 1 | 1, 2 << 1, end}; /* 0-based 1|2, and 1 alone */
  for (int32_t i = 0; i < 4; i++)
    size == 1 ? put8(&samples, alleles[i]) : size == 2 ? put16(&samples, alleles[i]) : put32(&samples, alleles[i]);
  put(&samples, "\x11\x09\x11\x07\x08", 5);
  put_record(b, &shared, &samples);
  shared.n = samples.n = 0;
  put_fixed(&shared, 0, 0, 0x7f800001u, 1, 0, 0, 2);
  put(&shared, "\x07", 1);
  put_text(&shared, "N");
  put(&shared, "\x00", 1);
  put_record(b, &shared, &samples);
}

static const char all_rows[] =
    "chr7|10|a_long_name_of_more_than_15|A|C,<DEL>|3.5|PASS;q10|I=-5,.,300;F=0.1,1e-30,16777216,.;S=x,y;B|2,1\n"
    "chr1|0|.|N|.|.|.|.|.,.\n";

static void every_type(void **state) {
  (void)state;
  for (int32_t size = 1; size <= 4; size *= 2) {
    bytes b = {.n = 0};
    put_all(&b, size);
    for (int32_t strict = 0; strict < 2; strict++) {
      /* Its contigs are in no order that strict=yes minds. */
      reading got = variants_memory(b.data, b.n, strict ? "strict=yes" : "", 5);
      if (got.status != BA_END) fail_msg("%s", got.message);
      assert_string_equal(got.text, all_rows);
      assert_int_equal(got.format, BA_FORMAT_BCF);
      free(got.text);
    }
    reading got = variants_memory(b.data, b.n, "alleles=split,info=B:F", 1);
    assert_string_equal(got.text,
                        "chr7|10|a_long_name_of_more_than_15|A|C|3.5|PASS;q10|1|0.1,1e-30,16777216,.|1,1\n"
                        "chr7|10|a_long_name_of_more_than_15|A|<DEL>|3.5|PASS;q10|1|0.1,1e-30,16777216,.|1,0\n"
                        "chr1|0|.|N|.|.|.|(none)|(none)|.,.\n");
    free(got.text);
  }
}

static void every_cut_and_window(void **state) {
  bytes b = {.n = 0};
  int64_t clean = 0;
  (void)state;
  put_all(&b, 1);
  for (int64_t cut = 0; cut <= b.n; cut++) {
    reading got = variants_memory(b.data, cut, "", 5);
    clean += got.status == BA_END;
    if (got.status != BA_END) {
      if (got.status != (cut == 0 ? BA_ERR_UNSUPPORTED : BA_ERR_TRUNCATED))
        fail_msg("cut %lld: %s", (long long)cut, got.message);
      assert_true(got.byte >= 0 && got.byte <= cut);
    }
    assert_memory_equal(got.text, all_rows, (size_t)got.length);
    free(got.text);
    got = variants_chunks(b.data, b.n, "", 5, cut + 1, -1);
    assert_int_equal(got.status, BA_END);
    assert_string_equal(got.text, all_rows);
    free(got.text);
  }
  assert_int_equal(clean, 3); /* behind the header and each record */
}

/* In blocks of any size, cut at every byte, by one thread and by three: never more than what was there. */
static void every_cut_of_blocks(void **state) {
  bytes b = {.n = 0};
  packed p = {0};
  (void)state;
  put_all(&b, 1);
  for (int64_t at = 0; at < b.n; at += 97) pack_block(&p, (const char *)b.data + at, b.n - at < 97 ? b.n - at : 97);
  pack_block(&p, "", 0);
  for (int64_t cut = 1; cut <= p.length; cut++) {
    reading one = variants_memory(p.data, cut, "threads=1,inflater=zlib,bgzf_end=require", 5);
    reading three = variants_memory(p.data, cut, "threads=3,bgzf_end=require", 2);
    same_reading(&one, &three, "cut", cut);
    assert_int_equal(one.status == BA_END, cut == p.length);
    assert_memory_equal(one.text, all_rows, (size_t)one.length);
    free(three.text);
    free(one.text);
  }
  free(p.data);
}

/* One byte at a time: the second record alone, changed by `change`. */
typedef struct damage {
  int64_t at; /* in the shared part of the small record */
  uint8_t value;
  const char *message;
} damage;

static const damage damages[] = {
    {0, 1, "CHROM: the header declares no contig of the number 1"},
    {3, 0xff, "CHROM: the header declares no contig"},
    {7, 0x80, "POS: expected"},
    {18, 0, "no allele"},
    {18, 2, "a value stands behind the end"}, /* the filter is read as an allele */
    {20, 3, "3 samples; expected 2"},
    {23, 1, "a value stands behind the end"},
    {16, 1, "a value stands behind the end"},
    {24, 0x17, "the byte 0x17 in a text"}, /* a byte longer */
    {28, 0x07, "bytes behind"},
    {24, 0xf7, "expected one integer"},
    {24, 0x14, "an unknown type"},
    {24, 0x11, "expected a text"},
    {25, 0x57, "a value is longer than its part"},
    {26, 'E', "REF: expected one or more bases"},
    {26, 0x01, "the byte 0x01 in a text"},
    {26, ',', "the byte 0x2c in a text"},
    {27, 0x11, "a value is longer than its part"},
    {27, 0x17, "a value is longer than its part"},
};

static void damaged_records(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
    bytes b = {.n = 0}, shared = {.n = 0}, none = {.n = 0};
    put_header(&b);
    put_fixed(&shared, 0, 5, 0x7f800001u, 1, 0, 0, 2);
    put(&shared, "\x07", 1);
    put_text(&shared, "N");
    put(&shared, "\x00", 1);
    put_record(&b, &shared, &none);
    const int64_t start = b.n;
    shared.data[damages[i].at] = damages[i].value;
    if (damages[i].at == shared.n) shared.n++;
    put_record(&b, &shared, &none);
    reading got = variants_memory(b.data, b.n, "", 5);
    if (got.status != BA_ERR_FORMAT || !strstr(got.message, damages[i].message))
      fail_msg("damage %d: status %d, '%s'; expected '%s'", (int)i, got.status, got.message, damages[i].message);
    assert_int_equal(got.record, 2);
    assert_int_equal(got.byte, start);
    assert_int_equal(got.count, 1);
    free(got.text);
  }
}

static void damaged_headers(void **state) {
  static const struct {
    const char *text, *message;
  } headers[] = {
      {"##fileformat=VCFv4.2\n##INFO=<ID=A,IDX=x>\n", "IDX: expected a whole number"},
      {"##fileformat=VCFv4.2\n##INFO=<ID=A,IDX=4194304>\n", "IDX: expected a whole number"},
      {"##fileformat=VCFv4.2\n##INFO=<Number=A>\n", "expected ID=NAME"},
      {"##fileformat=VCFv4.2\n##INFO=<ID\n", "expected KEY=VALUE"},
      {"##fileformat=VCFv4.2\n##contig=x\n", "expected <KEY=VALUE"},
      {"##fileformat=VCFv4.2\n", "the header ends before the line #CHROM"},
      {"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n#x\n", "header text behind"},
      {"", "the header ends before the line #CHROM"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
    bytes b = {.n = 0};
    put(&b, "BCF\2\1", 5);
    put32(&b, (int64_t)strlen(headers[i].text));
    put(&b, headers[i].text, (int64_t)strlen(headers[i].text));
    reading got = variants_memory(b.data, b.n, "", 5);
    if (got.status >= 0 || !strstr(got.message, headers[i].message)) fail_msg("header %d: '%s'", (int)i, got.message);
    free(got.text);
  }
  reading old = variants_memory("BCF\4\1\0\0\0\0", 9, "", 5);
  assert_int_equal(old.status, BA_ERR_UNSUPPORTED);
  free(old.text);
}

/* Any byte changed: rows, an error or both, and no crash. */
static void any_byte_changed(void **state) {
  bytes b = {.n = 0};
  uint64_t random = 7;
  (void)state;
  put_all(&b, 2);
  for (int32_t i = 0; i < 20000; i++) {
    bytes c = b;
    for (int32_t j = 0; j <= i % 3; j++) {
      random = random * 6364136223846793005u + 1442695040888963407u;
      const int64_t at = (int64_t)(random >> 33) % b.n;
      c.data[i % 2 && at < 900 ? 900 + at % (b.n - 900) : at] = (uint8_t)(random >> 24);
    }
    reading got = variants_memory(c.data, c.n, i % 5 ? "" : "strict=yes", 2);
    assert_true(got.status == BA_END || got.status < 0);
    free(got.text);
  }
}

static ba_status life(ba_context *context, void *argument) {
  const bytes *b = argument;
  ba_variants *variants = NULL;
  ba_table *table;
  ba_status status = ba_variants_open_memory(context, b->data, b->n, "strict=yes", &variants);
  while (!status) {
    status = ba_variants_next(variants, 1, &table);
    ba_table_release(table);
  }
  ba_variants_close(variants);
  return status == BA_END ? BA_OK : status;
}

static void allocation_sweep(void **state) {
  bytes b = {.n = 0};
  (void)state;
  put_all(&b, 1);
  assert_true(fault_sweep(life, &b) > 20);
}

/* ---- htslib ---- */

#if HAVE_HEADERS

static struct {
  htsFile *(*open)(const char *, const char *);
  int (*close)(htsFile *);
  bcf_hdr_t *(*hdr_read)(htsFile *);
  int (*hdr_write)(htsFile *, bcf_hdr_t *);
  void (*hdr_destroy)(bcf_hdr_t *);
  bcf1_t *(*init)(void);
  void (*destroy)(bcf1_t *);
  int (*read)(htsFile *, const bcf_hdr_t *, bcf1_t *);
  int (*write)(htsFile *, bcf_hdr_t *, bcf1_t *);
  int (*format)(const bcf_hdr_t *, const bcf1_t *, kstring_t *);
  void (*log_level)(enum htsLogLevel);
} hts;

static int32_t load(void) {
  void *library = dlopen("libhts.so.3", RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) return 0;
  const struct {
    const char *name;
    void *function;
  } wanted[] = {{"hts_open", &hts.open},
                {"hts_close", &hts.close},
                {"bcf_hdr_read", &hts.hdr_read},
                {"bcf_hdr_write", &hts.hdr_write},
                {"bcf_hdr_destroy", &hts.hdr_destroy},
                {"bcf_init", &hts.init},
                {"bcf_destroy", &hts.destroy},
                {"bcf_read", &hts.read},
                {"bcf_write", &hts.write},
                {"vcf_format", &hts.format},
                {"hts_set_log_level", &hts.log_level}};
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
    void *found = dlsym(library, wanted[i].name);
    if (found == NULL) return 0;
    memcpy(wanted[i].function, &found, sizeof found);
  }
  hts.log_level(HTS_LOG_OFF);
  return 1;
}

/* The dosage of one GT text, read the simple way. */
static void add_dosage(reading *r, const char *text) {
  long count = 0;
  int32_t missing = *text == 0 || *text == ':';
  for (const char *at = text; *at && *at != ':'; at++) {
    if (*at == '.') missing = 1;
    if (*at < '0' || *at > '9') continue;
    char *end;
    count += strtol(at, &end, 10) > 0;
    at = end - 1;
  }
  row_number(r, missing ? (double)NAN : (double)count, "");
}

/* A line of VCF as variants_rows gives it. */
static void add_line(reading *r, char *line) {
  char *column[9] = {0}, *at = line;
  int32_t count = 0, genotypes = 0;
  line[strcspn(line, "\n")] = 0;
  for (; at && count < 9; count++) {
    column[count] = at;
    at = strchr(at, '\t');
    if (at) *at++ = 0;
  }
  for (int32_t i = 0; i < 8; i++) {
    if (i == 5)
      row_number(r, strcmp(column[i], ".") == 0 ? (double)NAN : (double)strtof(column[i], NULL), "|");
    else
      reading_add(r, column[i], (int64_t)strlen(column[i])), reading_add(r, "|", 1);
  }
  if (count == 9) genotypes = strncmp(column[8], "GT", 2) == 0 && (column[8][2] == ':' || column[8][2] == 0);
  while (at) {
    char *next = strchr(at, '\t');
    if (next) *next++ = 0;
    add_dosage(r, genotypes ? at : "");
    if (next) reading_add(r, ",", 1);
    at = next;
  }
  reading_add(r, "\n", 1);
  r->count++;
}

/* What htslib reads; with `bcf`, also written there. Status BA_END or BA_ERR_FORMAT. */
static reading hts_reading(const char *path, const char *bcf, const char *mode) {
  reading r = {.status = BA_ERR_FORMAT};
  htsFile *file = hts.open(path, "r");
  bcf_hdr_t *header = file ? hts.hdr_read(file) : NULL;
  bcf1_t **records = NULL;
  size_t count = 0;
  kstring_t text = {0, 0, NULL};
  int code = -2;
  while (header) {
    records = realloc(records, (count + 1) * sizeof *records);
    assert_non_null(records);
    records[count] = hts.init();
    code = hts.read(file, header, records[count]);
    if (code < 0) {
      hts.destroy(records[count]);
      break;
    }
    text.l = 0;
    assert_int_equal(hts.format(header, records[count], &text), 0);
    add_line(&r, text.s);
    count++;
  }
  if (code == -1) r.status = BA_END;
  htsFile *out = r.status == BA_END && bcf ? hts.open(bcf, mode) : NULL;
  if (out) assert_int_equal(hts.hdr_write(out, header), 0);
  for (size_t i = 0; i < count; i++) {
    records[i]->errcode = 0; /* what was not declared has been by now */
    if (out) assert_int_equal(hts.write(out, header, records[i]), 0);
    hts.destroy(records[i]);
  }
  if (out) assert_int_equal(hts.close(out), 0);
  if (header) hts.hdr_destroy(header);
  if (file) hts.close(file);
  free(records);
  free(text.s);
  reading_add(&r, "", 0);
  return r;
}

/* Two INFO values: the same text, or the same numbers (htslib writes six digits). */
static int32_t same_values(const char *a, int64_t n, const char *b, int64_t m) {
  const char *a_end = a + n, *b_end = b + m;
  if (n == m && memcmp(a, b, (size_t)n) == 0) return 1;
  while (a < a_end && b < b_end) {
    char *a_stop, *b_stop, x[32], y[32];
    snprintf(x, sizeof x, "%.6g", (double)strtof(a, &a_stop));
    snprintf(y, sizeof y, "%.6g", (double)strtof(b, &b_stop));
    if (a_stop == a && b_stop == b && *a == '.' && *b == '.') a_stop++, b_stop++;
    if (a_stop == a || b_stop == b || strcmp(x, y) != 0) return 0;
    a = a_stop + (*a_stop == ',');
    b = b_stop + (*b_stop == ',');
  }
  return a >= a_end && b >= b_end;
}

static void same_info(const char *a, const char *b, const char *path) {
  while (*a != '|' || *b != '|') {
    const int64_t n = (int64_t)strcspn(a, ";|"), m = (int64_t)strcspn(b, ";|"), key = (int64_t)strcspn(b, "=;|");
    /* DB=0: we keep its value in VCF, htslib in BCF. */
    const int32_t flag = (key == m && n == m + 2 && a[m] == '=') || (n == key && m == n + 2);
    if (strncmp(a, b, (size_t)key) != 0 || (!flag && !same_values(a + key, n - key, b + key, m - key) &&
                                            !same_values(a + key + 1, n - key - 1, b + key + 1, m - key - 1)))
      fail_msg("%s: INFO '%.*s' against htslib's '%.*s'", path, (int)n, a, (int)m, b);
    a += n + (a[n] == ';');
    b += m + (b[m] == ';');
  }
}

/* Row by row; everything but INFO must be the same text. */
static void compare(const reading *ours, const reading *theirs, const char *path) {
  const char *a = ours->text, *b = theirs->text;
  if (ours->status != BA_END || theirs->status != BA_END) fail_msg("%s: %s", path, ours->message);
  assert_int_equal(ours->count, theirs->count);
  for (int64_t row = 0; row < ours->count; row++) {
    int64_t field = 0;
    const char *a_info = a, *b_info = b;
    for (; field < 7; field++, a_info = strchr(a_info, '|') + 1, b_info = strchr(b_info, '|') + 1) continue;
    if (a_info - a != b_info - b || memcmp(a, b, (size_t)(a_info - a)) != 0)
      fail_msg("%s: row %lld: '%.*s' against htslib's '%.*s'", path, (long long)row, (int)(a_info - a), a,
               (int)(b_info - b), b);
    same_info(a_info, b_info, path);
    a = strchr(a_info, '|');
    b = strchr(b_info, '|');
    const size_t n = strcspn(a, "\n");
    if (strncmp(a, b, n + 1) != 0) fail_msg("%s: row %lld: other dosages", path, (long long)row);
    a += n + 1;
    b += n + 1;
  }
}

/* Our VCF against htslib's, then our BCF, compressed and not, against htslib's of what it wrote. */
static int32_t check_file(const char *path, int32_t must) {
  char folder[TEMP_PATH], bcf[TEMP_PATH];
  reading ours = variants_path(path, ""), theirs = {0};
  if (ours.status != BA_END && !must) {
    free(ours.text);
    return 0;
  }
  temp_make(folder);
  for (int32_t bgzf = 0; bgzf < 2; bgzf++) {
    temp_join(bcf, folder, "x");
    theirs = hts_reading(path, bcf, bgzf ? "wb" : "wbu");
    if (theirs.status != BA_END && !must) break;
    compare(&ours, &theirs, path);
    reading back = variants_path(bcf, bgzf ? "bgzf_end=require" : ""), hts_back = hts_reading(bcf, NULL, NULL);
    assert_int_equal(back.status == BA_END ? back.format : BA_FORMAT_BCF, BA_FORMAT_BCF);
    compare(&back, &hts_back, path);
    free(back.text);
    free(hts_back.text);
    if (bgzf == 0) free(theirs.text);
  }
  temp_remove(folder);
  const int32_t compared = theirs.status == BA_END;
  free(ours.text);
  free(theirs.text);
  return compared;
}

static const char mixed[] =
    "##fileformat=VCFv4.2\n##contig=<ID=1>\n##contig=<ID=X>\n##FILTER=<ID=q1,Description=\"q\">\n"
    "##INFO=<ID=DP,Number=1,Type=Integer,Description=\"d\">\n##INFO=<ID=AF,Number=A,Type=Float,Description=\"f\">\n"
    "##INFO=<ID=DB,Number=0,Type=Flag,Description=\"f\">\n##INFO=<ID=S,Number=.,Type=String,Description=\"s\">\n"
    "##FORMAT=<ID=GT,Number=1,Type=String,Description=\"g\">\n##FORMAT=<ID=GQ,Number=1,Type=Float,Description=\"q\">\n"
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ta\tb\tc\n"
    "1\t1\trs1\tA\tC\t29.5\tPASS\tDP=100000;AF=0.333333;DB\tGT:GQ\t0/0:1.5\t0|1\t1\n"
    "1\t2\t.\tA\tC,G,<DEL>\t1e-5\tq1\tAF=1e-8,.,3.4e38;S=x,y\tGT\t./.\t0|3/1\t.\n"
    "1\t300000000\t.\tACGTACGTACGTACGTACGTACGT\tA\t.\t.\tDP=-3\tGQ:GT2\t1:x\t.\t2.25\n"
    "X\t5\ta;b\tN\t*\tinf\tPASS;q1\t.\tGT\t0\t1\t2\n";

static void against_htslib(void **state) {
  char folder[TEMP_PATH], path[TEMP_PATH + 300];
  static const char *const names[] = {"passed", "failed"};
  int64_t compared = 0;
  (void)state;
  if (!load()) {
    print_message("skipped: htslib is not at hand\n");
    skip();
  }
  temp_make(folder);
  char *good = strdup(mixed);
  assert_non_null(good);
  *strstr(good, "\t2\n") = 0; /* the last sample's allele 2 is none */
  strcat(good, "\t.\n");
  temp_write(path, folder, "mixed.vcf", good, (int64_t)strlen(good));
  assert_int_equal(check_file(path, 1), 1);
  free(good);
  temp_remove(folder);
  for (int32_t i = 0; i < 2; i++) {
    char name[512];
    snprintf(name, sizeof name, FOLDER "%s", names[i]);
    DIR *files = opendir(name);
    if (files == NULL) continue;
    for (const struct dirent *entry; (entry = readdir(files)) != NULL;) {
      if (entry->d_name[0] == '.') continue;
      snprintf(path, sizeof path, "%s/%.200s", name, entry->d_name);
      compared += check_file(path, 0);
    }
    closedir(files);
  }
  FILE *file = fopen(THOUSAND_GENOMES, "rb");
  if (file) fclose(file);
  if (file) assert_int_equal(check_file(THOUSAND_GENOMES, 1), 1);
  print_message("%lld conformance files compared\n", (long long)compared);
}

#else

static void against_htslib(void **state) {
  (void)state;
  print_message("skipped: htslib's headers are not at hand\n");
  skip();
}

#endif

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_type),       cmocka_unit_test(every_cut_and_window), cmocka_unit_test(every_cut_of_blocks),
      cmocka_unit_test(damaged_records),  cmocka_unit_test(damaged_headers),      cmocka_unit_test(any_byte_changed),
      cmocka_unit_test(allocation_sweep), cmocka_unit_test(against_htslib),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
