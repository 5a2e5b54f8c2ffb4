/* SPDX-License-Identifier: MIT
 *
 * bcf.c: one record of BCF 2.1 or 2.2 to the texts that VCF would have, so that all rules are those of VCF; and the
 * integers of GT to allele counts.
 */
#include <string.h>

#include "seq/vcf.h"

/* The types of values; len 15 in a type byte: the length follows as an integer. */
enum { MISSING = 0, INT8 = 1, INT16 = 2, INT32 = 3, FLOAT = 5, CHAR = 7, LONG_LENGTH = 15 };
#define FLOAT_MISSING 0x7f800001u
#define FLOAT_END 0x7f800002u

/* What is left of a record's part. */
typedef struct cursor {
  const bai_vcf *vcf;
  const uint8_t *at, *end;
} cursor;

/* One typed vector. */
typedef struct values {
  int32_t type, size;
  int64_t count;
  const uint8_t *at;
} values;

static ba_status fail(const bai_vcf *vcf, const char *what) {
  return bai_vcf_fail(vcf, NULL, "%s", what);
}

static int32_t size_of(int32_t type) {
  return type == MISSING ? 0 : type == INT16 ? 2 : type == INT32 || type == FLOAT ? 4 : 1;
}

static ba_status read_integer(cursor *from, int64_t *value);

/* A type byte and the length behind it. */
static ba_status read_type(cursor *from, values *found) {
  if (from->at == from->end) return fail(from->vcf, "a value stands behind the end of its part of the record");
  const int32_t byte = *from->at++;
  found->type = byte & 15;
  found->count = byte >> 4;
  if (found->type == 4 || found->type == 6 || found->type > CHAR)
    return fail(from->vcf, "an unknown type; expected 0, 1, 2, 3, 5 or 7");
  found->size = size_of(found->type);
  if (found->count != LONG_LENGTH) return BA_OK;
  const ba_status status = read_integer(from, &found->count);
  if (status) return status;
  return found->count >= 0 ? BA_OK : fail(from->vcf, "a length below 0");
}

/* The type and `times` vectors of it. */
static ba_status read_values(cursor *from, int64_t times, values *found) {
  const ba_status status = read_type(from, found);
  int64_t bytes;
  if (status) return status;
  if (found->type == MISSING) found->count = 0;
  if (__builtin_mul_overflow(found->count * found->size, times, &bytes) || bytes > from->end - from->at)
    return fail(from->vcf, "a value is longer than its part of the record");
  found->at = from->at;
  from->at += bytes;
  return BA_OK;
}

static int64_t integer_at(const uint8_t *at, int32_t size) {
  if (size == 1) return (int8_t)at[0];
  return size == 2 ? (int16_t)bai_get_u16(at) : (int32_t)bai_get_u32(at);
}

static ba_status read_integer(cursor *from, int64_t *value) {
  /* Not by read_values: a length has no length of its own. */
  if (from->at == from->end) return fail(from->vcf, "a value stands behind the end of its part of the record");
  const int32_t byte = *from->at++, size = size_of(byte & 15);
  if ((byte & 15) < INT8 || (byte & 15) > INT32 || byte >> 4 != 1) return fail(from->vcf, "expected one integer");
  if (from->end - from->at < size) return fail(from->vcf, "a value is longer than its part of the record");
  *value = integer_at(from->at, size);
  from->at += size;
  return BA_OK;
}

/* ---- texts ---- */

static ba_status add(bai_vcf *vcf, const char *text, int64_t n) {
  return bai_vector_append(vcf->context, &vcf->scratch, text, n, 1);
}

