# SPDX-License-Identifier: MIT
"""Tables of numbers: describe, train, eval, predict; against Python's own arithmetic."""

import gzip
import json
import math
import random
import re
import statistics

import pytest

from program import ba, fails, ok, table

REGIONS = ("north", "east", "west", "")
LINEAR = "Columns() + Category(column=region) | Standardize() | Linear(l2=0, solver=newton, tol=1e-12)"


def rows(seed=1, count=300):
    source = random.Random(seed)
    found = []
    for i in range(count):
        row = {"id": f"r{i}", "price": round(source.gauss(100, 20), 3), "age": source.randrange(1, 90),
               "region": source.choice(REGIONS)}
        row["y"] = 2 * row["price"] - 3 * row["age"] + (7 if row["region"] == "west" else 0) + 5
        row["high"] = "yes" if row["y"] + source.gauss(0, 40) > 70 else "no"
        found.append(row)
    return found


def csv_of(found, mark=","):
    return "\n".join([mark.join(found[0])] + [mark.join(str(v) for v in row.values()) for row in found]) + "\n"


@pytest.fixture(name="place")
def made_place(tmp_path):
    (tmp_path / "t.csv").write_text(csv_of(rows()))
    return tmp_path


def train(place, recipe, *more, target="y", out="m.ba", source="t.csv"):
    return ok("train", "--recipe", recipe, "--table", source, "--target", target, "--out", out, *more, cwd=place)


def test_describe_equals_python(place):
    found = json.loads(ok("describe", "--json", "t.csv", cwd=place))
    data = rows()
    assert found["rows"] == 300
    columns = {column["name"]: column for column in found["columns"]}
    for name in ("price", "age", "y"):
        values = [row[name] for row in data]
        column = columns[name]
        assert column["count"] == 300 and column["missing"] == 0
        assert column["mean"] == pytest.approx(statistics.fmean(values), rel=1e-13)
        assert column["sd"] == pytest.approx(statistics.stdev(values), rel=1e-12)
        quartiles = statistics.quantiles(values, n=4, method="inclusive")
        assert [column[q] for q in ("q25", "median", "q75")] == pytest.approx(quartiles, rel=1e-13)
        assert (column["min"], column["max"]) == (min(values), max(values))
        assert sum(column["histogram"]) == 300
    region = columns["region"]
    counts = {name: sum(row["region"] == name for row in data) for name in REGIONS}
    assert region["missing"] == counts[""] and region["distinct"] == 3
    assert {item["text"]: item["count"] for item in region["top"]} == {n: c for n, c in counts.items() if n}
    names = found["correlated"]
    for a in names:
        for b in names:
            r = statistics.correlation([row[a] for row in data], [row[b] for row in data])
            assert found["correlation"][names.index(a)][names.index(b)] == pytest.approx(r, abs=1e-12)
    text = ok("describe", "t.csv", cwd=place)
    assert "300 rows" in text and "price, y" in text and "█" in text


def test_exact_line_is_found(place):
    train(place, LINEAR, "--ignore", "id")
    scores = table(ok("predict", "--model", "m.ba", "--name", "id", "t.csv", cwd=place))
    for row, score in zip(rows(), scores):
        assert score["name"] == row["id"]
        assert float(score["value"]) == pytest.approx(row["y"], abs=1e-5)
    measures = json.loads(ok("eval", "--model", "m.ba", "--table", "t.csv", "--target", "y", "--json", cwd=place))
    assert measures["n"] == 300 and measures["rmse"] < 1e-5 and measures["r2"] > 0.999999
    weights = table(ok("explain", "--model", "m.ba", cwd=place))
    deviation = statistics.pstdev(row["price"] for row in rows())
    found = {item["feature"]: float(item["weight"]) for item in weights}
    assert found["price"] == pytest.approx(2 * deviation, rel=1e-6)
    assert found["region=west"] == pytest.approx(7, abs=1e-5)


