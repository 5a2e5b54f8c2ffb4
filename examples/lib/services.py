# SPDX-License-Identifier: MIT
"""Services: started on free ports, awaited, and stopped by their pid, also those of a run that was killed."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

from .steps import write_atomically


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    """A probe: something accepts connections on the port."""
    def probe():
        with socket.socket() as attempt:
            attempt.settimeout(1)
            return attempt.connect_ex(("127.0.0.1", port)) == 0
    return probe


def answers(url):
    """A probe: a GET of the address gives 200."""
    def probe():
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False
    return probe


def _started_at(pid):
    """When the process began, in ticks of the kernel; with its pid this names a process and no later one."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (FileNotFoundError, ProcessLookupError):
        return None


class Services:
    """The processes of one run; `with Services(...)` stops them all at its end, the last one first."""

    def __init__(self, folder, log):
        self.folder, self.log = Path(folder), log
        self._running, self._children = {}, {}

    def __enter__(self):
        self._path = self.folder / "services.json"
        for name, (pid, began) in (json.loads(self._path.read_text()) if self._path.exists() else {}).items():
            if _started_at(pid) == began:
                self.log("stops what a killed run left", service=name, pid=pid)
                self._end(pid, began)
        self._path.unlink(missing_ok=True)
        return self

    def __exit__(self, *failure):
        for name in reversed(list(self._running)):
            self.stop(name)

    def start(self, name, command, ready, env=None, cwd=None, seconds=60, user=None):
        """Starts a process in a session of its own, its output in logs/NAME.log; its pid, once `ready()` is true.

        BIO_RUN in its environment, and in that of all that it starts, names the run: so what is left of one is found."""
        path = self.log.folder / f"{name}.log"
        with open(path, "ab") as output:
            child = subprocess.Popen([str(word) for word in command], stdout=output, stderr=output, cwd=cwd,
                                     stdin=subprocess.DEVNULL, start_new_session=True, user=user,
                                     env={**os.environ, "BIO_RUN": str(self.folder), **(env or {})})
        self._running[name], self._children[name] = (child.pid, _started_at(child.pid)), child
        write_atomically(self._path, json.dumps(self._running))
        until = time.time() + seconds
        while not ready():
            if child.poll() is not None or time.time() > until:
                self.stop(name)
                why = f"ended with {child.returncode}" if time.time() < until else f"was not ready in {seconds} s"
                raise RuntimeError(f"service {name} {why}; the end of {path}:\n{path.read_text()[-2000:]}")
            time.sleep(0.05)
        self.log("started", service=name, pid=child.pid)
        return child.pid

    def pid(self, name):
        return self._running[name][0]

    def stop(self, name, how=signal.SIGTERM):
        """Ends a service; one that does not go in ten seconds is killed."""
        pid, began = self._running.pop(name)
        self._end(pid, began, how, self._children.pop(name))
        write_atomically(self._path, json.dumps(self._running))

    @staticmethod
    def _end(pid, began, how=signal.SIGTERM, child=None):
        until = time.time() + 10
        while _started_at(pid) == began:
            try:
                os.killpg(pid, how)
            except ProcessLookupError:
                break
            waited = time.time() + 2
            while time.time() < waited and _started_at(pid) == began and (not child or child.poll() is None):
                time.sleep(0.02)
            if child and child.poll() is not None:
                break
            if time.time() > until:
                how = signal.SIGKILL
