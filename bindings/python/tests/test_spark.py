# SPDX-License-Identifier: MIT
"""bioanalytics.spark on a real Spark: functions, stages and batches of Arrow, to the bits of the command line.

`./dev test java` runs these, where the jars are built; elsewhere they are skipped without pyspark or the jars.
"""

import os
import pickle
import re
import subprocess
import sys

import pytest

import bioanalytics
from conftest import TOP, fasta, run, sequences_of

pytest.importorskip("pyspark")
cloudpickle = pytest.importorskip("pyspark.cloudpickle")
JARS = [TOP / f"bindings/java/{name}/target/{name}-{bioanalytics.__version__}.jar"
        for name in ("bioanalytics-java", "bioanalytics-spark")]
if not all(jar.exists() for jar in JARS):
    pytest.skip("the jars are not built", allow_module_level=True)

from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.evaluation import BinaryClassificationEvaluator
from pyspark.ml.tuning import CrossValidator, CrossValidatorModel, ParamGridBuilder
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

import bioanalytics.spark as bs

os.environ.update(PYSPARK_PYTHON=sys.executable, SPARK_LOCAL_IP="127.0.0.1")  # a machine's own name may lead nowhere


@pytest.fixture(scope="module")
def spark(model_file, tmp_path_factory):
    builder = (SparkSession.builder.master("local[2]").appName("tests").config("spark.ui.enabled", "false")
               .config("spark.driver.memory", "1g").config("spark.sql.shuffle.partitions", "3")
               .config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("warehouse"))))
    session = bs.configure(builder, jars=JARS, models={"promoter": model_file}, memory="256m").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="module")
def reads(spark, strangers):
    frame = spark.createDataFrame(list(enumerate(strangers)), "id long, sequence string").repartition(5).cache()
    frame.createOrReplaceTempView("reads")
    return frame


@pytest.fixture(scope="module")
def training(spark, labelled):
    rows = [(i, letters, label) for i, (letters, label) in enumerate(zip(*labelled))]
    return spark.createDataFrame(rows, "id long, sequence string, label int").repartition(3).cache()


def column(frame, name):
    return [row[0] for row in frame.orderBy("id").select(name).collect()]


def test_every_way_to_score_has_the_bits_of_the_command_line(spark, reads, model_file, told, tmp_path):
    scores, positive = told
    model = bioanalytics.Model.load(model_file)
    bs.register(spark)
    ways = reads.selectExpr("id", "bio.score('promoter', sequence) AS sql", "bio.models.promoter(sequence) AS function",
                            "bio.probabilities('promoter', sequence)[1] AS probability",
                            "bio_score('promoter', sequence) AS udf",
                            "bio_probabilities('promoter', sequence)[1] AS udf_probability")
    rows = ways.orderBy("id").collect()
    for name, expected in {"sql": scores, "function": scores, "udf": scores, "probability": positive,
                           "udf_probability": positive}.items():
        assert [row[name] for row in rows] == expected, name

    named = reads.withColumn("score", bs.score("promoter", "sequence")).withColumn(
        "probabilities", bs.probabilities("promoter", F.col("sequence"))).orderBy("id").collect()
    assert [row.score for row in named] == scores and [row.probabilities[1] for row in named] == positive

    bs.ModelTransformer(model).save(f"file://{tmp_path}/stage")
    file = model_file.as_uri()
    for stage in (bs.ModelTransformer(model), bs.ModelTransformer(file), bs.ModelTransformer.load(
            f"file://{tmp_path}/stage")):
        scored = stage.transform(reads).orderBy("id").select("rawPrediction", "probability").collect()
        assert [row[0][1] for row in scored] == scores and [row[1][1] for row in scored] == positive
        assert [-row[0][0] for row in scored] == scores
    assert (tmp_path / "stage/model.ba").read_bytes() == model_file.read_bytes()

    scorer = bs.score_arrow(model)
    batches = reads.mapInArrow(scorer, scorer.schema(reads))
    assert batches.columns == ["id", "sequence", "score", "probabilities"]
    rows = batches.orderBy("id").collect()
    assert [row.score for row in rows] == scores and [row.probabilities[1] for row in rows] == positive


