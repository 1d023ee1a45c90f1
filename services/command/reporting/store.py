"""All SQL of reporting: incidents locked in one order, whole batches per statement."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from services.command.core.reporting.model import (
    Calls,
    Case,
    Clock,
    Counted,
    Duty,
    Heard,
    Over,
    Told,
)
from shared.contracts.fields import DataGrade, Level, ResponseMode, Status
from shared.contracts.reports import DutyState, Means, ReportFacts, ReportKind
from shared.domain.response_modes.effective import Effective
from shared.runtime.database import Transaction

Key = tuple[Status, str]
"""Status and incident: what reports and duties are grouped under."""

_CASE = tuple(field.name for field in fields(Case))
_TOLD = tuple(field.name for field in fields(Told))
_DUTY = tuple(field.name for field in fields(Duty))
_JSON = {"heard", "modes", "facts", "counted", "calls"}
_TIMES = {"since", "received_at", "started_at"}
_KINDS = {
    "version": "int",
    "number": "int",
    "follow_ups": "int",
    "follow_ups_late": "int",
    "mode_version": "int",
}
_KINDS |= {"restricted": "boolean", "skip_level": "boolean"}
_OF = "(status, incident_id) IN (SELECT * FROM unnest($1::text[], $2::text[]))"


@dataclass(slots=True)
class File:
    """Everything known of one locked incident; `changed_at` is never after a later change."""

    changed_at: datetime
    cases: dict[str, Case] = field(default_factory=dict)
    reports: dict[str, Told] = field(default_factory=dict)
    duties: dict[str, Duty] = field(default_factory=dict)


async def lock(work: Transaction, keys: Collection[Key]) -> dict[Key, File]:
    """Lock these incidents (those that exist) in order of their keys; their files are empty."""
    if not keys:
        return {}
    rows = await work.connection.fetch(
        "SELECT status, incident_id, changed_at FROM command.report_incident "  # noqa: S608
        f"WHERE {_OF} ORDER BY status, incident_id FOR UPDATE",
        *_columns(keys),
    )
    return {(Status(row["status"]), row["incident_id"]): File(row["changed_at"]) for row in rows}


async def open_files(work: Transaction, keys: Collection[Key]) -> dict[Key, File]:
    """Lock these incidents, making those that are new, and read all about them."""
    columns = _columns(keys)
    await work.connection.execute(
        "INSERT INTO command.report_incident (status, incident_id) "
        "SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING",
        *columns,
    )
    files = await lock(work, keys)
    for row in await _fetch(work, "report_case", _CASE, columns):
        case = _case(row)
        files[case.status, case.incident_id].cases[case.alert_id] = case
    for row in await _fetch(work, "report", _TOLD, columns):
        told = _told(row)
        files[told.status, told.incident_id].reports[told.report_id] = told
    for row in await _fetch(work, "report_duty", _DUTY, columns):
        duty = _duty(row)
        files[duty.status, duty.incident_id].duties[duty.duty_id] = duty
    return files


async def incidents_of(work: Transaction, duty_ids: Sequence[str]) -> list[Key]:
    """The incidents these duties belong to; needs no lock, it never changes."""
    rows = await work.connection.fetch(
        "SELECT DISTINCT status, incident_id FROM command.report_duty "
        "WHERE duty_id = ANY($1::text[]) ORDER BY status, incident_id",
        list(duty_ids),
    )
    return [(Status(row["status"]), row["incident_id"]) for row in rows]


async def touch(work: Transaction, files: dict[Key, File]) -> None:
    """Write back the times of locked incidents."""
    await work.connection.execute(
        "UPDATE command.report_incident AS i SET changed_at = n.changed_at "
        "FROM unnest($1::text[], $2::text[], $3::timestamptz[]) "
        "AS n(status, incident_id, changed_at) "
        "WHERE i.status = n.status AND i.incident_id = n.incident_id",
        *_columns(files),
        [files[key].changed_at for key in sorted(files)],
    )


async def save_cases(work: Transaction, cases: Sequence[Case]) -> None:
    """Put in or replace cases."""
    await _save(work, "report_case", _CASE, "alert_id", cases)


async def save_reports(work: Transaction, reports: Sequence[Told]) -> None:
    """Add reports."""
    await _save(work, "report", _TOLD, "report_id", reports)


async def save_duties(work: Transaction, duties: Sequence[Duty]) -> None:
    """Put in or replace duties."""
    await _save(work, "report_duty", _DUTY, "duty_id", duties)


async def _fetch(
    work: Transaction, table: str, names: Sequence[str], columns: Sequence[Sequence[str]]
) -> list[Any]:
    return list(
        await work.connection.fetch(
            f"SELECT {', '.join(names)} FROM command.{table} WHERE {_OF} "  # noqa: S608
            f"ORDER BY {names[0]}",
            *columns,
        )
    )


async def _save(
    work: Transaction, table: str, names: Sequence[str], key: str, values: Sequence[Any]
) -> None:
    if not values:
        return
    arrays = ", ".join(f"${at}::{_kind(name)}[]" for at, name in enumerate(names, 1))
    sets = ", ".join(f"{name} = EXCLUDED.{name}" for name in names if name != key)
    chosen = ", ".join(f"n.{name}" + "::jsonb" * (name in _JSON) for name in names)
    await work.connection.execute(
        f"INSERT INTO command.{table} ({', '.join(names)}) SELECT {chosen} "  # noqa: S608
        f"FROM unnest({arrays}) AS n({', '.join(names)}) ON CONFLICT ({key}) DO UPDATE SET {sets}",
        *([_plain(name, getattr(value, name)) for value in values] for name in names),
    )


def _kind(name: str) -> str:
    if name in _TIMES or name.endswith(("_at", "_due")):
        return "timestamptz"
    return _KINDS.get(name, "text")


def _columns(keys: Collection[Key]) -> tuple[list[str], list[str]]:
    ordered = sorted(keys)
    return [str(status) for status, _ in ordered], [incident for _, incident in ordered]


def _plain(name: str, value: Any) -> Any:
    match name:
        case "heard":
            return json.dumps(
                [[level, issued, at.isoformat()] for (level, issued), at in value.items()]
            )
        case "modes":
            return json.dumps(
                [
                    [level, issued, unit, one.mode, one.version, one.unit]
                    for (level, issued), units in value.items()
                    for unit, one in units.items()
                ]
            )
        case "facts":
            return value.model_dump_json(exclude_none=True)
        case "counted":
            return json.dumps(value)
        case "calls":
            return json.dumps({clock: [due.isoformat(), n] for clock, (due, n) in value.items()})
        case _:
            return value


def _case(row: Any) -> Case:
    values = dict(row)
    values["status"] = Status(values["status"])
    values["heard"] = {
        Heard(Level(level), issued): datetime.fromisoformat(at)
        for level, issued, at in json.loads(values["heard"])
    }
    modes: dict[Heard, dict[str, Effective]] = {}
    for level, issued, unit, mode, version, by in json.loads(values["modes"]):
        held = modes.setdefault(Heard(Level(level), issued), {})
        held[unit] = Effective(ResponseMode(mode), version, by)
    values["modes"] = modes
    values["over"] = values["over"] and Over(values["over"])
    values["data_grade"] = DataGrade(values["data_grade"])
    return Case(**values)


def _told(row: Any) -> Told:
    values = dict(row)
    values["status"] = Status(values["status"])
    values["kind"] = ReportKind(values["kind"])
    values["means"] = Means(values["means"])
    values["facts"] = ReportFacts.model_validate_json(values["facts"])
    return Told(**values)


def _duty(row: Any) -> Duty:
    values = dict(row)
    values["status"] = Status(values["status"])
    values["level"] = Level(values["level"])
    values["state"] = DutyState(values["state"])
    values["mode"] = ResponseMode(values["mode"])
    values["counted"] = tuple(Counted(*load) for load in json.loads(values["counted"]))
    values["calls"] = {
        Clock(clock): Calls(datetime.fromisoformat(due), number)
        for clock, (due, number) in json.loads(values["calls"]).items()
    }
    return Duty(**values)
