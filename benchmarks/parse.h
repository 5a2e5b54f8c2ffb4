/* SPDX-License-Identifier: MIT
 *
 * parse.h: what both parsers count.
 */
#ifndef BENCH_PARSE_H
#define BENCH_PARSE_H

#include <stdint.h>

struct tally {
  int64_t records, letters, names;
  uint64_t sum; /* over the letters; this and the names only in the pass that sees that both read the same */
};

int bench_kseq(const char *path, int check, struct tally *out);

#endif
