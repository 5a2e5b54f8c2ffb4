/* SPDX-License-Identifier: MIT
 *
 * variants.c: a source, an inflater where one is needed, and the parsers of VCF and BCF, put together; tables out, and
 * errors that wait until every row before them has been given.
 */
#include "seq/variants.h"

#include <string.h>

#include "array/array.h"
#include "seq/inflate.h"
#include "seq/vcf.h"

#define MOST_ROWS (1024 * 1024)
#define MOST_DOSAGES (4 * 1024 * 1024)
#define MOST_TEXT (1024 * 1024)
#define MOST_KEYS 64 /* of info=KEY:KEY */

/* A column of texts that is being filled. */
typedef struct texts {
  bai_vector bytes, offsets, bits;
  int64_t missing, last_bytes; /* of the last table, so that the next one has room at once */
} texts;

enum { CHROM, ID, REF, ALT, FILTER, INFO, TEXTS = INFO + MOST_KEYS };

typedef struct saved_error {
  ba_status status;
  int64_t record, byte;
  char message[512];
} saved_error;

struct ba_variants {
  ba_context *context;
  char *path; /* NULL when the input is not a file */
  bai_source *source;
  bai_inflate *inflate;
  int32_t require_end, inflater, no_dosage, split;
  int64_t threads;
  char keys_text[BAI_OPTION_TEXT];
  bai_span keys[MOST_KEYS]; /* of INFO */
  int32_t key_count;        /* -1: all of INFO in one column */
  bai_vcf vcf;
  bai_vector carry; /* what is taken, unless it stands in one window */
  int64_t taken_at; /* where in the input it begins */
  int32_t taken, finished;
  int32_t has_lengths, pending; /* BCF: of the next record; a record whose rows are not all given */
  uint32_t n_shared, n_samples;
  int32_t next_alt; /* of alleles=split */
  bai_span alts;    /* from that one on */
  bai_variant variant;
  saved_error error;
  texts texts[TEXTS];
  bai_vector positions, qualities, quality_bits, dosages;
  int64_t rows, last_rows, quality_missing, text_bytes;
};

/* ---- closing ---- */

static void free_rows(ba_variants *variants) {
  ba_context *context = variants->context;
  for (int32_t i = 0; i < TEXTS; i++) {
    texts *column = &variants->texts[i];
    bai_vector_free(context, &column->bytes);
    bai_vector_free(context, &column->offsets);
    bai_vector_free(context, &column->bits);
    column->missing = 0;
  }
  bai_vector_free(context, &variants->positions);
  bai_vector_free(context, &variants->qualities);
  bai_vector_free(context, &variants->quality_bits);
  bai_vector_free(context, &variants->dosages);
  variants->rows = variants->quality_missing = variants->text_bytes = 0;
}

void ba_variants_close(ba_variants *variants) {
  if (variants == NULL) return;
  ba_context *context = variants->context;
  bai_inflate_close(variants->inflate, context);
  if (variants->source) variants->source->close(variants->source, context);
  bai_vcf_header_free(context, &variants->vcf.header);
  bai_vector_free(context, &variants->vcf.scratch);
  bai_vector_free(context, &variants->vcf.formats);
  if (variants->vcf.seen) bai_dictionary_free(context, &variants->vcf.seen->contigs);
  bai_free(context, variants->vcf.seen);
  bai_vector_free(context, &variants->carry);
  free_rows(variants);
  bai_free(context, variants->path);
  bai_free(context, variants);
  bai_context_release(context);
}

/* ---- bytes ---- */

static bai_window *plain_window(ba_variants *variants) {
  return variants->inflate ? bai_inflate_window(variants->inflate) : &variants->source->window;
}

static ba_status inflate_more(ba_variants *variants) {
  ba_context *context = variants->context;
  ba_status status = bai_inflate_refill(variants->inflate, context, variants->source);
  const bai_window *window = bai_inflate_window(variants->inflate);
  const int64_t record = variants->vcf.header.done ? variants->vcf.record : -1;
  if (status) {
    int64_t byte;
    const char *problem = bai_inflate_problem(variants->inflate, &byte);
    if (problem == NULL) return status;
    return bai_fail_at(context, status, record, window->end_offset, "compressed byte %lld: %s", (long long)byte,
                       problem);
  }
  if (!window->ended || !bai_inflate_lacks_end(variants->inflate)) return BA_OK;
  if (variants->require_end)
    return bai_fail_at(context, BA_ERR_TRUNCATED, record, window->end_offset,
                       "the bgzf end block is missing, so the file may be cut (bgzf_end=warn accepts it)");
  bai_log(context, 0, "%s: the bgzf end block is missing, so the file may be cut",
          variants->path ? variants->path : "input");
  return BA_OK;
}

