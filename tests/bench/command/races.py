"""Races on a real Postgres: two transactions on two connections go for one assignment at once.

Each side is the service's own code in its own transaction; which one comes first is the database's
matter. Afterwards rows and outgoing records are judged, race by race.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from shared.contracts.assignments import AssignmentState, Step
from shared.contracts.fields import Tier
from shared.contracts.ids import assignment_id
from shared.contracts.supervision import SupervisionKind
from shared.contracts.topics import ASSIGNMENTS, SUPERVISION
from tests.bench.command.processes import applied, processes
from tests.bench.command.service import a_request, a_step
from tests.bench.command.units import LARGE_DISTRICT, city
from tests.component.command.harness import CommandHarness, some_times

_LANES = 4
"""Races that are on at the same time; each has two offices."""
_SPREAD_S = 0.02
"""The greatest distance of an acknowledgement's start from the deadline."""
_UNSIGNED = frozenset({AssignmentState.QUEUED, AssignmentState.DELIVERED})

Race = Callable[[CommandHarness, CommandHarness, str], Awaitable[None]]


class Trace(NamedTuple):
    """The rows and records of one assignment after a race."""

    state: str
    late: bool
    signed: int
    """Records that tell of the signature."""
    versions: tuple[int, ...]
    overdue: int
    """Supervision records that call the deadline missed."""
    late_acknowledgements: int
    """Acknowledgements kept as too late."""


def two_signatures_wrong(trace: Trace) -> bool:
    """One of two officers signs; the other's act changes nothing and tells nothing."""
    return (trace.state, trace.signed, trace.versions) != (AssignmentState.SIGNED, 1, (1, 2))


def deadline_wrong(trace: Trace) -> bool:
    """Signed once, and escalated once at most and only when it was not in time."""
    signed_once = (trace.state, trace.signed) == (AssignmentState.SIGNED, 1)
    return not signed_once or trace.overdue > int(trace.late)


def recall_wrong(trace: Trace) -> bool:
    """Withdrawn in the end; the signature came before it, or is kept as too late, never both."""
    over = trace.state not in _UNSIGNED | {AssignmentState.SIGNED}
    count = len(trace.versions)
    unbroken = trace.versions == tuple(range(1, count + 1)) and count == 2 + trace.signed
    return not over or not unbroken or trace.signed + trace.late_acknowledgements != 1


