# SPDX-License-Identifier: MIT
"""What goes wrong with the answers of third parties, at a rate and with a seed, so that a bad day can be had again."""

import asyncio
import random

KINDS = ("429", "500", "slow", "truncated", "malformed")


class Faults:
    """ASGI middleware; PUT /_faults {"rate": 0.3, "kinds": [...], "seed": 1} sets it, paths below /_ stay whole."""

    def __init__(self, app):
        self.app, self.counts = app, dict.fromkeys(KINDS, 0)
        self.set(0.0)

    def set(self, rate, kinds=KINDS, seed=1):
        self.rate, self.kinds, self._random = rate, list(kinds), random.Random(seed)

    async def __call__(self, scope, receive, send):
        whole = scope["type"] != "http" or scope["path"].startswith("/_") or scope["path"] == "/healthz"
        if whole or self._random.random() >= self.rate:
            return await self.app(scope, receive, send)
        kind = self._random.choice(self.kinds)
        self.counts[kind] += 1
        if kind == "429":
            return await self._refuse(send, 429, [(b"retry-after", b"0.05")])
        if kind == "500":
            return await self._refuse(send, 500, [])
        if kind == "slow":
            await asyncio.sleep(0.3)
            return await self.app(scope, receive, send)
        return await self.app(scope, receive, self._spoiled(send, kind))

    @staticmethod
    async def _refuse(send, status, headers):
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"try again"})

    @staticmethod
    def _spoiled(send, kind):
        """Cuts an answer in the middle of what its length promised, or puts in its middle what no parser takes."""
        async def spoil(message):
            body = message.get("body", b"")
            if message["type"] == "http.response.body" and body:
                half = len(body) // 2
                body = body[:half] if kind == "truncated" else b"\x00" * half + body[half:]
                message = {**message, "body": body, "more_body": False}
            await send(message)
        return spoil
