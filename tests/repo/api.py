# SPDX-License-Identifier: MIT
"""The public calls, read from the headers. `python3 tests/repo/api.py` prints the version script that they ask for."""

import collections
import pathlib
import re

TOP = pathlib.Path(__file__).resolve().parents[2]
HEADERS = TOP / "include" / "bioanalytics"
ROOMS = ("base", "kernels", "array", "seq", "features", "model", "train")
ROOM_OF = {room: room for room in ROOMS} | {"arrow": "seq", "sharded": "train"}  # the room that a header belongs to
MAP = TOP / "src" / "bioanalytics.map"

Call = collections.namedtuple("Call", "room name result arguments comment")

DECLARATION = re.compile(
    r"(?:/\*\*(?P<comment>(?:(?!\*/).)*)\*/\s*)?\bBA_API\s+(?P<result>[\w\s]+?[\s*]+)(?P<name>ba_\w+)\s*"
    r"\((?P<arguments>[^;]*)\)\s*(?:BA_MUST_CHECK\s*)?;", re.S)


def headers():
    """Names of the public headers that declare calls, in the order of the rooms."""
    return [name for room in ROOMS for name in ROOM_OF if ROOM_OF[name] == room and (HEADERS / f"{name}.h").exists()]


def calls():
    """Every BA_API call of every header; a declaration that this cannot read is an error."""
    found = []
    for room in headers():
        text = (HEADERS / f"{room}.h").read_text()
        here = [Call(room, m["name"], " ".join(m["result"].split()), m["arguments"], m["comment"])
                for m in DECLARATION.finditer(text)]
        marks = len(re.findall(r"^BA_API\b", text, re.M))
        assert len(here) == marks, f"{room}.h: {marks} lines start with BA_API, {len(here)} were understood"
        found += here
    return found


def fallible():
    """The calls that return a status as their result, rather than a status as their value."""
    return [c for c in calls() if c.result == "ba_status" and c.name != "ba_context_error_code"]


def version_script():
    """The text of the version script: the calls of one room after the other, each room in alphabetical order."""
    lines = ["# SPDX-License-Identifier: MIT",
             "# The binary interface. Written by tests/repo/api.py from the headers; a test compares the two.",
             "# Once 0.1.0 is out, names are only added here, in a node of their own for each release.",
             "BIOANALYTICS_0 {", "global:"]
    for room in headers():
        lines.append(f"  # {room}")
        lines += [f"  {name};" for name in sorted(c.name for c in calls() if c.room == room)]
    lines += ["local:", "  *;", "};", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    print(version_script(), end="")
