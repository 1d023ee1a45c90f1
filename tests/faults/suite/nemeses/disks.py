"""A full disk under a Kafka node or under Postgres."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.suite.nemeses.nemesis import Scene, Strike

_REPEAT_S = 0.2


@dataclass(frozen=True)
class FullDisk:
    """No byte is free on the volume of a store; it may end, and starts when there is room."""

    name: str
    stores: tuple[str, ...]

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """Choose a store and a time."""
        victim, seconds = chance.choice(self.stores), chance.choice([4.0, 10.0])
        return Strike(self.name, round(chance.uniform(2.0, 6.0), 2), (victim,), seconds)

    async def strike(self, strike: Strike, scene: Scene) -> None:
        """Fill, and fill what becomes free, then make room and wait for the store."""
        [name] = strike.victims
        volume = scene.stack.volumes[name]
        end = asyncio.get_running_loop().time() + strike.seconds
        try:
            while asyncio.get_running_loop().time() < end:
                await asyncio.to_thread(volume.fill)
                await asyncio.sleep(_REPEAT_S)
        finally:
            volume.empty()
        await scene.stack.wait_kafka()
        await scene.stack.wait_postgres()
