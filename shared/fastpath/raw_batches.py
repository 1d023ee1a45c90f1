"""Record batches of Kafka, read into records of their own kind; compiled where that can be done.

Reads what brokers hand out of what we write: format 2, not compressed, no control batch. All else is made
so first (shared/fastpath/unusual.py). The format: Kafka's documentation, "Record Batch". Integers of the
head are big-endian, those of records zigzag varints.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from aiokafka.errors import CorruptRecordException
from aiokafka.record.util import calc_crc32c
from google_crc32c import implementation
from google_crc32c import value as by_processor

checksum = by_processor if implementation == "c" else calc_crc32c
"""Most processors have an instruction for it, a tenth of the time; without one aiokafka's is the quickest."""
_HEAD = 61
"""Bytes before the first record of a batch."""
_FRAME = 12
"""Bytes that the length of a batch does not count."""
_UNUSUAL = 0x27
"""Attributes of a batch that is compressed, or a control batch."""
_LOG_APPEND_TIME = 0x08
_NONE = bytes(4)
"""The count of a batch without records: compaction has removed them."""


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
    """Whether all batches that lie complete in `raw` can be read here, and none is without records."""
    at, size = 0, len(raw)
    while size - at >= _FRAME:
        length = int.from_bytes(raw[at + 8 : at + _FRAME], "big", signed=True)
        if length < _HEAD - _FRAME:
            return False
        if at + _FRAME + length > size:
            break
        if raw[at + 16] != 2 or raw[at + 22] & _UNUSUAL or raw[at + 57 : at + _HEAD] == _NONE:
            return False
        at += _FRAME + length
    return True


class Span:
    """Records of one partition that are still unopened: whole batches in `raw`, checksums proven.

    `offset` is that of the first record or before it, `behind` where to read on; `count` says how many
    records there are. Whoever needs not every record as an object walks over it with `over`.
    """

    __slots__ = ("_begin", "_end", "behind", "count", "offset", "partition", "raw", "topic")

    def __init__(
        self, topic: str, partition: int, raw: bytes, begin: int, end: int, offset: int
    ) -> None:
        """Between two places in `raw`, what is not before `offset`. Raises CorruptRecordException."""
        self.topic = topic
        self.partition = partition
        self.raw = raw
        self._begin = begin
        self._end = end
        self.offset = self.behind = offset
        self.count = 0
        data, at, within = raw, begin, False
        while at < end:
            base, count = _number(data, at, 8), _number(data, at + 57, 4)
            self.behind = base + _number(data, at + 23, 4) + 1
            at += _FRAME + _number(data, at + 8, 4)
            if self.behind <= offset:
                self._begin = at
                continue
            self.count += count
            within = within or base < offset
        if within:  # how many of a batch are before `offset`, only a walk tells
            walk = over(self)
            self.count = 0
            while walk.step():
                self.count += 1

    def since(self, offset: int) -> Span | None:
        """What of it is not before `offset`, None when nothing is."""
        if offset >= self.behind:
            return None
        left = Span(self.topic, self.partition, self.raw, self._begin, self._end, offset)
        return left if left.count else None

    def opened(self) -> list[NativeRecord]:
        """All its records. Raises CorruptRecordException."""
        return over(self).take(self.count)


