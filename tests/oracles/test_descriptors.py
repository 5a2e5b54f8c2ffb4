# SPDX-License-Identifier: MIT
"""Descriptors against the field's packages: iFeatureOmegaCLI (the formulas of iLearnPlus), propy3, repDNA, kmer-learn,
strkernels and bioseqkit, each where it is installed (`./dev test python` installs them), and against SciPy and Biopython.
Where a package departs from the formula, docs/descriptors.md says how; exact values are in tests/features/descriptors.tsv.
"""

import importlib
import math
import pathlib
import pickle

import numpy as np
import pytest

from conftest import sequences

RESIDUES, FIELD = "ACDEFGHIKLMNPQRSTVWY", "ARNDCQEGHILKMFPSTWYV"
READS = sequences(21, 5, 60, 60)
PEPTIDES = sequences(22, 5, 60, 60, letters=RESIDUES)


def ours(context, recipe, found):
    records = context.records(found)
    extractor = context.extractor(recipe, records)
    return context.names(extractor), context.dense(extractor, records)


@pytest.fixture
def omega(tmp_path):
    """omega(kind, sequences, descriptor, keys) -> names and values."""
    module = pytest.importorskip("iFeatureOmegaCLI", reason="iFeatureOmegaCLI is not installed")

    def run(kind, found, descriptor, **keys):
        path = tmp_path / "sequences.fa"
        path.write_text("".join(f">s{i}|0|training\n{s}\n" for i, s in enumerate(found)))
        it = getattr(module, kind)(str(path))
        getattr(it, f"_{kind}__default_para").update(keys)
        getattr(it, f"_{kind}__default_para_dict").setdefault(descriptor, {}).update(keys)
        it.get_descriptor(descriptor)
        assert it.encodings is not None, it.error_msg
        return list(it.encodings.columns), it.encodings.to_numpy(float)
    return run


NUCLEOTIDES = [
    ("NAC()", "NAC", {}), ("TNC()", "Kmer type 1", {"kmer": 3}), ("RCKmer(k=2)", "RCKmer type 1", {"kmer": 2}),
    ("Mismatch(k=3, mismatch=1)", "Mismatch", {"kmer": 3, "mismatch": 1}),
    ("Subsequence(k=3, delta=0)", "Subsequence", {"kmer": 3, "delta": 0}),
    ("Subsequence(k=2, delta=0.5)", "Subsequence", {"kmer": 2, "delta": 0.5}),
    ("ENAC(sliding_window=5)", "ENAC", {"sliding_window": 5}), ("Binary()", "binary", {}), ("NCP()", "NCP", {}),
    ("ANF()", "ANF", {}), ("EIIP()", "EIIP", {}), ("PseEIIP()", "PseEIIP", {}),
    ("CKSNAP(gap=0..3)", "CKSNAP type 1", {"kspace": 3}), ("ZCurve9()", "Z_curve_9bit", {}),
    ("ZCurve12()", "Z_curve_12bit", {}), ("ZCurve36()", "Z_curve_36bit", {}), ("ZCurve48()", "Z_curve_48bit", {}),
    ("ZCurve144()", "Z_curve_144bit", {}), ("DAC(table=ilearn2020)", "DAC", {}),
    ("PseDNC(table=ilearn2020)", "PseDNC", {}), ("PseKNC(table=ilearn2020)", "PseKNC", {}),
    ("SCPseDNC(table=ilearn2020)", "SCPseDNC", {}),
]
PROTEINS = [
    ("AAC()", "AAC", {}), ("DPC()", "DPC type 1", {}), ("CKSAAP(gap=0..3)", "CKSAAP type 1", {"kspace": 3}),
    ("GAAC()", "GAAC", {}), ("CKSAAGP(gap=0..3)", "CKSAAGP type 1", {"kspace": 3}), ("CTDC()", "CTDC", {}),
    ("CTDT()", "CTDT", {}), ("CTDD()", "CTDD", {}), ("PAAC(convention=ifeature)", "PAAC", {}),
    ("APAAC(convention=ifeature)", "APAAC", {}), ("ZScale()", "ZScale", {}),
]
# Columns that go by other names here: the words of the term that the name stands for.
RENAMED = {"NAC", "RCKmer type 1", "binary", "GAAC", "CKSAAGP type 1"}


