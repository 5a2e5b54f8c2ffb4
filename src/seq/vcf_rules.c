/* SPDX-License-Identifier: MIT
 *
 * vcf_rules.c: what the specification of VCF 4.1 to 4.5 asks for beyond what reading needs; applied with strict=yes.
 * Files in use break many of these rules, and their records can be read all the same.
 */
#include <string.h>

#include "seq/vcf.h"

#define MOST_PLOIDY 64
#define MOST_COMPARED 256 /* keys of one record that are compared with each other */

/* ---- keys that the specification defines ---- */

typedef struct reserved {
  const char *name;
  char type; /* '?' any */
  int8_t number, last;
  int8_t positive; /* never below 0 */
} reserved;

enum { ANY = BAI_NUMBER_ANY, A = BAI_NUMBER_ALTS, G = BAI_NUMBER_GENOTYPES, ALWAYS = 5 };

/* `last`: the last minor version that has the rule. */
static const reserved info_keys[] = {
    {"AA", 'S', 1, ALWAYS, 0},    {"AC", 'I', A, ALWAYS, 1},        {"AF", 'F', A, ALWAYS, 1},
    {"AN", 'I', 1, ALWAYS, 1},    {"BQ", 'F', 1, ALWAYS, 0},        {"CIGAR", 'S', A, ALWAYS, 0},
    {"DB", 'B', 0, ALWAYS, 0},    {"DP", 'I', 1, ALWAYS, 1},        {"END", 'I', 1, ALWAYS, 1},
    {"H2", 'B', 0, ALWAYS, 0},    {"H3", 'B', 0, ALWAYS, 0},        {"MQ", '?', 1, ALWAYS, 0},
    {"MQ0", 'I', 1, ALWAYS, 1},   {"NS", 'I', 1, ALWAYS, 1},        {"SOMATIC", 'B', 0, ALWAYS, 0},
    {"1000G", 'B', 0, ALWAYS, 0}, {"VALIDATED", 'B', 0, ALWAYS, 0}, {NULL, 0, 0, 0, 0}};
static const reserved format_keys[] = {{"DP", 'I', 1, ALWAYS, 1}, {"EC", 'I', A, ALWAYS, 0}, {"FT", 'S', 1, ALWAYS, 0},
                                       {"GL", 'F', G, ALWAYS, 0}, {"GLE", 'S', G, 2, 0},     {"GP", 'F', G, ALWAYS, 0},
                                       {"GQ", 'I', 1, ALWAYS, 0}, {"GT", 'S', 1, ALWAYS, 0}, {"HQ", 'I', 2, ALWAYS, 0},
                                       {"MQ", 'I', 1, ALWAYS, 0}, {"PL", 'I', G, ALWAYS, 0}, {"PQ", 'I', 1, ALWAYS, 0},
                                       {"PS", 'I', 1, ALWAYS, 0}, {NULL, 0, 0, 0, 0}};

/* VCF 4.0 left types and numbers more open, so nothing is held against it. */
static const reserved *find_reserved(const bai_vcf_header *header, bai_span key, int32_t format) {
  for (const reserved *found = format ? format_keys : info_keys; found->name && header->version > 0; found++)
    if (bai_span_is(key, found->name)) return found->last >= header->version ? found : NULL;
  return NULL;
}

bai_definition bai_vcf_reserved(const bai_vcf_header *header, bai_span key, int32_t format) {
  const reserved *found = find_reserved(header, key, format);
  if (!found) return (bai_definition){0, BAI_NUMBER_ANY};
  return (bai_definition){found->type == '?' ? 0 : found->type, found->number};
}

/* ---- header lines ---- */

static int32_t has_any(bai_span text, const char *bytes) {
  for (int64_t i = 0; i < text.n; i++)
    if (strchr(bytes, text.at[i])) return 1;
  return 0;
}