/* BA_OK with bytes in the window; BA_END: there are no more. */
static ba_status need_bytes(ba_variants *variants) {
  ba_context *context = variants->context;
  bai_window *window = plain_window(variants);
  while (window->at == window->end && !window->ended) {
    ba_status status = bai_check_cancel(context);
    bai_progress(context, variants->source->window.end_offset, variants->source->total);
    if (!status)
      status = variants->inflate ? inflate_more(variants) : variants->source->refill(variants->source, context);
    if (status) return status;
  }
  return window->at == window->end ? BA_END : BA_OK;
}

/* What was taken before is done with. */
static void begin_taking(ba_variants *variants, const bai_window *window) {
  if (variants->taken) variants->carry.count = 0;
  variants->taken = 0;
  if (variants->carry.count == 0) variants->taken_at = bai_window_offset(window, window->at);
}

/* The next line without its end; BA_END behind the last. What a cancel left is kept. */
static ba_status take_line(ba_variants *variants, bai_span *line) {
  for (;;) {
    ba_status status = need_bytes(variants);
    bai_window *window = plain_window(variants);
    begin_taking(variants, window);
    if (status && (status != BA_END || variants->carry.count == 0)) return status;
    const char *at = (const char *)window->at, *end = (const char *)window->end;
    const char *stop = status ? end : memchr(at, '\n', (size_t)(end - at)), *next = stop ? stop : end;
    *line = (bai_span){at, next - at};
    if (stop == NULL || variants->carry.count > 0) {
      if (!status) status = bai_vector_append(variants->context, &variants->carry, at, next - at, 1);
      if (status < 0) return status;
      *line = (bai_span){variants->carry.data, variants->carry.count};
    }
    window->at = (const uint8_t *)next + (next < end);
    if (stop == NULL) continue;
    variants->taken = 1;
    if (line->n > 0 && line->at[line->n - 1] == '\r') line->n--;
    return BA_OK;
  }
}

/* The next n bytes, 1 or more; BA_END when there are none at all, BA_ERR_TRUNCATED when there are fewer. */
static ba_status take_bytes(ba_variants *variants, int64_t n, const uint8_t **bytes) {
  for (;;) {
    ba_status status = need_bytes(variants);
    bai_window *window = plain_window(variants);
    begin_taking(variants, window);
    const int64_t have = window->end - window->at, missing = n - variants->carry.count;
    const int64_t taken = have < missing ? have : missing;
    if (status == BA_END && variants->carry.count > 0)
      return bai_fail_at(variants->context, BA_ERR_TRUNCATED, variants->vcf.header.done ? variants->vcf.record : -1,
                         window->end_offset, "the input ends %lld bytes into a part of %lld",
                         (long long)variants->carry.count, (long long)n);
    if (status) return status;
    *bytes = window->at;
    if (taken < n) {
      status = bai_vector_append(variants->context, &variants->carry, window->at, taken, 1);
      if (status) return status;
      *bytes = variants->carry.data;
    }
    window->at += taken;
    if (taken < missing) continue;
    variants->taken = 1;
    return BA_OK;
  }
}

/* ---- the header ---- */

static ba_status header_ends(const ba_variants *variants, int64_t byte) {
  return bai_fail_at(variants->context, BA_ERR_TRUNCATED, -1, byte, "the header ends before the line #CHROM");
}

static ba_status neither(const ba_variants *variants) {
  return bai_fail_at(variants->context, BA_ERR_UNSUPPORTED, -1, 0,
                     "neither VCF, which begins with ##fileformat=VCFv4, nor BCF");
}

/* What else may begin with a byte order mark or a '#' is not taken for a bad VCF file. */
static int32_t looks_like_vcf(bai_span line) {
  return (line.n >= 2 && memcmp(line.at, "##", 2) == 0) || (line.n >= 6 && memcmp(line.at, "#CHROM", 6) == 0);
}

