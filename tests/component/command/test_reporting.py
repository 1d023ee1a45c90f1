"""Duties to report upward on a real Postgres: met, overdue, escalated; exactly once whatever dies."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from services.command.core.reporting.profiles import STANDARD, Limits, ReportProfile
from shared.contracts.alerts import AlertState, AlertTransition
from shared.contracts.commands import SupervisionKind
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Level, Status, Tier
from shared.contracts.reports import Means, Report, ReporterRole, ReportFacts, ReportKind
from shared.contracts.topics import REPORT_DUTIES
from shared.contracts.units import tier_of
from shared.runtime.errors import Reject
from shared.runtime.inbound_messages import InboundMessage
from tests.component.command.harness import (
    CITY,
    DISTRICT,
    EVENT_TIME,
    TOWN,
    Office,
    an_alert,
    an_office,
    profile,
)
from tests.component.command.test_timers import sweep_for

ARMED = (
    "SELECT d.duty_id FROM command.report_duty d LEFT JOIN command.timer t "
    "ON t.subject_id = d.duty_id AND t.state = 'armed' AND t.kind LIKE '%\\_escalate' "
    "GROUP BY d.duty_id HAVING count(t.kind) <> (d.state = 'owed')::int "
    "+ (d.state IN ('owed', 'phoned'))::int + (d.follow_up_due IS NOT NULL)::int "
    "+ (d.state = 'closing')::int OR count(DISTINCT t.kind) <> count(t.kind)"
)


def limits(phone: float, written: float, follow_up: float = 60, final: float = 60) -> ReportProfile:
    """One limit in seconds for every level and tier."""
    seconds = [timedelta(seconds=one) for one in (phone, written, follow_up, final)]
    first = (seconds[0], seconds[1])
    return ReportProfile(
        {level: Limits(*seconds) for level in Level if level is not Level.NOTICE},
        {Tier.TOWN: first, Tier.DISTRICT: first},
        STANDARD.skip,
    )


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


async def duties(office: Office) -> dict[tuple[str, str], Any]:
    rows = await office.rows("SELECT * FROM command.report_duty")
    return {(row["unit"], row["to_unit"]): row for row in rows}


async def of_reports(office: Office) -> list[Any]:
    return [one for one in await office.supervision() if one.clock.startswith("report_")]


async def test_a_report_meets_its_duty_and_the_duty_is_told(dsn: str) -> None:
    async with an_office(dsn) as office:
        await office.apply(an_alert(Level.RED))
        result = await duties(office)
        assert result.keys() == {(TOWN, DISTRICT), (DISTRICT, CITY), (TOWN, CITY)}
        assert result[TOWN, CITY]["skip_level"]
        await office.apply(a_call("1"), a_report("2"))
        row = (await duties(office))[TOWN, DISTRICT]
        assert (row["state"], row["version"]) == ("written", 2)
        assert await office.rows(ARMED) == []
        told = [
            one for one in await office.published(REPORT_DUTIES.name) if one.to_unit == DISTRICT
        ]
        assert [(one.version, one.state) for one in told] == [(1, "owed"), (2, "written")]
        assert [one.report_id for one in told[-1].counted] == ["rpt-1", "rpt-2"]


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
        async with an_office(dsn) as office:
            await office.rows(
                "TRUNCATE command.report_incident, command.report_case, command.report, "
                "command.report_duty, command.timer, command.alert_level"
            )
            order = messages[:-1]
            chance.shuffle(order)
            for message in [*order, messages[-1]]:
                await office.apply(message)
            rows = await duties(office)
            assert {key: row["state"] for key, row in rows.items()} == {
                (TOWN, DISTRICT): "closing",
                (DISTRICT, CITY): "closing",
                (TOWN, CITY): "closing",
            }
            assert rows[TOWN, DISTRICT]["follow_ups"] == 1
            assert await office.rows(ARMED) == []


async def test_timers_of_reports_fire_once_with_two_sweepers_and_climb(dsn: str) -> None:
    async with an_office(dsn, profile(600, 1200, 0.3), limits=limits(0.5, 0.8)) as office:
        await office.apply(an_alert(Level.YELLOW))
        await sweep_for(office, 1.7)
        told = await of_reports(office)
        assert len({one.id for one in told}) == len(told)
        assert all(one.sent_at >= one.due_at for one in told)
        counted = Counter((one.kind, one.clock, one.unit) for one in told)
        for unit in (TOWN, DISTRICT):
            for clock in ("report_phone", "report_written"):
                assert counted[SupervisionKind.DUE_SOON, clock, unit] == 1
                assert counted[SupervisionKind.OVERDUE, clock, unit] == 1
                assert counted[SupervisionKind.REMINDED, clock, unit] == 1
        rungs = [
            (one.rung, one.target_unit)
            for one in told
            if (one.unit, one.clock, one.kind) == (TOWN, "report_phone", "escalated")
        ]
        assert rungs[:2] == [(1, DISTRICT), (2, CITY)]
        assert all(one.incident_id == "incident-1" and not one.command_id for one in told)
        assert await office.rows(ARMED) == []
        assert await office.wrongly_armed() == 0, "the timers of assignments are as they were"


async def test_after_an_outage_once_marked_late_at_the_present_rung(dsn: str) -> None:
    async with an_office(dsn, profile(6000, 12000, 60), limits=limits(600, 6000)) as office:
        await office.apply(an_alert(Level.YELLOW))
        by = timedelta(seconds=600 + 130)
        await office.rows("UPDATE command.timer SET due_at = due_at - $1::interval", by)
        await office.rows(
            "UPDATE command.report_duty SET phone_due = phone_due - $1::interval, "
            "written_due = written_due - $1::interval",
            by,
        )
        await sweep_for(office, 0.3)
        told = await of_reports(office)
        calls = [one for one in told if one.kind is not SupervisionKind.OVERDUE]
        assert {call.unit for call in calls} == {TOWN, DISTRICT}
        assert len(calls) == 2
        town = next(call for call in calls if call.unit == TOWN)
        assert (town.kind, town.rung, town.target_unit) == ("escalated", 2, CITY)
        assert 130 <= town.late_by_s < 140
        assert "skipped-rung:1" in town.references


class Killed(BaseException):
    """The process dies before the commit."""


async def test_killed_between_anything_and_the_commit_it_happens_once(dsn: str) -> None:
    async with an_office(dsn, profile(600, 1200, 60), limits=limits(0.3, 60)) as office:
        alert, call = an_alert(Level.YELLOW), a_report("1", TOWN, CITY)
        for message in (alert, call):
            with pytest.raises(Killed):
                async with office.database.transaction() as work:
                    await office.consumer.apply(work, [InboundMessage(message, "", 0, 0, 0)])
                    raise Killed
            assert not [row for row in await duties(office) if message is alert]
            await office.apply(message)
        await asyncio.sleep(0.4)
        sweeper = office.sweeper()
        fire = sweeper._fire

        async def die_after(*given: Any) -> None:
            await fire(*given)
            raise Killed

        sweeper._fire = die_after
        for _ in range(2):
            with pytest.raises(Killed):
                await sweeper.sweep()
        assert await of_reports(office) == []
        await sweep_for(office, 0.2)
        kinds = Counter((of_report.kind, of_report.unit) for of_report in await of_reports(office))
        for unit in (TOWN, DISTRICT):
            assert kinds[SupervisionKind.OVERDUE, unit] == 1
            assert kinds[SupervisionKind.REMINDED, unit] == 1
        assert await office.rows(ARMED) == []


async def test_a_report_that_lost_the_race_against_its_limit_is_late(dsn: str) -> None:
    async with an_office(dsn, profile(600, 1200, 60), limits=limits(0.3, 60)) as office:
        await office.apply(an_alert(Level.YELLOW))
        async with office.database.transaction() as work:  # its `now` is before the limit
            await sweep_for(office, 0.6, sweepers=1)
            await office.consumer.apply(work, [InboundMessage(a_call("1"), "", 0, 0, 0)])
        row = (await duties(office))[TOWN, DISTRICT]
        assert row["state"] == "phoned"
        assert row["phone_at"] >= row["phone_due"]
        assert any(
            of_report.unit == TOWN and of_report.kind == "overdue"
            for of_report in await of_reports(office)
        )


async def test_a_race_of_alert_and_report_leaves_no_report_unseen(dsn: str) -> None:
    async with an_office(dsn) as office:
        for number in range(20):
            incident = f"incident-{number}"
            alert = an_alert(Level.YELLOW, key=f"flood-{number}").model_copy(
                update={"incident_id": incident}
            )
            report = a_report(str(number), incident_id=incident)
            await asyncio.gather(office.apply(alert), office.apply(report))
        states = await office.rows(
            "SELECT DISTINCT state FROM command.report_duty WHERE unit = $1", TOWN
        )
        assert [row["state"] for row in states] == ["written"]


async def test_a_drill_meets_no_real_duty_and_a_report_without_a_duty_is_kept(dsn: str) -> None:
    async with an_office(dsn) as office:
        await office.apply(an_alert(Level.YELLOW))
        await office.apply(a_report("1", status=Status.EXERCISE))
        assert (await duties(office))[TOWN, DISTRICT]["state"] == "owed"
        kept = await office.rows("SELECT report_id, status FROM command.report")
        assert [tuple(row) for row in kept] == [("rpt-1", "Exercise")]


async def test_what_cannot_count_is_refused_with_a_reason(dsn: str) -> None:
    async with an_office(dsn) as office:
        for report, reason in (
            (a_report("1", origin_unit=CITY), Reason.NOT_ALLOWED),
            (a_report("2", DISTRICT, TOWN), Reason.SCHEMA),
            (a_report("3", to_unit=None), Reason.SCHEMA),
        ):
            with pytest.raises(Reject) as refused:
                await office.apply(report)
            assert refused.value.reason is reason
        plain = a_report("4", to_unit=None, means=None, from_unit=None)
        await office.apply(plain)
        assert await office.rows("SELECT * FROM command.report") == []
