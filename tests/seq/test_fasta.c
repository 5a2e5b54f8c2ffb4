/* SPDX-License-Identifier: MIT
 *
 * Every rule of the FASTA format, good and bad, whole and in every chunk size.
 */
#include "reading.h"

#define LETTERS "expected the letters A-Z a-z, '*', '-' or '.'"

static void good_files(void **state) {
  static const expectation cases[] = {
      {"", "", BA_END, NULL, ""},
      {"\n\r\n\r\n", "", BA_END, NULL, ""},
      {">a\nACGT\n", "a|ACGT|\n", BA_END, NULL, ""},
      {">a\nACGT", "a|ACGT|\n", BA_END, NULL, ""},
      {">a first one\tx\nAC\nGT\nA\n>b\nTT\n", "a first one\tx|ACGTA|\nb|TT|\n", BA_END, NULL, ""},
      {">a\r\nAC\r\nGT\r\n>b\r\nTT\r\n", "a|ACGT|\nb|TT|\n", BA_END, NULL, ""},
      {">a\rAC\rGT\r>b\rTT\r", "a|ACGT|\nb|TT|\n", BA_END, NULL, ""},
      {">a\r\nAC\nGT\r>b\nTT\r", "a|ACGT|\nb|TT|\n", BA_END, NULL, ""},
      {"\n\n>a\n\nAC\n\n\nGT\n\n>b\nTT\n\n\n", "a|ACGT|\nb|TT|\n", BA_END, NULL, ""},
      {">a\n>b\n\n>c\nA\n>d", "a||\nb||\nc|A|\nd||\n", BA_END, NULL, ""},
      {">\nAC\n>\n>", "|AC|\n||\n||\n", BA_END, NULL, ""},
      {"\xef\xbb\xbf>a\nAC\n", "a|AC|\n", BA_END, NULL, ""},
      {"\xef\xbb\xbf\n>a\nAC\n", "a|AC|\n", BA_END, NULL, ""},
      {">a\nacgtuNRY*-.\n>b\nUuXx\n", "a|acgtuNRY*-.|\nb|UuXx|\n", BA_END, NULL, ""},
      {">a >b ;c\nAC\n>@d\nGT\n", "a >b ;c|AC|\n@d|GT|\n", BA_END, NULL, ""},
      {">caf\xc3\xa9\nAC\n", "caf\xc3\xa9|AC|\n", BA_END, NULL, ""},
  };
  (void)state;
  check_expectations(cases, sizeof cases / sizeof *cases);
}

static void bad_files(void **state) {
  static const expectation cases[] = {
      {">a\nAC GT\n", "", BA_ERR_FORMAT, "record 1, byte 5: a space in a sequence: " LETTERS, ""},
      {">a\nACGT\n>b\nA\n>c\nAC\tGT\n", "a|ACGT|\nb|A|\n", BA_ERR_FORMAT,
       "record 3, byte 18: a tab in a sequence: " LETTERS, ""},
      {">a\nAC\n 12\n", "", BA_ERR_FORMAT, "record 1, byte 6: a space in a sequence: " LETTERS, ""},
      {">a\nAC\n>b\nA5\n", "a|AC|\n", BA_ERR_FORMAT, "record 2, byte 10: '5' in a sequence: " LETTERS, ""},
      {">a\nA>b\n", "", BA_ERR_FORMAT, "record 1, byte 4: '>' in a sequence: " LETTERS, ""},
      {">a\nA\x01\n", "", BA_ERR_FORMAT, "record 1, byte 4: 0x01 in a sequence: " LETTERS, ""},
      {">a\n;note\nAC\n", "", BA_ERR_FORMAT,
       "record 1, byte 3: a line starts with ';': FASTA comment lines are not read; expected '>' or letters", ""},
      {">a\x07z\nAC\n", "", BA_ERR_FORMAT,
       "record 1, byte 2: 0x07 in a header line: expected text without control bytes", ""},
      {";note\n>a\nAC\n", "", BA_ERR_FORMAT,
       "record 1, byte 0: expected '>' (FASTA) or '@' (FASTQ), found ';'; FASTA comment lines are not read", ""},
      {"\nACGT\n", "", BA_ERR_FORMAT, "record 1, byte 1: expected '>' (FASTA) or '@' (FASTQ), found 'A'", ""},
      {" >a\nAC\n", "", BA_ERR_FORMAT,
       "record 1, byte 0: expected '>' (FASTA) or '@' (FASTQ), found 0x20; spaces may not stand before the first "
       "record",
       ""},
      {"#chrom\tstart\n", "", BA_ERR_FORMAT,
       "record 1, byte 0: expected '>' (FASTA) or '@' (FASTQ), found '#'; tables and annotations are not read here",
       ""},
      {"BZh91AY", "", BA_ERR_FORMAT,
       "record 1, byte 0: the input looks like bzip2, which is not read: expected FASTA or FASTQ, plain, gzip or bgzf",
       ""},
      {"\xef\xbb", "", BA_ERR_FORMAT, "record 1, byte 0: expected '>' (FASTA) or '@' (FASTQ), found 0xef", ""},
      {"BAM\1xxxx", "", BA_ERR_UNSUPPORTED,
       "the input is BAM, which is read only from a file opened by its path, not from memory, fed bytes or standard "
       "input",
       ""},
  };
  (void)state;
  check_expectations(cases, sizeof cases / sizeof *cases);
}

