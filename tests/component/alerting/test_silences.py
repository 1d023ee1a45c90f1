"""Silences and maintenance windows: the alarms that they hide, and their ends."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.alerting.core.alarms.snapshot import snapshot_of
from services.alerting.core.silences.silence import Silence, create, expired
from shared.contracts.alarms import AlarmTransition
from shared.contracts.fields import Level, Post, Status
from shared.contracts.silences import Matcher, SilenceKind, SilenceRequest
from shared.contracts.units import tier_of
from shared.runtime.errors import Reject
from tests.component.alerting.harness import AlertingHarness
from tests.unit.alerting.builders import (
    CITY,
    DISTRICT,
    GRID,
    OTHER_TOWN,
    TOWN,
    VILLAGE,
    a_report,
    an_alarm,
    at,
)

UPGRADED, CLEARED = AlarmTransition.UPGRADED, AlarmTransition.CLEARED
_numbers = itertools.count()


def a_silence_request(
    unit: str = DISTRICT,
    verb: str = "create",
    hours: float = 4,
    silence_id: str = "sil-1",
    begin_hours: float = 0,
    **changes: Any,
) -> SilenceRequest:
    now = datetime.now(UTC)
    values: dict[str, Any] = {
        "id": f"req-{next(_numbers)}",
        "occurred_at": at(0),
        "sent_at": at(0),
        "origin_unit": unit,
        "tier": tier_of(unit),
        "silence_id": silence_id,
        "verb": verb,
        "officer_id": "owner-1",
        "post": Post.A,
        "reason": "管网检修",
    }
    if verb == "create":
        values |= {"matcher": Matcher(place=TOWN), "begin_at": now + timedelta(hours=begin_hours)}
    if verb != "end":
        values["end_at"] = now + timedelta(hours=hours)
    return SilenceRequest(**(values | changes))


async def test_a_matching_alarm_is_silenced_and_counted(
    alerting: AlertingHarness,
) -> None:
    await alerting.deliver(a_silence_request())
    await alerting.deliver(
        an_alarm("alm-1"), an_alarm("alm-2"), an_alarm("alm-3", place=OTHER_TOWN)
    )
    assert await alerting.dispositions() == {
        "alm-1": "silenced",
        "alm-2": "silenced",
        "alm-3": "opened",
    }
    assert [alert.place for alert in await alerting.alert_events()] == [OTHER_TOWN]
    last = (await alerting.silence_events())[-1]
    assert (last.silenced, last.ended_at, last.version) == (2, None, 2)
    await alerting.deliver(an_alarm("alm-1", 2, UPGRADED, Level.ORANGE))
    assert (await alerting.silence_events())[-1].silenced == 2, "an alarm is counted once"


@pytest.mark.parametrize(
    ("matcher", "hidden"),
    [
        ({"place": VILLAGE}, True),
        ({"place": TOWN, "event_type": "12:gas_leak"}, True),
        ({"event_type": "12:gas_leak"}, True),
        ({"rule_id": "gas.leak"}, True),
        ({"sensor_id": "sensor-alm-1"}, True),
        ({"place": OTHER_TOWN}, False),
        ({"place": TOWN, "event_type": "11A01"}, False),
        ({"rule_id": "gas.other"}, False),
        ({"sensor_id": "sensor-alm-2"}, False),
    ],
)
async def test_all_fields_of_a_matcher_have_to_match(
    alerting: AlertingHarness, matcher: dict[str, str], hidden: bool
) -> None:
    await alerting.deliver(a_silence_request(matcher=Matcher.model_validate(matcher)))
    await alerting.deliver(an_alarm())
    assert (await alerting.dispositions())["alm-1"] == ("silenced" if hidden else "opened")


@pytest.mark.parametrize(
    ("unit", "most"),
    [
        (CITY, Level.RED),
        (DISTRICT, Level.ORANGE),
        (TOWN, Level.YELLOW),
        (VILLAGE, Level.BLUE),
    ],
)
async def test_the_highest_hidden_level_follows_from_the_unit(
    alerting: AlertingHarness, unit: str, most: Level
) -> None:
    await alerting.deliver(a_silence_request(unit, matcher=Matcher(rule_id="gas.leak")))
    levels = [Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED]
    for level in levels:
        await alerting.deliver(an_alarm(f"alm-{level}", level=level))
    result = await alerting.dispositions()
    for level in levels:
        hidden = levels.index(level) <= levels.index(most)
        assert (result[f"alm-{level}"] == "silenced") == hidden, level


async def test_an_alarm_that_becomes_red_leaves_a_districts_silence(
    alerting: AlertingHarness,
) -> None:
    await alerting.deliver(a_silence_request(), an_alarm())
    assert await alerting.alert_events() == []
    await alerting.deliver(an_alarm(version=2, transition=UPGRADED, level=Level.RED))
    [alert] = await alerting.alert_events()
    assert (alert.transition, alert.proposed_level) == ("opened", Level.RED)


@pytest.mark.parametrize("status", [Status.EXERCISE, Status.TEST])
async def test_a_silence_of_a_drill_hides_no_real_alarm(
    alerting: AlertingHarness, status: Status
) -> None:
    await alerting.deliver(a_silence_request(status=status))
    await alerting.deliver(an_alarm("alm-1"), an_alarm("alm-2", status=status))
    assert await alerting.dispositions() == {"alm-1": "opened", "alm-2": "silenced"}


async def test_reports_and_alarms_in_an_alert_are_never_silenced(
    alerting: AlertingHarness,
) -> None:
    await alerting.deliver(an_alarm("alm-1", level=Level.BLUE))
    await alerting.deliver(a_silence_request())
    await alerting.deliver(an_alarm("alm-1", 2, UPGRADED, Level.YELLOW))
    assert [alert.proposed_level for alert in await alerting.alert_events()] == [
        Level.BLUE,
        Level.YELLOW,
    ]
    await alerting.deliver(a_report(event_type="11A01"))
    assert (await alerting.alert_events())[-1].transition == "opened"


async def test_at_the_end_active_alarms_call_the_owner_and_the_place(
    alerting: AlertingHarness,
) -> None:
    await alerting.deliver(a_silence_request(kind=SilenceKind.MAINTENANCE, hours=48))
    await alerting.deliver(an_alarm("alm-1"), an_alarm("alm-2", 1, occurred_at=at(1)))
    await alerting.deliver(an_alarm("alm-2", 2, CLEARED, occurred_at=at(2)))
    await alerting.advance_time(47 * 3600)
    assert await alerting.alert_events() == []
    await alerting.advance_time(2 * 3600)
    [alert] = await alerting.alert_events()
    assert (alert.transition, alert.alarm_ids) == ("opened", ("alm-1",))
    assert [(call.unit, call.post) for call in alert.calls] == [(DISTRICT, Post.A), (VILLAGE, None)]
    last = (await alerting.silence_events())[-1]
    assert (last.silenced, last.still_firing, last.ended_at is None) == (2, 1, False)
    await alerting.advance_time(3600)
    assert len(await alerting.alert_events()) == 1
    await alerting.deliver(an_alarm("alm-3", occurred_at=at(9)))
    assert (await alerting.dispositions())["alm-3"] == "joined"


async def test_many_active_alarms_call_each_post_once(
    alerting: AlertingHarness,
) -> None:
    await alerting.deliver(a_silence_request())
    places = [VILLAGE, VILLAGE, TOWN, VILLAGE]
    await alerting.deliver(
        *(an_alarm(f"alm-{n}", place=place, occurred_at=at(n)) for n, place in enumerate(places))
    )
    await alerting.deliver(a_silence_request(verb="end"))
    events = await alerting.alert_events()
    assert {event.alert_id for event in events} == {events[0].alert_id}
    called = [(call.unit, call.post) for event in events for call in event.calls]
    assert sorted(called, key=str) == [(DISTRICT, Post.A), (TOWN, None), (VILLAGE, None)]


async def test_a_released_alarm_joins_the_open_alert(alerting: AlertingHarness) -> None:
    await alerting.deliver(a_silence_request(matcher=Matcher(sensor_id="sensor-alm-1")))
    await alerting.deliver(an_alarm("alm-1"), an_alarm("alm-2"))
    await alerting.deliver(a_silence_request(verb="end"))
    last = (await alerting.alert_events())[-1]
    assert (last.transition, last.alarm_ids) == ("corroborated", ("alm-2", "alm-1"))
    assert last.calls


async def test_a_silence_is_ended_early_or_extended(alerting: AlertingHarness) -> None:
    await alerting.deliver(a_silence_request(hours=2), an_alarm())
    await alerting.deliver(a_silence_request(verb="extend", hours=10))
    await alerting.advance_time(5 * 3600)
    assert await alerting.alert_events() == []
    await alerting.deliver(a_silence_request(CITY, verb="end", officer_id="boss"))
    assert len(await alerting.alert_events()) == 1
    last = (await alerting.silence_events())[-1]
    assert (last.actor, last.owner, last.still_firing) == ("boss", "owner-1", 1)
    with pytest.raises(Reject, match="over"):
        await alerting.deliver(a_silence_request(verb="extend", hours=3))


async def test_a_second_silence_hides_the_alarm_further(alerting: AlertingHarness) -> None:
    await alerting.deliver(
        a_silence_request(hours=2), a_silence_request(hours=8, silence_id="sil-2"), an_alarm()
    )
    counted = {silence.silence_id: silence.silenced for silence in await alerting.silence_events()}
    assert counted == {"sil-1": 0, "sil-2": 1}, "the event that ends last hides it"
    await alerting.deliver(a_silence_request(verb="end", silence_id="sil-2"))
    assert await alerting.dispositions() == {"alm-1": "silenced"}
    await alerting.deliver(a_silence_request(verb="end"))
    assert await alerting.dispositions() == {"alm-1": "opened"}


async def test_a_silence_hides_no_alarm_before_its_begin(alerting: AlertingHarness) -> None:
    await alerting.deliver(a_silence_request(begin_hours=2, hours=3), an_alarm("alm-1"))
    assert await alerting.dispositions() == {"alm-1": "opened"}


@pytest.mark.parametrize(
    ("request_", "word"),
    [
        (a_silence_request(TOWN, matcher=Matcher(place=OTHER_TOWN)), "not_entitled"),
        (a_silence_request(TOWN, matcher=Matcher(place=DISTRICT)), "not_entitled"),
        (a_silence_request(GRID, matcher=Matcher(place=GRID)), "not_entitled"),
        (a_silence_request(CITY, matcher=Matcher(place=CITY)), "too_wide"),
        (a_silence_request(hours=25), "bad_period"),
        (a_silence_request(hours=-1), "bad_period"),
        (a_silence_request(hours=24 * 8, kind=SilenceKind.MAINTENANCE), "bad_period"),
        (a_silence_request(begin_hours=24 * 31, hours=24 * 31 + 1), "bad_period"),
        (a_silence_request(verb="end", silence_id="nothing"), "no silence"),
    ],
)
async def test_requests_that_are_refused(
    alerting: AlertingHarness, request_: SilenceRequest, word: str
) -> None:
    with pytest.raises(Reject, match=word):
        await alerting.deliver(request_)


async def test_a_stranger_cannot_end_a_silence_and_no_id_is_used_twice(
    alerting: AlertingHarness,
) -> None:
    await alerting.deliver(a_silence_request())
    with pytest.raises(Reject, match="not_entitled"):
        await alerting.deliver(a_silence_request(TOWN, verb="end"))
    with pytest.raises(Reject, match="other_status"):
        await alerting.deliver(a_silence_request(verb="end", status=Status.EXERCISE))
    with pytest.raises(Reject, match="repeated"):
        await alerting.deliver(a_silence_request())


def test_a_silence_hides_from_its_begin_until_before_its_end() -> None:
    silence = create(a_silence_request(begin_hours=2, hours=6), datetime.now(UTC))
    assert isinstance(silence, Silence)
    fact, moment = snapshot_of(an_alarm(), None), timedelta(microseconds=1)
    times = [silence.begin_at - moment, silence.begin_at, silence.end_at - moment, silence.end_at]
    assert [silence.hides(fact, time) for time in times] == [False, True, True, False]
    assert [expired(silence, time) is not None for time in times] == [False, False, False, True]


def test_an_empty_matcher_is_invalid() -> None:
    with pytest.raises(ValueError, match="names a place"):
        Matcher()
