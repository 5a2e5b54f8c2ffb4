# SPDX-License-Identifier: MIT
"""What was asked of the genomics system, each with its figure."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import requests

import bioanalytics as bio
from lib.check import NeedsReal
from lib.main import crontab_line
from lib.run import EXAMPLES
from lib.steps import write_atomically
from sources.clock import START
from sources.genomics import LATE, entries

from .jobs import ArrayJob, JobFailed
from .pipeline import (array_job, ingest, manifest_of, model_file, predictions, quality_of, report, shared, token_of,
                       train_in_parts)
from .serving import Predictors

ACCURACY = 0.72  # at least, of the chromosome set apart
REQUESTS, P99 = 1000, 0.25  # a second at least, and seconds at most, on two cores that others use as well
HERE, DEPLOY = Path(__file__).resolve().parent, EXAMPLES / "deploy"


def pages_by_token(run):
    """Nobody without the token gets a page; with it all pages came; it stands in no other file than its own."""
    url, secret = f"{run.sources}/v1/sequences", token_of(run)
    for headers in ({}, {"Authorization": "Bearer guess"}, {"Authorization": secret}):
        assert requests.get(url, headers=headers, timeout=10).status_code == 401
    wanted = "".join(record for record, moment in entries() if moment <= START)
    found = b"".join(run.store.get(page["key"]) for page in manifest_of(run)).decode()
    assert found == wanted, f"{found.count('>')} records, {wanted.count('>')} expected"
    # By another process: to open and close a file of SQLite in this one would give up the locks that it has.
    told = subprocess.run(["grep", "-rlF", "-f", "-", "--exclude=genomics.token", run.state], input=secret.encode(),
                          capture_output=True)
    assert told.returncode == 1, f"the token stands in {told.stdout.decode()}"
    return f"{wanted.count('>')} records in {len(manifest_of(run))} pages; 401 without the token"


def objects(run):
    return {(found.key, found.etag) for found in run.store.list("raw/")}


def only_new_ones(run):
    """Through 30 % of faults the same objects come; a second time none, and after some days only the new ones."""
    assert ingest(run)["pages"] == 0
    with run.fresh("bad-day") as bad:
        requests.put(f"{bad.sources}/_faults", json={"rate": 0.3, "seed": 3}, timeout=10).raise_for_status()
        ingest(bad)
        assert objects(bad) == objects(run)
        assert ingest(bad) == {"pages": 0, "records": 0}
        bad.wait(4 * 86400)
        assert ingest(bad)["records"] == LATE
        new = {key for key, _ in objects(bad) - objects(run)} - {"raw/genomes/manifest.json"}
        assert len(objects(bad)) == len(objects(run)) + len(new) and len(new) == 1
        faults = requests.get(f"{bad.sources}/_faults", timeout=10).json()
    assert min(faults.values()) > 0
    line = crontab_line("*/15 * * * *", "genomics").split(maxsplit=6)
    assert line[:5] == ["*/15", "*", "*", "*", "*"] and Path(line[5]).is_file() and line[6].startswith("genomics ")
    return f"0 new pages the second time, {LATE} new records after 4 days, through {sum(faults.values())} faults"


def raw_as_served(run):
    """Every object has the digest that the manifest says, and there is none that the manifest does not know."""
    manifest = manifest_of(run)
    for page in manifest:
        body = run.store.get(page["key"])
        assert hashlib.sha256(body).hexdigest() == page["sha256"] and len(body) == page["bytes"]
    assert {key for key, _ in objects(run)} == {page["key"] for page in manifest} | {"raw/genomes/manifest.json"}
    again = requests.get(f"{run.sources}/v1/sequences", timeout=10, params={"limit": run.settings["page"]},
                         headers={"Authorization": f"Bearer {token_of(run)}"})
    assert hashlib.sha256(again.content).hexdigest() == manifest[0]["sha256"]
    return f"{sum(page['bytes'] for page in manifest) / 1e6:.1f} MB in {len(manifest)} objects at {run.store.url}"


def tool(name):
    return Path(sys.executable).with_name(name)


def jobs_survive(run):
    """Killed workers are started again, a few run at once, bad input is not tried twice; a model comes out the same."""
    once = ["sh", "-c", "test $AWS_BATCH_JOB_ATTEMPT = 2 || kill -9 $$"]
    with ArrayJob(run.log, "probe", once, size=5, at_once=2) as job:
        job.wait()
    assert job.most == 2
    for command, attempts in (("sleep 60", 2), ("exit 2", 1), ("exit 1", 2)):
        try:
            with ArrayJob(run.log, "fails", ["sh", "-c", command], size=1, attempts=2, seconds=0.2) as job:
                job.wait()
        except JobFailed as why:
            assert f"at attempt {attempts}" in str(why)
        else:
            raise AssertionError(f"a worker of `{command}` was not given up")
    linter = subprocess.Popen([tool("cfn-lint"), DEPLOY / "genomics.yaml"], stdout=subprocess.PIPE, text=True)
    killed = []

    def kill(job, number):
        if number == 3:
            killed.append(job.running[1][0].pid)
            job.running[1][0].kill()
    model, _ = train_in_parts(run, run.state / "killed", 2, watch=kill)
    lines = [json.loads(line) for line in (run.log.folder / "steps.jsonl").read_text().splitlines()]
    attempts = [(line["index"], line["attempt"]) for line in lines
                if line["step"] == "sums" and line["event"] == "worker started"][-3:]
    assert killed and attempts == [(0, 1), (1, 1), (1, 2)], attempts
    assert model.to_bytes() == model_file(run).read_bytes()
    complaints = linter.communicate()[0]
    assert linter.returncode == 0, complaints
    return "kill -9 in round 3: attempt 2, the model to the byte; 5 workers killed, 2 at once; template valid"


def model_is_good(run):
    """Better than the majority where it was not trained; the bytes of `ba train` in one process; scores as NumPy's."""
    data, model, alone = shared(run) / "data", bio.Model.load(model_file(run)), run.state / "alone.ba"
    run.ba("train", "--recipe", run.settings["recipe"], "--labels", data / "train.tsv", "--seed", run.settings["seed"],
           "--sketches", "off", "--out", alone)
    three, _ = train_in_parts(run, run.state / "three", 3)
    assert alone.read_bytes() == three.to_bytes() == model_file(run).read_bytes()
    run.ba("selftest", model_file(run))
    rows = [line.split("\t") for line in (data / "test.tsv").read_text().splitlines()[1:]]
    letters, labels = [row[1] for row in rows], np.array([row[2] for row in rows])
    assert {row[3] for row in rows} == {"X"}
    member = json.loads(model.export("json"))["members"][0]
    weights = np.array(member["weights"][0]) * np.exp2(-np.repeat([block["exponents"][0] for block in member["blocks"]],
                                                                  [block["columns"] for block in member["blocks"]]))
    scores = bio.Extractor(run.settings["recipe"]).fit(letters).dense(letters) @ weights + member["intercepts"][0]
    worst = np.abs(scores - model.decision_function(letters)).max()
    quality, accuracy = quality_of(run), float(np.mean((scores > 0) == (labels == "1")))
    assert worst < 1e-6 and abs(accuracy - quality["accuracy"]) < 1e-3, f"scores differ by {worst}"
    assert accuracy >= ACCURACY > quality["majority"]
    return f"accuracy {quality['accuracy']:.3f} (majority {quality['majority']:.3f}), AUROC {quality['auroc']:.3f}; " \
           f"1, 2 and 3 workers: the same {len(three.to_bytes())} bytes; NumPy's scores within {worst:.0e}"


