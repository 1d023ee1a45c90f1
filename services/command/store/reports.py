"""Incidents of reporting, with their alerts, reports and obligations.

Incidents are locked in the order of their keys; each statement writes a whole batch.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from services.command.core.reporting.model import (
    AlertReporting,
    ClockCalls,
    CreditedReport,
    EndReason,
    LevelLimits,
    LevelSeen,
    Obligation,
    ReceivedReport,
    ReportClock,
)
from shared.contracts.fields import DataGrade, Level, ResponseMode, Status
from shared.contracts.reports import DutyState, Means, ReportFacts, ReportKind
from shared.domain.response_modes.effective import Effective
from shared.runtime.database import Transaction

IncidentKey = tuple[Status, str]
"""Status and incident id."""

_ALERT_REPORTING = tuple(field.name for field in fields(AlertReporting))
_REPORT = tuple(field.name for field in fields(ReceivedReport))
_OBLIGATION = tuple(field.name for field in fields(Obligation))
_JSON = {"levels_seen", "modes_at_level", "limits_at_level", "facts", "credited_reports", "calls"}
_TYPES = {
    "version": "int",
    "number": "int",
    "follow_ups": "int",
    "follow_ups_late": "int",
    "mode_version": "int",
    "limits_version": "int",
}
_TYPES |= {"restricted": "boolean", "skip_level": "boolean"}
_OF_INCIDENTS = "(status, incident_id) IN (SELECT * FROM unnest($1::text[], $2::text[]))"


@dataclass(slots=True)
class Incident:
    """One locked incident. `changed_at` is the time of the last change; no later one is earlier."""

    changed_at: datetime
    alerts: dict[str, AlertReporting] = field(default_factory=dict)
    reports: dict[str, ReceivedReport] = field(default_factory=dict)
    obligations: dict[str, Obligation] = field(default_factory=dict)


async def lock_incidents(
    transaction: Transaction, keys: Collection[IncidentKey]
) -> dict[IncidentKey, Incident]:
    """Lock the existing incidents in the order of their keys; return them without content."""
    if not keys:
        return {}
    rows = await transaction.connection.fetch(
        "SELECT status, incident_id, changed_at FROM command.report_incident "  # noqa: S608
        f"WHERE {_OF_INCIDENTS} ORDER BY status, incident_id FOR UPDATE",
        *_columns(keys),
    )
    return {
        (Status(row["status"]), row["incident_id"]): Incident(row["changed_at"]) for row in rows
    }


async def open_incidents(
    transaction: Transaction, keys: Collection[IncidentKey]
) -> dict[IncidentKey, Incident]:
    """Lock these incidents, insert the new ones, and read their content."""
    columns = _columns(keys)
    await transaction.connection.execute(
        "INSERT INTO command.report_incident (status, incident_id) "
        "SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING",
        *columns,
    )
    incidents = await lock_incidents(transaction, keys)
    for row in await _fetch(transaction, "alert_reporting", _ALERT_REPORTING, columns):
        alert = _alert(row)
        incidents[alert.status, alert.incident_id].alerts[alert.alert_id] = alert
    for row in await _fetch(transaction, "report", _REPORT, columns):
        report = _report(row)
        incidents[report.status, report.incident_id].reports[report.report_id] = report
    for row in await _fetch(transaction, "report_obligation", _OBLIGATION, columns):
        item = _obligation(row)
        incidents[item.status, item.incident_id].obligations[item.obligation_id] = item
    return incidents


async def incidents_of(
    transaction: Transaction, obligation_ids: Sequence[str]
) -> list[IncidentKey]:
    """Return the incidents of these obligations; no lock, the relation never changes."""
    rows = await transaction.connection.fetch(
        "SELECT DISTINCT status, incident_id FROM command.report_obligation "
        "WHERE obligation_id = ANY($1::text[]) ORDER BY status, incident_id",
        list(obligation_ids),
    )
    return [(Status(row["status"]), row["incident_id"]) for row in rows]


async def save_times(transaction: Transaction, incidents: dict[IncidentKey, Incident]) -> None:
    """Write back the times of the last change of locked incidents."""
    await transaction.connection.execute(
        "UPDATE command.report_incident AS i SET changed_at = n.changed_at "
        "FROM unnest($1::text[], $2::text[], $3::timestamptz[]) "
        "AS n(status, incident_id, changed_at) "
        "WHERE i.status = n.status AND i.incident_id = n.incident_id",
        *_columns(incidents),
        [incidents[key].changed_at for key in sorted(incidents)],
    )


async def save_alerts(transaction: Transaction, alerts: Sequence[AlertReporting]) -> None:
    """Insert or replace the reporting of alerts."""
    await _save(transaction, "alert_reporting", _ALERT_REPORTING, "alert_id", alerts)


async def save_reports(transaction: Transaction, reports: Sequence[ReceivedReport]) -> None:
    """Insert reports."""
    await _save(transaction, "report", _REPORT, "report_id", reports)


async def save_obligations(transaction: Transaction, obligations: Sequence[Obligation]) -> None:
    """Insert or replace obligations."""
    await _save(transaction, "report_obligation", _OBLIGATION, "obligation_id", obligations)


async def _fetch(
    transaction: Transaction, table: str, names: Sequence[str], columns: Sequence[Sequence[str]]
) -> list[Any]:
    return list(
        await transaction.connection.fetch(
            f"SELECT {', '.join(names)} FROM command.{table} WHERE {_OF_INCIDENTS} "  # noqa: S608
            f"ORDER BY {names[0]}",
            *columns,
        )
    )


async def _save(
    transaction: Transaction, table: str, names: Sequence[str], key: str, values: Sequence[Any]
) -> None:
    if not values:
        return
    arrays = ", ".join(f"${at}::{_column_type(name)}[]" for at, name in enumerate(names, 1))
    sets = ", ".join(f"{name} = EXCLUDED.{name}" for name in names if name != key)
    selected = ", ".join(f"n.{name}" + "::jsonb" * (name in _JSON) for name in names)
    await transaction.connection.execute(
        f"INSERT INTO command.{table} ({', '.join(names)}) SELECT {selected} "  # noqa: S608
        f"FROM unnest({arrays}) AS n({', '.join(names)}) ON CONFLICT ({key}) DO UPDATE SET {sets}",
        *([_stored(name, getattr(value, name)) for value in values] for name in names),
    )


def _column_type(name: str) -> str:
    if name.endswith(("_at", "_due")):
        return "timestamptz"
    return _TYPES.get(name, "text")


def _columns(keys: Collection[IncidentKey]) -> tuple[list[str], list[str]]:
    ordered = sorted(keys)
    return [str(status) for status, _ in ordered], [incident for _, incident in ordered]


def _stored(name: str, value: Any) -> Any:
    match name:
        case "levels_seen":
            return json.dumps(
                [[level, issued, at.isoformat()] for (level, issued), at in value.items()]
            )
        case "modes_at_level":
            return json.dumps(
                [
                    [level, issued, unit, mode.mode, mode.version, mode.unit]
                    for (level, issued), units in value.items()
                    for unit, mode in units.items()
                ]
            )
        case "limits_at_level":
            return json.dumps(
                [
                    [level, issued, unit, *(_seconds(part) for part in limits)]
                    for (level, issued), units in value.items()
                    for unit, limits in units.items()
                ]
                + [[level, issued] for (level, issued), units in value.items() if not units]
            )
        case "facts":
            return value.model_dump_json(exclude_none=True)
        case "credited_reports":
            return json.dumps(value)
        case "calls":
            return json.dumps({clock: [due.isoformat(), n] for clock, (due, n) in value.items()})
        case _:
            return value


def _alert(row: Any) -> AlertReporting:
    values = dict(row)
    values["status"] = Status(values["status"])
    values["levels_seen"] = {
        LevelSeen(Level(level), issued): datetime.fromisoformat(at)
        for level, issued, at in json.loads(values["levels_seen"])
    }
    modes: dict[LevelSeen, dict[str, Effective]] = {}
    for level, issued, unit, mode, version, by in json.loads(values["modes_at_level"]):
        by_unit = modes.setdefault(LevelSeen(Level(level), issued), {})
        by_unit[unit] = Effective(ResponseMode(mode), version, by)
    values["modes_at_level"] = modes
    values["limits_at_level"] = _limits(values["limits_at_level"])
    values["end_reason"] = values["end_reason"] and EndReason(values["end_reason"])
    values["data_grade"] = DataGrade(values["data_grade"])
    return AlertReporting(**values)


def _limits(raw: str) -> dict[LevelSeen, dict[str, LevelLimits]]:
    """Return the limits by level and unit; a level at which nobody owes a report has none."""
    results: dict[LevelSeen, dict[str, LevelLimits]] = {}
    for level, issued, *item in json.loads(raw):
        by_unit = results.setdefault(LevelSeen(Level(level), issued), {})
        if item:
            unit, limits_id, version, *times, skip = item
            phone, written, follow_up, final = (timedelta(seconds=seconds) for seconds in times)
            by_unit[unit] = LevelLimits(limits_id, version, phone, written, follow_up, final, skip)
    return results


def _seconds(part: Any) -> Any:
    return part.total_seconds() if isinstance(part, timedelta) else part


def _report(row: Any) -> ReceivedReport:
    values = dict(row)
    values["status"] = Status(values["status"])
    values["kind"] = ReportKind(values["kind"])
    values["means"] = Means(values["means"])
    values["facts"] = ReportFacts.from_wire(values["facts"])
    return ReceivedReport(**values)


def _obligation(row: Any) -> Obligation:
    values = dict(row)
    values["status"] = Status(values["status"])
    values["level"] = Level(values["level"])
    values["state"] = DutyState(values["state"])
    values["mode"] = ResponseMode(values["mode"])
    values["credited_reports"] = tuple(
        CreditedReport(*item) for item in json.loads(values["credited_reports"])
    )
    values["calls"] = {
        ReportClock(clock): ClockCalls(datetime.fromisoformat(due), number)
        for clock, (due, number) in json.loads(values["calls"]).items()
    }
    return Obligation(**values)
