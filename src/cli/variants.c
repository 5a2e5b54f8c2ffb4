/* SPDX-License-Identifier: MIT
 *
 * variants.c: VCF and BCF for the commands stats and convert: what the alleles are, how many genotypes are missing, and
 * the table as TSV.
 */
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"

int cli_variants_open(cli *c, const char *path, const char *options, ba_variants **out) {
  struct stat about;
  int64_t record, byte;
  *out = NULL;
  /* Only a regular file can be looked into and read again. */
  if (strcmp(path, "-") == 0 || stat(path, &about) != 0 || !S_ISREG(about.st_mode)) return CLI_DONE;
  const ba_status status = ba_variants_open_path(c->context, path, options, out);
  ba_context_error_position(c->context, &record, &byte);
  const bool other = status == BA_ERR_UNSUPPORTED || status == BA_ERR_IO || status == BA_ERR_CORRUPT ||
                     (status == BA_ERR_TRUNCATED && byte <= 0);
  return status == BA_OK || other ? CLI_DONE : cli_fail_in(c, status, path);
}

/* ---- counting ---- */

static bool is_base(char letter) {
  return letter != '\0' && strchr("ACGTNacgtn", letter) != NULL;
}

static char upper(char letter) {
  return (char)(letter >= 'a' ? letter - 'a' + 'A' : letter);
}

/* One ALT allele against REF; bases that both have around the change are passed over. */
static void count_allele(cli_variants *v, const char *ref, int64_t n, const char *alt, int64_t m) {
  bool bases = m > 0;
  for (int64_t i = 0; bases && i < m; i++) bases = is_base(alt[i]);
  if (!bases) {
    v->others++;
    return;
  }
  while (n > 1 && m > 1 && upper(ref[n - 1]) == upper(alt[m - 1])) n--, m--;
  for (; n > 1 && m > 1 && upper(ref[0]) == upper(alt[0]); n--, m--) ref++, alt++;
  if (n != m) {
    v->indels++;
  } else if (n > 1) {
    v->mnvs++;
  } else {
    static const char *const pairs[] = {"AG", "GA", "CT", "TC"};
    const char change[3] = {upper(ref[0]), upper(alt[0]), '\0'};
    bool transition = false;
    for (int i = 0; i < 4; i++) transition = transition || strcmp(change, pairs[i]) == 0;
    v->snvs++;
    if (transition)
      v->transitions++;
    else if (strpbrk(change, "N") == NULL && change[0] != change[1])
      v->transversions++;
  }
}

static void count_row(cli_variants *v, const ba_table *table, int64_t row) {
  int64_t n = 0, m = 0, alleles = 0;
  const char *ref = ba_table_text(table, ba_table_find(table, "ref"), row, &n);
  const char *alt = ba_table_text(table, ba_table_find(table, "alt"), row, &m);
  v->records++;
  if (m == 1 && alt[0] == '.') return;
  for (const char *at = alt, *end = alt + m; at <= end; alleles++) {
    const char *comma = memchr(at, ',', (size_t)(end - at)), *stop = comma != NULL ? comma : end;
    count_allele(v, ref, n, at, stop - at);
    at = stop + 1;
  }
  v->multiallelic += alleles > 1;
}

static void count_table(cli_variants *v, const ba_table *table) {
  const ba_array *dosage = ba_table_array(table, ba_table_find(table, "dosage"));
  const int64_t rows = ba_table_rows(table), all = rows * ba_array_shape(dosage, 1);
  const float *values = ba_array_data(dosage);
  for (int64_t row = 0; row < rows; row++) count_row(v, table, row);
  for (int64_t i = 0; i < all; i++) v->missing += isnan(values[i]);
}

int cli_variants_count(cli *c, const char *path, ba_variants *variants, cli_variants *out) {
  ba_status status = BA_OK;
  *out = (cli_variants){.samples = ba_variants_samples(variants)};
  while (true) {
    ba_table *table = NULL;
    status = ba_variants_next(variants, 65536, &table);
    if (status != BA_OK) break;
    count_table(out, table);
    ba_table_release(table);
    cli_progress(c, "reading %s: %lld records", path, (long long)out->records);
    const int code = cli_interrupted(c);
    if (code != CLI_DONE) return code;
  }
  return status == BA_END ? CLI_DONE : cli_fail_in(c, status, path);
}

static double share(int64_t part, int64_t whole) {
  return whole > 0 ? (double)part / (double)whole : NAN;
}

