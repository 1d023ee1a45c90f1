"""Proposals of modes: a row of `mode_proposal`, an event of the feed, a fact of the case."""

from __future__ import annotations

import json

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
from shared.contracts.modes import ModeProposal
from shared.contracts.topics import MODE_PROPOSALS
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()


def _signatures(event: ModeProposal) -> str:
    return json.dumps([signature.model_dump(mode="json") for signature in event.signatures])


TABLE = Projection(
    "mode_proposal",
    key=("proposal_id",),
    columns=(
        *text("proposal_id", "status"),
        *integer("version"),
        *text("state", "unit", "mode"),
        *time("until", "decide_by"),
        *text("proposed_by"),
        column("signatures", "jsonb", _signatures),
        column("next_posts", "text[]", lambda event: list(event.next_posts)),
        *text("alert_id", "reason"),
        column("trace_id", "text", lambda event: event.trace_id or event.id),
        *time("sent_at"),
    ),
)


def proposal_feed_event(event: ModeProposal) -> FeedEvent:
    """Return the event of the feed."""
    return feed_event(
        "mode",
        event,
        event.unit,
        event.proposal_id,
        state=event.state,
        mode=event.mode,
        headline=event.title,
    )


def proposal_case_fact(event: ModeProposal) -> Row:
    """Return the fact of the case."""
    return case_fact(
        event,
        "mode",
        event.alert_id or event.unit,
        event.state,
        event.proposal_id,
        event.unit,
        version=event.version,
        actor=event.actor,
        mode=event.mode,
        headline=event.title,
    )


@router.subscriber(MODE_PROPOSALS)
async def handle_proposal(event: ModeProposal, unit: UnitOfWork) -> None:
    """Show a proposal of a mode."""
    unit.add(TABLE, event)
    unit.add_feed_event(proposal_feed_event(event))
    unit.add_case_fact(proposal_case_fact(event))
