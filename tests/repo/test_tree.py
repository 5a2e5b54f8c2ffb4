# SPDX-License-Identifier: MIT
"""The shape of the tree: the arrows among rooms, one door for each foreign library, sizes, licence lines."""

import pathlib
import re
import subprocess

import pytest

import api
from conftest import TOP

# Foreign headers: the library includes each in one file, and so may the command line.
FOREIGN = (r"zlib\.h", r"isa-l/.*", r"libdeflate\.h", r"htslib/.*", r"cblas\.h|lapacke\.h", r"pthread\.h", r"dlfcn\.h", r"cjson/.*")
CODE = {".c", ".h", ".cpp", ".py", ".sh", ".cmake", ".in", ".map", ".java"}
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|not implemented|stubbed|placeholder|for now)\b", re.I)


def files():
    """Every file of the tree that is, or is about to be, under version control."""
    try:
        listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=TOP, check=True,
                                stdout=subprocess.PIPE, text=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):  # an unpacked archive
        listed = [str(path.relative_to(TOP)) for path in TOP.rglob("*") if "build" not in path.parts]
    return [TOP / name for name in listed if (TOP / name).is_file()]


def sources(*folders):
    return [path for path in files() if path.suffix in (".c", ".h") and
            any(path.is_relative_to(TOP / folder) for folder in folders)]


def includes(path):
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', path.read_text(), re.M)


def bare(text):
    """C without comments, strings, characters and preprocessor lines; every line stays where it was."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match[0])
    text = re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", blank, text, flags=re.M)


def functions(text):
    """(name, first line, last line) of each function, from its signature to its closing brace."""
    text, depth, start, found, name = bare(text), 0, None, [], None
    for match in re.finditer(r"[{};]", text):
        mark = match[0]
        if depth == 0 and mark == "{":
            begin = max(text.rfind(c, 0, match.start()) for c in ";}") + 1
            head = text[begin:match.start()]
            signature = re.search(r"(\w+)\s*\(.*\)\s*$", head, re.S)
            name = signature[1] if signature and "=" not in head else None
            start = begin + len(head) - len(head.lstrip())
        depth += (mark == "{") - (mark == "}")
        if depth == 0 and mark == "}" and name:
            found.append((name, text.count("\n", 0, start) + 1, text.count("\n", 0, match.start()) + 1))
            name = None
    return found


def test_arrows_among_rooms_go_one_way():
    back = []
    for path in sources("src", "include"):
        room = path.relative_to(TOP).parts[1]
        for name in includes(path):
            first = name.split("/")[0]
            if path.is_relative_to(TOP / "include"):
                room, first = path.stem, pathlib.PurePath(name).stem if first == "bioanalytics" else first
                if path.stem == "bioanalytics":
                    continue
            elif room == "cli":
                if first in api.ROOMS:
                    back.append(f"{path.name} includes {name}: cli sees the public headers alone")
                continue
            elif first == "bioanalytics":
                first = pathlib.PurePath(name).stem
                if first == "bioanalytics":
                    back.append(f"{path.name} includes {name}, which holds every room")
            first, room = api.ROOM_OF.get(first, first), api.ROOM_OF.get(room, room)
            if first in api.ROOMS and api.ROOMS.index(first) > api.ROOMS.index(room):
                back.append(f"{room}/{path.name} includes {name}")
    assert not back


def test_headers_are_named_from_the_top_of_src():
    """"room/file.h", so that the line itself shows the arrow."""
    loose = [f"{path.relative_to(TOP)}: {name}" for room in api.ROOMS for path in sources(f"src/{room}") for name in
             re.findall(r'^\s*#\s*include\s*"([^"]+)"', path.read_text(), re.M) if "/" not in name]
    assert not loose


@pytest.mark.parametrize("pattern", FOREIGN)
def test_each_foreign_library_has_one_door(pattern):
    doors = [path.relative_to(TOP / "src") for path in sources("src")
             if any(re.fullmatch(pattern, name) for name in includes(path))]
    inside = [path for path in doors if path.parts[0] != "cli"]
    assert len(inside) <= 1 and len(doors) - len(inside) <= 1


def test_public_headers_include_only_stdint_and_each_other():
    odd = [f"{path.name}: {name}" for path in sources("include") for name in includes(path)
           if name != "stdint.h" and not name.startswith("bioanalytics/")]
    assert not odd


def test_no_file_over_800_lines():
    long = [f"{path.relative_to(TOP)}: {count} lines" for path in files()
            if path.suffix in CODE and (count := len(path.read_text().splitlines())) > 800]
    assert not long


def test_no_function_over_60_lines():
    long = [f"{path.relative_to(TOP)}:{first}: {name} has {last - first + 1} lines"
            for path in sources("src") if path.suffix == ".c"
            for name, first, last in functions(path.read_text()) if last - first + 1 > 60]
    assert not long


def test_function_counter_sees_functions():
    text = '/* { */\nstruct a {\n  int b;\n};\nstatic const int t[] = {1, 2};\n#define X(y) {\\\n  y\n' \
           'int\nf(int a) {\n  char c = \'{\';\n  if (a) {\n    g("}");\n  }\n}\nvoid g(void) {}\n'
    assert functions(text) == [("f", 8, 14), ("g", 15, 15)]
    library = [entry for path in sources("src") if path.suffix == ".c" for entry in functions(path.read_text())]
    assert len(library) > 50


def test_every_source_has_its_licence_line():
    named = {"dev", "run", "CMakeLists.txt"}
    bare_files = [str(path.relative_to(TOP)) for path in files() if (path.suffix in CODE or path.name in named)
                  and "SPDX-License-Identifier: MIT" not in "\n".join(path.read_text().splitlines()[:3])]
    assert not bare_files


def test_every_c_file_says_what_it_is_for():
    silent = [str(path.relative_to(TOP)) for path in sources("src") if path.suffix == ".c"
              and not re.match(r"/\* SPDX-License-Identifier: MIT\n \*\n \* \w", path.read_text())]
    assert not silent


def test_nothing_says_that_it_is_unfinished():
    marks = [f"{path.relative_to(TOP)}:{number}: {line.strip()}" for path in files()
             if path.suffix in CODE | {".md"} or path.name in ("dev", "run")
             if path.is_relative_to(TOP / "src") or not path.is_relative_to(TOP / "tests")
             for number, line in enumerate(path.read_text().splitlines(), 1) if UNFINISHED.search(line)]
    assert not marks


def test_no_binary_over_64_kilobytes_without_a_recipe():
    large = [str(path.relative_to(TOP)) for path in files()
             if path.stat().st_size > 65536 and b"\0" in path.read_bytes()[:8192]]
    assert not large
