"""Rows of the database from and to the core's values: columns are named once, here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from services.alerting.core.alert import Alarm, Alert, ReportSeen
from services.alerting.core.grouping import Disposition
from shared.contracts.alarms import AlarmEvent
from shared.contracts.alerts import AlertState, Signature
from shared.contracts.fields import Level, Post, Status
from shared.contracts.reports import Report, ReporterRole, ReportKind

Row = tuple[Any, ...]

ALERT = (
    *("alert_id", "version", "status", "state", "event_type", "scope", "place", "incident_id"),
    *("level", "proposed_level", "asked_level", "approver_unit", "approvals_needed"),
    *("round", "issued_round", "verified_by", "sources", "kinds", "score", "headline", "areas"),
    "changed_at",
)
ALARM = (
    *("alarm_id", "alert_id", "disposition", "status", "version", "sensor_id", "event_type"),
    *("place", "level", "raised_at", "seen_at", "cleared_at"),
)
REPORT = (
    *("report_id", "alert_id", "disposition", "status", "incident_id", "kind", "reporter_id"),
    *("reporter_role", "event_type", "place", "occurred_at"),
)
SIGNATURE = ("alert_id", "round", "officer_id", "status", "unit", "post", "level", "signed_at")


def alert_row(alert: Alert, now: datetime) -> Row:
    """Values in the order of ALERT."""
    return (
        *(alert.alert_id, alert.version, alert.status, alert.state, alert.event_type, alert.scope),
        *(alert.place, alert.incident_id, alert.level, alert.proposed_level, alert.asked_level),
        *(alert.needs.unit, alert.needs.approvals, alert.round, alert.issued_round),
        *(alert.verified_by, alert.sources, alert.kinds, alert.score, alert.headline),
        *(list(alert.areas), now),
    )


def alarm_row(
    event: AlarmEvent, alarm: Alarm, disposition: Disposition, alert_id: str | None
) -> Row:
    """Values in the order of ALARM."""
    return (
        *(alarm.alarm_id, alert_id, disposition, event.status, alarm.version, alarm.sensor_id),
        *(event.event_type, event.place, alarm.level),
        *(alarm.raised_at, alarm.seen_at, alarm.cleared_at),
    )


def report_row(event: Report, disposition: Disposition, alert_id: str | None) -> Row:
    """Values in the order of REPORT."""
    return (
        *(event.id, alert_id, disposition, event.status, event.incident_id, event.kind),
        *(event.reporter_id, event.reporter_role, event.event_type, event.place),
        event.occurred_at,
    )


def signature_rows(alert: Alert) -> list[Row]:
    """The signatures of the alert's present proposal, also just after they put it in force."""
    signed = alert.signed
    if not signed and alert.round == alert.issued_round:
        signed = alert.issued_by
    return [
        (
            *(alert.alert_id, alert.round, one.officer_id, alert.status, one.unit, one.post),
            *(alert.proposed_level, one.signed_at),
        )
        for one in signed
    ]


def alarm_of(row: asyncpg.Record) -> Alarm:
    """An alarm from its row."""
    return Alarm(
        alarm_id=row["alarm_id"],
        version=row["version"],
        sensor_id=row["sensor_id"],
        level=Level(row["level"]),
        raised_at=row["raised_at"],
        seen_at=row["seen_at"],
        cleared_at=row["cleared_at"],
    )


def report_seen(event: Report) -> ReportSeen:
    """A report's part in the evidence."""
    return ReportSeen(
        report_id=event.id,
        incident_id=event.incident_id,
        kind=event.kind,
        reporter_id=event.reporter_id,
        role=event.reporter_role,
        occurred_at=event.occurred_at,
    )


def alert_of(
    row: asyncpg.Record,
    alarms: Sequence[asyncpg.Record],
    reports: Sequence[asyncpg.Record],
    signatures: Sequence[asyncpg.Record],
) -> Alert:
    """An alert from its row and the rows of its evidence and signatures."""
    level = _level(row["level"])
    by_round: dict[int, tuple[Signature, ...]] = {}
    for one in signatures:
        found = _signature(one, level)
        by_round[one["round"]] = (*by_round.get(one["round"], ()), found)
    in_force = row["round"] == row["issued_round"]
    return Alert(
        alert_id=row["alert_id"],
        status=Status(row["status"]),
        event_type=row["event_type"],
        scope=row["scope"],
        place=row["place"],
        incident_id=row["incident_id"],
        version=row["version"],
        state=AlertState(row["state"]),
        level=level,
        proposed_level=_level(row["proposed_level"]),
        asked_level=_level(row["asked_level"]),
        round=row["round"],
        issued_round=row["issued_round"],
        verified_by=row["verified_by"],
        sources=row["sources"],
        kinds=row["kinds"],
        headline=row["headline"],
        areas=tuple(row["areas"]),
        alarms=tuple(alarm_of(one) for one in alarms),
        reports=tuple(
            ReportSeen(
                report_id=one["report_id"],
                incident_id=one["incident_id"],
                kind=ReportKind(one["kind"]),
                reporter_id=one["reporter_id"],
                role=ReporterRole(one["reporter_role"]),
                occurred_at=one["occurred_at"],
            )
            for one in reports
        ),
        signed=() if in_force else by_round.get(row["round"], ()),
        issued_by=by_round.get(row["issued_round"], ()),
    )


def _signature(row: asyncpg.Record, issued: Level | None) -> Signature:
    # The contract has no signature under "no level": a lifting is signed under the level it ends.
    level = _level(row["level"]) or issued
    assert level is not None, "only an issued alert is lifted"
    return Signature(
        officer_id=row["officer_id"],
        unit=row["unit"],
        post=Post(row["post"]),
        level=level,
        signed_at=row["signed_at"],
    )


def _level(value: str | None) -> Level | None:
    return None if value is None else Level(value)
