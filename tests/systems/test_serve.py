# SPDX-License-Identifier: MIT
"""bio-serve answers with the bits of `ba predict`, and refuses what is wrong with words that help."""

import csv
import gzip
import io
import json
import random
import socket
import subprocess
import time

import pytest
import serving
from serving import Served, fasta, predicted, sequences


@pytest.fixture(scope="module")
def server(program, model, tmp_path_factory):
    with Served(program, model, tmp_path_factory.mktemp("server"), "--max-body", "1M", "--timeout", "2") as running:
        yield running


@pytest.fixture(scope="module")
def records():
    return list(sequences(7, 60))


@pytest.fixture(scope="module")
def expected(model, records, tmp_path_factory):
    path = tmp_path_factory.mktemp("expected") / "new.fa"
    path.write_text(fasta(records))
    return predicted(model, path)


# ---- the same bits ----

def fastq(records):
    return "".join(f"@{name}\n{letters}\n+\n{'I' * len(letters)}\n" for name, letters in records)


@pytest.mark.parametrize("body, headers", [
    (fasta, {}),
    (fasta, {"Content_Type": "application/x-fasta"}),
    (fastq, {"Content_Type": "application/x-fastq"}),
    (lambda records: gzip.compress(fasta(records).encode()), {"Content_Type": "application/octet-stream"}),
    (lambda records: {"sequences": [{"name": name, "sequence": letters} for name, letters in records]}, {}),
    (lambda records: [{"name": name, "sequence": letters} for name, letters in records], {}),
    (lambda records: "\n".join(json.dumps({"name": name, "sequence": letters}) for name, letters in records),
     {"Content_Type": "application/jsonlines"}),
    (lambda records: "name,sequence\n" + "".join(f"{name},{letters}\n" for name, letters in records),
     {"Content_Type": "text/csv"}),
], ids=["fasta", "fasta_type", "fastq", "gzip", "json", "array", "lines", "csv"])
@pytest.mark.parametrize("path", ["/predict", "/invocations"])
def test_scores_are_those_of_ba_predict(server, records, expected, path, body, headers):
    answer = server.post(path, body(records), **headers)
    assert answer["predictions"] == expected
    assert len({row["score"] for row in expected}) == len(expected) and answer["model"]["name"] == "motif"


def test_a_bare_sequence_is_one_record(server, records, expected):
    letters = records[0][1]
    want = [{**expected[0], "name": "1"}]
    assert server.post("/predict", letters)["predictions"] == want
    assert server.post("/predict", f"{letters[:90]}\n{letters[90:]}\n")["predictions"] == want
    assert server.post("/predict", {"instances": [letters]})["predictions"] == want
    assert server.post("/predict", {"sequence": letters})["predictions"] == want


def test_accept_chooses_the_answer(server, records, expected):
    rows = server.ask("POST", "/invocations", fasta(records), Accept="text/csv")[2]
    read = list(csv.DictReader(io.StringIO(rows)))
    assert [(row["name"], row["class"], float(row["probability"]), float(row["score"])) for row in read] == \
        [(row["name"], row["class"], row["probability"], row["score"]) for row in expected]
    lines = server.ask("POST", "/invocations", fasta(records), Accept="application/jsonlines")[2]
    assert [json.loads(line) for line in lines.splitlines()] == expected
    assert server.ask("GET", "/ping")[0] == 200


def test_numbers_have_the_digits_of_ba_predict(server, model, tmp_path):
    (tmp_path / "n.fa").write_text(fasta(sequences(11, 300)))
    table = serving.ba("predict", "--model", model, tmp_path / "n.fa")
    assert server.ask("POST", "/predict", (tmp_path / "n.fa").read_bytes(), Accept="text/csv")[2] == table.replace("\t", ",")


