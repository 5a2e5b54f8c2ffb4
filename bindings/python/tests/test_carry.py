# SPDX-License-Identifier: MIT
"""Models of scikit-learn and LIBLINEAR carried over: the originals say what scores, probabilities and classes must be.

A sequence may be off by the rounding of weights to integers, 1e-6 in a probability; a row of numbers by 1e-12. A class
may change only where the original is that near to a boundary.
"""

import itertools
import pickle
import warnings

import numpy as np
import pytest

import bioanalytics as ba

pytest.importorskip("sklearn")
from sklearn.decomposition import PCA, TruncatedSVD  # noqa: E402
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer  # noqa: E402
from sklearn.feature_selection import SelectKBest, VarianceThreshold, f_classif  # noqa: E402
from sklearn.impute import SimpleImputer  # noqa: E402
from sklearn.linear_model import (Lasso, LinearRegression, LogisticRegression, LogisticRegressionCV,  # noqa: E402
                                  PoissonRegressor, Ridge, RidgeClassifier, SGDClassifier)
from sklearn.model_selection import GridSearchCV  # noqa: E402
from sklearn.pipeline import Pipeline, make_pipeline  # noqa: E402
from sklearn.preprocessing import (MaxAbsScaler, MinMaxScaler, Normalizer, PolynomialFeatures,  # noqa: E402
                                   QuantileTransformer, RobustScaler, StandardScaler)
from sklearn.svm import SVC, LinearSVC  # noqa: E402

RESIDUES = "ACDEFGHIKLMNPQRSTVWY"
COMPLETE = ["".join(word) for word in itertools.product("acgt", repeat=4)]


def sequences(count, letters="ACGT", seed=0, shortest=40, longest=400, odd=""):
    """Random ones, of which every second is made from other shares of letters; and which they are."""
    random = np.random.default_rng(seed)
    kinds = np.arange(count) % 3
    found = []
    for kind in kinds:
        share = np.linspace(1, 2 + kind, len(letters)) if kind else np.ones(len(letters))
        length = int(random.integers(shortest, longest))
        text = "".join(random.choice(list(letters), size=length, p=share / share.sum()))
        found.append(text if not odd else text[:20] + odd + text[20:])
    return found, kinds


def counts(k, low=None, **options):
    return CountVectorizer(analyzer="char", ngram_range=(low or k, k), **options)


def logistic(**options):
    return LogisticRegression(max_iter=3000, **options)


OF_SEQUENCES = {
    "counts": lambda: make_pipeline(counts(4), logistic()),
    "several lengths": lambda: make_pipeline(counts(5, 1), logistic(C=0.01)),
    "three classes": lambda: make_pipeline(counts(3), Normalizer(), logistic(C=10)),
    "l2 norm": lambda: make_pipeline(counts(4, vocabulary=COMPLETE), Normalizer("l2"), logistic(C=100)),
    "l1 norm": lambda: make_pipeline(counts(3), Normalizer("l1"), logistic(C=1000)),
    "binary": lambda: make_pipeline(counts(5, 4, binary=True), logistic(C=0.1)),
    "binary in a norm": lambda: make_pipeline(counts(4, binary=True, vocabulary=COMPLETE), Normalizer(),
                                              logistic(C=10)),
    "words never counted": lambda: make_pipeline(counts(4, vocabulary=[*COMPLETE, "acgta", "tt"]), Normalizer(),
                                                 logistic(C=10)),
    "idf without a norm": lambda: make_pipeline(counts(6, 5), TfidfTransformer(norm=None), logistic(C=0.01)),
    "idf after a norm": lambda: make_pipeline(counts(3), Normalizer(), TfidfTransformer(norm=None), logistic(C=10)),
    "l2 without idf": lambda: make_pipeline(counts(3), TfidfTransformer(use_idf=False), logistic(C=10)),
    "one idf for all words": lambda: make_pipeline(counts(1), TfidfTransformer(), logistic(C=10)),
    "in one step": lambda: TfidfPipeline(),
    "scaled": lambda: make_pipeline(counts(4, 2), StandardScaler(with_mean=False), logistic(C=0.01)),
    "scaled after a norm": lambda: make_pipeline(counts(3), Normalizer(), MaxAbsScaler(), logistic()),
    "rare words left out": lambda: make_pipeline(counts(6, min_df=5, max_features=800), logistic(C=0.01)),
    "chosen words": lambda: make_pipeline(counts(5), SelectKBest(f_classif, k=100), logistic(C=0.1)),
    "directions": lambda: make_pipeline(counts(4), TruncatedSVD(10, random_state=0), StandardScaler(), logistic()),
    "log loss by steps": lambda: make_pipeline(counts(3), Normalizer(), two(SGDClassifier(loss="log_loss",
                                                                                          random_state=0))),
    "hinge": lambda: make_pipeline(counts(4), SGDClassifier(loss="hinge", alpha=0.1, random_state=0)),
    "support vectors": lambda: make_pipeline(counts(4), Normalizer(), LinearSVC(C=10)),
    "ridge": lambda: make_pipeline(counts(4), Normalizer("l1"), Ridge(1e-4)),
    "a search": lambda: GridSearchCV(Pipeline([("k", counts(3)), ("none", "passthrough"), ("m", logistic())]),
                                     {"m__C": [0.01, 0.1]}, cv=2),
    "no lower case": lambda: make_pipeline(counts(4, lowercase=False), logistic(C=0.1)),
}


