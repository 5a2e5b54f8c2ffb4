# SPDX-License-Identifier: MIT
"""Readers: columns without copies, records, Arrow data, and what happens at the edges."""

import gc
import gzip
import pickle
import random
import threading

import numpy as np
import pytest

import bioanalytics
from conftest import sequences_of


@pytest.fixture(scope="module")
def reads(tmp_path_factory):
    """Records with empty ones among them, and the FASTQ file that holds them, in more than one batch."""
    numbers, found = random.Random(5), []
    for i in range(20_000):
        letters = "".join(numbers.choices("ACGTN", k=i % 60))
        found.append((f"read{i} lane {i % 3}", letters, "".join(chr(33 + numbers.randrange(60)) for _ in letters)))
    path = tmp_path_factory.mktemp("reads") / "reads.fastq.gz"
    with gzip.open(path, "wt", compresslevel=1) as out:
        out.writelines(f"@{name}\n{letters}\n+\n{quality}\n" for name, letters, quality in found)
    return path, found


def test_columns_hold_every_record(reads):
    path, expected = reads
    found, batches = [], []
    with bioanalytics.open(path) as reader:
        for batch in reader:
            batches.append(batch)
            assert batch.letters.dtype == np.uint8 and batch.offsets.dtype == np.int64
            assert len(batch.offsets) == len(batch) + 1 and batch.offsets[0] == 0
            found += zip(batch.names.to_list(), batch.sequences.to_list(), batch.qualities.to_list())
        assert reader.format == "fastq" and reader.position[0] == len(expected)
        assert reader.counters == (sum(len(s) for _, s, _ in expected), sum(s.count("N") for _, s, _ in expected))
    assert found == expected and len(batches) > 1
    assert (batches[0].lengths == [len(s) for _, s, _ in expected[:len(batches[0])]]).all()


def test_records_one_by_one(reads):
    path, expected = reads
    with bioanalytics.open(path) as reader:
        found = list(reader.records())
    assert [(r.name, r.sequence, r.quality or "") for r in found] == expected and found[0].quality is None


def test_views_need_no_copy_and_outlive_all_else(reads):
    path, expected = reads
    reader = bioanalytics.open(path)
    batch = next(reader)
    letters, again = batch.letters, batch.letters
    assert letters.__array_interface__["data"] == again.__array_interface__["data"]
    assert not letters.flags.writeable and not letters.flags.owndata
    first = bytes(letters)
    reader.close()
    del reader, batch, again
    gc.collect()
    for _ in bioanalytics.open(path):  # fills memory that was given back
        pass
    assert bytes(letters) == first and first.startswith("".join(s for _, s, _ in expected[:60]).encode())


def test_phred_and_items(reads):
    batch = next(bioanalytics.open(reads[0]))
    name, letters, quality = reads[1][59]
    assert (batch.names[59], batch.sequences[59], batch.qualities[59]) == (name, letters, quality)
    at = slice(batch.offsets[59], batch.offsets[60])
    assert batch.phred()[at].tolist() == [ord(c) - 33 for c in quality]
    assert batch.names[-1] == batch.names[len(batch) - 1]
    with pytest.raises(IndexError):
        batch.names[len(batch)]


def test_bytes_in_memory_and_an_empty_file():
    with bioanalytics.open(b">a b\nACGT\n>c\n\n") as reader:
        assert list(reader.records()) == [("a b", "ACGT", None), ("c", "", None)]
    with bioanalytics.open(b"") as reader:
        assert list(reader) == [] and reader.format is None


def test_options_filters_and_pairs(tmp_path):
    (tmp_path / "1.fq").write_text("@a/1\nACGTACGT\n+\nIIIIIIII\n@b/1\nAC\n+\nII\n")
    (tmp_path / "2.fq").write_text("@a/2\nTTTT\n+\nIIII\n@b/2\nGGGGGG\n+\nIIIIII\n")
    with bioanalytics.open(tmp_path / "1.fq", min_length=4, qualities="skip") as reader:
        assert [r[1:] for r in reader.records()] == [("ACGTACGT", None)] and reader.skipped == 1
    with bioanalytics.open(tmp_path / "1.fq", tmp_path / "2.fq") as pairs:
        assert [r.name for r in pairs.records()] == ["a/1", "a/2", "b/1", "b/2"]
    with bioanalytics.open(tmp_path / "1.fq", tmp_path / "2.fq", min_length=4) as pairs:
        assert [r.name for r in pairs.records()] == ["a/1", "a/2"]


def test_alignments(tmp_path):
    (tmp_path / "a.sam").write_text("@HD\tVN:1.6\n@SQ\tSN:chr1\tLN:1000\nr1\t16\tchr1\t11\t37\t4M\t*\t0\t0\tACGT\tIIII"
                                    "\tNM:i:2\nr2\t4\t*\t0\t0\t*\t*\t0\t0\tAC\tII\n")
    try:
        batch = next(bioanalytics.open(tmp_path / "a.sam", tags=["NM", "AS"]))
    except bioanalytics.UnsupportedError:
        pytest.skip("this build has no htslib")
    assert batch.alignment(0) == (16, "chr1", 10, 37) and batch.alignment(1)[:3] == (4, None, -1)
    assert batch.tag(0, "NM") == "2" and batch.tag(0, "AS") is None and batch.tag(1, "NM") is None
    frame = bioanalytics.open(tmp_path / "a.sam", tags="NM").to_pandas()
    assert frame["position"].tolist() == [10, -1] and frame["NM"][0] == "2"


