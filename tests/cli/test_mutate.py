# SPDX-License-Identifier: MIT
"""ba mutate: every effect is the difference of two scores that ba predict gives."""

import gzip
import json
import random

import pytest

from program import fails, fasta, ok, table


def scores(model, letters, folder):
    (folder / "windows.fa").write_text(fasta(letters, "w"))
    return [float(row["score"]) for row in table(ok("predict", "--model", model, folder / "windows.fa"))]


def test_every_substitution(data, tmp_path):
    letters = ["ACGTANNGTTacgu", "TTTATAAAGC", "A"]
    (tmp_path / "x.fa").write_text(fasta(letters, "x"))
    rows = table(ok("mutate", "--model", data / "two.ba", tmp_path / "x.fa"))
    assert len(rows) == 3 * 12 + 2 * 4 + 3 * 10 + 3
    changed, names = [], []
    for number, sequence in enumerate(letters):
        for place in range(len(sequence)):
            for other in "ACGT":
                if other != sequence[place].upper().replace("U", "T"):
                    changed.append(sequence[:place] + other + sequence[place + 1:])
                    names.append((number, place, sequence[place], other))
    before = scores(data / "two.ba", letters, tmp_path)
    after = scores(data / "two.ba", changed, tmp_path)
    headers = [line[1:].split()[0] for line in (tmp_path / "x.fa").read_text().splitlines() if line[0] == ">"]
    for row, (number, place, letter, other), score in zip(rows, names, after, strict=True):
        assert row == {"name": headers[number], "position": str(place), "reference": letter, "alternative": other,
                       "effect": row["effect"]}
        assert float(row["effect"]) == score - before[number]
    objects = [json.loads(line) for line in
               ok("mutate", "--json", "--model", data / "two.ba", tmp_path / "x.fa").splitlines()]
    assert [o["effect"] for o in objects] == [float(row["effect"]) for row in rows]
    assert [o["position"] for o in objects] == [int(row["position"]) for row in rows]


@pytest.fixture(name="genome")
def make_genome(tmp_path):
    source = random.Random(5)
    chromosomes = {"chr1": "".join(source.choice("ACGT") for _ in range(400)),
                   "short": "".join(source.choice("ACGT") for _ in range(30))}
    with (tmp_path / "g.fa").open("w") as file, (tmp_path / "g.fa.fai").open("w") as index:
        for name, letters in chromosomes.items():
            file.write(f">{name}\n")
            index.write(f"{name}\t{len(letters)}\t{file.tell()}\t{len(letters)}\t{len(letters) + 1}\n")
            file.write(letters + "\n")
    return chromosomes


HEAD = ("##fileformat=VCFv4.2\n##contig=<ID=chr1>\n##contig=<ID=short>\n##INFO=<ID=AC,Number=A,Type=Integer,"
        "Description=\"x\">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
WINDOW = 41


def window_of(chromosome, position, ref, alt):
    """The window of the reference and that with the allele, by slices."""
    start = max(0, min(max(0, position - (WINDOW - len(ref)) // 2), len(chromosome) - WINDOW))
    changed = chromosome[:position] + alt + chromosome[position + len(ref):]
    at = min(start, len(changed) - WINDOW)
    return chromosome[start:start + WINDOW], changed[at:at + WINDOW]


def test_variants(data, tmp_path, genome):
    letters = genome["chr1"]
    lines, pairs, expected = [], [], []
    for position, size, alts in ((200, 1, ["A", "C", "G", "T"]), (100, 3, ["A", "ACGTACGT"]), (0, 1, ["TTT"]), (5, 2, ["G"]),
                                 (399, 1, ["CC"]), (397, 2, ["<DEL>", "A", "*"]), (250, 1, ["."])):
        ref = letters[position:position + size]
        alts = [alt for alt in alts if alt != ref]
        lines.append(f"chr1\t{position + 1}\tid{position}\t{ref}\t{','.join(alts)}\t30\tPASS\tAC=1")
        expected.append([])
        for alt in alts:
            good = set(alt) <= set("ACGT")
            expected[-1].append(len(pairs) if good else None)
            if good:
                pairs.extend(window_of(letters, position, ref, alt))
    lines.append(f"short\t4\t.\t{genome['short'][3].lower()}\tA\t.\t.\t.")
    expected.append([None])  # the sequence is shorter than the window
    values = scores(data / "two.ba", pairs, tmp_path)
    with gzip.open(tmp_path / "v.vcf.gz", "wt") as file:
        file.write(HEAD + "\n".join(lines) + "\n")
    text = ok("mutate", "--model", data / "two.ba", "--vcf", tmp_path / "v.vcf.gz", "--reference", tmp_path / "g.fa",
              "--window", WINDOW)
    (tmp_path / "out.vcf").write_text(text)
    rows = [line.split("\t") for line in text.splitlines() if line[0] != "#"]
    assert [row[:5] for row in rows] == [line.split("\t")[:5] for line in lines]
    for row, numbers in zip(rows, expected, strict=True):
        given = row[7].removeprefix("BA_EFFECT=").split(",")
        for text, at in zip(given, numbers, strict=True):
            if at is None:
                assert text == "."
            else:
                assert float(text) == pytest.approx(values[at + 1] - values[at], rel=1e-8, abs=1e-15)
    assert "variants" in ok("stats", tmp_path / "out.vcf") or "VCF" in ok("stats", tmp_path / "out.vcf")


@pytest.mark.parametrize("arguments, code, pattern", [
    ([], 1, "expected a file of sequences"),
    (["x.fa", "--vcf", "v.vcf"], 1, "expected a file of sequences"),
    (["--vcf", "v.vcf"], 1, "go together"),
    (["x.fa", "--window", "5"], 1, "go together"),
    (["--vcf", "v.vcf", "--reference", "g.fa", "--window", "-1"], 1, "--window -1"),
    (["--vcf", "v.vcf", "--reference", "g.fa", "--window", "9", "--json"], 1, "--json"),
    (["--vcf", "v.vcf", "--reference", "none.fa", "--window", "9"], 3, "none.fa"),
    (["--vcf", "v.vcf", "--reference", "g.fa", "--window", "9"], 2, "record 2: REF at chr1:3 .*expected the genome"),
])
def test_refused(data, tmp_path, genome, arguments, code, pattern):
    ref, other = genome["chr1"][1], {"A": "C"}.get(genome["chr1"][2], "A")
    (tmp_path / "v.vcf").write_text(HEAD + f"chr1\t2\t.\t{ref}\tN\t.\t.\t.\nchr1\t3\t.\t{other}\tT\t.\t.\t.\n")
    (tmp_path / "x.fa").write_text(">x\nACGT\n")
    arguments = [str(tmp_path / a) if a.endswith((".fa", ".vcf")) else a for a in arguments]
    out = tmp_path / "out"
    fails(code, pattern, "mutate", "--model", data / "two.ba", "--out", out, *arguments)
    assert not out.exists()


def test_unknown_sequence(data, tmp_path, genome):
    assert genome
    (tmp_path / "v.vcf").write_text(HEAD + "chr9\t2\t.\tA\tC\t.\t.\t.\n")
    fails(2, "record 1: .*chr9.*no such sequence", "mutate", "--model", data / "two.ba", "--vcf", tmp_path / "v.vcf", "--reference",
          tmp_path / "g.fa", "--window", 9, "--out", tmp_path / "out")
