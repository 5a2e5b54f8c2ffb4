# SPDX-License-Identifier: MIT
"""Models that were fitted elsewhere, as models of this library: from weights, from scikit-learn, from LIBLINEAR.

A pipeline of scikit-learn ends in a linear function. The steps before it that are linear too, such as a StandardScaler,
are taken into its weights from the last step to the first; what is left is the vectorizer, and one norm at most. What
does not come out as the same function is refused, and what comes out is compared with its source before it is handed
over.
"""

import ctypes
import os
import re
from dataclasses import dataclass, field
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ._arrays import wrap
from ._errors import ArgumentError, FitError, FormatError, UnsupportedError
from ._handles import Context, Handle, options_of
from ._library import lib
from ._types import Array, Floats, Path
from .features import Extractor, canonical
from .model import Model

LETTERS = {"dna": "ACGT", "protein": "ACDEFGHIKLMNPQRSTVWY"}
MOST_COLUMNS = 1 << 26  # of words: all words of 13 letters, or of 6 residues, would be more
SEQUENCE_LIMIT, ROW_LIMIT = 1e-6, 1e-12


class Parity(NamedTuple):
    """How far a model is from what it was made from, on `rows` sequences or rows.

    `score` is the largest difference of a score, relative to scores above 1, and `probability` that of a probability,
    None where the source has none; `changed` counts classes that differ, `margin` is the largest distance from the
    boundary of one that does. `notes` say what holds beside.
    """

    rows: int
    score: float
    probability: Optional[float]
    changed: int
    margin: float
    notes: Tuple[str, ...]

    def _repr_html_(self) -> str:
        shown = [("rows compared", f"{self.rows:,}"), ("largest difference of a score", f"{self.score:.2g}"),
                 ("of a probability", "none" if self.probability is None else f"{self.probability:.2g}"),
                 ("classes that change", f"{self.changed}"), *(("note", note) for note in self.notes)]
        rows = "".join(f"<tr><th style='text-align:left'>{key}</th><td style='text-align:left'>{value}</td></tr>"
                       for key, value in shown)
        return f"<table><caption>Parity</caption>{rows}</table>"


class Carried(NamedTuple):
    """A model, and how far it is from its source."""

    model: Model
    parity: Parity


def from_weights(recipe: str, weights: Any, intercepts: Any = 0.0, *, classes: Sequence[Any] = (),
                 columns: Sequence[str] = (), scale: Any = None, length: Optional[int] = None,
                 origin: Optional[str] = None) -> Model:
    """A model of weights (outputs x columns, or columns alone) in the order of Extractor.column_names.

    `columns` are the names that Columns() stands for; `scale` has three rows: what a missing number becomes, then c and
    f, as a number x becomes (x - c) f; `length` is that of terms by position, and the columns of Sparse().
    """
    matrix = np.atleast_2d(np.asarray(weights, np.float64))
    constants = np.broadcast_to(np.asarray(intercepts, np.float64), (matrix.shape[0],))
    context = Context()
    with wrap(context, matrix) as w, wrap(context, np.ascontiguousarray(constants)) as b:
        with _wrapped_scale(context, scale) as s:
            handle = context.make(lib.ba_model_release, lib.ba_model_create, context.pointer, recipe.encode(),
                                  _texts(classes), len(classes), _texts(columns), len(columns), s, w, b,
                                  options_of({"length": length, "origin": origin}))
    return Model(handle)


