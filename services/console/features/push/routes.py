"""Routes of web push: the officer's browsers, and answers from the notifications of pages."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.console.core.access import Viewer
from services.console.features.pages import actions as page_actions
from services.console.features.pages import queries as page_queries
from services.console.features.push import actions
from services.console.features.push.push_parts import PushParts
from services.console.features.push.responses import DeviceList, RecordedAnswer
from services.console.store.connections import reading
from services.console.web.actions import Body, IdempotencyKey, accept_action
from services.console.web.deps import Deps
from services.console.web.problems import ApiProblem, unknown
from services.console.web.response_models import json_response, recorded
from services.console.web.responses import as_json
from services.console.web.viewers import SignedInViewer
from shared.contracts.fields import Identifier, Line, Post
from shared.contracts.pages import AnswerVerb
from shared.contracts.push_devices import PushSubscription
from shared.contracts.refusals import RefusedFor

router = APIRouter(tags=["push"])


class SubscriptionKeys(BaseModel):
    """The keys of a subscription, as browsers write them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    p256dh: Annotated[str, Field(max_length=100)]
    auth: Annotated[str, Field(max_length=30)]


class DeviceBody(Body):
    """A browser and its subscription at a push service (RFC 8030)."""

    endpoint: Annotated[str, Field(max_length=1_000)]
    keys: SubscriptionKeys
    name: Line


class NotificationAnswerBody(BaseModel):
    """An answer from a notification; the ticket inside the notification proves the officer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ticket: Annotated[str, Field(min_length=1, max_length=2_000)]
    verb: Literal[
        AnswerVerb.DELIVERED,
        AnswerVerb.READ,
        AnswerVerb.COMING,
        AnswerVerb.CANNOT,
        AnswerVerb.NEED_HELP,
    ]


@router.get("/api/push/devices", responses=json_response(DeviceList))
async def list_push_devices(console: Deps, viewer: SignedInViewer) -> Response:
    """List the browsers that receive pushes for the officer, also those that have ended.

    One entry for each browser of the officer.
    """
    parts = console.part(PushParts)
    devices = [
        {
            "device_id": device.device_id,
            "name": device.name,
            "since": device.sent_at,
            "ended": device.ended,
        }
        for device in parts.of(viewer.officer_id)
    ]
    return as_json({"key": parts.public_key, "devices": devices})


@router.post("/api/push/devices", status_code=202, responses=recorded())
async def register_push_device(
    console: Deps, viewer: SignedInViewer, body: DeviceBody, _key: IdempotencyKey = None
) -> Response:
    """Register a browser for pushes to the officer, in place of another officer's."""
    if console.part(PushParts).key is None:
        raise unknown("door")
    try:
        subscription = PushSubscription(
            endpoint=body.endpoint, p256dh=body.keys.p256dh, auth=body.keys.auth
        )
    except ValidationError as error:
        errors = [
            {"where": str(problem["loc"][-1]), "what": problem["msg"]}
            for problem in error.errors(include_input=False)
        ]
        raise ApiProblem(422, "The request is not valid", reason="invalid", errors=errors) from None
    now = console.clock.now()
    return await accept_action(console, actions.register(viewer, subscription, body.name, now))


@router.post("/api/push/devices/{device_id}/remove", status_code=202, responses=recorded())
async def remove_push_device(
    console: Deps, viewer: SignedInViewer, device_id: Identifier, _key: IdempotencyKey = None
) -> Response:
    """Remove a browser of the officer; it receives no further push."""
    device = console.part(PushParts).device(device_id)
    if device is None or device.officer_id != viewer.officer_id:
        raise unknown("device")
    return await accept_action(console, actions.remove(viewer, device, console.clock.now()))


@router.post("/push/answers", status_code=202, responses=recorded(RecordedAnswer))
async def answer_notification(console: Deps, body: NotificationAnswerBody) -> Response:
    """Answer a page from its notification, or confirm that it was shown or opened.

    The session of the browser may have ended long before: the ticket is the proof.
    """
    key, now = console.part(PushParts).key, console.clock.now()
    ticket = None if key is None else key.checked_ticket(body.ticket, now.timestamp())
    if ticket is None:
        raise ApiProblem(
            401, "The ticket is wrong or too old", reason="ticket", trail=RefusedFor.SIGNATURE
        )
    async with reading(console.database) as connection:
        page = await page_queries.page(connection, ticket.page_id)
    if page is None or page["officer_id"] != ticket.officer_id:
        raise unknown("page")
    officer = Viewer(ticket.officer_id, "", page["unit"], Post(page["post"]))
    act = page_actions.answer(officer, page, body.verb, "", now)
    return as_json({"repeated": not await console.recorder.record(act, None)}, 202)
