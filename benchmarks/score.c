/* SPDX-License-Identifier: MIT
 *
 * score.c: scores straight from the letters: of records beside needletail and beside our own sparse rows, of windows
 * beside each window by itself, and of single substitutions. benchmarks/score.py trains the models' peers in Python.
 */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "race.h"

#define ROUNDS 11
#define COUNTS "value=count, norm=none"
#define COUNTED "Kmer(k=6, " COUNTS ") | Logistic(l2=1e-3)"
#define SQRT "Kmer(k=6) | Logistic(l2=1e-3)" /* the default value */
#define MOTIF "@motif | Logistic(l2=1e-3)"
#define WINDOW 200
#define STRETCH 65536 /* windows at once, as ba scan has it */

typedef void needletail(const char *letters, const int64_t *offsets, int64_t count, int32_t k, const float *weights,
                        double intercept, double *scores);

/* One race: the state of both sides. */
typedef struct lap {
  race_texts texts;
  ba_scorer *scorer, *sparse;
  ba_extractor *extractor;
  needletail *peer;
  float *weights;
  double intercept, *scores, *others;
  const char *letters;
  int64_t length;
  int32_t k, repeats;
  ba_array **parts; /* rows that are ready */
} lap;

static void score_records(void *state) {
  lap *l = state;
  for (int32_t i = 0; i < l->repeats; i++)
    race_check(ba_scorer_predict_records(l->scorer, l->texts.records, l->scores, NULL), "predict_records");
}

/* The same with the batch made anew, which copies and checks the letters. */
static void score_letters(void *state) {
  lap *l = state;
  for (int32_t i = 0; i < l->repeats; i++) {
    ba_records *records;
    race_check(ba_records_create(race_context, l->texts.letters, l->texts.offsets, l->texts.count, &records),
               "records");
    race_check(ba_scorer_predict_records(l->scorer, records, l->scores, NULL), "predict_records");
    ba_records_release(records);
  }
}

static void score_needletail(void *state) {
  lap *l = state;
  for (int32_t i = 0; i < l->repeats; i++)
    l->peer(l->texts.letters, l->texts.offsets, l->texts.count, l->k, l->weights, l->intercept, l->others);
}

static void extract_rows(const lap *l, ba_array **parts) {
  race_check(
      ba_extractor_apply_records_csr(l->extractor, l->texts.records, "output=values", &parts[0], &parts[1], &parts[2]),
      "apply_records_csr");
}

static void score_rows(void *state) {
  lap *l = state;
  for (int32_t i = 0; i < l->repeats; i++) {
    ba_array *parts[3];
    extract_rows(l, parts);
    race_check(ba_scorer_predict_csr(l->sparse, parts[0], parts[1], parts[2], l->others, NULL), "predict_csr");
    for (int32_t p = 0; p < 3; p++) ba_array_release(parts[p]);
  }
}

static void score_ready(void *state) {
  lap *l = state;
  for (int32_t i = 0; i < l->repeats; i++)
    race_check(ba_scorer_predict_csr(l->sparse, l->parts[0], l->parts[1], l->parts[2], l->others, NULL), "predict_csr");
}

/* ---- records ---- */

static lap start_lap(const char *recipe, int64_t count) {
  lap l = {.texts = race_make_texts(count, WINDOW), .repeats = 1};
  race_texts some = l.texts;
  some.count = count < 2000 ? count : 2000;
  race_check(ba_records_create(race_context, some.letters, some.offsets, some.count, &some.records), recipe);
  ba_model *model = race_train(&some, recipe);
  race_check(ba_scorer_create(race_context, model, "", &l.scorer), recipe);
  ba_records_release(some.records);
  l.scores = race_allocate(count * 8);
  l.others = race_allocate(count * 8);
  const int64_t width = ba_model_width(model);
  double *weights = race_allocate(width * 8);
  l.weights = race_allocate(width * (int64_t)sizeof *l.weights);
  race_check(ba_model_weights(race_context, model, 0, weights, &l.intercept), recipe);
  for (int64_t i = 0; i < width; i++) l.weights[i] = (float)weights[i];
  free(weights);
  ba_model_release(model);
  return l;
}