static ba_status read_vcf_header(ba_variants *variants) {
  ba_status status = BA_OK;
  while (!status && !variants->vcf.header.done) {
    bai_span line;
    status = take_line(variants, &line);
    if (status == BA_END) return header_ends(variants, plain_window(variants)->end_offset);
    if (!status && variants->vcf.header.lines == 0 && line.n >= 3 && memcmp(line.at, "\xef\xbb\xbf", 3) == 0)
      line = (bai_span){line.at + 3, line.n - 3};
    if (!status && variants->vcf.header.lines == 0 && !looks_like_vcf(line)) return neither(variants);
    if (!status) status = bai_vcf_header_line(variants->context, &variants->vcf.header, line, variants->taken_at);
  }
  return status;
}

static ba_status read_bcf_header(ba_variants *variants) {
  const uint8_t *bytes;
  ba_status status = take_bytes(variants, 9, &bytes);
  if (status) return status;
  if (memcmp(bytes, "BCF\2", 4) != 0 || bytes[4] < 1 || bytes[4] > 2)
    return bai_fail_at(variants->context, BA_ERR_UNSUPPORTED, -1, 0, "expected BCF 2.1 or 2.2");
  const int64_t n = bai_get_u32(bytes + 5);
  variants->vcf.header.bcf = 1;
  status = n > 0 ? take_bytes(variants, n, &bytes) : BA_END;
  if (status == BA_END) return header_ends(variants, 9);
  if (status) return status;
  const char *at = (const char *)bytes, *nul = memchr(at, 0, (size_t)n), *end = nul ? nul : at + n;
  while (!status && at < end && !variants->vcf.header.done) {
    const char *feed = memchr(at, '\n', (size_t)(end - at)), *stop = feed ? feed : end;
    status = bai_vcf_header_line(variants->context, &variants->vcf.header, (bai_span){at, stop - at},
                                 variants->taken_at + (at - (const char *)bytes));
    at = feed ? feed + 1 : end;
  }
  if (!status && !variants->vcf.header.done) return header_ends(variants, 9 + n);
  for (; !status && at < end; at++)
    if (*at != '\n')
      status = bai_fail_at(variants->context, BA_ERR_FORMAT, -1, variants->taken_at + (at - (const char *)bytes),
                           "header text behind the line #CHROM; expected none");
  return status;
}

static ba_status read_header(ba_variants *variants) {
  ba_status status = need_bytes(variants);
  bai_window *window = plain_window(variants);
  if (!status && *window->at == 0x1f) {
    status = bai_inflate_open(variants->context, variants->inflater, (int32_t)variants->threads, &variants->inflate);
    if (!status) status = need_bytes(variants);
    if (!status) window = plain_window(variants);
  }
  if (status == BA_END)
    return bai_fail_at(variants->context, BA_ERR_UNSUPPORTED, -1, 0, "the input is empty, so neither VCF nor BCF");
  if (status) return status;
  variants->vcf.record = 1;
  if (*window->at == 'B') return read_bcf_header(variants);
  return *window->at == '#' || *window->at == 0xef ? read_vcf_header(variants) : neither(variants);
}

/* ---- opening ---- */

static ba_status read_keys(ba_variants *variants) {
  ba_context *context = variants->context;
  const char *at = variants->keys_text;
  variants->key_count = -1;
  if (bai_equal(at, "all")) return BA_OK;
  variants->key_count = 0;
  if (bai_equal(at, "none")) return BA_OK;
  for (;; at++) {
    const char *start = at;
    while (*at != 0 && *at != ':') at++;
    const bai_span key = {start, at - start};
    if (key.n == 0 || variants->key_count == MOST_KEYS)
      return bai_fail(context, BA_ERR_RECIPE, "info=%s: expected all, none, or 1 to %d keys with colons between",
                      variants->keys_text, MOST_KEYS);
    for (int32_t i = 0; i < variants->key_count; i++)
      if (variants->keys[i].n == key.n && memcmp(variants->keys[i].at, key.at, (size_t)key.n) == 0)
        return bai_fail(context, BA_ERR_RECIPE, "info=%s: a key stands there twice", variants->keys_text);
    variants->keys[variants->key_count++] = key;
    if (*at == 0) return BA_OK;
  }
}

