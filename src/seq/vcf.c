/* SPDX-License-Identifier: MIT
 *
 * vcf.c: one line of VCF to the spans of its columns, and the samples' genotypes to allele counts. What is wrong here
 * is wrong in both modes; the rest of the specification is in vcf_rules.c.
 */
#include "seq/vcf.h"

#include <stdarg.h>
#include <string.h>

#define FIXED 8 /* columns up to INFO */

ba_status bai_vcf_fail(const bai_vcf *vcf, const char *at, const char *format, ...) {
  char what[320];
  va_list list;
  va_start(list, format);
  bai_format_list(what, sizeof what, format, list);
  va_end(list);
  const int64_t byte = vcf->header.bcf ? 0 : at - vcf->line; /* BCF's texts do not stand in the input as they are */
  return bai_fail_at(vcf->context, BA_ERR_FORMAT, vcf->record, vcf->offset + byte, "%s", what);
}

bai_span bai_variant_take_alt(bai_span *alts) {
  const char *comma = memchr(alts->at, ',', (size_t)alts->n);
  const bai_span first = {alts->at, comma ? comma - alts->at : alts->n};
  if (comma) alts->at = comma + 1;
  alts->n = comma ? alts->n - first.n - 1 : 0;
  return first;
}

int32_t bai_variant_info(bai_span info, bai_span key, bai_span *value) {
  for (const char *at = info.at, *end = at + info.n; at < end;) {
    const char *mark = memchr(at, ';', (size_t)(end - at)), *stop = mark ? mark : end;
    if (stop - at >= key.n && memcmp(at, key.at, (size_t)key.n) == 0 && (stop == at + key.n || at[key.n] == '=')) {
      *value = (bai_span){at + key.n, 0};
      if (stop > at + key.n) *value = (bai_span){at + key.n + 1, stop - at - key.n - 1};
      return 1;
    }
    at = stop + 1;
  }
  return 0;
}

/* ---- the site ---- */

/* The letters of sequences by IUPAC, either case. */
static int32_t is_base(char byte) {
  return byte > ' ' && strchr("ACGTNacgtnRYSWKMBDHVUryswkmbdhvu", byte) != NULL;
}

static int32_t all_bases(bai_span text) {
  for (int64_t i = 0; i < text.n; i++)
    if (!is_base(text.at[i])) return 0;
  return text.n > 0;
}

/* A breakend: t[p[ t]p] ]p]t [p[t, where p is CHROM:POS and t has bases. */
static int32_t is_breakend(bai_span text) {
  const char *end = text.at + text.n, *open = text.at;
  while (open < end && *open != '[' && *open != ']') open++;
  const char *close = open < end ? memchr(open + 1, *open, (size_t)(end - open - 1)) : NULL;
  if (close == NULL || memchr(open + 1, ':', (size_t)(close - open - 1)) == NULL) return 0;
  const bai_span left = {text.at, open - text.at}, right = {close + 1, end - close - 1};
  const int32_t bases = left.n == 0 ? all_bases(right) : right.n == 0 && all_bases(left);
  return bases || bai_span_is(left.n == 0 ? right : left, ".");
}

/* NULL, or what would be right. */
static const char *check_alt(bai_span alt) {
  if (all_bases(alt) || bai_span_is(alt, "*")) return NULL;
  if (alt.n == 0) return "an allele is empty";
  if (alt.at[0] == '<') {
    const int32_t good = alt.n > 2 && alt.at[alt.n - 1] == '>' && !memchr(alt.at + 1, '<', (size_t)alt.n - 1) &&
                         memchr(alt.at, '>', (size_t)alt.n) == alt.at + alt.n - 1;
    return good ? NULL : "expected one '<' and one '>' around a symbolic allele";
  }
  if (alt.n > 1 && alt.at[0] == '.' && all_bases((bai_span){alt.at + 1, alt.n - 1})) return NULL;
  if (alt.n > 1 && alt.at[alt.n - 1] == '.' && all_bases((bai_span){alt.at, alt.n - 1})) return NULL;
  return is_breakend(alt) ? NULL : "expected bases, '*', <NAME>, a breakend with bases, or '.' alone";
}

