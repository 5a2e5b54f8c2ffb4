/* SPDX-License-Identifier: MIT
 *
 * scan.c: `ba scan`, the score of every window along long sequences, as bedGraph. A sequence is read in pieces and
 * scored in stretches of windows, so memory does not grow with it; the scores do not depend on that.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "peaks.h"

enum { FORWARD, REVERSE, BOTH };
enum { STRETCH = 65536, PIECE = 262144 };

typedef struct job {
  cli *c;
  ba_scorer *scorer;
  int64_t window, step, too_short, records;
  int32_t outputs, output;
  int strand;
  double *scores, *others; /* of a stretch's windows: all outputs of one strand; then those that are written */
  char *strands;           /* '+' or '-' of each */
  char *flipped;           /* letters of a stretch the other way round */
  FILE *out;               /* NULL: windows are counted by their scores */
  cli_peaks peaks;
  cli_rates rates;
} job;

static const cli_spec spec = {
    "scan",
    "--model m.ba --window W --step S [OPTIONS] FILE",
    "Scores every window of W letters, one each S letters, and writes bedGraph: name, start, end, score, counted\n"
    "from 0, end not included. Each score is that of the window by itself. Records shorter than W are left out, and\n"
    "their number is told on stderr. --json gives one object a line. --strand both gives each window the larger score\n"
    "of the two strands. --peaks writes the windows from a threshold on as BED, those that touch or overlap as one\n"
    "region: start, end, name, largest score, strand. --fdr finds the threshold: it scores the letters of each "
    "stretch\n"
    "in reverse too, which have the same composition, and lets as many of the windows found be due to chance.",
    "  ba scan --model promoters.ba --window 250 --step 50 genome.fa.gz > promoters.bedgraph\n"
    "  ba scan --model m.ba --window 200 --step 10 --strand both --peaks p.bed --fdr 0.05 --out s.bedgraph genome.fa\n",
    1,
    1,
};

