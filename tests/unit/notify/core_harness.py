"""The decisions of the handlers and timers in one working set, without a database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.notify.core.digests import calls as digest_calls
from services.notify.core.digests.digest import Digest, DigestContent
from services.notify.core.escalation.answers import apply_answer
from services.notify.core.escalation.call_rules import CallRules
from services.notify.core.escalation.engine import EscalationEngine
from services.notify.core.escalation.profiles import PROFILES, ProfileName
from services.notify.core.pages.page_row import PageRow
from services.notify.core.subjects import (
    agency_warnings,
    alerts,
    assignments,
    faults,
    modes,
    report_duties,
    roster_gaps,
    silences,
    supervision,
)
from services.notify.core.working_set import WorkingSet
from shared.contracts.alerts import AlertEvent
from shared.contracts.assignments import AssignmentEvent
from shared.contracts.calls import CallPlan
from shared.contracts.duty import DutyCoverage
from shared.contracts.faults import SystemFault
from shared.contracts.modes import ModeProposal, ResponseModeEvent
from shared.contracts.pages import Answer, Channel, Page
from shared.contracts.reports import ExternalWarning, ReportDuty
from shared.contracts.silences import SilenceEvent
from shared.contracts.supervision import SupervisionEvent
from shared.domain.page_texts.names import Names
from shared.domain.response_modes.effective import Modes
from shared.domain.roster.post_holders import Roster
from shared.domain.selection.tree import UnitTree
from tests.unit.notify.builders import T0


class CoreHarness:
    """Applies records, timers and failures to the working set of one engine."""

    def __init__(self, engine: EscalationEngine) -> None:
        self.engine = engine

    def on_alert(self, alert: AlertEvent) -> None:
        alerts.call_about_alert(alert, self.engine)

    def on_assignment(self, assignment: AssignmentEvent) -> None:
        assignments.call_about_assignment(assignment, self.engine)

    def on_supervision(self, event: SupervisionEvent) -> None:
        supervision.call_about_supervision(event, self.engine)

    def on_proposal(self, proposal: ModeProposal) -> None:
        modes.call_about_proposal(proposal, self.engine)

    def on_mode(self, mode: ResponseModeEvent) -> None:
        modes.call_about_mode(mode, self.engine)

    def on_report_duty(self, duty: ReportDuty) -> None:
        report_duties.end_calls_about_reports(duty, self.engine.working_set)

    def on_coverage(self, coverage: DutyCoverage) -> None:
        roster_gaps.call_about_coverage(coverage, self.engine)

    def on_fault(self, fault: SystemFault) -> None:
        faults.call_about_fault(fault, self.engine)

    def on_warning(self, event: ExternalWarning) -> None:
        agency_warnings.call_about_warning(event, self.engine)

    def on_silence(self, event: SilenceEvent) -> None:
        silences.call_about_silence(event, self.engine)

    def announce_gaps(self, subject: str) -> None:
        roster_gaps.announce_gaps(subject, self.engine)

    def send_digest(self, digest: Digest, contents: Sequence[DigestContent]) -> None:
        digest_calls.send_digest(digest, contents, self.engine)

    def on_answer(self, answer: Answer) -> None:
        """Raises RefusedAnswer."""
        apply_answer(answer, self.engine)

    def on_timer(self, escalation_id: str, kind: str, step: int) -> None:
        self.engine.expire(escalation_id, kind, step)

    def on_failure(self, page_row: PageRow, reason: str | None) -> None:
        self.engine.fail_page(page_row, reason)


def a_working_set(now: datetime = T0) -> WorkingSet:
    return WorkingSet(frozenset(Channel), now)


def a_core(
    roster: Roster,
    working_set: WorkingSet,
    profile: ProfileName = "demo",
    modes: Modes | None = None,
    plans: Iterable[CallPlan] = (),
    tree: UnitTree | None = None,
) -> CoreHarness:
    rules = CallRules(PROFILES[profile], plans)
    names = Names(UnitTree() if tree is None else tree, roster)
    engine = EscalationEngine(
        roster, rules, Modes() if modes is None else modes, working_set, names
    )
    return CoreHarness(engine)


def new_pages(working_set: WorkingSet) -> list[Page]:
    return [event for event in working_set.events if event.version == 1]
