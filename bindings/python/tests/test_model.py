# SPDX-License-Identifier: MIT
"""Models: the command line's bits from everywhere, and refusals instead of crashes."""

import json
import pickle
import random
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import bioanalytics
from bioanalytics import Model
from conftest import fasta, run


@pytest.fixture(scope="module")
def model(model_file):
    return Model.load(model_file)


def same(model, strangers, told, threads=1):
    """Whether a model gives the command line's numbers, which are written with digits enough for every bit."""
    scores, probabilities = model.score(strangers, threads=threads)
    return scores[:, 0].tolist() == told[0] and probabilities[:, 1].tolist() == told[1]


def test_bits_of_the_command_line(model, strangers, told):
    assert same(model, strangers, told)
    assert same(model, strangers, told, threads=3)
    assert (model.decision_function(strangers) == told[0]).all()
    assert model.predict(strangers).tolist() == ["1" if score > 0 else "0" for score in told[0]]


def test_pickled_and_joblib(model, model_file, strangers, told, tmp_path):
    joblib, cloudpickle = pytest.importorskip("joblib"), pytest.importorskip("cloudpickle")
    joblib.dump(model, tmp_path / "m.joblib")
    for again in (pickle.loads(pickle.dumps(model)), joblib.load(tmp_path / "m.joblib"),
                  cloudpickle.loads(cloudpickle.dumps(model)), Model.from_bytes(model.to_bytes())):
        assert same(again, strangers, told)
        assert again.to_bytes() == model_file.read_bytes()


def score_here(arguments):
    model, part = arguments
    return model.score(part)[0][:, 0].tolist()


@pytest.mark.parametrize("way", ["fork", "spawn"])
def test_forked_and_spawned_workers(model, strangers, told, way):
    import multiprocessing
    parts = [strangers[i:i + 2500] for i in range(0, 10_000, 2500)]
    with multiprocessing.get_context(way).Pool(2) as pool:
        found = pool.map(score_here, [(model, part) for part in parts])
    assert [score for part in found for score in part] == told[0]


def test_eight_threads_at_once(model, strangers, told):
    wrong, barrier = [], threading.Barrier(8)

    def work():
        barrier.wait()
        for _ in range(3):
            if not same(model, strangers, told):
                wrong.append(1)
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and len(model._free) <= 8


def kinds(strangers, folder):
    """The same sequences in every shape."""
    polars, pyarrow = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    pandas = pytest.importorskip("pandas")
    joined = "".join(strangers).encode()
    offsets = np.cumsum([0] + [len(s) for s in strangers])
    array = pyarrow.array(strangers)
    return {
        "list": strangers, "tuple of texts": tuple(strangers), "bytes": [s.encode() for s in strangers],
        "U": np.array(strangers), "S": np.array(strangers, "S"), "object": np.array(strangers, object),
        "column": np.array(strangers, object)[:, None], "buffers": (joined, offsets),
        "records": bioanalytics.Records.from_buffers(joined, offsets), "path": fasta(folder / "s.fa", strangers),
        "text path": str(folder / "s.fa"), "reader": bioanalytics.open(folder / "s.fa"),
        "batches": iter(list(bioanalytics.open(folder / "s.fa"))),
        "utf8": array, "large_utf8": array.cast(pyarrow.large_utf8()),
        "chunks": pyarrow.chunked_array([array[:7], array[7:]]),
        "slice": pyarrow.concat_arrays([pyarrow.array(["A"]), array])[1:], "view": array.cast(pyarrow.string_view()),
        "dictionary": array.dictionary_encode(), "arrow table": pyarrow.table({"sequence": array, "n": offsets[1:]}),
        "batch": pyarrow.record_batch({"letters": array}),
        "series": pandas.Series(strangers), "object series": pandas.Series(strangers, dtype=object),
        "frame": pandas.DataFrame({"n": offsets[1:], "sequence": strangers}), "polars": polars.Series(strangers),
        "polars frame": polars.DataFrame({"sequence": strangers, "n": offsets[1:]})}


