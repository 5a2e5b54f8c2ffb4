# SPDX-License-Identifier: MIT
"""The table of prototypes against the headers."""

import ctypes
import re

import headers
import api
from bioanalytics import _prototypes


def test_table_is_what_the_headers_say():
    assert _prototypes.CALLS.splitlines() == headers.lines(), \
        "run python bindings/python/tests/headers.py, and write what it prints to src/bioanalytics/_prototypes.py"


def test_every_call_is_there_once():
    names = [line.split()[0] for line in _prototypes.CALLS.splitlines()]
    assert sorted(names) == sorted(call.name for call in api.calls()) and len(set(names)) == len(names) > 200


def test_kinds_of_arguments():
    """Sizes that the processor passes: a wrong one would be read from the wrong register."""
    expected = {"int32_t": 4, "int64_t": 8, "double": 8, "float": 4, "ba_status": 4}
    by_name = {line.split()[0]: line.split()[1:] for line in _prototypes.CALLS.splitlines()}
    for call in api.calls():
        declared = [a.strip() for a in " ".join(call.arguments.split()).split(",") if a.strip() not in ("void", "")]
        words = by_name[call.name][1:]
        assert len(words) == len(declared), call.name
        for word, argument in zip(words, declared):
            kind = re.sub(r"\bconst\b", "", argument).split()[0]
            size = 8 if "*" in argument or kind.endswith("_function") else expected[kind]
            assert ctypes.sizeof(_prototypes._argument(word)) == size, (call.name, argument)


def test_reader_of_headers_sees_null_and_pointers():
    call = api.Call("seq", "ba_x_y", "const char *", "ba_x *x, const int64_t *at,\n double z, int64_t *length",
                    "* @param x not NULL.\n * @param at may be NULL.\n * @param z\n * @return a text.")
    assert headers.line(call) == "ba_x_y char* x* i64*? f64 i64*"
