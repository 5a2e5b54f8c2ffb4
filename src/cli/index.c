/* SPDX-License-Identifier: MIT
 *
 * index.c: `ba index`, the indexes by which regions of FASTA files are found.
 */
#include "cli.h"

static const cli_spec spec = {
    "index",
    "FILE...",
    "Writes FILE.fai for each FASTA file, and FILE.gzi too when it is bgzf, so that --region finds its parts. All "
    "lines of\n"
    "a sequence but the last must be of one length. The indexes of BAM and CRAM are made by samtools index.",
    "  ba index genome.fa\n"
    "  ba convert --to fasta --region chr2L:1,001-2,000 genome.fa -\n",
    1,
    -1,
};

int cli_index(int argc, char **argv) {
  cli c = {0};
  const cli_option options[] = {{NULL, CLI_FLAG, NULL, NULL, NULL}};
  int code = cli_start(&c, &spec, options, argc, argv);
  if (code != CLI_GO) return code;
  code = CLI_DONE;
  for (int32_t i = 0; code == CLI_DONE && i < c.files.count; i++) {
    cli_progress(&c, "indexing %s", c.files.items[i]);
    const ba_status status = ba_index_build(c.context, c.files.items[i]);
    if (status != BA_OK) code = cli_fail_in(&c, status, c.files.items[i]);
  }
  return cli_end(&c, code);
}
