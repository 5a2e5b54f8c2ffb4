# SPDX-License-Identifier: MIT
"""The program ba, from outside: what each command writes.

Run by pytest with the program in the environment variable BA, or at build/release/ba. Expected values are worked out
here in plain Python, by hand, or from another command that must agree.
"""

import ast
import gzip
import json
import math
import pathlib
import random
import re
import struct
import subprocess

import pytest

from program import BA, COMMANDS, COMPLEMENT, RECIPE, ba, fails, fasta, listing, ok, sequences, table

# ---- help and usage ----


def test_version_names_the_library():
    lines = ok("--version").splitlines()
    assert re.fullmatch(r"ba \d+\.\d+\.\d+", lines[0])
    assert "levels: scalar" in lines[1]


def test_help_lists_every_command():
    text = ok("--help")
    assert re.findall(r"^  (\w+) {2,}", text, re.M)[:len(COMMANDS)] == list(COMMANDS)
    assert ok("help") == text


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_teaches(command):
    text = ok(command, "--help")
    assert text.startswith(f"usage: ba {command} ")
    assert f"\nexamples\n  ba {command} " in text
    for option in ("--json", "--threads N", "--cpu LEVEL", "--memory-limit BYTES", "--seed N"):
        assert option in text
    assert all(len(line) <= 120 for line in text.splitlines())
    assert ok("help", command) == text
    assert ok(command, "-h") == text


def test_help_recipe_is_the_reference():
    text = ok("help", "recipe")
    assert "PositionKmer" in text and "Logistic" in text


def test_without_a_command_it_says_how():
    done = ba()
    assert done.returncode == 1 and "usage: ba COMMAND" in done.stderr and done.stdout == ""
    done = ba("bogus")
    assert done.returncode == 1 and done.stderr == "ba: there is no command 'bogus'; `ba --help` lists them\n"


@pytest.mark.parametrize("arguments, pattern", [
    (["stats"], "a file is missing"),
    (["stats", "--bogus", "x.fa"], "there is no option --bogus"),
    (["stats", "-x", "x.fa"], "there is no option -x"),
    (["stats", "--json=1", "x.fa"], "--json takes no value"),
    (["stats", "x.fa", "--threads"], "--threads needs a value"),
    (["stats", "x.fa", "--threads", "two"], "--threads 'two': expected a whole number"),
    (["stats", "x.fa", "--threads", "0"], "--threads 0: expected 1 to 256"),
    (["stats", "x.fa", "--memory-limit", "5Q"], "--memory-limit '5Q'"),
    (["stats", "x.fa", "--cpu", "fast"], "--cpu fast: .*scalar"),
    (["stats", "x.fa", "--seed", "-1"], "--seed -1: expected 0 or more"),
    (["cut", "x.fa"], "--from is missing"),
    (["cut", "--from", "x", "x.fa"], "--from 'x': expected a whole number"),
    (["cut", "--from", "0", "--length", "-2", "x.fa"], "--length -2: expected 0 or more"),
    (["cut", "--from", "-3", "--length", "4", "x.fa"], "fewer than --length 4"),
    (["cut", "--from", "0", "--bed", "b", "x.fa"], "not both"),
    (["cut", "--from", "0", "x.fa", "y.fa"], "'y.fa' is one argument too many"),
    (["cut", "--from", "0", "--json", "x.fa"], "--json needs --out"),
    (["features", "x.fa"], "--recipe is missing"),
    (["features", "--recipe", "Kmers(k=2)", "x.fa"], "column 1"),
    (["features", "--recipe", "Kmer(k=99)", "x.fa"], "column"),
    (["features", "--recipe", "Kmer(k=2)", "--format", "xml", "x.fa"], "--format 'xml': expected tsv, libsvm or npy"),
    (["features", "--recipe", "Kmer(k=2)", "--output", "raw", "x.fa"], "expected values or counts"),
    (["features", "--recipe", "Kmer(k=10)", "x.fa"], "1048576 columns.*--format libsvm"),
    (["features", "--recipe", "PositionKmer(k=1)", "-"], "cannot be read twice"),
    (["features", "--recipe", "Kmer(k=1)", "--format", "npy", "-"], "cannot be read twice"),
    (["train", "--pos", "x.fa", "--neg", "x.fa", "--out", "m.ba"], "--recipe is missing"),
    (["train", "--recipe", RECIPE, "--pos", "x.fa", "--neg", "x.fa"], "--out is missing"),
    (["train", "--recipe", RECIPE, "--out", "m.ba"], "the data are missing"),
    (["train", "--recipe", RECIPE, "--pos", "x.fa", "--out", "m.ba"], "--pos needs --neg"),
    (["train", "--recipe", RECIPE, "--pos", "x.fa", "--labels", "t", "--out", "m.ba"], "not both"),
    (["train", "--recipe", RECIPE, "--labels", "t", "--cv", "1", "--out", "m.ba"], "--cv 1: expected 2 or more"),
    (["train", "--recipe", RECIPE, "--labels", "t", "--cv", "2", "--dev", "d", "--out", "m.ba"], "not both"),
    (["train", "--recipe", RECIPE, "--labels", "t", "--group", "g", "--out", "m.ba"], "--cv, which is missing"),
    (["train", "--recipe", RECIPE, "--labels", "t", "--choose", "f1", "--out", "m.ba"], "--choose 'f1': expected"),
    (["train", "--recipe", RECIPE, "--labels", "t", "--cv", "2", "--by", "date", "--out", "m.ba"], "--by 'date'"),
    (["train", "--recipe", "Kmer(k=2) | Bogus()", "--labels", "t", "--out", "m.ba"], "column"),
    (["train", "--recipe", "Kmer(k=2) | Logistic(l2=1)", "--l2", "1", "--labels", "t", "--out", "m.ba"], "l2= already"),
    (["train", "--recipe", "Kmer(k=2)", "--l2", "1,2", "--labels", "t", "--out", "m.ba"], "no model term"),
    (["train", "--recipe", "Kmer(k=2) | Logistic()", "--l2", "1,,2", "--labels", "t", "--out", "m.ba"], "--l2"),
    (["eval", "--labels", "t.csv"], "--model is missing"),
    (["eval", "--model", "m.ba"], "the data are missing"),
    (["eval", "--model", "m.ba", "--labels", "t.csv", "--part", "half"], "--part 'half'"),
    (["predict", "x.fa"], "--model is missing"),
    (["predict", "--model", "m.ba"], "a file is missing"),
    (["scan", "--model", "m.ba", "x.fa"], "--window and --step are needed"),
    (["explain", "--model", "m.ba", "--top", "0"], "--top 0"),
    (["info"], "a file is missing"),
    (["selftest"], "a file is missing"),
    (["help", "bogus"], "no command or topic 'bogus'"),
])
def test_usage_errors_end_with_1(tmp_path, arguments, pattern):
    (tmp_path / "x.fa").write_text(">a\nACGT\n")
    fails(1, pattern, *arguments, cwd=tmp_path)
    assert listing(tmp_path) == ["x.fa"]


