"""Response modes 平急状态: what holds where, what a change would do, and people's acts about it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.console.core import access
from services.console.features.modes import actions, queries, views
from services.console.store.connections import reading
from services.console.web.actions import IdempotencyKey, accept_action
from services.console.web.deps import Deps
from services.console.web.parameters import StatusQuery
from services.console.web.problems import RequestRefused, hidden, unknown
from services.console.web.responses import as_json
from services.console.web.viewers import PlaceViewer, SignedInViewer
from shared.contracts.fields import Identifier, Instant, ResponseMode, Status, Text, UnitId
from shared.contracts.modes import ModeVerb
from shared.contracts.refusals import RefusedFor
from shared.domain.response_modes.period import LONGEST, is_end

router = APIRouter(prefix="/api")


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProposalBody(_Body):
    """A mode for `unit` and everything below it, until then; the proposer signs by proposing."""

    unit: UnitId
    mode: Literal["recovery", "standby", "emergency"]
    until: Instant
    reason: Text = ""
    status: Status = Status.ACTUAL


class ModeDecisionBody(_Body):
    """An act on a proposal; `version` as the officer saw it."""

    version: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
    reason: Text = ""


@router.get("/modes")
async def get_modes(
    console: Deps,
    viewer: PlaceViewer,
    status: StatusQuery = Status.ACTUAL,
    unit: Annotated[UnitId | None, Query()] = None,
) -> Response:
    """What holds for a unit (default: one's own) and for those below it that have decided
    themselves, each with whose decision it is; what is open or in force there."""
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
            "below": [views.effective_view(result, status, one, console.names) for one in below],
            "proposals": [
                views.proposal_view(row, viewer, result, console.names) for row in proposals
            ],
        }
    )


@router.get("/modes/preview")
async def preview(
    console: Deps,
    viewer: PlaceViewer,
    unit: UnitId,
    mode: ResponseMode,
    status: StatusQuery = Status.ACTUAL,
) -> Response:
    """What would change if the unit decided this mode (normal: if its own ended); nothing is sent."""
    console.demand(None if access.sees(viewer, unit) else RefusedFor.OUTSIDE_SUBTREE, unit)
    async with reading(console.database) as connection:
        result = views.modes_of(await queries.decided(connection, status))
    return as_json(views.change(result, status, unit, mode, console.names))


@router.post("/modes/proposals", status_code=202)
async def propose(
    console: Deps, viewer: SignedInViewer, body: ProposalBody, key: IdempotencyKey = None
) -> Response:
    """Propose a mode for one's own unit or one below it."""
    acting = console.acting(
        viewer, lambda item: access.may_propose_mode(item, body.unit), body.unit
    )
    mode = ResponseMode(body.mode)
    async with reading(console.database) as connection:
        result = views.modes_of(await queries.decided(connection, body.status))
    change = views.change(result, body.status, body.unit, mode, console.names)
    if change["to"] != mode:
        raise RequestRefused(
            422,
            "This would have no effect",
            f"{change['inherited']} is inherited from above and is stricter.",
            reason="looser_than_inherited",
        )
    now = console.clock.now()
    if not is_end(body.until, now):
        raise RequestRefused(
            422,
            "A mode cannot last so",
            f"`until` lies ahead, at most {LONGEST.days} days.",
            reason="bad_period",
        )
    proposal_id, act = actions.propose(
        acting, body.status, body.unit, mode, body.until, body.reason, key, now
    )
    return await accept_action(console, act, proposal_id=proposal_id, preview=change)


@router.post("/modes/proposals/{proposal_id}/{verb}", status_code=202)
async def judge(
    console: Deps,
    viewer: SignedInViewer,
    proposal_id: Identifier,
    verb: Literal["approve", "reject", "end"],
    body: ModeDecisionBody,
    _key: IdempotencyKey = None,
) -> Response:
    """Approve or reject a proposal, or end the mode it brought about."""
    async with reading(console.database) as connection:
        row = await queries.proposal(connection, proposal_id)
        if row is None:
            raise unknown("proposal")
        if not access.sees(viewer, row["unit"]):
            raise hidden("proposal", row["unit"], verb=verb)
        result = views.modes_of(await queries.decided(connection, row["status"]))
    asked = ModeVerb(verb)
    acting = console.acting(
        viewer, lambda item: actions.denial_of(item, row, asked), row["unit"], verb
    )
    if body.version != row["version"] or asked not in actions.verbs_of(viewer, row):
        raise RequestRefused(
            409,
            "The proposal has changed",
            f"It is {row['state']} now, version {row['version']}. Look again before you decide.",
            reason="stale_mode",
        )
    own = row["mode"] if asked is ModeVerb.APPROVE else ResponseMode.NORMAL
    if asked is ModeVerb.REJECT:
        own = result.own(Status(row["status"]), row["unit"]).mode
    change = views.change(result, Status(row["status"]), row["unit"], own, console.names)
    act = actions.act(acting, row, asked, body.version, body.reason, console.clock.now())
    return await accept_action(console, act, preview=change)
