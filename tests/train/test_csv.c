/* SPDX-License-Identifier: MIT
 *
 * test_csv.c: labelled tables: columns by name and number, quotes, marks, gzip, and every refusal with its place.
 */
#include <stdio.h>
#include <zlib.h>

#include "model/making.h"
#include "support/fault.h"
#include "support/temp.h"
#include "train/dataset.h"

typedef struct fixture {
  ba_context *context;
  char folder[TEMP_PATH], path[TEMP_PATH];
  ba_dataset *dataset;
} fixture;

static int set_up(void **state) {
  fixture *f = calloc(1, sizeof *f);
  if (!f || ba_context_create(NULL, &f->context) != BA_OK) return -1;
  temp_make(f->folder);
  *state = f;
  return ba_dataset_create(f->context, NULL, &f->dataset) == BA_OK ? 0 : -1;
}

static int tear_down(void **state) {
  fixture *f = *state;
  ba_dataset_destroy(f->dataset);
  temp_remove(f->folder);
  ba_context_destroy(f->context);
  free(f);
  return 0;
}

static ba_status add(fixture *f, const char *text, int64_t n, const char *options) {
  temp_write(f->path, f->folder, "rows.csv", text, n < 0 ? (int64_t)strlen(text) : n);
  return ba_dataset_add_file(f->dataset, f->path, options);
}

/* "name|letters|class|weight|group|part" for each row. */
static void expect(fixture *f, const char *expected) {
  char text[4000] = "";
  int64_t n = 0;
  ba_records *records = NULL;
  const int64_t rows = ba_dataset_rows(f->dataset, BA_PART_ALL);
  OK(f->context, ba_dataset_records(f->dataset, 0, rows, &records));
  for (int64_t row = 0; row < rows; row++) {
    int32_t label, part;
    int64_t name_length, length;
    double weight;
    OK(f->context, ba_dataset_row(f->dataset, row, &label, &weight, &part, NULL));
    const int32_t group = bai_dataset_group(f->dataset, row);
    const char *name = ba_records_name(records, row, &name_length);
    const char *letters = ba_records_sequence(records, row, &length);
    n += snprintf(text + n, sizeof text - (size_t)n, "%.*s|%.*s|%s|%g|%s|%d\n", (int)name_length, name, (int)length,
                  letters, ba_dataset_class_name(f->dataset, label), weight,
                  group < 0 ? "-" : bai_names_text(&f->dataset->group_names, group), part);
  }
  ba_records_release(records);
  assert_string_equal(text, expected);
  ba_dataset_destroy(f->dataset);
  OK(f->context, ba_dataset_create(f->context, NULL, &f->dataset));
}

static void test_usual_names(void **state) {
  fixture *f = *state;
  OK(f->context, add(f, "sequence,label\nACGT,1\nacgu,0\n", -1, NULL));
  expect(f, "|ACGT|1|1|-|0\n|ACGT|0|1|-|0\n");
  OK(f->context, add(f,
                     "label\tname\tsequence\tsplit\tgroup\tweight\nyes\tone\tACGTN\tdev\tg1\t2.5\n"
                     "no\ttwo\t\ttest\tg2\t1e-3\nyes\t\tRY-*.\ttrain\tg1\t0\n",
                     -1, ""));
  expect(f, "one|ACGTN|yes|2.5|g1|1\ntwo||no|0.001|g2|2\n");
}

static void test_columns_by_name_and_number(void **state) {
  fixture *f = *state;
  const char *text = "id,class,promoter,3,sequence\na,x,ACGT,CC,GGG\nb,y,TTTT,AA,CCC\n";
  OK(f->context, add(f, text, -1, "sequence=promoter, label=class"));
  expect(f, "|ACGT|x|1|-|0\n|TTTT|y|1|-|0\n");
  OK(f->context, add(f, text, -1, "label=2, name=1, group=2, part=test"));
  expect(f, "a|GGG|x|1|x|2\nb|CCC|y|1|y|2\n");
  OK(f->context, add(f, text, -1, "sequence=3, label=2")); /* the name comes first */
  expect(f, "|CC|x|1|-|0\n|AA|y|1|-|0\n");
  OK(f->context, add(f, "w,s,sequence,label\n3,dev,AC,q\n0,train,GT,r\n", -1, "weight=w, split=s, part=test"));
  expect(f, "|AC|q|3|-|1\n");
}

