"""Decompression of a record batch: a batch of a few kB that holds a gigabyte costs no memory.

aiokafka's codecs read without a bound. The formats: Kafka's documentation, "Record Batch"; of
snappy, Java's clients write blocks with a head (xerial), other clients one block without.
"""

from __future__ import annotations

import mmap
import zlib
from collections.abc import Callable, Iterator

import cramjam
from aiokafka.errors import CorruptRecordException, UnsupportedCodecError

MOST_BYTES = 32 << 20
"""The most bytes of an inflated batch."""
_GZIP = 31
"""zlib's number for a gzip head and a window of any size."""
_XERIAL = b"\x82SNAPPY\0"
_XERIAL_HEAD = 16


def inflate(codec: int, data: bytes, most: int = MOST_BYTES) -> bytes:
    """Return the records of a compressed batch.

    Raises CorruptRecordException where they are more than `most` bytes or no codec can read them,
    and UnsupportedCodecError for a codec of no such number.
    """
    inflater = _INFLATERS.get(codec)
    if inflater is None:
        raise UnsupportedCodecError(f"no codec has the number {codec}")
    try:
        return inflater(data, most)
    except (zlib.error, cramjam.DecompressionError, ValueError, EOFError) as error:
        raise CorruptRecordException(
            f"{len(data)} compressed bytes are no records of at most {most} bytes: {error}"
        ) from error


def _gzip(data: bytes, most: int) -> bytes:
    parts: list[bytes] = []
    while data:
        stream = zlib.decompressobj(_GZIP)
        part = stream.decompress(data, most + 1)
        if not stream.eof:
            raise EOFError("more bytes, or an end without its mark")
        most -= len(part)
        if most < 0:
            raise EOFError("more bytes")
        parts.append(part)
        data = stream.unused_data
    return b"".join(parts)


def _snappy(data: bytes, most: int) -> bytes:
    parts: list[bytes] = []
    for block in _snappy_blocks(data):
        most -= cramjam.snappy.decompress_raw_len(block)
        if most < 0:
            raise EOFError("more bytes")
        parts.append(bytes(cramjam.snappy.decompress_raw(block)))
    return b"".join(parts)


def _snappy_blocks(data: bytes) -> Iterator[bytes]:
    if not data.startswith(_XERIAL):
        yield data
        return
    position = _XERIAL_HEAD
    while position < len(data):
        begin = position + 4
        position = begin + int.from_bytes(data[position:begin], "big")
        yield data[begin:position]


def _into_buffer(
    decompress_into: Callable[[bytes, mmap.mmap], int],
) -> Callable[[bytes, int], bytes]:
    def inflater(data: bytes, most: int) -> bytes:
        # Only pages that are written to take memory.
        with mmap.mmap(-1, most) as buffer:
            return buffer[: decompress_into(data, buffer)]

    return inflater


_INFLATERS: dict[int, Callable[[bytes, int], bytes]] = {
    1: _gzip,
    2: _snappy,
    3: _into_buffer(cramjam.lz4.decompress_into),
    4: _into_buffer(cramjam.zstd.decompress_into),
}
