/* SPDX-License-Identifier: MIT
 *
 * mutate.c: `ba mutate`, the effect of every substitution of a sequence, or of the variants of a VCF file on the part
 * of the genome around them.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

typedef struct job {
  cli *c;
  ba_model *model;
  ba_scorer *scorer;
  const char *variants, *reference;
  int64_t window;
  int32_t output;
  double *effects; /* of one record */
  int64_t room;
  FILE *out;
  /* Of variants. */
  ba_index *index;
  char *letters; /* around one variant, and the window with an allele put in */
  char *changed;
  int64_t letters_room, changed_room, records, scored;
} job;

static const cli_spec spec = {
    "mutate",
    "--model m.ba [OPTIONS] (FILE | --vcf V --reference G.fa --window W)",
    "Gives the effect of every single substitution: the score of the sequence with another letter in one place, minus\n"
    "its score as it is. Columns: name, position (from 0), reference, alternative, effect. --json gives an object a\n"
    "line.\n"
    "With --vcf, VCF or BCF: each alternative allele is put into the W letters of the genome around it, and the file\n"
    "that is written is VCF with the sites alone and INFO/BA_EFFECT, one number an allele (. for symbolic ones). The\n"
    "genome needs its index (.fai). REF must be what the genome has.",
    "  ba mutate --model m.ba promoter.fa > effects.tsv\n"
    "  ba mutate --model m.ba --vcf calls.vcf.gz --reference genome.fa --window 251 --out effects.vcf\n",
    0,
    1,
};

/* ---- every substitution ---- */

static void write_effect(const job *j, const char *name, int64_t position, char letter, char other, double effect) {
  if (!j->c->json) {
    char text[2 * CLI_NUMBER + 8], *at = text;
    *at++ = '\t';
    at = cli_put_whole(at, position);
    const char letters[] = {'\t', letter, '\t', other, '\t'};
    memcpy(at, letters, sizeof letters);
    at = cli_put_number(at + sizeof letters, effect);
    *at++ = '\n';
    fputs(name, j->out);
    fwrite(text, 1, (size_t)(at - text), j->out);
    return;
  }
  const char from[2] = {letter, '\0'}, to[2] = {other, '\0'};
  cJSON *object = cJSON_CreateObject();
  cJSON_AddStringToObject(object, "name", name);
  cJSON_AddNumberToObject(object, "position", (double)position);
  cJSON_AddStringToObject(object, "reference", from);
  cJSON_AddStringToObject(object, "alternative", to);
  cli_json_add(object, "effect", effect);
  cli_json_print(j->out, object, false);
}

static char upper(char letter) {
  if (letter >= 'a' && letter <= 'z') letter = (char)(letter - 'a' + 'A');
  return letter;
}

static int mutate_record(void *argument, const ba_records *records, int64_t index, const char *path) {
  job *j = argument;
  int64_t size = 0, length = 0;
  const char *letters = ba_records_sequence(records, index, &size);
  const char *word = cli_first_word(records, index, &length);
  if (size > j->room) {
    j->room = size;
    j->effects = cli_resize(j->effects, 4 * sizeof(double) * (size_t)size);
  }
  const ba_status status = ba_scorer_mutate(j->scorer, letters, size, j->output, j->effects);
  if (status != BA_OK) return cli_fail_in(j->c, status, path);
  char *name = cli_allocate((size_t)length + 1);
  memcpy(name, word, (size_t)length);
  name[length] = '\0';
  for (int64_t i = 0; i < 4 * size; i++) {
    const char own = upper(letters[i / 4]) == 'U' ? 'T' : upper(letters[i / 4]), other = "ACGT"[i % 4];
    if (other != own) write_effect(j, name, i / 4, letters[i / 4], other, j->effects[i]);
  }
  free(name);
  return cli_interrupted(j->c);
}

