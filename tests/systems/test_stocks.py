# SPDX-License-Identifier: MIT
"""The stock monitor when it is killed: it goes on, loses nothing, and comes to what an undisturbed run comes to."""

import json
import os
import signal
import subprocess
import sys

from lib.run import Run
from stocks.pipeline import SETTINGS, process, produce

FEW = {**SETTINGS, "days": 1.0, "period": 2000.0}


def results(run):
    table, fired = run.table("prices"), [(one["status"], one["labels"], one["at"]) for one in run.alerts.changes()]
    items = [item for key in table.keys() for item in table.last(key, 10 ** 6)]
    raw = [json.loads(line) for found in run.store.list("raw/") for line in run.store.get(found.key).splitlines()]
    return items, sorted((tick["sym"], tick["ts"]) for tick in raw), sorted(fired, key=str)


def test_killed_again_and_again(tmp_path):
    with Run("stocks", tmp_path / "whole", settings=FEW, echo=False) as run:
        produce(run)
        process(run)
        items, raw, fired = results(run)
    assert len(items) == len(raw) == len(set(raw)) and len(fired) == 6
    code = (f"from lib.run import Run; from stocks.pipeline import produce, process, runner_of\n"
            f"with Run('stocks', {str(tmp_path / 'killed')!r}, settings={FEW!r}, echo=False) as run:\n"
            f"    produce(run); runner_of(run, batch=40).drain(); process(run)")
    kills = 0
    for tenths in (12, 17, 22, 0):
        child = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
        try:
            child.wait(tenths / 10 or None)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            kills += 1
    assert child.returncode == 0 and kills
    with Run("stocks", tmp_path / "killed", settings=FEW, echo=False) as run:
        again, seen, told = results(run)
    assert again == items
    assert sorted(set(seen)) == raw  # what an agent sent twice is twice in the raw objects, as in any such lake
    assert {json.dumps(one) for one in told} == {json.dumps(one) for one in fired}