def two(estimator):
    """Marks an estimator that takes two classes here."""
    estimator.two_classes = True
    return estimator


def TfidfPipeline():
    return make_pipeline(TfidfVectorizer(analyzer="char", ngram_range=(5, 5), norm=None), logistic(C=0.01))


def agrees(carried, original, X, limit):
    """Compares on X, without the report."""
    model, parity = carried
    scores, numbers = model.score(X)
    if not model.classes:
        wanted = np.asarray(original.predict(X))
        assert np.abs(numbers[:, 0] - wanted).max() <= limit * max(1.0, np.abs(wanted).max())
        assert parity.changed == 0
        return
    wanted = np.asarray(original.decision_function(X)).reshape(len(scores), -1)
    assert np.abs(scores - wanted).max() <= limit * max(1.0, np.abs(wanted).max())
    if hasattr(original, "predict_proba"):
        assert np.abs(numbers - original.predict_proba(X)).max() <= limit
        assert parity.probability <= limit
    else:
        assert parity.probability is None and any("no probabilities" in note for note in parity.notes)
    names = [str(name) for name in original.predict(X)]
    ordered = np.sort(np.hstack([wanted, -wanted]) if wanted.shape[1] == 1 else wanted, axis=1)
    near = ordered[:, -1] - ordered[:, -2] <= 2 * limit
    assert ((model.predict(X) == np.array(names)) | near).all()
    assert parity.rows == 1000 and parity.score <= limit
    model.selftest()


@pytest.mark.parametrize("name", OF_SEQUENCES)
def test_sequences(name):
    original = OF_SEQUENCES[name]()
    X, kinds = sequences(240, odd="n" if name == "rare words left out" else "")
    few = not isinstance(original, GridSearchCV) and getattr(original.steps[-1][1], "two_classes", False)
    y = kinds > 0 if few else np.array(["none", "some", "many"])[kinds]
    if name == "ridge":
        y = kinds * 1.5 - 0.3
    original.fit(X, y)
    carried = ba.from_sklearn(original)
    fresh, _ = sequences(400, seed=1, shortest=0, longest=900)
    agrees(carried, original, fresh + ["", "A", "ACGTNNACGTRYACGTACGT"], 1e-6)
    assert "scikit-learn" in carried.model.describe()["provenance"]["origin"]


@pytest.mark.parametrize("recipe, letters", [
    ("Kmer(k=1..5)", "ACGT"), ("@motif", "ACGT"), ("Kmer(k=3, value=count, norm=none) + Length()", "ACGT"),
    ("Kmer(k=1..2, alphabet=protein) + CTDC()", RESIDUES), ("PositionKmer(k=1..2, anchor=end) + GC()", "ACGT")])
def test_recipes(recipe, letters):
    """A vectoriser of ours before a model of theirs."""
    X, kinds = sequences(150, letters)
    original = make_pipeline(ba.SequenceVectorizer(recipe), StandardScaler(with_mean=False), logistic(C=1e-3))
    original.fit(X, kinds > 0)
    carried = ba.from_sklearn(original)
    agrees(carried, original, sequences(200, letters, seed=1)[0], 1e-6)
    assert carried.model.width == original[0].n_columns_


