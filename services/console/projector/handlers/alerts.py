"""Alerts: a row of `alert`, an event of the feed, a fact of the alert's case."""

from __future__ import annotations

import json
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
from shared.contracts.alerts import AlertEvent
from shared.contracts.topics import ALERTS
from shared.contracts.wordings import AlertWording
from shared.runtime.handlers import Router

router: Router[UnitOfWork] = Router()


def _signatures(event: AlertEvent) -> str:
    former = len(event.signatures) - event.signed
    return json.dumps(
        [
            {**signature.model_dump(mode="json"), "present": number >= former}
            for number, signature in enumerate(event.signatures)
        ]
    )


def _positions(event: AlertEvent) -> str:
    return json.dumps(
        [position.model_dump(mode="json", exclude_none=True) for position in event.positions]
    )


def _wording(wording: AlertWording | None) -> str | None:
    return None if wording is None else wording.to_wire().decode()


TABLE = Projection(
    "alert",
    key=("alert_id",),
    columns=(
        *text("alert_id", "status"),
        *integer("version"),
        *text("state", "event_type", "place"),
        column("areas", "text[]", lambda event: list(event.areas)),
        *text("level", "proposed_level", "approver_unit"),
        *integer("approvals_needed"),
        *text("authority_unit"),
        *time("proposed_until", "expires_at", "began_at"),
        column(
            "debt",
            "jsonb",
            lambda event: event.debt and event.debt.model_dump_json(exclude_none=True),
        ),
        *text("incident_grade", "response_level"),
        column("positions", "jsonb", _positions),
        column("wording", "jsonb", lambda event: _wording(event.wording)),
        column("issued_wording", "jsonb", lambda event: _wording(event.issued_wording)),
        *boolean("flapping"),
        *text("merged_into"),
        column("merged_ids", "text[]", lambda event: list(event.merged_ids)),
        *text("incident_id"),
        column("alarm_ids", "text[]", lambda event: list(event.alarm_ids)),
        column("report_ids", "text[]", lambda event: list(event.report_ids)),
        *integer("distinct_sources", "score"),
        column("signatures", "jsonb", _signatures),
        *text("headline"),
        column("body", "text", attrgetter("text")),
        *text("transition", "data_grade"),
        *time("occurred_at"),
        column("trace_id", "text", lambda event: event.trace_id or event.id),
        *time("sent_at"),
    ),
)


def alert_feed_event(event: AlertEvent) -> FeedEvent:
    """Return the event of the feed."""
    return feed_event(
        "alert",
        event,
        event.place,
        event.alert_id,
        level=event.level or event.proposed_level,
        transition=event.transition,
        state=event.state,
        headline=event.headline,
        issued=event.level,
        proposed=event.proposed_level,
    )


def alert_case_fact(event: AlertEvent) -> Row:
    """Return the fact of the case."""
    return case_fact(
        event,
        "alert",
        event.alert_id,
        event.transition,
        event.alert_id,
        event.place,
        version=event.version,
        actor=event.actor,
        headline=event.headline,
        state=event.state,
        level=event.level,
        proposed=event.proposed_level,
    )


@router.subscriber(ALERTS)
async def handle_alert(event: AlertEvent, unit: UnitOfWork) -> None:
    """Show an alert."""
    unit.add(TABLE, event)
    unit.add_feed_event(alert_feed_event(event))
    unit.add_case_fact(alert_case_fact(event))
