#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: examples/serve/build.sh LIBRARY_BUILD FOLDER [CMAKE_OPTION...]
# Installs the library of a finished build (build/release) into FOLDER/prefix, builds bio-serve against it as any
# program would be, and prints where the program is.
set -euo pipefail
library=$1 folder=$2
shift 2
mkdir -p "$folder"
cmake --install "$library" --prefix "$folder/prefix" >"$folder/build.log"
cmake -G Ninja -S "$(dirname "$0")" -B "$folder/build" -DCMAKE_PREFIX_PATH="$(cd "$folder" && pwd)/prefix" "$@" \
  >>"$folder/build.log" || { cat "$folder/build.log" >&2; exit 1; }
cmake --build "$folder/build" --parallel 2 >>"$folder/build.log" || { cat "$folder/build.log" >&2; exit 1; }
echo "$folder/build/bio-serve"