def test_many_classes(program, tmp_path):
    source = random.Random(3)
    rows = [(("tata", "gggg", "none")[i % 3], "".join(source.choices("ACGT", k=80)) +
             ("TATATATATA", "GGGGGGGGGG", "")[i % 3]) for i in range(300)]
    (tmp_path / "t.tsv").write_text("sequence\tlabel\n" + "".join(f"{s}\t{c}\n" for c, s in rows))
    serving.ba("train", "--recipe", "Kmer(k=1..3) | Softmax()", "--labels", tmp_path / "t.tsv", "--out", tmp_path / "m.ba")
    (tmp_path / "n.fa").write_text(fasta(sequences(4, 20, 80)))
    with Served(program, tmp_path / "m.ba", tmp_path) as running:
        assert running.post("/predict", (tmp_path / "n.fa").read_text())["predictions"] == \
            predicted(tmp_path / "m.ba", tmp_path / "n.fa")
        whole = running.post("/explain", "ACGT" * 10 + "TATATATATA")
        assert whole["of"] == whole["class"] and len(whole["attribution"]) == 50


# ---- rows of a table ----

COLUMNS = ("volume", "price", "site")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    folder = tmp_path_factory.mktemp("table")
    source = random.Random(5)
    rows = [{"volume": source.gauss(10, 3), "price": source.gauss(0, 1), "site": source.choice(("north", "south, far"))}
            for _ in range(200)]
    for name, extra in (("train", True), ("new", False)):
        with open(folder / f"{name}.csv", "w", newline="") as file:
            out = csv.writer(file)
            out.writerow([*COLUMNS, *(["failed"] if extra else [])])
            for row in rows:
                out.writerow([row[c] for c in COLUMNS] + ([int(row["price"] + (row["site"] == "north") > 0)] if extra else []))
    serving.ba("train", "--recipe", "Columns() + Category(column=site) | Standardize() | Logistic()", "--table",
               folder / "train.csv", "--target", "failed", "--out", folder / "rows.ba")
    return folder, rows


@pytest.fixture(scope="module")
def table_server(program, table, tmp_path_factory):
    with Served(program, table[0] / "rows.ba", tmp_path_factory.mktemp("rows")) as running:
        yield running


def test_rows_have_the_scores_of_ba_predict(table_server, table):
    folder, rows = table
    want = predicted(folder / "rows.ba", folder / "new.csv")
    assert table_server.post("/predict", {"rows": rows})["predictions"] == want
    assert table_server.post("/predict", (folder / "new.csv").read_text(), Content_Type="text/csv")["predictions"] == want
    order = table_server.get("/healthz")["columns"]
    assert sorted(order) == sorted(COLUMNS)
    lists = [[row[column] for column in order] for row in rows]
    assert table_server.post("/invocations", {"instances": lists})["predictions"] == want
    named = table_server.post("/predict", {"rows": [{"name": "a", **rows[0]}]})["predictions"]
    assert named == [{**want[0], "name": "a"}]


def test_columns_add_up_to_the_score(table_server, table):
    answer = table_server.post("/explain", {"rows": [table[1][0]]})
    other = table_server.post("/explain", {"rows": [table[1][1]]})
    assert len(answer["attribution"]) == len(answer["columns"]) and "price" in answer["columns"]
    intercept = answer["score"] - sum(answer["attribution"])
    assert other["score"] - sum(other["attribution"]) == pytest.approx(intercept, abs=1e-9)


@pytest.mark.parametrize("rows, word", [
    ([{"volume": 1, "price": 2}], "site"), ([{"volume": None, "price": 2, "site": "north"}], "volume"), ([[1, 2]], "3"),
    ([{"volume": {}, "price": 2, "site": "n"}], "volume"), ([5], "no row"), ("ACGT", "no row"),
])
def test_bad_rows_are_named(table_server, rows, word):
    status, _, text = table_server.ask("POST", "/predict", json.dumps({"rows": rows} if rows != "ACGT" else rows),
                                       Content_Type="application/json")
    assert status == 400 and word in json.loads(text)["error"]["message"], text


