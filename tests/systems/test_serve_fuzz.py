# SPDX-License-Identifier: MIT
"""bio-serve under sanitizers, asked whatever comes: it answers, or closes the connection, and neither crashes nor leaks.

`BIO_SERVE_FUZZ=60` fuzzes for so many seconds instead of five."""

import gzip
import json
import os
import random
import socket
import threading
import time

import pytest
import serving
from serving import Served, fasta, sequences

SECONDS = float(os.environ.get("BIO_SERVE_FUZZ", "5"))
PATHS = ["/predict", "/invocations", "/explain", "/predictions", "/runs/x", "/ping", "/healthz", "/metrics", "/", "/x",
         "/predictions?limit=3&cursor=a.1", "/predictions?from=2026&name=%00", "/%2e%2e/x", "/runs/", "/explain?class=1"]
TYPES = ["application/json", "text/csv", "application/x-fasta", "application/x-fastq", "text/plain", "image/png", "a" * 300,
         "application/jsonlines", ""]


def bodies(source):
    records = list(sequences(source.randrange(1000), source.randrange(1, 4), 60))
    letters = records[0][1]
    return [fasta(records).encode(), letters.encode(), gzip.compress(fasta(records).encode()), b"",
            "".join(f"@{n}\n{s}\n+\n{'I' * len(s)}\n" for n, s in records).encode(),
            json.dumps({"sequences": [s for _, s in records]}).encode(), json.dumps([[1, 2], {"a": None}]).encode(),
            json.dumps({"rows": [{"a": 1}], "group": "a", "time": "b"}).encode(), b"name,sequence\na," + letters.encode(),
            b"1,2,3\n4,5,6\n", b"[" * 3000, b'{"sequence": "' + b"A" * 40000 + b'"}', os.urandom(200)]


def mutate(source, data):
    data = bytearray(data)
    for _ in range(source.randrange(4)):
        if not data:
            break
        at = source.randrange(len(data))
        kind = source.randrange(4)
        if kind == 0:
            data[at] = source.randrange(256)
        elif kind == 1:
            del data[at:at + source.randrange(1, 30)]
        elif kind == 2:
            data[at:at] = source.choice([b"\0", b"\r\n", b"\xff\xff", b"-1", b"99999999999999999999", b'"', b"\n>"])
        else:
            data[at:at] = data[at:at + source.randrange(1, 50)]
    return bytes(data)


def request(source):
    body = source.choice(bodies(source))
    if source.random() < 0.6:
        body = mutate(source, body)
    length = len(body) if source.random() < 0.9 else source.choice([-1, 0, 5, 10**12, len(body) + 10])
    head = (f"{source.choice(['POST', 'POST', 'POST', 'GET', 'HEAD', 'PUT', 'X' * 40])} {source.choice(PATHS)} HTTP/1."
            f"{source.choice('110')}\r\nHost: x\r\nContent-Type: {source.choice(TYPES)}\r\nContent-Length: {length}\r\n"
            f"Accept: {source.choice(TYPES)}\r\n")
    if source.random() < 0.1:
        head += "Transfer-Encoding: chunked\r\n"
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    if source.random() < 0.1:
        head += "Expect: 100-continue\r\n"
    if source.random() < 0.1:
        head += "Authorization: " + "Bearer " * source.randrange(200) + "\r\n"
    whole = head.encode() + b"\r\n" + body
    return mutate(source, whole) if source.random() < 0.3 else whole


def attack(port, seed, until, counts):
    source = random.Random(seed)
    while time.time() < until:
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as peer:
                peer.settimeout(0.2)
                for _ in range(source.randrange(1, 4)):
                    peer.sendall(request(source))
                    if source.random() < 0.1:
                        break  # and away, without a look at the answer
                    answer = peer.recv(65536)
                    code = answer[9:12].decode("latin-1")
                    counts[code] = counts.get(code, 0) + 1
        except OSError:
            counts["closed"] = counts.get("closed", 0) + 1


@pytest.fixture(scope="module")
def sanitized(tmp_path_factory):
    return serving.build(tmp_path_factory.mktemp("sanitized"), "-DSERVE_SANITIZE=ON", "-DCMAKE_BUILD_TYPE=Debug")


def test_fuzzing_under_sanitizers(sanitized, model, tmp_path):
    environment = {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0", "UBSAN_OPTIONS": "print_stacktrace=1"}
    with Served(sanitized, model, tmp_path, "--timeout", "2", "--max-body", "1M", "--threads", "3", "--store",
                f"sqlite:{tmp_path}/r.db", "--spool", tmp_path / "spool", env=environment) as server:
        counts, until = {}, time.time() + SECONDS
        attacks = [threading.Thread(target=attack, args=(server.port, seed, until, counts)) for seed in range(6)]
        for thread in attacks:
            thread.start()
        for thread in attacks:
            thread.join()
        assert server.process.poll() is None, server.log_path.read_text()[-4000:]
        assert server.post("/predict", "ACGTACGT")["predictions"]
        assert server.metric("requests_total", code="500") is None
        server.drained()
        server.stop()  # exit code 0: no leak, no error of a sanitizer
        print(counts)
        assert counts.get("200", 0) > 20 and counts.get("400", 0) > 20
        assert "ERROR: " not in server.log_path.read_text()
    assert not (tmp_path / "spool" / "refused.log").exists()
