"""Kafka's hash of a key, murmur2 in its 32-bit form.

All clients that share the keys of a topic between partitions have to compute the same hash.
aiokafka's own function returns the same (tests/unit/runtime/test_murmur2.py) and takes as long as
encoding the record. The module is plain Python; a service that is asked for speed loads its
compiled form (shared/fastpath/README.md).
"""

from __future__ import annotations

_SEED = 0x9747B28C
_M = 0x5BD1E995
_32 = 0xFFFFFFFF


def murmur2(key: bytes) -> int:
    """Return the hash of a key, 0 to 2^32 - 1; Kafka takes it without its highest bit."""
    raw, size = key, len(key)
    result = _SEED ^ size
    tail = size - size % 4
    for position in range(0, tail, 4):
        part = (
            raw[position]
            | raw[position + 1] << 8
            | raw[position + 2] << 16
            | raw[position + 3] << 24
        )
        part = part * _M & _32
        part = (part ^ part >> 24) * _M & _32
        result = result * _M & _32 ^ part
    tail_size = size - tail
    if tail_size == 3:
        result ^= raw[tail + 2] << 16
    if tail_size >= 2:
        result ^= raw[tail + 1] << 8
    if tail_size >= 1:
        result = (result ^ raw[tail]) * _M & _32
    result = (result ^ result >> 13) * _M & _32
    return result ^ result >> 15
