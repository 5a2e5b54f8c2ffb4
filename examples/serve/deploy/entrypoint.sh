#!/bin/sh
# SPDX-License-Identifier: MIT
# Starts bio-serve in a container. SageMaker says `serve` and unpacks model.tar.gz into /opt/ml/model; elsewhere the
# model is MODEL, or the one in /models, and BIO_SERVE_STORE names the database. More arguments go to bio-serve.
set -eu
if [ "${1:-}" = serve ]; then shift; fi
for model in "${MODEL:-}" /opt/ml/model/*.ba /models/*.ba; do
  if [ -f "$model" ]; then break; fi
done
if [ ! -f "$model" ]; then
  echo "entrypoint: no model: set MODEL, or put one .ba into /opt/ml/model or /models" >&2
  exit 2
fi
if [ -n "${BIO_SERVE_STORE:-}" ]; then
  set -- --store "$BIO_SERVE_STORE" --spool "${BIO_SERVE_SPOOL:-/var/spool/bio-serve/results}" "$@"
fi
exec "${BIO_SERVE:-/opt/bioanalytics/bin/bio-serve}" --model "$model" --listen 0.0.0.0 --port "${PORT:-8080}" "$@"
