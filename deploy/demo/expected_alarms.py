"""Expected alarms, computed from the scenario alone, by the simplest reading of the rules.

Nothing here is shared with the scoring service. Threshold and window ladders are computed reading
by reading; silence is judged against the largest event time so far.
"""

import itertools
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from deploy.demo.sensor_values import Moment
from deploy.example.rules import packs
from deploy.example.sensors import all_sensors
from shared.contracts.fields import Status


@dataclass(frozen=True, slots=True)
class Transition:
    """A visible change of an alarm; `level` is the level afterwards, or the last level."""

    rule_id: str
    sensor_id: str
    status: Status
    kind: str
    level: str


Key = tuple[str, str, str]
"""Rule, sensor, status: transitions of a key have an order, between keys there is none."""


def expected(moments: Iterable[Moment]) -> dict[Key, list[Transition]]:
    """Expected transitions per key, in order. `moments` must be in order of event time."""
    by_sensor: dict[tuple[str, Status], list[Moment]] = defaultdict(list)
    newest = None
    for moment in moments:
        by_sensor[moment.sensor_id, moment.status].append(moment)
        newest = moment.at
    entries = {sensor.sensor_id: sensor for sensor in all_sensors()}
    results: dict[Key, list[Transition]] = {}
    for (sensor, status), moments_of_sensor in by_sensor.items():
        entry = entries[sensor]
        for rule in packs():
            if not applies(rule, sensor, entry.sensor_kind):
                continue
            body = rule["body"]
            # A drill ends: that is no silence of the device.
            if body["kind"] == "absence" and status is not Status.ACTUAL:
                continue
            match body["kind"]:
                case "threshold":
                    values = [moment.value for moment in moments_of_sensor]
                    steps = ladder(body["rungs"], values, _sign(body), body.get("count", 1))
                case "window":
                    steps = ladder(body["rungs"], _aggregates(moments_of_sensor, body), _sign(body))
                case "rate":
                    steps = ladder(body["rungs"], _rates(moments_of_sensor, body), _sign(body))
                case "absence":
                    limit = timedelta(seconds=body["factor"] * entry.interval_s)
                    steps = silences(moments_of_sensor, limit, newest)
                case _:  # stuck and range are health; the play holds nothing unusual for a baseline
                    steps = []
            if steps:
                key = (rule["rule_id"], sensor, status)
                results[key] = [Transition(*key[:2], status, kind, level) for kind, level in steps]
    return results


def applies(rule: dict[str, Any], sensor: str, kind: str) -> bool:
    """Return whether a rule is enabled and about this sensor; rules over more sources are not."""
    if not rule.get("enabled", True) or "sensor_kind" not in rule:
        return False
    named = rule.get("sensor_ids")
    return sensor in named if named else bool(rule["sensor_kind"] == kind)


def ladder(
    rungs: list[dict[str, Any]], values: Iterable[float], sign: int = 1, count: int = 1
) -> list[tuple[str, str]]:
    """(transition, level) of a ladder with hysteresis over `values`; -1 = a ladder downwards."""
    now, result = -1, []
    in_a_row = [0] * len(rungs)
    for value in values:
        for i, rung in enumerate(rungs):
            in_a_row[i] = in_a_row[i] + 1 if value * sign >= rung["raise_at"] * sign else 0
        reached = max((i for i, times in enumerate(in_a_row) if times >= count), default=-1)
        longest = max(
            (
                i
                for i, rung in enumerate(rungs)
                if i <= now and value * sign >= rung["clear_at"] * sign
            ),
            default=-1,
        )
        after = max(reached, longest)
        if after == now:
            continue
        if now == -1:
            kind = "raised"
        elif after == -1:
            kind = "cleared"
        else:
            kind = "upgraded" if after > now else "downgraded"
        result.append((kind, rungs[now if after == -1 else after]["level"]))
        now = after
    return result


def silences(
    moments_of_sensor: list[Moment], limit: timedelta, newest: Any
) -> list[tuple[str, str]]:
    """A silence is raised once and cleared by the next reading."""
    results: list[tuple[str, str]] = []
    for before, after in itertools.pairwise(moments_of_sensor):
        if after.at - before.at > limit:
            results += [("raised", "notice"), ("cleared", "notice")]
    if newest - moments_of_sensor[-1].at > limit:
        results.append(("raised", "notice"))
    return results


def _sign(body: dict[str, Any]) -> int:
    return -1 if body.get("direction") == "below" else 1


def _aggregates(moments_of_sensor: list[Moment], body: dict[str, Any]) -> list[float]:
    """The aggregate over the window that ends with each reading."""
    works: dict[str, Callable[[list[float]], float]] = {"sum": sum, "max": max, "min": min}
    work = works[body["aggregate"]]
    window: deque[Moment] = deque()
    results = []
    for moment in moments_of_sensor:
        window.append(moment)
        while (moment.at - window[0].at).total_seconds() >= body["window_s"]:
            window.popleft()
        results.append(round(work([moment.value for moment in window]), 6))
    return results


def _rates(moments_of_sensor: list[Moment], body: dict[str, Any]) -> list[float]:
    """Return the rates from each reading to the next, where the gap is short enough."""
    results = []
    for before, after in itertools.pairwise(moments_of_sensor):
        gap = (after.at - before.at).total_seconds()
        if 0 < gap <= body.get("gap_s", 3600):
            results.append((after.value - before.value) / gap * body.get("per_s", 1))
    return results
