# SPDX-License-Identifier: MIT
"""Scans of both strands, and called peaks: against each window by itself, in plain Python."""

import random

import pytest

from program import ba, fails, fasta, ok, sequences, table

FLIP = str.maketrans("ACGTRYacgt", "TGCAYRtgca")


@pytest.fixture(name="place", scope="module")
def made_place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("peaks")
    (folder / "pos.fa").write_text(fasta(sequences(1, 200, 40, ["TATAAAAGG"])))
    (folder / "neg.fa").write_text(fasta(sequences(2, 200, 40, [""])))
    ok("train", "--recipe", "Kmer(k=4, value=count, norm=none) | Logistic(l2=1e-3)", "--pos", "pos.fa", "--neg", "neg.fa",
       "--out", "m.ba", cwd=folder)
    source = random.Random(5)
    long = "".join(source.choices("ACGT", k=6000))
    for at, word in ((500, "TATAAAAGGTATAAAAGG"), (2500, "CCTTTTATACCTTTTATA"), (4000, "TATAAAAGG"), (5100, "TATAAAAGGTATAAAAGG")):
        long = long[:at] + word + long[at + len(word):]
    long = long[:3000] + "NNNNRYacgt" + long[3010:]
    (folder / "g.fa").write_text(f">chr1\n{long}\n>chr2\n{long[480:560]}\n>short\nACGT\n")
    return folder


def scores(place, found):
    return [float(row["score"]) for row in table(ok("predict", "--model", "m.ba", "-", data=fasta(found), cwd=place))]


def windows_of(place, window, step):
    """(name, start, letters) of all."""
    records = [text.split("\n", 1) for text in (place / "g.fa").read_text().split(">")[1:]]
    return [(name, at, letters.strip()[at:at + window]) for name, letters in records
            for at in range(0, len(letters.strip()) - window + 1, step)]


def bedgraph(text):
    return [(name, int(start), float(score)) for name, start, _, score in (line.split("\t") for line in text.splitlines())]


@pytest.mark.parametrize("step", [1, 13])
def test_strands(place, step):
    found = windows_of(place, 60, step)
    forward = scores(place, [letters for _, _, letters in found])
    reverse = scores(place, [letters[::-1].translate(FLIP) for _, _, letters in found])
    for strand, expected in (("forward", forward), ("reverse", reverse), ("both", list(map(max, forward, reverse)))):
        got = bedgraph(ok("scan", "--model", "m.ba", "--window", 60, "--step", step, "--strand", strand, "g.fa", cwd=place))
        assert got == [(name, start, score) for (name, start, _), score in zip(found, expected)]


def joined(found, values, strands, window, threshold):
    """Windows from the threshold on, those that touch or overlap as one."""
    peaks = []
    for (name, start, _), value, strand in zip(found, values, strands):
        if value < threshold:
            continue
        if peaks and peaks[-1][0] == name and start <= peaks[-1][2]:
            last = peaks[-1]
            last[2] = start + window
            if value > last[3]:
                last[3:] = [value, strand]
        else:
            peaks.append([name, start, start + window, value, strand])
    return [[name, str(start), str(end), f"peak_{i}", f"{value:.6g}", strand]
            for i, (name, start, end, value, strand) in enumerate(peaks, 1)]


def test_peaks_of_a_threshold(place):
    found = windows_of(place, 60, 5)
    pairs = list(zip(scores(place, [letters for _, _, letters in found]),
                     scores(place, [letters[::-1].translate(FLIP) for _, _, letters in found])))
    values, strands = [max(pair) for pair in pairs], ["-" if b > a else "+" for a, b in pairs]
    threshold = sorted(values)[-60]
    graph = ok("scan", "--model", "m.ba", "--window", 60, "--step", 5, "--strand", "both", "--peaks", "p.bed", "--threshold",
               repr(threshold), "g.fa", cwd=place)
    assert len(graph.splitlines()) == len(found)
    lines = [line.split("\t") for line in (place / "p.bed").read_text().splitlines()]
    assert lines == joined(found, values, strands, 60, threshold)
    assert {line[0] for line in lines} == {"chr1", "chr2"} and {line[5] for line in lines} == {"+", "-"}


def test_peaks_of_a_rate(place):
    """At the threshold that is told, the letters in reverse have no more than that share of the windows."""
    done = ba("scan", "--model", "m.ba", "--window", 60, "--step", 1, "--peaks", "q.bed", "--fdr", "0.1", "--out", "s.bg",
              "g.fa", cwd=place)
    assert done.returncode == 0, done.stderr
    words = done.stderr.split()
    threshold, real, null = float(words[3].rstrip(",")), int(words[6]), int(words[words.index("and") + 1])
    found = windows_of(place, 60, 1)
    values = scores(place, [letters for _, _, letters in found])
    backwards = scores(place, [letters[::-1] for _, _, letters in found])
    near = threshold - abs(threshold) * 1e-5  # it is told with six digits
    assert sum(value >= near for value in values) == real and sum(value >= near for value in backwards) == null
    assert real > 0 and null <= 0.1 * real
    lines = [line.split("\t") for line in (place / "q.bed").read_text().splitlines()]
    assert lines == joined(found, values, ["+"] * len(values), 60, near)
    assert any(int(line[1]) <= 500 < int(line[2]) for line in lines) and any(int(line[1]) <= 5100 < int(line[2]) for line in lines)


def test_refusals(place):
    scan = ("scan", "--model", "m.ba", "--window", 60, "--step", 1)
    fails(1, "--peaks goes with --threshold or --fdr", *scan, "--peaks", "x.bed", "g.fa", cwd=place)
    fails(1, "--peaks goes with --threshold or --fdr", *scan, "--fdr", "0.1", "g.fa", cwd=place)
    fails(1, "expected forward, reverse or both", *scan, "--strand", "-", "g.fa", cwd=place)
    fails(1, "expected a number from", *scan, "--peaks", "x.bed", "--fdr", "2", "g.fa", cwd=place)
    fails(1, "reads the sequences twice", *scan, "--peaks", "x.bed", "--fdr", "0.1", "-", cwd=place)
    fails(2, "no threshold has a false-discovery rate", *scan, "--peaks", "x.bed", "--fdr", "1e-9", "neg.fa", cwd=place)
    assert not (place / "x.bed").exists()