static ba_status read_options(ba_variants *variants, const char *options) {
  ba_context *context = variants->context;
  variants->threads = context->threads;
  memcpy(variants->keys_text, "all", 4);
  const bai_option table[] = {
      {.name = "dosage", .type = 'w', .words = "alt|none", .value = &variants->no_dosage},
      {.name = "alleles", .type = 'w', .words = "joined|split", .value = &variants->split},
      {.name = "info", .type = 't', .value = variants->keys_text},
      {.name = "strict", .type = 'w', .words = "no|yes", .value = &variants->vcf.header.strict},
      {.name = "bgzf_end", .type = 'w', .words = "warn|require", .value = &variants->require_end},
      {.name = "inflater", .type = 'w', .words = BAI_INFLATER_WORDS, .value = &variants->inflater},
      {.name = "threads", .type = 'i', .least = 1, .most = 256, .value = &variants->threads},
      {.name = NULL}};
  ba_status status = bai_options_parse(context, options, table);
  if (!status) status = read_keys(variants);
  if (!status) status = bai_inflate_check(context, variants->inflater);
  if (!status && variants->vcf.header.strict)
    status = bai_alloc_zero(context, 1, (int64_t)sizeof *variants->vcf.seen, &variants->vcf.seen);
  return status;
}

ba_status bai_variants_open_source(ba_context *context, bai_source *source, const char *path, const char *options,
                                   ba_variants **out) {
  ba_variants *variants;
  *out = NULL;
  ba_status status = bai_alloc_zero(context, 1, (int64_t)sizeof *variants, &variants);
  if (status) {
    source->close(source, context);
    return status;
  }
  variants->context = variants->vcf.context = bai_context_retain(context);
  variants->source = source;
  const int64_t length = path ? bai_length(path) : 0;
  if (path) status = bai_alloc(context, length + 1, 1, &variants->path);
  if (!status && path) memcpy(variants->path, path, (size_t)length + 1);
  if (!status) status = read_options(variants, options);
  if (!status) {
    status = read_header(variants);
    if (status && path) bai_fail_prefix(context, status, path);
  }
  if (status) {
    ba_variants_close(variants);
    return status;
  }
  *out = variants;
  return BA_OK;
}

static ba_status open_path(ba_context *context, const char *path, const char *options, ba_variants **out) {
  int32_t descriptor = 0, standard = strcmp(path, "-") == 0;
  bai_source *source;
  ba_status status = BA_OK;
  if (strstr(path, "://") != NULL)
    return bai_fail(context, BA_ERR_UNSUPPORTED, "%s: remote names are not read; fetch the file first", path);
  if (!standard) status = bai_file_open(context, path, &descriptor);
  if (status) return status;
  status = bai_source_open_descriptor(context, descriptor, standard, &source);
  if (!status) return bai_variants_open_source(context, source, path, options, out);
  if (!standard) bai_file_close(descriptor);
  return status;
}

ba_status ba_variants_open_path(ba_context *context, const char *path, const char *options, ba_variants **out) {
  if (out == NULL) return BA_ERR_ARGUMENT;
  *out = NULL;
  ba_status status = bai_enter(context);
  if (status) return status;
  status = path ? open_path(context, path, options, out)
                : bai_fail(context, BA_ERR_ARGUMENT, "ba_variants_open_path: expected a path, found NULL");
  return bai_leave(context, status);
}

ba_status ba_variants_open_memory(ba_context *context, const uint8_t *data, int64_t length, const char *options,
                                  ba_variants **out) {
  if (out == NULL) return BA_ERR_ARGUMENT;
  *out = NULL;
  ba_status status = bai_enter(context);
  if (status) return status;
  bai_source *source = NULL;
  if (length < 0 || (data == NULL && length > 0))
    status = bai_fail(context, BA_ERR_ARGUMENT, "ba_variants_open_memory: expected data and a length of 0 or more");
  else
    status = bai_source_open_memory(context, data, length, &source);
  if (!status) status = bai_variants_open_source(context, source, NULL, options, out);
  return bai_leave(context, status);
}

/* ---- records ---- */

