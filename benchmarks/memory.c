/* SPDX-License-Identifier: MIT
 *
 * memory.c: the most memory that a process holds which reads FASTQ from a pipe: 100 MB and 1 GB of it, and how much
 * they differ.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bioanalytics/seq.h"

#define LETTERS 150
#define MEGABYTE INT64_C(1000000)

static int64_t make_record(char *to) {
  int64_t n = snprintf(to, 32, "@read.1 x:7919\n");
  for (int64_t i = 0; i < LETTERS; i++) to[n++] = "ACGT"[i * 7 % 4];
  n += snprintf(to + n, 8, "\n+\n");
  memset(to + n, 'I', LETTERS);
  to[n + LETTERS] = '\n';
  return n + LETTERS + 1;
}

static int read_standard_input(int64_t bytes) {
  ba_context *context;
  ba_reader *reader;
  ba_records *records;
  if (ba_context_create(NULL, &context)) return 1;
  ba_status status = ba_reader_open_path(context, "-", "", &reader);
  while (!status && !(status = ba_reader_next(reader, INT32_MAX, &records))) ba_records_release(records);
  int64_t letters;
  ba_reader_counters(reader, &letters, NULL);
  ba_reader_close(reader);
  ba_context_destroy(context);
  return status != BA_END || letters < bytes / 3; /* all of it was read */
}

static void write_all(int to, int64_t bytes) {
  static char block[65536];
  int64_t used = 0;
  while (used + 1000 < (int64_t)sizeof block) used += make_record(block + used);
  for (int64_t done = 0; done < bytes; done += used) {
    for (int64_t at = 0; at < used;) {
      const ssize_t n = write(to, block + at, (size_t)(used - at));
      if (n <= 0) exit(1);
      at += n;
    }
  }
}

/* Of a child that reads so much, in kB. */
static int64_t peak_of(int64_t bytes) {
  int ends[2], status;
  struct rusage usage;
  if (pipe(ends)) exit(1);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[0], 0);
    close(ends[0]);
    close(ends[1]);
    _exit(read_standard_input(bytes));
  }
  close(ends[0]);
  if (child < 0) exit(1);
  write_all(ends[1], bytes);
  close(ends[1]);
  if (wait4(child, &status, 0, &usage) != child || status != 0) exit(1);
  return (int64_t)usage.ru_maxrss;
}

int main(void) {
  const int64_t small = peak_of(100 * MEGABYTE), large = peak_of(1000 * MEGABYTE);
  printf("memory.fastq.100m_kb %lld\n", (long long)small);
  printf("memory.fastq.1g_kb %lld\n", (long long)large);
  printf("memory.fastq.1g_minus_100m_kb %lld\n", (long long)(large - small));
  return 0;
}
