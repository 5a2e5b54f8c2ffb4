# SPDX-License-Identifier: MIT
"""Networks over letters on the command line: trained, scored, explained, and refused where they have no columns."""

import json

import pytest

from program import fails, fasta, ok, table

SMALL = "OneHot() | Conv(filters=12, width=6, pool=2, strand=max) | Conv(filters=8, width=3) | MLP(hidden=8)"


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


def test_refusals(data, model, tmp_path):
    train = ("train", "--labels", data / "split.csv", "--out", tmp_path / "no.ba", "--recipe")
    fails(1, "OneHot has no convolution after it", *train, "OneHot() | Logistic()")
    fails(1, "MLP has no convolution to read", *train, "Kmer(k=3) | MLP()")
    fails(2, "OneHot has no columns of its own", "features", "--recipe", "OneHot()", data / "pos.fa")
    fails(2, "a network over letters, which has no columns", "explain", "--model", model)
    assert not (tmp_path / "no.ba").exists()
