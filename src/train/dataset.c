/* SPDX-License-Identifier: MIT
 *
 * dataset.c: packed sequences with labels, weights, groups and parts.
 */
#include "train/dataset.h"

#include <string.h>

#include "seq/reader.h"
#include "seq/records.h"

#define BATCH_RECORDS 4096
#define ODD_ROWS 64

static int64_t at_i64(const bai_vector *vector, int64_t index) {
  return ((const int64_t *)vector->data)[index];
}

static int32_t at_i32(const bai_vector *vector, int64_t index) {
  return ((const int32_t *)vector->data)[index];
}

ba_status ba_dataset_create(ba_context *context, const char *options, ba_dataset **out) {
  ba_status status = bai_enter(context);
  if (status) return status;
  int32_t keeps_quality = 0, drops_names = 0;
  const bai_option table[] = {{"quality", 'w', "drop|keep", 0, 0, &keeps_quality},
                              {"names", 'w', "keep|drop", 0, 0, &drops_names},
                              {NULL, 0, NULL, 0, 0, NULL}};
  ba_dataset *dataset = NULL;
  if (!out) status = bai_fail(context, BA_ERR_ARGUMENT, "dataset: expected a place for the result");
  if (!status) *out = NULL;
  if (!status) status = bai_options_parse(context, options, table);
  if (!status) status = bai_alloc_zero(context, 1, sizeof *dataset, &dataset);
  if (!status) {
    dataset->context = bai_context_retain(context);
    dataset->keeps_quality = keeps_quality;
    dataset->drops_names = drops_names;
  }
  if (status)
    ba_dataset_destroy(dataset);
  else
    *out = dataset;
  return bai_leave(context, status);
}

void ba_dataset_destroy(ba_dataset *dataset) {
  if (!dataset) return;
  ba_context *context = dataset->context;
  bai_vector *parts[] = {&dataset->packed,        &dataset->places,    &dataset->odd_rows,   &dataset->exceptions,
                         &dataset->names,         &dataset->name_ends, &dataset->labels,     &dataset->odd_starts,
                         &dataset->weights,       &dataset->groups,    &dataset->parts,      &dataset->folds,
                         &dataset->class_order,   &dataset->times,     &dataset->offsets,    &dataset->symbols,
                         &dataset->symbol_starts, &dataset->tables,    &dataset->table_rows, &dataset->csr_columns,
                         &dataset->csr_values,    &dataset->csr_starts};
  for (int64_t i = 0; i < dataset->tables.count; i++)
    ba_table_release(((bai_dataset_table *)dataset->tables.data)[i].table);
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) bai_vector_free(context, parts[i]);
  bai_names_free(context, &dataset->classes);
  bai_names_free(context, &dataset->group_names);
  bai_names_free(context, &dataset->roles);
  bai_free(context, dataset);
  bai_context_release(context);
}

/* ---- adding ---- */

/* Counts go back; memory that grew stays. Names seen by a failed call stay known too: they number nothing. */
void bai_dataset_restore(ba_dataset *dataset, const ba_dataset *before) {
  while (dataset->tables.count > before->tables.count)
    ba_table_release(((bai_dataset_table *)dataset->tables.data)[--dataset->tables.count].table);
  dataset->rows = before->rows;
  dataset->table_rows.count = before->table_rows.count;
  dataset->csr_columns.count = before->csr_columns.count;
  dataset->csr_values.count = before->csr_values.count;
  dataset->csr_starts.count = before->csr_starts.count;
  dataset->packed.count = before->packed.count;
  dataset->usual_length = before->usual_length;
  dataset->places.count = before->places.count;
  dataset->exceptions.count = before->exceptions.count;
  dataset->odd_rows.count = before->odd_rows.count;
  dataset->odd_starts.count = before->odd_starts.count;
  dataset->symbols.count = before->symbols.count;
  dataset->symbol_starts.count = before->symbol_starts.count;
  dataset->names.count = before->names.count;
  dataset->name_ends.count = before->name_ends.count;
  dataset->labels.count = before->labels.count;
  dataset->weights.count = before->weights.count;
  dataset->groups.count = before->groups.count;
  dataset->times.count = before->times.count;
  dataset->offsets.count = before->offsets.count;
  dataset->parts.count = before->parts.count;
  dataset->folds.count = before->folds.count;
  dataset->longest = before->longest;
  dataset->bases = before->bases;
  dataset->ambiguous = before->ambiguous;
  dataset->left_out = before->left_out;
  dataset->duplicates = before->duplicates;
  if (dataset->classes.offsets.count > before->classes.offsets.count) {
    /* A class that only failed rows had must not appear: rebuild the dictionary's view of it. */
    dataset->classes.offsets.count = before->classes.offsets.count;
    dataset->classes.bytes.count = before->classes.bytes.count;
    int32_t *table = dataset->classes.table.data;
    const int32_t known = (int32_t)before->classes.offsets.count;
    for (int64_t i = 0; i < dataset->classes.table.count; i++)
      if (table[i] > known) table[i] = 0;
  }
  dataset->class_order.count = 0;
}

