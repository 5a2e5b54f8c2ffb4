# SPDX-License-Identifier: MIT
"""What bio-serve has answered is in the store once: also when the store stops, the server is killed, or the disk is
full; and a reload drops no request."""

import hashlib
import json
import os
import pwd
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from pathlib import Path

import pytest
import serving
from serving import Served, fasta, predicted, sequences, train, wait_for

POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


class Postgres:
    """A cluster of its own that can be stopped and started; reached through a socket in its folder."""

    def __init__(self, folder):
        self.folder, self.bin = folder, POSTGRES[-1]
        self.user = None
        if os.getuid() == 0:  # it refuses to run as root
            self.user = "postgres"
            shutil.chown(folder, "postgres")
            for parent in folder.parents:
                if parent == Path("/tmp"):
                    break
                parent.chmod(0o755)
        self.do("initdb", "-D", folder / "data", "-A", "trust", "-U", "app", "--no-sync")
        self.url = f"postgres://app@/postgres?host={folder}"
        self.start()

    def do(self, command, *words):
        home = {"HOME": pwd.getpwnam(self.user).pw_dir} if self.user else {}
        with open(self.folder / "errors", "wb") as errors:  # a pipe would stay open as long as the server
            done = subprocess.run([self.bin / command, *map(str, words)], user=self.user, cwd=self.folder, check=False,
                                  stdout=subprocess.PIPE, stderr=errors, text=True, env={**os.environ, **home})
        assert done.returncode == 0, f"{command}: {done.stdout}{(self.folder / 'errors').read_text()}"
        return done.stdout

    def start(self):
        self.do("pg_ctl", "-w", "-D", self.folder / "data", "-l", self.folder / "log", "-o",
                f"-k {self.folder} -c listen_addresses= -c fsync=off", "start")

    def stop(self):
        self.do("pg_ctl", "-w", "-D", self.folder / "data", "-m", "immediate", "stop")

    def rows(self, sql):
        out = self.do("psql", "-h", self.folder, "-U", "app", "-d", "postgres", "-AtF", "\t", "-c", sql)
        return [tuple(line.split("\t")) for line in out.splitlines()]


class Sqlite:
    def __init__(self, folder):
        self.path = folder / "results.db"
        self.url = f"sqlite:{self.path}"

    def rows(self, sql):
        with sqlite3.connect(self.path) as database:
            return [tuple("" if value is None else str(value) for value in row) for row in database.execute(sql)]


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    if not POSTGRES:
        pytest.skip("postgresql is not installed")
    running = Postgres(tmp_path_factory.mktemp("postgres"))
    yield running
    running.stop()


@pytest.fixture(params=["sqlite", "postgres"])
def store(request, tmp_path):
    if request.param == "sqlite":
        return Sqlite(tmp_path)
    cluster = request.getfixturevalue("cluster")
    cluster.rows("DROP TABLE IF EXISTS prediction, metric, model, dataset, run")
    return cluster


def test_results_are_stored_once(program, model, store, tmp_path):
    records = list(sequences(21, 40))
    (tmp_path / "n.fa").write_text(fasta(records))
    want = predicted(model, tmp_path / "n.fa")
    with Served(program, model, tmp_path, "--store", store.url, "--spool", tmp_path / "spool") as server:
        for _ in range(3):
            answer = server.post("/predict", fasta(records))
        server.drained()
        run = server.get(f"/runs/{server.run}")
        assert (run["kind"], run["status"], run["predictions"]) == ("serve", "running", 40)
    rows = store.rows("SELECT name, class, score, probability, sequence, model, run FROM prediction ORDER BY request, n")
    assert [(name, of, float(score), float(p)) for name, of, score, p, *_ in rows] == \
        [(w["name"], w["class"], w["score"], w["probability"]) for w in want]
    assert [row[4] for row in rows] == [hashlib.sha256(letters.encode()).hexdigest() for _, letters in records]
    assert {row[5:] for row in rows} == {(answer["model"]["digest"], server.run)}
    assert store.rows("SELECT status FROM run") == [("done",)]
    assert store.rows("SELECT name FROM model") == [("motif",)]


def test_predictions_in_pages(program, model, store, tmp_path):
    with Served(program, model, tmp_path, "--store", store.url, "--spool", tmp_path / "spool") as server:
        for seed in range(5):
            server.post("/predict", fasta(sequences(seed, 20)))
        server.drained()
        names, cursor = [], ""
        while cursor is not None:
            page = server.get(f"/predictions?limit=7&cursor={cursor}" if cursor else "/predictions?limit=7")
            assert len(page["predictions"]) <= 7
            names += [row["name"] for row in page["predictions"]]
            cursor = page["next"]
        assert names == [f"s{seed}.{i}" for seed in range(5) for i in range(20)]
        one = server.get("/predictions?name=s3.4&model=motif")["predictions"]
        assert [row["name"] for row in one] == ["s3.4"] and one[0]["at"].endswith("Z")
        digest = one[0]["model"]
        assert len(server.get(f"/predictions?model={digest}&run={server.run}&limit=1000")["predictions"]) == 100
        for query, count in (("from=2026-01-01", 100), ("from=2999-01-01T00:00:00Z", 0), (f"from={time.time() + 60}", 0),
                             ("from=1000000000", 100), ("model=other", 0), ("name=%27%20OR%201=1--", 0)):
            assert len(server.get(f"/predictions?{query}")["predictions"]) == min(count, 100), query
        for query in ("limit=0", "limit=x", "limit=1001", "from=yesterday", "cursor=x", "cursor=a.b", "cursor=.1"):
            status, _, text = server.ask("GET", f"/predictions?{query}")
            assert status == 400 and "hint" in text, query
        assert server.ask("GET", "/runs/none")[0] == 404


