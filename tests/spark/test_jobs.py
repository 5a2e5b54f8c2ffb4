# SPDX-License-Identifier: MIT
"""The jobs of examples/spark, run by spark-submit, against the program ba on the same files."""

import json
import re
import subprocess
import sys

import pytest

from conftest import JARS, JOBS, RECIPE, ba, submit


@pytest.fixture(scope="session")
def here(reads, tmp_path_factory):
    """What the program makes of the files: a model, its scores, its metrics."""
    model = tmp_path_factory.mktemp("here") / "m.ba"
    ba("train", "--recipe", RECIPE, "--seed", 3, "--pos", reads["positive"], "--neg", reads["negative"], "--sketches",
       "off", "--out", model)
    metrics = json.loads(ba("eval", "--model", model, "--pos", reads["test_positive"], "--neg", reads["test_negative"],
                            "--json"))
    lines = ba("predict", "--model", model, reads["new"]).splitlines()
    return model.read_bytes(), [line.split("\t") for line in lines[1:]], metrics


@pytest.mark.parametrize("job, conf", [
    ("java", ["spark.master=local-cluster[1,1,1024]", "spark.driver.extraClassPath=" + ":".join(map(str, JARS)),
              "spark.executor.extraClassPath=" + ":".join(map(str, JARS)),
              "spark.sql.files.maxPartitionBytes=200000"]),
    ("python", ["spark.master=local-cluster[1,1,1024]", "spark.jars=" + ",".join(map(str, JARS)),
                "spark.serializer=org.apache.spark.serializer.KryoSerializer"]),
])
def test_a_job_gives_what_the_program_gives(job, conf, reads, here, tmp_path):
    out = tmp_path / "out"
    done = submit(job, "--positive", reads["positive"], "--negative", reads["negative"], "--test-positive",
                  reads["test_positive"], "--test-negative", reads["test_negative"], "--reads", reads["new"],
                  "--recipe", RECIPE, "--seed", 3, "--out", out.as_uri(), conf=conf)
    assert done.returncode == 0, done.stdout + done.stderr[-5000:]
    model, scores, metrics = here
    assert (out / "model" / "model.ba").read_bytes() == model
    assert scores_in(out / "scores") == [[name, label, float(p), float(s)] for name, label, p, s in scores]
    said = re.search(r"(\S+) reads set aside: AUROC (\S+); (\S+)% right, (\S+)% by naming", done.stdout)
    assert "3,500 reads of class 1 and 3,000 of class 0" in done.stdout and said[1] == "800"
    assert float(said[2]) == pytest.approx(metrics["auroc"], abs=5e-5)
    assert float(said[3]) == pytest.approx(100 * metrics["accuracy"], abs=5e-3)
    assert float(said[4]) == pytest.approx(100 * 300 / 800)


def scores_in(folder):
    """The rows of Parquet, which both jobs have written, by name."""
    import pyarrow.parquet
    table = pyarrow.parquet.read_table(folder)
    assert table.column_names == ["name", "class", "probability", "score"]
    rows = sorted(zip(*(column.to_pylist() for column in table.columns)))
    return [[name.split()[0], *rest] for name, *rest in rows]  # ba predict writes the first word


def test_help_teaches_and_mistakes_are_said(tmp_path):
    """Both jobs have the same options; what is wrong with these is said before Spark starts."""
    alone = {"java": ["java", "-cp", JOBS["java"], "example.TrainAndScore"], "python": [sys.executable, JOBS["python"]]}

    def run(job, *arguments):
        return subprocess.run([*alone[job], *arguments], capture_output=True, text=True, timeout=60, check=False)

    helps = {job: run(job, "--help").stdout for job in JOBS}
    options = {job: set(re.findall(r"^ +(--\w[\w-]*)", text, re.M)) for job, text in helps.items()}
    assert options["python"] == options["java"] > {"--positive", "--negative", "--out", "--recipe"}
    assert all("ba predict" in text and "s3://" in text for text in helps.values())
    three = ["--positive", "x", "--negative", "x", "--out", "x"]
    for arguments, said in ((three[:4], "--out"), ([*three, "--nothing", "x"], "--nothing"),
                            ([*three, "--seed", "x"], "--seed"), ([*three, "--test-positive", "x"], "go together")):
        for job in JOBS:
            done = run(job, *arguments)
            assert done.returncode == {"java": 1, "python": 2}[job] and said in done.stderr, (job, done.stderr)
