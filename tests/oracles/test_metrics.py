# SPDX-License-Identifier: MIT
"""Metrics against scikit-learn, through the public calls of the shared library."""

import ctypes
import math
import os
import pathlib

import numpy
import pytest
from sklearn import metrics as oracle

TOP = pathlib.Path(__file__).resolve().parents[2]
# BA, the program under test, stands in its build folder.
BUILD = pathlib.Path(os.environ.get("BA", TOP / "build" / "release" / "ba")).resolve().parent
LIBRARY = os.environ.get("BA_LIBRARY", str(BUILD / "src" / "libbioanalytics.so"))
NAMES = ["n", "accuracy", "mcc", "auroc", "auprc", "log_loss", "brier", "ece"]
CASES = [(classes, rows, tied, weighted, seed) for classes in (2, 3, 5) for rows in (12, 400, 20000)
         for tied in (False, True) for weighted in (False, True) for seed in range(3 if rows < 20000 else 1)]


@pytest.fixture(scope="module")
def measure():
    """A call from labels, probabilities and weights to a dictionary of numbers and a confusion matrix."""
    library = ctypes.CDLL(LIBRARY)
    library.ba_metrics_value.restype = ctypes.c_double
    library.ba_metrics_confusion.restype = ctypes.c_double
    library.ba_metrics_name.restype = ctypes.c_char_p
    library.ba_context_error_message.restype = ctypes.c_char_p
    context = ctypes.c_void_p()
    assert library.ba_context_create(None, ctypes.byref(context)) == 0

    def call(labels, probabilities, weights):
        labels = numpy.ascontiguousarray(labels, dtype=numpy.int32)
        probabilities = numpy.ascontiguousarray(probabilities, dtype=numpy.float64)
        n, classes = probabilities.shape
        made = ctypes.c_void_p()
        given = None
        if weights is not None:
            weights = numpy.ascontiguousarray(weights, dtype=numpy.float64)
            given = weights.ctypes.data_as(ctypes.c_void_p)
        status = library.ba_metrics_create(
            context, ctypes.c_int32(classes), ctypes.c_int64(n), labels.ctypes.data_as(ctypes.c_void_p),
            probabilities.ctypes.data_as(ctypes.c_void_p), given, ctypes.byref(made))
        assert status == 0, library.ba_context_error_message(context)
        names = [library.ba_metrics_name(made, i).decode() for i in range(library.ba_metrics_count(made))]
        values = {name: library.ba_metrics_value(made, name.encode()) for name in names}
        confusion = numpy.array([[library.ba_metrics_confusion(made, a, p) for p in range(classes)]
                                 for a in range(classes)])
        x, y = ctypes.c_double(), ctypes.c_double()
        for name, points in (("roc", 101), ("calibration", 15)):
            curve = [(i, x.value, y.value) for i in range(points) if library.ba_metrics_curve(
                made, name.encode(), ctypes.c_int32(i), ctypes.byref(x), ctypes.byref(y))]
            call.curves[name] = numpy.array(curve).reshape(-1, 3)
        library.ba_metrics_destroy(made)
        return values, confusion

    call.curves = {}  # of the last call
    yield call
    library.ba_context_destroy(context)


def make_case(classes, rows, tied, weighted, seed):
    """Labels that hold every class, probabilities that know something of them, and weights with some zeros."""
    source = numpy.random.default_rng([classes, rows, tied, weighted, seed])
    labels = source.permutation(numpy.arange(rows) % classes)
    if rows > 12:  # uneven classes
        labels[source.random(rows) < 0.4] = 0
    scores = source.gamma(0.7, size=(rows, classes)) + 1e-3
    scores[numpy.arange(rows), labels] += source.gamma(0.5, size=rows)
    probabilities = scores / scores.sum(axis=1, keepdims=True)
    if tied:  # eighths, 0 and 1 among them; a row still adds up to 1
        probabilities = numpy.round(probabilities * 8)
        probabilities[:, -1] = 8 - probabilities[:, :-1].sum(axis=1)
        bad = probabilities[:, -1] < 0
        probabilities[bad] = [8] + [0] * (classes - 1)
        probabilities /= 8
    weights = None
    if weighted:
        weights = source.gamma(1.0, size=rows)
        weights[source.random(rows) < 0.1] = 0
        for c in range(classes):  # no class without weight
            weights[numpy.flatnonzero(labels == c)[0]] = 1.5
    return labels, probabilities, weights


