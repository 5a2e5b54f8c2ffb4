# SPDX-License-Identifier: MIT
"""ba train --report: one page that loads nothing and shows the numbers of the run; and the curve in --json."""

import html.parser
import json
import math
import re

import pytest

from program import fails, ok


class Page(html.parser.HTMLParser):
    """Elements that are never closed, the links out, and the cells of each table."""

    def __init__(self, text):
        super().__init__()
        self.open, self.links, self.tables, self.text = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "rect", "path", "circle"):
            self.open.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href", "xlink:href")]
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)
        if self.open and set(self.open) & {"td", "th"}:
            self.tables[-1][-1][-1] += data


def made(data, tmp_path, *arguments):
    given = json.loads(ok("train", *arguments, "--out", tmp_path / "m.ba", "--report", tmp_path / "r.html", "--json"))
    text = (tmp_path / "r.html").read_text()
    page = Page(text)
    assert page.links == [] and "http" not in text and "@import" not in text and "url(" not in text
    assert data and all("nan" not in drawn for drawn in re.findall(r' d="[^"]*"', text))
    return given, page, text


def test_two_candidates_on_dev_rows(data, tmp_path):
    recipes = ["Kmer(k=1..3) | Logistic(solver=adagrad)", "Kmer(k=2) | Logistic(solver=adagrad)"]
    given, page, text = made(data, tmp_path, *[x for r in recipes for x in ("--recipe", r)], "--labels", data / "split.csv")
    assert text.count("<svg") == 3  # learning curve, ROC, calibration
    assert "dev loss" in text and "objective" in text
    summary, tries, confusion, features = page.tables
    assert dict(summary)["training rows"] == "240"
    assert [row[0] for row in tries[1:]] == recipes
    for row, candidate in zip(tries[1:], given["candidates"], strict=True):
        for name, cell in zip(tries[0][1:-1], row[1:-1], strict=True):
            assert float(cell) == pytest.approx(candidate["dev"][name], abs=5.1e-5)
    assert sum(int(cell) for row in confusion[1:] for cell in row[1:]) == 60
    assert len(features) == 21 and features[1][0].startswith("Kmer_")
    assert [point["pass"] for point in given["curve"]] == list(range(1, given["passes"] + 1))
    assert all(math.isfinite(point["dev_loss"]) for point in given["curve"])
    assert given["curve"][-1]["objective"] == given["objective"]


def test_folds_and_names(data, tmp_path):
    table = (data / "three.tsv").read_text().replace("none", "<b>&\"none\"")
    (tmp_path / "t.tsv").write_text(table)
    given, page, text = made(data, tmp_path, "--recipe", "Kmer(k=1..2) | Softmax()", "--labels", tmp_path / "t.tsv",
                             "--columns", "sequence=text,label=2", "--cv", 3)
    assert '<b>&"none"' in page.tables[2][0] and "<b>" not in text
    assert "Measured on the cv rows" in "".join(page.text)
    # L-BFGS starts from zero: the loss of guessing among three.
    assert given["curve"][0]["objective"] == pytest.approx(math.log(3), rel=1e-12)
    assert given["curve"][0]["dev_loss"] is None


def test_nothing_measured_and_ensembles(data, tmp_path):
    _, page, text = made(data, tmp_path, "--recipe", "Kmer(k=2) | Logistic()", "--labels", data / "table.csv")
    assert text.count("<svg") == 1 and "Nothing was measured" in text and len(page.tables) == 2
    _, page, text = made(data, tmp_path, "--recipe", "Kmer(k=2) | Logistic() & PositionKmer(k=1) | Logistic()",
                         "--labels", data / "split.csv")
    assert ">member 1<" in text and ">member 2<" in text and len(page.tables) == 5
    _, page, text = made(data, tmp_path, "--recipe", "OneHot() | Conv(filters=4, width=4) | MLP(hidden=2, epochs=2)",
                         "--labels", data / "split.csv")
    assert "no weights by feature" in text and len(page.tables) == 3


def test_numbers(data, tmp_path):
    rows = "".join(f"{'ACGT' * 5}{'A' * (i % 7)},{i % 7}\n" for i in range(60))
    (tmp_path / "n.csv").write_text("sequence,label\n" + rows)
    _, page, text = made(data, tmp_path, "--recipe", "Kmer(k=1) | Linear()", "--labels", tmp_path / "n.csv", "--cv", 3)
    assert text.count("<svg") <= 1 and "rmse" in page.tables[1][0]


def test_a_place_that_cannot_be(data, tmp_path):
    fails(3, "no/r.html", "train", "--recipe", "Kmer(k=2) | Logistic()", "--labels", data / "table.csv", "--out",
          tmp_path / "m.ba", "--report", tmp_path / "no" / "r.html")
    assert not (tmp_path / "m.ba").exists()
