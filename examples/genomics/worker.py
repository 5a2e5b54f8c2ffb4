# SPDX-License-Identifier: MIT
"""One worker of an array job: python -m genomics.worker features|sums FOLDER. It may be killed and started again."""

import json
import os
import sys
import time
from pathlib import Path

import bioanalytics as bio
from bioanalytics.sharded import BLOCK

from lib.steps import write_atomically
from ports.store import open_store

FEATURES = "GC() + Entropy(k=1) + Length(per=1)"
COLUMNS = "name\tsequence\tlabel\tgroup\tsplit\n"
TEST_ARM = "X"  # a chromosome that no training row is from


def features(folder, index, size):
    """Every size-th page: its rows as a table, and features of its rows for who looks at the data."""
    store, manifest = open_store(os.environ["BIO_STORE_URL"]), json.loads((folder / "manifest.json").read_text())
    extractor = bio.Extractor(FEATURES)
    for page in manifest[index::size]:
        name = Path(page["key"]).stem
        if (folder / "rows" / f"{name}.tsv").exists():  # written by an earlier attempt, or yesterday
            continue
        lines, parts = [COLUMNS], []
        for records in bio.open(store.get(page["key"])):
            parts += extractor.dense(records).tolist()
            for title, letters in zip(records.names, records.sequences):
                word, *facts = title.split()
                about = dict(fact.split("=") for fact in facts)
                split = "test" if about["arm"] == TEST_ARM else "train"
                lines.append(f"{word}\t{letters}\t{about['promoter']}\t{about['arm']}\t{split}\n")
        write_atomically(folder / "features" / f"{name}.json", json.dumps(parts))
        write_atomically(folder / "rows" / f"{name}.tsv", "".join(lines))


def sums(folder, index, size):
    """The worker's part of a training: for each request of the solver, the sums over every size-th block of rows."""
    parent = os.getppid()
    mine = sorted((folder / "blocks").glob("*.tsv"))[index::size]
    blocks = [(int(path.stem), bio.Dataset().add_file(path)) for path in mine]
    for number in range(10 ** 6):
        path, answer = folder / f"request-{number:04}", folder / f"sums-{number:04}-{index:02}"
        while not path.exists():
            if (folder / "finished").exists() or os.getppid() != parent:
                return
            time.sleep(0.002)
        if answer.exists():  # by an earlier attempt
            continue
        request = path.read_bytes()
        sums_of_mine = bio.Partial(request)
        for block, rows in blocks:
            sums_of_mine.add(bio.Partial.of(request, rows, first=block * BLOCK).save())
        write_atomically(answer, sums_of_mine.save())


if __name__ == "__main__":
    {"features": features, "sums": sums}[sys.argv[1]](Path(sys.argv[2]), int(os.environ["AWS_BATCH_JOB_ARRAY_INDEX"]),
                                                      int(os.environ["AWS_BATCH_JOB_ARRAY_SIZE"]))
