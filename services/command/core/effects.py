"""What a step needs besides its place in the table, and what it changes besides the state."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from services.command.core.deadlines import Clocks
from services.command.core.model import Act, Assignment
from services.command.core.profiles import Profile
from services.command.core.states import SIGN_RUNS, IllegalStep
from shared.contracts.commands import REASONED, Ask, Step
from shared.contracts.units import is_within

Changes = dict[str, Any]
MOST_ATTEMPTS = 99
"""What the contract can count."""


def check(assignment: Assignment, act: Act, now: datetime, clocks: Clocks) -> None:
    """Raise IllegalStep when something is missing that the step needs."""
    profile, within = clocks.profile, clocks.within
    if act.step in REASONED and not act.text.strip():
        raise IllegalStep(f"a {act.step} needs a reason")
    match act.step:
        case Step.RETURN:
            if _open_parts(assignment):
                raise IllegalStep("parts of it are still open: recall them before returning it")
        case Step.SPLIT:
            _check_split(assignment, act)
        case Step.REASSIGN:
            _check_reassign(assignment, act)
        case Step.SUSPEND:
            _check_until(until_of(assignment, act), now, now, profile)
        case Step.EXTEND:
            until = until_of(assignment, act)
            _check_until(until, now, max(now, assignment.finish_by), profile)
            if within is not None and until is not None and until > within:
                raise IllegalStep(f"a part cannot be finished after its whole, due {within}")
        case Step.ASK_EXTEND:
            _check_until(act.until, now, max(now, assignment.finish_by), profile)
        case Step.ASK_SUSPEND:
            _check_until(act.until, now, now, profile)
        case Step.REFUSE:
            if assignment.asked is None:
                raise IllegalStep("nothing has been asked that could be refused")
        case _:
            pass


def of(
    assignment: Assignment,
    act: Act,
    at: datetime,
    clocks: Clocks | None,
) -> Changes:
    """What the step changes besides the state; `clocks` are needed where an attempt begins."""
    match act.step:
        case Step.SIGN:
            late = assignment.late or at >= assignment.sign_by
            return {"signed_at": at, "late": late, "sign_overdue": False, "calls": 0}
        case Step.REPORT:
            late = assignment.late or at >= assignment.finish_by
            return {"reported_at": at, "late": late, "finish_overdue": False, "asked": None}
        case Step.RETURN | Step.WAIVE | Step.REASSIGN | Step.RECALL:
            return ended()
        case Step.CLOSE:
            return {"done_at": at}
        case Step.SEND_BACK if clocks is not None:
            return anew(assignment, at, clocks)
        case Step.ASK_SUSPEND | Step.ASK_EXTEND:
            return {
                "asked": Ask(
                    step=act.step, until=act.until, officer_id=act.officer_id, text=act.text
                )
            }
        case Step.REFUSE:
            return {"asked": None}
        case Step.SUSPEND:
            return {
                "suspended_from": assignment.state,
                "suspended_at": at,
                "suspended_until": until_of(assignment, act),
                "asked": None,
            }
        case Step.RESUME:
            return resumed(assignment, at)
        case Step.EXTEND:
            return {
                "finish_by": until_of(assignment, act),
                "original_finish_by": assignment.original_finish_by or assignment.finish_by,
                "extensions": assignment.extensions + 1,
                "finish_overdue": False,
                "calls": assignment.calls if assignment.standing in SIGN_RUNS else 0,
                "asked": None,
            }
        case _:
            return {}


def until_of(assignment: Assignment, act: Act) -> datetime | None:
    """Until when an issuer's consent reaches: what he says, or else what was asked for."""
    wanted = {Step.SUSPEND: Step.ASK_SUSPEND, Step.EXTEND: Step.ASK_EXTEND}.get(act.step)
    asked = assignment.asked
    if act.until is None and asked is not None and asked.step is wanted:
        return asked.until
    return act.until


def resumed(assignment: Assignment, at: datetime) -> Changes:
    """The end of a suspension: deadlines that had not passed run on, later by the time suspended."""
    since = assignment.suspended_at or at
    pause = at - since
    changes: Changes = {
        "suspended_from": None,
        "suspended_at": None,
        "suspended_until": None,
        "suspended_s": assignment.suspended_s + pause.total_seconds(),
    }
    if assignment.suspended_from in SIGN_RUNS and since < assignment.sign_by:
        changes["sign_by"] = assignment.sign_by + pause
    if since < assignment.finish_by:
        changes["finish_by"] = assignment.finish_by + pause
    return changes


def ended() -> Changes:
    """It is no longer this unit's to do: no clock, no question, nothing waiting."""
    return {
        "waiting": (),
        "sign_overdue": False,
        "finish_overdue": False,
        "asked": None,
        "suspended_from": None,
        "suspended_at": None,
        "suspended_until": None,
    }


def anew(assignment: Assignment, at: datetime, clocks: Clocks) -> Changes:
    """A new attempt, with fresh clocks and nothing remembered but the parts it was split into."""
    if assignment.attempt >= MOST_ATTEMPTS:
        raise IllegalStep(f"it has been tried {MOST_ATTEMPTS} times")
    sign_by, finish_by = clocks.deadlines(
        assignment.unit_tier, at, assignment.sign_within_s, assignment.finish_within_s
    )
    return {
        **ended(),
        "attempt": assignment.attempt + 1,
        "sign_by": sign_by,
        "finish_by": finish_by,
        "signed_at": None,
        "reported_at": None,
        "done_at": None,
        "late": False,
        "calls": 0,
        "recurred": (),
        "suspended_s": 0.0,
        "extensions": 0,
        "original_finish_by": None,
        "mode": clocks.mode.mode,
        "mode_version": clocks.mode.version,
        "mode_unit": clocks.mode.unit,
    }


def _open_parts(assignment: Assignment) -> int:
    parts = assignment.children
    return parts.total - parts.done - parts.released if parts else 0


def _check_split(assignment: Assignment, act: Act) -> None:
    if not act.units:
        raise IllegalStep("a split names the units that get a part")
    if len(set(act.units)) < len(act.units):
        raise IllegalStep("a split names a unit twice")
    for unit in act.units:
        if unit == assignment.unit or not is_within(unit, assignment.unit):
            raise IllegalStep(f"{unit} does not lie below {assignment.unit}")


def _check_reassign(assignment: Assignment, act: Act) -> None:
    if len(act.units) != 1:
        raise IllegalStep("a reassignment names the one unit that gets it")
    (unit,) = act.units
    if unit == assignment.unit:
        raise IllegalStep(f"{unit} has it already")
    above = assignment.given_by or act.officer_unit
    if not (is_within(unit, act.officer_unit) and is_within(unit, above)):
        raise IllegalStep(f"{unit} does not lie below {above}")


def _check_until(until: datetime | None, now: datetime, after: datetime, profile: Profile) -> None:
    if until is None:
        raise IllegalStep("it needs an end: until when")
    if until <= after:
        raise IllegalStep(f"{until} is not after {after}")
    if until > now + timedelta(seconds=profile.consent_s):
        raise IllegalStep(f"{until} is further ahead than the profile allows")
