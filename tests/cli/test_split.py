# SPDX-License-Identifier: MIT
"""`ba split` and `ba convert`, from outside. Similarity is worked out here in plain Python."""

import csv
import gzip
import json
import random

import pytest

from program import COMPLEMENT, ba, fails, listing, ok

PARTS = ("train", "dev", "test")


def words(sequence, k=21):
    found = (sequence[i:i + k] for i in range(len(sequence) - k + 1))
    return {min(word, word[::-1].translate(COMPLEMENT)) for word in found if set(word) <= set("ACGT")}


def leaks(part, other, threshold=0.5):
    """How many rows of one part are similar to a row of the other, and how many have the same letters."""
    similar = same = 0
    theirs = [(b, words(b)) for b in other]
    for a in part:
        mine = words(a)
        twin = any(a == b for b, _ in theirs)
        same += twin
        similar += twin or any(mine and len(mine & w) / len(mine) > threshold for _, w in theirs)
    return similar, same


@pytest.fixture(scope="module")
def near():
    """300 sequences, half of them near to one before: shifted, changed, turned round, or the same."""
    source, found = random.Random(5), []
    for i in range(300):
        text = "".join(source.choices("ACGT", k=80))
        if i > 10 and i % 2:
            old = source.choice(found)
            cut, at = source.randrange(30), source.randrange(80)
            changed = old[:at] + source.choice("ACGTN") + old[at + 1:]
            text = source.choice([old, old[cut:] + text[:cut], changed, old[::-1].translate(COMPLEMENT)])
        found.append(text)
    return found


@pytest.fixture
def files(near, tmp_path):
    (tmp_path / "n.fa").write_text("".join(f">s{i} near\n{s[:50]}\n{s[50:].lower()}\n" for i, s in enumerate(near)))
    with gzip.open(tmp_path / "n.fq.gz", "wt") as out:
        out.write("".join(f"@s{i}\n{s}\n+\n{chr(33 + i % 90) * len(s)}\n" for i, s in enumerate(near)))
    rows = [f'"s{i}, ""x""",{s},{"b" if i % 3 else "a"},{1 + i % 2}.5,g{i % 9},z' for i, s in enumerate(near)]
    (tmp_path / "n.csv").write_text("\n".join(["name,sequence,label,weight,group,other", *rows]) + "\n")
    return tmp_path


def read_fasta(path):
    """(header, letters) of records of one line each."""
    lines = path.read_text().splitlines()
    assert all(line[0] == ">" for line in lines[::2])
    return list(zip((line[1:] for line in lines[::2]), lines[1::2]))


@pytest.mark.parametrize("by", ["random", "similarity"])
def test_fasta_is_dealt_whole_and_leakage_is_told(files, near, by):
    report = json.loads(ok("split", "--json", "--by", by, "--out-prefix", "p", "n.fa", cwd=files))
    assert json.loads((files / "p.leakage.json").read_text()) == report
    parts = {part: read_fasta(files / f"p.{part}.fa") for part in PARTS}
    assert sorted(record for part in PARTS for record in parts[part]) == \
        sorted((f"s{i} near", s[:50] + s[50:].lower()) for i, s in enumerate(near))
    assert report["rows"] == {part: len(parts[part]) for part in PARTS} == {"train": 240, "dev": 30, "test": 30}
    assert {key: report[key] for key in ("by", "seed", "k", "threshold", "scaled")} == \
        {"by": by, "seed": 1, "k": 21, "threshold": 0.5, "scaled": 1}
    letters = {part: [s.upper() for _, s in parts[part]] for part in PARTS}
    assert len(report["leakage"]) == 6
    for pair in report["leakage"]:
        similar, same = leaks(letters[pair["part"]], letters[pair["other"]])
        assert (pair["similar"], pair["duplicates"], pair["rows"]) == (similar, same, len(letters[pair["part"]]))
        assert pair["share"] == similar / pair["rows"]
        assert (similar > 0) == (by == "random")


def test_fastq_keeps_its_qualities(files, near):
    told = ok("split", "--parts", "train=0.75,test=0.25", "--out-prefix", "q", "n.fq.gz", cwd=files).splitlines()
    assert listing(files) == ["n.csv", "n.fa", "n.fq.gz", "q.leakage.json", "q.test.fq", "q.train.fq"]
    records = []
    for part in ("train", "test"):
        lines = (files / f"q.{part}.fq").read_text().splitlines()
        records += zip(*(lines[i::4] for i in range(4)))
    assert sorted(records) == sorted((f"@s{i}", s, "+", chr(33 + i % 90) * len(s)) for i, s in enumerate(near))
    assert len(told) == 2 and told[1].startswith("test: ") and "of 75 rows" in told[1] and "a row of train" in told[1]


