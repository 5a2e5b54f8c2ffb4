#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Turn 2,000 bases upstream of every fly transcript into a labelled promoter set.

The 250 bases next to a transcript start are a promoter (label 1), the 250 farthest away are not (label 0).
Chromosome X is set aside for the test; the other arms train, grouped by arm for cross-validation.
"""

import argparse
import bisect
import collections
import gzip
import hashlib
import json
import os
import re
import sys

LENGTH = 2000
WINDOW = 250
ARMS = ("2L", "2R", "3L", "3R", "4", "X")
TEST_ARM = "X"

# transcript _up_2000_ chromosome _ first base _ strand, then chromosome:first-last (1-based, both ends included)
HEADER = re.compile(r"^(\w+)_up_\d+_chr(\w+?)_(\d+)_([fr]) chr(\w+):(\d+)-(\d+)$")

Start = collections.namedtuple("Start", "header transcript arm strand first last sequence")
Window = collections.namedtuple("Window", "start label first last sequence")


class BadInput(Exception):
    """The file is not what it should be; the message says where."""


def read_fasta(lines):
    """Yield (header, sequence in upper case) for every record."""
    header, parts = None, []
    for number, line in enumerate(lines, 1):
        line = line.strip()
        if line.startswith(">"):
            if header is not None:
                yield header, "".join(parts).upper()
            header, parts = line[1:], []
        elif line:
            if header is None:
                raise BadInput(f"line {number}: expected a FASTA header, '>', and found {line[:20]!r}")
            parts.append(line)
    if header is None:
        raise BadInput("no FASTA record in the file")
    yield header, "".join(parts).upper()


def parse_header(header):
    """Give (transcript, arm, strand, first, last), or None if the header has another form."""
    match = HEADER.match(header)
    if not match:
        return None
    transcript, chromosome, first, strand, chromosome2, first2, last = match.groups()
    if (chromosome, first) != (chromosome2, first2):
        return None
    return transcript, chromosome, "+" if strand == "f" else "-", int(first), int(last)


def choose_starts(records, steps):
    """Keep one full, N-free record for each distinct transcript start on the main arms; count every step."""
    dropped = collections.Counter()
    seen, starts, total = set(), [], 0
    for header, sequence in records:
        total += 1
        parsed = parse_header(header)
        if parsed is None:
            dropped["header"] += 1
            continue
        transcript, arm, strand, first, last = parsed
        if arm not in ARMS:
            dropped["arm"] += 1
        elif (arm, strand, first, last) in seen:
            dropped["repeat"] += 1
        else:
            seen.add((arm, strand, first, last))
            if len(sequence) != LENGTH or last - first + 1 != LENGTH:
                dropped["length"] += 1
            elif "N" in sequence:
                dropped["N"] += 1
            else:
                starts.append(Start(header, transcript, arm, strand, first, last, sequence))
    kept = total
    steps.append({"step": "records in the file", "of": "records", "dropped": 0, "kept": kept})
    for key, text in (
        ("header", "header of another form (start before the chromosome's first base)"),
        ("arm", "not on one of the six main arms (" + ", ".join(ARMS) + ")"),
        ("repeat", "transcript start already seen (same arm, strand and position)"),
        ("length", f"not {LENGTH:,} bases long"),
        ("N", "holds an N"),
    ):
        kept -= dropped[key]
        steps.append({"step": text, "of": "records", "dropped": dropped[key], "kept": kept})
    return starts


def cut_windows(start):
    """Give (near, far): the windows next to the start and farthest from it, with their place on the chromosome.

    The sequence always reads towards the start. On the + strand it ends at `last`, on the - strand at `first`.
    """
    near, far = start.sequence[-WINDOW:], start.sequence[:WINDOW]
    low, high = (start.first, start.first + WINDOW - 1), (start.last - WINDOW + 1, start.last)
    if start.strand == "+":
        return Window(start, 1, *high, near), Window(start, 0, *low, far)
    return Window(start, 1, *low, near), Window(start, 0, *high, far)


def without_duplicates(windows):
    """Keep the first of windows with the same letters."""
    first = {}
    for window in windows:
        first.setdefault(window.sequence, window)
    return list(first.values())


def without_overlaps(negatives, positives):
    """Drop negatives that share a base with any positive window, on either strand: other genes' promoters."""
    places = collections.defaultdict(list)
    for window in positives:
        places[window.start.arm].append(window.first)
    for firsts in places.values():
        firsts.sort()

    def is_free(window):
        firsts = places[window.start.arm]
        i = bisect.bisect_left(firsts, window.first - WINDOW + 1)
        return i == len(firsts) or firsts[i] > window.last

    return [window for window in negatives if is_free(window)]


