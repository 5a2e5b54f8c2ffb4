# SPDX-License-Identifier: MIT
"""The figures of merit, the motifs and the page of the demo, against values worked out by hand or by brute force."""

import json
import os
import random
import re
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = os.path.join(ROOT, "examples", "promoters")
sys.path.insert(0, HERE)
import figures  # noqa: E402
import motifs  # noqa: E402
import report  # noqa: E402


def rows(scores, labels):
    return [(score, score, label) for score, label in zip(scores, labels)]


# ---- figures of merit


def test_auroc_counts_pairs_and_halves_ties():
    chance = random.Random(1)
    scores = [chance.randrange(12) / 12 for _ in range(90)]
    labels = [int(chance.random() < 0.2 + 0.6 * score) for score in scores]
    positive = [s for s, label in zip(scores, labels) if label]
    negative = [s for s, label in zip(scores, labels) if not label]

    def wins(p, n):
        return 1.0 if p > n else 0.5 if p == n else 0.0

    pairs = [[wins(p, n) for n in negative] for p in positive]
    area = sum(map(sum, pairs)) / len(positive) / len(negative)
    above = [sum(row) / len(negative) for row in pairs]
    below = [sum(row[i] for row in pairs) / len(positive) for i in range(len(negative))]
    variance = sum((v - area) ** 2 for v in above) / (len(above) - 1) / len(above)
    variance += sum((v - area) ** 2 for v in below) / (len(below) - 1) / len(below)
    got, half = report.auroc(rows(scores, labels))
    assert got == pytest.approx(area, abs=1e-12)
    assert half == pytest.approx(1.96 * variance**0.5, abs=1e-12)


def test_roc_goes_from_corner_to_corner_and_takes_ties_at_once():
    curve = report.roc(rows([3, 2, 2, 1], [1, 1, 0, 0]), points=1000)
    assert curve == [(0, 0), (0, 0.5), (0.5, 1), (1, 1)]


def test_calibration_gives_wilson_intervals():
    # 8 of 10: the Wilson interval at z = 1.96 is 0.4902 to 0.9433 (Newcombe 1998 tabulates such values).
    ((mean, share, low, high),) = report.calibration(rows([0.75] * 10, [1] * 8 + [0] * 2), groups=1)
    assert (mean, share) == (0.75, 0.8)
    assert low == pytest.approx(0.4902, abs=1e-4)
    assert high == pytest.approx(0.9433, abs=1e-4)


# ---- motifs


def test_iupac_patterns_are_found_on_both_strands():
    assert motifs.occurrences("TCAGTY", "AATCAGTCAA") == [(2, "+")]
    assert motifs.occurrences("TCAGTY", motifs.reverse_complement("AATCAGTTAA")) == [(2, "-")]
    assert motifs.occurrences("TATCGATA", "TATCGATA") == [(0, "+")]
    assert motifs.occurrences("TATAAA", "TATCAA") == []


@pytest.mark.parametrize(
    "kmer, offset",
    [
        ("TATAAA", 0),
        ("TATAA", 0),
        ("ATAAA", 1),
        ("GTATAAAG", -1),
        ("TAAAAG", 2),
        ("CCCCCC", None),
        ("TAAACC", 2),
        ("AAACCC", None),
    ],
)
def test_a_kmer_is_placed_where_it_agrees_with_the_seed(kmer, offset):
    assert motifs.place_on("TATAAA", kmer) == offset


def test_groups_are_named_and_turned_to_the_known_strand():
    weights = [("TTTATA", 2.0), ("TTTATAC", 1.5), ("TTATA", 1.0), ("CAGCTG", 1.8), ("ACAGCTG", 1.0), ("GGGGG", 0.9)]
    found = motifs.group(weights, 5)
    assert [motif.label for motif in found] == ["TATA box", "E-box"]  # a lone k-mer makes no group
    tallest = "".join(column[-1][0] for column in found[0].columns)
    assert "TATAAA" in tallest
    assert sorted(member.weight for member in found[0].members) == [1.0, 1.5, 2.0]
    assert found[0].columns[0][-1][1] <= 1


def test_a_column_where_all_agree_is_two_bits_high():
    members = [motifs.Member("ACGTA", 2.0, 0, False), motifs.Member("ACGTC", 2.0, 0, False)]
    columns = motifs.columns_of(members)
    assert columns[0] == [("A", 1.0)]
    # Half A, half C: one bit of two, so each letter is a quarter high.
    assert sorted(columns[4]) == [("A", 0.25), ("C", 0.25)]


def test_words_that_only_look_alike_get_no_name():
    found = motifs.group([("GGGCCG", 1.0), ("GGGCC", 0.8)], 5)
    assert [motif.label for motif in found] == [None]


# ---- drawings and the page


