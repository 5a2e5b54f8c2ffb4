# SPDX-License-Identifier: MIT
"""Forks, signals and the end of a process."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

import bioanalytics
from conftest import run, sequences_of

INTERRUPTED = """
import os, signal, statistics, threading, time
import numpy
import bioanalytics
from bioanalytics import LogisticRegression, MLPClassifier
from conftest import sequences_of

def median_late(call, turns=7):
    late = []
    for turn in range(turns):
        sent = []

        def send():
            time.sleep(0.2 + 0.03 * turn)
            sent.append(time.process_time())  # so that other processes do not count
            os.kill(os.getpid(), signal.SIGINT)
        threading.Thread(target=send, daemon=True).start()
        try:
            while True:
                call()
        except KeyboardInterrupt:
            late.append(time.process_time() - sent[0])
    return statistics.median(late)

sequences, numbers = sequences_of(1, 3000, least=400, most=400), numpy.random.default_rng(1)
labels = [i % 2 for i in range(3000)]
rows = numbers.normal(size=(200_000, 50))
"""

LONG_CALLS = {
    "train a network": """
trainer = bioanalytics.Trainer("@conv", bioanalytics.Dataset().add(sequences, labels))
print(median_late(trainer.run))
assert trainer.step()  # the run goes on""",
    "train by lbfgs": """
recipe = "Kmer(k=1..8) | Softmax(tol=0, max_iter=100000, l2=0)"
trainer = bioanalytics.Trainer(recipe, bioanalytics.Dataset().add(sequences, labels))
print(median_late(trainer.run))
assert trainer.step()""",
    "train an estimator": """
print(median_late(lambda: LogisticRegression(tol=0, max_iter=100000).fit(rows, rows[:, 0] > 0)))""",
    "scan a genome": """
model = bioanalytics.train("Kmer(k=6) | Logistic()", bioanalytics.Dataset().add(sequences, labels))
genome = "".join(sequences) * 4
print(median_late(lambda: model.scan(genome, 1000, 1)))
assert len(model.scan(genome[:2000], 1000, 1)) == 1001""",
    "score sequences": """
model = bioanalytics.train("Kmer(k=6) | Logistic()", bioanalytics.Dataset().add(sequences, labels))
print(median_late(lambda: model.predict(sequences * 30)))
assert len(model.predict(sequences)) == 3000""",
    "score rows": """
model = MLPClassifier(hidden=1024, epochs=1).fit(rows[:5000], rows[:5000, 0] > 0).model_
print(median_late(lambda: model.predict(rows)))
assert len(model.predict(rows[:10])) == 10""",
}


@pytest.mark.parametrize("call", LONG_CALLS)
def test_ctrl_c_stops_within_a_tenth_of_a_second(call):
    if "rows" in call or "estimator" in call:
        pytest.importorskip("sklearn")
    assert float(run(sys.executable, "-c", INTERRUPTED + LONG_CALLS[call])) < 0.1


def test_ctrl_c_comes_as_keyboard_interrupt():
    code = ("import bioanalytics\nfrom conftest import sequences_of\n"
            "data = bioanalytics.Dataset().add(sequences_of(1, 500), [i % 2 for i in range(500)])\n"
            "trainer = bioanalytics.Trainer('@conv', data)\nprint('ready', flush=True)\n"
            "try:\n    while True: trainer.run()\n"
            "except KeyboardInterrupt: print('stopped')\n"
            "assert trainer.progress.iterations >= 0 and trainer.finish()\nprint('went on')\n")
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[0] == "stopped\nwent on\n"


def wait(child, seconds=20):
    """The status of a child that ends in time; one that hangs is killed."""
    for _ in range(int(seconds * 100)):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "hung"


def forked(work):
    """Runs `work` in a forked child; 0 when it gave a true value."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if work() else 2
        finally:
            os._exit(status)
    return wait(child)


def test_fork_after_use_with_threads(model_file, strangers, told):
    model = bioanalytics.Model.load(model_file)
    model.score(strangers, threads=2)
    data = bioanalytics.Dataset(threads=2).add(strangers[:500], [i % 2 for i in range(500)])
    bioanalytics.train("Kmer(k=4) | Logistic()", data)
    assert forked(lambda: model.score(strangers, threads=2)[0][:, 0].tolist() == told[0]) == 0
    assert forked(lambda: bioanalytics.train("Kmer(k=4) | Logistic()", data).classes == ["0", "1"]) == 0


def test_fork_while_other_threads_are_inside(model_file, strangers, told):
    """What another thread was using cannot be used in the child, which is told so; all else works; nothing hangs."""
    model, stop = bioanalytics.Model.load(model_file), threading.Event()
    trainer = bioanalytics.Trainer("Kmer(k=6) | Logistic(tol=0, max_iter=100000)", bioanalytics.Dataset().add(
        strangers, [i % 2 for i in range(len(strangers))]))

    def score():
        while not stop.is_set():
            model.score(strangers[:1000])

    def step():
        while not stop.is_set():
            trainer.step()
    threads = [threading.Thread(target=work) for work in (score, score, step)]
    for thread in threads:
        thread.start()
    try:
        def child():
            try:
                trainer.step()
            except bioanalytics.BusyError as error:
                assert "forked" in str(error)
            return model.score(strangers[:1000])[0][:, 0].tolist() == told[0][:1000]
        for _ in range(20):
            assert forked(child) == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_objects_may_go_in_any_order_and_at_the_end():
    code = """
import threading, bioanalytics
from conftest import sequences_of
sequences = sequences_of(1, 500)
data = bioanalytics.Dataset().add(sequences, [i % 2 for i in range(500)])
trainer = bioanalytics.Trainer("Kmer(k=4) | Logistic()", data)
cycle = [data]; cycle.append(cycle)
del data, cycle
import gc; gc.collect()
model = trainer.run().finish()
scorer = model.scorer()
del trainer
reader = bioanalytics.open(b">a\\nACGT\\n")
batch = next(reader)
letters = batch.letters
threading.Thread(target=lambda: [model.score(sequences) for _ in range(10000)], daemon=True).start()
print("end")
"""
    for _ in range(5):
        done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=60, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")


def test_a_dataset_closed_before_its_trainer():
    data = bioanalytics.Dataset().add(sequences_of(1, 50), [i % 2 for i in range(50)])
    trainer = bioanalytics.Trainer("Kmer(k=2) | Logistic()", data)
    data.close()
    with pytest.raises(bioanalytics.ClosedError):
        trainer.step()
    with pytest.raises(bioanalytics.ClosedError):
        data.rows()
