"""What a person may do. 202 once Kafka has the act; the owning service applies or refuses it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.console.core import access, acts, answers
from services.console.core.acts import Act
from services.console.core.record import Record
from services.console.store import reads, rollup
from services.console.store.connections import reading
from services.console.web.auth import Me
from services.console.web.idempotency import PATTERN, bound
from services.console.web.parts import Console, Parts, as_json
from services.console.web.problems import Refused, hidden, missing, unknown
from services.console.web.selecting import SelectionBody, reached
from shared.contracts.commands import REASONED, Digest, Step
from shared.contracts.fields import (
    EventType,
    Identifier,
    Instant,
    Level,
    Line,
    Post,
    Status,
    Text,
    UnitId,
)
from shared.contracts.pages import AnswerVerb
from shared.contracts.refusals import RefusedFor
from shared.domain.selection.reach import digest_of, root_of

router = APIRouter(prefix="/api")

IdempotencyKey = Annotated[str | None, Header(pattern=PATTERN, alias="idempotency-key")]
"""Honoured for every act by web/idempotency.py; a route that makes no id of it names it for the document."""
_UNTIL: dict[Step, Step | None] = {
    Step.ASK_SUSPEND: None,
    Step.ASK_EXTEND: None,
    Step.SUSPEND: Step.ASK_SUSPEND,
    Step.EXTEND: Step.ASK_EXTEND,
}
"""Steps that reach to a time, and the question whose answer may leave it to the asker."""


class Body(BaseModel):
    """What a request brings: nothing beside what is named."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FreeCommand(Body):
    """A command to all units of `selection`; `seen_digest` is the preview's: who was shown."""

    selection: SelectionBody
    event_type: EventType
    level: Level
    title: Line
    instruction: Text = ""
    status: Status = Status.ACTUAL
    seen_digest: Digest | None = None


class Manage(Body):
    """An act on a whole command; `version` as the officer saw it."""

    version: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)] | None = None


class Acknowledge(Body):
    """A step on an assignment.

    `text` is the reason where one is needed. `until`: the end of a suspension, or the new finish_by;
    who consents may leave it out, meaning what was asked for. `units`: to whom it is split, or the one
    unit that gets it instead; `mandatory`: the parts have to be done before the whole is reported.
    """

    step: Step
    attempt: Annotated[int, Field(strict=True, ge=1, le=99)] | None = None
    text: Text = ""
    until: Instant | None = None
    units: Annotated[list[UnitId], Field(max_length=500)] = []
    mandatory: bool = True


class AnswerBody(Body):
    """An answer to a page, or the device's receipt (delivered, read).

    Who is `coming` may say until when he will have acted, in minutes or as a time; who hands over, to
    whom or to which post of the unit.
    """

    verb: AnswerVerb
    text: Text = ""
    in_minutes: Annotated[int, Field(ge=1, le=720)] | None = None
    arrive_by: Instant | None = None
    hand_to: Identifier | None = None
    hand_to_post: Post | None = None

    @model_validator(mode="after")
    def _fits_the_verb(self) -> AnswerBody:
        times = [one for one in (self.in_minutes, self.arrive_by) if one is not None]
        if len(times) > (self.verb is AnswerVerb.COMING):
            raise ValueError("coming takes one of in_minutes and arrive_by, other verbs none")
        named = self.hand_to is not None or self.hand_to_post is not None
        if named and self.verb is not AnswerVerb.HAND_OVER:
            raise ValueError("hand_to and hand_to_post belong to hand_over")
        return self


@router.post("/commands", status_code=202)
async def issue(console: Parts, me: Me, body: FreeCommand, key: IdempotencyKey = None) -> Response:
    """Issue a free command to units of one's own subtree; command checks all of it again."""
    acting, units = reached(console, me, body.selection)
    if not units:
        raise Refused(
            422, "Nobody would receive this", "The selection is empty.", reason="no_recipients"
        )
    if body.seen_digest not in (None, digest_of(units)):
        raise Refused(
            409,
            "The recipients have changed",
            f"Now {len(units)}. Look again before you send.",
            reason="stale_preview",
        )
    draft = acts.Draft(
        body.selection,
        root_of(units) or acting.unit,
        body.seen_digest,
        body.event_type,
        body.level,
        body.title,
        body.instruction,
        body.status,
    )
    act = acts.issue(acting, draft, key, console.clock.now())
    return await done(console, act, command_id=act.key, recipients=len(units))