# ---- stats ----


def test_stats_puts_pieces_together(tmp_path):
    """Sequences longer than what is read at a time."""
    (tmp_path / "a.fa").write_text(">a\n" + "ACGGN" * 120_000 + "\n>b\n" + "A" * 262_144 + "\n>c\nT\n")
    found = json.loads(ok("stats", "--json", "a.fa", cwd=tmp_path))[0]
    expected = {"file": "a.fa", "format": "FASTA", "records": 3, "letters": 862_145, "min_length": 1,
                "mean_length": 862_145 / 3, "max_length": 600_000, "n50": 600_000, "gc": 360_000 / 742_145,
                "ambiguous": 120_000, "mean_quality": None}
    assert {name: found[name] for name in expected} == expected


def test_stats_counts_fasta_and_fastq(tmp_path):
    (tmp_path / "a.fa").write_text(">a x\nACGT\nNNac\n>b\r\nGGGUC\r\n>c\n\n>d\nGC")
    (tmp_path / "b.fq.gz").write_bytes(gzip.compress(b"@r\nACGT\n+\nII5!\n@s\nGG\n+\n!!\n"))
    first, second = json.loads(ok("stats", "--json", "a.fa", "b.fq.gz", cwd=tmp_path))
    # lengths 8, 5, 0 and 2: half of 15 letters is reached by the first; G and C: 3 + 4 + 2 of 13 known letters
    assert first == {"file": "a.fa", "format": "FASTA", "records": 4, "letters": 15, "min_length": 0,
                     "mean_length": 3.75, "max_length": 8, "n50": 8, "gc": 9 / 13, "ambiguous": 2, "mean_quality": None,
                     "left_out": 0, "trimmed_records": 0, "trimmed_letters": 0}
    # I is 40, 5 is 20, ! is 0
    assert second == {"file": "b.fq.gz", "format": "FASTQ", "records": 2, "letters": 6, "min_length": 2,
                      "mean_length": 3, "max_length": 4, "n50": 4, "gc": 4 / 6, "ambiguous": 0, "mean_quality": 100 / 6,
                      "left_out": 0, "trimmed_records": 0, "trimmed_letters": 0}
    lines = ok("stats", "a.fa", "b.fq.gz", cwd=tmp_path).splitlines()
    assert len(lines) == 3 and len({len(line) for line in lines}) == 1
    assert lines[1].split() == ["a.fa", "FASTA", "4", "15", "0", "3.8", "8", "8", "0.6923", "2", "-"]


def test_stats_n50_of_short_and_long_records(tmp_path):
    source = random.Random(5)
    for _ in range(5):
        lengths = [source.choice([source.randrange(1, 300), source.randrange(65000, 90000)]) for _ in range(12)]
        (tmp_path / "x.fa").write_text("".join(f">r\n{'A' * n}\n" for n in lengths))
        held, expected = 0, 0
        for n in sorted(lengths, reverse=True):
            held += n
            if 2 * held >= sum(lengths):
                expected = n
                break
        assert json.loads(ok("stats", "--json", tmp_path / "x.fa"))[0]["n50"] == expected


def test_stats_reads_standard_input():
    assert json.loads(ok("stats", "--json", "-", data=">a\nACG\n"))[0]["letters"] == 3


# ---- cut ----


def test_cut_by_position(tmp_path):
    (tmp_path / "x.fa").write_text(">a one two\nACGTA\nCCTTG\n>b\nGGG\n>c\nTTTTTT\n")
    assert ok("cut", "--from", "2", "--length", "3", "x.fa", cwd=tmp_path) == ">a one two\nGTA\n>c\nTTT\n"
    assert ok("cut", "--from", "-4", "--length", "2", "x.fa", cwd=tmp_path) == ">a one two\nCT\n>c\nTT\n"
    assert ok("cut", "--from=-3", "x.fa", cwd=tmp_path) == ">a one two\nTTG\n>b\nGGG\n>c\nTTT\n"
    done = ba("cut", "--from", "2", "--length", "3", "x.fa", cwd=tmp_path)
    assert done.stderr == "ba cut: left out 1 of 3 records: shorter than 5 letters\n"
    done = ba("cut", "--from", "-4", "x.fa", cwd=tmp_path)
    assert done.stderr == "ba cut: left out 1 of 3 records: shorter than 4 letters\n"


