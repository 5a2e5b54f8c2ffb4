# SPDX-License-Identifier: MIT
"""A genomics API: labelled fly promoters as FASTA, in pages, for who has the token; new ones appear with the days.

An answer holds at most `limit` records behind the cursor. X-Next-Cursor leads on, also from the last page, whose cursor
is good for asking again later; Last-Modified is when the newest record of the page was released; Repr-Digest is that of
RFC 9530.
"""

import base64
import hashlib
import hmac
import os
import random
import secrets
from email.utils import formatdate
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Header, Response
from fastapi.responses import JSONResponse

from .clock import START, clock

DATA = Path(__file__).resolve().parents[2] / "build" / "demo" / "download" / "dm3_upstream2000.fa.gz"
LATE = 600  # the last records come in the three days behind START, all others in the two weeks before
DAY = 86400.0


@lru_cache(1)
def entries():
    """(record as FASTA, moment of its release), in the order in which they are released."""
    import gzip
    from promoters.prepare import choose_starts, choose_windows, read_fasta, window_name
    if not DATA.exists():
        raise RuntimeError(f"{DATA} is missing; examples/promoters/fetch.sh gets it")
    with gzip.open(DATA, "rt", encoding="ascii") as lines:
        windows = choose_windows(choose_starts(read_fasta(lines), []), [])
    random.Random(2025).shuffle(windows)  # as a bank of sequences gets them
    early = len(windows) - LATE
    moments = [START - 14 * DAY * (1 - i / early) if i < early else START + 3 * DAY * (i - early + 1) / LATE
               for i in range(len(windows))]
    return [(f">{window_name(w)} arm={w.start.arm} promoter={w.label}\n{w.sequence}\n", moment)
            for w, moment in zip(windows, moments)]


def token_of(folder):
    """The token that this server wants: BIO_GENOMICS_TOKEN, or one of its own in a file that its owner alone reads."""
    if os.environ.get("BIO_GENOMICS_TOKEN"):
        return os.environ["BIO_GENOMICS_TOKEN"]
    path = Path(folder) / "genomics.token"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
    return path.read_text()


def router(folder):
    made, token = APIRouter(), token_of(folder)

    @made.get("/v1/sequences")
    def sequences(cursor: str = "", limit: int = 1000, authorization: str = Header("")):
        if not hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode()):
            return JSONResponse({"error": "a bearer token is needed"}, 401, {"WWW-Authenticate": "Bearer"})
        try:
            first = int(base64.urlsafe_b64decode(cursor or "MA=="))
        except ValueError:
            return JSONResponse({"error": f"no such cursor: {cursor}"}, 400)
        now = clock.now()
        page = [entry for entry in entries()[first:first + min(limit, 1000)] if entry[1] <= now]
        body = "".join(record for record, _ in page).encode()
        headers = {"X-Next-Cursor": base64.urlsafe_b64encode(b"%d" % (first + len(page))).decode(),
                   "Repr-Digest": f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"}
        if page:
            headers["Last-Modified"] = formatdate(page[-1][1], usegmt=True)
        return Response(body, media_type="text/x-fasta", headers=headers)

    return made
