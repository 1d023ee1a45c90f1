"""The origin of a record, and the properties that can be verified.

The console's table holds every action of a person byte for byte as first recorded. An outbox keeps
no row after publication; but an id follows from the meaning of the record, so a different body
under an existing id is an alteration. Records of all further writers (sensors, scoring, deploy) can
only be decoded.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.audit.core.conservation.audited_record import AuditedRecord, Partition
from shared.contracts.topics import TOPICS

_OUTBOX_WRITERS = frozenset({"alerting", "command", "notify", "audit"})
_CONSOLE = "console"
_ROBOT = "audit"
"""The writer of the canary's acts, which can change nothing but the canary's own alerts."""


class RecordOrigin(StrEnum):
    """The source with which records of a topic can be compared."""

    CONSOLE_ACTIONS = "console_actions"
    OUTBOX = "outbox"
    UNVERIFIABLE = "unverifiable"


class RecordFlaw(StrEnum):
    """A fault of a record; a closed set."""

    UNDECODABLE = "undecodable"
    """The record breaks the contract, on a topic that our services alone write."""
    FORGED = "forged"
    """The record is a person's action, and the console has not recorded that action."""
    ALTERED = "altered"
    """The console has recorded a different action under the id, or the topic a different body."""
    UNREFUSED = "unrefused"
    """The record breaks the contract, and no reader has dead-lettered it."""
    LOST = "lost"
    """A reader has passed the record and left no trace of it."""


def origin_of(topic: str) -> RecordOrigin:
    """Return the origin that holds for all writers of a topic."""
    spec = TOPICS[topic]
    writers = {spec.owner, *spec.writers}
    if spec.owner == _CONSOLE and writers <= {_CONSOLE, _ROBOT}:
        return RecordOrigin.CONSOLE_ACTIONS
    if writers <= _OUTBOX_WRITERS | {_CONSOLE}:
        return RecordOrigin.OUTBOX
    return RecordOrigin.UNVERIFIABLE


def flaw_of(
    record: AuditedRecord,
    origin: RecordOrigin,
    actions: Mapping[str, bytes],
    inbox: Mapping[str, bytes],
    since_ms: int,
) -> RecordFlaw | None:
    """Return the fault of a record, None if there is none.

    `actions` maps ids to the value hashes of the console's table, `inbox` ids to the body hashes of
    the auditor's own inbox. The console may have deleted actions older than `since_ms`: those are
    only decoded. The canary's acts are compared with the inbox alone.
    """
    if origin is RecordOrigin.UNVERIFIABLE:
        return None
    if record.event_id is None:
        return RecordFlaw.UNDECODABLE
    if origin is RecordOrigin.OUTBOX or record.of_canary:
        first_body = inbox.get(record.event_id, record.body_hash)
        altered = record.conflicting or first_body != record.body_hash
        return RecordFlaw.ALTERED if altered else None
    action = actions.get(record.event_id)
    if action == record.value_hash or (action is None and record.accepted_ms < since_ms):
        return None
    return RecordFlaw.FORGED if action is None else RecordFlaw.ALTERED


@dataclass(frozen=True, slots=True)
class SuspectRecord:
    """A record with a flaw. `service` is the reader or the writer in question."""

    partition: Partition
    offset: int
    service: str
    flaw: RecordFlaw
    event_id: str | None
    body_hash: bytes
    value_hash: bytes
    found_at: datetime


@dataclass(frozen=True, slots=True)
class SuspectGroup:
    """The number of records with one flaw on a topic, if they are too many to be named."""

    topic: str
    service: str
    flaw: RecordFlaw
    records: int


def is_explained(
    suspect: SuspectRecord,
    refused_by: Collection[str],
    inbox: Mapping[str, bytes],
    actions: Mapping[str, bytes],
) -> bool:
    """Return True if the suspect has a trace, a dead letter or an action by now.

    `refused_by` are the services whose dead letters name the record; `inbox` is the reader's, for
    the topic of the record; `actions` maps ids to the value hashes of the console's table.
    """
    match suspect.flaw:
        case RecordFlaw.UNDECODABLE:
            return False
        case RecordFlaw.UNREFUSED:
            return bool(refused_by)
        case RecordFlaw.LOST:
            body_hash = inbox.get(suspect.event_id or "")
            return suspect.service in refused_by or body_hash == suspect.body_hash
        case RecordFlaw.FORGED | RecordFlaw.ALTERED:
            return actions.get(suspect.event_id or "") == suspect.value_hash