/* Packs the letters four a byte and lists what two bits cannot say. */
static ba_status pack_bases(ba_dataset *dataset, const char *letters, int64_t length, int64_t *ambiguous) {
  ba_context *context = dataset->context;
  const bai_kernels *kernels = bai_kernels_of(context);
  uint8_t codes[1024]; /* a multiple of four, so that pieces join on a byte */
  ba_status status = bai_vector_reserve(context, &dataset->packed, (length + 3) / 4, 1);
  *ambiguous = 0;
  for (int64_t at = 0; !status && at < length && 4 * *ambiguous <= length; at += (int64_t)sizeof codes) {
    const int64_t n = length - at < (int64_t)sizeof codes ? length - at : (int64_t)sizeof codes;
    const int64_t others = kernels->encode(codes, (const uint8_t *)letters + at, n);
    *ambiguous += others;
    for (int64_t i = 0; others && !status && i < n; i++) {
      if (codes[i] < 4) continue;
      char letter = letters[at + i];
      if (letter >= 'a' && letter <= 'z') letter = (char)(letter - 32);
      const bai_exception exception = {at + i, letter};
      status = bai_vector_append(context, &dataset->exceptions, &exception, 1, sizeof exception);
    }
    if (status) return status;
    kernels->pack((uint8_t *)dataset->packed.data + dataset->packed.count, codes, n);
    dataset->packed.count += (n + 3) / 4;
  }
  return status;
}

static ba_status keep_symbols(ba_dataset *dataset, const char *symbols, int64_t length) {
  const int64_t start = symbols ? dataset->symbols.count : -1;
  if (!dataset->keeps_quality) return BA_OK;
  ba_status status = bai_vector_append(dataset->context, &dataset->symbol_starts, &start, 1, 8);
  if (!status && symbols) status = bai_vector_append(dataset->context, &dataset->symbols, symbols, length, 1);
  return status;
}

/* Five bits a letter, from the lowest on: A to Z are 0 to 25. */
static const char wide_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ*-.";

static ba_status pack_wide(ba_dataset *dataset, const char *letters, int64_t length) {
  const ba_status status = bai_vector_reserve(dataset->context, &dataset->packed, (5 * length + 7) / 8, 1);
  if (status) return status;
  uint8_t *to = (uint8_t *)dataset->packed.data + dataset->packed.count;
  uint32_t bits = 0;
  int32_t count = 0;
  for (int64_t i = 0; i < length; i++) {
    const uint8_t letter = (uint8_t)letters[i];
    const uint32_t code = letter >= 'A' ? (letter & 0x1fu) - 1 : letter == '*' ? 26 : letter == '-' ? 27 : 28;
    bits |= code << count;
    count += 5;
    if (count < 8) continue;
    *to++ = (uint8_t)bits;
    bits >>= 8;
    count -= 8;
  }
  if (count > 0) *to = (uint8_t)bits;
  dataset->packed.count += (5 * length + 7) / 8;
  return BA_OK;
}

static void unpack_wide(const uint8_t *packed, int64_t first, int64_t n, char *letters) {
  for (int64_t i = 0; i < n; i++) {
    const int64_t bit = 5 * (first + i);
    uint32_t code = packed[bit / 8];
    if (bit % 8 > 3) code |= (uint32_t)packed[bit / 8 + 1] << 8;
    letters[i] = wide_letters[code >> bit % 8 & 31];
  }
}

/* Makes a list of one item a row hold all rows, where those without one have the usual. */
static ba_status hold(ba_dataset *dataset, bai_vector *items, const void *usual, int64_t size) {
  ba_status status = bai_vector_reserve(dataset->context, items, dataset->rows - items->count, size);
  while (!status && items->count < dataset->rows) status = bai_vector_append(dataset->context, items, usual, 1, size);
  return status;
}

/* The usual item is not kept while all rows before have it too. */
static ba_status add_item(ba_dataset *dataset, bai_vector *items, const void *item, const void *usual, int64_t size) {
  if (items->count == 0 && memcmp(item, usual, (size_t)size) == 0) return BA_OK;
  const ba_status status = items->count < dataset->rows ? hold(dataset, items, usual, size) : BA_OK;
  return status ? status : bai_vector_append(dataset->context, items, item, 1, size);
}

static const int32_t no_group = -1, no_fold = -1, train_part = BA_PART_TRAIN;

ba_status bai_dataset_hold_parts(ba_dataset *dataset) {
  return hold(dataset, &dataset->parts, &train_part, 4);
}

