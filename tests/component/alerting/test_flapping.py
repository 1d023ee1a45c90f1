"""Flapping: repeated raises of an alarm are published once, until a quiet period is over."""

from __future__ import annotations

from typing import Any

import pytest

from services.alerting.core.alarms.flapping import MAX_RAISES, QUIET_PERIOD, quiet_period
from shared.contracts.alarms import AlarmTransition
from shared.contracts.alerts import DecisionVerb
from shared.contracts.fields import Level, ResponseMode, Status
from shared.domain.response_modes.effective import Effective
from tests.component.alerting.harness import AlertingHarness
from tests.unit.alerting.builders import CITY, DISTRICT, a_decision, an_alarm, at

CLEARED, UPGRADED = AlarmTransition.CLEARED, AlarmTransition.UPGRADED
OTHER_DISTRICT = "500112000000"
QUIET_S = QUIET_PERIOD.total_seconds()


def flip(number: int, every: float = 1, **changes: Any) -> list[Any]:
    """Return the number-th short episode of a sensor: raised, then cleared."""
    common = {"sensor_id": "s-1", **changes}
    start = number * every
    return [
        an_alarm(f"alm-{number}", occurred_at=at(start), **common),
        an_alarm(f"alm-{number}", 2, CLEARED, occurred_at=at(start + every / 2), **common),
    ]


async def flips(alerting: AlertingHarness, count: int, first: int = 0, **changes: Any) -> None:
    for number in range(first, first + count):
        for event in flip(number, **changes):
            await alerting.deliver(event)


async def test_raises_up_to_the_limit_are_all_published(alerting: AlertingHarness) -> None:
    await flips(alerting, MAX_RAISES)
    assert [alert.transition for alert in await alerting.alert_events()] == [
        "opened",
        "dismissed",
    ] * MAX_RAISES
    assert not any(alert.flapping for alert in await alerting.alert_events())


async def test_above_the_limit_the_alert_stays_open(
    alerting: AlertingHarness,
) -> None:
    await flips(alerting, MAX_RAISES)
    number = len(await alerting.alert_events())
    await flips(alerting, 10, first=MAX_RAISES)
    later = (await alerting.alert_events())[number:]
    assert [event.transition for event in later if event.transition in ("opened", "dismissed")] == [
        "opened"
    ]
    assert all(event.flapping and event.state == "verifying" for event in later)
    assert {event.proposed_level for event in later} == {Level.YELLOW}


async def test_flapping_in_an_open_alert_is_published_once(alerting: AlertingHarness) -> None:
    await alerting.deliver(an_alarm("alm-other", sensor_id="s-2"))
    await flips(alerting, MAX_RAISES + 4)
    transitions = [alert.transition for alert in await alerting.alert_events()]
    assert transitions.count("flapping") == 1
    assert transitions.count("opened") == 1


async def test_an_alert_that_ends_while_flapping_leaves_no_timer(alerting: AlertingHarness) -> None:
    await flips(alerting, MAX_RAISES + 1)
    last = (await alerting.alert_events())[-1]
    assert last.flapping
    await alerting.deliver(a_decision(last.alert_id, DecisionVerb.DISMISS, last.proposed_level))
    assert (await alerting.alert_events())[-1].state == "dismissed"
    assert await alerting.rows("SELECT kind FROM alerting.timer WHERE state = 'armed'") == []


async def test_a_higher_level_is_published_while_flapping(alerting: AlertingHarness) -> None:
    await flips(alerting, MAX_RAISES + 1)
    await alerting.deliver(an_alarm("alm-x", sensor_id="s-1", level=Level.RED, occurred_at=at(5)))
    last = (await alerting.alert_events())[-1]
    assert (last.proposed_level, last.flapping) == (Level.RED, True)


async def test_after_the_quiet_period_active_alarms_decide_again(alerting: AlertingHarness) -> None:
    await flips(alerting, MAX_RAISES + 1)
    await alerting.advance_time(QUIET_S - 5)
    assert (await alerting.alert_events())[-1].flapping
    await alerting.advance_time(10)
    last = (await alerting.alert_events())[-1]
    assert (last.transition, last.flapping) == ("dismissed", False)


async def test_a_raise_restarts_the_quiet_period(alerting: AlertingHarness) -> None:
    await flips(alerting, MAX_RAISES + 1)
    await alerting.advance_time(QUIET_S - 5)
    await flips(alerting, 1, first=MAX_RAISES + 1)
    await alerting.advance_time(QUIET_S - 5)
    assert (await alerting.alert_events())[-1].flapping
    await alerting.advance_time(10)
    assert not (await alerting.alert_events())[-1].flapping


async def test_an_alarm_on_at_the_end_keeps_the_alert_open(
    alerting: AlertingHarness,
) -> None:
    await flips(alerting, MAX_RAISES)
    await alerting.deliver(flip(MAX_RAISES)[0])
    await alerting.advance_time(QUIET_S + 5)
    last = (await alerting.alert_events())[-1]
    assert (last.transition, last.state, last.flapping) == ("steady", "verifying", False)


