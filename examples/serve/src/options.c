/* SPDX-License-Identifier: MIT
 *
 * options.c: what the command line says.
 */
#include "options.h"

#include <bioanalytics/bioanalytics.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char HELP[] =
    "usage: bio-serve --model m.ba [OPTIONS]\n"
    "\n"
    "Serves the predictions of one model file over HTTP, to the bits of `ba predict`.\n"
    "\n"
    "  --model FILE       the model. When the file is replaced (write another beside it, then `mv`), the new one is\n"
    "                     checked and taken without a dropped request; a bad one is refused and the old one stays\n"
    "  --name NAME        what answers call the model (default: the file's name)\n"
    "  --port N           default 8080; 0 takes a free one, which the log names\n"
    "  --listen ADDRESS   IPv4 or IPv6, default 127.0.0.1; 0.0.0.0 for all, behind a proxy that speaks TLS\n"
    "  --token-file FILE  POST and GET of results need `Authorization: Bearer TOKEN` with a line of this file; or one\n"
    "                     token in the environment variable BIO_SERVE_TOKEN. Without both everyone may ask\n"
    "  --store URL        postgres://user@host/database or sqlite:PATH; tables are made. Without it nothing is kept\n"
    "  --spool FOLDER     where results wait for the store, default bio-serve.spool\n"
    "  --threads N        scoring threads, default one a processor\n"
    "  --max-body BYTES   largest body, also when inflated; K, M and G may follow (default 16M)\n"
    "  --timeout SECONDS  for a request to arrive and to be answered (default 30)\n"
    "  --log all|events   log every request, or only those that fail and what happens (default events)\n"
    "  --version, --help\n"
    "\n"
    "  POST /predict      FASTA, FASTQ (gzip too), letters, CSV or JSON: {\"sequences\": [\"ACGT\"]}, {\"rows\": "
    "[{}]}\n"
    "  POST /explain      what each letter, or each column, adds to the score\n"
    "  POST /invocations  as /predict, and GET /ping: the contract of SageMaker; Accept: text/csv, application/json\n"
    "  GET /metrics       for Prometheus; /healthz: the model and its columns; /: a page to try it\n"
    "  GET /predictions?name=&model=&run=&from=&limit=&cursor=   and GET /runs/ID: from the store\n"
    "\n"
    "  ba train --recipe '@motif | Logistic()' --pos promoters.fa --neg others.fa --out m.ba\n"
    "  bio-serve --model m.ba --store sqlite:results.db &\n"
    "  curl --data-binary @new.fa http://127.0.0.1:8080/predict\n"
    "\n"
    "SIGTERM and SIGINT: takes no more, finishes what it has, empties the spool. SIGHUP: looks at the model and the\n"
    "tokens at once. The log is JSON, one line an event, on standard error. Exit: 0 done, 1 usage, 2 it cannot "
    "start.\n";

static bool usage(const char *message, const char *value) {
  fprintf(stderr, "bio-serve: %s%s%s; --help lists the options\n", message, value != NULL ? ": " : "",
          value != NULL ? value : "");
  return false;
}

static bool number(const char *option, const char *value, long long least, long long most, long long *out) {
  char *end;
  *out = strtoll(value, &end, 10);
  const char *unit = "KMG", *found = *end != '\0' ? strchr(unit, *end) : NULL;
  if (most > UINT32_MAX && found != NULL) {
    for (const char *u = unit; u <= found; u++) *out *= 1024;
    end++;
  }
  if (end != value && *end == '\0' && *out >= least && *out <= most) return true;
  fprintf(stderr, "bio-serve: --%s %s: expected %lld to %lld; --help lists the options\n", option, value, least, most);
  return false;
}

static bool take(options *o, const char *name, const char *value) {
  long long n = 0;
  const struct {
    const char *name, **to;
  } texts[] = {{"model", &o->model}, {"name", &o->name},   {"listen", &o->listen},
               {"store", &o->store}, {"spool", &o->spool}, {"token-file", &o->token_file}};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    if (strcmp(name, texts[i].name) == 0) {
      *texts[i].to = value;
      return true;
    }
  }
  if (strcmp(name, "log") == 0) {
    o->log_everything = strcmp(value, "all") == 0;
    return o->log_everything || strcmp(value, "events") == 0 || usage("--log: expected all or events, not", value);
  }
  const bool read = strcmp(name, "port") == 0      ? number(name, value, 0, 65535, &n)
                    : strcmp(name, "threads") == 0 ? number(name, value, 1, 256, &n)
                    : strcmp(name, "timeout") == 0 ? number(name, value, 1, 3600, &n)
                                                   : number(name, value, 1, INT64_C(1) << 40, &n);
  if (strcmp(name, "port") == 0) o->port = (int)n;
  if (strcmp(name, "threads") == 0) o->threads = (int)n;
  if (strcmp(name, "timeout") == 0) o->timeout = (int)n;
  if (strcmp(name, "max-body") == 0) o->max_body = n;
  return read;
}

int options_read(options *o, int argc, char **argv) {
  static const struct option known[] = {
      {"model", required_argument, NULL, 0},    {"name", required_argument, NULL, 0},
      {"port", required_argument, NULL, 0},     {"listen", required_argument, NULL, 0},
      {"store", required_argument, NULL, 0},    {"spool", required_argument, NULL, 0},
      {"threads", required_argument, NULL, 0},  {"token-file", required_argument, NULL, 0},
      {"max-body", required_argument, NULL, 0}, {"timeout", required_argument, NULL, 0},
      {"log", required_argument, NULL, 0},      {"help", no_argument, NULL, 'h'},
      {"version", no_argument, NULL, 'V'},      {NULL, 0, NULL, 0}};
  const long processors = sysconf(_SC_NPROCESSORS_ONLN);
  *o = (options){.listen = "127.0.0.1", .spool = "bio-serve.spool", .port = 8080, .timeout = 30, .max_body = 16 << 20};
  o->threads = processors < 1 ? 1 : processors > 256 ? 256 : (int)processors;
  for (int code, at; (code = getopt_long(argc, argv, "h", known, &at)) != -1;) {
    if (code == 'h') fputs(HELP, stdout);
    if (code == 'V') printf("bio-serve, libbioanalytics %s (%s)\n", ba_version_text(), ba_build_text());
    if (code == 'h' || code == 'V') return 1;
    if (code == '?' || !take(o, known[at].name, optarg)) return 2;
  }
  if (optind < argc) return usage("no such argument", argv[optind]) + 2;
  if (o->model == NULL) return usage("--model is missing: the file that `ba train --out` wrote", NULL) + 2;
  return 0;
}
