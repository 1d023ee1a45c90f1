"""The trail's hash chain: every entry holds the hash of the one before it.

`hash` is SHA-256 over the entry's canonical JSON (keys sorted, no spaces, absent fields left out,
UTF-8) without `hash` itself; `prev_hash` and `sequence` are inside, so no entry can be changed,
removed or moved without breaking the chain. Cutting off the end shows only against a known head.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.contracts.audit import AuditEntry, AuditOutcome
from shared.contracts.fields import Status
from shared.contracts.ids import content_id
from shared.contracts.units import tier_of


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of a chain: its sequence and hash."""

    sequence: int
    hash: str


GENESIS = Head(0, "0" * 64)
"""What the first entry follows."""


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be entered. `cause_id` is the record it comes from: one entry per cause."""

    cause_id: str
    actor: str
    action: str
    subject_id: str
    outcome: AuditOutcome
    status: Status
    occurred_at: datetime
    origin_unit: str
    reason: str = ""
    trace_id: str | None = None
    place: str | None = None
    count: int | None = None


def digest(entry: AuditEntry) -> str:
    """The hash that the entry ought to have, 64 hex digits."""
    fields = entry.model_dump(mode="json", exclude={"hash"}, exclude_none=True)
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def entry_id(act: Act) -> str:
    """The id of an act's entry."""
    return content_id("aud", act.cause_id)


def seal(act: Act, head: Head, now: datetime) -> AuditEntry:
    """The act as the next entry after `head`."""
    draft = AuditEntry(
        id=entry_id(act),
        status=act.status,
        occurred_at=act.occurred_at,
        sent_at=now,
        origin_unit=act.origin_unit,
        tier=tier_of(act.origin_unit),
        references=(act.cause_id,),
        trace_id=act.trace_id or act.cause_id,
        sequence=head.sequence + 1,
        actor=act.actor,
        action=act.action,
        subject_id=act.subject_id,
        outcome=act.outcome,
        reason=act.reason,
        place=act.place,
        count=act.count,
        prev_hash=head.hash,
        hash="0" * 64,
    )
    return draft.model_copy(update={"hash": digest(draft)})


def append(acts: Sequence[Act], head: Head, now: datetime) -> list[AuditEntry]:
    """All acts as entries, in order, the first after `head`."""
    entries: list[AuditEntry] = []
    for act in acts:
        entry = seal(act, head, now)
        entries.append(entry)
        head = Head(entry.sequence, entry.hash)
    return entries


def verify(
    entries: Sequence[AuditEntry], *, after: Head = GENESIS, head: Head | None = None
) -> int | None:
    """Index of the first entry that breaks the chain, None when it holds.

    `after` is what the first entry has to follow. With `head`, a chain that ends elsewhere is broken
    too, at the index behind its last entry.
    """
    for index, entry in enumerate(entries):
        follows = entry.sequence == after.sequence + 1 and entry.prev_hash == after.hash
        if not follows or entry.hash != digest(entry):
            return index
        after = Head(entry.sequence, entry.hash)
    return len(entries) if head is not None and head != after else None
