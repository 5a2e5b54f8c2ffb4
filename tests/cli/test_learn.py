# SPDX-License-Identifier: MIT
"""`ba learn`, from outside: one pass in bounded memory, the same bytes for any batches, runs that go on."""

import gzip
import json
import math
import pathlib

import pytest

from program import BA, ba, fails, listing, ok, sequences, table

RECIPE = "Kmer(k=1..4) | Logistic(solver=adagrad)"


@pytest.fixture(scope="module")
def rows():
    return [f"{x},{i % 2}" for i, x in enumerate(
        a for pair in zip(sequences(1, 150, 60, ["TATAAT"]), sequences(2, 150, 60, ["GCGCGC"])) for a in pair)]


@pytest.fixture
def folder(rows, tmp_path):
    def write(name, some):
        (tmp_path / name).write_text("\n".join(["sequence,label", *some]) + "\n")
    write("all.csv", rows)
    write("first.csv", rows[:130])
    write("second.csv", rows[130:])
    return tmp_path


def learn(folder, labels, *more, out="m.ba", recipe=RECIPE, classes="0,1", **keywords):
    return ok("learn", "--recipe", recipe, "--labels", labels, "--classes", classes, "--out", out, *more, cwd=folder,
              **keywords)


def test_any_batches(folder):
    learn(folder, "all.csv")
    whole = (folder / "m.ba").read_bytes()
    for arguments in (("--batch", 1), ("--batch", 7), ("--threads", 2), ("--cpu", "scalar")):
        learn(folder, "all.csv", *arguments, out="n.ba")
        assert (folder / "n.ba").read_bytes() == whole
    learn(folder, "all.csv", out="n.ba", classes="1,0")
    assert (folder / "n.ba").read_bytes() == whole
    with gzip.open(folder / "all.csv.gz", "wb") as out:
        out.write((folder / "all.csv").read_bytes())
    learn(folder, "all.csv.gz", out="n.ba")
    assert (folder / "n.ba").read_bytes() == whole
    learn(folder, "-", out="n.ba", data=(folder / "all.csv").read_text())
    assert (folder / "n.ba").read_bytes() == whole
    learn(folder, "all.csv", "--seed", 2, out="n.ba")  # the golden inputs
    assert (folder / "n.ba").read_bytes() != whole


def test_progressive_losses(folder, rows):
    found = table(learn(folder, "all.csv", "--progressive", "--batch", 1))
    assert [int(line["rows"]) for line in found] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert float(found[0]["progressive_loss"]) == pytest.approx(math.log(2), rel=1e-8)
    assert float(found[-1]["progressive_loss"]) < 0.75 * float(found[3]["progressive_loss"])
    result = json.loads(learn(folder, "all.csv", "--json", "--batch", 100))
    assert (result["rows"], result["batches"]) == (300, 3)
    assert result["progressive_loss"] == pytest.approx(float(found[-1]["progressive_loss"]), rel=1e-8)
    assert [point["rows"] for point in result["curve"]] == [100, 200, 300]
    # A row alone in the last batch, by a model of the rows before it.
    for at in (200, 250):
        (folder / "part.csv").write_text("\n".join(["sequence,label", *rows[:at]]) + "\n")
        (folder / "next.csv").write_text("\n".join(["sequence,label", rows[at]]) + "\n")
        learn(folder, "part.csv", out="p.ba")
        measured = json.loads(ok("eval", "--model", "p.ba", "--labels", "next.csv", "--json", cwd=folder))
        (folder / "part.csv").write_text("\n".join(["sequence,label", *rows[:at + 1]]) + "\n")
        grown = json.loads(learn(folder, "part.csv", "--json", "--batch", at))
        assert grown["curve"][-1]["last_loss"] == pytest.approx(measured["log_loss"], rel=1e-6)


def test_memory_does_not_grow_with_the_file(folder, rows):
    if b"__asan_init" in pathlib.Path(BA).read_bytes():
        pytest.skip("the address sanitizer keeps what was freed")
    (folder / "big.csv").write_text("\n".join(["sequence,label", *rows * 100]) + "\n")
    small = json.loads(learn(folder, "all.csv", "--json", "--batch", 100))["peak_memory_bytes"]
    big = json.loads(learn(folder, "big.csv", "--json", "--batch", 100))
    assert big["rows"] == 30000
    assert big["peak_memory_bytes"] < small + (1 << 20)


@pytest.mark.parametrize("model", ["Logistic(solver=nag)", "Logistic(solver=ftrl, l1=1e-3)", "Linear(solver=adagrad)"])
def test_runs_that_go_on(folder, model):
    recipe, classes = f"Kmer(k=1..3) + PositionKmer(k=1) | {model}", "" if "Linear" in model else "0,1"
    learn(folder, "all.csv", recipe=recipe, classes=classes)
    for name in ("first.csv", "second.csv"):
        learn(folder, name, "--state", "state", recipe=recipe, classes=classes, out="n.ba")
    assert (folder / "n.ba").read_bytes() == (folder / "m.ba").read_bytes()
    learn(folder, "first.csv", recipe=recipe, classes=classes, out="half.ba")
    learn(folder, "second.csv", "--start", "half.ba", recipe=recipe, classes=classes, out="n.ba")
    ok("selftest", "n.ba", cwd=folder)


def test_failures(folder, rows):
    here = ("learn", "--labels", "all.csv", "--out", "m.ba", "--recipe")
    before = listing(folder)
    fails(1, "--recipe is missing", "learn", "--labels", "all.csv", "--out", "m.ba", cwd=folder)
    fails(1, "--labels is missing", "learn", "--recipe", RECIPE, "--out", "m.ba", cwd=folder)
    fails(1, "--out is missing", "learn", "--recipe", RECIPE, "--labels", "all.csv", cwd=folder)
    fails(1, "--classes is missing", *here, RECIPE, cwd=folder)
    fails(1, "--batch 0: expected 1 row", *here, RECIPE, "--batch", 0, cwd=folder)
    fails(1, "--start or --state, not both", *here, RECIPE, "--start", "x", "--state", "y", cwd=folder)
    fails(2, "lbfgs needs all rows at once", *here, "Kmer(k=2) | Logistic()", "--classes", "0,1", cwd=folder)
    fails(2, "all.csv, the batch from row 1: record 2: the label \"1\" is none of the classes", *here, RECIPE,
          "--classes", "0,x", cwd=folder)
    (folder / "bad.csv").write_text("\n".join(["sequence,label", *rows[:20], "ACGT"]) + "\n")
    fails(2, "bad.csv: record 22, .*: 1 fields; expected 2", "learn", "--recipe", RECIPE, "--labels", "bad.csv",
          "--classes", "0,1", "--batch", 5, "--out", "m.ba", "--state", "s", cwd=folder)
    (folder / "none.csv").write_text("sequence,label\n")
    fails(2, "none.csv: no rows", "learn", "--recipe", RECIPE, "--labels", "none.csv", "--classes", "0,1", "--out",
          "m.ba", cwd=folder)
    (folder / "state").write_text("hello")
    fails(2, "state: .*not a checkpoint", *here, RECIPE, "--classes", "0,1", "--state", "state", cwd=folder)
    assert listing(folder) == sorted([*before, "bad.csv", "none.csv", "state"])  # no model is left half made
    assert ba("learn", "--help").returncode == 0
