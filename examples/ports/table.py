# SPDX-License-Identifier: MIT
"""The table port: items by a key and a sort key, the newest wins. A URL of the SQL port, or `dynamodb:PREFIX`."""

import json
from decimal import Decimal

from .sql import open_sql


def open_table(url, name):
    if url.startswith("dynamodb:"):
        return DynamoTable(url.removeprefix("dynamodb:") + name)
    return KeyTable(open_sql(url), name)


class KeyTable:
    """Items in a table of a SQL port, which is made when it is not there."""

    def __init__(self, sql, name):
        self._sql, self.name = sql, name
        sql.script(f"CREATE TABLE IF NOT EXISTS {name} (key TEXT NOT NULL, sort DOUBLE PRECISION NOT NULL, "
                   "version DOUBLE PRECISION NOT NULL, item TEXT NOT NULL, PRIMARY KEY (key, sort))")

    def put(self, items):
        """Takes (key, sort, version, item); one of a lower version than the one that is there changes nothing."""
        rows = [{"key": key, "sort": sort, "version": version, "item": json.dumps(item)}
                for key, sort, version, item in items]
        self._sql.upsert(self.name, rows, ["key", "sort"], newer="version")

    def last(self, key, count=1):
        """The items of `key` of the highest sort keys, in rising order."""
        found = self._sql.query(f"SELECT item FROM {self.name} WHERE key = ? ORDER BY sort DESC LIMIT ?", key, count)
        return [json.loads(row["item"]) for row in reversed(found)]

    def keys(self):
        return [row["key"] for row in self._sql.query(f"SELECT DISTINCT key FROM {self.name} ORDER BY key")]

    def expire(self, before):
        """Removes what a time to live ends: items whose sort key is below `before`."""
        return self._sql.execute(f"DELETE FROM {self.name} WHERE sort < ?", before)


class DynamoTable:
    """A table of DynamoDB whose keys are `key` (S) and `sort` (N), in the manner of `KeyTable`."""

    def __init__(self, name):
        import boto3
        self._table = boto3.resource("dynamodb").Table(name)

    def put(self, items):
        from botocore.exceptions import ClientError
        for key, sort, version, item in items:
            number = Decimal(str(version))
            try:
                self._table.put_item(
                    Item={"key": key, "sort": Decimal(str(sort)), "version": number, "item": json.dumps(item)},
                    ConditionExpression="attribute_not_exists(#v) OR #v < :v",
                    ExpressionAttributeNames={"#v": "version"}, ExpressionAttributeValues={":v": number})
            except ClientError as error:
                if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                    raise

    def _query(self, key, **more):
        """The rows of a key; an answer holds 1 MB at most, so they come in parts."""
        from boto3.dynamodb.conditions import Key
        condition = Key("key").eq(key) & more.pop("sort", Key("sort").gte(Decimal("-1e100")))
        while True:
            answer = self._table.query(KeyConditionExpression=condition, **more)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            more["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def last(self, key, count=1):
        found = [row for _, row in zip(range(count), self._query(key, ScanIndexForward=False, Limit=min(count, 1000)))]
        return [json.loads(row["item"]) for row in reversed(found)]

    def keys(self):
        """Reads the keys of the whole table."""
        pages = self._table.meta.client.get_paginator("scan").paginate(
            TableName=self._table.name, ProjectionExpression="#k", ExpressionAttributeNames={"#k": "key"})
        return sorted({row["key"] for page in pages for row in page["Items"]})

    def expire(self, before):
        from boto3.dynamodb.conditions import Key
        gone = [{"key": row["key"], "sort": row["sort"]} for key in self.keys()
                for row in self._query(key, sort=Key("sort").lt(Decimal(str(before))))]
        with self._table.batch_writer() as batch:
            for row in gone:
                batch.delete_item(Key=row)
        return len(gone)
