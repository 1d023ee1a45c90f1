"""The hash chain of the trail: every entry contains the hash of the previous entry.

`hash` is SHA-256 over the entry's canonical JSON (keys sorted, no spaces, absent fields omitted,
UTF-8) without `hash` itself. The JSON contains `prev_hash` and `sequence`, therefore no entry can
be changed, removed or moved without breaking the chain. Only a head that is stored elsewhere
reveals entries removed at the end.
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
class ChainHead:
    """The sequence and the hash of the last entry of a chain."""

    sequence: int
    hash: str


GENESIS = ChainHead(0, "0" * 64)
"""The head of an empty chain."""


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """The content of an entry. `cause_id` is the id of its record or finding: one entry each."""

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


def entry_hash(entry: AuditEntry) -> str:
    """Return the hash that the entry must have, 64 hex digits."""
    fields = entry.model_dump(mode="json", exclude={"hash"}, exclude_none=True)
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def entry_id(draft: EntryDraft) -> str:
    """Return the id of the entry that a draft becomes.

    The id of a cause is unique on its topic only; records of different topics differ in `action`.
    """
    return content_id("aud", draft.action, draft.cause_id)


def seal(draft: EntryDraft, head: ChainHead, now: datetime) -> AuditEntry:
    """Return the draft as the next entry after `head`."""
    entry = AuditEntry(
        id=entry_id(draft),
        status=draft.status,
        occurred_at=draft.occurred_at,
        sent_at=now,
        origin_unit=draft.origin_unit,
        tier=tier_of(draft.origin_unit),
        references=(draft.cause_id,),
        trace_id=draft.trace_id or draft.cause_id,
        sequence=head.sequence + 1,
        actor=draft.actor,
        action=draft.action,
        subject_id=draft.subject_id,
        outcome=draft.outcome,
        reason=draft.reason,
        place=draft.place,
        count=draft.count,
        prev_hash=head.hash,
        hash="0" * 64,
    )
    return entry.model_copy(update={"hash": entry_hash(entry)})


def seal_all(drafts: Sequence[EntryDraft], head: ChainHead, now: datetime) -> list[AuditEntry]:
    """Return all drafts as entries, in order, the first one after `head`."""
    entries: list[AuditEntry] = []
    for draft in drafts:
        entry = seal(draft, head, now)
        entries.append(entry)
        head = ChainHead(entry.sequence, entry.hash)
    return entries


def verify(
    entries: Sequence[AuditEntry],
    *,
    previous: ChainHead = GENESIS,
    head: ChainHead | None = None,
) -> int | None:
    """Return the index of the first entry that breaks the chain, None if the chain is intact.

    `previous` is the head that the first entry must follow. With `head`, a chain that ends
    elsewhere is broken too, at the index after its last entry.
    """
    for index, entry in enumerate(entries):
        follows = entry.sequence == previous.sequence + 1 and entry.prev_hash == previous.hash
        if not follows or entry.hash != entry_hash(entry):
            return index
        previous = ChainHead(entry.sequence, entry.hash)
    return len(entries) if head is not None and head != previous else None