def post_many(server, prefix, count, answered, stop=None):
    """One record a request; `answered` gets the names whose answer came."""
    source = sequences(hash(prefix) % 1000, count)
    connection = server.connect()
    for i, (_, letters) in enumerate(source):
        if stop is not None and stop.is_set():
            break
        try:
            connection.request("POST", "/predict", f">{prefix}.{i}\n{letters}\n")
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200:
                answered.append(f"{prefix}.{i}")
        except OSError:
            return


def test_a_stopped_database_loses_nothing(program, model, cluster, tmp_path):
    cluster.rows("DROP TABLE IF EXISTS prediction, metric, model, dataset, run")
    answered = []
    with Served(program, model, tmp_path, "--store", cluster.url, "--spool", tmp_path / "spool") as server:
        post_many(server, "before", 50, answered)
        server.drained()
        cluster.stop()
        try:
            post_many(server, "while", 300, answered)
            wait_for(lambda: server.metric("store_up") == 0)
            assert server.metric("spool_records") == 300 and server.get("/healthz")["status"] == "ok"
            assert server.ask("GET", "/predictions")[0] == 503
        finally:
            cluster.start()
        post_many(server, "after", 50, answered)
        server.drained()
        wait_for(lambda: server.metric("store_up") == 1)
        assert server.metric("store_refused_total") == 0
        assert len(server.get("/predictions?limit=1000")["predictions"]) == 400
    assert len(answered) == 400
    assert sorted(row[0] for row in cluster.rows("SELECT name FROM prediction")) == sorted(answered)


def test_a_server_starts_without_its_database(program, model, cluster, tmp_path):
    cluster.rows("DROP TABLE IF EXISTS prediction, metric, model, dataset, run")
    answered = []
    cluster.stop()
    try:
        server = Served(program, model, tmp_path, "--store", cluster.url, "--spool", tmp_path / "spool")
        post_many(server, "early", 20, answered)
        server.stop()
        assert any(line["event"] == "results stay in the spool" for line in server.log)
    finally:
        cluster.start()
    with Served(program, model, tmp_path, "--store", cluster.url, "--spool", tmp_path / "spool") as again:
        assert again.metric("spool_records") >= 0
        again.drained()
    assert sorted(row[0] for row in cluster.rows("SELECT name FROM prediction")) == sorted(answered)
    assert sorted(answered) == sorted(f"early.{i}" for i in range(20))
    assert len(cluster.rows("SELECT id FROM run")) == 2


@pytest.mark.parametrize("turn", range(3))
def test_kill_and_restart_lose_nothing(program, model, store, tmp_path, turn):
    """What was answered before SIGKILL is in the store after the next start; nothing twice."""
    answered = []
    options = ("--store", store.url, "--spool", tmp_path / "spool")
    for life in range(3):
        server = Served(program, model, tmp_path, *options)
        threads = [threading.Thread(target=post_many, args=(server, f"l{life}.t{i}", 100000, answered)) for i in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(0.15 + 0.1 * turn)
        server.kill()
        for thread in threads:
            thread.join()
    with Served(program, model, tmp_path, *options) as server:
        server.drained(60)
    rows = [row[0] for row in store.rows("SELECT name FROM prediction")]
    assert len(rows) == len(set(rows)) and set(answered) <= set(rows) and len(answered) > 60
    assert len(rows) <= len(answered) + 9  # stored, and killed before the answer
    assert not (tmp_path / "spool" / "refused.log").exists()


def test_a_damaged_line_is_put_aside(program, model, tmp_path):
    store = Sqlite(tmp_path)
    spool = tmp_path / "spool"
    server = Served(program, model, tmp_path, "--store", "sqlite:/nowhere/at/all.db", "--spool", spool)
    server.post("/predict", fasta(sequences(1, 10)))
    server.stop()
    path = next(spool.glob("0*.log"))
    lines = path.read_bytes().splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if b"\ts1.4\t" in line)
    lines[at] = lines[at].replace(b"s1.4", b"s1.X")
    path.write_bytes(b"".join(lines) + b"1234")
    with Served(program, model, tmp_path, "--store", store.url, "--spool", spool) as server:
        server.drained()
        assert server.metric("store_refused_total") == 1
    assert sorted(row[0] for row in store.rows("SELECT name FROM prediction")) == [f"s1.{i}" for i in range(10) if i != 4]
    assert "s1.X" in (spool / "refused.log").read_text()


