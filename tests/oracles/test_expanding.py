# SPDX-License-Identifier: MIT
"""Expanding against fractions: sums are the nearest doubles, means and deviations within two units of the last bit."""

import ctypes as c
import fractions
import math
import random

import pytest

import library
from library import F64, I32, I64, OUT, P, TEXT

ba = library.declare({"stream_open": (I32, P, TEXT, TEXT, OUT), "stream_close": (None, P),
                      "stream_update": (I32, P, TEXT, F64, P, I64, P)})

RECIPE = "Expanding(column=x, stat=sum) + Expanding(column=x) + Expanding(column=x, stat=std)"


def numbers(kind, count=400):
    source = random.Random(kind)
    if kind == "prices":
        return [40000 + round(source.gauss(0, 3), 2) for _ in range(count)]
    if kind == "offset":
        return [1e12 + source.random() for _ in range(count)]
    if kind == "wide":
        return [source.gauss(0, 1) * 10.0 ** source.randint(-100, 100) for _ in range(count)]
    return [source.gauss(0, 1) for _ in range(count)]


def root(value):
    """The square root of a fraction, to more digits than a double has."""
    scale = 1 << 400
    return fractions.Fraction(math.isqrt(int(value * scale * scale)), scale)


@pytest.mark.parametrize("kind", ["near 0", "prices", "offset", "wide"])
def test_exact(context, kind):
    stream = P()
    context.check(ba.stream_open(context.handle, RECIPE.encode(), None, c.byref(stream)))
    out, total, squares = (F64 * 3)(), fractions.Fraction(0), fractions.Fraction(0)
    for n, x in enumerate(numbers(kind), 1):
        context.check(ba.stream_update(stream, None, math.nan, c.byref(F64(x)), 1, out))
        total += fractions.Fraction(x)
        squares += fractions.Fraction(x) ** 2
        assert out[0] == float(total)
        mean = total / n
        assert abs(out[1] - mean) <= abs(mean) * fractions.Fraction(1, 2 ** 52)
        deviation = root(squares / n - mean * mean)
        assert abs(out[2] - deviation) <= deviation * fractions.Fraction(1, 2 ** 51)
    ba.stream_close(stream)
