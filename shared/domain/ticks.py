"""Ticks: the clock of the log in one partition of the readings."""

from __future__ import annotations

from datetime import datetime

from shared.contracts.ids import content_id
from shared.contracts.readings import Tick


def make_tick(partition: int, at: datetime) -> Tick:
    """Return the tick of a partition at a time."""
    return Tick(id=content_id("tick", partition, at.isoformat()), occurred_at=at)
