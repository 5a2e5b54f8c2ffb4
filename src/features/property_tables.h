/* SPDX-License-Identifier: MIT
 *
 * property_tables.h: published numbers of dinucleotides and residues. A recipe names each table by its paper, and a
 * name never changes its numbers. Residues are in the order ACDEFGHIKLMNPQRSTVWY, dinucleotides AA AC AG AT CA ... TT.
 */
#ifndef BAI_FEATURES_PROPERTY_TABLES_H
#define BAI_FEATURES_PROPERTY_TABLES_H

#include <stdint.h>

#define BAI_STEPS 6 /* local structure of a dinucleotide: twist, tilt, roll, shift, slide, rise */
#define BAI_CTD 13
#define BAI_PAAC 3 /* hydrophobicity, hydrophilicity, mass of the side chain; APAAC takes the first two */
#define BAI_ZSCALES 5

/* The words of table= for dinucleotides, in their order. */
enum { BAI_TABLE_CHEN2013, BAI_TABLE_ILEARN2020 };

extern const char *const bai_step_names[BAI_STEPS];
extern const double bai_step_tables[2][BAI_STEPS][16];
extern const double bai_eiip[4];
extern const uint8_t bai_ncp[4][3];
extern const char *const bai_paac_names[BAI_PAAC];
extern const double bai_paac[BAI_PAAC][20];
typedef struct bai_ctd_property {
  const char *name;
  char groups[21]; /* the digit 0, 1 or 2 for each residue */
} bai_ctd_property;
extern const bai_ctd_property bai_ctd[BAI_CTD];
extern const int8_t bai_blosum62[20][20];
extern const double bai_zscale[20][BAI_ZSCALES];
/* The standard genetic code: the residue of each codon as a letter, '*' for stop. */
extern const char bai_genetic_code[65];

#endif