def never_torn(run):
    """Who reads the shared folder while two workers write meets whole files alone."""
    folder, manifest, reads = run.state / "torn", manifest_of(run), 0
    lines = {Path(page["key"]).stem: page["records"] + 1 for page in manifest}
    shutil.rmtree(folder, ignore_errors=True)
    write_atomically(folder / "manifest.json", json.dumps(manifest))
    with array_job(run, "features", folder, size=4, at_once=2) as job:
        while job.look():
            for path in folder.glob("rows/*.tsv"):
                text = path.read_text()
                assert text.endswith("\n") and text.count("\n") == lines[path.stem], f"{path} is torn"
                reads += 1
    assert {path.stem for path in folder.glob("rows/*.tsv")} == set(lines) and reads > len(lines)
    letters = [line.split("\t")[1] for line in (folder / "rows" / f"{min(lines)}.tsv").read_text().splitlines()[1:]]
    features = np.array(json.loads((folder / "features" / f"{min(lines)}.json").read_text()))
    gc = [(text.count("G") + text.count("C")) / len(text) for text in letters]
    assert np.allclose(features[:, 0], gc, rtol=0, atol=1e-12)
    assert (features[:, -1] == [len(text) for text in letters]).all()
    return f"{reads} reads of {len(lines)} files while {job.most} workers wrote"