def test_every_shape_of_sequences(model, strangers, told, tmp_path):
    some = strangers[:300]
    for name, source in kinds(some, tmp_path).items():
        found = model.score(source)[0][:, 0].tolist()
        assert found == told[0][:300], name


def test_nothing_is_nothing(model):
    for empty in ([], np.array([], "U1"), (b"", [0])):
        scores, probabilities = model.score(empty)
        assert scores.shape == (0, 1) and probabilities.shape == (0, 2)
    assert len(model.predict([])) == 0 and len(model.predict([""])) == 1


def test_what_a_model_says_of_itself(model, model_file, ba):
    told = json.loads(run(ba, "info", "--json", model_file))
    said = model.describe()
    assert said["recipe"] == told["recipe"] == model.recipe and model.classes == ["0", "1"]
    assert (model.outputs, model.inputs, model.looks_back) == (1, [], False)
    assert model.width == len(model.column_names()) == model.weights()[0].shape[1]
    assert model.recipe in model._repr_html_() and "Kmer" in repr(model)
    model.selftest()
    names = dict(model.top_features(10))
    assert any("TATAA" in name or "TTATA" in name or "GCCTTT" in name or "AAAGGC" in name for name in names)


def test_saved_is_the_file(model, model_file, tmp_path):
    model.save(tmp_path / "again.ba")
    assert (tmp_path / "again.ba").read_bytes() == model_file.read_bytes()
    assert Model.load(tmp_path / "again.ba", selftest=True).classes == model.classes
    assert json.loads(model.export("json"))["classes"] == ["0", "1"] and b"ba_score" in model.export("c")


def test_scan_is_scores_of_windows(model, strangers):
    sequence = "".join(strangers[:300])
    found = model.scan(sequence, 50, 7)
    windows = [sequence[i:i + 50] for i in range(0, len(sequence) - 49, 7)]
    assert found.shape == (len(windows), 1) and (found == model.score(windows)[0]).all()
    assert model.scan("ACGT", 50).shape == (0, 1)
    assert (model.scan(sequence, 50, 7, threads=2) == found).all()


def test_mutate_is_differences_of_scores(model, strangers):
    sequence = strangers[7].upper()
    changed = [sequence[:i] + letter + sequence[i + 1:] for i in range(len(sequence)) for letter in "ACGT"]
    expected = model.decision_function(changed) - model.decision_function([sequence])[0]
    assert (model.mutate(sequence).reshape(-1) == expected).all()


def test_explanation_adds_up(model, strangers):
    _, intercepts = model.weights()
    for sequence in strangers[:20]:
        score = model.decision_function([sequence])[0]
        assert abs(model.explain(sequence).sum() + intercepts[0] - score) < 1e-9


def test_drift_is_raised_by_what_is_strange(model, labelled, strangers):
    calm, strange = model.scorer(drift=True), model.scorer(drift=True)
    calm.score(labelled[0])
    strange.score(strangers)
    assert not any(d.raised for d in calm.drift() if d.name != "score") and strange.drift()[0].requests == 10_000
    assert any(d.raised for d in strange.drift() if d.name == "length")
    strange.drift_reset()
    assert strange.drift()[0].requests == 0


def rows_model():
    numbers = np.random.default_rng(1)
    X = numbers.normal(size=(500, 6))
    y = np.where(X[:, 0] + X[:, 1] > 0, "yes", "no")
    data = bioanalytics.Dataset().add_table({"x": X, "target": y}, "target")
    return bioanalytics.train("Columns() | Logistic(l2=0.01)", data), X


def test_rows_in_every_shape():
    model, X = rows_model()
    frame = {name: X[:, i] for i, name in enumerate(model.inputs)}
    expected = model.score(X)[0]
    assert (model.score(frame)[0] == expected).all() and (model.score(np.asfortranarray(X))[0] == expected).all()
    assert (model.score(X[::2])[0] == expected[::2]).all()
    weights, intercept = model.weights()
    assert np.allclose(expected, X @ weights.T + intercept, rtol=0, atol=1e-12)
    assert (model.score(X.astype("f4"))[0] == model.score(X.astype("f4").astype("f8"))[0]).all()
    shares = model.explain(frame)
    assert np.allclose(shares.sum(axis=1) + intercept[0], expected[:, 0], atol=1e-9)


