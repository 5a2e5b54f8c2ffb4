# SPDX-License-Identifier: MIT
"""Writes tests/features/descriptors.tsv: exact values of every descriptor, from its formula in rational arithmetic.

    python3 tests/features/make_descriptors.py > tests/features/descriptors.tsv

Nothing here was taken from the library: docs/descriptors.md has the formulas and the sources of the tables.
"""

import decimal
import itertools
import random
from fractions import Fraction as F

BASES, RESIDUES = "ACGT", "ACDEFGHIKLMNPQRSTVWY"
STEPS = ["Twist", "Tilt", "Roll", "Shift", "Slide", "Rise"]
PAIRS = [a + b for a in BASES for b in BASES]


def table(text):
    """Lines of a name and numbers."""
    return [(line.split()[0], [F(x) for x in line.split()[1:]]) for line in text.strip().splitlines()]


# One line a dinucleotide; the columns are those of STEPS.
CHEN2013 = dict(table("""
AA  0.06  0.50  0.27  1.59  0.11 -0.11
AC  1.50  0.50  0.80  0.13  1.29  1.04
AG  0.78  0.36  0.09  0.68 -0.24 -0.62
AT  1.07  0.22  0.62 -1.02  2.51  1.17
CA -1.38 -1.36 -0.27 -0.86 -0.62 -1.25
CC  0.06  1.08  0.09  0.56 -0.82  0.24
CG -1.66 -1.22 -0.44 -0.82 -0.29 -1.39
CT  0.78  0.36  0.09  0.68 -0.24 -0.62
GA -0.08  0.50  0.27  0.13 -0.39  0.71
GC -0.08  0.22  1.33 -0.35  0.65  1.59
GG  0.06  1.08  0.09  0.56 -0.82  0.24
GT  1.50  0.50  0.80  0.13  1.29  1.04
TA -1.23 -2.37 -0.44 -2.24 -1.51 -1.39
TC -0.08  0.50  0.27  0.13 -0.39  0.71
TG -1.38 -1.36 -0.27 -0.86 -0.62 -1.25
TT  0.06  0.50  0.27  1.59  0.11 -0.11
"""))
ILEARN2020 = dict(table("""
AA  0.063  0.502  0.09  1.587  0.111 -0.109
AC  1.502  0.502  1.19  0.126  1.289  1.044
AG  0.783  0.359 -0.28  0.679 -0.241 -0.623
AT  1.071  0.215  0.83 -1.019  2.513  1.171
CA -1.376 -1.364 -1.01 -0.861 -0.623 -1.254
CC  0.063  1.077 -0.28  0.560 -0.822  0.242
CG -1.664 -1.220 -1.38 -0.822 -0.287 -1.389
CT  0.783  0.359 -0.28  0.679 -0.241 -0.623
GA -0.081  0.502  0.09  0.126 -0.394  0.711
GC -0.081  0.215  2.30 -0.348  0.646  1.585
GG  0.063  1.077 -0.28  0.560 -0.822  0.242
GT  1.502  0.502  1.19  0.126  1.289  1.044
TA -1.233 -2.368 -1.38 -2.243 -1.511 -1.389
TC -0.081  0.502  0.09  0.126 -0.394  0.711
TG -1.376 -1.364 -1.01 -0.861 -0.623 -1.254
TT  0.063  0.502  0.09  1.587  0.111 -0.109
"""))
POTENTIAL = dict(zip(BASES, map(F, ("0.1260", "0.1340", "0.0806", "0.1335"))))
NCP = {"A": (1, 1, 1), "C": (0, 1, 0), "G": (1, 0, 0), "T": (0, 0, 1)}
# Hydrophobicity (Tanford), hydrophilicity (Hopp and Woods), mass of the side chain.
SCALES = dict(table("""
A 0.62 -0.5 15
R -2.53 3 101
N -0.78 0.2 58
D -0.90 3 59
C 0.29 -1 47
Q -0.85 0.2 72
E -0.74 3 73
G 0.48 0 1
H -0.40 -0.5 82
I 1.38 -1.8 57
L 1.06 -1.8 57
K -1.50 3 73
M 0.64 -1.3 75
F 1.19 -2.5 91
P 0.12 0 42
S -0.18 0.3 31
T -0.05 -0.4 45
W 0.81 -3.4 130
Y 0.26 -2.3 107
V 1.08 -1.5 43
"""))
CTD = [line.split() for line in """
hydrophobicity_PRAM900101 RKEDQN GASTPHY CLVIMFW
hydrophobicity_ARGP820101 QSTNGDE RAHCKMV LYPFIW
hydrophobicity_ZIMJ680101 QNGSWTDERA HMCKV LPFYI
hydrophobicity_PONP930101 KPDESNQT GRHA YMFWLCVI
hydrophobicity_CASG920101 KDEQPSRNTG AHYMLV FIWC
hydrophobicity_ENGD860101 RDKENQHYP SGTAW CVLIMF
hydrophobicity_FASG890101 KERSQD NTPG AYHWVMFLIC
normwaalsvolume GASTPDC NVEQIL MHKFRYW
polarity LIFWCMVY PATGS HQRKNED
polarizability GASDT CPNVEQIL KMHFRYW
charge KR ANCQGHILMFPSTWYV DE
secondarystruct EALMQKRH VIYCWFT GNPSD
solventaccess ALFCGIVW RKQEND MSPTHY
""".strip().splitlines()]
BLOSUM_ORDER = "ARNDCQEGHILKMFPSTWYV"
BLOSUM62 = dict(table("""
A 4 -1 -2 -2 0 -1 -1 0 -2 -1 -1 -1 -1 -2 -1 1 0 -3 -2 0
R -1 5 0 -2 -3 1 0 -2 0 -3 -2 2 -1 -3 -2 -1 -1 -3 -2 -3
N -2 0 6 1 -3 0 0 0 1 -3 -3 0 -2 -3 -2 1 0 -4 -2 -3
D -2 -2 1 6 -3 0 2 -1 -1 -3 -4 -1 -3 -3 -1 0 -1 -4 -3 -3
C 0 -3 -3 -3 9 -3 -4 -3 -3 -1 -1 -3 -1 -2 -3 -1 -1 -2 -2 -1
Q -1 1 0 0 -3 5 2 -2 0 -3 -2 1 0 -3 -1 0 -1 -2 -1 -2
E -1 0 0 2 -4 2 5 -2 0 -3 -3 1 -2 -3 -1 0 -1 -3 -2 -2
G 0 -2 0 -1 -3 -2 -2 6 -2 -4 -4 -2 -3 -3 -2 0 -2 -2 -3 -3
H -2 0 1 -1 -3 0 0 -2 8 -3 -3 -1 -2 -1 -2 -1 -2 -2 2 -3
I -1 -3 -3 -3 -1 -3 -3 -4 -3 4 2 -3 1 0 -3 -2 -1 -3 -1 3
L -1 -2 -3 -4 -1 -2 -3 -4 -3 2 4 -2 2 0 -3 -2 -1 -2 -1 1
K -1 2 0 -1 -3 1 1 -2 -1 -3 -2 5 -1 -3 -1 0 -1 -3 -2 -2
M -1 -1 -2 -3 -1 0 -2 -3 -2 1 2 -1 5 0 -2 -1 -1 -1 -1 1
F -2 -3 -3 -3 -2 -3 -3 -3 -1 0 0 -3 0 6 -4 -2 -2 1 3 -1
P -1 -2 -2 -1 -3 -1 -1 -2 -2 -3 -3 -1 -2 -4 7 -1 -1 -4 -3 -2
S 1 -1 1 0 -1 0 0 0 -1 -2 -2 0 -1 -2 -1 4 1 -3 -2 -2
T 0 -1 0 -1 -1 -1 -1 -2 -2 -1 -1 -1 -1 -2 -1 1 5 -2 -2 0
W -3 -3 -4 -4 -2 -2 -3 -2 -2 -3 -2 -3 -1 1 -4 -3 -2 11 2 -3
Y -2 -2 -2 -3 -2 -1 -2 -3 2 -1 -1 -2 -1 3 -3 -2 -2 2 7 -1
V 0 -3 -3 -3 -1 -2 -2 -3 -3 3 1 -2 1 -1 -2 -2 0 -3 -1 4
"""))
ZSCALE = dict(table("""
A 0.24 -2.32 0.60 -0.14 1.30
R 3.52 2.50 -3.50 1.99 -0.17
N 3.05 1.62 1.04 -1.15 1.61
D 3.98 0.93 1.93 -2.46 0.75
C 0.84 -1.67 3.71 0.18 -2.65
Q 1.75 0.50 -1.44 -1.34 0.66
E 3.11 0.26 -0.11 -0.34 -0.25
G 2.05 -4.06 0.36 -0.82 -0.38
H 2.47 1.95 0.26 3.90 0.09
I -3.89 -1.73 -1.71 -0.84 0.26
L -4.28 -1.30 -1.49 -0.72 0.84
K 2.29 0.89 -2.49 1.49 0.31
M -2.85 -0.22 0.47 1.94 -0.98
F -4.22 1.94 1.06 0.54 -0.62
P -1.66 0.27 1.84 0.70 2.00
S 2.39 -1.07 1.15 -1.39 0.67
T 0.75 -2.18 -1.12 -1.46 -0.40
W -4.36 3.94 0.59 3.44 -1.59
Y -2.54 2.44 0.43 0.04 -1.47
V -2.59 -2.64 -1.54 -0.85 -0.02
"""))
# First, second and third letter in the order T C A G.
CODE = dict(zip(("".join(c) for c in itertools.product("TCAG", repeat=3)),
                "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"))


