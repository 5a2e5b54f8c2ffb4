# SPDX-License-Identifier: MIT
"""What Lambda does between a stream and its function: polls, batches, retries, bisects, and sets poison aside."""

import base64
import json
import time
from itertools import groupby
from types import SimpleNamespace

from ports.stream import Consumer


def event_of(records):
    """The event that Lambda makes of records of a Kinesis shard."""
    return {"Records": [
        {"kinesis": {"kinesisSchemaVersion": "1.0", "partitionKey": record.key, "sequenceNumber": record.sequence,
                     "data": base64.b64encode(record.data).decode(), "approximateArrivalTimestamp": record.at},
         "eventSource": "aws:kinesis", "eventVersion": "1.0", "eventID": f"{record.shard}:{record.sequence}",
         "eventName": "aws:kinesis:record", "awsRegion": "local", "invokeIdentityArn": "local",
         "eventSourceARN": "arn:aws:kinesis:local:000000000000:stream/ticks"} for record in records]}


class Runner:
    """`retries` as MaximumRetryAttempts, `dead` as the destination on failure; batches are bisected on errors."""

    def __init__(self, stream, function, dead, checkpoint, batch=500, retries=2, pause=0.01, seen=None):
        self.consumer = Consumer(stream, checkpoint)
        self.function, self.dead, self.batch, self.retries, self.pause = function, dead, batch, retries, pause
        self.seen = seen or (lambda records: None)

    def step(self):
        """One poll; how many records are done with."""
        records = self.consumer.poll(self.batch)
        for _, batch in groupby(records, lambda record: record.shard):
            self._deliver(list(batch))
        if records:
            self.consumer.commit()
        return len(records)

    def drain(self):
        done = 0
        while found := self.step():
            done += found
        return done

    def _deliver(self, batch):
        """What fails stays before what follows it: the order of a shard is kept."""
        waiting = [(batch, 0)]
        while waiting:
            records, attempt = waiting.pop(0)
            left, why = self._invoke(records)
            self.seen(records[:len(records) - len(left)])
            if not left:
                continue
            if attempt < self.retries:
                time.sleep(self.pause * 2 ** attempt)
                waiting.insert(0, (left, attempt + 1))
            elif len(left) == 1:
                record = left[0]
                letter = {"shard": record.shard, "sequence": record.sequence, "key": record.key, "error": why,
                          "data": base64.b64encode(record.data).decode()}
                self.dead.put([(record.key, json.dumps(letter).encode())])
            else:
                half = 1 if why.startswith("item") else len(left) // 2
                waiting[:0] = [(left[:half], 0), (left[half:], 0)]

    def _invoke(self, records):
        """The records that the function did not take, and why."""
        try:
            answer = self.function(event_of(records), SimpleNamespace(function_name="stocks", aws_request_id="local"))
        except Exception as error:
            return records, f"{type(error).__name__}: {error}"
        failed = {one["itemIdentifier"] for one in (answer or {}).get("batchItemFailures", [])}
        for place, record in enumerate(records):
            if record.sequence in failed:
                return records[place:], f"item {record.sequence} was refused"
        return [], ""
