# SPDX-License-Identifier: MIT
"""Training: the command line's models, byte for byte; batches, checkpoints, splits, metrics, streams and tables."""

import numpy as np
import pytest

import bioanalytics
from bioanalytics import Dataset, Model, OnlineTrainer, Partial, Solver, Trainer
from bioanalytics.sharded import BLOCK
from conftest import fasta, run, sequences_of

RECIPE = "Kmer(k=3..6, strand=canonical) | Logistic()"


@pytest.fixture(scope="module")
def data(labelled):
    return Dataset().add(*labelled)


def test_models_of_the_command_line(labelled, model_file):
    sequences, labels = labelled[0][600:] + labelled[0][:600], labelled[1][600:] + labelled[1][:600]  # --pos is first
    assert bioanalytics.train(RECIPE, Dataset().add(sequences, labels)).to_bytes() == model_file.read_bytes()
    data = Dataset(threads=2).add(sequences[:1000], labels[:1000]).add(sequences[1000:], labels[1000:])
    assert bioanalytics.train(RECIPE, data).to_bytes() == model_file.read_bytes()


def test_from_files(ba, labelled, model_file, tmp_path):
    sequences, labels = labelled
    data = Dataset()
    for label in (1, 0):
        path = fasta(tmp_path / f"{label}.fa", [s for s, y in zip(sequences, labels) if y == label])
        data.add_file(path, cls=label)
    assert data.rows() == 1200 and data.classes == ["0", "1"]
    assert bioanalytics.train(RECIPE, data).to_bytes() == model_file.read_bytes()
    with pytest.raises(bioanalytics.FileError) as found:
        data.add_file(tmp_path / "none.fa", cls="x")
    assert found.value.file == str(tmp_path / "none.fa")


def test_steps_progress_and_reason(data):
    seen = []
    trainer = Trainer(RECIPE, data)
    assert trainer.reason == "running" and trainer.step()
    first = trainer.progress
    trainer.run(watch=seen.append)
    assert trainer.reason.startswith("converged") and seen[-1][:4] == trainer.progress[:4]
    assert seen[-1].objective < first.objective and seen[-1].iterations > first.iterations
    assert trainer.finish().to_bytes() == bioanalytics.train(RECIPE, data).to_bytes()


def test_checkpoints(data, tmp_path):
    whole, first, second = Trainer(RECIPE, data), Trainer(RECIPE, data), Trainer(RECIPE, data)
    for _ in range(4):
        first.step()
    first.checkpoint(tmp_path / "state")
    second.restore(tmp_path / "state")
    assert second.run().finish().to_bytes() == whole.run().finish().to_bytes()


def test_weights_are_rows(labelled):
    sequences, labels = labelled[0][::10], labelled[1][::10]
    weights = np.arange(len(sequences)) % 4
    recipe = "Kmer(k=3) | Logistic(tol=1e-10, max_iter=2000)"
    once = bioanalytics.train(recipe, Dataset().add(sequences, labels, weights=weights))
    often = bioanalytics.train(recipe, Dataset().add(np.repeat(sequences, weights), np.repeat(labels, weights)))
    assert np.allclose(once.decision_function(sequences), often.decision_function(sequences), rtol=0, atol=1e-6)


