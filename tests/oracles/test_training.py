# SPDX-License-Identifier: MIT
"""Logistic and softmax regression against scikit-learn on the same matrix and the same objective:
sum(w loss) / sum(w) + l2/2 |weights|^2, which is scikit-learn's with C = 1 / (l2 sum(w))."""

import warnings

import numpy as np
import pytest
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from conftest import sequences
from library import Failed

FEATURES = "Kmer(k=1..3) + PositionKmer(k=1)"


def data(seed, count, classes):
    """Sequences of one length whose letters lean by class; later classes are rarer."""
    numbers = np.random.default_rng(seed)
    labels = np.minimum(numbers.integers(0, classes + 2, count), classes - 1)[::-1] if classes > 2 else (
        numbers.random(count) < 0.35).astype(int)
    found = sequences(seed, count, 50, 50, odd=0.01)
    for i, label in enumerate(labels):
        at = numbers.integers(0, 45)
        if numbers.random() < 0.7:
            found[i] = found[i][:at] + ["TATAA", "GCGCG", "CAATC"][label] + found[i][at + 5:]
    return found, [int(x) for x in labels], numbers.integers(1, 5, count).astype(float)


def objective(matrix, labels, row_weights, l2, weights, intercepts, l1=0.0):
    """Written out; one output is the margin of the second of two classes."""
    margins = matrix @ weights.T + intercepts
    if len(intercepts) == 1:
        margins = np.hstack([np.zeros_like(margins), margins])
    losses = logsumexp(margins, axis=1) - margins[np.arange(len(labels)), labels]
    return row_weights @ losses / row_weights.sum() + l2 / 2 * (weights ** 2).sum() + l1 * np.abs(weights).sum()


def fit(matrix, labels, row_weights, l2, solver="newton-cg"):
    """newton-cg goes to the optimum; SciPy's lbfgs stops when the loss no longer falls by 2e-9 of itself, so only the
    loss and, loosely, the weights can be held against it."""
    model = LogisticRegression(C=1 / (l2 * row_weights.sum()), tol=1e-9, solver=solver, max_iter=500)
    with warnings.catch_warnings():  # near the rounding error a line search ends before the gradient is that small
        warnings.simplefilter("ignore")
        return model.fit(matrix, labels, row_weights)


def balanced(labels, row_weights):
    """Every class gets the same total."""
    labels = np.array(labels)
    totals = np.bincount(labels, row_weights)
    return row_weights * (row_weights.sum() / len(totals) / totals)[labels]


@pytest.mark.parametrize("peer", ["lbfgs", "newton-cg"])
@pytest.mark.parametrize("l2", [1e-2, 1e-4])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("class_weight", ["none", "balanced"])
def test_logistic(context, peer, l2, weighted, class_weight):
    found, labels, row_weights = data(21, 800, 2)
    records = context.records(found)
    matrix = context.csr(context.extractor(FEATURES, records), records)
    dataset = context.dataset(found, labels, row_weights if weighted else None)
    model, ours = context.train(f"{FEATURES} | Logistic(l2={l2}, tol=1e-9, max_iter=5000, class_weight={class_weight})",
                                dataset)
    effective = row_weights if weighted else np.ones(len(labels))
    if class_weight == "balanced":
        effective = balanced(labels, effective)
    expected = fit(matrix, labels, effective, l2, peer)
    best = objective(matrix, labels, effective, l2, expected.coef_, expected.intercept_)
    assert ours == pytest.approx(best, rel=1e-5)
    weights, intercepts = context.weights(model)
    assert objective(matrix, labels, effective, l2, weights, intercepts) == pytest.approx(best, rel=1e-5)
    size = np.abs(expected.coef_).max()
    if peer == "lbfgs":
        np.testing.assert_allclose(weights, expected.coef_, rtol=0, atol=1e-3 * size)
        return
    np.testing.assert_allclose(weights, expected.coef_, rtol=1e-3, atol=1e-6 * size)
    np.testing.assert_allclose(intercepts, expected.intercept_, rtol=1e-3, atol=1e-6 * size)


@pytest.mark.parametrize("l2", [1e-2, 1e-4, 1e-6])
@pytest.mark.parametrize("classes", [2, 3])
def test_tron(context, l2, classes):
    """LIBLINEAR's trust-region Newton by scikit-learn (two classes; it draws the intercept in too, so the column for it
    is made large), and newton-cg."""
    found, labels, row_weights = data(33, 600, classes)
    records = context.records(found)
    matrix = context.csr(context.extractor(FEATURES, records), records)
    kind = "Logistic" if classes == 2 else "Softmax"
    model, ours = context.train(f"{FEATURES} | {kind}(l2={l2}, solver=tron, tol=1e-8)",
                                context.dataset(found, labels, row_weights))
    weights, intercepts = context.weights(model)
    assert objective(matrix, labels, row_weights, l2, weights, intercepts) == pytest.approx(ours, rel=1e-7)
    peers = [fit(matrix, labels, row_weights, l2)]
    if classes == 2:
        peers.append(LogisticRegression(C=1 / (l2 * row_weights.sum()), tol=1e-9, solver="liblinear", max_iter=5000,
                                        intercept_scaling=300).fit(matrix, labels, row_weights))
    for peer in peers:
        best = objective(matrix, labels, row_weights, l2, peer.coef_, peer.intercept_)
        assert ours <= best * (1 + 1e-9)
        assert ours == pytest.approx(best, rel=1e-5)


