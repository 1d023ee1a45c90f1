"""Record batches of Kafka, read from the bytes of a fetch.

This module reads what brokers answer for records that this system has written: format 2, not
compressed, no control batch. Every other batch is changed into that form first (normal_batches.py).
The format: Kafka's documentation, "Record Batch". Integers of a batch's head are big-endian,
integers of records are zigzag varints. The module is plain Python; a service that is asked for
speed loads its compiled form (shared/fastpath/README.md), for which `batch_reader.pxd` declares C
types.
"""

from __future__ import annotations

from aiokafka.errors import CorruptRecordException
from aiokafka.record.util import calc_crc32c
from google_crc32c import implementation
from google_crc32c import value as crc32c_of_processor

checksum = crc32c_of_processor if implementation == "c" else calc_crc32c
"""Most processors have an instruction for CRC-32C, ten times faster; aiokafka's is next."""
_HEAD = 61
"""Bytes before the first record of a batch."""
_FRAME = 12
"""Bytes that the length of a batch does not count."""
_NOT_NORMAL = 0x27
"""Attributes of a batch that is compressed, or a control batch."""
_LOG_APPEND_TIME = 0x08
_NO_RECORDS = bytes(4)
"""The record count of a batch whose records compaction has removed."""


class FastRecord:
    """A record with the seven fields that are used; `timestamp` is Kafka's, in ms since 1970."""

    __slots__ = ("headers", "key", "offset", "partition", "timestamp", "topic", "value")

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


def is_normal(raw: bytes) -> bool:
    """Return whether `BatchReader` can read all complete batches in `raw`, and none is empty."""
    position, size = 0, len(raw)
    while size - position >= _FRAME:
        length = int.from_bytes(raw[position + 8 : position + _FRAME], "big", signed=True)
        if length < _HEAD - _FRAME:
            return False
        if position + _FRAME + length > size:
            break
        if (
            raw[position + 16] != 2
            or raw[position + 22] & _NOT_NORMAL
            or raw[position + 57 : position + _HEAD] == _NO_RECORDS
        ):
            return False
        position += _FRAME + length
    return True


