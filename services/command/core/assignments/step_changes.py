"""Conditions of a step beside the table of states, and the fields that a step changes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from services.command.core.assignments.model import Assignment, OfficerStep
from services.command.core.assignments.states import SIGN_RUNS, IllegalStep
from services.command.core.supervision.deadlines import DeadlineTerms
from services.command.core.supervision.profiles import SlaProfile
from shared.contracts.assignments import REASONED, Ask, Step
from shared.contracts.units import is_within

Changes = dict[str, Any]
GIVES_TIME = frozenset({Step.SEND_BACK, Step.RESUME})
"""Steps that give the unit time to act. The time begins when the step is handled, since nobody
could know of the step before."""
MAX_ATTEMPTS = 99
"""The highest number of an attempt that the contract accepts."""


class StepTimes(NamedTuple):
    """The moments of a step: Kafka accepted it, and the service has come to it."""

    acted_at: datetime
    handled_at: datetime


def check_step(
    assignment: Assignment, officer_step: OfficerStep, now: datetime, terms: DeadlineTerms
) -> None:
    """Raise IllegalStep when the step lacks a condition beside the table of states."""
    profile, within = terms.profile, terms.within
    kind = officer_step.step
    if kind in REASONED and not officer_step.text.strip():
        raise IllegalStep(f"a {kind} needs a reason")
    match kind:
        case Step.RETURN:
            if _open_parts(assignment):
                raise IllegalStep("parts of it are still open: recall them before returning it")
        case Step.SPLIT:
            _check_split(assignment, officer_step)
        case Step.REASSIGN:
            _check_reassign(assignment, officer_step)
        case Step.SUSPEND:
            _check_end(agreed_end(assignment, officer_step), now, now, profile)
        case Step.EXTEND:
            until = agreed_end(assignment, officer_step)
            _check_end(until, now, max(now, assignment.finish_by), profile)
            if within is not None and until is not None and until > within:
                raise IllegalStep(f"a part cannot be finished after its whole, due {within}")
        case Step.ASK_EXTEND:
            _check_end(officer_step.until, now, max(now, assignment.finish_by), profile)
        case Step.ASK_SUSPEND:
            _check_end(officer_step.until, now, now, profile)
        case Step.REFUSE:
            if assignment.pending_request is None:
                raise IllegalStep("nothing has been asked that could be refused")
        case _:
            pass


def changes_of_step(
    assignment: Assignment,
    officer_step: OfficerStep,
    times: StepTimes,
    terms: DeadlineTerms | None,
) -> Changes:
    """Return the fields that the step changes besides the state.

    `terms` are needed for a step with which an attempt begins.
    """
    at = times.acted_at
    match officer_step.step:
        case Step.SIGN:
            late = assignment.late or at >= assignment.sign_by
            return {"signed_at": at, "late": late, "sign_overdue": False, "calls": 0}
        case Step.REPORT:
            late = assignment.late or at >= assignment.finish_by
            return {
                "reported_at": at,
                "late": late,
                "finish_overdue": False,
                "pending_request": None,
            }
        case Step.RETURN | Step.WAIVE | Step.REASSIGN | Step.RECALL:
            return cleared()
        case Step.CLOSE:
            return {"done_at": at}
        case Step.SEND_BACK if terms is not None:
            return new_attempt(assignment, times.handled_at, terms)
        case Step.ASK_SUSPEND | Step.ASK_EXTEND:
            return {
                "pending_request": Ask(
                    step=officer_step.step,
                    until=officer_step.until,
                    officer_id=officer_step.officer_id,
                    text=officer_step.text,
                )
            }
        case Step.REFUSE:
            return {"pending_request": None}
        case Step.SUSPEND:
            return {
                "suspended_from": assignment.state,
                "suspended_at": at,
                "suspended_until": agreed_end(assignment, officer_step),
                "pending_request": None,
            }
        case Step.RESUME:
            return changes_of_resumption(assignment, times.handled_at)
        case Step.EXTEND:
            return {
                "finish_by": agreed_end(assignment, officer_step),
                "original_finish_by": assignment.original_finish_by or assignment.finish_by,
                "extensions": assignment.extensions + 1,
                "finish_overdue": False,
                "calls": assignment.calls if assignment.progress_state in SIGN_RUNS else 0,
                "pending_request": None,
            }
        case _:
            return {}


def agreed_end(assignment: Assignment, officer_step: OfficerStep) -> datetime | None:
    """Return the end that the issuer agrees to: the end in the step, or else the requested end."""
    answered = {Step.SUSPEND: Step.ASK_SUSPEND, Step.EXTEND: Step.ASK_EXTEND}.get(officer_step.step)
    request = assignment.pending_request
    if officer_step.until is None and request is not None and request.step is answered:
        return request.until
    return officer_step.until


def changes_of_resumption(assignment: Assignment, at: datetime) -> Changes:
    """Return the changes at the end of a suspension.

    A deadline that had not passed moves later by the time of the suspension.
    """
    began = assignment.suspended_at or at
    pause = at - began
    changes: Changes = {
        "suspended_from": None,
        "suspended_at": None,
        "suspended_until": None,
        "suspended_s": assignment.suspended_s + pause.total_seconds(),
    }
    if assignment.suspended_from in SIGN_RUNS and began < assignment.sign_by:
        changes["sign_by"] = assignment.sign_by + pause
    if began < assignment.finish_by:
        changes["finish_by"] = assignment.finish_by + pause
    return changes


def cleared() -> Changes:
    """Return the changes when the unit has nothing to do any more: no clock, request or step."""
    return {
        "waiting_steps": (),
        "sign_overdue": False,
        "finish_overdue": False,
        "pending_request": None,
        "suspended_from": None,
        "suspended_at": None,
        "suspended_until": None,
    }


def new_attempt(assignment: Assignment, at: datetime, terms: DeadlineTerms) -> Changes:
    """Return the changes of a new attempt: fresh deadlines, and no memory except of the parts."""
    if assignment.attempt >= MAX_ATTEMPTS:
        raise IllegalStep(f"it has been tried {MAX_ATTEMPTS} times")
    sign_by, finish_by = terms.deadlines(
        assignment.unit_tier, at, assignment.sign_within_s, assignment.finish_within_s
    )
    return {
        **cleared(),
        "attempt": assignment.attempt + 1,
        "sign_by": sign_by,
        "finish_by": finish_by,
        "signed_at": None,
        "reported_at": None,
        "done_at": None,
        "late": False,
        "calls": 0,
        "recurrences": (),
        "suspended_s": 0.0,
        "extensions": 0,
        "original_finish_by": None,
        "mode": terms.mode.mode,
        "mode_version": terms.mode.version,
        "mode_unit": terms.mode.unit,
        "limits_id": terms.profile.limits_id,
        "limits_version": terms.profile.limits_version,
    }


def _open_parts(assignment: Assignment) -> int:
    parts = assignment.children
    return parts.total - parts.done - parts.released if parts else 0


def _check_split(assignment: Assignment, officer_step: OfficerStep) -> None:
    if not officer_step.units:
        raise IllegalStep("a split names the units that get a part")
    if len(set(officer_step.units)) < len(officer_step.units):
        raise IllegalStep("a split names a unit twice")
    for unit in officer_step.units:
        if unit == assignment.unit or not is_within(unit, assignment.unit):
            raise IllegalStep(f"{unit} does not lie below {assignment.unit}")


def _check_reassign(assignment: Assignment, officer_step: OfficerStep) -> None:
    if len(officer_step.units) != 1:
        raise IllegalStep("a reassignment names the one unit that gets it")
    (unit,) = officer_step.units
    if unit == assignment.unit:
        raise IllegalStep(f"{unit} has it already")
    above = assignment.splitting_unit or officer_step.officer_unit
    if not (is_within(unit, officer_step.officer_unit) and is_within(unit, above)):
        raise IllegalStep(f"{unit} does not lie below {above}")


def _check_end(
    until: datetime | None, now: datetime, earliest: datetime, profile: SlaProfile
) -> None:
    if until is None:
        raise IllegalStep("it needs an end: until when")
    if until <= earliest:
        raise IllegalStep(f"{until} is not after {earliest}")
    if until > now + timedelta(seconds=profile.consent_s):
        raise IllegalStep(f"{until} is further ahead than the profile allows")
