/* SPDX-License-Identifier: MIT
 *
 * test_file.c: the model file: round trips, damage of every byte, lies under right checksums, and saving.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "model/making.h"
#include "support/fault.h"
#include "support/temp.h"

#define HEADER 64
#define SMALL "PositionKmer(k=1, anchor=start)" /* its golden inputs are as short as its fit */

/* ---- a writer of the format of its own ---- */

typedef struct piece {
  char name[16];
  uint32_t type;
  uint64_t rows, columns, bytes;
  uint8_t *data;
} piece;

typedef struct image {
  int32_t count;
  piece pieces[16];
} image;

static uint32_t crc32c(const uint8_t *data, int64_t n) {
  uint32_t crc = UINT32_MAX;
  for (int64_t i = 0; i < n; i++) {
    crc ^= data[i];
    for (int32_t bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0x82F63B78) : 0);
  }
  return ~crc;
}

static uint64_t get(const uint8_t *at, int32_t bytes) {
  uint64_t value = 0;
  for (int32_t i = bytes - 1; i >= 0; i--) value = value << 8 | at[i];
  return value;
}

static void put(uint8_t *at, int32_t bytes, uint64_t value) {
  for (int32_t i = 0; i < bytes; i++) at[i] = (uint8_t)(value >> 8 * i);
}

/* Makes all checksums right again. Sections that lie outside of the file keep theirs. */
static void repair(uint8_t *file, int64_t n) {
  const int64_t count = (int64_t)get(file + 24, 4);
  for (int64_t i = 0; i < count && HEADER + 64 * (i + 1) <= n; i++) {
    uint8_t *entry = file + HEADER + 64 * i;
    const uint64_t offset = get(entry + 40, 8), bytes = get(entry + 48, 8);
    if (offset <= (uint64_t)n && bytes <= (uint64_t)n - offset)
      put(entry + 56, 4, crc32c(file + offset, (int64_t)bytes));
  }
  put(file + 32, 8, bai_hash_bytes(UINT64_C(0x6261206d6f64656c), file + HEADER, n - HEADER));
  put(file + 60, 4, crc32c(file, 60));
}

static void take_apart(const uint8_t *file, image *out) {
  out->count = (int32_t)get(file + 24, 4);
  assert_in_range(out->count, 1, 16);
  for (int32_t i = 0; i < out->count; i++) {
    const uint8_t *entry = file + HEADER + 64 * i;
    piece *p = &out->pieces[i];
    memcpy(p->name, entry, 16);
    p->type = (uint32_t)get(entry + 16, 4);
    p->rows = get(entry + 24, 8);
    p->columns = get(entry + 32, 8);
    p->bytes = get(entry + 48, 8);
    p->data = malloc(p->bytes + 1);
    assert_non_null(p->data);
    memcpy(p->data, file + get(entry + 40, 8), p->bytes);
  }
}

static uint8_t *put_together(const image *in, int64_t *n) {
  *n = HEADER + 64 * in->count;
  for (int32_t i = 0; i < in->count; i++) *n += (int64_t)(in->pieces[i].bytes + 63) / 64 * 64;
  uint8_t *file = calloc((size_t)*n, 1);
  assert_non_null(file);
  memcpy(file, "BAMODEL\n", 8);
  put(file + 8, 4, 1);
  put(file + 12, 4, 1);
  put(file + 16, 8, (uint64_t)*n);
  put(file + 24, 4, (uint64_t)in->count);
  uint64_t at = (uint64_t)(HEADER + 64 * in->count);
  for (int32_t i = 0; i < in->count; i++) {
    const piece *p = &in->pieces[i];
    uint8_t *entry = file + HEADER + 64 * i;
    memcpy(entry, p->name, 16);
    put(entry + 16, 4, p->type);
    put(entry + 24, 8, p->rows);
    put(entry + 32, 8, p->columns);
    put(entry + 40, 8, at);
    put(entry + 48, 8, p->bytes);
    memcpy(file + at, p->data, p->bytes);
    at += (p->bytes + 63) / 64 * 64;
  }
  repair(file, *n);
  return file;
}

