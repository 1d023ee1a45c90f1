"""All readers of records return what aiokafka reads, and no damage to a batch harms a reader."""

from __future__ import annotations

import gc
import weakref
from contextlib import suppress
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.fastpath.fast_records import FastRecords, fast_reader
from shared.fastpath.raw_batches import RawBatches
from shared.runtime.fetching.normal_batches import NormalBatches, normalise
from shared.runtime.fetching.partition_records import OrdinaryRecords, Record
from shared.runtime.record_runs import RecordList, items_of, runs_of
from tests.support.batches import batch_of

PLACE = TopicPartition("sensing.readings.v1", 5)
ROWS = [
    (b"te-000001", b'{"value":1}', [("traceparent", b"00-1")]),
    (None, b"tick", []),
    (b"te-000002", None, [("a", b"1"), ("b", b"2")]),
]


def fast(raw: bytes, begin: int = 0, check: bool = True) -> FastRecords:
    """Return the fast reader, in the form that this process has loaded."""
    return FastRecords(PLACE, normalise(raw, None, check), begin, check)


def ordinary(raw: bytes, begin: int = 0, check: bool = True) -> OrdinaryRecords:
    """Return the reader of a service that has not opted in."""
    return OrdinaryRecords(PLACE, normalise(raw, None, check), begin, check)


READERS = pytest.mark.parametrize("make_reader", [fast, ordinary])


def read_all(reader: Any, limit: int = 1 << 30) -> list[Any]:
    """Return all records; raises the error of the batches."""
    records: list[Any] = []
    while True:
        part, _ = reader.read(limit)
        if not part:
            if reader.batches.error is not None:
                raise reader.batches.error
            return records
        records += part


def read_by_aiokafka(raw: bytes, begin: int = 0) -> tuple[list[Any], int]:
    """Return the records that aiokafka itself reads, and where it would fetch on."""
    records = fetcher.PartitionRecords(
        PLACE, MemoryRecords(raw), None, begin, None, None, True, fetcher.READ_UNCOMMITTED
    )
    return list(records), records.next_fetch_offset


def content_of(record: Any) -> tuple[Any, ...]:
    """Return the content of a record of any class."""
    place = record.topic, record.partition, record.offset, record.timestamp
    return (*place, record.key, record.value, tuple(record.headers))


HEADERS = st.lists(st.tuples(st.text(max_size=4), st.binary(max_size=200) | st.none()), max_size=3)
BYTES = st.binary(max_size=300) | st.none()
BATCHES = st.lists(
    st.lists(st.tuples(st.integers(1, 3), BYTES, BYTES, HEADERS), min_size=1, max_size=6),
    min_size=1,
    max_size=3,
)


@READERS
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(BATCHES, st.integers(0, 20), st.integers(1, 7), st.integers(0, 80), st.integers(0, 4))
def test_batches_are_read_as_aiokafka_reads_them(
    make_reader: Any, batches: list[Any], begin: int, limit: int, cut: int, compression: int
) -> None:
    """Gaps as compaction leaves them, a last batch that is cut off, any offset to begin at."""
    raw, base = b"", 0
    for rows in batches:
        offset = -1
        numbered = [(offset := offset + gap, *row) for gap, *row in rows]
        raw += batch_of(numbered, base, compression=compression)
        base += offset + 2
    raw = raw[: len(raw) - cut] if cut < len(raw) else raw
    expected, next_offset = read_by_aiokafka(raw, begin)
    reader = make_reader(raw, begin=begin)
    records: list[Any] = []
    while part := reader.read(limit)[0]:
        records += part
        assert reader.next_fetch_offset > records[-1].offset
    assert [content_of(record) for record in records] == [content_of(record) for record in expected]
    assert reader.next_fetch_offset == next_offset


@READERS
@settings(max_examples=600)
@given(st.integers(0, 400), st.binary(min_size=1, max_size=3), st.booleans(), st.integers(0, 4))
def test_damaged_batches_are_refused_and_harm_nothing(
    make_reader: Any, position: int, damage: bytes, check: bool, compression: int
) -> None:
    raw = batch_of([(n, *row) for n, row in enumerate(ROWS)], compression=compression) * 2
    position %= len(raw)
    raw = raw[:position] + damage + raw[position + len(damage) :]
    reader = make_reader(raw, check=check)
    # A codec names the error of a compressed batch; a checksum makes it a wrong checksum.
    with suppress(CorruptRecordException, *([] if check and not compression else [Exception])):
        read_all(reader)


@READERS
@pytest.mark.parametrize("compression", range(5))
def test_records_before_a_wrong_checksum_are_returned(make_reader: Any, compression: int) -> None:
    good = batch_of([(0, b"k", b"value", []), (1, b"k", b"value", [])])
    bad = bytearray(batch_of([(0, b"k", b"value", [])], 2, compression=compression))
    bad[-3] ^= 1
    reader = make_reader(good + bytes(bad) + batch_of([(0, b"k", b"value", [])], 3))
    assert [record.offset for record in reader.read(100)[0]] == [0, 1]
    assert reader.next_fetch_offset == 2
    next_reader = make_reader(bytes(bad), begin=2)  # where fetching goes on
    with pytest.raises(CorruptRecordException):
        read_all(next_reader)
    assert next_reader.next_fetch_offset == 2


