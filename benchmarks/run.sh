#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: benchmarks/run.sh [NAME[.PART]...]
# NAME: parse, memory, features, train, score, predict, series, tabular, python, spark, serve, accuracy; all without one;
# or plot, which draws docs/benchmarks.svg. PART: of train dense, narrow, sparse, online, conv, kmer6, threads2; of predict,
# python and score as their programs say, and threads2 of score; of spark score, gradient. Prints `NAME VALUE`, units in
# the names, and adds them to build/bench/results.txt; vs_PEER is a ratio, above 1 where we are faster. accuracy takes an
# hour and adds to its log.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${BA_BUILD:-build/release}
export BA=${BA:-$PWD/$build/ba} BA_LIBRARY=${BA_LIBRARY:-$PWD/$build/src/libbioanalytics.so}
python=$(command -v /usr/bin/python3 || command -v python3 || true)

names=()
for name in "$@"; do
  case $name in
    parse | memory | features | train | score | predict | series | tabular | python | spark | serve | accuracy | plot)
      names+=("$name") ;;
    train.dense | train.narrow | train.sparse | train.online) names+=("$name") ;;
    train.conv | train.kmer6 | train.threads2 | score.?* | predict.?* | python.?* | spark.?*)
      names+=("$name") ;;
    *)
      sed -n '3,8s/^# //p' "$0" >&2
      exit 1
      ;;
  esac
