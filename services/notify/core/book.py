"""The ladders and pages that one transaction touches, in memory, and what has changed in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum

from services.notify.core import channel_plan, ladders, marks, states
from services.notify.core.digests import states as digest_states
from services.notify.core.digests.digest import Digest
from services.notify.core.digests.states import DigestStep
from services.notify.core.ladders import Ladder, LadderStep
from services.notify.core.plan import Call
from services.notify.core.reaches import Evidence, Reaches, evidence_of
from services.notify.core.roster import Seat
from services.notify.core.roster_calls import GapMemory
from services.notify.core.states import PageStep
from shared.contracts.commands import AssignmentState
from shared.contracts.fields import Level, Post
from shared.contracts.ids import page_id, transition_id
from shared.contracts.pages import Channel, Page, PageState, SubjectKind
from shared.contracts.units import tier_of
from shared.domain.bilingual import Both

AT_ONCE: Mapping[Channel, float] = {}


class Phase(IntEnum):
    """How far an assignment is, as far as calling people goes."""

    WAITING = 0
    SIGNED = 1
    REPORTED = 2
    OVER = 3


PHASES: dict[AssignmentState, Phase] = {
    AssignmentState.QUEUED: Phase.WAITING,
    AssignmentState.DELIVERED: Phase.WAITING,
    AssignmentState.SIGNED: Phase.SIGNED,
    AssignmentState.ACCEPTED: Phase.SIGNED,
    AssignmentState.HANDLING: Phase.SIGNED,
    AssignmentState.REPORTED: Phase.REPORTED,
    AssignmentState.CHECKED: Phase.REPORTED,
    AssignmentState.DONE: Phase.OVER,
    AssignmentState.RETURNED: Phase.OVER,
    # Nobody is called about it while it is suspended; resuming is no delivery and opens no ladder.
    AssignmentState.SUSPENDED: Phase.OVER,
    AssignmentState.WAIVED: Phase.OVER,
    AssignmentState.REASSIGNED: Phase.OVER,
    AssignmentState.RECALLED: Phase.OVER,
}


@dataclass(frozen=True, slots=True)
class AlertMemory:
    """What an alert last proposed; a change of it is what people are called for."""

    alert_id: str
    status: str
    version: int
    level: Level | None
    proposed_level: Level | None
    recalled: bool = False


@dataclass(frozen=True, slots=True)
class AssignmentMemory:
    """How far an assignment was when it was last heard of; `attempt` last delivered, 0 = none."""

    assignment_id: str
    status: str
    version: int
    attempt: int
    phase: Phase


@dataclass(frozen=True, slots=True)
class DutyMemory:
    """When the running clocks of a unit's duty to report are due, by their names."""

    duty_id: str
    status: str
    version: int
    dues: Mapping[str, datetime]

    def outlived(self, clock: str, called_at: datetime) -> bool:
        """Whether what was missed at `called_at` has been made good: the clock stopped or went on."""
        due = self.dues.get(clock)
        return due is None or due > called_at


@dataclass(slots=True)
class PageLine:
    """A page and the ladder that it belongs to."""

    ladder_id: str
    page: Page
    send_at: datetime | None = None
    """When a new page leaves through its channel, if that has to be done at all."""


