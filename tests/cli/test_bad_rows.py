# SPDX-License-Identifier: MIT
"""Rows and columns that are not what a command needs: it names them, leaves no file, and loses nothing unseen."""

import json
import random

import pytest

from program import ba, fails, fasta, listing, ok, table

COUNT = 120
LAG = "Lag(column=close) | Standardize() | Linear()"
SERIES = ("--group", "g", "--time", "t")


def rows(seed=1):
    source = random.Random(seed)
    return [[f"g{i % 3}", f"2024-01-{1 + i // 24:02d}T{i % 24:02d}:00:00Z", round(source.gauss(100, 5), 2),
             round(source.gauss(0, 1), 3)] for i in range(COUNT)]


def write(path, found, head="g,t,close,y"):
    path.write_text(head + "\n" + "".join(",".join(map(str, row)) + "\n" for row in found))


@pytest.fixture(name="place")
def made_place(tmp_path):
    """A table, and a model that looks back."""
    write(tmp_path / "t.csv", rows())
    train(tmp_path, LAG, "t.csv")
    return tmp_path


def train(place, recipe, source, *more, out="m.ba"):
    return ok("train", "--recipe", recipe, "--table", source, "--target", "y", *SERIES, "--out", out, *more, cwd=place)


def changed(place, name, *cells):
    """The table with other fields: (row from 0, column, field)."""
    found = rows()
    for row, column, field in cells:
        found[row][column] = field
    write(place / name, found)
    return name


def refused(place, code, pattern, *arguments):
    """The command fails, and there are no other files than before."""
    before = listing(place)
    fails(code, pattern, *arguments, cwd=place)
    assert listing(place) == before


def scores(place, model, source, *more):
    return [row["value"] for row in table(ok("predict", "--model", model, *SERIES, source, *more, cwd=place))]


def test_no_target(place):
    refused(place, 2, 't.csv: there is no column "gain" for the target', "train", "--recipe", LAG, "--table", "t.csv",
            "--target", "gain", "--out", "n.ba")
    refused(place, 2, 't.csv: there is no column "gain" for the target', "eval", "--model", "m.ba", "--table", "t.csv",
            "--target", "gain")


@pytest.mark.parametrize("field", ["12;5", "abc", "0x1f", "1 2", "--"])
def test_a_bad_number(place, field):
    bad = changed(place, "bad.csv", (8, 2, field))
    refused(place, 2, f'record 9: column "close" has the text "{field}"; expected a number', "train", "--recipe", LAG,
            "--table", bad, "--target", "y", "--out", "n.ba")
    refused(place, 2, f'bad.csv: row 9: column "close" has the text "{field}"; expected a number', "predict", "--model",
            "m.ba", *SERIES, "--out", "p.tsv", bad)
    bad = changed(place, "label.csv", (8, 3, field))
    refused(place, 2, f'record 9: the label is "{field}"; expected a finite number', "train", "--recipe", LAG, "--table",
            bad, "--target", "y", "--out", "n.ba")


def test_offsets_are_converted(place):
    """The same moments in other zones: the same series, in the same order."""
    zones = changed(place, "z.csv", (6, 1, "2024-01-01T08:00:00+02:00"), (7, 1, "2024-01-01T01:30:00-0530"),
                    (9, 1, "2024-01-01 09:00Z"))
    train(place, LAG, zones, out="z.ba")
    assert scores(place, "z.ba", "t.csv") == scores(place, "m.ba", zones) == scores(place, "m.ba", "t.csv")


@pytest.mark.parametrize("field, expected", [("2024-01-01T08:00:00", "a date with a time zone"), ("2024-01-01", "a date with a"),
                                             ("1704096000", "a date with a time zone")])
