#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Both jobs on this machine, and the program ba on the same files: one model, to the byte.
# usage: examples/spark/run.sh    (`./dev spark` builds what it needs and calls this)
# Environment: BA (the program, build/release/ba), SPARK_PYTHON (a Python with pyspark, build/venv-spark/bin/python),
# BA_SPARK_OUT (build/spark), BA_SPARK_MASTER (local[*]).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
here=examples/spark
ba=${BA:-build/release/ba}
python=${SPARK_PYTHON:-$PWD/build/venv-spark/bin/python}
out=${BA_SPARK_OUT:-build/spark}
reads=$out/reads
recipe='Kmer(k=1..5) | Logistic(l2=1e-4)'
jars=bindings/java/bioanalytics-java/target/bioanalytics-java-0.1.0.jar
jars+=,bindings/java/bioanalytics-spark/target/bioanalytics-spark-0.1.0.jar

export PYSPARK_PYTHON=$python PYTHONPATH=$PWD/bindings/python/src PYTHONDONTWRITEBYTECODE=1
export BIOANALYTICS_LIBRARY=${BIOANALYTICS_LIBRARY:-$PWD/build/release/src/libbioanalytics.so}
SPARK_HOME=$("$python" -c 'import pathlib, pyspark; print(pathlib.Path(pyspark.__file__).parent)')
export SPARK_HOME

# submit NAME JOB: what one would type on a cluster; what Spark says goes to a file.
submit() {
  printf '\nspark-submit --jars ... %s --positive ... --out %s\n' "$2" "$out/$1"
  "$SPARK_HOME/bin/spark-submit" --master "${BA_SPARK_MASTER:-local[*]}" --jars "$jars" "$2" \
    --positive "$reads/train_promoter.fastq" --negative "$reads/train_upstream.fastq" \
    --test-positive "$reads/test_promoter.fastq" --test-negative "$reads/test_upstream.fastq" \
    --reads "$reads/reads.fastq.gz" --recipe "$recipe" --out "$out/$1" 2>"$out/$1.log" || {
    tail -n 40 "$out/$1.log" >&2
    exit 1
  }
}

rm -rf "$out"
mkdir -p "$out"
"$python" $here/make_reads.py "$reads"
submit java $here/target/train-and-score.jar
submit python $here/train_and_score.py

printf '\nba train, on the same files\n'
"$ba" train --recipe "$recipe" --pos "$reads/train_promoter.fastq" --neg "$reads/train_upstream.fastq" --sketches off \
  --out "$out/ba.ba"
for job in java python; do
  cmp "$out/ba.ba" "$out/$job/model/model.ba" || exit 1
  echo "$out/$job/model/model.ba has the very bytes of $out/ba.ba"
done