static ba_status read_vcf(ba_variants *variants) {
  bai_span line;
  ba_status status;
  do {
    status = take_line(variants, &line);
  } while (!status && line.n == 0 && !variants->vcf.header.strict); /* empty lines are passed over */
  if (status) return status;
  variants->vcf.line = line.at;
  variants->vcf.offset = variants->taken_at;
  return bai_vcf_read(&variants->vcf, line, &variants->variant);
}

static ba_status read_bcf(ba_variants *variants) {
  const uint8_t *bytes;
  if (!variants->has_lengths) {
    const ba_status status = take_bytes(variants, 8, &bytes);
    if (status) return status;
    variants->n_shared = bai_get_u32(bytes);
    variants->n_samples = bai_get_u32(bytes + 4);
    variants->vcf.offset = variants->taken_at;
    variants->has_lengths = 1;
  }
  const int64_t shared = variants->n_shared, samples = variants->n_samples;
  if (shared < 24)
    return bai_vcf_fail(&variants->vcf, NULL, "the record has %lld bytes; expected 24 at least", (long long)shared);
  const ba_status status = take_bytes(variants, shared + samples, &bytes);
  if (status == BA_END)
    return bai_fail_at(variants->context, BA_ERR_TRUNCATED, variants->vcf.record, variants->vcf.offset + 8,
                       "the input ends behind the lengths of a record");
  if (status) return status;
  variants->has_lengths = 0;
  return bai_bcf_read(&variants->vcf, bytes, shared, bytes + shared, samples, &variants->variant);
}

/* ---- rows ---- */

static ba_status add_bit(ba_context *context, bai_vector *bits, int64_t row, int32_t bit) {
  const uint8_t none = 0;
  if (row % 8 == 0) {
    const ba_status status = bai_vector_append(context, bits, &none, 1, 1);
    if (status) return status;
  }
  if (bit) bai_bit_set(bits->data, row);
  return BA_OK;
}

/* `text.at` NULL: it is missing. */
static ba_status add_text(ba_variants *variants, int32_t index, bai_span text) {
  ba_context *context = variants->context;
  texts *column = &variants->texts[index];
  const int64_t zero = 0;
  ba_status status = BA_OK;
  if (column->offsets.count == 0) {
    status = bai_vector_reserve(context, &column->bytes, column->last_bytes, 1);
    if (!status) status = bai_vector_reserve(context, &column->offsets, variants->last_rows + 1, 8);
    if (!status) status = bai_vector_append(context, &column->offsets, &zero, 1, 8);
  }
  if (!status) status = bai_vector_append(context, &column->bytes, text.at, text.n, 1);
  if (!status) status = bai_vector_append(context, &column->offsets, &column->bytes.count, 1, 8);
  if (!status && index >= INFO) status = add_bit(context, &column->bits, variants->rows, text.at != NULL);
  column->missing += text.at == NULL;
  variants->text_bytes += text.n;
  return status;
}

static ba_status add_info(ba_variants *variants) {
  const bai_span info = variants->variant.info;
  if (variants->key_count < 0) return add_text(variants, INFO, info);
  ba_status status = BA_OK;
  for (int32_t i = 0; !status && i < variants->key_count; i++) {
    bai_span value = {NULL, 0};
    if (bai_variant_info(info, variants->keys[i], &value) && value.n == 0) value = (bai_span){"1", 1}; /* a flag */
    status = add_text(variants, INFO + i, value);
  }
  return status;
}

static ba_status add_dosages(ba_variants *variants) {
  bai_vector *dosages = &variants->dosages;
  const int64_t samples = bai_dictionary_count(&variants->vcf.header.samples);
  const int32_t allele = variants->split && variants->variant.alts > 0 ? variants->next_alt + 1 : 0;
  float *row = NULL;
  if (!variants->no_dosage && samples > 0) {
    const int64_t rows = dosages->count == 0 && variants->last_rows > 0 ? variants->last_rows : 1;
    const ba_status status = bai_vector_reserve(variants->context, dosages, rows * samples, (int64_t)sizeof *row);
    if (status) return status;
    row = (float *)dosages->data + dosages->count;
  }
  const ba_status status = variants->vcf.header.bcf ? bai_bcf_dosage(&variants->vcf, &variants->variant, allele, row)
                                                    : bai_vcf_dosage(&variants->vcf, &variants->variant, allele, row);
  if (!status && row) dosages->count += samples;
  return status;
}

