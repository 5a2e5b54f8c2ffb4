/* SPDX-License-Identifier: MIT
 *
 * memory.c: what a process holds that reads FASTQ from a pipe. `memory.fastq`: the most while it reads 100 MB, and 1
 * GB, and how much they differ. `memory.train_stream`: the most while it learns from 10 million reads in gzip, batch
 * after batch. `memory.dataset`, `memory.train_batch`: bytes a read of the same ones in a dataset, and with a solver
 * that goes over all of them. What is read are 200 random reads of 150 bases, or 20,000 in gzip, over and over.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "race.h"

#define LETTERS 150
#define MEGABYTE INT64_C(1000000)
#define SMALL_READS 200 /* of text, so that the process that writes it is small too */
#define BLOCK_READS 20000
#define READS INT64_C(10000000)
#define BATCH 4096

/* ---- what is written to the pipe ---- */

typedef struct bytes {
  uint8_t *data;
  int64_t count;
} bytes;

static bytes make_block(int64_t reads) {
  const int64_t room = reads * (2 * LETTERS + 64);
  bytes block = {race_allocate(room), 0};
  for (int64_t r = 0; r < reads; r++) {
    char *to = (char *)block.data + block.count;
    int64_t n = snprintf(to, 48, "@read.%lld x:%d\n", (long long)r, (int)(race_random() % 10000));
    for (int64_t i = 0; i < LETTERS; i++) to[n++] = "ACGT"[race_random() & 3];
    if (r % 2) memcpy(to + n - LETTERS + (int64_t)(race_random() % (LETTERS - 8)), "TATAAAAG", 8);
    n += snprintf(to + n, 8, "\n+\n");
    for (int64_t i = 0; i < LETTERS; i++) to[n++] = "FFFFFF:,"[race_random() & 7];
    to[n++] = '\n';
    block.count += n;
  }
  return block;
}

/* A member of a gzip file. */
static bytes compressed(bytes text) {
  z_stream stream = {0};
  if (deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) race_refuse("zlib");
  const int64_t room = (int64_t)deflateBound(&stream, (uLong)text.count);
  bytes member = {race_allocate(room), 0};
  stream.next_in = text.data;
  stream.avail_in = (uInt)text.count;
  stream.next_out = member.data;
  stream.avail_out = (uInt)room;
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) race_refuse("zlib");
  member.count = (int64_t)stream.total_out;
  deflateEnd(&stream);
  return member;
}

static void write_all(int to, bytes block, int64_t times) {
  for (int64_t done = 0; done < times; done++)
    for (int64_t at = 0; at < block.count;) {
      const ssize_t n = write(to, block.data + at, (size_t)(block.count - at));
      if (n <= 0) exit(1);
      at += n;
    }
}

/* ---- what reads it ---- */

typedef void reading(int64_t reads);

static int64_t resident_kb(void) {
  long long pages = 0, resident = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!file || fscanf(file, "%lld %lld", &pages, &resident) != 2) race_refuse("/proc/self/statm cannot be read");
  fclose(file);
  return resident * (int64_t)sysconf(_SC_PAGESIZE) / 1024;
}

static int64_t peak_kb(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (int64_t)usage.ru_maxrss;
}

static void read_all(int64_t reads) {
  ba_reader *reader;
  ba_records *records;
  int64_t found = 0;
  race_check(ba_reader_open_path(race_context, "-", "", &reader), "reader");
  ba_status status;
  while (!(status = ba_reader_next(reader, INT32_MAX, &records))) {
    found += ba_records_count(records);
    ba_records_release(records);
  }
  if (status != BA_END || found != reads) race_refuse("reader");
  ba_reader_close(reader);
}

/* The next reads, classes in turns. Returns 0 at the end. */
static int add_batch(ba_reader *reader, ba_dataset *dataset) {
  static const char *labels[BATCH];
  ba_records *records;
  for (int64_t i = 0; i < BATCH; i++) labels[i] = i % 2 ? "1" : "0";
  const ba_status status = ba_reader_next(reader, BATCH, &records);
  if (status == BA_END) return 0;
  race_check(status, "reader");
  race_check(ba_dataset_add_records(dataset, records, labels, NULL, NULL, BA_PART_TRAIN), "dataset");
  ba_records_release(records);
  return 1;
}

