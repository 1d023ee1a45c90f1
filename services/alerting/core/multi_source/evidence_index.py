"""The loaded evidence of some regions: alarms, sightings and warnings, indexed by scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from services.alerting.core.alarms.scopes import (
    covers,
    region_of,
    scope_key,
    scope_keys,
    unit_at,
    units_of,
)
from services.alerting.core.alarms.snapshot import AlarmSnapshot
from services.alerting.core.multi_source.active_alarms import ActiveAlarms
from services.alerting.core.multi_source.episode import EpisodeKey
from services.alerting.core.multi_source.rule_registry import MultiSourceRules
from services.alerting.core.multi_source.source_pool import Sighting, SourcePool
from shared.contracts.conditions import CompositeRule, CorroborationRule, rules_read
from shared.contracts.fields import Status
from shared.contracts.rules import RuleDefinition


class EvidenceIndex:
    """The newest state of all evidence that rules over several sources may read.

    The alarms are indexed by scope when a rule first asks: in most batches no rule does.
    """

    def __init__(self, rules: MultiSourceRules) -> None:
        self.alarms: dict[str, AlarmSnapshot] = {}
        self._rules = rules
        self._active: dict[tuple[Status, str, str], ActiveAlarms] = defaultdict(ActiveAlarms)
        self._sightings: dict[tuple[Status, str, str], dict[str, Sighting]] = defaultdict(dict)
        self._warnings: dict[tuple[Status, str], dict[str, Sighting]] = defaultdict(dict)
        self._pools: dict[EpisodeKey, SourcePool] = {}
        self._is_indexed = False

    def update_alarm(self, alarm: AlarmSnapshot) -> None:
        """Add an alarm, or replace its state by the newest."""
        previous = self.alarms.get(alarm.alarm_id)
        self.alarms[alarm.alarm_id] = alarm
        if not self._is_indexed:
            return
        if previous is not None:
            for scope in scope_keys(previous):
                self._active[previous.status, previous.rule_id, scope].remove(alarm.alarm_id)
            if (sighting := sighting_of_alarm(previous)) is not None:
                self.remove_sighting(previous.status, sighting)
        self._index_alarm(alarm)

    def update_sighting(self, status: Status, sighting: Sighting) -> None:
        """Add a sighting of a sensor, a person or an agency, or replace its state."""
        for sightings in self._sightings_near(status, sighting):
            sightings[sighting.sighting_id] = sighting
        for pool in self._pools_with(status, sighting):
            pool.update(sighting)

    def remove_sighting(self, status: Status, sighting: Sighting) -> None:
        """Remove a sighting."""
        for sightings in self._sightings_near(status, sighting):
            sightings.pop(sighting.sighting_id, None)
        for pool in self._pools_with(status, sighting):
            pool.remove(sighting.sighting_id)

    def active_alarms(self, rule: RuleDefinition, key: EpisodeKey) -> Mapping[str, ActiveAlarms]:
        """Return the alarms that a composite reads in a scope, by rule id.

        A composite with geofences reads the alarms inside alone.
        """
        assert isinstance(rule.body, CompositeRule)
        self._index()
        status = key.region.status
        active = {
            rule_id: self._active[status, rule_id, key.scope] for rule_id in rules_read(rule.body)
        }
        if not rule.geofences:
            return active
        return {rule_id: alarms.within(rule.geofences) for rule_id, alarms in active.items()}

    def source_pool(self, rule: RuleDefinition, key: EpisodeKey) -> SourcePool:
        """Return the sources of a corroboration rule in a unit."""
        assert isinstance(rule.body, CorroborationRule)
        self._index()
        pool = self._pools.get(key)
        if pool is None or pool.rule is not rule.body:
            sightings = self._sightings_of(rule, key)
            pool = self._pools[key] = SourcePool(rule.body, sightings, rule.geofences)
        return pool

    def candidate_keys(self, rule: RuleDefinition, status: Status) -> set[EpisodeKey]:
        """Return the keys for which the loaded evidence may satisfy a rule."""
        self._index()
        if isinstance(rule.body, CompositeRule):
            return self._composite_keys(rule, rule.body, status)
        if isinstance(rule.body, CorroborationRule):
            return self._corroboration_keys(rule, rule.body, status)
        return set()

    def _composite_keys(
        self, rule: RuleDefinition, body: CompositeRule, status: Status
    ) -> set[EpisodeKey]:
        rule_ids = rules_read(body)
        keys: set[EpisodeKey] = set()
        for alarm in self.alarms.values():
            if alarm.rule_id in rule_ids and alarm.status is status:
                scope = scope_key(body.scope, alarm)
                if scope is not None:
                    keys.add(EpisodeKey(rule.rule_id, region_of(status, alarm.place), scope))
        return keys

    def _corroboration_keys(
        self, rule: RuleDefinition, body: CorroborationRule, status: Status
    ) -> set[EpisodeKey]:
        places = {
            place
            for (indexed_status, event_type, _), sightings in self._sightings.items()
            if indexed_status is status and event_type == rule.event_type
            for sighting in sightings.values()
            for place in sighting.places
        }
        for warning in self._warnings[status, rule.event_type].values():
            places |= set(warning.places)
        units = {unit_at(place, body.within) for place in places}
        return {
            EpisodeKey(rule.rule_id, region_of(status, unit), unit)
            for unit in units
            if unit is not None
        }

    def _index(self) -> None:
        if not self._is_indexed:
            self._is_indexed = True
            for alarm in self.alarms.values():
                self._index_alarm(alarm)

    def _index_alarm(self, alarm: AlarmSnapshot) -> None:
        if alarm.withdrawn:
            return
        for scope in scope_keys(alarm):
            self._active[alarm.status, alarm.rule_id, scope].update(alarm)
        if (sighting := sighting_of_alarm(alarm)) is not None:
            self.update_sighting(alarm.status, sighting)

    def _sightings_of(self, rule: RuleDefinition, key: EpisodeKey) -> Iterable[Sighting]:
        status = key.region.status
        yield from self._sightings.get((status, rule.event_type, key.scope), {}).values()
        for warning in self._warnings.get((status, rule.event_type), {}).values():
            if any(covers(area, key.scope) for area in warning.places):
                yield warning

    def _sightings_near(self, status: Status, sighting: Sighting) -> list[dict[str, Sighting]]:
        """Return the parts of the index that contain the sighting."""
        if sighting.is_from_agency:
            return [self._warnings[status, sighting.event_type]]
        return [
            self._sightings[status, sighting.event_type, unit] for unit in units_of(sighting.places)
        ]

    def _pools_with(self, status: Status, sighting: Sighting) -> list[SourcePool]:
        """Return the existing pools to which a sighting belongs."""
        if not self._pools:
            return []
        rules = self._rules.corroborations_of(sighting.event_type)
        if sighting.is_from_agency:
            rule_ids = {rule.rule_id for rule in rules}
            return [
                pool
                for key, pool in self._pools.items()
                if key.rule_id in rule_ids
                and key.region.status is status
                and any(covers(place, key.scope) for place in sighting.places)
            ]
        pools = (
            self._pools.get(EpisodeKey(rule.rule_id, region_of(status, unit), unit))
            for rule in rules
            for unit in units_of(sighting.places)
        )
        return [pool for pool in pools if pool is not None]


def sighting_of_alarm(alarm: AlarmSnapshot) -> Sighting | None:
    """Return an alarm as a sighting of its sensor; None for an alarm without a sensor."""
    if alarm.sensor_id is None:
        return None
    return Sighting(
        sighting_id=alarm.alarm_id,
        record_id=alarm.event_id,
        source=f"sensor:{alarm.sensor_id}",
        kind="sensor",
        event_type=alarm.event_type,
        places=(alarm.place,),
        start=alarm.began_at,
        end=None if alarm.cleared_at is None else max(alarm.began_at, alarm.cleared_at),
        sensor_kind=alarm.sensor_kind,
        position=alarm.position,
        retrospective=alarm.retrospective,
        synthetic=alarm.synthetic,
        grade=alarm.grade,
    )
