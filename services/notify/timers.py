"""Timers: of calls and promises, of gaps, digests, agencies' warnings, and communication tests."""

from __future__ import annotations

from collections.abc import Sequence

from services.notify.core.contact_tests.plans import TestedPost, next_due
from services.notify.core.digests.calls import pass_outcome_on, send_digest
from services.notify.core.subjects.agency_warnings import end_calls_about_warning
from services.notify.core.subjects.roster_gaps import announce_gaps
from services.notify.store.contact_tests import CONTACT_TEST
from services.notify.store.digests import DIGEST_DUE, DIGEST_OUTCOME
from services.notify.store.escalations import ANSWER, LAST_CALL, PROMISE
from services.notify.store.gaps import ANNOUNCEMENT
from services.notify.unit_of_work import WARNING_END, UnitOfWork
from shared.runtime.handlers import Router
from shared.runtime.timers import Timer, TimerKey

router: Router[UnitOfWork] = Router()


def load_escalation(timer: TimerKey, unit: UnitOfWork) -> None:
    """A timer of a call needs its escalation."""
    unit.need_escalation(timer.subject_id)


@router.timer(ANSWER, load=load_escalation)
async def fire_answer(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    """Call the next post: the time for an answer is over."""
    _expire(timers, unit)


@router.timer(LAST_CALL, load=load_escalation)
async def fire_last_call(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    """Record that the last call of an exhausted escalation was not answered."""
    _expire(timers, unit)


@router.timer(PROMISE, load=load_escalation)
async def fire_promise(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    """Call again: an officer answered `coming` and has not acted in the promised time."""
    _expire(timers, unit)


def load_gaps(timer: TimerKey, unit: UnitOfWork) -> None:
    """A timer of an announcement needs the gaps of its post."""
    unit.need_gaps(timer.subject_id)


@router.timer(ANNOUNCEMENT, load=load_gaps)
async def fire_announcement(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    """Inform the responsible officers of gaps that begin within a week."""
    for subject_id in sorted(timer.subject_id for timer in timers):
        announce_gaps(subject_id, unit.engine)


def load_digest(timer: TimerKey, unit: UnitOfWork) -> None:
    """The timer of a due digest needs the digest."""
    unit.need_digest(timer.subject_id)


@router.timer(DIGEST_DUE, load=load_digest)
async def fire_digest_due(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    """Call the officers about the unanswered calls in their digests."""
    for digest_id in sorted(timer.subject_id for timer in timers):
        digest = unit.working_set.digests[digest_id]
        send_digest(digest, await unit.digest_contents(digest_id), unit.engine)


def load_outcome(timer: TimerKey, unit: UnitOfWork) -> None:
    """A timer of an outcome needs the digest and the next pages that are to get its outcome."""
    unit.need_outcome(timer.subject_id)


@router.timer(DIGEST_OUTCOME, load=load_outcome)
async def fire_digest_outcome(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    """Apply the outcome of a digest to its pages, a limited number in each transaction."""
    for digest_id in sorted(timer.subject_id for timer in timers):
        page_ids, last = unit.outcome_page_ids(digest_id)
        pass_outcome_on(unit.working_set.digests[digest_id], page_ids, unit.engine, last=last)


def load_warning(timer: TimerKey, unit: UnitOfWork) -> None:
    """The end of a warning needs the escalations about it."""
    unit.need_subject(timer.subject_id)


@router.timer(WARNING_END, load=load_warning)
async def fire_warning_end(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    """End the calls about warnings of other agencies that have expired."""
    for warning_id in sorted(timer.subject_id for timer in timers):
        end_calls_about_warning(warning_id, unit.working_set)


@router.timer(CONTACT_TEST)
async def fire_contact_test(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    """Test the posts whose time has come, and schedule the next test of each."""
    for timer in timers:
        tested = TestedPost.parse(timer.subject_id)
        plan = unit.reference.test_plans.get(tested.test_id)
        if plan is not None and tested.post in plan.posts:
            unit.contact_tester.test_due_post(plan, tested, timer.due_at)
            unit.schedule_test(tested, next_due(plan, tested, unit.working_set.now))


def _expire(timers: Sequence[Timer], unit: UnitOfWork) -> None:
    for timer in timers:
        unit.engine.expire(timer.subject_id, timer.kind, timer.rung)