static int32_t is_alphanumeric(char byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

static int32_t has_only(bai_span text, const char *others) {
  for (int64_t i = 0; i < text.n; i++)
    if (!is_alphanumeric(text.at[i]) && !(text.at[i] && strchr(others, text.at[i]))) return 0;
  return text.n > 0;
}

/* SCHEME://[USER@]HOST[:PORT][/...], HOST a name or four numbers. */
static const char *check_address(bai_span text) {
  static const char *wrong = "expected an address, SCHEME://HOST/PATH, its host a name or four numbers";
  const char *end = text.at + text.n, *at = text.at;
  while (at < end && *at != ':') at++;
  if (at == text.at || end - at < 4 || memcmp(at, "://", 3) != 0) return wrong;
  const char *host = at + 3, *stop = memchr(host, '/', (size_t)(end - host));
  if (stop == NULL) stop = end;
  const char *user = memchr(host, '@', (size_t)(stop - host));
  if (user) host = user + 1;
  int64_t letters = 0, dots = 0;
  for (at = host; at < stop && *at != ':'; at++) {
    letters += !(*at >= '0' && *at <= '9') && *at != '.';
    dots += *at == '.';
  }
  return at > host && (letters > 0 || dots == 3) ? NULL : wrong;
}

static int32_t number_is_known(const bai_vcf_header *header, bai_span text) {
  int64_t value;
  const int32_t version = header->version;
  if (bai_span_is(text, "A") || bai_span_is(text, "G") || bai_span_is(text, ".")) return 1;
  if (bai_span_is(text, "R")) return version >= 2;
  if (bai_span_is(text, "P")) return version >= 4;
  if (bai_span_is(text, "LA") || bai_span_is(text, "LR") || bai_span_is(text, "LG") || bai_span_is(text, "M"))
    return version >= 5;
  return has_only(text, "") && bai_parse_i64(text.at, text.n, &value);
}

static int32_t type_is_known(bai_span text, int32_t format) {
  return bai_span_is(text, "Integer") || bai_span_is(text, "Float") || bai_span_is(text, "Character") ||
         bai_span_is(text, "String") || (!format && bai_span_is(text, "Flag"));
}

static const char *check_reserved(const bai_vcf_header *header, const bai_meta *meta, int32_t format) {
  const reserved *rule = find_reserved(header, meta->fields[0].value, format);
  const bai_span number = meta->fields[1].value, type = meta->fields[2].value;
  int64_t value;
  if (!rule) return NULL;
  const int32_t same = rule->number == A   ? bai_span_is(number, "A")
                       : rule->number == G ? bai_span_is(number, "G")
                                           : bai_parse_i64(number.at, number.n, &value) && value == rule->number;
  if (!same) return "the specification defines this key with another Number";
  if (rule->type == '?' || type.at[0] == (rule->type == 'B' ? 'F' : rule->type)) {
    const int32_t flag = bai_span_is(type, "Flag");
    if (rule->type == '?' || flag == (rule->type == 'B')) return NULL;
  }
  return "the specification defines this key with another Type";
}

/* The first fields are these, in this order. */
static int32_t begins_with(const bai_meta *meta, const char *const *names, int32_t count) {
  if (meta->count < count) return 0;
  for (int32_t i = 0; i < count; i++)
    if (!bai_span_is(meta->fields[i].key, names[i]) || meta->fields[i].value.n + meta->fields[i].quoted == 0) return 0;
  return 1;
}

static const char *check_key_line(const bai_vcf_header *header, const bai_meta *meta, int32_t format) {
  static const char *const names[] = {"ID", "Number", "Type", "Description"};
  if (!begins_with(meta, names, 4)) return "expected ID, Number, Type and Description, in this order";
  if (!number_is_known(header, meta->fields[1].value)) return "Number: expected a whole number, A, R, G or '.'";
  if (!type_is_known(meta->fields[2].value, format))
    return format ? "Type: expected Integer, Float, Character or String"
                  : "Type: expected Integer, Float, Flag, Character or String";
  if (!meta->fields[3].quoted) return "Description: expected it in double quotes";
  return check_reserved(header, meta, format);
}

static const char *check_named_line(const bai_meta *meta) {
  static const char *const names[] = {"ID", "Description"};
  if (!begins_with(meta, names, 2)) return "expected ID and Description, in this order";
  return meta->fields[1].quoted ? NULL : "Description: expected it in double quotes";
}

static const char *check_alt_line(const bai_vcf_header *header, const bai_meta *meta) {
  static const char *const kinds[] = {"DEL", "INS", "DUP", "INV", "CNV"};
  const char *wrong = check_named_line(meta);
  if (wrong) return wrong;
  const bai_span id = meta->fields[0].value;
  if (has_any(id, " ,<>")) return "ID: expected no space, comma or angle bracket";
  if (header->version > 2) return NULL;
  for (int32_t i = 0; i < 5; i++)
    if (id.n >= 3 && memcmp(id.at, kinds[i], 3) == 0 && (id.n == 3 || id.at[3] == ':')) return NULL;
  return "ID: expected DEL, INS, DUP, INV or CNV, or one of them, a colon and more";
}

/* What these two lines hold was opened up by VCF 4.3. */
static const char *check_sample_line(const bai_vcf_header *header, const bai_meta *meta) {
  static const char *const names[] = {"ID", "Genomes", "Mixture", "Description"};
  if (header->version > 2) return bai_span_is(meta->fields[0].key, "ID") ? NULL : "expected ID first";
  if (!begins_with(meta, names, 4)) return "expected ID, Genomes, Mixture and Description, in this order";
  for (int32_t i = 0; i < 4; i++)
    if (meta->fields[i].quoted != (i == 3)) return "expected Description, and nothing before it, in double quotes";
  return NULL;
}

static const char *check_pedigree_line(const bai_vcf_header *header, const bai_meta *meta) {
  for (int32_t i = 0; header->version <= 2 && i < meta->count; i++)
    if (!has_only(meta->fields[i].value, "_.-")) return "expected names of letters, digits, '_', '.' and '-'";
  return NULL;
}

static const char *check_contig_line(const bai_meta *meta) {
  static const char *const names[] = {"ID"};
  if (!begins_with(meta, names, 1)) return "expected ID first";
  return has_any(meta->fields[0].value, " ,<>") ? "ID: expected no space, comma or angle bracket" : NULL;
}

const char *bai_vcf_check_meta(const bai_vcf_header *header, const bai_meta *meta) {
  const bai_span key = meta->key, value = meta->value;
  if (key.n == 0 || value.n == 0) return "expected ##KEY=VALUE, neither of them empty";
  if (bai_span_is(key, "INFO")) return check_key_line(header, meta, 0);
  if (bai_span_is(key, "FORMAT")) return check_key_line(header, meta, 1);
  if (bai_span_is(key, "FILTER")) return check_named_line(meta);
  if (bai_span_is(key, "ALT")) return check_alt_line(header, meta);
  if (bai_span_is(key, "contig")) return check_contig_line(meta);
  if (bai_span_is(key, "SAMPLE")) return check_sample_line(header, meta);
  if (bai_span_is(key, "PEDIGREE")) return check_pedigree_line(header, meta);
  if (bai_span_is(key, "assembly")) return check_address(value);
  if (!bai_span_is(key, "pedigreeDB")) return NULL;
  const int32_t inside = value.n >= 2 && value.at[0] == '<' && value.at[value.n - 1] == '>';
  return check_address(inside ? (bai_span){value.at + 1, value.n - 2} : value);
}

/* ---- values ---- */

static const char *type_names(int32_t type) {
  return type == 'I' ? "a whole number" : type == 'F' ? "a number" : type == 'C' ? "one character" : "text";
}

static int32_t is_cigar(bai_span text) {
  int64_t i = 0;
  while (i < text.n) {
    const int64_t start = i;
    while (i < text.n && text.at[i] >= '0' && text.at[i] <= '9') i++;
    if (i == start || i == text.n || !text.at[i] || !strchr("MIDNSHPX=", text.at[i])) return 0;
    i++;
  }
  return text.n > 0;
}

static int32_t fits(bai_span text, int32_t type, int32_t positive) {
  int64_t whole;
  double real;
  if (bai_span_is(text, ".")) return 1;
  if (text.n == 0) return 0;
  if (type == 'I') return bai_parse_i64(text.at, text.n, &whole) && (!positive || whole >= 0);
  if (type == 'F') return bai_parse_f64(text.at, text.n, &real) && !(positive && real < 0);
  return type != 'C' || text.n == 1;
}

/* How many values `ploidy` copies of `alleles` alleles have: (alleles + ploidy - 1) over ploidy; -1: too many. */
static int64_t count_genotypes(int64_t alleles, int64_t ploidy) {
  int64_t count = 1;
  for (int64_t i = 1; i <= ploidy; i++) {
    if (__builtin_mul_overflow(count, alleles - 1 + i, &count)) return -1;
    count /= i;
  }
  return count;
}

/* How many values there may be; a record without an ALT allele is counted as if it had one, too. */
static int32_t count_fits(int64_t count, const bai_definition *rule, int32_t alts, int64_t ploidy) {
  const int32_t most = alts > 0 ? alts : 1; /* as bai_variant_alleles */
  if (rule->number >= 0) return count == rule->number;
  if (rule->number == BAI_NUMBER_ALTS) return count == most;
  if (rule->number == BAI_NUMBER_ALLELES) return count == most + 1 || count == alts + 1;
  if (rule->number != BAI_NUMBER_GENOTYPES || ploidy <= 0 || ploidy > MOST_PLOIDY) return 1;
  return count == count_genotypes(most + 1, ploidy) || count == count_genotypes(alts + 1, ploidy);
}

static void say_count(char *text, int64_t room, const bai_definition *rule, int32_t alts) {
  if (rule->number >= 0)
    bai_format(text, room, "%d", rule->number);
  else if (rule->number == BAI_NUMBER_GENOTYPES)
    bai_format(text, room, "one for each genotype of %d alleles", alts + 1);
  else
    bai_format(text, room, rule->number == BAI_NUMBER_ALTS ? "%d, one for each ALT allele" : "%d, one for each allele",
               alts + (rule->number != BAI_NUMBER_ALTS));
}

static ba_status check_values(const bai_vcf *vcf, const bai_variant *variant, bai_span key, bai_span values,
                              const bai_definition *rule, const reserved *known, int64_t ploidy) {
  const int32_t cigar = known && known->name[0] == 'C' && known->number == A;
  const int32_t quoted = values.n > 1 && values.at[0] == '"' && values.at[values.n - 1] == '"'; /* as one text */
  int64_t count = 0;
  for (const char *at = values.at, *end = at + values.n; at <= end; count++) {
    const char *comma = quoted ? NULL : memchr(at, ',', (size_t)(end - at)), *stop = comma ? comma : end;
    const bai_span value = {at, stop - at};
    if (!fits(value, rule->type, known && known->positive) || (cigar && !is_cigar(value)))
      return bai_vcf_fail(vcf, at, "%.*s: '%.*s'; expected %s%s", (int)(key.n < 40 ? key.n : 40), key.at,
                          (int)(value.n < 40 ? value.n : 40), at, cigar ? "a CIGAR" : type_names(rule->type),
                          known && known->positive ? ", not below 0" : "");
    at = stop + 1;
  }
  if (bai_span_is(values, ".") || count_fits(count, rule, variant->alts, ploidy)) return BA_OK;
  char expected[64];
  say_count(expected, sizeof expected, rule, variant->alts);
  return bai_vcf_fail(vcf, values.at, "%.*s has %lld values; expected %s", (int)(key.n < 40 ? key.n : 40), key.at,
                      (long long)count, expected);
}

static bai_definition find_definition(const bai_vcf *vcf, bai_span key, int32_t format) {
  const int64_t number = bai_dictionary_find(&vcf->header.names, key);
  if (number >= 0) {
    const bai_key *known = (const bai_key *)vcf->header.keys.data + number;
    const bai_definition found = format ? known->format : known->info;
    if (found.type) return found;
  }
  return bai_vcf_reserved(&vcf->header, key, format);
}

/* ---- records ---- */

static ba_status check_info_entry(const bai_vcf *vcf, const bai_variant *variant, bai_span entry) {
  const char *equals = memchr(entry.at, '=', (size_t)entry.n);
  const bai_span key = {entry.at, equals ? equals - entry.at : entry.n};
  const bai_span value = {equals ? equals + 1 : entry.at + entry.n, equals ? entry.n - key.n - 1 : 0};
  if (key.n == 0 || has_any(key, " ,<>\""))
    return bai_vcf_fail(vcf, entry.at, "INFO: expected KEY or KEY=VALUE between the semicolons");
  const bai_definition rule = find_definition(vcf, key, 0);
  if (rule.type == 'B') {
    if (!equals || bai_span_is(value, "0") || bai_span_is(value, "1")) return BA_OK;
    return bai_vcf_fail(vcf, value.at, "INFO: %.*s is a flag; expected no value", (int)(key.n < 40 ? key.n : 40),
                        key.at);
  }
  if (vcf->header.version < 3 && has_any(value, " "))
    return bai_vcf_fail(vcf, value.at, "INFO: a space; expected none");
  if (!equals && rule.type == 0) return BA_OK;
  return check_values(vcf, variant, key, value, &rule, find_reserved(&vcf->header, key, 0), 0);
}

static ba_status check_info(const bai_vcf *vcf, const bai_variant *variant) {
  const bai_span info = variant->info;
  int32_t keys = 0;
  if (bai_span_is(info, ".")) return BA_OK;
  for (const char *at = info.at, *end = at + info.n; at <= end;) {
    const char *mark = memchr(at, ';', (size_t)(end - at)), *stop = mark ? mark : end;
    const bai_span entry = {at, stop - at};
    const ba_status status = check_info_entry(vcf, variant, entry);
    if (status) return status;
    const char *equals = memchr(at, '=', (size_t)entry.n);
    bai_span value, before = {info.at, at - info.at};
    if (keys++ < MOST_COMPARED && bai_variant_info(before, (bai_span){at, (equals ? equals : stop) - at}, &value))
      return bai_vcf_fail(vcf, at, "INFO: a key that stands there twice; expected it once");
    at = stop + 1;
  }
  return BA_OK;
}

/* Looks the keys of FORMAT up, for bai_vcf_check_sample. */
static ba_status check_format(bai_vcf *vcf, bai_span format) {
  vcf->formats.count = 0;
  for (const char *at = format.at, *end = at + format.n; format.n > 0 && at <= end;) {
    const char *colon = memchr(at, ':', (size_t)(end - at)), *stop = colon ? colon : end;
    const bai_span key = {at, stop - at};
    const bai_definition rule = find_definition(vcf, key, 1);
    if (!has_only(key, vcf->header.version < 3 ? "" : "_.") && !bai_span_is(format, "."))
      return bai_vcf_fail(vcf, at, "FORMAT: expected keys of letters and digits%s",
                          vcf->header.version < 3 ? "" : ", '_' and '.'");
    for (const char *other = format.at; other < at && vcf->formats.count < MOST_COMPARED;) {
      const char *other_stop = memchr(other, ':', (size_t)(end - other));
      if (other_stop - other == key.n && memcmp(other, at, (size_t)key.n) == 0)
        return bai_vcf_fail(vcf, at, "FORMAT: a key that stands there twice; expected it once");
      other = other_stop + 1;
    }
    const ba_status status = bai_vector_append(vcf->context, &vcf->formats, &rule, 1, (int64_t)sizeof rule);
    if (status) return status;
    at = stop + 1;
  }
  return BA_OK;
}

ba_status bai_vcf_check_sample(const bai_vcf *vcf, const bai_variant *variant, bai_span sample, int64_t ploidy) {
  const bai_definition *rules = vcf->formats.data;
  const char *key = variant->format.at, *keys_end = key + variant->format.n, *end = sample.at + sample.n;
  if (bai_span_is(sample, ".")) return BA_OK;
  for (const char *at = sample.at; at <= end; rules++) {
    const char *colon = memchr(at, ':', (size_t)(end - at)), *stop = colon ? colon : end;
    const char *key_colon = memchr(key, ':', (size_t)(keys_end - key)), *key_stop = key_colon ? key_colon : keys_end;
    const bai_span name = {key, key_stop - key};
    if (!bai_span_is(name, "GT")) {
      const ba_status status = check_values(vcf, variant, name, (bai_span){at, stop - at}, rules,
                                            find_reserved(&vcf->header, name, 1), ploidy > 0 ? ploidy : 2);
      if (status) return status;
    }
    at = stop + 1;
    key = key_stop + 1;
  }
  return BA_OK;
}

static int32_t is_strict_base(char byte) {
  return byte && strchr("ACGTNacgtn", byte) != NULL;
}

/* Letters of sequences alone, and not those for more than one base. */
static ba_status check_bases(const bai_vcf *vcf, const bai_variant *variant) {
  for (int64_t i = 0; i < variant->ref.n; i++)
    if (!is_strict_base(variant->ref.at[i])) return bai_vcf_fail(vcf, variant->ref.at + i, "REF: expected A C G T N");
  bai_span alts = variant->alt;
  for (int32_t i = 0; i < variant->alts; i++) {
    const bai_span alt = bai_variant_take_alt(&alts);
    if (has_any(alt, "<[]")) continue;
    for (int64_t j = 0; j < alt.n; j++)
      if (!is_strict_base(alt.at[j]) && alt.at[j] != '.' && alt.at[j] != '*')
        return bai_vcf_fail(vcf, alt.at + j, "ALT: expected A C G T N in an allele of bases");
  }
  return BA_OK;
}

static ba_status check_chrom(const bai_vcf *vcf, bai_span chrom) {
  const int32_t inside = chrom.at[0] == '<' && chrom.at[chrom.n - 1] == '>' && chrom.n > 2;
  const bai_span name = inside ? (bai_span){chrom.at + 1, chrom.n - 2} : chrom;
  if (has_any(name, vcf->header.version < 3 ? "<>,:" : "<>,"))
    return bai_vcf_fail(vcf, chrom.at, "CHROM: expected no angle bracket inside the name, and no comma%s",
                        vcf->header.version < 3 ? " or colon" : "");
  return BA_OK;
}

/* ---- over more than one record ---- */

static ba_status check_order(bai_vcf *vcf, const bai_variant *variant) {
  bai_seen *seen = vcf->seen;
  bai_span chrom = variant->chrom;
  /* <1> is 1 of the assembly file, so the two are taken for one. */
  if (chrom.at[0] == '<' && chrom.n > 2) chrom = (bai_span){chrom.at + 1, chrom.n - 2};
  const int64_t number = bai_dictionary_find(&seen->contigs, chrom);
  if (number < 0) {
    seen->contig = bai_dictionary_count(&seen->contigs);
    const ba_status status = bai_dictionary_add(vcf->context, &seen->contigs, chrom);
    if (status) return status;
  } else if (number != seen->contig) {
    return bai_vcf_fail(vcf, variant->chrom.at, "CHROM: other contigs stand between; expected its records together");
  } else if (variant->position < seen->position) {
    return bai_vcf_fail(vcf, variant->chrom.at, "POS: %lld stands behind %lld; expected rising positions",
                        (long long)variant->position, (long long)seen->position);
  }
  seen->position = variant->position;
  return BA_OK;
}

/* A number for the change that an allele of bases makes, the same however much of the sequence is written around it. */
static uint64_t change_of(const bai_seen *seen, const bai_variant *variant, bai_span alt) {
  bai_span ref = variant->ref;
  int64_t position = variant->position;
  while (ref.n > 1 && alt.n > 1 && ref.at[ref.n - 1] == alt.at[alt.n - 1]) ref.n--, alt.n--;
  for (; ref.n > 1 && alt.n > 1 && ref.at[0] == alt.at[0]; position++) ref.at++, alt.at++, ref.n--, alt.n--;
  uint64_t hash = bai_hash_bytes((uint64_t)position, (const uint8_t *)ref.at, ref.n);
  hash = bai_hash_bytes(hash, (const uint8_t *)alt.at, alt.n);
  return bai_hash_bytes(hash + (uint64_t)seen->contig, (const uint8_t *)"", 0);
}

static ba_status check_repeats(bai_vcf *vcf, const bai_variant *variant) {
  bai_seen *seen = vcf->seen;
  bai_span alts = variant->alt;
  for (int32_t i = 0; i < variant->alts; i++) {
    const bai_span alt = bai_variant_take_alt(&alts);
    if (has_any(alt, "<[]*.")) continue;
    const uint64_t change = change_of(seen, variant, alt);
    for (int32_t j = 0; j < BAI_SEEN_ALLELES; j++)
      if (seen->alleles[j] == change)
        return bai_vcf_fail(vcf, alt.at, "ALT: the same change stands in another record or allele; expected it once");
    seen->alleles[seen->next] = change;
    seen->next = (seen->next + 1) % BAI_SEEN_ALLELES;
  }
  return BA_OK;
}

ba_status bai_vcf_check_record(bai_vcf *vcf, const bai_variant *variant) {
  ba_status status = check_chrom(vcf, variant->chrom);
  if (!status) status = check_bases(vcf, variant);
  if (!status && variant->position > INT32_MAX)
    status = bai_vcf_fail(vcf, variant->chrom.at, "POS: expected at most 2147483647");
  if (!status && variant->has_quality && variant->quality < 0)
    status = bai_vcf_fail(vcf, variant->chrom.at, "QUAL: expected a number that is not below 0");
  if (!status && bai_variant_info(variant->filter, (bai_span){"0", 1}, &(bai_span){NULL, 0}))
    status = bai_vcf_fail(vcf, variant->filter.at, "FILTER: '0' is reserved; expected another name");
  if (!status) status = check_info(vcf, variant);
  if (!status) status = check_format(vcf, variant->format);
  if (!status) status = check_order(vcf, variant);
  return status ? status : check_repeats(vcf, variant);
}