def words(k, letters=BASES):
    return ["".join(w) for w in itertools.product(letters, repeat=k)]


def found(s, k, letters=BASES):
    """(start, word) of every word without an ambiguous letter."""
    return [(i, s[i:i + k]) for i in range(len(s) - k + 1) if all(x in letters for x in s[i:i + k])]


def share(part, whole):
    return F(part) / whole if whole else F(0)


def shares(s, k, letters=BASES):
    all_words = [w for _, w in found(s, k, letters)]
    return [share(all_words.count(w), len(all_words)) for w in words(k, letters)]


def complement(w):
    return w[::-1].translate(str.maketrans("ACGT", "TGCA"))


# ---- each descriptor gives (column name, value) in column order ----

def kmer(s, k, letters=BASES, name="Kmer", groups=None):
    if groups:
        s = "".join(next((str(n) for n, g in groups.items() if x in g), "?") for x in s)
        letters = "".join(groups)
    return list(zip((f"{name}_{w}" for w in words(k, letters)), shares(s, k, letters)))


def rckmer(s, k):
    all_words = [min(w, complement(w)) for _, w in found(s, k)]
    return [("RCKmer_" + w, share(all_words.count(w), len(all_words))) for w in words(k) if w <= complement(w)]


def spaced_pairs(s, gaps, letters=BASES, name="CKSNAP", groups=None):
    if groups:
        s = "".join(next((str(n) for n, g in groups.items() if x in g), "?") for x in s)
        letters = "".join(groups)
    rows = []
    for gap in gaps:
        pairs = [s[i] + s[i + gap + 1] for i in range(len(s) - gap - 1)]
        pairs = [p for p in pairs if all(x in letters for x in p)]
        rows += [(f"{name}_{w}.gap{gap}", share(pairs.count(w), len(pairs))) for w in words(2, letters)]
    return rows


