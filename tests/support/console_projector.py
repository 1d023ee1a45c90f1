"""The projector's handlers without a database: the events of the feed that a record becomes."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from services.console.projector.projections import feed_events
from services.console.projector.projections.feed_events import FeedEvent
from services.console.projector.registration import ROUTERS, TABLES
from services.console.projector.unit_of_work import UnitOfWork
from shared.runtime.database import Transaction


class FeedRecorder(UnitOfWork):
    """A unit of work that writes nothing and keeps the events of the feed."""

    def __init__(self) -> None:
        super().__init__(cast("Transaction", None), tables=TABLES)
        self.events: list[FeedEvent] = []

    def add_feed_event(self, event: FeedEvent) -> None:
        """Keep the event."""
        self.events.append(event)


def feed_event_of(message: Any) -> FeedEvent | None:
    """Return the event of the feed that the handler of a record adds, or None."""
    subscribers = (subscriber for router in ROUTERS for subscriber in router.subscribers)
    handler = next(item for item in subscribers if item.topic.contract is type(message))
    unit = FeedRecorder()
    asyncio.run(cast("Any", handler.function(message, unit)))
    assert len(unit.events) <= 1, "a record makes at most one event"
    return unit.events[0] if unit.events else None


def feed_row_of(message: Any, seq: int) -> FeedEvent:
    """Return the row of the feed that a record becomes, as the stream reads it."""
    event = feed_event_of(message)
    assert event is not None, "the record makes an event"
    return feed_events.row_of(event) | {"seq": seq}