/* A row that fails half way is not counted, and what it added is behind the rows. */
static ba_status add_row(ba_variants *variants) {
  ba_context *context = variants->context;
  const bai_variant *variant = &variants->variant;
  const bai_span alt = variants->split && variant->alts > 0 ? bai_variant_take_alt(&variants->alts) : variant->alt;
  ba_status status = add_dosages(variants);
  if (!status && variants->rows == 0) {
    status = bai_vector_reserve(context, &variants->positions, variants->last_rows, 8);
    if (!status) status = bai_vector_reserve(context, &variants->qualities, variants->last_rows, 4);
  }
  if (!status) status = add_text(variants, CHROM, variant->chrom);
  if (!status) status = add_text(variants, ID, variant->id);
  if (!status) status = add_text(variants, REF, variant->ref);
  if (!status) status = add_text(variants, ALT, alt);
  if (!status) status = add_text(variants, FILTER, variant->filter);
  if (!status) status = add_info(variants);
  if (!status) status = bai_vector_append(context, &variants->positions, &variant->position, 1, 8);
  if (!status) status = bai_vector_append(context, &variants->qualities, &variant->quality, 1, 4);
  if (!status) status = add_bit(context, &variants->quality_bits, variants->rows, variant->has_quality);
  if (status) return status;
  variants->quality_missing += !variant->has_quality;
  variants->rows++;
  if (++variants->next_alt < variant->alts && variants->split) return BA_OK;
  variants->pending = 0;
  variants->vcf.record++;
  return BA_OK;
}

static int32_t is_full(const ba_variants *variants, int64_t most) {
  return variants->rows >= most || variants->text_bytes >= MOST_TEXT || variants->dosages.count >= MOST_DOSAGES;
}

static ba_status fill(ba_variants *variants, int64_t most) {
  ba_status status = variants->finished ? BA_END : BA_OK;
  while (!status && !is_full(variants, most)) {
    status = bai_check_cancel(variants->context);
    if (!status && !variants->pending) {
      status = variants->vcf.header.bcf ? read_bcf(variants) : read_vcf(variants);
      variants->pending = !status;
      variants->next_alt = 0;
      variants->alts = variants->variant.alt;
    }
    if (!status) status = add_row(variants);
  }
  if (status == BA_END) variants->finished = 1;
  return status;
}

/* ---- tables ---- */

/* Keeps the bits only when something is missing. */
static uint8_t *give_bits(ba_context *context, bai_vector *bits, int64_t missing) {
  uint8_t *given = bits->data;
  if (missing == 0) {
    bai_free(context, given);
    given = NULL;
  }
  *bits = (bai_vector){0};
  return given;
}

static ba_status give_texts(ba_variants *variants, ba_table *table, const char *name, int32_t index) {
  texts *from = &variants->texts[index];
  bai_column column = {.bytes = from->bytes,
                       .offsets = from->offsets,
                       .validity = give_bits(variants->context, &from->bits, from->missing)};
  *from = (texts){.last_bytes = from->bytes.count};
  return bai_table_take(table, name, &column);
}

static ba_status give_numbers(ba_table *table, const char *name, int32_t dtype, int64_t columns, bai_vector *from,
                              uint8_t *validity) {
  const int64_t shape[2] = {table->rows, columns};
  bai_column column = {.validity = validity};
  void *data = from->data;
  *from = (bai_vector){0};
  ba_status status = bai_array_take(table->context, dtype, columns > 0 ? 2 : 1, shape, data, &column.array);
  if (status) {
    bai_column_free(table->context, &column);
    return status;
  }
  return bai_table_take(table, name, &column);
}

static ba_status give_info(ba_variants *variants, ba_table *table) {
  if (variants->key_count < 0) return give_texts(variants, table, "info", INFO);
  ba_status status = BA_OK;
  for (int32_t i = 0; !status && i < variants->key_count; i++) {
    char name[BAI_OPTION_TEXT + 8];
    bai_format(name, sizeof name, "info/%.*s", (int)variants->keys[i].n, variants->keys[i].at);
    status = give_texts(variants, table, name, INFO + i);
  }
  return status;
}

