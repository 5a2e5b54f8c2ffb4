#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Gets the 2,000 bases upstream of every fly transcript, as Debian ships them, into FOLDER/dm3_upstream2000.fa.gz.
# usage: examples/promoters/fetch.sh FOLDER
# Exit codes: 0 the right file is there, 3 it is not.
set -euo pipefail
download=${1:?usage: examples/promoters/fetch.sh FOLDER}
package=r-bioc-biostrings
file=dm3_upstream2000.fa.gz
checksum=78076ae22e0084cfb4d6775b000ed9d8fadcefe2469aacce76b78f5a427a08f4

say() { printf 'demo: %s\n' "$*" >&2; }
give_up() { printf 'demo: %s\n' "$@" >&2; exit 3; }

fetch() {
  mkdir -p "$download"
  [ -e "$download/$file" ] && return
  local debs
  debs=$(find "$download" -maxdepth 1 -name "${package}_*.deb" | head -n 1)
  if [ -z "$debs" ]; then
    say "downloading the Debian package $package (14 MB; nothing is installed)"
    (cd "$download" && apt-get download -qq -o APT::Sandbox::User=root "$package") >&2 || refresh_and_fetch || true
    debs=$(find "$download" -maxdepth 1 -name "${package}_*.deb" | head -n 1)
  fi
  [ -n "$debs" ] || give_up "could not download the package $package; is this machine offline?" \
    "On a machine with a network, \`apt-get download $package\` gives the .deb; or unpack $file from it." \
    "Put either file into $download/ and run this again."
  say "unpacking $(basename "$debs")"
  rm -rf "$download/unpacked"
  dpkg -x "$debs" "$download/unpacked"
  local found
  found=$(find "$download/unpacked" -name "$file" | head -n 1)
  [ -n "$found" ] || give_up "$debs holds no $file; put that file into $download/ and run this again."
  mv "$found" "$download/$file"
  rm -rf "$download/unpacked"
}

# The package lists may be missing or old: get them if we may, and try once more.
refresh_and_fetch() {
  [ "$(id -u)" = 0 ] || return 1
  say "refreshing the package lists"
  apt-get update -qq >&2 && (cd "$download" && apt-get download -qq -o APT::Sandbox::User=root "$package") >&2
}

fetch
echo "$checksum  $download/$file" | sha256sum --check --status ||
  give_up "$download/$file is not the file this was written for (its SHA-256 differs); remove it and run this again."
