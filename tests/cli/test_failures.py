# SPDX-License-Identifier: MIT
"""The program ba on bad input, full disks, limits and interrupts: exit codes, messages, and what is left behind."""

import gzip
import os
import pty
import re
import select
import signal
import subprocess
import time

import pytest

from program import BA, RECIPE, ba, fails, fasta, listing, ok, sequences, table

# ---- bad input ----


@pytest.mark.parametrize("text, pattern", [
    ("hello\n", r"bad: record 1, byte 0"),
    ("@r\nACGT\n+\nIIII\n@s\nACGT\n+\nII\n", r"bad: record 2, byte \d+"),
    ("@r\nACGT\n+\nIIII\n@s\nACGT\n+\nIIIIII\n@t\nA\n+\nI\n", r"bad: record 2, byte \d+"),
    ("@r\nACGT\n+\nIIII\n@s\nACG", r"bad: record 2, byte \d+"),
    ("@r\nACGT\n+\nIIII\nACGT\n", r"bad: record 2, byte 15"),
])
def test_bad_sequence_files_end_with_2(data, tmp_path, text, pattern):
    (tmp_path / "bad").write_text(text)
    fails(2, pattern, "stats", "bad", cwd=tmp_path)
    fails(2, pattern, "cut", "--from", "0", "--out", "y", "bad", cwd=tmp_path)
    fails(2, pattern, "features", "--recipe", "Kmer(k=1)", "--out", "y", "bad", cwd=tmp_path)
    fails(2, pattern, "predict", "--model", data / "two.ba", "--out", "y", "bad", cwd=tmp_path)
    fails(2, pattern, "scan", "--model", data / "two.ba", "--window", "2", "--step", "1", "--out", "y", "bad",
          cwd=tmp_path)
    fails(2, pattern, "train", "--recipe", RECIPE, "--pos", "bad", "--neg", data / "neg.fa", "--out", "y", cwd=tmp_path)
    assert listing(tmp_path) == ["bad"]


def test_a_damaged_gzip_ends_with_2(tmp_path):
    whole = gzip.compress(fasta(sequences(7, 30, 60, ["A"])).encode(), mtime=0)
    expected = ok("cut", "--from", "0", "-", data=whole, text=False)
    for at in range(11, len(whole) - 1, 29):
        (tmp_path / "x.gz").write_bytes(whole[:at])
        fails(2, r"x.gz: .*byte \d+", "cut", "--from", "0", "--out", "y", "x.gz", cwd=tmp_path)
        assert listing(tmp_path) == ["x.gz"]
        (tmp_path / "x.gz").write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1:])
        fails(2, r"x.gz: .*byte \d+", "cut", "--from", "0", "--out", "y", "x.gz", cwd=tmp_path)
        assert listing(tmp_path) == ["x.gz"]
    (tmp_path / "x.gz").write_bytes(whole)
    assert ok("cut", "--from", "0", "x.gz", cwd=tmp_path).encode() == expected