def test_online_is_the_same_into_whatever_batches(labelled):
    order = np.random.default_rng(1).permutation(1200)
    sequences, labels = np.array(labelled[0])[order], np.array(labelled[1])[order]
    recipe, found = "Kmer(k=4) | Logistic(solver=adagrad)", set()
    for size in (1, 7, 400, 1200):
        trainer = OnlineTrainer(recipe, ["0", "1"])
        for first in range(0, 1200, size):
            trainer.update(sequences[first:first + size], labels[first:first + size])
        found.add(trainer.finish().to_bytes())
        assert trainer.progress.iterations == 1200
    assert len(found) == 1
    again = OnlineTrainer(recipe, ["0", "1"], start=Model.from_bytes(found.pop()))
    again.update(sequences, labels)
    assert np.mean(again.finish().predict(sequences) == np.array(labels).astype(str)) > 0.8


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_rows_elsewhere_give_the_bytes_of_one_process(workers):
    sequences, labels = sequences_of(7, 10_000, 30, 60), [str(i * i % 7 % 2) for i in range(10_000)]
    recipe = "Kmer(k=3) | Logistic()"
    whole = bioanalytics.train(recipe, Dataset().add(sequences, labels), sketches="off")
    starts = [range(0, 10_000, BLOCK)[worker::workers] for worker in range(workers)]
    rows = [[(Dataset().add(sequences[at:at + BLOCK], labels[at:at + BLOCK]), at) for at in mine] for mine in starts]
    solver, running = Solver(recipe, ["0", "1"]), True
    while running:
        request = solver.ask()
        sums = [Partial.of(request, data, at).save() for mine in reversed(rows) for data, at in mine]
        running = solver.tell([*sums, sums[0]])  # a task that ran twice
        other = Solver(recipe, ["0", "1"])
        if running:
            other.restore(solver.save())  # the driver was killed
            assert other.ask() == solver.ask() != request
            solver = other
    assert solver.finish().to_bytes() == whole.to_bytes()
    assert solver.reason.startswith("converged") and solver.progress.passes > 3


def test_sums_that_do_not_fit_are_refused(labelled):
    data = Dataset().add(*labelled)
    solver = Solver(RECIPE, ["0", "1"])
    request = solver.ask()
    sums = Partial.of(request, data, 0)
    assert len(sums) == 1200
    with pytest.raises(ValueError):
        Partial.of(request, data, 1)
    with pytest.raises(bioanalytics.Error):
        solver.tell([])
    with pytest.raises(bioanalytics.Error):
        solver.tell([sums.save()[:-1]])
    with pytest.raises(bioanalytics.Error):
        Solver(RECIPE, ["a", "b"]).tell([sums.save()])
    with pytest.raises(bioanalytics.Error):
        Partial(b"no request")
    assert solver.tell([sums.save()]) and solver.reason == "running"
    solver.close()
    with pytest.raises(bioanalytics.Error):
        solver.ask()


def test_progress_is_shown_by_tqdm(labelled, capsys):
    pytest.importorskip("tqdm")
    bioanalytics.train("Kmer(k=3) | Logistic()", Dataset().add(*labelled), progress=True)
    shown = capsys.readouterr()
    assert "training" in shown.err and "objective=" in shown.err and shown.out == ""


def test_wrong_rows_are_refused(labelled):
    sequences, labels = labelled
    for bad in ((sequences, labels[:-1]), (sequences[:-1], labels), (sequences, np.zeros((1200, 2))),
                (sequences[:2], ["a", ""]), (sequences[:2], ["a", None]), (["AC1"], ["a"]), (5, ["a"])):
        data = Dataset()
        with pytest.raises((ValueError, TypeError)):
            data.add(*bad)
    for weights in ([1.0], [[1.0] * 1200], np.full(1200, -1.0), np.full(1200, np.nan)):
        with pytest.raises(ValueError):
            Dataset().add(sequences, labels, weights=weights)
    with pytest.raises(bioanalytics.ClassesError):
        bioanalytics.train(RECIPE, Dataset().add(sequences[:9], ["a"] * 9))
    with pytest.raises(bioanalytics.RecipeError):
        bioanalytics.train("Kmer(k=3) | Logistik()", Dataset().add(sequences, labels))
    with pytest.raises(KeyError):
        Dataset().add(sequences, labels, part="most")


def test_splits_and_leakage():
    sequences = sequences_of(9, 60)
    data = Dataset().add(sequences + sequences, [0, 1] * 60)
    report = bioanalytics.leakage(data.deal(by="random", train=0.5, dev=0.25, test=0.25))
    assert report.duplicates[1, 0] > 0 and not report.clean and "of 30 rows" in repr(report)
    report = bioanalytics.leakage(data.deal(by="similarity", train=0.5, dev=0.25, test=0.25))
    assert report.clean and not report.duplicates.any() and sum(report.rows) == 120
    rows = data.split(by="stratified", folds=4).row_numbers()
    assert (rows["label"] == np.tile([0, 1], 60)).all() and (rows["weight"] == 1).all()
    parts = np.bincount(rows["part"])
    assert parts.tolist() == report.rows and set(rows["fold"][rows["part"] == 0]) == {0, 1, 2, 3}
    assert data.records(2, 3).sequences.to_list() == (sequences + sequences)[2:5]


