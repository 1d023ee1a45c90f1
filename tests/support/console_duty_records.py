"""Records of a duty desk: closed cases, obligations to report, reports, reachability."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from deploy.example.units import all_units
from shared.contracts.fields import Level, Post, Status
from shared.contracts.ids import content_id, report_duty_id, transition_id
from shared.contracts.pages import Channel, Officer, RosterSlot
from shared.contracts.reachability import ChannelReach, Outcome, Reachability
from shared.contracts.reports import (
    DutyState,
    Means,
    Report,
    ReportDuty,
    ReporterRole,
    ReportFacts,
    ReportKind,
    Trend,
)
from shared.contracts.units import tier_of
from shared.domain.channel_health.score import updated_reach
from tests.support.console_case_records import a_case
from tests.support.console_events import DISTRICT, HOSTILE_TEXT, SONGJI, ZHUTUO, an_alert

TOWN_UNITS = [
    ZHUTUO,
    *sorted(
        unit_entry.unit for unit_entry in all_units() if unit_entry.unit.startswith("5001181182")
    ),
][:40]


def duty_records(at: datetime) -> list[Any]:
    """Return closed cases, two obligations to report (one overdue) and a chain of reports."""
    return [
        *a_case("river", TOWN_UNITS, title="长江朱沱段洪水转移", reason=HOSTILE_TEXT[:200]),
        *a_case("rehearsal", TOWN_UNITS[:6], status=Status.EXERCISE, title="演练：夜间转移"),
        a_duty(at, "flood", ZHUTUO, DISTRICT, phone_at=at - timedelta(minutes=20)),
        a_duty(at, "record", SONGJI, DISTRICT, level=Level.RED, title="松溉段超历史最高水位"),
        *_chain(at),
        *_reach(at),
    ]


def a_duty(at: datetime, alert: str, unit: str, to_unit: str, **change: Any) -> ReportDuty:
    """Return an obligation of half an hour: the call is overdue, the text due in ten minutes."""
    existing_alert = an_alert(alert, unit)
    duty = report_duty_id(Status.ACTUAL, existing_alert.alert_id, unit, to_unit)
    phoned = change.get("phone_at") is not None
    return ReportDuty(
        **{
            "id": transition_id(duty, 1),
            "occurred_at": at,
            "sent_at": at,
            "origin_unit": unit,
            "tier": tier_of(unit),
            "duty_id": duty,
            "version": 1,
            "alert_id": existing_alert.alert_id,
            "incident_id": existing_alert.incident_id,
            "event_type": "11A01",
            "place": unit,
            "unit": unit,
            "to_unit": to_unit,
            "level": Level.ORANGE,
            "title": "长江朱沱(三) 超保证水位",
            "state": DutyState.PHONED if phoned else DutyState.OWED,
            "started_at": at - timedelta(minutes=30),
            "phone_due": at - timedelta(minutes=5),
            "written_due": at + timedelta(minutes=10),
            **change,
        }
    )


def a_report(at: datetime, name: str, kind: ReportKind, **change: Any) -> Report:
    """Return a report of Zhutuo to its district about the flood."""
    return Report(
        **{
            "id": content_id("rpt", name),
            "occurred_at": at,
            "sent_at": at,
            "origin_unit": ZHUTUO,
            "tier": tier_of(ZHUTUO),
            "incident_id": an_alert("flood").incident_id,
            "kind": kind,
            "event_type": "11A01",
            "place": ZHUTUO,
            "reporter_id": "o-town-b",
            "reporter_role": ReporterRole.OFFICER,
            "headline": "朱沱镇汛情",
            "means": Means.WRITTEN,
            "from_unit": ZHUTUO,
            "to_unit": DISTRICT,
            **change,
        }
    )


def _chain(at: datetime) -> list[Report]:
    first = ReportFacts(trapped=5, evacuated=32, trend=Trend.RISING, place_text="沿江路")
    then = ReportFacts(trapped=2, evacuated=60)
    return [
        a_report(
            at - timedelta(minutes=20),
            "call",
            ReportKind.INITIAL,
            means=Means.PHONE,
            headline="朱沱镇沿江路进水，正在转移",
            text=HOSTILE_TEXT,
            facts=first,
        ),
        a_report(
            at - timedelta(minutes=8),
            "more",
            ReportKind.FOLLOW_UP,
            headline=HOSTILE_TEXT[:200],
            facts=then,
        ),
    ]


def slots(at: datetime) -> list[RosterSlot]:
    """Return the posts of Zhutuo: B with a reached holder, A with an unreached one, C empty."""
    holders: tuple[tuple[Post, str | None, str], ...] = (
        (Post.B, "li", "李远"),
        (Post.A, "ma", "<b>马</b>"),
        (Post.COMMANDER, None, ""),
    )
    return [
        RosterSlot(
            id=f"slot-{ZHUTUO}-{post}",
            occurred_at=at,
            sent_at=at,
            origin_unit=ZHUTUO,
            tier=tier_of(ZHUTUO),
            unit=ZHUTUO,
            post=post,
            officer=Officer(officer_id=officer, name=name, phone="13800000001")
            if officer
            else None,
            channels=(Channel.CONSOLE, Channel.SMS),
        )
        for post, officer, name in holders
    ]


def _reach(at: datetime) -> list[Reachability]:
    dead = (Outcome.SILENT, Outcome.SILENT, Outcome.FAILED)
    outcomes_by_officer: dict[str, dict[Channel, tuple[Outcome, ...]]] = {
        "li": {Channel.CONSOLE: (Outcome.ANSWERED,), Channel.SMS: (Outcome.SILENT,)},
        "ma": {Channel.CONSOLE: dead, Channel.SMS: dead},
    }
    return [
        _reachability_of(officer, channels, at) for officer, channels in outcomes_by_officer.items()
    ]


def _reachability_of(
    officer: str, channels: dict[Channel, tuple[Outcome, ...]], at: datetime
) -> Reachability:
    channel_reaches: dict[Channel, ChannelReach] = {}
    for channel, outcomes in channels.items():
        for outcome in outcomes:
            channel_reaches[channel] = updated_reach(
                channel_reaches.get(channel), channel, outcome, at, test=True
            )
    return Reachability(
        id=transition_id(f"reach:{officer}", 1),
        occurred_at=at,
        sent_at=at,
        origin_unit=ZHUTUO,
        tier=tier_of(ZHUTUO),
        officer_id=officer,
        version=1,
        channels=tuple(channel_reaches.values()),
    )
