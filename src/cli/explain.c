/* SPDX-License-Identifier: MIT
 *
 * explain.c: `ba explain`, the features that weigh most, or with a file each letter's part of the score; and motifs of
 * either.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "heaviest.h"
#include "motifs.h"

typedef struct job {
  cli *c;
  ba_model *model;
  ba_scorer *scorer;
  int32_t output;
  double *parts; /* of one record */
  int64_t room;
  FILE *out;
  bool motifs, headed;
  const char *group, *time, *duplicate; /* of tables: the columns that make series of rows */
  cli_words *lists;                     /* of motifs: one a class */
  double *sums;                         /* of attributions, by word of SEED_LENGTH letters */
} job;

/* A member and what its weights count in the model's score. */
typedef struct member {
  ba_model *model;
  int32_t number; /* from 1; 0: it is the whole model */
  double factor;
} member;

/* Words that motifs of attributions are made from, and how many of the heaviest of a class start with. */
enum { SEED_LENGTH = 8, SEED_WORDS = 65536, HEAVY = 1000 };
enum { NONE = INT32_MIN }; /* of --top */

static const cli_spec spec = {
    "explain",
    "--model m.ba [--top N] [--motifs] [OPTIONS] [FILE]",
    "Without a file: the features that weigh most, heaviest first: class, feature, weight. With two classes the class\n"
    "is the one that the feature speaks for (second if the weight is positive, else first). An ensemble's members "
    "come\n"
    "one after the other, with their number first; their weights are times the member's factor.\n"
    "With a file: each letter's part of its record's score: name, position (from 0), letter, attribution. The parts\n"
    "add up to the score without the intercept. --json gives one object a line. With a table, for a model of one: the\n"
    "features of every row that give most to its score: row, feature, attribution.\n"
    "--motifs: the heaviest words, without a file by the weights of Kmer, with one by the parts of their letters,\n"
    "aligned and merged to matrices in MEME's format, those of the second class first.",
    "  ba explain --model m.ba --top 20\n"
    "  ba explain --model m.ba --motifs --out motifs.meme\n"
    "  ba explain --model m.ba --out track.tsv promoter.fa\n",
    0,
    1,
};

/* The class that a weight speaks for. */
static int32_t class_of(const job *j, const cli_weight *item) {
  return ba_model_outputs(j->model) > 1 ? item->output : item->weight > 0.0 ? 1 : 0;
}

/* The word of a feature of Kmer, or NULL. */
static const char *word_of(const char *feature, int32_t *k, bool *both_strands) {
  *both_strands = strncmp(feature, "RC", 2) == 0;
  if (*both_strands) feature += 2;
  if (strncmp(feature, "Kmer_", 5) != 0) return NULL;
  *k = (int32_t)strspn(feature + 5, "ACGT");
  return feature[5 + *k] == '\0' && *k > 0 && *k <= CLI_LONGEST_WORD ? feature + 5 : NULL;
}

static void add_feature(job *j, const char *feature, const cli_weight *item) {
  cli_words *list = &j->lists[class_of(j, item)];
  int32_t k = 0;
  bool both_strands = false;
  const char *word = word_of(feature, &k, &both_strands);
  if (word == NULL || (ba_model_outputs(j->model) > 1 && item->weight < 0.0)) return;
  list->both_strands = list->both_strands || both_strands;
  cli_words_add(list, word, k, fabs(item->weight));
}

static int write_weight(job *j, const member *m, const cli_weight *item) {
  char feature[512];
  int64_t length = 0;
  const ba_status status =
      ba_model_column_name(j->c->context, m->model, item->column, feature, sizeof feature, &length);
  if (status != BA_OK) return cli_fail(j->c, status);
  const char *class = ba_model_classes(j->model) > 0 ? ba_model_class_name(j->model, class_of(j, item)) : "value";
  if (j->motifs) {
    add_feature(j, feature, item);
    return CLI_DONE;
  }
  if (!j->c->json) {
    if (m->number > 0) fprintf(j->out, "%d\t", (int)m->number);
    fprintf(j->out, "%s\t%s\t%.17g\n", class, feature, item->weight);
    return CLI_DONE;
  }
  cJSON *object = cJSON_CreateObject();
  if (m->number > 0) cJSON_AddNumberToObject(object, "member", m->number);
  cJSON_AddStringToObject(object, "class", class);
  cJSON_AddStringToObject(object, "feature", feature);
  cli_json_add(object, "weight", item->weight);
  cli_json_print(j->out, object, false);
  return CLI_DONE;
}

