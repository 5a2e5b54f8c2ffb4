/* SPDX-License-Identifier: MIT
 *
 * parse.c: records from files, ours, kseq.h and helicase in turns within one process, CPU time, medians. It makes its
 * own files in the folder that it is given.
 */
#include "parse.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "bioanalytics/seq.h"

#define ROUNDS 7

static uint64_t random_state = 0x9E3779B97F4A7C15u;

static uint64_t next_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

/* ---- the files ---- */

enum { PLAIN, GZIP, BGZF };
#define BLOCK_BYTES 65280 /* of text in a bgzf block, as bgzip has it */

typedef struct output {
  FILE *plain;
  gzFile packed;
  int blocks; /* bgzf blocks into `plain` */
  size_t held;
  uint8_t block[BLOCK_BYTES];
} output;

static void refuse_write(void) {
  fprintf(stderr, "bench_parse: cannot write\n");
  exit(1);
}

static void put_block(output *out) {
  uint8_t member[2 * BLOCK_BYTES], extra[6] = {'B', 'C', 2, 0, 0, 0};
  gz_header header = {.extra = extra, .extra_len = sizeof extra, .os = 255};
  z_stream z = {.next_in = out->block, .avail_in = (uInt)out->held, .next_out = member, .avail_out = sizeof member};
  if (deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK ||
      deflateSetHeader(&z, &header) != Z_OK || deflate(&z, Z_FINISH) != Z_STREAM_END || z.total_out > 65536) {
    refuse_write();
  }
  deflateEnd(&z);
  member[16] = (uint8_t)((z.total_out - 1) & 0xff);
  member[17] = (uint8_t)((z.total_out - 1) >> 8);
  if (fwrite(member, 1, z.total_out, out->plain) != z.total_out) refuse_write();
  out->held = 0;
}

static void put(output *out, const char *bytes, size_t n) {
  if (out->blocks) {
    for (size_t i = 0; i < n; i++) {
      out->block[out->held++] = (uint8_t)bytes[i];
      if (out->held == BLOCK_BYTES) put_block(out);
    }
  } else if (out->packed ? gzwrite(out->packed, bytes, (unsigned)n) != (int)n : fwrite(bytes, 1, n, out->plain) != n) {
    refuse_write();
  }
}

static void put_letters(output *out, int64_t n, int64_t line, int quality) {
  char buffer[4096];
  int64_t used = 0;
  for (int64_t i = 0; i < n; i++) {
    const uint64_t r = next_random() >> 20;
    buffer[used++] = quality ? (char)('#' + (r % 8 ? 37 - r % 5 : r % 37)) : "ACGT"[r & 3];
    if (line && (i + 1) % line == 0 && i + 1 < n) buffer[used++] = '\n';
    if (used > 4000) {
      put(out, buffer, (size_t)used);
      used = 0;
    }
  }
  buffer[used++] = '\n';
  put(out, buffer, (size_t)used);
}

static void write_fastq(output *out, int64_t letters, int mixed) {
  char head[64];
  for (int64_t i = 0; letters > 0; i++) {
    const int64_t n = mixed ? 35 + (int64_t)(next_random() % (i % 50 ? 266 : 8000)) : 150;
    put(out, head, (size_t)snprintf(head, sizeof head, "@read.%lld x:%lld\n", (long long)i, (long long)(i * 7919)));
    put_letters(out, n, 0, 0);
    put(out, "+\n", 2);
    put_letters(out, n, 0, 1);
    letters -= n;
  }
}

static void write_fasta(output *out, int64_t letters) {
  char head[64];
  for (int64_t i = 0; letters > 0; i++) {
    const int64_t n = 200000 + (int64_t)(next_random() % 3000000);
    put(out, head, (size_t)snprintf(head, sizeof head, ">contig%lld a made sequence\n", (long long)i));
    put_letters(out, n, 60, 0);
    letters -= n;
  }
}

typedef struct subject {
  const char *name;
  const char *file;
  int64_t letters;
  char kind; /* f FASTQ, m FASTQ of mixed lengths, a FASTA */
  int packed;
} subject;

static const subject subjects[] = {
    {"fastq_fixed", "reads.fq", 40000000, 'f', PLAIN}, {"fastq_mixed", "mixed.fq", 40000000, 'm', PLAIN},
    {"fasta", "genome.fa", 80000000, 'a', PLAIN},      {"gz", "reads.fq.gz", 12000000, 'f', GZIP},
    {"fasta_gz", "genome.fa.gz", 24000000, 'a', GZIP}, {"bgzf", "blocks.fq.gz", 40000000, 'f', BGZF},
};