def spaced_seed(s, mask):
    at = [i for i, digit in enumerate(mask) if digit == "1"]
    seeds = ["".join(s[i + j] for j in at) for i in range(len(s) - len(mask) + 1)]
    rows = []
    for w in words(len(at)):
        name = ["-"] * len(mask)
        for j, letter in zip(at, w):
            name[j] = letter
        rows.append(("SpacedKmer_" + "".join(name), F(seeds.count(w))))
    return rows


def mismatch(s, k, m):
    return [("Mismatch_" + w, F(sum(sum(a != b for a, b in zip(v, w)) <= m for _, v in found(s, k)))) for w in words(k)]


def subsequence(s, k, delta):
    sums = dict.fromkeys(words(k), F(0))
    for at in itertools.combinations(range(len(s)), k):
        w, span = "".join(s[i] for i in at), at[-1] - at[0] + 1
        if w in sums:
            sums[w] += 1 if span == k else F(delta) ** span
    return [("Subsequence_" + w, value) for w, value in sums.items()]


def enac(s, window):
    rows = []
    for i in range(len(s) - window + 1):
        kept = [x for x in s[i:i + window] if x in BASES]
        rows += [(f"ENAC_sw.{i + 1}.{b}", share(kept.count(b), len(kept))) for b in BASES]
    return rows


