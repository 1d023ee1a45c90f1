"""The edge: what a batch brings in, the core's changes out as records.

One batch is one transaction (shared.runtime.inbox), so a refused decision raises and the runtime
does the batch again record by record. Everything the batch may touch is locked before its first
record is looked at (scene.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.alerting import timers
from services.alerting.core.inhibit import higher_first
from services.alerting.core.outcome import Refusal
from services.alerting.core.warnings import areas_of
from services.alerting.metrics import AlertingMetrics
from services.alerting.scene import Needs, Scene, within
from services.alerting.store import evidence as store
from services.alerting.store.kept import Kept
from shared.contracts.alarms import AlarmEvent
from shared.contracts.alerts import AlertDecision
from shared.contracts.dead_letter import Reason
from shared.contracts.reports import ExternalWarning, Report
from shared.contracts.rules import RuleDefinition
from shared.contracts.silences import SilenceRequest
from shared.domain.response_modes.effective import Modes
from shared.runtime.clock import record_time
from shared.runtime.database import Transaction
from shared.runtime.errors import Reject
from shared.runtime.inbound_messages import InboundMessage
from shared.runtime.timers import Timer, TimerKey

AHEAD = timedelta(seconds=120)
"""How far event time may run ahead of Kafka's record time; what is further ahead is cut."""


class Alerting:
    """Applies batches; all state is in the database, but for the response modes (a compacted topic).

    `kept` is what need not be read again; it holds nothing that is not written. `caught_up` is for whoever
    reads the log to set.
    """

    def __init__(self, metrics: AlertingMetrics) -> None:
        self.modes = Modes()
        self.kept = Kept()
        self.caught_up: timers.CaughtUp = lambda _moment: True
        self._metrics = metrics
        self._refused_last = ""

    async def apply(self, work: Transaction, batch: Sequence[InboundMessage]) -> None:
        """Take a batch in order; raises Reject for what cannot be applied."""
        heard = {id(record.message): _heard_at(record) for record in batch}
        accepted = {id(record.message): _accepted_at(record) for record in batch}
        early = {id(record.message) for record in batch if record.early}
        messages = higher_first([record.message for record in batch])
        # One partition has all warnings, so nobody else changes these.
        external_warnings = [
            message for message in messages if isinstance(message, ExternalWarning)
        ]
        standing = await store.warnings_of(work, external_warnings)
        needs = Needs.of(messages, standing)
        needs.until = max(heard.values())
        scene = await Scene.set(work, needs, self.modes, standing, self.kept)
        run = scene.batch
        for message in messages:
            at = heard[id(message)]
            match message:
                case AlarmEvent():
                    if id(message) in early:
                        at = scene.heard_by_now(message, at)
                    await run.alarm(message, at)
                case Report():
                    await run.report(message, at)
                case ExternalWarning():
                    where = within(message.status, areas_of(message), scene.clocks)
                    run.warning(message, at, where, accepted[id(message)])
                case RuleDefinition():
                    run.definition(message)
                case AlertDecision():
                    refusal = await run.decision(message)
                    if refusal is not None:
                        self._count_refusal(message, refusal)
                        raise Reject(Reason.NOT_ALLOWED, f"{refusal.reason}: {refusal.text}")
                case SilenceRequest():
                    await run.silence(message)
                case other:
                    raise TypeError(f"nothing is known about a {type(other).__name__}")
        await scene.save()
        self._metrics.count(run.counts, scene.board.shadowed)

    async def lock(self, work: Transaction, keys: Sequence[TimerKey]) -> None:
        """Lock what the due timers are about."""
        await timers.lock(work, [key.subject_id for key in keys])

    async def fire(self, work: Transaction, due: Sequence[Timer]) -> None:
        """The time of a hold, a silence, an alert or an episode has come."""
        scene = await timers.fire(work, due, self.modes, self.kept, self.caught_up)
        await scene.save()
        self._metrics.count(scene.batch.counts, scene.board.shadowed)

    def _count_refusal(self, decision: AlertDecision, refusal: Refusal) -> None:
        # The runtime does a spoilt batch again, record by record: the same refusal comes twice.
        if decision.id != self._refused_last:
            self._metrics.refusals.labels(refusal.reason, decision.status).inc()
            self._refused_last = decision.id


def _heard_at(incoming: InboundMessage) -> datetime:
    """Event time as the log's clock may take it; a record from the future moves it no further."""
    at: datetime = incoming.message.occurred_at
    accepted = _accepted_at(incoming)
    return at if accepted is None else min(at, accepted + AHEAD)


def _accepted_at(incoming: InboundMessage) -> datetime | None:
    """When Kafka took the record; None where that is not known."""
    return record_time(incoming.accepted_ms) if incoming.accepted_ms else None