def test_a_damaged_model_ends_with_2(data, tmp_path):
    whole = (data / "two.ba").read_bytes()
    places = sorted({0, 7, 8, 12, 16, len(whole) - 1, *range(0, len(whole), max(1, len(whole) // 60))})
    for at in places:
        (tmp_path / "m.ba").write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
        fails(2, "m.ba: ", "info", "m.ba", cwd=tmp_path)
    for at in places:
        (tmp_path / "m.ba").write_bytes(whole[:at])
        fails(2, "m.ba: ", "selftest", "m.ba", cwd=tmp_path)
    (tmp_path / "m.ba").write_bytes(whole + b"x")
    fails(2, "m.ba: ", "predict", "--model", "m.ba", "--out", "y", data / "pos.fa", cwd=tmp_path)
    assert listing(tmp_path) == ["m.ba"]


@pytest.mark.parametrize("content, arguments, pattern", [
    ("sequence,kind\nACGT,1\n", [], "t.csv.*label"),
    ("sequence,label\nACGT,1\n", ["--columns", "sequence=text"], "t.csv.*text"),
    ("sequence,label\nACGTACGT,1\nGGGGCCCC,1\n", [], "class"),
    ("sequence,label\nA,1\nC,0\n", ["--recipe", "Kmer(k=5) | Logistic()"], "longest.* 1 letters"),
    ("sequence,label\nACGT,1\nACG\n", [], "t.csv.*(record|row|line) (2|3)"),
    ("sequence,label\nACGT,1\nACGG,\n", [], "t.csv.*(record|row|line) (2|3)"),
    ("sequence,label,weight\nACGT,1,1\nACGG,0,-2\n", [], "t.csv.*(record|row|line) (2|3)"),
    ("sequence,label,split\nACGT,1,train\nACGG,0,half\n", [], "t.csv.*(record|row|line) (2|3)"),
    ("", [], "t.csv"),
])
def test_bad_tables_end_with_2(tmp_path, content, arguments, pattern):
    (tmp_path / "t.csv").write_text(content)
    recipe = [] if "--recipe" in arguments else ["--recipe", RECIPE]
    fails(2, pattern, "train", *recipe, *arguments, "--labels", "t.csv", "--out", "m.ba", cwd=tmp_path)
    assert listing(tmp_path) == ["t.csv"]


def test_eval_refuses_an_unknown_label(data, tmp_path):
    (tmp_path / "t.csv").write_text("sequence,label\nACGT,1\nACGG,0\nACCC,maybe\n")
    fails(2, "t.csv: .*maybe", "eval", "--model", data / "two.ba", "--labels", tmp_path / "t.csv")


def test_a_wrong_option_text_ends_with_1(data, tmp_path):
    fails(1, "colour", "train", "--recipe", RECIPE, "--labels", data / "table.csv", "--columns", "colour=2", "--out",
          tmp_path / "m.ba")


# ---- input and output, limits, interrupts ----


def test_input_and_output_errors_end_with_3(data, tmp_path):
    model = data / "two.ba"
    fails(3, "none.fa: ?.*No such file", "stats", "none.fa", cwd=tmp_path)
    fails(3, "none.ba", "info", "none.ba", cwd=tmp_path)
    fails(3, "none.bed", "cut", "--bed", "none.bed", data / "pos.fa", cwd=tmp_path)
    fails(3, "directory", "stats", tmp_path)
    fails(3, "no/where/p.tsv", "predict", "--model", model, "--out", "no/where/p.tsv", data / "pos.fa", cwd=tmp_path)
    fails(3, "no/where/m.ba", "train", "--recipe", RECIPE, "--labels", data / "table.csv", "--out", "no/where/m.ba",
          cwd=tmp_path)
    fails(3, "directory", "train", "--recipe", RECIPE, "--labels", data / "table.csv", "--out", tmp_path)
    assert listing(tmp_path) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_full_disk_ends_with_3(data):
    for arguments in (["stats", data / "pos.fa"], ["cut", "--from", "0", data / "pos.fa"], ["help"],
                      ["predict", "--model", data / "two.ba", data / "pos.fa"], ["info", data / "two.ba"]):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([BA, *map(str, arguments)], stdout=full, stderr=subprocess.PIPE, text=True,
                                  check=False)
        assert done.returncode == 3 and "written" in done.stderr, (arguments, done)


def test_a_device_is_written_in_place(data, tmp_path):
    before = os.stat("/dev/null")
    ok("cut", "--from", "0", "--out", "/dev/null", data / "pos.fa")
    ok("train", "--recipe", RECIPE, "--labels", data / "table.csv", "--out", "/dev/null")
    assert os.stat("/dev/null").st_rdev == before.st_rdev
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    ok("cut", "--from", "0", "--out", "link", data / "pos.fa", cwd=tmp_path)
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real").read_text().startswith(">p0")
    assert listing(tmp_path) == ["link", "real"]


def test_the_memory_limit_ends_with_4(data, tmp_path):
    fails(4, "memory limit", "stats", "--memory-limit", "1K", data / "pos.fa")
    fails(4, "memory limit", "train", "--recipe", "Kmer(k=1..9) | Logistic()", "--labels", data / "table.csv",
          "--memory-limit", "1M", "--out", tmp_path / "m.ba")
    assert listing(tmp_path) == []
    assert ok("stats", "--memory-limit", "1G", data / "pos.fa") == ok("stats", data / "pos.fa")


def test_an_interrupt_ends_with_4_and_leaves_nothing(data, tmp_path):
    """Training that would go on for long; reading from a pipe that gives nothing more."""
    rows = [f"{s},{i % 2}" for i, s in enumerate(sequences(11, 3000, 400, ["A"]))]
    (tmp_path / "t.csv").write_text("sequence,label\n" + "\n".join(rows) + "\n")
    recipe = "Kmer(k=1..9) | Logistic(solver=adagrad, epochs=1000, l2=1e-9)"
    with subprocess.Popen([BA, "train", "--recipe", recipe, "--labels", "t.csv", "--out", "m.ba"], cwd=tmp_path,
                          stderr=subprocess.PIPE, text=True) as run:
        time.sleep(1.5)
        run.send_signal(signal.SIGINT)
        begin = time.monotonic()
        _, told = run.communicate(timeout=60)
        assert run.returncode == 4 and told == "ba train: interrupted\n"
        assert time.monotonic() - begin < 1.5
    assert listing(tmp_path) == ["t.csv"]
    with subprocess.Popen([BA, "predict", "--model", data / "two.ba", "--out", "p.tsv", "-"], cwd=tmp_path,
                          stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        run.stdin.write(">a\nACGTACGT\n>b\nACG")
        run.stdin.flush()
        time.sleep(0.5)
        assert len(listing(tmp_path)) == 2
        run.send_signal(signal.SIGTERM)
        run.wait(timeout=60)
        assert run.returncode == 4 and run.stderr.read().endswith("interrupted\n")
    assert listing(tmp_path) == ["t.csv"]


def test_a_closed_pipe_ends_quietly(data):
    with subprocess.Popen([BA, "explain", "--model", data / "two.ba", data / "pos.fa"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as run:
        run.stdout.readline()
        run.stdout.close()
        run.wait(timeout=60)
        assert run.stderr.read() == ""


def test_progress_shows_at_a_terminal_only(data, tmp_path):
    rows = [f"{s},{i % 2}" for i, s in enumerate(sequences(12, 3000, 200, ["A"]))]
    (tmp_path / "t.csv").write_text("sequence,label\n" + "\n".join(rows) + "\n")
    try:
        reader, writer = pty.openpty()
    except OSError as error:
        pytest.skip(f"this system gives no terminal: {error}")
    recipe = "Kmer(k=1..6) | Logistic(l2=1e-6)"
    with subprocess.Popen([BA, "train", "--recipe", recipe, "--labels", "t.csv", "--out", "m.ba"], cwd=tmp_path,
                          stdout=subprocess.DEVNULL, stderr=writer) as run:
        os.close(writer)
        shown = b""
        while True:
            ready, _, _ = select.select([reader], [], [], 60)
            try:
                part = os.read(reader, 65536) if ready else b""
            except OSError:
                break
            if not part:
                break
            shown += part
        assert run.wait(timeout=60) == 0
    os.close(reader)
    assert re.search(rb"\r\x1b\[Kpass \d+  objective ", shown), shown
    # the summary follows a line that was taken away
    assert re.search(rb"\r\x1b\[Krecipe    Kmer", shown), shown
