"""The load of a soak: thousands of readings a second, counted by batch and not by reading.

An hour of them, line by line, would be more than a judgement can hold in memory.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from shared.contracts.catalog import SensorEntry
from tests.faults.suite.checker.evidence import BULK_MARK
from tests.faults.suite.history import LineFile
from tests.faults.suite.requests import Door
from tests.faults.suite.sensors import PATIENCE_S

RATE = 2_000
SENDERS = 4
SENSORS = 188
"""The sensors of the bulk load; they measure low values only and raise no alarm."""
INTERVAL_S = 4.0
"""The pause between two batches of an ordinary gateway: its readings are judged line by line."""
EVERY_S = 60.0
_HIGHEST = 15.0


class BulkSender:
    """Sends a batch each second: `RATE` readings of all senders together."""

    def __init__(
        self, number: int, sensors: Sequence[SensorEntry], door: Door, token: str, seed: int
    ) -> None:
        self._name, self._sensors, self._door = f"{BULK_MARK}{number}", sensors, door
        self._headers = {"authorization": f"Bearer {token}"}
        self._chance = random.Random(seed)
        self._count = -(-RATE // (SENDERS * len(sensors)))

    async def work(self) -> None:
        """Send until cancelled; a batch that takes longer delays the next one."""
        loop, number = asyncio.get_running_loop(), 0
        while True:
            began, number = loop.time(), number + 1
            await self._send(f"{self._name}-{number}")
            await asyncio.sleep(max(0.0, 1.0 - (loop.time() - began)))

    async def _send(self, key: str) -> None:
        end = datetime.now(UTC).timestamp()
        readings = [
            {
                "id": f"{key}:{turn}-{sensor.sensor_id}",
                "sensor_id": sensor.sensor_id,
                "metric": sensor.metric,
                "value": round(self._chance.uniform(0.0, _HIGHEST), 2),
                "unit": sensor.unit,
                "occurred_at": datetime.fromtimestamp(
                    end - (self._count - turn) / self._count, UTC
                ).isoformat(),
            }
            for turn in range(self._count)
            for sensor in self._sensors
        ]
        await self._door.post(
            "bulk",
            [key],
            "/v1/readings/batch",
            {"readings": readings},
            self._headers,
            patience_s=PATIENCE_S,
            count=len(readings),
        )


class BulkCount:
    """Counts the different readings of each batch of the bulk load on their topic."""

    def __init__(self) -> None:
        self._parts: dict[str, set[str]] = defaultdict(set)
        self._numbers: Counter[str] = Counter()

    def add(self, identifier: str) -> bool:
        """Count a reading; return false when it is none of the bulk load."""
        start = identifier.find(BULK_MARK)
        if start < 0:
            return False
        key, _, part = identifier[start:].partition(":")
        self._parts[key].add(part)
        self._numbers[key] += 1
        return True

    def write(self, path: Path) -> None:
        """Write a line per batch."""
        file = LineFile(path)
        for key, parts in self._parts.items():
            file.write(key=key, count=len(parts), copies=self._numbers[key] - len(parts))
        file.close()


def second_processes(processes: Sequence[str]) -> list[str]:
    """Return the processes that faults may strike; the first of each service runs all the time."""
    return [name for name in processes if "-" in name]


def senders(sensors: Sequence[SensorEntry], door: Door, token: str, seed: int) -> list[BulkSender]:
    """Return the senders of the bulk load, each with sensors of its own."""
    return [
        BulkSender(number, sensors[number::SENDERS], door, token, seed + number)
        for number in range(SENDERS)
    ]
