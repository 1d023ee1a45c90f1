"""Routes of an officer's pages and answers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field, model_validator

from services.console.core import access
from services.console.core.access import Viewer, may_answer, sees
from services.console.core.action_record import ActionRecord
from services.console.core.record import Json, OutgoingRecord
from services.console.features.pages import actions, queries, views, why_views
from services.console.features.pages.responses import ColleagueList, PageList, PageView, WhyView
from services.console.store.connections import Connection, reading
from services.console.store.people import names_of
from services.console.web.actions import Body, IdempotencyKey, accept_action
from services.console.web.deps import ConsoleDeps, Deps
from services.console.web.paging import AfterCursor, next_of, position_after
from services.console.web.parameters import Limit
from services.console.web.problems import hidden, unknown
from services.console.web.response_models import json_response, recorded
from services.console.web.responses import as_json
from services.console.web.viewers import SignedInViewer
from shared.contracts.fields import Identifier, Instant, Post, Status, Text
from shared.contracts.lifecycles.page import WAITING
from shared.contracts.pages import AnswerVerb, PageState
from shared.contracts.refusals import RefusedFor

router = APIRouter(prefix="/api", tags=["pages"])
_MOST_CALLS = 300
_STATES_BEFORE = {
    AnswerVerb.DELIVERED: WAITING - {PageState.DELIVERED, PageState.READ},
    AnswerVerb.READ: WAITING - {PageState.READ},
}
"""The states of pages that a receipt of the device still changes."""


class AnswerBody(Body):
    """An answer to a page, or the receipt of a device (delivered, read).

    With `coming` an officer may name the time of action, in minutes or as a time; with `hand_over`
    the officer or the post of the unit that is called instead. With `whole_matter` the answer holds
    for all of the officer's waiting pages about the same matter.
    """

    verb: AnswerVerb
    text: Text = ""
    in_minutes: Annotated[int, Field(ge=1, le=720)] | None = None
    arrive_by: Instant | None = None
    hand_to: Identifier | None = None
    hand_to_post: Post | None = None
    whole_matter: bool = False

    @model_validator(mode="after")
    def _fits_the_verb(self) -> AnswerBody:
        times = [value for value in (self.in_minutes, self.arrive_by) if value is not None]
        if len(times) > (self.verb is AnswerVerb.COMING):
            raise ValueError("coming takes one of in_minutes and arrive_by, other verbs none")
        has_receiver = self.hand_to is not None or self.hand_to_post is not None
        if has_receiver and self.verb is not AnswerVerb.HAND_OVER:
            raise ValueError("hand_to and hand_to_post belong to hand_over")
        return self


@router.post("/pages/{page_id}/answers", status_code=202, responses=recorded())
async def answer_page(
    console: Deps,
    viewer: SignedInViewer,
    page_id: Identifier,
    body: AnswerBody,
    _key: IdempotencyKey = None,
) -> Response:
    """Answer a page, or confirm that the page was shown or opened."""
    async with reading(console.database) as connection:
        page = await queries.page(connection, page_id)
    if page is None:
        raise unknown("page")
    if access.may_answer(viewer, page["officer_id"]) is not None:
        raise hidden("page", page["unit"], RefusedFor.NOT_YOUR_PAGE, body.verb)
    now = console.clock.now()
    terms = actions.AnswerTerms(body.in_minutes, body.arrive_by, body.hand_to, body.hand_to_post)

    def answer_to(row: OutgoingRecord) -> ActionRecord:
        return actions.answer(viewer, row, body.verb, body.text, now, terms)

    if body.whole_matter:
        # The others first: after a failure the request is repeated as a whole.
        states = _STATES_BEFORE.get(body.verb, WAITING)
        async with reading(console.database) as connection:
            fellows = await queries.fellow_pages(connection, page_id, states)
        await asyncio.gather(*(console.recorder.record(answer_to(row)) for row in fellows))
    return await accept_action(console, answer_to(page))


@router.get("/pages", responses=json_response(PageList))
async def list_pages(
    console: Deps,
    viewer: SignedInViewer,
    status: Annotated[Status | None, Query()] = None,
    only_open: Annotated[bool, Query(alias="open")] = False,
    system: bool | None = None,
    by_matter: bool = False,
    after: AfterCursor = "",
    limit: Limit = 100,
) -> Response:
    """List the pages of the officer, first those that wait for an answer.

    The most urgent page comes first, then the newest of the other pages. `waiting` is the number of
    pages that wait for an answer. With `system` only the pages about faults of the system itself
    (true), or only the pages about events (false), are listed and counted. With `by_matter` one
    waiting page stands for all about its matter (repeats, and supervision of one command), and
    matters are counted.
    """
    async with reading(console.database) as connection:
        rows = await queries.pages(
            connection,
            viewer.officer_id,
            status,
            only_open=only_open,
            system=system,
            by_matter=by_matter,
            after=position_after(after, queries.PAGES),
            limit=limit,
        )
        waiting_total = await queries.pages_waiting(
            connection, viewer.officer_id, status, system=system, by_matter=by_matter
        )
        quorums = await _quorums(console, viewer, connection, rows)
    return as_json(
        {
            "pages": [views.page(row, console.names, quorums) for row in rows],
            "next": next_of(rows, limit),
            "waiting": waiting_total,
        }
    )


@router.get("/pages/{page_id}/colleagues", responses=json_response(ColleagueList))
async def list_colleagues(console: Deps, viewer: SignedInViewer, page_id: Identifier) -> Response:
    """List the officers on duty to whom a page can be handed over, in calling order.

    One entry for each officer of the unit of the page and of the units above.
    """
    row = await _own_page(console, viewer, page_id)
    slots = console.directory.calling_order(row["unit"])
    return as_json({"colleagues": views.colleagues(slots, viewer.officer_id, console.names)})


async def _own_page(console: ConsoleDeps, viewer: Viewer, page_id: str) -> OutgoingRecord:
    """Return a page of the viewer; raises the problem of an unknown or of another's page."""
    async with reading(console.database) as connection:
        row = await queries.page(connection, page_id)
    if row is None:
        raise unknown("page")
    if may_answer(viewer, row["officer_id"]) is not None:
        raise hidden("page", row["unit"], RefusedFor.NOT_YOUR_PAGE)
    return row


