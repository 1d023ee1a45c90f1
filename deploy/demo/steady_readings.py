"""Readings after the scenario: the sensors go on, without alarms and in real time."""

import asyncio
import heapq
import random
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from deploy.demo.demo_clock import END
from deploy.demo.sensor_values import Moment, Route
from deploy.demo.source import HttpSource
from deploy.example.gauges import KIND as GAUGE
from deploy.example.sensors import BY_SLUG, all_sensors
from shared.contracts.fields import Status

_GAUGE_EVERY = timedelta(minutes=15)
_SENSOR_EVERY = timedelta(hours=2)
"""All that were heard in the play: two readings and more a second, and far from any silence."""
_STEP = 0.02
"""Largest step between two readings, as a share of what a quiet day reads."""
_GAUGE_STEP_M = 0.02
_PAUSE_S = 1.0
_MOST = 500


def last_values(moments: Iterable[Moment], silent: str) -> dict[str, Moment]:
    """The last reading of every sensor that goes on: all but the one that fell silent."""
    return {
        moment.sensor_id: moment
        for moment in moments
        if moment.status is Status.ACTUAL and moment.sensor_id != silent
    }


def readings(last: Mapping[str, Moment], seed: int) -> Iterator[Moment]:
    """Yield readings without end, in order of event time from the end of the scenario on."""
    kinds = {
        sensor.sensor_id: sensor.sensor_kind for sensor in all_sensors() if sensor.sensor_id in last
    }
    gauges = {name: last[name] for name, kind in kinds.items() if kind == GAUGE}
    values = {name: last[name] for name, kind in kinds.items() if kind != GAUGE}
    return heapq.merge(
        _rounds(gauges, kinds, _GAUGE_EVERY, seed), _rounds(values, kinds, _SENSOR_EVERY, seed)
    )


async def go_on(http: HttpSource, moments: Iterator[Moment]) -> None:
    """Send each reading when its time has come, until cancelled. Raises RefusedError."""
    began, due = time.monotonic(), next(moments)
    while True:
        now = END + timedelta(seconds=time.monotonic() - began)
        batch: list[Moment] = []
        while due.at <= now and len(batch) < _MOST:
            batch.append(due)
            due = next(moments)
        if batch:
            await http.readings(batch)
        if len(batch) < _MOST:
            await asyncio.sleep(_PAUSE_S)


def _rounds(
    last: Mapping[str, Moment], kinds: Mapping[str, str], every: timedelta, seed: int
) -> Iterator[Moment]:
    if not last:
        return
    chance = random.Random(seed)  # noqa: S311
    values = {name: moment.value for name, moment in last.items()}
    number = 0
    while True:
        for rank, name in enumerate(values):
            values[name] = _moved(values[name], kinds[name], last[name].value, chance)
            yield replace(
                last[name],
                at=END + every * (number + (rank + 1) / len(values)),
                event_id=f"after-{name}-{number:05}",
                value=round(values[name], 2),
                synthetic=True,
                route=Route.HTTP,
            )
        number += 1


def _moved(value: float, kind: str, at_end: float, chance: random.Random) -> float:
    """A small step from `value`, within what a quiet day reads, a gauge around its last level."""
    if kind == GAUGE:
        return at_end + chance.uniform(-_GAUGE_STEP_M, _GAUGE_STEP_M)
    quiet = BY_SLUG[kind]
    step = chance.uniform(-_STEP, _STEP) * (quiet.high - quiet.low)
    return min(max(value + step, quiet.low), quiet.high)
