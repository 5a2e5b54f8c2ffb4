# SPDX-License-Identifier: MIT
"""A pipeline: named steps that may be run again at any time, one run at once, retried, logged, resumed."""

import fcntl
import json
import os
import time
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path


class AlreadyRunning(Exception):
    """Another process holds the lock of this pipeline."""


def write_atomically(path, data):
    """The whole of `data` under its final name or nothing: a reader never meets a part, whenever this is killed."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with open(temporary, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


class Log:
    """One line of JSON a happening in logs/steps.jsonl, one sentence for people in logs/task.log."""

    def __init__(self, folder, echo=True):
        self.folder, self.echo = Path(folder), echo
        self.folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, what, step="", **facts):
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        with open(self.folder / "steps.jsonl", "a") as file:
            file.write(json.dumps({"time": now, "step": step, "event": what, **facts}) + "\n")
        line = " ".join([f"{step}:" if step else "", what, *(f"{name}={value}" for name, value in facts.items())])
        with open(self.folder / "task.log", "a") as file:
            file.write(f"{now} {line.strip()}\n")
        if self.echo:
            print(f"  {line.strip()}", flush=True)


@contextmanager
def locked(path):
    """The lock goes with the process, so one that was killed leaves nothing to clean."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"{path} is held by a run that has not ended") from None
        yield


def run_steps(run, steps, only=None, attempts=3, pause=0.2):
    """Runs `steps`, functions of `run` under their names, in order. After a failed run those that were done are left out.

    A step that raises is tried again, `attempts` times in all; the last exception goes to the caller."""
    unknown = [name for name in only or [] if name not in steps]
    if unknown:
        raise SystemExit(f"no step named {unknown[0]}: expected {', '.join(steps)}")
    state = run.state / "steps.json"
    done = json.loads(state.read_text()) if state.exists() else []
    started = time.time()
    run.log("run started", profile=run.profile, resumed_after=done[-1] if done else None)
    for name in only or steps:
        if name in done and not only:
            continue
        _attempt(run, name, steps[name], attempts, pause)
        if not only:
            done.append(name)
            write_atomically(state, json.dumps(done))
    if not only:
        write_atomically(state, "[]")
    run.log("run finished", seconds=round(time.time() - started, 3))


def _attempt(run, name, function, attempts, pause):
    for attempt in range(1, attempts + 1):
        start = time.time()
        try:
            facts = function(run) or {}
        except Exception as error:
            said = " ".join(str(error).splitlines()[:2])  # a whole trace of Java is in the log of Spark
            run.log("failed", name, attempt=attempt, error=f"{type(error).__name__}: {said}")
            if attempt == attempts:
                raise
            time.sleep(pause * 2 ** attempt)
        else:
            run.log("done", name, attempt=attempt, seconds=round(time.time() - start, 3), **facts)
            return
