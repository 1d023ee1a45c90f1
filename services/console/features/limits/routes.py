"""Routes of limits: what holds for a unit, all versions, and drafts with their signatures."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from services.console.core.access import Viewer, covers, may_administer
from services.console.core.limits_drafts import LimitsDraft
from services.console.features.limits import draft_store, views
from services.console.features.limits.documents import (
    LimitsCheckBody,
    LimitsDraftBody,
    document_of,
    limits_id_of,
    problem_view,
    problems_of,
    version_of,
)
from services.console.features.limits.draft_actions import (
    DraftOutcome,
    answer_of,
    issuer_of,
    save_draft,
    sign_draft,
    withdraw_draft,
)
from services.console.features.limits.limits_parts import LimitParts
from services.console.features.limits.responses import (
    LimitsChecked,
    LimitsDocumentView,
    LimitsDraftView,
    LimitsOverview,
    RecordedLimitsAct,
)
from services.console.features.limits.shape_problems import misshapen, shape_problems
from services.console.features.limits.value_fields import subject_fields
from services.console.store.connections import reading
from services.console.web.actions import Body, IdempotencyKey
from services.console.web.deps import ConsoleDeps, Deps
from services.console.web.problems import unknown
from services.console.web.response_models import json_response, recorded
from services.console.web.responses import as_json
from services.console.web.viewers import SignedInViewer
from shared.contracts.fields import Identifier, Line, RuleId, UnitId, Version
from shared.contracts.limits_acts import LimitsVerb
from shared.contracts.refusals import RefusedFor
from shared.contracts.units import is_within

router = APIRouter(prefix="/api/limits", tags=["limits"])


class LimitsSignBody(Body):
    """The signature of a draft as the officer has read it: with the digest of its content."""

    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class LimitsWithdrawalBody(Body):
    """The withdrawal of a draft, with the reason for the trail."""

    reason: Annotated[Line, Field(min_length=1)]


@router.get("", responses=json_response(LimitsOverview))
async def get_limits(
    console: Deps,
    viewer: SignedInViewer,
    unit: Annotated[UnitId | None, Query()] = None,
    *,
    everywhere: bool = False,
) -> Response:
    """Return the limits in force for a unit, with all versions that concern it.

    Without `unit` the response is for the unit of the officer; with `everywhere` for what holds
    where no unit has a document of its own. Drafts are shown to officers who administer their unit.
    """
    topmost = console.names.top.unit
    if everywhere:
        place = topmost
        console.demand(None if viewer.seeing else RefusedFor.NO_SIGHT, place)
    else:
        place = console.in_sight(viewer, unit)
    parts, now = console.part(LimitParts), console.clock.now()
    async with reading(console.database) as connection:
        stored = await draft_store.drafts(connection)
    drafts = [
        draft
        for draft in stored
        if covers(viewer.administering, draft.body.unit or topmost)
        and (draft.body.unit is None if everywhere else is_within(draft.body.unit or place, place))
    ]
    versions = [
        document
        for document in parts.book
        if (everywhere and document.unit is None)
        or (not everywhere and (document.unit is None or _related(document.unit, place)))
    ]
    holds_for = None if everywhere else place
    return as_json(
        {
            "unit": holds_for,
            "unit_name": None if holds_for is None else console.names.unit(holds_for),
            "may_draft": may_administer(viewer, place) is None,
            "subjects": subject_fields(),
            "in_force": views.in_force_view(parts.book, holds_for, console.names, viewer, now),
            "versions": views.versions_view(versions, console.names, viewer, now),
            "drafts": [
                views.draft_view(draft, parts.book, console.names, viewer, now) for draft in drafts
            ],
        }
    )


@router.get("/documents/{limits_id}/{version}", responses=json_response(LimitsDocumentView))
async def get_limits_document(
    console: Deps, viewer: SignedInViewer, limits_id: RuleId, version: Version
) -> Response:
    """Return a version of a document with all of its values."""
    document = console.part(LimitParts).book.get(f"{limits_id}:{version}")
    if document is None or not (
        document.unit is None or any(_related(document.unit, place) for place in viewer.seeing)
    ):
        raise unknown("document")
    return as_json(views.document_view(document, console.names, viewer, console.clock.now()))


@router.post("/checks", responses=json_response(LimitsChecked))
async def check_limits(console: Deps, viewer: SignedInViewer, body: LimitsCheckBody) -> Response:
    """Return everything that is wrong with a document; nothing is stored."""
    demand_administrator(console, viewer, body.unit)
    published, now = console.part(LimitParts).published(), console.clock.now()
    limits_id = limits_id_of(body.subject, body.unit, published)
    version = version_of(limits_id, published)
    values = misshapen(body)
    if values:
        results = [item for subject, wrong in values for item in shape_problems(subject, wrong)]
    else:
        document = document_of(body, limits_id, version, issuer_of(console, body.unit), now)
        results = problems_of(document, body.subject, published, console.names.tree, now)
    return as_json(
        {
            "limits_id": limits_id,
            "version": version,
            "problems": [problem_view(problem) for problem in results],
        }
    )


@router.get("/drafts/{draft_id}", responses=json_response(LimitsDraftView))
async def get_limits_draft(console: Deps, viewer: SignedInViewer, draft_id: Identifier) -> Response:
    """Return a draft with its signatures."""
    draft = await draft_of(console, viewer, draft_id)
    book, now = console.part(LimitParts).book, console.clock.now()
    return as_json(views.draft_view(draft, book, console.names, viewer, now))


@router.put("/drafts/{draft_id}", status_code=202, responses=recorded(RecordedLimitsAct))
async def save_limits_draft(
    console: Deps,
    viewer: SignedInViewer,
    draft_id: Identifier,
    body: LimitsDraftBody,
    _key: IdempotencyKey = None,
) -> Response:
    """Write a draft, or change an own one that nobody has signed; one with errors is refused."""
    demand_administrator(console, viewer, body.unit, LimitsVerb.DRAFT)
    published = console.part(LimitParts).published
    return _answered(await save_draft(console, viewer, draft_id, body, published))


@router.post("/drafts/{draft_id}/sign", status_code=202, responses=recorded(RecordedLimitsAct))
async def sign_limits_draft(
    console: Deps,
    viewer: SignedInViewer,
    draft_id: Identifier,
    body: LimitsSignBody,
    _key: IdempotencyKey = None,
) -> Response:
    """Sign a draft: its author first; the signature of a second officer publishes it."""
    draft = await draft_of(console, viewer, draft_id, LimitsVerb.SIGN)
    published = console.part(LimitParts).published
    return _answered(await sign_draft(console, viewer, draft, body.digest, published))


@router.post("/drafts/{draft_id}/withdraw", status_code=202, responses=recorded(RecordedLimitsAct))
async def withdraw_limits_draft(
    console: Deps,
    viewer: SignedInViewer,
    draft_id: Identifier,
    body: LimitsWithdrawalBody,
    _key: IdempotencyKey = None,
) -> Response:
    """Withdraw a draft that is not published."""
    draft = await draft_of(console, viewer, draft_id, LimitsVerb.WITHDRAW)
    return _answered(await withdraw_draft(console, viewer, draft, body.reason))


async def draft_of(
    console: ConsoleDeps, viewer: Viewer, draft_id: str, verb: str = ""
) -> LimitsDraft:
    """Return a draft of a unit that the officer administers. Raises 403, 404."""
    async with reading(console.database) as connection:
        draft = await draft_store.find(connection, draft_id)
    if draft is None:
        raise unknown("draft")
    demand_administrator(console, viewer, draft.body.unit, verb)
    return draft


def demand_administrator(
    console: ConsoleDeps, viewer: Viewer, unit: str | None, verb: str = ""
) -> None:
    """Refuse with 403, unless the officer administers the unit; without a unit, the topmost one."""
    place = unit or console.names.top.unit
    console.demand(may_administer(viewer, place), place, verb)


def _answered(outcome: DraftOutcome) -> Response:
    return as_json(answer_of(outcome), 202)


def _related(unit: str, place: str) -> bool:
    return is_within(unit, place) or is_within(place, unit)
