"""A recall meets whatever is called about at the same moment: one of the two waits for the other.

Who calls because of an alert holds its lock together with others; a recall holds it alone. So it finds
every call that was made before it, and every later one finds that the alert has been recalled.
"""

from __future__ import annotations

from collections.abc import Collection

from services.notify.core.book import Book
from services.notify.core.ladders import LadderState
from shared.contracts.fields import Post
from shared.runtime.database import Transaction

_LOCK = (
    "SELECT CASE WHEN alone THEN pg_advisory_xact_lock(hashtextextended(alert_id, 6)) "
    "ELSE pg_advisory_xact_lock_shared(hashtextextended(alert_id, 6)) END "
    "FROM unnest($1::text[], $2::boolean[]) AS named (alert_id, alone)"
)


async def lock(work: Transaction, causes: Collection[str], recalled: Collection[str]) -> None:
    """Before anything else is locked, in the order of the alerts' ids, as everyone here does."""
    named = sorted({*causes, *recalled})
    if named:
        await work.connection.execute(_LOCK, named, [name in recalled for name in named])


async def living(work: Transaction, recalled: Collection[str]) -> set[str]:
    """Ladders that are not closed and stand because of these alerts, whatever they ask for."""
    rows = await work.connection.fetch(
        "SELECT ladder_id FROM notify.ladder WHERE alert_id = ANY($1::text[]) "  # noqa: S608
        f"AND state <> '{LadderState.CLOSED}'",
        list(recalled),
    )
    return {row["ladder_id"] for row in rows}


async def load_paged(work: Transaction, recalled: Collection[str], book: Book) -> None:
    """Everybody who was paged because of these alerts; after their ladders are locked."""
    rows = await work.connection.fetch(
        "SELECT DISTINCT l.alert_id, p.unit, p.post, p.officer_id FROM notify.ladder AS l "
        "JOIN notify.page AS p USING (ladder_id) WHERE l.alert_id = ANY($1::text[])",
        list(recalled),
    )
    for row in rows:
        seat = (row["unit"], Post(row["post"]), row["officer_id"])
        book.paged.setdefault(row["alert_id"], set()).add(seat)
