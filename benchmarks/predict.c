/* SPDX-License-Identifier: MIT
 *
 * predict.c: scores of rows of float32 and of letters by models that benchmarks/predict.py has made, beside ONNX
 * Runtime through its C interface, OpenBLAS, and what memory can be read at, in turns within one process.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "race.h"

#define WIDTH 1024
#define LETTERS 200
#define ROUNDS 11
#define MANY_ROWS 262144 /* 1 GiB */

/* ---- ONNX Runtime: its table of functions, by their places, which its interface keeps from version to version ---- */

enum {
  ORT_MESSAGE = 2,
  ORT_CREATE_ENV = 3,
  ORT_CREATE_SESSION = 7,
  ORT_RUN = 9,
  ORT_CREATE_OPTIONS = 10,
  ORT_INTRA_THREADS = 24,
  ORT_INTER_THREADS = 25,
  ORT_CREATE_TENSOR = 49,
  ORT_TENSOR_DATA = 51,
  ORT_MEMORY_INFO = 69,
  ORT_INTERFACE = 17, /* the version of the table that is asked for */
  ORT_FLOAT = 1,
  ORT_WARNING = 2,
};

typedef struct ort_base {
  void *const *(*get_api)(uint32_t version);
  const char *(*get_version)(void);
} ort_base;

static void *const *ort; /* NULL: not there */
static void *ort_environment, *ort_options, *ort_memory;

/* The functions have different types; each is called through its own. */
#define ORT(place, types, ...)               \
  do {                                       \
    void *(*call)types;                      \
    memcpy(&call, &ort[place], sizeof call); \
    ort_check(call(__VA_ARGS__));            \
  } while (0)

static void ort_check(void *status) {
  const char *(*message)(const void *);
  if (!status) return;
  memcpy(&message, &ort[ORT_MESSAGE], sizeof message);
  race_refuse(message(status));
}

static void start_ort(const char *path) {
  void *library = race_open(path);
  ort_base *(*get)(void);
  if (!library) return;
  race_symbol(library, "OrtGetApiBase", &get);
  ort = get()->get_api(ORT_INTERFACE);
  if (!ort) return;
  printf("predict.onnxruntime_version %s\n", get()->get_version());
  ORT(ORT_CREATE_ENV, (int, const char *, void **), ORT_WARNING, "bench", &ort_environment);
  ORT(ORT_CREATE_OPTIONS, (void **), &ort_options);
  ORT(ORT_INTRA_THREADS, (void *, int), ort_options, 1);
  ORT(ORT_INTER_THREADS, (void *, int), ort_options, 1);
  ORT(ORT_MEMORY_INFO, (int, int, void **), 1, 0, &ort_memory);
}

/* ---- a model on either side ---- */

/* As NumPy ships OpenBLAS: names of its own, and lengths of 64 bits. */
typedef void sgemv(int order, int transposed, int64_t rows, int64_t columns, float alpha, const float *matrix,
                   int64_t stride, const float *vector, int64_t step, float beta, float *result, int64_t result_step);

typedef struct lap {
  ba_scorer *scorer;
  ba_records *records;
  ba_array *array;
  float *rows;
  int64_t count;
  int32_t repeats, want_probabilities;
  double scores[MANY_ROWS], probabilities[2];
  void *session, *input, *output;
  const char *input_name, *output_name;
  sgemv *multiply;
  float *weights, *products;
} lap;

static void open_model(lap *l, const char *folder, const char *name) {
  char path[4096];
  ba_model *model;
  snprintf(path, sizeof path, "%s/predict.%s.ba", folder, name);
  race_check(ba_model_load_path(race_context, path, "", &model), path);
  race_check(ba_scorer_create(race_context, model, "", &l->scorer), path);
  ba_model_release(model);
  if (!ort) return;
  snprintf(path, sizeof path, "%s/predict.%s.onnx", folder, name);
  ORT(ORT_CREATE_SESSION, (void *, const char *, const void *, void **), ort_environment, path, ort_options,
      &l->session);
}