ba_status bai_dataset_hold_folds(ba_dataset *dataset) {
  return hold(dataset, &dataset->folds, &no_fold, 4);
}

/* Where the row begins, which has `length` letters. */
static ba_status add_place(ba_dataset *dataset, int64_t start, int64_t length, int32_t wide) {
  ba_context *context = dataset->context;
  if (dataset->rows == 0) dataset->usual_length = length;
  if (dataset->places.count == 0 && !wide && length == dataset->usual_length) return BA_OK;
  const int64_t usual = dataset->usual_length, bytes = (usual + 3) / 4, place = 8 * start + 4 * wide + length % 4;
  ba_status status = bai_vector_reserve(context, &dataset->places, dataset->rows + 1 - dataset->places.count, 8);
  if (status) return status;
  for (int64_t row = dataset->places.count; row < dataset->rows; row++)
    ((int64_t *)dataset->places.data)[row] = 8 * row * bytes + usual % 4;
  dataset->places.count = dataset->rows;
  return bai_vector_append(context, &dataset->places, &place, 1, 8);
}

/* `exceptions`: how many there were before the row. */
static ba_status add_odd_row(ba_dataset *dataset, int64_t exceptions) {
  const bai_odd_row odd = {dataset->rows, exceptions};
  ba_status status = BA_OK;
  if (dataset->rows % ODD_ROWS == 0)
    status = bai_vector_append(dataset->context, &dataset->odd_starts, &dataset->odd_rows.count, 1, 8);
  if (status || exceptions == dataset->exceptions.count) return status;
  return bai_vector_append(dataset->context, &dataset->odd_rows, &odd, 1, sizeof odd);
}

static ba_status add_letters(ba_dataset *dataset, const char *letters, int64_t length) {
  const int64_t packed = dataset->packed.count, exceptions = dataset->exceptions.count;
  int64_t ambiguous;
  int32_t wide = 0;
  ba_status status = pack_bases(dataset, letters, length, &ambiguous);
  if (!status && 4 * ambiguous > length) {
    dataset->packed.count = packed;
    dataset->exceptions.count = exceptions;
    wide = 1;
    status = pack_wide(dataset, letters, length);
    ambiguous = 0;
    for (int64_t i = 0; i < length; i++) ambiguous += memchr("ACGTUacgtu", letters[i], 10) == NULL;
  }
  dataset->ambiguous += ambiguous;
  if (!status) status = add_place(dataset, packed, length, wide);
  return status ? status : add_odd_row(dataset, exceptions);
}

static ba_status add_name(ba_dataset *dataset, const char *name, int64_t length) {
  const int64_t none = 0;
  if (dataset->drops_names || (length == 0 && dataset->name_ends.count == 0)) return BA_OK;
  ba_status status = bai_vector_append(dataset->context, &dataset->names, name, length, 1);
  if (!status && dataset->name_ends.count < dataset->rows) status = hold(dataset, &dataset->name_ends, &none, 8);
  return status ? status : bai_vector_append(dataset->context, &dataset->name_ends, &dataset->names.count, 1, 8);
}

static ba_status add_sparse(ba_dataset *dataset, const bai_sparse *sparse) {
  ba_context *context = dataset->context;
  const int64_t zero = 0;
  ba_status status = BA_OK;
  if (dataset->csr_starts.count == 0) status = bai_vector_append(context, &dataset->csr_starts, &zero, 1, 8);
  if (!status) status = bai_vector_append(context, &dataset->csr_columns, sparse->columns, sparse->count, 4);
  if (!status) status = bai_vector_append(context, &dataset->csr_values, sparse->values, sparse->count, 8);
  return status ? status : bai_vector_append(context, &dataset->csr_starts, &dataset->csr_columns.count, 1, 8);
}