def test_one_row():
    model, X = rows_model()
    scorer, expected = model.scorer(), model.score(X.astype("f4"))[1]
    for i, row in enumerate(X):
        for given in (row.astype("f4"), row, row.tolist()):
            assert (scorer.predict_row(given) == expected[i]).all()
    for wrong in (X[0, :5], X[0].astype("f4")[:1], [[1.0] * 6], "ACGT"):
        with pytest.raises(ValueError):
            scorer.predict_row(wrong)
    scorer.close()
    with pytest.raises(bioanalytics.ClosedError):
        scorer.predict_row(X[0])


def test_buffers_are_used_where_they_are(monkeypatch):
    """By address: what native code is given is the caller's memory."""
    from bioanalytics._library import lib
    model, X = rows_model()
    seen, wrap, wrap_letters = [], lib.ba_array_wrap, lib.ba_records_wrap
    monkeypatch.setattr(lib, "ba_array_wrap", lambda *a: (seen.append(a[5]), wrap(*a))[1])
    monkeypatch.setattr(lib, "ba_records_wrap", lambda *a: (seen.append(a[1]), wrap_letters(*a))[1])
    for rows in (X, X.astype("f4"), X[3:]):
        model.score(rows)
        assert seen.pop() == rows.__array_interface__["data"][0]
    column = np.arange(5.0)
    table = bioanalytics.Table({"x": column, "y": column[::2].repeat(2)[:5]})
    assert seen[0] == column.__array_interface__["data"][0]
    assert table["x"].__array_interface__["data"][0] == column.__array_interface__["data"][0]
    pyarrow = pytest.importorskip("pyarrow")
    for kind in (pyarrow.utf8(), pyarrow.large_utf8()):
        texts = pyarrow.array(["ACGT" * 9] * 50, kind)
        del seen[:]
        bioanalytics.Extractor("Kmer(k=2)").dense(texts)
        assert seen == [texts.buffers()[2].address]
    numbers = pyarrow.array([1.0, 2.0, 3.0])
    table = bioanalytics.Table.of(pyarrow.record_batch({"x": numbers}))
    assert table["x"].__array_interface__["data"][0] == numbers.buffers()[1].address


def test_closed_models(model_file, strangers):
    model = Model.load(model_file)
    scorer = model.scorer()
    model.score(strangers[:5])
    model.close()
    model.close()
    for ask in (lambda: model.score(strangers[:5]), lambda: model.predict([]), model.to_bytes, model.describe,
                model.selftest, model.weights, model.scorer, lambda: model.scan("ACGT" * 50, 20),
                lambda: pickle.dumps(model)):
        with pytest.raises(bioanalytics.ClosedError):
            ask()
    assert len(scorer.score(strangers[:5])[0]) == 5  # a scorer holds the weights by itself
    assert model.classes == ["0", "1"]


def test_closed_while_others_score(model_file, strangers):
    """Every call either finishes or says that the model is closed."""
    for round_ in range(10):
        model, other = Model.load(model_file), []

        def work():
            try:
                while True:
                    model.score(strangers[:200])
            except bioanalytics.ClosedError:
                other.append("closed")
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        model.score(strangers[:200 * round_])
        model.close()
        for thread in threads:
            thread.join(20)
        assert other == ["closed"] * 4


@pytest.mark.parametrize("wrong", [None, 5, 3.5, [1, 2], [None], ["ACGT", None], ["ACGT", b"ACGT"], ["\u00e9"], ["AC1"],
                                   {"x": 1}, np.zeros((2, 2, 2)), np.array([["A", "C"]]), [["ACGT"]],
                                   np.array(["\u00e9"]), object(), (b"ACGT", [0, 9]), ("x", 3)], ids=repr)
