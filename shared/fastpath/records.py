"""How consumers read what Kafka hands out: quickly, every kind of batch, and each partition for itself.

aiokafka builds eleven fields per record, through a frozen dataclass, ends at a header whose name is no
UTF-8, and drops what it took from all partitions when it cannot read one. Here a record has the seven
fields that are used, under the same names; where the compiled form is there (shared/fastpath/loader.py),
batches are read by ourselves (shared/fastpath/raw_batches.py); and what cannot be read costs other partitions
nothing: no position moves over it, and it is fetched again after RETRY_S. The places where this is put in are
private to aiokafka, so `install` looks at them first; tests/unit/runtime/test_records.py holds all kinds of
records to the same content.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import msgspec
import structlog
from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException, KafkaError
from aiokafka.record.default_records import DefaultRecordBatch

from shared.fastpath import walked
from shared.fastpath.loader import form
from shared.fastpath.raw_batches import Batches
from shared.fastpath.unusual import Usual, made_usual

log = structlog.get_logger("fenghuo.records")

RETRY_S = 5.0
"""After so long what cannot be read is fetched again, in seconds: it may be another broker's by then."""
_KNOWN_RECORDS = (
    "(self, tp, records, aborted_transactions, fetch_offset, key_deserializer, value_deserializer, "
    "check_crcs, isolation_level)"
)
_KNOWN_RESULT = {"_assignment", "_partition_records", "_topic_partition"}
_Ordinary: Any = fetcher.PartitionRecords
_OrdinaryMemory: Any = fetcher.MemoryRecords
_OrdinaryResult: Any = fetcher.FetchResult
_ALL = 1 << 60
_TELL_AGAIN_S = 60.0
_told: dict[TopicPartition, tuple[str | None, float]] = {}
_FRAME = 12


class CannotRead(KafkaError):  # type: ignore[misc]
    """A partition holds what cannot be read."""


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

    Of each partition it then gets one `Span` (shared/fastpath/raw_batches.py) instead of records: whole batches
    with about `most` records in all. Where nothing is compiled it gets records as ever.
    """

    def __init__(self, most: int) -> None:
        self.most = most

    def __call__(self, value: bytes | None) -> bytes | None:
        return value


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
        self, tp: TopicPartition, usual: Usual, begin: int, check_crcs: bool, most: int = 0
    ) -> None:
        """With `most` spans are handed out, of about so many records, and no records."""
        self.usual = usual
        self._batches = Batches(tp.topic, tp.partition, usual.raw, begin, check_crcs)
        self._most = most
        self.take = self._batches.take

    def several(self, most: int) -> tuple[list[Any], bool]:
        """At most so many records, or a span; and whether that may not have been all."""
        if not self._most:
            result = self.take(most)
            return result, len(result) == most
        span = self._batches.span(self._most)
        return ([span], True) if span is not None else ([], False)

    @property
    def next_fetch_offset(self) -> int:
        """Behind the last record that was handed out."""
        return self._batches.next_offset


class PlainRecords:
    """The same where nothing is compiled: aiokafka's reader is then quicker, ours decides what it refuses."""

    def __init__(self, tp: TopicPartition, usual: Usual, begin: int, check_crcs: bool) -> None:
        self.usual = usual
        self.next_fetch_offset = begin
        self._tp = tp
        self._check = check_crcs
        self._walk = self._records()

    def several(self, most: int) -> tuple[list[Any], bool]:
        """At most so many records, and whether that may not have been all."""
        results: list[Any] = []
        try:
            # What comes before an error is in the list then.
            results.extend(islice(self._walk, most))
        except Exception:
            if not results:
                raise
            return results, False
        return results, len(results) == most

    def _records(self) -> Iterator[Any]:
        raw, at = self.usual.raw, 0
        while len(raw) - at >= _FRAME:
            stop = at + _FRAME + int.from_bytes(raw[at + 8 : at + _FRAME], "big", signed=True)
            if stop > len(raw):
                return  # cut off: the next fetch begins with it
            yield from self._batch(raw[at:stop])
            at = stop

    def _batch(self, raw: bytes) -> Iterator[Any]:
        topic, partition = self._tp.topic, self._tp.partition
        begin = self.next_fetch_offset
        try:
            batch = DefaultRecordBatch(raw)
            if self._check and not batch.validate_crc():
                raise CorruptRecordException("a wrong checksum")
            records = [
                Record(topic, partition, r.offset, r.timestamp, r.key, r.value, r.headers)
                for r in batch
                if r.offset >= begin
            ]
        except Exception:
            ours = Batches(topic, partition, raw, begin, self._check)
            while ours.step():
                self.next_fetch_offset = ours.next_offset
                yield ours.record()
            self.next_fetch_offset = ours.next_offset
            return
        for record in records:
            self.next_fetch_offset = record.offset + 1
            yield record
        self.next_fetch_offset = batch.next_offset


