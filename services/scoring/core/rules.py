"""The rule book: which compiled rules judge which sensor, ready to look up per reading.

Rules and sensors come from two tables in any order and change while readings flow. A refused rule
leaves the version in force before it; a sensor that was catalogued later and does not fit a rule
(another unit, another datum) is not judged by it. `revision` grows when something changes for
sensors that may already have state.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.scoring.core.checks import Refused, fits, problems_of
from services.scoring.core.ladder import Ladder, Step
from services.scoring.core.windows import Aggregate
from shared.contracts.catalog import SensorEntry
from shared.contracts.fields import LEVEL_ORDER, Tier
from shared.contracts.rules import (
    AbsenceRule,
    RuleDefinition,
    Rung,
    ThresholdRule,
    WindowRule,
)
from shared.contracts.units import tier_of


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule for one sensor. Exactly one of the three: plain ladder, window and ladder, absence.

    `silent_s` is the longest gap between readings that is not silence, 0 for the other kinds.
    """

    definition: RuleDefinition
    rule_id: str
    version: int
    ladder: Ladder | None = None
    aggregate: Aggregate | None = None
    window_s: float = 0.0
    silent_s: float = 0.0
    silent_rank: int = 0


@dataclass(frozen=True, slots=True)
class SensorRules:
    """A catalogued sensor and the rules that judge it, split by what they need."""

    entry: SensorEntry
    tier: Tier
    thresholds: tuple[CompiledRule, ...]
    windows: tuple[CompiledRule, ...]
    absences: tuple[CompiledRule, ...]
    waiting: tuple[CompiledRule, ...]
    """Of `thresholds`, those that time alone can raise."""

    def find(self, rule_id: str) -> CompiledRule | None:
        """The rule by id, None when it does not judge this sensor."""
        every = (*self.thresholds, *self.windows, *self.absences)
        return next((rule for rule in every if rule.rule_id == rule_id), None)


class RuleBook:
    """The catalogue's sensors and the rules in force."""

    def __init__(self) -> None:
        self.revision = 0
        self._sensors: dict[str, SensorEntry] = {}
        self._of_kind: dict[str, dict[str, SensorEntry]] = {}
        self._rules: dict[str, RuleDefinition] = {}
        self._by_kind: dict[str, list[RuleDefinition]] = {}
        self._by_sensor: dict[str, list[RuleDefinition]] = {}
        self._compiled: dict[str, SensorRules] = {}

    def put_sensor(self, entry: SensorEntry) -> None:
        """Take a sensor's newest catalogue entry."""
        known = self._sensors.get(entry.sensor_id)
        if known == entry:
            return
        if known is not None:
            del self._of_kind[known.sensor_kind][known.sensor_id]
            self.revision += 1  # a new sensor has no state yet, so nothing to revise
        self._sensors[entry.sensor_id] = entry
        self._of_kind.setdefault(entry.sensor_kind, {})[entry.sensor_id] = entry
        self._compiled.pop(entry.sensor_id, None)

    def put_rule(self, rule: RuleDefinition) -> None:
        """Take a rule's new version; an older or repeated one changes nothing.

        Raises Refused naming everything that is wrong; the version in force stays.
        """
        known = self._rules.get(rule.rule_id)
        if known is not None and known.version >= rule.version:
            return
        of_kind = list(self._of_kind.get(rule.sensor_kind, {}).values())
        if rule.enabled and (found := problems_of(rule, self._sensors, of_kind)):
            text = "; ".join(problem.text for problem in found)
            raise Refused(found[0].reason, f"rule {rule.rule_id} version {rule.version}: {text}")
        self._rules[rule.rule_id] = rule
        self._index()

    def definition(self, rule_id: str) -> RuleDefinition | None:
        """The version in force, switched off or not."""
        return self._rules.get(rule_id)

    def sensor(self, sensor_id: str) -> SensorRules | None:
        """A sensor with its rules; None when it is not catalogued."""
        found = self._compiled.get(sensor_id)
        if found is None and (entry := self._sensors.get(sensor_id)) is not None:
            found = self._compiled[sensor_id] = self._compile(entry)
        return found

    def __len__(self) -> int:
        return sum(rule.enabled for rule in self._rules.values())

    @property
    def sensors(self) -> int:
        """How many sensors are catalogued."""
        return len(self._sensors)

    def _index(self) -> None:
        self._by_kind, self._by_sensor = {}, {}
        for rule_id in sorted(self._rules):
            rule = self._rules[rule_id]
            if not rule.enabled:
                continue
            for sensor_id in rule.sensor_ids:
                self._by_sensor.setdefault(sensor_id, []).append(rule)
            if not rule.sensor_ids:
                self._by_kind.setdefault(rule.sensor_kind, []).append(rule)
        self._compiled.clear()
        self.revision += 1

    def _compile(self, entry: SensorEntry) -> SensorRules:
        candidates = [
            *self._by_kind.get(entry.sensor_kind, ()),
            *self._by_sensor.get(entry.sensor_id, ()),
        ]
        rules = [compile_rule(rule, entry) for rule in candidates if fits(rule, entry)]
        thresholds = _only(rule for rule in rules if rule.ladder and not rule.aggregate)
        return SensorRules(
            entry,
            tier_of(entry.place),
            thresholds,
            _only(rule for rule in rules if rule.aggregate),
            _only(rule for rule in rules if rule.silent_s),
            _only(rule for rule in thresholds if rule.ladder and rule.ladder.for_s),
        )


def compile_rule(rule: RuleDefinition, entry: SensorEntry) -> CompiledRule:
    """A checked rule, made ready for one sensor."""
    body = rule.body
    match body:
        case ThresholdRule():
            ladder = _ladder(body.rungs, body.direction, body.for_s, body.count)
            return CompiledRule(rule, rule.rule_id, rule.version, ladder)
        case WindowRule():
            ladder = _ladder(body.rungs, body.direction)
            return CompiledRule(
                rule, rule.rule_id, rule.version, ladder, body.aggregate, body.window_s
            )
        case AbsenceRule():
            return CompiledRule(
                rule,
                rule.rule_id,
                rule.version,
                silent_s=min(body.factor * entry.interval_s, body.ceiling_s),
                silent_rank=LEVEL_ORDER[body.level],
            )


def _ladder(rungs: tuple[Rung, ...], direction: str, for_s: float = 0.0, count: int = 1) -> Ladder:
    sign = 1 if direction == "above" else -1
    limits = [rung.raise_at for rung in rungs]
    steps = tuple(
        Step(
            LEVEL_ORDER[rung.level],
            rung.raise_at * sign,
            rung.clear_at * sign,
            rung.raise_at,
            rung.clear_at,
            _scale(limits, place),
        )
        for place, rung in enumerate(rungs)
    )
    return Ladder(sign, steps, for_s, count)


def _scale(limits: list[float], place: int) -> float:
    if len(limits) == 1:
        return abs(limits[0]) or 1.0
    other = place + 1 if place + 1 < len(limits) else place - 1
    return abs(limits[other] - limits[place])


def _only(rules: Iterable[CompiledRule]) -> tuple[CompiledRule, ...]:
    return tuple(rules)
