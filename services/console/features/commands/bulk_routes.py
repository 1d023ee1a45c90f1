"""One act on many assignments: a village signs for its grids, or reports for them, in one press.

Each assignment is a record of its own and is judged alone: one that is refused is named with its
reason, and the others are recorded.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from services.console.core import access
from services.console.core.access import Viewer
from services.console.core.offers import steps_for
from services.console.core.record import Json, OutgoingRecord
from services.console.features.commands import actions, assignment_queries
from services.console.features.commands.responses import BulkSteps
from services.console.recording.action_recorder import ActionConflict
from services.console.store.connections import reading
from services.console.web.actions import Body, IdempotencyKey
from services.console.web.deps import ConsoleDeps, Deps
from services.console.web.problems import hidden
from services.console.web.refusals import note_attempt
from services.console.web.response_models import recorded
from services.console.web.responses import as_json
from services.console.web.viewers import SignedInViewer
from shared.contracts.assignments import AssignmentState, Step
from shared.contracts.fields import Identifier, Text
from shared.contracts.refusals import RefusedFor
from shared.runtime.errors import Transient

router = APIRouter(prefix="/api", tags=["commands"])

_NOT_NOW = "not_now"
"""The assignment is in a state without this step: another officer was faster, for example."""


class BulkBody(Body):
    """A step on many assignments; `text` is the report of each."""

    step: Literal[Step.SIGN, Step.ACCEPT, Step.HANDLE, Step.REPORT]
    assignments: Annotated[list[Identifier], Field(min_length=1, max_length=500)]
    text: Text = ""


@router.post("/assignments/acknowledgements", status_code=202, responses=recorded(BulkSteps))
async def acknowledge_assignments(
    console: Deps,
    viewer: SignedInViewer,
    request: Request,
    body: BulkBody,
    _key: IdempotencyKey = None,
) -> Response:
    """Record a step on each of these assignments; those refused are named with the reason.

    A repeat is the same act: each assignment that was recorded before is `repeated`.
    """
    names = list(dict.fromkeys(body.assignments))
    async with reading(console.database) as connection:
        rows = await assignment_queries.assignments_by_id(connection, names)
    now = console.clock.now()
    results = await asyncio.gather(
        *(_take(console, viewer, request, body, name, rows.get(name), now) for name in names)
    )
    return as_json(
        {
            "recorded": sum(result["reason"] is None for result in results),
            "results": results,
        },
        202,
    )


async def _take(
    console: ConsoleDeps,
    viewer: Viewer,
    request: Request,
    body: BulkBody,
    name: str,
    row: OutgoingRecord | None,
    now: datetime,
) -> Json:
    """Record the step on one assignment, or return why not."""
    if row is None:
        return _result(name, None, console, hidden("assignment", None).reason)
    unit = row["unit"]
    result = access.entitled(
        viewer, lambda item: access.may_step(item, unit, row["issuer_unit"], body.step)
    )
    if isinstance(result, RefusedFor):
        note_attempt(
            request,
            RefusedFor(result),
            viewer.officer_id,
            unit=viewer.unit,
            place=unit,
            subject_id=name,
            verb=body.step,
        )
        if access.sees(viewer, unit):
            return _result(name, row, console, result)
        return _result(name, None, console, hidden("assignment", unit).reason)
    state = AssignmentState(row["state"])
    if body.step not in steps_for(result, state, unit, row["issuer_unit"]):
        return _result(name, row, console, _NOT_NOW)
    intent = actions.StepIntent(body.step, row["attempt"], body.text)
    act = actions.acknowledgement(result, row, intent, now)
    try:
        is_new = await console.recorder.record(act, None)
    except ActionConflict:
        return _result(name, row, console, "act_conflict")
    except Transient:
        return _result(name, row, console, "unavailable")
    return _result(name, row, console, None, repeated=not is_new)


def _result(
    name: str,
    row: OutgoingRecord | None,
    console: ConsoleDeps,
    reason: str | None,
    *,
    repeated: bool = False,
) -> Json:
    return {
        "assignment_id": name,
        "unit": row["unit"] if row is not None else None,
        "unit_name": console.names.unit(row["unit"]) if row is not None else None,
        "reason": reason,
        "repeated": repeated,
    }
