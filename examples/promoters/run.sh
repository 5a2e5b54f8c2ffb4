#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The demo: real fly promoters from a Debian package to a trained model, its scores on chromosome X and a page to read.
# usage: examples/promoters/run.sh    (`./dev demo` builds the program and calls this)
# Environment: BA (the program, build/release/ba), BA_DEMO_OUT (build/demo), BA_DEMO_THREADS (all processors).
# Exit codes: 0 done, 3 the data or a program is missing, 5 a comparison differs; else what the failing step gave.
set -euo pipefail
export LC_ALL=C PYTHONDONTWRITEBYTECODE=1
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
here=examples/promoters
ba=${BA:-build/release/ba}
out=${BA_DEMO_OUT:-build/demo}
threads=${BA_DEMO_THREADS:-$(nproc)}
source=$out/download/dm3_upstream2000.fa.gz
python=/usr/bin/python3

say() { printf 'demo: %s\n' "$*" >&2; }
give_up() { printf 'demo: %s\n' "$@" >&2; exit 3; }

# as_typed COMMAND...: the command as one would type it; nothing for a function of this script.
as_typed() {
  local word line=
  [ "$(type -t "$1")" = function ] && return
  for word in "$@"; do
    [[ $word =~ ^[A-Za-z0-9_./:=,+-]+$ ]] || word="'$word'"
    line+=" $word"
  done
  printf '%s' "${line# }"
}

# step WORDS OUTPUT COMMAND...: runs a command into a file ("-" for none), tells how long it took and keeps that.
step() {
  local words=$1 output=$2 begin end spent shown
  shift 2
  say "$words"
  shown=$(as_typed "$@")
  begin=${EPOCHREALTIME/./}
  if [ "$output" = - ]; then
    "$@"
  else
    "$@" >"$output.part"
    mv "$output.part" "$output"
    shown+=${shown:+" > $output"}
  fi
  end=${EPOCHREALTIME/./}
  printf -v spent '%d.%03d' $(((end - begin) / 1000000)) $(((end - begin) / 1000 % 1000))
  say "  done in $spent s"
  printf '%s\t%s\t%s\n' "$words" "$spent" "$shown" >>"$out/steps.tsv"
}

# ---- the proof ----

# compare WORDS REFERENCE OTHER: counts the lines that differ, header aside.
compare() {
  awk -v words="$1" 'FNR == 1 && NR != 1 { second = 1 }
    !second { line[FNR] = $0; n = FNR; next }
    { m = FNR; if (line[FNR] "" != $0 "") differ++ }
    END { h = line[1] ~ /^(name\t)?class\t/; if (m < n) differ += n - m
          printf "%s\t%d\t%d\n", words, (n > m ? n : m) - h, differ }' "$2" "$3" >>"$out/proof.tsv"
}

# compare_bytes WORDS REFERENCE OTHER: two files that must be equal to the byte; counts as one.
compare_bytes() {
  printf '%s\t1\t%d\n' "$1" "$(cmp -s "$2" "$3" && echo 0 || echo 1)" >>"$out/proof.tsv"
}

levels() {
  local flags
  flags=" $(grep -m 1 -E '^(flags|Features)' /proc/cpuinfo 2>/dev/null | cut -d: -f2) "
  printf scalar
  [[ $flags == *" avx2 "* ]] && printf ' avx2'
  [[ $flags == *" avx512f "* && $flags == *" avx512bw "* && $flags == *" avx512dq "* && $flags == *" avx512vl "* ]] &&
    printf ' avx512'
  [[ $flags == *" asimd "* && $flags == *" crc32 "* ]] && printf ' neon'
  return 0
}

