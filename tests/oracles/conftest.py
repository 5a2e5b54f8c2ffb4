# SPDX-License-Identifier: MIT
"""What the oracle tests share: a context, and seeded sequences."""

import random

import pytest

import library


@pytest.fixture
def context():
    return library.Context()


def sequences(seed, count, least=0, most=300, odd=0.0, lower=0.0, letters="ACGT"):
    """Random sequences; `odd` and `lower` are shares of letters that become N or lower case."""
    numbers = random.Random(seed)
    found = []
    for _ in range(count):
        text = numbers.choices(letters, k=numbers.randint(least, most))
        text = ["N" if numbers.random() < odd else x for x in text]
        found.append("".join(x.lower() if numbers.random() < lower else x for x in text))
    return found
