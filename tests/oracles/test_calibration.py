# SPDX-License-Identifier: MIT
"""Calibrated probabilities against scikit-learn's, on the scores of one model."""

import csv
import json
import random
import subprocess

import library


def run(*arguments, cwd):
    return subprocess.run([library.BA, *map(str, arguments)], cwd=cwd, check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True).stdout


def make(folder, rows=900):
    source, lines = random.Random(8), []
    for i in range(rows):
        label = source.random() < 0.4
        letters = "".join(source.choices("ACGT", weights=(3, 2, 2, 2) if label else (2, 2, 2, 3), k=30))
        lines.append(f"{letters},{int(label)},{source.choice([0.5, 1, 2])},{'train' if i < 300 else 'dev'}\n")
    (folder / "t.csv").write_text("sequence,label,weight,split\n" + "".join(lines))
    run("train", "--recipe", "Kmer(k=1..2) | Logistic(l2=1e-3)", "--labels", "t.csv", "--out", "m.ba", cwd=folder)
    kept = [line.split(",") for line in lines[300:]]
    (folder / "dev.fa").write_text("".join(f">{i}\n{row[0]}\n" for i, row in enumerate(kept)))
    return kept


def predicted(folder, model):
    text = run("predict", "--model", model, "dev.fa", cwd=folder)
    return [(float(row["score"]), float(row["probability"])) for row in csv.DictReader(text.splitlines(), delimiter="\t")]


def test_platt_and_isotonic_are_those_of_scikit_learn(tmp_path):
    import numpy as np
    from sklearn.calibration import _SigmoidCalibration
    from sklearn.isotonic import IsotonicRegression
    rows = make(tmp_path)
    # Every second row of a class ranks for the sets, so the oracles see the others.
    seen, fits = {}, []
    for row in rows:
        fits.append(seen.get(row[1], 0) % 2 == 0)
        seen[row[1]] = seen.get(row[1], 0) + 1
    scores = np.array([score for score, _ in predicted(tmp_path, "m.ba")])
    labels = np.array([int(row[1]) for row in rows])
    weights = np.array([float(row[2]) for row in rows])
    fits = np.array(fits)
    peers = {"platt": _SigmoidCalibration().fit(scores[fits], labels[fits], weights[fits]),
             "isotonic": IsotonicRegression(out_of_bounds="clip").fit(scores[fits], labels[fits], weights[fits])}
    for method, peer in peers.items():
        run("calibrate", "--model", "m.ba", "--labels", "t.csv", "--method", method, "--out", "c.ba", cwd=tmp_path)
        ours = predicted(tmp_path, "c.ba")
        assert [score for score, _ in ours] == list(scores)
        # scikit-learn's sigmoid stops when its gradient is small, so it is near the minimum and not at it.
        assert np.allclose([p for _, p in ours], peer.predict(scores), atol=2e-4 if method == "platt" else 1e-12)


def test_temperature_is_that_of_a_scalar_minimiser(tmp_path):
    import numpy as np
    from scipy.optimize import minimize_scalar
    rows = make(tmp_path)
    run("calibrate", "--model", "m.ba", "--labels", "t.csv", "--method", "temperature", "--out", "c.ba", cwd=tmp_path)
    seen, fits = {}, []
    for row in rows:
        fits.append(seen.get(row[1], 0) % 2 == 0)
        seen[row[1]] = seen.get(row[1], 0) + 1
    scores = np.array([score for score, _ in predicted(tmp_path, "m.ba")])[fits]
    signs = np.array([2 * int(row[1]) - 1 for row in rows])[fits]
    weights = np.array([float(row[2]) for row in rows])[fits]
    best = minimize_scalar(lambda t: (weights * np.logaddexp(0, -signs * scores * t)).sum(), bounds=(1e-3, 50),
                           method="bounded", options={"xatol": 1e-10}).x
    ours = np.array(predicted(tmp_path, "c.ba"))
    assert np.allclose(ours[:, 1], 1 / (1 + np.exp(-best * ours[:, 0])), atol=1e-7)


def test_sets_are_the_quantile_of_the_ranked_rows(tmp_path):
    import numpy as np
    rows = make(tmp_path)
    run("calibrate", "--model", "m.ba", "--labels", "t.csv", "--method", "none", "--out", "c.ba", cwd=tmp_path)
    chance = np.array([p for _, p in predicted(tmp_path, "c.ba")])
    labels = np.array([int(row[1]) for row in rows])
    strange = np.sort(1 - np.where(labels == 1, chance, 1 - chance))
    threshold = 1 - strange[int(np.ceil((len(rows) + 1) * 0.8)) - 1]
    text = run("predict", "--model", "c.ba", "--coverage", "0.8", "dev.fa", cwd=tmp_path)
    for row, p in zip(csv.DictReader(text.splitlines(), delimiter="\t"), chance):
        expected = [name for name, q in (("0", 1 - p), ("1", p)) if q >= threshold - 1e-15]
        assert row["set"] == "|".join(expected)
    lines = run("predict", "--model", "c.ba", "--coverage", "0.8", "--json", "dev.fa", cwd=tmp_path).splitlines()
    assert all(set(json.loads(line)["set"]) <= {"0", "1"} for line in lines)