def test_a_time_without_a_zone_among_others(place, field, expected):
    mixed = changed(place, "mixed.csv", (8, 1, field))
    message = f'column "t" has "{field}"; expected {expected}'
    refused(place, 2, "mixed.csv: record 9: " + message, "train", "--recipe", LAG, "--table", mixed, "--target", "y",
            *SERIES, "--out", "n.ba")
    refused(place, 2, "mixed.csv: row 9: " + message, "predict", "--model", "m.ba", *SERIES, "--out", "p.tsv", mixed)
    refused(place, 2, 'column "t" has the text', "train", "--recipe", "Calendar(column=t, part=hour) | Linear()", "--table",
            mixed, "--target", "y", "--out", "n.ba")
    plain = [[g, t.rstrip("Z"), x, y] for g, t, x, y in rows()]
    write(place / "plain.csv", plain)
    assert scores(place, "m.ba", "plain.csv") == scores(place, "m.ba", "t.csv")
    plain[8][1] += "+01:00"
    write(place / "plain.csv", plain)
    refused(place, 2, 'row 9: column "t" has .*; expected a date without a time zone, as in the rows before', "predict",
            "--model", "m.ba", *SERIES, "--out", "p.tsv", "plain.csv")


def test_the_same_time_twice_in_a_group(place):
    twice = changed(place, "twice.csv", (9, 1, rows()[6][1]), (20, 1, rows()[6][1]))  # 20 is of another group
    note = "rows with the time of a row before in their group, kept as they stand: 1\n"
    for command in (("train", "--recipe", LAG, "--table", twice, "--target", "y", "--out", "n.ba"),
                    ("predict", "--model", "m.ba", twice), ("explain", "--model", "m.ba", twice),
                    ("eval", "--model", "m.ba", "--table", twice, "--target", "y"),
                    ("calibrate", "--model", "m.ba", "--table", twice, "--target", "y", "--out", "c.ba")):
        done = ba(*command, *SERIES, cwd=place)
        if command[0] != "calibrate":  # which is for classes
            assert done.returncode == 0 and f"ba {command[0]}: {note}" in done.stderr
        if command[0] != "explain":
            assert ba(*command, *SERIES, "--duplicate", "maybe", cwd=place).returncode == 1
    assert len(scores(place, "m.ba", twice)) == COUNT
    found = rows()
    found[9][1] = found[6][1]
    write(place / "moved.csv", found)
    # As they stand: what is written later comes later.
    assert scores(place, "m.ba", "moved.csv")[9] == scores(place, "m.ba", "t.csv")[9]
    refused(place, 2, 'twice.csv: record 10: column "t" has "2024-01-01T06:00:00Z"; expected a time that no row before',
            "train", "--recipe", LAG, "--table", twice, "--target", "y", *SERIES, "--duplicate", "error", "--out", "n2.ba")
    refused(place, 2, 'twice.csv: row 10: column "t" has the time of a row before in its group', "predict", "--model",
            "m.ba", *SERIES, "--duplicate", "error", "--out", "p.tsv", twice)
    assert "kept as they stand" not in ba("predict", "--model", "m.ba", *SERIES, "t.csv", cwd=place).stderr


def test_a_column_that_changes_its_type(tmp_path):
    """In row 900,000 of 900,001; a column of texts that some rows have numbers in stays one of texts."""
    source = random.Random(3)
    lines = [f"{source.random():.3f},{i % 7}" for i in range(900001)]
    lines[899999] = "abc,1"
    (tmp_path / "big.csv").write_text("x,y\n" + "\n".join(lines) + "\n")
    start = ("train", "--table", "big.csv", "--target", "y", "--out", "m.ba")
    for recipe in ("Columns() | Linear()", "Column(column=x) | Linear()"):
        refused(tmp_path, 2, 'record 900000: column "x" has the text "abc"', *start, "--recipe", recipe)
    done = ba(*start, "--recipe", "Columns() | Linear()", "--rejects", "bad.tsv", cwd=tmp_path)
    assert done.returncode == 0 and "ba train: rows put aside: 1; bad.tsv says why" in done.stderr
    assert "rows      900000\n" in done.stderr
    reason = 'big.csv\trow 900000: column "x" has the text "abc"; expected a number'
    assert (tmp_path / "bad.tsv").read_text() == reason + "\n"
    refused(tmp_path, 2, 'row 900000: column "x" has the text "abc"', "predict", "--model", "m.ba", "--out", "p.tsv",
            "big.csv")
    done = ba("predict", "--model", "m.ba", "--rejects", "bad2.tsv", "--out", "p.tsv", "big.csv", cwd=tmp_path)
    assert done.returncode == 0 and "1 rows could not be scored; bad2.tsv says why" in done.stderr
    assert (tmp_path / "bad2.tsv").read_text().startswith(reason)
    assert sum(1 for _ in (tmp_path / "p.tsv").open()) == 900001  # the head, and all rows but one