class _Nothing:
    """NULL, where a handle may stand."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        pass


def _wrapped_scale(context: Context, scale: Any) -> "Handle | _Nothing":
    return _Nothing() if scale is None else wrap(context, np.asarray(scale, np.float64))


def _texts(names: Sequence[Any]) -> Any:
    return (ctypes.c_char_p * len(names))(*(str(name).encode() for name in names)) if len(names) else None


# ---- from scikit-learn ----

@dataclass
class _Linear:
    """A linear function of the columns of a step, and what its scores mean."""

    weights: Floats  # outputs x columns
    intercepts: Floats
    classes: List[str]
    term: str  # of the recipe
    probable: bool  # the source gives probabilities

    def rescale(self, centre: Any, factor: Any) -> None:
        """Of columns that are (x - centre) factor to columns x."""
        self.weights = self.weights * factor
        self.intercepts = self.intercepts - self.weights @ np.broadcast_to(centre, self.weights.shape[1:])


@dataclass
class _Read:
    """What has been made of the steps of a pipeline so far, from the last one on."""

    linear: _Linear
    norm: str = "none"
    notes: List[str] = field(default_factory=list)


def from_sklearn(estimator: Any, check: Any = None, *, names: Optional[Sequence[str]] = None,
                 alphabet: Optional[str] = None, limit: Optional[float] = None) -> Carried:
    """A fitted estimator or pipeline of scikit-learn as a model, and how far the two are apart.

    Of sequences, the first step is CountVectorizer or TfidfVectorizer over characters, or a SequenceVectorizer of this
    package; of rows of numbers there is none. Then come scalers, selections, PCA, and of words one norm, in any order in
    which the whole is linear; then a linear model of classes or numbers.

    `check` are sequences or rows to compare on, else they are made. `names` are those of the columns of rows, if the
    estimator has not seen any. `alphabet` is "dna" or "protein" if the vocabulary does not tell. UnsupportedError when
    something cannot be carried over, with the reason, and when scores or probabilities differ by more than `limit`
    (1e-6 of sequences, 1e-12 of rows).
    """
    steps = _steps(estimator)
    for step in steps:
        _check_fitted(step)
    read = _Read(_linear(steps[-1]))
    if len(steps) > 1 and _is(steps[0], "CountVectorizer"):
        model, made = _of_sequences(steps, read, alphabet)
        return _compared(model, estimator, made if check is None else list(check), read, limit or SEQUENCE_LIMIT)
    if len(steps) > 1 and hasattr(steps[0], "extractor_"):
        model, made = _of_recipe(steps, read)
        return _compared(model, estimator, made if check is None else list(check), read, limit or SEQUENCE_LIMIT)
    model, table = _of_rows(estimator, steps, read, names)
    return _compared(model, estimator, table if check is None else check, read, limit or ROW_LIMIT)


def _steps(estimator: Any) -> List[Any]:
    """The fitted steps, without those that do nothing."""
    estimator = getattr(estimator, "best_estimator_", estimator)
    if not _is(estimator, "Pipeline"):
        return [estimator]
    return [part for _, step in estimator.steps if step is not None and step != "passthrough"
            for part in _steps(step)]


def _is(step: Any, *names: str) -> bool:
    """Whether a step is of one of these classes of scikit-learn, or made from it."""
    return any(kind.__name__ in names and kind.__module__.startswith("sklearn.") for kind in type(step).__mro__)


def _check_fitted(step: Any) -> None:
    from sklearn.utils.validation import check_is_fitted
    check_is_fitted(step)


def _refuse(step: Any, reason: str) -> UnsupportedError:
    return UnsupportedError(f"{type(step).__name__}: {reason}")


_NUMBERS = ("Ridge", "RidgeCV", "LinearRegression", "ElasticNet", "ElasticNetCV", "LassoCV", "Lars", "HuberRegressor",
            "LinearSVR", "SGDRegressor", "BayesianRidge")
_MARGINS = ("LinearSVC", "RidgeClassifier", "RidgeClassifierCV", "Perceptron")


def _linear(final: Any) -> _Linear:
    """The last step."""
    if not _is(final, "LogisticRegression", "SGDClassifier", "PoissonRegressor", *_NUMBERS, *_MARGINS):
        raise _refuse(final, "expected a linear model at the end, such as LogisticRegression, SGDClassifier, LinearSVC "
                             "or Ridge")
    coefficients = final.coef_.toarray() if hasattr(final.coef_, "toarray") else np.asarray(final.coef_)
    weights = np.array(np.atleast_2d(coefficients), np.float64)
    intercepts = np.array(np.broadcast_to(final.intercept_, (len(weights),)), np.float64)
    if _is(final, "PoissonRegressor", *_NUMBERS):
        if len(weights) != 1:
            raise _refuse(final, f"it gives {len(weights)} numbers a row; expected one target")
        return _Linear(weights, intercepts, [], "Poisson()" if _is(final, "PoissonRegressor") else "Linear()", False)
    classes = [str(name) for name in final.classes_]
    if len(weights) != (1 if len(classes) == 2 else len(classes)):
        raise _refuse(final, f"{len(weights)} rows of weights for {len(classes)} classes; expected one target")
    probable = _probable(final, len(classes))
    return _Linear(weights, intercepts, classes, "Logistic()" if len(classes) == 2 else "Softmax()", probable)


def _probable(final: Any, classes: int) -> bool:
    """Whether the source has probabilities; those that a model cannot give are refused."""
    several = "one probability a class against the rest, divided by their sum, is no softmax of scores: expected two " \
              "classes, or a multinomial LogisticRegression"
    if _is(final, "LogisticRegression"):
        way = getattr(final, "multi_class", "auto")
        apart = way in ("ovr", "warn") or (way in ("auto", "deprecated") and final.solver == "liblinear")
        if classes > 2 and apart:
            raise _refuse(final, several)
        if classes == 2 and way == "multinomial":
            raise _refuse(final, "multi_class='multinomial' of two classes gives the probability of twice the score; "
                                 "expected multi_class='auto', which is the same model for two classes")
        return True
    if not _is(final, "SGDClassifier"):
        return False
    if final.loss == "modified_huber":
        raise _refuse(final, "the probability of loss='modified_huber' is a straight line, not a sigmoid; expected "
                             "loss='log_loss' or 'hinge'")
    if final.loss == "log_loss" and classes > 2:
        raise _refuse(final, several)
    return bool(final.loss == "log_loss")


# ---- linear steps ----

def _affine(step: Any) -> "Optional[Tuple[Any, Any]]":
    """Of a scaler, c and f, as a column x becomes (x - c) f."""
    if _is(step, "StandardScaler"):
        return (step.mean_ if step.with_mean else 0.0), (1.0 / step.scale_ if step.with_std else 1.0)
    if _is(step, "RobustScaler"):
        return (step.center_ if step.with_centering else 0.0), (1.0 / step.scale_ if step.with_scaling else 1.0)
    if _is(step, "MaxAbsScaler"):
        return 0.0, 1.0 / step.scale_
    if _is(step, "MinMaxScaler"):
        if step.clip:
            raise _refuse(step, "clip=True cuts values off, which is not linear")
        return step.data_min_ - step.feature_range[0] / step.scale_, step.scale_
    return None


def _take_in(read: _Read, step: Any) -> bool:
    """Takes a linear step into the weights; False for another step."""
    linear, affine = read.linear, _affine(step)
    if affine:
        linear.rescale(*affine)
    elif hasattr(step, "get_support"):
        chosen = step.get_support()
        weights = np.zeros((len(linear.weights), len(chosen)))
        weights[:, chosen] = linear.weights
        linear.weights = weights
    elif _is(step, "PCA", "TruncatedSVD"):
        components = step.components_
        if getattr(step, "whiten", False):
            components = components / np.sqrt(step.explained_variance_)[:, None]
        linear.weights = linear.weights @ components
        if _is(step, "PCA"):
            linear.intercepts = linear.intercepts - linear.weights @ step.mean_
    else:
        return False
    return True


# ---- sequences ----

def _of_sequences(steps: List[Any], read: _Read, alphabet: Optional[str]) -> Tuple[Model, List[str]]:
    vectorizer = steps[0]
    _check_vectorizer(vectorizer)
    both = _is(vectorizer, "TfidfVectorizer")  # it counts, and then it weighs
    for step in reversed(steps[not both:-1]):
        _take_in_words(read, step, vectorizer)
    words = sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.__getitem__)
    places = _Places(vectorizer, words, alphabet)
    weights = places.spread(read)
    low, high = vectorizer.ngram_range
    recipe = (f"Kmer(k={low}..{high}, value={'binary' if vectorizer.binary else 'count'}, norm={read.norm}, "
              f"slots={max(16, places.slots)}, alphabet={places.alphabet}) | {read.linear.term}")
    read.notes += places.notes
    model = from_weights(recipe, weights, read.linear.intercepts, classes=read.linear.classes,
                         origin=_origin(steps))
    return model, places.sequences()


def _check_vectorizer(step: Any) -> None:
    if step.analyzer != "char":
        raise _refuse(step, f"analyzer={step.analyzer!r}; expected 'char': words of letters of the sequence itself")
    if step.preprocessor is not None:
        raise _refuse(step, "a preprocessor is code that a model file cannot hold; expected none")
    if step.input != "content":
        raise _refuse(step, f"input={step.input!r}; expected 'content': sequences as texts")
    if max(step.ngram_range) > 31:
        raise _refuse(step, f"words of {max(step.ngram_range)} letters; expected at most 31")


def _take_in_words(read: _Read, step: Any, vectorizer: Any) -> None:
    """A step after a vectorizer, the later ones being taken in."""
    if _is(step, "TfidfTransformer", "TfidfVectorizer"):
        _take_in_tfidf(read, step, vectorizer)
    elif _is(step, "Normalizer"):
        _set_norm(read, step, step.norm, vectorizer)
    elif read.norm != "none":
        raise _refuse(step, f"changes the columns before the norm {read.norm} of a row is taken, and the norm here is "
                            "that of the counts; expected it after the norm")
    elif not _take_in(read, step):
        raise _refuse(step, "this step is not known to be linear; expected scalers, selections, PCA, TruncatedSVD, "
                            "TfidfTransformer or Normalizer between the vectorizer and the model")


def _take_in_tfidf(read: _Read, step: Any, vectorizer: Any) -> None:
    if step.sublinear_tf and not vectorizer.binary:
        raise _refuse(step, "sublinear_tf makes 1 + log(count) of a count, which no recipe has; expected "
                            "sublinear_tf=False, or binary=True in the vectorizer")
    if step.norm is not None:
        _set_norm(read, step, step.norm, vectorizer)
    if not step.use_idf:
        return
    idf = np.asarray(step.idf_)
    if read.norm == "none":
        read.linear.rescale(0.0, idf)
    elif not (idf == idf[0]).all():
        raise _refuse(step, f"idf differs from word to word ({idf.min():.4g} to {idf.max():.4g}) inside the norm "
                            f"{read.norm}, so no weight of a word makes up for it; expected norm=None or use_idf=False")


def _set_norm(read: _Read, step: Any, norm: str, vectorizer: Any) -> None:
    low, high = vectorizer.ngram_range
    if norm not in ("l1", "l2"):
        raise _refuse(step, f"norm={norm!r}; expected 'l1' or 'l2'")
    if read.norm != "none":
        raise _refuse(step, "a row is divided by a norm twice; expected one norm")
    if low != high:
        raise _refuse(step, f"one norm over words of {low} to {high} letters; a recipe takes the norm of each length "
                            "by itself: expected one length in ngram_range, or no norm")
    read.norm = norm


class _Places:
    """Where the words of a vocabulary stand among all words of a recipe."""

    def __init__(self, vectorizer: Any, words: List[str], alphabet: Optional[str]) -> None:
        self.vectorizer, self.words = vectorizer, words
        self.low, self.high = vectorizer.ngram_range
        self.notes: List[str] = []
        letters = set("".join(words))
        self._check_case(letters)
        upper = {letter.upper() for letter in letters}
        self.uracil = "U" in upper and "T" not in upper
        self.alphabet = alphabet or ("dna" if upper <= set("ACGTURYSWKMBDHVN") else "protein")
        if self.alphabet not in LETTERS:
            raise ArgumentError(f"alphabet={alphabet!r}: expected 'dna' or 'protein'")
        size = len(LETTERS[self.alphabet])
        self.first = {k: sum(size**j for j in range(self.low, k)) for k in range(self.low, self.high + 2)}
        self.slots = 1 << (size**self.high - 1).bit_length()
        self.width = self.first[self.high + 1]
        if self.width > MOST_COLUMNS:
            raise _refuse(vectorizer, f"words of {self.high} letters are {self.width:,} columns, and fewer would be "
                                      f"shared by hashing; expected at most {MOST_COLUMNS:,}")
        self._find(size)

    def _check_case(self, letters: "set[str]") -> None:
        lower, upper = any(x.islower() for x in letters), any(x.isupper() for x in letters)
        if self.vectorizer.lowercase and upper:
            raise _refuse(self.vectorizer, "lowercase=True never counts the words of its vocabulary that are in upper "
                                           "case; expected them in lower case")
        if self.vectorizer.lowercase:
            return
        if lower and upper:
            raise _refuse(self.vectorizer, "lowercase=False and letters of both cases in the vocabulary: a recipe "
                                           "takes them as the same; expected lowercase=True")
        self.notes.append(f"lowercase=False: equal for sequences in {'upper' if upper else 'lower'} case; others are "
                          "counted here too, and not there")

    def _find(self, size: int) -> None:
        """The column of each word; -1 for one of other letters, -2 for one that is never counted."""
        codes = {letter: code for code, letter in enumerate(LETTERS[self.alphabet])}
        if self.alphabet == "dna" and self.uracil:
            codes["U"] = codes.pop("T")
            self.notes.append("the vocabulary has U: a T in a sequence is counted here as U, and not there")
        columns = np.full(len(self.words), -1, np.int64)
        for i, word in enumerate(self.words):
            code: Optional[int] = 0
            for letter in word.upper():
                own = codes.get(letter)
                code = None if own is None or code is None else code * size + own
            if not self.low <= len(word) <= self.high:
                columns[i] = -2
            elif code is not None:
                columns[i] = self.first[len(word)] + code
        self.columns = columns

    def spread(self, read: _Read) -> Floats:
        """The weights of all words; those outside the vocabulary have none."""
        weights = read.linear.weights
        foreign, known = self.columns == -1, self.columns >= 0
        if foreign.any() and (weights[:, foreign].any() or read.norm != "none"):
            example = self.words[int(np.flatnonzero(foreign)[0])]
            raise _refuse(self.vectorizer, f"{int(foreign.sum())} words of the vocabulary, such as {example!r}, have "
                                           f"letters that alphabet={self.alphabet} does not count; expected a "
                                           f"vocabulary of {LETTERS[self.alphabet]} alone")
        missing = self.width - int(known.sum())
        all_words = f"[''.join(w) for w in itertools.product({LETTERS[self.alphabet].lower()!r}, repeat={self.high})]"
        if read.norm != "none" and missing:
            raise _refuse(self.vectorizer, f"{missing:,} of {self.width:,} words of {self.high} letters are not in the "
                                           f"vocabulary, and so not in the norm {read.norm} of a row, which a recipe "
                                           f"takes of all words; expected vocabulary={all_words}")
        out = np.zeros((len(weights), self.width))
        out[:, self.columns[known]] = weights[:, known]
        return out

    def sequences(self) -> List[str]:
        """Some to compare on: short and long, poor and rich, with letters that are not counted."""
        random = np.random.default_rng(1)
        letters = LETTERS[self.alphabet].replace("T", "U" if self.uracil else "T") if self.alphabet == "dna" \
            else LETTERS[self.alphabet]
        odd = "N" if self.alphabet == "dna" else "X"
        found = []
        for i in range(1000):
            share = random.dirichlet(np.full(len(letters), 0.5 + i % 3))
            chosen = random.choice(list(letters), size=int(random.integers(0, 60 * (1 + i % 10))), p=share)
            chosen[random.random(len(chosen)) < 0.01] = odd
            text = "".join(chosen)
            lower = not self.vectorizer.lowercase and any(x.islower() for x in "".join(self.words[:100]))
            found.append(text.lower() if lower or (self.vectorizer.lowercase and i % 2) else text)
        return found


def _of_recipe(steps: List[Any], read: _Read) -> Tuple[Model, List[str]]:
    """After a SequenceVectorizer, whose recipe is the model's."""
    vectorizer = steps[0]
    if vectorizer.counts:
        raise _refuse(vectorizer, "counts=True leaves the recipe's values and norms out; expected counts=False")
    for step in reversed(steps[1:-1]):
        if not _take_in(read, step):
            raise _refuse(step, "this step is not known to be linear, or takes a norm that belongs into the recipe; "
                                "expected scalers, selections, PCA or TruncatedSVD")
    features = canonical(vectorizer.recipe).partition(" | ")[0]
    length: Optional[int] = None
    try:
        Extractor(features).width
    except FitError:  # columns by position
        length = vectorizer._fitted_on.sizes[-1]
    model = from_weights(f"{features} | {read.linear.term}", read.linear.weights, read.linear.intercepts,
                         classes=read.linear.classes, length=length, origin=_origin(steps))
    random = np.random.default_rng(1)
    lengths = random.integers(0, 500, 1000) if length is None else np.full(1000, length)
    return model, ["".join(random.choice(list("ACGT"), size=int(n))) for n in lengths]