static piece *find(image *in, const char *name) {
  for (int32_t i = 0; i < in->count; i++)
    if (strcmp(in->pieces[i].name, name) == 0) return &in->pieces[i];
  fail_msg("no section %s", name);
  abort();
}

/* Replaces what a section holds. */
static void fill(image *in, const char *name, uint64_t rows, uint64_t columns, const void *data, uint64_t bytes) {
  piece *p = find(in, name);
  free(p->data);
  p->data = calloc(bytes + 1, 1);
  assert_non_null(p->data);
  if (data) memcpy(p->data, data, bytes);
  p->rows = rows;
  p->columns = columns;
  p->bytes = bytes;
}

static void drop(image *in) {
  for (int32_t i = 0; i < in->count; i++) free(in->pieces[i].data);
}

static ba_status load(ba_context *context, const uint8_t *bytes, int64_t n, const char *options) {
  ba_model *model = NULL;
  const ba_status status = ba_model_load_memory(context, bytes, n, options, &model);
  if ((status == BA_OK) != (model != NULL)) fail_msg("status %s and model %p", ba_status_name(status), (void *)model);
  ba_model_release(model);
  return status;
}

/* ---- round trips ---- */

static const char *const recipes[] = {
    SMALL,
    "Kmer(k=1..2)",
    "Kmer(k=3, strand=canonical) + Kmer(k=4, slots=64) + PositionKmer(k=1..2, anchor=end)",
    "PositionKmer(k=8, anchor=start)",
    "Kmer(k=1) + PositionKmer(k=1, anchor=end) | MLP(hidden=3, skip=linear, seeds=2)",
    "Kmer(k=1, ambiguous=error) | Logistic(l2=0.25, solver=adagrad)"};

static void test_round_trips(void **state) {
  ba_context *context = *state;
  char folder[TEMP_PATH], path[TEMP_PATH];
  temp_make(folder);
  temp_join(path, folder, "model.ba");
  for (int32_t i = 0; i < 6; i++) {
    for (int32_t classes = 2; classes <= (i < 5 ? 4 : 2); classes++) {
      ba_model *model = making_model(context, recipes[i], i == 1 || i == 5 ? -1 : 6, classes, (uint64_t)i),
               *again = NULL;
      int64_t n, m, k;
      uint8_t *bytes = making_bytes(context, model, &n);
      assert_int_equal(n % 64, 0);
      /* All or none. */
      uint8_t *room = malloc((size_t)n + 8);
      assert_non_null(room);
      memset(room, 0x77, (size_t)n + 8);
      m = 0;
      OK(context, ba_model_save_memory(context, model, room, n - 1, &m));
      assert_int_equal(m, n);
      for (int64_t b = 0; b < n + 8; b++) assert_int_equal(room[b], 0x77);
      OK(context, ba_model_save_memory(context, model, room, n + 8, &m));
      assert_memory_equal(room, bytes, (size_t)n);
      assert_int_equal(room[n], 0x77);
      free(room);
      /* Memory and file give the same model, and that the same bytes. */
      OK(context, ba_model_load_memory(context, bytes, n, "selftest=yes", &again));
      uint8_t *second = making_bytes(context, again, &m);
      assert_int_equal(m, n);
      assert_memory_equal(second, bytes, (size_t)n);
      assert_true(again->digest == model->digest);
      OK(context, ba_model_save_path(context, again, path));
      ba_model_release(again);
      uint8_t *file = temp_read(path, &k);
      assert_int_equal(k, n);
      assert_memory_equal(file, bytes, (size_t)n);
      OK(context, ba_model_load_path(context, path, "selftest=yes", &again));
      assert_string_equal(ba_model_recipe(again), ba_model_recipe(model));
      assert_int_equal(temp_count(folder), 1);
      ba_model_release(again);
      ba_model_release(model);
      free(file);
      free(second);
      free(bytes);
    }
  }
  temp_remove(folder);
}

