"""The stored offset of a partition, with a fingerprint of the last record before the offset.

The offset alone says nothing when a topic is created anew or loses its end: another record may lie
at the same place. Kafka acknowledges records before they are on a disk, and Postgres does not.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple


class StoredOffset(NamedTuple):
    """The next offset to handle, and the fingerprint of the record just before, None where it is
    unknown.
    """

    next_offset: int
    fingerprint: str | None = None


def fingerprint(value: bytes | None) -> str:
    """Return a hash by which a record is recognised."""
    return hashlib.blake2b(value or b"", digest_size=8).hexdigest()