static void test_quotes_marks_and_line_ends(void **state) {
  fixture *f = *state;
  OK(f->context, add(f, "\xef\xbb\xbfsequence,label\r\nACGT,\"a,b\"\r\n\r\nCC,\"say \"\"hi\"\"\"", -1, NULL));
  expect(f, "|ACGT|a,b|1|-|0\n|CC|say \"hi\"|1|-|0\n");
  OK(f->context, add(f, "\xef\xbb\xbf\"sequence\",\"label\"\n\"ACGT\",\"x\"\n", -1, NULL));
  expect(f, "|ACGT|x|1|-|0\n");
  OK(f->context, add(f, "\"label\",\"sequence\"\nx,\"ACGT\"\ny,  GT \n", -1, NULL)); /* spaces around letters */
  expect(f, "|ACGT|x|1|-|0\n|GT|y|1|-|0\n");
  OK(f->context, add(f, "sequence\tlabel\nAC\ta\"b\n", -1, NULL)); /* quotes mean nothing in TSV */
  expect(f, "|AC|a\"b|1|-|0\n");
  OK(f->context, add(f, "sequence,label\n", -1, NULL)); /* a header alone */
  expect(f, "");
}

static void test_gzip(void **state) {
  fixture *f = *state;
  char path[TEMP_PATH];
  static char text[200000];
  int64_t n = snprintf(text, sizeof text, "\xef\xbb\xbfsequence,label,name\n");
  for (int32_t i = 0; i < 5000; i++)
    n += snprintf(text + n, 60, "ACGTACGTNNACGT%.*s,c%d,r%d\n", i % 7, "TTTTTTT", i % 3, i);
  temp_join(path, f->folder, "rows.csv.gz");
  for (int32_t members = 1; members < 4; members += 2) {
    FILE *fresh = fopen(path, "wb");
    assert_non_null(fresh);
    fclose(fresh);
    for (int32_t m = 0; m < members; m++) {
      gzFile file = gzopen(path, "ab");
      assert_non_null(file);
      const int64_t from = n * m / members, to = n * (m + 1) / members;
      assert_int_equal(gzwrite(file, text + from, (unsigned)(to - from)), to - from);
      assert_int_equal(gzclose(file), Z_OK);
    }
    OK(f->context, ba_dataset_add_file(f->dataset, path, NULL));
    assert_int_equal(ba_dataset_rows(f->dataset, BA_PART_TRAIN), 5000 * (members / 2 + 1));
    assert_int_equal(ba_dataset_classes(f->dataset), 3);
  }
  int64_t before, bases;
  ba_dataset_counters(f->dataset, &before, NULL, NULL);
  assert_int_equal(before, 2 * (5000 * 14 + 714 * 21 + 1));
  /* Cut and changed: an error with the file, and nothing added. */
  int64_t size;
  uint8_t *bytes = temp_read(path, &size);
  for (int64_t cut = 3; cut < size; cut += size / 40) {
    temp_write(f->path, f->folder, "cut.gz", bytes, cut);
    const ba_status status = ba_dataset_add_file(f->dataset, f->path, NULL);
    assert_true(status == BA_ERR_TRUNCATED || status == BA_ERR_CORRUPT);
    assert_non_null(strstr(ba_context_error_message(f->context), "cut.gz"));
    ba_dataset_counters(f->dataset, &bases, NULL, NULL);
    assert_int_equal(bases, before);
  }
  bytes[size / 2] ^= 0x10;
  temp_write(f->path, f->folder, "changed.gz", bytes, size);
  REFUSED(f->context, ba_dataset_add_file(f->dataset, f->path, NULL), BA_ERR_CORRUPT, "changed.gz");
  ba_dataset_counters(f->dataset, &bases, NULL, NULL);
  assert_int_equal(bases, before);
  free(bytes);
}

typedef struct refusal {
  const char *text;
  int64_t n; /* -1: up to the NUL */
  const char *options;
  ba_status status;
  const char *message;
  int64_t record, byte;
} refusal;