@dataclass(slots=True)
class Book:
    """Loaded rows and, after the decisions, the changes to write."""

    channels: frozenset[Channel]
    now: datetime
    reaches: Reaches = field(default_factory=Reaches)
    """Read, never changed; what is learnt here is `evidence`."""
    ladders: dict[str, Ladder] = field(default_factory=dict)
    pages: dict[str, PageLine] = field(default_factory=dict)
    alerts: dict[str, AlertMemory] = field(default_factory=dict)
    paged: dict[str, set[tuple[str, Post, str]]] = field(default_factory=dict)
    """Unit, post and officer of all who were paged because of a recalled alert or its commands."""
    assignments: dict[str, AssignmentMemory] = field(default_factory=dict)
    duties: dict[str, DutyMemory] = field(default_factory=dict)

    gaps: dict[str, GapMemory] = field(default_factory=dict)
    digests: dict[str, Digest] = field(default_factory=dict)

    new_ladders: dict[str, Ladder] = field(default_factory=dict)
    changed_ladders: dict[str, Ladder] = field(default_factory=dict)
    new_pages: dict[str, PageLine] = field(default_factory=dict)
    changed_pages: dict[str, PageLine] = field(default_factory=dict)
    changed_alerts: dict[str, AlertMemory] = field(default_factory=dict)
    changed_assignments: dict[str, AssignmentMemory] = field(default_factory=dict)
    changed_duties: dict[str, DutyMemory] = field(default_factory=dict)
    changed_gaps: dict[str, GapMemory] = field(default_factory=dict)
    changed_digests: dict[str, Digest] = field(default_factory=dict)
    events: list[Page] = field(default_factory=list)
    """Every new page version, in order, to be published."""
    evidence: list[Evidence] = field(default_factory=list)
    """What came of pages that have ended, in order."""
    hastened: set[str] = field(default_factory=set)
    """Pages whose channel was to be used later, to be used now."""
    ran_out: list[str] = field(default_factory=list)
    """Ladders that have just been exhausted."""
    _by_alert: dict[str, list[Ladder]] = field(default_factory=dict)
    _by_assignment: dict[str, list[Ladder]] = field(default_factory=dict)
    _by_subject: dict[str, list[Ladder]] = field(default_factory=dict)
    _by_duty: dict[str, list[Ladder]] = field(default_factory=dict)
    _by_ladder: dict[str, list[PageLine]] = field(default_factory=dict)

    def add_ladder(self, ladder: Ladder) -> None:
        """Take in a ladder as it is stored."""
        self.ladders[ladder.ladder_id] = ladder
        if ladder.subject_kind in (SubjectKind.MODE, SubjectKind.ROSTER):
            self._by_subject.setdefault(ladder.subject_id, []).append(ladder)
        elif ladder.assignment_id is not None:
            self._by_assignment.setdefault(ladder.assignment_id, []).append(ladder)
        elif ladder.duty_id is not None:
            self._by_duty.setdefault(ladder.duty_id, []).append(ladder)
        elif ladder.alert_id is not None:
            self._by_alert.setdefault(ladder.alert_id, []).append(ladder)

    def add_page(self, line: PageLine) -> None:
        """Take in a page as it is stored."""
        self.pages[line.page.page_id] = line
        self._by_ladder.setdefault(line.ladder_id, []).append(line)

    def remember_alert(self, memory: AlertMemory) -> None:
        """Keep what the alert now proposes."""
        self.alerts[memory.alert_id] = self.changed_alerts[memory.alert_id] = memory

    def remember_assignment(self, memory: AssignmentMemory) -> None:
        """Keep how far the assignment now is."""
        self.assignments[memory.assignment_id] = memory
        self.changed_assignments[memory.assignment_id] = memory

    def remember_duty(self, memory: DutyMemory) -> None:
        """Keep which clocks of a duty run."""
        self.duties[memory.duty_id] = self.changed_duties[memory.duty_id] = memory

    def remember_gaps(self, memory: GapMemory) -> None:
        """Keep what is open at a post."""
        self.gaps[memory.subject_id] = self.changed_gaps[memory.subject_id] = memory

    def step_digest(self, digest: Digest, event: DigestStep) -> bool:
        """Step a digest; False when the step is not possible."""
        try:
            digest.state = digest_states.step(digest.state, event)
        except digest_states.IllegalStep:
            return False
        self.changed_digests[digest.digest_id] = digest
        return True

    def of_alert(self, alert_id: str) -> list[Ladder]:
        """Ladders about an alert itself that are not closed."""
        return _unsettled(self._by_alert.get(alert_id, []))

    def of_assignment(self, assignment_id: str) -> list[Ladder]:
        """Ladders about an assignment, its supervision included, that are not closed."""
        return _unsettled(self._by_assignment.get(assignment_id, []))

    def of_subject(self, subject_id: str) -> list[Ladder]:
        """Ladders about a proposal of a mode, a unit's mode or a post's gaps that are not closed."""
        return _unsettled(self._by_subject.get(subject_id, []))

    def of_duty(self, duty_id: str) -> list[Ladder]:
        """Ladders about a duty to report that are not closed."""
        return _unsettled(self._by_duty.get(duty_id, []))

    def pages_of(self, ladder_id: str) -> list[PageLine]:
        """All pages of a ladder that were loaded or written here."""
        return self._by_ladder.get(ladder_id, [])

    def open(self, ladder: Ladder) -> bool:
        """Take in a new ladder; False when it is known already."""
        if ladder.ladder_id in self.ladders:
            return False
        self.add_ladder(ladder)
        self.new_ladders[ladder.ladder_id] = ladder
        return True

    def touch(self, ladder: Ladder) -> None:
        """Mark a ladder as changed."""
        if ladder.ladder_id not in self.new_ladders:
            self.changed_ladders[ladder.ladder_id] = ladder

    def place(
        self,
        ladder: Ladder,
        call: Call,
        text: str,
        mark: Both = marks.NONE,
        after_s: Mapping[Channel, float] = AT_ONCE,
    ) -> None:
        """Make the call: the ladder stands there now, its officer and crew are paged on each channel.

        `text` is what the pages say, `mark` opens their headline; `after_s`: seconds until a channel is
        used, at once if it is not there.
        """
        ladder.unit, ladder.post = call.seat.unit, call.seat.post
        ladder.officer_id = call.seat.officer_id
        ladder.rung, ladder.round = call.rung, call.round
        ladder.step += 1
        ladder.due_at = self.now + timedelta(seconds=call.wait_s)
        self.touch(ladder)
        for seat in (call.seat, *call.also):
            used = [channel for channel in seat.channels if channel in self.channels]
            dead = self.reaches.dead(seat.officer_id, self.now)
            waits = channel_plan.waits(used, after_s, call.wait_s, dead)
            self._page(ladder, call, seat, text, mark, waits)

    def _page(
        self,
        ladder: Ladder,
        call: Call,
        seat: Seat,
        text: str,
        mark: Both,
        waits: Mapping[Channel, float],
    ) -> None:
        officer = seat.officer_id
        calls_before = [
            line.page.round
            for line in self.pages_of(ladder.ladder_id)
            if line.page.officer_id == officer
        ]
        round_ = max(calls_before, default=0) + 1
        for channel, wait_s in waits.items():
            number = page_id(ladder.ladder_id, officer, channel, round_)
            # The record in the console's feed is the console page: it is sent by being published.
            first = PageState.SENT if channel is Channel.CONSOLE else states.INITIAL
            page = Page(
                id=transition_id(number, 1),
                status=ladder.status,
                occurred_at=ladder.occurred_at,
                sent_at=self.now,
                origin_unit=seat.unit,
                tier=tier_of(seat.unit),
                areas=(ladder.place,),
                references=(ladder.cause_id,),
                trace_id=ladder.trace_id,
                data_grade=ladder.data_grade,
                page_id=number,
                version=1,
                subject_kind=ladder.subject_kind,
                subject_id=ladder.subject_id,
                alert_id=ladder.alert_id,
                command_id=ladder.command_id,
                assignment_id=ladder.assignment_id,
                officer_id=officer,
                unit=seat.unit,
                post=seat.post,
                channel=channel,
                round=round_,
                rung=call.rung,
                state=first,
                level=ladder.level,
                headline=marks.headline(ladder.status, ladder.headline, mark),
                text=text,
                answer_by=ladder.due_at or self.now,
                mode=ladder.mode,
                mode_version=ladder.mode_version,
                mode_unit=ladder.mode_unit,
            )
            line = PageLine(ladder.ladder_id, page, self.now + timedelta(seconds=wait_s))
            self.add_page(line)
            self.new_pages[number] = line
            self.events.append(page)

    def fold(self, digest_of: Mapping[str, str]) -> None:
        """Leave of these new calls only the console's page, marked with its digest.

        `digest_of` has the digest by the console page's id.
        """
        dropped: set[str] = set()
        for number, digest_id in digest_of.items():
            line = self.pages[number]
            page, siblings = line.page, self._by_ladder[line.ladder_id]
            others = [
                sibling.page.page_id
                for sibling in siblings
                if sibling.page.page_id in self.new_pages
                and sibling is not line
                and (sibling.page.officer_id, sibling.page.round) == (page.officer_id, page.round)
            ]
            dropped.update(others)
            line.page = page.model_copy(update={"digest_id": digest_id})
        for number in dropped:
            line = self.new_pages.pop(number)
            del self.pages[number]
            self._by_ladder[line.ladder_id].remove(line)
        self.events = [
            self.pages[event.page_id].page if event.page_id in digest_of else event
            for event in self.events
            if event.page_id not in dropped
        ]

    def advance(
        self,
        line: PageLine,
        event: PageStep,
        *,
        occurred_at: datetime | None = None,
        answered_here: bool = False,
        **other: object,
    ) -> bool:
        """Step a page and publish its new version; False when the step is not possible (late).

        `answered_here`: the answer came on this page's own channel.
        """
        try:
            state = states.step(line.page.state, event)
        except states.IllegalStep:
            return False
        before = line.page
        shown = evidence_of(before, event, answered_here=answered_here)
        if shown is not None:
            self.evidence.append(shown)
        line.page = Page.model_validate(
            {
                **dict(before),
                **other,
                "id": transition_id(before.page_id, before.version + 1),
                "references": (before.id, *before.references[-1:]),
                "version": before.version + 1,
                "state": state,
                "occurred_at": occurred_at or before.occurred_at,
                "sent_at": self.now,
            }
        )
        if before.page_id not in self.new_pages:
            self.changed_pages[before.page_id] = line
        self.events.append(line.page)
        return True

    def waiting(self, ladder: Ladder) -> list[PageLine]:
        """Pages of a ladder that may still be answered in time."""
        lines = self.pages_of(ladder.ladder_id)
        return [line for line in lines if line.page.state in states.WAITING]

    def present(self, ladder: Ladder) -> list[PageLine]:
        """The pages of the ladder's present call: of each officer on this rung the newest round."""
        lines = [x for x in self.pages_of(ladder.ladder_id) if x.page.rung == ladder.rung]
        newest: dict[str, int] = {}
        for line in lines:
            officer = line.page.officer_id
            newest[officer] = max(newest.get(officer, 0), line.page.round)
        return [line for line in lines if line.page.round == newest[line.page.officer_id]]

    def end(self, ladder: Ladder, event: LadderStep, why: str) -> None:
        """Stop calling: what is still waiting is withdrawn, with the reason before its text."""
        ladder.state = ladders.step(ladder.state, event)
        ladder.due_at = None
        self.touch(ladder)
        for line in self.waiting(ladder):
            text = f"{why}\n{line.page.text}"[:4000].rstrip()
            self.advance(line, PageStep.WITHDRAWN, text=text)


def _unsettled(found: Iterable[Ladder]) -> list[Ladder]:
    return [ladder for ladder in found if ladder.state not in ladders.FINAL]