def test_recipes_of_one_length():
    X, kinds = sequences(150, shortest=60, longest=61)
    original = make_pipeline(ba.SequenceVectorizer("PositionKmer(k=1)"), logistic()).fit(X, kinds)
    agrees(ba.from_sklearn(original), original, sequences(100, seed=1, shortest=60, longest=61)[0], 1e-6)


def test_refused_recipes():
    X, kinds = sequences(60)
    with pytest.raises(ba.UnsupportedError, match="counts=True"):
        ba.from_sklearn(make_pipeline(ba.SequenceVectorizer("Kmer(k=2)", counts=True), logistic()).fit(X, kinds))
    with pytest.raises(ba.UnsupportedError, match="belongs into the recipe"):
        ba.from_sklearn(make_pipeline(ba.SequenceVectorizer("Kmer(k=2)"), Normalizer(), logistic()).fit(X, kinds))


def test_residues():
    X, kinds = sequences(200, RESIDUES)
    original = make_pipeline(counts(2, 1), logistic(C=0.01)).fit(X, kinds)
    carried = ba.from_sklearn(original)
    assert "alphabet=protein" in carried.model.recipe
    agrees(carried, original, sequences(300, RESIDUES, seed=1)[0], 1e-6)
    names = carried.model.column_names()
    weights = carried.model.weights()[0]
    for word, column in original[0].vocabulary_.items():  # each weight stands under its word
        place = names.index(f"Kmer_{word.upper()}")
        assert abs(weights[1, place] - original[1].coef_[1, column]) < 1e-8


def test_uracil():
    X, kinds = sequences(100, "ACGU")
    original = make_pipeline(counts(3), logistic(C=0.1)).fit(X, kinds)
    carried = ba.from_sklearn(original)
    assert any("U" in note for note in carried.parity.notes)
    agrees(carried, original, sequences(100, "ACGU", seed=1)[0], 1e-6)


def rows(count=400, seed=0):
    random = np.random.default_rng(seed)
    X = random.normal(size=(count, 6)) * [1, 10, 1000, 0.01, 5, 1e-6] + [0, 3, 1e6, -7, 1000, 1e-6]
    tilt = (X - [0, 3, 1e6, -7, 1000, 1e-6]) / [1, 10, 1000, 0.01, 5, 1e-6]
    return X, np.digitize(tilt @ [1, -1, 0.5, 0.5, 0, 1], [-0.7, 0.7]), tilt


def with_gaps(X, seed=0):
    return np.where(np.random.default_rng(seed).random(X.shape) < 0.1, np.nan, X)


OF_ROWS = {
    "as they are": lambda: LogisticRegression(max_iter=5000),
    "standard": lambda: make_pipeline(StandardScaler(), logistic()),
    "standard without the mean": lambda: make_pipeline(StandardScaler(with_mean=False), logistic()),
    "robust": lambda: make_pipeline(RobustScaler(), logistic()),
    "range": lambda: make_pipeline(MinMaxScaler((-1, 2)), logistic()),
    "largest": lambda: make_pipeline(MaxAbsScaler(), logistic()),
    "scaled twice": lambda: make_pipeline(RobustScaler(), MinMaxScaler((-1, 2)), StandardScaler(), logistic()),
    "filled": lambda: make_pipeline(SimpleImputer(), StandardScaler(), logistic()),
    "filled by the median": lambda: make_pipeline(SimpleImputer(strategy="median"), logistic()),
    "directions": lambda: make_pipeline(StandardScaler(), PCA(4, whiten=True), logistic()),
    "as they are, in directions": lambda: make_pipeline(PCA(4), logistic()),
    "chosen": lambda: make_pipeline(StandardScaler(), VarianceThreshold(), SelectKBest(k=3), logistic()),
    "hinge": lambda: make_pipeline(StandardScaler(), SGDClassifier(random_state=0)),
    "support vectors": lambda: make_pipeline(StandardScaler(), LinearSVC()),
    "crammer singer": lambda: make_pipeline(StandardScaler(), LinearSVC(multi_class="crammer_singer")),
    "ridge classes": lambda: make_pipeline(StandardScaler(), RidgeClassifier()),
    "cross validated": lambda: make_pipeline(StandardScaler(), LogisticRegressionCV(cv=3, max_iter=2000)),
    "ridge": lambda: make_pipeline(StandardScaler(), Ridge()),
    "lasso": lambda: make_pipeline(StandardScaler(), Lasso(0.01)),
    "least squares": lambda: make_pipeline(StandardScaler(), LinearRegression()),
    "counts": lambda: make_pipeline(StandardScaler(), PoissonRegressor()),
}


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("name", OF_ROWS)
def test_rows(name, classes):
    original = OF_ROWS[name]()
    X, kinds, tilt = rows()
    fresh, _, _ = rows(500, seed=1)
    if name.startswith("filled"):
        X, fresh = with_gaps(X), with_gaps(fresh, 1)
    if name.startswith("as they are"):  # no solver copes with such columns
        X, fresh = tilt + 5, rows(500, seed=1)[2] + 5
    y = tilt[:, 0] + 2 if name in ("ridge", "lasso", "least squares") else kinds if classes == 3 else kinds > 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        original.fit(X, y)
    agrees(ba.from_sklearn(original), original, fresh, 1e-12)


