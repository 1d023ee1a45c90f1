"""A nemesis: a small class that breaks one part of the system, and heals it again."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from tests.faults.suite.history import LineFile
from tests.faults.suite.sensors import Gateway
from tests.faults.suite.system import FaultStack, services_of


@dataclass(frozen=True)
class Strike:
    """A planned fault: everything about it follows from the seed."""

    nemesis: str
    pause_s: float
    """The time between the end of the strike before and this one."""
    victims: tuple[str, ...] = ()
    seconds: float = 0.0
    numbers: tuple[float, ...] = ()
    points: tuple[str, ...] = ()
    """Failpoints."""

    def as_json(self) -> dict[str, Any]:
        """Return the strike for the schedule file."""
        return asdict(self)


@dataclass
class Scene:
    """The parts that a nemesis may touch."""

    stack: FaultStack
    gateways: list[Gateway]
    on_kill: Callable[[str, int], None]
    """Called with the name and the process id of each killed process of a service."""
    deleted: LineFile
    """The records of deleted topics."""
    recreations: LineFile
    """The topics that were created anew, with their ends, and what their readers had handled."""
    points: set[str] = field(default_factory=set)
    """Failpoints at which a process has ended."""

    async def kill(self, name: str) -> None:
        """Kill a process of a service; its recovery is measured."""
        before = self.stack.pid(name)
        if before is not None:
            await self.stack.kill(name)
            self.on_kill(name, before)


class Nemesis(Protocol):
    """Draws a strike from chance, and carries it out."""

    def draw(self, chance: random.Random, processes: Sequence[str]) -> Strike:
        """Return a strike; `processes` are the names of all service processes."""

    async def strike(self, strike: Strike, scene: Scene) -> None:
        """Break and heal; returns when the fault is over, not when the system has recovered."""


def touched(strike: Strike) -> list[str]:
    """Return the services that a strike concerns."""
    return services_of(strike.victims)