/* The shortest decimal number that reads back as the same float. */
static int64_t format_float(char *text, float value) {
  char shortest[40];
  int64_t n = bai_format_f64(text, (double)value);
  /* The double's digits, cut to fewer ones while they still give the float. */
  for (int32_t digits = 1; digits <= 9; digits++) {
    int64_t at = 0, seen = 0, kept = -1;
    double back;
    for (int64_t i = 0; i < n; i++) {
      const int32_t digit = text[i] >= '0' && text[i] <= '9';
      if (text[i] == 'e') break;
      if (digit && (seen > 0 || text[i] != '0')) seen++;
      shortest[at++] = digit && seen > digits ? '0' : text[i];
      if (digit && seen == digits && kept < 0) kept = at - 1;
    }
    if (kept < 0) return n;
    const int64_t next = text[kept + 1] == '.' ? kept + 2 : kept + 1;
    int64_t carry = next < at && text[next] >= '5';
    for (int64_t i = kept; carry && i >= 0; i--) {
      if (shortest[i] < '0' || shortest[i] > '9') continue;
      carry = shortest[i] == '9';
      shortest[i] = (char)(carry ? '0' : shortest[i] + 1);
    }
    if (carry) continue; /* 9.99 to 10: more digits give it as well */
    if (memchr(shortest, '.', (size_t)at) != NULL) {
      while (shortest[at - 1] == '0') at--;
      if (shortest[at - 1] == '.') at--;
    }
    for (const char *rest = memchr(text, 'e', (size_t)n); rest && rest < text + n;) shortest[at++] = *rest++;
    if (bai_parse_f64(shortest, at, &back) && (float)back == value) {
      memcpy(text, shortest, (size_t)at);
      return at;
    }
  }
  return n;
}

/* Numbers with commas between, to the mark of the vector's end; '.' for a missing one. */
static ba_status add_numbers(bai_vcf *vcf, const values *found) {
  ba_status status = BA_OK;
  for (int64_t i = 0; !status && i < found->count; i++) {
    const uint8_t *at = found->at + i * found->size;
    char text[40];
    int64_t n;
    if (found->type == FLOAT) {
      const uint32_t bits = bai_get_u32(at);
      float value;
      memcpy(&value, &bits, sizeof value);
      if (bits == FLOAT_END) break;
      n = bits == FLOAT_MISSING ? bai_format(text, sizeof text, ".") : format_float(text, value);
    } else {
      const int64_t value = integer_at(at, found->size), least = -(INT64_C(1) << (8 * found->size - 1));
      if (value == least + 1) break;
      n = value == least ? bai_format(text, sizeof text, ".") : bai_format(text, sizeof text, "%lld", (long long)value);
    }
    if (i > 0) status = add(vcf, ",", 1);
    if (!status) status = add(vcf, text, n);
  }
  return status;
}

/* A text ends at its first NUL, if it has one. */
static bai_span text_of(const values *found) {
  const char *text = (const char *)found->at, *nul = memchr(text, 0, (size_t)found->count);
  return (bai_span){text, nul ? nul - text : found->count};
}

static ba_status check_text(const bai_vcf *vcf, bai_span text, const char *not_in) {
  for (int64_t i = 0; i < text.n; i++) {
    const uint8_t byte = (uint8_t)text.at[i];
    if (byte < ' ' || byte == 127 || strchr(not_in, byte))
      return bai_vcf_fail(vcf, NULL, "the byte 0x%02x in a text; expected none that VCF could not hold there", byte);
  }
  return BA_OK;
}

static ba_status read_text(cursor *from, bai_span *text, const char *not_in) {
  values found;
  const ba_status status = read_values(from, 1, &found);
  if (status) return status;
  if (found.type != CHAR && found.type != MISSING) return fail(from->vcf, "expected a text");
  *text = text_of(&found);
  if (text->n == 0) *text = (bai_span){".", 1};
  return check_text(from->vcf, *text, not_in);
}

/* The name that a number of the header's stands for. */
static ba_status find_name(const bai_vcf *vcf, int64_t number, int64_t *found) {
  const bai_vector *names = &vcf->header.name_of;
  *found = number >= 0 && number < names->count ? ((const int32_t *)names->data)[number] : -1;
  return *found >= 0
             ? BA_OK
             : bai_vcf_fail(vcf, NULL, "the header declares no key or filter of the number %lld", (long long)number);
}

/* ---- the parts of a record ---- */

