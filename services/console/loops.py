"""Background work of the console: recording acts in groups, forgetting what is old."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime

import structlog

from services.console.core.acts import Act
from services.console.core.refusals import Refusals
from services.console.metrics import ConsoleMetrics
from services.console.store.acts import Bound, Outcome, Written
from shared.runtime.errors import Transient
from shared.runtime.outbound_records import OutboundRecord, encode

log = structlog.get_logger("fenghuo.console.loops")

Keep = Callable[[Sequence[Written]], Awaitable[Outcome]]
Send = Callable[[Iterable[OutboundRecord]], Awaitable[object]]
Prune = Callable[[], Awaitable[None]]

_GROUP = 500
_REFUSALS = 100
"""Most refused acts written at once."""
_WRITE_EVERY_S = 1
_PRUNE_EVERY_S = 600


class ActConflict(Exception):
    """The officer has done this before, with another content."""


class KeyReused(Exception):
    """The officer's idempotency key stands for another request."""


class ActRecorder:
    """Keeps acts and hands them to Kafka; what comes in while one group is written is the next group.

    One transaction and one round trip to Kafka for a whole group: nine thousand units that sign at
    once do not wait for nine thousand commits, and a single act waits for nobody.
    """

    def __init__(self, keep: Keep, send: Send, metrics: ConsoleMetrics, timeout_s: float) -> None:
        self._keep = keep
        self._send = send
        self._metrics = metrics
        self._timeout_s = timeout_s
        self._waiting: asyncio.Queue[tuple[Written, asyncio.Future[bool]]] = asyncio.Queue(5_000)

    async def record(self, act: Act, bound: Bound | None = None) -> bool:
        """Return when Kafka has the act; whether it was new. `bound`: the request's idempotency key.

        Raises ActConflict, KeyReused, Transient. After Transient the outcome is unknown: the same act
        again is safe.
        """
        value, digest = encode(act.message), act.digest()
        written = Written(
            act.message.id, act.spec.name, act.key, value, digest, act.officer_id, bound
        )
        return await self.repeat(written)

    async def repeat(self, written: Written) -> bool:
        """An act as it was or is to be kept; the rest as for `record`."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        try:
            self._waiting.put_nowait((written, done))
            async with asyncio.timeout(self._timeout_s):
                new = await done
        except (ActConflict, KeyReused):
            self._count(written, "conflict")
            raise
        except (asyncio.QueueFull, TimeoutError, Transient) as error:
            self._count(written, "unavailable")
            raise Transient(f"the act is not confirmed: {error}") from error
        self._count(written, "recorded" if new else "repeated")
        return new

    async def run(self) -> None:
        """Background loop."""
        while True:
            group = [await self._waiting.get()]
            while len(group) < _GROUP and not self._waiting.empty():
                group.append(self._waiting.get_nowait())
            # Whoever has given up meanwhile (timed out) may not be recorded behind his back.
            await self._write([(act, done) for act, done in group if not done.done()])

    async def _write(self, group: list[tuple[Written, asyncio.Future[bool]]]) -> None:
        if not group:
            return
        try:
            outcome = await self._keep([act for act, _ in group])
            records = {
                act.id: OutboundRecord(act.topic, act.key.encode(), outcome.acts[act.id].value)
                for act, _ in group
                if outcome.refused(act) is None
            }
            await self._send(records.values())
        except Exception as error:  # every waiting request gets it: Transient = 503, a bug = 500
            for _, done in group:
                _settle(done, error)
            return
        for act, done in group:
            match outcome.refused(act):
                case "key":
                    _settle(done, KeyReused(act.id))
                case "act":
                    _settle(done, ActConflict(act.id))
                case None:
                    _settle(done, outcome.acts[act.id].new)

    def _count(self, act: Written, outcome: str) -> None:
        self._metrics.acts.labels(act.topic, outcome).inc()


def _settle(done: asyncio.Future[bool], outcome: bool | Exception) -> None:
    if done.done():
        return
    if isinstance(outcome, Exception):
        done.set_exception(outcome)
    else:
        done.set_result(outcome)


class RefusalWriter:
    """Hands refused acts to the trail every second, a few at a time: the acts of the day go before them."""

    def __init__(
        self,
        refusals: Refusals,
        record: Callable[[Act, Bound | None], Awaitable[bool]],
        now: Callable[[], datetime],
    ) -> None:
        self._refusals = refusals
        self._record = record
        self._now = now
        self._unwritten: list[Act] = []

    async def write(self) -> None:
        """Write what is due; what cannot be written now is tried again, unchanged, before anything else."""
        if not self._unwritten:
            self._unwritten = list(self._refusals.due(self._now(), _REFUSALS))
        acts = self._unwritten
        done = await asyncio.gather(
            *(self._record(act, None) for act in acts), return_exceptions=True
        )
        self._unwritten = [
            act for act, why in zip(acts, done, strict=True) if isinstance(why, Transient)
        ]
        for why in done:
            if isinstance(why, BaseException) and not isinstance(why, Transient):
                raise why

    async def run(self) -> None:
        """Background loop; survives outages of Kafka and of the database."""
        while True:
            await self.write()
            await asyncio.sleep(_WRITE_EVERY_S)


class Housekeeper:
    """Forgets what is old every ten minutes."""

    def __init__(self, prune: Prune) -> None:
        self._prune = prune

    async def run(self) -> None:
        """Background loop; survives outages of the database."""
        while True:
            try:
                await self._prune()
            except Transient as error:
                log.warning("prune_retry", error=str(error))
            await asyncio.sleep(_PRUNE_EVERY_S)
