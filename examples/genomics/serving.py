# SPDX-License-Identifier: MIT
"""Two replicas of bio-serve over the model that the pipeline wrote; on real parts nginx stands before them."""

import getpass
import json
import os
import sys

from lib.run import EXAMPLES, ROOT
from lib.services import answers, free_port
from lib.steps import write_atomically

from .pipeline import model_file

PROGRAM = os.environ.get("BIO_SERVE", str(ROOT / "build" / "serve" / "build" / "bio-serve"))
NGINX = """daemon off; worker_processes 1; user {user}; pid {folder}/pid; error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  client_max_body_size 16m;
  upstream predictors {{ {servers} keepalive 64; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://predictors; proxy_http_version 1.1; proxy_set_header Connection "";
      # A prediction that is asked for twice is one row, so a POST may go to the other replica as well.
      proxy_next_upstream error timeout http_502 http_503 http_504 non_idempotent;
      proxy_connect_timeout 1s;
    }}
  }}
}}
"""


class Predictors:
    """`with Predictors(run) as served`: `served.url` answers, whichever replica is down."""

    def __init__(self, run, replicas=2):
        self.run, self.ports = run, [str(free_port()) for _ in range(replicas)]
        self.pids = run.state / "predictors.json"
        self.replicas = {f"replica-{place}": f"127.0.0.1:{port}" for place, port in enumerate(self.ports)}

    def __enter__(self):
        spool = self.run.state / "spool"
        spool.mkdir(exist_ok=True)
        probes = [answers(f"http://{address}/ping") for address in self.replicas.values()]
        self.run.services.start("predictors", [
            sys.executable, "-m", "genomics.supervise", self.pids, ",".join(self.ports), PROGRAM, "--model",
            model_file(self.run), "--name", "promoters", "--port", "{port}", "--store", self.run.url("sql"),
            "--spool", spool / "{port}", "--threads", "2"], lambda: all(probe() for probe in probes), cwd=EXAMPLES)
        self.url = f"http://{self.replicas['replica-0']}"
        if self.run.parts:
            self._start_proxy()
            self.run.parts.scrape(self.replicas)
        return self

    def _start_proxy(self):
        path, port = self.run.state / "nginx" / "nginx.conf", free_port()
        servers = " ".join(f"server {address} max_fails=1 fail_timeout=1s;" for address in self.replicas.values())
        write_atomically(path, NGINX.format(folder=path.parent, port=port, servers=servers, user=getpass.getuser()))
        self.url = f"http://127.0.0.1:{port}"
        self.run.services.start("nginx", ["nginx", "-e", "stderr", "-c", path], answers(f"{self.url}/ping"))

    def __exit__(self, *failure):
        if self.run.parts:
            self.run.parts.scrape({})
            self.run.services.stop("nginx")
        self.run.services.stop("predictors")

    def pid(self, place):
        """Of the replica that runs now."""
        return json.loads(self.pids.read_text())[self.ports[place]]
