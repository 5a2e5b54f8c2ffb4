/* SPDX-License-Identifier: MIT
 *
 * test_variants.c: variants from memory, paths and any windows, plain and packed; cut everywhere; options; failures of
 * memory and reading; how many allocations a table takes.
 */
#include "pack.h"
#include "support/fault.h"
#include "support/temp.h"
#include "variant_reading.h"

#define HEADER                                                                                      \
  "##fileformat=VCFv4.2\n##contig=<ID=1>\n##INFO=<ID=DP,Number=1,Type=Integer,Description=\"d\">\n" \
  "##FORMAT=<ID=GT,Number=1,Type=String,Description=\"g\">\n"
#define COLUMNS "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ts1\ts2\n"

static const char vcf[] = HEADER COLUMNS
    "1\t10\trs1;x\tA\tC,GT\t3.5\tPASS\tDP=7;DB\tGT:DP\t0|2:3\t1/2\n"
    "1\t10\t.\tACG\tA\t.\tq1;q2\t.\tDP\t4\t5\n"
    "1\t0\t.\tN\t<DEL>\t1e2\t.\tDB;DP=.\tGT\t.\t./1\n"
    "HLA:2\t2147483648\t.\tc\t.\t0\tPASS\tX\tGT\t0\t1|0|0\n";
static const char rows[] =
    "1|10|rs1;x|A|C,GT|3.5|PASS|DP=7;DB|1,2\n"
    "1|10|.|ACG|A|.|q1;q2|.|.,.\n"
    "1|0|.|N|<DEL>|100|.|DB;DP=.|.,.\n"
    "HLA:2|2147483648|.|c|.|0|PASS|X|0,1\n";

static void check(reading got, const char *expected) {
  if (got.status != BA_END) fail_msg("%s", got.message);
  assert_string_equal(got.text, expected);
  free(got.text);
}

static void columns_and_options(void **state) {
  (void)state;
  check(variants_text(vcf, NULL), rows);
  check(variants_text(vcf, "dosage=none, info=none"),
        "1|10|rs1;x|A|C,GT|3.5|PASS|\n1|10|.|ACG|A|.|q1;q2|\n1|0|.|N|<DEL>|100|.|\n"
        "HLA:2|2147483648|.|c|.|0|PASS|\n");
  check(variants_text(vcf, "info=DP:DB:D"),
        "1|10|rs1;x|A|C,GT|3.5|PASS|7|1|(none)|1,2\n1|10|.|ACG|A|.|q1;q2|(none)|(none)|(none)|.,.\n"
        "1|0|.|N|<DEL>|100|.|.|1|(none)|.,.\nHLA:2|2147483648|.|c|.|0|PASS|(none)|(none)|(none)|0,1\n");
  check(variants_text(vcf, "alleles=split,info=none"),
        "1|10|rs1;x|A|C|3.5|PASS|0,1\n1|10|rs1;x|A|GT|3.5|PASS|1,1\n1|10|.|ACG|A|.|q1;q2|.,.\n"
        "1|0|.|N|<DEL>|100|.|.,.\nHLA:2|2147483648|.|c|.|0|PASS|0,1\n");
  for (int64_t most = 1; most < 6; most++) {
    reading all = variants_memory(vcf, (int64_t)sizeof vcf - 1, "alleles=split", most);
    assert_int_equal(all.count, 5);
    free(all.text);
  }
}

static void samples(void **state) {
  ba_context *context;
  ba_variants *variants;
  ba_table *table;
  int64_t n;
  (void)state;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_variants_open_memory(context, (const uint8_t *)vcf, (int64_t)sizeof vcf - 1, "", &variants),
                   BA_OK);
  assert_int_equal(ba_variants_samples(variants), 2);
  assert_int_equal(ba_variants_format(variants), BA_FORMAT_VCF);
  assert_memory_equal(ba_variants_sample(variants, 1, &n), "s2", 2);
  assert_int_equal(n, 2);
  assert_null(ba_variants_sample(variants, 2, &n));
  assert_int_equal(n, 0);
  assert_null(ba_variants_sample(variants, -1, NULL));
  assert_int_equal(ba_variants_next(variants, 0, &table), BA_ERR_ARGUMENT);
  assert_int_equal(ba_variants_next(variants, 1, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_variants_next(NULL, 1, &table), BA_ERR_ARGUMENT);
  /* A table outlives its variants. */
  assert_int_equal(ba_variants_next(variants, 9, &table), BA_OK);
  ba_variants_close(variants);
  ba_context_destroy(context);
  assert_int_equal(ba_table_rows(table), 4);
  assert_memory_equal(ba_table_text(table, ba_table_find(table, "alt"), 0, &n), "C,GT", 4);
  ba_table_release(table);
  ba_variants_close(NULL);
  assert_int_equal(ba_variants_samples(NULL), 0);
  assert_int_equal(ba_variants_format(NULL), BA_FORMAT_UNKNOWN);
  assert_null(ba_variants_sample(NULL, 0, NULL));
}