ba_status bai_dataset_add_row(ba_dataset *dataset, const bai_new_row *row) {
  ba_context *context = dataset->context;
  if (!(row->weight >= 0.0) || row->weight > 1e300)
    return bai_fail(context, BA_ERR_LABEL, "weight %g; expected a number of 0 or more", row->weight);
  if (row->weight == 0.0) {
    dataset->left_out++;
    return BA_OK;
  }
  if (row->label_length == 0) return bai_fail(context, BA_ERR_LABEL, "the label is empty; expected a class name");
  if (memchr(row->label, 0, (size_t)row->label_length))
    return bai_fail(context, BA_ERR_LABEL, "the label has a zero byte; expected text");
  if (!bai_is_class_name(row->label, row->label_length))
    return bai_fail(context, BA_ERR_LABEL, "the label has a control byte; expected text on one line, without tabs");
  int32_t label, group = no_group;
  const double one = 1.0, zero = 0.0, none = bai_not_a_number();
  ba_status status = bai_names_index(context, &dataset->classes, row->label, row->label_length, &label);
  if (!status && row->group)
    status = bai_names_index(context, &dataset->group_names, row->group, row->group_length, &group);
  if (!status && row->sparse) status = add_sparse(dataset, row->sparse);
  if (!status) status = add_letters(dataset, row->letters, row->sparse ? 0 : row->letters_length);
  if (!status) status = keep_symbols(dataset, row->symbols, row->letters_length);
  if (!status) status = add_name(dataset, row->name, row->name_length);
  if (!status) status = bai_vector_append(context, &dataset->labels, &label, 1, 4);
  if (!status) status = add_item(dataset, &dataset->weights, &row->weight, &one, 8);
  if (!status) status = add_item(dataset, &dataset->groups, &group, &no_group, 4);
  if (!status) status = add_item(dataset, &dataset->times, row->time ? row->time : &none, &none, 8);
  if (!status) status = add_item(dataset, &dataset->offsets, row->offset ? row->offset : &zero, &zero, 8);
  if (!status) status = add_item(dataset, &dataset->parts, &row->part, &train_part, 4);
  if (!status) status = add_item(dataset, &dataset->folds, &no_fold, &no_fold, 4);
  if (!status && dataset->tables.count)
    status = bai_vector_append(context, &dataset->table_rows, &row->table_row, 1, 8);
  if (status) return status;
  dataset->rows++;
  dataset->bases += row->letters_length;
  dataset->class_order.count = 0;
  if (row->letters_length > dataset->longest) dataset->longest = row->letters_length;
  return BA_OK;
}

/* `labels` and the like may be NULL: then `label` holds for all. */
static ba_status add_records(ba_dataset *dataset, const ba_records *records, const char *const *labels,
                             const char *label, const double *weights, const char *const *groups, int32_t part) {
  ba_context *context = dataset->context;
  for (int64_t i = 0; i < ba_records_count(records); i++) {
    bai_new_row row = {0};
    row.letters = ba_records_sequence(records, i, &row.letters_length);
    row.symbols = ba_records_quality(records, i, NULL);
    row.name = ba_records_name(records, i, &row.name_length);
    row.label = labels ? labels[i] : label;
    row.group = groups ? groups[i] : NULL;
    if (!row.label) return bai_fail_at(context, BA_ERR_LABEL, i + 1, -1, "the label is NULL; expected a text");
    row.label_length = bai_length(row.label);
    row.group_length = row.group ? bai_length(row.group) : 0;
    row.weight = weights ? weights[i] : 1.0;
    row.part = part;
    const ba_status status = bai_dataset_add_row(dataset, &row);
    if (status == BA_ERR_LABEL) {
      char message[400];
      bai_format(message, sizeof message, "%s", context->message);
      return bai_fail_at(context, status, i + 1, -1, "%s", message);
    }
    if (status) return status;
  }
  return BA_OK;
}

/* Each row of a dataset with a table, or with sparse rows, has one of them. */
static ba_status check_takes_sequences(const ba_dataset *dataset) {
  const int32_t sparse = bai_dataset_is_sparse(dataset);
  if (dataset->tables.count == 0 && !sparse) return BA_OK;
  return bai_fail(dataset->context, BA_ERR_ARGUMENT, "the dataset holds %s; expected one of its own for the sequences",
                  sparse ? "sparse rows" : "rows of a table");
}

ba_status ba_dataset_add_records(ba_dataset *dataset, const ba_records *records, const char *const *labels,
                                 const double *weights, const char *const *groups, int32_t part) {
  if (!dataset) return BA_ERR_ARGUMENT;
  ba_context *context = dataset->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  const ba_dataset before = *dataset;
  if (!records || !labels || part < BA_PART_TRAIN || part > BA_PART_TEST)
    status = bai_fail(context, BA_ERR_ARGUMENT, "dataset: expected records, labels, and a part from 0 to 2");
  if (!status) status = check_takes_sequences(dataset);
  if (!status) status = add_records(dataset, records, labels, NULL, weights, groups, part);
  if (status) bai_dataset_restore(dataset, &before);
  return bai_leave(context, status);
}

static ba_status add_sequences(ba_dataset *dataset, const char *path, const char *label, int32_t part) {
  ba_context *context = dataset->context;
  ba_reader *reader;
  ba_status status = bai_reader_open_path(context, path, dataset->keeps_quality ? "" : "qualities=skip", &reader);
  if (status) return status;
  while (!status) {
    ba_records *records = NULL;
    status = bai_reader_next_inner(reader, BATCH_RECORDS, &records);
    if (!status) status = add_records(dataset, records, NULL, label, NULL, NULL, part);
    if (!status) status = bai_check_cancel(context);
    ba_records_release(records);
  }
  ba_reader_close(reader);
  return status == BA_END ? BA_OK : status;
}