def test_every_form_of_a_table_gives_the_same(place):
    data = rows()
    with gzip.open(place / "t.tsv.gz", "wt") as file:
        file.write(csv_of(data, "\t"))
    lines = "".join(json.dumps({k: v if v != "" else None for k, v in row.items()}) + "\n" for row in data)
    (place / "t.jsonl").write_text(lines)
    with gzip.open(place / "t.ndjson.gz", "wt") as file:
        file.write(lines)
    train(place, LINEAR)
    expected = ok("predict", "--model", "m.ba", "t.csv", cwd=place)
    for source in ("t.tsv.gz", "t.jsonl", "t.ndjson.gz"):
        train(place, LINEAR, source=source, out="n.ba")
        assert (place / "n.ba").read_bytes() == (place / "m.ba").read_bytes()
        assert ok("predict", "--model", "m.ba", source, cwd=place) == expected
    done = ba("predict", "--model", "m.ba", "-", cwd=place, data=csv_of(data))
    assert done.stdout == expected


def test_classes_folds_and_time(place):
    recipe = "Column(column=price) + Column(column=age) | Standardize() | Logistic()"
    text = json.loads(train(place, recipe, "--cv", "5", "--json", target="high"))
    assert text["classes"] == ["no", "yes"]
    assert text["candidates"][0]["cv"]["auroc"] > 0.85
    json.loads(train(place, recipe, "--cv", "4", "--time", "age", "--json", target="high"))
    json.loads(train(place, recipe, "--cv", "2", "--group", "age", "--by", "group", "--json", target="high"))
    parts = rows()
    for i, row in enumerate(parts):
        row["part"] = ("train", "train", "dev", "test")[i % 4]
    (place / "p.csv").write_text(csv_of(parts))
    train(place, recipe, "--columns", "split=part", "--calibrate", "platt", target="high", source="p.csv")
    found = json.loads(ok("eval", "--model", "m.ba", "--table", "p.csv", "--target", "high", "--columns", "split=part",
                          "--part", "test", "--json", cwd=place))
    assert found["n"] == 75 and found["auroc"] > 0.8


def test_missing_values(place):
    data = rows()
    data[4]["price"] = "NA"
    (place / "t.csv").write_text(csv_of(data))
    fails(2, 'record 5: column "price" has no value; expected a finite number, or missing=mean', "train", "--recipe",
          "Columns() | Linear()", "--table", "t.csv", "--target", "y", "--out", "m.ba", cwd=place)
    train(place, "Columns(missing=indicator) | Standardize() | Linear()")
    assert "price.missing" in ok("explain", "--model", "m.ba", cwd=place)
    assert len(table(ok("predict", "--model", "m.ba", "t.csv", cwd=place))) == 300


def test_rejects(place):
    train(place, "Columns() | Standardize() | Linear()")
    lines = csv_of(rows(2, 10)).splitlines()
    lines[3] += ",more"
    lines[6] = "r5,abc,5,north,1,no"
    lines[8] = "r7,,5,north,1,no"
    (place / "bad.csv").write_text("\n".join(lines) + "\n")
    fails(2, "7 fields; expected 6", "predict", "--model", "m.ba", "--out", "p.tsv", "bad.csv", cwd=place)
    assert not (place / "p.tsv").exists()
    done = ba("predict", "--model", "m.ba", "--name", "id", "--rejects", "bad.tsv", "bad.csv", cwd=place)
    assert done.returncode == 0 and "3 rows could not be scored; bad.tsv says why" in done.stderr
    assert [row["name"] for row in table(done.stdout)] == ["r0", "r1", "r3", "r4", "r6", "r8", "r9"]
    reasons = (place / "bad.tsv").read_text().splitlines()
    assert len(reasons) == 3
    assert "7 fields; expected 6" in reasons[0]
    assert reasons[1].startswith('bad.csv\trow 6: column "price" has the text "abc"')
    assert reasons[2].startswith('bad.csv\trow 8: column "price" has no value')
    done = ba("predict", "--model", "m.ba", "--rejects", "bad.tsv", "bad.csv", cwd=place)
    assert [row["name"] for row in table(done.stdout)] == ["1", "2", "4", "5", "7", "9", "10"]
    fails(2, "bad.csv: record 4", "predict", "--model", "m.ba", "--out", "p.tsv", "bad.csv", cwd=place)
    ok("predict", "--model", "m.ba", "--rejects", "bad.tsv", "t.csv", "bad.csv", cwd=place)
    assert "bad.csv\trow 8: column" in (place / "bad.tsv").read_text()
    (place / "bad.jsonl").write_text('{"price": 1, "age": 2}\n{"age": 2}\n{"price": 3, "age": 2}\n')
    fails(1, "--rejects", "predict", "--model", "m.ba", "--rejects", "bad.tsv", "--out", "p.tsv", "bad.jsonl", cwd=place)


