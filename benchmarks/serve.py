# SPDX-License-Identifier: MIT
"""Requests a second of bio-serve, with results stored, beside a bare handler of libmicrohttpd that answers a constant.

usage: serve.py BIO_SERVE BARE FOLDER

wrk keeps 64 connections busy with bodies of 250 bases; it and the server share the processors that they are given (one,
when `./dev bench` pins them). The two servers take turns; figures are medians, the ratio that of the pairs. Results go to SQLite through the spool; after each turn it is drained, and every
record that was answered must be in the table.
"""

import os
import random
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

PROGRAM, BARE, FOLDER = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
SCRIPT = Path(__file__).with_name("serve.lua")
TURNS, SECONDS, BODIES = 5, 3, 20000
RECIPES = (("", "Kmer(k=6, strand=canonical) | Logistic()"), ("motif.", "@motif | Logistic()"))
THREADS = str(len(os.sched_getaffinity(0)))


def train(recipe, path):
    source = random.Random(1)
    for name, motif in (("pos", "TATAAAAG"), ("neg", "")):
        lines = ["".join(source.choices("ACGT", k=250 - len(motif))) + motif for _ in range(400)]
        (path.parent / f"{name}.fa").write_text("".join(f">{i}\n{line}\n" for i, line in enumerate(lines)))
    subprocess.run([os.environ["BA"], "train", "--recipe", recipe, "--pos", path.parent / "pos.fa", "--neg",
                    path.parent / "neg.fa", "--out", path], check=True, stderr=subprocess.DEVNULL)


def cpu_of(pid):
    """Seconds of a process so far, of all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(port, seed, pid):
    """Requests a second, p50 and p99 in milliseconds, the requests in all, and the server's microseconds for one."""
    before = cpu_of(pid)
    out = subprocess.run(["wrk", "-t1", "-c64", f"-d{SECONDS}", "-s", SCRIPT, f"http://127.0.0.1:{port}/", "--", str(seed),
                          str(BODIES)], check=True, capture_output=True, text=True).stdout
    requests, duration, p50, p99, errors = map(float, out.rpartition("figures ")[2].split())
    assert errors == 0, out
    return requests / duration * 1e6, p50 / 1e3, p99 / 1e3, int(requests), (cpu_of(pid) - before) / requests * 1e6


def metric(port, name):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith(f"bio_serve_{name} "):
                return float(line.split()[1])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=1):
            return True
    except OSError:
        return False


def bare(seed):
    port = free_port()
    with subprocess.Popen([BARE, str(port), THREADS], stdin=subprocess.PIPE) as server:
        while not answers(port):
            time.sleep(0.02)
        figures = load(port, seed, server.pid)
        server.stdin.close()
    return figures


def served(model, seed):
    """The same of bio-serve, with how many results a second went from the spool to the table afterwards."""
    port = free_port()
    with tempfile.TemporaryDirectory(dir=FOLDER) as place:
        log = open(Path(place) / "log", "wb")
        server = subprocess.Popen([PROGRAM, "--model", model, "--port", str(port), "--threads", THREADS, "--store",
                                   f"sqlite:{place}/results.db", "--spool", f"{place}/spool"], stderr=log)
        while not answers(port):
            time.sleep(0.02)
        figures = load(port, seed, server.pid)
        left, began = metric(port, "spool_records"), time.time()
        while metric(port, "spool_records"):
            time.sleep(0.02)
        drained = left / (time.time() - began)
        server.terminate()
        assert server.wait() == 0, (Path(place) / "log").read_text()
        with sqlite3.connect(f"{place}/results.db") as database:
            rows = database.execute("SELECT count(*) FROM prediction").fetchone()[0]
        assert rows >= min(BODIES, figures[3]), (rows, figures)
    return figures, drained


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for prefix, recipe in RECIPES:
        model = FOLDER / f"{prefix}model.ba"
        train(recipe, model)
        ours, theirs, drains = [], [], []
        for turn in range(TURNS):
            theirs.append(bare(turn))
            figures, drained = served(model, turn)
            ours.append(figures)
            drains.append(drained)
        middle, bare_middle = ([statistics.median(column) for column in zip(*turns)] for turns in (ours, theirs))
        print(f"serve.{prefix}requests_per_s {middle[0]:.0f}")
        print(f"serve.{prefix}p50_ms {middle[1]:.3f}")
        print(f"serve.{prefix}p99_ms {middle[2]:.3f}")
        print(f"serve.{prefix}cpu_us {middle[4]:.2f}")
        print(f"serve.{prefix}bare_requests_per_s {bare_middle[0]:.0f}")
        print(f"serve.{prefix}bare_cpu_us {bare_middle[4]:.2f}")
        print(f"serve.{prefix}drained_per_s {statistics.median(drains):.0f}")
        print(f"serve.{prefix}vs_bare {statistics.median(o[0] / t[0] for o, t in zip(ours, theirs)):.3f}", flush=True)


main()
