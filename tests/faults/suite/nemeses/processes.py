"""Faults of processes: killed, frozen, restarted, alone, in pairs, while they start."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.suite.nemeses.nemesis import Scene, Strike


def _pause(chance: random.Random) -> float:
    return round(chance.uniform(0.3, 3.0), 2)


def _services(processes: Sequence[str]) -> list[str]:
    return sorted({name.partition("-")[0] for name in processes})


@dataclass(frozen=True)
class Kill:
    """SIGKILL of several processes at once, of whatever services."""

    name: str
    count: int

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """Choose processes."""
        return Strike(self.name, _pause(chance), tuple(chance.sample(processes, self.count)))

    async def strike(self, strike: Strike, scene: Scene) -> None:
        """Kill; the supervisor starts each again."""
        for name in strike.victims:
            await scene.kill(name)


class KillService:
    """SIGKILL of all processes of one service."""

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """Choose a service."""
        service = chance.choice(_services(processes))
        own = tuple(name for name in processes if name.partition("-")[0] == service)
        return Strike("kill_service", _pause(chance), own)

    async def strike(self, strike: Strike, scene: Scene) -> None:
        """Kill; nobody takes over until a process has started."""
        for name in strike.victims:
            await scene.kill(name)


class KillStarting:
    """SIGKILL, and again while the process starts or restores its state."""

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """Choose a process and the times of two more kills after each start."""
        times = (round(chance.uniform(0.05, 1.5), 2), round(chance.uniform(1.0, 5.0), 2))
        return Strike("kill_starting", _pause(chance), (chance.choice(processes),), 0.0, times)

    async def strike(self, strike: Strike, scene: Scene) -> None:
        """Kill, wait for the next process, kill that after a while, and so once more."""
        [name] = strike.victims
        for delay_s in (0.0, *strike.numbers):
            await asyncio.sleep(delay_s)
            before = scene.stack.pid(name)
            await scene.kill(name)
            await scene.stack.replaced(name, before)


class Freeze:
    """SIGSTOP for a time: the process keeps its connections and its locks, and says nothing."""

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """Choose a process and a time: mostly around the limits of membership, at times long."""
        seconds = chance.choice([5.0, 9.0, 12.0, 16.0, 25.0])
        return Strike("freeze", _pause(chance), (chance.choice(processes),), seconds)

    async def strike(self, strike: Strike, scene: Scene) -> None:
        """Freeze and wake."""
        [name] = strike.victims
        scene.stack.pauses += 1
        await scene.stack.pause(name)
        try:
            await asyncio.sleep(strike.seconds)
        finally:
            await scene.stack.resume(name)


class FreezeLong:
    """SIGSTOP for minutes."""

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """Choose a process and a time."""
        seconds = chance.choice([60.0, 120.0, 400.0])
        return Strike("freeze_long", _pause(chance), (chance.choice(processes),), seconds)

    strike = Freeze.strike


class RollingRestart:
    """SIGTERM of one process of a service after the other, each when the last is back."""

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """Choose a service."""
        service = chance.choice(_services(processes))
        own = tuple(name for name in processes if name.partition("-")[0] == service)
        return Strike("rolling_restart", _pause(chance), own)

    async def strike(self, strike: Strike, scene: Scene) -> None:
        """Stop and start each."""
        for name in strike.victims:
            await scene.stack.stop(name)
            await scene.stack.start(name)
            await scene.stack.wait_ready(names=[name], timeout_s=120)


class RebalanceStorm:
    """One member of a group leaves and joins every few seconds."""

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """Choose the second process of a service."""
        seconds = tuple(round(chance.uniform(0.5, 3.0), 2) for _ in range(5))
        second = chance.choice([name for name in processes if "-" in name] or list(processes))
        return Strike("rebalance_storm", _pause(chance), (second,), 0.0, seconds)

    async def strike(self, strike: Strike, scene: Scene) -> None:
        """Stop and start without waiting for the group to settle."""
        [name] = strike.victims
        for seconds in strike.numbers:
            await scene.stack.stop(name)
            await asyncio.sleep(seconds / 3)
            await scene.stack.start(name)
            await asyncio.sleep(seconds)