def test_refusals(place):
    start = ("train", "--recipe", "Columns() | Linear()", "--out", "m.ba")
    fails(1, "--table needs --target", *start, "--table", "t.csv", cwd=place)
    fails(1, "they need --table", *start, "--target", "y", cwd=place)
    fails(1, "give it without --labels", *start, "--table", "t.csv", "--target", "y", "--labels", "t.csv", cwd=place)
    fails(2, 'no column "z" for the target', *start, "--table", "t.csv", "--target", "z", cwd=place)
    fails(2, 'no column "z" to ignore', *start, "--table", "t.csv", "--target", "y", "--ignore", "z", cwd=place)
    fails(3, "nowhere.csv", *start, "--table", "nowhere.csv", "--target", "y", cwd=place)
    (place / "bad.jsonl").write_text('{"y": 1, "x": 2}\n{"y": 2\n')
    fails(2, "bad.jsonl: record 2: expected one JSON object", *start, "--table", "bad.jsonl", "--target", "y", cwd=place)
    (place / "deep.jsonl").write_text('{"y": [1], "x": 2}\n')
    fails(2, 'record 1: "y" is no number', *start, "--table", "deep.jsonl", "--target", "y", cwd=place)
    train(place, "Columns() | Linear()")
    (place / "other.csv").write_text("a,b\n1,2\n")
    fails(2, 'other.csv: there is no column "price"; expected one of: a, b', "predict", "--model", "m.ba", "--out",
          "p.tsv", "other.csv", cwd=place)
    fails(2, 'there is no column "who" for --name', "predict", "--model", "m.ba", "--name", "who", "--out", "p.tsv", "t.csv",
          cwd=place)
    (place / "s.fa").write_text(">a\nACGT\n")
    fails(2, "the model reads columns of a table", "scan", "--model", "m.ba", "--window", "3", "--step", "1", "--out",
          "s.bed", "s.fa", cwd=place)
    assert math.isfinite(float(table(ok("predict", "--model", "m.ba", "t.csv", cwd=place))[0]["value"]))


def test_series_follow_group_and_time(tmp_path):
    """A model that looks back scores rows in any order alike, and as a table that holds what it looks at."""
    source = random.Random(9)
    rows = [[g, t, source.gauss(100, 5), source.gauss(0, 1)] for g in "ABC" for t in range(80)]
    for i, row in enumerate(rows):
        row.append(rows[i - 1][2] if row[1] else "")
    head = "group,time,x,y,before\n"
    ordered, mixed = tmp_path / "ordered.csv", tmp_path / "mixed.csv"
    text = [",".join(str(value) for value in row) + "\n" for row in rows]
    ordered.write_text(head + "".join(text))
    places = list(range(len(rows)))
    source.shuffle(places)
    mixed.write_text(head + "".join(text[i] for i in places))
    back, plain = tmp_path / "back.ba", tmp_path / "plain.ba"
    for recipe, model in (("Lag(column=x)", back), ("Column(column=before, missing=mean)", plain)):
        ok("train", "--recipe", recipe + " | Linear()", "--table", mixed, "--target", "y", "--group", "group", "--time",
           "time", "--out", model)
    scores = [line.split("\t")[2] for line in ok("predict", "--model", plain, ordered).splitlines()[1:]]
    series = ("predict", "--model", back, "--group", "group", "--time", "time")
    assert [line.split("\t")[2] for line in ok(*series, ordered).splitlines()[1:]] == scores
    assert [line.split("\t")[2] for line in ok(*series, mixed).splitlines()[1:]] == [scores[i] for i in places]
