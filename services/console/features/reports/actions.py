"""Upward reports of officers, as records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.console.core.access import Viewer
from services.console.core.action_record import ActionRecord, head
from shared.contracts.fields import Status
from shared.contracts.ids import content_id
from shared.contracts.reports import Means, Report, ReporterRole, ReportFacts, ReportKind
from shared.contracts.topics import REPORTS


@dataclass(frozen=True, slots=True)
class ReportDraft:
    """An upward report in the words of an officer, with line and place filled in."""

    incident_id: str
    status: Status
    kind: ReportKind
    means: Means
    number: int
    from_unit: str
    to_unit: str
    place: str
    event_type: str
    headline: str
    text: str
    facts: ReportFacts | None
    restricted: bool
    trace_id: str | None


def report(
    viewer: Viewer,
    draft: ReportDraft,
    chain: Sequence[str],
    idempotency_key: str | None,
    now: datetime,
) -> ActionRecord:
    """Return the record of an upward report after the last report of `chain` (oldest first).

    Without a key, a report of equal officer, kind, means, number and line has an equal id.
    """
    if idempotency_key is not None:
        report_id = content_id("rpt", "key", viewer.officer_id, draft.status, idempotency_key)
    else:
        report_id = content_id(
            "rpt",
            viewer.officer_id,
            draft.status,
            draft.incident_id,
            draft.from_unit,
            draft.to_unit,
            draft.means,
            draft.kind,
            draft.number,
        )
    # A repeated report does not follow itself.
    follows = next((name for name in reversed(chain) if name != report_id), None)
    common = head(
        viewer,
        {"status": draft.status, "trace_id": draft.trace_id or report_id},
        (draft.place,),
        (follows,) if follows else (),
        now,
    )
    return ActionRecord(
        REPORTS,
        draft.incident_id,
        Report(
            id=report_id,
            incident_id=draft.incident_id,
            kind=draft.kind,
            number=draft.number,
            event_type=draft.event_type,
            place=draft.place,
            reporter_id=viewer.officer_id,
            reporter_role=ReporterRole.OFFICER,
            headline=draft.headline,
            text=draft.text,
            restricted=draft.restricted,
            means=draft.means,
            from_unit=draft.from_unit,
            to_unit=draft.to_unit,
            follows=follows,
            facts=draft.facts,
            **common,
        ),
        viewer.officer_id,
    )
