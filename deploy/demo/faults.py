"""Faults of `--fault`: each part breaks at a moment of its own, never two at a time."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from deploy.demo.demo_clock import at
from deploy.local.stack import Stack

MOMENTS: dict[str, datetime] = {
    "scoring": at(18, 10),
    "alerting": at(18, 13),
    "ingest": at(18, 17),
    "duty": at(18, 23),
    "audit": at(19, 3),
    "command": at(19, 8),
    "notify": at(19, 11),
    "console": at(19, 16),
    "catalog": at(19, 20),
    "kafka": at(20, 1),
    "postgres": at(20, 12),
}
"""Event time at which each part is broken.

The creek rises when scoring is killed, its alert is being decided at alerting's turn; Zhutuo's
orange command is out and being signed at command's and notify's, Cuntan's red command at Postgres'.
At 18-19 and 18-21 broken messages and nonsense need an answer.
"""
STORES = ("kafka", "postgres")
ALL = "all"
CHOICES = (*MOMENTS, ALL)
OUTAGE_S = 20.0
SLOWER_S = 8.0
"""The play lasts so many seconds longer for each fault: readings flow between two faults."""


@dataclass(frozen=True)
class Fault:
    """A fault that happened: the process that ended, the process that took over, the seconds
    between.
    """

    victim: str
    event_time: str
    pid_before: int | None
    pid_after: int | None
    away_s: float


def faults_of(named: Sequence[str]) -> tuple[str, ...]:
    """Return the parts to break, in the order of their moments."""
    return tuple(part for part in MOMENTS if part in named or ALL in named)


class Faults:
    """Break one part after the other and note each fault."""

    def __init__(self, stack: Stack, report: Callable[[str], None]) -> None:
        self._stack = stack
        self._report = report
        self._last: asyncio.Task[None] | None = None
        self._happened: list[Fault] = []

    async def strike(self, victim: str) -> None:
        """Break a part as soon as the previous part is ready again."""
        await self.over()
        self._last = asyncio.create_task(self._strike(victim))

    async def over(self) -> None:
        """Return when the last broken part is ready again. Raises StackError."""
        if self._last is not None:
            await self._last

    def summary(self) -> list[dict[str, Any]]:
        """The faults that happened."""
        return [asdict(fault) for fault in self._happened]

    async def _another(self, victim: str, before: int | None) -> None:
        """Return when another process has taken the place of a killed one."""
        while True:
            if self._stack.pid(victim) not in (None, before):
                return
            await asyncio.sleep(0.05)

    async def _strike(self, victim: str) -> None:
        """Kill a service with SIGKILL (its supervisor brings it back), or stop a store for 20 s."""
        stack, began, before = self._stack, time.monotonic(), self._stack.pid(victim)
        if victim in STORES:
            self._report(f"FAULT: {victim} is stopped for {OUTAGE_S:.0f} s")
            await stack.stop(victim)
            await asyncio.sleep(OUTAGE_S)
            await stack.start(victim)
            await (stack.wait_kafka() if victim == "kafka" else stack.wait_postgres())
        else:
            self._report(f"FAULT: kill -9 {victim}")
            await stack.kill(victim)
            await self._another(victim, before)
            await stack.wait_ready(names=[victim])
        away_s = round(time.monotonic() - began, 1)
        self._report(f"FAULT: {victim} is ready again after {away_s} s")
        moment = MOMENTS[victim].isoformat()
        self._happened.append(Fault(victim, moment, before, stack.pid(victim), away_s))