def test_cut_keeps_qualities():
    text = "@r one\nACGTA\n+\nabcde\n@s\nGG\n+\nfg\n@t\n\n+\n\n"
    assert ok("cut", "--from", "1", "--length", "1", "-", data=text) == "@r one\nC\n+\nb\n@s\nG\n+\ng\n"
    assert ok("cut", "--from", "0", "--length", "0", "-", data="@t\n\n+\n\n") == "@t\n\n+\n\n"


def test_cut_by_bed(tmp_path):
    (tmp_path / "x.fa").write_text(">chr1 one\nACGTNacgta\n>chr2\nRYKM\n")
    bed = "#c\ntrack x\nchr2\t0\t4\tp2\t0\t-\nchr1\t2\t6\tp1\t0\t+\r\nchr1\t4\t8\t.\t0\t-\nchr1\t8\t11\nchr9\t0\t1\n\n"
    (tmp_path / "b.bed").write_text(bed)
    done = ba("cut", "--bed", "b.bed", "--out", "y.fa", "--json", "x.fa", cwd=tmp_path)
    assert done.returncode == 0
    assert (tmp_path / "y.fa").read_text() == (">chr1:2-6(+) p1\nGTNa\n>chr1:4-8(-)\ncgtN\n"
                                              ">chr2:0-4(-) p2\nKMRY\n")
    assert json.loads(done.stdout) == {"records": 2, "written": 3, "left_out": 2}
    assert "left out 1 of 5 regions: they end beyond their record" in done.stderr
    assert "left out 1 of 5 regions: no record has their name" in done.stderr


def test_cut_by_bed_reverses_qualities(tmp_path):
    (tmp_path / "b.bed").write_text("r\t0\t3\tx\t0\t-")
    assert ok("cut", "--bed", tmp_path / "b.bed", "-", data="@r\nACGT\n+\nabcd\n") == "@r:0-3(-) x\nCGT\n+\ncba\n"


@pytest.mark.parametrize("bed, pattern", [
    ("a\t1\n", "line 1: expected name, start and end"),
    ("#\na\tx\t2\n", "line 2: expected name, start and end"),
    ("a\t3\t2\n", "line 1: region 3 to 2"),
    ("a\t-1\t2\n", "line 1: region -1 to 2"),
    ("a\t1\t2\tx\t0\t*\n", "line 1: strand '\\*'"),
    ("a\t1\t2\0", "not a BED text file"),
])
def test_cut_refuses_a_bad_bed(tmp_path, bed, pattern):
    (tmp_path / "b.bed").write_text(bed)
    (tmp_path / "x.fa").write_text(">a\nACGT\n")
    fails(2, f"b.bed: {pattern}", "cut", "--bed", "b.bed", "--out", "y.fa", "x.fa", cwd=tmp_path)
    assert listing(tmp_path) == ["b.bed", "x.fa"]


def test_cut_by_many_regions_equals_slices(tmp_path):
    source = random.Random(6)
    names = {f"c{i}": "".join(source.choice("ACGTN") for _ in range(source.randrange(50, 200))) for i in range(8)}
    regions = []
    for _ in range(200):
        name = source.choice(list(names))
        start = source.randrange(len(names[name]))
        regions.append((name, start, source.randrange(start, len(names[name]) + 1), source.choice("+-")))
    (tmp_path / "b.bed").write_text("".join(f"{n}\t{s}\t{e}\t.\t0\t{d}\n" for n, s, e, d in regions))
    (tmp_path / "x.fa").write_text("".join(f">{n}\n{s}\n" for n, s in names.items()))
    expected = ""
    for name, letters in names.items():
        for region, start, end, strand in regions:
            if region == name:
                part = letters[start:end] if strand == "+" else letters[start:end].translate(COMPLEMENT)[::-1]
                expected += f">{name}:{start}-{end}({strand})\n{part}\n"
    assert ok("cut", "--bed", tmp_path / "b.bed", tmp_path / "x.fa") == expected


# ---- features ----


def kmer_counts(letters, k):
    words = [""]
    for _ in range(k):
        words = [w + c for w in words for c in "ACGT"]
    counts = dict.fromkeys(words, 0)
    for i in range(len(letters) - k + 1):
        if letters[i:i + k] in counts:
            counts[letters[i:i + k]] += 1
    return counts


FEATURE_RECORDS = ["ACGTACGTTN", "GGGCC", "", "acguNNNNacgt", "TTTTTTTTTTTTTTTTTTTTTTTTT"]


def expected_counts(k):
    return [kmer_counts(s.upper().replace("U", "T"), k) for s in FEATURE_RECORDS]


def test_features_tsv(tmp_path):
    (tmp_path / "x.fa").write_text(fasta(FEATURE_RECORDS))
    lines = [line.split("\t") for line in
             ok("features", "--recipe", "Kmer(k=2)", "--output", "counts", tmp_path / "x.fa").splitlines()]
    expected = expected_counts(2)
    assert lines[0] == ["name"] + [f"Kmer_{w}" for w in sorted(expected[0])]
    for i, line in enumerate(lines[1:]):
        assert line == [f"s{i}"] + [str(expected[i][w]) for w in sorted(expected[i])]
    values = ok("features", "--recipe", "Kmer(k=2, value=freq, norm=none)", tmp_path / "x.fa").splitlines()
    for counts, line in zip(expected, values[1:]):
        total = sum(counts.values())
        for word, cell in zip(sorted(counts), line.split("\t")[1:]):
            assert float(cell) == pytest.approx(counts[word] / total if total else 0.0, rel=1e-15)
            assert cell == "0" or cell == "%.17g" % float(cell)


