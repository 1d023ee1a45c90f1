"""Rows of the database from and to the core's values: columns are named once, here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
from pydantic import TypeAdapter

from services.alerting.core.alert import Alarm, Alert, Flap, ReportSeen
from services.alerting.core.facts import Fact
from services.alerting.core.flapping import source_key
from services.alerting.core.grouping import Disposition, Known
from services.alerting.core.pool import Sighting, reported
from services.alerting.core.scopes import site_key
from services.alerting.core.warnings import Warned
from shared.contracts.alarms import AlarmEvent
from shared.contracts.alerts import AlertState, Debt, Signature, Stance
from shared.contracts.fields import DataGrade, Level, Position, Post, ResponseMode, Status
from shared.contracts.reports import Report, ReporterRole, ReportKind
from shared.domain.response_modes.effective import Effective

Row = tuple[Any, ...]
_STANCES: TypeAdapter[tuple[Stance, ...]] = TypeAdapter(tuple[Stance, ...])

ALERT = (
    *("alert_id", "version", "status", "state", "event_type", "scope", "place", "incident_id"),
    *("level", "proposed_level", "asked_level", "approver_unit", "approvals_needed"),
    *("round", "issued_round", "verified_by", "sources", "kinds", "score", "headline", "areas"),
    *("proposed_until", "expires_at", "debt", "positions", "flap_level", "flap_until"),
    *("flap_mode", "flap_mode_version", "flap_mode_unit"),
    *("merged_into", "merged_from", "merged", "data_grade", "changed_at"),
)
ALARM = (
    *("alarm_id", "alert_id", "disposition", "status", "version", "sensor_id", "event_type"),
    *("place", "level", "raised_at", "seen_at", "cleared_at", "rule_id", "sensor_kind", "site"),
    *("site_key", "lat", "lon", "event_id", "began_at", "changed_at", "retrospective", "withdrawn"),
    *("inhibited_by", "synthetic", "held", "home_id", "silence_id", "source_key"),
    "data_grade",
)
EVIDENCE = (
    *("alert_id", "alarm_id", "version", "sensor_id", "level", "raised_at", "seen_at"),
    *("cleared_at", "home_id"),
)
"""What an alert needs of its alarms; in a storm it has many."""
REPORT = (
    *(
        "report_id",
        "alert_id",
        "home_id",
        "disposition",
        "status",
        "incident_id",
        "kind",
        "reporter_id",
    ),
    *("reporter_role", "event_type", "place", "occurred_at", "heard_at", "lat", "lon", "echo"),
    "data_grade",
)
SIGNATURE = ("alert_id", "round", "officer_id", "status", "unit", "post", "level", "signed_at")


def alert_row(alert: Alert, now: datetime) -> Row:
    """Values in the order of ALERT."""
    return (
        *(alert.alert_id, alert.version, alert.status, alert.state, alert.event_type, alert.scope),
        *(alert.place, alert.incident_id, alert.level, alert.proposed_level, alert.asked_level),
        *(alert.needs.unit, alert.needs.approvals, alert.round, alert.issued_round),
        *(alert.verified_by, alert.sources, alert.kinds, alert.score, alert.headline),
        *(list(alert.areas), alert.proposed_until, alert.expires_at),
        None if alert.debt is None else alert.debt.model_dump_json(exclude_none=True),
        _STANCES.dump_json(alert.positions, exclude_none=True).decode(),
        *_flap_values(alert.flap),
        *(alert.merged_into, alert.merged_from, [" ".join(pair) for pair in alert.merged]),
        *(alert.grade, now),
    )


def alarm_row(known: Known) -> Row:
    """Values in the order of ALARM."""
    alarm, fact = known.alarm, known.fact
    return (
        *(alarm.alarm_id, known.alert_id, known.disposition, fact.status, alarm.version),
        *(fact.sensor_id, fact.event_type, fact.place, alarm.level),
        *(alarm.raised_at, alarm.seen_at, alarm.cleared_at),
        *(fact.rule_id, fact.sensor_kind, fact.site, site_key(fact), *_degrees(fact.position)),
        *(fact.event_id, fact.began_at, fact.changed_at, fact.retrospective, fact.withdrawn),
        *(list(fact.inhibited_by), fact.synthetic),
        None if known.held is None else known.held.model_dump_json(exclude_none=True),
        *(alarm.home or None, known.silence_id, source_key(fact), fact.grade),
    )


def report_row(
    event: Report,
    disposition: Disposition,
    alert_id: str | None,
    seen: ReportSeen,
    heard_at: datetime,
) -> Row:
    """Values in the order of REPORT."""
    return (
        *(
            event.id,
            alert_id,
            seen.home or None,
            disposition,
            event.status,
            event.incident_id,
            event.kind,
        ),
        *(event.reporter_id, event.reporter_role, event.event_type, event.place),
        *(event.occurred_at, heard_at, *_degrees(event.position), seen.echo),
        event.data_grade,
    )


def signature_rows(alert: Alert) -> list[Row]:
    """The signatures of the present proposal, and those that put the present level in force."""
    in_force = alert.proposed_level if alert.round == alert.issued_round else alert.level
    return [
        (
            *(
                alert.alert_id,
                round_,
                signature.officer_id,
                alert.status,
                signature.unit,
                signature.post,
            ),
            *(level, signature.signed_at),
        )
        for round_, level, signatures in (
            (alert.issued_round, in_force, alert.issued_by),
            (alert.round, alert.proposed_level, alert.signed),
        )
        for signature in signatures
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
        home=row["home_id"] or "",
    )


def fact_of(row: asyncpg.Record) -> Fact:
    """The same row as others than its alert look at it."""
    return Fact(
        alarm_id=row["alarm_id"],
        version=row["version"],
        status=Status(row["status"]),
        rule_id=row["rule_id"],
        sensor_id=row["sensor_id"],
        sensor_kind=row["sensor_kind"],
        site=row["site"],
        position=position_of(row),
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


def known_of(row: asyncpg.Record) -> Known:
    """All that is known of an alarm."""
    held = row["held"]
    return Known(
        alarm=alarm_of(row),
        fact=fact_of(row),
        alert_id=row["alert_id"],
        disposition=Disposition(row["disposition"]),
        held=None if held is None else AlarmEvent.model_validate_json(held),
        silence_id=row["silence_id"],
    )


def sighting_of_report(row: asyncpg.Record) -> Sighting:
    """A report as a sighting of the person who made it."""
    return reported(
        row["report_id"],
        row["reporter_id"],
        row["reporter_role"],
        row["event_type"],
        row["place"],
        row["heard_at"],
        position_of(row),
        DataGrade(row["data_grade"]),
    )


def warned_of(row: asyncpg.Record) -> Warned:
    """A warning from its row."""
    return Warned(
        warning_id=row["warning_id"],
        status=Status(row["status"]),
        source_id=row["source_id"],
        cap_identifier=row["cap_identifier"],
        event_type=row["event_type"],
        areas=tuple(row["areas"]),
        heard_at=row["heard_at"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        withdrawn=row["withdrawn"],
        grade=DataGrade(row["data_grade"]),
    )


def warned_row(warned: Warned) -> Row:
    """Values in the order of the table's columns."""
    return (
        *(
            warned.warning_id,
            warned.status,
            warned.source_id,
            warned.cap_identifier,
            warned.event_type,
        ),
        *(
            list(warned.areas),
            warned.heard_at,
            warned.starts_at,
            warned.ends_at,
            warned.withdrawn,
            warned.grade,
        ),
    )


