"""Routes of drafts: an officer's own commands before their issue.

A draft is no act: nobody is told, no record is written, and no other officer can read it. It is
stored here so that it survives a reload and is there on another device, until its command is
issued or the officer deletes it.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from services.console.core.names import UnitNames
from services.console.features.commands import draft_queries
from services.console.features.commands.responses import CommandDrafts, SavedDraft
from services.console.store.connections import reading
from services.console.web.actions import Body, IdempotencyKey
from services.console.web.deps import Deps
from services.console.web.problems import ApiProblem, unknown
from services.console.web.response_models import json_response
from services.console.web.responses import as_json
from services.console.web.selecting import SelectionBody
from services.console.web.viewers import SignedInViewer
from shared.contracts.fields import (
    Clean,
    DoorStatus,
    EventType,
    Identifier,
    Instant,
    Level,
    Status,
    Text,
)
from shared.contracts.refusals import RefusedFor
from shared.contracts.selections import Group, Listed, Selection

router = APIRouter(prefix="/api/command-drafts", tags=["commands"])


class DraftBody(Body):
    """A command as far as the officer has written it; only the issue demands the missing fields."""

    selection: SelectionBody | None = None
    assist: SelectionBody | None = None
    event_type: EventType | None = None
    level: Level | None = None
    title: Annotated[str, Field(max_length=200), Clean] = ""
    instruction: Text = ""
    sign_by: Instant | None = None
    finish_by: Instant | None = None
    status: DoorStatus = Status.ACTUAL
    warning_id: Identifier | None = None


@router.get("", responses=json_response(CommandDrafts))
async def list_drafts(console: Deps, viewer: SignedInViewer) -> Response:
    """List the own drafts of the officer, the newest first."""
    async with reading(console.database) as connection:
        rows = await draft_queries.drafts(connection, viewer.officer_id)
    drafts = []
    for row in rows:
        body = DraftBody.model_validate_json(row["body"])
        names = _names(console.names, body.selection) | _names(console.names, body.assist)
        drafts.append(
            {
                **body.model_dump(mode="json"),
                "draft_id": row["draft_id"],
                "changed_at": row["changed_at"],
                "names": names,
            }
        )
    return as_json({"drafts": drafts})


@router.put("/{draft_id}", responses=json_response(SavedDraft))
async def save_draft(
    console: Deps,
    viewer: SignedInViewer,
    draft_id: Identifier,
    body: DraftBody,
    _key: IdempotencyKey = None,
) -> Response:
    """Store a draft of the officer, in place of its former state; a repeat changes nothing."""
    if not viewer.commanding:
        console.demand(RefusedFor.NOTHING_BELOW, viewer.unit)
    saved = await draft_queries.save(
        console.database,
        viewer.officer_id,
        draft_id,
        body.model_dump(mode="json"),
        console.clock.now(),
    )
    if not saved:
        raise ApiProblem(
            409,
            "There are too many drafts",
            f"At most {draft_queries.MOST}. Issue or delete one first.",
            reason="too_many_drafts",
        )
    return as_json({"draft_id": draft_id})


@router.delete("/{draft_id}", responses=json_response(SavedDraft))
async def delete_draft(console: Deps, viewer: SignedInViewer, draft_id: Identifier) -> Response:
    """Delete a draft of the officer."""
    if not await draft_queries.delete(console.database, viewer.officer_id, draft_id):
        raise unknown("draft")
    return as_json({"draft_id": draft_id})


def _names(names: UnitNames, selection: Selection | None) -> dict[str, str]:
    """Return the names of the units and groups that a selection names."""
    results: dict[str, str] = {}
    for part in (*selection.include, *selection.exclude) if selection is not None else ():
        if isinstance(part, Group):
            group = names.tree.group(part.group)
            results[part.group] = part.group if group is None else group.name
        else:
            units = part.units if isinstance(part, Listed) else (part.of,)
            results |= {unit: names.unit(unit) for unit in units}
    return results