def test_features_libsvm(tmp_path):
    (tmp_path / "x.fa").write_text(fasta(FEATURE_RECORDS))
    arguments = ["features", "--recipe", "Kmer(k=2)", "--output", "counts", "--format", "libsvm"]
    expected = ""
    for counts in expected_counts(2):
        cells = [f" {i + 1}:{counts[w]}" for i, w in enumerate(sorted(counts)) if counts[w]]
        expected += "0" + "".join(cells) + "\n"
    assert ok(*arguments, tmp_path / "x.fa") == expected
    assert ok(*arguments, "-", data=fasta(FEATURE_RECORDS)) == expected


@pytest.mark.parametrize("output, code, size", [("counts", "<u4", "I"), ("values", "<f8", "d")])
def test_features_npy(tmp_path, output, code, size):
    (tmp_path / "x.fa").write_text(fasta(FEATURE_RECORDS))
    recipe = "Kmer(k=1..2, value=count, norm=none)"
    done = json.loads(ok("features", "--recipe", recipe, "--output", output, "--format", "npy", "--out", "x.npy",
                         "--json", "x.fa", cwd=tmp_path))
    assert done == {"records": 5, "columns": 20, "out": "x.npy"}
    raw = (tmp_path / "x.npy").read_bytes()
    assert raw[:8] == b"\x93NUMPY\x01\x00"
    length = struct.unpack("<H", raw[8:10])[0]
    assert (10 + length) % 64 == 0 and raw[9 + length:10 + length] == b"\n"
    header = ast.literal_eval(raw[10:10 + length].decode())
    assert header == {"descr": code, "fortran_order": False, "shape": (5, 20)}
    cells = [x for (x,) in struct.iter_unpack("<" + size, raw[10 + length:])]
    expected = [c[w] for one, two in zip(expected_counts(1), expected_counts(2)) for c in (one, two) for w in sorted(c)]
    assert cells == expected


def test_features_that_learn_the_length(tmp_path):
    (tmp_path / "x.fa").write_text(">a\nACG\n>b\nTTN\n")
    lines = ok("features", "--recipe", "PositionKmer(k=1)", "--output", "counts", tmp_path / "x.fa").splitlines()
    assert len(lines[0].split("\t")) == 1 + 12
    assert lines[1].split("\t") == ["a"] + list("100001000010")
    assert lines[2].split("\t") == ["b"] + list("000100010000")
    (tmp_path / "y.fa").write_text(">a\nACG\n>b\nTT\n")
    fails(2, "y.fa: record 2: .*equal lengths", "features", "--recipe", "PositionKmer(k=1)", "--out", "z", "y.fa",
          cwd=tmp_path)
    assert listing(tmp_path) == ["x.fa", "y.fa"]


# ---- train and eval ----


def metrics_by_hand(labels, probabilities):
    """The definitions, in plain Python, for two classes."""
    n = len(labels)
    predicted = [1 if p > 0.5 else 0 for p in probabilities]
    tp = sum(y and q for y, q in zip(labels, predicted))
    fp = sum(q and not y for y, q in zip(labels, predicted))
    fn = sum(y and not q for y, q in zip(labels, predicted))
    tn = n - tp - fp - fn
    product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    ones = [p for y, p in zip(labels, probabilities) if y]
    zeros = [p for y, p in zip(labels, probabilities) if not y]
    pairs = sum((a > b) + 0.5 * (a == b) for a in ones for b in zeros)
    order = sorted(zip(probabilities, labels), reverse=True)
    found, precision = 0, 0.0
    for rank, (_, y) in enumerate(order, 1):
        found += y
        precision += found / rank if y else 0.0
    return {
        "n": n,
        "accuracy": (tp + tn) / n,
        "mcc": (tp * tn - fp * fn) / math.sqrt(product) if product else 0.0,
        "auroc": pairs / (len(ones) * len(zeros)),
        "auprc": precision / len(ones),
        "log_loss": -sum(math.log(p if y else 1 - p) for y, p in zip(labels, probabilities)) / n,
        "brier": sum((p - y) ** 2 for y, p in zip(labels, probabilities)) / n,
        "confusion": [[tn, fp], [fn, tp]],
    }


def test_eval_agrees_with_predict(data):
    result = json.loads(ok("eval", "--model", data / "two.ba", "--pos", data / "pos.fa", "--neg", data / "neg.fa",
                           "--json"))
    rows = table(ok("predict", "--model", data / "two.ba", data / "pos.fa", data / "neg.fa"))
    labels = [int(row["name"].startswith("p")) for row in rows]
    expected = metrics_by_hand(labels, [float(row["probability"]) for row in rows])
    assert result["classes"] == ["0", "1"]
    assert result["confusion"] == expected.pop("confusion")
    for name, value in expected.items():
        assert result[name] == pytest.approx(value, rel=1e-9), name
    assert 0 <= result["ece"] < 0.5
    assert result["auroc"] > 0.9
    text = ok("eval", "--model", data / "two.ba", "--pos", data / "pos.fa", "--neg", data / "neg.fa")
    assert re.search(r"^n +300$", text, re.M)
    assert re.search(rf"^auroc +{result['auroc']:.6f}$", text, re.M)
    assert text.splitlines()[-1].split() == ["1", *(f"{x:g}" for x in result["confusion"][1])]


