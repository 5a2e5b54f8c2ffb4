/* SPDX-License-Identifier: MIT
 *
 * vcf_header.c: the header lines of VCF, which BCF has as well: the version, what is declared, the samples.
 */
#include <string.h>

#include "seq/vcf.h"

/* BCF's own numbers of names and contigs; more than any header declares, and a bound on what one line can take. */
#define MOST_NUMBERS (4 * 1024 * 1024)

typedef struct header_line {
  ba_context *context;
  bai_vcf_header *header;
  bai_span text;
  int64_t offset;
} header_line;

static ba_status fail(const header_line *line, const char *at, const char *what) {
  return bai_fail_at(line->context, BA_ERR_FORMAT, -1, line->offset + (at - line->text.at), "header line %d: %s",
                     line->header->lines, what);
}

/* ---- ##key=<field=value,...> ---- */

/* The end of a quoted value that begins at `at`: behind its last quote, or NULL. */
static const char *quoted_end(const char *at, const char *end) {
  for (at++; at < end; at++) {
    if (*at == '\\' && at + 1 < end)
      at++;
    else if (*at == '"')
      return at + 1;
  }
  return NULL;
}

/* One field from *at on, up to its ',' or '>'. NULL, or what is wrong there. */
static const char *take_field(const char **at, const char *end, bai_meta_field *field) {
  const char *start = *at;
  while (*at < end && **at != '=' && **at != ',' && **at != '>') ++*at;
  field->key = (bai_span){start, *at - start};
  if (*at == end || **at != '=' || field->key.n == 0) return "expected KEY=VALUE between the commas of < >";
  start = ++*at;
  field->quoted = *at < end && **at == '"';
  if (field->quoted) {
    *at = quoted_end(start, end);
    if (*at == NULL) {
      *at = start;
      return "the quoted text has no end";
    }
    field->value = (bai_span){start + 1, *at - start - 2};
    return *at < end && (**at == ',' || **at == '>') ? NULL : "expected ',' or '>' behind the quoted text";
  }
  int32_t open = 0; /* of a contig named <1> */
  for (; *at < end && **at != ',' && (**at != '>' || open > 0); ++*at) {
    if (**at == '"') return "expected no '\"' in a value that is not quoted";
    open += **at == '<' ? 1 : **at == '>' ? -1 : 0;
  }
  if (open > 0) return "expected a '>' for each '<' in a value that is not quoted";
  field->value = (bai_span){start, *at - start};
  return *at < end ? NULL : "the '>' at the end is missing";
}

static const char *take_fields(const char **at, const char *end, bai_meta *meta) {
  bai_meta_field unseen;
  for (++*at;; ++*at) {
    const char *wrong = take_field(at, end, meta->count < BAI_META_FIELDS ? &meta->fields[meta->count++] : &unseen);
    if (wrong) return wrong;
    if (**at == '>') break;
  }
  ++*at;
  return *at == end ? NULL : "expected nothing behind '>'";
}

static const bai_meta_field *find_field(const bai_meta *meta, const char *key) {
  for (int32_t i = 0; i < meta->count; i++)
    if (bai_span_is(meta->fields[i].key, key)) return &meta->fields[i];
  return NULL;
}

/* ---- what is declared ---- */

static int32_t number_of(bai_span text) {
  int64_t value;
  if (bai_span_is(text, "A")) return BAI_NUMBER_ALTS;
  if (bai_span_is(text, "R")) return BAI_NUMBER_ALLELES;
  if (bai_span_is(text, "G")) return BAI_NUMBER_GENOTYPES;
  if (bai_parse_i64(text.at, text.n, &value) && value >= 0 && value <= INT32_MAX) return (int32_t)value;
  return BAI_NUMBER_ANY;
}

static int32_t type_of(bai_span text) {
  static const char *const names[] = {"Integer", "Float", "Character", "String", "Flag"};
  for (int32_t i = 0; i < 5; i++)
    if (bai_span_is(text, names[i])) return "IFCSB"[i];
  return 0;
}

/* Notes that BCF calls it `number`; -1: the next one that is free. */
static ba_status give_number(ba_context *context, bai_vector *numbers, int64_t number, int64_t what) {
  const int32_t none = -1;
  ba_status status = BA_OK;
  if (number < 0) number = numbers->count;
  while (!status && numbers->count <= number) status = bai_vector_append(context, numbers, &none, 1, 4);
  if (!status) ((int32_t *)numbers->data)[number] = (int32_t)what;
  return status;
}