def expected_ece(labels, probabilities, weights):
    """Fifteen equal bins over the confidence, straight from the definition."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bins, total = numpy.minimum(numpy.floor(confidence * 15), 14), 0.0
    for b in range(15):
        inside = bins == b
        if weights[inside].sum() > 0:
            gap = numpy.average(right[inside], weights=weights[inside]) - \
                numpy.average(confidence[inside], weights=weights[inside])
            total += weights[inside].sum() * abs(gap)
    return total / weights.sum()


def expected(labels, probabilities, weights):
    classes = probabilities.shape[1]
    predicted = probabilities.argmax(axis=1)
    common = {"sample_weight": weights}
    values = {"n": len(labels), "accuracy": oracle.accuracy_score(labels, predicted, **common),
              "mcc": oracle.matthews_corrcoef(labels, predicted, **common),
              "log_loss": oracle.log_loss(labels, probabilities, labels=range(classes), **common),
              "ece": expected_ece(labels, probabilities, numpy.ones(len(labels)) if weights is None else weights)}
    truth = numpy.eye(classes)[labels]
    ones = range(1, 2) if classes == 2 else range(classes)
    values["auroc"] = numpy.mean([oracle.roc_auc_score(truth[:, c], probabilities[:, c], **common) for c in ones])
    values["auprc"] = numpy.mean([oracle.average_precision_score(truth[:, c], probabilities[:, c], **common)
                                  for c in ones])
    values["brier"] = sum(oracle.brier_score_loss(truth[:, c], probabilities[:, c], **common) for c in ones)
    return values, oracle.confusion_matrix(labels, predicted, labels=range(classes), **common)


@pytest.mark.parametrize("classes,rows,tied,weighted,seed", CASES)
def test_like_scikit_learn(measure, classes, rows, tied, weighted, seed):
    case = make_case(classes, rows, tied, weighted, seed)
    (values, confusion), (wanted, wanted_confusion) = measure(*case), expected(*case)
    assert list(values) == NAMES
    for name in NAMES:
        assert values[name] == pytest.approx(wanted[name], rel=1e-12, abs=1e-12), name
    assert confusion == pytest.approx(wanted_confusion, rel=1e-12, abs=1e-12)


def test_mean_over_classes_is_that_of_scikit_learn(measure):
    labels, probabilities, _ = make_case(4, 500, False, False, 0)
    values, _ = measure(labels, probabilities, None)
    assert values["auroc"] == pytest.approx(
        oracle.roc_auc_score(labels, probabilities, multi_class="ovr", average="macro"), rel=1e-12)
    assert values["auprc"] == pytest.approx(
        oracle.average_precision_score(numpy.eye(4)[labels], probabilities, average="macro"), rel=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_where_mcc_has_no_value(measure, weighted):
    """All predicted as one class, or all of one class: 0, as scikit-learn says."""
    source = numpy.random.default_rng(3)
    sure = numpy.tile([0.7, 0.2, 0.1], (50, 1))
    mixed = source.dirichlet([1, 1, 1], size=50)
    weights = source.random(50) if weighted else None
    for labels, probabilities in ((source.integers(0, 3, 50), sure), (numpy.ones(50, dtype=int), mixed)):
        wanted = oracle.matthews_corrcoef(labels, probabilities.argmax(axis=1), sample_weight=weights)
        values, _ = measure(labels, probabilities, weights)
        assert values["mcc"] == wanted == 0.0


def test_one_class_has_no_curve(measure):
    values, _ = measure(numpy.ones(4), [[0.5, 0.5], [0.2, 0.8], [0.9, 0.1], [0.4, 0.6]], None)
    assert math.isnan(values["auroc"]) and math.isnan(values["auprc"])
    assert values["accuracy"] == 0.5


def roc_at(labels, scores, weights, x):
    """The curve's height at x: the upper end where it rises straight up. NaN right beside such a place."""
    fpr, tpr, _ = oracle.roc_curve(labels, scores, sample_weight=weights, drop_intermediate=False)
    last = numpy.searchsorted(fpr, x, side="right") - 1
    if last + 1 == len(fpr):
        return 1.0
    if weights is not None and numpy.abs(fpr - x).min() < 1e-9 and x > 0:
        return math.nan
    return tpr[last] + (tpr[last + 1] - tpr[last]) * (x - fpr[last]) / (fpr[last + 1] - fpr[last])


@pytest.mark.parametrize("case", [case for case in CASES if case[1] < 20000 and case[-1] == 0], ids=str)
def test_curves(measure, case):
    labels, probabilities, weights = make_case(*case)
    measure(labels, probabilities, weights)
    classes = [1] if case[0] == 2 else range(case[0])
    roc = measure.curves["roc"]
    assert (roc[:, 0] == numpy.arange(101)).all() and numpy.allclose(roc[:, 1], numpy.arange(101) / 100)
    for _, x, y in roc:
        wanted = numpy.mean([roc_at(labels == c, probabilities[:, c], weights, x) for c in classes])
        assert math.isnan(wanted) or y == pytest.approx(wanted, abs=1e-9)
    ones = numpy.ones(len(labels)) if weights is None else weights
    top = probabilities.argmax(axis=1)
    confidence = probabilities.max(axis=1)
    bins = numpy.minimum((confidence * 15).astype(int), 14)
    wanted = {b for b in bins if ones[bins == b].sum() > 0}
    assert {int(b) for b in measure.curves["calibration"][:, 0]} == wanted
    for b, x, y in measure.curves["calibration"]:
        mine = bins == int(b)
        assert x == pytest.approx(numpy.average(confidence[mine], weights=ones[mine]), rel=1e-12)
        assert y == pytest.approx(numpy.average((top == labels)[mine], weights=ones[mine]), rel=1e-12)
