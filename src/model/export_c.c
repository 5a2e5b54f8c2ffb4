/* SPDX-License-Identifier: MIT
 *
 * export_c.c: the model as one C file that needs nothing but the C library: its weights as tables, and the definition
 * of a score (docs/numbers.md) written out once more, so that it gives the same bits.
 */
#include "model/export.h"

#include <string.h>

/* What does not depend on the model. Pieces, because a C compiler need not take longer texts than 4,095 letters. */
static const char *const runtime[] = {
    "/* -2: a letter that the recipe refuses; -1: a length that it does not take; -3: no memory; -4: above 2^24 "
    "letters. */\n"
    "int ba_score(const char *letters, int64_t length, double *scores, double *probabilities);\n\n"
    "typedef struct ba_block {\n"
    "  int k, span, part_count, offset[16], size[16]; /* letters of a window that its word is made of */\n"
    "  int letters;                                   /* of the alphabet; 0: every letter counts, in one column */\n"
    "  const unsigned char *group;                    /* code to letter of the alphabet */\n"
    "  int canonical, hash_bits, place;               /* place 1: position from the start, 2: from the end, 3: bin */\n"
    "  int value, norm, refuse;\n"
    "  int64_t words, bins, width, per;\n"
    "  const int32_t *weights; /* outputs x width */\n"
    "  const int32_t *exponents;\n"
    "} ba_block;\n\n"
    "typedef struct ba_member {\n"
    "  const ba_block *blocks;\n"
    "  int block_count, needs_equal;\n"
    "  int64_t fitted;\n"
    "  const double *intercepts;\n"
    "  double factor;\n"
    "} ba_member;\n\n"
    "typedef struct ba_totals {\n"
    "  uint64_t kept, distinct, squares, roots;\n"
    "} ba_totals;\n\n",
    "static double ba_of_bits(uint64_t bits) {\n"
    "  double value;\n"
    "  memcpy(&value, &bits, 8);\n"
    "  return value;\n"
    "}\n\n"
    "static uint64_t ba_to_bits(double value) {\n"
    "  uint64_t bits;\n"
    "  memcpy(&bits, &value, 8);\n"
    "  return bits;\n"
    "}\n\n"
    "static double ba_power(double value, int exponent) {\n"
    "  for (; exponent > 1000; exponent -= 1000) value *= ba_of_bits(UINT64_C(2023) << 52);\n"
    "  for (; exponent < -1000; exponent += 1000) value *= ba_of_bits(UINT64_C(23) << 52);\n"
    "  return value * ba_of_bits((uint64_t)(1023 + exponent) << 52);\n"
    "}\n\n"
    "/* round(2^20 sqrt(count)), exact; count < 2^24. */\n"
    "static uint64_t ba_root(uint32_t count) {\n"
    "  const uint64_t square = (uint64_t)count << 40;\n"
    "  uint64_t root = (uint64_t)(sqrt((double)count) * 1048576.0);\n"
    "  while (root * root > square) root--;\n"
    "  while ((root + 1) * (root + 1) <= square) root++;\n"
    "  return square - root * root > root ? root + 1 : root;\n"
    "}\n\n"
    "static uint64_t ba_value(const ba_block *b, uint32_t count) {\n"
    "  return b->value == 3 ? 1 : b->value == 2 ? ba_root(count) : count;\n"
    "}\n\n"
    "static double ba_divisor(const ba_block *b, const ba_totals *t) {\n"
    "  if (t->distinct == 0) return 1.0;\n"
    "  if (b->norm == 2) return b->value == 1 ? (double)t->kept : (double)b->per;\n"
    "  if (b->norm == 1)\n"
    "    return b->value < 2 ? (double)t->kept : b->value == 3 ? (double)t->distinct : (double)t->roots / 1048576.0;\n"
    "  return sqrt((double)(b->value == 2 ? t->kept : b->value == 3 ? t->distinct : t->squares));\n"
    "}\n\n",
    "/* high 2^20 + low, 0 <= low < 2^20, to the nearest double. */\n"
    "static double ba_sum_to_double(int64_t high, int64_t low) {\n"
    "  uint64_t size = high < 0 ? 0 - (uint64_t)high : (uint64_t)high;\n"
    "  int shift = 0;\n"
    "  if (size < UINT64_C(1) << 42) return (double)(high * 1048576 + low);\n"
    "  while (shift < 20 && size < UINT64_C(1) << 61) {\n"
    "    size <<= 1;\n"
    "    shift++;\n"
    "  }\n"
    "  /* Bits that fall off only have to be told from none. */\n"
    "  int64_t top = high * (INT64_C(1) << shift) + (low >> (20 - shift));\n"
    "  if (low & ((INT64_C(1) << (20 - shift)) - 1)) top |= 1;\n"
    "  return (double)top * (double)(INT64_C(1) << (20 - shift));\n"
    "}\n\n"
    "/* The column of the window that starts there; -1: none. */\n"
    "static int64_t ba_column(const ba_block *b, const unsigned char *codes, int64_t start, int64_t length, int64_t "
    "fitted) {\n"
    "  uint64_t word = 0, other = 0;\n"
    "  int at = 0;\n"
    "  if (!b->letters) return 0;\n"
    "  for (int p = 0; p < b->part_count; p++) {\n"
    "    for (int i = 0; i < b->size[p]; i++, at++) {\n"
    "      const unsigned char code = codes[start + b->offset[p] + i];\n"
    "      if (code == BA_AMBIGUOUS) return -1;\n"
    "      word = word * (uint64_t)b->letters + b->group[code];\n"
    "      other |= (uint64_t)(3 - (b->group[code] & 3)) << (2 * at & 63);\n"
    "    }\n"
    "  }\n"
    "  if (b->canonical && other < word) word = other;\n"
    "  if (b->hash_bits) {\n"
    "    word *= UINT64_C(0x9E3779B97F4A7C15);\n"
    "    word ^= word >> 32;\n"
    "    word *= UINT64_C(0xD6E8FEB86659FD93);\n"
    "    word >>= 64 - b->hash_bits;\n"
    "  }\n"
    "  if (!b->place) return (int64_t)word;\n"
    "  int64_t place = b->place == 3 ? start * b->bins / length : b->place == 2 ? start + fitted - length : start;\n"
    "  if (b->place < 3 && (place < 0 || place > fitted - b->span)) return -1;\n"
    "  return place * b->words + (int64_t)word;\n"
    "}\n\n",
    "static void ba_score_block(const ba_block *b, const unsigned char *codes, int64_t length, int64_t fitted,\n"
    "                           uint32_t *table, uint32_t *columns, double *scores) {\n"
    "  ba_totals t = {0, 0, 0, 0};\n"
    "  for (int64_t start = 0; start + b->span <= length; start++) {\n"
    "    const int64_t column = ba_column(b, codes, start, length, fitted);\n"
    "    if (column < 0) continue;\n"
    "    t.kept++;\n"
    "    if (table[column]++ == 0) columns[t.distinct++] = (uint32_t)column;\n"
    "  }\n"
    "  for (uint64_t i = 0; i < t.distinct; i++) {\n"
    "    const uint64_t count = table[columns[i]];\n"
    "    t.squares += count * count;\n"
    "    if (b->value == 2 && b->norm == 1) t.roots += ba_root((uint32_t)count);\n"
    "  }\n"
    "  const double divisor = ba_divisor(b, &t), unit = b->value == 2 ? 1.0 / 1048576.0 : 1.0;\n"
    "  for (int o = 0; o < BA_OUTPUTS; o++) {\n"
    "    int64_t high = 0, low = 0;\n"
    "    for (uint64_t i = 0; i < t.distinct; i++) {\n"
    "      const int64_t weight = b->weights[o * b->width + columns[i]];\n"
    "      const int64_t value = (int64_t)ba_value(b, table[columns[i]]);\n"
    "      low += weight * (value & 1048575);\n"
    "      high += weight * (value >> 20);\n"
    "      int64_t carry = low / 1048576 - (low % 1048576 < 0);\n"
    "      high += carry;\n"
    "      low -= carry * 1048576;\n"
    "    }\n"
    "    scores[o] += ba_power(ba_sum_to_double(high, low), -b->exponents[o]) * unit / divisor;\n"
    "  }\n"
    "  for (uint64_t i = 0; i < t.distinct; i++) table[columns[i]] = 0;\n"
    "}\n\n",
    "static double ba_exp(double x) {\n"
    "  x = x > 710.0 ? 710.0 : x;\n"
    "  x = x < -750.0 ? -750.0 : x;\n"
    "  double rounded = x * 0x1.71547652b82fep+0 + 0x1.8p52;\n"
    "  double k = rounded - 0x1.8p52;\n"
    "  double high = x - k * 0x1.62e42fefa38p-1;\n"
    "  double low = k * 0x1.ef35793c7673p-45;\n"
    "  double r = high - low;\n"
    "  double rest = (high - r) - low;\n"
    "  static const double factors[] = {479001600, 39916800, 3628800, 362880, 40320, 5040, 720, 120, 24, 6};\n"
    "  double p = 1.0 / 6227020800;\n"
    "  for (int i = 0; i < 10; i++) p = p * r + 1.0 / factors[i];\n"
    "  p = p * r + 0.5;\n"
    "  double sum = 1.0 + r;\n"
    "  rest += (r * r) * p;\n"
    "  rest += r - (sum - 1.0);\n"
    "  uint64_t biased = (ba_to_bits(rounded) + 2046) & 0xFFF;\n"
    "  uint64_t half = biased >> 1;\n"
    "  return (sum + rest) * ba_of_bits(half << 52) * ba_of_bits((biased - half) << 52);\n"
    "}\n\n"
    "static double ba_sigmoid(double x) {\n"
    "  double e = ba_exp(x < 0.0 ? x : -x);\n"
    "  return (x < 0.0 ? e : 1.0) / (1.0 + e);\n"
    "}\n\n"
    "static void ba_plain_probabilities(const double *scores, double *probabilities) {\n"
    "  if (BA_ANSWERS == 2) {\n"
    "    const double score = scores[0];\n"
    "    probabilities[1] = ba_sigmoid(score);\n"
    "    probabilities[0] = ba_sigmoid(-score);\n"
    "    return;\n"
    "  }\n"
    "  double most = scores[0], total = 0.0;\n"
    "  for (int c = 1; c < BA_ANSWERS; c++)\n"
    "    if (scores[c] > most) most = scores[c];\n"
    "  for (int c = 0; c < BA_ANSWERS; c++) probabilities[c] = ba_exp(scores[c] - most);\n"
    "  for (int c = 0; c < BA_ANSWERS; c++) total += probabilities[c];\n"
    "  for (int c = 0; c < BA_ANSWERS; c++) probabilities[c] /= total;\n"
    "}\n\n",
    "static int ba_score_codes(const unsigned char *codes, int64_t length, int ambiguous, uint32_t *table,\n"
    "                          uint32_t *columns, double *scores) {\n"
    "  for (int m = 0; m < BA_MEMBERS; m++) {\n"
    "    const ba_member *member = &ba_members[m];\n"
    "    double part[BA_OUTPUTS] = {0};\n"
    "    if (member->needs_equal && length != member->fitted) return -1;\n"
    "    for (int b = 0; ambiguous && b < member->block_count; b++)\n"
    "      if (member->blocks[b].refuse) return -2;\n"
    "    for (int b = 0; b < member->block_count; b++)\n"
    "      ba_score_block(&member->blocks[b], codes, length, member->fitted, table, columns, part);\n"
    "    for (int o = 0; o < BA_OUTPUTS; o++) {\n"
    "      part[o] += member->intercepts[o];\n"
    "      scores[o] = BA_MEMBERS == 1 ? part[o] : (m ? scores[o] : ba_offsets[o]) + member->factor * part[o];\n"
    "    }\n"
    "  }\n"
    "  return 0;\n"
    "}\n\n"
    "int ba_score(const char *letters, int64_t length, double *scores, double *probabilities) {\n"
    "  if (length < 0 || length >= 1 << 24) return -4;\n"
    "  unsigned char *codes = malloc((size_t)length + 1);\n"
    "  uint32_t *columns = malloc(((size_t)length + 1) * 4), *table = calloc(BA_WIDEST, 4);\n"
    "  int ambiguous = 0, status = codes && columns && table ? 0 : -3;\n"
    "  for (int64_t i = 0; !status && i < length; i++) {\n"
    "    codes[i] = ba_codes[(unsigned char)letters[i]];\n"
    "    ambiguous |= codes[i] == BA_AMBIGUOUS;\n"
    "  }\n"
    "  if (!status) status = ba_score_codes(codes, length, ambiguous, table, columns, scores);\n"
    "  if (!status && probabilities) ba_probabilities(scores, probabilities);\n"
    "  free(codes);\n"
    "  free(columns);\n"
    "  free(table);\n"
    "  return status;\n"
    "}\n",
};

