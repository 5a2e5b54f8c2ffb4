# SPDX-License-Identifier: MIT
"""Every public call that can fail is swept by a failing allocator somewhere in the tests."""

import re

import api
from conftest import TOP

# Calls that allocate nothing, so that there is nothing to sweep.
ALLOCATE_NOTHING = {
    "ba_context_set_threads": "stores a number",
    "ba_context_set_memory_limit": "stores a number",
    "ba_context_set_log": "stores two pointers",
    "ba_context_set_cpu": "stores a pointer to a constant table",
    "ba_context_reset": "clears fields",
    "ba_scorer_predict_row": "promises to allocate nothing; tests/model counts that",
}


def swept():
    """The public calls that are named in a test file that sweeps."""
    found = set()
    for path in (TOP / "tests").rglob("*.c"):
        text = path.read_text()
        if path.parent.name != "support" and re.search(r"\bfault_sweep\w*\s*\(", text, re.I):
            found |= set(re.findall(r"\b(ba_\w+)\s*\(", text))
    return found


def test_every_fallible_call_is_swept():
    missing = {call.name for call in api.fallible()} - swept() - set(ALLOCATE_NOTHING)
    assert not sorted(missing)


def test_exceptions_are_still_calls():
    assert set(ALLOCATE_NOTHING) <= {call.name for call in api.fallible()}