def test_balanced_is_scikit_learns(context):
    """Without row weights `balanced` is the peer's option of that name."""
    found, labels, _ = data(22, 500, 2)
    effective = balanced(labels, np.ones(len(labels)))
    records = context.records(found)
    matrix = context.csr(context.extractor("Kmer(k=2)"), records)
    model, _ = context.train("Kmer(k=2) | Logistic(l2=1e-3, tol=1e-9, class_weight=balanced)",
                             context.dataset(found, labels))
    expected = LogisticRegression(C=1 / (1e-3 * len(labels)), tol=1e-9, solver="newton-cg", max_iter=500,
                                  class_weight="balanced").fit(matrix, labels)
    assert effective.sum() == pytest.approx(len(labels))
    np.testing.assert_allclose(context.weights(model)[0], expected.coef_, rtol=1e-3)


@pytest.mark.parametrize("l2", [1e-2, 1e-4])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("class_weight", ["none", "balanced"])
def test_softmax(context, l2, weighted, class_weight):
    found, labels, row_weights = data(23, 600, 3)
    records = context.records(found)
    matrix = context.csr(context.extractor(FEATURES, records), records)
    model, ours = context.train(f"{FEATURES} | Softmax(l2={l2}, tol=1e-9, max_iter=5000, class_weight={class_weight})",
                                context.dataset(found, labels, row_weights if weighted else None))
    effective = row_weights if weighted else np.ones(len(labels))
    if class_weight == "balanced":
        effective = balanced(labels, effective)
    expected = fit(matrix, labels, effective, l2)
    best = objective(matrix, labels, effective, l2, expected.coef_, expected.intercept_)
    assert ours == pytest.approx(best, rel=1e-5)
    probabilities = np.array(context.predict(model, records)[1]).reshape(len(found), 3)
    np.testing.assert_allclose(probabilities, expected.predict_proba(matrix), atol=1e-4)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-14)