ba_status ba_dataset_add_file(ba_dataset *dataset, const char *path, const char *options) {
  if (!dataset) return BA_ERR_ARGUMENT;
  ba_context *context = dataset->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  char label[BAI_OPTION_TEXT] = "";
  bai_columns columns = {"", "", "", "", "", "", "", ""};
  int32_t part = BA_PART_TRAIN;
  const bai_option table[] = {{"class", 't', NULL, 0, 0, label},
                              {"part", 'w', "train|dev|test", 0, 0, &part},
                              BAI_COLUMN_OPTIONS(columns),
                              {NULL, 0, NULL, 0, 0, NULL}};
  const ba_dataset before = *dataset;
  if (!path) status = bai_fail(context, BA_ERR_ARGUMENT, "dataset: expected a path");
  if (!status) status = check_takes_sequences(dataset);
  if (!status) status = bai_options_parse(context, options, table);
  if (!status)
    status = label[0] ? add_sequences(dataset, path, label, part) : bai_dataset_add_csv(dataset, path, &columns, part);
  if (status) bai_dataset_restore(dataset, &before);
  return bai_leave(context, status);
}

/* ---- asking ---- */

ba_status bai_dataset_check_context(ba_context *context, const ba_dataset *dataset) {
  if (dataset->context == context) return BA_OK;
  return bai_fail(context, BA_ERR_ARGUMENT, "the dataset was made from another context; expected one context for both");
}

int64_t ba_dataset_rows(const ba_dataset *dataset, int32_t part) {
  if (!dataset) return 0;
  if (part == BA_PART_ALL) return dataset->rows;
  int64_t rows = 0;
  for (int64_t i = 0; i < dataset->rows; i++) rows += bai_dataset_part(dataset, i) == part;
  return rows;
}

void ba_dataset_counters(const ba_dataset *dataset, int64_t *bases, int64_t *ambiguous, int64_t *left_out) {
  if (bases) *bases = dataset ? dataset->bases : 0;
  if (ambiguous) *ambiguous = dataset ? dataset->ambiguous : 0;
  if (left_out) *left_out = dataset ? dataset->left_out : 0;
}

int64_t ba_dataset_duplicates(const ba_dataset *dataset) {
  return dataset ? dataset->duplicates : 0;
}

void ba_dataset_lengths(const ba_dataset *dataset, int64_t *shortest, int64_t *longest) {
  int64_t least = 0;
  for (int64_t row = 0; dataset && row < dataset->rows; row++)
    if (row == 0 || bai_dataset_length(dataset, row) < least) least = bai_dataset_length(dataset, row);
  if (shortest) *shortest = least;
  if (longest) *longest = dataset ? dataset->longest : 0;
}

int32_t ba_dataset_classes(const ba_dataset *dataset) {
  return dataset ? (int32_t)dataset->classes.offsets.count : 0;
}

static int32_t all_numbers(const bai_names *names) {
  for (int32_t i = 0; i < names->offsets.count; i++) {
    const char *name = bai_names_text(names, i);
    int64_t value;
    if (!bai_parse_i64(name, bai_length(name), &value)) return 0;
  }
  return 1;
}

/* 1 when a comes after b: as numbers if all class names are integers, else by byte. */
static int32_t class_after(const bai_names *names, int32_t numbers, int32_t a, int32_t b) {
  const char *x = bai_names_text(names, a), *y = bai_names_text(names, b);
  if (numbers) {
    int64_t m = 0, n = 0;
    bai_parse_i64(x, bai_length(x), &m);
    bai_parse_i64(y, bai_length(y), &n);
    if (m != n) return m > n;
  }
  return strcmp(x, y) > 0;
}

ba_status bai_dataset_order_classes(ba_context *context, ba_dataset *dataset) {
  const int32_t n = ba_dataset_classes(dataset);
  if (dataset->class_order.count == n) return BA_OK;
  const int32_t numbers = all_numbers(&dataset->classes);
  dataset->class_order.count = 0;
  const ba_status status = bai_vector_reserve(context, &dataset->class_order, n, 4);
  if (status) return status;
  int32_t *order = dataset->class_order.data;
  for (int32_t i = 0; i < n; i++) {
    int32_t at = i;
    for (; at > 0 && class_after(&dataset->classes, numbers, order[at - 1], i); at--) order[at] = order[at - 1];
    order[at] = i;
  }
  dataset->class_order.count = n;
  return BA_OK;
}

int32_t bai_dataset_label(const ba_dataset *dataset, int64_t row) {
  const int32_t *order = dataset->class_order.data;
  int32_t label = 0;
  while (order[label] != at_i32(&dataset->labels, row)) label++;
  return label;
}

