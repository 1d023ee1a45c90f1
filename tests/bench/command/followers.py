"""Delay of the readers of assignments, console and notify, after a command to the whole city."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from shared.contracts.topics import ASSIGNMENTS
from tests.bench.command.service import Service, service
from tests.bench.command.units import CITY, CITY_SIZE
from tests.bench.log import ends

READERS = ("console", "notify")
_TIMEOUT_S = 300.0


async def followers(say: Callable[[str], None]) -> dict[str, Any]:
    """Measure seconds from the request until each reader has stored 75,000 assignments.

    All run at once on the same two cores, so the command itself is slower here than alone. The
    roster is empty: notify opens and exhausts a ladder for each assignment, and sends no pages.
    """
    async with service(READERS) as running:
        began = time.perf_counter()
        _, _, command_s = await running.issue(CITY)
        end = await ends(running.kafka, ASSIGNMENTS.name, ASSIGNMENTS.partitions)
        stored: dict[str, float] = {}
        while len(stored) < len(READERS):
            for name in READERS:
                if name not in stored and await _position(running, name) >= end:
                    stored[name] = time.perf_counter() - began
            if time.perf_counter() - began > _TIMEOUT_S:
                raise RuntimeError(f"{set(READERS) - stored.keys()} do not keep up")
            await asyncio.sleep(0.1)
        count = await running.database.fetchval("SELECT count(*) FROM console.assignment")
    if count != CITY_SIZE:
        raise RuntimeError(f"the console shows {count} assignments")
    for name, seconds in stored.items():
        say(f"75,000 assignments stored by {name} after {seconds:.1f} s")
    return {"command_s": command_s, **{f"{name}_s": seconds for name, seconds in stored.items()}}


async def _position(running: Service, reader: str) -> int:
    number: int = await running.database.fetchval(
        f"SELECT coalesce(sum(next_offset), 0) FROM {reader}.consumer_offset WHERE topic = $1",
        ASSIGNMENTS.name,
    )
    return number