@router.post("/commands/{command_id}/{verb}", status_code=202)
async def manage(
    console: Parts,
    me: Me,
    command_id: Identifier,
    verb: Literal["check", "close", "revoke", "reopen"],
    body: Manage | None = None,
    _key: IdempotencyKey = None,
) -> Response:
    """Check or close everything that is ready; revoke the command, or re-open it when closed."""
    async with reading(console.database) as connection:
        command = await rollup.command(connection, command_id)
    if command is None:
        raise unknown("command")
    issuer = command["issuer_unit"]
    acting = console.acting(me, lambda item: access.may_manage(item, issuer), command["root"], verb)
    version = (body.version if body else None) or command["version"]
    return await done(console, acts.manage(acting, command, verb, version, console.clock.now()))


@router.post("/assignments/{assignment_id}/acknowledgements", status_code=202)
async def acknowledge(
    console: Parts,
    me: Me,
    assignment_id: Identifier,
    body: Acknowledge,
    _key: IdempotencyKey = None,
) -> Response:
    """A step of the unit (sign, report, split, …) or of its issuer (check, extend, reassign, …)."""
    async with reading(console.database) as connection:
        assignment = await reads.assignment(connection, assignment_id)
    if assignment is None:
        raise unknown("assignment")
    result = access.entitled(me, _check(assignment, body))
    if isinstance(result, RefusedFor) and not access.sees(me, assignment["unit"]):
        raise hidden("assignment", assignment["unit"], RefusedFor(result), body.step)
    acting = console.granted(result, assignment["unit"], body.step)
    _demand_complete(body, asked=assignment["asked_step"])
    meant = acts.Stepped(
        body.step,
        body.attempt or assignment["attempt"],
        body.text,
        body.until,
        tuple(body.units),
        body.mandatory,
    )
    return await done(console, acts.acknowledgement(acting, assignment, meant, console.clock.now()))


def _check(assignment: Record, body: Acknowledge) -> access.Check:
    """Whether one unit may take the step and give what it gives to those it names."""
    unit, issuer = assignment["unit"], assignment["issuer_unit"]

    def check(viewer: access.Viewer) -> RefusedFor | None:
        denial = access.may_step(viewer, unit, issuer, body.step, assignment["release_unit"])
        giver = unit if body.step is Step.SPLIT else viewer.unit
        if body.step is Step.REASSIGN and assignment["parent_assignment_id"] is not None:
            giver = issuer
        checker = issuer if body.step is Step.REASSIGN else None
        generator = (access.may_give(viewer, part, giver, checker) for part in body.units)
        return denial or next((why for why in generator if why is not None), None)

    return check


def _demand_complete(body: Acknowledge, asked: str | None) -> None:
    """Refuse a step that lacks what it needs, or brings what it has no use for."""
    step = body.step
    if (step in REASONED or step is Step.SEND_BACK) and not body.text.strip():
        raise missing("text", "say why")
    if step in _UNTIL and body.until is None and (asked is None or asked != _UNTIL[step]):
        raise missing("until", "say until when")
    if (step is Step.SPLIT and not body.units) or (step is Step.REASSIGN and len(body.units) != 1):
        raise missing("units", "name who gets it")
    if body.units and step not in (Step.SPLIT, Step.REASSIGN):
        raise missing("units", "only a split or a reassignment names units")


@router.post("/pages/{page_id}/answers", status_code=202)
async def answer(
    console: Parts,
    me: Me,
    page_id: Identifier,
    body: AnswerBody,
    _key: IdempotencyKey = None,
) -> Response:
    """Answer a page, or confirm that it was shown or opened."""
    async with reading(console.database) as connection:
        page = await reads.page(connection, page_id)
    if page is None:
        raise unknown("page")
    if access.may_answer(me, page["officer_id"]) is not None:
        raise hidden("page", page["unit"], RefusedFor.NOT_YOUR_PAGE, body.verb)
    now = console.clock.now()
    terms = answers.Terms(body.in_minutes, body.arrive_by, body.hand_to, body.hand_to_post)
    return await done(console, answers.answer(me, page, body.verb, body.text, now, terms))


async def done(console: Console, act: Act, **more: object) -> Response:
    """202 with the act's id once Kafka has it; `repeated` when it had it before."""
    answer = {"id": act.message.id, "repeated": True, **more}
    new = await console.record(act, bound(answer))
    return as_json({**answer, "repeated": not new}, 202)