def test_groups_stay_together(labelled):
    sequences, labels = labelled
    groups = [f"g{i // 40}" for i in range(1200)]
    data = Dataset().add(sequences, labels, groups=groups).deal(by="group", train=0.6, dev=0.2, test=0.2)
    parts = data.row_numbers()["part"].reshape(-1, 40)
    assert (parts == parts[:, :1]).all() and len(np.unique(parts)) == 3


def test_evaluation_against_scikit_learn(data, labelled):
    metrics = pytest.importorskip("sklearn.metrics")
    sequences, labels = labelled
    model = bioanalytics.train("Kmer(k=3) | Logistic()", data)
    found, chance = bioanalytics.evaluate(model, data, "train", bootstrap=50), model.predict_proba(sequences)
    assert abs(found["auroc"] - metrics.roc_auc_score(labels, chance[:, 1])) < 1e-12
    assert abs(found["log_loss"] - metrics.log_loss(labels, chance)) < 1e-12
    assert abs(found["mcc"] - metrics.matthews_corrcoef(labels, chance[:, 1] > 0.5)) < 1e-12
    assert (found.confusion == metrics.confusion_matrix(labels, chance[:, 1] > 0.5)).all()
    low, high = found.interval("auroc")
    assert low < found["auroc"] < high and "auroc" in found._repr_html_()
    again = bioanalytics.metrics(labels, chance)
    assert again.values == found.values and again.interval("auroc") is None
    x, y = found.curve("roc")
    assert len(x) == 101 and (np.diff(y) >= 0).all() and (y[0], y[-1]) == (found.curve("roc")[1][0], 1.0)


def test_cross_validation_and_calibration(labelled):
    data = Dataset().add(*labelled).split(folds=3)
    one = bioanalytics.cross_validate("Kmer(k=4) | Logistic()", data)
    path = bioanalytics.cross_validate_path("Kmer(k=4) | Logistic()", data, [1e-2, 1e-4])
    assert one["n"] == 1200 and len(path) == 2
    assert abs(path[1]["log_loss"] - one["log_loss"]) < 1e-2 < abs(path[0]["log_loss"] - one["log_loss"])
    data.deal(by="stratified", train=0.5, dev=0.25, test=0.25)
    model = bioanalytics.train("Kmer(k=4) | Logistic()", data)
    fitted = bioanalytics.calibrate(model, data, "dev")
    assert (fitted.decision_function(labelled[0]) == model.decision_function(labelled[0])).all()
    assert bioanalytics.evaluate(fitted, data)["log_loss"] < bioanalytics.evaluate(model, data)["log_loss"]
    assert 0 < fitted.conformal_threshold(0.9) < 1 and np.isnan(model.conformal_threshold(0.9))