static void write_window(const job *j, const char *name, int64_t length, int64_t start, double score) {
  if (!j->c->json) {
    char text[3 * CLI_NUMBER], *at = text;
    *at++ = '\t';
    at = cli_put_whole(at, start);
    *at++ = '\t';
    at = cli_put_whole(at, start + j->window);
    *at++ = '\t';
    at = cli_put_number(at, score);
    *at++ = '\n';
    fwrite(name, 1, (size_t)length, j->out);
    fwrite(text, 1, (size_t)(at - text), j->out);
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

/* Takes the scores of one strand, in the order of the windows or from the last back, into those that are written. */
static void keep_scores(job *j, int64_t count, bool back, bool first) {
  for (int64_t i = 0; i < count; i++) {
    const double score = j->scores[(back ? count - 1 - i : i) * j->outputs + j->output];
    if (!first && !(score > j->others[i])) continue;
    j->others[i] = score;
    j->strands[i] = back ? '-' : '+';
  }
}

static void flip(job *j, const char *letters, int64_t length, bool complement) {
  for (int64_t i = 0; i < length; i++) {
    const char letter = letters[length - 1 - i];
    j->flipped[i] = complement ? cli_complement(letter) : letter;
  }
}

/* The windows of a stretch, which they fill from its first letter to its last. */
static ba_status score_stretch(job *j, const char *letters, int64_t length) {
  int64_t count = 0;
  ba_status status = BA_OK;
  if (j->strand != REVERSE) {
    status = ba_scorer_scan(j->scorer, letters, length, j->window, j->step, j->scores, STRETCH, &count);
    if (status == BA_OK) keep_scores(j, count, false, true);
  }
  if (status == BA_OK && j->strand != FORWARD) {
    flip(j, letters, length, true);
    status = ba_scorer_scan(j->scorer, j->flipped, length, j->window, j->step, j->scores, STRETCH, &count);
    if (status == BA_OK) keep_scores(j, count, true, j->strand == REVERSE);
  }
  return status;
}

/* Counts by their scores the windows of a stretch, and those of its letters in reverse. */
static ba_status count_stretch(job *j, const char *letters, int64_t length, int64_t count) {
  ba_status status = score_stretch(j, letters, length);
  for (int64_t i = 0; status == BA_OK && i < count; i++) cli_rates_add(&j->rates, 0, j->others[i]);
  if (status != BA_OK) return status;
  char *reversed = cli_allocate((size_t)length);
  for (int64_t i = 0; i < length; i++) reversed[i] = letters[length - 1 - i];
  status = score_stretch(j, reversed, length);
  for (int64_t i = 0; status == BA_OK && i < count; i++) cli_rates_add(&j->rates, 1, j->others[i]);
  free(reversed);
  return status;
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
    const int64_t span = (n - 1) * j->step + j->window;
    const ba_status status =
        j->out != NULL ? score_stretch(j, letters + start, span) : count_stretch(j, letters + start, span, n);
    if (status != BA_OK) return cli_fail_in(j->c, status, path);
    for (int64_t i = 0; j->out != NULL && i < n; i++) {
      const int64_t at = piece + start + i * j->step;
      write_window(j, name, length, at, j->others[i]);
      if (j->peaks.out != NULL)
        cli_peaks_take(&j->peaks, name, length, at, at + j->window, j->others[i], j->strands[i]);
    }
    cli_progress(j->c, "%s %.*s: letter %lld", j->out != NULL ? "scanning" : "first pass over", (int)length, name,
                 (long long)(piece + start + span));
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
  return cli_each_record(j->c, reader, path, j->out != NULL ? j->out : stderr, scan_record, j);
}

/* A first pass, for the threshold. */
static int find_threshold(job *j, const char *path, double fdr) {
  int64_t found[2] = {0, 0};
  cli_rates_make(&j->rates);
  int code = scan_file(j, path);
  if (code == CLI_DONE && !cli_rates_threshold(&j->rates, fdr, &j->peaks.threshold, found))
    code =
        cli_error(j->c, CLI_INPUT,
                  "%s: no threshold has a false-discovery rate of %g: the letters in reverse score as high; expected "
                  "a larger --fdr, or --threshold",
                  path, fdr);
  cli_rates_free(&j->rates);
  if (code == CLI_DONE)
    cli_note(
        "ba scan: threshold %.6g, at which %lld windows score in the sequences and %lld in their letters in reverse",
        j->peaks.threshold, (long long)found[0], (long long)found[1]);
  j->too_short = j->records = 0;
  return code;
}

static int write_all(job *j, const char *out, const char *peaks) {
  cli *c = j->c;
  cli_output output, regions;
  int code = cli_output_open(c, out, &output);
  if (code != CLI_DONE) return code;
  if (peaks != NULL) code = cli_output_open(c, peaks, &regions);
  if (code != CLI_DONE) return cli_output_close(c, &output, code);
  j->out = output.file;
  j->peaks.out = peaks != NULL ? regions.file : NULL;
  code = scan_file(j, c->files.items[0]);
  if (code == CLI_DONE && peaks != NULL) cli_peaks_end(&j->peaks);
  code = cli_output_close(c, &output, code);
  return peaks != NULL ? cli_output_close(c, &regions, code) : code;
}

static int work(job *j, ba_model *model, const char *out, const char *peaks, double fdr) {
  cli *c = j->c;
  const ba_status status = ba_scorer_create(c->context, model, "", &j->scorer);
  if (status != BA_OK) return cli_fail(c, status);
  j->outputs = ba_model_outputs(model);
  j->scores = cli_allocate(sizeof(double) * STRETCH * (size_t)j->outputs);
  j->others = cli_allocate(sizeof(double) * STRETCH);
  j->strands = cli_allocate(STRETCH);
  j->flipped = cli_allocate((size_t)(j->window + PIECE));
  int code = fdr > 0.0 ? find_threshold(j, c->files.items[0], fdr) : CLI_DONE;
  if (code == CLI_DONE) code = write_all(j, out, peaks);
  if (code == CLI_DONE && j->too_short > 0)
    cli_note("ba scan: left out %lld of %lld records: shorter than the window of %lld", (long long)j->too_short,
             (long long)j->records, (long long)j->window);
  return code;
}

static int read_number(cli *c, const char *option, const char *text, double least, double most, double *out) {
  char *end = NULL;
  *out = text != NULL ? strtod(text, &end) : 0.0;
  if (text == NULL || (end != text && *end == '\0' && *out >= least && *out <= most)) return CLI_DONE;
  return cli_error(c, CLI_USAGE, "--%s '%s': expected a number from %g to %g", option, text, least, most);
}

/* What the texts of the options come to. */
static int check(job *j, const char *strand, const char *peaks, const char *threshold, const char *fdr, double *rate) {
  static const char *const strands[] = {"forward", "reverse", "both"};
  if (j->window < 1 || j->step < 1) return cli_error(j->c, CLI_USAGE, "--window and --step are needed, both 1 or more");
  for (j->strand = 0; strand != NULL && j->strand < 3 && strcmp(strand, strands[j->strand]) != 0;) j->strand++;
  if (j->strand == 3) return cli_error(j->c, CLI_USAGE, "--strand '%s': expected forward, reverse or both", strand);
  if ((peaks == NULL) != (threshold == NULL && fdr == NULL) || (threshold != NULL && fdr != NULL))
    return cli_error(j->c, CLI_USAGE, "--peaks goes with --threshold or --fdr, one of them");
  if (fdr != NULL && !cli_can_reread(j->c->files.items[0]))
    return cli_error(j->c, CLI_USAGE, "--fdr reads the sequences twice; expected the name of a file");
  const int code = read_number(j->c, "threshold", threshold, -1e300, 1e300, &j->peaks.threshold);
  return code != CLI_DONE ? code : read_number(j->c, "fdr", fdr, 1e-9, 1.0, rate);
}

int cli_scan(int argc, char **argv) {
  cli c = {0};
  job j = {.c = &c};
  ba_model *model = NULL;
  const char *path = NULL, *out = NULL, *class = NULL, *strand = NULL, *peaks = NULL, *threshold = NULL, *fdr = NULL;
  double rate = 0.0;
  const cli_option options[] = {
      {"model", CLI_TEXT, &path, "m.ba", "the model file"},
      {"window", CLI_INTEGER, &j.window, "W", "letters in a window"},
      {"step", CLI_INTEGER, &j.step, "S", "letters from one window's start to the next"},
      {"strand", CLI_TEXT, &strand, "S", "forward (default), reverse, or both: the larger score of the two"},
      {"class", CLI_TEXT, &class, "NAME", "whose score, for a model of more than two classes"},
      {"peaks", CLI_TEXT, &peaks, "F.bed", "regions of windows from a threshold on"},
      {"threshold", CLI_TEXT, &threshold, "X", "with --peaks: the least score"},
      {"fdr", CLI_TEXT, &fdr, "Q", "with --peaks: the share of windows that may be there by chance"},
      {"out", CLI_TEXT, &out, "F", "write to a file, which appears when it is complete"},
      {NULL, CLI_FLAG, NULL, NULL, NULL},
  };
  int code = cli_start(&c, &spec, options, argc, argv);
  if (code != CLI_GO) return code;
  code = check(&j, strand, peaks, threshold, fdr, &rate);
  if (code == CLI_DONE) code = cli_model_load(&c, path, &model);
  if (code == CLI_DONE) code = cli_model_output(&c, model, class, &j.output);
  if (code == CLI_DONE) code = work(&j, model, out, peaks, rate);
  ba_scorer_destroy(j.scorer);
  ba_model_release(model);
  free(j.scores);
  free(j.others);
  free(j.strands);
  free(j.flipped);
  free(j.peaks.name);
  return cli_end(&c, code);
}
