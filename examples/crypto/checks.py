# SPDX-License-Identifier: MIT
"""What was asked of the crypto system, each with its figure."""

import ast
import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import requests

from lib.run import EXAMPLES
from lib.steps import run_steps
from ports.sql import Lake
from sources.clock import START
from sources.crypto import JUMPS, PERIOD, tape

from .consumer import PriceConsumer
from .pipeline import STEPS, consume, poll


def in_stream(run):
    stream = run.stream("prices")
    return [json.loads(record.data) for shard in stream.shards() for record in stream.read(shard, limit=10 ** 6)]


def in_lake(run):
    rows = []
    for found in run.store.list("crypto/"):
        rows += csv.DictReader(run.store.get(found.key).decode().splitlines())
    return rows


def stored(run):
    return {found.key: found.etag for found in run.store.list("crypto/")}


def poller_loses_nothing(run):
    """Every price of the tape is in the stream once, on a good day and on a bad one."""
    coins, ticks = run.settings["coins"].split(","), 150
    with run.fresh("bad-day", ticks=ticks) as bad:
        requests.put(f"{bad.sources}/_faults", json={"rate": 0.3, "seed": 7}, timeout=5)
        poll(bad)
        faults = requests.get(f"{bad.sources}/_faults", timeout=5).json()
        days = [(run, run.settings["ticks"]), (bad, ticks)]
        for day, length in days:
            wanted = {(coin, START + step * PERIOD, tape(coin)[step]) for coin in coins for step in range(length)}
            found = [(price["coin"], price["last_updated_at"], price["usd"]) for price in in_stream(day)]
            assert len(found) == len(wanted) and set(found) == wanted, f"{len(found)} prices, {len(wanted)} expected"
    assert min(faults.values()) > 0
    return f"{len(coins) * run.settings['ticks']} prices; {len(coins) * ticks} through {sum(faults.values())} faults"


def notebooks_run(run):
    """Both, from top to bottom; they import what is on the cluster, the library and this example, and nothing else."""
    import nbclient
    import nbformat
    allowed = {"json", "os", "matplotlib", "pandas", "bioanalytics", "crypto", "lib", "ports"}
    os.environ["CRYPTO_STATE"] = str(run.state)
    shown = {"image/png": 0, "text/html": 0}
    for name in ("producer", "consumer"):
        notebook = nbformat.read(EXAMPLES / "crypto" / f"{name}.ipynb", 4)
        code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
        for node in ast.walk(ast.parse(code)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else \
                [node.module] if isinstance(node, ast.ImportFrom) else []
            assert all(one.split(".")[0] in allowed for one in names), f"{name} imports {names}"
        done = nbclient.NotebookClient(notebook, timeout=60, extra_arguments=["--IPKernelApp.log_level=40"],
                                       resources={"metadata": {"path": str(EXAMPLES)}}).execute()
        for output in (output for cell in done.cells for output in cell.get("outputs", [])):
            for kind in shown:
                shown[kind] += kind in output.get("data", {})
    assert shown["image/png"] >= 1 and shown["text/html"] >= 2, shown
    return f"2 notebooks, {shown['text/html']} tables, {shown['image/png']} chart"


def stream_keeps_order(run):
    """What goes in comes out, each coin's prices in their order; half a record of a killed writer is in no one's way."""
    prices = in_stream(run)
    for coin in run.settings["coins"].split(","):
        moments = [price["last_updated_at"] for price in prices if price["coin"] == coin]
        assert moments == sorted(moments) and len(moments) == run.settings["ticks"]
    with run.fresh("torn") as torn:
        stream = torn.stream("prices")
        stream.put([("bitcoin", b"1")])
        shard = next(name for name in stream.shards() if stream.read(name))
        with open(stream.folder / shard, "ab") as file:
            file.write(b'{"key": "bitc')
        assert len(stream.read(shard)) == 1
        stream.put([("bitcoin", b"2")])
        assert [record.data for record in stream.read(shard)] == [b"1", b"2"]
    return f"{len(prices)} in, {len(prices)} out, in order"


def killed_consumer_goes_on(run):
    """kill -9 at any moment: the files are those of one pass to the byte, and what is flagged is what was planted."""
    consumer = lambda fresh: PriceConsumer(run.stream("prices"), fresh.store, fresh.state / "consumer.json",
                                           run.settings["coins"].split(","))
    kills = 0
    with run.fresh("killed") as killed:
        for pause in np.linspace(0.01, 0.3, 8):
            child = os.fork()
            if child == 0:
                one = consumer(killed)
                while one.step(15):
                    pass
                os._exit(0)
            time.sleep(pause)
            os.kill(child, signal.SIGKILL)
            kills += os.waitpid(child, 0)[1] == signal.SIGKILL
        one = consumer(killed)
        while one.step():
            pass
        assert kills >= 3, f"{kills} consumers were killed before they were done"
        assert stored(killed) == stored(run)
    flagged = {(row["coin"], row["time"]) for row in in_lake(run) if row["flag"] == "1"}
    planted = {(coin, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(START + step * PERIOD))) for coin, step in JUMPS}
    assert flagged == planted, f"flagged {sorted(flagged)}, planted {sorted(planted)}"
    returns = sorted(in_lake(run), key=lambda row: -abs(float(row["log_return"] or 0)))
    naive = sum((row["coin"], row["time"]) in planted for row in returns[:len(planted)])
    return f"{kills} kills; {len(planted)} of {len(planted)} jumps flagged, 0 others; the largest returns hold {naive}"