void cli_variants_json(cJSON *object, const cli_variants *v) {
  cJSON_AddNumberToObject(object, "records", (double)v->records);
  cJSON_AddNumberToObject(object, "samples", (double)v->samples);
  cJSON_AddNumberToObject(object, "snvs", (double)v->snvs);
  cJSON_AddNumberToObject(object, "mnvs", (double)v->mnvs);
  cJSON_AddNumberToObject(object, "indels", (double)v->indels);
  cJSON_AddNumberToObject(object, "others", (double)v->others);
  cJSON_AddNumberToObject(object, "multiallelic", (double)v->multiallelic);
  cJSON_AddNumberToObject(object, "transitions", (double)v->transitions);
  cJSON_AddNumberToObject(object, "transversions", (double)v->transversions);
  cli_json_add(object, "ti_tv", share(v->transitions, v->transversions));
  cli_json_add(object, "missing_rate", share(v->missing, v->records * v->samples));
}

static const char *shown(char *text, size_t room, double value) {
  snprintf(text, room, isfinite(value) ? "%.4f" : "-", value);
  return text;
}

void cli_variants_heading(int width) {
  printf("%-*s  %-7s %12s %10s %12s %10s %10s %10s %13s %8s %8s\n", width, "file", "format", "records", "samples",
         "SNVs", "MNVs", "indels", "others", "multiallelic", "ti/tv", "missing");
}

void cli_variants_line(int width, const char *file, const char *format, const cli_variants *v) {
  char ratio[40], missing[40];
  printf("%-*s  %-7s %12lld %10lld %12lld %10lld %10lld %10lld %13lld %8s %8s\n", width, file, format,
         (long long)v->records, (long long)v->samples, (long long)v->snvs, (long long)v->mnvs, (long long)v->indels,
         (long long)v->others, (long long)v->multiallelic,
         shown(ratio, sizeof ratio, share(v->transitions, v->transversions)),
         shown(missing, sizeof missing, share(v->missing, v->records * v->samples)));
}

/* ---- TSV ---- */

static void write_heading(FILE *out, const ba_variants *variants, const ba_table *table) {
  for (int64_t column = 0; column < ba_table_columns(table); column++) {
    const char *name = ba_table_name(table, column);
    const int64_t samples = strcmp(name, "dosage") == 0 ? ba_variants_samples(variants) : 0;
    if (samples == 0) fprintf(out, "%s%s", column > 0 ? "\t" : "", name);
    for (int64_t i = 0; i < samples; i++) {
      int64_t n = 0;
      const char *sample = ba_variants_sample(variants, i, &n);
      fprintf(out, "\tdosage/%.*s", (int)n, sample);
    }
  }
  fputc('\n', out);
}

/* A number that is missing or NaN is an empty field. */
static void write_numbers(FILE *out, const ba_table *table, int64_t column, int64_t row) {
  const ba_array *array = ba_table_array(table, column);
  const uint8_t *valid = ba_table_validity(table, column);
  const int64_t columns = ba_array_ndim(array) == 2 ? ba_array_shape(array, 1) : 1;
  const void *data = ba_array_data(array);
  for (int64_t i = 0; i < columns; i++) {
    if (i > 0) fputc('\t', out);
    if (valid != NULL && (valid[row / 8] >> (row % 8) & 1) == 0) continue;
    if (ba_array_dtype(array) == BA_INT64) {
      fprintf(out, "%lld", (long long)((const int64_t *)data)[row]);
    } else {
      const float value = ((const float *)data)[row * columns + i];
      if (!isnan(value)) fprintf(out, "%.9g", (double)value);
    }
  }
}

static void write_table(FILE *out, const ba_table *table) {
  for (int64_t row = 0; row < ba_table_rows(table); row++) {
    for (int64_t column = 0; column < ba_table_columns(table); column++) {
      if (column > 0) fputc('\t', out);
      if (ba_table_array(table, column) != NULL) {
        write_numbers(out, table, column, row);
        continue;
      }
      int64_t n = 0;
      const char *text = ba_table_text(table, column, row, &n);
      if (n > 0) fwrite(text, 1, (size_t)n, out);
    }
    fputc('\n', out);
  }
}

int cli_variants_write(cli *c, const char *path, ba_variants *variants, FILE *out, int64_t *rows) {
  ba_status status = BA_OK;
  while (!ferror(out)) { /* cli_output_close says so */
    ba_table *table = NULL;
    status = ba_variants_next(variants, 65536, &table);
    if (status != BA_OK) break;
    if (*rows == 0) write_heading(out, variants, table);
    write_table(out, table);
    *rows += ba_table_rows(table);
    ba_table_release(table);
    cli_progress(c, "converting %s: %lld rows", path, (long long)*rows);
    const int code = cli_interrupted(c);
    if (code != CLI_DONE) return code;
  }
  return status >= 0 ? CLI_DONE : cli_fail_in(c, status, path);
}