static int explain_member(job *j, const member *m, int64_t top) {
  const int64_t all = ba_model_width(m->model) * ba_model_outputs(m->model);
  char name[32] = "";
  if (m->number > 0) snprintf(name, sizeof name, "member %d: ", (int)m->number);
  if (m->number > 0 && ba_model_weights(j->c->context, m->model, 0, NULL, NULL) != BA_OK) {
    cli_note("ba explain: %sa network has no weights by feature; give a file of sequences", name);
    return CLI_DONE;
  }
  cli_heaviest h = cli_heaviest_open(top < all ? top : all);
  int code = cli_heaviest_weights(j->c, m->model, m->factor, &h);
  if (code == CLI_DONE && !j->headed && !j->c->json && !j->motifs)
    fprintf(j->out, "%sclass\tfeature\tweight\n", m->number > 0 ? "member\t" : "");
  j->headed = true;
  for (int64_t i = 0; code == CLI_DONE && i < h.count; i++) code = write_weight(j, m, &h.items[i]);
  if (code == CLI_DONE && !j->motifs)
    cli_note("ba explain: %s%lld of %lld weights are zero", name, (long long)h.zeros, (long long)all);
  free(h.items);
  return code;
}

static int explain_model(job *j, int64_t top) {
  const int32_t members = ba_model_members(j->model);
  int code = CLI_DONE;
  for (int32_t i = 0; code == CLI_DONE && i < members; i++) {
    member m = {.number = members > 1 ? i + 1 : 0};
    const ba_status status = ba_model_member(j->c->context, j->model, i, &m.model, &m.factor);
    code = status == BA_OK ? explain_member(j, &m, top) : cli_fail(j->c, status);
    ba_model_release(m.model);
  }
  return code;
}

static void write_part(const job *j, const char *name, int64_t position, char letter, double part) {
  if (!j->c->json) {
    fprintf(j->out, "%s\t%lld\t%c\t%.17g\n", name, (long long)position, letter, part);
    return;
  }
  const char text[2] = {letter, '\0'};
  cJSON *object = cJSON_CreateObject();
  cJSON_AddStringToObject(object, "name", name);
  cJSON_AddNumberToObject(object, "position", (double)position);
  cJSON_AddStringToObject(object, "letter", text);
  cli_json_add(object, "attribution", part);
  cli_json_print(j->out, object, false);
}

/* Adds the parts of every word of the record. */
static void add_parts(job *j, const char *letters, int64_t size) {
  uint32_t code = 0;
  int64_t run = 0;
  double sum = 0.0;
  for (int64_t i = 0; i < size; i++) {
    const char *at = letters[i] != '\0' ? strchr("AaCcGgTtUu", letters[i]) : NULL;
    const uint32_t letter = at == NULL ? 0 : (uint32_t)((at - "AaCcGgTtUu") / 2);
    run = at == NULL ? 0 : run + 1;
    code = (code << 2 | (letter > 3 ? 3 : letter)) % SEED_WORDS;
    if (run < SEED_LENGTH) continue;
    sum = 0.0;
    for (int64_t p = i - SEED_LENGTH + 1; p <= i; p++) sum += j->parts[p];
    j->sums[code] += sum;
  }
}

static int explain_record(void *argument, const ba_records *records, int64_t index, const char *path) {
  job *j = argument;
  int64_t size = 0, length = 0;
  const char *letters = ba_records_sequence(records, index, &size);
  const char *word = cli_first_word(records, index, &length);
  if (size > j->room) {
    j->room = size;
    j->parts = cli_resize(j->parts, sizeof(double) * (size_t)size);
  }
  const ba_status status = ba_scorer_attribute(j->scorer, letters, size, j->output, j->parts);
  if (status != BA_OK) return cli_fail_in(j->c, status, path);
  if (j->motifs) {
    add_parts(j, letters, size);
    return cli_interrupted(j->c);
  }
  char *name = cli_allocate((size_t)length + 1);
  memcpy(name, word, (size_t)length);
  name[length] = '\0';
  for (int64_t i = 0; i < size; i++) write_part(j, name, i, letters[i], j->parts[i]);
  free(name);
  return cli_interrupted(j->c);
}

