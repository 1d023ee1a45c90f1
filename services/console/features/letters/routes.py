"""Routes of the dead letters: for operators of the system."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field

from services.console.core.access import Viewer, may_operate
from services.console.features.letters import views
from services.console.features.letters.actions import letter_act
from services.console.features.letters.letter_parts import LetterParts
from services.console.features.letters.responses import LetterList
from services.console.web.actions import Body, IdempotencyKey, accept_action
from services.console.web.deps import ConsoleDeps, Deps
from services.console.web.parameters import Limit
from services.console.web.problems import ApiProblem, unknown
from services.console.web.response_models import json_response, recorded
from services.console.web.responses import as_json
from services.console.web.viewers import SignedInViewer
from shared.contracts.fields import Line
from shared.contracts.letter_acts import LetterVerb
from shared.domain.letters.history import LetterState
from shared.domain.letters.places import parse_place

router = APIRouter(prefix="/api", tags=["letters"])


class LetterActBody(Body):
    """An act on one refused record, with the reason for the trail."""

    place: Annotated[str, Field(max_length=240)]
    verb: Literal["ask", "set_aside"]
    reason: Annotated[Line, Field(min_length=1)]


@router.get("/letters", responses=json_response(LetterList))
async def list_letters(
    console: Deps,
    viewer: SignedInViewer,
    state: Annotated[LetterState | None, Query()] = None,
    limit: Limit = 50,
) -> Response:
    """List the newest dead letters, of one state or of all, with counts by topic and reason.

    `unread` is the number of older letters that were not read.
    """
    _demand_operator(console, viewer)
    window = await console.part(LetterParts).letters.look()
    return as_json(
        {
            "groups": views.groups(window),
            "letters": views.letters(window, state, limit),
            "total": len(window.letters),
            "unread": window.unread,
        }
    )


@router.post("/letters/acts", status_code=202, responses=recorded())
async def act_on_letter(
    console: Deps, viewer: SignedInViewer, body: LetterActBody, _key: IdempotencyKey = None
) -> Response:
    """Ask for the replay of a refused record, or set the record aside.

    The command `fenghuo letters replay` replays: the console may not write to foreign topics.
    """
    _demand_operator(console, viewer, body.verb)
    place = parse_place(body.place)
    if place is None:
        raise unknown("dead letter")
    window = await console.part(LetterParts).letters.look()
    if not views.entries_at(window, place):
        raise unknown("dead letter")
    verb = LetterVerb(body.verb)
    if verb not in views.allowed_verbs(window.history.state(place)):
        raise ApiProblem(
            409, "The record was acted on", "Look at it once more.", reason="letter_acted"
        )
    act = letter_act(
        viewer, place, verb, body.reason, window.history.of(place), console.clock.now()
    )
    return await accept_action(console, act)


def _demand_operator(console: ConsoleDeps, viewer: Viewer, verb: str = "") -> None:
    console.demand(may_operate(viewer), verb=verb)
