# SPDX-License-Identifier: MIT
"""ba export: the JSON alone is enough to score by hand, and the C file compiles by itself."""

import json
import math
import subprocess

import pytest

from program import ba, fails, ok, sequences, table


def counted(letters, block, columns):
    """Counts of the block's words, by name of the column."""
    counts = {}
    for i in range(len(letters) - block["k"] + 1):
        word = letters[i:i + block["k"]]
        if set(word) <= set("ACGT"):
            counts[word] = counts.get(word, 0) + 1
    return {columns[f"Kmer_{word}"]: count for word, count in counts.items()}


def scored(model, letters):
    """Scores from the exported numbers alone; Kmer with sqrt and l2."""
    member, = model["members"]
    columns = {name: i for i, name in enumerate(member["columns"])}
    scores = [0.0] * model["outputs"]
    for block in member["blocks"]:
        assert (block["term"], block["value"], block["norm"]) == ("Kmer", "sqrt", "l2")
        counts = counted(letters, block, columns)
        norm = math.sqrt(sum(counts.values())) or 1.0
        for output, weights in enumerate(member["weights"]):
            scale = 2.0 ** -block["exponents"][output]
            scores[output] += sum(weights[c] * scale * math.sqrt(n) for c, n in counts.items()) / norm
    return [score + intercept for score, intercept in zip(scores, member["intercepts"], strict=True)]


@pytest.mark.parametrize("name", ["two", "three"])
def test_json_is_enough(data, tmp_path, name):
    model = json.loads(ok("export", "--json", data / f"{name}.ba"))
    info = json.loads(ok("info", "--json", data / f"{name}.ba"))
    assert model["recipe"] == info["recipe"] and model["classes"] == info["classes"]
    assert model["calibration"] == {"method": "none"}
    letters = sequences(7, 30, 50, ["TATAAA", "ACN"])
    (tmp_path / "x.fa").write_text("".join(f">x{i}\n{s}\n" for i, s in enumerate(letters)))
    for row, sequence in zip(table(ok("predict", "--model", data / f"{name}.ba", tmp_path / "x.fa")), letters, strict=True):
        scores = scored(model, sequence)
        if len(scores) == 1:
            assert float(row["score"]) == pytest.approx(scores[0], abs=2e-6)
            assert float(row["probability"]) == pytest.approx(1 / (1 + math.exp(-scores[0])), abs=2e-6)
        else:
            total = sum(map(math.exp, scores))
            for label, score in zip(model["classes"], scores, strict=True):
                assert float(row[f"probability:{label}"]) == pytest.approx(math.exp(score) / total, abs=2e-6)


def test_calibration_is_there(data, tmp_path):
    ok("calibrate", "--model", data / "two.ba", "--labels", data / "table.csv", "--method", "platt", "--out", tmp_path / "p.ba")
    model = json.loads(ok("export", "--json", tmp_path / "p.ba"))
    platt = model["calibration"]
    row = table(ok("predict", "--model", tmp_path / "p.ba", data / "pos.fa"))[0]
    margin = platt["slope"] * float(row["score"]) + platt["intercept"]
    assert platt["method"] == "platt"
    assert float(row["probability"]) == pytest.approx(1 / (1 + math.exp(-margin)), rel=1e-12)


def test_c_compiles_alone(data, tmp_path):
    ok("export", "--c", "--out", tmp_path / "model.c", data / "two.ba")
    (tmp_path / "main.c").write_text(
        '#include <stdint.h>\n#include <stdio.h>\n#include <string.h>\n'
        "int ba_score(const char *, int64_t, double *, double *);\n"
        "int main(int argc, char **argv) {\n  double s, p[2];\n  (void)argc;\n"
        '  if (ba_score(argv[1], (int64_t)strlen(argv[1]), &s, p)) return 1;\n  printf("%.17g %.17g", p[1], s);\n}\n')
    subprocess.run(["cc", "-std=c11", "-Wall", "-Werror", "main.c", "model.c", "-o", "main", "-lm"], cwd=tmp_path, check=True)
    row = table(ok("predict", "--model", data / "two.ba", "-", data=">a\nACGTTATAAAN\n"))[0]
    given = subprocess.run([tmp_path / "main", "ACGTTATAAAN"], capture_output=True, text=True, check=True).stdout
    assert given == f"{row['probability']} {row['score']}"


def test_names_of_any_letters(data, tmp_path):
    name = 'n\\"?\u00e9 1'
    quoted = '"' + name.replace('"', '""') + '"'
    rows = [line.split("\t") for line in (data / "three.tsv").read_text().splitlines()[1:]]
    (tmp_path / "t.csv").write_text("sequence,label\n" + "".join(
        f"{s},{quoted if label == 'none' else label}\n" for s, label in rows))
    ok("train", "--recipe", "Kmer(k=1) | Softmax()", "--labels", tmp_path / "t.csv", "--out", tmp_path / "m.ba")
    assert name in json.loads(ok("export", "--json", tmp_path / "m.ba"))["classes"]
    ok("export", "--c", "--out", tmp_path / "model.c", tmp_path / "m.ba")
    (tmp_path / "main.c").write_text('#include "model.c"\n#include <stdio.h>\n'
                                     "int main(void) { for (int i = 0; i < 3; i++) puts(ba_classes[i]); return !ba_score; }\n")
    subprocess.run(["cc", "-std=c11", "main.c", "-o", "main", "-lm"], cwd=tmp_path, check=True)
    given = subprocess.run([tmp_path / "main"], capture_output=True, check=True).stdout.decode()
    assert sorted(given.splitlines()) == sorted([name, "donor", "acceptor"])


def test_onnx_is_bytes(data):
    done = ba("export", "--onnx", data / "two.ba", text=False)
    assert done.returncode == 0 and b"libbioanalytics" in done.stdout and b"Gemm" in done.stdout


@pytest.mark.parametrize("arguments", [[], ["--json", "--c"], ["--c", "--onnx"]])
def test_one_format(data, arguments):
    fails(1, "one of --json, --c and --onnx", "export", *arguments, data / "two.ba")


def test_ensembles(data, tmp_path):
    recipe = "Kmer(k=1..2) | Logistic() & PositionKmer(k=1) | Logistic()"
    ok("train", "--recipe", recipe, "--labels", data / "split.csv", "--out", tmp_path / "m.ba")
    assert len(json.loads(ok("export", "--json", tmp_path / "m.ba"))["members"]) == 2
    given = ba("export", "--onnx", tmp_path / "m.ba", text=False)
    assert given.returncode == 0 and b"features.1" in given.stdout and b"offsets" in given.stdout
