"""Batches that are not usual, made so: shared/fastpath/raw_batches.py reads them then, in either form.

A compressed batch is inflated. A control batch (the end mark of a transaction), a batch of an aborted
transaction and one without records keep their head, so that reading moves on, and no record. The format:
Kafka's documentation, "Record Batch" and "Control Batches".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import NamedTuple

from aiokafka import codec
from aiokafka.errors import CorruptRecordException, UnsupportedCodecError

from shared.fastpath.raw_batches import Batches, checksum, is_usual

Aborted = Sequence[tuple[int, int]]
"""Transactions that were aborted: the producer's id, and the first offset of each."""
_HEAD = 61
_FRAME = 12
_CODEC, _TRANSACTIONAL, _CONTROL = 0x07, 0x10, 0x20
_ABORT = b"\0\0"
_INFLATE: dict[int, Callable[[bytes], bytes]] = {
    1: codec.gzip_decode,
    2: codec.snappy_decode,
    3: codec.lz4_decode,
    4: codec.zstd_decode,
}


class Usual(NamedTuple):
    """Batches that are usual, and what of a fetch could not be made so.

    `passed`: from one offset up to before another there is no record, and none is missing. `error`: why
    the batch behind the last one here cannot be read.
    """

    raw: bytes
    passed: Sequence[tuple[int, int]] = ()
    error: Exception | None = None


def made_usual(raw: bytes, aborted: Aborted | None, check: bool) -> Usual:
    """What a fetch has brought from a partition. Never raises."""
    if not aborted and is_usual(raw):
        return Usual(raw)
    maker = _Maker(aborted or (), check)
    results: list[bytes] = []
    at, size = 0, len(raw)
    while size - at >= _FRAME:
        stop = at + _FRAME + _number(raw, at + 8, 4)
        if stop > size:
            break  # cut off: the next fetch begins with it
        try:
            results.append(maker.made(raw[at:stop]))
        except Exception as error:
            return Usual(b"".join(results), maker.passed, error)
        at = stop
    return Usual(b"".join(results), maker.passed)


class _Maker:
    """One walk over batches; knows whose transactions are aborted at its place."""

    def __init__(self, aborted: Aborted, check: bool) -> None:
        self._to_come = sorted(aborted, key=itemgetter(1), reverse=True)
        self._undone: set[int] = set()
        self._check = check
        self.passed: list[tuple[int, int]] = []

    def made(self, batch: bytes) -> bytes:
        """The batch as a usual one. Raises whatever says why it cannot be read."""
        if len(batch) < _HEAD:
            raise CorruptRecordException(f"a batch of {len(batch)} bytes")
        if batch[16] != 2:
            raise CorruptRecordException(f"a batch of format {batch[16]}")
        empty, compressed = self._is_empty(batch), batch[22] & _CODEC
        if not empty and not compressed:
            return batch  # its checksum is proven where it is read
        if self._check and checksum(batch[21:]) != int.from_bytes(batch[17:21], "big"):
            raise CorruptRecordException("a wrong checksum")
        if empty:
            base = _number(batch, 0, 8)
            self.passed.append((base, base + _number(batch, 23, 4) + 1))
            return _rebuilt(batch, b"", 0)
        inflate = _INFLATE.get(compressed)
        if inflate is None:
            raise UnsupportedCodecError(f"no codec has the number {compressed}")
        return _rebuilt(batch, inflate(batch[_HEAD:]), _number(batch, 57, 4))

    def _is_empty(self, batch: bytes) -> bool:
        """Whether the batch has no record for a reader."""
        producer = _number(batch, 43, 8)
        if producer >= 0:
            base = _number(batch, 0, 8)
            while self._to_come and self._to_come[-1][1] <= base:
                self._undone.add(self._to_come.pop()[0])
        if batch[22] & _CONTROL:
            if _is_abort(batch):
                self._undone.discard(producer)
            return True
        aborted = batch[22] & _TRANSACTIONAL and producer in self._undone
        return bool(aborted) or _number(batch, 57, 4) == 0


def _is_abort(control: bytes) -> bool:
    """The key of a control record: its version and its type, two bytes each."""
    result = Batches("", 0, control, 0, False).take(1)
    return bool(result) and result[0].key is not None and result[0].key[2:4] == _ABORT


def _rebuilt(batch: bytes, records: bytes, count: int) -> bytes:
    """The batch with other records behind the same head: not compressed, no control batch."""
    head = bytearray(batch[:_HEAD])
    head[8:12] = (_HEAD - _FRAME + len(records)).to_bytes(4, "big")
    head[22] &= ~(_CODEC | _CONTROL)
    head[57:61] = count.to_bytes(4, "big", signed=True)
    head[17:21] = checksum(bytes(head[21:]) + records).to_bytes(4, "big")
    return bytes(head) + records


def _number(batch: bytes, at: int, size: int) -> int:
    return int.from_bytes(batch[at : at + size], "big", signed=True)
