"""Classes of hostile record batches: bytes that no ordinary client writes.

A broker refuses most of them. Readers must pass what it takes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from random import Random

from tests.support.batches import batch_of, marker, sealed

_GZIP, _SNAPPY, _LZ4, _ZSTD = 1, 2, 3, 4
_CODEC_NAMES = {_GZIP: "gzip", _SNAPPY: "snappy", _LZ4: "lz4", _ZSTD: "zstd"}
_BOMB_BYTES = 32 << 20
_HEAD = 61
Batch = Callable[[Random, bytes | None, bytes | None], bytes]


def _plain(key: bytes | None, value: bytes | None) -> bytes:
    return batch_of([(0, key, value, ())])


def _with_headers(*headers: tuple[bytes | str, bytes | None], compression: int = 0) -> Batch:
    return lambda _, key, value: batch_of([(0, key, value, headers)], compression=compression)


def _with_field(first: int, last: int, number: int) -> Batch:
    """Return a batch with this number in the bytes from `first` to `last` of its head."""

    def build(_: Random, key: bytes | None, value: bytes | None) -> bytes:
        batch = bytearray(_plain(key, value))
        batch[first:last] = number.to_bytes(last - first, "big", signed=True)
        return sealed(bytes(batch), 0)

    return build


def _with_attributes(attributes: int) -> Batch:
    """Return a batch whose attributes say what is not true of its records."""
    return lambda _, key, value: sealed(_plain(key, value), 0, attributes)


def _of_false_codec(chance: Random, key: bytes | None, value: bytes | None) -> bytes:
    squeezed = bytearray(batch_of([(0, key, value, ())], compression=_GZIP))
    # No codec is applied for the numbers 8 and above; the lowest three bits name one all the same.
    return sealed(bytes(squeezed), 0, 8 | chance.choice((_SNAPPY, _LZ4, _ZSTD)))


def _wrong_checksum(chance: Random, key: bytes | None, value: bytes | None) -> bytes:
    batch = bytearray(_plain(key, value))
    batch[chance.randrange(17, 21)] ^= 0xFF
    return bytes(batch)


def _false_length(_: Random, key: bytes | None, value: bytes | None) -> bytes:
    batch = bytearray(_plain(key, value))
    batch[_HEAD] ^= 0x7E
    return sealed(bytes(batch), 0)


def _altered(chance: Random, key: bytes | None, value: bytes | None) -> bytes:
    batch = bytearray(_plain(key, value))
    for _ in range(chance.randint(1, 4)):
        batch[chance.randrange(21, len(batch))] = chance.randrange(256)
    return sealed(bytes(batch), 0)


@cache
def _bomb(codec: int) -> bytes:
    return batch_of([(0, b"k", b"[" + b" " * _BOMB_BYTES + b"]", ())], compression=codec)


@cache
def _huge_key() -> bytes:
    return batch_of([(0, b"k" * (3 << 20), b"{}", ())], compression=_GZIP)


def _bomb_of(codec: int) -> Batch:
    return lambda _chance, _key, _value: _bomb(codec)


BATCHES: dict[str, Batch] = {
    "header_name": _with_headers((b"\xff\xfe", b"v")),
    **{
        f"header_name_{name}": _with_headers((b"\xff\xfe", b"v"), compression=codec)
        for codec, name in _CODEC_NAMES.items()
    },
    "header_without_value": _with_headers(("traceparent", None)),
    "repeated_headers": _with_headers(*[("replay-of", b"0@0")] * 3_000),
    "forged_replay": _with_headers(("replay-of", b"-1@99999999999999999999")),
    "huge_key": lambda _chance, _key, _value: _huge_key(),
    **{f"bomb_{name}": _bomb_of(codec) for codec, name in _CODEC_NAMES.items()},
    "ancient_time": lambda _, key, value: batch_of([(0, key, value, ())], first_ms=-(10**17)),
    "far_time": lambda _, key, value: batch_of([(0, key, value, ())], first_ms=10**17),
    "wrong_checksum": _wrong_checksum,
    "false_length": _false_length,
    "false_codec": _of_false_codec,
    "unknown_codec": _with_attributes(5),
    "last_codec": _with_attributes(7),
    "altered_batch": _altered,
    "control_batch": lambda _, key, value: batch_of([(0, key, value, ())], control=True),
    "end_mark": lambda _, __, ___: marker(0, 77, commit=True),
    "foreign_transaction": lambda _, key, value: batch_of(
        [(0, key, value, ())], producer=77, transactional=True
    ),
    "old_format": _with_field(16, 17, 1),
    "oldest_format": _with_field(16, 17, 0),
    "unknown_format": _with_field(16, 17, 9),
    "no_records": _with_field(57, 61, 0),
    "negative_count": _with_field(57, 61, -1),
    "huge_count": _with_field(57, 61, 2**31 - 1),
    "far_last_offset": _with_field(23, 27, 2**31 - 1),
    "truncated_batch": lambda chance, key, value: _plain(key, value)[: chance.randrange(1, 100)],
    "noise_batch": lambda chance, _, __: chance.randbytes(chance.randint(1, 400)),
    "two_batches": lambda _, key, value: _plain(key, value) * 2,
}
"""Batches by class, of a key and a value."""

LARGE = {"huge_key", "repeated_headers", *(f"bomb_{name}" for name in _CODEC_NAMES.values())}
HIDDEN = {"control_batch", "end_mark", "foreign_transaction"}
"""Batches of which a broker that takes them hands no record to readers."""
