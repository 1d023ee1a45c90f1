"""What is in flight: when a difference between topic and table may still be explained by haste.

Whatever was committed before a round leaves its outbox, is published and passed by every reader a while
later. A service is moving as long as that has not happened since the round before: an outbox row of then
waits, or a reader has not come to where the topics then ended. A difference seen in three rounds in which
neither its service nor the auditor was moving was committed before the first, so it was published before
the ends of the second were read, so it was passed before the third: nothing in flight explains it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.audit.core.conservation import Place


@dataclass(frozen=True, slots=True)
class Before:
    """The round before: where the partitions ended, and when its look at the tables was over."""

    ends: Mapping[Place, int]
    looked_at: datetime


def moving(
    stored: Mapping[tuple[str, Place], int],
    unpublished: Mapping[str, datetime],
    before: Before,
) -> frozenset[str]:
    """Services that may still be about to show what was committed before the last round.

    `stored`: where each reader stands; `unpublished`: the age of each service's oldest waiting row.
    """
    behind = {service for (service, place), at in stored.items() if at < before.ends.get(place, 0)}
    waiting = {name for name, oldest in unpublished.items() if oldest <= before.looked_at}
    return frozenset(behind | waiting)
