"""Applying a step of an officer to an assignment: idempotent, and independent of arrival order.

The steps of a recipient form a chain: sign, accept, handle, report. A step that comes too early
waits: before the unit's signature, during a suspension, or a report before the parts are done. A
step of the chain that the assignment has passed changes nothing. So the same steps in any order
lead to the same state. A return contradicts a report: whichever comes first holds, since a person
decided.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec.structs import replace

from services.command.core.assignments.model import Assignment, OfficerStep
from services.command.core.assignments.states import (
    CHAIN,
    EVENTS,
    OVER,
    RANK,
    RESUMES,
    STEPS,
    AssignmentTrigger,
    IllegalStep,
    State,
    step,
)
from services.command.core.assignments.step_changes import (
    GIVES_TIME,
    StepTimes,
    changes_of_resumption,
    changes_of_step,
    check_step,
    cleared,
    new_attempt,
)
from services.command.core.supervision.deadlines import DeadlineTerms
from services.command.core.supervision.profiles import SlaProfile
from shared.contracts.assignments import RECURRING, Step
from shared.contracts.fields import Level
from shared.domain.response_modes.effective import UNDECIDED, Effective


class StepOutcome(StrEnum):
    """The result of a step; a refused step raises IllegalStep instead."""

    APPLIED = "applied"
    WAITING = "waiting"
    REPEATED = "repeated"
    LATE = "late"


StepResult = tuple[StepOutcome, list[tuple[OfficerStep, Assignment]]]
"""The outcome, and the assignment after each step that took effect, in order."""


def apply_step(
    assignment: Assignment,
    officer_step: OfficerStep,
    attempt: int,
    now: datetime,
    *,
    profile: SlaProfile,
    level: Level,
    command_open: bool = True,
    mode: Effective = UNDECIDED,
    within: datetime | None = None,
    acted_at: datetime | None = None,
) -> StepResult:
    """Apply one step. The outcome LATE means that the step is stored but has no effect.

    A step is late when the assignment is over or returned, or the step names an earlier attempt.
    `profile` and `mode` are those of the unit now: an attempt that begins with this step follows
    them. `within` is the finish_by of the assignment that this one is a part of. The step counts
    from `acted_at`, when Kafka accepted the step (None: from now). Raises IllegalStep when the step
    is not possible; nothing has changed then.
    """
    if attempt > assignment.attempt:
        raise IllegalStep(
            f"attempt {attempt} has not begun, the present one is {assignment.attempt}"
        )
    if _is_repeat(assignment, officer_step, attempt):
        return StepOutcome.REPEATED, []
    if attempt < assignment.attempt or assignment.state in OVER or not command_open:
        return StepOutcome.LATE, []
    terms = DeadlineTerms(profile, level, mode, within)
    if officer_step.step in CHAIN:
        if assignment.state is State.RETURNED:
            return StepOutcome.LATE, []
        if not _is_due(assignment, officer_step.step):
            updated = replace(assignment, waiting_steps=(*assignment.waiting_steps, officer_step))
            return StepOutcome.WAITING, [(officer_step, updated)]
    else:
        check_step(assignment, officer_step, acted_at or now, terms)
    moved = _move(assignment, officer_step, now, terms, acted_at)
    steps = apply_waiting_steps(moved, acted_at or now)
    return StepOutcome.APPLIED, [(officer_step, moved), *steps]


def apply_waiting_steps(
    assignment: Assignment, now: datetime
) -> list[tuple[OfficerStep, Assignment]]:
    """Apply the waiting steps that have become possible, in the order of the chain."""
    changes: list[tuple[OfficerStep, Assignment]] = []
    if not assignment.waiting_steps:
        return changes
    latest = assignment
    for due in sorted(assignment.waiting_steps, key=lambda item: CHAIN.index(item.step)):
        if _is_due(latest, due.step):
            remaining = tuple(item for item in latest.waiting_steps if item is not due)
            latest = _move(replace(latest, waiting_steps=remaining), due, now)
            changes.append((due, latest))
    return changes


def resume_by_timer(
    assignment: Assignment, now: datetime
) -> list[tuple[OfficerStep | None, Assignment]]:
    """End a suspension by its timer, then apply the steps that waited for the end."""
    at = max(now, assignment.changed_at)
    assert assignment.suspended_from is not None, "only a suspended assignment has this timer"
    resumed = replace(
        assignment,
        state=step(assignment.state, RESUMES[assignment.suspended_from]),
        version=assignment.version + 1,
        changed_at=at,
        actor=None,
        reason="",
        **changes_of_resumption(assignment, at),
    )
    return [(None, resumed), *apply_waiting_steps(resumed, now)]


def end_assignment(
    assignment: Assignment, event: AssignmentTrigger, actor: str, reason: str, now: datetime
) -> Assignment:
    """Waive or recall an assignment together with its parent or its command.

    Raises IllegalStep for an assignment that is over.
    """
    return replace(
        assignment,
        state=step(assignment.state, event),
        version=assignment.version + 1,
        changed_at=max(now, assignment.changed_at),
        actor=actor,
        reason=reason,
        **cleared(),
    )


def reopen_assignment(
    assignment: Assignment,
    actor: str | None,
    reason: str,
    now: datetime,
    terms: DeadlineTerms,
) -> Assignment:
    """Begin a new attempt at a done or returned assignment, because the case came back.

    Raises IllegalStep in every other state.
    """
    at = max(now, assignment.changed_at)
    return replace(
        assignment,
        state=step(assignment.state, AssignmentTrigger.REOPEN),
        version=assignment.version + 1,
        changed_at=at,
        actor=actor,
        reason=reason,
        **new_attempt(assignment, at, terms),
    )


def _is_due(assignment: Assignment, kind: Step) -> bool:
    if kind is Step.REPORT and assignment.owed_parts:
        return False
    return kind in STEPS[assignment.state]


def _is_repeat(assignment: Assignment, officer_step: OfficerStep, attempt: int) -> bool:
    kind = officer_step.step
    if attempt < assignment.attempt:
        return kind is Step.SEND_BACK and attempt == assignment.attempt - 1
    if kind in RECURRING:
        return officer_step.number <= dict(assignment.recurrences).get(kind, 0)
    if assignment.waiting_steps and any(item.step is kind for item in assignment.waiting_steps):
        return True
    rank = RANK.get(assignment.progress_state)
    if kind in CHAIN:
        return rank is not None and rank > CHAIN.index(kind)
    match kind:
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
        case _:  # The attempt, or the new assignment, shows a repeat of the remaining steps.
            return False


def _event(assignment: Assignment, kind: Step) -> AssignmentTrigger:
    """Return the event of a step; a resumption leads back to the suspended state."""
    if kind is not Step.RESUME:
        [event] = EVENTS[kind]
        return event
    if assignment.suspended_from is None:
        raise IllegalStep(f"an assignment that is {assignment.state} is not suspended")
    return RESUMES[assignment.suspended_from]


def _move(
    assignment: Assignment,
    officer_step: OfficerStep,
    now: datetime,
    terms: DeadlineTerms | None = None,
    acted_at: datetime | None = None,
) -> Assignment:
    # A transaction may begin before the deadline and get its lock only after the timer fired. Where
    # Kafka's time of the step is unknown, the step comes after the firing; otherwise it would be
    # both in time and escalated.
    handled_at = max(now, assignment.changed_at)
    times = StepTimes(acted_at or handled_at, handled_at)
    state = step(assignment.state, _event(assignment, officer_step.step))
    changes = changes_of_step(assignment, officer_step, times, terms)
    at = max(times.acted_at, assignment.changed_at)
    if officer_step.step in GIVES_TIME:
        at = handled_at
    if officer_step.step in RECURRING and "recurrences" not in changes:
        numbers = {**dict(assignment.recurrences), officer_step.step: officer_step.number}
        changes["recurrences"] = tuple(numbers.items())
    return replace(
        assignment,
        state=state,
        version=assignment.version + 1,
        changed_at=at,
        actor=officer_step.officer_id,
        reason=officer_step.text,
        **changes,
    )
