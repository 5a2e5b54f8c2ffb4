# SPDX-License-Identifier: MIT
"""One run of one system: its state folder, its settings, and the ports that its profile chooses."""

import os
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

import requests

from ports.alert import open_alerts
from ports.sql import open_sql
from ports.store import open_store
from ports.stream import open_stream
from ports.table import KeyTable, open_table

from .services import Services, answers, free_port
from .steps import Log, locked

EXAMPLES = Path(__file__).resolve().parent.parent
ROOT = EXAMPLES.parent
# Where each port leads. `real` gets its addresses from the parts that are started (lib/parts.py).
EMBEDDED = {"store": "file:{state}/lake", "stream": "file:{state}/stream/{name}", "sql": "sqlite:{state}/results.db",
            "alerts": "file:{state}/alerts.jsonl"}


class Run:
    """`with Run(...) as run`: the only one in its folder; at the end every service is stopped, whatever happened."""

    def __init__(self, system, state, profile="embedded", settings=None, echo=True):
        self.system, self.profile, self.settings = system, profile, dict(settings or {})
        self.state = Path(state).resolve()
        self.log = Log(self.state / "logs", echo)
        self.urls, self._echo, self.parts = dict(EMBEDDED), echo, None

    def __enter__(self):
        with ExitStack() as closing:
            self._closing = closing
            closing.enter_context(locked(self.state / "lock"))
            self.services = closing.enter_context(Services(self.state, self.log))
            if self.profile != "embedded":
                from .parts import Parts
                self.urls.update(self.parts.urls(self.state.name) if self.parts else Parts(self).urls(self.system))
            self._closing = closing.pop_all()
        return self

    def __exit__(self, *failure):
        return self._closing.__exit__(*failure)

    def at_end(self, function):
        """Calls `function` when the run ends, however it does."""
        self._closing.callback(function)

    def url(self, port, name=""):
        """Where one of the ports leads."""
        return os.environ.get(f"BIO_{port.upper()}_URL", self.urls[port]).format(state=self.state, name=name)

    @cached_property
    def store(self):
        return open_store(self.url("store"))

    @cached_property
    def sql(self):
        opened = open_sql(self.url("sql"))
        self._closing.callback(opened.close)
        return opened

    @cached_property
    def alerts(self):
        return open_alerts(self.url("alerts"))

    def stream(self, name, shards=2):
        return open_stream(self.url("stream", name), shards)

    def table(self, name):
        url = os.environ.get("BIO_TABLE_URL")
        return open_table(url, name) if url else KeyTable(self.sql, name)

    @cached_property
    def sources(self):
        """The address of the server that stands for the third parties; started when it is first asked for."""
        given = os.environ.get("BIO_SOURCES_URL")
        if given:
            return given
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        self.services.start("sources", [sys.executable, "-m", "sources", "--port", port, "--folder",
                                        self.state / "sources"], answers(address + "/healthz"), cwd=EXAMPLES)
        return address

    def wait(self, seconds):
        """Waits in the time of the sources: the clock of made-up ones is moved on instead."""
        if "BIO_SOURCES_URL" in os.environ:
            time.sleep(seconds)
        else:
            requests.put(f"{self.sources}/_clock", json={"add": seconds}, timeout=10).raise_for_status()

    def fresh(self, name, **settings):
        """A run beside this one, in an empty folder of its own, for a check that needs another past."""
        state = self.state / name
        shutil.rmtree(state, ignore_errors=True)
        made = Run(self.system, state, self.profile, {**self.settings, **settings}, echo=False)
        made.parts = self.parts
        return made

    def ba(self, *words, data=None):
        """Runs the program `ba`; what it printed. An error holds its message."""
        done = subprocess.run([os.environ["BA"], *map(str, words)], input=data, capture_output=True)
        if done.returncode:
            raise RuntimeError(f"ba {words[0]} ended with {done.returncode}: {done.stderr.decode().strip()}")
        return done.stdout.decode()
