/* SPDX-License-Identifier: MIT
 *
 * scan.c: the score of every window along a sequence. A score is made of integer sums, so a window's sum follows from
 * that of the window before by the words that leave and those that come, and is to the bit that of the window by
 * itself. Stretches of windows are worked through block by block, so that one table of counts at a time is in use.
 */
#include <string.h>

#include "model/scorer.h"

#define STRETCH 8192 /* letters from the first window of a stretch to the last, at least */

__extension__ typedef __int128 wide;

#define MOST_WINDOW (1 << 20)
#define MOST_STEP (1 << 14)
#define MOST_NARROW (1 << 15) /* words whose sum fits 64 bits: a weight is below 2^31, a root below 2^16 a word */

/* What one worker has beside its lane. */
typedef struct room {
  int64_t *starts; /* of the words of a block */
  int64_t *sums;   /* of their weights, up to each */
  double *part;    /* scores of one member of an ensemble */
} room;

typedef struct scan {
  ba_scorer *scorer;
  const bai_kernels *kernels;
  const char *letters;
  int64_t window, step, count; /* count of windows */
  int64_t stretch;             /* windows of one */
  int64_t *steps[4];           /* by value: of a count's from that of one less, up to the window; NULL: not needed */
  double *scores;
  room *rooms;
} scan;

/* One block of one output over one stretch. */
typedef struct sweep {
  const bai_block *block;
  uint32_t *slots, *table;
  const int64_t *starts; /* NULL: word i starts at letter i */
  int64_t words;         /* kept in the stretch */
  const int32_t *weights;
  const int64_t *steps;
  int64_t window, step, count;
  int64_t *sums;
  int32_t exponent;
  double unit, scale, divisor;
  uint64_t kept; /* words that `divisor` is for */
  double *scores;
  int64_t stride;
} sweep;

/* ---- one block ---- */

/* The first word from `from` on that starts at `letter` or behind it. */
static int64_t word_at(const sweep *s, int64_t from, int64_t letter) {
  if (!s->starts) return letter < s->words ? letter : s->words;
  while (from < s->words && s->starts[from] < letter) from++;
  return from;
}

/* A sum as the part of a score, as bai_block_sum makes it. */
static double part_of(const sweep *s, wide sum, double divisor) {
  const double whole = (wide)(int64_t)sum == sum ? (double)(int64_t)sum : (double)sum;
  const double scaled = s->scale != 0.0 ? whole * s->scale : bai_scale_by_power(whole, -s->exponent);
  return scaled * s->unit / divisor;
}

static double divisor_of(sweep *s, uint64_t kept) {
  if (kept != s->kept) {
    const bai_totals totals = {kept, kept, 0, 0};
    s->kept = kept;
    s->divisor = bai_totals_divisor(s->block, &totals);
  }
  return s->divisor;
}

/* Places where the words of a window start. */
static int64_t reach_of(const sweep *s) {
  return s->window - s->block->span + 1;
}

/* Sums of weights up to each word. */
static void add_up(const sweep *s) {
  const uint32_t *slots = s->slots;
  const int32_t *weights = s->weights;
  int64_t *sums = s->sums, sum = 0;
  sums[0] = 0;
  for (int64_t i = 0; i < s->words; i++) sums[i + 1] = sum += weights[slots[i]];
}

/* The same straight from codes, where a word's column is the word. */
static void add_up_codes(const sweep *s, const uint8_t *codes) {
  const int32_t k = s->block->k, *weights = s->weights;
  const uint32_t mask = (uint32_t)((UINT64_C(1) << 2 * k) - 1);
  int64_t *sums = s->sums, sum = 0;
  uint32_t word = 0;
  for (int32_t i = 0; i < k - 1; i++) word = word << 2 | codes[i];
  sums[0] = 0;
  for (int64_t i = 0; i < s->words; i++) {
    word = (word << 2 | codes[i + k - 1]) & mask;
    sums[i + 1] = sum += weights[word];
  }
}

/* Adds what the integer sums of all windows come to, where none has an ambiguous letter: one divisor for all.
 * `reach` 0: they stand there; else they are differences of sums so far apart. */