def test_columns_of_a_frame():
    pandas = pytest.importorskip("pandas")
    X, kinds, _ = rows()
    frame = pandas.DataFrame(X, columns=["a", "b", "open price", "d", "e", "f"])
    original = make_pipeline(StandardScaler(), logistic()).fit(frame, kinds)
    carried = ba.from_sklearn(original, frame)
    assert carried.model.inputs == list(frame.columns)
    shuffled = frame[list(frame.columns)[::-1]]  # columns are found by their names
    assert np.abs(carried.model.predict_proba(shuffled) - original.predict_proba(frame)).max() <= 1e-12
    with pytest.raises(ba.ArgumentError, match="2 names for 6 columns"):
        ba.from_sklearn(original, names=["a", "b"])


def test_it_is_a_model_like_others(tmp_path):
    X, kinds = sequences(100)
    model, parity = ba.from_sklearn(make_pipeline(counts(3), logistic(C=0.1)).fit(X, kinds > 0), X)
    assert parity.rows == 100 and parity.changed == 0
    model.save(tmp_path / "carried.ba")
    again = ba.Model.load(tmp_path / "carried.ba", selftest=True)
    assert (again.predict_proba(X) == model.predict_proba(X)).all()
    assert (pickle.loads(pickle.dumps(model)).predict_proba(X) == model.predict_proba(X)).all()
    assert abs(model.explain(X[0]).sum() + model.weights()[1][0] - model.decision_function(X[:1])[0]) < 1e-6
    assert b"ba_score" in model.export("c")
    assert "<table>" in parity._repr_html_()
    with pytest.raises(ba.UnsupportedError, match="drift"):
        model.scorer(drift=True)


