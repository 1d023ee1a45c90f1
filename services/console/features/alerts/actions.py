"""Decisions on alerts, as records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.console.core.access import Viewer
from services.console.core.action_record import ActionRecord, head
from services.console.core.record import Record
from shared.contracts.alerts import AlertDecision, DecisionVerb
from shared.contracts.fields import Level
from shared.contracts.ids import content_id, transition_id
from shared.contracts.topics import ALERT_DECISIONS


@dataclass(frozen=True, slots=True)
class DecisionIntent:
    """An officer's decision about an alert; `more` holds the additional fields of the verb."""

    verb: DecisionVerb
    level: Level | None
    reason: str
    more: Mapping[str, Any] = field(default_factory=dict)


def decision(
    viewer: Viewer, alert: Record, intent: DecisionIntent, version: int, now: datetime
) -> ActionRecord:
    """Return the record of a decision on an alert, based on the `version` shown to the officer."""
    alert_id, verb, level = alert["alert_id"], intent.verb, intent.level
    fields = [f"{name}={value}" for name, value in sorted(intent.more.items())]
    return ActionRecord(
        ALERT_DECISIONS,
        alert_id,
        AlertDecision(
            id=content_id(
                "dec", alert_id, verb, level or "none", viewer.officer_id, version, *fields
            ),
            alert_id=alert_id,
            verb=verb,
            level=level,
            officer_id=viewer.officer_id,
            post=viewer.post,
            reason=intent.reason,
            **intent.more,
            **head(
                viewer,
                alert,
                (alert["place"],),
                (transition_id(alert_id, version),),
                now,
                alert["data_grade"],
            ),
        ),
        viewer.officer_id,
    )