/* What this file's own writer makes of a model's sections is what the library writes. */
static void test_the_format(void **state) {
  static const char *const names[] = {"recipe",        "length",       "classes",        "weights",
                                      "exponents",     "intercepts",   "golden.letters", "golden.offsets",
                                      "golden.scores", "golden.probs", "provenance"};
  ba_model *model = making_model(*state, "Kmer(k=2) + PositionKmer(k=1)", 5, 3, 1);
  int64_t n, m;
  image parts;
  uint8_t *bytes = making_bytes(*state, model, &n);
  take_apart(bytes, &parts);
  assert_int_equal(parts.count, 11);
  for (int32_t i = 0; i < 11; i++) assert_string_equal(parts.pieces[i].name, names[i]);
  assert_int_equal(find(&parts, "weights")->rows, 3);
  assert_int_equal(find(&parts, "weights")->columns, 36);
  assert_int_equal(get(find(&parts, "length")->data, 8), 5);
  for (int32_t i = 0; i < 108; i++)
    assert_int_equal((int32_t)get(find(&parts, "weights")->data + 4 * i, 4), model->members[0].weights[i]);
  assert_memory_equal(find(&parts, "classes")->data, "first\0second\0third", 19);
  uint8_t *own = put_together(&parts, &m);
  assert_int_equal(m, n);
  assert_memory_equal(own, bytes, (size_t)n);
  free(own);
  drop(&parts);
  free(bytes);
  ba_model_release(model);
}

/* ---- damage ---- */

static void test_every_cut(void **state) {
  static const char *const small[] = {SMALL, "Kmer(k=1)", "Kmer(k=1) | MLP(hidden=2, skip=linear)"};
  for (int32_t which = 0; which < 3; which++) {
    ba_model *model = making_model(*state, small[which], which ? -1 : 3, 2, 1);
    int64_t n;
    uint8_t *bytes = making_bytes(*state, model, &n);
    for (int64_t cut = 0; cut < n; cut++) {
      uint8_t *part = malloc((size_t)cut + 1); /* of the exact size, for the sanitizer */
      assert_non_null(part);
      uint8_t *exact = realloc(part, (size_t)cut ? (size_t)cut : 1);
      memcpy(exact, bytes, (size_t)cut);
      assert_int_equal(load(*state, exact, cut, NULL), BA_ERR_MODEL);
      free(exact);
    }
    uint8_t *longer = calloc((size_t)n + 64, 1);
    assert_non_null(longer);
    memcpy(longer, bytes, (size_t)n);
    assert_int_equal(load(*state, longer, n + 1, NULL), BA_ERR_MODEL);
    assert_int_equal(load(*state, longer, n + 64, NULL), BA_ERR_MODEL);
    free(longer);
    free(bytes);
    ba_model_release(model);
  }
}

static void test_every_byte(void **state) {
  static const char *const small[] = {SMALL, "Kmer(k=1)", "Kmer(k=1) | MLP(hidden=2, skip=linear)"};
  for (int32_t which = 0; which < 3; which++) {
    ba_model *model = making_model(*state, small[which], which ? -1 : 3, 2, 1);
    int64_t n;
    uint8_t *bytes = making_bytes(*state, model, &n);
    for (int64_t at = 0; at < n; at++) {
      for (int32_t change = 0; change < 2; change++) {
        const uint8_t kept = bytes[at];
        bytes[at] ^= (uint8_t)(change ? 0x80 : 1 << at % 7);
        const ba_status status = load(*state, bytes, n, NULL);
        if (status != BA_ERR_MODEL && status != BA_ERR_VERSION)
          fail_msg("byte %lld: %s", (long long)at, ba_status_name(status));
        bytes[at] = kept;
      }
    }
    assert_int_equal(load(*state, bytes, n, "selftest=yes"), BA_OK);
    free(bytes);
    ba_model_release(model);
  }
}

static void test_messages_of_damage(void **state) {
  ba_context *context = *state;
  char folder[TEMP_PATH], path[TEMP_PATH];
  ba_model *model = making_model(context, SMALL, 3, 2, 1), *none = NULL;
  int64_t n, byte;
  uint8_t *bytes = making_bytes(context, model, &n);
  temp_make(folder);
  temp_write(path, folder, "cut.ba", bytes, n - 64);
  REFUSED(context, ba_model_load_path(context, path, NULL, &none), BA_ERR_MODEL, path);
  REFUSED(context, ba_model_load_path(context, path, NULL, &none), BA_ERR_MODEL, "its length differs");
  ba_context_error_position(context, NULL, &byte);
  assert_int_equal(byte, n - 64);
  temp_write(path, folder, "text.ba", "ACGT\n", 5);
  REFUSED(context, ba_model_load_path(context, path, NULL, &none), BA_ERR_MODEL, "not a model file");
  temp_write(path, folder, "none.ba", "", 0);
  REFUSED(context, ba_model_load_path(context, path, NULL, &none), BA_ERR_MODEL, "not a model file");
  REFUSED(context, ba_model_load_path(context, folder, NULL, &none), BA_ERR_IO, "directory");
  temp_join(path, folder, "absent.ba");
  REFUSED(context, ba_model_load_path(context, path, NULL, &none), BA_ERR_IO, path);
  assert_null(none);
  temp_remove(folder);
  free(bytes);
  ba_model_release(model);
}