static int mutate_file(job *j, const char *path) {
  ba_reader *reader = NULL;
  const ba_status status = ba_reader_open_path(j->c->context, path, "", &reader);
  if (status != BA_OK) return cli_fail_in(j->c, status, path);
  if (!j->c->json) fputs("name\tposition\treference\talternative\teffect\n", j->out);
  return cli_each_record(j->c, reader, path, j->out, mutate_record, j);
}

/* ---- variants ---- */

/* A record of the variants; texts have no NUL. */
typedef struct site {
  const char *chrom, *id, *ref, *alt;
  int64_t chrom_length, id_length, ref_length, alt_length;
  int64_t position; /* from 0 */
} site;

/* The letters around a site: of the sequence from `from` on; the window starts at `start`. */
typedef struct around {
  int64_t from, start, length;
} around;

/* A stretch of the genome from `start` on into j->letters; *length gets how many letters there are. */
static int fetch(job *j, const site *s, int64_t start, int64_t count, int64_t *length) {
  const size_t room = (size_t)s->chrom_length + 64;
  char *region = cli_allocate(room);
  ba_reader *reader = NULL;
  ba_records *records = NULL;
  snprintf(region, room, "%.*s:%lld-%lld", (int)s->chrom_length, s->chrom, (long long)start + 1,
           (long long)(start + count));
  ba_status status = ba_index_fetch(j->index, region, &reader);
  if (status == BA_OK) status = ba_reader_next(reader, 1, &records);
  if (status == BA_OK) {
    const char *letters = ba_records_sequence(records, 0, length);
    if (*length > j->letters_room) {
      j->letters_room = 2 * *length;
      j->letters = cli_resize(j->letters, (size_t)j->letters_room);
    }
    memcpy(j->letters, letters, (size_t)*length);
  }
  ba_records_release(records);
  ba_reader_close(reader);
  int code = status == BA_OK ? CLI_DONE : CLI_INPUT;
  if (status == BA_ERR_ARGUMENT)
    cli_error(j->c, code, "%s: record %lld: %s", j->variants, (long long)j->records,
              ba_context_error_message(j->c->context));
  else if (status != BA_OK)
    code = cli_fail_in(j->c, status, j->reference);
  free(region);
  return code;
}

static int score_window(job *j, const char *letters, double *score) {
  int64_t count = 0;
  const ba_status status =
      ba_scorer_scan(j->scorer, letters, j->window, j->window, 1, j->effects, ba_model_outputs(j->model), &count);
  *score = j->effects[j->output];
  return status == BA_OK ? CLI_DONE : cli_fail_in(j->c, status, j->variants);
}

/* Whether an allele is letters, so that it can be put in. */
static bool plain(const char *allele, int64_t length) {
  for (int64_t i = 0; i < length; i++)
    if (strchr("ACGTN", upper(allele[i])) == NULL) return false;
  return length > 0;
}

/* The window with the allele in: as far to the left as the sequence's end needs. */
static int score_allele(job *j, const site *s, const around *w, const char *allele, int64_t n, double *score) {
  const int64_t before = s->position - w->from, behind = w->length - before - s->ref_length;
  const int64_t room = before + n + behind, at = w->start - w->from;
  if (room > j->changed_room) {
    j->changed_room = 2 * room;
    j->changed = cli_resize(j->changed, (size_t)j->changed_room);
  }
  memcpy(j->changed, j->letters, (size_t)before);
  memcpy(j->changed + before, allele, (size_t)n);
  memcpy(j->changed + before + n, j->letters + before + s->ref_length, (size_t)behind);
  return score_window(j, j->changed + (at + j->window <= room ? at : room - j->window), score);
}

static int check_reference(job *j, const site *s, const around *w) {
  const int64_t before = s->position - w->from;
  bool same = before + s->ref_length <= w->length;
  for (int64_t i = 0; same && i < s->ref_length; i++) same = upper(j->letters[before + i]) == upper(s->ref[i]);
  if (same) return CLI_DONE;
  return cli_error(j->c, CLI_INPUT,
                   "%s: record %lld: REF at %.*s:%lld is not what %s has there; expected the genome "
                   "that the variants were called on",
                   j->variants, (long long)j->records, (int)s->chrom_length, s->chrom, (long long)s->position + 1,
                   j->reference);
}

