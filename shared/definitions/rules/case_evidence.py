"""Evidence of a case for rules over several sources, beside readings: alarms, reports, warnings.

A given alarm stands for a rule that is not under test, so a case of a composite needs no readings.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field

from shared.contracts.alarms import AlarmEvent, AlarmTransition, Evidence
from shared.contracts.fields import (
    LEVEL_ORDER,
    Contract,
    EventType,
    Identifier,
    Level,
    Position,
    RuleId,
    SensorId,
    UnitId,
)
from shared.contracts.ids import transition_id
from shared.contracts.reports import ExternalWarning, Report, ReporterRole, ReportKind
from shared.contracts.rules import RangeRule, RuleDefinition, StuckRule
from shared.contracts.units import tier_of
from shared.definitions.rules.times import moment

INVENTED_TOWN = "990101001000"
"""The place where a case names none; no province has the digits 99."""
When = Annotated[str, Field(min_length=2, max_length=40)]


class CaseAlarm(Contract):
    """An alarm of a rule of the pack, open at `level` from `at`, until `until` where it ends."""

    at: When
    rule: RuleId
    level: Level
    until: When | None = None
    sensor: SensorId | None = None
    sensor_kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")] | None = None
    site: Identifier | None = None
    place: UnitId = INVENTED_TOWN
    position: Position | None = None


class CaseReport(Contract):
    """A person's first report of an event; without `event_type`, of that of the rule under test."""

    at: When
    reporter: Identifier
    role: ReporterRole
    event_type: EventType | None = None
    place: UnitId = INVENTED_TOWN
    position: Position | None = None


class CaseWarning(Contract):
    """The warning of an agency for some units, in force from `at` until before `until`."""

    at: When
    until: When
    source: Identifier
    event_type: EventType | None = None
    places: Annotated[tuple[UnitId, ...], Field(min_length=1, max_length=16)] = (INVENTED_TOWN,)


def alarms_of(alarm: CaseAlarm, number: int, rule: RuleDefinition) -> list[AlarmEvent]:
    """Return the changes of a given alarm; raises ValueError for a rule that never alarms."""
    if isinstance(rule.body, StuckRule | RangeRule):
        raise ValueError(
            f"{rule.rule_id} is a {rule.body.kind} rule, about sensors, without alarms"
        )
    changes = [(AlarmTransition.RAISED, moment(alarm.at))]
    if alarm.until is not None:
        changes.append((AlarmTransition.CLEARED, moment(alarm.until)))
    return [
        AlarmEvent(
            id=transition_id(f"given-{number}", version),
            occurred_at=_utc(at),
            sent_at=_utc(at),
            origin_unit=alarm.place,
            tier=tier_of(alarm.place),
            alarm_id=f"given-{number}",
            version=version,
            transition=transition,
            rule_id=alarm.rule,
            rule_version=rule.version,
            kind=rule.body.kind,
            sensor_id=alarm.sensor,
            sensor_kind=alarm.sensor_kind or rule.sensor_kind,
            site=alarm.site,
            position=alarm.position,
            place=alarm.place,
            event_type=rule.event_type,
            level=alarm.level,
            score=20 * LEVEL_ORDER[alarm.level],
            evidence=Evidence(
                metric=rule.metric or "given",
                value=0,
                unit="1",
                limit=0,
                event_id=f"given-{number}",
            ),
            headline=rule.name_zh,
            started_at=_utc(moment(alarm.at)),
        )
        for version, (transition, at) in enumerate(changes, start=1)
    ]


def report_of(report: CaseReport, number: int, event_type: EventType) -> Report:
    """Return a given report; `event_type` is that of the rule under test."""
    at = _utc(moment(report.at))
    return Report(
        id=f"report-{number}",
        occurred_at=at,
        sent_at=at,
        origin_unit=report.place,
        tier=tier_of(report.place),
        incident_id=f"incident-{number}",
        kind=ReportKind.INITIAL,
        event_type=report.event_type or event_type,
        place=report.place,
        reporter_id=report.reporter,
        reporter_role=report.role,
        headline="given",
        position=report.position,
    )


def warning_of(warning: CaseWarning, number: int, event_type: EventType) -> ExternalWarning:
    """Return a given warning; `event_type` is that of the rule under test."""
    at = _utc(moment(warning.at))
    return ExternalWarning(
        id=f"warning-{number}",
        occurred_at=at,
        sent_at=at,
        origin_unit=warning.places[0],
        tier=tier_of(warning.places[0]),
        areas=warning.places,
        source_id=warning.source,
        cap_identifier=f"given-{number}",
        msg_type="Alert",
        event_type=warning.event_type or event_type,
        expires_at=_utc(moment(warning.until)),
        headline="given",
    )


def evidence_of(
    alarms: tuple[CaseAlarm, ...],
    reports: tuple[CaseReport, ...],
    warnings: tuple[CaseWarning, ...],
    rules: Mapping[str, RuleDefinition],
    event_type: EventType,
) -> list[AlarmEvent | Report | ExternalWarning]:
    """Return everything that a case gives, in order of time; `rules` are those of the pack."""
    messages: list[AlarmEvent | Report | ExternalWarning] = [
        event
        for number, alarm in enumerate(alarms)
        for event in alarms_of(alarm, number, rules[alarm.rule])
    ]
    messages += [report_of(report, number, event_type) for number, report in enumerate(reports)]
    messages += [warning_of(warning, number, event_type) for number, warning in enumerate(warnings)]
    return sorted(messages, key=lambda message: message.occurred_at)


def _utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
