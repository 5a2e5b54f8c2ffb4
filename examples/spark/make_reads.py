#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes FASTQ for the jobs: promoters of the fly if `./dev demo` has prepared them, else made-up sequences.

usage: make_reads.py FOLDER [MOST]

FOLDER gets train_promoter.fastq and train_upstream.fastq, test_promoter.fastq and test_upstream.fastq of chromosome X,
and reads.fastq.gz, the latter two without their labels. At most MOST reads train (4,000).
"""

import gzip
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "notebooks"))
import promoters  # noqa: E402


def record(name, letters):
    """The sequences are not from a machine, so all qualities are the same."""
    return f"@{name}\n{letters}\n+\n{'I' * len(letters)}\n"


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    data = promoters.load(int(sys.argv[2]) if len(sys.argv) == 3 else 4000)
    print(data.origin)
    for part, rows in (("train", data.train), ("test", data.test)):
        for label in ("promoter", "upstream"):
            kept = [letters for letters, each in zip(rows.sequences, rows.labels) if each == label]
            (folder / f"{part}_{label}.fastq").write_text(
                "".join(record(f"{label}{i:06d}", letters) for i, letters in enumerate(kept)))
    with gzip.open(folder / "reads.fastq.gz", "wt") as file:
        file.writelines(record(f"read{i:06d}", letters) for i, letters in enumerate(data.test.sequences))


if __name__ == "__main__":
    main()
