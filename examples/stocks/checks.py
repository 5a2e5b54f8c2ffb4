# SPDX-License-Identifier: MIT
"""What was asked of the stock monitor, each with its figure."""

import base64
import json
import logging
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections import defaultdict
from pathlib import Path

import matplotlib.image
import numpy as np
import pandas as pd
import requests
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from lib.check import NeedsReal
from lib.run import EXAMPLES, Run
from lib.services import answers, free_port
from lib.steps import run_steps
from ports import catalog
from ports.firehose import Firehose
from ports.sql import Lake
from ports.store import open_store
from ports.stream import Record, open_stream
from sources.clock import START
from sources.stocks import DAYS, JUMPS, MINUTES, moments, tape

from .agent import Agent, configuration
from .analytics import FIGURES, WEIGHTS, open_symbol
from .feed import Provider
from .handler import handle, ports
from .package import build
from .pipeline import STEPS, TABLES, agent_of, feed_of, open_lake, process, produce, rows_of, runner_of, views
from .runner import Runner, event_of


def beside(run, name, **settings):
    """Another run in a folder of its own, on the same made-up sources, whose time goes back to its beginning."""
    other = run.fresh(name, **settings)
    other.sources = run.sources
    requests.put(f"{run.sources}/_clock", json={"at": START, "speed": 0}, timeout=5)
    return other


def in_stream(run):
    stream = run.stream("ticks")
    return [record for shard in stream.shards() for record in stream.read(shard, limit=10 ** 6)]


def of_tape(days):
    """What the provider has of the last days, as (symbol, moment, price)."""
    first = (DAYS - days) * MINUTES
    return {(symbol, int(at), float(price)) for symbol in WEIGHTS
            for at, price in zip(moments()[first:], tape()[symbol][first:])}


def ticks_of(records):
    found = [json.loads(record.data) for record in records]
    return [(tick["symbol"], tick["ts"], tick["price"]) for tick in found]


def items(run):
    return [item for symbol in run.table("prices").keys() for item in run.table("prices").last(symbol, 10 ** 6)]


def put(run, lines, start=0):
    """Lines as the records of an event, straight to the function."""
    records = [Record("shard-check", f"{start + place + 1:020}", "key", line, 0.0) for place, line in enumerate(lines)]
    return handle(event_of(records), ports(run.store, run.alerts, run.table))


