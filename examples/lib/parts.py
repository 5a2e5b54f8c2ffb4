# SPDX-License-Identifier: MIT
"""The real parts of --profile real: S3 by SeaweedFS, PostgreSQL, Prometheus with its exporters, Alertmanager.

All are started in the state folder of the run, on free ports of 127.0.0.1, and end with it. On AWS nothing of this is
needed: BIO_STORE_URL, BIO_SQL_URL and the standard variables lead to S3 and RDS.
"""

import glob
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

from .services import answers, free_port, listens
from .steps import write_atomically

EXAMPLES = Path(__file__).resolve().parent.parent


class Parts:
    """What a run on real parts has; a run beside it (`Run.fresh`) gets a bucket and a database of its own in them."""

    def __init__(self, run):
        run.parts, self.run, self.folder, self.services = self, run, run.state, run.services
        self.targets = self.folder / "prometheus" / "targets.json"  # of Prometheus, besides those that it starts with
        self._start_store()
        self._make_database()
        self.start_database()
        self._start_monitoring()

    def urls(self, name):
        """The ports of a run of this name."""
        import boto3
        s3 = boto3.client("s3")
        try:
            s3.create_bucket(Bucket=name)
        except s3.exceptions.BucketAlreadyOwnedByYou:
            pass
        made = subprocess.run([self._program("createdb"), *self._login, name], capture_output=True, text=True)
        if made.returncode and "already exists" not in made.stderr:
            raise RuntimeError(f"createdb {name}: {made.stderr}")
        return {"store": f"s3://{name}", "sql": f"postgresql://app@127.0.0.1:{self.sql_port}/{name}",
                "alerts": self.alerts}

    # ---- S3 ----

    def _start_store(self):
        ports = {name: _free_pair() for name in ("master", "volume", "filer", "s3", "admin")}
        ports.update({"s3.port.iceberg": free_port(), "s3.port.lance": free_port()})
        metrics, self.s3 = free_port(), f"http://127.0.0.1:{ports['s3']}"
        os.environ.update(AWS_ENDPOINT_URL_S3=self.s3, AWS_ACCESS_KEY_ID="systems",
                          AWS_SECRET_ACCESS_KEY=secrets.token_urlsafe(24), AWS_DEFAULT_REGION="us-east-1")
        folder = self.folder / "s3"
        (folder / "tmp").mkdir(parents=True, exist_ok=True)
        self.run.at_end(lambda: [path.unlink() for port in ports.values()  # those of a process that had to be killed
                                 for path in Path("/tmp").glob(f"seaweedfs-*-grpc-{port + 10_000}.sock")])
        weed = Path(sys.executable).with_name("weed")
        self.services.start("s3", [
            weed, "mini", "-dir=.", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-webdav=false", "-admin.ui=false",
            "-master.telemetry=false", f"-metricsPort={metrics}", "-s3.localSocket=s3.sock",
            "-filer.localSocket=filer.sock",
            *(f"-{name if '.' in name else name + '.port'}={port}" for name, port in ports.items())],
            _answers_s3, cwd=folder, env={"TMPDIR": str(folder / "tmp")})
        self.store_metrics = f"127.0.0.1:{metrics}"

    # ---- PostgreSQL, which refuses to run as root ----

    @staticmethod
    def _program(name):
        found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
        return found[-1] if found else name

    @property
    def _login(self):
        return ["-h", "127.0.0.1", "-p", str(self.sql_port), "-U", "app"]

    def _make_database(self):
        self.sql_port, data = free_port(), self.folder / "postgres"
        data.mkdir(parents=True, exist_ok=True)
        self._as = []
        if os.geteuid() == 0:  # the folders above may be root's alone
            shutil.chown(data, "postgres")
            self._as = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--inh-caps=+dac_override",
                        "--ambient-caps=+dac_override", "--"]
        if (data / "PG_VERSION").exists():
            return
        made = subprocess.run([*self._as, self._program("initdb"), "-D", data, "-A", "trust", "-U", "app", "--no-sync",
                               "-E", "UTF8", "--locale=C"], cwd="/", capture_output=True, text=True)
        if made.returncode:
            raise RuntimeError(f"initdb ended with {made.returncode}: {made.stderr}")

    def start_database(self):
        command = [self._program("postgres"), "-D", self.folder / "postgres", "-p", self.sql_port, "-c",
                   "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        asks = [self._program("pg_isready"), *self._login, "-q"]
        self.services.start("postgres", [*self._as, *command], lambda: subprocess.run(asks).returncode == 0, cwd="/")

    def stop_database(self):
        self.services.stop("postgres", how=signal.SIGINT)  # what is running ends, clients are not waited for

    # ---- metrics and alerts ----

    def _start_monitoring(self):
        ports = {name: free_port() for name in ("prometheus", "alertmanager", "node", "sql", "webhook")}
        at = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
        self.prometheus, self.alerts = f"http://{at['prometheus']}", f"http://{at['alertmanager']}"
        self.webhook = self.folder / "webhook.jsonl"  # what Alertmanager told, a line each time
        start, folder = self.services.start, self.targets.parent
        start("node-exporter", ["prometheus-node-exporter", f"--web.listen-address={at['node']}"],
              listens(ports["node"]))
        database = f"postgresql://app@127.0.0.1:{self.sql_port}/postgres?sslmode=disable&connect_timeout=1"
        start("postgres-exporter", ["prometheus-postgres-exporter", f"--web.listen-address={at['sql']}"],
              listens(ports["sql"]), env={"DATA_SOURCE_NAME": database})
        start("webhook", [sys.executable, "-m", "lib.webhook", ports["webhook"], self.webhook],
              listens(ports["webhook"]), cwd=EXAMPLES)
        hook = {"name": "webhook", "webhook_configs": [{"url": f"http://{at['webhook']}/"}]}
        route = {"receiver": "webhook", "group_by": ["alertname"], "group_wait": "1s", "group_interval": "2s"}
        write_atomically(folder / "alertmanager.yml", json.dumps({"route": route, "receivers": [hook]}))
        start("alertmanager", ["prometheus-alertmanager", f"--config.file={folder / 'alertmanager.yml'}",
                               f"--storage.path={folder / 'alerts'}", f"--web.listen-address={at['alertmanager']}",
                               "--cluster.listen-address="], answers(f"{self.alerts}/-/ready"))
        self.scrape({})
        jobs = {"node": at["node"], "postgres": at["sql"], "store": self.store_metrics, "prometheus": at["prometheus"]}
        write_atomically(folder / "prometheus.yml", json.dumps(self._watches(jobs, at["alertmanager"])))
        start("prometheus", ["prometheus", f"--config.file={folder / 'prometheus.yml'}",
                             f"--storage.tsdb.path={folder}", f"--web.listen-address={at['prometheus']}"],
              answers(f"{self.prometheus}/-/ready"))

    def _watches(self, jobs, alertmanager):
        """What Prometheus is told; of its own system it reads the rules."""
        fixed = [{"job_name": name, "static_configs": [{"targets": [address]}]} for name, address in jobs.items()]
        found = {"job_name": "predictors",
                 "file_sd_configs": [{"files": [str(self.targets)], "refresh_interval": "1s"}]}
        return {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "scrape_configs": [*fixed, found],
                "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
                "rule_files": [str(EXAMPLES / self.run.system / "rules.yml")]}

    def query(self, expression):
        """What Prometheus answers: numbers by the labels of each."""
        url = f"{self.prometheus}/api/v1/query?{urlencode({'query': expression})}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return [(found["metric"], float(found["value"][1])) for found in json.load(answer)["data"]["result"]]

    def scrape(self, targets):
        """Takes addresses under names into Prometheus, in the place of those of an earlier call."""
        write_atomically(self.targets, json.dumps([{"targets": [address], "labels": {"replica": name}}
                                                   for name, address in targets.items()]))

    def notices(self):
        """What Alertmanager told the webhook, alert by alert."""
        lines = self.webhook.read_text().splitlines() if self.webhook.exists() else []
        return [{"at": told["at"], **alert} for told in map(json.loads, lines) for alert in told["alerts"]]


def _free_pair():
    """SeaweedFS takes the port that is 10,000 above as well."""
    import socket
    while True:
        port = free_port()
        with socket.socket() as other:
            try:
                other.bind(("127.0.0.1", port + 10_000))
                return port
            except (OSError, OverflowError):
                continue


def _answers_s3():
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError
    try:
        boto3.client("s3", config=Config(retries={"max_attempts": 0}, connect_timeout=1, read_timeout=5)).list_buckets()
        return True
    except (BotoCoreError, ClientError):
        return False