static const refusal refusals[] = {
    {"", 0, NULL, BA_ERR_TABLE, "the table is empty; expected a header", -1, -1},
    {"\n\r\n\n", -1, NULL, BA_ERR_TABLE, "the table is empty", -1, -1},
    {"sequence,class\nAC,x\n", -1, NULL, BA_ERR_TABLE,
     "there is no column \"label\" for the label; expected one of: sequence, class", 1, 0},
    {"seq,label\nAC,x\n", -1, NULL, BA_ERR_TABLE, "there is no column \"sequence\" for the sequence", 1, 0},
    {"sequence,label\nAC,x\n", -1, "weight=w", BA_ERR_TABLE, "there is no column \"w\" for the weight", 1, 0},
    {"sequence,label\nAC,x\n", -1, "label=3", BA_ERR_TABLE, "there is no column \"3\"", 1, 0},
    {"sequence,label\nAC,x\n", -1, "label=0", BA_ERR_TABLE, "there is no column \"0\"", 1, 0},
    {"sequence,label\nAC,x\nGT\n", -1, NULL, BA_ERR_TABLE, "1 fields; expected 2, as in the header", 3, 20},
    {"sequence,label\nAC,x\nGT,y,z\n", -1, NULL, BA_ERR_TABLE, "3 fields; expected 2", 3, 20},
    {"sequence,label\nAC,x\nGT,\n", -1, NULL, BA_ERR_LABEL, "expected a label, found \"\"", 3, 20},
    {"sequence,label\nAC,x\nA1T,y\n", -1, NULL, BA_ERR_TABLE, "letter 2 of the sequence is \"1\"; expected A-Z", 3, 20},
    {"sequence,label\nA C,x\n", -1, NULL, BA_ERR_TABLE, "letter 2 of the sequence is \" \"", 2, 15},
    {"sequence,label,weight\nAC,x,1\nAC,x,heavy\n", -1, NULL, BA_ERR_LABEL,
     "expected a weight of 0 or more, found \"heavy\"", 3, 29},
    {"sequence,label,weight\nAC,x,-1\n", -1, NULL, BA_ERR_LABEL, "expected a weight of 0 or more, found \"-1\"", 2, 22},
    {"sequence,label,weight\nAC,x,nan\n", -1, NULL, BA_ERR_LABEL, "expected a weight of 0 or more", 2, 22},
    {"sequence,label,weight\nAC,x,inf\n", -1, NULL, BA_ERR_LABEL, "expected a weight of 0 or more", 2, 22},
    {"sequence,label,weight\nAC,x,\n", -1, NULL, BA_ERR_LABEL, "expected a weight of 0 or more, found \"\"", 2, 22},
    {"sequence,label,split\nAC,x,validation\n", -1, NULL, BA_ERR_LABEL,
     "expected a split of train, dev or test, found \"validation\"", 2, 21},
    {"sequence,label\nAC,\"x\n", -1, NULL, BA_ERR_TRUNCATED, "the table ends inside quotes", 2, 21},
    {"sequence,label\nAC,x\"y\"\n", -1, NULL, BA_ERR_TABLE, "a quote inside a field", 2, 19},
    {"sequence,label\nAC,\"x\"y\n", -1, NULL, BA_ERR_TABLE, "text after a closing quote", 2, 21},
    {"sequence,label\nAC,x\0y\n", 22, NULL, BA_ERR_TABLE, "a zero byte", 2, 19},
    {"sequence,label\nAC,\"x\0y\"\n", 24, NULL, BA_ERR_TABLE, "a zero byte", 2, 20},
    {"sequence,label\nAC\rGT,x\n", -1, NULL, BA_ERR_TABLE, "a carriage return inside a row", 2, 18},
    {">one\nACGT\n", -1, NULL, BA_ERR_TABLE, "there is no column \"sequence\"", 1, 0},
    {"\x89PNG\r\n\x1a\n\0\0", 10, NULL, BA_ERR_TABLE, "there is no column \"sequence\"", 1, 0},
};