static void same(const reading *a, reading b, const char *what, int64_t number) {
  same_reading(a, &b, what, number);
  free(b.text);
}

static void any_source(void **state) {
  const int64_t n = (int64_t)sizeof vcf - 1;
  char folder[TEMP_PATH], path[TEMP_PATH];
  reading all = variants_text(vcf, "");
  packed gz = {0}, bgzf = {0};
  (void)state;
  for (int64_t chunk = 1; chunk < n + 2; chunk++) same(&all, variants_chunks(vcf, n, "", 3, chunk, -1), "chunk", chunk);
  pack_member(&gz, vcf, n, 6, NULL);
  for (int64_t at = 0; at < n; at += 50) pack_block(&bgzf, vcf + at, n - at < 50 ? n - at : 50);
  pack_block(&bgzf, "", 0);
  for (int64_t chunk = 1; chunk < 200; chunk += 13) {
    same(&all, variants_chunks(gz.data, gz.length, "", 3, chunk, -1), "gzip", chunk);
    same(&all, variants_chunks(bgzf.data, bgzf.length, "bgzf_end=require", 3, chunk, -1), "bgzf", chunk);
  }
  same(&all, variants_memory(bgzf.data, bgzf.length, "threads=3,bgzf_end=require", 7), "threads", 3);
  same(&all, variants_memory(gz.data, gz.length, "inflater=zlib", 7), "zlib", 0);
  temp_make(folder);
  temp_write(path, folder, "v", vcf, n);
  same(&all, variants_path(path, ""), "path", 0);
  temp_write(path, folder, "v", bgzf.data, bgzf.length);
  same(&all, variants_path(path, ""), "path", 1);
  temp_remove(folder);
  free(gz.data);
  free(bgzf.data);
  free(all.text);
}

/* CR LF, no last line end, empty lines and a byte order mark change nothing. */
static void line_ends(void **state) {
  (void)state;
  char crlf[2 * sizeof vcf], *at = crlf;
  for (const char *from = vcf; *from; from++) {
    if (*from == '\n') *at++ = '\r';
    *at++ = *from;
  }
  *at = 0;
  check(variants_text(crlf, ""), rows);
  check(variants_memory(vcf, (int64_t)sizeof vcf - 2, "", 9), rows);
  snprintf(crlf, sizeof crlf, "\xef\xbb\xbf%s\n\n", vcf);
  check(variants_text(crlf, ""), rows);
  check(
      variants_text("##fileformat=VCFv4.5\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n1\t5\t.\tA\tC\t.\t.\t.", ""),
      "1|5|.|A|C|.|.|.|\n");
}

/* Cut at every byte: the rows are the first ones of the whole, then an error or a clean end. */
static void every_cut(void **state) {
  const int64_t n = (int64_t)sizeof vcf - 1, header = (int64_t)strlen(HEADER COLUMNS);
  packed gz = {0};
  int64_t clean = 0;
  (void)state;
  for (int64_t cut = 0; cut <= n; cut++) {
    reading got = variants_memory(vcf, cut, "", 2);
    /* The line #CHROM is whole with fewer samples, too. */
    if (cut < header - (int64_t)strlen("\tFORMAT\ts1\ts2\n")) assert_int_not_equal(got.status, BA_END);
    if (vcf[cut > 0 ? cut - 1 : 0] == '\n' && cut >= header) {
      assert_int_equal(got.status, BA_END);
      assert_memory_equal(got.text, rows, (size_t)got.length);
      clean++;
    } else if (got.status != BA_END) {
      assert_true(got.status == BA_ERR_FORMAT || got.status == (cut < 2 ? BA_ERR_UNSUPPORTED : BA_ERR_TRUNCATED));
      assert_true(got.byte >= 0 && got.byte <= cut);
      assert_memory_equal(got.text, rows, (size_t)got.length);
    }
    free(got.text);
  }
  assert_int_equal(clean, 5);
  pack_member(&gz, vcf, n, 6, NULL);
  for (int64_t cut = 1; cut < gz.length; cut++) {
    reading got = variants_memory(gz.data, cut, "", 2);
    assert_true(got.status < 0);
    assert_memory_equal(got.text, rows, (size_t)got.length);
    free(got.text);
  }
  free(gz.data);
}

