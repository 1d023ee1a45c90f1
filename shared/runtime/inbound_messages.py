"""Messages on their way to the handlers: decoded records, which of them go first, their digest."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from aiokafka import ConsumerRecord

from shared.contracts.dead_letter import Reason
from shared.runtime.clock import record_time
from shared.runtime.database import Transaction
from shared.runtime.errors import Reject

_CHANGED_BY_SENDING = {"sent_at", "trace_id"}
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


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
"""Handles new messages in order. It calls `Transaction.refuse` for a message that can never be
handled, before it changes anything for this message. After any other error the batch is rolled back
and handled again in halves, so that only one message waits."""

FastDecoder = Callable[[bytes], Any]
"""Decodes a value of the simplest form: returns an object that equals the contract's model. Returns
None for any other value, which the contract decodes then."""


class DecodedRecord(NamedTuple):
    """A record, its message, and the digest of its value."""

    record: ConsumerRecord
    message: Any
    digest: bytes


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
