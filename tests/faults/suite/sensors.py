"""Sensors under load: gateways that send what their sensors measure, and reporters of incidents."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime

from shared.contracts.catalog import SensorEntry
from tests.faults.suite.requests import Door, Json

PATIENCE_S = 25.0
"""A gateway gives up a batch after this time, well within the lateness of its sensors."""
_LOW, _YELLOW, _ORANGE = (1.0, 18.0), (27.0, 44.0), (55.0, 80.0)


@dataclass
class Waves:
    """The values of a sensor: mostly low, for some readings in danger, by chance."""

    chance: random.Random
    share: float
    """The probability that a low sensor rises at a reading."""
    _ahead: list[tuple[float, float]] = field(default_factory=list)

    def value(self) -> float:
        """Return the next value."""
        if not self._ahead:
            steps = [_LOW] * self.chance.randint(3, 10)
            if self.chance.random() < self.share:
                high = [_YELLOW] * self.chance.randint(2, 5)
                steps = high + [_ORANGE] * self.chance.randint(0, 4) + steps
            self._ahead = steps
        low, high_end = self._ahead.pop(0)
        return round(self.chance.uniform(low, high_end), 3)


class Gateway:
    """One sender: it sends a batch of its sensors, and the next when the outcome is certain."""

    def __init__(
        self, name: str, sensors: list[SensorEntry], door: Door, token: str, seed: int
    ) -> None:
        chance = random.Random(seed)
        self._name, self._sensors, self._door = name, sensors, door
        self._headers = {"authorization": f"Bearer {token}"}
        self._waves = {
            sensor.sensor_id: Waves(random.Random(chance.random()), 0.08) for sensor in sensors
        }
        self._number = 0
        self.interval_s = 1.0
        self.silent = False

    async def work(self) -> None:
        """Send until cancelled."""
        while True:
            began = asyncio.get_running_loop().time()
            if not self.silent:
                await self.send(self._sensors)
            spent_s = asyncio.get_running_loop().time() - began
            await asyncio.sleep(max(0.0, self.interval_s - spent_s))

    async def send(self, sensors: list[SensorEntry]) -> None:
        """Send one reading of each of these sensors."""
        self._number += 1
        now = datetime.now(UTC)
        readings = [self._reading(sensor, now) for sensor in sensors]
        await self._door.post(
            "reading",
            [str(reading["id"]) for reading in readings],
            "/v1/readings/batch",
            {"readings": readings},
            self._headers,
            patience_s=PATIENCE_S,
        )

    async def flap(self, seconds: float, rate: float) -> None:
        """Send `rate` readings a second of the first sensor, low and high in turn."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        size = 10
        while loop.time() < end:
            began = loop.time()
            await self.send_in_turn(self._sensors[0], size, rate)
            await asyncio.sleep(max(0.0, size / rate - (loop.time() - began)))

    async def send_in_turn(self, sensor: SensorEntry, count: int, rate: float) -> None:
        """Send `count` readings of one sensor, `rate` a second apart in event time."""
        readings = []
        start = datetime.now(UTC).timestamp() - count / rate
        for turn in range(count):
            self._number += 1
            at = datetime.fromtimestamp(start + turn / rate, UTC)
            reading = self._reading(sensor, at)
            reading["value"] = 60.0 + turn / 10 if turn % 2 else 2.0 + turn / 10
            readings.append(reading)
        await self._door.post(
            "reading",
            [str(reading["id"]) for reading in readings],
            "/v1/readings/batch",
            {"readings": readings},
            self._headers,
            patience_s=PATIENCE_S,
        )

    def _reading(self, sensor: SensorEntry, at: datetime) -> Json:
        return {
            "id": f"flt-{self._name}-{self._number}-{sensor.sensor_id}",
            "sensor_id": sensor.sensor_id,
            "metric": sensor.metric,
            "value": self._waves[sensor.sensor_id].value(),
            "unit": sensor.unit,
            "occurred_at": at.isoformat(),
        }


async def report_incidents(door: Door, token: str, places: list[str], seed: int) -> None:
    """Send a report of an incident every two seconds, until cancelled."""
    chance, number = random.Random(seed), 0
    headers = {"authorization": f"Bearer {token}"}
    while True:
        number += 1
        key = f"flt-report-{number}"
        body = {
            "id": key,
            "incident_id": f"flt-incident-{number // 3}",
            "kind": "initial" if number % 3 == 0 else "follow_up",
            "number": number % 3 + 1,
            "event_type": "12:gas_leak",
            "place": chance.choice(places),
            "reporter_id": f"worker-{number % 7}",
            "reporter_role": "grid_worker",
            "headline": f"闻到燃气味 {key}",
            "occurred_at": datetime.now(UTC).isoformat(),
        }
        await door.post("report", [key], "/v1/reports", body, headers, patience_s=PATIENCE_S)
        await asyncio.sleep(chance.uniform(1.0, 3.0))
