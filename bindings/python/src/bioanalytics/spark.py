# SPDX-License-Identifier: MIT
"""Apache Spark: functions of SQL, stages of Spark ML and batches of Arrow that score where the rows are.

Functions and stages are those of the jar bioanalytics-spark, called by name: no row passes through Python. `configure`
tells a session of the jar and of models; `score_arrow` is for where there can be no jar.
"""

import hashlib
import os
import sys
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Union

import numpy as np

from ._errors import ArgumentError
from ._handles import options_of
from ._library import __version__
from ._types import Floats, Path
from .model import Model
from .train import Progress

try:
    from py4j.java_gateway import JavaPackage
    from pyspark import SparkContext
    from pyspark.ml.util import JavaMLReadable, JavaMLReader, JavaMLWritable
    from pyspark.ml.wrapper import JavaEstimator, JavaModel, JavaParams, JavaTransformer
    from pyspark.sql import SparkSession
    from pyspark.sql.functions import call_function, lit
    from pyspark.sql.types import ArrayType, DoubleType, StructType
except ImportError as missing:
    raise ImportError(f"bioanalytics.spark needs pyspark 3.5 or newer ({missing}): expected "
                      "pip install 'bioanalytics[spark]'") from missing

_JAVA = "org.bioanalytics"


def _class(name: str) -> Any:
    """A Java class of ours, if the session has the jars."""
    context = SparkContext._active_spark_context
    if context is None:
        raise RuntimeError("there is no Spark session in this process: expected SparkSession.builder...getOrCreate() "
                           "before; with Spark Connect, use the functions of SQL by name")
    found = context._jvm
    for part in f"{_JAVA}.{name}".split("."):
        found = getattr(found, part)
    if isinstance(found, JavaPackage):  # what py4j makes of a name that nobody has
        raise RuntimeError(
            f"the session knows no {_JAVA}.{name}: it was started without the jars of bioanalytics. spark.jars is "
            f"{context.getConf().get('spark.jars', '') or 'empty'}: expected bioanalytics.spark.configure(builder, "
            "jars=['bioanalytics-java-0.1.0.jar', 'bioanalytics-spark-0.1.0.jar']) before getOrCreate(), or "
            "spark-submit --jars")
    return found


# Sessions


def configure(builder: Any, *, jars: Sequence[Path] = (), models: Optional[Mapping[str, Path]] = None,
              memory: Optional[str] = None, catalog: str = "bio") -> Any:
    """Tells a session that is about to start of the jars, and of models by name: paths wherever Hadoop reaches.

    `memory`, such as "256m", bounds what the native side of a task may hold.
    """
    settings = {"spark.jars": ",".join(os.fspath(jar) for jar in jars),
                f"spark.sql.catalog.{catalog}": f"{_JAVA}.spark.BioCatalog",
                f"spark.sql.catalog.{catalog}.memory": memory}
    for name, path in (models or {}).items():
        settings[f"spark.sql.catalog.{catalog}.models.{name}"] = os.fspath(path)
    for key, value in settings.items():
        if value:
            builder = builder.config(key, value)
    return builder


def add_model(spark: Any, name: str, path: Path, *, catalog: str = "bio") -> None:
    """Makes a model file known to SQL and to `score` in a session that runs: bio.score('NAME', seq) and so on."""
    _class("spark.BioCatalog")
    spark.conf.set(f"spark.sql.catalog.{catalog}", f"{_JAVA}.spark.BioCatalog")
    spark.conf.set(f"spark.sql.catalog.{catalog}.models.{name}", os.fspath(path))


def register(spark: Any, models: Optional[Mapping[str, Path]] = None) -> None:
    """Registers bio_score, bio_probabilities, bio_kmers, bio_gc and bio_revcomp, for where no catalog can be set up.

    Their models are these, paths by name, or without them those of spark.sql.catalog.bio.models.NAME.
    """
    functions = _class("spark.BioFunctions")
    if models is None:
        functions.register(spark._jsparkSession)
    else:
        functions.register(spark._jsparkSession, {name: os.fspath(path) for name, path in models.items()})


# Columns


