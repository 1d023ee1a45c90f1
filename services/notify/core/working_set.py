"""The escalations, pages and digests of one transaction, in memory, and the changes to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.notify.core.channel_health import ChannelEvidence, ChannelHealth, evidence_of
from services.notify.core.digests import states as digest_states
from services.notify.core.digests.digest import Digest
from services.notify.core.digests.states import DigestTrigger
from services.notify.core.escalation import channel_waits, states
from services.notify.core.escalation.escalation import Escalation
from services.notify.core.escalation.next_call import NextCall
from services.notify.core.escalation.states import EscalationTrigger
from services.notify.core.pages import states as page_states
from services.notify.core.pages.page_row import PageRow, first_version, next_version
from services.notify.core.pages.states import PageTrigger
from services.notify.core.subjects.snapshots import (
    AlertSnapshot,
    AssignmentSnapshot,
    EndedWarning,
    GapSnapshot,
    ReportDutySnapshot,
)
from shared.contracts.fields import Post
from shared.contracts.pages import Channel, Page, SubjectKind
from shared.domain.bilingual import Bilingual, bilingual_of
from shared.domain.page_texts import marks
from shared.domain.page_texts.lines import joined_text
from shared.domain.roster.post_holders import PostHolder

NO_WAITS: Mapping[Channel, float] = {}
OWN_SUBJECTS = (
    *(SubjectKind.MODE, SubjectKind.ROSTER, SubjectKind.FAULT),
    *(SubjectKind.WARNING, SubjectKind.SILENCE),
)
"""Subjects that are found by their own id."""


@dataclass(slots=True)
class WorkingSet:
    """The loaded rows and, after the decisions, the changes to be written."""

    channels: frozenset[Channel]
    now: datetime
    channel_health: ChannelHealth = field(default_factory=ChannelHealth)
    """Only read; evidence from this transaction's pages is added to `evidence`."""
    escalations: dict[str, Escalation] = field(default_factory=dict)
    pages: dict[str, PageRow] = field(default_factory=dict)
    alerts: dict[str, AlertSnapshot] = field(default_factory=dict)
    paged_officers: dict[str, set[tuple[str, Post, str]]] = field(default_factory=dict)
    """By recalled alert: unit, post and officer of all pages because of it or its commands."""
    assignments: dict[str, AssignmentSnapshot] = field(default_factory=dict)
    report_duties: dict[str, ReportDutySnapshot] = field(default_factory=dict)
    gaps: dict[str, GapSnapshot] = field(default_factory=dict)
    digests: dict[str, Digest] = field(default_factory=dict)
    ended_warnings: set[EndedWarning] = field(default_factory=set)
    """The warnings of other agencies that a message has cancelled or replaced."""

    new_escalations: dict[str, Escalation] = field(default_factory=dict)
    changed_escalations: dict[str, Escalation] = field(default_factory=dict)
    new_pages: dict[str, PageRow] = field(default_factory=dict)
    changed_pages: dict[str, PageRow] = field(default_factory=dict)
    changed_alerts: dict[str, AlertSnapshot] = field(default_factory=dict)
    changed_assignments: dict[str, AssignmentSnapshot] = field(default_factory=dict)
    changed_report_duties: dict[str, ReportDutySnapshot] = field(default_factory=dict)
    changed_gaps: dict[str, GapSnapshot] = field(default_factory=dict)
    changed_digests: dict[str, Digest] = field(default_factory=dict)
    new_ended_warnings: set[EndedWarning] = field(default_factory=set)
    events: list[Page] = field(default_factory=list)
    """Every new page version, in order, to be published."""
    evidence: list[ChannelEvidence] = field(default_factory=list)
    """The outcomes of pages that have ended, in order."""
    due_now: set[str] = field(default_factory=set)
    """Queued pages that were to leave later and have to leave now."""
    exhausted: list[str] = field(default_factory=list)
    """Escalations that this transaction has exhausted."""
    _by_subject: defaultdict[tuple[str, str], list[Escalation]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """Kind (`alert`, `assignment`, `subject`, `report_duty`) and id of the subject."""
    _pages_by_escalation: defaultdict[str, list[PageRow]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def add_escalation(self, escalation: Escalation) -> None:
        """Add an escalation as it is stored."""
        self.escalations[escalation.escalation_id] = escalation
        if escalation.subject_kind in OWN_SUBJECTS:
            self._by_subject["subject", escalation.subject_id].append(escalation)
        elif escalation.assignment_id is not None:
            self._by_subject["assignment", escalation.assignment_id].append(escalation)
        elif escalation.duty_id is not None:
            self._by_subject["report_duty", escalation.duty_id].append(escalation)
        elif escalation.alert_id is not None:
            self._by_subject["alert", escalation.alert_id].append(escalation)

    def add_page(self, page_row: PageRow) -> None:
        """Add a page as it is stored."""
        self.pages[page_row.page.page_id] = page_row
        self._pages_by_escalation[page_row.escalation_id].append(page_row)

    def update_alert(self, snapshot: AlertSnapshot) -> None:
        """Replace the snapshot of an alert."""
        self.alerts[snapshot.alert_id] = self.changed_alerts[snapshot.alert_id] = snapshot

    def update_assignment(self, snapshot: AssignmentSnapshot) -> None:
        """Replace the snapshot of an assignment."""
        self.assignments[snapshot.assignment_id] = snapshot
        self.changed_assignments[snapshot.assignment_id] = snapshot

    def update_report_duty(self, snapshot: ReportDutySnapshot) -> None:
        """Replace the snapshot of a duty to report."""
        self.report_duties[snapshot.duty_id] = snapshot
        self.changed_report_duties[snapshot.duty_id] = snapshot

    def update_gaps(self, snapshot: GapSnapshot) -> None:
        """Replace the snapshot of a post's gaps."""
        self.gaps[snapshot.subject_id] = self.changed_gaps[snapshot.subject_id] = snapshot

    def end_warnings(self, ended: Iterable[EndedWarning]) -> None:
        """Remember warnings of other agencies as ended."""
        self.new_ended_warnings |= set(ended) - self.ended_warnings
        self.ended_warnings |= self.new_ended_warnings

    def step_digest(self, digest: Digest, event: DigestTrigger) -> bool:
        """Apply a step to a digest; return False when the step is not possible."""
        try:
            digest.state = digest_states.step(digest.state, event)
        except digest_states.IllegalStep:
            return False
        self.changed_digests[digest.digest_id] = digest
        return True

    def of_alert(self, alert_id: str) -> list[Escalation]:
        """Return the escalations about an alert itself that are not closed."""
        return _not_closed(self._by_subject["alert", alert_id])

    def of_assignment(self, assignment_id: str) -> list[Escalation]:
        """Return those about an assignment and its supervision that are not closed."""
        return _not_closed(self._by_subject["assignment", assignment_id])

    def of_subject(self, subject_id: str) -> list[Escalation]:
        """Return those about a proposal, mode, post's gaps, fault or warning; none is closed."""
        return _not_closed(self._by_subject["subject", subject_id])

    def of_report_duty(self, duty_id: str) -> list[Escalation]:
        """Return the escalations about a duty to report that are not closed."""
        return _not_closed(self._by_subject["report_duty", duty_id])

    def pages_of(self, escalation_id: str) -> list[PageRow]:
        """Return all pages of an escalation, loaded or new."""
        return self._pages_by_escalation[escalation_id]

    def open_escalation(self, escalation: Escalation) -> bool:
        """Add a new escalation; return False when it exists already."""
        if escalation.escalation_id in self.escalations:
            return False
        self.add_escalation(escalation)
        self.new_escalations[escalation.escalation_id] = escalation
        return True

    def mark_changed(self, escalation: Escalation) -> None:
        """Mark an escalation as changed."""
        if escalation.escalation_id not in self.new_escalations:
            self.changed_escalations[escalation.escalation_id] = escalation

    def place_call(
        self,
        escalation: Escalation,
        call: NextCall,
        text: str,
        mark: Bilingual = marks.NONE,
        after_s: Mapping[Channel, float] = NO_WAITS,
    ) -> None:
        """Make the call the present one, and page its officer and crew on each channel.

        `text` is the text of the pages; `mark` opens their headline. `after_s` has the seconds
        until a channel is used; a channel that is not in it is used at once.
        """
        escalation.unit, escalation.post = call.holder.unit, call.holder.post
        escalation.officer_id = call.holder.officer_id
        escalation.escalation_level, escalation.round = call.escalation_level, call.round
        escalation.step += 1
        escalation.due_at = self.now + timedelta(seconds=call.wait_s)
        self.mark_changed(escalation)
        coming = escalation.coming_officers
        for holder in (call.holder, *call.crew):
            if holder.officer_id in coming:
                continue
            channels = [channel for channel in holder.channels if channel in self.channels]
            unreachable = self.channel_health.unreachable(holder.officer_id, self.now)
            waits = channel_waits.waits(channels, after_s, call.wait_s, unreachable)
            self._page(escalation, call, holder, text, mark, waits)

    def _page(
        self,
        escalation: Escalation,
        call: NextCall,
        holder: PostHolder,
        text: str,
        mark: Bilingual,
        waits: Mapping[Channel, float],
    ) -> None:
        rounds = [
            page_row.page.round
            for page_row in self.pages_of(escalation.escalation_id)
            if page_row.page.officer_id == holder.officer_id
        ]
        round_ = max(rounds, default=0) + 1
        for channel, wait_s in waits.items():
            page = first_version(escalation, call, holder, channel, round_, text, mark, self.now)
            send_at = self.now + timedelta(seconds=wait_s)
            page_row = PageRow(escalation.escalation_id, page, send_at)
            self.add_page(page_row)
            self.new_pages[page.page_id] = page_row
            self.events.append(page)

    def move_to_digests(self, digest_of: Mapping[str, str]) -> None:
        """Reduce these new calls to the console's page, marked with its digest.

        `digest_of` has the digest by the id of the console page.
        """
        dropped: set[str] = set()
        for page_id, digest_id in digest_of.items():
            page_row = self.pages[page_id]
            page = page_row.page
            dropped.update(
                sibling.page.page_id
                for sibling in self.pages_of(page_row.escalation_id)
                if sibling.page.page_id in self.new_pages
                and sibling is not page_row
                and (sibling.page.officer_id, sibling.page.round) == (page.officer_id, page.round)
            )
            page_row.page = page.model_copy(update={"digest_id": digest_id})
        for page_id in dropped:
            page_row = self.new_pages.pop(page_id)
            del self.pages[page_id]
            self._pages_by_escalation[page_row.escalation_id].remove(page_row)
        self.events = [
            self.pages[event.page_id].page if event.page_id in digest_of else event
            for event in self.events
            if event.page_id not in dropped
        ]

    def step_page(
        self,
        page_row: PageRow,
        event: PageTrigger,
        *,
        occurred_at: datetime | None = None,
        answered_here: bool = False,
        **changes: object,
    ) -> bool:
        """Apply a step to a page and publish the new version; return False when it is too late.

        `answered_here`: the answer came on this page's own channel.
        """
        previous = page_row.page
        try:
            state = page_states.step(previous.state, event)
        except page_states.IllegalStep:
            return False
        evidence = evidence_of(previous, event, answered_here=answered_here)
        if evidence is not None:
            self.evidence.append(evidence)
        page_row.page = next_version(previous, state, self.now, occurred_at, changes)
        if previous.page_id not in self.new_pages:
            self.changed_pages[previous.page_id] = page_row
        self.events.append(page_row.page)
        return True

    def unanswered_pages(self, escalation: Escalation) -> list[PageRow]:
        """Return the pages of an escalation that may still be answered in time."""
        return [
            page_row
            for page_row in self.pages_of(escalation.escalation_id)
            if page_row.page.state in page_states.WAITING
        ]

    def current_pages(self, escalation: Escalation) -> list[PageRow]:
        """Return the pages of the present call: each officer's newest round on this level."""
        page_rows = [
            page_row
            for page_row in self.pages_of(escalation.escalation_id)
            if page_row.page.rung == escalation.escalation_level
        ]
        newest: dict[str, int] = {}
        for page_row in page_rows:
            officer = page_row.page.officer_id
            newest[officer] = max(newest.get(officer, 0), page_row.page.round)
        return [
            page_row
            for page_row in page_rows
            if page_row.page.round == newest[page_row.page.officer_id]
        ]

    def end_calls(
        self, escalation: Escalation, event: EscalationTrigger, reason: Bilingual
    ) -> None:
        """Stop calling: unanswered pages are withdrawn, with the reason before their text."""
        escalation.state = states.step(escalation.state, event)
        escalation.due_at = None
        self.mark_changed(escalation)
        for page_row in self.unanswered_pages(escalation):
            text = joined_text(reason, bilingual_of(page_row.page.text))
            self.step_page(page_row, PageTrigger.WITHDRAWN, text=text)


def _not_closed(escalations: Iterable[Escalation]) -> list[Escalation]:
    return [escalation for escalation in escalations if escalation.state not in states.FINAL]
