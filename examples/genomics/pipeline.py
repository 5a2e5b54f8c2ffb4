# SPDX-License-Identifier: MIT
"""Sequences by an API to raw objects; features and a model by array jobs on a shared folder; results to SQL."""

import base64
import hashlib
import json
import os
import shutil
import sys
import time
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path

import bioanalytics as bio
from bioanalytics.sharded import BLOCK

from lib.fetch import fetch
from lib.run import EXAMPLES
from lib.steps import write_atomically

from .jobs import ArrayJob
from .worker import COLUMNS

# The recipe was chosen by training on all arms but 2L and X and looking at 2L; X is looked at here alone.
SETTINGS = {"recipe": "Kmer(k=4..6) + PositionKmer(k=2) | Logistic(l2=3e-4, tol=0.02)", "length": 250, "seed": 1,
            "page": 1000, "workers": 2}
MANIFEST = "raw/genomes/manifest.json"


# ---- raw ----

def token_of(run):
    """The secret of the API, from BIO_GENOMICS_TOKEN or the file that the made-up API wrote. It is logged nowhere."""
    if "BIO_GENOMICS_TOKEN" in os.environ:
        return os.environ["BIO_GENOMICS_TOKEN"]
    assert run.sources  # the made-up API writes the file when it starts
    return (run.state / "sources" / "genomics.token").read_text()


def manifest_of(run):
    """What was taken in: a page counts once it stands here."""
    found = [one.key for one in run.store.list(MANIFEST)]
    return json.loads(run.store.get(MANIFEST)) if found else []


def page_of(answer):
    """Takes an answer apart; one whose digest is another, or that is no FASTA, is malformed."""
    sha256 = hashlib.sha256(answer.content)
    if answer.headers["Repr-Digest"] != f"sha-256=:{base64.b64encode(sha256.digest()).decode()}:":
        raise ValueError("the body is not the one that the digest is of")
    records = sum(len(batch) for batch in bio.open(answer.content)) if answer.content else 0
    released = answer.headers.get("Last-Modified")
    day = released and parsedate_to_datetime(released).date().isoformat()
    return {"body": answer.content, "sha256": sha256.hexdigest(), "records": records, "day": day,
            "next": answer.headers["X-Next-Cursor"]}


def ingest(run):
    """Every page behind the last one that the manifest has, until one is empty."""
    manifest, before = manifest_of(run), len(manifest_of(run))
    secret = {"Authorization": f"Bearer {token_of(run)}"}
    while True:
        page = fetch(f"{run.sources}/v1/sequences", page_of, headers=secret, attempts=16,
                     params={"cursor": manifest[-1]["next"] if manifest else "", "limit": run.settings["page"]})
        if not page["records"]:
            break
        body = page.pop("body")
        key = f"raw/genomes/dt={page.pop('day')}/page-{len(manifest) + 1:05}.fa"
        run.store.put(key, body)
        manifest.append({"key": key, "bytes": len(body), **page})
        run.store.put(MANIFEST, json.dumps(manifest, indent=1).encode())
    return {"pages": len(manifest) - before, "records": sum(page["records"] for page in manifest[before:])}


# ---- jobs on the shared folder ----

def shared(run):
    return Path(os.environ.get("SHARED_DIR", run.state / "shared"))


def array_job(run, kind, folder, size, **options):
    """Workers of genomics.worker; on AWS the same command runs in a job of AWS Batch (deploy/genomics.yaml)."""
    env = {"BIO_STORE_URL": run.store.url, "PYTHONPATH": f"{EXAMPLES}:{os.environ['PYTHONPATH']}"}
    return ArrayJob(run.log, kind, [sys.executable, "-m", "genomics.worker", kind, folder], size, env, **options)


def features(run):
    """Rows and features of each page, by four workers, two at once."""
    folder, manifest = shared(run), manifest_of(run)
    write_atomically(folder / "manifest.json", json.dumps(manifest))
    with array_job(run, "features", folder, size=4, at_once=run.settings["workers"]) as job:
        job.wait()
    return {"pages": len(manifest)}