def test_rejects_of_training(tmp_path):
    """Rows of a wrong width, and texts among numbers where numbers are wanted; those that are not fit as always."""
    source = random.Random(5)
    found = [[f"{1000 + i}", source.choice("123"), round(source.gauss(0, 1), 3), round(source.gauss(0, 1), 3)]
             for i in range(60)]
    write(tmp_path / "good.csv", [row for i, row in enumerate(found) if i not in (3, 10, 40, 59)], "id,kind,x,y")
    found[3].append("more")
    found[10][2] = "n.a."
    found[20][0] = "twenty"  # a name
    found[30][1] = "new"     # a category
    found[40][3] = "??"
    found[59][2] = "last"
    write(tmp_path / "t.csv", found, "id,kind,x,y")
    recipe = "Columns() + Category(column=kind) | Standardize() | Linear()"
    start = ("train", "--recipe", recipe, "--target", "y", "--columns", "name=id", "--rejects", "bad.tsv")
    done = ba(*start, "--table", "t.csv", "--out", "m.ba", cwd=tmp_path)
    assert done.returncode == 0 and "rows put aside: 4; bad.tsv says why" in done.stderr
    assert (tmp_path / "bad.tsv").read_text().splitlines() == [
        "t.csv\trecord 5, byte 71: 5 fields; expected 4, as in the header",
        't.csv\trow 11: column "x" has the text "n.a."; expected a number',
        't.csv\trow 41: column "y" has the text "??"; expected a number',
        't.csv\trow 60: column "x" has the text "last"; expected a number']
    good = [row for i, row in enumerate(found) if i not in (3, 10, 40, 59)]
    write(tmp_path / "good.csv", good, "id,kind,x,y")
    ok("train", "--recipe", recipe, "--target", "y", "--columns", "name=id", "--table", "good.csv", "--out", "n.ba",
       cwd=tmp_path)
    assert (tmp_path / "m.ba").read_bytes() == (tmp_path / "n.ba").read_bytes()
    done = ba(*start, "--table", "good.csv", "--out", "m.ba", cwd=tmp_path)
    assert "put aside" not in done.stderr and (tmp_path / "bad.tsv").read_text() == ""
    # Of classes any text is one; a series without a row is another series.
    done = ba("train", "--recipe", "Column(column=x) | Softmax()", "--target", "kind", "--table", "t.csv", "--rejects",
              "bad.tsv", "--out", "k.ba", cwd=tmp_path)
    assert done.returncode == 0 and "in 4 classes" in done.stderr, done.stderr
    done = ba("train", "--recipe", "Lag(column=x) | Linear()", "--target", "y", "--table", "t.csv", "--rejects", "bad.tsv",
              "--out", "l.ba", cwd=tmp_path)
    assert done.returncode == 2 and "--rejects: the recipe looks at the rows before" in done.stderr
    assert not (tmp_path / "l.ba").exists()
    refused(tmp_path, 1, "--rejects is for rows of numbers", "train", "--recipe", "@motif | Logistic()", "--labels",
            "t.csv", "--rejects", "bad3.tsv", "--out", "n2.ba")


