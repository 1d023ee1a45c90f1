"""A sensor's last readings: for viewers of its place, thinned, with levels and alarms."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx2

from services.console.features.sensors.sensor_parts import SensorParts
from shared.runtime.clock import SystemClock
from tests.support.console_events import a_rule, an_alarm
from tests.support.console_harness import ConsoleHarness

PATH = "/api/sensors/gauge-zhutuo/readings"


async def got(console: ConsoleHarness, officer: str | None, path: str = PATH) -> httpx2.Response:
    async with console.client(officer) as client:
        return await client.get(path)


def measured(console: ConsoleHarness, count: int = 5_000) -> datetime:
    now = SystemClock().now()
    console.readings.points["gauge-zhutuo"] = [
        ((now - timedelta(seconds=4 * (count - n))).timestamp(), 208 + (n % 97) / 30)
        for n in range(count)
    ]
    return now


async def test_readings_come_thinned_with_levels_and_alarms(console: ConsoleHarness) -> None:
    measured(console)
    console.deps.part(SensorParts).rules.apply(a_rule())
    await console.project([an_alarm("flood")])
    view: dict[str, Any] = (await got(console, "o-town-b", f"{PATH}?hours=6&limit=100")).json()
    assert (view["name"], view["unit"], view["datum"]) == ("朱沱(三)", "m", "吴淞")
    assert view["readings"] == 5_000
    assert len(view["points"]) == 100
    assert max(point["value"] for point in view["points"]) == 208 + 96 / 30
    assert [level["raise_at"] for level in view["levels"]] == [209.5, 212.0]
    assert [alarm["sensor_id"] for alarm in view["alarms"]] == ["gauge-zhutuo"]
    assert view["since"] == view["begin_at"]
    hour = (await got(console, "o-town-b", f"{PATH}?hours=1")).json()
    assert hour["readings"] == 900 or hour["readings"] == 899
    drill = (await got(console, "o-town-b", f"{PATH}?status=Exercise")).json()
    assert (drill["points"], drill["alarms"]) == ([], [])


async def test_only_who_may_see_the_place_sees_its_sensor(console: ConsoleHarness) -> None:
    measured(console, 3)
    for officer, status in (
        ("o-town-b", 200),
        ("o-district-b", 200),
        ("o-city-b", 200),
        ("o-songji-b", 404),
        ("o-village-b", 404),
        (None, 401),
    ):
        assert (await got(console, officer)).status_code == status, officer
    assert (await got(console, "o-city-b", "/api/sensors/nothing/readings")).status_code == 404
    assert (await got(console, "o-city-b", f"{PATH}?hours=73")).status_code == 422


async def test_what_was_not_looked_at_is_said_and_a_log_that_is_away_is_unavailable(
    console: ConsoleHarness,
) -> None:
    now = measured(console, 3)
    console.readings.since = now - timedelta(minutes=5)
    view = (await got(console, "o-town-b")).json()
    assert view["since"] > view["begin_at"]
    console.readings.down = True
    answer = await got(console, "o-town-b")
    assert (answer.status_code, answer.json()["reason"]) == (503, "unavailable")
