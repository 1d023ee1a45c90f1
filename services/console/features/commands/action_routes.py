"""Routes of free commands, and of officers' steps on commands and assignments."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import Field

from services.console.core import access
from services.console.core.record import OutgoingRecord
from services.console.features.agency_warnings.grading import grade_of_warning
from services.console.features.agency_warnings.views import may_command
from services.console.features.commands import actions, assignment_queries, counts, draft_queries
from services.console.features.commands.command_form import CommandForm
from services.console.features.commands.responses import RecordedCommand
from services.console.store.connections import reading
from services.console.web.actions import Body, IdempotencyKey, accept_action
from services.console.web.deps import Deps
from services.console.web.problems import ApiProblem, hidden, missing_field, unknown
from services.console.web.response_models import recorded
from services.console.web.selecting import reached
from services.console.web.viewers import SignedInViewer
from shared.contracts.assignments import REASONED, Step
from shared.contracts.commands import Digest
from shared.contracts.fields import (
    Identifier,
    Instant,
    Text,
    UnitId,
)
from shared.contracts.refusals import RefusedFor
from shared.domain.selection.reach import digest_of, root_of

router = APIRouter(prefix="/api", tags=["commands"])
_UNTIL: dict[Step, Step | None] = {
    Step.ASK_SUSPEND: None,
    Step.ASK_EXTEND: None,
    Step.SUSPEND: Step.ASK_SUSPEND,
    Step.EXTEND: Step.ASK_EXTEND,
}
"""Steps with an end time, and the request whose grant may leave the time to the request."""


class CommandBody(CommandForm):
    """A command that is issued now.

    `seen_digest` is the `digest` of the preview that the officer has read. The issue deletes the
    officer's draft `draft_id`. With `warning_id` the command is given because of a warning of
    another agency that is not over.
    """

    seen_digest: Digest | None = None
    draft_id: Identifier | None = None
    warning_id: Identifier | None = None


class ManageBody(Body):
    """An action on a command; `version` is the version that the officer has read.

    `within` restricts `urge` to the units at or below that unit; absent: the unit shown.
    """

    version: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)] | None = None
    within: UnitId | None = None


class StepBody(Body):
    """A step on an assignment.

    `text` is the reason of a step that needs a reason. `until` is the end of a suspension, or the
    new value of `finish_by`; a consenting issuer may omit `until` to grant the requested time.
    `units` are the recipients of a split, or the unit of a reassignment. With `mandatory` the parts
    have to be done before the report of the assignment.
    """

    step: Step
    attempt: Annotated[int, Field(strict=True, ge=1, le=99)] | None = None
    text: Text = ""
    until: Instant | None = None
    units: list[UnitId] = Field([], max_length=500)
    mandatory: bool = True


@router.post("/commands", status_code=202, responses=recorded(RecordedCommand))
async def issue_command(
    console: Deps, viewer: SignedInViewer, body: CommandBody, key: IdempotencyKey = None
) -> Response:
    """Issue a free command to units of the subtree of the officer.

    The command service checks the request once more.
    """
    acting, reach = reached(console, viewer, body.selection, body.assist)
    units, now = reach.units, console.clock.now()
    _check_deadlines(body.sign_by, body.finish_by, now)
    if not reach.leads:
        raise ApiProblem(
            422, "Nobody would receive this", "The selection is empty.", reason="no_recipients"
        )
    if body.seen_digest not in (None, digest_of(units)):
        raise ApiProblem(
            409,
            "The recipients have changed",
            f"Now {len(units)}. Look again before you send.",
            reason="stale_preview",
        )
    grade = await grade_of_warning(
        console, body.warning_id, body.status, lambda row: may_command(row, viewer)
    )
    draft = actions.CommandDraft(
        body.selection,
        body.assist,
        root_of(units) or acting.unit,
        body.seen_digest,
        body.event_type,
        body.level,
        body.title,
        body.instruction,
        body.sign_by,
        body.finish_by,
        body.status,
        body.warning_id,
        grade,
    )
    act = actions.issue(acting, draft, key, now)
    answer = await accept_action(console, act, command_id=act.key, recipients=len(units))
    if body.draft_id is not None:
        await draft_queries.delete(console.database, viewer.officer_id, body.draft_id)
    return answer


@router.post("/commands/{command_id}/{verb}", status_code=202, responses=recorded())
async def manage_command(
    console: Deps,
    viewer: SignedInViewer,
    command_id: Identifier,
    verb: Literal["check", "close", "revoke", "reopen", "urge"],
    body: ManageBody | None = None,
    _key: IdempotencyKey = None,
) -> Response:
    """Check, close, revoke or reopen a command, or urge its units.

    Check and close apply to all assignments that are ready; urge calls the units that have not
    signed or whose report is late.
    """
    async with reading(console.database) as connection:
        command = await counts.command(connection, command_id)
    if command is None:
        raise unknown("command")
    version = (body.version if body else None) or command["version"]
    now = console.clock.now()
    if verb == "urge":
        within = (body.within if body else None) or viewer.root
        acting = console.acting(viewer, lambda item: access.may_urge(item, within), within, verb)
        return await accept_action(console, actions.urge(acting, command, within, version, now))
    issuer = command["issuer_unit"]
    acting = console.acting(
        viewer, lambda item: access.may_manage(item, issuer), command["root"], verb
    )
    return await accept_action(console, actions.manage(acting, command, verb, version, now))


@router.post("/assignments/{assignment_id}/acknowledgements", status_code=202, responses=recorded())
async def acknowledge_assignment(
    console: Deps,
    viewer: SignedInViewer,
    assignment_id: Identifier,
    body: StepBody,
    _key: IdempotencyKey = None,
) -> Response:
    """Record a step on an assignment.

    Its unit may sign, report or split it, for example; its issuer may check, extend or reassign it.
    """
    async with reading(console.database) as connection:
        assignment = await assignment_queries.assignment(connection, assignment_id)
    if assignment is None:
        raise unknown("assignment")
    result = access.entitled(viewer, _check(assignment, body))
    if isinstance(result, RefusedFor) and not access.sees(viewer, assignment["unit"]):
        raise hidden("assignment", assignment["unit"], RefusedFor(result), body.step)
    acting = console.granted(result, assignment["unit"], body.step)
    _demand_complete(body, asked_step=assignment["asked_step"])
    intent = actions.StepIntent(
        body.step,
        body.attempt or assignment["attempt"],
        body.text,
        body.until,
        tuple(body.units),
        body.mandatory,
    )
    return await accept_action(
        console, actions.acknowledgement(acting, assignment, intent, console.clock.now())
    )


def _check_deadlines(sign_by: datetime | None, finish_by: datetime | None, now: datetime) -> None:
    """Raise 422 for a deadline in the past, or for a report that is due before the signature."""
    for field, moment in (("sign_by", sign_by), ("finish_by", finish_by)):
        if moment is not None and moment <= now:
            raise missing_field(field, "this moment has passed")
    if sign_by is not None and finish_by is not None and sign_by > finish_by:
        raise missing_field("sign_by", "the signature is due after the report")


def _check(assignment: OutgoingRecord, body: StepBody) -> access.Check:
    """Return the check of the right to take the step, and to give work to the named units."""
    unit, issuer = assignment["unit"], assignment["issuer_unit"]

    def check(viewer: access.Viewer) -> RefusedFor | None:
        denial = access.may_step(viewer, unit, issuer, body.step, assignment["release_unit"])
        giver = unit if body.step is Step.SPLIT else viewer.unit
        if body.step is Step.REASSIGN and assignment["parent_assignment_id"] is not None:
            giver = issuer
        checker = issuer if body.step is Step.REASSIGN else None
        generator = (access.may_give(viewer, part, giver, checker) for part in body.units)
        return denial or next(
            (denial_of_unit for denial_of_unit in generator if denial_of_unit is not None), None
        )

    return check


def _demand_complete(body: StepBody, asked_step: str | None) -> None:
    """Raise 422 for a step with missing or superfluous fields."""
    step = body.step
    if (step in REASONED or step is Step.SEND_BACK) and not body.text.strip():
        raise missing_field("text", "say why")
    if step in _UNTIL and body.until is None and (asked_step is None or asked_step != _UNTIL[step]):
        raise missing_field("until", "say until when")
    if (step is Step.SPLIT and not body.units) or (step is Step.REASSIGN and len(body.units) != 1):
        raise missing_field("units", "name who gets it")
    if body.units and step not in (Step.SPLIT, Step.REASSIGN):
        raise missing_field("units", "only a split or a reassignment names units")
