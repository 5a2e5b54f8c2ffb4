/* SPDX-License-Identifier: MIT
 *
 * series.c: rows through a stream of terms over series: how long a file of numbers takes, and the memory that many
 * groups take. benchmarks/series.py runs it in turns with the peers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bioanalytics/features.h"

#define GROUPS 1000
#define TICKS 10000000
#define MANY "EWMA(column=x) + Rolling(column=x, stat=std, window=100) + RSI(column=x) + PageHinkley(column=x)"

static double cpu_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static ba_context *context;

static int refuse(const char *what) {
  fprintf(stderr, "bench_series: %s: %s\n", what, ba_context_error_message(context));
  exit(1);
}

/* The doubles of a file: rows of the stream's columns. */
static double *read_numbers(const char *path, int64_t *count) {
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END)) refuse(path);
  *count = (int64_t)(ftell(file) / (long)sizeof(double));
  rewind(file);
  double *numbers = malloc((size_t)*count * sizeof *numbers);
  if (!numbers || fread(numbers, sizeof *numbers, (size_t)*count, file) != (size_t)*count) refuse(path);
  fclose(file);
  return numbers;
}

/* The CPU seconds of the rows, a call for each or one for all, with the room for results, which is left in `out`. */
static double time_once(int each, const char *recipe, const double *numbers, int64_t rows, double **out) {
  ba_stream *stream;
  if (ba_stream_open(context, recipe, NULL, &stream)) refuse(recipe);
  const int64_t inputs = ba_stream_inputs(stream), width = ba_stream_width(stream);
  const double nan = strtod("nan", NULL), start = cpu_seconds();
  *out = malloc((size_t)(rows * width) * sizeof **out);
  if (!*out) refuse("no memory");
  if (!each && ba_stream_update_rows(stream, NULL, NULL, numbers, rows, inputs, *out)) refuse(recipe);
  for (int64_t i = 0; each && i < rows; i++)
    if (ba_stream_update(stream, NULL, nan, numbers + i * inputs, inputs, *out + i * width)) refuse(recipe);
  const double seconds = cpu_seconds() - start;
  ba_stream_close(stream);
  return seconds;
}

/* Prints the time of a third run, whose room the allocator has already, as it has the peers'; the results go to a file.
 */
static void time_rows(int each, const char *recipe, const char *from, const char *to) {
  ba_stream *stream;
  int64_t count;
  double *out, *numbers = read_numbers(from, &count);
  if (ba_stream_open(context, recipe, NULL, &stream)) refuse(recipe);
  const int64_t rows = count / ba_stream_inputs(stream), results = rows * ba_stream_width(stream);
  for (int32_t i = 0; i < 2; i++) {
    time_once(each, recipe, numbers, rows, &out);
    free(out);
  }
  printf("%.9f\n", time_once(each, recipe, numbers, rows, &out));
  FILE *file = fopen(to, "wb");
  if (!file || fwrite(out, sizeof *out, (size_t)results, file) != (size_t)results) refuse(to);
  fclose(file);
  free(out);
  free(numbers);
  ba_stream_close(stream);
}

/* Memory of this process that is in RAM, in kB. */
static int64_t resident_kb(void) {
  long long pages = 0, skipped;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file && fscanf(file, "%lld %lld", &skipped, &pages) != 2) pages = 0;
  if (file) fclose(file);
  return pages * sysconf(_SC_PAGESIZE) / 1024;
}

static void say_memory(const char *name, int64_t kb) {
  if (kb)
    printf("series.memory.%s_kb %lld\n", name, (long long)kb);
  else
    printf("series.memory.%s_kb skipped /proc/self/statm cannot be read here\n", name);
}

/* Ten million ticks of a thousand groups in turns, of a walk made up from row to row. */
static void run_groups(void) {
  static char names[GROUPS][16];
  static double last[GROUPS];
  ba_stream *stream;
  double out[16];
  uint64_t random = UINT64_C(0x9E3779B97F4A7C15);
  int64_t early = 0;
  for (int32_t i = 0; i < GROUPS; i++) snprintf(names[i], sizeof names[i], "machine-%04d", i);
  if (ba_stream_open(context, MANY, NULL, &stream)) refuse(MANY);
  if (ba_stream_width(stream) > 16) refuse(MANY);
  const double start = cpu_seconds();
  for (int64_t i = 0; i < TICKS; i++) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    last[i % GROUPS] += (double)(random >> 40) / 16777216.0 - 0.5;
    if (ba_stream_update(stream, names[i % GROUPS], (double)(i / GROUPS), &last[i % GROUPS], 1, out)) refuse(MANY);
    if (i + 1 == TICKS / 10) early = resident_kb();
  }
  const double seconds = cpu_seconds() - start;
  const int64_t late = resident_kb();
  say_memory("1m", early);
  say_memory("10m", late);
  printf("series.memory.10m_minus_1m_kb %lld\n", (long long)(late - early));
  printf("series.memory.ticks_per_s %.0f\n", TICKS / seconds);
  ba_stream_close(stream);
}

int main(int argc, char **argv) {
  if (ba_context_create(NULL, &context)) return 1;
  if (argc == 5 && (strcmp(argv[1], "each") == 0 || strcmp(argv[1], "rows") == 0)) {
    time_rows(argv[1][0] == 'e', argv[2], argv[3], argv[4]);
  } else if (argc == 2 && strcmp(argv[1], "groups") == 0) {
    run_groups();
  } else {
    fprintf(stderr, "usage: bench_series each|rows RECIPE NUMBERS RESULTS | groups\n");
    return 1;
  }
  ba_context_destroy(context);
  return 0;
}