def test_eval_gives_intervals_and_the_low_overlap_rows(tmp_path):
    known, new = sequences(1, 40, 90, "ACGT"), sequences(2, 40, 90, "ACGT")
    (tmp_path / "train.csv").write_text("sequence,label\n" + "".join(f"{s},{i % 2}\n" for i, s in enumerate(known)))
    (tmp_path / "test.csv").write_text("sequence,label\n" + "".join(
        f"{s},{i % 2}\n" for i, s in enumerate(known[:10] + new)))
    ok("train", "--recipe", RECIPE, "--labels", "train.csv", "--out", "m.ba", cwd=tmp_path)
    report = json.loads(ok("eval", "--model", "m.ba", "--labels", "test.csv", "--train", "train.csv", "--bootstrap",
                           "50", "--json", cwd=tmp_path))
    assert report["n"] == 50 and report["low_overlap"]["n"] == 40
    for part in (report, report["low_overlap"]):
        for name in ("accuracy", "auroc", "mcc"):
            low, high = part["intervals"][name]
            assert low <= part[name] <= high
    text = ok("eval", "--model", "m.ba", "--labels", "test.csv", "--train", "train.csv", cwd=tmp_path)
    assert "rows similar to no training row" in text and "interval" not in text
    fails(1, "expected both", "eval", "--model", "m.ba", "--labels", "test.csv", "--low-overlap", cwd=tmp_path)


def test_eval_of_three_classes(data):
    result = json.loads(ok("eval", "--model", data / "three.ba", "--labels", data / "three.tsv", "--columns",
                           "sequence=text,label=kind", "--json"))
    assert result["classes"] == ["acceptor", "donor", "none"]
    assert result["n"] == 180 and sum(map(sum, result["confusion"])) == 180
    assert result["accuracy"] == pytest.approx(sum(result["confusion"][i][i] for i in range(3)) / 180)
    rows = table(ok("predict", "--model", data / "three.ba", data / "three.fa"))
    truth = [line.split("\t")[1] for line in (data / "three.tsv").read_text().splitlines()[1:]]
    assert result["accuracy"] == pytest.approx(sum(r["class"] == y for r, y in zip(rows, truth)) / 180)


def test_eval_asks_for_the_part(data):
    arguments = ["eval", "--model", data / "two.ba", "--labels", data / "split.csv"]
    fails(1, "240 rows are of part train, 60 of dev, 0 of test", *arguments)
    sizes = {part: json.loads(ok(*arguments, "--json", "--part", part))["n"] for part in ("train", "dev", "all")}
    assert sizes == {"train": 240, "dev": 60, "all": 300}
    fails(2, "no rows of part test", *arguments, "--part", "test")


def test_train_json_and_summary(data, tmp_path):
    done = ba("train", "--recipe", RECIPE, "--labels", data / "split.csv", "--out", "m.ba", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert set(result) == {"candidates", "recipe", "rows", "classes", "iterations", "passes", "objective", "reason", "curve",
                           "fit_cpu_seconds", "cv_cpu_seconds", "peak_memory_bytes", "model"}
    assert result["rows"] == 240 and result["classes"] == ["0", "1"] and result["model"] == "m.ba"
    assert result["iterations"] > 0 and result["objective"] > 0 and result["cv_cpu_seconds"] == 0
    assert 1e6 < result["peak_memory_bytes"] < 5e8
    (candidate,) = result["candidates"]
    assert candidate["recipe"] == RECIPE and "cv" not in candidate
    evaluated = json.loads(ok("eval", "--model", tmp_path / "m.ba", "--labels", data / "split.csv", "--part", "dev",
                              "--json"))
    for name, value in candidate["dev"].items():
        assert value == evaluated[name], name
    assert json.loads(ok("info", "--json", tmp_path / "m.ba"))["recipe"] == result["recipe"]
    assert f"stopped   {result['reason']}; {result['iterations']} iterations" in done.stderr
    assert "\r" not in done.stderr and "\033" not in done.stderr
    assert listing(tmp_path) == ["m.ba"]


def test_train_leaves_counts_out(data, tmp_path):
    """Without the counts of its rows a model says the same, and knows of no drift."""
    train = ("train", "--recipe", RECIPE, "--pos", data / "pos.fa", "--neg", data / "neg.fa", "--out")
    ok(*train, tmp_path / "with.ba")
    ok(*train, tmp_path / "without.ba", "--sketches", "off")
    assert (tmp_path / "without.ba").stat().st_size < (tmp_path / "with.ba").stat().st_size
    given = [ok("predict", "--model", tmp_path / name, data / "pos.fa") for name in ("with.ba", "without.ba")]
    assert given[0] == given[1]
    fails(2, "sketches=on", "predict", "--model", tmp_path / "without.ba", "--drift", data / "pos.fa")
    fails(1, "--sketches 'no': expected on or off", *train, tmp_path / "x.ba", "--sketches", "no")


def test_train_chooses_on_dev(data, tmp_path):
    recipes = ["Kmer(k=1) | Logistic(l2=10)", RECIPE, "Kmer(k=2) | Logistic(l2=5)"]
    arguments = ["train", "--labels", data / "table.csv", "--dev", data / "dev.csv", "--out", tmp_path / "m.ba",
                 "--json"]
    for recipe in recipes:
        arguments += ["--recipe", recipe]
    for metric, best in (("auroc", max), ("log_loss", min), ("mcc", max), ("accuracy", max)):
        done = ba(*arguments, "--choose", metric)
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout)
        values = [c["dev"][metric] for c in result["candidates"]]
        chosen = recipes[values.index(best(values))]
        alone = json.loads(ok("train", "--labels", data / "table.csv", "--dev", data / "dev.csv", "--recipe", chosen,
                              "--out", tmp_path / "alone.ba", "--json"))
        assert result["recipe"] == alone["recipe"]
        assert (tmp_path / "m.ba").read_bytes() == (tmp_path / "alone.ba").read_bytes()
        assert all(recipe in done.stderr for recipe in recipes)


