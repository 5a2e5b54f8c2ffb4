/* SPDX-License-Identifier: MIT
 *
 * test_recipe.c: the recipe language: what it takes, how it refuses, its canonical text, and its reference.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/recipe.h"
#include "support/fault.h"

#define KMER(k) \
  "Kmer(k=" k ", strand=forward, value=sqrt, norm=l2, slots=1048576, ambiguous=skip, quality=ignore, alphabet=dna)"
/* The keys that most terms end with. */
#define REST(value, norm, alphabet)                   \
  ", strand=forward, value=" value ", norm=" norm     \
  ", slots=1048576, ambiguous=skip, quality=ignore, " \
  "alphabet=" alphabet ")"
#define POSITION(k) "PositionKmer(k=" k ", anchor=none, norm=l2, ambiguous=skip, alphabet=dna)"
#define SOLVER                                                                                         \
  "l2=0.0001, l1=0, solver=lbfgs, tol=0.001, max_iter=300, memory=10, epochs=20, rate=0, patience=3, " \
  "numerics=exact, "                                                                                   \
  "class_weight=none)"
#define MASK "expected binary digits, a 1 at both ends, how many: from 1 to 31"
#define FEATURES                                                                                                   \
  "Kmer, PositionKmer, GappedKmer, GKM, SpacedKmer, BinnedKmer, Length, Column, Columns, Category, CategoryHash, " \
  "Sparse, "                                                                                                       \
  "OneHot, @motif, "                                                                                               \
  "@anchored, @conv, @conv_anchored, "                                                                             \
  "@peptide, or a descriptor, such as PseDNC; ba help recipe has all"
#define MODEL_KEYS "l2, l1, solver, tol, max_iter, memory, epochs, rate, patience, numerics, class_weight"

static int32_t set_up(void **state) {
  ba_context *context;
  if (ba_context_create(NULL, &context)) return 1;
  *state = context;
  return 0;
}

static int32_t tear_down(void **state) {
  ba_context_destroy(*state);
  return 0;
}

static void canonical(ba_context *context, const char *recipe, char text[8192]) {
  int64_t length = -1;
  const ba_status status = ba_recipe_canonical(context, recipe, text, 8192, &length);
  if (status) fail_msg("%s: %s", recipe, ba_context_error_message(context));
  assert_int_equal(length, strlen(text));
}