def counts(sql):
    return {table: sql.query(f"SELECT count(*) AS n FROM {table}")[0]["n"]
            for table in ("run", "dataset", "model", "metric", "prediction")}


def tables_hold(run):
    """All five tables have rows, no key leads nowhere, and what is written again is no second row."""
    before = counts(run.sql)
    for child, column, parent, key in (("dataset", "run", "run", "id"), ("model", "run", "run", "id"),
                                       ("model", "dataset", "dataset", "id"), ("metric", "run", "run", "id"),
                                       ("prediction", "model", "model", "digest"), ("prediction", "run", "run", "id")):
        lost = run.sql.query(f"SELECT count(*) AS n FROM {child} c LEFT JOIN {parent} p ON c.{column} = p.{key} "
                             f"WHERE p.{key} IS NULL AND c.{column} IS NOT NULL")
        assert lost[0]["n"] == 0, f"{child}.{column}"
    report(run)
    one = run.sql.query("SELECT * FROM prediction LIMIT 1")[0]
    for change in ({"model": "none", "n": -1, "name": "x"}, {"n": -1}):  # a model that is not there; the same again
        try:
            run.sql.upsert("prediction", [{**one, **change}], ["request", "n"])
        except Exception as why:
            assert "key" in str(why).lower() or "unique" in str(why).lower(), why
        else:
            raise AssertionError(f"a row with {change} was taken")
    assert counts(run.sql) == before and min(before.values()) > 0
    test = json.loads(json.dumps(predictions(run, "x", "x")))
    assert before["prediction"] >= len(test)
    return ", ".join(f"{table} {n}" for table, n in before.items()) + "; the same after a second load"


def until(condition, seconds, what):
    began = time.monotonic()
    while not (found := condition()):
        assert time.monotonic() - began < seconds, f"not within {seconds} s: {what}"
        time.sleep(0.02)
    return found


def new_sequences(run, count):
    """Made of what nobody has seen yet: (FASTA, what `ba predict` says, a line for each)."""
    rows = [line.split("\t") for line in (shared(run) / "data" / "test.tsv").read_text().splitlines()[1:count + 1]]
    path = run.state / "new.fa"
    path.write_text("".join(f">new-{n}\n{row[1][::-1]}\n" for n, row in enumerate(rows)))
    table = [line.split("\t") for line in run.ba("predict", "--model", model_file(run), path).splitlines()[1:]]
    return path.read_bytes(), [(name, label, float(chance), float(score)) for name, label, chance, score in table]


