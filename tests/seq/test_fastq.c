/* SPDX-License-Identifier: MIT
 *
 * Every rule of the FASTQ format, good and bad, whole and in every chunk size.
 */
#include "reading.h"

#define LETTERS "expected the letters A-Z a-z, '*', '-' or '.'"
#define PLUS "the '+' line says something else than the '@' line: expected the same name, or nothing"

static void good_files(void **state) {
  static const expectation cases[] = {
      {"@a\nACGT\n+\nIIII\n", "a|ACGT|IIII\n", BA_END, NULL, ""},
      {"@a\nACGT\n+\nIIII", "a|ACGT|IIII\n", BA_END, NULL, ""},
      {"@a b\nACGT\n+a b\nIIII\n@c\nA\n+c\n!\n", "a b|ACGT|IIII\nc|A|!\n", BA_END, NULL, ""},
      {"@a\r\nACGT\r\n+a\r\nIIII\r\n@c\r\nA\r\n+\r\n~\r\n", "a|ACGT|IIII\nc|A|~\n", BA_END, NULL, ""},
      {"@a\rACGT\r+\rIIII\r@c\rA\r+c\r~", "a|ACGT|IIII\nc|A|~\n", BA_END, NULL, ""},
      {"\n\r\n@a\nAC\n+\nII\n\n\r\n@b\nG\n+\nI\n\n", "a|AC|II\nb|G|I\n", BA_END, NULL, ""},
      /* wrapped, with marks as the first quality symbol */
      {"@a\nACG\nTAC\nG\n+a\nIII\n@+I\n+\n@b\nAC\nGT\n+\n@@\n++\n@c\nA\n+\n@\n",
       "a|ACGTACG|III@+I+\nb|ACGT|@@++\nc|A|@\n", BA_END, NULL, ""},
      {"@a\nACGT\n+\n@@@@\n@b\nACGT\n+\n++++\n", "a|ACGT|@@@@\nb|ACGT|++++\n", BA_END, NULL, ""},
      /* one line of letters, two of symbols */
      {"@a\nACGT\n+\nII\nII\n", "a|ACGT|IIII\n", BA_END, NULL, ""},
      /* empty records, with and without their empty lines */
      {"@a\n\n+\n\n@b\nA\n+\nI\n", "a||\nb|A|I\n", BA_END, NULL, ""},
      {"@a\n+\n@b\n\n+b\n\n@\n+\n\n@d\nA\n+\nI", "a||\nb||\n||\nd|A|I\n", BA_END, NULL, ""},
      {"@a\n\n+\n", "a||\n", BA_END, NULL, ""},
      {"@a\n\n+", "a||\n", BA_END, NULL, ""},
      {"@a\r\n\r\n+a\r\n\r\n", "a||\n", BA_END, NULL, ""},
      {"\xef\xbb\xbf@a\nAC\n+\nII\n", "a|AC|II\n", BA_END, NULL, ""},
      {"@a\nacuN.-*\n+\n!\"#$%&'\n", "a|acuN.-*|!\"#$%&'\n", BA_END, NULL, ""},
  };
  (void)state;
  check_expectations(cases, sizeof cases / sizeof *cases);
}

static void bad_files(void **state) {
  static const expectation cases[] = {
      {"@a\nACGT\n+\nIIII\n@b\nACGT\n+\nIII\n@c\nACGT\n+\nIIII\n", "a|ACGT|IIII\n", BA_ERR_FORMAT,
       "record 2, byte 25: quality has 3 symbols, sequence has 4", ""},
      {"@b\nACGT\n+\nIIIII\n", "", BA_ERR_FORMAT, "record 1, byte 10: quality has 5 symbols, sequence has 4", ""},
      {"@b\nACGT\n+\nIIIII", "", BA_ERR_FORMAT, "record 1, byte 10: quality has 5 symbols, sequence has 4", ""},
      {"@b\nAC\nGT\n+\nII\nIII\n", "", BA_ERR_FORMAT, "record 1, byte 11: quality has 5 symbols, sequence has 4", ""},
      {"@b\nACGT\n+\n\n@c\nA\n+\nI\n", "", BA_ERR_FORMAT, "record 1, byte 10: quality has 0 symbols, sequence has 4",
       ""},
      {"@b\nAC\nGT\n+\nII\n\nII\n", "", BA_ERR_FORMAT, "record 1, byte 11: quality has 2 symbols, sequence has 4", ""},
      {"@a\nAC\n+\nI I\n", "", BA_ERR_FORMAT,
       "record 1, byte 9: a space in a quality line: expected symbols from '!' to '~'", ""},
      {"@a\nAC\n+\nI\x7f\n", "", BA_ERR_FORMAT,
       "record 1, byte 9: 0x7f in a quality line: expected symbols from '!' to '~'", ""},
      {"@a\nA C\n+\nIII\n", "", BA_ERR_FORMAT, "record 1, byte 4: a space in a sequence: " LETTERS, ""},
      {"@a\nA\n+b\nI\n", "", BA_ERR_FORMAT, "record 1, byte 6: " PLUS, ""},
      {"@ab\nA\n+a\nI\n", "", BA_ERR_FORMAT, "record 1, byte 8: " PLUS, ""},
      {"@a\nA\n+a \nI\n", "", BA_ERR_FORMAT, "record 1, byte 7: " PLUS, ""},
      {"@a\n\nA\n+\nI\n", "", BA_ERR_FORMAT, "record 1, byte 4: expected '+' after an empty sequence line, found 'A'",
       ""},
      {"@a\n\n\n+\n\n", "", BA_ERR_FORMAT,
       "record 1, byte 4: expected '+' after an empty sequence line, found an empty line", ""},
      {"@a\nAC\n\n+\nII\n", "", BA_ERR_FORMAT, "record 1, byte 6: expected letters or '+', found an empty line", ""},
      {"@a\nA\n+\nI\n>b\nA\n", "a|A|I\n", BA_ERR_FORMAT,
       "record 2, byte 9: expected '@' at the start of a record, found '>'", ""},
      {"@a\nA\n+\nI\nI\n", "a|A|I\n", BA_ERR_FORMAT,
       "record 2, byte 9: expected '@' at the start of a record, found 'I'", ""},
      {"@a\nA\n@b\nA\n+\nI\n", "", BA_ERR_FORMAT, "record 1, byte 5: '@' in a sequence: " LETTERS, ""},
  };
  (void)state;
  check_expectations(cases, sizeof cases / sizeof *cases);
}

