"""I1 and I3 of scoring: the alarms follow from the readings in the log, by the plainest model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from tests.faults.suite.checker.evidence import Evidence, Json, timestamp
from tests.faults.suite.checker.violation import Invariant, Violation

_STEPS = ("raised", "upgraded", "downgraded", "cleared")
Step = tuple[str, str]
"""The transition and the level after it; of a cleared alarm the level before."""


def ladder(rungs: Sequence[Json], values: Iterable[float]) -> list[Step]:
    """Return the steps of a ladder with hysteresis over `values`."""
    now, steps = -1, []
    for value in values:
        reached = max((i for i, rung in enumerate(rungs) if value >= rung["raise_at"]), default=-1)
        lasting = max(
            (i for i, rung in enumerate(rungs) if i <= now and value >= rung["clear_at"]),
            default=-1,
        )
        after = max(reached, lasting)
        if after == now:
            continue
        name = "upgraded" if after > now else "downgraded"
        if now == -1:
            name = "raised"
        elif after == -1:
            name = "cleared"
        steps.append((name, rungs[now if after == -1 else after]["level"]))
        now = after
    return steps


def check(evidence: Evidence) -> Iterator[Violation]:
    """Yield the steps that are missing, and those that nothing calls for."""
    steps_by_sensor = _published(evidence)
    for sensor, (values, in_order) in _scored(evidence).items():
        expected = ladder(evidence.run["rungs"], values)
        steps = steps_by_sensor.pop(sensor, [])
        if not in_order:
            # Late readings may revise what was raised: the outcome alone is certain.
            expected, steps = _outcome(expected), _outcome(steps)
        for step in _missing(expected, steps):
            yield Violation(Invariant.NO_LOSS, "alarm_change_missing", sensor, " ".join(step))
        for step in _missing(steps, expected):
            yield Violation(Invariant.NO_PHANTOM, "alarm_change_unexpected", sensor, " ".join(step))
    for sensor, steps in steps_by_sensor.items():
        yield Violation(Invariant.NO_PHANTOM, "alarm_without_reading", sensor, str(steps[:3]))


def _scored(evidence: Evidence) -> dict[str, tuple[list[float], bool]]:
    """Return the values of each sensor in the log, and true when their times only grow."""
    readings: dict[str, dict[str, tuple[float, float]]] = defaultdict(dict)
    for record in evidence.first_records("sensing.readings.v1"):
        place = ("scoring", record["topic"], record["partition"], record["offset"])
        value = record["value"]
        passed = place in evidence.refused_places or place in evidence.lost_places
        if not passed and value.get("sensor_id") is not None:
            entry = (timestamp(value["occurred_at"]), value["value"])
            readings[value["sensor_id"]].setdefault(value["id"], entry)
    result = {}
    for sensor, entries in readings.items():
        times = [at for at, _ in entries.values()]
        result[sensor] = ([value for _, value in sorted(entries.values())], times == sorted(times))
    return result


def _published(evidence: Evidence) -> dict[str, list[Step]]:
    """Return the steps of the rule per sensor, in the order of event time."""
    changes: dict[str, dict[tuple[str, int], tuple[float, int, Step]]] = defaultdict(dict)
    for record in evidence.first_records("alarm.events.v1"):
        value = record["value"]
        sensor = value.get("sensor_id")
        own = value["rule_id"] == evidence.run["rule_id"] and value["transition"] in _STEPS
        if sensor is None or not own:
            continue
        cleared = value["transition"] == "cleared" and value.get("previous_level")
        step = (value["transition"], value["previous_level"] if cleared else value["level"])
        entry = (timestamp(value["occurred_at"]), value["version"], step)
        changes[sensor].setdefault((value["alarm_id"], value["version"]), entry)
    return {
        sensor: [step for _, _, step in sorted(entries.values())]
        for sensor, entries in changes.items()
    }


def _outcome(steps: Sequence[Step]) -> list[Step]:
    """Return the level that holds at the end; nothing when the alarm is over."""
    last = steps[-1:]
    return [("on", level) for name, level in last if name != "cleared"]


def _missing(expected: Sequence[Step], steps: Sequence[Step]) -> Iterator[Step]:
    """Yield the steps of `expected` that `steps` does not have in this order."""
    position = 0
    for step in expected:
        try:
            position = list(steps).index(step, position) + 1
        except ValueError:
            yield step