# ---- rows of numbers ----

def _of_rows(estimator: Any, steps: List[Any], read: _Read, names: Optional[Sequence[str]]) -> Tuple[Model, Array]:
    steps = list(steps[:-1])
    fill = None
    if steps and _is(steps[0], "SimpleImputer"):
        fill = _fill(steps.pop(0))
    scaler = steps[0] if steps else None
    affine = _affine(scaler) if scaler is not None else None
    for step in reversed(steps[1:] if affine else steps):
        if _is(step, "Normalizer"):
            raise _refuse(step, "a norm over the columns of a row of numbers is in no recipe; expected none")
        if not _take_in(read, step):
            raise _refuse(step, "this step is not known to be linear; expected scalers, selections, PCA or "
                                "TruncatedSVD, after a SimpleImputer at most")
    width = read.linear.weights.shape[1]
    centre, factor = (np.broadcast_to(part, (width,)) for part in affine or (0.0, 1.0))
    scale = np.array([fill if fill is not None else np.zeros(width), centre, factor])
    stage = "" if not affine else "| MinMax() " if _is(scaler, "MinMaxScaler") else "| Standardize() "
    recipe = f"Columns(missing={'error' if fill is None else 'mean'}) {stage}| {read.linear.term}"
    model = from_weights(recipe, read.linear.weights, read.linear.intercepts, classes=read.linear.classes,
                         columns=_columns(estimator, names, width), scale=scale, origin=_origin(_steps(estimator)))
    random = np.random.default_rng(1)
    spread = np.where(factor != 0, 1.0 / np.where(factor == 0, 1.0, factor), 1.0)
    made = centre + 1.5 * spread * random.standard_normal((1000, width))
    if fill is not None:
        made[random.random(made.shape) < 0.05] = np.nan
    return model, made