/* Texts that are put together; each begins where the last one ends. Spans are set when none moves any more. */
enum { ALT, FILTER, INFO, MADE };

static ba_status read_alleles(bai_vcf *vcf, cursor *from, int64_t alleles, bai_variant *variant) {
  ba_status status = read_text(from, &variant->ref, "\t,");
  for (int64_t i = 1; !status && i < alleles; i++) {
    bai_span alt;
    status = read_text(from, &alt, "\t,");
    if (!status && i > 1) status = add(vcf, ",", 1);
    if (!status) status = add(vcf, alt.at, alt.n);
  }
  return status || alleles > 1 ? status : add(vcf, ".", 1);
}

static ba_status read_filters(bai_vcf *vcf, cursor *from) {
  values found;
  ba_status status = read_values(from, 1, &found);
  if (!status && found.count > 0 && (found.type < INT8 || found.type > INT32))
    return fail(vcf, "FILTER: expected integers");
  for (int64_t i = 0; !status && i < found.count; i++) {
    int64_t name;
    status = find_name(vcf, integer_at(found.at + i * found.size, found.size), &name);
    if (!status && i > 0) status = add(vcf, ";", 1);
    if (status) return status;
    const bai_span text = bai_dictionary_text(&vcf->header.names, name);
    status = add(vcf, text.at, text.n);
  }
  return status || found.count > 0 ? status : add(vcf, ".", 1);
}

static ba_status read_info(bai_vcf *vcf, cursor *from, int64_t count) {
  ba_status status = BA_OK;
  for (int64_t i = 0; !status && i < count; i++) {
    int64_t number, name = 0;
    values found;
    status = read_integer(from, &number);
    if (!status) status = find_name(vcf, number, &name);
    if (!status) status = read_values(from, 1, &found);
    if (!status && i > 0) status = add(vcf, ";", 1);
    if (status) return status;
    const bai_span key = bai_dictionary_text(&vcf->header.names, name);
    const bai_key *declared = (const bai_key *)vcf->header.keys.data + name;
    status = add(vcf, key.at, key.n);
    if (status || found.count == 0 || found.type == MISSING || declared->info.type == 'B') continue;
    status = add(vcf, "=", 1);
    if (status) return status;
    if (found.type == CHAR) {
      const bai_span text = text_of(&found);
      status = check_text(vcf, text, "\t;");
      if (!status) status = text.n > 0 ? add(vcf, text.at, text.n) : add(vcf, ".", 1);
    } else {
      status = add_numbers(vcf, &found);
    }
  }
  return status || count > 0 ? status : add(vcf, ".", 1);
}

static ba_status read_samples(bai_vcf *vcf, cursor *from, int64_t keys, bai_variant *variant) {
  const int64_t samples = bai_dictionary_count(&vcf->header.samples);
  for (int64_t i = 0; i < keys; i++) {
    int64_t number, name;
    values found;
    ba_status status = read_integer(from, &number);
    if (!status) status = find_name(vcf, number, &name);
    if (!status) status = read_values(from, samples, &found);
    if (status) return status;
    if (!bai_span_is(bai_dictionary_text(&vcf->header.names, name), "GT")) continue;
    if (variant->genotype) return fail(vcf, "FORMAT: GT stands there twice; expected it once");
    if (found.type < INT8 || found.type > INT32) return fail(vcf, "FORMAT: GT: expected integers");
    variant->genotype = found.at;
    variant->genotype_size = found.size;
    variant->ploidy = found.count;
  }
  return from->at == from->end ? BA_OK : fail(vcf, "bytes behind the last sample value");
}