enum { TYPES, NUMBERS, SUMS, BLOCKS, EXP, SCORE };

static void add_texts(bai_export *e, int32_t first, int32_t last) {
  for (int32_t i = first; !e->status && i <= last; i++)
    e->status = bai_vector_append(e->context, &e->text, runtime[i], bai_length(runtime[i]), 1);
}

/* A string of C; what is not plain stands as its number, so that no escape means something else. */
static void add_string(bai_export *e, const char *text) {
  BAI_ADD(e, "\"");
  for (const uint8_t *at = (const uint8_t *)text; *at; at++) {
    if (*at >= ' ' && *at < 127 && *at != '"' && *at != '\\' && *at != '?')
      BAI_ADD(e, "%c", *at);
    else
      BAI_ADD(e, "\\%d%d%d", *at >> 6, *at >> 3 & 7, *at & 7);
  }
  BAI_ADD(e, "\"");
}

static void add_bytes(bai_export *e, const char *name, const uint8_t *bytes, int32_t n) {
  BAI_ADD(e, "static const unsigned char %s[%d] = {", name, n);
  for (int32_t i = 0; i < n; i++) BAI_ADD(e, "%s%d", i ? "," : "", bytes[i]);
  BAI_ADD(e, "};\n");
}

static void add_doubles(bai_export *e, const char *name, int32_t number, const double *values, int64_t n) {
  BAI_ADD(e, "static const double %s%d[] = {", name, number);
  for (int64_t i = 0; i < n; i++) BAI_ADD(e, "%s%g", i ? "," : "", values[i]);
  BAI_ADD(e, "};\n");
}