/* The peer's input lies in memory of ours and its output in the one that its first run makes, so that later runs
 * allocate neither. */
static void run_ort_once(lap *l) {
  ORT(ORT_RUN, (void *, void *, const char *const *, const void *const *, size_t, const char *const *, size_t, void **),
      l->session, NULL, &l->input_name, (const void *const *)&l->input, 1, &l->output_name, 1, &l->output);
}

static void give_ort(lap *l, const float *data, const int64_t *shape, size_t dimensions, const char *input,
                     const char *output) {
  int64_t count = 1;
  for (size_t d = 0; d < dimensions; d++) count *= shape[d];
  if (!ort) return;
  union {
    const float *from;
    void *to;
  } plain = {data};
  ORT(ORT_CREATE_TENSOR, (const void *, void *, size_t, const int64_t *, size_t, int, void **), ort_memory, plain.to,
      (size_t)count * sizeof(float), shape, dimensions, ORT_FLOAT, &l->input);
  l->input_name = input;
  l->output_name = output;
  run_ort_once(l);
}

/* Both sides give the same, within what float32 leaves. */
static void agree(const lap *l, const double *ours, int64_t count, const char *name) {
  float *theirs;
  if (!ort) return;
  ORT(ORT_TENSOR_DATA, (void *, void **), l->output, (void **)&theirs);
  for (int64_t i = 0; i < count; i++)
    if (!(fabs(ours[i] - (double)theirs[i]) <= 1e-3 * (1 + fabs(ours[i])))) race_refuse(name);
}

static void run_ort(void *state) {
  lap *l = state;
  for (int32_t i = 0; i < l->repeats; i++) run_ort_once(l);
}

static void run_rows(void *state) {
  lap *l = state;
  for (int32_t i = 0; i < l->repeats; i++)
    race_check(ba_scorer_predict(l->scorer, l->array, l->scores, NULL), "predict");
}

static void run_row(void *state) {
  lap *l = state;
  for (int32_t i = 0; i < l->repeats; i++)
    race_check(
        ba_scorer_predict_row(l->scorer, l->rows, WIDTH, l->scores, l->want_probabilities ? l->probabilities : NULL),
        "predict_row");
}

static void run_letters(void *state) {
  lap *l = state;
  for (int32_t i = 0; i < l->repeats; i++)
    race_check(ba_scorer_predict_records(l->scorer, l->records, l->scores, NULL), "predict_records");
}

static void run_blas(void *state) {
  const int row_major = 101, plain = 111;
  lap *l = state;
  for (int32_t i = 0; i < l->repeats; i++)
    l->multiply(row_major, plain, l->count, WIDTH, 1.0f, l->rows, WIDTH, l->weights, 1, 0.0f, l->products, 1);
}

/* ---- what the memory gives ---- */

/* Wide loads read faster; this file is compiled for any machine. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define EVERY_LEVEL __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define EVERY_LEVEL
#endif

static volatile uint64_t seen;

EVERY_LEVEL static uint64_t add_up(const uint64_t *from, int64_t count) {
  uint64_t sums[64] = {0};
  for (int64_t i = 0; i < count; i += 64)
    for (int32_t j = 0; j < 64; j++) sums[j] += from[i + j];
  uint64_t sum = 0;
  for (int32_t j = 0; j < 64; j++) sum += sums[j];
  return sum;
}

static void read_rows(void *state) {
  lap *l = state;
  for (int32_t i = 0; i < l->repeats; i++) seen = add_up((const uint64_t *)(const void *)l->rows, l->count * WIDTH / 2);
}

/* ---- the races ---- */

static void fill_rows(lap *l, int64_t count) {
  l->count = count;
  l->rows = aligned_alloc(64, (size_t)count * WIDTH * sizeof(float));
  if (!l->rows) race_refuse("no memory");
  for (int64_t i = 0; i < count * WIDTH; i++) l->rows[i] = (float)(race_random() & 0xffff) / 65536.0f - 0.5f;
  const int64_t shape[2] = {count, WIDTH}, strides[2] = {WIDTH * (int64_t)sizeof(float), (int64_t)sizeof(float)};
  race_check(ba_array_wrap(race_context, BA_FLOAT32, 2, shape, strides, l->rows, NULL, NULL, &l->array), "rows");
}

