/* SPDX-License-Identifier: MIT
 *
 * vcf.h: the header of VCF and BCF, and one record of either as text spans. vcf_header.c reads header lines, vcf.c
 * lines of VCF, bcf.c records of BCF; vcf_rules.c is what the specification says beyond that, for strict=yes.
 */
#ifndef BAI_SEQ_VCF_H
#define BAI_SEQ_VCF_H

#include "seq/dictionary.h"

/* How many values: 0 or more, or one of these. */
enum { BAI_NUMBER_ANY = -1, BAI_NUMBER_ALTS = -2, BAI_NUMBER_ALLELES = -3, BAI_NUMBER_GENOTYPES = -4 };

/* What a header line says of an INFO or FORMAT key. Type: 'I' 'F' 'C' 'S', 'B' for a flag, 0: not declared. */
typedef struct bai_definition {
  int32_t type, number;
} bai_definition;

typedef struct bai_key {
  bai_definition info, format;
} bai_key;

typedef struct bai_vcf_header {
  int32_t strict, bcf;
  int32_t version;        /* 0 to 5: VCF 4.0 to 4.5 */
  int32_t lines, done;    /* read so far; the line #CHROM has been */
  int32_t has_format;     /* it has the column FORMAT */
  bai_dictionary samples; /* in the order of the columns */
  bai_dictionary names;   /* FILTER, INFO and FORMAT together */
  bai_vector keys;        /* bai_key, one for each of them */
  bai_dictionary contigs;
  bai_vector name_of, contig_of; /* int32: BCF's numbers to those of the dictionaries, or -1 */
} bai_vcf_header;

/* Takes one header line without its end, which begins at the byte `offset` of the input. */
ba_status bai_vcf_header_line(ba_context *context, bai_vcf_header *header, bai_span line, int64_t offset);
void bai_vcf_header_free(ba_context *context, bai_vcf_header *header);

/* ---- records ---- */

typedef struct bai_variant {
  bai_span chrom, id, ref, alt, filter, info; /* as in the text; missing is "." */
  int64_t position;                           /* from 1; 0 is before the first base */
  float quality;
  int32_t has_quality;
  int32_t alts;            /* alleles in `alt` */
  bai_span format, rest;   /* VCF: the keys, and the columns of the samples */
  const uint8_t *genotype; /* BCF: the integers of GT, or NULL */
  int32_t genotype_size;   /* bytes of one, 1, 2 or 4 */
  int64_t ploidy;          /* how many of them a sample has */
} bai_variant;

/* The highest allele of a genotype. Where ALT is ".", 1 is the allele that is not told. */
static inline int32_t bai_variant_alleles(const bai_variant *variant) {
  return variant->alts > 0 ? variant->alts : 1;
}
/* Takes the first allele off the text of some, which has one at least. */
bai_span bai_variant_take_alt(bai_span *alts);
/* Value of an INFO key: 1 when it is there, without a value an empty one. */
int32_t bai_variant_info(bai_span info, bai_span key, bai_span *value);

/* Alleles and positions seen lately, for the rules over more than one record. Zero-initialise it. */
#define BAI_SEEN_ALLELES 1024
typedef struct bai_seen {
  bai_dictionary contigs;
  int64_t contig, position, next;
  uint64_t alleles[BAI_SEEN_ALLELES];
} bai_seen;

/* What the parsers of records share. */
typedef struct bai_vcf {
  ba_context *context;
  bai_vcf_header header;
  int64_t record;   /* from 1 */
  const char *line; /* the bytes of the record, which begin at `offset` of the input */
  int64_t offset;
  bai_vector scratch; /* BCF: texts of the record */
  bai_vector formats; /* strict: bai_definition of each key of FORMAT */
  bai_seen *seen;     /* strict, else NULL */
} bai_vcf;

/* "record R, byte B: ..." for a place in the record's bytes. */
ba_status bai_vcf_fail(const bai_vcf *vcf, const char *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Reads the columns up to FORMAT. The spans point into the line. */
ba_status bai_vcf_read(bai_vcf *vcf, bai_span line, bai_variant *variant);
/* Reads the samples: row[i] gets how many alleles of sample i are `allele` (from 1; 0: any but the reference), NaN when
 * one is missing or GT is. `row` may be NULL: then they are looked at alone. */
ba_status bai_vcf_dosage(bai_vcf *vcf, const bai_variant *variant, int32_t allele, float *row);
/* The rules for id, ref, alt and filter that hold for both formats and in both modes. Sets `alts`. */
ba_status bai_vcf_check_site(const bai_vcf *vcf, bai_variant *variant);

/* The two parts of a BCF record, each of its full length. */
ba_status bai_bcf_read(bai_vcf *vcf, const uint8_t *shared, int64_t n_shared, const uint8_t *samples, int64_t n_samples,
                       bai_variant *variant);
ba_status bai_bcf_dosage(bai_vcf *vcf, const bai_variant *variant, int32_t allele, float *row);

/* ---- vcf_rules.c: strict=yes ---- */

/* The fields of "<KEY=VALUE,...>" that are looked at. */
#define BAI_META_FIELDS 16
typedef struct bai_meta_field {
  bai_span key, value;
  int32_t quoted;
} bai_meta_field;
typedef struct bai_meta {
  bai_span key, value; /* of ##key=value */
  bai_meta_field fields[BAI_META_FIELDS];
  int32_t count; /* of fields; 0 when the value is not in < > */
} bai_meta;

/* NULL, or what is wrong and would be right. */
const char *bai_vcf_check_meta(const bai_vcf_header *header, const bai_meta *meta);
ba_status bai_vcf_check_record(bai_vcf *vcf, const bai_variant *variant);
/* One sample: its fields, and the ploidy of its GT (0 when it has none). */
ba_status bai_vcf_check_sample(const bai_vcf *vcf, const bai_variant *variant, bai_span sample, int64_t ploidy);
/* What the specification says of a key that the header does not declare; type 0 when nothing. */
bai_definition bai_vcf_reserved(const bai_vcf_header *header, bai_span key, int32_t format);

#endif
