/* SPDX-License-Identifier: MIT
 *
 * descriptor.c: what the descriptors share: keys, widths, names of columns, and the walks over words.
 */
#include "features/descriptor.h"

#include <string.h>

#include "features/property_tables.h"

#define MOST_WORDS 65536

int64_t bai_words(int64_t size, int32_t k) {
  int64_t words = 1;
  while (k-- > 0 && words <= MOST_WORDS) words *= size;
  return words;
}

/* ---- walks ---- */

bai_walk bai_walk_begin(const bai_alphabet *alphabet, int32_t k, const uint8_t *codes, int64_t length) {
  const bai_walk walk = {alphabet, codes, length, 0, 0, bai_words(alphabet->size, k), k, 0, 0};
  return walk;
}

int32_t bai_walk_next(bai_walk *walk) {
  const uint8_t last = walk->alphabet >= &bai_alphabets[BAI_ALPHABET_PROTEIN] ? BAI_RESIDUES - 1 : 3;
  while (walk->at < walk->length) {
    const uint8_t code = walk->codes[walk->at++];
    if (code > last) {
      walk->run = 0;
      continue;
    }
    walk->word = (walk->word * walk->alphabet->size + walk->alphabet->group[code]) % walk->words;
    if (++walk->run < walk->k) continue;
    walk->start = walk->at - walk->k;
    return 1;
  }
  return 0;
}

int64_t bai_count_words(const bai_alphabet *alphabet, int32_t k, const uint8_t *codes, int64_t length, double *counts) {
  bai_walk walk = bai_walk_begin(alphabet, k, codes, length);
  int64_t kept = 0;
  memset(counts, 0, (size_t)walk.words * sizeof *counts);
  for (; bai_walk_next(&walk); kept++) counts[walk.word]++;
  return kept;
}

int64_t bai_count_pairs(const bai_alphabet *alphabet, int32_t k, int64_t lag, const uint8_t *codes, int64_t length,
                        double *counts) {
  const int64_t words = bai_words(alphabet->size, k);
  memset(counts, 0, (size_t)(words * words) * sizeof *counts);
  if (lag >= length) return 0;
  bai_walk left = bai_walk_begin(alphabet, k, codes, length);
  bai_walk right = bai_walk_begin(alphabet, k, codes + lag, length - lag);
  int64_t kept = 0;
  int32_t more = bai_walk_next(&left) && bai_walk_next(&right);
  while (more) {
    if (left.start == right.start) {
      counts[left.word * words + right.word]++;
      kept++;
      more = bai_walk_next(&left) && bai_walk_next(&right);
    } else {
      more = bai_walk_next(left.start < right.start ? &left : &right);
    }
  }
  return kept;
}

void bai_pseudo_finish(double *out, int64_t parts, int64_t all, double weight, double scale) {
  double sum = 0.0;
  for (int64_t i = parts; i < all; i++) sum += out[i];
  const double whole = 1.0 + weight * sum;
  for (int64_t i = 0; i < all; i++) {
    const double part = i < parts ? out[i] : weight * out[i];
    out[i] = whole < 1.0 / 1024 ? 0.0 : scale * part / whole;
  }
}

/* ---- keys ---- */

static int64_t whole_of(const bai_term *term, const char *key, int64_t standard) {
  const bai_value *value = bai_term_value(term, key);
  return value ? value->integer : standard;
}

static double real_of(const bai_term *term, const char *key) {
  const bai_value *value = bai_term_value(term, key);
  return value ? value->real : 0.0;
}

/* Letters of a word where the name of a term says them. */
static int64_t letters_of(bai_term_kind kind) {
  return kind == BAI_TERM_PSEEIIP || kind == BAI_TERM_CODON_USAGE ? 3
         : kind == BAI_TERM_PSEDNC || kind == BAI_TERM_SCPSEDNC   ? 2
                                                                  : 1;
}