static void add_sums(sweep *s, int64_t reach) {
  const double divisor = divisor_of(s, (uint64_t)reach_of(s)), scale = s->scale * s->unit; /* both powers of two */
  const int64_t step = reach ? s->step : 1, stride = s->stride, *to = s->sums + reach, *from = s->sums;
  double *scores = s->scores;
  if (reach && divisor == 1.0)
    for (int64_t i = 0; i < s->count; i++) scores[i * stride] += (double)(to[i * step] - from[i * step]) * scale;
  else
    for (int64_t i = 0; i < s->count; i++)
      scores[i * stride] += (double)(to[i * step] - (reach ? from[i * step] : 0)) * scale / divisor;
}

/* Counts as they are: a window's sum is the difference of two sums from the start. */
static void sweep_sums(sweep *s) {
  const int64_t reach = reach_of(s), step = s->step;
  int64_t first = 0, end = 0;
  if (!s->starts && s->scale != 0.0) {
    add_sums(s, reach);
    return;
  }
  for (int64_t i = 0; i < s->count; i++) {
    first = word_at(s, first, i * step);
    end = word_at(s, end > first ? end : first, i * step + reach);
    s->scores[i * s->stride] += part_of(s, s->sums[end] - s->sums[first], divisor_of(s, (uint64_t)(end - first)));
  }
}

#define AHEAD 16 /* words: tables of long words are larger than the caches that are near */

static void fetch(const sweep *s, int64_t word) {
  if (word >= s->words) return;
  __builtin_prefetch(&s->table[s->slots[word]], 1);
  __builtin_prefetch(&s->weights[s->slots[word]]);
}

/* Words that come and go, by how much the sum changes. At most 2^15 of them, each less than 2^47. */
static int64_t put_in(const sweep *s, int64_t from, int64_t to) {
  int64_t sum = 0;
  for (int64_t i = from; i < to; i++) {
    const uint32_t slot = s->slots[i];
    fetch(s, i + AHEAD);
    sum += s->weights[slot] * s->steps[++s->table[slot]];
  }
  return sum;
}

static int64_t take_out(const sweep *s, int64_t from, int64_t to) {
  int64_t sum = 0;
  for (int64_t i = from; i < to; i++) {
    const uint32_t slot = s->slots[i];
    sum += s->weights[slot] * s->steps[s->table[slot]--];
  }
  return sum;
}

/* Roots of counts, of windows of at most MOST_NARROW words, one letter apart, without ambiguous letters. */
static void sweep_letters(sweep *s) {
  const int64_t reach = reach_of(s), *steps = s->steps;
  const int32_t *weights = s->weights;
  const uint32_t *in = s->slots + reach, *out = s->slots;
  uint32_t *table = s->table;
  int64_t sum = put_in(s, 0, reach), *sums = s->sums;
  sums[0] = sum;
  for (int64_t i = 0; i + 1 < s->count; i++) {
    const uint32_t new = in[i], old = out[i];
    fetch(s, reach + i + AHEAD);
    sum += weights[new] * steps[++table[new]];
    sum -= weights[old] * steps[table[old]--];
    sums[i + 1] = sum;
  }
  for (int64_t i = s->count - 1; i < s->count - 1 + reach; i++) table[out[i]] = 0;
  add_sums(s, 0);
}

/* Roots of counts under a norm of the number of words. */
static void sweep_roots(sweep *s) {
  const int64_t reach = reach_of(s);
  int64_t first = 0, end = 0;
  wide sum = 0;
  for (int64_t i = 0; i < s->count; i++) {
    const int64_t to = word_at(s, end, i * s->step + reach), from = word_at(s, first, i * s->step);
    for (; to - end > s->step; end += s->step) sum += put_in(s, end, end + s->step); /* all of the first window */
    sum += put_in(s, end, to) - take_out(s, first, from);
    first = from;
    end = to;
    s->scores[i * s->stride] += part_of(s, sum, divisor_of(s, (uint64_t)(end - first)));
  }
  for (; first < end; first++) s->table[s->slots[first]] = 0;
}

