"""A record as the auditor remembers it."""

from __future__ import annotations

from dataclasses import dataclass

Partition = tuple[str, int]
"""A topic and the number of a partition."""


@dataclass(frozen=True, slots=True)
class AuditedRecord:
    """A record without its value.

    `event_id` is None if the record breaks the contract of its topic. `body_hash` is the hash in
    inboxes, `value_hash` the SHA-256 of the bytes. `repeated` marks a record whose id has occurred
    shortly before in the partition, `conflicting` a repeated record with a different body,
    `of_canary` a record of the canary.
    """

    offset: int
    accepted_ms: int
    event_id: str | None
    body_hash: bytes
    value_hash: bytes
    repeated: bool = False
    conflicting: bool = False
    of_canary: bool = False
