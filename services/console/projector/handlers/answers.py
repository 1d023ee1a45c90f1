"""Answers to pages: a row of `answer`, an event of the feed, a fact of the case."""

from __future__ import annotations

from operator import attrgetter, itemgetter

from services.console.projector.projections.case_facts import case_fact
from services.console.projector.projections.feed_events import FeedEvent, feed_event
from services.console.projector.projections.table import Projection, Row, column, text, time
from services.console.projector.unit_of_work import UnitOfWork
from shared.contracts.pages import Answer, AnswerVerb
from shared.contracts.topics import PAGE_ANSWERS
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()

_RECEIPTS = frozenset({AnswerVerb.DELIVERED, AnswerVerb.READ})

TABLE = Projection(
    "answer",
    key=("page_id", "status"),
    columns=(
        *text("page_id", "status", "officer_id", "verb"),
        column("body", "text", attrgetter("text")),
        *time("sent_at"),
    ),
    # A person may come after having said no. Notify decides which answer counts; the last is shown.
    newer="excluded.sent_at > old.sent_at",
    rank=itemgetter("sent_at"),
)


def answer_feed_event(event: Answer) -> FeedEvent | None:
    """Return the event of the feed; None for receipts of devices."""
    if event.verb in _RECEIPTS:
        return None
    return feed_event(
        "answer",
        event,
        event.origin_unit,
        event.page_id,
        officer_id=event.officer_id,
        verb=event.verb,
    )


def answer_case_fact(event: Answer) -> Row | None:
    """Return the fact of the case; None for receipts of devices."""
    if event.verb in _RECEIPTS:
        return None
    return case_fact(
        event,
        "answer",
        event.page_id,
        event.verb,
        event.page_id,
        event.origin_unit,
        actor=event.officer_id,
        text=event.text,
    )


@router.subscriber(PAGE_ANSWERS)
async def handle_answer(event: Answer, unit: UnitOfWork) -> None:
    """Show the answer of a person to a page."""
    if event.verb not in _RECEIPTS:
        unit.add(TABLE, event)
    if (feed_event := answer_feed_event(event)) is not None:
        unit.add_feed_event(feed_event)
    if (fact := answer_case_fact(event)) is not None:
        unit.add_case_fact(fact)
