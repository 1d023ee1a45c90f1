"""A sensor's readings for a chart: thinned with all peaks, and the levels of the rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.contracts.catalog import SensorEntry
from shared.contracts.rules import RuleDefinition, ThresholdRule, WindowRule
from shared.definitions.rules.checks import fits
from shared.definitions.rules.ladders import ladder_of

Point = tuple[float, float]
"""Seconds since 1970 and a value."""
_LIKE_THE_VALUE = ("mean", "min", "max")


def thinned(points: Sequence[Point], most: int) -> list[Point]:
    """Return at most `most` (2 or more) points in order: the least and greatest of each slice."""
    if len(points) <= most:
        return list(points)
    slices = most // 2
    result: list[Point] = []
    for number in range(slices):
        start = number * len(points) // slices
        end = (number + 1) * len(points) // slices
        places = range(start, end)
        ends = {
            min(places, key=lambda place: points[place][1]),
            max(places, key=lambda place: points[place][1]),
        }
        result += [points[place] for place in sorted(ends)]
    return result


@dataclass(frozen=True)
class SensorRules:
    """The rules with limits in the unit of a sensor: thresholds, and windows with an equal unit.

    `rules_by_id` are all rules of the console, in force or not.
    """

    rules_by_id: Mapping[str, RuleDefinition]

    def sign(self, rule_id: str) -> int | None:
        """Return 1 for a rule with upper limits, -1 for lower ones, None without such a rule."""
        rule = self.rules_by_id.get(rule_id)
        if rule is None or not _has_drawn_limits(rule):
            return None
        _, sign = ladder_of(rule)
        return 1 if sign > 0 else -1

    def levels(self, sensor: SensorEntry) -> list[dict[str, Any]]:
        """Return the rungs for a sensor by rule, in the order of the ladder."""
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
            for rule in self._rules_of(sensor)
            for rungs, sign in [ladder_of(rule)]
            for rung in rungs
        ]

    def _rules_of(self, sensor: SensorEntry) -> Iterator[RuleDefinition]:
        for _, rule in sorted(self.rules_by_id.items()):
            sensor_ids = rule.sensor_ids
            applies = (
                sensor.sensor_id in sensor_ids
                if sensor_ids
                else rule.sensor_kind == sensor.sensor_kind
            )
            if applies and _has_drawn_limits(rule) and fits(rule, sensor):
                yield rule


def _has_drawn_limits(rule: RuleDefinition) -> bool:
    body = rule.body
    if not rule.enabled or rule.shadow_of is not None:
        return False
    return isinstance(body, ThresholdRule) or (
        isinstance(body, WindowRule) and body.aggregate in _LIKE_THE_VALUE
    )
