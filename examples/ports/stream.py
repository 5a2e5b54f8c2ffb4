# SPDX-License-Identifier: MIT
"""The stream port: records with a key, kept in order by shard, read again from any place.

`file:DIR` is a log a shard, `kinesis:NAME` a Kinesis stream, or one of what AWS_ENDPOINT_URL_KINESIS names.

It has the shape of Kinesis: a key chooses the shard by its MD5, a sequence number is a place to go on after, and who
reads keeps his own places. A reshard closes all shards and opens a new generation, which is read after they are."""

import base64
import fcntl
import hashlib
import json
import os
import time
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from lib.steps import write_atomically


class Record(NamedTuple):
    shard: str
    sequence: str
    key: str
    data: bytes
    at: float


def open_stream(url, shards=2):
    scheme, rest = url.split(":", 1)
    if scheme == "file":
        return FileStream(rest, shards)
    if scheme == "kinesis":
        return KinesisStream(rest)
    raise ValueError(f"stream {url}: expected file:DIR or kinesis:NAME")


class FileStream:
    """Shards are files named by their generation and their place in it; only the last generation is written to."""

    def __init__(self, folder, shards):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._lock(fcntl.LOCK_EX):
            if not self.shards():
                self._open(0, shards)

    @contextmanager
    def _lock(self, how):
        """Shared by those who write, so that nothing comes to a shard that a reshard has closed."""
        with open(self.folder / "lock", "w") as file:
            fcntl.flock(file, how)
            yield

    def _open(self, generation, shards):
        for place in reversed(range(shards)):  # the first comes last: without it there is no generation to see
            (self.folder / f"shard-{generation:04}-{place:04}").touch()

    def generations(self):
        """Lists of shards; those of one are closed when there is a next."""
        found = sorted(path.name for path in self.folder.glob("shard-*"))
        made = [list(shards) for _, shards in groupby(found, lambda name: name.rpartition("-")[0])]
        return [shards for shards in made if shards[0].endswith("-0000")]

    def shards(self):
        return [shard for shards in self.generations() for shard in shards]

    def reshard(self, count):
        """From now on keys go to `count` new shards, as UpdateShardCount of Kinesis has it."""
        with self._lock(fcntl.LOCK_EX):
            self._open(len(self.generations()), count)

    def put(self, records):
        """Appends (key, bytes) pairs; when it returns they are on the disk."""
        with self._lock(fcntl.LOCK_SH):
            shards, lines = self.generations()[-1], {}
            for key, data in records:
                place = int.from_bytes(hashlib.md5(key.encode()).digest(), "big") * len(shards) >> 128
                line = json.dumps({"key": key, "at": time.time(), "data": base64.b64encode(data).decode()})
                lines.setdefault(shards[place], []).append(line.encode() + b"\n")
            for shard, added in lines.items():
                self._append(shard, b"".join(added))

    def _append(self, shard, data):
        with open(self.folder / shard, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.truncate(self._whole(file))
            file.seek(0, os.SEEK_END)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    @staticmethod
    def _whole(file):
        """The length without the part of a line that a killed writer may have left."""
        at = file.seek(0, os.SEEK_END)
        while at:
            start = max(0, at - 4096)
            file.seek(start)
            found = file.read(at - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            at = start
        return 0

    def read(self, shard, after=None, limit=1000):
        """The records behind the sequence number `after`, from the first one on when it is None."""
        found = []
        with open(self.folder / shard, "rb") as file:
            file.seek(int(after) if after else 0)
            for line in file:
                if len(found) == limit or not line.endswith(b"\n"):
                    break
                kept = json.loads(line)
                end = (int(found[-1].sequence) if found else int(after or 0)) + len(line)
                found.append(Record(shard, f"{end:020}", kept["key"], base64.b64decode(kept["data"]), kept["at"]))
        return found


class KinesisStream:
    def __init__(self, name):
        import boto3
        self.name, self._kinesis = name, boto3.client("kinesis")
        self._iterators = {}

    def generations(self):
        """Lists of shards; those of one are the children, by a reshard, of shards of the one before."""
        pages = self._kinesis.get_paginator("list_shards").paginate(StreamName=self.name)
        parents = {shard["ShardId"]: [shard.get("ParentShardId"), shard.get("AdjacentParentShardId")]
                   for page in pages for shard in page["Shards"]}

        def depth(shard):
            return max((1 + depth(parent) for parent in parents[shard] if parent in parents), default=0)
        return [list(shards) for _, shards in groupby(sorted(sorted(parents), key=depth), depth)]

    def shards(self):
        return [shard for shards in self.generations() for shard in shards]

    def reshard(self, count):
        self._kinesis.update_shard_count(StreamName=self.name, TargetShardCount=count, ScalingType="UNIFORM_SCALING")
        self._kinesis.get_waiter("stream_exists").wait(StreamName=self.name)

    def put(self, records, attempts=10):
        """Puts up to 500 at once; those that were refused for the moment are put again."""
        left = [{"PartitionKey": key, "Data": data} for key, data in records]
        for attempt in range(attempts):
            refused = []
            for start in range(0, len(left), 500):
                part = left[start:start + 500]
                answers = self._kinesis.put_records(StreamName=self.name, Records=part)["Records"]
                refused += [record for record, answer in zip(part, answers) if "ErrorCode" in answer]
            if not refused:
                return
            left = refused
            time.sleep(min(5.0, 0.05 * 2 ** attempt))
        raise RuntimeError(f"stream {self.name} refused {len(left)} records {attempts} times")

    def read(self, shard, after=None, limit=1000):
        """The records behind the sequence number `after`, from the first one on when it is None."""
        place = self._iterators.pop((shard, after), None) or self._kinesis.get_shard_iterator(
            StreamName=self.name, ShardId=shard,
            **({"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": after} if after
               else {"ShardIteratorType": "TRIM_HORIZON"}))["ShardIterator"]
        answer = self._kinesis.get_records(ShardIterator=place, Limit=limit)
        while not answer["Records"] and answer.get("NextShardIterator") and answer.get("MillisBehindLatest"):
            answer = self._kinesis.get_records(ShardIterator=answer["NextShardIterator"], Limit=limit)
        found = [Record(shard, one["SequenceNumber"], one["PartitionKey"], one["Data"],
                        one["ApproximateArrivalTimestamp"].timestamp()) for one in answer["Records"]]
        if answer.get("NextShardIterator"):
            self._iterators[shard, found[-1].sequence if found else after] = answer["NextShardIterator"]
        return found


class Consumer:
    """Reads every shard in turn and remembers, in a file, how far it has come and what it makes of what it read.

    Whatever `commit` keeps is kept together: after a kill, places and state are both those of the last commit."""

    def __init__(self, stream, checkpoint):
        self.stream, self.checkpoint = stream, Path(checkpoint)
        kept = json.loads(self.checkpoint.read_text()) if self.checkpoint.exists() else {"places": {}, "state": {}}
        self.places, self.state = kept["places"], {n: base64.b64decode(s) for n, s in kept["state"].items()}

    def poll(self, limit=1000):
        """What has come since, a list of records; their places are kept when `commit` is called."""
        found = []
        for shards in self.stream.generations():
            for shard in shards:
                records = self.stream.read(shard, self.places.get(shard), limit)
                if records:
                    self.places[shard] = records[-1].sequence
                    found += records
            if found:
                break  # a key's records stay in order: shards that came of a reshard wait until those before are read
        return found

    def commit(self, **state):
        """Keeps the places, and the bytes of each `state` by its name."""
        self.state.update(state)
        kept = {name: base64.b64encode(data).decode() for name, data in self.state.items()}
        write_atomically(self.checkpoint, json.dumps({"places": self.places, "state": kept}))