def _call(names: Sequence[str], *arguments: Any) -> Any:
    """A function of a catalog, as a column of its name."""
    quoted = ".".join("`" + name.replace("`", "``") + "`" for name in names)
    return call_function(quoted, *arguments)


def score(model: str, sequence: Any, *, catalog: str = "bio") -> Any:
    """The margin of the second of two classes, or the number; of more classes an array, a margin each.

    `model` is the name of a model, `sequence` a column or its name.
    """
    return _call([catalog, "models", model], sequence).alias("score")


def probabilities(model: str, sequence: Any, *, catalog: str = "bio") -> Any:
    """An array of a probability each class, in class order; of a model of numbers the number."""
    return _call([catalog, "probabilities"], lit(model), sequence).alias("probabilities")


def kmers(sequence: Any, k: int, *, catalog: str = "bio") -> Any:
    """A map of each word of k letters, 1 to 31, to its count; words with an ambiguous letter are left out."""
    return _call([catalog, "kmers"], sequence, lit(k)).alias("kmers")


def gc(sequence: Any, *, catalog: str = "bio") -> Any:
    """The share of G and C among A, C, G, T and U; null when there are none of these."""
    return _call([catalog, "gc"], sequence).alias("gc")


def revcomp(sequence: Any, *, catalog: str = "bio") -> Any:
    """The reverse complement by the letters of IUPAC, case kept."""
    return _call([catalog, "revcomp"], sequence).alias("revcomp")


# Stages of Spark ML

# Spark looks for the Python class of a saved stage by the name of its Java class.
sys.modules.setdefault(f"{_JAVA}.spark.ml", sys.modules[__name__])


class _Reader(JavaMLReader):  # type: ignore[misc]
    @classmethod
    def _load_java_obj(cls, clazz: Any) -> Any:
        return _class(f"spark.ml.{clazz.__name__}")


class _Stage(JavaParams, JavaMLReadable, JavaMLWritable):  # type: ignore[misc]
    """What Java and Python both have; the params, their meanings and defaults are those of the Java class."""

    def _of_java(self, java: Any, given: Dict[str, Any]) -> None:
        self._java_obj = java
        self._create_params_from_java()
        self._resetUid(java.uid())
        self._transfer_params_from_java()
        self.setParams(**given)

    def setParams(self, **given: Any) -> Any:
        """Sets params by name; None leaves one as it is. `explainParams()` tells what there is."""
        return self._set(**{name: value for name, value in given.items() if value is not None})

    @classmethod
    def read(cls) -> Any:
        return _Reader(cls)


class SequenceVectorizer(_Stage, JavaTransformer):  # type: ignore[misc]
    """The features of a recipe as sparse vectors, for learners of Spark ML; models of the library need none of this.

    `length` is how many letters terms by position cover.
    """

    def __init__(self, *, recipe: Optional[str] = None, length: Optional[int] = None, inputCol: Optional[str] = None,
                 outputCol: Optional[str] = None) -> None:
        super().__init__()
        self._of_java(_class("spark.ml.SequenceVectorizer")(),
                      {"recipe": recipe, "length": length, "inputCol": inputCol, "outputCol": outputCol})

    def names(self) -> List[str]:
        """The name of each feature."""
        self._transfer_params_to_java()
        return list(self._java_obj.names())


class _ScoringModel(_Stage, JavaModel):  # type: ignore[misc]
    """Adds rawPrediction, probability and prediction; a name set to "" leaves a column out."""

    @property
    def classes(self) -> List[str]:
        """Names of the classes, in the order of probabilities; empty for a model of numbers."""
        return list(self._java_obj.classes())

    def model(self) -> Model:
        """The model itself, whose `save` writes the file that C, the command line and Python read."""
        return Model.from_bytes(bytes(self._java_obj.bytes().bytes()))


class SequenceClassifierModel(_ScoringModel):
    """What SequenceClassifier has learnt."""