static void learn_all(int64_t reads) {
  static const char *const classes[] = {"0", "1"};
  ba_reader *reader;
  ba_trainer *trainer;
  ba_model *model;
  race_check(ba_reader_open_path(race_context, "-", "qualities=skip", &reader), "reader");
  race_check(
      ba_trainer_create_online(race_context, "Kmer(k=6) | Logistic(solver=adagrad)", classes, 2, NULL, "", &trainer),
      "trainer");
  for (int more = 1; more;) {
    ba_dataset *batch;
    race_check(ba_dataset_create(race_context, "names=drop", &batch), "dataset");
    more = add_batch(reader, batch);
    if (more) race_check(ba_trainer_update(trainer, batch), "update");
    ba_dataset_destroy(batch);
  }
  int64_t learnt;
  ba_trainer_metrics(trainer, &learnt, NULL, NULL, NULL, NULL);
  if (learnt != reads) race_refuse("not all reads were learnt");
  race_check(ba_trainer_finish(trainer, &model), "finish");
  printf("memory.train_stream_mb %.1f\n", (double)peak_kb() / 1024);
  printf("memory.train_stream_cpu_s %.0f\n", race_cpu());
  ba_model_release(model);
  ba_trainer_destroy(trainer);
  ba_reader_close(reader);
}

/* The dataset, and then two iterations over it; the solver keeps up to 64 MiB of rows of features beside. */
static void hold_all(int64_t reads) {
  const int64_t start = resident_kb();
  const double each = 1024.0 / (double)reads;
  ba_reader *reader;
  ba_dataset *dataset;
  ba_trainer *trainer;
  race_check(ba_reader_open_path(race_context, "-", "qualities=skip", &reader), "reader");
  race_check(ba_dataset_create(race_context, "names=drop", &dataset), "dataset");
  while (add_batch(reader, dataset)) continue;
  ba_reader_close(reader);
  if (ba_dataset_rows(dataset, BA_PART_ALL) != reads) race_refuse("not all reads were added");
  printf("memory.dataset_bytes_per_read %.1f\n", (double)(resident_kb() - start) * each);
  printf("memory.dataset_growing_bytes_per_read %.1f\n", (double)(peak_kb() - start) * each);
  race_check(ba_trainer_create(race_context, "Kmer(k=6) | Logistic(max_iter=2)", dataset, "", &trainer), "trainer");
  while (ba_trainer_step(trainer) == BA_OK) continue;
  printf("memory.train_batch_bytes_per_read %.1f\n", (double)(resident_kb() - start) * each);
  ba_trainer_destroy(trainer);
  ba_dataset_destroy(dataset);
}

/* Of a child that reads so many of the block's reads, in kB. */
static int64_t peak_of(reading *child_reads, bytes block, int64_t block_reads, int64_t times) {
  int ends[2], status;
  struct rusage usage;
  fflush(stdout);
  if (pipe(ends)) exit(1);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[0], 0);
    close(ends[0]);
    close(ends[1]);
    race_check(ba_context_create(NULL, &race_context), "context");
    child_reads(times * block_reads);
    ba_context_destroy(race_context);
    fflush(stdout);
    _exit(0);
  }
  close(ends[0]);
  if (child < 0) exit(1);
  write_all(ends[1], block, times);
  close(ends[1]);
  if (wait4(child, &status, 0, &usage) != child || status != 0) exit(1);
  return (int64_t)usage.ru_maxrss;
}

int main(void) {
  bytes text = make_block(SMALL_READS);
  const int64_t small = peak_of(read_all, text, SMALL_READS, 100 * MEGABYTE / text.count),
                large = peak_of(read_all, text, SMALL_READS, 1000 * MEGABYTE / text.count);
  printf("memory.fastq.100m_kb %lld\n", (long long)small);
  printf("memory.fastq.1g_kb %lld\n", (long long)large);
  printf("memory.fastq.1g_minus_100m_kb %lld\n", (long long)(large - small));
  free(text.data);
  text = make_block(BLOCK_READS);
  const bytes member = compressed(text);
  free(text.data);
  peak_of(learn_all, member, BLOCK_READS, READS / BLOCK_READS);
  peak_of(hold_all, member, BLOCK_READS, READS / BLOCK_READS);
  free(member.data);
  return 0;
}
