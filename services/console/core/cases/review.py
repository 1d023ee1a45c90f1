"""复盘: the review of a closed case as acts, and as people read it, with each finding's live state.

Ids follow from the case, so a review is written once and a repeat is the same act. The review is recorded
before the commands of its findings: of two people's reviews one holds, and only that one's findings go
out. Should the console end in between, the same request again sends the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.console.core.access import Viewer
from services.console.core.acts import Act, head
from services.console.core.cases.case import Case
from services.console.core.cases.dossier import Column, Table, moment, plain
from services.console.core.cases.words import Words
from services.console.core.names import Names
from services.console.core.record import Record
from shared.contracts.cases import CaseReview, Finding
from shared.contracts.commands import CommandRequest
from shared.contracts.fields import Level
from shared.contracts.ids import content_id
from shared.contracts.selections import Listed, Selection
from shared.contracts.topics import CASE_REVIEWS, REQUESTS
from shared.domain.bilingual import Both

Json = dict[str, Any]

FINDING_LEVEL = Level.BLUE
"""Findings are done by daylight: the lowest level that is supervised."""


@dataclass(frozen=True, slots=True)
class DraftFinding:
    """A finding as an officer wrote it."""

    owner: str
    title: str
    instruction: str
    finish_by: datetime


def owner_selection(owner: str) -> Selection:
    """The one unit that a finding is for."""
    return Selection(include=(Listed(units=(owner,)),))


def write(
    viewer: Viewer, case: Case, text: str, drafts: Sequence[DraftFinding], now: datetime
) -> Act:
    """The review of a filed case: the same act by whichever alert of its incident it was asked for."""
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
    return Act(CASE_REVIEWS, case.case_id, record, viewer.officer_id)


def is_another(row: Record, written: CaseReview) -> bool:
    """Whether the review on record is other than what is to be written: a case has one."""
    return (row["review_id"], row["officer_id"], row["body"]) != (
        written.id,
        written.officer_id,
        written.text,
    )


def commands_of(viewer: Viewer, case: Case, review: CaseReview, now: datetime) -> list[Act]:
    """One free command per finding, to its owner alone, by its date; it names the case and the review."""
    return [
        Act(
            REQUESTS,
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


def row_of(event: CaseReview) -> Json:
    """A row of `case_review`."""
    return {
        "case_id": event.case_id,
        "review_id": event.id,
        "status": event.status,
        "officer_id": event.officer_id,
        "officer_unit": event.origin_unit,
        "post": event.post,
        "body": event.text,
        "findings": json.dumps([finding.model_dump(mode="json") for finding in event.findings]),
        "trace_id": event.trace_id or event.id,
        "sent_at": event.sent_at,
    }


def view(row: Record, live: Iterable[Record], names: Names, *, open_to: bool) -> Json:
    """A review with its findings, without their words unless `open_to`; `state` None: its command is
    not issued yet."""
    results = {record["command_id"]: record for record in live}
    return {
        "review_id": row["review_id"],
        "status": row["status"],
        "officer_id": row["officer_id"],
        "unit": row["officer_unit"],
        "unit_name": names.unit(row["officer_unit"]),
        "text": row["body"] if open_to else "",
        "sent_at": row["sent_at"],
        "findings": [
            {
                **_finding(load, results.get(load["command_id"]), names),
                **({} if open_to else {"title": "", "instruction": ""}),
            }
            for load in json.loads(row["findings"])
        ],
    }


def tables(json: Json | None, words: Words) -> tuple[Table, ...]:
    """The review as it is printed."""
    if json is None:
        return (Table(words("case.review"), (), (), (words("case.review.none"),)),)
    by = plain(f"{json['unit_name']} · {moment(json['sent_at'])}")
    text = Table(
        words("case.review"),
        (Column(words("case.review"), 100),),
        ((plain(json["text"]),),),
        (by,),
    )
    columns = (
        Column(words("case.col.number"), 8),
        Column(words("case.col.finding"), 52),
        Column(words("case.col.who"), 18),
        Column(words("case.col.due"), 22),
        Column(words("case.col.state"), 16),
    )
    rows = tuple(
        (
            plain(number),
            plain(f"{one['title']}\n{one['instruction']}".strip()),
            plain(one["owner_name"]),
            plain(moment(datetime.fromisoformat(one["finish_by"]))),
            _state(one, words),
        )
        for number, one in enumerate(json["findings"], start=1)
    )
    none = () if rows else (words("case.findings.none"),)
    return text, Table(words("case.findings"), columns, rows, none)


def _finding(json: Json, live: Record | None, names: Names) -> Json:
    return {
        **json,
        "owner_name": names.unit(json["owner"]),
        "command_state": None if live is None else live["command_state"],
        "assignment_id": None if live is None else live["assignment_id"],
        "state": None if live is None else live["state"],
        "overdue": live is not None and live["overdue"],
        "late": live is not None and bool(live["late"]),
    }


def _state(json: Json, words: Words) -> Both:
    if json["state"] is None:
        return words("finding.waiting")
    state = words(f"assignment.{json['state']}")
    if not json["overdue"]:
        return state
    late = words("supervision.overdue")
    return Both(f"{state.zh}（{late.zh}）", f"{state.en} ({late.en})")
