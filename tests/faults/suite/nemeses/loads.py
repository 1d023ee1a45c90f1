"""Faults of the world outside: storms, a sensor that flaps, sensors that fall silent together."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

from tests.faults.suite.nemeses.nemesis import Scene, Strike


def _pause(chance: random.Random) -> float:
    return round(chance.uniform(1.0, 3.0), 2)


class TenfoldLoad:
    """Every gateway sends ten times as often."""

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """Choose a time."""
        return Strike("tenfold_load", _pause(chance), (), chance.choice([5.0, 10.0]))

    async def strike(self, strike: Strike, scene: Scene) -> None:
        """Speed up and slow down."""
        for gateway in scene.gateways:
            gateway.interval_s /= 10
        try:
            await asyncio.sleep(strike.seconds)
        finally:
            for gateway in scene.gateways:
                gateway.interval_s *= 10


class FlappingSensor:
    """One sensor sends a hundred readings a second, each on the other side of the limit."""

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """Choose a gateway."""
        return Strike("flapping_sensor", _pause(chance), (), 5.0, (float(chance.randrange(2)),))

    async def strike(self, strike: Strike, scene: Scene) -> None:
        """Let the first sensor of a gateway flap; its other readings wait meanwhile."""
        gateway = scene.gateways[int(strike.numbers[0]) % len(scene.gateways)]
        gateway.silent = True
        try:
            await asyncio.sleep(2.0)
            await gateway.flap(strike.seconds, 100.0)
        finally:
            gateway.silent = False


class Silence:
    """All sensors fall silent together, longer than the rule allows."""

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """Choose a time."""
        return Strike("silence", _pause(chance), (), 45.0)

    async def strike(self, strike: Strike, scene: Scene) -> None:
        """Stop every gateway, then start again."""
        for gateway in scene.gateways:
            gateway.silent = True
        try:
            await asyncio.sleep(strike.seconds)
        finally:
            for gateway in scene.gateways:
                gateway.silent = False