/* Columns of one place in the C file: words in all, where the library ranks the canonical ones. */
static int64_t words_of(const bai_block *block) {
  return block->rank_bits ? INT64_C(1) << 2 * block->k : block->words;
}

static int64_t width_of(const bai_block *block) {
  return block->words ? block->width / block->words * words_of(block) : 0;
}

static void add_weights(bai_export *e, const bai_member *member, const bai_block *block) {
  int64_t written = 0;
  for (int32_t o = 0; o < e->model->outputs; o++) {
    const int32_t *weights = member->weights + o * member->plan->width + block->first;
    for (int64_t i = 0; !e->status && i < width_of(block); i++) {
      const int64_t place = i / words_of(block), word = i % words_of(block);
      const int32_t kept = !block->rank_bits || block->rank_bits[word / 64] >> (word % 64) & 1;
      BAI_ADD(e, "%d,%s", kept ? *weights : 0, ++written % 16 ? "" : "\n");
      weights += kept;
      if (word == 0 && place % 4096 == 0 && !e->status) e->status = bai_check_cancel(e->context);
    }
  }
  if (written == 0) BAI_ADD(e, "0");
}

static void add_block(bai_export *e, int32_t m, int32_t b) {
  const bai_member *member = &e->model->members[m];
  const bai_plan *plan = member->plan;
  BAI_ADD(e, "static const int32_t ba_weights%d_%d[] = {\n", m, b);
  add_weights(e, member, &plan->blocks[b]);
  BAI_ADD(e, "};\nstatic const int32_t ba_exponents%d_%d[] = {", m, b);
  for (int32_t o = 0; o < e->model->outputs; o++)
    BAI_ADD(e, "%s%d", o ? "," : "", member->exponents[o * plan->block_count + b]);
  BAI_ADD(e, "};\n");
}

