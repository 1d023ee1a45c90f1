"""Refused records of a transaction: each of them becomes a dead letter."""

from __future__ import annotations

from collections.abc import Sequence

from aiokafka import ConsumerRecord

from shared.contracts.dead_letter import Reason
from shared.runtime.errors import Reject
from shared.runtime.inbound_messages import DecodedRecord
from shared.runtime.inbox_store import NewRecords, RefusedMessage, key_of


class PoisonedBatch(Exception):
    """The transaction is rolled back because of one record."""

    def __init__(self, reject: Reject) -> None:
        super().__init__(str(reject))
        self.reject = reject


def refusals_of(
    messages: Sequence[DecodedRecord], refused: Sequence[tuple[object, Reject]]
) -> list[RefusedMessage]:
    """Return those of the messages that the service has refused, by identity."""
    rejects = {id(message): reject for message, reject in refused}
    return [
        (record, rejects[id(record.message)])
        for record in messages
        if id(record.message) in rejects
    ]


def refused_records(
    ids: NewRecords, refused: Sequence[RefusedMessage]
) -> tuple[list[tuple[ConsumerRecord, Reject]], list[ConsumerRecord]]:
    """Return the records to refuse, and the harmless repeats.

    Refused are conflicts, the messages that the service has refused, and repeats of such messages.
    """
    rejects = {key_of(record): reject for record, reject in refused}
    results = [(record, _conflict(message.id)) for record, message, _ in ids.conflicts]
    results += [(decoded.record, reject) for decoded, reject in [*refused, *ids.refused]]
    repeats: list[ConsumerRecord] = []
    for repeat in ids.repeats:
        reject = rejects.get(key_of(repeat))
        if reject is None:
            repeats.append(repeat.record)
        else:
            results.append((repeat.record, reject))
    return results, repeats


def _conflict(event_id: str) -> Reject:
    return Reject(Reason.ID_CONFLICT, f"id {event_id} was seen before with another body")
