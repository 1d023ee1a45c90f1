"""Routes of response modes 平急状态: the modes in force, a preview, proposals and decisions."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.console.core import access
from services.console.features.modes import actions, queries, views
from services.console.features.modes.responses import (
    ModeChange,
    ModeOverview,
    RecordedModeDecision,
    RecordedModeProposal,
)
from services.console.store.connections import reading
from services.console.web.actions import IdempotencyKey, accept_action
from services.console.web.deps import Deps
from services.console.web.parameters import StatusQuery
from services.console.web.problems import ApiProblem, hidden, unknown
from services.console.web.response_models import json_response, recorded
from services.console.web.responses import as_json
from services.console.web.viewers import PlaceViewer, SignedInViewer
from shared.contracts.fields import (
    DoorStatus,
    Identifier,
    Instant,
    ResponseMode,
    Status,
    Text,
    UnitId,
)
from shared.contracts.modes import ModeVerb
from shared.contracts.refusals import RefusedFor
from shared.domain.response_modes.period import LONGEST, is_end

router = APIRouter(prefix="/api", tags=["modes"])


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProposalBody(_Body):
    """A mode for `unit` and its subtree until a time; the proposal is the first signature."""

    unit: UnitId
    mode: Literal["recovery", "standby", "emergency"]
    until: Instant
    reason: Text = ""
    status: DoorStatus = Status.ACTUAL


class ModeDecisionBody(_Body):
    """A decision on a proposal; `version` is the version that the officer has read."""

    version: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
    reason: Text = ""


@router.get("/modes", responses=json_response(ModeOverview))
async def get_modes(
    console: Deps,
    viewer: PlaceViewer,
    status: StatusQuery = Status.ACTUAL,
    unit: Annotated[UnitId | None, Query()] = None,
) -> Response:
    """Return the response mode of a unit and of the units below that have decided one.

    Without `unit` the response is for the unit of the officer. Proposals are open or in force.
    """
    root = unit or viewer.root
    console.demand(None if access.sees(viewer, root) else RefusedFor.OUTSIDE_SUBTREE, root)
    span = access.span_of(root)
    async with reading(console.database) as connection:
        rows = await queries.decided(connection, status)
        proposals = await queries.live_proposals(connection, span, status)
    result = views.modes_of(rows)
    below = [row["unit"] for row in rows if span.holds(row["unit"]) and row["unit"] != root]
    return as_json(
        {
            "status": status,
            **views.effective_view(result, status, root, console.names),
            "below": [
                views.effective_view(result, status, child, console.names) for child in below
            ],
            "proposals": [
                views.proposal_view(row, viewer, result, console.names) for row in proposals
            ],
        }
    )


@router.get("/modes/preview", responses=json_response(ModeChange))
async def preview_mode(
    console: Deps,
    viewer: PlaceViewer,
    unit: UnitId,
    mode: ResponseMode,
    status: StatusQuery = Status.ACTUAL,
) -> Response:
    """Return the effect of a mode on a unit; nothing is sent.

    `normal` stands for the end of the mode that the unit itself has decided.
    """
    console.demand(None if access.sees(viewer, unit) else RefusedFor.OUTSIDE_SUBTREE, unit)
    async with reading(console.database) as connection:
        result = views.modes_of(await queries.decided(connection, status))
    return as_json(views.change(result, status, unit, mode, console.names))


@router.post("/modes/proposals", status_code=202, responses=recorded(RecordedModeProposal))
async def propose_mode(
    console: Deps, viewer: SignedInViewer, body: ProposalBody, key: IdempotencyKey = None
) -> Response:
    """Propose a mode for the unit of the officer or a unit below."""
    acting = console.acting(
        viewer, lambda item: access.may_propose_mode(item, body.unit), body.unit
    )
    mode = ResponseMode(body.mode)
    async with reading(console.database) as connection:
        result = views.modes_of(await queries.decided(connection, body.status))
    change = views.change(result, body.status, body.unit, mode, console.names)
    if change["to"] != mode:
        raise ApiProblem(
            422,
            "This would have no effect",
            f"{change['inherited']} is inherited from above and is stricter.",
            reason="looser_than_inherited",
        )
    now = console.clock.now()
    if not is_end(body.until, now):
        raise ApiProblem(
            422,
            "A mode cannot last so",
            f"`until` lies ahead, at most {LONGEST.days} days.",
            reason="bad_period",
        )
    proposal_id, act = actions.propose(
        acting, body.status, body.unit, mode, body.until, body.reason, key, now
    )
    return await accept_action(console, act, proposal_id=proposal_id, preview=change)


@router.post(
    "/modes/proposals/{proposal_id}/{verb}",
    status_code=202,
    responses=recorded(RecordedModeDecision),
)
async def decide_mode_proposal(
    console: Deps,
    viewer: SignedInViewer,
    proposal_id: Identifier,
    verb: Literal["approve", "reject", "end"],
    body: ModeDecisionBody,
    _key: IdempotencyKey = None,
) -> Response:
    """Approve or reject a proposal, or end the mode that it brought about."""
    async with reading(console.database) as connection:
        row = await queries.proposal(connection, proposal_id)
        if row is None:
            raise unknown("proposal")
        if not access.sees(viewer, row["unit"]):
            raise hidden("proposal", row["unit"], verb=verb)
        result = views.modes_of(await queries.decided(connection, row["status"]))
    mode_verb = ModeVerb(verb)
    acting = console.acting(
        viewer, lambda item: actions.denial_of(item, row, mode_verb), row["unit"], verb
    )
    if body.version != row["version"] or mode_verb not in actions.verbs_of(viewer, row):
        raise ApiProblem(
            409,
            "The proposal has changed",
            f"It is {row['state']} now, version {row['version']}. Look again before you decide.",
            reason="stale_mode",
        )
    own = row["mode"] if mode_verb is ModeVerb.APPROVE else ResponseMode.NORMAL
    if mode_verb is ModeVerb.REJECT:
        own = result.own(Status(row["status"]), row["unit"]).mode
    change = views.change(result, Status(row["status"]), row["unit"], own, console.names)
    act = actions.act(acting, row, mode_verb, body.version, body.reason, console.clock.now())
    return await accept_action(console, act, preview=change)
