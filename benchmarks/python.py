# SPDX-License-Identifier: MIT
"""The Python package beside what people use, and beside the native calls that it makes.

usage: python.py NATIVE [PART...]. Prints `NAME VALUE`: milliseconds or microseconds of CPU time, the best of many turns
that both take in one process, and ratios above 1 where we are faster. vs_c has for its other side benchmarks/python.c,
built as the library NATIVE, which times itself: what is below 1 there is what Python costs.
"""

import ctypes
import os
import pathlib
import random
import sys
import time

import numpy as np

TOP = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "bindings/python/src"))
BUILT = os.environ.get("BA_LIBRARY", str(TOP / "build/release/src/libbioanalytics.so"))
os.environ.setdefault("BIOANALYTICS_LIBRARY", BUILT)

import bioanalytics  # noqa: E402

WORK = pathlib.Path(os.environ.get("BA_BENCH_FOLDER", TOP / "build/bench"))


def say(name, value):
    print(f"python.{name} {value:.4g}", flush=True)


def race(ours, theirs, turns=7, inner=1):
    """CPU seconds of the best turn of each, taken in turn; of one that gives a number that."""
    best = [float("inf"), float("inf")]
    for _ in range(turns):
        for side, work in enumerate((ours, theirs)):
            start = time.process_time()
            for _ in range(inner):
                said = work()
            seconds = said if isinstance(said, float) else (time.process_time() - start) / inner
            best[side] = min(best[side], seconds)
    return best


def native():
    """The functions of benchmarks/python.c."""
    found, pointer = ctypes.CDLL(sys.argv[1]), ctypes.c_void_p
    found.bench_open.restype, found.bench_open.argtypes = pointer, [ctypes.c_char_p]
    found.bench_score.argtypes = [pointer, pointer, pointer, ctypes.c_int64, pointer, pointer]
    found.bench_train.argtypes = [ctypes.c_char_p, pointer, pointer, ctypes.c_int64, pointer, ctypes.c_char_p]
    found.bench_score.restype = found.bench_train.restype = ctypes.c_double
    return found


def sequences(count, length, seed=1):
    letters = random.Random(seed).choices("ACGT", k=count * length)
    return ["".join(letters[i * length:(i + 1) * length]) for i in range(count)]


def batches():
    try:
        import dnaio
    except ImportError:
        print("python.batches skipped no dnaio")
        return
    path = WORK / "python.fastq"
    if not path.exists():
        WORK.mkdir(parents=True, exist_ok=True)
        with open(path, "w", encoding="ascii") as out:
            for i, letters in enumerate(sequences(200_000, 150)):
                out.write(f"@read{i} lane:{i % 8}\n{letters}\n+\n{'F' * 150}\n")

    def ours():
        with bioanalytics.open(path) as reader:
            return sum(int(batch.offsets[-1]) + len(batch.qualities.bytes) + len(batch.names) for batch in reader)

    def theirs():
        with dnaio.open(path) as reader:
            return sum(len(record.sequence) + len(record.qualities) + 1 for record in reader)
    assert ours() == theirs()
    times = race(ours, theirs)
    say("batches.ms", times[0] * 1e3)
    say("batches.vs_dnaio", times[1] / times[0])


def vectorizer():
    from sklearn.feature_extraction.text import CountVectorizer
    texts = sequences(5_000, 200)
    ours = bioanalytics.SequenceVectorizer("Kmer(k=6)", counts=True)
    theirs = CountVectorizer(analyzer="char", ngram_range=(6, 6), lowercase=False)
    assert ours.fit_transform(texts).sum() == theirs.fit_transform(texts).sum()
    times = race(lambda: ours.fit_transform(texts), lambda: theirs.fit_transform(texts), turns=5)
    say("vectorizer.ms", times[0] * 1e3)
    say("vectorizer.vs_countvectorizer", times[1] / times[0])


