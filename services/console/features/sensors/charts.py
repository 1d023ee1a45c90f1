"""A sensor's readings as a chart needs them: thinned without losing a peak, with the levels of its rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.contracts.catalog import SensorEntry
from shared.contracts.rules import RuleDefinition, ThresholdRule, WindowRule
from shared.definitions.rules.checks import fits
from shared.definitions.rules.ladders import ladder_of

Point = tuple[float, float]
"""Seconds since 1970 and a value."""
_LIKE_THE_VALUE = ("mean", "min", "max")


def thinned(points: Sequence[Point], most: int) -> list[Point]:
    """At most `most` of the points (2 or more), in order: the least and the greatest of each slice."""
    if len(points) <= most:
        return list(points)
    slices = most // 2
    kept: list[Point] = []
    for number in range(slices):
        start = number * len(points) // slices
        end = (number + 1) * len(points) // slices
        places = range(start, end)
        ends = {
            min(places, key=lambda place: points[place][1]),
            max(places, key=lambda place: points[place][1]),
        }
        kept += [points[place] for place in sorted(ends)]
    return kept


@dataclass
class SensorRules:
    """The rules whose limits are values of a sensor: a threshold, and windows that stay in its unit."""

    known: dict[str, RuleDefinition] = field(default_factory=dict)

    def apply(self, rule: RuleDefinition) -> None:
        """Apply one record of the topic."""
        if _on_the_value(rule) and rule.enabled and rule.shadow_of is None:
            self.known[rule.rule_id] = rule
        else:
            self.known.pop(rule.rule_id, None)

    def remove(self, rule_id: str) -> None:
        """A rule was deleted."""
        self.known.pop(rule_id, None)

    def levels(self, sensor: SensorEntry) -> list[dict[str, Any]]:
        """The rungs that hold for a sensor, by rule, in the order of the ladder."""
        return [
            {
                "rule_id": rule.rule_id,
                "name_zh": rule.name_zh,
                "name_en": rule.name_en,
                "level": rung.level,
                "raise_at": rung.raise_at,
                "clear_at": rung.clear_at,
                "direction": "above" if sign > 0 else "below",
                "source": rung.source,
            }
            for rule in self._of(sensor)
            for rungs, sign in [ladder_of(rule)]
            for rung in rungs
        ]

    def _of(self, sensor: SensorEntry) -> Iterator[RuleDefinition]:
        for _, rule in sorted(self.known.items()):
            named = rule.sensor_ids
            meant = sensor.sensor_id in named if named else rule.sensor_kind == sensor.sensor_kind
            if meant and fits(rule, sensor):
                yield rule


def _on_the_value(rule: RuleDefinition) -> bool:
    body = rule.body
    return isinstance(body, ThresholdRule) or (
        isinstance(body, WindowRule) and body.aggregate in _LIKE_THE_VALUE
    )
