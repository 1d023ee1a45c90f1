"""Event time of a record, as the clocks of regions use it."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.runtime.clock import record_time
from shared.runtime.inbound_messages import InboundMessage

MAX_AHEAD = timedelta(seconds=120)
"""Event time is cut to this much after the moment at which Kafka accepted the record."""


def accepted_at(incoming: InboundMessage) -> datetime | None:
    """Return when Kafka accepted the record; None where that is unknown."""
    return record_time(incoming.accepted_ms) if incoming.accepted_ms else None


def observed_at(incoming: InboundMessage) -> datetime:
    """Return the event time of a record; a record from the future moves a clock only a little."""
    occurred_at: datetime = incoming.message.occurred_at
    accepted = accepted_at(incoming)
    return occurred_at if accepted is None else min(occurred_at, accepted + MAX_AHEAD)