def test_components(place):
    """Three files of sequences that differ in GC, and the columns of a table."""
    for name, letters in (("low.fa", "AATTAC"), ("high.fa", "GGCCGA"), ("even.fa", "ACGT")):
        source = random.Random(name)
        (place / name).write_text("".join(f">{name}{i}\n{''.join(source.choice(letters) for _ in range(200))}\n"
                                          for i in range(40)))
    done = ba("pca", "--recipe", "Kmer(k=2, value=freq, norm=none)", "--plot", "p.html", "low.fa", "high.fa", "even.fa",
              cwd=place)
    if "OpenBLAS" in done.stderr or "lapacke" in done.stderr:
        pytest.skip("there is no OpenBLAS here")
    assert done.returncode == 0, done.stderr
    found = table(done.stdout)
    assert len(found) == 120 and found[0]["name"] == "low.fa0" and found[0]["group"] == "low.fa"
    places = {name: [float(row["PC1"]) for row in found if row["group"] == name] for name in ("low.fa", "high.fa")}
    assert max(places["low.fa"]) < min(places["high.fa"]) or min(places["low.fa"]) > max(places["high.fa"])
    assert abs(sum(float(row["PC1"]) for row in found)) < 1e-12
    page = (place / "p.html").read_text()
    assert page.count("<svg") == 2 and page.count("<circle") > 120 and "high.fa" in page and "PC1 (" in page
    assert re.search(r"^PC1 +\d+\.\d %", done.stderr, re.M)
    text = ok("pca", "--table", "t.csv", "--target", "high", "--n", "3", cwd=place)
    assert set(table(text)[0]) == {"name", "group", "PC1", "PC2", "PC3"}
    assert {row["group"] for row in table(text)} == {"yes", "no"}
    fails(1, "--n 0: expected 1 to 4096", "pca", "--n", "0", "low.fa", cwd=place)
    fails(1, "the data are missing", "pca", cwd=place)


def test_parts_of_a_score(place):
    train(place, LINEAR, "--ignore", "id")
    found = table(ok("explain", "--model", "m.ba", "--top", "10", "t.csv", cwd=place))
    scores = table(ok("predict", "--model", "m.ba", "t.csv", cwd=place))
    mean = statistics.fmean(row["price"] for row in rows())
    sums = {}
    for item in found:
        sums[int(item["row"])] = sums.get(int(item["row"]), 0.0) + float(item["attribution"])
        if item["feature"] == "price":
            row = rows()[int(item["row"]) - 1]
            assert float(item["attribution"]) == pytest.approx(2 * (row["price"] - mean), abs=1e-5)
    rest = {round(float(score["score"]) - sums[i + 1], 7) for i, score in enumerate(scores)}
    assert len(sums) == 300 and max(rest) - min(rest) < 1e-6  # the intercept
    lines = ok("explain", "--model", "m.ba", "--json", "t.csv", cwd=place).splitlines()
    assert set(json.loads(lines[0])) == {"row", "feature", "attribution"}


def test_numbers_are_written_with_17_digits(tmp_path):
    """As C and Python round them: all sizes, those around powers of ten, and ties."""
    numbers = random.Random(17)
    values = [numbers.uniform(-1, 1) * 10 ** numbers.uniform(-8, 20) for _ in range(20000)]
    values += [numbers.uniform(-1, 1) * 10 ** numbers.uniform(-300, 300) for _ in range(1000)]
    values += [numbers.randrange(16 * 10**14, 16 * 10**15) / 16 for _ in range(4000)]
    values += [numbers.randrange(10**6) / 2 ** numbers.randrange(12) for _ in range(2000)]
    for power in range(-8, 20):
        values += [10.0**power, -math.nextafter(10.0**power, 0), math.nextafter(10.0**power, math.inf)]
    (tmp_path / "t.csv").write_text("x\n" + "".join(f"{value!r}\n" for value in values))
    found = ok("features", "--recipe", "Columns()", "--table", "t.csv", cwd=tmp_path).splitlines()[1:]
    assert [line.split("\t")[1] for line in found] == [f"{value:.17g}" for value in values]


