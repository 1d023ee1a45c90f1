"""Applying a person's step to an assignment: idempotent, and indifferent to the order of arrival.

The recipient's steps form a chain: sign, accept, handle, report. A step that comes before the unit's
signature waits for it; one that has been passed changes nothing. So any order of the same steps ends
in the same state. A return contradicts a report: of these two the first holds, as a person decided it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.command.core.deadlines import deadlines
from services.command.core.model import Act, Assignment
from services.command.core.profiles import Profile
from services.command.core.states import (
    CHAIN,
    FINAL,
    RANK,
    TRANSITIONS,
    Event,
    IllegalStep,
    State,
    step,
)
from shared.contracts.commands import Step
from shared.contracts.fields import Level
from shared.modes.effective import UNDECIDED, Effective


class Outcome(StrEnum):
    """What became of a step; a refused one raises IllegalStep instead."""

    APPLIED = "applied"
    WAITING = "waiting"
    REPEATED = "repeated"
    LATE = "late"


Taken = tuple[Outcome, list[tuple[Act, Assignment]]]
"""The outcome and the assignment after each act that took effect, in order."""


def take(
    assignment: Assignment,
    act: Act,
    attempt: int,
    now: datetime,
    *,
    profile: Profile,
    level: Level,
    command_open: bool = True,
    mode: Effective = UNDECIDED,
) -> Taken:
    """Take one step. LATE: kept, but without effect (finished, returned, or an earlier attempt).

    `profile` and `mode` are the unit's now: an attempt that begins with this step goes by them.
    Raises IllegalStep when the step is not possible now; nothing has changed then.
    """
    if attempt > assignment.attempt:
        raise IllegalStep(
            f"attempt {attempt} has not begun, the present one is {assignment.attempt}"
        )
    if _is_repeat(assignment, act, attempt):
        return Outcome.REPEATED, []
    if attempt < assignment.attempt or assignment.state in FINAL or not command_open:
        return Outcome.LATE, []
    if act.step in CHAIN:
        if assignment.state is State.RETURNED:
            return Outcome.LATE, []
        if Event(act.step) not in TRANSITIONS[assignment.state]:
            held = replace(assignment, waiting=(*assignment.waiting, act))
            return Outcome.WAITING, [(act, held)]
    elif act.step is Step.RETURN and not act.text.strip():
        raise IllegalStep("a return needs a reason")
    clocks = _Clocks(profile, level, mode)
    changes = [(act, _move(assignment, act, now, clocks))]
    for follower in sorted(changes[0][1].waiting, key=lambda one: CHAIN.index(one.step)):
        latest = changes[-1][1]
        rest = tuple(one for one in latest.waiting if one.step is not follower.step)
        changes.append((follower, _move(replace(latest, waiting=rest), follower, now, clocks)))
    return Outcome.APPLIED, changes


def revoke(assignment: Assignment, actor: str, reason: str, now: datetime) -> Assignment:
    """The assignment after its command was withdrawn; raises IllegalStep when it is finished."""
    return replace(
        assignment,
        state=step(assignment.state, Event.REVOKE),
        version=assignment.version + 1,
        changed_at=max(now, assignment.changed_at),
        waiting=(),
        actor=actor,
        reason=reason,
    )


def _is_repeat(assignment: Assignment, act: Act, attempt: int) -> bool:
    if attempt < assignment.attempt:
        return act.step is Step.SEND_BACK and attempt == assignment.attempt - 1
    if any(one.step is act.step for one in assignment.waiting):
        return True
    rank = RANK.get(assignment.state)
    match act.step:
        case Step.RETURN:
            return assignment.state is State.RETURNED
        case Step.CHECK:
            return rank is not None and rank >= RANK[State.CHECKED]
        case Step.CLOSE:
            return assignment.state is State.DONE
        case Step.SEND_BACK:
            return False
        case _:
            return rank is not None and rank > CHAIN.index(act.step)


@dataclass(frozen=True, slots=True)
class _Clocks:
    """What a new attempt's deadlines follow from."""

    profile: Profile
    level: Level
    mode: Effective


def _move(assignment: Assignment, act: Act, now: datetime, clocks: _Clocks) -> Assignment:
    # A transaction may have begun before the deadline and got its lock only after the timer fired:
    # then the step comes after the firing, or one act would be both in time and escalated.
    at = max(now, assignment.changed_at)
    return replace(
        assignment,
        state=step(assignment.state, Event(act.step)),
        version=assignment.version + 1,
        changed_at=at,
        actor=act.officer_id,
        reason=act.text,
        **_besides(assignment, act.step, at, clocks),
    )


def _besides(assignment: Assignment, taken: Step, at: datetime, clocks: _Clocks) -> dict[str, Any]:
    """What a step changes besides the state."""
    match taken:
        case Step.SIGN:
            late = assignment.late or at >= assignment.sign_by
            return {"signed_at": at, "late": late, "sign_overdue": False}
        case Step.REPORT:
            late = assignment.late or at >= assignment.finish_by
            return {"reported_at": at, "late": late, "finish_overdue": False}
        case Step.RETURN:
            return {"waiting": (), "sign_overdue": False, "finish_overdue": False}
        case Step.CLOSE:
            return {"done_at": at}
        case Step.SEND_BACK:
            mode = clocks.mode
            sign_by, finish_by = deadlines(
                clocks.profile.in_mode(mode.mode),
                clocks.level,
                assignment.unit_tier,
                at,
                assignment.sign_within_s,
                assignment.finish_within_s,
            )
            return {
                "attempt": assignment.attempt + 1,
                "sign_by": sign_by,
                "finish_by": finish_by,
                "signed_at": None,
                "reported_at": None,
                "late": False,
                "calls": 0,
                "mode": mode.mode,
                "mode_version": mode.version,
                "mode_unit": mode.unit,
            }
        case _:
            return {}