prove() {
  local other=$out/proof level count
  mkdir -p "$other"
  printf 'check\tcompared\tdiffer\n' >"$out/proof.tsv"
  for level in $(levels); do
    for count in 1 2; do
      "$ba" predict --model "$out/model.ba" --cpu "$level" --threads "$count" "$out/test.fa" >"$other/predictions.tsv"
      compare "scores of ba predict --cpu $level --threads $count" "$out/predictions.tsv" "$other/predictions.tsv"
    done
  done
  head -n 401 "$out/ensemble.predictions.tsv" >"$other/first.tsv"
  head -n 800 "$out/test.fa" >"$other/first.fa"
  for level in $(levels); do
    "$ba" predict --model "$out/ensemble.ba" --cpu "$level" --threads 1 "$other/first.fa" >"$other/predictions.tsv"
    compare "scores of the k-mers with a network --cpu $level" "$other/first.tsv" "$other/predictions.tsv"
  done
  for level in $(levels); do
    for count in 1 2; do
      "$ba" train --recipe "$kmer2" --labels "$out/train.tsv" --seed 1 --cpu "$level" --threads "$count" \
        --out "$other/kmer2.ba" --json >"$other/kmer2.json"
      compare_bytes "model file of ba train (2-mers) --cpu $level --threads $count" "$out/kmer2.ba" "$other/kmer2.ba"
    done
  done
  "$ba" scan --model "$out/model.ba" --cpu scalar --threads 1 --window 250 --step 25 "$out/x_genes.fa" >"$other/scan.bedgraph"
  compare "scores of ba scan --cpu scalar --threads 1" "$out/scan.bedgraph" "$other/scan.bedgraph"
  "$ba" cut --from -250 --length 250 "$out/x_genes.fa" >"$other/cut.fa"
  "$ba" predict --model "$out/model.ba" "$other/cut.fa" | cut -f 2- >"$other/cut.tsv"
  awk -F '\t' 'FNR == 1 || $1 ~ /_near$/' "$out/predictions.tsv" | cut -f 2- >"$other/near.tsv"
  compare "promoters cut out by ba cut, scored, against those prepared" "$other/near.tsv" "$other/cut.tsv"
  rm -rf "$other"
}

# ---- the speed ----

# time_scoring MODEL FASTA THREADS: the least of three times from file to file, in seconds.
time_scoring() {
  local try begin spent best=
  for try in 1 2 3; do
    begin=${EPOCHREALTIME/./}
    "$ba" predict --model "$1" --threads "$3" "$2" >"$out/speed.out"
    spent=$((${EPOCHREALTIME/./} - begin))
    if [ "$try" = 1 ] || [ "$spent" -lt "$best" ]; then best=$spent; fi
  done
  printf '%d.%06d\n' $((best / 1000000)) $((best % 1000000))
}

# The k-mers score the test set 20 times over, the network beside them once.
measure() {
  local count bases
  bases=$(awk '!/^>/ { n += length($0) } END { printf "%d", n }' "$out/test.fa")
  for _ in {1..20}; do cat "$out/test.fa"; done >"$out/speed.fa"
  printf 'threads\tbases\tseconds\n' | tee "$out/ensemble.speed.tsv" >"$out/speed.tsv"
  for count in 1 $([ "$threads" -gt 1 ] && echo "$threads"); do
    printf '%s\t%s\t%s\n' "$count" $((20 * bases)) "$(time_scoring "$out/model.ba" "$out/speed.fa" "$count")" \
      >>"$out/speed.tsv"
    printf '%s\t%s\t%s\n' "$count" "$bases" "$(time_scoring "$out/ensemble.ba" "$out/test.fa" "$count")" \
      >>"$out/ensemble.speed.tsv"
  done
  rm -f "$out/speed.fa" "$out/speed.out"
}

describe_machine() {
  printf 'cpu\t%s\n' "$(grep -m 1 'model name' /proc/cpuinfo 2>/dev/null | cut -d: -f2 | sed 's/^ *//' || uname -m)"
  printf 'processors\t%s processors\n' "$(nproc)"
  printf 'levels\t%s\n' "$(levels)"
  printf 'ba\t%s\n' "$("$ba" --version | head -n 1)"
  printf 'system\t%s\n' "$(sed -n 's/^PRETTY_NAME="\(.*\)"$/\1/p' /etc/os-release)"
}

