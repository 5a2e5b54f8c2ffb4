# SPDX-License-Identifier: MIT
"""The script `dev`: what it says of itself is so, and it counts what the test programs print."""

import json
import re
import subprocess

import pytest

from conftest import TOP, run

TEXT = (TOP / "dev").read_text()


def dev(*arguments):
    return subprocess.run([TOP / "dev", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False)


def tally(text, tmp_path):
    function = re.search(r"^tally\(\) \{.*?^\}", TEXT, re.M | re.S)[0]
    (tmp_path / "log").write_text(text)
    return run("bash", "-c", f"{function}\ntally {tmp_path / 'log'}").split()


def test_help_names_every_command():
    cases = re.findall(r"^  ([a-z]+)(?: \|.*)?\)", TEXT[TEXT.index("case $command"):], re.M)
    named = re.findall(r"^  ([a-z]+) ", dev("help").stdout, re.M)
    assert cases == named
    assert dev().stdout == dev("help").stdout == dev("--help").stdout


def test_stages_are_explained_and_exist():
    stages = re.search(r"^stages=\((.*)\)", TEXT, re.M)[1].split()
    assert re.findall(r"^                      ([a-z0-9]+)  ", dev("help").stdout, re.M) == stages
    assert re.findall(r"^stage_(\w+)\(\)", TEXT, re.M) == stages


def test_presets_exist():
    presets = {preset["name"] for preset in json.loads((TOP / "CMakePresets.json").read_text())["testPresets"]}
    named = " ".join(re.findall(r"for preset in ([\w -]+);", TEXT)).split()
    assert {"clang", "asan"} <= set(named) and set(named) | {"release", "aarch64"} <= presets


@pytest.mark.parametrize("arguments", [("tset",), ("test", "cor"), ("test", "core", "all")])
def test_a_wrong_word_is_refused(arguments):
    done = dev(*arguments)
    assert done.returncode == 1 and arguments[-1] in done.stderr


def test_continuous_integration_runs_the_same():
    assert "exec ./dev test" in (TOP / ".ci" / "run").read_text()


def test_tally_adds_up(tmp_path):
    assert tally("100% tests passed, 0 tests failed out of 14\n", tmp_path) == ["14", "0"]
    assert tally("71% tests passed, 4 tests failed out of 14\n", tmp_path) == ["10", "4"]
    assert tally("3 failed, 120 passed, 2 skipped in 4.51s\n", tmp_path) == ["120", "3"]
    assert tally("1 passed, 1 error in 0.10s\n", tmp_path) == ["1", "1"]
    assert tally("======= 2 failed, 3 passed, 2 errors in 61.00s (0:01:01) =======\n"
                 "50% tests passed, 1 tests failed out of 2\n", tmp_path) == ["4", "5"]