def test_tables_keep_names_labels_weights_and_groups(files, near):
    ok("split", "--by", "group", "--labels", "n.csv", "--out-prefix", "t", cwd=files)
    rows = {part: list(csv.DictReader((files / f"t.{part}.csv").open())) for part in PARTS}
    assert sorted((row for part in PARTS for row in rows[part]), key=lambda row: int(row["name"].split(",")[0][1:])) == [
        {"name": f's{i}, "x"', "sequence": s, "label": "b" if i % 3 else "a", "weight": f"{1 + i % 2}.5",
         "group": f"g{i % 9}"} for i, s in enumerate(near)]
    groups = [{row["group"] for row in rows[part]} for part in PARTS]
    assert all(groups) and sum(map(len, groups)) == 9
    # A column that says nothing is left out.
    (files / "bare.tsv").write_text("text\tkind\n" + "".join(f"{s}\t{i % 2}\n" for i, s in enumerate(near)))
    ok("split", "--by", "similarity", "--labels", "bare.tsv", "--columns", "sequence=text,label=2", "--out-prefix", "v",
       cwd=files)
    bare = {part: list(csv.DictReader((files / f"v.{part}.csv").open())) for part in PARTS}
    assert all(list(row) == ["sequence", "label"] for part in PARTS for row in bare[part])
    letters = [[row["sequence"] for row in bare[part]] for part in PARTS]
    assert all(leaks(a, b) == (0, 0) for a in letters for b in letters if a is not b)


def test_by_time_the_past_trains(tmp_path):
    source, days = random.Random(3), list(range(60))
    source.shuffle(days)
    lines = [f"{''.join(source.choices('ACGT', k=40))},{i % 2},2024-{1 + day // 20:02}-{1 + day % 20:02}\n"
             for i, day in enumerate(days)]
    (tmp_path / "t.csv").write_text("sequence,label,day\n" + "".join(lines))
    ok("split", "--by", "time", "--time", "day", "--labels", "t.csv", "--out-prefix", "o", cwd=tmp_path)
    letters_of = {line.split(",")[2]: line.split(",")[0] for line in lines}
    in_time = [letters_of[day] for day in sorted(letters_of)]
    found = {part: [row["sequence"] for row in csv.DictReader(open(tmp_path / f"o.{part}.csv", newline=""))]
             for part in PARTS}
    assert sorted(found["train"]) == sorted(in_time[:48])
    assert sorted(found["dev"]) == sorted(in_time[48:54])
    assert sorted(found["test"]) == sorted(in_time[54:])
    fails(1, "--time COL", "split", "--by", "time", "--labels", "t.csv", "--out-prefix", "o", cwd=tmp_path)
    report = json.loads(ok("train", "--labels", "t.csv", "--cv", "3", "--time", "day", "--recipe",
                           "Kmer(k=1) | Logistic()", "--out", "m.ba", "--json", cwd=tmp_path))
    assert report["candidates"][0]["cv"]["n"] == 40  # the first fold has no past


def test_stratified_is_the_default_and_the_seed_counts(files):
    for seed in ("1", "2", "1"):
        ok("split", "--labels", "n.csv", "--out-prefix", f"s{seed}", "--seed", seed, cwd=files)
    counts = {part: [row["label"] for row in csv.DictReader((files / f"s1.{part}.csv").open())] for part in PARTS}
    assert {part: (labels.count("a"), labels.count("b")) for part, labels in counts.items()} == \
        {"train": (80, 160), "dev": (10, 20), "test": (10, 20)}
    assert (files / "s1.test.csv").read_text() != (files / "s2.test.csv").read_text()
    before = (files / "s1.test.csv").read_text()
    ok("split", "--labels", "n.csv", "--out-prefix", "s1", cwd=files)
    assert (files / "s1.test.csv").read_text() == before


def test_threshold_and_k_reach_the_library(files, near):
    def similar(*options):
        report = json.loads(ok("split", "--json", "--by", "random", "--out-prefix", "p", *options, "n.fa", cwd=files))
        return [pair["similar"] for pair in report["leakage"]]
    counts = [similar("--threshold", x) for x in ("0", "0.3", "0.9", "1")]
    assert all(a >= b for before, after in zip(counts, counts[1:]) for a, b in zip(before, after))
    assert counts[0] > counts[3]
    assert similar("--k", "4", "--threshold", "0.2") == [len(read_fasta(files / f"p.{part}.fa")) for part in PARTS
                                                        for _ in range(2)]


