# SPDX-License-Identifier: MIT
"""To raw: files by URL, products by FakeStore's API, tables by one snapshot of the shops' database."""

import base64
import csv
import hashlib
import io
import json
from datetime import datetime, timezone
from pathlib import Path

import requests
from lib.fetch import TryAgain, fetch
from lib.steps import write_atomically

FILES, WATERMARKS = "raw/files/_manifest.json", "raw/shop/_watermarks.json"


def read_json(store, key):
    return json.loads(store.get(key)) if any(found.key == key for found in store.list(key)) else {}


def write_json(store, key, value):
    store.put(key, json.dumps(value, indent=1).encode())


# Files


def part_of(line, folder):
    """Where what has come of a file is kept until it is whole."""
    return Path(folder) / hashlib.sha256(line.encode()).hexdigest()[:16]


def download(url, known, part):
    """The bytes of a file, what its server says of it, and how many came; None if it is still what `known` tells.

    What a broken connection gave stays in the file `part`, and the next attempt asks for the rest only."""
    part.parent.mkdir(parents=True, exist_ok=True)
    began = part.with_suffix(".etag")  # of the version that it is a part of

    def once(answer):
        if answer.status_code == 304:
            return None
        with answer, open(part, "ab" if answer.status_code == 206 else "wb") as file:
            began.write_text(answer.headers.get("ETag", ""))
            here = file.tell()
            for piece in answer.iter_content(1 << 12):
                file.write(piece)
        data = part.read_bytes()
        part.unlink()
        began.unlink()
        said = answer.headers.get("Repr-Digest", "").partition("sha-256=:")[2].rstrip(":")
        if said and base64.b64decode(said) != hashlib.sha256(data).digest():
            raise TryAgain(f"{url}: the bytes are not those of its digest")
        return data, answer.headers, len(data) - here

    def ask():
        headers = {}
        if known:
            headers = {"If-None-Match": known["etag"], "If-Modified-Since": known["modified"]}
        if part.exists() and began.exists() and began.read_text():
            headers |= {"Range": f"bytes={part.stat().st_size}-", "If-Range": began.read_text()}
        return {name: value for name, value in headers.items() if value}
    try:
        return fetch(url, once, headers=ask, stream=True)
    except requests.HTTPError as error:
        if error.response.status_code != 416:
            raise
        part.unlink()  # it was whole, but the run that fetched it ended before it could say so
        return fetch(url, once, headers=ask, stream=True)


def ingest_files(store, urls, folder):
    """Each file of `urls`, by its line of the list, that is new or has changed, as a version of its own; counts."""
    manifest, counts = read_json(store, FILES), {"files": len(urls), "downloaded": 0, "bytes": 0}
    for line, url in urls.items():
        versions = manifest.setdefault(line, [])
        found = download(url, versions[-1] if versions else None, part_of(line, folder))
        if found is None:
            continue
        data, headers, came = found
        name = url.rsplit("/", 1)[1]
        key = f"raw/files/{name}/v={len(versions) + 1:04}/{name}"
        store.put(key, data)
        versions.append({"key": key, "size": len(data), "sha256": hashlib.sha256(data).hexdigest(),
                         "etag": headers.get("ETag", ""), "modified": headers.get("Last-Modified")})
        write_json(store, FILES, manifest)
        counts["downloaded"] += 1
        counts["bytes"] += came
    return counts


# API


class FakeStoreBot:
    """Products of a shop that speaks FakeStore's API. Failures raise, and nothing of them is kept."""

    def __init__(self, url, folder, open_bucket, attempts=12):
        self.url, self.folder, self._open, self._attempts = url, Path(folder), open_bucket, attempts

    def _get(self, path):
        return fetch(f"{self.url}{path}", attempts=self._attempts)

    def get_all_products(self):
        return self._get("/products")

    def get_products_by_category(self, category):
        return self._get(f"/products/category/{requests.utils.quote(category)}")

    def get_product(self, id):
        found = self._get(f"/products/{id}")
        if found is None:  # which is what the API says, with status 200
            raise LookupError(f"{self.url} has no product {id}")
        return found

    def save_to_file(self, data, name="products"):
        """Writes JSON in UTF-8 under a name that holds the time; its path."""
        path = self.folder / f"{name}_{datetime.now(timezone.utc):%Y%m%dT%H%M%S%f}.json"
        write_atomically(path, json.dumps(data, ensure_ascii=False, indent=1))
        return path

    def upload_to_s3(self, file_path, bucket, key):
        self._open(bucket).put(key, Path(file_path).read_bytes())


def ingest_products(bot, bucket):
    products = bot.get_all_products()
    path = bot.save_to_file(products)
    bot.upload_to_s3(path, bucket, f"raw/products/{path.name}")
    path.unlink()
    return {"products": len(products)}


# Tables


def ingest_tables(store, shop, tables):
    """The rows that have changed since the last time, of all tables as of one moment."""
    marks = read_json(store, WATERMARKS)
    found = shop.snapshot(*((f"SELECT * FROM {table} WHERE version > ? ORDER BY version", marks.get(table, 0))
                            for table in tables))
    for table, rows in zip(tables, found):
        if rows:
            text = io.StringIO()
            writer = csv.DictWriter(text, rows[0])
            writer.writeheader()
            writer.writerows(rows)
            # Named by where it begins: should the run end before the watermark is stored, the next one replaces it.
            store.put(f"raw/shop/{table}/after-{marks.get(table, 0):012}.csv", text.getvalue().encode())
            marks[table] = rows[-1]["version"]
    write_json(store, WATERMARKS, marks)
    return {table: len(rows) for table, rows in zip(tables, found)}
