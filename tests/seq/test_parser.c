/* SPDX-License-Identifier: MIT
 *
 * The state machines against a plain parser over whole lines, written here from docs/formats.md, on many small random
 * texts that are nearly right; and in random chunks.
 */
#include "reading.h"

typedef struct lines {
  char *at[256];
  int64_t count;
} lines;

/* Cuts a text (changed in place) at LF, CR LF and CR. */
static lines cut_lines(char *text) {
  lines l = {0};
  while (*text) {
    l.at[l.count++] = text;
    text += strcspn(text, "\r\n");
    if (*text == 0) break;
    int32_t two = text[0] == '\r' && text[1] == '\n';
    *text = 0;
    text += 1 + two;
  }
  return l;
}

static int32_t only(const char *text, const char *ranges) {
  for (; *text; text++) {
    const char *r = ranges;
    while (*r && (*text < r[0] || *text > r[1])) r += 2;
    if (*r == 0) return 0;
  }
  return 1;
}

static int32_t is_letters(const char *text) {
  return only(text, "AZaz**--..");
}

static void add_record(reading *r, const char *name, const char *letters, const char *symbols) {
  char text[4096];
  reading_add(r, text, snprintf(text, sizeof text, "%s|%s|%s\n", name, letters, symbols));
  r->count++;
}

/* 1 if the whole is good; the records before the first mistake are added. */
static int32_t plain_fasta(const lines *l, reading *r) {
  char letters[2048] = "";
  const char *name = NULL;
  for (int64_t i = 0; i < l->count; i++) {
    const char *line = l->at[i];
    if (*line == '>') {
      if (name) add_record(r, name, letters, "");
      letters[0] = 0;
      name = line + 1;
      if (!only(name, "\t\t ~")) return 0;
    } else if (name == NULL && *line) {
      return 0;
    } else if (!is_letters(line)) {
      return 0;
    } else {
      strcat(letters, line);
    }
  }
  if (name) add_record(r, name, letters, "");
  return 1;
}

static int32_t plain_fastq(const lines *l, reading *r) {
  for (int64_t i = 0; i < l->count;) {
    char letters[2048] = "", symbols[2048] = "";
    const char *name = l->at[i++];
    if (*name == 0) continue;
    if (*name++ != '@' || !only(name, "\t\t ~")) return 0;
    if (i < l->count && l->at[i][0] == 0) {
      i++;
      if (i < l->count && l->at[i][0] != '+') return 0;
    }
    for (; i < l->count && l->at[i][0] != '+'; i++) {
      if (l->at[i][0] == 0 || !is_letters(l->at[i])) return 0;
      strcat(letters, l->at[i]);
    }
    if (i == l->count) return 0;
    if (l->at[i][1] && strcmp(l->at[i] + 1, name) != 0) return 0;
    for (i++; strlen(symbols) < strlen(letters); i++) {
      if (i == l->count || l->at[i][0] == 0 || !only(l->at[i], "!~")) return 0;
      strcat(symbols, l->at[i]);
    }
    if (strlen(symbols) != strlen(letters)) return 0;
    add_record(r, name, letters, symbols);
  }
  return 1;
}

static uint32_t seed = 12345;

static uint32_t below(uint32_t n) {
  seed = seed * 1664525u + 1013904223u;
  return (seed >> 8) % n;
}

static const char *one_of(const char *const *words) {
  uint32_t n = 0;
  while (words[n]) n++;
  return words[below(n)];
}