def _fill(step: Any) -> Array:
    if step.add_indicator or step.missing_values == step.missing_values:
        raise _refuse(step, "expected missing_values=nan and add_indicator=False")
    if np.asarray(step.statistics_).dtype.kind != "f" or np.isnan(step.statistics_).any():
        raise _refuse(step, "a column without any value is left out; expected a value in each, or keep_empty_features")
    return np.asarray(step.statistics_, np.float64)


def _columns(estimator: Any, names: Optional[Sequence[str]], width: int) -> List[str]:
    found = names if names is not None else getattr(estimator, "feature_names_in_", None)
    columns = [str(name) for name in found] if found is not None else [f"x{i}" for i in range(width)]
    if len(columns) != width:
        raise ArgumentError(f"{len(columns)} names for {width} columns")
    return columns


def _origin(steps: Sequence[Any]) -> str:
    import sklearn
    return f"scikit-learn {sklearn.__version__}: " + " + ".join(type(step).__name__ for step in steps)[:200]


# ---- parity ----

def _compared(model: Model, estimator: Any, check: Any, read: _Read, limit: float) -> Carried:
    """Scores and probabilities of both; UnsupportedError when they are too far apart."""
    linear = read.linear
    scores, numbers = model.score(check)
    probability: Optional[float] = None
    changed, margin = 0, 0.0
    if linear.classes:
        theirs = np.asarray(estimator.decision_function(check), np.float64).reshape(len(scores), -1)
        score = _apart(scores, theirs)
        if linear.probable:
            probability = float(np.abs(numbers - estimator.predict_proba(check)).max(initial=0.0))
        else:
            read.notes.append("the source has no probabilities: those of the model are the sigmoid of its margins"
                              if len(linear.classes) == 2 else
                              "the source has no probabilities: those of the model are the softmax of its margins")
        differ = _chosen(scores) != _chosen(theirs)
        changed, margin = int(differ.sum()), float(_margins(theirs)[differ].max(initial=0.0))
    else:
        score = _apart(numbers[:, :1], np.asarray(estimator.predict(check), np.float64).reshape(-1, 1))
    parity = Parity(len(scores), score, probability, changed, margin, tuple(read.notes))
    if not max(score if probability is None else 0.0, probability or 0.0, margin) <= limit:
        raise UnsupportedError(f"the model differs from its source by more than {limit:g}: {parity}")
    return Carried(model, parity)


