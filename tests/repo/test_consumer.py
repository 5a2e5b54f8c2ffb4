# SPDX-License-Identifier: MIT
"""A stranger's projects, in C11 and C++17, use the library in three ways and score as `ba predict` does."""

import random

import pytest

from conftest import TOP, run, sequence

CONSUMER = TOP / "tests" / "consumer"
SEQUENCES = 10000


@pytest.fixture(scope="session")
def sequences(tmp_path_factory):
    """Sequences of many lengths, some with the motif, some with lower case or ambiguous letters."""
    source = random.Random(7)
    path = tmp_path_factory.mktemp("sequences") / "sequences.fa"
    with path.open("w") as out:
        for i in range(SEQUENCES):
            text = sequence(source, source.randrange(30, 200), source.choice(("", "TATAAAAGGC")))
            if i % 50 == 0:
                text = text[:10] + "N" + text[11:].lower()
            out.write(f">s{i} made up\n{text}\n")
    return path


@pytest.fixture(scope="session")
def expected(installed, data, sequences):
    """Name, probability and score of each sequence, as the command line prints them."""
    lines = run(installed.ba, "predict", "--model", data / "model.ba", sequences).splitlines()
    header = lines[0].split("\t")
    assert header == ["name", "class", "probability", "score"]
    rows = [line.split("\t") for line in lines[1:]]
    assert len(rows) == SEQUENCES
    assert len({row[3] for row in rows}) > SEQUENCES * 0.9
    return [(row[0].split()[0], row[2], row[3]) for row in rows]


def scores(program, installed, data, sequences):
    lines = run(program, data / "model.ba", sequences, env=installed.environment).splitlines()
    rows = [line.split("\t") for line in lines]
    return [(row[0].split()[0], row[1], row[2]) for row in rows]


def configure_and_build(folder, *options):
    run("cmake", "-S", CONSUMER, "-B", folder, "-G", "Ninja", "-DCMAKE_EXPORT_COMPILE_COMMANDS=OFF", *options)
    run("cmake", "--build", folder, "--parallel", "2", "--target", "score_c", "score_cpp")
    return folder / "score_c", folder / "score_cpp"


def test_find_package(installed, data, sequences, expected, tmp_path):
    programs = configure_and_build(tmp_path, f"-DCMAKE_PREFIX_PATH={installed.prefix}")
    for program in programs:
        assert scores(program, installed, data, sequences) == expected


@pytest.mark.parametrize("link", [(), ("--static",)], ids=["shared", "static"])
def test_pkg_config(installed, data, sequences, expected, tmp_path, link):
    environment = installed.environment
    assert run("pkg-config", "--modversion", "bioanalytics", env=environment).startswith("0.1.")
    flags = run("pkg-config", "--cflags", "--libs", *link, "bioanalytics", env=environment).split()
    if link:  # the archive by name, so that the shared library beside it is not taken
        flags = ["-l:libbioanalytics.a" if flag == "-lbioanalytics" else flag for flag in flags]
    for compiler, source in ((("gcc", "-std=c11"), "score.c"), (("g++", "-std=c++17"), "score.cpp")):
        program = tmp_path / source.replace(".", "_")
        run(*compiler, "-Wall", "-Wextra", "-Werror", CONSUMER / source, "-o", program, *flags)
        assert scores(program, installed, data, sequences) == expected


def test_add_subdirectory(installed, data, sequences, expected, tmp_path):
    """Built without optimisation, the library still gives the same bits."""
    programs = configure_and_build(tmp_path, f"-DBIOANALYTICS_SOURCE={TOP}", "-DCMAKE_BUILD_TYPE=Debug")
    assert not (tmp_path / "bioanalytics" / "ba").exists()
    for program in programs:
        assert scores(program, installed, data, sequences) == expected


def test_installed_tree_names_no_place(installed, build_dir):
    """No file of it holds the path of the source tree, the build or the first prefix."""
    places = [str(TOP).encode(), str(build_dir).encode(), str(installed.prefix.with_name("first")).encode()]
    named = [str(path) for path in installed.prefix.rglob("*") if path.is_file() and not path.is_symlink()
             and any(place in path.read_bytes() for place in places)]
    assert not named
