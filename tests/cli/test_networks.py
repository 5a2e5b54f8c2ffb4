# SPDX-License-Identifier: MIT
"""Networks on the command line: trained, scored, explained, exported, and refused where they cannot answer."""

import json
import math
import random

import pytest

from program import fails, fasta, ok, table

SMALL = "OneHot() | Conv(filters=12, width=6, pool=2, strand=max) | Conv(filters=8, width=3) | MLP(hidden=8)"


COLUMNS = "Kmer(k=1..4) | MLP(hidden=6, skip=linear, epochs=12)"


@pytest.fixture(scope="module")
def model(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("network") / "net.ba"
    report = json.loads(ok("train", "--json", "--recipe", SMALL, "--labels", data / "split.csv", "--out", path))
    assert report["candidates"][0]["dev"]["auroc"] > 0.9  # the motifs differ in all their letters
    assert report["reason"].startswith("stopped after epochs = 30; the weights of epoch ")
    return path


def test_same_scores_for_any_level_and_threads(data, model):
    first = ok("predict", "--model", model, data / "pos.fa")
    assert len(table(first)) == 150
    for options in (["--cpu", "scalar"], ["--threads", "3"]):
        assert ok("predict", *options, "--model", model, data / "pos.fa") == first
    assert "ok" in ok("selftest", model)


def test_same_model_for_any_level_and_threads(data, model, tmp_path):
    for options in (["--cpu", "scalar"], ["--threads", "3"]):
        ok("train", *options, "--recipe", SMALL, "--labels", data / "split.csv", "--out", tmp_path / "other.ba")
        assert (tmp_path / "other.ba").read_bytes() == model.read_bytes()


def test_windows_shares_and_substitutions(model, tmp_path):
    letters = "ACGTATAAAGGCNGCTTATATACCGG"
    cut = [letters[i:i + 10] for i in range(0, 16, 5)]
    hidden = "N" * len(letters)
    (tmp_path / "x.fa").write_text(fasta([letters], "x"))
    (tmp_path / "all.fa").write_text(fasta([letters, hidden, *cut], "y"))
    scores = [float(row["score"]) for row in table(ok("predict", "--model", model, tmp_path / "all.fa"))]
    windows = ok("scan", "--model", model, tmp_path / "x.fa", "--window", "10", "--step", "5").splitlines()
    assert [float(line.split("\t")[3]) for line in windows if not line.startswith("track")] == scores[2:]
    shares = [float(row["attribution"]) for row in table(ok("explain", "--model", model, tmp_path / "x.fa"))]
    assert len(shares) == len(letters) and shares[letters.index("N")] == 0
    assert sum(shares) == pytest.approx(scores[0] - scores[1], abs=1e-9)
    effects = table(ok("mutate", "--model", model, tmp_path / "x.fa"))
    changed = [letters[:int(row["position"])] + row["alternative"] + letters[int(row["position"]) + 1:]
               for row in effects[:6]]
    (tmp_path / "changed.fa").write_text(fasta(changed, "z"))
    for row, after in zip(effects, table(ok("predict", "--model", model, tmp_path / "changed.fa")), strict=False):
        assert float(row["effect"]) == float(after["score"]) - scores[0]


def test_ensemble(data, tmp_path):
    out = tmp_path / "both.ba"
    recipe = f"Kmer(k=3) | Logistic() & {SMALL[:-1]}, epochs=4)"
    ok("train", "--recipe", recipe, "--labels", data / "split.csv", "--out", out)
    assert len(json.loads(ok("info", "--json", out))["factors"]) == 2
    assert "ok" in ok("selftest", out)


def test_more_than_two_classes(data, tmp_path):
    ok("train", "--recipe", SMALL, "--labels", data / "three.tsv", "--columns", "sequence=text,label=2", "--out",
       tmp_path / "three.ba")
    rows = table(ok("predict", "--model", tmp_path / "three.ba", data / "three.fa"))
    assert sum(float(rows[0][f"probability:{name}"]) for name in ("acceptor", "donor", "none")) == pytest.approx(1)


@pytest.fixture(scope="module")
def hidden(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("hidden") / "hidden.ba"
    report = json.loads(ok("train", "--json", "--recipe", COLUMNS, "--labels", data / "split.csv", "--out", path))
    assert report["candidates"][0]["dev"]["auroc"] > 0.9
    return path


def columns_score(member, letters):
    """The score from the exported numbers alone; Kmer with sqrt and l2, one output."""
    columns = {name: i for i, name in enumerate(member["columns"])}
    sums = [0.0] * len(member["weights"])
    for block in member["blocks"]:
        counts = {}
        for i in range(len(letters) - block["k"] + 1):
            if set(word := letters[i:i + block["k"]]) <= set("ACGT"):
                counts[word] = counts.get(word, 0) + 1
        norm = math.sqrt(sum(counts.values())) or 1.0
        for unit, weights in enumerate(member["weights"]):
            sums[unit] += sum(weights[columns[f"Kmer_{word}"]] * math.sqrt(n) for word, n in counts.items()) / norm * (
                2.0 ** -block["exponents"][unit])
    units = [max(0.0, total + bias) for total, bias in zip(sums, member["intercepts"], strict=False)]
    gains = [gain for gain, in member["hidden"]]
    linear = sums[len(gains)] if member["skip"] else 0.0
    return math.fsum(u * g for u, g in zip(units, gains, strict=False)) + linear + member["intercepts"][-1]


def test_columns_same_for_any_level_and_threads(data, hidden, tmp_path):
    first = ok("predict", "--model", hidden, data / "pos.fa")
    for options in (["--cpu", "scalar"], ["--threads", "3"]):
        assert ok("predict", *options, "--model", hidden, data / "pos.fa") == first
        ok("train", *options, "--recipe", COLUMNS, "--labels", data / "split.csv", "--out", tmp_path / "other.ba")
        assert (tmp_path / "other.ba").read_bytes() == hidden.read_bytes()
    assert "ok" in ok("selftest", hidden)
    assert json.loads(ok("info", "--json", hidden))["format"] == 3


def test_columns_scored_by_hand(data, hidden):
    member, = json.loads(ok("export", "--json", hidden))["members"]
    assert len(member["hidden"]) == 6 and len(member["weights"]) == 7 and len(member["intercepts"]) == 7
    letters = (data / "pos.fa").read_text().splitlines()[1::2]
    for row, sequence in zip(table(ok("predict", "--model", hidden, data / "pos.fa")), letters, strict=True):
        assert float(row["score"]) == pytest.approx(columns_score(member, sequence), abs=2e-6)


def test_columns_windows_shares_and_substitutions(hidden, tmp_path):
    letters = "ACGTATAAAGGCNGCTTATATACCGG"
    cut = [letters[i:i + 10] for i in range(0, 16, 5)]
    (tmp_path / "x.fa").write_text(fasta([letters], "x"))
    (tmp_path / "all.fa").write_text(fasta([letters, *cut], "y"))
    scores = [float(row["score"]) for row in table(ok("predict", "--model", hidden, tmp_path / "all.fa"))]
    windows = ok("scan", "--model", hidden, tmp_path / "x.fa", "--window", "10", "--step", "5").splitlines()
    assert [float(line.split("\t")[3]) for line in windows if not line.startswith("track")] == scores[1:]
    assert len(table(ok("explain", "--model", hidden, tmp_path / "x.fa"))) == len(letters)
    effects = table(ok("mutate", "--model", hidden, tmp_path / "x.fa"))
    changed = [letters[:int(row["position"])] + row["alternative"] + letters[int(row["position"]) + 1:]
               for row in effects[:6]]
    (tmp_path / "changed.fa").write_text(fasta(changed, "z"))
    for row, after in zip(effects, table(ok("predict", "--model", hidden, tmp_path / "changed.fa")), strict=False):
        assert float(row["effect"]) == float(after["score"]) - scores[0]


def test_columns_of_a_table(tmp_path):
    """The product of two numbers has no linear function; a model of tables has the same bytes everywhere too."""
    source = random.Random(5)
    rows = [(source.gauss(5, 2), source.gauss(0, 1), source.choice("uvw")) for _ in range(2000)]
    (tmp_path / "t.csv").write_text("x,y,c,label\n" + "".join(
        f"{x!r},{y!r},{c},{'p' if (x - 5) * y > 0 else 'q'}\n" for x, y, c in rows))
    features = "Column(column=x) + Column(column=y) + Category(column=c) | Standardize() | "
    found = {}
    for name, model in (("linear", "Logistic()"), ("hidden", "MLP(hidden=8, dropout=0, epochs=40, rate=0.01)")):
        here = ("train", "--json", "--recipe", features + model, "--table", tmp_path / "t.csv", "--target", "label", "--out")
        ok(*here, tmp_path / f"{name}.ba")
        ok(*here, tmp_path / "again.ba", "--threads", "3", "--cpu", "scalar")
        assert (tmp_path / f"{name}.ba").read_bytes() == (tmp_path / "again.ba").read_bytes()
        assert "ok" in ok("selftest", tmp_path / f"{name}.ba")
        found[name] = json.loads(ok("eval", "--json", "--model", tmp_path / f"{name}.ba", "--table", tmp_path / "t.csv",
                                    "--target", "label"))["auroc"]
    assert found["linear"] < 0.6 and found["hidden"] > 0.95


def test_columns_refused(hidden):
    fails(2, "a hidden layer of 6 units, so no column has one weight", "explain", "--model", hidden)
    fails(2, "member 1 has a hidden layer", "export", "--c", hidden)


def test_refusals(data, model, tmp_path):
    train = ("train", "--labels", data / "split.csv", "--out", tmp_path / "no.ba", "--recipe")
    fails(1, "OneHot has no convolution after it", *train, "OneHot() | Logistic()")
    fails(1, "OneHot has no convolution after it", *train, "OneHot() | MLP()")
    fails(1, "skip=linear has no columns to read", *train, "OneHot() | Conv() | MLP(skip=linear)")
    fails(2, "OneHot has no columns of its own", "features", "--recipe", "OneHot()", data / "pos.fa")
    fails(2, "a network over letters, which has no columns", "explain", "--model", model)
    assert not (tmp_path / "no.ba").exists()
