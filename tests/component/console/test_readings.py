"""A sensor's last readings: for viewers of its place, thinned, with levels and alarms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from services.console.core.definitions import Definitions
from services.console.features.sensors.history_points import (
    SLOT_S,
    HistoryKey,
    higher_peaks,
    series_of,
)
from shared.runtime.clock import SystemClock
from tests.support.console_events import SONGJI, ZHUTUO, a_rule, a_silent_sensor, an_alarm, an_alert
from tests.support.console_harness import GAUGE, ConsoleHarness
from tests.support.sensor_history import store_history

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
    now = measured(console)
    console.deps.part(Definitions).put_rule(a_rule())
    await console.project([an_alarm("flood")])
    view: dict[str, Any] = (await got(console, "o-town-b", f"{PATH}?hours=6&limit=100")).json()
    assert (view["name"], view["unit"], view["datum"]) == ("朱沱(三)", "m", "吴淞")
    assert view["readings"] == 5_000
    assert len(view["points"]) == 100
    assert max(point["value"] for point in view["points"]) == 208 + 96 / 30
    assert [level["raise_at"] for level in view["levels"]] == [209.5, 212.0]
    assert [alarm["sensor_id"] for alarm in view["alarms"]] == ["gauge-zhutuo"]
    assert view["since"] == view["begin_at"]
    until = now.isoformat().replace("+00:00", "Z")
    hour = (await got(console, "o-town-b", f"{PATH}?hours=1&until={until}")).json()
    assert hour["readings"] in (899, 900)
    drill = (await got(console, "o-town-b", f"{PATH}?status=Exercise")).json()
    assert (drill["points"], drill["alarms"]) == ([], [])


@pytest.mark.parametrize(
    "until", ["0.5", "0001-01-01T00:00:00Z", "1999-12-31T23:59:59Z", "2200-01-01T00:00:00Z"]
)
async def test_a_time_outside_the_years_of_instants_is_refused(
    console: ConsoleHarness, until: str
) -> None:
    answer = await got(console, "o-town-b", f"{PATH}?until={until}")
    assert answer.status_code == 422
    assert "until" in answer.text


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
    assert (await got(console, "o-city-b", f"{PATH}?hours=721")).status_code == 422


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


SERIES = series_of("water_level", "m", "吴淞")


def slot_of(at: datetime) -> float:
    """Return the beginning of the slot of a moment."""
    return at.timestamp() // SLOT_S * SLOT_S


async def test_thirty_days_come_from_the_history_with_every_peak(console: ConsoleHarness) -> None:
    now = SystemClock().now()
    points = [
        (slot_of(now - timedelta(days=day, hours=1)) + turn, value)
        for day in range(40)
        for turn, value in enumerate((208 + day / 100, 210 + day / 100, 209.0))
    ]
    await store_history(console.deps.database, GAUGE, points)
    console.readings.down = True  # a long period needs no look into the log
    view = (await got(console, "o-town-b", f"{PATH}?hours=720&limit=1000")).json()
    assert view["readings"] == 60
    assert {point["value"] for point in view["points"]} == {
        base + day / 100 for day in range(30) for base in (208, 210)
    }
    assert view["since"] == view["points"][0]["at"]
    assert (await got(console, "o-songji-b", f"{PATH}?hours=720")).status_code == 404
    until = (now - timedelta(days=35)).isoformat().replace("+00:00", "Z")
    past = (await got(console, "o-town-b", f"{PATH}?hours=48&until={until}")).json()
    assert past["end_at"] == until
    assert [point["value"] for point in past["points"]] == [208.36, 210.36, 208.35, 210.35]


async def test_the_history_fills_what_the_log_no_longer_has(console: ConsoleHarness) -> None:
    now = measured(console, 300)  # twenty minutes
    console.readings.since = now - timedelta(minutes=20)
    first = slot_of(now - timedelta(hours=5, minutes=30))
    points = [(first + turn, value) for turn, value in enumerate((207.0, 206.0, 206.5))]
    await store_history(console.deps.database, GAUGE, points)
    view = (await got(console, "o-town-b")).json()
    assert [point["value"] for point in view["points"]][:2] == [207.0, 206.0]
    assert view["readings"] == 302
    assert view["begin_at"] < view["since"] == view["points"][0]["at"]


async def test_any_sensor_of_the_own_place_can_be_found(console: ConsoleHarness) -> None:
    await console.project([a_silent_sensor(GAUGE.sensor_id, ZHUTUO)])
    view = (await got(console, "o-town-b", "/api/sensors?q=朱沱 水 WATER_level")).json()
    assert view["sensors"] == []
    view = (await got(console, "o-town-b", "/api/sensors?q=朱沱 WATER_level")).json()
    assert [(entry["sensor_id"], entry["state"]) for entry in view["sensors"]] == [
        (GAUGE.sensor_id, "silent")
    ]
    assert (view["total"], view["next"]) == (1, None)
    assert (await got(console, "o-songji-b", "/api/sensors")).json()["sensors"] == []
    page = (await got(console, "o-city-b", "/api/sensors?limit=1")).json()
    assert (len(page["sensors"]), page["next"]) == (1, GAUGE.sensor_id)
    assert (await got(console, None, "/api/sensors")).status_code == 401


async def test_an_alert_shows_the_course_of_its_sensor_with_pace_and_peak(
    console: ConsoleHarness,
) -> None:
    now = SystemClock().now()
    alarm = an_alarm("flood").model_copy(update={"started_at": now - timedelta(hours=3)})
    quiet = an_alert("quiet", SONGJI)
    flood = an_alert("flood", alarm_ids=(alarm.alarm_id,))
    await console.project([alarm, flood, quiet])
    console.deps.part(Definitions).put_rule(a_rule())
    points = [
        ((now - timedelta(minutes=10 * (144 - n))).timestamp(), 211 + n / 100) for n in range(144)
    ]
    await store_history(console.deps.database, GAUGE, points)
    path = f"/api/trends?alerts={flood.alert_id},{quiet.alert_id},alr-unknown"
    (trend,) = (await got(console, "o-town-b", path)).json()["trends"]
    assert (trend["alert_id"], trend["last"], trend["peak"]) == (flood.alert_id, 212.43, None)
    assert abs(trend["per_hour"] - 0.06) < 0.001
    assert len(trend["points"]) == 48
    assert [level["raise_at"] for level in trend["levels"]] == [209.5, 212.0]
    assert (await got(console, "o-songji-b", path)).json()["trends"] == []
    assert (await got(console, "o-town-b", "/api/trends?alerts=a b")).status_code == 422


def test_the_peak_of_an_alarm_lies_within_its_time_and_only_grows() -> None:
    key = HistoryKey("gauge", "Actual", SERIES, 0)
    points = {key: [(10.0, 300.0), (20.0, 213.0), (30.0, 214.68), (40.0, 214.68), (60.0, 999.0)]}
    alarm = {
        "alarm_id": "alm-1",
        "sensor_id": "gauge",
        "status": "Actual",
        "rule_id": "flood",
        "started_at": datetime.fromtimestamp(15, UTC),
        "ended_at": datetime.fromtimestamp(50, UTC),
        "peak": None,
    }
    at = datetime.fromtimestamp(30, UTC)
    assert list(higher_peaks([alarm], points, lambda _: 1)) == [("alm-1", 214.68, at)]
    assert list(higher_peaks([alarm | {"peak": 214.68}], points, lambda _: 1)) == []
    assert list(higher_peaks([alarm], points, lambda _: None)) == []
    low = list(higher_peaks([alarm], points, lambda _: -1))
    assert low == [("alm-1", 213.0, datetime.fromtimestamp(20, UTC))]