def position_of(row: asyncpg.Record) -> Position | None:
    """Where it is, if that is known."""
    return None if row["lat"] is None else Position(lat=row["lat"], lon=row["lon"])


def _degrees(position: Position | None) -> tuple[float | None, float | None]:
    return (None, None) if position is None else (position.lat, position.lon)


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


def report_seen_of(row: asyncpg.Record) -> ReportSeen:
    """The same from its row."""
    return ReportSeen(
        report_id=row["report_id"],
        incident_id=row["incident_id"],
        kind=ReportKind(row["kind"]),
        reporter_id=row["reporter_id"],
        role=ReporterRole(row["reporter_role"]),
        occurred_at=row["occurred_at"],
        home=row["home_id"] or "",
        echo=row["echo"],
    )


def alert_of(
    row: asyncpg.Record,
    alarms: tuple[Alarm, ...],
    reports: tuple[ReportSeen, ...],
    signatures: Sequence[asyncpg.Record],
) -> Alert:
    """An alert from its row, its evidence and the rows of its signatures."""
    level = _level(row["level"])
    by_round: dict[int, tuple[Signature, ...]] = {}
    for signature in signatures:
        result = _signature(signature, level)
        by_round[signature["round"]] = (*by_round.get(signature["round"], ()), result)
    in_force = row["round"] == row["issued_round"]
    return Alert(
        alert_id=row["alert_id"],
        status=Status(row["status"]),
        event_type=row["event_type"],
        scope=row["scope"],
        place=row["place"],
        incident_id=row["incident_id"],
        grade=DataGrade(row["data_grade"]),
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
        alarms=alarms,
        reports=reports,
        signed=() if in_force else by_round.get(row["round"], ()),
        issued_by=by_round.get(row["issued_round"], ()),
        proposed_until=row["proposed_until"],
        expires_at=row["expires_at"],
        debt=None if row["debt"] is None else Debt.model_validate_json(row["debt"]),
        positions=_STANCES.validate_json(row["positions"]),
        flap=_flap(row),
        merged_into=row["merged_into"],
        merged_from=None if row["merged_from"] is None else AlertState(row["merged_from"]),
        merged=tuple(_pair(one) for one in row["merged"]),
    )


def _flap_values(flap: Flap | None) -> Row:
    if flap is None:
        return (None,) * 5
    return (flap.level, flap.until, flap.mode.mode, flap.mode.version, flap.mode.unit)


def _flap(row: asyncpg.Record) -> Flap | None:
    if row["flap_level"] is None:
        return None
    mode = Effective(
        ResponseMode(row["flap_mode"]), row["flap_mode_version"], row["flap_mode_unit"]
    )
    return Flap(Level(row["flap_level"]), row["flap_until"], mode)


def _pair(text: str) -> tuple[str, str]:
    child, parent = text.split(" ")
    return child, parent


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