def test_train_auto_tries_in_rounds_and_keeps_the_budget(tmp_path):
    """Aligned sequences with a word at a fixed place: a term of positions has to win."""
    source = random.Random(4)
    lines = []
    for i in range(360):
        letters = source.choices("ACGT", k=40)
        if i % 2:
            letters[17:21] = "TATA"
        else:
            letters[5:9] = "TATA"
        lines.append(f"{''.join(letters)},{i % 2},{'dev' if i % 5 == 0 else 'train'}\n")
    (tmp_path / "t.csv").write_text("sequence,label,split\n" + "".join(lines))
    arguments = ["train", "--recipe", "auto", "--labels", "t.csv", "--choose", "log_loss", "--out", "m.ba", "--json"]
    report = json.loads(ok(*arguments, cwd=tmp_path))
    tried = [item["recipe"] for item in report["candidates"]]
    assert "@motif | Logistic(l2=1e-4)" in tried and "@anchored | Logistic(l2=1e-4)" in tried
    assert len(set(tried)) == len(tried) == 13  # eight kinds of features, five more penalties; too few rows for a network
    best = min(report["candidates"], key=lambda item: item["dev"]["log_loss"])
    assert report["recipe"].startswith(json.loads(ok("info", "--json", "m.ba", cwd=tmp_path))["recipe"][:20])
    assert "PositionKmer" in report["recipe"] and best["dev"]["accuracy"] == 1
    for name in "pn":
        (tmp_path / f"{name}.fa").write_text(">a\nACGT\n")
    fails(1, "needs --cv or dev rows", "train", "--recipe", "auto", "--pos", "p.fa", "--neg", "n.fa", "--out", "m.ba",
          cwd=tmp_path)
    fails(1, "--seeds are for --recipe auto", "train", "--recipe", RECIPE, "--seeds", "2", "--labels", "t.csv", "--out",
          "m.ba", cwd=tmp_path)
    fails(1, "does not go with --l2", *arguments, "--l2", "1", cwd=tmp_path)


def test_train_cross_validates(data, tmp_path):
    arguments = ["train", "--labels", data / "table.csv", "--recipe", "Kmer(k=1..2)|Logistic", "--recipe",
                 "Kmer(k=3, strand=canonical) | Logistic( )", "--l2", "1e-3,3", "--cv", "4", "--out", tmp_path / "m.ba",
                 "--json"]
    result = json.loads(ok(*arguments))
    assert [c["recipe"] for c in result["candidates"]] == [
        "Kmer(k=1..2)|Logistic(l2=3)", "Kmer(k=1..2)|Logistic(l2=1e-3)",  # a path, from the largest
        "Kmer(k=3, strand=canonical) | Logistic( l2=3)", "Kmer(k=3, strand=canonical) | Logistic( l2=1e-3)"]
    assert all(c["cv"]["n"] == 300 and c["cpu_seconds"] >= 0 for c in result["candidates"])
    assert result["cv_cpu_seconds"] == pytest.approx(sum(c["cpu_seconds"] for c in result["candidates"]))
    assert result["rows"] == 300
    best = max(result["candidates"], key=lambda c: c["cv"]["auroc"])
    ok("train", "--labels", data / "table.csv", "--recipe", best["recipe"], "--out", tmp_path / "alone.ba")
    assert (tmp_path / "m.ba").read_bytes() == (tmp_path / "alone.ba").read_bytes()
    again = json.loads(ok(*arguments))
    assert [c["cv"] for c in again["candidates"]] == [c["cv"] for c in result["candidates"]]
    other = json.loads(ok(*arguments, "--seed", "9"))
    assert [c["cv"] for c in other["candidates"]] != [c["cv"] for c in result["candidates"]]


def test_train_cross_validates_by_group(data, tmp_path):
    arguments = ["train", "--labels", data / "table.csv", "--recipe", RECIPE, "--out", tmp_path / "m.ba", "--json"]
    grouped = json.loads(ok(*arguments, "--cv", "7", "--group", "fold"))
    # with seven groups of their own there is one way to deal them, whatever the seed
    other = json.loads(ok(*arguments, "--cv", "7", "--group", "fold", "--seed", "5"))
    assert grouped["candidates"][0]["cv"] == other["candidates"][0]["cv"]
    random_folds = json.loads(ok(*arguments, "--cv", "7", "--by", "random"))
    assert random_folds["candidates"][0]["cv"] != grouped["candidates"][0]["cv"]
    fails(2, "group", *arguments[:-1], "--cv", "8", "--group", "fold")


def test_train_needs_something_to_choose_by(data, tmp_path):
    fails(1, "2 candidates need --cv or dev rows", "train", "--recipe", RECIPE, "--recipe", "Kmer(k=1) | Logistic()",
          "--labels", data / "table.csv", "--out", tmp_path / "m.ba")
    assert listing(tmp_path) == []