def test_folds_by_similarity(files):
    done = json.loads(ok("train", "--json", "--recipe", "Kmer(k=2) | Logistic(l2=1e-2)", "--labels", "n.csv", "--cv", "3",
                         "--by", "similarity", "--out", "m.ba", cwd=files))
    assert done


@pytest.mark.parametrize("arguments, pattern", [
    (["n.fa"], "--out-prefix is missing"),
    (["--out-prefix", "p"], "give one FASTA or FASTQ file, or --labels"),
    (["--out-prefix", "p", "--labels", "n.csv", "n.fa"], "give one FASTA or FASTQ file, or --labels"),
    (["--out-prefix", "p", "--by", "size", "n.fa"], "--by 'size': expected stratified, random, group, similarity or time"),
    (["--out-prefix", "p", "--by", "group", "n.fa"], "need --labels"),
    (["--out-prefix", "p", "--by", "random", "--group", "g", "--labels", "n.csv"], "does not go with --by random"),
    (["--out-prefix", "p", "--parts", "train=0.5,test=0.4", "n.fa"], "add up to 1"),
    (["--out-prefix", "p", "--parts", "train=0.5,train=0.5", "n.fa"], "add up to 1"),
    (["--out-prefix", "p", "--parts", "train=1,k=3", "n.fa"], "add up to 1"),
    (["--out-prefix", "p", "--parts", "", "n.fa"], "add up to 1"),
    (["--out-prefix", "p", "--k", "0", "n.fa"], "--k '0'"),
    (["--out-prefix", "p", "--k", "2.5", "n.fa"], "--k '2.5'"),
    (["--out-prefix", "p", "--threshold", "1.5", "n.fa"], "--threshold '1.5': expected a number from 0 to 1"),
    (["--out-prefix", "p", "--scaled", "0", "n.fa"], "--scaled '0'"),
    (["--out-prefix", "p", "-"], "cannot be read twice"),
])
def test_usage_errors_of_split(files, arguments, pattern):
    before = listing(files)
    fails(1, pattern, "split", *arguments, cwd=files)
    assert listing(files) == before


def test_bad_input_of_split(files):
    (files / "one.fa").write_text(">a\nACGT\n")
    (files / "bad.fa").write_text(">a\nACGT\n>b\nAC1T\n")
    (files / "same.fa").write_text(">a\nACGT\n>b\nacgu\n>c\nACGT\n")
    fails(2, "1 rows; expected at least 3", "split", "--out-prefix", "p", "one.fa", cwd=files)
    fails(2, "record 2, byte 13", "split", "--out-prefix", "p", "bad.fa", cwd=files)
    fails(2, "1 groups; expected at least 3", "split", "--by", "similarity", "--out-prefix", "p", "same.fa", cwd=files)
    (files / "bare.csv").write_text("sequence,label\nACGT,1\nACGA,0\nACGC,0\n")
    fails(2, "record 1: the row has no group", "split", "--by", "group", "--labels", "bare.csv", "--out-prefix", "p",
          cwd=files)
    fails(3, "", "split", "--out-prefix", "p", "absent.fa", cwd=files)
    fails(3, "folder cannot be written", "split", "--out-prefix", "absent/p", "n.fa", cwd=files)
    assert not [name for name in listing(files) if name.startswith("p.")]


# ---- convert ----

RECORDS = [("a first", "ACGTN", "!I~J5"), ("", "acgu", "IIII"), ("empty", "", ""), ('q "x"', "A-C*.", '"""@+')]
FASTQ = "".join(f"@{n}\n{s}\n+\n{q}\n" for n, s, q in RECORDS)
FASTA = "".join(f">{n}\n{s}\n" for n, s, _ in RECORDS)
TSV = "name\tsequence\tquality\n" + "".join(f"{n}\t{s}\t{q}\n" for n, s, q in RECORDS)
SHORT = "name\tsequence\n" + "".join(f"{n}\t{s}\n" for n, s, _ in RECORDS)


@pytest.mark.parametrize("given, to, wanted", [
    (FASTQ, "fasta", FASTA), (FASTQ, "fastq", FASTQ), (FASTQ, "tsv", TSV), (FASTA, "tsv", SHORT), (FASTA, "fasta", FASTA),
    (TSV, "fasta", FASTA), (TSV, "fastq", FASTQ), (TSV, "tsv", TSV), (SHORT, "fasta", FASTA), (SHORT, "tsv", SHORT),
    (TSV.replace("\n", "\r\n"), "fastq", FASTQ), ("\ufeff" + TSV, "fastq", FASTQ),
], ids=str)
def test_convert_there_and_back(tmp_path, given, to, wanted):
    (tmp_path / "in").write_text(given, newline="")
    assert json.loads(ok("convert", "--json", "--to", to, "in", "out", cwd=tmp_path)) == {
        "records": 4, "letters": 14, "left_out": 0, "trimmed_records": 0, "trimmed_letters": 0}
    assert (tmp_path / "out").read_text() == wanted
    assert ok("convert", "--to", to, "in", "-", cwd=tmp_path) == wanted
    assert listing(tmp_path) == ["in", "out"]


