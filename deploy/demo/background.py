"""A quiet five days: readings of all sensors outside the strands, none near a threshold."""

import random
from collections.abc import Iterator
from datetime import timedelta

from deploy.demo.demo_clock import SPAN_S, START
from deploy.demo.sensor_values import Moment, Route
from deploy.example.gauges import KIND as GAUGE
from deploy.example.sensors import BY_SLUG, all_sensors

_DIRECT_SHARE = 0.02
"""So many sensors have a gateway that publishes to Kafka itself."""


def readings(seed: int, sensors: int, rounds: int, apart_from: frozenset[str]) -> Iterator[Moment]:
    """`rounds` readings of each of the first `sensors` generated sensors, in order of time.

    All sensors report once per round, in an order fixed by `seed`, evenly spread over the five
    days.
    """
    chance = random.Random(seed)  # noqa: S311 - values, no secret
    quiet = [
        sensor
        for sensor in all_sensors()
        if sensor.sensor_kind != GAUGE and sensor.sensor_id not in apart_from
    ][:sensors]
    chance.shuffle(quiet)
    direct = int(len(quiet) * _DIRECT_SHARE)
    spacing = SPAN_S / rounds
    for turn in range(rounds):
        for rank, sensor in enumerate(quiet):
            kind = BY_SLUG[sensor.sensor_kind]
            moment = START + timedelta(seconds=round((turn + rank / len(quiet)) * spacing, 3))
            yield Moment(
                at=moment,
                event_id=f"bg-{sensor.sensor_id}-{turn:03}",
                sensor_id=sensor.sensor_id,
                value=round(chance.uniform(kind.low, kind.high), 2),
                route=Route.KAFKA if rank < direct else Route.HTTP,
            )
