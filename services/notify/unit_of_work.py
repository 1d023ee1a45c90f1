"""One transaction of notify: the escalations that it changes, and the pages that follow.

The load functions of handlers and timers name the rows. `load` locks and reads the rows, the
handlers decide in the working set through the engine, and `save` puts calls over budget into
digests, writes all changes, arms the timers and publishes the pages.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime

import structlog

from services.notify.core.contact_tests.plans import TestedPost
from services.notify.core.contact_tests.tester import ContactTester
from services.notify.core.digests import digesting
from services.notify.core.digests.digest import DigestContent
from services.notify.core.escalation.engine import EscalationEngine
from services.notify.core.reference_data import ReferenceData
from services.notify.core.working_set import WorkingSet
from services.notify.metrics import NotifyMetrics
from services.notify.store import (
    channel_health,
    contact_tests,
    digests,
    ended_warnings,
    escalations,
    gaps,
    pages,
    recalls,
    snapshots,
)
from services.notify.store.needed_rows import NeededRows
from shared.contracts.pages import Answer
from shared.runtime.database import Transaction
from shared.runtime.timers import arm

log = structlog.get_logger("fenghuo.notify")

WARNING_END = "warning_end"
"""The kind of the timer at the end of another agency's warning; its subject is the warning."""


class UnitOfWork:
    """The escalations, pages and digests that one transaction reads and changes."""

    def __init__(
        self,
        transaction: Transaction,
        *,
        reference: ReferenceData,
        metrics: NotifyMetrics,
        page_queued: asyncio.Event,
    ) -> None:
        self.reference = reference
        self.working_set = WorkingSet(reference.channels, transaction.now, reference.channel_health)
        self.engine = EscalationEngine(
            reference.roster,
            reference.call_rules,
            reference.modes,
            self.working_set,
            reference.names,
        )
        self.contact_tester = ContactTester(reference.roster, reference.modes, self.working_set)
        self._transaction = transaction
        self._metrics = metrics
        self._page_queued = page_queued
        self._needed = NeededRows()
        self._outcome_pages: list[digests.OutcomePage] = []
        self._scheduled_tests: list[tuple[TestedPost, datetime]] = []
        self._warning_ends: list[tuple[str, str, int, datetime]] = []
        self._answers: Counter[tuple[str, str]] = Counter()

    def need_alert(self, alert_id: str, *, recalled: bool) -> None:
        """Name an alert; of a recalled alert all calls and paged officers are needed."""
        self._needed.alerts.add(alert_id)
        if recalled:
            self._needed.recalled.add(alert_id)

    def need_cause(self, alert_id: str) -> None:
        """Name an alert because of which officers may be called."""
        self._needed.causes.add(alert_id)

    def need_assignment(self, assignment_id: str) -> None:
        """Name an assignment, with the escalations about it and its supervision."""
        self._needed.assignments.add(assignment_id)

    def need_subject(self, subject_id: str) -> None:
        """Name a proposal, mode, post with gaps, fault, warning or silence, with its calls."""
        self._needed.subjects.add(subject_id)

    def need_ended_warning(self, warning_id: str) -> None:
        """Name a warning of another agency that may have ended before it came."""
        self._needed.ended_warnings.add(warning_id)

    def need_gaps(self, subject_id: str) -> None:
        """Name a post whose gaps are needed."""
        self._needed.gaps.add(subject_id)

    def need_report_duty(self, duty_id: str) -> None:
        """Name a duty to report, with the escalations about it."""
        self._needed.report_duties.add(duty_id)

    def need_page(self, page_id: str) -> None:
        """Name a page; its escalation is needed with all pages."""
        self._needed.pages.add(page_id)

    def need_escalation(self, escalation_id: str) -> None:
        """Name an escalation; it is needed with all pages."""
        self._needed.escalations.add(escalation_id)

    def need_digest(self, digest_id: str) -> None:
        """Name a digest."""
        self._needed.digests.add(digest_id)

    def need_outcome(self, digest_id: str) -> None:
        """Name a digest whose next pages are to get its outcome."""
        self._needed.digests.add(digest_id)
        self._needed.outcomes.add(digest_id)

    async def lock(self) -> None:
        """Lock the escalations of the timers and of pages that get an outcome, then the digests."""
        needed = self._needed
        outcome_pages = await digests.outcome_pages(self._transaction, needed.outcomes)
        escalation_ids = {page.escalation_id for page in outcome_pages}
        await escalations.lock(self._transaction, needed.escalations | escalation_ids)
        await digests.lock(self._transaction, needed.digests)

    async def load(self) -> None:
        """Lock and read the rows into the working set."""
        transaction, needed, working_set = self._transaction, self._needed, self.working_set
        await recalls.lock(transaction, needed.causes, needed.recalled)
        self._outcome_pages = await digests.outcome_pages(transaction, sorted(needed.outcomes))
        needed.pages.update(page.page_id for page in self._outcome_pages)
        await snapshots.load_alerts(transaction, needed.alerts | needed.causes, working_set)
        await snapshots.load_assignments(transaction, needed.assignments, working_set)
        await snapshots.load_report_duties(transaction, needed.report_duties, working_set)
        escalation_ids = await escalations.find(transaction, needed)
        await escalations.load(transaction, escalation_ids, working_set)
        await recalls.load_paged_officers(transaction, needed.recalled, working_set)
        called_digests = {
            escalation.subject_id
            for escalation in working_set.escalations.values()
            if not escalation.continues
        }
        await digests.load(transaction, needed.digests | called_digests, working_set)
        await gaps.load(transaction, needed.gaps, working_set)
        await ended_warnings.load(transaction, needed.ended_warnings, working_set)

    async def digest_contents(self, digest_id: str) -> list[DigestContent]:
        """Return the unanswered calls of a digest."""
        return await digests.contents(self._transaction, digest_id)

    def outcome_page_ids(self, digest_id: str) -> tuple[list[str], bool]:
        """Return the pages that are to get the digest's outcome now; True = no others follow."""
        page_ids = [page.page_id for page in self._outcome_pages if page.digest_id == digest_id]
        return page_ids, len(page_ids) < digests.OUTCOME_PAGES

    def schedule_test(self, tested: TestedPost, due_at: datetime) -> None:
        """Arm the timer of a post's next communication test."""
        self._scheduled_tests.append((tested, due_at))

    def end_calls_at(self, warning_id: str, ends_at: datetime) -> None:
        """Arm the timer that ends the calls about a warning of another agency."""
        self._warning_ends.append((warning_id, WARNING_END, 0, ends_at))

    def count_answer(self, answer: Answer) -> None:
        """Count an answer that was applied."""
        self._answers[answer.verb, answer.status] += 1

    async def save(self) -> None:
        """Put calls over budget into digests, write all changes, and publish the pages."""
        transaction, working_set = self._transaction, self.working_set
        await contact_tests.schedule(transaction, self._scheduled_tests)
        await arm(transaction, self._warning_ends)
        await self._digest_calls()
        await escalations.save(transaction, working_set)
        await pages.save(transaction, working_set)
        await snapshots.save(transaction, working_set)
        await gaps.save(transaction, working_set)
        await ended_warnings.save(transaction, working_set)
        await digests.save(transaction, working_set)
        await channel_health.save(transaction, working_set)
        if working_set.new_pages or working_set.due_now:
            transaction.after_commit.add(self._page_queued)
        self._count()

    async def _digest_calls(self) -> None:
        working_set, budgets = self.working_set, self.reference.budgets
        candidates = digesting.candidates(working_set)
        if not candidates:
            return
        officers = {page_row.page.officer_id for page_row in candidates}
        use = await digests.budget_use(self._transaction, officers, budgets)
        calls = digesting.over_budget(candidates, working_set, use, budgets)
        if not calls:
            return
        digest_of = await digests.collect(self._transaction, calls)
        working_set.move_to_digests({call.page_id: digest_of[call.key] for call in calls})
        for call in calls:
            page = working_set.pages[call.page_id].page
            self._metrics.digested.labels(page.level, page.status).inc()

    def _count(self) -> None:
        working_set, metrics = self.working_set, self._metrics
        for digest in working_set.changed_digests.values():
            metrics.digests.labels(digest.state, digest.status).inc()
        versions = Counter((page.channel, page.state, page.status) for page in working_set.events)
        for (channel, state, status), count in versions.items():
            metrics.pages.labels(channel, state, status).inc(count)
        for (verb, answer_status), count in self._answers.items():
            metrics.answers.labels(verb, answer_status).inc(count)
        if working_set.exhausted:
            for escalation_id in working_set.exhausted:
                status = working_set.escalations[escalation_id].status
                metrics.exhausted.labels(status).inc()
            log.error(
                "escalations_exhausted",
                count=len(working_set.exhausted),
                first=working_set.exhausted[0],
            )
