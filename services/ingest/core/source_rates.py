"""The rate of each source: so many records a minute, counted in each process.

A source may use up a minute at once. A request is admitted while anything is left, and a batch
beyond the rest is taken as a whole: the next requests wait the longer.
"""

from __future__ import annotations

from math import ceil

from services.ingest.core.refusals import ProblemKind, RequestProblem, RequestRefused
from services.ingest.core.sources import Source


class SourceRates:
    """The balance of each source; `now_s` is a clock that never goes back."""

    def __init__(self) -> None:
        self._balances: dict[str, tuple[float, float]] = {}

    def check(self, source: Source, now_s: float) -> None:
        """Raise RequestRefused when the source has nothing left."""
        per_minute = source.entry.per_minute
        if per_minute is None:
            return
        balance = self._balance_at(source.id, per_minute, now_s)
        if balance < 1:
            wait_s = ceil((1 - balance) * 60 / per_minute)
            message = f"{source.id} has sent more than it may"
            allowed = f"{per_minute} records a minute"
            problem = RequestProblem(ProblemKind.RATE_EXCEEDED, "source", message, allowed)
            raise RequestRefused([problem], retry_s=wait_s)

    def spend(self, source: Source, records: int, now_s: float) -> None:
        """Count the records of a request that was read."""
        per_minute = source.entry.per_minute
        if per_minute is not None:
            balance = self._balance_at(source.id, per_minute, now_s) - records
            self._balances[source.id] = balance, now_s

    def _balance_at(self, source_id: str, per_minute: int, now_s: float) -> float:
        balance, since_s = self._balances.get(source_id, (float(per_minute), now_s))
        return min(float(per_minute), balance + (now_s - since_s) * per_minute / 60)
