"""Silences as rows. They change only under the rules' lock (store/evidence.py), so that no alarm is
hidden by one that has just ended; only the count goes up under the row's own lock, last of all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import asyncpg

from services.alerting.core.silences import Silence
from services.alerting.rows import Row
from shared.contracts.fields import Post, Status
from shared.contracts.silences import Matcher, SilenceKind
from shared.runtime import timers
from shared.runtime.database import Transaction

SILENCE = "silence"
"""Kind of the timer at the end of a silence."""


async def standing(
    work: Transaction, statuses: Iterable[Status], named: Iterable[str] = ()
) -> dict[str, Silence]:
    """The silences of these statuses that stand or are to come, and those named."""
    rows = await work.connection.fetch(
        "SELECT * FROM alerting.silence WHERE (ended_at IS NULL AND status = ANY($1::text[])) "
        "OR silence_id = ANY($2::text[])",
        list(statuses),
        list(named),
    )
    return {row["silence_id"]: _silence(row) for row in rows}


async def save(work: Transaction, silences: Iterable[Silence]) -> None:
    """Write them with the timers of their ends."""
    changed = list(silences)
    if not changed:
        return
    await work.connection.executemany(
        "INSERT INTO alerting.silence VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, "
        "$13, $14) ON CONFLICT (silence_id) DO UPDATE SET version = EXCLUDED.version, "
        "end_at = EXCLUDED.end_at, ended_at = EXCLUDED.ended_at, "
        "still_firing = EXCLUDED.still_firing",
        [_row(silence) for silence in changed],
    )
    lasting = [
        (_subject(silence), SILENCE, 0, silence.end_at)
        for silence in changed
        if silence.ended_at is None
    ]
    await timers.arm(work, lasting, rearm=True)
    over = [_subject(silence) for silence in changed if silence.ended_at is not None]
    await timers.disarm(work, over, [SILENCE])


async def count(work: Transaction, hidden: Mapping[str, int]) -> list[Silence]:
    """Add to the counts of these silences; they as they stand now, in the order of their ids."""
    results = []
    for silence_id, more in sorted(hidden.items()):
        row = await work.connection.fetchrow(
            "UPDATE alerting.silence SET silenced = silenced + $2, version = version + 1 "
            "WHERE silence_id = $1 RETURNING *",
            silence_id,
            more,
        )
        assert row is not None, "a silence that hides something is never deleted"
        results.append(_silence(row))
    return results


def silence_of_subject(subject: str) -> str:
    """The silence of a timer."""
    return subject.removeprefix(f"{SILENCE}:")


def _subject(silence: Silence) -> str:
    return f"{SILENCE}:{silence.silence_id}"


def _silence(row: asyncpg.Record) -> Silence:
    return Silence(
        silence_id=row["silence_id"],
        status=Status(row["status"]),
        version=row["version"],
        kind=SilenceKind(row["kind"]),
        matcher=Matcher.model_validate_json(row["matcher"]),
        unit=row["unit"],
        owner=row["owner"],
        post=Post(row["post"]),
        begin_at=row["begin_at"],
        end_at=row["end_at"],
        reason=row["reason"],
        ended_at=row["ended_at"],
        silenced=row["silenced"],
        still_firing=row["still_firing"],
    )


def _row(silence: Silence) -> Row:
    return (
        *(silence.silence_id, silence.status, silence.version, silence.kind),
        silence.matcher.model_dump_json(exclude_none=True),
        *(
            silence.unit,
            silence.owner,
            silence.post,
            silence.begin_at,
            silence.end_at,
            silence.reason,
            silence.ended_at,
        ),
        *(silence.silenced, silence.still_firing),
    )
