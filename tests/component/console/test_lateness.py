"""Overdue assignments equal a recount of firings and assignments, in any order of arrival."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import asyncpg
import pytest

from deploy.demo import screen_check
from deploy.demo.topic_reader import Entry, Log
from deploy.example.units import all_units
from services.console.core.access import span_of
from services.console.features.commands import counts
from services.console.features.supervision import queries as supervision_queries
from services.console.projector.handlers import supervision
from services.console.projector.projections.table import upsert
from shared.contracts.assignments import AssignmentEvent, AssignmentState
from shared.contracts.commands import CommandEvent, CommandState
from shared.contracts.fields import Status
from shared.contracts.supervision import SupervisionEvent, SupervisionKind
from shared.contracts.topics import ASSIGNMENTS, COMMANDS, SUPERVISION
from shared.contracts.units import is_within
from tests.support.console_events import (
    CITY,
    DISTRICT,
    SONGJI,
    VILLAGE,
    ZHUTUO,
    a_command,
    a_supervision,
    an_assignment,
)
from tests.support.console_harness import ConsoleHarness

_YONGCHUAN = [unit_entry.unit for unit_entry in all_units() if unit_entry.unit.startswith("500118")]
_STATES = [
    AssignmentState(name) for name in ("delivered", "signed", "handling", "reported", "done")
]
_KINDS = (SupervisionKind.DUE_SOON, SupervisionKind.OVERDUE, SupervisionKind.ESCALATED)
_TOPICS = {CommandEvent: COMMANDS, AssignmentEvent: ASSIGNMENTS, SupervisionEvent: SUPERVISION}
_WAITS = {"queued", "delivered"}
_IN_WORK = {"signed", "accepted", "handling"}


def _is_late(fired: asyncpg.Record, record: asyncpg.Record) -> bool:
    if fired["kind"] == "due_soon":
        return False
    if fired["clock"] == "sign":
        return record["state"] in _WAITS and fired["due_at"] >= record["sign_by"]
    return record["state"] in _WAITS | _IN_WORK and fired["due_at"] >= record["finish_by"]


def _is_soon(fired: asyncpg.Record, record: asyncpg.Record) -> bool:
    waits_for = _WAITS if fired["clock"] == "sign" else _WAITS | _IN_WORK
    return fired["kind"] == "due_soon" and record["state"] in waits_for


async def _check(console: ConsoleHarness, ids: list[str], still_open: set[str]) -> int:
    """Compare counts and list with a recount for viewers of every tier; return the number of late
    units.

    A unit with two overdue clocks, for signature and report, is counted once.
    """
    counted = 0
    async with console.deps.database.pool.acquire() as connection:
        fired = await connection.fetch("SELECT * FROM console.supervision")
        supervision_rows = {
            record["assignment_id"]: record
            for record in await connection.fetch("SELECT * FROM console.assignment")
        }
        pairs = [
            (record, supervision_rows[record["subject_id"]])
            for record in fired
            if record["subject_id"] in supervision_rows
        ]
        for viewer in (CITY, DISTRICT, ZHUTUO, SONGJI, VILLAGE):
            visible_pairs = [pair for pair in pairs if is_within(pair[0]["unit"], viewer)]
            late = [pair for pair in visible_pairs if _is_late(*pair)]
            units = {assignment["assignment_id"]: assignment for _, assignment in late}
            plain: dict[tuple[str, str], list[int]] = {}
            for assignment in units.values():
                key = (assignment["command_id"], assignment["unit_tier"])
                row = plain.setdefault(key, [0, 0, 0])
                row[0] += 1
                row[1] += assignment["state"] in _WAITS
                row[2] += assignment["state"] in _IN_WORK
            rows = await counts.by_command_and_tier(connection, ids, span_of(viewer))
            names = ("overdue", "overdue_unsigned", "overdue_unreported")
            reported = {
                (row["command_id"], row["unit_tier"]): [row[name] for name in names]
                for row in rows
                if any(row[name] for name in names)
            }
            assert reported == plain, viewer
            assert all(row["overdue"] <= row["total"] for row in rows)
            children = {viewer: span_of(viewer)}
            for command in ids:
                below = await counts.by_child(connection, command, children)
                of_command = [row for row in rows if row["command_id"] == command]
                for name in names:
                    assert sum(row[name] for row in of_command) == sum(row[name] for row in below)
            listed = await supervision_queries.supervised(
                connection, span_of(viewer), Status.ACTUAL, None, None, 10_000
            )
            gravest: dict[str, int] = {}
            for record, assignment in visible_pairs:
                pressing = _is_late(record, assignment) or _is_soon(record, assignment)
                if record["command_id"] in still_open and pressing:
                    subject, gravity = record["subject_id"], record["gravity"]
                    gravest[subject] = max(gravity, gravest.get(subject, gravity))
            assert len(listed) == len(gravest)
            assert {row["subject_id"]: row["gravity"] for row in listed} == gravest
            fired_of = gravest.keys()
            assert await supervision_queries.total(
                connection, span_of(viewer), Status.ACTUAL, None
            ) == len(listed)
            by_kind = await supervision_queries.by_child(
                connection, span_of(viewer), Status.ACTUAL, children
            )
            kinds = {row["kind"]: row["n"] for row in by_kind}
            open_late = [key for key in units if units[key]["command_id"] in still_open]
            returned = kinds.pop("returned", 0)
            assert sum(kinds.values()) == len(fired_of)
            assert sum(kinds.values()) - kinds.get("due_soon", 0) == len(open_late)
            assert returned == 0
            counted += len(units)
    return counted


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_overdue_is_a_recount_whatever_came_first(
    console: ConsoleHarness, seed: int
) -> None:
    chance = random.Random(seed)
    open_one = a_command("lateness 0", DISTRICT, recipients=40)
    closed = a_command("lateness 1", DISTRICT, recipients=40, state=CommandState.CLOSED)
    reported: list[AssignmentEvent | SupervisionEvent] = []
    for command in (open_one, closed):
        for unit in chance.sample(_YONGCHUAN, 40):
            for version in range(1, chance.randrange(2, 5)):
                assignment = an_assignment(command, unit, chance.choice(_STATES), version=version)
                if chance.random() < 0.2:  # a further attempt: what was late is not any more
                    later = {"sign_by": assignment.sign_by + timedelta(days=1)}
                    assignment = assignment.model_copy(update=later)
                reported.append(assignment)
                reported += [
                    a_supervision(assignment, kind, clock=clock, rung=chance.randrange(3))
                    for kind in chance.sample(_KINDS, 2)
                    for clock in chance.sample(("sign", "finish"), 1)
                ]
    chance.shuffle(reported)
    await console.project([open_one, closed])
    ids, late = [open_one.command_id, closed.command_id], 0
    while reported:
        count = chance.randrange(1, 60)
        batch, reported = reported[:count], reported[count:]
        await console.project(batch)
        late = await _check(console, ids, {open_one.command_id})
    assert late, "the test shows nothing"


async def test_a_firing_waits_for_a_change_that_is_on_its_way(console: ConsoleHarness) -> None:
    command = a_command("on its way", DISTRICT, recipients=1)
    assignment = an_assignment(command, ZHUTUO)
    await console.project([command, assignment])
    database = console.deps.database
    async with database.transaction() as work:
        await work.connection.execute("UPDATE console.assignment SET state = 'signed'")
        fires = asyncio.create_task(
            console.project([a_supervision(assignment, SupervisionKind.OVERDUE)])
        )
        await asyncio.sleep(0.3)  # so long it waits; were it later, it would count the same
    await fires
    await _check(console, [command.command_id], {command.command_id})


async def test_a_firing_and_its_assignment_that_do_not_see_each_other_are_counted(
    console: ConsoleHarness,
) -> None:
    command = a_command("at once", DISTRICT, recipients=2)
    late, signed = an_assignment(command, ZHUTUO), an_assignment(command, SONGJI)
    await console.project([command])
    database = console.deps.database
    async with database.transaction() as work:
        for assignment in (late, signed):
            row = supervision.TABLE.row(a_supervision(assignment, SupervisionKind.OVERDUE))
            await upsert(work, supervision.TABLE, [row])
        await console.project([late, signed])
    # Either is seen from city, district and town.
    assert await _check(console, [command.command_id], {command.command_id}) == 2 * 3
    repeated = an_assignment(command, SONGJI, AssignmentState.SIGNED, version=2)
    await console.project([repeated])
    assert await _check(console, [command.command_id], {command.command_id}) == 3


async def test_a_firing_that_names_another_command_or_unit_makes_nobody_late(
    console: ConsoleHarness,
) -> None:
    command, other_command = a_command("its own"), a_command("another")
    assignment = an_assignment(command, ZHUTUO)
    fired = a_supervision(assignment, SupervisionKind.OVERDUE)
    wrong = fired.model_copy(update={"command_id": other_command.command_id})
    elsewhere = a_supervision(assignment, SupervisionKind.OVERDUE, clock="finish")
    elsewhere = elsewhere.model_copy(update={"unit": SONGJI})
    await console.project([command, other_command, assignment, wrong, elsewhere])
    async with console.deps.database.pool.acquire() as connection:
        for ids in ([command.command_id], [other_command.command_id]):
            for row in await counts.by_command_and_tier(connection, ids, span_of(CITY)):
                assert row["overdue"] == 0


async def test_a_unit_late_by_both_clocks_is_overdue_once_on_every_screen(
    console: ConsoleHarness,
) -> None:
    command = a_command("both clocks", DISTRICT, recipients=3)
    pair_value, signed, fine = (
        an_assignment(command, ZHUTUO),
        an_assignment(command, SONGJI, AssignmentState.SIGNED),
        an_assignment(command, VILLAGE),
    )
    fired = [
        a_supervision(assignment, SupervisionKind.ESCALATED, clock=clock, rung=2)
        for assignment in (pair_value, signed)
        for clock in ("sign", "finish")
    ]
    await console.project([command, pair_value, signed, fine, *fired])
    async with console.client("o-city-b") as client:
        overview = (await client.get("/api/overview")).json()
        [card] = (await client.get("/api/commands")).json()["commands"]
        below = (await client.get(f"/api/commands/{command.command_id}/below")).json()["below"]
        board = (await client.get("/api/supervision/units")).json()["units"]
    assert overview["overdue"] == overview["assignments"]["overdue"] == 2
    assert card["totals"]["overdue"] == sum(unit["overdue"] for unit in below) == 2
    assert card["totals"]["overdue_unsigned"] == card["totals"]["overdue_unreported"] == 1
    assert sum(entry["escalated"] for entry in board) == 2
    assert sum(item["overdue"] + item["reminded"] for item in board) == 0


async def test_the_list_equals_the_demos_recount_of_the_log(console: ConsoleHarness) -> None:
    command = a_command("recounted", DISTRICT, recipients=3)
    assignments = [
        an_assignment(command, ZHUTUO),
        an_assignment(command, SONGJI, AssignmentState.SIGNED),
        an_assignment(command, VILLAGE),
    ]
    fired = [
        a_supervision(assignments[0], SupervisionKind.ESCALATED, rung=4),
        a_supervision(assignments[0], SupervisionKind.URGED, rung=1),
        *(
            a_supervision(assignment, SupervisionKind.OVERDUE, clock="finish")
            for assignment in assignments
        ),
        a_supervision(assignments[2], SupervisionKind.OVERDUE),
    ]
    messages = [command, *assignments, *fired]
    await console.project(messages)
    log = Log()
    for message in messages:
        log.entries[_TOPICS[type(message)].name].append(Entry(message, 0))
    async with console.client("o-city-b") as client:
        rows = (await client.get("/api/supervision")).json()["supervision"]
    listed = sorted(map(screen_check.row_of, rows))
    assert listed == screen_check.supervision(log, Status.ACTUAL)
    assert [row[2] for row in listed].count("overdue") == 2
    assert len(listed) == 3


async def test_a_firing_of_a_drill_makes_nobody_late_in_earnest(console: ConsoleHarness) -> None:
    command = a_command("in earnest")
    assignment = an_assignment(command, ZHUTUO)
    fired = a_supervision(assignment, SupervisionKind.OVERDUE).model_copy(
        update={"status": Status.EXERCISE}
    )
    for reported in ([command, assignment, fired], [an_assignment(command, ZHUTUO, version=2)]):
        await console.project(reported)
        async with console.client("o-city-b") as client:
            assert (await client.get("/api/overview")).json()["overdue"] == 0
