"""Marks of ids: a number of 64 bits is a quarter of an id, and enough to know one again."""

from __future__ import annotations

import cython

_FOLD = 0x9E3779EB
_PRIME = 2**64 - _FOLD
"""Marks are remainders by this; far from 2^64, so that ids alike but for two places do not share one."""


def mark_of(data: bytes, begin: int, end: int) -> int:
    """A number of 64 bits that stands for the bytes between two places, the same in every process.

    Two ids of one sensor have the same by chance once in 10^19: then the second is taken for a repeat.
    """
    if cython.compiled:
        wide = 0
        for place in range(begin + (end - begin - 1) // 8 * 8, begin - 1, -8):
            part = 0
            for at in range(min(place + 8, end) - 1, place - 1, -1):
                part = part << 8 | data[at]
            wide = wide * _FOLD + part  # times 2^64, of which _FOLD is left
            low, wide = wide, wide >> 64
            wide = wide * _FOLD + low
            while wide >= _PRIME:
                wide -= _PRIME
        return wide
    return int.from_bytes(data[begin:end], "little") % _PRIME
