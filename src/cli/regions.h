/* SPDX-License-Identifier: MIT
 *
 * regions.h: the regions of a BED file, found by name.
 */
#ifndef BA_CLI_REGIONS_H
#define BA_CLI_REGIONS_H

#include "cli.h"

/* Letters [start, end) of the record called `name`. Texts live in the buffer of the list. */
typedef struct cli_region {
  const char *name, *label; /* label: the fourth column, or NULL */
  int64_t start, end, order;
  char strand; /* '+', '-', or '.' when the file does not say */
  bool found;  /* whether a record had the name */
} cli_region;

typedef struct cli_regions {
  char *text;
  cli_region *items; /* by name, then as in the file */
  int64_t count, room;
} cli_regions;

int cli_regions_read(cli *c, const char *path, cli_regions *out);
/* The regions of one name, next to each other, in the order of the file; NULL and 0 when there are none. */
cli_region *cli_regions_find(cli_regions *regions, const char *name, int64_t length, int64_t *count);
/* How many were not found. */
int64_t cli_regions_absent(const cli_regions *regions);
void cli_regions_free(cli_regions *regions);

#endif
