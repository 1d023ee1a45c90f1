"""Kafka's hash of a key, murmur2 in its 32-bit form; compiled where that can be done.

Whoever shares a topic's keys between partitions has to hash alike: aiokafka's own function gives the same
(tests/unit/runtime/test_murmur.py) and takes as long as printing what is sent.
"""

from __future__ import annotations

_SEED = 0x9747B28C
_M = 0x5BD1E995
_32 = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """The hash of a key, 0 to 2^32 - 1; Kafka takes it without its highest bit."""
    raw, size = data, len(data)
    found = _SEED ^ size
    whole = size - size % 4
    for at in range(0, whole, 4):
        part = raw[at] | raw[at + 1] << 8 | raw[at + 2] << 16 | raw[at + 3] << 24
        part = part * _M & _32
        part = (part ^ part >> 24) * _M & _32
        found = found * _M & _32 ^ part
    rest = size - whole
    if rest == 3:
        found ^= raw[whole + 2] << 16
    if rest >= 2:
        found ^= raw[whole + 1] << 8
    if rest >= 1:
        found = (found ^ raw[whole]) * _M & _32
    found = (found ^ found >> 13) * _M & _32
    return found ^ found >> 15
