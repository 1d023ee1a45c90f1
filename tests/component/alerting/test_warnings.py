"""The time in which the warning of an agency counts, on a real Postgres, by records and timers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.ingest.core.cap.warning import accept_warning
from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.conditions import SourceClass
from shared.contracts.reports import ReporterRole
from shared.domain.agency_warnings import DEFAULT_VALIDITY
from tests.component.alerting.harness import AlertingHarness, second_process
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
"""A warning and a call within half an hour are enough; neither is enough alone."""
TWO_AGENCIES = a_rule("y", sources_of(sources=(SourceClass(source="agency", trust=0.5),)))


def phone(minutes: float, number: int = 1, **changes: Any) -> Any:
    role = ReporterRole.HOTLINE
    return a_report(f"phone-{number}", reporter_role=role, occurred_at=at(minutes), **changes)


def warns(effective: float | None, expires: float | None, **changes: Any) -> Any:
    """Return a warning for these minutes."""
    times = {"effective_at": effective, "expires_at": expires}
    values: dict[str, Any] = {name: at(time) for name, time in times.items() if time is not None}
    return a_warning(**values, **changes)


def transitions(events: list[AlarmEvent]) -> list[tuple[AlarmTransition, datetime]]:
    return [(event.transition, event.occurred_at) for event in events]


async def test_an_expired_warning_supports_no_rule(alerting: AlertingHarness) -> None:
    await alerting.deliver(RULE, warns(None, 40))
    assert await alerting.deliver(phone(50)) == []
    assert await alerting.open_episodes() == set()


@pytest.mark.parametrize(
    ("effective", "expires", "counts"),
    [
        ("15:55", "21:55", True),
        ("15:55", "16:00", False),  # expired ten minutes before the call
        ("18:10", "21:55", False),  # takes effect two hours after it
    ],
)
async def test_the_times_of_a_document_count(
    alerting: AlertingHarness, effective: str, expires: str, *, counts: bool
) -> None:
    await alerting.deliver(a_rule("y", sources_of(), event_type="11B03"))
    hours = {"effective": effective, "expires": expires}
    body = a_document(info={name: f"2026-07-01T{hour}:00+08:00" for name, hour in hours.items()})
    await alerting.deliver(accept_warning(body, "cma", at(0), receiver=CITY))
    alarms = await alerting.deliver(phone(10, event_type="11B03"))
    assert bool(alarms) is counts


@pytest.mark.parametrize("minute", [40, 40.1])
async def test_a_warning_counts_until_its_expiry(alerting: AlertingHarness, minute: float) -> None:
    await alerting.deliver(RULE, warns(None, 40))
    assert await alerting.deliver(phone(minute)) == []


async def test_an_officers_report_because_of_a_warning_does_not_corroborate_it(
    alerting: AlertingHarness,
) -> None:
    warning = warns(None, 40)
    officer = SourceClass(source="officer", trust=0.5)
    agency = SourceClass(source="agency", trust=0.7)
    await alerting.deliver(a_rule("y", sources_of(sources=(officer, agency))), warning)
    role = ReporterRole.OFFICER
    for number in (1, 2):
        because = {"reporter_role": role, "warning_id": warning.id, "occurred_at": at(number)}
        assert await alerting.deliver(a_report(f"officer-{number}", **because)) == []
    (opened, *_) = events = await alerting.alert_events()
    assert (opened.distinct_sources, events[-1].distinct_sources) == (1, 1)
    assert len(events[-1].report_ids) == 2
    async with second_process(alerting) as later:  # the reports are read again
        assert await later.deliver(warns(None, 45)) == []
        own = a_report("officer-1", reporter_role=role, occurred_at=at(3))
        assert transitions(await later.deliver(own)) == [(RAISED, at(3))]
        assert (await later.alert_events())[-1].distinct_sources == 2


async def test_an_expiry_ends_the_episode(alerting: AlertingHarness) -> None:
    await alerting.deliver(RULE, warns(None, 40))
    assert transitions(await alerting.deliver(phone(30))) == [(RAISED, at(30))]
    assert await alerting.advance_time(590) == []
    assert transitions(await alerting.advance_time(20)) == [(CLEARED, at(40))]


async def test_a_record_after_the_expiry_ends_the_episode(alerting: AlertingHarness) -> None:
    await alerting.deliver(RULE, warns(None, 40), phone(30))
    events = await alerting.deliver(an_alarm("alm-other", event_type="11A01", occurred_at=at(45)))
    assert transitions(events) == [(CLEARED, at(40))]


async def test_an_episode_with_enough_other_sources_stays_open(alerting: AlertingHarness) -> None:
    await alerting.deliver(RULE, warns(None, 40))
    await alerting.deliver(phone(30))
    worker = a_report("worker", reporter_role=ReporterRole.GRID_WORKER, occurred_at=at(32))
    assert await alerting.deliver(worker) == [], "0.6 and 0.4 are enough"
    assert await alerting.advance_time(610) == []
    assert len(await alerting.open_episodes()) == 1
    assert transitions(await alerting.advance_time(30 * 60)) == [(CLEARED, at(62))]


async def test_a_later_warning_counts_from_its_begin_by_a_timer(
    alerting: AlertingHarness,
) -> None:
    await alerting.deliver(RULE, warns(120, 240))
    assert await alerting.deliver(phone(110)) == []
    assert await alerting.advance_time(590) == []
    async with second_process(alerting) as later:  # the timer is durable
        events = await later.advance_time(20)
        assert transitions(events) == [(RAISED, at(120))]
        assert transitions(await later.advance_time(120 * 60)) == [(CLEARED, at(240))]


async def test_a_warning_that_begins_after_the_report_counts_from_its_begin(
    alerting: AlertingHarness,
) -> None:
    await alerting.deliver(RULE, phone(1))
    assert await alerting.deliver(warns(20, 60)) == []
    assert transitions(await alerting.advance_time(20 * 60)) == [(RAISED, at(20))]


async def test_a_report_long_before_a_warning_begins_does_not_count(
    alerting: AlertingHarness,
) -> None:
    await alerting.deliver(RULE, warns(120, 240), phone(80))
    assert await alerting.advance_time(240 * 60) == []


async def test_a_later_city_wide_warning_reaches_the_towns(alerting: AlertingHarness) -> None:
    await alerting.deliver(RULE, phone(1))
    await alerting.deliver(warns(20, 60, areas=(CITY,)))
    [raised] = await alerting.advance_time(20 * 60)
    assert (raised.place, raised.occurred_at) == (TOWN, at(20))


async def test_a_long_warning_counts_until_its_end(alerting: AlertingHarness) -> None:
    days = 10 * 24 * 60
    await alerting.deliver(RULE, warns(None, days))
    assert transitions(await alerting.deliver(phone(days - 20))) == [(RAISED, at(days - 20))]
    assert transitions(await alerting.advance_time(20 * 60)) == [(CLEARED, at(days))]


async def test_without_an_expiry_it_counts_for_a_day(alerting: AlertingHarness) -> None:
    day = DEFAULT_VALIDITY / timedelta(minutes=1)
    await alerting.deliver(RULE, warns(None, None))
    assert transitions(await alerting.deliver(phone(day - 1))) == [(RAISED, at(day - 1))]
    assert transitions(await alerting.deliver(phone(day + 1, 2))) == [(CLEARED, at(day))]


@pytest.mark.parametrize("expires", [90, 35])
async def test_an_update_has_times_of_its_own(alerting: AlertingHarness, expires: float) -> None:
    first = warns(None, 40)
    await alerting.deliver(RULE, first, phone(30))
    update = warns(None, expires, msg_type="Update", references=(first.id,), occurred_at=at(31))
    assert await alerting.deliver(update) == []
    assert transitions(await alerting.advance_time((expires - 30) * 60 + 1)) == [
        (CLEARED, at(expires))
    ]


async def test_each_agency_has_times_of_its_own(alerting: AlertingHarness) -> None:
    await alerting.deliver(RULE, warns(None, 40), warns(35, 60, source="water"), phone(30))
    assert len(await alerting.open_episodes()) == 1
    assert await alerting.advance_time(10 * 60 + 1) == [], "the other agency's is in force"
    assert transitions(await alerting.advance_time(20 * 60)) == [(CLEARED, at(60))]


async def test_two_warnings_count_while_both_are_in_force(alerting: AlertingHarness) -> None:
    await alerting.deliver(TWO_AGENCIES, warns(10, 30))
    assert await alerting.deliver(warns(20, 90, source="water")) == []
    assert await alerting.advance_time(10 * 60 + 1) == []
    assert transitions(await alerting.advance_time(10 * 60)) == [(RAISED, at(20))]
    assert transitions(await alerting.advance_time(10 * 60)) == [(CLEARED, at(30))]


async def test_a_warning_that_arrives_expired_does_not_count(
    alerting: AlertingHarness,
) -> None:
    """The region has no records: its clock is before the expiry."""
    over: dict[str, Any] = {"expires_at": at(0) + timedelta(seconds=1)}
    await alerting.deliver(TWO_AGENCIES, a_warning(**over))
    assert await alerting.deliver(a_warning("water", **over)) == []


async def test_a_cancelled_warning_does_not_take_effect(alerting: AlertingHarness) -> None:
    to_come = warns(20, 60)
    await alerting.deliver(RULE, phone(1), to_come)
    await alerting.deliver(
        a_warning(msg_type="Cancel", references=(to_come.id,), occurred_at=at(2))
    )
    assert await alerting.advance_time(60 * 60) == []


async def test_an_expiry_waits_for_unread_alarms(alerting: AlertingHarness) -> None:
    await alerting.deliver(RULE, warns(None, 40), phone(30))
    alerting.set_caught_up(lambda _moment: False)
    assert await alerting.advance_time(11 * 60) == []
    alerting.set_caught_up(lambda _moment: True)
    assert transitions(await alerting.advance_time(2)) == [(CLEARED, at(40))]
