# SPDX-License-Identifier: MIT
"""Array jobs in the manner of AWS Batch: the same program under many indices, a few at once, retried, timed out."""

import os
import subprocess
import time


class JobFailed(Exception):
    """A worker failed for good: its attempts are used up, or its exit code says that another would fail as well."""


class ArrayJob:
    """`with ArrayJob(...) as job: job.wait()`. A worker finds its index in AWS_BATCH_JOB_ARRAY_INDEX.

    One that ends with another code than 0, is killed or takes longer than `seconds` is started again, `attempts` times
    in all; not after exit code 2, which is bad input. What is running when the block is left is killed."""

    BAD_INPUT = 2

    def __init__(self, log, name, command, size, env=None, at_once=2, attempts=3, seconds=120):
        self.log, self.name, self.command, self.env = log, name, [str(word) for word in command], env or {}
        self.size, self.at_once, self.attempts, self.seconds = size, at_once, attempts, seconds
        self.running = {}  # index: (process, attempt, started)
        self.most = 0  # that ever ran at once
        self._waiting = [(index, 1) for index in range(size)]

    def __enter__(self):
        self.look()
        return self

    def __exit__(self, *failure):
        for process, _, _ in self.running.values():
            process.kill()
            process.wait()

    def look(self):
        """Sees to all workers; whether there is any still to come or running."""
        for index, (process, attempt, started) in list(self.running.items()):
            if process.poll() is None and time.monotonic() - started > self.seconds:
                self.log("timed out", self.name, index=index, attempt=attempt, seconds=self.seconds)
                process.kill()
                process.wait()
            if process.poll() is not None:
                del self.running[index]
                self._ended(index, attempt, process.returncode)
        while self._waiting and len(self.running) < self.at_once:
            self._start(*self._waiting.pop(0))
        self.most = max(self.most, len(self.running))
        return bool(self.running)

    def wait(self):
        while self.look():
            time.sleep(0.01)

    def _start(self, index, attempt):
        env = {**os.environ, **self.env, "AWS_BATCH_JOB_ID": f"{self.name}:{index}",
               "AWS_BATCH_JOB_ATTEMPT": str(attempt), "AWS_BATCH_JOB_ARRAY_INDEX": str(index),
               "AWS_BATCH_JOB_ARRAY_SIZE": str(self.size)}
        with open(self.log.folder / f"{self.name}-{index}.log", "ab") as output:
            process = subprocess.Popen(self.command, env=env, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        self.running[index] = process, attempt, time.monotonic()
        self.log("worker started", self.name, index=index, attempt=attempt, pid=process.pid)

    def _ended(self, index, attempt, code):
        self.log("worker ended", self.name, index=index, attempt=attempt, code=code)
        if code == 0:
            return
        if code == self.BAD_INPUT or attempt == self.attempts:
            path = self.log.folder / f"{self.name}-{index}.log"
            raise JobFailed(f"worker {index} of {self.name} ended with {code} at attempt {attempt}; "
                            f"the end of {path}:\n{path.read_text()[-2000:]}")
        self._waiting.insert(0, (index, attempt + 1))