REFUSED = {
    "idf differs": (make_pipeline(counts(6), TfidfTransformer(), logistic()), "idf differs from word to word"),
    "idf before": (make_pipeline(counts(6), TfidfTransformer(norm=None), Normalizer(), logistic()), "idf differs"),
    "several lengths": (make_pipeline(counts(3, 1), Normalizer(), logistic()), "one norm over words of 1 to 3"),
    "words missing": (make_pipeline(counts(8), Normalizer(), logistic()), "not in the vocabulary"),
    "sublinear": (make_pipeline(counts(3), TfidfTransformer(sublinear_tf=True), logistic()), "sublinear_tf"),
    "largest count": (make_pipeline(counts(3), Normalizer("max"), logistic()), "expected 'l1' or 'l2'"),
    "two norms": (make_pipeline(counts(3), Normalizer(), Normalizer("l1"), logistic()), "twice"),
    "scaled before": (make_pipeline(counts(3), MaxAbsScaler(), Normalizer(), logistic()), "before the norm"),
    "words of a text": (make_pipeline(CountVectorizer(), logistic()), "analyzer='word'"),
    "edges": (make_pipeline(CountVectorizer(analyzer="char_wb"), logistic()), "char_wb"),
    "code": (make_pipeline(counts(3, preprocessor=str.upper, lowercase=False), logistic()), "preprocessor"),
    "too many columns": (make_pipeline(counts(14), logistic()), "expected at most 67,108,864"),
    "no line": (make_pipeline(counts(3), SVC(kernel="linear")), "expected a linear model"),
    "one against the rest": (make_pipeline(counts(3), SGDClassifier(loss="log_loss")), "no softmax"),
    "a straight line": (make_pipeline(counts(3), SGDClassifier(loss="modified_huber")), "straight line"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_sequences(name):
    original, reason = REFUSED[name]
    X, kinds = sequences(60)
    X = [text + " rest of words" for text in X] if "analyzer" in reason or name == "edges" else X
    with pytest.raises(ba.UnsupportedError, match=reason):
        ba.from_sklearn(original.fit(X, kinds))


def test_refused_letters():
    X, kinds = sequences(60, odd="nnnn")
    with pytest.raises(ba.UnsupportedError, match="letters that alphabet=dna does not count"):
        ba.from_sklearn(make_pipeline(counts(3), logistic()).fit(X, kinds))
    original = make_pipeline(counts(3), logistic()).fit(X, kinds)  # N among residues is a letter like others
    assert ba.from_sklearn(original, X, alphabet="protein").parity.changed == 0
    X, kinds = sequences(60, "ACGTacgt")
    with pytest.raises(ba.UnsupportedError, match="both cases"):
        ba.from_sklearn(make_pipeline(counts(2, lowercase=False), logistic()).fit(X, kinds))
    with pytest.raises(ba.ArgumentError, match="expected 'dna' or 'protein'"):
        ba.from_sklearn(original, alphabet="rna")


@pytest.mark.parametrize("step, reason", [(PolynomialFeatures(2), "not known to be linear"),
                                          (QuantileTransformer(n_quantiles=10), "not known to be linear"),
                                          (Normalizer(), "norm over the columns"),
                                          (MinMaxScaler(clip=True), "clip=True"),
                                          (make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()),
                                           "add_indicator")])
def test_refused_rows(step, reason):
    X, kinds, _ = rows()
    X = with_gaps(X) if "indicator" in reason else X
    with pytest.raises(ba.UnsupportedError, match=reason):
        ba.from_sklearn(make_pipeline(step, logistic()).fit(X, kinds))


def test_refused_multinomial_of_two_classes():
    X, kinds, _ = rows()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            original = LogisticRegression(multi_class="multinomial", max_iter=5000)
        except TypeError:
            pytest.skip("this scikit-learn has no multi_class any more")
        original = make_pipeline(StandardScaler(), original).fit(X, kinds > 0)
    with pytest.raises(ba.UnsupportedError, match="twice the score"):
        ba.from_sklearn(original)


def test_an_unfitted_estimator():
    from sklearn.exceptions import NotFittedError
    with pytest.raises(NotFittedError):
        ba.from_sklearn(make_pipeline(StandardScaler(), logistic()))


def test_what_is_too_far_apart_is_not_handed_over():
    X, kinds = sequences(60)
    original = make_pipeline(counts(3), logistic()).fit(X, kinds)
    with pytest.raises(ba.UnsupportedError, match="differs from its source by more than 1e-30"):
        ba.from_sklearn(original, limit=1e-30)


def test_weights():
    model = ba.from_weights("Kmer(k=1, value=count, norm=none) | Linear()", [1, 2, 3, 4], 0.5)
    assert model.predict(["AACGT", "NN"]).tolist() == [1 + 1 + 2 + 3 + 4 + 0.5, 0.5]
    model = ba.from_weights("Columns() | Logistic()", [[2.0, -1.0]], classes=["no", "yes"], columns=["x", "y"])
    assert model.decision_function({"y": [1.0], "x": [3.0]}).tolist() == [5.0]
    with pytest.raises(ba.ShapeError, match="1 x 3 numbers; expected 1 x 4"):
        ba.from_weights("Kmer(k=1) | Linear()", [1, 2, 3])
    with pytest.raises(ba.NumberError, match="not finite"):
        ba.from_weights("Kmer(k=1) | Linear()", [1, 2, 3, np.nan])
    with pytest.raises(ba.RecipeError):
        ba.from_weights("Kmers(k=1) | Linear()", [1])


# LIBLINEAR

FILE = """solver_type {solver}
nr_class {n}
label {labels}
nr_feature 3
bias {bias}
w
{weights}
"""


def test_a_weight_file_by_hand(tmp_path):
    from scipy.sparse import csr_matrix
    path = tmp_path / "weights"
    path.write_text(FILE.format(solver="L2R_LR", n=2, labels="1 -1", bias=2, weights="1\n-2\n0.5\n0.25"))
    model, parity = ba.from_liblinear(path)
    assert model.classes == ["-1", "1"] and parity.score < 1e-15 and parity.probability < 1e-15
    X = csr_matrix(np.array([[1.0, 0, 0], [0, 3, 0], [0, 0, 0]]))
    assert model.decision_function(X).tolist() == [1.5, -5.5, 0.5]
    assert model.predict(X).tolist() == ["1", "-1", "1"]
    path.write_text(FILE.format(solver="MCSVM_CS", n=2, labels="4 7", bias=-1, weights="1 0\n0 1\n2 5"))
    model, _ = ba.from_liblinear(path)
    assert model.classes == ["7", "4"] and model.decision_function(X).tolist() == [1, -3, 0]
    path.write_text(FILE.format(solver="L2R_L2LOSS_SVC", n=3, labels="1 2 3", bias=-1, weights="1 0 2\n0 1 0\n2 5 1"))
    model, parity = ba.from_liblinear(path)
    assert model.decision_function(X).tolist() == [[1, 0, 2], [0, 3, 0], [0, 0, 0]] and parity.probability is None
    path.write_text("solver_type L2R_L2LOSS_SVR\nnr_class 2\nnr_feature 3\nbias -1\nw\n1\n2\n3\n")
    assert ba.from_liblinear(path).model.predict(X).tolist() == [1, 6, 0]


def test_a_weight_file_over_words(tmp_path):
    path = tmp_path / "weights"
    path.write_text(FILE.format(solver="L2R_LR", n=2, labels="a b", bias=-1, weights="1\n-2\n0.5")
                    .replace("nr_feature 3", "nr_feature 4") + "3\n")
    model, parity = ba.from_liblinear(path, "Kmer(k=1, value=count, norm=none)")
    assert model.decision_function(["AAC", "TN"]).tolist() == [0, 3] and parity.score < 1e-9


@pytest.mark.parametrize("text, message", [
    ("", "not a weight file"),
    (FILE.format(solver="L2R_LR", n=2, labels="1 -1", bias=-1, weights="1\n2"), "2 weights; expected 3 x 1"),
    (FILE.format(solver="L2R_LR", n=2, labels="1", bias=-1, weights="1\n2\n3"), "a label a class"),
    (FILE.format(solver="L2R_LR", n=2, labels="1 -1", bias=-1, weights="1\nx\n3"), "cannot be read")])
def test_a_weight_file_that_is_none(tmp_path, text, message):
    path = tmp_path / "weights"
    path.write_text(text)
    with pytest.raises(ba.FormatError, match=message):
        ba.from_liblinear(path)


def test_refused_weight_files(tmp_path):
    path = tmp_path / "weights"
    path.write_text(FILE.format(solver="L2R_LR", n=3, labels="1 2 3", bias=-1, weights="1 0 2\n0 1 0\n2 5 1"))
    with pytest.raises(ba.UnsupportedError, match="no softmax"):
        ba.from_liblinear(path)
    path.write_text(FILE.format(solver="ONECLASS_SVM", n=2, labels="1 2", bias=-1, weights="1\n2\n3"))
    with pytest.raises(ba.UnsupportedError, match="ONECLASS_SVM"):
        ba.from_liblinear(path)


@pytest.mark.parametrize("solver", [0, 2, 4, 5, 6, 11])
def test_liblinear_itself(tmp_path, solver):
    """Its own program trains, writes and predicts."""
    liblinear = pytest.importorskip("liblinear.liblinearutil")
    from scipy.sparse import csr_matrix
    X, kinds, tilt = rows(200)
    y = tilt[:, 0] if solver == 11 else kinds.astype(float) if solver in (2, 4, 5) else (kinds > 0) * 2.0 - 1
    trained = liblinear.train(y, csr_matrix(tilt), f"-s {solver} -B 1 -q")
    path = tmp_path / "weights"
    liblinear.save_model(str(path), trained)
    model, parity = ba.from_liblinear(path)
    predicted, _, values = liblinear.predict(y, csr_matrix(tilt), trained, "-q" + (" -b 1" if solver in (0, 6) else ""))
    sparse = csr_matrix(tilt)
    if solver == 11:
        assert np.abs(model.predict(sparse) - predicted).max() < 1e-12
        return
    assert [float(name) for name in model.predict(sparse)] == predicted
    if solver in (0, 6):
        order = [model.classes.index(str(int(label))) for label in trained.get_labels()]
        assert np.abs(model.predict_proba(sparse)[:, order] - np.array(values)).max() < 1e-12
