# SPDX-License-Identifier: MIT
"""Group weighted k-mers into motifs, in a plain way, and name those that biologists know."""

import collections
import math

COMPLEMENT = str.maketrans("ACGT", "TGCA")
IUPAC = {
    "A": "A",
    "C": "C",
    "G": "G",
    "T": "T",
    "R": "AG",
    "Y": "CT",
    "W": "AT",
    "S": "CG",
    "K": "GT",
    "M": "AC",
    "N": "ACGT",
}

# Core promoter elements of the fly. The first four are the ones this page expects.
KNOWN = (
    ("TATA box", ("TATAAA",)),
    ("initiator", ("TCAGTY",)),
    ("DRE", ("TATCGATA",)),
    ("E-box", ("CAGCTG", "CACGTG")),
    ("GAGA factor site", ("GAGAGAG",)),
    ("Ohler motif 1", ("GGTCACAC",)),
    ("Ohler motif 6", ("GTATWTTT",)),
)
EXPECTED = 4

SHORTEST = 5  # k-mers shorter than this say little on their own
SHARED = 4  # letters that two k-mers must share to belong together

Motif = collections.namedtuple("Motif", "columns members label")
Member = collections.namedtuple("Member", "kmer weight offset flipped")


def reverse_complement(letters):
    return letters.translate(COMPLEMENT)[::-1]


def matches(pattern, letters):
    """True if every letter is allowed by the IUPAC pattern of the same length."""
    return len(pattern) == len(letters) and all(b in IUPAC[p] for p, b in zip(pattern, letters))


def occurrences(pattern, letters):
    """Every (first, strand) where the pattern stands in the letters, 0-based."""
    found = []
    for first in range(len(letters) - len(pattern) + 1):
        piece = letters[first : first + len(pattern)]
        if matches(pattern, piece):
            found.append((first, "+"))
        elif matches(pattern, reverse_complement(piece)):
            found.append((first, "-"))
    return found


def place_on(seed, kmer):
    """Best offset at which `kmer` contains or overlaps `seed` without a difference, or None.

    The offset is where the k-mer starts, counted from the seed's first letter.
    """
    best = None
    for offset in range(SHARED - len(kmer), len(seed) - SHARED + 1):
        first, last = max(0, offset), min(len(seed), offset + len(kmer))
        if seed[first:last] == kmer[first - offset : last - offset]:
            if best is None or last - first > best[0]:
                best = (last - first, offset)
    # Of two 6-mers, 4 shared letters would join much that only looks alike: ask for all but two.
    if best is None or best[0] < min(len(seed), len(kmer)) - 2:
        return None
    return best[1]


def group(weights, limit):
    """Group (k-mer, weight) pairs, heaviest first, around the heaviest k-mer not yet taken; give at most `limit`."""
    left = sorted(weights, key=lambda item: (-abs(item[1]), item[0]))
    groups = []
    while left and len(groups) < limit:
        seed = left[0][0]
        members, rest = [], []
        for kmer, weight in left:
            turned = reverse_complement(kmer)
            forward, backward = place_on(seed, kmer), place_on(seed, turned)
            if forward is not None:
                members.append(Member(kmer, weight, forward, False))
            elif backward is not None:
                members.append(Member(turned, weight, backward, True))
            else:
                rest.append((kmer, weight))
        left = rest
        if len(members) > 1:
            label = label_of(members)
            members = turned_to(label, members)
            groups.append(Motif(columns_of(members), members, label))
    return groups


def columns_of(members):
    """Logo columns: for each position a list of (letter, height), smallest first; the tallest column is 1 high.

    A column's letters share the summed |weight| of the k-mers that cover it. Its height is its information (2 bits
    if all agree) times how much of the motif's weight covers it.
    """
    first = min(member.offset for member in members)
    last = max(member.offset + len(member.kmer) for member in members)
    sums = [dict.fromkeys("ACGT", 0.0) for _ in range(last - first)]
    for member in members:
        for i, letter in enumerate(member.kmer):
            sums[member.offset - first + i][letter] += abs(member.weight)
    most = max(sum(column.values()) for column in sums)
    columns = []
    for column in sums:
        total = sum(column.values())
        shares = {letter: value / total for letter, value in column.items() if value > 0}
        bits = 2 + sum(share * math.log2(share) for share in shares.values())
        height = bits / 2 * total / most
        columns.append(sorted(((letter, share * height) for letter, share in shares.items()), key=lambda item: item[1]))
    while len(columns) > 4 and sum(h for _, h in columns[0]) < 0.08:
        columns.pop(0)
    while len(columns) > 4 and sum(h for _, h in columns[-1]) < 0.08:
        columns.pop()
    return columns


def fits_forward(pattern, kmer):
    """How many letters of the pattern a k-mer shows as written: all of the shorter of the two, or 0."""
    for offset in range(min(0, len(pattern) - len(kmer)), max(0, len(pattern) - len(kmer)) + 1):
        first, last = max(0, offset), min(len(pattern), offset + len(kmer))
        if last - first == min(len(pattern), len(kmer)) and matches(
            pattern[first:last], kmer[first - offset : last - offset]
        ):
            return last - first
    return 0


def fits_any(patterns, kmer):
    """How many letters a k-mer shows of the best of some patterns, on either strand."""
    turned = reverse_complement(kmer)
    return max(max(fits_forward(pattern, kmer), fits_forward(pattern, turned)) for pattern in patterns)


def label_of(members):
    """Name of the known element that carries most of the motif's weight, or None.

    A k-mer speaks for an element if one contains the other; k-mers shorter than the element must hold SHORTEST of it.
    """
    heaviest = max(abs(member.weight) for member in members)
    votes = collections.Counter()
    for member in members:
        for name, patterns in KNOWN:
            if fits_any(patterns, member.kmer) >= SHORTEST:
                votes[name] += abs(member.weight)
    if not votes:
        return None
    name, vote = max(votes.items(), key=lambda item: (item[1], item[0]))
    return name if vote >= heaviest else None


def turned_to(label, members):
    """The members on the strand where biologists write the element."""
    for name, patterns in KNOWN:
        if name == label:
            heaviest = max(
                members, key=lambda member: (fits_any(patterns, member.kmer) >= SHORTEST, abs(member.weight))
            )
            forward = any(fits_forward(pattern, heaviest.kmer) >= SHORTEST for pattern in patterns)
            if not forward:
                return [
                    Member(reverse_complement(m.kmer), m.weight, -m.offset - len(m.kmer), not m.flipped)
                    for m in members
                ]
    return members


def whole_element(patterns, weights):
    """The heaviest k-mer that shows an element, SHORTEST letters of it at least: (rank, k-mer, weight) or None."""
    for rank, (kmer, weight) in enumerate(weights, 1):
        if fits_any(patterns, kmer) >= SHORTEST:
            return rank, kmer, weight
    return None
