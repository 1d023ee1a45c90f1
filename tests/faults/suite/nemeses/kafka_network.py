"""Faults between the services and Kafka: the nodes are well, their answers are late or lost."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

from tests.faults.suite.nemeses.nemesis import Scene, Strike
from tests.faults.suite.tcp_proxy import Interference, TcpProxy, interfering

_NODES = ("kafka", "kafka-1", "kafka-2")


def _draw(name: str, chance: random.Random, seconds: float, numbers: tuple[float, ...]) -> Strike:
    """Return a strike at one node or at all."""
    nodes = chance.choice([*((node,) for node in _NODES), _NODES])
    return Strike(name, round(chance.uniform(1.0, 4.0), 2), nodes, seconds, numbers)


def _proxies(strike: Strike, scene: Scene) -> list[TcpProxy]:
    own = [scene.stack.kafka_proxies.get(name) for name in strike.victims]
    return [proxy for proxy in own if proxy is not None]


class SlowAnswers:
    """Every answer comes later."""

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """Choose nodes and a delay."""
        return _draw("kafka_slow", chance, 8.0, (chance.choice([0.05, 0.3, 1.0]),))

    async def strike(self, strike: Strike, scene: Scene) -> None:
        """Delay, then no more."""
        async with interfering(_proxies(strike, scene), Interference(strike.numbers[0])):
            await asyncio.sleep(strike.seconds)


class SwallowedAcknowledgements:
    """Kafka writes what it is sent, but no answer arrives; then every connection is cut."""

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """Choose nodes and a time; 0 only cuts."""
        return _draw("kafka_cut", chance, chance.choice([0.0, 0.5, 3.0]), ())

    async def strike(self, strike: Strike, scene: Scene) -> None:
        """Swallow, cut, heal."""
        proxies = _proxies(strike, scene)
        async with interfering(proxies, Interference(swallows=True), cut_at_end=True):
            await asyncio.sleep(strike.seconds)
