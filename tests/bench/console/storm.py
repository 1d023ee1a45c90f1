"""A storm: 50,000 alarms a minute of all levels, some of them a red danger that nobody knew of."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from aiokafka import AIOKafkaProducer

from deploy.example.units import of_tier
from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.fields import Level, Tier
from shared.contracts.ids import transition_id
from shared.contracts.topics import ALARMS
from shared.contracts.units import tier_of
from shared.runtime.outbound_records import encode
from tests.bench.console.alarms import an_alarm

_KINDS = (
    "11A01", "11A02", "11A51", "11B01", "11B03", "11B04", "11B05", "11B06", "11B09", "11B14",
    "11B15", "11B17", "11B19", "11B20", "11B21", "11B25", "11C02", "11D01", "11D02", "11G01",
)  # fmt: skip
"""What people already deal with: twenty kinds of event in each of 23 towns, one alert each."""
LEVELS = (Level.BLUE, Level.YELLOW, Level.ORANGE)
_SENSORS = 20_000
_STORM_SENSORS = 10_000_000
"""Numbers of these sensors: none is that of a red alarm."""
_RED_EVERY = 83
"""One alarm in so many is red: ten a second, 26 a minute in each town."""
_SLOT_S = 0.01


@dataclass
class Sent:
    """CLOCK_MONOTONIC by the number of a red alarm, and how many alarms were written in all."""

    red: dict[int, float]
    alarms: int = 0
    seconds: float = 0.0


class Storm:
    """Alarms without an end: 20,000 sensors whose alarms are raised, get worse, get better, are
    cleared, and every now and then a red one, which is an alert of its own.
    """

    def __init__(self, seed: int = 1) -> None:
        self._chance = random.Random(seed)
        self._alarms: dict[int, AlarmEvent] = {}
        self._towns = itertools.cycle(unit_entry.unit for unit_entry in of_tier(Tier.TOWN))
        self._next = 0

    def alarm(self, now: datetime) -> tuple[int, AlarmEvent]:
        """The next alarm's number and record."""
        number, self._next = self._next, self._next + 1
        if number % _RED_EVERY == 0:
            return number, self._red(an_alarm(number, now))
        sensor = self._chance.randrange(_SENSORS)
        before = self._alarms.get(sensor)
        after = self._raised(sensor, now) if before is None else self._changed(before, now)
        if after.transition is AlarmTransition.CLEARED:
            del self._alarms[sensor]
        else:
            self._alarms[sensor] = after
        return number, after

    def _red(self, alarm: AlarmEvent) -> AlarmEvent:
        town = next(self._towns)
        change = {"place": town, "origin_unit": town, "tier": tier_of(town)}
        kind = f"12:red_{alarm.sensor_id}".replace("-", "_")
        return alarm.model_copy(update={"level": Level.RED, "event_type": kind, **change})

    def _raised(self, sensor: int, now: datetime) -> AlarmEvent:
        """Each sensor has its kind and, by its number, its place."""
        level = self._chance.choice((Level.BLUE, Level.BLUE, Level.BLUE, Level.YELLOW))
        change = {
            "event_type": _KINDS[sensor % len(_KINDS)],
            "level": level,
            "headline": "持续降雨",
        }
        return an_alarm(_STORM_SENSORS + sensor, now).model_copy(update=change)

    def _changed(self, before: AlarmEvent, now: datetime) -> AlarmEvent:
        version, rank = before.version + 1, LEVELS.index(before.level)
        transition = self._chance.choice(
            (AlarmTransition.UPGRADED, AlarmTransition.DOWNGRADED, AlarmTransition.CLEARED)
        )
        level = before.level
        if transition is AlarmTransition.UPGRADED:
            level = LEVELS[min(rank + 1, len(LEVELS) - 1)]
        elif transition is AlarmTransition.DOWNGRADED:
            level = LEVELS[max(rank - 1, 0)]
        change: dict[str, object] = {
            "id": transition_id(before.alarm_id, version),
            "occurred_at": now,
            "sent_at": now,
            "version": version,
            "transition": transition,
            "level": level,
            "previous_level": before.level,
        }
        return before.model_copy(update=change)


async def send(out: AIOKafkaProducer, storm: Storm, per_s: float, seconds: float) -> Sent:
    """Write the storm at an even pace."""
    sent = Sent({})
    began = time.monotonic()
    while (elapsed := time.monotonic() - began) < seconds:
        while sent.alarms < elapsed * per_s:
            number, alarm = storm.alarm(datetime.now(UTC))
            value, key = encode(alarm), alarm.alarm_id.encode()
            if alarm.level is Level.RED:
                sent.red[number] = time.monotonic()
            await out.send(ALARMS.name, value, key=key)
            sent.alarms += 1
        await asyncio.sleep(_SLOT_S)
    sent.seconds = time.monotonic() - began
    return sent