def api_answers(run):
    """What schemathesis makes of the specification gets no answer of 5xx and none that the specification has not."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    run.services.start("api", [sys.executable, "-m", "stocks.api", "--port", port, "--table",
                               f"sqlite:{run.state / 'results.db'}"], answers(address + "/health"), cwd=EXAMPLES)
    report = run.state / "schemathesis.json"
    tested = subprocess.run(
        [Path(sys.executable).with_name("st"), "run", f"{address}/openapi.json", "--max-examples", "15",
         "--phases", "examples,coverage,fuzzing", "--generation-deterministic", "--no-color", "--report-json-path",
         report,
         "--checks", "not_a_server_error,status_code_conformance,response_schema_conformance"],
        cwd=run.state, capture_output=True)
    (run.log.folder / "schemathesis.log").write_bytes(tested.stdout + tested.stderr)
    assert tested.returncode == 0, tested.stdout.decode()[-1500:]
    cases = json.loads(report.read_text())["test_cases"]["generated"]
    for symbol in WEIGHTS:
        last = run.table("prices").last(symbol)[0]
        quote = requests.get(f"{address}/quotes/{symbol}", timeout=5).json()
        assert (quote["ts"], quote["price"]) == (last["ts"], last["price"])
    whole = requests.get(f"{address}/portfolio", timeout=5).json()
    steps = {symbol: [item["price"] for item in run.table("prices").last(symbol, 2)] for symbol in WEIGHTS}
    expected = sum(weight * (steps[symbol][1] / steps[symbol][0] - 1) for symbol, weight in WEIGHTS.items())
    assert abs(whole["returned"] - expected) < 1e-15
    run.services.stop("api")
    return f"{len(WEIGHTS)} quotes are the table's last; {cases} cases of schemathesis, all as specified"


def poller_loses_nothing(run):
    """Through calls that are refused with status 200, and through a bad day."""
    def polled(other):
        produce(other)
        return ticks_of(in_stream(other))
    few = {"days": 1.0, "period": 5500.0}
    with beside(run, "limited", **few) as limited, beside(run, "bad-day", **few) as bad:
        requests.put(f"{run.sources}/_limit", json={"calls": 5, "seconds": 0.2}, timeout=5)
        found = [polled(limited)]
        refused = requests.get(f"{run.sources}/_limit", timeout=5).json()["refused"]
        requests.put(f"{run.sources}/_limit", json={}, timeout=5)
        requests.put(f"{run.sources}/_clock", json={"at": START}, timeout=5)
        requests.put(f"{run.sources}/_faults", json={"rate": 0.3, "seed": 3}, timeout=5)
        found.append(polled(bad))
        faults = sum(requests.get(f"{run.sources}/_faults", timeout=5).json().values())
        requests.put(f"{run.sources}/_faults", json={"rate": 0.0}, timeout=5)
    for ticks in found:
        assert len(ticks) == len(set(ticks)) and set(ticks) == of_tape(2), f"{len(ticks)} ticks"
    assert refused > 3 and faults > 5
    provider = Provider(run.sources)
    for symbol, price in [(symbol, run.table("prices").last(symbol)[0]["price"]) for symbol in WEIGHTS]:
        assert provider.quote(symbol)[0] == price
    return f"{len(found[0])} ticks through {refused} refusals with status 200; again through {faults} faults"


def agent_follows(run):
    """Lines of a log that is renamed, and copied and cut, while it is read by agents that stop without a word."""
    folder = run.state / "agent"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    stream, log = open_stream(f"file:{folder}/stream"), folder / "ticks.log"
    flow, written, sent = configuration(folder / "ticks.log*")["flows"][0], [], 0
    for number in range(1200):
        line = json.dumps({"symbol": "ABC"[number % 3], "number": number})
        written.append(line)
        with open(log, "a") as file:
            file.write(line[:9])  # an agent that looks now meets half a line
            file.flush()
            if number % 37 == 0:
                sent += Agent(flow, stream, folder / "places.json").step()
            file.write(line[9:] + "\n")
        if number % 200 == 100:
            log.rename(folder / f"ticks.log.{1000 - number}")
        elif number % 200 == 0 and number:
            shutil.copy(log, folder / f"ticks.log.{1000 - number}")
            os.truncate(log, 0)
    sent += Agent(flow, stream, folder / "places.json").step()
    for key in "ABC":
        found = [record.data.decode() for shard in stream.shards() for record in stream.read(shard, limit=10 ** 4)
                 if record.key == key]
        assert found == [line for line in written if json.loads(line)["symbol"] == key], f"{len(found)} lines of {key}"
    assert sent == len(written)
    return f"{sent} of {len(written)} lines, in order, over 6 renames and 5 cuts"


def resharding_loses_nothing(run):
    """From 2 shards to 4 between two halves; the figures are to the bit those of one pass over the tape."""
    records = sorted(in_stream(run), key=lambda record: json.loads(record.data)["ts"])[-2 * MINUTES * len(WEIGHTS):]
    with beside(run, "resharded") as other:
        stream, runner = other.stream("ticks"), runner_of(other, batch=300)
        for half in (records[:len(records) // 2], records[len(records) // 2:]):
            stream.put([(record.key, record.data) for record in half])
            runner.step()
            if len(stream.shards()) == 2:
                stream.reshard(4)
        runner.drain()
        rows = rows_of(other)
        used = [shard for shard in stream.shards() if stream.read(shard)]
    for symbol, own in rows.groupby("sym"):
        direct = open_symbol().update_rows(tape()[symbol][-2 * MINUTES:, None], times=moments()[-2 * MINUTES:])
        assert np.array_equal(own[[*FIGURES]].to_numpy(), direct, equal_nan=True), symbol
    assert len(rows) == len(records)
    return f"{len(records)} records over {len(used)} of 6 shards, each symbol in order"


def poison_is_set_aside(run):
    """Malformed records and one that makes the function fail; then the same function from its zip, with its layer."""
    lines = [record.data for record in in_stream(run)[:400]]
    poison = {50: b"not JSON", 51: b'{"symbol": "ACME"}', 399: b"[]",
              200: lines[200].replace(b'"price": ', b'"price": -')}
    lines = [poison.get(place, line) for place, line in enumerate(lines)]
    with beside(run, "poison") as other:
        stream, dead = other.stream("ticks", 1), other.stream("dead", 1)
        stream.put([("key", line) for line in lines])
        inner = runner_of(other).function

        def fails(event, context):
            if any(base64.b64decode(record["kinesis"]["data"]) == lines[300] for record in event["Records"]):
                raise RuntimeError("out of luck")
            return inner(event, context)
        logging.disable()  # what it says of the poison is no news here
        Runner(stream, fails, dead, other.state / "places.json", batch=150, pause=0.001).drain()
        logging.disable(logging.NOTSET)
        letters = [json.loads(record.data) for record in dead.read(dead.shards()[0])]
        kept = {(item["sym"], item["ts"]) for item in items(other)}
    assert [base64.b64decode(letter["data"]) for letter in letters] == [
        lines[place] for place in sorted([*poison, 300])]
    left = [json.loads(line) for place, line in enumerate(lines) if place not in poison and place != 300]
    assert kept == {(tick["symbol"], tick["ts"]) for tick in left}
    return f"{len(letters)} of {len(lines)} in the dead-letter stream, the others processed; {in_its_zip(run)}"


def in_its_zip(run):
    """Runs what Lambda would be given: unpacked, no other package on the path."""
    folder = run.state / "lambda"
    shutil.rmtree(folder, ignore_errors=True)
    zips = build(folder)
    for path in zips:
        assert path.stat().st_size < 50e6
        zipfile.ZipFile(path).extractall(folder / path.stem)
    event = event_of(in_stream(run)[:200])
    code = ("import json, sys; from stocks.handler import handler; import bioanalytics, numpy; "
            "print(json.dumps([handler(json.load(sys.stdin), None), bioanalytics.__file__, numpy.__file__]))")
    environment = {"PYTHONPATH": f"{folder}/function:{folder}/layer/python", "BIO_STORE_URL": f"file:{folder}/lake",
                   "BIO_TABLE_URL": f"sqlite:{folder}/rows.db", "BIO_ALERTS_URL": f"file:{folder}/alerts"}
    done = subprocess.run([sys.executable, "-S", "-c", code], input=json.dumps(event).encode(), cwd=folder,
                          capture_output=True, env=environment)
    assert done.returncode == 0, done.stderr.decode()
    answer, *places = json.loads(done.stdout)
    assert answer == {"batchItemFailures": []} and all(place.startswith(f"{folder}/layer") for place in places)
    assert len(open_store(f"file:{folder}/lake").list("raw/")) > 0
    sizes = [path.stat().st_size / 1e6 for path in zips]
    shutil.rmtree(folder)
    return f"zips of {sizes[0]:.2f} and {sizes[1]:.0f} MB, run unpacked"


def replay_changes_nothing(run):
    """The whole stream once more, in other batches."""
    before, rows = run.store.list("raw/"), items(run)
    (run.state / "runner.json").unlink()
    done = runner_of(run, batch=3000).drain()
    assert run.store.list("raw/") == before and items(run) == rows
    return f"{done} records again: {len(before)} objects as before"


def objects_close(run):
    now, folder = [0.0], run.state / "firehose"
    shutil.rmtree(folder, ignore_errors=True)
    store = open_store(f"file:{folder}")
    writer, closed = Firehose(store, "out/{:06}".format, records=100, seconds=60, clock=lambda: now[0]), {}
    for second in range(600):  # fast for 5 minutes, then slow
        now[0] = float(second)
        writer.tick()
        for number in range(4 if second < 300 else second % 2):
            writer.add(json.dumps([second, number]).encode())
        closed.update({found.key: second for found in store.list("out/") if found.key not in closed})
    writer.flush()
    objects = [[json.loads(line) for line in store.get(found.key).splitlines()] for found in store.list("out/")]
    assert sum(map(len, objects)) == 1200 + 150
    full = [lines for lines in objects if len(lines) == 100]
    for key, lines in zip(sorted(closed), objects):
        assert len(lines) == 100 or closed[key] - lines[0][0] == 60, f"{key}: {len(lines)} lines"
    return f"{len(full)} objects of 100 lines, {len(objects) - len(full)} of less by 60 s or the end"


def partitions_seen(run):
    """SQL sees a partition after the catalogue does, not before."""
    def count():
        lake = Lake(run.store, catalog.load(run.store, "stocks"))
        try:
            return lake.query("SELECT count(*) AS n FROM ticks")[0]["n"]
        finally:
            lake.close()
    key, before = "raw/stocks/dt=2030-01-01/hour=00/shard-0.json", count()
    line = run.store.get(run.store.list("raw/stocks/")[0].key).splitlines()[0]
    run.store.put(key, line + b"\n")
    assert count() == before
    assert catalog.sync(run.store, "stocks", TABLES)["ticks"] == [key.rpartition("/")[0]]
    assert count() == before + 1
    run.store.delete(key)
    catalog.sync(run.store, "stocks", TABLES)
    assert count() == before
    partitions = sum(len(table["partitions"]) for table in catalog.load(run.store, "stocks").values())
    return f"{partitions} partitions of {len(TABLES)} tables; a new one is seen after the sync (Iceberg: needs real)"


def table_keeps_the_newest(run):
    """The last 50 of each symbol against pandas; late and older records; time to live."""
    worst = 0.0
    for symbol in WEIGHTS:
        found, prices = run.table("prices").last(symbol, 50), pd.Series(tape()[symbol])
        steps = np.log(prices).diff()
        oracle = pd.DataFrame({
            "return": prices.pct_change(), "volatility": steps.rolling(30).std(ddof=0),
            "ewma": prices.ewm(span=30, adjust=False).mean(), "drawdown": prices / prices.cummax() - 1})
        past = steps.shift(1).rolling(60)
        oracle["zscore"] = (steps - past.mean()) / past.std(ddof=0)
        assert [item["ts"] for item in found] == list(moments()[-50:])
        ours = np.array([[item[name] for name in FIGURES] for item in found])
        worst = max(worst, np.max(np.abs(ours / oracle[[*FIGURES]].to_numpy()[-50:] - 1)[ours != 0]))
    assert worst < 1e-7, worst
    with beside(run, "late") as other:
        def tick(ts, price, fetched):
            return json.dumps({"symbol": "ACME", "ts": ts, "price": price, "volume": 1, "fetched": fetched}).encode()
        put(other, [tick(1060, 10.0, 5.0), tick(1060, 9.0, 4.0), tick(1000, 8.0, 6.0), tick(1060, 11.0, 7.0),
                    tick(1120, 12.0, 8.0)])
        table = other.table("prices")
        assert [item["price"] for item in table.last("ACME", 9)] == [8.0, 11.0, 12.0]
        assert table.expire(1060) == 1 and len(table.last("ACME", 9)) == 2
    return f"50 of each of {len(WEIGHTS)} symbols, {worst:.0e} from pandas; older records change nothing; TTL ends one"


def sql_agrees(run):
    """Each view against pandas over the same files; and a filter on a partition opens no object of another."""
    lake, rows = open_lake(run), rows_of(run)
    rows["dt"] = pd.to_datetime(rows["ts"], unit="s").dt.date
    today = rows[rows["dt"] == rows["dt"].max()]
    closes = rows.groupby(["sym", "dt"])["price"].last().unstack()
    expected = {
        "quotes": (closes.iloc[:, -1] / closes.iloc[:, -2] - 1).sort_index(),
        "trend": (today["price"] / today.groupby("sym")["price"].transform("first") - 1)[
            (today["ts"] % 600 == 0) | today["alert"]],
        "returns": rows.groupby(["sym", "dt"])["return"].sum(),
        "alerts": rows[rows["alert"]]["return"],
        "arrivals": rows.groupby(rows["ts"] // 3600).size()}
    columns = {"quotes": "change", "trend": "change", "returns": '"return"', "alerts": '"return"', "arrivals": "ticks"}
    for name, values in expected.items():
        found = [list(row.values())[0] for row in lake.query(f"SELECT {columns[name]} FROM {name} ORDER BY 1")]
        assert np.allclose(found, np.sort(values.to_numpy(float)), rtol=1e-12, atol=1e-15), name
    steps = rows.pivot(index="ts", columns="sym", values="price").apply(np.log).diff()
    hour = steps[steps.index <= steps.index[steps.index % 3600 == 0].max()].tail(60).corr()
    pairs = lake.query("SELECT * FROM correlations")
    assert all(abs(pair["correlation"] - hour.loc[pair["sym"], pair["other"]]) < 1e-9 for pair in pairs)
    lake.close()
    broken = "raw/stocks/dt=2030-01-01/hour=00/broken.json"
    run.store.put(broken, b"this is no JSON\n")
    catalog.sync(run.store, "stocks", TABLES)
    lake, day = open_lake(run), rows["dt"].max()
    kept = lake.query(f"SELECT count(*) AS n FROM ticks WHERE dt = DATE '{day}'")[0]["n"]
    try:
        lake.query("SELECT count(sym) FROM ticks")
        raise AssertionError("the broken object was not read by a question to all partitions")
    except Exception as error:
        assert "broken.json" in str(error), error
    finally:
        lake.close()
        run.store.delete(broken)
        catalog.sync(run.store, "stocks", TABLES)
    assert kept == len(today)
    return f"{len(views())} views as pandas has them; a filter on a day opens none of another (Trino: needs real)"


def page_shows_all(run):
    """Grafana's JSON is one of its SDK; each query has rows; Chromium shows every panel with its title."""
    text = (run.state / "dashboard" / "stocks.json").read_text()
    made = json.loads(text)
    again = json.loads(json.dumps(Dashboard.from_json(json.loads(text)), cls=JSONEncoder))
    assert [panel["title"] for panel in again["panels"]] == [panel["title"] for panel in made["panels"]]
    lake = open_lake(run)
    rows = [len(lake.query(panel["targets"][0]["rawSQL"])) for panel in made["panels"]]
    lake.close()
    assert all(rows), rows
    browser = shutil.which("chromium")
    if browser is None:
        raise NeedsReal("Chromium is not installed; the JSON is good and each query has rows")
    shot, profile = run.state / "dashboard" / "page.png", run.state / "chromium"
    subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                    f"--user-data-dir={profile}", "--window-size=1300,1300", f"--screenshot={shot}",
                    f"file://{run.state}/dashboard/index.html"], check=True, capture_output=True, timeout=60)
    shutil.rmtree(profile, ignore_errors=True)
    picture, width = matplotlib.image.imread(shot)[..., :3].mean(axis=2), 1276 / 24
    for panel in made["panels"]:
        place = panel["gridPos"]
        left, top = int(12 + place["x"] * width) + 10, 12 + place["y"] * 44 + 6
        box = picture[top:top + place["h"] * 44 - 30, left:left + int(place["w"] * width) - 30]
        assert (box[:24] < 0.4).sum() > 50, f"no title of {panel['title']}"
        assert (box[30:] < 0.7).sum() > 100, f"nothing below the title of {panel['title']}"
    return f"{len(rows)} panels with titles and {sum(rows)} rows; the page is not Grafana's, the JSON was not run there"


