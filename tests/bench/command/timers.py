"""Durable timers on a real Postgres: cost of a sweep, lateness of timers, shortest step."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from statistics import median, quantiles
from typing import Any

from tests.bench.command.processes import processes
from tests.bench.command.service import a_request
from tests.bench.command.units import CITY, RED, SMALL_TOWN
from tests.component.command.harness import CommandHarness, some_times

ARMED = 100_000
_FAR_S = 3_600
_SWEEPS = 100
_DUE = 10
"""Timers due in a sweep that has something to do."""
_FIRED = (
    "SELECT fired_at, clock_timestamp() - due_at AS late FROM command.timer "
    "WHERE state = 'fired' AND fired_at > $1 AND kind = 'sign_escalate' AND rung = 0"
)
_AHEAD_S = 2
"""Deadlines are set this long ahead: setting all of them is over when the first is due."""
_PACED_S = 20
_PACED_PER_S = 250


async def timers(dsn: str, say: Callable[[str], None]) -> dict[str, Any]:
    """Sweep 100,000 armed timers; then measure lateness, evenly paced and all due at once."""
    async with processes(dsn, some_times(_FAR_S, 2 * _FAR_S, 600), 1) as (harness,):
        await harness.apply(a_request("cmd-timers", CITY))
        await _arm_exactly(harness)
        empty = [await _sweep_ms(harness, 0) for _ in range(_SWEEPS)]
        busy = [await _sweep_ms(harness, _DUE) for _ in range(_SWEEPS)]
        say(f"sweep: {median(empty):.1f} ms with nothing due, {median(busy):.1f} ms with {_DUE}")
        paced = await _lateness(harness, _PACED_PER_S * _PACED_S, _PACED_S)
        burst = await _lateness(harness, RED, 0)
        say(f"late: paced p99 {_p99(paced):.2f} s; of {RED:,} at once the last {max(burst):.2f} s")
        early = await harness.database.pool.fetchval(
            "SELECT count(*) FROM command.timer WHERE fired_at < due_at"
        )
    return {
        "armed": ARMED,
        "sweep_nothing_due_ms": {"p50": median(empty), "p99": _p99(empty)},
        "sweep_due_ms": {"due": _DUE, "p50": median(busy), "p99": _p99(busy)},
        "late_paced_s": {"timers": len(paced), "p50": median(paced), "p99": _p99(paced)},
        "late_burst_s": {"timers": len(burst), "p50": median(burst), "max": max(burst)},
        "early": early,
    }


async def shortest_step(dsn: str, say: Callable[[str], None]) -> dict[str, Any]:
    """A ladder with steps of one second: the time between two rungs of an assignment, as fired."""
    async with processes(dsn, some_times(sign_s=1, finish_s=600, step_s=1), 1) as (harness,):
        await harness.apply(a_request("cmd-ladder", SMALL_TOWN))
        async with _sweeping(harness):
            await asyncio.sleep(6)
        rows = await harness.database.pool.fetch(
            "SELECT subject_id, rung, fired_at, lead(fired_at) OVER "
            "(PARTITION BY subject_id ORDER BY rung) - fired_at AS step FROM command.timer "
            "WHERE kind = 'sign_escalate' AND state = 'fired'"
        )
    steps = [row["step"].total_seconds() for row in rows if row["step"] is not None]
    say(f"step of the ladder: {median(steps):.2f} s over {len(steps)} rungs")
    return {"steps": len(steps), "p50_s": median(steps), "max_s": max(steps)}


async def _arm_exactly(harness: CommandHarness) -> None:
    """Leave 100,000 timers: the signing clock of every assignment and some of the other kinds."""
    await harness.database.pool.execute(
        "DELETE FROM command.timer WHERE (subject_id, kind, rung) IN "
        "(SELECT subject_id, kind, rung FROM command.timer "
        "WHERE kind <> 'sign_escalate' ORDER BY kind, subject_id LIMIT "
        "(SELECT count(*) FROM command.timer) - $1)",
        ARMED,
    )
    await harness.database.pool.execute("ANALYZE command.timer")
    armed = await _armed(harness)
    if armed != ARMED:
        raise RuntimeError(f"{armed} timers are armed")


async def _armed(harness: CommandHarness) -> int:
    number: int = await harness.database.pool.fetchval(
        "SELECT count(*) FROM command.timer WHERE state = 'armed'"
    )
    return number


async def _sweep_ms(harness: CommandHarness, due: int) -> float:
    if due:
        await _make_due(harness, due, 0)
    began = time.perf_counter()
    result = await harness.sweeper().sweep()
    took = (time.perf_counter() - began) * 1e3
    if result != due:
        raise RuntimeError(f"{result} timers were due, not {due}")
    return took


async def _make_due(
    harness: CommandHarness, count: int, within_s: float, ahead_s: float = 0
) -> None:
    """End uncalled signing clocks of `count` assignments, from `ahead_s` on over `within_s`."""
    await harness.database.pool.execute(
        "WITH chosen AS (SELECT subject_id, row_number() OVER () AS n FROM command.timer "
        "WHERE kind = 'sign_escalate' AND rung = 0 AND state = 'armed' LIMIT $1), "
        "moved AS (UPDATE command.timer AS t SET due_at = now() + ($3 + $2 * (n::float8 / $1)) "
        "* interval '1 second' FROM chosen c WHERE t.subject_id = c.subject_id "
        "AND t.kind = 'sign_escalate' AND t.rung = 0 RETURNING t.subject_id, t.due_at) "
        "UPDATE command.assignment AS a SET sign_by = m.due_at FROM moved m "
        "WHERE a.assignment_id = m.subject_id",
        count,
        float(within_s),
        float(ahead_s),
    )


async def _lateness(harness: CommandHarness, count: int, within_s: float) -> list[float]:
    """Measure `count` timers from due to committed, in seconds, with the service's sweeper.

    Committed is when another connection, looking twenty times a second, first sees the timer
    fired: one sweeper's transactions, each with a time of firing of its own, are seen in their
    order.
    """
    late: list[float] = []
    since = await harness.now()
    async with _sweeping(harness):
        await _make_due(harness, count, within_s, _AHEAD_S)
        deadline = time.monotonic() + within_s + 60
        while len(late) < count:
            await asyncio.sleep(0.05)
            for row in await harness.database.pool.fetch(_FIRED, since):
                late.append(row["late"].total_seconds())
                since = max(since, row["fired_at"])
            if time.monotonic() > deadline:
                raise RuntimeError(f"{len(late)} of {count} timers fired")
    return late


@asynccontextmanager
async def _sweeping(harness: CommandHarness) -> AsyncIterator[None]:
    running = asyncio.create_task(harness.sweeper().run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def _p99(values: list[float]) -> float:
    return quantiles(values, n=100)[98]