def test_a_stage_that_was_trained_here_is_a_file_for_all(spark, reads, training, labelled, strangers, ba, tmp_path):
    recipe = "Kmer(k=3..4) | Logistic(l2=1e-3)"
    fitted = bs.SequenceClassifier(recipe=recipe, rowIdCol="id", reproducible=True, numPartitions=2).fit(training)
    local = bioanalytics.train(recipe, bioanalytics.Dataset().add(*labelled), sketches="off")
    assert fitted.model().to_bytes() == local.to_bytes() and fitted.classes == ["0", "1"]
    fitted.write().overwrite().save(f"file://{tmp_path}/fitted")
    file = tmp_path / "fitted/model.ba"
    assert file.read_bytes() == local.to_bytes()
    bs.add_model(spark, "fitted", file.as_uri())  # in a session that runs, after its catalog was used
    assert column(reads.select("id", bs.score("promoter", "sequence").alias("s")), "s")
    lines = run(ba, "predict", "--model", file, fasta(tmp_path / "reads.fa", strangers)).splitlines()
    expected = [float(line.split("\t")[lines[0].split("\t").index("score")]) for line in lines[1:]]
    assert column(reads.select("id", bs.score("fitted", "sequence").alias("s")), "s") == expected
    assert column(reads.selectExpr("id", "bio.score('Fitted', sequence) AS s"), "s") == expected
    again = bs.SequenceClassifierModel.load(f"file://{tmp_path}/fitted")
    assert [row[0][1] for row in again.transform(reads).orderBy("id").select("rawPrediction").collect()] == expected


def test_functions_of_letters(spark):
    frame = spark.createDataFrame([("ACGTn",), (None,)], "seq string")
    found = frame.select(bs.gc("seq"), bs.revcomp("seq"), bs.kmers("seq", 2)).collect()
    assert [row.asDict() for row in found] == [
        {"gc": 0.5, "revcomp": "nACGT", "kmers": {"AC": 1, "CG": 1, "GT": 1}},
        {"gc": None, "revcomp": None, "kmers": None}]


def test_more_classes_numbers_and_nulls(spark, labelled, strangers, tmp_path):
    sequences = labelled[0][:300]
    three = bioanalytics.train("Kmer(k=3) | Softmax()", bioanalytics.Dataset().add(
        sequences, [f"c{i % 3}" for i in range(300)]))
    number = bioanalytics.train("Kmer(k=3) | Linear(l2=1e-2)", bioanalytics.Dataset().add(
        sequences, [i % 7 / 4 for i in range(300)]))
    texts = [None, *strangers[:200], None, ""]
    frame = spark.createDataFrame(list(enumerate(texts)), "id int, seq string").repartition(3)
    for name, model in {"three": three, "number": number}.items():
        model.save(tmp_path / f"{name}.ba")
        bs.add_model(spark, name, (tmp_path / f"{name}.ba").as_uri())
        scores, probabilities = model.score([text for text in texts if text is not None])
        scores = scores.tolist() if name == "three" else scores[:, 0].tolist()
        expected = [None, *zip(scores, probabilities.tolist())]
        expected = [(None, None), *expected[1:201], (None, None), expected[201]]
        scorer = bs.score_arrow(model, "seq")
        ways = [frame.select("id", bs.score(name, "seq"), bs.probabilities(name, "seq")),
                frame.mapInArrow(scorer, scorer.schema(frame)).drop("seq")]
        for way in ways:
            assert [tuple(row)[1:] for row in way.orderBy("id").collect()] == expected
    stage = bs.ModelTransformer(three, inputCol="seq", probabilityCol="", rawPredictionCol="")
    assert stage.transform(frame).columns == ["id", "seq", "prediction"] and stage.classes == ["c0", "c1", "c2"]