def test_a_series_sees_the_rows_before(program, tmp_path):
    source = random.Random(6)
    rows = [{"coin": "ab"[i % 2], "ts": i, "close": 100 + source.gauss(0, 3)} for i in range(120)]
    for i, row in enumerate(rows):
        row["next"] = rows[i + 2]["close"] if i + 2 < len(rows) else 100
    with open(tmp_path / "s.csv", "w", newline="") as file:
        out = csv.DictWriter(file, rows[0])
        out.writeheader()
        out.writerows(rows)
    options = ("--group", "coin", "--time", "ts")
    serving.ba("train", "--recipe", "Return(column=close) + Column(column=close) | Standardize() | Linear()", "--table",
               tmp_path / "s.csv", "--target", "next", *options, "--out", tmp_path / "s.ba")
    want = predicted(tmp_path / "s.ba", tmp_path / "s.csv", *options)
    with Served(program, tmp_path / "s.ba", tmp_path) as running:
        answer = running.post("/predict", {"rows": rows, "group": "coin", "time": "ts"})
    assert answer["predictions"] == want and all(row["value"] is not None for row in want)


# ---- what is wrong ----

@pytest.mark.parametrize("body, headers, status, word", [
    ("", {}, 400, "empty"),
    (" \n", {}, 400, "empty"),
    (">a\nAC1GT\n", {}, 400, "record 1"),
    (">a\nACGT\n>b\nAC!T\n", {}, 400, "record 2"),
    ("@a\nACGT\n+\nII\n", {}, 400, "quality"),
    ("{\"sequences\": [", {}, 400, "byte"),
    ("{\"sequences\": [5]}", {}, 400, "record 1"),
    ("{\"what\": 5}", {}, 400, "record 1"),
    ("[]", {}, 400, "no record"),
    ("{\"sequences\": [\"ACGT\", \"A?\"]}", {}, 400, "record 2"),
    ("AC\0GT", {}, 400, "letter"),
    (b"\xff\xfe\x00", {}, 400, ""),
    (b"\x1f\x8b\x08\x00garbage", {}, 400, ""),
    ("[" * 100000, {}, 400, "byte"),
    ("ACGT", {"Content_Type": "image/png"}, 415, "content type"),
    ("x" * 1100000, {}, 413, "1048576"),
    ("a,b\n1\n", {"Content_Type": "text/csv"}, 400, ""),
    ("a,b\n1,2\n", {"Content_Type": "text/csv"}, 400, "sequence"),
], ids=str.split("empty blank letter second quality json number nothing none letter_in_json nul bytes gzip deep type large "
                 "csv_fields csv_column"))
def test_bad_bodies(server, body, headers, status, word):
    got, seen, text = server.ask("POST", "/predict", body, **headers)
    error = json.loads(text)["error"]
    assert (got, error["status"]) == (status, status), text
    assert word in error["message"] and seen["Content-Type"] == "application/json"
    assert server.post("/predict", "ACGTACGT")["predictions"]


def test_an_error_says_where(server):
    error = json.loads(server.ask("POST", "/predict", ">a\nACGT\n>b\nACGT\n>c\nA!\n")[2])["error"]
    assert (error["record"], error["code"]) == (3, "BA_ERR_FORMAT") and error["byte"] >= 16 and "hint" in error


def test_a_body_that_inflates_too_far(server):
    bomb = gzip.compress((">a\n" + "ACGT" * 25 + "\n").encode() * 200000)
    assert len(bomb) < 1 << 20
    status, _, text = server.ask("POST", "/predict", bomb)
    assert status == 413 and "inflates" in text


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/predict", 405), ("DELETE", "/predict", 405), ("POST", "/ping", 405), ("PUT", "/", 405),
    ("GET", "/nothing", 404), ("GET", "/../../etc/passwd", 404), ("GET", "/%2e%2e/%2e%2e/etc/passwd", 404),
    ("GET", "//predict", 404), ("GET", "/predict/", 404), ("GET", "/ping%00x", 404), ("GET", "/runs/../ping", 404),
("POST", "/PREDICT", 404), ("GET", "/predictions", 404),
])
def test_paths_and_methods(server, method, path, status):
    assert server.ask(method, path, b"ACGT" if method in ("POST", "PUT") else None)[0] == status


def test_a_long_path(server):
    assert server.ask("GET", "/" + "a" * 5000)[0] == 404
    assert server.ask("GET", "/" + "a" * 90000)[0] in (414, 431)


