# SPDX-License-Identifier: MIT
"""The time that the sources live in: it stands still until a replay moves it, or goes as many times as fast as ours."""

import time

START = 1_760_000_000.0  # 9 October 2025, 08:53:20 UTC: where every made-up tape begins


class Clock:
    def __init__(self):
        self._at, self._since, self.speed = START, time.monotonic(), 0.0

    def now(self):
        return self._at + (time.monotonic() - self._since) * self.speed

    def set(self, at=None, add=0.0, speed=None):
        self._at, self._since = (self.now() if at is None else at) + add, time.monotonic()
        self.speed = self.speed if speed is None else speed


clock = Clock()
