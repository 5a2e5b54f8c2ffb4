/* SPDX-License-Identifier: MIT
 *
 * test_vcf.c: lines of VCF: genotypes of any shape, what is refused in both modes and what with strict=yes alone, each
 * with its place; and the specification's own files, where they are at hand.
 */
#include <dirent.h>

#include "support/temp.h"
#include "variant_reading.h"

#define FOLDER BA_TEST_SOURCE_DIR "/../shared/data/conformance/hts-specs/vcf/4.2/"
#define THOUSAND_GENOMES BA_TEST_SOURCE_DIR "/../shared/data/reads/1000genomes.vcf.gz"
#define COLUMNS "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"

/* A file of one record: header lines, the record, how many samples. */
static char *file_of(int version, const char *meta, const char *record, int samples) {
  char *text = malloc(4096);
  assert_non_null(text);
  int n = snprintf(text, 4096, "##fileformat=VCFv4.%d\n%s" COLUMNS "%s", version, meta, samples > 0 ? "\tFORMAT" : "");
  for (int i = 0; i < samples; i++) n += snprintf(text + n, 4096 - (size_t)n, "\ts%d", i + 1);
  snprintf(text + n, 4096 - (size_t)n, "\n%s\n", record);
  return text;
}

static reading read_one(int version, const char *meta, const char *record, int samples, const char *options) {
  char *text = file_of(version, meta, record, samples);
  reading got = variants_text(text, options);
  free(text);
  return got;
}

/* ---- genotypes: what the alleles come to, for any but the reference and for each of three ---- */

static const struct {
  const char *genotype;
  const char *dosage[4]; /* any, 1, 2, 3 */
  int version;
} genotypes[] = {
    {"0", {"0", "0", "0", "0"}, 2},     {"1", {"1", "1", "0", "0"}, 2},       {"0|0", {"0", "0", "0", "0"}, 2},
    {"0/1", {"1", "1", "0", "0"}, 2},   {"1|2", {"2", "1", "1", "0"}, 2},     {"3/3", {"2", "0", "0", "2"}, 2},
    {"1/2|3", {"3", "1", "1", "1"}, 2}, {"0|0|0|2", {"1", "0", "1", "0"}, 2}, {".", {".", ".", ".", "."}, 2},
    {"./.", {".", ".", ".", "."}, 2},   {".|1", {".", ".", ".", "."}, 2},     {"1/.", {".", ".", ".", "."}, 2},
    {"|0/1", {"1", "1", "0", "0"}, 4},  {"/3", {"1", "0", "0", "1"}, 5},      {"00/01", {"1", "1", "0", "0"}, 2},
};

static void genotypes_of_any_shape(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof genotypes / sizeof *genotypes; i++) {
    char record[256], expected[512];
    const char *const *d = genotypes[i].dosage;
    snprintf(record, sizeof record, "1\t5\t.\tA\tC,G,T\t.\t.\t.\tGT:X\t%s\t%s:7", genotypes[i].genotype,
             genotypes[i].genotype);
    reading got = read_one(genotypes[i].version, "", record, 2, "");
    snprintf(expected, sizeof expected, "1|5|.|A|C,G,T|.|.|.|%s,%s\n", d[0], d[0]);
    assert_string_equal(got.text, expected);
    assert_int_equal(got.status, BA_END);
    free(got.text);
    got = read_one(genotypes[i].version, "", record, 2, "alleles=split");
    snprintf(expected, sizeof expected, "1|5|.|A|C|.|.|.|%s,%s\n1|5|.|A|G|.|.|.|%s,%s\n1|5|.|A|T|.|.|.|%s,%s\n", d[1],
             d[1], d[2], d[2], d[3], d[3]);
    assert_string_equal(got.text, expected);
    free(got.text);
  }
}

/* ---- refused in both modes ---- */

typedef struct bad_record {
  const char *record, *message;
  int samples, byte; /* in the record */
} bad_record;