def binary(s):
    return [(f"PositionKmer_{b}.pos{i}", F(x == b)) for i, x in enumerate(s) for b in BASES]


def ncp(s):
    values = [v for x in s for v in NCP.get(x, (0, 0, 0))]
    return [(f"NCP_{i + 1}", F(v)) for i, v in enumerate(values)]


def anf(s):
    rows = []
    for i, x in enumerate(s):
        kept = [y for y in s[:i + 1] if y in BASES]
        rows.append((f"ANF_{i + 1}", share(kept.count(x), len(kept)) if x in BASES else F(0)))
    return rows


def eiip(s):
    return [(f"EIIP_{i + 1}", POTENTIAL.get(x, F(0))) for i, x in enumerate(s)]


def pseeiip(s):
    return [("PseEIIP_" + w, f * sum(POTENTIAL[x] for x in w)) for w, f in zip(words(3), shares(s, 3))]


def zcurve(s, k, phased):
    n = found(s, k)
    size = 3 * 4 ** (k - 1) * (3 if phased else 1)
    rows = []
    for before in words(k - 1):
        for phase in range(3 if phased else 1):
            count = {x: sum(w == before + x and (not phased or i % 3 == phase) for i, w in n) for x in BASES}
            name = f"Zcurve{size}" + (f"_{phase + 1}" if phased else "") + (f"_{before}" if before else "")
            rows += [(name + ".x", share(count["A"] + count["G"] - count["C"] - count["T"], len(n))),
                     (name + ".y", share(count["A"] + count["C"] - count["G"] - count["T"], len(n))),
                     (name + ".z", share(count["A"] + count["T"] - count["C"] - count["G"], len(n)))]
    return rows


def covariance(s, lag, u, v, steps):
    at = dict(found(s, 2))
    mean = [share(sum(steps[w][p] for w in at.values()), len(at)) for p in range(6)]
    both = [(at[i], at[i + lag]) for i in at if i + lag in at]
    return share(sum((steps[a][u] - mean[u]) * (steps[b][v] - mean[v]) for a, b in both), len(both))


def dac(s, nlag, steps, name="DAC"):
    return [(f"{name}_{p}.lag{lag}", covariance(s, lag, u, u, steps)) for u, p in enumerate(STEPS)
            for lag in range(1, nlag + 1)]


def dcc(s, nlag, steps, name="DCC"):
    order = [pair for u in range(6) for v in range(u + 1, 6) for pair in ((u, v), (v, u))]
    return [(f"{name}_{STEPS[u]}-{STEPS[v]}-lag.{lag}", covariance(s, lag, u, v, steps)) for u, v in order
            for lag in range(1, nlag + 1)]


def dacc(s, nlag, steps):
    return dac(s, nlag, steps, "DACC") + dcc(s, nlag, steps, "DACC")


def pseudo(names, parts, thetas, weight, scale=1):
    """The columns of a pseudo composition."""
    whole = 1 + F(weight) * sum(thetas)
    values = list(parts) + [F(weight) * t for t in thetas]
    return [(name, F(0) if whole < F(1, 1024) else scale * v / whole) for name, v in zip(names, values)]


def theta_pairs(s, lag, k=2, letters=BASES):
    at = dict(found(s, k, letters))
    return [(at[i], at[i + lag]) for i in at if i + lag in at]


