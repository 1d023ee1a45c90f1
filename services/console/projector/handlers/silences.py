"""Silences: a row of `silence`; `place` is the subtree that it covers."""

from __future__ import annotations

from operator import attrgetter

from services.console.projector.projections.table import (
    Projection,
    boolean,
    column,
    integer,
    text,
    time,
)
from services.console.projector.unit_of_work import UnitOfWork
from shared.contracts.silences import SilenceEvent
from shared.contracts.topics import SILENCE_STATES
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()


def _weekly(event: SilenceEvent) -> str | None:
    return None if event.weekly is None else event.weekly.model_dump_json()


TABLE = Projection(
    "silence",
    key=("silence_id",),
    columns=(
        *text("silence_id", "status"),
        *integer("version"),
        *text("kind"),
        column("place", "text", lambda event: event.matcher.place or event.unit),
        column("event_type", "text", attrgetter("matcher.event_type")),
        column("rule_id", "text", attrgetter("matcher.rule_id")),
        column("sensor_id", "text", attrgetter("matcher.sensor_id")),
        *text("unit", "owner", "reason"),
        *time("begin_at", "end_at", "ended_at"),
        *integer("silenced", "still_firing"),
        *boolean("until_cleared"),
        column("weekly", "text", _weekly),
        column("trace_id", "text", lambda event: event.trace_id or event.id),
        *time("sent_at"),
    ),
)


@router.subscriber(SILENCE_STATES)
async def handle_silence(event: SilenceEvent, unit: UnitOfWork) -> None:
    """Show a silence."""
    unit.add(TABLE, event)
