/* SPDX-License-Identifier: MIT
 *
 * main.c: the program ba. It finds the command and hands over.
 */
#include <string.h>

#include "cli.h"

const cli_command cli_commands[] = {
    {"stats", cli_stats, "count records, letters, lengths, GC and quality of sequence files"},
    {"cut", cli_cut, "take a part of every record, or the regions of a BED file"},
    {"convert", cli_convert, "write records in another format: FASTA, FASTQ or TSV"},
    {"index", cli_index, "write the index of a FASTA file, by which --region finds its parts"},
    {"split", cli_split, "deal records or rows into train, dev and test, and report what leaks"},
    {"features", cli_features, "compute the features of a recipe: TSV, libsvm or NPY"},
    {"describe", cli_describe, "say what the columns of a table hold"},
    {"pca", cli_pca, "find the directions in which sequences or rows differ most, with a plot"},
    {"train", cli_train, "fit a model to labelled sequences or rows of numbers, and write it to one file"},
    {"learn", cli_learn, "fit a model in one pass over a table of any size"},
    {"eval", cli_eval, "measure a model on labelled sequences or rows"},
    {"calibrate", cli_calibrate, "fit a model's probabilities to rows that it has not seen"},
    {"predict", cli_predict, "give each record or row a class, a probability and a score"},
    {"scan", cli_scan, "score every window along long sequences, as bedGraph"},
    {"mutate", cli_mutate, "give the effect of every substitution, or of the variants of a VCF file"},
    {"explain", cli_explain, "list the features that weigh most, or each letter's part of a score"},
    {"info", cli_info, "say what a model file holds"},
    {"export", cli_export, "write a model as JSON, C source or ONNX"},
    {"selftest", cli_selftest, "check that this machine scores a model to the bit"},
    {"help", cli_help, "explain a command, or the recipe language"},
    {NULL, NULL, NULL},
};

void cli_usage(FILE *file) {
  fputs("ba: from sequences to a model that scores\n\nusage: ba COMMAND [OPTIONS] [FILE...]\n\ncommands\n", file);
  for (const cli_command *command = cli_commands; command->name != NULL; command++)
    fprintf(file, "  %-10s %s\n", command->name, command->summary);
  fputs(
      "\n`ba COMMAND --help` explains one with examples; `ba help recipe` explains recipes.\n"
      "Files are FASTA or FASTQ, plain, gzip or bgzf, found from their bytes; `-` is standard input.\n"
      "\nfirst steps\n"
      "  ba train --recipe '@motif | Logistic()' --pos bound.fa --neg other.fa --cv 5 --out m.ba\n"
      "  ba predict --model m.ba new.fa > scores.tsv\n"
      "\nexit codes\n"
      "  0 done   1 usage   2 bad input   3 input/output   4 memory, limit or interrupt   5 internal or selftest\n",
      file);
}

static int version(void) {
  printf("ba %s\n%s\n", ba_version_text(), ba_build_text());
  if (fflush(stdout) != 0) return CLI_IO;
  return CLI_DONE;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    cli_usage(stderr);
    return CLI_USAGE;
  }
  const char *name = argv[1];
  if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) return version();
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
    cli_usage(stdout);
    return fflush(stdout) != 0 ? CLI_IO : CLI_DONE;
  }
  for (const cli_command *command = cli_commands; command->name != NULL; command++)
    if (strcmp(name, command->name) == 0) return command->run(argc - 1, argv + 1);
  fprintf(stderr, "ba: there is no command '%s'; `ba --help` lists them\n", name);
  return CLI_USAGE;
}
