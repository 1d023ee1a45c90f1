"""Hashes of reading ids: 64 bits take a quarter of the memory of an id and recognise a repeat."""

from __future__ import annotations

import cython

_FOLD = 0x9E3779EB
_PRIME = 2**64 - _FOLD
"""A hash is the remainder by this prime. The prime is far from 2^64, so that two ids that differ in
two places only do not share a hash."""


def id_hash(data: bytes, begin: int, end: int) -> int:
    """Return a 64-bit hash of the bytes from `begin` to before `end`, equal in every process.

    Two ids of one sensor share a hash by chance once in 10^19; the second is then a repeat.
    """
    if cython.compiled:
        wide = 0
        for place in range(begin + (end - begin - 1) // 8 * 8, begin - 1, -8):
            part = 0
            for at in range(min(place + 8, end) - 1, place - 1, -1):
                part = part << 8 | data[at]
            wide = wide * _FOLD + part  # the remainder of a product with 2^64 is one with _FOLD
            low, wide = wide, wide >> 64
            wide = wide * _FOLD + low
            while wide >= _PRIME:
                wide -= _PRIME
        return wide
    return int.from_bytes(data[begin:end], "little") % _PRIME
