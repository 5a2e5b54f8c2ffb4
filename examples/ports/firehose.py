# SPDX-License-Identifier: MIT
"""A buffering writer in the manner of Firehose: lines become objects of so many lines, or of so many seconds."""

import time


class Firehose:
    """`name(first line's number)` gives the key. An object closes at `records` lines or `seconds` after its first line,
    whichever comes first; it is in the store when `add` or `tick` returns."""

    def __init__(self, store, name, records=500, seconds=60.0, clock=time.time):
        self._store, self._name, self._records, self._seconds, self._clock = store, name, records, seconds, clock
        self._lines, self._count, self._since = [], 0, None

    def add(self, line):
        self.tick()
        if not self._lines:
            self._since = self._clock()
        self._lines.append(line)
        if len(self._lines) == self._records:
            self.flush()

    def tick(self):
        """To be called now and then, so that the last lines need not wait for another."""
        if self._lines and self._clock() - self._since >= self._seconds:
            self.flush()

    def flush(self):
        if self._lines:
            self._store.put(self._name(self._count), b"".join(line + b"\n" for line in self._lines))
            self._count += len(self._lines)
            self._lines = []