static void test_refusals(void **state) {
  fixture *f = *state;
  OK(f->context, add(f, "sequence,label,weight\nACGTN,1,1\nAC,0,0\n", -1, NULL));
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
    const refusal *r = &refusals[i];
    int64_t record, byte, bases, ambiguous, left_out;
    const ba_status status = add(f, r->text, r->n, r->options);
    const char *message = ba_context_error_message(f->context);
    ba_context_error_position(f->context, &record, &byte);
    if (status != r->status || !strstr(message, r->message) || record != r->record || byte != r->byte)
      fail_msg("case %d: %s: %s (record %lld, byte %lld)", (int)i, ba_status_name(status), message, (long long)record,
               (long long)byte);
    assert_memory_equal(message, f->path, strlen(f->path)); /* the file comes first */
    ba_dataset_counters(f->dataset, &bases, &ambiguous, &left_out);
    assert_true(bases == 5 && ambiguous == 1 && left_out == 1);
    assert_int_equal(ba_dataset_rows(f->dataset, BA_PART_ALL), 1);
    assert_int_equal(ba_dataset_classes(f->dataset), 1);
  }
  /* An error late in a large file, after good rows of new classes. */
  static char text[400000];
  int64_t n = snprintf(text, sizeof text, "sequence,label\n");
  for (int32_t i = 0; i < 15000; i++) n += snprintf(text + n, 40, "ACGTACGTAC,c%d\n", i % 500);
  const int64_t at = n;
  n += snprintf(text + n, 40, "AC?T,x\n");
  int64_t record, byte;
  REFUSED(f->context, add(f, text, n, NULL), BA_ERR_TABLE, "letter 3 of the sequence is \"?\"");
  ba_context_error_position(f->context, &record, &byte);
  assert_true(record == 15002 && byte == at);
  assert_int_equal(ba_dataset_classes(f->dataset), 1);
  OK(f->context, add(f, text, at, NULL));
  assert_int_equal(ba_dataset_rows(f->dataset, BA_PART_ALL), 15001);
  assert_int_equal(ba_dataset_classes(f->dataset), 501);
}

/* Batches one after the other are the rows of the file. */
static void test_batches(void **state) {
  static const char text[] =
      "label,sequence,weight,name,group,split\n"
      "a,ACGT,1,one,g,train\nb,AC,2,two,,dev\na,,0,left,g,train\nb,NNN,1,three,h,test\n"
      "c,ACGTTT,0.5,four,g,train\na,G,1,five,,train\n";
  fixture *f = *state;
  ba_feed *feed = NULL;
  ba_dataset *dataset = NULL;
  OK(f->context, add(f, text, -1, NULL));
  ba_dataset *whole = f->dataset;
  OK(f->context, ba_feed_open(f->context, f->path, NULL, &feed));
  for (int64_t row = 0, most = 2; row < 5; row += most) {
    const int64_t count = row + most < 5 ? most : 5 - row;
    ba_records *ours = NULL, *theirs = NULL;
    OK(f->context, ba_feed_next(feed, most, &dataset));
    assert_int_equal(ba_dataset_rows(dataset, BA_PART_ALL), count);
    OK(f->context, ba_dataset_records(dataset, 0, count, &ours));
    OK(f->context, ba_dataset_records(whole, row, count, &theirs));
    for (int64_t i = 0; i < count; i++) {
      int32_t labels[2], parts[2];
      double weights[2];
      int64_t n[4];
      const char *names[] = {ba_records_name(ours, i, &n[0]), ba_records_name(theirs, i, &n[1])};
      const char *letters[] = {ba_records_sequence(ours, i, &n[2]), ba_records_sequence(theirs, i, &n[3])};
      OK(f->context, ba_dataset_row(dataset, i, &labels[0], &weights[0], &parts[0], NULL));
      OK(f->context, ba_dataset_row(whole, row + i, &labels[1], &weights[1], &parts[1], NULL));
      assert_true(n[0] == n[1] && n[2] == n[3] && weights[0] == weights[1] && parts[0] == parts[1]);
      assert_memory_equal(names[0], names[1], (size_t)n[0]);
      assert_memory_equal(letters[0], letters[1], (size_t)n[2]);
      assert_string_equal(ba_dataset_class_name(dataset, labels[0]), ba_dataset_class_name(whole, labels[1]));
      const char *ours_in = ba_dataset_group(dataset, i), *theirs_in = ba_dataset_group(whole, row + i);
      assert_string_equal(ours_in ? ours_in : "none", theirs_in ? theirs_in : "none");
    }
    ba_records_release(ours);
    ba_records_release(theirs);
    ba_dataset_destroy(dataset);
  }
  assert_int_equal(ba_feed_next(feed, 2, &dataset), BA_END);
  assert_null(dataset);
  assert_int_equal(ba_feed_next(feed, 2, &dataset), BA_END);
  ba_feed_close(feed);
}

