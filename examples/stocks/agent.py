# SPDX-License-Identifier: MIT
"""Sends the lines of log files to a stream, as the Kinesis agent does; `agent.json` is of its form.

A file is known by its first line, so it may be renamed, or copied and cut to nothing, while it is read."""

import glob
import hashlib
import json
import re
from contextlib import ExitStack
from os import fstat, stat
from pathlib import Path

from lib.steps import write_atomically


def configuration(pattern):
    """What the real agent reads; it takes `partitionKeyOption` alone, we put a symbol's lines on one shard."""
    return {"flows": [{"filePattern": str(pattern), "kinesisStream": "ticks", "initialPosition": "START_OF_FILE",
                       "partitionKeyOption": "DETERMINISTIC", "partitionKeyField": "symbol"}]}


class Agent:
    def __init__(self, flow, stream, checkpoint):
        self.flow, self.stream, self.checkpoint = flow, stream, Path(checkpoint)
        self.places = json.loads(self.checkpoint.read_text()) if self.checkpoint.exists() else {}

    def step(self):
        """Sends the whole lines that came since; how many. Those of a killed agent are sent again, none is left out."""
        with ExitStack() as opened:
            try:
                files = [opened.enter_context(open(path, "rb")) for path in glob.glob(self.flow["filePattern"])]
                there = {stat(path).st_ino for path in glob.glob(self.flow["filePattern"])}
            except FileNotFoundError:
                return 0
            if there - {fstat(file.fileno()).st_ino for file in files}:
                return 0  # renamed while we looked: the next step sees all of them, in their order
            return sum(self._send(file) for file in sorted(files, key=self._age))

    @staticmethod
    def _age(file):
        number = re.search(r"\.(\d+)$", file.name)
        return fstat(file.fileno()).st_mtime_ns, -int(number[1]) if number else 0

    def _send(self, file):
        first = file.readline()
        if not first.endswith(b"\n"):
            return 0
        name = hashlib.sha256(first).hexdigest()[:32]
        file.seek(self.places.get(name, 0))
        lines = [line for line in file if line.endswith(b"\n")]
        for start in range(0, len(lines), 500):
            part = lines[start:start + 500]
            self.stream.put([(self._key(line), line.rstrip()) for line in part])
            self.places[name] = self.places.get(name, 0) + sum(map(len, part))
            write_atomically(self.checkpoint, json.dumps(self.places))
        return len(lines)

    def _key(self, line):
        try:
            return str(json.loads(line)[self.flow["partitionKeyField"]])
        except (ValueError, KeyError, TypeError):
            return "?"  # who processes it says what is wrong with it
