# SPDX-License-Identifier: MIT
"""The public headers: each compiles by itself in C and C++, and says of every call what a caller must know."""

import re

import pytest

import api
from conftest import TOP, run

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", f"-I{TOP / 'include'}"]
HEADERS = sorted(path.name for path in api.HEADERS.glob("*.h"))


@pytest.mark.parametrize("compiler", [("gcc", "-std=c11", "c"), ("gcc", "-std=c17", "c"), ("g++", "-std=c++17", "c++")])
@pytest.mark.parametrize("header", HEADERS)
def test_header_compiles_alone(header, compiler):
    program, standard, language = compiler
    run(program, standard, *WARNINGS, "-x", language, "-", input=f"#include <bioanalytics/{header}>\n")


def test_umbrella_includes_every_header_and_does_nothing_else():
    text = (api.HEADERS / "bioanalytics.h").read_text()
    included = re.findall(r'#include "bioanalytics/(\w+)\.h"', text)
    assert included == api.headers()
    assert not re.search(r"^(?!#|/\*| \*|\s*$).", text, re.M)


@pytest.mark.parametrize("room", api.headers())
def test_every_comment_tells_what_a_caller_must_know(room):
    """Every call says which threads may make it and since when; one that can fail also its statuses and its cost."""
    fallible = {call.name for call in api.fallible()}
    always = [r"\bThreads: \S", r"\bSince \d+\.\d+\.\d+"]
    missing = [(call.name, word) for call in api.calls() if call.room == room
               for word in always + ([r"@return \S", r"\bCost: \S"] if call.name in fallible else [])
               if not re.search(word, call.comment or "")]
    assert not missing


def test_signatures_keep_to_plain_types():
    """No size_t, bool, enum, varargs or structs by value: every language can call these."""
    odd = [f"{call.name}({call.arguments})" for call in api.calls()
           if re.search(r"\b(size_t|bool|_Bool|enum|long|short|unsigned)\b|\.\.\.", f"{call.result} {call.arguments}")]
    assert not odd