def test_wrong_sequences_are_refused(model, wrong):
    with pytest.raises((TypeError, ValueError)):
        model.score(wrong)


def test_wrong_rows_are_refused():
    model, X = rows_model()
    for wrong in (X[:, :5], X[0], {"x_0": X[:, 0]}, "none.csv", 7, None, np.zeros((2, 6, 2)), {"x_0": ["a", "b"]},
                  {**{f"x_{i}": X[:, i] for i in range(6)}, "x_2": [None] * 500}):
        with pytest.raises((TypeError, ValueError, OSError, bioanalytics.Error)):
            model.score(wrong)
    with pytest.raises(bioanalytics.UnsupportedError):
        bioanalytics.train("Columns() | Linear()", bioanalytics.Dataset().add_table(
            {"x": X, "t": X[:, 0]}, "t")).predict_proba(X)


def test_damaged_models_are_refused(model_file):
    """Every byte is under a checksum: any change is a ModelError, at any place."""
    whole, numbers = model_file.read_bytes(), random.Random(4)
    for _ in range(300):
        at = numbers.randrange(len(whole))
        damaged = bytearray(whole)
        damaged[at] ^= 1 << numbers.randrange(8)
        with pytest.raises((bioanalytics.ModelError, bioanalytics.VersionError)):
            Model.from_bytes(bytes(damaged))
    for length in (0, 1, 63, 64, len(whole) // 2, len(whole) - 1):
        with pytest.raises(bioanalytics.ModelError):
            Model.from_bytes(whole[:length])


def test_memory_limits(model_file, strangers, tmp_path):
    with pytest.raises(bioanalytics.LimitError):
        Model.load(model_file, memory_limit=10_000)
    with pytest.raises(bioanalytics.LimitError):
        bioanalytics.Extractor("Kmer(k=8)", memory_limit=1 << 20).dense(strangers)
    with pytest.raises(MemoryError):
        list(bioanalytics.open(fasta(tmp_path / "s.fa", strangers), memory_limit=100_000))
    with pytest.raises(bioanalytics.LimitError):
        bioanalytics.Dataset(memory_limit=100_000).add(strangers, ["a"] * len(strangers))
    scorer = Model.load(model_file).scorer(memory_limit=40_000)
    with pytest.raises(bioanalytics.LimitError):
        scorer.score(strangers)


def test_letters_that_change_under_way_cannot_crash(model, strangers):
    """Such a caller gets wrong scores, nothing worse."""
    data = np.frombuffer(bytearray("".join(strangers).encode()), np.uint8)
    offsets = np.cumsum([0] + [len(s) for s in strangers])
    stop = threading.Event()

    def scribble():
        numbers = np.random.default_rng(1)
        while not stop.is_set():
            data[numbers.integers(len(data), size=1000)] = numbers.integers(256, size=1000).astype(np.uint8)
    thread = threading.Thread(target=scribble)
    thread.start()
    try:
        for _ in range(20):
            try:
                model.score((data, offsets))
                model.scorer(drift=True).score((data, offsets))
            except bioanalytics.Error:
                data[:] = ord("A")
    finally:
        stop.set()
        thread.join()


def test_the_lock_of_python_is_free_meanwhile(model, strangers):
    """Another thread runs while native code does: this one counts on during one long call."""
    genome, counted, done = "".join(strangers) * 3, 0, threading.Event()
    scorer = model.scorer()
    thread = threading.Thread(target=lambda: (scorer.score([genome]), done.set()))
    thread.start()
    while not done.is_set():
        counted += 1
        time.sleep(0.0001)
    thread.join()
    assert counted > 20


def test_environment_is_not_needed(model_file):
    code = f"import bioanalytics; m = bioanalytics.Model.load({str(model_file)!r}); print(m.predict(['ACGT' * 9])[0])"
    done = subprocess.run([sys.executable, "-c", code], text=True, stdout=subprocess.PIPE, check=True)
    assert done.stdout.strip() in ("0", "1")