/* ---- versions ---- */

static void test_versions(void **state) {
  ba_model *model = making_model(*state, SMALL, 3, 2, 1);
  int64_t n;
  uint8_t *bytes = making_bytes(*state, model, &n);
  put(bytes + 8, 4, 9);
  repair(bytes, n);
  assert_int_equal(load(*state, bytes, n, "selftest=yes"), BA_OK); /* newer, yet readable */
  put(bytes + 12, 4, 4);
  repair(bytes, n);
  assert_int_equal(load(*state, bytes, n, NULL), BA_ERR_VERSION);
  assert_string_equal(ba_context_error_message(*state),
                      "the model file has format 9 and needs a reader of format 4; this library reads up to 3");
  put(bytes + 12, 4, UINT32_MAX);
  repair(bytes, n);
  assert_int_equal(load(*state, bytes, n, NULL), BA_ERR_VERSION);
  free(bytes);
  ba_model_release(model);
}

/* ---- lies ---- */

static void refuse(ba_context *context, const uint8_t *bytes, int64_t n, const char *what) {
  int64_t before, after;
  ba_context_memory(context, &before, NULL);
  const ba_status status = load(context, bytes, n, NULL);
  if (status != BA_ERR_MODEL) fail_msg("%s: %s %s", what, ba_status_name(status), ba_context_error_message(context));
  ba_context_memory(context, &after, NULL);
  assert_int_equal(before, after);
}

/* Every number of every entry of the table of sections, in turn. */
static void test_lies_of_the_table(void **state) {
  static const struct { int32_t at, bytes; } fields[] = {{16, 4}, {24, 8}, {32, 8}, {40, 8}, {48, 8}};
  ba_model *model = making_model(*state, "PositionKmer(k=1, anchor=start) + Kmer(k=1)", 3, 3, 1);
  int64_t n;
  uint8_t *bytes = making_bytes(*state, model, &n), *lie = malloc((size_t)n);
  assert_non_null(lie);
  assert_int_equal(ba_context_set_memory_limit(*state, 64 << 20), BA_OK);
  for (int64_t i = 0; i < 11; i++) {
    for (size_t f = 0; f < sizeof fields / sizeof *fields; f++) {
      const int64_t at = HEADER + 64 * i + fields[f].at;
      const uint64_t true_value = get(bytes + at, fields[f].bytes);
      const uint64_t values[] = {0,
                                 1,
                                 true_value + 1,
                                 true_value - 1,
                                 true_value + 64,
                                 true_value * 2,
                                 (uint64_t)n,
                                 (uint64_t)n + 64,
                                 UINT64_C(1) << 31,
                                 UINT64_C(1) << 32,
                                 UINT64_C(1) << 61,
                                 UINT64_C(1) << 62,
                                 UINT64_C(1) << 63,
                                 UINT64_MAX,
                                 UINT64_MAX - 63};
      for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
        char what[100];
        memcpy(lie, bytes, (size_t)n);
        put(lie + at, fields[f].bytes, values[v]);
        if (memcmp(lie, bytes, (size_t)n) == 0) continue;
        repair(lie, n);
        snprintf(what, sizeof what, "section %s, field at %d: %llx for %llx", (const char *)bytes + HEADER + 64 * i,
                 (int)fields[f].at, (unsigned long long)values[v], (unsigned long long)true_value);
        refuse(*state, lie, n, what);
      }
    }
    /* Without the section. */
    memcpy(lie, bytes, (size_t)n);
    lie[HEADER + 64 * i] ^= 1;
    repair(lie, n);
    refuse(*state, lie, n, "a section less");
  }
  const uint64_t counts[] = {0, 10, 65, 1 << 20, UINT32_MAX};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    memcpy(lie, bytes, (size_t)n);
    put(lie + 24, 4, counts[i]);
    repair(lie, n);
    refuse(*state, lie, n, "number of sections");
  }
  free(lie);
  free(bytes);
  ba_model_release(model);
}