static void end_lap(lap *l) {
  ba_scorer_destroy(l->scorer);
  race_free_texts(&l->texts);
  free(l->scores);
  free(l->others);
  free(l->weights);
}

/* Both sides score alike, up to what float32 weights leave. */
static void agree(const lap *l, const char *name) {
  for (int64_t i = 0; i < l->texts.count; i++)
    if (!(fabs(l->scores[i] - l->others[i]) <= 1e-3 * (1 + fabs(l->scores[i])))) race_refuse(name);
}

static double megabases(const lap *l) {
  return (double)l->repeats * (double)l->texts.offsets[l->texts.count] / 1e6;
}

static void fused_needletail(void *library) {
  if (!library) {
    printf("score.fused.vs_needletail skipped cargo, which builds the peers, was not found or failed\n");
    return;
  }
  lap l = start_lap(COUNTED, 20000);
  l.k = 6;
  l.repeats = 2;
  race_symbol(library, "peer_needletail_score", &l.peer);
  score_records(&l);
  score_needletail(&l);
  agree(&l, "needletail's scores");
  race_times t = race_run(score_records, score_needletail, &l, ROUNDS);
  printf("score.fused.mbases_per_s %.0f\n", megabases(&l) / t.ours);
  printf("score.fused.needletail_mbases_per_s %.0f\n", megabases(&l) / t.theirs);
  printf("score.fused.vs_needletail %.2f\n", t.ratio);
  t = race_run(score_letters, score_needletail, &l, ROUNDS);
  printf("score.fused.with_records.mbases_per_s %.0f\n", megabases(&l) / t.ours);
  printf("score.fused.with_records.vs_needletail %.2f\n", t.ratio);
  end_lap(&l);
}

/* Beside our own extractor, whose rows a model of sparse rows then scores. */
static void fused_csr(void) {
  lap l = start_lap("Kmer(k=8, " COUNTS ") | Logistic(l2=1e-3)", 5000);
  ba_array *parts[3];
  ba_dataset *dataset;
  ba_trainer *trainer;
  ba_model *model;
  const char **labels = race_allocate(l.texts.count * (int64_t)sizeof *labels);
  for (int64_t i = 0; i < l.texts.count; i++) labels[i] = i % 2 ? "1" : "0";
  race_check(ba_extractor_create(race_context, "Kmer(k=8, " COUNTS ")", &l.extractor), "extractor");
  extract_rows(&l, parts);
  race_check(ba_dataset_create(race_context, "", &dataset), "sparse rows");
  race_check(ba_dataset_add_csr(dataset, parts[0], parts[1], parts[2], labels, NULL, NULL, 0), "sparse rows");
  race_check(ba_trainer_create(race_context, "Sparse() | Logistic(l2=1e-3)", dataset, "", &trainer), "sparse rows");
  ba_status status;
  while ((status = ba_trainer_step(trainer)) == BA_OK) continue;
  race_check(ba_trainer_finish(trainer, &model), "sparse rows");
  race_check(ba_scorer_create(race_context, model, "", &l.sparse), "sparse rows");
  const race_times t = race_run(score_records, score_rows, &l, ROUNDS);
  printf("score.fused.k8.mbases_per_s %.0f\n", megabases(&l) / t.ours);
  printf("score.fused.k8.csr_mbases_per_s %.1f\n", megabases(&l) / t.theirs);
  printf("score.fused.vs_csr %.2f\n", t.ratio);
  l.parts = parts;
  printf("score.fused.vs_ready_csr %.2f\n", race_run(score_records, score_ready, &l, ROUNDS).ratio);
  for (int32_t p = 0; p < 3; p++) ba_array_release(parts[p]);
  ba_scorer_destroy(l.sparse);
  ba_model_release(model);
  ba_trainer_destroy(trainer);
  ba_dataset_destroy(dataset);
  ba_extractor_destroy(l.extractor);
  free(labels);
  end_lap(&l);
}

