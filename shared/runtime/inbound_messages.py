"""Messages on their way to the handlers: decoded records, which of them go first, their digest."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from aiokafka import ConsumerRecord

from shared.runtime.clock import record_time
from shared.runtime.database import Transaction

_CHANGED_BY_SENDING = {"sent_at", "trace_id"}


class InboundMessage(msgspec.Struct, frozen=True):
    """A new, decoded record. `accepted_ms` is Kafka's record time in ms since 1970.

    `early`: the message is handled before its turn; records before it in its partition are yet to
    come.
    """

    message: Any
    topic: str
    partition: int
    offset: int
    accepted_ms: int
    early: bool = False

    def acted_at(self, now: datetime) -> datetime | None:
        """Return when an officer acted by this message: when Kafka accepted it, at most `now`.

        An act is in time or late by this moment, however long it lay unread. None: unknown.
        """
        return min(record_time(self.accepted_ms), now) if self.accepted_ms else None


@dataclass(frozen=True, slots=True)
class PriorityRule:
    """Names the messages that go before their turn: those for which `applies` is true.

    The bytes of each of them contain one of `markers`, so that few records are decoded to find
    them.
    """

    markers: tuple[bytes, ...]
    applies: Callable[[Any], bool]


Apply = Callable[[Transaction, Sequence[InboundMessage]], Awaitable[None]]
"""Handles new messages in order. It raises Reject for a message that can never be handled: the
batch is rolled back and handled again in halves, so that only this message goes to the dead
letters."""

FastDecoder = Callable[[bytes], tuple[Any, bytes] | None]
"""Decodes a value of the simplest form: returns an object that equals the contract's model, and its
`body_digest`. Returns None for any other value, which the contract decodes then."""


class DecodedRecord(NamedTuple):
    """A record, its message, and the digest of the message."""

    record: ConsumerRecord
    message: Any
    digest: bytes


def body_digest(message: Any) -> bytes:
    """Return a hash of a message without the fields that sending again may change."""
    raw = message.__pydantic_serializer__.to_json(
        message, exclude=_CHANGED_BY_SENDING, exclude_none=True
    )
    return hashlib.sha256(raw).digest()[:16]
