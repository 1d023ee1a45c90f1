"""Weekly silences: they hide only in their windows, and let go at the end of each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.alerting.core.alarms.snapshot import snapshot_of
from services.alerting.core.silences.silence import (
    Silence,
    after_window,
    create,
    expired,
    warned,
)
from shared.contracts.duty import DayKind
from shared.contracts.fields import Post
from shared.contracts.silences import SilenceRequest, WeeklyWindow
from shared.runtime.errors import Reject
from tests.component.alerting.harness import AlertingHarness
from tests.component.alerting.test_silence_warnings import warnings
from tests.component.alerting.test_silences import a_silence_request
from tests.unit.alerting.builders import DISTRICT, VILLAGE, an_alarm

BEIJING = ZoneInfo("Asia/Shanghai")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEEKDAYS = tuple(DayKind)[:7]


def windows(begin: datetime, end: datetime, days: tuple[DayKind, ...] = WEEKDAYS) -> WeeklyWindow:
    """Return the windows between these moments of a day, by their clock in Beijing."""
    clocks = [moment.astimezone(BEIJING).time() for moment in (begin, end)]
    return WeeklyWindow(days=days, begin=clocks[0], until=clocks[1])


def a_weekly_request(weekly: WeeklyWindow, **changes: Any) -> SilenceRequest:
    return a_silence_request(hours=24 * 28, weekly=weekly, **changes)


async def test_it_hides_in_its_window_and_calls_at_the_end_of_each(
    alerting: AlertingHarness,
) -> None:
    now = datetime.now(UTC)
    await alerting.deliver(a_weekly_request(windows(now - HOUR, now + HOUR)), an_alarm("alm-1"))
    assert await alerting.dispositions() == {"alm-1": "silenced"}
    over = windows(now - 3 * HOUR, now - HOUR).model_dump_json()
    await alerting.rows("UPDATE alerting.silence SET weekly = $1", over)
    await alerting.advance_time(3600 + 5)
    [alert] = await alerting.alert_events()
    assert [(call.unit, call.post) for call in alert.calls] == [(DISTRICT, Post.A), (VILLAGE, None)]
    last = (await alerting.silence_events())[-1]
    assert (last.ended_at, last.still_firing) == (None, 1)
    await alerting.deliver(an_alarm("alm-2"))
    assert (await alerting.dispositions())["alm-2"] == "joined", "between the windows"
    [timer] = await alerting.rows(
        "SELECT due_at FROM alerting.timer WHERE kind = 'silence' AND state = 'armed'"
    )
    assert timer["due_at"] > datetime.now(UTC) + 20 * HOUR, "the end of the next window"


async def test_after_an_outage_the_next_window_holds_on(alerting: AlertingHarness) -> None:
    now = datetime.now(UTC)
    await alerting.deliver(a_weekly_request(windows(now - HOUR, now + HOUR)), an_alarm("alm-1"))
    await alerting.rows("UPDATE alerting.timer SET due_at = now() WHERE kind = 'silence'")
    await alerting.advance_time()
    assert await alerting.dispositions() == {"alm-1": "silenced"}
    assert (await alerting.silence_events())[-1].still_firing == 0
    [timer] = await alerting.rows(
        "SELECT due_at FROM alerting.timer WHERE kind = 'silence' AND state = 'armed'"
    )
    assert timer["due_at"] > now + HOUR / 2


async def test_prolonged_after_a_window_it_lets_go_of_what_that_hid(
    alerting: AlertingHarness,
) -> None:
    now = datetime.now(UTC)
    await alerting.deliver(a_weekly_request(windows(now - HOUR, now + HOUR)), an_alarm("alm-1"))
    over = windows(now - 3 * HOUR, now - HOUR).model_dump_json()
    await alerting.rows("UPDATE alerting.silence SET weekly = $1", over)
    await alerting.deliver(a_silence_request(verb="extend", hours=24 * 60))
    assert await alerting.dispositions() == {"alm-1": "opened"}
    assert (await alerting.silence_events())[-1].still_firing == 1


async def test_its_maker_is_warned_before_the_end_of_each_window(
    alerting: AlertingHarness,
) -> None:
    now = datetime.now(UTC)
    present, over = windows(now - HOUR, now + HOUR / 6), windows(now - 3 * HOUR, now - HOUR)
    await alerting.deliver(a_weekly_request(present), an_alarm("alm-1"))
    await alerting.advance_time(8 * 60)
    assert await warnings(alerting) == []
    await alerting.advance_time(90)
    [warning] = await warnings(alerting)
    assert (warning.still_firing, warning.ended_at, warning.owner) == (1, None, "owner-1")
    await alerting.rows("UPDATE alerting.silence SET weekly = $1", over.model_dump_json())
    await alerting.advance_time(11 * 60)
    assert (await alerting.silence_events())[-1].warned_at is None, "the window is over"
    await alerting.rows("UPDATE alerting.silence SET weekly = $1", present.model_dump_json())
    await alerting.deliver(an_alarm("alm-2"))
    await alerting.advance_time(22 * 3600)
    assert len(await warnings(alerting)) == 1
    await alerting.advance_time(55 * 60)
    assert [event.still_firing for event in await warnings(alerting)] == [1, 1]


async def test_outside_its_window_it_hides_nothing(alerting: AlertingHarness) -> None:
    now = datetime.now(UTC)
    await alerting.deliver(a_weekly_request(windows(now + HOUR, now + 2 * HOUR)), an_alarm())
    assert await alerting.dispositions() == {"alm-1": "opened"}


@pytest.mark.parametrize("hours", [24 * 184, -1])
async def test_it_lasts_half_a_year_at_most(alerting: AlertingHarness, hours: float) -> None:
    now = datetime.now(UTC)
    weekly = windows(now, now + HOUR)
    with pytest.raises(Reject, match="bad_period"):
        await alerting.deliver(a_silence_request(hours=hours, weekly=weekly))


def local(text: str) -> datetime:
    """Return a moment of Beijing's wall clock."""
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


