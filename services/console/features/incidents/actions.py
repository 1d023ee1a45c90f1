"""A new incident: the report of an officer, which alerting treats like every report of a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.console.core.access import Viewer
from services.console.core.action_record import ActionRecord, head
from shared.contracts.fields import DataGrade, Position, Status
from shared.contracts.ids import content_id
from shared.contracts.reports import Report, ReporterRole, ReportKind
from shared.contracts.topics import REPORTS


@dataclass(frozen=True, slots=True)
class IncidentDraft:
    """An incident in the words of an officer; `draft_id` is the id that the device gave it.

    `warning_id` is the warning of another agency behind it, `grade` that of its words.
    """

    draft_id: str | None
    event_type: str
    place: str
    position: Position | None
    headline: str
    text: str
    restricted: bool
    warning_id: str | None = None
    grade: DataGrade = DataGrade.GENERAL


def report_id_of(officer_id: str, draft_id: str) -> str:
    """Return the id of the report that a draft of an officer becomes."""
    return content_id("rpt", "incident", officer_id, draft_id)


def incident(viewer: Viewer, draft: IncidentDraft, now: datetime) -> ActionRecord:
    """Return the report that opens the incident; the same draft is the same report.

    Without a draft id, equal words about an equal place on an equal day (UTC) are the same report.
    """
    words = (draft.event_type, draft.place, draft.headline, now.date().isoformat())
    report_id = report_id_of(viewer.officer_id, draft.draft_id or content_id("dft", *words))
    incident_id = content_id("inc", report_id)
    subject = {"status": Status.ACTUAL, "trace_id": report_id}
    references = () if draft.warning_id is None else (draft.warning_id,)
    common = head(viewer, subject, (draft.place,), references, now, draft.grade)
    return ActionRecord(
        REPORTS,
        incident_id,
        Report(
            id=report_id,
            incident_id=incident_id,
            kind=ReportKind.INITIAL,
            event_type=draft.event_type,
            place=draft.place,
            position=draft.position,
            reporter_id=viewer.officer_id,
            reporter_role=ReporterRole.OFFICER,
            headline=draft.headline,
            text=draft.text,
            restricted=draft.restricted,
            warning_id=draft.warning_id,
            **common,
        ),
        viewer.officer_id,
    )
