"""Record batches of Kafka, read into records of their own kind; compiled where that can be done.

Reads what brokers hand out when nothing special is asked for: format 2, not compressed, no control batch.
Everything else is aiokafka's (shared/runtime/records.py). The format: Kafka's documentation, "Record
Batch". Integers of the head are big-endian, those of records zigzag varints.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiokafka.errors import CorruptRecordException
from aiokafka.record.util import calc_crc32c

_HEAD = 61
"""Bytes before the first record of a batch."""
_FRAME = 12
"""Bytes that the length of a batch does not count."""
_UNUSUAL = 0x27
"""Attributes of a batch that is compressed, or a control batch."""
_LOG_APPEND_TIME = 0x08


class NativeRecord:
    """What of a record is read; `timestamp` is Kafka's, in milliseconds since 1970."""

    __slots__ = ("headers", "key", "offset", "partition", "timestamp", "topic", "value")

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


def is_usual(raw: bytes) -> bool:
    """Whether all batches that lie complete in `raw` can be read here."""
    at, size = 0, len(raw)
    while size - at >= _FRAME:
        length = int.from_bytes(raw[at + 8 : at + _FRAME], "big", signed=True)
        if length < _HEAD - _FRAME:
            return False
        if at + _FRAME + length > size:
            break
        if raw[at + 16] != 2 or raw[at + 22] & _UNUSUAL:
            return False
        at += _FRAME + length
    return True


class Batches:
    """The records of one fetch from one partition, in order; `next_offset` is where to fetch on.

    `raw` has to be usual. Records before `next_offset` are left out: brokers send whole batches. A batch
    that is cut off at the end is not there.
    """

    __slots__ = (
        "_after", "_append_time", "_base", "_check", "_data", "_end", "_first_ms", "_last_ms", "_left", "_next_batch",
        "_partition", "_place", "_raw", "_stop", "_topic", "next_offset",
    )  # fmt: skip

    def __init__(self, topic: str, partition: int, raw: bytes, begin: int, check: bool) -> None:
        self._topic = topic
        self._partition = partition
        self._raw = raw
        self._data = raw
        self._end = len(raw)
        self._check = check
        self._next_batch = 0
        self._left = 0
        self._place = 0
        self._stop = 0
        self._base = 0
        self._after = 0
        self._first_ms = 0
        self._last_ms = 0
        self._append_time = False
        self.next_offset = begin

    def take(self, most: int) -> list[NativeRecord]:
        """At most so many further records; fewer only at the end. Raises CorruptRecordException."""
        found: list[NativeRecord] = []
        count = 0
        while count < most:
            if self._left == 0:
                if self._place < self._stop:
                    raise CorruptRecordException(
                        f"{self._stop - self._place} bytes left in a batch"
                    )
                if self._stop > 0:
                    # Of a compacted batch the last record may be gone, and nothing shall be fetched twice.
                    self.next_offset = self._after
                    self._stop = self._place = 0
                if not self._open():
                    break
                continue
            record = self._read()
            self._left -= 1
            if record.offset >= self.next_offset:
                self.next_offset = record.offset + 1
                found.append(record)
                count += 1
        return found

    def _open(self) -> bool:
        """Begin the next batch; False when there is none."""
        data, at = self._data, self._next_batch
        if self._end - at < _HEAD:
            return False
        stop = at + _FRAME + _number(data, at + 8, 4)
        if stop > self._end or stop < at + _HEAD:
            return False
        if self._check and calc_crc32c(self._raw[at + 21 : stop]) != _number(data, at + 17, 4) & (
            0xFFFFFFFF
        ):
            raise CorruptRecordException(f"Invalid CRC - {self._topic} {self._partition}")
        self._base = _number(data, at, 8)
        self._after = self._base + _number(data, at + 23, 4) + 1
        self._append_time = data[at + 22] & _LOG_APPEND_TIME != 0
        self._first_ms = _number(data, at + 27, 8)
        self._last_ms = _number(data, at + 35, 8)
        self._left = _number(data, at + 57, 4)
        self._place, self._stop, self._next_batch = at + _HEAD, stop, stop
        if self._left < 0:
            raise CorruptRecordException(f"a batch of {self._left} records")
        return True

    def _read(self) -> NativeRecord:
        """The record at hand."""
        length = self._varint()
        end = self._place + length
        if length < 0 or end > self._stop:
            raise CorruptRecordException(f"a record of {length} bytes reaches out of its batch")
        record = NativeRecord.__new__(NativeRecord)
        record.topic, record.partition = self._topic, self._partition
        self._varint()  # attributes, unused by Kafka
        passed_ms = self._varint()
        record.timestamp = self._last_ms if self._append_time else self._first_ms + passed_ms
        record.offset = self._base + self._varint()
        record.key = self._bytes()
        record.value = self._bytes()
        record.headers = ()
        headers = self._varint()
        if headers < 0:
            raise CorruptRecordException(f"{headers} headers")
        if headers:
            record.headers = self._headers(headers)
        if self._place != end:
            raise CorruptRecordException(
                f"a record is {self._place - end} bytes longer than it says"
            )
        return record

    def _headers(self, count: int) -> tuple[tuple[str, bytes | None], ...]:
        found = []
        while count > 0:
            name = self._bytes()
            if name is None:
                raise CorruptRecordException("a header without a name")
            found.append((name.decode("utf-8", "replace"), self._bytes()))
            count -= 1
        return tuple(found)

    def _bytes(self) -> bytes | None:
        """A field of bytes, None when it is absent."""
        length = self._varint()
        if length < 0:
            return None
        begin = self._place
        if length > self._stop - begin:
            raise CorruptRecordException(f"a field of {length} bytes reaches out of its batch")
        self._place = begin + length
        return self._data[begin : begin + length]

    def _varint(self) -> int:
        """A signed number."""
        data, place, stop = self._data, self._place, self._stop
        found, shift = 0, 0
        while True:
            if place >= stop or shift > 63:
                raise CorruptRecordException("a number reaches out of its batch")
            byte = data[place]
            place += 1
            found |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
        self._place = place
        return (found >> 1) ^ -(found & 1)


def runs(records: Sequence[Any]) -> list[list[Any]]:
    """Records of any kind, cut where topic or partition change."""
    found: list[list[Any]] = []
    run: list[Any] = []
    topic, partition = None, -1
    for record in records:
        if type(record) is NativeRecord:
            native = record
            same = native.partition == partition and native.topic == topic
        else:
            same = record.partition == partition and record.topic == topic
        if not same:
            run = []
            found.append(run)
            topic, partition = record.topic, record.partition
        run.append(record)
    return found


def _number(data: bytes, at: int, size: int) -> int:
    """A signed big-endian number of `size` bytes."""
    found = data[at] - 256 if data[at] > 127 else data[at]
    for place in range(at + 1, at + size):
        found = found << 8 | data[place]
    return found
