"""The sources that a corroboration rule counts in one unit, and their weights.

The weight of a source is that of the most trusted class to which its sightings belong. Weights are
whole millionths, so that sums do not depend on their order.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared.contracts.conditions import CorroborationRule, SourceClass
from shared.contracts.fields import DataGrade, Position
from shared.contracts.geofences import Geofence
from shared.contracts.rules import RuleDefinition
from shared.domain.geofences import lies_within

MILLION = 1_000_000
_Standing = tuple[int, frozenset[int]]
"""Weight and classes of a sighting: a source that flaps has many sightings of one standing."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A source reports the danger from `start` to `end` (None: until now); event time.

    `source` identifies the source; `kind` and `sensor_kind` determine its class. `places` are the
    places concerned; an agency may name several. `record_id` is the newest record about the
    sighting.
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
    def is_from_agency(self) -> bool:
        """Return whether the sighting is a warning, which may cover many units."""
        return self.source.startswith("agency:")

    def lies_within(self, geofences: Sequence[Geofence]) -> bool:
        """Return whether the sighting counts in these geofences: a warning covers its units."""
        return self.is_from_agency or lies_within(geofences, self.position)

    def adds_nothing_to(self, before: Sighting) -> bool:
        """Return whether only the record differs, and the end, which is not later."""
        if before.end is not None and (self.end is None or self.end > before.end):
            return False
        return replace(before, end=self.end, record_id=self.record_id) == self

    def counts_at(self, clock: datetime) -> bool:
        """Return whether the sighting may count: a warning counts only while in force."""
        return not self.is_from_agency or self.start <= clock < (self.end or clock)


@dataclass(frozen=True, slots=True)
class WeightedSighting:
    """A sighting whose source the rule counts, with its weight and the classes of the rule."""

    sighting: Sighting
    weight: int
    classes: frozenset[int]

    @property
    def sort_key(self) -> tuple[datetime, str]:
        """Return the begin, then the id."""
        return self.sighting.start, self.sighting.sighting_id


class SourceWeights:
    """The sources of some sightings, which come and go: weights and classes, counted meanwhile."""

    def __init__(self, rule: CorroborationRule) -> None:
        self._need = to_millionths(rule.need)
        self._kinds = rule.kinds
        self._by_source: defaultdict[str, Counter[_Standing]] = defaultdict(Counter)
        self._classes: Counter[frozenset[int]] = Counter()
        self._total = 0

    def add(self, weighted: WeightedSighting) -> None:
        """Add a new sighting."""
        self._change(weighted, 1)

    def remove(self, weighted: WeightedSighting) -> None:
        """Remove an added sighting."""
        self._change(weighted, -1)

    @property
    def weight(self) -> int:
        """Return the sum of the best weight of each source; 0 when the rule is not satisfied."""
        if self._total < self._need:
            return 0
        if self._kinds > 1 and count_classes(self._classes, self._kinds) < self._kinds:
            return 0
        return self._total

    def _change(self, weighted: WeightedSighting, sign: int) -> None:
        standings = self._by_source[weighted.sighting.source]
        self._count(standings, -1)
        standing = (weighted.weight, weighted.classes)
        standings[standing] += sign
        if not standings[standing]:
            del standings[standing]
        self._count(standings, 1)

    def _count(self, standings: Counter[_Standing], sign: int) -> None:
        """Count the source of these standings: the best weight, and all classes."""
        if not standings:
            return
        if len(standings) == 1:
            [(weight, classes)] = standings
        else:
            weight = max(weight for weight, _ in standings)
            classes = frozenset().union(*(classes for _, classes in standings))
        self._total += sign * weight
        self._classes[classes] += sign


class SourcePool:
    """Sightings of one rule in one unit; `can_hold` needs no scan of them."""

    def __init__(
        self,
        rule: CorroborationRule,
        sightings: Iterable[Sighting] = (),
        geofences: Sequence[Geofence] = (),
    ) -> None:
        self.rule = rule
        self._geofences = geofences
        self.ordered: list[WeightedSighting] = []
        self._by_id: dict[str, WeightedSighting] = {}
        self._weights = SourceWeights(rule)
        self._warnings = 0
        for sighting in sightings:
            self.update(sighting)

    def update(self, sighting: Sighting) -> None:
        """Add a sighting, or replace its state; a sighting of no class of the rule is ignored."""
        self.remove(sighting.sighting_id)
        if not sighting.lies_within(self._geofences):
            return
        classes = frozenset(
            number
            for number, source_class in enumerate(self.rule.sources)
            if _matches(source_class, sighting)
        )
        if not classes:
            return
        weight = max(to_millionths(self.rule.sources[number].trust) for number in classes)
        weighted = WeightedSighting(sighting, weight, classes)
        insort(self.ordered, weighted, key=lambda member: member.sort_key)
        self._by_id[sighting.sighting_id] = weighted
        self._warnings += sighting.is_from_agency
        self._weights.add(weighted)

    def remove(self, sighting_id: str) -> None:
        """Remove a sighting, if the pool has it."""
        weighted = self._by_id.pop(sighting_id, None)
        if weighted is None:
            return
        position = bisect_left(self.ordered, weighted.sort_key, key=lambda member: member.sort_key)
        del self.ordered[position]
        self._warnings -= weighted.sighting.is_from_agency
        self._weights.remove(weighted)

    def counted_at(self, clock: datetime) -> list[WeightedSighting]:
        """Return the sightings that may count at `clock`, in order: no warning out of force."""
        if not self._warnings:
            return self.ordered
        return [member for member in self.ordered if member.sighting.counts_at(clock)]

    @property
    def can_hold(self) -> bool:
        """Return whether all sources together, at any time and place, would satisfy the rule."""
        return self._weights.weight > 0


def count_classes(sources: Mapping[frozenset[int], int], limit: int) -> int:
    """Return how many classes can each have a source of their own; counts above `limit` are equal.

    `sources` counts the sources by the set of classes to which they belong. This is a maximum
    matching of sources and classes.
    """
    candidates = [classes for classes, count in sources.items() for _ in range(min(count, limit))]
    owner: dict[int, int] = {}
    for number in range(len(candidates)):
        _assign_class(number, candidates, owner, set())
    return len(owner)


def _assign_class(
    number: int, candidates: list[frozenset[int]], owner: dict[int, int], tried: set[int]
) -> bool:
    """Assign a class to a source, and move other sources to other classes where needed."""
    for candidate in sorted(candidates[number] - tried):
        tried.add(candidate)
        if candidate not in owner or _assign_class(owner[candidate], candidates, owner, tried):
            owner[candidate] = number
            return True
    return False


def is_source(rule: RuleDefinition, sighting: Sighting) -> bool:
    """Return whether the rule counts the source of the sighting, at the place of the sighting."""
    assert isinstance(rule.body, CorroborationRule)
    return any(_matches(source_class, sighting) for source_class in rule.body.sources) and (
        sighting.lies_within(rule.geofences)
    )


def _matches(source_class: SourceClass, sighting: Sighting) -> bool:
    if source_class.source != sighting.kind:
        return False
    return source_class.sensor_kind in (None, sighting.sensor_kind)


def to_millionths(weight: float) -> int:
    """Return a weight as a whole number of millionths."""
    return round(weight * MILLION)


def sighting_of_report(
    report_id: str,
    reporter_id: str,
    role: str,
    event_type: str,
    place: str,
    at: datetime,
    position: Position | None,
    grade: DataGrade = DataGrade.GENERAL,
) -> Sighting:
    """Return a report as a sighting of its reporter: one source per reporter, on any telephone."""
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
