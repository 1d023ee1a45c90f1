"""Row `counts`: the numbers and lists of the screens over 20,000 open alerts and a million tasks.

Every answer is asked for as an officer's browser does, from the console's own application on a real
Postgres. The numbers are compared with a recount of the records, one by one.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from statistics import median, quantiles
from typing import Any

import asyncpg
import httpx2

from deploy.migrations.runner import sql_fingerprint
from shared.contracts.alerts import AlertEvent, AlertState
from shared.contracts.fields import Level
from shared.contracts.lifecycles.assignment import IN_WORK, UNSIGNED
from shared.contracts.units import is_within
from tests.bench.command import year
from tests.bench.command.scratch import scratch
from tests.bench.command.units import CITY, RED_DISTRICT, city
from tests.bench.console.alarms import an_alarm
from tests.bench.console.plan import Plan, Say
from tests.bench.environments import FOLDER
from tests.support.console_events import an_alert
from tests.support.console_harness import ConsoleHarness, running_console

_TIMES = 20
_OFFICER = "o-city-b"
_VIEWERS = {"city": CITY, "district": RED_DISTRICT, "town": "500118001000"}
_OPEN = (
    AlertState.VERIFYING,
    AlertState.VERIFIED,
    AlertState.PENDING_APPROVAL,
    AlertState.ISSUED,
)
_LEVELS = (Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED)
_PATHS = {
    "overview": "/api/overview",
    "alerts": "/api/alerts?open=1",
    "alerts of a part": "/api/alerts?open=1&unit=500118000000",
    "alarms": "/api/alarms?standing=1",
    "alarms by words": "/api/alarms?standing=1&q=212.36",
    "commands": "/api/commands?open=1",
    "tasks": "/api/assignments?open=1",
    "tasks of a command": "/api/assignments?subtree=1&command=cmd-1",
    "supervision": "/api/supervision",
    "supervision of a command": "/api/supervision?command=cmd-1",
    "supervision by unit": "/api/supervision/units",
    "supervision by command": "/api/supervision/commands",
    "pages": "/api/pages?open=1",
}
_LATE = ("escalated", "overdue", "reminded")


async def counts(plan: Plan, say: Say) -> dict[str, Any]:
    """Measure each answer for viewers of three tiers in ms, and recount the numbers."""
    folder = FOLDER / f"counts-{plan.assignments}-{sql_fingerprint()[:12]}"
    async with scratch(folder) as dsn:
        database = await asyncpg.connect(dsn, command_timeout=1_800)
        try:
            if not await year.is_there(database, plan.assignments):
                await year.generate(database, plan.assignments, say)
            await database.execute("TRUNCATE console.alert, console.alarm, console.feed")
            async with running_console(dsn) as console:
                for unit in city():
                    console.deps.names.tree.put(unit)
                storm = _storm(plan.alerts)
                now = datetime.now(UTC)
                await console.project([*storm, *(an_alarm(n, now) for n in range(plan.alerts))])
                await database.execute("VACUUM ANALYZE")
                parts = {
                    name: await _parts(console, unit, say, name) for name, unit in _VIEWERS.items()
                }
                wrong = await _wrong(console, database, storm)
        finally:
            await database.close()
    measured = [part for viewer in parts.values() for part in viewer.values()]
    return {
        "alerts": plan.alerts,
        "assignments": plan.assignments,
        "slowest_p50_ms": max(part["p50_ms"] for part in measured),
        "slowest_p95_ms": max(part["p95_ms"] for part in measured),
        "parts": parts,
        "counts_wrong": wrong,
    }


def _storm(count: int) -> list[AlertEvent]:
    """Return open alerts at desks of the generated city, some of them with areas."""
    chance = random.Random(16)
    desks = [unit.unit for unit in city() if "/" not in unit.unit]
    alerts = []
    for number in range(count):
        state = chance.choice(_OPEN)
        issued = state is AlertState.ISSUED
        alerts.append(
            an_alert(
                f"storm-{number}",
                chance.choice(desks),
                state=state,
                level=chance.choice(_LEVELS) if issued else None,
                proposed=None if issued else chance.choice(_LEVELS),
                areas=tuple(chance.sample(desks, chance.randrange(3))),
                score=chance.randrange(100),
            )
        )
    return alerts


async def _parts(console: ConsoleHarness, unit: str, say: Say, name: str) -> dict[str, Any]:
    results = {}
    async with console.client(_OFFICER) as client:
        for part, path in _PATHS.items():
            await _answer(client, path, unit)  # plans and caches, as after the first minute
            runs_ms = [(await _answer(client, path, unit))[0] for _ in range(_TIMES)]
            results[part] = {"p50_ms": median(runs_ms), "p95_ms": quantiles(runs_ms, n=20)[18]}
            say(f"{name}: {part} {median(runs_ms):.0f} ms")
    return results


async def _answer(client: httpx2.AsyncClient, path: str, unit: str) -> tuple[float, Any]:
    began = time.perf_counter()
    answer = await client.get(f"{path}{'&' if '?' in path else '?'}place={unit}")
    took_ms = (time.perf_counter() - began) * 1e3
    if answer.status_code != 200:
        raise RuntimeError(f"{path}: {answer.text}")
    return took_ms, answer.json()


async def _wrong(
    console: ConsoleHarness, database: asyncpg.Connection, storm: list[AlertEvent]
) -> int:
    """Count the numbers of the screens that differ from the recount."""
    wrong = 0
    late = await _late_units(database)
    async with console.client(_OFFICER) as client:
        for unit in _VIEWERS.values():
            of_viewer = [alert for alert in storm if is_within(alert.place, unit)]
            _, overview = await _answer(client, _PATHS["overview"], unit)
            wrong += overview["alerts"]["states"] != Counter(alert.state for alert in of_viewer)
            wrong += any(
                tile["alerts"] != _concerned(of_viewer, tile) for tile in overview["tiles"]
            )
            _, listed = await _answer(client, _PATHS["alerts"], unit)
            wrong += listed["total"] != len(of_viewer)
            expected = sum(many for of, many in late.items() if is_within(of, unit))
            wrong += overview["overdue"] != expected
            for name in ("units", "commands"):
                _, board = await _answer(client, f"/api/supervision/{name}?limit=500", unit)
                wrong += sum(row[kind] for row in board[name] for kind in _LATE) != expected
    return wrong


def _concerned(alerts: list[AlertEvent], tile: Mapping[str, Any]) -> int:
    return sum(
        any(is_within(place, tile["unit"]) for place in (alert.place, *alert.areas))
        for alert in alerts
    )


async def _late_units(database: asyncpg.Connection) -> Counter[str]:
    """Return how many assignments of open commands are late, by unit: each counts once."""
    rows = await database.fetch(
        "SELECT a.unit, a.state, s.clock, s.kind, s.due_at, a.sign_by, a.finish_by, a.assignment_id"
        " FROM console.assignment a JOIN console.command c USING (command_id)"
        " JOIN console.supervision s ON s.subject_id = a.assignment_id WHERE c.state = 'issued'"
    )
    late = {
        row["assignment_id"]: row["unit"]
        for row in rows
        if row["kind"] != "due_soon"
        and (
            (
                row["clock"] == "sign"
                and row["state"] in UNSIGNED
                and row["due_at"] >= row["sign_by"]
            )
            or (
                row["clock"] == "finish"
                and row["state"] in UNSIGNED | IN_WORK
                and row["due_at"] >= row["finish_by"]
            )
        )
    }
    return Counter(late.values())