typedef struct lie {
  const char *section;
  uint64_t rows, columns; /* 0: as they are */
  const char *data;
  uint64_t bytes;
} lie;

/* Contents that contradict each other. The model: PositionKmer(k=1, anchor=start) | Softmax(), fitted on 3 letters,
 * three classes. */
static const lie lies[] = {
    {"recipe", 1, 0, "", 0},
    {"recipe", 1, 5, "Kmer(", 5},
    {"recipe", 1, 9, "Kmer(k=1)", 9}, /* no model stage */
    {"recipe", 1, 21, "Kmer(k=1) | Softmax()", 21},
    {"recipe", 1, 30, "PositionKmer(k=1) | Logistic()", 30}, /* three classes */
    {"recipe", 1, 29, "PositionKmer(k=2) | Softmax()", 29},
    {"recipe", 1, 44, "PositionKmer(k=1, anchor=start) | Softmax()\0", 44}, /* a NUL inside */
    {"recipe", 1, 40, "Kmer(k=15, slots=1073741824) | Softmax()", 40},
    {"recipe", 1, 57, "Kmer(k=15, strand=canonical, slots=1073741824) | Softmax()", 58},
    {"length", 1, 1, "\xff\xff\xff\xff\xff\xff\xff\xff", 8}, /* -1: not fitted */
    {"length", 1, 1, "\xfe\xff\xff\xff\xff\xff\xff\xff", 8},
    {"length", 1, 1, "\0\0\0\0\0\0\0\x80", 8},
    {"length", 1, 1, "\4\0\0\0\0\0\0\0", 8},
    {"length", 1, 1, "\0\0\0\0\0\0\0\x7f", 8},
    {"length", 1, 2, "\3\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0", 16},
    {"classes", 3, 18, "first\0second\0third", 18}, /* the last without its NUL */
    {"classes", 3, 20, "first\0second\0third\0\0", 20},
    {"classes", 3, 13, "first\0second\0", 13},
    {"classes", 2, 13, "first\0second\0", 13},
    {"classes", 1, 6, "first\0", 6},
    {"classes", 3, 0, "", 0},
    {"exponents", 3, 1, "\xe9\3\0\0\1\0\0\0\1\0\0\0", 12},       /* 1001 */
    {"exponents", 3, 1, "\1\0\0\0\1\0\0\0\x17\xfc\xff\xff", 12}, /* -1001 */
    {"exponents", 1, 3, "\1\0\0\0\1\0\0\0\1\0\0\0", 12},
    {"intercepts", 1, 1, "\0\0\0\0\0\0\0\0", 8},
    {"intercepts", 3, 1, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24},
    {"golden.letters", 1, 3, "ACG", 3},
    {"golden.offsets", 1, 1, "\0\0\0\0\0\0\0\0", 8},
    {"golden.scores", 1, 1, "\0\0\0\0\0\0\0\0", 8},
    {"golden.probs", 1, 1, "\0\0\0\0\0\0\0\0", 8},
};

static void test_lies_of_the_contents(void **state) {
  ba_model *model = making_model(*state, SMALL, 3, 3, 1);
  int64_t n, m;
  uint8_t *bytes = making_bytes(*state, model, &n);
  assert_int_equal(ba_context_set_memory_limit(*state, 64 << 20), BA_OK);
  for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
    image parts;
    char what[100];
    take_apart(bytes, &parts);
    fill(&parts, lies[i].section, lies[i].rows, lies[i].columns, lies[i].data, lies[i].bytes);
    uint8_t *file = put_together(&parts, &m);
    snprintf(what, sizeof what, "lie %d about %s", (int)i, lies[i].section);
    refuse(*state, file, m, what);
    free(file);
    drop(&parts);
  }
  free(bytes);
  ba_model_release(model);
}

