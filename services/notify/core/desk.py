"""The duty desk's decisions: a record or a timer comes in, the Book holds what it changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.notify.core import (
    alert_calls,
    mode_calls,
    plan,
    roster_calls,
    supervision_calls,
    wording,
)
from services.notify.core.alert_calls import Wish
from services.notify.core.book import (
    PHASES,
    AlertMemory,
    AssignmentMemory,
    Book,
    DutyMemory,
    PageLine,
    Phase,
)
from services.notify.core.call_rules import CallRules
from services.notify.core.calling import RECALLED, REPLACED, SETTLED, Caller
from services.notify.core.digests.digest import Content, Digest, for_content, to_call
from services.notify.core.digests.states import DigestStep
from services.notify.core.ladders import Ladder, LadderState, LadderStep, Purpose
from services.notify.core.names import Names
from services.notify.core.roster import Roster, Seat
from services.notify.core.roster_calls import GapMemory
from shared.contracts.alerts import AlertEvent, AlertTransition
from shared.contracts.commands import (
    AssignmentEvent,
    AssignmentState,
    SupervisionEvent,
    SupervisionKind,
)
from shared.contracts.duty import DutyCoverage
from shared.contracts.fields import Post
from shared.contracts.ids import mode_id
from shared.contracts.modes import ModeProposal, ResponseModeEvent
from shared.contracts.pages import Answer, SubjectKind
from shared.contracts.reports import ReportDuty
from shared.domain.response_modes.effective import Modes

_CALLS = frozenset({SupervisionKind.REMINDED, SupervisionKind.ESCALATED})


class Desk:
    """Applies records in order to one Book. Roster, rules, modes and names are read, never changed."""

    def __init__(
        self, roster: Roster, calls: CallRules, modes: Modes, book: Book, names: Names
    ) -> None:
        self._roster = roster
        self._book = book
        self._names = names
        self._caller = Caller(roster, calls, modes, book, names)

    def on_alert(self, event: AlertEvent) -> None:
        """Call the place's desk and the approver when there is something new to decide or to know."""
        book = self._book
        before = book.alerts.get(event.alert_id)
        if before is not None and event.version <= before.version:
            return
        recalled = event.transition is AlertTransition.RECALLED
        known = event.alert_id, event.status, event.version, event.level, event.proposed_level
        book.remember_alert(AlertMemory(*known, recalled))
        living = book.of_alert(event.alert_id)
        for ladder in living:
            self._caller.kept(ladder, event.actor)
            if alert_calls.regrade(ladder, event, self._names):
                book.touch(ladder)
        wish = alert_calls.wish_of(event, before)
        if wish.everyone or event.calls:
            self._call_about_alert(event, wish, before, living)
            return
        for ladder in living:
            if wish.over or (not wish.owed and ladder.purpose is Purpose.DECIDE):
                book.end(ladder, LadderStep.SETTLED, SETTLED)

    def _call_about_alert(
        self,
        event: AlertEvent,
        wish: Wish,
        before: AlertMemory | None,
        living: list[Ladder],
    ) -> None:
        """Call the desks that always are, if wished, and those that the event names.

        A recall also ends all calls because of the alert, and goes to every person who was paged for any.
        """
        # An officer who is being called gets the news on the rung where the calling is: otherwise
        # an alert that keeps changing would never reach the upper tier.
        running = {
            ladder.start_unit: replace(ladder)
            for ladder in living
            if ladder.state is LadderState.OPEN and ladder.purpose is wish.purpose is Purpose.DECIDE
        }
        named = {plan.first_unit(self._roster, callee.unit) for callee in event.calls}
        for one in living:
            if wish.everyone or one.start_unit in named:
                self._book.end(one, LadderStep.SETTLED, REPLACED)
        recalled = event.transition is AlertTransition.RECALLED
        if recalled:
            self._end_all_because_of(event.alert_id)
        template = alert_calls.ladder(event, wish.purpose, before, self._names, self._book.now)
        called: set[str] = {event.actor} if event.actor and wish.announced else set()
        always = (event.place, event.approver_unit) if wish.everyone else ()
        wanted: list[tuple[str, Post | None]] = [(unit, None) for unit in always]
        wanted += [(callee.unit, callee.post) for callee in event.calls]
        for unit, post in wanted:
            start = plan.first_unit(self._roster, unit)
            seats = plan.ladder(self._roster, start)
            first = seats[0] if seats else None
            if post is not None:
                first = plan.at_or_after(seats, start, start, post) or first
            if first is not None and first.officer_id in called:
                continue
            called.update({first.officer_id} if first is not None else ())
            mine = replace(template, start_unit=start)
            by_name = first.officer_id if first is not None and post is not None else None
            self._caller.open(mine, seats, running.get(start), first, by_name, recalled=recalled)
        if recalled:
            self._recall(template, called)

    def _recall(self, template: Ladder, called: set[str]) -> None:
        """Tell everybody who was paged because of the alert, on whatever post he sits now."""
        book, alert_id = self._book, template.subject_id
        just_now = {
            (page_line.page.unit, page_line.page.post, page_line.page.officer_id)
            for page_line in book.new_pages.values()
            if page_line.page.alert_id == alert_id
        }
        for unit, post, officer_id in sorted(book.paged.get(alert_id, set()) | just_now):
            if officer_id in called:
                continue
            called.add(officer_id)
            mine = [seat for seat in self._roster.seats(unit) if seat.officer_id == officer_id]
            seat = mine[0] if mine else Seat(unit, post, officer_id)
            recall = replace(template, purpose=Purpose.RECALL, start_unit=unit)
            self._caller.open(recall, [seat], at=seat, named_after=officer_id, recalled=True)

    def _end_all_because_of(self, alert_id: str) -> None:
        for ladder in list(self._book.ladders.values()):
            if ladder.alert_id == alert_id and ladder.state is not LadderState.CLOSED:
                self._book.end(ladder, LadderStep.SETTLED, RECALLED)

    def _was_recalled(self, alert_id: str | None) -> bool:
        """Whether what stands because of the alert is over, though its own end may be yet to come."""
        existing_alert_memory = self._book.alerts.get(alert_id or "")
        return existing_alert_memory is not None and existing_alert_memory.recalled

    def on_assignment(self, event: AssignmentEvent) -> None:
        """Call the desk of a unit that got an assignment; stop when the unit has acted."""
        book = self._book
        before = book.assignments.get(event.assignment_id)
        if before is not None and event.version <= before.version:
            return
        phase = PHASES[event.state]
        delivered = 0 if before is None else before.attempt
        if event.state is not AssignmentState.QUEUED:
            delivered = max(delivered, event.attempt)
        book.remember_assignment(
            AssignmentMemory(event.assignment_id, event.status, event.version, delivered, phase)
        )
        living = book.of_assignment(event.assignment_id)
        if event.state is AssignmentState.DELIVERED:
            if before is not None and before.attempt >= event.attempt:
                return  # another version of the same delivery: nobody is called twice for it
            for one in living:
                book.end(one, LadderStep.SETTLED, REPLACED)
            if event.unit_tier in plan.PAGED_TIERS and not self._was_recalled(event.alert_id):
                self._caller.open(self._of_assignment(event), plan.ladder(self._roster, event.unit))
            return
        for one in living:
            needed = Phase.REPORTED if one.purpose is Purpose.FINISH else Phase.SIGNED
            if phase >= needed:
                book.end(one, LadderStep.SETTLED, SETTLED)

    def _of_assignment(self, event: AssignmentEvent) -> Ladder:
        return Ladder(
            ladder_id="",
            cause_id=event.id,
            trace_id=event.trace_id or event.id,
            subject_kind=SubjectKind.ASSIGNMENT,
            subject_id=event.assignment_id,
            purpose=Purpose.SIGN,
            status=event.status,
            level=event.level,
            place=event.unit,
            start_unit=event.unit,
            headline=event.title,
            text=wording.of_assignment(event),
            data_grade=event.data_grade,
            occurred_at=event.occurred_at,
            opened_at=self._book.now,
            alert_id=event.alert_id,
            command_id=event.command_id,
            assignment_id=event.assignment_id,
        )

    def on_supervision(self, event: SupervisionEvent) -> None:
        """Call whom a reminder or an escalation names, unless the unit has acted meanwhile."""
        if event.kind not in _CALLS or self._was_recalled(event.alert_id):
            return
        purpose = Purpose(event.clock)
        if purpose in supervision_calls.REPORTS:
            duty = self._book.duties.get(event.subject_id)
            over = duty is not None and duty.outlived(event.clock, event.due_at)
            living = self._book.of_duty(event.subject_id)
        else:
            existing_assignment_memory = self._book.assignments.get(event.subject_id)
            phase = (
                existing_assignment_memory.phase if existing_assignment_memory else Phase.WAITING
            )
            over = phase >= (Phase.SIGNED if purpose is Purpose.SIGN else Phase.REPORTED)
            living = self._book.of_assignment(event.subject_id)
        if over:
            return
        for one in living:
            if one.subject_kind is SubjectKind.SUPERVISION and one.purpose is purpose:
                self._book.end(one, LadderStep.SETTLED, REPLACED)
        start = event.target_unit
        seats = plan.ladder(self._roster, start)
        at = self._roster.seat(start, event.target_post) or plan.at_or_after(
            seats, start, start, event.target_post
        )
        self._caller.open(supervision_calls.of(event, self._names, self._book.now), seats, at=at)

    def on_proposal(self, event: ModeProposal) -> None:
        """Call whoever can give the signature that a proposal of a mode waits for."""
        for one in self._book.of_subject(event.proposal_id):
            self._book.end(one, LadderStep.SETTLED, SETTLED)
        if not event.next_posts:
            return
        signed = {signature.officer_id for signature in event.signatures}
        result = plan.ladder(self._roster, event.unit)
        seats = [seat for seat in result if seat.officer_id not in signed]
        entitled = next((seat for seat in seats if seat.post in event.next_posts), None)
        self._caller.open(
            mode_calls.to_decide(event, self._names, self._book.now), seats, at=entitled
        )

    def on_mode(self, event: ResponseModeEvent) -> None:
        """Tell every desk of the subtree that its mode has changed."""
        subject = mode_id(event.status, event.unit)
        for one in self._book.of_subject(subject):
            self._book.end(one, LadderStep.SETTLED, REPLACED)
        for unit in self._roster.units_within(event.unit):
            ladder = mode_calls.to_inform(event, subject, unit, self._names, self._book.now)
            self._caller.open(ladder, plan.ladder(self._roster, unit))

    def on_duty(self, event: ReportDuty) -> None:
        """Stop calling about what a unit has reported by now, or no longer owes."""
        book = self._book
        before = book.duties.get(event.duty_id)
        if before is not None and event.version <= before.version:
            return
        memory = DutyMemory(event.duty_id, event.status, event.version, event.running())
        book.remember_duty(memory)
        for ladder in book.of_duty(event.duty_id):
            if memory.outlived(ladder.purpose, ladder.occurred_at):
                book.end(ladder, LadderStep.SETTLED, SETTLED)

    def on_coverage(self, event: DutyCoverage) -> None:
        """Remember what stands empty at a post; tell who is responsible, or that it is covered."""
        book, subject = self._book, roster_calls.subject_of(event)
        before = book.gaps.get(subject)
        if before is not None and event.sent_at < before.coverage.sent_at:
            return
        memory = replace(before, coverage=event) if before else GapMemory(subject, event)
        if not roster_calls.of_the_week(event, book.now):
            memory = replace(memory, told_at=None)
            for ladder in book.of_subject(subject):
                book.end(ladder, LadderStep.SETTLED, SETTLED)
        book.remember_gaps(memory)
        self.tell_gaps(subject)

    def tell_gaps(self, subject: str) -> None:
        """Tell of a post's gaps if it is time to."""
        book, memory = self._book, self._book.gaps[subject]
        due = memory.due_at(book.now)
        if due is None or due > book.now:
            book.remember_gaps(memory)
            return
        book.remember_gaps(replace(memory, told_at=book.now, times=memory.times + 1))
        unit, post = memory.coverage.unit, memory.coverage.post
        self._caller.open(
            roster_calls.to_inform(memory, self._names, book.now),
            plan.ladder(self._roster, unit),
            at=roster_calls.responsible(self._roster, unit, post),
            named_after=f"{unit}:{post}:{memory.times}",
        )

    def send_digest(self, digest: Digest, contents: Sequence[Content]) -> None:
        """It is time: call the officer about what still waits in his digest, if anything does."""
        if not contents:
            self._book.step_digest(digest, DigestStep.SETTLED)
            return
        self._book.step_digest(digest, DigestStep.SENT)
        held = self._roster.seats(digest.unit)
        seat = next((seat for seat in held if seat.officer_id == digest.officer_id), None)
        if seat is None:  # he has left the post since: the console keeps it, its contents go on
            seat = Seat(digest.unit, digest.post, digest.officer_id)
        ladder = to_call(digest, contents, self._book.now)
        self._caller.open(ladder, [seat], at=seat, named_after=digest.digest_id)

    def pass_on(self, digest: Digest, page_ids: Sequence[str], *, last: bool) -> None:
        """Tell these pages of a digest what was answered to it, or that it has reached nobody."""
        book = self._book
        for number in page_ids:
            line = book.pages[number]
            if digest.answer is None:
                self._caller.pass_by(line)
                continue
            ladder = book.ladders[line.ladder_id]
            self._caller.answer(for_content(digest.answer, ladder, number))
        digest.passing = not last
        digest.passed_on = page_ids[-1] if page_ids else digest.passed_on
        book.changed_digests[digest.digest_id] = digest

    def on_answer(self, answer: Answer) -> None:
        """Note a receipt or an answer; raises Refused."""
        self._caller.answer(answer)

    def on_timer(self, ladder_id: str, kind: str, step: int) -> None:
        """A ladder's timer has fired: the time for an answer, the last resort or a promise is over."""
        self._caller.fire(ladder_id, kind, step)

    def on_failure(self, line: PageLine, reason: str | None) -> None:
        """A page could not be delivered on its channel."""
        self._caller.failed(line, reason)
