"""The records of one fetch from one partition, as objects with the seven fields that are used.

aiokafka builds eleven fields per record, through a frozen dataclass, and ends at a header whose
name is no UTF-8. Its reader of batches is compiled, so it reads here; batch_reader.py decides about
a batch that it refuses. tests/unit/runtime/test_partition_records.py compares all readers with each
other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

import msgspec
from aiokafka import TopicPartition
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatch

from shared.runtime.fetching.batch_reader import BatchReader
from shared.runtime.fetching.normal_batches import NormalBatches

_FRAME = 12
_HEAD = 61


class Record(msgspec.Struct, frozen=True, gc=False):
    """A record as a consumer returns it; `timestamp` is Kafka's, in ms since 1970."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class PartitionRecords(Protocol):
    """The records of one fetch from one partition, in order."""

    @property
    def batches(self) -> NormalBatches:
        """The batches that are read."""
        ...

    @property
    def next_fetch_offset(self) -> int:
        """The offset after the last record that was returned."""
        ...

    def read(self, limit: int) -> tuple[list[Any], bool]:
        """Return at most `limit` records, and whether there may be more.

        Raises an error when the next record cannot be read.
        """
        ...


RecordReader = Callable[[TopicPartition, NormalBatches, int, bool], PartitionRecords]
"""Makes the records of a fetch: partition, batches, first offset, whether to verify checksums."""


class OrdinaryRecords:
    """PartitionRecords read by aiokafka, and by `BatchReader` where aiokafka refuses a batch."""

    def __init__(
        self, partition: TopicPartition, batches: NormalBatches, begin: int, check: bool
    ) -> None:
        self.batches = batches
        # The iterator refers to this object only: a cycle would keep the bytes of a fetch that is
        # dropped unread until the next garbage collection.
        self._progress = _Progress(begin)
        self._records = _read(partition, batches.raw, self._progress, check)

    @property
    def next_fetch_offset(self) -> int:
        """The offset after the last record that was returned."""
        return self._progress.next_offset

    def read(self, limit: int) -> tuple[list[Any], bool]:
        """Return at most `limit` records, and whether there may be more."""
        records: list[Any] = []
        try:
            # The records before an error are in the list when it is raised.
            records.extend(islice(self._records, limit))
        except Exception:
            if not records:
                raise
            return records, False
        return records, len(records) == limit


@dataclass(slots=True)
class _Progress:
    """The offset after the last record that was returned."""

    next_offset: int


def _read(partition: TopicPartition, raw: bytes, progress: _Progress, check: bool) -> Iterator[Any]:
    position = 0
    while len(raw) - position >= _FRAME:
        length = int.from_bytes(raw[position + 8 : position + _FRAME], "big", signed=True)
        end = position + _FRAME + length
        if end > len(raw):
            return  # cut off: the next fetch begins with it
        yield from _read_batch(partition, raw[position:end], progress, check)
        position = end


def _read_batch(
    place: TopicPartition, raw: bytes, progress: _Progress, check: bool
) -> Iterator[Any]:
    topic, partition, begin = place.topic, place.partition, progress.next_offset
    try:
        batch = DefaultRecordBatch(raw)
        if check and not batch.validate_crc():
            raise CorruptRecordException("a wrong checksum")
        if not _are_attributes_low(raw):
            raise CorruptRecordException("attributes that aiokafka takes for two bytes")
        records = [
            Record(topic, partition, r.offset, r.timestamp, r.key, r.value, r.headers)
            for r in batch
            if r.offset >= begin
        ]
    except Exception:
        reader = BatchReader(topic, partition, raw, begin, check)
        while reader.step():
            progress.next_offset = reader.next_offset
            yield reader.record()
        progress.next_offset = reader.next_offset
        return
    for record in records:
        progress.next_offset = record.offset + 1
        yield record
    progress.next_offset = batch.next_offset


def _are_attributes_low(raw: bytes) -> bool:
    """Return whether no record of a batch has attributes above 127.

    The attributes are one byte; aiokafka (0.14) reads a varint, which shifts all later fields.
    """
    position = _HEAD
    for _ in range(int.from_bytes(raw[_HEAD - 4 : _HEAD], "big")):
        number = shift = 0
        while (byte := raw[position]) > 127:
            number, shift, position = number | (byte & 127) << shift, shift + 7, position + 1
        if raw[position + 1] > 127:
            return False
        position += 1 + ((number | byte << shift) >> 1)
    return True
