"""The supervision board over a year of commands: the queries behind the console's addresses."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from statistics import median, quantiles
from typing import Any

import asyncpg

from deploy.migrations.runner import sql_fingerprint
from services.console.core.access import Span, span_of
from services.console.features.commands import counts, pending_units
from services.console.features.overview import queries as overview_queries
from services.console.features.supervision import queries as supervision_queries
from services.console.store.connections import PLAN_EACH
from shared.contracts.fields import Status
from tests.bench.command import year
from tests.bench.command.scratch import scratch
from tests.bench.command.units import CITY, RED_DISTRICT
from tests.bench.environments import FOLDER

_TIMES = 15
VIEWERS = {"city": CITY, "district": RED_DISTRICT, "town": "500118001000"}


async def board(assignments: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure each part of the board in ms for viewers of three tiers; recount the counts."""
    folder = FOLDER / f"year-{assignments}-{sql_fingerprint()[:12]}"
    async with scratch(folder) as dsn:
        database = await asyncpg.connect(dsn, command_timeout=1_800)
        try:
            await database.execute(PLAN_EACH)
            generated = not await year.is_there(database, assignments)
            began = time.monotonic()
            if generated:
                await year.generate(database, assignments, say)
            took = time.monotonic() - began
            parts = {
                name: await _parts(database, span_of(unit), say, name)
                for name, unit in VIEWERS.items()
            }
            wrong = await _wrong(database)
            size = await database.fetchval("SELECT pg_database_size(current_database())")
        finally:
            await database.close()
    slowest = max(part["p50_ms"] for viewer in parts.values() for part in viewer.values())
    return {
        "assignments": assignments,
        "generated_s": took if generated else None,
        "database_gib": size / 2**30,
        "slowest_p50_ms": slowest,
        "parts": parts,
        "counts_wrong": wrong,
    }


async def _parts(
    database: asyncpg.Connection, span: Span, say: Callable[[str], None], name: str
) -> dict[str, Any]:
    """Time the queries behind /api/commands, /api/commands/{id} and /api/supervision."""

    async def commands() -> None:
        rows = await counts.recent_commands(
            database, span, Status.ACTUAL, only_open=False, after=None, limit=100
        )
        ids = [row["command_id"] for row in rows]
        await counts.by_command_and_tier(database, ids, span)

    async def one_command() -> None:
        counted = await counts.by_command_and_tier(database, ["cmd-1"], span)
        await pending_units.pending(database, "cmd-1", span, counted, 200)

    async def overview() -> None:
        ids = await counts.open_command_ids(database, Status.ACTUAL)
        await counts.by_command_and_tier(database, ids, span)
        await overview_queries.small_counts(database, span, Status.ACTUAL)

    async def supervised() -> None:
        await supervision_queries.supervised(database, span, Status.ACTUAL, None, None, 100)

    results = {}
    for part in (commands, one_command, overview, supervised):
        runs_ms = [await _ms(part) for _ in range(_TIMES)]
        results[part.__name__] = {"p50_ms": median(runs_ms), "p95_ms": quantiles(runs_ms, n=20)[18]}
        say(f"board of the {name}: {part.__name__} {median(runs_ms):.0f} ms")
    return results


async def _ms(part: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await part()
    return (time.perf_counter() - began) * 1e3


async def _wrong(database: asyncpg.Connection) -> int:
    """Count the tiers of open and closed commands with other counts on the board than recounted."""
    wrong = 0
    closed = await database.fetchval(
        "SELECT command_id FROM console.command WHERE state = 'closed' AND recipients < 10000 "
        "LIMIT 1"
    )
    for viewer in VIEWERS.values():
        span = span_of(viewer)
        for command in ("cmd-1", closed):
            counted = await counts.by_command_and_tier(database, [command], span)
            board_counts = {row["unit_tier"]: (row["total"], row["done"]) for row in counted}
            plain: dict[str, tuple[int, int]] = {}
            by_state = await year.recount(database, command, span.low, span.high)
            for (tier, state), count in by_state.items():
                total, done_count = plain.get(tier, (0, 0))
                plain[tier] = total + count, done_count + count * (state == "done")
            wrong += sum(
                board_counts.get(tier) != plain.get(tier)
                for tier in board_counts.keys() | plain.keys()
            )
    return wrong