def test_a_window_longer_than_every_series(place):
    recipe = "Rolling(column=close, window={}) | Standardize() | Linear()"
    longest = COUNT // 3
    refused(place, 2, rf'term Rolling\(column="close", stat=mean, window=41.* has no value in any row; the longest series '
            rf"has {longest} rows", "train", "--recipe", recipe.format(41), "--table", "t.csv", "--target", "y", *SERIES,
            "--out", "n.ba")
    train(place, recipe.format(40), "t.csv", out="n.ba")
    # A shorter table is scored: its rows have the mean of the training rows.
    write(place / "short.csv", rows()[:5])
    assert len(set(scores(place, "n.ba", "short.csv"))) == 1


def test_sequences_that_do_not_fit(tmp_path):
    (tmp_path / "a.fa").write_text(fasta(["ACGTACGTAC", "ACGTTGCAAC"]))
    (tmp_path / "b.fa").write_text(fasta(["GGGTACGTAC", "ACGTTG"]))
    (tmp_path / "p.fa").write_text(fasta(["MKVLAAGIVW", "MKVLEEGIVW"]))
    start = ("train", "--pos", "a.fa", "--out", "m.ba")
    refused(tmp_path, 2, "record 4: the sequence has 6 letters, those before it 10; expected equal lengths, as ENAC needs",
            *start, "--neg", "b.fa", "--recipe", "ENAC() | Logistic()")
    for term, reads in (("ENAC()", "ENAC"), ("DAC()", "DAC"), ("NAC()", "Kmer")):
        refused(tmp_path, 2, f"record 3: the sequence holds 'L' .* but {reads} reads DNA; expected nucleotides", *start,
                "--neg", "p.fa", "--recipe", f"{term} | Logistic()")
    ok(*start, "--neg", "a.fa", "--recipe", "ENAC() | Logistic()", cwd=tmp_path)
    refused(tmp_path, 2, "b.fa: record 2: the sequence has 6 letters; ENAC was fitted on 10", "predict", "--model", "m.ba",
            "--out", "p.tsv", "b.fa")
    refused(tmp_path, 2, "p.fa: record 1: the sequence holds 'L' .* but ENAC reads DNA", "predict", "--model", "m.ba",
            "--out", "p.tsv", "p.fa")


def test_eval_and_explain_follow_group_and_time(place):
    """The rows in any order are one evaluation, and that of the scores of predict."""
    found = rows()
    random.Random(2).shuffle(found)
    write(place / "mixed.csv", found)
    evaluate = ("eval", "--model", "m.ba", "--target", "y", "--json", "--table")
    measured, ordered, plain = [json.loads(ok(*evaluate, *more, cwd=place)) for more in (
        ("mixed.csv", *SERIES), ("t.csv", *SERIES), ("mixed.csv",))]
    assert measured["rmse"] == pytest.approx(ordered["rmse"], rel=1e-12)
    assert measured["rmse"] != pytest.approx(plain["rmse"], rel=1e-6)
    values = [float(value) for value in scores(place, "m.ba", "mixed.csv")]
    errors = [(value - row[3]) ** 2 for value, row in zip(values, found)]
    assert measured["n"] == COUNT and measured["rmse"] == pytest.approx((sum(errors) / COUNT) ** 0.5, rel=1e-12)
    # Shares and the intercept add up to the score, row by row.
    shares = table(ok("explain", "--model", "m.ba", *SERIES, "mixed.csv", cwd=place))
    parts = [0.0] * COUNT
    for share in shares:
        parts[int(share["row"]) - 1] += float(share["attribution"])
    rest = [value - part for value, part in zip(values, parts)]
    assert max(rest) - min(rest) < 1e-12 and len(shares) > COUNT // 2
    assert ok("explain", "--model", "m.ba", "mixed.csv", cwd=place) != ok("explain", "--model", "m.ba", *SERIES,
                                                                     "mixed.csv", cwd=place)
