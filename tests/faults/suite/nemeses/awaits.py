"""Faults within a process: it ends at a chosen await, or its clock is wrong."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.suite.failpoints import points_of_service
from tests.faults.suite.nemeses.nemesis import Scene, Strike

_CANDIDATES = 6
_PATIENCE_S = 1.5


class EndAtAwait:
    """SIGKILL at a failpoint: the next of several candidates that the process crosses."""

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """Choose a process and failpoints of its service."""
        name = chance.choice(processes)
        names = chance.sample(points_of_service(name.partition("-")[0]), _CANDIDATES)
        pause_s = round(chance.uniform(0.2, 1.0), 2)
        return Strike("failpoint", pause_s, (name,), points=tuple(names))

    async def strike(self, strike: Strike, scene: Scene) -> None:
        """Arm one candidate after the other until the process has ended."""
        [name] = strike.victims
        control, before = scene.stack.control(name), scene.stack.pid(name)
        if before is None:
            return
        scene.stack.ended_on_purpose[name] += 1
        for point in strike.points:
            control.point = point
            await scene.stack.replaced(name, before, _PATIENCE_S)
            if not control.point:  # the process disarms the point that it crosses
                scene.points.add(point)
                scene.stack.kills += 1
                scene.on_kill(name, before)
                return
        control.point = ""
        scene.stack.ended_on_purpose[name] -= 1


@dataclass(frozen=True)
class WrongClock:
    """The clock of one process jumps, and jumps back; `service`: of this one, else of any."""

    name: str
    errors_s: tuple[float, ...]
    service: str = ""

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """Choose a process, a time, and seconds ahead or behind."""
        own = [name for name in processes if self.service in ("", name.partition("-")[0])]
        name, error_s = chance.choice(own), chance.choice(self.errors_s)
        pause_s = round(chance.uniform(1.0, 3.0), 2)
        return Strike(self.name, pause_s, (name,), 10.0, (error_s,))

    async def strike(self, strike: Strike, scene: Scene) -> None:
        """Move the clock and move it back."""
        [name] = strike.victims
        control = scene.stack.control(name)
        control.clock_error_s = strike.numbers[0]
        try:
            await asyncio.sleep(strike.seconds)
        finally:
            control.clock_error_s = 0.0
