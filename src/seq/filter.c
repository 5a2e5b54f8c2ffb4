/* SPDX-License-Identifier: MIT
 *
 * filter.c: which letters of a record are kept, and which records. Whole numbers throughout, so no order of additions
 * and no library can change what is left out.
 */
#include "seq/filter.h"

#include "seq/letters.h"

__extension__ typedef unsigned __int128 wide;

#define SYMBOLS ('~' - '!' + 1)

/* The probability that a letter is wrong, 10^(-Q/10), in units of 2^-62, rounded to nearest. */
static const uint64_t error_of[SYMBOLS] = {
    4611686018427387904, 3663192414120077368, 2909777163763380223, 2311318157933192382, 1835945272277250782,
    1458343167178378971, 1158403153607019511, 920152332103704514,  730902977637366425,  580576871981410271,
    461168601842738790,  366319241412007737,  290977716376338022,  231131815793319238,  183594527227725078,
    145834316717837897,  115840315360701951,  92015233210370451,   73090297763736642,   58057687198141027,
    46116860184273879,   36631924141200774,   29097771637633802,   23113181579331924,   18359452722772508,
    14583431671783790,   11584031536070195,   9201523321037045,    7309029776373664,    5805768719814103,
    4611686018427388,    3663192414120077,    2909777163763380,    2311318157933192,    1835945272277251,
    1458343167178379,    1158403153607020,    920152332103705,     730902977637366,     580576871981410,
    461168601842739,     366319241412008,     290977716376338,     231131815793319,     183594527227725,
    145834316717838,     115840315360702,     92015233210370,      73090297763737,      58057687198141,
    46116860184274,      36631924141201,      29097771637634,      23113181579332,      18359452722773,
    14583431671784,      11584031536070,      9201523321037,       7309029776374,       5805768719814,
    4611686018427,       3663192414120,       2909777163763,       2311318157933,       1835945272277,
    1458343167178,       1158403153607,       920152332104,        730902977637,        580576871981,
    461168601843,        366319241412,        290977716376,        231131815793,        183594527228,
    145834316718,        115840315361,        92015233210,         73090297764,         58057687198,
    46116860184,         36631924141,         29097771638,         23113181579,         18359452723,
    14583431672,         11584031536,         9201523321,          7309029776,          5805768720,
    4611686018,          3663192414,          2909777164,          2311318158,
};

void bai_filter_start(bai_filter *filter) {
  filter->max_length = filter->max_ambiguous = BAI_FILTER_NO_LIMIT;
}

int32_t bai_filter_needs_quality(const bai_filter *filter) {
  return filter->trim_quality > 0 || filter->trim_start_quality > 0 || filter->min_mean_quality > 0;
}

void bai_filter_ready(bai_filter *filter) {
  filter->on = bai_filter_needs_quality(filter) || filter->min_length > 0 || filter->max_length < BAI_FILTER_NO_LIMIT ||
               filter->max_ambiguous < BAI_FILTER_NO_LIMIT;
}

/* The rule of BWA and cutadapt: from the end inwards add Q - q(i) for each symbol, until the sum falls below 0; what is
 * cut off ends where the sum was largest. Each end is looked at as if the other were whole. */
static bai_span trim(int64_t front, int64_t back, const uint8_t *symbols, int64_t n) {
  int64_t start = 0, stop = n;
  for (int64_t i = 0, sum = 0, most = 0; front > 0 && i < n && sum >= 0; i++) {
    sum += front - (symbols[i] - '!');
    if (sum <= most) continue;
    most = sum;
    start = i + 1;
  }
  for (int64_t i = n - 1, sum = 0, most = 0; back > 0 && i >= 0 && sum >= 0; i--) {
    sum += back - (symbols[i] - '!');
    if (sum <= most) continue;
    most = sum;
    stop = i;
  }
  return start < stop ? (bai_span){start, stop - start} : (bai_span){0};
}

static int32_t few_errors(const uint8_t *symbols, int64_t n, int64_t quality) {
  wide sum = 0;
  for (int64_t i = 0; i < n; i++) sum += error_of[symbols[i] - '!'];
  return sum <= (wide)error_of[quality] * (wide)n;
}

static int32_t passes(const bai_filter *filter, const uint8_t *letters, const uint8_t *symbols, int64_t n) {
  if (n < filter->min_length || n > filter->max_length) return 0;
  if (filter->max_ambiguous < n && bai_count_ambiguous(letters, n) > filter->max_ambiguous) return 0;
  return filter->min_mean_quality == 0 || few_errors(symbols, n, filter->min_mean_quality);
}

/* Which letters of record i are kept, and whether it stays. A record without letters needs no symbols. */
static int32_t judge(bai_filter *filter, const ba_records *records, int64_t i, bai_span *span) {
  int64_t n, symbols_length;
  const uint8_t *letters = (const uint8_t *)ba_records_sequence(records, i, &n);
  const uint8_t *symbols = (const uint8_t *)ba_records_quality(records, i, &symbols_length);
  *span = (bai_span){0, n};
  if (symbols_length == 0) return passes(filter, letters, NULL, n);
  const int64_t front = filter->trim_start_quality, back = filter->trim_quality;
  const int32_t reversed = records->alignments && bai_alignments_reversed(records->alignments, i);
  *span = reversed ? trim(back, front, symbols, n) : trim(front, back, symbols, n);
  filter->trimmed += span->length < n;
  filter->trimmed_letters += n - span->length;
  return passes(filter, letters + span->start, symbols + span->start, span->length);
}

ba_status bai_filter_apply(bai_filter *filter, ba_records *records, int64_t first) {
  const int64_t n = records->count - first, step = filter->pairs ? 2 : 1;
  filter->spans.count = 0;
  ba_status status = bai_vector_reserve(records->context, &filter->spans, n, (int64_t)sizeof(bai_span));
  if (status) return status;
  bai_span *spans = filter->spans.data;
  for (int64_t i = 0; i < n; i += step) {
    int64_t failed = 0;
    for (int64_t mate = 0; mate < step; mate++) failed += !judge(filter, records, first + i + mate, &spans[i + mate]);
    if (failed == 0 || (failed < step && filter->pair_both)) continue;
    for (int64_t mate = 0; mate < step; mate++) spans[i + mate].length = -1;
    filter->skipped += step;
  }
  bai_records_keep(records, first, spans);
  return BA_OK;
}