def live_equals_offline(run):
    """A FASTA file and JSON by POST: the numbers of `ba predict` to the bit, and a row in `prediction` for each."""
    fasta, wanted = new_sequences(run, 50)
    parts = [part.split("\n") for part in fasta.decode().split(">")[1:]]
    sequences = [{"name": part[0], "sequence": part[1]} for part in parts]
    with Predictors(run) as served:
        for body in ({"data": fasta}, {"json": {"sequences": sequences}}):
            answer = requests.post(f"{served.url}/predict", timeout=10, **body)
            answer.raise_for_status()
            found = [tuple(one[name] for name in ("name", "class", "probability", "score"))
                     for one in answer.json()["predictions"]]
            assert found == wanted
        until(lambda: stored(run, "new-") == len(wanted), 10, "rows of prediction")
        rows = run.sql.query("SELECT name, class, probability, score FROM prediction "
                             "WHERE name LIKE 'new-%' ORDER BY n")
        assert [tuple(row.values()) for row in rows] == wanted
    database = run.url("sql").split(":")[0]
    return f"{len(wanted)} sequences as FASTA and as JSON: equal to the bit; {len(rows)} rows in {database}"


class Load:
    """`with Load(url, seconds) as load`: wrk, 64 connections, 250 bases each; `load.end()` gives its figures."""

    def __init__(self, url, seconds):
        if not shutil.which("wrk"):
            raise NeedsReal("wrk, which makes the load, is not installed")
        command = ["wrk", "-t2", "-c64", f"-d{seconds}s", "--latency", "-s", HERE / "load.lua", url]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        time.sleep(0.5)
        return self

    def __exit__(self, *failure):
        self._process.kill()
        self._process.wait()

    def end(self):
        text = self._process.communicate()[0]
        failed = re.search(r"(Non-2xx.*|Socket errors.*)", text)
        assert not failed, failed[0]
        number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", text).groups()
        return {"requests": int(re.search(r"(\d+) requests in", text)[1]),
                "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),
                "p99": float(number) * {"us": 1e-6, "ms": 1e-3, "s": 1.0}[unit]}


def stored(run, prefix):
    return run.sql.query(f"SELECT count(*) AS n FROM prediction WHERE name LIKE '{prefix}%'")[0]["n"]


def models(served):
    """The digests of what the replicas serve."""
    answers = [requests.post(f"http://{address}/predict", data=b">a\n" + b"ACGTA" * 50, timeout=10)
               for address in served.replicas.values()]
    return {answer.json()["model"]["digest"] for answer in answers}


def replicas_stay(run):
    """Under load a replica is killed and the model replaced: no request fails, and the replica is back at once."""
    subprocess.run([tool("kubernetes-validate"), "--strict", DEPLOY / "k8s" / "predictors.yaml"], check=True,
                   capture_output=True)
    if not run.parts:
        raise NeedsReal("nginx, which asks the other replica again")
    other = bio.train("Kmer(k=3) | Logistic()", bio.Dataset().add_file(shared(run) / "data" / "blocks" / "0000.tsv"))
    kept = bio.Model.load(model_file(run))
    with Predictors(run) as served, Load(served.url, 6) as load:
        before, killed, began = models(served), served.pid(0), time.monotonic()
        subprocess.run(["kill", "-9", str(killed)], check=True)
        until(lambda: served.pid(0) != killed and answers_ping(served.replicas["replica-0"]), 2, "the replica is back")
        back = time.monotonic() - began
        other.save(model_file(run))
        until(lambda: not models(served) & before, 3, "the new model")
        kept.save(model_file(run))
        until(lambda: models(served) == before, 3, "the model of before")
        figures = load.end()
    return f"{figures['requests']} requests, 0 failed; kill -9: back after {back:.2f} s; 2 reloads; manifests valid"


def answers_ping(address):
    try:
        return requests.get(f"http://{address}/ping", timeout=1).status_code == 200
    except requests.ConnectionError:
        return False


