"""One batch on its way through the core: evidence, decisions, silences, definitions, in their order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from services.alerting.core import silences as core
from services.alerting.core.alert import Alert
from services.alerting.core.board import Board
from services.alerting.core.counts import Counts
from services.alerting.core.decisions import decide
from services.alerting.core.episode import Cause
from services.alerting.core.facts import fact_of
from services.alerting.core.grouping import GroupKey, Known, key_of, place_report
from services.alerting.core.lifecycle import echoes, take_report
from services.alerting.core.merging import Regrouping, merge, split, unmerge
from services.alerting.core.outcome import Change, Refusal
from services.alerting.core.pool import reported
from services.alerting.core.records import origin_of
from services.alerting.core.scopes import Region, region_of
from services.alerting.core.silences import Silence, SilenceRefusal, silence_event
from services.alerting.core.warnings import (
    Warned,
    is_over,
    sighting_of,
    warned,
    withdraws,
    yet_to_come,
)
from services.alerting.ledger import Ledger, words
from services.alerting.placing import Placing
from services.alerting.rows import report_seen
from services.alerting.store import silences as silence_store
from services.alerting.store.alerts import Book
from shared.contracts.alarms import AlarmEvent
from shared.contracts.alerts import AlertDecision, Callee, DecisionVerb
from shared.contracts.dead_letter import Reason
from shared.contracts.reports import ExternalWarning, Report, ReportKind
from shared.contracts.rules import RuleDefinition
from shared.contracts.silences import SilenceRequest
from shared.contracts.topics import ALARMS, SILENCE_STATES
from shared.domain.response_modes.effective import Modes
from shared.runtime.database import Transaction
from shared.runtime.errors import Reject

REGROUPS = frozenset({DecisionVerb.MERGE, DecisionVerb.UNMERGE, DecisionVerb.SPLIT})
"""Decisions that concern two alerts."""


class Batch:
    """Applies messages to the book of alerts and the board of rules; `counts` says what became of it."""

    def __init__(
        self,
        work: Transaction,
        book: Book,
        board: Board,
        silences: dict[str, Silence],
        modes: Modes,
        warnings: Iterable[Warned] = (),
    ) -> None:
        self._work = work
        self._book = book
        self._board = board
        self._silences = silences
        self._warnings = {warning.warning_id: warning for warning in warnings}
        self._changed_silences: dict[str, SilenceRequest | None] = {}
        self.defined: list[RuleDefinition] = []
        self.warned: dict[str, Warned] = {}
        self.counts = Counts()
        self.ledger = Ledger(work, book, self.counts)
        self.placing = Placing(work, book, board, self.ledger, self.counts, silences, modes)

    async def alarm(self, event: AlarmEvent, heard_at: datetime) -> None:
        """Record an alarm's change; let its alert, the rules, and what it kept waiting weigh it."""
        known = self._book.known(event.alarm_id)
        if known is not None and event.version <= known.alarm.version:
            self.counts.stale[event.status] += 1
            return
        if known is not None and event.status is not known.fact.status:
            raise Reject(
                Reason.NOT_ALLOWED,
                f"alarm {event.alarm_id} is {known.fact.status}, not {event.status}",
            )
        fact = fact_of(event, known.fact if known is not None else None)
        region, cause = region_of(event.status, event.place), self._cause(event, heard_at)
        self._board.pass_time(region, heard_at, cause)
        await self.placing.place(event, fact, known)
        self._board.alarm(fact, cause)
        await self.placing.look_again(fact)
        self.tell()

    async def report(self, event: Report, heard_at: datetime) -> None:
        """Record a report; let the open alert of its key weigh it, or open one; tell the rules of it,
        unless it only reports upward what is known."""
        region, cause = region_of(event.status, event.place), self._cause(event, heard_at)
        self._board.pass_time(region, heard_at, cause)
        own = self._book.open_alert(key_of(event))
        disposition = None if own is not None else place_report(event)
        owner, seen = None, report_seen(event)
        if disposition is None:

            def take(before: Alert, home: str) -> Change:
                nonlocal seen
                echo = echoes(event, before, self._book.alert(home))
                seen = replace(seen, home=home, echo=echo)
                return take_report(before, seen, *words(event))

            alert, disposition, _ = await self.ledger.weigh(event, own, take)
            owner = alert.alert_id
        self._book.record_report(event, disposition, owner, seen, heard_at)
        self.counts.dispositions["report", disposition, event.status] += 1
        if event.kind is not ReportKind.FINAL and not seen.echo:
            who, role = event.reporter_id, event.reporter_role
            seen_by = reported(
                event.id,
                who,
                role,
                event.event_type,
                event.place,
                heard_at,
                event.position,
                event.data_grade,
            )
            self._board.report(event.status, seen_by, cause)
        self.tell()

    def warning(
        self,
        event: ExternalWarning,
        heard_at: datetime,
        regions: Iterable[Region],
        accepted_at: datetime | None = None,
    ) -> None:
        """Keep another agency's warning, end what it follows, and tell the rules."""
        cause = self._cause(event, heard_at)
        for region in regions:
            self._board.pass_time(region, heard_at, cause)
        before = self._warnings.get(event.id)
        fresh = warned(event, heard_at, accepted_at)
        if fresh is not None and is_over(event, before):
            fresh = replace(fresh, withdrawn=True)
        gone = [warning for warning in self._warnings.values() if withdraws(event, warning)]
        # The new one first: what the agency goes on to say has not ended in between.
        changed = [fresh] if fresh is not None else []
        changed += [replace(one, withdrawn=True) for one in gone]
        for one in yet_to_come(event, self._warnings.keys(), heard_at):
            self._warnings[one.warning_id] = self.warned[one.warning_id] = one
        self.counts.warnings["withdrawn", event.status] += len(gone)
        self.counts.warnings["taken" if fresh is not None else "heard", event.status] += 1
        for one in changed:
            self._warnings[one.warning_id] = self.warned[one.warning_id] = one
            sighting = sighting_of(one)
            if sighting is not None:
                self._board.warning(one.status, sighting, cause, withdrawn=one.withdrawn)
        self.tell()

    def definition(self, rule: RuleDefinition) -> None:
        """Take a rule's new version. Raises Reject for a composite that looks at itself."""
        if way := self._board.rules.cycle(rule):
            raise Reject(Reason.INVALID_RULE, f"rule {rule.rule_id} looks at itself: {way}")
        before = self._board.rules.get(rule.rule_id)
        self._board.define(rule, self._cause(rule, rule.occurred_at))
        if self._board.rules.get(rule.rule_id) is not before:
            self.defined.append(rule)
        self.tell()

    async def decision(self, event: AlertDecision) -> Refusal | None:
        """Apply a decision; the refusal if it may not be. Raises Reject for an unknown alert."""
        alert = self._alert(event.alert_id)
        if event.verb in REGROUPS:
            result = self._regrouping(alert, event)
            if isinstance(result, Refusal):
                return result
            await self.ledger.regroup(result, origin_of(event))
            return None
        outcome = decide(alert, event, self._work.now)
        if isinstance(outcome, Refusal):
            return outcome
        self.ledger.commit(outcome, origin_of(event))
        return None

    async def silence(self, request: SilenceRequest) -> None:
        """Make, lengthen or end a silence. Raises Reject for what may not be."""
        existing_silence = self._silences.get(request.silence_id)
        now = self._work.now
        if existing_silence is not None:
            after = core.change(existing_silence, request, now)
        elif request.verb == "create":
            after = core.create(request, now)
        else:
            raise Reject(Reason.UNKNOWN_SUBJECT, f"there is no silence {request.silence_id}")
        if isinstance(after, SilenceRefusal):
            raise Reject(Reason.NOT_ALLOWED, f"{after}: silence {request.silence_id}")
        await self._put_silence(after, request)

    async def silence_over(self, silence_id: str) -> None:
        """The hour of a silence: unless it was lengthened, what it hides and is still on comes out."""
        existing_silence = self._silences.get(silence_id)
        after = (
            core.expired(existing_silence, self._work.now) if existing_silence is not None else None
        )
        if after is not None:
            await self._put_silence(after, None)

    async def save(self) -> None:
        """Write and tell what has become of silences and holds."""
        await self._book.flush()
        await self.placing.save()
        changed = [self._silences[silence] for silence in sorted(self._changed_silences)]
        await silence_store.save(self._work, changed)
        counted = {silence.silence_id: silence for silence in changed}
        for one in await silence_store.count(self._work, self.placing.hidden):
            counted[one.silence_id] = one
        for silence_id, one in sorted(counted.items()):
            event = silence_event(one, self._changed_silences.get(silence_id), self._work.now)
            self._work.publish(SILENCE_STATES, silence_id, event, event.id)

    def tell(self) -> None:
        """Queue the alarm events on the board: they come back through the log as any alarm."""
        for event in self._board.out:
            self._work.publish(ALARMS, event.alarm_id, event, event.id)
            self.counts.episodes[event.kind, event.transition, event.status] += 1
        self._board.out.clear()

    async def _put_silence(self, after: Silence, request: SilenceRequest | None) -> None:
        self._silences[after.silence_id] = after
        if after.ended_at is not None:
            hidden = self._book.hidden_by(after.silence_id)
            await self._come_out(after, hidden)
            after = replace(after, still_firing=len(hidden))
            self._silences[after.silence_id] = after
        self._changed_silences[after.silence_id] = request

    async def _come_out(self, silence: Silence, hidden: Iterable[Known]) -> None:
        """Weigh what it hid; whoever is to be called about several alarms of one danger is called once."""
        called: set[tuple[GroupKey, Callee]] = set()
        for known in hidden:
            assert known.held is not None, "what is hidden is held"
            key = key_of(known.held)
            calls = [call for call in silence.calls(known.fact.place) if (key, call) not in called]
            if await self.placing.release(known, tuple(calls)):
                called.update((key, call) for call in calls)

    def _regrouping(self, alert: Alert, event: AlertDecision) -> Regrouping | Refusal:
        if event.verb is DecisionVerb.SPLIT:
            return split(alert, event)
        if event.verb is DecisionVerb.UNMERGE:
            return unmerge(alert, self._book.holder(alert), event)
        if event.into is None:
            raise Reject(Reason.SCHEMA, "merge names the alert to merge into")
        return merge(alert, self._alert(event.into), event)

    def _alert(self, alert_id: str) -> Alert:
        alert = self._book.alert(alert_id)
        if alert is None:
            raise Reject(Reason.UNKNOWN_SUBJECT, f"there is no alert {alert_id}")
        return alert

    def _cause(
        self, event: AlarmEvent | Report | ExternalWarning | RuleDefinition, at: datetime
    ) -> Cause:
        return Cause(event.id, event.trace_id or event.id, at, self._work.now)