static void fused_speed(const char *name, const char *recipe) {
  lap l = start_lap(recipe, 5000);
  printf("score.fused.%s.mbases_per_s %.1f\n", name, megabases(&l) / race_alone(score_records, &l, ROUNDS));
  end_lap(&l);
}

/* ---- windows ---- */

static void scan_letters(void *state) {
  lap *l = state;
  for (int64_t first = 0; first + WINDOW <= l->length; first += STRETCH) {
    const int64_t left = l->length - first, most = STRETCH + WINDOW - 1;
    int64_t count;
    race_check(
        ba_scorer_scan(l->scorer, l->letters + first, left < most ? left : most, WINDOW, 1, l->scores, STRETCH, &count),
        "scan");
  }
}

static void make_letters(lap *l, int64_t length) {
  char *letters = race_allocate(length);
  for (int64_t i = 0; i < length; i++) letters[i] = "ACGT"[race_random() & 3];
  l->letters = letters;
  l->length = length;
}

/* Each window by itself, as a record of a batch: 4,000 neighbours, which is enough to time one. */
static void scan_windows(const char *name, const char *recipe, int64_t length, int32_t rounds) {
  const int64_t sample = 4000;
  lap l = start_lap(recipe, sample);
  l.scores = realloc(l.scores, STRETCH * 8);
  if (!l.scores) race_refuse("no memory");
  make_letters(&l, length);
  for (int64_t i = 0; i < sample; i++) memcpy(l.texts.letters + i * WINDOW, l.letters + i, WINDOW);
  ba_records_release(l.texts.records);
  race_check(ba_records_create(race_context, l.texts.letters, l.texts.offsets, sample, &l.texts.records), "windows");
  const int64_t all = length;
  int64_t count;
  race_check(ba_scorer_predict_records(l.scorer, l.texts.records, l.others, NULL), "windows");
  race_check(ba_scorer_scan(l.scorer, l.letters, sample + WINDOW - 1, WINDOW, 1, l.scores, STRETCH, &count), "scan");
  if (count != sample || memcmp(l.scores, l.others, (size_t)sample * 8) != 0) race_refuse("windows and records differ");
  const double seconds = race_alone(scan_letters, &l, rounds);
  printf("scan.%s_mwindows_per_s %.1f\n", name, (double)(length - WINDOW + 1) / seconds / 1e6);
  l.length = all < 2000000 ? all : 2000000; /* short turns, so that both sides see the same machine */
  const race_times t = race_run(scan_letters, score_records, &l, rounds);
  const char *dot = strcmp(name, "k6") == 0 ? "" : ".";
  printf("scan%s%s.vs_windows %.1f\n", dot, dot[0] ? name : "",
         t.ratio * (double)(l.length - WINDOW + 1) / (double)sample);
  free((void *)(uintptr_t)l.letters);
  end_lap(&l);
}

/* ---- the program ba ---- */

static void write_fasta(const char *path, int64_t length) {
  FILE *file = fopen(path, "w");
  if (!file) race_refuse(path);
  fputs(">chromosome\n", file);
  for (int64_t i = 0; i < length; i += 60) {
    char line[64];
    for (int32_t j = 0; j < 60; j++) line[j] = "ACGT"[race_random() & 3];
    line[60] = '\n';
    fwrite(line, 1, 61, file);
  }
  if (fclose(file)) race_refuse(path);
}

/* CPU seconds of `ba scan` and its memory in kB; the text goes nowhere. This process is small, as a child's figure
 * starts with what its parent held. */