def alerts_are_those_planted(run):
    """Every jump of the tape and nothing else; the largest of a live run within ten seconds."""
    fired = [change for change in run.alerts.changes() if change["status"] == "firing"]
    planted = {(symbol, int(moments()[(DAYS - 1) * MINUTES + minute])) for symbol, minute in JUMPS}
    assert sorted((change["labels"]["sym"], change["at"]) for change in fired) == sorted(planted)
    assert len(run.alerts.changes()) == 2 * len(fired)
    seen = soak(run)["alerts"]
    assert seen and max(seen) < 10, seen
    quiet = (DAYS - 1) * MINUTES * len(WEIGHTS)
    return f"{len(fired)} of {len(JUMPS)} planted, none in {quiet} quiet minutes; live told after {seen[0]:.2f} s"


def soak(run):
    """The whole way while the made-up clock runs, a market minute a second; kept for the checks that ask for it."""
    if not hasattr(run, "soaked"):
        with beside(run, "soak", days=1.0) as live:
            run.soaked = soaked(live)
    return run.soaked


def soaked(run):
    jump = int(moments()[(DAYS - 1) * MINUTES + JUMP_MINUTE])
    began, at, lags, arrivals, alerts, known = 0.0, jump - 59.0, [], defaultdict(list), [], 0

    def over(ts):
        """When a minute was over, on our clock."""
        return began + (ts + 60 - at) / 60

    def seen(records):
        for tick in (json.loads(record.data) for record in records):
            if began and over(tick["ts"]) > began:
                lags.append(time.time() - over(tick["ts"]))
                arrivals[tick["symbol"]].append(time.time())
    requests.put(f"{run.sources}/_clock", json={"at": at, "speed": 0}, timeout=5)
    feed, agent, runner = feed_of(run), agent_of(run), runner_of(run, seen=seen)
    feed.poll()
    agent.step()
    runner.drain()
    requests.put(f"{run.sources}/_clock", json={"at": at, "speed": 60}, timeout=5)
    began = time.time()
    while time.time() < began + run.settings["soak"]:
        feed.poll()
        agent.step()
        runner.step()
        changes = run.alerts.changes()
        alerts += [time.time() - over(change["at"]) for change in changes[known:] if change["status"] == "firing"]
        known = len(changes)
        time.sleep(0.1)
    feed.close()
    requests.put(f"{run.sources}/_clock", json={"at": at, "speed": 0}, timeout=5)
    gaps = np.concatenate([np.diff([began, *own]) for own in arrivals.values()])
    return {"lags": lags, "gaps": gaps, "alerts": alerts, "symbols": len(arrivals)}