# ---- the run ----

[ -x "$ba" ] || give_up "there is no program at $ba; \`./dev build\` makes it"
[ -x "$python" ] || give_up "$python is missing; \`apt-get install python3\` gives it"
mkdir -p "$out"
$here/fetch.sh "$out/download"
printf 'step\tseconds\tcommand\n' >"$out/steps.tsv"
describe_machine >"$out/machine.txt"

step "preparing the labelled set" - "$python" $here/prepare.py "$source" "$out"

kmer1='Kmer(k=1) | Logistic(l2=1e-5)'
kmer2='Kmer(k=2) | Logistic(l2=1e-5)'
words='Kmer(k=1..8) + PositionKmer(k=1..3)'
both='Kmer(k=1..8) + Kmer(k=3..8, strand=canonical) + PositionKmer(k=1..3)'
train=("$ba" train --labels "$out/train.tsv" --seed 1 --threads "$threads" --json)
step "training the baseline on single bases" "$out/kmer1.train.json" "${train[@]}" --recipe "$kmer1" --out "$out/kmer1.ba"
step "training the baseline on 2-mers" "$out/kmer2.train.json" "${train[@]}" --recipe "$kmer2" --out "$out/kmer2.ba"
step "choosing the settings by cross-validation over chromosome arms, then training" "$out/model.train.json" \
  "${train[@]}" --cv 5 --group group --recipe "$words | Logistic(l2=1e-3, tol=0.01)" \
  --recipe "$words | Logistic(l2=3e-4, tol=0.01)" --recipe "$words | Logistic(l2=1e-4, tol=0.01)" \
  --recipe "$both | Logistic(l2=3e-4, tol=0.01)" --out "$out/model.ba"
# A network beside the k-mers: arm 2L says when the network is at its best and how much each of the two counts.
awk -F '\t' 'NR == 1 || $4 != "2L"' "$out/train.tsv" >"$out/others.tsv"
awk -F '\t' 'NR == 1 || $4 == "2L"' "$out/train.tsv" >"$out/arm2L.tsv"
chosen=$("$python" -c 'import json, sys; print(json.load(open(sys.argv[1]))["recipe"])' "$out/model.train.json")
step "training a network beside the k-mers, weighed on arm 2L" "$out/ensemble.train.json" \
  "$ba" train --labels "$out/others.tsv" --dev "$out/arm2L.tsv" --seed 1 --threads "$threads" --json \
  --recipe "$chosen & @conv_anchored" --out "$out/ensemble.ba"

# Only from here on is chromosome X looked at: every setting is fixed.
evaluate() {
  step "evaluating $1 on chromosome X" "$out/$2.eval.json" "$ba" eval --model "$out/$2.ba" --labels "$out/test.tsv" --json
  step "scoring chromosome X with $1" "$3" "$ba" predict --model "$out/$2.ba" --threads "$threads" "$out/test.fa"
}
evaluate "the k-mers with a network" ensemble "$out/ensemble.predictions.tsv"
evaluate "the k-mers" model "$out/predictions.tsv"
evaluate "the 2-mers" kmer2 "$out/kmer2.predictions.tsv"
evaluate "the single bases" kmer1 "$out/kmer1.predictions.tsv"
step "scoring every window before the X genes" "$out/scan.bedgraph" \
  "$ba" scan --model "$out/model.ba" --threads "$threads" --window 250 --step 25 "$out/x_genes.fa"
step "listing the heaviest features" "$out/features.tsv" "$ba" explain --model "$out/model.ba" --top 2000
"$python" $here/report.py pick "$out"
step "sharing out the scores of some promoters among their bases" "$out/tracks.tsv" \
  "$ba" explain --model "$out/model.ba" "$out/picks.fa"
step "comparing scores over processor levels and threads" - prove
step "measuring the speed of scoring" - measure
"$python" $here/report.py page "$out"