def test_pipelines_and_cross_validation_are_saved_and_loaded(spark, training, tmp_path):
    vectorizer = bs.SequenceVectorizer(recipe="Kmer(k=4)")
    assert len(vectorizer.names()) == 256 and vectorizer.getOrDefault("outputCol") == "features"
    mixed = Pipeline(stages=[vectorizer, LogisticRegression(maxIter=20, regParam=1e-3)])
    mixed.write().overwrite().save(f"file://{tmp_path}/mixed")
    loaded = Pipeline.load(f"file://{tmp_path}/mixed")
    assert type(loaded.getStages()[0]) is bs.SequenceVectorizer
    assert loaded.getStages()[0].explainParams() == vectorizer.explainParams()
    assert BinaryClassificationEvaluator().evaluate(loaded.fit(training).transform(training)) > 0.9

    classifier = bs.SequenceClassifier(rowIdCol="id", numPartitions=1)
    classifier.save(f"file://{tmp_path}/classifier")
    assert bs.SequenceClassifier.load(f"file://{tmp_path}/classifier").explainParams() == classifier.explainParams()
    grid = ParamGridBuilder().addGrid(classifier.recipe, ["Kmer(k=1) | Logistic(l2=1)",
                                                          "Kmer(k=4) | Logistic(l2=1e-3)"]).build()
    chosen = CrossValidator(estimator=classifier, estimatorParamMaps=grid, numFolds=2, seed=1,
                            evaluator=BinaryClassificationEvaluator(), parallelism=2).fit(training)
    assert chosen.avgMetrics[1] > chosen.avgMetrics[0] + 0.05 and chosen.avgMetrics[1] > 0.8
    assert chosen.bestModel.model().recipe.startswith("Kmer(k=4")
    chosen.save(f"file://{tmp_path}/chosen")
    again = CrossValidatorModel.load(f"file://{tmp_path}/chosen")
    assert again.bestModel.model().to_bytes() == chosen.bestModel.model().to_bytes()

    fitted = Pipeline(stages=[classifier.copy({classifier.recipe: "Kmer(k=2) | Logistic()"})]).fit(training)
    fitted.save(f"file://{tmp_path}/fitted")
    again = PipelineModel.load(f"file://{tmp_path}/fitted")
    assert type(again.stages[0]) is bs.SequenceClassifierModel
    assert again.stages[0].model().to_bytes() == fitted.stages[0].model().to_bytes()
    assert again.transform(training).orderBy("id").collect() == fitted.transform(training).orderBy("id").collect()


def test_a_stream_that_is_stopped_goes_on(spark, labelled, tmp_path):
    recipe, options = "Kmer(k=1..4) | Logistic(solver=adagrad)", {"seed": 3, "length": 250}
    rows = list(zip(range(1200), *labelled))[::-1]
    local = bioanalytics.OnlineTrainer(recipe, ["0", "1"], **options)
    for part in range(4):
        mine = sorted(rows[part::4])
        local.update([row[1] for row in mine], [row[2] for row in mine])
        frame = spark.createDataFrame(rows[part::4], "id long, sequence string, label int")
        frame.coalesce(1).write.mode("append").json(f"file://{tmp_path}/rows")
        trainer = bs.OnlineTrainer(recipe, ["0", "1"], f"file://{tmp_path}/run", rowIdCol="id", **options)
        stream = spark.readStream.schema(frame.schema).json(f"file://{tmp_path}/rows")
        stream.writeStream.option("checkpointLocation", f"file://{tmp_path}/query").trigger(
            availableNow=True).foreachBatch(trainer).start().awaitTermination()
        assert str(trainer.progress) == str(local.progress) and trainer.skipped == 0  # as texts, for NaN
        assert trainer.model().to_bytes() == local.finish().to_bytes()
        assert (tmp_path / "run/model.ba").read_bytes() == local.finish().to_bytes()
    trainer(frame, 3)
    assert trainer.skipped == 1 and trainer.model().to_bytes() == local.finish().to_bytes()
    trainer.close()
    with pytest.raises(Exception, match="batch 4, row 0, id .*the label 2 is none of the classes"):
        trainer(frame.withColumn("label", F.lit(2)), 4)