static void end_rows(lap *l) {
  ba_array_release(l->array);
  free(l->rows);
  ba_scorer_destroy(l->scorer);
}

static void no_ort(const char *name) {
  printf("predict.%s.vs_onnxruntime skipped its library is not there\n", name);
}

static void race_row(const char *folder, const char *name, const char *model, const char *output) {
  static lap l;
  const int64_t shape[2] = {1, WIDTH};
  memset(&l, 0, sizeof l);
  open_model(&l, folder, model);
  fill_rows(&l, 1);
  l.repeats = 200; /* the clock of CPU time costs as much as several rows */
  l.want_probabilities = strcmp(output, "second") == 0;
  run_row(&l);
  give_ort(&l, l.rows, shape, 2, "features", output);
  agree(&l, l.want_probabilities ? &l.probabilities[1] : l.scores, 1, name);
  if (ort) {
    const race_times t = race_run(run_row, run_ort, &l, 101);
    printf("predict.%s.p50_ns %.0f\n", name, 1e9 * t.ours / l.repeats);
    printf("predict.%s.onnxruntime_p50_ns %.0f\n", name, 1e9 * t.theirs / l.repeats);
    printf("predict.%s.vs_onnxruntime %.2f\n", name, t.ratio);
  } else {
    printf("predict.%s.p50_ns %.0f\n", name, 1e9 * race_alone(run_row, &l, 101) / l.repeats);
    no_ort(name);
  }
  end_rows(&l);
}

static void race_mlp_batch(const char *folder, const char *name, const char *model) {
  static lap l;
  const int64_t shape[2] = {4096, WIDTH};
  memset(&l, 0, sizeof l);
  open_model(&l, folder, model);
  fill_rows(&l, shape[0]);
  l.repeats = 1;
  run_rows(&l);
  give_ort(&l, l.rows, shape, 2, "features", "scores");
  agree(&l, l.scores, shape[0], name);
  if (ort) {
    const race_times t = race_run(run_rows, run_ort, &l, ROUNDS);
    printf("predict.%s.krows_per_s %.0f\n", name, 1e-3 * (double)l.count / t.ours);
    printf("predict.%s.onnxruntime_krows_per_s %.0f\n", name, 1e-3 * (double)l.count / t.theirs);
    printf("predict.%s.vs_onnxruntime %.2f\n", name, t.ratio);
  } else {
    no_ort(name);
  }
  end_rows(&l);
}

/* The peer gets the letters as numbers, ready made; ours gets letters. */
static void race_conv(const char *folder, const char *name) {
  static lap l;
  const int64_t count = 512, shape[3] = {count, 4, LETTERS};
  memset(&l, 0, sizeof l);
  open_model(&l, folder, name);
  race_texts texts = race_make_texts(count, LETTERS);
  l.records = texts.records;
  l.repeats = 1;
  float *hot = calloc((size_t)(count * 4 * LETTERS), sizeof *hot);
  if (!hot) race_refuse("no memory");
  for (int64_t i = 0; i < count * LETTERS; i++) {
    const int64_t letter = strchr("ACGT", texts.letters[i]) - "ACGT";
    hot[(i / LETTERS * 4 + letter) * LETTERS + i % LETTERS] = 1.0f;
  }
  run_letters(&l);
  give_ort(&l, hot, shape, 3, "letters", "scores");
  agree(&l, l.scores, count, name);
  if (ort) {
    const race_times t = race_run(run_letters, run_ort, &l, ROUNDS);
    printf("predict.%s.ksequences_per_s %.1f\n", name, 1e-3 * (double)count / t.ours);
    printf("predict.%s.onnxruntime_ksequences_per_s %.1f\n", name, 1e-3 * (double)count / t.theirs);
    printf("predict.%s.vs_onnxruntime %.2f\n", name, t.ratio);
  } else {
    no_ort(name);
  }
  free(hot);
  race_free_texts(&texts);
  ba_scorer_destroy(l.scorer);
}