def _apart(ours: Floats, theirs: Floats) -> float:
    return float((np.abs(ours - theirs) / np.maximum(1.0, np.abs(theirs))).max(initial=0.0))


def _chosen(scores: Floats) -> Array:
    return scores[:, 0] > 0 if scores.shape[1] == 1 else scores.argmax(axis=1)


def _margins(scores: Floats) -> Floats:
    """How far each row is from another class."""
    if scores.shape[1] == 1:
        return np.abs(scores[:, 0])
    ordered = np.sort(scores, axis=1)
    return ordered[:, -1] - ordered[:, -2]


# ---- from LIBLINEAR ----

_PROBABLE = ("L2R_LR", "L1R_LR", "L2R_LR_DUAL")
_REGRESSION = ("L2R_L2LOSS_SVR", "L2R_L2LOSS_SVR_DUAL", "L2R_L1LOSS_SVR_DUAL")


def from_liblinear(path: Path, recipe: str = "Sparse()") -> Carried:
    """The weights that LIBLINEAR's `train` wrote, as a model of sparse rows, or of the features of a recipe whose
    columns its features are, from 1."""
    head, weights = _read_liblinear(path)
    solver = head["solver_type"]
    classes = head.get("label", "").split()
    bias = float(head["bias"])
    features, constants = weights[:int(head["nr_feature"])].T, np.zeros(weights.shape[1])
    if bias >= 0:
        constants = weights[-1] * bias
    if solver == "ONECLASS_SVM":
        raise UnsupportedError("ONECLASS_SVM: a model has two classes or more; expected a classifier or a regression")
    if solver in _REGRESSION:
        classes, term = [], "Linear()"
    elif len(classes) == 2:  # the score is the first label's; here it is the second's
        classes, term = classes[::-1], "Logistic()"
        if len(features) == 2:
            features, constants = features[:1] - features[1:], constants[:1] - constants[1:]
    elif solver in _PROBABLE and len(classes) > 2:
        raise UnsupportedError(f"{solver} of {len(classes)} classes: one probability a class against the rest, divided "
                               "by their sum, is no softmax of scores; expected two classes, or L2R_L2LOSS_SVC")
    else:
        term = "Softmax()"
    linear = _Linear(np.ascontiguousarray(features), constants, classes, term, solver in _PROBABLE)
    sparse = re.fullmatch(r"\s*sparse\s*(\(\s*\))?\s*", recipe, re.I) is not None
    model = from_weights(f"{recipe} | {term}", linear.weights, constants, classes=classes,
                         length=linear.weights.shape[1] if sparse else None, origin=f"LIBLINEAR {solver}")
    return Carried(model, _against_weights(model, linear, sparse))


