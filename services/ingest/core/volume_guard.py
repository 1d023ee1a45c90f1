"""The guard of Kafka's volumes: readings are refused before a volume is full.

A broker without space ends, with the alerts, commands and acknowledgements that it would have
taken. Readings fill the volume, so they alone are refused below the mark; what is left is for
everything else. They are taken again when there is a little more room than at the mark.
"""

from __future__ import annotations

from collections.abc import Mapping

from services.ingest.core.refusals import ProblemKind, RequestRefused, refusal

RESUME_FACTOR = 1.2
"""So much more than the mark has to be free before readings are taken again."""


class VolumeGuard:
    """Knows the free share of each node's volume as of the last answer; no answer, no refusal."""

    def __init__(self, mark: float) -> None:
        self._mark = mark
        self._fullest: float | None = None
        self.refuses = False

    def update(self, free_shares: Mapping[int, float]) -> None:
        """Take the free share by node; a node that did not answer is not in it."""
        if not free_shares:
            return
        self._fullest = min(free_shares.values())
        limit = self._mark * RESUME_FACTOR if self.refuses else self._mark
        self.refuses = self._fullest < limit

    def refusal(self) -> RequestRefused | None:
        """Return the refusal of readings, None while they are taken."""
        if not self.refuses or self._fullest is None:
            return None
        return refusal(
            ProblemKind.VOLUME_FULL,
            "body",
            f"{self._fullest:.1%} of a volume of Kafka are free: readings wait, "
            "reports and warnings are taken",
            f"{self._mark:.0%} free",
        )