/* Norms that follow the counts. */
static void sweep_counts(sweep *s) {
  const bai_block *block = s->block;
  const int64_t reach = reach_of(s);
  bai_totals totals = {0, 0, 0, 0};
  int64_t first = 0, end = 0;
  wide sum = 0;
  for (int64_t i = 0; i < s->count; i++) {
    const int64_t to = word_at(s, end, i * s->step + reach), from = word_at(s, first, i * s->step);
    for (; end < to; end++) {
      const uint32_t slot = s->slots[end], count = ++s->table[slot];
      sum += s->weights[slot] * s->steps[count];
      bai_totals_add(block, &totals, count - 1, 1);
      bai_totals_add(block, &totals, count, 0);
    }
    for (; first < from; first++) {
      const uint32_t slot = s->slots[first], count = s->table[slot]--;
      sum -= s->weights[slot] * s->steps[count];
      bai_totals_add(block, &totals, count, 1);
      bai_totals_add(block, &totals, count - 1, 0);
    }
    s->scores[i * s->stride] += part_of(s, sum, bai_totals_divisor(block, &totals));
  }
  for (; first < end; first++) s->table[s->slots[first]] = 0;
}

/* Words at places of the window: they do not come and go, but move. */
static void sweep_places(sweep *s, int64_t fitted) {
  const bai_block *block = s->block;
  const int64_t shift = block->anchor == BAI_ANCHOR_END ? fitted - s->window : 0;
  int64_t first = 0;
  for (int64_t i = 0; i < s->count; i++) {
    const int64_t start = i * s->step;
    int64_t sum = 0;
    uint64_t kept = 0;
    first = word_at(s, first, start);
    for (int64_t w = first; w < s->words; w++) {
      const int64_t at = (s->starts ? s->starts[w] : w) - start, place = at + shift;
      if (at > s->window - block->span || place > fitted - block->span) break;
      if (place < 0) continue;
      sum += s->weights[place * block->words + s->slots[w]];
      kept++;
    }
    s->scores[i * s->stride] += part_of(s, sum, divisor_of(s, kept));
  }
}

/* ---- a stretch ---- */

static void sweep_block(const scan *j, const bai_member *member, bai_row *row, room *r, int32_t b, int64_t count,
                        double *scores) {
  const bai_plan *plan = member->plan;
  bai_block words = plan->blocks[b];
  const int32_t outputs = j->scorer->model->outputs;
  if (words.span > j->window) return;
  int64_t *starts = row->has_ambiguous ? r->starts : NULL;
  if (words.kind == BAI_TERM_POSITION_KMER) words.kind = BAI_TERM_KMER; /* the places are those of a window */
  const int32_t plain =
      (words.value == BAI_VALUE_COUNT || words.value == BAI_VALUE_FREQ) && !bai_divisor_follows(&words);
  const int32_t direct = plain && bai_block_is_direct(&words) && !row->has_ambiguous;
  const int64_t n = direct ? row->length - words.span + 1 : bai_row_windows(j->kernels, row, &words, starts);
  for (int32_t o = 0; o < outputs; o++) {
    const int32_t exponent = member->exponents[o * plan->block_count + b];
    sweep s = {.block = &plan->blocks[b], .slots = row->slots, .table = row->table, .starts = starts, .words = n};
    s.weights = member->weights + o * plan->width + words.first;
    s.steps = j->steps[words.value];
    s.window = j->window;
    s.step = j->step;
    s.count = count;
    s.sums = r->sums;
    s.exponent = exponent;
    s.unit = bai_value_unit(&words);
    s.scale = exponent >= -1000 && exponent <= 1000 ? bai_scale_by_power(1.0, -exponent) : 0.0;
    s.kept = UINT64_MAX;
    s.scores = scores + o;
    s.stride = outputs;
    if (direct)
      add_up_codes(&s, row->codes);
    else if (plain)
      add_up(&s);
    if (plain)
      sweep_sums(&s);
    else if (s.block->kind == BAI_TERM_POSITION_KMER)
      sweep_places(&s, plan->fitted_length);
    else if (bai_divisor_follows(s.block))
      sweep_counts(&s);
    else if (!starts && s.step == 1 && s.window <= MOST_NARROW && s.scale != 0.0)
      sweep_letters(&s);
    else
      sweep_roots(&s);
  }
}