def predict():
    texts = sequences(10_000, 200)
    model = bioanalytics.SequenceClassifier("Kmer(k=6) | Logistic()").fit(texts, [i % 2 for i in range(10_000)]).model_
    joined, offsets = np.frombuffer("".join(texts).encode(), np.uint8), np.arange(0, 2_000_001, 200)
    model.save(WORK / "python.ba")
    given = {"buffers": (joined, offsets)}
    try:
        import pyarrow
        given["arrow"] = pyarrow.array(texts)
    except ImportError:
        pass
    in_c, scores, chances = native(), np.empty(10_000), np.empty((10_000, 2))

    def by_c(scorer):
        return in_c.bench_score(scorer, joined.ctypes.data, offsets.ctypes.data, 10_000, scores.ctypes.data,
                                chances.ctypes.data)
    for name, source in given.items():
        best = [float("inf"), float("inf")]
        for _ in range(8):  # where the weights lie in memory makes up to a tenth: the best of several places
            mine, scorer = bioanalytics.Model.load(WORK / "python.ba"), in_c.bench_open(os.fsencode(WORK / "python.ba"))
            best = list(map(min, best, race(lambda: mine.predict_proba(source), lambda: by_c(scorer), turns=25)))
            assert (mine.predict_proba(source) == chances).all()
        say(f"predict.{name}_ms", best[0] * 1e3)
        say(f"predict.{name}_vs_c" if name != "arrow" else "predict.vs_c", best[1] / best[0])


def train():
    texts, labels = sequences(5_000, 200), np.arange(5_000) % 2
    joined, offsets = np.frombuffer("".join(texts).encode(), np.uint8), np.arange(0, 1_000_001, 200)
    recipe, found, in_c, path = "Kmer(k=1..6) | Logistic()", {}, native(), WORK / "python_train.ba"

    def ours():
        found["ours"] = bioanalytics.train(recipe, bioanalytics.Dataset().add((joined, offsets), labels))

    def by_c():
        return in_c.bench_train(recipe.encode(), joined.ctypes.data, offsets.ctypes.data, 5_000, labels.ctypes.data,
                                os.fsencode(path))
    times = race(ours, by_c, turns=9)
    assert found["ours"].to_bytes() == path.read_bytes()
    say("train.ms", times[0] * 1e3)
    say("train.vs_c", times[1] / times[0])


def onnx_session(weights, intercept):
    """The model as two operators of ONNX, with one thread."""
    import onnxruntime
    from onnx import TensorProto, helper
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["x", "w", "b"], ["s"]), helper.make_node("Sigmoid", ["s"], ["p"])], "row",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, len(weights)])],
        [helper.make_tensor_value_info("p", TensorProto.FLOAT, [1, 1])],
        [helper.make_tensor("w", TensorProto.FLOAT, [len(weights), 1], weights),
         helper.make_tensor("b", TensorProto.FLOAT, [1], [intercept])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def row():
    from sklearn.linear_model import LogisticRegression
    numbers = np.random.default_rng(1)
    X = numbers.normal(size=(1_000, 20))
    y = (X[:, 0] + numbers.normal(size=1_000) > 0).astype(int)
    scorer = bioanalytics.LogisticRegression().fit(X, y).model_.scorer()
    theirs = LogisticRegression().fit(X, y)
    one = X[0].astype(np.float32)
    two_d = one[None, :]
    assert abs(scorer.predict_row(one)[1] - theirs.predict_proba(two_d)[0, 1]) < 1e-3
    times = race(lambda: scorer.predict_row(one), lambda: theirs.predict_proba(two_d), turns=9, inner=2_000)
    say("row.us", times[0] * 1e6)
    say("row.vs_sklearn", times[1] / times[0])
    try:
        session = onnx_session(theirs.coef_[0].tolist(), float(theirs.intercept_[0]))
    except ImportError:
        print("python.row.vs_onnxruntime skipped no onnx or onnxruntime")
        return
    names = ["p"]
    assert abs(session.run(names, {"x": two_d})[0][0, 0] - theirs.predict_proba(two_d)[0, 1]) < 1e-5
    times = race(lambda: scorer.predict_row(one), lambda: session.run(names, {"x": two_d}), turns=9, inner=2_000)
    say("row.vs_onnxruntime", times[1] / times[0])


if __name__ == "__main__":
    for part in (batches, vectorizer, predict, train, row):
        if not sys.argv[2:] or part.__name__ in sys.argv[2:]:
            part()
