"""Urging 催办 by an officer: units of a command that have not acted are called at once.

Pure. Urging moves no deadline, no rung and no state: the clocks go on as they were.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from services.command.core.assignments.model import Assignment
from services.command.core.assignments.states import FINISH_RUNS, SIGN_RUNS
from services.command.core.supervision.firing import SupervisionCall
from shared.contracts.supervision import SupervisionClock, SupervisionKind
from shared.domain.roster.escalation_chain import PostRef


def owed_clock(assignment: Assignment, now: datetime) -> SupervisionClock | None:
    """Return the clock of the act that a unit owes: a signature, or a late report; else None."""
    if assignment.state in SIGN_RUNS:
        return "sign"
    is_late = assignment.finish_overdue or assignment.finish_by <= now
    return "finish" if is_late and assignment.state in FINISH_RUNS else None


def urging_call(
    assignment: Assignment,
    chain: tuple[PostRef, ...],
    request_id: str,
    urged_at: datetime,
    now: datetime,
) -> SupervisionCall | None:
    """Return the call to the unit's own desk; None when the unit owes nothing.

    Its number follows from the request, so that two officers never make the same call.
    """
    clock = owed_clock(assignment, now)
    if clock is None:
        return None
    number = int.from_bytes(sha256(request_id.encode()).digest()[:6])
    return SupervisionCall(SupervisionKind.URGED, clock, 0, number, chain[0], urged_at, 0.0)
