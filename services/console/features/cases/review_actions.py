"""Records of the review of a case, and of the commands of the findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.console.core.access import Viewer
from services.console.core.action_record import ActionRecord, head
from services.console.core.record import Record
from services.console.features.cases.case import Case
from shared.contracts.cases import CaseReview, Finding
from shared.contracts.commands import CommandRequest
from shared.contracts.fields import Level
from shared.contracts.ids import content_id
from shared.contracts.selections import Listed, Selection
from shared.contracts.topics import CASE_REVIEWS, COMMAND_REQUESTS

FINDING_LEVEL = Level.BLUE
"""The lowest supervised level: findings are handled by daylight."""


@dataclass(frozen=True, slots=True)
class FindingDraft:
    """A finding in the words of the officer."""

    owner: str
    title: str
    instruction: str
    finish_by: datetime


def owner_selection(owner: str) -> Selection:
    """Return the selection of the single unit responsible for a finding."""
    return Selection(include=(Listed(units=(owner,)),))


def write(
    viewer: Viewer, case: Case, text: str, drafts: Sequence[FindingDraft], now: datetime
) -> ActionRecord:
    """Return the review of a filed case.

    The id is equal for every alert of the incident.
    """
    findings = tuple(
        Finding(
            command_id=content_id("cmd", "finding", case.review_key, number),
            owner=draft.owner,
            title=draft.title,
            instruction=draft.instruction,
            finish_by=draft.finish_by,
        )
        for number, draft in enumerate(drafts, start=1)
    )
    common = head(
        viewer,
        {"status": case.status, "trace_id": case.trace_id},
        (case.root,),
        (case.case_id,),
        now,
        case.grade,
    )
    record = CaseReview(
        id=content_id("rev", case.review_key),
        case_id=case.case_id,
        officer_id=viewer.officer_id,
        post=viewer.post,
        text=text,
        findings=findings,
        **common,
    )
    return ActionRecord(CASE_REVIEWS, case.case_id, record, viewer.officer_id)


def differs(row: Record, review: CaseReview) -> bool:
    """Return whether the recorded review differs from the new review of the case."""
    return (row["review_id"], row["officer_id"], row["body"]) != (
        review.id,
        review.officer_id,
        review.text,
    )


def commands_of(
    viewer: Viewer, case: Case, review: CaseReview, now: datetime
) -> list[ActionRecord]:
    """Return a free command per finding, to the owner alone, due at the date of the finding.

    The causes of the command are the case and the review.
    """
    return [
        ActionRecord(
            COMMAND_REQUESTS,
            finding.command_id,
            CommandRequest(
                id=content_id("req", finding.command_id, "issue"),
                verb="issue",
                command_id=finding.command_id,
                selection=owner_selection(finding.owner),
                event_type=case.head["event_type"],
                level=FINDING_LEVEL,
                title=finding.title,
                instruction=finding.instruction,
                finish_by=finding.finish_by,
                officer_id=viewer.officer_id,
                post=viewer.post,
                **head(
                    viewer,
                    {"status": case.status, "trace_id": case.trace_id},
                    (finding.owner,),
                    (case.case_id, review.id),
                    now,
                    review.data_grade,
                ),
            ),
            viewer.officer_id,
        )
        for finding in review.findings
    ]