/* No bytes, but four columns of them: they would be read from the section behind. */
static void test_inputs_without_rows(void **state) {
  ba_model *model = making_model(*state, SMALL, 3, 3, 1);
  int64_t n, m;
  uint8_t *bytes = making_bytes(*state, model, &n);
  image parts;
  take_apart(bytes, &parts);
  piece *at = find(&parts, "golden.offsets");
  memmove(at + 1, at, (size_t)(parts.pieces + parts.count++ - at) * sizeof *at);
  *at = (piece){.name = "inputs", .type = at->type, .rows = 0, .columns = 4, .bytes = 0, .data = calloc(1, 1)};
  at->type = find(&parts, "golden.letters")->type;
  uint8_t *file = put_together(&parts, &m);
  refuse(*state, file, m, "inputs without rows");
  at->columns = (uint64_t)m;
  free(file);
  file = put_together(&parts, &m);
  refuse(*state, file, m, "more inputs than the file has bytes");
  free(file);
  drop(&parts);
  free(bytes);
  ba_model_release(model);
}

/* Offsets of the golden inputs that do not rise, or leave the letters. */
static void test_lies_about_golden_offsets(void **state) {
  ba_model *model = making_model(*state, "Kmer(k=1)", -1, 2, 1);
  int64_t n, m;
  uint8_t *bytes = making_bytes(*state, model, &n);
  static const struct {
    int32_t index;
    uint64_t value;
  } wrong[] = {{0, 1}, {1, 1 << 20}, {3, UINT64_MAX},  {32, 3},        {32, 1 << 20},
               {5, 0}, {31, 1},      {32, UINT64_MAX}, {0, UINT64_MAX}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    image parts;
    take_apart(bytes, &parts);
    put(find(&parts, "golden.offsets")->data + 8 * wrong[i].index, 8, wrong[i].value);
    uint8_t *file = put_together(&parts, &m);
    refuse(*state, file, m, "golden offsets");
    free(file);
    drop(&parts);
  }
  free(bytes);
  ba_model_release(model);
}

/* A short file may ask for blocks x classes exponents, 400 MB of them: not before they are seen to be there. */
static void test_a_small_file_allocates_little(void **state) {
  ba_model *model = making_model(*state, SMALL, 0, 3, 1);
  enum { CLASSES = 65536, TERMS = 190 };
  static char recipe[4096], names[2 * CLASSES];
  int64_t n, m, peak;
  image parts;
  uint8_t *bytes = making_bytes(*state, model, &n);
  take_apart(bytes, &parts);
  recipe[0] = 0;
  for (int32_t i = 0; i < TERMS; i++) strcat(recipe, i ? "+PositionKmer(k=1..8)" : "PositionKmer(k=1..8)");
  strcat(recipe, "|Softmax()");
  for (int32_t i = 0; i < CLASSES; i++) names[2 * i] = 'a';
  fill(&parts, "recipe", 1, strlen(recipe), recipe, strlen(recipe));
  fill(&parts, "classes", CLASSES, sizeof names, names, sizeof names);
  fill(&parts, "weights", CLASSES, 0, NULL, 0);
  uint8_t *file = put_together(&parts, &m);
  ba_context *fresh = NULL;
  assert_int_equal(ba_context_create(NULL, &fresh), BA_OK);
  refuse(fresh, file, m, "exponents");
  ba_context_memory(fresh, NULL, &peak);
  assert_true(peak < 16 << 20);
  ba_context_destroy(fresh);
  free(file);
  drop(&parts);
  free(bytes);
  ba_model_release(model);
}

/* ---- selftest ---- */