def test_ftrl_nears_the_optimum(context):
    """Row by row it comes near to what orthant-wise L-BFGS finds, and leaves most of the same weights at zero."""
    found, labels, row_weights = data(32, 400, 2)
    records = context.records(found)
    matrix, dataset = context.csr(context.extractor(FEATURES, records), records), context.dataset(found, labels)
    keys = "l2=1e-3, l1=3e-3"
    best, optimum = context.train(f"{FEATURES} | Logistic({keys}, tol=1e-6, max_iter=5000)", dataset)
    model, _ = context.train(f"{FEATURES} | Logistic({keys}, solver=ftrl, epochs=200, rate=0.3)", dataset)
    weights, intercepts = context.weights(model)
    start = np.log(2)
    reached = objective(matrix, labels, np.ones(len(labels)), 1e-3, weights, intercepts, 3e-3)
    assert optimum <= reached <= optimum + 0.02 * (start - optimum)
    assert ((weights == 0) == (context.weights(best)[0] == 0)).mean() > 0.9


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("l2,l1", [(1e-3, 1e-3), (0.0, 2e-3), (1e-4, 1e-2)])
def test_elastic_net(context, classes, l2, l1):
    """scikit-learn's saga on the same matrix: C = 1 / ((l1 + l2) sum w), l1_ratio = l1 / (l1 + l2). Beside the
    objective, weights that are zero in ours have a gradient within l1 there, so they are zero at the optimum too."""
    found, labels, row_weights = data(31, 300, classes)
    if classes == 3:
        row_weights = np.ones(len(labels))  # with weights saga takes many thousand epochs to move three intercepts
    records = context.records(found)
    matrix = context.csr(context.extractor(FEATURES, records), records)
    kind = "Logistic" if classes == 2 else "Softmax"
    model, ours = context.train(f"{FEATURES} | {kind}(l2={l2}, l1={l1}, tol=1e-7, max_iter=20000)",
                                context.dataset(found, labels, row_weights))
    weights, intercepts = context.weights(model)
    assert objective(matrix, labels, row_weights, l2, weights, intercepts, l1) == pytest.approx(ours, rel=1e-7)
    peer = LogisticRegression(penalty="elasticnet", solver="saga", l1_ratio=l1 / (l1 + l2), max_iter=2000, tol=1e-7,
                              C=1 / ((l1 + l2) * row_weights.sum()), random_state=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer.fit(matrix, labels, row_weights)
    best = objective(matrix, labels, row_weights, l2, peer.coef_, peer.intercept_, l1)
    assert ours <= best * (1 + 1e-6)
    assert ours == pytest.approx(best, rel=1e-5 if classes == 2 else 1e-4)  # saga ends a little above the optimum
    differ = (weights == 0) != (peer.coef_ == 0)
    assert differ.mean() <= 0.02
    assert np.abs(weights[differ]).max(initial=0) < 1e-2 * np.abs(weights).max()
    margins = matrix @ weights.T + intercepts
    if classes == 2:
        slopes = (1 / (1 + np.exp(-margins[:, 0])) - labels)[:, None]
    else:
        slopes = np.exp(margins - logsumexp(margins, axis=1, keepdims=True))
        slopes[np.arange(len(labels)), labels] -= 1
    gradient = (matrix.T @ (slopes * row_weights[:, None]) / row_weights.sum()).T + l2 * weights
    assert np.abs(gradient[weights == 0]).max(initial=0) <= l1 * (1 + 1e-4)
    np.testing.assert_allclose(gradient[weights != 0], -l1 * np.sign(weights[weights != 0]), atol=1e-5)
    assert (weights == 0).mean() > 0.1


def test_softmax_of_two_classes_has_the_logistic_answer(context):
    """Two weight vectors of half the size each: the same margins at half the penalty."""
    found, labels, _ = data(24, 400, 2)
    records, dataset = context.records(found), context.dataset(found, labels)
    one, _ = context.train("Kmer(k=1..2) | Logistic(l2=5e-4, tol=1e-10, max_iter=5000)", dataset)
    two, _ = context.train("Kmer(k=1..2) | Softmax(l2=1e-3, tol=1e-10, max_iter=5000)", dataset)
    np.testing.assert_allclose(context.predict(one, records)[1], context.predict(two, records)[1], atol=1e-5)


def test_scores_and_probabilities(context):
    """From the weights and the matrix, and the logistic function as SciPy has it. A score takes roots of counts in 16
    bits of fixed point, so each product may be off by 2^-17 of itself."""
    from scipy.special import expit
    found, labels, _ = data(25, 300, 2)
    records = context.records(found)
    matrix = context.csr(context.extractor(FEATURES, records), records)
    model, _ = context.train(f"{FEATURES} | Logistic(l2=1e-4)", context.dataset(found, labels))
    weights, intercepts = context.weights(model)
    scores, probabilities = map(np.array, context.predict(model, records))
    sizes = (abs(matrix) @ np.abs(weights).T).ravel()
    assert (np.abs(scores - (matrix @ weights.T + intercepts).ravel()) <= 2 ** -17 * sizes + 1e-12).all()
    np.testing.assert_allclose(probabilities[1::2], expit(scores), rtol=1e-13)
    np.testing.assert_allclose(probabilities[0::2], expit(-scores), rtol=1e-13)


@pytest.mark.parametrize("model", ["Logistic", "Softmax"])
def test_a_weight_of_three_is_three_rows(context, model):
    found, labels, _ = data(26, 300, 2 if model == "Logistic" else 3)
    numbers = np.random.default_rng(27)
    row_weights = numbers.integers(0, 4, len(found)).astype(float)
    recipe = f"Kmer(k=1..3) | {model}(l2=1e-3, tol=1e-9, max_iter=5000)"
    rows = [i for i, weight in enumerate(row_weights) for _ in range(int(weight))]
    weighted, first = context.train(recipe, context.dataset(found, labels, row_weights))
    repeated, second = context.train(recipe, context.dataset([found[i] for i in rows], [labels[i] for i in rows]))
    assert first == pytest.approx(second, rel=1e-10)
    np.testing.assert_allclose(context.weights(weighted)[0], context.weights(repeated)[0], atol=1e-4)


def test_a_scale_of_all_weights_changes_nothing(context):
    found, labels, row_weights = data(28, 200, 2)
    recipe = "Kmer(k=2) | Logistic(l2=1e-3, tol=1e-9)"
    losses = [context.train(recipe, context.dataset(found, labels, row_weights * scale))[1] for scale in (1, 1e-3, 1e6)]
    assert losses[1:] == [pytest.approx(losses[0], rel=1e-10)] * 2


def test_levels_give_the_same_bits():
    import library
    found, labels, row_weights = data(29, 300, 2)
    answers = []
    for level in ("scalar", "avx2", "avx512", "neon"):
        try:
            context = library.Context(level)
        except Failed:
            continue
        model, loss = context.train(f"{FEATURES} | Logistic(l2=1e-4)", context.dataset(found, labels, row_weights))
        answers.append((loss, context.weights(model)[0].tobytes(),
                        bytes(context.predict(model, context.records(found))[0])))
    assert all(answer == answers[0] for answer in answers)
