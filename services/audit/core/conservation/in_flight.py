"""Records in flight: when a difference between topic and table may still be explained by delay.

A change that was committed before a round leaves its outbox, is published and is passed by every
reader some time later. A service is unsettled until that has happened for the changes of the
previous round: one of its outbox rows of that time is still unpublished, or a reader has not
reached the ends that the topics had then. Take a difference that is seen in three rounds in which
neither its service nor the auditor was unsettled. It was committed before the first round, so it
was published before the second round read the ends, so it was passed before the third round:
nothing in flight explains it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.audit.core.conservation.audited_record import Partition


@dataclass(frozen=True, slots=True)
class PreviousRound:
    """The ends of the partitions in the previous round, and the time when it had read tables."""

    end_offsets: Mapping[Partition, int]
    ended_at: datetime


def unsettled_services(
    stored_offsets: Mapping[tuple[str, Partition], int],
    unpublished: Mapping[str, datetime],
    previous: PreviousRound,
) -> frozenset[str]:
    """Return the services with changes of the previous round that may not have arrived yet.

    `stored_offsets` are those of the readers; `unpublished` maps a service to the creation time of
    its oldest outbox row.
    """
    late_readers = {
        service
        for (service, partition), offset in stored_offsets.items()
        if offset < previous.end_offsets.get(partition, 0)
    }
    late_writers = {
        service for service, oldest_at in unpublished.items() if oldest_at <= previous.ended_at
    }
    return frozenset(late_readers | late_writers)