/* Writes the effects of a site's alleles: "." for one that is no letters, or too short a sequence. */
static int write_alleles(job *j, const site *s, const around *w) {
  const bool whole = s->position >= 0 && w->start - w->from + j->window <= w->length;
  double score = 0.0, other = 0.0;
  int code = whole ? score_window(j, j->letters + (w->start - w->from), &score) : CLI_DONE;
  const char *at = s->alt, *end = s->alt + s->alt_length;
  for (bool more = true; code == CLI_DONE && more; at++) {
    const char *comma = memchr(at, ',', (size_t)(end - at)), *stop = comma != NULL ? comma : end;
    const int64_t n = stop - at;
    const bool scored = whole && plain(at, n) && w->length - s->ref_length + n >= j->window;
    if (scored) code = score_allele(j, s, w, at, n, &other);
    if (code == CLI_DONE && scored)
      fprintf(j->out, "%.9g", other - score);
    else
      fputc('.', j->out);
    more = comma != NULL;
    fputs(more ? "," : "\n", j->out);
    j->scored += scored;
    at = stop;
  }
  return code;
}

/* Fetches the window with as many letters beside it as a deletion may need. */
static int fetch_around(job *j, const site *s, around *w) {
  int code = CLI_DONE;
  for (int turn = 0; code == CLI_DONE && turn < 2; turn++) {
    w->from = w->start > s->ref_length ? w->start - s->ref_length : 0;
    code = fetch(j, s, w->from, w->start - w->from + j->window + s->ref_length, &w->length);
    const int64_t end = w->from + w->length;
    if (end >= w->start + j->window || w->start == 0) break;
    w->start = end > j->window ? end - j->window : 0; /* the sequence ends before the window */
  }
  return code;
}

static int mutate_site(job *j, const site *s) {
  around w = {.start = s->position - (j->window - s->ref_length) / 2};
  if (w.start > s->position) w.start = s->position;
  if (w.start < 0) w.start = 0;
  int code = s->position >= 0 ? fetch_around(j, s, &w) : CLI_DONE;
  if (code == CLI_DONE && s->position >= 0) code = check_reference(j, s, &w);
  if (code != CLI_DONE) return code;
  fprintf(j->out, "%.*s\t%lld\t%.*s\t%.*s\t%.*s\t.\t.\tBA_EFFECT=", (int)s->chrom_length, s->chrom,
          (long long)s->position + 1, (int)s->id_length, s->id, (int)s->ref_length, s->ref, (int)s->alt_length, s->alt);
  return write_alleles(j, s, &w);
}

static int mutate_table(job *j, const ba_table *table) {
  const int64_t *positions = ba_array_data(ba_table_array(table, ba_table_find(table, "position")));
  int code = CLI_DONE;
  for (int64_t row = 0; code == CLI_DONE && row < ba_table_rows(table); row++) {
    site s = {.position = positions[row] - 1};
    s.chrom = ba_table_text(table, ba_table_find(table, "chrom"), row, &s.chrom_length);
    s.id = ba_table_text(table, ba_table_find(table, "id"), row, &s.id_length);
    s.ref = ba_table_text(table, ba_table_find(table, "ref"), row, &s.ref_length);
    s.alt = ba_table_text(table, ba_table_find(table, "alt"), row, &s.alt_length);
    j->records++;
    code = mutate_site(j, &s);
    if (code == CLI_DONE) code = cli_interrupted(j->c);
  }
  return code;
}