bai_descriptor bai_descriptor_of(const bai_term *term) {
  bai_descriptor d = {.kind = term->spec->kind, .name = term->spec->name};
  const int64_t standard = d.kind >= BAI_TERM_CTDC ? BAI_ALPHABET_PROTEIN : BAI_ALPHABET_DNA;
  d.alphabet = &bai_alphabets[whole_of(term, "alphabet", standard)];
  d.k = (int32_t)whole_of(term, "k", letters_of(d.kind));
  d.lags = (int32_t)whole_of(term, "nlag", whole_of(term, "lambda", 0));
  d.window = (int32_t)whole_of(term, "sliding_window", whole_of(term, "w", 0));
  d.order = (int32_t)whole_of(term, "order", 0);
  d.most = (int32_t)whole_of(term, "mismatch", 0);
  d.phase = (int32_t)whole_of(term, "phase", 0);
  d.frame = (int32_t)whole_of(term, "frame", 0);
  d.choice = (int32_t)whole_of(term, "value", whole_of(term, "strand", whole_of(term, "convention", 0)));
  d.table = (int32_t)whole_of(term, "table", 0);
  d.per = whole_of(term, "per", 1);
  d.weight = real_of(term, "weight");
  d.delta = real_of(term, "delta");
  return d;
}

ba_status bai_descriptor_check(ba_context *context, const bai_descriptor *descriptor) {
  if (bai_words(descriptor->alphabet->size, descriptor->k) > MOST_WORDS)
    return bai_fail(context, BA_ERR_RECIPE,
                    "recipe: %s has words of %d letters of an alphabet of %d; expected at most %d words",
                    descriptor->name, descriptor->k, descriptor->alphabet->size, MOST_WORDS);
  return BA_OK;
}

int32_t bai_descriptor_by_position(bai_term_kind kind) {
  switch (kind) {
    case BAI_TERM_ENAC:
    case BAI_TERM_NCP:
    case BAI_TERM_ANF:
    case BAI_TERM_EIIP:
    case BAI_TERM_BLOSUM62:
    case BAI_TERM_ZSCALE:
      return 1;
    default:
      return 0;
  }
}

/* Columns of one place of those by position, or of all. */
static int64_t columns_of(const bai_descriptor *d) {
  const int64_t words = bai_words(d->alphabet->size, d->k);
  switch (d->kind) {
    case BAI_TERM_ENAC:
      return 4;
    case BAI_TERM_NCP:
      return 3;
    case BAI_TERM_ANF:
    case BAI_TERM_EIIP:
    case BAI_TERM_ENTROPY:
    case BAI_TERM_COMPLEXITY:
      return 1;
    case BAI_TERM_ORF:
      return 3;
    case BAI_TERM_ZCURVE:
      return words / 4 * 3 * (d->phase ? 3 : 1);
    case BAI_TERM_DAC:
      return BAI_STEPS * d->lags;
    case BAI_TERM_DCC:
      return BAI_STEPS * (BAI_STEPS - 1) * d->lags;
    case BAI_TERM_DACC:
      return BAI_STEPS * BAI_STEPS * d->lags;
    case BAI_TERM_PSEDNC:
    case BAI_TERM_PSEKNC:
    case BAI_TERM_PAAC:
      return words + d->lags;
    case BAI_TERM_SCPSEDNC:
      return words + BAI_STEPS * d->lags;
    case BAI_TERM_APAAC:
      return words + 2 * d->lags;
    case BAI_TERM_CTDC:
    case BAI_TERM_CTDT:
      return 3 * BAI_CTD;
    case BAI_TERM_CTDD:
      return 15 * BAI_CTD;
    case BAI_TERM_BLOSUM62:
      return 20;
    case BAI_TERM_ZSCALE:
      return BAI_ZSCALES;
    default: /* Mismatch, Subsequence, PseEIIP, CodonUsage, Minimizer */
      return words;
  }
}

int64_t bai_descriptor_width(const bai_descriptor *descriptor, int64_t fitted_length) {
  int64_t places = 1;
  if (bai_descriptor_by_position(descriptor->kind)) places = fitted_length;
  if (descriptor->kind == BAI_TERM_ENAC) places = fitted_length - descriptor->window + 1;
  return (places > 0 ? places : 0) * columns_of(descriptor);
}