def _read_liblinear(path: Path) -> Tuple[Dict[str, str], Floats]:
    name = os.fspath(path)
    with open(path, encoding="ascii", errors="replace") as file:
        text = file.read()
    head_text, found, body = text.partition("\nw\n")
    head = dict(line.partition(" ")[::2] for line in head_text.splitlines())
    if not found or not {"solver_type", "nr_class", "nr_feature", "bias"} <= set(head):
        raise FormatError("not a weight file of LIBLINEAR: expected solver_type, nr_class, nr_feature, bias, w", name)
    try:
        numbers = np.array(body.split(), np.float64)
        rows = int(head["nr_feature"]) + (float(head["bias"]) >= 0)
        single = int(head["nr_class"]) == 2 and head["solver_type"] != "MCSVM_CS"
        columns = 1 if single or "label" not in head else int(head["nr_class"])
    except ValueError as error:
        raise FormatError(f"a number of the weight file cannot be read: {error}", name) from error
    if numbers.size != rows * columns or ("label" in head and len(head["label"].split()) != int(head["nr_class"])):
        raise FormatError(f"{numbers.size} weights; expected {rows} x {columns}, and a label a class", name)
    return head, numbers.reshape(rows, columns)


def _against_weights(model: Model, linear: _Linear, sparse: bool) -> Parity:
    """The model against the weights themselves, in float64, on rows that are made."""
    random = np.random.default_rng(1)
    width = linear.weights.shape[1]
    if sparse:
        from scipy.sparse import csr_matrix
        places = np.repeat(np.arange(500), 40), random.integers(0, width, 20000)
        values = csr_matrix((random.standard_normal(20000), places), (500, width))
        scores = model.score(values)[0]
    else:
        check = ["".join(random.choice(list("ACGT"), size=int(n))) for n in random.integers(1, 400, 500)]
        values, scores = Extractor(model.recipe).csr(check), model.score(check)[0]
    theirs = np.asarray(values @ linear.weights.T) + linear.intercepts
    differ = _chosen(scores) != _chosen(theirs) if linear.classes else np.zeros(len(scores), np.bool_)
    probability = None
    if linear.probable:
        ours, exact = (1.0 / (1.0 + np.exp(-part)) for part in (scores, theirs))
        probability = float(np.abs(ours - exact).max(initial=0.0))
    return Parity(len(scores), _apart(scores, theirs), probability, int(differ.sum()),
                  float(_margins(theirs)[differ].max(initial=0.0)), ())