/* The features of one row that give most to its score. */
static int write_shares(job *j, int64_t row, const double *shares, int64_t width, int64_t top) {
  cli_heaviest h = cli_heaviest_open(top < width ? top : width);
  for (int64_t i = 0; i < width; i++) cli_heaviest_add(&h, (cli_weight){shares[i], i, j->output});
  cli_heaviest_keep(&h);
  ba_status status = BA_OK;
  for (int64_t i = 0; status == BA_OK && i < h.count; i++) {
    char feature[512];
    int64_t length = 0;
    status = ba_model_column_name(j->c->context, j->model, h.items[i].column, feature, sizeof feature, &length);
    if (status != BA_OK) break;
    if (!j->c->json) {
      fprintf(j->out, "%lld\t%s\t%.17g\n", (long long)row + 1, feature, h.items[i].weight);
      continue;
    }
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "row", (double)row + 1.0);
    cJSON_AddStringToObject(object, "feature", feature);
    cli_json_add(object, "attribution", h.items[i].weight);
    cli_json_print(j->out, object, false);
  }
  free(h.items);
  return status == BA_OK ? CLI_DONE : cli_fail(j->c, status);
}

static int explain_table(job *j, const char *path, int64_t top) {
  ba_table *table = NULL;
  char options[2048];
  int code = cli_row_options(j->c, j->group, j->time, j->duplicate, options, sizeof options);
  if (code == CLI_DONE) code = cli_table_read(j->c, path, &table);
  if (code != CLI_DONE) return code;
  const int64_t rows = ba_table_rows(table), width = ba_model_width(j->model);
  double *shares = cli_allocate(sizeof *shares * (size_t)(rows * width));
  ba_status status = ba_scorer_create(j->c->context, j->model, "", &j->scorer);
  if (status == BA_OK) status = ba_scorer_attribute_table(j->scorer, table, options, j->output, shares);
  if (status != BA_OK) code = cli_fail_in(j->c, status, path);
  if (code == CLI_DONE) cli_note_duplicates(j->c, j->model, ba_scorer_duplicates(j->scorer));
  if (code == CLI_DONE && !j->c->json) fputs("row\tfeature\tattribution\n", j->out);
  for (int64_t i = 0; code == CLI_DONE && i < rows && !ferror(j->out); i++)
    code = write_shares(j, i, shares + i * width, width, top);
  free(shares);
  ba_table_release(table);
  return code;
}

static int explain_file(job *j, const char *path, int64_t top) {
  if (ba_model_inputs(j->model) > 0) return explain_table(j, path, top);
  ba_reader *reader = NULL;
  ba_status status = ba_scorer_create(j->c->context, j->model, "", &j->scorer);
  if (status != BA_OK) return cli_fail(j->c, status);
  status = ba_reader_open_path(j->c->context, path, "", &reader);
  if (status != BA_OK) return cli_fail_in(j->c, status, path);
  j->parts = cli_allocate(sizeof(double));
  j->room = 1;
  if (!j->c->json && !j->motifs) fputs("name\tposition\tletter\tattribution\n", j->out);
  return cli_each_record(j->c, reader, path, j->out, explain_record, j);
}

/* The words that the parts are largest of, for and against the class that was scored. */
static void add_sums(job *j) {
  const int32_t outputs = ba_model_outputs(j->model);
  cli_heaviest h = cli_heaviest_open(2 * HEAVY);
  for (int64_t code = 0; code < SEED_WORDS; code++) cli_heaviest_add(&h, (cli_weight){j->sums[code], code, j->output});
  cli_heaviest_keep(&h);
  for (int64_t i = 0; i < h.count; i++) {
    char letters[SEED_LENGTH + 1] = "";
    for (int32_t p = 0; p < SEED_LENGTH; p++) letters[p] = "ACGT"[h.items[i].column >> (2 * (SEED_LENGTH - 1 - p)) & 3];
    if (outputs == 1 || h.items[i].weight > 0.0)
      cli_words_add(&j->lists[class_of(j, &h.items[i])], letters, SEED_LENGTH, fabs(h.items[i].weight));
  }
  free(h.items);
}

/* One a class; of a model of numbers what speaks for less and for more. */
static int32_t count_lists(const ba_model *model) {
  return ba_model_classes(model) > 0 ? ba_model_classes(model) : 2;
}