static const bad_record bad[] = {
    {"1\t5\t.\tA\tC\t.\t.", "7 columns; expected 8", 0, 13},
    {"1\t5\t.\tA\tC\t.\t.\t.\t.", "more than 8 columns", 0, 16},
    {"1\t5\t.\tA\tC\t.\t.\t", "column 8 is empty", 0, 14},
    {"\t5\t.\tA\tC\t.\t.\t.", "column 1 is empty", 0, 0},
    {"a b\t5\t.\tA\tC\t.\t.\t.", "CHROM: expected a name without spaces", 0, 0},
    {"1\tx\t.\tA\tC\t.\t.\t.", "POS: expected a whole number", 0, 2},
    {"1\t-1\t.\tA\tC\t.\t.\t.", "POS: expected a whole number", 0, 2},
    {"1\t99999999999999999999\t.\tA\tC\t.\t.\t.", "POS: expected a whole number", 0, 2},
    {"1\t5\ta;\tA\tC\t.\t.\t.", "ID: an empty name", 0, 6},
    {"1\t5\ta b\tA\tC\t.\t.\t.", "ID: a space", 0, 5},
    {"1\t5\ta;.\tA\tC\t.\t.\t.", "ID: '.' beside other names", 0, 6},
    {"1\t5\t.\t.\tC\t.\t.\t.", "REF: expected one or more bases", 0, 6},
    {"1\t5\t.\tA,C\tC\t.\t.\t.", "REF: expected one or more bases", 0, 6},
    {"1\t5\t.\tA\tC,\t.\t.\t.", "ALT: an allele is empty", 0, 10},
    {"1\t5\t.\tA\tC,.\t.\t.\t.", "ALT: expected bases", 0, 10},
    {"1\t5\t.\tA\t<DEL\t.\t.\t.", "ALT: expected one '<' and one '>'", 0, 8},
    {"1\t5\t.\tA\t<>\t.\t.\t.", "ALT: expected one '<' and one '>'", 0, 8},
    {"1\t5\t.\tA\t[1:5[\t.\t.\t.", "ALT: expected bases", 0, 8},
    {"1\t5\t.\tA\tA[15[\t.\t.\t.", "ALT: expected bases", 0, 8},
    {"1\t5\t.\tA\tA[1:5]\t.\t.\t.", "ALT: expected bases", 0, 8},
    {"1\t5\t.\tA\tA[1:5[A\t.\t.\t.", "ALT: expected bases", 0, 8},
    {"1\t5\t.\tA\tE\t.\t.\t.", "ALT: expected bases", 0, 8},
    {"1\t5\t.\tA\tC\tq\t.\t.", "QUAL: expected a number", 0, 10},
    {"1\t5\t.\tA\tC\t.\tq;;r\t.", "FILTER: an empty name", 0, 14},
    {"1\t5\t.\tA\tC\t.\t.\ta\x01", "a control byte", 0, 15},
    {"1\t5\t.\tA\tC\t.\t.\ta\rb", "a control byte", 0, 15},
    {"1\t5\t.\tA\tC\t.\t.\t.", "8 columns; expected 9", 1, 15},
    {"1\t5\t.\tA\tC\t.\t.\t.\tGT", "sample 1 of 1 is missing", 1, 18},
    {"1\t5\t.\tA\tC\t.\t.\t.\tGT\t", "sample 1 of 1 is missing", 1, 19},
    {"1\t5\t.\tA\tC\t.\t.\t.\tGT\t0", "sample 2 of 2 is missing", 2, 20},
    {"1\t5\t.\tA\tC\t.\t.\t.\tGT\t0\t1", "more than 1 samples", 1, 21},
    {"1\t5\t.\tA\tC\t.\t.\t.\tGT\t0\t", "more than 1 samples", 1, 21},
    {"1\t5\t.\tA\tC\t.\t.\t.\tGT::X\t0", "FORMAT: expected keys", 1, 19},
    {"1\t5\t.\tA\tC\t.\t.\t.\tX:GT\t0", "FORMAT: GT is not the first", 1, 18},
    {"1\t5\t.\tA\tC\t.\t.\t.\tGT:GT\t0", "FORMAT: GT is not the first", 1, 19},
    {"1\t5\t.\tA\tC\t.\t.\t.\tGT\t0:1", "more fields than FORMAT has keys, 1", 1, 19},
    {"1\t5\t.\tA\tC\t.\t.\t.\tGT\t2", "GT: expected alleles from 0 to 1", 1, 19},
    {"1\t5\t.\tA\tC\t.\t.\t.\tGT\t0|", "GT: expected alleles", 1, 19},
    {"1\t5\t.\tA\tC\t.\t.\t.\tGT\t|0", "GT: expected alleles", 1, 19},
    {"1\t5\t.\tA\tC\t.\t.\t.\tGT\t0-1", "GT: expected alleles", 1, 19},
    {"1\t5\t.\tA\tC\t.\t.\t.\tGT\t99999999999999999999", "GT: expected alleles", 1, 19},
};

