/* SPDX-License-Identifier: MIT
 *
 * time.c: points in time as tables write them.
 */
#include "base/base.h"

/* A number of so many digits at the cursor. */
static int32_t digits(const char **at, const char *end, int32_t count, int32_t *value) {
  *value = 0;
  if (end - *at < count) return 0;
  for (int32_t i = 0; i < count; i++) {
    const char c = (*at)[i];
    if (c < '0' || c > '9') return 0;
    *value = 10 * *value + (c - '0');
  }
  *at += count;
  return 1;
}

static int32_t take(const char **at, const char *end, char c) {
  if (*at == end || **at != c) return 0;
  ++*at;
  return 1;
}

/* Days since 1970-01-01 in the Gregorian calendar; -1 day is 1969-12-31. Years run from March, so that a leap day is
 * the last of its year. */
static int64_t days_of(int32_t year, int32_t month, int32_t day) {
  const int64_t y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;
  const int64_t before = 365 * y + y / 4 - y / 100 + y / 400;
  return before + (153 * m + 2) / 5 + day - 1 - 719468;
}

static int32_t is_date(int32_t year, int32_t month, int32_t day) {
  static const int8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year < 1 || month < 1 || month > 12 || day < 1) return 0;
  const int32_t leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return day <= lengths[month - 1] + leap;
}

/* hh:mm, and if there :ss and a fraction. */
static int32_t parse_clock(const char **at, const char *end, double *seconds) {
  int32_t hour, minute, second = 0;
  double fraction = 0.0, unit = 0.1;
  if (!digits(at, end, 2, &hour) || !take(at, end, ':') || !digits(at, end, 2, &minute)) return 0;
  if (take(at, end, ':')) {
    if (!digits(at, end, 2, &second)) return 0;
    if (take(at, end, '.')) {
      if (*at == end || **at < '0' || **at > '9') return 0;
      for (; *at < end && **at >= '0' && **at <= '9'; ++*at, unit /= 10.0) fraction += unit * (**at - '0');
    }
  }
  *seconds = 3600.0 * hour + 60.0 * minute + second + fraction;
  return hour < 24 && minute < 60 && second < 61;
}

/* Z, +hh:mm or +hhmm; nothing is UTC too. */
static int32_t parse_zone(const char **at, const char *end, double *seconds) {
  int32_t hour, minute;
  *seconds = 0.0;
  if (*at == end) return BAI_TIME_WITHOUT_ZONE;
  if (take(at, end, 'Z')) return BAI_TIME_WITH_ZONE;
  const double sign = **at == '-' ? -1.0 : 1.0;
  if (!take(at, end, '+') && !take(at, end, '-')) return BAI_TIME_NONE;
  if (!digits(at, end, 2, &hour)) return BAI_TIME_NONE;
  take(at, end, ':');
  if (!digits(at, end, 2, &minute) || hour > 15 || minute > 59) return BAI_TIME_NONE;
  *seconds = sign * (3600.0 * hour + 60.0 * minute);
  return BAI_TIME_WITH_ZONE;
}

int32_t bai_parse_time(const char *text, int64_t length, double *time) {
  const char *at = text, *end = text + length;
  int32_t year, month, day, kind = BAI_TIME_WITHOUT_ZONE;
  double clock = 0.0, zone = 0.0;
  if (bai_parse_f64(text, length, time)) return *time - *time == 0.0 ? BAI_TIME_NUMBER : BAI_TIME_NONE;
  if (!digits(&at, end, 4, &year) || !take(&at, end, '-') || !digits(&at, end, 2, &month) || !take(&at, end, '-') ||
      !digits(&at, end, 2, &day) || !is_date(year, month, day))
    return BAI_TIME_NONE;
  if (take(&at, end, 'T') || take(&at, end, ' '))
    kind = parse_clock(&at, end, &clock) ? parse_zone(&at, end, &zone) : BAI_TIME_NONE;
  *time = 86400.0 * (double)days_of(year, month, day) + clock - zone;
  return at == end ? kind : BAI_TIME_NONE;
}

const char *bai_parse_time_like(const char *text, int64_t length, int32_t *seen, double *time) {
  static const char *const expected[] = {
      BAI_TIME_EXPECTED, "a number, as in the rows before", "a date without a time zone, as in the rows before",
      "a date with a time zone, as in the rows before, such as 2024-05-31T12:00:00Z"};
  const int32_t kind = bai_parse_time(text, length, time);
  if (kind == BAI_TIME_NONE) return expected[0];
  if (*seen != BAI_TIME_NONE && kind != *seen) return expected[*seen];
  *seen = kind;
  return NULL;
}
