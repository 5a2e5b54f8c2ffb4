# SPDX-License-Identifier: MIT
"""The lines of the prototype table as the headers ask for them. `python headers.py` prints the module that has them."""

import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[3]
sys.path.append(str(TOP / "tests" / "repo"))  # behind this folder: both have a conftest, which workers import by name

import api  # noqa: E402

NUMBERS = {"int32_t": "i32", "int64_t": "i64", "double": "f64", "float": "f32", "uint8_t": "u8", "ba_status": "i32"}
FRIENDLY = {"ba_release_function": "function", "ba_log_function": "function"}
NULL_ALLOWED = re.compile(r"\bmay(?: then)? be NULL\b|\bNULL (?:is fine|means|gives|for|to|has|changes)\b|"
                          r"\b(?:or )?NULL(?:, \"\"| and \"\")|\bor NULL(?! on failure| with)\b|^ ?NULL\b")


def kind(declared):
    """The table's word for a C type: a number, `text`, or a pointer, which ends in `*`."""
    plain = " ".join(declared.replace("*", " * ").replace("const", " ").replace("struct", " ").split())
    stars, name = plain.count("*"), plain.split()[0]
    if name in FRIENDLY:
        return FRIENDLY[name]
    if name == "char" and stars == 1:
        return "text" if "const" in declared else "char*"
    word = NUMBERS.get(name, name[3:] if name.startswith("ba_") else name)
    return word + "*" * stars


def may_be_null(comment, name):
    """What the comment of a call says of a parameter, from its own @param line or all of a shared sentence."""
    text = re.sub(r"\s*\n \*\s*", " ", comment)
    own = re.search(rf"@param {name}\b(.*?)(?=@param|@return|Owns:|$)", text, re.S)
    return bool(own and NULL_ALLOWED.search(own[1]))


def line(call):
    """`name result argument...`: an argument that may be NULL ends in `?`."""
    arguments = " ".join(call.arguments.split())
    words = [call.name, "void" if call.result.strip() == "void" else kind(call.result)]
    if words[1] == "text" and re.search(r"\*(length|offsets)\b", arguments):
        words[1] = "char*"  # a length goes with it, so no NUL need end it
    if arguments != "void":
        for argument in arguments.split(","):
            declared, name = re.fullmatch(r"(.*?[\s*])(\w+)", argument.strip()).groups()
            word = kind(declared)
            pointer = "*" in word or word in ("text", "function")
            words.append(word + ("?" if pointer and may_be_null(call.comment, name) else ""))
    return " ".join(words)


def lines():
    return [line(call) for call in api.calls()]


def module():
    """The text of src/bioanalytics/_prototypes.py."""
    path = TOP / "bindings" / "python" / "src" / "bioanalytics" / "_prototypes.py"
    before, after = re.split(r'(?<=CALLS = """\\\n)[^"]*(?=""")', path.read_text())
    return before + "\n".join(lines()) + "\n" + after


if __name__ == "__main__":
    print(module(), end="")
