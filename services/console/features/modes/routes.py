"""Routes of response modes 平急状态: the modes in force, a preview, proposals and decisions."""

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
    """A mode for `unit` and its subtree until `until`.

    The proposal is also the proposer's signature.
    """

    unit: UnitId
    mode: Literal["recovery", "standby", "emergency"]
    until: Instant
    reason: Text = ""
    status: Status = Status.ACTUAL


class ModeDecisionBody(_Body):
    """A verb on a proposal; `version` is the version shown to the officer."""

    version: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
    reason: Text = ""


@router.get("/modes")
async def get_modes(
    console: Deps,
    viewer: PlaceViewer,
    status: StatusQuery = Status.ACTUAL,
    unit: Annotated[UnitId | None, Query()] = None,
) -> Response:
    """Return the mode in force for a unit (default: the officer's own) and its origin.

    Units below with a decision of their own are listed, and the proposals that are open or in
    force.
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


@router.get("/modes/preview")
async def preview(
    console: Deps,
    viewer: PlaceViewer,
    unit: UnitId,
    mode: ResponseMode,
    status: StatusQuery = Status.ACTUAL,
) -> Response:
    """Return the changes that a decision of the unit would cause; nothing is sent.

    The mode `normal` previews the end of the unit's own mode.
    """
    console.demand(None if access.sees(viewer, unit) else RefusedFor.OUTSIDE_SUBTREE, unit)
    async with reading(console.database) as connection:
        result = views.modes_of(await queries.decided(connection, status))
    return as_json(views.change(result, status, unit, mode, console.names))


@router.post("/modes/proposals", status_code=202)
async def propose(
    console: Deps, viewer: SignedInViewer, body: ProposalBody, key: IdempotencyKey = None
) -> Response:
    """Propose a mode for the officer's unit or a unit below."""
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
    """Approve or reject a proposal, or end the mode in force."""
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
        raise RequestRefused(
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