static void ambiguous_letters(void **state) {
  static const expectation cases[] = {
      {">a\nACGTU\nacgtu\n", "a|ACGTUacgtu|\n", BA_END, NULL, "ambiguous=error"},
      {">a\nAC\n>b\nACGT\nAnG\n", "a|AC|\n", BA_ERR_LETTER,
       "record 2, byte 15: the letter 'n' with ambiguous=error: expected A, C, G, T or U", "ambiguous=error"},
      {">a\nA-\n", "", BA_ERR_LETTER, "record 1, byte 4: the letter '-' with ambiguous=error: expected A, C, G, T or U",
       "ambiguous=error"},
      {">a\nA?N\n", "", BA_ERR_FORMAT, "record 1, byte 4: '?' in a sequence: " LETTERS, "ambiguous=error"},
      {">a\nAN?\n", "", BA_ERR_LETTER,
       "record 1, byte 4: the letter 'N' with ambiguous=error: expected A, C, G, T or U", "ambiguous=error"},
  };
  (void)state;
  check_expectations(cases, sizeof cases / sizeof *cases);
  const char *text = ">a\nACGTUacgtuNn-*.RY\n>b\nXA\n>c\nBDEFHIJKLMOPQSVWZ\n";
  reading r = read_memory(text, (int64_t)strlen(text), "ambiguous=skip", 100);
  assert_int_equal(r.letters, 17 + 2 + 17);
  assert_int_equal(r.ambiguous, 7 + 1 + 17);
  assert_int_equal(r.format, BA_FORMAT_FASTA);
  assert_int_equal(r.bytes, strlen(text));
  free(r.text);
}

/* Cut at every byte FASTA ends cleanly: a header that is cut is a shorter name, letters that are cut are fewer. What
 * must come out is gathered here byte by byte. */
static void cut_at_every_byte(void **state) {
  static const char text[] = "\n>a first\nACGT\nAC\r\n\nGG\n>b\n>\n>c\r\nTT\rTN\n\n";
  (void)state;
  for (int64_t cut = 0; cut < (int64_t)sizeof text; cut++) {
    char expected[200] = "";
    int32_t used = 0, records = 0, header = 0;
    for (int64_t i = 0; i < cut; i++) {
      if (text[i] == '>') {
        if (records++ > 0) used += snprintf(expected + used, 4, header ? "||\n" : "|\n");
        header = 1;
      } else if (text[i] == '\n' || text[i] == '\r') {
        if (header) expected[used++] = '|';
        header = 0;
      } else {
        expected[used++] = text[i];
      }
    }
    if (records > 0) used += snprintf(expected + used, 4, header ? "||\n" : "|\n");
    expected[used] = 0;
    reading r = read_memory(text, cut, "", 10);
    assert_int_equal(r.status, BA_END);
    if (strcmp(r.text, expected) != 0) {
      fail_msg("cut at %lld: records\n%sexpected\n%s", (long long)cut, r.text, expected);
    }
    assert_int_equal(r.bytes, cut);
    reading pushed = read_pushed((const uint8_t *)text, cut, "", 1, 1 + cut % 5);
    same_reading(&r, &pushed, "cut at", cut);
    free(pushed.text);
    free(r.text);
  }
}

/* Lines of every length, so that every place in a block of letters is met by an odd byte. */
static void every_place(void **state) {
  (void)state;
  for (int64_t length = 1; length <= 100; length++) {
    char line[128], message[200];
    for (int64_t at = 0; at < length; at++) {
      int n = snprintf(line, sizeof line, ">a\n");
      memset(line + n, 'G', (size_t)length);
      line[n + length] = '\n';
      line[n + at] = 'N';
      reading r = read_memory(line, n + length + 1, "", 1);
      assert_int_equal(r.status, BA_END);
      assert_int_equal(r.ambiguous, 1);
      assert_int_equal(r.letters, length);
      free(r.text);
      line[n + at] = (char)0xC1; /* 'A' with its high bit set */
      r = read_memory(line, n + length + 1, "", 1);
      snprintf(message, sizeof message, "record 1, byte %d: 0xc1 in a sequence: " LETTERS, n + (int)at);
      assert_string_equal(r.message, message);
      free(r.text);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(good_files), cmocka_unit_test(bad_files),
                                     cmocka_unit_test(ambiguous_letters), cmocka_unit_test(cut_at_every_byte),
                                     cmocka_unit_test(every_place)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