/* A list without empty parts and white space; '.' stands alone. */
static ba_status check_list(const bai_vcf *vcf, bai_span list, const char *column) {
  int64_t start = 0;
  for (int64_t i = 0; i <= list.n; i++) {
    if (i < list.n && list.at[i] == ' ') return bai_vcf_fail(vcf, list.at + i, "%s: a space; expected none", column);
    if (i < list.n && list.at[i] != ';') continue;
    if (i == start) return bai_vcf_fail(vcf, list.at + i, "%s: an empty name; expected one between semicolons", column);
    if (i == start + 1 && list.at[start] == '.' && list.n > 1)
      return bai_vcf_fail(vcf, list.at + start, "%s: '.' beside other names; expected it alone", column);
    start = i + 1;
  }
  return BA_OK;
}

ba_status bai_vcf_check_site(const bai_vcf *vcf, bai_variant *variant) {
  const bai_span chrom = variant->chrom, alt = variant->alt;
  if (chrom.n == 0 || memchr(chrom.at, ' ', (size_t)chrom.n))
    return bai_vcf_fail(vcf, chrom.at, "CHROM: expected a name without spaces");
  ba_status status = check_list(vcf, variant->id, "ID");
  if (!status) status = check_list(vcf, variant->filter, "FILTER");
  if (status) return status;
  if (!all_bases(variant->ref)) return bai_vcf_fail(vcf, variant->ref.at, "REF: expected one or more bases, A C G T N");
  variant->alts = 0;
  if (bai_span_is(alt, ".")) return BA_OK;
  for (const char *at = alt.at, *end = at + alt.n; at <= end;) {
    const char *comma = memchr(at, ',', (size_t)(end - at)), *stop = comma ? comma : end;
    const char *wrong = check_alt((bai_span){at, stop - at});
    if (wrong) return bai_vcf_fail(vcf, at, "ALT: %s", wrong);
    variant->alts++;
    at = stop + 1;
  }
  return BA_OK;
}

static ba_status read_numbers(const bai_vcf *vcf, bai_span position, bai_span quality, bai_variant *variant) {
  double value = 0.0;
  if (!bai_parse_i64(position.at, position.n, &variant->position) || variant->position < 0)
    return bai_vcf_fail(vcf, position.at, "POS: expected a whole number, 0 or more");
  variant->has_quality = !bai_span_is(quality, ".");
  if (variant->has_quality && !bai_parse_f64(quality.at, quality.n, &value))
    return bai_vcf_fail(vcf, quality.at, "QUAL: expected a number or '.'");
  variant->quality = (float)value;
  return BA_OK;
}

/* The keys of FORMAT: none empty, GT first or not at all. */
static ba_status check_format(const bai_vcf *vcf, bai_span format) {
  if (bai_span_is(format, ".")) return BA_OK;
  for (const char *at = format.at, *end = at + format.n; at <= end;) {
    const char *colon = memchr(at, ':', (size_t)(end - at)), *stop = colon ? colon : end;
    if (stop == at || memchr(at, ' ', (size_t)(stop - at)))
      return bai_vcf_fail(vcf, at, "FORMAT: expected keys without spaces, a colon between two");
    if (at > format.at && bai_span_is((bai_span){at, stop - at}, "GT"))
      return bai_vcf_fail(vcf, at, "FORMAT: GT is not the first key; expected it there, and once");
    at = stop + 1;
  }
  return BA_OK;
}

static ba_status check_text(const bai_vcf *vcf, bai_span text) {
  for (int64_t i = 0; i < text.n; i++) {
    const uint8_t byte = (uint8_t)text.at[i];
    if (byte < ' ' || byte == 127) return bai_vcf_fail(vcf, text.at + i, "a control byte; expected text");
  }
  return BA_OK;
}

ba_status bai_vcf_read(bai_vcf *vcf, bai_span line, bai_variant *variant) {
  const int32_t wanted = vcf->header.has_format ? FIXED + 1 : FIXED;
  const char *at = line.at, *end = at + line.n;
  bai_span column[FIXED + 1];
  *variant = (bai_variant){.format = {"", 0}};
  if (line.n == 0) return bai_vcf_fail(vcf, at, "an empty line; expected a record");
  for (int32_t i = 0; i < wanted; i++) {
    const char *tab = at <= end ? memchr(at, '\t', (size_t)(end - at)) : NULL;
    if (at > end) return bai_vcf_fail(vcf, end, "%d columns; expected %d and one a sample", i, wanted);
    column[i] = (bai_span){at, (tab ? tab : end) - at};
    at = tab ? tab + 1 : end + 1;
  }
  if (!vcf->header.has_format && at <= end)
    return bai_vcf_fail(vcf, at, "more than %d columns; expected as many as the line #CHROM has", wanted);
  ba_status status = BA_OK;
  for (int32_t i = 0; !status && i < wanted; i++) {
    if (column[i].n == 0) status = bai_vcf_fail(vcf, column[i].at, "column %d is empty; expected '.' at least", i + 1);
    if (!status) status = check_text(vcf, column[i]);
  }
  if (status) return status;
  variant->chrom = column[0];
  variant->id = column[2];
  variant->ref = column[3];
  variant->alt = column[4];
  variant->filter = column[6];
  variant->info = column[7];
  status = read_numbers(vcf, column[1], column[5], variant);
  if (!status) status = bai_vcf_check_site(vcf, variant);
  if (!status && wanted > FIXED) {
    variant->format = column[FIXED];
    if (at <= end) variant->rest = (bai_span){at, end - at};
    status = check_format(vcf, column[FIXED]);
  }
  return !status && vcf->header.strict ? bai_vcf_check_record(vcf, variant) : status;
}