def test_workers_load_a_model_once(spark, model_file):
    scorer = bs.score_arrow(model_file, "sequence")
    copy = cloudpickle.loads(cloudpickle.dumps(scorer))
    assert copy._model() is pickle.loads(pickle.dumps(scorer))._model()

    def seen(batches):  # by value to the workers, as from a notebook
        import os as system
        import pyarrow
        for batch in batches:
            model = scorer._model()
            yield pyarrow.RecordBatch.from_pydict({
                "process": [system.getpid()], "model": [id(model)], "rows": [batch.num_rows]})
    frame = spark.range(64).selectExpr("'ACGT' AS sequence").repartition(8)
    rows = frame.mapInArrow(seen, "process long, model long, rows long").collect()
    assert sum(row.rows for row in rows) == 64
    assert len({row.process for row in rows}) == len({(row.process, row.model) for row in rows})
    assert os.getpid() not in {row.process for row in rows}


def test_what_is_wrong_is_said(spark, reads, model_file):
    with pytest.raises(bioanalytics.ArgumentError, match="no column letters"):
        bs.score_arrow(model_file, "letters").schema(reads)
    with pytest.raises(bioanalytics.ArgumentError, match="a column score already"):
        bs.score_arrow(model_file).schema(reads.withColumn("score", F.lit(1)))
    with pytest.raises(Exception, match="there is no model nobody|ROUTINE_NOT_FOUND|UNRESOLVED_ROUTINE"):
        reads.select(bs.score("nobody", "sequence")).collect()
    bs.add_model(spark, "missing", "file:///nowhere/missing.ba")
    with pytest.raises(Exception, match="missing.ba"):
        reads.select(bs.score("missing", "sequence")).collect()


OTHER_SESSION = """
import sys
import bioanalytics
import bioanalytics.spark as bs
from pyspark.sql import SparkSession
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
for call in (lambda: bs.register(spark), lambda: bs.SequenceVectorizer(), lambda: bs.ModelTransformer.load("x"),
             lambda: bs.add_model(spark, "x", "y"), lambda: bs.check_workers(spark)):
    try:
        call()
    except RuntimeError as error:
        print(error)
"""


def test_without_the_jar_or_the_package_it_says_what_to_set(tmp_path):
    """The workers run a Python that has pyspark alone."""
    bare = tmp_path / "python"
    bare.write_text('#!/bin/sh\nPYTHONPATH="$(echo "$PYTHONPATH" | tr : "\\n" | grep -v bindings | paste -sd :)" '
                    f'exec {sys.executable} "$@"\n')
    bare.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", OTHER_SESSION], env={**os.environ, "PYSPARK_PYTHON": str(bare)},
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert len(said) == 5, done.stdout + done.stderr
    assert all("spark.jars is empty: expected bioanalytics.spark.configure(" in line for line in said[:4])
    assert "No module named 'bioanalytics'" in said[4] and "PYSPARK_PYTHON" in said[4]


def test_pyspark_is_optional():
    code = ("import sys; sys.modules['pyspark'] = None; import bioanalytics\n"
            "try:\n    import bioanalytics.spark\nexcept ImportError as error:\n    print(error)")
    assert "pip install 'bioanalytics[spark]'" in run(sys.executable, "-c", code)


def test_python_blocks_of_the_readme_run(spark, training, strangers, model_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "models/promoter.ba").write_bytes(model_file.read_bytes())
    records = [f"@{i}\n{letters}\n+\n{'I' * len(letters)}\n" for i, letters in enumerate(strangers[:9])]
    (tmp_path / "reads.fastq").write_text("".join(records))
    training.write.parquet(f"file://{tmp_path}/labelled")
    text = (TOP / "bindings/java/bioanalytics-spark/README.md").read_text().split("## Python\n")[1].split("\n## ")[0]
    here = f"file://{tmp_path}/"  # the driver's folder was another when it started
    for name in ("models/promoter.ba", "reads.fastq", "labelled", "fitted"):
        text = text.replace(f'"{name}"', f'"{here}{name}"')
    text = text.replace('"mine", "mine.ba"', f'"mine", "{here}mine.ba"')
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)
    shared = {"jars": JARS}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), shared)
    assert len(blocks) == 2 and (tmp_path / "mine.ba").read_bytes() == (tmp_path / "fitted/model.ba").read_bytes()
    assert column(shared["spark"].createDataFrame([(1, "ACGT")], "id int, s string").select(
        "id", bs.score("mine", "s")), "score") == shared["model"].model().score(["ACGT"])[0][:, 0].tolist()