/* In blocks: a cut between two of them is a clean end unless the end block is asked for, any other is an error;
 * whatever the number of threads. */
static void every_cut_of_blocks(void **state) {
  const int64_t n = (int64_t)sizeof vcf - 1;
  enum { HEADER_LINES = 5, LINES = 9 };
  int64_t between[LINES], count = 0;
  packed p = {0};
  (void)state;
  for (int64_t at = 0, size; at < n; at += size) { /* a line in each block */
    size = strchr(vcf + at, '\n') - (vcf + at) + 1;
    pack_block(&p, vcf + at, size);
    assert_true(count < LINES);
    between[count++] = p.length;
  }
  assert_int_equal(count, LINES);
  pack_block(&p, "", 0);
  for (int64_t cut = 1; cut <= p.length; cut++) {
    int32_t clean = cut == p.length;
    for (int64_t i = HEADER_LINES - 1; i < count; i++) clean |= cut == between[i];
    reading one = variants_memory(p.data, cut, "threads=1,inflater=zlib", 2);
    same(&one, variants_memory(p.data, cut, "threads=3", 3), "cut", cut);
    assert_memory_equal(one.text, rows, (size_t)one.length);
    assert_int_equal(one.status == BA_END, clean);
    free(one.text);
    one = variants_memory(p.data, cut, "threads=3,bgzf_end=require", 2);
    assert_int_equal(one.status == BA_END, cut == p.length);
    free(one.text);
  }
  free(p.data);
}

static const struct {
  const char *options, *message;
} bad_options[] = {{"info=", "expected all, none"},
                   {"info=A::B", "expected all, none"},
                   {"info=A:A", "stands there twice"},
                   {"dosage=ref", "alt"},
                   {"strict=maybe", "no"},
                   {"sort=yes", "sort"},
                   {"threads=0", "1"},
                   {"alleles=both", "joined"}};

static void refused_opens(void **state) {
  ba_context *context;
  ba_variants *variants;
  (void)state;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  for (size_t i = 0; i < sizeof bad_options / sizeof *bad_options; i++) {
    assert_int_equal(ba_variants_open_memory(context, (const uint8_t *)vcf, 9, bad_options[i].options, &variants),
                     BA_ERR_RECIPE);
    assert_null(variants);
    if (!strstr(ba_context_error_message(context), bad_options[i].message))
      fail_msg("%s: %s", bad_options[i].options, ba_context_error_message(context));
  }
  assert_int_equal(ba_variants_open_path(context, "https://x/y.vcf", "", &variants), BA_ERR_UNSUPPORTED);
  assert_int_equal(ba_variants_open_path(context, "/no/such/file", "", &variants), BA_ERR_IO);
  assert_int_equal(ba_variants_open_path(context, NULL, "", &variants), BA_ERR_ARGUMENT);
  assert_int_equal(ba_variants_open_path(context, "x", "", NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_variants_open_memory(context, NULL, 1, "", &variants), BA_ERR_ARGUMENT);
  assert_int_equal(ba_variants_open_memory(context, NULL, -1, "", &variants), BA_ERR_ARGUMENT);
  assert_int_equal(ba_variants_open_memory(context, NULL, 0, "", NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_variants_open_memory(context, NULL, 0, "", &variants), BA_ERR_UNSUPPORTED);
  assert_int_equal(ba_variants_open_memory(context, (const uint8_t *)">a\nACGT\n", 8, "", &variants),
                   BA_ERR_UNSUPPORTED);
  assert_non_null(strstr(ba_context_error_message(context), "neither VCF"));
  const char *const others[] = {"#name\tsequence\n", "\xef\xbb\xbfname\tsequence\n", "#", "\xef", "name\n"};
  for (int32_t i = 0; i < 5; i++) {
    reading got = variants_text(others[i], "");
    assert_int_equal(got.status, BA_ERR_UNSUPPORTED);
    free(got.text);
  }
  ba_context_destroy(context);
}

static void failing_reads(void **state) {
  const int64_t n = (int64_t)sizeof vcf - 1;
  (void)state;
  for (int64_t fail_at = 0; fail_at < n; fail_at += 7) {
    reading got = variants_chunks(vcf, n, "", 2, 16, fail_at);
    assert_int_equal(got.status, BA_ERR_IO);
    assert_memory_equal(got.text, rows, (size_t)got.length);
    free(got.text);
  }
}

static void cancelled(void **state) {
  ba_context *context;
  ba_variants *variants;
  ba_table *table;
  (void)state;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_variants_open_memory(context, (const uint8_t *)vcf, (int64_t)sizeof vcf - 1, "", &variants),
                   BA_OK);
  assert_int_equal(ba_variants_next(variants, 1, &table), BA_OK);
  ba_table_release(table);
  ba_context_cancel(context);
  assert_int_equal(ba_variants_next(variants, 9, &table), BA_ERR_CANCELLED);
  assert_null(table);
  ba_context_reset(context);
  assert_int_equal(ba_variants_next(variants, 9, &table), BA_OK);
  assert_int_equal(ba_table_rows(table), 3);
  ba_table_release(table);
  assert_int_equal(ba_variants_next(variants, 9, &table), BA_END);
  ba_variants_close(variants);
  ba_context_destroy(context);
}

/* ---- memory ---- */

typedef struct input {
  const void *data;
  int64_t n;
  const char *options, *path;
} input;

static ba_status life(ba_context *context, void *argument) {
  const input *from = argument;
  ba_variants *variants = NULL;
  ba_table *table;
  ba_status status = from->path ? ba_variants_open_path(context, from->path, from->options, &variants)
                                : ba_variants_open_memory(context, from->data, from->n, from->options, &variants);
  while (!status) {
    status = ba_variants_next(variants, 2, &table);
    ba_table_release(table);
  }
  ba_variants_close(variants);
  return status == BA_END ? BA_OK : status;
}

static void allocation_sweep(void **state) {
  static const char ordered[] = HEADER COLUMNS
      "1\t10\t.\tA\tC,G\t.\tPASS\tDP=7\tGT:DP\t0|2:3\t1/2\n"
      "1\t11\t.\tC\tT\t1\t.\tDP=1;X=2\tGT:DP\t0|1:3\t1/1\n";
  char folder[TEMP_PATH], path[TEMP_PATH];
  packed gz = {0};
  (void)state;
  pack_member(&gz, vcf, (int64_t)sizeof vcf - 1, 6, NULL);
  temp_make(folder);
  temp_write(path, folder, "v", gz.data, gz.length);
  const input inputs[] = {{vcf, (int64_t)sizeof vcf - 1, "info=DP:DB,alleles=split", NULL},
                          {ordered, (int64_t)sizeof ordered - 1, "strict=yes", NULL},
                          {NULL, 0, "inflater=zlib", path}};
  for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
    input from = inputs[i];
    assert_true(fault_sweep(life, &from) > 20);
  }
  temp_remove(folder);
  free(gz.data);
}

