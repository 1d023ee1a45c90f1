"""Counters, tiles and tables are right at any size, and each list can be read to its end.

The earlier limit of every list was 500: the test has more of each kind.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from deploy.example.units import all_units
from shared.contracts.alarms import AlarmTransition
from shared.contracts.alerts import AlertEvent, AlertState
from shared.contracts.assignments import AssignmentEvent, AssignmentState
from shared.contracts.fields import LEVEL_ORDER, DataGrade, Level, Status, Tier
from shared.contracts.supervision import SupervisionKind
from shared.contracts.units import is_within, tier_of
from tests.support.console_events import (
    CITY,
    DISTRICT,
    SONGJI,
    ZHUTUO,
    a_command,
    a_silent_sensor,
    a_supervision,
    an_alarm,
    an_alert,
    an_assignment,
)
from tests.support.console_harness import ConsoleHarness

ALL = [unit_entry.unit for unit_entry in all_units()]
YONGCHUAN = [unit for unit in ALL if unit.startswith("500118")]
PLACES = [unit for unit in YONGCHUAN if "/" not in unit]
TOWNS = [unit for unit in PLACES if tier_of(unit) is Tier.TOWN]
WAITING = (AlertState.VERIFYING, AlertState.VERIFIED, AlertState.PENDING_APPROVAL)
LEVELS = (Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED)
VIEWERS = {"o-city-b": CITY, "o-district-b": DISTRICT, "o-town-b": ZHUTUO}
TILES = {
    root: sorted(
        unit for unit in ALL if "/" not in unit and tier_of(unit) is tier and is_within(unit, root)
    )
    for root, tier in ((CITY, Tier.DISTRICT), (DISTRICT, Tier.TOWN), (ZHUTUO, Tier.VILLAGE))
}
"""The tiles of each screen: a city sees its districts, a district its towns."""
KINDS = (SupervisionKind.OVERDUE, SupervisionKind.REMINDED, SupervisionKind.ESCALATED)


async def read(console: ConsoleHarness, officer: str, path: str, **query: Any) -> Any:
    async with console.client(officer) as client:
        answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def all_of(
    console: ConsoleHarness, officer: str, path: str, name: str, **query: Any
) -> list[dict[str, Any]]:
    """Return a list read page by page to its end."""
    results: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        page = await read(console, officer, path, after=after, **query)
        results += page[name]
        after = page["next"]
    return results


def storm(chance: random.Random, status: Status, many: int) -> list[AlertEvent]:
    """Return alerts of every state and level, some with areas, some graded."""
    alerts = []
    for n in range(many):
        state = chance.choice((*WAITING, AlertState.ISSUED, AlertState.ISSUED, AlertState.LIFTED))
        issued = state is AlertState.ISSUED
        alerts.append(
            an_alert(
                f"{status}-{n}",
                chance.choice(PLACES),
                state=state,
                level=chance.choice(LEVELS) if issued else None,
                proposed=chance.choice(LEVELS) if not issued or chance.random() < 0.3 else None,
                areas=tuple(chance.sample(PLACES, chance.randrange(3))),
                score=chance.randrange(100),
                status=status,
            ).model_copy(update={"data_grade": DataGrade.CORE} if chance.random() < 0.2 else {})
        )
    return alerts


def is_open(alert_event: AlertEvent) -> bool:
    return alert_event.state in (*WAITING, AlertState.ISSUED)


async def test_counters_tiles_and_list_of_a_storm_are_a_recount(console: ConsoleHarness) -> None:
    chance = random.Random(5)
    real, drill = storm(chance, Status.ACTUAL, 1_500), storm(chance, Status.EXERCISE, 700)
    await console.project([*real, *drill])
    assert sum(map(is_open, real)) > 1_000
    assert sum(map(is_open, drill)) > 500
    for officer, root in VIEWERS.items():
        for status, alerts in ((Status.ACTUAL, real), (Status.EXERCISE, drill)):
            first_dsn = [
                alert for alert in alerts if is_open(alert) and is_within(alert.place, root)
            ]
            result = await read(console, officer, "/api/overview", status=status)
            assert result["alerts"]["states"] == Counter(alert.state for alert in first_dsn)
            issued = Counter(alert.level for alert in first_dsn if alert.state is AlertState.ISSUED)
            assert result["alerts"]["issued"] == {level: issued[level] for level in Level}
            proposed = Counter(
                alert.proposed_level for alert in first_dsn if alert.state is not AlertState.ISSUED
            )
            assert result["alerts"]["proposed"] == {level: proposed[level] for level in Level}
            assert [tile["unit"] for tile in result["tiles"]] == TILES[root]
            for tile in result["tiles"]:
                of_unit = [
                    alert
                    for alert in first_dsn
                    if any(is_within(unit, tile["unit"]) for unit in (alert.place, *alert.areas))
                ]
                levels = [alert.level for alert in of_unit if alert.level]
                assert tile["alerts"] == len(of_unit)
                if status is Status.ACTUAL and of_unit:
                    part = await all_of(
                        console, officer, "/api/alerts", "alerts", open=1, unit=tile["unit"]
                    )
                    assert {row["alert_id"] for row in part} == {
                        alert.alert_id for alert in of_unit
                    }
                assert tile["level"] == max(levels, key=LEVEL_ORDER.__getitem__, default=None)
            head = await read(console, officer, "/api/alerts", status=status, open=1, limit=500)
            assert head["total"] == len(first_dsn)
            listed = await all_of(
                console, officer, "/api/alerts", "alerts", status=status, open=1, limit=130
            )
            assert len(listed) == len(first_dsn)
            assert {row["alert_id"] for row in listed} == {alert.alert_id for alert in first_dsn}
            ranks = [
                max(
                    LEVEL_ORDER[Level(level)]
                    for level in (row["level"], row["proposed_level"])
                    if level
                )
                for row in listed
            ]
            assert ranks == sorted(ranks, reverse=True)
            over = await all_of(console, officer, "/api/alerts", "alerts", status=status)
            assert sorted(row["alert_id"] for row in over) == sorted(
                alert.alert_id for alert in alerts if is_within(alert.place, root)
            )


def late_ones(
    chance: random.Random, status: Status, units: list[str]
) -> tuple[list[Any], list[AssignmentEvent], dict[str, str]]:
    """Return the assignments of a late command, and the gravest firing of each."""
    order = a_command(f"late-{status}", DISTRICT, recipients=len(units), status=status)
    states = [AssignmentState.DELIVERED, AssignmentState.SIGNED, AssignmentState.HANDLING]
    assignments = [an_assignment(order, unit, chance.choice(states)) for unit in units]
    messages: list[Any] = [order]
    gravest: dict[str, str] = {}
    rank = {kind: n for n, kind in enumerate((SupervisionKind.DUE_SOON, *KINDS))}
    for assignment in assignments:
        if chance.random() < 0.05:
            messages.append(
                an_assignment(
                    order, assignment.unit, AssignmentState.RETURNED, version=2, reason="无人"
                )
            )
            gravest[assignment.assignment_id] = "returned"
            continue
        unsigned = assignment.state is AssignmentState.DELIVERED
        clocks = ["finish"] if not unsigned else chance.choice((["sign"], ["sign", "finish"]))
        kinds = [
            chance.choice(KINDS) if chance.random() < 0.8 else SupervisionKind.DUE_SOON
            for _ in clocks
        ]
        messages += [
            a_supervision(assignment, kind, clock=clock, rung=chance.randrange(1, 4))
            for clock, kind in zip(clocks, kinds, strict=True)
        ]
        gravest[assignment.assignment_id] = max(kinds, key=rank.__getitem__)
    return [*assignments, *messages], assignments, gravest


async def test_thousands_overdue_are_counted_by_unit_on_every_board(
    console: ConsoleHarness,
) -> None:
    chance = random.Random(7)
    units = {Status.ACTUAL: chance.sample(YONGCHUAN, 2_600), Status.EXERCISE: YONGCHUAN[:900]}
    created = {status: late_ones(chance, status, units[status]) for status in units}
    for messages, _, _ in created.values():
        await console.project(messages)
    late_of = {kind.value for kind in KINDS}
    for status, (_, assignments, gravest) in created.items():
        for officer, root in VIEWERS.items():
            first_dsn = [
                assignment for assignment in assignments if is_within(assignment.unit, root)
            ]
            kinds = Counter(gravest[assignment.assignment_id] for assignment in first_dsn)
            late = sum(kinds[kind] for kind in late_of)
            if root == CITY:
                assert late > 500
                assert status is not Status.ACTUAL or late >= 1_900
            overview = await read(console, officer, "/api/overview", status=status)
            assert overview["overdue"] == late <= overview["assignments"]["total"] == len(first_dsn)
            parts = ("overdue_unsigned", "overdue_unreported")
            assert sum(overview["assignments"][part] for part in parts) == late
            [card] = (await read(console, officer, "/api/commands", status=status))["commands"]
            assert card["totals"]["overdue"] == late
            board = (await read(console, officer, "/api/supervision/units", status=status))["units"]
            names = ("escalated", "overdue", "reminded", "due_soon", "returned")
            assert {name: sum(row[name] for row in board) for name in names} == {
                name: kinds[name] for name in names
            }
            [order] = (await read(console, officer, "/api/supervision/commands", status=status))[
                "commands"
            ]
            assert {name: order[name] for name in names} == {name: kinds[name] for name in names}
            assert order["unsigned"] == overview["assignments"]["overdue_unsigned"]
            assert order["command_id"] == card["command_id"]
            assert board[0]["unit"] == root
            for row in board[1:]:
                below = Counter(
                    gravest[assignment.assignment_id]
                    for assignment in first_dsn
                    if is_within(assignment.unit, row["unit"])
                )
                assert {name: row[name] for name in names} == {name: below[name] for name in names}
            pressing = {
                assignment.assignment_id: gravest[assignment.assignment_id]
                for assignment in first_dsn
                if gravest[assignment.assignment_id] != "returned"
            }
            listed = await all_of(
                console, officer, "/api/supervision", "supervision", status=status, limit=400
            )
            assert len(listed) == len(pressing)
            assert {row["assignment_id"]: row["kind"] for row in listed} == pressing
            head = await read(console, officer, "/api/supervision", status=status, limit=1)
            assert head["total"] == len(pressing)


async def test_the_list_of_a_unit_is_of_that_unit_and_of_no_other(console: ConsoleHarness) -> None:
    chance = random.Random(9)
    messages, assignments, _ = late_ones(chance, Status.ACTUAL, YONGCHUAN[:600])
    await console.project(messages)
    board = (await read(console, "o-district-b", "/api/supervision/units"))["units"]
    for row in board:
        own = row["unit"] == DISTRICT
        listed = await all_of(
            console,
            "o-district-b",
            "/api/supervision",
            "supervision",
            unit=row["unit"],
            subtree=int(not own),
        )
        assert {row["unit"] for row in listed} <= {assignment.unit for assignment in assignments}
        assert all(
            entry["unit"] == DISTRICT if own else is_within(entry["unit"], row["unit"])
            for entry in listed
        )
        assert len({row["assignment_id"] for row in listed}) == sum(
            row[name] for name in ("escalated", "overdue", "reminded", "due_soon")
        )
    async with console.client("o-town-b") as client:
        answer = await client.get("/api/supervision", params={"unit": DISTRICT})
    assert (answer.status_code, answer.json()["reason"]) == (403, "outside_subtree")


async def test_standing_and_ended_alarms_are_listed_apart_and_found_by_words(
    console: ConsoleHarness,
) -> None:
    chance = random.Random(11)
    alarms = []
    for n in range(240):
        alarm = an_alarm(
            f"alarm {n}", level=chance.choice(LEVELS), place=chance.choice((ZHUTUO, SONGJI))
        )
        ended = chance.choice((AlarmTransition.CLEARED, None, None))
        alarms.append(alarm.model_copy(update={"transition": ended} if ended else {}))
    await console.project(alarms)
    standing = [alarm for alarm in alarms if alarm.transition is not AlarmTransition.CLEARED]
    listed = await all_of(console, "o-city-b", "/api/alarms", "alarms", standing=1, limit=70)
    assert {row["alarm_id"] for row in listed} == {alarm.alarm_id for alarm in standing}
    ranks = [LEVEL_ORDER[Level(row["level"])] for row in listed]
    assert ranks == sorted(ranks, reverse=True)
    over = await all_of(console, "o-city-b", "/api/alarms", "alarms", standing=0, limit=70)
    assert len(over) + len(listed) == len(alarms)
    for query, matches in (
        ({"q": "松溉"}, [alarm for alarm in standing if alarm.place == SONGJI]),
        ({"q": "212.36"}, standing),
        ({"q": "100%"}, []),
        ({"level": "red"}, [alarm for alarm in standing if alarm.level is Level.RED]),
    ):
        answer = await read(console, "o-city-b", "/api/alarms", standing=1, limit=500, **query)
        assert answer["total"] == len(answer["alarms"]) == len(matches)
        assert {row["alarm_id"] for row in answer["alarms"]} == {
            alarm.alarm_id for alarm in matches
        }


async def test_alarms_and_sensors_go_on_to_their_end(console: ConsoleHarness) -> None:
    alarms = [an_alarm(f"alarm {n}") for n in range(620)]
    sensors = [a_silent_sensor(f"gauge-{n}", ZHUTUO) for n in range(620)]
    await console.project([*alarms, *sensors])
    listed = await all_of(console, "o-town-b", "/api/alarms", "alarms", limit=200)
    assert sorted(row["alarm_id"] for row in listed) == sorted(alarm.alarm_id for alarm in alarms)
    assert len(await all_of(console, "o-town-b", "/api/sensors/silent", "sensors")) == 620
    assert (await read(console, "o-town-b", "/api/sensors/silent", limit=1))["total"] == 620


@pytest.mark.parametrize(
    "after", ["0~1~2~a", "x", "1~", "~a", "9" * 30 + "~a", "9" * 19 + "~0~a", "0~0~0~0~0~0~0~a"]
)
@pytest.mark.parametrize(
    "path", ["/api/alerts", "/api/pages", "/api/assignments", "/api/supervision", "/api/commands"]
)
async def test_a_cursor_of_another_list_is_refused(
    console: ConsoleHarness, path: str, after: str
) -> None:
    async with console.client("o-town-b") as client:
        answer = await client.get(path, params={"after": after})
    assert answer.status_code == 422, answer.text