/* The intercept; and in an ensemble the member's part of the score, as bai_lane_score_codes has it. */
static void add_member(const ba_model *model, int32_t m, int64_t n, double *scores, double *out) {
  const int32_t outputs = model->outputs;
  for (int32_t o = 0; o < outputs; o++) {
    const double intercept = model->members[m].intercepts[o];
    for (int64_t i = o; i < n * outputs; i += outputs) scores[i] += intercept;
    for (int64_t i = o; model->factors && i < n * outputs; i += outputs)
      out[i] = (m ? out[i] : model->offsets[o]) + model->factors[m] * scores[i];
  }
}

static ba_status scan_stretch(void *argument, int32_t worker, int64_t index) {
  scan *j = argument;
  room *r = &j->rooms[worker];
  bai_row **rows = j->scorer->lanes[worker].rows;
  const ba_model *model = j->scorer->model;
  const int32_t outputs = model->outputs;
  const int64_t first = index * j->stretch, left = j->count - first, n = left < j->stretch ? left : j->stretch;
  const int64_t length = (n - 1) * j->step + j->window;
  double *out = j->scores + first * outputs;
  for (int32_t m = 0; m < model->member_count; m++) {
    const bai_member *member = &model->members[m];
    double *scores = r->part ? r->part : out;
    const int64_t ambiguous =
        bai_encode(j->kernels, member->plan->protein, rows[m]->codes, j->letters + first * j->step, length);
    bai_row_begin(rows[m], length, ambiguous);
    memset(scores, 0, (size_t)(n * outputs) * sizeof *scores);
    for (int32_t b = 0; b < member->plan->block_count; b++) {
      sweep_block(j, member, rows[m], r, b, n, scores);
      const ba_status status = bai_check_cancel(j->scorer->context);
      if (status) return status;
    }
    add_member(model, m, n, scores, out);
  }
  return BA_OK;
}

/* ---- all of them ---- */

/* Counts are only followed where they have roots, or a norm does. */
static int32_t is_counted(const bai_block *block) {
  return block->value == BAI_VALUE_SQRT || block->value == BAI_VALUE_BINARY || bai_divisor_follows(block);
}

static ba_status make_steps(ba_context *context, const bai_plan *plan, scan *j) {
  const int64_t most = j->window + j->step; /* words come before others go */
  ba_status status = BA_OK;
  for (int32_t b = 0; !status && b < plan->block_count; b++) {
    const bai_block *block = &plan->blocks[b];
    int64_t **steps = &j->steps[block->value];
    if (!is_counted(block) || *steps) continue;
    status = bai_alloc_zero(context, most + 1, 8, steps);
    for (uint32_t c = 1; !status && c <= most; c++)
      (*steps)[c] = (int64_t)bai_value_fixed(block, c) - (c > 1 ? (int64_t)bai_value_fixed(block, c - 1) : 0);
  }
  return status;
}

static ba_status make_room(ba_context *context, const scan *j, room *r) {
  const int64_t longest = (j->stretch - 1) * j->step + j->window;
  const ba_model *model = j->scorer->model;
  ba_status status = bai_alloc(context, longest, 8, &r->starts);
  if (!status) status = bai_alloc(context, longest + 1, 8, &r->sums);
  if (!status && model->factors) status = bai_alloc(context, j->stretch * model->outputs, 8, &r->part);
  return status;
}

static ba_status scan_all(scan *j) {
  ba_scorer *scorer = j->scorer;
  ba_context *context = scorer->context;
  const ba_model *model = scorer->model;
  const int64_t stretches = (j->count + j->stretch - 1) / j->stretch;
  const int32_t workers = bai_workers(context, stretches);
  ba_status status = bai_scorer_reserve(scorer, workers, (j->stretch - 1) * j->step + j->window);
  for (int32_t m = 0; !status && m < model->member_count; m++) status = make_steps(context, model->members[m].plan, j);
  if (!status) status = bai_alloc_zero(context, workers, sizeof *j->rooms, &j->rooms);
  for (int32_t w = 0; !status && w < workers; w++) status = make_room(context, j, &j->rooms[w]);
  if (!status) status = bai_parallel(context, stretches, scan_stretch, j);
  for (int32_t w = 0; j->rooms && w < workers; w++) {
    bai_free(context, j->rooms[w].starts);
    bai_free(context, j->rooms[w].sums);
    bai_free(context, j->rooms[w].part);
  }
  for (int32_t v = 0; v < 4; v++) bai_free(context, j->steps[v]);
  bai_free(context, j->rooms);
  return status;
}

