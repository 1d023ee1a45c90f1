"""Commands: a row of `command`, whose counts come from the assignments."""

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
from shared.contracts.commands import CommandEvent
from shared.contracts.topics import COMMANDS
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()

TABLE = Projection(
    "command",
    key=("command_id",),
    columns=(
        *text("command_id", "status"),
        *integer("version"),
        *text("state", "alert_id", "warning_id", "event_type", "level", "root"),
        column("issuer_unit", "text", lambda event: event.issuer_unit or event.origin_unit),
        *text("title", "instruction"),
        *integer("recipients"),
        *time("sign_by", "finish_by", "occurred_at"),
        *text("data_grade"),
        column("trace_id", "text", lambda event: event.trace_id or event.id),
        *time("sent_at"),
    ),
)


def command_feed_event(event: CommandEvent) -> FeedEvent:
    """Return the event of the feed."""
    return feed_event(
        "command",
        event,
        event.root,
        event.command_id,
        level=event.level,
        state=event.state,
        headline=event.title,
        recipients=event.recipients,
    )


def command_case_fact(event: CommandEvent) -> Row:
    """Return the fact of the case."""
    return case_fact(
        event,
        "command",
        event.command_id,
        event.state,
        event.command_id,
        event.root,
        version=event.version,
        actor=event.actor,
        headline=event.title,
        level=event.level,
        recipients=event.recipients,
    )


@router.subscriber(COMMANDS)
async def handle_command(event: CommandEvent, unit: UnitOfWork) -> None:
    """Show a command."""
    unit.add(TABLE, event)
    unit.add_feed_event(command_feed_event(event))
    unit.add_case_fact(command_case_fact(event))
