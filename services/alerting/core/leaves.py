"""The alarms of one rule in one scope, counted by level so that a tree is judged without reading them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from services.alerting.core.facts import Fact
from shared.contracts.fields import LEVEL_ORDER

NONE = -1
"""The rank of nothing; the ranks of levels begin at 0."""


class Leaves:
    """Alarms that are on, and those that are off and may linger."""

    def __init__(self) -> None:
        self._on: dict[str, Fact] = {}
        self._off: dict[str, Fact] = {}
        self._ranks: Counter[tuple[int, bool]] = Counter()

    def put(self, fact: Fact) -> None:
        """Take the newest state of an alarm."""
        self.drop(fact.alarm_id)
        if fact.open:
            self._on[fact.alarm_id] = fact
            self._ranks[_weight(fact)] += 1
        else:
            self._off[fact.alarm_id] = fact

    def drop(self, alarm_id: str) -> None:
        """Forget an alarm."""
        self._off.pop(alarm_id, None)
        fact = self._on.pop(alarm_id, None)
        if fact is not None:
            self._ranks[_weight(fact)] -= 1

    def ends(self, linger: timedelta) -> Iterator[tuple[datetime, Fact]]:
        """When each alarm that is off stops to count."""
        for fact in self._off.values() if linger else ():
            assert fact.cleared_at is not None
            yield fact.cleared_at + linger, fact

    def counted(self, clock: datetime, linger: timedelta) -> list[Fact]:
        """The alarms that count at `clock`."""
        return [*self._on.values(), *(fact for end, fact in self.ends(linger) if end > clock)]

    def rank(self, clock: datetime, linger: timedelta, *, doubtful: bool) -> int:
        """The highest rank that counts at `clock`; with or without what a backlog brought up."""
        ranks = [rank for (rank, doubt), n in self._ranks.items() if n and (doubtful or not doubt)]
        ranks += [
            LEVEL_ORDER[fact.level]
            for end, fact in self.ends(linger)
            if end > clock and (doubtful or not fact.retrospective)
        ]
        return max(ranks, default=NONE)


def _weight(fact: Fact) -> tuple[int, bool]:
    return LEVEL_ORDER[fact.level], fact.retrospective
