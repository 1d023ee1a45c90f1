"""Records to be sent: their wire form, their partition, their size."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from shared.contracts.fields import Contract
from shared.contracts.topics import TOPICS, TopicSpec
from shared.runtime.errors import Unsendable
from shared.runtime.murmur2 import murmur2

Headers = tuple[tuple[str, bytes], ...]

MAX_REQUEST_BYTES = 2 * 1_048_576
"""A longer record is sent to no topic."""
_BATCH_OVERHEAD = 61
_RECORD_OVERHEAD = 21
_HEADER_OVERHEAD = 10


class OutboundRecord(msgspec.Struct, frozen=True, gc=False):
    """One record to send. `partition` None = by key; `value` None = a tombstone of the key."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int | None = None
    headers: Headers = (("content-type", b"application/json"),)

    @property
    def body(self) -> bytes:
        """The value of a record that is no tombstone; raises ValueError for a tombstone."""
        if self.value is None:
            raise ValueError(f"a tombstone of {self.topic} has no body")
        return self.value


def encode(message: Contract) -> bytes:
    """Return the wire form of a message; absent optional fields are left out."""
    return message.to_wire()


def outbound_record(spec: TopicSpec, key: str, message: Contract) -> OutboundRecord:
    """Return a message of the topics table as a record."""
    return OutboundRecord(spec.name, key.encode(), encode(message))


@lru_cache(maxsize=131_072)
def partition_of(key: bytes | None, partitions: int) -> int:
    """Return the partition of a key, as Kafka's own clients choose it; 0 without a key.

    The result is cached: the hash is plain Python, and the same units come with every command.
    """
    return 0 if key is None else (murmur2(key) & 0x7FFFFFFF) % partitions


def size_of(record: OutboundRecord) -> int:
    """Return the most bytes that a batch of this record alone takes."""
    headers = sum(len(name) + len(value) + _HEADER_OVERHEAD for name, value in record.headers)
    content = len(record.key or b"") + len(record.value or b"") + headers
    return _BATCH_OVERHEAD + _RECORD_OVERHEAD + content


def check_sizes(records: Sequence[OutboundRecord]) -> int:
    """Return the bytes of all; raises Unsendable for a record that its topic does not take.

    Kafka would refuse it, and with it everything that the producer has for the same partition.
    """
    total = 0
    for position, record in enumerate(records):
        size = size_of(record)
        spec = TOPICS.get(record.topic)
        limit = MAX_REQUEST_BYTES if spec is None else spec.max_bytes
        if size > limit:
            detail = f"a record of {size} bytes, {record.topic} takes {limit}"
            raise Unsendable(detail, position)
        total += size
    return total