def pseknc(s, k, lags, weight, steps, name):
    thetas = []
    for lag in range(1, lags + 1):
        pairs = theta_pairs(s, lag)
        thetas.append(share(sum(F(sum((x - y) ** 2 for x, y in zip(steps[a], steps[b])), 6) for a, b in pairs),
                            len(pairs)))
    names = [f"{name}_{w}" for w in words(k)] + [f"{name}_lamada_{lag}" for lag in range(1, lags + 1)]
    return pseudo(names, shares(s, k), thetas, weight)


def scpsednc(s, lags, weight, steps):
    thetas = []
    for lag in range(1, lags + 1):
        pairs = theta_pairs(s, lag)
        thetas += [share(sum(steps[a][u] * steps[b][u] for a, b in pairs), len(pairs)) for u in range(6)]
    names = ["SCPseDNC_" + w for w in PAIRS] + [f"SCPseDNC_lamada_{i + 1}" for i in range(6 * lags)]
    return pseudo(names, shares(s, 2), thetas, weight)


def rank(w, order):
    """docs/numbers.md: the code is two bits a letter, A 0 to T 3."""
    if order == "lexicographic":
        return w
    x = sum(BASES.index(b) << 2 * i for i, b in enumerate(reversed(w))) * 0x9E3779B97F4A7C15 % 2 ** 64
    return (x ^ x >> 32) * 0xD6E8FEB86659FD93 % 2 ** 64


def minimizer(s, k, w, order, counted):
    at, chosen = dict(found(s, k)), set()
    for i in at:
        window = range(i, i + w)
        if all(j in at for j in window):
            chosen.add(min(window, key=lambda j: (rank(at[j], order), j)))
    all_words = [at[i] for i in chosen]
    return [("Minimizer_" + v, F(all_words.count(v)) if counted else share(all_words.count(v), len(all_words)))
            for v in words(k)]


def orf(s, both, per):
    lengths = []
    for strand in [s] + ([complement(s)] if both else []):
        for frame in range(3):
            codons = [strand[i:i + 3] for i in range(frame, len(strand) - 2, 3)]
            begun = None
            for i, codon in enumerate(codons):
                if codon not in CODE:
                    begun = None
                elif CODE[codon] == "*":
                    if begun is not None:
                        lengths.append(3 * (i + 1 - begun))
                    begun = None
                elif codon == "ATG" and begun is None:
                    begun = i
    longest = max(lengths, default=0)
    return [("ORF_length", F(longest, per)), ("ORF_coverage", share(longest, len(s))), ("ORF_count", F(len(lengths)))]


def codon_usage(s, frame, rscu):
    codons = [w for i, w in found(s, 3) if i % 3 == frame]
    rows = []
    for w in words(3):
        family = [v for v in CODE if CODE[v] == CODE[w]]
        mean = F(sum(codons.count(v) for v in family), len(family))
        rows.append(("CodonUsage_" + w, share(codons.count(w), mean if rscu else len(codons))))
    return rows


def entropy(s, k, letters=BASES):
    """In bits, to 30 digits."""
    decimal.getcontext().prec = 50
    total = decimal.Decimal(0)
    for p in shares(s, k, letters):
        if p:
            d = decimal.Decimal(p.numerator) / p.denominator
            total -= d * d.ln()
    return [(f"Entropy_{k}", +(total / decimal.Decimal(2).ln()).quantize(decimal.Decimal("1e-30")))]


def complexity(s, most, letters=BASES):
    distinct = sum(len({w for _, w in found(s, k, letters)}) for k in range(1, most + 1))
    room = sum(min(len(letters) ** k, len(found(s, k, letters))) for k in range(1, most + 1))
    return [(f"Complexity_{most}", share(distinct, room))]


def ctdc(s):
    kept = [x for x in s if x in RESIDUES]
    return [(f"CTDC_{name}.G{g + 1}", share(sum(x in group for x in kept), len(kept)))
            for name, *groups in CTD for g, group in enumerate(groups)]


