# SPDX-License-Identifier: MIT
"""python -m genomics.supervise PIDS PORTS COMMAND...: COMMAND once for each port, {port} replaced; one that ends starts
again. The file PIDS says which process has which port."""

import ctypes
import json
import signal
import subprocess
import sys
import time

from lib.steps import write_atomically

PDEATHSIG = 1  # of prctl(2): what a process gets when its parent is killed


def start(port, command):
    return subprocess.Popen([word.replace("{port}", port) for word in command],
                            preexec_fn=lambda: ctypes.CDLL(None).prctl(PDEATHSIG, signal.SIGTERM))


def supervise(pids, ports, command):
    ending, replicas, began = [], {}, dict.fromkeys(ports, 0.0)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.append(True))
    while not ending:
        for port in ports:
            if port in replicas and replicas[port].poll() is None:
                continue
            if time.monotonic() - began[port] < 0.5:  # one that cannot start must not keep the machine busy
                continue
            if port in replicas:
                print(f"port {port}: pid {replicas[port].pid} ended with {replicas[port].returncode}", flush=True)
            replicas[port], began[port] = start(port, command), time.monotonic()
            write_atomically(pids, json.dumps({port: replica.pid for port, replica in replicas.items()}))
        time.sleep(0.05)
    for replica in replicas.values():
        replica.terminate()
    return any([replica.wait() for replica in replicas.values()])


if __name__ == "__main__":
    sys.exit(supervise(sys.argv[1], sys.argv[2].split(","), sys.argv[3:]))
