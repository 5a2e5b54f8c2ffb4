# SPDX-License-Identifier: MIT
"""What was asked of the lake, each with its figure."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import requests
import yaml
from lib.main import crontab_line
from lib.run import EXAMPLES
from lib.services import answers, free_port
from lib.steps import run_steps
from ports.sql import Lake, open_sql
from sources import lake as shop
from sources.clock import START

from . import analysis, ingest
from .cluster import Emr
from .pipeline import STEPS, bot, cluster, files, products, tables, urls

# What no file and no log may hold; there before the run begins, as on a machine that has credentials.
SECRET = os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "planted-4f1c9a7e2b")
os.environ.setdefault("AWS_ACCESS_KEY_ID", "AKIAPLANTED")


def sql(name):
    return (EXAMPLES / "lake/sql" / f"{name}.sql").read_text()


def ask(run, name, text, *parameters):
    """The answer of SQL over a refined table, or the trusted sales."""
    lake = Lake(run.store, {name: "trusted/sales/*/*.parquet" if name == "sales" else f"refined/{name}/*.parquet"})
    rows = lake.query(text, *parameters)
    lake.close()
    return rows


def table(run, name):
    """The same whole, as columns of NumPy."""
    rows = ask(run, name, f"SELECT * FROM {name}")
    return {column: np.array([row[column] for row in rows]) for column in rows[0]}


def last_seen(run, days):
    """The last day that the models have learnt from."""
    return max(days) - timedelta(days=run.settings["test_days"])


def events(run, event="done"):
    """What the log says of each step, the last time that it came to pass."""
    lines = map(json.loads, (run.log.folder / "steps.jsonl").read_text().splitlines())
    return {line["step"]: line for line in lines if line["event"] == event}


def set_faults(run, **what):
    requests.put(f"{run.sources}/_faults", json=what, timeout=5).raise_for_status()


def truth(shops, until=date(2025, 10, 9)):
    months = [shop.month(shops, number, until) for number in range(7, until.month + 1)]
    return {name: np.concatenate([clean[name] for _, clean in months]) for name in months[0][1]}, [m[0] for m in months]


def raw(run):
    """The newest versions of files by name, and the rows of tables."""
    newest = {line.rsplit("/", 1)[1]: run.store.get(versions[-1]["key"])
              for line, versions in ingest.read_json(run.store, ingest.FILES).items()}
    rows = {name: sorted(row for found in run.store.list(f"raw/shop/{name}/") for row in
                         map(tuple, shop.rows(run.store.get(found.key)))) for name in ("shops", "customers")}
    return newest, rows


def files_by_url(run):
    again = files(run)
    assert again["downloaded"] == 0 and again["bytes"] == 0, again
    with run.fresh("bad-day") as bad:
        set_faults(bad, rate=0.6, seed=4)
        for step in (files, products, tables):
            step(bad)
        faults = requests.get(f"{bad.sources}/_faults", timeout=5).json()
        assert raw(bad) == raw(run) and min(faults.values()) > 0, faults
        set_faults(bad, rate=0)
        # A part of a file is here from an attempt before: only the rest comes.
        line, url = list(urls(bad).items())[3]
        version, part = ingest.read_json(bad.store, ingest.FILES)[line][0], ingest.part_of(line, bad.state / "partial")
        whole = bad.store.get(version["key"])
        for here, wanted in ((10000, len(whole) - 10000), (len(whole), len(whole))):
            part.write_bytes(whole[:here])
            part.with_suffix(".etag").write_text(version["etag"])
            data, _, came = ingest.download(url, None, part)
            assert data == whole and came == wanted and not part.exists(), came
        # The month goes on: its file and the rates have a day more.
        requests.put(f"{bad.sources}/_clock", json={"at": START + 86400}, timeout=5)
        changed = files(bad)
        versions = {line.rsplit("/", 1)[1]: [v["key"] for v in found]
                    for line, found in ingest.read_json(bad.store, ingest.FILES).items()}
        assert changed["downloaded"] == 2 and len(set(versions["sales-2025-10.csv"])) == 2, changed
    sizes = [v[-1]["size"] for v in ingest.read_json(run.store, ingest.FILES).values()]
    return (f"{len(sizes)} files of {sum(sizes)} bytes, the second run 0 bytes; through {sum(faults.values())} faults "
            "the same; part of a file resumed; 2 changed files in new versions")


def products_by_api(run):
    store_bot = bot(run, attempts=2)
    everything = store_bot.get_all_products()
    assert everything == shop.products() and len(store_bot.get_products_by_category("men's clothing")) == 5
    assert store_bot.get_product(7) == shop.products()[6]
    path = store_bot.save_to_file([{"title": "São"}])
    assert json.loads(path.read_text("utf-8")) == [{"title": "São"}] and "São".encode() in path.read_bytes()
    store_bot.upload_to_s3(path, "lake", f"check/{path.name}")
    assert run.store.get(f"check/{path.name}") == path.read_bytes()
    run.store.delete(f"check/{path.name}")
    before, refused = run.store.list("raw/products/"), []
    for kind, number in (("500", 1), ("malformed", 1), (None, "no-such-path/1"), (None, 99)):
        set_faults(run, rate=1 if kind else 0, kinds=[kind])
        try:
            store_bot.get_product(number)
        except Exception as error:
            refused.append(type(error).__name__)
    set_faults(run, rate=0)
    assert len(refused) == 4 and run.store.list("raw/products/") == before, refused
    return f"{len(everything)} products; 500, malformed, 404, an unknown product: {', '.join(refused)}; none stored"


def tables_by_snapshot(run):
    database = open_sql(f"sqlite:{run.state}/sources/shop.db")
    for name in ("shops", "customers"):
        theirs = sorted(tuple(map(str, row.values())) for row in database.query(f"SELECT * FROM {name}"))
        assert raw(run)[1][name] == theirs, f"{name} differ"
    count = len(theirs)
    with run.fresh("new-rows") as other:
        first = tables(other)
        theirs = open_sql(f"sqlite:{other.state}/sources/shop.db")
        theirs.execute("INSERT INTO customers VALUES (99999, 'club', 99999)")
        theirs.execute("UPDATE customers SET segment = 'home', version = 100000 WHERE id = 100")
        second, third = tables(other), tables(other)
        theirs.close()
    database.close()
    assert (first["customers"], second["customers"], third["customers"]) == (count, 2, 0), (first, second, third)
    assert second["shops"] == 0
    return f"{count} customers and {shop.SHOPS} shops as in the database; 2 rows that changed arrive once"


def cluster_goes(run):
    up, down = events(run, "cluster is up")[""], events(run, "cluster is down")[""]
    assert up["pid"] == down["pid"] and up["time"] < down["time"], (up, down)
    assert not Path(f"/proc/{up['pid']}").exists()
    import boto3
    from botocore.stub import Stubber
    client = boto3.client("emr", region_name="us-east-1")
    with Stubber(client) as stub:  # checks what is asked by the service's own model, and gives what the service would
        stub.add_response("run_job_flow", {"JobFlowId": "j-1"}, Emr.request("lake-bucket"))
        stub.add_response("terminate_job_flows", {}, {"JobFlowIds": ["j-1"]})
        emr = Emr(client, "lake-bucket")
        assert emr.up() == "j-1"
        emr.down()
        stub.assert_no_pending_responses()
    steps = [step["Name"] for step in Emr.request("lake-bucket")["Steps"]]
    return f"a JVM (pid {up['pid']}) for this run only; EMR: run_job_flow with {', '.join(steps)}, ends by itself"


def etl_cleans(run):
    clean, texts = truth(run.settings["shops"])
    lines = sum(len(shop.rows(text)) for text in texts)
    planted = {reason: many * len(texts) for reason, many in shop.DIRT.items()}
    rejected = Counter(json.loads(line)["reason"] for found in run.store.list("raw/_rejected/")
                       for line in run.store.get(found.key).splitlines())
    sales = table(run, "sales")
    assert dict(rejected) == planted, (rejected, planted)
    assert lines == events(run)["etl"]["rows_in"] == len(sales["sale"]) + sum(planted.values())
    theirs = sorted(zip((d.toordinal() for d in sales["day"]), sales["shop"], sales["product"], sales["quantity"],
                        (int(usd * 100) for usd in sales["usd"])))
    assert theirs == sorted(zip(*(clean[name].tolist() for name in ("day", "shop", "product", "quantity", "usd"))))
    before = ask(run, "sales", sql("partitions"))
    STEPS["etl"](run)
    assert ask(run, "sales", sql("partitions")) == before and set(table(run, "sales")["sale"]) == set(sales["sale"])
    return f"{lines} rows in = {len(theirs)} out + {sum(planted.values())} rejected, as planted; twice: the same table"


def engines_agree(run):
    ours = ask(run, "sales", sql("partitions"))
    spark = cluster(run).up()
    spark.read.parquet(run.store.location("trusted/sales")).createOrReplaceTempView("sales")
    theirs = [row.asDict() for row in spark.sql(sql("partitions").replace("varchar", "string")).collect()]
    assert ours == theirs, next((a, b) for a, b in zip(ours, theirs) if a != b)
    return f"count, sum, least and most of {len(ours)} days: the same by DuckDB and Spark (Iceberg, Trino: need real)"


def library_beside_sparkml(run):
    import bioanalytics as bio
    from pyspark.ml.feature import VectorAssembler
    from pyspark.ml.regression import LinearRegression
    rows = cluster(run).up().read.parquet(run.store.location("refined/features")).where("part = 'train'")
    ready = VectorAssembler(inputCols=analysis.INPUTS, outputCol="x").transform(rows.where("tomorrow IS NOT NULL"))
    theirs = LinearRegression(featuresCol="x", labelCol="tomorrow", solver="normal").fit(ready)
    weights, intercept = bio.Model.from_bytes(run.store.get("refined/demand.ba")).weights()
    ours, other = np.r_[weights[0], intercept], np.r_[theirs.coefficients.toArray(), theirs.intercept]
    off = np.max(np.abs(ours - other))
    assert off < 1e-6, (ours, other)
    far, right = choice_beside_sparkml(run)
    sales, figures = table(run, "sales"), table(run, "description")
    worst = 0
    for row, category in enumerate(figures["category"]):
        usd = sales["usd"][sales["category"] == category].astype(float)
        numpy = (len(usd), usd.mean(), usd.std(), usd.min(), usd.max(), usd.sum())
        ours = [figures[name][row] for name in analysis.FIGURES]
        worst = max(worst, np.max(np.abs(np.array(ours) / numpy - 1)))
    assert len(figures["category"]) == 4 and worst < 1e-12, worst
    return (f"coefficients are SparkML's to {off:.1e}, of the choice to {far:.1e}, which is right in {right}; "
            f"figures of 4 categories are NumPy's to {worst:.1e}")


def choice_beside_sparkml(run):
    import bioanalytics as bio
    import bioanalytics.spark as bs
    from pyspark.ml.classification import LogisticRegression
    from pyspark.ml.feature import StringIndexer
    sales = cluster(run).up().read.parquet(run.store.location("trusted/sales"))
    rows = analysis.histories(sales, last_seen(run, table(run, "daily")["day"])).cache()
    ready = bs.SequenceVectorizer(recipe=analysis.CHOICE.split(" |")[0], inputCol="history", outputCol="x").transform(
        rows.where("NOT late"))
    index = StringIndexer(inputCol="category", outputCol="label", stringOrderType="alphabetAsc").fit(ready)
    theirs = LogisticRegression(featuresCol="x", family="multinomial", regParam=1e-4, standardization=False, tol=1e-12,
                                maxIter=500).fit(index.transform(ready))
    model = bio.Model.from_bytes(run.store.get("refined/choice.ba"))
    weights, intercepts = model.weights()
    far = max(np.max(np.abs(weights - theirs.coefficientMatrix.toArray())),
              np.max(np.abs(intercepts - intercepts.mean() - theirs.interceptVector.toArray())))
    assert far < 1e-3 and model.classes == index.labels, (weights, theirs.coefficientMatrix)
    late = rows.where("late").collect()  # scored once more, here, by the same file
    right = np.mean(model.predict([row["history"] for row in late]) == [row["category"] for row in late])
    found = {row["model"]: row["value"] for row in ask(run, "model_metrics", sql("metrics"))}
    usual = found["most frequent category"]
    assert right == found["choice"] > 1.2 * usual, (right, found)
    return far, f"{right:.3f} of {len(late)} purchases, the most frequent category in {usual:.3f}"


def refined(run):
    daily, metrics, items = (table(run, name) for name in ("daily", "model_metrics", "recommendations"))
    clean, _ = truth(run.settings["shops"])
    assert daily["units"].sum() == clean["quantity"].sum() and len(daily["day"]) == 20 * len(set(clean["day"]))
    mae = dict(zip(metrics["model"], metrics["value"]))
    days = daily["day"]
    late = days > last_seen(run, days)
    usual = {p: daily["units"][(daily["product"] == p) & ~late].mean() for p in set(daily["product"])}
    units, forecasts = daily["units"][late], daily["forecast"][late].astype(float)
    ours = np.abs(units - forecasts).mean(), np.abs(units - [usual[p] for p in daily["product"][late]]).mean()
    assert np.allclose(ours, (mae["demand"], mae["mean demand"]), rtol=1e-9) and ours[0] < 0.9 * ours[1], (ours, mae)
    sales = table(run, "sales")
    known = sales["customer"] != None  # noqa: E711, of NumPy's objects
    counts = np.zeros((sales["customer"][known].max() + 1, 21))
    np.add.at(counts, (sales["customer"][known].astype(int), sales["product"][known]), 1)
    matrix = np.corrcoef(counts[counts.sum(1) > 0, 1:].T) - 2 * np.eye(20)
    best = items["rank"] == 1
    for product, other, found in zip(*(items[name][best] for name in ("product", "other", "similarity"))):
        assert other == matrix[product - 1].argmax() + 1 and abs(found - matrix[product - 1].max()) < 1e-12
        assert (product - 1) // 2 == (other - 1) // 2, f"{product} with {other}, not with its pair"
    assert {n: c.dtype.kind for n, c in daily.items()} == {
        "day": "O", "product": "i", "category": "U", "units": "i", "sales": "i", "revenue": "O", "forecast": "O"}
    return (f"off by {ours[0]:.2f} units in the last {run.settings['test_days']} days, mean demand by {ours[1]:.2f}; "
            f"{len(days)} rows of a day and product; {best.sum()} planted pairs found")


def sql_and_rest(run):
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    run.services.start("api", [sys.executable, "-m", "lake.api", "--store", run.store.url, "--port", port],
                       answers(address + "/healthz"), cwd=EXAMPLES)
    try:
        span = {"from": "2025-09-01", "to": "2025-09-30"}
        served = requests.get(f"{address}/v1/daily", params=span, timeout=20).json()
        asked = ask(run, "daily", sql("daily"), *span.values(), None, None)
        assert served == asked and len(served) == 600, len(served)
        one = requests.get(f"{address}/v1/daily", params={**span, "product": 3}, timeout=20).json()
        assert one == [row for row in asked if row["product"] == 3]
        statuses = [requests.request(verb, f"{address}{path}", timeout=20).status_code for verb, path in (
            ("GET", "/v1/daily?from=2025-09-01&to=2025-09-02&colour=red"), ("GET", "/v1/daily?from=yesterday&to=x"),
            ("GET", "/v1/daily?from=2025-09-01&to=2025-09-02'--"), ("POST", "/v1/daily"), ("DELETE", "/v1/metrics"))]
        assert statuses == [400, 422, 422, 405, 405], statuses
        specification = yaml.safe_load((EXAMPLES / "lake/openapi.yaml").read_text())
        for path, item in specification["paths"].items():
            rows = requests.get(f"{address}{path}", params=span if "daily" in path else {}, timeout=20).json()
            named = item["get"]["responses"]["200"]["content"]["application/json"]["schema"]["items"]["$ref"]
            schema = specification["components"]["schemas"][named.rsplit("/", 1)[1]]
            assert set(rows[0]) == set(schema["required"]) == set(schema["properties"]), path
    finally:
        run.services.stop("api")
    valid = subprocess.run([sys.executable, "-m", "openapi_spec_validator", EXAMPLES / "lake/openapi.yaml"],
                           capture_output=True, text=True)
    assert valid.returncode == 0, valid.stdout
    return f"{len(served)} rows by REST as by SQL; unknown field 400; openapi.yaml valid, and as served"


def no_human(run):
    log = (run.log.folder / "task.log").read_text()
    places = [log.index(f" {step}: done attempt=1") for step in STEPS]
    assert places == sorted(places) and log.index("run finished") > places[-1] and "resumed_after=None" in log[:200]
    began = time.time()
    second = subprocess.run([sys.executable, "-m", "lib.main", "lake", "--state", run.state], cwd=EXAMPLES,
                            capture_output=True, text=True)
    assert second.returncode == 75 and "held by a run" in second.stderr, second
    return f"{', '.join(STEPS)} from an empty folder; a second run ends with 75 in {time.time() - began:.1f} s"


def scales(run):
    with run.fresh("tenfold", shops=10 * run.settings["shops"]) as more:
        more.spark = cluster(run)
        run_steps(more, {name: STEPS[name] for name in ("files", "products", "tables", "etl", "analyse")})
        ours, theirs = events(run), events(more)
        rows = [found["etl"]["rows_in"] for found in (ours, theirs)]
        memory = [int(max(table(one, "description")["memory"])) // 1024 for one in (run, more)]
    seconds = [sum(found[step]["seconds"] for step in ("files", "etl", "analyse")) for found in (ours, theirs)]
    times, slower = rows[1] / rows[0], seconds[1] / seconds[0]
    assert slower < 1.2 * times and memory[1] < 1.5 * memory[0], (rows, seconds, memory)
    return (f"{rows[0]} and {rows[1]} rows: {seconds[0]:.1f} and {seconds[1]:.1f} s, {slower:.1f} times for "
            f"{times:.1f} times as many; the library's steps peak at {memory[0]} and {memory[1]} MB")


def template(run):
    linted = subprocess.run([Path(sys.executable).with_name("cfn-lint"), EXAMPLES / "deploy/lake.yaml"],
                            capture_output=True, text=True)
    assert linted.returncode == 0, linted.stdout
    text = (EXAMPLES / "deploy/lake.yaml").read_text()
    kinds = sorted(set(line.split("Type: AWS::")[1] for line in text.splitlines() if "Type: AWS::" in line))
    return f"cfn-lint finds nothing in {len(kinds)} kinds of resources"


def secrets_and_cron(run):
    searched = [path for path in run.state.rglob("*") if path.is_file()]
    found = [path for path in searched if SECRET.encode() in path.read_bytes()]
    assert not found and len(searched) > 100, found
    line = crontab_line("*/5 * * * *", "lake")
    assert line.startswith("*/5 * * * * ") and Path(line.split(">>")[1].split()[0]).parent.is_dir(), line
    log = (run.log.folder / "task.log").read_text()
    assert "run started" in log and "run finished" in log
    return f"the secret of the environment is in none of {len(searched)} files; cron line and logs/task.log as asked"


CHECKS = {"RF1": files_by_url, "RF2": products_by_api, "RF3": tables_by_snapshot, "RF4": cluster_goes,
          "RF5": etl_cleans, "RF6": engines_agree, "RF7": library_beside_sparkml, "RF8": refined, "RF9": sql_and_rest,
          "RNF1": no_human, "RNF2": scales, "RNF3": template, "LAKE-x": secrets_and_cron}
