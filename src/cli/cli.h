/* SPDX-License-Identifier: MIT
 *
 * cli.h: what the commands of ba share. A command declares its options in a table, calls cli_start, works, and ends
 * with cli_end. Every function that returns int gives an exit code; whoever finds a failure prints its one line.
 */
#ifndef BA_CLI_H
#define BA_CLI_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "bioanalytics/bioanalytics.h"

/* Exit codes, as docs and `ba help` give them. */
enum { CLI_DONE = 0, CLI_USAGE = 1, CLI_INPUT = 2, CLI_IO = 3, CLI_LIMIT = 4, CLI_INTERNAL = 5 };
/* What cli_start returns when the command should go on. */
enum { CLI_GO = -1 };

/* ---- options.c: one table of options a command; it reads the arguments and prints --help ---- */

typedef enum cli_kind { CLI_FLAG, CLI_TEXT, CLI_LIST, CLI_INTEGER, CLI_BYTES } cli_kind;

/* Texts are borrowed from argv. */
typedef struct cli_list {
  const char **items;
  int32_t count;
} cli_list;

/* One option; a table ends with name NULL. `value` is bool *, const char **, cli_list *, or int64_t *. */
typedef struct cli_option {
  const char *name; /* without the dashes */
  cli_kind kind;
  void *value;
  const char *argument; /* what --help calls the value */
  const char *help;
} cli_option;

/* What --help says of a command, and how many files it takes (most_files -1: any number). */
typedef struct cli_spec {
  const char *name;
  const char *usage;    /* after "ba NAME" */
  const char *about;    /* what it does, some sentences */
  const char *examples; /* one or two, each on a line of its own */
  int32_t least_files, most_files;
} cli_spec;

/* A running command. */
typedef struct cli {
  const cli_spec *spec;
  ba_context *context;
  cli_list files;
  int64_t threads, seed, memory_limit;
  const char *cpu;
  bool json, terminal;
} cli;

/* Reads the arguments into the table and the globals of `c`. Returns CLI_GO, or an exit code after --help or an
 * error. The caller frees its lists with cli_list_free; cli_end frees `files`. */
int cli_options_read(cli *c, const cli_option *options, int argc, char **argv);
void cli_list_free(cli_list *list);
/* Reads a whole number, also negative; true when all of the text is one. */
bool cli_integer(const char *text, int64_t *value);

/* ---- session.c: the context, errors, signals, progress ---- */

