"""The warning before the end of a silence: once per end, while alarms are held."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerting.core.silences.silence import warning_before
from shared.contracts.alarms import AlarmTransition
from shared.contracts.silences import SilenceEvent
from tests.component.alerting.harness import AlertingHarness
from tests.component.alerting.test_silences import a_silence_request
from tests.unit.alerting.builders import T0, an_alarm, at

MINUTE, HOUR = 60, 3600


async def warnings(alerting: AlertingHarness) -> list[SilenceEvent]:
    """Return the versions of silences that tell their owner of the end."""
    events = await alerting.silence_events()
    return [event for event in events if event.warned_at == event.sent_at]


async def test_the_owner_is_warned_before_the_end_and_never_twice(
    alerting: AlertingHarness,
) -> None:
    await alerting.deliver(a_silence_request(hours=4), an_alarm("alm-1"), an_alarm("alm-2"))
    await alerting.advance_time(4 * HOUR - 16 * MINUTE)
    assert await warnings(alerting) == []
    await alerting.advance_time(2 * MINUTE)
    [warning] = await warnings(alerting)
    assert (warning.still_firing, warning.ended_at, warning.actor) == (2, None, None)
    assert await alerting.alert_events() == []
    await alerting.advance_time(5 * MINUTE)
    await alerting.deliver(an_alarm("alm-3"))
    await alerting.advance_time(HOUR)
    assert len(await warnings(alerting)) == 1
    assert (await alerting.silence_events())[-1].still_firing == 3


async def test_a_silence_that_holds_no_alarm_ends_without_a_word(
    alerting: AlertingHarness,
) -> None:
    await alerting.deliver(a_silence_request(hours=4), an_alarm())
    await alerting.deliver(an_alarm("alm-1", 2, AlarmTransition.CLEARED, occurred_at=at(2)))
    await alerting.advance_time(4 * HOUR - 14 * MINUTE)
    await alerting.advance_time(HOUR)
    assert await warnings(alerting) == []


async def test_an_alarm_that_comes_late_warns_at_once(alerting: AlertingHarness) -> None:
    await alerting.deliver(a_silence_request(hours=4))
    await alerting.advance_time(4 * HOUR - 10 * MINUTE)
    await alerting.deliver(an_alarm())
    await alerting.advance_time()
    assert [warning.still_firing for warning in await warnings(alerting)] == [1]


async def test_a_silence_that_was_ended_warns_nobody(alerting: AlertingHarness) -> None:
    await alerting.deliver(a_silence_request(hours=4), an_alarm())
    await alerting.deliver(a_silence_request(verb="end"))
    await alerting.advance_time(4 * HOUR - 10 * MINUTE)
    assert await warnings(alerting) == []


async def test_another_end_has_a_warning_of_its_own(alerting: AlertingHarness) -> None:
    await alerting.deliver(a_silence_request(hours=4), an_alarm())
    await alerting.advance_time(4 * HOUR - 10 * MINUTE)
    await alerting.deliver(a_silence_request(verb="extend", hours=6))
    moved = (await alerting.silence_events())[-1]
    assert (moved.warned_at, moved.still_firing) == (None, 0)
    await alerting.advance_time(5 * HOUR)
    assert len(await warnings(alerting)) == 1
    await alerting.advance_time(50 * MINUTE)
    assert len(await warnings(alerting)) == 2


@pytest.mark.parametrize(
    ("length", "before"),
    [
        (timedelta(days=7), timedelta(minutes=15)),
        (timedelta(minutes=150), timedelta(minutes=15)),
        (timedelta(hours=1), timedelta(minutes=6)),
        (timedelta(minutes=10), timedelta(minutes=1)),
        (timedelta(seconds=20), timedelta(seconds=5)),
    ],
)
def test_the_warning_comes_a_quarter_of_an_hour_or_a_tenth_before(
    length: timedelta, before: timedelta
) -> None:
    assert warning_before(T0, T0 + length) == T0 + length - before


@given(seconds=st.integers(1, 7 * 24 * HOUR))
def test_a_warning_lies_before_the_end(seconds: int) -> None:
    end = T0 + timedelta(seconds=seconds)
    assert timedelta(seconds=5) <= end - warning_before(T0, end) <= timedelta(minutes=15)
