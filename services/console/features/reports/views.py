"""Upward reports 上报 as JSON: the chain with its changes, the clocks, the duties."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import partial
from itertools import groupby

from services.console.core.access import Viewer, is_entitled, may_report, sees
from services.console.core.masking import opens
from services.console.core.names import UnitNames
from services.console.core.record import Json, OutgoingRecord
from shared.contracts.lifecycles.report_duty import FINAL, FINAL_OWED, PHONE_OWED, WRITTEN_OWED
from shared.contracts.refusals import RefusedFor
from shared.contracts.reports import DutyState, Means, ReportFacts, ReportKind
from shared.contracts.supervision import SupervisionKind
from shared.contracts.units import lineage, parent_of
from shared.domain.report_series.changes import changes, line, merged_facts
from shared.domain.report_series.numbers import Numbered, marks

Firings = Mapping[tuple[str, str], OutgoingRecord]
"""The newest firing of a clock, by duty and clock."""

_MISSED = frozenset({SupervisionKind.OVERDUE, SupervisionKind.REMINDED, SupervisionKind.ESCALATED})


class ClockState(StrEnum):
    """The state of a deadline. `missed`: overdue when the duty ended without a report."""

    DUE = "due"
    OVERDUE = "overdue"
    ON_TIME = "met"
    LATE = "late"
    MISSED = "missed"
    STOPPED = "stopped"


def sees_report(viewer: Viewer, report: OutgoingRecord) -> bool:
    """Return whether the viewer may see a report.

    A report is open to both ends of its line and to units above the place; a restricted report to
    its line only. A restricted report without an addressee (app, hotline) is open to the units
    responsible for the place.
    """
    ends = (report["from_unit"], report["to_unit"])
    if not report["restricted"]:
        return _is_in(viewer, ends) or sees(viewer, report["place"])
    return _is_in(viewer, ends if report["to_unit"] else lineage(report["place"]))


def _is_in(viewer: Viewer, units: Collection[str | None]) -> bool:
    """Return whether the viewer's own unit is in `units`, and within the viewer's view."""
    return viewer.unit in units and sees(viewer, viewer.unit)


def clocks(duty: OutgoingRecord, firings: Firings, names: UnitNames, now: datetime) -> list[Json]:
    """Return the deadlines of a duty until now; a missed deadline has the called post."""
    state = DutyState(duty["state"])
    results = [
        ("report_phone", duty["phone_due"], duty["phone_at"], state in PHONE_OWED),
        (
            "report_written",
            duty["written_due"],
            duty["written_at"],
            state in WRITTEN_OWED,
        ),
    ]
    if duty["follow_up_due"] is not None:
        results.append(("report_follow_up", duty["follow_up_due"], None, True))
    if duty["final_due"] is not None:
        results.append(("report_final", duty["final_due"], duty["final_at"], state in FINAL_OWED))
    return [
        _clock(clock, due, met_at, runs, firings.get((duty["duty_id"], clock)), names, now)
        for clock, due, met_at, runs in results
    ]


def _clock(
    clock: str,
    due: datetime,
    met_at: datetime | None,
    runs: bool,
    firing: OutgoingRecord | None,
    names: UnitNames,
    now: datetime,
) -> Json:
    fired = firing is not None and firing["due_at"] >= due and firing["kind"] in _MISSED
    if met_at is not None:
        state = ClockState.LATE if met_at >= due else ClockState.ON_TIME
    elif runs:
        state = ClockState.OVERDUE if now >= due else ClockState.DUE
    else:
        state = ClockState.MISSED if fired else ClockState.STOPPED
    calling = firing if fired and state is ClockState.OVERDUE else None
    return {
        "clock": clock,
        "due_at": due,
        "met_at": met_at,
        "state": state,
        "supervision": calling["kind"] if calling else None,
        "rung": calling["rung"] if calling else None,
        "target_unit": calling["target_unit"] if calling else None,
        "target_name": names.unit(calling["target_unit"]) if calling else None,
        "target_post": calling["target_post"] if calling else None,
    }


def duty(
    row: OutgoingRecord, firings: Firings, viewer: Viewer, names: UnitNames, now: datetime
) -> Json:
    """Return a unit's duty to report an incident to a unit above.

    The title is masked like the words of the alert.
    """
    open_to = opens(viewer, row["place"], row["data_grade"])
    return {
        "duty_id": row["duty_id"],
        "status": row["status"],
        "alert_id": row["alert_id"],
        "incident_id": row["incident_id"],
        "event_type": row["event_type"],
        "place": row["place"],
        "place_name": names.unit(row["place"]),
        "unit": row["unit"],
        "unit_name": names.unit(row["unit"]),
        "to_unit": row["to_unit"],
        "to_name": names.unit(row["to_unit"]),
        "skip_level": row["skip_level"],
        "level": row["level"],
        "masked": not open_to,
        "title": row["title"] if open_to else "",
        "state": row["state"],
        "open": row["state"] not in FINAL,
        "started_at": row["started_at"],
        "follow_ups": row["follow_ups"],
        "follow_ups_late": row["follow_ups_late"],
        "reason": row["reason"],
        "clocks": clocks(row, firings, names, now),
    }


def summary(
    duties: Iterable[OutgoingRecord], firings: Firings, names: UnitNames, now: datetime
) -> dict[str, int]:
    """Return the number of duties by state of a clock; two overdue clocks of a duty count once."""
    clock_states: Counter[ClockState] = Counter()
    for duty in duties:
        clock_states.update({clock["state"] for clock in clocks(duty, firings, names, now)})
    return {state.value: clock_states[state] for state in ClockState}


def chains(
    reports: Sequence[OutgoingRecord],
    duties: Sequence[OutgoingRecord],
    firings: Firings,
    viewer: Viewer,
    names: UnitNames,
    now: datetime,
    place: str | None,
) -> list[Json]:
    """Return reports and duties by line; reports of apps and hotlines have no addressee.

    `place` is the incident's place. While None, nothing can be reported about the incident.
    """
    records = [report for report in reports if sees_report(viewer, report)]
    visible_duties = [
        duty for duty in duties if sees(viewer, duty["unit"]) or _is_in(viewer, (duty["to_unit"],))
    ]
    late_by_report: dict[str, bool] = {}
    for row in visible_duties:
        late_by_report |= {
            entry["report_id"]: entry["late"] for entry in json.loads(row["counted"])
        }
    lines = {(record["from_unit"] or "", record["to_unit"] or "") for record in records}
    lines |= {(record["unit"], record["to_unit"]) for record in visible_duties}
    by_line = {
        key: list(records)
        for key, records in groupby(sorted(records, key=_line_and_time), key=_line)
    }
    return [
        {
            "from_unit": unit or None,
            "from_name": names.unit(unit) if unit else None,
            "to_unit": to_unit or None,
            "to_name": names.unit(to_unit) if to_unit else None,
            "duties": [
                duty(record, firings, viewer, names, now)
                for record in visible_duties
                if (record["unit"], record["to_unit"]) == (unit, to_unit)
            ],
            "reports": _chain(by_line.get((unit, to_unit), []), late_by_report, names),
            "next_number": _next_number(by_line.get((unit, to_unit), [])),
            "may": ways(viewer, unit, to_unit, place),
        }
        for unit, to_unit in sorted(lines)
    ]


def ways(viewer: Viewer, unit: str, to_unit: str | None, place: str | None) -> list[Means]:
    """Return the means by which the officer may report for `unit`, or record its call."""
    if not unit or not to_unit or place is None:
        return []
    return [
        means
        for means in Means
        if is_entitled(viewer, partial(_may, unit=unit, to_unit=to_unit, means=means, place=place))
    ]


def _may(acting: Viewer, unit: str, to_unit: str, means: Means, place: str) -> RefusedFor | None:
    return may_report(acting, unit, to_unit, means, place)


def beginning(
    viewer: Viewer, lines: Iterable[Json], names: UnitNames, place: str | None
) -> Json | None:
    """Return the line on which the officer's unit may begin to report, or None."""
    above = parent_of(viewer.unit)
    result = ways(viewer, viewer.unit, above, place)
    if above is None or not result or any(row["from_unit"] == viewer.unit for row in lines):
        return None
    return {
        "from_unit": viewer.unit,
        "from_name": names.unit(viewer.unit),
        "to_unit": above,
        "to_name": names.unit(above),
        "may": result,
    }