def test_two_servers_do_not_share_a_spool(program, model, tmp_path):
    options = ("--store", f"sqlite:{tmp_path}/r.db", "--spool", tmp_path / "spool")
    with Served(program, model, tmp_path, *options):
        second = subprocess.run([program, "--model", model, "--port", "0", *map(str, options)], capture_output=True,
                                text=True, timeout=20, check=False)
        assert second.returncode == 2 and "another server" in second.stderr


def test_names_of_any_bytes_are_stored(program, model, store, tmp_path):
    names = ["a\\tb", "quote\"s", "{brace,}", "\\N", "naïve", "NULL", "\u2028", "x" * 5000]
    odd = [(b">caf\xe9 latin\nACGTACGTAA\n", "caf\ufffd"), ('{"name": "c\\u0001d", "sequence": "ACGT"}', "c\ufffdd")]
    with Served(program, model, tmp_path, "--store", store.url, "--spool", tmp_path / "spool") as server:
        given = server.post("/predict", {"sequences": [{"name": n, "sequence": "ACGT" * 5} for n in names]})
        assert [row["name"] for row in given["predictions"]] == names
        for body, name in odd:
            assert [row["name"] for row in server.post("/predict", body)["predictions"]] == [name]
        server.drained()
        assert [row["name"] for row in server.get("/predictions")["predictions"]] == [*names, "caf\ufffd", "c\ufffdd"]


# ---- another model ----

def test_reload_drops_nothing(program, tmp_path):
    """Requests go on while the file is replaced; each answer is wholly that of one model."""
    records = list(sequences(31, 8))
    first, second = train(tmp_path, "first", 1), train(tmp_path, "second", 2)
    (tmp_path / "n.fa").write_text(fasta(records))
    want = {}
    for path in (first, second):
        digest = json.loads(serving.ba("info", "--json", path))["digest"]
        want[digest] = predicted(path, tmp_path / "n.fa")
    served = tmp_path / "served.ba"
    shutil.copy(first, served)
    answers, failures, stop = [], [], threading.Event()

    def ask(server):
        connection = server.connect()
        while not stop.is_set():
            try:
                connection.request("POST", "/predict", fasta(records))
                answer = connection.getresponse()
                answers.append((answer.status, json.loads(answer.read())))
            except Exception as failure:
                failures.append(failure)
                return

    with Served(program, served, tmp_path, "--name", "promoter") as server:
        threads = [threading.Thread(target=ask, args=(server,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for turn in range(6):
            shutil.copy((second, first)[turn % 2], tmp_path / "next.ba")
            os.rename(tmp_path / "next.ba", served)
            if turn % 2:
                server.process.send_signal(signal.SIGHUP)
            wait_for(lambda n=turn + 1: server.metric("model_reloads_total", result="taken") == n)
        stop.set()
        for thread in threads:
            thread.join()
        assert not failures and len(answers) > 50
        for status, answer in answers:
            assert status == 200 and answer["predictions"] == want[answer["model"]["digest"]]
        assert {answer["model"]["digest"] for _, answer in answers} == set(want)


def test_a_bad_model_is_refused(program, model, tmp_path):
    served = tmp_path / "m.ba"
    shutil.copy(model, served)
    good = served.read_bytes()
    with Served(program, served, tmp_path) as server:
        before = server.post("/predict", "ACGTACGTAC")
        for number, bad in enumerate((good[:1000], b"", good[:-9] + b"x" + good[-8:]), 1):
            (tmp_path / "next").write_bytes(bad)
            os.rename(tmp_path / "next", served)
            wait_for(lambda n=number: server.metric("model_reloads_total", result="refused") == n)
            after = server.post("/predict", "ACGTACGTAC")
            assert (after["model"], after["predictions"]) == (before["model"], before["predictions"])
        os.remove(served)
        time.sleep(0.6)
        assert server.post("/predict", "ACGTACGTAC")["predictions"] == before["predictions"]
        refused = [line for line in server.log if line["event"].startswith("model refused")]
        assert len(refused) == 3 and all("m.ba" in line["path"] for line in refused)


def test_a_graceful_stop_finishes_what_has_begun(program, model, tmp_path):
    store = Sqlite(tmp_path)
    server = Served(program, model, tmp_path, "--store", store.url, "--spool", tmp_path / "spool")
    answered, stop = [], threading.Event()
    threads = [threading.Thread(target=post_many, args=(server, f"t{i}", 100000, answered, stop)) for i in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.4)
    server.stop()
    for thread in threads:
        thread.join()
    rows = [row[0] for row in store.rows("SELECT name FROM prediction")]
    assert set(answered) <= set(rows) and len(answered) > 20
    assert [line["event"] for line in server.log][-2:] == ["stopping", "stopped"]