async def races(dsn: str, total: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Run `total` races, a third of each kind, and count the endings."""
    per_kind = (total + 2) // 3
    times = some_times(sign_s=3_600, finish_s=7_200, step_s=60)
    results: dict[str, Any] = {}
    async with processes(dsn, times, 2 * _LANES) as harnesses:
        first = harnesses[0]
        for name, command, race, wrong in (
            ("two_signatures", "cmd-two", _two_signatures, two_signatures_wrong),
            ("deadline", "cmd-late", _deadline, deadline_wrong),
        ):
            await first.apply(a_request(command, LARGE_DISTRICT))
            units = [
                unit_entry.unit
                for unit_entry in city()
                if unit_entry.unit.startswith(LARGE_DISTRICT[:6])
            ][:per_kind]
            await _run(harnesses, units, race)
            results[name] = await _judge(
                first, [assignment_id(command, unit) for unit in units], wrong
            )
            say(f"{name}: {results[name]}")
        subjects = await _recalls(harnesses, per_kind)
        results["recall"] = await _judge(first, subjects, recall_wrong)
        say(f"recall: {results['recall']}")
    return {
        "kinds": results,
        "races": sum(result["races"] for result in results.values()),
        "races_wrong": sum(result["wrong"] for result in results.values()),
    }


async def _run(harnesses: Sequence[CommandHarness], units: Sequence[str], race: Race) -> None:
    async def lane(number: int) -> None:
        for unit in units[number::_LANES]:
            await race(harnesses[2 * number], harnesses[2 * number + 1], unit)

    await asyncio.gather(*(lane(number) for number in range(_LANES)))


async def _two_signatures(harness: CommandHarness, peer: CommandHarness, unit: str) -> None:
    acts = [a_step("cmd-two", unit, Step.SIGN, officer=f"officer-{n}") for n in (1, 2)]
    await asyncio.gather(applied(harness, acts[0]), applied(peer, acts[1]))


async def _deadline(harness: CommandHarness, peer: CommandHarness, unit: str) -> None:
    chance = random.Random(unit)
    subject = assignment_id("cmd-late", unit)
    async with harness.database.transaction() as work:
        due = work.now + timedelta(seconds=_SPREAD_S)
        await work.connection.execute(
            "UPDATE command.assignment SET sign_by = $2 WHERE assignment_id = $1", subject, due
        )
        await work.connection.execute(
            "UPDATE command.timer SET due_at = $2 WHERE subject_id = $1 AND kind = 'sign_escalate'",
            subject,
            due,
        )

    async def sign() -> None:
        await asyncio.sleep(chance.uniform(0, 2 * _SPREAD_S))
        await applied(harness, a_step("cmd-late", unit, Step.SIGN))

    async def sweep() -> None:
        for _ in range(3):
            await asyncio.sleep(_SPREAD_S / 2)
            await peer.sweeper().sweep()

    await asyncio.gather(sign(), sweep())


async def _recalls(harnesses: Sequence[CommandHarness], count: int) -> list[str]:
    """Withdraw `count` commands of five recipients each while one of them signs."""
    grids = [unit_entry.unit for unit_entry in city() if unit_entry.tier is Tier.GRID][:count]
    subjects: list[str] = []

    async def race(harness: CommandHarness, peer: CommandHarness, grid: str) -> None:
        command = f"cmd-recall-{grid.replace('/', '.')}"
        await applied(harness, a_request(command, grid))
        acts = a_request(command, grid, verb="revoke"), a_step(command, grid, Step.SIGN)
        await asyncio.gather(applied(harness, acts[0]), applied(peer, acts[1]))
        subjects.append(assignment_id(command, grid))

    await _run(harnesses, grids, race)
    return subjects


async def _judge(
    harness: CommandHarness, subjects: Sequence[str], wrong: Callable[[Trace], bool]
) -> dict[str, Any]:
    traces = await _traces(harness, subjects)
    bad = [(subject, trace) for subject, trace in traces.items() if wrong(trace)]
    endings = Counter(
        " ".join(
            (
                trace.state,
                *(["signed before"] if trace.signed and len(trace.versions) > 2 else []),
                *(["signed too late"] if trace.late_acknowledgements else []),
                *(["late"] if trace.late else []),
                *(["told overdue"] if trace.overdue else []),
            )
        )
        for trace in traces.values()
    )
    return {
        "races": len(traces),
        "wrong": len(bad) + len(set(subjects) - traces.keys()),
        "endings": dict(sorted(endings.items())),
        "examples": [f"{name}: {trace}" for name, trace in bad[:5]],
    }


async def _traces(harness: CommandHarness, subjects: Sequence[str]) -> dict[str, Trace]:
    pool = harness.database.pool
    rows = await pool.fetch(
        "SELECT assignment_id, state, late FROM command.assignment "
        "WHERE assignment_id = ANY($1::text[])",
        list(subjects),
    )
    late_acknowledgements: Counter[str] = Counter()
    for row in await pool.fetch("SELECT assignment_id FROM command.late_acknowledgement"):
        late_acknowledgements[row["assignment_id"]] += 1
    records: dict[str, list[Any]] = {}
    overdue: Counter[str] = Counter()
    for row in await pool.fetch("SELECT topic, value FROM command.outbox ORDER BY seq"):
        if row["topic"] == ASSIGNMENTS.name:
            event = ASSIGNMENTS.model.validate_json(row["value"])
            records.setdefault(event.assignment_id, []).append(event)
        elif row["topic"] == SUPERVISION.name:
            event = SUPERVISION.model.validate_json(row["value"])
            overdue[event.subject_id] += event.kind is SupervisionKind.OVERDUE
    return {
        row["assignment_id"]: Trace(
            row["state"],
            row["late"],
            sum(record.state is AssignmentState.SIGNED for record in records[row["assignment_id"]]),
            tuple(record.version for record in records[row["assignment_id"]]),
            overdue[row["assignment_id"]],
            late_acknowledgements[row["assignment_id"]],
        )
        for row in rows
    }