def test_train_overwrites_only_when_it_worked(data, tmp_path):
    (tmp_path / "m.ba").write_text("before")
    fails(2, "nofold", "train", "--recipe", RECIPE, "--labels", data / "table.csv", "--columns", "label=nofold",
          "--out", tmp_path / "m.ba")
    assert (tmp_path / "m.ba").read_text() == "before" and listing(tmp_path) == ["m.ba"]
    ok("train", "--recipe", RECIPE, "--labels", data / "table.csv", "--out", tmp_path / "m.ba")
    ok("selftest", tmp_path / "m.ba")


# ---- predict, scan, explain, info, selftest ----


def test_predict_two_classes(data):
    text = ok("predict", "--model", data / "two.ba", data / "pos.fa")
    rows = table(text)
    assert text.startswith("name\tclass\tprobability\tscore\n")
    assert [row["name"] for row in rows] == [f"p{i}" for i in range(150)]
    for row in rows:
        p, score = float(row["probability"]), float(row["score"])
        assert p == pytest.approx(1 / (1 + math.exp(-score)), rel=1e-12)
        assert row["class"] == ("1" if p > 0.5 else "0")
        assert row["probability"] == "%.17g" % p and row["score"] == "%.17g" % score
    objects = [json.loads(line) for line in ok("predict", "--model", data / "two.ba", "--json",
                                               data / "pos.fa").splitlines()]
    assert objects == [{"name": r["name"], "class": r["class"], "probability": float(r["probability"]),
                        "score": float(r["score"])} for r in rows]


def test_predict_three_classes(data):
    text = ok("predict", "--model", data / "three.ba", data / "three.fa")
    names = ["acceptor", "donor", "none"]
    assert text.splitlines()[0].split("\t") == ["name", "class", *(f"probability:{n}" for n in names), "score"]
    first = json.loads(ok("predict", "--model", data / "three.ba", "--json", data / "three.fa").splitlines()[0])
    for i, row in enumerate(table(text)):
        p = [float(row[f"probability:{n}"]) for n in names]
        assert sum(p) == pytest.approx(1, rel=1e-12)
        assert row["class"] == names[p.index(max(p))]
        if i == 0:
            assert first == {"name": row["name"], "class": row["class"], "probability": dict(zip(names, p)),
                             "score": float(row["score"])}


def test_predict_reads_anything_alike(data, tmp_path):
    expected = ok("predict", "--model", data / "two.ba", data / "pos.fa")
    letters = (data / "pos.fa").read_text()
    assert ok("predict", "--model", data / "two.ba", "-", data=letters) == expected
    packed = gzip.compress(letters.encode())
    assert ok("predict", "--model", data / "two.ba", "-", data=packed, text=False).decode() == expected
    assert ok("predict", "--model", data / "two.ba", "-", data=letters.replace("\n", "\r\n")) == expected
    assert ok("predict", "--model", data / "two.ba", "--out", "p.tsv", data / "pos.fa", cwd=tmp_path) == ""
    assert (tmp_path / "p.tsv").read_text() == expected and listing(tmp_path) == ["p.tsv"]


def test_predict_tells_of_ambiguous_letters(data):
    done = ba("predict", "--model", data / "two.ba", "-", data=">a\nACGNNTTA\n>b\n\n")
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 3
    assert done.stderr.startswith("ba predict: 2 letters other than A C G T U in 2 records")
    assert ba("predict", "--model", data / "two.ba", data / "pos.fa").stderr == ""


def test_scan_equals_predict_of_the_windows(data, tmp_path):
    long = "".join(sequences(8, 6, 40, ["TATAAA"]))
    (tmp_path / "g.fa").write_text(f">chr1 x\n{long}\n>chr2\nACG\n>chr3\n{long[:40]}\n")
    done = ba("scan", "--model", data / "two.ba", "--window", "40", "--step", "7", tmp_path / "g.fa")
    assert done.returncode == 0
    assert done.stderr == "ba scan: left out 1 of 3 records: shorter than the window of 40\n"
    starts = list(range(0, len(long) - 40 + 1, 7))
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert [line[:3] for line in lines] == [["chr1", str(s), str(s + 40)] for s in starts] + [["chr3", "0", "40"]]
    windows = fasta([long[s:s + 40] for s in starts] + [long[:40]])
    rows = table(ok("predict", "--model", data / "two.ba", "-", data=windows))
    assert [line[3] for line in lines] == [row["score"] for row in rows]


def test_scan_of_pieces(data, tmp_path):
    """It is read in pieces: the windows over their edges are there, once each."""
    long = "".join(sequences(9, 3000, 300, ["TATAAA"]))
    wrapped = "\n".join(long[i:i + 60] for i in range(0, len(long), 60))
    (tmp_path / "g.fa").write_text(f">chr1 x\n{wrapped}\n>chr2\n{long[:299]}\n>chr3\n{long[:300]}\n")
    for window, step in [(300, 61), (300, 300), (300, 1009), (5000, 100003)]:
        done = ba("scan", "--model", data / "two.ba", "--window", window, "--step", step, tmp_path / "g.fa")
        assert done.returncode == 0
        assert f"left out {1 if window == 300 else 2} of 3 records" in done.stderr
        starts = list(range(0, len(long) - window + 1, step))
        lines = [line.split("\t") for line in done.stdout.splitlines()]
        names = [["chr1", str(s), str(s + window)] for s in starts] + [["chr3", "0", "300"]] * (window == 300)
        assert [line[:3] for line in lines] == names
        windows = fasta([long[s:s + window] for s in starts] + [long[:300]] * (window == 300))
        rows = table(ok("predict", "--model", data / "two.ba", "-", data=windows))
        assert [line[3] for line in lines] == [row["score"] for row in rows]