ba_status bai_dataset_number(ba_context *context, const ba_dataset *dataset, int64_t row, double least, double *value) {
  const char *text = bai_names_text(&dataset->classes, at_i32(&dataset->labels, row));
  if (bai_parse_f64(text, bai_length(text), value) && *value - *value == 0.0 && *value >= least) return BA_OK;
  return bai_fail_at(context, BA_ERR_LABEL, row + 1, -1, "the label is \"%s\"; expected a %s", text,
                     least == 0.0 ? "number of 0 or more" : "finite number");
}

double bai_dataset_offset(const ba_dataset *dataset, int64_t row) {
  return row < dataset->offsets.count ? ((const double *)dataset->offsets.data)[row] : 0.0;
}

double bai_dataset_weight(const ba_dataset *dataset, int64_t row) {
  return row < dataset->weights.count ? ((const double *)dataset->weights.data)[row] : 1.0;
}

int32_t bai_dataset_part(const ba_dataset *dataset, int64_t row) {
  return row < dataset->parts.count ? at_i32(&dataset->parts, row) : BA_PART_TRAIN;
}

int32_t bai_dataset_fold(const ba_dataset *dataset, int64_t row) {
  return row < dataset->folds.count ? at_i32(&dataset->folds, row) : -1;
}

int32_t bai_dataset_group(const ba_dataset *dataset, int64_t row) {
  return row < dataset->groups.count ? at_i32(&dataset->groups, row) : -1;
}

const int32_t *bai_dataset_groups(const ba_dataset *dataset) {
  return dataset->groups.count ? dataset->groups.data : NULL;
}

const char *ba_dataset_class_name(const ba_dataset *dataset, int32_t index) {
  if (!dataset || index < 0 || index >= ba_dataset_classes(dataset)) return NULL;
  if (dataset->class_order.count == ba_dataset_classes(dataset))
    return bai_names_text(&dataset->classes, at_i32(&dataset->class_order, index));
  /* Without memory to sort in: the class that `index` others come before. */
  const int32_t numbers = all_numbers(&dataset->classes), n = ba_dataset_classes(dataset);
  for (int32_t i = 0; i < n; i++) {
    int32_t before = 0;
    for (int32_t j = 0; j < n; j++) before += j != i && class_after(&dataset->classes, numbers, i, j);
    if (before == index) return bai_names_text(&dataset->classes, i);
  }
  return NULL;
}

/* The first byte of a row, or of what would come after the last. */
static int64_t first_byte(const ba_dataset *dataset, int64_t row) {
  if (dataset->places.count == 0) return row * ((dataset->usual_length + 3) / 4);
  return row < dataset->rows ? at_i64(&dataset->places, row) >> 3 : dataset->packed.count;
}

int64_t bai_dataset_length(const ba_dataset *dataset, int64_t row) {
  if (bai_dataset_is_sparse(dataset)) return bai_dataset_sparse(dataset, row).count;
  if (dataset->places.count == 0) return dataset->usual_length;
  /* Up to four lengths have as many bytes, and the place says which. */
  const int64_t bytes = first_byte(dataset, row + 1) - first_byte(dataset, row),
                rest = at_i64(&dataset->places, row) & 3;
  const int64_t most = bai_dataset_is_wide(dataset, row) ? 8 * bytes / 5 : 4 * bytes;
  return most - ((most - rest) & 3);
}

ba_status ba_dataset_row(ba_dataset *dataset, int64_t row, int32_t *label, double *weight, int32_t *part,
                         int32_t *fold) {
  if (!dataset) return BA_ERR_ARGUMENT;
  ba_context *context = dataset->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  if (row < 0 || row >= dataset->rows)
    status = bai_fail(context, BA_ERR_ARGUMENT, "row %lld; expected 0 to %lld", (long long)row,
                      (long long)dataset->rows - 1);
  if (!status) status = bai_dataset_order_classes(context, dataset);
  if (!status) {
    if (label) *label = bai_dataset_label(dataset, row);
    if (weight) *weight = bai_dataset_weight(dataset, row);
    if (part) *part = bai_dataset_part(dataset, row);
    if (fold) *fold = bai_dataset_fold(dataset, row);
  }
  return bai_leave(context, status);
}

const uint8_t *bai_dataset_packed(const ba_dataset *dataset, int64_t row, int64_t *bytes) {
  const int64_t first = first_byte(dataset, row);
  *bytes = first_byte(dataset, row + 1) - first;
  return *bytes ? (const uint8_t *)dataset->packed.data + first : NULL;
}

int32_t bai_dataset_is_wide(const ba_dataset *dataset, int64_t row) {
  return dataset->places.count > 0 && (at_i64(&dataset->places, row) & 4) != 0;
}