/* Whether windows follow from one another: not those of networks, descriptors, bins and qualities, nor where a window
 * may have to be refused. */
static int32_t slides(const ba_model *model, int64_t window) {
  for (int32_t m = 0; m < model->member_count; m++) {
    const bai_member *member = &model->members[m];
    const bai_plan *plan = member->plan;
    if (member->hidden || member->net.layer_count || plan->real_width || plan->needs_quality) return 0;
    if (plan->needs_equal && plan->fitted_length != window) return 0;
    for (int32_t b = 0; b < plan->block_count; b++)
      if (plan->blocks[b].bins || plan->blocks[b].refuse_ambiguous || !plan->blocks[b].alphabet) return 0;
  }
  return 1;
}

/* Letters of residues are among the ambiguous ones. */
static int32_t has_foreign(const bai_kernels *kernels, const char *letters, int64_t n) {
  uint8_t codes[4096];
  for (int64_t from = 0; from < n; from += (int64_t)sizeof codes) {
    const int64_t size = n - from < (int64_t)sizeof codes ? n - from : (int64_t)sizeof codes;
    const int64_t ambiguous = bai_encode(kernels, 0, codes, letters + from, size);
    for (int64_t i = from; ambiguous > 0 && i < from + size; i++)
      if (bai_letter_kind(letters[i]) == BAI_LETTER_RESIDUE) return 1;
  }
  return 0;
}

static ba_status scan_windows(ba_scorer *scorer, const char *letters, int64_t length, int64_t window, int64_t step,
                              double *scores, int64_t count) {
  const bai_plan *plan = scorer->model->members[0].plan;
  /* Far apart, windows share too little. */
  if (count < 2 || 2 * step > window || step > MOST_STEP || window > MOST_WINDOW || !slides(scorer->model, window) ||
      (!plan->protein && has_foreign(bai_kernels_of(scorer->context), letters, length)))
    return bai_scorer_windows(scorer, letters, window, step, count, scores);
  /* Each stretch reads a window's letters anew; but long ones would need much memory. */
  const int64_t ahead = 4 * window < STRETCH ? STRETCH : window < 2 * STRETCH ? 4 * window : 8 * STRETCH;
  scan j = {.scorer = scorer, .kernels = bai_kernels_of(scorer->context), .letters = letters};
  j.window = window;
  j.step = step;
  j.count = count;
  j.stretch = ahead / step + 1;
  if (j.stretch > count) j.stretch = count;
  j.scores = scores;
  return scan_all(&j);
}

ba_status ba_scorer_scan(ba_scorer *scorer, const char *letters, int64_t length, int64_t window, int64_t step,
                         double *scores, int64_t capacity, int64_t *count) {
  if (!scorer) return BA_ERR_ARGUMENT;
  ba_context *context = scorer->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  if (!count || length < 0 || (length > 0 && !letters) || window < 1 || step < 1)
    return bai_leave(context, bai_fail(context, BA_ERR_ARGUMENT,
                                       "scan: window %lld, step %lld; expected letters, both 1 or more, and a place "
                                       "for the count",
                                       (long long)window, (long long)step));
  status = bai_model_check_letters(context, scorer->model, "scan");
  if (status) return bai_leave(context, status);
  *count = length >= window ? (length - window) / step + 1 : 0;
  if (*count > capacity || (*count > 0 && !scores))
    return bai_leave(context, bai_fail(context, BA_ERR_ARGUMENT, "scan: room for %lld windows; expected %lld",
                                       (long long)(scores ? capacity : 0), (long long)*count));
  return bai_leave(context, scan_windows(scorer, letters, length, window, step, scores, *count));
}