static int write_motifs(job *j, const char *path, int64_t top) {
  const int32_t classes = count_lists(j->model);
  const char *recipe = ba_model_recipe(j->model);
  j->lists = cli_allocate(sizeof *j->lists * (size_t)classes);
  memset(j->lists, 0, sizeof *j->lists * (size_t)classes);
  j->sums = cli_allocate(sizeof(double) * SEED_WORDS);
  for (int32_t i = 0; i < SEED_WORDS; i++) j->sums[i] = 0.0;
  int code = path != NULL ? explain_file(j, path, top) : explain_model(j, (int64_t)HEAVY * classes);
  if (code != CLI_DONE) return code;
  if (path != NULL) add_sums(j);
  for (int32_t i = 0; i < classes; i++) {
    j->lists[i].class = ba_model_classes(j->model) > 0 ? ba_model_class_name(j->model, i) : i > 0 ? "more" : "less";
    if (path != NULL)
      j->lists[i].both_strands = strstr(recipe, "strand=canonical") != NULL || strstr(recipe, "strand=max") != NULL;
  }
  if (classes == 2) { /* what speaks for the second class first */
    const cli_words second = j->lists[1];
    j->lists[1] = j->lists[0];
    j->lists[0] = second;
  }
  const int32_t found = cli_motifs_write(j->out, j->lists, classes, (int32_t)top);
  cli_note("ba explain: %d motifs", (int)found);
  return CLI_DONE;
}

static int work(job *j, int64_t top, const char *class, const char *out) {
  cli *c = j->c;
  cli_output output;
  const char *path = c->files.count > 0 ? c->files.items[0] : NULL;
  int code = path != NULL ? cli_model_output(c, j->model, class, &j->output) : CLI_DONE;
  if (code == CLI_DONE) code = cli_output_open(c, out, &output);
  if (code != CLI_DONE) return code;
  j->out = output.file;
  if (j->motifs)
    code = write_motifs(j, path, top);
  else
    code = path != NULL ? explain_file(j, path, top) : explain_model(j, top);
  return cli_output_close(c, &output, code);
}

int cli_explain(int argc, char **argv) {
  cli c = {0};
  job j = {.c = &c};
  int64_t top = NONE;
  const char *path = NULL, *out = NULL, *class = NULL;
  const cli_option options[] = {
      {"model", CLI_TEXT, &path, "m.ba", "the model file"},
      {"top", CLI_INTEGER, &top, "N",
       "how many features to list (20), features of a row of a table (5), or motifs of a class (5)"},
      {"motifs", CLI_FLAG, &j.motifs, NULL, "motifs in MEME's format"},
      {"class", CLI_TEXT, &class, "NAME", "with a file: whose score, for a model of more than two classes"},
      {"group", CLI_TEXT, &j.group, "COL", "with a table: each text of this column is a series"},
      {"time", CLI_TEXT, &j.time, "COL", "with a table: the column in whose order the rows of a series go"},
      {"duplicate", CLI_TEXT, &j.duplicate, "P",
       "with --time: rows of one time in a group are kept (default) or an error"},
      {"out", CLI_TEXT, &out, "F", "write to a file, which appears when it is complete"},
      {NULL, CLI_FLAG, NULL, NULL, NULL},
  };
  int code = cli_start(&c, &spec, options, argc, argv);
  if (code != CLI_GO) return code;
  if (top == NONE) top = j.motifs || c.files.count > 0 ? 5 : 20;
  if (top < 1 || (j.motifs && top > HEAVY))
    code = cli_error(&c, CLI_USAGE, "--top %lld: expected 1 or more%s", (long long)top,
                     j.motifs ? ", and of motifs no more than 1000" : "");
  else if (j.motifs && c.json)
    code = cli_error(&c, CLI_USAGE, "--json does not go with --motifs, which gives MEME's format");
  else if (class != NULL && c.files.count == 0)
    code = cli_error(&c, CLI_USAGE, "--class needs a file of sequences");
  else
    code = cli_model_load(&c, path, &j.model);
  if (code == CLI_DONE) code = work(&j, top, class, out);
  for (int32_t i = 0; j.lists != NULL && i < count_lists(j.model); i++) free(j.lists[i].items);
  ba_scorer_destroy(j.scorer);
  ba_model_release(j.model);
  free(j.parts);
  free(j.lists);
  free(j.sums);
  return cli_end(&c, code);
}