const bai_exception *bai_dataset_exceptions(const ba_dataset *dataset, int64_t row, int64_t *count) {
  const bai_odd_row *odd = dataset->odd_rows.data;
  const int64_t block = row / ODD_ROWS, blocks = dataset->odd_starts.count;
  int64_t low = at_i64(&dataset->odd_starts, block);
  int64_t high = block + 1 < blocks ? at_i64(&dataset->odd_starts, block + 1) : dataset->odd_rows.count;
  const int64_t end = high;
  *count = 0;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (odd[middle].row < row)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == end || odd[low].row != row) return NULL;
  const int64_t after = low + 1 < dataset->odd_rows.count ? odd[low + 1].first : dataset->exceptions.count;
  *count = after - odd[low].first;
  return (const bai_exception *)dataset->exceptions.data + odd[low].first;
}

static int64_t wide_codes(const bai_kernels *kernels, const uint8_t *packed, int64_t length, int32_t protein,
                          uint8_t *codes) {
  char letters[1024];
  int64_t others = 0;
  for (int64_t at = 0; at < length; at += (int64_t)sizeof letters) {
    const int64_t n = length - at < (int64_t)sizeof letters ? length - at : (int64_t)sizeof letters;
    unpack_wide(packed, at, n, letters);
    others += bai_encode(kernels, protein, codes + at, letters, n);
  }
  return others;
}

int64_t bai_dataset_codes(const bai_kernels *kernels, const ba_dataset *dataset, int64_t row, int32_t protein,
                          uint8_t *codes) {
  int64_t bytes, count, others = 0;
  if (bai_dataset_is_sparse(dataset)) return 0;
  const int64_t length = bai_dataset_length(dataset, row);
  const uint8_t *packed = bai_dataset_packed(dataset, row, &bytes);
  if (bai_dataset_is_wide(dataset, row)) return wide_codes(kernels, packed, length, protein, codes);
  kernels->unpack(codes, packed, 0, length);
  if (protein) {
    uint8_t residues[4]; /* A, C, G and T are residues too */
    bai_encode(kernels, 1, residues, "ACGT", 4);
    for (int64_t i = 0; i < length; i++) codes[i] = residues[codes[i]];
  }
  const bai_exception *exceptions = bai_dataset_exceptions(dataset, row, &count);
  for (int64_t i = 0; i < count; i++)
    others += bai_encode(kernels, protein, codes + exceptions[i].position, &exceptions[i].letter, 1);
  return others;
}

int32_t bai_dataset_is_sparse(const ba_dataset *dataset) {
  return dataset->csr_starts.count > 0;
}

bai_sparse bai_dataset_sparse(const ba_dataset *dataset, int64_t row) {
  const int64_t from = at_i64(&dataset->csr_starts, row);
  return (bai_sparse){(const uint32_t *)dataset->csr_columns.data + from,
                      (const double *)dataset->csr_values.data + from, at_i64(&dataset->csr_starts, row + 1) - from};
}

int64_t bai_dataset_load(const bai_kernels *kernels, const ba_dataset *dataset, int64_t row, bai_sparse *sparse,
                         bai_row *to) {
  to->symbols = bai_dataset_symbols(dataset, row);
  to->sparse = NULL;
  if (!bai_dataset_is_sparse(dataset)) return bai_dataset_codes(kernels, dataset, row, to->plan->protein, to->codes);
  *sparse = bai_dataset_sparse(dataset, row);
  to->sparse = sparse;
  return 0;
}

char bai_dataset_foreign(const ba_dataset *dataset, int64_t row) {
  const int64_t length = bai_dataset_length(dataset, row);
  int64_t others = 0, bytes;
  const uint8_t *packed = bai_dataset_packed(dataset, row, &bytes);
  char found = 0;
  for (int64_t i = 0; bai_dataset_is_wide(dataset, row) && i < length; i++) {
    char letter;
    unpack_wide(packed, i, 1, &letter);
    const int32_t kind = bai_letter_kind(letter);
    others += kind != BAI_LETTER_BASE;
    if (!found && kind == BAI_LETTER_RESIDUE) found = letter;
  }
  return 2 * others > length ? found : 0;
}

ba_status bai_dataset_check_row(ba_context *context, const ba_dataset *dataset, int64_t row, const bai_plan *plan) {
  const int32_t wants = bai_plan_is_sparse(plan);
  if (wants != bai_dataset_is_sparse(dataset))
    return bai_fail(context, BA_ERR_ARGUMENT, "the recipe reads %s and the dataset holds %s; expected the same",
                    wants ? "sparse rows" : "other rows", wants ? "others" : "sparse rows");
  if (plan->protein || !bai_dataset_is_wide(dataset, row)) return BA_OK;
  return bai_plan_check_letter(context, plan, bai_dataset_foreign(dataset, row), row + 1);
}

