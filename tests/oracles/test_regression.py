# SPDX-License-Identifier: MIT
"""Models of numbers against scikit-learn and SciPy on the same matrix: sum(w loss) / sum(w) + l2/2 |weights|^2."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import spearmanr
from sklearn.linear_model import PoissonRegressor, QuantileRegressor, Ridge
from sklearn.metrics import mean_poisson_deviance, r2_score

from conftest import sequences

FEATURES = "Kmer(k=1..3)"


def data(seed, count, counts=False):
    """The number follows the share of C and G; every tenth is far off, unless they are counts."""
    numbers = np.random.default_rng(seed)
    found = sequences(seed, count, 40, 60)
    share = np.array([sum(x in "CG" for x in text) / len(text) for text in found])
    labels = numbers.poisson(np.exp(3 * share - 0.5)).astype(float) if counts else (
        3 * share + numbers.normal(0, 0.1, count) + 5 * (numbers.random(count) < 0.1))
    return found, labels, numbers.integers(1, 5, count).astype(float)


def trained(context, found, labels, weights, model):
    records = context.records(found)
    matrix = context.csr(context.extractor(FEATURES), records)
    fitted, objective = context.train(f"{FEATURES} | {model}",
                                      context.dataset(found, [repr(float(y)) for y in labels], weights))
    coefficients, intercepts = context.weights(fitted)
    return matrix, coefficients[0], intercepts[0], objective, np.array(context.predict(fitted, records)[1])


@pytest.mark.parametrize("l2", [1e-1, 1e-4])
@pytest.mark.parametrize("solver", ["lbfgs", "newton", "tron"])
def test_ridge(context, l2, solver):
    found, labels, weights = data(41, 400)
    matrix, ours, intercept, objective, values = trained(
        context, found, labels, weights, f"Linear(l2={l2}, solver={solver}, tol=1e-8, max_iter=5000)")
    peer = Ridge(alpha=l2 * weights.sum(), solver="cholesky").fit(matrix.toarray(), labels, weights)
    rests = peer.predict(matrix) - labels
    best = weights @ rests ** 2 / 2 / weights.sum() + l2 / 2 * (peer.coef_ ** 2).sum()
    assert objective == pytest.approx(best, rel=1e-9)
    np.testing.assert_allclose(ours, peer.coef_, atol=1e-4 * np.abs(peer.coef_).max())
    np.testing.assert_allclose(values, peer.predict(matrix), atol=1e-4)


@pytest.mark.parametrize("l2", [1e-1, 1e-3])
@pytest.mark.parametrize("solver", ["lbfgs", "newton", "tron"])
def test_poisson(context, l2, solver):
    found, labels, weights = data(42, 400, counts=True)
    matrix, ours, intercept, objective, values = trained(
        context, found, labels, weights, f"Poisson(l2={l2}, solver={solver}, tol=1e-8, max_iter=5000)")
    peer = PoissonRegressor(alpha=l2, tol=1e-10, max_iter=5000).fit(matrix, labels, weights)
    best = mean_poisson_deviance(labels, peer.predict(matrix), sample_weight=weights) / 2 + l2 / 2 * (
        peer.coef_ ** 2).sum()
    assert objective == pytest.approx(best, rel=1e-7)
    np.testing.assert_allclose(ours, peer.coef_, atol=1e-3 * np.abs(peer.coef_).max())
    np.testing.assert_allclose(values, peer.predict(matrix), rtol=1e-3)


@pytest.mark.parametrize("delta", [0.05, 0.5])
def test_huber(context, delta):
    """The loss written out, by SciPy's L-BFGS-B: HuberRegressor also fits a scale, so it has another objective."""
    found, labels, weights = data(43, 300)
    matrix, ours, intercept, objective, _ = trained(
        context, found, labels, weights, f"Linear(loss=huber, delta={delta}, l2=1e-3, tol=1e-8, max_iter=5000)")

    def loss(x):
        rests = matrix @ x[:-1] + x[-1] - labels
        sizes = np.abs(rests)
        each = np.where(sizes <= delta, rests ** 2 / 2, delta * sizes - delta ** 2 / 2)
        slopes = weights * np.clip(rests, -delta, delta) / weights.sum()
        return (weights @ each / weights.sum() + 1e-3 / 2 * (x[:-1] ** 2).sum(),
                np.append(matrix.T @ slopes + 1e-3 * x[:-1], slopes.sum()))

    best = minimize(loss, np.zeros(matrix.shape[1] + 1), jac=True, method="L-BFGS-B",
                    options={"maxiter": 20000, "maxfun": 50000, "ftol": 1e-15, "gtol": 1e-10}).fun
    assert objective == pytest.approx(best, rel=1e-7)
    assert loss(np.append(ours, intercept))[0] == pytest.approx(objective, rel=1e-7)


@pytest.mark.parametrize("quantile", [0.5, 0.9])
def test_quantile(context, quantile):
    """scikit-learn solves the pinball loss itself, with an l1 penalty, as a linear programme; ours rounds its corner, so
    its pinball loss may be above by delta/2 at most. Without a penalty both are the same problem."""
    found, labels, weights = data(44, 500)
    delta = 0.02
    matrix, ours, intercept, objective, _ = trained(
        context, found, labels, weights,
        f"Linear(loss=quantile, quantile={quantile}, delta={delta}, l2=0, tol=1e-6, max_iter=20000)")
    peer = QuantileRegressor(quantile=quantile, alpha=0, solver="highs").fit(matrix.toarray(), labels, weights)

    def pinball(predicted):
        rests = labels - predicted
        return weights @ np.maximum(quantile * rests, (quantile - 1) * rests) / weights.sum()

    best = pinball(peer.predict(matrix.toarray()))
    assert best - 1e-9 <= pinball(matrix @ ours + intercept) <= best + delta / 2
    assert objective <= best + 1e-9


