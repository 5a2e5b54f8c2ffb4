# SPDX-License-Identifier: MIT
"""The ports of the five systems: each driver does the same."""

import os
import threading
from datetime import date

import boto3
import pytest
from ports import catalog
from ports.alert import open_alerts
from ports.firehose import Firehose
from ports.sql import Lake, open_sql
from ports.store import open_store
from ports.stream import Consumer, open_stream
from ports.table import open_table
from moto import mock_aws


@pytest.fixture
def aws(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        yield


@pytest.fixture(params=["file", "s3"])
def store(request, tmp_path):
    if request.param == "file":
        return open_store(f"file:{tmp_path}")
    request.getfixturevalue("aws")
    boto3.client("s3").create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return open_store("s3://lake")


@pytest.fixture(params=["file", "kinesis"])
def stream(request, tmp_path):
    if request.param == "file":
        return open_stream(f"file:{tmp_path / 'stream'}")
    request.getfixturevalue("aws")
    boto3.client("kinesis").create_stream(StreamName="prices", ShardCount=2)
    return open_stream("kinesis:prices")


def test_store(store):
    assert store.put("raw/a", b"1") and store.put("raw/a", b"22")
    assert not store.put("raw/a", b"3", if_absent=True) and store.get("raw/a") == b"22"
    assert store.put("raw/b", b"4", if_absent=True) and store.put("other", b"")
    assert [(found.key, found.size) for found in store.list("raw/")] == [("raw/a", 2), ("raw/b", 1)]
    assert store.list("raw/a")[0].etag == "b6d767d2f8ed5d21a44b0e5886680cb9"  # MD5 of "22", RFC 1321
    store.delete("raw/a")
    assert [found.key for found in store.list()] == ["other", "raw/b"]


def test_folder_keeps_to_itself(tmp_path):
    store = open_store(f"file:{tmp_path / 'lake'}")
    with pytest.raises(ValueError, match="inside the store"):
        store.put("../outside", b"")


def read_all(stream):
    return [record for shard in stream.shards() for record in stream.read(shard, limit=10_000)]


def test_stream_keeps_order_by_key(stream):
    sent = [(f"key {i % 7}", str(i).encode()) for i in range(1200)]
    stream.put(sent)
    found = read_all(stream)
    assert sorted(int(record.data) for record in found) == list(range(1200))
    for key in {key for key, _ in sent}:
        own = [record for record in found if record.key == key]
        assert [record.data for record in own] == [data for name, data in sent if name == key]
        assert len({record.shard for record in own}) == 1
    assert len({record.shard for record in found}) == 2


def test_stream_is_read_in_parts(stream):
    stream.put([("one", str(i).encode()) for i in range(50)])
    shard = next(record.shard for record in read_all(stream))
    found, after = [], None
    while part := stream.read(shard, after, limit=7):
        found, after = found + part, part[-1].sequence
    assert [int(record.data) for record in found] == list(range(50))
    assert [record.data for record in stream.read(shard, found[20].sequence)] == [r.data for r in found[21:]]


def test_refused_records_are_put_again(aws, monkeypatch):
    boto3.client("kinesis").create_stream(StreamName="prices", ShardCount=1)
    stream, refusals = open_stream("kinesis:prices"), []
    whole = stream._kinesis.put_records

    def sometimes(StreamName, Records):
        if len(refusals) < 3:
            refusals.append(len(Records))
            whole(StreamName=StreamName, Records=Records[:1])
            return {"Records": [{"SequenceNumber": "1", "ShardId": "s"}]
                    + [{"ErrorCode": "ProvisionedThroughputExceededException"}] * (len(Records) - 1)}
        return whole(StreamName=StreamName, Records=Records)
    monkeypatch.setattr(stream._kinesis, "put_records", sometimes)
    stream.put([("key", str(i).encode()) for i in range(10)])
    assert refusals == [10, 9, 8] and sorted(int(r.data) for r in read_all(stream)) == list(range(10))


def test_what_came_before_a_reshard_is_read_first(stream, tmp_path):
    for generation, shards in enumerate((2, 4, 3)):
        if generation:
            stream.reshard(shards)
        stream.put([(key, str(10 * generation + i).encode()) for i in range(10) for key in "abcdef"])
        consumer = Consumer(stream, tmp_path / "place.json")  # it goes on in the middle of a shard
        assert consumer.poll(limit=4)
        consumer.commit()
    consumer, found = Consumer(stream, tmp_path / "all.json"), []
    while records := consumer.poll(limit=7):
        found += records
    for key in "abcdef":
        assert [int(record.data) for record in found if record.key == key] == list(range(30))


def test_resharded_while_written_and_read(tmp_path):
    stream = open_stream(f"file:{tmp_path}/s")

    def write():
        for number in range(200):
            open_stream(f"file:{tmp_path}/s").put([(key, str(number).encode()) for key in "abcdefgh"])
            if number in (50, 120):
                stream.reshard(4 if number == 50 else 3)
    writer, consumer, found = threading.Thread(target=write), Consumer(stream, tmp_path / "place.json"), []
    writer.start()
    while True:
        writing, records = writer.is_alive(), consumer.poll(limit=7)
        found += records
        if not records and not writing:
            break
    for key in "abcdefgh":
        assert [int(record.data) for record in found if record.key == key] == list(range(200))
    assert [len(shards) for shards in stream.generations()] == [2, 4, 3]


def test_half_a_record_of_a_killed_writer(tmp_path):
    stream = open_stream(f"file:{tmp_path}", shards=1)
    stream.put([("key", b"1")])
    for tail in (b'{"key": "k', b"x" * 10_000):
        with open(tmp_path / stream.shards()[0], "ab") as file:
            file.write(tail)
        assert len(read_all(stream)) == len({record.sequence for record in read_all(stream)})
        stream.put([("key", b"2")])
    assert [record.data for record in read_all(stream)] == [b"1", b"2", b"2"]


def test_writers_at_once(tmp_path):
    stream = open_stream(f"file:{tmp_path}", shards=1)
    children = []
    for writer in range(4):
        children.append(os.fork())
        if children[-1] == 0:
            for i in range(50):
                stream.put([(f"{writer}", f"{i}".encode())])
            os._exit(0)
    assert all(os.waitpid(child, 0)[1] == 0 for child in children)
    found = read_all(stream)
    for writer in range(4):
        assert [int(record.data) for record in found if record.key == f"{writer}"] == list(range(50))


def test_consumer_keeps_place_and_state_together(stream, tmp_path):
    stream.put([(f"{i}", f"{i}".encode()) for i in range(30)])
    first = Consumer(stream, tmp_path / "place.json")
    seen = first.poll(limit=4)
    first.commit(sum=str(sum(int(record.data) for record in seen)).encode())
    first.poll(limit=4)  # not committed, so it comes again
    second = Consumer(stream, tmp_path / "place.json")
    total = int(second.state["sum"])
    while found := second.poll(limit=4):
        total += sum(int(record.data) for record in found)
    assert total == sum(range(30))


def test_sql_upserts(tmp_path):
    sql = open_sql(f"sqlite:{tmp_path / 'rows.db'}")
    sql.script("CREATE TABLE t (a TEXT, b INTEGER, v DOUBLE PRECISION, PRIMARY KEY (a, b)); CREATE TABLE u (a TEXT)")
    sql.upsert("t", [{"a": "x", "b": 1, "v": 1.0}, {"a": "x", "b": 2, "v": 2.0}], ["a", "b"])
    sql.upsert("t", [{"a": "x", "b": 1, "v": 3.0}], ["a", "b"])
    assert sql.query("SELECT v FROM t WHERE a = ? ORDER BY b", "x") == [{"v": 3.0}, {"v": 2.0}]
    with pytest.raises(Exception, match="(?i)no such column|does not exist"):
        sql.execute("INSERT INTO u VALUES ('1'); ".rstrip("; ") + " RETURNING nothing_such")
    assert sql.query("SELECT count(*) AS n FROM u") == [{"n": 0}]
    sql.close()


def test_a_snapshot_is_of_one_moment(tmp_path):
    reader, writer = (open_sql(f"sqlite:{tmp_path}/a.db") for _ in range(2))
    writer.script("CREATE TABLE a (n INTEGER); CREATE TABLE b (n INTEGER);")
    plain = reader._rows

    def and_meanwhile(cursor, *query):
        found = plain(cursor, *query)
        writer.execute("INSERT INTO b VALUES (7)")
        return found
    reader._rows = and_meanwhile
    assert reader.snapshot(("SELECT * FROM a",), ("SELECT * FROM b WHERE n > ?", 0)) == [[], []]
    assert len(writer.query("SELECT * FROM b")) == 2
    reader.close(), writer.close()


@pytest.fixture(params=["sql", "dynamodb"])
def table(request, tmp_path):
    if request.param == "sql":
        return open_table(f"sqlite:{tmp_path / 'rows.db'}", "prices")
    request.getfixturevalue("aws")
    boto3.client("dynamodb").create_table(
        TableName="stocks-prices", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"},
                              {"AttributeName": "sort", "AttributeType": "N"}],
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}, {"AttributeName": "sort", "KeyType": "RANGE"}])
    return open_table("dynamodb:stocks-", "prices")