static void race_sgemv(lap *l, void *library, double gigabytes) {
  void (*threads)(int);
  const char *(*config)(void);
  race_symbol(library, "scipy_cblas_sgemv64_", &l->multiply);
  race_symbol(library, "scipy_openblas_set_num_threads64_", &threads);
  race_symbol(library, "scipy_openblas_get_config64_", &config);
  threads(1);
  printf("predict.openblas_version %s\n", config());
  l->weights = race_allocate(WIDTH * (int64_t)sizeof(float));
  l->products = race_allocate(l->count * (int64_t)sizeof(float));
  for (int32_t i = 0; i < WIDTH; i++) l->weights[i] = (float)(race_random() & 0xffff) / 65536.0f;
  const race_times t = race_run(run_rows, run_blas, l, ROUNDS);
  printf("predict.batch.sgemv_gb_per_s %.2f\n", gigabytes / t.theirs);
  printf("predict.batch.vs_sgemv %.2f\n", t.ratio);
  free(l->weights);
  free(l->products);
}

/* More rows than any cache holds, and beside them the same bytes only read. */
static void race_batch(const char *folder, const char *name, const char *model, int64_t count, void *blas) {
  static lap l;
  memset(&l, 0, sizeof l);
  open_model(&l, folder, model);
  fill_rows(&l, count);
  l.repeats = 1;
  const race_times t = race_run(run_rows, read_rows, &l, ROUNDS);
  const double gigabytes = (double)count * WIDTH * sizeof(float) / 1e9;
  printf("predict.%s.gb_per_s %.2f\n", name, gigabytes / t.ours);
  printf("predict.%s.read_gb_per_s %.2f\n", name, gigabytes / t.theirs);
  printf("predict.%s.vs_bandwidth %.2f\n", name, t.ratio);
  if (blas) race_sgemv(&l, blas, gigabytes);
  end_rows(&l);
}

static int is_wanted(const char *only, const char *name) {
  return !only[0] || strcmp(only, name) == 0;
}

int main(int argc, char **argv) {
  if (argc != 4 && argc != 5) {
    fprintf(stderr, "usage: bench_predict FOLDER ONNXRUNTIME OPENBLAS [NAME]\nwith paths of libraries, or \"\"\n");
    return 1;
  }
  race_check(ba_context_create(NULL, &race_context), "context");
  setvbuf(stdout, NULL, _IOLBF, 0);
  start_ort(argv[2]);
  const char *only = argc == 5 ? argv[4] : "";
  if (is_wanted(only, "row")) race_row(argv[1], "row", "row", "second");
  if (is_wanted(only, "row.columns")) race_row(argv[1], "row.columns", "columns", "second");
  if (is_wanted(only, "mlp_row")) race_row(argv[1], "mlp_row", "mlp_columns", "scores");
  if (is_wanted(only, "mlp_row.features")) race_row(argv[1], "mlp_row.features", "mlp", "scores");
  if (is_wanted(only, "mlp_batch")) race_mlp_batch(argv[1], "mlp_batch", "mlp_columns");
  if (is_wanted(only, "mlp_batch.features")) race_mlp_batch(argv[1], "mlp_batch.features", "mlp");
  if (is_wanted(only, "conv8")) race_conv(argv[1], "conv8");
  if (is_wanted(only, "conv24")) race_conv(argv[1], "conv24");
  void *blas = race_open(argv[3]);
  if (is_wanted(only, "batch")) race_batch(argv[1], "batch", "row", MANY_ROWS, blas);
  if (!blas) printf("predict.batch.vs_sgemv skipped no NumPy, which ships OpenBLAS, for this Python\n");
  if (is_wanted(only, "batch.columns")) race_batch(argv[1], "batch.columns", "columns", MANY_ROWS / 4, NULL);
  ba_context_destroy(race_context);
  return 0;
}
