"""The rule registry: catalogued sensors and rules in force, ready to look up per reading.

Rules and sensors come from two tables in any order and change while readings arrive. A refused rule
leaves the previous version in force. A rule that names sensors outside the catalogue waits for
their entries. A rule does not apply to a sensor with another unit or another datum, nor to a sensor
in a response mode outside the list of the rule: a change of mode reloads the rules of the sensors
in its subtree, apart for drills and for what is real. A rule with geofences applies to the sensors
whose position lies in one of them. `revision` grows when a change concerns sensors that may have
state.

An installed sensor is expected to send from its entry on. A generated sensor has no device, and
nobody waits for its first reading.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from services.scoring.core.refusals import RefusedInput
from services.scoring.core.rules.rule_set import RuleSet, rule_set_of
from services.scoring.core.rules.sensor import Sensor
from shared.contracts.catalog import SensorEntry
from shared.contracts.fields import Status
from shared.contracts.modes import ResponseModeEvent
from shared.contracts.rules import RuleDefinition
from shared.contracts.units import is_within
from shared.definitions.rules.checks import fits, problems_of
from shared.domain.geofences import lies_within
from shared.domain.local_time import ZONE
from shared.domain.response_modes.effective import UNDECIDED, Modes

DEFAULT_LATENESS_S = 300.0


class RuleRegistry:
    """Sensors by id, rules by id, and one rule set for all sensors that are evaluated alike."""

    def __init__(
        self,
        lateness_s: float = DEFAULT_LATENESS_S,
        partition_of: Callable[[str], int] | None = None,
        zone: str = ZONE,
    ) -> None:
        """Without `partition_of`, the partition of a sensor, no sensor is expected to send.

        `zone` is the time zone of the hours and seasons of rules.
        """
        self.revision = 0
        self._zone = zone
        self._lateness_s = lateness_s
        self._partition_of = partition_of
        self._expected: dict[int, list[str]] = {}
        self._sensors: dict[str, Sensor] = {}
        self._examples: dict[str, dict[tuple[str, str, str | None], SensorEntry]] = {}
        self._rules: dict[str, RuleDefinition] = {}
        self._removed_rules: dict[str, RuleDefinition] = {}
        """With the definition of a removed rule its open alarms are cleared."""
        self._by_kind: dict[str, list[RuleDefinition]] = {}
        self._by_sensor: dict[str, list[RuleDefinition]] = {}
        self._rule_sets: dict[tuple[object, ...], RuleSet] = {}
        self._by_facts: dict[tuple[object, ...], RuleSet] = {}
        """The same rule sets by the facts of sensors: no rule is checked to find one."""
        self._modes = Modes()

    def empty(self) -> RuleRegistry:
        """Return a registry with the same settings and no content."""
        return RuleRegistry(self._lateness_s, self._partition_of, self._zone)

    def add_sensor(self, entry: SensorEntry) -> None:
        """Add a sensor, or replace its entry by the newest entry of the catalogue."""
        sensor = Sensor.of(entry)
        existing_sensor = self._sensors.get(entry.sensor_id)
        if existing_sensor is not None:
            sensor.sensor_id = existing_sensor.sensor_id
            if existing_sensor.has_facts_of(sensor):
                return
            self.revision += 1  # a new sensor has no state yet; the next tick begins to await it
        self._sensors[sensor.sensor_id] = sensor
        is_new = existing_sensor is None or not existing_sensor.awaited
        if self._partition_of is not None and is_new and sensor.awaited:
            partition = self._partition_of(sensor.sensor_id)
            self._expected.setdefault(partition, []).append(sensor.sensor_id)
        facts = (entry.metric, entry.unit, entry.datum)
        self._examples.setdefault(entry.sensor_kind, {}).setdefault(facts, entry)

    def remove_sensor(self, sensor_id: str) -> None:
        """Remove a sensor that is no longer catalogued."""
        if self._sensors.pop(sensor_id, None) is not None:
            self.revision += 1

    def add_rule(self, rule: RuleDefinition) -> None:
        """Put a new version of a rule in force; an older or repeated version changes nothing.

        Raises RefusedInput with every problem of the rule; the previous version stays in force.
        """
        if not rule.over_one_sensor:
            return  # a rule of alerting
        existing_rule = self._rules.get(rule.rule_id)
        if existing_rule is not None and existing_rule.version >= rule.version:
            return
        if rule.enabled and (problems := problems_of(rule, *self._concerned(rule))):
            text = "; ".join(problem.text for problem in problems)
            raise RefusedInput(
                problems[0].reason, f"rule {rule.rule_id} version {rule.version}: {text}"
            )
        self._rules[rule.rule_id] = rule
        self._index()

    def remove_rule(self, rule_id: str) -> None:
        """Remove a rule; a rule of this id may come again with any version."""
        rule = self._rules.pop(rule_id, None)
        if rule is not None:
            self._removed_rules[rule_id] = rule
            self._index()

    def apply_mode(self, event: ResponseModeEvent) -> None:
        """Apply the newest response mode of a unit."""
        self._modes.put(event)
        self._follow_mode(event.unit)

    def remove_mode(self, key: str) -> None:
        """Remove the response mode with this record key."""
        unit = self._modes.remove(key)
        if unit is not None:
            self._follow_mode(unit)

    def _follow_mode(self, unit: str) -> None:
        if not any(rule.modes for rule in self._rules.values()):
            return
        for sensor in self._sensors.values():
            if is_within(sensor.place, unit):
                sensor.rule_set = None
        self.revision += 1

    def definition(self, rule_id: str) -> RuleDefinition | None:
        """Return the newest version of a rule, enabled or not, also of a removed rule."""
        return self._rules.get(rule_id) or self._removed_rules.get(rule_id)

    def sensor(self, sensor_id: str) -> Sensor | None:
        """Return a sensor, perhaps without its rule set yet; None when it is not catalogued."""
        return self._sensors.get(sensor_id)

    def expected_sensors(self, partition: int) -> Sequence[str]:
        """Return the sensors of a partition whose readings are expected, in order of entry.

        The list only grows: a removed sensor stays in it.
        """
        return self._expected.get(partition, ())

    def rule_set(self, sensor: Sensor, status: str = Status.ACTUAL) -> RuleSet:
        """Return the rules for a sensor's readings of a status; a drill has modes of its own."""
        if status != Status.ACTUAL:
            return self._find_rule_set(sensor, Status(status))
        if sensor.rule_set is None:
            sensor.rule_set = self._find_rule_set(sensor, Status.ACTUAL)
        return sensor.rule_set

    def __len__(self) -> int:
        return sum(rule.enabled for rule in self._rules.values())

    @property
    def sensors(self) -> int:
        """Return the number of catalogued sensors."""
        return len(self._sensors)

    def _concerned(self, rule: RuleDefinition) -> tuple[dict[str, SensorEntry], list[SensorEntry]]:
        """Return the entries that a check needs: named sensors, and a sample of each sort of the
        kind.

        A named sensor outside the catalogue counts as fitting: the entry may follow.
        """
        kind = rule.sensor_kind or ""
        entries = {
            sensor_id: sensor.entry() if sensor else _assumed_entry(rule, sensor_id)
            for sensor_id in rule.sensor_ids
            for sensor in (self._sensors.get(sensor_id),)
        }
        return entries, list(self._examples.get(kind, {}).values())

    def _index(self) -> None:
        self._by_kind, self._by_sensor = {}, {}
        for rule_id in sorted(self._rules):
            rule = self._rules[rule_id]
            if not rule.enabled:
                continue
            for sensor_id in rule.sensor_ids:
                self._by_sensor.setdefault(sensor_id, []).append(rule)
            if not rule.sensor_ids:
                self._by_kind.setdefault(rule.sensor_kind or "", []).append(rule)
        self._rule_sets.clear()
        self._by_facts.clear()
        for sensor in self._sensors.values():
            sensor.rule_set = None
        self.revision += 1

    def _find_rule_set(self, sensor: Sensor, status: Status) -> RuleSet:
        effective = self._modes.effective(status, sensor.place)
        lateness = self._lateness_s if sensor.lateness_s is None else sensor.lateness_s
        facts = (sensor.metric, sensor.unit, sensor.datum, sensor.interval_s, lateness)
        of_kind = self._by_kind.get(sensor.kind, [])
        of_sensor = self._by_sensor.get(sensor.sensor_id, [])
        # A rule outside its modes counts as well: it ends its alarms by this decision of the mode.
        mode = effective if any(rule.modes for rule in (*of_kind, *of_sensor)) else UNDECIDED
        outside = frozenset(
            rule.rule_id
            for rule in (*of_kind, *of_sensor)
            if rule.geofences and not lies_within(rule.geofences, sensor.position)
        )
        all_facts = (sensor.kind, mode, outside, *facts, *(rule.rule_id for rule in of_sensor))
        rule_set = self._by_facts.get(all_facts)
        if rule_set is None:
            entry = sensor.entry()
            rules = [
                rule
                for rule in (*of_kind, *of_sensor)
                if (not rule.modes or mode.mode in rule.modes) and fits(rule, entry)
            ]
            key = (*facts, mode, *(rule.rule_id for rule in rules))
            rule_set = self._rule_sets.get(key)
            if rule_set is None:
                rule_set = self._rule_sets[key] = rule_set_of(rules, *facts, mode, self._zone)
            self._by_facts[all_facts] = rule_set
        return rule_set


def _assumed_entry(rule: RuleDefinition, sensor_id: str) -> SensorEntry:
    return SensorEntry.model_construct(
        sensor_id=sensor_id,
        sensor_kind=rule.sensor_kind or "",
        name=sensor_id,
        place="",
        metric=rule.metric or "",
        unit=rule.unit or "",
        datum=rule.datum,
        interval_s=60.0,
    )
