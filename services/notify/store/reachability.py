"""How officers are reached, and the timers of the tests that tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.notify.core.book import Book
from services.notify.core.contact_tests import Place
from services.notify.core.reaches import Evidence, taught
from shared.contracts.reachability import Reachability
from shared.contracts.topics import REACHABILITY
from shared.runtime.database import Transaction
from shared.runtime.outbound_records import encode

KIND = "contact_test"
"""Of the timers; their subject is a Place."""


async def save(work: Transaction, book: Book) -> None:
    """Add what the book has learnt. Rows are locked after ladders, in the order of officers."""
    results: dict[str, list[Evidence]] = {}
    for one in book.evidence:
        results.setdefault(one.officer_id, []).append(one)
    if not results:
        return
    officers = sorted(results)
    # Who has no row yet gets one first: of two transactions that know him first, one waits.
    await work.connection.execute(
        "INSERT INTO notify.reachability (officer_id, version, body) "
        "SELECT officer_id, 0, '' FROM unnest($1::text[]) AS officer_id ON CONFLICT DO NOTHING",
        officers,
    )
    rows = await work.connection.fetch(
        "SELECT officer_id, version, body FROM notify.reachability "
        "WHERE officer_id = ANY($1::text[]) ORDER BY officer_id FOR UPDATE",
        officers,
    )
    known = {
        row["officer_id"]: Reachability.model_validate_json(row["body"])
        for row in rows
        if row["version"]
    }
    records = [taught(known.get(officer), results[officer], work.now) for officer in officers]
    await work.connection.execute(
        "UPDATE notify.reachability AS old SET version = new.version, body = new.body "
        "FROM unnest($1::text[], $2::int[], $3::text[]) AS new (officer_id, version, body) "
        "WHERE old.officer_id = new.officer_id",
        officers,
        [record.version for record in records],
        [encode(record).decode() for record in records],
    )
    for record in records:
        work.publish(REACHABILITY, record.officer_id, record, record.id)


async def schedule(work: Transaction, dues: Sequence[tuple[Place, datetime]]) -> None:
    """Arm each place's one timer for its time, unless it stands there already or is overdue."""
    if not dues:
        return
    await work.connection.execute(
        "INSERT INTO notify.timer AS old (subject_id, kind, rung, due_at) "
        "SELECT place, $1, 0, due_at FROM unnest($2::text[], $3::timestamptz[]) AS new(place, due_at) "
        "ORDER BY place ON CONFLICT (subject_id, kind, rung) DO UPDATE "
        "SET due_at = EXCLUDED.due_at, state = 'armed', fired_at = NULL, error = NULL "
        "WHERE old.state <> 'armed' OR (old.due_at > now() AND old.due_at <> EXCLUDED.due_at)",
        KIND,
        [str(place) for place, _ in dues],
        [due for _, due in dues],
    )