def compare(context, omega, kind, found, recipe, descriptor, keys):
    names, values = ours(context, recipe, found)
    their_names, expected = omega(kind, found, descriptor, **keys)
    if descriptor not in RENAMED:
        assert sorted(names) == sorted(their_names)
        expected = expected[:, [their_names.index(name) for name in names]]
    np.testing.assert_allclose(values, expected, rtol=1e-13, atol=2e-15)


@pytest.mark.parametrize("recipe, descriptor, keys", NUCLEOTIDES)
def test_nucleotides(context, omega, recipe, descriptor, keys):
    compare(context, omega, "iDNA", READS, recipe, descriptor, keys)


@pytest.mark.parametrize("recipe, descriptor, keys", PROTEINS)
def test_proteins(context, omega, recipe, descriptor, keys):
    compare(context, omega, "iProtein", PEPTIDES, recipe, descriptor, keys)


def test_blosum62(context, omega):
    """The same numbers; they number the columns, in another order of residues. Biopython has the matrix too."""
    import Bio.Align.substitution_matrices as matrices
    matrix = matrices.load("BLOSUM62")
    _, values = ours(context, "BLOSUM62()", PEPTIDES)
    _, expected = omega("iProtein", PEPTIDES, "BLOSUM62")
    values = values.reshape(len(PEPTIDES), -1, 20)
    order = [RESIDUES.index(x) for x in FIELD]
    assert (values[:, :, order] == expected.reshape(values.shape)).all()
    assert (values == [[[matrix[x][y] for y in RESIDUES] for x in peptide] for peptide in PEPTIDES]).all()


@pytest.mark.parametrize("name", ["DCC", "DACC"])
def test_cross_covariance(context, omega, name):
    """get_descriptor("DCC") of 1.0.2 gives DAC; the function below it is right."""
    import iFeatureOmegaCLI
    assert omega("iDNA", READS, name)[1].shape[1] == 18  # should it become 90 or 108, this can be simpler
    steps = ["Twist", "Tilt", "Roll", "Shift", "Slide", "Rise"]
    data = pathlib.Path(iFeatureOmegaCLI.__file__).parent / "data/didnaPhyche.data"
    table = pickle.loads(data.read_bytes())
    it = object.__new__(iFeatureOmegaCLI.iDNA)
    it.fasta_list = [[f"s{i}", s, "0", "training"] for i, s in enumerate(READS)]
    it._iDNA__default_para = {"nlag": 3}
    it.myDiIndex = {a + b: 4 * i + j for i, a in enumerate("ACGT") for j, b in enumerate("ACGT")}
    make = it._make_cc_vector if name == "DCC" else it._make_acc_vector
    assert make(steps, {p: table[p] for p in steps}, 2, name)
    names, values = ours(context, f"{name}(table=ilearn2020)", READS)
    theirs = [n if n.startswith(name) else f"{name}_{n}" for n in it.encodings.columns]
    assert names == theirs
    np.testing.assert_allclose(values, it.encodings.to_numpy(float), rtol=1e-13, atol=2e-15)


# ---- propy3 rounds every number on the way to three decimals; the units are percent ----

PROPY = {"Hydrophobicity": "hydrophobicity_PRAM900101", "NormalizedVDWV": "normwaalsvolume", "Polarity": "polarity",
         "Charge": "charge", "SecondaryStr": "secondarystruct", "SolventAccessibility": "solventaccess",
         "Polarizability": "polarizability"}


def by_name(context, recipe, found):
    names, values = ours(context, recipe, found)
    return [dict(zip(names, row)) for row in values]


