"""Light records: what aiokafka's own say, and never where aiokafka is not as expected."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import aiokafka
import pytest
from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.runtime import records
from shared.runtime.unpack import behind, count_of, pieces, place_of, runs, since

HERE = TopicPartition("sensing.readings.v1", 5)
ROWS = [
    (b"te-000001", b'{"value":1}', [("traceparent", b"00-1")]),
    (None, b"tick", []),
    (b"te-000002", None, [("a", b"1"), ("b", b"2")]),
]


def natively(tp: Any, raw: bytes, aborted: Any = None, begin: int = 0, check: bool = True) -> Any:
    """Our own reader, in whichever form it runs."""
    return records.native_records(
        tp, records.KeptMemory(raw), aborted, begin, None, None, check, fetcher.READ_UNCOMMITTED
    )


def batch_of(rows: list[Any], base: int = 0, compression: int = 0) -> bytes:
    """The bytes of a batch: offset in it, key, value, headers."""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=compression,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=100_000,
    )
    for offset, key, value, headers in rows:
        builder.append(
            offset, timestamp=1_767_225_600_000 + offset, key=key, value=value, headers=headers
        )
    return base.to_bytes(8, "big") + bytes(builder.build())[8:]


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


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(BATCHES, st.integers(0, 20), st.integers(1, 7), st.integers(0, 80))
def test_batches_are_read_as_aiokafka_reads_them(
    batches: list[Any], begin: int, most: int, cut: int
) -> None:
    """Gaps as compaction leaves them, a last batch that is cut off, any offset to begin at."""
    raw, base = b"", 0
    for rows in batches:
        at = -1
        numbered = [(at := at + gap, *rest) for gap, *rest in rows]
        raw += batch_of(numbered, base)
        base += at + 2
    raw = raw[: len(raw) - cut] if cut < len(raw) else raw
    expected, on = ordinarily(raw, begin)
    mine = natively(HERE, raw, begin=begin)
    assert isinstance(mine, records.NativeRecords)
    found: list[Any] = []
    while part := mine.take(most):
        found += part
        assert mine.next_fetch_offset > found[-1].offset
    assert [said(one) for one in found] == [said(one) for one in expected]
    assert mine.next_fetch_offset == on


@settings(max_examples=600)
@given(st.integers(0, 400), st.binary(min_size=1, max_size=3), st.booleans())
def test_damaged_batches_are_refused_and_harm_nothing(
    place: int, damage: bytes, check: bool
) -> None:
    raw = batch_of([(n, *row) for n, row in enumerate(ROWS)]) * 2
    place %= len(raw)
    raw = raw[:place] + damage + raw[place + len(damage) :]
    mine = natively(HERE, raw, check=check)
    if isinstance(mine, records.NativeRecords):  # what is unusual is aiokafka's to refuse
        with suppress(CorruptRecordException):
            list(mine)


def test_a_wrong_checksum_is_refused() -> None:
    raw = bytearray(batch_of([(0, b"k", b"value", [])]))
    raw[-3] ^= 1
    with pytest.raises(CorruptRecordException):
        list(natively(HERE, bytes(raw)))


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
    mine = records.NativeRecords(HERE, raw, begin, True, least)
    found: list[Any] = []
    more = True
    while more:
        spans, more = mine.several(1)
        found += spans
    assert mine.next_fetch_offset == on
    assert runs(found) == found
    assert all(place_of(one) == (HERE.topic, HERE.partition) for one in found)
    opened = [record for one in found for record in one.opened()]
    assert [said(one) for one in opened] == [said(one) for one in expected]
    assert sum(count_of(one) for one in found) == len(expected)
    for one in found:
        inside = [record for record in one.opened() if record.offset >= later]
        rest = since(one, later)
        assert (rest is None) == (not inside)
        if rest is not None:
            assert [said(record) for record in rest.opened()] == [said(record) for record in inside]
            assert (count_of(rest), behind(rest)) == (len(inside), behind(one))


def test_a_wrong_checksum_is_found_before_a_span_is_handed_out() -> None:
    raw = bytearray(batch_of([(0, b"k", b"value", [])]))
    raw[-3] ^= 1
    with pytest.raises(CorruptRecordException):
        records.NativeRecords(HERE, bytes(raw), 0, True, 10).several(1)


def test_records_and_spans_are_cut_into_runs_and_put_together_again() -> None:
    span = records.NativeRecords(HERE, batch_of([(0, b"k", b"v", [])]), 0, True, 1).several(1)[0][0]
    one = records.Record(HERE.topic, HERE.partition, 1, 0, None, None, ())
    assert runs([span, one, one, span]) == [span, [one, one], span]
    assert pieces([span, [one, one], span]) == [span, one, one, span]
    assert (count_of([one, one]), behind([one]), since([one], 2)) == (2, 2, None)


def test_compressed_batches_go_aiokafkas_way() -> None:
    raw = batch_of([(0, b"k", b"v" * 100, [])], compression=1)
    mine = natively(HERE, raw)
    assert isinstance(mine, records.LightRecords)
    assert [one.value for one in mine] == [b"v" * 100]


def test_runs_are_cut_where_topic_or_partition_change() -> None:
    def one(topic: str, partition: int, offset: int) -> records.Record:
        return records.Record(topic, partition, offset, 0, None, None, ())

    given = [one("a", 1, 1), one("a", 1, 2), one("a", 2, 7), one("b", 2, 3), one("a", 1, 3)]
    assert runs(given) == [given[:2], given[2:3], given[3:4], given[4:]]
    assert runs([]) == []


def fetched(kind: Any, begin: int = 0, **deserializers: Any) -> list[Any]:
    """One batch of three records, as a consumer gets it that stands at offset `begin`."""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=100_000,
    )
    for offset, (key, value, headers) in enumerate(ROWS):
        builder.append(
            offset, timestamp=1_767_225_600_000 + offset, key=key, value=value, headers=headers
        )
    batch = MemoryRecords(bytes(builder.build()))
    given = {"key_deserializer": None, "value_deserializer": None, **deserializers}
    return list(
        kind(
            HERE,
            batch,
            aborted_transactions=None,
            fetch_offset=begin,
            check_crcs=True,
            isolation_level=fetcher.READ_UNCOMMITTED,
            **given,
        )
    )


@pytest.mark.parametrize("begin", [0, 2])
def test_they_say_what_the_ordinary_ones_say(begin: int) -> None:
    light = fetched(records.LightRecords, begin)
    ordinary = fetched(records._Ordinary, begin)
    assert [one.offset for one in light] == list(range(begin, 3))
    for mine, theirs in zip(light, ordinary, strict=True):
        assert isinstance(mine, records.Record)
        for name in ("topic", "partition", "offset", "timestamp", "key", "value"):
            assert getattr(mine, name) == getattr(theirs, name), name
        assert tuple(mine.headers) == theirs.headers


def test_who_asks_for_deserializers_gets_ordinary_records() -> None:
    (first, *_) = fetched(
        records.LightRecords, value_deserializer=lambda raw: (raw or b"").decode()
    )
    assert first.value == '{"value":1}'
    (first, *_) = fetched(records.LightRecords, value_deserializer=records.Unopened(1))
    assert isinstance(first, records.Record)


def test_the_pinned_aiokafka_is_as_expected() -> None:
    """Fails when a newer one is pinned that has changed inside: then look at shared/runtime/records.py."""
    assert records.fits(records._Ordinary), aiokafka.__version__
    assert records.fits_natively(records._Ordinary, records._OrdinaryResult), aiokafka.__version__


def test_a_changed_aiokafka_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Changed:
        def _consumer_record(self, record: Any) -> Any: ...

    monkeypatch.setattr(records, "_Ordinary", Changed)
    monkeypatch.setattr(fetcher, "PartitionRecords", Changed)
    records.install()
    assert fetcher.PartitionRecords is Changed