static void cut_files(void **state) {
  static const expectation cases[] = {
      {"@a\nA\n+\nI\n@", "a|A|I\n", BA_ERR_TRUNCATED,
       "record 2, byte 10: the input ends in the '@' line of a FASTQ record", ""},
      {"@a\n", "", BA_ERR_TRUNCATED, "record 1, byte 3: the input ends before the sequence of a FASTQ record", ""},
      {"@a\nAC", "", BA_ERR_TRUNCATED, "record 1, byte 5: the input ends in the sequence of a FASTQ record", ""},
      {"@a\n\n", "", BA_ERR_TRUNCATED, "record 1, byte 4: the input ends before '+' of a FASTQ record", ""},
      {"@ab\nAC\n+a", "", BA_ERR_TRUNCATED, "record 1, byte 9: the input ends in the '+' line of a FASTQ record", ""},
      {"@ab\nAC\n+ab\n", "", BA_ERR_TRUNCATED, "record 1, byte 11: the input ends before the quality of a FASTQ record",
       ""},
      {"@ab\nAC\n+\nI", "", BA_ERR_TRUNCATED,
       "record 1, byte 10: the input ends in the quality: 1 symbols for 2 letters", ""},
      {"@ab\nAC\n+\nI\n", "", BA_ERR_TRUNCATED,
       "record 1, byte 11: the input ends in the quality: 1 symbols for 2 letters", ""},
  };
  (void)state;
  check_expectations(cases, sizeof cases / sizeof *cases);
}

/* Cut at every byte: the records that are whole come first, and only a cut between records, or one that takes no more
 * than the last line end, is a clean end. */
static void cut_at_every_byte(void **state) {
  static const char text[] = "@a\nACGT\n+a\nIIII\n@b\n\n+\n\n@c x\nAC\nG\n+\n@+\nI\n";
  static const char records[] = "a|ACGT|IIII\nb||\nc x|ACG|@+I\n";
  static const struct {
    int64_t from, to; /* cuts that end cleanly */
    int64_t length;   /* of the text of the records */
  } clean[] = {{0, 0, 0}, {15, 16, 12}, {21, 23, 16}, {39, 40, 28}};
  (void)state;
  for (int64_t cut = 0; cut < (int64_t)sizeof text; cut++) {
    reading r = read_memory(text, cut, "", 10);
    int64_t expected = -1, whole = cut >= 39 ? 28 : cut >= 21 ? 16 : cut >= 15 ? 12 : 0;
    for (size_t i = 0; i < sizeof clean / sizeof *clean; i++) {
      if (cut >= clean[i].from && cut <= clean[i].to) expected = clean[i].length;
    }
    if (r.status != (expected >= 0 ? BA_END : BA_ERR_TRUNCATED)) {
      fail_msg("cut at %lld: status %d, '%s'", (long long)cut, r.status, r.message);
    }
    if (r.length != whole || memcmp(r.text, records, (size_t)whole) != 0) {
      fail_msg("cut at %lld: records\n%s", (long long)cut, r.text);
    }
    free(r.text);
  }
}

static void counters(void **state) {
  const char *text = "@a\nACGTN\n+\nIIIII\n@b\nnnAC\n+\nIIII\n";
  (void)state;
  reading r = read_memory(text, (int64_t)strlen(text), NULL, 1);
  assert_int_equal(r.letters, 9);
  assert_int_equal(r.ambiguous, 3);
  assert_int_equal(r.format, BA_FORMAT_FASTQ);
  assert_int_equal(r.bytes, strlen(text));
  free(r.text);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(good_files), cmocka_unit_test(bad_files),
                                     cmocka_unit_test(cut_files), cmocka_unit_test(cut_at_every_byte),
                                     cmocka_unit_test(counters)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