def test_regions(tmp_path):
    (tmp_path / "g.fa").write_text(">chr1\nACGTACGTAC\nGGGG\n>chr2\nTTTT\n")
    bioanalytics.build_index(tmp_path / "g.fa")
    with bioanalytics.Index(tmp_path / "g.fa") as index:
        reader = index.fetch("chr1:9-12")
    assert list(reader.records()) == [("chr1:9-12", "ACGG", None)]
    with pytest.raises(bioanalytics.ClosedError):
        index.fetch("chr2")


def test_variants_are_tables(tmp_path):
    (tmp_path / "v.vcf").write_text("##fileformat=VCFv4.2\n##contig=<ID=1>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\t"
                                    "INFO\tFORMAT\tone\ttwo\n1\t7\t.\tA\tG\t9.5\tPASS\t.\tGT\t0/1\t1/1\n")
    with bioanalytics.Variants(tmp_path / "v.vcf") as variants:
        assert variants.samples == ["one", "two"]
        table, = list(variants)
    assert table["position"].tolist() == [7] and table["alt"][0] == "G"
    assert table["dosage"].tolist() == [[1.0, 2.0]] and table["quality"].dtype == np.float32


def test_arrow_consumers_take_a_reader(reads):
    polars = pytest.importorskip("polars")
    pandas, duckdb = pytest.importorskip("pandas"), pytest.importorskip("duckdb")
    path, expected = reads
    table = bioanalytics.open(path).to_arrow()
    table.validate(full=True)
    assert list(zip(*(table[c].to_pylist() for c in ("name", "sequence", "quality")))) == expected
    assert polars.DataFrame(bioanalytics.open(path)).rows() == expected
    reader = bioanalytics.open(path)  # noqa: F841: DuckDB finds it by its name
    found = duckdb.sql("select count(*), sum(length(sequence)) from reader").fetchall()
    assert found == [(len(expected), sum(len(s) for _, s, _ in expected))]
    assert bioanalytics.open(path).to_pandas()["sequence"].tolist() == [s for _, s, _ in expected]
    assert isinstance(bioanalytics.open(path).to_pandas(), pandas.DataFrame)


def test_a_file_can_be_taken_again_and_a_region_once(reads, tmp_path):
    pytest.importorskip("pyarrow")
    reader = bioanalytics.open(reads[0])
    next(reader)
    assert reader.to_arrow().num_rows == reader.to_arrow().num_rows == len(reads[1])
    (tmp_path / "g.fa").write_text(">chr1\nACGTACGTAC\n")
    bioanalytics.build_index(tmp_path / "g.fa")
    region = bioanalytics.Index(tmp_path / "g.fa").fetch("chr1:1-2")
    assert region.to_arrow()["sequence"].to_pylist() == ["AC"]
    with pytest.raises(bioanalytics.ClosedError):
        next(region)
    capsule = bioanalytics.open(reads[0]).__arrow_c_stream__()
    del capsule  # a stream that nobody reads is let go of
    gc.collect()


def test_many_threads_share_a_reader(reads):
    """Each batch goes to one of them, and none is lost."""
    path, expected = reads
    found, reader = [], bioanalytics.open(path)

    def work():
        for batch in reader:
            found.extend(batch.names.to_list())
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(name for name, _, _ in expected)


def test_closed_and_closed_again(reads):
    reader = bioanalytics.open(reads[0])
    reader.close()
    reader.close()
    for ask in (lambda: next(reader), lambda: reader.format, lambda: reader.position, reader.__arrow_c_stream__):
        with pytest.raises(bioanalytics.ClosedError):
            ask()


def test_letters_of_others_are_used_where_they_are():
    data = np.frombuffer("".join(sequences_of(1, 50)).encode(), np.uint8)
    offsets = np.array([0, 10, 10, 200])
    records = bioanalytics.Records.from_buffers(data, offsets)
    assert records.letters.__array_interface__["data"][0] == data.__array_interface__["data"][0]
    assert records.sequences.to_list() == [bytes(data[a:b]).decode() for a, b in ((0, 10), (10, 10), (10, 200))]
    assert pickle.loads(pickle.dumps(records)).sequences.to_list() == records.sequences.to_list()
    later = bioanalytics.Records.from_buffers(data, [5, 9])
    assert later.letters.__array_interface__["data"][0] == data.__array_interface__["data"][0] + 5


@pytest.mark.parametrize("letters, offsets, said", [
    (b"ACGT", [0, 5], "offsets end at 5"), (b"ACGT", [3, 1], "before offset 0"), (b"ACGT", [-1, 2], "0 or more"),
    (b"ACGT", [], "one more than"), (b"AC1T", [0, 4], "'1' in a sequence"), (np.zeros((2, 2)), [0, 1], "expected")])
def test_wrong_buffers_are_refused(letters, offsets, said):
    with pytest.raises(bioanalytics.Error, match=said):
        bioanalytics.Records.from_buffers(letters, offsets)
