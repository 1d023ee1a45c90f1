"""The three strands and the drill as readings in event time, and the points of waiting."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from deploy.demo import hydrograph
from deploy.demo.actors import DRILL_GAUGE, GAS_TOWN, QUIET_TOWN, ZHUTUO, Actors
from deploy.demo.demo_clock import END, START, at
from deploy.demo.sensor_values import Moment, Route
from deploy.example.gauges import gauges
from shared.contracts.fields import Level, Status

Course = list[tuple[datetime, float]]

CREEK: Course = [
    (START, 0.8),
    (at(18, 9), 1.1),
    (at(18, 10), 2.6),
    (at(18, 11), 3.4),
    (at(20, 18), 3.3),
    (at(21, 0), 2.6),
    (at(21, 6), 1.2),
    (END, 0.8),
]
"""A small stream at the quiet village: yellow, orange, down again (synthetic)."""
FIRST_DETECTOR: Course = [
    (at(18, 18), 3.0),
    (at(18, 18, 10), 30.0),
    (at(18, 18, 30), 56.0),
    (at(19, 20), 52.0),
    (at(19, 22), 8.0),
    (at(20, 2), 3.0),
]
SECOND_DETECTOR: Course = [
    (at(18, 18), 2.0),
    (at(18, 18, 20), 27.0),
    (at(19, 20), 33.0),
    (at(19, 22), 6.0),
    (at(20, 2), 2.0),
]
REPORT_AT = at(18, 18, 25)
"""When the grid worker reports the smell of gas."""
DRILL: Course = [
    (at(18, 10), 179.0),
    (at(18, 12), 181.2),
    (at(20, 0), 181.0),
    (at(20, 3), 179.0),
    (at(20, 6), 178.8),
]
"""What the drill pretends at Cuntan: above warning level while the real water is not, and back."""
_QUIET_VALUE = {"falls_silent": 24.0, "comes_back": 27.0}
_SELF_REPORT = timedelta(hours=4)


@dataclass(frozen=True)
class Gate:
    """The scenario waits at `at` until the alert of `place` is issued at `level` (None: lifted)."""

    at: datetime
    place: str
    event_type: str
    level: Level | None
    status: Status = Status.ACTUAL


GATES = (
    Gate(at(18, 15), QUIET_TOWN, "11A01", Level.ORANGE),
    Gate(at(18, 16), "500105000000", "11A01", Level.BLUE),
    Gate(at(18, 22), "500105000000", "11A01", Level.YELLOW),
    Gate(at(19, 6), GAS_TOWN, "12:gas_leak", Level.ORANGE),
    Gate(at(19, 7), ZHUTUO, "11A01", Level.ORANGE),
    Gate(at(19, 13), "500105000000", "11A01", Level.ORANGE),
    Gate(at(19, 14), "500105000000", "11A01", Level.YELLOW, Status.EXERCISE),
    Gate(at(20, 10), "500105000000", "11A01", Level.RED),
    Gate(at(20, 20), "500105000000", "11A01", Level.ORANGE),
    Gate(at(22, 1), "500105000000", "11A01", Level.YELLOW),
    Gate(at(22, 12), "500105000000", "11A01", Level.BLUE),
    Gate(at(22, 20), "500105000000", "11A01", None),
)
"""Where people need a moment before the water moves on; each waits a bounded time."""


def readings(people: Actors, seed: int) -> Iterator[Moment]:
    """Return all readings of the scenario, unsorted."""
    for gauge in gauges():
        for number, sample in enumerate(hydrograph.samples(gauge, seed)):
            yield Moment(
                at=sample.at,
                event_id=f"flood-{gauge.sensor_id}-{number:04}",
                sensor_id=gauge.sensor_id,
                value=sample.level_m,
                synthetic=sample.synthetic,
                route=Route.HTTP,
                part="flood",
            )
    first, second = people.detectors
    yield from _along(CREEK, people.creek, "quiet", timedelta(minutes=20))
    yield from _along(FIRST_DETECTOR, first, "gas", timedelta(minutes=5))
    yield from _along(SECOND_DETECTOR, second, "gas", timedelta(minutes=5))
    for detector in people.detectors:
        yield from _steady(detector, 2.0, "gas", at(20, 6), END)
    yield from _along(DRILL, DRILL_GAUGE, "drill", timedelta(minutes=30), Status.EXERCISE)
    yield from _steady(
        people.falls_silent, _QUIET_VALUE["falls_silent"], "silence", START, at(18, 18)
    )
    yield from _steady(people.comes_back, _QUIET_VALUE["comes_back"], "silence", START, at(18, 16))
    yield from _steady(people.comes_back, _QUIET_VALUE["comes_back"], "silence", at(20, 6), END)


def _along(
    course: Course, sensor: str, part: str, step: timedelta, status: Status = Status.ACTUAL
) -> Iterator[Moment]:
    """Straight lines through the course, a value every `step` and at every support point."""
    moments = {moment for moment, _ in course}
    moment = course[0][0]
    while moment < course[-1][0]:
        moments.add(moment)
        moment += step
    for number, when in enumerate(sorted(moments)):
        yield Moment(
            at=when,
            event_id=f"{part}-{sensor}-{number:04}",
            sensor_id=sensor,
            value=round(_value(course, when), 2),
            status=status,
            part=part,
        )


def _value(course: Course, when: datetime) -> float:
    for (moment, low), (right, high) in itertools.pairwise(course):
        if moment <= when <= right:
            return low + (high - low) * ((when - moment) / (right - moment))
    raise ValueError(f"{when} lies outside the course")


def _steady(
    sensor: str, value: float, part: str, begin: datetime, end: datetime
) -> Iterator[Moment]:
    moment, number = begin, 0
    while moment <= end:
        stamp = moment.strftime("%d%H%M")
        # A tenth up and down: a value that never moves is a stuck sensor.
        rounded = round(value + number % 2 / 10, 1)
        yield Moment(moment, f"{part}-{sensor}-s{stamp}", sensor, rounded, part=part)
        moment, number = moment + _SELF_REPORT, number + 1
