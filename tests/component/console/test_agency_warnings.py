"""The list of other agencies' warnings: whom it concerns, what holds, what is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from services.console.retention import forget_facts_of_alerts
from shared.contracts.fields import DataGrade, Level, Status, Tier
from shared.contracts.reports import ExternalWarning
from tests.support.console_events import CITY, DISTRICT, SONGJI, VILLAGE, ZHUTUO
from tests.support.console_harness import ConsoleHarness

HOUR = timedelta(hours=1)


def a_warning(number: int = 1, msg_type: str = "Alert", **changes: Any) -> ExternalWarning:
    now = datetime.now(UTC)
    values: dict[str, Any] = {
        "id": f"wrn-{number}",
        "occurred_at": now - HOUR,
        "sent_at": now,
        "origin_unit": CITY,
        "tier": Tier.CITY,
        "areas": (ZHUTUO,),
        "source_id": "cma",
        "cap_identifier": f"cap-{number}",
        "msg_type": msg_type,
        "event_type": "11B03",
        "level": Level.ORANGE,
        "expires_at": now + HOUR,
        "headline": f"暴雨橙色预警 {number}",
    }
    return ExternalWarning(**(values | changes))


async def listed(
    console: ConsoleHarness, officer: str = "o-city-b", **query: Any
) -> list[dict[str, Any]]:
    """Return all warnings that an officer sees, page by page."""
    entries: list[dict[str, Any]] = []
    async with console.client(officer) as client:
        while True:
            answer = await client.get("/api/warnings", params=query)
            assert answer.status_code == 200, answer.text
            body = answer.json()
            entries += body["warnings"]
            if body["next"] is None:
                assert body["total"] == len(entries)
                return entries
            query["after"] = body["next"]


@pytest.mark.parametrize(
    ("area", "officers"),
    [
        (ZHUTUO, {"o-city-b", "o-district-b", "o-town-b", "o-village-b"}),
        (DISTRICT, {"o-city-b", "o-district-b", "o-town-b", "o-village-b"}),
        (CITY, {"o-city-b", "o-district-b", "o-town-b", "o-village-b"}),
        (VILLAGE, {"o-city-b", "o-district-b", "o-town-b", "o-village-b"}),
        (SONGJI, {"o-city-b", "o-district-b"}),
        ("500152000000", {"o-city-b"}),
    ],
)
async def test_a_warning_is_for_the_units_that_it_concerns(
    console: ConsoleHarness, area: str, officers: set[str]
) -> None:
    await console.project([a_warning(areas=(area,))])
    for officer in ("o-city-b", "o-district-b", "o-town-b", "o-village-b"):
        assert bool(await listed(console, officer)) is (officer in officers), officer


async def test_a_warning_holds_until_its_expiry(console: ConsoleHarness) -> None:
    now = datetime.now(UTC)
    await console.project(
        [
            a_warning(1, expires_at=now - timedelta(seconds=1)),
            a_warning(2, effective_at=now + HOUR, expires_at=now + 2 * HOUR),
            a_warning(3),
            a_warning(4, msg_type="Ack"),
            a_warning(5, status=Status.EXERCISE),
            a_warning(6, expires_at=None, occurred_at=now - 25 * HOUR),
        ]
    )
    entries = {entry["warning_id"]: entry["in_force"] for entry in await listed(console)}
    assert entries == {"wrn-2": False, "wrn-3": True}
    ends = "UPDATE console.agency_warning SET ends_at = now() WHERE warning_id = 'wrn-3'"
    async with console.deps.database.transaction() as work:
        await work.connection.execute(ends)
    assert [entry["warning_id"] for entry in await listed(console)] == ["wrn-2"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_an_update_replaces_and_a_cancel_ends_a_warning_in_any_order(
    console: ConsoleHarness, order: tuple[int, ...]
) -> None:
    messages = [
        a_warning(1),
        a_warning(2, "Update", references=("wrn-1",), level=Level.RED),
        a_warning(3, "Cancel", references=("wrn-2",)),
    ]
    for position, index in enumerate(order):
        await console.project([messages[index]])
        if position == 1 and set(order[:2]) == {0, 1}:
            assert [entry["level"] for entry in await listed(console)] == ["red"]
    assert await listed(console) == []


async def test_a_message_of_another_source_or_of_a_drill_ends_nothing(
    console: ConsoleHarness,
) -> None:
    await console.project(
        [
            a_warning(1),
            a_warning(2, "Cancel", references=("wrn-1",), source_id="other"),
            a_warning(3, "Cancel", references=("wrn-1",), status=Status.EXERCISE),
        ]
    )
    assert [entry["warning_id"] for entry in await listed(console)] == ["wrn-1"]


async def forget(console: ConsoleHarness) -> set[str]:
    """Delete what is older than 400 days, and return the ids of the messages that are left."""
    (task,) = [
        task
        for task in forget_facts_of_alerts(timedelta(days=400))
        if task.name == "old_agency_warning"
    ]
    async with console.deps.database.transaction() as work:
        await work.connection.fetch(task.statement, task.keep, task.limit)
        rows = await work.connection.fetch("SELECT warning_id FROM console.agency_warning")
    return {row["warning_id"] for row in rows}


async def test_a_warning_does_not_hold_again_when_its_cancel_is_forgotten(
    console: ConsoleHarness,
) -> None:
    now = datetime.now(UTC)
    old: dict[str, Any] = dict.fromkeys(("occurred_at", "sent_at"), now - timedelta(days=500))
    late: dict[str, Any] = dict.fromkeys(("occurred_at", "sent_at"), now - 300 * 24 * HOUR)
    future, past = now + timedelta(days=300), now - timedelta(days=450)
    await console.project(
        [
            a_warning(1, expires_at=future, **old),
            a_warning(2, "Update", references=("wrn-1",), expires_at=future, **old),
            a_warning(3, "Cancel", references=("wrn-2",), expires_at=past, **old),
            a_warning(4, expires_at=future, **old),
            a_warning(5, "Cancel", references=("wrn-4",), expires_at=past, **late),
            a_warning(6, expires_at=past, **old),
            a_warning(7, "Update", references=("wrn-7",), expires_at=past, **old),
            a_warning(8, expires_at=future, **old),
        ]
    )
    ended_lately = {"wrn-4", "wrn-5"}
    assert await forget(console) == {"wrn-2", "wrn-3", "wrn-8"} | ended_lately
    assert [entry["warning_id"] for entry in await listed(console)] == ["wrn-8"]
    assert await forget(console) == {"wrn-3", "wrn-8"} | ended_lately
    assert await forget(console) == {"wrn-8"} | ended_lately
    assert [entry["warning_id"] for entry in await listed(console)] == ["wrn-8"]


async def test_pages_of_a_long_list_are_the_gravest_first(console: ConsoleHarness) -> None:
    levels = [Level.BLUE, None, Level.RED, Level.YELLOW, Level.ORANGE]
    await console.project([a_warning(n, level=levels[n % 5]) for n in range(45)])
    entries = await listed(console, limit=7)
    assert len({entry["warning_id"] for entry in entries}) == 45
    assert [entry["level"] for entry in entries] == [
        level for level in ("red", "orange", "yellow", "blue", None) for _ in range(9)
    ]


async def test_graded_words_are_for_those_responsible(console: ConsoleHarness) -> None:
    await console.project([a_warning(areas=(DISTRICT,), data_grade=DataGrade.IMPORTANT)])
    for officer, is_open in (("o-city-b", True), ("o-district-b", True), ("o-town-b", False)):
        (entry,) = await listed(console, officer)
        assert entry["masked"] is not is_open
        assert bool(entry["headline"]) is is_open
