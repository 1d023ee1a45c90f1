"""Heartbeats that arrive from the auditors of the tiers below: one that stops is a fault."""

from __future__ import annotations

import time

from services.audit.core.findings.snapshot import FindingKind
from services.audit.core.watch.components import ComponentProblem

MOST_SILENCE_S = 45.0
"""The longest time from one heartbeat to the next in seconds: three of them are missed."""


class ArrivalProbe:
    """Measures the age of the newest heartbeat of one sender."""

    def __init__(self, sender: str) -> None:
        self.component = f"heartbeat {sender}"
        self._arrived_at: float | None = None

    def note(self) -> None:
        """Note that a heartbeat has arrived."""
        self._arrived_at = time.monotonic()

    async def check(self) -> ComponentProblem | None:
        """Return how long no heartbeat has arrived, if it is too long."""
        if self._arrived_at is None:
            return ComponentProblem(FindingKind.HEARTBEAT_MISSING, "no heartbeat has arrived")
        silence_s = time.monotonic() - self._arrived_at
        if silence_s <= MOST_SILENCE_S:
            return None
        reason = f"no heartbeat for {silence_s:.0f} s"
        return ComponentProblem(FindingKind.HEARTBEAT_MISSING, reason)
