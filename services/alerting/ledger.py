"""What has happened to alerts, into the book and out as records, with all that follows from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from services.alerting.core.alert import Alert, graded
from services.alerting.core.counts import Counts
from services.alerting.core.grouping import Disposition, key_of, new_alert
from services.alerting.core.merging import Regrouping, follow
from services.alerting.core.outcome import Change
from services.alerting.core.records import Origin, headline_of, origin_of, records
from services.alerting.store.alerts import Book
from shared.contracts.alarms import AlarmEvent
from shared.contracts.alerts import Callee
from shared.contracts.reports import Report
from shared.contracts.topics import ALERTS, NOTICES
from shared.runtime.database import Transaction
from shared.runtime.errors import Transient

_OPENING_TRIES = 3
Weigh = Callable[[Alert, str], Change]
"""Weighs evidence in an alert; the id is that of the alert it was grouped into, its home."""


class Ledger:
    """Changes of alerts in one transaction."""

    def __init__(self, work: Transaction, book: Book, counts: Counts) -> None:
        self._work = work
        self._book = book
        self._counts = counts

    async def weigh(
        self,
        event: AlarmEvent | Report,
        own: Alert | None,
        weigh: Weigh,
        calls: tuple[Callee, ...] = (),
    ) -> tuple[Alert, Disposition, str]:
        """Weigh evidence in its own alert, else in the open one of its key, else in a new one.

        Returns the alert that has it now, what became of it, and its home.
        """
        key, origin = key_of(event), origin_of(event)
        for _ in range(_OPENING_TRIES):
            group = own or self._book.open_alert(key)
            if group is not None:
                holder = self._book.holder(group)
                change = weigh(graded(holder, event.data_grade), group.alert_id)
                self.commit(replace(change, calls=calls), origin)
                return change.alert, Disposition.JOINED, group.alert_id
            fresh = new_alert(event)
            change = weigh(fresh, fresh.alert_id)
            if await self._book.enter(change.alert):
                self._publish(replace(change, calls=calls), origin)
                return change.alert, Disposition.OPENED, fresh.alert_id
        raise Transient(f"alerts of {key} open and close faster than they can be locked")

    def commit(self, change: Change, origin: Origin) -> None:
        """Put a change in the book and tell it; what was merged into an alert ends with it."""
        self._book.change(change.alert)
        self._publish(change, origin)
        if change.alert.open_or_merged:
            return
        for child, _ in change.alert.merged:
            alert = self._book.alert(child)
            assert alert is not None, "an alert is locked with all that is merged into it"
            self.commit(follow(alert), origin)

    async def enter(self, change: Change, origin: Origin) -> None:
        """Put in an alert that is made of another's evidence."""
        entered = await self._book.enter(change.alert)
        assert entered, "its key is its own, or has just become free under our lock"
        self._publish(change, origin)
        await self._book.move_evidence(change.alert)

    async def regroup(self, regrouping: Regrouping, origin: Origin) -> None:
        """Put both sides of a decision about two alerts in the book, and move their evidence."""
        first, second = regrouping.changes
        if regrouping.made:
            await self.enter(first, origin)
        else:
            self.commit(first, origin)
        self.commit(second, origin)
        for change in regrouping.changes:
            await self._book.move_evidence(change.alert)

    def _publish(self, change: Change, origin: Origin) -> None:
        out = records(change, origin, self._work.now)
        self._work.publish(ALERTS, out.event.alert_id, out.event, out.event.id)
        if out.notice is not None:
            self._work.publish(NOTICES, out.notice.notice_id, out.notice, out.notice.id)
        self._counts.transitions[change.alert.status, change.transition] += 1


def words(event: AlarmEvent | Report) -> tuple[str, tuple[str, ...]]:
    """What an alert takes over from its evidence: headline and places."""
    return headline_of(event), (event.place, *event.areas)
