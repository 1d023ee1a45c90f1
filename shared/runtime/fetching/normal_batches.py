"""Record batches in the form that batch_reader.py reads: not compressed, no control batch, not
empty.

A compressed batch is inflated, and no more than MOST_BYTES of a fetch: the next fetch begins with
the other batches. A control batch (the end mark of a transaction), a batch of an aborted
transaction and an empty batch keep their head, so that reading moves on, and no record. The format:
Kafka's documentation, "Record Batch" and "Control Batches".
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple

from aiokafka.errors import CorruptRecordException

from shared.runtime.fetching.batch_reader import BatchReader, checksum, is_normal
from shared.runtime.fetching.inflating import MOST_BYTES, inflate

AbortedTransactions = Sequence[tuple[int, int]]
"""Of each aborted transaction: the producer's id and the first offset."""
_HEAD = 61
_FRAME = 12
_CODEC, _TRANSACTIONAL, _CONTROL = 0x07, 0x10, 0x20
_ABORT = b"\0\0"


class NormalBatches(NamedTuple):
    """Batches in normal form, and the part of a fetch that could not be brought into it.

    `empty_ranges`: between these offsets (from the first, up to before the second) there is no
    record, and none is missing. `error`: why the batch after the last one of `raw` cannot be read.
    """

    raw: bytes
    empty_ranges: Sequence[tuple[int, int]] = ()
    error: Exception | None = None


def normalise(raw: bytes, aborted: AbortedTransactions | None, check: bool) -> NormalBatches:
    """Return the batches of a fetch from a partition in normal form. Never raises."""
    if not aborted and is_normal(raw):
        return NormalBatches(raw)
    normaliser = _Normaliser(aborted or (), check)
    batches: list[bytes] = []
    position, size, inflated_bytes = 0, len(raw), 0
    while size - position >= _FRAME and inflated_bytes < MOST_BYTES:
        end = position + _FRAME + _number(raw, position + 8, 4)
        if end > size:
            break  # cut off: the next fetch begins with it
        try:
            batch = normaliser.normalise(raw[position:end])
        except Exception as error:
            return NormalBatches(b"".join(batches), normaliser.empty_ranges, error)
        batches.append(batch)
        inflated_bytes += len(batch) - (end - position)
        position = end
    return NormalBatches(b"".join(batches), normaliser.empty_ranges)


class _Normaliser:
    """Reads batches in order and remembers which producers have an aborted transaction open."""

    def __init__(self, aborted: AbortedTransactions, check: bool) -> None:
        self._aborted_later = sorted(aborted, key=itemgetter(1), reverse=True)
        self._aborting_producers: set[int] = set()
        self._check = check
        self.empty_ranges: list[tuple[int, int]] = []

    def normalise(self, batch: bytes) -> bytes:
        """Return the batch in normal form. Raises the error that says why it cannot be read."""
        if len(batch) < _HEAD:
            raise CorruptRecordException(f"a batch of {len(batch)} bytes")
        if batch[16] != 2:
            raise CorruptRecordException(f"a batch of format {batch[16]}")
        empty, compression = self._is_empty(batch), batch[22] & _CODEC
        if not empty and not compression:
            return batch  # its checksum is verified where it is read
        if self._check and checksum(batch[21:]) != int.from_bytes(batch[17:21], "big"):
            raise CorruptRecordException("a wrong checksum")
        if empty:
            base = _number(batch, 0, 8)
            self.empty_ranges.append((base, base + _number(batch, 23, 4) + 1))
            return _rebuild(batch, b"", 0)
        return _rebuild(batch, inflate(compression, batch[_HEAD:]), _number(batch, 57, 4))

    def _is_empty(self, batch: bytes) -> bool:
        """Return whether the batch has no record for a reader of committed records."""
        producer = _number(batch, 43, 8)
        if producer >= 0:
            base = _number(batch, 0, 8)
            while self._aborted_later and self._aborted_later[-1][1] <= base:
                self._aborting_producers.add(self._aborted_later.pop()[0])
        if batch[22] & _CONTROL:
            if _is_abort(batch):
                self._aborting_producers.discard(producer)
            return True
        aborted = batch[22] & _TRANSACTIONAL and producer in self._aborting_producers
        return bool(aborted) or _number(batch, 57, 4) == 0


def _is_abort(control_batch: bytes) -> bool:
    """Return whether the control record aborts; its key is a version and a type, 2 bytes each."""
    records = BatchReader("", 0, control_batch, 0, False).read(1)
    return bool(records) and records[0].key is not None and records[0].key[2:4] == _ABORT


def _rebuild(batch: bytes, records: bytes, count: int) -> bytes:
    """Return a batch with the same head and other records: not compressed, no control batch."""
    head = bytearray(batch[:_HEAD])
    head[8:12] = (_HEAD - _FRAME + len(records)).to_bytes(4, "big")
    head[22] &= ~(_CODEC | _CONTROL)
    head[57:61] = count.to_bytes(4, "big", signed=True)
    head[17:21] = checksum(bytes(head[21:]) + records).to_bytes(4, "big")
    return bytes(head) + records


def _number(batch: bytes, begin: int, size: int) -> int:
    return int.from_bytes(batch[begin : begin + size], "big", signed=True)
