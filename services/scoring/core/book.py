"""The rule book: the catalogue's sensors and the rules in force, ready to look up per reading.

Rules and sensors come from two tables in any order and change while readings flow. A refused rule
leaves the version in force before it. A rule that names sensors not catalogued yet waits for them. A
sensor that does not fit a rule (another unit, another datum) is not judged by it. Nor is one whose
place is in a response mode that the rule does not name: a change of mode is a reload for the sensors
of its subtree, in its own world. `revision` grows when something changes for sensors that may already
have state.
"""

from __future__ import annotations

from dataclasses import dataclass
from sys import intern

from services.scoring.core.checks import Refused
from services.scoring.core.rules import Plan, plan_of
from shared.contracts.catalog import SensorEntry
from shared.contracts.fields import Position, Status, Tier
from shared.contracts.modes import ResponseModeEvent
from shared.contracts.rules import RuleDefinition
from shared.contracts.units import is_within, tier_of
from shared.definitions.rules.checks import fits, problems_of
from shared.domain.response_modes.effective import UNDECIDED, Modes

DEFAULT_LATENESS_S = 300.0


@dataclass(slots=True)
class Sensor:
    """A catalogued sensor, small: there may be a million. `plan` is filled when it is first heard."""

    sensor_id: str
    kind: str
    place: str
    tier: Tier
    metric: str
    unit: str
    datum: str | None
    interval_s: float
    lateness_s: float | None
    site: str | None
    position: Position | None
    plan: Plan | None = None


