"""Rows of alarms and reports: the only place that names their columns."""

from __future__ import annotations

from datetime import datetime

import asyncpg

from services.alerting.core.alarms.flapping import source_key
from services.alerting.core.alarms.scopes import site_key
from services.alerting.core.alarms.snapshot import AlarmSnapshot
from services.alerting.core.alerts.alert import AlarmEvidence, ReportEvidence
from services.alerting.core.alerts.grouping import AlarmRecord, Disposition
from services.alerting.core.multi_source.source_pool import Sighting, sighting_of_report
from services.alerting.store.alert_rows import Row
from shared.contracts.alarms import AlarmEvent
from shared.contracts.fields import DataGrade, Level, Position, Status
from shared.contracts.reports import Report, ReporterRole, ReportKind

ALARM = (
    *("alarm_id", "alert_id", "disposition", "status", "version", "sensor_id", "event_type"),
    *("place", "level", "raised_at", "last_danger_at", "cleared_at", "rule_id", "sensor_kind"),
    *("site", "site_key", "lat", "lon", "event_id", "began_at", "changed_at", "retrospective"),
    *("withdrawn", "inhibited_by", "synthetic", "waiting_event", "origin_alert_id"),
    *("silence_id", "source_key", "data_grade"),
)
EVIDENCE = (
    *("alert_id", "alarm_id", "version", "sensor_id", "level", "raised_at", "last_danger_at"),
    *("cleared_at", "origin_alert_id"),
)
"""The columns that an alert needs of its alarms; in a storm an alert has many."""
REPORT = (
    *("report_id", "alert_id", "origin_alert_id", "disposition", "status", "incident_id", "kind"),
    *("reporter_id", "reporter_role", "event_type", "place", "occurred_at", "observed_at"),
    *("lat", "lon", "repeats_known", "data_grade", "warning_id"),
)


def alarm_row(record: AlarmRecord) -> Row:
    """Return the values in the order of ALARM."""
    evidence, alarm, event = record.evidence, record.snapshot, record.waiting_event
    return (
        *(alarm.alarm_id, record.alert_id, record.disposition, alarm.status, evidence.version),
        *(alarm.sensor_id, alarm.event_type, alarm.place, evidence.level),
        *(evidence.raised_at, evidence.last_danger_at, evidence.cleared_at),
        *(alarm.rule_id, alarm.sensor_kind, alarm.site, site_key(alarm)),
        *_degrees(alarm.position),
        *(alarm.event_id, alarm.began_at, alarm.changed_at, alarm.retrospective),
        *(alarm.withdrawn, list(alarm.inhibited_by), alarm.synthetic),
        None if event is None else event.model_dump_json(exclude_none=True),
        *(evidence.origin_alert_id or None, record.silence_id, source_key(alarm), alarm.grade),
    )


def report_row(
    event: Report,
    disposition: Disposition,
    alert_id: str | None,
    evidence: ReportEvidence,
    observed_at: datetime,
) -> Row:
    """Return the values in the order of REPORT."""
    return (
        *(event.id, alert_id, evidence.origin_alert_id or None, disposition, event.status),
        *(event.incident_id, event.kind, event.reporter_id, event.reporter_role),
        *(event.event_type, event.place, event.occurred_at, observed_at),
        *_degrees(event.position),
        *(evidence.repeats_known, event.data_grade, event.warning_id),
    )


def alarm_evidence_from_row(row: asyncpg.Record) -> AlarmEvidence:
    """Return the part of an alarm that its alert needs."""
    return AlarmEvidence(
        alarm_id=row["alarm_id"],
        version=row["version"],
        sensor_id=row["sensor_id"],
        level=Level(row["level"]),
        raised_at=row["raised_at"],
        last_danger_at=row["last_danger_at"],
        cleared_at=row["cleared_at"],
        origin_alert_id=row["origin_alert_id"] or "",
    )


def snapshot_from_row(row: asyncpg.Record) -> AlarmSnapshot:
    """Return the newest state of an alarm."""
    return AlarmSnapshot(
        alarm_id=row["alarm_id"],
        version=row["version"],
        status=Status(row["status"]),
        rule_id=row["rule_id"],
        sensor_id=row["sensor_id"],
        sensor_kind=row["sensor_kind"],
        site=row["site"],
        position=position_from_row(row),
        place=row["place"],
        event_type=row["event_type"],
        level=Level(row["level"]),
        event_id=row["event_id"],
        began_at=row["began_at"],
        changed_at=row["changed_at"],
        cleared_at=row["cleared_at"],
        retrospective=row["retrospective"],
        withdrawn=row["withdrawn"],
        inhibited_by=tuple(row["inhibited_by"]),
        synthetic=row["synthetic"],
        grade=DataGrade(row["data_grade"]),
    )


def alarm_record_from_row(row: asyncpg.Record) -> AlarmRecord:
    """Return the whole row of an alarm."""
    event = row["waiting_event"]
    return AlarmRecord(
        evidence=alarm_evidence_from_row(row),
        snapshot=snapshot_from_row(row),
        alert_id=row["alert_id"],
        disposition=Disposition(row["disposition"]),
        waiting_event=None if event is None else AlarmEvent.from_wire(event),
        silence_id=row["silence_id"],
    )


def report_evidence_from_row(row: asyncpg.Record) -> ReportEvidence:
    """Return the part of a report that counts as evidence."""
    return ReportEvidence(
        report_id=row["report_id"],
        incident_id=row["incident_id"],
        kind=ReportKind(row["kind"]),
        reporter_id=row["reporter_id"],
        role=ReporterRole(row["reporter_role"]),
        occurred_at=row["occurred_at"],
        origin_alert_id=row["origin_alert_id"] or "",
        repeats_known=row["repeats_known"],
        warning_id=row["warning_id"],
    )


def sighting_from_report_row(row: asyncpg.Record) -> Sighting:
    """Return a report as a sighting of its reporter."""
    return sighting_of_report(
        row["report_id"],
        row["reporter_id"],
        row["reporter_role"],
        row["event_type"],
        row["place"],
        row["observed_at"],
        position_from_row(row),
        DataGrade(row["data_grade"]),
    )


def position_from_row(row: asyncpg.Record) -> Position | None:
    """Return the position; None where the row has none."""
    return None if row["lat"] is None else Position(lat=row["lat"], lon=row["lon"])


def _degrees(position: Position | None) -> tuple[float | None, float | None]:
    return (None, None) if position is None else (position.lat, position.lon)