def test_tables():
    pandas = pytest.importorskip("pandas")
    polars, pyarrow = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    frame = pandas.DataFrame({"x": [1.0, np.nan, 3.0, 4.5], "site": ["a", "b", None, "a"], "n": [1, 2, 3, 4],
                              "day": pandas.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03", "1970-01-01"])})
    for source in (frame, polars.from_pandas(frame), pyarrow.Table.from_pandas(frame),
                   {name: frame[name].to_numpy() for name in frame}):
        table = bioanalytics.Table.of(source)
        assert table.names == ["x", "site", "n", "day"] and len(table) == 4
        assert table["site"].to_list() == ["a", "b", "", "a"] and table.missing("site").tolist() == [0, 0, 1, 0]
        assert np.array_equal(table["x"], [1.0, np.nan, 3.0, 4.5], equal_nan=True) or table.missing("x")[1]
        assert table["n"].tolist() == [1, 2, 3, 4]
        assert table.describe()["columns"][1]["missing"] == 1
    chunks = pyarrow.concat_tables([pyarrow.table({"a": [1.0], "t": ["x"]}),
                                    pyarrow.table({"a": [2.0], "t": pyarrow.array([None], "string")})])
    joined = bioanalytics.Table.of(chunks)
    assert joined["a"].tolist() == [1.0, 2.0] and joined.missing("t").tolist() == [False, True]
    assert joined.to_pandas()["a"].tolist() == [1.0, 2.0]
    with pytest.raises(KeyError):
        joined["none"]
    with pytest.raises(TypeError, match="row 1"):
        bioanalytics.Table({"mixed": ["a", 3]})


def test_table_files(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,x\n2,\nthree,y\n4,z,extra\n")
    good, bad = bioanalytics.Table.read_fitting(tmp_path / "t.csv")
    assert good["a"].tolist() == [1.0, 2.0] and bad["row"].tolist() == [3, 4]
    with pytest.raises(bioanalytics.TableError) as found:
        bioanalytics.Table.read(tmp_path / "t.csv")
    assert found.value.record == 5 and found.value.file == str(tmp_path / "t.csv")


def test_streams_are_tables():
    numbers = np.random.default_rng(2)
    prices = 100 + numbers.normal(size=300).cumsum()
    recipe = "Return(column=close) + Rolling(column=close, stat=std, window=20) + RSI(column=close)"
    stream, rows = bioanalytics.Stream(recipe), bioanalytics.Stream(recipe)
    extractor = bioanalytics.Extractor(recipe).fit_table({"close": prices})
    whole = extractor.table({"close": prices})
    assert stream.inputs == ["close"] and stream.names() == extractor.names()
    one_by_one = np.array([stream.update([price], time=i) for i, price in enumerate(prices)])
    assert np.array_equal(one_by_one, whole, equal_nan=True)
    assert np.array_equal(rows.update_rows(prices[:, None], times=np.arange(300.0)), whole, equal_nan=True)
    state, copy = stream.save(), stream.copy()
    again = bioanalytics.Stream(recipe)
    again.restore(state)
    peeked = stream.peek({"close": 99.0}, time=300.0)
    for other in (stream, copy, again):
        assert np.array_equal(other.update([99.0], time=300.0), peeked, equal_nan=True)
    assert stream.counters["rows"] == 301 and np.isnan(stream.update([1.0], time=5.0)).all()
    assert stream.counters["late"] == 1
    for wrong in ([1.0, 2.0], "x", {"open": 1.0}, None):
        with pytest.raises((ValueError, TypeError, KeyError)):
            stream.update(wrong)
    with pytest.raises(ValueError):
        stream.restore(state[:-1] + b"?")
    with pytest.raises(bioanalytics.ShapeError):
        stream.score()


def test_a_model_on_a_stream():
    numbers = np.random.default_rng(3)
    close = 50 + numbers.normal(size=400).cumsum()
    table = {"close": close, "rise": np.append(np.diff(close) > 0, False).astype(float)}
    model = bioanalytics.train("Return(column=close, lag=1) + Rolling(column=close, stat=mean, window=5) | "
                               "Standardize() | Logistic()", Dataset().add_table(table, "rise"))
    expected = model.score({"close": close})[1]
    stream = bioanalytics.Stream.of_model(model)
    for row, price in enumerate(close):
        stream.update([price])
        assert (stream.score() == expected[row]).all()
    assert model.looks_back and model.inputs == ["close"]


def test_the_extractor_against_counting(labelled):
    words = ["AC", "GT"]
    extractor = bioanalytics.Extractor("Kmer(k=2)")
    names = extractor.names()
    dense, sparse = extractor.dense(labelled[0], counts=True), extractor.csr(labelled[0], counts=True)
    for word in words:
        column = names.index(f"Kmer_{word}")
        expected = [sum(s[i:i + 2] == word for i in range(len(s) - 1)) for s in labelled[0]]
        assert dense[:, column].tolist() == expected
    assert (sparse.toarray() == dense).all() and dense.dtype == np.uint32
    assert dense.flags.writeable and extractor.dense([]).shape == (0, 16) and extractor.csr([]).shape == (0, 16)
    with pytest.raises(bioanalytics.FitError):
        bioanalytics.Extractor("PositionKmer(k=1)").width


def test_canonical_recipes(ba):
    for recipe in ("@motif | Logistic()", "Kmer(k=6)"):
        assert bioanalytics.canonical(recipe).startswith("Kmer(k=")
    assert run(ba, "help", "recipe")