@router.get("/pages/{page_id}/why", responses=json_response(WhyView))
async def get_why_of_page(console: Deps, viewer: SignedInViewer, page_id: Identifier) -> Response:
    """Return why the officer was called by one of their pages, and who was called before."""
    async with reading(console.database) as connection:
        matter = await queries.matter_of_page(connection, page_id)
        if matter is None:
            raise unknown("page")
        if may_answer(viewer, matter["officer_id"]) is not None:
            raise hidden("page", matter["place"], RefusedFor.NOT_YOUR_PAGE)
        return as_json(await _why(console, viewer, connection, matter))


@router.get("/alerts/{alert_id}/why", responses=json_response(WhyView))
async def get_why_of_alert(console: Deps, viewer: SignedInViewer, alert_id: Identifier) -> Response:
    """Return why the officer was called about an alert, or was not, and who was called when."""
    async with reading(console.database) as connection:
        matter = await queries.matter_of_alert(connection, alert_id)
        if matter is None:
            raise unknown("alert")
        if not sees(viewer, matter["place"]):
            raise hidden("alert", matter["place"])
        return as_json(await _why(console, viewer, connection, matter))


async def _why(
    console: ConsoleDeps, viewer: Viewer, connection: Connection, matter: OutgoingRecord
) -> Json:
    calls = await queries.calls(connection, matter, _MOST_CALLS)
    people = await names_of(connection, console.directory, {call["officer_id"] for call in calls})
    has_post = any(
        slot.officer is not None and slot.officer.officer_id == viewer.officer_id
        for slot in console.directory.slots()
    )
    return why_views.why_view(viewer, matter, calls, people, console.names, has_post=has_post)


@router.get("/pages/{page_id}", responses=json_response(PageView))
async def get_page(console: Deps, viewer: SignedInViewer, page_id: Identifier) -> Response:
    """Return one page of the officer."""
    row = await _own_page(console, viewer, page_id)
    async with reading(console.database) as connection:
        quorums = await _quorums(console, viewer, connection, [row])
    return as_json(views.page(row, console.names, quorums))


async def _quorums(
    console: ConsoleDeps, viewer: Viewer, connection: Connection, pages: Sequence[OutgoingRecord]
) -> views.QuorumViews:
    calls = await queries.calls_of_quorums(connection, pages)
    officers = {call["officer_id"] for call in calls}
    people = await names_of(connection, console.directory, officers) if officers else {}
    return views.QuorumViews(viewer, calls, people, console.names, console.directory)