static double run_scan(const char *ba, const char *model, const char *fasta, const char *step, int64_t *kb) {
  struct rusage usage;
  int status;
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    const int nowhere = open("/dev/null", O_WRONLY);
    if (nowhere < 0 || dup2(nowhere, 1) < 0) _exit(1);
    execl(ba, "ba", "scan", "--model", model, "--window", "200", "--step", step, fasta, (char *)NULL);
    _exit(1);
  }
  if (child < 0 || wait4(child, &status, 0, &usage) != child || status != 0) race_refuse("ba scan");
  *kb = usage.ru_maxrss;
  return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
         1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void scan_program(const char *ba, const char *folder) {
  char model[4096], fasta[4096];
  double seconds[3];
  int64_t kb, early;
  snprintf(model, sizeof model, "%s/scan.ba", folder);
  snprintf(fasta, sizeof fasta, "%s/scan.fa", folder);
  race_texts texts = race_make_texts(2000, WINDOW);
  ba_model *made = race_train(&texts, COUNTED);
  race_check(ba_model_save_path(race_context, made, model), model);
  ba_model_release(made);
  race_free_texts(&texts);
  write_fasta(fasta, 4000000);
  for (int32_t i = 0; i < 3; i++) seconds[i] = run_scan(ba, model, fasta, "1", &kb);
  printf("scan.text_mwindows_per_s %.2f\n", 4.0 / race_median(seconds, 3));
  write_fasta(fasta, 10000000);
  run_scan(ba, model, fasta, "25", &early);
  write_fasta(fasta, 100000000);
  run_scan(ba, model, fasta, "25", &kb);
  printf("scan.memory_10mb_kb %lld\nscan.memory_kb %lld\n", (long long)early, (long long)kb);
  unlink(fasta);
  unlink(model);
}

/* ---- substitutions ---- */

static void mutate_letters(void *state) {
  lap *l = state;
  for (int32_t i = 0; i < l->repeats; i++)
    race_check(ba_scorer_mutate(l->scorer, l->letters, l->length, 0, l->scores), "mutate");
}

static void mutate(const char *name, const char *recipe) {
  const int64_t length = 10000;
  lap l = start_lap(recipe, 2000);
  l.scores = realloc(l.scores, (size_t)length * 4 * 8);
  if (!l.scores) race_refuse("no memory");
  make_letters(&l, length);
  l.repeats = 10;
  const double seconds = race_alone(mutate_letters, &l, ROUNDS);
  printf("mutate.%sns_per_substitution %.1f\n", name, 1e9 * seconds / (3.0 * (double)length * l.repeats));
  free((void *)(uintptr_t)l.letters);
  end_lap(&l);
}

static int is_wanted(const char *only, const char *name) {
  return !only[0] || strcmp(only, name) == 0;
}

int main(int argc, char **argv) {
  if (argc != 4 && argc != 5) {
    fprintf(stderr,
            "usage: bench_score PEERS BA FOLDER [NAME]\nPEERS: the library of the peers in Rust, or \"\"\n"
            "NAME: program, fused, csr, scan, mutate\n");
    return 1;
  }
  const char *only = argc == 5 ? argv[4] : "";
  race_check(ba_context_create(NULL, &race_context), "context");
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (is_wanted(only, "program")) scan_program(argv[2], argv[3]); /* first: this process is small yet */
  if (is_wanted(only, "fused")) {
    fused_needletail(race_open(argv[1]));
    fused_speed("sqrt", SQRT);
    fused_speed("motif", MOTIF);
  }
  if (is_wanted(only, "csr")) fused_csr();
  if (is_wanted(only, "scan")) {
    scan_windows("k6", COUNTED, 20000000, 5);
    scan_windows("sqrt", SQRT, 4000000, 5);
    scan_windows("motif", MOTIF, 2000000, 5);
  }
  if (is_wanted(only, "mutate")) {
    mutate("", COUNTED);
    mutate("sqrt.", SQRT);
    mutate("motif.", MOTIF);
  }
  ba_context_destroy(race_context);
  return 0;
}
