"""Alarms: a row of `alarm`; an alarm over several sources has no sensor."""

from __future__ import annotations

from services.console.projector.projections.feed_events import FeedEvent, feed_event
from services.console.projector.projections.table import (
    Projection,
    boolean,
    column,
    integer,
    text,
    time,
)
from services.console.projector.unit_of_work import UnitOfWork
from shared.contracts.alarms import AlarmEvent
from shared.contracts.fields import Level
from shared.contracts.topics import ALARMS
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()

TABLE = Projection(
    "alarm",
    key=("alarm_id",),
    columns=(
        *text("alarm_id", "status"),
        *integer("version"),
        *text("place", "sensor_id", "rule_id", "kind", "transition", "level"),
        *integer("score"),
        column("parts", "jsonb", lambda event: event.parts and event.parts.model_dump_json()),
        *text("headline"),
        column(
            "evidence", "jsonb", lambda event: event.evidence.model_dump_json(exclude_none=True)
        ),
        *boolean("retrospective", "withdrawn"),
        column("started_at", "timestamptz", lambda event: event.started_at or event.occurred_at),
        *time("occurred_at"),
        *text("data_grade"),
        *time("sent_at"),
    ),
)


def alarm_feed_event(event: AlarmEvent) -> FeedEvent | None:
    """Return the event of the feed; None for notices, conditions of rules, and history."""
    if event.level is Level.NOTICE or event.condition or event.retrospective:
        return None
    return feed_event(
        "alarm",
        event,
        event.place,
        event.alarm_id,
        level=event.level,
        transition=event.transition,
        headline=event.headline,
        sensor_id=event.sensor_id,
    )


@router.subscriber(ALARMS)
async def handle_alarm(event: AlarmEvent, unit: UnitOfWork) -> None:
    """Show an alarm, unless it is only a condition of other rules."""
    if not event.condition:
        unit.add(TABLE, event)
    if (feed_event := alarm_feed_event(event)) is not None:
        unit.add_feed_event(feed_event)