/* ---- the samples ---- */

typedef struct call {
  float dosage; /* NaN when an allele is missing */
  int64_t ploidy;
} call;

/* One GT, [|/] ALLELE { [|/] ALLELE }, from `at` on; returns its end. NULL: it is none. */
static const char *read_call(const bai_vcf *vcf, const bai_variant *variant, int32_t allele, const char *at,
                             const char *end, call *found) {
  const int32_t most = bai_variant_alleles(variant);
  int64_t count = 0, missing = 0;
  found->ploidy = 0;
  if (at < end && (*at == '|' || *at == '/') && vcf->header.version >= 4) at++;
  for (;; at++) {
    int64_t number = 0;
    const char *start = at;
    if (at < end && *at == '.') {
      missing++;
      at++;
    } else {
      while (at < end && *at >= '0' && *at <= '9' && number <= most) number = 10 * number + (*at++ - '0');
      if (at == start || number > most) return NULL;
      count += allele == 0 ? number > 0 : number == allele;
    }
    found->ploidy++;
    if (at == end || *at == ':') break;
    if (*at != '|' && *at != '/') return NULL;
  }
  found->dosage = missing ? __builtin_nanf("") : (float)count;
  return at;
}

static int64_t count_bytes(bai_span text, char byte) {
  int64_t count = 0;
  for (int64_t i = 0; i < text.n; i++) count += text.at[i] == byte;
  return count;
}

ba_status bai_vcf_dosage(bai_vcf *vcf, const bai_variant *variant, int32_t allele, float *row) {
  const int64_t samples = bai_dictionary_count(&vcf->header.samples);
  const int32_t genotypes = variant->format.n >= 2 && memcmp(variant->format.at, "GT", 2) == 0 &&
                            (variant->format.n == 2 || variant->format.at[2] == ':');
  const int64_t colons = count_bytes(variant->format, ':');
  const bai_span rest = variant->rest.at ? variant->rest : (bai_span){variant->format.at + variant->format.n, 0};
  const char *at = rest.at, *end = rest.at + rest.n;
  if (samples == 0 && variant->rest.at == NULL) return BA_OK;
  for (int64_t i = 0; i < samples; i++) {
    const char *tab = at < end ? memchr(at, '\t', (size_t)(end - at)) : NULL, *stop = tab ? tab : end;
    call found = {__builtin_nanf(""), 0};
    if (stop == at)
      return bai_vcf_fail(vcf, at, "sample %lld of %lld is missing; expected '.' at least", (long long)i + 1,
                          (long long)samples);
    if (genotypes && !read_call(vcf, variant, allele, at, stop, &found))
      return bai_vcf_fail(vcf, at, "sample %lld: GT: expected alleles from 0 to %d or '.', with '|' or '/' between",
                          (long long)i + 1, bai_variant_alleles(variant));
    if (count_bytes((bai_span){at, stop - at}, ':') > colons)
      return bai_vcf_fail(vcf, at, "sample %lld has more fields than FORMAT has keys, %lld", (long long)i + 1,
                          (long long)colons + 1);
    if (vcf->header.strict) {
      const ba_status status = bai_vcf_check_sample(vcf, variant, (bai_span){at, stop - at}, found.ploidy);
      if (status) return status;
    }
    if (row) row[i] = found.dosage;
    at = tab ? tab + 1 : end;
    if (i + 1 == samples && tab)
      return bai_vcf_fail(vcf, at, "more than %lld samples; expected as many as the line #CHROM has",
                          (long long)samples);
  }
  return samples == 0 ? bai_vcf_fail(vcf, at, "samples; the line #CHROM has none") : BA_OK;
}
