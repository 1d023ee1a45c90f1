"""The sources that a corroboration rule knows in one unit: who has seen it, and what that is worth.

A source is worth what the most trusted class it speaks under is. Weights are whole millionths, so
that sums do not depend on their order.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.contracts.conditions import CorroborationRule, SourceClass
from shared.contracts.fields import DataGrade, Position

UNIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Sighting:
    """A source has seen it from `start` to `end` (None = it still does); event time.

    `source` tells one source from another, `kind` and `sensor_kind` name its class. `places` is where;
    an agency may name several. `record_id` is the record that tells of it last.
    """

    sighting_id: str
    record_id: str
    source: str
    kind: str
    event_type: str
    places: tuple[str, ...]
    start: datetime
    end: datetime | None
    sensor_kind: str | None = None
    position: Position | None = None
    retrospective: bool = False
    synthetic: bool = False
    grade: DataGrade = DataGrade.GENERAL

    @property
    def from_agency(self) -> bool:
        """Whether it is a warning, which may cover many units, and not one place's."""
        return self.source.startswith("agency:")

    def counts_at(self, clock: datetime) -> bool:
        """Whether it may count: a warning does while it is in force, all else as its window says."""
        return not self.from_agency or self.start <= clock < (self.end or clock)


@dataclass(frozen=True, slots=True)
class Weighed:
    """A sighting of a source that the rule knows: what it weighs under which of the classes."""

    one: Sighting
    weight: int
    classes: frozenset[int]

    @property
    def order(self) -> tuple[datetime, str]:
        """By beginning, then by id."""
        return self.one.start, self.one.sighting_id


class Pool:
    """Sightings of one rule in one unit; `possible` is answered without looking at all of them."""

    def __init__(self, body: CorroborationRule, sightings: Iterable[Sighting] = ()) -> None:
        self.body = body
        self.ordered: list[Weighed] = []
        self._by_id: dict[str, Weighed] = {}
        self._by_source: dict[str, dict[str, Weighed]] = {}
        self._classes: Counter[frozenset[int]] = Counter()
        self._total = 0
        self._warnings = 0
        for sighting in sightings:
            self.put(sighting)

    def put(self, sighting: Sighting) -> None:
        """Take the newest state of a sighting; one of no class of the rule is left out."""
        self.drop(sighting.sighting_id)
        classes = frozenset(n for n, it in enumerate(self.body.sources) if _matches(it, sighting))
        if not classes:
            return
        weight = max(millionths(self.body.sources[n].trust) for n in classes)
        weighed = Weighed(sighting, weight, classes)
        insort(self.ordered, weighed, key=lambda item: item.order)
        self._by_id[sighting.sighting_id] = weighed
        self._warnings += sighting.from_agency
        self._count(sighting.source, -1)
        self._by_source.setdefault(sighting.source, {})[sighting.sighting_id] = weighed
        self._count(sighting.source, 1)

    def drop(self, sighting_id: str) -> None:
        """Forget a sighting."""
        gone = self._by_id.pop(sighting_id, None)
        if gone is None:
            return
        del self.ordered[bisect_left(self.ordered, gone.order, key=lambda item: item.order)]
        self._warnings -= gone.one.from_agency
        self._count(gone.one.source, -1)
        del self._by_source[gone.one.source][sighting_id]
        self._count(gone.one.source, 1)

    def counting(self, clock: datetime) -> list[Weighed]:
        """What may count at a moment, in order: all but warnings that are not in force."""
        if not self._warnings:
            return self.ordered
        return [one for one in self.ordered if one.one.counts_at(clock)]

    @property
    def possible(self) -> bool:
        """Whether all sources together, whenever and wherever, would be enough."""
        need, kinds = millionths(self.body.need), self.body.kinds
        return self._total >= need and (kinds == 1 or kinds_of(self._classes, kinds) >= kinds)

    def _count(self, source: str, sign: int) -> None:
        own = self._by_source.get(source)
        if own:
            self._total += sign * max(one.weight for one in own.values())
            self._classes[frozenset[int]().union(*(one.classes for one in own.values()))] += sign


def enough(body: CorroborationRule, members: Iterable[Weighed]) -> int:
    """What these weigh together, each source once, at its best; 0 when that is not enough."""
    best: dict[str, int] = {}
    classes: dict[str, frozenset[int]] = {}
    for member in members:
        source = member.one.source
        best[source] = max(best.get(source, 0), member.weight)
        classes[source] = classes.get(source, frozenset()) | member.classes
    weight = sum(best.values())
    if weight < millionths(body.need):
        return 0
    if body.kinds > 1 and kinds_of(Counter(classes.values()), body.kinds) < body.kinds:
        return 0
    return weight


def kinds_of(sources: Mapping[frozenset[int], int], most: int) -> int:
    """The most classes, up to `most` of interest, that can each be given a source of their own.

    `sources` counts sources by the classes they speak under.
    """
    alike = [source for source, count in sources.items() for _ in range(min(count, most))]
    owner: dict[int, int] = {}
    for number in range(len(alike)):
        _give(number, alike, owner, set())
    return len(owner)


def _give(
    number: int, classes: list[frozenset[int]], owner: dict[int, int], tried: set[int]
) -> bool:
    """Give a source a class, moving others on where needed."""
    for wanted in sorted(classes[number] - tried):
        tried.add(wanted)
        if wanted not in owner or _give(owner[wanted], classes, owner, tried):
            owner[wanted] = number
            return True
    return False


def is_source(body: CorroborationRule, sighting: Sighting) -> bool:
    """Whether one of the rule's classes takes this source."""
    return any(_matches(source, sighting) for source in body.sources)


def _matches(wanted: SourceClass, sighting: Sighting) -> bool:
    if wanted.source != sighting.kind:
        return False
    return wanted.sensor_kind is None or wanted.sensor_kind == sighting.sensor_kind


def millionths(value: float) -> int:
    """A weight as a whole number."""
    return round(value * UNIT)


def reported(
    report_id: str,
    reporter_id: str,
    role: str,
    event_type: str,
    place: str,
    at: datetime,
    position: Position | None,
    grade: DataGrade = DataGrade.GENERAL,
) -> Sighting:
    """A report as a sighting of its reporter, whoever's telephone it was: one source per reporter."""
    return Sighting(
        sighting_id=report_id,
        record_id=report_id,
        source=f"person:{reporter_id}",
        kind=role,
        event_type=event_type,
        places=(place,),
        start=at,
        end=at,
        position=position,
        grade=grade,
    )