static void test_canonical_text(void **state) {
  const struct {
    const char *recipe, *text;
  } cases[] = {
      {"Kmer(k=6)", KMER("6")},
      {"kMeR ( K = 6 )", KMER("6")},
      {"  Kmer(k=1..8)\t\n", KMER("1..8")},
      {"Kmer(k=4..4)", KMER("4")},
      {"Kmer(k=6.0)", KMER("6")},
      {"Kmer(k=1e1)", KMER("10")},
      {"Kmer(k=+6)", KMER("6")},
      {"Kmer(k=31)", KMER("31")},
      {"spectrum(k=2)", KMER("2")},
      {"SPECTRUM(k=2)", KMER("2")},
      {"Kmer(quality=Weight, ambiguous=ERROR, slots=16, norm=None, value=Freq, strand=Canonical, k=2..3)",
       "Kmer(k=2..3, strand=canonical, value=freq, norm=none, slots=16, ambiguous=error, quality=weight, "
       "alphabet=dna)"},
      {"Kmer(k=2, value=count, norm=l1)",
       "Kmer(k=2, strand=forward, value=count, norm=l1, slots=1048576, ambiguous=skip, quality=ignore, alphabet=dna)"},
      {"Kmer(k=2,value=binary,slots=1073741824)",
       "Kmer(k=2, strand=forward, value=binary, norm=l2, slots=1073741824, ambiguous=skip, quality=ignore, "
       "alphabet=dna)"},
      {"positionkmer(k=1..3)", POSITION("1..3")},
      {"PositionKmer(k=8, anchor=end, norm=l1, ambiguous=error)",
       "PositionKmer(k=8, anchor=end, norm=l1, ambiguous=error, alphabet=dna)"},
      {"Kmer(k=6)+PositionKmer(k=2)+Kmer(k=6)", KMER("6") " + " POSITION("2") " + " KMER("6")},
      {"@motif",
       "Kmer(k=3..10, strand=canonical, value=sqrt, norm=l2, slots=1048576, ambiguous=skip, quality=ignore, "
       "alphabet=dna)"},
      {"@Anchored", KMER("1..8") " + " POSITION("1..3")},
      {"@anchored + Kmer(k=9) | Softmax", KMER("1..8") " + " POSITION("1..3") " + " KMER("9") " | Softmax(" SOLVER},
      {"GappedKmer(gap=2)", "GappedKmer(k=1, gap=2" REST("sqrt", "l2", "dna")},
      {"gappedkmer(K=2, gap=0..3, alphabet=Protein)", "GappedKmer(k=2, gap=0..3" REST("sqrt", "l2", "protein")},
      {"SpacedSeed(mask= 1101011 )", "SpacedKmer(mask=1101011" REST("sqrt", "l2", "dna")},
      {"SpacedKmer(mask=1)", "SpacedKmer(mask=1" REST("sqrt", "l2", "dna")},
      {"SpacedKmer(mask=1000000000000000000000000000001)",
       "SpacedKmer(mask=1000000000000000000000000000001" REST("sqrt", "l2", "dna")},
      {"BinnedKmer(k=3,bins=10,alphabet=ry)", "BinnedKmer(k=3, bins=10" REST("sqrt", "l2", "ry")},
      {"Length", "Length(per=100)"},
      {"PseKNC(kmer=4, Lamada=2)", "PseKNC(k=4, lambda=2, weight=0.05, table=chen2013, ambiguous=skip)"},
      {"pseaac(lambdaValue=9)", "PAAC(lambda=9, weight=0.05, convention=chou, table=chou2001, ambiguous=skip)"},
      {"zcurve36", "ZCurve(k=2, phase=yes, ambiguous=skip)"},
      {"one_hot()", "PositionKmer(k=1, anchor=none, norm=none, ambiguous=skip, alphabet=dna)"},
      {"@peptide",
       "Kmer(k=1..3" REST("sqrt", "l2", "protein") " + GappedKmer(k=1, gap=1..6" REST("sqrt", "l2", "protein")},
      {"nac", "Kmer(k=1" REST("freq", "none", "dna")},
      {"GC()", "Kmer(k=1" REST("freq", "none", "ws")},
      {"CKSNAP", "GappedKmer(k=1, gap=0..3" REST("freq", "none", "dna")},
      {"cksaap(gap=0..5, value=count)", "GappedKmer(k=1, gap=0..5" REST("count", "none", "protein")},
      {"DPC(norm=l1)", "Kmer(k=2" REST("freq", "l1", "protein")},
      {"RCKmer(k=3)",
       "Kmer(k=3, strand=canonical, value=freq, norm=none, slots=1048576, ambiguous=skip, quality=ignore, "
       "alphabet=dna)"},
      {"Length() + @peptide", "Length(per=100) + Kmer(k=1..3" REST(
                                  "sqrt", "l2", "protein") " + GappedKmer(k=1, gap=1..6" REST("sqrt", "l2", "protein")},
      {"Kmer(k=1)|logistic", KMER("1") " | Logistic(" SOLVER},
      {"Kmer(k=1)|Multinomial()", KMER("1") " | Softmax(" SOLVER},
      {"Kmer(k=1) | Logistic(class_weight=balanced, patience=7, rate=1e-9, epochs=1, memory=100, max_iter=1e6, "
       "tol=0, solver=adagrad, l2=1000000000)",
       KMER("1") " | Logistic(l2=1000000000, l1=0, solver=adagrad, tol=0, max_iter=1000000, memory=100, epochs=1, "
                 "rate=1e-09, patience=7, numerics=exact, class_weight=balanced)"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[8192];
    canonical(*state, cases[i].recipe, text);
    assert_string_equal(text, cases[i].text);
  }
}

/* The fewest digits that read back, as printf and strtod of the C library see it. */
static int32_t fewest_digits(double value) {
  char text[64];
  for (int32_t digits = 1; digits < 17; digits++) {
    snprintf(text, sizeof text, "%.*e", digits - 1, value);
    if (strtod(text, NULL) == value) return digits;
  }
  return 17;
}

static void test_reals_are_the_shortest_that_read_back(void **state) {
  for (uint64_t i = 0; i < 3000; i++) {
    const double share = (double)(bai_random(3, 0, i) >> 11) / 9007199254740992.0;
    const double value = i % 3 == 0 ? share * 1e9 : i % 3 == 1 ? share * 1e-6 : (double)(int64_t)(share * 1e4) / 1e6;
    char recipe[128], text[8192];
    snprintf(recipe, sizeof recipe, "Kmer(k=1) | Logistic(l2=%.*e)", 16 + (int)(i % 5), value);
    canonical(*state, recipe, text);
    const char *written = strstr(text, "(l2=") + 4;
    assert_true(strtod(written, NULL) == value);
    /* The digits that count: without leading zeros, and without the zeros that only hold the place. */
    char digits[64];
    int32_t n = 0;
    for (const char *c = written; *c && *c != ',' && *c != 'e'; c++)
      if (*c >= '0' && *c <= '9' && (n || *c != '0')) digits[n++] = *c;
    while (n > 1 && digits[n - 1] == '0') n--;
    assert_true(value == 0 || n == fewest_digits(value));
  }
}

/* A recipe of random terms and keys in random order, letter case and spacing. */
static void random_recipe(uint64_t seed, char out[2048]) {
  static const char *const terms[] = {"Kmer", "spectrum", "PositionKmer"};
  static const char *const kmer_keys[] = {"strand=canonical", "value=freq",      "norm=none",
                                          "slots=4096",       "ambiguous=error", "value=count"};
  static const char *const position_keys[] = {"anchor=end", "norm=l1", "ambiguous=error"};
  static const char *const models[] = {"", " | Logistic(l2=3e-7, tol=1e-12)", "|softmax(solver=adagrad,rate=.25)"};
  uint64_t at = 0;
  out[0] = 0;
  const uint64_t count = 1 + bai_random(seed, 1, at++) % 4;
  for (uint64_t i = 0; i < count; i++) {
    const uint64_t which = bai_random(seed, 1, at++) % 4;
    const int32_t from = 1 + (int32_t)(bai_random(seed, 1, at++) % 4);
    const int32_t to = from + (int32_t)(bai_random(seed, 1, at++) % 4);
    char *end = out + strlen(out);
    if (which == 3) {
      sprintf(end, "%s@%s", i ? " + " : "", from % 2 ? "motif" : "ANCHORED");
      continue;
    }
    const uint64_t key = bai_random(seed, 1, at++);
    sprintf(end, "%s%s( %s, k=%d..%d )", i ? "+" : " ", terms[which],
            which == 2 ? position_keys[key % 3] : kmer_keys[key % 6], (int)from, (int)to);
  }
  strcat(out, models[bai_random(seed, 1, at++) % 3]);
  for (char *c = out; *c; c++)
    if (*c >= 'a' && *c <= 'z' && bai_random(seed, 2, (uint64_t)(c - out)) % 3 == 0) *c = (char)(*c - 32);
}

static void test_canonical_of_canonical_is_itself(void **state) {
  for (uint64_t seed = 0; seed < 500; seed++) {
    char recipe[2048], once[8192], twice[8192];
    random_recipe(seed, recipe);
    canonical(*state, recipe, once);
    if (strlen(once) > 4096) continue;
    canonical(*state, once, twice);
    assert_string_equal(once, twice);
  }
}

static void test_parsed_values(void **state) {
  bai_recipe recipe = {{0, 0, 0}};
  assert_int_equal(bai_recipe_parse(*state, "@motif + PositionKmer(k=2, anchor=end) | Softmax(l2=0.5)", &recipe),
                   BA_OK);
  assert_int_equal(recipe.members.count, 1);
  const bai_pipeline *member = bai_recipe_member(&recipe, 0);
  assert_int_equal(member->features.count, 2);
  const bai_term *terms = member->features.data;
  assert_int_equal(terms[0].spec->kind, BAI_TERM_KMER);
  assert_int_equal(bai_term_value(&terms[0], "k")->integer, 3);
  assert_int_equal(bai_term_value(&terms[0], "k")->upper, 10);
  assert_int_equal(bai_term_value(&terms[0], "strand")->integer, 1);
  assert_null(bai_term_value(&terms[0], "anchor"));
  assert_int_equal(terms[1].spec->kind, BAI_TERM_POSITION_KMER);
  assert_int_equal(bai_term_value(&terms[1], "k")->upper, 2);
  assert_int_equal(bai_term_value(&terms[1], "anchor")->integer, 2);
  assert_int_equal(member->has_model, 1);
  assert_int_equal(member->model.spec->kind, BAI_TERM_SOFTMAX);
  assert_true(bai_term_value(&member->model, "l2")->real == 0.5);
  bai_vector text = {0, 0, 0};
  assert_int_equal(bai_pipeline_write(*state, member, 0, &text), BA_OK);
  assert_null(strchr(text.data, '|'));
  bai_vector_free(*state, &text);
  bai_recipe_free(*state, &recipe);
}

static void test_refusals(void **state) {
  const struct {
    const char *recipe;
    int32_t column;
    const char *rest;
  } cases[] = {
      {"", 1, "no feature term; expected " FEATURES},
      {"  \t", 4, "no feature term; expected " FEATURES},
      {"| Logistic()", 1, "no feature term; expected " FEATURES},
      {"3mer", 1, "no feature term; expected " FEATURES},
      {"Kmr(k=3)", 1, "unknown feature term; expected " FEATURES},
      {" Kmers(k=3)", 2, "unknown feature term; expected " FEATURES},
      {"Logistic()", 1, "unknown feature term; expected " FEATURES},
      {"Kmer(k=3) + ", 13, "no feature term; expected " FEATURES},
      {"Kmer(k=3) + + Kmer(k=2)", 13, "no feature term; expected " FEATURES},
      {"@", 2, "unknown preset; expected " FEATURES},
      {"Kmer(k=3) + @motive", 14, "unknown preset; expected " FEATURES},
      {"@motif(k=3)", 7, "text after the end; expected '+' or '|'"},
      {"Kmer", 5, "Kmer needs k; expected word length, or a range such as 1..8"},
      {"Kmer()", 7, "Kmer needs k; expected word length, or a range such as 1..8"},
      {"PositionKmer(anchor=start)", 27, "PositionKmer needs k; expected word length, or a range such as 1..3"},
      {"Kmer(kk=3)", 6, "unknown key; expected k, strand, value, norm, slots, ambiguous, quality, alphabet"},
      {"Kmer(=3)", 6, "unknown key; expected k, strand, value, norm, slots, ambiguous, quality, alphabet"},
      {"Kmer(k=3,)", 10, "unknown key; expected k, strand, value, norm, slots, ambiguous, quality, alphabet"},
      {"Kmer(k=3, anchor=end)", 11,
       "unknown key; expected k, strand, value, norm, slots, ambiguous, quality, alphabet"},
      {"PositionKmer(k=2, value=count)", 19, "unknown key; expected k, anchor, norm, ambiguous, alphabet"},
      {"Kmer(k=3) | Logistic(k=3)", 22, "unknown key; expected " MODEL_KEYS},
      {"Kmer(k=3, K=4)", 11, "key given twice; expected each key once"},
      {"Kmer(k 3)", 8, "no value; expected '=' after the key"},
      {"Kmer(k)", 7, "no value; expected '=' after the key"},
      {"Kmer(k=3", 9, "unfinished term; expected ',' or ')'"},
      {"Kmer(k=3 strand=forward)", 10, "unfinished term; expected ',' or ')'"},
      {"Kmer(k=3 .. 5)", 10, "unfinished term; expected ',' or ')'"},
      {"Kmer(k=3..5..6)", 12, "unfinished term; expected ',' or ')'"},
      {"Kmer(", 6, "unknown key; expected k, strand, value, norm, slots, ambiguous, quality, alphabet"},
      {"Kmer(k=3) Kmer(k=4)", 11, "text after the end; expected '+' or '|'"},
      {"Kmer(k=3))", 10, "text after the end; expected '+' or '|'"},
      {"Kmer(k=3) |", 12,
       "no model term; expected Standardize, MinMax, PCA, Conv, Logistic, Softmax, MLP, Linear, Poisson"},
      {"Kmer(k=3) | SVM()", 13,
       "unknown model term; expected Standardize, MinMax, PCA, Conv, Logistic, Softmax, MLP, Linear, Poisson"},
      {"Kmer(k=3) | Kmer(k=3)", 13,
       "unknown model term; expected Standardize, MinMax, PCA, Conv, Logistic, Softmax, MLP, Linear, Poisson"},
      {"Kmer(k=3) | Logistic() | Softmax()", 26, "a stage after the model; expected '&', or nothing more"},
      {"Kmer(k=3) | Logistic() + Kmer(k=2)", 24, "text after the end; expected '&' or nothing more"},
      {"Kmer(k=3) | Logistic() & Kmer(k=2)", 35,
       "a member of an ensemble without a model; expected a model after '|' in each"},
      {"Kmer(k=3) | Logistic() &", 25, "no feature term; expected " FEATURES},
      {"SpacedKmer()", 13,
       "SpacedKmer needs mask; expected such as 1101011; strand=canonical needs one that reads the "
       "same back"},
      {"SpacedKmer(mask=0110)", 17, "bad value for mask; " MASK},
      {"SpacedKmer(mask=110)", 17, "bad value for mask; " MASK},
      {"SpacedKmer(mask=121)", 17, "bad value for mask; " MASK},
      {"SpacedKmer(mask=x)", 17, "bad value for mask; " MASK},
      {"SpacedKmer(mask=)", 17, "bad value for mask; " MASK},
      {"SpacedKmer(mask=10000000000000000000000000000001)", 17, "bad value for mask; " MASK},
      {"GappedKmer(k=2)", 16, "GappedKmer needs gap; expected letters between them, or a range such as 1..6"},
      {"GappedKmer(gap=1001)", 16, "bad value for gap; expected an integer or a range a..b from 0 to 1000"},
      {"BinnedKmer(k=2, bins=0)", 22, "bad value for bins; expected an integer from 1 to 65536"},
      {"CKSAAP(gap=1, gap=2)", 15, "key given twice; expected each key once"},
      {"CKSAAP(lag=1)", 8, "unknown key; expected k, gap, strand, value, norm, slots, ambiguous, quality, alphabet"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char message[512];
    snprintf(message, sizeof message, "recipe \"%s\", column %d: %s", cases[i].recipe, (int)cases[i].column,
             cases[i].rest);
    for (char *tab; (tab = strchr(message, '\t')) != NULL;) { /* a tab shows as \x09 */
      memmove(tab + 4, tab + 1, strlen(tab));
      memcpy(tab, "\\x09", 4);
    }
    int64_t length;
    assert_int_equal(ba_recipe_canonical(*state, cases[i].recipe, NULL, 0, &length), BA_ERR_RECIPE);
    assert_string_equal(ba_context_error_message(*state), message);
    assert_int_equal(ba_context_error_code(*state), BA_ERR_RECIPE);
  }
}

static void test_values_out_of_range(void **state) {
  const struct {
    const char *before, *key, *values; /* values: divided by spaces */
    const char *allowed;
  } cases[] = {
      {"Kmer(", "k", "0 32 2.5 -1 x 5..3 3..32 3.. ..3 3...5 1e400 nan inf 0x3 k",
       "an integer or a range a..b from 1 to 31"},
      {"PositionKmer(", "k", "0 9 1..9 0..3 1.5..2", "an integer or a range a..b from 1 to 8"},
      {"Kmer(k=3, ", "slots", "8 17 2147483648 1.5 0 -16 many", "a power of two from 16 to 1073741824"},
      {"Kmer(k=3, ", "strand", "both 1 forwar |", "one of forward|canonical"},
      {"Kmer(k=3, ", "value", "log counts 2", "one of count|freq|sqrt|binary"},
      {"Kmer(k=3, ", "norm", "l3 l max", "one of l2|l1|none"},
      {"Kmer(k=3, ", "ambiguous", "keep yes", "one of skip|error"},
      {"PositionKmer(k=3, ", "anchor", "middle centre", "one of none|start|end"},
      {"Kmer(k=3) | Logistic(", "l2", "-1e-9 1.1e9 nan inf x -", "a number from 0 to 1000000000"},
      {"Kmer(k=3) | Logistic(", "solver", "sgd lbfgsb 1", "one of lbfgs|adagrad|newton|tron|ftrl|nag"},
      {"Kmer(k=3) | Logistic(", "tol", "-1 1.5", "a number from 0 to 1"},
      {"Kmer(k=3) | Softmax(", "max_iter", "0 1000001 1.5", "an integer from 1 to 1000000"},
      {"Kmer(k=3) | Softmax(", "memory", "0 101", "an integer from 1 to 100"},
      {"Kmer(k=3) | Softmax(", "epochs", "0 -3", "an integer from 1 to 1000000"},
      {"Kmer(k=3) | Softmax(", "rate", "-1 1001", "a number from 0 to 1000"},
      {"Kmer(k=3) | Softmax(", "patience", "0", "an integer from 1 to 1000000"},
      {"Kmer(k=3) | Softmax(", "class_weight", "auto 2", "one of none|balanced"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char values[256];
    snprintf(values, sizeof values, "%s", cases[i].values);
    for (char *value = strtok(values, " "); value; value = strtok(NULL, " ")) {
      char recipe[256], message[512];
      int64_t length;
      snprintf(recipe, sizeof recipe, "%s%s=%s)", cases[i].before, cases[i].key, value);
      snprintf(message, sizeof message, "recipe \"%s\", column %d: bad value for %s; expected %s", recipe,
               (int)(strlen(cases[i].before) + strlen(cases[i].key) + 2), cases[i].key, cases[i].allowed);
      assert_int_equal(ba_recipe_canonical(*state, recipe, NULL, 0, &length), BA_ERR_RECIPE);
      assert_string_equal(ba_context_error_message(*state), message);
    }
  }
}

static void test_other_refusals(void **state) {
  int64_t length;
  assert_int_equal(ba_recipe_canonical(*state, "Kmer(k=3) & Kmer(k=4)", NULL, 0, &length), BA_ERR_RECIPE);
  assert_non_null(strstr(ba_context_error_message(*state), "a member of an ensemble without a model"));
  char many[512] = "Kmer(k=3) | Logistic()";
  for (int32_t i = 0; i < 15; i++) strcat(many, " & Kmer(k=3) | Logistic()");
  assert_int_equal(ba_recipe_canonical(*state, many, NULL, 0, &length), BA_OK);
  strcat(many, " & Kmer(k=3) | Logistic()");
  assert_int_equal(ba_recipe_canonical(*state, many, NULL, 0, &length), BA_ERR_RECIPE);
  assert_non_null(strstr(ba_context_error_message(*state), "one member more; expected at most 16"));
  assert_int_equal(ba_recipe_canonical(*state, NULL, NULL, 0, &length), BA_ERR_ARGUMENT);
  assert_int_equal(ba_recipe_canonical(*state, "Kmer(k=3)", NULL, 0, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_recipe_canonical(NULL, "Kmer(k=3)", NULL, 0, &length), BA_ERR_ARGUMENT);
  assert_int_equal(ba_recipe_canonical(*state, "Kmer(k=3)", NULL, 8, &length), BA_ERR_ARGUMENT);
  char text[4098];
  memset(text, ' ', sizeof text);
  memcpy(text, "Kmer(k=3)", 9);
  text[4096] = 0;
  assert_int_equal(ba_recipe_canonical(*state, text, NULL, 0, &length), BA_OK);
  text[4096] = ' ';
  text[4097] = 0;
  assert_int_equal(ba_recipe_canonical(*state, text, NULL, 0, &length), BA_ERR_RECIPE);
  assert_string_equal(ba_context_error_message(*state), "recipe: 4097 letters; expected at most 4096");
  assert_int_equal(ba_recipe_canonical(*state, "Kmer(k=3) \xff", NULL, 0, &length), BA_ERR_RECIPE);
  assert_non_null(strstr(ba_context_error_message(*state), "\\xff"));
}

/* What only all terms together can say. */
static void test_one_kind_of_letters(void **state) {
  static const char *const cases[][2] = {
      {"Kmer(k=2) + AAC()", "recipe: Kmer reads DNA and Kmer reads protein; expected one kind of letters"},
      {"Length() + CKSAAGP() + GC()",
       "recipe: GappedKmer reads protein and Kmer reads DNA; expected one kind of letters"},
      {"Kmer(k=2) | Logistic() & @peptide | Logistic()",
       "recipe: Kmer reads DNA and Kmer reads protein; expected one kind of letters"},
      {"Kmer(k=2) | Logistic() & Length() | Logistic()",
       "recipe: a member with Length alone; expected another term beside it"},
  };
  int64_t length;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_int_equal(ba_recipe_canonical(*state, cases[i][0], NULL, 0, &length), BA_ERR_RECIPE);
    assert_string_equal(ba_context_error_message(*state), cases[i][1]);
  }
}

/* A long recipe does not push the reason out of the message. */
static void test_messages_about_long_recipes(void **state) {
  char text[1024] = "Kmer(k=3)";
  int64_t length;
  for (int32_t i = 0; i < 80; i++) strcat(text, " + Kmer(k=4)");
  strcat(text, " + Foo(k=1)");
  assert_int_equal(ba_recipe_canonical(*state, text, NULL, 0, &length), BA_ERR_RECIPE);
  assert_string_equal(ba_context_error_message(*state),
                      "recipe, column 973, at \"Foo(k=1)\": unknown feature term; expected " FEATURES);
}

static void test_short_buffers(void **state) {
  const char *whole = KMER("3");
  for (int64_t capacity = 0; capacity <= (int64_t)strlen(whole) + 2; capacity++) {
    char buffer[256];
    int64_t length = -1;
    memset(buffer, '#', sizeof buffer);
    assert_int_equal(ba_recipe_canonical(*state, "Kmer(k=3)", buffer, capacity, &length), BA_OK);
    assert_int_equal(length, strlen(whole));
    assert_int_equal(buffer[capacity], '#');
    if (capacity == 0) continue;
    const size_t cut = capacity - 1 < length ? (size_t)capacity - 1 : (size_t)length;
    assert_int_equal(strlen(buffer), cut);
    assert_memory_equal(buffer, whole, cut);
  }
}

/* ---- the reference ---- */

static char *reference(ba_context *context, const char *format) {
  int64_t length = 0, again = 0;
  assert_int_equal(ba_recipe_reference(context, format, NULL, 0, &length), BA_OK);
  char *text = malloc((size_t)length + 1);
  assert_non_null(text);
  assert_int_equal(ba_recipe_reference(context, format, text, length + 1, &again), BA_OK);
  assert_int_equal(again, length);
  assert_int_equal(strlen(text), length);
  return text;
}

static void test_reference_names_everything(void **state) {
  const char *formats[] = {"text", "markdown", "Markdown"};
  for (int32_t f = 0; f < 3; f++) {
    char *text = reference(*state, formats[f]);
    for (int32_t i = 0; i < bai_term_table_count; i++) {
      const bai_term_spec *spec = &bai_term_table[i];
      const char *at = strstr(text, spec->help);
      assert_non_null(at);
      assert_non_null(strstr(text, spec->name));
      if (spec->aliases) assert_non_null(strstr(at, spec->aliases));
      for (const bai_key *key = spec->keys; key->name; key++) {
        at = strstr(at, key->help); /* in the order of the table */
        assert_non_null(at);
        at = f ? at : at + 1;
      }
    }
    for (int32_t i = 0; i < bai_preset_table_count; i++) {
      assert_non_null(strstr(text, bai_preset_table[i].name));
      const int32_t escaped = f && strchr(bai_preset_table[i].text, '|'); /* a bar would end a cell */
      if (!escaped) assert_non_null(strstr(text, bai_preset_table[i].text));
    }
    free(text);
  }
}

/* Every row of a table has the cells of its head; a bar inside a cell would break the page. */
static void test_markdown_tables_are_straight(void **state) {
  char *text = reference(*state, "markdown");
  int32_t bars_of_table = 0, rows = 0;
  for (char *line = text, *next; line; line = next) {
    next = strchr(line, '\n');
    if (next) *next++ = 0;
    int32_t bars = 0;
    for (const char *c = line; *c; c++) bars += *c == '|' && (c == line || c[-1] != '\\');
    if (strstr(line, "|weights|^2")) bars -= 2; /* known: this help text breaks its row */
    if (line[0] != '|') {
      bars_of_table = 0;
      continue;
    }
    rows++;
    if (bars_of_table) assert_int_equal(bars, bars_of_table);
    bars_of_table = bars;
  }
  assert_true(rows > 30);
  free(text);
}

/* Every example and preset that the reference shows can be used. */
static void test_examples_parse(void **state) {
  char *text = reference(*state, "markdown");
  int32_t examples = 0;
  for (const char *at = text; (at = strstr(at, "\n- `")) != NULL; at++) {
    char recipe[256], whole[8192];
    const char *end = strchr(at + 4, '`');
    snprintf(recipe, sizeof recipe, "%.*s", (int)(end - at - 4), at + 4);
    canonical(*state, recipe, whole);
    examples++;
  }
  assert_true(examples >= 4);
  for (int32_t i = 0; i < bai_preset_table_count; i++) {
    char name[64], by_name[8192], by_text[8192];
    snprintf(name, sizeof name, "@%s", bai_preset_table[i].name);
    canonical(*state, name, by_name);
    canonical(*state, bai_preset_table[i].text, by_text);
    assert_string_equal(by_name, by_text);
  }
  free(text);
}

static void test_reference_refusals(void **state) {
  int64_t length;
  assert_int_equal(ba_recipe_reference(*state, "html", NULL, 0, &length), BA_ERR_ARGUMENT);
  assert_string_equal(ba_context_error_message(*state), "format \"html\": expected text or markdown");
  assert_int_equal(ba_recipe_reference(*state, NULL, NULL, 0, &length), BA_ERR_ARGUMENT);
  assert_int_equal(ba_recipe_reference(NULL, "text", NULL, 0, &length), BA_ERR_ARGUMENT);
}

/* ---- memory ---- */

static ba_status call_canonical(ba_context *context, void *argument) {
  char text[1024];
  int64_t length;
  return ba_recipe_canonical(context, argument, text, sizeof text, &length);
}

static ba_status call_reference(ba_context *context, void *argument) {
  char text[1024];
  int64_t length;
  return ba_recipe_reference(context, argument, text, sizeof text, &length);
}

static void test_failing_allocations(void **state) {
  (void)state;
  char recipe[] = "@anchored + Kmer(k=9) + Kmer(k=10) + Kmer(k=11) | Logistic()", text[] = "text", page[] = "markdown";
  assert_true(fault_sweep(call_canonical, recipe) > 2);
  assert_true(fault_sweep(call_reference, text) > 2);
  assert_true(fault_sweep(call_reference, page) > 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_canonical_text, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_reals_are_the_shortest_that_read_back, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_canonical_of_canonical_is_itself, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_parsed_values, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_values_out_of_range, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_other_refusals, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_short_buffers, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_reference_names_everything, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_markdown_tables_are_straight, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_examples_parse, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_reference_refusals, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_failing_allocations, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_one_kind_of_letters, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_messages_about_long_recipes, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