/* Reads the arguments and makes the context. Returns CLI_GO, or the exit code to end with. */
int cli_start(cli *c, const cli_spec *spec, const cli_option *options, int argc, char **argv);
/* Ends the progress line, destroys the context and passes the exit code through. */
int cli_end(cli *c, int code);
/* Prints the context's last error as "ba COMMAND: MESSAGE" and returns the exit code of `status`. */
int cli_fail(cli *c, ba_status status);
/* The same with "SUBJECT: " before the message, unless the message begins with it. */
int cli_fail_in(cli *c, ba_status status, const char *subject);
/* Prints "ba COMMAND: MESSAGE" and returns `code`. */
int cli_error(cli *c, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Prints a line on stderr that is not an error, after taking the progress line away. */
void cli_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Sets what the progress line says; shown at a terminal only, with the share of the running call that is done. */
void cli_progress(cli *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The exit code for an interrupt, after its error line; CLI_DONE while there is none. Ask in every loop. */
int cli_interrupted(cli *c);
/* CPU seconds of the process so far, and the most memory that it held, in bytes. */
double cli_cpu_seconds(void);
int64_t cli_peak_memory(void);
/* malloc and realloc that end the program with CLI_LIMIT when there is no memory. */
void *cli_allocate(size_t bytes);
void *cli_resize(void *pointer, size_t bytes);
/* Gets a text result of the library whatever its length: `give` is the library's call on `object`. Free *out. */
typedef ba_status (*cli_text_call)(const void *object, char *buffer, int64_t capacity, int64_t *length);
ba_status cli_text(cli_text_call give, const void *object, char **out);

/* ---- output.c: files that appear by rename; names; JSON ---- */

typedef struct cli_output {
  FILE *file;
  char *path;      /* the final name; NULL for stdout */
  char *temporary; /* NULL when written in place: stdout, pipes and devices */
  int32_t slot;
} cli_output;

/* Opens `path`, or stdout when it is NULL or "-". */
int cli_output_open(cli *c, const char *path, cli_output *out);
/* Gives the file its name when `code` is CLI_DONE and all was written, else removes it. Returns the exit code. */
int cli_output_close(cli *c, cli_output *out, int code);
/* Whether `path` can be written, by rename unless it is a device or a pipe: checked before long work. */
int cli_output_check(cli *c, const char *path);
/* Removes the temporary file of a run that is being killed; safe in a signal handler. */
void cli_output_abandon(void);

/* cut.c: the complement by the IUPAC letters, case kept; anything else stays. */
char cli_complement(char letter);
/* reading.c: whether the file gives the same bytes when it is opened again. */
bool cli_can_reread(const char *path);
/* The first word of a record's name; not NUL-ended. */
const char *cli_first_word(const ba_records *records, int64_t index, int64_t *length);
/* number.c: as printf has them with %lld, of a number not below 0, and with %.17g; both return where the text ends, and
 * neither ends it with a NUL. A number takes up to CLI_NUMBER bytes. */
#define CLI_NUMBER 32
char *cli_put_whole(char *at, int64_t value);
char *cli_put_number(char *at, double value);
void cli_write_number(FILE *out, double value);

/* A number with 17 significant digits, null when it is not finite. */
cJSON *cli_json_number(double value);
void cli_json_add(cJSON *object, const char *name, double value);
/* Prints with or without line breaks, ends the line, and frees the value. */
void cli_json_print(FILE *file, cJSON *value, bool pretty);

/* ---- reading.c: pairs, filters and regions, shared by stats and convert ---- */

typedef struct cli_reading {
  const char *mate, *pair_filter;
  bool interleaved;
  int64_t trim_quality, trim_start_quality, min_length, max_length, max_ambiguous, min_mean_quality;
  int64_t chunk;              /* letters in a piece of a FASTA sequence, unless records are filtered; 0: whole */
  const char *tags;           /* of alignments; NULL: none */
  const char *region, *index; /* NULL: the whole file; the index is beside it */
} cli_reading;

/* What the options are when they are not given. */
#define CLI_READING_NONE \
  { .max_length = -1, .max_ambiguous = -1 }
/* Their rows of a command's table. */
#define CLI_READING_OPTIONS(r)                                                                                      \
  {"region", CLI_TEXT, &(r).region, "REGION", "only this part, such as chr1:1,001-2,000, by the file's index"},     \
      {"index", CLI_TEXT, &(r).index, "FILE", "the index (.fai, .bai, .csi, .crai), if it is not beside the file"}, \
      {"mate", CLI_TEXT, &(r).mate, "FILE", "the second mates of a file of pairs; names are compared"},             \
      {"interleaved", CLI_FLAG, &(r).interleaved, NULL, "the file has pairs, mates in turn"},                       \
      {"trim-quality", CLI_INTEGER, &(r).trim_quality, "Q", "cut off a right end of Phred below Q, as BWA does"},   \
      {"trim-start-quality", CLI_INTEGER, &(r).trim_start_quality, "Q", "the same for the left end"},               \
      {"min-length", CLI_INTEGER, &(r).min_length, "N", "leave out shorter records, after trimming"},               \
      {"max-length", CLI_INTEGER, &(r).max_length, "N", "leave out longer ones"},                                   \
      {"max-ambiguous", CLI_INTEGER, &(r).max_ambiguous, "N",                                                       \
       "leave out records with more letters than N that "                                                           \
       "are not A C G T U"},                                                                                        \
      {"min-mean-quality", CLI_INTEGER, &(r).min_mean_quality, "Q",                                                 \
       "leave out records whose mean probability of "                                                               \
       "an error is above 10^(-Q/10)"},                                                                             \
  {                                                                                                                 \
    "pair-filter", CLI_TEXT, &(r).pair_filter, "HOW", "any: leave out a pair if a mate fails (any); both: if both"  \
  }

/* What to do with one record of a file. */
typedef int (*cli_record_call)(void *job, const ba_records *records, int64_t index, const char *path);
/* Calls it for every record of a reader, as long as it gives CLI_DONE and `out` takes what is written; closes the
 * reader. */
int cli_each_record(cli *c, ba_reader *reader, const char *path, FILE *out, cli_record_call call, void *job);

/* Checks what can be seen from the options alone; `files` is how many files the command was given. */
int cli_reading_check(cli *c, const cli_reading *reading);
/* Opens a file with the filters, as pairs if that is asked for. */
int cli_reading_open(cli *c, const cli_reading *reading, const char *path, ba_reader **out);
bool cli_reading_pairs(const cli_reading *reading);
bool cli_reading_filters(const cli_reading *reading);
/* What was left out and cut off, once all is read. */
typedef struct cli_filtered {
  int64_t records, trimmed, letters;
} cli_filtered;
cli_filtered cli_reading_count(const ba_reader *reader);
void cli_filtered_json(cJSON *object, const cli_filtered *counts);

/* ---- variants.c: VCF and BCF, for stats and convert ---- */

/* Opens a file of variants. *out is NULL with CLI_DONE when it is something else, or no regular file. */
int cli_variants_open(cli *c, const char *path, const char *options, ba_variants **out);
/* SNVs to others are ALT alleles; missing ones are genotypes. */
typedef struct cli_variants {
  int64_t records, samples, snvs, mnvs, indels, others, multiallelic, transitions, transversions, missing;
} cli_variants;
int cli_variants_count(cli *c, const char *path, ba_variants *variants, cli_variants *out);
void cli_variants_json(cJSON *object, const cli_variants *v);
void cli_variants_heading(int width);
void cli_variants_line(int width, const char *file, const char *format, const cli_variants *v);
/* Writes all rows as TSV with a heading, and counts them; nothing when there are none. */
int cli_variants_write(cli *c, const char *path, ba_variants *variants, FILE *out, int64_t *rows);

/* ---- data.c: labelled data and metrics, shared by train and eval ---- */

/* Rows of a table that do not fit, put aside. */
typedef struct cli_rejects {
  const char *path; /* the file that says why; NULL: the first one ends the run */
  char texts[200];  /* columns that may mix numbers and texts, with bars between them */
  bool classes;     /* the target is a text */
  int64_t count;
} cli_rejects;

typedef struct cli_data {
  cli_list positives, negatives;
  const char *labels, *columns, *dev, *group, *time, *duplicate;
  const char *table, *target, *weight; /* rows of numbers instead of sequences */
  cli_list ignored;                    /* columns that are no features */
  const char *libsvm;                  /* sparse rows */
  bool unlabelled;                     /* a table may be without a target */
  const char *train;    /* of eval: a table of training rows; the other rows are then test rows, if they do not say */
  bool quality;         /* the rows keep their qualities */
  bool names;           /* and their names */
  cli_rejects *rejects; /* NULL: a command without */
} cli_data;

/* The rows of a command's table that name a table of numbers. */
#define CLI_TABLE_OPTIONS(data)                                                                                   \
  {"libsvm", CLI_TEXT, &(data).libsvm, "F", "sparse rows: a label, then index:value, plain or gzip"},             \
      {"table", CLI_TEXT, &(data).table, "T.csv", "rows of numbers: CSV or TSV, plain or gzip, or JSON lines"},   \
      {"ignore", CLI_LIST, &(data).ignored, "COL", "with --table: a column that is no feature; may be repeated"}, \
      {"target", CLI_TEXT, &(data).target, "COL", "with --table: the column to predict"}, {                       \
    "weight", CLI_TEXT, &(data).weight, "COL", "with --table: the column of weights"                              \
  }

/* Whether a recipe weighs by quality, so that its rows must keep theirs. */
bool cli_recipe_weighs(cli *c, const char *recipe);
/* Adds the columns that a recipe takes as categories to those that may mix numbers and texts. */
void cli_rejects_spare(cli *c, const char *recipe, cli_rejects *rejects);
/* Options of a reader for a recipe: qualities are kept where the recipe asks for them. */
const char *cli_reader_options(cli *c, const char *recipe);

/* lines.c: calls it for every line of a file, plain or gzip, as long as it gives CLI_DONE; a line ends with its line
 * feed, but for the last, and may be changed. */
typedef int (*cli_line_call)(void *job, char *line);
int cli_each_line(cli *c, const char *path, cli_line_call call, void *job);
/* tables.c: reads a table whole, with its columns of numbers found. */
int cli_table_read(cli *c, const char *path, ba_table **out);
/* Whether a file has JSON lines, by its name. */
bool cli_table_is_lines(const char *path);
/* libsvm.c: sparse rows with their labels. */
typedef struct cli_libsvm {
  ba_array *starts, *columns, *values;
  char **labels;
  int64_t rows;
} cli_libsvm;
int cli_libsvm_read(cli *c, const char *path, cli_libsvm *out);
void cli_libsvm_free(cli_libsvm *rows);
/* Whether a model reads such rows. */
bool cli_model_is_sparse(const ba_model *model);
/* Checks that the options name one source of data. */
int cli_data_check(cli *c, const cli_data *data);
/* The options of ba_scorer_..._table: the columns of --group and --time, where they are given, and --duplicate. */
int cli_row_options(cli *c, const char *group, const char *time, const char *duplicate, char *options, size_t room);
/* Says on stderr how many rows a model that looks back found with the time of a row before in their group. */
void cli_note_duplicates(const cli *c, const ba_model *model, int64_t count);
/* Names of columns with bars between them; false when there is no room for them. */
bool cli_names_joined(const cli_list *names, char *out, size_t room);
/* Makes the dataset and reads the files into it. */
int cli_data_load(cli *c, const cli_data *data, ba_dataset **out);
/* All numbers of the metrics by name, added to a JSON object. */
void cli_metrics_json(cJSON *object, const ba_metrics *metrics);
/* The confusion matrix as rows of actual classes. */
cJSON *cli_confusion_json(const ba_metrics *metrics, int32_t classes);
/* Loads the model that --model names; an error when there is none. */
int cli_model_load(cli *c, const char *path, ba_model **out);
/* Finds the score column for --class; two classes have one. */
int cli_model_output(cli *c, const ba_model *model, const char *name, int32_t *output);

/* ---- candidates.c: what train tries ---- */

typedef struct cli_candidate {
  char *recipe;
  char l2[64];         /* the value of --l2, or "" */
  bool follows;        /* the same recipe as the one before but for a smaller l2 */
  ba_metrics *metrics; /* NULL before it was tried */
  double cpu_seconds;
} cli_candidate;

typedef struct cli_candidates {
  cli_candidate *items;
  int32_t count;
  bool numbers; /* models of numbers, not of classes */
} cli_candidates;

/* Makes the list: each recipe, with each value of `l2` (comma separated, or NULL), from the largest, put into its model
 * term. */
int cli_candidates_make(cli *c, const cli_list *recipes, const char *l2, cli_candidates *out);
/* Whether metrics `a` are better than `b` by the number `metric`; b may be NULL; a number that is NaN is never. */
bool cli_metrics_better(const char *metric, const ba_metrics *a, const ba_metrics *b);
/* A table on stderr: one line a candidate. */
void cli_candidates_table(const cli_candidates *candidates, const char *part);
/* The list as JSON, with the metrics under the name `part`. */
cJSON *cli_candidates_json(const cli_candidates *candidates, const char *part);
void cli_candidates_free(cli_candidates *candidates);

/* ---- auto.c: what `--recipe auto` tries ---- */

#define CLI_AUTO_ROUNDS 3

typedef struct cli_auto {
  ba_dataset *dataset;
  bool balanced; /* classes weigh the same */
  int64_t seeds; /* networks to average */
  bool table;    /* rows of numbers */
} cli_auto;

/* Adds the recipes of a round, from 0; `best` is the best recipe of the rounds before. */
int cli_candidates_auto(cli *c, const cli_auto *automatic, int32_t round, const char *best, cli_candidates *out);

/* ---- the commands, one file each ---- */

int cli_stats(int argc, char **argv);
int cli_cut(int argc, char **argv);
int cli_convert(int argc, char **argv);
int cli_split(int argc, char **argv);
int cli_features(int argc, char **argv);
int cli_describe(int argc, char **argv);
int cli_pca(int argc, char **argv);
int cli_train(int argc, char **argv);
int cli_learn(int argc, char **argv);
int cli_calibrate(int argc, char **argv);
int cli_eval(int argc, char **argv);
int cli_predict(int argc, char **argv);
int cli_scan(int argc, char **argv);
int cli_mutate(int argc, char **argv);
int cli_explain(int argc, char **argv);
int cli_index(int argc, char **argv);
int cli_info(int argc, char **argv);
int cli_export(int argc, char **argv);
int cli_selftest(int argc, char **argv);
int cli_help(int argc, char **argv);

/* ---- main.c ---- */

typedef struct cli_command {
  const char *name;
  int (*run)(int argc, char **argv);
  const char *summary;
} cli_command;

/* The table of commands; ends with name NULL. */
extern const cli_command cli_commands[];
void cli_usage(FILE *file);

#endif
