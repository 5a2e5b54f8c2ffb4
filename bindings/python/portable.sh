#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: portable.sh PYTHON FOLDER PROCESSOR LIBZ
# Makes a wheel for glibc 2.17 and newer in FOLDER, of x86_64 or aarch64, linked with that processor's libz.so. PYTHON
# has the packages build, scikit-build-core, wheel and ziglang; headers of Debian's packages are used, of libraries that
# the wheel looks for when it is used. Prints the wheel, its size, the libraries that it needs, and the newest symbol of
# glibc; ends with 1 when it is newer than 2.17 or a library is not on every system.
set -euo pipefail
python=$1 folder=$(realpath -m "$2") processor=$3 libz=$(realpath "$4")
root=$folder/$processor.root
cd "$(dirname "${BASH_SOURCE[0]}")"

rm -rf "$root" "$folder"/*"_$processor.whl"
mkdir -p "$root/include" "$root/lib"
ln -s "$libz" "$root/lib/libz.so"
for header in zlib.h zconf.h htslib cblas.h openblas_config.h lapack.h lapacke.h lapacke_config.h lapacke_mangling.h \
  lapacke_utils.h; do
  found=$(find /usr/include /usr/include/*-linux-gnu -maxdepth 1 -name $header -print -quit)
  [ -z "$found" ] || ln -s "$(realpath "$found")" "$root/include/$header"
done

export BA_PROCESSOR=$processor BA_ROOT=$root _PYTHON_HOST_PLATFORM=linux-$processor
export CMAKE_TOOLCHAIN_FILE=$PWD/../../cmake/zig.cmake ZIG_GLOBAL_CACHE_DIR=$folder/zig ZIG_LOCAL_CACHE_DIR=$folder/zig
BA_ZIG=$("$python" -c 'import pathlib, ziglang; print(pathlib.Path(ziglang.__file__).with_name("zig"))')
export BA_ZIG
"$python" -m build --wheel --no-isolation --outdir "$root" . >"$root/log" 2>&1 || {
  cat "$root/log" >&2
  exit 1
}
"$python" -m wheel tags --remove --platform-tag "manylinux_2_17_$processor.manylinux2014_$processor" "$root"/*.whl \
  >/dev/null
wheel=$(basename "$root"/*.whl)
mv "$root/$wheel" "$folder/"

"$python" -m zipfile -e "$folder/$wheel" "$root/wheel"
../check_portable.sh "$root/wheel/bioanalytics/lib/libbioanalytics.so" "$folder/$wheel"
