"""Response modes in force: a row of `mode`, an event of the feed, a fact of the case."""

from __future__ import annotations

from services.console.projector.projections.case_facts import case_fact
from services.console.projector.projections.feed_events import FeedEvent, feed_event
from services.console.projector.projections.table import (
    Projection,
    Row,
    column,
    integer,
    text,
    time,
)
from services.console.projector.unit_of_work import UnitOfWork
from shared.contracts.ids import mode_id
from shared.contracts.modes import ResponseModeEvent
from shared.contracts.topics import RESPONSE_MODES
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()

TABLE = Projection(
    "mode",
    key=("status", "unit"),
    columns=(
        *text("status", "unit"),
        *integer("version"),
        *text("mode"),
        column("decided_by", "text[]", lambda event: list(event.decided_by)),
        *text("proposal_id"),
        *time("until"),
        *text("reason"),
        *time("sent_at"),
    ),
)


def mode_feed_event(event: ResponseModeEvent) -> FeedEvent:
    """Return the event of the feed."""
    return feed_event(
        "mode",
        event,
        event.unit,
        mode_id(event.status, event.unit),
        state="in_force",
        mode=event.mode,
        headline=event.title,
    )


def mode_case_fact(event: ResponseModeEvent) -> Row:
    """Return the fact of the case."""
    return case_fact(
        event,
        "mode",
        event.unit,
        "in_force",
        event.proposal_id or event.id,
        event.unit,
        version=event.version,
        mode=event.mode,
        headline=event.title,
    )


@router.subscriber(RESPONSE_MODES)
async def handle_mode(event: ResponseModeEvent, unit: UnitOfWork) -> None:
    """Show the mode of a unit."""
    unit.add(TABLE, event)
    unit.add_feed_event(mode_feed_event(event))
    unit.add_case_fact(mode_case_fact(event))