def test_newest_item_wins(table):
    table.put([("IBM", 1.0, 5.0, {"price": 10}), ("IBM", 2.0, 5.0, {"price": 11}), ("SAP", 1.0, 5.0, {"price": 7})])
    table.put([("IBM", 2.0, 4.0, {"price": 99}), ("SAP", 1.0, 6.0, {"price": 8})])
    assert table.last("IBM", 5) == [{"price": 10}, {"price": 11}] and table.last("SAP") == [{"price": 8}]
    assert table.keys() == ["IBM", "SAP"] and table.expire(1.5) == 2 and table.keys() == ["IBM"]
    table.put([("BIG", float(i), 1.0, {"n": i, "text": "x" * 9000}) for i in range(150)])  # more than an answer holds
    assert [item["n"] for item in table.last("BIG", 149)] == list(range(1, 150))
    assert table.expire(140.0) == 141 and len(table.last("BIG", 999)) == 10


def test_lake_asks_in_athenas_words(tmp_path):
    store = open_store(f"file:{tmp_path}")
    store.put("sales/dt=2025-10-09/a.csv", b"item,n\nbread,2\nmilk,1\n")
    store.put("sales/dt=2025-10-10/a.csv", b"item,n\nbread,5\n")
    lake = Lake(store, {"sales": "sales/*/*.csv"})
    text = "SELECT item, sum(n) AS n, date_format(max(date(dt)), '%d.%m.%Y') AS last FROM sales GROUP BY 1 ORDER BY 1"
    assert lake.query(text) == [{"item": "bread", "n": 7, "last": "10.10.2025"},
                                {"item": "milk", "n": 1, "last": "09.10.2025"}]