static void add_block_row(bai_export *e, int32_t m, int32_t b) {
  const bai_block *block = &e->model->members[m].plan->blocks[b];
  const int32_t position = block->kind == BAI_TERM_POSITION_KMER;
  const int32_t place = block->bins ? 3 : position ? 1 + (block->anchor == BAI_ANCHOR_END) : 0;
  BAI_ADD(e, "  {%d, %d, %d, {", block->k, block->span, block->part_count);
  for (int32_t p = 0; p < BAI_MOST_PARTS; p++) BAI_ADD(e, "%s%d", p ? "," : "", block->parts[p].offset);
  BAI_ADD(e, "}, {");
  for (int32_t p = 0; p < BAI_MOST_PARTS; p++) BAI_ADD(e, "%s%d", p ? "," : "", block->parts[p].length);
  if (block->alphabet)
    BAI_ADD(e, "}, %d, ba_alphabet%d, ", block->alphabet->size, (int)(block->alphabet - bai_alphabets));
  else
    BAI_ADD(e, "}, 0, 0, ");
  BAI_ADD(e, "%d, %d, %d, %d, %d, %d, ", block->canonical, block->hash_bits, place, block->value, block->norm,
          block->refuse_ambiguous);
  BAI_ADD(e, "%lld, %lld, %lld, %lld, ba_weights%d_%d, ba_exponents%d_%d},\n", (long long)words_of(block),
          (long long)block->bins, (long long)width_of(block), (long long)block->per, m, b, m, b);
}

