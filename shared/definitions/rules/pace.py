"""Rules against the pace of their sensors: windows without readings, waits without effect.

Where no sensor of a rule can ever fulfil it, that is an error; where only some cannot, a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil

from shared.contracts.catalog import SensorEntry
from shared.contracts.dead_letter import Reason
from shared.contracts.rules import (
    AbsenceRule,
    RateRule,
    RuleDefinition,
    StuckRule,
    ThresholdRule,
    WindowRule,
)
from shared.definitions.rules.ladders import ladder_of
from shared.definitions.yaml_files.findings import FieldPath, Problem, Severity


def pace_problems(rule: RuleDefinition, covered: Sequence[SensorEntry]) -> list[Problem]:
    """Return the problems of a rule with the intervals of its sensors; empty without sensors."""
    if not covered:
        return []
    return [*_of_kind(rule, covered), *_of_fall(rule, covered)]


def _of_fall(rule: RuleDefinition, covered: Sequence[SensorEntry]) -> list[Problem]:
    """A fall that waits for less than an interval waits for one more reading."""
    clear_for_s = getattr(rule.body, "clear_for_s", 0.0)
    quickest = min(sensor_entry.interval_s for sensor_entry in covered)
    if not 0 < clear_for_s < quickest:
        return []
    text = f"clear_for_s {clear_for_s:g} is shorter than the interval: the next reading decides"
    path = ("body", "clear_for_s")
    return [_warning(text, path, f"0, or at least {quickest:g}")]


def _of_kind(rule: RuleDefinition, covered: Sequence[SensorEntry]) -> list[Problem]:
    body = rule.body
    match body:
        case WindowRule():
            return _of_window(rule, body, covered)
        case RateRule():
            return _never(
                covered,
                lambda item: body.gap_s < item.interval_s,
                f"gap_s {body.gap_s:g} is shorter than the time between two readings",
                ("body", "gap_s"),
                lambda worst: f"at least {worst:g}",
            )
        case AbsenceRule():
            shortest = max(sensor_entry.interval_s for sensor_entry in covered)
            if body.ceiling_s <= shortest:
                text = (
                    f"ceiling_s {body.ceiling_s:g} is within the interval of "
                    f"{_slowest(covered).sensor_id}: it would be silent between any two readings"
                )
                path = ("body", "ceiling_s")
                return [Problem(Reason.INVALID_RULE, text, path, f"more than {shortest:g}")]
            return []
        case StuckRule():
            return _never(
                covered,
                lambda item: body.for_s < 2 * item.interval_s,
                f"for_s {body.for_s:g} is shorter than two intervals: "
                "two equal values are no fault",
                ("body", "for_s"),
                lambda worst: f"at least {2 * worst:g}",
            )
        case ThresholdRule():
            return _of_threshold(body, covered)
        case _:
            return []


def most_readings(window_s: float, interval_s: float) -> int:
    """Return the number of readings in a window of a sensor that reports once per interval."""
    return max(1, ceil(window_s / interval_s))


def _of_window(
    rule: RuleDefinition, body: WindowRule, covered: Sequence[SensorEntry]
) -> list[Problem]:
    needed = max(body.min_count, 2 if body.aggregate == "delta" else 1)
    result = _never(
        covered,
        lambda item: most_readings(body.window_s, item.interval_s) < needed,
        f"a window of {body.window_s:g} s never holds {needed} readings",
        ("body", "min_count" if body.min_count == needed else "window_s"),
        lambda worst: (
            f"min_count up to {most_readings(body.window_s, worst)}, or window_s of at least "
            f"{(needed - 1) * worst:g}"
        ),
    )
    if body.aggregate == "count" and body.direction == "above":
        most = max(
            most_readings(body.window_s, sensor_entry.interval_s) for sensor_entry in covered
        )
        for place, rung in enumerate(ladder_of(rule)[0]):
            if rung.raise_at > most:
                text = f"{rung.level} is never reached: the window holds at most {most} readings"
                path = ("body", "rungs", place, "raise_at")
                result.append(Problem(Reason.INVALID_RULE, text, path, f"at most {most}"))
    single = [
        sensor_entry
        for sensor_entry in covered
        if most_readings(body.window_s, sensor_entry.interval_s) < 2
    ]
    if single and not result and body.aggregate not in ("count", "delta"):
        text = (
            f"the window is shorter than the interval of {len(single)} sensors, such as "
            f"{single[0].sensor_id} ({single[0].interval_s:g} s): a single reading decides"
        )
        slow = max(sensor_entry.interval_s for sensor_entry in single)
        result.append(_warning(text, ("body", "window_s"), f"more than {slow:g}"))
    return result


def _of_threshold(body: ThresholdRule, covered: Sequence[SensorEntry]) -> list[Problem]:
    quickest = min(sensor_entry.interval_s for sensor_entry in covered)
    if body.for_s and body.count > 1 and (body.count - 1) * quickest > body.for_s:
        text = f"for_s {body.for_s:g} has no effect: {body.count} readings take longer"
        return [
            _warning(text, ("body", "for_s"), f"0, or more than {(body.count - 1) * quickest:g}")
        ]
    if body.for_s and body.count == 1 and body.for_s < quickest:
        text = f"for_s {body.for_s:g} is shorter than the interval: one reading decides, only later"
        return [_warning(text, ("body", "for_s"), f"0, or at least {quickest:g}")]
    return []


def _never(
    covered: Sequence[SensorEntry],
    fails: Callable[[SensorEntry], bool],
    text: str,
    path: FieldPath,
    allowed: Callable[[float], str],
) -> list[Problem]:
    failing = [sensor_entry for sensor_entry in covered if fails(sensor_entry)]
    if not failing:
        return []
    slow = _slowest(failing)
    every_sensor = len(failing) == len(covered)
    which = "every sensor" if every_sensor else f"{len(failing)} of {len(covered)} sensors"
    text = f"{text} ({which}, such as {slow.sensor_id} every {slow.interval_s:g} s)"
    severity = Severity.ERROR if every_sensor else Severity.WARNING
    return [Problem(Reason.INVALID_RULE, text, path, allowed(slow.interval_s), severity)]


def _slowest(covered: Sequence[SensorEntry]) -> SensorEntry:
    return max(covered, key=lambda item: item.interval_s)


def _warning(text: str, path: FieldPath, allowed: str) -> Problem:
    return Problem(Reason.INVALID_RULE, text, path, allowed, Severity.WARNING)