int64_t bai_descriptor_work(const bai_descriptor *d) {
  const int64_t words = bai_words(d->alphabet->size, d->k);
  switch (d->kind) {
    case BAI_TERM_SUBSEQUENCE:
    case BAI_TERM_COMPLEXITY:
      return words;
    case BAI_TERM_MINIMIZER:
      return 3 * (BAI_MINIMIZER_PIECE + d->window) + 1; /* see count_minimizers */
    case BAI_TERM_ENTROPY:
      return 2 * words;
    case BAI_TERM_ZCURVE:
      return 3 * words;
    case BAI_TERM_DAC:
    case BAI_TERM_DCC:
    case BAI_TERM_DACC:
    case BAI_TERM_PSEDNC:
    case BAI_TERM_PSEKNC:
    case BAI_TERM_SCPSEDNC:
      return 256;
    case BAI_TERM_CTDT:
    case BAI_TERM_PAAC:
    case BAI_TERM_APAAC:
      return 400;
    default:
      return 0;
  }
}

/* ---- what any alphabet has ---- */

/* Shannon's entropy of the words, in bits. */
static double entropy(const bai_kernels *kernels, const bai_descriptor *d, const uint8_t *codes, int64_t length,
                      double *shares) {
  const int64_t words = bai_words(d->alphabet->size, d->k);
  const int64_t kept = bai_count_words(d->alphabet, d->k, codes, length, shares);
  double *logs = shares + words, sum = 0.0;
  int64_t n = 0;
  for (int64_t w = 0; w < words; w++)
    if (shares[w] > 0.0) shares[n++] = shares[w] / (double)kept;
  kernels->log_f64(logs, shares, n);
  for (int64_t i = 0; i < n; i++) sum -= shares[i] * logs[i];
  return sum / 0x1.62e42fefa39efp-1; /* the logarithm of 2 */
}

/* The distinct words of 1 to k letters, of the most that so many words can be. */
static double complexity(const bai_descriptor *d, const uint8_t *codes, int64_t length, double *counts) {
  int64_t distinct = 0, most = 0, words = 1;
  for (int32_t k = 1; k <= d->k; k++) {
    words *= d->alphabet->size;
    const int64_t kept = bai_count_words(d->alphabet, k, codes, length, counts);
    for (int64_t w = 0; w < words; w++) distinct += counts[w] > 0.0;
    most += kept < words ? kept : words;
  }
  return bai_share((double)distinct, most);
}

void bai_descriptor_compute(const bai_kernels *kernels, const bai_descriptor *descriptor, const uint8_t *codes,
                            int64_t length, double *work, double *out) {
  if (descriptor->kind >= BAI_TERM_CTDC)
    bai_descriptor_residues(descriptor, codes, length, work, out);
  else if (descriptor->kind == BAI_TERM_ENTROPY)
    *out = entropy(kernels, descriptor, codes, length, work);
  else if (descriptor->kind == BAI_TERM_COMPLEXITY)
    *out = complexity(descriptor, codes, length, work);
  else
    bai_descriptor_nucleotides(kernels, descriptor, codes, length, work, out);
}

/* ---- names ---- */

/* At most 16 letters: words of one letter have the most, 65,536 of two. */
static void spell(const bai_descriptor *d, int32_t k, int64_t word, char *text) {
  text[k] = 0;
  while (k-- > 0) {
    text[k] = d->alphabet->symbols[word % d->alphabet->size];
    word /= d->alphabet->size;
  }
}

/* Zcurve9_1.x, Zcurve12_A.x, Zcurve36_1_A.x */
static ba_status name_zcurve(ba_context *context, const bai_descriptor *d, int64_t column, bai_vector *text) {
  const int32_t phases = d->phase ? 3 : 1;
  char before[20];
  spell(d, d->k - 1, column / (3 * phases), before);
  ba_status status = bai_text_add(context, text, "Zcurve%lld", (long long)columns_of(d));
  if (!status && d->phase) status = bai_text_add(context, text, "_%d", (int)(column / 3 % 3) + 1);
  if (!status && d->k > 1) status = bai_text_add(context, text, "_%s", before);
  return status ? status : bai_text_add(context, text, ".%c", "xyz"[column % 3]);
}

/* The pair of properties of a cross covariance: (0, 1), (1, 0), (0, 2), (2, 0), ... */
static void pair_of(int64_t index, int32_t *left, int32_t *right) {
  int64_t pair = index / 2;
  int32_t low = 0;
  for (; pair >= BAI_STEPS - 1 - low; low++) pair -= BAI_STEPS - 1 - low;
  const int32_t high = low + 1 + (int32_t)pair;
  *left = index % 2 ? high : low;
  *right = index % 2 ? low : high;
}

