"""The pages of a communication test.

Each channel of an officer has a separate escalation: an answer on one channel is no evidence about
another channel. Nobody is tested outside the plan's hours, nor while the unit
stands by or is in an emergency.
"""

from __future__ import annotations

from datetime import datetime

from services.notify.core.contact_tests.plans import TestedPost, is_quiet
from services.notify.core.escalation.escalation import Escalation, Purpose
from services.notify.core.escalation.next_call import NextCall
from services.notify.core.escalation.priority import priority
from services.notify.core.wording import contact_tests as wording
from services.notify.core.working_set import WorkingSet
from shared.contracts.calls import ContactTestPlan
from shared.contracts.fields import Level, ResponseMode, Status
from shared.contracts.ids import content_id
from shared.contracts.pages import SubjectKind
from shared.contracts.reachability import ContactTestRequest
from shared.contracts.units import is_within
from shared.domain.response_modes.effective import Modes
from shared.domain.roster.post_holders import PostHolder, Roster

REQUESTED_WAIT_S = 1_800.0
"""The time for an answer to a test that an officer has started."""
_BUSY_MODES = frozenset({ResponseMode.STANDBY, ResponseMode.EMERGENCY})


class UnknownOfficer(Exception):
    """The request names none of the officers who are on duty in the unit."""


class NotAbove(Exception):
    """The requesting officer's unit is neither the tested unit nor above it."""


class ContactTester:
    """Starts tests in one working set. Roster and modes are only read."""

    def __init__(self, roster: Roster, modes: Modes, working_set: WorkingSet) -> None:
        self._roster = roster
        self._modes = modes
        self._working_set = working_set

    def test_due_post(self, plan: ContactTestPlan, tested: TestedPost, due_at: datetime) -> None:
        """Test a post whose time has come; skip the test when nobody should be disturbed now."""
        holder = self._roster.holder(tested.unit, tested.post)
        mode = self._modes.effective(Status.ACTUAL, tested.unit).mode
        if holder is None or mode in _BUSY_MODES or is_quiet(plan, self._working_set.now):
            return
        cause_id = content_id("cte", str(tested), due_at.isoformat())
        self._test(holder, cause_id, plan.wait_s, plan)

    def test_on_request(self, request: ContactTestRequest) -> None:
        """Test the officers whom a request names. Raises NotAbove, UnknownOfficer."""
        if not is_within(request.unit, request.origin_unit):
            raise NotAbove
        holders = [
            holder
            for holder in self._roster.holders(request.unit)
            if request.of in (None, holder.officer_id)
        ]
        if not holders:
            raise UnknownOfficer
        for holder in holders:
            self._test(holder, request.id, REQUESTED_WAIT_S)

    def _test(
        self, holder: PostHolder, cause_id: str, wait_s: float, plan: ContactTestPlan | None = None
    ) -> None:
        only = plan.channels if plan is not None else ()
        for channel in holder.channels:
            if channel not in self._working_set.channels or (only and channel not in only):
                continue
            tested = PostHolder(holder.unit, holder.post, holder.officer_id, (channel,))
            escalation = self._escalation(tested, cause_id)
            if self._working_set.open_escalation(escalation):
                call = NextCall(tested, 0, 1, wait_s)
                self._working_set.place_call(escalation, call, escalation.text)

    def _escalation(self, holder: PostHolder, cause_id: str) -> Escalation:
        (channel,) = holder.channels
        headline, text = wording.of_contact_test(channel)
        return Escalation(
            escalation_id=content_id("lad", cause_id, f"{holder.officer_id}:{channel}"),
            cause_id=cause_id,
            trace_id=cause_id,
            subject_kind=SubjectKind.CONTACT_TEST,
            subject_id=cause_id,
            purpose=Purpose.CONTACT_TEST,
            status=Status.TEST,
            level=Level.NOTICE,
            place=holder.unit,
            start_unit=holder.unit,
            headline=headline,
            text=text,
            occurred_at=self._working_set.now,
            opened_at=self._working_set.now,
            priority=priority(Status.TEST, Level.NOTICE),
        )