static void add_members(bai_export *e) {
  const ba_model *model = e->model;
  for (int32_t m = 0; !e->status && m < model->member_count; m++) {
    const bai_member *member = &model->members[m];
    add_doubles(e, "ba_intercepts", m, member->intercepts, model->outputs);
    for (int32_t b = 0; b < member->plan->block_count; b++) add_block(e, m, b);
    BAI_ADD(e, "static const ba_block ba_blocks%d[] = {\n", m);
    for (int32_t b = 0; b < member->plan->block_count; b++) add_block_row(e, m, b);
    BAI_ADD(e, "};\n");
  }
  BAI_ADD(e, "static const ba_member ba_members[BA_MEMBERS] = {\n");
  for (int32_t m = 0; m < model->member_count; m++) {
    const bai_plan *plan = model->members[m].plan;
    BAI_ADD(e, "  {ba_blocks%d, %d, %d, %lld, ba_intercepts%d, %g},\n", m, plan->block_count, plan->needs_equal,
            (long long)plan->fitted_length, m, model->factors ? model->factors[m] : 1.0);
  }
  BAI_ADD(e, "};\n");
  if (model->offsets) {
    add_doubles(e, "ba_offsets", 0, model->offsets, model->outputs);
    BAI_ADD(e, "#define ba_offsets ba_offsets0\n");
  } else {
    BAI_ADD(e, "#define ba_offsets ba_intercepts0 /* not used */\n");
  }
}