/* A good record or two, with the marks of the format chosen, then a few small mistakes. */
static void make_text(char *text, int32_t fastq) {
  static const char *const names[] = {"a", "b c", "", "r\t1", NULL};
  static const char *const letters[] = {"ACGT", "N", "acgu", "", "AC", "T-", NULL};
  static const char *const ends[] = {"\n", "\n", "\n", "\r\n", "\r", NULL};
  static const char *const spoilers[] = {"\n", "\r", "@", ">", "+", "A", "I", " ", "\t", "~", ";", "1", "\x01", NULL};
  static const char *const marks[] = {"I", "@", "+", "~", "!", NULL};
  *text = 0;
  for (uint32_t record = 0, records = below(4); record <= records; record++) {
    const char *name = one_of(names), *end = one_of(ends);
    uint32_t length = 0, parts = below(3) + 1;
    sprintf(text + strlen(text), "%s%s%s", fastq ? "@" : ">", name, end);
    for (uint32_t i = 0; i < parts; i++) {
      const char *part = one_of(letters);
      if (*part == 0 && parts > 1 && fastq) continue;
      sprintf(text + strlen(text), "%s%s", part, end);
      length += (uint32_t)strlen(part);
    }
    if (!fastq) continue;
    sprintf(text + strlen(text), "+%s%s", below(2) ? name : "", end);
    for (uint32_t i = 0; i < length; i++) {
      strcat(text, one_of(marks));
      if (below(6) == 0 && i + 1 < length) strcat(text, end);
    }
    strcat(text, end);
  }
  for (uint32_t mistakes = below(4); mistakes > 1; mistakes--) {
    size_t n = strlen(text), at = n ? below((uint32_t)n) : 0;
    uint32_t kind = below(3);
    if (n == 0) return;
    if (kind == 0) memmove(text + at, text + at + 1, n - at);
    if (kind == 1) text[at] = *one_of(spoilers);
    if (kind == 2) memmove(text + at + 1, text + at, n - at + 1);
  }
}

static void random_texts(void **state) {
  int64_t good = 0, rounds = 30000;
  (void)state;
  for (int64_t round = 0; round < rounds; round++) {
    char text[2048], copy[2048];
    make_text(text, round % 2 != 0);
    int64_t n = (int64_t)strlen(text);
    strcpy(copy, text);
    lines l = cut_lines(copy);
    int64_t first = 0;
    while (first < l.count && l.at[first][0] == 0) first++;
    reading expected = {0}, whole = read_memory(text, n, "", 1 + below(5));
    int32_t fine = first < l.count && l.at[first][0] == '@' ? plain_fastq(&l, &expected) : plain_fasta(&l, &expected);
    reading_add(&expected, "", 0);
    if ((whole.status == BA_END) != fine || strcmp(whole.text, expected.text) != 0) {
      fail_msg("round %lld, text\n%s--\nstatus %d, '%s', records\n%s--\nexpected %s and\n%s", (long long)round, text,
               whole.status, whole.message, whole.text, fine ? "none" : "an error", expected.text);
    }
    if (!fine) {
      assert_true(whole.record == whole.count + 1);
      assert_true(whole.byte >= 0 && whole.byte <= n);
    }
    reading pushed = read_pushed((const uint8_t *)text, n, "", 1 + below(3), 1 + below(12));
    same_reading(&whole, &pushed, text, round);
    if (round % 10 < 2) check_both_ways(text, "");
    good += fine;
    free(pushed.text);
    free(expected.text);
    free(whole.text);
  }
  /* Both kinds must have been met often. */
  assert_true(good > rounds / 4 && good < rounds * 9 / 10);
}

/* Bytes of any value must give some status, the same one in any chunks. */
static void random_bytes(void **state) {
  (void)state;
  for (int64_t round = 0; round < 20000; round++) {
    uint8_t bytes[64];
    int64_t n = below(64);
    for (int64_t i = 0; i < n; i++) bytes[i] = (uint8_t)below(256);
    if (n > 0 && round % 4 != 0) bytes[0] = round % 4 == 1 ? '>' : round % 4 == 2 ? '@' : 0x1f;
    if (n > 2 && round % 8 == 7) bytes[1] = 0x8b, bytes[2] = 8;
    reading whole = read_memory(bytes, n, "", 5), pushed = read_pushed(bytes, n, "", 2, 1 + below(9));
    same_reading(&whole, &pushed, "round", round);
    free(whole.text);
    free(pushed.text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(random_texts), cmocka_unit_test(random_bytes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