static void refused_records(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char two[1024];
    const char *good = bad[i].samples == 0   ? "1\t4\t.\tA\tC\t.\t.\t."
                       : bad[i].samples == 1 ? "1\t4\t.\tA\tC\t.\t.\t.\tX\t0"
                                             : "1\t4\t.\tA\tC\t.\t.\t.\tX\t0\t0";
    snprintf(two, sizeof two, "%s\n%s", good, bad[i].record);
    char *text = file_of(2, "", two, bad[i].samples);
    for (int strict = 0; strict < 2; strict++) {
      reading got = variants_text(text, strict ? "strict=yes" : "strict=no,dosage=alt");
      if (got.status != BA_ERR_FORMAT || !strstr(got.message, bad[i].message))
        fail_msg("record %d: status %d, '%s'; expected '%s'", (int)i, got.status, got.message, bad[i].message);
      assert_int_equal(got.record, 2);
      assert_int_equal(got.byte, strstr(text, "\n1\t4") - text + 1 + (int64_t)strlen(good) + 1 + bad[i].byte);
      assert_int_equal(got.count, 1);
      free(got.text);
    }
    free(text);
  }
}

/* ---- headers ---- */

static const struct {
  const char *text, *message;
  ba_status status;
} bad_headers[] = {
    {"##fileformat=VCFv4.6\n", "header line 1: expected ##fileformat=VCFv4.0", BA_ERR_FORMAT},
    {"##fileformat=VCFv3.3\n", "header line 1: expected ##fileformat=VCFv4.0", BA_ERR_FORMAT},
    {"##source=x\n##fileformat=VCFv4.2\n", "header line 1", BA_ERR_FORMAT},
    {COLUMNS "\n", "header line 1", BA_ERR_FORMAT},
    {"##fileformat=VCFv4.2\n##fileformat=VCFv4.2\n" COLUMNS "\n", "##fileformat once", BA_ERR_FORMAT},
    {"##fileformat=VCFv4.2\n##a=b\n", "the header ends before", BA_ERR_TRUNCATED},
    {"##fileformat=VCFv4.2\n\n" COLUMNS "\n", "header line 2: expected ##KEY=VALUE", BA_ERR_FORMAT},
    {"##fileformat=VCFv4.2\nx\n", "header line 2: expected ##KEY=VALUE", BA_ERR_FORMAT},
    {"##fileformat=VCFv4.2\n##a=\x02\n", "a control byte", BA_ERR_FORMAT},
    {"##fileformat=VCFv4.2\n#CHROM\tPOS\n", "expected the columns #CHROM", BA_ERR_FORMAT},
    {"##fileformat=VCFv4.2\n" COLUMNS "S\n", "expected the columns #CHROM", BA_ERR_FORMAT},
    {"##fileformat=VCFv4.2\n" COLUMNS "\tFORMATS\n", "expected the column FORMAT", BA_ERR_FORMAT},
    {"##fileformat=VCFv4.2\n" COLUMNS "\ts1\n", "expected the column FORMAT", BA_ERR_FORMAT},
    {"##fileformat=VCFv4.2\n" COLUMNS "\tFORMAT\ta\t\n", "a name for every sample", BA_ERR_FORMAT},
    {"##fileformat=VCFv4.2\n" COLUMNS "\tFORMAT\ta\tb\ta\n", "stands there twice", BA_ERR_FORMAT},
};

static void refused_headers(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof bad_headers / sizeof *bad_headers; i++) {
    reading got = variants_text(bad_headers[i].text, "");
    if (got.status != bad_headers[i].status || !strstr(got.message, bad_headers[i].message))
      fail_msg("header %d: status %d, '%s'", (int)i, got.status, got.message);
    assert_int_equal(got.record, -1);
    assert_true(got.byte >= 0);
    free(got.text);
  }
}

/* ---- strict=yes: what the rest of the specification says ---- */

#define DP "##INFO=<ID=N,Number=2,Type=Integer,Description=\"n\">\n"
#define SITE "1\t5\t.\tA\tC\t.\t.\t"

