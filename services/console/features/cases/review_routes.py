"""Routes of the review 复盘 of a closed case, with the live state of its findings."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from services.console.core import access
from services.console.core.access import Viewer
from services.console.features.cases import queries, review_actions, review_views
from services.console.features.cases.case import CaseFile
from services.console.features.cases.responses import CaseDetail, RecordedReview, ReviewView
from services.console.features.cases.routes import visible_case
from services.console.store.connections import Connection, reading
from services.console.web.actions import IdempotencyKey
from services.console.web.deps import ConsoleDeps, Deps
from services.console.web.idempotency import keyed_request
from services.console.web.problems import ApiProblem, missing_field, unknown
from services.console.web.response_models import json_response, recorded
from services.console.web.responses import as_json
from services.console.web.selecting import reached
from services.console.web.viewers import PlaceViewer, SignedInViewer
from shared.contracts.cases import CaseReview
from shared.contracts.fields import Identifier, Instant, Line, Text, UnitId

router = APIRouter(prefix="/api", tags=["cases"])


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FindingBody(_Body):
    """A finding: the work that remains, the unit below that has to do it, and the deadline."""

    owner: UnitId
    title: Line
    instruction: Text = ""
    finish_by: Instant


class ReviewBody(_Body):
    """A review with its findings."""

    text: Annotated[Text, Field(min_length=1)]
    findings: Annotated[list[FindingBody], Field(max_length=20)] = []


@router.get("/cases/{case_id}", responses=json_response(CaseDetail))
async def get_case(console: Deps, viewer: PlaceViewer, case_id: Identifier) -> Response:
    """Return one case with its progress and its review."""
    async with reading(console.database) as connection:
        case = await visible_case(connection, viewer, case_id)
        review = await review_of(connection, case, viewer, console)
    names = console.names
    return as_json(
        {
            "case_id": case_id,
            "status": case.status,
            "state": case.state(review is not None),
            "title": case.title_for(viewer, console.names),
            "masked": not case.is_open_to(viewer),
            "level": case.level,
            "event_type": case.head["event_type"],
            "root": case.root,
            "root_name": names.unit(case.root),
            "owner": case.owner,
            "owner_name": names.unit(case.owner),
            "began": case.began,
            "ended": case.ended_at,
            "alerts": [alert["alert_id"] for alert in case.alerts],
            "commands": case.command_ids,
            "review": review,
            "may_review": case.is_closed
            and review is None
            and access.is_entitled(viewer, lambda item: access.may_review(item, case.filed.owner)),
        }
    )


@router.get("/cases/{case_id}/review", responses=json_response(ReviewView))
async def get_case_review(console: Deps, viewer: PlaceViewer, case_id: Identifier) -> Response:
    """Return the review of a case with the state of its findings."""
    async with reading(console.database) as connection:
        case = await visible_case(connection, viewer, case_id)
        review = await review_of(connection, case, viewer, console)
    if review is None:
        raise unknown("review")
    return as_json(review)


@router.post("/cases/{case_id}/review", status_code=202, responses=recorded(RecordedReview))
async def write_case_review(
    console: Deps,
    viewer: SignedInViewer,
    case_id: Identifier,
    body: ReviewBody,
    _key: IdempotencyKey = None,
) -> Response:
    """Write the review of a closed case.

    A case has one review for all alerts of its incident; each finding becomes a command.
    """
    now = console.clock.now()
    async with reading(console.database) as connection:
        case = (await visible_case(connection, viewer, case_id)).filed
        existing_record = await queries.review(connection, case.called)
    acting = console.acting(viewer, lambda item: access.may_review(item, case.owner), case.owner)
    if not case.is_closed:
        raise ApiProblem(409, "The case is not closed", reason="case_open")
    for number, finding in enumerate(body.findings):
        _, reach = reached(console, acting, review_actions.owner_selection(finding.owner))
        if not reach.units:
            raise ApiProblem(
                422,
                "A finding goes to a unit below yours",
                finding.owner,
                reason="no_finding_owner",
            )
        if finding.finish_by <= now:
            raise missing_field(f"findings.{number}.finish_by", "a date to come")
    drafts = [review_actions.FindingDraft(**finding.model_dump()) for finding in body.findings]
    act = review_actions.write(acting, case, body.text, drafts, now)
    assert isinstance(act.message, CaseReview)
    if existing_record is not None and review_actions.differs(existing_record, act.message):
        raise ApiProblem(
            409,
            "The case has its review",
            "All alerts of an incident are one case, which is reviewed once.",
            reason="case_reviewed",
        )
    commands = review_actions.commands_of(acting, case, act.message, now)
    answer = {
        "id": act.message.id,
        "repeated": True,
        "commands": [command.key for command in commands],
    }
    # The key belongs to the last record: the request is complete only then.
    new = await console.recorder.record(act, None if commands else keyed_request(answer))
    await asyncio.gather(*(console.recorder.record(command, None) for command in commands[:-1]))
    for last in commands[-1:]:
        await console.recorder.record(last, keyed_request(answer))
    return as_json({**answer, "repeated": not new}, 202)


async def review_of(
    connection: Connection, case: CaseFile, viewer: Viewer, console: ConsoleDeps
) -> dict[str, Any] | None:
    """Return the review of a case in the form open to the officer, or None."""
    row = await queries.review(connection, case.called)
    if row is None:
        return None
    ids = [finding["command_id"] for finding in json.loads(row["findings"])]
    live = await queries.live_findings(connection, ids)
    return review_views.view(row, live, console.names, open_to=case.is_open_to(viewer))
