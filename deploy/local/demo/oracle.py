"""Which alarms must exist: computed from the scenario alone, by the most naive reading of the rules.

Nothing here is shared with the scoring service. Threshold and window ladders are walked reading by
reading; silence is judged against the largest event time that had been told before.
"""

import itertools
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from deploy.local.data.rules import packs
from deploy.local.data.sensors import all_sensors
from deploy.local.demo.moments import Moment
from shared.contracts.fields import Status


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of one alarm as others must see it; `level` is the level after it, or the last."""

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
    entries = {one.sensor_id: one for one in all_sensors()}
    found: dict[Key, list[Transition]] = {}
    for (sensor, status), heard in by_sensor.items():
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
                    steps = ladder(body["rungs"], [moment.value for moment in heard])
                case "window":
                    steps = ladder(body["rungs"], _sums(heard, body["window_s"]))
                case _:
                    limit = timedelta(seconds=body["factor"] * entry.interval_s)
                    steps = silences(heard, limit, newest)
            if steps:
                key = (rule["rule_id"], sensor, status)
                found[key] = [Transition(*key[:2], status, kind, level) for kind, level in steps]
    return found


def applies(rule: dict[str, Any], sensor: str, kind: str) -> bool:
    """Whether a rule is about this sensor."""
    named = rule.get("sensor_ids")
    return sensor in named if named else bool(rule["sensor_kind"] == kind)


def ladder(rungs: list[dict[str, Any]], values: Iterable[float]) -> list[tuple[str, str]]:
    """(transition, level) of an upward ladder with hysteresis over `values`."""
    now, found = -1, []
    for value in values:
        reached = max((i for i, rung in enumerate(rungs) if value >= rung["raise_at"]), default=-1)
        kept = max(
            (i for i, rung in enumerate(rungs) if i <= now and value >= rung["clear_at"]),
            default=-1,
        )
        after = max(reached, kept)
        if after == now:
            continue
        if now == -1:
            kind = "raised"
        elif after == -1:
            kind = "cleared"
        else:
            kind = "upgraded" if after > now else "downgraded"
        found.append((kind, rungs[now if after == -1 else after]["level"]))
        now = after
    return found


def silences(heard: list[Moment], limit: timedelta, newest: Any) -> list[tuple[str, str]]:
    """A silence is raised once and cleared by the next reading."""
    found: list[tuple[str, str]] = []
    for before, after in itertools.pairwise(heard):
        if after.at - before.at > limit:
            found += [("raised", "notice"), ("cleared", "notice")]
    if newest - heard[-1].at > limit:
        found.append(("raised", "notice"))
    return found


def _sums(heard: list[Moment], window_s: float) -> list[float]:
    """The sum over the window that ends with each reading."""
    window: deque[Moment] = deque()
    sums = []
    for moment in heard:
        window.append(moment)
        while (moment.at - window[0].at).total_seconds() >= window_s:
            window.popleft()
        sums.append(round(sum(one.value for one in window), 6))
    return sums