/* Once the first tables are out, allocations go with tables and not with records. */
static void allocations_of_a_table(void **state) {
  const int64_t records = 20000;
  char *text = malloc(200 + (size_t)records * 64), *at = text;
  fault plan = {0};
  ba_allocator allocator = fault_allocator(&plan);
  ba_context *context;
  ba_variants *variants;
  ba_table *table;
  int64_t before = 0, worst = 0, peak = 0;
  (void)state;
  assert_non_null(text);
  at += sprintf(at, "##fileformat=VCFv4.3\n%s", COLUMNS);
  for (int64_t i = 0; i < records; i++)
    at +=
        sprintf(at, "7\t%lld\t.\tA\tC\t9\tPASS\tDP=%lld\tGT\t0|1\t1|1\n", 1000000 + (long long)i, 10000 + (long long)i);
  assert_int_equal(ba_context_create(&allocator, &context), BA_OK);
  assert_int_equal(ba_variants_open_memory(context, (const uint8_t *)text, at - text, "strict=yes", &variants), BA_OK);
  for (int64_t tables = 0;; tables++) {
    const ba_status status = ba_variants_next(variants, 1000, &table);
    if (status == BA_END) break;
    assert_int_equal(status, BA_OK);
    if (tables >= 2 && plan.allocations - before > worst) worst = plan.allocations - before;
    if (tables == 2) peak = plan.bytes;
    if (tables > 2) assert_true(plan.bytes <= peak + peak / 8);
    before = plan.allocations;
    ba_table_release(table);
  }
  if (worst > 60) fail_msg("%lld allocations for 1000 records", (long long)worst);
  ba_variants_close(variants);
  ba_context_destroy(context);
  assert_int_equal(plan.blocks, 0);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(columns_and_options),
      cmocka_unit_test(samples),
      cmocka_unit_test(any_source),
      cmocka_unit_test(line_ends),
      cmocka_unit_test(every_cut),
      cmocka_unit_test(every_cut_of_blocks),
      cmocka_unit_test(refused_opens),
      cmocka_unit_test(failing_reads),
      cmocka_unit_test(cancelled),
      cmocka_unit_test(allocation_sweep),
      cmocka_unit_test(allocations_of_a_table),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
