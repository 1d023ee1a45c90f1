"""The present by Kafka's time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

TOLERANCE_S = 2.0
"""The allowed difference between this machine's clock and Kafka's; scoring refuses a tick that is
further ahead."""


class KafkaClock:
    """The present: by this machine's clock while both clocks agree, otherwise by Kafka's.

    Each acknowledged tick compares the clocks. Between comparisons time advances by a steady clock,
    so that setting the machine's clock changes nothing. The machine's clock is used until the first
    comparison.
    """

    def __init__(self) -> None:
        self._base: datetime | None = None
        self._base_at = 0.0
        self.offset_s = 0.0

    def compare(
        self,
        wall: datetime,
        sent_at: float,
        acknowledged_at: float,
        record_times_ms: Sequence[int],
    ) -> None:
        """Compare the clocks by the record times, in ms, of ticks sent at `wall` by this machine.

        `sent_at` and `acknowledged_at` are times of the steady clock, in seconds. The record times
        are between the two, so a slow acknowledgement proves nothing. Several brokers may differ:
        the median counts. `offset_s` is then the proven lead of this machine's clock over Kafka's,
        negative if it is late.
        """
        middle = sorted(record_times_ms)[(len(record_times_ms) - 1) // 2]
        kafka_time = datetime.fromtimestamp(middle / 1000, UTC)
        lead_s = (wall - kafka_time).total_seconds()
        self.offset_s = max(lead_s, 0.0) or min(lead_s + acknowledged_at - sent_at, 0.0)
        if self.uses_kafka_time:
            self._base, self._base_at = kafka_time, acknowledged_at
        else:
            self._base, self._base_at = wall, sent_at

    @property
    def uses_kafka_time(self) -> bool:
        """True if the machine's clock is too far off to be used."""
        return abs(self.offset_s) > TOLERANCE_S

    def now(self, wall: datetime, at: float) -> datetime:
        """Return the present; `wall` is the machine's time, `at` the time of the steady clock."""
        return wall if self._base is None else self._base + timedelta(seconds=at - self._base_at)
