# SPDX-License-Identifier: MIT
"""bio-serve for the tests: built once from the installed library, started on a free port, asked, and stopped."""

import http.client
import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BA = Path(os.environ.get("BA", TOP / "build" / "release" / "ba")).resolve()


def build(folder, *options):
    """The path of the program."""
    done = subprocess.run([TOP / "examples" / "serve" / "build.sh", BA.parent, folder, *options], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def ba(*words, **options):
    done = subprocess.run([BA, *map(str, words)], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def sequences(seed, count, length=250, motif="TATAAAAG"):
    """(name, letters) of made-up records, every second one with the motif."""
    source = random.Random(seed)
    for i in range(count):
        letters = "".join(source.choices("ACGT", k=length))
        at = source.randrange(length - len(motif))
        yield f"s{seed}.{i}", letters if i % 2 else letters[:at] + motif + letters[at + len(motif):]


def fasta(records):
    return "".join(f">{name} made up\n{letters}\n" for name, letters in records)


def train(folder, name="motif", seed=1, recipe="@motif | Logistic()"):
    """A model file of two classes; another seed gives another model."""
    records = list(sequences(seed, 400))
    (folder / "pos.fa").write_text(fasta(records[::2]))
    (folder / "neg.fa").write_text(fasta(records[1::2]))
    path = folder / f"{name}.ba"
    ba("train", "--recipe", recipe, "--pos", folder / "pos.fa", "--neg", folder / "neg.fa", "--out", path)
    return path


def predicted(model, path, *options):
    """Name and what `ba predict` says, a dict a record."""
    lines = ba("predict", "--json", "--model", model, *options, path).splitlines()
    return [json.loads(line) for line in lines]


class Served:
    """A running server; `log` is what it said so far."""

    def __init__(self, program, model, folder, *options, env=None):
        self.log_path = folder / f"serve-{random.randrange(10**9)}.log"
        self.command = [program, "--model", model, "--port", "0", *options]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([str(word) for word in self.command], stderr=log, cwd=folder,
                                            env={**os.environ, **(env or {})})
        until = time.time() + 20
        while not (listening := [line for line in self.log if line["event"] == "listening"]):
            assert self.process.poll() is None and time.time() < until, self.log_path.read_text()
            time.sleep(0.01)
        self.port, self.run = listening[0]["port"], listening[0]["run"]

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        if self.process.poll() is None:
            self.stop()

    @property
    def log(self):
        text = self.log_path.read_text()
        return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines() if line.startswith("{")]

    def stop(self, how=signal.SIGTERM, code=0):
        self.process.send_signal(how)
        assert self.process.wait(30) == code, self.log_path.read_text()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def connect(self, timeout=30):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def ask(self, method, path, body=None, **headers):
        """Status, headers and body."""
        connection = self.connect()
        try:
            connection.request(method, path, body, {key.replace("_", "-"): value for key, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()
        finally:
            connection.close()

    def post(self, path, body, **headers):
        """The answer as JSON; its status must be 200."""
        if not isinstance(body, (str, bytes)):
            body, headers = json.dumps(body), {"Content_Type": "application/json", **headers}
        status, _, text = self.ask("POST", path, body, **headers)
        assert status == 200, text
        return json.loads(text)

    def get(self, path, **headers):
        status, _, text = self.ask("GET", path, **headers)
        assert status == 200, text
        return json.loads(text)

    def metric(self, name, **labels):
        """The sum of a metric's values over the labels that are not given."""
        total = None
        for line in self.ask("GET", "/metrics")[2].splitlines():
            head, _, value = line.rpartition(" ")
            if head.partition("{")[0] == f"bio_serve_{name}" and all(f'{k}="{v}"' in head for k, v in labels.items()):
                total = (total or 0) + float(value)
        return total

    def drained(self, seconds=20):
        """Waits until the store has everything."""
        until = time.time() + seconds
        while self.metric("spool_records"):
            assert time.time() < until, self.log_path.read_text()
            time.sleep(0.02)


def wait_for(condition, seconds=20):
    until = time.time() + seconds
    while not (value := condition()):
        assert time.time() < until, "it did not happen in time"
        time.sleep(0.02)
    return value
