# SPDX-License-Identifier: MIT
"""Every loss, penalty and solver against the optimum: Newton's method in NumPy on the same matrix and objective, with
weights and offsets. With l1 it runs among the columns that the solver kept, with their signs fixed; a point where the
conditions of a minimum hold for all columns is the minimum, since the objective is convex."""

import numpy as np
import pytest
from scipy.special import expit, softmax

from conftest import sequences
from library import ba

FEATURES = "Kmer(k=1..2) + PositionKmer(k=1)"
DELTA, QUANTILE = 0.3, 0.8


def squared(m, y):
    return (m - y) ** 2 / 2, m - y, np.ones_like(m)


def huber(m, y):
    size = np.abs(m - y)
    return (np.where(size <= DELTA, size ** 2 / 2, DELTA * (size - DELTA / 2)), np.clip(m - y, -DELTA, DELTA),
            (size <= DELTA).astype(float))


def quantile(m, y):
    share = np.where(m < y, QUANTILE, 1 - QUANTILE)
    size, knee = np.abs(m - y), share * DELTA
    inside = size <= knee
    return (np.where(inside, size ** 2 / 2 / DELTA, share * (size - knee / 2)),
            np.where(inside, (m - y) / DELTA, share * np.sign(m - y)), inside / DELTA)


def poisson(m, y):
    return np.exp(m) - y + y * (np.log(np.maximum(y, 1)) - m), np.exp(m) - y, np.exp(m)


def logistic(m, y):
    chance = expit(m)
    return np.logaddexp(0, m) - y * m, chance - y, chance * (1 - chance)


LOSSES = {"squared": (squared, "Linear(loss=squared"), "huber": (huber, f"Linear(loss=huber, delta={DELTA}"),
          "quantile": (quantile, f"Linear(loss=quantile, delta={DELTA}, quantile={QUANTILE}"),
          "poisson": (poisson, "Poisson("), "logistic": (logistic, "Logistic(")}


@pytest.fixture
def rows(tmp_path):
    """A table of sequences with weights and offsets, and the label that a loss wants."""
    numbers = np.random.default_rng(51)
    count = 300
    found = sequences(51, count, 12, 12)
    share = np.array([sum(x in "CG" for x in text) / 12 for text in found])
    weights, offsets = numbers.integers(1, 5, count).astype(float), numbers.normal(0, 0.5, count)
    labels = {"squared": 3 * share + numbers.normal(0, 0.3, count) + 4 * (numbers.random(count) < 0.1),
              "poisson": numbers.poisson(np.exp(2 * share - 0.5 + offsets)).astype(float),
              "logistic": (numbers.random(count) < expit(6 * share - 3 + offsets)).astype(float),
              "softmax": numbers.integers(0, 3, count) * (numbers.random(count) < 2 * share)}
    labels["huber"] = labels["quantile"] = labels["squared"]

    def write(loss, weighted, offset):
        path = tmp_path / "rows.csv"
        label = [f"{int(x)}" if loss in ("logistic", "softmax") else repr(float(x)) for x in labels[loss]]
        path.write_text("sequence,label,weight,offset\n" + "".join(
            f"{x},{y},{float(w) if weighted else 1.0!r},{float(o) if offset else 0.0!r}\n"
            for x, y, w, o in zip(found, label, weights, offsets)))
        return (path, found, labels[loss], weights if weighted else np.ones(count),
                offsets if offset else np.zeros(count))

    return write


def trained(context, path, recipe, offset):
    dataset = context.make(ba.dataset_create, context.handle, b"", destroy=ba.dataset_destroy)
    context.check(ba.dataset_add_file(dataset, str(path).encode(), b"offset=offset" if offset else b""))
    model, objective = context.train(recipe, dataset)
    return (*context.weights(model), objective)


class Problem:
    """sum(w loss) / sum(w) + l2/2 |weights|^2 + l1 |weights|_1; the last entry of x is the intercept."""

    def __init__(self, loss, matrix, labels, weights, offsets, l2, l1):
        self.loss, self.y, self.offsets, self.l1 = loss, labels, offsets, l1
        self.design = np.hstack([matrix, np.ones((len(labels), 1))])
        self.share = weights / weights.sum()
        self.l2 = np.append(np.full(matrix.shape[1], l2), 0.0)

    def value(self, x):
        each = self.loss(self.design @ x + self.offsets, self.y)[0]
        return self.share @ each + self.l2 @ x ** 2 / 2 + self.l1 * np.abs(x[:-1]).sum()

    def smooth(self, x):
        """Gradient and Hessian, without l1."""
        _, slope, curvature = self.loss(self.design @ x + self.offsets, self.y)
        return (self.design.T @ (self.share * slope) + self.l2 * x,
                self.design.T @ ((self.share * curvature)[:, None] * self.design) + np.diag(self.l2))

    def optimum(self, start):
        """From a point whose zeros and signs stay as they are."""
        kept = np.append(start[:-1] != 0, True) if self.l1 else np.ones(len(start), bool)
        sign, x = self.l1 * np.append(np.sign(start[:-1]), 0)[kept], start.copy()

        def restricted(x):
            each = self.loss(self.design @ x + self.offsets, self.y)[0]
            return self.share @ each + self.l2 @ x ** 2 / 2 + sign @ x[kept]

        for _ in range(100):
            gradient, hessian = self.smooth(x)
            gradient = gradient[kept] + sign
            if np.abs(gradient).max() < 1e-11:
                break
            step = np.linalg.solve(hessian[np.ix_(kept, kept)] + 1e-12 * np.eye(kept.sum()), gradient)
            size, now = 1.0, restricted(x)
            while size > 1e-10:
                moved = x.copy()
                moved[kept] -= size * step
                if restricted(moved) <= now - 1e-4 * size * (gradient @ step):
                    break
                size /= 2
            else:
                break
            x = moved
        return x

    def beyond(self, x):
        """How far the conditions of a minimum are from holding."""
        gradient = self.smooth(x)[0]
        zero = np.append(x[:-1] == 0, False) & (self.l1 > 0)
        gradient = np.where(zero, np.maximum(np.abs(gradient) - self.l1, 0),
                            gradient + self.l1 * np.append(np.sign(x[:-1]), 0))
        return np.abs(gradient).max()


