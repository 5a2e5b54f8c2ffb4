# SPDX-License-Identifier: MIT
"""The stock monitor when it is killed: it goes on, loses nothing, and comes to what an undisturbed run comes to."""

import json
import os
import signal
import subprocess
import sys
import traceback
from pathlib import Path

import boto3
import pytest
import yaml
from lib.run import Run
from lib.services import free_port
from moto import mock_aws
from sources.stocks import moments, tape
from stocks.feed import Provider
from stocks.pipeline import SETTINGS, process, produce

FEW = {**SETTINGS, "days": 1.0, "period": 2000.0}
DEPLOY = Path(__file__).resolve().parents[2] / "examples" / "deploy"


class Template(yaml.SafeLoader):
    """CloudFormation's words, such as !Ref, are left as they stand."""


Template.add_multi_constructor("!", lambda loader, tag, node: tag)


def results(run):
    table, fired = run.table("prices"), [(one["status"], one["labels"], one["at"]) for one in run.alerts.changes()]
    items = [item for key in table.keys() for item in table.last(key, 10 ** 6)]
    raw = [json.loads(line) for found in run.store.list("raw/") for line in run.store.get(found.key).splitlines()]
    return items, sorted((tick["sym"], tick["ts"]) for tick in raw), sorted(fired, key=str)


def test_on_the_interfaces_of_aws_it_comes_to_the_same(tmp_path, monkeypatch):
    first = len(moments()) - 75
    lines = [json.dumps({"symbol": symbol, "ts": int(moments()[i]), "price": tape()[symbol][i], "volume": 1,
                         "fetched": 1.5}).encode() for i in range(first, first + 75) for symbol in tape()]

    def run_in(name):
        with Run("stocks", tmp_path / name, settings=FEW, echo=False) as run:
            stream = run.stream("ticks")
            for half, shards in ((lines[:200], 4), (lines[200:], 0)):
                stream.put([(json.loads(line)["symbol"], line) for line in half])
                process(run)
                if shards:
                    stream.reshard(shards)
            return results(run)
    here = run_in("here")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    for name, value in (("AWS_DEFAULT_REGION", "eu-west-1"), ("BIO_STREAM_URL", "kinesis:{name}"),
                        ("BIO_STORE_URL", "s3://lake"), ("BIO_TABLE_URL", "dynamodb:stocks-")):
        monkeypatch.setenv(name, value)
    with mock_aws():
        made = yaml.load((DEPLOY / "stocks.yaml").read_text(), Loader=Template)["Resources"]
        boto3.client("s3").create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        for stream in ("ticks", "dead"):
            boto3.client("kinesis").create_stream(StreamName=stream, ShardCount=2)
        for table in ("Prices", "States", "Archive"):
            boto3.client("dynamodb").create_table(**made[table]["Properties"])
        assert run_in("there") == here
    assert len(here[0]) == len(lines)


def test_the_key_of_the_provider_is_in_no_error(monkeypatch):
    monkeypatch.setenv("ALPHAVANTAGE_API_KEY", "do-not-tell")
    with pytest.raises(RuntimeError) as error:
        Provider(f"http://127.0.0.1:{free_port()}", wait=lambda seconds: None).quote("ACME")
    assert "apikey=***" in str(error.value) and error.value.__cause__ is None
    assert "do-not-tell" not in "".join(traceback.format_exception(error.value))


def test_killed_again_and_again(tmp_path):
    with Run("stocks", tmp_path / "whole", settings=FEW, echo=False) as run:
        produce(run)
        process(run)
        items, raw, fired = results(run)
    assert len(items) == len(raw) == len(set(raw)) and len(fired) == 6
    code = (f"from lib.run import Run; from stocks.pipeline import produce, process, runner_of\n"
            f"with Run('stocks', {str(tmp_path / 'killed')!r}, settings={FEW!r}, echo=False) as run:\n"
            f"    produce(run); runner_of(run, batch=40).drain(); process(run)")
    kills = 0
    for tenths in (12, 17, 22, 0):
        child = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
        try:
            child.wait(tenths / 10 or None)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            kills += 1
    assert child.returncode == 0 and kills
    with Run("stocks", tmp_path / "killed", settings=FEW, echo=False) as run:
        again, seen, told = results(run)
    assert again == items
    assert sorted(set(seen)) == raw  # what an agent sent twice is twice in the raw objects, as in any such lake
    assert {json.dumps(one) for one in told} == {json.dumps(one) for one in fired}
