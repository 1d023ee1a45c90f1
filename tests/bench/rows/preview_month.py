"""The preview of a draft over a month of 83,000 assignments: a million a year, as `counts` has.

Measured is all that an officer waits for but the network: from the facts in the database to counts
and cases.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

from deploy.example.units import all_units
from services.console.features.limits.comparison import compare
from services.console.features.limits.limits_parts import LimitParts
from shared.contracts.fields import Level, ResponseMode, Status, Tier
from shared.contracts.limits import AssignmentLimits, LimitsDocument
from shared.domain.limits.assignments import attempt_deadlines, times_in
from shared.domain.limits.book import limits_key
from shared.runtime.database import Database

ASSIGNMENTS = 83_000
DAYS = 30
LEVELS = (Level.BLUE, Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED)
TIERS = (Tier.TOWN, Tier.VILLAGE, Tier.GRID)
_STEPS = (("signed", 0.6), ("accepted", 0.7), ("handling", 0.8), ("reported", 0.9))
"""Steps of a unit after the delivery, as shares of the time to sign or to finish."""
_COLUMNS = (
    *("thread", "at", "event_id", "status", "kind", "event", "part", "subject_id"),
    *("version", "unit", "tier", "actor", "late", "details", "deadlines"),
)
_FactRow = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class PreviewMonth:
    """The seconds of one preview, with what was compared; `newly_late` counts a known share."""

    seconds: float
    assignments: int
    facts: int
    clocks: int
    newly_late: int


async def preview_month(
    dsn: str, document: LimitsDocument, assignments: int = ASSIGNMENTS
) -> PreviewMonth:
    """Fill a fresh database of the console with a month, and compare a draft with all of it.

    `document` held; the draft has half of its times to sign.
    """
    limits = document.assignments
    assert limits is not None, "a document about assignments"
    now = datetime.now(UTC)
    begin = now - timedelta(days=DAYS)
    rows = _facts(document, limits, begin, now, assignments)
    connection = await asyncpg.connect(dsn)
    try:
        await connection.copy_records_to_table(
            "case_fact", schema_name="console", columns=_COLUMNS, records=rows
        )
        await connection.execute("ANALYZE console.case_fact")
    finally:
        await connection.close()
    parts = LimitParts()
    parts.book.put(document)
    draft = document.model_copy(
        update={
            "version": document.version + 1,
            "in_force_from": now + timedelta(days=1),
            "assignments": _halved(limits),
        }
    )
    database = Database(dsn, "console", 2)
    await database.start()
    try:
        started = time.perf_counter()
        compared = await compare(
            database,
            parts,
            draft,
            next(unit.unit for unit in all_units() if unit.tier is Tier.CITY),
            Status.ACTUAL,
            (begin, now),
            longest_s=600,
        )
        seconds = time.perf_counter() - started
    finally:
        await database.stop()
    result = compared.result
    return PreviewMonth(
        seconds, result.attempts, len(rows), result.total.clocks, result.total.newly_late
    )


def _facts(
    document: LimitsDocument,
    limits: AssignmentLimits,
    begin: datetime,
    now: datetime,
    assignments: int,
) -> list[_FactRow]:
    """Return the facts of commands to one unit of each tier after the other, spread evenly."""
    units = {tier: [unit.unit for unit in all_units() if unit.tier is tier] for tier in TIERS}
    times = times_in(limits, ResponseMode.NORMAL)
    step = (now - begin - timedelta(hours=1)) / assignments
    rows: list[_FactRow] = []
    for number in range(assignments):
        tier, level = TIERS[number % len(TIERS)], LEVELS[number // 3 % len(LEVELS)]
        unit = units[tier][number % len(units[tier])]
        begin_at = begin + number * step
        sign_by, finish_by = attempt_deadlines(
            begin_at, times.sign_s[level][tier], times.finish_s[level][tier]
        )
        deadlines = {
            "sign_by": sign_by.isoformat(),
            "finish_by": finish_by.isoformat(),
            "level": level,
            "limits": limits_key(document),
        }
        states: list[tuple[str, datetime, str | None]] = [
            ("delivered", begin_at, json.dumps(deadlines))
        ]
        states += [
            (
                event,
                begin_at + ((sign_by if event == "signed" else finish_by) - begin_at) * share,
                None,
            )
            for event, share in _STEPS
        ]
        rows += [
            (
                *(f"cmd-{number // 100}", at, f"asg-{number}.{version}", "Actual", "assignment"),
                *(event, "1", f"asg-{number}", version, unit, tier.value, None, False, "{}", first),
            )
            for version, (event, at, first) in enumerate(states, 1)
        ]
    return rows


def _halved(limits: AssignmentLimits) -> AssignmentLimits:
    rows = tuple(
        row.model_copy(update={"within_s": max(1.0, row.within_s / 2)}) for row in limits.sign
    )
    return limits.model_copy(update={"sign": rows})
