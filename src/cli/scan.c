/* SPDX-License-Identifier: MIT
 *
 * scan.c: `ba scan`, the score of every window along long sequences, as bedGraph. A sequence is read in pieces and
 * scored in stretches of windows, so memory does not grow with it; the scores do not depend on that.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { STRETCH = 65536, PIECE = 262144 };

typedef struct job {
  cli *c;
  ba_scorer *scorer;
  int64_t window, step, too_short, records;
  int32_t outputs, output;
  double *scores;
  FILE *out;
} job;

static const cli_spec spec = {
    "scan",
    "--model m.ba --window W --step S [OPTIONS] FILE",
    "Scores every window of W letters, one each S letters, and writes bedGraph: name, start, end, score, counted\n"
    "from 0, end not included. Each score is that of the window by itself. Records shorter than W are left out, and\n"
    "their number is told on stderr. --json gives one object a line.",
    "  ba scan --model promoters.ba --window 250 --step 50 genome.fa.gz > promoters.bedgraph\n",
    1,
    1,
};

static void write_window(const job *j, const char *name, int64_t length, int64_t start, double score) {
  if (!j->c->json) {
    fprintf(j->out, "%.*s\t%lld\t%lld\t%.17g\n", (int)length, name, (long long)start, (long long)(start + j->window),
            score);
    return;
  }
  char *text = cli_allocate((size_t)length + 1);
  memcpy(text, name, (size_t)length);
  text[length] = '\0';
  cJSON *object = cJSON_CreateObject();
  cJSON_AddStringToObject(object, "name", text);
  cJSON_AddNumberToObject(object, "start", (double)start);
  cJSON_AddNumberToObject(object, "end", (double)(start + j->window));
  cli_json_add(object, "score", score);
  cli_json_print(j->out, object, false);
  free(text);
}

static int scan_record(void *argument, const ba_records *records, int64_t index, const char *path) {
  job *j = argument;
  int64_t size = 0, length = 0;
  int32_t more = 0;
  const int64_t piece = ba_records_piece(records, index, &more);
  const char *letters = ba_records_sequence(records, index, &size);
  const char *name = cli_first_word(records, index, &length);
  /* A piece starts with as many letters of the one before as make no window, so its windows are just the new ones. */
  const int64_t skip = (j->step - piece % j->step) % j->step, left = size - skip;
  const int64_t windows = left < j->window ? 0 : (left - j->window) / j->step + 1;
  if (piece == 0 && size < j->window) j->too_short++;
  if (!more) j->records++;
  for (int64_t first = 0; first < windows; first += STRETCH) {
    const int64_t n = windows - first < STRETCH ? windows - first : STRETCH, start = skip + first * j->step;
    int64_t count = 0;
    const ba_status status = ba_scorer_scan(j->scorer, letters + start, (n - 1) * j->step + j->window, j->window,
                                            j->step, j->scores, STRETCH, &count);
    if (status != BA_OK) return cli_fail_in(j->c, status, path);
    for (int64_t i = 0; i < count; i++)
      write_window(j, name, length, piece + start + i * j->step, j->scores[i * j->outputs + j->output]);
    cli_progress(j->c, "scanning %.*s: letter %lld", (int)length, name,
                 (long long)(piece + start + (count - 1) * j->step + j->window));
    const int code = cli_interrupted(j->c);
    if (code != CLI_DONE) return code;
  }
  return CLI_DONE;
}

static int scan_file(job *j, const char *path) {
  ba_reader *reader = NULL;
  char options[64];
  snprintf(options, sizeof options, "chunk=%lld, overlap=%lld", (long long)(j->window - 1 + PIECE),
           (long long)(j->window - 1));
  const ba_status status = ba_reader_open_path(j->c->context, path, options, &reader);
  if (status != BA_OK) return cli_fail_in(j->c, status, path);
  return cli_each_record(j->c, reader, path, j->out, scan_record, j);
}

static int work(job *j, ba_model *model, const char *out) {
  cli *c = j->c;
  cli_output output;
  const ba_status status = ba_scorer_create(c->context, model, "", &j->scorer);
  if (status != BA_OK) return cli_fail(c, status);
  j->outputs = ba_model_outputs(model);
  j->scores = cli_allocate(sizeof(double) * STRETCH * (size_t)j->outputs);
  int code = cli_output_open(c, out, &output);
  if (code != CLI_DONE) return code;
  j->out = output.file;
  code = cli_output_close(c, &output, scan_file(j, c->files.items[0]));
  if (code == CLI_DONE && j->too_short > 0)
    cli_note("ba scan: left out %lld of %lld records: shorter than the window of %lld", (long long)j->too_short,
             (long long)j->records, (long long)j->window);
  return code;
}

int cli_scan(int argc, char **argv) {
  cli c = {0};
  job j = {.c = &c};
  ba_model *model = NULL;
  const char *path = NULL, *out = NULL, *class = NULL;
  const cli_option options[] = {
      {"model", CLI_TEXT, &path, "m.ba", "the model file"},
      {"window", CLI_INTEGER, &j.window, "W", "letters in a window"},
      {"step", CLI_INTEGER, &j.step, "S", "letters from one window's start to the next"},
      {"class", CLI_TEXT, &class, "NAME", "whose score, for a model of more than two classes"},
      {"out", CLI_TEXT, &out, "F", "write to a file, which appears when it is complete"},
      {NULL, CLI_FLAG, NULL, NULL, NULL},
  };
  int code = cli_start(&c, &spec, options, argc, argv);
  if (code != CLI_GO) return code;
  if (j.window < 1 || j.step < 1)
    code = cli_error(&c, CLI_USAGE, "--window and --step are needed, both 1 or more");
  else
    code = cli_model_load(&c, path, &model);
  if (code == CLI_DONE) code = cli_model_output(&c, model, class, &j.output);
  if (code == CLI_DONE) code = work(&j, model, out);
  ba_scorer_destroy(j.scorer);
  ba_model_release(model);
  free(j.scores);
  return cli_end(&c, code);
}
