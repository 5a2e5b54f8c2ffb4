# SPDX-License-Identifier: MIT
"""Every code block of README.md and docs/ is run: what the documents show is what happens.

Blocks of `sh` run as scripts, blocks of `console` give commands after "$ " with the output that they must have ("..."
stands for anything), blocks of `c` and `cpp` are compiled against the installed library and run; one without a main
is the inside of a main. The blocks of a document run in order, in one folder that holds the files of the `data`
fixture. The word no-run after the language leaves a block out.
"""

import re
import shutil

import pytest

from conftest import TOP, run

RUN = {"sh", "console", "c", "cpp"}
SHOWN = {"text", "cmake", "json", "tsv"}  # nothing to run
ELSEWHERE = {"python", "java"}  # run by test_readme.py of bindings/python and ReadmeTest.java of bindings/java
NO_RUN_MOST = 6
DOCUMENTS = sorted(path.relative_to(TOP) for path in [*TOP.glob("*.md"), *(TOP / "docs").rglob("*.md")])


def blocks(text):
    """(line, language, words after it, body) of every fenced block."""
    lines, found, opened = text.splitlines(), [], None
    for number, line in enumerate(lines, 1):
        fence = re.match(r"\s*```+\s*(.*)$", line)
        if fence and opened is None:
            opened = (number, fence[1].split())
        elif fence:
            first, words = opened
            found.append((first, words[0] if words else "", words[1:], "\n".join(lines[first:number - 1]) + "\n"))
            opened = None
    assert opened is None, f"the block at line {opened[0]} has no end"
    return found


def program(body):
    """The body itself, or inside a main when it has none."""
    if re.search(r"\bmain\s*\(", body):
        return body
    top = "\n".join(line for line in body.splitlines() if line.startswith("#"))
    rest = "\n".join(line for line in body.splitlines() if not line.startswith("#"))
    return f"{top}\nint main(void) {{\n{rest}\nreturn 0;\n}}\n"


def run_shell(body, folder, environment):
    run("bash", "-euo", "pipefail", "-c", body, cwd=folder, env=environment)


def run_console(body, folder, environment):
    for part in re.split(r"^\$ ", body, flags=re.M)[1:]:
        command, _, wanted = part.partition("\n")
        given = run("bash", "-euo", "pipefail", "-c", command, cwd=folder, env=environment)
        pattern = ".*?".join(re.escape(piece) for piece in wanted.rstrip().split("..."))
        if wanted.strip():
            assert re.fullmatch(pattern, given.rstrip(), re.S), f"$ {command}\n{given}\ninstead of\n{wanted}"


def run_compiled(language, body, folder, environment):
    compiler = {"c": ["gcc", "-std=c11"], "cpp": ["g++", "-std=c++17"]}[language]
    source = folder / f"block.{language}"
    source.write_text(program(body))
    flags = run("pkg-config", "--cflags", "--libs", "bioanalytics", env=environment).split()
    run(*compiler, "-Wall", "-Wextra", "-Werror", source, "-o", folder / "block", *flags)
    run(folder / "block", cwd=folder, env=environment)


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_blocks_run(document, installed, data, tmp_path):
    folder = tmp_path / "here"
    shutil.copytree(data, folder)
    for line, language, words, body in blocks((TOP / document).read_text()):
        if language not in RUN or "no-run" in words:
            continue
        try:
            if language == "sh":
                run_shell(body, folder, installed.environment)
            elif language == "console":
                run_console(body, folder, installed.environment)
            else:
                run_compiled(language, body, folder, installed.environment)
        except AssertionError as error:
            raise AssertionError(f"{document}, block at line {line}: {error}") from error


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_block_says_what_it_is(document):
    unknown = [f"{document}:{line}: {language!r}" for line, language, _, _ in blocks((TOP / document).read_text())
               if language not in RUN | SHOWN | ELSEWHERE]
    assert not unknown


def test_few_blocks_are_left_out():
    left_out = [f"{document}:{line}" for document in DOCUMENTS
                for line, language, words, _ in blocks((TOP / document).read_text())
                if language in RUN and "no-run" in words]
    assert len(left_out) <= NO_RUN_MOST, left_out


def test_links_between_documents_lead_somewhere():
    broken = [f"{document}: {target}" for document in DOCUMENTS
              for target in re.findall(r"\]\(([^)#\s:]+)(?:#[^)]*)?\)", (TOP / document).read_text())
              if not (TOP / document).parent.joinpath(target).exists()]
    assert not broken


def test_recipes_page_is_what_the_library_prints(installed):
    printed = run(installed.ba, "help", "recipe", "--format", "markdown")
    page = TOP / "docs" / "recipes.md"
    assert page.exists() and page.read_text() == printed, "run ./dev docs"


def test_this_reader_of_blocks(tmp_path):
    """A block that fails, or prints something else, is noticed."""
    text = "a\n```sh no-run\nx\n```\nb\n```console\n$ printf 'a\\nb 12 c\\n'\na\nb ... c\n```\n"
    (_, shell, words, body), (line, console, none, session) = blocks(text)
    assert (shell, words, body) == ("sh", ["no-run"], "x\n") and (line, console, none) == (6, "console", [])
    run_console(session, tmp_path, None)
    for wrong in (session.replace("c\n", "d\n", 1), "$ false\n"):
        with pytest.raises(AssertionError):
            run_console(wrong, tmp_path, None)
    with pytest.raises(AssertionError):
        run_shell("false\ntrue\n", tmp_path, None)
