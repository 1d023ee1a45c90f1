"""Silences that end with their cause: half an hour after the last alarm that they hid."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.alerting.core.silences.silence import Silence, cleared
from shared.contracts.alarms import AlarmTransition
from shared.contracts.fields import Level, Post, Status
from shared.contracts.silences import Matcher, SilenceEvent, SilenceKind
from tests.component.alerting.harness import AlertingHarness
from tests.component.alerting.test_silences import a_silence_request
from tests.unit.alerting.builders import DISTRICT, an_alarm, at

MINUTE, HOUR = 60, 3600
CLEARED = AlarmTransition.CLEARED


async def last_silence(alerting: AlertingHarness) -> SilenceEvent:
    """Return the newest state of the only silence."""
    event: SilenceEvent = (await alerting.silence_events())[-1]
    return event


async def test_it_ends_half_an_hour_after_its_last_alarm(alerting: AlertingHarness) -> None:
    await alerting.deliver(a_silence_request(until_cleared=True), an_alarm("alm-1"))
    await alerting.deliver(an_alarm("alm-2"), an_alarm("alm-1", 2, CLEARED, occurred_at=at(2)))
    await alerting.advance_time(40 * MINUTE)
    assert (await last_silence(alerting)).ended_at is None, "another alarm is on"
    await alerting.deliver(an_alarm("alm-2", 2, CLEARED, occurred_at=at(50)))
    await alerting.advance_time(29 * MINUTE)
    assert (await last_silence(alerting)).ended_at is None
    await alerting.advance_time(2 * MINUTE)
    end = await last_silence(alerting)
    assert (end.ended_at is None, end.silenced, end.still_firing) == (False, 2, 0)
    assert (end.actor, end.until_cleared) == (None, True)
    await alerting.deliver(an_alarm("alm-3", occurred_at=at(90)))
    assert (await alerting.dispositions())["alm-3"] == "opened"


async def test_an_alarm_that_returns_prolongs_the_wait(alerting: AlertingHarness) -> None:
    await alerting.deliver(a_silence_request(until_cleared=True), an_alarm("alm-1"))
    await alerting.deliver(an_alarm("alm-1", 2, CLEARED, occurred_at=at(2)))
    await alerting.advance_time(20 * MINUTE)
    await alerting.deliver(an_alarm("alm-2", occurred_at=at(22)))
    await alerting.deliver(an_alarm("alm-2", 2, CLEARED, occurred_at=at(23)))
    await alerting.advance_time(20 * MINUTE)
    assert (await last_silence(alerting)).ended_at is None
    await alerting.advance_time(11 * MINUTE)
    assert (await last_silence(alerting)).ended_at is not None


async def test_without_any_alarm_it_lasts_to_its_end(alerting: AlertingHarness) -> None:
    await alerting.deliver(a_silence_request(until_cleared=True, hours=4))
    await alerting.advance_time(3 * HOUR)
    assert (await last_silence(alerting)).ended_at is None
    await alerting.advance_time(HOUR)
    assert (await last_silence(alerting)).ended_at is not None


async def test_an_alarm_that_leaves_for_an_alert_is_no_longer_its_own(
    alerting: AlertingHarness,
) -> None:
    await alerting.deliver(a_silence_request(until_cleared=True), an_alarm("alm-1"))
    await alerting.deliver(an_alarm("alm-1", 2, AlarmTransition.UPGRADED, Level.RED))
    await alerting.advance_time(31 * MINUTE)
    assert (await last_silence(alerting)).ended_at is not None
    [alert] = await alerting.alert_events()
    assert alert.proposed_level is Level.RED


async def test_other_silences_stay_until_their_end(alerting: AlertingHarness) -> None:
    await alerting.deliver(a_silence_request(hours=4), an_alarm("alm-1"))
    await alerting.deliver(an_alarm("alm-1", 2, CLEARED, occurred_at=at(2)))
    await alerting.advance_time(2 * HOUR)
    assert (await last_silence(alerting)).ended_at is None


def a_silence(*, until_cleared: bool, has_ended: bool) -> Silence:
    return Silence(
        "sil-1",
        Status.ACTUAL,
        1,
        SilenceKind.SILENCE,
        Matcher(place=DISTRICT),
        DISTRICT,
        "owner-1",
        Post.A,
        at(0),
        at(240),
        "检修",
        ended_at=at(1) if has_ended else None,
        until_cleared=until_cleared,
    )


@given(until_cleared=st.booleans(), has_ended=st.booleans(), hidden_alarms=st.integers(0, 9))
def test_only_a_silence_in_force_that_says_so_and_hides_nothing_ends(
    until_cleared: bool, has_ended: bool, hidden_alarms: int
) -> None:
    silence = a_silence(until_cleared=until_cleared, has_ended=has_ended)
    end = cleared(silence, hidden_alarms, at(5))
    assert (end is not None) == (until_cleared and not has_ended and hidden_alarms == 0)
    assert end is None or (end.ended_at, end.version) == (at(5), 2)