/* Made beside its name and moved there, so that a run that was stopped leaves no half file. */
static void make_file(const subject *s, const char *path) {
  char part[4200];
  struct stat about;
  if (stat(path, &about) == 0) return;
  snprintf(part, sizeof part, "%s.part", path);
  static output out;
  memset(&out, 0, sizeof out);
  out.blocks = s->packed == BGZF;
  if (s->packed == GZIP)
    out.packed = gzopen(part, "wb6");
  else
    out.plain = fopen(part, "wb");
  if (!out.packed && !out.plain) {
    fprintf(stderr, "bench_parse: cannot write %s\n", part);
    exit(1);
  }
  if (s->kind == 'a')
    write_fasta(&out, s->letters);
  else
    write_fastq(&out, s->letters, s->kind == 'm');
  if (out.held > 0) put_block(&out);
  if (out.blocks) put_block(&out); /* the empty one at the end */
  if ((out.packed ? gzclose(out.packed) : fclose(out.plain)) || rename(part, path)) exit(1);
}

/* ---- the race ---- */

typedef int contender(const char *path, const char *options, int check, struct tally *out);
typedef int library_contender(const char *path, int check, struct tally *out);

static ba_context *context;
static library_contender *helicase; /* NULL: not there */
static const char *no_helicase = "cargo, which builds it, was not found or failed";

static int run_ours(const char *path, const char *options, int check, struct tally *out) {
  ba_reader *reader;
  ba_records *records;
  ba_status status = ba_reader_open_path(context, path, options, &reader);
  while (!status && !(status = ba_reader_next(reader, INT32_MAX, &records))) {
    const int64_t *offsets;
    const char *letters = ba_records_columns(records, &offsets);
    const int64_t count = ba_records_count(records);
    int32_t more;
    const int64_t piece = ba_records_piece(records, 0, NULL); /* the first may go on from the batch before */
    ba_records_piece(records, count - 1, &more);
    out->records += count - more;
    out->letters += offsets[count];
    for (int64_t i = 0; check && i < count; i++) {
      int64_t n, word = 0;
      const char *name = ba_records_name(records, i, &n);
      while (word < n && name[word] != ' ' && name[word] != '\t') word++;
      if (i < count - more) out->names += word;
      const char *sequence = letters + offsets[i];
      const int64_t start = i == 0 ? piece : 0;
      for (int64_t j = 0; j < offsets[i + 1] - offsets[i]; j++)
        out->sum += (uint64_t)((uint8_t)sequence[j]) * (uint64_t)((start + j) % 251 + 1);
    }
    ba_records_release(records);
  }
  ba_reader_close(reader);
  if (status != BA_END) fprintf(stderr, "bench_parse: %s: %s\n", path, ba_context_error_message(context));
  return status == BA_END;
}

static int run_kseq(const char *path, const char *options, int check, struct tally *out) {
  (void)options;
#ifdef BENCH_KSEQ
  return bench_kseq(path, check, out);
#else
  (void)path, (void)check, (void)out;
  return 0;
#endif
}

static int run_helicase(const char *path, const char *options, int check, struct tally *out) {
  (void)options;
  return helicase(path, check, out);
}

static double seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *values) {
  qsort(values, ROUNDS, sizeof *values, by_size);
  return values[ROUNDS / 2];
}

static double cpu_of(contender *who, const char *path, const char *options) {
  struct tally counted = {0, 0, 0, 0};
  const double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
  who(path, options, 0, &counted);
  return seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
}

typedef struct peer {
  const char *name;
  contender *run;
  int32_t names;        /* gives the first words of names */
  const char *lacking;  /* why it is not there; NULL when it is */
  double times[ROUNDS]; /* of the race */
} peer;

/* The peers of a race first show that they read the same; then all go in turns. `own` is the name of our own speed. */
static int race(const char *name, const char *own, const char *path, const char *options, peer *peers, int count) {
  double ours[ROUNDS], ratios[ROUNDS];
  struct tally mine = {0, 0, 0, 0};
  struct stat about;
  if (!run_ours(path, options, 1, &mine) || stat(path, &about)) return 0;
  for (int p = 0; p < count; p++) {
    struct tally its = {0, 0, 0, 0};
    if (peers[p].lacking) continue;
    if (!peers[p].run(path, options, 1, &its) || its.records != mine.records || its.letters != mine.letters ||
        its.sum != mine.sum || (peers[p].names && its.names != mine.names)) {
      fprintf(stderr, "bench_parse: %s: %s does not agree\n", path, peers[p].name);
      return 0;
    }
  }
  for (int i = 0; i < ROUNDS; i++) {
    ours[i] = cpu_of(run_ours, path, options);
    for (int p = 0; p < count; p++) {
      if (!peers[p].lacking) peers[p].times[i] = cpu_of(peers[p].run, path, options);
    }
  }
  const double megabytes = (double)about.st_size / 1e6;
  for (int p = 0; p < count; p++) {
    for (int i = 0; i < ROUNDS; i++) ratios[i] = peers[p].times[i] / ours[i];
    if (peers[p].lacking) {
      printf("parse.%s.vs_%s skipped %s\n", name, peers[p].name, peers[p].lacking);
      continue;
    }
    printf("parse.%s.%s_mb_per_s %.0f\n", name, peers[p].name, megabytes / median(peers[p].times));
    printf("parse.%s.vs_%s %.2f\n", name, peers[p].name, median(ratios));
  }
  printf("parse.%s.mb_per_s %.0f\n", own, megabytes / median(ours));
  fflush(stdout);
  return 1;
}

