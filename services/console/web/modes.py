"""Response modes 平急状态: what holds where, what a change would do, and people's acts about it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.console.core import access, modes
from services.console.store import modes as store
from services.console.store.connections import reading
from services.console.web.acts import IdempotencyKey, done
from services.console.web.auth import Looker, Me
from services.console.web.parts import Parts, as_json
from services.console.web.problems import Refused, hidden, unknown
from services.console.web.reads import StatusQuery
from shared.contracts.fields import Identifier, Instant, ResponseMode, Status, Text, UnitId
from shared.contracts.modes import ModeVerb
from shared.contracts.refusals import RefusedFor
from shared.domain.response_modes.period import LONGEST, is_end

router = APIRouter(prefix="/api")


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Proposed(_Body):
    """A mode for `unit` and everything below it, until then; the proposer signs by proposing."""

    unit: UnitId
    mode: Literal["recovery", "standby", "emergency"]
    until: Instant
    reason: Text = ""
    status: Status = Status.ACTUAL


class Judged(_Body):
    """An act on a proposal; `version` as the officer saw it."""

    version: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
    reason: Text = ""


@router.get("/modes")
async def get_modes(
    console: Parts,
    me: Looker,
    status: StatusQuery = Status.ACTUAL,
    unit: Annotated[UnitId | None, Query()] = None,
) -> Response:
    """What holds for a unit (default: one's own) and for those below it that have decided
    themselves, each with whose decision it is; what is open or in force there."""
    root = unit or me.root
    console.demand(None if access.sees(me, root) else RefusedFor.OUTSIDE_SUBTREE, root)
    span = access.span_of(root)
    async with reading(console.database) as connection:
        rows = await store.decided(connection, status)
        proposals = await store.live_proposals(connection, span, status)
    result = modes.modes_of(rows)
    below = [row["unit"] for row in rows if span.holds(row["unit"]) and row["unit"] != root]
    return as_json(
        {
            "status": status,
            **modes.effective_view(result, status, root, console.names),
            "below": [modes.effective_view(result, status, one, console.names) for one in below],
            "proposals": [modes.proposal_view(row, me, result, console.names) for row in proposals],
        }
    )


@router.get("/modes/preview")
async def preview(
    console: Parts,
    me: Looker,
    unit: UnitId,
    mode: ResponseMode,
    status: StatusQuery = Status.ACTUAL,
) -> Response:
    """What would change if the unit decided this mode (normal: if its own ended); nothing is sent."""
    console.demand(None if access.sees(me, unit) else RefusedFor.OUTSIDE_SUBTREE, unit)
    async with reading(console.database) as connection:
        result = modes.modes_of(await store.decided(connection, status))
    return as_json(modes.change(result, status, unit, mode, console.names))


@router.post("/modes/proposals", status_code=202)
async def propose(console: Parts, me: Me, body: Proposed, key: IdempotencyKey = None) -> Response:
    """Propose a mode for one's own unit or one below it."""
    acting = console.acting(me, lambda item: access.may_propose_mode(item, body.unit), body.unit)
    mode = ResponseMode(body.mode)
    async with reading(console.database) as connection:
        result = modes.modes_of(await store.decided(connection, body.status))
    change = modes.change(result, body.status, body.unit, mode, console.names)
    if change["to"] != mode:
        raise Refused(
            422,
            "This would have no effect",
            f"{change['inherited']} is inherited from above and is stricter.",
            reason="looser_than_inherited",
        )
    now = console.clock.now()
    if not is_end(body.until, now):
        raise Refused(
            422,
            "A mode cannot last so",
            f"`until` lies ahead, at most {LONGEST.days} days.",
            reason="bad_period",
        )
    proposal_id, act = modes.propose(
        acting, body.status, body.unit, mode, body.until, body.reason, key, now
    )
    return await done(console, act, proposal_id=proposal_id, preview=change)


@router.post("/modes/proposals/{proposal_id}/{verb}", status_code=202)
async def judge(
    console: Parts,
    me: Me,
    proposal_id: Identifier,
    verb: Literal["approve", "reject", "end"],
    body: Judged,
    _key: IdempotencyKey = None,
) -> Response:
    """Approve or reject a proposal, or end the mode it brought about."""
    async with reading(console.database) as connection:
        row = await store.proposal(connection, proposal_id)
        if row is None:
            raise unknown("proposal")
        if not access.sees(me, row["unit"]):
            raise hidden("proposal", row["unit"], verb=verb)
        result = modes.modes_of(await store.decided(connection, row["status"]))
    asked = ModeVerb(verb)
    acting = console.acting(me, lambda item: modes.denial_of(item, row, asked), row["unit"], verb)
    if body.version != row["version"] or asked not in modes.verbs_of(me, row):
        raise Refused(
            409,
            "The proposal has changed",
            f"It is {row['state']} now, version {row['version']}. Look again before you decide.",
            reason="stale_mode",
        )
    own = row["mode"] if asked is ModeVerb.APPROVE else ResponseMode.NORMAL
    if asked is ModeVerb.REJECT:
        own = result.own(Status(row["status"]), row["unit"]).mode
    change = modes.change(result, Status(row["status"]), row["unit"], own, console.names)
    act = modes.act(acting, row, asked, body.version, body.reason, console.clock.now())
    return await done(console, act, preview=change)