@READERS
@pytest.mark.parametrize("compression", range(5))
def test_a_header_name_that_is_no_utf_8_is_read(make_reader: Any, compression: int) -> None:
    headers = [(b"\xff\xfe", b"v"), ("ordinary", b"w")]
    raw = batch_of([(0, b"k", b"v" * 50, headers), (1, b"k", None, [])], compression=compression)
    first, second = read_all(make_reader(raw))
    assert tuple(first.headers) == (("\ufffd\ufffd", b"v"), ("ordinary", b"w"))
    assert (first.value, second.offset) == (b"v" * 50, 1)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(BATCHES, st.integers(0, 20), st.integers(1, 7), st.integers(0, 80), st.integers(0, 25))
def test_raw_batches_hold_the_records_that_aiokafka_reads(
    batches: list[Any], begin: int, minimum: int, cut: int, later: int
) -> None:
    """Opened, counted, continued from any offset; fetching goes on where aiokafka would."""
    raw, base = b"", 0
    for rows in batches:
        offset = -1
        raw += batch_of([(offset := offset + gap, *row) for gap, *row in rows], base)
        base += offset + 2
    raw = raw[: len(raw) - cut] if cut < len(raw) else raw
    begin %= sum(gap for gap, *_ in batches[0])  # brokers begin with the batch of the offset
    expected, next_offset = read_by_aiokafka(raw, begin)
    reader = FastRecords(PLACE, NormalBatches(raw), begin, True, raw_batch_records=minimum)
    results: list[Any] = []
    more = True
    while more:
        part, more = reader.read(1)
        results += part
    assert reader.next_fetch_offset == next_offset
    assert runs_of(results) == results
    assert all((result.topic, result.partition) == tuple(PLACE) for result in results)
    records = [record for result in results for record in result.records()]
    assert [content_of(record) for record in records] == [content_of(record) for record in expected]
    assert sum(result.count for result in results) == len(expected)
    for result in results:
        inside = [record for record in result.records() if record.offset >= later]
        part = result.since(later)
        assert (part is None) == (not inside)
        if part is not None:
            contents = [content_of(record) for record in part.records()]
            assert contents == [content_of(record) for record in inside]
            assert (part.count, part.next_offset) == (len(inside), result.next_offset)


def test_a_wrong_checksum_is_noticed_before_raw_batches_are_returned() -> None:
    raw = bytearray(batch_of([(0, b"k", b"value", [])]))
    raw[-3] ^= 1
    reader = FastRecords(PLACE, NormalBatches(bytes(raw)), 0, True, raw_batch_records=10)
    with pytest.raises(CorruptRecordException):
        reader.read(1)


def test_records_and_raw_batches_become_runs_and_items_again() -> None:
    batches = NormalBatches(batch_of([(0, b"k", b"v", [])]))
    ((raw_batches,), _) = FastRecords(PLACE, batches, 0, True, raw_batch_records=1).read(1)
    record = Record(PLACE.topic, PLACE.partition, 1, 0, None, None, ())
    items = [raw_batches, record, record, raw_batches]
    first, middle, last = runs_of(items)
    assert (first, last) == (raw_batches, raw_batches)
    assert isinstance(middle, RecordList)
    assert middle.records() == [record, record]
    assert items_of([first, middle, last]) == items
    assert (middle.count, middle.next_offset, middle.since(2)) == (2, 2, None)


def test_runs_end_where_topic_or_partition_change() -> None:
    def record(topic: str, partition: int, offset: int) -> Record:
        return Record(topic, partition, offset, 0, None, None, ())

    records = [
        *(record("a", 1, 1), record("a", 1, 2), record("a", 2, 7), record("b", 2, 3)),
        record("a", 1, 3),
    ]
    runs = [run.records() for run in runs_of(records)]
    assert runs == [records[:2], records[2:3], records[3:4], records[4:]]
    assert runs_of([]) == []


@pytest.mark.parametrize(("form", "kind"), [("plain", Record), ("compiled", RawBatches)])
def test_a_plain_process_gets_ordinary_records(
    monkeypatch: pytest.MonkeyPatch, form: str, kind: type
) -> None:
    monkeypatch.setattr("shared.fastpath.fast_records.form", lambda: form)
    batches = NormalBatches(batch_of([(0, b"k", b"value", [])]))
    [item] = fast_reader(10)(PLACE, batches, 0, True).read(5)[0]
    assert type(item) is kind


def test_a_fetch_that_is_dropped_unread_leaves_memory_without_a_garbage_collection() -> None:
    numbered = [(offset, *row) for offset, row in enumerate(ROWS)]
    reader = ordinary(batch_of(numbered) + batch_of(numbered, base=len(numbered)))
    assert len(reader.read(1)[0]) == 1
    dropped = weakref.ref(reader)
    gc.disable()
    try:
        del reader
        assert dropped() is None
    finally:
        gc.enable()
