#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: benchmarks/run.sh [NAME...]
# NAME: parse, features, train, score, predict, series, tabular, accuracy; all of them without one. Prints `NAME VALUE`,
# units in the names; vs_PEER is a ratio, above 1 where we are faster. accuracy takes an hour and adds to its log.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${BA_BUILD:-build/release}
export BA=${BA:-$PWD/$build/ba} BA_LIBRARY=${BA_LIBRARY:-$PWD/$build/src/libbioanalytics.so}
python=$(command -v /usr/bin/python3 || command -v python3 || true)

names=()
for name in "$@"; do
  case $name in
    parse | features | train | score | predict | series | tabular | accuracy) names+=("$name") ;;
    *)
      sed -n '3,5s/^# //p' "$0" >&2
      exit 1
      ;;
  esac
done
if [ ${#names[@]} -eq 0 ]; then names=(parse features train score predict series tabular accuracy); fi

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

mkdir -p build/bench
for name in "${names[@]}"; do
  if [ "$name" = parse ]; then
    if [ -x "$build/benchmarks/bench_parse" ]; then
      "${pin[@]}" "$build/benchmarks/bench_parse" race build/bench "$(crate helicase)"
      "$build/benchmarks/bench_parse" threads build/bench
      "$build/benchmarks/bench_memory"
    else
      echo "parse skipped $build/benchmarks/bench_parse is not built: configure with -DBA_BENCHMARKS=ON"
    fi
  elif [ -z "$python" ]; then
    echo "$name skipped no python3"
  elif [ "$name" = series ]; then
    "${pin[@]}" "$(python_with numpy pandas TA-Lib river)" benchmarks/series.py "$build/benchmarks/bench_series"
  elif [ "$name" = tabular ]; then
    "$python" benchmarks/tabular.py
  elif [ "$name" = accuracy ]; then
    "$python" benchmarks/accuracy.py --test
  elif [ "$name" = score ]; then
    "${pin[@]}" "$python" benchmarks/compare.py score
    peers=$(crate peers)
    if [ -n "$peers" ]; then crate_versions score needletail; fi
    "${pin[@]}" "$build/benchmarks/bench_score" "$peers" "$BA" build/bench
  elif [ "$name" = features ]; then
    "${pin[@]}" "$python" benchmarks/compare.py features
    peers=$(crate peers)
    if [ -n "$peers" ]; then crate_versions features needletail nthash simd-minimizers; fi
    "${pin[@]}" "$build/benchmarks/bench_features" "$peers"
    "${pin[@]}" "$(python_with numpy sourmash)" benchmarks/features.py
  elif [ "$name" = predict ]; then
    "${pin[@]}" "$(python_with numpy onnx onnxruntime)" benchmarks/predict.py "$build/benchmarks/bench_predict"
  else
    "${pin[@]}" "$python" benchmarks/compare.py train
    "${pin[@]}" "$(python_with numpy scikit-learn liblinear-official vowpalwabbit)" benchmarks/train.py
  fi
done
