"""Light records: what aiokafka's own say, and never where aiokafka is not as expected."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import aiokafka
import pytest
from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.fastpath import records
from shared.fastpath.raw_batches import behind, count_of, pieces, place_of, runs, since
from shared.fastpath.unusual import Usual, made_usual
from tests.support.batches import batch_of

HERE = TopicPartition("sensing.readings.v1", 5)
ROWS = [
    (b"te-000001", b'{"value":1}', [("traceparent", b"00-1")]),
    (None, b"tick", []),
    (b"te-000002", None, [("a", b"1"), ("b", b"2")]),
]


def natively(raw: bytes, begin: int = 0, check: bool = True) -> records.NativeRecords:
    """Our own reader, in whichever form it runs."""
    return records.NativeRecords(HERE, made_usual(raw, None, check), begin, check)


def plainly(raw: bytes, begin: int = 0, check: bool = True) -> records.PlainRecords:
    """The reader for where nothing is compiled."""
    return records.PlainRecords(HERE, made_usual(raw, None, check), begin, check)


READERS = pytest.mark.parametrize("read", [natively, plainly])


def through(reader: Any, most: int = 1 << 30) -> list[Any]:
    """All records; raises what the reader ends with."""
    results: list[Any] = []
    while True:
        some, _ = reader.several(most)
        if not some:
            if reader.usual.error is not None:
                raise reader.usual.error
            return results
        results += some


def ordinarily(raw: bytes, begin: int = 0) -> tuple[list[Any], int]:
    """What aiokafka itself reads, and where it would fetch on."""
    kind = records._Ordinary(
        HERE, MemoryRecords(raw), None, begin, None, None, True, fetcher.READ_UNCOMMITTED
    )
    return list(kind), kind.next_fetch_offset


def said(one: Any) -> tuple[Any, ...]:
    """A record's content, of whatever kind it is."""
    return (
        *(one.topic, one.partition, one.offset, one.timestamp, one.key, one.value),
        tuple(one.headers),
    )


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
    read: Any, batches: list[Any], begin: int, most: int, cut: int, compression: int
) -> None:
    """Gaps as compaction leaves them, a last batch that is cut off, any offset to begin at."""
    raw, base = b"", 0
    for rows in batches:
        at = -1
        numbered = [(at := at + gap, *rest) for gap, *rest in rows]
        raw += batch_of(numbered, base, compression=compression)
        base += at + 2
    raw = raw[: len(raw) - cut] if cut < len(raw) else raw
    expected, on = ordinarily(raw, begin)
    mine = read(raw, begin=begin)
    results: list[Any] = []
    while part := mine.several(most)[0]:
        results += part
        assert mine.next_fetch_offset > results[-1].offset
    assert [said(result) for result in results] == [said(one) for one in expected]
    assert mine.next_fetch_offset == on


@READERS
@settings(max_examples=600)
@given(st.integers(0, 400), st.binary(min_size=1, max_size=3), st.booleans(), st.integers(0, 4))
def test_damaged_batches_are_refused_and_harm_nothing(
    read: Any, place: int, damage: bytes, check: bool, compression: int
) -> None:
    raw = batch_of([(n, *row) for n, row in enumerate(ROWS)], compression=compression) * 2
    place %= len(raw)
    raw = raw[:place] + damage + raw[place + len(damage) :]
    mine = read(raw, check=check)
    # Of the compressed ones a codec says what is wrong; checksums make it a wrong checksum.
    with suppress(CorruptRecordException, *([] if check and not compression else [Exception])):
        through(mine)


@READERS
@pytest.mark.parametrize("compression", range(5))
def test_what_comes_before_a_wrong_checksum_is_handed_out(read: Any, compression: int) -> None:
    good = batch_of([(0, b"k", b"value", []), (1, b"k", b"value", [])])
    bad = bytearray(batch_of([(0, b"k", b"value", [])], 2, compression=compression))
    bad[-3] ^= 1
    mine = read(good + bytes(bad) + batch_of([(0, b"k", b"value", [])], 3))
    assert [one.offset for one in mine.several(100)[0]] == [0, 1]
    assert mine.next_fetch_offset == 2
    again = read(bytes(bad), begin=2)  # where fetching goes on
    with pytest.raises(CorruptRecordException):
        through(again)
    assert again.next_fetch_offset == 2