def ctdt(s):
    pairs = [w for _, w in found(s, 2, RESIDUES)]
    rows = []
    for name, *groups in CTD:
        for i, j in ((0, 1), (0, 2), (1, 2)):
            n = sum((a in groups[i] and b in groups[j]) or (a in groups[j] and b in groups[i]) for a, b in pairs)
            rows.append((f"CTDT_{name}.Tr{i + 1}{j + 1}{j + 1}{i + 1}", share(n, len(pairs))))
    return rows


def ctdd(s):
    rows = []
    for name, *groups in CTD:
        for g, group in enumerate(groups):
            at = [i + 1 for i, x in enumerate(s) if x in group]
            for quarter in range(5):
                rank = max(1, len(at) * quarter // 4)
                rows.append((f"CTDD_{name}.{g + 1}.residue{25 * quarter}",
                             F(100 * at[rank - 1], len(s)) if at else F(0)))
    return rows


def moments(p):
    values = [SCALES[x][p] for x in RESIDUES]
    mean = sum(values) / 20
    return mean, sum((v - mean) ** 2 for v in values) / 20


def composition(s, convention):
    kept = [x for x in s if x in RESIDUES]
    return [F(kept.count(x)) if convention == "ifeature" else share(kept.count(x), len(kept)) for x in RESIDUES]


def paac(s, lags, weight, convention="chou"):
    thetas = []
    for lag in range(1, lags + 1):
        pairs = theta_pairs(s, lag, 1, RESIDUES)
        total = sum(sum((SCALES[a][p] - SCALES[b][p]) ** 2 / moments(p)[1] for p in range(3)) / 3 for a, b in pairs)
        thetas.append(share(total, len(pairs)))
    names = ["PAAC_Xc1." + x for x in RESIDUES] + [f"PAAC_Xc2.lambda{i + 1}" for i in range(lags)]
    return pseudo(names, composition(s, convention), thetas, weight, 100 if convention == "propy" else 1)


def apaac(s, lags, weight, convention="chou"):
    thetas, names = [], ["APAAC_Pc1." + x for x in RESIDUES]
    for lag in range(1, lags + 1):
        pairs = theta_pairs(s, lag, 1, RESIDUES)
        for p, property in enumerate(("Hydrophobicity", "Hydrophilicity")):
            mean, variance = moments(p)
            total = sum((SCALES[a][p] - mean) * (SCALES[b][p] - mean) / variance for a, b in pairs)
            thetas.append(share(total, len(pairs)))
            names.append(f"APAAC_Pc2.{property}.{lag}")
    return pseudo(names, composition(s, convention), thetas, weight, 100 if convention == "propy" else 1)


def blosum62(s):
    return [(f"BLOSUM62_p{i + 1}.{y}", BLOSUM62[x][BLOSUM_ORDER.index(y)] if x in RESIDUES else F(0))
            for i, x in enumerate(s) for y in RESIDUES]


def zscale(s):
    return [(f"ZScale_p{i + 1}.z{z + 1}", ZSCALE[x][z] if x in RESIDUES else F(0)) for i, x in enumerate(s)
            for z in range(5)]


# ---- what is written ----

def letters(seed, n, alphabet=BASES):
    return "".join(random.Random(seed).choices(alphabet, k=n))


GAAC = {"1": "GAVLMI", "2": "FYW", "3": "KRH", "4": "DE", "5": "STCPNQ"}
TEXTS = [letters(1, 30), letters(2, 41)[:20].lower() + letters(2, 41)[20:].replace("T", "U"), "ACGNTTNGATTACARGGC", "A", ""]
FIRST, LONG = TEXTS[:1], [letters(3, 150), letters(4, 60) + "N" + letters(5, 60)]
PEPTIDES = [letters(6, 40, RESIDUES), letters(7, 25, RESIDUES).lower(), "MKXVLAAGIVGLCBAKSYW*DE", "K", ""]
READS = [FIRST[0], TEXTS[2], "A"]
CODING = ["CCATGGCATTTTAAATGTGACC", "TTATGNNNATGAAATAGCATTTATTTCAT", LONG[0], ""]

NUCLEOTIDES = [
    ("NAC()", TEXTS, lambda s: kmer(s, 1)), ("DNC()", TEXTS, lambda s: kmer(s, 2)),
    ("TNC()", FIRST, lambda s: kmer(s, 3)),
    ("RCKmer(k=2)", TEXTS, lambda s: rckmer(s, 2)), ("RCKmer(k=3)", FIRST, lambda s: rckmer(s, 3)),
    ("GC()", TEXTS, lambda s: kmer(s, 1, groups={"S": "CG", "W": "AT"})),
    ("CKSNAP(gap=0..2)", TEXTS, lambda s: spaced_pairs(s, range(3))),
    ("SpacedKmer(mask=1101, value=count, norm=none)", FIRST + TEXTS[2:3], lambda s: spaced_seed(s, "1101")),
    ("Mismatch(k=3, mismatch=1)", TEXTS, lambda s: mismatch(s, 3, 1)),
    ("Mismatch(k=3, mismatch=2)", FIRST, lambda s: mismatch(s, 3, 2)),
    ("Subsequence(k=2, delta=0.5)", TEXTS, lambda s: subsequence(s, 2, "0.5")),
    ("Subsequence(k=3)", FIRST, lambda s: subsequence(s, 3, 0)),
    ("Subsequence(k=3, delta=0.7)", [FIRST[0], TEXTS[2]], lambda s: subsequence(s, 3, "0.7")),
    ("Subsequence(k=1, delta=0.3)", TEXTS, lambda s: subsequence(s, 1, "0.3")),
    ("ENAC()", READS, lambda s: enac(s, 5)), ("ENAC(sliding_window=2)", READS, lambda s: enac(s, 2)),
    ("Binary()", READS, binary), ("NCP()", READS, ncp), ("ANF()", READS, anf), ("EIIP()", READS, eiip),
    ("PseEIIP()", TEXTS, pseeiip),
    ("ZCurve()", TEXTS, lambda s: zcurve(s, 1, True)), ("ZCurve12()", TEXTS, lambda s: zcurve(s, 2, False)),
    ("ZCurve36()", FIRST, lambda s: zcurve(s, 2, True)), ("ZCurve48()", FIRST, lambda s: zcurve(s, 3, False)),
    ("ZCurve144()", FIRST, lambda s: zcurve(s, 3, True)),
    ("DAC(nlag=3)", TEXTS + LONG, lambda s: dac(s, 3, CHEN2013)),
    ("DAC(nlag=2, table=ilearn2020)", FIRST, lambda s: dac(s, 2, ILEARN2020)),
    ("DCC(nlag=2)", [FIRST[0], TEXTS[2]], lambda s: dcc(s, 2, CHEN2013)),
    ("DACC(nlag=1, table=ilearn2020)", FIRST, lambda s: dacc(s, 1, ILEARN2020)),
    ("PseDNC()", TEXTS + LONG, lambda s: pseknc(s, 2, 3, "0.05", CHEN2013, "PseDNC")),
    ("PseDNC(lambda=5, weight=0.9, table=ilearn2020)", FIRST, lambda s: pseknc(s, 2, 5, "0.9", ILEARN2020, "PseDNC")),
    ("PseKNC()", FIRST, lambda s: pseknc(s, 3, 3, "0.05", CHEN2013, "PseKNC")),
    ("PseKNC(k=1, lambda=2, weight=0.5)", TEXTS, lambda s: pseknc(s, 1, 2, "0.5", CHEN2013, "PseKNC")),
    ("SCPseDNC()", TEXTS, lambda s: scpsednc(s, 3, "0.05", CHEN2013)),
    ("SCPseDNC(lambda=1, weight=5)", ["ATATATATAT", "TATTATAT"], lambda s: scpsednc(s, 1, 5, CHEN2013)),
    ("Minimizer(k=3, w=5)", TEXTS + LONG, lambda s: minimizer(s, 3, 5, "hash", False)),
    ("Minimizer(k=2, w=4, order=lexicographic, value=count)", TEXTS + LONG,
     lambda s: minimizer(s, 2, 4, "lexicographic", True)),
    ("Minimizer(k=3, w=1)", FIRST, lambda s: kmer(s, 3, name="Minimizer")),
    ("ORF()", CODING, lambda s: orf(s, False, 100)), ("ORF(strand=both, per=1)", CODING, lambda s: orf(s, True, 1)),
    ("CodonUsage()", [LONG[1], ""], lambda s: codon_usage(s, 0, False)),
    ("CodonUsage(frame=2, value=rscu)", LONG[:1], lambda s: codon_usage(s, 2, True)),
    ("Entropy()", TEXTS, lambda s: entropy(s, 1)), ("Entropy(k=3)", LONG, lambda s: entropy(s, 3)),
    ("Complexity(k=3)", TEXTS, lambda s: complexity(s, 3)), ("Complexity()", LONG, lambda s: complexity(s, 6)),
    ("PseEIIP() + NAC() + ORF()", CODING, lambda s: pseeiip(s) + kmer(s, 1) + orf(s, False, 100)),
]
PROTEINS = [
    ("AAC()", PEPTIDES, lambda s: kmer(s, 1, RESIDUES, "AAC")), ("DPC()", PEPTIDES[2:3], lambda s: kmer(s, 2, RESIDUES, "DPC")),
    ("CKSAAP(gap=1)", PEPTIDES[2:3], lambda s: spaced_pairs(s, [1], RESIDUES, "CKSAAP")),
    ("GAAC()", PEPTIDES, lambda s: kmer(s, 1, name="GAAC", groups=GAAC)),
    ("CKSAAGP(gap=0..1)", PEPTIDES, lambda s: spaced_pairs(s, range(2), name="CKSAAGP", groups=GAAC)),
    ("CTDC()", PEPTIDES, ctdc), ("CTDT()", PEPTIDES, ctdt), ("CTDD()", PEPTIDES[:1] + PEPTIDES[2:], ctdd),
    ("PAAC()", PEPTIDES, lambda s: paac(s, 3, "0.05")),
    ("PAAC(lambda=5, weight=0.3, convention=ifeature)", PEPTIDES[:1], lambda s: paac(s, 5, "0.3", "ifeature")),
    ("PAAC(lambda=2, convention=propy)", PEPTIDES[:1], lambda s: paac(s, 2, "0.05", "propy")),
    ("APAAC()", PEPTIDES, lambda s: apaac(s, 3, "0.05")),
    ("APAAC(lambda=1, weight=0.2, convention=ifeature)", PEPTIDES[:1], lambda s: apaac(s, 1, "0.2", "ifeature")),
    ("APAAC(lambda=1, weight=10)", ["EIEIEIEI", "IIIIKKKK"], lambda s: apaac(s, 1, 10)),
    ("BLOSUM62()", [RESIDUES, "MKXV"], blosum62), ("ZScale()", [RESIDUES, "MKXV"], zscale),
    ("Entropy(alphabet=protein)", PEPTIDES, lambda s: entropy(s, 1, RESIDUES)),
    ("Complexity(k=2, alphabet=protein)", PEPTIDES, lambda s: complexity(s, 2, RESIDUES)),
]

HEAD = """# SPDX-License-Identifier: MIT
# Exact values of descriptors, by tests/features/make_descriptors.py. A line R is a recipe, S a sequence for it (letters
# in double quotes), and then one line V for each column, in order: name and value, an integer, p/q, or a decimal of 30
# digits. A recipe with columns by position is fitted on that sequence alone."""


def write(cases, plain):
    """`plain` gives what the letters of a sequence stand for."""
    for recipe, texts, formula in cases:
        print(f"R\t{recipe}")
        for s in texts:
            print(f'S\t"{s}"')
            for name, value in formula(plain(s)):
                print(f"V\t{name}\t{value}")


def main():
    print(HEAD)
    write(NUCLEOTIDES, lambda s: s.upper().replace("U", "T"))
    write(PROTEINS, str.upper)


if __name__ == "__main__":
    main()