def sirens() -> Silence:
    """Return a silence on Saturdays from 10:00 to 10:15, for two weeks from Wednesday."""
    begin = local("2026-12-02 08:00")
    request = a_silence_request(
        begin_at=begin,
        end_at=begin + 14 * DAY,
        weekly=WeeklyWindow(
            days=(DayKind.SATURDAY,),
            begin=local("2026-12-05 10:00").time(),
            until=local("2026-12-05 10:15").time(),
        ),
    )
    silence = create(request, begin)
    assert isinstance(silence, Silence)
    return silence


def test_it_hides_only_in_the_hours_of_its_days() -> None:
    silence, alarm = sirens(), snapshot_of(an_alarm(), None)
    times = ["12-02 10:05", "12-05 09:59", "12-05 10:00", "12-05 10:14", "12-05 10:15"]
    hides = [silence.hides(alarm, local(f"2026-{time}")) for time in times]
    assert hides == [False, False, True, True, False]
    assert silence.ends_at(local("2026-12-05 10:15")) == local("2026-12-12 10:15")


def test_each_window_has_its_warning_and_the_last_is_the_end() -> None:
    silence = sirens()
    assert silence.warns_at == local("2026-12-05 10:13:30")
    assert warned(silence, 1, local("2026-12-05 10:13")) is None
    warning = warned(silence, 1, local("2026-12-05 10:14"))
    assert warning is not None
    following = after_window(warning, local("2026-12-05 10:15"))
    assert following is not None
    assert (following.warned_at, following.warns_at) == (None, local("2026-12-12 10:13:30"))
    assert expired(following, local("2026-12-05 10:15")) is None
    end = expired(following, local("2026-12-12 10:15"))
    assert end is not None
    assert after_window(end, local("2026-12-12 10:15")) is None