JUMP_MINUTE = next(minute for (_, minute), size in JUMPS.items() if size == 0.08)


def arrives_at_intervals(run):
    found = soak(run)
    p50, p95, most = np.percentile(found["gaps"], [50, 95, 100])
    late = np.percentile(found["lags"], 95)
    assert found["symbols"] == len(WEIGHTS) and late < 2 and most < 2, found
    errors = json.loads((run.state / "quality.json").read_text())
    (ours, naive), (theirs, zero) = errors["volatility"], errors["return"]
    assert ours < naive
    return (f"minute to table p95 {late:.2f} s; inter-arrival p50 {p50:.2f}, p95 {p95:.2f}, max {most:.2f} s of 1 s; "
            f"next half hour's volatility: error {ours:.2f} basis points, yesterday's as forecast {naive:.2f}; "
            f"next return {theirs:.3f}, zero {zero:.3f}")


def steps_run_alone(run):
    """Each step by itself, on what the one before it saved; and once more to the same."""
    results = {}
    shutil.rmtree(run.state / "alone", ignore_errors=True)
    for name in STEPS:
        for _ in range(2):
            settings = {**run.settings, "days": 1.0}
            other = Run(run.system, run.state / "alone", run.profile, settings, echo=False)
            other.sources = run.sources
            with other:
                run_steps(other, STEPS, [name])
                page = other.state / "dashboard" / "index.html"
                after = (len(in_stream(other)), items(other), other.store.list("raw/"), other.store.list("refined/"),
                         page.read_text() if page.exists() else "")
            assert results.setdefault(name, after) == after, name
    stages = list(results.values())
    for place in range(1, len(stages)):
        assert stages[place] != stages[place - 1], f"{list(results)[place]} did nothing"
    return f"{', '.join(results)}: each alone, twice, to the same"


CHECKS = {"STK-01": api_answers, "STK-02": poller_loses_nothing, "STK-03": agent_follows,
          "STK-04": resharding_loses_nothing, "STK-05": poison_is_set_aside, "STK-06": replay_changes_nothing,
          "STK-07": objects_close, "STK-08": partitions_seen, "STK-09": table_keeps_the_newest, "STK-10": sql_agrees,
          "STK-11": page_shows_all, "STK-12": alerts_are_those_planted, "STK-13": arrives_at_intervals,
          "STK-14": steps_run_alone}