def test_scan_holds_as_much_of_a_short_sequence_as_of_a_long_one(data):
    def peak():  # kB
        return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{child.pid}/status").read_text())[1])

    with subprocess.Popen([BA, "scan", "--model", data / "two.ba", "--window", "300", "--step", "50000", "-"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdin.write(b">big\n" + b"ACGTTGCA" * 500_000)
        child.stdin.flush()
        early = peak()
        for _ in range(10):
            child.stdin.write(b"ACGTTGCA" * 500_000)
        child.stdin.flush()
        late = peak()
        child.stdin.close()
        assert len(child.stdout.read().splitlines()) == 44_000_000 // 50_000
    assert child.returncode == 0
    assert late - early < 2048


def test_scan_of_three_classes_needs_the_class(data, tmp_path):
    arguments = ["scan", "--model", data / "three.ba", "--window", "30", "--step", "30", data / "three.fa"]
    fails(1, "choose with --class, such as acceptor", *arguments)
    fails(1, "--class exon: the model has no such class", *arguments, "--class", "exon")
    lines = [json.loads(line) for line in ok(*arguments, "--class", "donor", "--json").splitlines()]
    assert len(lines) == 180 and lines[0]["start"] == 0 and lines[0]["end"] == 30
    rows = table(ok("predict", "--model", data / "three.ba", data / "three.fa"))
    same = [(line["score"], float(row["score"])) for line, row in zip(lines, rows) if row["class"] == "donor"]
    assert len(same) > 30 and all(a == b for a, b in same)


def test_explain_lists_the_heaviest(data):
    rows = table(ok("explain", "--model", data / "two.ba", "--top", "1000"))
    weights = [float(row["weight"]) for row in rows]
    assert [abs(w) for w in weights] == sorted((abs(w) for w in weights), reverse=True)
    assert all(row["class"] == ("1" if w > 0 else "0") for row, w in zip(rows, weights))
    assert len({row["feature"] for row in rows}) == len(rows) <= 4 + 16 + 64
    assert table(ok("explain", "--model", data / "two.ba", "--top", "5")) == rows[:5]
    assert len(table(ok("explain", "--model", data / "two.ba"))) == 20
    objects = [json.loads(line) for line in ok("explain", "--model", data / "two.ba", "--json").splitlines()]
    assert objects[0] == {"class": rows[0]["class"], "feature": rows[0]["feature"], "weight": weights[0]}
    zeros = 4 + 16 + 64 - len(rows)
    assert f"ba explain: {zeros} of 84 weights are zero" in ba("explain", "--model", data / "two.ba").stderr
    three = table(ok("explain", "--model", data / "three.ba", "--top", "1000"))
    assert {row["class"] for row in three} == {"acceptor", "donor", "none"}


def test_explain_shares_out_the_score(data, tmp_path):
    (tmp_path / "x.fa").write_text("".join((data / "pos.fa").read_text().splitlines(True)[:20]))
    rows = table(ok("explain", "--model", data / "two.ba", tmp_path / "x.fa"))
    letters = (tmp_path / "x.fa").read_text().splitlines()[1::2]
    assert "".join(row["letter"] for row in rows) == "".join(letters)
    assert [int(row["position"]) for row in rows] == list(range(40)) * 10
    scores = [float(row["score"]) for row in table(ok("predict", "--model", data / "two.ba", tmp_path / "x.fa"))]
    intercepts = [score - sum(float(row["attribution"]) for row in rows[40 * i:40 * i + 40])
                  for i, score in enumerate(scores)]
    assert max(intercepts) - min(intercepts) < 1e-9
    fails(1, "choose with --class", "explain", "--model", data / "three.ba", tmp_path / "x.fa")


def test_info_is_readable(data):
    described = json.loads(ok("info", "--json", data / "two.ba"))
    text = ok("info", data / "two.ba")
    assert re.search(rf"^recipe +{re.escape(described['recipe'])}$", text, re.M)
    assert "{" not in text.replace(described["recipe"], "")


def test_selftest_names_the_levels(data):
    result = json.loads(ok("selftest", "--json", data / "two.ba"))
    assert result["ok"] is True and result["levels"][0] == "scalar"
    assert ok("selftest", data / "two.ba") == f"{data / 'two.ba'}: ok ({', '.join(result['levels'])} compared)\n"


# ---- the same bytes everywhere ----


def test_outputs_do_not_depend_on_level_or_threads(data, tmp_path):
    levels = json.loads(ok("selftest", "--json", data / "two.ba"))["levels"]
    wide = "Kmer(k=1..6) + PositionKmer(k=1..2) | Logistic(l2=1e-4)"
    seen = {}
    for level in levels:
        for threads in ("1", "2"):
            same = ["--cpu", level, "--threads", threads]
            model = tmp_path / f"{level}{threads}.ba"
            ok("train", "--recipe", wide, "--pos", data / "pos.fa", "--neg", data / "neg.fa", "--out", model, *same)
            outputs = {
                "model": model.read_bytes(),
                "predict": ok("predict", "--model", model, data / "neg.fa", *same),
                "scan": ok("scan", "--model", model, "--window", "40", "--step", "3", data / "neg.fa", *same),
                "explain": ok("explain", "--model", model, data / "neg.fa", *same),
                "features": ok("features", "--recipe", wide, data / "neg.fa", *same),
                "libsvm": ok("features", "--recipe", wide, "--format", "libsvm", data / "neg.fa", *same),
            }
            for name, value in outputs.items():
                assert seen.setdefault(name, value) == value, (name, level, threads)