def fast_and_tough(run):
    """Requests a second and the 99th percentile, all of them stored; bad bodies get 4xx and end no process."""
    with Predictors(run) as served:
        with Load(served.url, 4) as load:
            figures = load.end()
        assert figures["rate"] > REQUESTS and figures["p99"] < P99, figures
        until(lambda: stored(run, "load-") >= figures["requests"], 60, "that all of them are stored")
        pids = [served.pid(place) for place in range(2)]
        bodies = [b"", b"\0\xff" * 100, b">a\nAC!GT\n", b"{", b'{"sequences": [5]}', b'{"sequences": "', b"[" * 100_000,
                  b">\n", b">a\n", b"A" * (17 << 20)]
        for body in bodies:
            for kind in ("text/x-fasta", "application/json"):
                status = status_of(served.url, body, kind)
                assert 400 <= status < 500, f"{status} for {body[:20]}"
        assert pids == [served.pid(place) for place in range(2)]
    return f"{figures['rate']:.0f} requests/s, p99 {1e3 * figures['p99']:.0f} ms by 64 connections, all stored; " \
           f"{2 * len(bodies)} bad bodies: 4xx"


def status_of(url, body, kind):
    try:
        return requests.post(f"{url}/predict", data=body, headers={"Content-Type": kind}, timeout=20).status_code
    except requests.ConnectionError:  # a huge body is refused before it was sent to its end
        return 413 if len(body) > 16 << 20 else 0


@contextmanager
def asking(url, every):
    """Asks again and again for predictions, each of a new name; gives the list of names that were answered."""
    names, failed, ending = [], [], threading.Event()

    def ask():
        while not ending.is_set():
            name = f"watch-{len(names)}"
            answer = requests.post(f"{url}/predict", data=f">{name}\n{'ACGTC' * 50}\n".encode(), timeout=10)
            (names if answer.status_code == 200 else failed).append(name)
            ending.wait(every)
    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield names
    finally:
        ending.set()
        thread.join()
    assert not failed, f"{len(failed)} requests failed"


def alerts_fire(run):
    """PostgreSQL stops for ten seconds: an alert fires and is resolved; what was predicted meanwhile arrives, once."""
    if not run.parts:
        raise NeedsReal("PostgreSQL, Prometheus and Alertmanager")
    for command in (["check", "rules", "rules.yml"], ["test", "rules", "rules_test.yml"]):
        subprocess.run(["promtool", *command], cwd=HERE, check=True, capture_output=True)
    with Predictors(run) as served:
        with asking(served.url, 0.02) as names:
            until(lambda: run.parts.query("sum(up)")[0][1] == 6, 20, "metrics of two replicas and four parts")
            stopped = time.time()
            run.parts.stop_database()
            time.sleep(10)
            fired = until(lambda: told(run, "firing", stopped), 20, "the alert")
            waiting = run.parts.query("sum(bio_serve_spool_records)")[0][1]
            run.parts.start_database()
            resolved = until(lambda: told(run, "resolved", fired), 30, "that the alert is resolved")
        until(lambda: stored(run, "watch-") >= len(names), 20, f"all {len(names)} predictions")
        found = run.sql.query("SELECT name FROM prediction WHERE name LIKE 'watch-%'")
        assert sorted(row["name"] for row in found) == sorted(names)
    assert waiting > 0
    return f"firing after {fired - stopped:.1f} s, resolved after {resolved - stopped:.1f} s; " \
           f"{waiting:.0f} predictions waited, all {len(names)} are there once"


def told(run, status, after):
    return next((notice["at"] for notice in run.parts.notices() if notice["status"] == status and notice["at"] > after
                 and notice["labels"]["alertname"] == "DatabaseDown"), None)


CHECKS = {"GEN-01": pages_by_token, "GEN-02": only_new_ones, "GEN-03": raw_as_served, "GEN-04": jobs_survive,
          "GEN-05": model_is_good, "GEN-06": never_torn, "GEN-07": tables_hold, "GEN-08": live_equals_offline,
          "GEN-09": replicas_stay, "GEN-10": fast_and_tough, "GEN-11": alerts_fire}
