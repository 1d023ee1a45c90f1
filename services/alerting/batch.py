"""One batch on its way through the core: evidence, decisions and definitions, in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from services.alerting.core.alert import Alarm, Alert
from services.alerting.core.board import Board
from services.alerting.core.counts import Counts
from services.alerting.core.episode import Cause
from services.alerting.core.facts import Fact, fact_of
from services.alerting.core.grouping import (
    Disposition,
    Known,
    key_of,
    merge_alarm,
    new_alert,
    place_alarm,
    place_report,
)
from services.alerting.core.inhibit import inhibited
from services.alerting.core.lifecycle import (
    Change,
    Refusal,
    decide,
    revise_alarm,
    take_alarm,
    take_report,
)
from services.alerting.core.pool import reported
from services.alerting.core.records import headline_of, records
from services.alerting.core.scopes import Region, region_of
from services.alerting.core.warnings import Warned, sighting_of, warned, withdraws
from services.alerting.rows import report_seen
from services.alerting.store.alerts import Book
from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.alerts import AlertDecision
from shared.contracts.dead_letter import Reason
from shared.contracts.reports import ExternalWarning, Report, ReportKind
from shared.contracts.rules import RuleDefinition
from shared.contracts.topics import ALARMS, ALERTS, NOTICES
from shared.runtime.database import Transaction
from shared.runtime.errors import Reject, Transient

_OPENING_TRIES = 3


class Batch:
    """Applies messages to the book of alerts and the board of rules; `counts` says what became of it."""

    def __init__(
        self, work: Transaction, book: Book, board: Board, warnings: Iterable[Warned] = ()
    ) -> None:
        self._work = work
        self._book = book
        self._board = board
        self._warnings = {one.warning_id: one for one in warnings}
        self.defined: list[RuleDefinition] = []
        self.warned: dict[str, Warned] = {}
        self.counts = Counts()

    async def alarm(self, event: AlarmEvent, heard_at: datetime) -> None:
        """Record an alarm's change; let its alert, the rules, and what it kept waiting weigh it."""
        known = self._book.known(event.alarm_id)
        if known is not None and event.version <= known.alarm.version:
            self.counts.stale += 1
            return
        if known is not None and event.status is not known.fact.status:
            raise Reject(
                Reason.NOT_ALLOWED,
                f"alarm {event.alarm_id} is {known.fact.status}, not {event.status}",
            )
        fact = fact_of(event, known.fact if known is not None else None)
        region, cause = region_of(event.status, event.place), self._cause(event, heard_at)
        self._board.pass_time(region, heard_at, cause)
        await self._place(event, fact, known)
        self._board.alarm(fact, cause)
        for waiting in self._book.waiting_for(fact):
            assert waiting.held is not None, "only what is held waits"
            if waiting.fact.alarm_id != fact.alarm_id and not self._inhibited(waiting.fact):
                await self._place(waiting.held, waiting.fact, replace(waiting, held=None))
        self._tell()

    async def report(self, event: Report, heard_at: datetime) -> None:
        """Record a report; let the open alert of its key weigh it, or open one; tell the rules."""
        region, cause = region_of(event.status, event.place), self._cause(event, heard_at)
        self._board.pass_time(region, heard_at, cause)
        own = self._book.open_alert(key_of(event))
        disposition = None if own is not None else place_report(event)
        owner = None
        if disposition is None:
            seen = report_seen(event)
            alert, disposition = await self._weigh(
                event, own, lambda before: take_report(before, seen, *_words(event))
            )
            owner = alert.alert_id
        self._book.record_report(event, disposition, owner, heard_at)
        self.counts.dispositions["report", disposition] += 1
        if event.kind is not ReportKind.FINAL:
            who, role = event.reporter_id, event.reporter_role
            seen_by = reported(
                event.id, who, role, event.event_type, event.place, heard_at, event.position
            )
            self._board.report(event.status, seen_by, cause)
        self._tell()

    def warning(
        self, event: ExternalWarning, heard_at: datetime, regions: Iterable[Region]
    ) -> None:
        """Keep another agency's warning, or take one back, and tell the rules."""
        cause = self._cause(event, heard_at)
        for region in regions:
            self._board.pass_time(region, heard_at, cause)
        fresh = warned(event, heard_at)
        gone = [one for one in self._warnings.values() if withdraws(event, one)]
        changed = [replace(one, withdrawn=True) for one in gone]
        if fresh is not None:
            changed.append(fresh)
        self.counts.warnings["withdrawn"] += len(gone)
        self.counts.warnings["taken" if fresh is not None else "heard"] += 1
        for one in changed:
            self._warnings[one.warning_id] = self.warned[one.warning_id] = one
            seen = sighting_of(one)
            if seen is not None:
                self._board.warning(one.status, seen, cause, withdrawn=one.withdrawn)
        self._tell()

    def definition(self, rule: RuleDefinition) -> None:
        """Take a rule's new version. Raises Reject for a composite that looks at itself."""
        if way := self._board.rules.cycle(rule):
            raise Reject(Reason.INVALID_RULE, f"rule {rule.rule_id} looks at itself: {way}")
        before = self._board.rules.get(rule.rule_id)
        self._board.define(rule, self._cause(rule, rule.occurred_at))
        if self._board.rules.get(rule.rule_id) is not before:
            self.defined.append(rule)
        self._tell()

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

    async def _place(self, event: AlarmEvent, fact: Fact, known: Known | None) -> None:
        """Find out what becomes of an alarm, weigh it where it belongs, record it."""
        own = self._book.alert(known.alert_id) if known is not None else None
        if own is not None and not own.open:
            own = None
        disposition = place_alarm(event, known, in_open_alert=own is not None)
        if disposition is None and self._inhibited(fact):
            disposition = Disposition.INHIBITED
        # In another alert an alarm begins anew: what it was before says nothing there.
        former = known.alarm if known is not None and own is not None else None
        alarm = merge_alarm(event, fact, former)
        owner = known.alert_id if known is not None else None
        if own is not None or disposition is None:
            alert, found = await self._take(event, alarm, own)
            owner, disposition = alert.alert_id, disposition or found
        held = event if disposition is Disposition.INHIBITED and fact.open else None
        self._book.record_alarm(Known(alarm, fact, owner, disposition, held))
        self.counts.dispositions["alarm", disposition] += 1

    async def _take(
        self, event: AlarmEvent, alarm: Alarm, own: Alert | None
    ) -> tuple[Alert, Disposition]:
        if own is not None and event.transition is AlarmTransition.REVISED:
            revised = revise_alarm(own, alarm)
            if revised is not None:
                self._book.replace(revised)
                return revised, Disposition.JOINED
        return await self._weigh(
            event, own, lambda before: take_alarm(before, alarm, *_words(event))
        )

    def _inhibited(self, fact: Fact) -> bool:
        return bool(fact.inhibited_by) and inhibited(fact, self._board.known.facts.values())

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
        self.counts.transitions[change.alert.status, change.transition] += 1

    def _tell(self) -> None:
        """Send what follows from the rules; it comes back through the log as any alarm."""
        tell(self._work, self._board, self.counts)

    def _cause(
        self, event: AlarmEvent | Report | ExternalWarning | RuleDefinition, at: datetime
    ) -> Cause:
        return Cause(event.id, event.trace_id or event.id, at, self._work.now)


def tell(work: Transaction, board: Board, counts: Counts) -> None:
    """Queue the alarm events on the board, count them, and take them off it."""
    for event in board.out:
        work.publish(ALARMS, event.alarm_id, event, event.id)
        counts.episodes[event.kind, event.transition] += 1
    board.out.clear()


def _words(event: AlarmEvent | Report) -> tuple[str, tuple[str, ...]]:
    """What an alert takes over from its evidence: headline and places."""
    return headline_of(event), (event.place, *event.areas)
