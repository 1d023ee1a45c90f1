"""Light records: what aiokafka's own say, and never where aiokafka is not as expected."""

from __future__ import annotations

from typing import Any

import aiokafka
import pytest
from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from shared.runtime import records

HERE = TopicPartition("sensing.readings.v1", 5)
ROWS = [
    (b"te-000001", b'{"value":1}', [("traceparent", b"00-1")]),
    (None, b"tick", []),
    (b"te-000002", None, [("a", b"1"), ("b", b"2")]),
]


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


def test_the_pinned_aiokafka_is_as_expected() -> None:
    """Fails when a newer one is pinned that has changed inside: then look at shared/runtime/records.py."""
    assert records.fits(records._Ordinary), aiokafka.__version__


def test_a_changed_aiokafka_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Changed:
        def _consumer_record(self, record: Any) -> Any: ...

    monkeypatch.setattr(records, "_Ordinary", Changed)
    monkeypatch.setattr(fetcher, "PartitionRecords", Changed)
    records.install()
    assert fetcher.PartitionRecords is Changed
