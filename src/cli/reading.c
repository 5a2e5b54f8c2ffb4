/* SPDX-License-Identifier: MIT
 *
 * reading.c: options about pairs, trimming, regions and what is left out, as stats and convert take them; the loop over
 * the records of a file.
 */
#include <string.h>
#include <sys/stat.h>

#include "cli.h"

bool cli_reading_pairs(const cli_reading *reading) {
  return reading->mate != NULL || reading->interleaved;
}

bool cli_reading_filters(const cli_reading *r) {
  return r->trim_quality > 0 || r->trim_start_quality > 0 || r->min_length > 0 || r->max_length >= 0 ||
         r->max_ambiguous >= 0 || r->min_mean_quality > 0;
}

int cli_reading_check(cli *c, const cli_reading *r) {
  const struct {
    const char *name;
    int64_t value, least, most;
  } ranges[] = {{"trim-quality", r->trim_quality, 0, 93},
                {"trim-start-quality", r->trim_start_quality, 0, 93},
                {"min-mean-quality", r->min_mean_quality, 0, 93},
                {"min-length", r->min_length, 0, INT64_C(1) << 53},
                {"max-length", r->max_length, -1, INT64_C(1) << 53},
                {"max-ambiguous", r->max_ambiguous, -1, INT64_C(1) << 53}};
  for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
    if (ranges[i].value < ranges[i].least || ranges[i].value > ranges[i].most)
      return cli_error(c, CLI_USAGE, "--%s %lld: expected 0 to %lld", ranges[i].name, (long long)ranges[i].value,
                       (long long)ranges[i].most);
  if (r->mate != NULL && r->interleaved)
    return cli_error(c, CLI_USAGE, "give --mate FILE, or --interleaved when one file has both mates, not both");
  if (r->region != NULL && cli_reading_pairs(r))
    return cli_error(c, CLI_USAGE, "--region is about one indexed file, not about pairs");
  if (r->index != NULL && r->region == NULL)
    return cli_error(c, CLI_USAGE, "--index is for --region, which is missing");
  if (r->pair_filter == NULL) return CLI_DONE;
  if (strcmp(r->pair_filter, "any") != 0 && strcmp(r->pair_filter, "both") != 0)
    return cli_error(c, CLI_USAGE, "--pair-filter '%s': expected any or both", r->pair_filter);
  if (!cli_reading_pairs(r))
    return cli_error(c, CLI_USAGE, "--pair-filter is about pairs, so it needs --mate or --interleaved");
  return CLI_DONE;
}

static ba_status open_region(cli *c, const char *path, const char *options, const char *region, ba_reader **out) {
  ba_index *index = NULL;
  ba_status status = ba_index_open(c->context, path, options, &index);
  if (status == BA_OK) status = ba_index_fetch(index, region, out);
  ba_index_close(index);
  return status;
}

int cli_reading_open(cli *c, const cli_reading *r, const char *path, ba_reader **out) {
  char options[768], most[512] = "";
  size_t used = 0;
  if (r->max_length >= 0) used += (size_t)snprintf(most, sizeof most, ", max_length=%lld", (long long)r->max_length);
  if (r->max_ambiguous >= 0)
    used += (size_t)snprintf(most + used, sizeof most - used, ", max_ambiguous=%lld", (long long)r->max_ambiguous);
  if (r->chunk > 0 && !cli_reading_filters(r) && !cli_reading_pairs(r))
    used += (size_t)snprintf(most + used, sizeof most - used, ", chunk=%lld", (long long)r->chunk);
  if (r->tags != NULL) used += (size_t)snprintf(most + used, sizeof most - used, ", tags=%.100s", r->tags);
  if (r->index != NULL) snprintf(most + used, sizeof most - used, ", index=%.256s", r->index);
  snprintf(options, sizeof options,
           "trim_quality=%lld, trim_start_quality=%lld, min_length=%lld, min_mean_quality=%lld, pair_filter=%s%s",
           (long long)r->trim_quality, (long long)r->trim_start_quality, (long long)r->min_length,
           (long long)r->min_mean_quality, r->pair_filter != NULL ? r->pair_filter : "any", most);
  const ba_status status = r->region != NULL      ? open_region(c, path, options, r->region, out)
                           : cli_reading_pairs(r) ? ba_reader_open_pair(c->context, path, r->mate, options, out)
                                                  : ba_reader_open_path(c->context, path, options, out);
  return status == BA_OK ? CLI_DONE : cli_fail_in(c, status, path);
}

cli_filtered cli_reading_count(const ba_reader *reader) {
  cli_filtered counts = {.records = ba_reader_skipped(reader)};
  ba_reader_trimmed(reader, &counts.trimmed, &counts.letters);
  return counts;
}

void cli_filtered_json(cJSON *object, const cli_filtered *counts) {
  cJSON_AddNumberToObject(object, "left_out", (double)counts->records);
  cJSON_AddNumberToObject(object, "trimmed_records", (double)counts->trimmed);
  cJSON_AddNumberToObject(object, "trimmed_letters", (double)counts->letters);
}

int cli_each_record(cli *c, ba_reader *reader, const char *path, FILE *out, cli_record_call call, void *job) {
  ba_status status = BA_OK;
  int code = CLI_DONE;
  while (code == CLI_DONE && !ferror(out)) {
    ba_records *records = NULL;
    status = ba_reader_next(reader, 1024, &records);
    if (status != BA_OK) break;
    const int64_t count = ba_records_count(records);
    for (int64_t i = 0; code == CLI_DONE && i < count; i++) code = call(job, records, i, path);
    ba_records_release(records);
  }
  ba_reader_close(reader);
  if (code != CLI_DONE || status == BA_END || status == BA_OK) return code;
  return cli_fail_in(c, status, path);
}

bool cli_can_reread(const char *path) {
  struct stat about;
  if (strcmp(path, "-") == 0) return false;
  return stat(path, &about) != 0 || !(S_ISFIFO(about.st_mode) || S_ISCHR(about.st_mode) || S_ISSOCK(about.st_mode));
}
