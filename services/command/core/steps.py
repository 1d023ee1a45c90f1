"""Applying a person's step to an assignment: idempotent, and indifferent to the order of arrival.

The recipient's steps form a chain: sign, accept, handle, report. A step that comes too early (before
the unit's signature, while the assignment is suspended, a report before the parts are done) waits; one
that has been passed changes nothing. So any order of the same steps ends in the same state. A return
contradicts a report: of these two the first holds, as a person decided it.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec.structs import replace

from services.command.core import effects
from services.command.core.deadlines import Clocks
from services.command.core.model import Act, Assignment
from services.command.core.profiles import Profile
from services.command.core.states import (
    CHAIN,
    EVENTS,
    OVER,
    RANK,
    RESUMES,
    STEPS,
    Event,
    IllegalStep,
    State,
    step,
)
from shared.contracts.commands import RECURRING, Step
from shared.contracts.fields import Level
from shared.domain.response_modes.effective import UNDECIDED, Effective


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
    within: datetime | None = None,
) -> Taken:
    """Take one step. LATE: kept, but without effect (over, returned, or an earlier attempt).

    `profile` and `mode` are the unit's now: an attempt that begins with this step goes by them.
    `within`: the finish_by of the assignment that this one is a part of. Raises IllegalStep when the
    step is not possible now; nothing has changed then.
    """
    if attempt > assignment.attempt:
        raise IllegalStep(
            f"attempt {attempt} has not begun, the present one is {assignment.attempt}"
        )
    if _is_repeat(assignment, act, attempt):
        return Outcome.REPEATED, []
    if attempt < assignment.attempt or assignment.state in OVER or not command_open:
        return Outcome.LATE, []
    clocks = Clocks(profile, level, mode, within)
    if act.step in CHAIN:
        if assignment.state is State.RETURNED:
            return Outcome.LATE, []
        if not _is_time_for(assignment, act.step):
            held = replace(assignment, waiting=(*assignment.waiting, act))
            return Outcome.WAITING, [(act, held)]
    else:
        effects.check(assignment, act, now, clocks)
    moved = _move(assignment, act, now, clocks)
    return Outcome.APPLIED, [(act, moved), *release(moved, now)]


def release(assignment: Assignment, now: datetime) -> list[tuple[Act, Assignment]]:
    """The waiting steps whose time has come, in the order of the chain."""
    changes: list[tuple[Act, Assignment]] = []
    if not assignment.waiting:
        return changes
    latest = assignment
    for act in sorted(assignment.waiting, key=lambda item: CHAIN.index(item.step)):
        if _is_time_for(latest, act.step):
            acts = tuple(act for act in latest.waiting if act is not act)
            latest = _move(replace(latest, waiting=acts), act, now)
            changes.append((act, latest))
    return changes


def wake(assignment: Assignment, now: datetime) -> list[tuple[Act | None, Assignment]]:
    """The end of a suspension by its timer, and the steps that waited for it."""
    at = max(now, assignment.changed_at)
    assert assignment.suspended_from is not None, "only a suspended assignment has this timer"
    awake = replace(
        assignment,
        state=step(assignment.state, RESUMES[assignment.suspended_from]),
        version=assignment.version + 1,
        changed_at=at,
        actor=None,
        reason="",
        **effects.resumed(assignment, at),
    )
    return [(None, awake), *release(awake, now)]


def end(assignment: Assignment, event: Event, actor: str, reason: str, now: datetime) -> Assignment:
    """The assignment after it was waived or recalled along with what it hangs on.

    Raises IllegalStep when it is over.
    """
    return replace(
        assignment,
        state=step(assignment.state, event),
        version=assignment.version + 1,
        changed_at=max(now, assignment.changed_at),
        actor=actor,
        reason=reason,
        **effects.ended(),
    )


def reopen(
    assignment: Assignment,
    actor: str | None,
    reason: str,
    now: datetime,
    clocks: Clocks,
) -> Assignment:
    """A new attempt at what was done or returned, because the case came back; raises IllegalStep."""
    at = max(now, assignment.changed_at)
    return replace(
        assignment,
        state=step(assignment.state, Event.REOPEN),
        version=assignment.version + 1,
        changed_at=at,
        actor=actor,
        reason=reason,
        **effects.anew(assignment, at, clocks),
    )


def _is_time_for(assignment: Assignment, wanted: Step) -> bool:
    if wanted is Step.REPORT and assignment.owed:
        return False
    return wanted in STEPS[assignment.state]


def _is_repeat(assignment: Assignment, act: Act, attempt: int) -> bool:
    if attempt < assignment.attempt:
        return act.step is Step.SEND_BACK and attempt == assignment.attempt - 1
    if act.step in RECURRING:
        return act.number <= dict(assignment.recurred).get(act.step, 0)
    if assignment.waiting and any(one.step is act.step for one in assignment.waiting):
        return True
    rank = RANK.get(assignment.standing)
    if act.step in CHAIN:
        return rank is not None and rank > CHAIN.index(act.step)
    match act.step:
        case Step.RETURN:
            return assignment.state is State.RETURNED
        case Step.CHECK:
            return rank is not None and rank >= RANK[State.CHECKED]
        case Step.CLOSE:
            return assignment.state is State.DONE
        case Step.WAIVE:
            return assignment.state is State.WAIVED
        case Step.RECALL:
            return assignment.state is State.RECALLED
        case _:  # sent back, reassigned: told apart by the attempt and by what was made
            return False


def _event(assignment: Assignment, wanted: Step) -> Event:
    """The event of a step; a resumption leads back to what was suspended."""
    if wanted is not Step.RESUME:
        [event] = EVENTS[wanted]
        return event
    if assignment.suspended_from is None:
        raise IllegalStep(f"an assignment that is {assignment.state} is not suspended")
    return RESUMES[assignment.suspended_from]


def _move(
    assignment: Assignment,
    act: Act,
    now: datetime,
    clocks: Clocks | None = None,
) -> Assignment:
    # A transaction may have begun before the deadline and got its lock only after the timer fired:
    # then the step comes after the firing, or one act would be both in time and escalated.
    at = max(now, assignment.changed_at)
    state = step(assignment.state, _event(assignment, act.step))
    changes = effects.of(assignment, act, at, clocks)
    if act.step in RECURRING and "recurred" not in changes:
        changes["recurred"] = tuple({**dict(assignment.recurred), act.step: act.number}.items())
    return replace(
        assignment,
        state=state,
        version=assignment.version + 1,
        changed_at=at,
        actor=act.officer_id,
        reason=act.text,
        **changes,
    )