static const struct {
  int version;
  const char *meta, *record;
  int samples;
  const char *message; /* NULL: it is taken */
} rules[] = {
    {2, DP, SITE "N=1,2", 0, NULL},
    {2, DP, SITE "N=.", 0, NULL},
    {2, DP, SITE "N=1,.", 0, NULL},
    {2, DP, SITE "N=1", 0, "N has 1 values; expected 2"},
    {2, DP, SITE "N=1,x", 0, "N: 'x'; expected a whole number"},
    {2, DP, SITE "N", 0, "N: ''; expected a whole number"},
    {2, DP, SITE "N=1,2;N=1,2", 0, "INFO: a key that stands there twice"},
    {2, DP, SITE "N=1,2;", 0, "INFO: expected KEY or KEY=VALUE"},
    {2, DP, SITE "=1", 0, "INFO: expected KEY or KEY=VALUE"},
    {2, "", SITE "X=a b", 0, "INFO: a space"},
    {3, "", SITE "X=a b", 0, NULL},
    {2, "", SITE "AC=1,2", 0, "AC has 2 values; expected 1, one for each ALT allele"},
    {0, "", SITE "AC=1,2", 0, NULL},
    {2, "", "1\t5\t.\tA\tC,G\t.\t.\tAF=0.5,1e-3", 0, NULL},
    {2, "", "1\t5\t.\tR\tC\t.\t.\t.", 0, "REF: expected A C G T N"},
    {2, "", "1\t5\t.\tA\tCK\t.\t.\t.", 0, "ALT: expected A C G T N"},
    {2, "", "1\t3000000000\t.\tA\tC\t.\t.\t.", 0, "POS: expected at most 2147483647"},
    {2, "", "1\t5\t.\tA\tC\t-1\t.\t.", 0, "QUAL: expected a number that is not below 0"},
    {2, "", "1\t5\t.\tA\tC\t.\ta;0\t.", 0, "FILTER: '0' is reserved"},
    {2, "", "a:b\t5\t.\tA\tC\t.\t.\t.", 0, "CHROM: expected no angle bracket inside the name, and no comma or colon"},
    {3, "", "a:b\t5\t.\tA\tC\t.\t.\t.", 0, NULL},
    {2, "", SITE ".\tG_Q\t1", 1, "FORMAT: expected keys of letters and digits"},
    {3, "", SITE ".\tG_Q\t1", 1, NULL},
    {2, "", SITE ".\tDP:DP\t1", 1, "FORMAT: a key that stands there twice"},
    {2, "", SITE ".\tGQ\t1.5", 1, "GQ: '1.5'; expected a whole number"},
    {2, "", SITE ".\tGT:PL\t0/1:1,2,3", 1, NULL},
    {2, "", SITE ".\tGT:PL\t0:1,2", 1, NULL},
    {2, "", SITE ".\tGT:PL\t0/0/1:1,2,3,4", 1, NULL},
    {2, "", SITE ".\tGT:PL\t0/0/1:1,2,3", 1, "PL has 3 values; expected one for each genotype of 2 alleles"},
    {2, "", SITE ".\tGT:PL:DP\t0/1", 1, NULL},
    {2, "", SITE ".\tGT:PL:DP\t0/1:.:", 1, "DP: ''; expected a whole number"},
    {2, "", "1\t5\t.\tA\tC\t.\t.\t.\n1\t4\t.\tA\tC\t.\t.\t.", 0, "POS: 4 stands behind 5; expected rising positions"},
    {2, "", "1\t5\t.\tA\tC\t.\t.\t.\n2\t4\t.\tA\tC\t.\t.\t.", 0, NULL},
    {2, "", "1\t5\t.\tA\tC\t.\t.\t.\n2\t4\t.\tA\tC\t.\t.\t.\n1\t6\t.\tA\tC\t.\t.\t.", 0,
     "CHROM: other contigs stand between"},
    {2, "", "1\t5\t.\tA\tC\t.\t.\t.\n<1>\t6\t.\tA\tC\t.\t.\t.\n1\t7\t.\tA\tC\t.\t.\t.", 0, NULL},
    {2, "", "1\t5\t.\tA\tC\t.\t.\t.\n1\t5\t.\tA\tG\t.\t.\t.\n1\t5\t.\tA\tC\t.\t.\t.", 0, "ALT: the same change"},
    {2, "", "1\t5\t.\tGATT\tGT,GACT\t.\t.\t.\n1\t7\t.\tT\tC\t.\t.\t.", 0, "ALT: the same change"},
    {2, "", "1\t5\t.\tA\tC,C\t.\t.\t.", 0, "ALT: the same change"},
    {2, "", "1\t5\t.\tA\t<INS>\t.\t.\t.\n1\t5\t.\tA\t<INS>\t.\t.\t.", 0, NULL},
    {2, "", SITE ".\n\n", 0, "an empty line"},
    {2, "##x\n", SITE ".", 0, "expected ##KEY=VALUE"},
    {2, "##x=\n", SITE ".", 0, "neither of them empty"},
    {2, "##INFO=<ID=AB,Number=R,Type=Float,Description=\"\">\n", SITE ".", 0, NULL},
    {1, "##INFO=<ID=AB,Number=R,Type=Float,Description=\"\">\n", SITE ".", 0, "Number: expected"},
    {4, "##FORMAT=<ID=AB,Number=P,Type=Float,Description=\"\">\n", SITE ".", 0, NULL},
    {4, "##FORMAT=<ID=AB,Number=LA,Type=Float,Description=\"\">\n", SITE ".", 0, "Number: expected"},
    {5, "##FORMAT=<ID=AB,Number=LA,Type=Float,Description=\"\">\n", SITE ".", 0, NULL},
    {2, "##FORMAT=<ID=AB,Number=1,Type=Flag,Description=\"\">\n", SITE ".", 0, "Type: expected"},
    {2, "##ALT=<ID=NON_REF,Description=\"\">\n", SITE ".", 0, "ID: expected DEL, INS"},
    {3, "##ALT=<ID=NON_REF,Description=\"\">\n", SITE ".", 0, NULL},
    {2, "##FILTER=<ID=q10>\n", SITE ".", 0, "expected ID and Description"},
    {2, "##FILTER=<ID=q10,Description=low>\n", SITE ".", 0, "in double quotes"},
    {2, "##FILTER=q10\n", SITE ".", 0, "expected <KEY=VALUE,...>"},
    {3, "##SAMPLE=<ID=a,Any=\"thing\">\n", SITE ".", 0, NULL},
    {2, "##assembly=file.fa\n", SITE ".", 0, "expected an address"},
    {2, "##assembly=ftp://user@host.org:80/x\n", SITE ".", 0, NULL},
    {2, "##pedigreeDB=<http://a.b>\n", SITE ".", 0, NULL},
    {2, "##mine=<anything goes\n", SITE ".", 0, NULL},
};