def test_propy_ctd(context):
    propy = pytest.importorskip("propy.CTD", reason="propy3 is not installed")
    for peptide, row in zip(PEPTIDES, by_name(context, "CTDC() + CTDT() + CTDD()", PEPTIDES)):
        theirs = propy.CalculateCTD(peptide)
        for name, own in PROPY.items():
            for g in "123":
                assert abs(theirs[f"_{name}C{g}"] - row[f"CTDC_{own}.G{g}"]) < 6e-4
                few = row[f"CTDC_{own}.G{g}"] * len(peptide) < 3.5
                for part in ("0", "25", "50", "75", "100"):
                    if few and part == "25":
                        continue  # of fewer than four residues, 2.0.1 takes the last for the first
                    number = "001" if part == "0" else part.zfill(3)
                    assert abs(theirs[f"_{name}D{g}{number}"] - row[f"CTDD_{own}.{g}.residue{part}"]) < 6e-4
            for change in ("12", "13", "23"):
                assert abs(theirs[f"_{name}T{change}"] - row[f"CTDT_{own}.Tr{change}{change[::-1]}"]) < 6e-4


def test_propy_composition(context):
    propy = pytest.importorskip("propy.AAComposition", reason="propy3 is not installed")
    for peptide, row in zip(PEPTIDES, by_name(context, "AAC() + DPC()", PEPTIDES)):
        theirs = {**propy.CalculateAAComposition(peptide), **propy.CalculateDipeptideComposition(peptide)}
        for word, value in theirs.items():
            assert abs(value - 100 * row[("AAC_" if len(word) == 1 else "DPC_") + word]) < 6e-3


def test_propy_pseudo_composition(context):
    propy = pytest.importorskip("propy.PseudoAAC", reason="propy3 is not installed")
    rows = by_name(context, "PAAC(convention=propy) + APAAC(convention=propy)", PEPTIDES)
    for peptide, row in zip(PEPTIDES, rows):
        theirs = propy._GetPseudoAAC(peptide, lamda=3, weight=0.05)
        names = ["PAAC_Xc1." + x for x in propy.AALetter] + [f"PAAC_Xc2.lambda{i}" for i in (1, 2, 3)]
        np.testing.assert_allclose(list(theirs.values()), [row[name] for name in names], rtol=0, atol=5e-3)
        theirs = propy.GetAPseudoAAC(peptide, lamda=3, weight=0.05)
        names = ["APAAC_Pc1." + x for x in propy.AALetter] + [f"APAAC_Pc2.{p}.{i}" for i in (1, 2, 3)
                                                     for p in ("Hydrophobicity", "Hydrophilicity")]
        np.testing.assert_allclose(list(theirs.values()), [row[name] for name in names], rtol=0, atol=1e-2)


# ---- repDNA rounds its results to three decimals ----

@pytest.fixture
def repdna(monkeypatch):
    """Its modules import each other by bare names."""
    package = pytest.importorskip("repDNA", reason="repDNA is not installed")
    monkeypatch.syspath_prepend(str(pathlib.Path(package.__file__).parent))
    return importlib.import_module("nac"), importlib.import_module("psenac")


def test_repdna(context, repdna):
    nac, psenac = repdna
    found = READS
    for recipe, theirs in [
            ("DNC()", nac.Kmer(k=2, normalize=True).make_kmer_vec(found)),
            ("RCKmer(k=3)", nac.RevcKmer(k=3, normalize=True).make_revckmer_vec(found)),
            ("PseDNC(lambda=3, weight=0.05)", psenac.PseDNC(lamada=3, w=0.05).make_psednc_vec(found)),
            # PseKNC of the same package has another table; of more distances, it sums too few positions.
            ("PseKNC(k=3, lambda=1, weight=0.05, table=ilearn2020)",
             psenac.PseKNC(k=3, lamada=1, w=0.05).make_pseknc_vec(found))]:
        np.testing.assert_allclose(ours(context, recipe, found)[1], theirs, rtol=0, atol=6e-4)


# ---- packages of words ----

@pytest.mark.parametrize("recipe, name, keys", [
    ("Mismatch(k=3, mismatch=1)", "MismatchEncoder", {"k": 3, "m": 1}),
    ("Mismatch(k=4, mismatch=2)", "MismatchEncoder", {"k": 4, "m": 2}),
    ("SpacedKmer(mask=1001, value=count, norm=none)", "GappyEncoder", {"masks": ["*--*"]}),
    ("SpacedKmer(mask=110101, value=count, norm=none)", "GappyEncoder", {"masks": ["**-*-*"]}),
    ("GappedKmer(k=2, gap=3, value=count, norm=none)", "GappyEncoder", {"masks": ["**---**"]})])
