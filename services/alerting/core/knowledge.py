"""What is known of some regions: alarms, sightings and warnings, ready to be judged by scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from services.alerting.core.episode import EpisodeKey
from services.alerting.core.facts import Fact
from services.alerting.core.leaves import Leaves
from services.alerting.core.pool import Pool, Sighting
from services.alerting.core.rulebook import RuleBook
from services.alerting.core.scopes import (
    covers,
    region_of,
    scope_key,
    scope_keys,
    unit_at,
    units_of,
)
from shared.contracts.conditions import CompositeRule, CorroborationRule, named_rules
from shared.contracts.fields import Status
from shared.contracts.rules import RuleDefinition


class Knowledge:
    """The newest state of everything that rules over several sources may look at.

    Alarms are sorted by scope when a rule first looks: in most batches none does.
    """

    def __init__(self, rules: RuleBook) -> None:
        self.facts: dict[str, Fact] = {}
        self._rules = rules
        self._leaves: dict[tuple[Status, str, str], Leaves] = defaultdict(Leaves)
        self._sightings: dict[tuple[Status, str, str], dict[str, Sighting]] = defaultdict(dict)
        self._warnings: dict[tuple[Status, str], dict[str, Sighting]] = defaultdict(dict)
        self._pools: dict[EpisodeKey, Pool] = {}
        self._sorted = False

    def know(self, fact: Fact) -> None:
        """Put in the newest state of an alarm."""
        before = self.facts.get(fact.alarm_id)
        self.facts[fact.alarm_id] = fact
        if not self._sorted:
            return
        if before is not None:
            for scope in scope_keys(before):
                self._leaves[before.status, before.rule_id, scope].drop(fact.alarm_id)
            if (sighting := sighting_of(before)) is not None:
                self.forget(before.status, sighting)
        self._put(fact)

    def see(self, status: Status, seen: Sighting) -> None:
        """Put in a sighting of a sensor, a person or an agency."""
        for found in self._where(status, seen):
            found[seen.sighting_id] = seen
        for pool in self._pools_of(status, seen):
            pool.put(seen)

    def forget(self, status: Status, seen: Sighting) -> None:
        """Take a sighting out."""
        for found in self._where(status, seen):
            found.pop(seen.sighting_id, None)
        for pool in self._pools_of(status, seen):
            pool.drop(seen.sighting_id)

    def leaves(self, rule: CompositeRule, key: EpisodeKey) -> Mapping[str, Leaves]:
        """The alarms a composite looks at in a scope, by rule."""
        self._sort()
        status = key.region.status
        return {named: self._leaves[status, named, key.scope] for named in named_rules(rule.when)}

    def pool(self, rule: RuleDefinition, key: EpisodeKey) -> Pool:
        """The sources of a corroboration rule in a unit."""
        assert isinstance(rule.body, CorroborationRule)
        self._sort()
        pool = self._pools.get(key)
        if pool is None or pool.body is not rule.body:
            pool = self._pools[key] = Pool(rule.body, self._evidence(rule, key))
        return pool

    def concerned(self, rule: RuleDefinition, status: Status) -> set[EpisodeKey]:
        """Where a rule may hold."""
        self._sort()
        episode_keys: set[EpisodeKey] = set()
        if isinstance(rule.body, CompositeRule):
            named = named_rules(rule.body.when)
            for fact in self.facts.values():
                if fact.rule_id in named and fact.status is status:
                    scope = scope_key(rule.body.scope, fact)
                    if scope is not None:
                        region = region_of(status, fact.place)
                        episode_keys.add(EpisodeKey(rule.rule_id, region, scope))
        elif isinstance(rule.body, CorroborationRule):
            places = {
                place
                for (of, kind, _), seen in self._sightings.items()
                if of is status and kind == rule.event_type
                for sighting in seen.values()
                for place in sighting.places
            }
            for warning in self._warnings[status, rule.event_type].values():
                places |= set(warning.places)
            for place in places:
                unit = unit_at(place, rule.body.within)
                if unit is not None:
                    episode_keys.add(EpisodeKey(rule.rule_id, region_of(status, unit), unit))
        return episode_keys

    def _sort(self) -> None:
        if not self._sorted:
            self._sorted = True
            for fact in self.facts.values():
                self._put(fact)

    def _put(self, fact: Fact) -> None:
        if fact.withdrawn:
            return
        for scope in scope_keys(fact):
            self._leaves[fact.status, fact.rule_id, scope].put(fact)
        if (sighting := sighting_of(fact)) is not None:
            self.see(fact.status, sighting)

    def _evidence(self, rule: RuleDefinition, key: EpisodeKey) -> Iterable[Sighting]:
        status = key.region.status
        yield from self._sightings.get((status, rule.event_type, key.scope), {}).values()
        for warning in self._warnings.get((status, rule.event_type), {}).values():
            if any(covers(area, key.scope) for area in warning.places):
                yield warning

    def _where(self, status: Status, seen: Sighting) -> list[dict[str, Sighting]]:
        if seen.from_agency:
            return [self._warnings[status, seen.event_type]]
        return [self._sightings[status, seen.event_type, unit] for unit in units_of(seen.places)]

    def _pools_of(self, status: Status, seen: Sighting) -> list[Pool]:
        """The pools made so far to which a sighting belongs."""
        if not self._pools:
            return []
        if seen.from_agency:
            kinds = {rule.rule_id for rule in self._rules.about(seen.event_type)}
            return [
                pool
                for key, pool in self._pools.items()
                if key.rule_id in kinds
                and key.region.status is status
                and any(covers(place, key.scope) for place in seen.places)
            ]
        result = (
            self._pools.get(EpisodeKey(rule.rule_id, region_of(status, unit), unit))
            for rule in self._rules.about(seen.event_type)
            for unit in units_of(seen.places)
        )
        return [pool for pool in result if pool is not None]


def sighting_of(fact: Fact) -> Sighting | None:
    """An alarm as a sighting of its sensor; None for one that no sensor stands behind."""
    if fact.sensor_id is None:
        return None
    return Sighting(
        sighting_id=fact.alarm_id,
        record_id=fact.event_id,
        source=f"sensor:{fact.sensor_id}",
        kind="sensor",
        event_type=fact.event_type,
        places=(fact.place,),
        start=fact.began_at,
        end=None if fact.cleared_at is None else max(fact.began_at, fact.cleared_at),
        sensor_kind=fact.sensor_kind,
        position=fact.position,
        retrospective=fact.retrospective,
        synthetic=fact.synthetic,
        grade=fact.grade,
    )