static ba_status read_fixed(bai_vcf *vcf, const uint8_t *fixed, bai_variant *variant) {
  const bai_vector *contigs = &vcf->header.contig_of;
  const int64_t contig = (int32_t)bai_get_u32(fixed),
                number = contig >= 0 && contig < contigs->count ? ((const int32_t *)contigs->data)[contig] : -1;
  const uint32_t quality = bai_get_u32(fixed + 12), samples = bai_get_u32(fixed + 20) & 0xffffff;
  if (number < 0)
    return bai_vcf_fail(vcf, NULL, "CHROM: the header declares no contig of the number %lld", (long long)contig);
  variant->chrom = bai_dictionary_text(&vcf->header.contigs, number);
  variant->position = (int64_t)(int32_t)bai_get_u32(fixed + 4) + 1;
  if (variant->position < 0) return fail(vcf, "POS: expected a whole number, 0 or more");
  variant->has_quality = quality != FLOAT_MISSING;
  memcpy(&variant->quality, &quality, sizeof quality);
  if (samples == bai_dictionary_count(&vcf->header.samples)) return BA_OK;
  return bai_vcf_fail(vcf, NULL, "%lld samples; expected %lld, as the line #CHROM has", (long long)samples,
                      (long long)bai_dictionary_count(&vcf->header.samples));
}

ba_status bai_bcf_read(bai_vcf *vcf, const uint8_t *shared, int64_t n_shared, const uint8_t *samples, int64_t n_samples,
                       bai_variant *variant) {
  cursor from = {vcf, shared, shared + n_shared}, behind = {vcf, samples, samples + n_samples};
  int64_t ends[MADE];
  *variant = (bai_variant){.format = {"", 0}};
  vcf->scratch.count = 0;
  if (n_shared < 24) return fail(vcf, "the record is shorter than its fixed part, 24 bytes");
  ba_status status = read_fixed(vcf, shared, variant);
  const int64_t alleles = bai_get_u16(shared + 18), keys = bai_get_u16(shared + 16);
  from.at += 24;
  if (!status && alleles == 0) status = fail(vcf, "no allele; expected REF at least");
  if (!status) status = read_text(&from, &variant->id, "\t");
  if (!status) status = read_alleles(vcf, &from, alleles, variant);
  ends[ALT] = vcf->scratch.count;
  if (!status) status = read_filters(vcf, &from);
  ends[FILTER] = vcf->scratch.count;
  if (!status) status = read_info(vcf, &from, keys);
  ends[INFO] = vcf->scratch.count;
  if (!status && from.at != from.end) status = fail(vcf, "bytes behind the last INFO value");
  if (!status) status = read_samples(vcf, &behind, shared[23], variant);
  if (status) return status;
  const char *text = vcf->scratch.data;
  variant->alt = (bai_span){text, ends[ALT]};
  variant->filter = (bai_span){text + ends[ALT], ends[FILTER] - ends[ALT]};
  variant->info = (bai_span){text + ends[FILTER], ends[INFO] - ends[FILTER]};
  status = bai_vcf_check_site(vcf, variant);
  return !status && vcf->header.strict ? bai_vcf_check_record(vcf, variant) : status;
}

ba_status bai_bcf_dosage(bai_vcf *vcf, const bai_variant *variant, int32_t allele, float *row) {
  const int64_t samples = bai_dictionary_count(&vcf->header.samples);
  const int32_t size = variant->genotype_size;
  const int64_t end_mark = variant->genotype ? -(INT64_C(1) << (8 * size - 1)) + 1 : 0;
  for (int64_t i = 0; i < samples; i++) {
    int64_t count = 0, missing = 0, j = 0;
    for (; variant->genotype && j < variant->ploidy; j++) {
      const int64_t value = integer_at(variant->genotype + (i * variant->ploidy + j) * size, size);
      if (value == end_mark) break;
      const int64_t number = value == end_mark - 1 ? -1 : (value >> 1) - 1;
      if (number < -1 || number > bai_variant_alleles(variant))
        return bai_vcf_fail(vcf, NULL, "sample %lld: GT: allele %lld; expected 0 to %d", (long long)i + 1,
                            (long long)number, bai_variant_alleles(variant));
      missing += number < 0;
      count += allele == 0 ? number > 0 : number == allele;
    }
    if (row) row[i] = missing > 0 || j == 0 ? __builtin_nanf("") : (float)count;
  }
  return BA_OK;
}
