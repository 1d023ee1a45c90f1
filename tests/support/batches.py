"""Record batches as bytes, as a broker hands them out."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from functools import partial
from typing import Any

from aiokafka import codec
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from shared.runtime.fetching.batch_reader import checksum

Row = tuple[int, bytes | None, bytes | None, Sequence[Any]]
"""Offset within the batch, key, value, headers; a header's name may be bytes of any kind."""
TIME = 1_767_225_600_000


def batch_of(
    rows: Sequence[Row],
    base: int = 0,
    *,
    compression: int = 0,
    producer: int = -1,
    transactional: bool = False,
    control: bool = False,
    first_ms: int = TIME,
) -> bytes:
    """The bytes of a batch that begins at `base`."""
    builder = DefaultRecordBatchBuilder(2, 0, 0, producer, 0, 0, batch_size=1 << 30)
    names: dict[bytes, bytes] = {}
    for offset, key, value, headers in rows:
        written = []
        for name, content in headers:
            if isinstance(name, bytes):
                stand_in = "~" * len(name)
                names[stand_in.encode()] = name
                name = stand_in
            written.append((name, content))
        builder.append(offset, first_ms + offset, key, value, written)
    return sealed(
        _with_names(bytes(builder.build()), names), base, compression, transactional, control
    )


def marker(base: int, producer: int, *, commit: bool) -> bytes:
    """The end mark of a producer's transaction."""
    key = (0).to_bytes(2, "big") + int(commit).to_bytes(2, "big")
    row = (0, key, bytes(6), ())
    return batch_of([row], base, producer=producer, transactional=True, control=True)


def sealed(
    batch: bytes,
    base: int,
    compression: int = 0,
    transactional: bool = False,
    control: bool = False,
) -> bytes:
    """A batch with its length, attributes and checksum as they should be."""
    encode = {
        1: partial(gzip.compress, mtime=0),
        2: codec.snappy_encode,
        3: codec.lz4_encode,
        4: codec.zstd_encode,
    }
    records = batch[61:]
    if compression in encode:
        records = bytes(encode[compression](records))
    head = bytearray(batch[:61])
    head[0:8] = base.to_bytes(8, "big")
    head[8:12] = (49 + len(records)).to_bytes(4, "big")
    head[22] = compression | 0x10 * transactional | 0x20 * control
    head[17:21] = checksum(bytes(head[21:]) + records).to_bytes(4, "big")
    return bytes(head) + records


def _with_names(batch: bytes, names: dict[bytes, bytes]) -> bytes:
    for stand_in, name in names.items():
        batch = batch.replace(stand_in, name, 1)
    return batch
