"""Records in flight: when delay may explain a difference between topic and table.

A change is committed, leaves its outbox, is published, and is passed by every reader some time
later. A service is unsettled while changes of the previous round may be on this way: an outbox row
of that time is unpublished, or a reader has not reached the ends of the topics of that time.

Suppose that three rounds find a difference, and that neither the service nor the auditor was
unsettled. The change was committed before the first round, therefore published before the second
round read the ends, therefore passed before the third round: records in flight do not explain the
difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.audit.core.conservation.audited_record import Partition


@dataclass(frozen=True, slots=True)
class PreviousRound:
    """The ends of the partitions in the previous round, and the end of its reading of tables."""

    end_offsets: Mapping[Partition, int]
    ended_at: datetime


def unsettled_services(
    stored_offsets: Mapping[tuple[str, Partition], int],
    unpublished: Mapping[str, datetime],
    previous: PreviousRound,
) -> frozenset[str]:
    """Return the services with changes of the previous round that may not have arrived yet.

    `stored_offsets` are the offsets of the readers; `unpublished` maps a service to the creation
    time of the oldest row in the outbox.
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
