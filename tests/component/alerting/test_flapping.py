"""What is raised again and again is told once, until it has been quiet."""

from __future__ import annotations

from typing import Any

import pytest

from services.alerting.core.flapping import FLIPS, QUIET, quiet
from shared.contracts.alarms import AlarmTransition
from shared.contracts.alerts import DecisionVerb
from shared.contracts.fields import Level, ResponseMode, Status
from shared.domain.response_modes.effective import Effective
from tests.component.alerting.harness import Station
from tests.unit.alerting.builders import CITY, DISTRICT, a_decision, an_alarm, at

CLEARED, UPGRADED = AlarmTransition.CLEARED, AlarmTransition.UPGRADED
OTHER_DISTRICT = "500112000000"
QUIET_S = QUIET.total_seconds()


def flip(number: int, every: float = 1, **changes: Any) -> list[Any]:
    """The number-th short episode of one sensor: raised, then cleared."""
    common = {"sensor_id": "s-1", **changes}
    start = number * every
    return [
        an_alarm(f"alm-{number}", occurred_at=at(start), **common),
        an_alarm(f"alm-{number}", 2, CLEARED, occurred_at=at(start + every / 2), **common),
    ]


async def flips(station: Station, count: int, first: int = 0, **changes: Any) -> None:
    for number in range(first, first + count):
        for one in flip(number, **changes):
            await station.takes(one)


async def test_up_to_the_limit_every_one_is_told(station: Station) -> None:
    await flips(station, FLIPS)
    assert [alert.transition for alert in await station.alerts()] == ["opened", "dismissed"] * FLIPS
    assert not any(alert.flapping for alert in await station.alerts())


async def test_beyond_it_the_alert_stays_open_and_its_flips_are_no_news(station: Station) -> None:
    await flips(station, FLIPS)
    told = len(await station.alerts())
    await flips(station, 10, first=FLIPS)
    later = (await station.alerts())[told:]
    assert [one.transition for one in later if one.transition in ("opened", "dismissed")] == [
        "opened"
    ]
    assert all(one.flapping and one.state == "verifying" for one in later)
    assert {one.proposed_level for one in later} == {Level.YELLOW}


async def test_in_an_open_alert_it_is_told_once_as_flapping(station: Station) -> None:
    await station.takes(an_alarm("alm-other", sensor_id="s-2"))
    await flips(station, FLIPS + 4)
    transitions = [alert.transition for alert in await station.alerts()]
    assert transitions.count("flapping") == 1
    assert transitions.count("opened") == 1


async def test_an_alert_that_ends_while_it_flaps_leaves_no_timer(station: Station) -> None:
    await flips(station, FLIPS + 1)
    last = (await station.alerts())[-1]
    assert last.flapping
    await station.takes(a_decision(last.alert_id, DecisionVerb.DISMISS, last.proposed_level))
    assert (await station.alerts())[-1].state == "dismissed"
    assert await station.rows("SELECT kind FROM alerting.timer WHERE state = 'armed'") == []


async def test_what_is_graver_is_told_all_the_same(station: Station) -> None:
    await flips(station, FLIPS + 1)
    await station.takes(an_alarm("alm-x", sensor_id="s-1", level=Level.RED, occurred_at=at(5)))
    last = (await station.alerts())[-1]
    assert (last.proposed_level, last.flapping) == (Level.RED, True)


async def test_after_the_quiet_time_what_is_on_counts_again(station: Station) -> None:
    await flips(station, FLIPS + 1)
    await station.sweeps(QUIET_S - 5)
    assert (await station.alerts())[-1].flapping
    await station.sweeps(10)
    last = (await station.alerts())[-1]
    assert (last.transition, last.flapping) == ("dismissed", False)


async def test_a_flip_begins_the_quiet_time_anew(station: Station) -> None:
    await flips(station, FLIPS + 1)
    await station.sweeps(QUIET_S - 5)
    await flips(station, 1, first=FLIPS + 1)
    await station.sweeps(QUIET_S - 5)
    assert (await station.alerts())[-1].flapping
    await station.sweeps(10)
    assert not (await station.alerts())[-1].flapping


async def test_if_it_is_on_at_the_end_it_stays_as_an_ordinary_alert(station: Station) -> None:
    await flips(station, FLIPS)
    await station.takes(flip(FLIPS)[0])
    await station.sweeps(QUIET_S + 5)
    last = (await station.alerts())[-1]
    assert (last.transition, last.state, last.flapping) == ("steady", "verifying", False)


