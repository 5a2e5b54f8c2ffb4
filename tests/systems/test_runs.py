# SPDX-License-Identifier: MIT
"""Steps, services, fetching and the command line of the five systems."""

import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests
from lib.check import NeedsReal, run_checks
from lib.fetch import fetch
from lib.main import main
from lib.run import Run
from lib.services import Services, free_port, listens
from lib.steps import AlreadyRunning, Log, run_steps

SERVER = "import socket, sys, time; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); time.sleep(60)"


def test_a_failed_run_is_resumed(tmp_path):
    calls = []

    def second(run):
        calls.append("second")
        if len(calls) < 5:
            raise OSError("not yet")
        return {"rows": 3}
    steps = {"first": lambda run: calls.append("first"), "second": second}
    with Run("made", tmp_path, echo=False) as run:
        with pytest.raises(OSError, match="not yet"):
            run_steps(run, steps, pause=0.001)
        assert calls == ["first", "second", "second", "second"]
        run_steps(run, steps, pause=0.001)
        assert calls[4:] == ["second"]
        run_steps(run, steps, only=["first"])
    events = [json.loads(line) for line in (tmp_path / "logs/steps.jsonl").read_text().splitlines()]
    done = [event for event in events if event["event"] == "done"]
    assert [(event["step"], event.get("rows")) for event in done] == [("first", None), ("second", 3), ("first", None)]
    assert "second: failed attempt=3 error=OSError: not yet" in (tmp_path / "logs/task.log").read_text()


def test_one_run_at_once(tmp_path):
    with Run("made", tmp_path, echo=False):
        with pytest.raises(AlreadyRunning), Run("made", tmp_path, echo=False):
            pass
    with Run("made", tmp_path, echo=False):
        pass


def test_unknown_step(tmp_path):
    with Run("made", tmp_path, echo=False) as run, pytest.raises(SystemExit, match="expected first"):
        run_steps(run, {"first": print}, only=["last"])


def test_services_leave_nothing(tmp_path):
    port = free_port()
    with Services(tmp_path, Log(tmp_path / "logs", echo=False)) as services:
        pid = services.start("server", [sys.executable, "-c", SERVER, port], listens(port))
        assert listens(port)() and services.pid("server") == pid
        with pytest.raises(RuntimeError, match="(?s)ended with 3.*hello"):
            services.start("bad", [sys.executable, "-c", "print('hello', flush=True); raise SystemExit(3)"],
                           lambda: False)
        with pytest.raises(RuntimeError, match="was not ready"):
            services.start("late", [sys.executable, "-c", "import time; time.sleep(60)"], lambda: False, seconds=0.3)
    assert not listens(port)() and not Path(f"/proc/{pid}").exists()


def test_what_a_killed_run_left_is_stopped(tmp_path):
    port = free_port()
    child = os.fork()
    if child == 0:
        services = Services(tmp_path, Log(tmp_path / "logs", echo=False)).__enter__()
        services.start("server", [sys.executable, "-c", SERVER, port], listens(port))
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert listens(port)()
    with Services(tmp_path, Log(tmp_path / "logs", echo=False)):
        assert not listens(port)()


def test_another_process_of_the_same_number_lives_on(tmp_path):
    (tmp_path / "services.json").write_text(json.dumps({"other": [os.getpid(), "1"]}))
    with Services(tmp_path, Log(tmp_path / "logs", echo=False)):
        pass  # or this test would have ended here


@pytest.fixture
def answers():
    """A server that gives the listed answers, one after the other: (status, headers, body)."""
    planned, port = [], free_port()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            status, headers, body = planned.pop(0)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = True

        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever).start()
    yield planned, f"http://127.0.0.1:{port}/"
    server.shutdown()
    server.server_close()


def test_fetch_asks_again(answers):
    planned, url = answers
    planned += [(500, {}, b""), (429, {"Retry-After": "7"}, b""), (200, {"Content-Length": "99"}, b'{"a": 1'),
                (200, {}, b"\0\0"), (200, {}, b'{"a": 1}')]
    waits = []
    assert fetch(url, wait=waits.append) == {"a": 1}
    assert len(waits) == 4 and waits[1] == 7


def test_fetch_asks_for_headers_each_time(answers):
    planned, url = answers
    planned += [(500, {}, b""), (200, {}, b"{}")]
    asked = []
    assert fetch(url, headers=lambda: asked.append(1) or {"Range": "bytes=0-"}, wait=lambda seconds: None) == {}
    assert len(asked) == 2


def test_fetch_gives_up(answers):
    planned, url = answers
    planned += [(404, {}, b"")]
    with pytest.raises(requests.HTTPError, match="404"):
        fetch(url)
    planned += [(200, {}, b"no")] * 3
    with pytest.raises(ValueError):
        fetch(url, attempts=3, wait=lambda seconds: None)
    assert not planned


def test_checks_are_counted(tmp_path, capsys):
    def wrong(run):
        raise AssertionError("2 of 3")

    def real(run):
        raise NeedsReal("no broker here")
    with Run("made", tmp_path, echo=False) as run:
        assert not run_checks(run, {"A-1": lambda run: "7 rows", "A-2": wrong, "A-3": real})
        assert run_checks(run, {"A-1": lambda run: "7 rows", "A-3": real})
    said = capsys.readouterr().out.splitlines()
    assert said[:3] == ["A-1 ok 7 rows", "A-2 FAILED: AssertionError: 2 of 3", "A-3 needs real: no broker here"]
    assert said[3].startswith("made: 1 passed, 1 failed, 1 need real parts in ")


def test_sources_have_bad_days(tmp_path):
    with Run("made", tmp_path, echo=False) as run:
        price = f"{run.sources}/api/v3/simple/price?ids=bitcoin&vs_currencies=usd"
        seen = {}
        for kind in ("429", "500", "truncated", "malformed"):
            requests.put(f"{run.sources}/_faults", json={"rate": 1.0, "kinds": [kind]}, timeout=5)
            run.wait(90)
            try:
                answer = requests.get(price, timeout=5)
                seen[kind] = answer.status_code if answer.status_code != 200 else type(answer.json())
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
                seen[kind] = "cut"
            except ValueError:
                seen[kind] = "no JSON"
        assert seen == {"429": 429, "500": 500, "truncated": "cut", "malformed": "no JSON"}
        requests.put(f"{run.sources}/_faults", json={"rate": 0.0}, timeout=5)
        run.wait(90)
        assert requests.get(price, timeout=5).json()["bitcoin"]["usd"] > 0


def test_command_line(capsys):
    assert main(["crypto", "--cron", "*/5 * * * *"]) == 0
    assert capsys.readouterr().out.startswith("*/5 * * * * ")
    for words, said in ((["crypto", "--cron", "every day"], "five fields"), (["crypto", "--set", "x=1"], "expected")):
        with pytest.raises(SystemExit, match=said):
            main(words)


def test_stop_leaves_nothing(tmp_path):
    """SIGTERM in the middle of --every: the server of the sources goes too."""
    child = subprocess.Popen([sys.executable, "-m", "lib.main", "crypto", "--state", str(tmp_path), "--every", "60",
                              "--set", "ticks=100"], stdout=subprocess.DEVNULL)
    kept = tmp_path / "services.json"
    until = time.time() + 30
    while time.time() < until and not (kept.exists() and json.loads(kept.read_text())):
        time.sleep(0.05)
    pid = json.loads(kept.read_text())["sources"][0]
    child.terminate()
    assert child.wait(20) == 0 and not Path(f"/proc/{pid}").exists()
