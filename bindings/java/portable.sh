#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: portable.sh PYTHON FOLDER PROCESSOR
# Builds the native library for glibc 2.17 and newer, of x86_64 or aarch64, into the classes that `mvn package` left, in
# the place of the one that is there. FOLDER/PROCESSOR.root has the headers and the libz.so that the portable wheels were
# built with, and PYTHON has the package ziglang. Prints the library's size, the libraries that it needs, and the newest
# symbol of glibc; ends with 1 when it is newer than 2.17 or a library is not on every system.
set -euo pipefail
python=$1 folder=$(realpath "$2") processor=$3
cd "$(dirname "${BASH_SOURCE[0]}")/bioanalytics-java"
build=$PWD/target/$processor resources=$PWD/target/classes/org/bioanalytics/native
version=$(sed -n 's/.*VERSION = "\(.*\)";/\1/p' src/main/java/org/bioanalytics/Native.java)
javac=$(readlink -f "$(command -v javac)")

export BA_PROCESSOR=$processor BA_ROOT=$folder/$processor.root
export ZIG_GLOBAL_CACHE_DIR=$folder/zig ZIG_LOCAL_CACHE_DIR=$folder/zig
BA_ZIG=$("$python" -c 'import pathlib, ziglang; print(pathlib.Path(ziglang.__file__).with_name("zig"))')
export BA_ZIG
rm -rf "$build" "$resources/linux/$processor"
mkdir -p "$build"
cp -r target/native/include "$build/"
{
  cmake -G Ninja -S . -B "$build" --toolchain ../../../cmake/zig.cmake -DCMAKE_BUILD_TYPE=Release \
    -DJAVA_HOME="${javac%/bin/javac}" -DVERSION="$version" -DRESOURCES="$resources" -DBA_ISAL=OFF -DBA_LIBDEFLATE=OFF &&
    cmake --build "$build" --parallel --target resource
} >"$build/log" 2>&1 || {
  cat "$build/log" >&2
  exit 1
}

../../check_portable.sh "$resources/linux/$processor/libbioanalytics_jni-$version.so"
