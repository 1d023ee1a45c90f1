"""The refusals of each source in the last day, the newest first, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.contracts.refusals import SourceRefusal

AGE = timedelta(days=1)
MOST_OF_SOURCE = 1_000
"""Refusals of one source; the oldest goes first."""
MOST = 50_000
"""Refusals of all sources, about 50 MB; the source that was refused longest ago goes first."""


@dataclass(frozen=True, slots=True)
class RefusalPage:
    """Refusals with their positions in the log, and the position before which the next page begins.

    `next_before` is None on the last page.
    """

    refusals: Sequence[tuple[int, SourceRefusal]]
    next_before: int | None


class RecentRefusals:
    """Refusals by source, as their topic has them."""

    def __init__(self, most_of_source: int = MOST_OF_SOURCE, most: int = MOST) -> None:
        self._by_source: OrderedDict[str, OrderedDict[str, tuple[int, SourceRefusal]]] = (
            OrderedDict()
        )
        self._most_of_source = most_of_source
        self._most = most
        self._count = 0

    def add(self, position: int, refusal: SourceRefusal) -> None:
        """Take a refusal from its position in the log; a repeated one changes nothing."""
        own = self._by_source.setdefault(refusal.source, OrderedDict())
        self._by_source.move_to_end(refusal.source)
        if refusal.id in own:
            return
        own[refusal.id] = position, refusal
        self._count += 1
        if len(own) > self._most_of_source:
            own.popitem(last=False)
            self._count -= 1
        while self._count > self._most:
            _, oldest = self._by_source.popitem(last=False)
            self._count -= len(oldest)

    def page(
        self, source: str, now: datetime, limit: int, before: int | None = None
    ) -> RefusalPage:
        """Return at most `limit` refusals of a source, the newest first, of the day before `now`.

        Only refusals at positions below `before` are returned.
        """
        own = self._by_source.get(source, OrderedDict())
        while own and next(iter(own.values()))[1].until < now - AGE:
            own.popitem(last=False)
            self._count -= 1
        results = [item for item in reversed(own.values()) if before is None or item[0] < before]
        first = results[:limit]
        return RefusalPage(first, first[-1][0] if len(results) > limit else None)
