# SPDX-License-Identifier: MIT
"""Sketches against sourmash: hash for hash. `./dev test python` installs it; without it these tests are skipped."""

import ctypes as c

import pytest

import library
from conftest import sequences

sourmash = pytest.importorskip("sourmash", reason="sourmash is not installed")

MIXED = sequences(11, 40, 0, 6000) + sequences(12, 20, odd=0.02, lower=0.5) + sequences(13, 5, letters="ACGU") + ["", "N"]
ba = library.declare({
    "sketch_create": (library.I32, library.P, library.TEXT, library.OUT), "sketch_destroy": (None, library.P),
    "sketch_add_records": (library.I32, library.P, library.P), "sketch_count": (library.I64, library.P),
    "sketch_hashes": (c.POINTER(c.c_uint64), library.P),
    "sketch_similarity": (library.I32, library.P, library.P, c.POINTER(library.F64), c.POINTER(library.F64)),
})


def ours(context, found, options):
    sketch = context.make(ba.sketch_create, context.handle, options.encode(), destroy=ba.sketch_destroy)
    context.check(ba.sketch_add_records(sketch, context.records(found)))
    return sketch


def theirs(found, **options):
    sketch = sourmash.MinHash(0, options.pop("k"), **options)
    for sequence in found:
        sketch.add_sequence(sequence.upper().replace("U", "T"), force=True)
    return sketch


@pytest.mark.parametrize("k", [1, 8, 15, 16, 17, 21, 31, 51])
@pytest.mark.parametrize("scaled", [1, 3, 1000])
def test_hashes(context, k, scaled):
    sketch = ours(context, MIXED, f"k={k}, scaled={scaled}")
    wanted = sorted(theirs(MIXED, k=k, scaled=scaled).hashes)
    assert ba.sketch_count(sketch) == len(wanted)
    assert not wanted or ba.sketch_hashes(sketch)[:len(wanted)] == wanted


def test_seed(context):
    sketch = ours(context, MIXED, "k=21, scaled=10, seed=12345")
    wanted = sorted(theirs(MIXED, k=21, scaled=10, seed=12345).hashes)
    assert ba.sketch_hashes(sketch)[:ba.sketch_count(sketch)] == wanted


@pytest.mark.parametrize("scaled", [1, 50])
def test_similarity(context, scaled):
    containment, jaccard = library.F64(), library.F64()
    parts = MIXED[:30], MIXED[10:]
    a, b = [ours(context, part, f"scaled={scaled}") for part in parts]
    x, y = [theirs(part, k=21, scaled=scaled) for part in parts]
    context.check(ba.sketch_similarity(a, b, c.byref(containment), c.byref(jaccard)))
    assert (containment.value, jaccard.value) == (x.contained_by(y), x.jaccard(y))
