"""Health of sensors: a row of `sensor`, an event of the feed."""

from __future__ import annotations

from operator import attrgetter

from services.console.projector.projections.feed_events import FeedEvent, feed_event
from services.console.projector.projections.table import Projection, column, integer, text, time
from services.console.projector.unit_of_work import UnitOfWork
from shared.contracts.readings import SensorHealth
from shared.contracts.topics import SENSOR_HEALTH
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()

TABLE = Projection(
    "sensor",
    key=("status", "sensor_id"),
    columns=(
        *text("sensor_id", "status"),
        *integer("version"),
        *text("state"),
        column("unit", "text", attrgetter("origin_unit")),
        *time("last_seen_at"),
        *text("detail"),
        *time("sent_at"),
    ),
)


def health_feed_event(event: SensorHealth) -> FeedEvent:
    """Return the event of the feed."""
    return feed_event("sensor", event, event.origin_unit, event.sensor_id, state=event.state)


@router.subscriber(SENSOR_HEALTH)
async def handle_health(event: SensorHealth, unit: UnitOfWork) -> None:
    """Show the health of a sensor."""
    unit.add(TABLE, event)
    unit.add_feed_event(health_feed_event(event))