PENALTIES = [("lbfgs", 1e-2, 0), ("lbfgs", 1e-4, 0), ("newton", 1e-2, 0), ("newton", 1e-4, 0), ("tron", 1e-2, 0),
             ("tron", 1e-4, 0), ("lbfgs", 0, 0.01), ("lbfgs", 1e-3, 0.003)]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("solver, l2, l1", PENALTIES)
@pytest.mark.parametrize("weighted, offset", [(False, False), (True, True)])
def test_one_output(context, rows, loss, solver, l2, l1, weighted, offset):
    function, term = LOSSES[loss]
    path, found, labels, weights, offsets = rows(loss, weighted, offset)
    records = context.records(found)
    matrix = context.dense(context.extractor(FEATURES, records), records)
    recipe = f"{FEATURES} | {term}, l2={l2}, l1={l1}, solver={solver}, tol=1e-8, max_iter=3000)".replace("(,", "(")
    coefficients, intercepts, objective = trained(context, path, recipe, offset)
    ours = np.append(coefficients[0], intercepts[0])
    problem = Problem(function, matrix, labels, weights, offsets, l2, l1)
    best = problem.optimum(ours)
    assert problem.beyond(best) < 1e-8  # so it is the optimum, whatever we began from
    assert objective == pytest.approx(problem.value(best), rel=1e-6)
    assert problem.value(ours) == pytest.approx(objective, rel=1e-7)
    assert problem.beyond(ours) < 1e-6
    if l1:
        assert 0 < (ours[:-1] != 0).sum() < len(ours) - 1


@pytest.mark.parametrize("solver, l2, l1", [p for p in PENALTIES if p[0] != "newton"])
@pytest.mark.parametrize("weighted", [False, True])
def test_softmax(context, rows, solver, l2, l1, weighted):
    """The conditions of a minimum, and how far above it the objective can be: by convexity no further than the slopes
    times the way to the optimum, for which twice the size of the weights is room enough."""
    path, found, labels, weights, _ = rows("softmax", weighted, False)
    records = context.records(found)
    matrix = context.dense(context.extractor(FEATURES, records), records)
    recipe = f"{FEATURES} | Softmax(l2={l2}, l1={l1}, solver={solver}, tol=1e-8, max_iter=3000)"
    coefficients, intercepts, objective = trained(context, path, recipe, False)
    chances = softmax(matrix @ coefficients.T + intercepts, axis=1)
    own, share = labels.astype(int), weights / weights.sum()
    value = (-share @ np.log(chances[np.arange(len(own)), own]) + l2 / 2 * (coefficients ** 2).sum()
             + l1 * np.abs(coefficients).sum())
    assert value == pytest.approx(objective, rel=1e-7)
    slopes = chances.copy()
    slopes[np.arange(len(own)), own] -= 1
    gradient = (slopes * share[:, None]).T @ matrix + l2 * coefficients
    free = (slopes * share[:, None]).sum(axis=0)
    zero = (coefficients == 0) & (l1 > 0)
    beyond = np.where(zero, np.maximum(np.abs(gradient) - l1, 0), gradient + l1 * np.sign(coefficients))
    way = 3 * (np.abs(coefficients).sum() + np.abs(intercepts).sum())
    assert max(np.abs(beyond).max(), np.abs(free).max()) * way < 1e-6 * value


def test_ridge_in_one_step(context, rows):
    """Newton on the squared loss is the closed form: one step from zero, checked against NumPy's solution."""
    path, found, labels, weights, offsets = rows("squared", True, True)
    records = context.records(found)
    matrix = context.dense(context.extractor(FEATURES, records), records)
    recipe = f"{FEATURES} | Linear(l2=0.01, solver=newton, max_iter=1, tol=0)"
    coefficients, intercepts, _ = trained(context, path, recipe, True)
    design, share = np.hstack([matrix, np.ones((len(labels), 1))]), weights / weights.sum()
    square = design.T @ (share[:, None] * design) + np.diag(np.append(np.full(matrix.shape[1], 0.01), 0))
    expected = np.linalg.solve(square, design.T @ (share * (labels - offsets)))
    size = np.abs(expected).max()
    np.testing.assert_allclose(np.append(coefficients[0], intercepts[0]), expected, rtol=0, atol=2e-9 * size)
