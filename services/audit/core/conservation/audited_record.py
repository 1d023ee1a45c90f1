"""A record as the auditor remembers it."""

from __future__ import annotations

from dataclasses import dataclass

Partition = tuple[str, int]
"""A topic and the number of a partition."""


@dataclass(frozen=True, slots=True)
class AuditedRecord:
    """A record without its value. `event_id` is None for a record that breaks its topic's contract.

    `body_hash` is the hash that inboxes store, `value_hash` the SHA-256 of the bytes. `repeated`
    means that the same id lies in the partition not long before, `conflicting` that its body
    differs there.
    """

    offset: int
    accepted_ms: int
    event_id: str | None
    body_hash: bytes
    value_hash: bytes
    repeated: bool = False
    conflicting: bool = False