class BatchReader:
    """The records of one fetch from one partition, in order; `next_offset` is where to fetch on.

    `raw` has to be normal. Records before `next_offset` are left out: brokers send complete
    batches. A batch that is cut off at the end of `raw` is ignored.
    """

    __slots__ = (
        "_append_time", "_base", "_batch_end", "_check", "_data", "_end", "_first_ms",
        "_headers_at", "_last_ms", "_next_batch", "_offset_after", "_position", "_records_left",
        "key_from", "key_to", "next_offset", "offset", "partition", "raw", "timestamp", "topic",
        "value_from", "value_to",
    )  # fmt: skip

    def __init__(
        self,
        topic: str,
        partition: int,
        raw: bytes,
        next_offset: int,
        check: bool,
        begin: int = 0,
        end: int = -1,
    ) -> None:
        """Read from `raw[begin:end]`, records from `next_offset` on; `check` verifies checksums."""
        self.topic = topic
        self.partition = partition
        self.raw = raw
        self._data = raw
        self._end = len(raw) if end < 0 else end
        self._check = check
        self._next_batch = begin
        self._records_left = 0
        self._position = 0
        self._batch_end = 0
        self._base = 0
        self._offset_after = 0
        self._first_ms = 0
        self._last_ms = 0
        self._append_time = False
        self._headers_at = 0
        self.next_offset = next_offset
        self.offset = self.timestamp = 0
        self.key_from = self.key_to = self.value_from = self.value_to = 0

    def skip(self, minimum: int) -> tuple[int, int] | None:
        """Skip complete batches until they have `minimum` records; return where they begin and end.

        Return None at the end. Not for a reader on which `step` or `read` was called. Raises
        CorruptRecordException at a batch that cannot be read, once the batches before it are
        skipped.
        """
        begin, count = self._next_batch, 0
        try:
            while count < minimum and self._open():
                count += self._records_left
                self._position = self._batch_end = self._records_left = 0
        except CorruptRecordException:
            if self._next_batch == begin:
                raise
        return None if self._next_batch == begin else (begin, self._next_batch)

    def read(self, limit: int) -> list[FastRecord]:
        """Return at most `limit` further records; fewer at the end and before an unreadable record.

        Raises CorruptRecordException when the first of them is unreadable. The reader ends there.
        """
        records: list[FastRecord] = []
        count = 0
        try:
            while count < limit and self.step():
                records.append(self.record())
                count += 1
        except CorruptRecordException:
            if count == 0:
                raise
        return records

    def step(self) -> bool:
        """Go on to the next record; return False at the end. Raises CorruptRecordException.

        The key and value of the record lie at `raw[key_from:key_to]` and
        `raw[value_from:value_to]`; the beginning of an absent one is 0.
        """
        while True:
            if self._records_left == 0:
                if self._position < self._batch_end:
                    raise CorruptRecordException(
                        f"{self._batch_end - self._position} bytes left in a batch"
                    )
                if self._batch_end > 0:
                    # The last record of a compacted batch may be deleted: never fetch it twice.
                    self.next_offset = self._offset_after
                    self._batch_end = self._position = 0
                if not self._open():
                    return False
                continue
            self.offset = self._read_record()
            self._records_left -= 1
            if self.offset >= self.next_offset:
                self.next_offset = self.offset + 1
                return True

    def record(self) -> FastRecord:
        """Return the record that `step` has reached."""
        record = FastRecord.__new__(FastRecord)
        record.topic, record.partition = self.topic, self.partition
        record.timestamp, record.offset = self.timestamp, self.offset
        record.key = self._data[self.key_from : self.key_to] if self.key_from else None
        record.value = self._data[self.value_from : self.value_to] if self.value_from else None
        record.headers = self._headers() if self._headers_at else ()
        return record

    def _open(self) -> bool:
        """Begin the next batch; return False at the end."""
        data, position = self._data, self._next_batch
        if self._end - position < _HEAD:
            return False
        end = position + _FRAME + _number(data, position + 8, 4)
        if end > self._end or end < position + _HEAD:
            return False
        expected = _number(data, position + 17, 4) & 0xFFFFFFFF
        if self._check and checksum(self.raw[position + 21 : end]) != expected:
            raise CorruptRecordException(f"Invalid CRC - {self.topic} {self.partition}")
        count = _number(data, position + 57, 4)
        if count < 0:
            raise CorruptRecordException(f"a batch of {count} records")
        self._base = _number(data, position, 8)
        self._offset_after = self._base + _number(data, position + 23, 4) + 1
        self._append_time = data[position + 22] & _LOG_APPEND_TIME != 0
        self._first_ms = _number(data, position + 27, 8)
        self._last_ms = _number(data, position + 35, 8)
        self._records_left = count
        self._position, self._batch_end, self._next_batch = position + _HEAD, end, end
        return True

    def _read_record(self) -> int:
        """Pass the next record, note where its fields lie, and return its offset."""
        length = self._varint()
        end = self._position + length
        if length < 0 or end > self._batch_end:
            raise CorruptRecordException(f"a record of {length} bytes reaches out of its batch")
        self._position += 1  # attributes, unused by Kafka; a length of 0 ends behind the record
        delta_ms = self._varint()
        self.timestamp = self._last_ms if self._append_time else self._first_ms + delta_ms
        offset = self._base + self._varint()
        self.key_from = self._bytes()
        self.key_to = self._position
        self.value_from = self._bytes()
        self.value_to = self._position
        self._headers_at = self._position
        headers = self._varint()
        if headers < 0:
            raise CorruptRecordException(f"{headers} headers")
        if headers == 0:
            self._headers_at = 0
        while headers > 0:
            if self._bytes() == 0:
                raise CorruptRecordException("a header without a name")
            self._bytes()
            headers -= 1
        if self._position != end:
            raise CorruptRecordException(
                f"a record is {self._position - end} bytes longer than it says"
            )
        return offset

    def _headers(self) -> tuple[tuple[str, bytes | None], ...]:
        """Return the headers of the record that `step` has reached."""
        headers = []
        position, self._position = self._position, self._headers_at
        for _ in range(self._varint()):
            begin = self._bytes()
            name = self._data[begin : self._position].decode("utf-8", "replace")
            begin = self._bytes()
            headers.append((name, self._data[begin : self._position] if begin else None))
        self._position = position
        return tuple(headers)

    def _bytes(self) -> int:
        """Pass a field of bytes; return where it begins, 0 when it is absent."""
        length = self._varint()
        if length < 0:
            return 0
        begin = self._position
        if length > self._batch_end - begin:
            raise CorruptRecordException(f"a field of {length} bytes reaches out of its batch")
        self._position = begin + length
        return begin

    def _varint(self) -> int:
        """Pass a signed number and return it."""
        data, position, end = self._data, self._position, self._batch_end
        number, shift = 0, 0
        while True:
            if position >= end or shift > 63:
                raise CorruptRecordException("a number reaches out of its batch")
            byte = data[position]
            position += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
        self._position = position
        return (number >> 1) ^ -(number & 1)


def batch_bounds(raw: bytes, begin: int) -> tuple[int, int, int, int]:
    """Return of the batch at `begin`: its end in `raw`, its first offset, the next, its records."""
    base = _number(raw, begin, 8)
    return (
        begin + _FRAME + _number(raw, begin + 8, 4),
        base,
        base + _number(raw, begin + 23, 4) + 1,
        _number(raw, begin + 57, 4),
    )


def _number(data: bytes, begin: int, size: int) -> int:
    """Return a signed big-endian number of `size` bytes."""
    number = data[begin] - 256 if data[begin] > 127 else data[begin]
    for position in range(begin + 1, begin + size):
        number = number << 8 | data[position]
    return number
