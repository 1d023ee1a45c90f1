"""Which places of a district are told that their sensors are silent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.alerting.core.alarms.snapshot import snapshot_of
from services.alerting.core.silent_places.silence_fault import fault_of_place, silent_place
from services.alerting.core.silent_places.silent_place import (
    SEVERAL,
    SilentPlace,
    SilentSensor,
    changes_of,
    concerns_silence,
    silent_since,
)
from shared.contracts.alarms import Evidence
from shared.contracts.faults import FaultState
from shared.contracts.fields import DataGrade, Status
from tests.unit.alerting.builders import DISTRICT, T0, an_alarm

TOWNS = [f"500118{number}000" for number in range(101, 121)]


def silent(place: str, number: int = 1, **changes: Any) -> SilentSensor:
    """Return a silent sensor of a place; a later number has been silent for less time."""
    event = an_alarm(f"alm-{place}-{number}", kind="absence", place=place, **changes)
    name = f"{place}站{number} 掉线 ‖ gauge {number} of {place}, silent"
    return SilentSensor(snapshot_of(event, None), name, T0 + timedelta(minutes=number))


def places_of(*units: str, wide: bool = False) -> dict[str, SilentPlace]:
    return {
        unit: silent_place(unit, [silent(unit)], "before", wide=wide and unit == DISTRICT)
        for unit in units
    }


CASES: list[tuple[str, list[str], dict[str, SilentPlace], list[str], list[str]]] = [
    ("nothing", [], {}, [], []),
    ("one place", TOWNS[:1], {}, TOWNS[:1], []),
    ("told once", TOWNS[:1], places_of(TOWNS[0]), [], []),
    ("three places", TOWNS[:3], {}, TOWNS[:3], []),
    ("together: the district", TOWNS[:SEVERAL], {}, [DISTRICT], []),
    ("one was told before", TOWNS[:SEVERAL], places_of(TOWNS[0]), TOWNS[1:SEVERAL], []),
    ("heard again", [], places_of(TOWNS[0]), [], TOWNS[:1]),
    ("one of two heard", TOWNS[1:2], places_of(*TOWNS[:2]), [], TOWNS[:1]),
    ("the district goes on", TOWNS[:2], places_of(DISTRICT, wide=True), [], []),
    ("one place remains", TOWNS[:1], places_of(DISTRICT, wide=True), TOWNS[:1], [DISTRICT]),
    ("all heard", [], places_of(DISTRICT, wide=True), [], [DISTRICT]),
    ("the district's own gauge", [DISTRICT], {}, [DISTRICT], []),
    ("only its own remains", [DISTRICT], places_of(DISTRICT, wide=True), [DISTRICT], [DISTRICT]),
]


@pytest.mark.parametrize(
    ("silent_at", "before", "raised", "cleared"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_each_place_has_one_fault(
    silent_at: list[str], before: dict[str, SilentPlace], raised: list[str], cleared: list[str]
) -> None:
    sensors = [silent(place, number) for place in silent_at for number in (1, 2)]
    changes = changes_of(DISTRICT, sensors, before)
    assert list(changes.raised) == raised
    assert [place.unit for place in changes.cleared] == cleared


def test_ten_thousand_silent_sensors_are_one_fault() -> None:
    sensors = [silent(TOWNS[number % 20], number) for number in range(10_000)]
    changes = changes_of(DISTRICT, sensors, {})
    ((unit, covered),) = changes.raised.items()
    place = silent_place(unit, covered, "now", wide=unit in changes.wide)
    fault = fault_of_place(place, FaultState.RAISED, T0)
    assert fault.headline == "20 处共 10000 个传感器失联 ‖ 10000 sensors are silent in 20 places"
    assert fault.areas == tuple(TOWNS)
    assert "另有 9992 个" in fault.text
    assert "9992 more" in fault.text


def test_a_fault_names_its_sensors_from_the_longest_silent() -> None:
    place = silent_place(TOWNS[0], [silent(TOWNS[0], 2), silent(TOWNS[0], 1)], "now", wide=False)
    fault = fault_of_place(place, FaultState.RAISED, T0 + timedelta(hours=1))
    assert fault.occurred_at == T0 + timedelta(minutes=1)
    assert fault.headline == "2 个传感器失联 ‖ 2 sensors are silent"
    assert fault.text.startswith(
        f"失联设备：{TOWNS[0]}站1 掉线、{TOWNS[0]}站2 掉线 ‖ Silent: gauge 1"
    )
    over = fault_of_place(place, FaultState.CLEARED, T0 + timedelta(hours=2))
    assert (over.fault_id, over.version) == (fault.fault_id, 2)


def test_graded_sensors_are_counted_and_not_named() -> None:
    graded = silent(TOWNS[0], 1, data_grade=DataGrade.IMPORTANT)
    place = silent_place(TOWNS[0], [graded], "now", wide=False)
    assert (place.headline, place.text) == ("1 个传感器失联 ‖ 1 sensor is silent", "")
    pair = silent_place(TOWNS[0], [graded, silent(TOWNS[0], 2)], "now", wide=False)
    assert f"{TOWNS[0]}站1" not in pair.text
    assert "另有 1 个" in pair.text


@pytest.mark.parametrize(
    ("changes", "concerns"),
    [
        ({"kind": "absence"}, True),
        ({"kind": "threshold"}, False),
        ({"kind": "absence", "status": Status.EXERCISE}, False),
        ({"kind": "absence", "status": Status.SYSTEM}, False),
        ({"kind": "absence", "condition": True}, False),
    ],
)
def test_only_silence_of_the_real_world_concerns(changes: dict[str, Any], concerns: bool) -> None:
    assert concerns_silence(an_alarm(**changes)) is concerns


@pytest.mark.parametrize(
    ("last_seen_at", "since"),
    [
        pytest.param(T0 - timedelta(hours=5), T0 - timedelta(hours=5), id="the last reading"),
        pytest.param(None, T0 - timedelta(hours=3), id="never heard: the limit before the alarm"),
    ],
)
def test_since_when_there_is_no_data(last_seen_at: datetime | None, since: datetime) -> None:
    evidence = Evidence(
        metric="silence",
        value=10_800,
        unit="s",
        limit=10_800,
        event_id="r-1",
        last_seen_at=last_seen_at,
    )
    event = an_alarm(kind="absence", started_at=T0, evidence=evidence)
    assert silent_since(event) == since
