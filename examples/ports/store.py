# SPDX-License-Identifier: MIT
"""The store port: objects under keys. `file:DIR` is a folder, `s3://BUCKET` S3 or what AWS_ENDPOINT_URL_S3 names."""

import hashlib
import os
import threading
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit


class Stored(NamedTuple):
    key: str
    etag: str
    size: int


def open_store(url):
    scheme, rest = url.split(":", 1)
    if scheme == "file":
        return FolderStore(rest)
    if scheme == "s3":
        return S3Store(urlsplit(url).netloc)
    raise ValueError(f"store {url}: expected file:DIR or s3://BUCKET")


class FolderStore:
    def __init__(self, folder):
        self.folder = Path(folder).resolve()
        self.url = f"file:{self.folder}"

    def _path(self, key):
        path = (self.folder / key).resolve()
        if not path.is_relative_to(self.folder):
            raise ValueError(f"key {key}: expected one inside the store")
        return path

    def location(self, key=""):
        """What DuckDB, Spark and `ba` read."""
        return str(self.folder / key)

    def put(self, key, data, if_absent=False):
        """Stores all of `data` or nothing; whether it did, which with `if_absent` only the first to come does."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{threading.get_native_id()}")
        temporary.write_bytes(data)
        if not if_absent:
            os.replace(temporary, path)
            return True
        try:
            os.link(temporary, path)  # unlike a rename this fails where there is one
            return True
        except FileExistsError:
            return False
        finally:
            temporary.unlink()

    def get(self, key):
        return self._path(key).read_bytes()

    def delete(self, key):
        self._path(key).unlink(missing_ok=True)

    def list(self, prefix=""):
        found = sorted(p for p in self.folder.rglob("*") if p.is_file() and not p.name.startswith("."))
        keys = [(str(path.relative_to(self.folder)), path) for path in found]
        return [Stored(key, hashlib.md5(path.read_bytes()).hexdigest(), path.stat().st_size)
                for key, path in keys if key.startswith(prefix)]


class S3Store:
    def __init__(self, bucket):
        import boto3
        from botocore.config import Config
        self.bucket, self.url = bucket, f"s3://{bucket}"
        self._s3 = boto3.client("s3", config=Config(signature_version="s3v4", retries={"max_attempts": 8}))

    def location(self, key=""):
        return f"{self.url}/{key}"

    def put(self, key, data, if_absent=False):
        from botocore.exceptions import ClientError
        try:
            self._s3.put_object(Bucket=self.bucket, Key=key, Body=data, **({"IfNoneMatch": "*"} if if_absent else {}))
            return True
        except ClientError as error:
            if if_absent and error.response["Error"]["Code"] in ("PreconditionFailed", "412"):
                return False
            raise

    def get(self, key):
        return self._s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def delete(self, key):
        self._s3.delete_object(Bucket=self.bucket, Key=key)

    def list(self, prefix=""):
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return sorted(Stored(found["Key"], found["ETag"].strip('"'), found["Size"])
                      for page in pages for found in page.get("Contents", []))