def test_track_draws_letters_above_and_below_the_line():
    drawing = figures.track("ACGT", [1.0, -1.0, 0.0, 0.5], [(0, 2, "site")], "t", per_row=4, width=400, first_label=-4)
    assert drawing.count("<use") == 3  # a letter without weight is not drawn
    heights = {
        m.group(1): float(m.group(2))
        for m in re.finditer(r'#letter-(\w)" transform="matrix\(\S+ 0 0 \S+ \S+ (\S+)\)', drawing)
    }
    line = float(re.search(r'class="axis" x1="0" y1="([\d.]+)"', drawing).group(1))
    assert heights["C"] == line and heights["A"] < heights["T"] < line
    assert ">site</text>" in drawing and ">\u22121</text>" in drawing


def write(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as handle:
        handle.write(text)


def small_run(folder):
    """The files of a run on forty made-up sequences."""
    chance = random.Random(3)
    letters = ["".join(chance.choices("ACGT", k=250)) for _ in range(40)]
    names = [f"NM_{i}_up_2000_chrX_{i}_f_{'near' if i % 2 else 'far'}" for i in range(40)]
    scores = [chance.gauss(1.0 if i % 2 else -1.0, 1.0) for i in range(40)]
    write(
        folder,
        "test.tsv",
        "name\tsequence\tlabel\tgroup\n"
        + "".join(f"{n}\t{s}\t{i % 2}\tX\n" for i, (n, s) in enumerate(zip(names, letters))),
    )
    table = "name\tclass\tprobability\tscore\n" + "".join(
        f"{n}\t{int(s > 0)}\t{1 / (1 + 2.718281828 ** -s):.17g}\t{s:.17g}\n" for n, s in zip(names, scores)
    )
    area = report.auroc([(s, s, i % 2) for i, s in enumerate(scores)])[0]
    merit = dict(
        n=40,
        accuracy=0.8,
        mcc=0.6,
        auroc=area,
        auprc=0.8,
        log_loss=0.5,
        brier=0.2,
        ece=0.05,
        confusion=[[16, 4], [4, 16]],
    )
    for name in ("ensemble", "model", "kmer1", "kmer2"):
        write(folder, "predictions.tsv" if name == "model" else f"{name}.predictions.tsv", table)
        write(folder, f"{name}.eval.json", json.dumps(merit))
    cv = {
        "recipe": "Kmer(k=1..8) | Logistic(l2=1e-3)",
        "cv": {"auroc": 0.8, "mcc": 0.5, "log_loss": 0.5},
        "cpu_seconds": 7.25,
    }
    write(
        folder,
        "model.train.json",
        json.dumps(
            dict(
                candidates=[cv],
                recipe="Kmer(k=1..8) <b>",
                fit_cpu_seconds=1.25,
                cv_cpu_seconds=5,
                iterations=9,
                rows=90,
                peak_memory_bytes=10**8,
            )
        ),
    )
    write(folder, "ensemble.train.json", json.dumps({"fit_cpu_seconds": 88}))
    step = {"step": "records in the file", "of": "records", "dropped": 0, "kept": 40}
    write(
        folder,
        "counts.json",
        json.dumps(
            dict(
                source="f.fa.gz",
                sha256="ab",
                steps=[step],
                arms=[{"arm": "X", "positives": 20, "negatives": 20}],
                total=40,
                train=0,
                test=40,
                test_genes=20,
            )
        ),
    )
    write(
        folder,
        "features.tsv",
        "feature\tweight\nKmer_TATAAA\t2\nKmer_TATAA\t1.5\nPositionKmer_A.pos249\t-1\n"
        "Kmer_CCTCC\t-0.5\nKmer_CCTCCT\t-0.4\nKmer_4.slot7\t0.1\n",
    )
    bed = "".join(
        f"{n[:-5]}\t{a}\t{a + 250}\t{s:.17g}\n"
        for n, s in zip(names, scores)
        if n.endswith("near")
        for a in (0, 875, 1750)
    )
    write(folder, "scan.bedgraph", bed)
    write(folder, "proof.tsv", "check\tcompared\tdiffer\nscores\t40\t0\n")
    write(folder, "speed.tsv", "threads\tbases\tseconds\n1\t1000000\t0.5\n2\t1000000\t0.25\n")
    write(folder, "ensemble.speed.tsv", "threads\tbases\tseconds\n1\t1000000\t0.5\n2\t1000000\t0.25\n")
    write(folder, "steps.tsv", "step\tseconds\tcommand\ntraining\t1.5\tba train --recipe 'a | b'\nproving\t1.5\t\n")
    write(folder, "machine.txt", "cpu\tsome processor\nlevels\tscalar\n")
    report.pick(folder)
    picked = open(os.path.join(folder, "picks.fa")).read().split("\n")[:-1]
    write(
        folder,
        "tracks.tsv",
        "name\tposition\tletter\tattribution\n"
        + "".join(
            f"{h[1:].split()[0]}\t{i}\t{letter}\t{chance.gauss(0, 0.1):.9g}\n"
            for h, s in zip(picked[::2], picked[1::2])
            for i, letter in enumerate(s)
        ),
    )
    return names, scores


def page(folder):
    return subprocess.run(
        [sys.executable, os.path.join(HERE, "report.py"), "page", folder], capture_output=True, text=True
    )


def test_the_page_is_whole_and_asks_nothing_of_the_network(tmp_path):
    folder = str(tmp_path)
    small_run(folder)
    done = page(folder)
    assert done.returncode == 0, done.stderr
    alone, first, second = done.stdout.splitlines()
    assert re.fullmatch(r"demo: by k-mers alone AUROC 0\.\d{3}, 1\.2 s train, 4\.0 Mbases/s scored", alone)
    assert re.fullmatch(
        r"demo: AUROC 0\.\d{3} on chromosome X, 40 test sequences, 88\.0 s train, 4\.0 Mbases/s scored", first
    )
    assert second == f"open {folder}/report.html"
    text = open(os.path.join(folder, "report.html"), encoding="utf-8").read()
    assert not re.search(r"(https?:)?//[a-z]|<script|<link|@import|url\(", text)
    assert "TATA box" in text and "Kmer(k=1..8) &lt;b&gt;" in text and "0 of 64 compared results differ" in text
    assert "7.25 s" in text
    for tag in ("svg", "g", "div", "table", "tr", "td", "figure", "p", "h2", "ol", "li", "main"):
        assert len(re.findall(rf"<{tag}[ >]", text)) == text.count(f"</{tag}>"), tag


def test_the_picks_are_the_best_promoter_and_the_worst(tmp_path):
    names, scores = small_run(str(tmp_path))
    near = sorted((s, n) for s, n in zip(scores, names) if n.endswith("near"))
    heads = [line[1:].split()[0] for line in open(tmp_path / "picks.fa") if line[0] == ">"]
    assert heads[0] == near[-1][1] and heads[-1] == near[0][1]


def test_a_difference_is_told_and_ends_with_5(tmp_path):
    folder = str(tmp_path)
    small_run(folder)
    lines = open(os.path.join(folder, "scan.bedgraph")).read().splitlines()
    cells = lines[-1].split("\t")
    cells[3] = repr(float(cells[3]) * (1 + 1e-15))
    write(folder, "scan.bedgraph", "\n".join(lines[:-1] + ["\t".join(cells)]) + "\n")
    done = page(folder)
    assert done.returncode == 5 and "last window of ba scan" in done.stderr
    assert "1 of 64 compared results differ" in open(os.path.join(folder, "report.html")).read()


def test_names_that_do_not_agree_are_refused(tmp_path):
    folder = str(tmp_path)
    small_run(folder)
    text = open(os.path.join(folder, "kmer1.predictions.tsv")).read()
    write(folder, "kmer1.predictions.tsv", text.replace("NM_3_", "NM_x_"))
    done = page(folder)
    assert done.returncode != 0 and "kmer1.predictions.tsv" in done.stderr
    assert not os.path.exists(os.path.join(folder, "report.html"))


# ---- run.sh without its data


def test_offline_it_says_what_to_fetch_and_where_to_put_it(tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("apt-get", "ba"):
        (tools / name).write_text("#!/bin/sh\nexit 100\n")
        (tools / name).chmod(0o755)
    out = tmp_path / "demo"
    settings = dict(os.environ, PATH=f"{tools}:{os.environ['PATH']}", BA=str(tools / "ba"), BA_DEMO_OUT=str(out))
    done = subprocess.run([os.path.join(HERE, "run.sh")], env=settings, capture_output=True, text=True)
    assert done.returncode == 3
    assert "apt-get download r-bioc-biostrings" in done.stderr
    assert f"{out}/download/" in done.stderr and "dm3_upstream2000.fa.gz" in done.stderr
    (out / "download" / "dm3_upstream2000.fa.gz").write_bytes(b"another file")
    done = subprocess.run([os.path.join(HERE, "run.sh")], env=settings, capture_output=True, text=True)
    assert done.returncode == 3 and "SHA-256" in done.stderr


def test_without_the_program_it_says_how_to_build_it(tmp_path):
    settings = dict(os.environ, BA=str(tmp_path / "ba"), BA_DEMO_OUT=str(tmp_path / "demo"))
    done = subprocess.run([os.path.join(HERE, "run.sh")], env=settings, capture_output=True, text=True)
    assert done.returncode == 3 and "./dev build" in done.stderr
