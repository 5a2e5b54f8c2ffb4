# SPDX-License-Identifier: MIT
"""The jobs of examples/spark and what they run with: Spark of PyPI, the jars that Maven has built, the program ba."""

import os
import pathlib
import random
import subprocess
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = TOP / "examples" / "spark"
BA = pathlib.Path(os.environ.get("BA", TOP / "build" / "release" / "ba"))
JARS = [TOP / "bindings" / "java" / name / "target" / f"{name}-0.1.0.jar"
        for name in ("bioanalytics-java", "bioanalytics-spark")]
JOBS = {"java": EXAMPLE / "target" / "train-and-score.jar", "python": EXAMPLE / "train_and_score.py"}
# The package as it stands in the tree, with the library beside the program.
os.environ["PYTHONPATH"] = str(TOP / "bindings" / "python" / "src")
os.environ.setdefault("BIOANALYTICS_LIBRARY", str(BA.parent / "src" / "libbioanalytics.so"))
RECIPE = "Kmer(k=1..3) | Logistic(l2=1e-2, tol=0.01)"


def submit(job, *arguments, conf):
    """Runs spark-submit as a user would: nothing but configuration tells Spark of the library."""
    import pyspark
    home = pathlib.Path(pyspark.__file__).parent
    environment = dict(os.environ, SPARK_HOME=str(home), SPARK_LOCAL_IP="127.0.0.1", PYSPARK_PYTHON=sys.executable)
    short = "-XX:TieredStopAtLevel=1"  # what the second compiler makes fast would not pay for itself
    conf = ("spark.ui.enabled=false", "spark.sql.shuffle.partitions=3", f"spark.driver.extraJavaOptions={short}",
            f"spark.executor.extraJavaOptions={short}", *conf)
    settings = [word for each in conf for word in ("--conf", each)]
    return subprocess.run([home / "bin" / "spark-submit", *settings, JOBS[job], *map(str, arguments)],
                          env=environment, capture_output=True, text=True, timeout=600, check=False)


def ba(*arguments):
    done = subprocess.run([BA, *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def fastq(path, seed, count, motif):
    """Reads of 50 to 70 letters in the order of their names, most of them with the motif."""
    source = random.Random(seed)
    with open(path, "w") as file:
        for i in range(count):
            letters = "".join(source.choices("ACGT", k=source.randint(50, 70)))
            if source.random() < 0.8:
                at = source.randrange(len(letters) - len(motif))
                letters = letters[:at] + motif + letters[at + len(motif):]
            file.write(f"@{path.stem}.{i:06d} a b\n{letters}\n+\n{'F' * len(letters)}\n")
    return path


@pytest.fixture(scope="session")
def reads(tmp_path_factory):
    """FASTQ by name; the rows that train are more than one block of 4,096."""
    folder = tmp_path_factory.mktemp("reads")
    wanted = {"positive": (3500, "TATAAAG"), "negative": (3000, "TTCGGAC"), "test_positive": (300, "TATAAAG"),
              "test_negative": (500, "TTCGGAC"), "new": (1000, "TATAAAG")}
    return {name: fastq(folder / f"{name}.fastq", seed, *size) for seed, (name, size) in enumerate(wanted.items())}