class Batches:
    """The records of one fetch from one partition, in order; `next_offset` is where to fetch on.

    `raw` has to be usual. Records before `next_offset` are left out: brokers send whole batches. A batch
    that is cut off at the end is not there.
    """

    __slots__ = (
        "_after", "_append_time", "_base", "_check", "_data", "_end", "_first_ms", "_headers_at", "_last_ms",
        "_left", "_next_batch", "_partition", "_place", "_raw", "_stop", "_topic", "key_from", "key_to",
        "next_offset", "offset", "timestamp", "value_from", "value_to",
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
        self._headers_at = 0
        self.next_offset = begin
        self.offset = self.timestamp = 0
        self.key_from = self.key_to = self.value_from = self.value_to = 0

    def span(self, least: int) -> Span | None:
        """Further whole batches, until they have so many records; None at the end.

        Not for a walk that has begun with `step` or `take`. Raises CorruptRecordException at a batch
        that cannot be read, when those before it have been handed out.
        """
        while True:
            begin, count = self._next_batch, 0
            try:
                while count < least and self._open():
                    count += self._left
                    self._place = self._stop = self._left = 0
            except CorruptRecordException:
                if self._next_batch == begin:
                    raise
            if self._next_batch == begin:
                return None
            end, offset = self._next_batch, self.next_offset
            found = Span(self._topic, self._partition, self._raw, begin, end, offset)
            self.next_offset = found.behind
            if found.count:
                return found

    def take(self, most: int) -> list[NativeRecord]:
        """At most so many further records; fewer at the end, and before what cannot be read.

        Raises CorruptRecordException when nothing comes before it. The walk ends there.
        """
        found: list[NativeRecord] = []
        count = 0
        try:
            while count < most and self.step():
                found.append(self.record())
                count += 1
        except CorruptRecordException:
            if count == 0:
                raise
        return found

    def step(self) -> bool:
        """Go on to the next record; False when there is none. Raises CorruptRecordException.

        Its key and value lie in the bytes at `key_from` and `value_from`, each up to before `.._to`; one
        that is absent begins at 0.
        """
        while True:
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
                    return False
                continue
            self.offset = self._read()
            self._left -= 1
            if self.offset >= self.next_offset:
                self.next_offset = self.offset + 1
                return True

    def record(self) -> NativeRecord:
        """The record that `step` has come to."""
        record = NativeRecord.__new__(NativeRecord)
        record.topic, record.partition = self._topic, self._partition
        record.timestamp, record.offset = self.timestamp, self.offset
        record.key = self._data[self.key_from : self.key_to] if self.key_from else None
        record.value = self._data[self.value_from : self.value_to] if self.value_from else None
        record.headers = self._headers() if self._headers_at else ()
        return record

    def _open(self) -> bool:
        """Begin the next batch; False when there is none."""
        data, at = self._data, self._next_batch
        if self._end - at < _HEAD:
            return False
        stop = at + _FRAME + _number(data, at + 8, 4)
        if stop > self._end or stop < at + _HEAD:
            return False
        expected = _number(data, at + 17, 4) & 0xFFFFFFFF
        if self._check and checksum(self._raw[at + 21 : stop]) != expected:
            raise CorruptRecordException(f"Invalid CRC - {self._topic} {self._partition}")
        count = _number(data, at + 57, 4)
        if count < 0:
            raise CorruptRecordException(f"a batch of {count} records")
        self._base = _number(data, at, 8)
        self._after = self._base + _number(data, at + 23, 4) + 1
        self._append_time = data[at + 22] & _LOG_APPEND_TIME != 0
        self._first_ms = _number(data, at + 27, 8)
        self._last_ms = _number(data, at + 35, 8)
        self._left = count
        self._place, self._stop, self._next_batch = at + _HEAD, stop, stop
        return True

    def _read(self) -> int:
        """Pass the record at hand and note where what lies in it; its offset."""
        length = self._varint()
        end = self._place + length
        if length < 0 or end > self._stop:
            raise CorruptRecordException(f"a record of {length} bytes reaches out of its batch")
        self._varint()  # attributes, unused by Kafka
        passed_ms = self._varint()
        self.timestamp = self._last_ms if self._append_time else self._first_ms + passed_ms
        offset = self._base + self._varint()
        self.key_from = self._bytes()
        self.key_to = self._place
        self.value_from = self._bytes()
        self.value_to = self._place
        self._headers_at = self._place
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
        if self._place != end:
            raise CorruptRecordException(
                f"a record is {self._place - end} bytes longer than it says"
            )
        return offset

    def _headers(self) -> tuple[tuple[str, bytes | None], ...]:
        """Those of the record at hand."""
        found = []
        on, self._place = self._place, self._headers_at
        for _ in range(self._varint()):
            begin = self._bytes()
            name = self._data[begin : self._place].decode("utf-8", "replace")
            begin = self._bytes()
            found.append((name, self._data[begin : self._place] if begin else None))
        self._place = on
        return tuple(found)

    def _bytes(self) -> int:
        """Pass a field of bytes; where it begins, 0 when it is absent."""
        length = self._varint()
        if length < 0:
            return 0
        begin = self._place
        if length > self._stop - begin:
            raise CorruptRecordException(f"a field of {length} bytes reaches out of its batch")
        self._place = begin + length
        return begin

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


def over(span: Span) -> Batches:
    """A walk over a span, from its beginning."""
    walk = Batches(span.topic, span.partition, span.raw, span.offset, False)
    walk._next_batch, walk._end = span._begin, span._end
    return walk


def runs(records: Sequence[Any]) -> list[Any]:
    """Records of any kind, cut where topic or partition change: lists of records, and spans as they are."""
    found: list[Any] = []
    run: list[Any] = []
    topic, partition = None, -1
    for record in records:
        if type(record) is Span:
            found.append(record)
            topic, partition = None, -1
            continue
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


def place_of(run: Any) -> tuple[str, int]:
    """Topic and partition of a run."""
    head = run if type(run) is Span else run[0]
    return head.topic, head.partition


def count_of(run: Any) -> int:
    """How many records there are in a run."""
    count: int = run.count if type(run) is Span else len(run)
    return count


def behind(run: Any) -> int:
    """Where to read on after a run."""
    offset: int = run.behind if type(run) is Span else run[-1].offset + 1
    return offset


def since(run: Any, offset: int) -> Any:
    """What of a run is not before `offset`, None when nothing is."""
    if type(run) is Span:
        return run if run.offset >= offset else run.since(offset)
    if run[0].offset < offset:
        run = [record for record in run if record.offset >= offset]
    return run or None


def pieces(runs: Iterable[Any]) -> list[Any]:
    """The inverse of `runs`: records, and spans as they are."""
    found: list[Any] = []
    for run in runs:
        if type(run) is Span:
            found.append(run)
        else:
            found.extend(run)
    return found


def _number(data: bytes, at: int, size: int) -> int:
    """A signed big-endian number of `size` bytes."""
    found = data[at] - 256 if data[at] > 127 else data[at]
    for place in range(at + 1, at + size):
        found = found << 8 | data[place]
    return found
