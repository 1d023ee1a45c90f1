"""Events of the feed: news for a person on watch, in the order of the commits.

Assignments are summed per batch, command, town and state: nobody reads nine thousand single events.
Receipts of devices, signatures of grids and notices below the four levels make no event. Alarms
that only feed other rules make none either, nor does a backlog: history is in the list of alarms.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shared.contracts.assignments import AssignmentEvent
from shared.contracts.fields import Tier
from shared.contracts.units import ancestor_at
from shared.runtime.database import Transaction

FeedEvent = dict[str, Any]

_APPEND_LOCK = 0x0F33D
"""Advisory lock from the append to the commit: a smaller seq never appears after a larger."""


def feed_event(
    kind: str,
    message: Any,
    unit: str,
    subject_id: str,
    *,
    level: str | None = None,
    officer_id: str | None = None,
    **payload: Any,
) -> FeedEvent:
    """Return the event that a record becomes; values of `payload` that are None are left out."""
    return {
        "kind": kind,
        "status": message.status,
        "unit_code": unit,
        "officer_id": officer_id,
        "level": level,
        "at": message.sent_at,
        "data_grade": message.data_grade,
        "subject_id": subject_id,
        "payload": {name: value for name, value in payload.items() if value is not None},
    }


def assignment_feed_events(assignments: Iterable[AssignmentEvent]) -> list[FeedEvent]:
    """Return one event per command, town (or unit above towns), state and status, with a count."""
    events: dict[tuple[str, ...], FeedEvent] = {}
    for assignment in assignments:
        unit = ancestor_at(assignment.unit, Tier.TOWN) or assignment.unit
        key = (assignment.command_id, unit, assignment.state, assignment.status)
        event = events.get(key)
        if event is None:
            event = events[key] = feed_event(
                "assignments",
                assignment,
                unit,
                assignment.command_id,
                level=assignment.level,
                state=assignment.state,
                headline=assignment.title,
                count=0,
            )
        event["payload"]["count"] += 1
        event["at"] = max(event["at"], assignment.sent_at)
    return list(events.values())


def row_of(event: FeedEvent) -> FeedEvent:
    """Return the event with its payload as JSON text, ready for the database."""
    return {**event, "payload": json.dumps(event["payload"], ensure_ascii=False)}


async def append(transaction: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append rows to the feed, as the last statement of a transaction: other writers wait."""
    if not rows:
        return
    await transaction.connection.execute("SELECT pg_advisory_xact_lock($1)", _APPEND_LOCK)
    names = (
        *("kind", "status", "unit_code", "officer_id", "level", "at"),
        *("data_grade", "subject_id", "payload"),
    )
    await transaction.connection.execute(
        f"INSERT INTO console.feed ({', '.join(names)}) "  # noqa: S608
        "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], "
        "$6::timestamptz[], $7::text[], $8::text[], $9::jsonb[])",
        *([row[name] for row in rows] for name in names),
    )