class Unreadable:
    """Stands in place of records that cannot be read, until they are to be fetched again."""

    def __init__(self, next_fetch_offset: int, error: Exception) -> None:
        self.next_fetch_offset = next_fetch_offset
        self.error = error
        self.until = time.monotonic() + RETRY_S


class OwnResult(_OrdinaryResult):  # type: ignore[misc]
    """What a fetch has brought from one partition. What of it cannot be read is never raised."""

    _partition_records: Any

    def getall(self, max_records: int | None = None) -> list[Any]:
        records: Any = self._partition_records
        if not isinstance(records, NativeRecords | PlainRecords | Unreadable):
            ordinary: list[Any] = super().getall(max_records)
            return ordinary
        if not self.check_assignment(self._topic_partition) or not self.has_more():
            return []
        if isinstance(records, Unreadable):
            if time.monotonic() >= records.until:
                self._partition_records = None
            return []
        walk = walked.of(self._assignment.state_value(self._topic_partition))
        try:
            result, more = records.several(_ALL if max_records is None else max_records)
            if not result and records.usual.error is not None:
                raise records.usual.error
        except Exception as error:
            # No position moves over it; the other partitions' records are handed out.
            self._update_position()
            offset = records.next_fetch_offset
            walk.cannot_read(offset, error)
            _tell(self._topic_partition, walk)
            self._partition_records = Unreadable(offset, error)
            return []
        self._update_position()
        walk.moved(records.usual.passed, bool(result))
        if not more and records.usual.error is None:
            self._partition_records = None
        return result

    def getone(self) -> Any:
        records: Any = self._partition_records
        if not isinstance(records, NativeRecords | PlainRecords | Unreadable):
            return super().getone()
        result = self.getall(1)
        if not result and isinstance(self._partition_records, Unreadable):
            raise CannotRead(repr(self._partition_records.error))
        return result[0] if result else None


def own_records(
    tp: TopicPartition,
    records: Any,
    aborted_transactions: Any,
    fetch_offset: int,
    key_deserializer: Any,
    value_deserializer: Any,
    check_crcs: bool,
    isolation_level: int,
) -> Any:
    """Stands where aiokafka makes its `PartitionRecords`; whoever wants deserializers gets those."""
    if key_deserializer or _changes(value_deserializer):
        given = tp, records, aborted_transactions, fetch_offset, key_deserializer
        return _Ordinary(*given, value_deserializer, check_crcs, isolation_level)
    committed = isolation_level == fetcher.READ_COMMITTED
    usual = made_usual(records.raw, aborted_transactions if committed else None, check_crcs)
    if form() == "plain":
        return PlainRecords(tp, usual, fetch_offset, check_crcs)
    most = value_deserializer.most if value_deserializer else 0
    return NativeRecords(tp, usual, fetch_offset, check_crcs, most)


def _tell(tp: TopicPartition, walk: walked.Walk) -> None:
    """Once in a while; it is fetched again and again."""
    now = time.monotonic()
    if _told.get(tp, (None, 0.0))[0] != walk.trouble or now > _told[tp][1] + _TELL_AGAIN_S:
        _told[tp] = walk.trouble, now
        log.error("cannot_read", place=f"{tp.topic}:{tp.partition}", why=walk.trouble)


def _changes(deserializer: Any) -> bool:
    return deserializer is not None and not isinstance(deserializer, Unopened)


def fits(ordinary: Any, result: Any) -> bool:
    """Whether these classes of aiokafka are made as `own_records` and `OwnResult` expect it."""
    getall, construct = getattr(result, "getall", None), ordinary.__init__
    return (
        str(inspect.signature(construct)).startswith(_KNOWN_RECORDS[:-1])
        and getall is not None
        and str(inspect.signature(getall)) == "(self, max_records=None)"
        and {*getall.__code__.co_names, *result.__init__.__code__.co_names} >= _KNOWN_RESULT
    )


def install() -> None:
    """Let every consumer made from now on read so. Raises RuntimeError where aiokafka has changed."""
    if not fits(_Ordinary, _OrdinaryResult):
        raise RuntimeError("aiokafka has changed inside: see shared/fastpath/records.py")
    fetcher.MemoryRecords = KeptMemory
    fetcher.PartitionRecords = own_records
    fetcher.FetchResult = OwnResult
