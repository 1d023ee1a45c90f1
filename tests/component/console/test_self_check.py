"""The check before going live over the API: what the unit looked at still lacks."""

from __future__ import annotations

from typing import Any

from services.console.core.definitions import Definitions
from services.console.features.sensors import queries as sensor_queries
from services.console.features.sensors.history_points import HourOfPlace
from shared.contracts.assignments import AssignmentState
from shared.contracts.fields import Post, Status
from shared.contracts.reachability import Outcome
from tests.component.console.test_reachability import a_slot, ask, existing
from tests.support.console_events import (
    CITY,
    NOW,
    VILLAGE,
    ZHUTUO,
    a_command,
    an_assignment,
)
from tests.support.console_harness import ConsoleHarness
from tests.unit.plans.builders import a_plan
from tests.unit.rules.packs import rule


async def check(
    console: ConsoleHarness, place: str = ZHUTUO, officer: str = "o-city-b", code: int = 200
) -> Any:
    answer = await ask(console, officer, "GET", f"/api/self-check?place={place}")
    assert answer.status_code == code, answer.text
    return answer.json()


async def missing(console: ConsoleHarness, place: str = ZHUTUO) -> dict[str, Any]:
    return {item["kind"]: item for item in (await check(console, place))["missing"]}


async def test_the_check_follows_the_rules_and_plans_in_force(console: ConsoleHarness) -> None:
    answer = await check(console)
    assert (answer["unit"], answer["unit_name"], answer["ready"]) == (ZHUTUO, "朱沱镇", False)
    assert all(item["zh"] and item["en"] and item["count"] > 0 for item in answer["missing"])
    assert {"rules", "plans"} <= (await missing(console)).keys()
    definitions = console.deps.part(Definitions)
    definitions.put_rule(rule())
    definitions.put_plan(a_plan(levels=["yellow", "orange", "red"]))
    assert {"rules", "plans"}.isdisjoint(await missing(console))
    definitions.drop_rule("flood-x")
    definitions.drop_plan("flood")
    assert {"rules", "plans"} <= (await missing(console)).keys()


async def test_people_and_channels_count_once_they_are_proved(console: ConsoleHarness) -> None:
    unfilled = (await missing(console))["posts"]
    console.deps.directory.apply(a_slot(ZHUTUO, Post.B, "li"))
    items = await missing(console)
    assert items["posts"]["count"] == unfilled["count"] - 1
    assert (items["channels"]["count"], items["channels"]["ids"]) == (1, [f"{ZHUTUO}:B"])
    await console.project([existing("li", sms=(Outcome.FAILED,))])
    assert "channels" in await missing(console), "no page has come"
    await console.project([existing("li", version=2, sms=(Outcome.DELIVERED,))])
    assert "channels" not in await missing(console)


async def test_a_reading_and_a_signed_drill_of_the_subtree_are_proofs(
    console: ConsoleHarness,
) -> None:
    assert {"readings", "test_alarm"} <= (await missing(console)).keys()
    hour = int(NOW.timestamp() // 3_600)
    async with console.deps.database.transaction() as work:
        await sensor_queries.count_readings(
            work.connection, {HourOfPlace(VILLAGE, "Actual", hour): 3}
        )
    real, drill = a_command("real"), a_command("drill", status=Status.EXERCISE)
    signed, unsigned = AssignmentState.SIGNED, AssignmentState.DELIVERED
    await console.project([real, an_assignment(real, VILLAGE, signed)])
    await console.project([drill, an_assignment(drill, VILLAGE, unsigned)])
    items = await missing(console)
    assert "readings" not in items
    assert "test_alarm" in items, "a real order is no drill, and the drill is not signed"
    await console.project([an_assignment(drill, VILLAGE, signed, version=2)])
    assert "test_alarm" not in await missing(console)
    assert "test_alarm" in await missing(console, "500118117000"), "it was in another town"


async def test_an_officer_checks_what_they_may_see(console: ConsoleHarness) -> None:
    await check(console, VILLAGE, "o-town-b")
    await check(console, CITY, "o-town-b", 403)