static int mutate_variants(job *j) {
  ba_variants *variants = NULL;
  cli *c = j->c;
  ba_status status = ba_index_open(c->context, j->reference, "", &j->index);
  if (status != BA_OK) return cli_fail_in(c, status, j->reference);
  status = ba_variants_open_path(c->context, j->variants, "dosage=none, info=none", &variants);
  if (status != BA_OK) return cli_fail_in(c, status, j->variants);
  fputs(
      "##fileformat=VCFv4.3\n##INFO=<ID=BA_EFFECT,Number=A,Type=Float,Description=\"Score with the allele minus score "
      "of the reference\">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n",
      j->out);
  int code = CLI_DONE;
  while (code == CLI_DONE && !ferror(j->out)) {
    ba_table *table = NULL;
    status = ba_variants_next(variants, 4096, &table);
    if (status != BA_OK) break;
    code = mutate_table(j, table);
    ba_table_release(table);
    cli_progress(c, "%s: %lld records", j->variants, (long long)j->records);
  }
  ba_variants_close(variants);
  if (code == CLI_DONE && status != BA_END && status != BA_OK) code = cli_fail_in(c, status, j->variants);
  if (code == CLI_DONE)
    cli_note("ba mutate: %lld alleles of %lld records have an effect", (long long)j->scored, (long long)j->records);
  return code;
}

static int work(job *j, const char *out) {
  cli *c = j->c;
  cli_output output;
  const ba_status status = ba_scorer_create(c->context, j->model, "", &j->scorer);
  if (status != BA_OK) return cli_fail(c, status);
  j->room = ba_model_outputs(j->model);
  j->effects = cli_allocate(4 * sizeof(double) * (size_t)j->room);
  int code = cli_output_open(c, out, &output);
  if (code != CLI_DONE) return code;
  j->out = output.file;
  code = j->variants != NULL ? mutate_variants(j) : mutate_file(j, c->files.items[0]);
  return cli_output_close(c, &output, code);
}

static int check(job *j) {
  cli *c = j->c;
  const int32_t given = (j->variants != NULL) + (j->reference != NULL) + (j->window != 0);
  if (c->files.count + (j->variants != NULL) != 1)
    return cli_error(c, CLI_USAGE, "expected a file of sequences, or --vcf with --reference and --window");
  if (given != 0 && given != 3) return cli_error(c, CLI_USAGE, "--vcf, --reference and --window go together");
  if (given == 3 && (j->window < 1 || j->window > 1 << 24))
    return cli_error(c, CLI_USAGE, "--window %lld: expected 1 to %d letters", (long long)j->window, 1 << 24);
  if (given == 3 && c->json) return cli_error(c, CLI_USAGE, "--json does not go with --vcf, which gives VCF");
  return CLI_DONE;
}

int cli_mutate(int argc, char **argv) {
  cli c = {0};
  job j = {.c = &c};
  const char *path = NULL, *out = NULL, *class = NULL;
  const cli_option options[] = {
      {"model", CLI_TEXT, &path, "m.ba", "the model file"},
      {"class", CLI_TEXT, &class, "NAME", "whose score, for a model of more than two classes"},
      {"vcf", CLI_TEXT, &j.variants, "V", "variants, VCF or BCF, plain or compressed"},
      {"reference", CLI_TEXT, &j.reference, "G.fa", "the genome, with its index G.fa.fai"},
      {"window", CLI_INTEGER, &j.window, "W", "letters around a variant that are scored"},
      {"out", CLI_TEXT, &out, "F", "write to a file, which appears when it is complete"},
      {NULL, CLI_FLAG, NULL, NULL, NULL},
  };
  int code = cli_start(&c, &spec, options, argc, argv);
  if (code != CLI_GO) return code;
  code = check(&j);
  if (code == CLI_DONE) code = cli_model_load(&c, path, &j.model);
  if (code == CLI_DONE) code = cli_model_output(&c, j.model, class, &j.output);
  if (code == CLI_DONE) code = work(&j, out);
  ba_index_close(j.index);
  ba_scorer_destroy(j.scorer);
  ba_model_release(j.model);
  free(j.effects);
  free(j.letters);
  free(j.changed);
  return cli_end(&c, code);
}
