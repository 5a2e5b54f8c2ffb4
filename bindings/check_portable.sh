#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: check_portable.sh LIBRARY [FILE]
# Prints the size of FILE, which is the library itself if not given, the library's processor, the libraries that it needs
# and its newest symbol of glibc; ends with 1 when that is newer than 2.17 or a library is not on every system.
set -euo pipefail
library=$1 file=${2:-$1}
needed=$(readelf -dW "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | xargs)
newest=$(readelf -VW "$library" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
echo "${file##*/}: $(stat -c %s "$file") bytes, $(readelf -h "$library" | sed -n 's/ *Machine: *//p')"
echo "  needs $needed; newest symbol $newest"
[ "$(printf '%s\n' GLIBC_2.17 "$newest" | sort -V | tail -n 1)" = GLIBC_2.17 ]
for name in $needed; do
  case $name in
    libc.so.6 | libz.so.1 | libpthread.so.0 | libdl.so.2 | libm.so.6 | ld-linux-*) ;;
    *) echo "  $name is not on every system" >&2 && exit 1 ;;
  esac
done