static ba_status give_columns(ba_variants *variants, ba_table *table) {
  ba_context *context = variants->context;
  const int64_t samples = bai_dictionary_count(&variants->vcf.header.samples);
  ba_status status = give_texts(variants, table, "chrom", CHROM);
  if (!status) status = give_numbers(table, "position", BA_INT64, 0, &variants->positions, NULL);
  if (!status) status = give_texts(variants, table, "id", ID);
  if (!status) status = give_texts(variants, table, "ref", REF);
  if (!status) status = give_texts(variants, table, "alt", ALT);
  if (!status) {
    uint8_t *bits = give_bits(context, &variants->quality_bits, variants->quality_missing);
    status = give_numbers(table, "quality", BA_FLOAT32, 0, &variants->qualities, bits);
  }
  if (!status) status = give_texts(variants, table, "filter", FILTER);
  if (!status) status = give_info(variants, table);
  if (!status && !variants->no_dosage && samples > 0)
    status = give_numbers(table, "dosage", BA_FLOAT32, samples, &variants->dosages, NULL);
  return status;
}

/* The rows as a table. After a failure they are gone, so it stays. */
static ba_status give_rows(ba_variants *variants, ba_table **out) {
  variants->last_rows = variants->rows;
  ba_status status = bai_table_make(variants->context, variants->rows, out);
  if (!status) status = give_columns(variants, *out);
  if (status) {
    ba_table_release(*out);
    *out = NULL;
  }
  free_rows(variants);
  return status;
}

static ba_status keep_error(ba_variants *variants, ba_status status) {
  ba_context *context = variants->context;
  if (variants->path) bai_fail_prefix(context, status, variants->path);
  variants->error = (saved_error){status, context->error_record, context->error_byte, {0}};
  memcpy(variants->error.message, context->message, sizeof variants->error.message);
  return status;
}

static ba_status repeat_error(const ba_variants *variants) {
  ba_context *context = variants->context;
  context->error = variants->error.status;
  context->error_record = variants->error.record;
  context->error_byte = variants->error.byte;
  memcpy(context->message, variants->error.message, sizeof context->message);
  return variants->error.status;
}

static ba_status next_table(ba_variants *variants, int64_t most, ba_table **out) {
  ba_context *context = variants->context;
  ba_status status = variants->error.status;
  if (!status) {
    status = fill(variants, most < MOST_ROWS ? most : MOST_ROWS);
    if (status == BA_ERR_CANCELLED) return status;
    if (status < 0) keep_error(variants, status);
  }
  if (variants->rows == 0) return variants->error.status ? repeat_error(variants) : status;
  if (variants->error.status) { /* it waits for a later call */
    context->error = BA_OK;
    context->error_record = context->error_byte = -1;
    context->message[0] = 0;
  }
  status = give_rows(variants, out);
  return status && !variants->error.status ? keep_error(variants, status) : status;
}

ba_status ba_variants_next(ba_variants *variants, int64_t most, ba_table **out) {
  if (out == NULL) return BA_ERR_ARGUMENT;
  *out = NULL;
  if (variants == NULL) return BA_ERR_ARGUMENT;
  ba_status status = bai_enter(variants->context);
  if (status) return status;
  status = most >= 1 ? next_table(variants, most, out)
                     : bai_fail(variants->context, BA_ERR_ARGUMENT,
                                "ba_variants_next: most is %lld; expected 1 or more", (long long)most);
  return bai_leave(variants->context, status);
}

/* ---- facts ---- */

int32_t ba_variants_format(const ba_variants *variants) {
  if (variants == NULL) return BA_FORMAT_UNKNOWN;
  return variants->vcf.header.bcf ? BA_FORMAT_BCF : BA_FORMAT_VCF;
}

int64_t ba_variants_samples(const ba_variants *variants) {
  return variants ? bai_dictionary_count(&variants->vcf.header.samples) : 0;
}

const char *ba_variants_sample(const ba_variants *variants, int64_t index, int64_t *length) {
  const int32_t there = index >= 0 && index < ba_variants_samples(variants);
  const bai_span name = there ? bai_dictionary_text(&variants->vcf.header.samples, index) : (bai_span){NULL, 0};
  if (length) *length = name.n;
  return name.at;
}
