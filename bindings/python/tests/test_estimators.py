# SPDX-License-Identifier: MIT
"""The estimators in scikit-learn: all of its checks, its own results where it has them, and checks for sequences."""

import os
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn")

from sklearn import linear_model  # noqa: E402
from sklearn.base import clone  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.utils.estimator_checks import check_estimator  # noqa: E402

import bioanalytics  # noqa: E402
from bioanalytics import (LinearRegression, LogisticRegression, MLPClassifier, PoissonRegressor,  # noqa: E402
                          SequenceClassifier, SequenceVectorizer, SeriesTransformer)
from conftest import fasta, sequences_of  # noqa: E402

NUMERIC = (LogisticRegression, LinearRegression, PoissonRegressor, MLPClassifier, SeriesTransformer)


def every_check(kind):
    """Runs all checks of whatever version this is; the first failure is raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = check_estimator(kind())
    if found is not None:  # since 1.6 it says what it did
        assert not [f for f in found if f["status"] not in ("passed", "skipped")] and len(found) > 40
        assert not [f for f in found if f["expected_to_fail"]]


@pytest.mark.parametrize("kind", NUMERIC, ids=lambda kind: kind.__name__)
def test_checks_of_scikit_learn(kind):
    every_check(kind)


def test_checks_of_scikit_learn_15():
    """In a process of its own: SKLEARN_15 is a folder with that version, put there by ./dev test bindings."""
    folder = os.environ.get("SKLEARN_15")
    if not folder:
        pytest.skip("SKLEARN_15 is not set")
    code = ("import sklearn; assert sklearn.__version__.startswith('1.5.'), sklearn.__version__\n"
            "import test_estimators as t\nfor kind in t.NUMERIC: t.every_check(kind)\nprint('all passed')")
    path = os.pathsep.join([folder, os.environ["PYTHONPATH"]])
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path, "SKLEARN_15": ""},
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    assert done.stdout == "all passed\n", done.stderr


def rows(classes=2, count=400, columns=7):
    numbers = np.random.default_rng(7)
    X = numbers.normal(size=(count, columns)) * np.geomspace(0.1, 10, columns)
    score = X / np.geomspace(0.1, 10, columns) @ numbers.normal(size=(columns, classes))
    return X, (score + numbers.normal(size=score.shape)).argmax(axis=1)


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("C", [0.01, 1.0, 100.0])
def test_logistic_regression_is_scikit_learns(classes, C):
    X, y = rows(classes)
    weights = np.random.default_rng(1).integers(0, 4, size=len(y)).astype(float)
    for sample_weight in (None, weights):
        ours = LogisticRegression(C=C).fit(X, y, sample_weight)
        theirs = linear_model.LogisticRegression(C=C, tol=1e-12, max_iter=100_000).fit(X, y, sample_weight)
        assert np.allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=0, atol=1e-5)
        assert np.allclose(ours.decision_function(X), theirs.decision_function(X), rtol=0, atol=1e-3)
        if classes == 2:
            assert np.allclose(ours.coef_, theirs.coef_, atol=1e-5) and np.allclose(ours.intercept_, theirs.intercept_,
                                                                                   atol=1e-5)


def test_class_weights_and_l1():
    X, y = rows()
    for weight in ("balanced", {0: 3.0}):
        ours = LogisticRegression(class_weight=weight).fit(X, y)
        theirs = linear_model.LogisticRegression(class_weight=weight, tol=1e-12, max_iter=10_000).fit(X, y)
        assert np.allclose(ours.coef_, theirs.coef_, atol=1e-5)
    sparse = LogisticRegression(C=0.02, l1_ratio=1.0).fit(X, y)
    assert (sparse.coef_ == 0).any() and sparse.score(X, y) > 0.6


def test_loss_weights_of_a_network():
    X, y = rows()
    by_hand = np.where(y == 0, 3.0, 1.0)
    weighted = MLPClassifier(random_state=3).fit(X, y, loss_weight=by_hand).predict_proba(X)
    assert (weighted == MLPClassifier(class_weight={0: 3.0}, random_state=3).fit(X, y).predict_proba(X)).all()
    assert (weighted == MLPClassifier(random_state=3).fit(X, y, loss_weight=2 * by_hand).predict_proba(X)).all()
    assert weighted[:, 0].mean() > MLPClassifier(random_state=3).fit(X, y).predict_proba(X)[:, 0].mean() + 0.05
    wrong = np.random.default_rng(4).random(len(y)) < 0.3  # labels that are wrong, but hardly count
    noisy, trust = np.where(wrong, 1 - y, y), np.where(wrong, 1e-6, 1.0)
    assert (MLPClassifier(random_state=3).fit(X, noisy, loss_weight=trust).score(X, y) >
            MLPClassifier(random_state=3).fit(X, noisy).score(X, y) + 0.02)


def test_regressions_are_scikit_learns():
    X, _ = rows()
    numbers = np.random.default_rng(3)
    y = X @ numbers.normal(size=X.shape[1]) + 3 + numbers.normal(size=len(X))
    for alpha in (0.0, 5.0):
        ours, theirs = LinearRegression(alpha=alpha).fit(X, y), linear_model.Ridge(alpha=alpha).fit(X, y)
        assert np.allclose(ours.coef_, theirs.coef_, atol=1e-8) and abs(ours.intercept_ - theirs.intercept_) < 1e-8
    counts = numbers.poisson(np.exp(X[:, 0] + 0.1 * X[:, 1] + 0.5))
    ours = PoissonRegressor(alpha=0.3).fit(X, counts)
    theirs = linear_model.PoissonRegressor(alpha=0.3, tol=1e-10, max_iter=10_000).fit(X, counts)
    assert np.allclose(ours.predict(X), theirs.predict(X), rtol=1e-4)
    assert LinearRegression(loss="quantile", quantile=0.9, delta=0.1).fit(X, y).predict(X).mean() > y.mean()


def test_sparse_rows_are_dense_rows():
    from scipy.sparse import csr_matrix
    X, y = rows()
    X[np.abs(X) < 0.5] = 0
    dense, sparse = (LogisticRegression(solver="lbfgs").fit(x, y) for x in (X, csr_matrix(X)))
    assert np.allclose(dense.coef_, sparse.coef_, atol=1e-5)
    assert (sparse.predict(X) == sparse.predict(csr_matrix(X))).all()
    assert (dense.decision_function(X) == dense.decision_function(csr_matrix(X))).all()


def test_partial_fit_of_rows():
    X, y = rows(3, 3000)
    for model, target, first in ((LogisticRegression(), y, {"classes": [0, 1, 2]}),
                                 (LinearRegression(), X[:, 0] + y, {}), (PoissonRegressor(), y.astype(float), {})):
        for start in range(0, 3000, 500):
            model.partial_fit(X[start:start + 500], target[start:start + 500], **first)
            if start == 1000:
                model = pickle.loads(pickle.dumps(model))
        assert model.score(X, target) > 0.25


def test_a_saved_model_knows_its_columns(tmp_path):
    pandas = pytest.importorskip("pandas")
    X, y = rows()
    frame = pandas.DataFrame(X, columns=[f"gene {i}" for i in range(X.shape[1])])
    ours = LogisticRegression(standardize=True).fit(frame, np.where(y, "ill", "well"))
    assert ours.classes_.tolist() == ["ill", "well"] and ours.model_.classes == ["ill", "well"]
    ours.model_.save(tmp_path / "m.ba")
    model = bioanalytics.Model.load(tmp_path / "m.ba")
    assert model.inputs == list(frame.columns)
    assert (model.predict(frame) == ours.predict(frame)).all()
    assert (model.predict_proba(frame) == ours.predict_proba(frame)).all()


def test_names_of_classes_keep_their_order():
    X, y = rows(4)
    for names in (["a", "b", "c", "d"], ["9", "10", "100", "2"], [-1, 0, 3, 20], ["0.5", "1.0", "2.5", "9.0"],
                  ["\u00e4", "z", "A", " "]):
        labels = np.array(names)[y]
        ours = LogisticRegression().fit(X, labels)
        assert (ours.classes_ == np.unique(labels)).all()
        assert (ours.predict(X) == ours.classes_[ours.predict_proba(X).argmax(axis=1)]).all()
        assert ours.score(X, labels) > 0.6


# Sequences

@pytest.fixture(scope="module")
def pipeline():
    return make_pipeline(SequenceVectorizer("Kmer(k=5)"), LogisticRegression(C=1000))


def test_vectoriser_counts_as_countvectorizer_does(labelled):
    from sklearn.feature_extraction.text import CountVectorizer
    theirs = CountVectorizer(analyzer="char", ngram_range=(3, 3), lowercase=False)
    expected = theirs.fit_transform(labelled[0])
    ours = SequenceVectorizer("Kmer(k=3)", counts=True)
    found = ours.fit_transform(labelled[0])
    names = ours.get_feature_names_out().tolist()
    places = [names.index(f"Kmer_{word}") for word in theirs.get_feature_names_out()]
    assert (found[:, places].toarray() == expected.toarray()).all() and found.sum() == expected.sum()
    assert (SequenceVectorizer("Kmer(k=3)", counts=True, sparse=False).fit_transform(labelled[0]) == found).all()


@pytest.mark.parametrize("make", [lambda: SequenceVectorizer("Kmer(k=3) + PositionKmer(k=1)", n_jobs=2),
                                  lambda: SequenceClassifier("Kmer(k=3) | Logistic()", n_jobs=2, random_state=3)])
def test_sequence_estimators_are_estimators(make, labelled, tmp_path):
    joblib, cloudpickle = pytest.importorskip("joblib"), pytest.importorskip("cloudpickle")
    sequences, labels = [s[:150] for s in labelled[0]], np.array(["no", "yes"])[labelled[1]]
    estimator = make()
    copy = clone(estimator)
    assert copy.get_params() == estimator.get_params() and "recipe" in repr(estimator)
    with pytest.raises(ValueError, match="not fitted"):
        (estimator.predict if hasattr(estimator, "predict") else estimator.transform)(sequences)
    assert estimator.fit(sequences, labels) is estimator
    use = estimator.predict_proba if hasattr(estimator, "predict") else lambda X: estimator.transform(X).toarray()
    expected = use(sequences)
    joblib.dump(estimator, tmp_path / "e")
    for again in (pickle.loads(pickle.dumps(estimator)), joblib.load(tmp_path / "e"),
                  cloudpickle.loads(cloudpickle.dumps(estimator))):
        estimator = again
        assert (use(sequences) == expected).all()
    path = fasta(tmp_path / "s.fa", sequences)
    assert (use(path) == expected).all() and (use(np.array(sequences)) == expected).all()
    assert (use(sequences[::-1])[::-1] == expected).all()
    assert clone(estimator).set_params(recipe="Kmer(k=1)").recipe == "Kmer(k=1)"
    for wrong in ([5], [None], np.zeros((3, 3))):
        with pytest.raises((TypeError, ValueError)):
            use(wrong)


def test_pipelines_and_searches(pipeline, labelled):
    sequences, labels = labelled
    assert cross_val_score(pipeline, sequences, labels, cv=3).mean() > 0.7
    search = GridSearchCV(SequenceClassifier(), {"recipe": ["Kmer(k=2) | Logistic()", "Kmer(k=5) | Logistic()"]}, cv=3,
                          n_jobs=2).fit(sequences, labels)
    assert search.best_params_ == {"recipe": "Kmer(k=5) | Logistic()"}
    again = pickle.loads(pickle.dumps(pipeline.fit(sequences, labels)))
    assert (again.predict_proba(sequences) == pipeline.predict_proba(sequences)).all()


def test_sequence_classifier(labelled, strangers):
    sequences, labels = labelled
    names = np.array(["background", "promoter"])[labels]
    ours = SequenceClassifier("Kmer(k=3..6, strand=canonical) | Logistic()").fit(sequences, names)
    assert ours.classes_.tolist() == ours.model_.classes == ["background", "promoter"]
    assert ours.score(sequences, names) > 0.9
    assert (ours.predict(strangers) == ours.model_.predict(strangers)).all()
    doubled = SequenceClassifier("Kmer(k=3) | Logistic(tol=1e-10)").fit(sequences, names, np.full(1200, 2.0))
    plain = SequenceClassifier("Kmer(k=3) | Logistic(tol=1e-10)").fit(sequences, names)
    assert np.allclose(doubled.decision_function(sequences), plain.decision_function(sequences), atol=1e-6)
    with pytest.raises(ValueError, match="one class"):
        SequenceClassifier().fit(sequences[:3], ["a"] * 3)


def test_partial_fit_of_sequences(labelled):
    sequences, labels = np.array(labelled[0]), np.array(labelled[1])
    order = np.random.default_rng(1).permutation(1200)
    ours = SequenceClassifier("Kmer(k=5) | Logistic(solver=adagrad)")
    with pytest.raises(ValueError, match="classes must be passed"):
        ours.partial_fit(sequences, labels)
    for part in np.split(order, 4):
        ours.partial_fit(sequences[part], labels[part], classes=[0, 1])
    assert ours.score(sequences, labels) > 0.85
    with pytest.raises(ValueError, match="not declared"):
        ours.partial_fit(sequences[:2], [0, 7])


def test_series_transformer():
    pandas = pytest.importorskip("pandas")
    close = 100 + np.random.default_rng(5).normal(size=200).cumsum()
    ours = SeriesTransformer("Return(column=x_0) + Rolling(column=x_0, stat=mean, window=3)").fit(close[:, None])
    found = pickle.loads(pickle.dumps(ours)).transform(close[:, None])
    series = pandas.Series(close)
    assert np.allclose(found[:, 0], series.pct_change(), equal_nan=True, rtol=1e-12)
    assert np.allclose(found[:, 1], series.rolling(3).mean(), equal_nan=True, rtol=1e-12)
    assert ours.get_feature_names_out().tolist() == ["Return_x_0.1", "Rolling_x_0.mean.3"]
    frame = pandas.DataFrame({"day": np.tile(np.arange(100.0)[::-1], 2), "who": ["a"] * 100 + ["b"] * 100,
                              "close": close})
    apart = SeriesTransformer("Return(column=close)", group="who", time="day").fit_transform(frame)
    expected = frame.sort_values(["who", "day"]).groupby("who")["close"].pct_change().sort_index()
    assert np.allclose(apart[:, 0], expected, equal_nan=True, rtol=1e-12)


def test_without_scikit_learn(tmp_path):
    """The estimators work without it, as far as they do not need its parts."""
    (tmp_path / "sklearn.py").write_text("raise ImportError('not here')\n")
    code = ("import numpy as np, bioanalytics\nfrom conftest import sequences_of\n"
            "s = sequences_of(1, 40); y = [i % 2 for i in range(40)]\n"
            "c = bioanalytics.SequenceClassifier('Kmer(k=2) | Logistic()').fit(s, y)\n"
            "X = np.random.default_rng(1).normal(size=(40, 3))\n"
            "m = bioanalytics.LogisticRegression().fit(X, y); print(m, c.score(s, y) > 0, m.predict(X).shape)\n"
            "try: m.predict(X[:, :2])\nexcept ValueError as e: print(e)\n")
    path = os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]])
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    assert "True (40,)\nX has 2 features" in done.stdout, done.stderr
    assert sequences_of(1, 2) == sequences_of(1, 2)
