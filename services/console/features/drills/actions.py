"""The start of a drill 演练: a report of status Exercise; all its records belong to the drill."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.console.core.access import Viewer
from services.console.core.action_record import ActionRecord, head
from shared.contracts.fields import Level, Status
from shared.contracts.ids import content_id
from shared.contracts.reports import Report, ReporterRole, ReportKind
from shared.contracts.topics import REPORTS


@dataclass(frozen=True, slots=True)
class DrillScenario:
    """The scenario of a drill.

    `level` is played by the scenario; the officers decide the issued level.
    """

    title: str
    event_type: str
    level: Level
    place: str
    text: str


def start(
    viewer: Viewer, scenario: DrillScenario, idempotency_key: str | None, now: datetime
) -> ActionRecord:
    """Return the report that opens the drill's alert.

    Without a key, an equal scenario on an equal day (UTC) gives an equal id.
    """
    if idempotency_key is not None:
        report_id = content_id("drl", "key", viewer.officer_id, idempotency_key)
    else:
        scenario_fields = (
            scenario.title,
            scenario.event_type,
            scenario.level,
            scenario.place,
            scenario.text,
        )
        report_id = content_id("drl", viewer.officer_id, *scenario_fields, now.date().isoformat())
    incident_id = content_id("inc", report_id)
    common = head(
        viewer, {"status": Status.EXERCISE, "trace_id": report_id}, (scenario.place,), (), now
    )
    return ActionRecord(
        REPORTS,
        incident_id,
        Report(
            id=report_id,
            incident_id=incident_id,
            kind=ReportKind.INITIAL,
            event_type=scenario.event_type,
            place=scenario.place,
            reporter_id=viewer.officer_id,
            reporter_role=ReporterRole.OFFICER,
            headline=scenario.title,
            text=f"演练情景级别 scenario level: {scenario.level}\n{scenario.text}"[:4000].rstrip(),
            **common,
        ),
        viewer.officer_id,
    )