class ModelTransformer(_ScoringModel):
    """A model that was trained anywhere: a `bioanalytics.Model`, or the path of its file wherever Hadoop reaches."""

    def __init__(self, model: Union[Model, Path, None] = None, *, inputCol: Optional[str] = None,
                 rawPredictionCol: Optional[str] = None, probabilityCol: Optional[str] = None,
                 predictionCol: Optional[str] = None) -> None:
        super().__init__()
        java = _class("spark.ml.ModelTransformer")
        if model is None:  # Spark fills it in
            made = java("modelTransformer")
        elif isinstance(model, Model):
            made = java.of(_class("ModelBytes").of(model.to_bytes()))
        else:
            made = java.ofFile(os.fspath(model))
        self._of_java(made, {"inputCol": inputCol, "rawPredictionCol": rawPredictionCol,
                             "probabilityCol": probabilityCol, "predictionCol": predictionCol})


class SequenceClassifier(_Stage, JavaEstimator):  # type: ignore[misc]
    """Learns a linear model of classes by a recipe, over rows that stay where they are.

    With `rowIdCol` the model has the bytes of a training on one machine over the rows in the order of their ids, for
    any partitions and any order of the input; `reproducible` insists on that.
    """

    def __init__(self, *, recipe: Optional[str] = None, inputCol: Optional[str] = None, labelCol: Optional[str] = None,
                 weightCol: Optional[str] = None, rowIdCol: Optional[str] = None,
                 rawPredictionCol: Optional[str] = None, probabilityCol: Optional[str] = None,
                 predictionCol: Optional[str] = None, reproducible: Optional[bool] = None, seed: Optional[int] = None,
                 numPartitions: Optional[int] = None, memory: Optional[int] = None,
                 cacheMemory: Optional[int] = None, checkpointFile: Optional[str] = None,
                 checkpointInterval: Optional[int] = None) -> None:
        super().__init__()
        self._of_java(_class("spark.ml.SequenceClassifier")(), {
            "recipe": recipe, "inputCol": inputCol, "labelCol": labelCol, "weightCol": weightCol, "rowIdCol": rowIdCol,
            "rawPredictionCol": rawPredictionCol, "probabilityCol": probabilityCol, "predictionCol": predictionCol,
            "reproducible": reproducible, "seed": seed, "numPartitions": numPartitions, "memory": memory,
            "cacheMemory": cacheMemory, "checkpointFile": checkpointFile, "checkpointInterval": checkpointInterval})

    def _create_model(self, java_model: Any) -> SequenceClassifierModel:
        return SequenceClassifierModel(java_model)


# Streams


class OnlineTrainer:
    """Learns from a stream, each row once: `stream.writeStream.foreachBatch(OnlineTrainer(...))`.

    `recipe` has solver=adagrad, nag or ftrl; `classes` are all that there will be, None for a model of numbers. After
    each batch `folder` gets the state of the run and the model, model.ba, so that a stream that is stopped goes on from
    there, and a batch that comes twice counts once. A batch is learnt in the order of `rowIdCol`, or without it in one
    by a hash of its rows. `start` is a model to go on from; `options` are `seed` and `length`.
    """

    def __init__(self, recipe: str, classes: Optional[Sequence[str]], folder: Path, *, inputCol: str = "sequence",
                 labelCol: str = "label", weightCol: str = "", rowIdCol: str = "", memory: int = 0,
                 start: Optional[Model] = None, **options: Any) -> None:
        names = None if classes is None else [str(name) for name in classes]
        java = _class("spark.ml.OnlineTrainer")(recipe, names, os.fspath(folder))
        self._java = (java.setInputCol(inputCol).setLabelCol(labelCol).setWeightCol(weightCol).setRowIdCol(rowIdCol)
                      .setMemory(memory).setOptions(options_of(options).decode()))
        if start is not None:
            self._java.setStart(_class("ModelBytes").of(start.to_bytes()))

    def __call__(self, batch: Any, number: int) -> None:
        self._java.learn(batch._jdf, number)

    def model(self) -> Model:
        """The model of all batches so far."""
        return Model.from_bytes(bytes(self._java.model().bytes()))

    @property
    def progress(self) -> Progress:
        """Rows (`iterations`), batches (`passes`), and the loss so far, of each row before it was learnt."""
        java = self._java.progress()
        return Progress(java.iterations(), java.passes(), java.objective(), java.gradient(), java.devLoss())

    @property
    def skipped(self) -> int:
        """How many batches were left out, as they had been learnt."""
        return int(self._java.skipped())

    def close(self) -> None:
        """Gives the memory back; the next batch goes on from the folder."""
        self._java.close()