def test_elastic_net(context):
    """The conditions of a minimum: where a weight is zero the gradient is within l1, elsewhere it is -l1 its sign."""
    found, labels, weights = data(45, 300)
    l1, l2 = 0.01, 1e-3
    matrix, ours, intercept, _, _ = trained(context, found, labels, weights,
                                            f"Linear(l1={l1}, l2={l2}, tol=1e-7, max_iter=5000)")
    rests = weights * (matrix @ ours + intercept - labels) / weights.sum()
    gradient = matrix.T @ rests + l2 * ours
    assert np.abs(gradient[ours == 0]).max() <= l1 * (1 + 1e-4)
    np.testing.assert_allclose(gradient[ours != 0], -l1 * np.sign(ours[ours != 0]), atol=1e-6)
    assert 0 < (ours != 0).sum() < len(ours) / 2 and abs(rests.sum()) < 1e-6


def test_an_exposure_as_offset(tmp_path):
    """Counts over exposures: the offset log(exposure) with the count, or the rate with the exposure as weight, are the
    same problem for Poisson; scikit-learn does the second."""
    import json
    import subprocess

    import library
    numbers = np.random.default_rng(47)
    found, _, _ = data(47, 300)
    share = np.array([sum(x in "CG" for x in text) / len(text) for text in found])
    exposure = numbers.uniform(0.5, 8, 300)
    counts = numbers.poisson(exposure * np.exp(2 * share - 1))
    with open(tmp_path / "t.csv", "w") as out:
        out.write("sequence,label,log_exposure\n" + "".join(
            f"{x},{y},{float(np.log(e))!r}\n" for x, y, e in zip(found, counts, exposure)))
    l2 = 0.02

    def ba(*arguments):
        return json.loads(subprocess.run([library.BA, *map(str, arguments), "--json", "--columns",
                                          "offset=log_exposure"], check=True, capture_output=True, text=True).stdout)

    recipe = "Kmer(k=1, norm=none, value=freq)"
    for solver in ("lbfgs", "newton", "tron"):
        ba("train", "--labels", tmp_path / "t.csv", "--recipe", f"{recipe} | Poisson(l2={l2}, tol=1e-9, solver={solver})",
           "--out", tmp_path / "m.ba")
        measured = ba("eval", "--model", tmp_path / "m.ba", "--labels", tmp_path / "t.csv")
        matrix = np.array([[text.count(x) / len(text) for x in "ACGT"] for text in found])
        # the penalty is beside sum(loss) / rows here and beside sum(w loss) / sum(w) there
        peer = PoissonRegressor(alpha=l2 * 300 / exposure.sum(), tol=1e-12, max_iter=5000).fit(
            matrix, counts / exposure, exposure)
        expected = mean_poisson_deviance(counts, peer.predict(matrix) * exposure)
        assert measured["deviance"] == pytest.approx(expected, rel=1e-6)


def test_the_program(tmp_path):
    """train, predict and eval from a table of numbers, with the metrics as scikit-learn and SciPy have them."""
    import csv
    import json
    import subprocess

    import library
    found, labels, _ = data(46, 300, counts=True)
    with open(tmp_path / "t.csv", "w") as out:
        out.write("sequence,label\n" + "".join(f"{x},{int(y)}\n" for x, y in zip(found, labels)))
    (tmp_path / "t.fa").write_text("".join(f">r{i}\n{x}\n" for i, x in enumerate(found)))

    def ba(*arguments):
        return subprocess.run([library.BA, *map(str, arguments)], check=True, capture_output=True, text=True).stdout

    result = json.loads(ba("train", "--labels", tmp_path / "t.csv", "--recipe", "Kmer(k=1..2) | Poisson", "--l2",
                           "1e-3,1e-1", "--cv", 5, "--out", tmp_path / "m.ba", "--json"))
    scores = {c["recipe"]: c["cv"]["rmse"] for c in result["candidates"]}
    assert "(l2=0.1," in result["recipe"] or scores["Kmer(k=1..2) | Poisson(l2=1e-3)"] < scores[
        "Kmer(k=1..2) | Poisson(l2=1e-1)"]
    rows = list(csv.DictReader(ba("predict", "--model", tmp_path / "m.ba", tmp_path / "t.fa").splitlines(),
                               delimiter="\t"))
    assert list(rows[0]) == ["name", "value", "score"] and rows[0]["name"] == "r0"
    values = np.array([float(row["value"]) for row in rows])
    np.testing.assert_allclose(values, np.exp([float(row["score"]) for row in rows]), rtol=1e-14)
    measured = json.loads(ba("eval", "--model", tmp_path / "m.ba", "--labels", tmp_path / "t.csv", "--json"))
    assert measured["n"] == 300 and "confusion" not in measured
    assert measured["rmse"] == pytest.approx(np.sqrt(np.mean((values - labels) ** 2)), rel=1e-12)
    assert measured["mae"] == pytest.approx(np.mean(np.abs(values - labels)), rel=1e-12)
    assert measured["r2"] == pytest.approx(r2_score(labels, values), rel=1e-10)
    assert measured["spearman"] == pytest.approx(spearmanr(labels, values).statistic, rel=1e-10)
    assert measured["deviance"] == pytest.approx(mean_poisson_deviance(labels, values), rel=1e-10)