static void strict_rules(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
    reading lax = read_one(rules[i].version, rules[i].meta, rules[i].record, rules[i].samples, "");
    if (lax.status != BA_END) fail_msg("rule %d by default: '%s'", (int)i, lax.message);
    reading got = read_one(rules[i].version, rules[i].meta, rules[i].record, rules[i].samples, "strict=yes");
    if (rules[i].message == NULL) {
      if (got.status != BA_END) fail_msg("rule %d: '%s'", (int)i, got.message);
      assert_string_equal(got.text, lax.text);
    } else if (got.status != BA_ERR_FORMAT || !strstr(got.message, rules[i].message)) {
      fail_msg("rule %d: status %d, '%s'; expected '%s'", (int)i, got.status, got.message, rules[i].message);
    }
    free(lax.text);
    free(got.text);
  }
}

/* ---- the specification's own files ---- */

static int64_t read_folder(const char *name, int32_t good) {
  char path[1024];
  int64_t files = 0;
  snprintf(path, sizeof path, FOLDER "%s", name);
  DIR *folder = opendir(path);
  if (folder == NULL) return 0;
  for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, FOLDER "%s/%s", name, entry->d_name);
    reading strict = variants_path(path, "strict=yes"), lax = variants_path(path, "");
    if (good && (strict.status != BA_END || lax.status != BA_END)) fail_msg("%s", strict.message);
    if (good) assert_string_equal(strict.text, lax.text);
    if (!good && strict.status != BA_ERR_FORMAT) fail_msg("%s was read with strict=yes", path);
    if (!good) assert_true(strict.byte >= 0);
    free(strict.text);
    free(lax.text);
    files++;
  }
  closedir(folder);
  return files;
}

static void conformance(void **state) {
  (void)state;
  const int64_t good = read_folder("passed", 1);
  if (good == 0) {
    print_message("skipped: the conformance files are not at %s\n", FOLDER);
    skip();
  }
  assert_int_equal(good, 25);
  assert_int_equal(read_folder("failed", 0), 190);
}

static void thousand_genomes(void **state) {
  (void)state;
  FILE *file = fopen(THOUSAND_GENOMES, "rb");
  if (file == NULL) {
    print_message("skipped: no file at %s\n", THOUSAND_GENOMES);
    skip();
  }
  fclose(file);
  reading lax = variants_path(THOUSAND_GENOMES, ""), strict = variants_path(THOUSAND_GENOMES, "strict=yes");
  assert_int_equal(lax.status, BA_END);
  assert_int_equal(strict.status, BA_END);
  assert_int_equal(lax.count, 381);
  assert_string_equal(lax.text, strict.text);
  free(lax.text);
  free(strict.text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(genotypes_of_any_shape), cmocka_unit_test(refused_records), cmocka_unit_test(refused_headers),
      cmocka_unit_test(strict_rules),           cmocka_unit_test(conformance),     cmocka_unit_test(thousand_genomes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