def dataset(run):
    """All rows in the order of the pages, train apart from test, and the blocks that training is dealt out by."""
    rows = [line for page in manifest_of(run)
            for line in (shared(run) / "rows" / f"{Path(page['key']).stem}.tsv").read_text().splitlines(True)[1:]]
    parts = {part: [line for line in rows if line.endswith(f"\t{part}\n")] for part in ("train", "test")}
    digest = hashlib.sha256("".join(rows).encode()).hexdigest()
    folder = shared(run) / "data"
    for part, lines in parts.items():
        write_atomically(folder / f"{part}.tsv", COLUMNS + "".join(lines))
    write_atomically(folder / "test.fa", "".join(">{}\n{}\n".format(*line.split("\t")) for line in parts["test"]))
    shutil.rmtree(folder / "blocks", ignore_errors=True)
    for first in range(0, len(parts["train"]), BLOCK):
        block = COLUMNS + "".join(parts["train"][first:first + BLOCK])
        write_atomically(folder / "blocks" / f"{first // BLOCK:04}.tsv", block)
    write_atomically(folder / "about.json", json.dumps({"id": digest, "records": len(rows), "letters": sum(
        len(line.split("\t")[1]) for line in rows)}))
    return {part: len(lines) for part, lines in parts.items()}


def train_in_parts(run, folder, workers, watch=None):
    """The model of a training whose rows are with workers, and its rounds; requests and sums go through the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(shared(run) / "data" / "blocks", folder / "blocks")
    solver = bio.Solver(run.settings["recipe"], ["0", "1"], seed=run.settings["seed"], length=run.settings["length"])
    with array_job(run, "sums", folder, size=workers, at_once=workers) as job:
        number, running = 0, True
        while running:
            write_atomically(folder / f"request-{number:04}", solver.ask())
            if watch:
                watch(job, number)
            wanted = [folder / f"sums-{number:04}-{index:02}" for index in range(workers)]
            while not all(path.exists() for path in wanted):
                job.look()
                time.sleep(0.002)
            running = solver.tell([path.read_bytes() for path in wanted])
            number += 1
        write_atomically(folder / "finished", "")
        job.wait()
    return solver.finish(), number


def train(run):
    """The model, which appears whole beside the data; the predictors look at this file."""
    model, rounds = train_in_parts(run, shared(run) / "training", run.settings["workers"])
    model.save(model_file(run))
    return {"rounds": rounds}


def model_file(run):
    return shared(run) / "model.ba"


# ---- results ----

def results(run):
    """The tables of examples/serve/schema.sql, which the predictors write into as well."""
    run.sql.script((EXAMPLES / "serve" / "schema.sql").read_text())
    return run.sql


def moment():
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


def report(run):
    """Run, dataset, model, metrics and the predictions of the test rows; what is there already stays one row."""
    sql, about = results(run), json.loads((shared(run) / "data" / "about.json").read_text())
    info = json.loads(run.ba("info", "--json", model_file(run)))
    this, model, quality = f"train-{info['digest']}-{about['id'][:12]}", info["digest"], quality_of(run)
    sql.insert("run", [{"id": this, "kind": "train", "status": "done", "started": moment(), "finished": moment(),
                        "detail": json.dumps(run.settings)}])
    sql.upsert("dataset", [{**about, "name": "fly promoters", "source": f"{run.store.url}/{MANIFEST}", "run": this}],
               ["id"])
    sql.upsert("model", [{"digest": model, "name": "promoters", "recipe": info["recipe"], "about": json.dumps(info),
                          "run": this, "dataset": about["id"]}], ["digest"])
    sql.upsert("metric", [{"run": this, "name": name, "value": value, "model": model}
                          for name, value in quality.items()], ["run", "name"])
    sql.insert("prediction", predictions(run, this, model))
    return {name: round(quality[name], 4) for name in ("accuracy", "majority", "auroc")}


def quality_of(run):
    """Figures on the chromosome set apart, beside what the more frequent class of training gives there."""
    folder = shared(run) / "data"
    found = bio.evaluate(bio.Model.load(model_file(run)), bio.Dataset().add_file(folder / "test.tsv"), "test")
    labels = {part: [line.split("\t")[2] for line in (folder / f"{part}.tsv").read_text().splitlines()[1:]]
              for part in ("train", "test")}
    frequent = max(sorted(set(labels["train"])), key=labels["train"].count)
    return {"accuracy": found["accuracy"], "auroc": found["auroc"], "log_loss": found["log_loss"],
            "majority": labels["test"].count(frequent) / len(labels["test"])}


def predictions(run, request, model):
    fasta = shared(run) / "data" / "test.fa"
    letters = dict(line.split("\n")[:2] for line in fasta.read_text().split(">")[1:])
    table = [line.split("\t") for line in run.ba("predict", "--model", model_file(run), fasta).splitlines()[1:]]
    return [{"request": request, "n": n, "run": request, "model": model, "name": name,
             "sequence": hashlib.sha256(letters[name].encode()).hexdigest(), "class": label,
             "probability": float(probability), "score": float(score), "at": moment()}
            for n, (name, label, probability, score) in enumerate(table, 1)]


STEPS = {"ingest": ingest, "features": features, "dataset": dataset, "train": train, "report": report}
