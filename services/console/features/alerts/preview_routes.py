"""Route that shows, before a signature or the saving of words, how pages read on each channel."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from services.console.core import access
from services.console.features.alerts import queries
from services.console.features.alerts.preview_views import Signing, SigningVerb, preview_view
from services.console.features.alerts.views import facts
from services.console.features.alerts.wording_body import WordingBody, own_words
from services.console.store.connections import reading
from services.console.web.deps import Deps
from services.console.web.page_preview_models import PagePreview
from services.console.web.page_sending import sending_of
from services.console.web.problems import hidden, unknown
from services.console.web.response_models import json_response
from services.console.web.responses import as_json
from services.console.web.viewers import SignedInViewer
from shared.contracts.alerts import DecisionVerb
from shared.contracts.fields import Identifier, Instant, Text

router = APIRouter(prefix="/api", tags=["alerts"])


class AlertPreviewBody(BaseModel):
    """The fields of the form of a signature: verb, reason, and end of validity.

    With the verb `word` it is the form of the words, and `wording` holds them as they stand there.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    verb: SigningVerb
    reason: Text = ""
    valid_until: Instant | None = None
    wording: WordingBody | None = None


@router.post("/alerts/{alert_id}/preview", responses=json_response(PagePreview))
async def preview_alert(
    console: Deps, viewer: SignedInViewer, alert_id: Identifier, body: AlertPreviewBody
) -> Response:
    """Return how the pages of a signature will read on each channel; nothing is sent.

    They are those of the last signature that the level needs. With the verb `word` they have the
    words of the form, refused as the decision refuses them, and name nobody who signed. The time
    for an answer and the reference of the page are examples: notify sets them when it calls.
    """
    async with reading(console.database) as connection:
        row = await queries.alert(connection, alert_id)
    if row is None:
        raise unknown("alert")
    if not access.sees(viewer, row["place"]):
        raise hidden("alert", row["place"], verb=body.verb)
    powers = facts(row).powers
    acting = console.acting(
        viewer, lambda item: access.may_decide(item, powers, body.verb), row["place"], body.verb
    )
    settings = console.settings
    if body.verb is DecisionVerb.WORD:
        signing = Signing(acting, body.verb, "", None, own_words(row, body.wording))
    else:
        signing = Signing(acting, body.verb, body.reason, body.valid_until)
    return as_json(
        preview_view(
            row,
            viewer,
            console.names,
            console.directory,
            signing,
            sending_of(settings),
            console.clock.now(),
            push=settings.web_push_key is not None,
        )
    )