class RuleBook:
    """Sensors by id, rules by id, and one plan for all sensors that are judged alike."""

    def __init__(self, lateness_s: float = DEFAULT_LATENESS_S) -> None:
        self.revision = 0
        self._lateness_s = lateness_s
        self._sensors: dict[str, Sensor] = {}
        self._examples: dict[str, dict[tuple[str, str, str | None], SensorEntry]] = {}
        self._rules: dict[str, RuleDefinition] = {}
        self._by_kind: dict[str, list[RuleDefinition]] = {}
        self._by_sensor: dict[str, list[RuleDefinition]] = {}
        self._plans: dict[tuple[object, ...], Plan] = {}
        self._alike: dict[tuple[object, ...], Plan] = {}
        """The same plans by what makes sensors alike, found without looking at every rule."""
        self._modes = Modes()

    def put_sensor(self, entry: SensorEntry) -> None:
        """Take a sensor's newest catalogue entry."""
        fresh = _small(entry)
        existing_sensor = self._sensors.get(entry.sensor_id)
        if existing_sensor is not None:
            fresh.sensor_id = existing_sensor.sensor_id
            if _same(existing_sensor, fresh):
                return
            self.revision += 1  # a new sensor has no state yet, so nothing to revise
        self._sensors[fresh.sensor_id] = fresh
        facts = (entry.metric, entry.unit, entry.datum)
        self._examples.setdefault(entry.sensor_kind, {}).setdefault(facts, entry)

    def drop_sensor(self, sensor_id: str) -> None:
        """A sensor is no longer catalogued."""
        if self._sensors.pop(sensor_id, None) is not None:
            self.revision += 1

    def put_rule(self, rule: RuleDefinition) -> None:
        """Take a rule's new version; an older or repeated one changes nothing.

        Raises Refused naming everything that is wrong; the version in force stays.
        """
        if not rule.over_one_sensor:
            return  # alerting's
        existing_rule_definition = self._rules.get(rule.rule_id)
        if (
            existing_rule_definition is not None
            and existing_rule_definition.version >= rule.version
        ):
            return
        if rule.enabled and (result := problems_of(rule, *self._concerned(rule))):
            text = "; ".join(problem.text for problem in result)
            raise Refused(result[0].reason, f"rule {rule.rule_id} version {rule.version}: {text}")
        self._rules[rule.rule_id] = rule
        self._index()

    def put_mode(self, event: ResponseModeEvent) -> None:
        """Take a unit's newest response mode."""
        self._modes.put(event)
        if not any(rule.modes for rule in self._rules.values()):
            return
        for sensor in self._sensors.values():
            if is_within(sensor.place, event.unit):
                sensor.plan = None
        self.revision += 1

    def definition(self, rule_id: str) -> RuleDefinition | None:
        """The version in force, switched off or not."""
        return self._rules.get(rule_id)

    def sensor(self, sensor_id: str) -> Sensor | None:
        """A sensor, without its plan until someone asks `plan`; None when it is not catalogued."""
        return self._sensors.get(sensor_id)

    def plan(self, sensor: Sensor, status: str = Status.ACTUAL) -> Plan:
        """What judges this sensor's readings of a status: a drill has the modes of the drill."""
        if status != Status.ACTUAL:
            return self._plan(sensor, Status(status))
        if sensor.plan is None:
            sensor.plan = self._plan(sensor, Status.ACTUAL)
        return sensor.plan

    def __len__(self) -> int:
        return sum(rule.enabled for rule in self._rules.values())

    @property
    def sensors(self) -> int:
        """How many sensors are catalogued."""
        return len(self._sensors)

    def _concerned(self, rule: RuleDefinition) -> tuple[dict[str, SensorEntry], list[SensorEntry]]:
        """The catalogue as a check needs it: the sensors a rule names, one of each sort of its kind.

        A sensor that is named and not catalogued is taken for one that fits: it may still come.
        """
        kind = rule.sensor_kind or ""
        named = {
            sensor_id: _entry(sensor) if sensor else _imagined(rule, sensor_id)
            for sensor_id in rule.sensor_ids
            for sensor in (self._sensors.get(sensor_id),)
        }
        return named, list(self._examples.get(kind, {}).values())

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
        self._plans.clear()
        self._alike.clear()
        for sensor in self._sensors.values():
            sensor.plan = None
        self.revision += 1

    def _plan(self, sensor: Sensor, status: Status) -> Plan:
        effective = self._modes.effective(status, sensor.place)
        lateness = self._lateness_s if sensor.lateness_s is None else sensor.lateness_s
        facts = (sensor.metric, sensor.unit, sensor.datum, sensor.interval_s, lateness)
        kind, named = self._by_kind.get(sensor.kind, []), self._by_sensor.get(sensor.sensor_id, [])
        # One that does not hold now counts as well: what it gives up, it gives up by this decision.
        mode = effective if any(rule.modes for rule in (*kind, *named)) else UNDECIDED
        alike = (sensor.kind, mode, *facts, *(rule.rule_id for rule in named))
        plan = self._alike.get(alike)
        if plan is None:
            entry = _entry(sensor)
            rules = [
                rule
                for rule in (*kind, *named)
                if (not rule.modes or mode.mode in rule.modes) and fits(rule, entry)
            ]
            key = (*facts, mode, *(rule.rule_id for rule in rules))
            plan = self._plans.get(key)
            if plan is None:
                plan = self._plans[key] = plan_of(rules, *facts, mode)
            self._alike[alike] = plan
        return plan


def _small(entry: SensorEntry) -> Sensor:
    return Sensor(
        entry.sensor_id,
        intern(entry.sensor_kind),
        intern(entry.place),
        tier_of(entry.place),
        intern(entry.metric),
        intern(entry.unit),
        None if entry.datum is None else intern(entry.datum),
        entry.interval_s,
        entry.lateness_s,
        entry.site,
        entry.position,
    )


def _same(sensor: Sensor, other: Sensor) -> bool:
    return all(
        getattr(sensor, name) == getattr(other, name) for name in Sensor.__slots__ if name != "plan"
    )


def _entry(sensor: Sensor) -> SensorEntry:
    """Back to what the checks read."""
    return SensorEntry.model_construct(
        sensor_id=sensor.sensor_id,
        sensor_kind=sensor.kind,
        name=sensor.sensor_id,
        place=sensor.place,
        metric=sensor.metric,
        unit=sensor.unit,
        datum=sensor.datum,
        interval_s=sensor.interval_s,
    )


def _imagined(rule: RuleDefinition, sensor_id: str) -> SensorEntry:
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