def test_alerts_fire_once(tmp_path):
    alerts = open_alerts(f"file:{tmp_path / 'alerts.jsonl'}")
    assert alerts.fire("high", {"item": "a"}, "a is high", 1.0)
    assert not open_alerts(f"file:{tmp_path / 'alerts.jsonl'}").fire("high", {"item": "a"}, "a is high", 2.0)
    assert alerts.fire("high", {"item": "b"}, "b is high", 2.0) and alerts.resolve("high", {"item": "a"}, 3.0)
    assert not alerts.resolve("high", {"item": "a"}, 4.0) and alerts.fire("high", {"item": "a"}, "again", 5.0)
    assert [change["status"] for change in alerts.changes()] == ["firing", "firing", "resolved", "firing"]


@pytest.mark.parametrize("open_it, url", [(open_store, "ftp:x"), (open_stream, "ftp:x"), (open_sql, "ftp:x"),
                                          (open_alerts, "ftp:x")])
def test_unknown_driver(open_it, url):
    with pytest.raises(ValueError, match="expected file:|expected sqlite:"):
        open_it(url)


def test_sql_sees_a_partition_once_the_catalogue_knows_it(tmp_path):
    store = open_store(f"file:{tmp_path}")
    table = {"location": "raw/t", "format": "json", "columns": {"sym": "string", "n": "bigint"}}

    def rows(question="SELECT sym, n, dt FROM t ORDER BY n"):
        lake = Lake(store, catalog.load(store, "db"))
        try:
            return [tuple(row.values()) for row in lake.query(question)]
        finally:
            lake.close()
    store.put("raw/t/dt=2025-01-01/a.json", b'{"sym": "A", "n": 1}\n{"sym": "B", "n": 2}\n')
    assert catalog.load(store, "db") == {}
    assert catalog.sync(store, "db", {"t": table}) == {"t": ["raw/t/dt=2025-01-01"]}
    first = [("A", 1, date(2025, 1, 1)), ("B", 2, date(2025, 1, 1))]
    assert rows() == first
    store.put("raw/t/dt=2025-01-02/a.json", b'{"sym": "C", "n": 3}\n')
    assert rows() == first
    assert catalog.sync(store, "db", {"t": table}) == {"t": ["raw/t/dt=2025-01-02"]}
    assert rows() == [*first, ("C", 3, date(2025, 1, 2))]
    store.put("raw/t/dt=2025-01-02/b.json", b"not JSON")
    assert rows("SELECT sym, n, dt FROM t WHERE dt = DATE '2025-01-01' ORDER BY n") == first


def test_a_table_without_partitions_has_its_columns(tmp_path):
    store = open_store(f"file:{tmp_path}")
    catalog.sync(store, "db", {"t": {"location": "raw/t", "format": "json", "columns": {"n": "bigint"}}})
    assert Lake(store, catalog.load(store, "db")).query("SELECT count(*) AS rows, sum(n) AS n FROM t") == [
        {"rows": 0, "n": None}]


def test_an_object_closes_by_number_or_by_time(tmp_path):
    store, now = open_store(f"file:{tmp_path}"), [0.0]
    writer = Firehose(store, "out/{:03}".format, records=3, seconds=10, clock=lambda: now[0])
    for moment, number in [(0, 0), (1, 1), (2, 2), (3, 3), (12.9, None), (13, None), (20, 4), (31, 5)]:
        now[0] = moment
        writer.tick() if number is None else writer.add(b"%d" % number)
        if moment == 12.9:
            assert [found.key for found in store.list()] == ["out/000"]
    assert [store.get(found.key) for found in store.list()] == [b"0\n1\n2\n", b"3\n", b"4\n"]
    writer.flush()
    writer.flush()
    assert [found.key for found in store.list()] == ["out/000", "out/003", "out/004", "out/005"]