def test_kmer_learn(context, recipe, name, keys):
    encoders = pytest.importorskip("kmer.encoders", reason="kmer-learn is not installed")
    expected = getattr(encoders, name)(**keys).fit_transform(READS).toarray()
    assert (ours(context, recipe, READS)[1] == expected).all()


@pytest.mark.parametrize("k, delta", [(2, 0.5), (3, 0.5), (3, 1.0), (4, 0.9)])
def test_subsequences_are_a_string_kernel(context, k, delta):
    """Lodhi's kernel, which gives delta^k to the words without gaps that have 1 here, and adds up all lengths to k."""
    kernel = pytest.importorskip("strkernels", reason="strkernels is not installed").SubsequenceStringKernel
    texts = np.array(READS, dtype=object)
    longer, shorter = [kernel(maxlen=n, ssk_lambda=delta, normalizer=None)(texts, texts) for n in (k, k - 1)]
    values = ours(context, f"Subsequence(k={k}, delta={delta})", READS)[1]
    values = values - (1 - delta**k) * ours(context, f"Kmer(k={k}, value=count, norm=none)", READS)[1]
    np.testing.assert_allclose(values @ values.T, longer - shorter, rtol=1e-12)


@pytest.mark.parametrize("k, w", [(2, 4), (3, 5), (5, 10)])
def test_minimizers(context, k, w):
    package = pytest.importorskip("bioseqkit.kmer", reason="bioseqkit is not installed")
    rows = by_name(context, f"Minimizer(k={k}, w={w}, order=lexicographic, value=count)", READS)
    for read, row in zip(READS, rows):
        words = [word for _, word in package.minimizers(read, k, w, canonical=False)]
        assert {name.split("_")[1]: n for name, n in row.items() if n} == {word: words.count(word) for word in words}


# ---- SciPy and Biopython ----

def test_entropy(context):
    import scipy.stats
    from Bio.SeqUtils.lcc import lcc_simp
    _, shares = ours(context, "NAC()", READS)
    values = ours(context, "Entropy()", READS)[1][:, 0]
    np.testing.assert_allclose(values, scipy.stats.entropy(shares, base=2, axis=1), rtol=1e-14)
    np.testing.assert_allclose(values / 2, [lcc_simp(read) for read in READS], rtol=1e-9)


def longest_frame(strand):
    """Of the letters from a start to a stop, by Biopython's translation."""
    from Bio.Seq import Seq
    best = 0
    for frame in range(3):
        text = str(Seq(strand[frame:len(strand) - (len(strand) - frame) % 3]).translate())
        for part in text.split("*")[:-1]:
            if "M" in part:
                best = max(best, 3 * (len(part) - part.index("M") + 1))
    return best


def test_open_reading_frames(context):
    from Bio.Seq import Seq
    found = sequences(23, 40, 0, 900)
    values = ours(context, "ORF(strand=both, per=1)", found)[1]
    for read, row in zip(found, values):
        assert row[0] == max(longest_frame(read), longest_frame(str(Seq(read).reverse_complement())))
        assert math.isclose(row[1], row[0] / max(1, len(read)), rel_tol=1e-15)


def test_codons(context):
    """Biopython's table gives the families."""
    from Bio.Data import CodonTable
    table = CodonTable.unambiguous_dna_by_id[1]
    found = sequences(24, 5, 300, 600)
    for read, row in zip(found, by_name(context, "CodonUsage(value=rscu)", found)):
        codons = [read[i:i + 3] for i in range(0, len(read) - 2, 3)]
        for codon, residue in table.forward_table.items():
            family = [other for other in table.forward_table if table.forward_table[other] == residue]
            uses = sum(codons.count(other) for other in family)
            expected = codons.count(codon) * len(family) / uses if uses else 0
            assert math.isclose(row["CodonUsage_" + codon], expected, rel_tol=1e-14)
