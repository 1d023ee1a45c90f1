"""Playback of the readings at high speed, in order of event time, with waits for officers.

One batch is under way at a time, so the event clock that ingest derives from what it accepted is
never ahead of a reading that is still to come.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from deploy.demo.demo_clock import SPAN_S, START
from deploy.demo.sensor_values import Moment, Route
from deploy.demo.source import HttpSource, KafkaSource
from deploy.demo.strands import Gate
from deploy.local.start_limits import StallTimeout

BATCH = 500
_BATCH_SPAN = timedelta(minutes=15)
"""Readings of one sensor in one batch stay few: a repeated batch is recognised by its last ids."""
_PAUSE_S = 0.05
_SLIP_S = 1.0
"""A stall longer than this stops the event clock: an outage must not be caught up in a rush."""


@dataclass
class Progress:
    """The position of the scenario, for the screen."""

    sent: int = 0
    total: int = 0
    event_time: datetime = START
    waiting_for: str = ""
    late_gates: list[str] = field(default_factory=list)


Passed = Callable[[Gate], bool]
ScheduledAct = tuple[datetime, Callable[[], Awaitable[None]]]


class Player:
    """Sends moments when their time has come."""

    def __init__(
        self,
        http: HttpSource,
        kafka: KafkaSource,
        *,
        play_s: float,
        stall_timeout: Callable[[], StallTimeout],
        progress: Progress,
    ) -> None:
        """Describe a play of `play_s` seconds; a gate is skipped when its timeout has expired."""
        self._http = http
        self._kafka = kafka
        self._speed = SPAN_S / play_s
        self._stall_timeout = stall_timeout
        self._progress = progress
        self._offset_s = 0.0
        self._began = 0.0

    async def play(
        self,
        moments: Sequence[Moment],
        gates: Sequence[Gate],
        passed: Passed,
        acts: Sequence[ScheduledAct] = (),
    ) -> None:
        """Send all moments. `acts` are tied to an event time; each is called once, in order."""
        self._progress.total = len(moments)
        self._began = time.monotonic()
        gates_left, due_acts, sent = list(gates), list(acts), 0
        while sent < len(moments):
            now = self._event_now()
            # Where the readings are, not where the clock is: sending may lag behind it.
            event_time = self._progress.event_time = min(now, moments[sent].at)
            while due_acts and due_acts[0][0] <= event_time:
                await self._act(due_acts.pop(0)[1])
            if gates_left and gates_left[0].at <= event_time:
                await self._wait(gates_left.pop(0), passed)
                continue
            limit = min(
                now, gates_left[0].at if gates_left else now, moments[sent].at + _BATCH_SPAN
            )
            end = sent
            while end < len(moments) and end - sent < BATCH and moments[end].at <= limit:
                end += 1
            if end == sent:
                await asyncio.sleep(_PAUSE_S)
                continue
            await self._send(moments[sent:end])
            full = end - sent == BATCH
            sent = self._progress.sent = end
            if not full and limit == now:
                await asyncio.sleep(_PAUSE_S)
        self._progress.event_time = moments[-1].at

    async def _act(self, act: Callable[[], Awaitable[None]]) -> None:
        began = time.monotonic()
        await act()
        self._slip(began)

    async def _send(self, slice_: Sequence[Moment]) -> None:
        began = time.monotonic()
        direct = [moment for moment in slice_ if moment.route is Route.KAFKA]
        moments = [moment for moment in slice_ if moment.route is Route.HTTP]
        if direct:
            await self._kafka.readings(direct)
        if moments:
            await self._http.readings(moments)
        self._slip(began)

    def _slip(self, began: float) -> None:
        stall = time.monotonic() - began
        if stall > _SLIP_S:
            self._offset_s += stall

    async def _wait(self, gate: Gate, passed: Passed) -> None:
        began, stall_timeout = time.monotonic(), self._stall_timeout()
        while not passed(gate):
            level = gate.level or "lifted"
            self._progress.waiting_for = f"{gate.place} {level}"
            if stall_timeout.has_expired():
                self._progress.late_gates.append(self._progress.waiting_for)
                break
            await asyncio.sleep(_PAUSE_S)
        self._progress.waiting_for = ""
        self._offset_s += time.monotonic() - began

    def _event_now(self) -> datetime:
        played = time.monotonic() - self._began - self._offset_s
        return START + timedelta(seconds=played * self._speed)