/* The number of `name` in the dictionary, where it is added if it is not there. */
static ba_status add_name(ba_context *context, bai_vcf_header *header, bai_span name, int64_t *number) {
  const bai_key nothing = {{0, BAI_NUMBER_ANY}, {0, BAI_NUMBER_ANY}};
  *number = bai_dictionary_find(&header->names, name);
  if (*number >= 0) return BA_OK;
  *number = bai_dictionary_count(&header->names);
  ba_status status = bai_vector_append(context, &header->keys, &nothing, 1, (int64_t)sizeof nothing);
  if (status) return status;
  status = bai_dictionary_add(context, &header->names, name);
  if (status) header->keys.count--;
  return status;
}

static ba_status add_contig(const header_line *line, bai_span id, int64_t given) {
  bai_dictionary *contigs = &line->header->contigs;
  int64_t number = bai_dictionary_find(contigs, id);
  if (number >= 0 && given < 0) return BA_OK;
  if (number < 0) {
    number = bai_dictionary_count(contigs);
    const ba_status status = bai_dictionary_add(line->context, contigs, id);
    if (status) return status;
  }
  return give_number(line->context, &line->header->contig_of, given, number);
}

/* PASS is BCF's number 0 whether or not it is declared. */
static ba_status add_pass(ba_context *context, bai_vcf_header *header) {
  int64_t number;
  const ba_status status = add_name(context, header, (bai_span){"PASS", 4}, &number);
  return status ? status : give_number(context, &header->name_of, 0, number);
}

static ba_status add_key(const header_line *line, const bai_meta *meta, bai_span id, int64_t given) {
  ba_context *context = line->context;
  bai_vcf_header *header = line->header;
  const int64_t before = bai_dictionary_count(&header->names);
  int64_t number;
  ba_status status = add_name(context, header, id, &number);
  if (!status && (number == before || given >= 0)) status = give_number(context, &header->name_of, given, number);
  if (status || bai_span_is(meta->key, "FILTER")) return status;
  const bai_meta_field *type = find_field(meta, "Type"), *count = find_field(meta, "Number");
  bai_key *key = (bai_key *)header->keys.data + number;
  bai_definition *definition = bai_span_is(meta->key, "INFO") ? &key->info : &key->format;
  if (type && count) *definition = (bai_definition){type_of(type->value), number_of(count->value)};
  return BA_OK;
}

static ba_status declare(const header_line *line, const bai_meta *meta) {
  const bai_meta_field *id = find_field(meta, "ID"), *idx = find_field(meta, "IDX");
  int64_t given = -1;
  if (!id || id->value.n == 0) return line->header->bcf ? fail(line, meta->value.at, "expected ID=NAME in < >") : BA_OK;
  if (idx && line->header->bcf &&
      (!bai_parse_i64(idx->value.at, idx->value.n, &given) || given < 0 || given >= MOST_NUMBERS))
    return fail(line, idx->value.at, "IDX: expected a whole number from 0 to 4194303");
  return bai_span_is(meta->key, "contig") ? add_contig(line, id->value, given) : add_key(line, meta, id->value, given);
}

static int32_t is_declaration(bai_span key) {
  return bai_span_is(key, "INFO") || bai_span_is(key, "FORMAT") || bai_span_is(key, "FILTER") ||
         bai_span_is(key, "contig");
}

/* Only these are < > fields by every version; keys of one's own may hold anything. */
static int32_t has_fields(bai_span key) {
  return is_declaration(key) || bai_span_is(key, "ALT") || bai_span_is(key, "SAMPLE") || bai_span_is(key, "PEDIGREE");
}