def readers_agree(run):
    """pandas and DuckDB read the CSV files alike, and the analysis is what pandas makes of the prices."""
    import pandas as pd
    frame = pd.concat(pd.read_csv(run.store.location(found.key)) for found in run.store.list("crypto/"))
    lake = Lake(run.store, {"prices": "crypto/*/*.csv"})
    found = lake.query("SELECT count(*) AS n, sum(usd) AS usd, sum(flag) AS flags FROM prices")[0]
    lake.close()
    assert found["n"] == len(frame) == len(in_lake(run))
    assert abs(found["usd"] - frame.usd.sum()) < 1e-6 * found["usd"] and found["flags"] == frame.flag.sum()
    worst = 0.0
    for _, own in frame.sort_values("time").groupby("coin"):
        logged = np.log(own.usd).diff()
        worst = max(worst, (own.log_return - logged).abs().max(),
                    (own["mean"] / own.usd.ewm(span=30, adjust=False).mean() - 1).abs().max())
    assert worst < 1e-9, f"{worst} from pandas"
    return f"{found['n']} rows; {worst:.1e} from pandas at most; Spark reads Parquet in the lake's checks"


def store_may_stop(run):
    """Without the store the consumer fails and keeps its place; with it again nothing is missing and nothing twice."""
    with run.fresh("stopped") as stopped:
        one = PriceConsumer(run.stream("prices"), stopped.store, stopped.state / "consumer.json",
                            run.settings["coins"].split(","))
        one.step(200)
        lake, aside = stopped.state / "lake", stopped.state / "aside"
        lake.rename(aside)
        lake.write_text("not a folder")
        try:
            one.step()
            raise AssertionError("a store that is no folder took an object")
        except OSError:
            pass
        lake.unlink()
        aside.rename(lake)
        again = PriceConsumer(run.stream("prices"), stopped.store, stopped.state / "consumer.json",
                              run.settings["coins"].split(","))
        while again.step():
            pass
        assert stored(stopped) == stored(run)
    keys = [(row["coin"], row["time"]) for row in in_lake(run)]
    assert len(keys) == len(set(keys)) == len(in_stream(run))
    return f"{len(keys)} rows, no key twice"


def one_command(run):
    """The pipeline again changes nothing; its template passes the linter; the forecast beats the naive one."""
    before = stored(run)
    run_steps(run, {name: STEPS[name] for name in ("poll", "consume")})
    assert stored(run) == before
    template = EXAMPLES / "deploy" / "crypto.yaml"
    lint = subprocess.run([Path(sys.executable).with_name("cfn-lint"), template], capture_output=True, text=True)
    assert lint.returncode == 0, lint.stdout
    quality = json.loads((run.state / "quality.json").read_text())
    ours, naive = quality["volatility"]
    assert ours < naive
    return (f"volatility: error {ours:.1f} basis points, last move as forecast {naive:.1f}; next return "
            f"{quality['return'][0]:.2f}, zero {quality['return'][1]:.2f}; template checked, not run, on AWS")


CHECKS = {"CRY-01": poller_loses_nothing, "CRY-02": notebooks_run, "CRY-03": stream_keeps_order,
          "CRY-04": killed_consumer_goes_on, "CRY-05": readers_agree, "CRY-06": store_may_stop, "CRY-07": one_command}