def test_convert_gives_a_quality_where_there_is_none(tmp_path):
    (tmp_path / "in.fa").write_text(FASTA)
    wanted = "".join(f"@{n}\n{s}\n+\n{'I' * len(s)}\n" for n, s, _ in RECORDS)
    assert ok("convert", "--to", "fastq", "--quality", "I", "in.fa", "-", cwd=tmp_path) == wanted
    fails(2, "in.fa: record 1 has no quality.*--quality SYMBOL", "convert", "--to", "fastq", "in.fa", "o", cwd=tmp_path)
    mixed = "sequence\tquality\nAC\tFF\nGT\t\n"
    assert ok("convert", "--to", "fastq", "--from", "tsv", "--quality", "#", "-", "-", data=mixed) == \
        "@\nAC\n+\nFF\n@\nGT\n+\n##\n"
    assert listing(tmp_path) == ["in.fa"]


def test_convert_reads_gzip_standard_input_and_other_columns(tmp_path):
    packed = gzip.compress(FASTQ.encode())
    assert ok("convert", "--to", "tsv", "-", "-", data=packed, text=False) == TSV.encode()
    (tmp_path / "in").write_text("label\tsequence\tx\tname\n1\tACGT\t\tn\n")
    assert ok("convert", "--to", "fasta", "in", "-", cwd=tmp_path) == ">n\nACGT\n"
    assert ok("convert", "--to", "tsv", "-", "-") == "name\tsequence\n"
    assert ok("convert", "--to", "fasta", "-", "-") == ""


@pytest.mark.parametrize("code, pattern, given, arguments", [
    (1, "--to is missing", "", []),
    (1, "--to 'bam': expected fasta, fastq or tsv", "", ["--to", "bam"]),
    (1, "--from 'fastq': expected tsv", "", ["--to", "tsv", "--from", "fastq"]),
    (1, "expected one symbol", FASTA, ["--to", "fastq", "--quality", "II"]),
    (1, "expected one symbol", FASTA, ["--to", "fastq", "--quality", " "]),
    (1, "needs --to fastq", FASTA, ["--to", "fasta", "--quality", "I"]),
    (2, "the name of record 1 has a tab", ">a\tb\nACGT\n", ["--to", "tsv"]),
    (2, "in: line 3: the number of fields", "name\tsequence\na\tA\nb\n", ["--to", "fasta"]),
    (2, "in: line 2: a byte that is no letter", "name\tsequence\na\tA T\n", ["--to", "fasta"]),
    (2, "in: line 2: quality and sequence differ", "quality\tsequence\nII\tA\n", ["--to", "fasta"]),
    (2, "in: line 2: a byte that is no quality symbol", "quality\tsequence\nI I\tAAA\n", ["--to", "fasta"]),
    (2, "in: line 2: a control byte in the name", "name\tsequence\na\x01\tAAA\n", ["--to", "fasta"]),
    (2, "no field \"sequence\"", "name\tletters\na\tAAA\n", ["--to", "fasta", "--from", "tsv"]),
    (2, "no line; expected a TSV header", "", ["--to", "fasta", "--from", "tsv"]),
    (2, "record 2, byte 13", ">a\nACGT\n>b\nAC1T\n", ["--to", "tsv"]),
    (2, "in: ", "name\tletters\na\tAAA\n", ["--to", "fasta"]),
])
def test_convert_refuses(tmp_path, code, pattern, given, arguments):
    (tmp_path / "in").write_text(given)
    fails(code, pattern, "convert", *arguments, "in", "out", cwd=tmp_path)
    assert listing(tmp_path) == ["in"]


def test_convert_keeps_the_old_file_until_the_new_one_is_whole(tmp_path):
    (tmp_path / "in").write_text(">a\nAC1T\n")
    (tmp_path / "out").write_text("old\n")
    fails(2, "byte", "convert", "--to", "tsv", "in", "out", cwd=tmp_path)
    assert (tmp_path / "out").read_text() == "old\n"
    fails(1, "--json needs a file as OUT", "convert", "--json", "--to", "tsv", "in", "-", cwd=tmp_path)
    assert ba("convert", "--to", "tsv", "absent", "-", cwd=tmp_path).returncode == 3
