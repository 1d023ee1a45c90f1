"""Silences and maintenance windows: what they hide, what they cannot, what comes out at the end."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.alerting.core.facts import fact_of
from services.alerting.core.silences import Silence, create, expired
from shared.contracts.alarms import AlarmTransition
from shared.contracts.fields import Level, Post, Status
from shared.contracts.silences import Matcher, SilenceKind, SilenceRequest
from shared.contracts.units import tier_of
from shared.runtime.errors import Reject
from tests.component.alerting.harness import Station
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


def asked(
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


async def test_what_matches_is_recorded_and_counted_and_pages_nobody(station: Station) -> None:
    await station.takes(asked())
    await station.takes(an_alarm("alm-1"), an_alarm("alm-2"), an_alarm("alm-3", place=OTHER_TOWN))
    assert await station.dispositions() == {
        "alm-1": "silenced",
        "alm-2": "silenced",
        "alm-3": "opened",
    }
    assert [alert.place for alert in await station.alerts()] == [OTHER_TOWN]
    last = (await station.silences())[-1]
    assert (last.silenced, last.ended_at, last.version) == (2, None, 2)
    await station.takes(an_alarm("alm-1", 2, UPGRADED, Level.ORANGE))
    assert (await station.silences())[-1].silenced == 2, "an alarm is counted once"


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
async def test_all_that_is_named_has_to_agree(
    station: Station, matcher: dict[str, str], hidden: bool
) -> None:
    await station.takes(asked(matcher=Matcher.model_validate(matcher)))
    await station.takes(an_alarm())
    assert (await station.dispositions())["alm-1"] == ("silenced" if hidden else "opened")


@pytest.mark.parametrize(
    ("unit", "most"),
    [
        (CITY, Level.RED),
        (DISTRICT, Level.ORANGE),
        (TOWN, Level.YELLOW),
        (VILLAGE, Level.BLUE),
    ],
)
async def test_how_grave_it_may_be_follows_from_who_silences(
    station: Station, unit: str, most: Level
) -> None:
    await station.takes(asked(unit, matcher=Matcher(rule_id="gas.leak")))
    levels = [Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED]
    for level in levels:
        await station.takes(an_alarm(f"alm-{level}", level=level))
    result = await station.dispositions()
    for level in levels:
        hidden = levels.index(level) <= levels.index(most)
        assert (result[f"alm-{level}"] == "silenced") == hidden, level


async def test_what_gets_red_comes_out_of_a_districts_silence(station: Station) -> None:
    await station.takes(asked(), an_alarm())
    assert await station.alerts() == []
    await station.takes(an_alarm(version=2, transition=UPGRADED, level=Level.RED))
    [alert] = await station.alerts()
    assert (alert.transition, alert.proposed_level) == ("opened", Level.RED)


@pytest.mark.parametrize("status", [Status.EXERCISE, Status.TEST])
async def test_a_drills_silence_leaves_the_real_world_alone(
    station: Station, status: Status
) -> None:
    await station.takes(asked(status=status))
    await station.takes(an_alarm("alm-1"), an_alarm("alm-2", status=status))
    assert await station.dispositions() == {"alm-1": "opened", "alm-2": "silenced"}


async def test_a_persons_word_is_never_silenced_nor_what_is_in_an_alert(station: Station) -> None:
    await station.takes(an_alarm("alm-1", level=Level.BLUE))
    await station.takes(asked())
    await station.takes(an_alarm("alm-1", 2, UPGRADED, Level.YELLOW))
    assert [alert.proposed_level for alert in await station.alerts()] == [Level.BLUE, Level.YELLOW]
    await station.takes(a_report(event_type="11A01"))
    assert (await station.alerts())[-1].transition == "opened"


async def test_at_the_end_what_is_still_on_calls_the_owner_and_the_desk(station: Station) -> None:
    await station.takes(asked(kind=SilenceKind.MAINTENANCE, hours=48))
    await station.takes(an_alarm("alm-1"), an_alarm("alm-2", 1, occurred_at=at(1)))
    await station.takes(an_alarm("alm-2", 2, CLEARED, occurred_at=at(2)))
    await station.sweeps(47 * 3600)
    assert await station.alerts() == []
    await station.sweeps(2 * 3600)
    [alert] = await station.alerts()
    assert (alert.transition, alert.alarm_ids) == ("opened", ("alm-1",))
    assert [(call.unit, call.post) for call in alert.calls] == [(DISTRICT, Post.A), (VILLAGE, None)]
    last = (await station.silences())[-1]
    assert (last.silenced, last.still_firing, last.ended_at is None) == (2, 1, False)
    await station.sweeps(3600)
    assert len(await station.alerts()) == 1
    await station.takes(an_alarm("alm-3", occurred_at=at(9)))
    assert (await station.dispositions())["alm-3"] == "joined"


async def test_many_that_are_still_on_call_the_owner_once_and_each_desk_once(
    station: Station,
) -> None:
    await station.takes(asked())
    places = [VILLAGE, VILLAGE, TOWN, VILLAGE]
    await station.takes(
        *(an_alarm(f"alm-{n}", place=place, occurred_at=at(n)) for n, place in enumerate(places))
    )
    await station.takes(asked(verb="end"))
    told = await station.alerts()
    assert {one.alert_id for one in told} == {told[0].alert_id}
    called = [(call.unit, call.post) for event in told for call in event.calls]
    assert sorted(called, key=str) == [(DISTRICT, Post.A), (TOWN, None), (VILLAGE, None)]


async def test_what_comes_out_joins_the_alert_that_is_open(station: Station) -> None:
    await station.takes(asked(matcher=Matcher(sensor_id="sensor-alm-1")))
    await station.takes(an_alarm("alm-1"), an_alarm("alm-2"))
    await station.takes(asked(verb="end"))
    last = (await station.alerts())[-1]
    assert (last.transition, last.alarm_ids) == ("corroborated", ("alm-2", "alm-1"))
    assert last.calls


async def test_it_is_ended_early_or_lengthened(station: Station) -> None:
    await station.takes(asked(hours=2), an_alarm())
    await station.takes(asked(verb="extend", hours=10))
    await station.sweeps(5 * 3600)
    assert await station.alerts() == []
    await station.takes(asked(CITY, verb="end", officer_id="boss"))
    assert len(await station.alerts()) == 1
    last = (await station.silences())[-1]
    assert (last.actor, last.owner, last.still_firing) == ("boss", "owner-1", 1)
    with pytest.raises(Reject, match="over"):
        await station.takes(asked(verb="extend", hours=3))


async def test_another_silence_goes_on_hiding_it(station: Station) -> None:
    await station.takes(asked(hours=2), asked(hours=8, silence_id="sil-2"), an_alarm())
    counted = {silence.silence_id: silence.silenced for silence in await station.silences()}
    assert counted == {"sil-1": 0, "sil-2": 1}, "the one that ends last hides it"
    await station.takes(asked(verb="end", silence_id="sil-2"))
    assert await station.dispositions() == {"alm-1": "silenced"}
    await station.takes(asked(verb="end"))
    assert await station.dispositions() == {"alm-1": "opened"}


async def test_before_its_beginning_it_hides_nothing(station: Station) -> None:
    await station.takes(asked(begin_hours=2, hours=3), an_alarm("alm-1"))
    assert await station.dispositions() == {"alm-1": "opened"}


@pytest.mark.parametrize(
    ("request_", "word"),
    [
        (asked(TOWN, matcher=Matcher(place=OTHER_TOWN)), "not_entitled"),
        (asked(TOWN, matcher=Matcher(place=DISTRICT)), "not_entitled"),
        (asked(GRID, matcher=Matcher(place=GRID)), "not_entitled"),
        (asked(CITY, matcher=Matcher(place=CITY)), "too_wide"),
        (asked(hours=25), "bad_period"),
        (asked(hours=-1), "bad_period"),
        (asked(hours=24 * 8, kind=SilenceKind.MAINTENANCE), "bad_period"),
        (asked(begin_hours=24 * 31, hours=24 * 31 + 1), "bad_period"),
        (asked(verb="end", silence_id="nothing"), "no silence"),
    ],
)
async def test_what_may_not_be_is_refused(
    station: Station, request_: SilenceRequest, word: str
) -> None:
    with pytest.raises(Reject, match=word):
        await station.takes(request_)


async def test_a_stranger_does_not_end_it_and_it_is_not_made_twice(station: Station) -> None:
    await station.takes(asked())
    with pytest.raises(Reject, match="not_entitled"):
        await station.takes(asked(TOWN, verb="end"))
    with pytest.raises(Reject, match="other_status"):
        await station.takes(asked(verb="end", status=Status.EXERCISE))
    with pytest.raises(Reject, match="repeated"):
        await station.takes(asked())


def test_it_hides_from_its_beginning_to_right_before_its_end() -> None:
    silence = create(asked(begin_hours=2, hours=6), datetime.now(UTC))
    assert isinstance(silence, Silence)
    fact, moment = fact_of(an_alarm(), None), timedelta(microseconds=1)
    times = [silence.begin_at - moment, silence.begin_at, silence.end_at - moment, silence.end_at]
    assert [silence.hides(fact, time) for time in times] == [False, True, True, False]
    assert [expired(silence, time) is not None for time in times] == [False, False, False, True]


def test_a_matcher_names_something() -> None:
    with pytest.raises(ValueError, match="names a place"):
        Matcher()
