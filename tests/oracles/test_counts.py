# SPDX-License-Identifier: MIT
"""k-mer counts and values against scikit-learn's CountVectorizer.

The vectorizer gets a fixed vocabulary of all words over A C G T, so that it passes over words with another letter, as
`ambiguous=skip` does. It does not know U or lower case: it is given the sequences in upper case, with T for U.
"""

import itertools
import math

import numpy as np
import pytest
import sklearn.feature_extraction.text as text
import sklearn.preprocessing as preprocessing

from conftest import sequences

MIXED = sequences(1, 60) + sequences(2, 30, odd=0.1, lower=0.3) + sequences(3, 10, letters="ACGU") + ["", "A", "NNN"]


def words(k):
    return ["".join(word) for word in itertools.product("ACGT", repeat=k)]


def plain(found):
    return [sequence.upper().replace("U", "T") for sequence in found]


def vectorize(k, found, vocabulary=None):
    vectorizer = text.CountVectorizer(analyzer="char", lowercase=False, ngram_range=(k, k),
                                      vocabulary=vocabulary or words(k))
    return vectorizer.transform(plain(found))


def smaller(word):
    return min(word, word[::-1].translate(str.maketrans("ACGT", "TGCA")))


@pytest.mark.parametrize("k", range(1, 7))
def test_counts(context, k):
    records, extractor = context.records(MIXED), context.extractor(f"Kmer(k={k})")
    expected = vectorize(k, MIXED)
    assert context.names(extractor) == [f"Kmer_{word}" for word in words(k)]
    assert (context.dense(extractor, records, "counts") == expected.toarray()).all()
    ours = context.csr(extractor, records, "counts")
    expected.sort_indices()
    assert (ours.indptr == expected.indptr).all()
    assert (ours.indices == expected.indices).all()
    assert (ours.data == expected.data).all()


@pytest.mark.parametrize("k", range(1, 7))
def test_canonical_counts(context, k):
    """Columns of the vectorizer added up by the smaller of the two strands."""
    kept = sorted({smaller(word) for word in words(k)})
    fold = np.zeros((4 ** k, len(kept)), int)
    for i, word in enumerate(words(k)):
        fold[i, kept.index(smaller(word))] = 1
    records, extractor = context.records(MIXED), context.extractor(f"Kmer(k={k}, strand=canonical)")
    assert context.names(extractor) == [f"RCKmer_{word}" for word in kept]
    assert (context.dense(extractor, records, "counts") == vectorize(k, MIXED).toarray() @ fold).all()


def test_a_range_is_its_parts_side_by_side(context):
    records = context.records(MIXED)
    ours = context.csr(context.extractor("Kmer(k=1..5)"), records, "counts").toarray()
    assert (ours == np.hstack([vectorize(k, MIXED).toarray() for k in range(1, 6)])).all()


@pytest.mark.parametrize("value", ["count", "freq", "sqrt", "binary"])
@pytest.mark.parametrize("norm", ["l1", "l2", "none"])
def test_values_and_norms(context, value, norm):
    """Against scikit-learn's normalize; the l1 norm of roots is taken in fixed point of 16 bits."""
    counts = vectorize(3, MIXED).toarray().astype(float)
    totals = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    expected = {"count": counts, "freq": counts / totals, "sqrt": np.sqrt(counts), "binary": (counts > 0) * 1.0}[value]
    if norm != "none":
        expected = preprocessing.normalize(expected, norm)
    ours = context.dense(context.extractor(f"Kmer(k=3, value={value}, norm={norm})"), context.records(MIXED))
    tolerance = 1e-5 if (value, norm) == ("sqrt", "l1") else 1e-14
    np.testing.assert_allclose(ours, expected, rtol=tolerance, atol=0)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_positions(context, k):
    """Each position is a text of one word for the vectorizer."""
    length = 40
    found = sequences(5, 50, length, length, odd=0.05, lower=0.2)
    records = context.records(found)
    ours = context.dense(context.extractor(f"PositionKmer(k={k})", records), records, "counts")
    blocks = [vectorize(k, [sequence[i:i + k] for sequence in found]).toarray() for i in range(length - k + 1)]
    assert (ours == np.hstack(blocks)).all()


RESIDUES = "ACDEFGHIKLMNPQRSTVWY"
PEPTIDES = (sequences(6, 60, most=80, letters=RESIDUES) + sequences(7, 30, most=80, letters=RESIDUES + "BJOUXZ*", lower=.3)
            + ["", "M", "XXX"])


@pytest.mark.parametrize("k", [1, 2, 3])
def test_residue_counts(context, k):
    vocabulary = ["".join(word) for word in itertools.product(RESIDUES, repeat=k)]
    extractor = context.extractor(f"Kmer(k={k}, alphabet=protein)")
    vectorizer = text.CountVectorizer(analyzer="char", lowercase=False, ngram_range=(k, k), vocabulary=vocabulary)
    expected = vectorizer.transform([peptide.upper() for peptide in PEPTIDES]).toarray()
    assert context.names(extractor) == [f"Kmer_{word}" for word in vocabulary]
    assert (context.dense(extractor, context.records(PEPTIDES), "counts") == expected).all()


