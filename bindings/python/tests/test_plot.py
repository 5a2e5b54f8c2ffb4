# SPDX-License-Identifier: MIT
"""What the pictures show: numbers read back from the Axes, against scikit-learn's where it has them."""

import numpy as np
import pytest

import bioanalytics as ba

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

from bioanalytics import plot  # noqa: E402


@pytest.fixture(autouse=True)
def close_figures():
    yield
    pyplot.close("all")


@pytest.fixture
def ranked():
    random = np.random.default_rng(0)
    labels = random.random(500) < 0.3
    return labels, np.round(labels + random.normal(0, 1, 500), 1)  # with ties


def boxes(ax):
    """The letters drawn, as (left, bottom, right, top)."""
    return [patch.get_path().get_extents().extents for patch in ax.patches]


def curve(ax):
    return ax.lines[-1].get_data()


def test_roc(ranked):
    sklearn = pytest.importorskip("sklearn.metrics")
    labels, scores = ranked
    ax = plot.roc(labels, scores)
    x, y = curve(ax)
    area = sklearn.roc_auc_score(labels, scores)
    assert abs(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2) - area) < 1e-12
    assert f"area {area:.3f}" in ax.get_legend().get_texts()[0].get_text()
    wanted = sklearn.roc_curve(labels, scores, drop_intermediate=False)
    np.testing.assert_allclose(x, wanted[0])
    np.testing.assert_allclose(y, wanted[1])
    assert plot.roc(np.where(labels, "yes", "no"), scores, ax=ax, label="again") is ax
    assert len(ax.get_legend().get_texts()) == 2 and ax.lines[1].get_color() != ax.lines[2].get_color()
    np.testing.assert_allclose(curve(ax)[1], y)


def test_precision_recall(ranked):
    sklearn = pytest.importorskip("sklearn.metrics")
    labels, scores = ranked
    ax = plot.precision_recall(labels, scores)
    assert f"{sklearn.average_precision_score(labels, scores):.3f}" in ax.get_legend().get_texts()[0].get_text()
    precision, recall, _ = sklearn.precision_recall_curve(labels, scores)
    np.testing.assert_allclose(curve(ax)[0][1:], recall[:-1][::-1])
    np.testing.assert_allclose(curve(ax)[1][1:], precision[:-1][::-1])


def test_calibration():
    chance = np.repeat([0.1, 0.7], 100)
    labels = np.concatenate([np.arange(100) < 20, np.arange(100) < 70])
    ax = plot.calibration(labels, chance, bins=2)
    line = next(line for line in ax.lines if line.get_gid() == "curve")
    np.testing.assert_allclose(line.get_xdata(), [0.1, 0.7])
    np.testing.assert_allclose(line.get_ydata(), [0.2, 0.7])
    low, high = ax.collections[0].get_segments()[0][:, 1]
    np.testing.assert_allclose([low, high], [0.1334, 0.2888], atol=1e-4)  # Wilson's interval of 20 in 100


def test_metrics_have_curves(ranked):
    labels, scores = ranked
    chance = 1 / (1 + np.exp(-scores))
    found = ba.metrics(labels.astype(int), np.stack([1 - chance, chance], axis=1))
    assert f"area {found['auroc']:.3f}" in plot.roc(found).get_legend().get_texts()[0].get_text()
    assert len(plot.calibration(found).lines) == 2


@pytest.mark.parametrize("labels, scores", [([0, 1, 2], [1, 2, 3]), ([0, 1], [1, 2, 3]), ([0, 1], [[1, 2], [3, 4]])])
def test_labels_and_scores_that_do_not_fit(labels, scores):
    with pytest.raises(ValueError):
        plot.roc(labels, scores)


def test_a_logo_has_letters_as_tall_as_their_part():
    ax = plot.logo("ACGT", [1.0, -0.5, 0.0, 2.0], start=10)
    found = boxes(ax)
    assert len(found) == 3  # nothing for 0
    np.testing.assert_allclose([(left + right) / 2 for left, _, right, _ in found], [10, 11, 13])
    np.testing.assert_allclose([(bottom, top) for _, bottom, _, top in found], [(0, 1), (-0.5, 0), (0, 2)], atol=1e-9)
    assert plot.logo(b"ACGT", np.ones(4), ax=ax) is ax
    with pytest.raises(ValueError, match="4 letters"):
        plot.logo("ACGT", [1, 2])
    plot.logo("", [])


def test_a_motif_in_bits():
    ax = plot.motif(["AC", "AG"] * 500)
    found = boxes(ax)
    correction = 3 / (2 * np.log(2) * 1000)
    np.testing.assert_allclose(found[0][[1, 3]], [0, 2 - correction], rtol=1e-6)
    np.testing.assert_allclose(found[2][3], 1 - correction, rtol=1e-6)  # two letters by halves: one bit
    np.testing.assert_allclose(found[1][3], found[2][1], rtol=1e-6)  # one on the other
    assert len(plot.motif(["WLK", "WLE"] * 50).patches) == 4
    with pytest.raises(ValueError, match="one length"):
        plot.motif(["A", "AC"])


def test_effects():
    model = ba.from_weights("Kmer(k=1, value=count, norm=none) | Logistic()", [0, 1, 2, 5], classes=["no", "yes"])
    ax = plot.effects("ACGTN", model.mutate("ACGTN"), start=3)
    shown = ax.images[0].get_array()
    assert shown.shape == (4, 5) and shown[3, 0] == 5 and shown[0, 3] == -5
    np.testing.assert_allclose(ax.collections[0].get_offsets(), [(3, 0), (4, 1), (5, 2), (6, 3)])
    with pytest.raises(ValueError, match="four a letter"):
        plot.effects("AC", np.zeros((2, 3)))


def test_a_scan():
    ax = plot.scan(np.array([[0.0], [2.0], [1.0]]), window=10, step=5, start=100, threshold=1.5, regions=[(101, 109)])
    x, y = ax.lines[0].get_data()
    np.testing.assert_allclose(x, [105, 110, 115])
    np.testing.assert_allclose(y, [0, 2, 1])
    assert ax.get_xlim() == (100, 120)
    with pytest.raises(ValueError, match="one a window"):
        plot.scan(np.zeros((3, 2)), 10)


def test_drift():
    found = [ba.Drift("length", 50, 0.4, 0.1, 0.05, 0.2, True), ba.Drift("gc", 50, 0.0, 0.1, 0.1, 0.2, False)]
    ax = plot.drift(found)
    np.testing.assert_allclose([bar.get_x() + bar.get_width() for bar in ax.patches], [4, 0.25, 0.01, 0.5])
    red = [bar.get_facecolor()[:3] == matplotlib.colors.to_rgb(plot.WARN) for bar in ax.patches]
    assert red == [True, False, False, False]
    assert "50 records" in ax.get_xlabel()
    plot.drift([])