@READERS
@pytest.mark.parametrize("compression", range(5))
def test_a_header_name_that_is_no_utf_8_is_read(read: Any, compression: int) -> None:
    headers = [(b"\xff\xfe", b"v"), ("ordinary", b"w")]
    raw = batch_of([(0, b"k", b"v" * 50, headers), (1, b"k", None, [])], compression=compression)
    first, second = through(read(raw))
    assert tuple(first.headers) == (("\ufffd\ufffd", b"v"), ("ordinary", b"w"))
    assert (first.value, second.offset) == (b"v" * 50, 1)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(BATCHES, st.integers(0, 20), st.integers(1, 7), st.integers(0, 80), st.integers(0, 25))
def test_spans_hold_what_aiokafka_reads(
    batches: list[Any], begin: int, least: int, cut: int, later: int
) -> None:
    """Opened, counted, walked on from any offset; and fetching goes on where aiokafka would."""
    raw, base = b"", 0
    for rows in batches:
        at = -1
        raw += batch_of([(at := at + gap, *rest) for gap, *rest in rows], base)
        base += at + 2
    raw = raw[: len(raw) - cut] if cut < len(raw) else raw
    begin %= sum(gap for gap, *_ in batches[0])  # brokers begin with the batch that was asked for
    expected, on = ordinarily(raw, begin)
    native_records = records.NativeRecords(HERE, Usual(raw), begin, True, least)
    results: list[Any] = []
    more = True
    while more:
        spans, more = native_records.several(1)
        results += spans
    assert native_records.next_fetch_offset == on
    assert runs(results) == results
    assert all(place_of(result) == (HERE.topic, HERE.partition) for result in results)
    opened = [record for result in results for record in result.opened()]
    assert [said(one) for one in opened] == [said(one) for one in expected]
    assert sum(count_of(result) for result in results) == len(expected)
    for result in results:
        inside = [record for record in result.opened() if record.offset >= later]
        rest = since(result, later)
        assert (rest is None) == (not inside)
        if rest is not None:
            assert [said(record) for record in rest.opened()] == [said(record) for record in inside]
            assert (count_of(rest), behind(rest)) == (len(inside), behind(result))


def test_a_wrong_checksum_is_found_before_a_span_is_handed_out() -> None:
    raw = bytearray(batch_of([(0, b"k", b"value", [])]))
    raw[-3] ^= 1
    with pytest.raises(CorruptRecordException):
        records.NativeRecords(HERE, Usual(bytes(raw)), 0, True, 10).several(1)


def test_records_and_spans_are_cut_into_runs_and_put_together_again() -> None:
    usual = Usual(batch_of([(0, b"k", b"v", [])]))
    span = records.NativeRecords(HERE, usual, 0, True, 1).several(1)[0][0]
    record = records.Record(HERE.topic, HERE.partition, 1, 0, None, None, ())
    assert runs([span, record, record, span]) == [span, [record, record], span]
    assert pieces([span, [record, record], span]) == [span, record, record, span]
    assert (count_of([record, record]), behind([record]), since([record], 2)) == (2, 2, None)


def test_runs_are_cut_where_topic_or_partition_change() -> None:
    def one(topic: str, partition: int, offset: int) -> records.Record:
        return records.Record(topic, partition, offset, 0, None, None, ())

    given = [one("a", 1, 1), one("a", 1, 2), one("a", 2, 7), one("b", 2, 3), one("a", 1, 3)]
    assert runs(given) == [given[:2], given[2:3], given[3:4], given[4:]]
    assert runs([]) == []


def test_who_asks_for_deserializers_gets_ordinary_records() -> None:
    raw = records.KeptMemory(batch_of([(0, b"k", b"value", [])]))
    given = None, lambda value: (value or b"").decode(), True, fetcher.READ_COMMITTED
    (only,) = records.own_records(HERE, raw, None, 0, *given)
    assert only.value == "value"
    unopened = records.own_records(HERE, raw, None, 0, None, records.Unopened(1), *given[2:])
    assert len(unopened.several(5)[0]) == 1


def test_the_pinned_aiokafka_is_as_expected() -> None:
    """Fails when a newer one is pinned that has changed inside: then look at shared/fastpath/records.py."""
    assert records.fits(records._Ordinary, records._OrdinaryResult), aiokafka.__version__


def test_nothing_is_read_with_a_changed_aiokafka(monkeypatch: pytest.MonkeyPatch) -> None:
    class Changed:
        def getall(self) -> None: ...

    monkeypatch.setattr(records, "_OrdinaryResult", Changed)
    with pytest.raises(RuntimeError, match="aiokafka has changed"):
        records.install()