# Batches of Arrow


def check_workers(spark: Any) -> None:
    """Fails with what to do when the Python workers of a session cannot use this package."""
    tell = "__import__('bioanalytics').build_info()['package']"
    try:  # eval is there by itself, where a function of ours would be what cannot be imported
        found = spark.sparkContext.parallelize([tell], 1).map(eval).collect()[0]
    except Exception as error:
        said = [line for line in str(error).splitlines() if "Error: " in line or "exception: " in line]
        raise RuntimeError(
            f"the Python workers of Spark cannot use bioanalytics: {said[-1].strip() if said else error}. They run "
            f"{spark.sparkContext.pythonExec}: expected this package in it, on every node (pip install, "
            "spark.archives, or another PYSPARK_PYTHON)") from error
    if found != __version__:
        raise RuntimeError(f"the Python workers of Spark have bioanalytics {found}: expected {__version__}, as here")


_MODELS: Dict[str, Model] = {}  # of this process, by digest; the last that were used
_MOST_MODELS = 8


class ArrowScorer:
    """For DataFrame.mapInArrow: batches as they come, with the columns `score` and `probabilities` more.

    It is sent to the workers as the bytes of the model, which each of these loads once.
    """

    def __init__(self, model: Model, column: str) -> None:
        self._bytes = model.to_bytes()
        self._digest = hashlib.sha256(self._bytes).hexdigest()
        self._column, self._outputs = column, model.outputs

    def schema(self, frame: Any) -> Any:
        """The schema of what comes out, for mapInArrow."""
        names = frame.schema.names
        if self._column not in names:
            raise ArgumentError(f"there is no column {self._column}: expected one of {names}")
        for name in ("score", "probabilities"):
            if name in names:
                raise ArgumentError(f"there is a column {name} already: expected another name for it")
        many = ArrayType(DoubleType(), False)
        return (StructType(list(frame.schema.fields)).add("score", DoubleType() if self._outputs == 1 else many)
                .add("probabilities", many))

    def _model(self) -> Model:
        found = _MODELS.pop(self._digest, None) or Model.from_bytes(self._bytes)
        while len(_MODELS) >= _MOST_MODELS:
            _MODELS.pop(next(iter(_MODELS)))
        _MODELS[self._digest] = found
        return found

    def __call__(self, batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow
        model = self._model()
        for batch in batches:
            sequences = batch.column(self._column)
            there = sequences.is_valid().to_numpy(zero_copy_only=False)
            scores, probabilities = model.score(sequences.drop_null())
            columns = [_lists(there, scores), _lists(there, probabilities)]
            if self._outputs == 1:
                columns[0] = columns[0].flatten() if there.all() else _numbers(there, scores[:, 0])
            yield pyarrow.RecordBatch.from_arrays([*batch.columns, *columns],
                                                  [*batch.schema.names, "score", "probabilities"])


def _numbers(there: Any, values: Any) -> Any:
    """A column with the values in the rows that are there, and null in the others."""
    import pyarrow
    rows = np.zeros(len(there))
    rows[there] = values
    return pyarrow.array(rows, mask=~there)


def _lists(there: Any, values: Floats) -> Any:
    """A column of lists, one row of values each."""
    import pyarrow
    ends = np.concatenate([[0], np.cumsum(there * values.shape[1])]).astype(np.int32)
    return pyarrow.ListArray.from_arrays(ends, values.ravel(), mask=pyarrow.array(~there))


def score_arrow(model: Union[Model, Path], column: str = "sequence") -> ArrowScorer:
    """Scores a column of sequences by this package, in Python workers, where a session has no jar.

    `scorer = score_arrow(model)`, then `frame.mapInArrow(scorer, scorer.schema(frame))`. A null sequence gives nulls.
    """
    session = SparkSession.getActiveSession()
    if session is not None:
        check_workers(session)
    return ArrowScorer(model if isinstance(model, Model) else Model.load(model), column)
