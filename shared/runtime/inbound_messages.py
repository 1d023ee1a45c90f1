"""Messages for the handlers: decoded records, the rule of urgent messages, and digests."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from aiokafka import ConsumerRecord

from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Status
from shared.runtime.clock import record_time
from shared.runtime.database import Transaction
from shared.runtime.errors import Reject

_CHANGED_BY_SENDING = {"sent_at", "trace_id"}
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class InboundMessage(msgspec.Struct, frozen=True):
    """A new, decoded record. `accepted_ms` is Kafka's record time in ms since 1970.

    `early`: the message is handled before earlier records of the partition.
    """

    message: Any
    topic: str
    partition: int
    offset: int
    accepted_ms: int
    early: bool = False

    def acted_at(self, now: datetime) -> datetime | None:
        """Return the moment of an officer's act: Kafka's time of the message, at most `now`.

        An act is in time or late by this moment, whenever the message is read. None: unknown.
        """
        return min(record_time(self.accepted_ms), now) if self.accepted_ms else None


@dataclass(frozen=True, slots=True)
class PriorityRule:
    """Names the messages that are handled early: `applies` is true for each.

    The bytes of such a message contain one of `markers`, so that few records are decoded for the
    search.
    """

    markers: tuple[bytes, ...]
    applies: Callable[[Any], bool]


Apply = Callable[[Transaction, Sequence[InboundMessage]], Awaitable[None]]
"""Handles new messages in order, and calls `Transaction.refuse` for a message that can never be
handled, before any change for this message. After another error the batch is rolled back and
handled again in halves, so that only one message waits."""

FastDecoder = Callable[[bytes], Any]
"""Decodes a value of the simplest form to an object that equals the contract's model. Returns None
for any other value: the contract decodes such a value."""


class DecodedRecord(NamedTuple):
    """A record, the message, and the digest of the value."""

    record: ConsumerRecord
    message: Any
    digest: bytes


def is_of_canary(message: Any) -> bool:
    """Return whether a message belongs to the canary (docs/watch.md)."""
    return getattr(message, "status", None) is Status.SYSTEM


def body_digest(value: bytes) -> bytes:
    """Return a hash of a JSON object without the members that sending again may change.

    The hash is over the bytes of the value, so that no change of the contract changes the hash.
    Raises Reject for a value that only a lenient reader takes for JSON.
    """
    try:
        members = _members(value)
    except ValueError as error:
        raise Reject(Reason.NOT_JSON, str(error)) from None
    digest = hashlib.sha256()
    for name, member in members.items():
        if name not in _CHANGED_BY_SENDING:
            digest.update(b"%d:%s%d:" % (len(name), name.encode(), len(member)))
            digest.update(member)
    return digest.digest()[:16]
