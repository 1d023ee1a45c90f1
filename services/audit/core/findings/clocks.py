"""The clock of Kafka's brokers against that of Postgres: no time of the log fits timers otherwise.

A record that was appended between two rounds has Kafka's time between two times of the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from services.audit.core.conservation.audited_record import Partition
from services.audit.core.findings.snapshot import ClockDifference

TOLERANCE_S = 2.0
"""The allowed difference in seconds."""
ROUNDS = 3
"""Consecutive rounds with new records that have to prove a difference: a record that waits for its
copies looks old once."""


class ClockComparison:
    """The proven leads of Kafka's clock by partition; each broker has a clock of its own."""

    def __init__(self) -> None:
        self._leads: dict[Partition, tuple[float, int]] = {}

    def compare(
        self, newest_ms: Mapping[Partition, int], after: datetime, before: datetime
    ) -> None:
        """Compare by the newest records appended after and before these times of the database.

        A partition without a new record proves nothing new.
        """
        earliest, latest = after.timestamp(), before.timestamp()
        for partition, accepted_ms in newest_ms.items():
            at = accepted_ms / 1000
            lead_s = max(at - latest, 0.0) or min(at - earliest, 0.0)
            if abs(lead_s) <= TOLERANCE_S:
                self._leads.pop(partition, None)
                continue
            _, rounds = self._leads.get(partition, (0.0, 0))
            self._leads[partition] = lead_s, rounds + 1

    def difference(self) -> ClockDifference | None:
        """Return the largest difference that enough rounds have proven."""
        proven = [
            ClockDifference(partition, lead_s)
            for partition, (lead_s, rounds) in self._leads.items()
            if rounds >= ROUNDS
        ]
        return max(proven, key=lambda difference: abs(difference.lead_s), default=None)