async def test_an_issued_alert_is_not_proposed_to_be_lifted_at_each_clearing(
    station: Station,
) -> None:
    await flips(station, FLIPS)
    await station.takes(flip(FLIPS)[0])
    alert = (await station.alerts())[-1]
    for verb in (DecisionVerb.VERIFY, DecisionVerb.ASSESS, DecisionVerb.APPROVE):
        await station.takes(a_decision(alert.alert_id, verb, Level.YELLOW, DISTRICT))
    await station.takes(flip(FLIPS)[1])
    last = (await station.alerts())[-1]
    assert (last.level, last.proposed_level) == (Level.YELLOW, Level.YELLOW)
    await station.sweeps(QUIET_S + 5)
    assert (await station.alerts())[-1].proposed_level is None


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({}, {"rule_id": "gas.other"}),
        ({}, {"sensor_id": "s-2"}),
        ({"status": Status.EXERCISE}, {}),
    ],
)
async def test_another_rule_sensor_or_status_is_counted_apart(
    station: Station, first: dict[str, Any], then: dict[str, Any]
) -> None:
    await flips(station, FLIPS, **first)
    await flips(station, FLIPS, first=FLIPS, **then)
    assert not any(alert.flapping for alert in await station.alerts())


async def test_slow_repetition_is_no_flapping(station: Station) -> None:
    await flips(station, FLIPS + 3, every=5)
    assert not any(alert.flapping for alert in await station.alerts())


async def test_one_batch_counts_like_many(station: Station) -> None:
    await station.takes(*(one for number in range(FLIPS + 2) for one in flip(number)))
    last = (await station.alerts())[-1]
    assert (last.flapping, last.place) == (True, last.place)
    assert CITY not in last.areas


def in_mode(
    station: Station, unit: str, mode: ResponseMode, status: Status = Status.ACTUAL
) -> None:
    """The newest decision of a unit, as the compacted topic of modes tells it."""
    version = station.alerting.modes.own(status, unit).version + 1
    station.alerting.modes.decide(status, Effective(mode, version, unit))


@pytest.mark.parametrize("mode", ResponseMode)
async def test_the_window_goes_by_the_mode_and_the_alert_says_so(
    station: Station, mode: ResponseMode
) -> None:
    in_mode(station, DISTRICT, mode)
    await flips(station, FLIPS + 1)
    told = (await station.alerts())[-1]
    assert (told.mode, told.mode_version, told.mode_unit) == (mode, 1, DISTRICT)
    await station.sweeps(quiet(mode).total_seconds() - 5)
    assert (await station.alerts())[-1].flapping
    await station.sweeps(10)
    assert not (await station.alerts())[-1].flapping


@pytest.mark.parametrize(
    ("unit", "status"),
    [(OTHER_DISTRICT, Status.ACTUAL), (DISTRICT, Status.EXERCISE)],
    ids=["beside", "drill"],
)
async def test_a_flip_outside_the_subtree_or_in_a_drill_changes_nothing(
    station: Station, unit: str, status: Status
) -> None:
    async def story() -> list[Any]:
        await station.empty()
        await flips(station, FLIPS + 1)
        in_mode(station, unit, ResponseMode.EMERGENCY, status)
        await flips(station, 2, first=FLIPS + 1)
        await station.sweeps(quiet(ResponseMode.EMERGENCY).total_seconds() + 5)
        return [
            alert.model_dump(exclude={"sent_at"}) | {"sent_at": None}
            for alert in await station.alerts()
        ]

    before = await story()
    assert before[-1]["flapping"]
    assert await story() == before


async def test_a_window_that_runs_keeps_its_mode_and_the_next_flip_takes_the_new_one(
    station: Station,
) -> None:
    await flips(station, FLIPS + 1)
    in_mode(station, DISTRICT, ResponseMode.EMERGENCY)
    short = quiet(ResponseMode.EMERGENCY).total_seconds()
    await station.sweeps(short + 5)
    assert (await station.alerts())[-1].flapping, "the window was opened in normal mode"
    await flips(station, 1, first=FLIPS + 1)
    assert (await station.alerts())[-1].mode is ResponseMode.EMERGENCY
    await station.sweeps(short + 5)
    assert not (await station.alerts())[-1].flapping
