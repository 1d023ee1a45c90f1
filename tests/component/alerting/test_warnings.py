"""From when until when another agency's warning counts, on a real Postgres: by records and by timers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.alerting.core.warnings import UNSAID
from services.ingest.core.cap.accept import one_warning
from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.conditions import SourceClass
from shared.contracts.reports import ReporterRole
from tests.component.alerting.harness import Station, another
from tests.support.cap import a_document
from tests.unit.alerting.builders import (
    CITY,
    TOWN,
    a_report,
    a_rule,
    a_warning,
    an_alarm,
    at,
    sources_of,
)

CLEARED, RAISED = AlarmTransition.CLEARED, AlarmTransition.RAISED
RULE = a_rule("y", sources_of())
"""A warning and a call are enough, neither alone is; half an hour."""
TWO_AGENCIES = a_rule("y", sources_of(sources=(SourceClass(source="agency", trust=0.5),)))


def phone(minutes: float, number: int = 1, **changes: Any) -> Any:
    role = ReporterRole.HOTLINE
    return a_report(f"phone-{number}", reporter_role=role, occurred_at=at(minutes), **changes)


def warns(effective: float | None, expires: float | None, **changes: Any) -> Any:
    """A warning for these minutes."""
    times = {"effective_at": effective, "expires_at": expires}
    given: dict[str, Any] = {name: at(time) for name, time in times.items() if time is not None}
    return a_warning(**given, **changes)


def told(events: list[AlarmEvent]) -> list[tuple[AlarmTransition, datetime]]:
    return [(event.transition, event.occurred_at) for event in events]


async def test_a_warning_that_has_expired_supports_nothing(station: Station) -> None:
    await station.takes(RULE, warns(None, 40))
    assert await station.takes(phone(50)) == []
    assert await station.open() == set()


@pytest.mark.parametrize(
    ("effective", "expires", "counts"),
    [
        ("15:55", "21:55", True),
        ("15:55", "16:00", False),  # expired ten minutes before the call
        ("18:10", "21:55", False),  # takes effect two hours after it
    ],
)
async def test_the_hours_of_a_document_count(
    station: Station, effective: str, expires: str, *, counts: bool
) -> None:
    await station.takes(a_rule("y", sources_of(), event_type="11B03"))
    hours = {"effective": effective, "expires": expires}
    body = a_document(info={name: f"2026-07-01T{hour}:00+08:00" for name, hour in hours.items()})
    await station.takes(one_warning(body, "cma", at(0)))
    alarms = await station.takes(phone(10, event_type="11B03"))
    assert bool(alarms) is counts


@pytest.mark.parametrize("minute", [40, 40.1])
async def test_it_counts_until_its_hour_and_not_after(station: Station, minute: float) -> None:
    await station.takes(RULE, warns(None, 40))
    assert await station.takes(phone(minute)) == []


async def test_its_expiry_ends_what_it_held_up(station: Station) -> None:
    await station.takes(RULE, warns(None, 40))
    assert told(await station.takes(phone(30))) == [(RAISED, at(30))]
    assert await station.sweeps(590) == []
    assert told(await station.sweeps(20)) == [(CLEARED, at(40))]


async def test_its_expiry_ends_it_when_a_record_comes_first(station: Station) -> None:
    await station.takes(RULE, warns(None, 40), phone(30))
    events = await station.takes(an_alarm("alm-other", event_type="11A01", occurred_at=at(45)))
    assert told(events) == [(CLEARED, at(40))]


async def test_what_holds_without_it_stays(station: Station) -> None:
    await station.takes(RULE, warns(None, 40))
    await station.takes(phone(30))
    worker = a_report("worker", reporter_role=ReporterRole.GRID_WORKER, occurred_at=at(32))
    assert await station.takes(worker) == [], "0.6 and 0.4 are enough"
    assert await station.sweeps(610) == []
    assert len(await station.open()) == 1
    assert told(await station.sweeps(30 * 60)) == [(CLEARED, at(62))]


async def test_a_warning_to_come_counts_from_its_hour_though_nothing_more_comes(
    station: Station,
) -> None:
    await station.takes(RULE, warns(120, 240))
    assert await station.takes(phone(110)) == []
    assert await station.sweeps(590) == []
    async with another(station) as later:  # the timer is durable
        events = await later.sweeps(20)
        assert told(events) == [(RAISED, at(120))]
        assert told(await later.sweeps(120 * 60)) == [(CLEARED, at(240))]


async def test_a_warning_to_come_after_the_report_counts_from_its_hour(station: Station) -> None:
    await station.takes(RULE, phone(1))
    assert await station.takes(warns(20, 60)) == []
    assert told(await station.sweeps(20 * 60)) == [(RAISED, at(20))]


async def test_a_report_long_before_a_warning_takes_effect_supports_nothing(
    station: Station,
) -> None:
    await station.takes(RULE, warns(120, 240), phone(80))
    assert await station.sweeps(240 * 60) == []


async def test_a_city_wide_warning_to_come_reaches_the_towns(station: Station) -> None:
    await station.takes(RULE, phone(1))
    await station.takes(warns(20, 60, areas=(CITY,)))
    [raised] = await station.sweeps(20 * 60)
    assert (raised.place, raised.occurred_at) == (TOWN, at(20))


async def test_a_long_warning_counts_all_the_time(station: Station) -> None:
    days = 10 * 24 * 60
    await station.takes(RULE, warns(None, days))
    assert told(await station.takes(phone(days - 20))) == [(RAISED, at(days - 20))]
    assert told(await station.sweeps(20 * 60)) == [(CLEARED, at(days))]


async def test_without_an_expiry_it_counts_for_a_day(station: Station) -> None:
    day = UNSAID / timedelta(minutes=1)
    await station.takes(RULE, warns(None, None))
    assert told(await station.takes(phone(day - 1))) == [(RAISED, at(day - 1))]
    assert told(await station.takes(phone(day + 1, 2))) == [(CLEARED, at(day))]


@pytest.mark.parametrize("expires", [90, 35])
async def test_an_update_brings_its_own_hours(station: Station, expires: float) -> None:
    first = warns(None, 40)
    await station.takes(RULE, first, phone(30))
    update = warns(None, expires, msg_type="Update", references=(first.id,), occurred_at=at(31))
    assert await station.takes(update) == []
    assert told(await station.sweeps((expires - 30) * 60 + 1)) == [(CLEARED, at(expires))]


async def test_of_several_agencies_each_has_its_own_hours(station: Station) -> None:
    await station.takes(RULE, warns(None, 40), warns(35, 60, source="water"), phone(30))
    assert len(await station.open()) == 1
    assert await station.sweeps(10 * 60 + 1) == [], "the other agency's is in force"
    assert told(await station.sweeps(20 * 60)) == [(CLEARED, at(60))]


async def test_two_warnings_count_while_both_are_in_force(station: Station) -> None:
    await station.takes(TWO_AGENCIES, warns(10, 30))
    assert await station.takes(warns(20, 90, source="water")) == []
    assert await station.sweeps(10 * 60 + 1) == []
    assert told(await station.sweeps(10 * 60)) == [(RAISED, at(20))]
    assert told(await station.sweeps(10 * 60)) == [(CLEARED, at(30))]


async def test_what_was_over_when_the_log_took_it_supports_nothing(station: Station) -> None:
    """The region is quiet: its clock still stands before the expiry."""
    over: dict[str, Any] = {"expires_at": at(0) + timedelta(seconds=1)}
    await station.takes(TWO_AGENCIES, a_warning(**over))
    assert await station.takes(a_warning("water", **over)) == []


async def test_a_cancelled_warning_does_not_take_effect(station: Station) -> None:
    to_come = warns(20, 60)
    await station.takes(RULE, phone(1), to_come)
    await station.takes(a_warning(msg_type="Cancel", references=(to_come.id,), occurred_at=at(2)))
    assert await station.sweeps(60 * 60) == []


async def test_an_hour_that_is_past_waits_for_what_is_unread(station: Station) -> None:
    await station.takes(RULE, warns(None, 40), phone(30))
    station.alerting.caught_up = lambda _moment: False
    assert await station.sweeps(11 * 60) == []
    station.alerting.caught_up = lambda _moment: True
    assert told(await station.sweeps(2)) == [(CLEARED, at(40))]
