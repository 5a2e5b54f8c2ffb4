# SPDX-License-Identifier: MIT
"""Starts the merge when an object came: S3 tells at least once, the store's first writer of a claim makes it once."""

from urllib.parse import unquote_plus

from . import curated


def handler(event, run):
    """Takes S3's ObjectCreated event; the facts of each run that this call started."""
    started = []
    for record in event["Records"]:
        found = record["s3"]["object"]
        claim = f"runs/{unquote_plus(found['key']).replace('/', '_')}-{found['eTag']}.json"
        if not run.store.put(claim, b"started", if_absent=True):
            continue
        try:
            started.append(curated.merge_sales(run))
        except Exception:
            run.store.delete(claim)  # so that Lambda's next attempt may
            raise
    return started