/* The letters of a row, in upper case and with T for U unless it has five bits a letter. */
static void row_letters(const bai_kernels *kernels, const ba_dataset *dataset, int64_t row, char *letters) {
  const int64_t length = bai_dataset_length(dataset, row);
  int64_t bytes, count;
  const uint8_t *packed = bai_dataset_packed(dataset, row, &bytes);
  if (bai_dataset_is_wide(dataset, row)) {
    unpack_wide(packed, 0, length, letters);
    return;
  }
  kernels->unpack((uint8_t *)letters, packed, 0, length);
  for (int64_t i = 0; i < length; i++) letters[i] = "ACGT"[(uint8_t)letters[i]];
  const bai_exception *exceptions = bai_dataset_exceptions(dataset, row, &count);
  for (int64_t i = 0; i < count; i++) letters[exceptions[i].position] = exceptions[i].letter;
}

const uint8_t *bai_dataset_symbols(const ba_dataset *dataset, int64_t row) {
  const int64_t start = dataset->keeps_quality ? at_i64(&dataset->symbol_starts, row) : -1;
  return start < 0 ? NULL : (const uint8_t *)dataset->symbols.data + start;
}

static int64_t name_end(const ba_dataset *dataset, int64_t row) {
  return row < dataset->name_ends.count ? at_i64(&dataset->name_ends, row) : 0;
}

static ba_status give_records(ba_context *context, ba_dataset *dataset, int64_t first, int64_t count,
                              ba_records **out) {
  const bai_kernels *kernels = bai_kernels_of(context);
  bai_vector letters = {0, 0, 0}, offsets = {0, 0, 0}, name_offsets = {0, 0, 0};
  bai_vector symbols = {0, 0, 0}, symbol_offsets = {0, 0, 0};
  int64_t at = 0, name_at = 0;
  ba_status status = bai_vector_append(context, &offsets, &at, 1, 8);
  if (!status) status = bai_vector_append(context, &name_offsets, &name_at, 1, 8);
  if (!status) status = bai_vector_append(context, &symbol_offsets, &at, 1, 8);
  const int64_t names_from = first ? name_end(dataset, first - 1) : 0;
  for (int64_t row = first; !status && row < first + count; row++) {
    const int64_t length = bai_dataset_length(dataset, row);
    status = bai_vector_reserve(context, &letters, length, 1);
    if (status) break;
    row_letters(kernels, dataset, row, (char *)letters.data + letters.count);
    letters.count += length;
    const uint8_t *quality = bai_dataset_symbols(dataset, row);
    if (quality) status = bai_vector_append(context, &symbols, quality, length, 1);
    if (!status) status = bai_vector_append(context, &symbol_offsets, &symbols.count, 1, 8);
    if (status) break;
    status = bai_vector_append(context, &offsets, &letters.count, 1, 8);
    name_at = name_end(dataset, row) - names_from;
    if (!status) status = bai_vector_append(context, &name_offsets, &name_at, 1, 8);
  }
  if (!status) {
    const char *names = dataset->names.data ? (const char *)dataset->names.data + names_from : "";
    const bai_texts name_texts = {names, name_offsets.data}, letter_texts = {letters.data, offsets.data};
    const bai_texts quality_texts = {symbols.data, symbol_offsets.data};
    status = bai_records_make(context, name_texts, letter_texts, quality_texts, count, out);
  }
  bai_vector_free(context, &letters);
  bai_vector_free(context, &offsets);
  bai_vector_free(context, &name_offsets);
  bai_vector_free(context, &symbols);
  bai_vector_free(context, &symbol_offsets);
  return status;
}

ba_status ba_dataset_records(ba_dataset *dataset, int64_t first, int64_t count, ba_records **out) {
  if (!dataset) return BA_ERR_ARGUMENT;
  ba_context *context = dataset->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  if (out) *out = NULL;
  if (!out || first < 0 || count < 0 || first > dataset->rows || count > dataset->rows - first)
    status = bai_fail(context, BA_ERR_ARGUMENT, "rows %lld and %lld after; expected them within 0 to %lld",
                      (long long)first, (long long)count, (long long)dataset->rows);
  if (!status) status = give_records(context, dataset, first, count, out);
  return bai_leave(context, status);
}

double ba_dataset_time(const ba_dataset *dataset, int64_t row) {
  if (!dataset || row < 0 || row >= dataset->rows || row >= dataset->times.count) return bai_not_a_number();
  return ((const double *)dataset->times.data)[row];
}

const char *ba_dataset_group(const ba_dataset *dataset, int64_t row) {
  if (!dataset || row < 0 || row >= dataset->rows || bai_dataset_group(dataset, row) < 0) return NULL;
  return bai_names_text(&dataset->group_names, bai_dataset_group(dataset, row));
}