def test_a_huge_body_is_refused_before_it_comes(server):
    with socket.create_connection(("127.0.0.1", server.port), 10) as peer:
        peer.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n")
        assert peer.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_large_numbers_of_bytes_are_refused_while_they_come(server):
    """A body without a length, that never ends."""
    with socket.create_connection(("127.0.0.1", server.port), 10) as peer:
        peer.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        sent = 0
        try:
            while sent < 50 << 20:
                peer.sendall(b"10000\r\n" + b"A" * 65536 + b"\r\n")
                sent += 65536
        except OSError:
            pass
    assert sent < 20 << 20 and server.ask("GET", "/ping")[0] == 200


@pytest.mark.parametrize("first", [b"", b"POST /pre", b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 400\r\n\r\nACGT"],
                         ids=["nothing", "head", "body"])
def test_slow_requests_get_408(server, first):
    """A byte now and then does not help: the whole request has --timeout seconds."""
    with socket.create_connection(("127.0.0.1", server.port), 10) as peer:
        peer.sendall(first)
        began = time.time()
        peer.settimeout(0.3)
        got = b""
        while time.time() < began + 8:
            try:
                part = peer.recv(4096)
                got += part
                if not part:
                    break
            except TimeoutError:
                if first:
                    peer.sendall(b"A")
            except OSError:
                break
    assert got.startswith(b"HTTP/1.1 408 ") and b"too_slow" in got and 1.5 < time.time() - began < 6


def test_a_connection_that_is_kept_gives_each_request_its_time(server):
    """1.5 of the 2 seconds idle, then a body that takes one: the request is answered; the next, which stops, gets 408."""
    with socket.create_connection(("127.0.0.1", server.port), 10) as peer:
        peer.sendall(b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n")
        assert peer.recv(4096).startswith(b"HTTP/1.1 200 ")
        time.sleep(1.5)
        peer.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nACGT")
        time.sleep(1)
        peer.sendall(b"ACGT")
        assert peer.recv(4096).startswith(b"HTTP/1.1 200 ")
        peer.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nACGT")
        assert peer.recv(4096).startswith(b"HTTP/1.1 408 ")


def test_tokens(program, model, tmp_path):
    (tmp_path / "tokens").write_text("# of the pipeline\nfirst-token\nsecond-token\n")
    with Served(program, model, tmp_path, "--token-file", tmp_path / "tokens") as running:
        for header in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer first-toke"},
                       {"Authorization": "Bearer first-token2"}, {"Authorization": "Basic first-token"},
                       {"Authorization": "Bearer "}, {"Authorization": "first-token"}):
            status, headers, text = running.ask("POST", "/predict", "ACGT", **header)
            assert status == 401 and headers["WWW-Authenticate"] == "Bearer" and "token" in text
        for token in ("first-token", "second-token"):
            assert running.post("/predict", "ACGTACGT", Authorization=f"Bearer {token}")["predictions"]
        assert [running.ask("GET", path)[0] for path in ("/ping", "/healthz", "/metrics", "/")] == [200] * 4
        assert running.ask("GET", "/predictions")[0] == 401
        assert "first-token" not in running.log_path.read_text()
    with Served(program, model, tmp_path, env={"BIO_SERVE_TOKEN": "of-the-environment"}) as running:
        assert running.ask("POST", "/predict", "ACGT")[0] == 401
        assert running.post("/predict", "ACGTACGT", Authorization="Bearer of-the-environment")


@pytest.mark.parametrize("options, word", [
    (["--model", "missing.ba"], "missing.ba"), (["--store", "mysql://x"], "postgres"), (["--listen", "nowhere"], "address"),
    (["--token-file", "missing"], "missing"),
])
def test_what_cannot_start_says_why(program, model, tmp_path, options, word):
    done = subprocess.run([program, "--model", model, "--port", "0", *options], cwd=tmp_path, capture_output=True, text=True,
                          timeout=20, check=False)
    assert done.returncode == 2 and word in done.stderr


def test_usage(program):
    help_text = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
    assert "curl --data-binary" in help_text
    for words in ([], ["--model"], ["--model", "m.ba", "--port", "x"], ["--model", "m.ba", "more"], ["--what"],
                  ["--model", "m.ba", "--max-body", "0"]):
        done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 1 and done.stderr
