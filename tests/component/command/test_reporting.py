"""Obligations to report upward on a real Postgres: met, overdue, escalated, exactly once."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.alerts import AlertState, AlertTransition
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Level, Status
from shared.contracts.limits import LimitsDocument
from shared.contracts.reports import Means, Report, ReporterRole, ReportFacts, ReportKind
from shared.contracts.supervision import SupervisionKind
from shared.contracts.topics import REPORT_DUTIES
from shared.contracts.units import tier_of
from shared.runtime.errors import Reject
from tests.component.command.harness import (
    CITY,
    DISTRICT,
    EVENT_TIME,
    TOWN,
    CommandHarness,
    a_harness,
    an_alert,
    some_times,
)
from tests.component.command.test_timers import sweep_for
from tests.support.limits import a_document, report_limits

ARMED = (
    "SELECT d.obligation_id FROM command.report_obligation d LEFT JOIN command.timer t "
    "ON t.subject_id = d.obligation_id AND t.state = 'armed' AND t.kind LIKE '%\\_escalate' "
    "GROUP BY d.obligation_id HAVING count(t.kind) <> (d.state = 'owed')::int "
    "+ (d.state IN ('owed', 'phoned'))::int + (d.follow_up_due IS NOT NULL)::int "
    "+ (d.state = 'closing')::int OR count(DISTINCT t.kind) <> count(t.kind)"
)


def limits(phone: float, written: float) -> LimitsDocument:
    """One limit in seconds for every level and tier."""
    return a_document(report_limits(phone, written), limits_id="reports")


def a_report(key: str, unit: str = TOWN, to_unit: str | None = DISTRICT, **change: Any) -> Report:
    """An upward report in writing of an officer of `unit`."""
    return Report(
        **{
            "id": f"rpt-{key}",
            "occurred_at": EVENT_TIME,
            "sent_at": EVENT_TIME,
            "origin_unit": unit,
            "tier": tier_of(unit),
            "incident_id": "incident-1",
            "kind": ReportKind.INITIAL,
            "event_type": "11A01",
            "place": TOWN,
            "reporter_id": "officer-1",
            "reporter_role": ReporterRole.OFFICER,
            "headline": "朱沱镇汛情初报",
            "means": Means.WRITTEN,
            "from_unit": unit,
            "to_unit": to_unit,
            "facts": ReportFacts(dead=0, trapped=3),
            **change,
        }
    )


def a_call(key: str, unit: str = TOWN, to_unit: str = DISTRICT, **change: Any) -> Report:
    return a_report(key, unit, to_unit, means=Means.PHONE, **change)


async def duties(harness: CommandHarness) -> dict[tuple[str, str], Any]:
    rows = await harness.rows("SELECT * FROM command.report_obligation")
    return {(row["unit"], row["to_unit"]): row for row in rows}


async def report_calls(harness: CommandHarness) -> list[Any]:
    return [event for event in await harness.supervision() if event.clock.startswith("report_")]


async def test_a_report_meets_its_obligation_and_the_obligation_is_published(dsn: str) -> None:
    async with a_harness(dsn) as harness:
        await harness.apply(an_alert(Level.RED))
        result = await duties(harness)
        assert result.keys() == {(TOWN, DISTRICT), (DISTRICT, CITY), (TOWN, CITY)}
        assert result[TOWN, CITY]["skip_level"]
        await harness.apply(a_call("1"), a_report("2"))
        row = (await duties(harness))[TOWN, DISTRICT]
        assert (row["state"], row["version"]) == ("written", 2)
        assert await harness.rows(ARMED) == []
        events = [
            event
            for event in await harness.published(REPORT_DUTIES.name)
            if event.to_unit == DISTRICT
        ]
        assert [(event.version, event.state) for event in events] == [(1, "owed"), (2, "written")]
        assert [event.report_id for event in events[-1].counted] == ["rpt-1", "rpt-2"]


async def test_any_order_in_batches_of_their_own_ends_the_same(dsn: str) -> None:
    lifted = an_alert(Level.YELLOW, version=8, transition=AlertTransition.LIFTED)
    messages = [
        an_alert(Level.YELLOW, version=5),
        an_alert(Level.RED, version=6),
        an_alert(Level.BLUE, version=7),
        a_report("1"),
        a_report("2", TOWN, CITY),
        a_report("3", kind=ReportKind.FOLLOW_UP),
        a_call("4", DISTRICT, CITY),
        lifted.model_copy(update={"state": AlertState.LIFTED, "level": None}),
    ]
    for seed in range(3):
        chance = random.Random(seed)
        async with a_harness(dsn) as harness:
            await harness.rows(
                "TRUNCATE command.report_incident, command.alert_reporting, command.report, "
                "command.report_obligation, command.timer, command.alert_level"
            )
            order = messages[:-1]
            chance.shuffle(order)
            for message in [*order, messages[-1]]:
                await harness.apply(message)
            rows = await duties(harness)
            assert {key: row["state"] for key, row in rows.items()} == {
                (TOWN, DISTRICT): "closing",
                (DISTRICT, CITY): "closing",
                (TOWN, CITY): "closing",
            }
            assert rows[TOWN, DISTRICT]["follow_ups"] == 1
            assert await harness.rows(ARMED) == []


async def test_timers_of_reports_fire_once_with_two_sweepers_and_climb(dsn: str) -> None:
    async with a_harness(dsn, some_times(600, 1200, 0.3), reports=limits(0.5, 0.8)) as harness:
        await harness.apply(an_alert(Level.YELLOW))
        await sweep_for(harness, 1.7)
        events = await report_calls(harness)
        assert len({event.id for event in events}) == len(events)
        assert all(event.sent_at >= event.due_at for event in events)
        counted = Counter((event.kind, event.clock, event.unit) for event in events)
        for unit in (TOWN, DISTRICT):
            for clock in ("report_phone", "report_written"):
                assert counted[SupervisionKind.DUE_SOON, clock, unit] == 1
                assert counted[SupervisionKind.OVERDUE, clock, unit] == 1
                assert counted[SupervisionKind.REMINDED, clock, unit] == 1
        rungs = [
            (event.rung, event.target_unit)
            for event in events
            if (event.unit, event.clock, event.kind) == (TOWN, "report_phone", "escalated")
        ]
        assert rungs[:2] == [(1, DISTRICT), (2, CITY)]
        assert all(event.incident_id == "incident-1" and not event.command_id for event in events)
        assert await harness.rows(ARMED) == []
        assert await harness.wrongly_armed() == 0, "the timers of assignments are as they were"


async def test_after_an_outage_once_marked_late_at_the_present_rung(dsn: str) -> None:
    async with a_harness(dsn, some_times(6000, 12000, 60), reports=limits(600, 6000)) as harness:
        await harness.apply(an_alert(Level.YELLOW))
        by = timedelta(seconds=600 + 130)
        await harness.rows("UPDATE command.timer SET due_at = due_at - $1::interval", by)
        await harness.rows(
            "UPDATE command.report_obligation SET phone_due = phone_due - $1::interval, "
            "written_due = written_due - $1::interval",
            by,
        )
        await sweep_for(harness, 0.3)
        events = await report_calls(harness)
        calls = [event for event in events if event.kind is not SupervisionKind.OVERDUE]
        assert {call.unit for call in calls} == {TOWN, DISTRICT}
        assert len(calls) == 2
        town = next(call for call in calls if call.unit == TOWN)
        assert (town.kind, town.rung, town.target_unit) == ("escalated", 2, CITY)
        assert 130 <= town.late_by_s < 140
        assert "skipped-rung:1" in town.references


class Killed(BaseException):
    """The process dies before the commit."""


async def test_killed_between_anything_and_the_commit_it_happens_once(dsn: str) -> None:
    async with a_harness(dsn, some_times(600, 1200, 60), reports=limits(0.3, 60)) as harness:
        alert, call = an_alert(Level.YELLOW), a_report("1", TOWN, CITY)
        for message in (alert, call):
            with pytest.raises(Killed):
                async with harness.database.transaction() as work:
                    await harness.handle(work, message)
                    raise Killed
            assert not [row for row in await duties(harness) if message is alert]
            await harness.apply(message)
        await asyncio.sleep(0.4)
        sweeper = harness.sweeper()
        fire = sweeper._fire

        async def die_after(*arguments: Any) -> None:
            await fire(*arguments)
            raise Killed

        sweeper._fire = die_after
        for _ in range(2):
            with pytest.raises(Killed):
                await sweeper.sweep()
        assert await report_calls(harness) == []
        await sweep_for(harness, 0.2)
        kinds = Counter(
            (of_report.kind, of_report.unit) for of_report in await report_calls(harness)
        )
        for unit in (TOWN, DISTRICT):
            assert kinds[SupervisionKind.OVERDUE, unit] == 1
            assert kinds[SupervisionKind.REMINDED, unit] == 1
        assert await harness.rows(ARMED) == []


async def test_a_report_that_lost_the_race_against_its_limit_is_late(dsn: str) -> None:
    async with a_harness(dsn, some_times(600, 1200, 60), reports=limits(0.3, 60)) as harness:
        await harness.apply(an_alert(Level.YELLOW))
        async with harness.database.transaction() as work:  # its `now` is before the limit
            await sweep_for(harness, 0.6, sweepers=1)
            await harness.handle(work, a_call("1"))
        row = (await duties(harness))[TOWN, DISTRICT]
        assert row["state"] == "phoned"
        assert row["phone_at"] >= row["phone_due"]
        assert any(
            of_report.unit == TOWN and of_report.kind == "overdue"
            for of_report in await report_calls(harness)
        )


async def test_a_race_of_alert_and_report_leaves_no_report_unseen(dsn: str) -> None:
    async with a_harness(dsn) as harness:
        for number in range(20):
            incident = f"incident-{number}"
            alert = an_alert(Level.YELLOW, key=f"flood-{number}").model_copy(
                update={"incident_id": incident}
            )
            report = a_report(str(number), incident_id=incident)
            await asyncio.gather(harness.apply(alert), harness.apply(report))
        states = await harness.rows(
            "SELECT DISTINCT state FROM command.report_obligation WHERE unit = $1", TOWN
        )
        assert [row["state"] for row in states] == ["written"]


async def test_a_drill_meets_no_real_duty_and_a_report_without_a_duty_is_kept(dsn: str) -> None:
    async with a_harness(dsn) as harness:
        await harness.apply(an_alert(Level.YELLOW))
        await harness.apply(a_report("1", status=Status.EXERCISE))
        assert (await duties(harness))[TOWN, DISTRICT]["state"] == "owed"
        stored = await harness.rows("SELECT report_id, status FROM command.report")
        assert [tuple(row) for row in stored] == [("rpt-1", "Exercise")]


async def test_what_cannot_count_is_refused_with_a_reason(dsn: str) -> None:
    async with a_harness(dsn) as harness:
        for report, reason in (
            (a_report("1", origin_unit=CITY), Reason.NOT_ALLOWED),
            (a_report("2", DISTRICT, TOWN), Reason.SCHEMA),
            (a_report("3", to_unit=None), Reason.SCHEMA),
        ):
            with pytest.raises(Reject) as refused:
                await harness.apply(report)
            assert refused.value.reason is reason
        plain = a_report("4", to_unit=None, means=None, from_unit=None)
        await harness.apply(plain)
        assert await harness.rows("SELECT * FROM command.report") == []


async def test_a_duty_names_its_document_and_a_later_one_moves_no_limit(dsn: str) -> None:
    async with a_harness(dsn, reports=limits(600, 6000)) as harness:
        await harness.apply(an_alert(Level.YELLOW))
        before = await harness.rows("SELECT * FROM command.report_obligation ORDER BY 1")
        assert {(row["limits_id"], row["limits_version"]) for row in before} == {("reports", 1)}
        later = a_document(report_limits(60, 120), limits_id="reports", version=2)
        harness.context.limits.documents.put(later)
        await harness.apply(an_alert(Level.YELLOW, version=6))
        assert await harness.rows("SELECT * FROM command.report_obligation ORDER BY 1") == before
        await harness.apply(an_alert(Level.ORANGE, version=7))
        duties = await harness.published(REPORT_DUTIES.name)
        assert {(duty.limits_id, duty.limits_version) for duty in duties[-2:]} == {("reports", 2)}
        for duty in duties[-2:]:
            assert (duty.phone_due - duty.sent_at).total_seconds() == 60


async def test_an_alert_from_before_limits_were_stored_gets_them_with_its_next_record(
    dsn: str,
) -> None:
    async with a_harness(dsn, reports=limits(600, 6000)) as harness:
        await harness.apply(an_alert(Level.YELLOW))
        stored = "SELECT limits_at_level FROM command.alert_reporting"
        before = await harness.value(stored)
        duties = await harness.rows("SELECT * FROM command.report_obligation ORDER BY 1")
        await harness.database.pool.execute(
            "UPDATE command.alert_reporting SET limits_at_level = '[]'"
        )
        await harness.apply(a_report("1"))
        assert sorted(json.loads(await harness.value(stored))) == sorted(json.loads(before))
        after = await harness.rows("SELECT * FROM command.report_obligation ORDER BY 1")
        assert [row["phone_due"] for row in after] == [row["phone_due"] for row in duties]