done
if [ ${#names[@]} -eq 0 ]; then
  names=(parse memory features train score predict series tabular python spark serve accuracy)
fi

# One core, so that a move from core to core does not show; the last, as the first often serves interrupts.
pin=()
if command -v taskset >/dev/null && taskset -c "$(($(nproc) - 1))" true 2>/dev/null; then
  pin=(taskset -c "$(($(nproc) - 1))")
fi

# crate NAME: peers in Rust are built from crates.io in a folder of their own; prints where the library is, or nothing.
crate() {
  local folder=build/bench/$1
  command -v cargo >/dev/null || return 0
  mkdir -p "$folder"
  cp -u "benchmarks/$1"/* "$folder/"
  RUSTFLAGS="-C target-cpu=native" cargo build --quiet --release --manifest-path "$folder/Cargo.toml" \
    --target-dir "$folder/target" >&2 || return 0
  echo "$PWD/$folder/target/release/libbench_$1.so"
}

# crate_versions NAME CRATE...: what cargo took, for a benchmark.
crate_versions() {
  local name=$1 lock=build/bench/peers/Cargo.lock package
  shift
  if [ ! -e $lock ]; then return; fi
  for package in "$@"; do
    awk -v want="\"$package\"" -v name="$name.${package//-/_}_version" \
      '$1 == "name" { here = $3 == want } $1 == "version" && here { gsub(/"/, "", $3); print name, $3 }' $lock
  done
}

# python_with PACKAGE...: not all peers are in Debian. Installs them from PyPI into a folder of their own, and prints
# the Python that has those that could be had; what is lacking is tried again in the next run.
python_with() {
  local folder=build/bench/venv package
  if [ ! -x $folder/bin/python ]; then "$python" -m venv $folder >&2 || { echo "$python"; return; }; fi
  for package in "$@"; do
    if [ -e "$folder/ready.$package" ]; then continue; fi
    echo "-- $package from PyPI for $folder" >&2
    if $folder/bin/pip install -q --disable-pip-version-check "$package" >&2; then touch "$folder/ready.$package"; fi
  done
  echo "$folder/bin/python"
}

# wants PART: whether this part of a bench is to be run.
wants() { [ -z "$part" ] || [ "$part" = "$1" ]; }

bench_train() {
  if wants kmer6; then "${pin[@]}" "$(python_with numpy scikit-learn)" benchmarks/compare.py train; fi
  if [ "$part" != kmer6 ] && [ "$part" != threads2 ]; then
    "${pin[@]}" "$(python_with numpy scikit-learn scikit-learn-intelex glum liblinear-official vowpalwabbit torch)" \
      benchmarks/train.py ${part:+"$part"}
  fi
  if wants threads2; then "$(python_with numpy scikit-learn)" benchmarks/threads.py train; fi
}

bench_score() {
  local peers
  if [ -z "$part" ]; then "${pin[@]}" "$(python_with numpy scikit-learn)" benchmarks/compare.py score; fi
  if [ "$part" != threads2 ]; then
    peers=$(crate peers)
    if [ -n "$peers" ]; then crate_versions score needletail; fi
    "${pin[@]}" "$build/benchmarks/bench_score" "$peers" "$BA" build/bench ${part:+"$part"}
  fi
  if wants threads2; then "$(python_with numpy scikit-learn)" benchmarks/threads.py score; fi
}

bench_features() {
  local peers
  "${pin[@]}" "$(python_with numpy scikit-learn)" benchmarks/compare.py features
  peers=$(crate peers)
  if [ -n "$peers" ]; then crate_versions features needletail nthash simd-minimizers; fi
  "${pin[@]}" "$build/benchmarks/bench_features" "$peers"
  "${pin[@]}" "$(python_with numpy sourmash)" benchmarks/features.py
}

# Both cores: Spark runs two tasks at once. Only CPU seconds are compared.
bench_spark() {
  local folder=$PWD/build/bench/spark classes options
  command -v mvn >/dev/null || { echo "spark skipped no mvn"; return; }
  mkdir -p "$folder/classes"
  (cd bindings/java && mvn -q -B -DskipTests -pl bioanalytics-java,bioanalytics-spark package \
    org.apache.maven.plugins:maven-dependency-plugin:2.8:build-classpath -Dmdep.outputFile="$folder/classpath") >&2
  classes=bindings/java/bioanalytics-spark/target/classes:$(cat "$folder/classpath")
  javac -proc:none -nowarn -cp "$classes" -d "$folder/classes" benchmarks/spark/*.java 2>"$folder/javac.log" || {
    cat "$folder/javac.log" >&2
    return 1
  }
  read -ra options < <(sed -n 's:.*<spark.options>\(.*\)</spark.options>.*:\1:p' bindings/java/pom.xml)
  java "${options[@]}" -Xmx3g -XX:+UseParallelGC -cp \
    "$folder/classes:bindings/java/bioanalytics-spark/src/test/resources:$classes" Race "$folder" ${part:+"$part"}
}

# The server of examples/, built from the installed library.
bench_serve() {
  local folder=build/bench/serve program
  command -v wrk >/dev/null || { echo "serve skipped no wrk"; return; }
  pkg-config --exists libmicrohttpd jansson libpq sqlite3 || { echo "serve skipped no libmicrohttpd, jansson, libpq"; return; }
  program=$(examples/serve/build.sh "$build" $folder)
  gcc -O2 benchmarks/serve_bare.c -o $folder/serve_bare -lmicrohttpd
  "${pin[@]}" "$python" benchmarks/serve.py "$program" $folder/serve_bare $folder
}

# one NAME[.PART]
one() {
  local name=${1%%.*} part=${1#"${1%%.*}"}
  part=${part#.}
  if [ ! -x "$build/benchmarks/bench_parse" ]; then
    echo "$1 skipped $build/benchmarks/bench_parse is not built: configure with -DBA_BENCHMARKS=ON"
    return
  fi
  if [ -z "$python" ] && [ "$name" != parse ] && [ "$name" != memory ]; then
    echo "$1 skipped no python3"
    return
  fi
  case $name in
    parse)
      "${pin[@]}" "$build/benchmarks/bench_parse" race build/bench "$(crate helicase)"
      "$build/benchmarks/bench_parse" threads build/bench
      ;;
    memory) "$build/benchmarks/bench_memory" ;;
    features) bench_features ;;
    train) bench_train ;;
    score) bench_score ;;
    predict)
      "${pin[@]}" "$(python_with numpy onnx onnxruntime)" benchmarks/predict.py "$build/benchmarks/bench_predict" \
        ${part:+"$part"}
      ;;
    series)
      "${pin[@]}" "$(python_with numpy pandas TA-Lib river)" benchmarks/series.py "$build/benchmarks/bench_series"
      ;;
    tabular) "$python" benchmarks/tabular.py ;;
    python)
      "${pin[@]}" "$(python_with numpy scipy scikit-learn pyarrow dnaio onnx onnxruntime)" benchmarks/python.py \
        "$build/benchmarks/libbench_python.so" ${part:+"$part"}
      ;;
    spark) bench_spark ;;
    serve) bench_serve ;;
    accuracy) "$python" benchmarks/accuracy.py --test ;;
  esac
}

mkdir -p build/bench
for name in "${names[@]}"; do
  if [ "$name" = plot ]; then
    "$(python_with matplotlib)" benchmarks/plot.py build/bench/results.txt docs/benchmarks.svg
  else
    one "$name" | tee -a build/bench/results.txt
    echo "-- added to build/bench/results.txt; \`./dev bench plot\` draws docs/benchmarks.svg from it" >&2
  fi
done