static void test_batches_that_fail(void **state) {
  fixture *f = *state;
  ba_feed *feed = NULL;
  ba_dataset *dataset = NULL;
  OK(f->context, add(f, "x,y\nACGT,1\nAC,2\n", -1, "sequence=x, label=y"));
  temp_write(f->path, f->folder, "rows.csv", "x,y\nACGT,1\nAC\nAC,2\n", 20);
  REFUSED(f->context, ba_feed_open(f->context, f->path, "colour=x", &feed), BA_ERR_RECIPE, "no option \"colour\"");
  REFUSED(f->context, ba_feed_open(f->context, "/nonexistent/x", NULL, &feed), BA_ERR_IO, "/nonexistent/x");
  REFUSED(f->context, ba_feed_open(f->context, NULL, NULL, &feed), BA_ERR_ARGUMENT, "a path");
  REFUSED(f->context, ba_feed_open(f->context, f->path, NULL, NULL), BA_ERR_ARGUMENT, "a path");
  assert_int_equal(ba_feed_open(NULL, f->path, NULL, &feed), BA_ERR_ARGUMENT);
  assert_int_equal(ba_feed_next(NULL, 1, &dataset), BA_ERR_ARGUMENT);
  assert_null(feed);
  OK(f->context, ba_feed_open(f->context, f->path, "sequence=x, label=y", &feed));
  REFUSED(f->context, ba_feed_next(feed, 0, &dataset), BA_ERR_ARGUMENT, "1 row or more");
  REFUSED(f->context, ba_feed_next(feed, 1, NULL), BA_ERR_ARGUMENT, "a place");
  OK(f->context, ba_feed_next(feed, 1, &dataset));
  ba_dataset_destroy(dataset);
  REFUSED(f->context, ba_feed_next(feed, 1, &dataset), BA_ERR_TABLE, "record 3, byte 11: 1 fields; expected 2");
  REFUSED(f->context, ba_feed_next(feed, 1, &dataset), BA_ERR_TABLE, "a row before this one");
  assert_null(dataset);
  ba_feed_close(feed);
  temp_write(f->path, f->folder, "rows.csv", "", 0);
  OK(f->context, ba_feed_open(f->context, f->path, NULL, &feed));
  REFUSED(f->context, ba_feed_next(feed, 1, &dataset), BA_ERR_TABLE, "the table is empty");
  ba_feed_close(feed);
  temp_write(f->path, f->folder, "rows.csv", "sequence,label\n", 15);
  OK(f->context, ba_feed_open(f->context, f->path, NULL, &feed));
  assert_int_equal(ba_feed_next(feed, 1, &dataset), BA_END);
  ba_feed_close(feed);
}

static ba_status life(ba_context *context, void *argument) {
  ba_dataset *dataset = NULL;
  ba_status status = ba_dataset_create(context, NULL, &dataset);
  if (!status) status = ba_dataset_add_file(dataset, argument, "group=2");
  if (dataset) {
    assert_int_equal(ba_dataset_rows(dataset, BA_PART_ALL), status ? 0 : 3);
    assert_int_equal(ba_dataset_classes(dataset), status ? 0 : 2);
  }
  ba_dataset_destroy(dataset);
  return status;
}

static ba_status life_in_batches(ba_context *context, void *argument) {
  ba_feed *feed = NULL;
  ba_dataset *dataset = NULL;
  ba_status status = ba_feed_open(context, argument, NULL, &feed);
  while (!status) {
    status = ba_feed_next(feed, 2, &dataset);
    ba_dataset_destroy(dataset);
  }
  ba_feed_close(feed);
  return status == BA_END ? BA_OK : status;
}

static void test_every_failing_allocation(void **state) {
  fixture *f = *state;
  const char *text = "sequence,label,name\nACGTN,x,one\nACG,y,two\nNN,x,three\n";
  char path[TEMP_PATH];
  temp_write(path, f->folder, "rows.csv", text, (int64_t)strlen(text));
  assert_true(fault_sweep(life, path) > 15);
  assert_true(fault_sweep(life_in_batches, path) > 20);
  temp_join(path, f->folder, "rows.csv.gz");
  gzFile file = gzopen(path, "wb");
  assert_non_null(file);
  gzputs(file, text);
  gzclose(file);
  assert_true(fault_sweep(life, path) > 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_usual_names, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_columns_by_name_and_number, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_quotes_marks_and_line_ends, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_gzip, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_batches, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_batches_that_fail, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_every_failing_allocation, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