async def test_an_issued_alert_is_not_proposed_to_be_lifted_at_each_clearing(
    alerting: AlertingHarness,
) -> None:
    await flips(alerting, MAX_RAISES)
    await alerting.deliver(flip(MAX_RAISES)[0])
    alert = (await alerting.alert_events())[-1]
    for verb in (DecisionVerb.VERIFY, DecisionVerb.ASSESS, DecisionVerb.APPROVE):
        await alerting.deliver(a_decision(alert.alert_id, verb, Level.YELLOW, DISTRICT))
    await alerting.deliver(flip(MAX_RAISES)[1])
    last = (await alerting.alert_events())[-1]
    assert (last.level, last.proposed_level) == (Level.YELLOW, Level.YELLOW)
    await alerting.advance_time(QUIET_S + 5)
    assert (await alerting.alert_events())[-1].proposed_level is None


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({}, {"rule_id": "gas.other"}),
        ({}, {"sensor_id": "s-2"}),
        ({"status": Status.EXERCISE}, {}),
    ],
)
async def test_rules_sensors_and_statuses_are_counted_apart(
    alerting: AlertingHarness, first: dict[str, Any], then: dict[str, Any]
) -> None:
    await flips(alerting, MAX_RAISES, **first)
    await flips(alerting, MAX_RAISES, first=MAX_RAISES, **then)
    assert not any(alert.flapping for alert in await alerting.alert_events())


async def test_slow_repetition_is_no_flapping(alerting: AlertingHarness) -> None:
    await flips(alerting, MAX_RAISES + 3, every=5)
    assert not any(alert.flapping for alert in await alerting.alert_events())


async def test_one_batch_counts_as_many_do(alerting: AlertingHarness) -> None:
    await alerting.deliver(*(event for number in range(MAX_RAISES + 2) for event in flip(number)))
    last = (await alerting.alert_events())[-1]
    assert (last.flapping, last.place) == (True, last.place)
    assert CITY not in last.areas


def in_mode(
    alerting: AlertingHarness, unit: str, mode: ResponseMode, status: Status = Status.ACTUAL
) -> None:
    """Set the newest decision of a unit, as the compacted topic of modes does."""
    version = alerting.modes.own(status, unit).version + 1
    alerting.modes.decide(status, Effective(mode, version, unit))


@pytest.mark.parametrize("mode", ResponseMode)
async def test_the_quiet_period_follows_from_the_mode(
    alerting: AlertingHarness, mode: ResponseMode
) -> None:
    in_mode(alerting, DISTRICT, mode)
    await flips(alerting, MAX_RAISES + 1)
    last = (await alerting.alert_events())[-1]
    assert (last.mode, last.mode_version, last.mode_unit) == (mode, 1, DISTRICT)
    await alerting.advance_time(quiet_period(mode).total_seconds() - 5)
    assert (await alerting.alert_events())[-1].flapping
    await alerting.advance_time(10)
    assert not (await alerting.alert_events())[-1].flapping


@pytest.mark.parametrize(
    ("unit", "status"),
    [(OTHER_DISTRICT, Status.ACTUAL), (DISTRICT, Status.EXERCISE)],
    ids=["beside", "drill"],
)
async def test_modes_outside_the_subtree_or_of_a_drill_have_no_effect(
    alerting: AlertingHarness, unit: str, status: Status
) -> None:
    async def story() -> list[Any]:
        await alerting.empty()
        await flips(alerting, MAX_RAISES + 1)
        in_mode(alerting, unit, ResponseMode.EMERGENCY, status)
        await flips(alerting, 2, first=MAX_RAISES + 1)
        await alerting.advance_time(quiet_period(ResponseMode.EMERGENCY).total_seconds() + 5)
        return [
            alert.model_dump(exclude={"sent_at"}) | {"sent_at": None}
            for alert in await alerting.alert_events()
        ]

    before = await story()
    assert before[-1]["flapping"]
    assert await story() == before


async def test_a_running_period_keeps_its_mode_and_the_next_raise_uses_the_new_mode(
    alerting: AlertingHarness,
) -> None:
    await flips(alerting, MAX_RAISES + 1)
    in_mode(alerting, DISTRICT, ResponseMode.EMERGENCY)
    short = quiet_period(ResponseMode.EMERGENCY).total_seconds()
    await alerting.advance_time(short + 5)
    assert (await alerting.alert_events())[-1].flapping, "the window was opened in normal mode"
    await flips(alerting, 1, first=MAX_RAISES + 1)
    assert (await alerting.alert_events())[-1].mode is ResponseMode.EMERGENCY
    await alerting.advance_time(short + 5)
    assert not (await alerting.alert_events())[-1].flapping
