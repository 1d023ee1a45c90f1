"""The edge: alarms, reports and decisions of a batch in, the core's changes out as records.

One batch is one transaction (shared.runtime.inbox), so a refused decision raises and the runtime
does the batch again record by record. Everything the batch may touch is locked before its first
record is looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from services.alerting.core.alert import Alert
from services.alerting.core.grouping import (
    Disposition,
    key_of,
    merge_alarm,
    new_alert,
    place_alarm,
    place_report,
)
from services.alerting.core.lifecycle import Change, Refusal, decide, take_alarm, take_report
from services.alerting.core.records import headline_of, records
from services.alerting.metrics import AlertingMetrics
from services.alerting.rows import report_seen
from services.alerting.store import Book
from shared.contracts.alarms import AlarmEvent
from shared.contracts.alerts import AlertDecision, AlertTransition
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Status
from shared.contracts.reports import Report
from shared.contracts.topics import ALERTS, NOTICES
from shared.runtime.database import Transaction
from shared.runtime.errors import Reject, Transient
from shared.runtime.inbox import Incoming

_OPENING_TRIES = 3


class Alerting:
    """Applies batches; all state is in the database."""

    def __init__(self, metrics: AlertingMetrics) -> None:
        self._metrics = metrics
        self._refused_last = ""

    async def apply(self, work: Transaction, batch: Sequence[Incoming]) -> None:
        """Take a batch in order; raises Reject for a decision that cannot be applied."""
        messages = [incoming.message for incoming in batch]
        evidence = [one for one in messages if isinstance(one, AlarmEvent | Report)]
        book = Book(work)
        await book.load(
            [one.alarm_id for one in evidence if isinstance(one, AlarmEvent)],
            [one.alert_id for one in messages if isinstance(one, AlertDecision)],
            [key_of(one) for one in evidence],
        )
        run = _Run(work, book)
        for message in messages:
            match message:
                case AlarmEvent():
                    await run.alarm(message)
                case Report():
                    await run.report(message)
                case AlertDecision():
                    refusal = run.decision(message)
                    if refusal is not None:
                        self._count_refusal(message, refusal)
                        raise Reject(Reason.NOT_ALLOWED, f"{refusal.reason}: {refusal.text}")
                case other:
                    raise TypeError(f"nothing is known about a {type(other).__name__}")
        await book.flush()
        self._count(run)

    def _count_refusal(self, decision: AlertDecision, refusal: Refusal) -> None:
        # The runtime does a spoilt batch again, record by record: the same refusal comes twice.
        if decision.id != self._refused_last:
            self._metrics.refusals.labels(refusal.reason).inc()
            self._refused_last = decision.id

    def _count(self, run: _Run) -> None:
        for (source, disposition), count in run.dispositions.items():
            self._metrics.evidence.labels(source, disposition).inc(count)
        for (status, transition), count in run.transitions.items():
            self._metrics.transitions.labels(status, transition).inc(count)
        self._metrics.stale.inc(run.stale)


class _Run:
    """One batch on its way through the core."""

    def __init__(self, work: Transaction, book: Book) -> None:
        self._work = work
        self._book = book
        self.dispositions: Counter[tuple[str, Disposition]] = Counter()
        self.transitions: Counter[tuple[Status, AlertTransition]] = Counter()
        self.stale = 0

    async def alarm(self, event: AlarmEvent) -> None:
        """Record an alarm's change; let the alert it belongs to weigh it."""
        known = self._book.known(event.alarm_id)
        if known is not None and event.version <= known.alarm.version:
            self.stale += 1
            return
        if known is not None and event.status is not known.status:
            raise Reject(
                Reason.NOT_ALLOWED, f"alarm {event.alarm_id} is {known.status}, not {event.status}"
            )
        own = self._book.alert(known.alert_id) if known is not None else None
        if own is not None and not own.open:
            own = None
        disposition = place_alarm(event, known, in_open_alert=own is not None)
        # In another alert an alarm begins anew: what it was before says nothing there.
        alarm = merge_alarm(event, known.alarm if known is not None and own is not None else None)
        owner = known.alert_id if known is not None else None
        if own is not None or disposition is None:
            alert, found = await self._weigh(
                event, own, lambda before: take_alarm(before, alarm, *_words(event))
            )
            owner, disposition = alert.alert_id, disposition or found
        self._book.record_alarm(event, alarm, disposition, owner)
        self.dispositions["alarm", disposition] += 1

    async def report(self, event: Report) -> None:
        """Record a report; let the open alert of its key weigh it, or open one."""
        own = self._book.open_alert(key_of(event))
        disposition = None if own is not None else place_report(event)
        owner = None
        if disposition is None:
            seen = report_seen(event)
            alert, disposition = await self._weigh(
                event, own, lambda before: take_report(before, seen, *_words(event))
            )
            owner = alert.alert_id
        self._book.record_report(event, disposition, owner)
        self.dispositions["report", disposition] += 1

    def decision(self, event: AlertDecision) -> Refusal | None:
        """Apply a decision; the refusal if it may not be. Raises Reject for an unknown alert."""
        alert = self._book.alert(event.alert_id)
        if alert is None:
            raise Reject(Reason.UNKNOWN_SUBJECT, f"there is no alert {event.alert_id}")
        outcome = decide(alert, event, self._work.now)
        if isinstance(outcome, Refusal):
            return outcome
        self._book.change(outcome.alert)
        self._publish(outcome, event)
        return None

    async def _weigh(
        self, event: AlarmEvent | Report, own: Alert | None, weigh: Callable[[Alert], Change]
    ) -> tuple[Alert, Disposition]:
        """Weigh evidence in its own alert, else in the open one of its key, else in a new one."""
        key = key_of(event)
        for _ in range(_OPENING_TRIES):
            alert = own or self._book.open_alert(key)
            if alert is not None:
                change = weigh(alert)
                self._book.change(change.alert)
                self._publish(change, event)
                return change.alert, Disposition.JOINED
            change = weigh(new_alert(event))
            if await self._book.enter(change.alert):
                self._publish(change, event)
                return change.alert, Disposition.OPENED
        raise Transient(f"alerts of {key} open and close faster than they can be locked")

    def _publish(self, change: Change, cause: AlarmEvent | Report | AlertDecision) -> None:
        out = records(change, cause, self._work.now)
        self._work.publish(ALERTS, out.event.alert_id, out.event, out.event.id)
        if out.notice is not None:
            self._work.publish(NOTICES, out.notice.notice_id, out.notice, out.notice.id)
        self.transitions[change.alert.status, change.transition] += 1


def _words(event: AlarmEvent | Report) -> tuple[str, tuple[str, ...]]:
    """What an alert takes over from its evidence: headline and places."""
    return headline_of(event), (event.place, *event.areas)
