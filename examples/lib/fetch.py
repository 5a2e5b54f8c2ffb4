# SPDX-License-Identifier: MIT
"""GET with patience: what the far side does wrong for a while (429, 500, cut or malformed answers) is asked for again."""

import time

import requests
import tenacity


class TryAgain(Exception):
    """An answer that may be better next time; `after` is what the server asked to be waited, in seconds."""

    def __init__(self, why, after=None):
        super().__init__(why)
        self.after = after


class _Wait(tenacity.wait.wait_base):
    def __init__(self):
        self._growing = tenacity.wait_random_exponential(multiplier=0.05, max=5)

    def __call__(self, state):
        asked = getattr(state.outcome.exception(), "after", None)
        return asked if asked is not None else self._growing(state)


_session = requests.Session()


def fetch(url, parse=lambda answer: answer.json(), attempts=12, timeout=5, headers=None, params=None, stream=False,
          wait=time.sleep):
    """What `parse` makes of the answer; it raises ValueError for one that is malformed, or TryAgain.

    `wait` takes the seconds to wait between two attempts; `headers` may be a function, asked before each of them.
    Errors of the caller (401, 404 and their like) are not tried again: they raise requests.HTTPError."""
    @tenacity.retry(wait=_Wait(), sleep=wait, stop=tenacity.stop_after_attempt(attempts), reraise=True,
                    retry=tenacity.retry_if_exception_type((TryAgain, ValueError, requests.ConnectionError,
                                                            requests.Timeout,
                                                            requests.exceptions.ChunkedEncodingError)))
    def once():
        said = headers() if callable(headers) else headers
        answer = _session.get(url, timeout=timeout, headers=said, params=params, stream=stream)
        if answer.status_code == 429 or answer.status_code >= 500:
            after = answer.headers.get("Retry-After")
            raise TryAgain(f"{url}: status {answer.status_code}", float(after) if after else None)
        answer.raise_for_status()
        return parse(answer)
    return once()
