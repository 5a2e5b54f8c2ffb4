# SPDX-License-Identifier: MIT
"""The Python blocks of both READMEs are run, in order and in one namespace."""

import re

import pytest

from conftest import HERE, TOP, sequences_of

pytest.importorskip("sklearn")
pytest.importorskip("pandas")


def test_blocks_of_the_readme_run(tmp_path, monkeypatch):
    import gzip
    monkeypatch.chdir(tmp_path)
    sequences = sequences_of(1, 150) + sequences_of(2, 150, motif="TATAAAGGC")
    with gzip.open("reads.fastq.gz", "wt") as out:
        out.writelines(f"@r{i}\n{s}\n+\n{'I' * len(s)}\n" for i, s in enumerate(sequences))
    texts = [(folder / "README.md").read_text() for folder in (TOP, HERE.parent)]
    blocks = [block for text in texts for block in re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)]
    shared = {"sequences": sequences, "labels": [0] * 150 + [1] * 150, "prices": [100.0, 101.5, 99.0]}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), shared)
    assert len(blocks) >= 5 and (tmp_path / "mine.ba").exists() and len(shared["frame"]) == 300
