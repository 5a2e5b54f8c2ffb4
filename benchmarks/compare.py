#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Features, training and scoring, with scikit-learn in the same process and in turns. CPU time, medians.

usage: compare.py NAME..., of features, train, score. Prints `NAME VALUE`; a ratio above 1 means that we are faster.
"""

import os
import pathlib
import random
import statistics
import sys
import time

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")  # one thread on either side
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/oracles"))

import library  # noqa: E402

try:
    import numpy as np
    import sklearn
    import sklearn.feature_extraction.text as text
    from sklearn.linear_model import LogisticRegression, SGDClassifier
    PEER = None
except ImportError as missing:
    PEER = f"no {missing.name} for {sys.executable}"

WORK = library.TOP / "build/bench"
ROUNDS = 5


def say(name, value):
    print(f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}", flush=True)


def sequences(seed, count, length):
    """Random letters; every second one has two short motifs put in, for something to learn."""
    numbers = random.Random(seed)
    found, labels = [], []
    for i in range(count):
        letters = "".join(numbers.choices("ACGT", k=length))
        if i % 2:
            for motif in ("TATAAAAG", "CACGTG"):
                at = numbers.randrange(length - len(motif))
                if numbers.random() < 0.5:
                    letters = letters[:at] + motif + letters[at + len(motif):]
        found.append(letters)
        labels.append(i % 2)
    return found, labels


def seconds(call):
    start = time.process_time()
    call()
    return time.process_time() - start


def race(name, peer_name, ours, peer, rounds=ROUNDS):
    """CPU seconds of each in turns; prints the median ratio. Returns our median."""
    pairs = []
    for _ in range(rounds):
        mine = seconds(ours)
        pairs.append((mine, seconds(peer) if PEER is None else None))
    if PEER is None:
        say(f"{name}.{peer_name}_cpu_s", statistics.median(theirs for _, theirs in pairs))
        say(f"{name}.vs_{peer_name}", statistics.median(theirs / mine for mine, theirs in pairs))
    else:
        say(f"{name}.vs_{peer_name}", f"skipped {PEER}")
    return statistics.median(mine for mine, _ in pairs)


def csr(context, extractor, found, output):
    """Records and sparse rows from texts, without the copy to NumPy; what was made is freed again."""
    records = context.records(found)
    parts = [library.P() for _ in range(3)]
    context.check(library.ba.extractor_apply_records_csr(extractor, records, output, *map(library.c.byref, parts)))
    for part in parts:
        library.ba.array_release(part)
    context.drop(records)


def features():
    """Sparse counts of texts in memory."""
    context, (found, _) = library.Context(), sequences(1, 5000, 200)
    bases = sum(map(len, found)) / 1e6
    cases = [("kmer6", "Kmer(k=6)", (6, 6)), ("kmer1_8", "Kmer(k=1..8)", (1, 8))]
    for name, recipe, spread in cases:
        extractor = context.extractor(recipe)
        vectorizer = None
        if PEER is None:
            vectorizer = text.CountVectorizer(analyzer="char", lowercase=False, ngram_range=spread).fit(found)
        median = race(f"features.{name}", "countvectorizer", lambda: csr(context, extractor, found, b"output=counts"),
                      lambda: vectorizer.transform(found), 5)
        say(f"features.{name}.mbases_per_s", bases / median)
    extractor, vectorizer = context.extractor("Kmer(k=10, slots=262144, value=count)"), None
    if PEER is None:
        vectorizer = text.HashingVectorizer(analyzer="char", lowercase=False, ngram_range=(10, 10), n_features=2 ** 18,
                                            alternate_sign=False)
    median = race("features.hashed10", "hashingvectorizer", lambda: csr(context, extractor, found, b"output=values"),
                  lambda: vectorizer.transform(found))
    say("features.hashed10.mbases_per_s", bases / median)


def peer_objective(matrix, labels, l2, model):
    margins = matrix @ model.coef_[0] + model.intercept_[0]
    losses = np.logaddexp(0, np.where(labels, -margins, margins))
    return losses.mean() + l2 / 2 * (model.coef_ ** 2).sum()


def fewest(reaches):
    """The smallest number of iterations that does it, to within a tenth."""
    low, high = 0, 4
    while not reaches(high):
        low, high = high, 2 * high
        if high > 4096:
            raise SystemExit("compare.py: the objective is not reached")
    while high - low > max(1, high // 10):
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return high


def train():
    """To the same loss: 1e-5 above the best that either finds, each with as few iterations as that takes."""
    context, (found, labels) = library.Context(), sequences(2, 8000, 200)
    features_of, l2 = "Kmer(k=6)", 1e-4
    dataset = context.dataset(found, labels)

    def ours(iterations, tol=0.0):
        return context.train(f"{features_of} | Logistic(l2={l2}, tol={tol}, max_iter={iterations})", dataset)[1]

    best = ours(1000, 1e-7)
    if PEER is not None:
        median = statistics.median(seconds(lambda: ours(300, 1e-3)) for _ in range(ROUNDS))
        say("train.kmer6.cpu_s", median)
        say("train.kmer6.vs_sklearn_lbfgs", f"skipped {PEER}")
        return
    records = context.records(found)
    matrix, truth = context.csr(context.extractor(features_of), records), np.array(labels)

    def theirs(iterations):
        import warnings
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return LogisticRegression(C=1 / (l2 * len(labels)), tol=1e-12, solver="lbfgs",
                                      max_iter=iterations).fit(matrix, truth)

    best = min(best, peer_objective(matrix, truth, l2, theirs(2000)))
    target = best * (1 + 1e-5)
    mine = fewest(lambda n: ours(n) <= target)
    other = fewest(lambda n: peer_objective(matrix, truth, l2, theirs(n)) <= target)
    say("train.kmer6.iterations", mine)
    say("train.kmer6.sklearn_iterations", other)
    say("train.kmer6.cpu_s", race("train.kmer6", "sklearn_lbfgs", lambda: ours(mine), lambda: theirs(other)))
    vectorizer = text.CountVectorizer(analyzer="char", lowercase=False, ngram_range=(6, 6))
    race("train.kmer6_from_text", "sklearn_lbfgs",
         lambda: (context.dataset(found, labels), ours(mine)),
         lambda: (vectorizer.fit_transform(found), theirs(other)))


def fused():
    """Scores from the same texts: a batch and one pass here, hashed counts and SGDClassifier there."""
    context, (found, labels) = library.Context(), sequences(4, 5000, 200)
    bases = sum(map(len, found)) / 1e6
    model, _ = context.train("Kmer(k=6, value=count, norm=none) | Logistic(l2=1e-3)",
                             context.dataset(found[:2000], labels[:2000]))
    scorer = context.make(library.ba.scorer_create, context.handle, model, b"", destroy=library.ba.scorer_destroy)
    scores = (library.F64 * len(found))()

    def ours():
        """As a program with NumPy would: a loop over the texts would take longer than their scores."""
        ends = np.cumsum(np.fromiter(map(len, found), np.int64, len(found)))
        offsets = np.concatenate([[0], ends])
        records = context.make(library.ba.records_create, context.handle, "".join(found).encode(), offsets.ctypes.data,
                               len(found), destroy=library.ba.records_release)
        context.check(library.ba.scorer_predict_records(scorer, records, scores, None))
        context.drop(records)

    if PEER is not None:
        say("score.fused.vs_sklearn", f"skipped {PEER}")
        return
    vectorizer = text.HashingVectorizer(analyzer="char", lowercase=False, ngram_range=(6, 6), norm=None,
                                        alternate_sign=False)
    peer = SGDClassifier(loss="log_loss").fit(vectorizer.transform(found[:2000]), labels[:2000])
    median = race("score.fused", "sklearn", ours, lambda: peer.decision_function(vectorizer.transform(found)), 7)
    say("score.fused.from_python_mbases_per_s", bases / median)
    records = context.records(found)
    race("score.fused.ready_records", "sklearn",
         lambda: context.check(library.ba.scorer_predict_records(scorer, records, scores, None)),
         lambda: peer.decision_function(vectorizer.transform(found)), 7)


def score():
    """Class probabilities from texts in memory: one fused pass here, counts and predict_proba there."""
    context, (found, labels) = library.Context(), sequences(3, 5000, 200)
    bases = sum(map(len, found)) / 1e6
    model, _ = context.train("Kmer(k=6, value=count, norm=none) | Logistic(l2=1e-3)",
                             context.dataset(found[:2000], labels[:2000]))
    vectorizer = peer = None
    if PEER is None:
        vectorizer = text.CountVectorizer(analyzer="char", lowercase=False, ngram_range=(6, 6)).fit(found)
        peer = LogisticRegression(C=1, max_iter=100).fit(vectorizer.transform(found[:2000]), labels[:2000])

    def ours():
        records = context.records(found)
        context.predict(model, records)
        context.drop(records)

    median = race("score.kmer6_text", "sklearn", ours, lambda: peer.predict_proba(vectorizer.transform(found)))
    say("score.kmer6_text.mbases_per_s", bases / median)
    records = context.records(found)
    ready = vectorizer.transform(found) if PEER is None else None
    median = race("score.kmer6_records", "sklearn_ready_csr", lambda: context.predict(model, records),
                  lambda: peer.predict_proba(ready), 11)
    say("score.kmer6_records.mbases_per_s", bases / median)
    for recipe in ("@motif", "@anchored"):
        model, _ = context.train(f"{recipe} | Logistic(l2=1e-4)", context.dataset(found[:1000], labels[:1000]))
        median = statistics.median(seconds(lambda: context.predict(model, records)) for _ in range(ROUNDS))
        say(f"score.{recipe[1:]}.mbases_per_s", bases / median)
    fused()


def main():
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    if PEER is None:
        say(f"{sys.argv[1] if sys.argv[1:] else 'features'}.sklearn_version", sklearn.__version__)
    for name in sys.argv[1:] or ("features", "train", "score"):
        {"features": features, "train": train, "score": score}[name]()


if __name__ == "__main__":
    main()
