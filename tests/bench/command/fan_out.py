"""Fan-out beside its floor: from a request in Kafka to the last recipient's record in Kafka."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

from tests.bench.command import floors
from tests.bench.command.service import Service
from tests.bench.command.units import CITY, RED_DISTRICT


async def fan_out(service: Service, repetitions: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Medians and single runs for 9,100 and 75,000 recipients; floor and product take turns."""
    await service.issue(RED_DISTRICT)  # plans, caches and connections are warm afterwards
    results: dict[str, Any] = {}
    for name, root in (("9100", RED_DISTRICT), ("75000", CITY)):
        took, floor = [], []
        for _ in range(repetitions):
            command, records, seconds = await service.issue(root)
            took.append(seconds)
            floor.append(await floors.fan_out(service.database, service.kafka, command, records))
            say(f"fan-out {len(records):,}: {took[-1]:.2f} s, floor {floor[-1]:.2f} s")
        results[name] = {
            "recipients": len(records),
            "seconds": median(took),
            "floor_seconds": median(floor),
            "ratio_to_floor": median(
                product / bare for product, bare in zip(took, floor, strict=True)
            ),
            "runs": [{"seconds": a, "floor_seconds": b} for a, b in zip(took, floor, strict=True)],
        }
    return results