static void test_selftest_sees_a_changed_weight(void **state) {
  ba_model *model = making_model(*state, "Kmer(k=1) + Kmer(k=2, strand=canonical)", -1, 3, 1), *changed = NULL;
  int64_t n, m;
  image parts;
  uint8_t *bytes = making_bytes(*state, model, &n);
  for (int32_t i = 0; i < 3; i++) {
    take_apart(bytes, &parts);
    uint8_t *weight = find(&parts, "weights")->data + 4 * (14 * i + 3 * i); /* some column of each output */
    put(weight, 4, get(weight, 4) + (1 << 12));
    uint8_t *file = put_together(&parts, &m);
    assert_int_equal(load(*state, file, m, "selftest=yes"), BA_ERR_SELFTEST);
    OK(*state, ba_model_load_memory(*state, file, m, "selftest=no", &changed));
    REFUSED(*state, ba_model_selftest(*state, changed), BA_ERR_SELFTEST, "at CPU level scalar golden input");
    ba_model_release(changed);
    free(file);
    drop(&parts);
  }
  OK(*state, ba_model_selftest(*state, model));
  free(bytes);
  ba_model_release(model);
}

static void test_arguments(void **state) {
  ba_context *context = *state;
  ba_model *model = making_model(context, SMALL, 3, 2, 1), *out = model;
  int64_t n;
  uint8_t byte = 0;
  REFUSED(context, ba_model_load_memory(context, NULL, 0, NULL, &out), BA_ERR_ARGUMENT, "expected bytes");
  assert_null(out);
  REFUSED(context, ba_model_load_memory(context, &byte, -1, NULL, &out), BA_ERR_ARGUMENT, "expected bytes");
  REFUSED(context, ba_model_load_memory(context, &byte, 1, NULL, NULL), BA_ERR_ARGUMENT, "expected bytes");
  REFUSED(context, ba_model_load_memory(context, &byte, 1, "selftest=maybe", &out), BA_ERR_RECIPE, "no, yes");
  REFUSED(context, ba_model_load_path(context, NULL, NULL, &out), BA_ERR_ARGUMENT, "expected a path");
  REFUSED(context, ba_model_save_path(context, model, NULL), BA_ERR_ARGUMENT, "expected a model and a path");
  REFUSED(context, ba_model_save_path(context, NULL, "x"), BA_ERR_ARGUMENT, "expected a model and a path");
  REFUSED(context, ba_model_save_memory(context, model, NULL, 1, &n), BA_ERR_ARGUMENT, "expected room for the bytes");
  REFUSED(context, ba_model_save_memory(context, model, &byte, -1, &n), BA_ERR_ARGUMENT, "expected room for the bytes");
  REFUSED(context, ba_model_save_memory(context, model, &byte, 1, NULL), BA_ERR_ARGUMENT,
          "expected room for the bytes");
  assert_int_equal(ba_model_load_memory(NULL, &byte, 1, NULL, &out), BA_ERR_ARGUMENT);
  ba_model_release(model);
}

/* ---- saving ---- */

static void test_saving_is_all_or_nothing(void **state) {
  ba_context *context = *state;
  char folder[TEMP_PATH], path[TEMP_PATH], missing[TEMP_PATH + 20];
  ba_model *model = making_model(context, "Kmer(k=4)", -1, 2, 1), *second = making_model(context, SMALL, 3, 2, 2);
  int64_t n, m;
  uint8_t *bytes = making_bytes(context, second, &n);
  temp_make(folder);
  temp_join(path, folder, "model.ba");
  snprintf(missing, sizeof missing, "%s/absent/model.ba", folder);
  REFUSED(context, ba_model_save_path(context, model, missing), BA_ERR_IO, "absent/model.ba");
  REFUSED(context, ba_model_save_path(context, model, folder), BA_ERR_IO, "directory");
  assert_int_equal(temp_count(folder), 0);
  OK(context, ba_model_save_path(context, second, path));
  /* A disk that is full: the system refuses to write more than 1,000 bytes. */
  struct rlimit before, full;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
  full = before;
  full.rlim_cur = 1000;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
  const ba_status over = ba_model_save_path(context, model, path);
  char message[512];
  snprintf(message, sizeof message, "%s", ba_context_error_message(context));
  snprintf(missing, sizeof missing, "%s/new.ba", folder);
  const ba_status fresh = ba_model_save_path(context, model, missing);
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, handler);
  assert_int_equal(over, BA_ERR_IO);
  assert_int_equal(fresh, BA_ERR_IO);
  assert_non_null(strstr(message, "cannot write"));
  assert_int_equal(temp_count(folder), 1);
  uint8_t *file = temp_read(path, &m);
  assert_int_equal(m, n);
  assert_memory_equal(file, bytes, (size_t)n);
  free(file);
  OK(context, ba_model_save_path(context, model, path)); /* and then it goes */
  file = temp_read(path, &m);
  assert_true(m > n);
  assert_int_equal(temp_count(folder), 1);
  free(file);
  temp_remove(folder);
  free(bytes);
  ba_model_release(model);
  ba_model_release(second);
}