/* The steps from scores to probabilities, with the calibration's numbers in them. */
static void add_probabilities(bai_export *e) {
  const bai_calibration *c = &e->model->calibration;
  const int32_t isotonic = c->method == BAI_CALIBRATION_ISOTONIC, numbers = e->model->classes == 0;
  if (!numbers && !isotonic) add_texts(e, EXP, EXP);
  if (numbers && e->model->log_link) add_texts(e, EXP, EXP);
  if (isotonic) {
    add_doubles(e, "ba_at", 0, c->at, c->knots);
    add_doubles(e, "ba_height", 0, c->value, c->knots);
  }
  BAI_ADD(e, "\nstatic void ba_probabilities(const double *scores, double *probabilities) {\n");
  if (numbers) {
    BAI_ADD(e, e->model->log_link ? "  probabilities[0] = ba_exp(scores[0]);\n  (void)ba_plain_probabilities;\n}\n\n"
                                  : "  probabilities[0] = scores[0];\n  (void)ba_to_bits;\n}\n\n");
    return;
  }
  if (isotonic) {
    BAI_ADD(
        e,
        "  const double x = scores[0];\n  int low = 0, high = %lld;\n  double p;\n  (void)ba_to_bits;\n"
        "  if (!(x > ba_at0[low])) {\n    p = ba_height0[low];\n  } else if (x >= ba_at0[high]) {\n"
        "    p = ba_height0[high];\n  } else {\n    while (high - low > 1) {\n"
        "      const int middle = low + (high - low) / 2;\n      if (ba_at0[middle] <= x)\n        low = middle;\n"
        "      else\n        high = middle;\n    }\n    p = ba_height0[low] + (ba_height0[high] - ba_height0[low]) *\n"
        "        ((x - ba_at0[low]) / (ba_at0[high] - ba_at0[low]));\n  }\n"
        "  probabilities[1] = p;\n  probabilities[0] = 1.0 - p;\n}\n\n",
        (long long)c->knots - 1);
    return;
  }
  BAI_ADD(e, "  double margins[BA_OUTPUTS];\n  for (int o = 0; o < BA_OUTPUTS; o++) margins[o] = ");
  if (c->method == BAI_CALIBRATION_NONE)
    BAI_ADD(e, "scores[o];\n");
  else if (e->model->outputs == 1)
    BAI_ADD(e, "%g * scores[o] + %g;\n", c->slope, c->intercept);
  else
    BAI_ADD(e, "%g * scores[o];\n", c->slope);
  BAI_ADD(e, "  ba_plain_probabilities(margins, probabilities);\n}\n\n");
}

static void add_tables(bai_export *e) {
  const ba_model *model = e->model;
  const int32_t protein = model->members[0].plan->protein;
  uint8_t codes[256];
  char letters[256], name[32];
  for (int32_t i = 0; i < 256; i++) letters[i] = (char)(uint8_t)i;
  bai_encode(bai_kernels_of(e->context), protein, codes, letters, 256);
  add_bytes(e, "ba_codes", codes, 256);
  for (int32_t a = 0; a <= BAI_ALPHABET_CTRIAD; a++) {
    int32_t used = 0;
    for (int32_t m = 0; m < model->member_count; m++)
      for (int32_t b = 0; b < model->members[m].plan->block_count; b++)
        used |= model->members[m].plan->blocks[b].alphabet == &bai_alphabets[a];
    bai_format(name, sizeof name, "ba_alphabet%d", a);
    if (used) add_bytes(e, name, bai_alphabets[a].group, BAI_RESIDUES);
  }
}

void bai_export_c(bai_export *e) {
  const ba_model *model = e->model;
  int64_t widest = 1;
  for (int32_t m = 0; m < model->member_count; m++)
    for (int32_t b = 0; b < model->members[m].plan->block_count; b++)
      if (width_of(&model->members[m].plan->blocks[b]) > widest) widest = width_of(&model->members[m].plan->blocks[b]);
  BAI_ADD(e,
          "/* A model written by libbioanalytics; ba_score gives the same bits. Standard C11, with -lm for sqrt. No\n"
          " * multiplication may be fused with an addition: use gcc -std=c11, or -ffp-contract=off.\n"
          " * Recipe: %s */\n",
          model->recipe);
  BAI_ADD(e,
          "#include <math.h>\n#include <stdint.h>\n#include <stdlib.h>\n#include <string.h>\n\n"
          "#ifdef __clang__\n#pragma STDC FP_CONTRACT OFF\n#endif\n\n");
  BAI_ADD(e, "enum { BA_OUTPUTS = %d, BA_ANSWERS = %d, BA_MEMBERS = %d, BA_AMBIGUOUS = %d, BA_WIDEST = %lld };\n",
          model->outputs, model->answers, model->member_count, model->members[0].plan->protein ? BAI_RESIDUES : 4,
          (long long)widest);
  BAI_ADD(e, "const char *const ba_classes[] = {");
  for (int32_t c = 0; c < model->classes; c++) {
    add_string(e, ba_model_class_name(model, c));
    BAI_ADD(e, ", ");
  }
  BAI_ADD(e, "0};\n\n");
  add_texts(e, TYPES, TYPES);
  add_tables(e);
  add_members(e);
  BAI_ADD(e, "\n");
  add_texts(e, NUMBERS, BLOCKS);
  add_probabilities(e);
  add_texts(e, SCORE, SCORE);
}
