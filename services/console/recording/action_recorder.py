"""Acts are recorded in groups: one transaction and one round trip to Kafka for each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from services.console.core.action_record import ActionRecord
from services.console.metrics import ConsoleMetrics
from services.console.store import action_log
from services.console.store.action_log import ActionEntry, KeyedRequest
from shared.runtime.database import Database
from shared.runtime.errors import Transient
from shared.runtime.outbound_records import OutboundRecord, encode


class RecordSender(Protocol):
    """Sends records to Kafka."""

    async def send_apart(self, records: Sequence[OutboundRecord]) -> list[Exception | None]:
        """Return for each record None when Kafka has it, else the error."""
        ...


_GROUP_SIZE = 500


class ActionConflict(Exception):
    """The id of the act is stored with other contents."""


class KeyReused(Exception):
    """The idempotency key of the officer stands for another request."""


class ActionRecorder:
    """Stores acts and sends them to Kafka; acts that arrive meanwhile form the next group.

    An act that Kafka does not take fails alone, or with the acts of its partition. A group takes
    one transaction and one round trip to Kafka: nine thousand units sign at once
    without nine thousand commits, and a single act does not wait for others.
    """

    def __init__(
        self, database: Database, sender: RecordSender, metrics: ConsoleMetrics, timeout_s: float
    ) -> None:
        self._database = database
        self._sender = sender
        self._metrics = metrics
        self._timeout_s = timeout_s
        self._waiting: asyncio.Queue[tuple[ActionEntry, asyncio.Future[bool]]] = asyncio.Queue(
            5_000
        )

    async def record(self, act: ActionRecord, keyed: KeyedRequest | None = None) -> bool:
        """Wait until Kafka has the act, and return True for a new act.

        `keyed` is the idempotency key of the request. Raises ActionConflict, KeyReused, Transient.
        After Transient the outcome is unknown; to send the act again is safe.
        """
        value, digest = encode(act.message), act.digest()
        entry = ActionEntry(
            act.message.id, act.spec.name, act.key, value, digest, act.officer_id, keyed
        )
        return await self.repeat(entry)

    async def repeat(self, entry: ActionEntry) -> bool:
        """Send an act that is stored, or is to be stored, as `record` does."""
        result: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        try:
            self._waiting.put_nowait((entry, result))
            async with asyncio.timeout(self._timeout_s):
                new = await result
        except (ActionConflict, KeyReused):
            self._count(entry, "conflict")
            raise
        except (asyncio.QueueFull, TimeoutError, Transient) as error:
            self._count(entry, "unavailable")
            raise Transient(f"the act is not confirmed: {error}") from error
        self._count(entry, "recorded" if new else "repeated")
        return new

    async def run(self) -> None:
        """Store and send groups of acts, for ever."""
        while True:
            group = [await self._waiting.get()]
            while len(group) < _GROUP_SIZE and not self._waiting.empty():
                group.append(self._waiting.get_nowait())
            # An act whose request has timed out meanwhile must not be recorded without its officer.
            await self._write([(act, result) for act, result in group if not result.done()])

    async def _write(self, group: list[tuple[ActionEntry, asyncio.Future[bool]]]) -> None:
        if not group:
            return
        try:
            outcome = await action_log.store_actions(self._database, [act for act, _ in group])
            records = {
                act.id: OutboundRecord(act.topic, act.key.encode(), outcome.acts[act.id].value)
                for act, _ in group
                if outcome.refused(act) is None
            }
            sent = await self._sender.send_apart(list(records.values()))
            errors = dict(zip(records, sent, strict=True))
        except Exception as error:  # requests answer it: Transient is 503, a bug 500
            for _, result in group:
                _settle(result, error)
            return
        for act, result in group:
            match outcome.refused(act):
                case "key":
                    _settle(result, KeyReused(act.id))
                case "act":
                    _settle(result, ActionConflict(act.id))
                case None:
                    _settle(result, errors[act.id] or outcome.acts[act.id].new)

    def _count(self, act: ActionEntry, outcome: str) -> None:
        self._metrics.acts.labels(act.topic, outcome).inc()


def _settle(result: asyncio.Future[bool], outcome: bool | Exception) -> None:
    if result.done():
        return
    if isinstance(outcome, Exception):
        result.set_exception(outcome)
    else:
        result.set_result(outcome)