/* kseq copies the qualities and helicase leaves them where they are: ours does as the peer does. */
static int run_fastq(const char *name, const char *path, peer *kseq, peer *other) {
  char keep[64], skip[64];
  snprintf(keep, sizeof keep, "%s.keep", name);
  snprintf(skip, sizeof skip, "%s.skip", name);
  return race(name, name, path, "", kseq, 1) && race(name, skip, path, "qualities=skip", other, 1) &&
         race(keep, keep, path, "", other, 1);
}

static int run_subject(const subject *s, const char *path) {
  peer kseq = {.name = "kseq", .run = run_kseq, .names = 1};
  peer peers[2] = {kseq, {.name = "helicase", .run = run_helicase, .lacking = helicase ? NULL : no_helicase}};
  char name[64];
#ifndef BENCH_KSEQ
  peers[0].lacking = "htslib/kseq.h was not there when this was built";
#endif
  if (s->packed == PLAIN && s->kind != 'a') return run_fastq(s->name, path, &peers[0], &peers[1]);
  if (!race(s->name, s->name, path, "", peers, s->packed == PLAIN ? 2 : 1)) return 0;
  snprintf(name, sizeof name, "%s_%s", s->name, s->packed == GZIP ? "zlib" : "chunks");
  if (s->packed == GZIP) return race(name, name, path, "inflater=zlib", peers, 1);
  if (s->packed == PLAIN) return race(name, name, path, "chunk=65536", peers, 2);
  return 1;
}

static double wall_of(const char *path, int32_t threads) {
  struct tally counted = {0, 0, 0, 0};
  ba_context_set_threads(context, threads);
  const double start = seconds(CLOCK_MONOTONIC);
  if (!run_ours(path, "", 0, &counted)) exit(1);
  return seconds(CLOCK_MONOTONIC) - start;
}

/* Wall time, one thread and two in turns; this part must not be pinned to one core. */
static int run_threads(const char *folder) {
  double one[ROUNDS], two[ROUNDS], ratios[ROUNDS];
  const subject *s = &subjects[sizeof subjects / sizeof subjects[0] - 1];
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, s->file);
  make_file(s, path);
  wall_of(path, 2);
  for (int i = 0; i < ROUNDS; i++) {
    one[i] = wall_of(path, 1);
    two[i] = wall_of(path, 2);
    ratios[i] = one[i] / two[i];
  }
  printf("parse.%s.threads1_wall_ms %.1f\n", s->name, 1e3 * median(one));
  printf("parse.%s.threads2_wall_ms %.1f\n", s->name, 1e3 * median(two));
  printf("parse.%s.threads2_vs_1 %.2f\n", s->name, median(ratios));
  return 1;
}

static void open_helicase(const char *library) {
  void *handle = library[0] ? dlopen(library, RTLD_NOW | RTLD_LOCAL) : NULL;
  void *symbol = handle ? dlsym(handle, "bench_helicase") : NULL;
  if (library[0]) no_helicase = "its library cannot be opened";
  memcpy(&helicase, &symbol, sizeof helicase);
}

static int run_all(const char *folder, const char *library, const char *only) {
  int good = 1;
  open_helicase(library);
  for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++) {
    char path[4096];
    if (only && strcmp(only, subjects[i].name) != 0) continue;
    snprintf(path, sizeof path, "%s/%s", folder, subjects[i].file);
    make_file(&subjects[i], path);
    good = run_subject(&subjects[i], path) && good;
  }
  return good;
}

int main(int argc, char **argv) {
  int good = 0;
  if (argc >= 3 && !ba_context_create(NULL, &context)) {
    if (strcmp(argv[1], "race") == 0) {
      good = run_all(argv[2], argc > 3 ? argv[3] : "", argc > 4 ? argv[4] : NULL);
    } else if (strcmp(argv[1], "threads") == 0) {
      good = run_threads(argv[2]);
    }
    ba_context_destroy(context);
  } else {
    fprintf(stderr, "usage: bench_parse race|threads FOLDER [LIBRARY [FILE]]\n");
  }
  return good ? 0 : 1;
}