def spaced(found, letters, offsets):
    """Share of each word of the letters at the offsets of every start, over the words that have no other letter: the
    formula of CKSNAP and CKSAAP for two offsets."""
    columns = {word: i for i, word in enumerate(itertools.product(letters, repeat=len(offsets)))}
    counts = np.zeros((len(found), len(columns)))
    for row, sequence in zip(counts, found):
        for start in range(len(sequence) - offsets[-1]):
            word = tuple(sequence[start + offset] for offset in offsets)
            if word in columns:
                row[columns[word]] += 1
    return counts


@pytest.mark.parametrize("name, letters, found", [("CKSNAP", "ACGT", plain(MIXED)), ("CKSAAP", RESIDUES, PEPTIDES)])
def test_pairs_at_a_distance(context, name, letters, found):
    """CKSNAP and CKSAAP: for every gap, counts of (s_i, s_{i + gap + 1}) over valid pairs."""
    found = [sequence.upper() for sequence in found]
    expected = [spaced(found, letters, (0, gap + 1)) for gap in range(4)]
    expected = np.hstack([counts / np.maximum(counts.sum(axis=1, keepdims=True), 1) for counts in expected])
    ours = context.dense(context.extractor(f"{name}()"), context.records(found))
    np.testing.assert_allclose(ours, expected, rtol=1e-14, atol=0)


@pytest.mark.parametrize("mask", ["1101011", "1", "10001", "11"])
def test_spaced_seeds(context, mask):
    offsets = tuple(i for i, digit in enumerate(mask) if digit == "1")
    ours = context.dense(context.extractor(f"SpacedKmer(mask={mask})"), context.records(MIXED), "counts")
    assert (ours == spaced(plain(MIXED), "ACGT", offsets)).all()


def gapped_kernel(one, two, l, k):
    """Pairs of windows by their mismatches: m of l letters that agree have C(l - m, k) gapped k-mers in common (Ghandi
    and others 2014, Enhanced regulatory sequence prediction using gapped k-mer features)."""
    windows = [[sequence[i:i + l] for i in range(len(sequence) - l + 1)] for sequence in (one, two)]
    return sum(math.comb(sum(a == b for a, b in zip(x, y)), k) for x in windows[0] for y in windows[1])


@pytest.mark.parametrize("l, k", [(6, 4), (8, 5), (5, 5), (4, 1)])
def test_gapped_k_mers(context, l, k):
    """Counts of every choice of places, and their products against the kernel of gkm-SVM, which never makes them."""
    found = [sequence[:60] for sequence in plain(MIXED) if set(sequence[:60]) <= set("ACGT") and len(sequence) > l][:6]
    assert len(found) == 6
    ours = context.csr(context.extractor(f"GKM(l={l}, k={k})"), context.records(found), "counts").astype(float)
    masks = list(itertools.combinations(range(l), k))
    assert ours.shape[1] == len(masks) * 4 ** k
    for block, offsets in enumerate(masks):
        own = ours[:, block * 4 ** k:(block + 1) * 4 ** k].toarray()
        span = l - max(offsets) - 1  # letters behind the last place, which a window of l must have too
        expected = spaced([sequence[:len(sequence) - span] for sequence in found], "ACGT", offsets)
        assert (own == expected).all()
    products = (ours @ ours.T).toarray()
    for i, one in enumerate(found):
        for j, two in enumerate(found):
            assert products[i, j] == gapped_kernel(one, two, l, k)


@pytest.mark.parametrize("groups, term", [(["CG", "AT"], "GC()"), (["GAVLMI", "FYW", "KRH", "DE", "STCPNQ"], "GAAC()")])
def test_groups(context, groups, term):
    found = plain(MIXED) if term == "GC()" else [peptide.upper() for peptide in PEPTIDES]
    counts = np.array([[sum(sequence.count(letter) for letter in group) for group in groups] for sequence in found], float)
    ours = context.dense(context.extractor(term), context.records(found))
    np.testing.assert_allclose(ours, counts / np.maximum(counts.sum(axis=1, keepdims=True), 1), rtol=1e-14, atol=0)


def test_bins(context):
    """Words by the part of the sequence in which they start."""
    bins, k = 5, 2
    ours = context.dense(context.extractor(f"BinnedKmer(k={k}, bins={bins})"), context.records(MIXED), "counts")
    expected = np.zeros((len(MIXED), bins, 16))
    for row, sequence in zip(expected, plain(MIXED)):
        for start in range(len(sequence) - k + 1):
            if set(sequence[start:start + k]) <= set("ACGT"):
                row[start * bins // len(sequence), words(k).index(sequence[start:start + k])] += 1
    assert (ours == expected.reshape(len(MIXED), -1)).all()


def test_length(context):
    ours = context.dense(context.extractor("Length(per=40)"), context.records(MIXED))
    assert (ours[:, 0] == [len(sequence) / 40 for sequence in MIXED]).all()
