"""Pages: a row of `page`, an event of the feed, a fact of the case."""

from __future__ import annotations

from operator import attrgetter

from services.console.projector.projections.case_facts import case_fact
from services.console.projector.projections.feed_events import FeedEvent, feed_event
from services.console.projector.projections.table import (
    Projection,
    Row,
    boolean,
    column,
    integer,
    text,
    time,
)
from services.console.projector.unit_of_work import UnitOfWork
from shared.contracts.pages import Page, SubjectKind
from shared.contracts.topics import PAGES
from shared.domain.quorum import words_of
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()


TABLE = Projection(
    "page",
    key=("page_id",),
    columns=(
        *text("page_id", "status"),
        *integer("version"),
        *text("officer_id", "unit", "post", "channel"),
        *integer("round", "rung"),
        *text("state", "level", "headline"),
        column("body", "text", attrgetter("text")),
        *text("subject_kind", "subject_id", "alert_id", "command_id", "assignment_id"),
        *time("called_at", "answer_by"),
        *boolean("resend", "to_note"),
        *text("escalation_id", "start_unit"),
        column("quorum", "text", lambda event: words_of(event.quorum)),
        *text("reason", "data_grade"),
        *time("occurred_at"),
        column("trace_id", "text", lambda event: event.trace_id or event.id),
        *time("sent_at"),
    ),
)


def page_feed_event(event: Page) -> FeedEvent:
    """Return the event of the feed; a page about a fault of the system has a kind of its own."""
    if event.subject_kind.is_system:
        return feed_event(
            "system",
            event,
            event.unit,
            event.page_id,
            level=event.level,
            officer_id=event.officer_id,
            state=event.state,
            headline=event.headline,
            post=event.post,
        )
    return feed_event(
        "page",
        event,
        event.unit,
        event.page_id,
        level=event.level,
        officer_id=event.officer_id,
        state=event.state,
        headline=event.headline,
        post=event.post,
        rung=event.rung,
        round=event.round,
        channel=event.channel,
    )


def page_case_fact(event: Page) -> Row:
    """Return the fact of the case.

    Of a call for a missing report the call itself is the thread, though an alert is the cause.
    """
    is_call = event.subject_kind is SubjectKind.SUPERVISION
    return case_fact(
        event,
        "page",
        event.command_id or (None if is_call else event.alert_id) or event.subject_id,
        event.state,
        event.page_id,
        event.unit,
        version=event.version,
        actor=event.officer_id,
        post=event.post,
        channel=event.channel,
        rung=event.rung,
    )


@router.subscriber(PAGES)
async def handle_page(event: Page, unit: UnitOfWork) -> None:
    """Show a page; one about a fault of the system itself belongs to no case."""
    unit.add(TABLE, event)
    unit.add_feed_event(page_feed_event(event))
    if not event.subject_kind.is_system:
        unit.add_case_fact(page_case_fact(event))
