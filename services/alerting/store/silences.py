"""Silences as rows.

They change only under the exclusive lock of the rules (regions.py), so that no alarm is hidden by a
silence that has just ended; only the count of hidden alarms rises under the row's own lock, which
is taken last of all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import asyncpg

from services.alerting.core.silences.silence import Silence
from services.alerting.store.alert_rows import Row
from shared.contracts.fields import Post, Status
from shared.contracts.silences import CLEARED_FOR, Matcher, SilenceKind, WeeklyWindow
from shared.runtime import timers
from shared.runtime.database import Transaction

SILENCE_END = "silence"
"""Kind of the timer at the end of a silence or of a weekly window; the subject is its id."""
SILENCE_WARNING = "silence_warning"
"""Kind of the timer that tells the owner of the end before it; the subject is the silence id."""

SILENCE_CLEARED = "silence_cleared"
"""Kind of the timer from the last alarm that a silence let go; the subject is the silence id."""


async def load_silences(
    transaction: Transaction, statuses: Iterable[Status], named: Iterable[str] = ()
) -> dict[str, Silence]:
    """Return by id the silences of these statuses that have not ended, and those named."""
    rows = await transaction.connection.fetch(
        "SELECT * FROM alerting.silence WHERE (ended_at IS NULL AND status = ANY($1::text[])) "
        "OR silence_id = ANY($2::text[])",
        list(statuses),
        list(named),
    )
    return {row["silence_id"]: _silence(row) for row in rows}


async def save_silences(transaction: Transaction, silences: Iterable[Silence]) -> None:
    """Write these silences with the timers of their ends and of the warnings before."""
    changed = list(silences)
    if not changed:
        return
    await transaction.connection.executemany(
        "INSERT INTO alerting.silence VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, "
        "$13, $14, $15, $16, $17, $18) ON CONFLICT (silence_id) DO UPDATE "
        "SET version = EXCLUDED.version, end_at = EXCLUDED.end_at, ended_at = EXCLUDED.ended_at, "
        "still_firing = EXCLUDED.still_firing, warns_at = EXCLUDED.warns_at, "
        "warned_at = EXCLUDED.warned_at",
        [_row(silence) for silence in changed],
    )
    armed = [
        (silence.silence_id, SILENCE_END, 0, silence.ends_at(transaction.now))
        for silence in changed
        if silence.ended_at is None
    ]
    armed += [
        (silence.silence_id, SILENCE_WARNING, 0, silence.warns_at)
        for silence in changed
        if silence.warns_at is not None
    ]
    await timers.arm(transaction, armed, rearm=True)
    ended = [silence.silence_id for silence in changed if silence.ended_at is not None]
    await timers.disarm(transaction, ended, [SILENCE_END, SILENCE_WARNING, SILENCE_CLEARED])


async def await_clearance(transaction: Transaction, silences: Iterable[Silence]) -> None:
    """Arm, or move, the timers of silences that end with their alarms and let one go now."""
    due_at = transaction.now + CLEARED_FOR
    waiting = [
        (silence.silence_id, SILENCE_CLEARED, 0, due_at)
        for silence in silences
        if silence.until_cleared and silence.ended_at is None
    ]
    await timers.arm(transaction, waiting, rearm=True)


async def add_hidden(transaction: Transaction, hidden: Mapping[str, int]) -> list[Silence]:
    """Add to the counts of hidden alarms; return these silences in the order of their ids.

    An alarm that is hidden shortly before the end brings back the warning that nobody needed.
    """
    silences = []
    for silence_id, number in sorted(hidden.items()):
        row = await transaction.connection.fetchrow(
            "UPDATE alerting.silence SET silenced = silenced + $2, version = version + 1 "
            "WHERE silence_id = $1 RETURNING *",
            silence_id,
            number,
        )
        assert row is not None, "a silence that hides an alarm is never deleted"
        silences.append(_silence(row))
    late = [
        (silence.silence_id, SILENCE_WARNING, 0, silence.warns_at)
        for silence in silences
        if silence.warns_at is not None
    ]
    await timers.arm_unarmed(transaction, late)
    return silences


def _silence(row: asyncpg.Record) -> Silence:
    return Silence(
        silence_id=row["silence_id"],
        status=Status(row["status"]),
        version=row["version"],
        kind=SilenceKind(row["kind"]),
        matcher=Matcher.from_wire(row["matcher"]),
        unit=row["unit"],
        owner=row["owner"],
        post=Post(row["post"]),
        begin_at=row["begin_at"],
        end_at=row["end_at"],
        reason=row["reason"],
        ended_at=row["ended_at"],
        silenced=row["silenced"],
        still_firing=row["still_firing"],
        warns_at=row["warns_at"],
        warned_at=row["warned_at"],
        until_cleared=row["until_cleared"],
        weekly=None if row["weekly"] is None else WeeklyWindow.from_wire(row["weekly"]),
    )


def _row(silence: Silence) -> Row:
    """Return the values in the order of the table's columns."""
    return (
        *(silence.silence_id, silence.status, silence.version, silence.kind),
        silence.matcher.model_dump_json(exclude_none=True),
        *(silence.unit, silence.owner, silence.post, silence.begin_at, silence.end_at),
        *(silence.reason, silence.ended_at, silence.silenced, silence.still_firing),
        *(silence.warns_at, silence.warned_at, silence.until_cleared),
        None if silence.weekly is None else silence.weekly.model_dump_json(),
    )