static ba_status read_meta(const header_line *line) {
  const bai_vcf_header *header = line->header;
  const char *at = line->text.at + 2, *end = line->text.at + line->text.n;
  const char *equals = memchr(at, '=', (size_t)(end - at));
  bai_meta meta = {.count = 0};
  if (equals == NULL) return header->strict ? fail(line, at, "expected ##KEY=VALUE") : BA_OK;
  meta.key = (bai_span){at, equals - at};
  meta.value = (bai_span){equals + 1, end - equals - 1};
  if (bai_span_is(meta.key, "fileformat")) return fail(line, at, "expected ##fileformat once, in the first line");
  const int32_t declares = is_declaration(meta.key), needed = header->strict || (header->bcf && declares);
  if (has_fields(meta.key)) {
    at = meta.value.at;
    const char *wrong = meta.value.n > 0 && *at == '<' ? take_fields(&at, end, &meta) : "expected <KEY=VALUE,...>";
    if (wrong) return needed ? fail(line, at, wrong) : BA_OK;
  }
  if (header->strict) {
    const char *wrong = bai_vcf_check_meta(header, &meta);
    if (wrong) return fail(line, meta.value.at, wrong);
  }
  return declares ? declare(line, &meta) : BA_OK;
}

/* ---- the first line and the last one ---- */

static ba_status read_version(const header_line *line) {
  static const char start[] = "##fileformat=VCFv4.";
  const int64_t n = (int64_t)sizeof start - 1;
  bai_span text = line->text;
  if (text.n != n + 1 || memcmp(text.at, start, (size_t)n) != 0 || text.at[n] < '0' || text.at[n] > '5')
    return fail(line, text.at, "expected ##fileformat=VCFv4.0 to ##fileformat=VCFv4.5");
  line->header->version = text.at[n] - '0';
  return add_pass(line->context, line->header);
}

static ba_status add_sample(const header_line *line, bai_span name) {
  bai_dictionary *samples = &line->header->samples;
  if (name.n == 0) return fail(line, name.at, "expected a name for every sample");
  if (bai_dictionary_find(samples, name) >= 0) return fail(line, name.at, "this sample stands there twice");
  return bai_dictionary_add(line->context, samples, name);
}

static ba_status read_columns(const header_line *line) {
  static const char fixed[] = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO", format[] = "\tFORMAT";
  const int64_t n = (int64_t)sizeof fixed - 1, m = (int64_t)sizeof format - 1;
  bai_vcf_header *header = line->header;
  const char *at = line->text.at, *end = at + line->text.n;
  if (end - at < n || memcmp(at, fixed, (size_t)n) != 0 || (end - at > n && at[n] != '\t'))
    return fail(line, at, "expected the columns #CHROM POS ID REF ALT QUAL FILTER INFO with a tab between two");
  at += n;
  header->done = 1;
  if (at == end) return BA_OK;
  if (end - at < m || memcmp(at, format, (size_t)m) != 0 || (end - at > m && at[m] != '\t'))
    return fail(line, at, "expected the column FORMAT behind INFO, or nothing");
  header->has_format = 1;
  at += m;
  if (at == end && header->strict) return fail(line, at, "expected samples behind FORMAT");
  while (at < end) {
    const char *start = at + 1, *tab = memchr(start, '\t', (size_t)(end - start));
    at = tab ? tab : end;
    const ba_status status = add_sample(line, (bai_span){start, at - start});
    if (status) return status;
  }
  return BA_OK;
}

static ba_status check_bytes(const header_line *line) {
  for (int64_t i = 0; i < line->text.n; i++) {
    const uint8_t byte = (uint8_t)line->text.at[i];
    if ((byte < ' ' && byte != '\t') || byte == 127)
      return fail(line, line->text.at + i, "a control byte; expected text");
  }
  return BA_OK;
}

ba_status bai_vcf_header_line(ba_context *context, bai_vcf_header *header, bai_span text, int64_t offset) {
  const header_line line = {context, header, text, offset};
  header->lines++;
  const ba_status status = check_bytes(&line);
  if (status) return status;
  if (header->lines == 1) return read_version(&line);
  if (text.n >= 2 && text.at[0] == '#' && text.at[1] == '#') return read_meta(&line);
  if (text.n >= 1 && text.at[0] == '#') return read_columns(&line);
  return fail(&line, text.at, "expected ##KEY=VALUE, or the line #CHROM");
}

void bai_vcf_header_free(ba_context *context, bai_vcf_header *header) {
  bai_dictionary_free(context, &header->samples);
  bai_dictionary_free(context, &header->names);
  bai_dictionary_free(context, &header->contigs);
  bai_vector_free(context, &header->keys);
  bai_vector_free(context, &header->name_of);
  bai_vector_free(context, &header->contig_of);
}