def test_features_of_rows(tmp_path):
    """What a recipe makes of rows, in all formats; by group and time, with NaN where there is nothing yet."""
    (tmp_path / "t.csv").write_text("symbol,day,close,volume\na,2024-01-02,11,NA\na,2024-01-01,10,1\nb,2024-01-01,20,2\n"
                                    "b,2024-01-03,25,4\na,2024-01-03,22,5\n")
    series = ("features", "--recipe", "Return(column=close) + Expanding(column=close, stat=max)", "--table", "t.csv",
              "--group", "symbol", "--time", "day")
    found = [line.split("\t") for line in ok(*series, cwd=tmp_path).splitlines()]
    assert found == [["name", "Return_close.1", "Expanding_close.max"], ["1", "0.10000000000000009", "11"],
                     ["2", "NaN", "10"], ["3", "NaN", "20"], ["4", "0.25", "25"], ["5", "1", "22"]]
    about = json.loads(ok(*series, "--format", "npy", "--out", "f.npy", "--json", cwd=tmp_path))
    assert about == {"records": 5, "columns": 2, "out": "f.npy"}
    data = (tmp_path / "f.npy").read_bytes()
    values = memoryview(data[-80:]).cast("d").tolist()
    assert values[:2] == [float(found[1][1]), 11.0] and math.isnan(values[2]) and values[8:] == [1.0, 22.0]
    rows_of = ok("features", "--recipe", "Columns(missing=indicator) + Category(column=symbol)", "--table", "t.csv",
                 "--ignore", "close", "--format", "libsvm", cwd=tmp_path)
    assert rows_of.splitlines() == ["0 1:NaN 2:1 3:1", "0 1:1 3:1", "0 1:2 4:1", "0 1:4 4:1", "0 1:5 3:1"]
    fails(2, "record 1: column \"volume\" has no value", "features", "--recipe", "Columns()", "--table", "t.csv",
          "--out", "none.tsv", cwd=tmp_path)
    assert not (tmp_path / "none.tsv").exists()
    fails(1, "expected a file of sequences, or --table T", "features", "--recipe", "Columns()", cwd=tmp_path)
    fails(1, "go with --table", "features", "--recipe", "Kmer(k=2)", "--group", "g", "t.csv", cwd=tmp_path)
    fails(1, "rows of a table have values alone", *series, "--output", "counts", cwd=tmp_path)


def test_hashed_categories(tmp_path):
    """With room for all texts a hashed category is a category; new texts score by their slot."""
    source = random.Random(2)
    texts = [f"shop {i}" for i in range(40)]
    effect = {text: source.gauss(0, 3) for text in texts}
    data = [(text, source.gauss(effect[text], 0.1)) for text in source.choices(texts, k=400)]
    (tmp_path / "t.csv").write_text("shop,y\n" + "".join(f"{text},{y}\n" for text, y in data))
    (tmp_path / "new.csv").write_text("shop,y\nshop 3,0\nanother shop,0\n,0\n")
    scores = {}
    for name, term in (("one", "Category(column=shop)"), ("hash", "CategoryHash(column=shop, slots=65536)")):
        train(tmp_path, f"{term} | Linear(l2=1e-6, tol=1e-10)", out=f"{name}.ba")
        found = table(ok("predict", "--model", f"{name}.ba", "new.csv", cwd=tmp_path))
        scores[name] = [float(row["score"]) for row in found]
        assert len(scores[name]) == 3
    assert scores["hash"] == pytest.approx(scores["one"], abs=1e-4)
    assert scores["hash"][1] == scores["hash"][2]
    info = ok("info", "hash.ba", cwd=tmp_path)
    assert "slots=65536" in info
    ok("selftest", "hash.ba", cwd=tmp_path)
    top = ok("explain", "--model", "hash.ba", cwd=tmp_path)
    assert "shop.slot" in top