/* ---- allocations, limits, cancel ---- */

static ba_status whole_life(ba_context *context, void *argument) {
  const double weights[] = {1.0, 2.0, 3.0, -4.0}, intercept = 0.0;
  const bai_fit fit = {
      "Kmer(k=1) | Logistic()", making_classes, 2, {-1, NULL, NULL}, weights, &intercept, "{}", 7, NULL};
  uint8_t buffer[1];
  int64_t n;
  ba_model *model = NULL, *loaded = NULL;
  ba_status status = bai_model_make(context, &fit, &model);
  if (!status) status = ba_model_save_memory(context, model, buffer, 1, &n);
  if (!status) status = ba_model_save_path(context, model, argument);
  if (!status) status = ba_model_load_path(context, argument, "selftest=yes", &loaded);
  ba_model_release(loaded);
  ba_model_release(model);
  return status;
}

static ba_status load_only(ba_context *context, void *argument) {
  const image *file = argument; /* one piece: the bytes */
  ba_model *model = NULL;
  const ba_status status =
      ba_model_load_memory(context, file->pieces[0].data, (int64_t)file->pieces[0].bytes, "selftest=yes", &model);
  ba_model_release(model);
  return status;
}

static void test_every_failing_allocation(void **state) {
  char folder[TEMP_PATH], path[TEMP_PATH];
  temp_make(folder);
  temp_join(path, folder, "model.ba");
  assert_true(fault_sweep(whole_life, path) > 50);
  assert_int_equal(temp_count(folder), 1);
  temp_remove(folder);
  ba_model *model = making_model(*state, SMALL, 3, 3, 1);
  int64_t n;
  image file = {0};
  file.pieces[0].data = making_bytes(*state, model, &n);
  file.pieces[0].bytes = (uint64_t)n;
  assert_true(fault_sweep(load_only, &file) > 30);
  free(file.pieces[0].data);
  ba_model_release(model);
}

static void test_limit_and_cancel(void **state) {
  ba_context *context = *state;
  char folder[TEMP_PATH], path[TEMP_PATH];
  int64_t held, n;
  ba_model *model = making_model(context, SMALL, 3, 2, 1), *loaded = NULL;
  uint8_t *bytes = making_bytes(context, model, &n);
  temp_make(folder);
  temp_join(path, folder, "model.ba");
  OK(context, ba_model_save_path(context, model, path));
  ba_context_memory(context, &held, NULL);
  OK(context, ba_context_set_memory_limit(context, held + 1000));
  REFUSED(context, ba_model_load_memory(context, bytes, n, NULL, &loaded), BA_ERR_LIMIT, "limit");
  REFUSED(context, ba_model_load_path(context, path, NULL, &loaded), BA_ERR_LIMIT, "limit");
  REFUSED(context, ba_model_save_memory(context, model, NULL, 0, &n), BA_ERR_LIMIT, "limit");
  REFUSED(context, ba_model_save_path(context, model, path), BA_ERR_LIMIT, "limit");
  OK(context, ba_context_set_memory_limit(context, 0));
  ba_context_cancel(context);
  REFUSED(context, ba_model_load_path(context, path, NULL, &loaded), BA_ERR_CANCELLED, "cancelled");
  assert_null(loaded);
  OK(context, ba_context_reset(context));
  OK(context, ba_model_load_path(context, path, NULL, &loaded));
  ba_model_release(loaded);
  temp_remove(folder);
  free(bytes);
  ba_model_release(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_round_trips, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_the_format, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_every_cut, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_every_byte, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_messages_of_damage, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_versions, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_lies_of_the_table, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_lies_of_the_contents, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_inputs_without_rows, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_lies_about_golden_offsets, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_a_small_file_allocates_little, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_selftest_sees_a_changed_weight, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_arguments, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_saving_is_all_or_nothing, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_every_failing_allocation, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_limit_and_cancel, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