static ba_status name_covariance(ba_context *context, const bai_descriptor *d, int64_t column, bai_vector *text) {
  int64_t property = column / d->lags;
  const long long lag = (long long)(column % d->lags) + 1;
  if (d->kind != BAI_TERM_DCC && property < BAI_STEPS)
    return bai_text_add(context, text, "%s_%s.lag%lld", d->name, bai_step_names[property], lag);
  int32_t left, right;
  pair_of(d->kind == BAI_TERM_DCC ? property : property - BAI_STEPS, &left, &right);
  return bai_text_add(context, text, "%s_%s-%s-lag.%lld", d->name, bai_step_names[left], bai_step_names[right], lag);
}

/* The columns behind the composition of the pseudo descriptors. */
static ba_status name_lambda(ba_context *context, const bai_descriptor *d, int64_t index, bai_vector *text) {
  const long long number = (long long)index + 1;
  if (d->kind == BAI_TERM_PAAC) return bai_text_add(context, text, "PAAC_Xc2.lambda%lld", number);
  if (d->kind == BAI_TERM_APAAC)
    return bai_text_add(context, text, "APAAC_Pc2.%s.%lld", bai_paac_names[index % 2], (long long)index / 2 + 1);
  return bai_text_add(context, text, "%s_lamada_%lld", d->name, number);
}

static ba_status name_ctd(ba_context *context, const bai_descriptor *d, int64_t column, bai_vector *text) {
  static const char *const changes[] = {"Tr1221", "Tr1331", "Tr2332"};
  static const char *const shares[] = {"0", "25", "50", "75", "100"};
  if (d->kind == BAI_TERM_CTDD)
    return bai_text_add(context, text, "CTDD_%s.%d.residue%s", bai_ctd[column / 15].name, (int)(column / 5 % 3) + 1,
                        shares[column % 5]);
  const char *property = bai_ctd[column / 3].name;
  if (d->kind == BAI_TERM_CTDC) return bai_text_add(context, text, "CTDC_%s.G%d", property, (int)(column % 3) + 1);
  return bai_text_add(context, text, "CTDT_%s.%s", property, changes[column % 3]);
}

ba_status bai_descriptor_column_name(ba_context *context, const bai_descriptor *d, int64_t column, bai_vector *text) {
  static const char *const orf[] = {"length", "coverage", "count"};
  const long long number = (long long)column + 1;
  const int64_t words = bai_words(d->alphabet->size, d->k);
  char word[20];
  switch (d->kind) {
    case BAI_TERM_ENAC:
      return bai_text_add(context, text, "ENAC_sw.%lld.%c", (long long)column / 4 + 1, "ACGT"[column % 4]);
    case BAI_TERM_NCP:
    case BAI_TERM_ANF:
    case BAI_TERM_EIIP:
      return bai_text_add(context, text, "%s_%lld", d->name, number);
    case BAI_TERM_ZCURVE:
      return name_zcurve(context, d, column, text);
    case BAI_TERM_DAC:
    case BAI_TERM_DCC:
    case BAI_TERM_DACC:
      return name_covariance(context, d, column, text);
    case BAI_TERM_ENTROPY:
    case BAI_TERM_COMPLEXITY:
      return bai_text_add(context, text, "%s_%d", d->name, d->k);
    case BAI_TERM_ORF:
      return bai_text_add(context, text, "ORF_%s", orf[column]);
    case BAI_TERM_CTDC:
    case BAI_TERM_CTDT:
    case BAI_TERM_CTDD:
      return name_ctd(context, d, column, text);
    case BAI_TERM_BLOSUM62:
      return bai_text_add(context, text, "BLOSUM62_p%lld.%c", (long long)column / 20 + 1,
                          d->alphabet->symbols[column % 20]);
    case BAI_TERM_ZSCALE:
      return bai_text_add(context, text, "ZScale_p%lld.z%d", (long long)column / BAI_ZSCALES + 1,
                          (int)(column % BAI_ZSCALES) + 1);
    default:
      break;
  }
  if (column >= words) return name_lambda(context, d, column - words, text);
  spell(d, d->k, column, word);
  const char *part = d->kind == BAI_TERM_PAAC ? "Xc1." : d->kind == BAI_TERM_APAAC ? "Pc1." : "";
  return bai_text_add(context, text, "%s_%s%s", d->name, part, word);
}
