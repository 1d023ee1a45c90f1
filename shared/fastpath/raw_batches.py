"""Record batches that are handed to a service unopened, so that no record becomes an object.

Only scoring asks for them (shared/fastpath/README.md). `RawBatches` is a run of records as
shared/runtime/record_runs.py describes it; `raw_batches.pxd` declares C types for the compiled
form.
"""

from __future__ import annotations

from shared.runtime.fetching.batch_reader import BatchReader, FastRecord, batch_bounds


class RawBatches:
    """Records of one partition in complete batches; their checksums are verified.

    `offset` is the offset of the first record or smaller, `next_offset` is where to read on,
    `count` is the number of records. `reader_of` reads the records one by one without making
    objects.
    """

    __slots__ = (
        "_begin", "_end", "count", "next_offset", "offset", "partition", "raw", "topic",
    )  # fmt: skip

    def __init__(
        self, topic: str, partition: int, raw: bytes, begin: int, end: int, offset: int
    ) -> None:
        """Hold the records of `raw[begin:end]` from `offset` on. Raises CorruptRecordException."""
        self.topic = topic
        self.partition = partition
        self.raw = raw
        self._begin = begin
        self._end = end
        self.offset = self.next_offset = offset
        self.count = 0
        position, begins_inside = begin, False
        while position < end:
            batch_end, base, next_base, count = batch_bounds(raw, position)
            position = batch_end
            self.next_offset = next_base
            if next_base <= offset:
                self._begin = batch_end
                continue
            self.count += count
            begins_inside = begins_inside or base < offset
        if begins_inside:  # only reading shows how many records of a batch are before `offset`
            reader = reader_of(self)
            self.count = 0
            while reader.step():
                self.count += 1

    def since(self, offset: int) -> RawBatches | None:
        """Return the part from `offset` on, None when there are no such records."""
        if offset <= self.offset:
            return self
        if offset >= self.next_offset:
            return None
        part = RawBatches(self.topic, self.partition, self.raw, self._begin, self._end, offset)
        return part if part.count else None

    def records(self) -> list[FastRecord]:
        """Return all records as objects. Raises CorruptRecordException."""
        return reader_of(self).read(self.count)


def reader_of(batches: RawBatches) -> BatchReader:
    """Return a reader of these batches, from the first record on."""
    return BatchReader(
        batches.topic,
        batches.partition,
        batches.raw,
        batches.offset,
        False,
        batches._begin,
        batches._end,
    )


def next_raw_batches(reader: BatchReader, minimum: int) -> RawBatches | None:
    """Return further complete batches with `minimum` records or a few more; None at the end.

    Raises CorruptRecordException at a batch that cannot be read, once those before it are returned.
    """
    while True:
        bounds = reader.skip(minimum)
        if bounds is None:
            return None
        batches = RawBatches(
            reader.topic, reader.partition, reader.raw, bounds[0], bounds[1], reader.next_offset
        )
        reader.next_offset = batches.next_offset
        if batches.count:
            return batches
