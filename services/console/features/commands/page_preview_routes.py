"""Route that shows, before a command is issued, how its page will read on each channel."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.console.features.commands.command_form import CommandForm
from services.console.features.commands.page_preview_views import (
    command_page_view,
    first_desk,
)
from services.console.web.deps import Deps
from services.console.web.page_preview_models import CommandPagePreview
from services.console.web.page_sending import sending_of
from services.console.web.problems import ApiProblem
from services.console.web.response_models import json_response
from services.console.web.responses import as_json
from services.console.web.selecting import reached
from services.console.web.viewers import SignedInViewer

router = APIRouter(prefix="/api", tags=["commands"])


@router.post("/commands/page-preview", responses=json_response(CommandPagePreview))
async def preview_command_page(
    console: Deps, viewer: SignedInViewer, body: CommandForm
) -> Response:
    """Return how the page of a command will read on each channel; nothing is sent.

    It is the page to the first recipient with an officer on duty. Deadlines that the form leaves
    open, the time for an answer and the reference of the page are examples.
    """
    acting, reach = reached(console, viewer, body.selection, body.assist)
    unit = first_desk(reach.units, console.directory)
    if unit is None:
        raise ApiProblem(
            422,
            "Nobody would be paged",
            "No selected unit has a duty desk.",
            reason="no_recipients",
        )
    return as_json(
        command_page_view(
            body,
            unit,
            acting,
            viewer,
            console.names,
            console.directory,
            sending_of(console.settings),
            console.clock.now(),
            push=console.settings.web_push_key is not None,
        )
    )
