# SPDX-License-Identifier: MIT
"""The stream port: nothing lost, nothing out of order, whatever is resharded, killed or read late."""

import threading

from lib.stream import Consumer, open_stream

KEYS = "abcdefgh"


def numbers(records):
    """What came for each key, in the order of its coming."""
    return {key: [int(record.data) for record in records if record.key == key] for key in KEYS}


def drain(consumer, limit, go_on=lambda: False):
    """All that there is, committed after every poll."""
    found = []
    while True:
        more = go_on()
        records = consumer.poll(limit)
        consumer.commit()
        found += records
        if not records and not more:
            return found


def test_resharding_while_written_and_read_keeps_the_order_of_every_key(tmp_path):
    stream = open_stream(f"file:{tmp_path}/s", 2)

    def write():
        ours = open_stream(f"file:{tmp_path}/s", 2)
        for number in range(200):
            ours.put([(key, str(number).encode()) for key in KEYS])
            if number in (50, 120):
                stream.reshard(4 if number == 50 else 3)
    writer = threading.Thread(target=write)
    writer.start()
    found = drain(Consumer(stream, tmp_path / "places.json"), 7, writer.is_alive)
    assert numbers(found) == {key: list(range(200)) for key in KEYS}
    assert [len(shards) for shards in stream.generations()] == [2, 4, 3]


def test_a_closed_shard_is_read_to_its_end_before_those_that_follow_it(tmp_path):
    stream = open_stream(f"file:{tmp_path}/s", 1)
    stream.put([("a", b"%d" % number) for number in range(10)])
    stream.reshard(2)
    stream.put([("a", b"%d" % number) for number in range(10, 20)])
    consumer = Consumer(stream, tmp_path / "places.json")
    assert [int(record.data) for record in consumer.poll(4)] == [0, 1, 2, 3]
    again = Consumer(open_stream(f"file:{tmp_path}/s", 2), tmp_path / "places.json")  # nothing was committed
    assert numbers(drain(again, 4))["a"] == list(range(20))


def test_a_stream_opened_again_keeps_its_shards(tmp_path):
    open_stream(f"file:{tmp_path}/s", 2).reshard(4)
    assert [len(shards) for shards in open_stream(f"file:{tmp_path}/s", 2).generations()] == [2, 4]


def test_a_line_that_a_killed_writer_left_half_is_not_read_and_not_kept(tmp_path):
    stream = open_stream(f"file:{tmp_path}/s", 1)
    stream.put([("a", b"0")])
    with open(tmp_path / "s" / stream.shards()[0], "ab") as shard:
        shard.write(b'{"key": "a", "at": 1, "da')
    assert len(stream.read(stream.shards()[0])) == 1
    stream.put([("a", b"1")])
    assert [record.data for record in stream.read(stream.shards()[0])] == [b"0", b"1"]
