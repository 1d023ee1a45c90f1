"""Kafka records without what nobody reads: half of what fetching costs is aiokafka's `ConsumerRecord`.

aiokafka builds eleven fields per record, through a frozen dataclass. `Record` has the seven that are
used, under the same names; where the compiled form is there (shared/runtime/native.py), batches are read
by ourselves (shared/runtime/unpack.py). The places where both are put in are private to aiokafka, so
`install` looks at them first and leaves everything as it is when they have changed;
tests/unit/runtime/test_records.py then fails, and holds all kinds of records to the same content.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import structlog
from aiokafka import TopicPartition
from aiokafka.consumer import fetcher

from shared.runtime.native import form
from shared.runtime.unpack import Batches, NativeRecord, is_usual

log = structlog.get_logger("fenghuo.records")

_KNOWN = "(self, tp, record)"
_KNOWN_RECORDS = (
    "(self, tp, records, aborted_transactions, fetch_offset, key_deserializer, value_deserializer, "
    "check_crcs, isolation_level)"
)
_KNOWN_RESULT = {"_assignment", "_partition_records", "_topic_partition"}
_Ordinary: Any = fetcher.PartitionRecords
_OrdinaryMemory: Any = fetcher.MemoryRecords
_OrdinaryResult: Any = fetcher.FetchResult
_ALL = 1 << 60


class Record(msgspec.Struct, frozen=True, gc=False):
    """What of a record is read; `timestamp` is Kafka's, in milliseconds since 1970."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class Unopened:
    """A value deserializer that changes nothing, and lets a consumer's `getmany` hand out spans.

    Of each partition it then gets one `Span` (shared/runtime/unpack.py) instead of records: whole batches
    with about `most` records in all. Where that cannot be done it gets records as ever.
    """

    def __init__(self, most: int) -> None:
        self.most = most

    def __call__(self, value: bytes | None) -> bytes | None:
        return value


class LightRecords(_Ordinary):  # type: ignore[misc]
    """The records of one fetch from one partition, as `Record`s."""

    def __iter__(self) -> Iterator[Record]:
        records: Iterator[Record] = self._records_iterator
        return records

    def _consumer_record(self, tp: TopicPartition, record: Any) -> Any:
        if self._key_deserializer or _changes(self._value_deserializer):
            return super()._consumer_record(tp, record)
        return Record(
            tp.topic,
            tp.partition,
            record.offset,
            record.timestamp,
            record.key,
            record.value,
            record.headers,
        )


class KeptMemory:
    """aiokafka's records in memory, with the bytes that they were made from."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._records = _OrdinaryMemory(raw)
        self.size_in_bytes = self._records.size_in_bytes
        self.has_next = self._records.has_next
        self.next_batch = self._records.next_batch


class NativeRecords:
    """The records of one fetch from one partition, read from the bytes in one go."""

    def __init__(
        self, tp: TopicPartition, raw: bytes, begin: int, check_crcs: bool, most: int = 0
    ) -> None:
        """With `most` spans are handed out, of about so many records, and no records."""
        self._batches = Batches(tp.topic, tp.partition, raw, begin, check_crcs)
        self._most = most
        self.take = self._batches.take

    def several(self, most: int) -> tuple[list[Any], bool]:
        """At most so many records, or a span; and whether that may not have been all."""
        if not self._most:
            found = self.take(most)
            return found, len(found) == most
        span = self._batches.span(self._most)
        return ([span], True) if span is not None else ([], False)

    @property
    def next_fetch_offset(self) -> int:
        """Behind the last record that was handed out."""
        return self._batches.next_offset

    def __iter__(self) -> Iterator[NativeRecord]:
        return self

    def __next__(self) -> NativeRecord:
        found = self.take(1)
        if not found:
            raise StopIteration
        return found[0]


class NativeResult(_OrdinaryResult):  # type: ignore[misc]
    """What a fetch has brought from one partition; many records are taken at once."""

    _partition_records: Any

    def getall(self, max_records: int | None = None) -> list[Any]:
        records: Any = self._partition_records
        if not isinstance(records, NativeRecords):
            ordinary: list[Any] = super().getall(max_records)
            return ordinary
        if not self.check_assignment(self._topic_partition) or not self.has_more():
            return []
        most = _ALL if max_records is None else max_records
        found, more = records.several(most)
        self._update_position()
        if not more:
            self._partition_records = None
        return found


def native_records(
    tp: TopicPartition,
    records: Any,
    aborted_transactions: Any,
    fetch_offset: int,
    key_deserializer: Any,
    value_deserializer: Any,
    check_crcs: bool,
    isolation_level: int,
) -> Any:
    """Stands where aiokafka makes its `PartitionRecords`; what is unusual goes the light way."""
    plain = isinstance(records, KeptMemory) and isolation_level == fetcher.READ_UNCOMMITTED
    if (
        plain
        and not key_deserializer
        and not _changes(value_deserializer)
        and is_usual(records.raw)
    ):
        most = value_deserializer.most if value_deserializer else 0
        return NativeRecords(tp, records.raw, fetch_offset, check_crcs, most)
    given = tp, records, aborted_transactions, fetch_offset, key_deserializer, value_deserializer
    return LightRecords(*given, check_crcs, isolation_level)


def _changes(deserializer: Any) -> bool:
    return deserializer is not None and not isinstance(deserializer, Unopened)


def fits(ordinary: Any) -> bool:
    """Whether this class of aiokafka is made as `LightRecords` expects it."""
    build = getattr(ordinary, "_consumer_record", None)
    unpack = getattr(ordinary, "_unpack_records", None)
    return (
        build is not None
        and str(inspect.signature(build)) == _KNOWN
        and unpack is not None
        and inspect.isgeneratorfunction(unpack)
    )


def fits_natively(ordinary: Any, result: Any) -> bool:
    """Whether these classes of aiokafka are made as `native_records` and `NativeResult` expect it."""
    getall, construct = getattr(result, "getall", None), ordinary.__init__
    return (
        fits(ordinary)
        and str(inspect.signature(construct)).startswith("(self, " + _KNOWN_RECORDS[7:-1])
        and getall is not None
        and str(inspect.signature(getall)) == "(self, max_records=None)"
        and {*getall.__code__.co_names, *result.__init__.__code__.co_names} >= _KNOWN_RESULT
    )


def install() -> None:
    """Let every consumer made from now on hand out light records, where that can be done."""
    if not fits(_Ordinary):
        log.warning("ordinary_records", reason="aiokafka has changed")
    elif form() == "compiled" and fits_natively(_Ordinary, _OrdinaryResult):
        fetcher.MemoryRecords = KeptMemory
        fetcher.PartitionRecords = native_records
        fetcher.FetchResult = NativeResult
    else:
        fetcher.PartitionRecords = LightRecords