def choose_windows(starts, steps):
    """Give the labelled windows in file order, near before far; count every step."""

    def count(of, text, before, after):
        steps.append({"step": text, "of": of, "dropped": before - after, "kept": after})

    pairs = [cut_windows(start) for start in starts]
    all_near, all_far = [near for near, _ in pairs], [far for _, far in pairs]
    positives = without_duplicates(all_near)
    count("positives", f"the {WINDOW} bases next to the start", len(all_near), len(all_near))
    count("positives", "the same letters as an earlier positive", len(all_near), len(positives))
    distinct = without_duplicates(all_far)
    negatives = without_overlaps(distinct, all_near)
    count("negatives", f"the {WINDOW} bases farthest from the start", len(all_far), len(all_far))
    count("negatives", "the same letters as an earlier negative", len(all_far), len(distinct))
    count("negatives", "overlaps a promoter window on either strand", len(distinct), len(negatives))
    order = {start: i for i, start in enumerate(starts)}
    return sorted(positives + negatives, key=lambda w: (order[w.start], -w.label))


def window_name(window):
    """A name that is unique in the set: the record's first word and which end was taken."""
    return window.start.header.split()[0] + ("_near" if window.label else "_far")


def place(window):
    """The window's place on the chromosome, 1-based, both ends included."""
    return f"chr{window.start.arm}:{window.first}-{window.last}({window.start.strand})"


def write(path, lines):
    """Write a text file so that it appears whole or not at all."""
    part = path + ".part"
    with open(part, "w", encoding="ascii", newline="\n") as handle:
        handle.writelines(line + "\n" for line in lines)
    os.replace(part, path)


def table(windows):
    """Lines of a label table."""
    yield "name\tsequence\tlabel\tgroup"
    for window in windows:
        yield f"{window_name(window)}\t{window.sequence}\t{window.label}\t{window.start.arm}"


def prepare(source, out):
    """Read the FASTA file `source` and write the demo's files into the folder `out`; give the counts."""
    steps = []
    with open(source, "rb") as raw:
        data = raw.read()
    if data[:2] == b"\x1f\x8b":
        digest = hashlib.sha256(data).hexdigest()
        data = gzip.decompress(data)
    else:
        digest = hashlib.sha256(data).hexdigest()
    starts = choose_starts(read_fasta(data.decode("ascii").splitlines()), steps)
    windows = choose_windows(starts, steps)
    train = [window for window in windows if window.start.arm != TEST_ARM]
    test = [window for window in windows if window.start.arm == TEST_ARM]
    genes = [window.start for window in test if window.label]
    os.makedirs(out, exist_ok=True)
    write(os.path.join(out, "train.tsv"), table(train))
    write(os.path.join(out, "test.tsv"), table(test))
    write(os.path.join(out, "test.fa"), (f">{window_name(w)} {place(w)}\n{w.sequence}" for w in test))
    write(os.path.join(out, "x_genes.fa"), (f">{s.header}\n{s.sequence}" for s in genes))
    arms = collections.Counter((w.start.arm, w.label) for w in windows)
    counts = {
        "source": os.path.basename(source),
        "sha256": digest,
        "steps": steps,
        "arms": [{"arm": a, "positives": arms[a, 1], "negatives": arms[a, 0]} for a in ARMS],
        "total": len(windows),
        "train": len(train),
        "test": len(test),
        "test_genes": len(genes),
    }
    write(os.path.join(out, "counts.json"), [json.dumps(counts, indent=1)])
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("fasta", help="dm3_upstream2000.fa.gz, or the same unpacked")
    parser.add_argument("out", help="folder to write to, for example build/demo")
    arguments = parser.parse_args()
    try:
        counts = prepare(arguments.fasta, arguments.out)
    except (OSError, EOFError, UnicodeDecodeError, BadInput) as error:
        print(f"prepare.py: {arguments.fasta}: {error}", file=sys.stderr)
        return 2
    for step in counts["steps"]:
        print(
            f"{step['of']:>9}  {step['kept']:>6,} kept  {step['dropped']:>6,} dropped  {step['step']}", file=sys.stderr
        )
    print(f"{counts['total']:,} sequences: {counts['train']:,} train, {counts['test']:,} test", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