def _chain(
    reports: Sequence[OutgoingRecord], late_by_report: Mapping[str, bool], names: UnitNames
) -> list[Json]:
    marks_by_id = marks(
        Numbered(report["id"], ReportKind(report["kind"]), report["number"]) for report in reports
    )
    report_views: list[Json] = []
    previous_facts: list[ReportFacts] = []
    for report in reports:
        facts = ReportFacts.from_wire(report["facts"])
        result = changes(merged_facts(previous_facts), facts)
        previous_facts.append(facts)
        report_views.append(
            {
                "report_id": report["id"],
                "kind": report["kind"],
                "number": report["number"],
                "mark": marks_by_id.get(report["id"]),
                "means": report["means"],
                "headline": report["headline"],
                "text": report["body"],
                "restricted": report["restricted"],
                "place": report["place"],
                "place_name": names.unit(report["place"]),
                "recorded_by": report["origin_unit"],
                "reporter_role": report["reporter_role"],
                "follows": report["follows"],
                "occurred_at": report["occurred_at"],
                "sent_at": report["sent_at"],
                "counted": report["id"] in late_by_report,
                "late": late_by_report.get(report["id"]),
                "facts": facts.model_dump(mode="json", exclude_none=True),
                "changes": [
                    {
                        "field": change.field,
                        "before": change.before,
                        "after": change.after,
                        "direction": change.direction,
                        "line": line(change).joined(),
                    }
                    for change in result
                ],
            }
        )
    return report_views


def _next_number(reports: Iterable[OutgoingRecord]) -> int:
    numbers = [report["number"] for report in reports if report["kind"] == ReportKind.FOLLOW_UP]
    return max(numbers, default=0) + 1


def _line(report: OutgoingRecord) -> tuple[str, str]:
    return report["from_unit"] or "", report["to_unit"] or ""


def _line_and_time(report: OutgoingRecord) -> tuple[str, str, datetime, str]:
    return (*_line(report), report["sent_at"], report["id"])
